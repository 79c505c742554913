//! A file that was set back under an open caseload: what follows on it is entered again, and the rest travels as a bundle.

use std::path::Path;

use tempfile::tempdir;

use crate::model::records::{client, note};
use crate::model::{Change, RowId, Value};
use crate::store::tests::{clock, id};
use crate::store::{Feet, Passphrase, Store, StoreError, Worker};
use crate::sync::{merge_file, set_by, take};

fn pass() -> Passphrase {
    Passphrase::new("otter lamp seven canal")
}

fn open(path: &Path) -> Store {
    Store::open(path, &pass(), clock()).unwrap()
}

fn add(store: &mut Store, number: u8, name: &str) -> RowId {
    let row = id(number);
    let mut change = Change::new("add client");
    change.create(&client::TYPE, row, row).set(row, client::given_name, name);
    store.commit(&change).unwrap();
    row
}

fn log(store: &mut Store, of: RowId, body: &str) -> Result<(), StoreError> {
    let row = RowId::derived(&["note", body]);
    let mut change = Change::new("log contact");
    change
        .create(&note::TYPE, row, of)
        .set(row, note::when, Value::Time(store.now()))
        .set(row, note::kind, "phone")
        .set(row, note::body, body);
    store.commit(&change).map(drop)
}

fn bodies(store: &Store, of: RowId) -> Vec<String> {
    let mut all: Vec<String> =
        store.rows(&note::TYPE, of).unwrap().iter().map(|row| row.text(note::body).to_string()).collect();
    all.sort();
    all
}

#[test]
fn what_does_not_follow_on_the_earlier_state_waits_in_a_bundle_and_comes_in_once_the_rest_is_back() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("caseload.db");
    let who =
        Worker { id: RowId::derived(&["rosa"]), name: "Rosa".into(), credentials: String::new(), area: String::new() };
    let (mut store, _) = Store::create(&path, &pass(), &who, clock()).unwrap();
    let ana = add(&mut store, 1, "Ana");
    drop(store);
    let older = folder.path().join("older");
    std::fs::copy(&path, &older).unwrap();
    let mut store = open(&path);
    let ben = add(&mut store, 2, "Ben");
    drop(store);
    let newer = folder.path().join("newer");
    std::fs::copy(&path, &newer).unwrap();
    // This session writes about both; the state that is copied over it knows only one of them.
    let mut store = open(&path);
    log(&mut store, ana, "about Ana").unwrap();
    log(&mut store, ben, "about Ben").unwrap();
    std::fs::write(&path, std::fs::read(&older).unwrap()).unwrap();
    assert!(matches!(log(&mut store, ana, "written through"), Err(StoreError::UnderFeet(Feet::SetBack))));
    let before = store.site();
    let rescue = store.rescue(&set_by).unwrap().expect("there is something to rescue");
    assert_eq!((rescue.found, rescue.file.as_deref(), rescue.taken), (Feet::SetBack, Some(path.as_path()), 1));
    assert_eq!(bodies(&store, ana), ["about Ana"]);
    assert_ne!(store.site(), before, "there was more of the old one: what is written now must not stand in its way");
    log(&mut store, ana, "later").unwrap();
    assert!(store.check().unwrap().problems.is_empty());
    let waiting = rescue.waiting.expect("what is about Ben waits");
    let secret = Some("otter lamp seven canal");
    let go = &mut |_| std::ops::ControlFlow::Continue(());
    let early = take(&mut store, &waiting, secret, true, go).unwrap();
    assert!(bodies(&store, ben).is_empty() && !early.merged.not_taken.is_empty());
    // Ben comes back from the copy that has him, and with him what waited.
    merge_file(&mut store, &newer, &pass(), true, go).unwrap();
    take(&mut store, &waiting, secret, true, go).unwrap();
    assert_eq!(bodies(&store, ben), ["about Ben"]);
    assert_eq!(bodies(&store, ana), ["about Ana", "later"]);
    assert!(store.check().unwrap().problems.is_empty());
}
