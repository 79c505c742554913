//! A caseload on a disk that is full, or that takes no writing: it opens, lists and prints, nothing is laid beside it, and what
//! cannot be saved is said. Needs root, for a small file system of its own; says so where it is not.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::common::terminal::{ENTER, Terminal};
use crate::common::{Caseload, PASSPHRASE, program};
use portable_pty::CommandBuilder;

/// Runs the rest of its arguments with a copy of a caseload on a file system of its own, which is gone afterwards.
const ON_A_DISK: &str = r#"
set -e
disk=$1; kind=$2; from=$3; shift 3
mount -t tmpfs -o size=4m tmpfs "$disk"
cp "$from" "$disk/caseload.db"
case $kind in
  full) dd if=/dev/zero of="$disk/filler" bs=4096 2>/dev/null || true ;;
  locked) mount -o remount,ro "$disk" ;;
esac
code=0
"$@" || code=$?
echo "left: $(find "$disk" -type f -size +0 ! -name filler -printf '%f ')" >&2
cmp "$from" "$disk/caseload.db" >&2
exit $code
"#;

/// Whether a file system of one's own can be had.
fn can_mount() -> bool {
    let script = "mount -t tmpfs tmpfs /tmp";
    let there =
        Command::new("unshare").args(["-m", "sh", "-c", script]).output().is_ok_and(|done| done.status.success());
    if !there {
        eprintln!("skipped: no file system of one's own can be mounted here");
    }
    there
}

struct Disk {
    caseload: Caseload,
    kind: &'static str,
    ana: String,
}

impl Disk {
    fn new(kind: &'static str) -> Disk {
        let caseload = Caseload::new();
        let ana = caseload.client(&["given_name=Ana", "opened=2026-11-20"]);
        caseload.run(&["log", &ana, "body=She sleeps again"]);
        std::fs::create_dir(caseload.folder.path().join("disk")).unwrap();
        Disk { caseload, kind, ana }
    }

    fn disk(&self) -> PathBuf {
        self.caseload.folder.path().join("disk")
    }

    fn words<'a>(&self, args: &[&'a str], file: &'a Path, disk: &'a Path) -> Vec<String> {
        let on = ["-m", "sh", "-c", ON_A_DISK, "sh", disk.to_str().unwrap(), self.kind];
        let from = self.caseload.file();
        let program = [from.to_str().unwrap(), program().to_str().unwrap()].map(String::from);
        let on = on.into_iter().map(String::from).chain(program);
        on.chain(["--file".into(), file.to_str().unwrap().into()])
            .chain(self.caseload.on(args).into_iter().map(String::from))
            .collect()
    }

    fn output(&self, args: &[&str]) -> Output {
        let (disk, mut command) = (self.disk(), Command::new("unshare"));
        let inner = self.caseload.command();
        command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.args(self.words(args, &disk.join("caseload.db"), &disk)).output().unwrap()
    }

    /// A command that works, and leaves nothing there.
    #[track_caller]
    fn run(&self, args: &[&str]) -> String {
        let output = self.output(args);
        let aside = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{} {args:?}: {aside}", self.kind);
        // On a full disk SQLite may leave what is empty.
        let alone = self.kind == "full" || aside.contains("left: caseload.db \n");
        assert!(alone, "{} {args:?}: {aside}", self.kind);
        String::from_utf8(output.stdout).unwrap()
    }
}

fn reads(kind: &'static str) {
    if !can_mount() {
        return;
    }
    let disk = Disk::new(kind);
    assert!(disk.run(&["list"]).contains("Ana"));
    assert!(disk.run(&["show", &disk.ana]).contains("She sleeps again"));
    assert!(disk.run(&["check"]).starts_with("All is well"));
    // Onto another disk.
    let page = disk.caseload.folder.path().join("page.txt");
    disk.run(&["print", "summary", "--client", &disk.ana, "--for", "file", "--out", page.to_str().unwrap()]);
    assert!(std::fs::read_to_string(page).unwrap().contains("Ana"));
    let output = disk.output(&["add", "client", "given_name=Ben"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("read-only") || (kind == "full" && said.contains("disk is full")), "{said}");
    let mut screen = Terminal::spawn(&disk.caseload, 110, 40, {
        let mut command = CommandBuilder::new("unshare");
        command.args(disk.words(&[], &disk.disk().join("caseload.db"), &disk.disk()));
        command
    });
    screen.wait("Passphrase");
    screen.keys(PASSPHRASE);
    screen.keys(ENTER);
    screen.wait("Client: Ana");
    screen.keys("l");
    screen.wait("this file is read-only");
    screen.keys("q");
    assert!(screen.ends());
}

#[test]
fn a_caseload_on_a_full_disk_opens_lists_and_prints() {
    reads("full");
}

#[test]
fn a_caseload_on_a_disk_that_takes_no_writing_opens_lists_and_prints() {
    reads("locked");
}
