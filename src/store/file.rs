//! A caseload on disk: made, unlocked, and told from every other kind of file.
//!
//! The file is SQLCipher's, opened by the passphrase alone, so that any SQLCipher tool can open it too. Nothing of it
//! is ever written in the clear: temporary tables stay in memory, and SQLCipher's own log is off before the key is given.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::files::InUse;
use crate::model::records::worker;
use crate::model::{Change, Hlc, Ids, RowId};

use super::backup::RecoveryKey;
use super::moving::MOVED;
use super::rescue::{self, Session};
use super::schema;
use super::sites::{self, Keys};
use super::to_read;
use super::watch::Watch;
use super::{Clock, Result, Store, StoreError, access};

/// SQLCipher's page, in bytes.
pub(super) const PAGE: u64 = 4096;

/// How long a program waits for another one that writes, and after how long it looks again: often, for whoever writes much
/// one piece after another gives way for [`GIVES_WAY`] only.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
const LOOKS_AGAIN: Duration = Duration::from_millis(5);
pub(super) const GIVES_WAY: Duration = Duration::from_millis(25);

/// Lets a connection wait for other programs for as long as [`PATIENCE`] lasts.
pub(super) fn wait_for_others(db: &Connection) -> rusqlite::Result<()> {
    db.busy_handler(Some(|looked| {
        std::thread::sleep(LOOKS_AGAIN);
        LOOKS_AGAIN * looked.unsigned_abs() < PATIENCE
    }))
}

/// A passphrase; wiped from memory when dropped, and never shown.
#[derive(Clone, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct Passphrase(String);

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Passphrase(..)")
    }
}

impl Passphrase {
    /// One to open something with, whatever it was locked with.
    pub fn new(text: impl Into<String>) -> Passphrase {
        Passphrase(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Why nothing can be locked with it, whatever it is.
    fn impossible(&self) -> Option<&'static str> {
        let letters = self.0.as_str();
        // SQLCipher would take it for the key itself, and derive none.
        let quoted = letters.strip_prefix(['x', 'X']).and_then(|rest| rest.strip_prefix('\'')?.strip_suffix('\''));
        match quoted {
            _ if letters.trim().is_empty() => Some("It is empty."),
            // Or would end at the first of them.
            _ if letters.contains('\0') => Some("It has a character that cannot be typed."),
            Some(inner) if inner.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Some("It has the form of a raw key, x'...', which is no passphrase.")
            }
            _ => None,
        }
    }
}

/// The fewest characters of a new passphrase.
const SHORTEST: usize = 8;

/// Why something new is not to be locked or sealed with a passphrase, in words that do not repeat it; none where it will do.
/// The same on the screen and at the command line.
pub fn unfit(passphrase: &str) -> Option<String> {
    if passphrase.chars().count() < SHORTEST {
        let least =
            format!("A passphrase needs at least {SHORTEST} characters. Four or five unrelated words are good.");
        return Some(least);
    }
    if passphrase.chars().any(char::is_control) {
        return Some("A passphrase is one line without control characters.".into());
    }
    Passphrase::new(passphrase).impossible().map(String::from)
}

/// Whether others than its owner may read a file, as far as the system tells.
pub fn others_can_read(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// The first line of a file that holds a secret, or of what is handed through a pipe. A name that is no file is not repeated:
/// it may be the secret itself, put where its file was to be named.
pub fn read_secret(path: &Path) -> Result<Zeroizing<String>> {
    let text = read_text(path, MOST_SECRET).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::InvalidFilename => std::io::Error::new(
            error.kind(),
            "There is no file by the name that was given for a passphrase or a key. Write it into a file of your own, and \
             name that.",
        ),
        kind => std::io::Error::new(kind, format!("Cannot read {}: {error}", path.display())),
    })?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or("").to_string()))
}

/// Bytes of a file with a passphrase or a key.
const MOST_SECRET: u64 = 64 << 10;

/// A small file of text, or what is handed through a pipe, as any editor saves it: UTF-8 or UTF-16, with or without a mark.
///
/// # Errors
/// Where it cannot be read, is larger than `most` bytes, or is no text.
pub fn read_text(path: &Path, most: u64) -> std::io::Result<Zeroizing<String>> {
    crate::files::handed(path, most).and_then(text_of)
}

/// The text that the bytes of a small file are.
///
/// # Errors
/// Where they are no text.
pub fn text_of(bytes: Vec<u8>) -> std::io::Result<Zeroizing<String>> {
    let no_text = || std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not text: save it as UTF-8");
    crate::model::text::decoded(&Zeroizing::new(bytes)).map(Zeroizing::new).ok_or_else(no_text)
}

/// Unlocks a caseload with the passphrase in a file. One that was locked by an earlier version with the very mark that an
/// editor put in front of the passphrase opens too.
pub fn open_by_file(path: &Path, secret: &Path, clock: Clock) -> Result<(Store, Passphrase)> {
    let letters = read_secret(secret)?;
    let opened = |passphrase: Passphrase, clock| Ok((Store::open(path, &passphrase, clock)?, passphrase));
    match opened(Passphrase::new(letters.as_str()), clock.clone()) {
        Err(StoreError::WrongPassphrase) if std::fs::read(secret)?.starts_with(b"\xef\xbb\xbf") => {
            opened(Passphrase::new(format!("\u{feff}{}", *letters)), clock)
        }
        other => other,
    }
}

/// Makes the folder that a file is to stand in, where there is none, for its owner only.
pub fn make_folder_for(file: &Path) -> Result<()> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) else {
        return Ok(());
    };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(folder)?)
}

/// What is weak about a passphrase, in words; `None` for one that would stand for years.
pub fn weakness(passphrase: &str) -> Option<String> {
    // The file's key derivation makes every guess slow: a hundred a second is a generous thief.
    let estimate = zxcvbn::zxcvbn(passphrase, &[]);
    let time = match estimate.guesses_log10() {
        guesses if guesses >= 11.0 => return None,
        guesses if guesses >= 9.0 => "some months",
        guesses if guesses >= 7.0 => "a day or two",
        _ => "minutes",
    };
    Some(format!("This would fall in {time} to someone with the laptop. Four or five unrelated words are better."))
}

/// Who uses this file.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    pub id: RowId,
    pub name: String,
    /// As written after the name: "LCSW, CCM".
    pub credentials: String,
    /// The code of a practice area, or empty.
    pub area: String,
}

impl Store {
    /// Makes a new file, mode 0600, with its worker, its site's key and its recovery key. Refuses where there is a
    /// file already; leaves none behind if it fails.
    pub fn create(path: &Path, passphrase: &Passphrase, worker: &Worker, clock: Clock) -> Result<(Store, RecoveryKey)> {
        let made = |db, path| {
            let (mut store, recovery) = Store::set_up(db, path, worker, None, clock)?;
            store.introduce()?;
            store.passphrase = Some(passphrase.clone());
            Ok((store, recovery))
        };
        Store::create_with(path, made, passphrase)
    }

    /// A caseload in memory, gone when it is dropped: for the demo and for tests.
    pub fn in_memory(worker: &Worker, clock: Clock) -> Result<Store> {
        let (mut store, _) = Store::set_up(Connection::open_in_memory()?, None, worker, None, clock)?;
        store.introduce()?;
        Ok(store)
    }

    /// Makes the file that `make` then fills.
    pub(super) fn create_with<T>(
        path: &Path,
        make: impl FnOnce(Connection, Option<PathBuf>) -> Result<T>,
        passphrase: &Passphrase,
    ) -> Result<T> {
        if let Some(why) = passphrase.impossible() {
            return Err(StoreError::UnfitPassphrase(why));
        }
        crate::files::new_file(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => StoreError::Exists(path.into()),
            _ => error.into(),
        })?;
        // One of a file that had this name before: SQLite would take it away, and what was last written is in it.
        rescue::set_wal_aside(path, &crate::store::wall_clock()().format(rescue::TIME).to_string())?;
        let made = connect(path, false).and_then(|db| {
            unlock(&db, passphrase)?;
            make(db, Some(path.into()))
        });
        if made.is_err() {
            remove(path);
        }
        made
    }

    /// A caseload with its site's key (a new one, or one that moved here) and a recovery key, and nothing in its journal.
    pub(super) fn set_up(
        mut db: Connection,
        path: Option<PathBuf>,
        who: &Worker,
        keys: Option<Keys>,
        clock: Clock,
    ) -> Result<(Store, RecoveryKey)> {
        prepare(&db)?;
        db.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
        schema::migrate(&mut db)?;
        let recovery = RecoveryKey::generate();
        let transaction = db.transaction()?;
        schema::create_projection(&transaction)?;
        let machine = sites::machine(path.as_deref());
        let keys = match keys {
            Some(keys) => {
                keys.put(&transaction, &machine, &keys.site(&who.name)?)?;
                keys
            }
            None => Keys::mint(&transaction, &machine, &who.name, None)?,
        };
        let site = keys.id();
        put_meta(&transaction, "recovery", recovery.recipient()?.as_bytes())?;
        put_meta(&transaction, "worker", who.id.as_bytes())?;
        access::sign_end(&transaction, &keys)?;
        transaction.commit()?;
        let (worker, hlc) = (who.clone(), Hlc::default());
        let in_use = path.as_deref().map(InUse::of).transpose()?;
        let mut store = Store {
            db,
            path,
            read_only: false,
            clock,
            worker,
            site,
            ids: Ids::new(),
            keys,
            hlc,
            passphrase: None,
            moved: None,
            at_close: None,
            data_version: 0,
            outside: None,
            day: None,
            watch: None,
            session: Session::default(),
            gathered: None,
            _in_use: in_use,
        };
        store.begin_watch()?;
        Ok((store, recovery))
    }

    /// The first entries of a new caseload: who its worker is.
    fn introduce(&mut self) -> Result<()> {
        let who = self.worker.clone();
        let mut change = Change::new("set up");
        change
            .create(&worker::TYPE, who.id, who.id)
            .set(who.id, worker::name, who.name.as_str())
            .set(who.id, worker::credentials, who.credentials.as_str())
            .set(who.id, worker::area, who.area.as_str());
        self.commit(&change)?;
        self.changed_elsewhere()?;
        Ok(())
    }

    /// Unlocks an existing file. Anything that is not one is told apart and left untouched.
    pub fn open(path: &Path, passphrase: &Passphrase, clock: Clock) -> Result<Store> {
        Store::open_as(path, passphrase, clock, true)
    }

    /// Unlocks a copy that is only to be read from: it gets no keys of its own, so that no installation comes into being.
    pub fn open_copy(path: &Path, passphrase: &Passphrase, clock: Clock) -> Result<Store> {
        Store::open_as(path, passphrase, clock, false)
    }

    fn open_as(path: &Path, passphrase: &Passphrase, clock: Clock, is_home: bool) -> Result<Store> {
        look_at(path)?;
        // From before the connection is made; the store keeps its own note of it.
        let _in_use = InUse::of(path)?;
        if !to_read::may_write(path) {
            return Store::open_with(to_read::open(path, passphrase)?, path, passphrase, clock, (true, false));
        }
        let open = || {
            let opened = connect(path, false).and_then(|db| unlock(&db, passphrase).map(|()| db));
            opened.and_then(|db| Store::open_with(db, path, passphrase, clock.clone(), (false, is_home)))
        };
        match open() {
            Err(error) if rescue::set_anothers_wal_aside(path, passphrase, &clock, &error)? => open(),
            // A full disk, or a folder that is not ours: what is there can be read all the same.
            Err(error) if to_read::is_of_the_place(&error) => match to_read::open(path, passphrase) {
                Ok(db) => Store::open_with(db, path, passphrase, clock, (true, false)),
                Err(_) => Err(error),
            },
            opened => opened,
        }
    }

    fn open_with(
        mut db: Connection,
        path: &Path,
        passphrase: &Passphrase,
        clock: Clock,
        (read_only, is_home): (bool, bool),
    ) -> Result<Store> {
        let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
        if application != schema::APPLICATION_ID {
            return Err(not_a_caseload(path, "it is another program's encrypted database"));
        }
        let left = if read_only { None } else { rescue::set_stale_wal_aside(&mut db, path, passphrase, &clock)? };
        whole(&db, path)?;
        if !read_only {
            prepare(&db)?;
            owner_only(path);
            schema::migrate(&mut db)?;
        } else {
            db = to_read::as_of_this_version(db, path, passphrase)?;
        }
        let moved: Option<Vec<u8>> =
            db.query_row("SELECT value FROM local WHERE key = ?1", [MOVED], |row| row.get(0)).optional()?;
        let moved = moved.map(|when| String::from_utf8_lossy(&when).into_owned());
        let (machine, may_write) = (sites::machine(Some(path)), is_home && !read_only && moved.is_none());
        if may_write {
            sites::known_before(&db, &machine, &sites::machine_before(Some(path)))?;
        }
        let keys = Keys::of(&db, &machine, may_write)?;
        let site = keys.id();
        let id = RowId::from_bytes(meta(&db, "worker")?.try_into().map_err(|_| missing("its worker"))?);
        let last: i64 = db
            .query_row("SELECT hlc FROM batch ORDER BY n DESC LIMIT 1", [], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        let (worker, hlc) = (Worker::unnamed(id), Hlc(last as u64));
        let in_use = InUse::of(path)?;
        let mut store = Store {
            db,
            path: Some(path.into()),
            read_only,
            clock,
            worker,
            site,
            ids: Ids::new(),
            keys,
            hlc,
            passphrase: Some(passphrase.clone()),
            moved,
            at_close: None,
            data_version: 0,
            outside: None,
            day: None,
            watch: None,
            session: Session::default(),
            gathered: None,
            _in_use: Some(in_use),
        };
        store.begin_watch()?;
        // Stamps from elsewhere may lie ahead of our last: take note of them within bounds.
        store.hlc = Hlc::default().observe(store.hlc, store.unix_ms());
        if !read_only && meta(&store.db, "projection")? != schema::fingerprint() {
            store.rebuild()?;
        }
        store.read_worker()?;
        store.changed_elsewhere()?;
        if let Some(left) = left {
            store.after_set_back(&left)?;
        }
        Ok(store)
    }

    /// Begins to hold the file against what it was when it was opened.
    fn begin_watch(&mut self) -> Result<()> {
        if let Some(path) = self.path.as_deref().filter(|_| !self.read_only) {
            self.watch = Some(Watch::begin(path, &self.db)?);
            self.session = Session::begin(&self.db)?;
        }
        Ok(())
    }

    /// Reads who the worker is from their row.
    pub(super) fn read_worker(&mut self) -> Result<()> {
        if let Some(row) = self.row_of(&worker::TYPE, self.worker.id)? {
            self.worker.name = row.text(worker::name).into();
            self.worker.credentials = row.text(worker::credentials).into();
            self.worker.area = row.text(worker::area).into();
        }
        Ok(())
    }

    /// Encrypts the whole file with another passphrase.
    pub fn change_passphrase(&mut self, passphrase: &Passphrase) -> Result<()> {
        self.writable()?;
        if let Some(why) = passphrase.impossible() {
            return Err(StoreError::UnfitPassphrase(why));
        }
        // What SQLite says of it would repeat it.
        let changed = self.db.pragma_update(None, "rekey", passphrase.0.as_str());
        changed.map_err(|_| StoreError::Write("the passphrase could not be changed".into()))?;
        self.passphrase = Some(passphrase.clone());
        self.wipe()
    }
}

impl Worker {
    pub(super) fn unnamed(id: RowId) -> Worker {
        Worker { id, name: String::new(), credentials: String::new(), area: String::new() }
    }
}

/// Removes a caseload that was begun and could not be finished.
pub(super) fn remove(path: &Path) {
    for name in [path.to_path_buf(), beside(path, "-wal"), beside(path, "-shm")] {
        let _ = std::fs::remove_file(name);
    }
}

/// The first look, before any library touches the file.
pub(super) fn look_at(path: &Path) -> Result<()> {
    let mut head = Vec::new();
    let file = crate::files::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StoreError::no_file(path),
        std::io::ErrorKind::IsADirectory => not_a_caseload(path, "it is a folder"),
        std::io::ErrorKind::InvalidInput => not_a_caseload(path, "it is a pipe or a device"),
        _ => error.into(),
    })?;
    file.take(4096).read_to_end(&mut head)?;
    if head.starts_with(b"SQLite format 3\0") {
        return Err(not_a_caseload(path, "it is an SQLite file of another program, not encrypted"));
    }
    if head.iter().all(|byte| *byte == 0) {
        return Err(not_a_caseload(path, if head.is_empty() { "it is empty" } else { "it holds nothing but zeros" }));
    }
    if head.len() < 4096 {
        return Err(not_a_caseload(path, "it is too short to be one"));
    }
    Ok(())
}

/// Whether the file is as long as it says: one that was cut short in copying is not believed.
fn whole(db: &Connection, path: &Path) -> Result<()> {
    let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let wal = std::fs::metadata(beside(path, "-wal")).map_or(0, |wal| wal.len());
    if wal == 0 && std::fs::metadata(path)?.len() < pages as u64 * PAGE {
        return Err(StoreError::Damaged("the file is shorter than it should be".into()));
    }
    Ok(())
}

pub(super) fn connect(path: &Path, read_only: bool) -> Result<Connection> {
    let access = if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
    // Names of the form file:... are read by SQLite as more than a name: only ours are meant so.
    let plain = path.to_str().is_some_and(|name| name.starts_with("file:"));
    let path = if plain { Path::new(".").join(path) } else { path.to_path_buf() };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(&path, flags)?;
    wait_for_others(&db)?;
    // A WAL that lies beside it may be another file's: nothing of it is folded in by a program that only looked.
    let has_wal = std::fs::metadata(beside(&path, "-wal")).is_ok_and(|wal| wal.len() > 0);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_wal)?;
    // Before the key: SQLCipher would otherwise print its errors over the screen.
    db.query_row("PRAGMA cipher_log_level = NONE", [], |_| Ok(())).optional()?;
    // Where the program cannot start itself anew at the lock, SQLCipher wipes what it gives back.
    #[cfg(not(unix))]
    db.query_row("PRAGMA cipher_memory_security = ON", [], |_| Ok(())).optional()?;
    Ok(db)
}

pub(super) fn unlock(db: &Connection, passphrase: &Passphrase) -> Result<()> {
    // Nothing was ever locked with what SQL would cut short; but a file that was once locked with a raw key, or with blanks,
    // opens with it. What SQLite says of a passphrase would repeat it.
    let letters = passphrase.as_str();
    if letters.is_empty() || letters.contains('\0') || db.pragma_update(None, "key", letters).is_err() {
        return Err(StoreError::WrongPassphrase);
    }
    match db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)) {
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            Err(StoreError::WrongPassphrase)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a passphrase opens a file.
pub(super) fn opens(path: &Path, passphrase: &Passphrase) -> Result<()> {
    unlock(&connect(path, true)?, passphrase)
}

/// How many pages of a file do not pass their check.
pub(super) fn damaged_pages(path: &Path, passphrase: &Passphrase) -> Result<usize> {
    let db = connect(path, true)?;
    unlock(&db, passphrase)?;
    let mut query = db.prepare("PRAGMA cipher_integrity_check")?;
    let mut rows = query.query([])?;
    let mut damaged = 0;
    while rows.next()?.is_some() {
        damaged += 1;
    }
    Ok(damaged)
}

/// Pages kept in memory, in KB.
pub const CACHE_KB: u32 = 16_000;

/// How the connection works: durable at every commit, nothing spilled to disk in the clear.
fn prepare(db: &Connection) -> Result<()> {
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    db.execute_batch(&format!(
        // On a Mac a write is on the disk only where that is asked for by name; elsewhere the two change nothing.
        "PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_autocheckpoint = 0;
         PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -{CACHE_KB};",
    ))?;
    db.set_prepared_statement_cache_capacity(256);
    Ok(())
}

#[cfg(unix)]
fn owner_only(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // Best effort: on a file system without permissions the encryption still stands. A file that is so already is not
    // touched: others who have it open would have to look what changed.
    if std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o777 != 0o600) {
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
    }
}

#[cfg(not(unix))]
fn owner_only(_path: &Path) {}

/// The file that SQLite keeps beside this one: where a link leads to it, beside the file itself.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let file = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let mut name = file.into_os_string();
    name.push(suffix);
    name.into()
}

pub(super) fn meta(db: &Connection, key: &str) -> Result<Vec<u8>> {
    let value = db.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional()?;
    value.ok_or_else(|| missing(key))
}

pub(super) fn put_meta(db: &Connection, key: &str, value: &[u8]) -> Result<()> {
    db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", (key, value))?;
    Ok(())
}

fn missing(what: &str) -> StoreError {
    StoreError::Damaged(format!("{what} is missing"))
}

fn not_a_caseload(path: &Path, why: &'static str) -> StoreError {
    StoreError::NotACaseload { path: path.into(), why }
}
