//! The sign menu with its preview, a signed note as it is read, and a note while it is written, at every size.

use super::*;
use crate::model::records::note;
use crate::model::standing::State;

/// The first client with a note that stands so.
fn with_note(desk: &mut Desk, wanted: impl Fn(&crate::store::Written) -> bool) -> RowId {
    for at in 0..desk.view.len() {
        desk.choose(at).unwrap();
        let notes: Vec<RowId> = desk.file.as_ref().unwrap().of(&note::TYPE).iter().map(|row| row.id).collect();
        for id in notes {
            if desk.store.written(id).unwrap().is_some_and(|written| wanted(&written)) {
                return id;
            }
        }
    }
    panic!("the demo has such a note")
}

fn waits(written: &crate::store::Written) -> bool {
    written.standing().state == State::Unsigned && written.note.text(note::key).is_empty()
}

#[test]
fn signing_at_every_size() {
    let mut desk = demo_desk(24);
    with_note(&mut desk, waits);
    after(&mut desk, "sign-note", "sign");
    after(&mut desk, "add-note", "form_note");
    (desk.overlay, desk.form) = (None, None);
    let added = with_note(&mut desk, |written| !written.standing().addenda.is_empty());
    desk.open_row(&note::TYPE, added).unwrap();
    snapshots(&mut desk, "signed_note");
    desk.overlay = None;
    desk.edit_row(&note::TYPE, added).unwrap();
    snapshots(&mut desk, "signed_refused");
    (desk.overlay, desk.message) = (None, None);
    let asked = with_note(&mut desk, |written| written.standing().waits_for(&written.note).is_some());
    desk.act(action::Action::SignNote, Some(asked)).unwrap();
    snapshots(&mut desk, "sign_waits_for_another");
}

#[test]
fn signing_from_the_list_leaves_nothing_of_it_behind() {
    use crossterm::event::{KeyCode, KeyEvent};
    let mut desk = demo_desk(24);
    let before = desk.store.waiting(None).unwrap();
    let mine = before.iter().filter(|one| one.cosigner.is_empty()).count();
    assert!((1..=6).contains(&mine), "the demo is not flooded, and not bare: {mine}");
    with_note(&mut desk, waits);
    desk.act(action::Action::SignNote, None).unwrap();
    desk.key(&KeyEvent::from(KeyCode::Tab)).unwrap();
    for _ in 0..mine {
        desk.key(&KeyEvent::from(KeyCode::Enter)).unwrap();
    }
    let left = desk.store.waiting(None).unwrap();
    assert!(left.iter().all(|one| !one.cosigner.is_empty()), "{left:?}");
    assert!(desk.store.check().unwrap().ok);
}
