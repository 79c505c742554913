//! A day at the screen: what a newcomer is led through, the day's run, filters, many at once, keys and looks of
//! one's own.

use crate::common::terminal::{CTRL_S, DOWN, ENTER, ESC, TAB, Terminal};
use crate::common::{Caseload, PASSPHRASE, fixture};

/// Presses a key that the screen shows at this moment: `shown` is the very text that names it.
#[track_caller]
fn press(screen: &mut Terminal, shown: &str, key: &str) {
    screen.wait(shown);
    screen.keys(key);
}

fn unlocked(caseload: &Caseload, (columns, rows): (u16, u16), args: &[&str]) -> Terminal {
    let pass = caseload.pass();
    let args = [&["--passphrase-file", pass.to_str().unwrap()], args].concat();
    Terminal::start(caseload, columns, rows, &args)
}

#[test]
fn a_newcomer_gets_from_an_empty_screen_to_the_next_visit_by_what_the_screen_shows() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let caseload = Caseload::none();
        let mut screen = Terminal::start(&caseload, columns, rows, &["--today", "2026-11-24"]);
        screen.wait("Welcome to caseload");
        screen.keys("Rosa Ortiz");
        press(&mut screen, "Enter", ENTER);
        press(&mut screen, "Enter", ENTER);
        screen.keys(PASSPHRASE);
        press(&mut screen, "Enter", ENTER);
        screen.keys(PASSPHRASE);
        press(&mut screen, "Enter", ENTER);
        screen.wait("AGE-SECRET-KEY-1");
        press(&mut screen, "Type yes", "yes");
        press(&mut screen, "then Enter", ENTER);

        // The tour names the way in: all commands, then the command's name.
        press(&mut screen, "with : and \"import\"", ":");
        screen.keys("import");
        press(&mut screen, "Enter", ENTER);
        screen.wait("spreadsheet");
        screen.keys(&fixture("sheets/clients.csv"));
        press(&mut screen, "Enter", ENTER);
        screen.wait("Clients: 2 new");
        press(&mut screen, "Esc", ESC);
        // Who needs a call, and why: the first of the list, and the page that Enter opens.
        screen.gone("Imported");
        screen.wait("Tour 2 of");
        press(&mut screen, "Enter open", ENTER);
        screen.wait("WHY NOW");
        press(&mut screen, "l log contact", "l");
        screen.wait("Log contact: ");
        press(&mut screen, "Tab next field", TAB);
        screen.keys("12m");
        press(&mut screen, "Tab next field", TAB);
        screen.keys("She has moved in with her sister");
        press(&mut screen, "Ctrl-s save", CTRL_S);
        screen.wait("Saved: log contact");
        screen.wait("LAST  phone today");
        press(&mut screen, "a sets an appointment", "a");
        screen.wait("Add appointment");
        screen.keys("home visit");
        press(&mut screen, "Tab next field", TAB);
        screen.keys("fri 2pm");
        screen.wait("Fri 27 Nov 2026 14:00");
        press(&mut screen, "Ctrl-s save", CTRL_S);
        screen.wait("Saved: add appointment");
        screen.wait("NEXT  Fri 27 Nov 14:00 home visit");
        // In the queue, with the others that are ahead.
        press(&mut screen, "4 Appointments", "4");
        screen.wait("home visit");
        screen.wait("2 ahead");
        press(&mut screen, "q quit", "q");
        assert!(screen.ends());
        let show = caseload.json(&["show", "sheet:A-1"]);
        assert_eq!((&show["notes"][0]["kind"], &show["notes"][0]["minutes"]), (&"phone".into(), &12.into()));
        assert_eq!(show["appointments"].as_array().unwrap().len(), 2);
    }
}

/// Four clients: one discharged into a crisis, one with a task due, two with nothing.
fn four() -> Caseload {
    let caseload = Caseload::new();
    for (name, area, more) in [
        ("Ana", "mental-health", "crisis=locked out"),
        ("Ben", "mental-health", "tags=wait"),
        ("Cleo", "vocational", "tags=wait,voucher"),
        ("Dora", "healthcare", "intensity=light"),
    ] {
        caseload.client(&[&format!("given_name={name}"), &format!("area={area}"), more, "opened=2026-11-20"]);
    }
    caseload.run(&["add", "task", "client=Ben", "what=call the bank", "due=2026-11-24", "--today", "2026-11-24"]);
    caseload
}

const ON: [&str; 2] = ["--today", "2026-11-24"];

#[test]
fn the_days_run_takes_one_after_another_and_knows_where_it_was() {
    let caseload = four();
    let mut screen = unlocked(&caseload, (120, 40), &ON);
    press(&mut screen, "Space today's run", " ");
    screen.wait("today's run: 2 left");
    screen.wait("IN CRISIS: locked out");
    // Passed over for now; the next one's task is answered, and so is done with.
    press(&mut screen, "Space", " ");
    screen.wait("call the bank");
    screen.keys("d");
    screen.wait("Done: call the bank");
    screen.wait("Passed over: 1");
    screen.wait("steps and tasks done: 1");
    screen.keys(ESC);
    screen.keys("q");
    assert!(screen.ends());
    // The next time it goes on with whoever is left.
    let mut screen = unlocked(&caseload, (120, 40), &ON);
    screen.wait("Ana");
    screen.keys(" ");
    screen.wait("today's run: 1 left");
    screen.wait("IN CRISIS: locked out");
    screen.keys("c");
    press(&mut screen, "It is over: \"locked out\"", "=");
    screen.wait("Nobody else needs you today");
    screen.keys(":done today");
    screen.keys(ENTER);
    screen.wait("Today");
    screen.keys(ESC);
    screen.keys("q");
    assert!(screen.ends());
}

#[test]
fn filters_are_typed_kept_and_found_again() {
    let caseload = four();
    let mut screen = unlocked(&caseload, (120, 40), &ON);
    screen.wait("Ana");
    screen.keys("/area:mental-health tag:wait");
    screen.wait("1 of 4 match");
    screen.wait("Ben");
    screen.gone("Cleo");
    screen.keys(ENTER);
    screen.keys(":save filter");
    screen.keys(ENTER);
    screen.wait("A name for the filter");
    screen.keys("waiting");
    screen.keys(ENTER);
    screen.wait("Kept as \"waiting\"");
    screen.keys(ESC);
    screen.wait("Cleo");
    screen.keys("F");
    screen.wait("waiting: area:mental-health tag:wait");
    screen.keys("1");
    screen.wait("1 of 4 match");
    screen.keys(ESC);
    // Orders: by name from A to Z, by area with its headings.
    screen.keys("o");
    screen.wait("Order the caseload");
    screen.keys("2");
    screen.wait("by name ━");
    // Under the titles, of which one names whoever is chosen.
    let list = screen.text().lines().skip(2).collect::<Vec<_>>().join("\n");
    let names: Vec<usize> = ["Ana", "Ben", "Cleo", "Dora"].iter().map(|name| list.find(name).unwrap()).collect();
    assert!(names.is_sorted(), "{}", screen.text());
    screen.keys("q");
    assert!(screen.ends());
}

#[test]
fn many_at_once_and_one_undo() {
    let caseload = four();
    let mut screen = unlocked(&caseload, (120, 40), &ON);
    screen.wait("Ana");
    screen.keys("xx");
    screen.wait("2 marked");
    screen.keys("l");
    screen.wait("Log contact");
    screen.keys(TAB);
    screen.keys(TAB);
    screen.keys("group session");
    screen.keys(CTRL_S);
    screen.wait("Saved: log contact for 2 clients");
    screen.keys("T");
    screen.wait("Tags for 2 clients");
    screen.keys("group, -wait");
    screen.keys(ENTER);
    screen.wait("Tagged 2 clients");
    assert_eq!(caseload.json(&["search", "group session"]).as_array().unwrap().len(), 2);
    screen.keys("u");
    screen.wait("Undone: tag");
    screen.keys("u");
    screen.wait("Undone: log contact");
    assert_eq!(caseload.json(&["search", "group session"]).as_array().unwrap().len(), 0);
    assert_eq!(caseload.json(&["show", "Ben"])["client"]["tags"], serde_json::json!(["wait"]));
    screen.keys("X");
    screen.gone("2 marked");
    screen.keys("q");
    assert!(screen.ends());
}

#[test]
fn a_visit_that_comes_again_is_changed_alone_or_with_all_that_follow() {
    let caseload = four();
    let mut screen = unlocked(&caseload, (120, 40), &ON);
    screen.wait("Ana");
    screen.keys("a");
    screen.wait("Add appointment");
    screen.keys("group");
    screen.keys(TAB);
    screen.keys("tomorrow 14:00");
    for _ in 0..20 {
        if screen.text().lines().any(|line| line.contains(">") && line.contains("Comes again")) {
            break;
        }
        screen.keys(TAB);
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    screen.keys("weekly 4 times");
    screen.wait("every week 4 times");
    screen.keys(CTRL_S);
    screen.wait("Saved: add appointment");
    screen.keys("4");
    screen.wait("4 ahead");
    // The second and all after it move by a day; then the last one alone is cancelled.
    screen.keys(DOWN);
    screen.keys("e");
    screen.wait("Edit appointment");
    screen.keys(TAB);
    screen.keys("\x15");
    screen.keys("2026-12-03 15:30");
    screen.keys(CTRL_S);
    screen.wait("one of a series");
    screen.wait("and the 2 that come after it");
    screen.keys("a");
    screen.wait("Saved: edit appointment");
    screen.keys(DOWN);
    screen.keys("m");
    screen.wait("Cancelled");
    screen.keys("x");
    screen.wait("Cancel only this one");
    screen.keys("o");
    screen.wait("3 ahead");
    screen.keys("q");
    assert!(screen.ends());
    let show = caseload.json(&["show", "Ana"]);
    let mut starts: Vec<(String, String)> = show["appointments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|visit| (visit["starts"].as_str().unwrap()[..16].into(), visit["status"].as_str().unwrap().into()))
        .collect();
    starts.sort();
    let starts: Vec<(&str, &str)> = starts.iter().map(|(when, status)| (when.as_str(), status.as_str())).collect();
    assert_eq!(
        starts,
        [
            ("2026-11-25T14:00", "planned"),
            ("2026-12-03T15:30", "planned"),
            ("2026-12-10T15:30", "cancelled"),
            ("2026-12-17T15:30", "planned"),
        ]
    );
}

#[test]
fn keys_of_ones_own_and_a_clash_is_told_at_the_start() {
    let caseload = four();
    let folder = caseload.folder.path().join(".config/caseload");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("keys.toml"), "[keys]\nlog-contact = [\"F5\"]\n").unwrap();
    let mut screen = unlocked(&caseload, (120, 40), &ON);
    screen.wait("F5 log contact");
    screen.keys("\x1b[15~");
    screen.wait("Log contact: ");
    screen.keys(ESC);
    screen.keys("q");
    assert!(screen.ends());
    std::fs::write(folder.join("keys.toml"), "[keys]\nlog-contact = [\"n\"]\n").unwrap();
    let mut screen = unlocked(&caseload, (120, 40), &ON);
    // The file is left out and told; the caseload opens with the usual keys.
    screen.wait("the key n would call both log-contact and add-note");
    screen.keys("l");
    screen.wait("Log contact: ");
    screen.keys(ESC);
    screen.keys("q");
    assert!(screen.ends());
}

#[cfg(unix)]
#[test]
fn the_users_own_editor_and_nothing_left_behind() {
    use std::os::unix::fs::PermissionsExt;
    let caseload = four();
    let editor = caseload.folder.path().join("editor.sh");
    std::fs::write(&editor, "#!/bin/sh\nprintf '%s' \"$1\" > \"$HOME/where\"\necho 'written elsewhere' >> \"$1\"\n")
        .unwrap();
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = portable_pty::CommandBuilder::new("sh");
    command.args(["-c", "EDITOR=\"$HOME/editor.sh\" exec \"$0\" \"$@\""]);
    command.arg(crate::common::program());
    command.args(caseload.on(&["--passphrase-file", caseload.pass().to_str().unwrap()]));
    let mut screen = Terminal::spawn(&caseload, 120, 40, command);
    screen.wait("Ana");
    screen.keys("n");
    screen.wait("Add note");
    screen.keys("begun here. ");
    screen.keys("\x05");
    // It says first that the text leaves the encrypted file.
    screen.wait("leaves the encrypted file");
    screen.keys(ENTER);
    screen.wait("written elsewhere");
    screen.keys(CTRL_S);
    screen.wait("Saved: add note");
    screen.keys("q");
    assert!(screen.ends());
    let body = caseload.json(&["show", "Ana"])["notes"][0]["body"].as_str().unwrap().to_string();
    assert!(body.contains("begun here.") && body.contains("written elsewhere"), "{body}");
    let place = std::fs::read_to_string(caseload.folder.path().join("where")).unwrap();
    assert!(!std::path::Path::new(&place).exists(), "{place} was left behind");
}

#[cfg(target_os = "linux")]
#[test]
fn a_minute_of_rest_writes_nothing_and_wakes_for_the_clock_alone() {
    let caseload = four();
    let screen = unlocked(&caseload, (120, 40), &[]);
    screen.wait("Ana");
    std::thread::sleep(std::time::Duration::from_secs(3));
    let id = screen.child.process_id().unwrap();
    let wakes = || -> u64 {
        std::fs::read_dir(format!("/proc/{id}/task"))
            .unwrap()
            .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("status")).ok())
            .flat_map(|status| status.lines().map(String::from).collect::<Vec<_>>())
            .filter_map(|line| line.strip_prefix("voluntary_ctxt_switches:")?.trim().parse::<u64>().ok())
            .sum()
    };
    let written = || {
        let io = std::fs::read_to_string(format!("/proc/{id}/io")).unwrap();
        io.lines().find_map(|line| line.strip_prefix("wchar: ")?.parse::<u64>().ok()).unwrap()
    };
    // What was written is folded into the file when hands rest: once.
    let wal = caseload.file().with_extension("db-wal");
    let folded = || std::fs::metadata(&wal).map_or(0, |wal| wal.len()) == 0;
    for _ in 0..120 {
        if folded() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    assert!(folded(), "a minute of rest folds what was written");
    let before = (wakes(), written(), screen.raw.lock().unwrap().len());
    std::thread::sleep(std::time::Duration::from_secs(61));
    let after = (wakes(), written(), screen.raw.lock().unwrap().len());
    assert!(after.0 - before.0 <= 8, "{} wake-ups in a minute", after.0 - before.0);
    assert_eq!((after.1, after.2), (before.1, before.2), "bytes written, and bytes to the terminal");
}
