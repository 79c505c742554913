//! Places in which time goes by, and two copies of one laptop that meet only through a third.

use std::collections::BTreeSet;

use super::*;
use crate::store::tests::on_disk;
use crate::sync::place::Place;
use crate::sync::{Synced, sync};

pub(super) fn through(store: &mut Store, place: &Place) -> Synced {
    sync(store, place, &mut go()).unwrap()
}

pub(super) fn place() -> (tempfile::TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::open(folder.path().to_str().unwrap()).unwrap();
    (folder, place)
}

/// How many bundles lie in a place, and how large they are together.
pub(super) fn size(folder: &Path) -> (usize, u64) {
    let (mut many, mut bytes) = (0, 0);
    for site in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(site.unwrap().path()).unwrap() {
            let file = file.unwrap();
            if file.path().extension().is_some_and(|ending| ending == "bundle") {
                many += 1;
                bytes += file.metadata().unwrap().len();
            }
        }
    }
    (many, bytes)
}

pub(super) fn add_note(store: &mut Store, row: RowId, body: &str) {
    let (note, now) = (store.new_id(), store.now());
    let mut change = Change::new("log contact");
    change.create(&note::TYPE, note, row).set(note, note::when, now).set(note, note::kind, "phone").set(
        note,
        note::body,
        body,
    );
    store.commit(&change).unwrap();
}

pub(super) fn notes(store: &Store, row: RowId) -> usize {
    store.rows(&note::TYPE, row).unwrap().len()
}

#[test]
fn after_sixty_days_a_place_is_as_large_as_what_is_in_it() {
    let mut sites = team(&[0, 0, 0]);
    let (folder, place) = place();
    let rows: Vec<RowId> = (1..5).map(|number| add_client(&mut sites[0], number, "Ana")).collect();
    for _ in 0..2 {
        for store in &mut sites {
            through(store, &place);
        }
    }
    let mut most = 0;
    for day in 0..60 {
        for (at, store) in sites.iter_mut().enumerate() {
            add_note(store, rows[(day + at) % rows.len()], &format!("day {day}: seen by {at}, and all is well"));
            through(store, &place);
        }
        most = most.max(size(folder.path()).0);
    }
    for store in &mut sites {
        through(store, &place);
    }
    for store in &sites {
        assert_eq!(rows.iter().map(|row| notes(store, *row)).sum::<usize>(), 180);
        assert!(store.check().unwrap().ok);
    }
    let apart = tempfile::tempdir().unwrap();
    let whole = apart.path().join("whole");
    let given = give(&sites[0], &Scope::Whole, &Whom::Sites(sites[0].partners().unwrap()), true, &whole).unwrap();
    let (many, bytes) = size(folder.path());
    assert!(most <= 3 * 26, "{most} bundles at once");
    // Each small bundle has a seal for each reader, a head and a signature of its own: less than two thousand bytes.
    let bound = 3 * given.bytes + 2_000 * many as u64;
    assert!(bytes < bound, "{many} bundles of {bytes} bytes, where all there is are {}", given.bytes);
    // Whoever comes last finds all of it.
    let mut late = site(7, 0);
    for store in &mut sites {
        store.accept_site(&late.own_site().unwrap()).unwrap();
        late.accept_site(&store.own_site().unwrap()).unwrap();
        through(store, &place);
    }
    through(&mut late, &place);
    assert_eq!(rows.iter().map(|row| notes(&late, *row)).sum::<usize>(), 180);
}

/// A supervisor to whom three workers gave a hundred notes each, through a place.
fn supervised() -> ((tempfile::TempDir, Place), Vec<Store>, Vec<RowId>) {
    let mut sites = team(&[0, 0, 0, 0]);
    let (folder, place) = place();
    let mut rows = Vec::new();
    for (number, store) in (1..).zip(&mut sites[1..]) {
        let row = add_client(store, number, "Ana");
        (0..100).for_each(|n| add_note(store, row, &format!("note {n} of {number}")));
        through(store, &place);
        rows.push(row);
    }
    ((folder, place), sites, rows)
}

#[test]
fn bundles_that_are_written_together_stand_or_fall_each_by_itself() {
    let ((folder, place), mut sites, rows) = supervised();
    // One of them is damaged in its middle.
    let damaged = std::fs::read_dir(folder.path().join(sites[2].site().to_string())).unwrap();
    let damaged =
        damaged.map(|file| file.unwrap().path()).find(|path| path.extension().is_some_and(|it| it == "bundle"));
    let damaged = damaged.unwrap();
    let mut bytes = std::fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    through(&mut sites[0], &place);
    let found = |store: &Store| rows.iter().map(|row| notes(store, *row)).collect::<Vec<_>>();
    assert_eq!(found(&sites[0]), [100, 0, 100]);
    assert!(sites[0].check().unwrap().ok);
    // The same as one by one.
    let mut alone = site(9, 0);
    for store in [&sites[1], &sites[3]] {
        alone.accept_site(&store.own_site().unwrap()).unwrap();
    }
    for at in [1, 3] {
        sites[at].accept_site(&alone.own_site().unwrap()).unwrap();
        let path = folder.path().join("by hand");
        give(&sites[at], &Scope::Whole, &Whom::Sites(vec![alone.own_site().unwrap()]), true, &path).unwrap();
        take(&mut alone, &path, None, true, &mut go()).unwrap();
        std::fs::remove_file(&path).unwrap();
    }
    for row in [rows[0], rows[2]] {
        let file = |store: &Store| store.client_file(row, usize::MAX >> 1).unwrap();
        assert_eq!(file(&alone), file(&sites[0]));
    }
}

#[test]
fn whoever_stops_a_sync_keeps_the_bundles_before() {
    let ((_folder, place), mut sites, rows) = supervised();
    let total = |store: &Store| rows.iter().map(|row| notes(store, *row)).sum::<usize>();
    // Each of the three is looked at more than once: it is stopped within the first, the second, the third.
    let mut looks = 0;
    let mut seen = Vec::new();
    while total(&sites[0]) < 300 {
        let mut left = 2;
        let stopped = sync(&mut sites[0], &place, &mut |_| {
            looks += 1;
            left -= 1;
            if left < 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        seen.push(total(&sites[0]));
        assert!(seen.len() < 9, "{seen:?} after {looks} looks");
        assert!(sites[0].check().unwrap().ok);
        assert_eq!(stopped.is_ok(), total(&sites[0]) == 300);
    }
    assert!(seen.iter().all(|many| many % 100 == 0) && seen.len() > 1, "{seen:?}");
}

#[test]
fn what_is_gathered_is_not_there_before_it_is_written_and_leaves_nothing_where_it_is_not() {
    let (folder, path, mut store) = on_disk::laptop();
    let mut worker = site(1, 0);
    let row = add_client(&mut worker, 1, "Ana");
    add_note(&mut worker, row, "first");
    worker.accept_site(&store.own_site().unwrap()).unwrap();
    store.accept_site(&worker.own_site().unwrap()).unwrap();
    let bundle = folder.path().join("bundle");
    give(&worker, &Scope::Whole, &Whom::Sites(vec![store.own_site().unwrap()]), true, &bundle).unwrap();
    let before = dump(&store);
    let seen_by_another = || notes(&on_disk::open(&path), row);
    store.gather().unwrap();
    assert_eq!(take(&mut store, &bundle, None, true, &mut go()).unwrap().merged.entries, 9);
    assert_eq!(notes(&store, row), 1);
    store.let_go().unwrap();
    assert_eq!(dump(&store), before);
    store.gather().unwrap();
    take(&mut store, &bundle, None, true, &mut go()).unwrap();
    // Somebody who ends here, or is ended, leaves what was there before.
    drop(store);
    assert_eq!(seen_by_another(), 0);
    let mut store = on_disk::open(&path);
    store.gather().unwrap();
    take(&mut store, &bundle, None, true, &mut go()).unwrap();
    store.settle().unwrap();
    assert_eq!(seen_by_another(), 1);
    assert!(store.check().unwrap().ok);
}

#[test]
fn two_copies_that_meet_only_through_a_third_come_together() {
    let mut sites = team(&[0, 0]);
    let (_here, near) = place();
    let (_there, far) = place();
    let row = add_client(&mut sites[0], 1, "Ana");
    let mut twin = sites[0].same_site_again().unwrap();
    twin.accept_site(&sites[1].own_site().unwrap()).unwrap();
    through(&mut sites[0], &near);
    through(&mut sites[1], &near);
    // The copy wrote something else in the same place, and leaves it where the first never looks.
    add_client(&mut twin, 1, "Anna");
    add_note(&mut twin, row, "what the copy wrote");
    through(&mut twin, &far);
    let told = through(&mut sites[1], &far);
    assert!(told.taken.iter().any(|(_, merged)| !merged.not_taken.is_empty()), "{told:?}");
    assert_eq!(notes(&sites[1], row), 0);
    // What the third has of it tells the copy, and it makes way.
    through(&mut twin, &far);
    assert_ne!(twin.site(), sites[0].site());
    let told = through(&mut sites[1], &far);
    assert!(told.taken.iter().all(|(_, merged)| merged.not_taken.is_empty()), "{told:?}");
    through(&mut sites[1], &near);
    through(&mut sites[0], &near);
    for store in [&sites[0], &sites[1], &twin] {
        assert_eq!(notes(store, row), 1);
        let client = store.row_of(&client::TYPE, row).unwrap().unwrap();
        assert!(["Ana", "Anna"].contains(&client.text(client::given_name)));
        let report = store.check().unwrap();
        assert!(report.ok, "{:?}", report.problems);
    }
    assert_eq!(dump(&sites[0]), dump(&sites[1]));
    // And then it is over.
    assert!(through(&mut sites[1], &far).taken.is_empty());
    assert!(through(&mut twin, &far).given.is_none());
}

#[test]
fn a_bundle_goes_only_when_each_of_its_readers_finds_all_of_it_elsewhere() {
    let mut sites = team(&[0, 0, 0]);
    let (folder, place) = place();
    let row = add_client(&mut sites[0], 1, "Ana");
    through(&mut sites[0], &place);
    through(&mut sites[1], &place);
    // One reader is believed no longer: what is written from now on is not for them, and nobody waits for them.
    let third = sites[2].site();
    sites[0].revoke_site(third).unwrap();
    for day in 0..30 {
        add_note(&mut sites[0], row, &format!("day {day}"));
        through(&mut sites[0], &place);
    }
    let (many, _) = size(folder.path());
    assert!(many < 12, "{many}");
    // The second still gives to the third, what the first no longer does.
    through(&mut sites[1], &place);
    through(&mut sites[2], &place);
    assert_eq!(notes(&sites[2], row), 30);
    // Someone takes all of it away: it is left there again, by whoever comes first.
    for site in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::remove_dir_all(site.unwrap().path()).unwrap();
    }
    let told = through(&mut sites[1], &place);
    assert!(told.given.is_some_and(|given| given.entries > 90), "{told:?}");
    let told = through(&mut sites[0], &place);
    assert!(told.given.is_none() && told.taken.is_empty(), "{told:?}");
}

/// An earlier version sealed its bundles for the others only; a file that was set back cannot read what it wrote then.
#[test]
fn an_unreadable_bundle_under_our_own_name_costs_one_new_site_and_no_more() {
    let mut sites = team(&[0, 0]);
    let (folder, place) = place();
    let row = add_client(&mut sites[0], 1, "Ana");
    through(&mut sites[0], &place);
    through(&mut sites[1], &place);
    let sealed_for_another = |store: &Store, number: u32| {
        let other = age::x25519::Identity::generate().to_public();
        let bytes = age::encrypt(&other, b"what it wrote before it was set back").unwrap();
        let own = folder.path().join(store.site().to_string());
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join(format!("{number:08}-{number:08}.bundle")), bytes).unwrap();
    };
    let first = sites[0].site();
    add_note(&mut sites[0], row, "written since");
    sealed_for_another(&sites[0], 9);
    let told = through(&mut sites[0], &place);
    let second = sites[0].site();
    assert_ne!(second, first, "{told:?}");
    // What was never given stands under the new site; what was given stays.
    let chains = sites[0].chains(Some(&BTreeSet::from([row]))).unwrap();
    let published = chains.iter().find(|(_, site, _)| *site == first).unwrap().2;
    assert!(chains.iter().any(|(_, site, _)| *site == second), "{chains:?}");
    through(&mut sites[1], &place);
    assert!(sites[1].chains(Some(&BTreeSet::from([row]))).unwrap().contains(&(row, first, published)));
    assert_eq!(notes(&sites[1], row), 1);
    // Whoever leaves more of the kind gains nothing.
    for number in [20, 21, 99_999_999] {
        sealed_for_another(&sites[0], number);
        add_note(&mut sites[0], row, "and on");
        through(&mut sites[0], &place);
        assert_eq!(sites[0].site(), second);
    }
    through(&mut sites[1], &place);
    assert_eq!(notes(&sites[1], row), 4);
    assert_eq!(dump(&sites[0]), dump(&sites[1]));
    assert!(sites[0].check().unwrap().ok);
}
