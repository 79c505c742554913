//! FHIR R4: bundles come in with the counts of their files, go out and come back as they were, and nothing of a broken one
//! is taken.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use crate::common::{Caseload, sample_data};
use serde_json::{Value as Json, json};

fn total(counts: &Json) -> u64 {
    counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

fn write(caseload: &Caseload, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = caseload.folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().into()
}

/// Resources of a bundle by type, counted without the program.
fn counted(path: &Path) -> HashMap<String, Vec<Json>> {
    let bundle: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut all: HashMap<String, Vec<Json>> = HashMap::new();
    for entry in bundle["entry"].as_array().unwrap() {
        let resource = entry["resource"].clone();
        all.entry(resource["resourceType"].as_str().unwrap().into()).or_default().push(resource);
    }
    all
}

#[test]
fn other_peoples_bundles_come_in_with_the_counts_of_their_files() {
    let Some(folder) = sample_data("fhir-r4") else { return };
    let caseload = Caseload::new();
    let mut people = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let all = counted(&path);
        let count = |kind: &str| all.get(kind).map_or(0, Vec::len);
        let done = caseload.json(&["import", path.to_str().unwrap()]);
        assert_eq!((&done["format"], &done["skipped"]), (&json!("fhir"), &json!([])));
        for (kind, resources) in &all {
            assert_eq!(done["read"][kind], resources.len(), "{kind}");
        }
        let created = |kind: &str| done["created"].get(kind).map_or(0, |n| n.as_u64().unwrap() as usize);
        people += created("client");
        for (record, kind) in [
            ("client", "Patient"),
            ("need", "Condition"),
            ("plan", "CarePlan"),
            ("goal", "Goal"),
            ("medication", "MedicationRequest"),
        ] {
            assert_eq!(created(record), count(kind), "{record}");
        }
        let inside = |resource: &&Json| matches!(resource["class"]["code"].as_str(), Some("IMP" | "EMER"));
        let stays = all.get("Encounter").map_or(0, |all| all.iter().filter(inside).count());
        assert_eq!((created("stay"), created("note")), (stays, count("Encounter") - stays));
        assert_eq!(done["unused"]["Claim"], count("Claim"));

        // Who they are, and nothing that is nobody's business.
        let patient = &all["Patient"][0];
        let shown =
            caseload.run(&["show", &format!("mrn:{}", patient["identifier"][1]["value"].as_str().unwrap()), "--json"]);
        let person: Json = serde_json::from_str(&shown).unwrap();
        assert_eq!(person["client"]["family_name"], patient["name"][0]["family"]);
        assert_eq!(person["client"]["birth_date"], patient["birthDate"]);
        for identifier in patient["identifier"].as_array().unwrap().iter().skip(2) {
            let (secret, kind) = (identifier["value"].as_str().unwrap(), &identifier["type"]["coding"][0]["code"]);
            assert!(!shown.contains(secret), "{kind} was kept");
        }
        let active = |resource: &&Json| resource["clinicalStatus"]["coding"][0]["code"] == "active";
        let open = person["needs"].as_array().unwrap().iter().filter(|need| need["status"] == "open").count();
        assert_eq!(open, all["Condition"].iter().filter(active).count());
        let linked = person["goals"].as_array().unwrap().iter().filter(|goal| goal["plan"].is_string()).count();
        let of_plans: BTreeSet<&str> = all["CarePlan"]
            .iter()
            .flat_map(|plan| plan["goal"].as_array().into_iter().flatten())
            .map(|goal| goal["reference"].as_str().unwrap())
            .collect();
        assert_eq!(linked, of_plans.len());

        let again = caseload.json(&["import", path.to_str().unwrap()]);
        assert_eq!((total(&again["created"]), total(&again["updated"])), (0, 0));
        assert_eq!(again["unchanged"], done["created"]);
    }
    assert_eq!(caseload.json(&["list", "--all"]).as_array().unwrap().len(), people);
    assert_eq!(caseload.json(&["check"])["ok"], true);
    comes_back_whole(&caseload);
}

/// Exports, reads back where it came from and on an empty caseload, and exports that: nothing changes, and the second
/// export is the first.
fn comes_back_whole(caseload: &Caseload) -> HashMap<String, Vec<Json>> {
    let path = caseload.folder.path().join("out.json");
    let out = path.to_str().unwrap();
    let moment = ["--today", "2026-11-24"];
    let written = caseload.json(&[&["export", out, "--format", "fhir"], &moment[..]].concat());
    let here = caseload.json(&["import", out]);
    assert_eq!(here["skipped"], json!([]));
    assert_eq!((total(&here["created"]), total(&here["updated"]), &here["conflicts"]), (0, 0, &json!(0)));
    let other = Caseload::new();
    let there = other.json(&["import", out]);
    assert_eq!((&there["created"], &there["skipped"]), (&here["unchanged"], &json!([])));
    let second = other.folder.path().join("again.json");
    let again = other.json(&[&["export", second.to_str().unwrap(), "--format", "fhir"], &moment[..]].concat());
    assert_eq!(written["counts"], again["counts"]);
    let by_id = |path: &Path| -> BTreeMap<String, Json> {
        let all = counted(path).into_values().flatten();
        all.map(|resource| (resource["id"].as_str().unwrap().to_string(), resource)).collect()
    };
    let (first, second) = (by_id(&path), by_id(&second));
    for (id, resource) in &first {
        assert_eq!(Some(resource), second.get(id));
    }
    assert_eq!(other.json(&["check"])["ok"], true);
    counted(&path)
}

#[test]
fn what_both_sides_hold_goes_out_and_comes_back_as_it_was() {
    let caseload = Caseload::new();
    let id = caseload.client(&[
        "given_name=Maria Inés",
        "family_name=Delgado <b>",
        "preferred_name=Mari",
        "pronouns=she/her",
        "birth_date=1992-02-29",
        "language=Spanish",
        "other_languages=English, Mixtec",
        "interpreter=yes",
        "phone=555-0142",
        "email=m@example.org",
        "address=12 Elm St, Troy",
        "living=with her sister",
        "gender=Woman",
        "risk=Penicillin allergy\nLarge dog",
        "safe_contact=Text only",
        "status=waiting",
        "opened=2026-01-05",
        "outside_ids=mrn:00412,hmis:77,county:A-9",
        "worker=Rosa Ortiz",
        "area=social-work",
    ]);
    let client = format!("client={id}");
    let add = |record: &str, fields: &[&str]| -> String {
        let args = [&["add", record, &client], fields].concat();
        caseload.json(&args)["id"].as_str().unwrap().into()
    };
    add(
        "relationship",
        &["name=Ana Delgado", "relation=daughter", "birth_date=2015-05-05", "phone=555-0143", "emergency=yes"],
    );
    add(
        "care_team",
        &["name=Dr. Wu", "role=psychiatrist", "organisation=Harbor Clinic", "phone=555-0199", "email=wu@example.org"],
    );
    add("care_team", &["name=Lee", "role=nurse"]);
    let need = add(
        "need",
        &[
            "domain=housing",
            "what=A door that locks",
            "severity=high",
            "status=declined",
            "identified=2026-02-01",
            "why_unmet=no voucher",
        ],
    );
    let plan = add("plan", &["kind=recovery-plan", "status=ended", "start=2026-01-10", "summary=First\nsecond"]);
    let goal = caseload.json(&[
        "add",
        "goal",
        &format!("plan={plan}"),
        "words=A door that locks",
        "statement=Lease signed by May",
        "domain=housing",
        "target=2026-05-01",
        "status=set-aside",
        "choice=own",
        &format!("need={need}"),
    ]);
    let goal = format!("goal={}", goal["id"].as_str().unwrap());
    caseload.json(&[
        "add",
        "step",
        &goal,
        "what=apply",
        "who=me",
        "due=2026-03-01",
        "status=done",
        "done_on=2026-02-20",
    ]);
    add("task", &["what=call landlord", "due=2026-03-02", "status=dropped", "about=twice"]);
    for status in ["planned", "confirmed", "kept", "no-show", "cancelled", "moved"] {
        add(
            "appointment",
            &[
                "title=Intake",
                "starts=2026-03-02 10:30",
                "minutes=45",
                "place=Office",
                "with=Dr. Wu",
                &format!("status={status}"),
                "about=bring papers",
            ],
        );
    }
    for status in ["draft", "sent", "received", "accepted", "waitlisted", "declined", "scheduled", "served", "closed"] {
        add(
            "referral",
            &[
                "to=Food bank",
                "what=pantry",
                "domain=food",
                &format!("status={status}"),
                "sent=2026-02-02",
                "about=asked",
            ],
        );
    }
    for status in ["preparing", "applied", "active", "denied", "ended"] {
        add(
            "benefit",
            &["programme=SNAP", &format!("status={status}"), "since=2026-01-01", "recertify=2026-12-31", "number=77"],
        );
    }
    for kind in ["face-to-face", "phone", "video", "message", "service", "collateral", "attempt", "record"] {
        add("note", &["when=2026-02-03 09:15", &format!("kind={kind}"), "minutes=18", "body=not for others"]);
    }
    for kind in ["medical", "psychiatric", "emergency", "emergency-psychiatric", "rehabilitation", "detox"] {
        add(
            "stay",
            &[
                "hospital=General",
                &format!("kind={kind}"),
                "admitted=2026-02-01",
                "discharged=2026-02-04",
                "reason=fall",
                "discharged_to=home",
            ],
        );
    }
    add(
        "medication",
        &[
            "name=Sertraline 50 mg",
            "dose=one a day",
            "prescriber=Dr. Wu",
            "since=2026-01-01",
            "until=2026-06-01",
            "about=told",
        ],
    );
    add(
        "consent",
        &[
            "to=County Housing",
            "purpose=coordinate housing",
            "from=2026-01-05",
            "until=2027-01-05",
            "part2=yes",
            "form=written",
        ],
    );
    add("consent", &["to=Clinic", "purpose=care", "revoked=2026-02-02 11:00"]);
    add("enrollment", &["project=Bridge House", "organisation=Harbor Homes", "entry=2026-01-05", "exit=2026-06-01"]);

    let release = json!({"resourceType": "Consent", "id": "r", "status": "active", "provision": {"actor": [{"reference": {"display": "Court"}}],
        "purpose": [{"display": "hearing"}], "code": [{"coding": [{"system": "urn:caseload:information", "code": "needs"}]}]}});
    caseload.run(&["import", &write(&caseload, "release.json", release.to_string()), "--client", &id]);

    let out = comes_back_whole(&caseload);
    let text = serde_json::to_string(&out).unwrap();
    assert!(!text.contains("not for others"), "what was written in a note stays here");
    assert!(!text.contains("Delgado <b></li>") && text.contains("Delgado &lt;b&gt;"), "a narrative is escaped");
    assert_eq!(out["Encounter"].len(), 5 + 6);
    assert_eq!(out["CareTeam"][0]["participant"].as_array().unwrap().len(), 2);
    let identifiers = &out["Patient"][0]["identifier"];
    assert!(
        identifiers
            .as_array()
            .unwrap()
            .contains(&json!({"system": "http://hospital.smarthealthit.org", "value": "00412"}))
    );

    // Somewhere else it is the same person, with all that both sides hold.
    let other = Caseload::new();
    other.run(&["import", caseload.folder.path().join("out.json").to_str().unwrap()]);
    let (ours, theirs) = (caseload.json(&["show", &id]), other.json(&["show", &id]));
    assert_eq!(theirs["client"], ours["client"]);
    for list in ["relationships", "care_team", "consents", "referrals", "stays", "steps", "appointments", "enrollments"]
    {
        let sorted = |file: &Json| {
            let mut rows: Vec<Json> = file[list].as_array().unwrap().clone();
            for row in &mut rows {
                let row = row.as_object_mut().unwrap();
                // Shown to nobody else, or not FHIR's to hold.
                for own in ["form", "household", "dependent", "head", "transport", "interpreter"] {
                    row.remove(own);
                }
            }
            rows.sort_by_key(|row| row["id"].to_string());
            rows
        };
        assert_eq!(sorted(&theirs), sorted(&ours), "{list}");
    }
}

#[test]
fn the_made_up_caseload_comes_back_whole() {
    let caseload = Caseload::none();
    let file = caseload.file();
    caseload.run(&["demo", "--write", file.to_str().unwrap(), "--clients", "20", "--notes", "60"]);
    comes_back_whole(&caseload);
}

#[test]
fn instruments_are_known_by_their_public_codes() {
    let caseload = Caseload::new();
    let items = ["44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"];
    let form = json!({"resourceType": "QuestionnaireResponse", "id": "q1", "status": "completed", "authored": "2026-02-03T10:00:00Z",
        "questionnaire": "http://loinc.org/q/44249-1", "subject": {"reference": "Patient/p1"},
        "item": [{"linkId": "group", "item": items.map(|code| json!({"linkId": format!("/{code}"), "answer": [{"valueCoding":
            {"system": "http://loinc.org", "code": "LA6569-3"}}]}))}]});
    let score = json!({"resourceType": "Observation", "id": "o1", "status": "final", "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "70274-6"}]}, "effectiveDateTime": "2026-02-04", "valueQuantity": {"value": 12}});
    let same = json!({"resourceType": "Observation", "id": "o2", "status": "final", "subject": {"reference": "Patient/p1"},
        "derivedFrom": [{"reference": "QuestionnaireResponse/q1"}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]}, "effectiveDateTime": "2026-02-03", "valueInteger": 9});
    let pulse = json!({"resourceType": "Observation", "id": "o3", "status": "final", "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}, "valueQuantity": {"value": 70}});
    let patient = json!({"resourceType": "Patient", "id": "p1", "name": [{"family": "Quill"}]});
    // Lines with a resource each, the patient last.
    let lines = [form, score, same, pulse, patient].map(|line| line.to_string()).join("\r\n");
    let done = caseload.json(&["import", &write(&caseload, "lines.ndjson", lines)]);
    assert_eq!((&done["created"]["assessment"], &done["unused"]["Observation"]), (&json!(2), &json!(2)));
    let file = caseload.json(&["show", "Quill"]);
    let of = |code: &str| {
        file["assessments"].as_array().unwrap().iter().find(|one| one["instrument"] == code).unwrap().clone()
    };
    assert_eq!(
        (&of("phq-9")["score"], &of("phq-9")["answers"]),
        (&json!(9), &json!("1=1;2=1;3=1;4=1;5=1;6=1;7=1;8=1;9=1"))
    );
    assert!(!of("phq-9")["urgent"].as_str().unwrap_or("").is_empty(), "item 9 above 0 demands action at once");
    assert_eq!((&of("gad-7")["score"], &of("gad-7")["on"]), (&json!(12), &json!("2026-02-04")));
    comes_back_whole(&caseload);
}

#[test]
fn what_cannot_be_taken_is_named_and_the_rest_goes_in() {
    let caseload = Caseload::new();
    let theirs =
        caseload.json(&["add", "task", &format!("client={}", caseload.client(&["given_name=Other"])), "what=keep"]);
    let of = |resource: Json| json!({"fullUrl": format!("urn:uuid:{}", resource["id"].as_str().unwrap_or("x")), "resource": resource});
    let subject = json!({"reference": "Patient/7"});
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        of(json!({"resourceType": "Patient", "id": "7", "name": "Quill", "birthDate": "1990-13-45", "telecom": [{"system": "phone", "value": "\u{1b}[31m555-0100"}],
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-12-3456"}], "contact": [{"name": {"text": "Ben"}}]})),
        of(json!({"resourceType": "Patient", "id": "7", "name": [{"family": "Twice"}]})),
        of(json!({"resourceType": "Condition", "id": "c1", "code": {"text": "Homeless"}, "subject": {"reference": "urn:uuid:nobody"}})),
        of(json!({"resourceType": "Condition", "id": "c2", "subject": subject, "code": 7})),
        of(json!({"resourceType": "Condition", "id": "c3", "subject": subject, "code": {"text": "Homeless"}, "verificationStatus": {"coding": [{"code": "entered-in-error"}]}})),
        of(json!({"resourceType": "MedicationRequest", "id": "m1", "status": "active", "subject": subject, "contained": [{"resourceType": "Medication",
            "id": "med", "code": {"text": "=HYPERLINK(1)"}}], "medicationReference": {"reference": "#med"}, "authoredOn": "2026"})),
        of(json!({"resourceType": "Task", "id": "t1", "status": "requested", "for": subject, "description": "mine now",
            "identifier": [{"system": "urn:caseload:row", "value": theirs["id"]}]})),
        of(json!({"resourceType": "Claim", "id": "x"})), 7, null, {"fullUrl": 3}, {"resource": "Patient"},
        of(json!({"resourceType": "\u{1b}]0;boo\u{7}", "id": "x"})),
    ]});
    let done = caseload.json(&["import", &write(&caseload, "b.json", format!("\u{feff}{bundle}"))]);
    let skipped: Vec<(u64, &str)> = done["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["line"].as_u64().unwrap(), row["column"].as_str().unwrap()))
        .collect();
    let nothing = "(no resource).resourceType";
    assert_eq!(
        skipped,
        [
            (1, "Patient"),
            (2, "Patient.id"),
            (3, "Condition.subject"),
            (4, "Condition.what"),
            (6, "MedicationRequest"),
            (7, "Task.identifier"),
            (9, nothing),
            (10, nothing),
            (11, nothing),
            (12, nothing)
        ]
    );
    assert_eq!(
        (&done["created"]["client"], &done["created"]["medication"], &done["deleted"]["Condition"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(
        (&done["created"]["relationship"], &done["unused"]["Claim"], &done["unused"]["(unknown type)"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let text = caseload.run(&["import", caseload.folder.path().join("b.json").to_str().unwrap()]);
    assert!(!text.contains('\u{1b}') && text.contains("entry 3, Condition.subject"));
    assert_eq!(caseload.json(&["show", theirs["id"].as_str().unwrap()])["tasks"][0]["what"], "keep");
}

#[test]
fn a_broken_file_is_refused_whole() {
    let caseload = Caseload::new();
    let patient = r#"{"resourceType":"Patient","id":"1","name":[{"family":"Quill"}]}"#;
    let whole = format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{patient}}}]}}"#);
    let deep = format!(r#"{{"resourceType":"Patient","id":"1","x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for (name, bytes, why) in [
        ("cut.json", whole.as_bytes()[..whole.len() - 9].to_vec(), "ends in the middle"),
        ("deep.json", deep.into_bytes(), "nested deeper"),
        ("bytes.json", [whole.as_bytes(), b"\xff\xfe{"].concat(), "not JSON from"),
        ("other.json", br#"{"resourceTypes": 1, "x": "resourceType"}"#.to_vec(), "not FHIR"),
        ("number.json", b"{\"resourceType\": 7, \"entry\": []}".to_vec(), "not FHIR"),
    ] {
        let said = caseload.refused(&["import", &write(&caseload, name, bytes), "--format", "fhir"]);
        assert!(said.contains(why) && said.contains("Nothing was imported"), "{name}: {said}");
    }
    assert_eq!(caseload.json(&["list", "--all"]), json!([]));
}

#[test]
fn everything_goes_out_as_json_with_the_counts_of_the_tables() {
    let caseload = Caseload::none();
    let file = caseload.file();
    caseload.run(&["demo", "--write", file.to_str().unwrap(), "--clients", "12", "--notes", "40"]);
    let path = caseload.folder.path().join("all.json");
    let out = path.to_str().unwrap();
    caseload.run(&["export", out, "--format", "json", "--history"]);
    let all: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    // Counted by SQLCipher itself.
    let db = rusqlite::Connection::open(&file).unwrap();
    db.pragma_update(None, "key", crate::common::PASSPHRASE).unwrap();
    for record in caseload::model::CATALOGUE.iter().filter(|record| record.name != "worker") {
        let sql = format!("SELECT count(*) FROM row_{} WHERE state & 1 = 0", record.name);
        let count: i64 = db.query_row(&sql, [], |row| row.get(0)).unwrap();
        let clients = all["clients"].as_array().unwrap();
        let found = match record.name {
            "client" => clients.len(),
            name if record.is_the_workers() => all["own"][name].as_array().unwrap().len(),
            name => clients.iter().map(|client| client[name].as_array().unwrap().len()).sum(),
        };
        assert_eq!(found as i64, count, "{}", record.name);
    }
    let one = &all["clients"][0];
    assert!(!one["history"][one["client"]["id"].as_str().unwrap()].as_array().unwrap().is_empty());
    let id = one["client"]["id"].as_str().unwrap();
    let some = caseload.folder.path().join("one.json");
    caseload.run(&["export", some.to_str().unwrap(), "--format", "json", "--client", id]);
    let some: Json = serde_json::from_str(&std::fs::read_to_string(some).unwrap()).unwrap();
    assert_eq!((some["clients"].as_array().unwrap().len(), some.get("own")), (1, None));
    assert!(
        caseload.refused(&["export", out, "--format", "json"]).contains("is there already"),
        "never over another file"
    );
}

/// A stay of which no code says of which kind it is is sorted by its words: a psychiatric one owes its follow-ups.
#[test]
fn a_stay_is_sorted_by_its_words_where_no_code_tells_its_kind() {
    let caseload = Caseload::new();
    let stays = [
        (json!({"class": {"code": "IMP"}, "type": [{"text": "Psychiatric hospital stay"}]}), "psychiatric"),
        (
            json!({"class": {"code": "IMP"}, "reasonCode": [{"text": "Fall"}, {"text": "Suicide attempt"}]}),
            "psychiatric",
        ),
        (
            json!({"class": {"code": "IMP"}, "serviceProvider": {"display": "Lakeview Behavioral Health"}}),
            "psychiatric",
        ),
        (json!({"class": {"display": "inpatient"}, "type": [{"text": "psychiatric"}]}), "psychiatric"),
        (
            json!({"class": {"code": "EMER"}, "reasonCode": [{"coding": [{"display": "Overdose of opiate"}]}]}),
            "emergency-substance",
        ),
        (json!({"class": {"code": "EMER"}, "type": [{"text": "Mental health crisis"}]}), "emergency-psychiatric"),
        (json!({"class": {"code": "IMP"}, "type": [{"text": "Alcohol withdrawal management"}]}), "detox"),
        (json!({"class": {"code": "IMP"}, "reasonCode": [{"text": "Pneumonia"}]}), "medical"),
        (json!({"class": {"code": "EMER"}}), "emergency"),
        // Nothing says that it is a stay: a visit to someone else.
        (json!({"class": {"code": "AMB"}, "type": [{"text": "Psychiatric consultation"}]}), ""),
        (
            json!({"type": [{"text": "Psychiatric consultation"}], "serviceProvider": {"display": "Inpatient House"}}),
            "",
        ),
    ];
    let entry = |(at, (stay, _)): (usize, &(Json, &str))| {
        let mut stay = stay.clone();
        let more = json!({"resourceType": "Encounter", "id": format!("e{at}"), "status": "finished",
            "subject": {"reference": "Patient/p1"},
            "period": {"start": format!("2026-11-{:02}", at + 1), "end": format!("2026-11-{:02}", at + 2)}});
        stay.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"fullUrl": format!("http://clinic.example/Encounter/e{at}"), "resource": stay})
    };
    let mut entries = vec![json!({"fullUrl": "http://clinic.example/Patient/p1",
        "resource": {"resourceType": "Patient", "id": "p1", "name": [{"family": "Quill", "given": ["Ana"]}]}})];
    entries.extend(stays.iter().enumerate().map(entry));
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
    let done = caseload.json(&["import", &write(&caseload, "in.json", bundle.to_string())]);
    assert_eq!(done["skipped"], json!([]));
    let ana = caseload.json(&["list"])[0]["id"].as_str().unwrap().to_string();
    let shown = caseload.json(&["show", &ana]);
    let mut kinds: Vec<(String, String)> = shown["stays"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stay| (stay["admitted"].as_str().unwrap().into(), stay["kind"].as_str().unwrap().into()))
        .collect();
    kinds.sort();
    let wanted: Vec<(String, String)> = stays
        .iter()
        .enumerate()
        .filter(|(_, (_, kind))| !kind.is_empty())
        .map(|(at, (_, kind))| (format!("2026-11-{:02}", at + 1), (*kind).to_string()))
        .collect();
    assert_eq!(kinds, wanted);
}

/// A visit elsewhere that came in as an encounter goes out as one, under the identifier that it came with.
#[test]
fn an_encounter_that_came_in_goes_out_again() {
    let caseload = Caseload::new();
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": "http://clinic.example/Patient/p1", "resource": {"resourceType": "Patient", "id": "p1", "name": [{"family": "Quill"}]}},
        {"fullUrl": "http://clinic.example/Encounter/e1", "resource": {"resourceType": "Encounter", "id": "e1", "status": "finished",
            "class": {"code": "AMB"}, "subject": {"reference": "Patient/p1"}, "type": [{"text": "Check-up"}],
            "period": {"start": "2026-01-02T10:00:00Z", "end": "2026-01-02T10:20:00Z"}}}]});
    caseload.run(&["import", &write(&caseload, "in.json", bundle.to_string().into_bytes())]);
    let path = caseload.folder.path().join("out.json");
    let out = path.to_str().unwrap();
    caseload.run(&["export", out, "--format", "fhir"]);
    let all: Json = serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap();
    let resources = all["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
    let encounters: Vec<&Json> = resources.filter(|resource| resource["resourceType"] == "Encounter").collect();
    assert_eq!(encounters.len(), 1, "{all}");
    assert_eq!(encounters[0]["period"]["start"], "2026-01-02T05:00:00-05:00");
    assert!(encounters[0]["identifier"].to_string().contains("Encounter/e1"), "{}", encounters[0]);
    let done = caseload.json(&["import", out]);
    assert_eq!(
        (&done["created"]["note"], &done["updated"]["note"], &done["unchanged"]["note"]),
        (&json!(0), &json!(0), &json!(1))
    );
}

/// A bundle that says a case is finished, or somebody inactive, closes nobody over what their life hangs on; who has died is
/// closed.
#[test]
fn a_bundle_closes_nobody_over_an_open_crisis() {
    let caseload = Caseload::new();
    let bundle = |patients: &[Json]| {
        let entry = |patient: &Json| {
            let id = patient["id"].as_str().unwrap();
            json!({"fullUrl": format!("http://clinic.example/Patient/{id}"), "resource": patient})
        };
        json!({"resourceType": "Bundle", "type": "collection",
            "entry": patients.iter().map(entry).collect::<Vec<_>>()})
        .to_string()
    };
    let patient = |id: &str, given: &str, more: Json| {
        let mut patient = json!({"resourceType": "Patient", "id": id, "active": true,
            "name": [{"family": "Quill", "given": [given]}]});
        patient.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        patient
    };
    let people = ["Ana", "Ben", "Cleo", "Dora"];
    let all = |more: &[Json]| {
        let ids = people.iter().zip(more).zip(1..);
        bundle(&ids.map(|((given, more), at)| patient(&format!("p{at}"), given, more.clone())).collect::<Vec<_>>())
    };
    caseload.run(&["import", &write(&caseload, "one.json", all(&[json!({}), json!({}), json!({}), json!({})]))]);
    let add = |record: &str, who: &str, fields: &[&str]| {
        let who = format!("client={who}");
        caseload.run(&[&["--today", "2026-11-24", "add", record, &who], fields].concat());
    };
    add("incident", "Ana", &["kind=suicide", "began=2026-11-20 22:00"]);
    add("assessment", "Ben", &["instrument=phq-9", "on=2026-11-20", "answers=9=2"]);
    add("incident", "Cleo", &["kind=medical", "began=2026-11-20 22:00"]);
    let gone = json!({"active": false});
    let second = all(&[gone.clone(), gone.clone(), json!({"deceasedBoolean": true}), gone]);
    let done = caseload.json(&["import", &write(&caseload, "two.json", second)]);
    let told = done["told"].to_string();
    assert!(told.contains("Ana Quill has an unresolved crisis: not closed"), "{told}");
    assert!(told.contains("Ben Quill has an urgent answer that nobody acted on: not closed"), "{told}");
    let status = |who: &str| caseload.json(&["show", who])["client"]["status"].clone();
    assert_eq!(people.map(status), [json!("active"), json!("active"), json!("closed"), json!("closed")]);
}
