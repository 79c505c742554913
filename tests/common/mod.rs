//! A caseload in a folder of its own, the program run on it, and a terminal to run it in.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;

pub mod terminal;

pub const PASSPHRASE: &str = "otter lamp seven canal";

/// A caseload file with its passphrase, gone when dropped.
pub struct Caseload {
    pub folder: tempfile::TempDir,
}

impl Caseload {
    /// A folder with a passphrase and no caseload yet.
    pub fn none() -> Caseload {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pass"), PASSPHRASE).unwrap();
        Caseload { folder }
    }

    pub fn new() -> Caseload {
        let caseload = Caseload::none();
        caseload.run(&["init", "--worker", "Rosa Ortiz", "--area", "social-work"]);
        caseload
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("caseload.db")
    }

    pub fn pass(&self) -> PathBuf {
        self.folder.path().join("pass")
    }

    /// The program, set up for this caseload; nothing of the machine's own settings reaches it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(program());
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TZ", "America/New_York")
            .env("TMPDIR", self.folder.path().join("tmp"))
            .env("CASELOAD_FILE", self.file())
            .env("CASELOAD_PASSPHRASE_FILE", self.pass());
        command
    }

    pub fn output(&self, args: &[&str]) -> Output {
        self.command().args(args).output().unwrap()
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
