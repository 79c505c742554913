//! Bundles written by hand, by someone who wants more than is theirs: nothing of them gets in, and nothing follows from them.

use super::places::add_note;
use super::*;
use crate::model::{CATALOGUE, SiteId};
use crate::store::tests::everything;
use crate::store::wire::{self, Content, Entry, Header};
use crate::store::{ChainEnd, Trust};
use crate::sync::bundle::{self, Counts, Head, PackedBatch, Part};

/// A word that stands in all that is forged, and that no honest site ever writes.
pub const FORGED: &str = "forged by Mallory";

/// A bundle in the making: any parts, in the name of whoever is put in the head.
pub struct Forged {
    head: Head,
    parts: Vec<Part>,
    counts: Counts,
    end: ChainEnd,
    chain: (RowId, SiteId),
}

impl Forged {
    /// In the name of a site, for another; whether it is theirs shows in the end.
    pub fn by(sender: &Site, to: &Store) -> Forged {
        let head = Head {
            sender: sender.id,
            public_key: sender.public_key,
            made: 0,
            receivers: vec![to.site()],
            whole: false,
        };
        let chain = (id(0), sender.id);
        Forged { head, parts: Vec::new(), counts: Counts::default(), end: ChainEnd::START, chain }
    }

    pub fn site(mut self, site: &Site) -> Forged {
        let Site { public_key, recipient, name, voucher, .. } = site.clone();
        self.counts.sites += 1;
        self.parts.push(Part::Site { public_key, recipient, name, voucher });
        self
    }

    /// Begins a chain where it stands in a store; at an index of one's own with `from` moved.
    pub fn chain(mut self, stream: RowId, site: SiteId, from: ChainEnd) -> Forged {
        self.counts.chains += 1;
        self.parts.push(Part::Chain { stream, site, first: from.next });
        (self.chain, self.end) = ((stream, site), from);
        self
    }

    /// A batch that says something of a client, in good form.
    pub fn batch(self, row: RowId, says: &str) -> Forged {
        let value = Value::text(says);
        self.says(&[(client::TYPE.number, row, client::given_name.field, value)])
    }

    /// A batch that says something of rows of any type, fields and kinds.
    pub fn says(self, what: &[(u16, RowId, u16, Value)]) -> Forged {
        let entry = |(record, row, field, value): &(u16, RowId, u16, Value)| Entry {
            record: *record,
            row: *row,
            field: *field,
            key: String::new(),
            base: Vec::new(),
            content: match *field {
                wire::ROW_ITSELF => Content::Value(wire::Existence::Here.encoded()),
                _ => Content::Value(value.encoded()),
            },
        };
        let entries: Vec<Entry> = what.iter().map(entry).collect();
        self.entries(&entries)
    }

    /// A batch of any entries.
    pub fn entries(self, entries: &[Entry]) -> Forged {
        let header = Header {
            stream: self.chain.0,
            site: self.chain.1,
            first: self.end.next,
            author: FORGED.into(),
            label: FORGED.into(),
            ..Header::nobody()
        };
        let packed = wire::pack(&header, entries, [7; 16], &self.end.hash);
        self.raw(header, entries.len() as u64, packed.body, packed.hash)
    }

    /// A batch of any bytes.
    pub fn garbage(self) -> Forged {
        let header = Header { stream: self.chain.0, site: self.chain.1, ..Header::nobody() };
        let mut bytes = vec![1; 17];
        bytes.extend([0, 0]);
        self.raw(header, 3, bytes, [9; 32])
    }

    fn raw(mut self, header: Header, count: u64, body: Vec<u8>, hash: [u8; 32]) -> Forged {
        self.counts.batches += 1;
        self.counts.entries += count;
        self.end = ChainEnd { next: self.end.next + count, hash };
        self.parts.push(Part::Batch(PackedBatch {
            count,
            hlc: header.hlc.0,
            action: *header.action.as_bytes(),
            undoes: None,
            author: header.author,
            label: header.label,
            origin: header.origin,
            body,
        }));
        self
    }

    /// Ends the chain with somebody's signature.
    pub fn ended(mut self, by: &Store) -> Forged {
        let signature = by.sign(&self.end.hash);
        self.parts.push(Part::EndOfChain { signature });
        self
    }

    /// The hash of its last batch.
    pub fn hash(&self) -> [u8; 32] {
        self.end.hash
    }

    pub fn has(mut self, stream: RowId, site: SiteId, next: u64) -> Forged {
        self.parts.push(Part::Has { stream, site, next, hash: [5; 32] });
        self
    }

    /// Signed by whoever really made it, and sealed.
    pub fn bytes(self, by: &Store, to: &Store) -> Vec<u8> {
        let Forged { head, parts, counts, .. } = self;
        sealed(to, &mut |out| {
            let mut hasher = blake3::Hasher::new_derive_key("caseload bundle 1");
            let mut put = |bytes: &[u8], hasher: &mut blake3::Hasher| {
                hasher.update(bytes);
                out.extend_from_slice(bytes);
            };
            put(bundle::MAGIC, &mut hasher);
            let all = std::iter::once(Part::Head(head.clone()));
            for part in all.map(|part| postcard::to_allocvec(&part)).chain(parts.iter().map(postcard::to_allocvec)) {
                let part = part.unwrap();
                put(&(part.len() as u32).to_le_bytes(), &mut hasher);
                put(&part, &mut hasher);
            }
            let signature = by.sign(&bundle::signed_part(&hasher, counts));
            let end = postcard::to_allocvec(&Part::End { counts, signature }).unwrap();
            put(&(end.len() as u32).to_le_bytes(), &mut hasher);
            put(&end, &mut hasher);
        })
    }
}

/// Rosa, the victim, with a client; Tom, whom she accepted; and both have seen each other's work.
fn two() -> (Vec<Store>, Post, RowId) {
    let mut sites = team(&[0, 0]);
    let mut post = Post::new();
    let ana = add_client(&mut sites[0], 1, "Ana");
    for number in 0..12 {
        set(&mut sites[0], ana, client::phone, format!("555-{number}"));
    }
    exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
    exchange(&mut sites, &mut post, 1, 0, &Scope::Whole, false);
    (sites, post, ana)
}

/// Hands bytes over, really and as a trial: what came of it, and nothing may have changed where it was refused.
fn hand(to: &mut Store, folder: &Path, bytes: &[u8]) -> Result<Taken, Refusal> {
    let path = folder.join("forged.bundle");
    std::fs::write(&path, bytes).unwrap();
    let (before, site) = (everything(to), to.site());
    let trial = take(to, &path, None, false, &mut go());
    assert_eq!(everything(to), before, "a trial changes nothing");
    assert_eq!(to.site(), site);
    let taken = take(to, &path, None, true, &mut go());
    assert_eq!(trial.is_ok(), taken.is_ok());
    if taken.is_err() {
        assert_eq!(everything(to), before, "a refusal changes nothing");
        assert_eq!(to.site(), site);
    }
    taken
}

#[test]
fn a_colleagues_name_on_a_bundle_re_homes_nobody() {
    let (mut sites, post, ana) = two();
    let mallory = site(9, 0);
    let (tom, rosa) = (sites[1].own_site().unwrap(), sites[0].site());
    let fingerprint = sites[0].own_site().unwrap().fingerprint();
    let chain = sites[0].chain_end(ana, rosa).unwrap();
    let middle = ChainEnd { next: 3, ..chain };
    for from in [ChainEnd::START, middle, chain] {
        for forged in [
            Forged::by(&tom, &sites[0]).chain(ana, rosa, from).batch(ana, FORGED).ended(&mallory),
            Forged::by(&tom, &sites[0]).chain(ana, rosa, from).garbage().ended(&mallory),
            // The old fault needed no more than a begun chain.
            Forged::by(&tom, &sites[0]).chain(ana, rosa, from).batch(ana, FORGED),
            Forged::by(&tom, &sites[0]).has(ana, rosa, 1_000),
        ] {
            let bytes = forged.bytes(&mallory, &sites[0]);
            let refused = hand(&mut sites[0], post.folder.path(), &bytes);
            assert!(matches!(refused, Err(Refusal::Altered(_))), "{refused:?}");
        }
    }
    assert_eq!(sites[0].own_site().unwrap().fingerprint(), fingerprint);
    assert_eq!(sites[0].chain_end(ana, rosa).unwrap(), chain);

    // Through a place: it lies under the name of the colleague.
    let place = tempfile::tempdir().unwrap();
    let under = place.path().join(tom.id.to_string());
    std::fs::create_dir(&under).unwrap();
    let forged = Forged::by(&tom, &sites[0]).chain(ana, rosa, middle).batch(ana, FORGED);
    std::fs::write(under.join("00000001-00000001.bundle"), forged.bytes(&mallory, &sites[0])).unwrap();
    let through = place::Place::open(place.path().to_str().unwrap()).unwrap();
    let synced = sync(&mut sites[0], &through, &mut go()).unwrap();
    assert!(synced.taken.is_empty() && !synced.waiting.is_empty(), "{synced:?}");
    assert_eq!((sites[0].site(), sites[0].chain_end(ana, rosa).unwrap()), (rosa, chain));
}

#[test]
fn an_accepted_colleague_writes_in_no_ones_name() {
    let (mut sites, post, ana) = two();
    let (tom, rosa) = (sites[1].own_site().unwrap(), sites[0].site());
    let chain = sites[0].chain_end(ana, rosa).unwrap();
    // From the very beginning: what is not signed by Rosa is forged, and with it the whole bundle.
    for forged in [
        Forged::by(&tom, &sites[0]).chain(ana, rosa, ChainEnd::START).batch(ana, FORGED).ended(&sites[1]),
        Forged::by(&tom, &sites[0]).chain(id(2), rosa, ChainEnd::START).batch(id(2), FORGED).ended(&sites[1]),
        Forged::by(&tom, &sites[0]).chain(ana, rosa, ChainEnd::START).garbage().ended(&sites[1]),
    ] {
        let bytes = forged.bytes(&sites[1], &sites[0]);
        let refused = hand(&mut sites[0], post.folder.path(), &bytes);
        assert!(matches!(refused, Err(Refusal::Altered(_))), "{refused:?}");
    }
    // From the middle, where it could be another branch of hers: left out, and nothing follows.
    let to = sites[0].own_site().unwrap();
    let mut number = 0;
    sites[0]
        .each_of_chain::<crate::store::StoreError>(ana, rosa, 0, &mut |batch| {
            number = if number == 0 { batch.count } else { number };
            Ok(())
        })
        .unwrap();
    for from in [ChainEnd { next: number, hash: [1; 32] }, chain] {
        let forged = Forged::by(&tom, &sites[0]).site(&to).chain(ana, rosa, from).batch(ana, FORGED).ended(&sites[1]);
        let bytes = forged.bytes(&sites[1], &sites[0]);
        let merged = hand(&mut sites[0], post.folder.path(), &bytes).unwrap().merged;
        assert_eq!((merged.entries, merged.moved, merged.not_taken[0].why), (0, 0, Why::Elsewhere));
    }
    assert_eq!((sites[0].site(), sites[0].chain_end(ana, rosa).unwrap()), (rosa, chain));
    assert!(!dump(&sites[0]).concat().contains(FORGED));
    assert!(sites[0].check().unwrap().ok);
}

#[test]
fn counts_that_no_number_holds_are_refused() {
    let (mut sites, post, ana) = two();
    let tom = sites[1].own_site().unwrap();
    for next in [u64::MAX, i64::MAX as u64, u64::MAX - 1] {
        let from = ChainEnd { next, hash: [0; 32] };
        let mut forged = Forged::by(&tom, &sites[0]).chain(ana, tom.id, from);
        forged.end.next = 0;
        let bytes = forged.batch(ana, FORGED).ended(&sites[1]).has(ana, tom.id, u64::MAX).bytes(&sites[1], &sites[0]);
        if let Ok(taken) = hand(&mut sites[0], post.folder.path(), &bytes) {
            assert_eq!((taken.merged.entries, taken.merged.not_taken.len()), (0, 1));
        }
    }
    assert!(sites[0].check().unwrap().ok);
}

#[test]
fn who_claims_what_never_comes_costs_one_new_site_and_no_more() {
    let (mut sites, post, ana) = two();
    let tom = sites[1].own_site().unwrap();
    let mut known = Vec::new();
    for round in 0..5 {
        let bytes = Forged::by(&tom, &sites[0]).has(ana, sites[0].site(), 1_000 + round).bytes(&sites[1], &sites[0]);
        let taken = hand(&mut sites[0], post.folder.path(), &bytes).unwrap();
        assert!(taken.merged.set_back);
        if !known.contains(&sites[0].site()) {
            known.push(sites[0].site());
        }
    }
    assert_eq!(known.len(), 1, "the first time, and never again");
    assert!(sites[0].check().unwrap().ok);
}

#[test]
fn a_voucher_that_does_not_hold_makes_no_one_believed_and_takes_no_ones_place() {
    let (mut sites, post, ana) = two();
    let (tom, mallory) = (sites[1].own_site().unwrap(), site(9, 0));
    // A key of her own, "vouched for" by Tom.
    let claim = Site { voucher: Some((tom.id, vec![1; 64])), ..mallory.own_site().unwrap() };
    let own = Forged::by(&claim, &sites[0]).site(&claim).site(&tom);
    let own = own.chain(ana, claim.id, ChainEnd::START).batch(ana, FORGED).ended(&mallory);
    let bytes = own.bytes(&mallory, &sites[0]);
    let refused = hand(&mut sites[0], post.folder.path(), &bytes);
    assert!(matches!(refused, Err(Refusal::Unknown { .. })), "{refused:?}");

    // Tom went on as another site; a colleague spoils what he vouched, and calls him something else.
    sites[1].become_another().unwrap();
    exchange(&mut sites, &mut post_of(&post), 1, 0, &Scope::Whole, false);
    let next = sites[1].own_site().unwrap();
    assert!(sites[0].trust_of(&next).unwrap().takes());
    let spoiled = Site { voucher: Some((sites[0].site(), vec![1; 64])), name: FORGED.into(), ..next.clone() };
    let colleague = mallory.own_site().unwrap();
    sites[0].accept_site(&colleague).unwrap();
    let bytes = Forged::by(&colleague, &sites[0]).site(&colleague).site(&spoiled).bytes(&mallory, &sites[0]);
    hand(&mut sites[0], post.folder.path(), &bytes).unwrap();
    let known = sites[0].site_known(next.id).unwrap().unwrap();
    assert_eq!((known.voucher, known.name), (next.voucher.clone(), next.name.clone()));
    // He himself may be called otherwise; his voucher stays, and so does what we called him.
    let bytes = Forged::by(&next, &sites[0]).site(&spoiled).bytes(&sites[1], &sites[0]);
    hand(&mut sites[0], post.folder.path(), &bytes).unwrap();
    let known = sites[0].site_known(next.id).unwrap().unwrap();
    assert_eq!(known.voucher, next.voucher);
    assert!(!known.person().contains(FORGED), "{known:?}");
    assert_eq!(sites[0].trust_of(&next).unwrap(), Trust::Accepted);
}

fn post_of(post: &Post) -> Post {
    let folder = tempfile::tempdir_in(post.folder.path()).unwrap();
    Post { folder, sent: Vec::new() }
}

/// What a site seals with, and what it calls itself, is its own word: whoever tells of it first could read what is meant for it.
#[test]
fn nobody_says_for_another_what_is_sealed_for_them() {
    for card_first in [false, true] {
        let (mut sites, post, _) = two();
        let uma = site(7, 0);
        let (mallory, theirs) = (sites[1].own_site().unwrap(), uma.own_site().unwrap());
        let spoiled = Site { recipient: mallory.recipient.clone(), name: FORGED.into(), ..theirs.clone() };
        if card_first {
            sites[0].accept_site(&theirs).unwrap();
        }
        let bytes = Forged::by(&mallory, &sites[0]).site(&mallory).site(&spoiled).bytes(&sites[1], &sites[0]);
        hand(&mut sites[0], post.folder.path(), &bytes).unwrap();
        let known = sites[0].site_known(theirs.id).unwrap().unwrap();
        assert_ne!(known.recipient, mallory.recipient);
        if !card_first {
            assert!(!known.is_reached());
            sites[0].accept_site(&theirs).unwrap();
        }
        let known = sites[0].site_known(theirs.id).unwrap().unwrap();
        assert_eq!((known.recipient, known.name), (theirs.recipient, theirs.name));
    }
}

#[test]
fn a_trial_and_a_refusal_leave_the_file_as_it_is_byte_for_byte() {
    use crate::store::Passphrase;
    let (mut sites, post, ana) = two();
    let folder = tempfile::tempdir().unwrap();
    let (path, pass) = (folder.path().join("a.db"), Passphrase::new("p"));
    let worker = Worker { name: "Lea".into(), ..site(5, 0).worker().clone() };
    let (mut lea, _) = Store::create(&path, &pass, &worker, clock(0)).unwrap();
    for other in &mut sites[..2] {
        lea.accept_site(&other.own_site().unwrap()).unwrap();
        other.accept_site(&lea.own_site().unwrap()).unwrap();
    }
    drop(lea);
    let mut lea = Store::open(&path, &pass, clock(0)).unwrap();
    let (bytes, tables) = (std::fs::read(&path).unwrap(), everything(&lea));
    let tom = sites[1].own_site().unwrap();
    let sound = post.folder.path().join("sound.bundle");
    give(&sites[1], &Scope::Whole, &Whom::Sites(vec![lea.own_site().unwrap()]), true, &sound).unwrap();
    let forged = Forged::by(&tom, &lea).chain(ana, sites[0].site(), ChainEnd::START).batch(ana, FORGED);
    let forged = forged.ended(&sites[1]).bytes(&sites[1], &lea);
    let taken = take(&mut lea, &sound, None, false, &mut go()).unwrap();
    assert_eq!(taken.merged.new.len(), 1);
    assert!(hand(&mut lea, post.folder.path(), &forged).is_err());
    assert_eq!(everything(&lea), tables);
    assert!(std::fs::read(&path).unwrap() == bytes, "the main file");
    drop(lea);
    assert!(std::fs::read(&path).unwrap() == bytes, "and when it is closed");
    let mut lea = Store::open(&path, &pass, clock(0)).unwrap();
    assert_eq!(take(&mut lea, &sound, None, true, &mut go()).unwrap().merged.new.len(), 1);
}

/// Words where a colleague's bundle should have a link, a number or a date, as in place of a value that is missing: they are
/// kept, and nobody is stopped by them.
#[test]
fn words_in_place_of_any_other_value_stop_nobody() {
    for value in [Value::text("no such thing"), Value::Empty] {
        let (mut sites, post, ana) = two();
        let tom = sites[1].own_site().unwrap();
        let end = sites[1].chain_end(ana, tom.id).unwrap();
        let mut forged = Forged::by(&tom, &sites[0]).site(&tom).chain(ana, tom.id, end);
        for record in CATALOGUE.iter().filter(|record| !record.is_the_workers()) {
            let row = if record.number == client::TYPE.number { ana } else { RowId::derived(&[record.name]) };
            let mut what = vec![(record.number, row, wire::ROW_ITSELF, Value::Empty)];
            what.extend(record.fields.iter().map(|field| (record.number, row, field.id.field, value.clone())));
            forged = forged.says(&what);
        }
        let bytes = forged.ended(&sites[1]).bytes(&sites[1], &sites[0]);
        hand(&mut sites[0], post.folder.path(), &bytes).unwrap_or_else(|refused| panic!("{value:?}: {refused:?}"));
        let store = &mut sites[0];
        assert!(store.row_of(&client::TYPE, ana).unwrap().is_some());
        for record in CATALOGUE.iter().filter(|record| !record.is_the_workers()) {
            store.rows(record, ana).unwrap_or_else(|error| panic!("{value:?} in {}: {error}", record.name));
        }
        let now = Moment::new(store.now(), |_| chrono::FixedOffset::west_opt(5 * 3600).unwrap());
        let facts = store.all_facts().unwrap();
        Caseload::new(facts, &Rules::standard(), now).ranked();
        store.client_file(ana, 10).unwrap();
        store.waiting(None).unwrap();
        store.conflicts(None).unwrap();
        store.history(ana).unwrap();
        store.search("such", 10).unwrap();
        store.unmet_needs().unwrap();
        store.check().unwrap();
        let same = dump(store);
        store.rebuild().unwrap();
        assert_eq!(dump(store), same, "{value:?}");
    }
}

#[test]
fn a_row_that_stands_in_another_file_already_leaves_out_its_own_chain_only() {
    for anew in [false, true] {
        let (mut sites, post, ana) = two();
        add_note(&mut sites[0], ana, "seen");
        let row = sites[0].rows(&note::TYPE, ana).unwrap()[0].id;
        let tom = sites[1].own_site().unwrap();
        // In a file of his own that Tom makes up, or in one in which he has written before.
        let (bea, cal) = (id(2), id(3));
        if !anew {
            run(&mut sites[1], &Op::Client(2));
            exchange(&mut sites, &mut Post::new(), 1, 0, &Scope::Whole, false);
        }
        let before = dump(&sites[0]);
        let end = sites[1].chain_end(bea, tom.id).unwrap();
        let said = |row, field: crate::model::FieldId, words| (field.record, row, field.field, Value::text(words));
        let is_there = |record, row| (record, row, wire::ROW_ITSELF, Value::Empty);
        let forged = Forged::by(&tom, &sites[0])
            .site(&tom)
            .chain(bea, tom.id, end)
            .says(&[is_there(client::TYPE.number, bea), said(bea, client::given_name, "Bea, again")])
            .says(&[is_there(note::TYPE.number, row), said(row, note::body, FORGED)])
            .ended(&sites[1])
            .chain(cal, tom.id, ChainEnd::START)
            .says(&[is_there(client::TYPE.number, cal), said(cal, client::given_name, "Cal")])
            .ended(&sites[1]);
        let bytes = forged.bytes(&sites[1], &sites[0]);
        let merged = hand(&mut sites[0], post.folder.path(), &bytes).unwrap().merged;
        let left: Vec<(Why, u64)> = merged.not_taken.iter().map(|one| (one.why, one.entries)).collect();
        assert_eq!((left, merged.entries), (vec![(Why::Twice, 4)], 2), "{merged:?}");
        assert_eq!((merged.new, merged.changed), (vec![cal], vec![]));
        assert_eq!(sites[0].row_of(&note::TYPE, row).unwrap().unwrap().text(note::body), "seen");
        assert_eq!(sites[0].chain_end(bea, tom.id).unwrap(), end);
        assert!(!dump(&sites[0]).concat().contains(FORGED));
        let report = sites[0].check().unwrap();
        assert!(report.ok, "{:?}", report.problems);
        // But for what came with it that holds, all is as it was, and stays so.
        let after = dump(&sites[0]);
        assert_ne!(after, before);
        sites[0].rebuild().unwrap();
        assert_eq!(dump(&sites[0]), after);
        assert_eq!(hand(&mut sites[0], post.folder.path(), &bytes).unwrap().merged.entries, 0);
    }
}
