//! Reading a file some of whose pages do not pass their check.

use std::path::PathBuf;

use rusqlite::{Connection, Row};

use super::super::file::{connect, unlock};
use super::super::{Passphrase, Result};

/// A file that may be damaged. What is read of it counts only where every page passed that it needed: for one that does not
/// pass SQLCipher gives zeros, fails whatever is read next, and reads nothing more by that connection. So it is asked after
/// each row, before anything else can be taken for the culprit.
pub(super) struct Source<'a> {
    path: PathBuf,
    passphrase: &'a Passphrase,
    read_only: bool,
    pub(super) db: Connection,
}

impl<'a> Source<'a> {
    pub(super) fn open(path: PathBuf, passphrase: &'a Passphrase, read_only: bool) -> Result<Source<'a>> {
        let db = connect(&path, read_only)?;
        unlock(&db, passphrase)?;
        Ok(Source { path, passphrase, read_only, db })
    }

    fn open_again(&mut self) -> Result<()> {
        *self = Source::open(self.path.clone(), self.passphrase, self.read_only)?;
        Ok(())
    }

    /// What can be read by whole pages alone; nothing where that cannot be done.
    pub(super) fn surely<T>(&mut self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<Option<T>> {
        let found = read(&self.db).ok();
        if is_sound(&self.db) {
            return Ok(found);
        }
        self.open_again()?;
        Ok(None)
    }

    /// Reads rows until there are no more, or one cannot be read; says whether that was the end.
    pub(super) fn read_on<T>(
        &mut self,
        sql: &str,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
        take: &mut dyn FnMut(T),
    ) -> Result<bool> {
        let to_the_end = |db: &Connection| {
            let mut query = db.prepare(sql)?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let row = read(row)?;
                if !is_sound(db) {
                    break;
                }
                take(row);
            }
            Ok(())
        };
        Ok(self.surely(to_the_end)?.is_some())
    }
}

/// Whether every page that was read so far passed its check.
fn is_sound(db: &Connection) -> bool {
    db.prepare_cached("SELECT 1 FROM sqlite_schema LIMIT 1").and_then(|mut query| query.exists([])).is_ok()
}
