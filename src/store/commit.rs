//! The one way in: a checked change becomes entries, the entries become batches in the journal, and the rows follow,
//! all in one transaction. When [`Store::commit`] returns, the change is on the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow as Go;

use ed25519_dalek::SigningKey;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use uuid::Uuid;

use crate::model::records::{disclosure, erasure, note, signature};
use crate::model::{Change, Edit, EntryRef, Hlc, Moment, RecordType, RowId, SiteId, Value, record_by_number};
use crate::triage::ClientFacts;

use super::cell::{Presence, RowState};
use super::journal::{self, ChainEnd};
use super::projection::Workspace;
use super::since::Since;
use super::wire::{Content, Entry, Existence, Header, ROW_ITSELF};
use super::{Result, Store, StoreError, erase, facts, lines, shares, signing};

/// How many entries one batch holds at most: reading one row's history reads whole batches.
const BATCH_ENTRIES: usize = 512;

/// How much of something long is done, of how much; the answer says whether to go on.
pub type Progress<'a> = &'a mut dyn FnMut(usize, usize) -> Go<()>;

/// What a commit did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipt {
    /// The facts of each client it touched, as they are now.
    pub facts: Vec<ClientFacts>,
    /// The rows it touched.
    pub rows: Vec<RowId>,
}

/// What is the same for all entries of one action.
pub(super) struct Action<'a> {
    pub label: &'a str,
    pub origin: &'a str,
    pub undoes: Option<Uuid>,
}

impl Store {
    /// Checks and saves one action of the user. A value that is already there is not written again.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a value that does not fit its field, [`StoreError::NoRow`] for a row that is not
    /// here, and whatever the disk says; in each case nothing has changed.
    pub fn commit(&mut self, change: &Change) -> Result<Receipt> {
        change.check()?;
        let action = Action { label: &change.label, origin: "", undoes: None };
        let authors = self.authors_of(change);
        self.write(action, true, &mut |_, _| Go::Continue(()), |writer, _| {
            change.edits.iter().chain(&authors).try_for_each(|edit| writer.edit(edit))
        })
    }

    /// Whoever writes a note is its author, and stays it whoever works with the client later.
    fn authors_of(&self, change: &Change) -> Vec<Edit> {
        let named = |note: &RowId| {
            let says =
                |edit: &Edit| matches!(edit, Edit::Set { row, field, .. } if row == note && *field == note::author);
            change.edits.iter().any(says)
        };
        let new = change.edits.iter().filter_map(|edit| match edit {
            Edit::Create { record, row, .. } if **record == note::TYPE && !named(row) => Some(*row),
            _ => None,
        });
        let author = Value::text(self.worker.name.trim());
        new.map(|row| Edit::Set { row, field: note::author, value: author.clone() }).collect()
    }

    /// Runs one action inside one transaction; without `keep` it is rolled back at the end. `progress` hears how far
    /// it is, and may stop it at any time before the end.
    pub(super) fn write(
        &mut self,
        action: Action<'_>,
        keep: bool,
        progress: Progress<'_>,
        fill: impl FnOnce(&mut Writer<'_>, Progress<'_>) -> Result<()>,
    ) -> Result<Receipt> {
        self.writable()?;
        let (unix_ms, moment) = (self.unix_ms(), self.moment());
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another program may have written since: its stamps count too.
        let last: Option<i64> = transaction
            .prepare_cached("SELECT hlc FROM batch ORDER BY n DESC LIMIT 1")?
            .query_row([], |row| row.get(0))
            .optional()?;
        let hlc = self.hlc.observe(Hlc(last.unwrap_or(0) as u64), unix_ms).tick(unix_ms);
        let header = Header {
            stream: self.worker.id,
            site: self.site,
            first: 0,
            hlc,
            action: self.ids.give(unix_ms).0,
            author: self.worker.name.clone(),
            label: action.label.into(),
            origin: action.origin.into(),
            undoes: action.undoes,
        };
        let mut writer = Writer {
            db: &transaction,
            key: &self.keys.signing,
            moment,
            header,
            workspace: Workspace::new(&transaction),
            pending: BTreeMap::new(),
            seen: BTreeMap::new(),
            ended: BTreeSet::new(),
        };
        fill(&mut writer, progress)?;
        let receipt = writer.finish(action.origin.is_empty() || action.undoes.is_some(), progress)?;
        if keep {
            transaction.commit()?;
            self.hlc = hlc;
            self.after_writing();
        } else {
            transaction.rollback()?;
        }
        Ok(receipt)
    }
}

/// Entries of one action on their way into the journal; the rows they speak of already show them.
pub(super) struct Writer<'a> {
    pub db: &'a Connection,
    key: &'a SigningKey,
    /// By which it is told whether cover is over.
    moment: Moment,
    pub(super) header: Header,
    pub(super) workspace: Workspace<'a>,
    pending: BTreeMap<RowId, Pending>,
    /// What had been seen of each stream when this action began, the own chain left out.
    pub(super) seen: BTreeMap<RowId, Vec<(SiteId, u64)>>,
    /// Incidents that this action made, ended or opened again.
    pub(super) ended: BTreeSet<RowId>,
}

struct Pending {
    end: ChainEnd,
    next: u64,
    /// By whose word they stand (see [`Header::origin`]), in runs.
    runs: Vec<(String, Vec<Entry>)>,
}

impl<'a> Writer<'a> {
    pub fn edit(&mut self, edit: &Edit) -> Result<()> {
        match edit {
            Edit::Create { record, row, stream } => self.create(record, *row, *stream),
            Edit::Set { row, field, value } => {
                let state = self.existing(record(field.record)?, *row)?;
                let heads = state.heads(field.field, "");
                let encoded = value.encoded();
                // Of a torn field the value that stands is not chosen until it is said again.
                let same = match heads {
                    [] => value.is_empty(),
                    [head] => head.value == encoded && !state.torn().iter().any(|torn| torn.field == *field),
                    _ => false,
                };
                if !same {
                    self.put(field.record, *row, field.field, "", encoded, None)?;
                }
                self.keep_if_torn(record(field.record)?, *row)
            }
            Edit::Member { row, field, element, present } => {
                let state = self.existing(record(field.record)?, *row)?;
                if state.has_element(field.field, element) != *present {
                    self.put(field.record, *row, field.field, element, Value::Yes(*present).encoded(), None)?;
                }
                self.keep_if_torn(record(field.record)?, *row)
            }
            Edit::Delete { record, row } => {
                self.takes_nothing_of_others(record, *row)?;
                self.delete(record, *row)
            }
            Edit::Keep { record, row } => {
                self.existing(record, *row)?;
                self.put(record.number, *row, ROW_ITSELF, "", Existence::Here.encoded(), None)
            }
        }
    }

    /// Whoever sets a field of a row that was deleted beside an edit has chosen to keep it.
    fn keep_if_torn(&mut self, record: &'static RecordType, row: RowId) -> Result<()> {
        let torn = self.existing(record, row)?.presence() == Presence::DeletedElsewhere;
        if !torn || signing::is_frozen(self.db, record, row, self.header.site)? {
            return Ok(());
        }
        self.put(record.number, row, ROW_ITSELF, "", Existence::Here.encoded(), None)
    }

    /// A client goes with all that stands in the stream: only where none of it is another's. One who was deleted beside what
    /// others wrote may be let go, for that is the choice that is asked for.
    fn takes_nothing_of_others(&mut self, record: &'static RecordType, row: RowId) -> Result<()> {
        if !record.opens_stream() || self.existing(record, row)?.presence() == Presence::DeletedElsewhere {
            return Ok(());
        }
        let since = Since::new(self.db, self.header.site)?;
        if !since.others_wrote_in(row)? {
            return Ok(());
        }
        let (wrote, _) = since.in_stream(row, &|_| Ok(true))?;
        if wrote.is_empty() {
            return Ok(());
        }
        let hint = "close the client instead: `caseload set ID status=closed`";
        Err(StoreError::OthersWrote { deed: "deleted", what: wrote.in_words(), clients: 1, of: 1, hint })
    }

    pub fn create(&mut self, record: &'static RecordType, row: RowId, stream: RowId) -> Result<()> {
        if self.state(record, row)?.is_some() {
            return Err(StoreError::Damaged(format!("a new {} has an id that is taken", record.label.to_lowercase())));
        }
        self.workspace.change(record.number, row, stream)?;
        self.put(record.number, row, ROW_ITSELF, "", Existence::Here.encoded(), None)
    }

    pub fn delete(&mut self, record: &'static RecordType, row: RowId) -> Result<()> {
        let stream = self.existing(record, row)?.stream;
        let mut seen = journal::seen_of_stream(self.db, stream)?;
        let next = self.next(stream, false)?;
        seen.retain(|(site, _)| *site != self.header.site);
        seen.push((self.header.site, next));
        seen.sort_unstable();
        self.put(record.number, row, ROW_ITSELF, "", Existence::Deleted { seen }.encoded(), None)
    }

    /// The state of a row, with what this action has already done to it.
    pub fn state(&mut self, record: &'static RecordType, row: RowId) -> Result<Option<&RowState>> {
        self.workspace.get(record, row)
    }

    fn existing(&mut self, record: &'static RecordType, row: RowId) -> Result<&RowState> {
        match self.workspace.get(record, row)? {
            Some(state) if state.presence() != Presence::Gone => Ok(state),
            _ => Err(StoreError::NoRow(row.to_string())),
        }
    }

    /// Writes one entry. Its base is what the cell shows now, unless told otherwise.
    pub fn put(
        &mut self,
        record: u16,
        row: RowId,
        field: u16,
        key: &str,
        value: Vec<u8>,
        base: Option<Vec<EntryRef>>,
    ) -> Result<()> {
        if let Some(record) = record_by_number(record)
            && signing::is_frozen(self.db, record, row, self.header.site)?
        {
            return Err(StoreError::Signed);
        }
        self.tell_what_is_seen(record, row, field, &value)?;
        self.put_as_is(record, row, field, key, value, base)
    }

    /// The same, without a word on what is seen.
    pub(super) fn put_as_is(
        &mut self,
        record: u16,
        row: RowId,
        field: u16,
        key: &str,
        value: Vec<u8>,
        base: Option<Vec<EntryRef>>,
    ) -> Result<()> {
        let header = self.header.clone();
        let state = self.workspace.change(record, row, header.stream)?;
        let stream = state.stream;
        let base = base.unwrap_or_else(|| state.base(field, key));
        let entry = Entry { record, row, field, key: key.into(), base, content: Content::Value(value) };
        let of_readers = [signature::TYPE.number, disclosure::TYPE.number].contains(&record);
        let at = EntryRef { site: header.site, index: self.next(stream, of_readers)? };
        let state = self.workspace.change(record, row, stream)?;
        state.apply(&header, at, entry.clone(), &|_| true);
        let pending = self.pending.get_mut(&stream).expect("next() opened it");
        pending.next += 1;
        match pending.runs.last_mut() {
            Some((origin, entries)) if *origin == header.origin => entries.push(entry),
            _ => pending.runs.push((header.origin, vec![entry])),
        }
        Ok(())
    }

    /// The index that the next entry in a stream gets. Whoever has a copy to read may still put their name under it, and say
    /// what they gave of it.
    fn next(&mut self, stream: RowId, of_readers: bool) -> Result<u64> {
        if !self.pending.contains_key(&stream) {
            let me = (self.header.site, self.header.author.as_str());
            shares::may_write(self.db, stream, me, &self.moment, of_readers)?;
            let end = journal::chain_end(self.db, stream, self.header.site)?;
            let word = if end.next == 0 { lines::word(self.db, self.header.site)? } else { None };
            let begins = Vec::from_iter(word);
            let next = end.next + begins.len() as u64;
            self.pending.insert(stream, Pending { end, next, runs: vec![(self.header.origin.clone(), begins)] });
        }
        Ok(self.pending[&stream].next)
    }

    pub fn origin(&self) -> &str {
        &self.header.origin
    }

    /// By whose word the entries from here on stand: a person's (empty), or a format's.
    pub fn speak_as(&mut self, origin: &str) {
        if self.header.origin != origin {
            self.header.origin = origin.into();
        }
    }

    fn finish(mut self, gather: bool, progress: Progress<'_>) -> Result<Receipt> {
        self.keep_in_step()?;
        let streams: Vec<RowId> = self.pending.keys().copied().collect();
        for (stream, pending) in self.pending {
            let mut end = pending.end;
            for (origin, run) in pending.runs {
                for entries in run.chunks(BATCH_ENTRIES) {
                    let header = Header { stream, first: end.next, origin: origin.clone(), ..self.header.clone() };
                    end = journal::append(self.db, self.key, end, &header, entries)?;
                }
            }
        }
        let erasing = self.workspace.changed_of(&erasure::TYPE);
        let (rows, clients) = self.workspace.save(progress)?;
        if !erasing.is_empty() {
            for stream in streams {
                erase::carry_out(self.db, stream, false)?;
            }
        }
        let mut receipt = Receipt { rows, facts: Vec::new() };
        if gather {
            for client in clients {
                receipt.facts.extend(facts::of(self.db, client)?);
            }
        }
        Ok(receipt)
    }
}

fn record(number: u16) -> Result<&'static RecordType> {
    record_by_number(number).ok_or(StoreError::Newer)
}
