//! What a person sees, as snapshots; and that a field declared once is everywhere.

use chrono::{DateTime, FixedOffset, NaiveDate};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::{App, Stage};
use super::desk::{Desk, Pane};
use super::form::Form;
use super::gate::Gate;
use super::keys::Keys;
use super::overlay::{Overlay, matching};
use super::panes::Layout;
use super::theme::Theme;
use super::*;
use crate::model::records::worker;
use crate::model::{CATALOGUE, Change, Field, Kind, Moment, RowId, Shown, Value};
use crate::store::Clock;
use crate::store::Store;
use std::time::{Duration, Instant};

fn noon() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-24T12:00:00-05:00").unwrap()
}

fn today() -> NaiveDate {
    noon().date_naive()
}

fn demo_desk(clients: u32) -> Desk {
    let moment = Moment::new(noon(), |_| FixedOffset::west_opt(5 * 3600).unwrap());
    let spec = demo::Spec { clients, notes: clients * 3, seed: 1, moment };
    let clock: Clock = std::sync::Arc::new(noon);
    let store = demo::in_memory(&spec, clock).unwrap();
    Desk::new(store, Rules::standard(), Keys::standard(), Some(today()), true).unwrap()
}

fn shown(buffer: &Buffer) -> String {
    let lines = buffer.content.chunks(usize::from(buffer.area.width));
    let text = lines.map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_string());
    text.collect::<Vec<_>>().join("\n")
}

fn seen(desk: &mut Desk, columns: u16, rows: u16) -> String {
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    desk.draw_all(area, &mut buffer, Theme::named("dark", true, false).unwrap());
    shown(&buffer)
}

#[test]
fn the_four_panes() {
    let mut desk = demo_desk(24);
    insta::assert_snapshot!("four_panes_120x40", seen(&mut desk, 120, 40));
}

#[test]
fn each_pane_alone_at_80x24() {
    let mut desk = demo_desk(24);
    for (pane, name) in Pane::ALL.into_iter().zip(["caseload", "client", "goals", "appointments"]) {
        desk.focus = pane;
        insta::assert_snapshot!(format!("pane_{name}_80x24"), seen(&mut desk, 80, 24));
    }
}

#[test]
fn overlays_and_the_smallest_screen() {
    let mut desk = demo_desk(24);
    desk.act(action::Action::Mark, None).unwrap();
    insta::assert_snapshot!("menu_60x20", seen(&mut desk, 60, 20));
    desk.overlay = Some(Overlay::Palette { input: overlay::Line::default(), found: matching("no show"), at: 0 });
    insta::assert_snapshot!("palette_80x24", seen(&mut desk, 80, 24));
    assert_eq!(matching("no show")[0].name, "mark-appointment");
    desk.overlay = Some(Overlay::Help { scroll: 0 });
    insta::assert_snapshot!("help_80x24", seen(&mut desk, 80, 24));
}

#[test]
fn an_empty_caseload_says_what_to_press() {
    let worker = demo::worker();
    let store = Store::in_memory(&worker, std::sync::Arc::new(noon)).unwrap();
    let mut desk = Desk::new(store, Rules::standard(), Keys::standard(), Some(today()), false).unwrap();
    let text = seen(&mut desk, 120, 40);
    for hint in ["Press i for an intake", "press i to add one", "Press a to set one", "nobody needs you today"] {
        assert!(text.contains(hint), "{hint}:\n{text}");
    }
}

/// A value that a person could type into a field, and what it becomes.
fn sample(field: &Field, link: RowId) -> (String, Value) {
    match field.kind {
        Kind::Line | Kind::Text => (format!("some {}", field.name), Value::text(format!("some {}", field.name))),
        Kind::Phone => ("555-0142".into(), Value::text("555-0142")),
        Kind::Date => ("2026-11-30".into(), Value::Date("2026-11-30".parse().unwrap())),
        Kind::Time => ("2026-11-30 10:00".into(), Value::Empty),
        Kind::Whole { .. } => ("42".into(), Value::Whole(42)),
        Kind::Yes => ("yes".into(), Value::Yes(true)),
        Kind::Choice(choices) => (choices[0].code.into(), Value::text(choices[0].code)),
        Kind::Link(_) => (link.to_string(), Value::Link(link)),
        Kind::Words | Kind::Links(_) => (link.to_string(), Value::Empty),
    }
}

/// Adding a field touches one place: what is declared in the catalogue is in the form, the journal, the table and `--json`.
#[test]
fn every_field_of_the_catalogue_is_everywhere() {
    let mut desk = demo_desk(1);
    let stream = desk.chosen.unwrap();
    for record in CATALOGUE.iter().copied().filter(|record| *record != &worker::TYPE) {
        let row = desk.store.new_id();
        let own = if record.opens_stream() { row } else { stream };
        let mut change = Change::new("everything");
        change.create(record, row, own);
        let moment = desk.moment();
        for field in record.fields {
            let (typed, _) = sample(field, stream);
            if field.kind.is_set() {
                change.member(row, field.id, typed, true);
            } else {
                change.set(row, field.id, field.parse(&typed, &moment).unwrap());
            }
        }
        desk.store.commit(&change).unwrap();
        let saved = desk.store.row_of(record, row).unwrap().unwrap();
        let json = saved.to_json();
        let history = desk.store.history(row).unwrap();
        let form = Form::edit(&desk, &saved, None);
        for field in record.fields {
            let place = format!("{}.{}", record.name, field.name);
            let (_, value) = sample(field, stream);
            // In the table: read back from its column.
            if field.kind.is_set() {
                assert_eq!(saved.words(field.id), [stream.to_string()], "{place}");
            } else if value != Value::Empty {
                assert_eq!(saved.get(field.id), &value, "{place}");
            } else {
                assert!(saved.time(field.id).is_some(), "{place}");
            }
            assert!(json.get(field.name).is_some_and(|value| !value.is_null()), "{place} in --json");
            assert!(
                history.iter().any(|line| line.field.split(':').next() == Some(field.name)),
                "{place} in the journal"
            );
            let in_form = form.inputs.iter().any(|input| input.field.id == field.id);
            assert_eq!(in_form, field.shown == Shown::Form, "{place} in the form");
        }
    }
}

#[test]
fn a_form_saves_only_what_was_touched_and_keeps_what_is_wrong() {
    let mut desk = demo_desk(3);
    let client = desk.chosen.unwrap();
    let before = desk.store.history(client).unwrap().len();
    desk.act(action::Action::EditClient, None).unwrap();
    desk.save_form().unwrap();
    assert_eq!(desk.store.history(client).unwrap().len(), before, "nothing touched, nothing written");

    desk.act(action::Action::AddTask, None).unwrap();
    desk.save_form().unwrap();
    let form = desk.form.as_ref().expect("it stays open");
    assert_eq!(form.trouble.as_deref(), Some("What needs to be filled in"));
    insta::assert_snapshot!("form_with_trouble_80x24", seen(&mut desk, 80, 24));
}

#[test]
fn a_disagreement_about_safety_shows_every_side() {
    use crate::model::records::client;
    use crate::store::Draft;
    let mut desk = demo_desk(3);
    let person = desk.chosen.unwrap();
    let values = |text: &str| vec![(client::safe_contact, Value::text(text))];
    let draft = |text: &str| Draft {
        record: &client::TYPE,
        row: person,
        stream: person,
        values: values(text),
        members: vec![],
    };
    let go = &mut |_: usize, _: usize| std::ops::ControlFlow::Continue(());
    desk.store.import("hmis", &[draft("never call at home")], false, go).unwrap();
    let mut change = Change::new("edit client");
    change.set(person, client::safe_contact, "call only the sister");
    desk.store.commit(&change).unwrap();
    desk.store.import("hmis", &[draft("only by letter")], false, go).unwrap();
    desk.load().unwrap();
    let at = desk.view.iter().position(|line| line.client == person).unwrap();
    desk.choose(at).unwrap();
    desk.focus = Pane::Client;
    let text = seen(&mut desk, 120, 40);
    assert!(
        text.contains("SAFE CONTACT: call only the sister") && text.contains("SAFE CONTACT: only by letter"),
        "{text}"
    );
    // The form tells of both, and choosing settles it.
    desk.act(action::Action::EditClient, None).unwrap();
    let text = seen(&mut desk, 120, 40);
    assert!(text.contains("2 values disagree"), "{text}");
    desk.form.as_mut().unwrap().other_value();
    desk.save_form().unwrap();
    let row = desk.store.row_of(&client::TYPE, person).unwrap().unwrap();
    assert_eq!(row.text(client::safe_contact), "only by letter");
    assert!(row.disagreements.is_empty());
}

#[test]
fn the_filter_finds_names_ids_phones_and_tags_and_closed_clients() {
    let mut desk = demo_desk(47);
    let facts = desk.caseload.facts().to_vec();
    let mut find = |text: &str| {
        desk.filter = Some(text.into());
        desk.list();
        desk.view.iter().map(|line| line.client).collect::<Vec<RowId>>()
    };
    for one in facts.iter().take(47) {
        assert!(find(&one.name.to_lowercase()).contains(&one.id), "{}", one.name);
        assert!(find(&one.outside_ids[0]).contains(&one.id));
        assert!(find(&one.phones[0].replace('-', "")).contains(&one.id), "{}", one.phones[0]);
        for tag in &one.tags {
            assert!(find(tag).contains(&one.id), "{tag}");
        }
    }
    assert_eq!(find("no such person anywhere"), []);
}

#[test]
fn after_idle_minutes_the_file_is_closed_and_no_name_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("caseload.db");
    let passphrase = crate::store::Passphrase::new("otter lamp seven canal");
    let (store, _) = Store::create(&file, &passphrase, &demo::worker(), wall_clock()).unwrap();
    let desk = Desk::new(store, Rules::standard(), Keys::standard(), Some(today()), false).unwrap();
    let (rules, keys) = (Rules::standard(), Keys::standard());
    let start = Start { file, passphrase: None, today: None, rules, keys, theme: None, plain: false, demo: None };
    let mut app = App::new(start, Stage::Desk(Box::new(desk)));
    app.rested().unwrap();
    assert!(matches!(app.stage, Stage::Desk(_)), "not yet");
    app.touched = Instant::now().checked_sub(Duration::from_secs(10 * 60)).unwrap();
    app.rested().unwrap();
    assert!(matches!(app.stage, Stage::Gate(Gate::Locked(_))));
}

#[test]
fn the_mouse_finds_the_line_that_is_seen() {
    let mut desk = demo_desk(47);
    for chosen in [0, 5, 20, 40] {
        desk.choose(chosen).unwrap();
        let text = seen(&mut desk, 120, 40);
        let layout = Layout::of(Rect::new(0, 0, 120, 40), desk.focus, false);
        let place = layout.panes[0];
        for (row, line) in text.lines().skip(usize::from(place.y) + 1).take(usize::from(place.height) - 2).enumerate() {
            let inner: String = line.chars().skip(1).take(usize::from(place.width) - 2).collect();
            match desk.caseload_line(row, usize::from(place.height) - 2) {
                Some(at) => {
                    let name = &desk.caseload.get(desk.view[at].client).unwrap().name;
                    assert!(inner.contains(name.chars().take(12).collect::<String>().trim()), "{name}: {inner}");
                }
                None => assert!(inner.trim().is_empty() || inner.trim() == inner.trim().to_uppercase(), "{inner}"),
            }
        }
    }
}
