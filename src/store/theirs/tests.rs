use super::*;
use crate::model::{Change, Value};
use crate::store::Acceptance;
use crate::store::lines::tests::{add_client, befriend, laptop, send};

/// What a supervisor gives a worker, by the names of the clients.
fn given(boss: &Store, to: &Store) -> Vec<String> {
    let receivers = boss.receivers().unwrap();
    let Some((_, streams)) = receivers.into_iter().find(|(site, _)| site.id == to.site()) else { return Vec::new() };
    let Some(streams) = streams else { return vec!["everything".into()] };
    let name = |stream: &RowId| boss.row_of(&client::TYPE, *stream).unwrap().map(|row| row.client_name());
    let mut names: Vec<String> = streams.iter().filter_map(name).collect();
    names.sort();
    names
}

/// A supervisor who takes from two workers, and gives them what is theirs.
fn star() -> (Store, Store, Store) {
    let (mut boss, mut kim, mut lea) = (laptop("Sue"), laptop("Kim"), laptop("Lea"));
    for worker in [&mut kim, &mut lea] {
        befriend(&mut boss, worker);
        let theirs = Acceptance { gives: Some(Gives::Theirs), ..Acceptance::default() };
        boss.accept(&worker.own_site().unwrap(), &theirs).unwrap();
    }
    (boss, kim, lea)
}

/// Hands a client to somebody, as whoever writes it.
fn hand(by: &mut Store, client: RowId, to: SiteId, kind: ShareKind, until: Option<&str>) {
    let row = by.new_id();
    let mut change = Change::new("hand over");
    change.create(&share::TYPE, row, client).set(row, share::kind, kind.code()).set(row, share::to, "someone").set(
        row,
        share::site,
        to.to_string(),
    );
    if let Some(day) = until {
        change.set(row, share::until, Value::Date(day.parse().unwrap()));
    }
    by.commit(&change).unwrap();
}

fn set_worker(by: &mut Store, client: RowId, name: &str) {
    by.commit(Change::new("set").set(client, client::worker, name)).unwrap();
}

#[test]
fn whoever_opened_a_client_has_it_until_it_was_handed_on() {
    let (mut boss, mut kim, lea) = star();
    let ana = add_client(&mut kim, "Ana");
    add_client(&mut kim, "Bea");
    send(&kim, &mut boss).unwrap();
    assert_eq!((given(&boss, &kim), given(&boss, &lea)), (vec!["Ana".into(), "Bea".into()], vec![]));
    hand(&mut boss, ana, lea.site(), ShareKind::Transfer, None);
    assert_eq!((given(&boss, &kim), given(&boss, &lea)), (vec!["Bea".to_string()], vec!["Ana".to_string()]));
    // And back again.
    hand(&mut boss, ana, kim.site(), ShareKind::Transfer, None);
    assert_eq!((given(&boss, &kim).len(), given(&boss, &lea).len()), (2, 0));
}

#[test]
fn cover_and_a_copy_last_until_their_end_and_take_nothing_from_whoever_has_the_client() {
    let (mut boss, mut kim, lea) = star();
    let ana = add_client(&mut kim, "Ana");
    send(&kim, &mut boss).unwrap();
    for kind in [ShareKind::Cover, ShareKind::Copy] {
        hand(&mut boss, ana, lea.site(), kind, Some("2026-12-01"));
        boss.take_for_today("2026-12-01".parse().ok());
        assert_eq!((given(&boss, &kim).len(), given(&boss, &lea).len()), (1, 1), "{kind:?}");
        boss.take_for_today("2026-12-02".parse().ok());
        assert_eq!((given(&boss, &kim).len(), given(&boss, &lea).len()), (1, 0), "{kind:?}");
    }
}

#[test]
fn who_was_made_the_case_manager_has_the_client_by_what_we_call_them() {
    let (mut boss, mut kim, lea) = star();
    let ana = add_client(&mut kim, "Ana");
    send(&kim, &mut boss).unwrap();
    set_worker(&mut boss, ana, "lea ");
    assert_eq!((given(&boss, &kim).len(), given(&boss, &lea).len()), (0, 1));
    // A name that two people bear means nobody; one that nobody bears neither.
    let mut other = laptop("Lea");
    befriend(&mut boss, &mut other);
    assert_eq!((given(&boss, &kim).len(), given(&boss, &lea).len()), (1, 0));
    let called = Acceptance { called: Some("Lea Moss".into()), gives: Some(Gives::Theirs), ..Acceptance::default() };
    boss.accept(&other.own_site().unwrap(), &called).unwrap();
    assert_eq!((given(&boss, &lea).len(), given(&boss, &other).len()), (1, 0));
    // What the supervisor keeps for herself is nobody else's.
    set_worker(&mut boss, ana, "Sue");
    assert_eq!((given(&boss, &kim).len(), given(&boss, &lea).len()), (0, 0));
}

#[test]
fn nobody_gives_themselves_a_client() {
    let (mut boss, mut kim, mut lea) = star();
    let ana = add_client(&mut kim, "Ana");
    send(&kim, &mut boss).unwrap();
    // Lea came to know of the client, by hand, and wrote in it: as herself, under her name, and with an earlier clock.
    befriend(&mut kim, &mut lea);
    send(&kim, &mut lea).unwrap();
    set_worker(&mut lea, ana, "Lea");
    let (site, own) = (lea.site(), lea.site());
    hand(&mut lea, ana, own, ShareKind::Transfer, None);
    boss.accept(&lea.own_site().unwrap(), &Acceptance::default()).unwrap();
    send(&lea, &mut boss).unwrap();
    assert!(
        boss.chains(Some(&BTreeSet::from([ana]))).unwrap().iter().any(|(_, by, _)| *by == site),
        "what she wrote is here"
    );
    assert_eq!((given(&boss, &lea).len(), given(&boss, &kim).len()), (0, 1));
}

#[test]
fn what_was_theirs_on_the_old_laptop_is_theirs_on_the_new_one() {
    let (mut boss, mut kim, lea) = star();
    let ana = add_client(&mut kim, "Ana");
    send(&kim, &mut boss).unwrap();
    kim.become_another().unwrap();
    add_client(&mut kim, "Bea");
    send(&kim, &mut boss).unwrap();
    assert_eq!(given(&boss, &kim), ["Ana", "Bea"]);
    hand(&mut boss, ana, lea.site(), ShareKind::Transfer, None);
    assert_eq!(given(&boss, &kim), ["Bea"]);
}

#[test]
fn who_gets_nothing_gets_nothing_and_another_agency_neither() {
    let (mut boss, mut kim, _) = star();
    add_client(&mut kim, "Ana");
    send(&kim, &mut boss).unwrap();
    let card = kim.own_site().unwrap();
    boss.accept(&card, &Acceptance { gives: Some(Gives::Nothing), ..Acceptance::default() }).unwrap();
    assert!(boss.receivers().unwrap().iter().all(|(site, _)| site.id != kim.site()));
    let there = Acceptance { gives: Some(Gives::Theirs), agency: Some("County".into()), ..Acceptance::default() };
    boss.accept(&card, &there).unwrap();
    assert!(boss.receivers().unwrap().iter().all(|(site, _)| site.id != kim.site()));
    assert!(boss.partners().unwrap().is_empty(), "nobody gets everything");
    let all = Acceptance { gives: Some(Gives::Everything), agency: Some(String::new()), ..Acceptance::default() };
    boss.accept(&card, &all).unwrap();
    assert_eq!(given(&boss, &kim), ["everything"]);
}
