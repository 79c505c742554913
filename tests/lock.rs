//! The lock at a real terminal: it is there before a frame is drawn whatever hid the time, what was typed is there again
//! after it, and nothing of anybody is left in memory under it.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::terminal::{CTRL_S, ENTER, ESC, TAB, Terminal};
use crate::common::{Caseload, PASSPHRASE, until};

const CTRL_L: &str = "\x0c";
const CTRL_Z: &str = "\x1a";

/// Names, a phone and a note that stand nowhere else.
const NAME: &str = "Zephyrine";
const FAMILY: &str = "Quackenbush";
const PHONE: &str = "555-0142-867";
const NOTE: &str = "slept in the boiler room";

fn caseload() -> Caseload {
    let caseload = Caseload::new();
    let id = caseload.client(&[
        &format!("given_name={NAME}"),
        &format!("family_name={FAMILY}"),
        &format!("phone={PHONE}"),
        "opened=2026-11-20",
    ]);
    caseload.client(&["given_name=Benedict", "tags=wait", "opened=2026-11-20"]);
    caseload.client(&["given_name=Clementina", "tags=wait", "opened=2026-11-20"]);
    caseload.run(&["log", &id, &format!("body={NAME} {NOTE}")]);
    caseload
}

/// Where the seconds stand that the machine slept.
fn slept(caseload: &Caseload) -> PathBuf {
    caseload.folder.path().join("slept")
}

/// The program, unlocked by a passphrase file, on a machine that sleeps as long as a file says.
fn unlocked(caseload: &Caseload) -> Terminal {
    unlocked_as(caseload, &crate::common::program())
}

fn unlocked_as(caseload: &Caseload, program: &Path) -> Terminal {
    let mut command = portable_pty::CommandBuilder::new("sh");
    command.args(["-c", "CASELOAD_TEST_SLEPT=\"$HOME/slept\" exec \"$0\" \"$@\""]);
    command.arg(program);
    command.args(caseload.on(&["--passphrase-file", caseload.pass().to_str().unwrap()]));
    let screen = Terminal::spawn(caseload, 120, 40, command);
    screen.wait(NAME);
    screen
}

fn signal(screen: &Terminal, name: &str) {
    let id = screen.child.process_id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args([name, &id]).status().unwrap().success());
}

/// Whether the process is stopped, as the system tells it.
fn is_stopped(screen: &Terminal) -> bool {
    let id = screen.child.process_id().unwrap().to_string();
    let told = std::process::Command::new("ps").args(["-o", "stat=", "-p", &id]).output().unwrap();
    String::from_utf8_lossy(&told.stdout).starts_with('T')
}

/// All that was written to the terminal from a place on.
fn written_since(screen: &Terminal, from: usize) -> String {
    String::from_utf8_lossy(&screen.raw.lock().unwrap()[from..]).into_owned()
}

fn written(screen: &Terminal) -> usize {
    screen.raw.lock().unwrap().len()
}

fn unlock(screen: &mut Terminal) {
    screen.wait("Passphrase:");
    screen.keys(PASSPHRASE);
    screen.keys(ENTER);
    screen.gone("caseload is locked");
}

#[test]
fn who_was_stopped_past_the_limit_finds_the_lock_and_never_a_name() {
    let caseload = caseload();
    let mut hidden = 0;
    let mut screen = unlocked(&caseload);
    // The foot of a frame is its end: whoever is stopped in the middle of one shows the rest of it when they go on.
    screen.wait("q quit");
    for way in ["key", "-TSTP", "-STOP"] {
        if way == "key" {
            screen.keys(CTRL_Z);
        } else {
            signal(&screen, way);
        }
        until("it does not stop", || is_stopped(&screen));
        until("the terminal is not given back", || way == "-STOP" || !screen.taken());
        hidden += 11 * 60;
        std::fs::write(slept(&caseload), hidden.to_string()).unwrap();
        let from = written(&screen);
        signal(&screen, "-CONT");
        screen.wait("Locked because nothing was typed for a while");
        let since = written_since(&screen, from);
        for secret in [NAME, FAMILY, PHONE, "Benedict", "boiler"] {
            assert!(!since.contains(secret), "{way}: {secret}");
        }
        unlock(&mut screen);
        screen.wait(NAME);
        screen.wait("q quit");
    }
    // Not so long: the desk is there again, and was not drawn into the shell's screen.
    screen.keys(CTRL_Z);
    until("it does not stop", || is_stopped(&screen));
    until("the terminal is not given back", || !screen.taken());
    std::fs::write(slept(&caseload), (hidden + 5 * 60).to_string()).unwrap();
    signal(&screen, "-CONT");
    until("it does not come back", || screen.taken());
    screen.wait(NAME);
    screen.keys("q");
    assert!(screen.ends());
    assert!(!screen.taken());
}

#[test]
fn a_machine_that_slept_takes_no_key_for_the_desk_and_none_for_the_gate() {
    let caseload = caseload();
    let mut screen = unlocked(&caseload);
    let from = {
        std::fs::write(slept(&caseload), "700").unwrap();
        written(&screen)
    };
    // Whoever opens the lid presses something.
    screen.keys("n");
    screen.wait("Locked because nothing was typed for a while");
    assert!(!written_since(&screen, from).contains(NAME));
    std::thread::sleep(Duration::from_millis(200));
    assert!(!screen.text().contains("Passphrase: *"), "{}", screen.text());
    unlock(&mut screen);
    screen.wait(NAME);
    assert!(!screen.text().contains("Add note"), "{}", screen.text());
}

#[test]
fn ctrl_l_locks_out_of_a_form_and_all_is_there_again() {
    let caseload = caseload();
    let mut screen = unlocked(&caseload);
    // One is marked, found by a filter; then another is written about, out of another pane.
    screen.keys("/tag:wait");
    screen.wait("2 of 3 match");
    screen.keys(ENTER);
    screen.keys("x");
    screen.wait("*Benedict");
    screen.wait("2 Client: Clementina");
    screen.keys("2n");
    screen.wait("Add note");
    screen.keys("Half a sentence about the rent");
    screen.wait("Half a sentence");
    screen.keys(CTRL_L);
    screen.wait("caseload is locked");
    for left in ["Half a sentence", "Benedict", "Clementina", NAME] {
        assert!(!screen.text().contains(left), "{}", screen.text());
    }
    unlock(&mut screen);
    screen.wait("Half a sentence about the rent");
    screen.keys(" and more");
    screen.wait("about the rent and more");
    screen.keys(CTRL_S);
    screen.wait("Saved: add note");
    screen.wait("2 Client: Clementina");
    screen.wait("*Benedict");
    screen.wait("2 of 3 match");
    screen.gone(NAME);
    // In the pane where one was: Up and Down go through reasons there, and not through the list.
    screen.keys("\x1b[A");
    std::thread::sleep(Duration::from_millis(50));
    screen.wait("2 Client: Clementina");
    // Out of the help, the palette, a menu, a question and the filter too.
    for keys in ["?", ":back", ":import\r", "/ ben"] {
        screen.keys(keys);
        std::thread::sleep(Duration::from_millis(50));
        screen.keys(CTRL_L);
        screen.wait("caseload is locked");
        unlock(&mut screen);
        screen.wait("*Benedict");
    }
    screen.wait("1 of 3 match");
    screen.keys(ENTER);
    // A form that nobody typed into yet is there again as well.
    screen.keys("t");
    screen.wait("Add task");
    screen.keys(TAB);
    screen.keys(CTRL_L);
    screen.wait("caseload is locked");
    unlock(&mut screen);
    screen.wait("Add task");
}

/// What of these the process still holds, anywhere in its memory, as it may lie there.
#[cfg(target_os = "linux")]
fn held<'a>(screen: &Terminal, wanted: &[&'a str]) -> Vec<&'a str> {
    use std::io::{Read, Seek, SeekFrom};
    let id = screen.child.process_id().unwrap();
    let maps = std::fs::read_to_string(format!("/proc/{id}/maps")).unwrap();
    let mut memory = std::fs::File::open(format!("/proc/{id}/mem")).unwrap();
    let as_wide = |text: &str| text.chars().flat_map(|c| (c as u32).to_le_bytes()).collect::<Vec<u8>>();
    let forms: Vec<(&str, [Vec<u8>; 2])> =
        wanted.iter().map(|text| (*text, [text.as_bytes().to_vec(), as_wide(text)])).collect();
    let mut found = Vec::new();
    let mut looked = 0;
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|may| may.starts_with('r'))) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        // What is mapped from a file and cannot be written is the file.
        let written = line.split(' ').nth(1).is_some_and(|may| may.contains('w'));
        if !written || line.contains("[vvar]") || memory.seek(SeekFrom::Start(from)).is_err() {
            continue;
        }
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        let mut filled = 0;
        while let Ok(read) = memory.read(&mut bytes[filled..]) {
            filled += read;
            if read == 0 {
                break;
            }
        }
        looked += filled;
        for (text, forms) in &forms {
            let holds = |form: &Vec<u8>| {
                let first = form[0];
                let mut at = 0;
                while let Some(next) = bytes[at..filled].iter().position(|byte| *byte == first) {
                    if bytes[at + next..filled].starts_with(form) {
                        return true;
                    }
                    at += next + 1;
                }
                false
            };
            if !found.contains(text) && forms.iter().any(holds) {
                found.push(*text);
            }
        }
    }
    assert!(looked > 1 << 20, "its memory could not be read");
    let said = |what: &str| std::fs::read(format!("/proc/{id}/{what}")).unwrap();
    for (text, forms) in &forms {
        for what in ["cmdline", "environ"] {
            assert!(!said(what).windows(forms[0].len()).any(|part| part == forms[0]), "{text} in {what}");
        }
    }
    found
}

#[cfg(target_os = "linux")]
#[test]
fn under_the_lock_nothing_of_anybody_is_in_memory() {
    const SECRETS: [&str; 7] = [NAME, FAMILY, PHONE, NOTE, "Clementina", "Unfinished words of hers", PASSPHRASE];
    let caseload = caseload();
    let mut screen = unlocked(&caseload);
    screen.keys("L");
    unlock(&mut screen);
    screen.wait(NAME);
    // Through everything that reads and keeps: the client's page, a search, a filter, a form, the clipboard.
    screen.keys("/zeph");
    screen.wait("match \"zeph\"");
    screen.keys(ENTER);
    screen.keys(ENTER);
    screen.wait(NOTE);
    screen.keys("fboiler");
    screen.wait("boiler room");
    screen.keys(ESC);
    screen.keys("n");
    screen.wait("Add note");
    screen.keys("Unfinished words of hers");
    screen.wait("Unfinished words of hers");
    let before = held(&screen, &SECRETS);
    for sure in [NAME, FAMILY, NOTE, "Unfinished words of hers"] {
        assert!(before.contains(&sure), "the search would find it: {before:?}");
    }
    screen.keys(CTRL_L);
    screen.wait("caseload is locked");
    assert_eq!(held(&screen, &SECRETS), Vec::<&str>::new());
    // Nor of a passphrase that was tried and is wrong.
    screen.keys("nearly the right words");
    screen.keys(ENTER);
    screen.wait("does not open this caseload");
    assert!(!held(&screen, &SECRETS).contains(&NAME));
    screen.gone("Wait");
    unlock(&mut screen);
    screen.wait("Unfinished words of hers");
    // By itself, too.
    std::fs::write(slept(&caseload), "700").unwrap();
    screen.keys("x");
    screen.wait("Locked because nothing was typed for a while");
    assert_eq!(held(&screen, &SECRETS), Vec::<&str>::new());
}

#[test]
fn a_program_that_cannot_start_anew_locks_all_the_same() {
    use std::os::unix::fs::PermissionsExt;
    let caseload = caseload();
    let own = caseload.folder.path().join("own");
    std::fs::copy(crate::common::program(), &own).unwrap();
    let mut screen = unlocked_as(&caseload, &own);
    std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o600)).unwrap();
    screen.keys("n");
    screen.wait("Add note");
    screen.keys("Half a sentence");
    screen.wait("Half a sentence");
    screen.keys(CTRL_L);
    screen.wait("caseload is locked");
    assert!(!screen.text().contains(NAME));
    unlock(&mut screen);
    screen.wait("Half a sentence");
    screen.keys(ESC);
    screen.wait("Leave without saving?");
    screen.keys("d");
    screen.keys("q");
    assert!(screen.ends() && !screen.taken());
}

#[test]
fn a_program_that_was_updated_meanwhile_locks_and_gives_the_terminal_back_as_it_was() {
    let caseload = caseload();
    let own = caseload.folder.path().join("own");
    std::fs::copy(crate::common::program(), &own).unwrap();
    // As the terminal was before, it is after: also when another program of the same name had it between.
    let mut command = portable_pty::CommandBuilder::new("sh");
    command.args(["-c", "stty -a > \"$HOME/before\"; \"$0\" \"$@\"; stty -a > \"$HOME/after\""]);
    command.arg(&own);
    command.args(caseload.on(&["--passphrase-file", caseload.pass().to_str().unwrap()]));
    let mut screen = Terminal::spawn(&caseload, 120, 40, command);
    screen.wait(NAME);
    std::fs::remove_file(&own).unwrap();
    screen.keys("L");
    screen.wait("caseload is locked");
    unlock(&mut screen);
    screen.wait(NAME);
    screen.keys("q");
    assert!(screen.ends() && !screen.taken());
    let modes = |name: &str| std::fs::read_to_string(caseload.folder.path().join(name)).unwrap();
    assert!(!modes("before").is_empty());
    assert_eq!(modes("before"), modes("after"));
}
