//! What stands in a client's stream besides what is to be taken back, and whose it is.
//!
//! The promise: nobody's work goes with another's undo. Whoever takes back an intake, an import, a plan or a goal takes back
//! what they put there themselves; where a colleague has written, signed or set a date on it since, it stays, and they are
//! told what is there. Called by `undo` and `commit`, before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::model::records::{client, signature};
use crate::model::text::one_line;
use crate::model::{EntryRef, Kind, RecordType, RowId, SiteId, record_by_number};

use super::cell::{Head, Presence, RowState};
use super::forks::MOVED;
use super::projection::{held, load};
use super::settle::is_bookkeeping;
use super::wire::Entry;
use super::{Result, journal, lines};

/// What others wrote: by whom, and how many rows of which type.
#[derive(Default)]
pub(super) struct Wrote(BTreeMap<String, BTreeMap<String, BTreeSet<RowId>>>);

impl Wrote {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, who: &str, what: &str, row: RowId) {
        let who = one_line(who.trim()).into_owned();
        self.0.entry(who).or_default().entry(what.to_lowercase()).or_default().insert(row);
    }

    pub fn extend(&mut self, other: Wrote) {
        for (who, rows) in other.0 {
            for (what, rows) in rows {
                self.0.entry(who.clone()).or_default().entry(what).or_default().extend(rows);
            }
        }
    }

    /// "Ben Cho: note, 2 tasks".
    pub fn in_words(&self) -> String {
        let one = |(what, rows): (&String, &BTreeSet<RowId>)| match rows.len() {
            1 => what.clone(),
            many => format!("{what} ({many})"),
        };
        let of = |(who, rows): (&String, &BTreeMap<String, BTreeSet<RowId>>)| {
            format!("{who}: {}", rows.iter().map(one).collect::<Vec<_>>().join(", "))
        };
        self.0.iter().map(of).collect::<Vec<_>>().join("; ")
    }
}

/// This installation, and those that it took over from.
pub(super) fn own_sites(db: &Connection, site: SiteId) -> Result<BTreeSet<SiteId>> {
    let mut query = db.prepare_cached("SELECT id FROM site JOIN line ON root = line WHERE own = 1")?;
    let own = query.query_map([], |row| Ok(SiteId(row.get(0)?)))?;
    let mut own = own.collect::<rusqlite::Result<BTreeSet<SiteId>>>()?;
    own.insert(site);
    Ok(own)
}

/// Looks for what is not ours.
pub(super) struct Since<'a> {
    db: &'a Connection,
    /// This installation, and those that it took over from.
    own: BTreeSet<SiteId>,
}

impl<'a> Since<'a> {
    pub fn new(db: &'a Connection, site: SiteId) -> Result<Since<'a>> {
        Ok(Since { db, own: own_sites(db, site)? })
    }

    pub fn is_own(&self, site: SiteId) -> bool {
        self.own.contains(&site)
    }

    /// Whether anyone else has ever written in a stream.
    pub fn others_wrote_in(&self, stream: RowId) -> Result<bool> {
        Ok(journal::seen_of_stream(self.db, stream)?.iter().any(|(site, _)| !self.is_own(*site)))
    }

    /// Whether nothing came into a stream since a chain ended there.
    pub fn is_alone(&self, stream: RowId, end: Option<(SiteId, u64)>) -> Result<bool> {
        let chains = journal::seen_of_stream(self.db, stream)?;
        Ok(chains.len() == 1 && chains.first().copied() == end && !self.is_joined(stream)?)
    }

    fn is_joined(&self, stream: RowId) -> Result<bool> {
        let sql = format!("SELECT 1 FROM {} WHERE same_as = ?1 AND state & 1 = 0", client::TYPE.table());
        Ok(self.db.prepare_cached(&sql)?.exists([stream])?)
    }

    /// Whether a row of our own was there before a place in our chain, and all that was said of it since was taken back.
    pub fn is_older(&self, state: &RowState, (site, next): (SiteId, u64)) -> Result<bool> {
        let before = |at: EntryRef| at.site == site && at.index < next;
        let mut anew = state.said().filter(|head| !before(head.at)).peekable();
        if anew.peek().is_some() {
            let first = journal::of_row(self.db, state.id)?.into_iter().next();
            if first.is_none_or(|first| !before(EntryRef { site: first.header.site, index: first.header.first })) {
                return Ok(false);
            }
        }
        for head in anew {
            if journal::holding(self.db, state.stream, head.at)?.is_none_or(|batch| batch.header.undoes.is_none()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What others wrote that stands in a stream, and whether something of our own stands there that is not as it was left.
    pub fn in_stream(&self, stream: RowId, as_left: &dyn Fn(&RowState) -> Result<bool>) -> Result<(Wrote, bool)> {
        let (mut wrote, mut own) = (Wrote::default(), false);
        for record in held(self.db, stream)?.into_iter().filter_map(record_by_number) {
            for id in self.ids(record, stream)? {
                let Some(state) = load(self.db, record, id)?.filter(|state| state.presence() != Presence::Gone) else {
                    continue;
                };
                let what = if *record == client::TYPE { "the client's own fields" } else { record.label };
                self.note(&state, what, &mut wrote)?;
                own |= !self.is_foreign(&state) && !as_left(&state)?;
            }
        }
        if self.others_wrote_in(stream)? {
            for batch in journal::of_stream(self.db, stream)?.into_iter().filter(|one| !self.is_own(one.header.site)) {
                let unknown = |entry: &&Entry| {
                    record_by_number(entry.record).is_none() && entry.record != MOVED && !lines::is_word(entry)
                };
                for entry in batch.entries()?.iter().filter(unknown) {
                    wrote.add(&batch.header.author, "something of a newer version", entry.row);
                }
            }
        }
        self.joined_with(stream, &mut wrote)?;
        Ok((wrote, own))
    }

    /// What others wrote that hangs on rows of a stream: steps under a goal, goals of a plan, names under it.
    pub fn hanging_on(&self, stream: RowId, rows: &BTreeSet<RowId>) -> Result<Wrote> {
        let mut wrote = Wrote::default();
        if !self.others_wrote_in(stream)? {
            return Ok(wrote);
        }
        for record in held(self.db, stream)?.into_iter().filter_map(record_by_number) {
            let links: Vec<_> = record.fields.iter().filter(|field| matches!(field.kind, Kind::Link(_))).collect();
            if links.is_empty() && *record != signature::TYPE {
                continue;
            }
            for id in self.ids(record, stream)? {
                let Some(row) = load(self.db, record, id)?.filter(|state| state.presence() != Presence::Gone) else {
                    continue;
                };
                let of = || row.value(signature::of.field).plain().parse::<RowId>().ok();
                let hangs = links.iter().any(|field| match row.value(field.id.field) {
                    crate::model::Value::Link(other) => rows.contains(&other),
                    _ => false,
                }) || (*record == signature::TYPE && of().is_some_and(|other| rows.contains(&other)));
                if hangs && !rows.contains(&id) {
                    self.note(&row, record.label, &mut wrote)?;
                }
            }
        }
        Ok(wrote)
    }

    /// Whether someone else wrote something of a row that stands.
    pub fn is_foreign(&self, state: &RowState) -> bool {
        self.foreign(state).next().is_some()
    }

    fn foreign<'s>(&'s self, state: &'s RowState) -> impl Iterator<Item = &'s Head> {
        state.said().filter(|head| !self.is_own(head.at.site))
    }

    fn note(&self, state: &RowState, what: &str, wrote: &mut Wrote) -> Result<()> {
        for head in self.foreign(state) {
            let batch = journal::holding(self.db, state.stream, head.at)?;
            wrote.add(batch.as_ref().map_or("someone", |batch| &batch.header.author), what, state.id);
        }
        Ok(())
    }

    /// Other entries for the same person that others have written, or joined with this one. Our own are shown by themselves
    /// again.
    fn joined_with(&self, stream: RowId, wrote: &mut Wrote) -> Result<()> {
        let sql = format!("SELECT id FROM {} WHERE same_as = ?1 AND state & 1 = 0", client::TYPE.table());
        let mut query = self.db.prepare_cached(&sql)?;
        for id in query.query_map([stream], |row| Ok(RowId::from_bytes(row.get(0)?)))? {
            if let Some(state) = load(self.db, &client::TYPE, id?)?.filter(|state| state.id != stream) {
                self.note(&state, "another entry for the same person", wrote)?;
            }
        }
        Ok(())
    }

    fn ids(&self, record: &RecordType, stream: RowId) -> Result<Vec<RowId>> {
        let sql = format!("SELECT id FROM {} WHERE stream = ?1 AND state & 1 = 0", record.table());
        let mut query = self.db.prepare_cached(&sql)?;
        let ids = query.query_map([stream], |row| Ok(RowId::from_bytes(row.get(0)?)))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether others wrote something about a row (of a client: anything in the stream) that a deletion had not seen.
    pub fn beyond(&self, state: &RowState, seen: &[(SiteId, u64)]) -> Result<bool> {
        let known = |site: SiteId| seen.iter().find(|(one, _)| *one == site).map_or(0, |(_, next)| *next);
        if state.id == state.stream {
            let chains = journal::seen_of_stream(self.db, state.stream)?;
            return Ok(chains.iter().any(|(site, next)| !self.is_own(*site) && *next > known(*site)));
        }
        for batch in journal::of_row(self.db, state.id)? {
            let site = batch.header.site;
            let speaks = |field: u16| field != super::wire::ROW_ITSELF && !is_bookkeeping(field);
            if !self.is_own(site)
                && batch
                    .numbered()?
                    .any(|(at, entry)| entry.row == state.id && speaks(entry.field) && at.index >= known(site))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
