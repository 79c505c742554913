//! A caseload that moves: what comes along, what stays behind, what a colleague must do (nothing).

use std::path::PathBuf;

use tempfile::{TempDir, tempdir};

use super::*;
use crate::model::records::client;
use crate::model::{Change, RowId, SiteId};
use crate::store::tests::{dump, id};
use crate::store::{RecoveryKey, wall_clock};

fn pass() -> Passphrase {
    Passphrase::new("otter lamp seven canal")
}

fn laptop() -> (TempDir, Store, RecoveryKey) {
    let folder = tempdir().unwrap();
    let worker = Worker {
        id: RowId::derived(&["rosa"]),
        name: "Rosa Ortiz".into(),
        credentials: "LCSW".into(),
        area: "healthcare".into(),
    };
    let (mut store, key) = Store::create(&folder.path().join("a.db"), &pass(), &worker, wall_clock()).unwrap();
    add(&mut store, 1).unwrap();
    store.set_local("draft", Some(b"unfinished words")).unwrap();
    (folder, store, key)
}

fn add(store: &mut Store, number: u8) -> Result<()> {
    let row = id(number);
    let mut change = Change::new("add client");
    change.create(&client::TYPE, row, row).set(row, client::given_name, "Ana");
    store.commit(&change).map(drop)
}

fn arrives(folder: &TempDir, from: &Path, code: &MovingCode) -> Result<Store> {
    let to: PathBuf = folder.path().join(format!("{}.db", uuid::Uuid::new_v4()));
    let arrived = Store::take_move(from, code, &to, &pass(), wall_clock());
    assert_eq!(arrived.is_ok(), to.exists(), "refused, it leaves nothing");
    arrived
}

#[test]
fn everything_comes_along_and_the_old_one_takes_no_more_writing() {
    let (folder, mut old, key) = laptop();
    let (file, at) = (folder.path().join("moving"), folder.path().join("a.db"));
    let before = dump(&old);
    let (code, site) = old.move_away(&file).unwrap();
    let mut new = arrives(&folder, &file, &MovingCode::parse(&code.printed().to_lowercase()).unwrap()).unwrap();
    assert_eq!(dump(&new), before);
    assert_eq!(new.worker(), old.worker());
    assert_eq!(new.local("draft").unwrap().unwrap(), b"unfinished words");
    assert_eq!((new.site(), new.own_site().unwrap().voucher.clone()), (site.id, site.voucher.clone()));
    assert!(new.own_site().unwrap().is_vouched_by(&old.own_site().unwrap()));
    // What was sealed for the old one opens; the recovery key is the one on paper.
    let recipients = |store: &Store| -> Vec<String> {
        store.identities().unwrap().iter().map(|one| one.to_public().to_string()).collect()
    };
    assert!(recipients(&new).contains(&old.own_site().unwrap().recipient));
    add(&mut new, 2).unwrap();
    let backup = new.backup(folder.path()).unwrap();
    let back = folder.path().join("back.db");
    let (restored, _) = Store::restore(&backup, &key, &back, &pass(), wall_clock()).unwrap();
    assert_eq!(dump(&restored), dump(&new));
    assert!(!restored.own_site().unwrap().is_vouched_by(&new.own_site().unwrap()), "no backup holds a key that signs");
    // Nor is the old signing key anywhere in the new file.
    let seeds = |store: &Store| -> Vec<Vec<u8>> {
        let mut query = store.db.prepare("SELECT signing FROM own_site").unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(|seed| seed.unwrap()).collect()
    };
    assert!(seeds(&old).iter().all(|seed| !seeds(&new).contains(seed)));
    // The old one: at once, and when it is opened again.
    assert!(matches!(add(&mut old, 3), Err(StoreError::Moved(_))));
    drop(old);
    let mut old = Store::open(&at, &pass(), wall_clock()).unwrap();
    assert!(old.read_only() && old.moved().is_some());
    assert!(matches!(add(&mut old, 3), Err(StoreError::Moved(_))));
    assert!(matches!(old.move_away(&folder.path().join("again")), Err(StoreError::Moved(_))));
    assert_eq!(dump(&old), before);
    // Until told otherwise: then as another installation, for the old key signs no more.
    let retired = old.site();
    assert!(old.stay_after_all().unwrap());
    assert_ne!(old.site(), retired);
    add(&mut old, 3).unwrap();
    assert!(old.check().unwrap().problems.is_empty() && new.check().unwrap().problems.is_empty());
}

#[test]
fn once_a_colleague_hears_of_the_new_one_nothing_is_sealed_to_the_old_one() {
    use crate::sync::{Scope, Whom, give, take};
    let (folder, mut old, _) = laptop();
    let worker = Worker { id: RowId::derived(&["ben"]), name: "Ben Ode".into(), ..old.worker().clone() };
    let mut ben = Store::in_memory(&worker, wall_clock()).unwrap();
    ben.accept_site(&old.own_site().unwrap()).unwrap();
    old.accept_site(&ben.own_site().unwrap()).unwrap();
    let reached = |store: &Store| -> Vec<SiteId> { store.partners().unwrap().iter().map(|site| site.id).collect() };
    assert_eq!(reached(&ben), [old.site()]);
    let file = folder.path().join("moving");
    let (code, _) = old.move_away(&file).unwrap();
    let new = arrives(&folder, &file, &code).unwrap();
    assert_eq!(reached(&new), [ben.site()], "nor does it write to what it was");
    let bundle = folder.path().join("first.bundle");
    give(&new, &Scope::Whole, &Whom::Sites(vec![ben.own_site().unwrap()]), false, &bundle).unwrap();
    let taken = take(&mut ben, &bundle, None, true, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    assert!(taken.merged.entries > 0);
    assert_eq!(reached(&ben), [new.site()], "accepted by nobody's hand");
    assert!(ben.check().unwrap().problems.is_empty() && new.check().unwrap().problems.is_empty());
    // Whoever was not vouched for by it retires nobody.
    let mut mallory = Store::in_memory(&worker, wall_clock()).unwrap();
    mallory.accept_site(&ben.own_site().unwrap()).unwrap();
    assert!(matches!(mallory.retire(ben.site()), Err(StoreError::NotTakenOver)));
    assert_eq!(reached(&mallory), [ben.site()]);
}

#[test]
fn a_move_that_cannot_be_written_changes_nothing() {
    let (folder, mut old, _) = laptop();
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "mine").unwrap();
    assert!(matches!(old.move_away(&taken), Err(StoreError::Exists(_))));
    assert_eq!(std::fs::read(&taken).unwrap(), b"mine");
    assert!(old.move_away(&folder.path().join("nowhere/moving")).is_err());
    assert!(old.moved().is_none());
    add(&mut old, 2).unwrap();
    assert_eq!(old.sites().unwrap().len(), 1);
}

#[test]
fn what_was_cut_or_altered_or_is_another_kind_of_file_moves_nothing() {
    let (folder, mut old, key) = laptop();
    let file = folder.path().join("moving");
    let (code, _) = old.move_away(&file).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let other = MovingCode::generate().unwrap();
    assert!(matches!(arrives(&folder, &file, &other), Err(StoreError::WrongMovingCode)));
    let bad = folder.path().join("bad");
    for cut in [0, 50, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&bad, &bytes[..cut]).unwrap();
        assert!(arrives(&folder, &bad, &code).is_err(), "{cut}");
    }
    let mut flipped = bytes.clone();
    flipped[bytes.len() - 40] ^= 1;
    std::fs::write(&bad, flipped).unwrap();
    assert!(arrives(&folder, &bad, &code).is_err());
    // A backup is restored, and what moves is not.
    let to = folder.path().join("c.db");
    assert!(Store::restore(&file, &key, &to, &pass(), wall_clock()).is_err() && !to.exists());
    for text in ["", "ABCD", "K7QM-2ZRA-8XNE-P4TD-UUUU", &"A".repeat(21)] {
        assert!(MovingCode::parse(text).is_err(), "{text}");
    }
}
