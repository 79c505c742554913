//! Psychotherapy and SUD counseling notes, kept apart: nothing that goes out or is shown to anybody has them, and they come
//! along with the file's own backups and a move.

use std::path::Path;

use caseload::model::RowId;
use caseload::store::{Passphrase, Store, wall_clock};

use crate::common::terminal::{CTRL_S, ENTER, ESC, Terminal};
use crate::common::{Caseload, PASSPHRASE, acquaint, laptop, text};

/// Words that stand nowhere else.
const WORDS: &str = "dreamt of the burning stairwell";

fn licensed(worker: &str) -> Caseload {
    let caseload = laptop(worker);
    caseload.run(&["add", "credential", "kind=lcsw"]);
    caseload
}

fn with_a_note() -> (Caseload, String, String) {
    let rosa = licensed("Rosa");
    let ana = rosa.client(&["given_name=Ana", "family_name=Prado", "birth_date=1990-01-02"]);
    rosa.run(&["log", &ana, "body=She came at ten."]);
    let note = rosa.json(&["apart", "write", &ana, WORDS, "--kind", "psychotherapy"]);
    (rosa, ana, note["id"].as_str().unwrap().to_string())
}

/// How many entries of somebody's notes apart stand in a file.
fn entries_apart(of: &Caseload, whose: &Caseload) -> u64 {
    let open = |caseload: &Caseload| Store::open(&caseload.file(), &Passphrase::new(PASSPHRASE), wall_clock()).unwrap();
    let (worker, site) = {
        let store = open(whose);
        (store.worker().id, store.site())
    };
    let stream = RowId::derived(&["notes apart", &worker.to_string()]);
    open(of).chain_end(stream, site).unwrap().next
}

#[test]
fn whoever_has_no_license_is_offered_none() {
    let rosa = laptop("Rosa");
    let ana = rosa.client(&["given_name=Ana"]);
    for args in [&["apart", "list", &ana][..], &["apart", "write", &ana, WORDS]] {
        assert!(rosa.refused(args).contains("add your license first"));
    }
    rosa.run(&["add", "credential", "kind=cadc"]);
    let refused = rosa.refused(&["apart", "write", &ana, WORDS, "--kind", "psychotherapy"]);
    assert!(refused.contains("does not permit"), "{refused}");
    rosa.run(&["apart", "write", &ana, WORDS]);
    assert_eq!(rosa.json(&["apart", "list", &ana])[0]["kind"], "sud-counseling");
    // One that has expired permits nothing.
    let uma = laptop("Uma");
    let ben = uma.client(&["given_name=Ben"]);
    uma.run(&["add", "credential", "kind=lcsw", "expires=2026-11-01"]);
    assert!(uma.refused(&["apart", "list", &ben]).contains("add your license first"));
}

#[test]
fn nothing_that_goes_out_or_is_shown_has_a_note_that_is_kept_apart() {
    let (rosa, ana, note) = with_a_note();
    let tom = licensed("Tom");
    acquaint(&[&rosa, &tom]);
    let out = rosa.folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let at = |name: &str| text(&out.join(name)).to_string();
    let exports: &[&[&str]] =
        &[&["csv", "--list", "notes"], &["json"], &["json", "--history"], &["fhir.json", "--client", &ana]];
    for (n, export) in exports.iter().enumerate() {
        let path = at(&format!("{n}.{}", export[0]));
        rosa.run(&[&["export", &path], &export[1..], &["--for", "file"]].concat());
    }
    for page in ["summary", "notes", "plan"] {
        rosa.output(&["print", page, "--client", &ana, "--for", "file", "--out", &at(&format!("{page}.txt"))]);
    }
    let mut seen = 0;
    for file in std::fs::read_dir(&out).unwrap().flatten() {
        let bytes = std::fs::read(file.path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("stairwell"), "{}", file.path().display());
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
    for args in [&["show", &ana][..], &["search", "stairwell"], &["history", &ana], &["list"], &["triage"]] {
        assert!(!rosa.run(args).contains("stairwell"), "{args:?}");
    }
    // By hand, through a place, and as a copy of the file: Tom gets the client and nothing of this.
    let bundle = at("all.bundle");
    rosa.run(&["export", &bundle, "--everything"]);
    tom.run(&["import", &bundle]);
    let place = tempfile::tempdir().unwrap();
    for who in [&rosa, &tom, &rosa, &tom] {
        who.run(&["sync", text(place.path())]);
    }
    assert!(tom.run(&["show", &ana]).contains("She came at ten."));
    assert!(tom.run(&["apart", "list", &ana]).contains("No notes are kept apart"));
    assert!(entries_apart(&rosa, &rosa) > 0);
    assert_eq!(entries_apart(&tom, &rosa), 0);
    for who in [&rosa, &tom] {
        assert_eq!(who.json(&["check"])["ok"], true);
    }
    // By a paper of its own, and only while that holds.
    let give = |signed: &str, until: &str| {
        let args =
            ["apart", "give", &note, "--to", "Dr. Lee", "--for", "taking over", "--signed", signed, "--until", until];
        args.map(String::from)
    };
    let args = |given: &[String; 11]| rosa.output(&given.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!args(&give("2026-10-01", "2026-11-01")).status.success());
    let given = args(&give("2026-11-01", "2027-11-01"));
    assert!(String::from_utf8_lossy(&given.stdout).contains(WORDS));
    assert!(rosa.run(&["apart", "list", &ana]).contains("Given 2026-"));
}

fn restored(from: &Caseload, backup: &str, key: &Path) -> Caseload {
    let new = Caseload::none();
    new.run(&["restore", backup, "--recovery-key-file", text(key)]);
    assert_eq!(new.json(&["check"])["ok"], true);
    drop(from.json(&["check"]));
    new
}

#[test]
fn they_come_along_with_the_files_own_backup_and_with_a_move() {
    let rosa = Caseload::none();
    let made = rosa.json(&["init", "--worker", "Rosa", "--area", "mental-health"]);
    let key = rosa.folder.path().join("key");
    std::fs::write(&key, made["recovery_key"].as_str().unwrap()).unwrap();
    rosa.run(&["add", "credential", "kind=lcsw"]);
    let ana = rosa.client(&["given_name=Ana"]);
    rosa.run(&["apart", "write", &ana, WORDS, "--kind", "psychotherapy"]);
    let said = rosa.run(&["backup"]);
    let backup = said.trim_start_matches("Wrote ").split(". The").next().unwrap();
    let new = restored(&rosa, backup, &key);
    assert!(new.run(&["apart", "list", &ana]).contains(WORDS));
    let stick = tempfile::tempdir().unwrap();
    let (file, code) = (stick.path().join("moving"), stick.path().join("code"));
    let made = rosa.json(&["move", text(&file)]);
    std::fs::write(&code, made["moving_code"].as_str().unwrap()).unwrap();
    let moved = Caseload::none();
    moved.run(&["move", text(&file), "--code-file", text(&code)]);
    assert!(moved.run(&["apart", "list", &ana]).contains(WORDS));
    moved.run(&["apart", "write", &ana, "on the new laptop", "--kind", "psychotherapy"]);
    assert_eq!(moved.json(&["apart", "list", &ana]).as_array().unwrap().len(), 2);
}

#[test]
fn at_the_screen_it_is_written_waits_under_the_lock_and_is_read() {
    let (rosa, _, _) = with_a_note();
    let open = |rosa: &Caseload| {
        let mut screen = Terminal::start(rosa, 110, 32, &[]);
        screen.wait("Passphrase");
        screen.keys(PASSPHRASE);
        screen.keys(ENTER);
        screen.wait("Client: Ana");
        screen
    };
    let sheet = |screen: &mut Terminal| {
        screen.keys(":");
        screen.wait("All commands");
        screen.keys("notes apart");
        screen.wait("kept apart from the chart");
        screen.keys(ENTER);
        screen.wait("NOTES KEPT APART: Ana Prado");
    };
    let mut screen = open(&rosa);
    assert!(!screen.text().contains("stairwell"));
    sheet(&mut screen);
    screen.wait(WORDS);
    screen.keys("n");
    screen.wait("p psychotherapy note");
    screen.keys("p");
    screen.keys("she laughed today");
    screen.wait("she laughed today");
    // The terminal goes away in the middle of a word.
    drop(screen);
    let mut screen = open(&rosa);
    sheet(&mut screen);
    screen.wait("she laughed today");
    screen.keys(ESC);
    screen.wait("Esc again gives up");
    screen.keys(CTRL_S);
    screen.wait("Saved, apart from the chart.");
    screen.wait("Psychotherapy note");
    screen.keys(ESC);
    screen.gone("NOTES KEPT APART");
    drop(screen);
    let list = rosa.run(&["apart", "list", "Ana"]);
    assert!(list.contains("she laughed today") && list.contains(WORDS), "{list}");
}
