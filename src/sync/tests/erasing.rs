//! Whoever passes a bundle on can take values out of it, and nobody's copy loses one; an order takes a value out of every
//! copy, in whatever order things come.

use super::*;
use crate::store::wire::MISSING;
use crate::store::{Right, Target, ToErase};

/// The second of three passes the first one's chain on with every value but the rows' own taken out.
fn blanked_on_the_way(anew: bool) -> (Vec<Store>, Post, RowId) {
    let mut sites = team(&[0, 0, 0]);
    let mut post = Post::new();
    let row = add_client(&mut sites[0], 1, "Ana");
    set(&mut sites[0], row, client::safe_contact, "never call the house");
    exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
    let author = sites[0].site();
    assert!(sites[1].blank(row, author, &|index| index > 0, anew).unwrap() >= 2);
    exchange(&mut sites, &mut post, 1, 2, &Scope::Whole, false);
    (sites, post, row)
}

/// All but who works where: not everybody has met everybody.
fn clients(store: &Store) -> Vec<String> {
    let workers = |line: &String| line.starts_with("row_worker") || line.ends_with("Integer(30)]");
    dump(store).into_iter().filter(|line| !workers(line)).collect()
}

#[test]
fn a_value_taken_out_on_the_way_is_missing_told_and_comes_back_with_any_whole_copy() {
    for anew in [false, true] {
        for everything in [false, true] {
            let (mut sites, mut post, row) = blanked_on_the_way(anew);
            assert_eq!(shown(&sites[2], row, client::safe_contact), MISSING, "neither empty nor silent");
            let report = sites[2].check().unwrap();
            assert!(!report.ok && report.problems[0].contains("missing here"), "{:?}", report.problems);
            assert!(report.problems[0].contains("--everything"), "it says what to do");
            // Told already, whoever gives the author anything.
            exchange(&mut sites, &mut post, 2, 0, &Scope::Whole, false);
            assert_eq!(shown(&sites[0], row, client::safe_contact), "never call the house");
            let (author, third) = pair(&mut sites, 0, 2);
            let path = post.write(author, (2, third), &Scope::Whole, everything);
            let before = dump(third);
            let tried = take(third, &path, None, false, &mut go()).unwrap();
            assert!(tried.merged.filled >= 2);
            assert_eq!(dump(third), before, "a trial changes nothing");
            let taken = take(third, &path, None, true, &mut go()).unwrap();
            assert_eq!((taken.merged.filled, taken.merged.missing), (tried.merged.filled, 0));
            assert_eq!(shown(third, row, client::safe_contact), "never call the house");
            assert!(third.check().unwrap().ok && third.missing().unwrap().is_empty());
            assert_eq!(clients(third), clients(author));
        }
    }
}

#[test]
fn a_whole_copy_stays_whole_when_the_same_batch_comes_with_values_taken_out() {
    for anew in [false, true] {
        let (mut sites, mut post, row) = blanked_on_the_way(anew);
        let before = clients(&sites[0]);
        let (relay, author) = pair(&mut sites, 1, 0);
        let path = post.write(relay, (0, author), &Scope::Whole, true);
        let taken = take(author, &path, None, true, &mut go()).unwrap();
        assert_eq!((taken.merged.missing, taken.merged.blank.len()), (0, 2));
        assert_eq!(clients(author), before);
        assert!(author.check().unwrap().ok);
        assert_eq!(shown(author, row, client::safe_contact), "never call the house");
    }
}

fn erase(store: &mut Store, row: RowId, field: crate::model::FieldId) -> ToErase {
    let plan = store.to_erase(row, &[Target::Field(row, field)], "Phone").unwrap();
    store.erase(&plan, "Order 12 CV 345").unwrap();
    plan
}

#[test]
fn an_order_reaches_every_copy_whether_it_comes_before_or_after_the_value() {
    let mut sites = team(&[0, 0, 0, 0]);
    let mut post = Post::new();
    let row = add_client(&mut sites[0], 1, "Ana");
    set(&mut sites[0], row, client::phone, "555-0142");
    for other in 1..4 {
        if other != 3 {
            exchange(&mut sites, &mut post, 0, other, &Scope::Whole, false);
        }
    }
    erase(&mut sites[0], row, client::phone);
    assert_eq!(sites[0].holds_anywhere("555-0142"), None);
    // One who had the value; one who never had it, and gets it afterwards from somebody who has not heard of the order.
    exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
    exchange(&mut sites, &mut post, 0, 3, &Scope::Whole, true);
    exchange(&mut sites, &mut post, 2, 3, &Scope::Whole, true);
    exchange(&mut sites, &mut post, 2, 0, &Scope::Whole, true);
    for at in [0, 1, 3] {
        assert_eq!(sites[at].holds_anywhere("555-0142"), None, "site {at}");
        assert!(sites[at].check().unwrap().ok && sites[at].missing().unwrap().is_empty(), "site {at}");
    }
    // The last one hears of it from one of them.
    exchange(&mut sites, &mut post, 3, 2, &Scope::Whole, false);
    assert_eq!(sites[2].holds_anywhere("555-0142"), None);
    assert_eq!(clients(&sites[2]), clients(&sites[0]));
    assert_eq!(shown(&sites[2], row, client::given_name), "Ana");
}

#[test]
fn an_order_of_somebody_else_takes_nothing() {
    let mut sites = team(&[0, 0]);
    let mut post = Post::new();
    let row = add_client(&mut sites[0], 1, "Ana");
    set(&mut sites[0], row, client::phone, "555-0142");
    let own = sites[0].to_erase(row, &[Target::Field(row, client::phone)], "Phone").unwrap();
    exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
    let theirs = sites[1].to_erase(row, &[Target::Field(row, client::phone)], "Phone").unwrap();
    assert_eq!((theirs.values, theirs.of_others), (0, vec![("Worker 0".to_string(), 1)]));
    // Written all the same, by a program that does not ask; and the value taken out beside it.
    sites[1].erase(&own, "because I say so").unwrap();
    assert_eq!(shown(&sites[1], row, client::phone), "555-0142");
    let author = sites[0].site();
    sites[1].blank(row, author, &|index| index == 2, true).unwrap();
    exchange(&mut sites, &mut post, 1, 0, &Scope::Whole, true);
    assert_eq!(shown(&sites[0], row, client::phone), "555-0142");
    assert!(sites[0].check().unwrap().ok);
}

#[test]
fn whoever_the_agency_gave_the_right_erases_for_everybody_and_the_order_of_arrival_changes_nothing() {
    for grant_first in [true, false] {
        let mut sites = team(&[0, 0, 0]);
        let mut post = Post::new();
        let founder = sites[2].site();
        for store in &mut sites {
            store.set_agency_founder(founder).unwrap();
        }
        let row = add_client(&mut sites[0], 1, "Ana");
        set(&mut sites[0], row, client::phone, "555-0142");
        exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
        exchange(&mut sites, &mut post, 0, 2, &Scope::Whole, false);
        let second = sites[1].site();
        let grant = sites[2].grant(second, Right::Erase).unwrap();
        if grant_first {
            exchange(&mut sites, &mut post, 2, 0, &Scope::Whole, false);
        }
        exchange(&mut sites, &mut post, 2, 1, &Scope::Whole, false);
        let plan = erase(&mut sites[1], row, client::phone);
        assert_eq!((plan.values, plan.of_others), (1, Vec::new()));
        exchange(&mut sites, &mut post, 1, 0, &Scope::Clients(vec![row]), false);
        exchange(&mut sites, &mut post, 1, 2, &Scope::Whole, false);
        if !grant_first {
            assert_eq!(shown(&sites[0], row, client::phone), "555-0142", "nobody told it of the right yet");
            exchange(&mut sites, &mut post, 2, 0, &Scope::Whole, false);
        }
        // What was erased within the grant stays erased when it has ended; what comes later counts for nothing.
        sites[2].end_grant(grant).unwrap();
        set(&mut sites[0], row, client::email, "ana@example.org");
        for (from, to) in [(2, 0), (0, 1)] {
            exchange(&mut sites, &mut post, from, to, &Scope::Whole, false);
        }
        let late = sites[0].to_erase(row, &[Target::Field(row, client::email)], "Email").unwrap();
        sites[1].erase(&late, "because I say so").unwrap();
        exchange(&mut sites, &mut post, 2, 1, &Scope::Whole, false);
        exchange(&mut sites, &mut post, 1, 0, &Scope::Whole, false);
        exchange(&mut sites, &mut post, 1, 2, &Scope::Whole, false);
        for _ in 0..2 {
            exchange(&mut sites, &mut post, 1, 0, &Scope::Whole, false);
            exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
            exchange(&mut sites, &mut post, 0, 2, &Scope::Whole, false);
        }
        for store in &sites {
            assert_eq!(store.holds_anywhere("555-0142"), None);
            assert_eq!(shown(store, row, client::email), "ana@example.org");
            assert!(store.check().unwrap().ok, "{:?}", store.check().unwrap());
            assert_eq!(clients(store), clients(&sites[0]));
        }
    }
}

#[test]
fn what_was_erased_stays_erased_when_its_work_moves_to_another_site() {
    let mut sites = team(&[0, 0]);
    let mut post = Post::new();
    let row = add_client(&mut sites[0], 1, "Ana");
    set(&mut sites[0], row, client::phone, "555-0142");
    set(&mut sites[0], row, client::email, "ana@example.org");
    erase(&mut sites[0], row, client::phone);
    let old = sites[0].site();
    sites[0].make_way(row, old, 0).unwrap();
    assert_ne!(sites[0].site(), old);
    exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, true);
    for store in &mut sites {
        assert_eq!(shown(store, row, client::phone), "");
        assert_eq!(shown(store, row, client::email), "ana@example.org");
        assert_eq!(store.missing().unwrap(), []);
        let report = store.check().unwrap();
        assert!(report.ok, "{:?}", report.problems);
    }
    // And the new site erases what the old one wrote.
    assert_eq!(erase(&mut sites[0], row, client::email).values, 1);
    exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
    assert_eq!(sites[1].holds_anywhere("ana@example.org"), None);
}

#[test]
fn our_bundles_in_a_place_are_written_again_without_what_was_erased() {
    let mut sites = team(&[0, 0, 0, 0]);
    let folder = tempfile::tempdir().unwrap();
    let place = super::super::place::Place::open(folder.path().to_str().unwrap()).unwrap();
    let row = add_client(&mut sites[0], 1, "Ana");
    set(&mut sites[0], row, client::phone, "555-0142");
    sync(&mut sites[0], &place, &mut go()).unwrap();
    let kept: Vec<PathBuf> = bundles(folder.path());
    // One reads what lay there before, another what lies there after.
    let holds = |reader: &mut Store, paths: &[PathBuf]| {
        for path in paths {
            take(reader, path, None, true, &mut go()).unwrap();
        }
        reader.holds_anywhere("555-0142").is_some()
    };
    assert!(holds(&mut sites[2], &kept), "it was there");
    erase(&mut sites[0], row, client::phone);
    sync(&mut sites[0], &place, &mut go()).unwrap();
    let left = bundles(folder.path());
    assert!(kept.iter().all(|path| !left.contains(path)), "the old one is gone");
    assert!(!left.is_empty() && !holds(&mut sites[3], &left));
    assert_eq!(shown(&sites[3], row, client::given_name), "Ana");
    sync(&mut sites[1], &place, &mut go()).unwrap();
    assert_eq!(shown(&sites[1], row, client::given_name), "Ana");
    assert!(sites[1].check().unwrap().ok);
    // And that is all: the next sync writes nothing.
    assert_eq!(sync(&mut sites[0], &place, &mut go()).unwrap().given, None);
}

fn bundles(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(bundles(&path));
        } else if path.extension().is_some_and(|end| end == "bundle") {
            found.push(path);
        }
    }
    found
}

#[derive(Clone, Debug)]
enum Deed {
    Act(u8, Op),
    Send(u8, u8, bool),
    /// One of the honest erases what they wrote of a client's phone, or of a note.
    Erase(u8, u8, bool),
    /// The relay takes out of somebody's chain what the bits say.
    Blank(u8, u8, u64, bool),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (any::<u8>(), edit()).prop_map(|(who, op)| Deed::Act(who, op)),
        4 => (any::<u8>(), any::<u8>(), any::<bool>()).prop_map(|(from, to, all)| Deed::Send(from, to, all)),
        1 => (any::<u8>(), 0u8..2, any::<bool>()).prop_map(|(who, client, phone)| Deed::Erase(who, client, phone)),
        2 => (any::<u8>(), 0u8..2, any::<u64>(), any::<bool>())
            .prop_map(|(whose, client, bits, anew)| Deed::Blank(whose, client, bits, anew)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// The last of the sites is no honest one: it takes values out of what it passes on. Once the honest ones have met
    /// everywhere, each value is back that nobody ordered erased, and each one that was ordered erased is gone.
    #[test]
    fn whatever_a_relay_takes_out_is_back_and_what_was_ordered_erased_is_gone(
        honest in 2usize..=4,
        deeds in prop::collection::vec(deed(), 1..40),
    ) {
        let mut sites = team(&vec![0; honest + 1]);
        let mut post = Post::new();
        for row in 0..2 {
            run(&mut sites[0], &Op::Client(row));
        }
        for row in 10..14 {
            run(&mut sites[0], &apart(Op::Child(0, row, 0)));
        }
        for other in 1..=honest {
            exchange(&mut sites, &mut post, 0, other, &Scope::Whole, false);
        }
        let mut ordered = false;
        for deed in deeds {
            match deed {
                Deed::Act(who, op) => run(&mut sites[usize::from(who) % honest], &op),
                Deed::Send(from, to, everything) => {
                    let (from, to) = (usize::from(from) % (honest + 1), usize::from(to) % (honest + 1));
                    if from != to {
                        exchange(&mut sites, &mut post, from, to, &Scope::Whole, everything);
                    }
                }
                Deed::Erase(who, row, phone) => {
                    let (store, row) = (&mut sites[usize::from(who) % honest], id(row));
                    let note = id(10 + u8::from(phone));
                    let target = if phone { Target::Field(row, client::phone) } else { Target::Row(note) };
                    let plan = store.to_erase(row, &[target], "something").unwrap();
                    if plan.values > 0 {
                        store.erase(&plan, "an order").unwrap();
                        ordered = true;
                    }
                }
                Deed::Blank(whose, row, bits, anew) => {
                    let author = sites[usize::from(whose) % honest].site();
                    sites[honest].blank(id(row), author, &|index| bits >> (index % 64) & 1 == 1, anew).unwrap();
                }
            }
        }
        // The honest ones meet: all with the first, until each has told it what is missing and got it.
        for _ in 0..3 {
            for other in 1..honest {
                exchange(&mut sites, &mut post, other, 0, &Scope::Whole, false);
                exchange(&mut sites, &mut post, 0, other, &Scope::Whole, false);
            }
        }
        let (same, chains) = (dump(&sites[0]), sites[0].chains(None).unwrap());
        for store in &mut sites[..honest] {
            prop_assert_eq!(store.missing().unwrap(), Vec::new());
            prop_assert_eq!(dump(store), same.clone());
            prop_assert_eq!(store.chains(None).unwrap(), chains.clone());
            let report = store.check().unwrap();
            prop_assert!(report.ok && report.missing.is_empty(), "{:?}", report.problems);
            prop_assert!(ordered || !store.has_blanks().unwrap(), "nothing is gone without an order");
            store.rebuild().unwrap();
            prop_assert_eq!(dump(store), same.clone());
        }
    }
}
