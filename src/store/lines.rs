//! Lines: whom this installation believes, and as whom.
//!
//! A person is a **line**: an installation and all those that took over from it, joined by vouchers that were verified before
//! they were kept. A voucher needs two: the site that is taken over from signs it, and the one that takes over says so
//! itself, in a bundle of its own and, for whoever gets its entries by way of others, before its first entry in each stream
//! ([`word`]); what others tell of a site joins nobody to anybody. What a line is given and what is taken of it is a setting of this file alone. Ending a line ends every member, those that come later too; a member that
//! is accepted again, by its whole fingerprint, starts a line of its own.
//!
//! Two things hang on vouchers and are told apart. For whom an entry *speaks* is told by the [`root`](sites::root) of its
//! site: the first of all that are joined, whoever believes them. What is *taken* is told by the line: an acceptance.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Row as SqlRow, Transaction};

use crate::model::text::{one_line, same_name};
use crate::model::{RowId, SiteId, Value};

use super::sites::{self, MOST_OF_A_LINE, Site, Trust};
use super::wire::{Content, Entry};
use super::{Result, Store, StoreError, journal, rights, speaking};

/// No name is longer than this, in characters.
const LONGEST_NAME: usize = 60;

/// What a line is given.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Gives {
    Nothing = 0,
    /// Only the clients that are theirs.
    Theirs = 1,
    Everything = 2,
}

impl Gives {
    pub const ALL: [Gives; 3] = [Gives::Nothing, Gives::Theirs, Gives::Everything];

    pub fn code(self) -> &'static str {
        match self {
            Gives::Nothing => "nothing",
            Gives::Theirs => "theirs",
            Gives::Everything => "everything",
        }
    }
}

/// Whether an installation is still worked with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SiteState {
    Live = 0,
    /// Its successor said that it took over for good.
    Retired = 1,
    /// We said that nobody works there any more.
    AtRest = 2,
}

impl SiteState {
    pub(super) fn from_number(number: u8) -> SiteState {
        match number {
            1 => SiteState::Retired,
            2 => SiteState::AtRest,
            _ => SiteState::Live,
        }
    }
}

/// Whom this installation believes, one way or the other.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// Its first site.
    pub root: SiteId,
    /// What we called this person on accepting them.
    pub called: String,
    pub own: bool,
    pub gives: Gives,
    pub takes: bool,
    /// The agency that they work for, by the name that a release has; empty for one of our own.
    pub agency: String,
    /// When it was ended, in milliseconds since 1970.
    pub ended: Option<u64>,
}

impl Line {
    fn new(root: SiteId, called: &str) -> Line {
        let called = claim(called);
        Line { root, called, own: false, gives: Gives::Everything, takes: true, agency: String::new(), ended: None }
    }

    /// The same in a word.
    pub fn trust(&self) -> Trust {
        match (self.own, self.ended, self.gives, self.takes) {
            (_, Some(_), ..) => Trust::Revoked,
            (true, ..) => Trust::Own,
            (_, _, Gives::Everything, true) => Trust::Accepted,
            (_, _, _, true) => Trust::TakeFrom,
            (_, _, Gives::Nothing, false) => Trust::Known,
            (_, _, _, false) => Trust::GiveTo,
        }
    }

    /// As older files and backups had it in a word.
    fn of_trust(root: SiteId, called: &str, trust: Trust) -> Line {
        let line = Line::new(root, called);
        match trust {
            Trust::Known | Trust::Accepted => line,
            Trust::TakeFrom => Line { gives: Gives::Theirs, ..line },
            Trust::GiveTo => Line { takes: false, ..line },
            Trust::Own => Line { own: true, ..line },
            Trust::Revoked => Line { ended: Some(0), ..line },
        }
    }

    /// From the columns root, called, own, gives, takes, agency and ended, from one on; none where there is no line.
    pub(super) fn from_row(row: &SqlRow<'_>, at: usize) -> rusqlite::Result<Option<Line>> {
        let Some(root) = row.get::<_, Option<[u8; 16]>>(at)? else { return Ok(None) };
        let gives = match row.get::<_, u8>(at + 3)? {
            0 => Gives::Nothing,
            1 => Gives::Theirs,
            _ => Gives::Everything,
        };
        Ok(Some(Line {
            root: SiteId(root),
            called: row.get(at + 1)?,
            own: row.get(at + 2)?,
            gives,
            takes: row.get(at + 4)?,
            agency: row.get(at + 5)?,
            ended: row.get::<_, Option<i64>>(at + 6)?.map(|at| at as u64),
        }))
    }
}

/// What is asked for on accepting a site. What is not named stays as it is set.
#[derive(Clone, Debug, Default)]
pub struct Acceptance {
    pub gives: Option<Gives>,
    pub takes: Option<bool>,
    /// Empty: they work for our own agency.
    pub agency: Option<String>,
    /// What we call this person; without it what the card calls itself.
    pub called: Option<String>,
    /// The whole fingerprint was compared.
    pub confirmed: bool,
}

/// A name that someone gave themselves, disarmed: one short line in which nothing passes for a fingerprint, and no mark ends
/// the words that say whose claim it is.
pub fn claim(name: &str) -> String {
    let line: String = one_line(name).replace(['"', '“', '”', '„', '«', '»'], "'");
    let mut words = String::new();
    for word in line.split_whitespace() {
        let letters: String = word.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        let grouped = word.split(['-', '‐', '‑', '–', '—', '_', '.', ':']).filter(|part| part.chars().count() >= 4);
        if letters.contains("fingerprint")
            || letters.chars().count() >= 16 && letters.contains(|c: char| c.is_numeric())
            || grouped.count() >= 3
        {
            words.push('…');
            break;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    if words.chars().count() > LONGEST_NAME {
        words = words.chars().take(LONGEST_NAME - 1).chain(['…']).collect();
    }
    words
}

const COLUMNS: &str = "root, called, own, gives, takes, agency, ended";

pub(super) fn all(db: &Connection) -> Result<Vec<Line>> {
    let mut query = db.prepare(&format!("SELECT {COLUMNS} FROM line ORDER BY root"))?;
    let lines = query.query_map([], |row| Line::from_row(row, 0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(lines.into_iter().flatten().collect())
}

fn put(db: &Connection, line: &Line) -> Result<()> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO line (root, called, own, gives, takes, agency, ended) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        line.root.0.as_slice(),
        line.called.as_str(),
        line.own,
        line.gives as u8,
        line.takes,
        line.agency.as_str(),
        line.ended.map(|at| at as i64),
    ))?;
    Ok(())
}

fn set_line(db: &Connection, site: SiteId, root: SiteId) -> Result<()> {
    db.prepare_cached("UPDATE site SET line = ?2 WHERE id = ?1")?.execute((site.0.as_slice(), root.0.as_slice()))?;
    Ok(())
}

/// The line that a site is believed by. Of one that is not kept here, by what its voucher says, if it holds.
pub(super) fn of_site(db: &Connection, site: &Site) -> Result<Option<Line>> {
    let mut at = site.clone();
    for _ in 0..MOST_OF_A_LINE {
        if let Some(known) = sites::of(db, at.id)? {
            if let Some(line) = known.line {
                return Ok(Some(line));
            }
            at.voucher = at.voucher.or(known.voucher);
        }
        let Some((before, signature)) = &at.voucher else { break };
        match sites::of(db, *before)? {
            Some(known) if known.signed(&at.vouched(), signature) => at = known,
            _ => break,
        }
    }
    Ok(None)
}

/// Those who took over from a member of a line belong to it. A site that has a line of its own keeps it.
pub(super) fn join_members(db: &Connection) -> Result<()> {
    let mut join = db.prepare_cached(
        "UPDATE site SET line = (SELECT before.line FROM site before WHERE before.id = site.voucher_of)
         WHERE line IS NULL AND said = 1 AND voucher_of IN (SELECT id FROM site WHERE line IS NOT NULL)",
    )?;
    while join.execute([])? > 0 {}
    Ok(())
}

/// Keeps a voucher that holds, and that its site said itself. A valid one that is here is never replaced. Whether it was news.
pub(super) fn vouch(db: &Connection, site: &Site) -> Result<bool> {
    let news = keep_voucher(db, site, true)?;
    join_members(db)?;
    Ok(news)
}

/// Keeps a voucher that holds, to pass it on: its site did not say so itself.
pub(super) fn hear(db: &Connection, site: &Site) -> Result<()> {
    keep_voucher(db, site, false).map(drop)
}

/// Takes what others told of a site for its own word: its own entries say that it took over from `old`. Whether it was news.
pub(super) fn said_itself(db: &Connection, site: SiteId, old: SiteId) -> Result<bool> {
    let news = db
        .prepare_cached("UPDATE site SET said = 1 WHERE id = ?1 AND voucher_of = ?2 AND said = 0")?
        .execute((site.0.as_slice(), old.0.as_slice()))?;
    join_members(db)?;
    Ok(news > 0)
}

fn keep_voucher(db: &Connection, site: &Site, said: bool) -> Result<bool> {
    let Some((before, signature)) = &site.voucher else { return Ok(false) };
    let holds = sites::of(db, *before)?.is_some_and(|before| before.signed(&site.vouched(), signature));
    // A circle has no first site.
    if !holds || sites::root(db, *before)? == site.id {
        return Ok(false);
    }
    let kept = db
        .prepare_cached(
            "UPDATE site SET voucher_of = ?2, voucher = ?3, said = ?4, recipient = iif(?5 = '', recipient, ?5)
             WHERE id = ?1 AND (voucher_of IS NULL OR said = 0 AND ?4)",
        )?
        .execute((site.id.0.as_slice(), before.0.as_slice(), signature.as_slice(), said, site.recipient.as_str()))?;
    Ok(kept > 0)
}

/// Believes a site of our own: as a member of the line that it took over from, or of a new one.
pub(super) fn keep_own(db: &Connection, site: &Site) -> Result<()> {
    join_members(db)?;
    if sites::of(db, site.id)?.is_some_and(|known| known.line.is_none()) {
        put(db, &Line { own: true, ..Line::new(site.id, &site.name) })?;
        set_line(db, site.id, site.id)?;
        join_members(db)?;
    }
    Ok(())
}

/// Makes the lines of a file or backup that had a word of trust for each site: each that was believed, with all who took over
/// from it, becomes one. Whoever was revoked ends those that it took over from as well.
pub(super) fn make(db: &Connection, trusted: &[(SiteId, Trust, String)]) -> Result<()> {
    let by_id: BTreeMap<SiteId, (Trust, &str)> =
        trusted.iter().map(|(id, trust, agency)| (*id, (*trust, agency.as_str()))).collect();
    let name = |id| Ok::<_, StoreError>(sites::of(db, id)?.map_or(String::new(), |site| site.name));
    for (id, (trust, agency)) in by_id.iter().filter(|(_, (trust, _))| *trust != Trust::Known) {
        // The one it took over from was believed just so: then both are one line.
        let before = sites::of(db, *id)?.and_then(|site| site.voucher).map(|(before, _)| before);
        if before.and_then(|before| by_id.get(&before)).is_some_and(|(known, _)| known == trust) {
            continue;
        }
        put(db, &Line { agency: (*agency).into(), ..Line::of_trust(*id, &name(*id)?, *trust) })?;
        set_line(db, *id, *id)?;
    }
    for (id, _) in by_id.iter().filter(|(_, (trust, _))| *trust == Trust::Revoked) {
        let mut at = sites::of(db, *id)?.and_then(|site| site.voucher);
        for _ in 0..MOST_OF_A_LINE {
            let Some((before, _)) = at else { break };
            db.execute("UPDATE line SET ended = 0 WHERE root = ?1 AND own = 0", [before.0.as_slice()])?;
            at = sites::of(db, before)?.and_then(|site| site.voucher);
        }
    }
    join_members(db)
}

/// One line for all that is our own and was not ended: a file made from a backup goes on for the one that it replaces.
pub(super) fn make_one_of_own(db: &Connection, site: SiteId) -> Result<()> {
    let mut own = all(db)?.into_iter().filter(|line| line.own && line.ended.is_none()).map(|line| line.root);
    let Some(first) = own.find(|root| *root != site).or_else(|| own.next()) else { return Ok(()) };
    for other in all(db)?.into_iter().filter(|line| line.own && line.ended.is_none() && line.root != first) {
        db.execute("UPDATE site SET line = ?2 WHERE line = ?1", (other.root.0.as_slice(), first.0.as_slice()))?;
        db.execute("DELETE FROM line WHERE root = ?1", [other.root.0.as_slice()])?;
        if sites::person(db, first)? != sites::person(db, other.root)? {
            db.execute(
                "UPDATE site SET joined = ?2 WHERE id = ?1",
                (sites::root(db, other.root)?.0.as_slice(), first.0.as_slice()),
            )?;
        }
    }
    Ok(())
}

/// The part of the fourth migration that needs more than SQL.
pub(super) fn migrate(db: &Transaction<'_>) -> Result<()> {
    let mut query = db.prepare("SELECT id, trust, agency, public_key, recipient, voucher_of, voucher FROM site")?;
    let mut trusted = Vec::new();
    let mut told = Vec::new();
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let id = SiteId(row.get(0)?);
        let trust = Trust::ALL.get(usize::from(row.get::<_, u8>(1)?)).copied().unwrap_or(Trust::Known);
        trusted.push((id, trust, row.get::<_, String>(2)?));
        if let (Some(of), Some(signature)) = (row.get::<_, Option<[u8; 16]>>(5)?, row.get::<_, Option<Vec<u8>>>(6)?) {
            let voucher = Some((SiteId(of), signature));
            told.push(Site::told(row.get(3)?, &row.get::<_, String>(4)?, "", voucher));
        }
    }
    drop(rows);
    drop(query);
    // Until now vouchers were kept unread: each is read now.
    db.execute("UPDATE site SET voucher_of = NULL, voucher = NULL", [])?;
    for site in &told {
        vouch(db, site)?;
    }
    make(db, &trusted)?;
    if let Some((own, ..)) = trusted.iter().find(|(_, trust, _)| *trust == Trust::Own) {
        make_one_of_own(db, *own)?;
    }
    db.execute_batch("ALTER TABLE site DROP COLUMN trust; ALTER TABLE site DROP COLUMN agency")?;
    Ok(())
}

/// The number of the record type in which a site says something of its own line. It has no table.
pub(super) const OF_LINE: u16 = 55;
/// The field of it that names a site from which this one took over for good.
const TOOK_OVER: u16 = 1;
/// The field of it that names the sites which this one goes on for, the last one first.
const GOES_ON_FOR: u16 = 2;
/// So many of them are named.
const NAMED_BEFORE: usize = 16;

/// Where a site says it: in a stream of its own, that goes wherever all of its entries go.
pub(super) fn own_word(site: SiteId) -> RowId {
    RowId::derived(&["line", &site.to_string()])
}

/// What a site that took over from another says of itself before its first entry in a stream, so that whoever gets the stream
/// by way of others believes it as they believe the one that vouched for it. `None` for one that never took over.
pub(super) fn word(db: &Connection, site: SiteId) -> Result<Option<Entry>> {
    let mut before: Vec<SiteId> = Vec::new();
    let mut at = sites::of(db, site)?.and_then(|site| site.voucher);
    while let Some((id, _)) = at.filter(|(id, _)| before.len() < NAMED_BEFORE && !before.contains(id)) {
        before.push(id);
        at = sites::of(db, id)?.and_then(|site| site.voucher);
    }
    if before.is_empty() {
        return Ok(None);
    }
    let named = before.iter().map(SiteId::to_string).collect::<Vec<_>>().join(" ");
    Ok(Some(Entry {
        record: OF_LINE,
        row: own_word(site),
        field: GOES_ON_FOR,
        key: String::new(),
        base: Vec::new(),
        content: Content::Value(Value::Text(named).encoded()),
    }))
}

/// Whether an entry is such a word: nothing that was done, and nothing that tells of a client.
pub(super) fn is_word(entry: &Entry) -> bool {
    (entry.record, entry.field) == (OF_LINE, GOES_ON_FOR)
}

/// The sites that one goes on for by its own word in any stream that is here, the last one first.
pub(super) fn goes_on_for(db: &Connection, site: SiteId) -> Result<Vec<SiteId>> {
    for batch in journal::of_row_by(db, own_word(site), site)? {
        if let Some(word) = batch.entries()?.into_iter().find(is_word)
            && let Value::Text(named) = word.value()?
        {
            return Ok(named.split(' ').take(NAMED_BEFORE).map_while(rights::site_of).collect());
        }
    }
    Ok(Vec::new())
}

/// The sites that one took over from, at whatever remove.
fn taken_over(db: &Connection, site: SiteId) -> Result<BTreeSet<SiteId>> {
    let mut before = BTreeSet::new();
    let mut at = sites::of(db, site)?.and_then(|site| site.voucher);
    while let Some((id, _)) = at.filter(|(id, _)| before.insert(*id)) {
        at = sites::of(db, id)?.and_then(|site| site.voucher);
    }
    Ok(before)
}

/// Heeds what a site says of its line: those that it took over from, by vouchers that are verified, and that nobody works
/// with any more. Of others it has nothing to say.
pub(super) fn heed(db: &Connection, site: SiteId) -> Result<()> {
    let before = taken_over(db, site)?;
    journal::of_chain::<StoreError>(db, own_word(site), site, 0, &mut |batch| {
        for entry in batch.entries()?.into_iter().filter(|entry| (entry.record, entry.field) == (OF_LINE, TOOK_OVER)) {
            let Value::Text(text) = entry.value()? else { continue };
            if let Some(old) = rights::site_of(&text).filter(|old| before.contains(old)) {
                db.prepare_cached("UPDATE site SET state = 1 WHERE id = ?1 AND state = 0")?
                    .execute([old.0.as_slice()])?;
            }
        }
        Ok(())
    })
}

impl Store {
    /// Says for everybody that this installation took over for good from one that it took over from: nothing is sealed to that
    /// one any more.
    ///
    /// # Errors
    /// [`StoreError::NotTakenOver`] where no voucher says that it did.
    pub fn retire(&mut self, old: SiteId) -> Result<()> {
        if old == self.site || !taken_over(&self.db, self.site)?.contains(&old) {
            return Err(StoreError::NotTakenOver);
        }
        self.say(own_word(self.site), "take over for good", (OF_LINE, own_word(old)), &[(TOOK_OVER, old.to_string())])?;
        heed(&self.db, self.site)
    }

    /// The line that a site is believed by, also by way of the one that it took over from; `None` for a mere author.
    pub fn line_of(&self, site: &Site) -> Result<Option<Line>> {
        of_site(&self.db, site)
    }

    /// Accepts a site, or changes what is set for its line: what is not named stays as it is. Gives the line.
    ///
    /// # Errors
    /// [`StoreError::WasEnded`] where its line was ended and nobody compared the whole fingerprint.
    pub fn accept(&mut self, site: &Site, wanted: &Acceptance) -> Result<Option<Line>> {
        self.writable()?;
        if site.id == self.site {
            return Ok(None);
        }
        let transaction = self.db.unchecked_transaction()?;
        sites::keep_own_word(&transaction, site)?;
        let known = sites::of(&transaction, site.id)?.unwrap_or_else(|| site.clone());
        // What its card says of a line that it took over from is not its own word yet: enough to give no more than that.
        let told = Site { voucher: known.voucher.clone().or_else(|| site.voucher.clone()), ..known.clone() };
        let before = of_site(&transaction, &told)?;
        if before.as_ref().is_some_and(|line| line.ended.is_some()) && !wanted.confirmed {
            return Err(StoreError::WasEnded);
        }
        let mut line = match (&known.line, before) {
            (Some(line), _) if line.ended.is_none() => line.clone(),
            (own, before) => {
                if own.is_some() {
                    leave(&transaction, site.id)?;
                }
                let set = before.filter(|line| line.ended.is_none() && !line.own);
                let new = Line::new(site.id, &site.name);
                match set {
                    Some(set) => Line { root: site.id, called: new.called, ..set },
                    None => new,
                }
            }
        };
        if line.own {
            return Ok(Some(line));
        }
        line.gives = wanted.gives.unwrap_or(line.gives);
        line.takes = wanted.takes.unwrap_or(line.takes);
        if let Some(agency) = &wanted.agency {
            line.agency = one_line(agency.trim()).into_owned();
        }
        if let Some(called) = &wanted.called {
            line.called = claim(called);
        }
        put(&transaction, &line)?;
        set_line(&transaction, site.id, line.root)?;
        join_members(&transaction)?;
        // Whoever is given more from now on lacks what was passed over for them until now.
        transaction.execute(
            "DELETE FROM place_reader WHERE site IN (SELECT id FROM site WHERE line = ?1)",
            [line.root.0.as_slice()],
        )?;
        transaction.commit()?;
        Ok(Some(line))
    }

    /// Ends the line of a site, with every member that there is or will be: nothing of them is taken any more, and nothing is
    /// given. Of our own line everything ends but this installation, which goes on in a line of its own.
    pub fn revoke_site(&mut self, id: SiteId) -> Result<()> {
        self.writable()?;
        if id == self.site {
            return Ok(());
        }
        let now = self.unix_ms();
        let transaction = self.db.unchecked_transaction()?;
        let Some(site) = sites::of(&transaction, id)? else { return Ok(()) };
        if site.line.is_none() {
            put(&transaction, &Line::new(id, &site.name))?;
            set_line(&transaction, id, id)?;
            join_members(&transaction)?;
        }
        if site.line.as_ref().is_some_and(|line| line.own) {
            leave(&transaction, self.site)?;
            put(&transaction, &Line { own: true, ..Line::new(self.site, &self.worker.name) })?;
            set_line(&transaction, self.site, self.site)?;
        }
        // All that one person's vouchers join, also where a member was accepted by itself.
        let person = sites::person(&transaction, id)?;
        let mut ended: Vec<SiteId> = Vec::new();
        for other in sites::all(&transaction)? {
            let Some(line) = other.line.as_ref().map(|line| line.root) else { continue };
            let same = other.id == id || sites::person(&transaction, other.id)? == person;
            if same && other.id != self.site && !ended.contains(&line) {
                ended.push(line);
            }
        }
        for root in ended {
            let end = "UPDATE line SET ended = coalesce(ended, ?2), own = 0 WHERE root = ?1";
            transaction.execute(end, (root.0.as_slice(), now as i64))?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Says that two installations are one person's, where no voucher says so: a file that was made again from a backup. What the
    /// one began the other may sign. What is given and taken stays as it is set for each; ending the one ends both.
    pub fn same_person(&mut self, one: SiteId, other: SiteId) -> Result<()> {
        self.writable()?;
        let transaction = self.db.unchecked_transaction()?;
        let (first, second) = (sites::person(&transaction, one)?, sites::person(&transaction, other)?);
        if first == second {
            return Ok(());
        }
        transaction.execute("UPDATE site SET joined = ?2 WHERE id = ?1", (second.0.as_slice(), first.0.as_slice()))?;
        let mut theirs = BTreeSet::new();
        for site in sites::all(&transaction)? {
            if sites::person(&transaction, site.id)? == first {
                theirs.insert(site.id);
            }
        }
        speaking::refresh(&transaction, &theirs)?;
        transaction.commit()?;
        Ok(())
    }

    /// An installation that was accepted under this worker's own name and of which nobody has said yet whether it is theirs too.
    pub fn perhaps_own(&self) -> Result<Option<Site>> {
        let us = sites::person(&self.db, self.site)?;
        for site in sites::all(&self.db)? {
            let named = |line: &Line| !line.own && line.ended.is_none() && same_name(&line.called, &self.worker.name);
            if site.line.as_ref().is_some_and(named)
                && sites::person(&self.db, site.id)? != us
                && self.local(&somebody_else(site.id))?.is_none()
            {
                return Ok(Some(site));
            }
        }
        Ok(None)
    }

    /// Says that an installation is somebody else's, though they bear this worker's name: nobody asks again.
    pub fn set_somebody_else(&mut self, site: SiteId) -> Result<()> {
        self.set_local(&somebody_else(site), Some(b"yes"))
    }

    /// Says whether anybody still works with an installation: nothing is sealed to one at rest, and nobody waits for it.
    pub fn put_site(&mut self, id: SiteId, state: SiteState) -> Result<()> {
        self.writable()?;
        self.db.execute("UPDATE site SET state = ?2 WHERE id = ?1", (id.0.as_slice(), state as u8))?;
        Ok(())
    }

    /// The agency that a site works for, by the name that a release has; empty where it is ours. Whoever took over from a
    /// site works for the same.
    pub fn agency_of(&self, site: &Site) -> Result<String> {
        Ok(of_site(&self.db, site)?.map_or(String::new(), |line| line.agency))
    }

    /// Says for which agency a site's line works; empty: for ours.
    pub fn set_agency(&mut self, site: &Site, agency: &str) -> Result<()> {
        self.accept(site, &Acceptance { agency: Some(agency.into()), ..Acceptance::default() })?;
        Ok(())
    }

    /// Those who can be given something by hand: whoever was ever accepted and was not ended, whatever they get by
    /// themselves.
    pub fn within_reach(&self) -> Result<Vec<Site>> {
        let all = self.sites()?.into_iter().filter(|site| site.id != self.site && site.is_reached());
        Ok(all.collect())
    }
}

/// Under which key it is kept that a site of the worker's own name is not theirs.
fn somebody_else(site: SiteId) -> String {
    format!("somebody-else {site}")
}

/// Takes a site out of its line, and leaves that to the others in it under another name.
fn leave(db: &Connection, site: SiteId) -> Result<()> {
    let Some(line) = sites::of(db, site)?.and_then(|site| site.line) else { return Ok(()) };
    if line.root != site {
        return Ok(());
    }
    let mut query = db.prepare("SELECT id FROM site WHERE line = ?1 AND id <> ?1 ORDER BY id")?;
    let others = query.query_map([site.0.as_slice()], |row| Ok(SiteId(row.get(0)?)))?;
    let others: Vec<SiteId> = others.collect::<rusqlite::Result<_>>()?;
    if let Some(first) = others.first() {
        put(db, &Line { root: *first, ..line })?;
        db.execute("UPDATE site SET line = ?2 WHERE line = ?1 AND id <> ?1", (site.0.as_slice(), first.0.as_slice()))?;
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
