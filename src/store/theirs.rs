//! Whose a client is, for giving: who gets what through a place.
//!
//! The promise: whoever is given only what is theirs gets the clients that they opened, that were handed to them, or of whom
//! they were made the case manager, and nothing of anybody else's; what was handed on is no longer theirs, and what was given
//! for a while only while it lasts. Nobody gives themselves anything: a colleague's word that names its own author does not
//! count.
//! It is worked out from what is here, by whom this installation believes: it decides what is given, never what tables say.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension};

use crate::model::records::{client, share};
use crate::model::{Hlc, Moment, RowId, ShareKind, SiteId};

use super::cell::Presence;
use super::projection::load;
use super::wire::ROW_ITSELF;
use super::{Gives, Result, Site, Store, journal, lines, rights, shares, sites};

/// Someone who is given something, and the streams that they are given; `None` for all.
pub type Receiver = (Site, Option<BTreeSet<RowId>>);

/// Someone's word on whose a client is.
struct Word {
    said: Hlc,
    by: SiteId,
    to: SiteId,
    /// Whoever had the client before has it no longer.
    ends: bool,
    /// Of two that were said at once, a share counts.
    is_share: bool,
}

struct Whose<'a> {
    db: &'a Connection,
    moment: Moment,
    own: SiteId,
    /// The person whom each name means here, where it means one.
    named: BTreeMap<String, Option<SiteId>>,
    people: BTreeMap<SiteId, SiteId>,
    shares: BTreeMap<RowId, Vec<RowId>>,
}

impl<'a> Whose<'a> {
    fn new(store: &'a Store) -> Result<Whose<'a>> {
        let db = &store.db;
        let mut named: BTreeMap<String, Option<SiteId>> = BTreeMap::new();
        for line in lines::all(db)? {
            let called = if line.own { &store.worker.name } else { &line.called };
            let person = sites::person(db, line.root)?;
            if called.trim().is_empty() {
                continue;
            }
            named
                .entry(called.trim().to_lowercase())
                .and_modify(|known| *known = known.filter(|known| *known == person))
                .or_insert(Some(person));
        }
        let mut people = BTreeMap::new();
        for site in sites::all(db)? {
            people.insert(site.id, sites::person(db, site.id)?);
        }
        let mut shares: BTreeMap<RowId, Vec<RowId>> = BTreeMap::new();
        let mut query = db.prepare(&format!("SELECT stream, id FROM {} WHERE state & 1 = 0", share::TYPE.table()))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (stream, id) = (RowId::from_bytes(row.get(0)?), RowId::from_bytes(row.get(1)?));
            shares.entry(stream).or_default().push(id);
        }
        drop(rows);
        drop(query);
        let own = sites::person(db, store.site)?;
        Ok(Whose { db, moment: store.moment(), own, named, people, shares })
    }

    fn person(&self, site: SiteId) -> SiteId {
        self.people.get(&site).copied().unwrap_or(site)
    }

    /// Whom a name means; none where it means nobody, or more than one.
    fn called(&self, name: &str) -> Option<SiteId> {
        self.named.get(&name.trim().to_lowercase()).copied().flatten()
    }

    /// Who opened a client's stream: of those whose entries were here first, the earliest. Whoever comes later with an earlier
    /// stamp opened nothing.
    fn opener(&self, stream: RowId) -> Result<Option<SiteId>> {
        let mut query = self.db.prepare_cached(
            "SELECT site FROM batch WHERE stream = ?1 AND first = 0 AND n <
               coalesce((SELECT min(n) FROM arrival
                         WHERE n > (SELECT min(n) FROM batch WHERE stream = ?1 AND first = 0)), 9223372036854775807)
             ORDER BY hlc, n LIMIT 1",
        )?;
        let site = query.query_row([stream], |row| Ok(SiteId(row.get(0)?))).optional()?;
        Ok(site.map(|site| self.person(site)))
    }

    fn words(&self, stream: RowId, worker: &str, opener: Option<SiteId>) -> Result<Vec<Word>> {
        let mut words = Vec::new();
        let shares = self.shares.get(&stream).map_or(&[][..], Vec::as_slice);
        for id in shares {
            let Some(state) = load(self.db, &share::TYPE, *id)?.filter(|state| state.presence() != Presence::Gone)
            else {
                continue;
            };
            let said = [ROW_ITSELF, share::kind.field, share::site.field, share::until.field, share::ends.field];
            let last =
                said.iter().flat_map(|field| state.heads(*field, "")).max_by_key(|head| (head.hlc, head.at.site));
            let (Some(row), Some(last)) = (state.to_row(), last) else { continue };
            let (Some(to), Some(kind)) =
                (rights::site_of(row.text(share::site)), ShareKind::from_code(row.text(share::kind)))
            else {
                continue;
            };
            if kind != ShareKind::Transfer && shares::is_over(&row, &self.moment) {
                continue;
            }
            let (by, to, ends) = (self.person(last.at.site), self.person(to), kind == ShareKind::Transfer);
            words.push(Word { said: last.hlc, by, to, ends, is_share: true });
        }
        let manager = self.called(worker);
        if manager.is_some() && (manager != opener || !shares.is_empty()) {
            let state = load(self.db, &client::TYPE, stream)?;
            let head = state.iter().flat_map(|state| state.heads(client::worker.field, "")).next();
            if let (Some(to), Some(head)) = (manager, head) {
                let by = self.person(head.at.site);
                words.push(Word { said: head.hlc, by, to, ends: true, is_share: false });
            }
        }
        words.retain(|word| word.by != word.to || word.by == self.own);
        Ok(words)
    }

    /// All whose a client is.
    fn of(&self, stream: RowId, worker: &str) -> Result<Vec<SiteId>> {
        let opener = self.opener(stream)?;
        let words = self.words(stream, worker, opener)?;
        let mut all: BTreeSet<SiteId> = words.iter().map(|word| word.to).collect();
        all.extend(opener);
        let has = |person: &SiteId| {
            let heard = |word: &&Word| word.to == *person || word.ends;
            let last = words.iter().filter(heard).max_by_key(|word| (word.said, word.is_share));
            last.map_or(opener == Some(*person), |word| word.to == *person)
        };
        Ok(all.into_iter().filter(has).collect())
    }
}

impl Store {
    /// The clients that are each person's, by the first of their sites.
    fn whose(&self) -> Result<BTreeMap<SiteId, BTreeSet<RowId>>> {
        let whose = Whose::new(self)?;
        let mut all: BTreeMap<SiteId, BTreeSet<RowId>> = BTreeMap::new();
        let mut query = self.db.prepare(&format!("SELECT id, worker FROM {}", client::TYPE.table()))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (stream, worker) = (RowId::from_bytes(row.get(0)?), row.get_ref(1)?.as_str().unwrap_or(""));
            for person in whose.of(stream, worker)? {
                all.entry(person).or_default().insert(stream);
            }
        }
        Ok(all)
    }

    /// Who is given what through a place: those of our own agency who can be reached. What says of rights and of our own
    /// installations goes to each of them.
    pub fn receivers(&self) -> Result<Vec<Receiver>> {
        let is_here =
            |stream: &RowId| Ok::<_, super::StoreError>(!journal::seen_of_stream(&self.db, *stream)?.is_empty());
        let mut of_agency = BTreeSet::new();
        for stream in rights::stream_of_agency(&self.db)?.into_iter() {
            if is_here(&stream)? {
                of_agency.insert(stream);
            }
        }
        let mut common = of_agency.clone();
        for site in self.own_sites()? {
            common.insert(lines::own_word(site));
        }
        let mut whose = None;
        let mut receivers = Vec::new();
        for site in self.sites()?.into_iter().filter(|site| site.id != self.site && site.is_reached()) {
            let Some(line) = site.line.clone().filter(|line| line.agency.is_empty()) else { continue };
            let streams = match line.gives {
                _ if line.own => None,
                Gives::Everything => None,
                Gives::Theirs => {
                    if whose.is_none() {
                        whose = Some(self.whose()?);
                    }
                    let person = sites::person(&self.db, site.id)?;
                    let theirs = whose.as_ref().and_then(|whose| whose.get(&person)).into_iter().flatten();
                    Some(theirs.chain(&common).copied().collect())
                }
                Gives::Nothing if line.takes && !of_agency.is_empty() => Some(of_agency.clone()),
                Gives::Nothing => continue,
            };
            receivers.push((site, streams));
        }
        Ok(receivers)
    }
}

#[cfg(test)]
mod tests;
