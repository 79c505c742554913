//! A file that was set back under an open caseload: what follows on it is entered again, and the rest travels as a bundle.

use crate::store::tests::on_disk::{add, bodies, laptop, log, open, pass};
use crate::store::{Feet, StoreError};
use crate::sync::{merge_file, set_by, take};

#[test]
fn what_does_not_follow_on_the_earlier_state_waits_in_a_bundle_and_comes_in_once_the_rest_is_back() {
    let (folder, path, mut store) = laptop();
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

#[cfg(unix)]
#[test]
fn a_caseload_that_a_link_leads_to_comes_in_with_what_was_not_folded_yet() {
    let (folder, path, mut theirs) = laptop();
    add(&mut theirs, 1, "Ana");
    std::mem::forget(theirs);
    let link = folder.path().join("of-the-other.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut ours = crate::sync::tests::site(7, 0);
    let taken = merge_file(&mut ours, &link, &pass(), true, &mut crate::sync::tests::go()).unwrap();
    assert_eq!(taken.merged.clients.len(), 1);
}
