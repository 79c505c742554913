//! A supervisor and workers who get only what is theirs, through one place.

use super::places::{add_note, notes, place, size, through};
use super::*;
use crate::model::ShareKind;
use crate::store::{Acceptance, Gives};
use crate::sync::share;

fn accept(store: &mut Store, card: &Site, gives: Gives) {
    let wanted = Acceptance { gives: Some(gives), takes: Some(true), confirmed: true, ..Acceptance::default() };
    store.accept(card, &wanted).unwrap();
}

/// The first is the supervisor; the others know nobody but her.
fn star(workers: usize) -> Vec<Store> {
    let mut sites: Vec<Store> = (0..=workers).map(|number| site(number as u8, 0)).collect();
    let (boss, workers) = sites.split_first_mut().unwrap();
    for worker in workers {
        accept(boss, &worker.own_site().unwrap(), Gives::Theirs);
        accept(worker, &boss.own_site().unwrap(), Gives::Everything);
    }
    sites
}

fn all_sync(sites: &mut [Store], place: &crate::sync::place::Place) {
    for at in (1..sites.len()).chain([0]).chain(1..sites.len()) {
        through(&mut sites[at], place);
    }
}

fn clients(store: &Store) -> usize {
    store.all_facts().unwrap().len()
}

#[test]
fn a_supervisor_hands_on_one_client_and_nobody_gets_everybodys() {
    let mut sites = star(3);
    let (_folder, place) = place();
    let rows: Vec<RowId> = (1..4).map(|at| add_client(&mut sites[at], at as u8, "Ana")).collect();
    all_sync(&mut sites, &place);
    assert_eq!(sites.iter().map(clients).collect::<Vec<_>>(), [3, 1, 1, 1]);
    // What she writes about a worker's client reaches that worker, and no other.
    add_note(&mut sites[0], rows[0], "call them before Friday");
    all_sync(&mut sites, &place);
    assert_eq!(sites.iter().map(clients).collect::<Vec<_>>(), [3, 1, 1, 1]);
    assert_eq!(notes(&sites[1], rows[0]), 1);
    // One client goes to another worker: all of it, whoever wrote it. The one who had it gets nothing more of it.
    let (day, second) = (sites[0].now().date_naive(), sites[2].own_site().unwrap());
    share(&mut sites[0], &rows[..1], ShareKind::Transfer, &second, day, None).unwrap();
    all_sync(&mut sites, &place);
    add_note(&mut sites[2], rows[0], "seen");
    all_sync(&mut sites, &place);
    assert_eq!(sites.iter().map(clients).collect::<Vec<_>>(), [3, 1, 2, 1]);
    assert_eq!([0, 1, 2].map(|at| notes(&sites[at], rows[0])), [2, 1, 2]);
    // A leaver's clients, those of whom she has more: each to whom she says.
    let gone = sites[3].site();
    sites[0].revoke_site(gone).unwrap();
    let first = sites[1].own_site().unwrap();
    share(&mut sites[0], &rows[2..], ShareKind::Transfer, &first, day, None).unwrap();
    all_sync(&mut sites[..3], &place);
    assert_eq!(sites.iter().map(clients).collect::<Vec<_>>(), [3, 2, 2, 1]);
    for store in &sites {
        assert!(store.check().unwrap().ok);
    }
}

#[test]
fn what_was_given_for_a_while_is_given_no_longer_after_its_end() {
    let mut sites = star(2);
    let (_folder, place) = place();
    let row = add_client(&mut sites[1], 1, "Ana");
    all_sync(&mut sites, &place);
    let (day, second) = (sites[0].now().date_naive(), sites[2].own_site().unwrap());
    let until = crate::sync::Until { day: day + Duration::days(2), ends: sites[0].now() + Duration::days(2) };
    share(&mut sites[0], &[row], ShareKind::Cover, &second, day, Some(until)).unwrap();
    all_sync(&mut sites, &place);
    add_note(&mut sites[1], row, "before");
    all_sync(&mut sites, &place);
    assert_eq!(notes(&sites[2], row), 1);
    sites[0].take_for_today(Some(day + Duration::days(4)));
    add_note(&mut sites[1], row, "after");
    all_sync(&mut sites, &place);
    assert_eq!((notes(&sites[0], row), notes(&sites[2], row)), (2, 1));
}

#[test]
fn whoever_is_given_everything_later_lacks_nothing() {
    let mut sites = star(2);
    let (_folder, place) = place();
    let rows: Vec<RowId> = (1..3).map(|at| add_client(&mut sites[at], at as u8, "Ana")).collect();
    all_sync(&mut sites, &place);
    add_note(&mut sites[0], rows[1], "for the second alone");
    all_sync(&mut sites, &place);
    let first = sites[1].own_site().unwrap();
    accept(&mut sites[0], &first, Gives::Everything);
    all_sync(&mut sites, &place);
    assert_eq!((clients(&sites[1]), notes(&sites[1], rows[1])), (2, 1));
    assert_eq!(dump(&sites[1]), dump(&sites[0]));
    assert_eq!(clients(&sites[2]), 1);
}

#[test]
fn the_place_of_a_star_stays_as_small_as_what_is_in_it() {
    let mut sites = star(4);
    let (folder, place) = place();
    let rows: Vec<RowId> = (1..5).map(|at| add_client(&mut sites[at], at as u8, "Ana")).collect();
    all_sync(&mut sites, &place);
    for day in 0..60 {
        add_note(&mut sites[0], rows[day % 4], "what the supervisor writes");
        add_note(&mut sites[1 + day % 4], rows[day % 4], "what the worker writes");
        all_sync(&mut sites, &place);
    }
    for at in 1..5 {
        assert_eq!((clients(&sites[at]), notes(&sites[at], rows[at - 1])), (1, 30));
    }
    let (many, bytes) = size(folder.path());
    // The workers, and for each of them the supervisor.
    assert!(many <= 8 * 25 && bytes < 400_000, "{many} bundles, {bytes} bytes");
    // Nobody writes when there is nothing to say.
    for store in &mut sites {
        assert!(through(store, &place).given.is_none());
    }
    assert_eq!(size(folder.path()), (many, bytes));
}
