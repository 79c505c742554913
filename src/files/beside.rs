//! Reading the bytes of a file that a database of this program may have open.
//!
//! On Unix the system lets go of every lock that a program holds on a file as soon as the program closes any handle of it.
//! SQLite's would be gone, another program would take itself for the last one and fold and remove the WAL under our
//! hands. So a handle of such a file is not closed before the database is.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Which file it is, whatever its name.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(found: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    Some((found.dev(), found.ino()))
}

/// Elsewhere locks belong to handles.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<Identity> {
    None
}

/// What one or more databases of this program have open.
#[derive(Default)]
struct Opened {
    databases: usize,
    /// Handles that are closed with the last of them.
    waiting: Vec<File>,
}

static OPENED: Mutex<BTreeMap<Identity, Opened>> = Mutex::new(BTreeMap::new());

fn opened() -> MutexGuard<'static, BTreeMap<Identity, Opened>> {
    OPENED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says that a database has a file open, from before it opens it until after it closed it.
pub struct InUse(Option<Identity>);

impl InUse {
    pub fn of(path: &Path) -> io::Result<InUse> {
        let identity = identity(&std::fs::metadata(path)?);
        if let Some(identity) = identity {
            opened().entry(identity).or_default().databases += 1;
        }
        Ok(InUse(identity))
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        let Some(identity) = self.0 else { return };
        let mut opened = opened();
        let last = opened.get_mut(&identity).is_none_or(|file| {
            file.databases -= 1;
            file.databases == 0
        });
        if last {
            opened.remove(&identity);
        }
    }
}

/// A file that is open for reading.
#[derive(Debug)]
pub struct Handle(Option<File>);

impl Handle {
    pub(super) fn of(file: File) -> Handle {
        Handle(Some(file))
    }

    pub fn metadata(&self) -> io::Result<Metadata> {
        self.file()?.metadata()
    }

    fn file(&self) -> io::Result<&File> {
        // It is there until it is dropped.
        self.0.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Read for Handle {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file()?.read(bytes)
    }
}

impl Seek for Handle {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file()?.seek(to)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let Some(file) = self.0.take() else { return };
        let identity = file.metadata().ok().as_ref().and_then(identity);
        let mut opened = opened();
        match identity.and_then(|identity| opened.get_mut(&identity)) {
            Some(database) => database.waiting.push(file),
            // While the list is held: no database opens it meanwhile.
            None => drop(file),
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// The locks of this program on a file, as the system counts them.
    fn locks(path: &Path) -> usize {
        use std::os::unix::fs::MetadataExt;
        let inode = format!(":{}", std::fs::metadata(path).unwrap().ino());
        let all = std::fs::read_to_string("/proc/locks").unwrap();
        all.lines().filter(|line| line.split_whitespace().any(|word| word.ends_with(&inode))).count()
    }

    #[test]
    fn a_look_at_a_file_takes_no_lock_away_from_the_database_that_has_it_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let lock = |path: &Path| {
            let db = rusqlite::Connection::open(path).unwrap();
            db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
            db.execute_batch("CREATE TABLE IF NOT EXISTS t (a); INSERT INTO t VALUES (1)").unwrap();
            db
        };
        let db = lock(&path);
        assert_eq!(locks(&path), 1);
        let in_use = InUse::of(&path).unwrap();
        let again = InUse::of(&path).unwrap();
        let mut first = [0; 6];
        super::super::open(&path).unwrap().read_exact(&mut first).unwrap();
        assert_eq!(first, *b"SQLite");
        drop(again);
        drop(super::super::open(&path).unwrap());
        assert_eq!(locks(&path), 1, "still held");
        drop(db);
        drop(in_use);
        assert_eq!(opened().len(), 0, "and nothing is kept for ever");
        // Without that it is gone: this is what the list is for.
        let _db = lock(&path);
        drop(super::super::open(&path).unwrap());
        assert_eq!(locks(&path), 0);
    }
}
