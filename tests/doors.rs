//! Whatever lies in the way where the program reads or writes: pipes, devices, links, somebody else's files; what is written is
//! its owner's alone, and what is shown once is shown or does not come into being.
#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Caseload, PASSPHRASE, acquaint, laptop, text};
#[cfg(target_os = "linux")]
use crate::common::{kills, strace};

/// Longer than any of these takes, and shorter than for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of a child that must not wait for anything.
#[track_caller]
fn ended(mut child: Child, what: &str) -> Output {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{what}: it waits");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

#[track_caller]
fn output(caseload: &Caseload, args: &[&str]) -> Output {
    let mut command = caseload.command();
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    ended(command.spawn().unwrap(), &args.join(" "))
}

#[track_caller]
fn refused(caseload: &Caseload, args: &[&str]) -> String {
    let output = output(caseload, args);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.trim_end().lines().count()), (Some(1), 1), "{args:?}: {said}");
    said
}

fn pipe(path: &Path) -> &Path {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    path
}

fn names(folder: &Path) -> Vec<String> {
    let mut all: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    all.sort();
    all
}

/// A folder of others' in a place, by what the site is called there.
fn site_folder(caseload: &Caseload, place: &Path) -> PathBuf {
    place.join(caseload.json(&["site", "card"])["id"].as_str().unwrap())
}

#[test]
fn whatever_lies_in_a_place_a_sync_neither_waits_nor_writes_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("place");
    std::fs::create_dir(&place).unwrap();
    let (rosa, tom) = (laptop("Rosa"), laptop("Tom"));
    acquaint(&[&rosa, &tom]);
    tom.client(&["given_name=Ana"]);
    tom.run(&["sync", text(&place)]);
    // Tom's folder, and what somebody who can write there put into it.
    let toms = site_folder(&tom, &place);
    pipe(&toms.join("00000002-00000002.bundle"));
    symlink("/dev/zero", toms.join("00000003-00000003.bundle")).unwrap();
    symlink(tom.file(), toms.join("00000004-00000004.bundle")).unwrap();
    std::fs::File::create(toms.join("00000005-00000005.bundle")).unwrap().set_len(1 << 40).unwrap();
    std::fs::write(toms.join("00000006-00000006.bundle"), vec![0; 1 << 20]).unwrap();
    std::fs::remove_file(toms.join("card")).unwrap();
    pipe(&toms.join("card"));
    // A site that nobody knows: its folder is a link, its card a device.
    symlink(rosa.folder.path(), place.join("0123456789abcdef0123456789abcdef")).unwrap();
    let strangers = place.join("ff23456789abcdef0123456789abcdef");
    std::fs::create_dir(&strangers).unwrap();
    symlink("/dev/zero", strangers.join("card")).unwrap();
    // Rosa's own folder, with what an earlier version wrote its card through.
    let own = site_folder(&rosa, &place);
    std::fs::create_dir(&own).unwrap();
    let before = std::fs::read(rosa.file()).unwrap();
    symlink(rosa.file(), own.join(".card.part")).unwrap();
    let said = output(&rosa, &["sync", text(&place)]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(rosa.run(&["list"]).contains("Ana"));
    assert!(before.starts_with(&std::fs::read(rosa.file()).unwrap()[..16]), "it is the caseload still");
    assert_eq!(rosa.json(&["check"])["ok"], true);
    assert!(own.join("card").symlink_metadata().unwrap().is_file());
    for name in names(&own).iter().filter(|name| *name != ".card.part") {
        let mode = own.join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "{name}");
    }
    // Where a link lies in the place of her whole folder, nothing goes through it.
    std::fs::remove_dir_all(&own).unwrap();
    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, &own).unwrap();
    rosa.client(&["given_name=Ben"]);
    let said = refused(&rosa, &["sync", text(&place)]);
    assert!(said.contains("is a link"), "{said}");
    assert_eq!(names(&elsewhere), [""; 0]);
    // What lies where her card belongs is no card: it is told, not written over, and the rest goes on.
    std::fs::remove_file(&own).unwrap();
    std::fs::create_dir(&own).unwrap();
    symlink(rosa.file(), own.join("card")).unwrap();
    let said = output(&rosa, &["sync", text(&place)]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("your own card"), "{said:?}");
    assert!(own.join("card").symlink_metadata().unwrap().is_symlink());
    assert_eq!(rosa.json(&["check"])["ok"], true);
    tom.run(&["sync", text(&place)]);
    assert!(tom.run(&["list"]).contains("Ben"));
}

#[test]
fn a_pipe_or_a_device_where_a_file_is_meant_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let caseload = Caseload::new();
    let fifo = folder.path().join("fifo");
    pipe(&fifo);
    let hmis = folder.path().join("hmis");
    std::fs::create_dir(&hmis).unwrap();
    pipe(&hmis.join("Client.csv"));
    for named in [text(&fifo), "/dev/zero"] {
        for args in [
            &["import", named][..],
            &["import", named, "--format", "bundle"],
            &["import", named, "--format", "sheet"],
            &["import", named, "--format", "fhir"],
            &["import", named, "--format", "caseload", "--bundle-passphrase-file", text(&caseload.pass())],
            &["site", "accept", named],
            &["--passphrase-file", named, "list"],
            &["move", named, "--file", text(&folder.path().join("new.db"))],
            &["restore", text(&caseload.file()), "--recovery-key-file", named],
            &["--file", named, "list"],
        ] {
            refused(&caseload, args);
        }
    }
    let key = folder.path().join("key");
    let made = laptop_with_key("Tom", &key);
    refused(&made, &["restore", text(&fifo), "--recovery-key-file", text(&key)]);
    refused(&caseload, &["import", text(&hmis)]);
    assert_eq!(names(folder.path()), ["fifo", "hmis", "key"]);
}

fn laptop_with_key(name: &str, key: &Path) -> Caseload {
    let caseload = Caseload::none();
    let made = caseload.json(&["init", "--worker", name]);
    std::fs::write(key, made["recovery_key"].as_str().unwrap()).unwrap();
    caseload
}

#[test]
fn a_secret_or_a_card_comes_through_a_pipe_and_waiting_for_one_can_be_stopped() {
    let (caseload, tom) = (Caseload::new(), laptop("Tom"));
    let shell = |script: &str| {
        let mut command = Command::new("bash");
        let inner = caseload.command();
        command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PROGRAM", crate::common::program()).args(["-c", script]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    for script in [
        format!("\"$PROGRAM\" --passphrase-file <(sleep 0.3; echo '{PASSPHRASE}') list"),
        format!("echo '{PASSPHRASE}' | \"$PROGRAM\" --passphrase-file /dev/stdin list"),
        format!("\"$PROGRAM\" --passphrase-file /dev/stdin list <<< '{PASSPHRASE}'"),
    ] {
        let said = ended(shell(&script), &script);
        assert!(said.status.success(), "{script}: {}", String::from_utf8_lossy(&said.stderr));
    }
    let card = tom.json(&["site", "card"])["card"].as_str().unwrap().to_string();
    let said = ended(shell(&format!("\"$PROGRAM\" site accept <(echo '{card}')")), "a card");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    // Somebody has it open for writing, and does not write.
    let fifo = caseload.folder.path().join("fifo");
    pipe(&fifo);
    let mut waiting = caseload.command();
    waiting.args(["--passphrase-file", text(&fifo), "list"]).stdout(Stdio::null()).stderr(Stdio::null());
    let child = waiting.spawn().unwrap();
    let _writer = std::fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let begun = Instant::now();
    assert!(!ended(child, "TERM").status.success());
    assert!(begun.elapsed() < Duration::from_secs(5));
}

/// The formats that are written, each with the ending of its file; none of a folder.
const FORMATS: &[(&str, &[&str])] = &[
    (".csv", &["--format", "csv", "--list", "client"]),
    (".xlsx", &["--format", "xlsx"]),
    (".json", &["--format", "json"]),
    (".fhir.json", &["--format", "fhir"]),
    (".ics", &["--format", "ics", "--names"]),
    (".vcf", &["--format", "vcard"]),
    ("-hmis", &["--format", "hmis-csv"]),
    (".hsds.json", &["--format", "hsds"]),
    ("-hsds", &["--format", "hsds"]),
    (".bundle", &["--format", "bundle"]),
];

/// Each way in which something leaves in a file: the name of the file or folder, and the command.
fn ways(out: &Path, client: &str) -> Vec<(String, Vec<String>)> {
    let at = |name: &str| out.join(name).to_str().unwrap().to_string();
    let exports = FORMATS.iter().map(|(ending, way)| {
        let name = format!("export{ending}");
        let args = ["export".to_string(), at(&name)].into_iter().chain(way.iter().map(|arg| (*arg).to_string()));
        (name, args.collect())
    });
    let prints = ["pdf", "html", "txt"].map(|ending| {
        let name = format!("print.{ending}");
        let args = ["print", "summary", "--client", client, "--for", "file", "--out", &at(&name)].map(String::from);
        (name, args.to_vec())
    });
    exports.chain(prints).collect()
}

fn with_work() -> (Caseload, String) {
    let (rosa, tom) = (laptop("Rosa"), laptop("Tom"));
    acquaint(&[&rosa, &tom]);
    let ana = rosa.client(&["given_name=Zoraida", "family_name=Quispe", "birth_date=1990-01-02"]);
    rosa.run(&["add", "appointment", &format!("client={ana}"), "title=Court", "starts=tomorrow 9:00"]);
    rosa.run(&["add", "care_team", &format!("client={ana}"), "name=Dr. Lee", "phone=555-0100"]);
    rosa.run(&["log", &ana, "body=She sleeps again"]);
    rosa.run(&["add", "resource", "organisation=Pantry", "what=Food"]);
    (rosa, ana)
}

#[test]
fn what_is_written_is_its_owners_alone_and_nothing_that_lies_there_is_touched() {
    let (rosa, ana) = with_work();
    let out = rosa.folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let victim = rosa.folder.path().join("victim");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    for (name, args) in &ways(&out, &ana) {
        let path = out.join(name);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        // A link of that name, to nothing yet: nothing is written through it.
        symlink(&victim, &path).unwrap();
        refused(&rosa, &args);
        assert!(!victim.exists() && path.symlink_metadata().unwrap().is_symlink(), "{name}");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(names(&out), [""; 0], "{name}: a refusal leaves nothing");
        // The user's own file of the name that an earlier version took for its draft.
        let mine = path.with_extension("part");
        std::fs::write(&mine, "mine").unwrap();
        let said = in_shell(&rosa, "umask 0; exec \"$0\" \"$@\"", &args);
        assert!(said.status.success(), "{name}: {}", String::from_utf8_lossy(&said.stderr));
        assert_eq!(std::fs::read(&mine).unwrap(), b"mine", "{name}");
        std::fs::remove_file(&mine).unwrap();
        assert_eq!(names(&out), [name.as_str()]);
        if path.is_dir() {
            assert_eq!(mode(&path), 0o700, "{name}");
            names(&path).iter().for_each(|file| assert_eq!(mode(&path.join(file)), 0o600, "{name}/{file}"));
            std::fs::remove_dir_all(&path).unwrap();
        } else {
            assert_eq!(mode(&path), 0o600, "{name}");
            std::fs::remove_file(&path).unwrap();
        }
    }
}

/// The program, started by a line of shell.
fn in_shell(caseload: &Caseload, line: &str, args: &[&str]) -> Output {
    let mut command = Command::new("sh");
    let inner = caseload.command();
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
        .args(["-c", line])
        .arg(crate::common::program())
        .args(caseload.on(args))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The program with its output sent elsewhere. Nothing is loaded before it that could open a file where a closed output was.
fn into(caseload: &Caseload, redirect: &str, args: &[&str]) -> Output {
    in_shell(caseload, &format!("unset LD_PRELOAD; exec \"$0\" \"$@\" {redirect}"), args)
}

#[test]
fn a_key_that_nobody_can_have_seen_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let tom = laptop_with_key("Tom", &key);
    tom.client(&["given_name=Ana"]);
    let said = tom.run(&["backup"]);
    let backup = said.trim_start_matches("Wrote ").split(". The").next().unwrap().to_string();
    let moving = folder.path().join("moving");
    let redirects =
        [">&-", ">/dev/full"].into_iter().filter(|to| !to.contains("full") || Path::new("/dev/full").exists());
    for redirect in redirects {
        let none = Caseload::none();
        let before = names(none.folder.path());
        for args in [
            &["init", "--worker", "Rosa"][..],
            &["init", "--worker", "Rosa", "--json"],
            &["restore", &backup, "--recovery-key-file", text(&key)],
        ] {
            let output = into(&none, redirect, args);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{redirect} {args:?}: {said}");
            assert!(said.contains("recovery key"), "{said}");
            assert_eq!(names(none.folder.path()), before, "{redirect} {args:?}");
        }
        none.run(&["init", "--worker", "Rosa"]);
        let file = std::fs::read(tom.file()).unwrap();
        let replace = ["restore", &backup, "--recovery-key-file", text(&key), "--replace"];
        assert_eq!(into(&tom, redirect, &replace).status.code(), Some(1));
        assert_eq!(std::fs::read(tom.file()).unwrap(), file, "the caseload that is there stays");
        // A caseload whose moving code nobody saw goes on where it is.
        assert_eq!(into(&tom, redirect, &["move", text(&moving)]).status.code(), Some(1));
        assert!(!moving.exists());
        tom.client(&["given_name=Ben"]);
        assert_eq!(tom.json(&["check"])["ok"], true);
    }
    // What can be shown again is only told; a null device that somebody asked for is theirs to ask for.
    assert_eq!(into(&tom, ">/dev/full", &["list"]).status.code(), Some(1));
    let none = Caseload::none();
    assert!(into(&none, ">/dev/null", &["init", "--worker", "Rosa"]).status.success());
    assert_eq!(none.json(&["check"])["ok"], true);
}

/// How many lines of the client's list say that something left.
fn left(caseload: &Caseload, client: &str) -> usize {
    let found = caseload.json(&["report", "access", "--client", client]);
    let left = ["exported", "printed", "handed over"];
    found.as_array().unwrap().iter().filter(|line| left.contains(&line["what"].as_str().unwrap())).count()
}

/// What there is of a file or a folder: each name in it and about how much.
fn content(path: &Path) -> Vec<(String, u64)> {
    match path.is_dir() {
        true => names(path).into_iter().map(|name| (name.clone(), path.join(name).metadata().unwrap().len())).collect(),
        false => vec![(String::new(), path.metadata().unwrap().len())],
    }
}

/// One way of leaving that is killed again and again.
struct Killed<'a> {
    caseload: &'a Caseload,
    client: &'a str,
    out: &'a Path,
    whole: Vec<(String, u64)>,
    recorded: usize,
    appeared: usize,
    nothing: usize,
}

impl<'a> Killed<'a> {
    fn of(caseload: &'a Caseload, client: &'a str, out: &'a Path, name: &str, args: &[&str]) -> Killed<'a> {
        let before = left(caseload, client);
        caseload.run(args);
        let whole = content(&out.join(name));
        let recorded = left(caseload, client);
        assert!(recorded > before || name.contains("hsds"), "{name}: it is on the record");
        let killed = Killed { caseload, client, out, whole, recorded, appeared: 0, nothing: 0 };
        killed.clear(name);
        killed
    }

    fn clear(&self, name: &str) {
        let path = self.out.join(name);
        let _ = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path));
    }

    /// After a kill, and the next start: a whole file with its record, or no file.
    #[track_caller]
    fn look(&mut self, name: &str, moment: &str) {
        let recorded = left(self.caseload, self.client);
        match &names(self.out)[..] {
            [] => self.nothing += 1,
            [one] if one == name => {
                self.appeared += 1;
                assert!(recorded > self.recorded || name.contains("hsds"), "{name}, {moment}: not on the record");
                // Times that stand in it, and what a seal makes of them, make it a little longer or shorter.
                let found = content(&self.out.join(name));
                let same = |(one, other): (&(String, u64), &(String, u64))| {
                    one.0 == other.0 && one.1.abs_diff(other.1) <= 16 + other.1 / 10
                };
                let whole = found.len() == self.whole.len() && found.iter().zip(&self.whole).all(same);
                assert!(whole, "{name}, {moment}: {found:?} instead of {:?}", self.whole);
            }
            more => panic!("{name}, {moment}: {more:?}"),
        }
        self.recorded = recorded;
        self.clear(name);
    }
}

#[test]
fn whoever_is_killed_leaves_a_whole_file_with_its_record_or_none() {
    let (rosa, ana) = with_work();
    let out = rosa.folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let mut rng = fastrand::Rng::with_seed(7);
    let (mut appeared, mut nothing) = (0, 0);
    for (name, args) in &ways(&out, &ana) {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let begun = Instant::now();
        let mut killed = Killed::of(&rosa, &ana, &out, name, &args);
        // With the two looks at the list.
        let usual = begun.elapsed() / 3;
        for at in 0..4 {
            let mut child = rosa.command();
            child.args(&args).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = child.spawn().unwrap();
            std::thread::sleep(usual.mul_f64((f64::from(at) + rng.f64()) * 0.35));
            child.kill().unwrap();
            child.wait().unwrap();
            killed.look(name, "at some moment");
        }
        appeared += killed.appeared;
        nothing += killed.nothing;
    }
    println!("{appeared} appeared, {nothing} did not");
    assert!(appeared > 0 && nothing > 0);
    assert_eq!(rosa.json(&["check"])["ok"], true);
}

#[cfg(target_os = "linux")]
fn traced(caseload: &Caseload, options: &[&str], args: &[&str]) -> Output {
    let inner = caseload.command();
    let mut command = Command::new("strace");
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // Not with --seccomp-bpf: no signal is sent then.
    command.args(["-f", "-e", "signal=none"]).args(options);
    command.arg(crate::common::program()).args(caseload.on(args)).output().unwrap()
}

/// What a command asks of the system, a line for each call.
#[cfg(target_os = "linux")]
fn calls(caseload: &Caseload, which: &str, args: &[&str]) -> Vec<String> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let which = format!("trace={which}");
    let output = traced(caseload, &["-y", "-s", "300", "-o", text(log.path()), "-e", &which], args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    // "1234  openat(...": the process, then the call.
    let lines = std::fs::read_to_string(log.path()).unwrap();
    lines.lines().filter_map(|line| Some(line.split_once(' ')?.1.trim_start().to_string())).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn killed_at_each_call_that_changes_a_disk_it_is_a_whole_file_with_its_record_or_none() {
    const CALLS: [&str; 6] = ["linkat", "renameat2", "mkdirat", "fsync", "fdatasync", "unlinkat"];
    if !strace() {
        return;
    }
    let (rosa, ana) = with_work();
    let out = rosa.folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    for (name, args) in ways(&out, &ana).iter().filter(|(name, _)| {
        ["export.csv", "export.json", "export-hmis", "export.bundle", "print.html"].contains(&name.as_str())
    }) {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut killed = Killed::of(&rosa, &ana, &out, name, &args);
        let made = calls(&rosa, &CALLS.join(","), &args);
        killed.clear(name);
        killed.recorded = left(&rosa, &ana);
        for call in CALLS {
            let many = made.iter().filter(|line| line.starts_with(&format!("{call}("))).count();
            let each = kills(12) as usize;
            for n in (1..=many).step_by(many.div_ceil(each).max(1)).chain((many > each).then_some(many)) {
                let inject = format!("inject={call}:signal=KILL:when={n}");
                traced(&rosa, &["-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject], &args);
                killed.look(name, &format!("{call} {n} of {many}"));
            }
        }
        println!("{name}: {} appeared, {} did not", killed.appeared, killed.nothing);
        assert!(killed.nothing > 1, "{name}");
    }
    assert_eq!(rosa.json(&["check"])["ok"], true);
}

#[cfg(target_os = "linux")]
#[test]
fn a_sync_and_every_export_follow_no_link_and_open_nothing_wide() {
    const CALLS: &str = "open,openat,creat,mkdir,mkdirat,chmod,fchmod,fchmodat,rename,renameat,renameat2";
    if !strace() {
        return;
    }
    let (rosa, ana) = with_work();
    let tom = laptop("Tom");
    acquaint(&[&rosa, &tom]);
    let folder = rosa.folder.path().canonicalize().unwrap();
    let (out, place) = (folder.join("out"), folder.join("place"));
    std::fs::create_dir(&out).unwrap();
    std::fs::create_dir(&place).unwrap();
    tom.client(&["given_name=Ben"]);
    tom.run(&["sync", text(&place)]);
    let sync = ("sync".to_string(), vec!["sync".to_string(), text(&place).to_string()]);
    let backup = ("backup".to_string(), vec!["backup".to_string(), text(&folder.join("kept")).to_string()]);
    let mut seen = 0;
    for (name, args) in ways(&out, &ana).iter().chain([&sync, &backup]) {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        for call in calls(&rosa, CALLS, &args).iter().filter(|call| !call.contains(" = -1 ")) {
            let has = |flag: &str| call.contains(flag);
            let makes = has("O_CREAT") || has("O_TMPFILE") || call.starts_with("mkdir") || call.contains("chmod");
            if makes {
                // The last number before the bracket that closes.
                let mode = call.rsplit_once(") = ").unwrap().0.rsplit([' ', ',']).next().unwrap();
                let mode = u32::from_str_radix(mode, 8).unwrap_or_else(|_| panic!("{name}: {call}"));
                assert_eq!(mode & 0o077, 0, "{name}: {call}");
                seen += 1;
            }
            if has("O_CREAT") {
                assert!(has("O_EXCL") || has("O_NOFOLLOW"), "{name}: {call}");
            }
            // What a call came to: "= 5</path>".
            let opened = call.rsplit_once(" = ").and_then(|(_, came)| came.split_once('<')).map(|(_, path)| path);
            let opened = opened.map(|path| Path::new(path.trim_end_matches('>'))).filter(|_| call.starts_with("open"));
            if opened.is_some_and(|path| path.starts_with(&place) && path != place) {
                let by_what_is_held = has("\"/proc/self/fd/") || has("O_TMPFILE");
                assert!(by_what_is_held || has("O_NOFOLLOW"), "{name}: {call}");
                assert!(by_what_is_held || has("O_NONBLOCK") || has("O_EXCL"), "{name}: {call}");
            }
            if call.starts_with("rename") && (has(text(&place)) || has(text(&out))) {
                assert!(has("RENAME_NOREPLACE"), "{name}: {call}");
            }
        }
    }
    assert!(seen > 30, "{seen}");
    assert_eq!(names(&out).len(), ways(&out, &ana).len());
}

#[test]
fn an_export_that_finds_no_room_leaves_nothing() {
    let (rosa, ana) = with_work();
    for n in 0..40 {
        rosa.run(&["log", &ana, &format!("body={}", format!("note {n} ").repeat(400))]);
    }
    let out = rosa.folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let large = ["export.json", "export.fhir.json", "export-hmis", "export.xlsx"];
    for (name, args) in ways(&out, &ana).iter().filter(|(name, _)| large.contains(&name.as_str())) {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let said = in_shell(&rosa, "ulimit -f 1; exec \"$0\" \"$@\"", &args);
        assert_eq!(said.status.code(), Some(1), "{name}: {}", String::from_utf8_lossy(&said.stderr));
        assert_eq!(names(&out), [""; 0], "{name}");
    }
    assert_eq!(rosa.json(&["check"])["ok"], true);
}
