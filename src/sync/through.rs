//! Giving and taking through a place, in one go: what others left there is read, what they lack is left there for them.
//!
//! Nothing is believed about a place but what is there now. A bundle that cannot be read whole yet (half copied by a
//! sharing program, say) is waited for; the bundles after it by the same site wait with it. Interrupted anywhere, the next
//! sync goes on: a bundle is noted only after it was taken, and one of our own only after it is there.

use std::io;
use std::path::PathBuf;

use crate::model::SiteId;
use crate::store::{Merged, Noted, Range, Site, Staged, Store, StoreError, Trust, Why, new_file};

use super::bundle::{Counts, Refusal, Seal};
use super::card::Card;
use super::exchange::{Progress, take_staged, write, write_new};
use super::place::{Listing, Name, Place, Put};

/// From so many bundles of our own on, they are written again as one.
const COMPACT_FROM: usize = 24;

/// What a sync did.
#[derive(Debug, Default)]
pub struct Synced {
    /// What was taken, bundle by bundle: whose, and what it brought.
    pub taken: Vec<(String, Merged)>,
    /// What was left there for the others.
    pub given: Option<Counts>,
    /// Sites there that nobody here has accepted.
    pub strangers: Vec<Site>,
    /// What is not there whole yet, or not for us, or refused: in words. The next sync looks again.
    pub waiting: Vec<String>,
    /// Nobody is accepted yet, so nothing was left there.
    pub alone: bool,
}

impl Synced {
    /// What needs a person: strangers, and what is waited for.
    pub fn notices(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.alone {
            lines.push("Nobody is accepted here yet, so nothing was left for others.".into());
        }
        for site in &self.strangers {
            lines.push(format!(
                "Here too, and not accepted: {}, fingerprint {}. Compare it on the phone, then accept their card.",
                site.name,
                site.fingerprint()
            ));
        }
        lines.extend(self.waiting.iter().map(|line| format!("{line}.")));
        lines
    }

    /// In words, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (sender, merged) in &self.taken {
            lines.push(format!("From {sender}: {} new clients, {} changed.", merged.new.len(), merged.changed.len()));
            lines.extend(super::in_words(merged).into_iter().map(|line| format!("  {line}")));
        }
        match self.given {
            Some(given) => lines.push(format!("Left for the others: {} entries.", given.entries)),
            None if self.alone => {}
            None => lines.push("Nothing new to leave for the others.".into()),
        }
        lines.extend(self.notices());
        lines
    }
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
}

/// Gives and takes through a place.
pub fn sync(store: &mut Store, place: &Place, progress: Progress<'_>) -> Result<Synced, Trouble> {
    let address = place.address();
    let listing = place.list().map_err(Trouble::Place)?;
    let mut synced = Synced::default();
    forget_what_is_gone(store, &address, &listing)?;
    for (holder, names) in &listing.bundles {
        take_from(store, place, &address, *holder, names, &listing, &mut synced, progress)?;
    }
    for site in &listing.cards {
        if !listing.bundles.contains_key(site) {
            believed(store, place, *site, &listing, &mut synced)?;
        }
    }
    if !listing.cards.contains(&store.site()) {
        let card = Card::of(store)?;
        place.leave_card(store.site(), card.text()).map_err(Trouble::Place)?;
    }
    give_to(store, place, &address, &listing, &mut synced)?;
    Ok(synced)
}

/// A noted bundle stands as long as one that holds it is there.
fn is_there(listing: &Listing, holder: SiteId, last: u64) -> bool {
    let names = listing.bundles.get(&holder);
    names.is_some_and(|names| names.iter().any(|name| name.first <= last && last <= name.last))
}

fn forget_what_is_gone(store: &mut Store, address: &str, listing: &Listing) -> Result<(), Trouble> {
    let noted = store.bundles_noted(address)?;
    let gone: Vec<(SiteId, u64)> = noted
        .iter()
        .map(|bundle| (bundle.holder, bundle.last))
        .filter(|(holder, last)| !is_there(listing, *holder, *last))
        .collect();
    if !gone.is_empty() {
        store.forget_bundles(address, &gone)?;
        // Whatever they held may be lacking to someone: everything is looked through again.
        store.synced_with_place(address, 0)?;
    }
    Ok(())
}

/// Whether what a site left is to be read; takes note of who is there.
fn believed(
    store: &mut Store,
    place: &Place,
    holder: SiteId,
    listing: &Listing,
    synced: &mut Synced,
) -> Result<bool, Trouble> {
    let known = store.site_known(holder)?;
    let trust = known.as_ref().map_or(Ok(Trust::Known), |site| store.trust_of(site))?;
    match trust {
        Trust::Accepted | Trust::Own | Trust::TakeFrom => return Ok(true),
        Trust::Revoked | Trust::GiveTo => return Ok(false),
        Trust::Known => {}
    }
    let card = match listing.cards.contains(&holder).then(|| place.card(holder)) {
        Some(Ok(text)) => Card::parse(&text).ok().filter(|card| card.site.id == holder),
        _ => None,
    };
    let Some(card) = card else { return Ok(false) };
    // Someone who took over from an accepted site is known by its voucher.
    if store.trust_of(&card.site)?.takes() {
        store.know_site(&card.site)?;
        return Ok(true);
    }
    synced.strangers.push(card.site);
    Ok(false)
}

#[expect(clippy::too_many_arguments)]
fn take_from(
    store: &mut Store,
    place: &Place,
    address: &str,
    holder: SiteId,
    names: &[Name],
    listing: &Listing,
    synced: &mut Synced,
    progress: Progress<'_>,
) -> Result<(), Trouble> {
    if !believed(store, place, holder, listing, synced)? {
        return Ok(());
    }
    let whose = store.site_known(holder)?.map_or_else(|| "someone".to_string(), |site| site.name);
    let noted = store.bundles_noted(address)?;
    let mut read: u64 = noted.iter().filter(|one| one.holder == holder).map(|one| one.last).max().unwrap_or(0);
    loop {
        // The one that brings furthest, and of those the one that holds least again.
        let next =
            names.iter().filter(|name| name.first <= read + 1 && name.last > read).max_by_key(|n| (n.last, n.first));
        let Some(name) = next.copied() else {
            if names.iter().any(|name| name.last > read) {
                synced.waiting.push(format!("{whose}: a bundle before the newest is not there yet"));
            }
            return Ok(());
        };
        let staged = match fetch(store, place, name) {
            Ok(staged) => staged,
            // Taken away between looking and fetching: a larger one holds it, which the next sync sees.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Trouble::Place(error)),
        };
        store.backup_of_the_day()?;
        match take_staged(store, &staged, None, true, progress) {
            Ok(taken) => {
                let told = taken.told.expect("a bundle tells");
                if told.head.sender != holder {
                    synced.waiting.push(format!("{whose}: a bundle there is signed by someone else"));
                    return Ok(());
                }
                // What waits for something else is read again; what is kept aside is here.
                let waits = taken.merged.not_taken.iter().any(|one| one.why != Why::Fork);
                if !waits {
                    let bundle = Noted { holder, last: name.last, receivers: told.head.receivers };
                    store.note_bundle(address, &bundle, &told.ranges)?;
                }
                if !taken.merged.is_nothing() {
                    synced.taken.push((whose.clone(), taken.merged));
                }
                if waits {
                    return Ok(());
                }
                read = name.last;
            }
            Err(Refusal::Stopped) => return Err(Trouble::Stopped),
            Err(Refusal::Store(error)) => return Err(error.into()),
            Err(Refusal::Io(error)) => return Err(StoreError::from(error).into()),
            Err(Refusal::Cut | Refusal::Altered(_) | Refusal::NotABundle) => {
                synced
                    .waiting
                    .push(format!("{whose}: a bundle is not whole yet, or damaged; looked at again next time"));
                return Ok(());
            }
            Err(Refusal::NotForUs) => {
                synced.waiting.push(format!("{whose} has not accepted this site yet: give them your card"));
                return Ok(());
            }
            Err(refusal) => {
                synced.waiting.push(format!("{whose}: {refusal}"));
                return Ok(());
            }
        }
    }
}

fn fetch(store: &Store, place: &Place, name: Name) -> io::Result<Staged> {
    let mut staged = Staged::beside(store.path().map(PathBuf::as_path))?;
    let mut file = new_file(&staged.path)?;
    staged.length = place.fetch(name, &mut file)?;
    Ok(staged)
}

/// Leaves in the place what those who are accepted cannot have from it yet.
fn give_to(
    store: &mut Store,
    place: &Place,
    address: &str,
    listing: &Listing,
    synced: &mut Synced,
) -> Result<(), Trouble> {
    // A name that is taken there was written by a copy of this installation: then this one becomes another.
    for _ in 0..3 {
        let partners = store.own_partners()?;
        if partners.is_empty() {
            synced.alone = !store.has_colleagues()?;
            return Ok(());
        }
        let mut receivers: Vec<SiteId> = partners.iter().map(|site| site.id).collect();
        receivers.sort_unstable();
        let own = store.site();
        let noted: Vec<Noted> =
            store.bundles_noted(address)?.into_iter().filter(|bundle| bundle.holder == own).collect();
        let for_all = |bundle: &Noted| receivers.iter().all(|site| bundle.receivers.contains(site));
        // Written again as one: when someone is to read them who could not, when they are many, or when some were lost.
        let looked = store.looked_for_place(address)?;
        let anew = looked == 0 || noted.len() >= COMPACT_FROM || !noted.iter().all(for_all);
        if anew {
            let own_ones: Vec<(SiteId, u64)> = noted.iter().map(|bundle| (own, bundle.last)).collect();
            store.forget_bundles(address, &own_ones)?;
        }
        let (grown, last) = store.chains_since(if anew { 0 } else { looked })?;
        let mut ranges: Vec<Range> = Vec::new();
        for (stream, site, next) in grown {
            let covered = store.covered_in_place(address, stream, site, &receivers)?;
            if covered < next {
                ranges.push((stream, site, covered, next));
            }
        }
        if ranges.is_empty() {
            store.synced_with_place(address, last)?;
            return Ok(());
        }
        let listed = listing.bundles.get(&own).and_then(|names| names.last()).map_or(0, |name| name.last);
        let number = store.next_number_for_place(address)?.max(listed + 1);
        // A number whose bundle never got there (killed in between) is held by the next: nobody waits for it for ever.
        let before = if anew { 0 } else { noted.iter().map(|bundle| bundle.last).max().unwrap_or(0) };
        let name = Name { site: own, first: before + 1, last: number };
        let staged = Staged::beside(store.path().map(PathBuf::as_path)).map_err(StoreError::from)?;
        let (counts, _) =
            write_new(&staged.path, |file| write(store, &Seal::Sites(&partners), false, &ranges, false, file))?;
        let put = place.put(name, &staged.path).map_err(Trouble::Place)?;
        if put == Put::Taken {
            store.become_another()?;
            continue;
        }
        store.note_bundle(address, &Noted { holder: own, last: number, receivers }, &ranges)?;
        if anew {
            remove_older(store, place, address, name)?;
        }
        store.synced_with_place(address, last)?;
        synced.given = Some(counts);
        return Ok(());
    }
    synced.waiting.push("another copy of this caseload keeps writing under its name".into());
    Ok(())
}

/// Takes away our own bundles that the new one holds.
fn remove_older(store: &mut Store, place: &Place, address: &str, new: Name) -> Result<(), Trouble> {
    let listing = place.list().map_err(Trouble::Place)?;
    let mut gone = Vec::new();
    for name in listing.bundles.get(&new.site).into_iter().flatten().filter(|name| name.last < new.last) {
        place.remove(*name).map_err(Trouble::Place)?;
        gone.push((new.site, name.last));
    }
    store.forget_bundles(address, &gone)?;
    Ok(())
}
