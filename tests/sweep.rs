//! Every write, sync, rename and removal that an import, a merge, a sync and a backup rotation make fails once: after each the
//! file is sound, and holds what was there before or all of what came, never a part. Needs `strace`; says so where it is
//! not there.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use crate::common::{Caseload, Seed, acquaint, fixture, laptop, strace};

/// The calls that change something on a disk.
const CALLS: &str =
    "write,pwrite64,writev,fsync,fdatasync,ftruncate,rename,renameat2,unlink,linkat,openat,copy_file_range";

fn traced(caseload: &Caseload, options: &[&str], args: &[&str]) -> Output {
    let inner = caseload.command();
    let mut command = Command::new("strace");
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.args(["-f", "--seccomp-bpf", "-e", "signal=none"]).args(options);
    command.arg(crate::common::program()).args(caseload.on(args)).output().unwrap()
}

/// How often each call is made.
fn counts(caseload: &Caseload, args: &[&str]) -> BTreeMap<String, usize> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let calls = format!("trace={CALLS}");
    let output = traced(caseload, &["-o", log.path().to_str().unwrap(), "-e", &calls], args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut counts = BTreeMap::new();
    for line in std::fs::read_to_string(log.path()).unwrap().lines() {
        // "1234  pwrite64(3, ...": the process, then the call.
        let call = line.split_whitespace().nth(1).and_then(|rest| rest.split_once('(')).map(|(call, _)| call);
        if let Some(call) = call.filter(|call| call.bytes().all(|b| b.is_ascii_alphanumeric())) {
            *counts.entry(call.to_string()).or_default() += 1;
        }
    }
    counts
}

/// What is to be seen in the file: everything that `list` and `check` say but for how it came about.
fn content(caseload: &Caseload) -> String {
    let report = caseload.json(&["check"]);
    assert_eq!(report["ok"], true, "{report}");
    let all = caseload.json(&["list", "--all"]);
    let clients: Vec<String> = all.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().into()).collect();
    clients.iter().map(|id| caseload.json(&["show", id]).to_string()).collect()
}

/// Runs a command once for each call that it makes, with that call failing; `also` looks at what else must be whole.
fn sweep(caseload: &Caseload, args: &[&str], also: &dyn Fn(&Caseload)) {
    sweep_between(caseload, args, &[], also);
}

/// The same for a command that does several things one after the other: what there may be `between` is whole, too.
fn sweep_between(caseload: &Caseload, args: &[&str], between: &[String], also: &dyn Fn(&Caseload)) {
    let seed = Seed::of(caseload);
    let before = content(caseload);
    let counts = counts(caseload, args);
    let after = content(caseload);
    assert_ne!(before, after, "the command does something");
    // All of them on request; else enough to meet each kind of place, within the time that tests may take.
    let all = std::env::var_os("CASELOAD_SWEEP").is_some();
    let (mut tried, mut refused) = (0, 0);
    for (call, many) in &counts {
        let step = if all { 1 } else { many.div_ceil(8) };
        for n in (1..=*many).step_by(step) {
            // The program cannot even start without its libraries.
            if call == "openat" && n < 12 {
                continue;
            }
            seed.put_back(caseload);
            let inject = format!("inject={call}:error=ENOSPC:when={n}");
            let output = traced(caseload, &["-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject], args);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let code = output.status.code();
            assert!(code == Some(0) || code == Some(1), "{call} {n}: {code:?} {said}");
            let now = content(caseload);
            assert!(now == before || now == after || between.contains(&now), "{call} {n}: a part of it: {said}");
            assert!(code == Some(1) || now == after, "{call} {n}: it said that all was done");
            also(caseload);
            tried += 1;
            refused += u32::from(code == Some(1));
            // What was refused can be done as soon as there is room again.
            if code == Some(1) && now != after {
                caseload.run(args);
                assert_eq!(content(caseload), after, "{call} {n}: done again");
            }
        }
    }
    println!("{tried} calls failed, {refused} times it was refused: {counts:?}");
    assert!(refused > 3, "some failures are felt");
}

#[test]
fn each_call_of_an_import_fails_once() {
    if !strace() {
        return;
    }
    let caseload = laptop("Rosa");
    caseload.client(&["given_name=Here before"]);
    sweep(&caseload, &["import", &fixture("hmis")], &|_| {});
}

#[test]
fn each_call_of_a_merge_with_its_backup_and_rotation_fails_once() {
    if !strace() {
        return;
    }
    let (rosa, tom) = (Caseload::none(), laptop("Tom"));
    let made = rosa.json(&["init", "--worker", "Rosa", "--area", "social-work"]);
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), made["recovery_key"].as_str().unwrap()).unwrap();
    acquaint(&[&rosa, &tom]);
    let ana = tom.client(&["given_name=Ana"]);
    for n in 0..5 {
        tom.run(&["log", &ana, &format!("body=note {n}")]);
    }
    rosa.client(&["given_name=Here before"]);
    let bundle = rosa.folder.path().join("tom.bundle");
    tom.run(&["export", bundle.to_str().unwrap()]);
    // Backups of many days, as an earlier version made them: not ours to take away.
    let said = rosa.run(&["backup"]);
    let made = said.trim_start_matches("Wrote ").split(". The").next().unwrap().to_string();
    let whole = std::fs::read(&made).unwrap();
    for day in 1..=12 {
        std::fs::write(Path::new(&made).with_file_name(format!("caseload-202601{day:02}-120000.backup")), &whole)
            .unwrap();
    }
    std::fs::remove_file(&made).unwrap();
    let folder = Path::new(&made).parent().unwrap().strip_prefix(rosa.folder.path()).unwrap().to_path_buf();
    sweep(&rosa, &["import", bundle.to_str().unwrap()], &|rosa| {
        // Whatever calls itself a backup can be restored, and none of before is lost.
        let mut old = 0;
        for file in std::fs::read_dir(rosa.folder.path().join(&folder)).unwrap().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if name.ends_with(".backup") {
                let bytes = std::fs::read(file.path()).unwrap();
                if bytes != whole {
                    let elsewhere = tempfile::tempdir().unwrap();
                    let (backup, to) = (file.path(), elsewhere.path().join("restored.db"));
                    let [backup, key, to] = [&backup, key.path(), &to].map(|path: &Path| path.to_str().unwrap());
                    let said = rosa.run(&["restore", backup, "--recovery-key-file", key, "--file", to]);
                    assert!(said.contains("checked"), "{name}: {said}");
                }
                old += u32::from(name.starts_with("caseload-202601"));
            }
        }
        assert_eq!(old, 12, "all of before");
    });
}

#[test]
fn each_call_of_a_sync_fails_once() {
    if !strace() {
        return;
    }
    let (rosa, tom, uma) = (laptop("Rosa"), laptop("Tom"), laptop("Uma"));
    acquaint(&[&rosa, &tom, &uma]);
    tom.client(&["given_name=Ana"]);
    uma.client(&["given_name=Ben"]);
    rosa.client(&["given_name=Here before"]);
    // The place lies in the same folder, so that it is put back with the rest.
    let place = rosa.folder.path().join("place");
    std::fs::create_dir(&place).unwrap();
    for colleague in [&tom, &uma] {
        colleague.run(&["sync", place.to_str().unwrap()]);
    }
    // What two left there is one write; but where the place fails in between, the first one's is taken.
    let seed = Seed::of(&rosa);
    let left: Vec<_> = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()).collect();
    let without = |folder: &Path| {
        seed.put_back(&rosa);
        std::fs::remove_dir_all(folder).unwrap();
        rosa.run(&["sync", place.to_str().unwrap()]);
        content(&rosa)
    };
    let between: Vec<String> = left.iter().map(|folder| without(folder)).collect();
    assert_ne!(between[0], between[1]);
    seed.put_back(&rosa);
    sweep_between(&rosa, &["sync", place.to_str().unwrap()], &between, &|_| {});
}
