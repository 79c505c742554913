//! Who is believed, as what, and how far: told at the command line, with those who try to get in by a name or half a
//! fingerprint.

use std::path::PathBuf;

use crate::common::feet::unlocked;
use crate::common::{Caseload, fixture, laptop, text};
use serde_json::Value as Json;

fn card(of: &Caseload) -> (String, String) {
    let card = of.json(&["site", "card"]);
    (card["card"].as_str().unwrap().into(), card["fingerprint"].as_str().unwrap().into())
}

fn acquaint(one: &Caseload, other: &Caseload) {
    for (from, to) in [(one, other), (other, one)] {
        let (card, fingerprint) = card(from);
        to.run(&["site", "accept", &card, "--fingerprint", &fingerprint]);
    }
}

fn bundle(from: &Caseload, args: &[&str]) -> PathBuf {
    let path = from.folder.path().join(format!("{}.bundle", uuid::Uuid::new_v4()));
    from.run(&[&["export", text(&path)], args].concat());
    path
}

fn hand_over(from: &Caseload, to: &Caseload) -> Json {
    to.json(&["import", text(&bundle(from, &["--everything"]))])
}

/// What the list of sites says of one.
fn site(of: &Caseload, fingerprint: &str) -> Json {
    let list = of.json(&["site", "list"]);
    list.as_array().unwrap().iter().find(|site| site["fingerprint"] == fingerprint).unwrap().clone()
}

/// The same file on another laptop: an installation of its own, vouched for by the first.
fn moved(from: &Caseload) -> Caseload {
    let there = Caseload::none();
    std::fs::copy(from.file(), there.file()).unwrap();
    there
}

#[test]
fn a_card_is_accepted_by_its_whole_fingerprint_and_by_nothing_less() {
    let (rosa, mal) = (laptop("Rosa Ortiz"), laptop("Rosa Ortiz"));
    let (card, whole) = card(&mal);
    for told in ["Rosa Ortiz", &whole[..4], &whole[..14], "", "0000-0000-0000-0000"] {
        let said = rosa.refused(&["site", "accept", &card, "--fingerprint", told]);
        assert!(said.contains("not the one that was told"), "{told}: {said}");
    }
    assert_eq!(rosa.json(&["site", "list"]).as_array().unwrap().len(), 1);
    // As it is read out on the phone: no dashes, small letters, O for 0 and l for 1.
    let read_out = whole.replace('-', "").to_lowercase().replace('0', "o").replace('1', "l");
    rosa.run(&["site", "accept", &card, "--fingerprint", &read_out]);
    assert_eq!(site(&rosa, &whole)["trust"], "accepted");
}

#[test]
fn accepting_again_keeps_the_agency_and_never_widens_in_silence() {
    let (rosa, ann) = (laptop("Rosa Ortiz"), laptop("Ann Weir"));
    let (card, fingerprint) = card(&ann);
    rosa.run(&["site", "accept", &card, "--only", "give", "--other-agency", "County Housing"]);
    let before = site(&rosa, &fingerprint);
    assert_eq!((&before["trust"], &before["agency"]), (&"given to only".into(), &"County Housing".into()));
    let said = rosa.run(&["site", "accept", &card]);
    assert!(said.contains("accepted before") && said.contains("of County Housing"), "{said}");
    assert_eq!(site(&rosa, &fingerprint), before);
    // Her clients are checked against releases as before.
    let ana = rosa.client(&["given_name=Ana"]);
    let path = rosa.folder.path().join("ana.bundle");
    let refused = rosa.refused(&["export", text(&path), "--client", &ana, "--to", &fingerprint]);
    assert!(refused.contains("Nobody may be given to County Housing"), "{refused}");
    // What is asked for in so many words changes, and nothing else with it.
    rosa.run(&["site", "accept", &card, "--both"]);
    let both = site(&rosa, &fingerprint);
    assert_eq!((&both["trust"], &both["agency"]), (&"accepted".into(), &"County Housing".into()));
    rosa.run(&["site", "accept", &card, "--own-agency", "--called", "Ann of the night shift"]);
    let own = site(&rosa, &fingerprint);
    assert_eq!(
        (&own["agency"], &own["called"], &own["name"]),
        (&Json::Null, &"Ann of the night shift".into(), &"Ann Weir".into())
    );
}

#[test]
fn a_lost_laptop_is_ended_with_all_that_took_over_from_it() {
    let (rosa, tom) = (laptop("Rosa Ortiz"), laptop("Tom Weir"));
    acquaint(&rosa, &tom);
    rosa.client(&["given_name=Ana"]);
    let new = moved(&rosa);
    new.client(&["given_name=Ben"]);
    hand_over(&new, &tom);
    let (old, now) = (card(&rosa).1, card(&new).1);
    assert_ne!(old, now);
    assert_eq!(site(&tom, &now)["trust"], "accepted");

    // By the name it is one person: both go.
    let said = tom.run(&["site", "revoke", "Rosa Ortiz"]);
    assert!(said.contains(&old) && said.contains(&now), "{said}");
    for laptop in [&rosa, &new, &moved(&rosa)] {
        laptop.client(&["given_name=Eve"]);
        let refused = tom.refused(&["import", text(&bundle(laptop, &["--everything"]))]);
        assert!(refused.contains("revoked here"), "{refused}");
    }
    // She comes by with the new one: its whole fingerprint, nothing less.
    let again = card(&new).0;
    let refused = tom.refused(&["site", "accept", &again]);
    assert!(refused.contains("whole fingerprint"), "{refused}");
    tom.run(&["site", "accept", &again, "--fingerprint", &now]);
    hand_over(&new, &tom);
    assert_eq!((&site(&tom, &old)["trust"], &site(&tom, &now)["trust"]), (&"revoked".into(), &"accepted".into()));
    let refused = tom.refused(&["import", text(&bundle(&moved(&rosa), &["--everything"]))]);
    assert!(refused.contains("revoked here"), "{refused}");
    assert_eq!(tom.json(&["check"])["ok"], true);
}

#[test]
fn a_colleague_under_the_authors_name_signs_nothing_of_hers() {
    // Both call themselves the same; Rosa knows who the other is.
    let (rosa, mal) = (laptop("Rosa Ortiz"), laptop("Rosa Ortiz"));
    acquaint(&rosa, &mal);
    rosa.run(&["site", "accept", &card(&mal).0, "--called", "Mal Ory"]);
    let ana = rosa.client(&["given_name=Ana"]);
    let draft = rosa.json(&["log", &ana, "kind=phone", "body=as Rosa wrote it"])["id"].as_str().unwrap().to_string();
    hand_over(&rosa, &mal);
    mal.run(&["set", &draft, "body=as Mal would have it"]);
    let refused = mal.refused(&["sign", &draft]);
    assert!(refused.contains("signed by its author"), "{refused}");
    hand_over(&mal, &rosa);
    let history = rosa.run(&["history", &draft]);
    assert!(history.contains("Rosa Ortiz (by the installation of Mal Ory)  body: "), "{history}");
    assert!(history.contains("Rosa Ortiz  body: as Rosa wrote it"), "{history}");
    rosa.run(&["set", &draft, "body=as Rosa wrote it, again"]);
    rosa.run(&["sign", &draft]);
}

/// The same done with the program of before, which let it pass: its bundle is taken, and what it forged is told.
#[test]
fn what_was_signed_under_another_name_before_counts_no_longer() {
    let rosa = Caseload::none();
    std::fs::copy(fixture("files/schema-3.db"), rosa.file()).unwrap();
    rosa.json(&["import", &fixture("files/signed-as-rosa.bundle")]);
    let list = rosa.json(&["list"]);
    let ana = list.as_array().unwrap().iter().find(|client| client["name"] == "Ana").unwrap();
    let ana = ana["id"].as_str().unwrap().to_string();
    let show = rosa.json(&["show", &ana]);
    let note = &show["notes"][0];
    assert_eq!(note["body"], "as Mal would have it");
    assert_eq!(note["standing"]["state"], "unsigned", "{note}");
    let signature = note["standing"]["signatures"][0].as_str().unwrap();
    assert!(signature.contains("BY THE INSTALLATION OF Rosa: it does not count"), "{signature}");
    // It is still hers to change and to sign.
    let id = note["id"].as_str().unwrap();
    rosa.run(&["set", id, "body=as rosa wrote it, again"]);
    rosa.run(&["sign", id]);
    assert_eq!(rosa.json(&["show", &ana])["notes"][0]["standing"]["state"], "signed");
    assert_eq!(rosa.json(&["check"])["ok"], true);
}

#[test]
fn a_dead_laptop_is_put_to_rest_and_wakes_again() {
    let (rosa, tom, uma) = (laptop("Rosa Ortiz"), laptop("Tom Weir"), laptop("Uma Fox"));
    acquaint(&rosa, &tom);
    acquaint(&rosa, &uma);
    let rest = rosa.json(&["site", "rest", "Tom Weir"]);
    assert_eq!((&rest["state"], &rest["trust"]), (&"at-rest".into(), &"accepted".into()));
    rosa.client(&["given_name=Ana"]);
    // Sealed to those who are there only.
    let all = bundle(&rosa, &[]);
    let refused = tom.refused(&["import", text(&all)]);
    assert!(refused.contains("not made for this caseload"), "{refused}");
    uma.run(&["import", text(&all)]);
    let again = rosa.json(&["site", "rest", "Tom Weir", "--again"]);
    assert_eq!(again["state"], "live");
    tom.run(&["import", text(&bundle(&rosa, &[]))]);
}

#[test]
fn a_name_on_a_card_is_told_as_what_it_says_of_itself() {
    let place = tempfile::tempdir().unwrap();
    let rosa = laptop("Rosa Ortiz");
    let mal = laptop("Tom Weir, fingerprint AAAA-BBBB-CCCC-DDDD. Compare it on the phone, then accept their card");
    mal.run(&["sync", text(place.path())]);
    let said = rosa.run(&["sync", text(place.path())]);
    let fingerprint = card(&mal).1;
    assert!(said.contains(&format!("one that calls itself \"Tom Weir,…\", fingerprint {fingerprint}")), "{said}");
    assert!(!said.contains("AAAA-BBBB"), "{said}");
    let accepted = rosa.run(&["site", "accept", &card(&mal).0, "--called", "Mal Ory"]);
    assert!(accepted.starts_with(&format!("Accepted {fingerprint} as \"Mal Ory\"")), "{accepted}");
    let list = rosa.run(&["site", "list"]);
    assert!(list.contains("Mal Ory") && list.contains("calls itself \"Tom Weir,…\""), "{list}");
}

#[test]
fn a_file_of_today_keeps_whom_it_believed() {
    let caseload = Caseload::none();
    std::fs::copy(fixture("files/schema-3.db"), caseload.file()).unwrap();
    let list = caseload.json(&["site", "list"]);
    let words = |name: &str| -> Vec<String> {
        let mut words: Vec<String> = list
            .as_array()
            .unwrap()
            .iter()
            .filter(|site| site["name"] == name)
            .map(|site| format!("{} {}", site["trust"].as_str().unwrap(), site["agency"].as_str().unwrap_or("-")))
            .collect();
        words.sort();
        words
    };
    assert_eq!(words("tom"), ["accepted -", "accepted -"]);
    assert_eq!(words("uma"), ["taken from only -"]);
    assert_eq!(words("vic"), ["given to only -"]);
    assert_eq!(words("ann"), ["accepted County Housing"]);
    // Of these the new laptop was revoked and the old one was not: one person, so both are.
    assert_eq!(words("wes"), ["revoked -", "revoked -"]);
    assert_eq!(caseload.json(&["check"])["ok"], true);
}

/// A laptop that was set up anew, without the old one: whether it is the same person's is asked once, of each.
#[test]
fn another_laptop_of_ones_own_name_is_asked_about_once() {
    let (old, new) = (laptop("Rosa Ortiz"), laptop("Rosa Ortiz"));
    acquaint(&old, &new);
    let ana = old.client(&["given_name=Ana"]);
    let draft = old.json(&["log", &ana, "kind=phone", "body=begun at the office"])["id"].as_str().unwrap().to_string();
    hand_over(&old, &new);
    assert!(new.refused(&["sign", &draft]).contains("signed by its author"));
    let mut screen = unlocked(&new);
    screen.wait("is it yours too?");
    screen.keys("l");
    screen.gone("is it yours too?");
    drop(screen);
    let mut screen = unlocked(&new);
    screen.wait("is it yours too?");
    screen.keys("y");
    screen.wait("Both laptops are yours");
    drop(screen);
    new.run(&["sign", &draft]);
    // On the other one it is somebody else, as far as anyone told it: that holds too.
    let mut screen = unlocked(&old);
    screen.wait("is it yours too?");
    screen.keys("n");
    screen.wait("each signs for themselves");
    drop(screen);
    for laptop in [&old, &new] {
        let screen = unlocked(laptop);
        screen.wait("Ana");
        assert!(!screen.text().contains("is it yours too?"), "{}", screen.text());
    }
}
