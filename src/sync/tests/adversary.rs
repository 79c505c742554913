//! Random histories with laptops that are set back, copied and revoked, and with one accepted colleague who cheats: once all
//! the others have met, they have the same, nothing that was acknowledged is lost, and nobody has written what they did not.

use std::collections::{BTreeMap, BTreeSet};

use super::forging::{FORGED, Forged};
use super::*;
use crate::model::SiteId;
use crate::store::wire::{Content, ROW_ITSELF};
use crate::store::{Batch, ChainEnd, Merged, SiteState, StoreError, Trust};

#[derive(Clone, Debug)]
enum Event {
    Act(u8, Op),
    Send {
        from: u8,
        to: u8,
        client: Option<u8>,
        everything: bool,
    },
    /// Something that was sent before is handed over again, to whoever got it or to another.
    Again(prop::sample::Index, Option<u8>),
    /// The state of a laptop is put by.
    Image(u8),
    /// A laptop is set back to the state that was put by.
    SetBack(u8),
    /// One goes on from the state that was put by, beside the one that it was made of.
    Clone(u8),
    /// The cheat is revoked by one of the others, or accepted again.
    Revoke(u8, bool),
    /// Somebody holds another for gone, and keeps what lies beside the other's chains.
    KeepBoth(u8, u8),
    Cheat(Cheat, u8, u8),
}

/// What the cheat does to one of the others, about another of them.
#[derive(Clone, Copy, Debug)]
enum Cheat {
    /// A bundle in the other's name.
    FalseSender,
    /// Entries on the other's chain, from its beginning or its middle.
    OnTheirChain(u8),
    /// A bundle of her own work, and of everybody's, that lacks what comes first.
    Withhold,
    /// A card with the other's name and a voucher that nobody gave.
    Claim,
    /// More of the victim's own work than there is.
    Beyond,
    /// Her own chain, written a second time; with her own signature under it or with none that holds.
    Fork { signed: bool },
}

fn cheat(signed: bool) -> impl Strategy<Value = Cheat> {
    prop_oneof![
        Just(Cheat::FalseSender),
        (0u8..4).prop_map(Cheat::OnTheirChain),
        Just(Cheat::Withhold),
        Just(Cheat::Claim),
        Just(Cheat::Beyond),
        Just(Cheat::Fork { signed }),
    ]
}

fn event(signed: bool) -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (any::<u8>(), edit()).prop_map(|(who, op)| Event::Act(who, op)),
        2 => (any::<u8>(), op()).prop_map(|(who, op)| Event::Act(who, apart(op))),
        5 => (any::<u8>(), any::<u8>(), proptest::option::weighted(0.3, 0u8..4), any::<bool>())
            .prop_map(|(from, to, client, everything)| Event::Send { from, to, client, everything }),
        2 => (any::<prop::sample::Index>(), proptest::option::of(any::<u8>())).prop_map(|(one, to)| Event::Again(one, to)),
        2 => any::<u8>().prop_map(Event::Image),
        2 => any::<u8>().prop_map(Event::SetBack),
        2 => any::<u8>().prop_map(Event::Clone),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(who, revoke)| Event::Revoke(who, revoke)),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(who, gone)| Event::KeepBoth(who, gone)),
        3 => (cheat(signed), any::<u8>(), any::<u8>()).prop_map(|(cheat, to, about)| Event::Cheat(cheat, to, about)),
    ]
}

/// The laptops; the last of the first `team` is the cheat's.
struct World {
    sites: Vec<Store>,
    cheat: usize,
    images: BTreeMap<usize, Store>,
    post: Post,
    /// What each key really signed, batch by batch, as far as honest laptops saw themselves do it.
    wrote: BTreeMap<SiteId, BTreeSet<[u8; 32]>>,
}

fn batches(store: &Store) -> Vec<Batch> {
    let mut all = Vec::new();
    for (stream, site, _) in store.chains(None).unwrap() {
        store
            .each_of_chain::<StoreError>(stream, site, 0, &mut |batch| {
                all.push(batch);
                Ok(())
            })
            .unwrap();
    }
    all
}

/// Something that was said, whoever's chain it stands in: a batch that moved says the same.
type Said = (uuid::Uuid, u16, RowId, u16, String, Vec<u8>);

fn said(store: &Store) -> BTreeSet<Said> {
    let mut all = BTreeSet::new();
    for batch in batches(store) {
        for entry in batch.entries().unwrap() {
            let Content::Value(mut value) = entry.content else { continue };
            if entry.field == ROW_ITSELF {
                value.truncate(1);
            }
            all.insert((batch.header.action, entry.record, entry.row, entry.field, entry.key, value));
        }
    }
    all
}

impl World {
    /// Everything that a laptop wrote itself just now: it carries the signature of the site that it is.
    fn remember(&mut self, who: usize) {
        let store = &self.sites[who];
        let own = store.own_site().unwrap();
        for batch in batches(store) {
            if batch.header.site == own.id && own.signed(&batch.hash, &batch.signature) {
                self.wrote.entry(own.id).or_default().insert(batch.hash);
            }
        }
    }

    fn honest(&self) -> impl Iterator<Item = usize> + use<> {
        let cheat = self.cheat;
        (0..self.sites.len()).filter(move |who| *who != cheat)
    }

    fn send(&mut self, from: usize, to: usize, scope: &Scope, everything: bool) -> Option<Merged> {
        let (sender, receiver) = pair(&mut self.sites, from, to);
        let path = self.post.write(sender, (to, receiver), scope, everything);
        let taken = take(receiver, &path, None, true, &mut go());
        self.remember(to);
        match taken {
            Ok(taken) => Some(taken.merged),
            Err(Refusal::Revoked { .. }) => None,
            Err(refusal) => panic!("{from} to {to}: {refusal}"),
        }
    }

    /// Hands over what was forged. Whatever comes of it is looked at in the end; here only that a refusal changes nothing.
    fn hand(&mut self, to: usize, forged: Forged) {
        let (cheat, victim) = pair(&mut self.sites, self.cheat, to);
        let bytes = forged.bytes(cheat, victim);
        let path = self.post.folder.path().join(format!("{}.bundle", self.post.sent.len()));
        std::fs::write(&path, &bytes).unwrap();
        self.post.sent.push((to, path.clone()));
        let before = (everything(victim), victim.site());
        take(victim, &path, None, false, &mut go()).ok();
        assert_eq!((everything(victim), victim.site()), before, "a trial changes nothing");
        if take(victim, &path, None, true, &mut go()).is_err() {
            assert_eq!((everything(victim), victim.site()), before, "a refusal changes nothing");
        }
        self.remember(to);
    }

    fn cheat(&mut self, cheat: Cheat, to: usize, about: usize) {
        let (mallory, victim, other) = (&self.sites[self.cheat], &self.sites[to], &self.sites[about]);
        let (own, theirs) = (mallory.own_site().unwrap(), other.own_site().unwrap());
        let client = id(0);
        let forged = match cheat {
            Cheat::FalseSender => {
                let end = victim.chain_end(client, victim.site()).unwrap();
                Forged::by(&theirs, victim).chain(client, victim.site(), end).batch(client, FORGED).ended(mallory)
            }
            Cheat::OnTheirChain(at) => {
                let end = victim.chain_end(client, theirs.id).unwrap();
                let from = match at {
                    0 => ChainEnd::START,
                    1 => end,
                    2 => ChainEnd { next: end.next / 2, ..end },
                    _ => ChainEnd { next: end.next + 5, ..end },
                };
                let forged = Forged::by(&own, victim).site(&theirs).chain(client, theirs.id, from);
                forged.batch(client, FORGED).ended(mallory)
            }
            Cheat::Withhold => {
                let chains = mallory.chains(None).unwrap();
                let ranges: Vec<_> = chains
                    .into_iter()
                    .map(|(stream, site, next)| (stream, site, if site == own.id { next / 2 } else { next - 1 }, next))
                    .collect();
                let to_them = [victim.own_site().unwrap()];
                let path = self.post.folder.path().join(format!("{}.bundle", self.post.sent.len()));
                let seal = super::bundle::Seal::Sites(&to_them);
                let write = |file: &mut _| super::exchange::write(mallory, &seal, false, &ranges, true, file);
                super::exchange::write_new(&path, write).unwrap();
                self.post.sent.push((to, path.clone()));
                take(&mut self.sites[to], &path, None, true, &mut go()).ok();
                return self.remember(to);
            }
            Cheat::Claim => {
                let claim = Site { name: theirs.name.clone(), voucher: Some((theirs.id, vec![1; 64])), ..own.clone() };
                let spoiled = Site { name: FORGED.into(), voucher: Some((own.id, vec![2; 64])), ..theirs.clone() };
                Forged::by(&own, victim).site(&claim).site(&spoiled)
            }
            Cheat::Beyond => {
                let end = victim.chain_end(client, victim.site()).unwrap();
                Forged::by(&own, victim).has(client, victim.site(), end.next + 7)
            }
            Cheat::Fork { signed } => {
                let forged = Forged::by(&own, victim).site(&own).chain(client, own.id, ChainEnd::START);
                let forged = forged.batch(client, FORGED).ended(if signed { mallory } else { other });
                if signed {
                    // It is her own word, under her own key.
                    self.wrote.entry(own.id).or_default().insert(forged.hash());
                }
                forged
            }
        };
        self.hand(to, forged);
    }

    fn event(&mut self, event: Event) {
        let many = self.sites.len();
        let whom = |who: u8| usize::from(who) % many;
        let honest = |who: u8| {
            let all: Vec<usize> = self.honest().collect();
            all[usize::from(who) % all.len()]
        };
        match event {
            Event::Act(who, op) => {
                run(&mut self.sites[whom(who)], &op);
                self.remember(whom(who));
            }
            Event::Send { from, to, client, everything } if whom(from) != whom(to) => {
                let scope = client.map_or(Scope::Whole, |client| Scope::Clients(vec![id(client)]));
                self.send(whom(from), whom(to), &scope, everything);
            }
            Event::Send { .. } => {}
            Event::Again(which, other) => {
                if !self.post.sent.is_empty() {
                    let (to, path) = which.get(&self.post.sent).clone();
                    let to = other.map_or(to, whom);
                    take(&mut self.sites[to], &path, None, true, &mut go()).ok();
                    self.remember(to);
                }
            }
            Event::Image(who) => {
                let who = honest(who);
                self.images.insert(who, self.sites[who].image().unwrap());
            }
            Event::SetBack(who) => {
                let who = honest(who);
                if let Some(image) = self.images.get(&who) {
                    self.sites[who] = image.image().unwrap();
                }
            }
            Event::Clone(who) => {
                let who = honest(who);
                if many < 6
                    && let Some(image) = self.images.get(&who)
                {
                    self.sites.push(image.image().unwrap());
                }
            }
            Event::Revoke(who, revoke) => {
                let (who, cheat) = (honest(who), self.sites[self.cheat].own_site().unwrap());
                match revoke {
                    true => self.sites[who].revoke_site(cheat.id).unwrap(),
                    false => self.sites[who].accept_site(&cheat).unwrap(),
                }
            }
            Event::KeepBoth(who, gone) => {
                let (who, gone) = (honest(who), self.sites[whom(gone)].site());
                self.keep_both(who, gone);
            }
            Event::Cheat(cheat, to, about) => self.cheat(cheat, honest(to), honest(about)),
        }
    }

    /// Whoever was held for gone is worked with again at the end, as people are.
    fn keep_both(&mut self, who: usize, gone: SiteId) {
        let store = &mut self.sites[who];
        let Some(line) = store.site_known(gone).unwrap().and_then(|site| site.line) else { return };
        if line.own {
            return;
        }
        for site in store.sites().unwrap().iter().filter(|site| site.line.as_ref() == Some(&line)) {
            store.put_site(site.id, SiteState::AtRest).unwrap();
        }
        match store.keep_both(gone) {
            Ok(_) | Err(StoreError::StillAtWork) => {}
            Err(error) => panic!("{error}"),
        }
        self.remember(who);
    }

    /// All meet all, until nothing is new any more.
    fn settle(&mut self) {
        // All that she ever was: whoever revoked her ended each of her sites.
        let all = self.sites[self.cheat].sites().unwrap();
        let cheats: Vec<Site> = all.into_iter().filter(|site| site.trust() == Trust::Own).collect();
        for store in &mut self.sites {
            for site in store.sites().unwrap().iter().filter(|site| site.state == SiteState::AtRest) {
                store.put_site(site.id, SiteState::Live).unwrap();
            }
        }
        for who in self.honest().collect::<Vec<_>>() {
            for cheat in &cheats {
                self.sites[who].accept_site(cheat).unwrap();
            }
        }
        for round in 0..8 {
            let mut quiet = true;
            for from in 0..self.sites.len() {
                for to in 0..self.sites.len() {
                    if from != to {
                        let merged = self.send(from, to, &Scope::Whole, round > 0).expect("nobody is revoked now");
                        quiet &= merged.entries == 0 && merged.moved == 0;
                    }
                }
            }
            if quiet && round > 1 {
                return;
            }
        }
        panic!("it never comes to rest");
    }
}

/// Lives one history, and holds what the honest laptops have against one another.
fn live(many: usize, events: Vec<Event>) -> Result<(), TestCaseError> {
    let mut sites = team(&vec![0; many]);
    let cheat = many - 1;
    for row in 0..2 {
        run(&mut sites[0], &Op::Client(row));
    }
    for row in 10..14 {
        run(&mut sites[0], &apart(Op::Child(0, row, 0)));
    }
    let (post, images, wrote) = (Post::new(), BTreeMap::new(), BTreeMap::new());
    let mut world = World { sites, cheat, images, post, wrote };
    for other in 1..many {
        world.send(0, other, &Scope::Whole, false);
    }
    for who in 0..many {
        world.remember(who);
    }
    for event in events {
        world.event(event);
    }
    let acknowledged: BTreeSet<Said> = world.honest().flat_map(|who| said(&world.sites[who])).collect();
    world.settle();
    let honest: Vec<usize> = world.honest().collect();
    // Also a site that was set back away, of which nothing but its entries speaks any more.
    let mut speak: BTreeSet<SiteId> = honest.iter().map(|who| world.sites[*who].site()).collect();
    speak.extend(batches(&world.sites[0]).iter().map(|batch| batch.header.site));
    let (same, chains) = (dump(&world.sites[0]), world.sites[0].chains(None).unwrap());
    let has = said(&world.sites[0]);
    let lost: Vec<&Said> = acknowledged.difference(&has).collect();
    prop_assert!(lost.is_empty(), "lost: {:?}", lost);
    for who in honest {
        let store = &mut world.sites[who];
        prop_assert_eq!(store.chains(None).unwrap(), chains.clone(), "laptop {}", who);
        prop_assert_eq!(dump(store), same.clone(), "laptop {}", who);
        for batch in batches(store) {
            let site = batch.header.site;
            match world.wrote.get(&site) {
                Some(wrote) => prop_assert!(wrote.contains(&batch.hash), "{} never wrote {:?}", site, batch.header),
                None => prop_assert!(false, "a chain of nobody: {}", site),
            }
        }
        for site in store.sites().unwrap() {
            // Of one that never spoke here the name is hearsay, and told as such.
            let person = site.person();
            let hearsay = person.starts_with("one that others call") && site.recipient.is_empty();
            prop_assert!(hearsay || !person.contains(FORGED), "{:?}", site);
            let known = store.trust_of(&site).unwrap() == Trust::Known;
            prop_assert!(!known || !speak.contains(&site.id), "laptop {} does not believe {site:?} any more", who);
        }
        let report = store.check().unwrap();
        prop_assert!(report.ok, "{:?}", report.problems);
        store.rebuild().unwrap();
        prop_assert_eq!(dump(store), same.clone(), "and the journal alone gives the same");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn whatever_a_cheat_sends_and_whoever_is_set_back_the_others_come_to_the_same(
        many in 3usize..=4,
        events in prop::collection::vec(event(false), 1..50),
    ) {
        live(many, events)?;
    }

    /// An honest entry names what it replaces by site and index, which both branches of a chain share.
    #[test]
    #[ignore = "no history is known in which it goes wrong, but too few were tried: CASELOAD_MERGE_CASES=500"]
    fn whatever_a_cheat_signs_twice_the_others_come_to_the_same(
        many in 3usize..=4,
        events in prop::collection::vec(event(true), 1..50),
    ) {
        live(many, events)?;
    }
}

/// Histories in which it went wrong once.
#[test]
fn a_name_that_another_gave_first_and_a_site_known_by_its_moved_entries_alone() {
    let sent = Event::Send { from: 127, to: 0, client: None, everything: false };
    for events in [
        vec![
            Event::Image(103),
            Event::Cheat(Cheat::Beyond, 83, 0),
            Event::Clone(161),
            Event::Cheat(Cheat::Claim, 2, 205),
        ],
        vec![
            Event::Image(19),
            Event::Clone(151),
            Event::Image(146),
            Event::Cheat(Cheat::Beyond, 65, 0),
            sent,
            Event::SetBack(107),
        ],
        vec![
            Event::Image(11),
            Event::Image(14),
            Event::Clone(0),
            Event::Clone(0),
            Event::Clone(72),
            Event::Cheat(Cheat::Beyond, 40, 0),
            Event::Cheat(Cheat::Claim, 1, 25),
            Event::SetBack(105),
        ],
    ] {
        live(3, events).unwrap();
    }
}
