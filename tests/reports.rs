//! Figures: each equals a count made by an independent query over the same file, and the people behind it add up to it.

use crate::common::terminal::{ENTER, ESC, Terminal};
use crate::common::{Caseload, PASSPHRASE};
use caseload::model::Intensity;
use caseload::practice::Practice;
use rusqlite::Connection;
use serde_json::Value as Json;

/// A made-up caseload, and the same file through SQLite alone.
fn made() -> (Caseload, Connection) {
    let caseload = Caseload::none();
    let file = caseload.file();
    caseload.run(&["demo", "--write", file.to_str().unwrap(), "--clients", "60", "--notes", "900", "--seed", "3"]);
    for (name, fields) in [
        ("stay", vec!["hospital=County", "kind=medical", "admitted=2026-11-01", "discharged=2026-11-05"]),
        ("stay", vec!["hospital=County", "kind=medical", "admitted=2026-11-20", "discharged=2026-11-22"]),
        ("employment", vec!["employer=Bakery", "started=2026-08-10"]),
        ("employment", vec!["employer=Shop", "started=2026-08-20", "ended=2026-09-01"]),
        ("referral", vec!["to=Pantry", "status=served", "sent=2026-11-03", "outcome=served"]),
        ("referral", vec!["to=Legal Aid", "status=sent", "sent=2026-11-04"]),
        ("need", vec!["domain=housing", "what=a room", "status=unmet", "barrier=no-place", "identified=2026-10-01"]),
    ] {
        let mut args = vec!["add", name, "client=mrn:10001"];
        args.extend(fields);
        caseload.run(&args);
    }
    let db = Connection::open(&file).unwrap();
    db.pragma_update(None, "key", PASSPHRASE).unwrap();
    (caseload, db)
}

const ON: [&str; 2] = ["--today", "2026-11-24"];

fn figure(caseload: &Caseload, report: &str, period: &str, key: &str) -> (f64, f64, Json) {
    let report = caseload.json(&[&["report", report, "--period", period], &ON[..]].concat());
    let figure = report["figures"].as_array().unwrap().iter().find(|one| one["key"] == key).unwrap().clone();
    let number = |name: &str| figure[name].as_f64().unwrap();
    // Whoever stands behind a figure adds up to it, and so do its groups.
    let sum =
        |all: &Json, name: &str| all.as_array().unwrap().iter().map(|one| one[name].as_f64().unwrap()).sum::<f64>();
    assert_eq!(
        (sum(&figure["clients"], "value"), sum(&figure["clients"], "of")),
        (number("value"), number("of")),
        "{key}"
    );
    for groups in ["by_worker", "by_area"] {
        let all: f64 = figure[groups].as_object().unwrap().values().map(|one| one["value"].as_f64().unwrap()).sum();
        assert!((all - number("value")).abs() < 1e-6, "{key} {groups}");
    }
    (number("value"), number("of"), figure)
}

#[test]
fn figures_equal_what_an_independent_query_counts() {
    let (caseload, db) = made();
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, Option<f64>>(0)).unwrap().unwrap_or(0.0);
    let notes = "FROM row_note WHERE state & 1 = 0 AND substr(\"when\", 1, 7) = '2026-11' AND substr(\"when\", 1, 10) <= '2026-11-30'";
    let reached = "AND kind IN ('face-to-face', 'phone', 'video', 'message')";
    for (report, key, sql) in [
        ("productivity", "contacts", format!("SELECT count(*) {notes} {reached}")),
        ("productivity", "face_to_face", format!("SELECT count(*) {notes} AND kind = 'face-to-face'")),
        ("productivity", "minutes", format!("SELECT sum(minutes) {notes}")),
        ("productivity", "clients", format!("SELECT count(DISTINCT stream) {notes}")),
        ("productivity", "service_minutes", format!("SELECT sum(minutes) {notes} AND service IS NOT NULL")),
        (
            "attendance",
            "attendance",
            "SELECT count(*) FROM row_appointment WHERE state & 1 = 0 AND status = 'kept' AND substr(starts, 1, 7) = '2026-11'".into(),
        ),
        (
            "attendance",
            "missed",
            "SELECT count(*) FROM row_appointment WHERE state & 1 = 0 AND status = 'no-show' AND substr(starts, 1, 7) = '2026-11'".into(),
        ),
        (
            "caseload",
            "opened",
            "SELECT count(*) FROM row_client WHERE state & 1 = 0 AND substr(opened, 1, 7) = '2026-11'".into(),
        ),
        (
            "caseload",
            "closed",
            "SELECT count(*) FROM row_client WHERE state & 1 = 0 AND substr(closed, 1, 7) = '2026-11'".into(),
        ),
        ("needs", "unmet_needs", "SELECT count(*) FROM row_need WHERE state & 1 = 0 AND status = 'unmet'".into()),
    ] {
        assert_eq!(figure(&caseload, report, "2026-11", key).0, count(&sql), "{key}");
    }
    // The month before stands beside it.
    let (_, _, contacts) = figure(&caseload, "productivity", "2026-11", "contacts");
    let before = notes.replace("2026-11", "2026-10").replace("-30", "-31");
    assert_eq!(contacts["before"], count(&format!("SELECT count(*) {before} {reached}")));
    // What cannot be counted by one query, by hand.
    let stays = "FROM row_stay a WHERE a.state & 1 = 0 AND a.kind IN ('medical', 'psychiatric', 'detox') AND substr(a.discharged, 1, 7) = '2026-11'";
    let again = "AND EXISTS (SELECT 1 FROM row_stay b WHERE b.stream = a.stream AND b.id <> a.id AND b.kind IN ('medical', 'psychiatric', 'detox')
                  AND coalesce(b.planned, 0) = 0 AND julianday(b.admitted) - julianday(a.discharged) BETWEEN 0 AND 30)";
    let (got, of, _) = figure(&caseload, "readmissions", "2026-11", "readmissions");
    assert_eq!(
        (got, of),
        (count(&format!("SELECT count(*) {stays} {again}")), count(&format!("SELECT count(*) {stays}")))
    );
    assert!(got >= 1.0, "the second stay of November");
    let jobs =
        "FROM row_employment WHERE state & 1 = 0 AND date(started, '+90 days') BETWEEN '2026-11-01' AND '2026-11-24'";
    let (got, of, _) = figure(&caseload, "employment", "2026-11", "jobs_kept_90");
    let kept = "AND (ended IS NULL OR ended >= date(started, '+90 days'))";
    assert_eq!(
        (got, of),
        (count(&format!("SELECT count(*) {jobs} {kept}")), count(&format!("SELECT count(*) {jobs}")))
    );
    let sent = "FROM row_referral WHERE state & 1 = 0 AND substr(sent, 1, 7) = '2026-11'";
    let (got, of, _) = figure(&caseload, "referrals", "2026-11", "referrals_served");
    let served = "AND (outcome IN ('served', 'partly') OR status = 'served')";
    assert_eq!(
        (got, of),
        (count(&format!("SELECT count(*) {sent} {served}")), count(&format!("SELECT count(*) {sent}")))
    );
    // Who was in touch often enough: worked out here from the notes alone.
    let (got, of, _) = figure(&caseload, "compliance", "2026-11-01..2026-11-24", "contact_compliance");
    let open = "FROM row_client c WHERE c.state & 1 = 0 AND c.opened <= '2026-11-24' AND NOT (c.status = 'closed' AND coalesce(c.closed, '') <= '2026-11-24')";
    // The days of the agency, but for the areas whose files ask for others.
    let own = Practice::standard();
    let areas = own.areas.iter().flat_map(|area| Intensity::ALL.iter().map(move |intensity| (area, *intensity)));
    let areas = areas.filter_map(|(area, intensity)| {
        let days = area.contact.of(intensity)?;
        Some(format!("WHEN '{} {}' THEN {days} ", area.code, intensity.code()))
    });
    let days = format!(
        "CASE coalesce(c.area, '') || ' ' || coalesce(c.intensity, 'standard') {}
         ELSE CASE c.intensity WHEN 'intensive' THEN 7 WHEN 'active' THEN 14 WHEN 'light' THEN 90 ELSE 30 END END",
        areas.collect::<String>()
    );
    let since = format!("date('2026-11-24', '-' || ({days}) || ' days')");
    let touched = format!(
        "AND (c.opened >= {since} OR EXISTS (SELECT 1 FROM row_note n WHERE n.stream = c.id AND n.state & 1 = 0 {}
         AND substr(n.\"when\", 1, 10) BETWEEN {since} AND '2026-11-24'))",
        reached.replace("kind", "n.kind")
    );
    assert_eq!(
        (got, of),
        (count(&format!("SELECT count(*) {open} {touched}")), count(&format!("SELECT count(*) {open}")))
    );
}

#[test]
fn reports_in_every_form_and_wrong_words_are_told() {
    let (caseload, _) = made();
    let on = |args: &[&str]| caseload.run(&[args, &ON[..]].concat());
    assert!(on(&["report", "week"]).contains("Contacts with clients"));
    let sheet = on(&["report", "productivity", "--format", "csv"]);
    assert!(sheet.starts_with("figure,by,group,value,of,before\n"), "{sheet}");
    let page = on(&["report", "attendance", "--format", "html"]);
    assert!(page.contains("<svg") || page.contains("<table"), "{page}");
    assert!(on(&["report", "week", "--open", "contacts"]).lines().count() > 1);
    assert!(caseload.refused(&["report", "astrology"]).contains("productivity"));
    assert!(caseload.refused(&["report", "week", "--period", "soon"]).contains("last-month"));
    assert!(caseload.refused(&["report", "week", "--open", "luck"]).contains("contacts"));
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(caseload.run(&["completions", shell]).contains("triage"), "{shell}");
    }
    assert!(caseload.run(&["man"]).contains(".TH"));
}

#[test]
fn a_figure_is_opened_to_the_clients_behind_it() {
    let (caseload, _) = made();
    let pass = caseload.pass();
    let args = ["--passphrase-file", pass.to_str().unwrap(), ON[0], ON[1]];
    let mut screen = Terminal::start(&caseload, 120, 40, &args);
    screen.wait("Caseload");
    screen.keys("D");
    screen.wait("Which report?");
    screen.keys("3");
    screen.wait("Productivity and billable units: November 2026");
    screen.keys(ENTER);
    screen.wait("Contacts with clients: ");
    screen.keys(ENTER);
    screen.wait("WHY NOW");
    screen.keys("D3");
    screen.wait("p another period");
    screen.keys("p");
    screen.wait("Which period?");
    screen.keys("last-month");
    screen.keys(ENTER);
    screen.wait("October 2026");
    screen.keys(ESC);
    // The worker's own practice: a course is added, and what is missing is said.
    screen.keys("J");
    screen.wait("No credentials yet");
    screen.keys("c");
    screen.wait("Add credential");
    screen.keys("lcs");
    screen.wait("LCSW");
    screen.keys("\x13");
    screen.wait("Saved: add credential");
    caseload.run(&["set", &row_of(&caseload, "credential"), "expires=2026-12-24", "issued=2024-12-24"]);
    assert!(
        caseload.run(&["triage", ON[0], ON[1]]).contains("LCSW expires 24 Dec 2026, in 30 days; missing: 30 h in all")
    );
    screen.keys("q");
    assert!(screen.ends());
}

/// The id of the only row of a type in the worker's own stream.
fn row_of(caseload: &Caseload, record: &str) -> String {
    let db = Connection::open(caseload.file()).unwrap();
    db.pragma_update(None, "key", PASSPHRASE).unwrap();
    db.query_row(&format!("SELECT lower(hex(id)) FROM row_{record}"), [], |row| row.get(0)).unwrap()
}
