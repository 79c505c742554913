//! Attacks on who is believed: with a stolen laptop, with a forged voucher, with a name, with half a fingerprint.

use std::ops::ControlFlow;

use super::*;
use crate::model::records::client;
use crate::model::{Change, RowId};
use crate::store::tests::clock;
use crate::store::{Passphrase, Store, Worker};
use crate::sync::bundle::{Seal, Writer};
use crate::sync::{Card, Refusal, Scope, Taken, Whom, give, take};

pub(crate) fn laptop(name: &str) -> Store {
    let worker = Worker {
        id: RowId::derived(&["worker", name]),
        name: name.into(),
        credentials: String::new(),
        area: String::new(),
    };
    Store::in_memory(&worker, clock()).unwrap()
}

pub(crate) fn befriend(one: &mut Store, other: &mut Store) {
    let (a, b) = (one.own_site().unwrap(), other.own_site().unwrap());
    one.accept_site(&b).unwrap();
    other.accept_site(&a).unwrap();
}

/// Hands over everything as a bundle.
pub(crate) fn send(from: &Store, to: &mut Store) -> Result<Taken, Refusal> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.bundle");
    let whom = Whom::Sites(vec![to.own_site().unwrap()]);
    give(from, &Scope::Whole, &whom, true, &path).unwrap();
    take(to, &path, None, true, &mut |_| ControlFlow::Continue(()))
}

pub(crate) fn add_client(store: &mut Store, name: &str) -> RowId {
    let row = RowId::derived(&["client", name]);
    let mut change = Change::new("add client");
    change.create(&client::TYPE, row, row).set(row, client::given_name, name);
    store.commit(&change).unwrap();
    row
}

fn trust(store: &Store, site: SiteId) -> Trust {
    store.site_known(site).unwrap().map_or(Trust::Known, |site| site.trust())
}

#[test]
fn neither_the_stolen_laptop_nor_the_new_one_is_believed_once_either_was_revoked() {
    for revoke_the_new in [false, true] {
        let (mut rosa, mut tom, mut uma) = (laptop("Rosa"), laptop("Tom"), laptop("Uma"));
        befriend(&mut rosa, &mut tom);
        befriend(&mut rosa, &mut uma);
        befriend(&mut tom, &mut uma);
        // The laptop is stolen with its keys; its owner moved on to another, which it vouched for.
        let mut thief = rosa.same_site_again().unwrap();
        thief.accept_site(&tom.own_site().unwrap()).unwrap();
        let old = rosa.site();
        rosa.become_another().unwrap();
        add_client(&mut rosa, "Ana");
        send(&rosa, &mut tom).unwrap();
        assert_eq!((trust(&tom, old), trust(&tom, rosa.site())), (Trust::Accepted, Trust::Accepted));

        tom.revoke_site(if revoke_the_new { rosa.site() } else { old }).unwrap();
        add_client(&mut thief, "Eve");
        assert!(matches!(send(&thief, &mut tom), Err(Refusal::Revoked { .. })), "the old key: {revoke_the_new}");
        assert!(matches!(send(&rosa, &mut tom), Err(Refusal::Revoked { .. })), "the new key: {revoke_the_new}");
        // Nor is whatever the thief vouches for, by itself or by way of someone who has not heard.
        thief.become_another().unwrap();
        add_client(&mut thief, "Mallory");
        assert!(matches!(send(&thief, &mut tom), Err(Refusal::Revoked { .. })));
        send(&thief, &mut uma).unwrap();
        let relayed = send(&uma, &mut tom).unwrap();
        assert!(relayed.merged.held_back > 0 && relayed.merged.new.is_empty(), "{:?}", relayed.merged);
        assert!(
            tom.partners().unwrap().iter().all(|site| site.id == uma.site()),
            "and nothing is sealed to any of them"
        );

        // Accepted again without its whole fingerprint: no. With it: that one installation, and no other.
        let card = rosa.own_site().unwrap();
        assert!(matches!(tom.accept(&card, &Acceptance::default()), Err(StoreError::WasEnded)));
        tom.accept(&card, &Acceptance { confirmed: true, ..Acceptance::default() }).unwrap();
        send(&rosa, &mut tom).unwrap();
        assert!(matches!(send(&thief, &mut tom), Err(Refusal::Revoked { .. })));
        assert_eq!(trust(&tom, old), Trust::Revoked);
        assert!(tom.check().unwrap().ok);
    }
}

#[test]
fn of_ones_own_line_all_but_this_installation_can_be_ended() {
    let mut rosa = laptop("Rosa");
    let mut thief = rosa.same_site_again().unwrap();
    let old = rosa.site();
    rosa.become_another().unwrap();
    thief.become_another().unwrap();
    thief.accept_site(&rosa.own_site().unwrap()).unwrap();
    add_client(&mut thief, "Eve");
    rosa.revoke_site(old).unwrap();
    assert_eq!((trust(&rosa, old), trust(&rosa, rosa.site())), (Trust::Revoked, Trust::Own));
    assert!(matches!(send(&thief, &mut rosa), Err(Refusal::Revoked { .. })));
}

#[test]
fn a_voucher_that_its_site_never_said_itself_joins_nobody() {
    let (mut rosa, mut mal, mut tom) = (laptop("Rosa"), laptop("Mal"), laptop("Tom"));
    befriend(&mut mal, &mut tom);
    add_client(&mut rosa, "Ana");
    let victim = rosa.own_site().unwrap();
    // Mallory signs that Rosa's installation took over from hers, and says so in a bundle of her own.
    let claim = Site { voucher: Some((mal.site(), mal.sign(&victim.vouched()))), ..victim.clone() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forged.bundle");
    let receivers = [tom.own_site().unwrap()];
    let mut writer = Writer::new(&mal, &Seal::Sites(&receivers), false, std::fs::File::create(&path).unwrap()).unwrap();
    for site in [&mal.own_site().unwrap(), &claim] {
        writer.site(site).unwrap();
    }
    writer.end().unwrap();
    take(&mut tom, &path, None, true, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(tom.trust_of(&victim).unwrap(), Trust::Known, "it is believed by nobody's word but its own");
    assert_eq!(sites::root(&tom.db, rosa.site()).unwrap(), rosa.site());
    // Nor does a place's card do it, whose voucher nobody signed for.
    tom.know_site(&claim).unwrap();
    assert_eq!(sites::root(&tom.db, rosa.site()).unwrap(), rosa.site());
}

#[test]
fn a_valid_voucher_is_never_replaced_and_a_bad_one_never_kept() {
    let (mut rosa, mut mal, mut tom) = (laptop("Rosa"), laptop("Mal"), laptop("Tom"));
    befriend(&mut rosa, &mut tom);
    befriend(&mut mal, &mut tom);
    let first = rosa.site();
    rosa.become_another().unwrap();
    send(&rosa, &mut tom).unwrap();
    let site = tom.site_known(rosa.site()).unwrap().unwrap();
    assert_eq!(site.voucher.as_ref().map(|(of, _)| *of), Some(first));
    let other = Site { voucher: Some((mal.site(), mal.sign(&site.vouched()))), ..site.clone() };
    assert!(!vouch(&tom.db, &other).unwrap());
    assert_eq!(tom.site_known(rosa.site()).unwrap().unwrap(), site);
    let bad = Site { voucher: Some((first, vec![7; 64])), ..mal.own_site().unwrap() };
    assert!(!vouch(&tom.db, &bad).unwrap());
    assert_eq!(tom.site_known(mal.site()).unwrap().unwrap().voucher, None);
}

#[test]
fn accepting_again_changes_nothing_that_is_not_asked_for() {
    let (mut rosa, ann) = (laptop("Rosa"), laptop("Ann"));
    let card = ann.own_site().unwrap();
    let only = Acceptance {
        gives: Some(Gives::Everything),
        takes: Some(false),
        agency: Some("County Housing".into()),
        called: Some("Ann Weir".into()),
        confirmed: true,
    };
    let set = rosa.accept(&card, &only).unwrap().unwrap();
    let again = rosa.accept(&card, &Acceptance { confirmed: true, ..Acceptance::default() }).unwrap().unwrap();
    assert_eq!(again, set, "neither wider, nor of our own agency");
    assert_eq!(rosa.agency_of(&card).unwrap(), "County Housing");
    assert!(rosa.receivers().unwrap().is_empty());
    // What is asked for changes, and nothing else.
    let wanted = Acceptance { takes: Some(true), ..Acceptance::default() };
    let wider = rosa.accept(&card, &wanted).unwrap().unwrap();
    assert_eq!(wider, Line { takes: true, ..set });
}

#[test]
fn whoever_moves_on_takes_what_is_set_along_and_no_more() {
    let (mut rosa, mut ann) = (laptop("Rosa"), laptop("Ann"));
    befriend(&mut rosa, &mut ann);
    rosa.set_agency(&ann.own_site().unwrap(), "County Housing").unwrap();
    ann.become_another().unwrap();
    add_client(&mut ann, "Ana");
    // Her new card, accepted by hand before anything of it came in.
    let card = ann.own_site().unwrap();
    assert_eq!(rosa.agency_of(&card).unwrap(), "County Housing");
    rosa.accept(&card, &Acceptance::default()).unwrap();
    assert_eq!(rosa.agency_of(&card).unwrap(), "County Housing");
    send(&ann, &mut rosa).unwrap();
    assert!(rosa.receivers().unwrap().is_empty());
}

#[test]
fn a_fingerprint_is_compared_whole_and_nothing_else_passes_for_it() {
    let site = laptop("Rosa").own_site().unwrap();
    let whole = site.fingerprint();
    let read_out = whole.replace('-', " ").to_lowercase().replace('0', "o").replace('1', "l");
    for good in [whole.as_str(), &whole.replace('-', ""), &read_out, &format!(" {whole}\n")] {
        assert!(site.has_fingerprint(good), "{good:?}");
    }
    let mut other = whole.clone();
    let last = if whole.ends_with('Z') { "Y" } else { "Z" };
    other.replace_range(18.., last);
    for bad in
        ["", "Rosa", &whole[..4], &whole[..14], &whole[..18], &other, &format!("{whole}-{whole}"), &site.id.to_string()]
    {
        assert!(!site.has_fingerprint(bad), "{bad:?}");
    }
}

#[test]
fn a_name_is_a_claim_of_one_short_line_that_draws_no_fingerprint() {
    for (name, kept) in [
        ("Rosa Ortiz", "Rosa Ortiz"),
        ("  Rosa\n\tOrtiz ", "Rosa Ortiz"),
        ("Zoë 李 محمد", "Zoë 李 محمد"),
        ("Rosa\u{202e}zitrO\x1b[2J", "RosazitrO [2J"),
        ("Rosa, fingerprint AAAA-BBBB-CCCC-DDDD. Compare", "Rosa,…"),
        ("Rosa FINGER\u{200b}PRINT: AAAA", "Rosa…"),
        ("Rosa AAAA-BBBB-CCCC-DDDD", "Rosa…"),
        ("Rosa 0KTKHFCHFHA6210P", "Rosa…"),
        ("Rosa\" of \"County Housing", "Rosa' of 'County Housing"),
    ] {
        assert_eq!(claim(name), kept);
    }
    let long = claim(&"Rosa ".repeat(1_000));
    assert_eq!(long.chars().count(), 60);
    // Whatever a card says comes in that way, and is marked as what it is.
    let mut mal = laptop("Mal");
    let mut change = Change::new("edit");
    let name = format!("Rosa Ortiz\n\nFingerprint: AAAA-BBBB-CCCC-DDDD{}", " ".repeat(300));
    change.set(mal.worker().id, crate::model::records::worker::name, name.split('\n').next().unwrap_or_default());
    mal.commit(&change).unwrap();
    let card = Card::parse(Card::of(&mal).unwrap().text()).unwrap();
    assert!(card.site.person().starts_with("one that calls itself \""), "{}", card.site.person());
    assert_eq!(Site::told(card.site.public_key, "", &name, None).name, "Rosa Ortiz…");
}

#[test]
fn nothing_is_sealed_to_an_installation_at_rest_or_retired() {
    let (mut rosa, tom) = (laptop("Rosa"), laptop("Tom"));
    rosa.accept_site(&tom.own_site().unwrap()).unwrap();
    for state in [SiteState::AtRest, SiteState::Retired] {
        rosa.put_site(tom.site(), state).unwrap();
        assert!(rosa.partners().unwrap().is_empty() && rosa.within_reach().unwrap().is_empty());
        assert_eq!(rosa.site_known(tom.site()).unwrap().unwrap().state, state);
    }
    rosa.put_site(tom.site(), SiteState::Live).unwrap();
    assert_eq!(rosa.partners().unwrap().len(), 1);
}

#[test]
fn a_laptop_that_was_left_for_another_is_sealed_to_by_nobody() {
    let (mut rosa, mut tom, mut uma, mut mal) = (laptop("Rosa"), laptop("Tom"), laptop("Uma"), laptop("Mal"));
    for other in [&mut tom, &mut uma] {
        befriend(&mut rosa, other);
    }
    befriend(&mut tom, &mut uma);
    befriend(&mut tom, &mut mal);
    let old = rosa.site();
    assert!(matches!(rosa.retire(tom.site()), Err(StoreError::NotTakenOver)));
    assert!(matches!(rosa.retire(old), Err(StoreError::NotTakenOver)));
    rosa.become_another().unwrap();
    rosa.retire(old).unwrap();
    let state = |store: &Store| store.site_known(old).unwrap().unwrap().state;
    assert_eq!(state(&rosa), SiteState::Retired);
    assert!(rosa.partners().unwrap().iter().all(|site| site.id != old));
    // By way of somebody else, who knows it; and then by itself.
    send(&rosa, &mut uma).unwrap();
    assert_eq!(state(&uma), SiteState::Retired);
    send(&uma, &mut tom).unwrap();
    send(&rosa, &mut tom).unwrap();
    assert_eq!(state(&tom), SiteState::Retired);
    assert!(tom.partners().unwrap().iter().any(|site| site.id == rosa.site()));
    assert!(tom.partners().unwrap().iter().all(|site| site.id != old));
    // Nobody else has anything to say of it.
    let word = own_word(mal.site());
    mal.say(word, "take over", (OF_LINE, word), &[(TOOK_OVER, rosa.site().to_string())]).unwrap();
    send(&mal, &mut tom).unwrap();
    assert_eq!(tom.site_known(rosa.site()).unwrap().unwrap().state, SiteState::Live);
    assert!(tom.check().unwrap().ok && rosa.check().unwrap().ok);
}

#[test]
fn by_hand_one_may_give_to_whoever_was_accepted_and_not_ended() {
    let (mut chief, rosa, uma) = (laptop("Chief"), laptop("Rosa"), laptop("Uma"));
    chief.accept_site_as(&rosa.own_site().unwrap(), Trust::TakeFrom).unwrap();
    chief.accept_site(&uma.own_site().unwrap()).unwrap();
    chief.revoke_site(uma.site()).unwrap();
    assert!(chief.partners().unwrap().is_empty(), "nobody gets everything");
    let reached: Vec<SiteId> = chief.within_reach().unwrap().iter().map(|site| site.id).collect();
    assert_eq!(reached, [rosa.site()]);
}

/// A file of the third edition of the tables: whom it believes, and who moved on, is one line each.
#[test]
fn a_file_that_had_a_word_of_trust_for_each_site_has_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("caseload.db");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/files/schema-3.db"), &path).unwrap();
    let store = Store::open(&path, &Passphrase::new("otter lamp seven canal"), clock()).unwrap();
    let sites = store.sites().unwrap();
    let of = |name: &str| sites.iter().filter(|site| site.name == name).collect::<Vec<_>>();
    let (tom, wes) = (of("tom"), of("wes"));
    assert_eq!((tom.len(), wes.len()), (2, 2));
    assert!(tom.iter().all(|site| site.trust() == Trust::Accepted && site.line == tom[0].line));
    assert!(tom.iter().any(|site| site.voucher.is_some()));
    // There the new laptop was revoked and the old one went on being believed: no longer.
    assert!(wes.iter().all(|site| site.trust() == Trust::Revoked), "{wes:?}");
    let set = |name: &str| of(name)[0].line.clone().map(|line| (line.gives, line.takes, line.agency));
    assert_eq!(set("uma"), Some((Gives::Theirs, true, String::new())));
    assert_eq!(set("vic"), Some((Gives::Everything, false, String::new())));
    assert_eq!(set("ann"), Some((Gives::Everything, true, "County Housing".into())));
    assert!(sites.iter().filter(|site| site.name == "rosa").all(|site| site.trust() == Trust::Own));
    assert!(sites.iter().all(|site| site.state == SiteState::Live));
    assert!(store.check().unwrap().ok);
}

#[test]
fn a_backup_brings_back_whom_one_believes_and_what_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let (path, again) = (folder.path().join("caseload.db"), folder.path().join("again.db"));
    let (pass, ann) = (Passphrase::new("p"), laptop("Ann"));
    let worker = laptop("Rosa").worker().clone();
    let (mut rosa, key) = Store::create(&path, &pass, &worker, clock()).unwrap();
    let card = ann.own_site().unwrap();
    rosa.accept_site_as(&card, Trust::TakeFrom).unwrap();
    rosa.set_agency(&card, "County Housing").unwrap();
    rosa.put_site(ann.site(), SiteState::AtRest).unwrap();
    let backup = rosa.backup(folder.path()).unwrap();
    let (restored, _) = Store::restore(&backup, &key, &again, &pass, clock()).unwrap();
    assert_eq!(restored.site_known(ann.site()).unwrap(), rosa.site_known(ann.site()).unwrap());
    assert_eq!(restored.agency_of(&card).unwrap(), "County Housing");
    assert_eq!(trust(&restored, rosa.site()), Trust::Own);
    assert_eq!(
        sites::person(&restored.db, rosa.site()).unwrap(),
        sites::person(&restored.db, restored.site()).unwrap(),
        "it goes on for the one that it replaces"
    );
}
