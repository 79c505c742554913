//! What is signed stays: at two laptops in every order, at the screen, at the command line, and against a hand in the file.

mod common;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use caseload::model::records::{addendum, client, note, signature};
use caseload::model::standing::{How, State};
use caseload::model::{Change, Row, RowId, SignatureRole, Value};
use caseload::store::{Clock, Store, StoreError, Worker};
use caseload::sync::{Scope, Whom, give, take};
use chrono::{DateTime, Duration};
use proptest::prelude::*;

/// A laptop whose clock moves on a second at each look.
fn laptop(name: &str, ahead: i64) -> Store {
    let start = DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap() + Duration::minutes(ahead);
    let ticks = AtomicI64::new(0);
    let clock: Clock = Arc::new(move || start + Duration::seconds(ticks.fetch_add(1, Ordering::Relaxed)));
    let worker = Worker {
        id: RowId::derived(&["worker", name]),
        name: name.into(),
        credentials: "LCSW".into(),
        area: String::new(),
    };
    Store::in_memory(&worker, clock).unwrap()
}

fn person() -> RowId {
    RowId::derived(&["person"])
}

fn the_note() -> RowId {
    RowId::derived(&["note"])
}

fn write_note(store: &mut Store) {
    let (person, row) = (person(), the_note());
    let mut change = Change::new("add client");
    change.create(&client::TYPE, person, person).set(person, client::given_name, "Ana");
    store.commit(&change).unwrap();
    let when = DateTime::parse_from_rfc3339("2026-11-24T08:30:00-05:00").unwrap();
    let mut change = Change::new("add note");
    change
        .create(&note::TYPE, row, person)
        .set(row, note::when, Value::Time(when))
        .set(row, note::kind, "phone")
        .set(row, note::body, "as it was written")
        .set(row, note::cosigner, "Sam Lee");
    store.commit(&change).unwrap();
}

/// Two laptops that believe each other; the first has written a note and the second has it too.
fn pair() -> [Store; 2] {
    let mut both = [laptop("Rosa Ortiz", 0), laptop("Sam Lee", 7)];
    let cards = both.each_ref().map(|store| store.own_site().unwrap());
    both[0].accept_site(&cards[1]).unwrap();
    both[1].accept_site(&cards[0]).unwrap();
    write_note(&mut both[0]);
    hand_over(&mut both, 0);
    both
}

/// What the one has and the other lacks, as a bundle.
fn hand_over(both: &mut [Store; 2], from: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.bundle");
    let whom = Whom::Sites(vec![both[1 - from].own_site().unwrap()]);
    give(&both[from], &Scope::Whole, &whom, false, &path).unwrap();
    take(&mut both[1 - from], &path, None, true, &mut |_| ControlFlow::Continue(())).unwrap();
}

#[derive(Clone, Debug)]
enum Deed {
    Sign,
    Cosign,
    Add(String),
    Edit(String),
    Delete,
    Undo,
    HandOver,
}

fn deed() -> impl Strategy<Value = (usize, Deed)> {
    let deed = prop_oneof![
        2 => Just(Deed::Sign),
        2 => Just(Deed::Cosign),
        2 => "[a-c]{3}".prop_map(Deed::Add),
        3 => "[x-z]{3}".prop_map(Deed::Edit),
        1 => Just(Deed::Delete),
        1 => Just(Deed::Undo),
        3 => Just(Deed::HandOver),
    ];
    (0usize..2, deed)
}

/// Every text that anyone put a name under, by the signature's id.
fn signed_texts(store: &Store) -> BTreeMap<RowId, String> {
    let rows = store.rows(&signature::TYPE, person()).unwrap();
    rows.iter().map(|row| (row.id, row.text(signature::content).to_string())).collect()
}

fn does(both: &mut [Store; 2], who: usize, deed: &Deed) {
    let store = &mut both[who];
    let before = store.written(the_note()).unwrap();
    let signed = before.as_ref().is_some_and(|written| written.standing().is_signed());
    let said = match deed {
        Deed::Sign => store.sign_note(the_note(), 72).map(drop),
        Deed::Cosign => store.cosign(the_note()).map(drop),
        Deed::Add(text) => store.add_addendum(the_note(), text).map(drop),
        Deed::Undo => store.undo().map(drop),
        Deed::HandOver => return hand_over(both, who),
        Deed::Edit(text) => {
            let mut change = Change::new("edit note");
            change.set(the_note(), note::body, text.as_str());
            let said = store.commit(&change).map(drop);
            let after = store.written(the_note()).unwrap();
            assert!(!signed || after == before, "whoever knows that it is signed cannot change it");
            said
        }
        Deed::Delete => {
            let mut change = Change::new("delete note");
            change.delete(&note::TYPE, the_note());
            let said = store.commit(&change).map(drop);
            assert!(!signed || said.is_err(), "nor delete it");
            said
        }
    };
    match said {
        Ok(())
        | Err(StoreError::Signed | StoreError::Unsigned | StoreError::NoRow(_) | StoreError::ChangedSince(_)) => {}
        Err(other) => panic!("{deed:?}: {other}"),
    }
}

fn cases() -> u32 {
    std::env::var("CASELOAD_MERGE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(96)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn two_laptops_sign_add_and_cosign_in_every_order_and_no_signed_text_ever_changes(
        deeds in prop::collection::vec(deed(), 1..24),
    ) {
        let mut both = pair();
        let mut ever = [BTreeMap::new(), BTreeMap::new()];
        for (who, deed) in &deeds {
            does(&mut both, *who, deed);
            for (store, ever) in both.iter().zip(&mut ever) {
                let now = signed_texts(store);
                for (id, text) in ever.iter() {
                    prop_assert_eq!(now.get(id), Some(text), "what was signed is there, as it was");
                }
                *ever = now;
            }
        }
        for from in [0, 1, 0, 1] {
            hand_over(&mut both, from);
        }
        let all: BTreeMap<RowId, String> = ever.into_iter().flatten().collect();
        let file = both.each_ref().map(|store| store.client_file(person(), usize::MAX >> 1).unwrap());
        prop_assert_eq!(&file[0], &file[1], "one result");
        for store in &mut both {
            prop_assert_eq!(&signed_texts(store), &all, "nothing is lost");
            let report = store.check().unwrap();
            prop_assert!(report.ok, "{:?}", report.problems);
            prop_assert!(store.conflicts(None).unwrap().is_empty() || all.is_empty(), "nothing is left to choose");
        }
        let written = both[0].written(the_note()).unwrap();
        prop_assert!(written.is_some() || all.is_empty(), "a signed note is never gone");
        let Some(written) = written else { return Ok(()) };
        let (standing, parts) = (written.standing(), written.read());
        prop_assert_eq!(standing.is_signed(), !all.is_empty());
        prop_assert_ne!(standing.state, State::Broken);
        prop_assert!(all.values().all(|text| {
            parts.iter().any(|part| part.text.contains(text.trim_end()))
                // Two who sign the same words a moment apart sign one text.
                || standing.signatures.iter().any(|row| row.text(signature::content) == text)
        }), "every signed text is read: {parts:?}");
        prop_assert_eq!(parts, both[1].written(the_note()).unwrap().unwrap().read());
        // The fields say something else than what was signed: both are shown.
        if standing.is_signed() && !standing.text.contains(written.note.text(note::body)) {
            prop_assert_eq!(standing.state, State::ChangedBeside);
        }
        // And the journal alone gives the same.
        let before = signed_texts(&both[0]);
        both[0].rebuild().unwrap();
        prop_assert_eq!(signed_texts(&both[0]), before);
    }
}
