//! A name can be written by anyone; a signature, a note and a second's word speak for the installation that wrote them.

use super::*;
use crate::model::records::{client, note, worker};
use crate::model::standing::State;
use crate::model::{Change, EntryRef, Value, signing};
use crate::store::lines::tests::{add_client, befriend, laptop, send};
use crate::store::wire::{Content, Entry, Header};
use crate::store::{Site, Store};

fn write_note(store: &mut Store, client: RowId, cosigner: &str) -> RowId {
    let row = store.new_id();
    let mut change = Change::new("add note");
    change
        .create(&note::TYPE, row, client)
        .set(row, note::when, Value::Time(store.now()))
        .set(row, note::kind, "phone")
        .set(row, note::body, "as Rosa wrote it")
        .set(row, note::cosigner, cosigner);
    store.commit(&change).unwrap();
    row
}

/// Puts a signature under a note as a program would that asks nobody.
fn forge(store: &mut Store, of: RowId, role: SignatureRole, name: &str) -> RowId {
    let known = store.row_of(&note::TYPE, of).unwrap().unwrap();
    let mut row = Row::new(&signature::TYPE, store.new_id(), known.stream);
    row.put(signature::of, of.to_string());
    row.put(signature::role, role.code());
    row.put(signature::name, name);
    row.put(signature::at, Value::Time(chrono::SubsecRound::trunc_subsecs(store.now(), 0)));
    row.put(signature::content, signing::fields_text(&known, &[]));
    row.put(signature::reads, signing::reads(&known));
    row.put(signature::seal, signing::seal(&row));
    let mut change = Change::new("sign note");
    change.create(&signature::TYPE, row.id, row.stream);
    for (field, value) in row.record.fields.iter().zip(&row.values).filter(|(_, value)| !value.is_empty()) {
        change.set(row.id, field.id, value.clone());
    }
    store.commit(&change).unwrap();
    row.id
}

fn rename(store: &mut Store, name: &str) {
    let mut change = Change::new("edit");
    change.set(store.worker().id, worker::name, name);
    store.commit(&change).unwrap();
    // What the next change is written as.
    store.read_worker().unwrap();
}

fn state(store: &Store, note: RowId) -> State {
    store.written(note).unwrap().unwrap().standing().state
}

fn read(store: &Store, note: RowId) -> String {
    let parts = store.written(note).unwrap().unwrap().read();
    parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// Entries as a hostile program writes them, under its own key.
fn write_raw(store: &mut Store, stream: RowId, entries: &[Entry]) {
    let end = journal::chain_end(&store.db, stream, store.site).unwrap();
    let header = Header { stream, site: store.site, first: end.next, hlc: store.hlc, ..Header::nobody() };
    journal::append(&store.db, &store.keys.signing, end, &header, entries).unwrap();
    crate::store::projection::make_stream_again(&store.db, stream).unwrap();
}

fn heads(store: &Store, row: RowId) -> Vec<EntryRef> {
    let mut all = Vec::new();
    for batch in journal::of_row(&store.db, row).unwrap() {
        all.extend(batch.numbered().unwrap().filter(|(_, entry)| entry.row == row).map(|(at, _)| at));
    }
    all
}

#[test]
fn a_colleague_who_takes_the_authors_name_signs_for_nobody_but_herself() {
    let (mut rosa, mut mal, mut tom) = (laptop("Rosa Ortiz"), laptop("Mal Ory"), laptop("Tom Weir"));
    befriend(&mut rosa, &mut mal);
    befriend(&mut rosa, &mut tom);
    befriend(&mut mal, &mut tom);
    let ana = add_client(&mut rosa, "Ana");
    let draft = write_note(&mut rosa, ana, "");
    send(&rosa, &mut mal).unwrap();

    rename(&mut mal, "Rosa Ortiz");
    let mut change = Change::new("edit note");
    change.set(draft, note::body, "as Mal would have it");
    mal.commit(&change).unwrap();
    assert!(matches!(mal.sign_note(draft, 24), Err(StoreError::NotTheAuthor(_))), "the program itself refuses it");
    forge(&mut mal, draft, SignatureRole::Author, "Rosa Ortiz");
    send(&mal, &mut rosa).unwrap();
    send(&mal, &mut tom).unwrap();
    for store in [&mut rosa, &mut tom] {
        assert_eq!(state(store, draft), State::Unsigned);
        let read = read(store, draft);
        assert!(read.contains("BY THE INSTALLATION OF Mal Ory") && read.contains("Not signed."), "{read}");
        assert_eq!(store.waiting(Some(ana)).unwrap().len(), 1, "it still waits for its author");
        assert_eq!(store.facts(ana).unwrap().unwrap().unsigned.len(), 1);
        assert!(store.check().unwrap().ok);
        store.rebuild().unwrap();
        assert_eq!(store.waiting(Some(ana)).unwrap().len(), 1);
    }
    // For the author it froze nothing: she puts right what is hers, and signs it.
    let mut change = Change::new("edit note");
    change.set(draft, note::body, "as Rosa wrote it, again");
    rosa.commit(&change).unwrap();
    rosa.sign_note(draft, 24).unwrap();
    assert_eq!(state(&rosa, draft), State::Signed);
    send(&rosa, &mut tom).unwrap();
    assert_eq!(state(&tom, draft), State::Signed);
    // The history says by which installation the draft was changed.
    let history = rosa.history(draft).unwrap();
    let hers = history.iter().find(|line| line.to == Value::text("as Mal would have it")).unwrap();
    assert_eq!((hers.who.as_str(), hers.installation.as_deref()), ("Rosa Ortiz", Some("Mal Ory")));
    assert!(history.iter().filter(|line| line.site == rosa.site()).all(|line| line.installation.is_none()));
}

#[test]
fn a_draft_of_the_old_laptop_is_signed_on_the_new_one_and_everybody_sees_it_in_the_end() {
    let (mut rosa, mut tom, mut uma) = (laptop("Rosa Ortiz"), laptop("Tom Weir"), laptop("Uma"));
    befriend(&mut rosa, &mut tom);
    befriend(&mut rosa, &mut uma);
    befriend(&mut tom, &mut uma);
    let ana = add_client(&mut rosa, "Ana");
    let draft = write_note(&mut rosa, ana, "");
    rosa.become_another().unwrap();
    assert!(rosa.is_mine(draft).unwrap());
    rosa.sign_note(draft, 24).unwrap();
    assert_eq!(state(&rosa, draft), State::Signed);
    send(&rosa, &mut uma).unwrap();
    assert_eq!(state(&uma, draft), State::Signed);
    // By way of another it is known to be hers too: the new laptop's own word stands before its first entry.
    send(&uma, &mut tom).unwrap();
    assert_eq!(state(&tom, draft), State::Signed);
    send(&rosa, &mut tom).unwrap();
    assert_eq!(state(&tom, draft), State::Signed);
    assert!(tom.waiting(Some(ana)).unwrap().is_empty());
    assert!(tom.check().unwrap().ok, "{:?}", tom.check().unwrap().problems);
}

#[test]
fn a_second_is_somebody_else_whatever_the_name() {
    let (mut rosa, mut sam) = (laptop("Rosa Ortiz"), laptop("Sam Lee"));
    befriend(&mut rosa, &mut sam);
    let ana = add_client(&mut rosa, "Ana");
    let signed = write_note(&mut rosa, ana, "Sam Lee");
    rosa.sign_note(signed, 24).unwrap();
    // Her other installation under the supervisor's name.
    rosa.become_another().unwrap();
    rename(&mut rosa, "Sam Lee");
    assert!(matches!(rosa.cosign(signed), Err(StoreError::OwnNote)));
    forge(&mut rosa, signed, SignatureRole::Cosigner, "Sam Lee");
    send(&rosa, &mut sam).unwrap();
    for store in [&rosa, &sam] {
        let written = store.written(signed).unwrap().unwrap();
        assert!(!written.standing().has(SignatureRole::Cosigner), "one's own word is no second's");
        assert_eq!(written.standing().waits_for(&written.note), Some("Sam Lee"));
        assert_eq!(store.waiting(Some(ana)).unwrap().len(), 1);
    }
    sam.cosign(signed).unwrap();
    assert!(sam.written(signed).unwrap().unwrap().standing().has(SignatureRole::Cosigner));
    assert!(sam.waiting(Some(ana)).unwrap().is_empty());
    assert!(matches!(sam.cosign(signed), Err(StoreError::Signed)));
}

#[test]
fn nobody_takes_a_signature_away_or_writes_over_it() {
    let (mut rosa, mut mal) = (laptop("Rosa Ortiz"), laptop("Mal Ory"));
    befriend(&mut rosa, &mut mal);
    let ana = add_client(&mut rosa, "Ana");
    let signed = write_note(&mut rosa, ana, "");
    rosa.sign_note(signed, 24).unwrap();
    let given = rosa.rows(&signature::TYPE, ana).unwrap()[0].clone();
    send(&rosa, &mut mal).unwrap();
    let base = heads(&mal, given.id);
    let seen = journal::seen_of_stream(&mal.db, ana).unwrap();
    let entry = |field: u16, value: Vec<u8>| Entry {
        record: signature::TYPE.number,
        row: given.id,
        field,
        key: String::new(),
        base: base.clone(),
        content: Content::Value(value),
    };
    write_raw(
        &mut mal,
        ana,
        &[
            entry(signature::content.field, Value::text("pay 300 dollars a month").encoded()),
            entry(signature::of.field, Value::text("nothing").encoded()),
            entry(ROW_ITSELF, Existence::Deleted { seen }.encoded()),
        ],
    );
    send(&mal, &mut rosa).unwrap();
    for store in [&rosa, &mal] {
        let now = store.rows(&signature::TYPE, ana).unwrap();
        assert_eq!(now.len(), 1);
        assert_eq!(now[0].text(signature::content), given.text(signature::content));
    }
    let mut change = Change::new("edit note");
    change.set(signed, note::body, "thawed");
    assert!(matches!(rosa.commit(&change), Err(StoreError::Signed)));
    assert_eq!(state(&rosa, signed), State::Signed);
    assert!(rosa.waiting(Some(ana)).unwrap().is_empty());
}

#[test]
fn what_strangers_sign_is_marked_and_nothing_thaws_for_anyone_but_the_author() {
    let (mut rosa, mut tom) = (laptop("Rosa Ortiz"), laptop("Tom Weir"));
    befriend(&mut rosa, &mut tom);
    let ana = add_client(&mut rosa, "Ana");
    let draft = write_note(&mut rosa, ana, "");
    // As a file restored by an earlier version has it: the note of one installation, signed by another, and no voucher.
    let mut again = laptop("Rosa Ortiz");
    let old: Site = rosa.own_site().unwrap();
    again.accept_site(&old).unwrap();
    rosa.accept_site(&again.own_site().unwrap()).unwrap();
    send(&rosa, &mut again).unwrap();
    forge(&mut again, draft, SignatureRole::Author, "Rosa Ortiz");
    befriend(&mut again, &mut tom);
    send(&again, &mut tom).unwrap();
    assert_eq!(state(&tom, draft), State::Unsigned);
    let mut change = Change::new("edit note");
    change.set(draft, note::body, "changed by a colleague");
    assert!(matches!(tom.commit(&change), Err(StoreError::Signed)));
    send(&again, &mut rosa).unwrap();
    rosa.commit(&change).unwrap();
    assert!(rosa.row_of(&client::TYPE, ana).unwrap().is_some());
    // Told that both are one person's, they are: here, and only here.
    let sites = (old.id, again.site());
    tom.same_person(sites.0, sites.1).unwrap();
    assert_eq!(state(&tom, draft), State::Signed);
    assert!(tom.waiting(Some(ana)).unwrap().is_empty() && tom.check().unwrap().ok);
    assert_ne!(sites::root(&tom.db, sites.1).unwrap(), sites.0, "rights go by vouchers alone");
    // Whoever ends the one ends the other.
    tom.revoke_site(sites.1).unwrap();
    assert!(send(&rosa, &mut tom).is_err() && send(&again, &mut tom).is_err());
}
