//! What a person sees, as snapshots; and that a field declared once is everywhere.

use chrono::{DateTime, FixedOffset};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

mod hard_day;
mod signing;

use super::app::{App, Stage};
use super::desk::{Desk, Pane};
use super::form::Form;
use super::gate::Gate;
use super::idle::{Idle, Tick};
use super::keys::Keys;
use super::overlay::matching;
use super::panes::Layout;
use super::theme::Theme;
use super::*;
use crate::model::records::worker;
use crate::model::{CATALOGUE, Change, Field, Kind, Moment, RowId, Shown, Value};
use crate::store::Clock;
use crate::store::Store;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

pub(super) fn noon() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-24T12:00:00-05:00").unwrap()
}

pub(super) fn moment() -> Moment {
    Moment::new(noon(), |_| FixedOffset::west_opt(5 * 3600).unwrap())
}

pub(super) fn demo_desk(clients: u32) -> Desk {
    let spec = demo::Spec { clients, notes: clients * 3, seed: 1, moment: moment() };
    let clock: Clock = std::sync::Arc::new(noon);
    let store = demo::in_memory(&spec, clock).unwrap();
    Desk::new(store, Rules::standard(), Keys::standard(), std::sync::Arc::new(moment), true).unwrap()
}

fn shown(buffer: &Buffer) -> String {
    let lines = buffer.content.chunks(usize::from(buffer.area.width));
    let text = lines.map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_string());
    text.collect::<Vec<_>>().join("\n")
}

pub(super) fn seen(desk: &mut Desk, columns: u16, rows: u16) -> String {
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    desk.draw_all(area, &mut buffer, Theme::named("dark", true, false).unwrap());
    shown(&buffer)
}

const SIZES: [(u16, u16); 3] = [(60, 20), (80, 24), (120, 40)];

/// What is seen at each size, and that no line is cut without a sign of it.
pub(super) fn snapshots(desk: &mut Desk, name: &str) {
    for (columns, rows) in SIZES {
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), seen(desk, columns, rows));
    }
}

#[test]
fn every_pane_at_every_size() {
    let mut desk = demo_desk(24);
    snapshots(&mut desk, "caseload");
    for (pane, name) in [(Pane::Client, "client"), (Pane::Goals, "goals"), (Pane::Appointments, "appointments")] {
        desk.go_to(pane).unwrap();
        snapshots(&mut desk, name);
    }
}

/// Does an action as the palette would, and shows what comes of it.
fn after(desk: &mut Desk, name: &str, shot: &str) {
    (desk.overlay, desk.form, desk.message) = (None, None, None);
    desk.act(action::by_name(name).unwrap().action, None).unwrap();
    snapshots(desk, shot);
}

#[test]
fn every_overlay_at_every_size() {
    let mut desk = demo_desk(24);
    for (name, shot) in [
        ("mark-appointment", "menu"),
        ("help", "help"),
        ("commands", "palette"),
        ("search", "search"),
        ("records", "records"),
        ("timeline", "timeline"),
        ("week", "week"),
        ("month", "month"),
        ("import", "ask"),
        ("hand-over", "hand_over"),
        ("team", "team"),
        ("log-contact", "form_contact"),
        ("edit-client", "form_client"),
        ("run", "run"),
    ] {
        after(&mut desk, name, shot);
    }
    assert_eq!(matching("no show")[0].name, "mark-appointment");
    desk.running = false;
    (desk.overlay, desk.form, desk.message) = (None, None, None);
    desk.tour = Some(0);
    snapshots(&mut desk, "tour");
}

#[test]
fn the_gate_at_every_size() {
    for (columns, rows) in SIZES {
        let area = Rect::new(0, 0, columns, rows);
        let theme = Theme::named("dark", true, false).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (name, gate) in [
            ("welcome", Gate::for_file(&folder.path().join("none.db"))),
            ("locked", Gate::locked(folder.path(), "Locked because nothing was typed for a while.")),
        ] {
            let mut buffer = Buffer::empty(area);
            gate.draw(area, &mut buffer, theme);
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), shown(&buffer));
        }
    }
}

/// State is never told by colour alone: without colours, and in every theme, the same words stand in the same places.
#[test]
fn every_theme_and_no_colour_show_the_same_words() {
    let mut desk = demo_desk(24);
    let area = Rect::new(0, 0, 120, 40);
    let mut drawn = |theme: Theme| {
        let mut buffer = Buffer::empty(area);
        desk.draw_all(area, &mut buffer, theme);
        buffer
    };
    let words = shown(&drawn(Theme::named("dark", true, false).unwrap()));
    for (name, _) in THEMES {
        for colours in [true, false] {
            let buffer = drawn(Theme::named(name, colours, false).unwrap());
            assert_eq!(shown(&buffer), words, "{name}");
            let coloured = buffer.content.iter().any(|cell| cell.fg != ratatui::style::Color::Reset);
            assert!(!coloured || colours, "{name} without colours");
        }
    }
    // For a screen reader: no box, and where one is stands first.
    let plain = shown(&drawn(Theme::named("dark", true, true).unwrap()));
    assert!(!plain.contains(['│', '┃', '━', '─', '╔', '┏']), "{plain}");
    assert!(plain.contains("Caseload, triage order."), "{plain}");
}

/// Every action can be found by its words, has help, and does something or says why not.
#[test]
fn every_action_is_reachable_from_the_palette_and_has_help() {
    let help: Vec<String> = {
        let desk = demo_desk(2);
        draw::help_lines(120, &desk).into_iter().map(|(_, text)| text).collect()
    };
    for entry in action::TABLE.iter().filter(|entry| entry.place == action::Place::Desk) {
        assert!(!entry.about.is_empty() && !entry.label.is_empty(), "{}", entry.name);
        let found = matching(entry.label);
        assert!(found.iter().any(|other| other.action == entry.action), "{} by its label", entry.name);
        if !entry.keys.is_empty() {
            assert!(help.iter().any(|line| entry.about.starts_with(line.trim())), "{} in the help", entry.name);
        }
        for read_nobody in [false, true] {
            let mut desk = demo_desk(if read_nobody { 0 } else { 2 });
            let why = desk.unavailable(entry.action);
            desk.act(entry.action, None).unwrap();
            if why.is_some() {
                assert!(desk.message.as_ref().is_some_and(|said| said.trouble), "{} says why not", entry.name);
            }
            seen(&mut desk, 80, 24);
        }
    }
}

/// Keys, clicks, wheels, pastes and resizes without sense: nothing panics, and the file is sound afterwards.
#[test]
fn a_hundred_thousand_random_events_do_no_harm() {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let events: u32 = std::env::var("CASELOAD_RANDOM_EVENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    for seed in 1..=5u64 {
        println!("seed {seed}");
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut desk = demo_desk(12);
        let before = desk.store.check().unwrap().entries;
        let mut size = (120, 40);
        for _ in 0..events / 5 {
            let codes = [
                KeyCode::Enter,
                KeyCode::Esc,
                KeyCode::Tab,
                KeyCode::BackTab,
                KeyCode::Up,
                KeyCode::Down,
                KeyCode::Left,
                KeyCode::Right,
                KeyCode::Home,
                KeyCode::End,
                KeyCode::PageUp,
                KeyCode::PageDown,
                KeyCode::Delete,
                KeyCode::Backspace,
                KeyCode::F(1),
            ];
            match rng.u8(..100) {
                0..=2 => {
                    let kinds = [
                        MouseEventKind::Down(MouseButton::Left),
                        MouseEventKind::ScrollDown,
                        MouseEventKind::ScrollUp,
                        MouseEventKind::Moved,
                    ];
                    let (column, row) = (rng.u16(..220), rng.u16(..70));
                    let mouse = MouseEvent { kind: kinds[rng.usize(..4)], column, row, modifiers: KeyModifiers::NONE };
                    desk.mouse(mouse, Rect::new(0, 0, size.0, size.1), false).unwrap();
                }
                3 => desk.paste(["fri 2pm", "x\x1b[2J\ny", "李小龍", "999999999999"][rng.usize(..4)]).unwrap(),
                4 => size = (rng.u16(60..200), rng.u16(20..60)),
                5..=44 => {
                    let key = KeyEvent::from(codes[rng.usize(..codes.len())]);
                    desk.key(&key).unwrap();
                }
                _ => {
                    let modifiers = if rng.u8(..12) == 0 { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
                    let c = char::from(rng.u8(b' '..0x7f));
                    desk.key(&KeyEvent::new(KeyCode::Char(c), modifiers)).unwrap();
                }
            }
            desk.editing = false;
            if rng.u8(..16) == 0 {
                seen(&mut desk, size.0, size.1);
            }
            if rng.u16(..400) == 0 {
                desk.keep_draft();
                desk.look_ahead().unwrap();
            }
        }
        let report = desk.store.check().unwrap();
        assert!(report.ok, "seed {seed}: {:?}", report.problems);
        println!("{} entries written", report.entries - before);
        assert!(events < 100_000 || report.entries > before + 20, "seed {seed}: it really did things");
        let shown = desk.caseload.clone();
        desk.load().unwrap();
        let order = |caseload: &crate::triage::Caseload| {
            caseload.ranked().iter().map(|ranked| ranked.client).collect::<Vec<_>>()
        };
        assert_eq!(order(&shown), order(&desk.caseload), "seed {seed}: what was shown is what the file holds");
    }
}

#[test]
fn an_empty_caseload_says_what_to_press() {
    let worker = demo::worker();
    let store = Store::in_memory(&worker, std::sync::Arc::new(noon)).unwrap();
    let mut desk = Desk::new(store, Rules::standard(), Keys::standard(), std::sync::Arc::new(moment), false).unwrap();
    let text = seen(&mut desk, 120, 40);
    for hint in ["Press i for an intake", "press i to add one", "Press a to set one.", "nobody needs you today"] {
        assert!(text.contains(hint), "{hint}:\n{text}");
    }
}

/// A value that a person could type into a field, and what it becomes.
fn sample(field: &Field, link: RowId) -> (String, Value) {
    match field.kind {
        Kind::Line | Kind::Text => (format!("some {}", field.name), Value::text(format!("some {}", field.name))),
        Kind::Repeat => ("every week 3 times".into(), Value::text("FREQ=WEEKLY;COUNT=3")),
        Kind::Phone => ("555-0142".into(), Value::text("555-0142")),
        Kind::Date => ("2026-11-20".into(), Value::Date("2026-11-20".parse().unwrap())),
        Kind::Time => ("2026-11-20 10:00".into(), Value::Empty),
        Kind::Whole { min, max, .. } => {
            let number = 42.clamp(min, max);
            (number.to_string(), Value::Whole(number))
        }
        Kind::Yes => ("yes".into(), Value::Yes(true)),
        Kind::Choice(choices) => {
            let first = choices.all()[0].code;
            (first.into(), Value::text(first))
        }
        Kind::Choices(choices) => (choices.all()[0].code.into(), Value::Empty),
        Kind::Link(_) => (link.to_string(), Value::Link(link)),
        Kind::Words | Kind::Links(_) => (link.to_string(), Value::Empty),
    }
}

/// What follows on marking an appointment is about whose it was, not about who happened to be chosen before; and nobody is
/// said to have kept what is still ahead.
#[test]
fn marking_an_appointment_chooses_its_client_and_asks_only_what_can_be_known() {
    let mut desk = demo_desk(12);
    desk.go_to(desk::Pane::Appointments).unwrap();
    let other = desk.queue.iter().position(|queued| Some(queued.client) != desk.chosen).unwrap();
    desk.choose_visit(other).unwrap();
    let whose = desk.queue[other].client;
    desk.act(action::Action::Mark, None).unwrap();
    assert_eq!(desk.chosen, Some(whose));
    desk.overlay = None;
    desk.act(action::Action::Log, None).unwrap();
    assert_eq!(desk.form.as_ref().unwrap().stream, whose);
    desk.form = None;
    let kept = |desk: &mut desk::Desk, at: usize| {
        desk.choose_visit(at).unwrap();
        desk.act(action::Action::Mark, None).unwrap();
        let menu = seen(desk, 80, 24);
        desk.overlay = None;
        (menu.contains("Kept"), menu.contains("Confirmed"))
    };
    let today = desk.today;
    let ahead = desk.queue.iter().position(|queued| queued.starts.date_naive() > today).unwrap();
    assert_eq!(kept(&mut desk, ahead), (false, true));
    if let Some(now) = desk.queue.iter().position(|queued| queued.starts.date_naive() == today) {
        assert_eq!(kept(&mut desk, now), (true, true));
    }
}

/// However far down one reads on a client's page, how to reach them without harm is in sight.
#[test]
fn the_safe_contact_stays_in_sight() {
    let mut desk = demo_desk(2);
    for (columns, rows) in SIZES {
        for scroll in 0..60 {
            desk.client_scroll = scroll;
            desk.go_to(desk::Pane::Client).unwrap();
            desk.client_scroll = scroll;
            assert!(seen(&mut desk, columns, rows).contains("SAFE CONTACT"), "{columns}x{rows}, scrolled by {scroll}");
        }
    }
}

#[test]
fn the_palette_finds_words_and_no_letters_here_and_there() {
    let names = |typed: &str| matching(typed).iter().map(|entry| entry.name).collect::<Vec<_>>();
    assert_eq!(names("boss"), [""; 0]);
    assert_eq!(names("consent")[0], "permissions");
    assert_eq!(names("no show")[0], "mark-appointment");
    assert!(names("rep").contains(&"reports"), "{:?}", names("rep"));
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
                let (typed, _) = sample(field, stream);
                assert_eq!(saved.words(field.id), [typed], "{place}");
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
    desk.save_form(None).unwrap();
    assert_eq!(desk.store.history(client).unwrap().len(), before, "nothing touched, nothing written");

    desk.act(action::Action::AddTask, None).unwrap();
    desk.save_form(None).unwrap();
    let form = desk.form.as_ref().expect("it stays open");
    assert_eq!(form.trouble.as_deref(), Some("What needs to be filled in"));
    insta::assert_snapshot!("form_with_trouble_80x24", seen(&mut desk, 80, 24));
}

/// A paste and letters of the right-hand Alt as a Windows console tells of them: text in a note, and on the desk no command.
#[test]
fn keys_of_a_console_are_what_was_meant() {
    use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
    let mut keyboard = typed::Typed::console();
    let mut desk = demo_desk(3);
    let mut give = |desk: &mut Desk, burst: Vec<KeyEvent>| {
        for event in keyboard.meant(burst.into_iter().map(Event::Key).collect()) {
            match event {
                Event::Key(key) => drop(desk.key(&key).unwrap()),
                Event::Paste(text) => desk.paste(&text).unwrap(),
                _ => {}
            }
        }
    };
    let keys = |text: &str| -> Vec<KeyEvent> {
        let code = |c| if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
        text.chars().map(|c| KeyEvent::from(code(c))).collect()
    };
    let before = desk.store.history(desk.chosen.unwrap()).unwrap().len();
    give(&mut desk, keys("ll\nxx\nq"));
    assert!(desk.form.is_none() && desk.overlay.is_none());
    assert!(desk.message.as_ref().is_some_and(|said| said.text.contains("open one first")));
    desk.act(action::Action::AddTask, None).unwrap();
    give(&mut desk, keys("el a"));
    give(&mut desk, vec![KeyEvent::new(KeyCode::Char('ñ'), KeyModifiers::CONTROL | KeyModifiers::ALT)]);
    give(&mut desk, keys("o de la casa"));
    assert!(seen(&mut desk, 80, 24).contains("el año de la casa"));
    assert_eq!(desk.store.history(desk.chosen.unwrap()).unwrap().len(), before);
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
    after(&mut desk, "conflicts", "choose");
    (desk.overlay, desk.message) = (None, None);
    // The form tells of both, and choosing settles it.
    desk.act(action::Action::EditClient, None).unwrap();
    let text = seen(&mut desk, 120, 40);
    assert!(text.contains("2 values disagree"), "{text}");
    desk.form.as_mut().unwrap().other_value();
    desk.save_form(None).unwrap();
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
        assert!(find(&one.own_phones[0].replace('-', "")).contains(&one.id), "{}", one.own_phones[0]);
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
    let desk = Desk::new(store, Rules::standard(), Keys::standard(), std::sync::Arc::new(moment), false).unwrap();
    let (rules, keys) = (Rules::standard(), Keys::standard());
    let start = Start {
        file,
        passphrase: None,
        locked: None,
        today: None,
        rules,
        troubles: vec![],
        keys,
        theme: None,
        plain: false,
        demo: None,
    };
    let mut app = App::new(start, Stage::Desk(Box::new(desk)));
    let now = Arc::new(Mutex::new(Tick { up: Duration::ZERO, wall: SystemTime::now() }));
    let told = Arc::clone(&now);
    app.idle = Idle::by(Arc::new(move || *told.lock().unwrap()));
    assert!(!app.locks_itself() && matches!(app.stage, Stage::Desk(_)), "not yet");
    now.lock().unwrap().up = Duration::from_secs(10 * 60 - 1);
    assert!(!app.locks_itself() && matches!(app.stage, Stage::Desk(_)), "not yet");
    now.lock().unwrap().up = Duration::from_secs(10 * 60);
    assert!(app.locks_itself());
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
                None => {
                    let heading = inner.trim() == inner.trim().to_uppercase();
                    assert!(heading || inner.starts_with("Desk work"), "{inner}");
                }
            }
        }
    }
}
