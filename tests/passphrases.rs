//! What locks a file or a bundle: set only as the screen would take it, never read as something else, never repeated.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::common::{Caseload, PASSPHRASE, text};

/// A file with a secret, for its owner only.
fn secret(caseload: &Caseload, name: &str, text: &str) -> PathBuf {
    let path = caseload.folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn raw_key(digits: usize) -> String {
    format!("x'{}'", "0123456789abcdef".repeat(digits / 16))
}

/// What nothing is to be locked with.
fn unfit() -> Vec<(&'static str, String)> {
    vec![
        ("nothing", String::new()),
        ("an empty line", format!("\n{PASSPHRASE}\n")),
        ("blanks", "            \n".into()),
        ("too short", "otter\n".into()),
        ("a raw key", raw_key(64)),
        ("a raw key with its salt", raw_key(96)),
        ("a raw key with all that belongs to it", raw_key(160)),
        ("in capitals", raw_key(64).to_uppercase()),
        ("cut at a NUL", format!("otter\0{PASSPHRASE}")),
    ]
}

#[test]
fn only_what_the_screen_would_take_is_set() {
    let caseload = Caseload::new();
    let ana = caseload.client(&["given_name=Ana"]);
    let fresh = Caseload::none();
    for (what, unfit) in unfit() {
        let path = secret(&caseload, "unfit", &unfit);
        let repeats =
            |said: &str| unfit.lines().any(|line| line.len() > 4 && !line.trim().is_empty() && said.contains(line));
        // A new file.
        let output = fresh.output(&["init", "--worker", "Tom Weir", "--passphrase-file", text(&path)]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{what}: {said}");
        assert!(!fresh.file().exists() && !repeats(&said) && !said.contains("otter"), "{what}: {said}");
        // The file at hand.
        let said = caseload.refused(&["passphrase", "--new-passphrase-file", text(&path)]);
        assert!(!repeats(&said), "{what}: {said}");
        // A bundle.
        let bundle = caseload.folder.path().join("one.bundle");
        let said =
            caseload.refused(&["export", text(&bundle), "--client", &ana, "--bundle-passphrase-file", text(&path)]);
        assert!(!bundle.exists() && !repeats(&said), "{what}: {said}");
        // Nothing is opened with it either, and it is not repeated.
        let said = caseload.refused(&["list", "--passphrase-file", text(&path)]);
        assert!(said.contains("does not open") && !repeats(&said), "{what}: {said}");
    }
    assert!(caseload.run(&["list"]).contains("Ana"), "what it was locked with opens it still");
    let path = secret(&caseload, "fit", "five small words of mine\n");
    caseload.run(&["passphrase", "--new-passphrase-file", text(&path)]);
    assert!(caseload.run(&["list", "--passphrase-file", text(&path)]).contains("Ana"));
}

#[test]
fn whatever_a_file_was_locked_with_opens_it() {
    for old in [
        "p",
        &raw_key(64),
        &raw_key(64).to_uppercase().replace('X', "x"),
        "it's 'quoted' -- \"so\"",
        "  padded  ",
        "Grüße 鍵",
    ] {
        let caseload = Caseload::new();
        caseload.client(&["given_name=Ana"]);
        // As any version before, or another program, set it.
        let db = rusqlite::Connection::open(caseload.file()).unwrap();
        db.pragma_update(None, "key", PASSPHRASE).unwrap();
        db.pragma_update(None, "rekey", old).unwrap();
        drop(db);
        let path = secret(&caseload, "old", old);
        assert!(caseload.run(&["list", "--passphrase-file", text(&path)]).contains("Ana"), "{old}");
    }
}

#[test]
fn a_passphrase_put_where_it_does_not_belong_is_not_repeated() {
    let caseload = Caseload::new();
    let typed = "heron brick orbit mango";
    for args in [
        &["passphrase", typed][..],
        &["init", "--worker", "Rosa", "--passphrase", typed],
        &["list", "--passphrase", typed],
        &["list", "--passphrase-file", typed],
        &["passphrase", "--new-passphrase-file", typed],
        &["export", "one.bundle", "--bundle-passphrase-file", typed],
    ] {
        let output = caseload.output(args);
        assert!(!output.status.success(), "{args:?}");
        let said = String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
        assert!(!said.contains("heron") && !said.contains("mango"), "{args:?}: {said}");
        assert!(said.contains("file"), "it says what to do: {said}");
    }
}

#[test]
fn where_nobody_can_be_asked_nothing_is_locked() {
    let caseload = Caseload::none();
    let mut command = caseload.command();
    command.env_remove("CASELOAD_PASSPHRASE_FILE").stdin(std::process::Stdio::null());
    let output = command.args(["init", "--worker", "Rosa Ortiz"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!caseload.file().exists());
}

#[test]
fn a_secret_that_others_can_read_is_told_and_does_its_work() {
    let caseload = Caseload::new();
    let said = |mode: u32, args: &[&str]| {
        std::fs::set_permissions(caseload.pass(), std::fs::Permissions::from_mode(mode)).unwrap();
        let output = caseload.output(args);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for mode in [0o644, 0o640, 0o604, 0o660] {
        let (code, told) = said(mode, &["list"]);
        assert!(
            code == Some(0) && told.contains("Others on this computer can read") && told.contains("chmod 600"),
            "{told}"
        );
        assert!(!told.contains("otter") && told.lines().count() == 1, "{told}");
    }
    // Nothing beside what a script reads: many read both streams as one.
    assert_eq!(said(0o644, &["list", "--json"]), (Some(0), String::new()));
    // Both streams in one, and a reader who goes away: what was asked for stands last, and nothing breaks off.
    std::fs::set_permissions(caseload.pass(), std::fs::Permissions::from_mode(0o644)).unwrap();
    caseload.client(&["given_name=Ana"]);
    let both = |then: &str| {
        let line = format!("{} list --all 2>&1 {then}; exit ${{PIPESTATUS[0]}}", crate::common::program().display());
        let mut shell = std::process::Command::new("bash");
        shell.args(["-c", &line]).env("CASELOAD_FILE", caseload.file());
        shell.env("CASELOAD_PASSPHRASE_FILE", caseload.pass()).env("HOME", caseload.folder.path());
        shell.output().unwrap()
    };
    let all = both("");
    let text = String::from_utf8(all.stdout).unwrap();
    assert!(text.starts_with("caseload: Others") && text.ends_with("1 client\n"), "{text}");
    assert_eq!(both("| true").status.code(), Some(0));
    assert_eq!(said(0o600, &["list"]), (Some(0), String::new()));
    assert_eq!(said(0o400, &["list"]), (Some(0), String::new()));
    // A refusal is one clear line.
    let (code, told) = said(0o644, &["show", "nobody at all"]);
    assert_eq!((code, told.lines().count()), (Some(1), 1), "{told}");
}

#[test]
fn what_holds_a_passphrase_does_not_show_it() {
    let passphrase = caseload::store::Passphrase::new("heron brick orbit mango");
    let whom = caseload::sync::Whom::Passphrase(passphrase.clone());
    assert!(!format!("{passphrase:?} {whom:?}").contains("heron"));
}

/// A text as editors and shells save it.
fn saved(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let wide = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
        mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
    };
    vec![
        ("UTF-8", text.as_bytes().to_vec()),
        ("with a mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("UTF-16", wide(&[0xff, 0xfe], u16::to_le_bytes)),
        ("UTF-16, the other way round", wide(&[0xfe, 0xff], u16::to_be_bytes)),
        ("UTF-16 without a mark", wide(&[], u16::to_le_bytes)),
    ]
}

/// Notepad puts a mark in front, PowerShell writes UTF-16, both end lines in CR LF: it is the same passphrase, card and key.
#[test]
fn secrets_and_cards_are_read_as_any_editor_saves_them() {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana"]);
    let card = Caseload::new().json(&["site", "card"]);
    let path = caseload.folder.path().join("saved.txt");
    let given = path.to_str().unwrap();
    for (how, bytes) in saved(&format!("{PASSPHRASE}\r\n")) {
        std::fs::write(&path, bytes).unwrap();
        let listed = caseload.json(&["--passphrase-file", given, "list"]);
        assert_eq!(listed.as_array().map(Vec::len), Some(1), "{how}");
    }
    for (how, bytes) in saved(&format!("My card:\r\n{}\r\n", card["card"].as_str().unwrap())) {
        std::fs::write(&path, bytes).unwrap();
        let said = caseload.refused(&["site", "accept", given, "--fingerprint", "0000-0000-0000-0000"]);
        assert!(said.contains(card["fingerprint"].as_str().unwrap()), "{how}: {said}");
    }
    // What is no text, or has no end, is told and not repeated.
    std::fs::write(&path, b"otter\xff lamp").unwrap();
    assert!(caseload.refused(&["--passphrase-file", given, "list"]).contains("not text: save it as UTF-8"));
    assert!(caseload.refused(&["--passphrase-file", "/dev/zero", "list"]).contains("larger than 64 KB"));
    assert!(caseload.refused(&["site", "accept", "/dev/zero"]).contains("larger than 1024 KB"));
}

/// An earlier version took an editor's mark for the first letter of the passphrase: what was locked so still opens.
#[test]
fn what_was_locked_with_an_editors_mark_still_opens() {
    use caseload::store::{Passphrase, Store, wall_clock};
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana"]);
    let marked = format!("\u{feff}{PASSPHRASE}");
    let mut store = Store::open(&caseload.file(), &Passphrase::new(PASSPHRASE), wall_clock()).unwrap();
    store.change_passphrase(&Passphrase::new(marked.as_str())).unwrap();
    drop(store);
    let path = secret(&caseload, "marked", &marked);
    assert_eq!(caseload.json(&["--passphrase-file", text(&path), "list"]).as_array().map(Vec::len), Some(1));
    assert!(!caseload.output(&["list"]).status.success(), "without the mark it is another passphrase");
}
