//! What is signed stays: at two laptops in every order, at the screen, at the command line, and against a hand in the file.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::common::terminal::{CTRL_S, DOWN, ENTER, ESC, TAB, Terminal};
use crate::common::{Caseload, acquaint};
use caseload::model::records::{client, note, signature};
use caseload::model::signing::words;
use caseload::model::standing::State;
use caseload::model::{Change, RowId, Value};
use caseload::store::{Clock, Store, StoreError, Worker};
use caseload::sync::{Scope, Whom, give, take};
use chrono::{DateTime, Duration};
use proptest::prelude::*;

/// A laptop whose clock moves on a second at each look.
fn laptop(name: &str, ahead: i64) -> Store {
    let start = DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap() + Duration::minutes(ahead);
    let ticks = AtomicI64::new(0);
    let clock: Clock = Arc::new(move || start + Duration::seconds(ticks.fetch_add(1, Ordering::Relaxed)));
    let worker = Worker {
        id: RowId::derived(&["worker", name]),
        name: name.into(),
        credentials: "LCSW".into(),
        area: String::new(),
    };
    Store::in_memory(&worker, clock).unwrap()
}

fn person() -> RowId {
    RowId::derived(&["person"])
}

fn the_note() -> RowId {
    RowId::derived(&["note"])
}

fn write_note(store: &mut Store) {
    let (person, row) = (person(), the_note());
    let mut change = Change::new("add client");
    change.create(&client::TYPE, person, person).set(person, client::given_name, "Ana");
    store.commit(&change).unwrap();
    let when = DateTime::parse_from_rfc3339("2026-11-24T08:30:00-05:00").unwrap();
    let mut change = Change::new("add note");
    change
        .create(&note::TYPE, row, person)
        .set(row, note::when, Value::Time(when))
        .set(row, note::kind, "phone")
        .set(row, note::body, "as it was written")
        .set(row, note::cosigner, "Sam Lee");
    store.commit(&change).unwrap();
}

/// Two laptops that believe each other; the first has written a note and the second has it too.
fn pair() -> [Store; 2] {
    let mut both = [laptop("Rosa Ortiz", 0), laptop("Sam Lee", 7)];
    let cards = both.each_ref().map(|store| store.own_site().unwrap());
    both[0].accept_site(&cards[1]).unwrap();
    both[1].accept_site(&cards[0]).unwrap();
    write_note(&mut both[0]);
    hand_over(&mut both, 0);
    both
}

/// What the one has and the other lacks, as a bundle.
fn hand_over(both: &mut [Store; 2], from: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.bundle");
    let whom = Whom::Sites(vec![both[1 - from].own_site().unwrap()]);
    give(&both[from], &Scope::Whole, &whom, false, &path).unwrap();
    take(&mut both[1 - from], &path, None, true, &mut |_| ControlFlow::Continue(())).unwrap();
}

#[derive(Clone, Debug)]
enum Deed {
    Sign,
    Cosign,
    Add(String),
    Edit(String),
    Delete,
    Undo,
    HandOver,
}

fn deed() -> impl Strategy<Value = (usize, Deed)> {
    let deed = prop_oneof![
        2 => Just(Deed::Sign),
        2 => Just(Deed::Cosign),
        2 => "[a-c]{3}".prop_map(Deed::Add),
        3 => "[x-z]{3}".prop_map(Deed::Edit),
        1 => Just(Deed::Delete),
        1 => Just(Deed::Undo),
        3 => Just(Deed::HandOver),
    ];
    (0usize..2, deed)
}

/// Every text that anyone put a name under, by the signature's id.
fn signed_texts(store: &Store) -> BTreeMap<RowId, String> {
    let rows = store.rows(&signature::TYPE, person()).unwrap();
    rows.iter().map(|row| (row.id, row.text(signature::content).to_string())).collect()
}

fn does(both: &mut [Store; 2], who: usize, deed: &Deed) {
    let store = &mut both[who];
    let before = store.written(the_note()).unwrap();
    let signed = before.as_ref().is_some_and(|written| written.standing().is_signed());
    let said = match deed {
        Deed::Sign => store.sign_note(the_note(), 72).map(drop),
        Deed::Cosign => store.cosign(the_note()).map(drop),
        Deed::Add(text) => store.add_addendum(the_note(), text).map(drop),
        Deed::Undo => store.undo().map(drop),
        Deed::HandOver => return hand_over(both, who),
        Deed::Edit(text) => {
            let mut change = Change::new("edit note");
            change.set(the_note(), note::body, text.as_str());
            let said = store.commit(&change).map(drop);
            let after = store.written(the_note()).unwrap();
            assert!(!signed || after == before, "whoever knows that it is signed cannot change it");
            said
        }
        Deed::Delete => {
            let mut change = Change::new("delete note");
            change.delete(&note::TYPE, the_note());
            let said = store.commit(&change).map(drop);
            assert!(!signed || said.is_err(), "nor delete it");
            said
        }
    };
    match said {
        Ok(())
        | Err(StoreError::Signed | StoreError::Unsigned | StoreError::NoRow(_) | StoreError::ChangedSince(_)) => {}
        // Its author, and who was not asked.
        Err(StoreError::OwnNote | StoreError::AskedOfAnother(_)) if matches!(deed, Deed::Cosign) => {}
        // Nobody's signature is taken along.
        Err(StoreError::OthersWrote { .. }) if matches!(deed, Deed::Undo) => {}
        // Whoever works elsewhere is not its author.
        Err(StoreError::NotTheAuthor(_)) if matches!(deed, Deed::Sign) => {}
        Err(other) => panic!("{deed:?}: {other}"),
    }
}

fn cases() -> u32 {
    std::env::var("CASELOAD_MERGE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(96)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn two_laptops_sign_add_and_cosign_in_every_order_and_no_signed_text_ever_changes(
        deeds in prop::collection::vec(deed(), 1..24),
    ) {
        let mut both = pair();
        let mut ever = [BTreeMap::new(), BTreeMap::new()];
        for (who, deed) in &deeds {
            does(&mut both, *who, deed);
            for (store, ever) in both.iter().zip(&mut ever) {
                let now = signed_texts(store);
                for (id, text) in ever.iter() {
                    prop_assert_eq!(now.get(id), Some(text), "what was signed is there, as it was");
                }
                *ever = now;
            }
        }
        for from in [0, 1, 0, 1] {
            hand_over(&mut both, from);
        }
        let all: BTreeMap<RowId, String> = ever.into_iter().flatten().collect();
        let file = both.each_ref().map(|store| store.client_file(person(), usize::MAX >> 1).unwrap());
        prop_assert_eq!(&file[0], &file[1], "one result");
        for store in &mut both {
            prop_assert_eq!(&signed_texts(store), &all, "nothing is lost");
            let report = store.check().unwrap();
            prop_assert!(report.ok, "{:?}", report.problems);
            // That the client was taken back here and written about there is another matter.
            let of_the_note = store.conflicts(None).unwrap().into_iter().any(|conflict| conflict.row == the_note());
            prop_assert!(!of_the_note || all.is_empty(), "nothing is left to choose");
        }
        let written = both[0].written(the_note()).unwrap();
        prop_assert!(written.is_some() || all.is_empty(), "a signed note is never gone");
        let Some(written) = written else { return Ok(()) };
        let (standing, parts) = (written.standing(), written.read());
        prop_assert_eq!(standing.is_signed(), !all.is_empty());
        prop_assert_ne!(standing.state, State::Broken);
        prop_assert!(all.values().all(|text| {
            parts.iter().any(|part| part.text.contains(words(text).trim_end()))
                // Two who sign the same words a moment apart sign one text.
                || standing.signatures.iter().any(|row| row.text(signature::content) == text)
        }), "every signed text is read: {parts:?}");
        prop_assert_eq!(parts, both[1].written(the_note()).unwrap().unwrap().read());
        // The fields say something else than what was signed: both are shown.
        if standing.is_signed() && !standing.text.contains(written.note.text(note::body)) {
            prop_assert_eq!(standing.state, State::ChangedBeside);
        }
        // And the journal alone gives the same.
        let before = signed_texts(&both[0]);
        both[0].rebuild().unwrap();
        prop_assert_eq!(signed_texts(&both[0]), before);
    }
}

/// A worker's laptop with one client who has a plan and a goal. What is signed bears the time of the clock, so the stories
/// are lived on its day.
fn worker_with_client() -> (Caseload, String) {
    let caseload = Caseload::of_whatever_day();
    let ana = caseload.client(&["given_name=Ana", "family_name=Silva", "pronouns=she/her", "area=social-work"]);
    caseload.run(&["add", "plan", &format!("client={ana}"), "kind=service-plan"]);
    caseload.run(&["add", "goal", &format!("client={ana}"), "words=A door that locks"]);
    (caseload, ana)
}

fn screen(caseload: &Caseload, (columns, rows): (u16, u16), args: &[&str]) -> Terminal {
    let pass = caseload.pass();
    let args = [&["--passphrase-file", pass.to_str().unwrap()], args].concat();
    Terminal::start(caseload, columns, rows, &args)
}

#[test]
fn a_note_is_written_under_headings_signed_and_then_only_added_to() {
    for size in [(80, 24), (120, 40)] {
        let (caseload, ana) = worker_with_client();
        let mut screen = screen(&caseload, size, &[]);
        screen.wait("Ana Silva");
        screen.keys("n");
        // The headings of the client's area, what belongs under the first, and how she is spoken of.
        screen.wait("Add note: Ana Silva, she/her");
        screen.wait("Data:");
        screen.wait("Data: What was seen, heard and done");
        // Another form of notes: nothing is written yet, so its headings take the place of these.
        screen.keys(CTRL_S);
        screen.wait("Nothing is written yet");
        screen.keys(TAB);
        screen.keys(" ");
        screen.wait("[x] A door that locks");
        screen.keys(TAB);
        screen.keys("soap");
        screen.wait("SOAP: subjective");
        screen.wait("Subjective:");
        screen.keys("\x1b[Z\x1b[Z");
        screen.wait("Subjective: What the client says");
        screen.keys("The landlord changed the lock.");
        screen.wait("The landlord changed the lock.");
        // What is written is not taken away by a change of mind.
        screen.keys(TAB);
        screen.keys(TAB);
        screen.keys("dap");
        screen.wait("DAP: data");
        assert!(screen.text().contains("The landlord changed the lock."), "{}", screen.text());
        screen.keys("soap");
        screen.keys(CTRL_S);
        screen.wait("Saved: add note");

        // The goal shows the note that serves it.
        screen.keys("3");
        screen.keys(ENTER);
        screen.wait("The goal and the notes that serve it");
        screen.wait("[not signed]");
        screen.keys(ESC);
        screen.gone("The goal and the notes that serve it");

        // Signing shows first what is signed.
        screen.keys("N");
        screen.wait("To sign, of this client: 1");
        screen.wait("This is what you sign");
        screen.keys("\x1b[6~");
        screen.keys(ENTER);
        screen.wait("Signed. Nothing else waits");
        // From now on it opens as it was signed, and is not edited: the refusal says the rule and what is permitted.
        screen.keys("3");
        screen.keys(ENTER);
        screen.wait("[signed]");
        screen.keys(DOWN);
        screen.keys("e");
        screen.wait("Signed: not changed");
        screen.wait("The rule: a signed record is corrected by a dated");
        screen.wait("Say what is to be put right, in an addendum");
        screen.keys("A");
        screen.wait("Addendum to the note of today");
        screen.keys("It was the day before.");
        screen.keys(CTRL_S);
        screen.wait("Saved and signed: addendum");
        // Neither is it taken back.
        screen.keys("u");
        screen.wait("Signed: not changed");
        screen.keys("n");
        screen.keys("2");
        screen.keys("v");
        screen.wait("Everything kept");
        screen.wait("[signed, 1 addendum]");
        screen.keys(ESC);
        screen.keys("q");
        assert!(screen.ends());
        let show = caseload.json(&["show", &ana]);
        let written = &show["notes"][0];
        assert_eq!((&written["standing"]["state"], &written["standing"]["addenda"]), (&"signed".into(), &1.into()));
        let text = written["standing"]["text"].as_str().unwrap();
        assert!(text.contains("The landlord changed the lock.") && text.contains("\"A door that locks\""), "{text}");
        assert_eq!(caseload.json(&["check"])["ok"], true);
    }
}

#[test]
fn the_timer_and_an_unfinished_note_live_through_a_lock() {
    let (caseload, ana) = worker_with_client();
    let mut screen = screen(&caseload, (80, 24), &[]);
    screen.wait("Ana Silva");
    screen.keys("B");
    screen.wait("The timer runs");
    screen.wait("timer 1 min");
    screen.keys("n");
    screen.wait("Add note");
    screen.keys("Half a sentence");
    screen.keys(TAB);
    screen.keys(" ");
    screen.wait("[x] A door that locks");
    // Killed in the middle of it, once the hands have rested.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    screen.child.kill().unwrap();
    let mut screen = self::screen(&caseload, (80, 24), &[]);
    screen.wait("Your unfinished form is back");
    screen.wait("Half a sentence");
    screen.wait("[x] A door that locks");
    screen.keys(CTRL_S);
    screen.wait("Saved: add note");
    screen.gone("timer 1 min");
    // And through a lock.
    screen.keys("B");
    screen.wait("timer 1 min");
    screen.keys("L");
    screen.wait("caseload is locked");
    screen.keys(crate::common::PASSPHRASE);
    screen.keys(ENTER);
    screen.wait("timer 1 min");
    screen.keys("B");
    screen.wait("Stop; the next note or contact takes them in");
    screen.keys("s");
    screen.wait("timed 1 min");
    screen.keys("l");
    screen.wait("Log contact: Ana Silva, she/her");
    screen.keys(CTRL_S);
    screen.wait("Saved: log contact");
    screen.gone("timed 1 min");
    screen.keys("q");
    assert!(screen.ends());
    let show = caseload.json(&["show", &ana]);
    for written in show["notes"].as_array().unwrap() {
        assert_eq!(written["minutes"], 1, "{written}");
    }
    assert_eq!(show["notes"].as_array().unwrap().len(), 2);
}

/// Each accepts the other's card.
#[test]
fn a_supervisor_with_a_copy_to_read_is_asked_in_triage_and_co_signs() {
    let (rosa, ana) = worker_with_client();
    let sam = Caseload { day: None, ..Caseload::none() };
    sam.run(&["init", "--worker", "Sam Lee", "--credentials", "LCSW"]);
    acquaint(&[&rosa, &sam]);
    let logged = rosa.json(&["log", &ana, "kind=phone", "body=talked through the lease", "cosigner=Sam Lee"]);
    let note = logged["id"].as_str().unwrap();
    assert!(rosa.refused(&["cosign", note]).contains("not signed yet"));
    rosa.run(&["sign", note]);
    assert!(rosa.refused(&["set", note, "body=something else"]).contains("The rule: a signed record"));
    assert!(rosa.refused(&["delete", note]).contains("caseload addendum NOTE body=TEXT"));
    assert!(rosa.refused(&["undo"]).contains("never taken back"));
    let bundle = rosa.folder.path().join("copy.bundle");
    let path = bundle.to_str().unwrap();
    rosa.run(&["export", path, "--client", &ana, "--to", "Sam Lee", "--as", "copy"]);
    sam.run(&["import", path]);
    assert!(sam.refused(&["addendum", note, "body=no"]).contains("copy to read"));
    // A week later it is a reason to look, and one key answers it.
    let later = (chrono::Local::now() + Duration::days(9)).format("%Y-%m-%d").to_string();
    let mut screen = screen(&sam, (120, 40), &["--today", &later]);
    screen.wait("waits for the co-signature of Sam Lee");
    screen.keys("N");
    screen.wait("co-signature asked of you");
    screen.wait("talked through the lease");
    screen.keys(ENTER);
    screen.wait("Co-signed. Nothing else waits");
    screen.gone("waits for the co-signature");
    screen.keys("q");
    assert!(screen.ends());
    let back = sam.folder.path().join("back.bundle");
    sam.run(&["export", back.to_str().unwrap()]);
    rosa.run(&["import", back.to_str().unwrap()]);
    let standing = rosa.json(&["show", &ana])["notes"][0]["standing"].clone();
    assert_eq!((&standing["cosigned"], &standing["waits_for"]), (&true.into(), &serde_json::Value::Null));
    assert!(rosa.run(&["show", &ana]).contains("Signed as co-signer by Sam Lee, LCSW"));
}

#[test]
fn a_late_entry_says_so_with_both_times_by_the_agencys_number() {
    let (caseload, ana) = worker_with_client();
    let log = |when: &str| {
        let when = format!("when={when}");
        caseload.json(&["log", &ana, "kind=phone", "body=called", &when])["id"].as_str().unwrap().to_string()
    };
    let signed = |note: &str| caseload.json(&["sign", note])["standing"].clone();
    let (old, new) = (log("5 days ago"), log("20m ago"));
    let late = signed(&old);
    assert_eq!(late["late"], true);
    assert!(late["text"].as_str().unwrap().starts_with("LATE ENTRY: service on "), "{late}");
    assert_eq!(signed(&new)["late"], false);
    // An agency that asks for more than that.
    let folder = caseload.folder.path().join("agency");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("agency.toml"), "late-entry-hours = 0\n").unwrap();
    let note = log("20m ago");
    let strict = caseload.json(&["--agency", folder.to_str().unwrap(), "sign", &note]);
    assert_eq!(strict["standing"]["late"], true);
}

/// Opens the file as any SQLCipher tool would, and runs SQL on it.
fn tamper(caseload: &Caseload, sql: &str) {
    let db = rusqlite::Connection::open(caseload.file()).unwrap();
    db.pragma_update(None, "key", crate::common::PASSPHRASE).unwrap();
    assert!(db.execute(sql, []).unwrap() > 0, "{sql}");
}

#[test]
fn a_signed_text_altered_in_the_file_is_found_and_shown_as_broken() {
    let (caseload, ana) = worker_with_client();
    let note = caseload.json(&["log", &ana, "kind=phone", "body=she said no"])["id"].as_str().unwrap().to_string();
    caseload.run(&["sign", &note]);
    caseload.run(&["addendum", &note, "body=twice"]);
    assert_eq!(caseload.json(&["check"])["ok"], true);
    // A hand in the file, of someone who has the passphrase.
    tamper(&caseload, "UPDATE row_signature SET content = replace(content, 'said no', 'said yes')");
    let output = caseload.output(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("was altered outside the program"), "{said}");
    assert_eq!(caseload.json(&["show", &ana])["notes"][0]["standing"]["state"], "broken");
    assert!(caseload.run(&["show", &ana]).contains("BROKEN: this is not what was signed"));
    assert!(caseload.refused(&["cosign", &note]).contains("not what was signed"));
    let mut screen = screen(&caseload, (120, 40), &[]);
    screen.wait("Ana Silva");
    screen.keys("2");
    screen.keys("v");
    screen.wait("[BROKEN");
    screen.look(|screen| {
        // In the danger style, and in words.
        let line = |row| screen.contents_between(row, 0, row, 120);
        let row = (0..40).find(|row| line(*row).contains("[BROKEN")).unwrap();
        let before = line(row).split("BROKEN").next().unwrap().chars().count();
        assert_ne!(screen.cell(row, before as u16).unwrap().fgcolor(), vt100::Color::Default, "{}", line(row));
    });
    screen.keys(ESC);
    screen.keys("q");
    assert!(screen.ends());
}

#[test]
fn a_plan_is_signed_reviewed_and_carried_on_in_a_new_version() {
    let (caseload, ana) = worker_with_client();
    let mut screen = screen(&caseload, (120, 40), &[]);
    screen.wait("Ana Silva");
    let command = |screen: &mut Terminal, name: &str| {
        screen.keys(":");
        screen.wait("All commands");
        screen.keys(name);
        screen.wait(name);
        screen.keys(ENTER);
    };
    command(&mut screen, "sign plan");
    screen.wait("Goal 1: \"A door that locks\"");
    screen.keys("1");
    screen.wait("The client types their own name");
    screen.keys("Ana Silva");
    screen.keys(ENTER);
    screen.wait("Who saw Ana Silva sign?");
    screen.keys(ENTER);
    screen.wait("Signed by Ana Silva");
    screen.keys("2");
    screen.wait("version 1, review");
    screen.wait("signed Ana Silva");
    screen.keys("3");
    screen.keys("p");
    screen.wait("Goal progress");
    screen.keys("\x1540");
    screen.keys(CTRL_S);
    screen.wait("40%");
    command(&mut screen, "review plan");
    screen.wait("\"A door that locks\": 0% before, 40% now");
    screen.keys(CTRL_S);
    screen.wait("Saved: review plan");
    command(&mut screen, "new version of the plan");
    screen.wait("Version 2 begins today");
    screen.keys("y");
    screen.wait("A new version of the plan is in force");
    command(&mut screen, "plan in words");
    screen.wait("version 2");
    screen.wait("Nobody has signed this plan yet");
    screen.wait("BEFORE THIS VERSION");
    screen.wait("Signed as client by Ana Silva");
    screen.wait("witnessed by Rosa Ortiz");
    // The review set another day: what was signed is shown as it was.
    screen.wait("Changed since Ana Silva signed it");
    screen.wait("AS IT WAS SIGNED");
    screen.keys(ESC);
    screen.keys("q");
    assert!(screen.ends());
    let show = caseload.json(&["show", &ana]);
    let plans = show["plans"].as_array().unwrap();
    let versions: Vec<_> = plans.iter().map(|plan| (plan["version"].clone(), plan["status"].clone())).collect();
    assert!(versions.contains(&(1.into(), "ended".into())) && versions.contains(&(2.into(), "active".into())));
    let new = plans.iter().find(|plan| plan["version"] == 2).unwrap();
    assert_eq!(show["goals"][0]["plan"], new["id"], "the goal went over, with its notes and its history");
    assert!(show["signatures"][0]["content"].as_str().unwrap().contains("A door that locks"));
}
