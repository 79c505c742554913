//! Who looked at whom, and what left this file (45 CFR 164.312(b), audit controls).
//!
//! The promise: every view and everything that leaves is a line, written when it happens, chained to the line before and
//! counted; the end of the chain is signed with this installation's key, which no backup holds. So [`Store::check`] finds a line
//! that was altered or taken out, also where all that follows was worked out anew, and in what was restored from a backup whose
//! list was rewritten. A file that cannot be written to is not written to. What was changed is read from the journal and stands in the same list. Lines stay with this installation and go into
//! its backups; what was given to another party is a `disclosure` in the client's own stream besides, and travels with it.

use chrono::{DateTime, FixedOffset, NaiveDate};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use serde::{Deserialize, Serialize};

use crate::model::{RowId, SiteId};

use super::sites::{self, Keys};
use super::{Result, Store, joined, journal};

/// The same view again within so many minutes is the same view.
const SAME_VIEW_MINUTES: i64 = 10;

/// Where the end of the chain is kept: its length and its last hash.
const END: &str = "access";

/// Where the signature under the end of the chain is kept: among what goes into backups.
const SIGNED: &str = "access-signed";

/// The version of the schema from which on it is signed.
const SIGNED_SINCE: i64 = 9;

/// What happened. The numbers of those that are written are for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    Viewed = 1,
    Printed = 2,
    Exported = 3,
    HandedOver = 4,
    /// Something left although no release permits it.
    Overridden = 5,
    /// Someone asked for it, and no release permitted it.
    Withheld = 6,
    /// Read from the journal, never written here.
    Changed = 0,
}

impl Deed {
    const WRITTEN: [Deed; 6] =
        [Deed::Viewed, Deed::Printed, Deed::Exported, Deed::HandedOver, Deed::Overridden, Deed::Withheld];

    pub fn label(self) -> &'static str {
        match self {
            Deed::Viewed => "viewed",
            Deed::Printed => "printed",
            Deed::Exported => "exported",
            Deed::HandedOver => "handed over",
            Deed::Overridden => "given without a release",
            Deed::Withheld => "left out",
            Deed::Changed => "changed",
        }
    }

    fn from_number(number: i64) -> Option<Deed> {
        Deed::WRITTEN.into_iter().find(|deed| *deed as i64 == number)
    }
}

/// One line of who did what with a client's file.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    pub at: DateTime<FixedOffset>,
    pub who: String,
    /// None: the whole caseload, or a list of which only the number of clients is kept.
    pub client: Option<RowId>,
    pub deed: Deed,
    /// What was looked at, what left and to whom, or what the action was called.
    pub detail: String,
}

/// A line as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct Line {
    /// Milliseconds since 1970.
    at: i64,
    who: String,
    client: Option<RowId>,
    what: i64,
    detail: String,
}

/// A line in its place in the chain.
#[derive(Serialize, Deserialize)]
pub(super) struct Linked {
    n: i64,
    line: Line,
    hash: Vec<u8>,
}

impl Line {
    fn hash(&self, n: i64, before: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("caseload access 1");
        hasher.update(before);
        for number in [n, self.at, self.what] {
            hasher.update(&number.to_le_bytes());
        }
        hasher.update(self.client.as_ref().map_or(&[], |client| client.as_bytes().as_slice()));
        for text in [&self.who, &self.detail] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }
}

impl Store {
    /// Takes note that a client's file is looked at, and at what of it; at once. The same view within a few minutes is not
    /// noted again, and nothing is where the file is read-only.
    pub fn note_view(&mut self, client: RowId, detail: &str) -> Result<()> {
        if self.read_only() {
            return Ok(());
        }
        let client = joined::root(&self.db, client)?;
        let since = self.now().timestamp_millis() - SAME_VIEW_MINUTES * 60_000;
        let sql = "SELECT 1 FROM access WHERE client = ?1 AND what = ?2 AND detail = ?3 AND who = ?4 AND at > ?5";
        let known = (client, Deed::Viewed as i64, detail, &self.worker.name, since);
        if self.db.prepare_cached(sql)?.exists(known)? {
            return Ok(());
        }
        self.note(&[Some(client)], Deed::Viewed, detail)
    }

    /// Takes note that these clients were shown together: what a search, a list of hits or an export by script showed.
    pub fn note_views(&mut self, clients: &[RowId], detail: &str) -> Result<()> {
        clients.iter().try_for_each(|client| self.note_view(*client, detail))
    }

    /// Takes note that so many clients were shown in a list, without naming them: one line, and none again for the same list
    /// within a few minutes.
    pub fn note_list(&mut self, what: &str, clients: usize) -> Result<()> {
        if self.read_only() {
            return Ok(());
        }
        let detail = format!("{what}: {clients} {}", if clients == 1 { "client" } else { "clients" });
        let since = self.now().timestamp_millis() - SAME_VIEW_MINUTES * 60_000;
        let sql = "SELECT 1 FROM access WHERE client IS NULL AND what = ?1 AND detail = ?2 AND who = ?3 AND at > ?4";
        if self.db.prepare_cached(sql)?.exists((Deed::Viewed as i64, &detail, &self.worker.name, since))? {
            return Ok(());
        }
        self.note(&[None], Deed::Viewed, &detail)
    }

    /// Takes note that something leaves this file: printed, exported, handed over; of one client, or with none of the whole
    /// caseload. What goes to another party is told with [`Store::disclose`] instead, which does this too.
    pub fn note_leaving(&mut self, client: Option<RowId>, deed: Deed, detail: &str) -> Result<()> {
        if self.read_only() {
            return Ok(());
        }
        let client = client.map(|client| joined::root(&self.db, client)).transpose()?;
        self.note(&[client], deed, detail)
    }

    fn note(&mut self, clients: &[Option<RowId>], deed: Deed, detail: &str) -> Result<()> {
        let (at, who) = (self.now().timestamp_millis(), self.worker.name.clone());
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (mut n, mut before) = end(&transaction)?;
        for client in clients {
            n += 1;
            let line = Line { at, who: who.clone(), client: *client, what: deed as i64, detail: detail.into() };
            let hash = line.hash(n, &before).to_vec();
            keep(&transaction, &Linked { n, line, hash: hash.clone() })?;
            before = hash;
        }
        // A list that somebody rewrote is not signed anew: what is wrong with it stays to be seen.
        let was_signed = is_signed(&transaction)?;
        keep_end(&transaction, n, &before)?;
        if was_signed {
            sign_end(&transaction, &self.keys)?;
        }
        Ok(transaction.commit()?)
    }

    /// Who viewed, changed, printed, exported or was given a client's file (also under other entries for the same person),
    /// from a day to a day, both included, the newest first. Of another installation only what it changed is known here.
    pub fn accesses(&self, client: RowId, from: NaiveDate, to: NaiveDate) -> Result<Vec<Access>> {
        let offset = *self.now().offset();
        let lived = |ms: i64| DateTime::from_timestamp_millis(ms).unwrap_or_default().with_timezone(&offset);
        let root = joined::root(&self.db, client)?;
        let mut found = Vec::new();
        for member in joined::members(&self.db, root)? {
            let mut query =
                self.db.prepare_cached("SELECT at, who, client, what, detail FROM access WHERE client = ?1")?;
            let mut rows = query.query([member])?;
            while let Some(row) = rows.next()? {
                found.extend(access(row, lived)?);
            }
            for batch in journal::of_stream(&self.db, member)? {
                let at = lived(batch.header.hlc.unix_ms() as i64);
                let (who, detail) = (batch.header.author, batch.header.label);
                found.push(Access { at, who, client: Some(root), deed: Deed::Changed, detail });
            }
        }
        let mut query =
            self.db.prepare_cached("SELECT at, who, client, what, detail FROM access WHERE client IS NULL")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            found.extend(access(row, lived)?);
        }
        found.retain(|access| (from..=to).contains(&access.at.date_naive()));
        // One action may be several batches.
        found.sort_by_key(|one| std::cmp::Reverse(one.at));
        found.dedup();
        Ok(found)
    }

    /// What is wrong with the list: lines that were altered, taken out or put in.
    pub(super) fn access_troubles(&self) -> Result<Vec<String>> {
        let mut troubles = Vec::new();
        let (mut expected, mut before) = (0, Vec::new());
        each(&self.db, 0, |Linked { n, line, hash }| {
            expected += 1;
            if n != expected {
                troubles.push(format!("lines {expected} to {} of the access list are missing", n - 1));
                expected = n;
            }
            if line.hash(n, &before) != *hash {
                troubles.push(format!("line {n} of the access list was altered, or the one before it"));
            }
            before = hash;
            Ok(())
        })?;
        if end(&self.db)? != (expected, before) {
            troubles.push("the end of the access list is not as it was written".into());
        }
        // A file of an earlier version that may not be written to is not signed yet.
        let signs = self.db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? >= SIGNED_SINCE;
        if signs && !is_signed(&self.db)? {
            troubles.push("the end of the access list is not signed by this installation".into());
        }
        Ok(troubles)
    }
}

fn access(row: &rusqlite::Row<'_>, lived: impl Fn(i64) -> DateTime<FixedOffset>) -> rusqlite::Result<Option<Access>> {
    let client: Option<[u8; 16]> = row.get(2)?;
    let (at, who, detail) = (lived(row.get(0)?), row.get(1)?, row.get(4)?);
    // What a newer version wrote is kept in the list and not shown.
    let deed = Deed::from_number(row.get(3)?);
    Ok(deed.map(|deed| Access { at, who, client: client.map(RowId::from_bytes), deed, detail }))
}

/// Goes through the lines after the one of this number, the first one first.
pub(super) fn each(db: &Connection, after: i64, mut take: impl FnMut(Linked) -> Result<()>) -> Result<()> {
    let mut query = db.prepare("SELECT n, at, who, client, what, detail, hash FROM access WHERE n > ?1 ORDER BY n")?;
    let mut rows = query.query([after])?;
    while let Some(row) = rows.next()? {
        let client: Option<[u8; 16]> = row.get(3)?;
        let client = client.map(RowId::from_bytes);
        let line = Line { at: row.get(1)?, who: row.get(2)?, client, what: row.get(4)?, detail: row.get(5)? };
        take(Linked { n: row.get(0)?, line, hash: row.get(6)? })?;
    }
    Ok(())
}

/// Puts a line in its place, as it was made.
pub(super) fn keep(db: &Connection, Linked { n, line, hash }: &Linked) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO access (n, at, who, client, what, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((n, line.at, &line.who, line.client, line.what, &line.detail, hash))?;
    Ok(())
}

pub(super) fn keep_end(db: &Connection, n: i64, hash: &[u8]) -> Result<()> {
    let packed = [n.to_le_bytes().as_slice(), hash].concat();
    db.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?.execute((END, packed))?;
    Ok(())
}

/// What is signed: how many lines there are, and the hash that stands for all of them.
fn message(db: &Connection) -> Result<Vec<u8>> {
    let (n, hash) = end(db)?;
    Ok([b"caseload access end 1\n".as_slice(), &n.to_le_bytes(), &hash].concat())
}

/// Signs the list as it is now.
pub(super) fn sign_end(db: &Connection, keys: &Keys) -> Result<()> {
    let signed = [keys.id().0.as_slice(), &keys.sign(&message(db)?)].concat();
    db.prepare_cached("INSERT OR REPLACE INTO local (key, value) VALUES (?1, ?2)")?.execute((SIGNED, signed))?;
    Ok(())
}

/// Signs the list of a file that was made before there was a signature, as it was found.
pub(super) fn migrate(db: &Connection) -> Result<()> {
    // A file that is being made has no keys yet.
    sites::any_own(db)?.map_or(Ok(()), |keys| sign_end(db, &keys))
}

/// Who signed the list, and the signature.
fn signed(db: &Connection) -> Result<Option<(SiteId, Vec<u8>)>> {
    let mut query = db.prepare_cached("SELECT value FROM local WHERE key = ?1")?;
    let kept: Option<Vec<u8>> = query.query_row([SIGNED], |row| row.get(0)).optional()?;
    Ok(kept.map(|kept| match kept.split_first_chunk::<16>() {
        Some((site, signature)) => (SiteId(*site), signature.to_vec()),
        None => (SiteId([0; 16]), Vec::new()),
    }))
}

/// Whether this file's own keys signed the list as it is now.
fn is_signed(db: &Connection) -> Result<bool> {
    signed(db)?.map_or(Ok(false), |(_, signature)| sites::is_own_signature(db, &message(db)?, &signature))
}

/// Whether a list that came in with a backup is as an installation of its owner signed it. One of a version that did not sign
/// is taken as it is.
pub(super) fn is_as_it_was_signed(db: &Connection) -> Result<bool> {
    let Some((site, signature)) = signed(db)? else { return Ok(true) };
    let sql = "SELECT public_key FROM site JOIN line ON root = line WHERE id = ?1 AND own = 1";
    let key: Option<[u8; 32]> = db.prepare_cached(sql)?.query_row([site.0.as_slice()], |row| row.get(0)).optional()?;
    key.map_or(Ok(false), |key| Ok(sites::is_signature(&key, &message(db)?, &signature)))
}

/// The number and the hash of the last line; nothing before the first.
pub(super) fn end(db: &Connection) -> Result<(i64, Vec<u8>)> {
    let kept: Option<Vec<u8>> =
        db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?.query_row([END], |row| row.get(0)).optional()?;
    let split = kept.as_deref().and_then(|kept| kept.split_first_chunk::<8>());
    Ok(split.map_or((0, Vec::new()), |(n, hash)| (i64::from_le_bytes(*n), hash.to_vec())))
}

#[cfg(test)]
mod tests;
