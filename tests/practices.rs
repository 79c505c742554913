//! The four practices, each as a story from intake to closing at the real screen, with the triage list right on each of
//! its days; and an agency's own files.

use std::collections::BTreeSet;

use crate::common::Caseload;
use crate::common::terminal::{CTRL_S, DOWN, ENTER, ESC, TAB, Terminal};
use caseload::model::CATALOGUE;

const UP: &str = "\x1b[A";
const BACK_TAB: &str = "\x1b[Z";

/// The rules that speak about a client on a day, with the band they stand in: "today discharge-call".
#[track_caller]
fn says(caseload: &Caseload, day: &str, of: &[&str]) -> BTreeSet<String> {
    let list = caseload.json(&["triage", "--today", day]);
    let reasons = list.as_array().unwrap().iter().flat_map(|client| client["reasons"].as_array().unwrap());
    let rules = reasons.map(|reason| reason["rule"].as_str().unwrap().to_string());
    rules.filter(|rule| of.iter().any(|prefix| rule.starts_with(prefix))).collect()
}

/// Each day of a story, and all that the rules in question say on it.
#[track_caller]
fn days(caseload: &Caseload, of: &[&str], table: &[(&str, &[&str])]) {
    for (day, wanted) in table {
        let wanted: BTreeSet<String> = wanted.iter().map(|rule| (*rule).to_string()).collect();
        assert_eq!(says(caseload, day, of), wanted, "on {day}");
    }
}

fn band(caseload: &Caseload, day: &str) -> String {
    caseload.json(&["triage", "--today", day])[0]["band"].as_str().unwrap().to_string()
}

/// The screen on a day of the story, at the only client's page.
fn at(caseload: &Caseload, day: &str) -> Terminal {
    let pass = caseload.pass();
    let args = ["--passphrase-file", pass.to_str().unwrap(), "--today", day];
    // High and wide enough for the whole page.
    let mut screen = Terminal::start(caseload, 200, 90, &args);
    screen.wait("1 Caseload");
    screen.keys("2");
    screen
}

fn leave(mut screen: Terminal) {
    screen.keys("q");
    assert!(screen.ends());
}

/// An intake at the screen.
fn intake(caseload: &Caseload, day: &str, given: &str, family: &str) {
    let mut screen = at(caseload, day);
    screen.keys("1");
    screen.keys("i");
    screen.wait("Add client");
    screen.keys(given);
    screen.keys(TAB);
    screen.keys(family);
    screen.keys(CTRL_S);
    screen.wait("Saved: add client");
    leave(screen);
}

/// Opens the form for a new record by its name: from the list of everything that can be added.
fn open_new(screen: &mut Terminal, label: &str) {
    screen.keys("+");
    screen.wait("Add what?");
    let offered = CATALOGUE
        .iter()
        .filter(|record| !record.opens_stream() && !record.is_sealed() && !["snooze", "step"].contains(&record.name));
    let at = offered.map(|record| record.label).position(|known| known == label).expect("it can be added");
    screen.keys(&DOWN.repeat(at));
    screen.keys(ENTER);
    screen.wait(&format!("Add {}", label.to_lowercase()));
}

/// Fills in the form at hand, field by field from the top; `None` leaves one as it is.
fn fill(screen: &mut Terminal, fields: &[Option<&str>]) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            screen.keys(TAB);
        }
        if let Some(text) = field {
            screen.keys(text);
        }
    }
    screen.keys(CTRL_S);
    screen.wait("Saved: ");
}

/// Logs a contact of a kind by the keys; with who saw the client, the last field of the form.
fn log(screen: &mut Terminal, kind: &str, body: &str, by: Option<&str>) {
    screen.keys("l");
    screen.wait("Log contact");
    if let Some(by) = by {
        screen.keys(BACK_TAB);
        screen.keys(BACK_TAB);
        screen.keys(by);
        screen.keys(TAB);
        screen.keys(TAB);
    }
    screen.keys(kind);
    screen.keys(TAB);
    screen.keys("20m");
    screen.keys(TAB);
    screen.keys(body);
    screen.keys(CTRL_S);
    screen.wait("Saved: log contact");
}

/// Goes down the reasons of the page to one, and does what answers it.
fn answer(screen: &mut Terminal, reason: &str) {
    screen.wait(reason);
    screen.keys(&UP.repeat(30));
    let text = screen.text();
    // The pane on the left says the first reason too.
    let on_page = |line: &str| line.chars().skip(76).collect::<String>();
    let line = |wanted: &str| text.lines().position(|line| on_page(line).contains(wanted)).expect("it is on the page");
    screen.keys(&DOWN.repeat(line(reason) - line("WHY NOW") - 1));
    screen.keys(ENTER);
}

/// Closes the case at the screen. Something is open, so many things, and it is closed all the same, for a reason.
fn close(screen: &mut Terminal, open: &str, why: &str) {
    screen.keys(":close client");
    screen.keys(ENTER);
    all_the_same(screen, open, why);
}

/// Goes past what is open, and on to the closing.
fn all_the_same(screen: &mut Terminal, open: &str, why: &str) {
    screen.wait(open);
    screen.keys("c");
    screen.wait("Why is the case closed all the same?");
    screen.keys(why);
    screen.keys(ENTER);
    screen.wait("Close client: ");
    screen.keys(CTRL_S);
    screen.wait("Saved: close client");
}

fn caseload(area: &str) -> Caseload {
    let caseload = Caseload::none();
    caseload.run(&["init", "--worker", "Rosa Ortiz", "--area", area]);
    caseload
}

#[test]
fn healthcare_from_the_discharge_to_day_thirty_one() {
    let caseload = caseload("healthcare");
    intake(&caseload, "2026-11-23", "Maria", "Delgado");
    // Home on the day before Thanksgiving: the two business days are Friday and Monday.
    let mut screen = at(&caseload, "2026-11-25");
    open_new(&mut screen, "Hospital stay");
    fill(
        &mut screen,
        &[Some("Mercy General"), Some("hospital, medical"), Some("2026-11-20"), Some("today"), Some("high")],
    );
    screen.wait("day 0 of 30 since discharge");
    // The discharge plan: a template, with one arrangement that is not needed.
    screen.keys("P");
    screen.wait("Discharge home (healthcare)");
    screen.keys("1");
    screen.wait("Day of the discharge: today");
    screen.wait("[x] \"Stay out of the hospital\"");
    screen.keys("\x1b[A");
    screen.wait("follow-up visit booked");
    screen.keys(" ");
    screen.keys(ENTER);
    screen.wait("Plan made: 2 goals with 8 steps, 5 arrangements.");
    screen.wait("FOR THE DISCHARGE  0 of 5 in place");
    // One undo takes all of it back, one redo brings it again.
    screen.keys("u");
    screen.wait("Undone: plan from a template");
    screen.gone("FOR THE DISCHARGE");
    screen.keys("U");
    screen.wait("FOR THE DISCHARGE  0 of 5 in place");
    // What is in place is ticked off from its reason.
    answer(&mut screen, "for the discharge: equipment");
    screen.wait("Confirmed: equipment delivered and set up.");
    screen.wait("FOR THE DISCHARGE  1 of 5 in place");
    leave(screen);

    let mine = ["discharge", "readmission", "arrangement"];
    days(
        &caseload,
        &mine,
        &[
            ("2026-11-25", &["arrangement", "discharge-call", "discharge-visit-7", "readmission-window"]),
            ("2026-11-30", &["arrangement", "discharge-call", "discharge-visit-7", "readmission-window"]),
        ],
    );
    assert_eq!(band(&caseload, "2026-11-30"), "now");

    let mut screen = at(&caseload, "2026-11-30");
    screen.wait("2-business-day call due today");
    log(&mut screen, "phone", "No swelling, medicines in the box, nurse comes tomorrow", None);
    screen.gone("2-business-day call");
    // The visit that is owed is set, and is the follow-up by itself; with whom, it is told above what it tells besides.
    screen.keys("a");
    screen.wait("Add appointment");
    screen.keys(&BACK_TAB.repeat(3));
    screen.keys("physician");
    screen.keys(&TAB.repeat(3));
    fill(&mut screen, &[Some("Heart clinic"), Some("2 dec 2026 12:05am")]);
    for what in ["medication list compared", "warning signs and self-care", "way home", "first home health visit"] {
        answer(&mut screen, &format!("for the discharge: {what}"));
        screen.wait(&format!("Confirmed: {what}"));
    }
    screen.wait("FOR THE DISCHARGE  5 of 5 in place");
    leave(screen);
    let before: &[&str] = &["discharge-visit-7", "readmission-window"];
    days(&caseload, &mine, &[("2026-12-01", before), ("2026-12-02", before)]);

    // Our own visit at her home is none with a physician.
    let mut screen = at(&caseload, "2026-12-02");
    log(&mut screen, "face", "At her home, she weighs herself", Some("somebody"));
    screen.wait("within 7 days of the discharge");
    // Kept, it is the follow-up, and so is the contact that is written of it.
    screen.keys("m");
    screen.wait("Heart clinic");
    screen.keys("k");
    screen.wait("What was said?");
    screen.keys("Seen at the heart clinic with her");
    screen.keys(CTRL_S);
    screen.wait("Saved: log contact");
    screen.gone("within 7 days of the discharge");
    leave(screen);
    let show = caseload.json(&["show", "Maria"]);
    let (stay, notes) = (&show["stays"][0]["id"], show["notes"].as_array().unwrap());
    let written = notes.iter().find(|note| note["body"] == "Seen at the heart clinic with her").unwrap();
    assert_eq!((&written["follow_up"], &written["by"]), (stay, &"physician".into()));
    let window: &[&str] = &["readmission-window"];
    days(
        &caseload,
        &mine,
        &[("2026-12-07", window), ("2026-12-23", window), ("2026-12-25", window), ("2026-12-26", &[])],
    );
    let screen = at(&caseload, "2026-12-07");
    screen.wait("day 12 of 30 since discharge");
    leave(screen);
    let screen = at(&caseload, "2026-12-26");
    screen.wait("STAY  Mercy General");
    screen.gone("of 30 since discharge");
    leave(screen);
    // She fell on the day before, and that is not over: closing her case does not take it out of sight.
    let fall =
        ["add", "incident", "client=Maria", "kind=medical", "what=fell in the bathroom", "began=2026-12-25 20:00"];
    let fall = caseload.json(&[&fall[..], &["--today", "2026-12-26"]].concat())["id"].as_str().unwrap().to_string();
    let mut screen = at(&caseload, "2026-12-26");
    close(&mut screen, "things are open", "thirty days at home");
    leave(screen);
    let left = caseload.json(&["triage", "--today", "2026-12-27"]);
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
    assert_eq!((&left[0]["name"], &left[0]["closed"]), (&"Maria Delgado".into(), &true.into()));
    assert_eq!(left[0]["reasons"][0]["rule"], "incident-open");
    assert_eq!(left[0]["band"], "now");
    caseload.run(&["set", &fall, "resolved=2026-12-27 09:00", "debriefed=2026-12-27", "--today", "2026-12-28"]);
    assert!(says(&caseload, "2026-12-28", &[""]).is_empty());

    // Had she come back on the thirtieth day, it would have been a readmission; told by the stay itself.
    let add = |admitted: &str| {
        let admitted = format!("admitted={admitted}");
        caseload.json(&["add", "stay", "client=Maria", "hospital=Mercy General", "kind=medical", &admitted])
    };
    assert_eq!(add("2026-12-25")["readmission"], true);
    assert_eq!(add("2027-02-25")["readmission"], serde_json::Value::Null);
}

#[test]
fn mental_health_from_a_psychiatric_discharge_to_stable() {
    let caseload = caseload("mental-health");
    intake(&caseload, "2026-12-21", "Tom", "Beckett");
    let mut screen = at(&caseload, "2026-12-28");
    open_new(&mut screen, "Hospital stay");
    fill(&mut screen, &[Some("River Psychiatric"), Some("hospital, psych"), Some("2026-12-14"), Some("today")]);
    screen.keys("P");
    screen.wait("After a psychiatric stay");
    screen.keys("2");
    screen.wait("Day of the discharge: today");
    screen.keys(ENTER);
    screen.wait("4 arrangements");
    // Seen on the ward on the day of the discharge: that does not count as a follow-up.
    log(&mut screen, "face", "Walked him home from the ward", Some("mental"));
    screen.wait("within 7 days of the psychiatric discharge");
    leave(screen);
    let mine = ["psychiatric", "discharge-call"];
    days(
        &caseload,
        &mine,
        &[
            ("2026-12-28", &["discharge-call", "psychiatric-7"]),
            ("2027-01-04", &["discharge-call", "psychiatric-7"]),
            // What was missed stays.
            ("2027-01-05", &["discharge-call", "psychiatric-30", "psychiatric-7"]),
        ],
    );
    assert_eq!(band(&caseload, "2027-01-03"), "now");
    // A talk with somebody else answers the call, not the follow-up.
    let mut screen = at(&caseload, "2026-12-29");
    log(&mut screen, "phone", "He is home and has eaten", None);
    screen.gone("2-business-day call");
    screen.wait("within 7 days of the psychiatric discharge");
    leave(screen);
    days(&caseload, &mine, &[("2026-12-29", &["psychiatric-7"]), ("2027-01-05", &["psychiatric-30", "psychiatric-7"])]);
    let mut screen = at(&caseload, "2026-12-30");
    log(&mut screen, "video", "Slept five hours; the sister has the pills", Some("mental"));
    screen.gone("psychiatric discharge");
    leave(screen);
    days(&caseload, &mine, &[("2026-12-30", &[]), ("2027-01-05", &[]), ("2027-01-27", &[])]);

    // Coping as a goal from the library, found by typing, and taken over with its steps.
    let mut screen = at(&caseload, "2027-01-05");
    screen.keys("g");
    screen.wait("Add goal");
    screen.keys("calm");
    screen.wait("\"Calm down before I blow up\"");
    screen.keys("\x0e");
    screen.wait("with 3 steps");
    screen.keys(CTRL_S);
    screen.wait("Saved: add goal");
    screen.keys("3");
    screen.wait("\"Calm down before I blow up\"");
    screen.wait("find three things that have helped");
    screen.keys("2");
    // A service elsewhere, to be looked in on.
    open_new(&mut screen, "Linked service");
    fill(&mut screen, &[Some("psychiatry"), Some("River Mental Health"), None, None, None, None, None, Some("12 jan")]);
    screen.wait("SERVICE  psychiatry, River Mental Health");
    leave(screen);
    days(
        &caseload,
        &["service"],
        &[("2027-01-04", &[]), ("2027-01-05", &["service-look-in"]), ("2027-01-12", &["service-look-in"])],
    );
    // Looked in: the reason opens the record, and the next day is typed there.
    let mut screen = at(&caseload, "2027-01-12");
    answer(&mut screen, "look in again: psychiatry");
    screen.wait("Edit linked service");
    for _ in 0..7 {
        screen.keys(TAB);
    }
    screen.keys("\x1512 apr");
    screen.keys(CTRL_S);
    screen.wait("Saved: edit linked service");
    screen.gone("look in again");
    leave(screen);
    days(&caseload, &["service"], &[("2027-01-13", &[]), ("2027-04-05", &["service-look-in"])]);
    let mut screen = at(&caseload, "2027-04-14");
    close(&mut screen, "open", "steady for three months");
    leave(screen);
    assert!(says(&caseload, "2027-04-15", &[""]).is_empty());
}

#[test]
fn social_work_from_an_eviction_to_housed() {
    let caseload = caseload("social-work");
    intake(&caseload, "2026-11-24", "Aisha", "Grant");
    let mut screen = at(&caseload, "2026-11-24");
    open_new(&mut screen, "Housing episode");
    let notice = [Some("rental"), Some("Dock St 9"), Some("3 mar 2025"), None, Some("Harbor Properties"), None];
    let fields: Vec<Option<&str>> = notice.into_iter().chain([Some("23 nov 2026")]).collect();
    fill(&mut screen, &fields);
    screen.wait("notice to leave dated yesterday");
    // A need that cannot be met, with what stands in the way; and one that she does not want anything done about.
    screen.keys("w");
    screen.wait("Add need");
    fill(
        &mut screen,
        &[Some("housing"), Some("three rooms near the school"), None, Some("cannot"), None, None, Some("no place")],
    );
    screen.keys("w");
    screen.wait("Add need");
    fill(&mut screen, &[Some("food"), Some("food pantry"), None, Some("client chose")]);
    screen.wait("food pantry: client chose not to");
    screen.keys(":unmet needs");
    screen.keys(ENTER);
    screen.wait("No place free, waiting list");
    screen.keys(ESC);
    leave(screen);
    let unmet = caseload.json(&["unmet"]);
    assert_eq!(unmet, serde_json::json!([{"domain": "housing", "barrier": "no-place", "needs": 1, "clients": 1}]));

    let home = ["notice", "must-leave", "lease", "snap"];
    let told: &[&str] = &["notice-to-leave"];
    days(&caseload, &home, &[("2026-11-24", told), ("2026-11-27", told)]);
    assert_eq!(band(&caseload, "2026-11-24"), "now");
    // Legal aid says by when: the reason opens the record.
    let mut screen = at(&caseload, "2026-11-25");
    answer(&mut screen, "notice to leave dated");
    screen.wait("Edit housing episode");
    screen.keys("15 jan 2027");
    screen.keys(CTRL_S);
    screen.wait("Saved: edit housing episode");
    screen.wait("must be out by 15 Jan 2027 (51 days left)");
    screen.keys("P");
    screen.wait("Eviction and housing (social work)");
    screen.keys("1");
    screen.wait("\"Not be put out on the street\"");
    screen.keys(ENTER);
    screen.wait("Plan made: 2 goals with 9 steps.");
    open_new(&mut screen, "Benefit");
    fill(&mut screen, &[Some("SNAP"), Some("applied"), Some("today")]);
    leave(screen);
    days(
        &caseload,
        &home,
        &[
            ("2026-11-25", &[]),
            ("2026-12-15", &[]),
            ("2026-12-16", &["must-leave"]),
            ("2026-12-20", &["must-leave", "snap-decision"]),
            ("2026-12-25", &["must-leave", "snap-decision"]),
            ("2027-01-12", &["must-leave", "snap-decision"]),
        ],
    );
    assert_eq!(band(&caseload, "2027-01-12"), "now");

    // A voucher came through: the old home ends, the new one begins.
    let mut screen = at(&caseload, "2027-01-12");
    answer(&mut screen, "must be out of the home by");
    screen.wait("Edit housing episode");
    screen.keys("\x1b[B\x1b[B\x1b[B");
    screen.keys("today");
    screen.keys(CTRL_S);
    screen.wait("Saved: edit housing episode");
    open_new(&mut screen, "Housing episode");
    fill(
        &mut screen,
        &[Some("rental with"), Some("Birch Ave 88"), None, None, None, None, None, None, Some("31 dec 2027")],
    );
    screen.wait("HOME  Rental with a subsidy, Birch Ave 88");
    answer(&mut screen, "SNAP: applied");
    screen.wait("Edit benefit");
    screen.keys(TAB);
    screen.keys("active");
    screen.keys(CTRL_S);
    screen.wait("Saved: edit benefit");
    leave(screen);
    days(&caseload, &home, &[("2027-01-13", &[]), ("2027-10-31", &[]), ("2027-11-01", &["lease-ends"])]);
    // One benefit is denied; another that she has is to be cut, which whoever asks in time keeps meanwhile.
    let mut screen = at(&caseload, "2027-01-13");
    open_new(&mut screen, "Benefit");
    fill(&mut screen, &[Some("rent help"), Some("denied"), Some("1 dec 2026"), None, None, Some("8 jan 2027")]);
    open_new(&mut screen, "Benefit");
    let cut = [Some("Medicaid"), Some("cut"), None, None, None, Some("8 jan 2027")];
    let effect = [None, None, None, Some("20 jan 2027")];
    fill(&mut screen, &[&cut[..], &effect].concat());
    leave(screen);
    let lost = ["appeal", "keep"];
    let (denied, until): (&[&str], &[&str]) =
        (&["appeal-other"], &["appeal-medicaid", "appeal-other", "keep-medicaid"]);
    days(&caseload, &lost, &[("2027-01-13", until), ("2027-01-19", until), ("2027-01-20", until)]);
    let mut screen = at(&caseload, "2027-01-14");
    answer(&mut screen, "Medicaid is cut");
    screen.wait("Edit benefit");
    screen.keys("today");
    screen.keys(CTRL_S);
    screen.wait("Saved: edit benefit");
    screen.gone("Medicaid is cut");
    leave(screen);
    days(&caseload, &lost, &[("2027-01-14", denied)]);
    let mut screen = at(&caseload, "2027-01-15");
    answer(&mut screen, "look for the last day of an appeal");
    screen.wait("Edit benefit");
    screen.keys("today");
    screen.keys(CTRL_S);
    screen.wait("Saved: edit benefit");
    screen.gone("look for the last day of an appeal");
    leave(screen);
    days(&caseload, &lost, &[("2027-01-15", &[])]);
    let mut screen = at(&caseload, "2027-01-20");
    close(&mut screen, "open", "housed");
    leave(screen);
    assert!(says(&caseload, "2027-11-02", &[""]).is_empty());
    assert_eq!(caseload.json(&["unmet"]), serde_json::json!([]), "only open clients are counted");
}

#[test]
fn vocational_rehabilitation_from_the_application_to_ninety_days_employed() {
    let caseload = caseload("vocational");
    intake(&caseload, "2027-10-01", "Lee", "Wong");
    let mut screen = at(&caseload, "2027-10-01");
    open_new(&mut screen, "Vocational case");
    fill(&mut screen, &[None]);
    screen.wait("VOCATION  applied today, eligibility due 30 Nov");
    leave(screen);
    let mine = ["vr-", "retention"];
    days(
        &caseload,
        &mine,
        &[("2027-10-30", &[]), ("2027-10-31", &["vr-eligibility"]), ("2027-11-30", &["vr-eligibility"])],
    );
    // Care, however late: nobody's life or home hangs on it.
    assert_eq!((band(&caseload, "2027-11-30"), band(&caseload, "2027-12-15")), ("today".into(), "today".into()));
    // The record opens in the field that answers.
    let mut screen = at(&caseload, "2027-11-15");
    answer(&mut screen, "eligibility to be decided by");
    screen.wait("Edit vocational case");
    screen.keys("today");
    screen.keys(CTRL_S);
    screen.wait("VOCATION  eligible today, IPE due 13 Feb 2028");
    leave(screen);
    days(&caseload, &mine, &[("2027-12-29", &[]), ("2027-12-30", &["vr-ipe"]), ("2028-02-13", &["vr-ipe"])]);
    let mut screen = at(&caseload, "2028-01-10");
    screen.keys("P");
    screen.wait("Individual Plan for Employment (vocational rehabilitation)");
    screen.keys("1");
    screen.wait("\"Get to work on time every day\"");
    screen.keys(ENTER);
    screen.wait("Plan made: 3 goals");
    answer(&mut screen, "sign it, or agree on an extension");
    screen.wait("Edit vocational case");
    screen.keys("today");
    screen.keys(CTRL_S);
    screen.wait("VOCATION  IPE signed today");
    leave(screen);
    days(&caseload, &mine, &[("2028-02-13", &[])]);
    // The yearly review of the plan: 2028 is a leap year, 365 days on is 9 January 2029.
    days(&caseload, &["plan-review"], &[("2028-12-09", &[]), ("2028-12-10", &["plan-review"])]);

    let mut screen = at(&caseload, "2028-01-31");
    open_new(&mut screen, "Employment");
    fill(
        &mut screen,
        &[Some("Northside Bakery"), Some("baker"), Some("31 jan 2028"), Some("28"), Some("17.50 an hour")],
    );
    screen.wait("WORK  Northside Bakery, baker since today, 0 days");
    leave(screen);
    for (day, reason, kept) in [
        ("2028-03-01", "30 days at Northside Bakery", "checked at 30"),
        ("2028-03-31", "60 days at Northside Bakery", "checked at 30, 60"),
        ("2028-04-30", "90 days at Northside Bakery", "checked at 30, 60, 90"),
    ] {
        let rule = format!("retention-{}", &reason[..2]);
        // From the ninetieth day of work on the case may be closed, whether anybody checked or not.
        let close: &[&str] = if reason.starts_with("90") { &["vr-close"] } else { &[] };
        days(&caseload, &mine, &[(day, &[&[rule.as_str()], close].concat())]);
        let mut screen = at(&caseload, day);
        answer(&mut screen, reason);
        screen.wait("Edit employment");
        screen.keys("today");
        screen.keys(CTRL_S);
        screen.wait(kept);
        screen.gone(reason);
        leave(screen);
    }
    days(&caseload, &mine, &[("2028-04-30", &["vr-close"]), ("2028-05-07", &["vr-close"])]);
    // That is paper: it stands at the desk, and calls nobody "needs you today".
    let list = caseload.json(&["triage", "--today", "2028-05-07"]);
    let told = list[0]["reasons"].as_array().unwrap().iter().find(|reason| reason["rule"] == "vr-close").unwrap();
    assert_eq!((&told["class"], &told["band"], &told["due"]), (&"paper".into(), &"desk".into(), &"2028-04-30".into()));
    let mut screen = at(&caseload, "2028-05-07");
    answer(&mut screen, "at Northside Bakery since");
    all_the_same(&mut screen, "open", "employed for ninety days");
    leave(screen);
    assert!(says(&caseload, "2028-05-08", &[""]).is_empty());
}

#[test]
fn an_agencys_own_area_instrument_and_rule_work_from_its_folder() {
    let caseload = Caseload::none();
    let own = caseload.folder.path().join("own");
    for folder in ["areas", "instruments"] {
        std::fs::create_dir_all(own.join(folder)).unwrap();
    }
    let write = |name: &str, text: &str| std::fs::write(own.join(name), text).unwrap();
    write(
        "areas/outreach.toml",
        "code = \"outreach\"\nname = \"Street outreach\"\nplan = \"service-plan\"\nweight = 3.0\n[contact]\nintensive = 2\n\
         [[goal]]\nwords = \"A dry place tonight\"\ndomain = \"housing\"\nsteps = [{ what = \"call the shelter\", who = \"me\", days = 0 }]\n\
         [[plan-template]]\nname = \"First night\"\nkind = \"service-plan\"\nreview-days = 7\ngoals = [\"A dry place tonight\"]\n",
    );
    write(
        "instruments/warmth.toml",
        "code = \"warmth\"\nname = \"Warmth\"\nabout = \"Gear for the night\"\nsource = \"our own\"\nlicence = \"ours\"\n\
         scoring = \"sum\"\nrange = [0, 1]\n[[item]]\nid = \"1\"\nlabel = \"Has a sleeping bag\"\nchoice = [{ value = 1, label = \"Yes\" }, { value = 0, label = \"No\" }]\n\
         [[band]]\nfrom = 0\nlabel = \"Cold\"\nseverity = \"high\"\n[[band]]\nfrom = 1\nlabel = \"Warm enough\"\nseverity = \"low\"\n",
    );
    write(
        "triage.toml",
        "[[rule]]\nid = \"shelter-bed\"\nlooks-at = \"housing.from\"\nwhere = [\"kind=shelter\"]\ndays = 30\nshows = 7\ntoday = 0\n\
         action = \"edit-record\"\ntext = \"30 days in the shelter, {late}\"\nsource = \"our contract with the county\"\n",
    );
    let own_folder = own.to_str().unwrap();
    let with = |args: &[&str]| {
        let mut all = vec!["--agency", own_folder];
        all.extend(args);
        caseload.json(&all)
    };
    caseload.run(&["--agency", own_folder, "init", "--worker", "Rosa Ortiz", "--area", "outreach"]);
    let add = ["add", "client", "given_name=Ana", "intensity=intensive", "opened=2026-11-20", "--today", "2026-11-20"];
    assert_eq!(with(&add)["area"], "outreach");
    with(&["add", "housing", "client=Ana", "kind=shelter", "from=2026-10-25"]);
    let taken = with(&["add", "assessment", "client=Ana", "instrument=warmth", "on=2026-11-20"]);
    assert_eq!(taken["instrument"], "warmth");
    let said = with(&["triage", "--today", "2026-11-24"]);
    let rules: Vec<&str> =
        said[0]["reasons"].as_array().unwrap().iter().map(|reason| reason["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"shelter-bed"), "{rules:?}");
    let contact = said[0]["reasons"].as_array().unwrap().iter().find(|reason| reason["rule"] == "contact").unwrap();
    assert_eq!(contact["due"], "2026-11-22", "every two days, as the area asks");
    // The weight of the area: an intensive client weighs 5, times 3.
    assert_eq!(with(&["team"])[0]["weight"], 15.0);
    // At the screen: the area's own template and goal.
    let pass = caseload.pass();
    let args = ["--passphrase-file", pass.to_str().unwrap(), "--today", "2026-11-24", "--agency", own_folder];
    let mut screen = Terminal::start(&caseload, 120, 40, &args);
    screen.wait("Ana");
    screen.keys("P");
    screen.wait("First night (street outreach)");
    screen.keys("1");
    screen.wait("[x] \"A dry place tonight\"");
    screen.keys(ENTER);
    screen.wait("Plan made: 1 goal with 1 step.");
    leave(screen);

    // One wrong file of each: told with its line, left out, and the rest still loads.
    write("areas/wrong.toml", "code = \"wrong\"\nname = \"Wrong\"\nplan = \"dance\"\n");
    write("instruments/wrong.toml", "code = \"wrong\"\nname = 3\n");
    let output = caseload.output(&["--agency", own_folder, "triage", "--today", "2026-11-24"]);
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("areas/wrong.toml, line 3: unknown variant"), "{said}");
    assert!(said.contains("instruments/wrong.toml, line 2: "), "{said}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("30 days in the shelter"));
    write("triage.toml", "\n[[rule]]\nid = \"shelter-bed\"\nlooks-at = \"housing.form\"\n");
    let output = caseload.output(&["--agency", own_folder, "list"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("triage.toml, line 2: "), "{said}");
    assert!(output.status.success());
}

#[test]
fn the_team_shows_who_carries_more_than_they_can() {
    let caseload = Caseload::new();
    for (name, intensity) in [("Ana", "intensive"), ("Ben", "active"), ("Cleo", "standard")] {
        let (name, intensity) = (format!("given_name={name}"), format!("intensity={intensity}"));
        caseload.client(&[&name, &intensity, "area=social-work", "worker=Rosa Ortiz"]);
    }
    let load = &caseload.json(&["team"])[0];
    assert_eq!((load["weight"].as_f64(), load["capacity"].as_f64()), (Some(8.5), Some(60.0)));
    assert!(!caseload.run(&["team"]).contains("over by"));
    // The agency says that eight is what one person can carry.
    let own = caseload.folder.path().join("own");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("agency.toml"), "capacity = 8.0\n").unwrap();
    let said = caseload.run(&["--agency", own.to_str().unwrap(), "team"]);
    assert!(said.contains("over by 0.5"), "{said}");
}

#[test]
fn the_command_line_says_what_a_contact_is_the_follow_up_of() {
    let caseload = caseload("mental-health");
    for given in ["given_name=Tom", "given_name=Ana"] {
        caseload.client(&[given, "opened=2026-11-02", "area=mental-health"]);
    }
    let stay = |client: &str, kind: &str, hospital: &str, left: &str| {
        let (client, kind, hospital) =
            (format!("client={client}"), format!("kind={kind}"), format!("hospital={hospital}"));
        let left = format!("discharged={left}");
        let add = ["add", "stay", &client, &kind, &hospital, "admitted=2026-11-10", &left, "--today", "2026-11-24"];
        caseload.json(&add)["id"].as_str().unwrap().to_string()
    };
    let on = |day: &str, args: &[&str]| caseload.json(&[args, &["--today", day]].concat());
    let (ward, hers) = (
        stay("Tom", "psychiatric", "River Psychiatric", "2026-11-20"),
        stay("Ana", "medical", "Mercy General", "2026-11-23"),
    );
    let owed = |day: &str| says(&caseload, day, &["psychiatric", "discharge-visit"]);
    let both: BTreeSet<String> = ["discharge-visit-14", "psychiatric-7"].map(String::from).into();
    assert_eq!(owed("2026-11-24"), both);

    // What is no stay, or somebody else's, is told in a line, and nothing is saved.
    let log = |link: &str| {
        caseload.refused(&[
            "log",
            "Tom",
            "kind=video",
            &format!("follow_up={link}"),
            "by=peer",
            "--today",
            "2026-11-24",
        ])
    };
    assert!(log(&hers).contains("is another client's"), "{}", log(&hers));
    assert!(log("Ana").contains("takes the id of a hospital stay; Ana is a client"), "{}", log("Ana"));
    let said = caseload.refused(&["log", "Tom", "kind=video", "follow_up=00000000", "--today", "2026-11-24"]);
    assert!(said.contains("00000000"), "{said}");
    let set = caseload.refused(&["set", &hers, "by=peer"]);
    assert!(set.contains("has no field"), "{set}");
    assert_eq!(caseload.json(&["show", "Tom"])["notes"].as_array().map_or(0, Vec::len), 0);

    // The whole id; and a short one, as lists print it. Logged without by whom, it is no follow-up yet.
    let link = format!("follow_up={ward}");
    let note = on("2026-11-24", &["log", "Tom", "kind=video", &link]);
    assert_eq!(note["follow_up"], ward.as_str());
    assert_eq!(owed("2026-11-24"), both);
    on("2026-11-24", &["set", note["id"].as_str().unwrap(), "by=mental-health"]);
    assert_eq!(owed("2026-11-24"), ["discharge-visit-14".to_string()].into());
    let short: String = hers.chars().skip(hers.len() - 8).collect();
    let link = format!("follow_up={short}");
    let visit = ["add", "appointment", "client=Ana", "title=Clinic", "starts=2026-11-25 00:05", &link, "by=physician"];
    let visit = on("2026-11-24", &visit);
    assert_eq!((&visit["follow_up"], &visit["by"]), (&hers.as_str().into(), &"physician".into()));
    assert_eq!(owed("2026-11-24"), ["discharge-visit-14".to_string()].into());
    on("2026-11-25", &["set", visit["id"].as_str().unwrap(), "status=kept"]);
    assert!(owed("2026-11-25").is_empty());
}
