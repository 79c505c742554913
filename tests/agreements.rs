//! A name stands under the words that were signed: on the screen, on paper, in exports and in the check, whatever becomes of
//! the plan afterwards.

use crate::common::terminal::{ENTER, ESC, Terminal};
use crate::common::{Caseload, fixture};
use serde_json::Value as Json;

/// A plan with a goal and a step, signed by the client and witnessed.
struct Agreement {
    caseload: Caseload,
    client: String,
    plan: String,
    goal: String,
    step: String,
}

impl Agreement {
    fn unsigned() -> Agreement {
        let caseload = Caseload::new();
        let client = caseload.client(&["given_name=Maria", "family_name=Delgado"]);
        let id = |args: &[&str]| caseload.json(args)["id"].as_str().unwrap().to_string();
        let of = format!("client={client}");
        let plan = id(&["add", "plan", &of, "kind=service-plan", "status=active", "review_due=2027-02-24"]);
        let goal = id(&["add", "goal", &of, "words=A door that locks", "target=2027-01-15"]);
        let step = id(&["add", "step", &format!("goal={goal}"), "what=call the landlord", "who=me", "due=2026-12-01"]);
        Agreement { client, plan, goal, step, caseload }
    }

    fn signed() -> Agreement {
        let agreement = Agreement::unsigned();
        let signed = agreement.sign("client", "Maria Delgado");
        assert_eq!((&signed["stands"], &signed["witness"]), (&true.into(), &"Tom Reyes".into()), "{signed}");
        agreement
    }

    fn sign(&self, role: &str, name: &str) -> Json {
        self.caseload.json(&["sign", &self.plan, "--as", role, "--name", name, "--witness", "Tom Reyes"])
    }

    /// The signatures as `show` tells them, the oldest first.
    fn signatures(&self) -> Vec<Json> {
        let mut all = self.caseload.json(&["show", &self.client])["signatures"].as_array().unwrap().clone();
        all.sort_by_key(|one| one["at"].to_string() + &one["id"].to_string());
        all
    }

    fn changed(&self) -> Vec<String> {
        let all = self.signatures();
        let first = &all[0];
        let changed: Vec<String> =
            first["changed"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_string()).collect();
        assert_eq!(first["stands"], changed.is_empty(), "{first}");
        changed
    }

    fn page(&self) -> String {
        let page = self.caseload.run(&["print", "plan", "--client", &self.client, "--out", "-"]);
        page.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

const BOX: &str = "Changed since it was signed (not part of what Maria Delgado signed";

#[test]
fn no_word_that_was_not_signed_stands_above_the_clients_name() {
    let with = Agreement::signed();
    let run = |args: &[&str]| with.caseload.run(args);
    let page = with.page();
    assert!(page.contains("Witness Tom Reyes") || page.contains("Tom Reyes"), "{page}");
    assert!(!page.contains(BOX) && !page.contains("sign again"), "{page}");

    run(&["set", &with.step, "what=pay what is owed"]);
    run(&["add", "step", &format!("goal={}", with.goal), "what=pay 300 dollars a month", "who=client"]);
    run(&["set", &with.plan, "client_does=Agrees to leave the family home"]);
    let new = ["pay what is owed", "pay 300 dollars a month", "Agrees to leave the family home"];

    // On paper: what was signed with the name beneath; then what was changed; then the plan anew, without the name.
    let page = with.page();
    let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words} is missing in\n{page}"));
    let (signed, name, changed, anew) =
        (at("The plan as it was signed"), at("Tom Reyes"), at(BOX), at("The plan as it reads now, to be signed"));
    assert!(signed < name && name < changed && changed < anew, "{page}");
    for words in new {
        assert!(!page[..changed].contains(words), "{words} stands above the name:\n{page}");
        assert!(page[changed..anew].contains(words), "{words} is not told:\n{page}");
        assert!(page[anew..].contains(words), "{words} is not there to be signed:\n{page}");
    }
    assert!(page[signed..changed].contains("call the landlord") && !page[anew..].contains("Tom Reyes"), "{page}");
    // As HTML and as PDF it is the same document.
    let html = with.caseload.folder.path().join("plan.html");
    run(&["print", "plan", "--client", &with.client, "--out", html.to_str().unwrap()]);
    let html = std::fs::read_to_string(html).unwrap();
    assert!(html.find("Tom Reyes").unwrap() < html.find("pay 300 dollars").unwrap());

    // In words, in JSON, in an export, in a sheet, and by the check.
    let show = run(&["show", &with.client]);
    assert!(show.contains("Changed since Maria Delgado signed it on") && show.contains("to be signed again"), "{show}");
    assert!(show.contains("As it was signed:") && show.contains("case manager: call the landlord"), "{show}");
    let told = with.changed();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(new.iter().all(|words| told.iter().any(|one| one.contains(words))), "{told:?}");
    assert!(with.signatures()[0]["words"].as_str().unwrap().contains("call the landlord"));
    let path = with.caseload.folder.path().join("all.json");
    run(&["export", path.to_str().unwrap(), "--format", "json"]);
    let export: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let signature = &export["clients"][0]["signature"][0];
    assert_eq!((&signature["stands"], signature["changed"].as_array().unwrap().len()), (&false.into(), 3));
    let path = with.caseload.folder.path().join("names.csv");
    run(&["export", path.to_str().unwrap(), "--format", "csv", "--list", "signature"]);
    let sheet = std::fs::read_to_string(path).unwrap();
    assert!(sheet.contains("Stands under what was signed") && sheet.contains("no: changed since"), "{sheet}");
    let check = with.caseload.json(&["check"]);
    assert_eq!(check["ok"], true, "{check}");
    let again = check["to_sign_again"].as_array().unwrap();
    assert!(again.len() == 1 && again[0].as_str().unwrap().contains(&with.plan), "{check}");
    assert!(!again[0].as_str().unwrap().contains("Maria"), "no names");
    assert!(run(&["check"]).contains("To be signed again"));

    // It is desk work, with whose name and since when.
    let triage = with.caseload.json(&["triage"]);
    let asks = triage.to_string();
    assert!(asks.contains("plan changed since Maria Delgado signed it"), "{asks}");

    // Signed anew it stands, and the first name is told in a line, not put under it.
    with.sign("client", "Maria Delgado");
    let page = with.page();
    assert!(!page.contains(BOX) && page.contains("Signed before, under other words than these"), "{page}");
    assert_eq!(with.signatures().iter().map(|one| one["stands"] == true).collect::<Vec<_>>(), [false, true]);
    assert_eq!(with.caseload.json(&["check"])["to_sign_again"], serde_json::json!([]));
    assert!(!with.caseload.json(&["triage"]).to_string().contains("plan changed since"));
}

#[test]
fn what_is_only_done_is_no_change() {
    let with = Agreement::signed();
    with.caseload.run(&["set", &with.step, "status=done", "done_on=2026-11-20"]);
    with.caseload.run(&["set", &with.goal, "progress=60", "attainment=1"]);
    assert_eq!(with.changed(), [""; 0]);
    with.caseload.run(&["set", &with.goal, "status=reached"]);
    assert_eq!(with.changed(), [""; 0]);
    let page = with.page();
    assert!(!page.contains("sign again") && !page.contains("as it was signed"), "{page}");
    assert!(page.contains("done 20 Nov 2026") && page.contains("Reached") && page.contains("Tom Reyes"), "{page}");
}

#[test]
fn everything_that_the_page_shows_was_in_the_signed_text() {
    let with = Agreement::signed();
    let of = format!("client={}", with.client);
    let goal = format!("goal={}", with.goal);
    let set: [(&str, &[&str]); 13] = [
        (&with.step, &["cost=300", "payer=the client", "provider=Acme", "often=twice a week", "amount=12"]),
        (&with.step, &["due=2026-12-24"]),
        (&with.step, &["who=client"]),
        (&with.step, &["status=dropped"]),
        (&with.goal, &["words=Any door"]),
        (&with.goal, &["target=2028-01-01"]),
        (&with.goal, &["choice=own"]),
        (&with.goal, &["strengths=patience"]),
        (&with.goal, &["status=set-aside"]),
        (&with.plan, &["strengths=keeps her word"]),
        (&with.plan, &["review_due=2028-01-01"]),
        (&with.plan, &["start=2026-01-01"]),
        (&with.plan, &["others_do=The agency pays", "criteria=by the month"]),
    ];
    let add: [&[&str]; 4] = [
        &["add", "goal", &of, "words=A job"],
        &["add", "step", &goal, "what=pay 300 dollars"],
        &["add", "strength", &of, "what=A brother nearby"],
        &["add", "arrangement", &of, "what=a ride home"],
    ];
    let set: Vec<Vec<&str>> = set.iter().map(|(row, fields)| [&["set", *row][..], fields].concat()).collect();
    let delete = ["delete", with.goal.as_str()];
    let all = set.iter().map(Vec::as_slice).chain(add).chain([&delete[..]]);
    for act in all {
        with.caseload.run(act);
        assert!(!with.changed().is_empty(), "{act:?}");
        with.caseload.run(&["undo"]);
        assert_eq!(with.changed(), [""; 0], "after undoing {act:?}");
    }
    let page = with.page();
    assert!(!page.contains("sign again"), "{page}");
}

#[test]
fn a_plan_deleted_comes_back_with_its_name_and_another_plan_never_gets_it() {
    let with = Agreement::signed();
    with.caseload.run(&["delete", &with.plan]);
    assert!(with.changed()[0].contains("is not here"), "{:?}", with.changed());
    with.caseload.run(&["undo"]);
    assert_eq!(with.changed(), [""; 0]);
    // A second plan in force: the name is the first one's.
    let of = format!("client={}", with.client);
    with.caseload.run(&["add", "plan", &of, "kind=recovery-plan", "status=active", "start=2026-11-30"]);
    let page = with.page();
    assert!(page.contains("Recovery plan") && !page.contains("Tom Reyes"), "{page}");
    assert_eq!(with.changed(), [""; 0]);
}

/// Opens the file as any SQLCipher tool would, and runs SQL on it.
fn tamper(caseload: &Caseload, sql: &str) {
    let db = rusqlite::Connection::open(caseload.file()).unwrap();
    db.pragma_update(None, "key", crate::common::PASSPHRASE).unwrap();
    assert!(db.execute(sql, []).unwrap() > 0, "{sql}");
}

#[test]
fn a_signature_that_was_altered_is_not_printed_as_one() {
    for sql in [
        "UPDATE row_signature SET name = 'Maria Vega'",
        "UPDATE row_signature SET witness = 'Nobody'",
        "UPDATE row_signature SET at = '2026-01-01T00:00:00-05:00'",
        "UPDATE row_signature SET content = replace(content, 'call the landlord', 'pay 300 dollars')",
    ] {
        let with = Agreement::signed();
        tamper(&with.caseload, sql);
        let all = with.signatures();
        assert_eq!((&all[0]["broken"], &all[0]["stands"]), (&true.into(), &false.into()), "{sql}");
        let page = with.page();
        assert!(
            page.contains("is not what was given") && !page.contains("Vega") && !page.contains("Tom Reyes"),
            "{page}"
        );
        assert!(with.caseload.run(&["show", &with.client]).contains("BROKEN"), "{sql}");
        assert_eq!(with.caseload.output(&["check"]).status.code(), Some(1), "{sql}");
    }
}

#[test]
fn me_stays_who_it_was_when_another_prints() {
    let with = Agreement::signed();
    let me = with.caseload.json(&["history", &with.plan])[0]["who"].as_str().unwrap().to_string();
    assert_eq!(me, "Rosa Ortiz");
    // Ben takes over with the file: his name is not put into words that Maria signed.
    let ben = Caseload::none();
    ben.run(&["init", "--worker", "Ben Ito"]);
    for (from, to) in [(&with.caseload, &ben), (&ben, &with.caseload)] {
        to.run(&["site", "accept", from.json(&["site", "card"])["card"].as_str().unwrap()]);
    }
    let path = with.caseload.folder.path().join("all.bundle");
    with.caseload.run(&["export", path.to_str().unwrap()]);
    ben.run(&["import", path.to_str().unwrap()]);
    let page = ben.run(&["print", "plan", "--client", &with.client, "--out", "-"]);
    let above = page.split("Tom Reyes").next().unwrap();
    assert!(above.contains("Rosa Ortiz") && !above.contains("Ben Ito"), "{page}");
    // Ben's edit and Maria's name meet: he is asked for a new one, and so is she.
    ben.run(&["set", &with.step, "what=call the court"]);
    let show = ben.json(&["show", &with.client]);
    assert_eq!(show["signatures"][0]["stands"], false);
}

#[test]
fn a_note_keeps_the_words_of_a_goal_that_is_called_otherwise_later() {
    let with = Agreement::unsigned();
    let goals = format!("goals={}", with.goal);
    let note = with.caseload.json(&["log", &with.client, "kind=phone", "body=talked", &goals]);
    let note = note["id"].as_str().unwrap();
    let signed = with.caseload.json(&["sign", note])["standing"].clone();
    with.caseload.run(&["set", &with.goal, "words=Any door at all"]);
    let show = with.caseload.json(&["show", &with.client]);
    let standing = &show["notes"][0]["standing"];
    assert_eq!(standing["text"], signed["text"]);
    assert!(standing["text"].as_str().unwrap().contains("\"A door that locks\""), "{standing}");
    assert_eq!((&standing["state"], &show["signatures"][0]["stands"]), (&"signed".into(), &true.into()));
    // And a plan is not signed by what is for notes, nor the other way round.
    let refused = with.caseload.refused(&["sign", note, "--as", "client", "--name", "Maria"]);
    assert!(refused.contains("for a plan"), "{refused}");
    let refused = with.caseload.refused(&["sign", &with.plan, "--as", "client"]);
    assert!(refused.contains("--name NAME"), "{refused}");
}

#[test]
fn at_the_screen_the_plan_is_read_as_it_was_signed_and_the_change_is_told() {
    let with = Agreement::signed();
    with.caseload.run(&["set", &with.step, "cost=300 dollars a month"]);
    let pass = with.caseload.pass();
    let mut screen = Terminal::start(&with.caseload, 120, 44, &["--passphrase-file", pass.to_str().unwrap()]);
    screen.wait("Maria Delgado");
    screen.keys("2");
    screen.wait("version 1, CHANGED since Maria Delgado signed it");
    screen.keys(":");
    screen.wait("All commands");
    screen.keys("plan in words");
    screen.keys(ENTER);
    screen.wait("Changed since Maria Delgado signed it on");
    screen.wait("Cost: 300 dollars a month (signed: nothing)");
    // The last line of the page: all of it is drawn.
    screen.wait("Signed as client by Maria Delgado");
    let text = screen.text();
    let signed = &text[text.find("AS IT WAS SIGNED").unwrap()..];
    assert!(signed.contains("call the landlord") && !signed.contains("300 dollars"), "{text}");
    screen.keys(ESC);
    screen.keys("q");
    assert!(screen.ends());
}

/// What was signed before there were numbers beside the words, in a bundle of that version.
#[test]
fn seals_of_an_earlier_version_hold_and_their_words_are_compared() {
    let caseload = Caseload::none();
    caseload.run(&["init", "--worker", "Ben Ito"]);
    caseload.run(&["site", "accept", &fixture("files/signed-form-1.card")]);
    let pass = caseload.pass();
    let bundle = fixture("files/signed-form-1.bundle");
    caseload.run(&["import", &bundle, "--bundle-passphrase-file", pass.to_str().unwrap()]);
    let client = caseload.json(&["list"])[0]["id"].as_str().unwrap().to_string();
    let show = || caseload.json(&["show", &client]);
    let plans = |show: &Json| {
        show["signatures"].as_array().unwrap().iter().find(|one| one["role"] == "client").cloned().unwrap()
    };
    let page = || {
        let page = caseload.run(&["print", "plan", "--client", &client, "--out", "-"]);
        page.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let before = show();
    assert_eq!(before["signatures"].as_array().unwrap().len(), 3);
    for one in before["signatures"].as_array().unwrap() {
        assert_eq!((&one["stands"], &one["broken"]), (&true.into(), &false.into()), "{one}");
    }
    assert_eq!(before["notes"][0]["standing"]["state"], "signed");
    assert_eq!(caseload.json(&["check"])["ok"], true);
    assert!(!page().contains("sign again"));
    let step = before["steps"][0]["id"].as_str().unwrap();
    caseload.run(&["set", step, "status=done"]);
    assert_eq!(plans(&show())["stands"], true);
    caseload.run(&["set", step, "what=pay 300 dollars a month"]);
    let signed = plans(&show());
    assert_eq!(signed["stands"], false);
    assert!(signed["changed"][0].as_str().unwrap().contains("pay 300 dollars a month"), "{signed}");
    let page = page();
    let changed = page.find(BOX).unwrap();
    assert!(page[..changed].contains("call the landlord") && !page[..changed].contains("300 dollars"), "{page}");
}
