//! Backups: whatever was backed up can be restored, by this version and by every later one.

mod common;

use std::path::Path;

use common::{Caseload, fixture};

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

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
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
