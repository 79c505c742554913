//! Giving and taking through a place, in one go: what others left there is read, what they lack is left there for them.
//!
//! Nothing is believed about a place but what is there now, and nothing of what a name claims: every bundle that was not
//! read is read, our own too, for a file may have been set back since it wrote them. A bundle that cannot be read whole yet
//! (half copied by a sharing program, say) is waited for. Interrupted anywhere, the next sync goes on: a bundle is noted only
//! after it was taken, and one of our own only after it is there.

mod giving;
mod taking;
mod turn;
mod words;

use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;

use crate::model::SiteId;
use crate::store::{Merged, Met, Noted, Site, Store, StoreError};

use super::bundle::Counts;
use super::card::Card;
use super::exchange::Progress;
use super::place::{Listing, Lying, Name, Place, Put};

use giving::Group;
use turn::Turn;
pub use words::SET_BACK;

/// Kept once this file went on as a site all of whose bundles it can read itself.
const READS_ITS_OWN: &str = "reads-its-own";

/// What a sync did.
#[derive(Debug, Default)]
pub struct Synced {
    /// What was taken, bundle by bundle: whose, and what it brought.
    pub taken: Vec<(String, Merged)>,
    /// What was left there for the others.
    pub given: Option<Counts>,
    /// Sites there that nobody here has accepted.
    pub strangers: Vec<Site>,
    /// Those of them who were not told of before.
    pub news: Vec<SiteId>,
    /// What is not there whole yet, or not for us, or refused: in words. The next sync looks again.
    pub waiting: Vec<String>,
    /// What sites that are believed no longer left there, and was never read here: in words, once.
    pub left_out: Vec<String>,
    /// Nobody is accepted yet, so nothing was left there.
    pub alone: bool,
    /// The file was set back to an earlier state since it last wrote there (or another copy of it did): so many entries
    /// of its own came home from the place.
    pub set_back: Option<u64>,
}

/// Why a sync stopped. What was taken before stays taken.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("The place cannot be reached: {0}")]
    Place(io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("Stopped. What was taken before is kept.")]
    Stopped,
    #[error("Another sync of this caseload is still running. Try again when it is done.")]
    Running,
}

/// Gives and takes through a place.
pub fn sync(store: &mut Store, place: &Place, progress: Progress<'_>) -> Result<Synced, Trouble> {
    let _turn = Turn::wait(store, progress)?;
    let listing = place.list().map_err(Trouble::Place)?;
    let own_line = store.own_line()?;
    let mut round = Round {
        address: place.address(),
        store,
        place,
        listing,
        own_line,
        behind: false,
        not_for_us: BTreeSet::new(),
        groups: Rc::default(),
        synced: Synced::default(),
        progress,
    };
    if round.store.was_set_back()? {
        round.synced.set_back = Some(0);
    }
    round.recognise()?;
    round.take_all()?;
    round.see_who_reads()?;
    round.synced.left_out = super::unread::left_out(round.store, &round.address, &round.listing)?;
    round.forget_what_is_gone()?;
    if round.behind {
        round.make_way()?;
    }
    round.leave_card()?;
    round.give_all()?;
    round.tell()?;
    round.store.synced_with_place(&round.address)?;
    round.store.note_again_outside();
    Ok(round.synced)
}

/// One sync on its way.
struct Round<'a, 'p> {
    store: &'a mut Store,
    place: &'a Place,
    address: String,
    listing: Listing,
    /// This installation, and the sites that it was before.
    own_line: Vec<SiteId>,
    /// Somewhere there is more of our own than is here, and it cannot be read.
    behind: bool,
    /// Who left something new that is not sealed for this installation.
    not_for_us: BTreeSet<SiteId>,
    /// Those who are given something, by what they get.
    groups: Rc<Vec<Group>>,
    synced: Synced,
    progress: Progress<'p>,
}

impl Round<'_, '_> {
    fn noted(&self) -> Result<Vec<Noted>, Trouble> {
        Ok(self.store.bundles_noted(&self.address)?)
    }

    fn lying(&self) -> impl Iterator<Item = Lying> + '_ {
        self.listing.bundles.values().flatten().copied()
    }

    /// What an earlier version noted by its last number only is known by its whole name once it is seen again.
    fn recognise(&mut self) -> Result<(), Trouble> {
        for bundle in self.noted()?.into_iter().filter(|bundle| bundle.first == 0) {
            let same = |lying: &Lying| (lying.name.site, lying.name.last) == (bundle.holder, bundle.last);
            let found = self.lying().find(same);
            if let Some(lying) = found {
                self.store.met_again(&self.address, &bundle, lying.name.first, lying.length)?;
            }
        }
        Ok(())
    }

    /// Bundles that are gone hold nothing any more. Where no other holds it for those who are to have it, all is looked
    /// through again.
    fn forget_what_is_gone(&mut self) -> Result<(), Trouble> {
        let there: BTreeSet<Lying> = self.lying().collect();
        let gone: Vec<Noted> = self.noted()?.into_iter().filter(|bundle| !there.contains(&lying_of(bundle))).collect();
        let mut lost = false;
        for bundle in gone.iter().filter(|bundle| bundle.met == Met::Known) {
            lost = lost || !self.is_held_without(bundle, &gone)?;
        }
        self.store.forget_bundles(&self.address, &gone)?;
        if lost {
            self.store.look_again(&self.address)?;
        }
        Ok(())
    }

    /// Whether all that a bundle holds can be had from others there, by each of its readers who are still given it.
    fn is_held_without(&self, bundle: &Noted, gone: &[Noted]) -> Result<bool, Trouble> {
        let readers = self.readers_of(bundle, &self.groups);
        if readers.is_empty() {
            return Ok(true);
        }
        for (stream, site, _, next) in self.store.held_in_place(&self.address, bundle)? {
            let theirs: Vec<SiteId> =
                readers.iter().filter(|(_, group)| group.is_given(stream)).map(|(id, _)| *id).collect();
            if theirs.is_empty() {
                continue;
            }
            if self.store.covered_in_place(&self.address, (stream, site), &theirs, gone)? < next {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Goes on as another site, for a bundle of an earlier version lies under this one's name that was sealed for the others
    /// only. Once: whatever the site that comes now leaves anywhere, it can read itself.
    fn make_way(&mut self) -> Result<(), Trouble> {
        if self.store.local(READS_ITS_OWN)?.is_none() {
            self.store.go_on_elsewhere()?;
            self.store.set_local(READS_ITS_OWN, Some(b"yes"))?;
            self.own_line = self.store.own_line()?;
            self.see_who_reads()?;
        }
        Ok(())
    }

    fn leave_card(&mut self) -> Result<(), Trouble> {
        let own = self.store.site();
        if !self.listing.cards.contains(&own) {
            let card = Card::of(self.store)?;
            let left = self.place.leave_card(own, card.text()).map_err(Trouble::Place)?;
            if left == Put::Taken && self.place.card(own).is_err() {
                self.wait_for(format!("your own card: what lies there as {own}/card is none"));
            }
        }
        Ok(())
    }
}

/// The bundle as it lies there, if it still does.
fn lying_of(bundle: &Noted) -> Lying {
    Lying { name: Name { site: bundle.holder, first: bundle.first, last: bundle.last }, length: bundle.length }
}
