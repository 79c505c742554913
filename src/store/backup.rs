//! Backups: the whole journal in one file, encrypted to the recovery key, so that a forgotten passphrase loses nothing, and
//! to the file's own key, so that the program can verify by opening it that it can be restored.
//!
//! A backup is an `age` file. Inside: zstd, and in it the magic line, then length-prefixed postcard records: the sites,
//! then every batch in the order of arrival, then the list of who looked at whom, then an end mark. A backup cut short has
//! no end mark and is refused. What can be made from the journal is not in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use chrono::{Datelike, NaiveDateTime};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::model::{RowId, SiteId};

use super::access;
use super::check::{follows, signature_holds};
use super::file::meta;
use super::journal::{self, Batch, ChainEnd};
use super::sites::{self, Site, Trust};
use super::{Clock, Passphrase, Result, Store, StoreError, Worker};

const MAGIC: &[u8] = b"caseload backup 1\n";
/// No record of a backup is longer than this; a longer one is damage or malice.
const MAX_RECORD: u32 = 64 << 20;

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

#[derive(Serialize, Deserialize)]
enum Record {
    Caseload {
        worker: RowId,
        recovery: String,
    },
    Site {
        id: SiteId,
        public_key: [u8; 32],
        name: String,
    },
    Batch(PackedBatch),
    End {
        batches: u64,
    },
    /// A site that is more than an author: whom this caseload believes, and who took over from whom.
    Partner {
        id: SiteId,
        recipient: String,
        trust: u8,
        voucher: Option<(SiteId, Vec<u8>)>,
    },
    /// Who looked at whom, line by line, and where that list ends.
    Access(access::Linked),
    AccessEnd {
        n: i64,
        hash: Vec<u8>,
    },
}

#[derive(Serialize, Deserialize)]
struct PackedBatch {
    stream: RowId,
    site: SiteId,
    first: u64,
    count: u64,
    hlc: u64,
    action: [u8; 16],
    undoes: Option<[u8; 16]>,
    author: String,
    label: String,
    origin: String,
    hash: [u8; 32],
    signature: Vec<u8>,
    body: Vec<u8>,
}

impl Store {
    /// Writes a backup into a folder and gives its path. The name holds the time and nothing else.
    pub fn backup(&self, folder: &Path) -> Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("caseload-{}.backup", self.now().format("%Y%m%d-%H%M%S")));
        let draft = path.with_extension("part");
        let written = self.write_backup(&draft).and_then(|()| Ok(std::fs::rename(&draft, &path)?));
        if let Err(error) = written {
            let _ = std::fs::remove_file(&draft);
            return Err(error);
        }
        Ok(path)
    }

    /// Backs up beside the file, before something of others is taken in by hand; keeps the last of each of seven days and of
    /// each of four weeks, and takes away the others that it made.
    pub fn backup_before_merge(&self) -> Result<()> {
        let Some(folder) = self.backups() else { return Ok(()) };
        super::make_folder_for(&folder.join("backup"))?;
        self.backup(&folder)?;
        let all = backups(&folder)?;
        let keep = kept(&all.iter().map(|(when, _)| *when).collect::<Vec<_>>());
        for (when, path) in all {
            if !keep.contains(&when) {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// The same, once a day: before a sync, whose cost must grow with what changed and not with what is there.
    pub fn backup_of_the_day(&self) -> Result<()> {
        let today = self.now().date_naive();
        let made = match self.backups().filter(|folder| folder.is_dir()) {
            Some(folder) => backups(&folder)?.iter().any(|(when, _)| when.date() == today),
            None => false,
        };
        if made { Ok(()) } else { self.backup_before_merge() }
    }

    fn backups(&self) -> Option<PathBuf> {
        self.path.as_ref().map(|path| path.with_file_name("backups"))
    }

    fn write_backup(&self, path: &Path) -> Result<()> {
        let recovery = String::from_utf8(meta(&self.db, "recovery")?)
            .map_err(|_| StoreError::Damaged("the recovery key is missing".into()))?;
        let recipient: age::x25519::Recipient =
            recovery.parse().map_err(|_| StoreError::Damaged("the recovery key is missing".into()))?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        // Its own key beside the recovery key: so that the program can open what it wrote, and knows that it opens.
        let own = self.keys.identity()?.to_public();
        let recipients = [&recipient as &dyn age::Recipient, &own];
        let encryptor = age::Encryptor::with_recipients(recipients.into_iter())
            .map_err(|error| StoreError::Write(error.to_string()))?;
        let sealed = encryptor.wrap_output(BufWriter::new(file))?;
        let mut out = zstd::Encoder::new(sealed, 3)?;
        out.write_all(MAGIC)?;
        put(&mut out, &Record::Caseload { worker: self.worker.id, recovery })?;
        let mut sites = self.db.prepare("SELECT id, public_key, name FROM site ORDER BY id")?;
        let mut rows = sites.query([])?;
        while let Some(row) = rows.next()? {
            put(&mut out, &Record::Site { id: SiteId(row.get(0)?), public_key: row.get(1)?, name: row.get(2)? })?;
        }
        for site in self.sites()? {
            let Site { id, recipient, trust, voucher, .. } = site;
            put(&mut out, &Record::Partner { id, recipient, trust: trust as u8, voucher })?;
        }
        let mut batches = 0;
        journal::each(&self.db, &mut |batch| {
            batches += 1;
            put(&mut out, &Record::Batch(PackedBatch::of(batch)))
        })?;
        access::each(&self.db, |line| put(&mut out, &Record::Access(line)))?;
        let (n, hash) = access::end(&self.db)?;
        put(&mut out, &Record::AccessEnd { n, hash })?;
        put(&mut out, &Record::End { batches })?;
        let sealed = out.finish()?;
        let file = sealed.finish()?.into_inner().map_err(|error| error.into_error())?;
        file.sync_all()?;
        Ok(())
    }

    /// Makes a caseload file from a backup and the recovery key, with a new passphrase. The new file is a new site, so
    /// that it cannot fork the chains of the one it replaces. The backup is read and verified to its end before
    /// anything of it is believed; on any error no file is left behind.
    pub fn restore(
        backup: &Path,
        key: &RecoveryKey,
        to: &Path,
        passphrase: &Passphrase,
        clock: Clock,
    ) -> Result<(Store, RecoveryKey)> {
        let bad = |why: String| StoreError::BadBackup { path: backup.into(), why };
        let mut input = opened(backup, &[key.identity()?], &bad)?;
        let Record::Caseload { worker, .. } = take(&mut input).map_err(bad)? else {
            return Err(bad("it does not say whose it is".into()));
        };
        let who = Worker::unnamed(worker);
        let (mut store, recovery) =
            Store::create_with(to, |db, path| Store::set_up(db, path, &who, clock), passphrase)?;
        if let Err(error) = store.fill_from(&mut input, &bad) {
            drop(store);
            super::file::remove(to);
            return Err(error);
        }
        Ok((store, recovery))
    }

    fn fill_from(&mut self, input: &mut dyn Read, bad: &dyn Fn(String) -> StoreError) -> Result<()> {
        let transaction = self.db.transaction()?;
        each_record(input, bad, &mut |record| match record {
            Verified::Site { id, public_key, name } => {
                transaction.execute(
                    "INSERT OR IGNORE INTO site (id, public_key, name) VALUES (?1, ?2, ?3)",
                    (id.0.as_slice(), public_key.as_slice(), name),
                )?;
                Ok(())
            }
            Verified::Partner(site) => sites::keep(&transaction, &site),
            Verified::Batch(batch) => journal::insert(&transaction, &batch, &batch.entries()?),
            Verified::Access(line) => access::keep(&transaction, &line),
            Verified::AccessEnd { n, hash } => access::keep_end(&transaction, n, &hash),
        })?;
        transaction.commit()?;
        self.rebuild()?;
        self.read_worker()?;
        let name = self.worker.name.clone();
        self.db.execute("UPDATE site SET name = ?1 WHERE id = ?2", (name, self.site.0.as_slice()))?;
        Ok(())
    }

    /// Why the newest backup beside the file could not be restored, in words; `None` where it could, and where there is none.
    /// Those that open with a recovery key alone are passed over: of earlier versions, or of somebody else.
    pub(super) fn newest_backup_trouble(&self) -> Result<Option<String>> {
        let Some(folder) = self.backups().filter(|folder| folder.is_dir()) else { return Ok(None) };
        for (when, path) in backups(&folder)?.into_iter().rev() {
            match self.verify_backup(&path) {
                Ok(()) => return Ok(None),
                // Of an earlier version, or somebody else's: only a recovery key opens it.
                Err(StoreError::WrongRecoveryKey) => {}
                Err(error) => {
                    return Ok(Some(format!("the newest backup, of {}: {error}", when.format("%-d %b %Y %H:%M"))));
                }
            }
        }
        Ok(None)
    }

    /// Reads a backup that was made by this file to its end, as restoring it would.
    ///
    /// # Errors
    /// Why it could not be restored; [`StoreError::WrongRecoveryKey`] where only the recovery key opens it.
    pub fn verify_backup(&self, path: &Path) -> Result<()> {
        let bad = |why: String| StoreError::BadBackup { path: path.into(), why };
        let mut input = opened(path, &self.identities()?, &bad)?;
        let Record::Caseload { .. } = take(&mut input).map_err(bad)? else {
            return Err(bad("it does not say whose it is".into()));
        };
        each_record(&mut input, &bad, &mut |_| Ok(()))
    }
}

/// A backup as far as its records, its seal opened.
fn opened(
    backup: &Path,
    identities: &[age::x25519::Identity],
    bad: &dyn Fn(String) -> StoreError,
) -> Result<impl Read + use<>> {
    let file = BufReader::new(File::open(backup).map_err(|error| bad(error.to_string()))?);
    let sealed = age::Decryptor::new(file).map_err(|_| bad("it is another kind of file".into()))?;
    let identities = identities.iter().map(|identity| identity as &dyn age::Identity);
    let opened = sealed.decrypt(identities).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys | age::DecryptError::DecryptionFailed => StoreError::WrongRecoveryKey,
        other => bad(other.to_string()),
    })?;
    let mut input = zstd::Decoder::new(opened)?;
    let mut magic = [0; MAGIC.len()];
    input.read_exact(&mut magic).map_err(|error| bad(error.to_string()))?;
    if magic != MAGIC {
        return Err(bad("it is another kind of file, or of a newer version".into()));
    }
    Ok(input)
}

/// What a backup holds, each with what it rests on verified.
enum Verified {
    Site { id: SiteId, public_key: [u8; 32], name: String },
    Partner(Site),
    Batch(Batch),
    Access(access::Linked),
    AccessEnd { n: i64, hash: Vec<u8> },
}

/// Goes through a backup to its end. Each batch must continue its chain; the signature at the end of a chain vouches for
/// all of it, as it does in the file: what came in a bundle has one signature for each chain, not one under each batch.
fn each_record(
    input: &mut dyn Read,
    bad: &dyn Fn(String) -> StoreError,
    each: &mut dyn FnMut(Verified) -> Result<()>,
) -> Result<()> {
    let mut keys: BTreeMap<SiteId, [u8; 32]> = BTreeMap::new();
    let mut ends: BTreeMap<(RowId, SiteId), (ChainEnd, Vec<u8>)> = BTreeMap::new();
    let mut count = 0u64;
    loop {
        match take(input).map_err(bad)? {
            Record::Caseload { .. } => return Err(bad("it speaks of two caseloads".into())),
            Record::Site { id, public_key, name } => {
                if SiteId::of_key(&public_key) != id {
                    return Err(bad("a site's key was altered".into()));
                }
                keys.insert(id, public_key);
                each(Verified::Site { id, public_key, name })?;
            }
            Record::Batch(packed) => {
                count += 1;
                let batch = packed.unpack();
                let chain = (batch.header.stream, batch.header.site);
                let (end, signature) = ends.entry(chain).or_insert((ChainEnd::START, Vec::new()));
                follows(end, &batch).map_err(bad)?;
                signature.clone_from(&batch.signature);
                each(Verified::Batch(batch))?;
            }
            Record::Partner { id, recipient, trust, voucher } => {
                let public_key = *keys.get(&id).ok_or_else(|| bad("a site without its key".into()))?;
                let trust = Trust::ALL.get(usize::from(trust)).copied().unwrap_or(Trust::Known);
                each(Verified::Partner(Site { id, public_key, recipient, name: String::new(), trust, voucher }))?;
            }
            Record::Access(line) => each(Verified::Access(line))?,
            Record::AccessEnd { n, hash } => each(Verified::AccessEnd { n, hash })?,
            Record::End { batches } if batches == count => break,
            Record::End { .. } => return Err(bad("it does not hold what it says it holds".into())),
        }
    }
    for ((_, site), (end, signature)) in ends {
        if !keys.get(&site).is_some_and(|key| signature_holds(key, &end.hash, &signature)) {
            return Err(bad("a signature does not hold".into()));
        }
    }
    let mut rest = [0; 1];
    if input.read(&mut rest).map_err(|error| bad(error.to_string()))? != 0 {
        return Err(bad("there is more after its end".into()));
    }
    Ok(())
}

/// The backups in a folder, by the time in their names, oldest first. Files of other names are not ours to touch, and what is
/// no file (a pipe, a link) is none, whatever its name.
fn backups(folder: &Path) -> Result<Vec<(NaiveDateTime, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_file() {
            continue;
        }
        let path = entry.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let time = name.strip_prefix("caseload-").and_then(|rest| rest.strip_suffix(".backup"));
        if let Some(Ok(when)) = time.map(|time| NaiveDateTime::parse_from_str(time, "%Y%m%d-%H%M%S")) {
            found.push((when, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Which backups stay: the last of each of the last seven days that have one, and of each of the last four weeks.
fn kept(all: &[NaiveDateTime]) -> BTreeSet<NaiveDateTime> {
    let mut keep = BTreeSet::new();
    let mut days = BTreeSet::new();
    let mut weeks = BTreeSet::new();
    for when in all.iter().rev() {
        let week = when.date().iso_week();
        let first_of_day = days.len() < 7 && days.insert(when.date());
        let first_of_week = weeks.len() < 4 && weeks.insert(week);
        if first_of_day || first_of_week {
            keep.insert(*when);
        }
    }
    keep
}

impl PackedBatch {
    fn of(batch: Batch) -> PackedBatch {
        let Batch { header, count, hash, signature, body, .. } = batch;
        PackedBatch {
            stream: header.stream,
            site: header.site,
            first: header.first,
            count,
            hlc: header.hlc.0,
            action: *header.action.as_bytes(),
            undoes: header.undoes.map(|action| *action.as_bytes()),
            author: header.author,
            label: header.label,
            origin: header.origin,
            hash,
            signature,
            body,
        }
    }

    fn unpack(self) -> Batch {
        use crate::model::Hlc;
        use uuid::Uuid;
        Batch {
            header: super::wire::Header {
                stream: self.stream,
                site: self.site,
                first: self.first,
                hlc: Hlc(self.hlc),
                action: Uuid::from_bytes(self.action),
                author: self.author,
                label: self.label,
                origin: self.origin,
                undoes: self.undoes.map(Uuid::from_bytes),
            },
            count: self.count,
            hash: self.hash,
            signature: self.signature,
            body: self.body,
        }
    }
}

fn put(out: &mut impl Write, record: &Record) -> Result<()> {
    let bytes = postcard::to_allocvec(record).expect("plain data packs into memory");
    out.write_all(&(bytes.len() as u32).to_le_bytes())?;
    out.write_all(&bytes)?;
    Ok(())
}

fn take(mut input: &mut dyn Read) -> Result<Record, String> {
    let mut length = [0; 4];
    input.read_exact(&mut length).map_err(|_| "it is cut short".to_string())?;
    let length = u32::from_le_bytes(length);
    if length > MAX_RECORD {
        return Err("a part of it is larger than any part may be".into());
    }
    let mut bytes = Vec::new();
    (&mut input).take(length.into()).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() < length as usize {
        return Err("it is cut short".into());
    }
    postcard::from_bytes(&bytes).map_err(|_| "a part of it cannot be read".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Store {
        /// What restoring a backup of this file gives, in memory and without its passphrase's slow key.
        pub(crate) fn restored(&self, backup: &Path) -> Result<Store> {
            let bad = |why: String| StoreError::BadBackup { path: backup.into(), why };
            let mut input = opened(backup, &self.identities()?, &bad)?;
            let Record::Caseload { worker, .. } = take(&mut input).map_err(bad)? else { unreachable!() };
            let db = rusqlite::Connection::open_in_memory()?;
            let (mut store, _) = Store::set_up(db, None, &Worker::unnamed(worker), self.clock.clone())?;
            store.fill_from(&mut input, &bad)?;
            Ok(store)
        }
    }

    #[test]
    fn seven_days_and_four_weeks_are_kept() {
        let start = NaiveDateTime::parse_from_str("2026-09-01 08:00", "%Y-%m-%d %H:%M").unwrap();
        // Twice a day, for twelve weeks.
        let all: Vec<NaiveDateTime> = (0..168).map(|half| start + chrono::Duration::hours(12 * half)).collect();
        let keep: Vec<NaiveDateTime> = kept(&all).into_iter().collect();
        let last = *all.last().unwrap();
        let days: BTreeSet<_> = keep.iter().map(|when| when.date()).collect();
        assert_eq!(days.len(), keep.len(), "one of each day");
        assert!((0..7).all(|back| days.contains(&(last.date() - chrono::Duration::days(back)))));
        let weeks: BTreeSet<_> = keep.iter().map(|when| when.date().iso_week()).collect();
        assert_eq!(weeks.len(), 4);
        assert!(keep.len() <= 7 + 3 && keep.contains(&last));
        assert!(kept(&[]).is_empty());
    }
}
