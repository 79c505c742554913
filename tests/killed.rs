//! Killed in the middle of a rescue, at each call that changes a disk: what was called saved is somewhere, and the next start
//! says where. Only what nothing but the killed program still held can be gone, and then a backup is named.
//!
//! Needs `strace`, and leave to look into a running program; says so where it is not there. So many moments of each kind of call
//! as CASELOAD_FEET_KILLS says, spread over all of them. Where it says nothing one of every other kind, the faults taking turns, and
//! only of rescues before a fold.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::feet::{Fault, beside, rescued, saved_and_typing, two_clients};
use crate::common::terminal::{CTRL_S, Terminal};
use crate::common::{Caseload, Seed, strace};

/// The calls that change something on a disk, and those before which a file is opened.
const CALLS: [&str; 10] =
    ["openat", "pwrite64", "fsync", "fdatasync", "ftruncate", "linkat", "rename", "renameat2", "unlink", "unlinkat"];

/// Looks into a running program from here on; none where that is not allowed.
fn look_into(screen: &Terminal, log: &Path, inject: Option<(&str, usize)>) -> Option<Child> {
    let id = screen.child.process_id().unwrap().to_string();
    let mut command = Command::new("strace");
    command.args(["-f", "-p", &id, "-e", "signal=none", "-o", log.to_str().unwrap()]);
    match inject {
        None => command.args(["-e", &format!("trace={}", CALLS.join(","))]),
        Some((call, n)) => {
            command.args(["-e", &format!("trace={call}"), "-e", &format!("inject={call}:signal=KILL:when={n}")])
        }
    };
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    lines.read_line(&mut said).unwrap();
    // What it says later is not to stop it.
    std::thread::spawn(move || lines.lines().map_while(Result::ok).for_each(drop));
    if said.contains("attached") {
        return Some(child);
    }
    let _ = child.kill();
    let _ = child.wait();
    eprintln!("skipped: {}", said.trim());
    None
}

/// Saves, so that the rescue begins, and waits for its end or the program's.
fn until_rescued_or_killed(screen: &mut Terminal) -> bool {
    screen.keys(CTRL_S);
    let end = Instant::now() + Duration::from_secs(40);
    loop {
        if screen.child.try_wait().unwrap().is_some() {
            return true;
        }
        if screen.text().contains("The file was rescued") {
            return false;
        }
        assert!(Instant::now() < end, "neither rescued nor killed:\n{}", screen.text());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// One kind of fault, before or after a fold.
struct Case {
    fault: Fault,
    folded: bool,
    caseload: Caseload,
    older: PathBuf,
    ana: String,
    seed: Seed,
}

/// What came of a kill.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Came {
    /// The rescue was through before the moment came.
    Whole,
    /// Killed, and all is where the next start says.
    Found,
    /// Killed while nothing but the program itself held what was written last.
    WithTheProgram,
}

impl Case {
    fn of(fault: Fault, folded: bool) -> Case {
        let (caseload, older, ana) = two_clients();
        let seed = Seed::of(&caseload);
        Case { fault, folded, caseload, older, ana, seed }
    }

    fn saved(&self) -> &'static [&'static str] {
        if self.folded { &["the first words", "the second words"] } else { &["the first words"] }
    }

    /// Up to the fault, with a form open.
    fn begin(&self) -> Terminal {
        self.seed.put_back(&self.caseload);
        let screen = saved_and_typing(&self.caseload, self.folded);
        self.fault.happen(&self.caseload.file(), &self.older);
        screen
    }

    /// The calls of a rescue that nobody kills.
    fn counts(&self) -> Option<BTreeMap<&'static str, usize>> {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut screen = self.begin();
        let mut strace = look_into(&screen, log.path(), None)?;
        assert!(!until_rescued_or_killed(&mut screen));
        drop(screen);
        let _ = strace.wait();
        let mut counts = BTreeMap::new();
        for line in std::fs::read_to_string(log.path()).unwrap().lines() {
            let name = line.split_whitespace().nth(1).and_then(|rest| rest.split_once('(')).map(|(call, _)| call);
            if let Some(call) = CALLS.into_iter().find(|call| Some(*call) == name) {
                *counts.entry(call).or_default() += 1;
            }
        }
        Some(counts)
    }

    fn killed(&self, call: &str, n: usize) -> Came {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut screen = self.begin();
        let there = std::fs::read(self.caseload.file()).ok();
        let mut strace = look_into(&screen, log.path(), Some((call, n))).expect("it was allowed a moment ago");
        let killed = until_rescued_or_killed(&mut screen);
        drop(screen);
        let _ = strace.wait();
        if self.fault != Fault::SetBack && self.fault != Fault::WalRemoved {
            assert_eq!(std::fs::read(self.caseload.file()).ok(), there, "{call} {n}: what is there was left as it is");
        }
        match self.next_start() {
            Ok(()) if killed => Came::Found,
            Ok(()) => Came::Whole,
            Err(told) => {
                assert!(killed, "{call} {n}: {told}");
                self.was_with_the_program(&told, &format!("{:?} {call} {n}", self.fault));
                Came::WithTheProgram
            }
        }
    }

    /// Whether everything that was called saved is in a file.
    fn is_in(&self, file: &Path) -> bool {
        // Whatever it says of backups: where it is another caseload, those beside it are not its own.
        let check = self.caseload.output(&["--file", file.to_str().unwrap(), "check", "--json"]);
        let check: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
        assert_eq!(check["problems"].as_array().unwrap().len(), 0, "{check}");
        let all = self.caseload.output(&["--file", file.to_str().unwrap(), "show", &self.ana, "--json"]);
        let all = String::from_utf8(all.stdout).unwrap();
        self.saved().iter().all(|words| all.contains(words))
    }

    /// Starts anew under the old name, and does what is told there until everything is found; else gives what was told.
    fn next_start(&self) -> Result<(), String> {
        let output = self.caseload.output(&["list"]);
        let told = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
        assert!(!told.contains("panic") && !told.contains("out of memory"), "{told}");
        let file = self.caseload.file();
        if output.status.success() && self.is_in(&file) {
            return Ok(());
        }
        // Nothing that a rescue finished is kept from who starts.
        let (files, bundles) = (rescued(&self.caseload, ".db"), rescued(&self.caseload, ".bundle"));
        for lies in files.iter().chain(&bundles) {
            assert!(told.contains(lies.to_str().unwrap()), "{} is not told of: {told}", lies.display());
        }
        if files.iter().any(|file| self.is_in(file)) {
            return Ok(());
        }
        let wal = beside(&file, "-wal");
        if told.contains(&format!("lies in {}", wal.display())) && self.fault == Fault::Moved {
            std::fs::rename(file.with_file_name("elsewhere.db"), &file).unwrap();
            assert!(self.is_in(&file), "{told}");
            return Ok(());
        }
        for bundle in &bundles {
            // What opens there may be somebody else's.
            let is_ours = self.caseload.output(&["show", &self.ana]).status.success();
            let into = match (is_ours, files.last()) {
                (true, _) => file.clone(),
                (false, Some(rescued)) => rescued.clone(),
                (false, None) => self.restored(),
            };
            let pass = self.caseload.pass();
            let import = ["--file", into.to_str().unwrap(), "import", bundle.to_str().unwrap()];
            let args = [&import[..], &["--bundle-passphrase-file", pass.to_str().unwrap()]].concat();
            self.caseload.run(&args);
            if self.is_in(&into) {
                return Ok(());
            }
        }
        Err(told)
    }

    /// The newest backup, as a caseload.
    fn restored(&self) -> PathBuf {
        let to = self.caseload.folder.path().join("restored.db");
        let backups = self.caseload.folder.path().join("backups");
        let backup = std::fs::read_dir(backups).unwrap().next().unwrap().unwrap().path();
        let key = self.caseload.folder.path().join("key");
        let args = ["restore", backup.to_str().unwrap(), "--recovery-key-file", key.to_str().unwrap(), "--file"];
        self.caseload.run(&[&args[..], &[to.to_str().unwrap()]].concat());
        to
    }

    /// What was written last was nowhere on the disk at that moment: the fault took it, and the program had it still. What is
    /// left is sound, and it is said where.
    fn was_with_the_program(&self, told: &str, moment: &str) {
        assert!(rescued(&self.caseload, ".db").is_empty(), "{moment}: {told}");
        assert!(rescued(&self.caseload, ".bundle").is_empty(), "{moment}: {told}");
        match self.fault {
            // The file was unlinked, or its last pages were.
            Fault::Removed => assert!(told.contains("backups"), "{moment}: {told}"),
            Fault::RenamedOver | Fault::WalRemoved => {
                self.caseload.run(&["list"]);
            }
            // What the session wrote is in no file, or in a WAL whose main file is no more. The other caseload is what it was.
            Fault::CopiedOver => assert!(self.caseload.run(&["list"]).contains("Nobody")),
            Fault::CutOff => drop(self.caseload.refused(&["list"])),
            Fault::Moved | Fault::SetBack => panic!("{moment}: it was on the disk: {told}"),
        }
    }
}

fn kills(fault: Fault, folded: bool) {
    if !strace() {
        return;
    }
    let asked: Option<usize> = std::env::var("CASELOAD_FEET_KILLS").ok().and_then(|many| many.parse().ok());
    if folded && asked.is_none() {
        return println!("skipped: CASELOAD_FEET_KILLS=1 kills in rescues after a fold, too");
    }
    let case = Case::of(fault, folded);
    let Some(counts) = case.counts() else { return };
    let each = asked.unwrap_or(1);
    let mut came = BTreeMap::new();
    let turn = asked.is_none().then_some(case.fault as usize % 2);
    for (call, many) in
        counts.iter().enumerate().filter(|(at, _)| turn.is_none_or(|turn| at % 2 == turn)).map(|(_, one)| one)
    {
        let each = each.clamp(1, *many);
        // In the middle of each stretch; where there is one for each call, each of them.
        for n in (0..each).map(|at| (2 * at + 1) * many / (2 * each) + 1) {
            *came.entry(case.killed(call, n)).or_insert(0) += 1;
        }
    }
    println!("{fault:?}, folded {folded}: {came:?} of {counts:?}");
    assert!(came.get(&Came::Found).is_some_and(|many| *many > 0), "{came:?} of {counts:?}");
}

crate::for_each_fault!(kills);
