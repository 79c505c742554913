//! What permits what, from outside: who looked, what may go to another agency, what is billed.

use std::path::PathBuf;

use crate::common::terminal::{DOWN, ENTER, ESC, Terminal};
use crate::common::{Caseload, PASSPHRASE};
use serde_json::Value as Json;

const ON: [&str; 2] = ["--today", "2026-11-24"];

fn laptop(name: &str) -> Caseload {
    // A release is looked at by the clock of whoever gives, so it is written on that day too.
    let caseload = Caseload { day: None, ..Caseload::none() };
    caseload.run(&["init", "--worker", name, "--area", "social-work"]);
    caseload
}

/// What the list says of a client: what was done, and the particulars.
fn accesses(caseload: &Caseload, client: &str) -> Vec<(String, String)> {
    let found = caseload.json(&["report", "access", "--client", client]);
    let text = |one: &Json, key: &str| one[key].as_str().unwrap().to_string();
    found.as_array().unwrap().iter().map(|one| (text(one, "what"), text(one, "detail"))).collect()
}

fn viewed(caseload: &Caseload, client: &str) -> Vec<String> {
    let mut views: Vec<String> =
        accesses(caseload, client).into_iter().filter(|(what, _)| what == "viewed").map(|(_, detail)| detail).collect();
    views.sort();
    views
}

#[test]
fn every_look_from_the_command_line_is_on_the_record_once() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name=Ana"]);
    let ben = caseload.client(&["given_name=Ben"]);
    assert_eq!(viewed(&caseload, &ben), Vec::<String>::new());
    for _ in 0..2 {
        caseload.run(&["show", &ana]);
    }
    caseload.run(&["history", &ana]);
    caseload.run(&["search", "ana"]);
    assert_eq!(viewed(&caseload, &ana), ["history", "search", "show"]);
    assert_eq!(viewed(&caseload, &ben), ["report access"], "only that the list itself was asked for");
    assert_eq!(caseload.json(&["check"])["ok"], true);
}

/// Whoever sees names in a list has seen them: how many is kept, and nobody is named.
#[test]
fn every_list_is_on_the_record_by_the_number_of_its_clients() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name=Ana", "phone=555-0101"]);
    let ben = caseload.client(&["given_name=Ben", "family_name=Ode", "birth_date=1990-03-01"]);
    caseload.client(&["given_name=Ben", "family_name=Ode", "birth_date=1990-03-01"]);
    let starts = format!("starts={}", chrono::Local::now().format("%Y-%m-%d 23:50"));
    caseload.run(&["add", "appointment", &format!("client={ana}"), "title=visit", &starts]);
    for _ in 0..2 {
        for list in [
            &["list"][..],
            &["list", "--json"],
            &["triage"],
            &["agenda", "--days", "400"],
            &["team"],
            &["duplicates"],
            &["conflicts"],
            &["report", "retention"],
        ] {
            caseload.run(list);
        }
    }
    let count = |what: &str, n: usize| format!("{what}: {n} client{}", if n == 1 { "" } else { "s" });
    let mut wanted: Vec<String> = vec![
        count("list", 3),
        count("triage", 3),
        count("team", 3),
        count("duplicates", 2),
        count("conflicts", 0),
        count("report retention", 0),
    ];
    wanted.sort();
    let mut found = viewed(&caseload, &ben);
    found.retain(|one| !one.starts_with("agenda"));
    assert_eq!(found, wanted, "each once, and with no name");
    // No list is a look into one file.
    let found = caseload.json(&["report", "access", "--client", &ben]);
    let of_list = |one: &&Json| one["what"] == "viewed" && one["detail"].as_str().unwrap().contains(" client");
    let lists = found.as_array().unwrap().iter().filter(of_list);
    assert!(lists.clone().count() == 7 && lists.clone().all(|one| one["client_id"].is_null()), "{found}");
    assert!(!found.to_string().contains("Ana"));
    assert_eq!(caseload.json(&["check"])["ok"], true);
}

#[cfg(unix)]
#[test]
fn a_read_only_file_is_shown_and_not_written_to() {
    use std::os::unix::fs::PermissionsExt;
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name=Ana"]);
    let mode = |mode| std::fs::set_permissions(caseload.file(), std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o400);
    let before = std::fs::read(caseload.file()).unwrap();
    assert!(caseload.run(&["show", &ana]).contains("Ana"));
    assert!(std::fs::read(caseload.file()).unwrap() == before);
    mode(0o600);
    assert_eq!(viewed(&caseload, &ana), Vec::<String>::new());
}

#[test]
fn resting_on_someone_is_a_look_and_passing_by_is_none() {
    let caseload = Caseload::new();
    let names = ["Ana", "Ben", "Cem"];
    let ids: Vec<String> = names.iter().map(|name| caseload.client(&[&format!("given_name={name}")])).collect();
    let pass = caseload.pass();
    let mut screen = Terminal::start(&caseload, 120, 40, &["--passphrase-file", pass.to_str().unwrap()]);
    screen.wait("Cem");
    screen.keys(DOWN);
    screen.keys(DOWN);
    screen.keys(ENTER);
    screen.wait("3 of 3 ━");
    screen.keys("q");
    assert!(screen.ends());
    let all: Vec<Vec<String>> = ids.iter().map(|id| viewed(&caseload, id)).collect();
    let opened: Vec<&Vec<String>> = all.iter().filter(|views| !views.is_empty()).collect();
    assert_eq!(opened, [&vec!["page".to_string()]], "{all:?}");
    let mut screen = Terminal::start(&caseload, 120, 40, &["--passphrase-file", pass.to_str().unwrap()]);
    screen.wait("Cem");
    std::thread::sleep(std::time::Duration::from_millis(2500));
    screen.keys(DOWN);
    screen.keys("q");
    assert!(screen.ends());
    let rested = ids.iter().filter(|id| viewed(&caseload, id).contains(&"in the list".to_string())).count();
    assert_eq!(rested, 1, "the one on whom the choice rested");
}

/// All that a bare client's file tells.
const ALL: &str = "what=contact,whereabouts,attendance,needs,notes,health,mental-health,substance-use,violence,income,employment,family";

struct Agencies {
    rosa: Caseload,
    dana: Caseload,
}

impl Agencies {
    /// Rosa's agency, and Dana of County Housing.
    fn new() -> Agencies {
        let (rosa, dana) = (laptop("Rosa"), laptop("Dana Reyes"));
        let card = |from: &Caseload| from.json(&["site", "card"])["card"].as_str().unwrap().to_string();
        let accepted = rosa.json(&["site", "accept", &card(&dana), "--other-agency", "County Housing"]);
        assert_eq!(accepted["agency"], "County Housing");
        dana.run(&["site", "accept", &card(&rosa), "--other-agency", "Rosa's agency"]);
        Agencies { rosa, dana }
    }

    fn path(&self) -> PathBuf {
        self.rosa.folder.path().join(format!("{}.bundle", uuid::Uuid::new_v4()))
    }

    fn names_at_danas(&self) -> Vec<String> {
        let list = self.dana.json(&["list", "--all"]);
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_string()).collect()
    }
}

#[test]
fn another_agency_is_given_only_whose_release_permits_all_of_it() {
    let agencies = Agencies::new();
    let (rosa, dana) = (&agencies.rosa, &agencies.dana);
    let ana = rosa.client(&["given_name=Ana", "phone=555-0101"]);
    let ben = rosa.client(&["given_name=Ben", "phone=555-0102"]);
    // Nobody has a release: nothing is written, and the refusal says which rule and what would permit it.
    let path = agencies.path();
    let said = rosa.refused(&["export", path.to_str().unwrap()]);
    assert!(said.contains("there is no release to County Housing (45 CFR 164.508)"), "{said}");
    assert!(said.contains("A release to County Housing that covers"), "{said}");
    assert!(!path.exists());
    // A release that does not cover everything is not enough: the file goes whole or not at all.
    let to = "to=county  housing";
    let some = rosa.json(&[
        "add",
        "consent",
        &format!("client={ana}"),
        to,
        "purpose=housing",
        "form=written",
        "until=+30d",
        "what=contact,needs",
    ]);
    let said = rosa.refused(&["export", path.to_str().unwrap()]);
    assert!(said.contains("the release to County Housing does not cover it"), "{said}");
    let own = some["id"].as_str().unwrap();
    rosa.run(&["set", own, ALL, "part2=yes"]);
    let given = rosa.json(&["export", path.to_str().unwrap()]);
    assert_eq!(given["clients"], 1);
    assert_eq!(given["left_out"][0]["id"].as_str(), Some(ben.as_str()));
    dana.run(&["import", path.to_str().unwrap()]);
    assert_eq!(agencies.names_at_danas(), ["Ana"]);
    // It is in the accounting of the client's own file, with the release that permits it; whoever was left out too.
    let kept = rosa.json(&["report", "disclosures", "--client", &ana]);
    assert_eq!((&kept[0]["to"], &kept[0]["how"]), (&"County Housing (Dana Reyes)".into(), &"bundle".into()));
    assert_eq!(kept[0]["consent"].as_str(), Some(own));
    assert!(accesses(rosa, &ben).iter().any(|(what, detail)| what == "left out" && detail.contains("County Housing")));
    // Taken back: from that minute on nothing leaves any more.
    rosa.run(&["set", own, "revoked=now"]);
    let said = rosa.refused(&["export", agencies.path().to_str().unwrap(), "--everything"]);
    assert!(said.contains("was taken back on"), "{said}");
    assert_eq!(rosa.json(&["check"])["ok"], true);
}

/// Nothing says how a release was given but whoever writes it down: not the program, not an old file, not another program's.
#[test]
fn how_a_release_was_given_is_asked_and_a_spoken_one_covers_no_substance_use() {
    let rosa = laptop("Rosa Ortiz");
    let ana = rosa.client(&["given_name=Ana"]);
    let whose = format!("client={ana}");
    let new = ["add", "consent", &whose, "to=County Housing", "purpose=housing", "until=+30d", "part2=yes"];
    let new =
        [&new[..], &["what=contact,whereabouts,attendance,needs,notes,health,mental-health,substance-use"]].concat();
    let said = rosa.refused(&new);
    assert!(said.contains("Given: say which; form= one of: written, electronic, verbal"), "{said}");
    let spoken = rosa.json(&[&new[..], &["form=verbal"]].concat());
    rosa.json(&["add", "need", &whose, "domain=substance-use", "what=Detox"]);
    let page = rosa.folder.path().join("summary.txt");
    let print = ["print", "summary", "--client", &ana, "--for", "County Housing", "--out", page.to_str().unwrap()];
    let said = rosa.run(&print);
    assert!(said.contains("was not given in writing (42 CFR 2.31)"), "{said}");
    assert!(said.contains("The same release, signed on paper or on a screen"), "{said}");
    assert!(!std::fs::read_to_string(&page).unwrap().contains("Detox"));
    rosa.run(&["set", spoken["id"].as_str().unwrap(), "form=written"]);
    std::fs::remove_file(&page).unwrap();
    rosa.run(&print);
    assert!(std::fs::read_to_string(&page).unwrap().contains("Detox"));
    // What came from elsewhere does not say it: it is kept, asked about with the next edit, and taken back as it is.
    let fhir = serde_json::json!({"resourceType": "Consent", "id": "r", "status": "active", "patient": {"reference": format!("Patient/{ana}")},
        "provision": {"actor": [{"reference": {"display": "Court"}}], "purpose": [{"display": "hearing"}]}});
    let file = rosa.folder.path().join("release.json");
    std::fs::write(&file, fhir.to_string()).unwrap();
    rosa.run(&["import", file.to_str().unwrap(), "--client", &ana]);
    let shown = rosa.json(&["show", &ana]);
    let court = shown["consents"].as_array().unwrap().iter().find(|one| one["to"] == "Court").unwrap();
    assert!(court["form"].is_null(), "{court}");
    let court = court["id"].as_str().unwrap();
    assert!(rosa.refused(&["set", court, "until=+9d"]).contains("Given: say which"));
    rosa.run(&["set", court, "revoked=now"]);
}

/// 34 USC 12291(b)(2)(B), 42 CFR 2.14: who consented for a minor is asked, whoever causes harm never does, and what a minor has on
/// their own word leaves by their own word alone.
#[test]
fn for_a_minor_it_is_asked_who_consented_and_whoever_causes_harm_never_does() {
    let rosa = laptop("Rosa Ortiz");
    let own = rosa.folder.path().join("own");
    std::fs::create_dir(&own).unwrap();
    let law = "[[minor-consent]]\nservice = \"Treatment\"\nage = 12\ncovers = [\"contact\", \"needs\", \"substance-use\"]\nsource = \"state code 1\"\n";
    std::fs::write(own.join("agency.toml"), law).unwrap();
    let agency = ["--agency", own.to_str().unwrap()];
    let born = chrono::Local::now().date_naive() - chrono::Months::new(14 * 12 + 1);
    let leo = rosa.client(&["given_name=Leo", &format!("birth_date={born}")]);
    let whose = format!("client={leo}");
    rosa.json(&["add", "need", &whose, "domain=substance-use", "what=Detox"]);
    let pedro = rosa.json(&["add", "relationship", &whose, "name=Pedro Ruiz", "relation=stepfather", "harms=yes"]);
    rosa.json(&["add", "relationship", &whose, "name=Hank Cole", "relation=batterer, her former partner"]);
    let new =
        ["add", "consent", &whose, "to=Lincoln School", "purpose=school", "until=+30d", "part2=yes", "form=written"];
    let new = [&agency[..], &new, &["what=contact,needs,attendance,substance-use"]].concat();
    for (more, field) in [
        (&[][..], "Who consented: was 14 on that day: say who consented"),
        (&["by=parent"], "Their name: needs to be filled in"),
        (&["by=parent", "by_name=Ana Ruiz"], "By what right: needs to be filled in"),
        (&["by=both", "by_name=P. Ruiz", "right=father"], "P. Ruiz is in this file as somebody who causes harm"),
        (&["by=both", "by_name=Hank Cole", "right=guardian"], "34 USC 12291(b)(2)(B)"),
    ] {
        let said = rosa.refused(&[&new[..], more].concat());
        assert!(said.contains(field), "{more:?}: {said}");
    }
    let parent = rosa.json(&[&new[..], &["by=parent", "by_name=Ana Ruiz", "right=mother with custody"]].concat());
    let page = rosa.folder.path().join("summary.txt");
    let print = ["print", "summary", "--client", &leo, "--for", "Lincoln School", "--out", page.to_str().unwrap()];
    let print = [&agency[..], &print].concat();
    let said = rosa.output(&print);
    let said = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    assert!(said.contains("a minor of 12 consents alone (42 CFR 2.14; state code 1)"), "{said}");
    assert!(!page.exists() || !std::fs::read_to_string(&page).unwrap().contains("Detox"));
    let _ = std::fs::remove_file(&page);
    rosa.run(&["set", parent["id"].as_str().unwrap(), "revoked=now"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    rosa.json(&[&new[..], &["by=client"]].concat());
    rosa.run(&print);
    assert!(std::fs::read_to_string(&page).unwrap().contains("Detox"));
    // A mother's second thoughts: nobody is marked any more, and she may.
    rosa.run(&["set", pedro["id"].as_str().unwrap(), "harms=no"]);
    rosa.json(&[&new[..], &["by=both", "by_name=Pedro Ruiz", "right=adoptive father"]].concat());
}

#[test]
fn without_a_release_only_with_a_reason_and_on_the_record() {
    let agencies = Agencies::new();
    let rosa = &agencies.rosa;
    let ana = rosa.client(&["given_name=Ana", "safe_contact=Text only, he answers her phone"]);
    let path = agencies.path();
    let path = path.to_str().unwrap();
    let ask = |more: &[&'static str]| [&["export", path], more].concat();
    assert_eq!(rosa.output(&ask(&["--without-release", "court-order"])).status.code(), Some(2), "it needs a reason");
    assert!(rosa.refused(&ask(&["--without-release", "court-order", "--reason", " "])).contains("needs a reason"));
    // Someone in danger at home: no emergency gives away how to reach them (34 USC 12291(b)(2)).
    let said = rosa.refused(&ask(&["--without-release", "emergency", "--reason", "found unconscious"]));
    assert!(said.contains("34 USC 12291(b)(2)"), "{said}");
    let said = rosa.run(&ask(&["--without-release", "court-order", "--reason", "order of 20 Nov, docket 12"]));
    assert!(said.contains("Safe contact: Text only"), "{said}");
    let kept = rosa.json(&["report", "disclosures", "--client", &ana]);
    let why = kept[0]["overridden"].as_str().unwrap();
    assert!(why.contains("docket 12") && why.contains("42 CFR 2.61"), "{why}");
    assert!(
        accesses(rosa, &ana)
            .iter()
            .any(|(what, detail)| what == "given without a release" && detail.contains("docket 12"))
    );
}

#[test]
fn nothing_goes_to_another_agency_through_a_place() {
    let agencies = Agencies::new();
    let place = tempfile::tempdir().unwrap();
    let at = place.path().to_str().unwrap();
    agencies.rosa.client(&["given_name=Ana"]);
    agencies.dana.run(&["sync", at]);
    agencies.rosa.run(&["sync", at]);
    agencies.dana.run(&["sync", at]);
    assert_eq!(agencies.names_at_danas(), Vec::<String>::new());
}

#[test]
fn the_billing_sheet_as_json_and_as_a_sheet_without_formulas() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name==HYPERLINK(1)"]);
    caseload.run(&[
        "log",
        &ana,
        "kind=face-to-face",
        "minutes=40",
        "service=T1016",
        "when=2026-11-20 09:00",
        "--today",
        "2026-11-24",
    ]);
    let sheet = caseload.json(&[&["report", "billing"], &ON[..]].concat());
    assert_eq!(
        (&sheet[0]["status"], &sheet[0]["units"], &sheet[0]["date"]),
        (&"not billable".into(), &0.into(), &"2026-11-20".into())
    );
    let why: Vec<&str> = sheet[0]["why"].as_array().unwrap().iter().map(|why| why.as_str().unwrap()).collect();
    assert_eq!(why, ["it serves no goal", "it is not signed"]);
    assert_eq!(sheet[0]["would_make"].as_array().unwrap().len(), why.len());
    let csv = caseload.run(&[&["report", "billing", "--format", "csv"], &ON[..]].concat());
    assert!(csv.starts_with("client_id,client,note_id,date") && csv.contains("'=HYPERLINK(1)"), "{csv}");
    let text = caseload.run(&[&["report", "billing", "--client", &ana], &ON[..]].concat());
    assert!(text.contains("! it is not signed. Sign it."), "{text}");
    let none = caseload.json(&["report", "billing", "--from", "2026-10-01", "--to", "2026-10-31"]);
    assert_eq!(none, serde_json::json!([]));
    assert!(
        caseload
            .refused(&["report", "billing", "--from", "2026-11-02", "--to", "2026-11-01"])
            .contains("before it begins")
    );
}

#[test]
fn how_long_closed_files_are_kept_and_the_hold_over_it() {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana", "birth_date=2010-06-05", "status=closed", "closed=2020-03-10"]);
    caseload.client(&["given_name=Ben", "status=closed", "closed=2010-03-10", "hold=yes"]);
    caseload.client(&["given_name=Cem"]);
    let kept = caseload.json(&[&["report", "retention"], &ON[..]].concat());
    let rows = kept.as_array().unwrap();
    let of = |name: &str| rows.iter().find(|row| row["client"] == name);
    assert_eq!(of("Ana").unwrap()["keep_until"], "2035-06-05");
    assert_eq!((&of("Ben").unwrap()["hold"], &of("Ben").unwrap()["may_be_destroyed"]), (&true.into(), &false.into()));
    assert!(of("Cem").is_none(), "an open file is kept anyway");
}

#[test]
fn a_file_with_anything_owed_or_of_an_unknown_age_may_not_be_destroyed_and_says_why() {
    let caseload = Caseload::new();
    let closed = |name: &str, more: &[&str]| {
        let given = format!("given_name={name}");
        let fields = [&[given.as_str(), "status=closed", "opened=2005-01-01", "closed=2010-03-10"], more].concat();
        caseload.client(&fields)
    };
    let born = "birth_date=1950-05-05";
    closed("Ana", &[born]);
    closed("Ben", &["area=social-work"]);
    closed("Cem", &["area=vocational"]);
    let dora = closed("Dora", &[born]);
    let began = ["kind=suicide", "began=2009-03-01 10:00", "what=alone at home"];
    caseload.run(&[&["add", "incident", &format!("client={dora}")], &began[..]].concat());
    let elif = closed("Elif", &[born]);
    caseload.run(&["log", &elif, "kind=phone", "when=2009-03-01 10:00", "body=called"]);
    let finn = closed("Finn", &[born]);
    caseload.run(&["set", &finn, "status=active"]);
    let kept = |args: &[&str]| caseload.json(&[&["report", "retention"], args, &ON[..]].concat());
    let rows = kept(&[]);
    let of = |name: &str| rows.as_array().unwrap().iter().find(|row| row["client"] == name).unwrap().clone();
    for (name, may_go, owed) in [
        ("Ana", true, None),
        ("Ben", false, None),
        ("Cem", true, None),
        ("Dora", false, Some("an incident that is not over, of 1 Mar 2009")),
        ("Elif", false, Some("a note to be signed")),
    ] {
        let row = of(name);
        assert_eq!(row["may_be_destroyed"], may_go, "{row}");
        let told: Vec<&str> = row["owed"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        assert!(owed.map_or(told.is_empty(), |owed| told.contains(&owed)), "{row}");
    }
    assert!(rows.as_array().unwrap().iter().all(|row| row["client"] != "Finn"), "open again");
    assert_eq!(kept(&["--client", &finn])[0]["may_be_destroyed"], false);
    let said = caseload.run(&["report", "retention", ON[0], ON[1]]);
    assert!(said.contains("Ben  kept until someone writes down the birth date"), "{said}");
    assert!(
        said.contains("nothing may be destroyed while this is owed: a crisis that is not over; an incident"),
        "{said}"
    );
}

#[test]
fn a_colleague_of_another_agency_is_accepted_and_given_to_at_the_screen() {
    let agencies = Agencies::new();
    let rosa = &agencies.rosa;
    rosa.client(&["given_name=Ana"]);
    let pass = rosa.pass();
    assert!(!PASSPHRASE.is_empty());
    for (columns, rows) in [(80, 24), (120, 40)] {
        let mut screen = Terminal::start(rosa, columns, rows, &["--passphrase-file", pass.to_str().unwrap()]);
        screen.wait("Ana");
        screen.keys("Hg");
        screen.wait("Not permitted: 1");
        screen.wait("there is no release to County Housing");
        screen.keys("o");
        screen.wait("Without a release, because of what?");
        screen.keys("2");
        screen.wait("What happened, and who asks?");
        screen.keys("order of 20 Nov");
        screen.keys(ENTER);
        screen.wait("Write a bundle");
        screen.keys(ESC);
        screen.keys("V");
        screen.wait("No release is in force");
        screen.keys(ESC);
        screen.keys("q");
        assert!(screen.ends());
    }
}

#[test]
fn marks_are_proposed_from_words_and_kept_by_the_worker() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name=Ana"]);
    let client = format!("client={ana}");
    let add = |args: &[&str]| caseload.json(&[&["add"], args].concat())["id"].as_str().unwrap().to_string();
    let methadone = add(&["medication", &client, "name=Methadone 60 mg"]);
    add(&["medication", &client, "name=Metformin"]);
    let shelter = add(&["care_team", &client, "name=Domestic violence shelter"]);
    let list = caseload.json(&["marks", &ana]);
    let told: Vec<(&str, &str)> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one["tells"].as_str().unwrap()))
        .collect();
    assert!(told.contains(&(&methadone, "substance-use")) && told.contains(&(&shelter, "violence")), "{told:?}");
    assert_eq!(told.len(), 2, "{told:?}");
    // For pain: from no program, as the worker says.
    caseload.run(&["set", &methadone, "part2=no"]);
    let mut screen = Terminal::start(&caseload, 110, 32, &[]);
    screen.wait("Passphrase");
    screen.keys(PASSPHRASE);
    screen.keys(ENTER);
    screen.wait("Client: Ana");
    screen.keys(":");
    screen.wait("All commands");
    screen.keys("marks proposed");
    screen.keys(ENTER);
    screen.wait("Does this tell of violence?");
    screen.wait("Domestic violence shelter");
    screen.keys("y");
    screen.wait("Nothing waits to be marked");
    drop(screen);
    assert_eq!(caseload.json(&["marks"]), Json::Array(Vec::new()));
    assert_eq!(caseload.json(&["show", &ana])["care_team"][0]["also_tells"], "violence");
}
