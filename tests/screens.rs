//! Screening instruments at the command line and from other systems: what is certain is told, what cannot wait is kept and
//! comes first, and nothing is told that the answers do not give.

use crate::common::Caseload;
use serde_json::{Value as Json, json};

const TODAY: &str = "2026-11-26";

/// A caseload with Ana.
fn ana() -> Caseload {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana", "opened=2026-11-20", "--today", TODAY]);
    caseload
}

/// A command on the day of the stories.
#[track_caller]
fn on_the_day(caseload: &Caseload, args: &[&str]) -> Json {
    caseload.json(&[args, &["--today", TODAY]].concat())
}

#[track_caller]
fn refused(caseload: &Caseload, args: &[&str]) -> String {
    caseload.refused(&[args, &["--today", TODAY]].concat())
}

/// How many answers wait to be acted on, by the reasons of triage.
#[track_caller]
fn waiting(caseload: &Caseload) -> usize {
    let list = on_the_day(caseload, &["triage"]);
    let reasons = list.as_array().unwrap().iter().flat_map(|client| client["reasons"].as_array().unwrap());
    reasons.filter(|reason| reason["rule"] == "assessment-urgent").count()
}

fn all(json: &Json) -> Vec<Json> {
    json["assessments"].as_array().unwrap().clone()
}

#[test]
fn a_part_of_a_screen_with_an_answer_that_cannot_wait_is_kept_and_alarms() {
    let caseload = ana();
    let saved = on_the_day(&caseload, &["assess", "Ana", "phq-9", "9=2"]);
    assert_eq!(
        (&saved["band"], &saved["answers"], &saved["score"]),
        (&json!("Not finished"), &json!("9=2"), &Json::Null)
    );
    assert!(saved["urgent"].as_str().unwrap().contains("ask about suicide today"), "{saved}");
    assert_eq!((saved["alerts"][0]["now"].as_bool(), saved["unanswered"].as_array().unwrap().len()), (Some(true), 8));
    assert_eq!(waiting(&caseload), 1);
    let said = caseload.run(&["assess", "Ana", "c-ssrs", "2=y", "3=yes", "--today", TODAY]);
    assert!(
        said.contains("Not finished: 4 items are without an answer") && said.contains("NOW: Thought of a method"),
        "{said}"
    );
    assert_eq!(waiting(&caseload), 2);
    // What does not cry is not kept half.
    let why = refused(&caseload, &["assess", "Ana", "phq-9", "1=3", "2=3"]);
    assert!(why.contains("7 items are without an answer") && why.contains("Nothing was saved"), "{why}");
    // Where it is certain, it is told although items are missing: 5 + 5 + 5 of HITS, 24 of the PHQ-9.
    let hits = on_the_day(&caseload, &["assess", "Ana", "ahc-hrsn", "7=5", "8=5", "9=5"]);
    assert!(hits["urgent"].as_str().unwrap().starts_with("Not safe from someone"), "{hits}");
    let eight: Vec<String> = (1..=8).map(|item| format!("{item}=3")).collect();
    let eight: Vec<&str> = eight.iter().map(String::as_str).collect();
    let severe = on_the_day(&caseload, &[&["assess", "Ana", "phq-9"], &eight[..]].concat());
    assert_eq!((&severe["says"], &severe["band"]), (&json!("at least 24 of 27: Severe"), &json!("Severe")));
    assert_eq!((&severe["score"], &severe["unanswered"]), (&Json::Null, &json!(["9"])));
}

#[test]
fn advice_of_a_band_gives_way_in_print_and_in_json() {
    let caseload = ana();
    let mild = ["1=2", "2=1", "3=0", "4=0", "5=0", "6=0", "7=0", "8=1", "9=2"];
    let saved = on_the_day(&caseload, &[&["assess", "Ana", "phq-9"], &mild[..]].concat());
    assert_eq!((&saved["band"], saved["asks"].as_array().unwrap().len()), (&json!("Mild"), 1));
    assert!(!saved.to_string().contains("atch and wait"), "{saved}");
    let said = caseload.run(&[&["assess", "Ana", "phq-9"], &mild[..], &["--today", TODAY]].concat());
    assert!(said.contains("NOW: Thoughts of death") && !said.contains("atch and wait"), "{said}");
}

#[test]
fn moderate_is_owed_the_same_day_and_low_a_referral() {
    let caseload = ana();
    let low = on_the_day(&caseload, &["assess", "Ana", "c-ssrs", "1=y", "2=n", "6=n"]);
    assert_eq!((&low["band"], &low["score"], &low["urgent"]), (&json!("Low risk"), &json!(1), &Json::Null));
    assert_eq!(low["asks"], json!(["Referral to behavioral health; make or renew the safety plan"]));
    let moderate = on_the_day(&caseload, &["assess", "Ana", "c-ssrs", "1=y", "2=y", "3=y", "4=n", "5=n", "6=n"]);
    assert!(moderate["band"] == "Moderate risk" && moderate["urgent"].is_string(), "{moderate}");
    // Longer ago: a clinician evaluates it; the same answers are quiet then, other ones are not.
    let past = ["assess", "Ana", "c-ssrs", "1=n", "2=n", "6=y", "6b=n"];
    let first = on_the_day(&caseload, &past);
    assert!(first["urgent"].as_str().unwrap().contains("owed the same day"), "{first}");
    let id = first["id"].as_str().unwrap();
    let evaluated = on_the_day(&caseload, &["set", id, "evaluated=today"]);
    assert_eq!(evaluated["answered"], json!(TODAY));
    let later = |args: &[&str]| caseload.json(&[args, &["--today", "2026-12-26"]].concat());
    let again = later(&past);
    assert_eq!(
        (&again["urgent"], &again["band"], &again["alerts"][0]["now"]),
        (&Json::Null, &json!("Moderate risk"), &json!(false))
    );
    let changed = later(&["assess", "Ana", "c-ssrs", "1=y", "2=n", "6=y", "6b=n"]);
    assert!(changed["urgent"].is_string(), "{changed}");
}

#[test]
fn typed_fields_are_scored_or_refused() {
    let caseload = ana();
    let nine = "answers=1=2;2=2;3=2;4=2;5=1;6=1;7=1;8=0;9=1";
    fn add<'a>(fields: &[&'a str]) -> Vec<&'a str> {
        [&["add", "assessment", "client=Ana", "instrument=phq-9"], fields].concat()
    }
    for (fields, why) in [
        (&[nine, "score=3", "band=Minimal"][..], "the answers give 12 of 27: Moderate"),
        (&[nine, "band=Minimal"], "not \"Minimal\""),
        (&["answers=9=2", "score=3"], "no score"),
        (&["answers=9=7"], "It may be 0 Not at all"),
        (&["answers=often"], "is not an answer"),
        (&["score=12", "band=Severe"], "12 is Moderate"),
        (&["score=40"], "0 to 27"),
        (&[nine, "answered=2026-11-27"], "still to come"),
        (&[nine, "urgent="], "acted on it"),
    ] {
        let said = refused(&caseload, &add(fields));
        assert!(said.contains(why) || why == "still to come", "{fields:?}: {said}");
    }
    assert_eq!(all(&caseload.json(&["show", "Ana"])).len(), 0, "nothing of it was saved");
    let saved = on_the_day(&caseload, &add(&[nine]));
    assert_eq!(
        (&saved["score"], &saved["band"], &saved["again"]),
        (&json!(12), &json!("Moderate"), &json!("2026-12-26"))
    );
    let part = on_the_day(&caseload, &add(&["answers=9=nearly daily"]));
    assert_eq!((&part["answers"], &part["band"]), (&json!("9=3"), &json!("Not finished")));
    assert_eq!(waiting(&caseload), 2);
    let total = on_the_day(&caseload, &add(&["score=16"]));
    assert_eq!((&total["band"], &total["urgent"]), (&json!("Moderately severe"), &Json::Null));

    let id = part["id"].as_str().unwrap();
    for (set, why) in [
        ("urgent=", "until someone has acted on it"),
        ("urgent=nothing", "worked out from the answers"),
        ("answers=", "not taken away"),
        ("answered=2027-01-01", ""),
        ("answered=2025-01-01", "before the day of the answers"),
    ] {
        let said = refused(&caseload, &["set", id, set]);
        assert!(said.contains(why), "{set}: {said}");
    }
    let kept = refused(&caseload, &["delete", id]);
    assert!(kept.contains("acted on it"), "{kept}");
    assert_eq!(waiting(&caseload), 2);
    // Completed later: scored anew, and the alarm is that of the answers now.
    let whole = on_the_day(&caseload, &["set", id, "answers=1=0;2=0;3=0;4=0;5=0;6=0;7=0;8=0;9=3"]);
    assert_eq!((&whole["score"], &whole["band"]), (&json!(3), &json!("Minimal")));
    on_the_day(&caseload, &["set", id, "answered=today", "about=Dr. Chen saw her"]);
    assert_eq!(waiting(&caseload), 1);
    on_the_day(&caseload, &["delete", id]);
}

#[test]
fn a_later_quiet_screen_does_not_hide_one_that_nobody_acted_on() {
    let caseload = ana();
    caseload.json(&["assess", "Ana", "c-ssrs", "1=y", "2=y", "3=n", "4=y", "5=n", "6=n", "--today", "2026-11-24"]);
    on_the_day(&caseload, &["assess", "Ana", "c-ssrs", "1=n", "2=n", "6=n"]);
    assert_eq!(waiting(&caseload), 1);
    let list = on_the_day(&caseload, &["assess", "Ana"]);
    let screener = list.as_array().unwrap().iter().find(|one| one["instrument"] == "c-ssrs").unwrap();
    assert_eq!((&screener["last"], &screener["waiting"][0]["on"]), (&json!(TODAY), &json!("2026-11-24")));
    for args in [&["assess", "Ana"][..], &["assess", "Ana", "c-ssrs"], &["show", "Ana"]] {
        let said = caseload.run(&[args, &["--today", TODAY]].concat());
        assert!(said.contains("NOT ACTED ON") && said.contains("Intent to act"), "{said}");
    }
}

/// A patient and observations of theirs, as a file.
fn file(caseload: &Caseload, name: &str, resources: &[Json]) -> String {
    let patient = json!({"resourceType": "Patient", "id": "p1", "name": [{"family": "Quill"}]});
    let lines: Vec<String> = [patient].iter().chain(resources).map(Json::to_string).collect();
    let path = caseload.folder.path().join(name);
    std::fs::write(&path, lines.join("\n")).unwrap();
    path.to_str().unwrap().into()
}

fn observation(id: &str, code: &str, value: Json) -> Json {
    let mut all = json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-25", "code": {"coding": [{"system": "http://loinc.org", "code": code}]}});
    all.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    all
}

fn coded(code: &str) -> Json {
    json!({"valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": code}]}})
}

/// LOINC 44260-8 is the PHQ-9's ninth item; LL358-3 its answers.
#[test]
fn the_ninth_item_alone_alarms_however_it_is_told() {
    for (value, answer) in [
        (json!({"valueInteger": 2}), Some("9=2")),
        (json!({"valueQuantity": {"value": 1, "unit": "{score}"}}), Some("9=1")),
        (coded("LA6569-3"), Some("9=1")),
        (coded("LA6570-1"), Some("9=2")),
        (coded("LA6571-9"), Some("9=3")),
        (json!({"valueCodeableConcept": {"text": "Nearly daily"}}), Some("9=3")),
        (json!({"valueString": "More than half the days"}), Some("9=2")),
        (json!({"valueInteger": 3, "effectiveDateTime": null}), Some("9=3")),
        (coded("LA6568-5"), None),
        (json!({"valueInteger": 0}), None),
        (json!({"valueInteger": 2, "status": "entered-in-error"}), None),
        (json!({"valueInteger": 2, "status": "cancelled"}), None),
        (json!({"dataAbsentReason": {"text": "refused"}}), None),
    ] {
        let caseload = Caseload::new();
        let path = file(&caseload, "nine.ndjson", &[observation("o9", "44260-8", value.clone())]);
        on_the_day(&caseload, &["import", &path]);
        let found = all(&caseload.json(&["show", "Quill"]));
        assert_eq!(found.first().map(|one| one["answers"].as_str().unwrap()), answer, "{value}");
        assert_eq!(waiting(&caseload), usize::from(answer.is_some()), "{value}");
        if let Some(one) = found.first() {
            assert_eq!(
                (&one["instrument"], &one["band"], &one["score"]),
                (&json!("phq-9"), &json!("Not finished"), &Json::Null)
            );
            // The same file again changes nothing, and clears nothing.
            let again = on_the_day(&caseload, &["import", &path]);
            assert_eq!((&again["created"]["assessment"], &again["unchanged"]["assessment"]), (&json!(0), &json!(1)));
            assert_eq!(waiting(&caseload), 1);
        }
    }
}

#[test]
fn other_items_totals_and_levels_from_elsewhere_are_scored_like_our_own() {
    let caseload = Caseload::new();
    // What cannot be read and may demand action is named, never passed over.
    for (name, value) in [("code", coded("LA1-1")), ("number", json!({"valueInteger": 7}))] {
        let path = file(&caseload, name, &[observation(name, "44260-8", value)]);
        let done = on_the_day(&caseload, &["import", &path, "--format", "fhir"]);
        assert!(done["skipped"][0]["reason"].as_str().unwrap().contains("none that is known here"), "{done}");
    }
    let part = |code: &str, value: i64| json!({"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueInteger": value});
    let path = file(
        &caseload,
        "all.ndjson",
        &[
            // C-SSRS: intent, yes, by LOINC and by SNOMED CT; a plan, no; thoughts alone.
            observation("intent", "93249-1", coded("LA33-6")),
            observation("recent", "93269-9", json!({"valueBoolean": true})),
            observation("plan", "93250-9", coded("LA32-8")),
            observation("thoughts", "93247-5", coded("373066001")),
            // A level without its answers.
            observation(
                "level",
                "93374-7",
                json!({"valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "LA9193-9", "display": "High"}]}}),
            ),
            // A total, and one that answers disagree with.
            observation("total", "44261-6", json!({"valueInteger": 16})),
            observation("frame", "44249-1", json!({"hasMember": [{"reference": "Observation/intent"}]})),
            observation("beyond", "44261-6", json!({"valueInteger": 99})),
            observation(
                "panel",
                "55757-9",
                json!({"component": [part("44250-9", 3), part("44255-8", 3)], "valueInteger": 1}),
            ),
        ],
    );
    let done = on_the_day(&caseload, &["import", &path]);
    let found = all(&caseload.json(&["show", "Quill"]));
    let mut told: Vec<(String, String, bool)> = found
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or("").to_string();
            let what = if one["answers"].is_null() { format!("{}", one["score"]) } else { text("answers") };
            (what, text("band"), one["urgent"].is_string())
        })
        .collect();
    told.sort();
    let wanted = [
        ("16", "Moderately severe", false),
        ("1=3;2=3", "Positive", false),
        ("2=1", "Not finished", false),
        ("4=1", "High risk", true),
        ("6b=1", "High risk", true),
        ("null", "High risk", true),
    ];
    assert_eq!(told, wanted.map(|(what, band, urgent)| (what.to_string(), band.to_string(), urgent)), "{done}");
    assert_eq!(found.iter().find(|one| one["instrument"] == "phq-2").unwrap()["score"], 6);
}
