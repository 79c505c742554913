//! The backups that the program makes by itself: one each day on which something changed, and one before something is taken
//! in by hand.
//!
//! Each holds what came since the one before it, until those together are large beside the whole one that they begin with;
//! then a whole one is made. What was taken out of the journal or written anew in it (an erasure, a chain that moved to
//! another installation) cannot be told by adding to what is there: then, too, a whole one is made.
//!
//! The file itself remembers the backups that it made, in the order in which it made them, each with the hash of what was
//! verified. Only those are ever taken away, and only while they are still what was written: never one made by hand, never
//! one of another file or of an earlier version, never one that somebody put another file in the place of. Which is newer
//! tells the order and not the clock, so that a clock that once ran ahead ages nothing. What stays: the one just made; the
//! last good one before it; the last of each of seven days and of each of four weeks; and whatever those go on from.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, TimeDelta};
use rusqlite::{Connection, TransactionBehavior};

use super::format::Before;
use super::{ENDING, Reach, Stop};
use crate::files;
use crate::store::{Result, Staged, Store, StoreError};

/// A whole one is made anew when those that go on from it have more bytes than half of it, but for small ones.
const SMALL: u64 = 256 << 10;
/// Or when there are so many of them.
const MANY: usize = 60;
/// Or when it is older than so many days.
const OLD_DAYS: i64 = 30;
/// A backup older than that, with changes since, is told of.
const STALE_DAYS: i64 = 7;

/// A backup that was written and verified, and has no name yet; dropped, it was never there.
pub struct DraftedBackup {
    pub(super) staged: Staged,
    pub(super) hash: [u8; 32],
    pub(super) bytes: u64,
    pub(super) made: DateTime<FixedOffset>,
    /// The number of the one that it goes on from.
    pub(super) before: Option<i64>,
    /// The number of the last one when it was begun.
    pub(super) last: Option<i64>,
    pub(super) reach: Reach,
}

/// A backup that the program made by itself.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// They are numbered in the order in which they were made.
    pub sequence: i64,
    pub name: String,
    pub hash: [u8; 32],
    pub bytes: u64,
    pub made: DateTime<FixedOffset>,
    pub before: Option<i64>,
    pub reach: Reach,
}

/// The last batch in the order of arrival, and how often the journal was rewritten.
pub(super) fn state(db: &Connection) -> Result<(i64, i64)> {
    let mut query = db.prepare_cached("SELECT (SELECT coalesce(max(n), 0) FROM batch), times FROM rewritten")?;
    Ok(query.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// A file's hash and length, read from the disk.
pub(super) fn hash_of(path: &Path) -> Result<([u8; 32], u64)> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(files::open(path)?)?;
    Ok((*hasher.finalize().as_bytes(), hasher.count()))
}

/// Whether there is a regular file of just this content; a link to one is not it.
fn is(path: &Path, hash: &[u8; 32], bytes: u64) -> bool {
    let long = path.symlink_metadata().is_ok_and(|found| found.is_file() && found.len() == bytes);
    long && hash_of(path).is_ok_and(|(found, _)| found == *hash)
}

/// The backup that another goes on from: by its name when it was made, or else whichever in the folder has its content.
pub(super) fn find(folder: &Path, before: &Before) -> Option<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let named = Path::new(&before.name).file_name().map(|name| folder.join(name));
    let others = || std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    named.into_iter().chain(others()).find(|path| is(path, &before.hash, before.bytes))
}

impl Store {
    pub(super) fn backups(&self) -> Option<PathBuf> {
        self.path.as_ref().map(|path| path.with_file_name("backups"))
    }

    /// The backups that this file made by itself and did not take away, the oldest first.
    pub(super) fn kept(&self) -> Result<Vec<Kept>> {
        kept(&self.db)
    }

    /// Every backup beside the file, made by itself, by hand or by an earlier version: where what is erased still stands.
    pub fn backups_beside(&self) -> Result<Vec<PathBuf>> {
        let Some(folder) = self.backups().filter(|folder| folder.is_dir()) else { return Ok(Vec::new()) };
        let own = self.kept()?.into_iter().map(|one| folder.join(one.name)).filter(|path| path.is_file());
        Ok(own.chain(made_by_hand(&folder)?.into_iter().map(|(_, path)| path)).collect())
    }

    /// Whether the backup of the day is still to be made: something changed since the last one, and none was made today.
    pub fn backup_is_due(&self) -> Result<bool> {
        let Some(folder) = self.backups().filter(|_| !self.read_only()) else { return Ok(false) };
        let kept = self.kept()?;
        let Some(last) = kept.last() else { return Ok(true) };
        let today = self.now().date_naive();
        let there = || folder.join(&last.name).symlink_metadata().is_ok_and(|found| found.is_file());
        let changed = (last.reach.batch, last.reach.rewritten) != state(&self.db)?;
        Ok(!there() || (changed && kept.iter().all(|one| one.made.date_naive() != today)))
    }

    /// Writes and verifies a backup beside the file, on its own, so that another thread may do it with a connection of its
    /// own; [`Store::keep_backup`] gives it its name. None where nothing changed since the last one.
    pub fn draft_backup(&self, stop: Stop<'_>) -> Result<Option<DraftedBackup>> {
        let Some(folder) = self.backups() else { return Ok(None) };
        self.draft_backup_in(&folder, stop)
    }

    pub(super) fn draft_backup_in(&self, folder: &Path, stop: Stop<'_>) -> Result<Option<DraftedBackup>> {
        crate::store::make_folder_for(&folder.join("backup"))?;
        let all = self.kept()?;
        let whole = |chain: &Vec<&Kept>| chain.iter().all(|one| is(&folder.join(&one.name), &one.hash, one.bytes));
        let (batch, rewritten) = state(&self.db)?;
        // What was damaged or taken away since is no ground to build on.
        let last = all.last().filter(|last| last.reach.rewritten == rewritten && last.reach.batch <= batch);
        let chain = last.map(|last| line(&all, last)).filter(whole);
        if chain.is_some() && last.is_some_and(|last| last.reach.batch == batch) {
            return Ok(None);
        }
        let now = self.now();
        let goes_on = chain.and_then(|chain| {
            let (last, base) = (chain.first()?, chain.last()?);
            let since: u64 = chain.iter().take(chain.len() - 1).map(|one| one.bytes).sum();
            let old = (now - base.made).abs() > TimeDelta::days(OLD_DAYS);
            (since <= (base.bytes / 2).max(SMALL) && chain.len() <= MANY && !old).then_some(*last)
        });
        self.sealed_backup(folder, goes_on, stop).map(Some)
    }

    /// Gives a verified backup its name and takes away those that need not stay.
    pub fn keep_backup(&mut self, drafted: DraftedBackup) -> Result<()> {
        let Some(folder) = self.backups() else { return Ok(()) };
        self.keep_backup_in(&folder, drafted)?;
        Ok(())
    }

    pub(super) fn keep_backup_in(&mut self, folder: &Path, drafted: DraftedBackup) -> Result<PathBuf> {
        self.writable()?;
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let last = kept(&transaction)?.pop();
        if let Some(last) = last.as_ref().filter(|last| drafted.last.is_none_or(|before| before < last.sequence))
            && last.reach == drafted.reach
        {
            // Another program made the same one meanwhile.
            return Ok(folder.join(&last.name));
        }
        let mut sequence = last.map_or(0, |last| last.sequence) + 1;
        let day = drafted.made.format("%Y%m%d");
        let (name, path) = loop {
            let name = format!("caseload-daily-{sequence:06}-{day}{ENDING}");
            let path = folder.join(&name);
            // A name may be taken: by a state of this file that was set back since, or by a copy of it.
            if files::settle(&drafted.staged.path, &path)? {
                break (name, path);
            }
            sequence += 1;
        };
        let DraftedBackup { hash, bytes, made, before, reach, .. } = &drafted;
        let noted = transaction.execute(
            "INSERT INTO backup (sequence, name, hash, bytes, made, before, batch, rewritten, access, tables)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            rusqlite::params![
                sequence,
                name,
                hash.as_slice(),
                *bytes as i64,
                made.to_rfc3339(),
                before,
                reach.batch,
                reach.rewritten,
                reach.access,
                reach.tables
            ],
        );
        if let Err(error) = noted.map_err(StoreError::from).and_then(|_| Ok(transaction.commit()?)) {
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        // What could not be taken away today is tried again with the next one.
        let _ = self.rotate(folder);
        Ok(path)
    }

    /// Backs up beside the file, before something of others is taken in by hand.
    pub fn backup_before_merge(&mut self) -> Result<()> {
        match self.draft_backup(&|| false)? {
            Some(drafted) if !self.read_only() => self.keep_backup(drafted),
            _ => Ok(()),
        }
    }

    /// The same, once a day: what it costs must grow with what changed and not with what is there.
    pub fn backup_of_the_day(&mut self) -> Result<()> {
        if self.backup_is_due()? { self.backup_before_merge() } else { Ok(()) }
    }

    /// The backups that lie beside the file: those that the program made by itself and nobody changed, and those made by
    /// hand. Whatever is erased from now on is still in them.
    pub fn backups_there(&self) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
        let Some(folder) = self.backups().filter(|folder| folder.is_dir()) else { return Ok(Default::default()) };
        let own = self.kept()?.into_iter().map(|one| (folder.join(&one.name), one));
        let own = own.filter(|(path, one)| is(path, &one.hash, one.bytes)).map(|(path, _)| path).collect();
        Ok((own, made_by_hand(&folder)?.into_iter().map(|(_, path)| path).collect()))
    }

    /// After an erasure: makes a new backup that holds nothing of it, and takes away all others that the program made.
    /// Gives how many.
    pub fn renew_backups(&mut self) -> Result<usize> {
        let Some(folder) = self.backups() else { return Ok(0) };
        self.backup_before_merge()?;
        let mut all = self.kept()?;
        let last = all.pop();
        let mut gone = 0;
        for one in all.iter().filter(|one| last.as_ref().is_some_and(|last| last.before != Some(one.sequence))) {
            let path = folder.join(&one.name);
            if is(&path, &one.hash, one.bytes) {
                std::fs::remove_file(&path)?;
                gone += 1;
            }
            self.db.execute("DELETE FROM backup WHERE sequence = ?1", [one.sequence])?;
        }
        Ok(gone)
    }

    /// Takes away what need not stay.
    fn rotate(&mut self, folder: &Path) -> Result<()> {
        let all = self.kept()?;
        let stay = staying(&all, |one| is(&folder.join(&one.name), &one.hash, one.bytes));
        let mut error = None;
        for gone in all.iter().filter(|one| !stay.contains(&one.sequence)) {
            let path = folder.join(&gone.name);
            // Only what was written here, and still is: another file under this name is somebody's own.
            if is(&path, &gone.hash, gone.bytes)
                && let Err(why) = std::fs::remove_file(&path)
            {
                error = Some(why);
                continue;
            }
            self.db.execute("DELETE FROM backup WHERE sequence = ?1", [gone.sequence])?;
        }
        error.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Why the newest backup beside the file could not be restored, in words; `None` where it could, and where there is none.
    /// And what is not known of one that is newer still and opens with a recovery key alone: it may be of an earlier version, or
    /// somebody else's, or damaged where it says who can open it.
    pub(in crate::store) fn newest_backup_trouble(&self) -> Result<(Option<String>, Option<String>)> {
        let Some(folder) = self.backups().filter(|folder| folder.is_dir()) else { return Ok((None, None)) };
        let own = self.kept()?.pop().map(|last| (last.made.naive_local(), folder.join(last.name), true));
        let by_hand = made_by_hand(&folder)?.into_iter().map(|(when, path)| (when, path, false));
        let mut all: Vec<_> = own.into_iter().chain(by_hand).collect();
        // To the second, as names tell it.
        all.sort_by_key(|(when, ..)| when.and_utc().timestamp());
        let mut unknown = None;
        for (when, path, is_own) in all.into_iter().rev() {
            let when = when.format("%-d %b %Y %H:%M");
            match self.verify_backup(&path) {
                Ok(()) => return Ok((None, unknown)),
                Err(StoreError::WrongRecoveryKey) if !is_own => {
                    unknown.get_or_insert(format!(
                        "Whether the newest backup, of {when}, could be restored is not known: it does not open with this installation's own key. Where this version made it here, it is damaged: caseload backup makes another one."
                    ));
                }
                Err(StoreError::WrongRecoveryKey) => {
                    let told = format!(
                        "the newest backup, of {when}: it is damaged, for it does not open with the key that it was made with"
                    );
                    return Ok((Some(told), unknown));
                }
                Err(error) => return Ok((Some(format!("the newest backup, of {when}: {error}")), unknown)),
            }
        }
        Ok((None, unknown))
    }

    /// That too much would be lost with the laptop, in words: there is no backup, or the newest one is old and something
    /// changed since.
    pub(in crate::store) fn stale_backup(&self) -> Result<Option<String>> {
        let Some(folder) = self.backups() else { return Ok(None) };
        let by_hand = if folder.is_dir() { made_by_hand(&folder)?.pop() } else { None };
        let own = self.kept()?.pop();
        if own
            .as_ref()
            .is_some_and(|last| (last.reach.batch, last.reach.rewritten) == state(&self.db).unwrap_or((0, 0)))
        {
            return Ok(None);
        }
        let newest = own.map(|last| last.made.naive_local()).into_iter().chain(by_hand.map(|(when, _)| when)).max();
        let Some(newest) = newest else {
            return Ok(Some("There is no backup beside this caseload yet: caseload backup makes one.".into()));
        };
        let days = (self.now().naive_local() - newest).num_days();
        Ok((days > STALE_DAYS).then(|| {
            format!("The newest backup is {days} days old, and something changed since: caseload backup makes one.")
        }))
    }
}

fn kept(db: &Connection) -> Result<Vec<Kept>> {
    let mut query = db.prepare_cached(
        "SELECT sequence, name, hash, bytes, made, before, batch, rewritten, access, tables FROM backup ORDER BY sequence",
    )?;
    let rows = query.query_map([], |row| {
        let reach = Reach { batch: row.get(6)?, rewritten: row.get(7)?, access: row.get(8)?, tables: row.get(9)? };
        let made: String = row.get(4)?;
        let made = DateTime::parse_from_rfc3339(&made).unwrap_or_default();
        let (sequence, name, hash) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Kept { sequence, name, hash, bytes: row.get::<_, i64>(3)? as u64, made, before: row.get(5)?, reach })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A backup and those that it goes on from, itself first and the whole one last.
fn line<'a>(all: &'a [Kept], last: &'a Kept) -> Vec<&'a Kept> {
    let before = |one: &&'a Kept| one.before.and_then(|before| all.iter().find(|other| other.sequence == before));
    std::iter::successors(Some(last), before).take(all.len()).collect()
}

/// Which of these stay, by their numbers.
pub(super) fn staying(all: &[Kept], good: impl Fn(&Kept) -> bool) -> BTreeSet<i64> {
    let mut days = BTreeSet::new();
    let mut weeks = BTreeSet::new();
    let of_days = |one: &&Kept| {
        let day = one.made.date_naive();
        let first_of_day = days.len() < 7 && days.insert(day);
        let first_of_week = weeks.len() < 4 && weeks.insert(day.iso_week());
        first_of_day || first_of_week
    };
    let mut stay: Vec<&Kept> = all.iter().rev().filter(of_days).collect();
    stay.extend(all.last());
    // The last good one before the one just made, however long ago.
    let whole = |one: &&Kept| line(all, one).iter().all(|one| good(one));
    stay.extend(all.iter().rev().skip(1).find(whole));
    stay.into_iter().flat_map(|one| line(all, one)).map(|one| one.sequence).collect()
}

/// The backups in a folder that are not the program's own to take away: made by hand, or by an earlier version; by the time
/// in their names, the oldest first. What is no file (a pipe, a link) is none, whatever its name.
fn made_by_hand(folder: &Path) -> Result<Vec<(NaiveDateTime, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_file() {
            continue;
        }
        let path = entry.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let time = name.strip_prefix("caseload-").and_then(|rest| rest.strip_suffix(ENDING));
        if let Some(Ok(when)) = time.map(|time| NaiveDateTime::parse_from_str(time, "%Y%m%d-%H%M%S")) {
            found.push((when, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}
