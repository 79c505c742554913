//! What lies beside a caseload that a rescue left, or a program that was killed before or in the middle of one. It could tell
//! nobody where things are: the next start does.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::super::file::beside;

/// What stands in the name of a file that a rescue made, behind the name of the file that it comes from.
const RESCUED: &str = "-rescued-";

/// What lies beside a caseload and is not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Left {
    /// Caseloads that were rescued from under its name.
    rescued: Vec<PathBuf>,
    /// What was written last and waits to be entered again.
    sealed: Vec<PathBuf>,
    /// The WAL of a file that is gone.
    wal: Option<PathBuf>,
    /// The newest backup, where the file is gone.
    backup: Option<PathBuf>,
}

/// The name that a caseload had before any rescue, without its ending.
pub(super) fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.split(RESCUED).next().unwrap_or_default().to_string()
}

/// The regular files in a folder whose names end so, in the order of their names.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let regular = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).map(|entry| entry.path());
    let mut found: Vec<PathBuf> = regular.filter(|path| path.extension().is_some_and(|is| is == ending)).collect();
    found.sort();
    found
}

impl Left {
    /// Looks at what lies beside a caseload, which need not be there.
    pub fn beside(path: &Path) -> Left {
        let folder = path.parent().unwrap_or(Path::new(""));
        let begins = format!("{}{RESCUED}", stem(path));
        let own = path.file_stem().unwrap_or_default();
        // Of one that was rescued itself, what came before it is in it.
        let is_later = |of: &PathBuf, or_same: bool| {
            let name: OsString = of.file_stem().unwrap_or_default().into();
            name.to_string_lossy().starts_with(&begins)
                && (name.as_os_str() > own || (or_same && name.as_os_str() == own))
        };
        let mut left = Left {
            rescued: files(folder, "db").into_iter().filter(|file| is_later(file, false)).collect(),
            sealed: files(folder, "bundle").into_iter().filter(|file| is_later(file, true)).collect(),
            ..Left::default()
        };
        if path.symlink_metadata().is_err() {
            let wal = beside(path, "-wal");
            left.wal = wal.symlink_metadata().is_ok_and(|wal| wal.is_file() && wal.len() > 0).then_some(wal);
            left.backup = files(&path.with_file_name("backups"), "backup").pop();
        }
        left
    }

    /// Each thing in a sentence: where it is, and what to do with it.
    pub fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        for file in &self.rescued {
            told.push(format!(
                "Beside it lies {}: all that was in this caseload when it was moved, replaced or overwritten while it was \
                 open. Look into it with --file, and give it the name of this one.",
                file.display()
            ));
        }
        if let Some(wal) = &self.wal {
            told.push(format!(
                "What was last written lies in {}: put the file that was here back under its name, and it is in it again.",
                wal.display()
            ));
        }
        for file in &self.sealed {
            told.push(format!(
                "Beside it lies {}: what was written last, under this caseload's passphrase. `caseload import` enters what \
                 is missing; then take it away.",
                file.display()
            ));
        }
        if let Some(backup) = &self.backup {
            told.push(format!(
                "The newest backup is {}: `caseload restore` makes a caseload of it with the recovery key.",
                backup.display()
            ));
        }
        told
    }
}
