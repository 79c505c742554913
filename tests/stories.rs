//! Stories of sync that people tell: what one laptop takes back, hands over or takes in never takes anything of another's.

use std::path::Path;

use crate::common::{Caseload, laptop, text};

/// A worker's laptop.
/// Believes another's card; `more` as on the command line.
fn accept(who: &Caseload, other: &Caseload, more: &[&str]) {
    let card = other.json(&["site", "card"])["card"].as_str().unwrap().to_string();
    who.run(&[&["site", "accept", &card], more].concat());
}

/// Everyone accepts everyone.
fn acquaint(all: &[&Caseload]) {
    for (at, one) in all.iter().enumerate() {
        for other in all.iter().skip(at + 1) {
            accept(one, other, &[]);
            accept(other, one, &[]);
        }
    }
}

/// Each in turn gives and takes through a place.
fn turn(place: &Path, all: &[&Caseload]) {
    for one in all {
        one.run(&["sync", text(place)]);
    }
}

fn id(json: &serde_json::Value) -> String {
    json["id"].as_str().unwrap().to_string()
}

fn names(caseload: &Caseload) -> Vec<String> {
    let list = caseload.json(&["list", "--all"]);
    let mut names: Vec<String> =
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().into()).collect();
    names.sort();
    names
}

fn flagged(caseload: &Caseload) -> Vec<String> {
    let list = caseload.json(&["list", "--all"]);
    let torn = list.as_array().unwrap().iter().filter(|one| one["deleted_elsewhere"] == true);
    torn.map(|one| one["name"].as_str().unwrap().into()).collect()
}

#[track_caller]
fn sound(all: &[&Caseload]) {
    for one in all {
        assert_eq!(one.json(&["check"])["ok"], true);
    }
}

#[test]
fn undoing_an_intake_takes_nothing_that_a_colleague_has_written_since() {
    let place = tempfile::tempdir().unwrap();
    let (ana, ben) = (laptop("Ana"), laptop("Ben"));
    acquaint(&[&ana, &ben]);
    let one = ana.client(&["given_name=One"]);
    turn(place.path(), &[&ana, &ben, &ana]);
    let note = id(&ben.json(&["log", &one, "body=bruises"]));
    ben.run(&["sign", &note]);
    ben.run(&["add", "appointment", &format!("client={one}"), "title=court", "starts=tomorrow 9:00"]);
    turn(place.path(), &[&ben, &ana]);
    let refused = ana.refused(&["undo"]);
    assert!(refused.contains("Not undone") && refused.contains("Ben: appointment, note, signature"), "{refused}");
    assert!(refused.contains("status=closed"), "{refused}");
    turn(place.path(), &[&ana, &ben]);
    for laptop in [&ana, &ben] {
        assert_eq!(names(laptop), ["One"]);
        assert!(laptop.run(&["agenda"]).contains("court"));
    }
    sound(&[&ana, &ben]);
    // Alone with it she may take it back as ever.
    let two = ana.client(&["given_name=Two"]);
    ana.run(&["undo"]);
    assert_eq!(names(&ana), ["One"]);
    assert!(ana.refused(&["show", &two]).contains("no row"));
}

#[test]
fn an_intake_undone_beside_what_a_colleague_wrote_stays_in_sight_until_someone_chooses() {
    let place = tempfile::tempdir().unwrap();
    let (ana, ben, cleo) = (laptop("Ana"), laptop("Ben"), laptop("Cleo"));
    let all = [&ana, &ben, &cleo];
    acquaint(&all);
    let one = ana.client(&["given_name=One"]);
    turn(place.path(), &[&ana, &ben, &cleo]);
    // Neither knows of the other.
    ana.run(&["undo"]);
    assert!(names(&ana).is_empty());
    ben.run(&["log", &one, "body=bruises"]);
    // Whoever hears of the deletion first, and of the note later.
    turn(place.path(), &[&ana, &cleo]);
    assert!(names(&cleo).is_empty());
    turn(place.path(), &[&ben, &ana, &cleo]);
    for laptop in all {
        assert_eq!(names(laptop), ["One"]);
        assert_eq!(flagged(laptop), ["One"]);
        let waits = laptop.json(&["conflicts"]);
        assert_eq!((&waits[0]["client"], &waits[0]["type"]), (&"One".into(), &"client".into()), "{waits}");
        let sides = waits[0]["sides"].as_array().unwrap();
        assert_eq!((&sides[0]["who"], &sides[1]["who"]), (&"Ben".into(), &"Ana".into()), "{waits}");
        assert!(laptop.run(&["list"]).contains("DELETED ELSEWHERE"));
        assert!(laptop.run(&["show", &one]).contains("DELETED ELSEWHERE"));
        assert!(laptop.run(&["triage"]).contains("One"));
    }
    sound(&all);
    // Cleo lets go, and thinks better of it: that brings back what waited, not less.
    cleo.run(&["delete", &one]);
    assert!(names(&cleo).is_empty());
    cleo.run(&["undo"]);
    assert_eq!(flagged(&cleo), ["One"]);
    turn(place.path(), &[&cleo, &ben]);
    assert_eq!(flagged(&ben), ["One"]);
    // Ben keeps by setting a field; all agree.
    ben.run(&["set", &one, "living=with her sister"]);
    assert!(flagged(&ben).is_empty());
    turn(place.path(), &[&ben, &cleo, &ana, &ben, &cleo]);
    for laptop in all {
        assert_eq!((names(laptop), flagged(laptop)), (vec!["One".to_string()], vec![]));
        assert!(laptop.run(&["conflicts"]).contains("Nothing waits"));
    }
    sound(&all);
}

#[test]
fn an_import_of_many_is_taken_back_but_for_those_on_whom_a_colleague_wrote() {
    let place = tempfile::tempdir().unwrap();
    let (ana, ben) = (laptop("Ana"), laptop("Ben"));
    acquaint(&[&ana, &ben]);
    let sheet = ana.folder.path().join("people.csv");
    std::fs::write(&sheet, "First name,Last name\nAda,Ash\nBea,Birch\nCid,Cedar\n").unwrap();
    ana.run(&["import", text(&sheet)]);
    turn(place.path(), &[&ana, &ben]);
    ben.run(&["add", "task", "client=Bea", "what=call her"]);
    turn(place.path(), &[&ben, &ana]);
    let refused = ana.refused(&["undo"]);
    assert!(refused.contains("on 1 of these 3: Ben: task") && refused.contains("--keep-theirs"), "{refused}");
    assert_eq!(names(&ana).len(), 3);
    let told = ana.run(&["undo", "--keep-theirs"]);
    assert!(told.contains("Left as they are: Bea Birch"), "{told}");
    turn(place.path(), &[&ana, &ben]);
    for laptop in [&ana, &ben] {
        assert_eq!((names(laptop), flagged(laptop)), (vec!["Bea Birch".to_string()], vec![]));
    }
    sound(&[&ana, &ben]);
}

#[test]
fn undoing_a_goal_takes_no_step_that_a_colleague_added_under_it() {
    let place = tempfile::tempdir().unwrap();
    let (ana, ben) = (laptop("Ana"), laptop("Ben"));
    acquaint(&[&ana, &ben]);
    let one = ana.client(&["given_name=One"]);
    let goal = id(&ana.json(&["add", "goal", &format!("client={one}"), "words=a door that locks"]));
    turn(place.path(), &[&ana, &ben]);
    ben.run(&["add", "step", &format!("client={one}"), &format!("goal={goal}"), "what=call the landlord"]);
    turn(place.path(), &[&ben, &ana]);
    let refused = ana.refused(&["undo"]);
    assert!(refused.contains("Ben: step"), "{refused}");
    assert_eq!(ana.json(&["show", &one])["goals"].as_array().unwrap().len(), 1);
}

#[test]
fn a_row_deleted_there_and_edited_here_is_kept_by_setting_it_and_let_go_by_deleting_it() {
    let place = tempfile::tempdir().unwrap();
    let (ana, ben) = (laptop("Ana"), laptop("Ben"));
    acquaint(&[&ana, &ben]);
    let one = ana.client(&["given_name=One"]);
    let task = |what: &str| id(&ana.json(&["add", "task", &format!("client={one}"), &format!("what={what}")]));
    let (kept, as_it_is, gone) = (task("kept"), task("as it is"), task("gone"));
    turn(place.path(), &[&ana, &ben]);
    for row in [&kept, &as_it_is, &gone] {
        ana.run(&["delete", row]);
        ben.run(&["set", row, "what=edited"]);
    }
    turn(place.path(), &[&ben, &ana]);
    assert_eq!(ana.json(&["conflicts"]).as_array().unwrap().len(), 3);
    let told = ana.run(&["conflicts"]);
    assert!(told.contains("keeps it") && told.contains("lets it go"), "{told}");
    ana.run(&["set", &kept, "what=done together"]);
    // The value that stands, said again, is a choice too.
    ana.run(&["set", &as_it_is, "what=edited"]);
    ana.run(&["delete", &gone]);
    turn(place.path(), &[&ana, &ben]);
    for laptop in [&ana, &ben] {
        assert!(laptop.run(&["conflicts"]).contains("Nothing waits"));
        let tasks = laptop.json(&["show", &one])["tasks"].clone();
        let mut what: Vec<&str> = tasks.as_array().unwrap().iter().map(|task| task["what"].as_str().unwrap()).collect();
        what.sort_unstable();
        assert_eq!(what, ["done together", "edited"]);
    }
    // What was chosen can be chosen again: undone, both still stand side by side.
    ana.run(&["undo"]);
    assert_eq!(ana.json(&["conflicts"])[0]["id"], gone.as_str());
    sound(&[&ana, &ben]);
}

/// A worker gives all to a supervisor and takes nothing; the supervisor takes it and gives nothing.
fn star(worker: &Caseload, supervisor: &Caseload) {
    accept(worker, supervisor, &["--only", "give"]);
    accept(supervisor, worker, &["--only", "take"]);
}

fn give(from: &Caseload, to: &str, client: &str, more: &[&str]) -> std::path::PathBuf {
    let path = from.folder.path().join(format!("{}.bundle", uuid::Uuid::new_v4()));
    from.run(&[&["export", text(&path), "--client", client, "--to", to], more].concat());
    path
}

#[test]
fn the_last_word_on_a_share_counts() {
    let (ana, ben) = (laptop("Ana"), laptop("Ben"));
    acquaint(&[&ana, &ben]);
    let one = ana.client(&["given_name=One"]);
    let hand = |more: &[&str]| ben.run(&["import", text(&give(&ana, "Ben", &one, more))]);
    let may_write = |what: &str| ben.output(&["set", &one, &format!("living={what}")]).status.success();
    hand(&["--as", "copy"]);
    assert!(ben.refused(&["set", &one, "living=x"]).contains("copy to read"));
    hand(&["--as", "transfer"]);
    assert!(may_write("handed over"));
    // A copy again: read only again, though the row for the first copy is the same thing said before.
    hand(&["--as", "copy"]);
    assert!(!may_write("x"));
    hand(&["--as", "cover", "--until", "+2w"]);
    assert!(may_write("covered"));
    hand(&["--as", "copy"]);
    assert!(!may_write("x"));
    // Named as the case manager since: that is a word too.
    ana.run(&["set", &one, "worker=Ana"]);
    ana.run(&["set", &one, "worker=Ben"]);
    hand(&[]);
    assert!(may_write("reassigned"));
    sound(&[&ana, &ben]);
}

#[test]
fn cover_and_copies_end_with_the_day_or_at_the_minute_that_was_said() {
    let (ana, ben) = (laptop("Ana"), laptop("Ben"));
    acquaint(&[&ana, &ben]);
    let one = ana.client(&["given_name=One", "worker=Ana"]);
    ben.run(&["import", text(&give(&ana, "Ben", &one, &["--as", "cover", "--until", "+2d"]))]);
    let on = |day: &str, args: &[&str]| ben.output(&[args, &["--today", day]].concat());
    let days = |n: i64| (common_day() + chrono::Duration::days(n)).to_string();
    assert!(on(&days(2), &["log", &one, "body=the last day"]).status.success());
    let late = on(&days(3), &["log", &one, "body=too late"]);
    let said = String::from_utf8(late.stderr).unwrap();
    assert!(!late.status.success() && said.contains("cover") && said.contains("Ana has the client now"), "{said}");
    let mine = |day: &str| String::from_utf8(on(day, &["list", "--worker", "me"]).stdout).unwrap();
    assert!(mine(&days(2)).contains("One") && !mine(&days(3)).contains("One"));
    // To the minute: with only the day said, an hour of that day counts as having come.
    ben.run(&["import", text(&give(&ana, "Ben", &one, &["--as", "cover", "--until", "+4d 17:00"]))]);
    assert!(on(&days(3), &["log", &one, "body=covered again"]).status.success());
    let late = on(&days(4), &["log", &one, "body=too late"]);
    let said = String::from_utf8(late.stderr).unwrap();
    assert!(!late.status.success() && said.contains("17:00"), "{said}");
    // Over already: not given at all.
    let path = ana.folder.path().join("late.bundle");
    let args = ["export", text(&path), "--client", &one, "--to", "Ben", "--as", "cover", "--until", "yesterday"];
    assert!(ana.refused(&args).contains("over already"));
    sound(&[&ana, &ben]);
}

/// The day that the laptops take for today.
fn common_day() -> chrono::NaiveDate {
    crate::common::TODAY.parse().unwrap()
}

#[test]
fn a_supervisor_who_only_takes_hands_one_client_over_and_a_name_back_and_nobody_gets_everybodys() {
    let place = tempfile::tempdir().unwrap();
    let (sue, kim, lea) = (laptop("Sue"), laptop("Kim"), laptop("Lea"));
    star(&kim, &sue);
    star(&lea, &sue);
    let one = kim.client(&["given_name=One", "worker=Kim"]);
    kim.client(&["given_name=Other", "worker=Kim"]);
    let note = id(&kim.json(&["log", &one, "body=home visit", "cosigner=Sue"]));
    kim.run(&["sign", &note]);
    turn(place.path(), &[&kim, &lea, &sue]);
    assert_eq!(names(&sue), ["One", "Other"]);
    // Everything to somebody who only gives: said to be too much, and not done.
    let path = sue.folder.path().join("all.bundle");
    let refused = sue.refused(&["export", text(&path), "--to", "Lea"]);
    assert!(refused.contains("--client"), "{refused}");
    let refused = sue.refused(&["export", text(&path)]);
    assert!(refused.contains("--to NAME --client ID") && !path.exists(), "{refused}");
    // Her name under the note goes back to its author, by hand, with this one client only.
    sue.run(&["cosign", &note]);
    kim.run(&["import", text(&give(&sue, "Kim", &one, &[]))]);
    assert_eq!(kim.json(&["show", &one])["notes"][0]["standing"]["cosigned"], true);
    // The client goes to Lea, who takes nothing of Sue's by itself and was told to accept nobody.
    lea.run(&["import", text(&give(&sue, "Lea", &one, &["--as", "transfer"]))]);
    assert_eq!(names(&lea), ["One"]);
    lea.run(&["log", &one, "body=mine now"]);
    turn(place.path(), &[&sue, &lea, &kim]);
    assert_eq!((names(&lea), names(&kim)), (vec!["One".to_string()], vec!["One".to_string(), "Other".to_string()]));
    turn(place.path(), &[&sue]);
    assert_eq!(sue.json(&["list", "--worker", "Lea"]).as_array().unwrap().len(), 1);
    assert_eq!(sue.json(&["list", "--worker", "kim"])[0]["name"], "Other");
    let ranked = sue.json(&["triage", "--worker", "Kim"]);
    assert!(ranked.as_array().unwrap().iter().all(|one| one["name"] == "Other"), "{ranked}");
    sound(&[&sue, &kim, &lea]);
}

#[test]
fn what_a_lost_laptop_left_unread_is_told_and_can_be_taken_in_first() {
    let place = tempfile::tempdir().unwrap();
    let (ana, ben, dora) = (laptop("Ana"), laptop("Ben"), laptop("Dora"));
    acquaint(&[&ana, &ben, &dora]);
    ana.client(&["given_name=One"]);
    turn(place.path(), &[&ana, &ben, &dora, &ana]);
    let hal = ana.client(&["given_name=Hal"]);
    turn(place.path(), &[&ana, &dora]);
    let copy = Caseload::none();
    std::fs::copy(ben.file(), copy.file()).unwrap();
    // Ben revokes without it: he is told what is left out, now and at the next sync, once.
    let told = ben.run(&["site", "revoke", "Ana"]);
    assert!(told.contains("Revoked") && told.contains("Left out: 1 bundle"), "{told}");
    dora.run(&["log", &hal, "body=seen"]);
    turn(place.path(), &[&dora]);
    let synced = ben.run(&["sync", text(place.path())]);
    assert!(synced.contains("Ana is believed no longer"), "{synced}");
    assert!(!ben.run(&["sync"]).contains("believed no longer"));
    // Of Hal only what Dora wrote is here: nobody without a name in the list.
    let listed = ben.run(&["list", "--all"]);
    assert!(listed.contains("One") && !listed.contains("no name"), "{listed}");
    // The same laptop, had he taken it in first.
    let told = copy.run(&["site", "revoke", "Ana", "--take-first"]);
    assert!(told.contains("new     Hal") && told.contains("Revoked"), "{told}");
    assert_eq!(names(&copy), ["Hal", "One"]);
    ana.client(&["given_name=Forged"]);
    turn(place.path(), &[&ana, &copy]);
    assert_eq!(names(&copy), ["Hal", "One"]);
    sound(&[&ben, &copy]);
}

#[test]
fn history_reads_in_the_order_in_which_things_happened() {
    let place = tempfile::tempdir().unwrap();
    let (ana, ben, cleo) = (laptop("Ana"), laptop("Ben"), laptop("Cleo"));
    acquaint(&[&ana, &ben, &cleo]);
    let one = ana.client(&["given_name=One"]);
    turn(place.path(), &[&ana, &ben, &cleo]);
    let fields = ["living", "about", "address", "customs"];
    for (who, (field, value)) in [&ben, &ana, &cleo, &ben].iter().zip(fields.iter().zip(["1", "2", "3", "4"])) {
        who.run(&["set", &one, &format!("{field}={value}")]);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // They arrive the other way round.
    turn(place.path(), &[&cleo, &ana, &ben, &ana, &cleo]);
    for laptop in [&ana, &ben, &cleo] {
        let history = laptop.json(&["history", &one]);
        let said: Vec<&str> = history.as_array().unwrap().iter().map(|line| line["field"].as_str().unwrap()).collect();
        assert_eq!(said[said.len() - 4..], fields, "{history}");
        let own = laptop.json(&["site", "card"])["id"].clone();
        for line in history.as_array().unwrap() {
            assert_eq!(line["arrived"].is_null(), line["site"] == own, "{line}");
        }
    }
}
