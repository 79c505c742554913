//! No name in the clear, anywhere: not in the file, not beside it, not in temporary files, not in what a failure says.

use std::path::Path;

use crate::common::Caseload;
use crate::common::terminal::{ENTER, Terminal};

fn holds(path: &Path, wanted: &[u8], found: &mut Vec<String>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            holds(&entry.path(), wanted, found);
        }
    } else if let Ok(bytes) = std::fs::read(path) {
        let name = path.file_name().unwrap().to_string_lossy();
        let in_name = name.as_bytes().windows(wanted.len()).any(|part| part == wanted);
        if in_name || bytes.windows(wanted.len()).any(|part| part == wanted) {
            found.push(path.display().to_string());
        }
    }
}

#[cfg(unix)]
#[test]
fn no_name_is_written_in_the_clear() {
    use std::os::unix::fs::PermissionsExt;
    let caseload = Caseload::new();
    let name = "Zephyrine";
    let id = caseload.client(&[&format!("given_name={name}"), "family_name=Quackenbush"]);
    for n in 0..20 {
        caseload.run(&["log", &id, &format!("body={name} called about the rent, call number {n}")]);
    }
    caseload.run(&["search", name]);
    caseload.run(&["backup"]);
    // While the file is open, with its log beside it, and after the program was killed.
    let mut terminal = Terminal::start(&caseload, 120, 40, &["--passphrase-file", caseload.pass().to_str().unwrap()]);
    terminal.wait(name);
    terminal.keys("l");
    terminal.wait("Log contact");
    terminal.keys(&format!("\t\tUnfinished words about {name}"));
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let mut found = Vec::new();
    for wanted in [name, "Quackenbush", "about the rent", "Unfinished words", crate::common::PASSPHRASE] {
        for folder in [caseload.folder.path(), Path::new("/dev/shm"), &std::env::temp_dir().join("caseload")] {
            holds(folder, wanted.as_bytes(), &mut found);
        }
    }
    terminal.child.kill().unwrap();
    for wanted in [name, "Quackenbush", "Unfinished words"] {
        holds(caseload.folder.path(), wanted.as_bytes(), &mut found);
    }
    found.retain(|path| !path.ends_with("/pass"));
    assert_eq!(found, Vec::<String>::new());
    let title = String::from_utf8_lossy(&terminal.raw.lock().unwrap()).into_owned();
    assert!(!title.contains("\x1b]0;") && !title.contains("\x1b]2;"), "no window title is set");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&caseload.file()), 0o600);
    for end in ["-wal", "-shm"] {
        let path = caseload.file().with_file_name(format!("caseload.db{end}"));
        assert!(!path.exists() || mode(&path) == 0o600, "{end}");
    }
    for backup in std::fs::read_dir(caseload.folder.path().join("backups")).unwrap() {
        assert_eq!(mode(&backup.unwrap().path()), 0o600);
    }
    // The draft survived the kill, encrypted.
    let mut terminal = Terminal::start(&caseload, 120, 40, &[]);
    terminal.wait("Passphrase:");
    assert!(!terminal.text().contains(name));
    terminal.keys(crate::common::PASSPHRASE);
    terminal.keys(ENTER);
    terminal.wait("Unfinished words");
}

/// A folder with a passphrase of one's own in a file, and no caseload yet.
fn with_passphrase(words: &[u8]) -> Caseload {
    let caseload = Caseload::none();
    std::fs::write(caseload.pass(), words).unwrap();
    caseload
}

#[test]
fn a_passphrase_that_the_screen_would_refuse_is_refused_at_the_command_line_and_never_repeated() {
    let raw = format!("x'{}'", "3f".repeat(32));
    let salted = format!("X'{}'", "3f".repeat(48));
    for words in ["", "   ", "\nsecond line", "short", "tab\tin the words", "cut\0off here it is", &raw, &salted, "x''"]
    {
        let caseload = with_passphrase(words.as_bytes());
        let said = caseload.refused(&["init", "--worker", "Rosa Ortiz"]);
        assert!(said.contains("Nothing was changed") && !caseload.file().exists(), "{words:?}: {said}");
        let mut parts = words.split(['\0', '\t', '\n']).map(str::trim).filter(|part| part.len() > 3);
        assert!(!parts.any(|part| said.contains(part)), "{words:?}: {said}");
    }
    // Nor does it change one, or seal a bundle, which travels; nor open anything.
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana"]);
    let other = caseload.folder.path().join("other");
    let bundle = caseload.folder.path().join("ana.bundle");
    let bundle = bundle.to_str().unwrap();
    for words in ["", "short", "cut\0off here it is", raw.as_str()] {
        std::fs::write(&other, words).unwrap();
        let path = other.to_str().unwrap();
        let said = caseload.refused(&["passphrase", "--new-passphrase-file", path]);
        assert!(said.contains("Nothing was changed"), "{said}");
        let said = caseload.refused(&["export", bundle, "--bundle-passphrase-file", path]);
        assert!(said.contains("Nothing was changed") && !Path::new(bundle).exists(), "{said}");
        let said = caseload.refused(&["list", "--passphrase-file", path]);
        assert!(said.contains("does not open this caseload") && !said.contains("off here"), "{said}");
    }
    assert_eq!(caseload.json(&["list"]).as_array().unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_passphrase_file_that_others_can_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    for (mode, told) in [(0o644, true), (0o640, true), (0o600, false), (0o400, false)] {
        let caseload = Caseload::none();
        std::fs::set_permissions(caseload.pass(), std::fs::Permissions::from_mode(mode)).unwrap();
        let output = caseload.output(&["init", "--worker", "Rosa Ortiz"]);
        assert!(output.status.success());
        assert_eq!(String::from_utf8(output.stderr).unwrap().contains("chmod 600"), told, "{mode:o}");
        // Not where it stands in a script's way; there the check tells it.
        assert!(!caseload.refused(&["init", "--worker", "Rosa Ortiz"]).contains("chmod"));
        assert_eq!(caseload.json(&["check"])["notices"].to_string().contains("chmod 600"), told, "{mode:o}");
        let check = caseload.run(&["check"]);
        assert!(check.starts_with("All is well") && check.contains("chmod 600") == told, "{mode:o}: {check}");
    }
}
