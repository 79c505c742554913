//! What other programs wrote comes in whole, once, and never over what was typed here.

use std::collections::HashMap;
use std::path::Path;

use crate::common::{Caseload, fixture, sample_data};
use serde_json::{Value as Json, json};

fn total(counts: &Json) -> u64 {
    counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

#[test]
fn an_hmis_export_becomes_people_needs_and_contacts() {
    let caseload = Caseload::new();
    let done = caseload.json(&["import", &fixture("hmis"), "--today", "2022-09-30"]);
    assert_eq!(done["format"], "hmis-csv");
    assert_eq!((&done["read"]["Client.csv"], &done["deleted"]["Client.csv"]), (&json!(6), &json!(1)));
    assert_eq!(done["deleted"]["Enrollment.csv"], 1);
    assert_eq!(done["created"]["client"], 4);
    let skipped: Vec<(&str, u64, &str)> = done["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["file"].as_str().unwrap(), row["line"].as_u64().unwrap(), row["column"].as_str().unwrap()))
        .collect();
    assert_eq!(
        skipped,
        [("Client.csv", 6, "DOB"), ("Enrollment.csv", 6, "PersonalID"), ("Exit.csv", 3, "EnrollmentID")]
    );

    let ada = caseload.json(&["show", "hmis:101"]);
    let person = &ada["client"];
    assert_eq!(
        (&person["given_name"], &person["family_name"], &person["birth_date"]),
        (&json!("Ada"), &json!("Quill"), &json!("1988-02-29"))
    );
    assert_eq!(
        (&person["status"], &person["opened"], &person["worker"]),
        (&json!("active"), &json!("2021-10-20"), &json!("Nell Worker"))
    );
    assert_eq!((&person["language"], &person["interpreter"]), (&json!("Amharic"), &json!(true)));
    assert_eq!(person["living"], "Place not meant for living in");
    assert!(person["safe_contact"].as_str().unwrap().contains("domestic violence"));
    assert!(person["risk"].as_str().unwrap().contains("Fleeing"));
    let needs: HashMap<&str, &str> = ada["needs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|need| (need["what"].as_str().unwrap(), need["status"].as_str().unwrap()))
        .collect();
    let expected = [
        ("A place to live", "open"),
        ("Alcohol and drug use", "open"),
        ("Mental health", "open"),
        ("No health insurance", "met"),
        ("No income from any source", "open"),
        ("Safety from domestic violence", "open"),
    ];
    assert_eq!(needs, HashMap::from(expected));
    let bodies: Vec<&str> =
        ada["notes"].as_array().unwrap().iter().map(|note| note["body"].as_str().unwrap()).collect();
    assert_eq!(
        bodies,
        [
            "Seen; staying at: Place not meant for living in (under the bridge)",
            "SSVF service, code 1: Ride to the clinic, $12.50 (Bridge House)",
            "Bed night (Bridge House)",
        ]
    );
    let child = &ada["relationships"][0];
    assert_eq!(
        (&child["name"], &child["relation"], &child["dependent"]),
        (&json!("Ben Quill"), &json!("child"), &json!(true))
    );
    let stay = &ada["enrollments"][0];
    assert_eq!(
        (&stay["project"], &stay["organisation"], &stay["head"]),
        (&json!("Bridge House"), &json!("Harbor Homes"), &json!(true))
    );

    let dee = caseload.json(&["show", "hmis:106"])["client"].clone();
    assert_eq!(
        (&dee["status"], &dee["closed"], &dee["closing_reason"]),
        (&json!("closed"), &json!("2021-05-01"), &json!("Left to: Rents, no subsidy"))
    );
    let cy = caseload.json(&["show", "hmis:103"])["client"].clone();
    assert_eq!(
        (&cy["given_name"], &cy["birth_date"], &cy["tags"]),
        (&json!("O'Hara, Cy"), &json!("1970-07-04"), &json!(["veteran"]))
    );
    assert!(caseload.refused(&["show", "hmis:104"]).contains("There is no row"));

    // Entered 20 Oct 2021: the window of the first annual assessment is 20 Sep to 19 Nov 2022.
    let triage = caseload.json(&["triage", "--today", "2022-09-30"]);
    let row = triage.as_array().unwrap().iter().find(|row| row["name"] == "Ada Quill").unwrap();
    let annual =
        row["reasons"].as_array().unwrap().iter().find(|reason| reason["rule"] == "annual-assessment").unwrap();
    assert_eq!(annual["due"], "2022-11-19");
    // Seen on 10 Sep, to be seen again within 30 days.
    let triage = caseload.json(&["triage", "--today", "2022-10-05"]);
    let row = triage.as_array().unwrap().iter().find(|row| row["name"] == "Ada Quill").unwrap();
    let contact = row["reasons"].as_array().unwrap().iter().find(|reason| reason["rule"] == "contact").unwrap();
    assert_eq!((&contact["due"], &contact["action"]), (&json!("2022-10-10"), &json!("log-contact")));
}

#[test]
fn the_second_time_nothing_changes_and_what_was_typed_here_stays() {
    let caseload = Caseload::new();
    let first = caseload.json(&["import", &fixture("hmis")]);
    let again = caseload.json(&["import", &fixture("hmis")]);
    assert_eq!((total(&again["created"]), total(&again["updated"])), (0, 0));
    assert_eq!(again["unchanged"], first["created"]);

    // Edited here, and changed in the export since: both are kept, ours is shown, and triage says so.
    caseload.run(&["set", "hmis:101", "living=with her sister"]);
    let folder = caseload.folder.path().join("next");
    std::fs::create_dir(&folder).unwrap();
    for entry in std::fs::read_dir(fixture("hmis")).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let text = text
            .replace("c1,e1,101,2022-09-10,116", "c1,e1,101,2022-09-10,101")
            .replace("Cy\",,Stone", "Cyrus\",,Stone");
        std::fs::write(folder.join(entry.file_name()), text).unwrap();
    }
    let next = caseload.json(&["import", folder.to_str().unwrap()]);
    assert_eq!(next["conflicts"], 1);
    assert_eq!(next["updated"]["client"], 2);
    let ada = caseload.json(&["show", "hmis:101"])["client"].clone();
    assert_eq!(ada["living"], "with her sister");
    assert_eq!(ada["conflicts"]["living"], json!(["with her sister", "Emergency shelter"]));
    assert_eq!(caseload.json(&["show", "hmis:103"])["client"]["given_name"], "O'Hara, Cyrus");
    let triage = caseload.json(&["triage", "--today", "2022-09-30"]);
    let row = triage.as_array().unwrap().iter().find(|row| row["name"] == "Ada Quill").unwrap();
    assert!(row["reasons"].as_array().unwrap().iter().any(|reason| reason["rule"] == "conflict"));
    // Choosing settles it.
    caseload.run(&["set", "hmis:101", "living=Emergency shelter"]);
    assert!(caseload.json(&["show", "hmis:101"])["client"].get("conflicts").is_none());
    assert_eq!(caseload.json(&["import", folder.to_str().unwrap()])["conflicts"], 0);
    assert_eq!(caseload.json(&["check"])["ok"], true);
}

#[test]
fn a_spreadsheet_is_matched_by_its_columns() {
    let caseload = Caseload::new();
    let path = fixture("sheets/clients.csv");
    let trial = caseload.json(&["import", &path, "--dry-run"]);
    assert_eq!((&trial["format"], &trial["created"]["client"]), (&json!("sheet"), &json!(2)));
    assert_eq!(caseload.json(&["list", "--all"]), json!([]), "a trial changes nothing");
    let done = caseload.json(&["import", &path, "--map", "Shoe size=about"]);
    let skipped: Vec<(u64, &str)> = done["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["line"].as_u64().unwrap(), row["column"].as_str().unwrap()))
        .collect();
    assert_eq!(skipped, [(4, "D.O.B."), (5, "")]);
    assert_eq!((&trial["unused_columns"], &done["unused_columns"]), (&json!(["Shoe size"]), &json!([])));
    let ana = caseload.json(&["show", "sheet:A-1"]);
    assert_eq!((&ana["client"]["given_name"], &ana["client"]["family_name"]), (&json!("Ana"), &json!("Rivera")));
    assert_eq!(
        (&ana["client"]["birth_date"], &ana["client"]["intensity"]),
        (&json!("1990-03-14"), &json!("intensive"))
    );
    assert_eq!(ana["appointments"][0]["starts"], "2026-12-01T10:00:00-05:00");
    assert_eq!(ana["notes"][0]["kind"], "phone");
    let again = caseload.json(&["import", &path, "--map", "Shoe size=about"]);
    assert_eq!((total(&again["created"]), total(&again["updated"])), (0, 0));
}

#[test]
fn workbooks_are_read_too() {
    let caseload = Caseload::new();
    let done = caseload.json(&["import", &fixture("sheets/clients.xlsx")]);
    assert_eq!((&done["created"]["client"], done["skipped"].as_array().unwrap().len()), (&json!(2), 0));
    let list = caseload.json(&["list", "--all"]);
    assert_eq!((&list[0]["name"], &list[0]["status"]), (&json!("José Núñez"), &json!("closed")));
    // The same people in another program's format are the same people.
    let done = caseload.json(&["import", &fixture("sheets/clients.ods")]);
    assert_eq!((&done["created"]["client"], &done["unchanged"]["client"]), (&json!(1), &json!(1)));
    assert_eq!(caseload.json(&["show", "Ana Rivera"])["client"]["birth_date"], "1990-03-14");
}

#[test]
fn encodings_and_separators_of_real_programs() {
    let caseload = Caseload::new();
    let write = |name: &str, bytes: &[u8]| {
        let path = caseload.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_string()
    };
    let latin = write("latin.csv", b"First name;Last name;DOB\r\nRen\xe9e;Fran\xe7ois;1980-01-02\r\n");
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("First name\tLast name\nZoë\tŽižek\n".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let utf16 = write("utf16.txt", &utf16);
    caseload.run(&["import", &latin]);
    caseload.run(&["import", &utf16]);
    let names: Vec<String> =
        caseload.json(&["list"]).as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap().into()).collect();
    assert_eq!(names, ["Renée François", "Zoë Žižek"]);
}

#[test]
fn a_file_that_is_not_what_it_claims_is_refused_whole() {
    let caseload = Caseload::new();
    let folder = caseload.folder.path();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_string()
    };
    let workbook = std::fs::read(fixture("sheets/clients.xlsx")).unwrap();
    write("torn/Client.csv", b"PersonalID,FirstName,LastName,DOB\n1,A,B,1990-01-01\n");
    write("torn/Enrollment.csv", b"Some,Other,Columns\n1,2,3\n");
    write("lone/Client.csv", b"PersonalID,FirstName,LastName,DOB\n1,A,B,1990-01-01\n");
    std::fs::create_dir_all(folder.join("empty")).unwrap();
    for (path, why) in [
        (write("cut.xlsx", &workbook[..workbook.len() / 2]), "workbook"),
        (write("text.xlsx", b"Name,DOB\n"), "it is none"),
        (write("binary.csv", b"Name\0DOB\n\x01\x02"), "not a text file"),
        (write("empty.csv", b""), "empty"),
        (write("other.csv", b"Colour,Weight\nred,3\n"), "no column holds names"),
        (write("letter.pdf", b"%PDF-1.7\n"), "PDF"),
        (folder.join("torn").to_str().unwrap().into(), "no column EnrollmentID"),
        (folder.join("lone").to_str().unwrap().into(), "no Enrollment.csv"),
        (folder.join("empty").to_str().unwrap().into(), "neither a Client.csv"),
    ] {
        let said = caseload.refused(&["import", &path]);
        assert!(said.contains(why) && said.contains("Nothing was imported"), "{path}: {said}");
    }
    assert!(
        caseload
            .refused(&["import", &fixture("sheets/clients.csv"), "--map", "Nope=phone"])
            .contains("no column \"Nope\"")
    );
    assert!(
        caseload
            .refused(&["import", &fixture("sheets/clients.csv"), "--map", "Tier=nope"])
            .contains("no field \"nope\"")
    );
    assert_eq!(caseload.json(&["list", "--all"]), json!([]));
}

/// Rows of a file of the samples, by column name.
fn rows(folder: &Path, file: &str) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(folder.join(file)).unwrap().deserialize().map(Result::unwrap).collect()
}

#[test]
fn other_peoples_exports_come_in_with_the_counts_of_their_files() {
    let (Some(old), Some(new)) = (sample_data("hmis-fy2024"), sample_data("hmis-fy2026")) else { return };
    for folder in [&old, &new] {
        let caseload = Caseload::new();
        let path = folder.to_str().unwrap();
        let done = caseload.json(&["import", path]);
        let clients = rows(folder, "Client.csv");
        let kept = clients.iter().filter(|row| row["DateDeleted"].is_empty()).count();
        assert_eq!(done["created"]["client"], kept);
        assert_eq!(done["created"]["enrollment"], rows(folder, "Enrollment.csv").len());
        let contacts = rows(folder, "Services.csv").len() + rows(folder, "CurrentLivingSituation.csv").len();
        assert_eq!(done["created"]["note"], contacts);
        assert_eq!(done["skipped"], json!([]));
        let again = caseload.json(&["import", path]);
        assert_eq!((total(&again["created"]), total(&again["updated"])), (0, 0));
        assert_eq!(again["unchanged"], done["created"]);
        check_against_files(&caseload, folder);
        assert_eq!(caseload.json(&["check"])["ok"], true);
    }
}

/// Holds what triage and show say against the files, worked out from their rows alone.
fn check_against_files(caseload: &Caseload, folder: &Path) {
    let today: chrono::NaiveDate = "2022-09-30".parse().unwrap();
    let day = |text: &str| text[..10].parse::<chrono::NaiveDate>().unwrap();
    let (clients, stays, exits) =
        (rows(folder, "Client.csv"), rows(folder, "Enrollment.csv"), rows(folder, "Exit.csv"));
    let exited: HashMap<&str, &str> =
        exits.iter().map(|row| (row["EnrollmentID"].as_str(), row["ExitDate"].as_str())).collect();
    let violence: Vec<String> = rows(folder, "HealthAndDV.csv")
        .iter()
        .filter(|row| row["DomesticViolenceSurvivor"] == "1")
        .map(|row| row["PersonalID"].clone())
        .collect();
    let assessed: Vec<(String, chrono::NaiveDate)> = rows(folder, "IncomeBenefits.csv")
        .iter()
        .filter(|row| row["DataCollectionStage"] == "5")
        .map(|row| (row["EnrollmentID"].clone(), day(&row["InformationDate"])))
        .collect();
    let list = caseload.json(&["list", "--all"]);
    let by_outside_id: HashMap<&str, &Json> =
        list.as_array().unwrap().iter().map(|facts| (facts["outside_ids"][0].as_str().unwrap(), facts)).collect();
    let triage = caseload.json(&["triage", "--today", "2022-09-30"]);
    let ranked: HashMap<&str, &Json> =
        triage.as_array().unwrap().iter().map(|row| (row["client_id"].as_str().unwrap(), row)).collect();
    let (mut open, mut annual) = (0, 0);
    for row in &clients {
        let id = &row["PersonalID"];
        let facts = by_outside_id[format!("hmis:{id}").as_str()];
        let name = facts["name"].as_str().unwrap();
        assert!(name.contains(row["FirstName"].trim()) && name.contains(row["LastName"].trim()), "{name}");
        let theirs: Vec<_> = stays.iter().filter(|stay| stay["PersonalID"] == *id).collect();
        let staying: Vec<_> =
            theirs.iter().filter(|stay| !exited.contains_key(stay["EnrollmentID"].as_str())).collect();
        let closed = !theirs.is_empty() && staying.is_empty();
        assert_eq!(facts["status"], if closed { "closed" } else { "active" }, "{id}");
        let entry = ranked.get(facts["id"].as_str().unwrap());
        assert_eq!(entry.is_some(), !closed, "{id}");
        let Some(entry) = entry else { continue };
        open += 1;
        // The annual assessment, for every member: of the newest anniversary of the head's entry whose window of 30 days has
        // opened, and of the one before, if it was not done in it or since.
        let expected: Vec<String> = staying
            .iter()
            .flat_map(|stay| {
                let own = day(&stay["EntryDate"]);
                let household = |other: &&&HashMap<String, String>| {
                    other["RelationshipToHoH"] == "1"
                        && !other["HouseholdID"].is_empty()
                        && other["HouseholdID"] == stay["HouseholdID"]
                        && other["ProjectID"] == stay["ProjectID"]
                };
                let head = stays.iter().collect::<Vec<_>>();
                let head = head.iter().find(household).map(|head| day(&head["EntryDate"]));
                let entered = if stay["RelationshipToHoH"] == "1" { own } else { head.unwrap_or(own) };
                let anniversaries =
                    (1..40).map(|years| entered.checked_add_months(chrono::Months::new(12 * years)).unwrap());
                let opened: Vec<chrono::NaiveDate> =
                    anniversaries.take_while(|day| *day - chrono::Days::new(30) <= today).collect();
                let owed = |anniversary: &chrono::NaiveDate| {
                    let (opens, ends) = (*anniversary - chrono::Days::new(30), *anniversary + chrono::Days::new(30));
                    let done =
                        assessed.iter().any(|(id, on)| *id == stay["EnrollmentID"] && *on >= opens && *on <= today);
                    (own <= *anniversary && !done).then(|| ends.to_string())
                };
                opened.iter().rev().take(2).filter_map(owed).collect::<Vec<_>>()
            })
            .collect();
        let said: Vec<String> = entry["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|reason| reason["rule"] == "annual-assessment")
            .map(|reason| reason["due"].as_str().unwrap().to_string())
            .collect();
        assert_eq!(sorted(said), sorted(expected.clone()), "{id}");
        annual += expected.len();
        if open % 10 == 0 {
            let show = caseload.json(&["show", &format!("hmis:{id}")]);
            assert_eq!(!show["client"]["safe_contact"].is_null(), violence.contains(id), "{id}");
            assert_eq!(show["client"]["birth_date"].as_str().unwrap_or(""), row["DOB"], "{id}");
            assert_eq!(show["enrollments"].as_array().unwrap().len(), theirs.len(), "{id}");
        }
    }
    assert!(open > 50 && annual > 3, "the samples hold something to check: {open} open, {annual} annual");
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_the_file_as_it_was() {
    use std::os::unix::process::CommandExt;
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana"]);
    let mut sheet = String::from("First name,Last name,DOB,Phone,Address,About\n");
    for n in 0..60_000 {
        sheet.push_str(&format!("Given{n},Family{n},1980-01-02,555-{n:05},{n} Alder St,someone\n"));
    }
    let path = caseload.folder.path().join("many.csv");
    std::fs::write(&path, sheet).unwrap();
    let before = caseload.json(&["check"]);
    let mut command = caseload.command();
    command.args(["import", path.to_str().unwrap()]).process_group(0).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    // By itself, or where taking it all back takes long by the signal.
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(said.contains("stopped") && said.contains("changed"), "{said}");
    assert_eq!(caseload.json(&["check"]), before);
}

/// A column of ids that has another name the next time makes nobody twice in silence.
#[test]
fn whoever_may_be_here_already_is_told_where_an_id_column_has_another_name() {
    let caseload = Caseload::new();
    let sheet = |name: &str, text: &str| {
        let path = caseload.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_string()
    };
    let head = "First name,Last name,Date of birth,Phone";
    let people = ["Ana,Rivera,1988-03-02,", "Ben,Cole,1975-01-20,555-010-1001", "Cleo,Hart,1990-05-05,"];
    let with = |column: &str, ids: [&str; 3]| {
        let rows: Vec<String> = ids.iter().zip(people).map(|(id, person)| format!("{id},{person}")).collect();
        format!("{column},{head}\n{}\n", rows.join("\n"))
    };
    let first = caseload.json(&["import", &sheet("one.csv", &with("MRN", ["71", "72", "73"]))]);
    assert_eq!((&first["created"]["client"], &first["told"]), (&json!(3), &json!([])));
    // The same column again: the same people.
    let again = caseload.json(&["import", &sheet("one.csv", &with("MRN", ["71", "72", "73"]))]);
    assert_eq!((&again["created"]["client"], &again["told"]), (&json!(0), &json!([])));
    // Under a name that nobody knows here, and with a sister of the same birth date, who is somebody else.
    let text = with("Chart ref", ["71", "72", "74"]).replace("Cleo,Hart,1990-05-05", "Luz,Rivera,1988-03-02");
    let path = sheet("two.csv", &text);
    let told = caseload.json(&["import", &path, "--dry-run"])["told"].clone();
    let told: Vec<&str> = told.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(
        told[..2],
        [
            "Ana Rivera, born 2 Mar 1988, may be here already (the same name and birth date) and comes in as another entry.",
            "Ben Cole, born 20 Jan 1975, may be here already (the same name and birth date) and comes in as another entry.",
        ]
    );
    assert!(told.len() == 3 && told[2].contains("--map \"Column=mrn\""), "{told:?}");
    let said = caseload.json(&["import", &path, "--map", "Chart ref=mrn"]);
    assert_eq!((&said["created"]["client"], &said["told"]), (&json!(1), &json!([])));
}
