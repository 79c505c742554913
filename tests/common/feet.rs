//! What may happen to a caseload file under an open screen, and a screen on which something was saved and is being typed.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::terminal::{CTRL_S, ENTER, TAB, Terminal};
use super::{Caseload, PASSPHRASE};

/// What happens to the file, from outside.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fault {
    Removed,
    Moved,
    RenamedOver,
    /// With something that is not this caseload.
    CopiedOver,
    /// An earlier state copied over it.
    SetBack,
    CutOff,
    WalRemoved,
}

pub fn beside(file: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", file.display()))
}

impl Fault {
    pub fn happen(self, file: &Path, older: &Path) {
        let run = |command: &str, args: &[&Path]| {
            assert!(Command::new(command).args(args).status().unwrap().success(), "{command} {args:?}");
        };
        match self {
            Fault::Removed => run("rm", &[file]),
            Fault::Moved => run("mv", &[file, &file.with_file_name("elsewhere.db")]),
            Fault::RenamedOver => {
                let copy = file.with_file_name("copy.tmp");
                run("cp", &[older, &copy]);
                run("mv", &[Path::new("-f"), &copy, file]);
            }
            Fault::CopiedOver => run("cp", &[&older.with_file_name("another"), file]),
            Fault::SetBack => run("cp", &[older, file]),
            Fault::CutOff => run("truncate", &[Path::new("--size=12288"), file]),
            Fault::WalRemoved => run("rm", &[&beside(file, "-wal")]),
        }
    }

    /// The file that everything is in afterwards.
    pub fn ends_in(self, caseload: &Caseload) -> PathBuf {
        match self {
            Fault::SetBack => caseload.file(),
            _ => rescued(caseload, ".db").pop().expect("there is a rescued file"),
        }
    }
}

/// The files that a rescue left.
pub fn rescued(caseload: &Caseload, ending: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir(caseload.folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut found: Vec<_> =
        all.filter(|path| name(path).contains("-rescued-") && name(path).ends_with(ending)).collect();
    found.sort();
    found
}

/// A caseload with Ana and Ben, a copy from before Ben, and beside it somebody else's caseload.
pub fn two_clients() -> (Caseload, PathBuf, String) {
    let caseload = Caseload::none();
    let made = caseload.json(&["init", "--worker", "Rosa Ortiz", "--area", "social-work"]);
    std::fs::write(caseload.folder.path().join("key"), made["recovery_key"].as_str().unwrap()).unwrap();
    let ana = caseload.client(&["given_name=Ana", "opened=2026-11-20"]);
    let older = caseload.folder.path().join("older");
    std::fs::copy(caseload.file(), &older).unwrap();
    caseload.client(&["given_name=Ben", "opened=2026-11-20"]);
    caseload.run(&["backup"]);
    let another = Caseload::new();
    another.client(&["given_name=Nobody"]);
    std::fs::copy(another.file(), older.with_file_name("another")).unwrap();
    assert!(!beside(&caseload.file(), "-wal").exists());
    (caseload, older, ana)
}

pub fn unlocked(caseload: &Caseload) -> Terminal {
    let mut screen = Terminal::start(caseload, 110, 40, &[]);
    screen.wait("Passphrase");
    screen.keys(PASSPHRASE);
    screen.keys(ENTER);
    screen.wait("Client: Ana");
    screen
}

/// Types a note about whoever is chosen, and leaves the form open.
pub fn type_note(screen: &mut Terminal, words: &str) {
    screen.keys("l");
    screen.wait("Log contact: Ana");
    screen.keys(TAB);
    screen.keys("18m");
    screen.keys(TAB);
    screen.keys(words);
    screen.wait(words);
}

/// All that a caseload says of a client.
pub fn all_of(caseload: &Caseload, file: &Path, client: &str) -> String {
    caseload.run(&["--file", file.to_str().unwrap(), "show", client, "--json"])
}

/// A screen on which a note was saved, and after a fold another one; a third is being typed.
pub fn saved_and_typing(caseload: &Caseload, folded: bool) -> Terminal {
    let mut screen = unlocked(caseload);
    type_note(&mut screen, "the first words");
    screen.keys(CTRL_S);
    screen.wait("Saved: log contact");
    if folded {
        // Another program, as it ends, folds the WAL.
        let before = std::fs::read(caseload.file()).unwrap();
        caseload.client(&["given_name=Cleo", "opened=2026-11-20"]);
        assert_ne!(std::fs::read(caseload.file()).unwrap(), before, "it folded");
        type_note(&mut screen, "the second words");
        screen.keys(CTRL_S);
        screen.wait("Saved: log contact");
        screen.gone("Log contact: Ana");
    }
    type_note(&mut screen, "the words in the form");
    screen
}

/// A test of each fault, before and after what was written is folded into the file.
#[macro_export]
macro_rules! for_each_fault {
    ($story:ident) => {
        $crate::for_each_fault! { $story;
            removed_before_a_fold: Removed, false;
            removed_after_a_fold: Removed, true;
            moved_away_before_a_fold: Moved, false;
            moved_away_after_a_fold: Moved, true;
            renamed_over_before_a_fold: RenamedOver, false;
            renamed_over_after_a_fold: RenamedOver, true;
            copied_over_before_a_fold: CopiedOver, false;
            copied_over_after_a_fold: CopiedOver, true;
            set_back_before_a_fold: SetBack, false;
            set_back_after_a_fold: SetBack, true;
            cut_off_before_a_fold: CutOff, false;
            cut_off_after_a_fold: CutOff, true;
            its_wal_removed_before_a_fold: WalRemoved, false;
            its_wal_removed_after_a_fold: WalRemoved, true;
        }
    };
    ($story:ident; $($name:ident: $fault:ident, $folded:expr;)*) => {
        $(#[test] fn $name() { $story(Fault::$fault, $folded); })*
    };
}
