//! An agency's own folder: which files in it are read, and what is told of those that are not.
//!
//! The promise: whatever lies there, this ends soon and never fails. Regular files only, opened without waiting for a pipe's
//! other end, at most [`LARGEST`] bytes of each; what cannot be read, and what was named so that nobody would ever read it,
//! is told by its name with what it was probably meant to be. A rule that an agency believes to be in force and that is not
//! is worse than an error.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use crate::practice::{AgencyFile, Trouble};

/// No file of an agency has more bytes than this.
const LARGEST: u64 = 1 << 20;

/// The files of the folder itself, each with the list or the line by which its text is known under another name.
const FILES: [(&str, &[&str]); 7] = [
    (
        "agency.toml",
        &["late-entry-hours", "referral-silent-days", "part2-notice", "capacity", "[[retention]]", "[[minor-consent]]"],
    ),
    ("crises.toml", &["[[crisis]]"]),
    ("credentials.toml", &["[[credential]]", "[[category]]"]),
    (KEYS, &["[keys]"]),
    ("notes.toml", &["[[template]]"]),
    ("services.toml", &["[[service]]"]),
    ("triage.toml", &["[[rule]]"]),
];

/// Only the worker's own, in the configuration folder.
pub const KEYS: &str = "keys.toml";

/// The folders in it, in which every file may have a name of its own.
const FOLDERS: [(&str, &[&str]); 2] =
    [("areas", &["[[goal]]", "[[plan-template]]", "plan ="]), ("instruments", &["[[item]]", "scoring ="])];

/// What was found in a folder.
#[derive(Default)]
pub struct Found {
    /// By name.
    pub files: Vec<AgencyFile>,
    pub troubles: Vec<Trouble>,
}

/// Reads an agency's folder; `own` is the worker's configuration folder, where the keys are looked for too.
pub fn read(folder: &Path, own: bool) -> Found {
    let mut found = Found::default();
    found.look_into(folder, "", own);
    for (name, _) in FOLDERS {
        let place = folder.join(name);
        match place.metadata() {
            Ok(there) if there.is_dir() => found.look_into(&place, name, own),
            Ok(_) => found.tell(&place, "is a file, not a folder: nothing of it is read"),
            Err(_) if place.symlink_metadata().is_err() => {}
            Err(error) => found.tell(&place, format!("cannot be read: {}", in_words(&error))),
        }
    }
    found.files.sort_by(|a, b| a.name.cmp(&b.name));
    found.troubles.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

/// The text of a file that may be anything.
///
/// # Errors
/// In words that follow the file's name: why it cannot be read.
pub fn text_of(path: &Path) -> Result<String, String> {
    let unreadable = |error: io::Error| match path.symlink_metadata() {
        Ok(link) if link.is_symlink() && error.kind() == io::ErrorKind::NotFound => {
            "is a link to a file that is not there".to_string()
        }
        _ => format!("cannot be read: {}", in_words(&error)),
    };
    regular(&path.metadata().map_err(unreadable)?)?;
    let file = open(path).map_err(unreadable)?;
    // Looked at again: what was opened is what counts.
    regular(&file.metadata().map_err(unreadable)?)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err("is larger than 1 MB: no file of an agency is".into());
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("is UTF-16 text: save it as UTF-8".into());
    }
    match String::from_utf8(bytes) {
        // An editor's mark that it is UTF-8.
        Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text)),
        Err(error) => {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(format!("is not UTF-8 text (line {line}): save it as UTF-8"))
        }
    }
}

fn regular(found: &Metadata) -> Result<(), String> {
    match found {
        found if found.is_dir() => Err("is a folder, not a file: nothing of it is read".into()),
        found if !found.is_file() => Err("is not a regular file".into()),
        found if found.len() > LARGEST => Err("is larger than 1 MB: no file of an agency is".into()),
        _ => Ok(()),
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        // A pipe that takes the file's place between looking and opening must not make anybody wait.
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits() as i32);
    }
    options.open(path)
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "you may not read it".into(),
        _ => error.to_string(),
    }
}

impl Found {
    fn tell(&mut self, path: &Path, why: impl Into<String>) {
        self.troubles.push(Trouble::whole(&path.display().to_string(), why));
    }

    /// One folder: the agency's own (`inside` is empty), or one of those in it.
    fn look_into(&mut self, place: &Path, inside: &str, own: bool) {
        let entries = match std::fs::read_dir(place) {
            Ok(entries) => entries,
            Err(error) => return self.tell(place, format!("cannot be read: {}", in_words(&error))),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return self.tell(place, format!("cannot be read to its end: {}", in_words(&error))),
            };
            let (path, name) = (entry.path(), entry.file_name());
            let Some(name) = name.to_str() else {
                if name.to_string_lossy().to_lowercase().contains(".toml") {
                    self.tell(&path, "has a name that is not UTF-8: give it another");
                }
                continue;
            };
            // Whatever programs leave lying about: .DS_Store, .git, editors' copies.
            if name.starts_with('.') || name.ends_with(['~', '#']) {
                continue;
            }
            let wanted = match inside {
                "" => FILES.iter().any(|(known, _)| *known == name),
                _ => name.ends_with(".toml"),
            };
            match wanted {
                true if inside.is_empty() && name == KEYS => {
                    if !own {
                        self.tell(&path, "is not read here: keys are each worker's own, in the configuration folder");
                    }
                }
                true => self.take(&path, inside, name),
                false => self.doubt(&path, inside, name),
            }
        }
    }

    fn take(&mut self, path: &Path, inside: &str, name: &str) {
        match text_of(path) {
            Ok(text) => {
                let name = if inside.is_empty() { name.to_string() } else { format!("{inside}/{name}") };
                self.files.push(AgencyFile { shown: path.display().to_string(), name, text });
            }
            Err(why) => self.tell(path, why),
        }
    }

    /// What has no name that is read: told where it looks as if someone meant it to be.
    fn doubt(&mut self, path: &Path, inside: &str, name: &str) {
        let folder = path.metadata().is_ok_and(|found| found.is_dir());
        let lower = name.to_lowercase();
        if inside.is_empty() && FOLDERS.iter().any(|(known, _)| *known == name) {
            return;
        }
        let holds_toml = || {
            let inside = std::fs::read_dir(path).into_iter().flatten().flatten().take(1000);
            inside.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().to_lowercase().ends_with(".toml"))
        };
        // A copy that was put aside: of no interest where there is what it was copied from.
        let aside = [".bak", ".old", ".orig", ".off", ".disabled", ".example"];
        if let Some(of) = aside.iter().find_map(|ending| name.strip_suffix(ending))
            && path.with_file_name(of).exists()
        {
            return;
        }
        let stem = stem(&lower).trim();
        let is_toml = lower.contains(".toml") || lower.ends_with(".tml") || lower.ends_with(".tom");
        let meant = if folder {
            let near = inside.is_empty().then(|| nearest(&lower, FOLDERS.iter().map(|(known, _)| *known))).flatten();
            let Some(near) = near.map(|known| format!("{known}/")).or_else(|| by_name(stem).filter(|_| is_toml)) else {
                if holds_toml() {
                    self.tell(
                        path,
                        "is a folder of which nothing is read: the folders here are areas/ and instruments/",
                    );
                }
                return;
            };
            near
        } else {
            let text = if is_toml { text_of(path).unwrap_or_default() } else { String::new() };
            let near = by_text(&text, stem)
                .or_else(|| if inside.is_empty() { by_name(stem) } else { Some(format!("{inside}/{stem}.toml")) });
            match near {
                Some(near) if is_toml => near,
                // A file without an ending that bears the very name of one.
                Some(near) if inside.is_empty() && near.strip_suffix(".toml") == Some(lower.as_str()) => near,
                None if is_toml => {
                    let known: Vec<&str> = FILES.iter().map(|(known, _)| *known).collect();
                    let why = format!(
                        "is a name of which nothing is read: the files here are {}, those in areas/ and those in instruments/",
                        known.join(", ")
                    );
                    return self.tell(path, why);
                }
                _ => return,
            }
        };
        self.tell(path, format!("is a name of which nothing is read: it was probably meant to be {meant}"));
    }
}

/// A name without its endings: `services` of `services.toml.txt`.
fn stem(name: &str) -> &str {
    name.split_once('.').map_or(name, |(stem, _)| stem)
}

/// What a file was probably meant to be, by what stands in it.
fn by_text(text: &str, stem: &str) -> Option<String> {
    let lines = || text.lines().map(str::trim_start);
    let has = |marks: &[&str]| marks.iter().any(|mark| lines().any(|line| line.starts_with(mark)));
    let instrument =
        FOLDERS.iter().rev().find(|(_, marks)| has(marks)).map(|(folder, _)| format!("{folder}/{stem}.toml"));
    instrument.or_else(|| FILES.iter().find(|(_, marks)| has(marks)).map(|(name, _)| name.to_string()))
}

/// What it was probably meant to be, by its name.
fn by_name(stem: &str) -> Option<String> {
    if let Some(near) = nearest(stem, FILES.iter().map(|(known, _)| known.trim_end_matches(".toml"))) {
        return Some(format!("{near}.toml"));
    }
    let shipped = crate::practice::Practice::standard();
    if shipped.area(stem).is_some() {
        return Some(format!("areas/{stem}.toml"));
    }
    shipped.instruments.get(stem).map(|_| format!("instruments/{stem}.toml"))
}

/// The one of these that differs least: by its case, its number, or a slip of the fingers.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.trim();
    let far = |known: &str| if known.len() < 5 { 1 } else { 2 };
    let near = known.map(|known| (distance(name, known), known)).filter(|(steps, known)| *steps <= far(known));
    near.min_by_key(|(steps, _)| *steps).map(|(_, known)| known)
}

/// How many letters are to be put in, left out or changed to come from one word to another.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.iter().enumerate() {
            let here = (before + usize::from(a != *b)).min(row[j] + 1).min(row[j + 1] + 1);
            before = std::mem::replace(&mut row[j + 1], here);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: &str = "code = \"x\"\nname = \"X\"\nplan = \"ipe\"\n";
    const RULE: &str = "[[rule]]\nid = \"no-plan\"\ndays = 10\n";

    /// Everything told of a folder, after the name of what it is told of.
    fn told(folder: &Path) -> Vec<String> {
        let start = format!("{}/", folder.display());
        let all = read(folder, false).troubles;
        all.iter().map(|trouble| trouble.to_string().replace(&start, "")).collect()
    }

    #[test]
    fn a_misnamed_file_or_folder_is_told_with_what_it_was_meant_to_be() {
        for (name, text, meant) in [
            ("service.toml", "", "services.toml"),
            ("Services.toml", "", "services.toml"),
            ("SERVICES.TOML", "", "services.toml"),
            ("services.toml.txt", "", "services.toml"),
            ("services.tml", "", "services.toml"),
            ("services", "", "services.toml"),
            ("servcies.toml", "", "services.toml"),
            ("trige.toml", "", "triage.toml"),
            ("triage .toml", "", "triage.toml"),
            ("crisis.toml", "", "crises.toml"),
            ("rules.toml", RULE, "triage.toml"),
            ("our own.toml", "\n  [[crisis]]\ncode = \"x\"\n", "crises.toml"),
            ("social-work.toml", "", "areas/social-work.toml"),
            ("outreach.toml", AREA, "areas/outreach.toml"),
            ("phq-9.toml", "", "instruments/phq-9.toml"),
            ("warmth.toml", "code = \"warmth\"\nscoring = \"sum\"\n", "instruments/warmth.toml"),
            ("areas/outreach.TOML", AREA, "areas/outreach.toml"),
            ("areas/outreach.toml.txt", AREA, "areas/outreach.toml"),
            ("areas/phq-2.txt.toml.txt", "[[item]]\n", "instruments/phq-2.toml"),
            ("instrument/phq-9.toml", "", "instruments/"),
            ("Areas/outreach.toml", AREA, "areas/"),
            ("area/outreach.toml", AREA, "areas/"),
            ("strange.toml", "", "the files here are agency.toml, crises.toml"),
            ("rules/triage.toml", RULE, "the folders here are areas/ and instruments/"),
            ("keys.toml", "", "keys are each worker's own"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            let found = told(folder.path());
            let first = name.split_once('/').map_or(name, |(first, _)| first);
            assert!(found.len() == 1 && found[0].starts_with(first), "{name}: {found:?}");
            assert!(
                found[0].ends_with(&format!("meant to be {meant}")) || found[0].contains(meant),
                "{name}: {found:?}"
            );
            assert!(read(folder.path(), false).files.is_empty(), "{name}");
        }
    }

    #[test]
    fn what_is_read_and_what_lies_there_for_other_reasons_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["areas", "instruments", ".git", "letters"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        for name in [
            "triage.toml",
            "agency.toml",
            "areas/outreach.toml",
            "instruments/own.toml",
            "README.md",
            "areas/README.txt",
            ".DS_Store",
            "triage.toml~",
            ".triage.toml.swp",
            "triage.toml.bak",
            "letters/head.txt",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(told(folder.path()), [""; 0]);
        let names: Vec<String> = read(folder.path(), false).files.into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["agency.toml", "areas/outreach.toml", "instruments/own.toml", "triage.toml"]);
        // A copy that was put aside is told where there is nothing that it was copied from.
        std::fs::remove_file(folder.path().join("triage.toml")).unwrap();
        assert_eq!(told(folder.path()).len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_read_is_told_and_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("areas")).unwrap();
        std::fs::write(at("agency.toml"), "capacity = 8.0\n").unwrap();
        std::fs::write(at("areas/bom.toml"), format!("\u{feff}{AREA}")).unwrap();
        std::fs::write(at("crises.toml"), b"# one\n# caf\xe9\n").unwrap();
        std::fs::write(at("credentials.toml"), b"\xff\xfe#\0").unwrap();
        std::fs::create_dir(at("services.toml")).unwrap();
        std::fs::write(at("instruments"), "").unwrap();
        std::os::unix::fs::symlink("nowhere.toml", at("notes.toml")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("areas/zero.toml")).unwrap();
        std::os::unix::fs::symlink(".", at("areas/loop.toml")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("triage.toml")).status().unwrap().success());
        std::fs::File::create(at("areas/large.toml")).unwrap().set_len(LARGEST + 1).unwrap();
        std::fs::File::create(at("areas/fits.toml")).unwrap().set_len(LARGEST).unwrap();
        let found = told(folder.path());
        let wanted = [
            "areas/large.toml is larger than 1 MB",
            "areas/loop.toml is a folder",
            "areas/zero.toml is not a regular file",
            "credentials.toml is UTF-16 text: save it as UTF-8",
            "crises.toml is not UTF-8 text (line 2)",
            "instruments is a file, not a folder",
            "notes.toml is a link to a file that is not there",
            "services.toml is a folder",
            "triage.toml is not a regular file",
        ];
        assert_eq!(found.len(), wanted.len(), "{found:?}");
        for (found, wanted) in found.iter().zip(wanted) {
            assert!(found.starts_with(wanted), "{found}, {wanted}");
        }
        let read = read(folder.path(), false);
        let names: Vec<&str> = read.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["agency.toml", "areas/bom.toml", "areas/fits.toml"]);
        assert!(read.files[1].text.starts_with("code"), "the mark that some editors set is no part of it");
    }
}
