//! Two branches of one chain. A laptop that was set back to an older state of its file, or that was copied with its keys,
//! writes under its site's name where it had written something else before.
//!
//! The promises: no branch is dropped before each of its entries stands somewhere else; whoever holds the same entries comes
//! to the same chains, whatever came first; nobody but the owner's line can move a branch as its own. The owner enters
//! the branch that is here again under another of their sites. The first entry there says so (record [`MOVED`]), so that
//! everyone else who holds that branch can check it, drop it and take the other one.
//!
//! Where the owner is gone for good, a colleague may keep both ([`Store::keep_both`]): they enter what lies beside the chain
//! again under their own site, as recovered, its author named. That speaks for nobody but themselves: no signature in it
//! counts as its author's. Whoever believes them, and holds the owner for gone too, follows.
//!
//! Called by [`super::merge`] once all that a bundle says is verified, inside its transaction.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

use crate::model::{EntryRef, RowId, SiteId, Value};

use super::erase::{self, Marker};
use super::journal::{self, Batch, ChainEnd};
use super::lines::SiteState;
use super::rights;
use super::sites::{self, Keys, Trust};
use super::wire::{Content, Entry, Existence, Header, ROW_ITSELF};
use super::{Result, Store, StoreError, lines, projection};

/// The record type that says which branch is entered again from here on: of whose chain, from which index, and by which
/// hash it begins. It makes no row of a table; the journal alone holds it.
pub(super) const MOVED: u16 = 54;
const MOVED_SITE: u16 = 1;
const MOVED_FROM: u16 = 2;
const MOVED_HASH: u16 = 3;

/// Whose file this is while a transaction is open: the keys that it signs with, and those that it went on to.
pub(super) struct Home<'a> {
    keys: &'a Keys,
    renewed: Option<Keys>,
    machine: [u8; 32],
    name: &'a str,
}

impl<'a> Home<'a> {
    pub fn new(keys: &'a Keys, machine: [u8; 32], name: &'a str) -> Home<'a> {
        Home { keys, renewed: None, machine, name }
    }

    pub fn keys(&self) -> &Keys {
        self.renewed.as_ref().unwrap_or(self.keys)
    }

    pub fn site(&self) -> SiteId {
        self.keys().id()
    }

    /// Goes on as a new site, vouched for by the one that it was.
    pub fn renew(&mut self, db: &Connection) -> Result<()> {
        self.renewed = Some(Keys::another(db, &self.machine, self.name, self.keys())?);
        Ok(())
    }

    /// The keys that it has from now on, where they are others.
    pub fn into_renewed(self) -> Option<Keys> {
        self.renewed
    }
}

/// Puts a batch of another branch beside the chain, and gives the name of the branch: another one where the branch itself
/// parts again.
pub(super) fn put_aside(db: &Connection, mut branch: [u8; 32], batch: &Batch) -> Result<[u8; 32]> {
    let header = &batch.header;
    let (site, first) = (header.site.0.as_slice(), header.first as i64);
    let there: Option<[u8; 32]> = db
        .prepare_cached("SELECT hash FROM aside WHERE stream = ?1 AND site = ?2 AND branch = ?3 AND first = ?4")?
        .query_row((header.stream, site, branch.as_slice(), first), |row| row.get(0))
        .optional()?;
    match there {
        Some(hash) if hash == batch.hash => return Ok(branch),
        Some(_) => {
            let before = std::mem::replace(&mut branch, batch.hash);
            db.prepare_cached(&format!(
                "INSERT OR IGNORE INTO aside (branch, {0}) SELECT ?4, {0} FROM aside
                 WHERE stream = ?1 AND site = ?2 AND branch = ?3 AND first < ?5",
                journal::COLUMNS
            ))?
            .execute((header.stream, site, before.as_slice(), branch.as_slice(), first))?;
        }
        None => {}
    }
    db.prepare_cached(
        "INSERT OR IGNORE INTO aside
           (stream, site, branch, first, count, hlc, action, undoes, author, label, origin, hash, signature, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(rusqlite::params![
        header.stream,
        site,
        branch.as_slice(),
        first,
        batch.count as i64,
        header.hlc.0 as i64,
        header.action.as_bytes().as_slice(),
        header.undoes.map(|action| *action.as_bytes()),
        header.author,
        header.label,
        header.origin,
        batch.hash.as_slice(),
        batch.signature,
        batch.body,
    ])?;
    Ok(branch)
}

/// Puts the signature under the end of a branch that lies beside its chain.
pub(super) fn sign_aside(db: &Connection, stream: RowId, site: SiteId, end: ChainEnd, signature: &[u8]) -> Result<()> {
    db.prepare_cached(
        "UPDATE aside SET signature = ?1 WHERE stream = ?2 AND site = ?3 AND first + count = ?4 AND hash = ?5",
    )?
    .execute((signature, stream, site.0.as_slice(), end.next as i64, end.hash.as_slice()))?;
    Ok(())
}

/// The branches beside a chain that come up to an index just there, with their ends.
pub(super) fn ends_aside(db: &Connection, stream: RowId, site: SiteId, next: u64) -> Result<Vec<([u8; 32], ChainEnd)>> {
    let mut query = db.prepare_cached(
        "SELECT branch, hash FROM aside WHERE stream = ?1 AND site = ?2 AND first + count = ?3 ORDER BY branch",
    )?;
    let ends = query.query_map((stream, site.0.as_slice(), next as i64), |row| {
        Ok((row.get(0)?, ChainEnd { next, hash: row.get(1)? }))
    })?;
    Ok(ends.collect::<rusqlite::Result<_>>()?)
}

/// The chains beside which another branch lies.
pub(super) fn forked(db: &Connection) -> Result<Vec<(RowId, SiteId)>> {
    let mut query = db.prepare_cached("SELECT DISTINCT stream, site FROM aside ORDER BY stream, site")?;
    let chains = query.query_map([], |row| Ok((RowId::from_bytes(row.get(0)?), SiteId(row.get(1)?))))?;
    Ok(chains.collect::<rusqlite::Result<_>>()?)
}

/// Whether another branch of a chain lies beside it.
pub(super) fn lies_aside(db: &Connection, stream: RowId, site: SiteId) -> Result<bool> {
    let mut query = db.prepare_cached("SELECT 1 FROM aside WHERE stream = ?1 AND site = ?2 LIMIT 1")?;
    Ok(query.exists((stream, site.0.as_slice()))?)
}

fn branches(db: &Connection, stream: RowId, site: SiteId) -> Result<Vec<([u8; 32], u64)>> {
    let mut query = db.prepare_cached(
        "SELECT branch, min(first) FROM aside WHERE stream = ?1 AND site = ?2 GROUP BY branch ORDER BY 2, 1",
    )?;
    let found = query.query_map((stream, site.0.as_slice()), |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

fn of_branch(db: &Connection, stream: RowId, site: SiteId, branch: &[u8; 32]) -> Result<Vec<Batch>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {} FROM aside WHERE stream = ?1 AND site = ?2 AND branch = ?3 ORDER BY first",
        journal::COLUMNS
    ))?;
    let batches = query.query_map((stream, site.0.as_slice(), branch.as_slice()), journal::read)?;
    Ok(batches.collect::<rusqlite::Result<_>>()?)
}

/// Every batch that lies beside the chains of a stream.
pub(super) fn all_aside(db: &Connection, stream: RowId) -> Result<Vec<Batch>> {
    let mut query = db.prepare_cached(&format!("SELECT {} FROM aside WHERE stream = ?1", journal::COLUMNS))?;
    let batches = query.query_map([stream], journal::read)?;
    Ok(batches.collect::<rusqlite::Result<_>>()?)
}

fn drop_branch(db: &Connection, stream: RowId, site: SiteId, branch: &[u8; 32]) -> Result<()> {
    db.prepare_cached("DELETE FROM aside WHERE stream = ?1 AND site = ?2 AND branch = ?3")?.execute((
        stream,
        site.0.as_slice(),
        branch.as_slice(),
    ))?;
    Ok(())
}

/// What came of the branches of one chain.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Settled {
    /// Entries that the chain took from another branch.
    pub taken: u64,
    /// Entries of our own that were entered again under another site.
    pub moved: u64,
    /// Entries that still lie beside the chain.
    pub waiting: u64,
}

/// Settles what lies beside a chain as far as it can be. The stream's rows are to be made again where anything was taken.
pub(super) fn settle(db: &Connection, home: &mut Home<'_>, stream: RowId, site: SiteId) -> Result<Settled> {
    let own = sites::of(db, site)?.is_some_and(|site| site.trust() == Trust::Own);
    let mut settled = Settled::default();
    for (branch, first) in branches(db, stream, site)? {
        let there = of_branch(db, stream, site, &branch)?;
        let here = from(db, stream, site, first)?;
        // What lay beside a chain that was cut, or took another branch, since.
        let Some(begins) = here.first().map(|batch| batch.hash) else { continue };
        let (here_again, there_again) = (again(db, stream, site, &here)?, again(db, stream, site, &there)?);
        // Entered again both, as by two laptops that were one: everybody keeps the same one.
        let drop_theirs = there_again && (!here_again || there.first().is_none_or(|batch| begins < batch.hash));
        if drop_theirs {
            drop_branch(db, stream, site, &branch)?;
            continue;
        }
        if !here_again && !own {
            settled.waiting += there.iter().map(|batch| batch.count).sum::<u64>();
            continue;
        }
        if !here_again {
            let here = from(db, stream, site, first)?;
            settled.moved += enter_again(db, home, &here, As::Ours)?;
        }
        settled.taken += switch(db, stream, site, first, &there)?;
        return Ok(settled);
    }
    Ok(settled)
}

/// The batches of a chain from an index on; none where no batch begins there.
fn from(db: &Connection, stream: RowId, site: SiteId, first: u64) -> Result<Vec<Batch>> {
    let mut batches = Vec::new();
    journal::of_chain::<StoreError>(db, stream, site, first, &mut |batch| {
        batches.push(batch);
        Ok(())
    })?;
    Ok(if batches.first().is_some_and(|batch| batch.header.first == first) { batches } else { Vec::new() })
}

/// Takes another branch of a chain in the place of the one that is here.
fn switch(db: &Connection, stream: RowId, site: SiteId, first: u64, to: &[Batch]) -> Result<u64> {
    journal::remove_from(db, stream, site, first)?;
    let mut taken = 0;
    for batch in to {
        taken += batch.count;
        journal::insert(db, batch, &batch.entries()?)?;
    }
    db.prepare_cached("DELETE FROM aside WHERE stream = ?1 AND site = ?2")?.execute((stream, site.0.as_slice()))?;
    forget_what_others_have(db, stream, site)?;
    Ok(taken)
}

/// What was said and noted of a chain speaks of another branch of it.
fn forget_what_others_have(db: &Connection, stream: RowId, site: SiteId) -> Result<()> {
    for table in ["peer_has", "place_range"] {
        let sql = format!("DELETE FROM {table} WHERE stream = ?1 AND site = ?2");
        db.prepare_cached(&sql)?.execute((stream, site.0.as_slice()))?;
    }
    Ok(())
}

/// The row under which it is said that a branch was entered again.
fn moved_row(stream: RowId, site: SiteId, branch: &[u8; 32]) -> RowId {
    let branch: String = branch.iter().map(|byte| format!("{byte:02x}")).collect();
    RowId::derived(&["moved", &stream.to_string(), &site.to_string(), &branch])
}

/// The site from whose chain entries were moved, where an entry says so.
pub(super) fn moved_from(entry: &Entry) -> Option<SiteId> {
    if (entry.record, entry.field) != (MOVED, MOVED_SITE) {
        return None;
    }
    let Ok(Value::Text(old)) = entry.value() else { return None };
    rights::site_of(&old)
}

/// As whose words a branch is entered again.
#[derive(Clone, Copy, PartialEq)]
enum As {
    /// Our own, under another of our sites.
    Ours,
    /// Those of somebody who is gone.
    Recovered,
}

impl As {
    fn header(self, header: Header) -> Header {
        match self {
            As::Ours => header,
            As::Recovered => header.recovered(),
        }
    }
}

/// Enters a branch of a chain again under the site of this file: a new one where the chain is its own. The chain itself is
/// left as it is; gives how many entries there were.
fn enter_again(db: &Connection, home: &mut Home<'_>, batches: &[Batch], whose: As) -> Result<u64> {
    let Some(head) = batches.first() else { return Ok(0) };
    let (stream, old, first) = (head.header.stream, head.header.site, head.header.first);
    if home.site() == old {
        home.renew(db)?;
    }
    let (site, key) = (home.site(), &home.keys().signing);
    let mut end = journal::chain_end(db, stream, site)?;
    let row = moved_row(stream, old, &head.hash);
    let said = |field, value: Value| Entry {
        record: MOVED,
        row,
        field,
        key: String::new(),
        base: Vec::new(),
        content: Content::Value(value.encoded()),
    };
    let hash: String = head.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let notice = [
        said(MOVED_SITE, Value::Text(old.to_string())),
        said(MOVED_FROM, Value::Whole(first as i64)),
        said(MOVED_HASH, Value::Text(hash)),
    ];
    if end.next == 0
        && let Some(word) = lines::word(db, site)?
    {
        let header = Header { site, first: 0, ..head.header.clone() };
        end = journal::append(db, key, end, &whose.header(header), &[word])?;
    }
    let header = Header { site, first: end.next, ..head.header.clone() };
    end = journal::append(db, key, end, &whose.header(header), &notice)?;
    let way = Way { old, from: first, new: site, first: end.next };
    let (mut moved, mut again) = (0, Vec::new());
    for batch in batches {
        let entries: Vec<Entry> = batch.entries()?.into_iter().map(|entry| way.lead(entry)).collect();
        moved += batch.count;
        let header = whose.header(Header { site, first: end.next, ..batch.header.clone() });
        end = journal::append(db, key, end, &header, &entries)?;
        again.push((batch.clone(), header.first, end.hash));
    }
    let orders = erase::order_again(db, stream, site, &again)?;
    if !orders.is_empty() {
        let header = Header { site, first: end.next, ..again[0].0.header.clone() };
        journal::append(db, key, end, &whose.header(header), &orders)?;
    }
    Ok(moved)
}

/// From where to where the entries of a branch are moved.
struct Way {
    old: SiteId,
    from: u64,
    new: SiteId,
    first: u64,
}

impl Way {
    /// An entry as it stands in the new place: what it says of entries of its own branch is said of them there.
    fn lead(&self, mut entry: Entry) -> Entry {
        for base in &mut entry.base {
            if base.site == self.old && base.index >= self.from {
                *base = EntryRef { site: self.new, index: base.index - self.from + self.first };
            }
        }
        if entry.field == ROW_ITSELF
            && let Content::Value(value) = &entry.content
            && let Some(Existence::Deleted { mut seen }) = Existence::decode(value)
            && let Some(at) = seen.iter().position(|(site, next)| *site == self.old && *next > self.from)
        {
            let next = std::mem::replace(&mut seen[at].1, self.from) - self.from + self.first;
            match seen.iter_mut().find(|(site, _)| *site == self.new) {
                Some(known) => known.1 = known.1.max(next),
                None => seen.push((self.new, next)),
            }
            seen.retain(|(_, next)| *next > 0);
            seen.sort_unstable();
            entry.content = Content::Value(Existence::Deleted { seen }.encoded());
        }
        entry
    }
}

/// Whether each entry of a branch stands again in a chain that says so: one of its owner's line, or, where the owner is gone,
/// one of somebody whom we believe.
fn again(db: &Connection, stream: RowId, site: SiteId, branch: &[Batch]) -> Result<bool> {
    let Some(head) = branch.first() else { return Ok(false) };
    for notice in journal::of_row(db, moved_row(stream, site, &head.hash))? {
        let (mover, first) = (notice.header.site, notice.header.first + notice.count);
        if notice.header.stream != stream {
            continue;
        }
        let whose = match sites::are_of_one_line(db, mover, site)? {
            true => As::Ours,
            false if is_believed(db, mover)? && is_gone(db, site)? => As::Recovered,
            false => continue,
        };
        let way = Way { old: site, from: head.header.first, new: mover, first };
        if all_again(db, &way, branch, whose)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_believed(db: &Connection, site: SiteId) -> Result<bool> {
    Ok(sites::of(db, site)?.map(|site| sites::trust_of(db, &site)).transpose()?.is_some_and(Trust::takes))
}

/// Whether nobody goes on for a site any more, as we were told: its line was ended, or all of it put to rest.
fn is_gone(db: &Connection, site: SiteId) -> Result<bool> {
    let line = sites::root(db, site)?;
    let mut gone = None;
    for member in sites::all(db)? {
        if sites::root(db, member.id)? == line {
            let at_work = member.state == SiteState::Live && sites::trust_of(db, &member)? != Trust::Revoked;
            *gone.get_or_insert(true) &= !at_work;
        }
    }
    Ok(gone.unwrap_or(false))
}

fn all_again(db: &Connection, way: &Way, branch: &[Batch], whose: As) -> Result<bool> {
    for batch in branch {
        let header = &batch.header;
        let Some(index) = (header.first - way.from).checked_add(way.first) else { return Ok(false) };
        let Some(copy) = journal::holding(db, header.stream, EntryRef { site: way.new, index })? else {
            return Ok(false);
        };
        let expected = whose.header(Header { site: way.new, first: index, ..header.clone() });
        if copy.header != expected || copy.count != batch.count {
            return Ok(false);
        }
        let led = batch.entries()?.into_iter().map(|entry| way.lead(entry));
        let copies = Marker::new(db).numbered(&copy)?.map(|(_, copy)| copy);
        if !led.zip(copies).all(|(entry, copy)| is_same(&entry, &copy)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a copy says the same as an entry. Of a value that was erased nothing can be told, and nothing is lost. One that is
/// merely missing in the copy may be here alone.
fn is_same(one: &Entry, copy: &Entry) -> bool {
    let value = |entry: &Entry| matches!(entry.content, Content::Value(_));
    let told = match copy.content {
        Content::Value(_) => !value(one) || one.content == copy.content,
        Content::Erased(_) => true,
        Content::Missing(_) => !value(one),
    };
    told && (one.record, one.row, one.field, &one.key, &one.base)
        == (copy.record, copy.row, copy.field, &copy.key, &copy.base)
}

/// The signature under the end of a chain that is cut at an index, where one of our own keys can give it.
fn sign_end(db: &Connection, stream: RowId, site: SiteId) -> Result<bool> {
    let end = journal::chain_end(db, stream, site)?;
    let Some(last) = end.next.checked_sub(1) else { return Ok(true) };
    let Some(last) = journal::holding(db, stream, EntryRef { site, index: last })? else { return Ok(true) };
    if !last.signature.is_empty() {
        return Ok(true);
    }
    let Some(signature) = sites::sign_as(db, site, &last.hash)? else { return Ok(false) };
    db.prepare_cached("UPDATE batch SET signature = ?1 WHERE stream = ?2 AND site = ?3 AND first = ?4")?.execute((
        signature,
        stream,
        site.0.as_slice(),
        last.header.first as i64,
    ))?;
    Ok(true)
}

impl Store {
    /// Gives what this installation wrote as `old` in a stream from an index on to another site of its own: another copy of it
    /// may have written something else there. Nothing is lost: the same entries stand under the other site's name, and the end
    /// at which the chain is cut is signed.
    pub fn make_way(&mut self, stream: RowId, old: SiteId, from: u64) -> Result<()> {
        self.writable()?;
        let machine = sites::machine(self.path.as_deref());
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut home = Home::new(&self.keys, machine, &self.worker.name);
        let cut = match journal::holding(&transaction, stream, EntryRef { site: old, index: from })? {
            Some(batch) => batch.header.first,
            None => return Ok(()),
        };
        let ours = self::from(&transaction, stream, old, cut)?;
        enter_again(&transaction, &mut home, &ours, As::Ours)?;
        journal::remove_from(&transaction, stream, old, cut)?;
        if !sign_end(&transaction, stream, old)? {
            return Err(StoreError::Damaged("the key of one of its own sites is missing".into()));
        }
        transaction
            .prepare_cached("DELETE FROM aside WHERE stream = ?1 AND site = ?2")?
            .execute((stream, old.0.as_slice()))?;
        forget_what_others_have(&transaction, stream, old)?;
        erase::carry_out(&transaction, stream, true)?;
        transaction.commit()?;
        if let Some(keys) = home.into_renewed() {
            self.go_on_with(keys);
        }
        self.after_writing();
        Ok(())
    }

    /// Enters what lies beside the chains of somebody who is gone under this installation, as recovered, its author named; their
    /// chains stay as they are here. Whoever believes us, and holds them for gone too, comes to the same. Gives how many entries
    /// there were.
    ///
    /// # Errors
    /// [`StoreError::StillAtWork`] where their line was neither ended nor put to rest, all of it; [`StoreError::ReadOnly`].
    pub fn keep_both(&mut self, of: SiteId) -> Result<u64> {
        self.writable()?;
        let machine = sites::machine(self.path.as_deref());
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        if !is_gone(&transaction, of)? {
            return Err(StoreError::StillAtWork);
        }
        let line = sites::root(&transaction, of)?;
        let mut home = Home::new(&self.keys, machine, &self.worker.name);
        let (mut kept, mut streams) = (0, BTreeSet::new());
        for (stream, site) in forked(&transaction)? {
            if sites::root(&transaction, site)? != line {
                continue;
            }
            for (branch, _) in branches(&transaction, stream, site)? {
                let there = of_branch(&transaction, stream, site, &branch)?;
                if !again(&transaction, stream, site, &there)? {
                    kept += enter_again(&transaction, &mut home, &there, As::Recovered)?;
                }
                drop_branch(&transaction, stream, site, &branch)?;
                streams.insert(stream);
            }
        }
        for stream in streams {
            projection::make_stream_again(&transaction, stream)?;
            erase::carry_out(&transaction, stream, true)?;
        }
        transaction.commit()?;
        self.after_writing();
        Ok(kept)
    }

    /// What lies beside the chains that are here: of each chain how many entries, for as long as its owner's line has not
    /// entered one of the branches again.
    pub fn aside(&self) -> Result<Vec<(RowId, SiteId, u64)>> {
        let mut query = self.db.prepare_cached(
            "SELECT stream, site, sum(count) FROM (SELECT DISTINCT stream, site, hash, count FROM aside)
             GROUP BY stream, site ORDER BY stream, site",
        )?;
        let found = query.query_map([], |row| {
            Ok((RowId::from_bytes(row.get(0)?), SiteId(row.get(1)?), row.get::<_, i64>(2)? as u64))
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}
