//! Handing work over: two laptops that never meet, a shared folder, a copied file.

use std::path::{Path, PathBuf};

use crate::common::{Caseload, laptop, text};

/// A worker's laptop.
/// Each accepts the other's card.
fn acquaint(one: &Caseload, other: &Caseload) {
    for (from, to) in [(one, other), (other, one)] {
        let card = from.json(&["site", "card"]);
        to.run(&[
            "site",
            "accept",
            card["card"].as_str().unwrap(),
            "--fingerprint",
            card["fingerprint"].as_str().unwrap(),
        ]);
    }
}

/// Hands a bundle over, and gives what was taken.
fn hand_over(from: &Caseload, to: &Caseload) -> serde_json::Value {
    let bundle = bundle(from);
    let taken = to.json(&["import", text(&bundle)]);
    std::fs::remove_file(bundle).unwrap();
    taken
}

fn bundle(from: &Caseload) -> PathBuf {
    let path = from.folder.path().join(format!("{}.bundle", uuid::Uuid::new_v4()));
    from.run(&["export", text(&path)]);
    path
}

fn names(caseload: &Caseload) -> Vec<String> {
    let list = caseload.json(&["list", "--all"]);
    let mut names: Vec<String> =
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().into()).collect();
    names.sort();
    names
}

#[track_caller]
fn sound(caseload: &Caseload) {
    assert_eq!(caseload.json(&["check"])["ok"], true);
}

#[test]
fn two_laptops_that_never_meet() {
    let (rosa, tom) = (laptop("Rosa"), laptop("Tom"));
    let ana = rosa.client(&["given_name=Ana", "phone=555-0101"]);
    tom.client(&["given_name=Ben"]);

    // Nobody is accepted: nothing is written, and nothing is taken.
    let path = rosa.folder.path().join("early.bundle");
    assert!(rosa.refused(&["export", text(&path)]).contains("Nobody is accepted"));
    let card = tom.json(&["site", "card"]);
    let wrong =
        rosa.refused(&["site", "accept", card["card"].as_str().unwrap(), "--fingerprint", "0000-0000-0000-0000"]);
    assert!(wrong.contains("not the one that was told"), "{wrong}");
    rosa.run(&["site", "accept", card["card"].as_str().unwrap()]);
    let first = bundle(&rosa);
    let refused = tom.refused(&["import", text(&first)]);
    let own = rosa.json(&["site", "card"])["fingerprint"].as_str().unwrap().to_string();
    assert!(refused.contains("nobody here has accepted") && refused.contains(&own), "{refused}");
    assert_eq!(names(&tom), ["Ben"]);

    acquaint(&rosa, &tom);
    let trial = tom.json(&["import", text(&first), "--dry-run"]);
    assert_eq!((&trial["new"], &trial["dry_run"]), (&1.into(), &true.into()));
    assert_eq!(names(&tom), ["Ben"]);
    let taken = tom.json(&["import", text(&first)]);
    assert_eq!((&taken["new"], &taken["sender"]), (&1.into(), &"Rosa".into()));
    assert_eq!(names(&tom), ["Ana", "Ben"]);
    // Once more: nothing.
    let again = tom.json(&["import", text(&first)]);
    assert_eq!((&again["entries"], &again["changed"]), (&0.into(), &0.into()));

    // Apart, both edit: different fields are both kept; the same field is a conflict with both values.
    rosa.run(&["set", &ana, "phone=555-0199", "living=with her sister"]);
    tom.run(&["set", &ana, "address=12 Alder St", "living=at the shelter"]);
    tom.run(&["log", &ana, "kind=phone", "body=called from Tom's desk"]);
    hand_over(&tom, &rosa);
    let taken = hand_over(&rosa, &tom);
    assert_eq!(taken["conflicts"], 1);
    for laptop in [&rosa, &tom] {
        let show = laptop.json(&["show", &ana]);
        let client = &show["client"];
        assert_eq!((&client["phone"], &client["address"]), (&"555-0199".into(), &"12 Alder St".into()));
        assert_eq!(show["notes"][0]["body"], "called from Tom's desk");
        sound(laptop);
    }
    assert_eq!(rosa.json(&["show", &ana]), tom.json(&["show", &ana]), "both see the same");
    // A choice settles it on both sides.
    rosa.run(&["set", &ana, "living=with her sister now"]);
    hand_over(&rosa, &tom);
    assert_eq!(tom.json(&["show", &ana])["client"]["living"], "with her sister now");

    // What was said to be there is not sent again.
    hand_over(&tom, &rosa);
    let path = rosa.folder.path().join("small.bundle");
    let given = rosa.json(&["export", text(&path)]);
    assert_eq!(given["entries"], 0, "{given}");

    // Revoked: refused.
    tom.run(&["site", "revoke", "Rosa"]);
    rosa.run(&["set", &ana, "phone=555-0100"]);
    let refused = tom.refused(&["import", text(&bundle(&rosa))]);
    assert!(refused.contains("revoked"), "{refused}");
    assert_eq!(tom.json(&["show", &ana])["client"]["phone"], "555-0199");
}

#[test]
fn one_client_under_a_passphrase_and_nobody_else() {
    let (rosa, tom) = (laptop("Rosa"), laptop("Tom"));
    let ana = rosa.client(&["given_name=Ana"]);
    rosa.client(&["given_name=Secret"]);
    let path = rosa.folder.path().join("ana.bundle");
    let secret = rosa.folder.path().join("secret");
    std::fs::write(&secret, "four unrelated words here").unwrap();
    rosa.run(&["export", text(&path), "--client", &ana, "--bundle-passphrase-file", text(&secret)]);
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1"));
    // The seal alone does not make it trusted: the sender still has to be accepted.
    let refused = tom.refused(&["import", text(&path), "--bundle-passphrase-file", text(&secret)]);
    assert!(refused.contains("nobody here has accepted"), "{refused}");
    acquaint(&rosa, &tom);
    std::fs::write(tom.folder.path().join("wrong"), "something else entirely").unwrap();
    let wrong = tom.folder.path().join("wrong");
    let refused = tom.refused(&["import", text(&path), "--bundle-passphrase-file", text(&wrong)]);
    assert!(refused.contains("passphrase does not open"), "{refused}");
    tom.run(&["import", text(&path), "--bundle-passphrase-file", text(&secret)]);
    assert_eq!(names(&tom), ["Ana"]);
    let refused = rosa.refused(&["export", text(&path)]);
    assert!(refused.contains("already a file"), "{refused}");
}

#[test]
fn a_shared_folder_with_someone_who_joins_late() {
    let place = tempfile::tempdir().unwrap();
    let (rosa, tom, uma) = (laptop("Rosa"), laptop("Tom"), laptop("Uma"));
    let sync = |who: &Caseload| who.json(&["sync", text(place.path())])[0].clone();
    acquaint(&rosa, &tom);
    rosa.client(&["given_name=Ana"]);
    tom.client(&["given_name=Ben"]);
    sync(&rosa);
    let taken = sync(&tom);
    assert_eq!(taken["taken"][0]["new"], 1, "{taken}");
    sync(&rosa);
    assert_eq!(names(&rosa), ["Ana", "Ben"]);
    assert_eq!(names(&tom), ["Ana", "Ben"]);
    // Nothing new: nothing is written.
    let idle = sync(&rosa);
    assert!(idle["given"].is_null() && idle["taken"].as_array().unwrap().is_empty(), "{idle}");

    // Uma is there, and told of by her fingerprint, before anyone believes her.
    let seen = sync(&uma);
    assert_eq!(seen["strangers"].as_array().unwrap().len(), 2, "{seen}");
    let seen = sync(&rosa);
    assert_eq!(seen["strangers"][0]["name"], "Uma");
    assert_eq!(names(&uma), Vec::<String>::new());
    acquaint(&rosa, &uma);
    acquaint(&tom, &uma);
    sync(&rosa);
    sync(&tom);
    let taken = sync(&uma);
    assert_eq!(names(&uma), ["Ana", "Ben"], "{taken}");
    uma.client(&["given_name=Cleo"]);
    sync(&uma);
    for who in [&rosa, &tom] {
        sync(who);
        assert_eq!(names(who), ["Ana", "Ben", "Cleo"]);
        sound(who);
    }

    // A half-copied bundle is waited for; nothing of it is believed.
    uma.client(&["given_name=Dora"]);
    sync(&uma);
    let newest = newest(place.path());
    let whole = std::fs::read(&newest).unwrap();
    std::fs::write(&newest, &whole[..whole.len() / 2]).unwrap();
    let half = sync(&rosa);
    assert!(half["waiting"][0].as_str().unwrap().contains("not whole yet"), "{half}");
    assert_eq!(names(&rosa).len(), 3);
    std::fs::write(&newest, &whole).unwrap();
    sync(&rosa);
    assert_eq!(names(&rosa).len(), 4);

    // The stick is lost: everything in the place is gone, and what is lacking is left there again.
    for entry in std::fs::read_dir(place.path()).unwrap() {
        std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
    }
    let given = sync(&rosa);
    assert!(given["given"]["entries"].as_u64().unwrap() > 10, "{given}");
    let taken = sync(&tom);
    assert_eq!(names(&tom), ["Ana", "Ben", "Cleo", "Dora"], "{taken}");
    sound(&tom);
}

/// The bundle that was written last.
fn newest(place: &Path) -> PathBuf {
    let mut all: Vec<(std::time::SystemTime, PathBuf)> = Vec::new();
    for site in std::fs::read_dir(place).unwrap() {
        for file in std::fs::read_dir(site.unwrap().path()).unwrap() {
            let file = file.unwrap();
            if file.path().extension().is_some_and(|ext| ext == "bundle") {
                all.push((file.metadata().unwrap().modified().unwrap(), file.path()));
            }
        }
    }
    all.sort();
    all.pop().unwrap().1
}

#[test]
fn a_copied_file_is_another_site_and_comes_home_with_everything() {
    let rosa = laptop("Rosa");
    let ana = rosa.client(&["given_name=Ana"]);
    let copy = Caseload::none();
    std::fs::copy(rosa.file(), copy.file()).unwrap();
    // Merged with an identical copy of itself: nothing changes.
    let same = rosa.json(&["import", text(&copy.file()), "--bundle-passphrase-file", text(&rosa.pass())]);
    assert_eq!((&same["entries"], &same["format"]), (&0.into(), &"caseload".into()));
    // Each goes its own way.
    rosa.run(&["log", &ana, "body=written here"]);
    copy.run(&["log", &ana, "body=written on the copy"]);
    copy.client(&["given_name=Ben"]);
    let before = std::fs::read(copy.file()).unwrap();
    let taken = rosa.json(&["import", text(&copy.file()), "--bundle-passphrase-file", text(&copy.pass())]);
    assert_eq!((&taken["new"], &taken["changed"], &taken["conflicts"]), (&1.into(), &1.into(), &0.into()), "{taken}");
    assert_eq!(std::fs::read(copy.file()).unwrap(), before, "the other file is not touched");
    copy.run(&["import", text(&rosa.file()), "--bundle-passphrase-file", text(&rosa.pass())]);
    for file in [&rosa, &copy] {
        let notes = file.json(&["show", &ana])["notes"].as_array().unwrap().len();
        assert_eq!(notes, 2);
        assert_eq!(names(file), ["Ana", "Ben"]);
        sound(file);
    }
    assert_eq!(rosa.json(&["show", &ana]), copy.json(&["show", &ana]));
    let ids = |file: &Caseload| file.json(&["site", "card"])["id"].clone();
    assert_ne!(ids(&rosa), ids(&copy), "two copies are two sites");
}

#[test]
fn a_file_put_back_from_an_old_copy_in_the_same_place_forks_nothing() {
    let (rosa, tom) = (laptop("Rosa"), laptop("Tom"));
    acquaint(&rosa, &tom);
    let ana = rosa.client(&["given_name=Ana"]);
    let site = rosa.json(&["site", "card"])["id"].clone();
    let old = std::fs::read(rosa.file()).unwrap();
    rosa.run(&["log", &ana, "body=before the accident"]);
    hand_over(&rosa, &tom);
    // The laptop is set back to the day before, in the same place on the same machine, and work goes on.
    std::fs::write(rosa.file(), old).unwrap();
    rosa.run(&["log", &ana, "body=after the accident"]);
    assert_eq!(rosa.json(&["show", &ana])["notes"].as_array().unwrap().len(), 1);
    // Tom has something else of Rosa than she has herself: she is told.
    let taken = hand_over(&tom, &rosa);
    assert_eq!(taken["set_back"], true, "{taken}");
    // All of it brings back what was lost; what was written since stays.
    let all = tom.folder.path().join("all.bundle");
    tom.run(&["export", text(&all), "--everything"]);
    let taken = rosa.json(&["import", text(&all)]);
    assert_eq!((&taken["moved"], &taken["not_taken"]), (&0.into(), &serde_json::json!([])), "{taken}");
    assert_ne!(rosa.json(&["site", "card"])["id"], site, "what she wrote since stands under a new site");
    let notes = rosa.json(&["show", &ana])["notes"].clone();
    assert_eq!(notes.as_array().unwrap().len(), 2, "{notes}");
    sound(&rosa);
    hand_over(&rosa, &tom);
    assert_eq!(tom.json(&["show", &ana])["notes"].as_array().unwrap().len(), 2);
    sound(&tom);
}

/// Made once by an earlier version; the file is of the one for whom they are sealed.
#[test]
fn bundles_of_an_earlier_version_are_taken_in() {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bundles");
    let tom = Caseload::none();
    std::fs::copy(made.join("tom-reed.db"), tom.file()).unwrap();
    assert_eq!(names(&tom), Vec::<String>::new());
    let take = |who: &Caseload, name: &str| who.json(&["import", text(&made.join(name))]);
    let before = std::fs::read(tom.file()).unwrap();
    let trial = tom.json(&["import", text(&made.join("first.bundle")), "--dry-run"]);
    assert_eq!((&trial["new"], &trial["dry_run"]), (&2.into(), &true.into()));
    assert!(std::fs::read(tom.file()).unwrap() == before, "a trial changes not one byte");
    for (name, entries, new) in [("first.bundle", 32, 2), ("second.bundle", 10, 1), ("from-a-copy.bundle", 12, 1)] {
        let taken = take(&tom, name);
        assert_eq!((&taken["new"], &taken["not_taken"]), (&new.into(), &serde_json::json!([])), "{name}: {taken}");
        assert!(taken["entries"].as_u64().unwrap() >= entries, "{name}: {taken}");
        assert_eq!(take(&tom, name)["entries"], 0);
    }
    assert_eq!(names(&tom), ["Ana Lund", "Ben Moss", "Cleo Nash", "Dora Page"]);
    let ana = tom.json(&["show", "Ana Lund"]);
    let bodies: Vec<&str> = ana["notes"].as_array().unwrap().iter().filter_map(|note| note["body"].as_str()).collect();
    assert_eq!(bodies, ["written on the copy", "called again", "called about the rent"]);
    assert!(ana["tasks"].as_array().is_none_or(Vec::is_empty), "what was deleted stays deleted");
    sound(&tom);

    // Under a passphrase, for anyone who believes its sender.
    let lea = laptop("Lea");
    lea.run(&["site", "accept", &std::fs::read_to_string(made.join("rosa.card")).unwrap()]);
    let secret = lea.folder.path().join("secret");
    std::fs::write(&secret, "four unrelated words here").unwrap();
    lea.run(&["import", text(&made.join("words.bundle")), "--bundle-passphrase-file", text(&secret)]);
    assert_eq!(names(&lea), ["Ana Lund"]);
    sound(&lea);
}
