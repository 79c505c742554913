//! Leaving in a place what those who are accepted cannot have from it yet.
//!
//! Readers are grouped by what they get; each group for which there is news gets one bundle. Nothing of ours is taken away
//! there that is not still to be had by each of its readers.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

use crate::model::{RowId, SiteId};
use crate::store::{Met, Noted, Range, Receiver, Site, Staged, StoreError, Trust};
use crate::sync::bundle::Seal;
use crate::sync::exchange::{write, write_new};
use crate::sync::place::{HIGHEST, Lying, Name, Put};

use super::taking::noted;
use super::{Round, Trouble, lying_of};

/// From so many bundles of our own on, they are written again as one.
const COMPACT_FROM: usize = 24;

/// Numbers further than this from our own are somebody's joke.
const PLAUSIBLE: u64 = 100_000;

/// Readers of a place who get the same.
pub(super) struct Group {
    readers: Vec<Site>,
    /// The streams that they get; `None` for all.
    streams: Option<BTreeSet<RowId>>,
}

impl Group {
    pub(super) fn is_given(&self, stream: RowId) -> bool {
        self.streams.as_ref().is_none_or(|streams| streams.contains(&stream))
    }
}

/// Those who get the same, together.
fn grouped(receivers: Vec<Receiver>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (site, streams) in receivers {
        match groups.iter_mut().find(|group| group.streams == streams) {
            Some(group) => group.readers.push(site),
            None => groups.push(Group { readers: vec![site], streams }),
        }
    }
    groups
}

impl Round<'_, '_> {
    /// Works out who gets what: after all that lies there was read, and again when this installation goes on as another.
    pub(super) fn see_who_reads(&mut self) -> Result<(), Trouble> {
        self.groups = Rc::new(grouped(self.store.receivers()?));
        Ok(())
    }

    /// Those of a bundle's readers who are still given something, each with what.
    pub(super) fn readers_of<'g>(&self, bundle: &Noted, groups: &'g [Group]) -> Vec<(SiteId, &'g Group)> {
        let reads = |id: &SiteId| bundle.receivers.contains(id) && !self.own_line.contains(id);
        let of_group = |group: &'g Group| group.readers.iter().map(move |site| (site.id, group));
        groups.iter().flat_map(of_group).filter(|(id, _)| reads(id)).collect()
    }

    /// Everyone who gets anything, in order.
    fn readers(&self) -> Vec<SiteId> {
        let mut readers: Vec<SiteId> = self.groups.iter().flat_map(|group| self.ids(group)).collect();
        readers.sort_unstable();
        readers
    }

    /// Of a group those whom another file belongs to.
    fn ids(&self, group: &Group) -> Vec<SiteId> {
        let mut ids: Vec<SiteId> = group.readers.iter().map(|site| site.id).collect();
        ids.retain(|id| !self.own_line.contains(id));
        ids.sort_unstable();
        ids
    }

    pub fn give_all(&mut self) -> Result<(), Trouble> {
        let many = self.groups.len();
        if many == 0 {
            self.synced.alone = !self.store.has_colleagues()?;
        }
        (0..many).try_for_each(|at| self.give(at))
    }

    /// Bundles of this installation, and of the sites it was before, that are known to lie there.
    fn own_bundles(&self) -> Result<Vec<Noted>, Trouble> {
        let mut own = self.noted()?;
        own.retain(|bundle| bundle.met == Met::Known && self.own_line.contains(&bundle.holder) && bundle.first > 0);
        Ok(own)
    }

    /// Leaves there what a group lacks.
    fn give(&mut self, at: usize) -> Result<(), Trouble> {
        // A name that is taken there was written by a copy of this installation at the same moment: it is read, then it is
        // tried again.
        for _ in 0..3 {
            let groups = Rc::clone(&self.groups);
            let Some(group) = groups.get(at) else { return Ok(()) };
            let readers = self.ids(group);
            let own = self.own_bundles()?;
            let many = self.since_written_as_one(&own, &readers) >= COMPACT_FROM;
            let as_one = many || self.holds_what_was_erased(&own, &readers)?;
            let without = if as_one { own.clone() } else { Vec::new() };
            let (ranges, looked) = self.lacking(group, &readers, &without)?;
            // Whoever was accepted since the last one was written finds something that opens, so that they know.
            let finds_nothing =
                |site: &&Site| site.trust() != Trust::Own && !own.iter().any(|one| one.receivers.contains(&site.id));
            if ranges.is_empty() && !group.readers.iter().any(|site| finds_nothing(&site)) {
                return Ok(self.store.looked_up_to(&self.address, &readers, looked)?);
            }
            let name = self.next_name(&own, &readers, as_one)?;
            let staged = Staged::beside(self.store.path().map(PathBuf::as_path)).map_err(StoreError::from)?;
            let (counts, _) = write_new(&staged.path, |file| {
                write(self.store, &Seal::Sites(&group.readers), false, &ranges, false, file)
            })?;
            self.store.publishing(&ranges)?;
            let put = self.place.put(name, &staged.path).map_err(Trouble::Place)?;
            // The same bytes lie there: only the answer was lost.
            if put == Put::Taken && !self.place.holds(name, &staged.path).map_err(Trouble::Place)? {
                self.look_at_own(name)?;
                continue;
            }
            let length = std::fs::metadata(&staged.path).map_err(StoreError::from)?.len();
            let receivers = group.readers.iter().map(|site| site.id).chain([self.store.site()]).collect();
            let written = Noted { receivers, ..noted(Lying { name, length }, Met::Known, 0) };
            self.store.note_bundle(&self.address, &written, &ranges)?;
            let is_for_all = |one: &Noted| readers.iter().all(|reader| one.receivers.contains(reader));
            let of_theirs = self.of_theirs(own, &readers);
            if as_one || !of_theirs.iter().all(is_for_all) {
                self.remove_what_is_held(&of_theirs)?;
            }
            self.store.looked_up_to(&self.address, &readers, looked)?;
            if counts.entries > 0 {
                let given = self.synced.given.get_or_insert_default();
                given.sites += counts.sites;
                given.chains += counts.chains;
                given.batches += counts.batches;
                given.entries += counts.entries;
            }
            return Ok(());
        }
        self.wait_for("another copy of this caseload keeps writing under its name".into());
        Ok(())
    }

    /// Of our bundles those that one of these readers reads, or nobody any more.
    fn of_theirs(&self, mut own: Vec<Noted>, readers: &[SiteId]) -> Vec<Noted> {
        let all = self.readers();
        own.retain(|one| {
            let reads = |readers: &[SiteId]| one.receivers.iter().any(|site| readers.contains(site));
            reads(readers) || !reads(&all)
        });
        own
    }

    /// Whether something was erased that one of these bundles may hold: then they are written again, without it.
    fn holds_what_was_erased(&self, own: &[Noted], readers: &[SiteId]) -> Result<bool, Trouble> {
        if own.is_empty() {
            return Ok(false);
        }
        let erased = self.store.erased_since(self.store.looked_for(&self.address, readers)?)?;
        for bundle in own.iter().filter(|_| !erased.is_empty()) {
            let held = self.store.held_in_place(&self.address, bundle)?;
            let meets = |one: &Range| {
                erased.iter().any(|gone| (gone.0, gone.1) == (one.0, one.1) && gone.2 < one.3 && one.2 < gone.3)
            };
            if held.iter().any(meets) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How many bundles these readers have of this installation since it last wrote all of it as one.
    fn since_written_as_one(&self, own: &[Noted], readers: &[SiteId]) -> usize {
        let site = self.store.site();
        let for_them = |one: &Noted| readers.is_empty() || one.receivers.iter().any(|id| readers.contains(id));
        let theirs: Vec<&Noted> = own.iter().filter(|one| one.holder == site && for_them(one)).collect();
        let whole = theirs.iter().filter(|one| one.first == 1).map(|one| one.last).max().unwrap_or(0);
        theirs.iter().filter(|one| one.last > whole).count()
    }

    /// What a group cannot have from the place, if these bundles were not there; and how far this looked.
    fn lacking(&self, group: &Group, readers: &[SiteId], without: &[Noted]) -> Result<(Vec<Range>, i64), Trouble> {
        let looked = if without.is_empty() { self.store.looked_for(&self.address, readers)? } else { 0 };
        let (mut grown, last) = self.store.chains_since(looked, group.streams.as_ref())?;
        // Of a chain with two branches everybody gets the one that is here, whatever others left of it: so its owner
        // comes to know of it, and makes way.
        let forked = self.store.forked_chains()?;
        grown.extend(forked.iter().filter(|chain| !grown.contains(chain)).copied().collect::<Vec<_>>());
        let of_others: Vec<Noted> = match forked.is_empty() {
            true => Vec::new(),
            false => self.noted()?.into_iter().filter(|bundle| !self.own_line.contains(&bundle.sender)).collect(),
        };
        let of_others = [of_others.as_slice(), without].concat();
        if let Some(streams) = &group.streams {
            grown.retain(|(stream, ..)| streams.contains(stream));
        }
        let mut ranges = Vec::new();
        for (stream, site, next) in grown {
            let is_forked = forked.contains(&(stream, site, next));
            let without = if is_forked { &of_others } else { without };
            let covered = self.store.covered_in_place(&self.address, (stream, site), readers, without)?;
            if covered < next {
                ranges.push((stream, site, covered, next));
            }
        }
        Ok((ranges, last))
    }

    /// A number that was never used, after all that these readers have of us: an older version reads by the numbers, and a
    /// bundle that never got there (killed in between) is held by the next, so that nobody waits for it for ever.
    fn next_name(&mut self, own: &[Noted], readers: &[SiteId], as_one: bool) -> Result<Name, Trouble> {
        let site = self.store.site();
        let mine: Vec<&Noted> = own.iter().filter(|bundle| bundle.holder == site).collect();
        let for_all = |bundle: &&&Noted| readers.iter().all(|reader| bundle.receivers.contains(reader));
        let before = mine.iter().filter(for_all).map(|bundle| bundle.last).max().filter(|_| !as_one).unwrap_or(0);
        let listed: Vec<u64> =
            self.listing.bundles.get(&site).into_iter().flatten().map(|lying| lying.name.last).collect();
        let used = mine.iter().map(|bundle| bundle.last).max().unwrap_or(0).max(self.store.highest_number()?);
        let least = listed.iter().copied().filter(|last| *last <= used + PLAUSIBLE).max().unwrap_or(0).max(used);
        let mut last = self.store.next_number_for_place(&self.address, least.min(HIGHEST - 1))?;
        while listed.contains(&last) {
            last = self.store.next_number_for_place(&self.address, last)?;
        }
        Ok(Name { site, first: before + 1, last })
    }

    /// Looks again at what lies under our own names, one of which is taken, and reads what was not read.
    fn look_at_own(&mut self, taken: Name) -> Result<(), Trouble> {
        self.listing = self.place.list().map_err(Trouble::Place)?;
        self.take_own()?;
        // It is of an older version, and cannot be read: then that one goes on as this site, and this one as another.
        let unread = |one: &Noted| lying_of(one).name == taken && one.met == Met::NotForUs;
        if self.noted()?.iter().any(unread) {
            self.make_way()?;
        }
        Ok(())
    }

    /// Takes away our own bundles whose every entry each of their readers still finds there.
    fn remove_what_is_held(&mut self, own: &[Noted]) -> Result<(), Trouble> {
        let lying: Vec<Lying> = self.lying().collect();
        let mut gone: Vec<Noted> = Vec::new();
        for bundle in own.iter().filter(|bundle| lying.contains(&lying_of(bundle))) {
            gone.push(bundle.clone());
            if !self.is_held_without(bundle, &gone)? {
                gone.pop();
                continue;
            }
            match self.place.remove(lying_of(bundle).name) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Trouble::Place(error)),
                _ => self.store.forget_bundles(&self.address, std::slice::from_ref(bundle))?,
            }
        }
        Ok(())
    }
}
