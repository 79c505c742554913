//! Undo and redo: the inverse of an action, written as a new one. History is never rewritten.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rusqlite::Connection;
use uuid::Uuid;

use crate::model::records::erasure;
use crate::model::{EntryRef, Hlc, RowId, SiteId, Value, record_by_number};

use super::apart::stream_apart;
use super::cell::{Head, RowState};
use super::commit::{Action, Writer};
use super::erase::Marker;
use super::forks::MOVED;
use super::journal;
use super::settle::is_bookkeeping;
use super::since::{Since, Wrote};
use super::wire::{Content, Entry, Existence, ROW_ITSELF};
use super::{Receipt, Result, Store, StoreError, lines};

/// One of our own actions, as undo sees it.
pub(super) struct Past {
    pub action: Uuid,
    pub label: String,
    pub origin: String,
    pub undoes: Option<Uuid>,
    /// When it was done.
    pub hlc: Hlc,
    /// Whose streams it wrote to, each once.
    pub streams: Vec<RowId>,
    /// Its batches, in the order in which they were written.
    pub batches: Vec<i64>,
}

impl Store {
    /// Undoes this site's last action that still stands, and gives its label; `None` when there is nothing to undo.
    ///
    /// # Errors
    /// [`StoreError::ChangedSince`] when someone else has since changed what it set, and [`StoreError::OthersWrote`] where it
    /// would take away what they have written.
    pub fn undo(&mut self) -> Result<Option<(String, Receipt)>> {
        self.next_undo()?.map(|past| self.invert(past, "undo")).transpose()
    }

    pub(super) fn next_undo(&self) -> Result<Option<Past>> {
        let mut undone: HashSet<Uuid> = HashSet::new();
        self.past(&mut |past| {
            let standing = !undone.contains(&past.action);
            match past.undoes {
                Some(target) => {
                    if standing {
                        undone.insert(target);
                    }
                    false
                }
                None => standing,
            }
        })
    }

    /// Takes back the last undo, unless something else was done since.
    pub fn redo(&mut self) -> Result<Option<(String, Receipt)>> {
        self.next_redo()?.map(|past| self.invert(past, "redo")).transpose()
    }

    /// The undo that [`Store::redo`] would take back.
    pub(super) fn next_redo(&self) -> Result<Option<Past>> {
        // Newest first: a redo names the undo that it took back, which is then passed over.
        let kinds = self.undo_kinds()?;
        let mut taken_back: HashSet<Uuid> = HashSet::new();
        let mut stop = false;
        let found = self.past(&mut |past| {
            if stop {
                return true;
            }
            match past.undoes {
                None => {
                    stop = true;
                    true
                }
                Some(target) if kinds.get(&target).copied().unwrap_or(false) => {
                    taken_back.insert(target);
                    false
                }
                Some(_) => !taken_back.contains(&past.action),
            }
        })?;
        Ok(found.filter(|past| past.undoes.is_some()))
    }

    /// For each of our actions that undoes another: that it does so.
    fn undo_kinds(&self) -> Result<HashMap<Uuid, bool>> {
        let mut kinds = HashMap::new();
        self.past(&mut |past| {
            kinds.insert(past.action, past.undoes.is_some());
            // Only an unbroken run of undos and redos at the end matters.
            past.undoes.is_none()
        })?;
        Ok(kinds)
    }

    /// Walks our own actions, newest first, until one is wanted. What was entered again for somebody else is none of them, and
    /// notes that are kept apart are changed by hand.
    pub(super) fn past(&self, wanted: &mut dyn FnMut(&Past) -> bool) -> Result<Option<Past>> {
        let mut query = self.db.prepare_cached(
            "SELECT n, action, undoes, label, origin, hlc, stream FROM batch
             WHERE site = ?1 AND origin NOT GLOB 'recovered*' AND stream <> ?2 ORDER BY n DESC",
        )?;
        let mut rows = query.query((self.site.0.as_slice(), stream_apart(self.worker.id)))?;
        let mut current: Option<Past> = None;
        while let Some(row) = rows.next()? {
            let n: i64 = row.get(0)?;
            let action = Uuid::from_bytes(row.get(1)?);
            let stream = RowId::from_bytes(row.get(6)?);
            match &mut current {
                Some(past) if past.action == action => {
                    past.batches.insert(0, n);
                    if past.streams.last() != Some(&stream) {
                        past.streams.push(stream);
                    }
                }
                _ => {
                    if current.as_ref().is_some_and(&mut *wanted) {
                        return Ok(current);
                    }
                    let undoes = row.get::<_, Option<[u8; 16]>>(2)?.map(Uuid::from_bytes);
                    current = Some(Past {
                        action,
                        label: row.get(3)?,
                        origin: row.get(4)?,
                        undoes,
                        hlc: Hlc(row.get::<_, i64>(5)? as u64),
                        streams: vec![stream],
                        batches: vec![n],
                    });
                }
            }
        }
        // The very first action of all made the file and its worker: that one stays. The first one of a file that was
        // restored or copied is like any other.
        let first: i64 = self.db.query_row("SELECT min(n) FROM batch", [], |row| row.get(0))?;
        Ok(current.filter(|past| !past.batches.contains(&first) && wanted(past)))
    }

    pub(super) fn invert(&mut self, past: Past, verb: &str) -> Result<(String, Receipt)> {
        self.invert_or_try(&past, verb, true, Theirs::Refuse)
    }

    /// Takes an action back; without `keep` only to see whether it can be.
    pub(super) fn invert_or_try(
        &mut self,
        past: &Past,
        verb: &str,
        keep: bool,
        theirs: Theirs,
    ) -> Result<(String, Receipt)> {
        let label = past.label.trim_start_matches("undo ").trim_start_matches("redo ").to_string();
        let name = format!("{verb} {label}");
        let action = Action { label: &name, origin: &past.origin, undoes: Some(past.action) };
        let receipt = self.write(action, keep, &mut |_, _| std::ops::ControlFlow::Continue(()), |writer, _| {
            let since = Since::new(writer.db, writer.header.site)?;
            let done = Done::read(writer.db, &past.batches)?;
            let left = done.to_be_left(&since, &label, theirs)?;
            for (cell, _) in done.cells.iter().filter(|(_, deed)| !left.contains(&deed.stream)) {
                done.invert(writer, &since, cell, &label)?;
            }
            Ok(())
        })?;
        Ok((label, receipt))
    }
}

/// What an undo does about clients on whom others have written since.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Theirs {
    Refuse,
    /// Leaves them as they are, and takes back the rest.
    Leave,
}

/// Record type, row, field and element.
type CellId = (u16, RowId, u16, String);

/// What an action did, cell by cell.
#[derive(Default)]
struct Done {
    cells: BTreeMap<CellId, Deed>,
    /// How far its own chain had come in each stream when it was done.
    ends: BTreeMap<RowId, (SiteId, u64)>,
}

/// What an action did to one cell.
struct Deed {
    stream: RowId,
    /// The entries that it replaced.
    before: Vec<EntryRef>,
    /// Its own entries that stood when it was done, with their values: more than one where it gave back a disagreement.
    after: Vec<(EntryRef, Vec<u8>)>,
    /// Done, rather than undone or done again.
    itself: bool,
}

impl Done {
    fn read(db: &Connection, batches: &[i64]) -> Result<Done> {
        let mut done = Done::default();
        for n in batches {
            let batch = journal::at(db, *n)?;
            done.ends.insert(batch.header.stream, (batch.header.site, batch.header.first + batch.count));
            for (at, entry) in batch.numbered()? {
                if entry.record == erasure::TYPE.number {
                    return Err(StoreError::ErasedForGood);
                }
                let word = lines::is_word(&entry);
                let Content::Value(value) = entry.content else { continue };
                // What was seen stays seen; what asks for help is said anew by whatever is done; what moved stays moved, and
                // who goes on for whom stands.
                if is_bookkeeping(entry.field) || entry.record == MOVED || word {
                    continue;
                }
                let cell = (entry.record, entry.row, entry.field, entry.key);
                let deed = done.cells.entry(cell).or_insert_with(|| Deed {
                    stream: batch.header.stream,
                    before: Vec::new(),
                    after: Vec::new(),
                    itself: batch.header.undoes.is_none(),
                });
                for replaced in entry.base {
                    let own = deed.after.iter().position(|(at, _)| *at == replaced);
                    match own {
                        Some(own) => drop(deed.after.remove(own)),
                        None if deed.before.contains(&replaced) => {}
                        None => deed.before.push(replaced),
                    }
                }
                deed.after.push((at, value));
            }
        }
        Ok(done)
    }

    /// Whether the action made the row.
    fn made(&self, record: u16, row: RowId) -> bool {
        self.cells.get(&(record, row, ROW_ITSELF, String::new())).is_some_and(|deed| deed.before.is_empty())
    }

    /// The clients that an undo leaves alone, because others have written on them since.
    ///
    /// # Errors
    /// [`StoreError::OthersWrote`] where that is not wanted, or nobody would be left to take back.
    fn to_be_left(&self, since: &Since<'_>, label: &str, theirs: Theirs) -> Result<BTreeSet<RowId>> {
        let mut made: BTreeMap<RowId, BTreeSet<RowId>> = BTreeMap::new();
        for (number, row, ..) in
            self.cells.keys().filter(|(number, row, field, _)| *field == ROW_ITSELF && self.made(*number, *row))
        {
            let stream = self.cells[&(*number, *row, ROW_ITSELF, String::new())].stream;
            made.entry(stream).or_default().insert(*row);
        }
        let (mut left, mut all, mut own) = (BTreeSet::new(), Wrote::default(), false);
        let mut opened = 0;
        for (stream, rows) in &made {
            let wrote = if rows.contains(stream) {
                opened += 1;
                if since.is_alone(*stream, self.ends.get(stream).copied())? {
                    continue;
                }
                let end = self.ends.get(stream).copied();
                let as_left = |state: &RowState| match end {
                    _ if self.untouched(since, state) => Ok(true),
                    Some(end) => since.is_older(state, end),
                    None => Ok(false),
                };
                let (wrote, more) = since.in_stream(*stream, &as_left)?;
                own |= more && wrote.is_empty();
                wrote
            } else {
                since.hanging_on(*stream, rows)?
            };
            if !wrote.is_empty() {
                left.insert(*stream);
                all.extend(wrote);
            }
        }
        let nobody_else = self.cells.values().all(|deed| left.contains(&deed.stream));
        if !left.is_empty() && (theirs == Theirs::Refuse || nobody_else) {
            let (clients, of) = (left.len(), self.ends.len());
            let hint = match (opened, nobody_else) {
                (_, false) => "`caseload undo --keep-theirs` takes back all but those clients",
                (0, _) => "change it by hand",
                _ => "close the client instead: `caseload set ID status=closed`",
            };
            return Err(StoreError::OthersWrote { deed: "undone", what: all.in_words(), clients, of, hint });
        }
        if own {
            return Err(StoreError::ChangedSince(label.into()));
        }
        Ok(left)
    }

    /// Whether a row that the action made is still as the action left it.
    fn untouched(&self, since: &Since<'_>, state: &RowState) -> bool {
        if since.is_foreign(state) {
            return false;
        }
        state.cells.iter().filter(|((field, _), _)| !is_bookkeeping(*field)).all(|((field, key), cell)| {
            let deed = self.cells.get(&(state.record, state.id, *field, key.clone()));
            deed.map_or_else(|| cell.is_blank(), |deed| deed.standing(&cell.heads).is_some())
        })
    }

    /// Gives one cell back what it held before, unless it was changed since.
    fn invert(&self, writer: &mut Writer<'_>, since: &Since<'_>, cell: &CellId, label: &str) -> Result<()> {
        let (number, row, field, key) = cell;
        let deed = &self.cells[cell];
        let record = record_by_number(*number).ok_or(StoreError::Newer)?;
        let changed_since = || StoreError::ChangedSince(label.into());
        let db = writer.db;
        let origin = writer.origin().to_string();
        let state = writer.state(record, *row)?.ok_or_else(changed_since)?;
        if self.made(*number, *row) {
            // The row goes as a whole: its fields need no entries of their own.
            return match *field {
                ROW_ITSELF if self.untouched(since, state) => writer.delete(record, *row),
                ROW_ITSELF => Err(changed_since()),
                _ => Ok(()),
            };
        }
        if deed.itself && deed.after.len() > 1 {
            // Both sides of what waited for a choice were written out beside a change: the choice still waits.
            return Ok(());
        }
        let heads = state.heads(*field, key);
        let mut replaced = deed.standing(heads).ok_or_else(changed_since)?;
        let mut before = deed.before.clone();
        if heads.len() > replaced.len() {
            // The value stands beside others. What it replaced comes back, unless another had replaced that too.
            let others = replaced_by_others(db, *row, &deed.after)?;
            before.retain(|at| !others.contains(at));
        }
        let mut values = values_of(db, deed.stream, &before)?;
        if values.is_empty() {
            let beside: Vec<EntryRef> = heads.iter().map(|head| head.at).filter(|at| !replaced.contains(at)).collect();
            replaced = heads.iter().map(|head| head.at).collect();
            values = values_of(db, deed.stream, &beside)?;
        }
        if values.is_empty() {
            let nothing = if key.is_empty() { Value::Empty } else { Value::Yes(false) };
            values.push((origin.clone(), nothing.encoded()));
        }
        let state = state.clone();
        for (word, value) in values.into_iter().rev() {
            // What comes back ranks as it did before: a file's word stays a file's word.
            writer.speak_as(&word);
            let deleted = match Existence::decode(&value) {
                _ if *field != ROW_ITSELF => false,
                Some(Existence::Here) => false,
                // A deletion that comes back had not seen more than it saw then: what others wrote beside it stays in sight.
                Some(Existence::Deleted { seen }) => !since.beyond(&state, &seen)?,
                None => true,
            };
            if deleted {
                writer.delete(record, *row)?;
            } else {
                writer.put(*number, *row, *field, key, value, Some(replaced.clone()))?;
            }
        }
        writer.speak_as(&origin);
        Ok(())
    }
}

impl Deed {
    /// Those of a cell's heads that the action put there: its own entries, or the same values put back by an undo or a
    /// redo. `None` where one of them is gone.
    fn standing(&self, heads: &[Head]) -> Option<Vec<EntryRef>> {
        let mut found: Vec<EntryRef> = Vec::new();
        for (at, value) in &self.after {
            let deleted = |value: &[u8]| matches!(Existence::decode(value), Some(Existence::Deleted { .. }));
            let same = |head: &&Head| {
                !found.contains(&head.at) && (head.value == *value || (deleted(&head.value) && deleted(value)))
            };
            let head = heads.iter().find(|head| head.at == *at).or_else(|| heads.iter().find(same))?;
            found.push(head.at);
        }
        Some(found)
    }
}

/// All entries of a row that are named in the base of other entries than these.
fn replaced_by_others(db: &Connection, row: RowId, but: &[(EntryRef, Vec<u8>)]) -> Result<HashSet<EntryRef>> {
    let mut replaced = HashSet::new();
    for batch in journal::of_row(db, row)? {
        for (_, entry) in
            batch.numbered()?.filter(|(at, entry)| entry.row == row && !but.iter().any(|(but, _)| but == at))
        {
            replaced.extend(entry.base);
        }
    }
    Ok(replaced)
}

/// The values of some entries of a stream with their origins, the one that was shown first.
fn values_of(db: &Connection, stream: RowId, entries: &[EntryRef]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut values = Vec::new();
    for at in entries {
        let Some(batch) = journal::holding(db, stream, *at)? else { continue };
        let rank = (batch.header.origin.is_empty(), batch.header.hlc, batch.header.site, at.index);
        match Marker::new(db).numbered(&batch)?.find(|(found, _)| found == at) {
            Some((_, Entry { content: Content::Value(value), .. })) => {
                values.push((rank, batch.header.origin.clone(), value));
            }
            Some((_, Entry { content: Content::Missing(_), .. })) => return Err(StoreError::Missing),
            _ => {}
        }
    }
    values.sort_by_key(|(rank, ..)| std::cmp::Reverse(*rank));
    Ok(values.into_iter().map(|(_, origin, value)| (origin, value)).collect())
}
