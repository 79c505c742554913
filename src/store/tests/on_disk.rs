//! A caseload on a disk, and somebody who writes in it.

use std::path::{Path, PathBuf};

use tempfile::{TempDir, tempdir};

use super::{clock, id};
use crate::model::records::{client, note};
use crate::model::{Change, RowId, Value};
use crate::store::{Passphrase, Result, Store, Worker};

pub(crate) fn pass() -> Passphrase {
    Passphrase::new("otter lamp seven canal")
}

pub(crate) fn rosa() -> Worker {
    Worker { id: RowId::derived(&["rosa"]), name: "Rosa Ortiz".into(), credentials: String::new(), area: String::new() }
}

/// A caseload in a folder of its own.
pub(crate) fn laptop() -> (TempDir, PathBuf, Store) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("caseload.db");
    let (store, _) = Store::create(&path, &pass(), &rosa(), clock()).unwrap();
    (folder, path, store)
}

pub(crate) fn open(path: &Path) -> Store {
    Store::open(path, &pass(), clock()).unwrap()
}

pub(crate) fn add(store: &mut Store, number: u8, name: &str) -> RowId {
    let row = id(number);
    let mut change = Change::new("add client");
    change.create(&client::TYPE, row, row).set(row, client::given_name, name);
    store.commit(&change).unwrap();
    row
}

pub(crate) fn log(store: &mut Store, of: RowId, body: &str) -> Result<()> {
    let row = RowId::derived(&["note", body]);
    let mut change = Change::new("log contact");
    change
        .create(&note::TYPE, row, of)
        .set(row, note::when, Value::Time(store.now()))
        .set(row, note::kind, "phone")
        .set(row, note::body, body);
    store.commit(&change).map(drop)
}

pub(crate) fn bodies(store: &Store, of: RowId) -> Vec<String> {
    let mut all: Vec<String> =
        store.rows(&note::TYPE, of).unwrap().iter().map(|row| row.text(note::body).to_string()).collect();
    all.sort();
    all
}
