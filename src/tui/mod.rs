//! The screen. Data flows one way: a key calls an action, the action makes a change, the store saves it, the facts
//! follow, the next frame shows them.
//!
//! - [`action`]: every action, declared once.
//! - `terminal`: the terminal taken over and given back; keys and signals as one stream. `frugal`: few bytes to it.
//! - `gate`: first run, passphrase, recovery key. `desk`: the unlocked caseload. `act`: what actions do.
//! - `form`, `overlay`: what lies over the panes. `panes`, `draw`: what is seen. `text`, `theme`: how.

mod act;
pub mod action;
mod desk;
mod draw;
mod form;
mod frugal;
mod gate;
mod overlay;
mod panes;
mod terminal;
mod text;
mod theme;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::layout::Rect;

use crate::demo;
use crate::store::{Store, StoreError, wall_clock};
use crate::triage::Rules;

use act::Flow;
use action::Place;
use desk::{Desk, Pane};
use gate::{Gate, Step};
use overlay::{Answer, Overlay};
use panes::{Layout, SMALLEST};
use terminal::{Screen, Wake};
use theme::Theme;

/// What the screen starts with.
pub struct Start {
    pub file: PathBuf,
    /// A file with the passphrase: the gate is passed at the start, not after locking.
    pub passphrase: Option<PathBuf>,
    pub today: Option<chrono::NaiveDate>,
    pub rules: Rules,
    /// A made-up caseload instead of the file.
    pub demo: Option<demo::Spec>,
}

/// Gives the terminal back as it was; does nothing where it was not taken.
pub fn leave_screen() {
    terminal::leave();
}

/// Opens the screen and stays until the user leaves.
///
/// # Errors
/// What the terminal or the file says, after the terminal was given back.
pub fn run(start: Start) -> anyhow::Result<()> {
    let stage = opening(&start)?;
    if !std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        anyhow::bail!("The screen needs a terminal. For scripts there are commands: caseload --help.");
    }
    let mut screen = terminal::enter()?;
    let wakes = terminal::listen();
    let result = wakes.and_then(|wakes| {
        App { start, stage, theme: Theme::from_env(), touched: Instant::now() }.run(&mut screen, &wakes)
    });
    drop(screen);
    terminal::leave();
    result
}

fn opening(start: &Start) -> anyhow::Result<Stage> {
    if let Some(spec) = &start.demo {
        let store = demo::in_memory(spec, wall_clock())?;
        return Ok(Stage::Desk(Box::new(Desk::new(store, start.rules.clone(), start.today, true)?)));
    }
    match (&start.passphrase, start.file.exists()) {
        (Some(path), true) => {
            let secret = crate::cli::read_secret(path)?;
            let store = gate::open(&start.file, &secret)?;
            Ok(Stage::Desk(Box::new(Desk::new(store, start.rules.clone(), start.today, false)?)))
        }
        _ => Ok(Stage::Gate(Gate::for_file(&start.file))),
    }
}

enum Stage {
    Gate(Gate),
    Desk(Box<Desk>),
    /// The demo, locked: there is no passphrase, and closing it would lose it.
    Covered(Box<Desk>),
    /// Between two stages.
    Nothing,
}

struct App {
    start: Start,
    stage: Stage,
    theme: Theme,
    /// When a key was last pressed.
    touched: Instant,
}

/// A change typed into a form is kept when the hands rest this long.
const REST: Duration = Duration::from_millis(700);

impl App {
    fn run(&mut self, screen: &mut Screen, wakes: &Receiver<Wake>) -> anyhow::Result<()> {
        self.draw(screen)?;
        loop {
            let wake = match wakes.recv_timeout(self.patience()) {
                Ok(wake) => Some(wake),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Wake::Lost),
            };
            let mut changed = wake.is_none() && self.rested()?;
            let mut next = wake;
            // All keys that wait are taken before the next frame.
            while let Some(wake) = next {
                match self.take(wake, screen, wakes)? {
                    Some(redraw) => changed |= redraw,
                    None => return Ok(()),
                }
                next = wakes.try_recv().ok();
            }
            if changed {
                self.draw(screen)?;
                if let Stage::Desk(desk) = &mut self.stage {
                    desk.look_ahead()?;
                }
            }
        }
    }

    /// How long to sleep at most. An idle screen wakes once a minute, for the day and the lock.
    fn patience(&self) -> Duration {
        match &self.stage {
            Stage::Gate(gate) => gate.wakes().unwrap_or(Duration::from_secs(3600)),
            Stage::Desk(desk) if desk.form.as_ref().is_some_and(|form| form.unkept) => REST,
            _ => Duration::from_secs(60),
        }
    }

    /// Nothing happened for a while: says whether the screen changed.
    fn rested(&mut self) -> anyhow::Result<bool> {
        let idle = self.touched.elapsed();
        match &mut self.stage {
            Stage::Gate(_) => Ok(true),
            Stage::Desk(desk) => {
                if desk.form.as_ref().is_some_and(|form| form.unkept) && idle >= REST {
                    desk.keep_draft();
                    return Ok(false);
                }
                if idle >= Duration::from_secs(desk.lock_minutes() * 60) {
                    self.lock("Locked because nothing was typed for a while.");
                    return Ok(true);
                }
                let elsewhere = desk.store.changed_elsewhere()?;
                if elsewhere {
                    desk.load()?;
                }
                Ok(desk.new_day() || elsewhere)
            }
            Stage::Covered(_) | Stage::Nothing => Ok(false),
        }
    }

    /// Closes the file and covers the screen.
    fn lock(&mut self, why: &'static str) {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Nothing) {
            Stage::Desk(mut desk) if desk.demo => {
                desk.message = None;
                Stage::Covered(desk)
            }
            Stage::Desk(mut desk) => {
                desk.keep_draft();
                // Dropping the desk closes the file and wipes its keys.
                drop(desk);
                Stage::Gate(Gate::locked(&self.start.file, why))
            }
            other => other,
        };
    }

    /// Takes one event: whether to draw, or `None` to leave.
    fn take(&mut self, wake: Wake, screen: &mut Screen, wakes: &Receiver<Wake>) -> anyhow::Result<Option<bool>> {
        match wake {
            Wake::Stop | Wake::Lost => {
                if let Stage::Desk(desk) = &mut self.stage {
                    desk.keep_draft();
                }
                Ok(None)
            }
            Wake::Suspend => {
                self.suspend(screen)?;
                Ok(Some(true))
            }
            Wake::Event(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                self.touched = Instant::now();
                // Esc and a key pressed right after it arrive as one: they are meant as two.
                if let (KeyCode::Char(_), true) = (key.code, key.modifiers.contains(KeyModifiers::ALT)) {
                    let then = KeyEvent { modifiers: key.modifiers - KeyModifiers::ALT, ..key };
                    let first = self.key(&KeyEvent::from(KeyCode::Esc), screen, wakes)?;
                    return if first.is_none() { Ok(None) } else { self.key(&then, screen, wakes) };
                }
                self.key(&key, screen, wakes)
            }
            Wake::Event(Event::Paste(text)) => {
                self.touched = Instant::now();
                self.paste(&text)?;
                Ok(Some(true))
            }
            Wake::Event(Event::Mouse(mouse)) => {
                self.touched = Instant::now();
                self.mouse(
                    mouse,
                    screen.size().map_or(Rect::default(), |size| Rect::new(0, 0, size.width, size.height)),
                )
            }
            Wake::Event(Event::Resize(..)) => {
                screen.autoresize()?;
                Ok(Some(true))
            }
            Wake::Event(_) => Ok(Some(false)),
        }
    }

    fn suspend(&mut self, screen: &mut Screen) -> anyhow::Result<()> {
        if let Stage::Desk(desk) = &mut self.stage {
            desk.keep_draft();
        }
        *screen = terminal::suspend()?;
        Ok(())
    }

    fn key(&mut self, key: &KeyEvent, screen: &mut Screen, wakes: &Receiver<Wake>) -> anyhow::Result<Option<bool>> {
        match std::mem::replace(&mut self.stage, Stage::Nothing) {
            Stage::Gate(gate) => match gate.key(key) {
                Step::Next(gate) => self.stage = Stage::Gate(gate),
                Step::Open(store) => {
                    self.stage = Stage::Desk(Box::new(self.desk(*store, false)?));
                }
                Step::Demo => {
                    let spec = demo::Spec {
                        clients: 47,
                        notes: 400,
                        seed: 1,
                        moment: crate::store::local_moment(self.start.today),
                    };
                    let store = demo::in_memory(&spec, wall_clock())?;
                    self.stage = Stage::Desk(Box::new(self.desk(store, true)?));
                }
                Step::Quit => return Ok(None),
            },
            Stage::Covered(desk) => {
                let leave = key.code == KeyCode::Char('q')
                    || (key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL));
                if leave {
                    return Ok(None);
                }
                self.stage = if key.code == KeyCode::Enter { Stage::Desk(desk) } else { Stage::Covered(desk) };
            }
            Stage::Desk(desk) => {
                self.stage = Stage::Desk(desk);
                return self.desk_key(key, screen, wakes);
            }
            Stage::Nothing => {}
        }
        Ok(Some(true))
    }

    fn desk(&self, store: Store, demo: bool) -> Result<Desk, StoreError> {
        Desk::new(store, self.start.rules.clone(), self.start.today, demo)
    }

    fn desk_key(
        &mut self,
        key: &KeyEvent,
        screen: &mut Screen,
        wakes: &Receiver<Wake>,
    ) -> anyhow::Result<Option<bool>> {
        let Stage::Desk(desk) = &mut self.stage else { return Ok(Some(false)) };
        desk.message = None;
        // Another program may have changed the file since the last key.
        if desk.store.changed_elsewhere()? {
            desk.load()?;
        }
        // These two work everywhere.
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('z') {
            self.suspend(screen)?;
            return Ok(Some(true));
        }
        let flow = if desk.overlay.is_some() {
            match desk.overlay_key(key)? {
                Next::Flow(flow) => flow,
                Next::Answer(answer, typed) => {
                    self.answer(answer, &typed, screen, wakes)?;
                    Flow::Stay
                }
            }
        } else if desk.form.is_some() {
            desk.form_key(key)?
        } else if desk.filtering {
            desk.filter_key(key)?
        } else {
            match action::for_key(key, Place::Desk) {
                Some(action) => desk.act(action, None)?,
                None if key.code == KeyCode::Esc && desk.filter.is_some() => {
                    desk.filter = None;
                    desk.list();
                    desk.reload()?;
                    Flow::Stay
                }
                None if key.code == KeyCode::Esc && desk.focus != Pane::Caseload => {
                    desk.focus = Pane::Caseload;
                    Flow::Stay
                }
                None => {
                    if matches!(key.code, KeyCode::Char(_)) {
                        desk.say("That key does nothing here. ? shows what each key does.");
                    }
                    Flow::Stay
                }
            }
        };
        match flow {
            Flow::Stay => {}
            Flow::Quit => {
                if let Stage::Desk(desk) = &mut self.stage {
                    desk.keep_draft();
                }
                return Ok(None);
            }
            Flow::Lock => self.lock(""),
            Flow::Suspend => self.suspend(screen)?,
        }
        Ok(Some(true))
    }

    /// Does what was asked for in a line of text.
    fn answer(
        &mut self,
        answer: Answer,
        typed: &str,
        screen: &mut Screen,
        wakes: &Receiver<Wake>,
    ) -> anyhow::Result<()> {
        let Stage::Desk(desk) = &mut self.stage else { return Ok(()) };
        match answer {
            Answer::LockMinutes => match typed.trim().parse::<u64>() {
                Ok(minutes) if (1..=240).contains(&minutes) => {
                    desk.overlay = None;
                    match desk.store.set_local("lock-minutes", Some(minutes.to_string().as_bytes())) {
                        Ok(()) => desk.say(format!("Locks after {minutes} idle minutes.")),
                        Err(error) => desk.trouble(error),
                    }
                }
                _ => desk.refuse("Type a whole number of minutes from 1 to 240."),
            },
            Answer::Import => {
                let path = typed.trim().trim_matches(['"', '\'']);
                let path = match path.strip_prefix("~/").and_then(|rest| Some(std::env::home_dir()?.join(rest))) {
                    Some(path) => path,
                    None => PathBuf::from(path),
                };
                let theme = self.theme;
                let mut shown = Instant::now() - Duration::from_secs(1);
                let mut show = |done: usize, all: usize| {
                    while let Ok(wake) = wakes.try_recv() {
                        let stop = |key: &KeyEvent| {
                            key.code == KeyCode::Esc
                                || (key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL))
                        };
                        if matches!(&wake, Wake::Stop | Wake::Lost)
                            || matches!(&wake, Wake::Event(Event::Key(key)) if stop(key))
                        {
                            return ControlFlow::Break(());
                        }
                    }
                    if shown.elapsed() > Duration::from_millis(80) {
                        shown = Instant::now();
                        let _ = screen.draw(|frame| progress(frame, done, all, theme));
                    }
                    ControlFlow::Continue(())
                };
                match desk.import(&path, &mut show) {
                    Ok(lines) => {
                        desk.overlay = Some(Overlay::Reading { title: "Imported".into(), lines, scroll: 0 });
                    }
                    Err(error) => desk.refuse(&format!("{error:#}")),
                }
            }
        }
        Ok(())
    }

    fn paste(&mut self, pasted: &str) -> anyhow::Result<()> {
        match &mut self.stage {
            Stage::Gate(gate) => gate.paste(pasted),
            Stage::Desk(desk) => match &mut desk.overlay {
                Some(Overlay::Palette { input, .. } | Overlay::Ask { input, .. }) => input.paste(pasted),
                Some(Overlay::Search { input, .. }) => {
                    input.paste(pasted);
                    desk.search()?;
                }
                Some(_) => {}
                None => {
                    if let Some(form) = &mut desk.form {
                        form.paste(pasted);
                    }
                }
            },
            Stage::Covered(_) | Stage::Nothing => {}
        }
        Ok(())
    }

    fn mouse(&mut self, mouse: MouseEvent, area: Rect) -> anyhow::Result<Option<bool>> {
        let Stage::Desk(desk) = &mut self.stage else { return Ok(Some(false)) };
        if desk.overlay.is_some() || desk.form.is_some() {
            return Ok(Some(false));
        }
        let layout = Layout::of(area, desk.focus);
        let Some(pane) = layout.pane_at(mouse.column, mouse.row) else { return Ok(Some(false)) };
        let place = layout.panes[pane as usize];
        let row = usize::from(mouse.row.saturating_sub(place.y + 1));
        let height = usize::from(place.height.saturating_sub(2));
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                desk.go_to(pane)?;
                match pane {
                    Pane::Caseload => {
                        if let Some(at) = desk.caseload_line(row, height) {
                            desk.choose(at)?;
                        }
                    }
                    Pane::Goals => {
                        let many = desk.goal_lines().len();
                        desk.goal_at = (panes::scrolled(desk.goal_at, many, height) + row).min(many.saturating_sub(1));
                    }
                    Pane::Appointments => {
                        let many = desk.queue.len();
                        desk.visit_at =
                            (panes::scrolled(desk.visit_at, many, height) + row).min(many.saturating_sub(1));
                    }
                    Pane::Client => {}
                }
            }
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
                let by = if mouse.kind == MouseEventKind::ScrollDown { 1 } else { -1 };
                let before = std::mem::replace(&mut desk.focus, pane);
                desk.step(by)?;
                desk.focus = before;
            }
            _ => return Ok(Some(false)),
        }
        Ok(Some(true))
    }

    fn draw(&mut self, screen: &mut Screen) -> anyhow::Result<()> {
        queue!(screen.backend_mut().writer(), BeginSynchronizedUpdate)?;
        screen.draw(|frame| self.frame(frame))?;
        queue!(screen.backend_mut().writer(), EndSynchronizedUpdate)?;
        std::io::Write::flush(screen.backend_mut().writer())?;
        Ok(())
    }

    fn frame(&mut self, frame: &mut ratatui::Frame<'_>) {
        let area = frame.area();
        let theme = self.theme;
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            let text = format!(
                "This window is too small: {}x{} is the least. It is {}x{}.",
                SMALLEST.0, SMALLEST.1, area.width, area.height
            );
            for (line, y) in text::wrap(&text, usize::from(area.width)).iter().zip(area.y..area.bottom()) {
                panes::put(frame.buffer_mut(), area.x, y, area.width, line, theme.text());
            }
            return;
        }
        let cursor = match &mut self.stage {
            Stage::Gate(gate) => gate.draw(area, frame.buffer_mut(), theme),
            Stage::Covered(_) => {
                let inner = draw::boxed(draw::middle(area, 60, 7), frame.buffer_mut(), "caseload is locked", theme);
                panes::put(
                    frame.buffer_mut(),
                    inner.x + 1,
                    inner.y + 1,
                    inner.width,
                    "This is the demo: Enter opens it again. q leaves.",
                    theme.text(),
                );
                None
            }
            Stage::Desk(desk) => desk.draw_all(area, frame.buffer_mut(), theme),
            Stage::Nothing => None,
        };
        if let Some(cursor) = cursor {
            frame.set_cursor_position(cursor);
        }
    }
}

fn progress(frame: &mut ratatui::Frame<'_>, done: usize, all: usize, theme: Theme) {
    let area = frame.area();
    let inner = draw::boxed(draw::middle(area, 60, 6), frame.buffer_mut(), "Importing", theme);
    let columns = usize::from(inner.width).saturating_sub(2);
    let full = done * columns / all.max(1);
    let bar = format!("{}{}", "#".repeat(full), ".".repeat(columns - full));
    panes::put(frame.buffer_mut(), inner.x + 1, inner.y + 1, inner.width, &bar, theme.good());
    let text = format!("{done} of {all} rows. Esc stops; nothing is changed then.");
    panes::put(frame.buffer_mut(), inner.x + 1, inner.y + 2, inner.width, &text, theme.text());
}

/// What comes of a key in an overlay.
enum Next {
    Flow(Flow),
    Answer(Answer, String),
}

impl Desk {
    fn draw_all(
        &mut self,
        area: Rect,
        buffer: &mut ratatui::buffer::Buffer,
        theme: Theme,
    ) -> Option<ratatui::layout::Position> {
        self.draw(area, buffer, theme);
        let layout = Layout::of(area, self.focus);
        let moment = self.moment();
        let mut cursor = None;
        // Under a short form the client stays in sight: whom it is about, and how to reach them safely.
        let short = self.form.as_ref().map(form::Form::lines).filter(|lines| lines + 8 <= layout.over.height);
        let about_chosen = self.form.as_ref().is_some_and(|form| Some(form.stream) == self.chosen);
        let place = match short.filter(|_| about_chosen) {
            Some(lines) => {
                let under = Rect { y: layout.over.y + lines, height: layout.over.height - lines, ..layout.over };
                self.draw_beneath(under, buffer, theme);
                Rect { height: lines, ..layout.over }
            }
            None => layout.over,
        };
        if let Some(form) = &mut self.form {
            let name = self.caseload.get(form.stream).map(|facts| facts.name.as_str());
            cursor = form.draw(place, buffer, theme, &moment, name);
        }
        if let Some(overlay) = &self.overlay {
            let body = Rect { y: area.y + 1, height: area.height - 2, ..area };
            cursor = overlay.draw(body, buffer, theme, self);
        }
        cursor
    }

    /// Says in an open question why its answer will not do.
    fn refuse(&mut self, why: &str) {
        match &mut self.overlay {
            Some(Overlay::Ask { trouble, .. }) => *trouble = Some(why.into()),
            _ => self.trouble(why),
        }
    }

    fn form_key(&mut self, key: &KeyEvent) -> anyhow::Result<Flow> {
        let moment = self.moment();
        let Some(form) = self.form.as_mut() else { return Ok(Flow::Stay) };
        if form.key(key, &moment) {
            return Ok(Flow::Stay);
        }
        use action::Action;
        match action::for_key(key, Place::Form) {
            Some(Action::Save) => self.save_form()?,
            Some(Action::NextField) => form.next(&moment),
            Some(Action::PreviousField) => form.previous(&moment),
            Some(Action::OtherValue) => form.other_value(),
            Some(Action::Leave) => self.leave_form(),
            _ if key.code == KeyCode::Enter => self.save_form()?,
            _ if action::for_key(key, Place::Desk) == Some(Action::Lock)
                && key.modifiers.contains(KeyModifiers::CONTROL) =>
            {
                return Ok(Flow::Lock);
            }
            _ => {}
        }
        Ok(Flow::Stay)
    }

    fn filter_key(&mut self, key: &KeyEvent) -> anyhow::Result<Flow> {
        match key.code {
            KeyCode::Esc => {
                self.filter = None;
                self.filtering = false;
            }
            KeyCode::Enter => {
                self.filtering = false;
                if self.filter.as_deref().is_some_and(|filter| filter.trim().is_empty()) {
                    self.filter = None;
                }
            }
            KeyCode::Up => return Ok(self.step(-1).map(|()| Flow::Stay)?),
            KeyCode::Down => return Ok(self.step(1).map(|()| Flow::Stay)?),
            KeyCode::Backspace => drop(self.filter.get_or_insert_default().pop()),
            KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => {
                self.filter.get_or_insert_default().push(c)
            }
            _ => return Ok(Flow::Stay),
        }
        self.list();
        self.reload()?;
        Ok(Flow::Stay)
    }

    fn search(&mut self) -> Result<(), StoreError> {
        if let Some(Overlay::Search { input, hits, at }) = &mut self.overlay {
            *hits = self.store.search(&input.text(), 50)?;
            *at = 0;
        }
        Ok(())
    }

    fn overlay_key(&mut self, key: &KeyEvent) -> anyhow::Result<Next> {
        let stay = Ok(Next::Flow(Flow::Stay));
        let Some(mut overlay) = self.overlay.take() else { return stay };
        if key.code == KeyCode::Esc {
            return stay;
        }
        let by = match key.code {
            KeyCode::Up => -1,
            KeyCode::Down => 1,
            KeyCode::PageUp => -10,
            KeyCode::PageDown => 10,
            _ => 0,
        };
        let moved = |at: usize, many: usize| at.saturating_add_signed(by).min(many.saturating_sub(1));
        match &mut overlay {
            Overlay::Help { scroll } | Overlay::Reading { scroll, .. } => match key.code {
                KeyCode::Char('q' | '?') | KeyCode::Enter => return stay,
                KeyCode::Char('j') => *scroll += 1,
                KeyCode::Char('k') => *scroll = scroll.saturating_sub(1),
                _ => *scroll = scroll.saturating_add_signed(by).min(10_000),
            },
            Overlay::Palette { input, found, at } => {
                if key.code == KeyCode::Enter {
                    return Ok(Next::Flow(match found.get(*at) {
                        Some(entry) => self.act(entry.action, None)?,
                        None => Flow::Stay,
                    }));
                }
                *at = moved(*at, found.len());
                if input.key(key) {
                    *found = overlay::matching(&input.text());
                    *at = 0;
                }
            }
            Overlay::Search { input, hits, at } => {
                if key.code == KeyCode::Enter {
                    if let Some(hit) = hits.get(*at) {
                        let client = hit.client;
                        self.choose_client(client)?;
                        self.go_to(Pane::Client)?;
                    }
                    return stay;
                }
                *at = moved(*at, hits.len());
                if input.key(key) {
                    self.overlay = Some(overlay);
                    self.search()?;
                    return stay;
                }
            }
            Overlay::Menu(menu) => {
                let by_key = match key.code {
                    KeyCode::Char(c) => menu.items.iter().position(|item| item.key == Some(c)),
                    KeyCode::Enter => Some(menu.at),
                    _ => None,
                };
                if let Some(item) = by_key.and_then(|at| menu.items.get(at)) {
                    return Ok(Next::Flow(self.pick(item.choice.clone())?));
                }
                menu.at = moved(menu.at, menu.items.len());
            }
            Overlay::Records { rows, at } => {
                let chosen = rows.get(*at).map(|shown| (shown.record, shown.row, shown.text.clone()));
                match (key.code, chosen) {
                    (KeyCode::Enter | KeyCode::Char('e'), Some((record, row, _))) => {
                        self.edit_row(record, row)?;
                        return stay;
                    }
                    (KeyCode::Char('h'), Some((_, row, _))) => {
                        self.history(Some(row))?;
                        return stay;
                    }
                    (KeyCode::Delete | KeyCode::Char('x'), Some((record, row, text))) if !record.opens_stream() => {
                        let question = format!("Delete the {}: {text}?", record.label.to_lowercase());
                        self.overlay = Some(overlay::Menu::confirm(
                            question,
                            "Yes, delete it",
                            overlay::Pick::Delete(record, row),
                        ));
                        return stay;
                    }
                    (KeyCode::Char('q'), _) => return stay,
                    _ => *at = moved(*at, rows.len()),
                }
            }
            Overlay::Ask { input, answer, trouble, .. } => {
                if key.code == KeyCode::Enter {
                    let (answer, typed) = (*answer, input.text());
                    self.overlay = Some(overlay);
                    return Ok(Next::Answer(answer, typed));
                }
                if input.key(key) {
                    *trouble = None;
                }
            }
        }
        self.overlay = Some(overlay);
        stay
    }
}

#[cfg(test)]
mod tests;
