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
    let own: Site = from.own_site().unwrap();
    let ((), _) = to
        .merge::<_, StoreError>(true, |merger| {
            merger.know(std::slice::from_ref(&own))?;
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
