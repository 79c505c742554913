//! Backups: the whole journal in files that are encrypted to the recovery key, so that a forgotten passphrase or a lost laptop
//! loses nothing, and to the file's own key, so that the program can verify by opening one that it can be restored.
//!
//! - `format`: what a backup is made of, and how it is read.
//! - `kept`: the backups that the program makes by itself: when, on which one before they go on, which of them stay.
//!
//! The promise: what is called a backup was read back to its end after it was written; it appears whole or not at all, under
//! a name that was free; and what it goes on from is named in it by its content.
//!
//! **No backup holds a key that signs.** Whoever has a backup and the recovery key (an agency's office may keep one) can read
//! everything, and that is what they are for; they must not be able to write in the worker's name. So a file that is made from
//! a backup is a new installation that nobody vouches for, and colleagues accept its fingerprint once: where the old laptop
//! is lost, its key may be in other hands, and an acceptance by voice is the only word that a thief cannot give. Where the
//! old laptop is at hand, `caseload move` (see [`super::moving`]) takes the voucher along.

mod format;
mod kept;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::file::meta;
use super::{Clock, Passphrase, Result, Staged, Store, StoreError, Worker, access, journal, lines, sites};
use format::{Before, MAGIC, MOVING, PackedBatch, Reader, Record, TABLES, Table, Verified, put};
pub(super) use format::{Carried, Head, Opened, open};
pub use kept::DraftedBackup;

/// The ending of every backup.
const ENDING: &str = ".backup";

/// No chain of backups is longer than this.
const MOST: usize = 1_000;

/// The key printed once at set-up. Whoever has it can read every backup.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RecoveryKey(String);

impl RecoveryKey {
    pub(super) fn generate() -> RecoveryKey {
        RecoveryKey(age::x25519::Identity::generate().to_string().expose_secret().to_string())
    }

    /// A key as it was printed; spaces and case do not matter.
    pub fn parse(text: &str) -> Result<RecoveryKey> {
        let compact: String = text.split_whitespace().collect::<String>().to_uppercase();
        compact.parse::<age::x25519::Identity>().map_err(|_| StoreError::NotARecoveryKey)?;
        Ok(RecoveryKey(compact))
    }

    /// The key as it is to be written down.
    pub fn printed(&self) -> &str {
        &self.0
    }

    fn identity(&self) -> Result<age::x25519::Identity> {
        self.0.parse().map_err(|_| StoreError::NotARecoveryKey)
    }

    pub(super) fn recipient(&self) -> Result<String> {
        Ok(self.identity()?.to_public().to_string())
    }
}

/// How far a backup reaches.
#[derive(Clone, Debug, Default, PartialEq)]
struct Reach {
    /// The last batch in the order of arrival.
    batch: i64,
    /// How often the journal was rewritten before it was made.
    rewritten: i64,
    /// The last line of the list of who looked at whom.
    access: i64,
    /// A hash of each table that it, or one before it, holds.
    tables: Vec<u8>,
}

/// What stops a backup that is being made.
pub type Stop<'a> = &'a dyn Fn() -> bool;

impl Store {
    /// Writes a whole backup into a folder, verifies it by opening it, and gives its path. The name holds the time and nothing
    /// else. Made by hand, it stays until somebody takes it away by hand.
    pub fn backup(&self, folder: &Path) -> Result<PathBuf> {
        self.backup_unless(folder, &|| false)
    }

    /// The same, unless it is told to stop on the way.
    ///
    /// # Errors
    /// As [`Store::backup`], and [`StoreError::Stopped`].
    pub fn backup_unless(&self, folder: &Path, stop: Stop<'_>) -> Result<PathBuf> {
        super::make_folder_for(&folder.join("backup"))?;
        let draft = self.sealed_backup(folder, None, stop)?;
        let time = self.now().format("caseload-%Y%m%d-%H%M%S").to_string();
        let names = std::iter::once(format!("{time}{ENDING}")).chain((2..1_000).map(|n| format!("{time}-{n}{ENDING}")));
        for name in names {
            let path = folder.join(name);
            if crate::files::settle(&draft.staged.path, &path)? {
                return Ok(path);
            }
        }
        Err(StoreError::Exists(folder.join(time)))
    }

    /// Writes what came since another backup, or everything; reads it back to its end.
    fn sealed_backup(&self, folder: &Path, before: Option<&kept::Kept>, stop: Stop<'_>) -> Result<DraftedBackup> {
        let recovery = self.recovery_recipient()?;
        let recipient: age::x25519::Recipient = recovery.parse().map_err(|_| no_recovery_key())?;
        // Its own key beside the recovery key: so that the program can open what it wrote, and knows that it opens.
        let own = self.keys.identity()?.to_public();
        let recipients = [&recipient as &dyn age::Recipient, &own];
        let encryptor = age::Encryptor::with_recipients(recipients.into_iter())
            .map_err(|error| StoreError::Write(error.to_string()))?;
        let named = before.map(|kept| Before { name: kept.name.clone(), hash: kept.hash, bytes: kept.bytes });
        let head = Head { worker: self.worker.id, recovery, site: self.site, before: named, keys: None };
        let staged = Staged::beside(Some(&folder.join("backup")))?;
        let since = before.map_or_else(Reach::default, |kept| kept.reach.clone());
        let made = self.now();
        let reach = self.write_sealed(&staged.path, encryptor, MAGIC, head, &since, stop)?;
        let (hash, bytes) = kept::hash_of(&staged.path)?;
        let identities = self.identities()?;
        let opened = open(&staged.path, &as_dyn(&identities))?;
        let mut reader = if before.is_some() { Reader::after(&self.db)? } else { Reader::default() };
        reader.read(&staged.path, opened, &mut |_| if stop() { Err(StoreError::Stopped) } else { Ok(()) })?;
        let (before, last) = (before.map(|kept| kept.sequence), self.kept()?.pop().map(|last| last.sequence));
        Ok(DraftedBackup { staged, hash, bytes, made, before, last, reach })
    }

    pub(super) fn recovery_recipient(&self) -> Result<String> {
        String::from_utf8(meta(&self.db, "recovery")?).map_err(|_| no_recovery_key())
    }

    /// Writes a new file that its owner alone may read: all that came since `since`, as one state of the caseload.
    fn write_sealed(
        &self,
        path: &Path,
        encryptor: age::Encryptor,
        magic: &[u8],
        head: Head,
        since: &Reach,
        stop: Stop<'_>,
    ) -> Result<Reach> {
        let sealed = encryptor.wrap_output(BufWriter::new(crate::files::new_file(path)?))?;
        let mut out = zstd::Encoder::new(sealed, 3)?;
        out.write_all(magic)?;
        put(&mut out, &Record::Head(head))?;
        // Whatever others write meanwhile is not seen.
        let snapshot = self.db.unchecked_transaction()?;
        let (batch, rewritten) = kept::state(&snapshot)?;
        let mut tables = Vec::new();
        for (at, (name, columns)) in TABLES.iter().enumerate() {
            let table = Table::read(&snapshot, name, columns)?;
            let hash = table.as_ref().map_or([0; 32], Table::hash);
            let known = since.tables.get(at * 32..(at + 1) * 32) == Some(&hash);
            if let Some(table) = table.filter(|_| !known) {
                put(&mut out, &Record::Table(table))?;
            }
            tables.extend(hash);
        }
        let mut batches = 0;
        journal::each(&snapshot, since.batch, &mut |batch| {
            if stop() {
                return Err(StoreError::Stopped);
            }
            batches += 1;
            put(&mut out, &Record::Batch(PackedBatch::of(batch)))
        })?;
        access::each(&snapshot, since.access, |line| put(&mut out, &Record::Access(line)))?;
        let (n, hash) = access::end(&snapshot)?;
        put(&mut out, &Record::AccessEnd { n, hash })?;
        put(&mut out, &Record::End { batches })?;
        drop(snapshot);
        let file = out.finish()?.finish()?.into_inner().map_err(|error| error.into_error())?;
        file.sync_all()?;
        Ok(Reach { batch, rewritten, access: n, tables })
    }

    /// The same as [`Store::write_sealed`] for `caseload move`: everything, and the keys that go on with it.
    pub(super) fn write_moving(&self, path: &Path, encryptor: age::Encryptor, head: Head) -> Result<()> {
        self.write_sealed(path, encryptor, MOVING, head, &Reach::default(), &|| false)?;
        Ok(())
    }

    /// Makes a caseload file from a backup and the recovery key, with a new passphrase; those that it goes on from lie beside
    /// it. The new file is a new site, so that it cannot fork the chains of the one it replaces. All of it is read and
    /// verified to its end before anything of it is believed; on any error no file is left behind.
    pub fn restore(
        backup: &Path,
        key: &RecoveryKey,
        to: &Path,
        passphrase: &Passphrase,
        clock: Clock,
    ) -> Result<(Store, RecoveryKey)> {
        let identity = key.identity()?;
        let chain = chain(backup, &[&identity])?;
        let Some((first, opened)) = chain.first() else { return Err(StoreError::NotARecoveryKey) };
        if opened.moving {
            let why = "it moves a caseload to another laptop: `caseload move` takes it in".into();
            return Err(StoreError::BadBackup { path: first.clone(), why });
        }
        let who = Worker::unnamed(opened.head.worker);
        let (mut store, recovery) =
            Store::create_with(to, |db, path| Store::set_up(db, path, &who, None, clock), passphrase)?;
        if let Err(error) = store.fill_from(chain) {
            drop(store);
            super::file::remove(to);
            return Err(error);
        }
        store.passphrase = Some(passphrase.clone());
        Ok((store, recovery))
    }

    /// Takes in a whole backup and those that go on from it.
    pub(super) fn fill_from(&mut self, chain: Vec<(PathBuf, Opened)>) -> Result<()> {
        let transaction = self.db.transaction()?;
        let mut reader = Reader::default();
        let (mut tables, mut trusted) = (std::collections::BTreeMap::new(), Vec::new());
        for (path, opened) in chain {
            reader.read(&path, opened, &mut |record| match record {
                Verified::Site { id, public_key, name } => {
                    transaction.execute(
                        "INSERT OR IGNORE INTO site (id, public_key, name) VALUES (?1, ?2, ?3)",
                        (id.0.as_slice(), public_key.as_slice(), name),
                    )?;
                    Ok(())
                }
                Verified::Partner(site, trust) => {
                    sites::keep(&transaction, &site)?;
                    trusted.push((site.id, trust, String::new()));
                    lines::vouch(&transaction, &site).map(drop)
                }
                Verified::Batch(batch) => journal::insert(&transaction, &batch, &batch.entries()?),
                Verified::Access(line) => access::keep(&transaction, &line),
                Verified::AccessEnd { n, hash } => access::keep_end(&transaction, n, &hash),
                Verified::Table(table) => {
                    // Each is whole: the last one is how it was.
                    tables.insert(table.name.clone(), table);
                    Ok(())
                }
            })?;
        }
        tables.values().try_for_each(|table| table.put_in(&transaction))?;
        // One that was rewritten on its way stays unsigned: a check tells it.
        if access::is_as_it_was_signed(&transaction)? {
            access::sign_end(&transaction, &self.keys)?;
        }
        // A backup of an earlier version has a word of trust for each site.
        lines::make(&transaction, &trusted)?;
        lines::make_one_of_own(&transaction, self.site)?;
        transaction.commit()?;
        self.rebuild()?;
        self.read_worker()?;
        let name = self.worker.name.clone();
        self.db.execute("UPDATE site SET name = ?1 WHERE id = ?2", (name, self.site.0.as_slice()))?;
        Ok(())
    }

    /// Reads a backup that was made by this file to its end, as restoring it would, with those that it goes on from.
    ///
    /// # Errors
    /// Why it could not be restored; [`StoreError::WrongRecoveryKey`] where only the recovery key opens it.
    pub fn verify_backup(&self, path: &Path) -> Result<()> {
        let identities = self.identities()?;
        let mut reader = Reader::default();
        for (path, opened) in chain(path, &as_dyn(&identities))? {
            reader.read(&path, opened, &mut |_| Ok(()))?;
        }
        Ok(())
    }
}

/// Reads a whole one to its end, and believes nothing of it.
pub(super) fn read_to_end(path: &Path, opened: Opened) -> Result<()> {
    Reader::default().read(path, opened, &mut |_| Ok(()))
}

fn no_recovery_key() -> StoreError {
    StoreError::Damaged("the recovery key is missing".into())
}

fn as_dyn(identities: &[age::x25519::Identity]) -> Vec<&dyn age::Identity> {
    identities.iter().map(|identity| identity as &dyn age::Identity).collect()
}

/// A backup and those that it goes on from, the whole one first, each found by its content.
fn chain(backup: &Path, identities: &[&dyn age::Identity]) -> Result<Vec<(PathBuf, Opened)>> {
    let mut found = vec![(backup.to_path_buf(), open(backup, identities)?)];
    while let Some((path, opened)) = found.last()
        && let Some(before) = opened.head.before.clone()
    {
        let folder = path.parent().unwrap_or(Path::new(""));
        let missing = || StoreError::MissingBackup { path: path.clone(), needs: before.name.clone() };
        if found.len() >= MOST {
            return Err(StoreError::BadBackup { path: backup.into(), why: "it goes on from too many others".into() });
        }
        let next = kept::find(folder, &before).ok_or_else(missing)?;
        let opened = open(&next, identities)?;
        found.push((next, opened));
    }
    found.reverse();
    Ok(found)
}

/// The batches of a backup and of those that it goes on from, verified to their end.
pub(super) fn batches_of(chain: Vec<(PathBuf, Opened)>) -> Result<Vec<super::Batch>> {
    let (mut reader, mut batches) = (Reader::default(), Vec::new());
    for (path, opened) in chain {
        reader.read(&path, opened, &mut |record| {
            if let Verified::Batch(batch) = record {
                batches.push(batch);
            }
            Ok(())
        })?;
    }
    Ok(batches)
}

/// Backups that are tried, the newest first.
const TRIED: usize = 50;

/// The newest backup of a folder that opens with a key and holds together, with those that it goes on from.
pub(super) fn newest_that_opens(folder: &Path, identity: &age::x25519::Identity) -> Option<Vec<(PathBuf, Opened)>> {
    let mut found: Vec<(std::time::SystemTime, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let is_one = entry.file_name().to_str().is_some_and(|name| name.ends_with(ENDING));
        if let Ok(about) = entry.metadata()
            && is_one
            && about.is_file()
        {
            found.push((about.modified().unwrap_or(std::time::SystemTime::UNIX_EPOCH), entry.path()));
        }
    }
    found.sort();
    let whole = |path: &Path| -> Result<()> {
        let mut reader = Reader::default();
        for (path, opened) in chain(path, &[identity])? {
            reader.read(&path, opened, &mut |_| Ok(()))?;
        }
        Ok(())
    };
    let newest = found.into_iter().rev().take(TRIED).map(|(_, path)| path).find(|path| whole(path).is_ok())?;
    chain(&newest, &[identity]).ok()
}

#[cfg(test)]
mod tests;
