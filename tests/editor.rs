//! A note in the user's own editor: nothing of it is left, not by the editor and not where the program was killed.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::terminal::{CTRL_S, ENTER, Terminal};
use crate::common::{Caseload, until};

const WORDS: &str = "sleeps in the boiler room";

/// The program with an editor, and a place in memory that is this test's own.
fn with_editor(caseload: &Caseload, editor: &str) -> Terminal {
    std::fs::create_dir_all(place(caseload)).unwrap();
    let mut command = portable_pty::CommandBuilder::new("sh");
    command.args([
        "-c",
        &format!("echo $$ > \"$HOME/pid\"; EDITOR='{editor}' XDG_RUNTIME_DIR=\"$HOME/run\" exec \"$0\" \"$@\""),
    ]);
    command.arg(crate::common::program());
    command.args(caseload.on(&["--passphrase-file", caseload.pass().to_str().unwrap()]));
    let screen = Terminal::spawn(caseload, 120, 40, command);
    screen.wait("Ana");
    screen
}

fn place(caseload: &Caseload) -> PathBuf {
    caseload.folder.path().join("run")
}

fn caseload() -> Caseload {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana", "opened=2026-11-20"]);
    caseload
}

fn script(caseload: &Caseload, name: &str, text: &str) -> String {
    let path = caseload.folder.path().join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    path.to_str().unwrap().to_string()
}

fn open_the_editor(screen: &mut Terminal) {
    screen.keys("n");
    screen.wait("Add note");
    screen.keys(&format!("Ana {WORDS}"));
    screen.wait(WORDS);
    screen.keys("\x05");
    screen.wait("leaves the encrypted file");
    screen.keys(ENTER);
}

/// Files below a folder that hold the words.
fn holding(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path));
        } else if std::fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(WORDS.len()).any(|part| part == WORDS.as_bytes()))
        {
            found.push(path);
        }
    }
    found
}

fn there(caseload: &Caseload) -> Vec<String> {
    let names = std::fs::read_dir(place(caseload)).unwrap();
    names.map(|name| name.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn what_an_editor_leaves_beside_a_text_is_gone_with_it() {
    let caseload = caseload();
    let editor = script(
        &caseload,
        "editor.sh",
        "cp \"$1\" \"$1~\"; cp \"$1\" \"$(dirname \"$1\")/.note.swp\"; echo added by it >> \"$1\"",
    );
    let mut screen = with_editor(&caseload, &editor);
    open_the_editor(&mut screen);
    screen.wait("added by it");
    assert_eq!((there(&caseload), holding(caseload.folder.path())), (vec![], vec![]));
    screen.keys(CTRL_S);
    screen.wait("Saved: add note");
    screen.keys("q");
    assert!(screen.ends());
}

#[test]
fn a_text_whose_program_was_killed_is_swept_at_the_next_start_and_one_whose_program_lives_is_not() {
    let caseload = caseload();
    let editor = script(&caseload, "editor.sh", "cp \"$1\" \"$1~\"; echo OPEN NOW; exec sleep 30");
    let mut living = with_editor(&caseload, &editor);
    open_the_editor(&mut living);
    living.wait("OPEN NOW");
    let kept = there(&caseload);
    assert_eq!(kept.len(), 1);
    let mut killed = with_editor(&caseload, &editor);
    // The draft of the other one is there: it is that note that is opened here.
    killed.wait(WORDS);
    killed.keys("\x05");
    killed.wait("leaves the encrypted file");
    killed.keys(ENTER);
    killed.wait("OPEN NOW");
    let id = std::fs::read_to_string(caseload.folder.path().join("pid")).unwrap();
    assert!(std::process::Command::new("kill").args(["-KILL", id.trim()]).status().unwrap().success());
    killed.ends();
    until("both lie there", || there(&caseload).len() == 2);
    assert_eq!(holding(&place(&caseload)).len(), 4);
    // What is somebody else's, or leads elsewhere, is left alone.
    let other = caseload.folder.path().join("elsewhere");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("owner"), "").unwrap();
    std::fs::write(other.join("letter.txt"), "mine").unwrap();
    std::os::unix::fs::symlink(&other, place(&caseload).join("caseload-text-link")).unwrap();
    let mut next = with_editor(&caseload, &editor);
    let mut left = there(&caseload);
    left.retain(|name| name != "caseload-text-link");
    assert_eq!(left, kept);
    assert_eq!(std::fs::read_to_string(other.join("letter.txt")).unwrap(), "mine");
    next.keys("\x1b");
    living.child.kill().unwrap();
}

#[test]
fn editors_that_are_known_are_told_to_keep_nothing() {
    let told = "printf '%s\\n' \"$@\" > \"$HOME/told\"";
    for (name, wanted) in [
        ("vim", "-n\n-i\nNONE\n"),
        ("nvim", "-n\n-i\nNONE\n"),
        ("nano", "--ignorercfiles\n"),
        ("emacs", "make-backup-files nil auto-save-default nil"),
        ("unknown", ""),
    ] {
        let caseload = caseload();
        let editor = script(&caseload, name, told);
        let mut screen = with_editor(&caseload, &format!("{editor} -own"));
        open_the_editor(&mut screen);
        until("it was not called", || caseload.folder.path().join("told").exists());
        screen.wait("Add note");
        let told = std::fs::read_to_string(caseload.folder.path().join("told")).unwrap();
        assert!(told.starts_with(&format!("-own\n{}", if name == "emacs" { "--eval" } else { wanted })), "{told}");
        assert!(told.contains(wanted) && told.trim_end().ends_with("note.txt"), "{told}");
        assert_eq!(told.lines().count() == 2, name == "unknown", "{told}");
    }
}

#[test]
fn vim_keeps_neither_history_nor_swap_nor_backup_nor_undo() {
    if !Path::new("/usr/bin/vim").exists() {
        eprintln!("skipped: there is no vim");
        return;
    }
    let caseload = caseload();
    let home = caseload.folder.path();
    // Set to keep everything.
    let settings = "set nocompatible viminfo='100,<1000,s100 backup writebackup swapfile directory=~ backupdir=~\n\
                    silent! set undofile undodir=~\n";
    std::fs::write(home.join(".vimrc"), settings).unwrap();
    let mut screen = with_editor(&caseload, "vim");
    open_the_editor(&mut screen);
    screen.wait("note.txt");
    std::thread::sleep(Duration::from_millis(500));
    screen.keys("ggVG\"qyggdGithe room is found\x1b:w\r");
    std::thread::sleep(Duration::from_millis(500));
    let open = holding(home);
    screen.keys(":q\r");
    screen.wait("Add note");
    screen.wait("the room is found");
    assert_eq!((open, holding(home)), (vec![], vec![]));
    let left = std::fs::read_dir(home).unwrap().map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    let left: Vec<String> = left.filter(|name| name.contains("note") || name.contains("viminfo")).collect();
    assert_eq!(left, Vec::<String>::new());
}
