//! Notes kept apart from the chart: read, written and changed on a sheet of their own, by whoever holds a license for them.
//!
//! The promises: they are shown nowhere else; what is typed waits in the file, encrypted, until it is saved or given up; nothing
//! of them goes to the clipboard or to an editor. Called by the action.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;
use ratatui_textarea::{CursorMove, TextArea, WrapMode};
use serde::{Deserialize, Serialize};

use crate::model::records::credential;
use crate::model::{Apart, RowId, text};
use crate::practice::credentials;
use crate::store::{NoteApart, StoreError};

use super::desk::Desk;
use super::draw::{boxed, middle};
use super::overlay::Overlay;
use super::panes::put;
use super::sheet::{Open, Sheet};
use super::text::{cell, wrap};
use super::theme::Theme;

/// Under which name what was typed waits in the file.
const DRAFT: &str = "draft-apart";

pub struct NotesApart {
    client: RowId,
    name: String,
    kinds: Vec<Apart>,
    /// The newest first.
    notes: Vec<NoteApart>,
    at: usize,
    scroll: usize,
    writing: Option<Writing>,
    /// What the next key confirms.
    asked: Option<Asked>,
}

#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Remove,
    Drop,
    Kind,
}

/// A note that is being written.
struct Writing {
    /// The note that is changed; none for a new one.
    id: Option<RowId>,
    kind: Apart,
    area: Box<TextArea<'static>>,
    before: String,
}

/// The same as it waits in the file.
#[derive(Serialize, Deserialize)]
struct Typed {
    client: RowId,
    id: Option<RowId>,
    kind: String,
    text: String,
    before: String,
}

impl Writing {
    fn new(id: Option<RowId>, kind: Apart, words: &str, before: &str) -> Writing {
        let mut area = TextArea::new(text::lines(words).split('\n').map(String::from).collect());
        area.set_cursor_line_style(Style::new());
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.move_cursor(CursorMove::Bottom);
        area.move_cursor(CursorMove::End);
        Writing { id, kind, area: Box::new(area), before: before.into() }
    }

    fn typed(&self) -> String {
        self.area.lines().join("\n")
    }

    fn is_changed(&self) -> bool {
        self.typed() != self.before
    }
}

impl Desk {
    /// Which notes this worker may keep apart, by the credentials that stand in their own log.
    fn keeps_apart(&self) -> Result<Vec<Apart>, StoreError> {
        let held = self.store.rows(&credential::TYPE, self.store.worker().id)?;
        Ok(credentials::keeps_apart(self.rules.practice(), &held, self.today))
    }

    /// The notes on the chosen client that are kept apart.
    pub(super) fn notes_apart(&mut self) -> Result<(), StoreError> {
        let Some(client) = self.chosen else { return Ok(()) };
        let kinds = self.keeps_apart()?;
        if kinds.is_empty() {
            self.trouble("Notes apart are a mental health or addiction professional's own: add your license under my practice (J) first.");
            return Ok(());
        }
        let name = self.caseload.get(client).map_or(String::new(), |facts| facts.name.clone());
        let notes = self.store.notes_apart(client)?;
        let mut sheet = NotesApart { client, name, kinds, notes, at: 0, scroll: 0, writing: None, asked: None };
        let typed = self.store.local(DRAFT)?.and_then(|typed| serde_json::from_slice::<Typed>(&typed).ok());
        if let Some(typed) = typed.filter(|typed| typed.client == client)
            && let Some(kind) = Apart::from_code(&typed.kind)
        {
            sheet.writing = Some(Writing::new(typed.id, kind, &typed.text, &typed.before));
        }
        self.overlay = Some(Overlay::Sheet(Box::new(sheet)));
        Ok(())
    }
}

impl NotesApart {
    fn begin(&mut self, kind: Apart) {
        self.asked = None;
        self.writing = Some(Writing::new(None, kind, "", ""));
    }

    fn save(&mut self, desk: &mut Desk) -> Result<(), StoreError> {
        let Some(writing) = &self.writing else { return Ok(()) };
        let words = writing.typed();
        if words.trim().is_empty() {
            desk.trouble("There is nothing to save yet.");
            return Ok(());
        }
        let saved = match writing.id {
            Some(id) => desk.store.change_apart(id, &words),
            None => {
                let now = desk.store.now();
                desk.store.write_apart(self.client, writing.kind, now, &words).map(drop)
            }
        };
        match saved {
            Ok(()) => {
                self.put_down(desk);
                self.notes = desk.store.notes_apart(self.client)?;
                desk.say("Saved, apart from the chart.");
            }
            // What was typed stays.
            Err(error) => desk.trouble(error),
        }
        Ok(())
    }

    fn put_down(&mut self, desk: &mut Desk) {
        let _ = desk.store.set_local(DRAFT, None);
        self.writing = None;
        self.asked = None;
    }

    fn write(&mut self, key: &KeyEvent, desk: &mut Desk) -> Result<(), StoreError> {
        let held = key.modifiers.contains(KeyModifiers::CONTROL);
        let Some(writing) = &mut self.writing else { return Ok(()) };
        match key.code {
            KeyCode::Char('s') if held => return self.save(desk),
            KeyCode::Esc if !writing.is_changed() || self.asked == Some(Asked::Drop) => {
                self.put_down(desk);
                return Ok(());
            }
            KeyCode::Esc => {
                self.asked = Some(Asked::Drop);
                return Ok(());
            }
            _ if !held => {
                writing.area.input(*key);
            }
            _ => {}
        }
        self.asked = None;
        Ok(())
    }

    fn hint(&self) -> String {
        match (&self.writing, self.asked) {
            (_, Some(Asked::Remove)) => "Del again removes this note  any other key keeps it".into(),
            (_, Some(Asked::Drop)) => "Esc again gives up what was typed  Ctrl-s saves it".into(),
            (_, Some(Asked::Kind)) => "p psychotherapy note  s SUD counseling note  Esc neither".into(),
            (Some(_), None) => "Ctrl-s save  Esc give up".into(),
            (None, None) if self.notes.is_empty() => "n new note  Esc closes".into(),
            (None, None) => "Up/Down choose  n new  e edit  Del remove  PgDn more  Esc closes".into(),
        }
    }
}

impl Sheet for NotesApart {
    fn key(mut self: Box<Self>, key: &KeyEvent, desk: &mut Desk) -> Result<Open, StoreError> {
        if self.writing.is_some() {
            self.write(key, desk)?;
            return Ok(Some(self));
        }
        let asked = self.asked.take();
        match key.code {
            KeyCode::Char('p') if asked == Some(Asked::Kind) => self.begin(Apart::Psychotherapy),
            KeyCode::Char('s') if asked == Some(Asked::Kind) => self.begin(Apart::SudCounseling),
            KeyCode::Delete if asked == Some(Asked::Remove) => {
                if let Some(note) = self.notes.get(self.at) {
                    match desk.store.remove_apart(note.id) {
                        Ok(()) => desk.say("Removed."),
                        Err(error) => desk.trouble(error),
                    }
                }
                self.notes = desk.store.notes_apart(self.client)?;
                self.at = self.at.min(self.notes.len().saturating_sub(1));
            }
            _ if asked.is_some() => {}
            KeyCode::Esc | KeyCode::Char('q') => return Ok(None),
            KeyCode::Char('n') | KeyCode::Char('e') | KeyCode::Delete if desk.store.read_only() => {
                desk.trouble("Not now: this file is read-only.");
            }
            KeyCode::Char('n') => match self.kinds[..] {
                [kind] => self.begin(kind),
                _ => self.asked = Some(Asked::Kind),
            },
            KeyCode::Char('e') | KeyCode::Enter => {
                let writing = |note: &NoteApart| Writing::new(Some(note.id), note.kind, &note.body, &note.body);
                self.writing = self.notes.get(self.at).map(writing);
            }
            KeyCode::Delete if !self.notes.is_empty() => self.asked = Some(Asked::Remove),
            KeyCode::Down | KeyCode::Char('j') => {
                self.at = (self.at + 1).min(self.notes.len().saturating_sub(1));
                self.scroll = 0;
            }
            KeyCode::Up | KeyCode::Char('k') => {
                self.at = self.at.saturating_sub(1);
                self.scroll = 0;
            }
            KeyCode::PageDown => self.scroll = (self.scroll + 8).min(10_000),
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(8),
            _ => {}
        }
        Ok(Some(self))
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme, _desk: &Desk) -> Option<Position> {
        let title = format!("NOTES KEPT APART: {}", self.name);
        let inner = boxed(middle(area, 100, area.height), buffer, &title, theme);
        let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
        let columns = usize::from(inner.width);
        let foot = inner.bottom().saturating_sub(1);
        put(buffer, inner.x, foot, inner.width, &cell(&self.hint(), columns), theme.key());
        let page = Rect { height: inner.height.saturating_sub(1), ..inner };
        if let Some(writing) = &self.writing {
            let what = if writing.id.is_some() { "changed" } else { "new" };
            let head = format!("{}, {what} ({})", writing.kind.label(), writing.kind.rule());
            put(buffer, page.x, page.y, page.width, &cell(&head, columns), theme.heading());
            let typing = Rect { y: page.y + 1, height: page.height.saturating_sub(1), ..page };
            (&*writing.area).render(typing, buffer);
            let at = writing.area.screen_cursor();
            let (rows, columns) = writing.area.scroll_offset();
            let x = typing.x + (at.col as u16).saturating_sub(columns);
            let y = typing.y + (at.row as u16).saturating_sub(rows);
            return Some(Position { x: x.min(typing.right()), y: y.min(typing.bottom()) });
        }
        let mut lines: Vec<(String, Style)> = Vec::new();
        let about = "In no list, page, search, figure or bundle, and on nobody else's laptop: only here, and in this file's own backups.";
        lines.extend(wrap(about, columns).into_iter().map(|line| (line, theme.quiet())));
        lines.push((String::new(), theme.text()));
        if self.notes.is_empty() {
            lines.push(("Nothing yet.".into(), theme.quiet()));
        }
        for (at, note) in self.notes.iter().enumerate() {
            let chosen = at == self.at;
            let mark = if chosen { ">" } else { " " };
            let head = format!("{mark} {}  {}", note.when.format("%a %-d %b %Y %H:%M"), note.kind.label());
            lines.push((cell(&head, columns), if chosen { theme.strong() } else { theme.text() }));
            if !chosen {
                continue;
            }
            let body = text::lines(&note.body);
            for line in body.split('\n').flat_map(|line| wrap(line, columns.saturating_sub(4))) {
                lines.push((format!("    {line}"), theme.text()));
            }
            lines.extend(note.given.iter().map(|given| (cell(&format!("    Given {given}"), columns), theme.quiet())));
        }
        let top = self.scroll.min(lines.len().saturating_sub(usize::from(page.height)));
        for ((line, style), y) in lines.iter().skip(top).zip(page.y..page.bottom()) {
            put(buffer, page.x, y, page.width, line, *style);
        }
        None
    }

    fn paste(&mut self, pasted: &str) {
        if let Some(writing) = &mut self.writing {
            writing.area.insert_str(text::lines(pasted));
        }
    }

    fn unsaved(&self) -> Option<(&'static str, Vec<u8>)> {
        let writing = self.writing.as_ref().filter(|writing| writing.is_changed())?;
        let typed = Typed {
            client: self.client,
            id: writing.id,
            kind: writing.kind.code().into(),
            text: writing.typed(),
            before: writing.before.clone(),
        };
        Some((DRAFT, serde_json::to_vec(&typed).ok()?))
    }
}
