//! What leaves this caseload in the clear, while it is being written. Where its draft lies is kept in the encrypted file before
//! the first byte is written, so that what a program that was killed left is taken away by the next one, wherever it lies.

use std::io;
use std::path::{Path, PathBuf};

use crate::files::{self, NewFile, NewFolder};

use super::{Deed, Result, Store, StoreError};

/// What a draft's place is kept under.
const DRAFT: &str = "unfinished ";

impl Store {
    /// Begins a new file of which the record is to be kept before it has its name.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is something of that name, and what the file system says.
    pub fn new_file(&self, path: &Path) -> Result<NewFile> {
        NewFile::begin(path, &mut |draft| self.note_draft(draft)).map_err(|error| of_name(path, error))
    }

    /// The same for a folder of files.
    pub fn new_folder(&self, path: &Path) -> Result<NewFolder> {
        NewFolder::begin(path, &mut |draft| self.note_draft(draft)).map_err(|error| of_name(path, error))
    }

    fn note_draft(&self, draft: &Path) -> io::Result<()> {
        // A file that is not written to keeps nothing in mind.
        if self.writable().is_err() {
            return Ok(());
        }
        let draft = std::path::absolute(draft)?;
        let mut keep = self
            .db
            .prepare_cached("INSERT OR IGNORE INTO local (key, value) VALUES (?1, ?2)")
            .map_err(io::Error::other)?;
        let (key, place) = (format!("{DRAFT}{}", draft.display()), in_bytes(&draft));
        keep.execute((key, place)).map(drop).map_err(io::Error::other)
    }

    /// Takes away what was begun and never finished, because the program was killed. What cannot be reached today (a stick that
    /// is not there) is tried again at the next start.
    pub fn sweep_unfinished(&mut self) -> Result<()> {
        if self.triable().is_err() {
            return Ok(());
        }
        let noted: Vec<(String, Vec<u8>)> = {
            let mut query =
                self.db.prepare("SELECT key, value FROM local WHERE key >= ?1 AND key < ?1 || char(1114111)")?;
            let rows = query.query_map([DRAFT], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        for (key, place) in noted {
            if files::sweep(&of_bytes(place)) {
                self.set_local(&key, None)?;
            }
        }
        Ok(())
    }

    /// Takes note that what was put on the record just now did not leave after all.
    pub fn note_unwritten(&mut self, what: &str) -> Result<()> {
        self.note_leaving(
            None,
            Deed::Withheld,
            &format!("{what}, on the record just before this: it could not be written"),
        )
    }
}

fn of_name(path: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::AlreadyExists => StoreError::Exists(path.into()),
        _ => StoreError::Io(io::Error::new(error.kind(), format!("Cannot write {}: {error}", path.display()))),
    }
}

#[cfg(unix)]
fn in_bytes(path: &Path) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
}

#[cfg(unix)]
fn of_bytes(bytes: Vec<u8>) -> PathBuf {
    <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn in_bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

#[cfg(not(unix))]
fn of_bytes(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}
