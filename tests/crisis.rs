//! When it counts: a crisis from the first key to its debriefing, a report's clock, an answer that cannot wait, the safety
//! plan, medication and missed visits; killed in the middle, nothing is lost.

use crate::common::Caseload;
use crate::common::terminal::{CTRL_S, ENTER, ESC, Terminal};
use serde_json::Value as Json;

const TODAY: &str = "2026-11-24";

fn unlocked(caseload: &Caseload, (columns, rows): (u16, u16), today: &str) -> Terminal {
    let pass = caseload.pass();
    Terminal::start(caseload, columns, rows, &["--passphrase-file", pass.to_str().unwrap(), "--today", today])
}

/// Presses a key that the screen shows at this moment.
#[track_caller]
fn press(screen: &mut Terminal, shown: &str, key: &str) {
    screen.wait(shown);
    screen.keys(key);
}

/// Ends the program as a dead battery would.
fn kill(screen: &mut Terminal) {
    let pid = screen.child.process_id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    screen.ends();
}

/// The reasons of the client who comes first: band, and (rule, text) of each.
fn first(caseload: &Caseload, today: &str) -> (String, Vec<(String, String)>) {
    let triage = caseload.json(&["triage", "--today", today]);
    let text = |json: &Json| json.as_str().unwrap().to_string();
    let reasons = triage[0]["reasons"].as_array().unwrap().iter();
    (text(&triage[0]["band"]), reasons.map(|reason| (text(&reason["rule"]), text(&reason["text"]))).collect())
}

/// Whether a rule has something to say on a day, and in which band the client then is.
fn said(caseload: &Caseload, today: &str, rule: &str) -> Option<String> {
    let (_, reasons) = first(caseload, today);
    reasons.into_iter().find(|(id, _)| id == rule).map(|(_, text)| text)
}

/// Ana, whom her partner must not hear of, with someone to call and a safety plan.
fn ana() -> Caseload {
    let caseload = Caseload::new();
    let ana = caseload.client(&[
        "given_name=Ana",
        "area=mental-health",
        "safe_contact=only through her sister",
        "opened=2026-11-20",
        "phone=555-0142",
    ]);
    let whose = format!("client={ana}");
    caseload.run(&["add", "relationship", &whose, "name=Eva", "relation=sister", "phone=555-0199", "emergency=yes"]);
    caseload.run(&["add", "care_team", &whose, "name=Dr. Chen", "role=psychiatrist", "phone=555-0177"]);
    caseload.run(&[
        "add",
        "safety_plan",
        &whose,
        "reviewed=2026-11-20",
        "signs=not sleeping two nights",
        "coping=walk the dog",
        "review_due=2026-12-20",
    ]);
    caseload
}

#[test]
fn from_the_list_to_the_debriefing_and_a_dead_battery_in_between_loses_nothing() {
    let caseload = ana();
    let mut screen = unlocked(&caseload, (80, 24), TODAY);
    press(&mut screen, "Ana", "c");
    // How to reach her without harm stands before everything else; one key begins.
    screen.wait("SAFE CONTACT: only through her sister");
    press(&mut screen, "s  Suicide risk", "s");
    screen.wait("SUICIDE RISK: Ana");
    for shown in ["SAFE CONTACT", "NOW: Stay with them", "988 Suicide and Crisis", "Eva, sister", "0 of 7 done"] {
        screen.wait(shown);
    }
    screen.keys("1");
    screen.wait("1 of 7 done");
    // A key pressed twice takes nothing back.
    screen.keys("1");
    screen.wait("1 is done since");
    screen.keys("3");
    screen.wait("2 of 7 done");
    press(&mut screen, "k called", "k");
    screen.keys("Dr. Chen, comes at three");
    screen.keys(ENTER);
    screen.wait("Written down");
    // It stays open when it is left, and comes before all else.
    screen.keys(ESC);
    screen.wait("The crisis stays open");
    let (band, reasons) = first(&caseload, TODAY);
    assert_eq!(band, "now");
    assert_eq!(reasons.iter().map(|(rule, _)| rule.as_str()).take(1).collect::<Vec<_>>(), ["incident-open"]);
    screen.keys("c");
    screen.wait("2 of 7 done");
    screen.keys("r");
    screen.wait("What resolved it");
    screen.keys("talked it thr");
    screen.wait("talked it thr");
    kill(&mut screen);

    let mut screen = unlocked(&caseload, (80, 24), TODAY);
    press(&mut screen, "Ana", "c");
    screen.wait("2 of 7 done");
    // The line that was not finished is there to go on with.
    screen.wait("> talked it thr");
    screen.keys("ough with Dr. Chen");
    screen.keys(ENTER);
    // Three business days: not Thanksgiving, not the weekend.
    screen.wait("debriefing due Mon 30 Nov");
    screen.gone("IN CRISIS");
    screen.keys("q");
    assert!(screen.ends());

    let ana = &caseload.json(&["show", "Ana"]);
    let incident = &ana["incidents"][0];
    assert_eq!(ana["client"]["crisis"], Json::Null);
    assert_eq!(incident["resolution"], "talked it through with Dr. Chen");
    assert!(incident["called"].as_str().unwrap().ends_with("Dr. Chen, comes at three"));
    let done: Vec<&str> = incident["done"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(done.iter().map(|word| word.split('|').next().unwrap()).collect::<Vec<_>>(), ["means", "stay"]);
    assert_eq!(incident["debrief_due"], "2026-11-30");

    assert_eq!(said(&caseload, "2026-11-30", "debrief").unwrap(), "debriefing after Suicide risk due today");
    let mut screen = unlocked(&caseload, (80, 24), "2026-11-30");
    press(&mut screen, "Ana", ENTER);
    screen.wait("debriefing after Suicide risk");
    screen.keys(":debriefing");
    screen.keys(ENTER);
    press(&mut screen, "Debriefed today", "d");
    screen.wait("Debriefed today.");
    assert_eq!(said(&caseload, "2026-11-30", "debrief"), None);
}

#[test]
fn a_report_that_the_law_asks_for_is_counted_in_hours_until_it_is_made() {
    let caseload = ana();
    let mut screen = unlocked(&caseload, (80, 24), TODAY);
    press(&mut screen, "Ana", "c");
    press(&mut screen, "c  Child in danger", "c");
    screen.wait("By phone at once: REPORT DUE in 23 h");
    screen.wait("In writing: REPORT DUE in 35 h");
    screen.keys(ESC);
    screen.wait("The crisis stays open");
    // Another crisis beside it, begun out of a form: what was typed there stays.
    screen.keys("n");
    screen.wait("Add note");
    screen.keys("half a sentence");
    screen.wait("half a sentence");
    screen.keys("\x0b");
    press(&mut screen, "CHILD IN DANGER", "n");
    press(&mut screen, "h  Loss of housing", "h");
    screen.wait("LOSS OF HOUSING");
    screen.keys(ESC);
    screen.wait("half a sentence");
    screen.keys("\x0b");
    screen.wait("Which crisis?");
    screen.wait("Child in danger, since");
    screen.keys(ESC);
    screen.gone("Which crisis?");
    kill(&mut screen);

    assert!(said(&caseload, TODAY, "mandated-report").unwrap().contains("by phone due tomorrow"));
    assert_eq!(first(&caseload, "2026-11-26").0, "now");
    let mut screen = unlocked(&caseload, (80, 24), "2026-11-26");
    screen.wait("half a sentence");
    screen.keys(ESC);
    press(&mut screen, "Drop what was typed", "d");
    screen.keys("c");
    press(&mut screen, "Which crisis?", "2");
    screen.wait("REPORT OVERDUE by 2");
    screen.keys("m");
    screen.wait("Which report was made?");
    screen.keys("p");
    screen.wait("The report is made by phone");
    // What is owed in writing runs on, by its own clock.
    screen.wait("In writing: REPORT");
    screen.keys("m");
    screen.wait("The report is sent in writing");
    assert_eq!(said(&caseload, "2026-11-26", "mandated-report"), None);
    // The report does not end the crisis.
    assert!(said(&caseload, "2026-11-26", "incident-open").is_some());
}

#[test]
fn an_answer_that_cannot_wait_goes_to_now_while_the_form_is_still_open() {
    let caseload = ana();
    caseload.run(&["delete", caseload.json(&["show", "Ana"])["safety_plans"][0]["id"].as_str().unwrap()]);
    let mut screen = unlocked(&caseload, (80, 24), TODAY);
    press(&mut screen, "Ana", "I");
    screen.wait("not done yet");
    press(&mut screen, "1  PHQ-9", "1");
    screen.wait("1 of 9");
    screen.keys("2222");
    screen.wait("5 of 9");
    kill(&mut screen);
    // Answers survive; back and changed, passed over and told as missing.
    let mut screen = unlocked(&caseload, (80, 24), TODAY);
    screen.wait("Your unfinished assessment is back");
    screen.wait("5 of 9");
    screen.keys("\x7f");
    screen.wait("4 of 9");
    screen.keys("1");
    screen.keys(" 100");
    screen.wait("9 of 9");
    screen.keys("1");
    screen.wait("1 item is without an answer (Appetite)");
    screen.wait("!! Thoughts of death");
    // Nothing was saved as a score, but the answer is in the record, and she comes first.
    let (band, reasons) = first(&caseload, TODAY);
    assert_eq!((band.as_str(), reasons[0].0.as_str()), ("now", "assessment-urgent"));
    screen.keys(ENTER);
    screen.wait("5 of 9");
    screen.keys("0");
    screen.wait("6 of 9");
    screen.keys("\x1b[F");
    screen.wait("9 of 27: Mild");
    screen.keys(ENTER);
    screen.wait("This cannot wait");
    press(&mut screen, "s  C-SSRS screener", "s");
    screen.wait("Ask from the official form");
    screen.keys("yyy");
    screen.wait("!! Thought of a method");
    screen.keys("nnn");
    screen.wait("Moderate risk");
    screen.wait("-> Have a clinician evaluate the risk the same day");
    screen.keys(ENTER);
    press(&mut screen, "d  Write down what was done", "d");
    screen.keys("Dr. Chen saw her at four");
    screen.keys(ENTER);
    screen.wait("Written down.");
    let (_, reasons) = first(&caseload, TODAY);
    let rules: Vec<&str> = reasons.iter().map(|(rule, _)| rule.as_str()).collect();
    // The PHQ-9's own answer waits until someone acts on it; the screener told of risk, and there is no safety plan.
    assert_eq!(rules.iter().filter(|rule| **rule == "assessment-urgent").count(), 1);
    assert!(rules.contains(&"safety-plan-missing-moderate"), "{reasons:?}");
    // One key, and the plan is made.
    screen.keys("Y");
    press(&mut screen, "There is no safety plan yet", "e");
    screen.wait("1 Warning signs");
    screen.keys("cannot sleep");
    screen.keys("\x13");
    screen.wait("Saved: add safety plan");
    screen.keys("Y1");
    screen.wait("STEP 1 OF 6");
    screen.wait("cannot sleep");
    assert_eq!(said(&caseload, TODAY, "safety-plan-missing"), None);
    let assessments = &caseload.json(&["show", "Ana"])["assessments"];
    assert_eq!(assessments.as_array().unwrap().len(), 2);
    assert_eq!(assessments[0]["answers"], "1=2;2=2;3=2;4=1;5=0;6=1;7=0;8=0;9=1");
    assert_eq!((&assessments[0]["score"], &assessments[0]["again"]), (&9.into(), &"2026-12-24".into()));
    assert_eq!((&assessments[1]["band"], &assessments[1]["answered"]), (&"Moderate risk".into(), &TODAY.into()));
}

#[test]
fn the_command_line_scores_refuses_and_tells_what_is_due() {
    let caseload = ana();
    let phq = |on: &str, each: &str| {
        let answers: Vec<String> = (1..=8).map(|item| format!("{item}={each}")).chain(["9=0".into()]).collect();
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        caseload.json(&[&["assess", "Ana", "phq-9", "--today", TODAY, "--on", on], &answers[..]].concat())
    };
    assert_eq!(phq("2026-09-01", "2")["says"], "16 of 27: Moderately severe");
    assert_eq!(phq("2026-10-20", "1")["says"], "8 of 27: Mild");
    // Mild: again after thirty days.
    assert_eq!(said(&caseload, "2026-11-19", "assessment-again").unwrap(), "PHQ-9 again, due today (last 20 Oct)");
    let missing = caseload.refused(&["assess", "Ana", "phq-9", "1=2", "2=1"]);
    assert!(missing.contains("7 items are without an answer") && missing.contains("Nothing was saved"), "{missing}");
    let strange = caseload.refused(&["assess", "Ana", "phq-9", "1=5"]);
    assert!(strange.contains("It may be 0 Not at all"), "{strange}");
    assert!(caseload.refused(&["assess", "Ana", "phq-9", "10=1"]).contains("has no item \"10\""));
    // Needs that the answers tell of are added with it; choices by key or words will do.
    let hunger = caseload.json(&["assess", "Ana", "hunger"]);
    let answers: Vec<String> = hunger["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            format!(
                "{}={}",
                item["item"].as_str().unwrap(),
                item["answers"].as_str().unwrap().split_whitespace().next().unwrap()
            )
        })
        .collect();
    let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
    let saved = caseload.json(&[&["assess", "Ana", "hunger", "--needs"], &answers[..]].concat());
    let needs = caseload.json(&["show", "Ana"])["needs"].as_array().unwrap().len();
    assert_eq!(needs, saved["needs"].as_array().unwrap().len());

    for plain in [false, true] {
        let pass = caseload.pass();
        let mut args = vec!["--passphrase-file", pass.to_str().unwrap(), "--today", TODAY];
        args.extend(plain.then_some("--plain"));
        let mut screen = Terminal::start(&caseload, 80, 24, &args);
        screen.wait("Ana");
        screen.keys(":scores over");
        screen.keys(ENTER);
        press(&mut screen, "PHQ-9", "1");
        screen.wait("PHQ-9 over time: Ana");
        screen.wait("20 Oct: 8 of 27: Mild, 8 less than before");
        // In plain mode the words say all of it.
        assert_eq!(screen.text().contains("●16"), !plain, "{}", screen.text());
    }
}

#[test]
fn medication_missed_twice_visits_missed_twice_and_refills_are_reasons() {
    let caseload = ana();
    caseload.run(&["add", "medication", "client=Ana", "name=sertraline", "refill=2026-11-26"]);
    assert_eq!(said(&caseload, TODAY, "refill").unwrap(), "refill of sertraline due in 2 days");
    let check = |when: &str, taken: &str| {
        caseload.run(&["add", "medication_check", "client=Ana", &format!("when={when}"), &format!("taken={taken}")]);
    };
    check("2026-11-10 10:00", "sometimes");
    assert_eq!(said(&caseload, TODAY, "medication-missed"), None);
    check("2026-11-17 10:00", "not-taken");
    assert!(said(&caseload, TODAY, "medication-missed").unwrap().contains("twice in a row (last 17 Nov)"));
    // The next check, by one key at the screen, ends the row of two and sets the day of the one after it.
    let mut screen = unlocked(&caseload, (80, 24), TODAY);
    screen.wait("Ana");
    screen.keys(":medication check");
    screen.keys(ENTER);
    press(&mut screen, "2  Mostly", "2");
    screen.wait("> What stands in");
    screen.keys(CTRL_S);
    screen.wait("Saved: add medication check");
    assert_eq!(said(&caseload, TODAY, "medication-missed"), None);
    assert_eq!(said(&caseload, "2026-12-01", "medication-check").unwrap(), "medication check due today");

    let visit = |starts: &str, status: &str| {
        caseload.run(&[
            "add",
            "appointment",
            "client=Ana",
            "title=visit",
            &format!("starts={starts}"),
            &format!("status={status}"),
        ]);
    };
    visit("2026-11-03 10:00", "no-show");
    assert_eq!(said(&caseload, TODAY, "missed-in-a-row"), None);
    visit("2026-11-10 10:00", "no-show");
    assert!(said(&caseload, TODAY, "missed-in-a-row").unwrap().starts_with("missed the last 2 appointments"));
    visit("2026-11-17 10:00", "kept");
    assert_eq!(said(&caseload, TODAY, "missed-in-a-row"), None);
}

#[test]
fn a_safety_plan_is_read_whole_and_step_by_step_and_shows_all_that_was_written_apart() {
    let caseload = ana();
    assert_eq!(
        said(&caseload, "2026-12-20", "safety-plan-review").unwrap(),
        "review the safety plan of 20 Nov (4 weeks old), due today; it stays in force"
    );
    for (columns, rows) in [(60, 20), (80, 24), (120, 40)] {
        let mut screen = unlocked(&caseload, (columns, rows), TODAY);
        press(&mut screen, "Ana", "Y");
        screen.wait("SAFETY PLAN: Ana");
        screen.wait("not sleeping two nights");
        screen.wait("2 What I can do alone");
        screen.keys("2");
        screen.wait("STEP 2 OF 6");
        screen.wait("walk the dog");
        screen.gone("not sleeping");
        screen.keys(" ");
        screen.wait("STEP 3 OF 6");
        screen.wait("(nothing yet)");
        screen.keys(ESC);
        screen.wait("not sleeping");
        screen.keys("e");
        screen.wait("Edit safety plan");
    }
}

/// A crisis that a script begins and ends starts and stops the clocks that the screen's does.
#[test]
fn a_script_begins_and_ends_a_crisis_as_the_screen_does() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name=Ana", "crisis=locked out"]);
    let client = || caseload.json(&["show", &ana])["client"]["crisis"].clone();
    let one = caseload.json(&["add", "incident", &format!("client={ana}"), "kind=child", "began=2026-11-24 10:00"]);
    assert_eq!(one["report"], "due");
    assert!(one["report_due"].as_str().unwrap().starts_with("2026-11-25T10:00"), "{one}");
    assert_eq!(client(), "locked out / Child in danger");
    // What the script says itself stands, and what is over already starts nothing.
    let told = caseload.json(&["add", "incident", &format!("client={ana}"), "kind=adult", "report=not-needed"]);
    assert_eq!((&told["report"], &told["report_due"]), (&Json::from("not-needed"), &Json::Null), "{told}");
    caseload.json(&["add", "incident", &format!("client={ana}"), "kind=overdose", "resolved=2026-11-20 10:00"]);
    assert_eq!(client(), "locked out / Child in danger / Older or disabled adult in danger");
    // Tuesday; three business days on, Thanksgiving and the weekend left out.
    let id = one["id"].as_str().unwrap();
    let over = caseload.json(&["set", id, "resolved=2026-11-24 18:00", "resolution=stays with her aunt"]);
    assert_eq!(over["debrief_due"], "2026-11-30", "{over}");
    assert_eq!(client(), "locked out / Older or disabled adult in danger");
    caseload.run(&["undo"]);
    assert_eq!(client(), "locked out / Child in danger / Older or disabled adult in danger");
}
