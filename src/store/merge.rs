//! The way in for what was written elsewhere: batches of other sites, verified, taken in one transaction.
//!
//! Nothing here trusts its caller with the chain: a batch goes in only if it continues what is in the file, entry after
//! entry and hash after hash, and the chain that it ends carries its site's signature.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, TransactionBehavior};

use crate::model::{EntryRef, Hlc, RowId, SiteId};

use super::check::signature_holds;
use super::file::CACHE_KB;
use super::journal::{self, Batch, ChainEnd};
use super::projection::{Workspace, is_client};
use super::search::Documents;
use super::sites::{self, Site, Trust};
use super::wire::{self, Entry, Header};
use super::{Result, Store, StoreError, facts, joined};

/// Rows held at once before they are written.
const ROWS_AT_ONCE: usize = 4_096;

/// A chain with the index after its last entry: stream, site, next.
pub type Grown = (RowId, SiteId, u64);

/// What a merge did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merged {
    /// Entries that were not here before.
    pub entries: u64,
    /// Clients who were not here before.
    pub new: Vec<RowId>,
    /// Clients about whom something is new.
    pub changed: Vec<RowId>,
    /// All of them by name, those who are new first: under whom they are shown, and whether they are new.
    pub clients: Vec<(RowId, String, bool)>,
    /// Fields, and rows deleted here and edited there, that wait for a choice since this merge.
    pub conflicts: u64,
    /// Batches stamped more than a day ahead of this machine's clock.
    pub ahead: u64,
    /// Entries left out because their site was revoked.
    pub held_back: u64,
}

/// Why a batch is not taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Breach {
    /// The entries between what is here and this batch have not arrived.
    Gap { stream: RowId, site: SiteId, here: u64, first: u64 },
    /// The site wrote two different things at the same place: there are two of it.
    Fork { stream: RowId, site: SiteId, first: u64 },
    /// Bytes, hashes or signatures do not hold.
    Altered(String),
}

/// A batch's content before its hash is known: it is worked out here, not believed.
pub struct Unproven {
    pub header: Header,
    pub count: u64,
    pub body: Vec<u8>,
}

/// One transaction in which batches of others are taken in.
pub struct Merger<'a> {
    db: &'a Connection,
    now_ms: u64,
    merged: Merged,
    /// The stream at hand: its rows, and how far each site's chain has come.
    stream: Option<(RowId, Workspace<'a>)>,
    ends: BTreeMap<SiteId, u64>,
    touched: BTreeSet<RowId>,
    known_before: BTreeMap<RowId, bool>,
    revoked: BTreeMap<SiteId, bool>,
    documents: Documents,
}

impl Store {
    /// Takes in what `fill` hands over, in one transaction: all of it, or with any error nothing. Without `keep`
    /// everything is rolled back at the end, and the answer says what would have been.
    pub fn merge<T, E: From<StoreError>>(
        &mut self,
        keep: bool,
        fill: impl FnOnce(&mut Merger<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<(T, Merged), E> {
        self.writable()?;
        let now_ms = self.unix_ms();
        // A large merge touches the tables everywhere: with so much room few pages are encrypted more than once.
        self.db.execute_batch("PRAGMA cache_size = -128000").map_err(StoreError::from)?;
        let result = self.merge_with_room(keep, now_ms, fill);
        self.db
            .execute_batch(&format!("PRAGMA cache_size = -{CACHE_KB}; PRAGMA shrink_memory"))
            .map_err(StoreError::from)?;
        result
    }

    fn merge_with_room<T, E: From<StoreError>>(
        &mut self,
        keep: bool,
        now_ms: u64,
        fill: impl FnOnce(&mut Merger<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<(T, Merged), E> {
        let transaction =
            self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let conflicts = |db: &Connection| -> Result<i64> {
            Ok(db.query_row("SELECT count(*) FROM conflict", [], |row| row.get(0))?)
        };
        let before = conflicts(&transaction)?;
        let mut merger = Merger {
            db: &transaction,
            now_ms,
            merged: Merged::default(),
            stream: None,
            ends: BTreeMap::new(),
            touched: BTreeSet::new(),
            known_before: BTreeMap::new(),
            revoked: BTreeMap::new(),
            documents: Documents::default(),
        };
        let filled = fill(&mut merger)?;
        let mut merged = merger.finish()?;
        merged.conflicts = (conflicts(&transaction)? - before).max(0) as u64;
        merged.clients = named(&transaction, &merged)?;
        if keep {
            transaction.commit().map_err(StoreError::from)?;
            self.read_worker()?;
        } else {
            transaction.rollback().map_err(StoreError::from)?;
        }
        Ok((filled, merged))
    }
}

/// Whom a merge is about, in words. Asked before its end: after a trial the new ones are gone.
fn named(db: &Connection, merged: &Merged) -> Result<Vec<(RowId, String, bool)>> {
    let mut clients: BTreeMap<RowId, (String, bool)> = BTreeMap::new();
    for (rows, new) in [(&merged.changed, false), (&merged.new, true)] {
        for row in rows {
            let root = joined::root(db, *row)?;
            let name = facts::of(db, root)?.map_or_else(|| root.short(), |facts| facts.name);
            let known = clients.entry(root).or_insert((name, new));
            known.1 &= new;
        }
    }
    let mut clients: Vec<_> = clients.into_iter().map(|(row, (name, new))| (row, name, new)).collect();
    clients.sort_by(|a, b| (!a.2, &a.1, a.0).cmp(&(!b.2, &b.1, b.0)));
    Ok(clients)
}

impl<'a> Merger<'a> {
    /// The site as it is known here.
    pub fn site(&self, id: SiteId) -> Result<Option<Site>> {
        sites::of(self.db, id)
    }

    /// How far a site is believed, also by way of the one that it took over from.
    pub fn trust_of(&self, site: &Site) -> Result<Trust> {
        sites::trust_of(self.db, site)
    }

    /// Takes note of a site whose entries are to come.
    pub fn know(&mut self, site: &Site) -> Result<()> {
        sites::keep(self.db, &Site { trust: Trust::Known, ..site.clone() })
    }

    /// What another site says it has of a chain: the last word counts, for files are lost and set back.
    pub fn peer_has(&mut self, peer: SiteId, stream: RowId, site: SiteId, next: u64) -> Result<()> {
        self.db
            .prepare_cached(
                "INSERT INTO peer_has (peer, stream, site, next) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (peer, stream, site) DO UPDATE SET next = excluded.next",
            )?
            .execute((peer.0.as_slice(), stream, site.0.as_slice(), next as i64))?;
        Ok(())
    }

    /// Whether a chain as far as someone else has it is the one that is here.
    pub fn agrees(&self, stream: RowId, site: SiteId, next: u64, hash: &[u8; 32]) -> Result<bool> {
        let Some(last) = next.checked_sub(1) else { return Ok(true) };
        let here = journal::holding(self.db, stream, EntryRef { site, index: last })?;
        Ok(here.is_some_and(|batch| batch.header.first + batch.count == next && batch.hash == *hash))
    }

    /// Where a chain stands just before `first`: the hash that a batch there must continue.
    ///
    /// # Errors
    /// A [`Breach`] where the entries before it are not here.
    pub fn begin(&mut self, stream: RowId, site: SiteId, first: u64) -> Result<std::result::Result<ChainEnd, Breach>> {
        let end = journal::chain_end(self.db, stream, site)?;
        if first > end.next {
            return Ok(Err(Breach::Gap { stream, site, here: end.next, first }));
        }
        if first == end.next {
            return Ok(Ok(end));
        }
        if first == 0 {
            return Ok(Ok(ChainEnd::START));
        }
        let before = journal::holding(self.db, stream, EntryRef { site, index: first - 1 })?;
        Ok(match before.filter(|batch| batch.header.first + batch.count == first) {
            Some(batch) => Ok(ChainEnd { next: first, hash: batch.hash }),
            None => Err(Breach::Fork { stream, site, first }),
        })
    }

    /// Takes the next batch of a chain; gives the end that it makes. What is here already is held against it.
    pub fn take(&mut self, end: ChainEnd, batch: Unproven) -> Result<std::result::Result<ChainEnd, Breach>> {
        let Unproven { header, count, body } = batch;
        let altered = |what: &str| Ok(Err(Breach::Altered(what.into())));
        if header.first != end.next || count == 0 {
            return altered("a batch stands out of its order");
        }
        let (entries, hash) = match wire::unpack(&header, &body, Some(&end.hash)) {
            Ok(read) => read,
            Err(StoreError::Newer) => return Err(StoreError::Newer),
            Err(error) => return Ok(Err(Breach::Altered(error.to_string()))),
        };
        let Some(hash) = hash.filter(|_| entries.len() as u64 == count) else {
            return altered("a batch holds more or less than it says");
        };
        let after = ChainEnd { next: header.first + count, hash };
        let here = match journal::holding(self.db, header.stream, EntryRef { site: header.site, index: header.first })?
        {
            Some(here) => here,
            None if self.is_revoked(header.site)? => {
                self.merged.held_back += count;
                return Ok(Ok(after));
            }
            None => {
                self.insert(Batch { header, count, hash, signature: Vec::new(), body }, entries)?;
                return Ok(Ok(after));
            }
        };
        if here.header.first == header.first && here.hash == hash {
            return Ok(Ok(after));
        }
        Ok(Err(Breach::Fork { stream: header.stream, site: header.site, first: header.first }))
    }

    /// Ends a chain: its site's signature vouches for all of it.
    pub fn end(
        &mut self,
        stream: RowId,
        site: SiteId,
        end: ChainEnd,
        signature: &[u8],
    ) -> Result<std::result::Result<(), Breach>> {
        let altered = |what: &str| Ok(Err(Breach::Altered(what.into())));
        let Some(known) = self.site(site)? else { return altered("entries of a site whose key is not told") };
        if !signature_holds(&known.public_key, &end.hash, signature) {
            return altered("a signature does not hold");
        }
        self.db
            .prepare_cached(
                "UPDATE batch SET signature = ?1 WHERE stream = ?2 AND site = ?3 AND first + count = ?4 AND length(signature) = 0
                 AND first = (SELECT max(first) FROM batch WHERE stream = ?2 AND site = ?3 AND first < ?4)",
            )?
            .execute((signature, stream, site.0.as_slice(), end.next as i64))?;
        Ok(Ok(()))
    }

    fn is_revoked(&mut self, site: SiteId) -> Result<bool> {
        if let Some(known) = self.revoked.get(&site) {
            return Ok(*known);
        }
        let revoked = match self.site(site)? {
            Some(known) => self.trust_of(&known)? == Trust::Revoked,
            None => false,
        };
        self.revoked.insert(site, revoked);
        Ok(revoked)
    }

    fn insert(&mut self, batch: Batch, entries: Vec<Entry>) -> Result<()> {
        let stream = batch.header.stream;
        if self.stream.as_ref().is_none_or(|(at_hand, workspace)| *at_hand != stream || workspace.len() > ROWS_AT_ONCE)
        {
            self.save()?;
            if !self.known_before.contains_key(&stream) {
                self.known_before.insert(stream, is_client(self.db, stream)?);
            }
            self.ends = journal::seen_of_stream(self.db, stream)?.into_iter().collect();
            // Of a stream that nothing is known of there are no rows to look up.
            let workspace = match self.ends.is_empty() {
                true => Workspace::from_nothing(self.db),
                false => Workspace::new(self.db),
            };
            self.stream = Some((stream, workspace));
        }
        if batch.header.hlc > Hlc::at(self.now_ms + Hlc::MAX_PULL_MS) {
            self.merged.ahead += 1;
        }
        self.merged.entries += batch.count;
        journal::insert(self.db, &batch, &entries)?;
        let (ends, site, end) = (&self.ends, batch.header.site, batch.header.first + batch.count);
        let seen = |at: EntryRef| {
            if at.site == site { at.index < end } else { ends.get(&at.site).is_some_and(|next| at.index < *next) }
        };
        let (_, workspace) = self.stream.as_mut().expect("just put there");
        workspace.apply_entries(&batch.header, entries, &seen)?;
        self.ends.insert(site, end);
        Ok(())
    }

    fn save(&mut self) -> Result<()> {
        if let Some((stream, workspace)) = self.stream.take() {
            workspace.save_with(&mut self.documents, &mut |_, _| std::ops::ControlFlow::Continue(()))?;
            self.touched.insert(stream);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Merged> {
        self.save()?;
        self.documents.flush(self.db)?;
        for stream in std::mem::take(&mut self.touched) {
            if is_client(self.db, stream)? {
                let known = self.known_before.get(&stream).copied().unwrap_or(false);
                if known { self.merged.changed.push(stream) } else { self.merged.new.push(stream) }
            }
        }
        Ok(self.merged)
    }
}

impl Store {
    /// Every chain in these streams (or in all), in the order of their streams: the site, and the index after its last entry.
    pub fn chains(&self, streams: Option<&[RowId]>) -> Result<Vec<Grown>> {
        let read = |row: &rusqlite::Row<'_>| {
            Ok((RowId::from_bytes(row.get(0)?), SiteId(row.get(1)?), row.get::<_, i64>(2)? as u64))
        };
        const SQL: &str = "SELECT stream, site, max(first + count) FROM batch";
        let mut chains = Vec::new();
        match streams {
            None => {
                let mut query = self.db.prepare(&format!("{SQL} GROUP BY stream, site ORDER BY stream, site"))?;
                for chain in query.query_map([], read)? {
                    chains.push(chain?);
                }
            }
            Some(streams) => {
                let mut query =
                    self.db.prepare(&format!("{SQL} WHERE stream = ?1 GROUP BY stream, site ORDER BY site"))?;
                let sorted: BTreeSet<RowId> = streams.iter().copied().collect();
                for stream in sorted {
                    for chain in query.query_map([stream], read)? {
                        chains.push(chain?);
                    }
                }
            }
        }
        Ok(chains)
    }

    /// The chains that grew since a place in the order of arrival, and the place up to which this looked.
    pub fn chains_since(&self, looked: i64) -> Result<(Vec<Grown>, i64)> {
        let last: i64 = self.db.query_row("SELECT coalesce(max(n), 0) FROM batch", [], |row| row.get(0))?;
        let mut query = self.db.prepare(
            "SELECT stream, site, max(first + count) FROM batch WHERE n > ?1 GROUP BY stream, site ORDER BY stream, site",
        )?;
        let chains = query.query_map([looked], |row| {
            Ok((RowId::from_bytes(row.get(0)?), SiteId(row.get(1)?), row.get::<_, i64>(2)? as u64))
        })?;
        Ok((chains.collect::<rusqlite::Result<_>>()?, last))
    }

    /// The end of a chain.
    pub fn chain_end(&self, stream: RowId, site: SiteId) -> Result<ChainEnd> {
        journal::chain_end(&self.db, stream, site)
    }

    /// The batches of a chain that hold entries from `from` on, in order.
    pub fn each_of_chain<E: From<StoreError>>(
        &self,
        stream: RowId,
        site: SiteId,
        from: u64,
        take: &mut dyn FnMut(Batch) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        journal::of_chain(&self.db, stream, site, from, take)
    }

    /// What another site has said it has of a chain: the index after its last entry there; 0 where it said nothing.
    pub fn what_peer_has(&self, peer: SiteId, stream: RowId, site: SiteId) -> Result<u64> {
        use rusqlite::OptionalExtension;
        let mut query =
            self.db.prepare_cached("SELECT next FROM peer_has WHERE peer = ?1 AND stream = ?2 AND site = ?3")?;
        let next: Option<i64> =
            query.query_row((peer.0.as_slice(), stream, site.0.as_slice()), |row| row.get(0)).optional()?;
        Ok(next.unwrap_or(0) as u64)
    }

    /// Gives what this installation wrote as `old` in a stream from an index on to a new site of its own: another copy of it has
    /// written something else there. Nothing is lost: the same entries stand under the new site's name.
    pub fn make_way(&mut self, stream: RowId, old: SiteId, from: u64) -> Result<()> {
        if self.site == old {
            self.become_new()?;
        }
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut batches = Vec::new();
        journal::of_chain::<StoreError>(&transaction, stream, old, from, &mut |batch| {
            batches.push(batch);
            Ok(())
        })?;
        journal::remove_from(&transaction, stream, old, from)?;
        let mut end = journal::chain_end(&transaction, stream, self.site)?;
        let first = end.next;
        for batch in batches {
            let mut entries = batch.entries()?;
            for base in entries.iter_mut().flat_map(|entry| &mut entry.base) {
                if base.site == old && base.index >= from {
                    *base = EntryRef { site: self.site, index: base.index - from + first };
                }
            }
            let header = Header { site: self.site, first: end.next, ..batch.header };
            end = journal::append(&transaction, &self.keys.signing, end, &header, &entries)?;
        }
        super::projection::make_stream_again(&transaction, stream)?;
        transaction.commit()?;
        Ok(())
    }
}
