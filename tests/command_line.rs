//! The contracts that scripts rely on: keys, exit codes, one clear line.

use crate::common::{Caseload, fixture};
use serde_json::{Value as Json, json};

fn keys(json: &Json) -> Vec<&str> {
    json.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_day_at_the_command_line() {
    let caseload = Caseload::new();
    let today = ["--today", "2026-11-24"];
    let on = |args: &[&str]| caseload.json(&[args, &today[..]].concat());
    let client = on(&[
        "add",
        "client",
        "given_name=Maria",
        "family_name=Delgado",
        "phone=555-0142",
        "tags=voucher,wait",
        "outside_ids=mrn:77",
        "intensity=intensive",
    ]);
    let id = client["id"].as_str().unwrap();
    assert_eq!(client["opened"], "2026-11-24");
    assert_eq!(client["tags"], json!(["voucher", "wait"]));

    let task = on(&["add", "task", &format!("client={id}"), "what=call landlord", "due=fri"]);
    assert_eq!((&task["due"], &task["status"]), (&json!("2026-11-27"), &json!("open")));
    let plan = on(&["add", "plan", &format!("client={id}")]);
    assert_eq!(plan["review_due"], "2027-05-24");
    let goal = on(&["add", "goal", "client=mrn:77", "words=A door that locks", "target=+2w"]);
    assert_eq!((&goal["plan"], &goal["target"]), (&plan["id"], &json!("2026-12-08")));
    let step = on(&["add", "step", &format!("goal={}", goal["id"].as_str().unwrap()), "what=apply for the voucher"]);
    assert_eq!(step["client_id"], client["id"]);
    let visit = on(&[
        "add",
        "appointment",
        &format!("client={id}"),
        "title=psychiatry",
        "starts=tomorrow 10:00",
        "transport=needed",
    ]);
    assert_eq!(visit["starts"], "2026-11-25T10:00:00-05:00");
    let note = on(&[
        "log",
        "delgado",
        "kind=phone",
        "minutes=18",
        "body=Talked about the zeppelin list",
        "when=2026-11-19 09:30",
    ]);
    assert_eq!((&note["minutes"], &note["when"]), (&json!(18), &json!("2026-11-19T09:30:00-05:00")));

    let list = on(&["list"]);
    assert_eq!(
        keys(&list[0]),
        [
            "id",
            "name",
            "status",
            "area",
            "intensity",
            "outside_ids",
            "last_contact",
            "next_appointment",
            "deleted_elsewhere",
            "worker"
        ]
    );
    assert_eq!(list[0]["last_contact"], "2026-11-19T09:30:00-05:00");
    assert_eq!(list[0]["next_appointment"], "2026-11-25T10:00:00-05:00");
    assert_eq!((&list[0]["area"], &list[0]["outside_ids"]), (&json!("social-work"), &json!(["mrn:77"])));

    let triage = on(&["triage"]);
    assert_eq!(keys(&triage[0]), ["rank", "client_id", "name", "band", "reasons", "snoozed", "closed"]);
    assert_eq!(
        (&triage[0]["rank"], &triage[0]["band"], &triage[0]["name"]),
        (&json!(1), &json!("today"), &json!("Maria Delgado"))
    );
    let reasons = triage[0]["reasons"].as_array().unwrap();
    assert_eq!(keys(&reasons[0]), ["rule", "text", "due", "action", "band", "class"]);
    let rules: Vec<&str> = reasons.iter().map(|reason| reason["rule"].as_str().unwrap()).collect();
    // The note logged days ago waits for its signature: paper, after all that is about her.
    assert_eq!(
        rules,
        ["ride", "appointment-unconfirmed", "appointment", "contact", "task", "goal-target", "note-unsigned"]
    );
    let ride = &reasons[0];
    assert_eq!(
        (&ride["text"], &ride["due"]),
        (&json!("no ride yet for psychiatry tomorrow 10:00"), &json!("2026-11-24"))
    );

    let show = on(&["show", "mrn:77"]);
    for key in [
        "client",
        "relationships",
        "needs",
        "plans",
        "goals",
        "steps",
        "appointments",
        "tasks",
        "notes",
        "care_team",
        "enrollments",
    ] {
        assert!(show.get(key).is_some(), "{key}");
    }
    assert_eq!(show["notes"][0]["body"], "Talked about the zeppelin list");
    assert_eq!(on(&["show", &id[..13]])["client"]["id"], client["id"], "a beginning will do");

    let found = on(&["search", "zepp"]);
    assert_eq!(keys(&found[0]), ["client_id", "client", "type", "id", "when", "snippet"]);
    assert_eq!((&found[0]["client"], &found[0]["type"]), (&json!("Maria Delgado"), &json!("note")));

    let agenda = on(&["agenda", "--days", "2"]);
    assert_eq!((agenda.as_array().unwrap().len(), &agenda[0]["title"]), (1, &json!("psychiatry")));
    assert_eq!(on(&["agenda", "--days", "1"]), json!([]));

    let changed = on(&["set", id, "phone=555-0199", "tags=+new,-wait"]);
    assert_eq!((&changed["phone"], &changed["tags"]), (&json!("555-0199"), &json!(["new", "voucher"])));
    let history = on(&["history", id]);
    let phone: Vec<&Json> = history.as_array().unwrap().iter().filter(|line| line["field"] == "phone").collect();
    assert_eq!(
        (&phone[1]["from"], &phone[1]["to"], &phone[1]["who"]),
        (&json!("555-0142"), &json!("555-0199"), &json!("Rosa Ortiz"))
    );
    for key in ["when", "who", "site", "field", "from", "to"] {
        assert!(phone[0].get(key).is_some(), "{key}");
    }
    assert!(caseload.run(&["undo"]).contains("edit client"));
    assert_eq!(on(&["show", id])["client"]["phone"], "555-0142");

    on(&["set", id, "status=closed"]);
    assert_eq!(on(&["list"]), json!([]));
    assert_eq!(on(&["list", "--all"])[0]["status"], "closed");
    assert_eq!(on(&["triage"]), json!([]));

    let check = on(&["check"]);
    assert_eq!((&check["ok"], &check["problems"]), (&json!(true), &json!([])));
    assert!(check["entries"].as_u64().unwrap() > 30 && check["streams"] == 2);
}

#[test]
fn the_file_may_be_named_before_or_after_the_command() {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana"]);
    let file = caseload.file();
    let file = file.to_str().unwrap();
    for args in [["--file", file, "list", "--json"], ["list", "--json", "--file", file]] {
        let output = caseload.command().env_remove("CASELOAD_FILE").args(args).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains("Ana"), "{args:?}");
    }
}

#[test]
fn what_is_refused_says_why_in_one_line_and_changes_nothing() {
    let caseload = Caseload::new();
    let id = caseload.client(&["given_name=Ana"]);
    let before = caseload.json(&["check"]);
    for (args, why) in [
        (vec!["show", "nobody"], "There is no row nobody"),
        (vec!["set", &id, "birth_date=someday"], "not a day"),
        (vec!["set", &id, "shoe=7"], "has no field \"shoe\""),
        (vec!["set", &id, "status=asleep"], "must be one of: active, waiting, closed"),
        (vec!["add", "goal", "words=x"], "client=ID"),
        (vec!["add", "goal", "client=nobody"], "There is no row"),
        (vec!["add", "need", &format!("client={id}")], "needs to be filled in"),
        (vec!["log", &id, "minutes=soon"], "not a length"),
        (vec!["import", "/nowhere/at/all"], "Cannot read"),
        (vec!["init", "--worker", "Else"], "already a file"),
        (vec!["restore", "/nowhere", "--recovery-key-file", "/nowhere"], "/nowhere"),
    ] {
        let args: Vec<&str> = args.iter().map(|arg| &**arg).collect();
        let said = caseload.refused(&args);
        assert!(said.contains(why), "{args:?}: {said}");
    }
    assert_eq!(caseload.json(&["check"]), before);
    for args in [&["frobnicate"][..], &["add", "zebra"], &["set"], &["list", "--today", "soon"], &["set", &id, "phone"]]
    {
        assert_eq!(caseload.output(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn wrong_passphrases_and_other_files_are_told_apart_and_left_alone() {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana"]);
    let other = caseload.folder.path().join("other");
    std::fs::write(&other, "not the passphrase").unwrap();
    let said = caseload.refused(&["list", "--passphrase-file", other.to_str().unwrap()]);
    assert!(said.contains("does not open this caseload"), "{said}");
    let good = std::fs::read(caseload.file()).unwrap();
    let zeros = vec![0u8; 8192];
    let sqlite = [b"SQLite format 3\0".as_slice(), &[1; 4080]].concat();
    let noise: Vec<u8> = (0..40_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (bytes, why) in [
        (&good[..good.len() / 2], ""),
        (&good[..100], "too short"),
        (&zeros[..], "nothing but zeros"),
        (&sqlite[..], "another program"),
        (&noise[..], "does not open"),
        (&b""[..], "empty"),
    ] {
        let path = caseload.folder.path().join("strange.db");
        std::fs::write(&path, bytes).unwrap();
        let said = caseload.refused(&["list", "--file", path.to_str().unwrap()]);
        assert!(said.contains(why), "{said}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "left as it was: {why}");
    }
    assert!(caseload.refused(&["list", "--file", "/nowhere.db"]).contains("caseload init"));
}

#[test]
fn a_backup_gives_everything_back_and_the_passphrase_changes() {
    let caseload = Caseload::none();
    let made = caseload.json(&["init", "--worker", "Rosa Ortiz"]);
    let id = caseload.client(&["given_name=Ana"]);
    let said = caseload.run(&["backup"]);
    let backup = said.trim_start_matches("Wrote ").split(". The").next().unwrap().to_string();
    let key = caseload.folder.path().join("key");
    std::fs::write(&key, made["recovery_key"].as_str().unwrap()).unwrap();
    let new = caseload.folder.path().join("new.db");
    let new = new.to_str().unwrap();
    let said = caseload.run(&["restore", &backup, "--recovery-key-file", key.to_str().unwrap(), "--file", new]);
    // The first thing done in a restored file can be undone like any other.
    caseload.run(&["--file", new, "add", "client", "given_name=Two"]);
    assert!(caseload.run(&["--file", new, "undo"]).contains("add client"));
    assert!(said.contains("checked"), "{said}");
    assert_eq!(caseload.json(&["show", &id, "--file", new])["client"]["given_name"], "Ana");

    let fresh = caseload.folder.path().join("fresh");
    std::fs::write(&fresh, "quite another one\n").unwrap();
    caseload.run(&["passphrase", "--new-passphrase-file", fresh.to_str().unwrap()]);
    assert!(caseload.refused(&["list"]).contains("does not open"));
    assert!(caseload.run(&["list", "--passphrase-file", fresh.to_str().unwrap()]).contains("Ana"));
}

#[test]
fn an_agencys_rules_are_laid_over_ours_and_a_wrong_file_names_its_line() {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana", "opened=2026-11-01"]);
    let agency = caseload.folder.path().join("agency");
    std::fs::create_dir(&agency).unwrap();
    let on = ["triage", "--today", "2026-11-24", "--agency", agency.to_str().unwrap()];
    std::fs::write(agency.join("triage.toml"), "[[rule]]\nid = \"no-plan\"\ndays = 10\n").unwrap();
    let reasons = caseload.json(&on)[0]["reasons"].clone();
    assert!(reasons.as_array().unwrap().iter().any(|reason| reason["due"] == "2026-11-11"), "{reasons}");
    std::fs::write(agency.join("triage.toml"), "\n\n[[rule]]\nid = 7\n").unwrap();
    let output = caseload.output(&on);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("triage.toml, line 4") && said.contains("left out"), "{said}");
    assert!(output.status.success(), "everything else stands");
}

#[test]
fn hostile_names_do_no_harm() {
    let caseload = Caseload::new();
    let long = "x".repeat(10_000);
    for name in [
        "Ann\x1b[2J\x1b]0;owned\x07\x1b[31m",
        "\u{202e}nnA\u{202c}",
        "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        "李小龍",
        &long,
        "\u{9b}31mAnn",
    ] {
        caseload.client(&[&format!("given_name={name}")]);
    }
    // Nobody is entered without a name.
    assert!(caseload.refused(&["add", "client", "phone=555-0100"]).contains("fill in a first name"));
    for args in
        [&["list"][..], &["triage"], &["list", "--json"], &["triage", "--json"], &["search", "Ann"], &["search", "x"]]
    {
        let printed = caseload.run(args);
        let bad = printed.chars().find(|c| *c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(c)));
        assert_eq!(bad, None, "{args:?}");
    }
    // JSON gives back exactly what was typed all the same.
    let names = caseload.json(&["list"]);
    assert!(names.as_array().unwrap().iter().any(|facts| facts["name"] == "Ann\x1b[2J\x1b]0;owned\x07\x1b[31m"));
}

#[test]
fn the_demo_is_the_same_for_the_same_seed_and_checks_out() {
    let caseload = Caseload::none();
    let write = |name: &str, seed: &str| {
        let path = caseload.folder.path().join(name);
        let path = path.to_str().unwrap().to_string();
        let args =
            ["demo", "--write", &path, "--clients", "40", "--notes", "200", "--seed", seed, "--today", "2026-11-24"];
        caseload.run(&args);
        path
    };
    let (one, same, other) = (write("one.db", "7"), write("same.db", "7"), write("other.db", "8"));
    let list = |path: &str| caseload.json(&["list", "--all", "--today", "2026-11-24", "--file", path]);
    assert_eq!(list(&one), list(&same));
    assert_ne!(list(&one), list(&other));
    assert_eq!(list(&one).as_array().unwrap().len(), 40);
    assert_eq!(caseload.json(&["check", "--file", &one])["ok"], true);
    let found = caseload.json(&["search", "call", "--limit", "5000", "--file", &one]);
    assert!(found.as_array().unwrap().iter().any(|hit| hit["type"] == "note"));
    let areas: std::collections::HashSet<String> =
        list(&one).as_array().unwrap().iter().map(|facts| facts["area"].to_string()).collect();
    assert_eq!(areas.len(), 4);
}

#[test]
fn help_stands_without_a_caseload() {
    let caseload = Caseload::none();
    let help = caseload.run(&["--help"]);
    for command in [
        "demo",
        "init",
        "import",
        "triage",
        "list",
        "show",
        "agenda",
        "search",
        "add",
        "set",
        "log",
        "history",
        "check",
        "backup",
        "restore",
        "passphrase",
    ] {
        assert!(help.contains(command), "{command}");
    }
    assert!(caseload.run(&["triage", "--help"]).contains("this-week"));
    let _ = fixture("");
}
