//! Stories of sync that users of other tools tell: laptops that are set back or copied, sticks that are not there, notices that
//! are not true. Each is lived at the command line.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::common::{Caseload, PASSPHRASE, laptop, text};
use serde_json::Value as Json;

fn card(of: &Caseload) -> String {
    of.json(&["site", "card"])["card"].as_str().unwrap().into()
}

/// Each accepts the others' cards.
fn acquaint(laptops: &[&Caseload]) {
    for from in laptops {
        let card = card(from);
        for to in laptops.iter().filter(|to| !std::ptr::eq(**to, *from)) {
            to.run(&["site", "accept", &card]);
        }
    }
}

/// A worker gives to a supervisor, who takes.
fn reports_to(worker: &Caseload, boss: &Caseload) {
    worker.run(&["site", "accept", &card(boss), "--only", "give"]);
    boss.run(&["site", "accept", &card(worker), "--only", "take"]);
}

fn names(caseload: &Caseload) -> Vec<String> {
    let list = caseload.json(&["list", "--all"]);
    let mut names: Vec<String> =
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().into()).collect();
    names.sort();
    names
}

fn notes(caseload: &Caseload, client: &str) -> Vec<String> {
    let show = caseload.json(&["show", client]);
    let mut notes: Vec<String> =
        show["notes"].as_array().unwrap().iter().map(|note| note["body"].as_str().unwrap().into()).collect();
    notes.sort();
    notes
}

#[track_caller]
fn turn(laptops: &[&Caseload], place: &Path) {
    for one in laptops {
        one.run(&["sync", text(place)]);
    }
}

#[track_caller]
fn sound(laptops: &[&Caseload]) {
    for one in laptops {
        assert_eq!(one.json(&["check"])["ok"], true);
    }
}

/// The note outside the file of how far it had come.
fn state(of: &Caseload) -> PathBuf {
    of.folder.path().join(".local/share/caseload/state")
}

fn image(of: &Caseload) -> Vec<u8> {
    std::fs::read(of.file()).unwrap()
}

fn set_back(laptop: &Caseload, to: &[u8]) {
    std::fs::write(laptop.file(), to).unwrap();
    for beside in ["caseload.db-wal", "caseload.db-shm"] {
        let _ = std::fs::remove_file(laptop.folder.path().join(beside));
    }
}

fn bundles(place: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for site in std::fs::read_dir(place).unwrap() {
        for file in std::fs::read_dir(site.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "bundle") {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}

/// A laptop is set back to the morning, and works on. With the note outside the file, and without it: losing it loses nothing.
fn a_laptop_set_back(with_state: bool) {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let (ana, sue) = (laptop("Ana"), laptop("Sue"));
    acquaint(&[&ana, &sue]);
    let (one, two) = (ana.client(&["given_name=One"]), ana.client(&["given_name=Two"]));
    turn(&[&ana, &sue, &ana], place);
    let morning = image(&ana);
    ana.run(&["log", &one, "body=monday"]);
    turn(&[&ana, &sue], place);
    let before = ana.json(&["site", "card"])["id"].clone();

    set_back(&ana, &morning);
    if !with_state {
        std::fs::remove_dir_all(state(&ana)).unwrap();
    }
    ana.run(&["log", &one, "body=tuesday"]);
    ana.run(&["set", &two, "crisis=danger"]);
    ana.client(&["given_name=Three"]);
    // What is written after it was set back never stands where something else was given before.
    let known_at_once = ana.json(&["site", "card"])["id"] != before;
    assert_eq!(known_at_once, with_state, "the note outside the file tells before the first write");
    let said = ana.json(&["sync", text(place)]);
    assert!(said[0]["set_back"].as_u64().is_some(), "it is told: {said}");
    turn(&[&sue, &ana, &sue, &ana], place);
    for who in [&ana, &sue] {
        assert_eq!(names(who), ["One", "Three", "Two"]);
        assert_eq!(notes(who, &one), ["monday", "tuesday"]);
        assert_eq!(who.json(&["show", &two])["client"]["crisis"], "danger");
        let said = who.run(&["sync", text(place)]);
        assert_eq!(said, "Nothing new to leave for the others.\n");
    }
    sound(&[&ana, &sue]);
}

#[test]
fn a_laptop_set_back_comes_home_and_nobody_is_cut_off() {
    a_laptop_set_back(true);
}

#[test]
fn a_laptop_set_back_comes_home_without_the_note_outside_the_file() {
    a_laptop_set_back(false);
}

#[test]
fn nothing_written_since_it_was_set_back_the_same_site_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let (ana, sue) = (laptop("Ana"), laptop("Sue"));
    acquaint(&[&ana, &sue]);
    let one = ana.client(&["given_name=One"]);
    turn(&[&ana, &sue, &ana], place);
    let morning = image(&ana);
    ana.run(&["log", &one, "body=monday"]);
    turn(&[&ana], place);
    let before = ana.json(&["site", "card"])["id"].clone();
    set_back(&ana, &morning);
    std::fs::remove_dir_all(state(&ana)).unwrap();
    let said = ana.json(&["sync", text(place)]);
    assert!(said[0]["set_back"].as_u64().unwrap() > 0, "{said}");
    assert_eq!(notes(&ana, &one), ["monday"]);
    assert_eq!(ana.json(&["site", "card"])["id"], before);
    turn(&[&sue], place);
    assert_eq!(notes(&sue, &one), ["monday"]);
    sound(&[&ana, &sue]);
}

#[test]
fn what_lay_unread_in_the_place_when_the_file_was_set_back_is_read() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let (ana, sue) = (laptop("Ana"), laptop("Sue"));
    acquaint(&[&ana, &sue]);
    let one = ana.client(&["given_name=One"]);
    turn(&[&ana, &sue, &ana], place);
    let morning = image(&ana);
    ana.client(&["given_name=Monday"]);
    turn(&[&ana], place);
    set_back(&ana, &morning);
    std::fs::remove_dir_all(state(&ana)).unwrap();
    ana.run(&["log", &one, "body=tuesday"]);
    // So often that its bundles are written again as one, and the small ones go: not the one that nobody read.
    for day in 0..26 {
        ana.run(&["log", &one, &format!("body=day {day:02}")]);
        turn(&[&ana], place);
    }
    assert!(bundles(place).len() < 10, "{:?}", bundles(place));
    turn(&[&sue, &ana], place);
    for who in [&ana, &sue] {
        assert_eq!(names(who), ["Monday", "One"]);
        assert_eq!(notes(who, &one).len(), 27);
    }
    sound(&[&ana, &sue]);
}

/// Two machines with one image: each has the file and the note of its own.
struct Machine {
    file: Vec<u8>,
    state: Option<(String, Vec<u8>)>,
}

impl Machine {
    fn of(laptop: &Caseload) -> Machine {
        let state = std::fs::read_dir(state(laptop)).ok().and_then(|mut all| all.next()).map(|file| {
            let file = file.unwrap();
            (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())
        });
        Machine { file: image(laptop), state }
    }

    fn put_in(&self, laptop: &Caseload) {
        set_back(laptop, &self.file);
        let _ = std::fs::remove_dir_all(state(laptop));
        if let Some((name, bytes)) = &self.state {
            std::fs::create_dir_all(state(laptop)).unwrap();
            std::fs::write(state(laptop).join(name), bytes).unwrap();
        }
    }
}

#[test]
fn two_machines_with_one_image_become_two_and_lose_nothing() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let (ana, sue) = (laptop("Ana"), laptop("Sue"));
    acquaint(&[&ana, &sue]);
    let one = ana.client(&["given_name=One"]);
    turn(&[&ana, &sue, &ana], place);
    let mut machines = [Machine::of(&ana), Machine::of(&ana)];
    for (at, name) in [(0, "left"), (1, "right"), (0, "left again"), (1, "right again")] {
        machines[at].put_in(&ana);
        ana.run(&["log", &one, &format!("body={name}")]);
        turn(&[&ana], place);
        machines[at] = Machine::of(&ana);
    }
    turn(&[&sue], place);
    for at in [0, 1, 0] {
        machines[at].put_in(&ana);
        turn(&[&ana, &sue], place);
        machines[at] = Machine::of(&ana);
        assert_eq!(notes(&ana, &one), ["left", "left again", "right", "right again"]);
        sound(&[&ana]);
    }
    assert_eq!(notes(&sue, &one), ["left", "left again", "right", "right again"]);
    assert!(!sue.run(&["sync", text(place)]).contains("two copies"));
    sound(&[&sue]);
}

/// Killed at any moment of coming home, the next sync goes on.
#[test]
fn killed_again_and_again_while_it_comes_home_nothing_is_lost() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let (ana, sue) = (laptop("Ana"), laptop("Sue"));
    acquaint(&[&ana, &sue]);
    let one = ana.client(&["given_name=One"]);
    turn(&[&ana, &sue, &ana], place);
    let mut rng = fastrand::Rng::with_seed(7);
    let mut written = Vec::new();
    for round in 0..6 {
        let morning = image(&ana);
        for (when, synced) in [("given", true), ("since", false)] {
            if when == "since" {
                set_back(&ana, &morning);
                if round % 2 == 0 {
                    let _ = std::fs::remove_dir_all(state(&ana));
                }
            }
            let body = format!("{when} {round}");
            ana.run(&["log", &one, &format!("body={body}")]);
            written.push(body);
            if synced {
                turn(&[&ana], place);
            }
        }
        let begun = std::time::Instant::now();
        sue.run(&["sync", text(place)]);
        let usual = begun.elapsed();
        for _ in 0..8 {
            let mut child =
                ana.command().args(["sync", text(place)]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(rng.u64(..(usual.as_micros() as u64 * 5 / 4))));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        sound(&[&ana]);
        turn(&[&ana, &sue, &ana], place);
    }
    turn(&[&sue, &ana], place);
    written.sort();
    for who in [&ana, &sue] {
        let mut all = notes(who, &one);
        all.dedup();
        assert_eq!(all, written);
    }
    assert!(!sue.run(&["sync", text(place)]).contains("two copies"));
    sound(&[&ana, &sue]);
}

#[test]
fn an_answer_that_was_lost_is_an_upload_that_is_done() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let (ana, sue) = (laptop("Ana"), laptop("Sue"));
    acquaint(&[&ana, &sue]);
    ana.client(&["given_name=One"]);
    // Killed after the bundle was there and before that was noted.
    let before = image(&ana);
    turn(&[&ana], place);
    let there = bundles(place);
    set_back(&ana, &before);
    std::fs::remove_dir_all(state(&ana)).unwrap();
    let said = ana.json(&["sync", text(place)]);
    assert!(said[0]["given"].is_null(), "{said}");
    assert_eq!(bundles(place), there);
    turn(&[&sue], place);
    assert_eq!(names(&sue), ["One"]);
}

#[test]
fn places_of_those_who_only_take_or_only_give_are_remembered() {
    let place = tempfile::tempdir().unwrap();
    let (sue, kim) = (laptop("Sue"), laptop("Kim"));
    reports_to(&kim, &sue);
    kim.client(&["given_name=One"]);
    turn(&[&kim, &sue], place.path());
    kim.client(&["given_name=Two"]);
    kim.run(&["sync"]);
    let said = sue.json(&["sync"]);
    assert_eq!((&said[0]["place"], &said[0]["taken"][0]["new"]), (&text(place.path()).into(), &1.into()), "{said}");
    assert_eq!(said[0]["clients"][0]["name"], "Two");
    assert_eq!(names(&sue), ["One", "Two"]);
}

/// The supervisor takes from her workers and gives each what is theirs; the workers know her and nobody else.
#[test]
fn in_a_star_each_worker_gets_what_is_theirs_and_is_told_to_accept_nobody_else() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let (sue, kim, lea) = (laptop("Sue"), laptop("Kim"), laptop("Lea"));
    for worker in [&kim, &lea] {
        sue.run(&["site", "accept", &card(worker), "--only", "take"]);
    }
    kim.run(&["site", "accept", &card(&sue)]);
    lea.run(&["site", "accept", &card(&sue), "--only", "give"]);
    let set = |name: &str| {
        let all = sue.json(&["site", "list"]);
        let one = all.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
        (one["gives"].clone(), one["takes"].clone(), one["trust"].clone())
    };
    assert_eq!(set("Kim"), ("theirs".into(), true.into(), "taken from only".into()));
    let one = kim.client(&["given_name=One"]);
    let two = kim.client(&["given_name=Two"]);
    lea.client(&["given_name=Three"]);
    turn(&[&kim, &lea, &sue], place);
    assert_eq!((names(&sue).len(), names(&kim).len(), names(&lea).len()), (3, 2, 1));
    // Lea believes the supervisor one way only: she is told once that what is handed to her would not come in.
    let said = lea.run(&["sync", text(place)]);
    assert!(said.contains("Sue leaves bundles there too") && said.contains("--both"), "{said}");
    assert!(!lea.run(&["sync", text(place)]).contains("leaves bundles"));
    lea.run(&["site", "accept", &card(&sue), "--both"]);
    // A supervisor's word on a note, a client made somebody else's, one to stand in for.
    let note = kim.json(&["log", &one, "body=bruises"])["id"].as_str().unwrap().to_string();
    kim.run(&["sign", &note]);
    turn(&[&kim, &sue], place);
    sue.run(&["set", &two, "worker=Lea"]);
    sue.run(&["set", &one, "living=with her aunt"]);
    turn(&[&sue, &kim, &lea], place);
    assert_eq!(kim.json(&["show", &one])["client"]["living"], "with her aunt");
    assert_eq!((names(&kim), names(&lea)), (vec!["One".into(), "Two".into()], vec!["Three".into(), "Two".into()]));
    lea.run(&["log", &two, "body=met them"]);
    turn(&[&lea, &sue, &kim], place);
    assert_eq!((notes(&sue, &two), notes(&kim, &two)), (vec!["met them".to_string()], vec![]));
    // Nobody is told to accept the others; for scripts they are named.
    let uma = laptop("Uma");
    uma.run(&["site", "accept", &card(&sue)]);
    let said = uma.run(&["sync", text(place)]);
    assert!(said.contains("Only if you are to exchange clients with them") && !said.contains("Compare it"), "{said}");
    // By hand what is set can be set otherwise, and shown.
    let said = sue.run(&["site", "accept", &card(&kim), "--gives", "nothing"]);
    assert!(said.contains("given nothing, taken from"), "{said}");
    assert_eq!(set("Kim"), ("nothing".into(), true.into(), "taken from only".into()));
    sue.run(&["set", &one, "living=elsewhere"]);
    turn(&[&sue, &kim], place);
    assert_eq!(kim.json(&["show", &one])["client"]["living"], "with her aunt");
    sue.run(&["site", "accept", &card(&kim), "--gives", "everything"]);
    assert_eq!(set("Kim"), ("everything".into(), true.into(), "accepted".into()));
    turn(&[&sue, &kim], place);
    assert_eq!((names(&kim), kim.json(&["show", &one])["client"]["living"].clone()), (names(&sue), "elsewhere".into()));
    let output = sue.output(&["site", "accept", &card(&kim), "--gives", "some"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("nothing, theirs, everything"));
    sound(&[&sue, &kim, &lea]);
}

#[test]
fn a_stick_that_is_not_there_stops_no_other_place() {
    let (folder, stick) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ana, ben) = (laptop("Ana"), laptop("Ben"));
    acquaint(&[&ana, &ben]);
    let one = ana.client(&["given_name=One"]);
    turn(&[&ana, &ben], folder.path());
    turn(&[&ana], stick.path());
    let gone = stick.path().to_path_buf();
    drop(stick);
    ana.run(&["log", &one, "body=today"]);
    let output = ana.output(&["sync"]);
    assert_eq!(output.status.code(), Some(1), "the exit code says that one was not reached");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("caseload: ") && said.contains(text(&gone)) && said.contains("no folder"), "{said}");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("Left for the others") && told.contains("Not synced"), "{told}");
    turn(&[&ben], folder.path());
    assert_eq!(notes(&ben, &one), ["today"]);
    // For scripts too: what was reached, and what was not.
    let output = ana.output(&["sync", "--json"]);
    let all: Json = serde_json::from_slice(&output.stdout).unwrap();
    let failed: Vec<&Json> = all.as_array().unwrap().iter().filter(|one| !one["error"].is_null()).collect();
    assert_eq!((output.status.code(), all.as_array().unwrap().len(), failed.len()), (Some(1), 2, 1), "{all}");
    assert_eq!(failed[0]["place"], text(&gone));
    // Alone it is one clear line, as ever.
    assert!(ana.refused(&["sync", text(&gone)]).contains("no folder"));
}

#[test]
fn nobody_is_told_what_is_not_so() {
    let place = tempfile::tempdir().unwrap();
    let (ana, ben, dora) = (laptop("Ana"), laptop("Ben"), laptop("Dora"));
    acquaint(&[&ana, &ben]);
    ana.client(&["given_name=One"]);
    turn(&[&ana, &ben, &ana, &ben], place.path());
    // A newcomer whom both have accepted.
    acquaint(&[&ana, &ben, &dora]);
    turn(&[&ana, &ben], place.path());
    let first = dora.run(&["sync", text(place.path())]);
    assert!(!first.contains("has not accepted"), "{first}");
    assert_eq!(names(&dora), ["One"]);
    // The same folder under another name: nobody has not accepted herself, and nothing is written again.
    let moved = tempfile::tempdir().unwrap();
    let there = moved.path().join("moved");
    std::fs::rename(place.path(), &there).unwrap();
    let before = bundles(&there);
    for who in [&ana, &ben, &dora] {
        let said = who.run(&["sync", text(&there)]);
        assert!(!said.contains("has not accepted") && !said.contains("set back"), "{said}");
        assert!(said.contains("Nothing new to leave"), "{said}");
    }
    assert_eq!(bundles(&there), before);
}

#[test]
fn who_has_not_accepted_is_told_of_once_for_each_thing_they_left_and_strangers_once() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let (ana, ben, dora) = (laptop("Ana"), laptop("Ben"), laptop("Dora"));
    acquaint(&[&ana, &ben]);
    ana.client(&["given_name=One"]);
    turn(&[&ana, &ben], place);
    // Dora believes Ana; Ana has never heard of Dora.
    dora.run(&["site", "accept", &card(&ana)]);
    let said = dora.run(&["sync", text(place)]);
    assert!(
        said.contains("Ana has not accepted this site yet")
            && said.contains("not accepted: one that calls itself \"Ben\""),
        "{said}"
    );
    for _ in 0..2 {
        let said = dora.run(&["sync", text(place)]);
        assert!(!said.contains("not accepted"), "it is not said for ever: {said}");
    }
    // For scripts the strangers stand there each time.
    assert_eq!(dora.json(&["sync", text(place)])[0]["strangers"][0]["name"], "Ben");
    ana.client(&["given_name=Two"]);
    let said = ana.run(&["sync", text(place)]);
    assert!(said.contains("not accepted: one that calls itself \"Dora\""), "{said}");
    assert!(dora.run(&["sync", text(place)]).contains("Ana has not accepted this site yet"), "it is so once more");
    assert!(!ana.run(&["sync", text(place)]).contains("not accepted: one that calls itself \"Dora\""));
    ana.run(&["site", "accept", &card(&dora)]);
    turn(&[&ana, &dora], place);
    assert_eq!(names(&dora), ["One", "Two"]);
}

#[test]
fn three_syncs_of_one_file_at_once_do_each_other_no_harm() {
    let place = tempfile::tempdir().unwrap();
    let (ana, ben) = (laptop("Ana"), laptop("Ben"));
    acquaint(&[&ana, &ben]);
    let one = ana.client(&["given_name=One"]);
    turn(&[&ana, &ben], place.path());
    for round in 0..3 {
        let _ = std::fs::remove_dir_all(ana.folder.path().join("backups"));
        ben.run(&["log", &one, &format!("body={round}")]);
        turn(&[&ben], place.path());
        ana.run(&["log", &one, &format!("body=mine {round}")]);
        let begun = |_| ana.command().arg("sync").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let all: Vec<_> = (0..3).map(begun).collect();
        for one in all {
            let output = one.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && said.is_empty(), "{said}");
        }
    }
    turn(&[&ben], place.path());
    assert_eq!(notes(&ben, &one).len(), 6);
    assert_eq!(notes(&ana, &one).len(), 6);
    sound(&[&ana, &ben]);
}

#[test]
fn whoever_can_write_to_a_place_can_silence_nobody_with_a_name() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let (ana, sue) = (laptop("Ana"), laptop("Sue"));
    acquaint(&[&ana, &sue]);
    let one = ana.client(&["given_name=One"]);
    turn(&[&ana, &sue], place);
    let id = |who: &Caseload| who.json(&["site", "card"])["id"].as_str().unwrap().to_string();
    let folder = place.join(id(&ana));
    // Names that claim everything, with nothing behind them.
    std::fs::write(folder.join("00000001-99999999.bundle"), "age-encryption.org/v1\nnothing").unwrap();
    std::fs::write(folder.join("00000001-00000002.bundle"), "no bundle").unwrap();
    // A bundle of Sue's under Ana's name: Ana has not got what it holds.
    sue.client(&["given_name=Sue's own"]);
    turn(&[&sue], place);
    let hers = place.join(id(&sue));
    for path in bundles(place).iter().filter(|path| path.starts_with(&hers)) {
        std::fs::copy(path, folder.join("00000001-00000007.bundle")).unwrap();
    }
    #[cfg(unix)]
    {
        // A pipe that nobody writes into, and a way out of the place.
        let pipe = folder.join("00000009-00000009.bundle");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::os::unix::fs::symlink(ana.pass(), folder.join("00000008-00000008.bundle")).unwrap();
    }
    for day in 0..3 {
        ana.run(&["log", &one, &format!("body=day {day}")]);
        turn(&[&ana, &sue], place);
        assert_eq!(notes(&sue, &one).len(), day + 1, "Sue goes on to hear of Ana");
    }
    assert_eq!(names(&ana), ["One", "Sue's own"]);
    sound(&[&ana, &sue]);
}

#[test]
fn a_first_sync_of_a_large_team_is_told_in_a_few_lines() {
    let place = tempfile::tempdir().unwrap();
    let boss = laptop("Sue");
    let team: Vec<Caseload> = (0..11).map(|n| laptop(&format!("Worker {n:02}"))).collect();
    for (n, worker) in team.iter().enumerate() {
        reports_to(worker, &boss);
        worker.client(&[&format!("given_name=Client {n:02}")]);
        worker.client(&[&format!("given_name=Other {n:02}")]);
        worker.run(&["sync", text(place.path())]);
    }
    let said = boss.run(&["sync", text(place.path())]);
    assert!(said.lines().count() <= 12, "{said}");
    assert!(said.contains("From 4 others: 8 new clients, 0 changed."), "{said}");
    assert!(said.contains("New: Client 00, Client 01,") && said.contains(" and 10 more."), "{said}");
    let changed = &team[3];
    let id = changed.json(&["list", "--all"])[0]["id"].as_str().unwrap().to_string();
    changed.run(&["log", &id, "body=seen"]);
    changed.run(&["sync"]);
    let said = boss.run(&["sync"]);
    let name = &changed.json(&["show", &id])["client"]["given_name"];
    assert!(said.contains(&format!("Changed: {}.", name.as_str().unwrap())), "{said}");
}

/// A file as the version before this one left it: its bundles were noted by their last number only, and sealed for the others.
#[test]
fn what_an_earlier_version_noted_of_a_place_still_counts() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let (ana, sue) = (laptop("Ana"), laptop("Sue"));
    acquaint(&[&ana, &sue]);
    let one = ana.client(&["given_name=One"]);
    turn(&[&ana, &sue, &ana], place);
    let before = bundles(place);
    for who in [&ana, &sue] {
        let db = rusqlite::Connection::open(who.file()).unwrap();
        db.pragma_update(None, "key", PASSPHRASE).unwrap();
        db.execute_batch("UPDATE place_bundle SET first = 0, length = 0; DELETE FROM place_reader;").unwrap();
    }
    for who in [&ana, &sue] {
        let said = who.json(&["sync", text(place)]);
        assert!(said[0]["given"].is_null() && said[0]["taken"].as_array().unwrap().is_empty(), "{said}");
    }
    assert_eq!(bundles(place), before, "nothing is written again");
    ana.run(&["log", &one, "body=today"]);
    turn(&[&ana, &sue], place);
    assert_eq!(notes(&sue, &one), ["today"]);
}
