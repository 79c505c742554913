//! Rescues as the library does them: what follows, what waits, what two programs may do to one file.

use super::*;
use crate::store::tests::on_disk::{add, bodies, laptop, log, open};

/// Nothing is sealed here: what waits in a bundle is the matter of whoever writes bundles.
fn rescue(store: &mut Store) -> Option<Rescue> {
    store.rescue(&|_, _, path| Ok(std::fs::write(path, b"sealed")?)).unwrap()
}

#[test]
fn a_rescued_file_is_a_new_installation_that_the_old_one_vouches_for() {
    let (_folder, path, mut store) = laptop();
    let ana = add(&mut store, 1, "Ana");
    log(&mut store, ana, "one").unwrap();
    let before = store.own_site().unwrap();
    std::fs::remove_file(&path).unwrap();
    let rescued = rescue(&mut store).expect("there is something to rescue");
    assert_eq!(rescued.found, Found::Gone);
    let now = store.own_site().unwrap();
    assert!(now.id != before.id && now.is_vouched_by(&before));
    assert!(!path.exists() && !beside(&path, "-wal").exists());
    log(&mut store, ana, "two").unwrap();
    drop(store);
    let mut again = open(&rescued.file.unwrap());
    assert_eq!((again.site(), bodies(&again, ana)), (now.id, vec!["one".to_string(), "two".into()]));
    assert!(again.check().unwrap().problems.is_empty());
    assert_eq!(rescue(&mut again), None, "nothing is wrong with it");
}

#[test]
fn no_way_of_writing_leaves_the_last_look_out() {
    let (folder, path, mut store) = laptop();
    let ana = add(&mut store, 1, "Ana");
    drop(store);
    let mut store = open(&path);
    std::fs::rename(&path, folder.path().join("elsewhere.db")).unwrap();
    let refused = |done: Result<()>| assert!(matches!(done, Err(StoreError::UnderFeet(_))), "{done:?}");
    refused(store.note_view(ana, "in the list"));
    refused(store.set_local("draft", Some(b"x")));
    refused(store.next_number_for_place("somewhere", 1).map(drop));
    refused(store.publishing(&[(ana, store.site(), 0, 1)]));
}

#[test]
fn a_wal_of_another_state_beside_the_file_is_laid_aside_and_what_can_be_read_of_it_comes_in() {
    let (folder, path, mut store) = laptop();
    let ana = add(&mut store, 1, "Ana");
    drop(store);
    let older = std::fs::read(&path).unwrap();
    let mut store = open(&path);
    add(&mut store, 2, "Ben");
    store.fold().unwrap();
    log(&mut store, ana, "before the kill").unwrap();
    let wal = std::fs::read(beside(&path, "-wal")).unwrap();
    assert!(!wal.is_empty());
    drop(store);
    // As a kill leaves it, and a backup tool that sets the main file back afterwards.
    std::fs::write(&path, &older).unwrap();
    std::fs::write(beside(&path, "-wal"), &wal).unwrap();
    let _ = std::fs::remove_file(beside(&path, "-shm"));
    let store = open(&path);
    let report = store.check().unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    let aside = std::fs::read_dir(folder.path()).unwrap().flatten();
    let aside: Vec<_> = aside.filter(|one| one.file_name().to_string_lossy().contains("-wal-set-aside-")).collect();
    assert_eq!(aside.len(), 1);
    assert_eq!(std::fs::read(aside[0].path()).unwrap(), wal);
}

#[test]
fn a_wal_that_a_kill_left_is_the_files_own() {
    let (_folder, path, mut store) = laptop();
    let ana = add(&mut store, 1, "Ana");
    store.fold().unwrap();
    for round in 0..3 {
        log(&mut store, ana, &format!("round {round}")).unwrap();
        let files = [path.clone(), beside(&path, "-wal")].map(|file| (file.clone(), std::fs::read(file).unwrap()));
        drop(store);
        for (file, bytes) in files {
            std::fs::write(file, bytes).unwrap();
        }
        store = open(&path);
        assert_eq!(bodies(&store, ana).len(), round + 1);
    }
    assert!(store.check().unwrap().problems.is_empty());
}

/// A file that a link leads to has its WAL beside itself, by whichever name it was opened.
#[cfg(unix)]
#[test]
fn by_way_of_a_link_it_is_the_same_file_with_the_same_wal() {
    let (folder, path, store) = laptop();
    drop(store);
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("mine.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut store = open(&link);
    let ana = add(&mut store, 1, "Ana");
    for body in ["one", "two", "three"] {
        log(&mut store, ana, body).unwrap();
    }
    let site = store.site();
    // What a program that is killed leaves behind: nothing was folded.
    std::mem::forget(store);
    let mut store = open(&path);
    assert_eq!((store.site(), bodies(&store, ana).len()), (site, 3), "nothing was taken for another state's");
    log(&mut store, ana, "four").unwrap();
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().contains("aside")), "{names:?}");
    // And its loss is seen through the link too.
    std::mem::forget(store);
    let mut store = open(&link);
    std::fs::remove_file(beside(&path, "-wal")).unwrap();
    assert!(matches!(log(&mut store, ana, "five"), Err(StoreError::UnderFeet(Found::Replaced))));
}
