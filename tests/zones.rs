//! What was said on another clock is lived here at the reader's own hour and day. All in New York.

use crate::common::{Caseload, fixture};
use serde_json::{Value as Json, json};

const TODAY: [&str; 2] = ["--today", "2026-11-24"];

#[test]
fn instants_of_a_hospitals_file_become_the_day_and_hour_here() {
    let caseload = Caseload::new();
    let patient = json!({"reference": "Patient/p1"});
    let stay = json!({"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "IMP"},
        "subject": patient, "period": {"start": "2026-11-19T15:00:00Z", "end": "2026-11-24T02:00:00Z"}});
    let visit = json!({"resourceType": "Appointment", "id": "a1", "status": "booked", "description": "psychiatry",
        "start": "2026-11-27T19:00:00Z", "end": "2026-11-27T19:30:00Z",
        "participant": [{"actor": patient, "status": "accepted"}]});
    let late = json!({"resourceType": "Appointment", "id": "a2", "status": "booked", "description": "evening group",
        "start": "2026-11-28T01:30:00Z", "participant": [{"actor": patient, "status": "accepted"}]});
    let person =
        json!({"resourceType": "Patient", "id": "p1", "name": [{"family": "Quill"}], "birthDate": "1990-03-14"});
    let entries: Vec<Json> = [person, stay, visit, late]
        .into_iter()
        .map(|resource| {
            let place = format!(
                "http://clinic.example/{}/{}",
                resource["resourceType"].as_str().unwrap(),
                resource["id"].as_str().unwrap()
            );
            json!({"fullUrl": place, "resource": resource})
        })
        .collect();
    let path = caseload.folder.path().join("in.json");
    std::fs::write(&path, json!({"resourceType": "Bundle", "type": "collection", "entry": entries}).to_string())
        .unwrap();
    caseload.run(&[&TODAY[..], &["import", path.to_str().unwrap()]].concat());

    let show = caseload.json(&["show", "Quill"]);
    assert_eq!(
        (&show["stays"][0]["admitted"], &show["stays"][0]["discharged"]),
        (&"2026-11-19".into(), &"2026-11-23".into())
    );
    assert_eq!(show["client"]["birth_date"], "1990-03-14", "a date alone stays as it is");
    let starts: Vec<&str> =
        show["appointments"].as_array().unwrap().iter().map(|one| one["starts"].as_str().unwrap()).collect();
    assert!(
        starts.contains(&"2026-11-27T14:00:00-05:00") && starts.contains(&"2026-11-27T20:30:00-05:00"),
        "{starts:?}"
    );
    // Both on Friday, as they are lived here.
    let agenda = caseload.run(&[&TODAY[..], &["agenda", "--days", "7"]].concat());
    assert!(agenda.contains("Friday 27 November") && agenda.contains("14:00") && agenda.contains("20:30"), "{agenda}");
    assert!(!agenda.contains("Saturday 28"), "{agenda}");
    // Discharged on Monday evening: two business days are Wednesday's.
    let triage = caseload.json(&["--today", "2026-11-24", "triage"]);
    let call =
        triage[0]["reasons"].as_array().unwrap().iter().find(|reason| reason["rule"] == "discharge-call").unwrap();
    assert_eq!(call["due"], "2026-11-25", "{call}");
}

#[test]
fn what_is_typed_with_a_zone_is_lived_here_and_hours_are_lived_ones() {
    let caseload = Caseload::new();
    let client = format!("client={}", caseload.client(&["given_name=Ana"]));
    let add = |fields: &[&str]| caseload.json(&[&["--today", "2026-11-24", "add"], fields].concat());
    let visit = add(&["appointment", &client, "title=psychiatry", "starts=2026-11-27T19:00:00Z"]);
    assert_eq!(visit["starts"], "2026-11-27T14:00:00-05:00");
    // 24 hours from Saturday 13:00, before the clocks go back, end on Sunday at 12:00; 36 at midnight.
    let child = add(&["incident", &client, "kind=child", "began=2026-10-31 13:00"]);
    assert_eq!(child["began"], "2026-10-31T13:00:00-04:00");
    assert_eq!(child["report_due"], "2026-11-01T12:00:00-05:00");
    assert_eq!(child["written_due"], "2026-11-02T00:00:00-05:00");
    let show = caseload.run(&["show", "Ana"]);
    assert!(show.contains("Sun 1 Nov 2026 12:00\n"), "{show}");
}

#[test]
fn a_rule_ends_by_the_clock_here_and_says_which_months_have_no_such_day() {
    let caseload = Caseload::new();
    let client = format!("client={}", caseload.client(&["given_name=Ana"]));
    let add = |starts: &str, repeats: &str| {
        let fields = [&client, "title=group", &format!("starts={starts}"), &format!("repeats={repeats}")];
        caseload.run(&[&["add", "appointment"], &fields[..]].concat())
    };
    add("2026-12-20 21:00", "FREQ=DAILY;UNTIL=20261223T030000Z");
    let said = add("2026-12-31 9:00", "monthly 4 times");
    assert!(said.contains("None in Feb, Apr") && said.contains("monthly on the last day"), "{said}");
    add("2027-08-31 9:00", "monthly on the last day 3 times");
    let show = caseload.json(&["show", "Ana"]);
    let mut starts: Vec<&str> =
        show["appointments"].as_array().unwrap().iter().map(|one| one["starts"].as_str().unwrap()).collect();
    starts.sort_unstable();
    let wanted = [
        "2026-12-20T21:00:00-05:00",
        "2026-12-21T21:00:00-05:00",
        "2026-12-22T21:00:00-05:00",
        "2026-12-31T09:00:00-05:00",
        "2027-01-31T09:00:00-05:00",
        "2027-03-31T09:00:00-04:00",
        "2027-05-31T09:00:00-04:00",
        "2027-08-31T09:00:00-04:00",
        "2027-09-30T09:00:00-04:00",
        "2027-10-31T09:00:00-04:00",
    ];
    assert_eq!(starts, wanted);
}

#[test]
fn members_of_a_household_carry_when_its_head_entered() {
    let caseload = Caseload::new();
    caseload.run(&["import", &fixture("hmis")]);
    let of = |id: &str| caseload.json(&["show", id])["enrollments"].as_array().unwrap().clone();
    let member = of("hmis:102");
    assert_eq!((&member[0]["head"], &member[0]["head_entry"]), (&false.into(), &"2021-10-20".into()), "{member:?}");
    assert!(of("hmis:101").iter().all(|stay| stay["head_entry"].is_null()));
}

#[test]
fn what_was_kept_in_another_zone_is_shown_on_the_readers_clock_with_its_own_beside_it() {
    let caseload = Caseload::new();
    let client = format!("client={}", caseload.client(&["given_name=Ana"]));
    let berlin = |fields: &[&str]| {
        let output = caseload.command().env("TZ", "Europe/Berlin").arg("add").args(fields).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    berlin(&["appointment", &client, "title=psychiatry", "starts=2026-11-27 20:00"]);
    berlin(&["note", &client, "when=2026-11-23 02:00", "kind=phone", "body=called at night"]);
    let show = caseload.run(&["show", "Ana"]);
    assert!(show.contains("Fri 27 Nov 2026 14:00 (20:00 UTC+1)"), "{show}");
    assert!(show.contains("Sun 22 Nov 2026 20:00 (02:00 UTC+1, 23 Nov)"), "{show}");
    let show = caseload.json(&["show", "Ana"]);
    assert_eq!(show["appointments"][0]["starts"], "2026-11-27T14:00:00-05:00");
    let agenda = caseload.run(&[&TODAY[..], &["agenda", "--days", "7"]].concat());
    assert!(agenda.contains("14:00") && !agenda.contains("20:00"), "{agenda}");
    let list = caseload.run(&[&TODAY[..], &["list"]].concat());
    assert!(list.contains("Fri 27 Nov 14:00"), "{list}");
}

/// A command in another zone than the caseload's own, as a colleague there gives it.
fn there(caseload: &Caseload, zone: &str, args: &[&str]) -> String {
    let output = caseload.command().env("TZ", zone).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A service is of the day on which it was given, by the clock of the place where it was: for billing, for the printed record,
/// for an HMIS. What stands in a calendar for a whole day is that day everywhere.
#[test]
fn a_service_is_of_the_day_of_the_place_where_it_was_given() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name=Ana", "family_name=Diaz", "opened=2026-10-01"]);
    let client = format!("client={ana}");
    // At 23:30 on the 31st in Chicago, which is half past midnight on the 1st in New York.
    let note = "when=2026-10-31 23:30";
    let fields = [&client, note, "kind=phone", "minutes=15", "service=T1016", "body=late call"];
    let said = there(&caseload, "America/Chicago", &[&["add", "note"], &fields[..], &["--json"]].concat());
    let note: Json = serde_json::from_str(&said).unwrap();
    let id = note["id"].as_str().unwrap();
    let billed = |from: &str, to: &str| {
        let lines = caseload.json(&["report", "billing", "--from", from, "--to", to]);
        lines.as_array().unwrap().iter().map(|line| line["date"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(billed("2026-10-01", "2026-10-31"), ["2026-10-31"]);
    assert_eq!(billed("2026-11-01", "2026-11-30"), [""; 0]);
    // What another system wrote in UTC tells of no place: it is of the day here.
    let fields = [&client, "when=2026-10-31 02:00", "kind=phone", "minutes=15", "service=T1016", "body=from a server"];
    there(&caseload, "UTC", &[&["add", "note"], &fields[..]].concat());
    assert_eq!(billed("2026-10-01", "2026-10-31"), ["2026-10-30", "2026-10-31"]);
    // The reader's clock says when it was here, and the other one stands beside it.
    let show = caseload.run(&["show", "Ana"]);
    assert!(show.contains("Sun 1 Nov 2026 00:30 (23:30 UTC-5, 31 Oct)"), "{show}");
    caseload.run(&["sign", id]);
    let out = caseload.folder.path().join("notes.txt");
    let print = ["print", "notes", "--client", &ana, "--for", "file", "--out", out.to_str().unwrap()];
    caseload.run(&[&print[..], &["--from", "2026-10-01", "--to", "2026-10-31"]].concat());
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains("1 Nov 2026, 00:30 (23:30 UTC-5, 31 Oct)"), "{text}");
}

#[test]
fn a_whole_day_goes_out_as_that_day_and_a_search_tells_the_day_here() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name=Ana", "family_name=Diaz"]);
    let client = format!("client={ana}");
    let fields = [&client, "title=workshop", "starts=2026-11-30 00:00", "minutes=1440"];
    there(&caseload, "America/Chicago", &[&["add", "appointment"], &fields[..]].concat());
    for zone in ["America/New_York", "America/Chicago", "Pacific/Guam"] {
        let out = caseload.folder.path().join(format!("{}.ics", zone.replace('/', "-")));
        let args = ["export", out.to_str().unwrap(), "--format", "ics"];
        there(&caseload, zone, &args);
        let text = std::fs::read_to_string(&out).unwrap();
        assert!(text.contains("DTSTART;VALUE=DATE:20261130"), "{zone}: {text}");
    }
    // A day is the same day everywhere; an hour is of the reader's day.
    let screen = [&client, "instrument=phq-2", "on=2026-11-20", "answers=1=0;2=0", "about=quietword"];
    caseload.run(&[&["--today", "2026-11-24", "add", "assessment"], &screen[..]].concat());
    let note = [&client, "when=2026-11-23 02:00", "kind=phone", "body=quietword again"];
    there(&caseload, "Europe/Berlin", &[&["add", "note"], &note[..]].concat());
    let found = caseload.run(&["search", "quietword"]);
    assert!(found.contains("2026-11-20 Ana Diaz (assessment)"), "{found}");
    assert!(found.contains("2026-11-22 Ana Diaz (note)"), "{found}");
    let found = caseload.json(&["search", "quietword"]);
    let when: Vec<&str> = found.as_array().unwrap().iter().map(|hit| hit["when"].as_str().unwrap()).collect();
    assert_eq!(when, ["2026-11-22T20:00:00-05:00", "2026-11-20"]);
}
