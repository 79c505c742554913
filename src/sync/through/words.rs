//! What a sync did, in words: what changed, and what needs a person.

use std::collections::BTreeMap;

use crate::model::{RowId, SiteId};
use crate::store::{Merged, Met, Site, SiteState, Trust};
use crate::sync::in_words;

use super::{Round, Synced, Trouble};

/// What is said of a file that was found set back.
pub const SET_BACK: &str = "This file was set back to an earlier state since something of it was last given. What others have \
     of it, or what lies in a place, comes home from there; what is written now stands in its way nowhere.";
/// So many colleagues are told of one by one; of a larger team, all together.
const SENDERS_TOLD: usize = 8;
/// So many whom nobody here accepted are named.
const STRANGERS_TOLD: usize = 3;
/// Where it is kept of whom it was told that they leave bundles and nothing of theirs is taken.
const NOT_TAKEN_FROM: &str = "not-taken-from";
/// So many clients are named.
const NAMED: usize = 12;
/// For so long a bundle that does not become whole is told of, in milliseconds.
const TOLD_FOR: u64 = 14 * 24 * 3_600_000;

impl Synced {
    /// What needs a person: strangers, and what is waited for.
    pub fn notices(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match self.set_back {
            None => {}
            Some(0) => lines.push(SET_BACK.into()),
            Some(entries) => lines.push(format!(
                "This file was set back to an earlier state, or another copy of it wrote there: {entries} entries of your own came home."
            )),
        }
        if self.alone {
            lines.push("Nobody is accepted here yet, so nothing was left for others.".into());
        }
        let new: Vec<&Site> = self.strangers.iter().filter(|site| self.news.contains(&site.id)).collect();
        lines.extend(strangers(&new));
        lines.extend(self.left_out.iter().map(|line| format!("{line}.")));
        lines.extend(self.waiting.iter().map(|line| format!("{line}.")));
        lines
    }

    /// All the clients about whom something came in: under whom they are shown, and whether they are new. The new ones first.
    pub fn clients(&self) -> Vec<(RowId, String, bool)> {
        let mut clients: BTreeMap<RowId, (String, bool)> = BTreeMap::new();
        for (id, name, new) in self.taken.iter().flat_map(|(_, merged)| &merged.clients) {
            let known = clients.entry(*id).or_insert((String::new(), *new));
            // The last bundle knows best what they are called; who was new in one of them was new.
            *known = (name.clone(), known.1 || *new);
        }
        let mut clients: Vec<_> = clients.into_iter().map(|(id, (name, new))| (id, name, new)).collect();
        clients.sort_by(|a, b| (!a.2, &a.1, a.0).cmp(&(!b.2, &b.1, b.0)));
        clients
    }

    /// What each colleague brought, all their bundles together.
    fn by_sender(&self) -> Vec<(&str, Merged)> {
        let mut senders: Vec<(&str, Merged)> = Vec::new();
        for (sender, merged) in &self.taken {
            match senders.iter_mut().find(|(known, _)| known == sender) {
                Some((_, all)) => add(all, merged),
                None => senders.push((sender, merged.clone())),
            }
        }
        senders
    }

    /// In words, a line each: as many as one can read, however many colleagues and clients there are.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let senders = self.by_sender();
        let told = if senders.len() > SENDERS_TOLD { SENDERS_TOLD - 1 } else { senders.len() };
        for (sender, merged) in &senders[..told] {
            lines.extend(brought(&format!("From {sender}"), merged));
        }
        if let Some(rest) = senders.get(told..).filter(|rest| !rest.is_empty()) {
            let mut all = Merged::default();
            rest.iter().for_each(|(_, merged)| add(&mut all, merged));
            lines.extend(brought(&format!("From {} others", rest.len()), &all));
        }
        let clients = self.clients();
        for (label, new) in [("New", true), ("Changed", false)] {
            let names: Vec<&str> =
                clients.iter().filter(|client| client.2 == new).map(|client| client.1.as_str()).collect();
            if !names.is_empty() {
                let more = match names.len().saturating_sub(NAMED) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                lines.push(format!("{label}: {}{more}.", names[..names.len().min(NAMED)].join(", ")));
            }
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

/// Who is there and was not accepted. Nobody is told to accept them: in a team whose supervisor hands out the work, workers
/// need the supervisor and nobody else.
fn strangers(new: &[&Site]) -> Vec<String> {
    if new.len() > STRANGERS_TOLD {
        return vec![format!(
            "Here too, and not accepted: {} others. Accept only whom you are to exchange clients with; who they are: caseload sync --json.",
            new.len()
        )];
    }
    let one = |site: &&Site| {
        format!(
            "Here too, and not accepted: {}, fingerprint {}. Only if you are to exchange clients with them, compare it on the phone and accept their card.",
            site.person(),
            site.fingerprint()
        )
    };
    new.iter().map(one).collect()
}

fn brought(who: &str, merged: &Merged) -> Vec<String> {
    let mut lines = match merged.entries {
        0 => vec![format!("{who}:")],
        _ => vec![format!("{who}: {} new clients, {} changed.", merged.new.len(), merged.changed.len())],
    };
    lines.extend(in_words(merged).into_iter().map(|line| format!("  {line}")));
    lines
}

fn add(all: &mut Merged, merged: &Merged) {
    all.entries += merged.entries;
    let new: Vec<RowId> = merged.new.iter().filter(|id| !all.new.contains(id)).copied().collect();
    all.new.extend(new);
    let known = |id: &&RowId| !all.new.contains(id) && !all.changed.contains(id);
    let changed: Vec<RowId> = merged.changed.iter().filter(known).copied().collect();
    all.changed.extend(changed);
    all.conflicts += merged.conflicts;
    all.ahead += merged.ahead;
    all.held_back += merged.held_back;
    all.moved += merged.moved;
    all.set_back |= merged.set_back;
    all.not_taken.extend(merged.not_taken.iter().cloned());
}

impl Round<'_, '_> {
    /// Says of those who are believed here what of theirs cannot be read. Never of our own, nor of a site that another has
    /// taken over from; and of what nobody can change any more, not for ever.
    pub(super) fn tell(&mut self) -> Result<(), Trouble> {
        let (noted, now) = (self.noted()?, self.now_ms());
        let holders: Vec<SiteId> = self.listing.bundles.keys().copied().collect();
        for holder in holders {
            self.tell_of_one_not_taken_from(holder)?;
            let mine = || noted.iter().filter(|bundle| bundle.holder == holder);
            let newest = mine().filter(|bundle| bundle.met == Met::Known).map(|bundle| bundle.last).max();
            if newest.is_none() && self.not_for_us.contains(&holder) && !self.is_over(holder)? {
                let whose = self.whose(holder)?;
                self.wait_for(format!("{whose} has not accepted this site yet: give them your card"));
            }
            let broken = mine().any(|bundle| {
                let held = newest.is_some_and(|newest| newest > bundle.last);
                bundle.met == Met::Broken && !held && now.saturating_sub(bundle.since) < TOLD_FOR
            });
            if broken {
                let whose = self.whose(holder)?;
                self.wait_for(format!("{whose}: a bundle is not whole yet, or damaged; looked at again next time"));
            }
        }
        Ok(())
    }

    /// Says once of somebody who is only given to that they leave something there: whoever is handed a client takes, too.
    fn tell_of_one_not_taken_from(&mut self, holder: SiteId) -> Result<(), Trouble> {
        let Some(site) = self.store.site_known(holder)?.filter(|site| site.trust() == Trust::GiveTo) else {
            return Ok(());
        };
        let kept = self.store.local(NOT_TAKEN_FROM)?;
        let mut told: Vec<SiteId> = kept.and_then(|kept| postcard::from_bytes(&kept).ok()).unwrap_or_default();
        if told.contains(&holder) {
            return Ok(());
        }
        told.push(holder);
        self.store
            .set_local(NOT_TAKEN_FROM, Some(&postcard::to_allocvec(&told).expect("plain data packs into memory")))?;
        self.wait_for(format!(
            "{} leaves bundles there too, and nothing of them is taken here. If they hand you clients or sign for you: caseload site accept CARD --both",
            site.person()
        ));
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.store.now().timestamp_millis()).unwrap_or(0)
    }

    /// Whether a site is one of our own, or another has taken over from it.
    fn is_over(&self, holder: SiteId) -> Result<bool, Trouble> {
        for site in self.store.sites()? {
            if site.id == holder && (site.trust() == Trust::Own || site.state != SiteState::Live) {
                return Ok(true);
            }
            let before = site.voucher.as_ref().map(|(before, _)| *before);
            if before == Some(holder) && self.store.trust_of(&site)?.takes() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
