//! What one site left in a place and nobody read here yet: looked for before it is believed no longer, so that genuine work
//! up to the loss of a laptop is offered before it is lost with the site, and told of afterwards.
//!
//! A place's names are names, not claims: what lies there is believed only once it was read and verified like any other
//! bundle. Called by the command line; `through` asks it what to tell.

use std::path::PathBuf;

use crate::files::new_file;
use crate::model::SiteId;
use crate::store::{Merged, Met, Staged, Store, StoreError, Trust};

use super::bundle::Refusal;
use super::exchange::{Progress, take_staged};
use super::place::{Listing, Lying, Name, Place};
use super::through::Trouble;

/// Where it is kept of which bundles of a site that is believed no longer it was told that they are left out.
const TOLD: &str = "left-out";

/// The bundles of a site in a place that were not read, the one that brings furthest first.
fn unread_bundles(store: &Store, address: &str, listing: &Listing, holder: SiteId) -> Result<Vec<Lying>, StoreError> {
    let noted = store.bundles_noted(address)?;
    let is_met = |lying: &Lying| {
        noted.iter().filter(|one| one.holder == holder && one.met != Met::Broken).any(|one| {
            let Name { first, last, .. } = lying.name;
            // An earlier version noted the last number only.
            one.last == last && (one.first == 0 || (one.first == first && one.length == lying.length))
        })
    };
    let there = listing.bundles.get(&holder).map_or(&[][..], Vec::as_slice);
    let mut unread: Vec<Lying> = there.iter().filter(|lying| !is_met(lying)).copied().collect();
    unread.sort_unstable_by_key(|lying| std::cmp::Reverse((lying.name.last, lying.name.first)));
    Ok(unread)
}

/// How many bundles of a site lie unread in a place.
///
/// # Errors
/// Where the place cannot be looked at.
pub fn unread(store: &Store, place: &Place, holder: SiteId) -> Result<usize, Trouble> {
    let listing = place.list().map_err(Trouble::Place)?;
    Ok(unread_bundles(store, &place.address(), &listing, holder)?.len())
}

/// Takes in what a site left unread in a place, bundle by bundle, each whole or not at all.
///
/// # Errors
/// Where the place cannot be reached, or something there is refused: what came before it is kept.
pub fn take_unread(
    store: &mut Store,
    place: &Place,
    holder: SiteId,
    progress: Progress<'_>,
) -> Result<Vec<Merged>, Refusal> {
    let listing = place.list().map_err(Refusal::Io)?;
    let mut all = Vec::new();
    for lying in unread_bundles(store, &place.address(), &listing, holder)? {
        let mut staged = Staged::beside(store.path().map(PathBuf::as_path)).map_err(Refusal::Io)?;
        let mut file = new_file(&staged.path).map_err(Refusal::Io)?;
        staged.length = place.fetch(lying.name, &mut file).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => Refusal::NotABundle,
            _ => Refusal::Io(error),
        })?;
        store.backup_of_the_day()?;
        match take_staged(store, &staged, None, true, progress) {
            Ok(taken) => all.push(taken.merged),
            // It was never for us to read.
            Err(Refusal::NotForUs) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(all)
}

/// Says which sites that are believed no longer left something in a place that was never read here: once for each bundle.
pub(super) fn left_out(store: &mut Store, address: &str, listing: &Listing) -> Result<Vec<String>, StoreError> {
    let kept = store.local(TOLD)?;
    let mut told: Vec<(SiteId, u64)> = kept.and_then(|kept| postcard::from_bytes(&kept).ok()).unwrap_or_default();
    let mut lines = Vec::new();
    for holder in listing.bundles.keys() {
        let Some(site) = store.site_known(*holder)? else { continue };
        if store.trust_of(&site)? != Trust::Revoked {
            continue;
        }
        let names = unread_bundles(store, address, listing, *holder)?;
        let Some(last) = names.iter().map(|lying| lying.name.last).max() else { continue };
        if told.iter().any(|(known, until)| known == holder && *until >= last) {
            continue;
        }
        told.retain(|(known, _)| known != holder);
        told.push((*holder, last));
        lines.push(format!(
            "{} is believed no longer, and what lies there of theirs was never read here: left out ({}). To take in what they wrote before: caseload site accept CARD --only take, then caseload site revoke {} --take-first",
            site.person(),
            match names.len() {
                1 => "1 bundle".to_string(),
                many => format!("{many} bundles"),
            },
            site.fingerprint(),
        ));
    }
    if !lines.is_empty() && !store.read_only() {
        store.set_local(TOLD, Some(&postcard::to_allocvec(&told).expect("plain data packs into memory")))?;
    }
    Ok(lines)
}
