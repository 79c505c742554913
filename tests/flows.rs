//! From one thing to the next, by what the screen asks: fields, a kept visit and its contact, a missed one and its next.

use crate::common::Caseload;
use crate::common::terminal::{CTRL_S, ENTER, ESC, TAB, Terminal};

const TODAY: &str = "2026-11-26";

fn at(caseload: &Caseload, (columns, rows): (u16, u16)) -> Terminal {
    let pass = caseload.pass();
    Terminal::start(caseload, columns, rows, &["--passphrase-file", pass.to_str().unwrap(), "--today", TODAY])
}

fn leave(mut screen: Terminal) {
    screen.keys("q");
    assert!(screen.ends());
}

/// An appointment of a new client, with everything that can be filled in.
fn visit(caseload: &Caseload, starts: &str) -> String {
    let client = caseload.client(&["given_name=Paula", "family_name=Young"]);
    caseload.run(&[
        "--today",
        TODAY,
        "add",
        "appointment",
        &format!("client={client}"),
        "title=home visit",
        &format!("starts={starts}"),
        "minutes=45",
        "place=12 Elm St",
        "with=her sister",
        "transport=arranged",
        "interpreter=needed",
    ]);
    client
}

#[test]
fn enter_goes_to_the_next_field_and_saves_in_the_last_and_ctrl_s_saves_from_anywhere() {
    let caseload = Caseload::new();
    let mut screen = at(&caseload, (80, 24));
    screen.wait("Press i for an intake");
    screen.keys("i");
    screen.wait("Add client");
    // Nobody without a name, whatever else is said of them.
    screen.keys(&ENTER.repeat(3));
    screen.wait("> Pronouns");
    screen.keys("they/them");
    screen.keys(CTRL_S);
    screen.wait("fill in a first name, a last name, or what they go by");
    screen.wait("> First name");
    screen.keys("Paula");
    screen.keys(ENTER);
    screen.wait("> Last name");
    screen.keys(CTRL_S);
    screen.wait("Saved: add client");
    // A task: Enter through its fields; what is wrong keeps one where it is; the last one saves.
    screen.keys("t");
    screen.wait("Add task");
    screen.keys("call the school");
    screen.keys(ENTER);
    screen.keys("31 june");
    screen.keys(ENTER);
    screen.wait("there is no 31 June: it has 30 days");
    screen.wait("> Due");
    screen.keys("\x15fri");
    screen.wait("Fri 27 Nov 2026");
    screen.keys(ENTER);
    screen.wait("> Status");
    screen.keys(CTRL_S);
    screen.wait("Saved: add task");
    leave(screen);
    let show = caseload.json(&["show", "Paula"]);
    assert_eq!((&show["tasks"][0]["due"], &show["client"]["pronouns"]), (&"2026-11-27".into(), &"they/them".into()));
    let refused = caseload.refused(&["add", "client", "pronouns=they/them"]);
    assert!(refused.contains("Name: is missing"), "{refused}");
    let refused = caseload.refused(&["set", show["client"]["id"].as_str().unwrap(), "given_name="]);
    assert!(refused.contains("Name: is missing"), "{refused}");
}

#[test]
fn a_kept_visit_leads_into_its_contact_with_what_is_known_of_it() {
    for size in [(80, 24), (120, 40)] {
        let caseload = Caseload::new();
        visit(&caseload, "2026-11-25 15:30");
        let mut screen = at(&caseload, size);
        screen.wait("Paula");
        screen.keys("4");
        screen.wait("? kept");
        screen.wait("1 over");
        screen.keys("m");
        screen.wait("No-show");
        screen.keys("k");
        screen.wait("Kept: home visit");
        screen.wait("Log contact: Paula");
        screen.wait("Wed 25 Nov 2026 15:30");
        screen.wait("Face to face");
        screen.keys("flat is clean, kids at school");
        screen.keys(CTRL_S);
        screen.wait("Saved: log contact");
        leave(screen);
        let show = caseload.json(&["show", "Paula"]);
        let note = &show["notes"][0];
        assert_eq!(note["when"], "2026-11-25T15:30:00-05:00");
        assert_eq!((&note["kind"], &note["minutes"]), (&"face-to-face".into(), &45.into()));
        assert_eq!((&note["place"], &note["present"]), (&"12 Elm St".into(), &"her sister".into()));
        assert_eq!(show["appointments"][0]["status"], "kept");
    }
}

#[test]
fn esc_leaves_the_visit_kept_and_no_contact_is_made_up() {
    let caseload = Caseload::new();
    visit(&caseload, "2026-11-25 15:30");
    let mut screen = at(&caseload, (80, 24));
    screen.wait("Paula");
    screen.keys("4");
    screen.wait("? kept");
    screen.keys("m");
    screen.wait("No-show");
    screen.keys("k");
    screen.wait("Log contact: Paula");
    screen.keys(ESC);
    screen.gone("Log contact: Paula");
    leave(screen);
    let show = caseload.json(&["show", "Paula"]);
    assert_eq!(show["appointments"][0]["status"], "kept");
    assert_eq!(show["notes"].as_array().map_or(0, Vec::len), 0);
}

#[test]
fn a_missed_visit_is_booked_again_with_everything_but_the_day() {
    for size in [(60, 20), (80, 24)] {
        let caseload = Caseload::new();
        visit(&caseload, "2026-11-25 15:30");
        let mut screen = at(&caseload, size);
        screen.wait("Paula");
        screen.keys("4");
        screen.wait("? kept");
        screen.keys("m");
        screen.wait("No-show");
        screen.keys("n");
        screen.wait("Book again: home visit");
        screen.wait("Elm St");
        screen.keys("tues 3:30");
        // Weekday, day and hour, at any size.
        screen.wait("= Tue 1 Dec");
        screen.wait("15:30");
        screen.keys(ENTER);
        screen.wait("Saved: book again");
        leave(screen);
        let show = caseload.json(&["show", "Paula"]);
        let all = show["appointments"].as_array().unwrap();
        let of = |status: &str| all.iter().find(|visit| visit["status"] == status).unwrap();
        let again = of("planned");
        assert_eq!(of("no-show")["starts"], "2026-11-25T15:30:00-05:00");
        assert_eq!(again["starts"], "2026-12-01T15:30:00-05:00");
        for (field, value) in [("title", "home visit"), ("place", "12 Elm St"), ("with", "her sister")] {
            assert_eq!(again[field], value);
        }
        assert_eq!(again["minutes"], 45);
        // The ride of the old day does not come on the new one.
        assert_eq!((&again["transport"], &again["interpreter"]), (&"needed".into(), &"needed".into()));
    }
}

#[test]
fn a_contact_that_is_typed_looks_back_and_its_hour_is_seen() {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Paula"]);
    for size in [(60, 20), (80, 24)] {
        let mut screen = at(&caseload, size);
        screen.wait("Paula");
        screen.keys("l");
        screen.wait("Log contact");
        screen.keys("\x1b[Z");
        screen.wait(">*When");
        screen.keys("\x15mon 2pm");
        screen.wait("= Mon 23 Nov");
        screen.wait("14:00");
        screen.keys(TAB);
        screen.keys(ESC);
        screen.wait("Leave without saving?");
        screen.keys("d");
        screen.gone("Log contact");
        leave(screen);
    }
}

#[test]
fn a_visit_of_the_31st_that_comes_again_monthly_asks_what_short_months_do() {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Paula"]);
    let mut screen = at(&caseload, (80, 24));
    screen.wait("Paula");
    screen.keys("a");
    screen.wait("Add appointment");
    screen.keys("rent");
    screen.keys(ENTER);
    screen.keys("12/31 9:00");
    screen.wait("Thu 31 Dec");
    // Up from the last fields to how often it comes again.
    screen.keys(&"\x1b[Z".repeat(5));
    screen.wait("> Comes again");
    screen.keys("monthly 4 times");
    screen.keys(CTRL_S);
    screen.wait("Months without a 31st: Feb, Apr.");
    screen.keys("l");
    screen.wait("Saved: add appointment");
    leave(screen);
    let show = caseload.json(&["show", "Paula"]);
    let mut starts: Vec<&str> =
        show["appointments"].as_array().unwrap().iter().map(|one| &one["starts"].as_str().unwrap()[..10]).collect();
    starts.sort_unstable();
    assert_eq!(starts, ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]);
}
