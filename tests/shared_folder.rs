//! A folder on a Unix server that was made for a group to share (setgid, and the group may write): its members sync through it,
//! and nobody else reads it. Needs root, to be two users and a third one; says so where it is not.
#![cfg(target_os = "linux")]

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::common::{PASSPHRASE, program};

const GROUP: u32 = 64_010;
const NOBODYS: u32 = 64_011;

/// Somebody with an account, and a caseload of theirs.
struct User {
    id: u32,
    group: u32,
    home: PathBuf,
    program: PathBuf,
}

impl User {
    fn new(folder: &Path, id: u32, group: u32) -> User {
        let home = folder.join(format!("home-{id}"));
        std::fs::create_dir(&home).unwrap();
        std::fs::write(home.join("pass"), PASSPHRASE).unwrap();
        std::fs::set_permissions(home.join("pass"), PermissionsExt::from_mode(0o600)).unwrap();
        for path in [&home, &home.join("pass")] {
            chown(path, Some(id), Some(group)).unwrap();
        }
        User { id, group, home, program: folder.join("caseload") }
    }

    fn any(&self, what: &Path, args: &[&str]) -> Output {
        let mut command = Command::new("setpriv");
        command.env_clear().envs(crate::common::clock()).env("HOME", &self.home).env("TMPDIR", &self.home);
        command.env("CASELOAD_FILE", self.home.join("caseload.db"));
        command.env("CASELOAD_PASSPHRASE_FILE", self.home.join("pass"));
        command.args([&format!("--reuid={}", self.id), &format!("--regid={}", self.group), "--clear-groups"]);
        // What one user's shell loads into programs is not for another's.
        command.env_remove("LD_PRELOAD");
        // As the shell of many a server has it.
        command.args(["sh", "-c", "umask 002; exec \"$0\" \"$@\""]).arg(what).args(args).output().unwrap()
    }

    #[track_caller]
    fn run(&self, args: &[&str]) -> String {
        let output = self.any(&self.program, args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn card(&self) -> String {
        let card: serde_json::Value = serde_json::from_str(&self.run(&["site", "card", "--json"])).unwrap();
        card["card"].as_str().unwrap().to_string()
    }

    fn can_read(&self, path: &Path) -> bool {
        self.any(Path::new("cat"), &[path.to_str().unwrap()]).status.success()
    }
}

/// What lies in a place: each folder and file.
fn all_in(place: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            all.extend(all_in(&entry));
        }
        all.push(entry);
    }
    all
}

#[test]
fn the_members_of_a_group_sync_through_its_folder_and_nobody_else_reads_it() {
    if !rustix::process::geteuid().is_root() || Command::new("setpriv").arg("--version").output().is_err() {
        eprintln!("skipped: only root, with setpriv, can be several users");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::copy(program(), folder.join("caseload")).unwrap();
    std::fs::set_permissions(folder.join("caseload"), PermissionsExt::from_mode(0o755)).unwrap();
    let [rosa, tom] = [64_001, 64_002].map(|id| User::new(folder, id, GROUP));
    let stranger = User::new(folder, 64_003, NOBODYS);
    for (user, name) in [(&rosa, "Rosa"), (&tom, "Tom")] {
        user.run(&["init", "--worker", name, "--area", "social-work"]);
    }
    rosa.run(&["site", "accept", &tom.card()]);
    tom.run(&["site", "accept", &rosa.card()]);
    // One folder for the group, one that is Rosa's alone, and one to which all may write but which is no group's.
    let place = |name: &str, mode: u32, owner: u32| {
        let path = folder.join(name);
        std::fs::create_dir(&path).unwrap();
        chown(&path, Some(owner), Some(GROUP)).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    };
    let shared = place("shared", 0o2770, 0);
    let own = place("own", 0o755, rosa.id);
    let open = place("open", 0o777, 0);
    rosa.run(&["add", "client", "given_name=Ana"]);
    for place in [&shared, &own, &open] {
        rosa.run(&["sync", place.to_str().unwrap()]);
    }
    tom.run(&["sync", shared.to_str().unwrap()]);
    assert!(tom.run(&["list"]).contains("Ana"), "what Rosa left there, Tom can read");
    tom.run(&["add", "client", "given_name=Ben"]);
    tom.run(&["sync", shared.to_str().unwrap()]);
    rosa.run(&["sync", shared.to_str().unwrap()]);
    assert!(rosa.run(&["list"]).contains("Ben"), "and the other way round");
    let mut files = 0;
    for path in all_in(&shared) {
        let found = path.metadata().unwrap();
        let mode = found.permissions().mode() & 0o7777;
        assert_eq!(found.gid(), GROUP, "{}", path.display());
        assert_eq!(mode, if path.is_dir() { 0o2750 } else { 0o640 }, "{}", path.display());
        assert!(path.is_dir() || !stranger.can_read(&path));
        files += usize::from(path.is_file());
    }
    assert!(files >= 4, "two cards and two bundles at least: {files}");
    for path in [all_in(&own), all_in(&open)].concat() {
        let mode = path.metadata().unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        assert!(path.is_dir() || !(tom.can_read(&path) || stranger.can_read(&path)));
    }
}
