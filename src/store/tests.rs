//! The promises of the store that need its insides.

use std::ops::ControlFlow;

use chrono::{DateTime, NaiveDate};
use proptest::prelude::*;
use tempfile::tempdir;

use super::*;
use crate::model::records::{client, goal, incident, note, step, task};
use crate::model::{Change, FieldId, RecordType, Value};

pub(crate) mod on_disk;

fn worker() -> Worker {
    Worker { id: RowId::derived(&["rosa"]), name: "Rosa Ortiz".into(), credentials: "LCSW".into(), area: String::new() }
}

/// A clock that moves on a second at each look.
pub(crate) fn clock() -> Clock {
    let start = DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap();
    let ticks = std::sync::atomic::AtomicI64::new(0);
    Arc::new(move || start + chrono::Duration::seconds(ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
}

fn memory() -> Store {
    Store::in_memory(&worker(), clock()).unwrap()
}

pub(crate) fn id(number: u8) -> RowId {
    RowId::derived(&["test", &number.to_string()])
}

fn add_client(store: &mut Store, number: u8) -> RowId {
    let row = id(number);
    let mut change = Change::new("add client");
    change.create(&client::TYPE, row, row).set(row, client::given_name, format!("Client {number}"));
    store.commit(&change).unwrap();
    row
}

fn set(store: &mut Store, row: RowId, field: FieldId, value: impl Into<Value>) -> Receipt {
    let mut change = Change::new("edit");
    change.set(row, field, value);
    store.commit(&change).unwrap()
}

/// Every table that the journal makes, as text: what must come back to the byte.
pub(crate) fn dump(store: &Store) -> Vec<String> {
    let mut lines = Vec::new();
    let tables: Vec<String> = store
        .db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND (name LIKE 'row\\_%' ESCAPE '\\' OR name IN ('facts', 'joined', 'held', 'conflict', 'doc')) ORDER BY name")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for table in tables {
        // A document's number is only its place in the index.
        let columns = if table == "doc" { "row, record" } else { "*" };
        let mut query = store.db.prepare(&format!("SELECT {columns} FROM {table} ORDER BY 1, 2")).unwrap();
        let columns = query.column_count();
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<rusqlite::types::Value> = (0..columns).map(|at| row.get(at).unwrap()).collect();
            lines.push(format!("{table} {values:?}"));
        }
    }
    lines
}

/// Every table there is, as text: what must not change where nothing is to change. Of the search index only what stands in it.
pub(crate) fn everything(store: &Store) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";
    let mut query = store.db.prepare(sql).unwrap();
    let tables: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let mut lines = Vec::new();
    for table in tables.iter().filter(|table| !["doc_text", "doc_people"].contains(&table.as_str())) {
        let mut query = store.db.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns = query.column_count();
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<rusqlite::types::Value> = (0..columns).map(|at| row.get(at).unwrap()).collect();
            lines.push(format!("{table} {values:?}"));
        }
    }
    lines
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Client(u8),
    Name(u8, String),
    Phone(u8, Option<String>),
    Tag(u8, u8, bool),
    /// One client is told to be the same person as another, or no longer.
    Same(u8, Option<u8>),
    Child(u8, u8, u8),
    Edit(u8, u8, String),
    Delete(u8),
    Undo,
    Redo,
    Import(u8, String),
    /// A client is closed, or opened again.
    Status(u8, bool),
    Crisis(u8, Option<String>),
    /// A crisis begins, goes on, is over or not.
    Begin(u8, u8),
    Write(u8, String),
    Over(u8, Option<u8>),
}

/// The ids of incidents, apart from those of all others.
pub(crate) fn incident_row(number: u8) -> RowId {
    id(30 + number)
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let few = 0u8..4;
    prop_oneof![
        few.clone().prop_map(Op::Client),
        (few.clone(), "[a-z]{0,6}").prop_map(|(c, text)| Op::Name(c, text)),
        (few.clone(), proptest::option::of("[0-9]{3}")).prop_map(|(c, text)| Op::Phone(c, text)),
        (few.clone(), 0u8..3, any::<bool>()).prop_map(|(c, tag, on)| Op::Tag(c, tag, on)),
        (few.clone(), proptest::option::of(few.clone())).prop_map(|(c, other)| Op::Same(c, other)),
        (few.clone(), 10u8..20, 0u8..4).prop_map(|(c, row, kind)| Op::Child(c, row, kind)),
        (10u8..20, 0u8..4, "[a-z]{1,6}").prop_map(|(row, kind, text)| Op::Edit(row, kind, text)),
        (10u8..20).prop_map(Op::Delete),
        Just(Op::Undo),
        Just(Op::Redo),
        settling(),
        (few, "[a-z]{1,4}").prop_map(|(c, text)| Op::Import(c, text)),
    ]
}

/// What settles something, and what speaks against it.
pub(crate) fn settling() -> impl Strategy<Value = Op> {
    prop_oneof![
        (0u8..2, any::<bool>()).prop_map(|(c, closed)| Op::Status(c, closed)),
        (0u8..2, proptest::option::of("[a-b]")).prop_map(|(c, text)| Op::Crisis(c, text)),
        (0u8..2).prop_map(|row| Op::Begin(row, row)),
        (0u8..2, "[a-c]{1,2}").prop_map(|(row, text)| Op::Write(row, text)),
        (0u8..2, proptest::option::of(0u8..5)).prop_map(|(row, over)| Op::Over(row, over)),
    ]
}

const CHILDREN: [(&RecordType, FieldId); 4] =
    [(&goal::TYPE, goal::words), (&step::TYPE, step::what), (&task::TYPE, task::what), (&note::TYPE, note::body)];

pub(crate) fn run(store: &mut Store, op: &Op) {
    let mut change = Change::new("act");
    match op {
        Op::Client(c) => {
            change.create(&client::TYPE, id(*c), id(*c)).set(id(*c), client::given_name, format!("Client {c}"));
        }
        Op::Name(c, text) => {
            change.set(id(*c), client::family_name, text.as_str());
        }
        Op::Phone(c, text) => {
            change.set(id(*c), client::phone, text.clone());
        }
        Op::Same(c, other) => {
            change.set(id(*c), client::same_as, other.map_or(Value::Empty, |other| Value::Link(id(other))));
        }
        Op::Tag(c, tag, on) => {
            change.member(id(*c), client::tags, format!("tag{tag}"), *on);
        }
        Op::Child(c, row, kind) => {
            let (record, field) = CHILDREN[usize::from(*kind)];
            change.create(record, id(*row), id(*c)).set(id(*row), field, "first words");
            if *record == note::TYPE {
                change.set(id(*row), note::when, clock()()).set(id(*row), note::kind, "phone");
            }
        }
        Op::Edit(row, kind, text) => {
            change.set(id(*row), CHILDREN[usize::from(*kind)].1, text.as_str());
        }
        Op::Delete(row) => {
            let Some(found) = store.row(id(*row)).unwrap() else { return };
            change.delete(found.record, id(*row));
        }
        Op::Status(c, closed) => {
            change.set(id(*c), client::status, if *closed { "closed" } else { "active" });
        }
        Op::Crisis(c, text) => {
            change.set(id(*c), client::crisis, text.clone());
        }
        Op::Begin(c, row) => {
            let row = incident_row(*row);
            change.create(&incident::TYPE, row, id(*c));
            change.set(row, incident::kind, "suicide").set(row, incident::began, clock()());
        }
        Op::Write(row, text) => {
            change.set(incident_row(*row), incident::what, text.as_str());
        }
        Op::Over(row, over) => {
            let at = |minutes: u8| clock()() + chrono::Duration::minutes(minutes.into());
            change.set(incident_row(*row), incident::resolved, over.map(at));
        }
        Op::Undo => return drop(store.undo()),
        Op::Redo => return drop(store.redo()),
        Op::Import(c, text) => {
            let draft = Draft {
                record: &client::TYPE,
                row: id(*c),
                stream: id(*c),
                values: vec![(client::family_name, text.as_str().into()), (client::opened, day("2026-01-05").into())],
                members: vec![(client::tags, "imported".into())],
            };
            store.import("sheet", &[draft], false, &mut |_, _| ControlFlow::Continue(())).unwrap();
            return;
        }
    }
    // Refused changes (a row that is not there, an id that is taken) must leave no trace: the check below sees to it.
    let _ = store.commit(&change);
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn replaying_the_journal_gives_identical_tables(ops in prop::collection::vec(op(), 1..40)) {
        let mut store = memory();
        for op in &ops {
            run(&mut store, op);
        }
        let before = dump(&store);
        let report = store.check().unwrap();
        prop_assert!(report.ok, "{:?}", report.problems);
        store.rebuild().unwrap();
        prop_assert_eq!(dump(&store), before);
    }

    #[test]
    fn undo_and_redo_walk_the_same_path_back_and_forth(ops in prop::collection::vec(op(), 1..16)) {
        let mut store = memory();
        add_client(&mut store, 0);
        let mut shown = vec![visible(&store)];
        for op in ops.iter().filter(|op| !matches!(op, Op::Undo | Op::Redo)) {
            let before = store.history_length();
            run(&mut store, op);
            if store.history_length() != before {
                shown.push(visible(&store));
            }
        }
        for want in shown.iter().rev().skip(1) {
            prop_assert!(store.undo().unwrap().is_some());
            prop_assert_eq!(&visible(&store), want);
        }
        for want in shown.iter().skip(1) {
            prop_assert!(store.redo().unwrap().is_some());
            prop_assert_eq!(&visible(&store), want);
        }
        prop_assert!(store.redo().unwrap().is_none());
        prop_assert!(store.check().unwrap().ok);
    }
}

impl Store {
    fn history_length(&self) -> i64 {
        self.db.query_row("SELECT count(*) FROM batch", [], |row| row.get(0)).unwrap()
    }
}

/// Rows that stand in the stream of a client who is gone, and that another wrote than whoever took the client away.
pub(crate) fn taken_away(store: &Store) -> Vec<RowId> {
    let mut hidden = Vec::new();
    for stream in (0..4).map(id) {
        let Some(person) = projection::load(&store.db, &client::TYPE, stream).unwrap() else { continue };
        if person.presence() != cell::Presence::Gone {
            continue;
        }
        let by: Vec<crate::model::SiteId> =
            person.heads(wire::ROW_ITSELF, "").iter().map(|head| head.at.site).collect();
        for state in projection::replay(&store.db, stream).unwrap().into_states() {
            let said = state.cells.iter().filter(|((field, _), _)| !settle::is_bookkeeping(*field));
            let by_others = said.flat_map(|(_, cell)| &cell.heads).any(|head| !by.contains(&head.at.site));
            if state.presence() != cell::Presence::Gone && by_others {
                hidden.push(state.id);
            }
        }
    }
    hidden
}

/// What a person sees of all clients: rows without their ids' history.
fn visible(store: &Store) -> Vec<serde_json::Value> {
    let mut seen = Vec::new();
    for number in 0..20 {
        seen.extend(store.row(id(number)).unwrap().map(|row| {
            let mut json = row.to_json();
            json.as_object_mut().unwrap().remove("conflicts");
            json
        }));
    }
    seen
}

#[test]
fn a_change_is_saved_shown_found_and_told() {
    let mut store = memory();
    let maria = add_client(&mut store, 1);
    let receipt = set(&mut store, maria, client::phone, "555-0142");
    assert_eq!(receipt.facts[0].own_phones, ["555-0142"]);
    assert_eq!(store.row(maria).unwrap().unwrap().text(client::phone), "555-0142");
    let history = store.history(maria).unwrap();
    let last = history.last().unwrap();
    assert_eq!((last.field.as_str(), last.to.plain().as_str(), last.who.as_str()), ("phone", "555-0142", "Rosa Ortiz"));
    assert_eq!(store.search("clie", 5).unwrap()[0].client, maria);
    assert_eq!(set(&mut store, maria, client::phone, "555-0142").rows, [], "the same value is not written again");
}

#[test]
fn an_import_never_overwrites_what_was_edited_here() {
    let mut store = memory();
    let row = id(1);
    let import = |store: &mut Store, name: &str, phone: &str| {
        let values = vec![(client::family_name, name.into()), (client::phone, phone.into())];
        let draft = Draft { record: &client::TYPE, row, stream: row, values, members: vec![] };
        store.import("hmis", &[draft], false, &mut |_, _| ControlFlow::Continue(())).unwrap()
    };
    assert_eq!(import(&mut store, "Delgado", "1").created["client"], 1);
    assert_eq!(import(&mut store, "Delgado", "1").unchanged["client"], 1);
    // Only the file changed: taken.
    assert_eq!(import(&mut store, "Delgado", "2").updated["client"], 1);
    // Edited here, the file as before: the edit stays.
    set(&mut store, row, client::phone, "555-0142");
    let taken = import(&mut store, "Delgado", "2");
    assert_eq!((taken.unchanged["client"], taken.conflicts), (1, 0));
    // Both changed: both kept, ours shown, and counted.
    let taken = import(&mut store, "Delgado", "3");
    assert_eq!((taken.updated["client"], taken.conflicts), (1, 1));
    let shown = store.row(row).unwrap().unwrap();
    assert_eq!(shown.text(client::phone), "555-0142");
    assert_eq!(shown.disagreements[0].sides, [Value::text("555-0142"), Value::text("3")]);
    assert_eq!(store.facts(row).unwrap().unwrap().conflicts, 1);
    assert_eq!(import(&mut store, "Delgado", "3").unchanged["client"], 1);
    // Choosing settles it.
    set(&mut store, row, client::phone, "3");
    assert!(store.row(row).unwrap().unwrap().disagreements.is_empty());
    assert!(store.check().unwrap().ok);
}

#[test]
fn an_import_that_is_stopped_or_only_tried_changes_nothing() {
    let mut store = memory();
    let drafts: Vec<Draft> = (1..200)
        .map(|n| Draft {
            record: &client::TYPE,
            row: id(n),
            stream: id(n),
            values: vec![(client::given_name, "A".into())],
            members: vec![],
        })
        .collect();
    let before = dump(&store);
    let stopped = store.import("hmis", &drafts, false, &mut |done, _| {
        if done > 60 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(StoreError::Stopped)));
    let tried = store.import("hmis", &drafts, true, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(tried.created["client"], 199);
    assert_eq!(dump(&store), before);
    store.import("hmis", &drafts, false, &mut |_, _| ControlFlow::Continue(())).unwrap();
    store.undo().unwrap().unwrap();
    assert!(store.all_facts().unwrap().is_empty());
    // What was undone can be imported again.
    let again = store.import("hmis", &drafts, false, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(again.updated["client"], 199);
    assert_eq!(store.all_facts().unwrap().len(), 199);
}

#[test]
fn who_became_another_site_beside_it_writes_as_that_one_from_then_on() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("caseload.db");
    let (mut store, _) = Store::create(&path, &Passphrase::new("four unrelated words"), &worker(), clock()).unwrap();
    let before = store.site();
    let mut beside = store.once_more().unwrap()().unwrap();
    beside.become_another().unwrap();
    assert!(store.changed_elsewhere().unwrap());
    assert_ne!(store.site(), before);
    assert_eq!(store.site(), beside.site());
    drop(beside);
    store.commit(&Change::new("anything")).unwrap();
    assert!(store.check().unwrap().ok);
}

#[test]
fn the_file_opens_with_its_passphrase_only_and_keeps_everything() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.db");
    let pass = Passphrase::new("correct horse");
    let (mut store, _) = Store::create(&path, &pass, &worker(), clock()).unwrap();
    let maria = add_client(&mut store, 1);
    store.set_local("draft", Some(b"half a note")).unwrap();
    drop(store);
    assert!(matches!(Store::open(&path, &Passphrase::new("wrong"), clock()), Err(StoreError::WrongPassphrase)));
    assert!(matches!(Store::create(&path, &pass, &worker(), clock()), Err(StoreError::Exists(_))));
    let mut store = Store::open(&path, &pass, clock()).unwrap();
    assert_eq!(store.worker(), &worker());
    assert_eq!(store.all_facts().unwrap()[0].id, maria);
    assert_eq!(store.local("draft").unwrap().unwrap(), b"half a note");
    store.change_passphrase(&Passphrase::new("another")).unwrap();
    drop(store);
    assert!(matches!(Store::open(&path, &pass, clock()), Err(StoreError::WrongPassphrase)));
    assert!(Store::open(&path, &Passphrase::new("another"), clock()).unwrap().check().unwrap().ok);
}

#[test]
fn other_files_are_told_apart_and_left_untouched() {
    let dir = tempdir().unwrap();
    let pass = Passphrase::new("p");
    let plain = dir.path().join("plain.db");
    rusqlite::Connection::open(&plain).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
    let sealed = dir.path().join("sealed.db");
    let other = rusqlite::Connection::open(&sealed).unwrap();
    other.pragma_update(None, "key", "p").unwrap();
    other.execute_batch("CREATE TABLE a (b)").unwrap();
    drop(other);
    let zeros = dir.path().join("zeros.db");
    std::fs::write(&zeros, vec![0; 20_000]).unwrap();
    let short = dir.path().join("short.db");
    std::fs::write(&short, b"hello").unwrap();
    let cut = dir.path().join("cut.db");
    let (mut store, _) = Store::create(&cut, &pass, &worker(), clock()).unwrap();
    for number in 0..50 {
        add_client(&mut store, number);
    }
    drop(store);
    let whole = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 2 / 4096 * 4096]).unwrap();
    let expected = [
        (&plain, "an SQLite file of another program"),
        (&sealed, "another program's encrypted database"),
        (&zeros, "nothing but zeros"),
        (&short, "too short"),
        (&cut, "is damaged"),
    ];
    for (path, words) in expected {
        let before = std::fs::read(path).unwrap();
        let error = Store::open(path, &pass, clock()).err().expect("refused").to_string();
        assert!(error.contains(words), "{}: {error}", path.display());
        assert_eq!(std::fs::read(path).unwrap(), before, "{} was touched", path.display());
    }
    assert!(matches!(Store::open(&dir.path().join("none"), &pass, clock()), Err(StoreError::NoFile(_))));
}

#[test]
fn a_backup_and_the_recovery_key_give_everything_back() {
    let dir = tempdir().unwrap();
    let (path, pass) = (dir.path().join("a.db"), Passphrase::new("forgotten"));
    let (mut store, key) = Store::create(&path, &pass, &worker(), clock()).unwrap();
    let maria = add_client(&mut store, 1);
    set(&mut store, maria, client::address, "somewhere safe");
    let backup = store.backup(dir.path()).unwrap();
    let before = visible(&store);
    let to = dir.path().join("b.db");
    let new = Passphrase::new("remembered");
    let (restored, new_key) = Store::restore(&backup, &key, &to, &new, clock()).unwrap();
    assert_eq!(visible(&restored), before);
    assert_ne!(restored.site(), store.site(), "a restored file is a new site");
    assert!(restored.check().unwrap().ok);
    assert_eq!(restored.worker(), &worker());
    drop(restored);
    assert!(matches!(
        Store::restore(&backup, &new_key, &dir.path().join("c.db"), &new, clock()),
        Err(StoreError::WrongRecoveryKey)
    ));
    let bytes = std::fs::read(&backup).unwrap();
    for cut in [0, 10, 200, bytes.len() / 2, bytes.len() - 1] {
        let bad = dir.path().join("bad.backup");
        std::fs::write(&bad, &bytes[..cut]).unwrap();
        let to = dir.path().join("d.db");
        assert!(Store::restore(&bad, &key, &to, &new, clock()).is_err());
        assert!(!to.exists(), "nothing is left of a backup that was refused");
    }
}

#[test]
fn check_finds_what_was_altered_behind_its_back() {
    let mut store = memory();
    let maria = add_client(&mut store, 1);
    set(&mut store, maria, client::phone, "555-0142");
    for (sql, words) in [
        ("UPDATE row_client SET phone = '555-9999'", "is not what its journal says"),
        ("UPDATE batch SET author = 'Someone Else' WHERE n = 2", "were altered"),
        ("UPDATE batch SET signature = zeroblob(64) WHERE n = 3", "signature does not hold"),
        ("DELETE FROM batch WHERE n = 2", "are missing"),
        ("DELETE FROM facts", "out of date"),
    ] {
        store.db.execute_batch("SAVEPOINT tried").unwrap();
        store.db.execute_batch(sql).unwrap();
        let report = store.check().unwrap();
        assert!(!report.ok && report.problems.iter().any(|said| said.contains(words)), "{sql}: {:?}", report.problems);
        store.db.execute_batch("ROLLBACK TO tried; RELEASE tried").unwrap();
    }
    assert!(store.check().unwrap().ok);
}

#[test]
fn a_file_made_before_a_field_was_added_gets_its_tables_again() {
    let dir = tempdir().unwrap();
    let (path, pass) = (dir.path().join("a.db"), Passphrase::new("p"));
    let (mut store, _) = Store::create(&path, &pass, &worker(), clock()).unwrap();
    add_client(&mut store, 1);
    let before = dump(&store);
    store
        .db
        .execute_batch(
            "ALTER TABLE row_client DROP COLUMN about; UPDATE meta SET value = x'00' WHERE key = 'projection'",
        )
        .unwrap();
    drop(store);
    assert_eq!(dump(&Store::open(&path, &pass, clock()).unwrap()), before);
}

#[test]
fn two_programs_on_one_file_take_turns() {
    let dir = tempdir().unwrap();
    let (path, pass) = (dir.path().join("a.db"), Passphrase::new("p"));
    let (mut one, _) = Store::create(&path, &pass, &worker(), clock()).unwrap();
    let maria = add_client(&mut one, 1);
    let mut two = Store::open(&path, &pass, clock()).unwrap();
    assert!(!one.changed_elsewhere().unwrap());
    set(&mut two, maria, client::phone, "1");
    assert!(one.changed_elsewhere().unwrap());
    set(&mut one, maria, client::phone, "2");
    assert_eq!(two.row(maria).unwrap().unwrap().text(client::phone), "2");
    assert!(two.row(maria).unwrap().unwrap().disagreements.is_empty());
    assert!(one.check().unwrap().ok);
}

#[test]
fn a_common_word_found_among_the_newest_is_what_the_index_would_have_found() {
    let mut store = memory();
    let ana = store.new_id();
    let mut change = Change::new("many notes");
    change.create(&client::TYPE, ana, ana).set(ana, client::given_name, "Ana");
    let texts =
        ["called about the rent", "José came by", "no answer; calling again", "court, then the caller left", "quiet"];
    for n in 0..400i64 {
        let row = RowId::derived(&["note", &n.to_string()]);
        let when = store.now() - chrono::TimeDelta::minutes(n * 7);
        change.create(&note::TYPE, row, ana).set(row, note::when, Value::Time(when)).set(row, note::kind, "phone");
        change.set(row, note::body, format!("{} {n}", texts[(n % 5) as usize]));
    }
    store.commit(&change).unwrap();
    for (typed, index) in [
        ("call", "\"call\"*"),
        ("the", "\"the\"*"),
        ("jose", "\"jose\"*"),
        ("rent", "\"rent\"*"),
        ("the call", "\"the\" \"call\"*"),
    ] {
        let words: Vec<String> = typed.split(' ').map(String::from).collect();
        for limit in [5, 20, 100] {
            let found: Vec<RowId> = store.search(typed, limit).unwrap().iter().map(|hit| hit.row).collect();
            let indexed: Vec<RowId> =
                store.matches("doc_text", index, &words, limit).unwrap().iter().map(|hit| hit.row).collect();
            assert_eq!(found, indexed, "{typed} {limit}");
            assert!(!found.is_empty());
        }
    }
}

/// What only tests of merging do to a store.
impl Store {
    /// An entry of a record type and a field that no version knows yet.
    pub(crate) fn write_unknown(&mut self, stream: RowId, record: u16, field: u16) -> Result<()> {
        let end = journal::chain_end(&self.db, stream, self.site)?;
        let header = wire::Header { stream, site: self.site, first: end.next, ..wire::Header::nobody() };
        let content = wire::Content::Value(vec![200, 1, 2, 3]);
        let entry = wire::Entry { record, row: id(250), field, key: "k".into(), base: Vec::new(), content };
        let known = wire::Entry { record: client::TYPE.number, row: stream, field: 999, ..entry.clone() };
        journal::append(&self.db, &self.keys.signing, end, &header, &[entry, known])?;
        projection::make_stream_again(&self.db, stream)
    }

    /// Takes values out of a chain as whoever passes it on can: nobody ordered it. With `anew` as an erasure leaves the
    /// batch, else with the mere flag of versions before it. The tables stay as they are.
    pub(crate) fn blank(
        &mut self,
        stream: RowId,
        site: SiteId,
        which: &dyn Fn(u64) -> bool,
        anew: bool,
    ) -> Result<u64> {
        let (mut blanked, mut changed) = (0, Vec::new());
        journal::of_chain::<StoreError>(&self.db, stream, site, 0, &mut |batch| {
            let gone = |index: u64, _: &wire::Entry| which(index);
            let Some(body) = wire::blanked(&batch.header, &batch.body, &gone)? else { return Ok(()) };
            let without = wire::unpack(&batch.header, &body, None)?.0;
            blanked += without.iter().filter(|entry| matches!(entry.content, wire::Content::Missing(_))).count() as u64;
            let flagged = match (anew, batch.body[0]) {
                (false, 1) => {
                    let seed = batch.body[1..17].try_into().expect("16 bytes");
                    wire::pack(&batch.header, &without, seed, &[0; 32]).body
                }
                _ => body,
            };
            changed.push((flagged, batch.header.first));
            Ok(())
        })?;
        for (body, first) in changed {
            let sql = "UPDATE batch SET body = ?1 WHERE stream = ?2 AND site = ?3 AND first = ?4";
            self.db.execute(sql, (body, stream, site.0.as_slice(), first as i64))?;
        }
        Ok(blanked)
    }

    /// Whether any value is not in the journal, ordered or not.
    pub(crate) fn has_blanks(&self) -> Result<bool> {
        let mut blanks = false;
        journal::each(&self.db, 0, &mut |batch| {
            blanks |= batch.entries()?.iter().any(|entry| !matches!(entry.content, wire::Content::Value(_)));
            Ok(())
        })?;
        Ok(blanks)
    }

    /// Whether any column of any table holds these bytes, the words of the index and the journal's bodies too.
    pub(crate) fn holds_anywhere(&self, wanted: &str) -> Option<String> {
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'";
        let tables: Vec<String> =
            self.db.prepare(names).unwrap().query_map([], |row| row.get(0)).unwrap().flatten().collect();
        let is_in = |bytes: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes());
        for table in tables {
            let mut query = self.db.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
            let columns = query.column_count();
            let mut rows = query.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for at in 0..columns {
                    match row.get_ref(at).unwrap() {
                        rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes)
                            if is_in(bytes) =>
                        {
                            return Some(table);
                        }
                        _ => {}
                    }
                }
            }
        }
        None
    }

    /// Rewrites our own journal as if another site had written it; we can only sign with our own key.
    pub(crate) fn claim_to_be(&mut self, victim: &Site) -> Result<()> {
        sites::keep(&self.db, victim)?;
        let (own, streams) = (self.site, journal::streams(&self.db)?);
        for stream in streams.into_iter().filter(|stream| *stream != self.worker.id) {
            let batches = journal::of_stream(&self.db, stream)?;
            journal::remove_from(&self.db, stream, own, 0)?;
            let mut end = ChainEnd::START;
            for batch in batches {
                let header = wire::Header { site: victim.id, ..batch.header.clone() };
                end = journal::append(&self.db, &self.keys.signing, end, &header, &batch.entries()?)?;
            }
        }
        Ok(())
    }

    /// The same caseload once more, keys and all, as an image of a laptop is.
    pub(crate) fn image(&self) -> Result<Store> {
        let (mut image, _) =
            Store::set_up(Connection::open_in_memory()?, None, &self.worker, None, Arc::clone(&self.clock))?;
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'row\\_%' ESCAPE '\\'
             AND name NOT LIKE 'doc%' AND name NOT IN ('facts', 'conflict', 'joined', 'unsigned', 'held')";
        let tables: Vec<String> =
            self.db.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for table in tables {
            image.db.execute(&format!("DELETE FROM \"{table}\""), [])?;
            let mut query = self.db.prepare(&format!("SELECT * FROM \"{table}\""))?;
            let columns = query.column_count();
            let places = vec!["?"; columns].join(", ");
            let mut add = image.db.prepare(&format!("INSERT INTO \"{table}\" VALUES ({places})"))?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let values = (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at));
                let values: Vec<rusqlite::types::Value> = values.collect::<rusqlite::Result<_>>()?;
                add.execute(rusqlite::params_from_iter(values))?;
            }
        }
        image.keys = sites::Keys { signing: self.keys.signing.clone(), sealing: self.keys.sealing.clone() };
        (image.site, image.hlc) = (self.site, self.hlc);
        image.rebuild()?;
        image.read_worker()?;
        Ok(image)
    }

    /// A caseload with nothing in it but this one's keys: what a careless copy of a laptop comes to.
    pub(crate) fn same_site_again(&self) -> Result<Store> {
        let mut twin = Store::in_memory(&self.worker, clock())?;
        let worker = self.worker.id;
        journal::remove_from(&twin.db, worker, twin.site, 0)?;
        twin.keys = sites::Keys { signing: self.keys.signing.clone(), sealing: self.keys.sealing.clone() };
        twin.site = self.site;
        twin.keys.put(&twin.db, &sites::machine(None), &self.own_site()?)?;
        access::sign_end(&twin.db, &twin.keys)?;
        Ok(twin)
    }
}

#[test]
fn several_choices_of_a_list_are_what_their_journal_says() {
    use crate::model::records::consent;
    let mut store = memory();
    let (person, row) = (store.new_id(), store.new_id());
    let mut change = Change::new("add");
    change.create(&client::TYPE, person, person).set(person, client::given_name, "Ana");
    change
        .create(&consent::TYPE, row, person)
        .set(row, consent::to, "Legal Aid Bureau")
        .set(row, consent::purpose, "housing")
        .member(row, consent::what, "contact", true)
        .member(row, consent::what, "needs", true);
    store.commit(&change).unwrap();
    assert_eq!(store.check().unwrap().problems, [] as [String; 0]);
    // One is taken away and the other stands, also after the row was read back.
    let mut change = Change::new("edit");
    change.member(row, consent::what, "contact", false);
    store.commit(&change).unwrap();
    assert_eq!(store.row_of(&consent::TYPE, row).unwrap().unwrap().words(consent::what), ["needs"]);
    assert_eq!(store.check().unwrap().problems, [] as [String; 0]);
}

/// On a Mac only these two bring a write to the disk; the build that a test runs on knows them too.
#[test]
fn a_write_is_asked_to_be_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.db");
    let passphrase = Passphrase::new("otter lamp seven canal");
    drop(Store::create(&path, &passphrase, &worker(), wall_clock()).unwrap());
    let store = Store::open(&path, &passphrase, wall_clock()).unwrap();
    for asked in ["fullfsync", "checkpoint_fullfsync"] {
        assert_eq!(store.db.pragma_query_value(None, asked, |row| row.get::<_, i64>(0)).unwrap(), 1, "{asked}");
    }
}

#[test]
fn what_stands_in_the_journal_alone_has_numbers_of_its_own() {
    let alone = [super::rights::GRANT, super::forks::MOVED, super::lines::OF_LINE, super::apart::APART];
    let mut all: Vec<u16> = crate::model::CATALOGUE.iter().map(|record| record.number).chain(alone).collect();
    let many = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), many, "a number stands for one record type, for ever");
}
