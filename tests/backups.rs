//! Backups: whatever was backed up can be restored, by this version and by every later one.

use std::path::{Path, PathBuf};

use crate::common::terminal::Terminal;
use crate::common::{Caseload, fixture, text};

/// A laptop with its recovery key in a file.
fn laptop(worker: &str) -> Caseload {
    let caseload = Caseload::none();
    let made = caseload.json(&["init", "--worker", worker, "--area", "social-work"]);
    std::fs::write(caseload.folder.path().join("key"), made["recovery_key"].as_str().unwrap()).unwrap();
    caseload
}

fn accept(here: &Caseload, other: &Caseload) {
    let card = other.json(&["site", "card"])["card"].as_str().unwrap().to_string();
    here.run(&["site", "accept", &card]);
}

/// Restores a backup into a file of its own, and gives that file.
fn restored(backup: &str, key: &Path) -> Caseload {
    let new = Caseload::none();
    new.run(&["restore", backup, "--recovery-key-file", text(key)]);
    new
}

#[test]
fn two_contacts_of_a_colleague_between_two_syncs_can_be_backed_up_and_restored() {
    let (ana, ben) = (laptop("Ana Prado"), laptop("Ben Ode"));
    accept(&ana, &ben);
    accept(&ben, &ana);
    let imani = ana.client(&["given_name=Imani"]);
    ana.run(&["log", &imani, "body=first talk"]);
    ana.run(&["log", &imani, "body=second talk"]);
    let place = tempfile::tempdir().unwrap();
    ana.run(&["sync", text(place.path())]);
    ben.run(&["sync", text(place.path())]);
    let said = ben.run(&["backup"]);
    let backup = said.trim_start_matches("Wrote ").split(". The").next().unwrap();
    let new = restored(backup, &ben.folder.path().join("key"));
    assert_eq!(new.json(&["show", &imani])["notes"], ben.json(&["show", &imani])["notes"]);
    assert_eq!(new.json(&["show", &imani])["notes"].as_array().unwrap().len(), 2);
    assert!(new.run(&["check"]).starts_with("All is well"));
}

/// Made by the version whose own `restore` refused it, because only the last of Ana's batches carries her signature.
#[test]
fn a_backup_that_earlier_versions_refused_is_restored() {
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "AGE-SECRET-KEY-1QHEM04PMC85D2CZ2D5N95L0GXMDZRDVDSDWX237U473PYEFKLQ9QJ3SVM0").unwrap();
    let new = restored(&fixture("backups/two-contacts-of-a-colleague.backup"), key.path());
    let bodies: Vec<String> = new.json(&["show", "Imani"])["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| note["body"].as_str().unwrap().to_string())
        .collect();
    assert!(bodies.contains(&"first talk".into()) && bodies.contains(&"second talk".into()), "{bodies:?}");
}

#[test]
fn a_check_opens_the_newest_backup_too() {
    let caseload = laptop("Rosa Ortiz");
    caseload.client(&["given_name=Ana"]);
    let said = caseload.run(&["backup"]);
    assert!(caseload.run(&["check"]).starts_with("All is well"));
    let backup = said.trim_start_matches("Wrote ").split(". The").next().unwrap();
    let whole = std::fs::read(backup).unwrap();
    for cut in [whole.len() / 2, whole.len() - 20] {
        std::fs::write(backup, &whole[..cut]).unwrap();
        let output = caseload.output(&["check"]);
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("newest backup is not") && told.contains("caseload backup"), "{told}");
    }
    std::fs::write(backup, &whole).unwrap();
    assert!(caseload.json(&["check"])["ok"].as_bool().unwrap());
}

fn backups(caseload: &Caseload) -> Vec<PathBuf> {
    let folder = caseload.folder.path().join("backups");
    let files = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn copied(files: &[PathBuf], to: &Path) {
    for file in files {
        std::fs::copy(file, to.join(file.file_name().unwrap())).unwrap();
    }
}

fn fingerprint(caseload: &Caseload) -> String {
    caseload.json(&["site", "card"])["fingerprint"].as_str().unwrap().to_string()
}

fn notes(caseload: &Caseload, client: &str) -> usize {
    caseload.json(&["show", client])["notes"].as_array().map_or(0, Vec::len)
}

#[test]
fn whoever_takes_in_nothing_has_a_backup_of_the_day_too() {
    let caseload = laptop("Kim Roe");
    assert_eq!(backups(&caseload), [] as [PathBuf; 0]);
    let ana = caseload.client(&["given_name=Ana"]);
    let made = backups(&caseload);
    assert_eq!(made.len(), 1, "{made:?}");
    // Once a day: what is done later today comes along tomorrow, and neither looking nor a refusal makes another.
    caseload.run(&["log", &ana, "body=seen"]);
    caseload.run(&["list"]);
    caseload.refused(&["show", "nobody"]);
    assert_eq!(backups(&caseload), made);
    let new = restored(text(&made[0]), &caseload.folder.path().join("key"));
    assert_eq!(new.json(&["show", &ana])["client"]["given_name"], "Ana");
    // Gone with its folder, it is made again.
    std::fs::remove_dir_all(caseload.folder.path().join("backups")).unwrap();
    caseload.run(&["list"]);
    let new = restored(text(&backups(&caseload)[0]), &caseload.folder.path().join("key"));
    assert_eq!(notes(&new, &ana), 1);
}

#[test]
fn a_backup_that_cannot_be_made_fails_no_command_and_is_told_in_a_line() {
    let caseload = laptop("Kim Roe");
    std::fs::write(caseload.folder.path().join("backups"), "a file where the folder would stand").unwrap();
    let output = caseload.output(&["add", "client", "given_name=Ana"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(told.starts_with("caseload: no backup was made today: ") && told.trim_end().lines().count() == 1, "{told}");
    assert_eq!(caseload.json(&["list"]).as_array().unwrap().len(), 1);
    std::fs::remove_file(caseload.folder.path().join("backups")).unwrap();
    caseload.run(&["list"]);
    assert_eq!(backups(&caseload).len(), 1);
}

#[test]
fn the_screen_makes_the_backup_of_the_day_beside_the_one_who_works() {
    let caseload = laptop("Kim Roe");
    caseload.client(&["given_name=Ana"]);
    std::fs::remove_dir_all(caseload.folder.path().join("backups")).unwrap();
    let pass = caseload.pass();
    let mut screen = Terminal::start(&caseload, 80, 24, &["--passphrase-file", text(&pass)]);
    screen.wait("Ana");
    let since = std::time::Instant::now();
    while backups(&caseload).iter().all(|file| file.extension().is_none_or(|ending| ending != "backup")) {
        assert!(since.elapsed().as_secs() < 60, "{:?}", backups(&caseload));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    screen.keys("q");
    assert!(screen.ends());
    let made = backups(&caseload);
    assert_eq!(made.len(), 1, "{made:?}");
    restored(text(&made[0]), &caseload.folder.path().join("key"));
}

#[test]
fn a_lost_laptop_end_to_end() {
    let (ana, ben) = (laptop("Ana Prado"), laptop("Ben Ode"));
    accept(&ana, &ben);
    accept(&ben, &ana);
    let place = tempfile::tempdir().unwrap();
    let imani = ana.client(&["given_name=Imani"]);
    ana.run(&["log", &imani, "body=first talk"]);
    ana.run(&["sync", text(place.path())]);
    ben.run(&["sync", text(place.path())]);
    let theirs = ben.client(&["given_name=Hal"]);
    ben.run(&["sync"]);
    ana.run(&["sync"]);
    // The folder with the backups goes to another disk in the evening; so does the key, on paper.
    ana.run(&["backup"]);
    let evening = tempfile::tempdir().unwrap();
    copied(&backups(&ana), evening.path());
    let key = evening.path().join("key");
    std::fs::copy(ana.folder.path().join("key"), &key).unwrap();
    // The next day: something is synced, something is not, and then the laptop is gone.
    ana.run(&["log", &imani, "body=published in the morning"]);
    ana.run(&["sync"]);
    ben.run(&["sync"]);
    ana.run(&["log", &imani, "body=never left the laptop"]);
    let lost = fingerprint(&ana);
    // Ben ends the old laptop.
    ben.run(&["site", "revoke", &lost]);
    // A new laptop, from the newest file on the other disk: the name is there again, and what comes next is said.
    let mut files: Vec<PathBuf> = std::fs::read_dir(evening.path()).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "backup"));
    for backup in &files {
        restored(text(backup), &key);
    }
    let by_hand = files.iter().find(|file| !text(file).contains("daily")).unwrap();
    let new = Caseload::none();
    let said = new.run(&["move", text(by_hand), "--recovery-key-file", text(&key)]);
    assert!(said.contains("not synced, is not here") && said.contains("nobody vouches for"), "{said}");
    assert!(said.contains(&fingerprint(&new)) && said.contains("site revoke"), "{said}");
    assert_ne!(fingerprint(&new), lost);
    assert_eq!(notes(&new, &imani), 1);
    // Nothing goes either way before each has accepted the other's new installation.
    new.run(&["sync", text(place.path())]);
    ben.run(&["sync"]);
    new.run(&["sync"]);
    assert_eq!(notes(&new, &imani), 1, "Ben has not accepted it yet");
    let card = new.json(&["site", "card"])["card"].as_str().unwrap().to_string();
    ben.run(&["site", "accept", &card, "--fingerprint", &fingerprint(&new)]);
    for who in [&new, &ben, &new, &ben, &new] {
        who.run(&["sync"]);
    }
    let bodies = |who: &Caseload| -> Vec<String> {
        let shown = who.json(&["show", &imani]);
        let notes = shown["notes"].as_array().unwrap().iter();
        let mut bodies: Vec<String> = notes.map(|note| note["body"].as_str().unwrap().to_string()).collect();
        bodies.sort();
        bodies
    };
    // What was published is back; what never left the laptop is lost with it, and nothing else.
    assert_eq!(bodies(&new), ["first talk", "published in the morning"]);
    new.run(&["log", &imani, "body=on the new laptop"]);
    new.run(&["log", &theirs, "body=on the new laptop"]);
    for who in [&new, &ben] {
        who.run(&["sync"]);
    }
    assert_eq!(bodies(&ben), ["first talk", "on the new laptop", "published in the morning"]);
    assert_eq!(notes(&ben, &theirs), 1);
    for who in [&new, &ben] {
        assert!(who.run(&["check"]).starts_with("All is well"));
    }
    // Whoever has the old laptop now reaches nobody with it.
    ana.run(&["log", &imani, "body=by a thief"]);
    ana.run(&["sync"]);
    for who in [&ben, &new, &ben] {
        who.run(&["sync"]);
    }
    assert_eq!(bodies(&ben), ["first talk", "on the new laptop", "published in the morning"]);
}

#[test]
fn a_caseload_moves_and_no_colleague_accepts_anybody_anew() {
    let (ana, ben) = (laptop("Ana Prado"), laptop("Ben Ode"));
    accept(&ana, &ben);
    accept(&ben, &ana);
    let place = tempfile::tempdir().unwrap();
    let imani = ana.client(&["given_name=Imani"]);
    ana.run(&["sync", text(place.path())]);
    ben.run(&["sync", text(place.path())]);
    // Work that is on its way to the old laptop when it moves.
    ben.run(&["log", &imani, "body=while she packed"]);
    ben.run(&["sync"]);
    let stick = tempfile::tempdir().unwrap();
    let file = stick.path().join("moving");
    assert!(ana.run(&["move"]).contains("To move this caseload"));
    let made = ana.json(&["move", text(&file)]);
    let code = stick.path().join("code");
    std::fs::write(&code, made["moving_code"].as_str().unwrap()).unwrap();
    // The old laptop can be looked at, and says why it takes no more.
    assert_eq!(ana.json(&["list"]).as_array().unwrap().len(), 1);
    let said = ana.refused(&["log", &imani, "body=too late"]);
    assert!(said.contains("moved to another laptop on") && said.contains("caseload move --stay"), "{said}");
    assert!(ana.refused(&["move", text(&stick.path().join("again"))]).contains("moved to another laptop"));
    let new = Caseload::none();
    assert!(new.run(&["move"]).contains("in three ways"));
    let nowhere = new.refused(&["move", text(&stick.path().join("nowhere"))]);
    assert!(nowhere.contains("neither a caseload"), "{nowhere}");
    let wrong = stick.path().join("wrong");
    std::fs::write(&wrong, "0000-0000-0000-0000-0000").unwrap();
    assert!(new.refused(&["move", text(&file), "--code-file", text(&wrong)]).contains("moving code does not open"));
    assert!(!new.file().exists());
    let said = new.run(&["move", text(&file), "--code-file", text(&code)]);
    assert!(said.contains("Ana Prado's caseload is here") && said.contains("accept nobody anew"), "{said}");
    assert_eq!(fingerprint(&new), made["fingerprint"].as_str().unwrap());
    // The place came along, and Ben does nothing but sync.
    new.run(&["sync"]);
    assert_eq!(notes(&new, &imani), 1, "what was on its way to the old laptop arrived");
    new.run(&["log", &imani, "body=from the new desk"]);
    new.run(&["sync"]);
    ben.run(&["sync"]);
    assert_eq!(notes(&ben, &imani), 2);
    ben.run(&["log", &imani, "body=welcome"]);
    ben.run(&["sync"]);
    new.run(&["sync"]);
    assert_eq!(notes(&new, &imani), 3);
    for who in [&new, &ben] {
        assert!(who.run(&["check"]).starts_with("All is well"));
    }
    // The paper with the recovery key stays good.
    let said = new.run(&["backup"]);
    let backup = said.trim_start_matches("Wrote ").split(". The").next().unwrap();
    assert_eq!(notes(&restored(backup, &ana.folder.path().join("key")), &imani), 3);
    // A caseload is not taken in over another one, and an old laptop goes on only when it is told to.
    assert!(ben.refused(&["move", text(&file), "--code-file", text(&code)]).contains("Nothing was changed"));
    assert!(ana.run(&["move", "--stay"]).contains("goes on here"));
    ana.run(&["log", &imani, "body=after all"]);
    assert!(ana.refused(&["move", "--stay"]).contains("did not move away"));
}

/// The folder may lie on a stick that others touch: what calls itself a backup is not always one.
#[cfg(unix)]
#[test]
fn a_check_waits_for_no_pipe_and_is_silenced_by_no_one_elses_backup() {
    let caseload = laptop("Rosa Ortiz");
    caseload.client(&["given_name=Ana"]);
    let said = caseload.run(&["backup"]);
    let backup = Path::new(said.trim_start_matches("Wrote ").split(". The").next().unwrap());
    let made =
        std::process::Command::new("mkfifo").arg(backup.with_file_name("caseload-20360102-000000.backup")).status();
    assert!(made.unwrap().success());
    let others = backup.with_file_name("caseload-20351231-000000.backup");
    std::fs::copy(fixture("backups/two-contacts-of-a-colleague.backup"), others).unwrap();
    assert!(caseload.run(&["check"]).starts_with("All is well"));
    let whole = std::fs::read(backup).unwrap();
    std::fs::write(backup, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(caseload.output(&["check"]).status.code(), Some(1), "its own newest one is looked at all the same");
}
