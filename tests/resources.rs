//! The closed loop at the screen: a directory comes in, a pantry that is open is found, the client is referred, the answer
//! is set down, and what came of it closes the referral.

use crate::common::terminal::{CTRL_S, DOWN, ENTER, ESC, Terminal};
use crate::common::{Caseload, fixture};

fn at(caseload: &Caseload, day: &str, size: (u16, u16)) -> Terminal {
    let pass = caseload.pass();
    Terminal::start(caseload, size.0, size.1, &["--passphrase-file", pass.to_str().unwrap(), "--today", day])
}

/// What triage says of the client on a day, about referrals.
fn reasons(caseload: &Caseload, day: &str) -> Vec<String> {
    let triage = caseload.json(&["triage", "--today", day]);
    let reasons = triage[0]["reasons"].as_array().unwrap().iter();
    let about = reasons.filter(|reason| reason["rule"].as_str().unwrap().starts_with("referral"));
    about.map(|reason| reason["text"].as_str().unwrap().to_string()).collect()
}

#[test]
fn from_a_directory_to_a_closed_referral() {
    for size in [(80, 24), (120, 40)] {
        let caseload = Caseload::new();
        caseload.client(&["given_name=Ana", "family_name=Reed"]);
        caseload.run(&["import", &fixture("hsds/services.json")]);

        // Tuesday 24 November 2026.
        let mut screen = at(&caseload, "2026-11-24", size);
        screen.wait("Ana Reed");
        screen.keys("R");
        screen.wait("3 of 3");
        screen.keys("need:food");
        screen.wait("1 of 3");
        screen.wait("Harbor Aid");
        screen.keys(ENTER);
        screen.wait("nobody was sent there yet");
        screen.keys("r");
        screen.wait("Add referral");
        screen.wait("Tuesday and Thursday pantry");
        screen.keys(CTRL_S);
        screen.wait("Saved");
        screen.keys("r");
        screen.wait("Harbor Aid");
        screen.keys("1");
        screen.wait("How does this referral stand?");
        screen.keys("s");
        screen.wait("Sent: Harbor Aid");
        screen.keys("q");
        assert!(screen.ends());
        assert_eq!(reasons(&caseload, "2026-11-30"), [""; 0], "a week is given");
        assert_eq!(reasons(&caseload, "2026-12-01"), ["no answer from Harbor Aid, sent 24 Nov"]);

        // A week later they have a waiting list; it is asked again after two.
        let mut screen = at(&caseload, "2026-12-01", size);
        screen.wait("Ana Reed");
        screen.keys("r1");
        screen.wait("How does this referral stand?");
        screen.keys("w");
        screen.wait("On their waiting list: Harbor Aid");
        screen.keys("q");
        assert!(screen.ends());
        assert_eq!(reasons(&caseload, "2026-12-02"), [""; 0]);
        assert!(reasons(&caseload, "2026-12-15")[0].starts_with("ask Harbor Aid again"));

        // Served, and closed with what came of it.
        let mut screen = at(&caseload, "2026-12-15", size);
        screen.wait("Ana Reed");
        screen.keys("r1");
        screen.wait("How does this referral stand?");
        screen.keys("g");
        screen.wait("Service received: Harbor Aid");
        screen.keys("q");
        assert!(screen.ends());
        assert!(reasons(&caseload, "2026-12-22")[0].contains("say what came of it and close"));
        let mut screen = at(&caseload, "2026-12-22", size);
        screen.wait("Ana Reed");
        screen.keys("r1");
        screen.wait("How does this referral stand?");
        screen.keys("c");
        screen.wait("What came of it?");
        screen.keys("1");
        screen.wait("Closed: Harbor Aid, got what was asked.");
        screen.keys("R");
        screen.wait("3 of 3");
        screen.keys("pantry");
        screen.wait("1 of 3");
        screen.keys(ENTER);
        screen.wait("1 sent there, 1 accepted; an answer takes 7 days");
        screen.keys(ESC);
        screen.wait("Resources: type to find");
        screen.keys(ESC);
        screen.gone("Resources:");
        screen.keys("q");
        assert!(screen.ends());
        assert_eq!(reasons(&caseload, "2026-12-23"), [""; 0]);
    }
}

#[test]
fn a_refusal_has_its_reason_and_an_appointment_there_is_set_in_one_go() {
    let caseload = Caseload::new();
    let id = caseload.client(&["given_name=Ana", "family_name=Reed"]);
    for to in ["Gate House", "Harbor Aid"] {
        caseload.run(&[
            "add",
            "referral",
            &format!("client={id}"),
            &format!("to={to}"),
            "status=sent",
            "sent=2026-11-20",
        ]);
    }
    let mut screen = at(&caseload, "2026-11-24", (120, 40));
    screen.wait("REFERRALS");
    screen.keys("r");
    screen.wait("A new referral");
    screen.keys("1d");
    screen.wait("Declined: why?");
    screen.keys("no beds");
    screen.keys(CTRL_S);
    screen.wait("Saved");
    screen.keys("r");
    screen.wait("A new referral");
    screen.keys(&format!("{DOWN}{ENTER}"));
    screen.wait("How does this referral stand?");
    screen.keys("p");
    screen.wait("Appointment there");
    screen.keys("fri 10:00");
    screen.keys(CTRL_S);
    screen.wait("Saved");
    screen.keys("q");
    assert!(screen.ends());
    let shown = caseload.json(&["show", &id]);
    let referrals = shown["referrals"].as_array().unwrap();
    let mut stand: Vec<(&str, &str, &str)> = referrals
        .iter()
        .map(|row| {
            (row["status"].as_str().unwrap(), row["answered"].as_str().unwrap(), row["reason"].as_str().unwrap_or(""))
        })
        .collect();
    stand.sort_unstable();
    assert_eq!(stand, [("declined", "2026-11-24", "no beds"), ("scheduled", "2026-11-24", "")]);
    assert_eq!(shown["appointments"][0]["starts"], "2026-11-27T10:00:00-05:00");
}

#[test]
fn whose_an_event_is_can_be_said_on_the_screen_and_is_remembered() {
    let caseload = Caseload::new();
    let id = caseload.client(&["given_name=Ana", "family_name=Reed"]);
    let path = caseload.folder.path().join("week.ics");
    std::fs::write(&path, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20261127T150000Z\nSUMMARY:Court with Ana\nEND:VEVENT\nEND:VCALENDAR\n").unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(caseload.json(&["import", path])["unplaced"], 1);
    let mut screen = at(&caseload, "2026-11-24", (120, 40));
    screen.wait("Ana Reed");
    screen.keys(":whose");
    screen.wait("Events from a calendar");
    screen.keys(ENTER);
    screen.wait("Court with Ana");
    screen.keys("1");
    screen.wait("Whose is this?");
    screen.keys("1");
    screen.wait("Put with Ana Reed: 1 appointment.");
    screen.keys("q");
    assert!(screen.ends());
    assert_eq!(caseload.json(&["show", &id])["appointments"][0]["title"], "Court with Ana");
    let again = caseload.json(&["import", path]);
    assert_eq!((again["unplaced"].as_u64(), again["unchanged"]["appointment"].as_u64()), (Some(0), Some(1)));
}

#[test]
fn hours_as_people_write_them_are_shown_with_how_they_were_read() {
    let caseload = Caseload::new();
    for (name, hours) in
        [("Legal Aid", "9-5 M-F, Sat 10-2"), ("Night House", "18:00-08:00"), ("Clinic", "by appointment")]
    {
        caseload.run(&["add", "resource", &format!("organisation={name}"), "what=help", &format!("hours={hours}")]);
    }
    let mut screen = at(&caseload, "2026-11-24", (120, 40));
    for (find, says) in [
        ("legal", "read as Mo-Fr 09:00-17:00; Sa 10:00-14:00;"),
        ("night", "read as Mo-Su 18:00-08:00;"),
        ("clinic", "by appointment  (call first)"),
    ] {
        screen.keys("R");
        screen.wait("3 of 3");
        screen.keys(find);
        screen.wait("1 of 3");
        screen.keys(ENTER);
        screen.wait(says);
        screen.keys(ESC);
        screen.wait("Resources: type to find");
        screen.keys(ESC);
        screen.gone("Resources:");
    }
    screen.keys("q");
    assert!(screen.ends());
}
