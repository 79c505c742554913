//! Whether the file is sound: every chain whole, every signature good, every row what the journal makes it.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use rusqlite::OptionalExtension;

use crate::model::{CATALOGUE, EntryRef, RowId, SiteId};

use super::erase::{Orders, has_orders};
use super::journal::{self, Batch, ChainEnd};
use super::{Result, Store, facts, joined, projection, wire};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct CheckReport {
    pub ok: bool,
    /// Journal entries read.
    pub entries: u64,
    /// Clients' (and the worker's) streams read.
    pub streams: u64,
    /// In words; empty when all is well. Holds no client data, only ids.
    pub problems: Vec<String>,
    /// Why the newest backup beside the file could not be restored, in words.
    pub backup: Option<String>,
    /// What is to be done although all is well, in words: the newest backup is old, a value is none that its field can hold.
    pub notices: Vec<String>,
    /// Plans in force that say something else than what was signed under them. No damage: they ask for a new signature.
    pub to_sign_again: Vec<String>,
    /// Values that are missing and nobody ordered erased, in words, with what to do: those that are in sight stand among
    /// the problems too; of those that were replaced since only the history lacks something.
    pub missing: Vec<String>,
}

impl Store {
    /// Verifies every chain and its signature, that replaying the journal gives the tables as they are, and that the newest
    /// backup opens. Reads one stream at a time, so memory stays flat.
    pub fn check(&self) -> Result<CheckReport> {
        let mut report = CheckReport::default();
        if let Some(trouble) = self.sqlite_trouble()? {
            report.problems.push(trouble);
        }
        let mut rows_by_journal: BTreeMap<u16, u64> = BTreeMap::new();
        let mut clients = 0u64;
        for stream in journal::streams(&self.db)? {
            report.streams += 1;
            let mut chains: BTreeMap<SiteId, (ChainEnd, Option<Batch>)> = BTreeMap::new();
            for batch in journal::of_stream(&self.db, stream)? {
                report.entries += batch.count;
                let (end, last) = chains.entry(batch.header.site).or_insert((ChainEnd::START, None));
                if let Err(problem) = follows(end, &batch) {
                    report.problems.push(format!("stream {stream}, site {}: {problem}", batch.header.site));
                }
                *last = Some(batch);
            }
            for (site, (_, last)) in chains {
                if let Some(batch) = last
                    && !self.signed(site, &batch)?
                {
                    report.problems.push(format!("stream {stream}, site {site}: the signature does not hold"));
                }
            }
            let orders = if has_orders(&self.db, stream)? { Orders::of(&self.db, stream)? } else { Orders::default() };
            for (batch, _) in orders.undone(&self.db, stream)? {
                report.problems.push(format!(
                    "stream {stream}, site {}: something erased is still here, in the entries from {} on",
                    batch.header.site, batch.header.first
                ));
            }
            let (mut held, mut misfits) = (BTreeSet::new(), Vec::new());
            let replayed = projection::replay(&self.db, stream)?;
            let missing: BTreeSet<EntryRef> = replayed.missing().collect();
            let mut replaced = missing.clone();
            for state in replayed.into_states() {
                for head in state.all_heads() {
                    replaced.remove(&head);
                }
                *rows_by_journal.entry(state.record).or_default() += 1;
                let Some(record) = crate::model::record_by_number(state.record) else { continue };
                held.insert(state.record);
                for field in state.misfits() {
                    let name = record.field(field.field).map_or("field", |field| field.name);
                    misfits.push(format!("{}.{name} of {}", record.name, state.id));
                }
                if projection::load(&self.db, record, state.id)?.as_ref() != Some(&state) {
                    report.problems.push(format!("{} {} is not what its journal says", record.name, state.id));
                }
            }
            self.tell_missing(stream, &missing, &replaced, &mut report)?;
            if let Some(first) = misfits.first() {
                report.notices.push(format!(
                    "stream {stream}: {} of what was written here is nothing that its field can hold, first {first}. It is shown as it was written and counts for nothing; write over it",
                    misfits.len()
                ));
            }
            for broken in self.broken_seals(stream)? {
                report.problems.push(format!("what was signed under {broken} was altered outside the program"));
            }
            report.to_sign_again.extend(self.to_sign_again(stream)?);
            if projection::held(&self.db, stream)? != held {
                report.problems.push(format!("stream {stream} holds rows of other types than is noted"));
            }
            if projection::is_client(&self.db, stream)? {
                clients += 1;
                let root = joined::root_said(&self.db, stream)?;
                let made = match root == stream {
                    true => facts::gather(&self.db, &joined::members(&self.db, root)?, None)?,
                    false => None,
                };
                if root != joined::root(&self.db, stream)? || facts::of(&self.db, stream)? != made {
                    report.problems.push(format!("the facts of client {stream} are out of date"));
                }
            }
        }
        for record in CATALOGUE {
            let sql = format!("SELECT count(*) FROM {}", record.table());
            let rows: u64 = self.db.query_row(&sql, [], |row| row.get::<_, i64>(0))? as u64;
            let expected = rows_by_journal.get(&record.number).copied().unwrap_or(0);
            if rows != expected {
                report.problems.push(format!("{} rows of {} instead of {expected}", rows, record.name));
            }
        }
        let kept: u64 = self.db.query_row("SELECT count(*) FROM facts", [], |row| row.get::<_, i64>(0))? as u64;
        if kept > clients {
            report.problems.push(format!("facts of {kept} clients instead of at most {clients}"));
        }
        for (stream, site, entries) in self.aside()? {
            report.notices.push(format!(
                "stream {stream}, site {site}: another copy of that laptop wrote something else in the same place; {entries} entries of it lie aside and are not shown. They come in once whoever has that laptop takes in what you have and gives to you again. If nobody works there any more: caseload site rest, then caseload site keep-both"
            ));
        }
        report.problems.extend(self.access_troubles()?);
        let (trouble, unknown) = self.newest_backup_trouble()?;
        report.backup = trouble;
        report.notices.extend(unknown);
        report.notices.extend(self.stale_backup()?);
        report.ok = report.problems.is_empty() && report.backup.is_none();
        Ok(report)
    }

    /// Tells of values that are missing, chain by chain, and of what to do.
    fn tell_missing(
        &self,
        stream: RowId,
        missing: &BTreeSet<EntryRef>,
        replaced: &BTreeSet<EntryRef>,
        report: &mut CheckReport,
    ) -> Result<()> {
        let sites: BTreeSet<SiteId> = missing.iter().map(|at| at.site).collect();
        for site in sites {
            let of_site = |set: &BTreeSet<EntryRef>| set.iter().filter(|at| at.site == site).count();
            let (all, old) = (of_site(missing), of_site(replaced));
            let from = missing.iter().find(|at| at.site == site).map_or(0, |at| at.index);
            let is = if all == 1 { "1 value is".into() } else { format!("{all} values are") };
            let mut told = format!(
                "stream {stream}, site {site}: {is} missing here, from entry {from} on, and nobody ordered that. Have whoever wrote it, or any colleague who has it, write a bundle with everything (`caseload export FILE --everything`), and import it"
            );
            if old == all {
                told.push_str(". All that is in sight is whole: only the history lacks it");
                report.missing.push(told);
                continue;
            }
            told.push_str("; where nobody has it any more, write what is known over it, or erase it with its reason (`caseload erase`)");
            report.missing.push(told.clone());
            report.problems.push(told);
        }
        Ok(())
    }

    fn sqlite_trouble(&self) -> Result<Option<String>> {
        let said: String = self.db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok((said != "ok").then(|| format!("the file itself is damaged: {said}")))
    }

    fn signed(&self, site: SiteId, batch: &Batch) -> Result<bool> {
        let key: Option<[u8; 32]> = self
            .db
            .prepare_cached("SELECT public_key FROM site WHERE id = ?1")?
            .query_row([site.0.as_slice()], |row| row.get(0))
            .optional()?;
        Ok(key
            .filter(|key| SiteId::of_key(key) == site)
            .is_some_and(|key| signature_holds(&key, &batch.hash, &batch.signature)))
    }
}

/// Whether a site's signature stands under the hash at the end of a chain.
pub(super) fn signature_holds(public_key: &[u8; 32], hash: &[u8; 32], signature: &[u8]) -> bool {
    let signature = Signature::from_slice(signature);
    match (VerifyingKey::from_bytes(public_key), signature) {
        (Ok(key), Ok(signature)) => key.verify(hash, &signature).is_ok(),
        _ => false,
    }
}

/// Holds a batch against the end of its chain, and moves the end on.
pub(super) fn follows(end: &mut ChainEnd, batch: &Batch) -> Result<(), String> {
    let (next, previous) = (end.next, end.hash);
    *end = ChainEnd { next: batch.header.first + batch.count, hash: batch.hash };
    if batch.header.first != next {
        return Err(format!("entries {next} to {} are missing", batch.header.first));
    }
    match wire::unpack(&batch.header, &batch.body, Some(&previous)) {
        Ok((entries, hash)) if entries.len() as u64 == batch.count && hash == Some(batch.hash) => Ok(()),
        Ok(_) => Err(format!("the entries from {next} on were altered")),
        Err(error) => Err(error.to_string()),
    }
}
