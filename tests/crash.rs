//! Nothing acknowledged is ever lost: killed at any moment, on a full disk, on a file that cannot be written.

use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::common::{Caseload, PASSPHRASE, kills, ourselves};
use caseload::model::records::{client, note};
use caseload::model::{Change, RowId, Value};
use caseload::store::{Draft, Passphrase, Store, wall_clock};

fn open(path: &str) -> Store {
    Store::open(path.as_ref(), &Passphrase::new(PASSPHRASE), wall_clock()).unwrap()
}

fn person(row: RowId) -> Change {
    let mut change = Change::new("add client");
    change.create(&client::TYPE, row, row).set(row, client::given_name, "Ana");
    change
}

/// Not a test of its own: the process that the tests below kill. Writes notes one by one and says which are saved.
#[test]
#[ignore = "run by the tests that kill it"]
fn child_that_writes() {
    let Ok(path) = std::env::var("CRASH_FILE") else { return };
    let round: u64 = std::env::var("CRASH_ROUND").unwrap().parse().unwrap();
    let mut store = open(&path);
    let ana = RowId::derived(&["ana"]);
    println!("ready");
    for n in 0u64.. {
        let mut change = Change::new("log contact");
        let row = RowId::derived(&["note", &round.to_string(), &n.to_string()]);
        change
            .create(&note::TYPE, row, ana)
            .set(row, note::when, Value::Time(store.now()))
            .set(row, note::kind, "phone")
            .set(row, note::body, format!("round {round} note {n}"));
        store.commit(&change).unwrap();
        println!("saved {n}");
        std::io::stdout().flush().unwrap();
    }
}

/// Not a test of its own: the process that imports until it is killed.
#[test]
#[ignore = "run by the tests that kill it"]
fn child_that_imports() {
    let Ok(path) = std::env::var("CRASH_FILE") else { return };
    let round: u64 = std::env::var("CRASH_ROUND").unwrap().parse().unwrap();
    let mut store = open(&path);
    println!("ready");
    std::io::stdout().flush().unwrap();
    store.import("hmis", &drafts(round), false, &mut |_, _| ControlFlow::Continue(())).unwrap();
    println!("saved 0");
    std::io::stdout().flush().unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

/// Rows of one import.
const ROWS: usize = 150;

fn drafts(round: u64) -> Vec<Draft> {
    let row = |n: usize| RowId::derived(&["import", &round.to_string(), &n.to_string()]);
    let draft = |n| Draft {
        record: &client::TYPE,
        row: row(n),
        stream: row(n),
        values: vec![
            (client::given_name, Value::text(format!("Given {round} {n}"))),
            (client::phone, Value::text("555-0100")),
        ],
        members: vec![(client::tags, "imported".into())],
    };
    (0..ROWS).map(draft).collect()
}

fn spawn(child: &str, path: &str, round: u64) -> Child {
    ourselves(&format!("crash::{child}"))
        .env("CRASH_FILE", path)
        .env("CRASH_ROUND", round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills a child a random moment after it is ready; gives the last thing it said was saved.
fn killed(mut child: Child, after: Duration) -> Option<u64> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while !lines.next().expect("it gets ready").unwrap().contains("ready") {}
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("saved ")?.parse().ok()).last()
}

/// How long a child takes from being ready until it says that it has saved, on this machine and today.
fn takes(mut child: Child) -> Duration {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while !lines.next().expect("it gets ready").unwrap().contains("ready") {}
    let begun = std::time::Instant::now();
    while !lines.next().expect("it saves").unwrap().starts_with("saved") {}
    let took = begun.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    took
}

fn new_file(folder: &tempfile::TempDir) -> String {
    let path: PathBuf = folder.path().join("caseload.db");
    let worker = caseload::demo::worker();
    Store::create(&path, &Passphrase::new(PASSPHRASE), &worker, wall_clock()).unwrap();
    path.to_str().unwrap().to_string()
}

#[test]
fn killed_again_and_again_while_writing_nothing_saved_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = new_file(&folder);
    let ana = RowId::derived(&["ana"]);
    open(&path).commit(&person(ana)).unwrap();
    let mut rng = fastrand::Rng::with_seed(1);
    let mut written = 0;
    // Killed while it writes the first few notes, however fast the machine is.
    let mut few = 6 * takes(spawn("child_that_writes", &path, 1_000));
    for round in 0..kills(100) {
        let last = killed(spawn("child_that_writes", &path, round), few.mul_f64(rng.f64()));
        // A machine that does other things too is slower at one time than at another.
        few = if last.is_none() { few * 5 / 4 } else { few * 19 / 20 };
        let store = open(&path);
        for n in last.iter().flat_map(|last| 0..=*last) {
            let row = store.row_of(&note::TYPE, RowId::derived(&["note", &round.to_string(), &n.to_string()])).unwrap();
            assert_eq!(row.expect("an acknowledged note").text(note::body), format!("round {round} note {n}"));
            written += 1;
        }
        if round % 5 == 4 {
            let report = store.check().unwrap();
            assert!(report.ok, "{:?}", report.problems);
        }
    }
    assert!(written > kills(100), "the children did write: {written}");
}

#[test]
fn killed_again_and_again_while_importing_it_is_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = new_file(&folder);
    let mut rng = fastrand::Rng::with_seed(2);
    let (mut whole, mut none) = (0, 0);
    // Killed before the end as often as after it.
    let mut twice = 2 * takes(spawn("child_that_imports", &path, 1_000));
    for round in 0..kills(100) {
        let saved = killed(spawn("child_that_imports", &path, round), twice.mul_f64(rng.f64()));
        twice = if saved.is_none() { twice * 21 / 20 } else { twice * 20 / 21 };
        let store = open(&path);
        let there = (0..ROWS)
            .filter(|n| {
                store
                    .row_of(&client::TYPE, RowId::derived(&["import", &round.to_string(), &n.to_string()]))
                    .unwrap()
                    .is_some()
            })
            .count();
        assert!(there == 0 || there == ROWS, "{there} of {ROWS}");
        assert!(saved.is_none() || there == ROWS, "it said that all was saved");
        if there == 0 {
            none += 1
        } else {
            whole += 1
        }
        if round % 20 == 19 {
            let report = store.check().unwrap();
            assert!(report.ok, "{:?}", report.problems);
        }
    }
    assert!(none > 2 && whole > 2, "both happened: {none} not, {whole} whole");
}

/// The program under a limit on the size of files, as on a full disk.
#[cfg(unix)]
fn limited(caseload: &Caseload, kilobytes: u64, args: &[&str]) -> std::process::Output {
    let mut shell = Command::new("sh");
    let inner = caseload.command();
    shell.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.args(["-c", &format!("ulimit -f {}; exec \"$0\" \"$@\"", kilobytes * 2)]).arg(crate::common::program());
    shell.args(caseload.on(args));
    shell.output().unwrap()
}

#[cfg(unix)]
#[test]
fn a_full_disk_gives_one_clear_line_and_loses_nothing() {
    let caseload = Caseload::new();
    let id = caseload.client(&["given_name=Ana"]);
    let before = caseload.json(&["check"]);
    let long = "word ".repeat(20_000);
    let output = limited(&caseload, 64, &["log", &id, &format!("body={long}")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(said.contains("Not saved"), "{said}");
    assert_eq!(caseload.json(&["check"]), before);
    caseload.run(&["log", &id, "body=now there is room"]);
    assert_eq!(caseload.json(&["show", &id])["notes"].as_array().unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_read_only_file_can_be_read_and_says_why_it_is_not_written() {
    use std::os::unix::fs::PermissionsExt;
    let caseload = Caseload::new();
    let id = caseload.client(&["given_name=Ana"]);
    let mode = |bits| std::fs::set_permissions(caseload.file(), std::fs::Permissions::from_mode(bits)).unwrap();
    mode(0o400);
    assert!(caseload.run(&["list"]).contains("Ana"));
    assert!(caseload.refused(&["log", &id, "body=x"]).contains("read-only"));
    assert!(caseload.refused(&["set", &id, "phone=555-0100"]).contains("read-only"));
    mode(0o600);
    assert_eq!(caseload.json(&["check"])["ok"], true);
}
