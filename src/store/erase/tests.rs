//! What an order takes out, and what it leaves.

use chrono::{DateTime, Duration};

use super::*;
use crate::model::records::{client, incident, note};
use crate::model::{Change, FieldId, RecordType};
use crate::store::wire::MISSING;
use crate::store::{Clock, Passphrase, Worker};

fn clock() -> Clock {
    let start = DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap();
    let ticks = std::sync::atomic::AtomicI64::new(0);
    std::sync::Arc::new(move || start + Duration::seconds(ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
}

fn worker() -> Worker {
    let id = RowId::derived(&["rosa"]);
    Worker { id, name: "Rosa Ortiz".into(), credentials: String::new(), area: String::new() }
}

fn memory() -> Store {
    Store::in_memory(&worker(), clock()).unwrap()
}

fn id(name: &str) -> RowId {
    RowId::derived(&["erase", name])
}

fn ana(store: &mut Store) -> RowId {
    let ana = id("ana");
    let mut change = Change::new("add client");
    change.create(&client::TYPE, ana, ana).set(ana, client::given_name, "Ana").set(ana, client::phone, "555-0142");
    store.commit(&change).unwrap();
    ana
}

fn set(store: &mut Store, row: RowId, field: FieldId, value: impl Into<Value>) {
    let mut change = Change::new("edit");
    change.set(row, field, value);
    store.commit(&change).unwrap();
}

fn note_of(store: &mut Store, client: RowId, body: &str) -> RowId {
    let row = store.new_id();
    let mut change = Change::new("log contact");
    change.create(&note::TYPE, row, client).set(row, note::when, store.now()).set(row, note::kind, "phone").set(
        row,
        note::body,
        body,
    );
    store.commit(&change).unwrap();
    row
}

fn erase(store: &mut Store, stream: RowId, target: &Target) -> ToErase {
    let plan = store.to_erase(stream, std::slice::from_ref(target), "what it is").unwrap();
    store.erase(&plan, "Order 12 CV 345 of the county court").unwrap();
    plan
}

fn shown(store: &Store, record: &'static RecordType, row: RowId, field: FieldId) -> String {
    store.row_of(record, row).unwrap().unwrap().text(field).to_string()
}

#[track_caller]
fn sound(store: &Store) {
    assert_eq!(store.check().unwrap().problems, [] as [String; 0]);
}

#[test]
fn an_erased_value_is_gone_from_every_corner_and_the_rest_stands() {
    let mut store = memory();
    let row = ana(&mut store);
    set(&mut store, row, client::phone, "555-0199");
    set(&mut store, row, client::about, "Speaks of the Zanzibar house");
    let kept = note_of(&mut store, row, "called about the rent");
    assert_eq!(store.search("zanzibar", 5).unwrap().len(), 1);
    assert!(store.holds_anywhere("555-0142").is_some() && store.holds_anywhere("zanzibar").is_some());

    let plan = erase(&mut store, row, &Target::Field(row, client::phone));
    assert_eq!((plan.values, plan.of_others.len()), (2, 0), "the earlier number too");
    erase(&mut store, row, &Target::Field(row, client::about));
    for gone in ["555-0142", "555-0199", "Zanzibar", "zanzibar"] {
        assert_eq!(store.holds_anywhere(gone), None, "{gone}");
    }
    assert_eq!(store.search("zanzibar", 5).unwrap().len(), 0);
    assert_eq!(shown(&store, &client::TYPE, row, client::phone), "");
    assert_eq!(shown(&store, &client::TYPE, row, client::given_name), "Ana");
    assert_eq!(store.search("rent", 5).unwrap()[0].row, kept);
    let history = store.history(row).unwrap();
    let phones: Vec<String> = history.iter().filter(|one| one.field == "phone").map(|one| one.to.plain()).collect();
    assert_eq!(phones, ["(erased)", "(erased)"]);
    sound(&store);
    let orders = store.rows(&erasure::TYPE, row).unwrap();
    assert_eq!(orders.len(), 2);
    assert_eq!(orders[0].text(erasure::who), "Rosa Ortiz");

    // Another number goes in and is as good as any; and the journal alone gives the same.
    set(&mut store, row, client::phone, "555-0111");
    let before = crate::store::tests::dump(&store);
    store.rebuild().unwrap();
    assert_eq!(crate::store::tests::dump(&store), before);
    assert_eq!(shown(&store, &client::TYPE, row, client::phone), "555-0111");
    sound(&store);
}

#[test]
fn neither_undo_nor_an_import_brings_it_back() {
    let mut store = memory();
    let row = ana(&mut store);
    set(&mut store, row, client::phone, "555-0199");
    let draft = |phone: &str| crate::store::Draft {
        record: &client::TYPE,
        row: id("ben"),
        stream: id("ben"),
        values: vec![(client::given_name, "Ben".into()), (client::phone, phone.into())],
        members: Vec::new(),
    };
    let mut go = |_: usize, _: usize| std::ops::ControlFlow::Continue(());
    store.import("csv", &[draft("555-0177")], false, &mut go).unwrap();

    erase(&mut store, row, &Target::Field(row, client::phone));
    assert!(matches!(store.undo(), Err(StoreError::ErasedForGood)));
    erase(&mut store, id("ben"), &Target::Field(id("ben"), client::phone));
    store.import("csv", &[draft("555-0177")], false, &mut go).unwrap();
    assert_eq!(store.holds_anywhere("555-0177"), None);

    // An edit over it is undone to nothing, not to what it was.
    set(&mut store, row, client::phone, "555-0111");
    store.undo().unwrap();
    assert_eq!(shown(&store, &client::TYPE, row, client::phone), "");
    sound(&store);
}

#[test]
fn the_record_of_what_was_given_out_stays() {
    let mut store = memory();
    let row = ana(&mut store);
    note_of(&mut store, row, "the Zanzibar house");
    let given = id("given");
    let mut change = Change::new("give");
    change
        .create(&disclosure::TYPE, given, row)
        .set(given, disclosure::when, store.now())
        .set(given, disclosure::to, "Legal Aid Bureau")
        .set(given, disclosure::what, "summary");
    store.commit(&change).unwrap();
    store.note_view(row, "on the screen").unwrap();
    let day: chrono::NaiveDate = "2026-11-24".parse().unwrap();
    let looked = |store: &Store| {
        let all = store.accesses(row, day, day).unwrap().into_iter();
        all.filter(|one| one.deed != crate::store::Deed::Changed).collect::<Vec<_>>()
    };
    let before = looked(&store);
    assert!(!before.is_empty());

    let plan = erase(&mut store, row, &Target::File);
    assert_eq!(plan.stay, 3);
    for gone in ["Ana", "555-0142", "Zanzibar"] {
        assert_eq!(store.holds_anywhere(gone), None, "{gone}");
    }
    assert_eq!(shown(&store, &disclosure::TYPE, given, disclosure::to), "Legal Aid Bureau");
    assert_eq!(looked(&store), before);
    sound(&store);
    // Nor does an order that names it outright.
    let stretches: Vec<Stretch> = {
        let batches = journal::of_stream(&store.db, row).unwrap();
        let all = batches.iter().map(|batch| Stretch {
            site: batch.header.site,
            first: batch.header.first,
            next: batch.header.first + batch.count,
            head: head_of(&batch.hash),
        });
        all.collect()
    };
    let plan = ToErase { stream: Some(row), what: "everything".into(), stretches, ..ToErase::default() };
    store.erase(&plan, "none").unwrap();
    assert_eq!(shown(&store, &disclosure::TYPE, given, disclosure::to), "Legal Aid Bureau");
    assert_eq!(store.rows(&erasure::TYPE, row).unwrap().len(), 2);
    sound(&store);
}

#[test]
fn a_legal_hold_stands_over_an_order() {
    let mut store = memory();
    let row = ana(&mut store);
    set(&mut store, row, client::hold, true);
    let refused = store.to_erase(row, &[Target::Field(row, client::phone)], "Phone");
    assert!(matches!(refused, Err(StoreError::Held)));
}

#[test]
fn an_order_that_names_nothing_it_rests_on_is_none() {
    let mut store = memory();
    let row = ana(&mut store);
    let plan = store.to_erase(row, &[Target::Field(row, client::phone)], "Phone").unwrap();
    assert!(store.erase(&plan, "  ").is_err());
    // Written past the door: a row without its order, and one that means another batch at the same place.
    for (order, head) in [(None, plan.stretches[0].head), (Some("an order"), [7; 8])] {
        let order_row = store.new_id();
        let stretch = Stretch { head, ..plan.stretches[0] };
        let action = super::super::commit::Action { label: "erase", origin: "", undoes: None };
        let put = |writer: &mut super::super::commit::Writer<'_>| -> Result<()> {
            writer.create(&erasure::TYPE, order_row, row)?;
            if let Some(order) = order {
                let value = Value::text(order).encoded();
                writer.put(erasure::TYPE.number, order_row, erasure::order.field, "", value, None)?;
            }
            let (number, key) = (erasure::TYPE.number, stretch.written());
            writer.put(number, order_row, erasure::entries.field, &key, Value::Yes(true).encoded(), None)
        };
        store.write(action, true, &mut |_, _| std::ops::ControlFlow::Continue(()), |writer, _| put(writer)).unwrap();
        assert_eq!(shown(&store, &client::TYPE, row, client::phone), "555-0142");
    }
    sound(&store);
}

#[test]
fn with_a_signed_note_go_the_words_under_its_signature() {
    let mut store = memory();
    let row = ana(&mut store);
    let note = note_of(&mut store, row, "said that the Zanzibar house burned");
    store.sign_note(note, 24).unwrap();
    store.add_addendum(note, "it was Zanzibar Street").unwrap();
    let other = note_of(&mut store, row, "called about the rent");
    store.sign_note(other, 24).unwrap();
    erase(&mut store, row, &Target::Row(note));
    assert_eq!(store.holds_anywhere("Zanzibar"), None);
    assert_eq!(store.search("rent", 5).unwrap()[0].row, other);
    sound(&store);
}

#[test]
fn what_was_being_typed_about_it_goes_too() {
    let mut store = memory();
    let row = ana(&mut store);
    let other = id("other");
    let draft = |row: RowId| serde_json::json!({"row": row.to_string(), "typed": "555-0142"});
    store.set_local("draft", Some(draft(row).to_string().as_bytes())).unwrap();
    let both = serde_json::json!([draft(row), draft(other)]).to_string();
    store.set_local("assessments", Some(both.as_bytes())).unwrap();
    store.set_local("timer", Some(draft(other).to_string().as_bytes())).unwrap();
    erase(&mut store, row, &Target::Field(row, client::phone));
    assert_eq!(store.local("draft").unwrap(), None);
    let left: Vec<serde_json::Value> = serde_json::from_slice(&store.local("assessments").unwrap().unwrap()).unwrap();
    assert_eq!(left, [draft(other)]);
    assert!(store.local("timer").unwrap().is_some());
}

#[test]
fn a_crisis_told_twice_is_erased_twice() {
    let mut store = memory();
    let row = ana(&mut store);
    let happened = store.new_id();
    let mut change = Change::new("log incident");
    change
        .create(&incident::TYPE, happened, row)
        .set(happened, incident::began, store.now())
        .set(happened, incident::kind, "violence")
        .set(happened, incident::called, "the house in Zanzibar");
    store.commit(&change).unwrap();
    erase(&mut store, row, &Target::Row(happened));
    assert_eq!(store.holds_anywhere("Zanzibar"), None);
    sound(&store);
}

#[test]
fn a_value_that_is_missing_is_shown_as_such_and_told_until_it_is_written_over() {
    for anew in [false, true] {
        let mut store = memory();
        let row = ana(&mut store);
        let site = store.site();
        set(&mut store, row, client::safe_contact, "never call the house");
        assert_eq!(store.blank(row, site, &|index| index == 3, anew).unwrap(), 1);
        store.rebuild().unwrap();
        assert_eq!(shown(&store, &client::TYPE, row, client::safe_contact), MISSING);
        let report = store.check().unwrap();
        assert!(!report.ok && report.problems[0].contains("1 value is missing here, from entry 3 on"), "{report:?}");
        assert_eq!(report.problems, report.missing);
        assert_eq!(store.missing().unwrap().len(), 1);
        let history = store.history(row).unwrap();
        assert_eq!(history.last().unwrap().to.plain(), MISSING);
        // Written over, the history still lacks it, and that is no alarm any more.
        set(&mut store, row, client::safe_contact, "text her sister");
        let report = store.check().unwrap();
        assert!(report.ok && report.missing.len() == 1, "{report:?}");
        assert!(matches!(store.undo(), Err(StoreError::Missing)), "undo would write the emptiness over it");
        // And who wrote it may say that it is to be so.
        erase(&mut store, row, &Target::Field(row, client::safe_contact));
        assert_eq!(store.missing().unwrap(), []);
        assert!(store.check().unwrap().missing.is_empty());
    }
}

#[test]
fn the_next_backup_holds_nothing_of_it_and_restores() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = Passphrase::new("otter lamp seven canal");
    let (mut store, key) = Store::create(&folder.path().join("caseload.db"), &passphrase, &worker(), clock()).unwrap();
    let row = ana(&mut store);
    let before = store.backup(folder.path()).unwrap();
    erase(&mut store, row, &Target::Field(row, client::phone));
    let wal = folder.path().join("caseload.db-wal");
    assert_eq!(std::fs::metadata(&wal).map_or(0, |wal| wal.len()), 0, "nothing lies beside the file");
    let after = store.backup(folder.path()).unwrap();
    for (backup, name, holds) in [(before, "one.db", true), (after, "two.db", false)] {
        let (restored, _) = Store::restore(&backup, &key, &folder.path().join(name), &passphrase, clock()).unwrap();
        assert_eq!(restored.holds_anywhere("555-0142").is_some(), holds);
        sound(&restored);
    }
}
