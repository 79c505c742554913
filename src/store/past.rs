//! What was done here, action by action, as a person reads it before taking something back.
//!
//! Promises: only this installation's own actions are told, the newest first; nothing is changed by looking. Called by the
//! screen and the command line.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset};
use uuid::Uuid;

use crate::model::text::one_line;
use crate::model::{Row, RowId, record_by_number};

use super::undo::{Past, Theirs};
use super::{Receipt, Result, Store, StoreError, journal};

/// Rows that are looked at to say what an action was about.
const ROWS: usize = 12;

/// One of our own actions, by which it is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionId(Uuid);

/// An action in words.
#[derive(Clone, Debug, PartialEq)]
pub struct PastAction {
    pub id: ActionId,
    /// What the person did: "log contact". Of an undo or a redo, what it was about.
    pub label: String,
    /// The row that it was about, in a line; empty where it was many, or is gone.
    pub what: String,
    /// In the store's own offset.
    pub when: DateTime<FixedOffset>,
    /// Whom it was about: those under whom they are shown now, each once. Empty for the worker's own.
    pub clients: Vec<RowId>,
    /// Rows that it touched; a few of them.
    pub rows: Vec<RowId>,
    /// It was undone, and not done again since.
    pub undone: bool,
    /// It came from a file.
    pub imported: bool,
    /// Where it ends in the journal: what was done later has a greater number.
    pub ends: i64,
}

impl Store {
    /// The action that [`Store::undo`] would take back.
    pub fn undoable(&self) -> Result<Option<PastAction>> {
        self.next_undo()?.map(|past| self.in_words(&past, false)).transpose()
    }

    /// The action that [`Store::redo`] would do again.
    pub fn redoable(&self) -> Result<Option<PastAction>> {
        self.next_redo()?.map(|past| self.in_words(&past, true)).transpose()
    }

    /// The last actions, the newest first, at most so many: undos stand with what they took back.
    pub fn past_actions(&self, most: usize) -> Result<Vec<PastAction>> {
        let mut undone: HashMap<Uuid, bool> = HashMap::new();
        let mut found: Vec<PastAction> = Vec::new();
        let mut trouble = None;
        self.past(&mut |past| {
            let gone = undone.get(&past.action).copied().unwrap_or(false);
            match past.undoes {
                // Of an undo that stands the target is gone; of one that was taken back it stands again.
                Some(target) => drop(undone.entry(target).or_insert(!gone)),
                None => match self.in_words(past, gone) {
                    Ok(one) => found.push(one),
                    Err(error) => trouble = Some(error),
                },
            }
            found.len() >= most || trouble.is_some()
        })?;
        trouble.map_or(Ok(found), Err)
    }

    /// Where the journal ends now.
    pub fn last_action(&self) -> Result<i64> {
        Ok(self.db.query_row("SELECT coalesce(max(n), 0) FROM batch", [], |row| row.get(0))?)
    }

    /// Whether an action can be taken back as things are: nobody has changed since what it set. Tries, and keeps nothing.
    pub fn can_undo(&mut self, id: ActionId) -> Result<bool> {
        let Some(past) = self.past(&mut |past| past.action == id.0)? else { return Ok(false) };
        Ok(self.invert_or_try(&past, "undo", false, Theirs::Refuse).is_ok())
    }

    /// Why an action cannot be taken back as things are; none where it can, or is not there. Tries, and keeps nothing.
    pub fn why_not_undo(&mut self, id: ActionId) -> Result<Option<StoreError>> {
        let Some(past) = self.past(&mut |past| past.action == id.0)? else { return Ok(None) };
        Ok(self.invert_or_try(&past, "undo", false, Theirs::Refuse).err())
    }

    /// Undoes one action, whether it was the last or not.
    ///
    /// # Errors
    /// [`super::StoreError::ChangedSince`] when what it set was changed since, also by an action of our own; and
    /// [`super::StoreError::OthersWrote`] where it would take away what others have written.
    pub fn undo_action(&mut self, id: ActionId) -> Result<Option<(String, Receipt)>> {
        let standing = self.look_up(id)?.filter(|(_, undone)| !undone);
        standing.map(|(past, _)| self.invert(past, "undo")).transpose()
    }

    /// Undoes one action, but leaves clients as they are on whom others have written since: of an import of many, the rest.
    ///
    /// # Errors
    /// As [`Store::undo_action`]; also where nobody would be left to take back.
    pub fn undo_all_but_theirs(&mut self, id: ActionId) -> Result<Option<(String, Receipt)>> {
        let standing = self.look_up(id)?.filter(|(_, undone)| !undone);
        standing.map(|(past, _)| self.invert_or_try(&past, "undo", true, Theirs::Leave)).transpose()
    }

    /// One action in words; none where there is no such action.
    pub fn past_action(&self, id: ActionId) -> Result<Option<PastAction>> {
        self.look_up(id)?.map(|(past, undone)| self.in_words(&past, undone)).transpose()
    }

    /// An action, and whether it is undone.
    fn look_up(&self, id: ActionId) -> Result<Option<(Past, bool)>> {
        let mut undone: HashMap<Uuid, bool> = HashMap::new();
        let mut is_gone = false;
        let found = self.past(&mut |past| {
            let gone = undone.get(&past.action).copied().unwrap_or(false);
            if past.action == id.0 {
                is_gone = gone;
                return true;
            }
            if let Some(target) = past.undoes {
                undone.entry(target).or_insert(!gone);
            }
            false
        })?;
        Ok(found.map(|past| (past, is_gone)))
    }

    fn in_words(&self, past: &Past, undone: bool) -> Result<PastAction> {
        let when = DateTime::from_timestamp_millis(past.hlc.unix_ms() as i64).unwrap_or_default();
        let mut clients: Vec<RowId> = Vec::new();
        for stream in past.streams.iter().filter(|stream| **stream != self.worker.id) {
            let root = self.root(*stream)?;
            if !clients.contains(&root) {
                clients.push(root);
            }
        }
        let mut rows: Vec<(u16, RowId)> = Vec::new();
        'all: for n in &past.batches {
            for entry in journal::at(&self.db, *n)?.entries()? {
                if !rows.contains(&(entry.record, entry.row)) {
                    rows.push((entry.record, entry.row));
                }
                if rows.len() >= ROWS {
                    break 'all;
                }
            }
        }
        let row = |(record, id): &(u16, RowId)| {
            record_by_number(*record).map(|record| self.row_of(record, *id)).transpose().map(Option::flatten)
        };
        // What was made or changed for one person is about its first row; a client's own row says no more than the name.
        let first = rows.first().filter(|_| clients.len() < 2).map(row).transpose()?.flatten();
        Ok(PastAction {
            id: ActionId(past.action),
            label: past.label.trim_start_matches("undo ").trim_start_matches("redo ").into(),
            what: first.map_or(String::new(), |row| title(&row)),
            when: when.with_timezone(self.now().offset()),
            clients,
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            undone,
            imported: !past.origin.is_empty(),
            ends: past.batches.last().copied().unwrap_or(0),
        })
    }
}

/// What a row is about, in a line of some eighty characters; nothing for a client's own.
fn title(row: &Row) -> String {
    if row.record.opens_stream() {
        return String::new();
    }
    let text = row.record.title_field().map_or(String::new(), |field| row.shown(field));
    let text = one_line(&text).trim().to_string();
    if text.chars().count() > 80 { text.chars().take(79).chain(['…']).collect() } else { text }
}
