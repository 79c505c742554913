//! Reading what lies in a place: every bundle that this file has not read, whatever its name says.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use crate::files::new_file;
use crate::model::SiteId;
use crate::store::{Merged, Met, NotTaken, Noted, Range, Staged, StoreError, Trust, Why};
use crate::sync::bundle::Refusal;
use crate::sync::card::Card;
use crate::sync::exchange::take_staged;
use crate::sync::place::{Lying, Name};

use super::{Round, Trouble, lying_of};

/// Bundles lie beside the file before they are taken in, up to so many bytes and so many: how much of them is written
/// together the store decides.
const HANDFUL: u64 = 4 << 20;
const HANDS: usize = 64;

/// What became of one bundle.
enum Took {
    Read,
    /// Some of it goes on from entries that have not arrived: another bundle may bring them.
    Part {
        entries: u64,
        not_taken: Vec<NotTaken>,
    },
    /// It was left, and whatever is to be said of it was said.
    Left,
}

impl Round<'_, '_> {
    /// Reads all that was not read: our own first, for they say whether this file was set back.
    pub fn take_all(&mut self) -> Result<(), Trouble> {
        let (met, mut waiting) = (self.met()?, Vec::new());
        for holder in self.listing.bundles.keys().copied().collect::<Vec<_>>() {
            if self.believed(holder)? {
                waiting.extend(self.unread(holder, &met));
            }
        }
        let bundles = &self.listing.bundles;
        let cards: Vec<SiteId> =
            self.listing.cards.iter().filter(|site| !bundles.contains_key(site)).copied().collect();
        for site in cards {
            self.believed(site)?;
        }
        waiting.sort_by_key(|lying| !self.own_line.contains(&lying.name.site));
        self.take_each(waiting)
    }

    /// Reads what lies under our own names and was not read.
    pub(super) fn take_own(&mut self) -> Result<(), Trouble> {
        let met = self.met()?;
        let waiting = self.own_line.iter().flat_map(|site| self.unread(*site, &met)).collect();
        self.take_each(waiting)
    }

    fn take_each(&mut self, mut waiting: Vec<Lying>) -> Result<(), Trouble> {
        // What goes on from entries of another bundle is tried again once that one was read.
        let mut left_out = BTreeMap::new();
        loop {
            let (before, mut moved_on) = (waiting.len(), false);
            let mut again = Vec::new();
            let mut left = waiting.into_iter();
            loop {
                let (handful, fetched) = self.fetch_handful(&mut left);
                if handful.is_empty() {
                    fetched?;
                    break;
                }
                for (lying, took) in self.take_handful(&handful)? {
                    if let Took::Part { entries, not_taken } = took {
                        moved_on |= entries > 0;
                        left_out.insert(lying, not_taken);
                        again.push(lying);
                    }
                }
                fetched?;
            }
            waiting = again;
            if waiting.is_empty() || (waiting.len() == before && !moved_on) {
                break;
            }
        }
        for lying in waiting {
            let not_taken = left_out.remove(&lying).unwrap_or_default();
            let whose = self.whose(lying.name.site)?;
            self.synced.taken.push((whose, Merged { not_taken, ..Merged::default() }));
        }
        Ok(())
    }

    /// Copies of the next bundles: none when none is left. Those that had come when the place
    /// failed are taken all the same.
    fn fetch_handful(&mut self, left: &mut impl Iterator<Item = Lying>) -> (Vec<(Lying, Staged)>, Result<(), Trouble>) {
        let (mut handful, mut bytes) = (Vec::new(), 0);
        while bytes < HANDFUL && handful.len() < HANDS {
            let Some(lying) = left.next() else { break };
            match self.fetch(lying) {
                Ok(Some(staged)) => {
                    bytes += staged.length;
                    handful.push((lying, staged));
                }
                Ok(None) => {}
                Err(trouble) => return (handful, Err(trouble)),
            }
        }
        (handful, Ok(()))
    }

    /// Takes bundles in, several as one write: also those before the one at which somebody stopped it.
    fn take_handful(&mut self, handful: &[(Lying, Staged)]) -> Result<Vec<(Lying, Took)>, Trouble> {
        // One that cannot be made stops no work on its way: whoever syncs is told of it when the sync is over.
        let _ = self.store.backup_of_the_day();
        let taken: Result<Vec<_>, Trouble> = handful
            .iter()
            .map(|(lying, staged)| {
                self.store.gather()?;
                Ok((*lying, self.take(*lying, staged)?))
            })
            .collect();
        let settled = self.store.settle();
        let taken = taken?;
        settled?;
        Ok(taken)
    }

    pub(super) fn wait_for(&mut self, what: String) {
        if !self.synced.waiting.contains(&what) {
            self.synced.waiting.push(what);
        }
    }

    pub(super) fn whose(&self, site: SiteId) -> Result<String, Trouble> {
        Ok(self.store.site_known(site)?.map_or_else(|| "someone".to_string(), |site| site.name))
    }

    /// The bundles of a holder that were not read, in the order that their names advise: each time the one that brings
    /// furthest, and of those the one that holds least again; then those that nothing leads to.
    fn unread(&self, holder: SiteId, met: &BTreeMap<Lying, Met>) -> Vec<Lying> {
        let is_done = |lying: &Lying| matches!(met.get(lying), Some(Met::Known | Met::NotForUs));
        let all = self.listing.bundles.get(&holder).into_iter().flatten();
        let (done, mut left): (Vec<Lying>, Vec<Lying>) = all.copied().partition(is_done);
        let mut reached = done.iter().map(|lying| lying.name.last).max().unwrap_or(0);
        let mut ordered = Vec::new();
        while !left.is_empty() {
            let leads = |lying: &Lying| lying.name.first <= reached + 1 && lying.name.last > reached;
            let furthest =
                left.iter().filter(|lying| leads(lying)).max_by_key(|lying| (lying.name.last, lying.name.first));
            let next = *furthest.unwrap_or(&left[0]);
            left.retain(|lying| *lying != next);
            reached = reached.max(next.name.last);
            ordered.push(next);
        }
        ordered
    }

    /// What became of each bundle that was met with before.
    fn met(&self) -> Result<BTreeMap<Lying, Met>, Trouble> {
        Ok(self.noted()?.iter().map(|bundle| (lying_of(bundle), bundle.met)).collect())
    }

    /// Whether what a site left is to be read; takes note of who is there.
    fn believed(&mut self, holder: SiteId) -> Result<bool, Trouble> {
        let known = self.store.site_known(holder)?;
        let trust = known.as_ref().map_or(Ok(Trust::Known), |site| self.store.trust_of(site))?;
        match trust {
            Trust::Accepted | Trust::Own | Trust::TakeFrom => return Ok(true),
            Trust::Revoked | Trust::GiveTo => return Ok(false),
            Trust::Known => {}
        }
        let card = match self.listing.cards.contains(&holder).then(|| self.place.card(holder)) {
            Some(Ok(text)) => Card::parse(&text).ok().filter(|card| card.site.id == holder),
            _ => None,
        };
        let Some(card) = card else { return Ok(false) };
        // Someone who took over from an accepted site is known by its voucher.
        if self.store.trust_of(&card.site)?.takes() {
            self.store.know_site(&card.site)?;
            return Ok(true);
        }
        if self.store.is_new_in_place(&self.address, holder)? {
            self.synced.news.push(holder);
        }
        self.synced.strangers.push(card.site);
        Ok(false)
    }

    fn note(&mut self, lying: Lying, met: Met) -> Result<(), Trouble> {
        let known = self.noted()?.into_iter().find(|bundle| lying_of(bundle).name == lying.name);
        let since = known.map_or(0, |bundle| bundle.since);
        let bundle = noted(lying, met, since);
        Ok(self.store.note_bundle(&self.address, &bundle, &[])?)
    }

    fn take(&mut self, lying: Lying, staged: &Staged) -> Result<Took, Trouble> {
        let holder = lying.name.site;
        let is_own = self.own_line.contains(&holder);
        let whose = self.whose(holder)?;
        match take_staged(self.store, staged, None, true, self.progress) {
            Ok(taken) => {
                let Some(told) = taken.told else { return Ok(Took::Left) };
                if told.head.sender != holder {
                    self.wait_for(format!("{whose}: a bundle there is signed by someone else"));
                }
                let (sender, receivers) = (told.head.sender, told.head.receivers);
                let mut merged = taken.merged;
                let entries = merged.entries;
                // What is kept aside is here; what waits for something else is read again.
                let (forks, waits) =
                    merged.not_taken.into_iter().partition(|one: &NotTaken| matches!(one.why, Why::Fork | Why::Twice));
                merged.not_taken = forks;
                let not_taken: Vec<NotTaken> = waits;
                if not_taken.is_empty() {
                    let known = Noted { sender, receivers, ..noted(lying, Met::Known, 0) };
                    // A chain that came with values taken out is not there for anybody: whoever has them gives them.
                    let blank = |range: &Range| merged.blank.iter().any(|one| (one.0, one.1) == (range.0, range.1));
                    let (without, ranges): (Vec<Range>, Vec<Range>) = told.ranges.iter().copied().partition(blank);
                    self.store.note_bundle(&self.address, &known, &ranges)?;
                    if !without.is_empty() {
                        self.store.look_again(&self.address)?;
                    }
                }
                if is_own {
                    if entries > 0 {
                        *self.synced.set_back.get_or_insert(0) += entries;
                    }
                    // It may have made way for what another copy of it wrote.
                    self.own_line = self.store.own_line()?;
                }
                if !merged.is_nothing() {
                    self.synced.taken.push((whose, merged));
                }
                Ok(if not_taken.is_empty() { Took::Read } else { Took::Part { entries, not_taken } })
            }
            Err(Refusal::Stopped) => Err(Trouble::Stopped),
            Err(Refusal::Store(error)) => Err(error.into()),
            Err(Refusal::Io(error)) => Err(StoreError::from(error).into()),
            Err(Refusal::NotForUs) => {
                self.note(lying, Met::NotForUs)?;
                self.not_for_us.insert(holder);
                // One of our own that an earlier version sealed for the others only, and of which this file knows nothing.
                if holder == self.store.site() && lying.name.last > self.store.highest_number()? {
                    self.behind = true;
                }
                Ok(Took::Left)
            }
            Err(Refusal::Cut | Refusal::Altered(_) | Refusal::NotABundle) => {
                self.note(lying, Met::Broken)?;
                Ok(Took::Left)
            }
            Err(refusal) => {
                self.wait_for(format!("{whose}: {refusal}"));
                Ok(Took::Left)
            }
        }
    }

    /// A copy of a bundle that nobody else touches; none where it is not there, or is no bundle.
    fn fetch(&mut self, lying: Lying) -> Result<Option<Staged>, Trouble> {
        let staged = || {
            let mut staged = Staged::beside(self.store.path().map(PathBuf::as_path))?;
            let mut file = new_file(&staged.path)?;
            staged.length = self.place.fetch(lying.name, &mut file)?;
            Ok::<Staged, io::Error>(staged)
        };
        match staged() {
            Ok(staged) => Ok(Some(staged)),
            // Taken away between looking and fetching: a larger one holds it, which the next sync sees.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // Not even the beginning of a bundle, or larger than any: none of it was copied.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                self.note(lying, Met::Broken)?;
                Ok(None)
            }
            Err(error) => Err(Trouble::Place(error)),
        }
    }
}

pub(super) fn noted(lying: Lying, met: Met, since: u64) -> Noted {
    let Lying { name: Name { site, first, last }, length } = lying;
    Noted { holder: site, first, last, length, met, sender: site, receivers: Vec::new(), since }
}
