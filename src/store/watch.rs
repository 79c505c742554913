//! The file under an open caseload: whether it is still the one that was opened, told before anything is written to it.
//!
//! A sync tool, a backup tool or a hand may remove, move or replace a file while it is open, or copy another state over it.
//! SQLite notices none of this and writes on. So what was opened is remembered (which file, how long, when changed; which
//! WAL), and held against what the path names now: two looks at the file system, before each write, at each key and once
//! a minute. A last look is taken by the connection itself just before a change becomes valid, so that no way of
//! writing can leave it out.
//!
//! Where the main file changed, its *generation* tells whether another caseload folded the WAL into it, or something
//! else wrote there. It is read from the main file alone ([`alone`]): the WAL beside it may belong to the state before.

pub(super) mod alone;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use self::alone::{Generation, generations, in_main_file, salt, wal_length};
use super::file::{self, beside};
use super::{Passphrase, Result, Store, StoreError};

/// What became of the file that was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// It is as it was.
    Same,
    /// Another program folded the WAL into it: it is the same caseload.
    MovedOn,
    /// There is no file of that name any more. What was opened is whole as long as it stays open.
    Gone,
    /// Another file has its name, or its WAL was taken away. What was opened is whole as long as it stays open.
    Replaced,
    /// An earlier state of it was copied over it.
    SetBack,
    /// It is locked with another passphrase now: another program changed it, or a state from before such a change was copied
    /// over it.
    Rekeyed,
    /// It was cut off, or something was copied over it that is not this caseload.
    Overwritten,
}

impl Found {
    /// Whether the file can be written to.
    pub fn is_well(self) -> bool {
        matches!(self, Found::Same | Found::MovedOn)
    }

    /// What happened, in words.
    pub fn told(self) -> &'static str {
        match self {
            Found::Same | Found::MovedOn => "is as it was",
            Found::Gone => "was moved or removed",
            Found::Replaced => "was replaced",
            Found::SetBack => "was set back to an earlier state",
            Found::Rekeyed => "got another passphrase",
            Found::Overwritten => "was overwritten or cut off",
        }
    }
}

/// Generations that are kept in the file.
const KEPT: i64 = 64;
/// Generations that are remembered while it is open.
const KNOWN: usize = 4_096;
/// The WAL is folded into the main file when it is so long, in bytes: about 1,000 pages.
pub(super) const FOLD_AT: u64 = 4 << 20;
/// So long whoever closes the file waits for others who read it: a WAL that is folded in part is no use to anybody.
const AT_CLOSE: Duration = Duration::from_millis(500);
/// What looks wrong may be another program in the middle of its work: it is looked at again so often, after so long.
const AGAIN: (u32, Duration) = (12, Duration::from_millis(50));

/// Which file it is, whatever its name.
type Identity = (u64, u64);

/// What the file system tells without opening anything.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Seen {
    main: Option<Identity>,
    length: u64,
    changed: i128,
    wal: Option<Identity>,
}

#[cfg(unix)]
fn identity(found: &std::fs::Metadata) -> (Identity, i128) {
    use std::os::unix::fs::MetadataExt;
    ((found.dev(), found.ino()), i128::from(found.ctime()) * 1_000_000_000 + i128::from(found.ctime_nsec()))
}

#[cfg(not(unix))]
fn identity(found: &std::fs::Metadata) -> (Identity, i128) {
    // A file in use can be neither renamed nor removed there: what is left to tell is another one of the same name.
    let nanos = |time: std::io::Result<std::time::SystemTime>| {
        let since = time.ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        since.map_or(0, |since| since.as_nanos() as i128)
    };
    ((0, nanos(found.created()) as u64), nanos(found.modified()))
}

fn stat(path: &Path) -> Result<Option<std::fs::Metadata>> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Seen {
    fn of(path: &Path, wal: &Path) -> Result<Seen> {
        let mut seen = Seen::default();
        if let Some(found) = stat(path)? {
            let (main, changed) = identity(&found);
            (seen.main, seen.changed, seen.length) = (Some(main), changed, found.len());
        }
        seen.wal = stat(wal)?.map(|found| identity(&found).0);
        Ok(seen)
    }

    /// Whether these are other files than those that were opened; what was changed in them is another question.
    fn others(&self, opened: &Seen) -> Option<Found> {
        match (self.main, opened.main) {
            (None, _) => Some(Found::Gone),
            (main, before) if main != before => Some(Found::Replaced),
            _ if self.wal != opened.wal => Some(Found::Replaced),
            _ => None,
        }
    }
}

#[derive(Default)]
struct State {
    seen: Seen,
    /// Generations of this caseload, as far as they were met with.
    known: Vec<Generation>,
    /// The main file's own, at the last look.
    main: Option<[u8; 8]>,
    /// The WAL could not be folded as a whole: the next change begins a generation all the same.
    begin_anew: bool,
    /// What was found; from then on nothing is written.
    trouble: Option<Found>,
    /// That it is another passphrase was tried, and is so.
    tried: bool,
}

/// What a change begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    /// A WAL after a folding, and with it a generation.
    Wal,
    /// A generation in a WAL that could not be folded as a whole.
    Generation,
}

/// What was opened, to be held against what is there.
pub(super) struct Watch {
    path: PathBuf,
    wal: PathBuf,
    /// What SQLCipher keys the file with beside the passphrase: its first bytes, which stay when that is changed.
    salt: Option<[u8; 16]>,
    state: Arc<Mutex<State>>,
}

fn held(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    /// Begins with a file that was just opened; its connection looks once more itself before each change.
    pub fn begin(path: &Path, db: &Connection) -> Result<Watch> {
        let (path, wal) = (path.to_path_buf(), beside(path, "-wal"));
        let known = generations(db, "main")?;
        let mut state = State { seen: Seen::of(&path, &wal)?, known, ..State::default() };
        state.main = match wal_length(&wal) {
            0 => state.known.last().map(|last| last.stamp),
            _ => in_main_file(db, &path).ok().and_then(|there| there.last().map(|last| last.stamp)),
        };
        let state = Arc::new(Mutex::new(state));
        let (at, beside, shared) = (path.clone(), wal.clone(), Arc::clone(&state));
        db.commit_hook(Some(move || {
            let mut state = held(&shared);
            let others = Seen::of(&at, &beside).map_or(None, |now| now.others(&state.seen));
            state.trouble = state.trouble.or(others);
            state.trouble.is_some()
        }))?;
        let salt = salt(&path);
        // Now it is known to be ours: its WAL may be folded into it.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        Ok(Watch { path, wal, salt, state })
    }

    /// Looks at what is there now.
    pub fn look(&self, db: &Connection) -> Result<Found> {
        let mut state = held(&self.state);
        if let Some(found) = state.trouble {
            return Ok(found);
        }
        let now = Seen::of(&self.path, &self.wal)?;
        if now == state.seen {
            return Ok(Found::Same);
        }
        let mut found = now.others(&state.seen);
        if found.is_none() && !db.is_autocommit() {
            // In the middle of a change the rest has to wait.
            return Ok(Found::Same);
        }
        if found.is_none() {
            found = self.look_inside(db, &mut state)?;
        }
        state.trouble = found;
        Ok(found.unwrap_or(Found::MovedOn))
    }

    /// The same files, and the main one was changed: by one of us, or by somebody else? None where it is ours.
    fn look_inside(&self, db: &Connection, state: &mut State) -> Result<Option<Found>> {
        for again in 0..AGAIN.0 {
            let now = Seen::of(&self.path, &self.wal)?;
            if let Some(others) = now.others(&state.seen) {
                return Ok(Some(others));
            }
            if let Ok(there) = in_main_file(db, &self.path)
                && let Some(last) = there.last()
                && state.main.is_none_or(|main| there.iter().any(|one| one.stamp == main))
                && Seen::of(&self.path, &self.wal)? == now
            {
                (state.seen, state.main) = (now, Some(last.stamp));
                state.know(there);
                return Ok(None);
            }
            if again + 1 < AGAIN.0 {
                std::thread::sleep(AGAIN.1);
            }
        }
        if self.is_folded_in_part(db, state)? {
            state.seen = Seen::of(&self.path, &self.wal)?;
            return Ok(None);
        }
        let there = match in_main_file(db, &self.path) {
            Err(StoreError::WrongPassphrase) if self.salt.is_some() && salt(&self.path) == self.salt => {
                return Ok(Some(Found::Rekeyed));
            }
            there => there.unwrap_or_default(),
        };
        let ours = there.last().is_some_and(|last| state.known.iter().any(|known| known.stamp == last.stamp));
        Ok(Some(if ours { Found::SetBack } else { Found::Overwritten }))
    }

    /// Whether another program is on its way with folding the WAL, or was stopped on it by one that reads: the main file alone is
    /// nothing whole then, is no shorter than it was, and with its WAL it is the same caseload.
    fn is_folded_in_part(&self, db: &Connection, state: &State) -> Result<bool> {
        let there = in_main_file(db, &self.path);
        if wal_length(&self.wal) == 0 || !matches!(there, Err(StoreError::Damaged(_))) {
            return Ok(false);
        }
        let now = Seen::of(&self.path, &self.wal)?;
        let through_wal = generations(db, "main").unwrap_or_default();
        let knows = |one: &Generation| state.main.is_none_or(|main| main == one.stamp);
        Ok(now.others(&state.seen).is_none() && now.length >= state.seen.length && through_wal.iter().any(knows))
    }

    /// What is asked before anything is written: that the file is what was opened, and that its main file's state has a
    /// generation of its own once the WAL is begun.
    pub fn before_writing(&self, db: &Connection) -> Result<()> {
        self.before_trying(db)?;
        if !db.is_autocommit() || self.begins().is_none() {
            return Ok(());
        }
        // Only one of several programs does it, and no WAL is folded meanwhile.
        db.execute_batch("BEGIN IMMEDIATE")?;
        let done = self.begins().map_or(Ok(()), |begins| self.begin_generation(db, begins));
        db.execute_batch(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        done
    }

    /// What is asked before something that may be taken back: that the file is what was opened. Whoever keeps it asks
    /// [`Watch::begins`] once its transaction is begun, and before its end begins the generation in it.
    pub fn before_trying(&self, db: &Connection) -> Result<()> {
        let found = self.look(db)?;
        if found.is_well() { Ok(()) } else { Err(StoreError::UnderFeet(found)) }
    }

    /// What the next change begins, if anything.
    pub fn begins(&self) -> Option<Begins> {
        match wal_length(&self.wal) {
            0 => Some(Begins::Wal),
            _ => held(&self.state).begin_anew.then_some(Begins::Generation),
        }
    }

    /// Begins a generation, in the transaction of the first change after a folding.
    pub fn begin_generation(&self, db: &Connection, begins: Begins) -> Result<()> {
        let mut state = held(&self.state);
        db.execute(
            "INSERT INTO generation (n, stamp, base)
             SELECT n + 1, randomblob(8), CASE WHEN ?1 THEN base ELSE n END FROM generation ORDER BY n DESC LIMIT 1",
            [begins == Begins::Generation],
        )?;
        db.execute("DELETE FROM generation WHERE n <= (SELECT max(n) FROM generation) - ?1", [KEPT])?;
        state.begin_anew = false;
        let now = generations(db, "main")?;
        state.know(now);
        Ok(())
    }

    /// Folds the WAL into the main file; waits so long for others who stand in the way.
    pub fn fold(&self, db: &Connection, patience: Duration) -> Result<()> {
        if wal_length(&self.wal) == 0 || !db.is_autocommit() || !self.look(db)?.is_well() {
            return Ok(());
        }
        db.busy_timeout(patience)?;
        let whole = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        file::wait_for_others(db)?;
        let mut state = held(&self.state);
        state.begin_anew |= !whole.is_ok_and(|busy| busy == 0);
        let now = Seen::of(&self.path, &self.wal)?;
        if now.others(&state.seen).is_none()
            && let Some(last) = generations(db, "main")?.last()
        {
            (state.seen, state.main) = (now, Some(last.stamp));
        }
        Ok(())
    }

    /// What was found is told to be something else.
    fn is(&self, found: Found) -> Found {
        held(&self.state).trouble = Some(found);
        found
    }

    pub fn wal_length(&self) -> u64 {
        wal_length(&self.wal)
    }

    /// Lets go of a file that is not ours any more: closing it folds nothing into what has its name now, and leaves the rest
    /// beside it alone.
    pub fn let_go(&self, db: &Connection) -> Result<()> {
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(())
    }

    /// The last act: folds what was written, or lets go of what is not ours.
    pub fn close(&self, db: &Connection) {
        match self.look(db) {
            Ok(found) if found.is_well() => drop(self.fold(db, AT_CLOSE)),
            _ => drop(self.let_go(db)),
        }
    }

    /// Whether the WAL that was opened still has its name.
    pub fn has_its_wal(&self) -> bool {
        let wal = stat(&self.wal).ok().flatten().map(|found| identity(&found).0);
        wal.is_some() && wal == held(&self.state).seen.wal
    }
}

impl State {
    fn know(&mut self, there: Vec<Generation>) {
        for one in there {
            if !self.known.iter().any(|known| known.stamp == one.stamp) {
                self.known.push(one);
            }
        }
        let too_many = self.known.len().saturating_sub(KNOWN);
        self.known.drain(..too_many);
    }
}

impl Store {
    /// What an error of the file comes from, once more is asked than SQLite tells: SQLCipher gives one and the same for a page
    /// that does not pass its check and for a machine without memory, and most of them for another passphrase.
    pub fn diagnosed(&self, error: StoreError) -> StoreError {
        let of_pages = matches!(error, StoreError::PageCheck | StoreError::Damaged(_) | StoreError::Sqlite(_));
        if !of_pages {
            return error;
        }
        match (self.look(), &self.watch) {
            (Ok(found), _) if !found.is_well() => return StoreError::UnderFeet(found),
            // Changed a moment ago, and not in the main file yet.
            (_, Some(watch)) if matches!(in_main_file(&self.db, &watch.path), Err(StoreError::WrongPassphrase)) => {
                return StoreError::UnderFeet(Found::Rekeyed);
            }
            _ => {}
        }
        let (Some(path), Some(passphrase)) = (self.path(), self.passphrase()) else { return error };
        match file::damaged_pages(path, passphrase) {
            Err(StoreError::WrongPassphrase) => StoreError::UnderFeet(Found::Rekeyed),
            Ok(0) if matches!(error, StoreError::PageCheck) => StoreError::Memory,
            Ok(0) | Err(_) => error,
            Ok(_) => StoreError::DamagedPage,
        }
    }

    /// Opens the same file with the passphrase that it has now. Where that does not open it, nothing has changed.
    pub fn unlock_again(&mut self, passphrase: &Passphrase) -> Result<()> {
        let Some(path) = self.path.clone() else { return Ok(()) };
        if let Some(watch) = &self.watch {
            watch.let_go(&self.db)?;
        }
        let mut fresh = Store::open(&path, passphrase, self.clock.clone())?;
        (fresh.at_close, fresh.day) = (self.at_close.take(), self.day);
        if let Some(folder) = self.outside.as_deref().and_then(Path::parent) {
            fresh.hold_against(folder)?;
        }
        drop(std::mem::replace(self, fresh));
        Ok(())
    }

    /// What became of the file since it was opened. In memory it is always the same.
    ///
    /// # Errors
    /// What the file system says where it does not even tell that.
    pub fn look(&self) -> Result<Found> {
        let Some(watch) = &self.watch else { return Ok(Found::Same) };
        let found = watch.look(&self.db)?;
        // Trying a passphrase takes its time: once is enough.
        if found == Found::Rekeyed
            && !std::mem::replace(&mut held(&watch.state).tried, true)
            && let (Some(path), Some(passphrase)) = (self.path(), self.passphrase())
            && !matches!(file::opens(path, passphrase), Err(StoreError::WrongPassphrase))
        {
            // It is the same one; what does not open is damaged.
            return Ok(watch.is(Found::Overwritten));
        }
        Ok(found)
    }

    /// Folds the WAL into the main file: when hands rest, and when it grew long.
    pub fn fold(&self) -> Result<()> {
        self.watch.as_ref().map_or(Ok(()), |watch| watch.fold(&self.db, Duration::ZERO))
    }
}
