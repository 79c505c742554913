//! Flipped bits over a file and a backup: told rightly, and what is whole comes back.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::model::Change;
use crate::model::records::{client, note};
use crate::store::Target;
use crate::store::tests::on_disk::{self, laptop, pass};
use crate::store::tests::{clock, dump, id};

/// A note of some length, so that there are many pages.
fn log(store: &mut Store, of: RowId, body: &str) {
    on_disk::log(store, of, &long(body)).unwrap();
}

fn long(body: &str) -> String {
    format!("{body}: {}", "what was said and what comes next ".repeat(12))
}

/// A caseload of some clients with notes: the first half of them in a backup too.
fn caseload() -> (TempDir, PathBuf, Vec<String>) {
    let (folder, path, mut store) = laptop();
    for number in 0..8 {
        let row = id(number);
        let mut change = Change::new("add client");
        change.create(&client::TYPE, row, row).set(row, client::given_name, format!("Client {number}"));
        store.commit(&change).unwrap();
        store.note_view(row, "in the list").unwrap();
    }
    for round in 0..2 {
        for n in 0..64u8 {
            log(&mut store, id(n % 8), &format!("{round} {n}"));
        }
        if round == 0 {
            store.backup(&folder.path().join("backups")).unwrap();
        }
    }
    let before = dump(&store);
    drop(store);
    (folder, path, before)
}

/// How many flips are tried; 2,000 with CASELOAD_FEET_FLIPS=2000.
fn flips() -> u64 {
    std::env::var("CASELOAD_FEET_FLIPS").ok().and_then(|given| given.parse().ok()).unwrap_or(12)
}

/// Where the flips go: the same places every time.
fn places(length: u64, salt: &str) -> impl Iterator<Item = (usize, u8)> {
    let salt = salt.to_string();
    (0..flips()).map(move |n| {
        if n > 0 && n % 100 == 0 {
            println!("{salt}: {n} flips");
        }
        let hash = blake3::hash(format!("{salt} {n}").as_bytes());
        let number = u64::from_le_bytes(*hash.as_bytes().first_chunk().unwrap());
        ((number % length) as usize, 1 << (hash.as_bytes()[9] % 8))
    })
}

fn notes(store: &Store) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for number in 0..8 {
        for row in store.rows(&note::TYPE, id(number)).unwrap() {
            all.insert(row.text(note::body).split(':').next().unwrap_or_default().to_string());
        }
    }
    all
}

#[test]
fn flipped_bits_in_a_file_are_called_damage_and_what_is_whole_comes_back() {
    let (folder, path, before) = caseload();
    let whole = std::fs::read(&path).unwrap();
    let (mut repaired_files, mut unopened) = (0, 0);
    for (at, bit) in places(whole.len() as u64, "file") {
        let mut bytes = whole.clone();
        bytes[at] ^= bit;
        std::fs::write(&path, &bytes).unwrap();
        let page = at / 4096;
        // Told rightly.
        let told = match Store::open(&path, &pass(), clock()) {
            Ok(store) => match store.check() {
                Ok(report) => report.problems.join("; "),
                Err(error) => store.diagnosed(error).to_string(),
            },
            Err(error) => error.to_string(),
        };
        assert!(!told.contains("out of memory") && !told.contains("memory for this now"), "{page}: {told}");
        // What SQLite lays beside it is the damaged file's.
        for ending in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(file::beside(&path, ending));
        }
        std::fs::write(&path, &bytes).unwrap();
        let opens = file::opens(&path, &pass());
        match Store::repair(&path, &pass(), clock()) {
            Ok(repaired) => {
                assert!(opens.is_ok());
                assert_eq!(std::fs::read(&path).unwrap(), bytes, "the damaged file is only read");
                repaired_files += 1;
                let store = Store::open(&repaired.file, &pass(), clock()).unwrap();
                let there = notes(&store);
                // What the backup has is never lost.
                for n in 0..64 {
                    assert!(there.contains(&format!("0 {n}")), "page {page}: {n} {:?}", repaired.lost);
                }
                let of_access = |problem: &&String| !problem.contains("access list");
                let problems: Vec<_> = repaired.check.problems.iter().filter(of_access).collect();
                assert!(problems.is_empty(), "page {page}: {problems:?}");
                match repaired.lost.is_empty() {
                    true => assert_eq!(dump(&store), before, "page {page}"),
                    // One page: a handful of notes, and each of the rest is there.
                    false => assert!(there.len() >= 128 - 16, "page {page}: {} {:?}", there.len(), repaired.lost),
                }
                if told.is_empty() {
                    assert_eq!(there.len(), 128, "page {page}");
                }
                drop(store);
                std::fs::remove_file(&repaired.file).unwrap();
            }
            Err(error) => {
                unopened += 1;
                assert!(opens.is_err(), "page {page}: {error}");
            }
        }
    }
    println!("{repaired_files} repaired, {unopened} not opened");
    assert!(repaired_files > unopened, "{repaired_files} repaired, {unopened} not opened");
    let left = std::fs::read_dir(folder.path()).unwrap().flatten().map(|one| one.file_name());
    assert!(left.map(|name| name.to_string_lossy().into_owned()).all(|name| !name.contains("staged")));
}

#[test]
fn what_was_erased_is_not_brought_back_by_an_older_backup() {
    let (_folder, path, _) = caseload();
    let mut store = Store::open(&path, &pass(), clock()).unwrap();
    let row = RowId::derived(&["note", &long("0 5")]);
    let body = |store: &Store| store.row_of(&note::TYPE, row).unwrap().unwrap().text(note::body).to_string();
    assert!(body(&store).starts_with("0 5"));
    let plan = store.to_erase(id(5), &[Target::Field(row, note::body)], "a note").unwrap();
    store.erase(&plan, "Order 12 CV 345 of the county court").unwrap();
    let before = dump(&store);
    // The first of the journal, where it is; the order stands at its end.
    let leaves = pages::of_batches(&store, "leaf");
    drop(store);
    pages::damage(&path, &leaves[..leaves.len() / 3]);
    let repaired = Store::repair(&path, &pass(), clock()).unwrap();
    assert!(repaired.from_backup > 0);
    assert_eq!(repaired.lost, Vec::<String>::new());
    assert_eq!(repaired.check.problems, Vec::<String>::new());
    let store = Store::open(&repaired.file, &pass(), clock()).unwrap();
    assert_eq!(body(&store), "");
    assert_eq!(dump(&store), before);
}

#[test]
fn flipped_bits_in_a_backup_are_told_by_a_check() {
    let (folder, path, _) = caseload();
    let store = Store::open(&path, &pass(), clock()).unwrap();
    let backup = std::fs::read_dir(folder.path().join("backups")).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read(&backup).unwrap();
    store.verify_backup(&backup).unwrap();
    for (at, bit) in places(whole.len() as u64, "backup") {
        let mut bytes = whole.clone();
        bytes[at] ^= bit;
        std::fs::write(&backup, &bytes).unwrap();
        assert!(store.verify_backup(&backup).is_err(), "byte {at}");
        let report = store.check().unwrap();
        // Where it says who can open it, damage looks like somebody else's backup.
        let told = report.backup.is_some() || report.notices.iter().any(|notice| notice.contains("it is damaged"));
        assert!(told, "byte {at}: {:?}", report.notices);
    }
}

mod pages;
