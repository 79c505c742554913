#![allow(unused_variables)]
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset};

use crate::model::{Change, FieldId, Invalid, RecordType, Row, RowId, SiteId, Value};
use crate::triage::ClientFacts;

/// Where the time comes from: the wall clock, or a fixed or simulated one for tests and the demo.
pub type Clock = std::sync::Arc<dyn Fn() -> DateTime<FixedOffset> + Send + Sync>;

/// A passphrase; wiped from memory when dropped, never shown by `Debug`.
#[derive(Clone, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct Passphrase(String);

impl Passphrase {
    pub fn new(text: impl Into<String>) -> Passphrase {
        Passphrase(text.into())
    }
}

/// The key printed once at set-up; opens backups when the passphrase is forgotten.
pub struct RecoveryKey(pub String);

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{0}")]
    Invalid(#[from] Invalid),
    #[error("todo")]
    Todo,
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

pub struct Store {}

/// Who uses this file.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    pub id: RowId,
    pub name: String,
    pub credentials: String,
    pub area: String,
}

/// What a commit did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipt {
    /// The facts of each client it touched, as they are now.
    pub facts: Vec<ClientFacts>,
    /// The rows it touched.
    pub rows: Vec<RowId>,
}

/// All that belongs to one client.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientFile {
    pub client: Row,
    /// By record type name, each in its order (newest notes first).
    rows: BTreeMap<&'static str, Vec<Row>>,
}

impl ClientFile {
    pub fn of(&self, record: &RecordType) -> &[Row] {
        self.rows.get(record.name).map_or(&[], Vec::as_slice)
    }
}

/// A row as another system has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub record: &'static RecordType,
    pub row: RowId,
    pub stream: RowId,
    pub values: Vec<(FieldId, Value)>,
    /// Elements to add to sets; an import never takes one away.
    pub members: Vec<(FieldId, String)>,
}

/// How many rows of one record type an import would create, update, leave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    pub created: BTreeMap<&'static str, u64>,
    pub updated: BTreeMap<&'static str, u64>,
    pub unchanged: BTreeMap<&'static str, u64>,
    /// Fields that were edited here since and came in different: both values kept, to choose.
    pub conflicts: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub client: RowId,
    pub client_name: String,
    pub record: &'static RecordType,
    pub row: RowId,
    pub when: Option<DateTime<FixedOffset>>,
    pub snippet: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HistoryLine {
    pub when: DateTime<FixedOffset>,
    pub who: String,
    pub site: SiteId,
    pub action: String,
    pub field: String,
    pub from: Value,
    pub to: Value,
}

/// What a text names: one row, or why not.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    One { record: &'static RecordType, row: RowId },
    Several(Vec<RowId>),
    None,
}

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct CheckReport {
    pub ok: bool,
    pub entries: u64,
    pub streams: u64,
    pub problems: Vec<String>,
}

impl Store {
    /// Makes a new file (refuses if there is one) with its worker; mode 0600.
    pub fn create(path: &Path, passphrase: &Passphrase, worker: &Worker, clock: Clock) -> Result<(Store, RecoveryKey)> {
        todo!()
    }

    /// Unlocks an existing file. Errors tell a wrong passphrase from a file that is not a caseload.
    pub fn open(path: &Path, passphrase: &Passphrase, clock: Clock) -> Result<Store> {
        todo!()
    }

    /// A caseload that is gone when it is dropped: for the demo and for tests.
    pub fn in_memory(worker: &Worker, clock: Clock) -> Result<Store> {
        todo!()
    }

    pub fn path(&self) -> Option<&PathBuf> {
        todo!()
    }

    pub fn worker(&self) -> &Worker {
        todo!()
    }

    pub fn now(&self) -> DateTime<FixedOffset> {
        todo!()
    }

    pub fn new_id(&self) -> RowId {
        todo!()
    }

    /// Checks and saves one action of the user: durable when it returns.
    pub fn commit(&mut self, change: &Change) -> Result<Receipt> {
        todo!()
    }

    /// Undoes this site's last action that is not undone; `None` when there is nothing to undo. Gives its label.
    pub fn undo(&mut self) -> Result<Option<(String, Receipt)>> {
        todo!()
    }

    pub fn redo(&mut self) -> Result<Option<(String, Receipt)>> {
        todo!()
    }

    /// Takes rows from another system in one transaction. `origin` is the format's name ("hmis", "sheet").
    /// A field edited here since its last import becomes a conflict. `progress(done, all)` may stop it, and then
    /// nothing has changed. With `dry_run` nothing is written.
    pub fn import(
        &mut self,
        origin: &str,
        drafts: &[Draft],
        dry_run: bool,
        progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Taken> {
        todo!()
    }

    /// The facts of every client, closed ones too.
    pub fn all_facts(&self) -> Result<Vec<ClientFacts>> {
        todo!()
    }

    pub fn row(&self, id: RowId) -> Result<Option<Row>> {
        todo!()
    }

    /// All rows of a type in a client's stream, in the type's order (newest first for notes).
    pub fn rows(&self, record: &'static RecordType, stream: RowId) -> Result<Vec<Row>> {
        todo!()
    }

    /// All that belongs to one client, with at most `notes` of the newest notes.
    pub fn client_file(&self, client: RowId, notes: usize) -> Result<Option<ClientFile>> {
        todo!()
    }

    /// A full id, a unique prefix of one (or of its last eight characters), or an outside id such as `hmis:528656`.
    pub fn find(&self, text: &str) -> Result<Found> {
        todo!()
    }

    /// Full-text search over every searched field, newest first; `text` is what a person types, never a syntax error.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>> {
        todo!()
    }

    /// What happened to a row, oldest first.
    pub fn history(&self, row: RowId) -> Result<Vec<HistoryLine>> {
        todo!()
    }

    /// Whether another program has changed the file since we last looked.
    pub fn changed_elsewhere(&mut self) -> Result<bool> {
        todo!()
    }

    /// Verifies every chain, every signature and that replaying the journal gives the tables as they are.
    pub fn check(&self) -> Result<CheckReport> {
        todo!()
    }

    /// Settings and form drafts of this installation: encrypted like the rest, never synced.
    pub fn local(&self, key: &str) -> Result<Option<Vec<u8>>> {
        todo!()
    }

    pub fn set_local(&mut self, key: &str, value: Option<&[u8]>) -> Result<()> {
        todo!()
    }

    /// Writes a backup, encrypted to the recovery key, into a folder; gives its path.
    pub fn backup(&self, folder: &Path) -> Result<PathBuf> {
        todo!()
    }

    /// Makes a caseload file from a backup and the recovery key.
    pub fn restore(
        backup: &Path,
        key: &RecoveryKey,
        to: &Path,
        passphrase: &Passphrase,
        clock: Clock,
    ) -> Result<Store> {
        todo!()
    }

    pub fn change_passphrase(&mut self, passphrase: &Passphrase) -> Result<()> {
        todo!()
    }
}
