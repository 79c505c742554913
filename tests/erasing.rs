//! Erasing for good: what is said before, what is gone after, on every laptop, and what happens where somebody takes values
//! out without an order.

use std::path::PathBuf;

use crate::common::{Caseload, acquaint, laptop, text};

fn hand_over(from: &Caseload, to: &Caseload) -> serde_json::Value {
    let path: PathBuf = from.folder.path().join(format!("{}.bundle", uuid::Uuid::new_v4()));
    from.run(&["export", text(&path)]);
    to.json(&["import", text(&path)])
}

#[test]
fn a_phone_number_is_erased_by_order_on_every_laptop() {
    let (rosa, tom) = (laptop("Rosa Ortiz"), laptop("Tom Baker"));
    acquaint(&[&rosa, &tom]);
    let ana = rosa.client(&["given_name=Ana", "phone=555-0142", "safe_contact=only by text"]);
    rosa.run(&["set", &ana, "phone=555-0199"]);
    let note =
        rosa.json(&["log", &ana, "kind=phone", "body=her number is 555-0199 now"])["id"].as_str().unwrap().to_string();
    hand_over(&rosa, &tom);
    rosa.run(&["backup"]);
    hand_over(&tom, &rosa);

    // Without an order nothing; with one it is told first, and nothing is gone yet.
    assert_eq!(rosa.output(&["erase", &ana, "phone"]).status.code(), Some(2));
    assert!(rosa.refused(&["erase", &ana, "phone", "--order", " "]).contains("Say what it rests on"));
    assert!(rosa.refused(&["erase", &ana, "tags", "--order", "x"]).contains("cannot be erased"));
    assert!(rosa.refused(&["erase", &ana, "--order", "x"]).contains("--everything"));
    assert!(rosa.refused(&["erase", &ana, "--everything", "--order", "x"]).contains("the case is open"));
    let order = ["--order", "12 CV 345, county court"];
    let asked = [&["erase", &ana, "phone"], &order[..]].concat();
    let output = rosa.output(&asked);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    for line in [
        "To be erased, for good: Phone (2 values, earlier ones too).",
        "By order of: 12 CV 345, county court",
        "cannot be undone",
        &format!("The same words stand in: Note {note}"),
        "laptops of Tom Baker",
        "newer version",
        "made by hand: ",
        "that the program made: --remove-backups takes them away",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(rosa.run(&["show", &ana]).contains("555-0199"));
    // A colleague may not: they did not write it.
    assert!(tom.refused(&[&asked[..], &["--yes"]].concat()).contains("others wrote it"));

    let done = rosa.json(&[&asked[..], &["--yes", "--remove-backups"]].concat());
    assert_eq!((done["values"].as_u64(), done["must_update"][0].as_str()), (Some(2), Some("Tom Baker")));
    let names = || -> Vec<String> {
        let left = std::fs::read_dir(rosa.folder.path().join("backups")).unwrap();
        left.map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("daily"))
            .collect()
    };
    assert_eq!(names().len(), 1, "one that is new");
    rosa.run(&["erase", &note, "--order", "12 CV 345", "--yes"]);
    assert!(rosa.refused(&["undo", "--yes"]).contains("gone for good"));
    hand_over(&rosa, &tom);
    for laptop in [&rosa, &tom] {
        let told = [&["show", &ana][..], &["history", &ana], &["history", &note], &["search", "555"]];
        let told: String = told.iter().map(|command| laptop.run(command)).collect();
        assert!(!told.contains("555-01"), "{told}");
        assert!(told.contains("(erased)") && told.contains("Erased") && told.contains("12 CV 345"), "{told}");
        assert!(told.contains("only by text"));
        let check = laptop.json(&["check"]);
        assert_eq!((&check["ok"], &check["missing"]), (&true.into(), &serde_json::json!([])));
    }
    // A new number is as good as any.
    rosa.run(&["set", &ana, "phone=555-0111"]);
    assert!(rosa.run(&["show", &ana]).contains("555-0111"));
}

#[test]
fn a_file_goes_when_its_time_is_over_and_what_was_given_out_stays_on_the_record() {
    let rosa = laptop("Rosa Ortiz");
    let ana = rosa.client(&["given_name=Ana", "family_name=Zanzibar", "birth_date=1950-05-05", "opened=2010-01-04"]);
    rosa.run(&["log", &ana, "kind=phone", "body=the house on Zanzibar Street"]);
    rosa.run(&["set", &ana, "status=closed", "closed=2012-03-01", "closing_reason=moved away"]);
    let hold = ["set", ana.as_str(), "hold=yes"];
    rosa.run(&hold);
    let asked = ["erase", ana.as_str(), "--everything", "--order", "retention, 7 years", "--yes"];
    assert!(rosa.refused(&asked).contains("legal hold"));
    rosa.run(&["set", &ana, "hold=no"]);
    let refused = rosa.output(&asked);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    // The note waits for its signature: that is owed.
    assert!(said.contains("owed still: a note to be signed"), "{said}");
    let note = rosa.json(&["show", &ana])["notes"][0]["id"].as_str().unwrap().to_string();
    rosa.run(&["sign", &note]);
    rosa.run(&asked);
    let told =
        format!("{}{}{}", rosa.run(&["show", &ana]), rosa.run(&["history", &ana]), rosa.run(&["search", "zanzibar"]));
    assert!(!told.contains("Zanzibar") && !told.contains("1950"), "{told}");
    assert_eq!(rosa.json(&["check"])["ok"], true);
}

#[test]
fn the_agencys_founder_gives_the_right_to_erase_and_ends_it() {
    let (chief, rosa, mal) = (laptop("Chief"), laptop("Rosa Ortiz"), laptop("Mal Ory"));
    for (one, other) in [(&chief, &rosa), (&chief, &mal), (&rosa, &mal)] {
        acquaint(&[one, other]);
    }
    let ana = rosa.client(&["given_name=Ana", "phone=555-0142", "email=ana@example.org"]);
    let card = |of: &Caseload| of.json(&["site", "card"])["fingerprint"].as_str().unwrap().to_string();
    let erase = |by: &Caseload, field: &str| by.output(&["erase", &ana, field, "--order", "12 CV 345", "--yes"]).status;
    hand_over(&rosa, &chief);
    // Nobody has any right before a founder is named, whose fingerprint is compared, whole.
    assert!(chief.refused(&["site", "grant", "Chief", "erase"]).contains("founded the agency"));
    assert!(!erase(&chief, "phone").success());
    assert_eq!(chief.json(&["site", "founder"]), serde_json::Value::Null);
    chief.run(&["site", "founder", "Chief"]);
    assert!(rosa.refused(&["site", "founder", "Chief"]).contains("read to you on the phone"));
    assert!(rosa.refused(&["site", "founder", "Chief", "--fingerprint", &card(&mal)]).contains("Nothing was set"));
    let set = rosa.json(&["site", "founder", "Chief", "--fingerprint", &card(&chief)]);
    assert_eq!((&set["name"], &set["founder"]), (&"Chief".into(), &true.into()));
    assert!(rosa.refused(&["site", "grant", "Rosa Ortiz", "erase"]).contains("Only the installation that founded"));

    let given = chief.json(&["site", "grant", "Chief", "erase"]);
    assert_eq!(given["rights"], serde_json::json!(["erase"]));
    assert!(chief.run(&["site", "grant", "Chief", "erase"]).contains("already"));
    assert!(erase(&chief, "phone").success());
    hand_over(&chief, &rosa);
    let shown = |of: &Caseload| of.json(&["show", &ana])["client"].clone();
    assert!(!shown(&rosa).to_string().contains("555-0142"), "{}", shown(&rosa));
    let listed = rosa.json(&["site", "list"]);
    let of_chief = listed.as_array().unwrap().iter().find(|one| one["name"] == "Chief").unwrap();
    assert_eq!((&of_chief["founder"], &of_chief["rights"]), (&true.into(), &serde_json::json!(["erase"])));
    assert!(rosa.run(&["site", "list"]).contains("founded the agency, may erase"));
    // Who named no founder heeds no such order: what is not there is told as missing.
    hand_over(&chief, &mal);
    let told: serde_json::Value = serde_json::from_slice(&mal.output(&["check", "--json"]).stdout).unwrap();
    assert_eq!(told["missing"].as_array().unwrap().len(), 1, "{told}");

    // Ended, what was done stays done, for everybody; and nothing more is.
    chief.run(&["site", "grant", "Chief", "erase", "--end"]);
    assert!(chief.refused(&["site", "grant", "Chief", "erase", "--end"]).contains("no such right"));
    assert!(!erase(&chief, "email").success());
    hand_over(&chief, &rosa);
    assert!(!shown(&rosa).to_string().contains("555-0142"));
    assert_eq!(rosa.json(&["check"])["missing"], serde_json::json!([]));
    assert_eq!(shown(&rosa)["email"], "ana@example.org");
}
