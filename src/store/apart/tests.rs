//! Notes kept apart are in no table, no bundle and no undo, and come along with the file and nothing else.

use super::*;
use crate::model::Change;
use crate::model::records::client;
use crate::store::tests::{clock, dump, id};
use crate::store::{RowId, Worker};

fn store() -> Store {
    let worker = Worker { id: id(9), name: "Rosa".into(), credentials: "LCSW".into(), area: String::new() };
    let mut store = Store::in_memory(&worker, clock()).unwrap();
    let mut change = Change::new("add client");
    change.create(&client::TYPE, id(1), id(1)).set(id(1), client::given_name, "Ana");
    store.commit(&change).unwrap();
    store
}

fn write(store: &mut Store, words: &str) -> RowId {
    let now = store.now();
    store.write_apart(id(1), Apart::Psychotherapy, now, words).unwrap()
}

#[test]
fn what_is_kept_apart_is_in_no_table_and_no_chain_that_anyone_is_given() {
    let mut store = store();
    let (tables, chains) = (dump(&store), store.chains(None).unwrap());
    let since = store.chains_since(0, None).unwrap().0;
    write(&mut store, "what she remembers of the fire");
    assert_eq!(dump(&store), tables);
    assert_eq!(store.chains(None).unwrap(), chains);
    assert_eq!(store.chains_since(0, None).unwrap().0, since);
    let own = [stream_apart(id(9))].into();
    assert_eq!(store.chains(Some(&own)).unwrap(), []);
    assert!(store.search("fire", 10).unwrap().is_empty());
    let report = store.check().unwrap();
    assert!(report.ok, "{:?}", report.problems);
}

#[test]
fn it_is_changed_removed_and_not_undone_and_the_view_is_on_the_record() {
    let mut store = store();
    let note = write(&mut store, "first words");
    store.change_apart(note, "other words").unwrap();
    let found = store.notes_apart(id(1)).unwrap();
    assert_eq!(found.iter().map(|note| note.body.as_str()).collect::<Vec<_>>(), ["other words"]);
    let today = store.now().date_naive();
    let looked = store.accesses(id(1), today, today).unwrap();
    assert!(looked.iter().any(|one| one.deed == Deed::Viewed && one.detail == "notes kept apart"), "{looked:?}");
    // What an undo takes back is the last thing that was done in the chart.
    assert_eq!(store.undoable().unwrap().unwrap().label, "add client");
    store.remove_apart(note).unwrap();
    assert_eq!(store.notes_apart(id(1)).unwrap(), []);
    assert!(matches!(store.change_apart(note, "again"), Err(StoreError::NoRow(_))));
    assert!(matches!(store.write_apart(id(7), Apart::Psychotherapy, store.now(), "x"), Err(StoreError::NoRow(_))));
}

#[test]
fn it_is_erased_with_the_whole_file() {
    let mut store = store();
    let kept = write(&mut store, "first words");
    store.change_apart(kept, "other words").unwrap();
    let removed = write(&mut store, "removed words");
    store.remove_apart(removed).unwrap();
    let plan = store.to_erase_apart(id(1)).unwrap();
    assert!(plan.values >= 8, "{plan:?}");
    store.erase(&plan, "Retention, 10 years").unwrap();
    assert_eq!(store.notes_apart(id(1)).unwrap(), []);
    for batch in journal::of_stream(&store.db, stream_apart(id(9))).unwrap() {
        for entry in batch.entries().unwrap().iter().filter(|entry| entry.record == APART) {
            assert!(!matches!(entry.content, Content::Value(_)), "{entry:?}");
        }
    }
    assert_eq!(store.to_erase_apart(id(1)).unwrap().values, 0);
    let report = store.check().unwrap();
    assert!(report.ok, "{:?}", report.problems);
}

#[test]
fn it_is_given_by_an_authorization_in_force_and_that_is_kept() {
    let mut store = store();
    let note = write(&mut store, "first words");
    let today = store.now().date_naive();
    let (before, after) = (today.pred_opt().unwrap(), today.succ_opt().unwrap());
    let by = |to, signed, until| Authorization { to, purpose: "her new therapist", signed, until };
    for wrong in [by("Dr. Who", after, after), by("Dr. Who", before, before), by(" ", before, today)] {
        assert!(matches!(store.give_apart(note, &wrong), Err(StoreError::NotAuthorized)), "{wrong:?}");
    }
    assert!(store.note_apart(note).unwrap().unwrap().given.is_empty());
    assert_eq!(store.give_apart(note, &by("Dr. Who", before, today)).unwrap().body, "first words");
    let given = store.note_apart(note).unwrap().unwrap().given;
    assert!(given.len() == 1 && given[0].contains("Dr. Who"), "{given:?}");
    let looked = store.accesses(id(1), today, today).unwrap();
    assert!(looked.iter().any(|one| one.deed == Deed::Printed && one.detail.contains("Dr. Who")), "{looked:?}");
}
