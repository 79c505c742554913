//! What stands up in an audit: units by the rule of the one who pays, what somebody did stays theirs, and a month that is over
//! stays as it was.

use crate::common::terminal::{CTRL_S, ESC, TAB, Terminal};
use crate::common::{Caseload, fixture};
use serde_json::Value as Json;

const NOVEMBER: [&str; 5] = ["--today", "2026-12-07", "report", "--period", "2026-11"];

fn report(caseload: &Caseload, more: &[&str]) -> String {
    caseload.run(&[&NOVEMBER[..], more].concat())
}

fn figure(caseload: &Caseload, args: &[&str], key: &str) -> Json {
    let report = caseload.json(&[&["report"], args, &["--today", "2026-12-07"]].concat());
    report["figures"].as_array().unwrap().iter().find(|one| one["key"] == key).unwrap().clone()
}

fn value(caseload: &Caseload, args: &[&str], key: &str) -> f64 {
    figure(caseload, args, key)["value"].as_f64().unwrap()
}

/// Two clients of November with an hour and a half of contacts, one of them discharged, with a visit that was kept.
fn november() -> (Caseload, String, String) {
    let caseload = Caseload::new();
    let on = |day: &str, args: &[&str]| caseload.run(&[&["--today", day], args].concat());
    let client = |name: &str| {
        let fields = ["opened=2026-09-01", "worker=Rosa Ortiz", "status=active"];
        caseload.client(&[&["--today", "2026-09-01", name], &fields[..]].concat())
    };
    let (ana, ben) = (client("given_name=Ana"), client("given_name=Ben"));
    for (who, when, minutes) in [(&ana, "2026-11-10T10:00", "60"), (&ben, "2026-11-12T10:00", "30")] {
        let (when, minutes) = (format!("when={when}"), format!("minutes={minutes}"));
        on("2026-11-20", &["log", who, "kind=phone", "service=T1016", &when, &minutes]);
    }
    on(
        "2026-11-20",
        &["add", "appointment", &format!("client={ana}"), "title=visit", "starts=2026-11-18T09:00", "status=kept"],
    );
    (caseload, ana, ben)
}

/// 20 clients given to somebody else changed last month's figures of two people.
#[test]
fn a_month_that_is_over_stays_to_the_letter_when_clients_are_given_on_closed_and_opened_again() {
    let (caseload, ana, ben) = november();
    let all = || -> Vec<String> {
        let mut all = Vec::new();
        for name in ["productivity", "compliance", "attendance", "caseload"] {
            for form in ["text", "json", "csv"] {
                all.push(report(&caseload, &[name, "--format", form]));
            }
        }
        for name in ["productivity", "attendance"] {
            all.push(report(&caseload, &[name, "--worker", "Rosa Ortiz", "--format", "json"]));
            all.push(report(&caseload, &[name, "--by", "case-manager", "--format", "json"]));
        }
        all
    };
    let before = all();
    assert!(before[1].contains("\"Rosa Ortiz\""), "{}", before[1]);
    let same = |what: &str| {
        for (was, is) in before.iter().zip(all()) {
            assert_eq!(*was, is, "after {what}");
        }
    };
    let on = |day: &str, args: &[&str]| caseload.run(&[&["--today", day], args].concat());
    on("2026-12-05", &["set", &ben, "status=closed", "outcome=moved-away", "closing_reason=moved"]);
    same("closing");
    on("2026-12-06", &["set", &ben, "status=active"]);
    same("opening again");
    on("2026-12-06", &["set", &ben, "status=closed", "closed=2026-12-06", "closing_reason=again"]);
    same("closing again");
    // What was done stays with whoever did it.
    for who in [&ana, &ben] {
        on("2026-12-05", &["set", who, "worker=Dana Reyes"]);
    }
    let minutes = figure(&caseload, &["productivity", "--period", "2026-11"], "minutes");
    assert_eq!(minutes["by_worker"], serde_json::json!({"Rosa Ortiz": {"value": 90.0, "of": 0.0}}));
    same("giving clients to somebody else");
    assert_eq!(value(&caseload, &["productivity", "--period", "2026-11", "--worker", "rosa ortiz"], "contacts"), 2.0);
    assert!(
        caseload
            .refused(&["report", "productivity", "--worker", "Nobody"])
            .contains("There are: Dana Reyes, Rosa Ortiz")
    );
}

#[test]
fn someone_who_comes_back_has_two_times_in_care() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["--today", "2026-01-15", "given_name=Ana", "opened=2026-01-15"]);
    let on = |day: &str, args: &[&str]| caseload.run(&[&["--today", day], args].concat());
    on("2026-03-20", &["set", &ana, "status=closed", "outcome=goals-reached", "closing_reason=moved in"]);
    let first_quarter = || -> Vec<f64> {
        let of = |key| value(&caseload, &["caseload", "--period", "2026-Q1"], key);
        ["opened", "closed", "closed_reached", "days_in_care"].map(of).into()
    };
    // 15 January to 20 March: 64 days.
    assert_eq!(first_quarter(), [1.0, 1.0, 1.0, 64.0]);
    on("2026-10-05", &["set", &ana, "status=active"]);
    assert_eq!(first_quarter(), [1.0, 1.0, 1.0, 64.0]);
    let fourth = |key| value(&caseload, &["caseload", "--period", "2026-Q4"], key);
    assert_eq!((fourth("opened"), fourth("closed"), fourth("open_cases")), (1.0, 0.0, 1.0));
    // The client's own fields show the newest; both are listed.
    let show = caseload.json(&["show", &ana]);
    assert_eq!((&show["client"]["opened"], &show["client"]["closed"]), (&"2026-10-05".into(), &Json::Null));
    let times = show["times_in_care"].as_array().unwrap();
    assert_eq!(
        (times.len(), &times[0]["closed"], &times[0]["outcome"]),
        (2, &"2026-03-20".into(), &"goals-reached".into())
    );
    let text = caseload.run(&["show", &ana]);
    assert!(text.contains("15 Jan 2026 to 20 Mar 2026, goals reached: moved in\n- since 5 Oct 2026"), "{text}");
    let page = caseload.run(&["print", "summary", "--client", &ana, "--for", "file", "--out", "-"]);
    assert!(page.contains("15 Jan 2026 to 20 Mar 2026, goals reached; since 5 Oct 2026"), "{page}");
    // Taking the opening back leaves one time in care, closed as it was.
    caseload.run(&["undo"]);
    let show = caseload.json(&["show", &ana]);
    assert_eq!((show["times_in_care"].as_array().unwrap().len(), &show["client"]["closed"]), (1, &"2026-03-20".into()));
    assert!(caseload.run(&["check"]).contains("ok") || caseload.json(&["check"])["ok"] == true);
}

/// A file of the first edition: the journal knows who wrote its notes and when its clients were in care.
#[test]
fn a_file_of_an_earlier_edition_has_authors_and_times_in_care() {
    let caseload = Caseload::none();
    std::fs::copy(fixture("files/schema-1.db"), caseload.file()).unwrap();
    let ana = caseload.json(&["list"])[0]["id"].as_str().unwrap().to_string();
    let show = caseload.json(&["show", &ana]);
    assert_eq!(show["times_in_care"].as_array().unwrap().len(), 1);
    assert_eq!(show["episodes"], serde_json::json!([]), "looking writes nothing");
    let history = caseload.json(&["history", show["notes"][0]["id"].as_str().unwrap()]);
    let maker = history[0]["who"].as_str().unwrap().to_string();
    let year = &show["notes"][0]["when"].as_str().unwrap()[..4];
    caseload.run(&["set", &ana, "worker=Somebody Else"]);
    let contacts = figure(&caseload, &["productivity", "--period", year], "clients");
    assert_eq!(contacts["by_worker"].as_object().unwrap().keys().collect::<Vec<_>>(), [&maker]);
    assert_eq!(caseload.json(&["check"])["ok"], true);
}

/// Three people, one hour: written once, kept for each, and each one's own goals are asked for.
#[test]
fn a_group_of_three_is_an_hour_and_three_attendances() {
    let caseload = Caseload::new();
    let names = ["Ana", "Ben", "Cleo"];
    let ids: Vec<String> = names
        .iter()
        .map(|name| {
            caseload.client(&[
                "--today",
                "2026-11-24",
                &format!("given_name={name}"),
                "status=active",
                "opened=2026-11-01",
            ])
        })
        .collect();
    for (name, id) in names.iter().zip(&ids) {
        let plan = caseload.json(&["add", "plan", &format!("client={id}"), "status=active", "start=2026-11-01"]);
        let plan = format!("plan={}", plan["id"].as_str().unwrap());
        caseload.run(&["add", "goal", &format!("client={id}"), &plan, &format!("words=the goal of {name}")]);
    }
    let pass = caseload.pass();
    let mut screen =
        Terminal::start(&caseload, 120, 40, &["--passphrase-file", pass.to_str().unwrap(), "--today", "2026-11-24"]);
    screen.wait("Caseload");
    screen.keys("xxx");
    screen.wait("3 marked");
    screen.keys("l");
    screen.wait("Log contact");
    screen.keys(TAB);
    screen.keys("60");
    screen.keys(CTRL_S);
    // Each one's own goals: the second has it ticked, the third has none.
    screen.wait("Goals that it served: Ana");
    screen.wait("the goal of Ana");
    screen.keys(" ");
    screen.keys(CTRL_S);
    screen.wait("Goals that it served: Ben");
    screen.wait("the goal of Ben");
    screen.keys(ESC);
    screen.gone("Goals that it served");
    screen.keys("q");
    assert!(screen.ends());
    let args = ["productivity", "--period", "2026-11"];
    let notes: Vec<Json> = ids.iter().map(|id| caseload.json(&["show", id])["notes"][0].clone()).collect();
    let session = notes[0]["session"].as_str().unwrap();
    assert!(!session.is_empty() && notes.iter().all(|note| note["session"] == session), "{notes:?}");
    assert!(notes.iter().all(|note| note["minutes"] == 60 && note["author"] == "Rosa Ortiz"), "{notes:?}");
    assert_eq!(notes.iter().map(|note| note["goals"].as_array().unwrap().len()).collect::<Vec<_>>(), [1, 0, 0]);
    let of = |key| value(&caseload, &args, key);
    assert_eq!((of("minutes"), of("contacts"), of("clients")), (60.0, 3.0, 3.0));
}

#[test]
fn never_answered_is_not_answered_and_a_call_after_the_end_of_the_month_counts() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name=Ana", "opened=2026-09-01", "status=active"]);
    let on = |args: &[&str]| caseload.run(&[&["--today", "2026-12-05"], args].concat());
    let client = format!("client={ana}");
    for (to, more) in [
        ("Pantry", &["status=closed", "outcome=served", "answered=2026-11-09"][..]),
        ("Clinic", &["status=closed", "outcome=no-answer"]),
        ("Shelter", &["status=sent"]),
    ] {
        on(&[&["add", "referral", &client, &format!("to={to}"), "sent=2026-11-03"], more].concat());
    }
    let answered = figure(&caseload, &["referrals", "--period", "2026-11"], "referrals_answered");
    assert_eq!((&answered["value"], &answered["of"]), (&1.0.into(), &3.0.into()));
    // Discharged on Monday the 30th; the second business day is Wednesday the 2nd.
    on(&["add", "stay", &client, "hospital=County", "kind=medical", "admitted=2026-11-25", "discharged=2026-11-30"]);
    let called = || figure(&caseload, &["readmissions", "--period", "2026-11"], "called_after_discharge");
    assert_eq!((&called()["value"], &called()["of"]), (&0.0.into(), &1.0.into()));
    on(&["log", &ana, "kind=phone", "when=2026-12-02T10:00", "minutes=10"]);
    assert_eq!((&called()["value"], &called()["of"]), (&1.0.into(), &1.0.into()));
}

/// A spreadsheet that says somebody is closed does not close them over a crisis.
#[test]
fn an_import_closes_nobody_over_an_open_crisis() {
    let caseload = Caseload::new();
    let sheet = |status: &str| {
        let path = caseload.folder.path().join(format!("{status}.csv"));
        std::fs::write(&path, format!("MRN,First name,Last name,Status\n77,Ana,Rivera,{status}\n")).unwrap();
        path.to_str().unwrap().to_string()
    };
    caseload.run(&["import", &sheet("active")]);
    let ana = caseload.json(&["list"])[0]["id"].as_str().unwrap().to_string();
    caseload.run(&["add", "incident", &format!("client={ana}"), "kind=suicide"]);
    let said = caseload.run(&["import", &sheet("closed")]);
    assert!(said.contains("Ana Rivera has an unresolved crisis: not closed"), "{said}");
    assert_eq!(caseload.json(&["show", &ana])["client"]["status"], "active");
    caseload.run(&["import", "--close-anyway", &sheet("closed")]);
    assert_eq!(caseload.json(&["show", &ana])["client"]["status"], "closed");
}

/// 34 CFR 361.46(a): the outcome, the services with provider, dates and who pays, criteria of progress, responsibilities.
#[test]
fn a_printed_ipe_holds_what_the_regulation_asks_and_says_what_is_missing() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name=Ana", "status=active", "area=vocational"]);
    let add = |args: &[&str]| caseload.json(&[&["add"], args].concat())["id"].as_str().unwrap().to_string();
    let plan = add(&["plan", &format!("client={ana}"), "kind=ipe", "status=active", "start=2026-01-15"]);
    let goal = add(&["goal", &format!("client={ana}"), &format!("plan={plan}"), "words=A job in a kitchen"]);
    let step = add(&["step", &format!("goal={goal}"), "what=Culinary course"]);
    let out = caseload.folder.path().join("plan.txt");
    let print = || {
        let _ = std::fs::remove_file(&out);
        caseload.json(&["print", "plan", "--client", &ana, "--for", "file", "--out", out.to_str().unwrap()])
    };
    let notices = print()["clients"][0]["notices"].to_string();
    for missing in [
        "the employment outcome",
        "by when it is to be reached",
        "criteria of progress",
        "what the client takes on",
        "what others take on",
        "who gives \\\"Culinary course\\\"",
        "from when to when \\\"Culinary course\\\"",
        "who pays for \\\"Culinary course\\\"",
        "34 CFR 361.46(a)",
    ] {
        assert!(notices.contains(missing), "{missing}: {notices}");
    }
    caseload.run(&["set", &goal, "target=2027-01-15"]);
    caseload.run(&[
        "set",
        &step,
        "provider=City College",
        "amount=120 hours",
        "often=twice a week",
        "from=2026-02-01",
        "until=2026-06-30",
        "cost=$1,200",
        "payer=State VR agency",
    ]);
    caseload.run(&[
        "set",
        &plan,
        "employment_outcome=Cook",
        "client_does=Goes to the course\nTells of changes",
        "others_do=The agency pays the course",
    ]);
    assert!(print()["clients"][0]["notices"].to_string().contains("not yet written: criteria of progress."));
    caseload.run(&["set", &plan, "criteria=The course is passed"]);
    assert_eq!(print()["clients"][0]["notices"], serde_json::json!([]));
    let text = std::fs::read_to_string(&out).unwrap();
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "Cook",
        "City College",
        "120 hours",
        "twice a week",
        "1 Feb 2026",
        "30 Jun 2026",
        "$1,200",
        "State VR agency",
        "The course is passed",
        "Goes to the course",
        "The agency pays the course",
    ] {
        assert!(flat.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("361.46"), "what is missing is the worker's to know: {text}");
    for ending in ["html", "pdf"] {
        let out = caseload.folder.path().join(format!("plan.{ending}"));
        caseload.run(&["print", "plan", "--client", &ana, "--for", "file", "--out", out.to_str().unwrap()]);
        assert!(out.metadata().unwrap().len() > 1000);
    }
    // What Medicaid pays for: its amount, frequency and duration.
    let paid = add(&[
        "step",
        &format!("goal={goal}"),
        "what=Job coaching",
        "provider=Bridge",
        "payer=Medicaid",
        "from=2026-02-01",
        "until=2026-06-30",
    ]);
    let notices = print()["clients"][0]["notices"].to_string();
    assert!(notices.contains("the amount of \\\"Job coaching\\\"; how often \\\"Job coaching\\\""), "{notices}");
    caseload.run(&["set", &paid, "amount=40 hours", "often=weekly"]);
    assert_eq!(print()["clients"][0]["notices"], serde_json::json!([]));
}

/// The last day of a plan is written down when it ends, and taken back when it is in force again.
#[test]
fn a_plan_that_ends_has_its_last_day() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name=Ana"]);
    let plan = caseload.json(&["add", "plan", &format!("client={ana}"), "status=active", "start=2026-01-01"]);
    let plan = plan["id"].as_str().unwrap().to_string();
    let set = |day: &str, status: &str| caseload.json(&["--today", day, "set", &plan, status])["ended"].clone();
    assert_eq!(set("2026-05-31", "status=ended"), "2026-05-31");
    assert_eq!(set("2026-06-02", "status=active"), Json::Null);
}

/// 2 December 2026, 02:00 UTC is 1 December in New York; 1 December, 02:00 UTC is the evening of 30 November.
#[test]
fn what_another_system_wrote_in_utc_is_counted_on_the_day_on_which_it_was_lived() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name=Ana"]);
    for when in ["when=2026-12-01T02:00:00+00:00", "when=2026-12-02T02:00:00+00:00"] {
        caseload.run(&["--today", "2026-12-05", "log", &ana, "kind=phone", when, "minutes=10"]);
    }
    let of = |period| value(&caseload, &["productivity", "--period", period], "contacts");
    assert_eq!((of("2026-11"), of("2026-12")), (1.0, 1.0));
}
