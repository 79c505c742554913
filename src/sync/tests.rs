//! Random histories of several sites, and bundles that must not get in.

mod adversary;
mod erasing;
mod forging;
mod forks;
mod kinds;
mod places;
mod rescue;
mod settling;
mod star;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration};
use proptest::prelude::*;

use super::bundle::{Opening, Refusal};
use super::*;
use crate::model::records::{client, incident, note};
use crate::model::{Change, Moment, Row, RowId, Value};
use crate::store::tests::{Op, dump, everything, id, op, run, settling, taken_away};
use crate::store::{Clock, Site, Store, Why, Worker};
use crate::triage::{Band, Caseload, Rules};

/// A clock that moves on a second at each look, so many years off.
fn clock(years: i64) -> Clock {
    let start = DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap() + Duration::days(365 * years);
    let ticks = AtomicI64::new(0);
    Arc::new(move || start + Duration::seconds(ticks.fetch_add(1, Ordering::Relaxed)))
}

fn site(number: u8, years: i64) -> Store {
    let worker = Worker {
        id: RowId::derived(&["worker", &number.to_string()]),
        name: format!("Worker {number}"),
        credentials: String::new(),
        area: String::new(),
    };
    Store::in_memory(&worker, clock(years)).unwrap()
}

/// Sites that all believe each other.
fn team(clocks: &[i64]) -> Vec<Store> {
    let mut sites: Vec<Store> = clocks.iter().zip(0..).map(|(years, number)| site(number, *years)).collect();
    let cards: Vec<Site> = sites.iter().map(|store| store.own_site().unwrap()).collect();
    for store in &mut sites {
        for card in &cards {
            store.accept_site(card).unwrap();
        }
    }
    sites
}

fn go() -> impl FnMut(u64) -> ControlFlow<()> {
    |_| ControlFlow::Continue(())
}

struct Post {
    folder: tempfile::TempDir,
    sent: Vec<(usize, PathBuf)>,
}

impl Post {
    fn new() -> Post {
        Post { folder: tempfile::tempdir().unwrap(), sent: Vec::new() }
    }

    fn backups_of(&self, who: usize) -> PathBuf {
        self.folder.path().join(format!("backups of {who}"))
    }

    /// Writes a bundle from one site to another, and remembers it.
    fn write(&mut self, from: &Store, to: (usize, &Store), scope: &Scope, everything: bool) -> PathBuf {
        let path = self.folder.path().join(format!("{}.bundle", self.sent.len()));
        let whom = Whom::Sites(vec![to.1.own_site().unwrap()]);
        give(from, scope, &whom, everything, &path).unwrap();
        self.sent.push((to.0, path.clone()));
        path
    }
}

#[derive(Clone, Debug)]
enum Event {
    Act(u8, Op),
    Send {
        from: u8,
        to: u8,
        client: Option<u8>,
        everything: bool,
    },
    /// Hands over again something that was sent long ago.
    Again(prop::sample::Index),
    /// A backup as the program makes it by itself: whole, or what came since the one before.
    BackUp(u8),
}

/// As the operations of the store's own tests, but so that two sites can never make the same row in two places: ids
/// are random in life.
fn apart(op: Op) -> Op {
    match op {
        Op::Child(_, row, _) => Op::Child(row % 4, row, row % 4),
        Op::Edit(row, _, text) => Op::Edit(row, row % 4, text),
        other => other,
    }
}

/// An edit of something that everybody has.
fn edit() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0u8..2, "[a-c]{1,2}").prop_map(|(client, text)| Op::Name(client, text)),
        2 => (0u8..2, proptest::option::of("[0-9]{3}")).prop_map(|(client, text)| Op::Phone(client, text)),
        2 => (0u8..2, 0u8..2, any::<bool>()).prop_map(|(client, tag, on)| Op::Tag(client, tag, on)),
        3 => (10u8..14, "[a-c]{1,2}").prop_map(|(row, text)| Op::Edit(row, row % 4, text)),
        4 => settling(),
        1 => (10u8..14).prop_map(Op::Delete),
        1 => (0u8..3, proptest::option::of(0u8..3)).prop_map(|(client, other)| Op::Same(client, other)),
        1 => Just(Op::Undo),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (any::<u8>(), edit()).prop_map(|(who, op)| Event::Act(who, op)),
        2 => (any::<u8>(), op()).prop_map(|(who, op)| Event::Act(who, apart(op))),
        3 => (any::<u8>(), any::<u8>(), proptest::option::weighted(0.3, 0u8..4), any::<bool>())
            .prop_map(|(from, to, client, everything)| Event::Send { from, to, client, everything }),
        1 => any::<prop::sample::Index>().prop_map(Event::Again),
        1 => any::<u8>().prop_map(Event::BackUp),
    ]
}

/// How many random histories: a few in every run of the tests, thousands when asked for.
fn cases() -> u32 {
    std::env::var("CASELOAD_MERGE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

fn pair(sites: &mut [Store], one: usize, other: usize) -> (&mut Store, &mut Store) {
    assert_ne!(one, other);
    if one < other {
        let (left, right) = sites.split_at_mut(other);
        (&mut left[one], &mut right[0])
    } else {
        let (left, right) = sites.split_at_mut(one);
        (&mut right[0], &mut left[other])
    }
}

fn exchange(sites: &mut [Store], post: &mut Post, from: usize, to: usize, scope: &Scope, everything: bool) {
    let (sender, receiver) = pair(sites, from, to);
    let path = post.write(sender, (to, receiver), scope, everything);
    take(receiver, &path, None, true, &mut go()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn once_all_have_seen_all_they_are_the_same_to_the_byte(
        clocks in prop::collection::vec(prop_oneof![6 => Just(0i64), 1 => Just(10), 1 => Just(-10)], 2..=6),
        events in prop::collection::vec(event(), 1..50),
    ) {
        let mut sites = team(&clocks);
        let many = sites.len();
        let mut post = Post::new();
        // All begin with a few clients in common, so that what they do meets.
        for row in 0..2 {
            run(&mut sites[0], &Op::Client(row));
        }
        for row in 10..14 {
            run(&mut sites[0], &apart(Op::Child(0, row, 0)));
        }
        for row in 0..2 {
            run(&mut sites[0], &Op::Begin(row, row));
        }
        for other in 1..many {
            exchange(&mut sites, &mut post, 0, other, &Scope::Whole, false);
        }
        for event in events {
            match event {
                Event::Act(who, op) => run(&mut sites[usize::from(who) % many], &op),
                Event::Send { from, to, client, everything } => {
                    let (from, to) = (usize::from(from) % many, usize::from(to) % many);
                    if from != to {
                        let scope = client.map_or(Scope::Whole, |client| Scope::Clients(vec![id(client)]));
                        exchange(&mut sites, &mut post, from, to, &scope, everything);
                    }
                }
                Event::BackUp(who) => {
                    let who = usize::from(who) % many;
                    let backup = sites[who].backed_up(&post.backups_of(who)).unwrap();
                    let restored = sites[who].restored(&backup).unwrap();
                    prop_assert_eq!(restored.chains(None).unwrap(), sites[who].chains(None).unwrap());
                    prop_assert_eq!(dump(&restored), dump(&sites[who]));
                }
                Event::Again(which) => {
                    if !post.sent.is_empty() {
                        let (to, path) = which.get(&post.sent).clone();
                        let before = dump(&sites[to]);
                        let taken = take(&mut sites[to], &path, None, true, &mut go()).unwrap();
                        prop_assert_eq!(taken.merged.entries, 0, "all of it was here");
                        prop_assert_eq!(dump(&sites[to]), before);
                    }
                }
            }
        }
        // Everything to the first, in some order; and from there to all.
        for other in 1..many {
            exchange(&mut sites, &mut post, other, 0, &Scope::Whole, other % 2 == 0);
        }
        for other in 1..many {
            exchange(&mut sites, &mut post, 0, other, &Scope::Whole, false);
        }
        let (same, chains) = (dump(&sites[0]), sites[0].chains(None).unwrap());
        for (store, who) in sites.iter_mut().zip(0..) {
            prop_assert_eq!(store.chains(None).unwrap(), chains.clone(), "nothing acknowledged is missing");
            prop_assert_eq!(dump(store), same.clone());
            let report = store.check().unwrap();
            prop_assert!(report.ok, "{:?}", report.problems);
            prop_assert_eq!(hidden_in_crisis(store), Vec::<RowId>::new());
            // As it is made by itself, on top of whatever was made before; of the first one by hand as well.
            let backups = post.backups_of(who);
            let by_hand = (who == 0).then(|| store.backup(&backups).unwrap());
            for backup in by_hand.into_iter().chain([store.backed_up(&backups).unwrap()]) {
                prop_assert!(store.verify_backup(&backup).is_ok(), "what was backed up opens");
                let restored = store.restored(&backup).unwrap();
                prop_assert_eq!(restored.chains(None).unwrap(), chains.clone());
                prop_assert_eq!(dump(&restored), same.clone(), "and restoring it gives the same");
                let known = |store: &Store| -> Vec<Site> {
                    store.sites().unwrap().into_iter().filter(|site| site.id != restored.site()).collect()
                };
                prop_assert_eq!(known(&restored), known(store), "and the same people are believed");
            }
            prop_assert_eq!(taken_away(store), Vec::<RowId>::new(), "someone's undo hides what another wrote");
            store.rebuild().unwrap();
            prop_assert_eq!(dump(store), same.clone(), "and the journal alone gives the same");
            prop_assert_eq!(hidden_in_crisis(store), Vec::<RowId>::new());
        }
    }
}

/// Whoever has a crisis in the rows, open at this hour, and does not stand in *now*: closed or not, joined or not, whoever
/// wrote what in which order, there must be nobody.
fn hidden_in_crisis(store: &Store) -> Vec<RowId> {
    let now = store.now();
    let moment = Moment::new(now, |_| chrono::FixedOffset::west_opt(5 * 3_600).unwrap());
    let caseload = Caseload::new(store.all_facts().unwrap(), &Rules::standard(), moment);
    let in_now =
        |client: RowId| caseload.ranked().iter().any(|ranked| ranked.client == client && ranked.band == Band::Now);
    let mut hidden = Vec::new();
    for client in (0..4).map(id) {
        if store.row_of(&client::TYPE, client).unwrap().is_none() {
            continue;
        }
        let open = |row: &Row| row.time(incident::resolved).is_none_or(|over| over > now);
        let open = store.rows(&incident::TYPE, client).unwrap().iter().any(open);
        if open && !in_now(store.root(client).unwrap()) {
            hidden.push(client);
        }
    }
    hidden
}

fn add_client(store: &mut Store, number: u8, name: &str) -> RowId {
    let row = id(number);
    let mut change = Change::new("add client");
    change.create(&client::TYPE, row, row).set(row, client::given_name, name);
    store.commit(&change).unwrap();
    row
}

fn set(store: &mut Store, row: RowId, field: crate::model::FieldId, value: impl Into<Value>) {
    let mut change = Change::new("edit");
    change.set(row, field, value);
    store.commit(&change).unwrap();
}

fn shown(store: &Store, row: RowId, field: crate::model::FieldId) -> String {
    store.row_of(&client::TYPE, row).unwrap().unwrap().text(field).to_string()
}

#[test]
fn a_clock_ten_years_off_beats_nobody_who_saw_its_value() {
    for years in [10, -10] {
        let mut sites = team(&[0, years]);
        let mut post = Post::new();
        let row = add_client(&mut sites[0], 1, "Ana");
        exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
        set(&mut sites[1], row, client::phone, "555-0001");
        let (odd, right) = pair(&mut sites, 1, 0);
        let path = post.write(odd, (0, right), &Scope::Whole, false);
        let taken = take(right, &path, None, true, &mut go()).unwrap();
        assert_eq!(taken.merged.ahead > 0, years > 0, "it is flagged");
        // Whoever saw the value and changes it wins, whatever the clocks say.
        set(&mut sites[0], row, client::phone, "555-0002");
        exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
        for store in &sites {
            assert_eq!(shown(store, row, client::phone), "555-0002");
            assert!(store.row_of(&client::TYPE, row).unwrap().unwrap().disagreements.is_empty());
        }
    }
}

#[test]
fn edited_here_and_deleted_there_stays_in_sight() {
    let mut sites = team(&[0, 0]);
    let mut post = Post::new();
    let row = add_client(&mut sites[0], 1, "Ana");
    let mut change = Change::new("add note");
    let now = DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap();
    change.create(&note::TYPE, id(40), row).set(id(40), note::when, now).set(id(40), note::kind, "phone").set(
        id(40),
        note::body,
        "first words",
    );
    sites[0].commit(&change).unwrap();
    exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
    let mut change = Change::new("delete note");
    change.delete(&note::TYPE, id(40));
    sites[0].commit(&change).unwrap();
    set(&mut sites[1], id(40), note::body, "what was really said");
    exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
    exchange(&mut sites, &mut post, 1, 0, &Scope::Whole, false);
    for store in &sites {
        let note = store.row_of(&note::TYPE, id(40)).unwrap().expect("it is still there");
        assert_eq!(note.text(note::body), "what was really said");
        assert!(note.deleted_elsewhere);
    }
}

#[test]
fn what_this_version_does_not_know_is_kept_and_passed_on_byte_for_byte() {
    let mut sites = team(&[0, 0, 0]);
    let mut post = Post::new();
    add_client(&mut sites[0], 1, "Ana");
    let (record, field) = (900, 77);
    sites[0].write_unknown(id(1), record, field).unwrap();
    exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
    exchange(&mut sites, &mut post, 1, 2, &Scope::Whole, false);
    let chain = |store: &Store, site| {
        let mut batches = Vec::new();
        store
            .each_of_chain::<crate::store::StoreError>(id(1), site, 0, &mut |batch| {
                batches.push((batch.hash, batch.body));
                Ok(())
            })
            .unwrap();
        batches
    };
    let origin = sites[0].site();
    assert_eq!(chain(&sites[2], origin), chain(&sites[0], origin));
    assert!(chain(&sites[2], origin).len() >= 2);
    sites[2].rebuild().unwrap();
    assert!(sites[2].check().unwrap().ok);
}

/// A small bundle for the second of two sites, and both.
fn small() -> (Vec<Store>, Vec<u8>, tempfile::TempDir) {
    let mut sites = team(&[0, 0]);
    let mut post = Post::new();
    add_client(&mut sites[0], 1, "Ana");
    let (sender, receiver) = pair(&mut sites, 0, 1);
    let path = post.write(sender, (1, receiver), &Scope::Whole, false);
    let bytes = std::fs::read(path).unwrap();
    (sites, bytes, post.folder)
}

fn try_take(store: &mut Store, folder: &Path, bytes: &[u8]) -> Result<Taken, Refusal> {
    let path = folder.join("tried.bundle");
    std::fs::write(&path, bytes).unwrap();
    take(store, &path, None, true, &mut go())
}

#[test]
fn cut_anywhere_or_altered_anywhere_it_is_refused_whole() {
    let (mut sites, bytes, folder) = small();
    let before = (dump(&sites[1]), sites[1].chains(None).unwrap());
    for length in 0..bytes.len() {
        let refusal = try_take(&mut sites[1], folder.path(), &bytes[..length]).expect_err("cut short");
        assert!(
            matches!(refusal, Refusal::Cut | Refusal::NotABundle | Refusal::Altered(_) | Refusal::NotForUs),
            "{length}: {refusal:?}"
        );
    }
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1 << (at % 8);
        assert!(try_take(&mut sites[1], folder.path(), &altered).is_err(), "byte {at}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(try_take(&mut sites[1], folder.path(), &longer).is_err(), "something after the end");
    assert_eq!((dump(&sites[1]), sites[1].chains(None).unwrap()), before, "nothing of it got in");
    let taken = try_take(&mut sites[1], folder.path(), &bytes).unwrap();
    assert_eq!(taken.merged.new.len(), 1, "and the sound one does");
}

#[test]
fn not_for_us_unknown_revoked_and_other_files_are_told_apart() {
    let (mut sites, bytes, folder) = small();
    let mut stranger = site(9, 0);
    assert!(matches!(try_take(&mut stranger, folder.path(), &bytes), Err(Refusal::NotForUs)));
    // Sealed for the second, by someone it never accepted.
    let mut other = site(8, 0);
    add_client(&mut other, 2, "Eve");
    let path = folder.path().join("eve.bundle");
    give(&other, &Scope::Whole, &Whom::Sites(vec![sites[1].own_site().unwrap()]), false, &path).unwrap();
    let told = other.own_site().unwrap().fingerprint();
    match take(&mut sites[1], &path, None, true, &mut go()) {
        Err(Refusal::Unknown { fingerprint, .. }) => assert_eq!(fingerprint, told),
        other => panic!("{other:?}"),
    }
    sites[1].accept_site(&other.own_site().unwrap()).unwrap();
    sites[1].revoke_site(other.site()).unwrap();
    assert!(matches!(take(&mut sites[1], &path, None, true, &mut go()), Err(Refusal::Revoked { .. })));
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("zeros", vec![0; 1 << 20]),
        ("text", b"Name,Phone\nAna,555\n".to_vec()),
        ("an age file of something else", sealed(&sites[1], &mut |out| out.extend_from_slice(b"hello"))),
    ] {
        let refusal = try_take(&mut sites[1], folder.path(), &bytes).expect_err(what);
        assert!(matches!(refusal, Refusal::NotABundle | Refusal::Cut | Refusal::Altered(_)), "{what}: {refusal:?}");
    }
}

/// Bytes in the two wrappings of a bundle: zstd, and age for this site.
fn sealed(to: &Store, fill: &mut dyn FnMut(&mut Vec<u8>)) -> Vec<u8> {
    let mut plain = Vec::new();
    fill(&mut plain);
    let key: age::x25519::Recipient = to.own_site().unwrap().recipient.parse().unwrap();
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&key as &dyn age::Recipient)).unwrap();
    let mut out = Vec::new();
    let sealed = encryptor.wrap_output(&mut out).unwrap();
    let mut packed = zstd::Encoder::new(sealed, 3).unwrap();
    std::io::Write::write_all(&mut packed, &plain).unwrap();
    packed.finish().unwrap().finish().unwrap();
    out
}

#[test]
fn a_gigabyte_packed_into_nothing_is_not_unpacked() {
    let mut store = site(1, 0);
    let folder = tempfile::tempdir().unwrap();
    // A part that says it is as long as any part may be, and a stream that goes on for a gibibyte.
    let key: age::x25519::Recipient = store.own_site().unwrap().recipient.parse().unwrap();
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&key as &dyn age::Recipient)).unwrap();
    let path = folder.path().join("bomb.bundle");
    let sealed = encryptor.wrap_output(std::fs::File::create(&path).unwrap()).unwrap();
    let mut packed = zstd::Encoder::new(sealed, 19).unwrap();
    let zeros = vec![0u8; 1 << 20];
    for part in [b"caseload bundle 1\n".as_slice(), &(64u32 << 20).to_le_bytes()] {
        std::io::Write::write_all(&mut packed, part).unwrap();
    }
    for _ in 0..1024 {
        std::io::Write::write_all(&mut packed, &zeros).unwrap();
    }
    packed.finish().unwrap().finish().unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 200_000);
    assert!(matches!(take(&mut store, &path, None, true, &mut go()), Err(Refusal::Bomb)));
}

#[test]
fn four_gigabytes_of_zeros_are_refused() {
    let mut store = site(1, 0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeros.bundle");
    std::fs::File::create(&path).unwrap().set_len(4 << 30).unwrap();
    assert_eq!(kind_of(&path), None);
    assert!(matches!(take(&mut store, &path, None, true, &mut go()), Err(Refusal::NotABundle)));
}

#[test]
fn a_gap_leaves_out_its_chain_and_a_forged_chain_is_refused() {
    let mut sites = team(&[0, 0, 0]);
    let mut post = Post::new();
    let row = add_client(&mut sites[0], 1, "Ana");
    exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
    exchange(&mut sites, &mut post, 1, 0, &Scope::Whole, false);
    set(&mut sites[0], row, client::phone, "555-0001");
    // What the second lacks, sealed for the second and the third: the third never got the beginning.
    let both = Whom::Sites(vec![sites[1].own_site().unwrap()]);
    let path = post.folder.path().join("rest.bundle");
    give(&sites[0], &Scope::Whole, &both, false, &path).unwrap();
    let opening = Opening { identities: sites[1].identities().unwrap(), passphrase: None };
    let own = [sites[1].site()];
    let length = std::fs::metadata(&path).unwrap().len();
    let taken = sites[2].merge::<_, Refusal>(true, |merger| {
        let file = std::fs::File::open(&path).unwrap();
        super::bundle::read(file, length, &opening, &own, merger, &mut go())
    });
    let (_, merged) = taken.unwrap();
    assert_eq!((merged.entries, merged.not_taken[0].why), (0, Why::Gap), "{:?}", merged.not_taken);
    assert!(sites[2].facts(row).unwrap().is_none());

    // Someone accepted writes entries under another's name: the signature is not theirs.
    let mut forged = site(7, 0);
    for store in &mut sites {
        store.accept_site(&forged.own_site().unwrap()).unwrap();
    }
    add_client(&mut forged, 1, "Mallory's Ana");
    let path = post.folder.path().join("forged.bundle");
    let victim = sites[0].own_site().unwrap();
    forged.claim_to_be(&victim).unwrap();
    give(&forged, &Scope::Whole, &Whom::Sites(vec![sites[2].own_site().unwrap()]), true, &path).unwrap();
    let refused = take(&mut sites[2], &path, None, true, &mut go());
    assert!(matches!(refused, Err(Refusal::Altered(_))), "{refused:?}");
    assert!(sites[2].facts(row).unwrap().is_none());
}

#[test]
fn two_copies_of_someone_else_are_told_and_what_is_here_stays() {
    let mut sites = team(&[0, 0]);
    let mut post = Post::new();
    let row = add_client(&mut sites[0], 1, "Ana");
    let twin = sites[0].same_site_again().unwrap();
    let mut twin = twin;
    twin.accept_site(&sites[1].own_site().unwrap()).unwrap();
    exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
    add_client(&mut twin, 1, "Somebody else");
    let path = post.write(&twin, (1, &sites[1]), &Scope::Whole, true);
    let before = dump(&sites[1]);
    let merged = take(&mut sites[1], &path, None, true, &mut go()).unwrap().merged;
    assert_eq!((merged.entries, merged.not_taken[0].why), (0, Why::Fork));
    assert!(in_words(&merged).concat().contains("two copies"), "{:?}", in_words(&merged));
    assert_eq!(dump(&sites[1]), before);
    assert_eq!(shown(&sites[1], row, client::given_name), "Ana");
}

#[test]
fn an_answer_that_arrives_before_its_question() {
    // Many pairs, so that in some the site that answers comes first in the bundle.
    for _ in 0..6 {
        let mut sites = team(&[0, 0, 0]);
        let mut post = Post::new();
        let row = add_client(&mut sites[0], 1, "Ana");
        exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
        set(&mut sites[1], row, client::given_name, "Anna");
        exchange(&mut sites, &mut post, 1, 2, &Scope::Whole, false);
        let seen = sites[2].row_of(&client::TYPE, row).unwrap().unwrap();
        assert_eq!(seen.text(client::given_name), "Anna");
        assert!(seen.disagreements.is_empty(), "{:?}", seen.disagreements);
    }
}
