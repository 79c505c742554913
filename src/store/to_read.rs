//! A caseload that can be looked at where nothing may be written: a locked stick, a folder of somebody else's, a full disk.
//!
//! Nothing is made beside it. Where its tables are those of another version they are made again in memory, as far as
//! there is room for that; the file stays as it is.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::file::{self, beside};
use super::watch::alone::alone;
use super::{Passphrase, Result, StoreError, projection, schema};

/// The largest file whose tables are made again in memory, in bytes.
const MOST: u64 = 64 << 20;

/// Whether a file may be written to, as far as that can be told without writing. The folder counts too: SQLite lays the WAL
/// there.
pub(super) fn may_write(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let locked = |path: &Path| std::fs::metadata(path).is_ok_and(|found| found.permissions().readonly());
    !locked(path) && !locked(folder) && std::fs::OpenOptions::new().write(true).open(path).is_ok()
}

/// Whether an error says that the place takes no writing, so that it is worth a try to read alone.
pub(super) fn is_of_the_place(error: &StoreError) -> bool {
    match error {
        StoreError::DiskFull | StoreError::ReadOnly | StoreError::Write(_) => true,
        StoreError::Sqlite(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen),
        _ => false,
    }
}

/// Opens a file so that nothing is written anywhere.
///
/// # Errors
/// [`StoreError::NeedsWriting`] where it cannot be read so.
pub(super) fn open(path: &Path, passphrase: &Passphrase) -> Result<Connection> {
    let db = if std::fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0) {
        // Another program may be at it: what it laid beside the file is read along. Without that the last changes would be
        // missing, and nobody would know.
        let db = file::connect(path, true)?;
        match file::unlock(&db, passphrase) {
            Err(error) if is_of_the_place(&error) => {
                return Err(StoreError::NeedsWriting("what was last written lies beside it"));
            }
            done => done?,
        }
        db
    } else {
        let access = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let db = Connection::open_with_flags(alone(path), access)?;
        db.query_row("PRAGMA cipher_log_level = NONE", [], |_| Ok(())).optional()?;
        file::unlock(&db, passphrase)?;
        db
    };
    db.execute_batch("PRAGMA temp_store = MEMORY")?;
    Ok(db)
}

/// The same tables as this version makes them: as they are, or made again in memory.
pub(super) fn as_of_this_version(db: Connection, path: &Path, passphrase: &Passphrase) -> Result<Connection> {
    if schema::is_current(&db)? && file::meta(&db, "projection")? == schema::fingerprint() {
        return Ok(db);
    }
    if std::fs::metadata(path)?.len() > MOST {
        return Err(StoreError::NeedsWriting(
            "its tables are another version's, and too large to be made again in memory",
        ));
    }
    let mut memory = Connection::open_in_memory()?;
    memory.execute("ATTACH ?1 AS disk KEY ?2", [alone(path).as_str(), passphrase.as_str()])?;
    memory.query_row("SELECT sqlcipher_export('main', 'disk')", [], |_| Ok(()))?;
    for number in ["user_version", "application_id"] {
        let value: i64 = db.pragma_query_value(None, number, |row| row.get(0))?;
        memory.pragma_update(None, number, value)?;
    }
    memory.execute_batch("DETACH disk")?;
    drop(db);
    schema::migrate(&mut memory)?;
    projection::make_again(&mut memory)?;
    Ok(memory)
}
