//! Before the desk: the first run, the passphrase, the recovery key. While the gate is shut no name is on the screen and
//! the file is closed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use zeroize::{Zeroize, Zeroizing};

use crate::model::{List, RowId};
use crate::store::{
    Left, Passphrase, Store, StoreError, Worker, make_folder_for, state_folder, unfit, wall_clock, weakness,
};

use super::draw::{boxed, middle};
use super::panes::put;
use super::text::{width, wrap};
use super::theme::Theme;

pub enum Gate {
    /// There is no file yet.
    Welcome(Welcome),
    /// The recovery key, shown once.
    Recovery {
        key: Zeroizing<String>,
        store: Box<Store>,
        typed: String,
    },
    Locked(Locked),
}

pub struct Welcome {
    file: PathBuf,
    name: String,
    area: usize,
    first: Zeroizing<String>,
    /// What is to be said against it, worked out when it changes.
    weak: Option<String>,
    second: Zeroizing<String>,
    at: usize,
    trouble: Option<String>,
}

pub struct Locked {
    file: PathBuf,
    typed: Zeroizing<String>,
    failed: u32,
    until: Option<Instant>,
    trouble: Option<String>,
    why: &'static str,
}

/// What comes of a key at the gate.
pub enum Step {
    Next(Gate),
    Open(Box<Store>),
    Demo,
    Quit,
}

impl Gate {
    /// The gate that fits a file.
    pub fn for_file(file: &Path) -> Gate {
        if file.exists() {
            return Gate::locked(file, "");
        }
        Gate::Welcome(Welcome {
            file: file.into(),
            name: String::new(),
            area: List::Area.choices().iter().position(|area| area.code == "social-work").unwrap_or(0),
            first: Zeroizing::default(),
            weak: None,
            second: Zeroizing::default(),
            at: 0,
            trouble: None,
        })
    }

    pub fn locked(file: &Path, why: &'static str) -> Gate {
        let file = file.to_path_buf();
        Gate::Locked(Locked { file, typed: Zeroizing::default(), failed: 0, until: None, trouble: None, why })
    }

    /// How long until the gate must be drawn again by itself.
    pub fn wakes(&self) -> Option<Duration> {
        match self {
            Gate::Locked(Locked { until: Some(until), .. }) => {
                let left = until.saturating_duration_since(Instant::now());
                Some(left.min(Duration::from_secs(1)) + Duration::from_millis(10))
            }
            _ => None,
        }
    }

    pub fn key(self, key: &KeyEvent) -> Step {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Step::Quit;
        }
        match self {
            Gate::Welcome(welcome) => welcome.key(key),
            Gate::Locked(locked) => locked.key(key),
            Gate::Recovery { key: recovery, store, mut typed } => {
                match key.code {
                    KeyCode::Char(c) => typed.extend(c.to_lowercase()),
                    KeyCode::Backspace => drop(typed.pop()),
                    KeyCode::Enter if typed.trim() == "yes" => return Step::Open(store),
                    _ => {}
                }
                Step::Next(Gate::Recovery { key: recovery, store, typed })
            }
        }
    }

    pub fn paste(&mut self, text: &str) {
        let text = text.lines().next().unwrap_or("");
        match self {
            Gate::Welcome(welcome) => match welcome.at {
                0 => welcome.name.push_str(&crate::model::text::one_line(text)),
                2 => {
                    welcome.first.push_str(text);
                    welcome.weak = weakness(&welcome.first);
                }
                3 => welcome.second.push_str(text),
                _ => {}
            },
            Gate::Locked(locked) => locked.typed.push_str(text),
            Gate::Recovery { .. } => {}
        }
    }

    pub fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme) -> Option<Position> {
        match self {
            Gate::Welcome(welcome) => welcome.draw(area, buffer, theme),
            Gate::Locked(locked) => locked.draw(area, buffer, theme),
            Gate::Recovery { key, typed, .. } => {
                let inner = boxed(middle(area, 84, 18), buffer, "Your recovery key", theme);
                let lines = [
                    "Write this key down now, on paper, and keep it away from this laptop.",
                    "It is shown this once.",
                    "",
                    key.as_str(),
                    "",
                    "Backups are locked with it: if you forget your passphrase, a backup and this",
                    "key give everything back. Whoever has both can read everything.",
                    "",
                    "Without the passphrase and without this key nobody can open your caseload.",
                ];
                let mut y = inner.y + 1;
                for (at, line) in lines.iter().enumerate() {
                    for part in wrap(line, usize::from(inner.width).saturating_sub(2)) {
                        put(
                            buffer,
                            inner.x + 1,
                            y,
                            inner.width,
                            &part,
                            if at == 3 { theme.strong() } else { theme.text() },
                        );
                        y += 1;
                    }
                }
                y += 1;
                let ask = "Type yes when it is written down, then Enter: ";
                put(buffer, inner.x + 1, y, inner.width, ask, theme.key());
                let x = inner.x + 1 + ask.len() as u16;
                put(buffer, x, y, 10, typed, theme.strong());
                Some(Position { x: x + width(typed) as u16, y })
            }
        }
    }
}

impl Welcome {
    fn key(mut self, key: &KeyEvent) -> Step {
        self.trouble = None;
        match key.code {
            KeyCode::Esc => return Step::Quit,
            KeyCode::F(2) => return Step::Demo,
            KeyCode::Tab | KeyCode::Down => self.at = (self.at + 1) % 4,
            KeyCode::BackTab | KeyCode::Up => self.at = (self.at + 3) % 4,
            KeyCode::Left if self.at == 1 => {
                self.area = self.area.checked_sub(1).unwrap_or(List::Area.choices().len().saturating_sub(1))
            }
            KeyCode::Right | KeyCode::Char(' ') if self.at == 1 => {
                self.area = (self.area + 1) % List::Area.choices().len().max(1)
            }
            KeyCode::Backspace => match self.at {
                0 => drop(self.name.pop()),
                2 => {
                    self.first.pop();
                    self.weak = weakness(&self.first);
                }
                3 => drop(self.second.pop()),
                _ => {}
            },
            KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => match self.at {
                0 => self.name.push(c),
                2 => {
                    self.first.push(c);
                    self.weak = weakness(&self.first);
                }
                3 => self.second.push(c),
                _ => {}
            },
            KeyCode::Char('s') if key.modifiers.contains(KeyModifiers::CONTROL) => return self.create(),
            KeyCode::Enter if self.at < 3 => self.at += 1,
            KeyCode::Enter => return self.create(),
            _ => {}
        }
        Step::Next(Gate::Welcome(self))
    }

    fn create(mut self) -> Step {
        let refuse = |mut welcome: Welcome, at: usize, why: String| {
            welcome.at = at;
            welcome.trouble = Some(why);
            Step::Next(Gate::Welcome(welcome))
        };
        if self.name.trim().is_empty() {
            return refuse(self, 0, "Your name stands under everything you write: please fill it in.".into());
        }
        if let Some(why) = unfit(&self.first) {
            return refuse(self, 2, why);
        }
        if *self.first != *self.second {
            self.second.zeroize();
            return refuse(self, 3, "The two passphrases are not the same: type it once more.".into());
        }
        let now = u64::try_from(chrono::Utc::now().timestamp_millis()).unwrap_or(0);
        let worker = Worker {
            id: RowId::new(now),
            name: self.name.trim().into(),
            credentials: String::new(),
            area: List::Area.choices().get(self.area).map_or("", |area| area.code).into(),
        };
        let passphrase = Passphrase::new(self.first.as_str());
        let made =
            make_folder_for(&self.file).and_then(|()| Store::create(&self.file, &passphrase, &worker, wall_clock()));
        match made {
            Ok((store, key)) => {
                let key = Zeroizing::new(key.printed().to_string());
                Step::Next(Gate::Recovery { key, store: Box::new(store), typed: String::new() })
            }
            Err(error) => {
                let why = error.to_string();
                refuse(self, 0, why)
            }
        }
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme) -> Option<Position> {
        let inner = boxed(middle(area, 76, 19), buffer, "Welcome to caseload", theme);
        let intro = [
            "Your whole caseload in one file on this computer, locked with a passphrase.",
            "Nothing leaves it unless you say so.",
        ];
        let mut y = inner.y;
        for line in intro.iter().flat_map(|line| wrap(line, usize::from(inner.width).saturating_sub(2))) {
            put(buffer, inner.x + 1, y, inner.width, &line, theme.text());
            y += 1;
        }
        y += 1;
        let dots = |text: &str| "*".repeat(text.chars().count());
        let fields = [
            ("Your name", self.name.clone()),
            ("Your practice", format!("< {} >", List::Area.choices().get(self.area).map_or("-", |area| area.label))),
            ("Passphrase", dots(&self.first)),
            ("The same again", dots(&self.second)),
        ];
        let mut cursor = None;
        for (at, (label, text)) in fields.iter().enumerate() {
            let active = at == self.at;
            let style = if active { theme.heading() } else { theme.text() };
            put(buffer, inner.x + 1, y, 18, &format!("{} {label}", if active { ">" } else { " " }), style);
            let x = inner.x + 19;
            let used = put(buffer, x, y, inner.right().saturating_sub(x), text, theme.strong());
            if active {
                cursor = Some(Position { x: if at == 1 { x } else { x + used }, y });
            }
            y += 1;
        }
        y += 1;
        let strength = if self.first.is_empty() {
            "Four or five unrelated words make a passphrase that is strong and can be remembered.".into()
        } else {
            self.weak.clone().unwrap_or_else(|| "This passphrase is strong.".into())
        };
        let (said, style) = match &self.trouble {
            Some(trouble) => (trouble.clone(), theme.danger()),
            None => (strength, theme.quiet()),
        };
        for line in wrap(&said, usize::from(inner.width).saturating_sub(2)) {
            put(buffer, inner.x + 1, y, inner.width, &line, style);
            y += 1;
        }
        let y = inner.bottom().saturating_sub(2);
        put(
            buffer,
            inner.x + 1,
            y,
            inner.width,
            "Enter goes on to the next and at last makes the file. Esc leaves.",
            theme.text(),
        );
        put(buffer, inner.x + 1, y + 1, inner.width, "F2 looks around first, in a made-up caseload.", theme.key());
        cursor
    }
}

impl Locked {
    fn key(mut self, key: &KeyEvent) -> Step {
        if self.until.is_some_and(|until| Instant::now() < until) {
            return Step::Next(Gate::Locked(self));
        }
        self.until = None;
        match key.code {
            KeyCode::Esc => return Step::Quit,
            KeyCode::Backspace => drop(self.typed.pop()),
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => self.typed.zeroize(),
            KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => self.typed.push(c),
            KeyCode::Enter => {
                let opened = open(&self.file, &self.typed);
                self.typed.zeroize();
                match opened {
                    Ok(store) => return Step::Open(Box::new(store)),
                    Err(error) => {
                        if matches!(error, StoreError::WrongPassphrase) {
                            self.failed += 1;
                            let seconds = 1u64 << self.failed.min(6).saturating_sub(1);
                            self.until = Some(Instant::now() + Duration::from_secs(seconds.min(30)));
                        }
                        let hint = error.hint().map(|hint| format!("({hint})"));
                        let told =
                            std::iter::once(error.to_string()).chain(hint).chain(Left::beside(&self.file).told());
                        self.trouble = Some(told.collect::<Vec<_>>().join(" "));
                    }
                }
            }
            _ => {}
        }
        Step::Next(Gate::Locked(self))
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme) -> Option<Position> {
        let inner = boxed(middle(area, 70, 11), buffer, "caseload is locked", theme);
        if !self.why.is_empty() {
            put(buffer, inner.x + 1, inner.y, inner.width, self.why, theme.text());
        }
        let y = inner.y + 2;
        let ask = "Passphrase: ";
        put(buffer, inner.x + 1, y, inner.width, ask, theme.key());
        let x = inner.x + 1 + ask.len() as u16;
        let dots = "*".repeat(self.typed.chars().count());
        let used = put(buffer, x, y, inner.right().saturating_sub(x), &dots, theme.strong());
        let mut y = y + 2;
        if let Some(trouble) = &self.trouble {
            for line in wrap(trouble, usize::from(inner.width).saturating_sub(2)) {
                put(buffer, inner.x + 1, y, inner.width, &line, theme.danger());
                y += 1;
            }
        }
        if let Some(until) = self.until {
            let left = until.saturating_duration_since(Instant::now()).as_secs_f64().ceil() as u64;
            if left > 0 {
                let text =
                    format!("Wait {left} {} before you try again.", if left == 1 { "second" } else { "seconds" });
                put(buffer, inner.x + 1, y, inner.width, &text, theme.text());
            }
        }
        put(
            buffer,
            inner.x + 1,
            inner.bottom().saturating_sub(1),
            inner.width,
            "Enter opens. Esc leaves.",
            theme.quiet(),
        );
        Some(Position { x: x + used, y: inner.y + 2 })
    }
}

/// Unlocks a file.
pub fn open(file: &Path, passphrase: &str) -> Result<Store, StoreError> {
    held(Store::open(file, &Passphrase::new(passphrase), wall_clock())?)
}

/// An open caseload, held against what this machine knows of it.
pub fn held(mut store: Store) -> Result<Store, StoreError> {
    if let Some(folder) = state_folder() {
        store.hold_against(&folder)?;
    }
    store.sweep_unfinished()?;
    Ok(store)
}
