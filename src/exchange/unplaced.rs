//! Rows from a file of which nobody could tell whose they are: kept, encrypted and on this installation only, until
//! somebody says it. What was said once holds for every later import of the same thing.
//!
//! Called after an import ([`keep`]), and by the screen's list to choose from ([`waiting`], [`place`], [`set_aside`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{FieldId, RowId, Value, record_by_number};
use crate::store::{Draft, Store, Taken};

use super::ExchangeError;

/// Under this key of the file's local settings.
const KEY: &str = "unplaced";
/// More than this would wait for ever.
const MOST: usize = 2_000;

/// What waits for a client: one event with all its times.
#[derive(Clone, Debug, PartialEq)]
pub struct Unplaced {
    /// The same for the same thing in every import.
    pub key: RowId,
    /// The author of the rows in the journal.
    pub(super) origin: String,
    /// In a line, for who chooses.
    pub about: String,
    /// Of nobody: their stream is none, and their ids are made anew for the client they come to.
    pub(super) drafts: Vec<Draft>,
}

impl Unplaced {
    /// The rows as they are with a client.
    pub fn of(&self, client: RowId) -> Vec<Draft> {
        let row = |id: RowId| RowId::derived(&["with", &client.to_string(), &id.to_string()]);
        let own: Vec<RowId> = self.drafts.iter().map(|draft| draft.row).collect();
        let with = |draft: &Draft| {
            let mut draft = draft.clone();
            (draft.row, draft.stream) = (row(draft.row), client);
            for (_, value) in &mut draft.values {
                if let Value::Link(to) = value
                    && own.contains(to)
                {
                    *to = row(*to);
                }
            }
            draft
        };
        self.drafts.iter().map(with).collect()
    }
}

/// As it is kept in the file.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    waiting: Vec<KeptOne>,
    /// What was said: with whom it is, or that it is nobody's here.
    placed: BTreeMap<RowId, Option<RowId>>,
}

#[derive(Serialize, Deserialize)]
struct KeptOne {
    key: RowId,
    origin: String,
    about: String,
    drafts: Vec<KeptDraft>,
}

#[derive(Serialize, Deserialize)]
struct KeptDraft {
    record: u16,
    row: RowId,
    values: Vec<(u16, Vec<u8>)>,
    members: Vec<(u16, String)>,
}

impl KeptOne {
    fn new(one: &Unplaced) -> KeptOne {
        let draft = |draft: &Draft| KeptDraft {
            record: draft.record.number,
            row: draft.row,
            values: draft.values.iter().map(|(field, value)| (field.field, value.encoded())).collect(),
            members: draft.members.iter().map(|(field, element)| (field.field, element.clone())).collect(),
        };
        let drafts = one.drafts.iter().map(draft).collect();
        KeptOne { key: one.key, origin: one.origin.clone(), about: one.about.clone(), drafts }
    }

    fn read(self) -> Unplaced {
        let draft = |kept: KeptDraft| {
            let record = record_by_number(kept.record)?;
            let id = |field| FieldId { record: kept.record, field };
            let values = kept.values.iter().filter_map(|(field, bytes)| Some((id(*field), Value::decode(bytes).ok()?)));
            let members = kept.members.iter().map(|(field, element)| (id(*field), element.clone()));
            let (values, members) = (values.collect(), members.collect());
            Some(Draft { record, row: kept.row, stream: RowId::derived(&["nobody"]), values, members })
        };
        let drafts = self.drafts.into_iter().filter_map(draft).collect();
        Unplaced { key: self.key, origin: self.origin, about: self.about, drafts }
    }
}

fn kept(store: &Store) -> Result<Kept, ExchangeError> {
    let bytes = store.local(KEY)?;
    // What an older version kept and cannot be read any more is found in the calendar again.
    Ok(bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()).unwrap_or_default())
}

fn save(store: &mut Store, kept: &Kept) -> Result<(), ExchangeError> {
    let bytes = postcard::to_stdvec(kept).map_err(|error| ExchangeError::Unwritten(error.to_string()))?;
    Ok(store.set_local(KEY, Some(&bytes))?)
}

/// What was said earlier: with whom a thing is, or that it is nobody's here.
pub(super) fn placed(store: &Store) -> Result<BTreeMap<RowId, Option<RowId>>, ExchangeError> {
    Ok(kept(store)?.placed)
}

/// What waits for a client, as it came in.
///
/// # Errors
/// Where the caseload cannot be read.
pub fn waiting(store: &Store) -> Result<Vec<Unplaced>, ExchangeError> {
    Ok(kept(store)?.waiting.into_iter().map(KeptOne::read).collect())
}

/// Keeps what an import could not place; what waited already is there once, as it is now.
///
/// # Errors
/// Where the caseload cannot be changed.
pub fn keep(store: &mut Store, found: &[Unplaced]) -> Result<(), ExchangeError> {
    if found.is_empty() {
        return Ok(());
    }
    let mut all = kept(store)?;
    all.waiting.retain(|known| !found.iter().any(|one| one.key == known.key));
    all.waiting.extend(found.iter().map(KeptOne::new));
    let many = all.waiting.len();
    all.waiting.drain(..many.saturating_sub(MOST));
    save(store, &all)
}

/// Puts what waits with a client; says what came of it.
///
/// # Errors
/// Where the caseload cannot be changed.
pub fn place(store: &mut Store, key: RowId, client: RowId) -> Result<Taken, ExchangeError> {
    let Some(one) = waiting(store)?.into_iter().find(|one| one.key == key) else { return Ok(Taken::default()) };
    let go_on = &mut |_: usize, _: usize| std::ops::ControlFlow::Continue(());
    let taken = store.import(&one.origin, &one.of(client), false, go_on)?;
    said(store, key, Some(client))?;
    Ok(taken)
}

/// Says that it is nobody's here: it is not asked about again.
///
/// # Errors
/// Where the caseload cannot be changed.
pub fn set_aside(store: &mut Store, key: RowId) -> Result<(), ExchangeError> {
    said(store, key, None)
}

fn said(store: &mut Store, key: RowId, client: Option<RowId>) -> Result<(), ExchangeError> {
    let mut all = kept(store)?;
    all.waiting.retain(|known| known.key != key);
    all.placed.insert(key, client);
    save(store, &all)
}
