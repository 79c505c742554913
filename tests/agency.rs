//! An agency's own folder: whatever lies in it is read or told, and no command ever stops at it.

use std::path::Path;

use crate::common::Caseload;
use crate::common::terminal::Terminal;

/// A caseload with one client, and a folder for the agency.
fn with_folder() -> (Caseload, std::path::PathBuf) {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana", "opened=2026-11-01"]);
    let own = caseload.folder.path().join("own");
    std::fs::create_dir(&own).unwrap();
    (caseload, own)
}

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Numbers that make somebody be asked about later than what ships stand, and are told at every start and by `check`.
#[test]
fn numbers_that_ask_later_are_told() {
    let (caseload, own) = with_folder();
    write(&own, "agency.toml", "put-off-days = 9999\nreferral-silent-days = 60\n");
    write(&own, "triage.toml", "[contact]\nstandard = 9999\nintensive = 3\n");
    let area =
        "code = \"outreach\"\nname = \"Outreach\"\nplan = \"service-plan\"\ntells = []\n[contact]\nlight = 365\n";
    write(&own, "areas/outreach.toml", area);
    let wanted = [
        "agency.toml: what is about nobody's life may be put off for 9999 days instead of 30",
        "agency.toml: a referral that nobody answers is asked about after 60 days instead of 7",
        "areas/outreach.toml: whoever is \"light\" there is to be in touch every 365 days instead of 90",
        "triage.toml: whoever is \"standard\" is to be in touch every 9999 days instead of 30",
    ];
    for args in [&["list"][..], &["triage", "--json"], &["check"]] {
        let said = told(&caseload, &own, args);
        assert_eq!(said.len(), 4, "{args:?}: {said:?}");
        for line in wanted {
            assert!(said.iter().any(|said| said.contains(line)), "{line}: {said:?}");
        }
    }
    let check = caseload.json(&["--agency", own.to_str().unwrap(), "check"]);
    assert_eq!((&check["ok"], check["left_out"].as_array().unwrap().len()), (&true.into(), 4));
    // What asks sooner is nobody's to tell.
    write(&own, "agency.toml", "put-off-days = 7\nreferral-silent-days = 3\n");
    write(&own, "triage.toml", "[contact]\nstandard = 21\n");
    write(&own, "areas/outreach.toml", area.replace("365", "60"));
    assert_eq!(told(&caseload, &own, &["list"]), [""; 0]);
}

/// Whatever does not say what it tells of a client is named at every start and by `check`, until it says it.
#[test]
fn what_does_not_say_what_it_tells_is_named_until_it_does() {
    let (caseload, own) = with_folder();
    let crisis = "[[crisis]]\ncode = \"flood\"\nname = \"Flood\"\nkey = \"9\"\nsteps = []\n";
    write(&own, "crises.toml", crisis);
    write(&own, "notes.toml", "[[template]]\ncode = \"own\"\nname = \"Own\"\n");
    for args in [&["list"][..], &["triage", "--json"], &["check"]] {
        let said = told(&caseload, &own, args);
        assert_eq!(said.len(), 2, "{args:?}: {said:?}");
        assert!(said.iter().any(|line| line.contains("crises.toml: the crisis \"flood\" does not say")), "{said:?}");
        assert!(said.iter().any(|line| line.contains("notes.toml: the template \"own\" does not say")), "{said:?}");
    }
    write(&own, "crises.toml", format!("{crisis}tells = [\"whereabouts\"]\n"));
    write(&own, "notes.toml", "[[template]]\ncode = \"own\"\nname = \"Own\"\ntells = []\n");
    assert_eq!(told(&caseload, &own, &["list"]), [""; 0]);
    write(&own, "crises.toml", format!("{crisis}tells = [\"secrets\"]\n"));
    let said = told(&caseload, &own, &["list"]);
    assert!(said.len() == 1 && said[0].contains("line 6") && said[0].contains("secrets"), "{said:?}");
}

/// What a command that works all the same says beside its answer, a line for each.
#[track_caller]
fn told(caseload: &Caseload, own: &Path, args: &[&str]) -> Vec<String> {
    let output = caseload.output(&[&["--agency", own.to_str().unwrap()], args].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said.lines().map(String::from).collect()
}

#[test]
fn what_is_misnamed_is_told_at_every_start_and_by_check() {
    let (caseload, own) = with_folder();
    write(&own, "service.toml", "[[service]]\ncode = \"own\"\n");
    write(&own, "social-work.toml", "");
    write(&own, "instrument/own.toml", "");
    write(&own, "Triage.toml", "[[rule]]\nid = \"no-plan\"\ndays = 1\n");
    for args in [&["list"][..], &["triage"], &["triage", "--json"], &["check"], &["agenda"]] {
        let said = told(&caseload, &own, args);
        assert_eq!(said.len(), 4, "{args:?}: {said:?}");
        for (name, meant) in [
            ("own/service.toml", "services.toml"),
            ("own/social-work.toml", "areas/social-work.toml"),
            ("own/instrument", "instruments/"),
            ("own/Triage.toml", "triage.toml"),
        ] {
            let line = said.iter().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {said:?}"));
            assert!(line.starts_with("caseload: ") && line.contains(&format!("meant to be {meant}")), "{line}");
            assert!(line.ends_with("left out."), "{line}");
        }
    }
    let agency = ["--agency", own.to_str().unwrap()];
    let check = caseload.run(&[&agency[..], &["check"]].concat());
    assert!(check.starts_with("All is well") && check.contains("service.toml is a name of which nothing is read"));
    let check = caseload.json(&[&agency[..], &["check"]].concat());
    assert_eq!((&check["ok"], check["left_out"].as_array().unwrap().len()), (&true.into(), 4));
    assert_eq!(caseload.json(&["check"])["left_out"].as_array().unwrap().len(), 0);
    // At the screen too.
    let pass = caseload.pass();
    let args = ["--passphrase-file", pass.to_str().unwrap(), agency[0], agency[1]];
    let mut screen = Terminal::start(&caseload, 200, 40, &args);
    screen.wait("And 3 more.");
    screen.keys("q");
    assert!(screen.ends());
}

#[cfg(unix)]
#[test]
fn nothing_that_lies_in_the_folder_stops_a_command() {
    let (caseload, own) = with_folder();
    write(&own, "agency.toml", "capacity = 8.0\n");
    write(&own, "notes.toml", b"# caf\xe9\n");
    write(&own, "services.toml/readme", "");
    write(&own, "areas/huge.toml", vec![b'#'; (1 << 20) + 1]);
    write(&own, "crises.toml", "[[crisis]]\ncode = \"own\"\ncolor = 1\n");
    std::os::unix::fs::symlink(own.join("gone"), own.join("credentials.toml")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(own.join("triage.toml")).status().unwrap().success());
    let said = told(&caseload, &own, &["triage"]);
    for (name, why) in [
        ("notes.toml", "is not UTF-8 text (line 1)"),
        ("services.toml", "is a folder"),
        ("huge.toml", "is larger than 1 MB"),
        ("crises.toml, line ", "unknown field"),
        ("credentials.toml", "is a link to a file that is not there"),
        ("triage.toml", "is not a regular file"),
    ] {
        assert!(said.iter().any(|line| line.contains(name) && line.contains(why)), "{name}: {said:?}");
    }
    assert_eq!(said.len(), 6, "{said:?}");
    assert_eq!(caseload.json(&["--agency", own.to_str().unwrap(), "team"])[0]["capacity"], 8.0, "the rest is in use");
    // The worker's own keys, too.
    let config = caseload.folder.path().join(".config/caseload");
    write(&config, "keys.toml", b"\xff");
    let output = caseload.output(&["list"]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stderr).contains("keys.toml is not UTF-8"));
    // Keys of which two clash, too.
    write(&config, "keys.toml", "[keys]\nlog-contact = [\"n\"]\n");
    let output = caseload.output(&["list"]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stderr).contains("would call both"));
}

#[test]
fn an_agencys_folder_that_is_not_named_or_not_there_is_told() {
    let (caseload, own) = with_folder();
    let output = caseload.command().env("CASELOAD_AGENCY", "").arg("list").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("CASELOAD_AGENCY is empty"), "{said}");
    let refused = caseload.refused(&["--agency", own.join("nowhere").to_str().unwrap(), "list"]);
    assert!(refused.contains("There is no agency's folder"), "{refused}");
    write(&own, "file", "");
    assert!(caseload.refused(&["--agency", own.join("file").to_str().unwrap(), "list"]).contains("is not a folder"));
}

#[test]
fn what_keeps_people_safe_is_not_given_up_in_silence() {
    let (caseload, own) = with_folder();
    write(&own, "agency.toml", "[[retention]]\narea = \"\"\nyears = 1\nsource = \"ours\"\n");
    write(&own, "instruments/phq-9.toml", "code = \"phq-9\"\noff = true\n");
    write(&own, "crises.toml", "[[crisis]]\ncode = \"suicide\"\nname = \"Suicide risk\"\nkey = \"s\"\nsteps = []\n");
    let said = told(&caseload, &own, &["list"]);
    for (name, why) in [
        ("agency.toml, line 1", "1 year(s) instead of 7"),
        ("phq-9.toml, line 1", "no longer told"),
        ("crises.toml, line 1", "nobody to call"),
    ] {
        let line = said.iter().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {said:?}"));
        assert!(line.contains(why) && line.contains("accept = \"why\""), "{line}");
    }
    assert_eq!(said.len(), 3, "{said:?}");
}
