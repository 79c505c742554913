//! The list of who did what, and that nobody can change it unseen; what may leave, against rows in a real file.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::disclosure::{Disclosed, Ground, Override, Recipient, all_told, disclose, may_leave};
use crate::model::records::{client, consent, disclosure, goal, plan};
use crate::model::{Change, DisclosureWay, Information, Value};
use crate::practice::Practice;
use crate::store::{Clock, Worker};

/// Rewrites the list as whoever has the file, and none of its keys, could: what it says, and every hash after it.
fn rewrite(store: &Store) {
    store.db.execute("UPDATE access SET detail = 'nothing' WHERE n = 2", []).unwrap();
    let mut lines = Vec::new();
    each(&store.db, 0, |linked| {
        lines.push(linked);
        Ok(())
    })
    .unwrap();
    store.db.execute("DELETE FROM access", []).unwrap();
    let mut before = Vec::new();
    for (n, linked) in (1..).zip(lines) {
        let hash = linked.line.hash(n, &before).to_vec();
        keep(&store.db, &Linked { n, hash: hash.clone(), ..linked }).unwrap();
        keep_end(&store.db, n, &hash).unwrap();
        before = hash;
    }
}

#[test]
fn a_list_that_was_written_anew_to_its_end_is_found_and_stays_found() {
    const UNSIGNED: [&str; 1] = ["the end of the access list is not signed by this installation"];
    let strange = Keys::generate().unwrap();
    for signed_by in [None, Some(&strange)] {
        let (mut store, minutes) = store();
        let ana = add_client(&mut store, "Ana");
        for detail in ["page", "timeline", "history"] {
            store.note_view(ana, detail).unwrap();
        }
        assert_eq!(store.access_troubles().unwrap(), [""; 0]);
        rewrite(&store);
        if let Some(keys) = signed_by {
            sign_end(&store.db, keys).unwrap();
        }
        assert_eq!(store.access_troubles().unwrap(), UNSIGNED);
        minutes.store(SAME_VIEW_MINUTES + 1, Ordering::Relaxed);
        store.note_view(ana, "page").unwrap();
        assert_eq!(store.access_troubles().unwrap(), UNSIGNED, "nor does going on hide it");
        store.db.execute("DELETE FROM local WHERE key = 'access-signed'", []).unwrap();
        assert_eq!(store.access_troubles().unwrap(), UNSIGNED, "nor taking the signature away");
    }
}

#[test]
fn a_list_of_an_earlier_version_is_signed_as_it_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/files/schema-3.db"), &path).unwrap();
    let open = || {
        let passphrase = crate::store::Passphrase::new("otter lamp seven canal");
        Store::open(&path, &passphrase, crate::store::wall_clock()).unwrap()
    };
    let mut store = open();
    assert_eq!(store.access_troubles().unwrap(), [""; 0]);
    let ana = add_client(&mut store, "Ana");
    for view in ["page", "timeline", "history"] {
        store.note_view(ana, view).unwrap();
    }
    // It goes on as another site: what the one before signed stands.
    store.become_another().unwrap();
    store.note_view(ana, "notes").unwrap();
    drop(store);
    let store = open();
    assert_eq!(store.access_troubles().unwrap(), [""; 0]);
    rewrite(&store);
    assert!(!store.access_troubles().unwrap().is_empty());
}

/// A store whose clock stands until it is moved, by minutes.
fn store() -> (Store, Arc<AtomicI64>) {
    let start = DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap();
    let minutes = Arc::new(AtomicI64::new(0));
    let passed = Arc::clone(&minutes);
    let clock: Clock = Arc::new(move || start + chrono::Duration::minutes(passed.load(Ordering::Relaxed)));
    let worker = Worker {
        id: RowId::derived(&["rosa"]),
        name: "Rosa Ortiz".into(),
        credentials: String::new(),
        area: String::new(),
    };
    (Store::in_memory(&worker, clock).unwrap(), minutes)
}

fn add_client(store: &mut Store, name: &str) -> RowId {
    let row = RowId::derived(&[name]);
    let mut change = Change::new("add client");
    change.create(&client::TYPE, row, row).set(row, client::given_name, name);
    store.commit(&change).unwrap();
    row
}

fn all(store: &Store, client: RowId) -> Vec<(Deed, String)> {
    let found = store.accesses(client, NaiveDate::MIN, NaiveDate::MAX).unwrap();
    found.into_iter().map(|access| (access.deed, access.detail)).collect()
}

#[test]
fn a_view_is_written_once_and_again_when_it_is_another() {
    let (mut store, minutes) = store();
    let (ana, ben) = (add_client(&mut store, "Ana"), add_client(&mut store, "Ben"));
    store.note_view(ana, "page").unwrap();
    store.note_view(ana, "page").unwrap();
    store.note_view(ana, "timeline").unwrap();
    store.note_view(ben, "page").unwrap();
    let views =
        |store: &Store, client| all(store, client).into_iter().filter(|(deed, _)| *deed == Deed::Viewed).count();
    assert_eq!((views(&store, ana), views(&store, ben)), (2, 1));
    minutes.store(SAME_VIEW_MINUTES + 1, Ordering::Relaxed);
    store.note_view(ana, "page").unwrap();
    store.note_leaving(None, Deed::HandedOver, "bundle for Tom").unwrap();
    assert_eq!(views(&store, ana), 3);
    // What was changed stands in the same list, and so does what left with the whole caseload.
    let found = all(&store, ana);
    assert!(found.contains(&(Deed::Changed, "add client".into())), "{found:?}");
    assert!(found.contains(&(Deed::HandedOver, "bundle for Tom".into())), "{found:?}");
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    assert_eq!(store.accesses(ana, day("2026-11-25"), day("2026-12-31")).unwrap(), []);
    assert_eq!(store.accesses(ana, day("2026-11-24"), day("2026-11-24")).unwrap().len(), found.len());
}

#[test]
fn a_line_that_was_altered_taken_out_or_put_in_is_found() {
    for (what, sql) in [
        ("altered words", "UPDATE access SET detail = 'nothing' WHERE n = 2"),
        ("another person", "UPDATE access SET who = 'Tom' WHERE n = 1"),
        ("another client", "UPDATE access SET client = NULL WHERE n = 3"),
        ("another time", "UPDATE access SET at = at + 1 WHERE n = 2"),
        ("one taken out", "DELETE FROM access WHERE n = 2"),
        ("the first taken out", "DELETE FROM access WHERE n = 1"),
        ("the last taken out", "DELETE FROM access WHERE n = 3"),
        ("all taken out", "DELETE FROM access"),
        ("one put in", "INSERT INTO access (n, at, who, what, detail, hash) VALUES (4, 0, 'Tom', 1, 'page', x'00')"),
        ("the end moved", "DELETE FROM meta WHERE key = 'access'"),
    ] {
        let (mut store, _) = store();
        let ana = add_client(&mut store, "Ana");
        for detail in ["page", "timeline", "history"] {
            store.note_view(ana, detail).unwrap();
        }
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
        store.db.execute_batch(sql).unwrap();
        let report = store.check().unwrap();
        assert!(
            !report.ok && report.problems.iter().all(|problem| problem.contains("access list")),
            "{what}: {report:?}"
        );
    }
}

/// A release to County Housing that covers these, until the end of November.
fn release(store: &mut Store, of: RowId, what: &[Information]) -> RowId {
    let row = store.new_id();
    let mut change = Change::new("add consent");
    change
        .create(&consent::TYPE, row, of)
        .set(row, consent::to, "County Housing")
        .set(row, consent::purpose, "coordinate housing")
        .set(row, consent::until, Value::Date("2026-11-30".parse().unwrap()))
        .set(row, consent::form, "written");
    for one in what {
        change.member(row, consent::what, one.code(), true);
    }
    store.commit(&change).unwrap();
    row
}

#[test]
fn a_whole_file_tells_what_was_deleted_and_what_was_overwritten_too() {
    let (mut store, _) = store();
    let practice = Practice::standard();
    let ana = add_client(&mut store, "Ana");
    let (own_plan, own_goal) = (store.new_id(), store.new_id());
    let mut change = Change::new("add");
    change.create(&plan::TYPE, own_plan, ana).set(own_plan, plan::kind, "service-plan");
    change.create(&goal::TYPE, own_goal, ana).set(own_goal, goal::words, "Sleep through").set(
        own_goal,
        goal::domain,
        "substance-use",
    );
    store.commit(&change).unwrap();
    let told = all_told(&store, &practice, ana).unwrap();
    assert!(told.contains(&Information::SubstanceUse) && told.contains(&Information::Needs), "{told:?}");
    let mut change = Change::new("edit");
    change.set(own_goal, goal::domain, "housing");
    store.commit(&change).unwrap();
    assert!(all_told(&store, &practice, ana).unwrap().contains(&Information::SubstanceUse), "overwritten");
    let mut change = Change::new("delete");
    change.delete(&goal::TYPE, own_goal);
    store.commit(&change).unwrap();
    assert!(all_told(&store, &practice, ana).unwrap().contains(&Information::SubstanceUse), "deleted");
    assert!(!told.contains(&Information::Income));
}

#[test]
fn what_is_given_stands_in_the_clients_own_file_even_when_its_row_is_deleted() {
    let (mut store, minutes) = store();
    let practice = Practice::standard();
    let ana = add_client(&mut store, "Ana");
    let own = release(&mut store, ana, &[Information::Needs]);
    let what = [Information::Needs, Information::Notes].into();
    let asked = |store: &Store, without: Option<&Override>| {
        may_leave(store, &practice, ana, Recipient::Other("county housing"), &what, without).unwrap()
    };
    let permission = asked(&store, None);
    let given = Disclosed {
        client: ana,
        to: "County Housing",
        what: "plan of 3 Nov 2026",
        purpose: "voucher",
        how: DisclosureWay::Print,
        permission: &permission,
        without: None,
    };
    disclose(&mut store, &given).unwrap();
    let kept = store.disclosures(ana).unwrap();
    assert_eq!(kept.len(), 1);
    let row = &kept[0].0;
    assert_eq!((row.text(disclosure::to), row.link(disclosure::consent)), ("County Housing", Some(own)));
    assert_eq!(row.text(disclosure::withheld), "Notes");
    assert!(all(&store, ana).contains(&(Deed::Printed, "plan of 3 Nov 2026 to County Housing".into())));
    // Without a release, with a reason: both lists say so.
    let without = Override::new(Ground::CourtOrder, "order of 20 Nov").unwrap();
    let permission = asked(&store, Some(&without));
    assert!(permission.is_whole() && permission.is_overridden());
    disclose(&mut store, &Disclosed { permission: &permission, without: Some(&without), ..given }).unwrap();
    let said = all(&store, ana);
    assert!(
        said.iter().any(|(deed, detail)| *deed == Deed::Overridden && detail.contains("order of 20 Nov")),
        "{said:?}"
    );
    store.undo().unwrap();
    let kept = store.disclosures(ana).unwrap();
    assert_eq!(kept.iter().filter(|(_, gone)| *gone).count(), 1, "what left has left");
    assert!(kept.iter().any(|(row, _)| row.text(disclosure::overridden).contains("45 CFR 164.512(e)")));
    // Taken back: from this minute on it permits nothing.
    minutes.store(30, Ordering::Relaxed);
    let mut change = Change::new("take back release");
    change.set(own, consent::revoked, Value::Time(store.now()));
    store.commit(&change).unwrap();
    assert!(asked(&store, None).allowed.is_empty());
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn the_list_comes_back_from_a_backup_as_it_was_altered_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let worker = Worker {
        id: RowId::derived(&["rosa"]),
        name: "Rosa Ortiz".into(),
        credentials: String::new(),
        area: String::new(),
    };
    let passphrase = crate::store::Passphrase::new("otter lamp seven canal");
    let clock = crate::store::wall_clock;
    let (mut store, key) = Store::create(&folder.path().join("a.db"), &passphrase, &worker, clock()).unwrap();
    let ana = add_client(&mut store, "Ana");
    for view in ["page", "timeline", "safety plan"] {
        store.note_view(ana, view).unwrap();
    }
    let restored = |store: &Store, name: &str| {
        let backup = store.backup(&folder.path().join(name)).unwrap();
        let to = folder.path().join(format!("{name}.db"));
        Store::restore(&backup, &key, &to, &passphrase, clock()).unwrap().0
    };
    let mut whole = restored(&store, "whole");
    assert_eq!(all(&whole, ana), all(&store, ana));
    assert_eq!(whole.access_troubles().unwrap(), [""; 0]);
    whole.note_view(ana, "notes").unwrap();
    assert_eq!((all(&whole, ana).len(), whole.access_troubles().unwrap()), (all(&store, ana).len() + 1, vec![]));
    // A backup of a list that somebody altered hides nothing of that.
    store.db.execute("DELETE FROM access WHERE n = 2", []).unwrap();
    let troubles = store.access_troubles().unwrap();
    assert!(!troubles.is_empty());
    assert_eq!(restored(&store, "altered").access_troubles().unwrap(), troubles);
    // Nor does the backup of one that was written anew to its end: no backup holds the key that signs.
    let (mut store, key) = Store::create(&folder.path().join("b.db"), &passphrase, &worker, clock()).unwrap();
    for view in ["page", "timeline", "safety plan"] {
        store.note_view(ana, view).unwrap();
    }
    rewrite(&store);
    let backup = store.backup(&folder.path().join("rewritten")).unwrap();
    let (back, _) = Store::restore(&backup, &key, &folder.path().join("back.db"), &passphrase, clock()).unwrap();
    let back = back.access_troubles().unwrap();
    assert_eq!(back, ["the end of the access list is not signed by this installation"]);
}
