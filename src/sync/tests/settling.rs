//! Nobody is taken out of sight by someone who did not know: what settles something beside what it had not seen.

use super::*;
use crate::model::records::{assessment, incident};

const NOON: &str = "2026-11-24T12:00:00-05:00";

fn time(text: &str) -> DateTime<chrono::FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}

/// Two laptops with Ana, who is in a crisis on both.
fn two() -> (Vec<Store>, Post, RowId, RowId) {
    let mut sites = team(&[0, 0]);
    let mut post = Post::new();
    let ana = add_client(&mut sites[0], 1, "Ana");
    set(&mut sites[0], ana, client::status, "active");
    let crisis = id(60);
    begin(&mut sites[0], ana, crisis);
    both(&mut sites, &mut post);
    (sites, post, ana, crisis)
}

fn begin(store: &mut Store, ana: RowId, crisis: RowId) {
    let mut change = Change::new("crisis");
    change.create(&incident::TYPE, crisis, ana).set(crisis, incident::kind, "suicide");
    change.set(crisis, incident::began, time("2026-11-24T08:00:00-05:00"));
    store.commit(&change).unwrap();
}

/// Each takes what the other has, and they are the same.
fn both(sites: &mut [Store], post: &mut Post) {
    exchange(sites, post, 0, 1, &Scope::Whole, false);
    exchange(sites, post, 1, 0, &Scope::Whole, false);
    exchange(sites, post, 0, 1, &Scope::Whole, false);
    assert_eq!(dump(&sites[0]), dump(&sites[1]));
    for store in sites {
        let report = store.check().unwrap();
        assert!(report.ok, "{:?}", report.problems);
    }
}

fn row(store: &Store, id: RowId) -> crate::model::Row {
    store.row(id).unwrap().unwrap()
}

/// The fields that wait for a choice, with what stands on each side.
fn waiting(store: &Store) -> Vec<(&'static str, Vec<String>)> {
    let all = store.conflicts(None).unwrap();
    let one = |one: crate::store::Conflict| {
        (one.field.unwrap().name, one.sides.iter().map(|side| side.value.plain()).collect())
    };
    all.into_iter().map(one).collect()
}

fn words(sides: &[&str]) -> Vec<String> {
    sides.iter().map(ToString::to_string).collect()
}

#[test]
fn one_closes_the_other_adds_a_crisis_and_both_show_the_crisis() {
    let mut sites = team(&[0, 0]);
    let mut post = Post::new();
    let ana = add_client(&mut sites[0], 1, "Ana");
    set(&mut sites[0], ana, client::status, "active");
    both(&mut sites, &mut post);
    set(&mut sites[0], ana, client::status, "closed");
    begin(&mut sites[1], ana, id(60));
    both(&mut sites, &mut post);
    for store in &sites {
        let facts = store.facts(ana).unwrap().unwrap();
        assert_eq!(facts.status, crate::model::ClientStatus::Active);
        assert_eq!(facts.crisis.len(), 1);
        assert_eq!(facts.conflicts, 1);
        assert_eq!(waiting(store), [("status", words(&["active", "closed"]))]);
    }
    // Whoever chooses knew of both, and that ends it; undoing the choice asks again.
    for (choice, other) in [("closed", "active"), ("active", "closed")] {
        set(&mut sites[1], ana, client::status, choice);
        both(&mut sites, &mut post);
        for store in &sites {
            assert_eq!(row(store, ana).text(client::status), choice);
            assert_eq!(waiting(store), []);
            assert_eq!(store.facts(ana).unwrap().unwrap().crisis.len(), 1, "{other}: the crisis is on all the same");
        }
    }
}

#[test]
fn a_closing_that_knew_of_the_crisis_stands() {
    let (mut sites, mut post, ana, crisis) = two();
    set(&mut sites[1], ana, client::status, "closed");
    both(&mut sites, &mut post);
    assert_eq!(row(&sites[0], ana).text(client::status), "closed");
    // Writing to the crisis with the closing known opens nothing again.
    set(&mut sites[0], crisis, incident::what, "still in the shelter");
    both(&mut sites, &mut post);
    for store in &sites {
        assert_eq!(row(store, ana).text(client::status), "closed");
        assert_eq!(waiting(store), []);
    }
}

#[test]
fn one_resolves_and_the_other_writes_on_and_it_stays_open_until_someone_chooses() {
    for chosen in [None, Some(time(NOON))] {
        let (mut sites, mut post, ana, crisis) = two();
        set(&mut sites[0], crisis, incident::resolved, time(NOON));
        assert_eq!(row(&sites[0], ana).text(client::crisis), "", "the client's own word goes with it");
        set(&mut sites[1], crisis, incident::called, "the mobile team, they are on their way");
        both(&mut sites, &mut post);
        for store in &sites {
            assert!(row(store, crisis).get(incident::resolved).is_empty());
            assert_eq!(store.facts(ana).unwrap().unwrap().crisis.len(), 1, "the list says so");
            let all = waiting(store);
            assert!(all.contains(&("resolved", words(&["", NOON]))), "{all:?}");
            assert_eq!(store.facts(ana).unwrap().unwrap().conflicts as usize, all.len());
        }
        // Writing on with both known forgets nothing.
        set(&mut sites[0], crisis, incident::called, "the mobile team; they were here");
        both(&mut sites, &mut post);
        for store in &sites {
            assert!(row(store, crisis).get(incident::resolved).is_empty());
            assert!(waiting(store).iter().any(|(field, _)| *field == "resolved"));
        }
        // Taking the words back is no choice either.
        sites[0].undo().unwrap().unwrap();
        both(&mut sites, &mut post);
        assert!(row(&sites[1], crisis).get(incident::resolved).is_empty());
        set(&mut sites[1], crisis, incident::resolved, chosen);
        both(&mut sites, &mut post);
        for store in &sites {
            assert_eq!(row(store, crisis).time(incident::resolved), chosen);
            assert_eq!(waiting(store), []);
            let on = usize::from(chosen.is_none());
            assert_eq!(store.facts(ana).unwrap().unwrap().crisis.len(), on);
        }
    }
}

#[test]
fn a_resolving_that_knew_is_no_conflict_whatever_the_clocks_say() {
    for years in [0, 10, -10] {
        let mut sites = team(&[0, years]);
        let mut post = Post::new();
        let ana = add_client(&mut sites[0], 1, "Ana");
        begin(&mut sites[0], ana, id(60));
        both(&mut sites, &mut post);
        set(&mut sites[1], id(60), incident::called, "the mobile team");
        both(&mut sites, &mut post);
        set(&mut sites[0], id(60), incident::resolved, time(NOON));
        both(&mut sites, &mut post);
        set(&mut sites[1], id(60), incident::resolution, "she is with her sister");
        both(&mut sites, &mut post);
        for store in &sites {
            assert_eq!(row(store, id(60)).time(incident::resolved), Some(time(NOON)));
            assert_eq!(waiting(store), []);
            assert!(store.facts(ana).unwrap().unwrap().crisis.is_empty());
        }
    }
}

#[test]
fn both_resolve_it_and_it_is_over() {
    let (mut sites, mut post, ana, crisis) = two();
    for store in &mut sites {
        let mut change = Change::new("resolve");
        change.set(crisis, incident::resolved, time(NOON)).set(crisis, incident::resolution, "with her sister");
        store.commit(&change).unwrap();
    }
    both(&mut sites, &mut post);
    for store in &sites {
        assert_eq!(row(store, crisis).time(incident::resolved), Some(time(NOON)));
        assert_eq!(waiting(store), []);
        assert!(store.facts(ana).unwrap().unwrap().crisis.is_empty());
    }
}

#[test]
fn an_answer_acted_on_while_it_is_asked_again_is_not_acted_on() {
    let (mut sites, mut post, ana, _) = two();
    let mut change = Change::new("assess");
    change.create(&assessment::TYPE, id(61), ana).set(id(61), assessment::instrument, "phq-9");
    change.set(id(61), assessment::on, time(NOON).date_naive()).set(
        id(61),
        assessment::urgent,
        "thoughts of self-harm",
    );
    sites[0].commit(&change).unwrap();
    both(&mut sites, &mut post);
    set(&mut sites[0], id(61), assessment::answered, time(NOON).date_naive());
    set(&mut sites[1], id(61), assessment::urgent, "a plan, and means at home");
    both(&mut sites, &mut post);
    for store in &sites {
        assert!(row(store, id(61)).get(assessment::answered).is_empty());
        assert_eq!(waiting(store), [("answered", words(&["", "2026-11-24"]))]);
    }
}

#[test]
fn opened_again_by_any_door_the_client_is_in_crisis_again() {
    let (mut sites, _, ana, crisis) = two();
    let store = &mut sites[0];
    let word = row(store, ana).text(client::crisis).to_string();
    assert!(!word.is_empty(), "an incident that begins is a crisis of its client");
    set(store, crisis, incident::resolved, time(NOON));
    assert_eq!(row(store, ana).text(client::crisis), "");
    store.undo().unwrap().unwrap();
    assert_eq!(row(store, ana).text(client::crisis), word, "undoing it brings all back");
    assert!(row(store, crisis).get(incident::resolved).is_empty());
    set(store, crisis, incident::resolved, time(NOON));
    set(store, crisis, incident::resolved, Value::Empty);
    assert_eq!(row(store, ana).text(client::crisis), word);
}

#[test]
fn set_apart_in_so_many_words_what_is_open_is_shown_whoever_wrote_last() {
    use crate::model::records::{referral, task};
    for late in [0, 1] {
        let (mut sites, mut post, ana, _) = two();
        let mut change = Change::new("add");
        change.create(&task::TYPE, id(62), ana).set(id(62), task::what, "Call the landlord");
        change.create(&referral::TYPE, id(63), ana).set(id(63), referral::to, "Harbor House");
        sites[0].commit(&change).unwrap();
        both(&mut sites, &mut post);
        let (first, last) = (1 - late, late);
        for (site, settled) in [(first, false), (last, true)] {
            let pick = |open: &'static str, done: &'static str| if settled { done } else { open };
            let mut change = Change::new("set");
            change.set(ana, client::status, pick("waiting", "closed"));
            change.set(id(62), task::status, pick("open", "done"));
            change.set(id(63), referral::status, pick("waitlisted", "closed"));
            sites[site].commit(&change).unwrap();
        }
        both(&mut sites, &mut post);
        for store in &sites {
            assert_eq!(row(store, ana).text(client::status), "waiting");
            assert_eq!(row(store, id(62)).text(task::status), "open");
            assert_eq!(row(store, id(63)).text(referral::status), "waitlisted");
            assert_eq!(waiting(store).len(), 3);
        }
    }
}
