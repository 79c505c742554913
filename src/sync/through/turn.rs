//! One sync of a file at a time: whoever comes second waits a while, and then says so.

use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

use crate::store::{Store, StoreError};
use crate::sync::exchange::Progress;

use super::Trouble;

/// How long the second one waits for the first.
const PATIENCE: Duration = Duration::from_secs(20);
const BETWEEN: Duration = Duration::from_millis(50);

/// The turn to sync a file: a lock beside it that the system lets go of when its holder ends.
pub struct Turn {
    _held: Option<File>,
}

impl Turn {
    /// # Errors
    /// [`Trouble::Running`] where another sync of the same file goes on for too long.
    pub fn wait(store: &Store, progress: Progress<'_>) -> Result<Turn, Trouble> {
        let Some(path) = store.path().filter(|_| !store.read_only()) else { return Ok(Turn { _held: None }) };
        let file = crate::files::lock_file(&path.with_file_name(".caseload-sync.lock")).map_err(StoreError::from)?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Turn { _held: Some(file) }),
                // A file system without locks: then each looks after itself.
                Err(TryLockError::Error(_)) => return Ok(Turn { _held: None }),
                Err(TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => return Err(Trouble::Running),
                Err(TryLockError::WouldBlock) if progress(0).is_break() => return Err(Trouble::Stopped),
                Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
            }
        }
    }
}
