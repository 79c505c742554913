//! One encrypted SQLite file: opened and unlocked, the journal and the tables made from it, queries and search.
//!
//! The promise: an acknowledged change survives `kill -9`; a refused one changes nothing. Nothing writes a
//! table without writing the journal, and every table but the journal's own can be dropped and made again
//! from it, to the byte. Called by `tui`, `cli`, `exchange`, `sync` and `report`; knows `triage` (whose facts
//! it keeps) and `model`.
//!
//! How the parts lie, from the disk up:
//!
//! - `file`: what a caseload file is on disk; creating, unlocking, telling it from other files.
//! - `schema`: the tables; the journal's by numbered migrations, the projection's from the catalogue.
//! - [`wire`]: a batch of entries as bytes, its hash and its signature. This is the format that lasts.
//! - `journal`: batches in and out of the file, each chained to the one before.
//! - `cell`: what the entries about one field add up to, whatever order they came in. Pure.
//! - `projection`: rows made from cells, and the search index and client facts that follow them.
//! - `commit`, `undo`, `import`: the only ways in for what is done here; `since`: what of others stands in an undo's way;
//!   `merge` for what was done elsewhere, `forks` for what was written twice in one place.
//! - `erase`: what an order takes out of the journal for good, and what is missing without one.
//! - `signing`: what is signed stays as it was; who still has to sign; `speaking`: for whom an entry speaks.
//! - `sites`: installations and their keys; `lines`: whom this one believes, and as whom.
//! - `rights`: what a line may do for everybody, by entries of the agency's founder.
//! - `theirs`: whose a client is, for giving.
//! - `places`: what is remembered of places that bundles travel through; `setback`: a file that was set back.
//! - `access`: who looked, and what left; `ever`: all that was ever written of somebody.
//! - `joined`: several entries for one person; `conflicts`: what waits for a choice.
//! - `books`: what billing and the accounting of disclosures need of a client.
//! - `query`, `search`, `history`, `check`, `backup`: the ways out; [`moving`]: to another laptop.
//! - `watch`: whether the file is still the one that was opened; `rescue`: what is done when it is not; `to_read`: where nothing may
//!   be written; `repair`: what is
//!   whole of a damaged one.

mod access;
mod apart;
mod backup;
mod books;
mod cell;
mod chains;
mod check;
mod commit;
mod conflicts;
mod day;
mod episodes;
mod erase;
mod error;
mod ever;
mod facts;
mod file;
mod forks;
mod history;
mod import;
mod joined;
mod journal;
mod lines;
mod machine;
mod merge;
pub mod moving;
pub mod needs;
mod past;
mod places;
mod plans;
mod projection;
mod query;
mod repair;
mod rescue;
mod rights;
mod schema;
mod search;
mod setback;
mod settle;
mod shares;
mod signing;
mod since;
mod sites;
mod speaking;
mod staged;
mod step;
mod theirs;
mod to_read;
mod undo;
mod unfinished;
mod watch;
pub mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, FixedOffset, NaiveDate, Offset, TimeZone};
use rusqlite::Connection;

pub use access::{Access, Deed};
pub use apart::{Authorization, NoteApart};
pub use backup::{DraftedBackup, RecoveryKey};
pub use check::CheckReport;
pub use commit::{Progress, Receipt};
pub use conflicts::{Conflict, Side};
pub use day::Work;
pub use episodes::Workers;
pub use erase::{Missing, Stretch, Target, ToErase, field_in_words};
pub use error::{Result, StoreError};
pub use ever::Ever;
pub(crate) use file::beside;
pub use file::{
    Passphrase, Worker, make_folder_for, open_by_file, others_can_read, read_secret, read_text, text_of, unfit,
    weakness,
};
pub use history::{HistoryLine, Lost};
pub use import::{Draft, Taken};
pub use journal::{Batch, ChainEnd};
pub use lines::{Acceptance, Gives, Line, SiteState, claim};
pub use merge::walk::{Breach, Unproven, Walk};
pub use merge::{Merged, Merger, NotTaken, Why};
pub use past::{ActionId, PastAction};
pub use places::{Met, Noted, Range};
pub use query::{ClientFile, Found};
pub use repair::Repaired;
pub use rescue::{Left, Rescue};
pub use rights::{Grant, Point, Right};
pub use search::Hit;
pub use setback::state_folder;
pub use signing::{Signer, Waiting, Written};
pub use sites::{Site, Trust};
pub use staged::Staged;
pub use theirs::Receiver;
pub use watch::Found as Feet;

use crate::model::{Hlc, Ids, Moment, RowId, SiteId};

/// Where the time comes from: the wall clock, or a fixed or simulated one for tests and the demo.
pub type Clock = Arc<dyn Fn() -> DateTime<FixedOffset> + Send + Sync>;

/// The machine's own clock and time zone.
pub fn wall_clock() -> Clock {
    Arc::new(|| chrono::Local::now().fixed_offset())
}

/// The moment that what people type is measured from: now, or the same time of another day, in the machine's time zone.
pub fn local_moment(today: Option<NaiveDate>) -> Moment {
    let now = chrono::Local::now();
    match today {
        Some(day) => {
            let local = day.and_time(now.time());
            let now = local.and_local_timezone(local_offset(local)).single().unwrap_or(now.fixed_offset());
            Moment::new(now, local_offset).of_the_day()
        }
        None => Moment::new(now.fixed_offset(), local_offset),
    }
}

/// The offset at which a local time is lived on this machine. Of an hour that the clocks repeat, the first; of one that
/// they leave out, the offset before it.
fn local_offset(local: chrono::NaiveDateTime) -> FixedOffset {
    let found = chrono::Local.offset_from_local_datetime(&local).earliest();
    found.unwrap_or_else(|| chrono::Local.offset_from_utc_datetime(&local)).fix()
}

/// An unlocked caseload. Dropping it closes the file and wipes the keys.
pub struct Store {
    db: Connection,
    path: Option<PathBuf>,
    read_only: bool,
    clock: Clock,
    worker: Worker,
    site: SiteId,
    ids: Ids,
    keys: sites::Keys,
    /// The last stamp that this site gave or took note of.
    hlc: Hlc,
    /// What opened it, for a second connection to it: none for a caseload in memory.
    passphrase: Option<Passphrase>,
    /// When it moved to another laptop, in words.
    moved: Option<String>,
    /// Told, when the file is closed, whether the backup of the day is due.
    at_close: Option<Arc<AtomicBool>>,
    /// SQLite's count of changes by other connections, as last seen.
    data_version: i64,
    /// Where it is noted outside the file how far it has come.
    outside: Option<PathBuf>,
    /// The day that was asked to be taken for today.
    day: Option<NaiveDate>,
    /// What is known of the file that was opened: none in memory, and where it can only be read.
    watch: Option<watch::Watch>,
    session: rescue::Session,
    /// Merges that are written together.
    gathered: Option<merge::Gathered>,
    /// Let go of after the connection: the order of the fields is the order of their end.
    _in_use: Option<crate::files::InUse>,
}

impl Store {
    /// The file, or `None` for a caseload that lives in memory only.
    pub fn path(&self) -> Option<&PathBuf> {
        self.path.as_ref()
    }

    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// This installation.
    pub fn site(&self) -> SiteId {
        self.site
    }

    /// The time as this store's clock tells it.
    pub fn now(&self) -> DateTime<FixedOffset> {
        (self.clock)()
    }

    fn unix_ms(&self) -> u64 {
        u64::try_from(self.now().timestamp_millis()).unwrap_or(0)
    }

    /// An id for a new row.
    pub fn new_id(&self) -> RowId {
        self.ids.give(self.unix_ms())
    }

    /// Whether the file can be looked at but not changed.
    pub fn read_only(&self) -> bool {
        self.read_only || self.moved.is_some()
    }

    /// How to open the same file once more, for a job beside the one who works with it; none in memory.
    pub fn once_more(&self) -> Option<impl FnOnce() -> Result<Store> + Send + use<>> {
        let (path, passphrase, clock) = (self.path.clone()?, self.passphrase.clone()?, Arc::clone(&self.clock));
        let (outside, day) = (self.outside.clone(), self.day);
        Some(move || {
            let mut store = Store::open(&path, &passphrase, clock)?;
            (store.outside, store.day) = (outside, day);
            Ok(store)
        })
    }

    /// Stops what the file is asked at the moment, from another thread; what was being changed is as it was.
    pub fn interrupter(&self) -> impl Fn() + Send + Sync + use<> {
        let handle = self.db.get_interrupt_handle();
        move || handle.interrupt()
    }

    /// What opened it; none in memory.
    pub(crate) fn passphrase(&self) -> Option<&Passphrase> {
        self.passphrase.as_ref()
    }

    /// Whether the backup of the day is due is put there when the file is closed.
    pub fn tells_at_close(&mut self, due: &Arc<AtomicBool>) {
        self.at_close = Some(Arc::clone(due));
    }

    /// Whether another program has changed the file since this was last asked.
    pub fn changed_elsewhere(&mut self) -> Result<bool> {
        let version = self.db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        let before = std::mem::replace(&mut self.data_version, version);
        if before != 0 && before != version {
            self.catch_up()?;
        }
        Ok(before != version)
    }

    /// Takes note of what another way into the file may have changed of what is held in memory: a sync may have made this
    /// installation a new site, and nothing is written as the old one any more.
    fn catch_up(&mut self) -> Result<()> {
        if self.path.is_some() && !self.read_only() {
            let keys = sites::Keys::of(&self.db, &sites::machine(self.path.as_deref()), true)?;
            self.go_on_with(keys);
        }
        self.read_worker()
    }

    /// A setting or a form's draft of this installation: encrypted like the rest, never synced.
    pub fn local(&self, key: &str) -> Result<Option<Vec<u8>>> {
        use rusqlite::OptionalExtension;
        let mut query = self.db.prepare_cached("SELECT value FROM local WHERE key = ?1")?;
        Ok(query.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Keeps (or with `None` forgets) a setting or a form's draft.
    pub fn set_local(&mut self, key: &str, value: Option<&[u8]>) -> Result<()> {
        self.writable()?;
        match value {
            Some(value) => self
                .db
                .prepare_cached("INSERT INTO local (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")?
                .execute((key, value))?,
            None => self.db.prepare_cached("DELETE FROM local WHERE key = ?1")?.execute([key])?,
        };
        Ok(())
    }

    fn writable(&self) -> Result<()> {
        self.may_write()?;
        self.watch.as_ref().map_or(Ok(()), |watch| watch.before_writing(&self.db))
    }

    /// The same for what may be taken back as if it had never been: see [`watch::Watch::before_trying`].
    fn triable(&self) -> Result<()> {
        self.may_write()?;
        self.watch.as_ref().map_or(Ok(()), |watch| watch.before_trying(&self.db))
    }

    fn may_write(&self) -> Result<()> {
        match &self.moved {
            Some(when) => Err(StoreError::Moved(when.clone())),
            None if self.read_only => Err(StoreError::ReadOnly),
            None => Ok(()),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(due) = &self.at_close {
            due.store(self.backup_is_due().unwrap_or(false), Ordering::Relaxed);
        }
        if let Some(watch) = &self.watch {
            watch.close(&self.db);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
