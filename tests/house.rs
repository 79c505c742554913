//! Who may call whom in `src/`: the map of the house holds.

use std::path::Path;

/// A room, and the rooms it may know.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("files", &[]),
    ("practice", &["model"]),
    ("triage", &["model", "practice"]),
    ("store", &["model", "files", "practice", "triage"]),
    ("disclosure", &["model", "practice", "triage", "store"]),
    ("sync", &["model", "files", "practice", "triage", "store", "disclosure", "demo"]),
    ("demo", &["model", "practice", "triage", "store"]),
    ("exchange", &["model", "files", "practice", "triage", "store", "disclosure"]),
    ("report", &["model", "files", "practice", "triage", "store", "disclosure"]),
    ("tui", &["model", "files", "practice", "triage", "store", "disclosure", "sync", "demo", "exchange", "report"]),
    (
        "cli",
        &["model", "files", "practice", "triage", "store", "disclosure", "sync", "demo", "exchange", "report", "tui"],
    ),
];

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

fn is_test(file: &Path) -> bool {
    file.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests.rs" | "tests")))
}

#[test]
fn rooms_know_only_those_below_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms: Vec<String> = std::fs::read_dir(&source)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    for room in &rooms {
        assert!(ROOMS.iter().any(|(name, _)| name == room), "{room} is not on the map");
    }
    for (room, known) in ROOMS {
        let mut found = Vec::new();
        files(&source.join(room), &mut found);
        // A test may drive whatever it needs; what ships may not.
        for file in found.iter().filter(|file| !is_test(file)) {
            let text = std::fs::read_to_string(file).unwrap();
            for (at, _) in text.match_indices("crate::") {
                let name: String = text[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let is_room = rooms.contains(&name) && name != *room;
                assert!(!is_room || known.contains(&name.as_str()), "{} knows {name}", file.display());
            }
        }
    }
}

/// Whoever writes a file or a page for somebody is handed what may leave, and cannot look for more.
#[test]
fn formats_and_pages_see_no_store() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let writers = ["exchange/out.rs", "exchange/json.rs", "exchange/lists.rs", "exchange/hmis/write.rs"];
    let mut found: Vec<_> = writers.iter().map(|file| source.join(file)).collect();
    found.extend(["exchange/ics/out.rs", "exchange/hsds/out.rs"].map(|file| source.join(file)));
    for room in ["exchange/fhir/give", "report/pages"] {
        files(&source.join(room), &mut found);
    }
    assert!(found.len() > 15, "{found:?}");
    for file in found {
        let text = std::fs::read_to_string(&file).unwrap();
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        assert!(!words.into_iter().any(|word| word == "Store"), "{} can look for itself", file.display());
    }
}

#[test]
fn the_reference_holds_the_table_of_keys() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(std::fs::metadata(root.join("README.md")).unwrap().len() <= 8 << 10, "a newcomer's page");
    let readme = std::fs::read_to_string(root.join("docs/reference/keys.md")).unwrap();
    assert!(
        readme.contains(&caseload::tui::action::markdown()),
        "docs/reference/keys.md needs this:\n{}",
        caseload::tui::action::markdown()
    );
}

/// Every promise of `docs/security.md` names the tests that hold it, and each of them is there.
#[test]
fn each_promise_of_the_threat_model_is_held_by_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let promises = text.split("\n## ").find(|part| part.starts_with("Promises")).unwrap();
    let mut number = 0;
    let mut named = vec![0];
    for line in promises.lines() {
        if line.starts_with(&format!("{}. **", number + 1)) {
            number += 1;
            named.push(0);
        }
        for quoted in line.split('`').skip(1).step_by(2) {
            let Some((file, test)) = quoted.split_once(".rs: ") else { continue };
            let source = std::fs::read_to_string(root.join(format!("{file}.rs")))
                .unwrap_or_else(|error| panic!("{quoted}: {error}"));
            let at = source.find(&format!("fn {test}(")).unwrap_or_else(|| panic!("there is no test {quoted}"));
            let before = source[..at].trim_end();
            assert!(before.ends_with("#[test]"), "{quoted} is no test");
            named[number] += 1;
        }
    }
    assert_eq!((number, named[0]), (17, 0));
    for (number, named) in named.iter().enumerate().skip(1) {
        assert!(*named > 0, "promise {number} names no test");
    }
}
