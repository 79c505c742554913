//! Stories at a real terminal, at two sizes: what a person types, and what they see.

use crate::common::terminal::{CTRL_S, DOWN, ENTER, ESC, TAB, Terminal};
use crate::common::{Caseload, PASSPHRASE, fixture};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

fn unlocked(caseload: &Caseload, (columns, rows): (u16, u16), args: &[&str]) -> Terminal {
    let pass = caseload.pass();
    let args = [&["--passphrase-file", pass.to_str().unwrap()], args].concat();
    Terminal::start(caseload, columns, rows, &args)
}

#[test]
fn the_first_day_from_an_empty_screen() {
    for (columns, rows) in SIZES {
        let caseload = Caseload::none();
        let mut screen = Terminal::start(&caseload, columns, rows, &["--today", "2022-09-30"]);
        // First run: a name, a practice, a passphrase twice.
        screen.wait("Welcome to caseload");
        screen.wait("F2 looks around first");
        screen.keys("Rosa Ortiz");
        screen.keys(ENTER);
        screen.keys(ENTER);
        screen.keys("short");
        screen.keys(ENTER);
        screen.wait("would fall in minutes");
        screen.keys(ENTER);
        screen.wait("needs at least 8 characters");
        screen.keys(&"\x7f".repeat(5));
        screen.keys(PASSPHRASE);
        screen.wait("This passphrase is strong");
        screen.keys(ENTER);
        screen.keys("something else");
        screen.keys(ENTER);
        screen.wait("not the same");
        screen.keys(PASSPHRASE);
        screen.keys(ENTER);
        screen.wait("AGE-SECRET-KEY-1");
        screen.keys(ENTER);
        screen.keys("yes");
        screen.keys(ENTER);
        screen.wait("No clients yet");
        screen.gone("AGE-SECRET-KEY-1");

        // Import, by the command's name.
        screen.keys(":import");
        screen.wait("HMIS");
        screen.keys(ENTER);
        screen.wait("The folder of an HMIS CSV export");
        screen.keys("/nowhere");
        screen.keys(ENTER);
        screen.wait("Cannot read /nowhere");
        screen.keys(&"\x7f".repeat(8));
        screen.keys(&fixture("hmis"));
        screen.keys(ENTER);
        screen.wait("Clients: 4 new");
        screen.wait("Client.csv line 6");
        screen.keys(ESC);

        // Triage: who comes first, and why.
        screen.wait("Ada Quill");
        screen.keys("/ada");
        screen.wait("match \"ada\"");
        screen.gone("Stone");
        screen.keys(ENTER);
        screen.keys(ENTER);
        screen.wait("SAFE CONTACT");
        screen.wait("WHY NOW");
        screen.wait("annual assessment due by 19 Nov");

        // Log a contact.
        screen.keys("l");
        screen.wait("Log contact: Ada Quill");
        screen.keys(TAB);
        screen.keys("18m");
        screen.keys(TAB);
        screen.keys("Talked about the room at Bridge House");
        screen.keys(CTRL_S);
        screen.wait("Saved: log contact");
        screen.wait("LAST  phone today");

        // Take it back, and do it again.
        screen.keys("u");
        screen.wait("Undone: log contact");
        screen.wait("10 Sep");
        screen.keys("U");
        screen.wait("Done again: log contact");
        screen.wait("LAST  phone today");

        // Lock: no name is left on the screen. A wrong passphrase says so and waits.
        screen.keys("L");
        screen.wait("caseload is locked");
        screen.gone("Quill");
        screen.gone("Bridge House");
        screen.keys("wrong");
        screen.keys(ENTER);
        screen.wait("does not open this caseload");
        screen.wait("Wait 1 second");
        screen.keys("typed too soon");
        screen.keys(ENTER);
        screen.gone("Wait 1 second");
        screen.keys("wrong again");
        screen.keys(ENTER);
        screen.wait("Wait 2 seconds");
        screen.gone("Wait");
        screen.keys(PASSPHRASE);
        screen.keys(ENTER);
        screen.wait("Quill");
        screen.keys("q");
        assert!(screen.ends());
        assert!(!screen.taken(), "the terminal is given back");

        // Everything is as it was left.
        let show = caseload.json(&["show", "hmis:101"]);
        assert_eq!(show["notes"][0]["body"], "Talked about the room at Bridge House");
        assert_eq!(show["notes"][0]["minutes"], 18);
        assert_eq!(caseload.json(&["check"])["ok"], true);
    }
}

#[test]
fn a_day_of_work_with_the_keys_the_screen_shows() {
    for size in SIZES {
        let caseload = Caseload::new();
        let on = ["--today", "2026-11-24"];
        let mut screen = unlocked(&caseload, size, &on);
        screen.wait("Press i for an intake");
        screen.keys("i");
        screen.wait("Add client");
        screen.keys("Maria");
        screen.keys(TAB);
        screen.keys("Delgado");
        screen.keys(CTRL_S);
        screen.wait("Saved: add client");
        screen.wait("Maria Delgado");
        screen.keys("P");
        screen.wait("An empty plan");
        screen.keys("e");
        screen.wait("Add plan");
        screen.keys(CTRL_S);
        screen.wait("Saved: add plan");
        screen.keys("g");
        screen.wait("Add goal");
        screen.keys("A door that locks");
        screen.keys(CTRL_S);
        screen.wait("Saved: add goal");
        screen.keys("3");
        screen.wait("A door that locks");
        screen.keys("s");
        screen.wait("Add step");
        screen.keys("ask the bank");
        screen.keys(TAB);
        screen.keys(TAB);
        screen.keys("fri");
        screen.wait("Fri 27 Nov 2026");
        screen.keys(CTRL_S);
        screen.wait("Saved: add step");
        screen.wait("> ask the bank");
        screen.keys(DOWN);
        screen.keys("d");
        screen.wait("Done: ask the bank");
        screen.wait("x ask the bank");
        screen.keys("p");
        screen.wait("Goal progress");
        screen.keys("\x15160");
        screen.keys(ENTER);
        screen.wait("must be from 0 to 100");
        screen.keys("\x1560");
        screen.keys(CTRL_S);
        screen.wait("60%");
        // An appointment today: it is missed, and someone has to follow up.
        screen.keys("a");
        screen.wait("Add appointment");
        screen.keys("home visit");
        screen.keys(TAB);
        screen.keys("yesterday 9:00");
        screen.wait("Mon 23 Nov 2026 09:00");
        screen.keys(CTRL_S);
        screen.wait("Saved: add appointment");
        screen.keys("4");
        screen.wait("? kept");
        screen.keys("m");
        screen.wait("No-show");
        screen.keys("n");
        screen.wait("No-show: home visit");
        screen.wait("Book again: home visit");
        screen.keys(ESC);
        screen.gone("Book again");
        screen.keys("2");
        screen.wait("missed home visit (yesterday), not reached since");
        screen.keys("z");
        screen.wait("Put off");
        screen.keys(ESC);
        screen.keys("c");
        screen.wait("Crisis: ");
        screen.keys("h");
        screen.wait("LOSS OF HOUSING");
        screen.keys("w");
        screen.wait("What is happening: Enter saves");
        screen.keys("locked out since this morning");
        screen.keys(ENTER);
        screen.wait("Written down");
        screen.keys(ESC);
        screen.wait("IN CRISIS: Loss of housing");
        screen.wait("1 IN CRISIS");
        // A crisis cannot be put off.
        screen.keys("z");
        screen.wait("Put off: Loss of housing");
        screen.keys(TAB);
        screen.keys("busy");
        screen.keys(CTRL_S);
        screen.wait("cannot wait");
        screen.keys(ESC);
        screen.wait("Leave without saving?");
        screen.keys("d");
        screen.gone("Put off:");
        screen.keys("f");
        screen.wait("Find in notes");
        screen.keys("the ban");
        screen.wait("ask the bank");
        screen.keys(ESC);
        screen.keys("h");
        screen.wait("History of this client");
        screen.wait("Rosa Ortiz");
        screen.keys(ESC);
        screen.keys("?");
        screen.wait("Write down a call");
        screen.keys(ESC);
        screen.keys("q");
        assert!(screen.ends());
        let show = caseload.json(&["show", "Maria"]);
        assert_eq!((&show["goals"][0]["progress"], &show["steps"][0]["status"]), (&60.into(), &"done".into()));
        assert_eq!(show["appointments"][0]["status"], "no-show");
    }
}

#[test]
fn the_demo_shows_four_panes_and_keeps_nothing() {
    let caseload = Caseload::none();
    let mut screen = Terminal::start(&caseload, 120, 40, &["demo"]);
    for pane in ["1 Caseload", "2 Client", "3 Goals", "4 Appointments", "WHY NOW", "DEMO"] {
        screen.wait(pane);
    }
    screen.keys("u");
    screen.wait("There is nothing to undo");
    screen.keys("L");
    screen.wait("This is the demo");
    screen.keys(ENTER);
    screen.wait("WHY NOW");
    screen.keys("q");
    assert!(screen.ends());
    assert!(!caseload.file().exists());
}

#[test]
fn sizes_from_tiny_to_wide_and_back_with_a_form_open() {
    let caseload = Caseload::none();
    let mut screen = Terminal::start(&caseload, 120, 40, &["demo", "--today", "2026-11-24"]);
    screen.wait("WHY NOW");
    screen.keys("t");
    screen.wait("Add task");
    screen.keys("call the school");
    for (columns, rows) in [(60, 20), (200, 60), (80, 24)] {
        screen.resize(columns, rows);
        screen.wait("call the school");
    }
    screen.resize(40, 10);
    screen.wait("too small");
    screen.resize(100, 30);
    screen.wait("call the school");
    screen.keys(CTRL_S);
    screen.wait("Saved: add task");
    screen.keys("q");
    assert!(screen.ends());
}

#[test]
fn hostile_names_reach_the_terminal_disarmed_and_keep_the_columns() {
    let caseload = Caseload::new();
    let long = "y".repeat(10_000);
    for name in ["Eve\x1b]0;owned\x07\x1b[2J", "\u{202e}egdiM", "李小龍", &long, "\u{9b}31mRed"] {
        caseload.client(&[&format!("given_name={name}"), "crisis=\x1b[31mnow"]);
    }
    for (columns, rows) in SIZES {
        let mut screen = unlocked(&caseload, (columns, rows), &[]);
        screen.wait("李小龍");
        for _ in 0..5 {
            screen.keys(DOWN);
        }
        screen.keys(ENTER);
        screen.wait("IN CRISIS");
        screen.keys("h");
        screen.wait("History");
        screen.keys(ESC);
        screen.keys("q");
        assert!(screen.ends());
        let raw = String::from_utf8_lossy(&screen.raw.lock().unwrap()).into_owned();
        for bad in ["owned\x07", "\x1b]0;", "\x1b[2J\x1b", "\u{202e}", "\u{9b}"] {
            assert!(!raw.contains(bad), "{bad:?} reached the terminal");
        }
    }
    // Every line of the list ends at the same column: the border stands straight.
    let mut screen = unlocked(&caseload, (120, 40), &[]);
    screen.wait("李小龍");
    let text = screen.text();
    let border = |line: &str| line.chars().position(|c| c == '│' || c == '┃').is_some();
    assert!(text.lines().skip(2).take(6).all(border), "{text}");
    screen.keys("q");
    assert!(screen.ends());
}

#[cfg(unix)]
fn signal(screen: &Terminal, name: &str) {
    let id = screen.child.process_id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args([name, &id]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn the_terminal_is_given_back_on_suspend_and_on_signals() {
    let caseload = Caseload::none();
    let mut screen = Terminal::start(&caseload, 80, 24, &["demo"]);
    screen.wait("Caseload");
    for way in ["key", "-TSTP"] {
        assert!(screen.taken());
        if way == "key" {
            screen.keys("\x1a")
        } else {
            signal(&screen, way)
        }
        let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while screen.taken() {
            assert!(std::time::Instant::now() < end, "{way}: the terminal was not given back");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        signal(&screen, "-CONT");
        let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !screen.taken() {
            assert!(std::time::Instant::now() < end, "{way}: it did not come back");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        screen.wait("Caseload");
    }
    signal(&screen, "-TERM");
    screen.ends();
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert!(!screen.taken());
}

#[test]
fn a_draft_survives_the_terminal_going_away() {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana"]);
    let mut screen = unlocked(&caseload, (80, 24), &[]);
    screen.wait("Ana");
    screen.keys("n");
    screen.wait("Add note");
    screen.keys("half a thought");
    screen.wait("half a thought");
    #[cfg(unix)]
    signal(&screen, "-HUP");
    screen.ends();
    let mut screen = unlocked(&caseload, (80, 24), &[]);
    screen.wait("half a thought");
    screen.wait("Your unfinished form is back");
    screen.keys(CTRL_S);
    screen.wait("Saved: add note");
    screen.keys("q");
    assert!(screen.ends());
    assert_eq!(caseload.json(&["show", "Ana"])["notes"][0]["body"], "Data:\nhalf a thought\nAssessment:\n\nPlan:");
}

#[cfg(unix)]
#[test]
fn on_a_full_disk_the_form_stays() {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana"]);
    let mut shell = portable_pty::CommandBuilder::new("sh");
    shell.args(["-c", "ulimit -f 200; exec \"$0\" \"$@\""]);
    shell.arg(crate::common::program());
    shell.args(caseload.on(&["--passphrase-file", caseload.pass().to_str().unwrap()]));
    let mut screen = Terminal::spawn(&caseload, 120, 40, shell);
    screen.wait("Ana");
    screen.keys("n");
    screen.wait("Add note");
    screen.keys(&format!("\x1b[200~the end of it {}\x1b[201~", "many words ".repeat(12_000)));
    screen.keys(CTRL_S);
    screen.wait("Not saved");
    screen.wait("Add note");
    screen.keys(ESC);
    screen.wait("Leave without saving?");
    screen.keys("b");
    screen.wait("Add note");
    screen.keys("\x03");
    let _ = screen.child.kill();
    assert_eq!(caseload.json(&["check"])["ok"], true);
}

#[test]
fn keys_cost_few_bytes() {
    let caseload = Caseload::none();
    let mut screen = Terminal::start(&caseload, 120, 40, &["demo", "--today", "2026-11-24"]);
    screen.wait("WHY NOW");
    std::thread::sleep(std::time::Duration::from_millis(200));
    let mut worst = 0;
    for _ in 0..30 {
        let before = screen.raw.lock().unwrap().len();
        screen.keys(DOWN);
        std::thread::sleep(std::time::Duration::from_millis(40));
        worst = worst.max(screen.raw.lock().unwrap().len() - before);
    }
    assert!(worst > 0 && worst <= 3072, "{worst} bytes for one key");
    screen.keys("q");
    assert!(screen.ends());
}
