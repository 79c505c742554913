//! Stories of sync that people tell: what one laptop takes back, hands over or takes in never takes anything of another's.

mod common;

use std::path::Path;

use common::Caseload;

/// A worker's laptop.
fn laptop(name: &str) -> Caseload {
    let caseload = Caseload::none();
    caseload.run(&["init", "--worker", name, "--area", "social-work"]);
    caseload
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

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
