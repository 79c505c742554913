//! When the file under an open caseload is not what was opened any more (see [`super::watch`]): what was done is brought to
//! where it lasts, and it is said where.
//!
//! The promise: nothing is written to what is not ours; nothing that was acknowledged is let go before it lies somewhere
//! else, whole and encrypted; what lies at the old name is left as it is.
//!
//! - Moved, removed or replaced: what was opened is whole as long as it is open. All of it goes into a new file beside
//!   it, which is a new installation, vouched for by this one: the old name may come back.
//! - An earlier state copied over it: that one is opened, without the WAL of the state before, and takes back what was
//!   written here since the caseload was opened. What does not follow on what is there waits in a bundle beside it.
//! - Cut off, or something else copied over it: the newest backup becomes a new file, and takes back the same.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use crate::model::RowId;

use super::check::follows;
use super::file::{self, beside, put_meta};
use super::journal::{self, Batch};
use super::places::Range;
use super::sites::Keys;
use super::watch::{FOLD_AT, Found, alone};
use super::{Clock, Passphrase, Result, Staged, Store, StoreError, Worker, backup, erase, projection};

/// So much of what was written since the caseload was opened is kept in memory, in bytes, and so many batches.
const MOST: (usize, i64) = (8 << 20, 20_000);
/// How a time is written into a name.
pub(super) const TIME: &str = "%Y%m%d-%H%M%S";
/// Bytes that a batch takes beside its body, about.
const BESIDE_BODY: usize = 400;

/// What this installation wrote since the caseload was opened, as it was signed.
#[derive(Default)]
pub(super) struct Session {
    /// The last batch that was looked at, in the order of arrival.
    last: i64,
    batches: VecDeque<Batch>,
    bytes: usize,
    /// Where it lies sealed, once it had to be.
    sealed: Option<PathBuf>,
}

/// What a rescue did.
#[derive(Clone, Debug, PartialEq)]
pub struct Rescue {
    pub found: Found,
    /// The name that was worked under.
    pub before: PathBuf,
    /// The file that is worked in from here on; none where nothing can be saved now.
    pub file: Option<PathBuf>,
    /// Changes of this session that were taken back.
    pub taken: usize,
    /// A bundle with what could not be, to be imported later.
    pub waiting: Option<PathBuf>,
}

/// Writes these entries of a caseload into a new bundle that opens with the caseload's own passphrase.
pub type Sealer<'a> = &'a dyn Fn(&Store, &[Range], &Path) -> Result<()>;

impl Session {
    /// Begins after what is in the file now.
    pub fn begin(db: &Connection) -> Result<Session> {
        Ok(Session { last: last_batch(db)?, ..Session::default() })
    }
}

fn last_batch(db: &Connection) -> Result<i64> {
    Ok(db.prepare_cached("SELECT coalesce(max(n), 0) FROM batch")?.query_row([], |row| row.get(0))?)
}

impl Store {
    /// What follows on every change that was written. It is on the disk: nothing of this takes that back.
    pub(super) fn after_writing(&mut self) {
        let Some(watch) = &self.watch else { return };
        let long = watch.wal_length() > FOLD_AT;
        // What cannot be read now is read after the next change.
        let _ = self.remember();
        if long {
            // Where others stand in the way, the next change tries again.
            let _ = self.fold();
        }
    }

    /// Takes note of what was just written.
    fn remember(&mut self) -> Result<()> {
        let last = last_batch(&self.db)?;
        let from = self.session.last.min(last).max(last - MOST.1);
        let (site, session) = (self.site, &mut self.session);
        journal::each(&self.db, from, &mut |batch| {
            if batch.header.site == site {
                session.bytes += batch.body.len() + BESIDE_BODY;
                session.batches.push_back(batch);
            }
            while session.bytes > MOST.0 {
                let Some(oldest) = session.batches.pop_front() else { break };
                session.bytes -= oldest.body.len() + BESIDE_BODY;
            }
            Ok(())
        })?;
        self.session.last = last;
        Ok(())
    }

    /// Brings what was done to where it lasts, once [`Store::look`] found that the file is not what was opened. None where
    /// it is. From then on this is the caseload in the file that the answer names; where it names none, it takes no more
    /// writing.
    ///
    /// # Errors
    /// What stands in its way: a full disk, a folder that may not be written to. Then it can be tried again.
    pub fn rescue(&mut self, seal: Sealer<'_>) -> Result<Option<Rescue>> {
        let found = self.look()?;
        // With its new passphrase it is the same caseload: see [`Store::unlock_again`].
        let is_here = found.is_well() || found == Found::Rekeyed;
        let Some(before) = self.path.clone().filter(|_| !is_here) else { return Ok(None) };
        if let Some(watch) = &self.watch {
            watch.let_go(&self.db)?;
        }
        match found {
            Found::Gone | Found::Replaced => self.rescue_whole(found, before).map(Some),
            _ => {
                let waiting = self.seal_session(&before, seal)?;
                let fits = match found {
                    Found::SetBack => self.open_what_is_there(&before)?,
                    _ => None,
                };
                let fresh = match fits {
                    Some(fresh) => Some(fresh),
                    None => self.go_back_to_backup(&before)?,
                };
                self.go_on_in(fresh, Rescue { found, before, file: None, taken: 0, waiting }).map(Some)
            }
        }
    }

    /// All of what is still open, in a new file beside the one that was opened.
    fn rescue_whole(&mut self, found: Found, before: PathBuf) -> Result<Rescue> {
        let draft = place_for(&before)?;
        drop(crate::files::new_file(&draft.path)?);
        let to =
            draft.path.to_str().ok_or_else(|| StoreError::Write("its folder has no name that can be used".into()))?;
        self.db.execute("VACUUM INTO ?1", [to])?;
        std::fs::File::open(&draft.path)?.sync_all()?;
        let name = named(&draft, &before, &self.stamped(), "db")?;
        let fresh = self.open_beside(&name)?;
        // What belongs to the file that is gone is not to be taken for another's that gets its name.
        if self.watch.as_ref().is_some_and(|watch| watch.has_its_wal()) {
            for ending in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(beside(&before, ending));
            }
        }
        self.go_on_in(Some(fresh), Rescue { found, before, file: None, taken: 0, waiting: None })
    }

    /// What this session wrote, in a bundle beside the file; none where it wrote nothing.
    fn seal_session(&mut self, before: &Path, seal: Sealer<'_>) -> Result<Option<PathBuf>> {
        if self.session.sealed.is_some() || self.session.batches.is_empty() {
            return Ok(self.session.sealed.clone());
        }
        let vessel = self.vessel()?;
        let mut ranges: Vec<Range> = Vec::new();
        for batch in &self.session.batches {
            let (header, next) = (&batch.header, batch.header.first + batch.count);
            match ranges.iter_mut().find(|(stream, ..)| *stream == header.stream) {
                Some(range) => range.3 = range.3.max(next),
                None => ranges.push((header.stream, header.site, header.first, next)),
            }
        }
        let draft = place_for(before)?;
        seal(&vessel, &ranges, &draft.path)?;
        let name = named(&draft, before, &self.stamped(), "bundle")?;
        self.session.sealed = Some(name.clone());
        Ok(Some(name))
    }

    /// A caseload in memory that holds this installation's keys and what it wrote in this session.
    fn vessel(&self) -> Result<Store> {
        let db = Connection::open_in_memory()?;
        let keys = Some(self.keys.again());
        let (mut vessel, _) = Store::set_up(db, None, &self.worker, keys, self.clock.clone())?;
        vessel.passphrase = self.passphrase.clone();
        for batch in &self.session.batches {
            journal::insert(&vessel.db, batch, &batch.entries()?)?;
        }
        Ok(vessel)
    }

    /// The earlier state that lies at the same name; none where it does not open.
    fn open_what_is_there(&mut self, before: &Path) -> Result<Option<Store>> {
        // Of the one that it was no page is to come in, nor is its WAL to be folded into this one: it is closed first.
        self.db = Connection::open_in_memory()?;
        set_wal_aside(before, &self.now().format(TIME).to_string())?;
        match self.open_beside(before) {
            Ok(fresh) => Ok(Some(fresh)),
            Err(StoreError::WrongPassphrase | StoreError::NotACaseload { .. } | StoreError::Damaged(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A new file made of the newest backup that opens; none where there is none.
    fn go_back_to_backup(&mut self, before: &Path) -> Result<Option<Store>> {
        let Some(passphrase) = self.passphrase.clone() else { return Ok(None) };
        let identity = self.keys.identity()?;
        let Some(chain) = backup::newest_that_opens(&before.with_file_name("backups"), &identity) else {
            return Ok(None);
        };
        let Some((worker, recovery)) = chain.first().map(|(_, one)| (one.head.worker, one.head.recovery.clone()))
        else {
            return Ok(None);
        };
        let draft = place_for(before)?;
        let (keys, who, clock) = (self.keys.again(), Worker::unnamed(worker), self.clock.clone());
        let made =
            Store::create_with(&draft.path, |db, path| Store::set_up(db, path, &who, Some(keys), clock), &passphrase);
        let (mut store, _) = made?;
        store.fill_from(chain)?;
        put_meta(&store.db, "recovery", recovery.as_bytes())?;
        drop(store);
        let name = named(&draft, before, &self.stamped(), "db")?;
        self.open_beside(&name).map(Some)
    }

    /// Opens a file that takes the place of this one, as this one was opened.
    fn open_beside(&self, path: &Path) -> Result<Store> {
        let passphrase = self.passphrase.clone().ok_or(StoreError::WrongPassphrase)?;
        let mut fresh = Store::open(path, &passphrase, self.clock.clone())?;
        (fresh.at_close, fresh.day) = (self.at_close.clone(), self.day);
        Ok(fresh)
    }

    /// From here on this is what was opened in its place; it takes back what was written in this session.
    fn go_on_in(&mut self, fresh: Option<Store>, mut rescue: Rescue) -> Result<Rescue> {
        let Some(mut fresh) = fresh else { return Ok(rescue) };
        let folder = self.outside.as_deref().and_then(Path::parent).map(Path::to_path_buf);
        let (taken, left) = fresh.take_back(self.session.batches.make_contiguous())?;
        rescue.taken = taken;
        if left > 0 {
            fresh.go_on_elsewhere()?;
        } else if let Some(waiting) = rescue.waiting.take() {
            // All of it is where it belongs, and on the disk.
            let _ = std::fs::remove_file(waiting);
        }
        if let Some(folder) = folder {
            fresh.hold_against(&folder)?;
        }
        rescue.file = fresh.path.clone();
        drop(std::mem::replace(self, fresh));
        Ok(rescue)
    }

    /// What follows on opening a file that was set back behind the back of a program that was killed: it takes back what could
    /// be read of what was last written, and goes on as another installation, for there may have been more.
    pub(super) fn after_set_back(&mut self, batches: &[Batch]) -> Result<()> {
        self.take_back(batches)?;
        self.go_on_elsewhere()?;
        self.note_set_back()
    }

    /// Enters again what was written in a session, as far as it follows on what is here or is here already. Gives how many
    /// batches are in, and how many are not.
    fn take_back(&mut self, batches: &[Batch]) -> Result<(usize, usize)> {
        self.writable()?;
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (mut taken, mut left, mut streams) = (0, 0, BTreeSet::<RowId>::new());
        for batch in batches {
            let header = &batch.header;
            let mut end = journal::chain_end(&transaction, header.stream, header.site)?;
            let next = header.first + batch.count;
            if end.next >= next {
                let here = journal::chain_end_at(&transaction, header.stream, header.site, next)?;
                *(if here.is_some_and(|here| here.hash == batch.hash) { &mut taken } else { &mut left }) += 1;
            } else if end.next == header.first && follows(&mut end, batch).is_ok() {
                journal::insert(&transaction, batch, &batch.entries()?)?;
                streams.insert(header.stream);
                taken += 1;
            } else {
                left += 1;
            }
        }
        for stream in streams {
            projection::make_stream_again(&transaction, stream)?;
            erase::carry_out(&transaction, stream, true)?;
        }
        transaction.commit()?;
        self.read_worker()?;
        Ok((taken, left))
    }

    fn stamped(&self) -> String {
        format!("rescued-{}", self.now().format(TIME))
    }
}

/// Gives a finished file a name of its own beside the caseload: how it came into being, and when.
pub(super) fn named(draft: &Staged, before: &Path, label: &str, ending: &str) -> Result<PathBuf> {
    let stem = left::stem(before);
    let folder = draft.path.parent().unwrap_or(Path::new(""));
    let names = std::iter::once(format!("{stem}-{label}.{ending}"));
    for name in names.chain((2..1_000).map(|n| format!("{stem}-{label}-{n}.{ending}"))) {
        let path = folder.join(name);
        if crate::files::settle(&draft.path, &path)? {
            return Ok(path);
        }
    }
    Err(StoreError::Exists(folder.join(format!("{stem}-{label}.{ending}"))))
}

/// Where something can be written: beside the file, or where its folder is gone, in the user's own.
fn place_for(before: &Path) -> Result<Staged> {
    let beside = Staged::beside(Some(before));
    let Some(name) = before.file_name().filter(|_| beside.is_err()) else { return Ok(beside?) };
    match directories::BaseDirs::new().map(|own| own.home_dir().join(name)) {
        Some(home) => Staged::beside(Some(&home)).or(beside).map_err(StoreError::from),
        None => Ok(beside?),
    }
}

/// Lays the WAL of another state of the main file aside, under a name that says what it is. It is encrypted like the rest.
pub(super) fn set_wal_aside(path: &Path, time: &str) -> Result<()> {
    let wal = beside(path, "-wal");
    if !std::fs::metadata(&wal).is_ok_and(|found| found.len() > 0) {
        let _ = std::fs::remove_file(&wal);
    } else {
        let name = |n: u32| match n {
            1 => beside(path, &format!("-wal-set-aside-{time}")),
            n => beside(path, &format!("-wal-set-aside-{time}-{n}")),
        };
        let free = (1..1_000).map(name).find(|name| name.symlink_metadata().is_err());
        std::fs::rename(&wal, free.unwrap_or_else(|| name(1_000)))?;
    }
    match std::fs::remove_file(beside(path, "-shm")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Where a program was killed and its file set back before the next one opens it, the WAL beside it belongs to the state
/// before: SQLite would mix the two. It is laid aside, and the file opened without it. Gives what could be read of what
/// was last written; none where the WAL is the file's own.
pub(super) fn set_stale_wal_aside(
    db: &mut Connection,
    path: &Path,
    passphrase: &Passphrase,
    clock: &Clock,
) -> Result<Option<Vec<Batch>>> {
    if !alone::is_stale(db, path)? {
        return Ok(None);
    }
    let batches = readable(db, alone::last_in_main_file(db, path).unwrap_or(0));
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    *db = Connection::open_in_memory()?;
    set_wal_aside(path, &clock().format(TIME).to_string())?;
    *db = file::connect(path, false)?;
    file::unlock(db, passphrase)?;
    Ok(Some(batches))
}

/// Lays the WAL beside a file aside that did not open, where the file opens without it: it is another file's, that had this
/// name before, and SQLite would mix the two. Says whether it did.
pub(super) fn set_anothers_wal_aside(
    path: &Path,
    passphrase: &Passphrase,
    clock: &Clock,
    error: &StoreError,
) -> Result<bool> {
    let wal = beside(path, "-wal");
    let is_anothers = match error {
        StoreError::PageCheck | StoreError::Damaged(_) => std::fs::metadata(&wal).is_ok_and(|wal| wal.len() > 0),
        // With the same salt it is the file's own, which got another passphrase a moment ago.
        StoreError::WrongPassphrase => alone::has_another_salt(path, &wal),
        _ => false,
    };
    if !is_anothers || !alone::opens_alone(path, passphrase) {
        return Ok(false);
    }
    set_wal_aside(path, &clock().format(TIME).to_string())?;
    Ok(true)
}

/// The batches after a place in the order of arrival, up to the first that cannot be read.
fn readable(db: &Connection, after: i64) -> Vec<Batch> {
    let mut batches = Vec::new();
    let _ = journal::each(db, after, &mut |batch| {
        batches.push(batch);
        Ok(())
    });
    batches
}

impl Keys {
    /// The same keys once more.
    fn again(&self) -> Keys {
        Keys { signing: self.signing.clone(), sealing: self.sealing.clone() }
    }
}

mod left;

pub use left::Left;

#[cfg(test)]
mod tests;
