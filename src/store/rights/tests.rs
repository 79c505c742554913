//! Who holds a right where: by entries of the founder alone, and never beyond the cut with which it ended.

use super::*;
use crate::model::Change;
use crate::model::records::client;
use crate::store::tests::{clock, id};
use crate::store::{Site, Worker};

fn laptop(name: &str) -> Store {
    let worker = Worker {
        id: RowId::derived(&["worker", name]),
        name: name.into(),
        credentials: String::new(),
        area: String::new(),
    };
    Store::in_memory(&worker, clock()).unwrap()
}

/// Hands over, without a bundle, all that another file holds.
fn bring(from: &Store, to: &mut Store) {
    let told: Vec<Site> = from.sites().unwrap();
    let ((), _) = to
        .merge::<_, StoreError>(true, |merger| {
            merger.know(&told)?;
            for (stream, site, _) in from.chains(None)? {
                let mut walk = merger.begin(stream, site, 0)?.expect("a chain from its start");
                let mut signature = Vec::new();
                from.each_of_chain::<StoreError>(stream, site, 0, &mut |batch| {
                    signature = batch.signature;
                    let one = crate::store::Unproven { header: batch.header, count: batch.count, body: batch.body };
                    merger.take(&mut walk, one)?.expect("it continues");
                    Ok(())
                })?;
                merger.end(walk, &signature)?.expect("it is signed");
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_grant_holds_until_its_cut_and_not_beyond() {
    let (stream, other, site) = (id(1), id(2), SiteId([7; 16]));
    let at = |stream, index| Point { stream, site, index };
    let mut grant = Grant { id: id(9), to: site, right: Right::Erase, ended: None };
    assert!(holds(std::slice::from_ref(&grant), site, Right::Erase, &at(stream, 1_000)));
    assert!(!holds(std::slice::from_ref(&grant), site, Right::SetRules, &at(stream, 0)));
    assert!(!holds(std::slice::from_ref(&grant), SiteId([8; 16]), Right::Erase, &at(stream, 0)));
    grant.ended = Some(vec![(stream, site, 5)]);
    let grants = [grant];
    assert!(holds(&grants, site, Right::Erase, &at(stream, 4)));
    assert!(!holds(&grants, site, Right::Erase, &at(stream, 5)));
    assert!(!holds(&grants, site, Right::Erase, &at(other, 0)), "a stream in which it had written nothing");
}

#[test]
fn authors_erase_their_own_and_others_need_a_grant_of_the_founder() {
    let (mut chief, mut rosa, mut mal) = (laptop("Chief"), laptop("Rosa"), laptop("Mal"));
    let mut change = Change::new("add client");
    change.create(&client::TYPE, id(1), id(1)).set(id(1), client::given_name, "Ana");
    rosa.commit(&change).unwrap();
    // Without an agency: one's own, and nothing else.
    assert!(rosa.may_erase(id(1), rosa.site()).unwrap());
    bring(&rosa, &mut chief);
    bring(&rosa, &mut mal);
    assert!(!chief.may_erase(id(1), rosa.site()).unwrap());
    assert!(matches!(chief.grant(rosa.site(), Right::Erase), Err(StoreError::NotTheFounder)));

    // The founder gives it to herself; whoever confirmed her agrees, whoever did not does not.
    let founder = chief.site();
    chief.set_agency_founder(founder).unwrap();
    let grant = chief.grant(founder, Right::Erase).unwrap();
    assert!(chief.may_erase(id(1), rosa.site()).unwrap());
    let at = Point { stream: id(1), site: founder, index: 0 };
    bring(&chief, &mut rosa);
    assert!(!may_erase(&rosa.db, &at, rosa.site()).unwrap());
    rosa.set_agency_founder(founder).unwrap();
    assert!(may_erase(&rosa.db, &at, rosa.site()).unwrap());

    // Mallory says the same in the same stream, of herself: it is not the founder's word.
    mal.set_agency_founder(mal.site()).unwrap();
    mal.grant(mal.site(), Right::Erase).unwrap();
    let stream = agency_stream(founder);
    let header = Header { stream, site: mal.site, ..Header::nobody() };
    let entry = |field, text: String| Entry {
        record: GRANT,
        row: id(77),
        field,
        key: String::new(),
        base: Vec::new(),
        content: Content::Value(Value::text(text).encoded()),
    };
    let entries = [entry(TO, mal.site().to_string()), entry(RIGHT, "erase".into())];
    journal::append(&mal.db, &mal.keys.signing, journal::ChainEnd::START, &header, &entries).unwrap();
    bring(&mal, &mut rosa);
    let of_mal = Point { stream: id(1), site: mal.site(), index: 0 };
    assert!(!may_erase(&rosa.db, &of_mal, rosa.site()).unwrap());
    assert_eq!(rosa.grants().unwrap().len(), 1);

    // Ended: it had written nothing in that stream, so nothing of it counts from now on.
    chief.end_grant(grant).unwrap();
    assert!(!chief.may_erase(id(1), rosa.site()).unwrap());
    assert!(chief.grants().unwrap()[0].ended.is_some());
    assert!(matches!(chief.end_grant(grant), Err(StoreError::NoRow(_))));
    assert!(chief.check().unwrap().ok && rosa.check().unwrap().ok);
}

#[test]
fn whoever_may_sign_for_others_does_so_under_their_own_installation_and_until_the_cut() {
    use crate::model::records::{note, signature};
    let (mut chief, mut rosa, mut tom) = (laptop("Chief"), laptop("Rosa"), laptop("Tom"));
    let founder = chief.site();
    let mut change = Change::new("add client");
    change.create(&client::TYPE, id(1), id(1)).set(id(1), client::given_name, "Ana");
    rosa.commit(&change).unwrap();
    let when = chrono::DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap();
    for number in [2, 3] {
        let mut change = Change::new("log contact");
        change.create(&note::TYPE, id(number), id(1)).set(id(number), note::when, when);
        change.set(id(number), note::kind, "phone").set(id(number), note::body, "Visited her at home.");
        rosa.commit(&change).unwrap();
    }
    bring(&rosa, &mut tom);
    assert!(matches!(tom.sign_note(id(2), 24), Err(StoreError::NotTheAuthor(_))));
    // Rosa left; the agency lets Tom sign what she left unsigned.
    bring(&tom, &mut chief);
    bring(&rosa, &mut chief);
    chief.set_agency_founder(founder).unwrap();
    let grant = chief.grant(tom.site(), Right::SignAs).unwrap();
    bring(&chief, &mut tom);
    tom.set_agency_founder(founder).unwrap();
    tom.sign_note(id(2), 24).unwrap();
    // Everybody who holds the founder for the founder sees it as the author's, given by Tom's installation; others see who it was.
    bring(&tom, &mut rosa);
    let signed = |store: &Store, number| {
        let written = store.written(id(number)).unwrap().unwrap();
        let under: Vec<(bool, String)> = written
            .standing()
            .signatures
            .iter()
            .filter(|row| row.text(signature::role) == "author")
            .map(|row| row.by.as_ref().map_or((true, String::new()), |by| (by.counts, by.person.clone())))
            .collect();
        under
    };
    assert!(!signed(&rosa, 2)[0].0);
    bring(&chief, &mut rosa);
    rosa.set_agency_founder(founder).unwrap();
    assert!(signed(&rosa, 2)[0].0);
    assert!(signed(&rosa, 2)[0].1.contains("Tom"), "{:?}", signed(&rosa, 2));
    let mut change = Change::new("edit note");
    change.set(id(2), note::body, "Other words.");
    assert!(rosa.commit(&change).is_err(), "frozen, for its author too");
    // Ended: what was signed stands, and nothing more is signed so.
    bring(&tom, &mut chief);
    chief.end_grant(grant).unwrap();
    bring(&chief, &mut tom);
    assert!(matches!(tom.sign_note(id(3), 24), Err(StoreError::NotTheAuthor(_))));
    bring(&chief, &mut rosa);
    assert!(signed(&rosa, 2)[0].0);
    for store in [&chief, &rosa, &tom] {
        let report = store.check().unwrap();
        assert!(report.ok, "{:?}", report.problems);
    }
}
