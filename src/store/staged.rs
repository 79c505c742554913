//! Files that are only there while something is under way: a bundle that is being read, a backup that is looked at.
//!
//! The promise: they lie beside the caseload, as encrypted as they came, and are gone when they are dropped. What a program
//! that was killed left behind is taken away by the next one, and nothing that a living one still works on: whose a file is
//! tells a lock that the system lets go of when its holder ends, never the file's age by a clock that may run ahead.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::files::{is_old, made, new_file, unheld};

const BEGINS: &str = ".caseload-";
const ENDS: &str = ".staged";
/// The file whose lock says that somebody is at it. A lock on the staged file itself would stand in SQLite's way.
const OWNER: &str = ".owner";

/// A file's place beside the caseload that only this one touches; the file, and what SQLite lays beside it, are gone when
/// this is dropped.
pub struct Staged {
    pub path: PathBuf,
    /// Bytes in it, once it is filled.
    pub length: u64,
    owner: PathBuf,
    _held: Option<File>,
}

impl Staged {
    /// A place for a new file, beside the caseload at `file`; for one that lives in memory only, in the folder for such files.
    ///
    /// # Errors
    /// What the file system says where nothing can be written there.
    pub fn beside(file: Option<&Path>) -> io::Result<Staged> {
        let folder = match file.map(|file| file.parent().unwrap_or(Path::new(""))) {
            Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
            Some(folder) => folder.to_path_buf(),
            None => std::env::temp_dir(),
        };
        loop {
            let name = uuid::Uuid::new_v4().simple().to_string();
            let owner = folder.join(format!("{BEGINS}{name}{OWNER}"));
            let path = folder.join(format!("{BEGINS}{name}{ENDS}"));
            let file = new_file(&owner)?;
            match file.try_lock() {
                Ok(()) if owner.exists() => {
                    sweep(&folder, made(&file));
                    return Ok(Staged { path, length: 0, owner, _held: Some(file) });
                }
                // Whoever swept between the making and the locking took it for a dead one's: then another name.
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                // A file system without locks: told by its age, as nothing else can be known there.
                Err(TryLockError::Error(_)) => {
                    sweep(&folder, made(&file));
                    let _ = std::fs::remove_file(&owner);
                    return Ok(Staged { path, length: 0, owner, _held: None });
                }
            }
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", self.path.display()));
        }
        // Last, and while it is held: what has no owner is nobody's.
        let _ = std::fs::remove_file(&self.owner);
    }
}

/// Takes away what nobody is at any more.
fn sweep(folder: &Path, now: SystemTime) {
    let mut left = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let Some(rest) = name.strip_prefix(BEGINS) else { continue };
        if let Some(own) = rest.strip_suffix(OWNER) {
            left.push((entry.path(), own.to_string()));
        } else if let Some(at) = rest.find(ENDS)
            && !folder.join(format!("{BEGINS}{}{OWNER}", &rest[..at])).exists()
            && is_old(&entry.path(), now)
        {
            // Of a version that held no locks, or of a file system that has none.
            let _ = std::fs::remove_file(entry.path());
        }
    }
    for (owner, name) in left {
        let Some(_held) = unheld(&owner, now) else { continue };
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.join(format!("{BEGINS}{name}{ENDS}{ending}")));
        }
        let _ = std::fs::remove_file(&owner);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut all: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        all.sort();
        all
    }

    /// Gives a file the age of twenty years, as a clock that runs ahead sees it.
    fn aged(path: &Path) {
        let long_ago = SystemTime::now() - Duration::from_secs(7300 * 24 * 3600);
        File::options().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
    }

    #[test]
    fn what_somebody_is_at_stays_however_old_it_looks_and_a_dead_ones_goes_however_young() {
        let folder = tempfile::tempdir().unwrap();
        let caseload = folder.path().join("caseload.db");
        let alive = Staged::beside(Some(&caseload)).unwrap();
        for path in [&alive.path, &alive.owner] {
            std::fs::write(path, "sealed").unwrap();
            aged(path);
        }
        // As a program that was killed leaves it: the files, and nobody who holds the lock.
        for name in [".caseload-dead.owner", ".caseload-dead.staged", ".caseload-dead.staged-wal"] {
            std::fs::write(folder.path().join(name), "sealed").unwrap();
        }
        // Of an older version: yesterday's goes, today's stays.
        for name in [".caseload-before.staged", ".caseload-just.staged", "caseload-mine.staged", ".caseload-notes"] {
            std::fs::write(folder.path().join(name), "sealed").unwrap();
        }
        aged(&folder.path().join(".caseload-before.staged"));
        aged(&folder.path().join("caseload-mine.staged"));
        let other = Staged::beside(Some(&caseload)).unwrap();
        assert!(alive.path.exists() && alive.owner.exists());
        let left = names(folder.path());
        for gone in ["dead", "before"] {
            assert!(!left.iter().any(|name| name.contains(gone)), "{gone}: {left:?}");
        }
        for stays in [".caseload-just.staged", "caseload-mine.staged", ".caseload-notes"] {
            assert!(left.iter().any(|name| name == stays), "{stays}: {left:?}");
        }
        drop((alive, other));
        assert_eq!(names(folder.path()), [".caseload-just.staged", ".caseload-notes", "caseload-mine.staged"]);
    }
}
