//! Handing work over from the screen: bundles, places, cards, who is believed; duplicates; the team side by side.

use crate::disclosure::Override;
use crate::model::text::one_line;
use crate::model::{RowId, ShareKind, SiteId};
use crate::store::{Acceptance, Gives, Site, StoreError, Trust};
use crate::sync::{Card, Until};
use crate::triage::{duplicates, filter, team};

use super::act::digit;
use super::action::Action;
use super::answer::Answer;
use super::desk::{Desk, Pane};
use super::overlay::{Menu, Overlay, Pick};
use super::work::Work;

/// A bundle to be given: of whom, as what, for whom.
#[derive(Clone, Debug, Default)]
pub struct HandOver {
    /// None: the whole caseload.
    pub clients: Option<Vec<RowId>>,
    /// None: as it is, without a word about who looks after them.
    pub kind: Option<ShareKind>,
    pub until: Option<Until>,
    pub to: Vec<Site>,
    /// To another agency without a release, and why.
    pub without: Option<Override>,
}

impl Desk {
    /// Through every place that is known.
    pub(super) fn sync_now(&mut self) -> Result<(), StoreError> {
        match self.known_places()? {
            places if places.is_empty() => self.ask_place(),
            places => self.work = Some(Work::Sync(places)),
        }
        Ok(())
    }

    pub fn known_places(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.store.places()?.into_iter().map(|(place, _)| place).collect())
    }

    pub(super) fn ask_place(&mut self) {
        self.ask(
            Answer::Place,
            "Sync through a place",
            "A folder that others reach too (a stick, a shared drive), or an address that begins with s3://, gs:// or az://. It is remembered.",
        );
    }

    pub(super) fn ask_forget(&mut self) -> Result<(), StoreError> {
        let places = self.known_places()?;
        if places.is_empty() {
            self.say("No place is remembered.");
            return Ok(());
        }
        let items = places.into_iter().enumerate().map(|(at, place)| (digit(at), place.clone(), Pick::Forget(place)));
        self.overlay = Some(Menu::over("Forget which place?", items.collect()));
        Ok(())
    }

    /// Whether to sync when the caseload is opened and when it is left.
    pub fn syncs_by_itself(&self) -> bool {
        self.store.local("sync-always").ok().flatten().is_some()
    }

    pub(super) fn hand_over(&mut self) -> Result<(), StoreError> {
        let whom = match &self.meant()[..] {
            [] => None,
            [one] => self.caseload.get(*one).map(|facts| facts.name.clone()),
            many => Some(format!("{} clients", many.len())),
        };
        let mut items = vec![
            (Some('s'), "Sync now, through the places you know".into(), Pick::Do(Action::Sync)),
            (Some('p'), "Sync through another place".into(), Pick::Place),
            (Some('w'), "Give a file: the whole caseload".into(), Pick::Give(None)),
        ];
        if let Some(whom) = whom {
            items.push((Some('g'), format!("Give a file: {whom}"), Pick::GiveSome));
            for (key, kind) in [('t', ShareKind::Transfer), ('v', ShareKind::Cover), ('r', ShareKind::Copy)] {
                items.push((Some(key), format!("{} ({whom})", kind.label()), Pick::Give(Some(kind))));
            }
        }
        let always = if self.syncs_by_itself() { "on; turn it off" } else { "off; turn it on" };
        items.extend([
            (Some('i'), "Take in a file: a bundle, or another caseload".into(), Pick::Do(Action::Import)),
            (Some('c'), "Your card, and whom you believe".into(), Pick::Cards),
            (Some('a'), "Accept a colleague's card".into(), Pick::AskCard),
            (Some('x'), "Believe someone no longer".into(), Pick::AskRevoke),
            (Some('f'), "Forget a place".into(), Pick::AskForget),
            (Some('o'), format!("Sync on opening and on closing: {always}"), Pick::SyncAlways),
        ]);
        self.overlay = Some(Menu::over("Hand over", items));
        Ok(())
    }

    /// Begins to give: for whom, where there is more than one.
    pub(super) fn begin_to_give(
        &mut self,
        clients: Option<Vec<RowId>>,
        kind: Option<ShareKind>,
    ) -> Result<(), StoreError> {
        let partners = if clients.is_some() { self.store.within_reach()? } else { self.store.partners()? };
        let hand = HandOver { clients, kind, ..HandOver::default() };
        match &partners[..] {
            [] => self.trouble("Nobody is accepted here yet: exchange cards first (c and a of the same menu)."),
            [_] => self.give_to(HandOver { to: partners, ..hand })?,
            _ => {
                let one = |site: &Site| HandOver { to: vec![site.clone()], ..hand.clone() };
                let mut items: Vec<_> = partners
                    .iter()
                    .enumerate()
                    .map(|(at, site)| (digit(at), self.site_in_words(site), Pick::GiveTo(Box::new(one(site)))))
                    .collect();
                if kind.is_none() {
                    let all = HandOver { to: partners.clone(), ..hand };
                    items.push((Some('a'), "All of them".into(), Pick::GiveTo(Box::new(all))));
                }
                self.overlay = Some(Menu::over("For whom?", items));
            }
        }
        Ok(())
    }

    pub(super) fn give_to(&mut self, hand: HandOver) -> Result<(), StoreError> {
        match hand.kind {
            Some(ShareKind::Cover) => {
                self.ask(
                    Answer::Until(hand),
                    "Cover",
                    "Until which day, or which minute, do they stand in? fri, +2w, 5 dec, fri 17:00 ...",
                );
            }
            _ => self.check_leaving(hand)?,
        }
        Ok(())
    }

    /// This installation's card, and everyone who is known.
    pub(super) fn cards(&mut self) -> Result<(), StoreError> {
        let card = Card::of(&self.store)?;
        let mut lines = vec![
            "Send the line below to your colleague (y copies it), and read them the fingerprint on the phone.".into(),
            String::new(),
            card.text().trim().to_string(),
            String::new(),
            format!("Fingerprint: {}", card.site.fingerprint()),
            String::new(),
            "Whom you believe:".into(),
        ];
        let own = self.store.site();
        let believed = |site: &Site| site.id != own && site.line.as_ref().is_some_and(|line| line.ended.is_none());
        let partners: Vec<Site> = self.store.sites()?.into_iter().filter(believed).collect();
        for site in &partners {
            let gives = site.line.as_ref().map(|line| line.gives);
            let way = match site.trust() {
                Trust::TakeFrom if gives == Some(Gives::Theirs) => {
                    "  (you take from them, and give only what is theirs)"
                }
                Trust::TakeFrom => "  (you only take from them)",
                Trust::GiveTo if gives == Some(Gives::Theirs) => "  (you only give to them, and only what is theirs)",
                Trust::GiveTo => "  (you only give to them)",
                Trust::Own => "  (yours)",
                _ => "",
            };
            lines.push(format!("  {}{way}", self.site_in_words(site)));
        }
        if partners.is_empty() {
            lines.push("  nobody yet".into());
        }
        self.overlay = Some(Overlay::Reading { title: "Your card".into(), lines, scroll: 0 });
        Ok(())
    }

    /// Accepts a site whose fingerprint was compared on this screen; what is not named stays as it is set.
    pub(super) fn accept(&mut self, site: &Site, wanted: &Acceptance) {
        let wanted = Acceptance { confirmed: true, ..wanted.clone() };
        match self.store.accept(site, &wanted) {
            Ok(Some(line)) if !line.agency.is_empty() => self.say(format!(
                "Accepted: {} of {}. They are given only what a release permits.",
                line.called,
                one_line(&line.agency)
            )),
            Ok(line) => {
                let called = line.map_or(String::new(), |line| line.called);
                self.say(format!("Accepted: {called}."));
            }
            Err(error) => self.trouble(error),
        }
    }

    pub(super) fn ask_revoke(&mut self) -> Result<(), StoreError> {
        let own = self.store.site();
        let believed = |site: &Site| site.id != own && site.line.as_ref().is_some_and(|line| line.ended.is_none());
        let partners: Vec<Site> = self.store.sites()?.into_iter().filter(believed).collect();
        if partners.is_empty() {
            self.say("Nobody is accepted here.");
            return Ok(());
        }
        let items =
            partners.iter().enumerate().map(|(at, site)| (digit(at), self.site_in_words(site), Pick::Revoke(site.id)));
        let about = vec![
            "Nothing of theirs is taken any more, and nothing is written to them: of every installation that took over from this one, too. What came before stays."
                .into(),
        ];
        self.overlay = Some(Menu::telling("Believe whom no longer?", about, items.collect()));
        Ok(())
    }

    /// Asks once whether another laptop under the worker's own name is theirs too: what the one began the other may sign then.
    /// Says whether there was anything to ask.
    pub(super) fn ask_whose_laptop(&mut self) -> Result<bool, StoreError> {
        if self.overlay.is_some() || self.store.read_only() {
            return Ok(false);
        }
        let Some(site) = self.store.perhaps_own()? else { return Ok(false) };
        let about = vec![
            format!("{} is accepted here, fingerprint {}.", site.person(), site.fingerprint()),
            "If both are yours, what you began on the one you may sign on the other, and whoever ends the one ends both. Say the same on the other laptop.".into(),
            "You are asked this once.".into(),
        ];
        let items = vec![
            (Some('y'), "Yes, both laptops are mine".into(), Pick::Own(site.id, true)),
            (Some('n'), "No, that is somebody else of my name".into(), Pick::Own(site.id, false)),
            (Some('l'), "Ask me the next time".into(), Pick::Nothing),
        ];
        self.overlay = Some(Menu::telling("Another laptop has your name: is it yours too?", about, items));
        Ok(true)
    }

    pub(super) fn say_whose_laptop(&mut self, site: SiteId, own: bool) -> Result<(), StoreError> {
        if own {
            self.store.same_person(self.store.site(), site)?;
            self.reload()?;
            self.say("Both laptops are yours: what you began on the one you may sign on the other.");
        } else {
            self.store.set_somebody_else(site)?;
            self.say("Somebody else, then: each signs for themselves.");
        }
        Ok(())
    }

    pub(super) fn sync_always(&mut self) -> Result<(), StoreError> {
        let on = !self.syncs_by_itself();
        self.store.set_local("sync-always", on.then_some(b"yes".as_slice()))?;
        self.say(if on { "From now on it syncs on opening and on closing." } else { "It syncs only when you say so." });
        Ok(())
    }

    /// Caseloads side by side.
    pub(super) fn team(&mut self) -> Result<(), StoreError> {
        let loads = team::loads(&self.caseload, &self.rules, &self.store.capacities()?, &self.moment());
        self.listed("the team on the screen", self.caseload.facts().len());
        self.overlay = Some(Overlay::Team { loads, at: 0 });
        Ok(())
    }

    /// Needs that cannot be met, counted without names.
    pub(super) fn unmet_needs(&mut self) -> Result<(), StoreError> {
        let lines = crate::store::needs::in_words(&self.store.unmet_needs()?);
        self.overlay = Some(Overlay::Reading { title: "Unmet needs".into(), lines, scroll: 0 });
        Ok(())
    }

    /// Only one worker's clients, from the team's list.
    pub(super) fn only_with(&mut self, worker: &str) -> Result<(), StoreError> {
        let name = if worker.is_empty() { "none".to_string() } else { filter::hyphenated(worker) };
        self.filter = Some(format!("worker:{name}"));
        self.filtering = false;
        self.focus = Pane::Caseload;
        self.list();
        self.choose_in_list()
    }

    /// Pairs that may be one person; with two marked, those.
    pub(super) fn duplicates(&mut self) -> Result<(), StoreError> {
        if let [one, other] = self.meant()[..] {
            self.compare(one, other);
            return Ok(());
        }
        let told_apart = self.told_apart();
        let name = |id: RowId| self.caseload.get(id).map_or(String::new(), |facts| facts.name.clone());
        let mut items: Vec<_> = duplicates::pairs(self.caseload.facts())
            .into_iter()
            .filter(|pair| !told_apart.contains(&(pair.one, pair.other)))
            .map(|pair| {
                let label = format!("{} and {}: {}", name(pair.one), name(pair.other), pair.why.in_words());
                (None, label, Pick::Compare(pair.one, pair.other))
            })
            .collect();
        if let Some(file) = &self.file {
            for other in &file.also {
                let label =
                    format!("Part again: {} was also entered as {}", file.client.client_name(), other.client_name());
                items.push((None, label, Pick::Part(other.id)));
            }
        }
        if items.is_empty() {
            self.say("Nobody seems to be here twice. Mark two clients with x to join them all the same.");
        } else {
            self.overlay = Some(Menu::over("Here twice?", items));
        }
        Ok(())
    }

    pub(super) fn compare(&mut self, one: RowId, other: RowId) {
        let (Some(a), Some(b)) = (self.caseload.get(one), self.caseload.get(other)) else { return };
        let born = |facts: &crate::triage::ClientFacts| facts.birth_date.map_or("-".into(), |day| day.to_string());
        let last = |facts: &crate::triage::ClientFacts| {
            facts.last_contact.as_ref().map_or("never".into(), |last| last.when.format("%-d %b %Y").to_string())
        };
        let list = |words: &[String]| if words.is_empty() { "-".to_string() } else { words.join(", ") };
        let line = |label: &str, a: &str, b: &str| format!("{label:<13} {:<28.28}  {b:.28}", a);
        let about = vec![
            line("", &a.name, &b.name),
            line("born", &born(a), &born(b)),
            line("phone", &list(&a.own_phones), &list(&b.own_phones)),
            line("ids", &list(&a.outside_ids), &list(&b.outside_ids)),
            line("last contact", &last(a), &last(b)),
            line("case manager", &a.worker, &b.worker),
            String::new(),
            "One person: nothing is moved or lost; both entries are shown as one, and can be parted again.".into(),
        ];
        let items = vec![
            (Some('1'), format!("One person; shown as {}", a.name), Pick::Join(one, other)),
            (Some('2'), format!("One person; shown as {}", b.name), Pick::Join(other, one)),
            (Some('n'), "Two people: do not ask again".into(), Pick::Apart(one, other)),
        ];
        self.overlay = Some(Menu::telling("One person or two?", about, items));
    }

    pub(super) fn join(&mut self, kept: RowId, other: RowId) -> Result<(), StoreError> {
        match self.store.join(kept, other) {
            Ok(receipt) => {
                self.marked.clear();
                self.follow(receipt)?;
                self.choose_client(kept)?;
                self.say(format!("Shown as one from now on. {} undoes it.", self.keys.first_of("undo")));
            }
            Err(error) => self.trouble(error),
        }
        Ok(())
    }

    pub(super) fn part(&mut self, client: RowId) -> Result<(), StoreError> {
        match self.store.part(client) {
            Ok(receipt) => {
                self.follow(receipt)?;
                self.say("Two people again.");
            }
            Err(error) => self.trouble(error),
        }
        Ok(())
    }

    fn site_in_words(&self, site: &Site) -> String {
        let agency = self.store.agency_of(site).unwrap_or_default();
        let of = if agency.is_empty() { String::new() } else { format!(", {}", one_line(&agency)) };
        format!("{}{of}  {}", site.person(), site.fingerprint())
    }

    /// Pairs that someone said are two people.
    fn told_apart(&self) -> Vec<(RowId, RowId)> {
        let kept = self.store.local("two-people").ok().flatten();
        kept.and_then(|kept| postcard::from_bytes(&kept).ok()).unwrap_or_default()
    }

    pub(super) fn tell_apart(&mut self, one: RowId, other: RowId) -> Result<(), StoreError> {
        let mut pairs = self.told_apart();
        pairs.push((one.min(other), one.max(other)));
        let packed = postcard::to_allocvec(&pairs).expect("plain data packs into memory");
        self.store.set_local("two-people", Some(&packed))?;
        self.say("Two people: it is not asked again here.");
        Ok(())
    }
}
