//! The file under an open screen: removed, moved, replaced, set back, cut off. What was saved and what is being typed is never
//! lost, nothing is called saved that is not, and what lies at the old name is not written through.

#![cfg(unix)]

use std::path::Path;

use crate::common::feet::{Fault, all_of, rescued, saved_and_typing, two_clients, type_note, unlocked};
use crate::common::terminal::{CTRL_S, ENTER};
use crate::common::{PASSPHRASE, ourselves};

fn story(fault: Fault, folded: bool) {
    let (caseload, older, ana) = two_clients();
    let mut screen = saved_and_typing(&caseload, folded);
    fault.happen(&caseload.file(), &older);
    let there = std::fs::read(caseload.file()).ok();
    screen.keys(CTRL_S);
    screen.wait("The file was rescued");
    assert!(!screen.text().contains("Saved:"), "{}", screen.text());
    screen.keys(ENTER);
    screen.gone("The file was rescued");
    screen.wait("the words in the form");
    screen.keys(CTRL_S);
    screen.wait("Saved: log contact");
    screen.keys("q");
    assert!(screen.ends());
    let now = fault.ends_in(&caseload);
    let said = all_of(&caseload, &now, &ana);
    assert!(said.contains("the first words") && said.contains("the words in the form"), "{fault:?} {folded}: {said}");
    assert!(!folded || said.contains("the second words"), "{fault:?}: {said}");
    caseload.run(&["--file", now.to_str().unwrap(), "check"]);
    if now != caseload.file() {
        // What lies at the old name is what was put there, to the byte.
        assert_eq!(std::fs::read(caseload.file()).ok(), there, "{fault:?} {folded}");
        screen.wait_raw("-rescued-");
    }
    if fault == Fault::RenamedOver {
        caseload.run(&["check"]);
    }
    assert!(rescued(&caseload, ".bundle").is_empty(), "nothing waits where all fits");
}

crate::for_each_fault!(story);

#[test]
fn a_passphrase_changed_elsewhere_is_asked_for_over_the_open_form() {
    let (caseload, _, ana) = two_clients();
    let mut screen = unlocked(&caseload);
    type_note(&mut screen, "the words in the form");
    let new = caseload.folder.path().join("new");
    std::fs::write(&new, "harbor seven lamp otter").unwrap();
    caseload.run(&["passphrase", "--new-passphrase-file", new.to_str().unwrap()]);
    screen.keys(CTRL_S);
    screen.wait("The passphrase was changed");
    assert!(!screen.text().contains("Saved:"), "{}", screen.text());
    screen.keys("not this one");
    screen.keys(ENTER);
    screen.wait("does not open this caseload");
    screen.keys(&"\x7f".repeat(12));
    screen.keys("harbor seven lamp otter");
    screen.keys(ENTER);
    screen.wait("Unlocked with its new passphrase");
    screen.wait("the words in the form");
    screen.keys(CTRL_S);
    screen.wait("Saved: log contact");
    screen.keys("q");
    assert!(screen.ends());
    std::fs::copy(&new, caseload.pass()).unwrap();
    assert!(all_of(&caseload, &caseload.file(), &ana).contains("the words in the form"));
    caseload.run(&["check"]);
    assert!(rescued(&caseload, "").is_empty());
}

#[test]
fn damaged_pages_under_an_open_form_are_called_damage_and_take_nothing_typed_away() {
    let (caseload, _, _) = two_clients();
    let mut screen = unlocked(&caseload);
    type_note(&mut screen, "the words in the form");
    let mut bytes = std::fs::read(caseload.file()).unwrap();
    for page in (1..bytes.len() / 4096).filter(|page| page % 3 == 0) {
        bytes[page * 4096 + 1000] ^= 1;
    }
    std::fs::write(caseload.file(), &bytes).unwrap();
    screen.keys(CTRL_S);
    let said = screen.one_of(&["is damaged", "The file was rescued", "Saved: log contact"]);
    assert!(!screen.text().to_lowercase().contains("out of memory"), "{}", screen.text());
    if said == "The file was rescued" {
        screen.keys(ENTER);
        screen.gone("The file was rescued");
    }
    if said != "Saved: log contact" {
        screen.wait("the words in the form");
    }
}

/// Seconds for which two programs write to one file; an hour with CASELOAD_FEET_SECONDS=3600.
fn seconds() -> u64 {
    std::env::var("CASELOAD_FEET_SECONDS").ok().and_then(|given| given.parse().ok()).unwrap_or(4)
}

/// Not a test of its own: one of the programs that write to one file, each looking before every change, folding and opening
/// anew now and then.
#[test]
#[ignore = "run by the test of two programs"]
fn child_that_writes_beside_another() {
    use caseload::model::records::note;
    use caseload::model::{Change, RowId, Value};
    use caseload::store::{Passphrase, Store, StoreError, wall_clock};
    let (Ok(path), Ok(name)) = (std::env::var("FEET_FILE"), std::env::var("FEET_NAME")) else { return };
    let ana: RowId = std::env::var("FEET_CLIENT").unwrap().parse().unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds());
    let open = || Store::open(path.as_ref(), &Passphrase::new(PASSPHRASE), wall_clock()).unwrap();
    let mut store = open();
    let mut written = 0u64;
    while std::time::Instant::now() < end {
        let found = store.look().unwrap();
        assert!(found.is_well(), "a false alarm after {written}: {found:?}");
        let row = RowId::derived(&["note", &name, &written.to_string()]);
        let mut change = Change::new("log contact");
        change.create(&note::TYPE, row, ana).set(row, note::when, Value::Time(store.now())).set(
            row,
            note::kind,
            "phone",
        );
        // On a machine that is busy the other may hold the file for long: that is told, and what was not saved is saved again.
        while let Err(error) = store.commit(&change) {
            assert!(matches!(error, StoreError::Busy), "{error}");
            println!("waited");
        }
        written += 1;
        match written % 17 {
            3 | 9 => store.fold().unwrap(),
            11 => {
                drop(store);
                store = open();
            }
            _ => {}
        }
    }
    println!("wrote {written}");
}

#[test]
fn two_programs_on_one_file_never_alarm_each_other() {
    let (caseload, _, ana) = two_clients();
    let child = |name: &str| {
        ourselves("feet::child_that_writes_beside_another")
            .envs([("FEET_FILE", caseload.file().to_str().unwrap()), ("FEET_NAME", name), ("FEET_CLIENT", &ana)])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let (one, other) = (child("one"), child("other"));
    let mut written = 0;
    for child in [one, other] {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let line = said.lines().find_map(|line| line.split("wrote ").nth(1)).expect("it says how many");
        written += line.trim().parse::<usize>().unwrap();
    }
    assert!(written >= 4, "they wrote: {written}");
    let report = caseload.json(&["check"]);
    assert_eq!(report["problems"].as_array().unwrap().len(), 0, "{report}");
    assert!(rescued(&caseload, "").is_empty());
    assert!(report["entries"].as_u64().unwrap() as usize >= 3 * written, "every change is there: {report}");
}

#[test]
fn reading_writes_nothing_where_nothing_may_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let (caseload, _, ana) = two_clients();
    // A folder that takes no writing; the passphrase and the program's own files lie elsewhere.
    let folder = caseload.folder.path().join("stick");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("caseload.db");
    std::fs::copy(caseload.file(), &file).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    let before = std::fs::read(&file).unwrap();
    fn on<'a>(file: &'a Path, args: &[&'a str]) -> Vec<&'a str> {
        [&["--file", file.to_str().unwrap()], args].concat()
    }
    assert!(caseload.run(&on(&file, &["list"])).contains("Ana"));
    assert!(caseload.run(&on(&file, &["show", &ana])).contains("Ana"));
    assert!(caseload.run(&on(&file, &["check"])).starts_with("All is well"));
    assert!(caseload.refused(&on(&file, &["add", "client", "given_name=Cleo"])).contains("read-only"));
    let there: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(there, std::slice::from_ref(&file), "nothing was laid beside it");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_repair_at_the_command_line_names_the_new_file_and_what_is_lost() {
    let (caseload, _, _) = two_clients();
    let repaired = caseload.json(&["check", "--repair"]);
    assert_eq!(repaired["lost"].as_array().unwrap().len(), 0, "{repaired}");
    let file = repaired["file"].as_str().unwrap();
    assert!(file.contains("-repaired-"));
    assert!(caseload.run(&["--file", file, "list"]).contains("Ben"));
    assert!(caseload.run(&["check", "--repair"]).contains("Nothing is lost"));
}
