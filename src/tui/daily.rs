//! The backup of the day, made beside the one who works: by a thread with its own way into the file, so that no key waits
//! for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::store::{DraftedBackup, Store, StoreError};

/// How long leaving waits for a backup that is nearly there.
const PATIENCE: Duration = Duration::from_secs(5);

/// A backup that is being made. Dropped, it stops, and its file and its keys are gone.
pub struct Daily {
    thread: Option<JoinHandle<Result<Option<DraftedBackup>, StoreError>>>,
    stop: Arc<AtomicBool>,
}

impl Daily {
    /// None for a caseload in memory.
    pub fn start(store: &Store) -> Option<Daily> {
        let open = store.once_more()?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || open()?.draft_backup(&|| told.load(Ordering::Relaxed)));
        Some(Daily { thread: Some(thread), stop })
    }

    pub fn is_done(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Gives it its name, once it is done.
    pub fn keep(mut self, store: &mut Store) -> Result<(), StoreError> {
        let drafted = match self.thread.take().map(JoinHandle::join) {
            Some(Ok(drafted)) => drafted?,
            Some(Err(_)) => return Err(StoreError::Write("making it stopped".into())),
            None => None,
        };
        drafted.map_or(Ok(()), |drafted| store.keep_backup(drafted))
    }

    /// The same when the screen is left: waits for it, but not for long.
    pub fn keep_soon(self, store: &mut Store) -> Result<(), StoreError> {
        let since = Instant::now();
        while !self.is_done() && since.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        if self.is_done() { self.keep(store) } else { Ok(()) }
    }
}

impl Drop for Daily {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
