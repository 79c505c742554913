//! The way in for what was written elsewhere: batches of other sites, verified, taken in one transaction.
//!
//! Nothing here trusts its caller with the chain: a batch goes in only if it continues what is in the file, entry after
//! entry and hash after hash, and the chain that it ends carries its site's signature. What does not continue leaves out
//! its own chain and no other: entries before it that have not arrived (a gap) are waited for, and another branch of a
//! chain, once its end's signature holds, is put aside (see [`super::forks`]). Whatever a merge does beyond that, such as
//! going on as a new site, it does after its caller has verified everything, in the same transaction.

mod together;
pub mod walk;

pub(super) use self::together::Gathered;

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::model::{EntryRef, Hlc, RowId, SiteId};

use super::erase::{self, Orders};
use super::file::GIVES_WAY;
use super::forks::{self, Home};
use super::journal::{self, Batch};
use super::projection::{self, Workspace, is_client};
use super::rights::{self, GRANT};
use super::search::Documents;
use super::sites::{self, Site, Trust};
use super::wire::{Content, Entry};
use super::{Result, Store, StoreError, facts, joined, lines, speaking};

/// Rows held at once before they are written.
const ROWS_AT_ONCE: usize = 4_096;
/// Clients that are named of those about whom something was left out.
const NAMED: usize = 12;
/// Claims about our own chains that are looked at again in the end; a bundle of more is not more believable.
const CLAIMS: usize = 10_000;

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
    /// Chains left out because they do not continue what is here, by site and reason.
    pub not_taken: Vec<NotTaken>,
    /// Entries of our own that stand under another of our sites since, for a copy of this file had written in their place.
    pub moved: u64,
    /// Someone has something else of what this installation wrote than is here: it was set back to an earlier state, or
    /// copied.
    pub set_back: bool,
    /// Values that came as empty places, and nobody had ordered them erased.
    pub missing: u64,
    /// Whether values were taken out of the journal.
    pub erased: bool,
    /// Values that were missing here and are no longer.
    pub filled: u64,
    /// Batches that came with values missing which are here: whoever made the bundle lacks them, or took them out.
    pub blank: Vec<super::Range>,
}

impl Merged {
    /// Whether there is nothing that a person must hear of.
    pub fn is_nothing(&self) -> bool {
        let is_nothing = self.entries == 0 && self.held_back == 0 && self.filled == 0;
        is_nothing && self.not_taken.is_empty() && !self.set_back
    }
}

/// What one site wrote that was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct NotTaken {
    pub site: SiteId,
    pub name: String,
    pub fingerprint: String,
    pub why: Why,
    pub entries: u64,
    /// About whom; a few of them. Only those whose names are known here.
    pub clients: Vec<String>,
}

/// Why a chain is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The entries between what is here and these have not arrived.
    Gap,
    /// They go on from something else than what is here.
    Elsewhere,
    /// The site wrote two different things at the same place: there are two of it. The other branch is kept aside.
    Fork,
    /// They claim a row that stands in another file already.
    Twice,
}

impl Why {
    /// For scripts.
    pub fn code(self) -> &'static str {
        match self {
            Why::Gap => "gap",
            Why::Elsewhere => "elsewhere",
            Why::Fork => "fork",
            Why::Twice => "twice",
        }
    }
}

/// A claim about one of our own chains: stream, site, the index after its last entry, and the hash of that.
type Claim = (RowId, SiteId, u64, [u8; 32]);

/// One transaction in which batches of others are taken in.
pub struct Merger<'a> {
    db: &'a Connection,
    now_ms: u64,
    merged: Merged,
    home: Home<'a>,
    /// The stream at hand: its rows, and how far each site's chain has come.
    stream: Option<(RowId, Workspace<'a>)>,
    ends: BTreeMap<SiteId, u64>,
    touched: BTreeSet<RowId>,
    known_before: BTreeMap<RowId, bool>,
    revoked: BTreeMap<SiteId, bool>,
    /// What the file at hand says of sites.
    told: BTreeMap<SiteId, Site>,
    /// Sites that it showed to be one person's with others.
    joined: BTreeSet<SiteId>,
    /// Sites that say something of their line in it.
    spoke: BTreeSet<SiteId>,
    /// Sites whose entries say from which site they were moved.
    moved_from: BTreeSet<(SiteId, SiteId)>,
    documents: Documents,
    not_taken: BTreeMap<(SiteId, Why), (u64, BTreeSet<RowId>)>,
    /// The last batch in the order of arrival before this merge.
    last_before: i64,
    /// Rows that stand in another stream already, each with the stream that claims them too.
    twice: BTreeSet<(RowId, RowId)>,
    /// Chains beside which something was put, with how many entries each time.
    forked: BTreeSet<(RowId, SiteId)>,
    claims: Vec<Claim>,
    /// Whoever claims had claimed before what never came: they are not believed a second time.
    claimed_before: Option<bool>,
    /// Streams whose orders of erasure are to be carried out, and whether their rows are to be made again in any case.
    to_erase: BTreeMap<RowId, bool>,
    /// Whether anything came by which somebody may erase what they could not, or (yes) the other way too.
    judge_again: Option<bool>,
    /// The orders of the stream at hand.
    orders: Option<Orders>,
}

impl Store {
    /// Takes in what `fill` hands over, in one transaction (see [`Store::gather`]) or a part of one that stands or falls by
    /// itself: all of it, or with any error nothing. Without `keep` everything is rolled back at the end, and the answer
    /// says what would have been.
    pub fn merge<T, E: From<StoreError>>(
        &mut self,
        keep: bool,
        fill: impl FnOnce(&mut Merger<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<(T, Merged), E> {
        let alone = self.gathered.is_none();
        self.gather()?;
        let result = self.merge_as_part(keep, fill);
        if alone && !(keep && result.is_ok()) {
            self.let_go()?;
        } else if alone || self.gathered.as_ref().is_some_and(Gathered::is_to_be_written) {
            self.settle()?;
            if !alone {
                // Whoever wants to save something, on the screen beside, has their turn before the next.
                std::thread::sleep(GIVES_WAY);
            }
        }
        result
    }

    fn merge_as_part<T, E: From<StoreError>>(
        &mut self,
        keep: bool,
        fill: impl FnOnce(&mut Merger<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<(T, Merged), E> {
        let now_ms = self.unix_ms();
        let mut part = self.db.savepoint().map_err(StoreError::from)?;
        let conflicts = |db: &Connection| -> Result<i64> {
            Ok(db.query_row("SELECT count(*) FROM conflict", [], |row| row.get(0))?)
        };
        let before = conflicts(&part)?;
        let machine = sites::machine(self.path.as_deref());
        let missing = erase::missing_values(&part)?;
        let mut merger = Merger {
            db: &part,
            now_ms,
            merged: Merged::default(),
            home: Home::new(&self.keys, machine, &self.worker.name),
            stream: None,
            ends: BTreeMap::new(),
            touched: BTreeSet::new(),
            known_before: BTreeMap::new(),
            revoked: BTreeMap::new(),
            told: BTreeMap::new(),
            joined: BTreeSet::new(),
            spoke: BTreeSet::new(),
            moved_from: BTreeSet::new(),
            documents: Documents::default(),
            not_taken: BTreeMap::new(),
            last_before: part
                .query_row("SELECT coalesce(max(n), 0) FROM batch", [], |row| row.get(0))
                .map_err(StoreError::from)?,
            twice: BTreeSet::new(),
            forked: BTreeSet::new(),
            claims: Vec::new(),
            claimed_before: None,
            to_erase: BTreeMap::new(),
            judge_again: None,
            orders: None,
        };
        let filled = fill(&mut merger)?;
        // From here on all of it is verified.
        let (mut merged, renewed) = merger.finish()?;
        merged.conflicts = (conflicts(&part)? - before).max(0) as u64;
        let still = erase::missing_values(&part)?;
        (merged.missing, merged.filled) = (still.saturating_sub(missing), missing.saturating_sub(still));
        merged.clients = named(&part, &merged)?;
        if !keep {
            part.rollback().map_err(StoreError::from)?;
        }
        part.commit().map_err(StoreError::from)?;
        if let Some(gathered) = self.gathered.as_mut().filter(|_| keep) {
            gathered.add(&merged, renewed);
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

    /// Takes note of the sites whose entries are to come. That one took over from another is only hearsay as long as it does
    /// not say so itself: see [`Merger::sender`].
    pub fn know(&mut self, told: &[Site]) -> Result<()> {
        for site in told {
            sites::keep_hearsay(self.db, site)?;
            self.told.insert(site.id, site.clone());
        }
        told.iter().try_for_each(|site| lines::hear(self.db, site))
    }

    /// The sender as it is known here, with the line that it says it belongs to: its own word and the signatures of those
    /// that it took over from.
    pub fn sender(&mut self, id: SiteId) -> Result<Option<Site>> {
        if let Some(told) = self.told.get(&id) {
            sites::keep_own_word(self.db, told)?;
        }
        let mut line: Vec<Site> = Vec::new();
        let mut at = Some(id);
        while let Some(told) = at.and_then(|id| self.told.get(&id)).filter(|told| !line.contains(told)) {
            at = told.voucher.as_ref().map(|(before, _)| *before);
            line.push(told.clone());
        }
        self.join(&line)?;
        self.site(id)
    }

    /// Keeps the vouchers of a line of sites, each of which took over from the next, as what they say themselves.
    fn join(&mut self, line: &[Site]) -> Result<()> {
        for site in line.iter().rev() {
            if lines::vouch(self.db, site)? {
                self.joined.insert(site.id);
            }
        }
        Ok(())
    }

    /// Holds what was told of sites against their own words, wherever in the journal these stand: a voucher that is told by
    /// another counts as far as they say the same.
    fn hear_their_words(&mut self) -> Result<()> {
        let told: Vec<SiteId> = self.told.values().filter(|told| told.voucher.is_some()).map(|told| told.id).collect();
        for id in told {
            if self.site(id)?.is_none_or(|known| known.voucher.is_some()) {
                continue;
            }
            let mut line: Vec<Site> = Vec::new();
            let mut at = id;
            for before in lines::goes_on_for(self.db, id)? {
                let says_the_same = |told: &&Site| told.voucher.as_ref().is_some_and(|(of, _)| *of == before);
                let Some(told) = self.told.get(&at).filter(says_the_same) else { break };
                line.push(told.clone());
                at = before;
            }
            self.join(&line)?;
        }
        Ok(())
    }

    /// What another site says it has of a chain: the last word counts, for files are lost and set back. Whoever has
    /// another branch of it is to get all of ours.
    pub fn peer_has(&mut self, peer: SiteId, stream: RowId, site: SiteId, next: u64, hash: &[u8; 32]) -> Result<()> {
        let end = journal::chain_end(self.db, stream, site)?;
        let beyond = next > end.next;
        let agrees = match next == end.next {
            true => next == 0 || end.hash == *hash,
            false => !beyond && self.agrees(stream, site, next, hash)?,
        };
        if !agrees && self.claims.len() < CLAIMS && self.is_own(site)? {
            if self.claimed_before.is_none() {
                self.claimed_before = Some(self.claims_what_never_came(peer)?);
            }
            self.claims.push((stream, site, next, *hash));
        }
        // Of a chain that is known to have parted nobody's index says which branch they are on.
        let parted = beyond && forks::lies_aside(self.db, stream, site)?;
        let next = if agrees || (beyond && !parted) { next } else { 0 };
        self.db
            .prepare_cached(
                "INSERT INTO peer_has (peer, stream, site, next) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (peer, stream, site) DO UPDATE SET next = excluded.next",
            )?
            .execute((peer.0.as_slice(), stream, site.0.as_slice(), i64::try_from(next).unwrap_or(i64::MAX)))?;
        Ok(())
    }

    /// Whether a chain as far as someone else has it is the one that is here.
    fn agrees(&self, stream: RowId, site: SiteId, next: u64, hash: &[u8; 32]) -> Result<bool> {
        let Some(last) = next.checked_sub(1) else { return Ok(true) };
        let here = journal::holding(self.db, stream, EntryRef { site, index: last })?;
        Ok(here.is_some_and(|batch| batch.header.first + batch.count == next && batch.hash == *hash))
    }

    fn claims_what_never_came(&self, peer: SiteId) -> Result<bool> {
        let sql = "SELECT 1 FROM peer_has p JOIN site s ON s.id = p.site JOIN line ON root = s.line AND own = 1
             WHERE p.peer = ?1 AND p.next > (SELECT coalesce(max(first + count), 0) FROM batch
               WHERE stream = p.stream AND site = p.site)";
        Ok(self.db.prepare_cached(sql)?.exists([peer.0.as_slice()])?)
    }

    fn is_own(&self, site: SiteId) -> Result<bool> {
        Ok(sites::of(self.db, site)?.is_some_and(|site| site.trust() == Trust::Own))
    }

    /// Holds another copy of a batch against ours: what is missing here is filled in; what is missing there is told.
    fn hold_against(&mut self, here: &Batch, theirs: &[Entry], body: &[u8]) -> Result<()> {
        let header = &here.header;
        if erase::fill(self.db, here, body)? {
            self.to_erase.insert(header.stream, true);
        }
        let ours = here.entries()?;
        let is_there = |entry: &Entry| matches!(entry.content, Content::Value(_));
        if ours.iter().zip(theirs).any(|(ours, theirs)| is_there(ours) && !is_there(theirs)) {
            self.merged.blank.push((header.stream, header.site, header.first, header.first + here.count));
        }
        Ok(())
    }

    fn is_revoked(&mut self, site: SiteId) -> Result<bool> {
        if let Some(known) = self.revoked.get(&site) {
            return Ok(*known);
        }
        let revoked = match self.site(site)? {
            // Whoever takes over from someone that was ended is ended too, whoever tells of them.
            Some(known) => {
                let told = self.told.get(&site).filter(|_| known.line.is_none());
                self.trust_of(told.unwrap_or(&known))? == Trust::Revoked
            }
            None => false,
        };
        self.revoked.insert(site, revoked);
        Ok(revoked)
    }

    fn insert(&mut self, mut batch: Batch, mut entries: Vec<Entry>) -> Result<()> {
        let stream = batch.header.stream;
        if self.stream.as_ref().is_none_or(|(at_hand, workspace)| *at_hand != stream || workspace.len() > ROWS_AT_ONCE)
        {
            self.save()?;
            if !self.known_before.contains_key(&stream) {
                self.known_before.insert(stream, is_client(self.db, stream)?);
            }
            self.orders = match erase::has_orders(self.db, stream)? {
                true => Some(Orders::of(self.db, stream)?),
                false => None,
            };
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
        if self.merged.entries == 0 {
            journal::note_arrival(self.db, self.now_ms)?;
        }
        self.merged.entries += batch.count;
        if stream == lines::own_word(batch.header.site) {
            self.spoke.insert(batch.header.site);
        }
        self.moved_from.extend(entries.iter().filter_map(forks::moved_from).map(|old| (batch.header.site, old)));
        // What was erased before it came is not even written.
        if let Some(body) = self.orders.as_ref().map(|orders| orders.without(&batch)).transpose()?.flatten() {
            batch.body = body;
            entries = batch.entries()?;
            self.merged.erased = true;
        }
        if entries.iter().any(|entry| entry.record == GRANT) {
            self.judge_again = Some(true);
        }
        if entries.iter().any(erase::is_an_order) {
            self.to_erase.insert(stream, true);
        }
        journal::insert(self.db, &batch, &entries)?;
        let (ends, site, end) = (&self.ends, batch.header.site, batch.header.first + batch.count);
        let seen = |at: EntryRef| {
            if at.site == site { at.index < end } else { ends.get(&at.site).is_some_and(|next| at.index < *next) }
        };
        let (_, workspace) = self.stream.as_mut().expect("just put there");
        workspace.apply_entries(&batch, entries, &seen)?;
        self.ends.insert(site, end);
        Ok(())
    }

    fn save(&mut self) -> Result<()> {
        if let Some((stream, mut workspace)) = self.stream.take() {
            workspace.save_with(&mut self.documents, &mut |_, _| std::ops::ControlFlow::Continue(()))?;
            self.twice.extend(workspace.twice());
            self.touched.insert(stream);
        }
        Ok(())
    }

    /// Takes out again what came of chains that claim a row of another stream: no honest program writes it, and whose row it is
    /// says the stream that had it.
    fn leave_out_what_stands_twice(&mut self) -> Result<()> {
        let mut chains: BTreeSet<(RowId, SiteId)> = BTreeSet::new();
        for (stream, row) in std::mem::take(&mut self.twice) {
            let mut query = self.db.prepare_cached(
                "SELECT DISTINCT site FROM touched JOIN batch ON batch = n WHERE row = ?1 AND stream = ?2 AND n > ?3",
            )?;
            for site in query.query_map((row, stream, self.last_before), |row| Ok(SiteId(row.get(0)?)))? {
                chains.insert((stream, site?));
            }
        }
        for (stream, site) in &chains {
            let (first, entries): (i64, i64) = self.db.query_row(
                "SELECT min(first), sum(count) FROM batch WHERE stream = ?1 AND site = ?2 AND n > ?3",
                (stream, site.0.as_slice(), self.last_before),
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            journal::remove_from(self.db, *stream, *site, first as u64)?;
            self.merged.entries = self.merged.entries.saturating_sub(entries as u64);
            let (left_out, clients) = self.not_taken.entry((*site, Why::Twice)).or_default();
            *left_out += entries as u64;
            if clients.len() < NAMED {
                clients.insert(*stream);
            }
        }
        for stream in chains.iter().map(|(stream, _)| *stream).collect::<BTreeSet<RowId>>() {
            projection::make_stream_again(self.db, stream)?;
            let mut others = self.db.prepare_cached("SELECT 1 FROM batch WHERE stream = ?1 AND n > ?2")?;
            if !others.exists((stream, self.last_before))? {
                self.touched.remove(&stream);
            }
        }
        Ok(())
    }

    /// What follows once all of it is verified; gives the keys that this file goes on with, where they are new.
    fn finish(mut self) -> Result<(Merged, Option<sites::Keys>)> {
        self.save()?;
        self.documents.flush(self.db)?;
        self.leave_out_what_stands_twice()?;
        self.hear_their_words()?;
        for (site, old) in &self.moved_from {
            if lines::said_itself(self.db, *site, *old)? {
                self.joined.insert(*site);
            }
        }
        self.settle_forks()?;
        self.hear_claims()?;
        speaking::refresh(self.db, &self.joined)?;
        for site in self.spoke.union(&self.joined) {
            lines::heed(self.db, *site)?;
        }
        let joined = if self.joined.is_empty() { None } else { Some(false) };
        if let Some(anew) = self.judge_again.or(joined) {
            self.merged.erased |= match anew {
                true => rights::judge_again(self.db)?,
                false => erase::judge_again(self.db, false)?,
            };
        }
        for (stream, anew) in std::mem::take(&mut self.to_erase) {
            self.merged.erased |= erase::carry_out(self.db, stream, anew)?;
        }
        for stream in std::mem::take(&mut self.touched) {
            if is_client(self.db, stream)? {
                let known = self.known_before.get(&stream).copied().unwrap_or(false);
                if known { self.merged.changed.push(stream) } else { self.merged.new.push(stream) }
            }
        }
        for ((site, why), (entries, streams)) in std::mem::take(&mut self.not_taken) {
            let Some(site) = self.site(site)? else { continue };
            let mut clients = Vec::new();
            for stream in streams {
                clients.extend(facts::of(self.db, joined::root(self.db, stream)?)?.map(|facts| facts.name));
            }
            let fingerprint = site.fingerprint();
            self.merged.not_taken.push(NotTaken {
                site: site.id,
                name: site.person(),
                fingerprint,
                why,
                entries,
                clients,
            });
        }
        Ok((self.merged, self.home.into_renewed()))
    }

    /// What lies beside chains, as far as it can be settled now: who belongs to whose line may be news too. What still waits is
    /// told where this merge speaks of it.
    fn settle_forks(&mut self) -> Result<()> {
        for (stream, site) in forks::forked(self.db)? {
            let spoken_of = self.touched.contains(&stream) || self.forked.contains(&(stream, site));
            let known = is_client(self.db, stream)?;
            let settled = forks::settle(self.db, &mut self.home, stream, site)?;
            if settled.taken > 0 {
                projection::make_stream_again(self.db, stream)?;
                self.to_erase.entry(stream).or_insert(false);
                self.known_before.entry(stream).or_insert(known);
                self.touched.insert(stream);
                self.merged.entries += settled.taken;
                self.merged.moved += settled.moved;
            }
            if settled.waiting > 0 && spoken_of {
                let (entries, clients) = self.not_taken.entry((site, Why::Fork)).or_default();
                *entries += settled.waiting;
                if clients.len() < NAMED {
                    clients.insert(stream);
                }
            }
        }
        Ok(())
    }

    /// Whoever has something else of our own chains than is here shows that this file was set back, or copied. Where they have
    /// more, what is written from here on must not stand in its place. A claim is no proof: it costs a new site and nothing
    /// more, and one who claims what never comes is heard once.
    fn hear_claims(&mut self) -> Result<()> {
        for (stream, site, next, hash) in std::mem::take(&mut self.claims) {
            let beyond = next > journal::chain_end(self.db, stream, site)?.next;
            self.merged.set_back |= beyond || !self.agrees(stream, site, next, &hash)?;
            if beyond && site == self.home.site() && self.claimed_before == Some(false) {
                self.home.renew(self.db)?;
            }
        }
        Ok(())
    }
}
