//! What is open is never out of sight: not by a date ahead, not by closing, not by merging, joining or undoing.

use std::path::{Path, PathBuf};

use crate::common::Caseload;
use serde_json::Value as Json;

const TODAY: &str = "2026-11-24";

/// A command on the day of the story.
#[track_caller]
fn run(caseload: &Caseload, args: &[&str]) -> String {
    caseload.run(&[args, &["--today", TODAY]].concat())
}

#[track_caller]
fn json(caseload: &Caseload, args: &[&str]) -> Json {
    caseload.json(&[args, &["--today", TODAY]].concat())
}

#[track_caller]
fn refused(caseload: &Caseload, args: &[&str]) -> String {
    caseload.refused(&[args, &["--today", TODAY]].concat())
}

#[track_caller]
fn add(caseload: &Caseload, record: &str, fields: &[&str]) -> String {
    json(caseload, &[&["add", record], fields].concat())["id"].as_str().unwrap().to_string()
}

/// The client as the list has them.
fn listed(caseload: &Caseload, name: &str) -> Option<Json> {
    let list = json(caseload, &["list", "--all"]);
    list.as_array().unwrap().iter().find(|one| one["name"].as_str().unwrap().contains(name)).cloned()
}

#[test]
fn what_has_not_happened_is_refused_at_every_door_with_a_word_why() {
    let caseload = Caseload::new();
    let ana = add(&caseload, "client", &["given_name=Ana"]);
    let whose = format!("client={ana}");
    let crisis = add(&caseload, "incident", &[&whose, "kind=suicide", "began=2026-11-24 00:00"]);
    let why = "caseload: Over since: has not happened yet: leave it empty until it has\n";
    assert_eq!(refused(&caseload, &["set", &crisis, "resolved=2026-12-03 10:00"]), why);
    assert!(
        refused(&caseload, &["add", "stay", &whose, "hospital=Mercy", "kind=medical", "followed_up=2026-12-01"])
            .contains("Follow-up visit held: has not happened yet")
    );
    assert!(refused(&caseload, &["log", &ana, "when=2026-11-25 10:00"]).contains("When: has not happened yet"));
    let visit = add(&caseload, "appointment", &[&whose, "title=Home visit", "starts=2026-11-30 10:00"]);
    let early = "caseload: Status: 30 Nov 2026 10:00 has not come yet: say how it went when it has\n";
    assert_eq!(refused(&caseload, &["set", &visit, "status=kept"]), early);
    assert!(refused(&caseload, &["set", &visit, "status=no-show"]).contains("has not come yet"));
    run(&caseload, &["set", &visit, "status=kept", "starts=2026-11-24 09:00"]);
    // It stays open, and says so; what may be planned is planned.
    assert_eq!(listed(&caseload, "Ana").unwrap()["status"], "active");
    assert_eq!(json(&caseload, &["triage"])[0]["band"], "now");
    add(&caseload, "housing", &[&whose, "kind=shelter", "until=2026-12-31"]);
    // A time in another zone that has passed is past.
    run(&caseload, &["set", &crisis, "resolved=2026-11-24T01:00:00+05:30"]);
}

#[test]
fn a_sheet_that_says_what_is_still_ahead_comes_in_without_it_and_says_so() {
    let caseload = Caseload::new();
    let path = caseload.folder.path().join("list.csv");
    std::fs::write(
        &path,
        "First name,Last name,Date of birth,Status,Closed\nAna,Diaz,2031-01-01,active,\nBen,Lee,1990-02-03,closed,2026-12-15\n",
    )
    .unwrap();
    let map = ["--map", "Closed=closed"];
    let told = run(&caseload, &[&["import", path.to_str().unwrap()], &map[..]].concat());
    assert!(told.contains("Born was left out of 1 client, for it has not happened yet: 1 Jan 2031."), "{told}");
    assert!(told.contains("1 client stays active: the file closes on a day that has not come, 15 Dec 2026."), "{told}");
    assert_eq!(listed(&caseload, "Ana").unwrap()["status"], "active");
    assert_eq!(listed(&caseload, "Ben").unwrap()["status"], "active");
}

#[test]
fn closing_tells_what_is_open_and_asks_why_where_safety_hangs_on_it() {
    let caseload = Caseload::new();
    let ana = add(&caseload, "client", &["given_name=Ana"]);
    let whose = format!("client={ana}");
    add(&caseload, "task", &[&whose, "what=Call the landlord"]);
    add(&caseload, "appointment", &[&whose, "title=Home visit", "starts=2026-11-30 10:00"]);
    assert!(
        refused(&caseload, &["set", &ana, "status=closed", "closed=2026-12-15"])
            .contains("15 Dec 2026 has not come yet")
    );
    add(&caseload, "incident", &[&whose, "kind=suicide", "began=2026-11-24 00:00"]);
    let output = caseload.output(&["set", &ana, "status=closed", "--today", TODAY]);
    assert_eq!(output.status.code(), Some(1));
    let (said, why) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    for line in [
        " ! in crisis: Suicide risk",
        " ! Suicide risk, not over",
        "   Call the landlord",
        "   Home visit, 30 Nov 2026 10:00",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert_eq!(why.trim_end().lines().count(), 1);
    assert!(why.contains("Not closed: in crisis: Suicide risk and 1 more."), "{why}");
    assert_eq!(listed(&caseload, "Ana").unwrap()["status"], "active");
    // With a reason it goes through, and says what stays open.
    let done = run(&caseload, &["set", &ana, "status=closed", "closing_reason=moved to her sister in Ohio"]);
    assert!(done.contains("Still open (4 matters)"), "{done}");
    assert_eq!(listed(&caseload, "Ana").unwrap()["status"], "closed");
    // Undoing the closing brings all back.
    run(&caseload, &["undo"]);
    assert_eq!(listed(&caseload, "Ana").unwrap()["status"], "active");
    assert_eq!(json(&caseload, &["triage"])[0]["band"], "now");
    // Of someone who has died no crisis is left to settle.
    run(&caseload, &["set", &ana, "status=closed", "outcome=died"]);
}

#[test]
fn joining_two_entries_hides_nothing_of_either() {
    let caseload = Caseload::new();
    let kept = add(
        &caseload,
        "client",
        &["given_name=Ana", "phone=555-0142", "intensity=light", "opened=2026-11-02", "risk=dog", "language=English"],
    );
    let other = add(
        &caseload,
        "client",
        &[
            "given_name=Anna",
            "phone=555-0177",
            "intensity=intensive",
            "opened=2026-11-10",
            "safe_contact=only through her sister",
            "risk=penicillin",
            "tags=veteran",
            "language=Spanish",
            "interpreter=yes",
        ],
    );
    run(&caseload, &["log", &kept, "when=2026-11-14 10:00", "kind=phone"]);
    // Every seven days, as one of them says: that rule is not lost, whichever is shown.
    run(&caseload, &["join", &kept, &other]);
    let list = listed(&caseload, "Ana").unwrap();
    assert_eq!(list["intensity"], "intensive");
    let reasons = json(&caseload, &["triage"])[0]["reasons"].to_string();
    assert!(reasons.contains("at least every 7 days"), "{reasons}");
    let shown = json(&caseload, &["show", &kept]);
    let person = &shown["client"];
    for (field, value) in [
        ("safe_contact", "only through her sister"),
        ("risk", "dog / penicillin"),
        ("phone", "555-0142 / 555-0177"),
        ("intensity", "intensive"),
        ("opened", "2026-11-02"),
        ("language", "English / Spanish"),
    ] {
        assert_eq!(person[field], value, "{field}");
    }
    assert_eq!(person["tags"][0], "veteran");
    assert_eq!(shown["entries"].as_array().unwrap().len(), 2, "each as it was written");
    let text = run(&caseload, &["show", &other]);
    for part in ["only through her sister", "dog / penicillin", "555-0142 / 555-0177", "Also entered as"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let printed = run(&caseload, &["print", "summary", "--client", &kept, "--for", "file", "--out", "-"]);
    for part in ["only through her sister", "penicillin", "555-0142", "555-0177", "Intensive"] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
}

/// Two laptops that believe each other.
fn laptops() -> (Caseload, Caseload) {
    let laptop = |name: &str| {
        let caseload = Caseload::none();
        caseload.run(&["init", "--worker", name]);
        caseload
    };
    let (one, other) = (laptop("Rosa Ortiz"), laptop("Tom Reed"));
    for (from, to) in [(&one, &other), (&other, &one)] {
        let card = from.json(&["site", "card"]);
        let said = |key: &str| card[key].as_str().unwrap().to_string();
        to.run(&["site", "accept", &said("card"), "--fingerprint", &said("fingerprint")]);
    }
    (one, other)
}

fn hand_over(from: &Caseload, to: &Caseload) {
    let path: PathBuf = from.folder.path().join(format!("{}.bundle", uuid::Uuid::new_v4()));
    let path: &Path = &path;
    from.run(&["export", path.to_str().unwrap()]);
    to.run(&["import", path.to_str().unwrap()]);
}

#[test]
fn closed_on_one_laptop_and_in_crisis_on_the_other_both_show_the_crisis_and_ask() {
    let (rosa, tom) = laptops();
    let ana = add(&rosa, "client", &["given_name=Ana"]);
    hand_over(&rosa, &tom);
    run(&rosa, &["set", &ana, "status=closed"]);
    add(&tom, "incident", &[&format!("client={ana}"), "kind=suicide", "began=2026-11-24 00:00"]);
    hand_over(&rosa, &tom);
    hand_over(&tom, &rosa);
    for laptop in [&rosa, &tom] {
        assert_eq!(listed(laptop, "Ana").unwrap()["status"], "active");
        let triage = json(laptop, &["triage"]);
        assert_eq!((&triage[0]["name"], &triage[0]["band"]), (&"Ana".into(), &"now".into()));
        let asked = json(laptop, &["conflicts"]);
        assert_eq!(asked.as_array().unwrap().len(), 1);
        assert_eq!((&asked[0]["field"], &asked[0]["sides"][0]["value"]), (&"status".into(), &"active".into()));
        assert_eq!(
            (&asked[0]["sides"][1]["value"], &asked[0]["sides"][1]["who"]),
            (&"closed".into(), &"Rosa Ortiz".into())
        );
    }
    run(&tom, &["set", &ana, "status=active"]);
    hand_over(&tom, &rosa);
    assert_eq!(json(&rosa, &["conflicts"]).as_array().unwrap().len(), 0);
}

/// What was tried against the edges: each is refused or told, and nobody falls out of sight.
#[test]
fn at_the_edges_nobody_falls_out_of_sight() {
    let caseload = Caseload::new();
    let rules = |id: &str| -> Vec<String> {
        let all = caseload.json(&["triage", "--today", TODAY]);
        let one = all.as_array().unwrap().iter().find(|one| one["client_id"] == id).cloned().unwrap_or_default();
        let reasons = one["reasons"].as_array().cloned().unwrap_or_default();
        reasons.iter().map(|reason| reason["rule"].as_str().unwrap().to_string()).collect()
    };
    let whose = |id: &str| format!("client={id}");
    // A report is owed of a danger that is over already, and emptying its day does not silence it.
    let ana = caseload.client(&["given_name=Ana"]);
    let over = ["kind=child", "report=due", "began=2026-11-23T15:00", "resolved=2026-11-23T16:00"];
    let report = add(&caseload, "incident", &[&[whose(&ana).as_str()], &over[..]].concat());
    assert!(rules(&ana).contains(&"mandated-report".into()) && rules(&ana).contains(&"mandated-report-written".into()));
    run(&caseload, &["set", &report, "report_due="]);
    assert!(rules(&ana).contains(&"mandated-report".into()));
    // A part of a screen that tells of something is kept.
    let ben = caseload.client(&["given_name=Ben"]);
    run(&caseload, &["assess", &ben, "c-ssrs", "1=1"]);
    assert!(rules(&ben).contains(&"screen-low".into()), "{:?}", rules(&ben));
    let cleo = caseload.client(&["given_name=Cleo"]);
    // What is about somebody's life is not put off, and the rest only for so long.
    let crisis = add(&caseload, "incident", &[&whose(&cleo), "kind=suicide", "began=2026-11-24T00:01"]);
    for (id, rule, until, said) in [
        (&cleo, "incident-open", "2026-11-25", "cannot wait"),
        // At raised risk a silence is a matter of life.
        (&cleo, "no-next", "2026-12-01", "cannot wait"),
        (&ben, "no-next", "2027-01-10", "30 days at most"),
    ] {
        let (rule, until) = (format!("rule={rule}"), format!("until={until}"));
        let args = ["add", "snooze", &whose(id), &rule, &until, "why=later", "--today", TODAY];
        let why = caseload.refused(&args);
        assert!(why.contains(said), "{rule}: {why}");
    }
    let args = ["set", &crisis, "resolved=2026-11-20T10:00", "--today", TODAY];
    let _ = caseload.output(&args);
    assert!(rules(&cleo).contains(&"incident-open".into()), "over before it began: {:?}", rules(&cleo));
}

/// A crisis in the client's own words beside an open incident of the same matter is one reason; of another matter it is two.
#[test]
fn a_crisis_is_told_once_where_the_clients_words_speak_of_the_same() {
    let caseload = Caseload::new();
    let grave_rules = ["crisis", "incident-open", "mandated-report"];
    let said = [
        ("Ana", "says she cannot go on", "suicide", 1),
        ("Ben", "lost everything in one day", "housing", 1),
        ("Cleo", "locked out", "child", 3),
        ("Dora", "", "overdose", 1),
    ];
    for (name, words, kind, grave) in said {
        let who = add(&caseload, "client", &[&format!("given_name={name}"), &format!("crisis={words}")]);
        add(&caseload, "incident", &[&format!("client={who}"), &format!("kind={kind}"), "began=2026-11-24 00:00"]);
        let triage = json(&caseload, &["triage"]);
        let found = triage.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap_or_else(|| {
            panic!("{name}: {triage}");
        });
        let reasons: Vec<&Json> = found["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| grave_rules.contains(&one["rule"].as_str().unwrap()))
            .collect();
        assert_eq!(reasons.len(), grave, "{name}: {reasons:?}");
        assert!(found["reasons"].to_string().contains(words), "{name}: {reasons:?}");
    }
}

/// Somebody put on a waiting list of which nobody wrote a single day is asked about, and written down, until it has one.
#[test]
fn a_waiting_list_without_any_day_is_asked_about_today() {
    let caseload = Caseload::new();
    let ana = add(&caseload, "client", &["given_name=Ana"]);
    let whose = format!("client={ana}");
    let referral = add(&caseload, "referral", &[&whose, "to=Housing First", "status=waitlisted"]);
    run(&caseload, &["set", &referral, "waitlisted=", "sent=", "answered=", "again="]);
    let asked = || {
        let triage = json(&caseload, &["triage"]);
        let reasons = triage[0]["reasons"].as_array().unwrap().iter().cloned();
        reasons.filter(|one| one["rule"] == "referral-waitlisted-undated").collect::<Vec<_>>()
    };
    let found = asked();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["band"], &found[0]["class"]), (&"today".into(), &"care".into()));
    let text =
        "on the waiting list of Housing First, since when is not written: ask how it stands, and when to ask again";
    assert_eq!(found[0]["text"], text);
    run(&caseload, &["set", &referral, "again=2026-12-10"]);
    assert_eq!(asked(), [] as [Json; 0]);
    run(&caseload, &["set", &referral, "again=", "waitlisted=2026-11-20"]);
    assert_eq!(asked(), [] as [Json; 0]);
}
