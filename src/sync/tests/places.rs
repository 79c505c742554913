//! Places in which time goes by, and two copies of one laptop that meet only through a third.

use super::*;
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
    let chains = sites[0].chains(Some(&[row])).unwrap();
    let published = chains.iter().find(|(_, site, _)| *site == first).unwrap().2;
    assert!(chains.iter().any(|(_, site, _)| *site == second), "{chains:?}");
    through(&mut sites[1], &place);
    assert!(sites[1].chains(Some(&[row])).unwrap().contains(&(row, first, published)));
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
