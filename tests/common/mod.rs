//! A caseload in a folder of its own, the program run on it, and a terminal to run it in.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

pub mod day;
#[cfg(unix)]
pub mod feet;
pub mod strangers;
pub mod terminal;

pub const PASSPHRASE: &str = "otter lamp seven canal";

/// The day on which all tests are lived that do not name one of their own: a Tuesday.
pub const TODAY: &str = "2026-11-24";

/// A caseload file with its passphrase, gone when dropped.
pub struct Caseload {
    pub folder: tempfile::TempDir,
    /// The day that every command takes for today, where its arguments name none. With `None` it is the machine's own:
    /// only for what is measured by the clock of the file itself, as the hours between a service and its signature are.
    pub day: Option<&'static str>,
}

impl Caseload {
    /// A folder with a passphrase and no caseload yet.
    pub fn none() -> Caseload {
        let folder = tempfile::tempdir().unwrap();
        let pass = folder.path().join("pass");
        std::fs::write(&pass, PASSPHRASE).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&pass, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        Caseload { folder, day: Some(TODAY) }
    }

    pub fn new() -> Caseload {
        let caseload = Caseload::none();
        caseload.run(&["init", "--worker", "Rosa Ortiz", "--area", "social-work"]);
        caseload
    }

    /// One that is lived on the machine's own day, whichever that is: nothing in its test may rest on a date.
    pub fn of_whatever_day() -> Caseload {
        Caseload { day: None, ..Caseload::new() }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("caseload.db")
    }

    pub fn pass(&self) -> PathBuf {
        self.folder.path().join("pass")
    }

    /// The program, set up for this caseload and its day; nothing of the machine's own settings reaches it.
    pub fn command(&self) -> Command {
        let mut command = self.command_of_no_day();
        command.args(self.on(&[]));
        command
    }

    /// Arguments with the caseload's day before them, where they name none.
    pub fn on<'a>(&self, args: &[&'a str]) -> Vec<&'a str> {
        let named = args.contains(&"--today");
        let day = self.day.filter(|_| !named).map_or(Vec::new(), |day| vec!["--today", day]);
        [&day, args].concat()
    }

    fn command_of_no_day(&self) -> Command {
        let mut command = Command::new(program());
        command
            .env_clear()
            .envs(clock())
            .env("HOME", self.folder.path())
            .env("TZ", "America/New_York")
            .env("TMPDIR", self.folder.path().join("tmp"))
            .env("CASELOAD_FILE", self.file())
            .env("CASELOAD_PASSPHRASE_FILE", self.pass());
        command
    }

    pub fn output(&self, args: &[&str]) -> Output {
        self.command_of_no_day().args(self.on(args)).output().unwrap()
    }

    /// Runs a command that is to work, and gives what it printed.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> String {
        let output = self.output(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Json {
        let args = [args, &["--json"]].concat();
        serde_json::from_str(&self.run(&args)).unwrap()
    }

    /// Runs a command that is to be refused: exit code 1, and one clear line, which it gives.
    #[track_caller]
    pub fn refused(&self, args: &[&str]) -> String {
        let output = self.output(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        assert!(said.starts_with("caseload: "), "{said}");
        said
    }

    /// Adds a client and gives its id.
    #[track_caller]
    pub fn client(&self, fields: &[&str]) -> String {
        let args = [&["add", "client"], fields].concat();
        self.json(&args)["id"].as_str().unwrap().to_string()
    }
}

/// A new caseload of somebody's, with the words of social work.
pub fn laptop(name: &str) -> Caseload {
    let caseload = Caseload::none();
    caseload.run(&["init", "--worker", name, "--area", "social-work"]);
    caseload
}

/// Each accepts the others' cards.
pub fn acquaint(laptops: &[&Caseload]) {
    for from in laptops {
        let card = from.json(&["site", "card"]);
        for to in laptops.iter().filter(|to| !std::ptr::eq(**to, *from)) {
            to.run(&["site", "accept", card["card"].as_str().unwrap()]);
        }
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Waits for what must come within twenty seconds.
#[track_caller]
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a clock that is set for the tests (`scripts/any-day.sh`) is told to each program by; nothing else goes on to it.
pub fn clock() -> impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)> {
    const NAMES: [&str; 4] = ["LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT"];
    let set = |name: &str| Some((name.into(), std::env::var_os(name)?));
    NAMES.into_iter().filter_map(set).filter(|_| std::env::var_os("FAKETIME").is_some())
}

/// These tests again, in a process of their own: the one of this whole name, which is ignored otherwise.
pub fn ourselves(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", test, "--nocapture"]);
    command
}

pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_caseload"))
}

pub fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name).to_str().unwrap().to_string()
}

/// The folder with other people's exports; says so where there is none.
pub fn sample_data(folder: &str) -> Option<PathBuf> {
    match std::env::var_os("CASELOAD_SAMPLE_DATA") {
        Some(path) => Some(PathBuf::from(path).join(folder)),
        None => {
            eprintln!("skipped: CASELOAD_SAMPLE_DATA is not set");
            None
        }
    }
}

/// A copy of a caseload's whole folder, under the same path each time: the same installation.
pub struct Seed {
    kept: tempfile::TempDir,
}

impl Seed {
    pub fn of(caseload: &Caseload) -> Seed {
        let kept = tempfile::tempdir().unwrap();
        copy(caseload.folder.path(), kept.path());
        Seed { kept }
    }

    pub fn put_back(&self, caseload: &Caseload) {
        for entry in std::fs::read_dir(caseload.folder.path()).unwrap().flatten() {
            let _ = std::fs::remove_file(entry.path()).or_else(|_| std::fs::remove_dir_all(entry.path()));
        }
        copy(self.kept.path(), caseload.folder.path());
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// How many times a program is killed where so many would be all: a quarter of them, and all where CASELOAD_KILLS is set.
pub fn kills(all: u64) -> u64 {
    if std::env::var_os("CASELOAD_KILLS").is_some() { all } else { all / 4 }
}

/// Whether there is strace here; says so where not.
pub fn strace() -> bool {
    let there = Command::new("strace").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("skipped: strace is not installed");
    }
    there
}
