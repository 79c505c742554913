//! HMIS CSV goes out as FY2026 has it, and comes in again unchanged.

use std::collections::HashMap;
use std::path::Path;

use crate::common::{Caseload, fixture, sample_data};
use serde_json::{Value as Json, json};

fn total(counts: &Json) -> u64 {
    counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

fn rows(folder: &Path, file: &str) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(folder.join(file)).unwrap().deserialize().map(Result::unwrap).collect()
}

/// What lets everyone go out, those too who must be contacted with care.
const ORDERED: &[&str] =
    &["--for", "County HMIS", "--purpose", "order", "--without-release", "court-order", "--reason", "docket 7"];

/// Exports; the export changes nothing where it came from, and makes the same rows where there are none.
fn comes_back_whole(caseload: &Caseload, today: &str) -> std::path::PathBuf {
    let folder = caseload.folder.path().join("out");
    let out = folder.to_str().unwrap();
    let written = caseload.json(&[&["export", out, "--format", "hmis-csv", "--today", today], ORDERED].concat());
    assert_eq!(written["counts"]["Client"], rows(&folder, "Client.csv").len());
    let here = caseload.json(&["import", out]);
    assert_eq!(here["skipped"], json!([]));
    assert_eq!(
        (&here["updated"], &here["conflicts"]),
        (&json!({"client": 0, "enrollment": 0, "need": 0, "note": 0, "relationship": 0}), &json!(0))
    );
    assert_eq!(total(&here["created"]), 0);
    let other = Caseload::new();
    let there = other.json(&["import", out]);
    assert_eq!((&there["created"], &there["skipped"]), (&here["unchanged"], &json!([])));
    assert_eq!(other.json(&["check"])["ok"], true);
    folder
}

#[test]
fn an_export_comes_in_again_unchanged() {
    let caseload = Caseload::new();
    caseload.run(&["import", &fixture("hmis")]);
    // Without a release, she is entered nowhere else.
    let first = caseload.folder.path().join("first");
    let told = caseload.json(&["export", first.to_str().unwrap(), "--format", "hmis-csv", "--today", "2022-09-30"]);
    assert!(told["told"].to_string().contains("Left out: Ada Quill"), "{told}");
    assert!(rows(&first, "Client.csv").iter().all(|row| row["PersonalID"] != "101"));
    for file in ["Services.csv", "HealthAndDV.csv", "Enrollment.csv"] {
        assert!(!std::fs::read_to_string(first.join(file)).unwrap().contains(",101,"), "{file}");
    }
    // A release to somebody else opens it as little as a spoken one to the HMIS; a written one to it does.
    let everything = "what=contact,whereabouts,attendance,needs,notes,health,mental-health,substance-use,violence,income,employment,family";
    let whose = "client=hmis:101";
    let release = |to: &str, form: &str| {
        let to = format!("to={to}");
        caseload.json(&[
            "add",
            "consent",
            whose,
            &to,
            everything,
            "purpose=housing",
            "part2=yes",
            form,
            "from=2022-01-01",
            "until=2199-12-31",
        ]);
    };
    let released = |name: &str, more: &[&str]| {
        let out = caseload.folder.path().join(name);
        let asked = ["export", out.to_str().unwrap(), "--format", "hmis-csv", "--today", "2022-09-30"];
        caseload.output(&[&asked, more].concat()).status.success()
            && rows(&out, "Client.csv").iter().any(|row| row["PersonalID"] == "101")
    };
    let hmis = ["--for", "County HMIS", "--purpose", "coordination"];
    release("Lawyer Kim", "form=written");
    release("County HMIS", "form=verbal");
    assert!(!released("second", &[]) && !released("third", &hmis));
    release("County HMIS", "form=written");
    assert!(!released("fourth", &[]) && released("fifth", &hmis));
    let folder = comes_back_whole(&caseload, "2022-09-30");
    let ada = rows(&folder, "Client.csv").into_iter().find(|row| row["PersonalID"] == "101").unwrap();
    assert_eq!((ada["LastName"].as_str(), ada["SSN"].as_str(), ada["SSNDataQuality"].as_str()), ("Quill", "", "99"));
    assert_eq!(ada["RaceNone"], "99");
    let ride = rows(&folder, "Services.csv").into_iter().find(|row| row["ServicesID"] == "s2").unwrap();
    assert_eq!(
        (ride["RecordType"].as_str(), ride["TypeProvided"].as_str(), ride["FAAmount"].as_str()),
        ("144", "1", "12.50")
    );
    let stays = rows(&folder, "Enrollment.csv");
    assert!(stays.iter().any(|row| row["EnrollmentID"] == "e2" && row["RelationshipToHoH"] == "2"), "{stays:?}");
    let moved = rows(&folder, "Exit.csv").into_iter().find(|row| row["PersonalID"] == "106").unwrap();
    assert_eq!(moved["Destination"], "410");
}

#[test]
fn what_was_recorded_here_goes_out_under_ids_that_find_it_again() {
    let caseload = Caseload::new();
    let id = caseload.client(&[
        "given_name==cmd()",
        "family_name=O'Hara, Cy",
        "birth_date=1970-07-04",
        "gender=Female",
        "area=healthcare",
        "living=tent",
    ]);
    caseload.json(&[
        "add",
        "enrollment",
        &format!("client={id}"),
        "project=Bridge House",
        "entry=2026-01-05",
        "exit=2026-06-01",
        "destination=by the sea",
    ]);
    caseload.json(&["log", &id, "kind=phone", "body=talked"]);
    let folder = caseload.folder.path().join("out");
    let written = caseload.json(&["export", folder.to_str().unwrap(), "--format", "hmis-csv"]);
    assert!(written["told"].to_string().contains("did not go out: 1"));
    // What a spreadsheet would run is disarmed, as in every table that goes out, and comes back as it was.
    assert_eq!(rows(&folder, "Client.csv")[0]["FirstName"], "'=cmd()");
    let here = caseload.json(&["import", folder.to_str().unwrap()]);
    assert_eq!((total(&here["created"]), total(&here["updated"]), &here["skipped"]), (0, 0, &json!([])));
    let other = Caseload::new();
    other.run(&["import", folder.to_str().unwrap()]);
    let person = other.json(&["show", &id]);
    assert_eq!(
        (&person["client"]["family_name"], &person["enrollments"][0]["exit"]),
        (&json!("O'Hara, Cy"), &json!("2026-06-01"))
    );
    assert_eq!(person["client"]["given_name"], "=cmd()");
    let exit = &rows(&folder, "Exit.csv")[0];
    assert_eq!(exit["Destination"], "99");
}

#[test]
fn other_peoples_data_comes_in_again_unchanged() {
    let (Some(old), Some(new)) = (sample_data("hmis-fy2024"), sample_data("hmis-fy2026")) else { return };
    for folder in [old, new] {
        let caseload = Caseload::new();
        caseload.run(&["import", folder.to_str().unwrap()]);
        let out = comes_back_whole(&caseload, "2022-09-30");
        // The columns are those of the samples, in their order.
        for file in std::fs::read_dir(&out).unwrap() {
            let name = file.unwrap().file_name();
            let header = |folder: &Path| csv::Reader::from_path(folder.join(&name)).unwrap().headers().unwrap().clone();
            if folder.ends_with("hmis-fy2026") {
                assert_eq!(header(&out), header(&folder), "{name:?}");
            }
        }
    }
}

/// An HMIS export in which somebody has left does not close them over what their life hangs on; their exit stands all the same.
#[test]
fn an_exit_closes_nobody_over_an_open_crisis() {
    let caseload = Caseload::new();
    let folder = caseload.folder.path().join("hmis");
    std::fs::create_dir(&folder).unwrap();
    for file in std::fs::read_dir(fixture("hmis")).unwrap() {
        let path = file.unwrap().path();
        std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    let import = |more: &[&str]| caseload.json(&[&["import", folder.to_str().unwrap()], more].concat());
    import(&[]);
    let status = |id: &str| caseload.json(&["show", id])["client"]["status"].clone();
    assert_eq!((status("hmis:101"), status("hmis:103")), (json!("active"), json!("active")));
    caseload.run(&["add", "incident", "client=hmis:101", "kind=violence", "began=2026-11-20 22:00"]);
    // Everybody has left every project since.
    let exits = std::fs::read_to_string(folder.join("Exit.csv")).unwrap();
    let enrolled = rows(&folder, "Enrollment.csv");
    let left = enrolled.iter().filter(|row| ["101", "103"].contains(&row["PersonalID"].as_str())).zip(1..);
    let left: String = left
        .map(|(row, at)| {
            let (stay, who) = (&row["EnrollmentID"], &row["PersonalID"]);
            format!("n{at},{stay},{who},2026-11-22,410,2026-11-22 10:00:00,2026-11-22 10:00:00,7,,E1\n")
        })
        .collect();
    std::fs::write(folder.join("Exit.csv"), format!("{}\n{left}", exits.trim_end())).unwrap();
    let done = import(&[]);
    let told = done["told"].to_string();
    assert!(told.contains("Ada Quill has an unresolved crisis: not closed"), "{told}");
    assert_eq!((status("hmis:101"), status("hmis:103")), (json!("active"), json!("closed")));
    let stays = caseload.json(&["show", "hmis:101"])["enrollments"].clone();
    assert!(stays.as_array().unwrap().iter().all(|stay| stay["exit"].is_string()), "{stays}");
    // Again the same, until somebody says otherwise.
    assert!(import(&[])["told"].to_string().contains("not closed"));
    import(&["--close-anyway"]);
    assert_eq!(status("hmis:101"), "closed");
    let seen = caseload.json(&["triage"]);
    assert!(seen[0]["reasons"].to_string().contains("closed with something open: Violence at home"), "{seen}");
}
