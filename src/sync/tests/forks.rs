//! A laptop that was set back, or that there are two of: nothing is lost, and all come to the same again.

use super::*;
use crate::model::SiteId;
use crate::store::{Merged, SiteState, StoreError};

fn team_of(many: usize) -> (Vec<Store>, Post, RowId) {
    let mut sites = team(&vec![0; many]);
    let mut post = Post::new();
    let ana = add_client(&mut sites[0], 1, "Ana");
    for other in 1..many {
        exchange(&mut sites, &mut post, 0, other, &Scope::Whole, false);
        exchange(&mut sites, &mut post, other, 0, &Scope::Whole, false);
    }
    (sites, post, ana)
}

fn hand(sites: &mut [Store], post: &mut Post, from: usize, to: usize) -> Merged {
    let (sender, receiver) = pair(sites, from, to);
    let path = post.write(sender, (to, receiver), &Scope::Whole, false);
    take(receiver, &path, None, true, &mut go()).unwrap().merged
}

/// The same with all that there is: what whoever was set back asks for.
fn hand_all(sites: &mut [Store], post: &mut Post, from: usize, to: usize) -> Merged {
    let (sender, receiver) = pair(sites, from, to);
    let path = post.write(sender, (to, receiver), &Scope::Whole, true);
    take(receiver, &path, None, true, &mut go()).unwrap().merged
}

fn everyone_meets(sites: &mut [Store], post: &mut Post) {
    for _ in 0..3 {
        for from in 0..sites.len() {
            for to in 0..sites.len() {
                if from != to {
                    hand(sites, post, from, to);
                }
            }
        }
    }
    for store in sites.iter() {
        let (here, there) = (dump(store), dump(&sites[0]));
        let differ = here.iter().find(|line| !there.contains(line));
        assert!(here == there, "the same tables: {differ:?}");
        assert_eq!(store.chains(None).unwrap(), sites[0].chains(None).unwrap());
        let report = store.check().unwrap();
        assert!(report.ok, "{:?}", report.problems);
    }
}

fn log(store: &mut Store, client: RowId, number: u8, words: &str) {
    let now = DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap();
    let mut change = Change::new("log contact");
    change.create(&note::TYPE, id(number), client).set(id(number), note::when, now);
    change.set(id(number), note::kind, "phone").set(id(number), note::body, words);
    store.commit(&change).unwrap();
}

fn body(store: &Store, number: u8) -> String {
    store.row(id(number)).unwrap().map_or(String::new(), |row| row.text(note::body).into())
}

#[test]
fn set_back_before_anyone_else_wrote_it_is_healed_and_stays_who_it_was() {
    let (mut sites, mut post, ana) = team_of(2);
    let image = sites[0].image().unwrap();
    log(&mut sites[0], ana, 40, "monday");
    hand(&mut sites, &mut post, 0, 1);
    let site = image.site();
    sites[0] = image;
    let merged = hand_all(&mut sites, &mut post, 1, 0);
    assert_eq!((merged.moved, merged.set_back, body(&sites[0], 40).as_str()), (0, false, "monday"));
    assert_eq!(sites[0].site(), site);
}

#[test]
fn set_back_and_written_since_goes_to_a_new_site_and_those_who_had_it_follow() {
    let (mut sites, mut post, ana) = team_of(3);
    let image = sites[0].image().unwrap();
    log(&mut sites[0], ana, 40, "monday");
    hand(&mut sites, &mut post, 0, 1);
    let old = image.site();
    sites[0] = image;
    log(&mut sites[0], ana, 41, "tuesday");
    let mut change = Change::new("delete");
    change.delete(&note::TYPE, id(41));
    sites[0].commit(&change).unwrap();
    log(&mut sites[0], ana, 42, "wednesday");
    // The third gets what was written after; the second what was written before.
    hand(&mut sites, &mut post, 0, 2);
    let told = hand(&mut sites, &mut post, 2, 1);
    assert_eq!(told.not_taken[0].why, Why::Fork);
    assert!(in_words(&told).concat().contains("two copies"));
    // Both stay with what they have, and nobody else is bothered: the rest of the bundle came in.
    assert_eq!((body(&sites[1], 40).as_str(), body(&sites[1], 42).as_str()), ("monday", ""));
    let merged = hand_all(&mut sites, &mut post, 1, 0);
    assert!(merged.moved > 0, "{merged:?}");
    assert_ne!(sites[0].site(), old);
    assert_eq!((body(&sites[0], 40).as_str(), body(&sites[0], 42).as_str()), ("monday", "wednesday"));
    everyone_meets(&mut sites, &mut post);
    for store in &sites {
        assert_eq!((body(store, 40).as_str(), body(store, 42).as_str()), ("monday", "wednesday"));
        assert!(store.row(id(41)).unwrap().is_none(), "what was deleted stays deleted");
    }
    // In the end nobody is told of two copies any more, and nothing goes on moving.
    let settled: Vec<_> = sites.iter().map(Store::site).collect();
    for (from, to) in [(0, 1), (1, 0), (2, 0), (0, 2), (1, 2), (2, 1)] {
        let merged = hand(&mut sites, &mut post, from, to);
        assert!(merged.is_nothing(), "{merged:?}");
    }
    assert_eq!(sites.iter().map(Store::site).collect::<Vec<_>>(), settled);
}

#[test]
fn the_owners_part_can_be_undone_after_it_moved() {
    let (mut sites, mut post, ana) = team_of(2);
    let image = sites[0].image().unwrap();
    log(&mut sites[0], ana, 40, "monday");
    hand(&mut sites, &mut post, 0, 1);
    sites[0] = image;
    log(&mut sites[0], ana, 42, "wednesday");
    hand_all(&mut sites, &mut post, 1, 0);
    sites[0].undo().unwrap().unwrap();
    assert!(sites[0].row(id(42)).unwrap().is_none());
    assert_eq!(body(&sites[0], 40), "monday");
    everyone_meets(&mut sites, &mut post);
}

#[test]
fn set_back_twice_three_branches_become_one_chain_again() {
    for in_common in [0, 1] {
        let (mut sites, mut post, ana) = team_of(3);
        let image = sites[0].image().unwrap();
        log(&mut sites[0], ana, 40, "monday");
        hand(&mut sites, &mut post, 0, 1);
        sites[0] = match in_common {
            // The second and the third branch part from the first in one place, and from each other in another.
            0 => image.image().unwrap(),
            _ => {
                sites[0] = image.image().unwrap();
                log(&mut sites[0], ana, 43, "either day");
                sites[0].image().unwrap()
            }
        };
        let second = sites[0].image().unwrap();
        log(&mut sites[0], ana, 41, "tuesday");
        hand(&mut sites, &mut post, 0, 2);
        sites[0] = second;
        log(&mut sites[0], ana, 42, "wednesday");
        // One colleague comes to hold all three: one in place, and two aside.
        hand_all(&mut sites, &mut post, 2, 1);
        hand_all(&mut sites, &mut post, 0, 1);
        everyone_meets(&mut sites, &mut post);
        for store in &sites {
            let bodies: Vec<_> = (40..44).map(|number| body(store, number)).collect();
            let either = if in_common == 1 { "either day" } else { "" };
            assert_eq!(bodies, ["monday", "tuesday", "wednesday", either]);
        }
    }
}

#[test]
fn a_branch_of_one_who_is_gone_is_told_and_hides_nothing_else() {
    let (mut sites, mut post, ana) = team_of(3);
    let image = sites[0].image().unwrap();
    log(&mut sites[0], ana, 40, "monday");
    hand(&mut sites, &mut post, 0, 1);
    sites[0] = image;
    log(&mut sites[0], ana, 41, "tuesday");
    hand(&mut sites, &mut post, 0, 2);
    // From here on only the other two meet.
    for number in 44..47 {
        log(&mut sites[1], ana, number, "from the second");
        log(&mut sites[2], ana, number + 5, "from the third");
        for (from, to) in [(1, 2), (2, 1)] {
            let merged = hand_all(&mut sites, &mut post, from, to);
            assert!(merged.not_taken.iter().any(|one| one.why == Why::Fork), "{merged:?}");
            assert!(merged.entries > 0, "{merged:?}");
        }
    }
    for store in &sites[1..] {
        assert_eq!((body(store, 46).as_str(), body(store, 51).as_str()), ("from the second", "from the third"));
        assert!(store.check().unwrap().ok);
    }
    assert_eq!((body(&sites[1], 40).as_str(), body(&sites[2], 41).as_str()), ("monday", "tuesday"));
}

/// Two colleagues hold a branch each of somebody who will not come back.
fn two_branches_of_one_who_is_gone() -> (Vec<Store>, Post, SiteId) {
    let (mut sites, mut post, ana) = team_of(3);
    let image = sites[0].image().unwrap();
    log(&mut sites[0], ana, 40, "monday");
    sites[0].sign_note(id(40), 72).unwrap();
    hand(&mut sites, &mut post, 0, 1);
    sites[0] = image;
    log(&mut sites[0], ana, 41, "tuesday");
    sites[0].sign_note(id(41), 72).unwrap();
    hand(&mut sites, &mut post, 0, 2);
    let gone = sites[0].site();
    hand_all(&mut sites, &mut post, 1, 2);
    hand_all(&mut sites, &mut post, 2, 1);
    sites.remove(0);
    (sites, post, gone)
}

#[test]
fn both_branches_of_one_who_is_gone_are_kept_by_a_colleague_and_the_others_follow() {
    let (mut sites, mut post, gone) = two_branches_of_one_who_is_gone();
    let told = sites[0].check().unwrap();
    assert!(told.ok && told.notices.iter().any(|notice| notice.contains("keep-both")), "{told:?}");
    assert!(matches!(sites[0].keep_both(gone), Err(StoreError::StillAtWork)));
    sites[0].put_site(gone, SiteState::AtRest).unwrap();
    assert!(sites[0].keep_both(gone).unwrap() > 0);
    assert_eq!(sites[0].keep_both(gone).unwrap(), 0, "once");
    assert_eq!((body(&sites[0], 40).as_str(), body(&sites[0], 41).as_str()), ("monday", "tuesday"));
    // Nothing of it is the keeper's own: it is not to be undone, changed or signed by them, nor does it speak for who is gone.
    assert!(sites[0].past_actions(50).unwrap().iter().all(|one| one.label != "log contact"));
    assert!(!sites[0].is_mine(id(41)).unwrap());
    let written = sites[0].written(id(41)).unwrap().unwrap();
    let written = written.standing();
    let by: Vec<bool> = written.signatures.iter().map(|row| row.by.as_ref().is_some_and(|by| !by.counts)).collect();
    assert_eq!(by, [true], "shown as the keeper's word");
    let mut change = Change::new("edit note");
    change.set(id(41), note::body, "other words");
    assert!(sites[0].commit(&change).is_err());
    // Who holds the other for at work still waits; once they were told, they come to the same.
    hand_all(&mut sites, &mut post, 0, 1);
    assert_eq!((body(&sites[1], 40).as_str(), body(&sites[1], 41).as_str()), ("", "tuesday"));
    assert_eq!(sites[1].aside().unwrap().len(), 1);
    sites[1].put_site(gone, SiteState::AtRest).unwrap();
    everyone_meets(&mut sites, &mut post);
    for store in &sites {
        assert_eq!(store.aside().unwrap(), []);
        assert_eq!((body(store, 40).as_str(), body(store, 41).as_str()), ("monday", "tuesday"));
    }
}

#[test]
fn two_who_both_keep_both_come_to_the_same() {
    let (mut sites, mut post, gone) = two_branches_of_one_who_is_gone();
    for store in &mut sites {
        store.put_site(gone, SiteState::AtRest).unwrap();
        store.keep_both(gone).unwrap();
    }
    everyone_meets(&mut sites, &mut post);
    for store in &sites {
        assert_eq!(store.aside().unwrap(), []);
        assert_eq!((body(store, 40).as_str(), body(store, 41).as_str()), ("monday", "tuesday"));
    }
}

#[test]
fn whoever_was_held_for_gone_and_comes_back_meets_them_again() {
    let (mut sites, mut post, ana) = team_of(3);
    let image = sites[0].image().unwrap();
    log(&mut sites[0], ana, 40, "monday");
    hand(&mut sites, &mut post, 0, 1);
    sites[0] = image;
    log(&mut sites[0], ana, 41, "tuesday");
    hand(&mut sites, &mut post, 0, 2);
    let gone = sites[0].site();
    hand_all(&mut sites, &mut post, 2, 1);
    sites[1].put_site(gone, SiteState::AtRest).unwrap();
    sites[1].keep_both(gone).unwrap();
    for store in &mut sites[1..] {
        store.put_site(gone, SiteState::Live).unwrap();
    }
    everyone_meets(&mut sites, &mut post);
    for store in &sites {
        assert_eq!((body(store, 40).as_str(), body(store, 41).as_str()), ("monday", "tuesday"));
    }
}

#[test]
fn two_laptops_that_were_one_come_to_the_same() {
    // Several pairs: which branch keeps the name depends on its hash.
    for round in 0..6u8 {
        let (mut sites, mut post, ana) = team_of(3);
        let twin = sites[0].image().unwrap();
        sites.push(twin);
        log(&mut sites[0], ana, 40, &format!("from the one, {round}"));
        log(&mut sites[3], ana, 41, &format!("from the other, {round}"));
        hand(&mut sites, &mut post, 0, 1);
        hand(&mut sites, &mut post, 3, 2);
        hand(&mut sites, &mut post, 1, 3);
        hand(&mut sites, &mut post, 2, 0);
        everyone_meets(&mut sites, &mut post);
        for store in &sites {
            assert_eq!(body(store, 40), format!("from the one, {round}"));
            assert_eq!(body(store, 41), format!("from the other, {round}"));
        }
        assert_ne!(sites[0].site(), sites[3].site());
    }
}

#[test]
fn a_chain_that_is_cut_is_signed_at_its_new_end() {
    let (mut sites, mut post, ana) = team_of(2);
    let image = sites[0].image().unwrap();
    for number in 40..44 {
        log(&mut sites[0], ana, number, "words");
    }
    hand(&mut sites, &mut post, 0, 1);
    // All of it comes home in one bundle: only its last batch carries a signature.
    sites[0] = image;
    hand_all(&mut sites, &mut post, 1, 0);
    let old = sites[0].site();
    let mut firsts = Vec::new();
    let each = |batch: crate::store::Batch| -> Result<(), StoreError> {
        firsts.push((batch.header.first, batch.signature.len()));
        Ok(())
    };
    let mut each = each;
    sites[0].each_of_chain(ana, old, 0, &mut each).unwrap();
    let unsigned = firsts.iter().filter(|(_, length)| *length == 0).count();
    assert!(unsigned > 1, "{firsts:?}");
    let cut = firsts[firsts.len() - 1].0;
    sites[0].make_way(ana, old, cut).unwrap();
    let report = sites[0].check().unwrap();
    assert!(report.ok, "{:?}", report.problems);
    assert_ne!(sites[0].site(), old);
    let bodies: Vec<_> = (40..44).map(|number| body(&sites[0], number)).collect();
    assert_eq!(bodies, ["words"; 4]);
}

#[test]
fn a_copied_file_that_is_identical_makes_no_installation_and_no_news() {
    use crate::store::Passphrase;
    let folder = tempfile::tempdir().unwrap();
    let (path, pass) = (folder.path().join("a.db"), Passphrase::new("p"));
    let (mut store, _) = Store::create(&path, &pass, site(1, 0).worker(), clock(0)).unwrap();
    add_client(&mut store, 1, "Ana");
    drop(store);
    let copy = folder.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    let mut store = Store::open(&path, &pass, clock(0)).unwrap();
    let before = crate::store::tests::everything(&store);
    let taken = merge_file(&mut store, &copy, &pass, true, &mut go()).unwrap();
    assert!(taken.merged.is_nothing());
    assert_eq!(crate::store::tests::everything(&store), before);
    assert_eq!(store.sites().unwrap().len(), 1);
}
