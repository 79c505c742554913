//! Work handed over at the screen and in the shell: synced by a key, covered, transferred, copied to read; chosen side by
//! side; joined and parted; gone back to a backup.

use crate::common::terminal::{CTRL_S, ENTER, ESC, TAB, Terminal};
use crate::common::{Caseload, PASSPHRASE, fixture, laptop, text};
use serde_json::Value as Json;

const ON: [&str; 2] = ["--today", "2026-11-24"];

fn acquainted(one: &str, other: &str) -> (Caseload, Caseload) {
    let (one, other) = (laptop(one), laptop(other));
    for (from, to) in [(&one, &other), (&other, &one)] {
        let card = from.json(&["site", "card"]);
        to.run(&["site", "accept", card["card"].as_str().unwrap()]);
    }
    (one, other)
}

fn unlocked(caseload: &Caseload, (columns, rows): (u16, u16)) -> Terminal {
    let pass = caseload.pass();
    let args = [&["--passphrase-file", pass.to_str().unwrap()], &ON[..]].concat();
    Terminal::start(caseload, columns, rows, &args)
}

#[track_caller]
fn sound(caseload: &Caseload) {
    let report = caseload.json(&["check"]);
    assert_eq!(report["ok"], true, "{report}");
}

#[test]
fn synced_by_a_key_and_chosen_side_by_side() {
    let place = tempfile::tempdir().unwrap();
    let (rosa, tom) = acquainted("Rosa Ortiz", "Tom Weir");
    let ana = rosa.client(&["given_name=Ana", "family_name=Rivera"]);
    for size in [(80, 24), (120, 40)] {
        let mut screen = unlocked(&rosa, size);
        screen.wait("Ana Rivera");
        screen.keys("S");
        if size.0 == 80 {
            // The first time it asks where; then it knows.
            screen.wait("Sync through a place");
            screen.keys(text(place.path()));
            screen.keys(ENTER);
            screen.wait("yours is left for the others");
        } else {
            screen.wait("nothing new on either side");
            screen.wait("synced just now");
        }
        screen.keys("q");
        assert!(screen.ends());
    }
    tom.run(&["sync", text(place.path())]);
    rosa.run(&["set", &ana, "living=with her sister"]);
    tom.run(&["set", &ana, "living=at the shelter"]);
    rosa.run(&["sync"]);
    let mut screen = unlocked(&tom, (80, 24));
    screen.wait("Ana Rivera");
    screen.keys("S");
    screen.wait("What changed");
    screen.wait("Choose where you and they differ: 1");
    screen.wait("changed Ana Rivera");
    screen.keys("c");
    screen.wait("Set differently in two places: 1 of 1");
    screen.wait("Staying at");
    for shown in ["with her sister", "at the shelter", "Rosa Ortiz", "Tom Weir"] {
        screen.wait(shown);
    }
    // Whichever stands first: the one with her sister is chosen by its number.
    let all = screen.text();
    let first = all.find("with her sister").unwrap() < all.find("at the shelter").unwrap();
    screen.keys(if first { "1" } else { "2" });
    screen.wait("Chosen.");
    screen.keys("q");
    assert!(screen.ends());
    assert_eq!(tom.json(&["conflicts"]).as_array().unwrap().len(), 0);
    tom.run(&["sync"]);
    rosa.run(&["sync"]);
    assert_eq!(rosa.json(&["show", &ana])["client"]["living"], "with her sister");
    sound(&rosa);
    sound(&tom);
}

#[test]
fn cards_are_exchanged_and_a_file_is_given_with_cover_at_the_screen() {
    let (rosa, tom) = (laptop("Rosa Ortiz"), laptop("Tom Weir"));
    let ana = rosa.client(&["given_name=Ana", "family_name=Rivera"]);
    rosa.client(&["given_name=Ben", "family_name=Secret"]);
    let card = tom.json(&["site", "card"]);
    let mut screen = unlocked(&rosa, (120, 40));
    screen.wait("Ana Rivera");
    // Nobody is accepted: it says what to do.
    screen.keys("Hv");
    screen.wait("exchange cards first");
    screen.keys("Ha");
    screen.wait("Accept a colleague");
    screen.keys(card["card"].as_str().unwrap());
    screen.keys(ENTER);
    screen.wait(card["fingerprint"].as_str().unwrap());
    screen.keys("y");
    screen.wait("Accepted: Tom Weir");
    screen.keys("/Ana");
    screen.keys(ENTER);
    screen.keys("H");
    screen.wait("Cover: they stand in for a while (Ana Rivera)");
    screen.keys("v");
    screen.wait("Until which day");
    screen.keys("yesterday");
    screen.keys(ENTER);
    screen.wait("from today on");
    screen.keys("\x15+2w");
    screen.keys(ENTER);
    screen.wait("Write a bundle");
    let path = rosa.folder.path().join("cover.bundle");
    // What stands there is typed over.
    screen.keys(text(&path));
    screen.keys(ENTER);
    screen.wait("Written for Tom Weir: 1 clients");
    screen.wait("Tom Weir stands in until 8 Dec");
    screen.keys("q");
    assert!(screen.ends());

    let card = rosa.json(&["site", "card"]);
    tom.run(&["site", "accept", card["card"].as_str().unwrap()]);
    let mut screen = unlocked(&tom, (120, 40));
    screen.wait("nobody needs you today");
    screen.keys("Hi");
    screen.wait("Import");
    screen.keys(text(&path));
    screen.keys(ENTER);
    screen.wait("What would come in");
    screen.wait("From Rosa Ortiz");
    screen.wait("new     Ana Rivera");
    assert_eq!(tom.json(&["list", "--all"]).as_array().unwrap().len(), 0, "a preview changes nothing");
    screen.keys("y");
    screen.wait("What changed");
    // The first of the list leads to the client.
    screen.keys(ENTER);
    screen.wait("Tom Weir stands in until 8 Dec");
    // Hers while she is away; not his any more once it is over.
    screen.keys("/worker:me");
    screen.keys(ENTER);
    screen.wait("1 of 1 match");
    screen.keys("q");
    assert!(screen.ends());
    let reason = |day: &str| tom.json(&["triage", "--today", day])[0]["reasons"].to_string();
    assert!(
        reason("2026-12-06").contains("cover by Tom Weir ends 8 Dec")
            || reason("2026-12-06").contains("ends Tue 8 Dec")
    );
    assert!(!reason("2026-11-25").contains("cover by"));
    tom.run(&["log", &ana, "body=called while covering"]);
    let back = tom.folder.path().join("back.bundle");
    tom.run(&["export", text(&back)]);
    rosa.run(&["import", text(&back)]);
    assert_eq!(rosa.json(&["show", &ana])["notes"][0]["body"], "called while covering");
    sound(&rosa);
    sound(&tom);
}

#[test]
fn a_transfer_names_the_new_worker_and_a_copy_is_only_read() {
    let (rosa, sue) = acquainted("Rosa Ortiz", "Sue Park");
    let ana = rosa.client(&["given_name=Ana"]);
    let path = rosa.folder.path().join("copy.bundle");
    assert!(rosa.refused(&["export", text(&path), "--as", "copy"]).contains("--as needs --client"));
    assert!(
        rosa.refused(&["export", text(&path), "--client", &ana, "--to", "Sue Park", "--as", "cover"])
            .contains("A cover has an end")
    );
    rosa.run(&["export", text(&path), "--client", &ana, "--to", "Sue Park", "--as", "copy"]);
    sue.run(&["import", text(&path)]);
    assert_eq!(sue.json(&["list"])[0]["name"], "Ana");
    for args in [["log", &ana, "body=x"], ["set", &ana, "phone=555-0100"]] {
        let said = sue.refused(&args);
        assert!(said.contains("copy to read"), "{said}");
    }
    rosa.run(&["log", &ana, "body=the owner writes on"]);
    let path = rosa.folder.path().join("transfer.bundle");
    rosa.run(&["undo"]);
    rosa.run(&["log", &ana, "body=the owner writes on"]);
    // The copy is taken back: deleting its row lets the other write.
    let share = rosa.json(&["show", &ana])["shares"][0]["id"].as_str().unwrap().to_string();
    rosa.run(&["delete", &share]);
    rosa.run(&["export", text(&path), "--client", &ana, "--to", "Sue Park", "--as", "transfer"]);
    sue.run(&["import", text(&path)]);
    let show = sue.json(&["show", &ana]);
    assert_eq!(
        (&show["client"]["worker"], &show["notes"][0]["body"]),
        (&"Sue Park".into(), &"the owner writes on".into())
    );
    sue.run(&["log", &ana, "body=mine now"]);
    let team = sue.json(&["team"]);
    assert_eq!((&team[0]["worker"], &team[0]["clients"]), (&"Sue Park".into(), &1.into()));
    sound(&sue);
}

#[test]
fn a_form_open_while_a_sync_changes_the_row_shows_what_changed_and_saves_only_what_was_touched() {
    let caseload = laptop("Rosa Ortiz");
    let ana = caseload.client(&["given_name=Ana", "phone=555-0101", "living=at the shelter"]);
    let mut screen = unlocked(&caseload, (120, 40));
    screen.wait("Ana");
    screen.keys("E");
    screen.wait("Edit client: Ana");
    // The fourth field is touched; others are changed behind its back, this one too.
    screen.keys(&TAB.repeat(3));
    screen.keys("she/her");
    caseload.run(&["set", &ana, "phone=555-0199", "pronouns=they/them"]);
    screen.keys(CTRL_S);
    screen.wait("Changed while the form was open");
    screen.wait("Phone: was \"555-0101\", is \"555-0199\" now");
    screen.wait("you typed \"she/her\"");
    screen.keys("s");
    screen.wait("Saved: edit client");
    screen.keys("q");
    assert!(screen.ends());
    let client = caseload.json(&["show", &ana])["client"].clone();
    assert_eq!(
        (&client["phone"], &client["pronouns"], &client["living"]),
        (&"555-0199".into(), &"she/her".into(), &"at the shelter".into())
    );
}

#[test]
fn it_syncs_by_itself_when_opened_and_when_left() {
    let place = tempfile::tempdir().unwrap();
    let (rosa, tom) = acquainted("Rosa Ortiz", "Tom Weir");
    rosa.client(&["given_name=Ana"]);
    rosa.run(&["sync", text(place.path())]);
    tom.run(&["sync", text(place.path())]);
    let mut screen = unlocked(&tom, (120, 40));
    screen.wait("Ana");
    screen.keys("Ho");
    screen.wait("From now on it syncs");
    screen.keys("q");
    assert!(screen.ends());
    rosa.client(&["given_name=Ben"]);
    rosa.run(&["sync"]);
    let mut screen = unlocked(&tom, (120, 40));
    screen.wait("What changed");
    screen.wait("new     Ben");
    screen.keys(ESC);
    // What is written now is left for the others when the screen is closed.
    screen.gone("What changed");
    screen.keys("i");
    screen.wait("Add client");
    screen.keys("Cleo");
    screen.keys(CTRL_S);
    screen.wait("Saved: add client");
    screen.keys("q");
    assert!(screen.ends());
    rosa.run(&["sync"]);
    assert_eq!(rosa.json(&["list"]).as_array().unwrap().len(), 3);
    // The place is gone: it says so, and opens and closes all the same.
    std::fs::remove_dir_all(place.path()).unwrap();
    let mut screen = unlocked(&tom, (120, 40));
    screen.wait("There is no folder");
    screen.keys("q");
    assert!(screen.ends());
    screen.wait_raw("not synced: There is no folder");
    // Forgotten, it asks again.
    let mut screen = unlocked(&tom, (120, 40));
    screen.wait("There is no folder");
    screen.keys("Hf");
    screen.wait("Forget which place?");
    screen.keys("1");
    screen.wait("Forgotten.");
    screen.keys("S");
    screen.wait("Sync through a place");
    screen.keys(ESC);
    screen.gone("Sync through a place");
    screen.keys("q");
    assert!(screen.ends());
    assert!(tom.refused(&["sync"]).contains("No place is known yet"));
    assert!(rosa.run(&["sync", "--forget", text(place.path())]).contains("Forgotten"));
}

#[test]
fn one_person_entered_on_two_laptops_is_joined_and_parted() {
    let (rosa, tom) = acquainted("Rosa Ortiz", "Tom Weir");
    let place = tempfile::tempdir().unwrap();
    let one = rosa.client(&["given_name=Ana", "family_name=Rivera", "birth_date=1988-03-02", "phone=555-010-1001"]);
    rosa.run(&["add", "task", &format!("client={one}"), "what=call the bank", "due=2026-11-20"]);
    let two = tom.client(&["given_name=Anna", "family_name=Rivera", "birth_date=1988-03-02", "safe_contact=text only"]);
    tom.run(&["log", &two, "body=seen at the clinic"]);
    for who in [&rosa, &tom, &rosa] {
        who.run(&["sync", text(place.path())]);
    }
    let pairs = rosa.json(&["duplicates"]);
    assert_eq!(pairs.as_array().unwrap().len(), 1, "{pairs}");
    // At the screen: suggested, compared, joined.
    let mut screen = unlocked(&rosa, (120, 40));
    screen.wait("Anna Rivera");
    screen.keys(":here twice");
    screen.keys(ENTER);
    screen.wait("born on the same day");
    screen.keys(ENTER);
    screen.wait("One person or two?");
    screen.wait("shown as Ana Rivera");
    let key = if screen.text().contains("1  One person; shown as Ana Rivera") { "1" } else { "2" };
    screen.keys(key);
    screen.wait("Shown as one from now on");
    // One line, one page: the other's safety stands there too, and its notes.
    screen.wait("SAFE CONTACT: text only");
    screen.wait("Also entered as Anna Rivera");
    screen.keys("q");
    assert!(screen.ends());
    for who in [&rosa, &tom] {
        who.run(&["sync"]);
        assert_eq!(who.json(&["list"]).as_array().unwrap().len(), 1);
        let show = who.json(&["show", &two]);
        assert_eq!(show["client"]["given_name"], "Ana");
        assert_eq!(
            (&show["notes"][0]["body"], &show["tasks"][0]["what"]),
            (&"seen at the clinic".into(), &"call the bank".into())
        );
        assert_eq!(who.json(&["search", "clinic"])[0]["client"], "Ana Rivera");
        sound(who);
    }
    // Closed as one of the two, open as the other: the person stays in sight.
    tom.run(&["set", &one, "status=closed"]);
    assert_eq!(tom.json(&["triage"])[0]["name"], "Ana Rivera");
    tom.run(&["undo"]);
    // Parted again on the other laptop: two people, each with their own.
    tom.run(&["part", &two]);
    tom.run(&["sync"]);
    rosa.run(&["sync"]);
    for who in [&rosa, &tom] {
        assert_eq!(who.json(&["list"]).as_array().unwrap().len(), 2);
        assert_eq!(who.json(&["show", &two])["client"]["given_name"], "Anna");
        assert_eq!(who.json(&["show", &one])["notes"].as_array().unwrap().len(), 0);
        sound(who);
    }
    // Each says that they are the other, apart: whoever has seen both sees one person, and the same one.
    rosa.run(&["join", &one, &two]);
    tom.run(&["join", &two, &one]);
    for who in [&rosa, &tom, &rosa] {
        who.run(&["sync"]);
    }
    assert_eq!(rosa.json(&["list"]), tom.json(&["list"]));
    assert_eq!(rosa.json(&["list"]).as_array().unwrap().len(), 1);
    sound(&rosa);
    sound(&tom);
}

#[test]
fn going_back_to_a_backup_tells_first_what_would_be_lost() {
    let caseload = Caseload::none();
    let made = caseload.json(&["init", "--worker", "Rosa Ortiz"]);
    let key = caseload.folder.path().join("key");
    std::fs::write(&key, made["recovery_key"].as_str().unwrap()).unwrap();
    let ana = caseload.client(&["given_name=Ana"]);
    let said = caseload.run(&["backup"]);
    let backup = said.trim_start_matches("Wrote ").split(". The").next().unwrap().to_string();
    caseload.run(&["log", &ana, "body=since the backup"]);
    let restore = ["restore", &backup, "--recovery-key-file", key.to_str().unwrap()];
    let told = caseload.run(&restore);
    assert!(told.contains("Ana: ") && told.contains("(log contact)") && told.contains("Nothing was changed"), "{told}");
    assert_eq!(caseload.json(&["show", &ana])["notes"].as_array().unwrap().len(), 1);
    // While a screen has it open, it is not moved from under it.
    let mut screen = unlocked(&caseload, (80, 24));
    screen.wait("Ana");
    assert!(caseload.refused(&[&restore[..], &["--replace"]].concat()).contains("has this caseload open"));
    screen.keys("q");
    assert!(screen.ends());
    let told = caseload.run(&[&restore[..], &["--replace"]].concat());
    assert!(told.contains("The file as it was: "), "{told}");
    assert_eq!(caseload.json(&["show", &ana])["notes"].as_array().unwrap().len(), 0);
    sound(&caseload);
    // Nothing of the trial is left, and what was lost can still be had from the file that was set aside.
    let aside = told.trim_end().rsplit("The file as it was: ").next().unwrap().to_string();
    caseload.run(&["import", &aside, "--bundle-passphrase-file", text(&caseload.pass())]);
    assert_eq!(caseload.json(&["show", &ana])["notes"][0]["body"], "since the backup");
    let left = std::fs::read_dir(caseload.folder.path()).unwrap().flatten();
    assert!(left.map(|file| file.file_name()).all(|name| !name.to_string_lossy().contains("staged")));
}

#[test]
fn two_programs_on_one_file_do_each_other_no_harm() {
    let caseload = laptop("Rosa Ortiz");
    let ana = caseload.client(&["given_name=Ana"]);
    let id = caseload.json(&["site", "card"])["id"].clone();
    // A screen is open; two shells write at the same time.
    let mut screen = unlocked(&caseload, (120, 40));
    screen.wait("Ana");
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let (caseload, ana) = (&caseload, &ana);
            scope.spawn(move || {
                for n in 0..15 {
                    caseload.run(&["log", ana, &format!("body=writer {writer} note {n}")]);
                }
            });
        }
    });
    // The screen sees it with the next key, and writes its own.
    screen.keys("t");
    screen.wait("Add task");
    screen.keys("call the bank");
    screen.keys(CTRL_S);
    screen.wait("Saved: add task");
    screen.keys("q");
    assert!(screen.ends());
    let show = caseload.json(&["show", &ana]);
    assert_eq!((show["notes"].as_array().unwrap().len(), show["tasks"].as_array().unwrap().len()), (30, 1));
    assert_eq!(caseload.json(&["site", "card"])["id"], id, "both are the same installation");
    sound(&caseload);
}

#[test]
fn a_file_of_the_first_edition_is_brought_up_and_keeps_everything() {
    let caseload = Caseload::none();
    std::fs::copy(fixture("files/schema-1.db"), caseload.file()).unwrap();
    assert_eq!(PASSPHRASE, "otter lamp seven canal", "the file's own");
    let list = caseload.json(&["list"]);
    assert_eq!(list[0]["name"], "Ana Rivera");
    let id = list[0]["id"].as_str().unwrap().to_string();
    assert_eq!(caseload.json(&["show", &id])["notes"][0]["body"], "a note of the first edition");
    sound(&caseload);
    // And it takes part: it has a card, gives, and is added to.
    let other = laptop("Tom Weir");
    for (from, to) in [(&caseload, &other), (&other, &caseload)] {
        let card: Json = from.json(&["site", "card"]);
        to.run(&["site", "accept", card["card"].as_str().unwrap()]);
    }
    let place = tempfile::tempdir().unwrap();
    caseload.run(&["log", &id, "body=a note of today"]);
    caseload.run(&["sync", text(place.path())]);
    other.run(&["sync", text(place.path())]);
    assert_eq!(other.json(&["show", &id])["notes"].as_array().unwrap().len(), 2);
    sound(&other);
}
