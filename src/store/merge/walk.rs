//! A chain on its way in, batch by batch, until the signature under its end vouches for all of it.

use crate::model::{EntryRef, RowId, SiteId};
use crate::store::journal::{self, Batch, ChainEnd};
use crate::store::sites::Site;
use crate::store::wire::{self, Entry, Header};
use crate::store::{Result, StoreError, forks};

use super::{Merger, NAMED, Why};

/// Bytes of a chain that goes on from its middle that are held until its end tells what it goes on from.
const HELD_AT_ONCE: usize = 8 << 20;

/// Bytes, hashes or signatures do not hold: nothing of where this came from is taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach(pub String);

/// A batch's content before its hash is known: it is worked out here, not believed. Where it begins follows from its chain.
pub struct Unproven {
    pub header: Header,
    pub count: u64,
    pub body: Vec<u8>,
}

/// A chain on its way in.
pub struct Walk {
    stream: RowId,
    site: Site,
    /// How far it has come.
    end: ChainEnd,
    entries: u64,
    standing: Standing,
}

impl Walk {
    /// The index after its last entry.
    pub fn next(&self) -> u64 {
        self.end.next
    }
}

/// What a chain may go on from: what is here, or a branch that lies aside.
type Start = (Option<[u8; 32]>, ChainEnd);

enum Standing {
    /// Held against what is here batch by batch, from its very beginning; the rest of it goes aside under the name of its
    /// branch once it is another one.
    Along { branch: Option<[u8; 32]> },
    /// It begins in the middle: what it goes on from is known when its end's signature fits.
    Held { starts: Vec<Start>, batches: Vec<Unproven>, bytes: usize },
    /// Left out.
    Passed(Why),
}

impl Merger<'_> {
    /// Begins a chain at an index.
    pub fn begin(&mut self, stream: RowId, site: SiteId, first: u64) -> Result<std::result::Result<Walk, Breach>> {
        let Some(site) = self.site(site)? else { return altered("entries of a site whose key is not told") };
        let starts = self.starts(stream, site.id, first)?;
        let standing = if first == 0 {
            Standing::Along { branch: None }
        } else if !starts.is_empty() {
            Standing::Held { starts, batches: Vec::new(), bytes: 0 }
        } else if first > journal::chain_end(self.db, stream, site.id)?.next {
            Standing::Passed(Why::Gap)
        } else {
            Standing::Passed(Why::Elsewhere)
        };
        let end = ChainEnd { next: first, ..ChainEnd::START };
        Ok(Ok(Walk { stream, site, end, entries: 0, standing }))
    }

    /// What a chain that begins at an index may go on from: what is here, or a branch that lies aside.
    fn starts(&self, stream: RowId, site: SiteId, first: u64) -> Result<Vec<Start>> {
        let mut starts = Vec::new();
        if let Some(last) = first.checked_sub(1)
            && i64::try_from(first).is_ok()
        {
            let here = journal::holding(self.db, stream, EntryRef { site, index: last })?;
            if let Some(batch) = here.filter(|batch| batch.header.first + batch.count == first) {
                starts.push((None, ChainEnd { next: first, hash: batch.hash }));
            }
            let aside = forks::ends_aside(self.db, stream, site, first)?;
            starts.extend(aside.into_iter().map(|(branch, end)| (Some(branch), end)));
        }
        Ok(starts)
    }

    /// Takes the next batch of a chain. What is here already is held against it.
    pub fn take(&mut self, walk: &mut Walk, mut batch: Unproven) -> Result<std::result::Result<(), Breach>> {
        let Some(next) = walk.end.next.checked_add(batch.count).filter(|next| i64::try_from(*next).is_ok()) else {
            return altered("a batch holds more than can be counted");
        };
        if batch.count == 0 {
            return altered("a batch holds nothing");
        }
        batch.header = Header { stream: walk.stream, site: walk.site.id, first: walk.end.next, ..batch.header };
        walk.entries += batch.count;
        match &mut walk.standing {
            Standing::Passed(_) => {}
            Standing::Held { batches, bytes, .. } => {
                *bytes += batch.body.len();
                batches.push(batch);
                if *bytes > HELD_AT_ONCE {
                    return self.hold_no_longer(walk);
                }
            }
            Standing::Along { .. } => {
                let (entries, hash) = match proven(&batch, &walk.end.hash)? {
                    Ok(proven) => proven,
                    Err(breach) => return Ok(Err(breach)),
                };
                return self.step(walk, batch, entries, hash).map(Ok);
            }
        }
        walk.end.next = next;
        Ok(Ok(()))
    }

    /// A chain that is too large to be held goes along what is here; if that is not what it goes on from, its end will tell.
    fn hold_no_longer(&mut self, walk: &mut Walk) -> Result<std::result::Result<(), Breach>> {
        let Standing::Held { starts, batches, .. } =
            std::mem::replace(&mut walk.standing, Standing::Along { branch: None })
        else {
            return Ok(Ok(()));
        };
        let Some((branch, start)) = starts.into_iter().next() else {
            walk.standing = Standing::Passed(Why::Elsewhere);
            return Ok(Ok(()));
        };
        walk.standing = Standing::Along { branch };
        walk.end = start;
        for batch in batches {
            match proven(&batch, &walk.end.hash)? {
                Ok((entries, hash)) => self.step(walk, batch, entries, hash)?,
                Err(breach) => return Ok(Err(breach)),
            }
        }
        Ok(Ok(()))
    }

    /// One batch of a chain whose hash is worked out: it is here, it is new, or it is where another branch begins or goes on.
    fn step(&mut self, walk: &mut Walk, batch: Unproven, entries: Vec<Entry>, hash: [u8; 32]) -> Result<()> {
        let Unproven { header, count, body } = batch;
        walk.end = ChainEnd { next: header.first + count, hash };
        let Standing::Along { branch } = &mut walk.standing else { return Ok(()) };
        let batch = Batch { header, count, hash, signature: Vec::new(), body };
        if branch.is_none() {
            let at = EntryRef { site: batch.header.site, index: batch.header.first };
            match journal::holding(self.db, walk.stream, at)? {
                Some(here) if here.header.first == batch.header.first && here.hash == hash => {
                    return match here.body == batch.body {
                        true => Ok(()),
                        false => self.hold_against(&here, &entries, &batch.body),
                    };
                }
                Some(_) => *branch = Some(hash),
                None => {}
            }
        }
        let branch = *branch;
        if self.is_revoked(walk.site.id)? {
            self.merged.held_back += count;
            return Ok(());
        }
        match branch {
            Some(branch) => {
                let branch = Some(forks::put_aside(self.db, branch, &batch)?);
                walk.standing = Standing::Along { branch };
                Ok(())
            }
            None => self.insert(batch, entries),
        }
    }

    /// Ends a chain: its site's signature vouches for all of it.
    pub fn end(&mut self, mut walk: Walk, signature: &[u8]) -> Result<std::result::Result<(), Breach>> {
        if let Standing::Held { starts, batches, .. } = &mut walk.standing {
            let (starts, batches) = (std::mem::take(starts), std::mem::take(batches));
            let mut found = None;
            for (branch, start) in starts {
                let mut end = start;
                let mut all = Vec::with_capacity(batches.len());
                for batch in &batches {
                    match proven(batch, &end.hash)? {
                        Ok((entries, hash)) => {
                            end = ChainEnd { next: end.next + batch.count, hash };
                            all.push((entries, hash));
                        }
                        Err(breach) => return Ok(Err(breach)),
                    }
                }
                if walk.site.signed(&end.hash, signature) {
                    found = Some((branch, all));
                    break;
                }
            }
            let Some((branch, all)) = found else {
                // Forged, or it goes on from a branch that is not here: only the whole of it could tell.
                self.leave_out(&walk, Why::Elsewhere);
                return Ok(Ok(()));
            };
            walk.standing = Standing::Along { branch };
            for (batch, (entries, hash)) in batches.into_iter().zip(all) {
                self.step(&mut walk, batch, entries, hash)?;
            }
        }
        let branch = match walk.standing {
            Standing::Passed(why) => {
                self.leave_out(&walk, why);
                return Ok(Ok(()));
            }
            Standing::Along { branch } => branch,
            Standing::Held { .. } => None,
        };
        if !walk.site.signed(&walk.end.hash, signature) {
            return altered("a signature does not hold");
        }
        let (stream, site, end) = (walk.stream, walk.site.id, walk.end);
        if branch.is_some() {
            forks::sign_aside(self.db, stream, site, end, signature)?;
            self.forked.insert((stream, site));
            return Ok(Ok(()));
        }
        self.db
            .prepare_cached(
                "UPDATE batch SET signature = ?1 WHERE stream = ?2 AND site = ?3 AND first + count = ?4 AND length(signature) = 0
                 AND first = (SELECT max(first) FROM batch WHERE stream = ?2 AND site = ?3 AND first < ?4)",
            )?
            .execute((signature, stream, site.0.as_slice(), end.next as i64))?;
        Ok(Ok(()))
    }

    fn leave_out(&mut self, walk: &Walk, why: Why) {
        let (entries, clients) = self.not_taken.entry((walk.site.id, why)).or_default();
        *entries += walk.entries;
        if clients.len() < NAMED {
            clients.insert(walk.stream);
        }
    }
}

fn altered<T>(what: &str) -> Result<std::result::Result<T, Breach>> {
    Ok(Err(Breach(what.into())))
}

/// The entries of a batch, and its hash.
type Proven = (Vec<Entry>, [u8; 32]);

/// The entries of a batch, and its hash, worked out from that of the batch before it.
fn proven(batch: &Unproven, before: &[u8; 32]) -> Result<std::result::Result<Proven, Breach>> {
    match wire::unpack(&batch.header, &batch.body, Some(before)) {
        Ok((entries, Some(hash))) if entries.len() as u64 == batch.count => Ok(Ok((entries, hash))),
        Ok(_) => altered("a batch holds more or less than it says"),
        Err(StoreError::Newer) => Err(StoreError::Newer),
        Err(error) => Ok(Err(Breach(error.to_string()))),
    }
}
