//! The resource directory on the screen: found as one types, opened, and referred to.
//!
//! It is read once when it opens; thousands of resources stay fast.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::hours::Hours;
use crate::model::records::{referral, resource};
use crate::model::{ResourceStatus, RowId, Value};
use crate::practice::directory::{Answers, CONDITIONS, Entry, Query, answers};
use crate::store::StoreError;

use super::desk::Desk;
use super::draw::{boxed, middle, typing};
use super::form::Form;
use super::overlay::{Line, Overlay};
use super::panes::{put, scrolled};
use super::text::{cell, wrap};
use super::theme::Theme;

pub struct Directory {
    entries: Vec<Entry>,
    answers: HashMap<RowId, Answers>,
    now: NaiveDateTime,
    input: Line,
    found: Vec<usize>,
    at: usize,
    /// The chosen one is shown with all that is known of it.
    opened: bool,
}

impl Desk {
    pub(super) fn directory(&mut self) -> Result<(), StoreError> {
        let mut rows = self.store.rows(&resource::TYPE, self.store.worker().id)?;
        rows.sort_by_cached_key(|row| {
            (row.text(resource::organisation).to_lowercase(), row.text(resource::what).to_lowercase())
        });
        let entries: Vec<Entry> = rows.into_iter().map(Entry::new).collect();
        let referrals = self.store.every(&referral::TYPE)?;
        let silent = i64::from(self.rules.practice().agency.referral_silent_days);
        let answers = answers(referrals.iter(), self.today, silent);
        let now = self.moment().now.naive_local();
        let found = Query::default().find(&entries, now);
        let directory = Directory { entries, answers, now, input: Line::default(), found, at: 0, opened: false };
        self.overlay = Some(Overlay::Directory(Box::new(directory)));
        Ok(())
    }

    /// A key in the directory; gives back what stays open.
    pub(super) fn directory_key(
        &mut self,
        mut directory: Box<Directory>,
        key: &KeyEvent,
    ) -> Result<Option<Box<Directory>>, StoreError> {
        let chosen = directory.chosen().map(|entry| entry.row.clone());
        let many = directory.found.len();
        match (key.code, directory.opened, chosen) {
            (KeyCode::Esc, true, _) => directory.opened = false,
            (KeyCode::Esc, false, _) => return Ok(None),
            (KeyCode::Up, ..) => directory.at = directory.at.saturating_sub(1),
            (KeyCode::Down, ..) => directory.at = (directory.at + 1).min(many.saturating_sub(1)),
            (KeyCode::PageUp, ..) => directory.at = directory.at.saturating_sub(10),
            (KeyCode::PageDown, ..) => directory.at = (directory.at + 10).min(many.saturating_sub(1)),
            (KeyCode::Enter, false, Some(_)) => directory.opened = true,
            (KeyCode::Insert, ..) | (KeyCode::Char('+'), ..) => {
                self.form = Some(Form::add(self, &resource::TYPE, Some(self.store.worker().id), Vec::new()));
                return Ok(None);
            }
            (KeyCode::Char('r'), true, Some(row)) => {
                if self.chosen.is_none() {
                    self.trouble("Not now: choose a client first, then open the directory again.");
                    return Ok(Some(directory));
                }
                let mut known = vec![
                    (referral::to, Value::from(row.text(resource::organisation))),
                    (referral::resource, Value::Link(row.id)),
                    (referral::what, Value::from(row.text(resource::what))),
                ];
                known.extend(
                    row.words(resource::domains).first().map(|code| (referral::domain, Value::from(code.as_str()))),
                );
                self.add(&referral::TYPE, known);
                return Ok(None);
            }
            (KeyCode::Char('e'), true, Some(row)) => {
                self.edit_row(&resource::TYPE, row.id)?;
                return Ok(None);
            }
            (KeyCode::Char('q'), true, _) => directory.opened = false,
            (_, true, _) => {}
            (_, false, _) => {
                if directory.input.key(key) {
                    directory.search();
                }
            }
        }
        Ok(Some(directory))
    }
}

impl Directory {
    fn chosen(&self) -> Option<&Entry> {
        self.found.get(self.at).map(|at| &self.entries[*at])
    }

    fn search(&mut self) {
        self.found = Query::parse(&self.input.text()).find(&self.entries, self.now);
        self.at = 0;
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.input.paste(text);
        self.search();
    }

    pub(super) fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme) -> Option<Position> {
        if let Some(entry) = self.chosen().filter(|_| self.opened) {
            self.draw_one(entry, area, buffer, theme);
            return None;
        }
        let title = "Resources: type to find, Enter opens, + adds one, Esc closes";
        let inner = boxed(middle(area, 116, area.height), buffer, title, theme);
        let cursor = typing(&self.input, inner, buffer, theme);
        let hint = format!("{} of {}   {CONDITIONS}", self.found.len(), self.entries.len());
        put(buffer, inner.x, inner.bottom().saturating_sub(1), inner.width, &hint, theme.quiet());
        let list = Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner };
        let top = scrolled(self.at, self.found.len(), usize::from(list.height));
        let columns = usize::from(list.width);
        let wide = columns.saturating_sub(16) / 3;
        for ((at, number), y) in self.found.iter().zip(0..).skip(top).zip(list.y..list.bottom()) {
            let entry = &self.entries[*at];
            let row = &entry.row;
            let text = format!(
                "{} {} {} {}",
                cell(row.text(resource::organisation), wide),
                cell(row.text(resource::what), wide),
                cell(&self.state(entry), 14),
                cell(row.text(resource::place), wide)
            );
            let style = if number == self.at { theme.bar() } else { theme.text() };
            put(buffer, list.x, y, list.width, &cell(&text, columns), style);
        }
        if self.found.is_empty() {
            let text = match self.entries.is_empty() {
                true => "There is no resource yet. + adds one; import takes in a whole directory (Open Referral HSDS).",
                false => "Nothing fits. Take a word or a condition away.",
            };
            for (line, y) in wrap(text, columns.saturating_sub(2)).iter().zip(list.y + 1..list.bottom()) {
                put(buffer, list.x + 2, y, list.width.saturating_sub(2), line, theme.text());
            }
        }
        Some(cursor)
    }

    /// Whether somebody can go there now, in two words.
    fn state(&self, entry: &Entry) -> String {
        match (entry.status(), entry.open_at(self.now)) {
            (ResourceStatus::Closed, _) => "closed down".into(),
            (ResourceStatus::Full, _) => "full".into(),
            (ResourceStatus::Waiting, _) => "waiting list".into(),
            (ResourceStatus::Open, Some(true)) => "open now".into(),
            (ResourceStatus::Open, Some(false)) => "closed now".into(),
            (ResourceStatus::Open, None) => "hours unknown".into(),
        }
    }

    fn draw_one(&self, entry: &Entry, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let row = &entry.row;
        let title = "Resource: r refers the chosen client, e edits, Up Down the next, Esc back";
        let inner = boxed(middle(area, 100, area.height), buffer, title, theme);
        let columns = usize::from(inner.width);
        let mut lines: Vec<(String, bool)> = vec![(row.text(resource::organisation).to_string(), true)];
        for field in
            row.record.fields.iter().filter(|field| field.id != resource::organisation && field.id != resource::key)
        {
            let mut shown = row.shown(field);
            if field.id == resource::hours {
                shown = hours_read(&shown, entry, self.now);
            }
            if shown.trim().is_empty() {
                continue;
            }
            let room = columns.saturating_sub(21);
            for (line, at) in shown.lines().flat_map(|line| wrap(line, room)).zip(0..) {
                let label = if at == 0 { field.label } else { "" };
                lines.push((format!("{} {line}", cell(label, 20)), false));
            }
        }
        let told = self.answers.get(&row.id).map_or("nobody was sent there yet".into(), Answers::in_words);
        lines.push((String::new(), false));
        lines.extend(
            wrap(&format!("{} {told}", cell("Referrals from here", 20)), columns).into_iter().map(|line| (line, false)),
        );
        for ((line, strong), y) in lines.iter().zip(inner.y..inner.bottom()) {
            let style = if *strong { theme.strong() } else { theme.text() };
            put(buffer, inner.x, y, inner.width, line, style);
        }
    }
}

/// The hours as they were written, how they were read, and whether it is open now.
fn hours_read(written: &str, entry: &Entry, now: chrono::NaiveDateTime) -> String {
    let line = entry.hours.as_ref().map(Hours::line).filter(|line| line != written.trim() && !line.is_empty());
    let read = line.map_or(String::new(), |line| format!("read as {line}; "));
    match entry.open_at(now) {
        Some(true) => format!("{written}  ({read}open now)"),
        Some(false) => format!("{written}  ({read}closed now)"),
        None if written.to_lowercase().contains("appointment") => format!("{written}  (call first)"),
        None => format!("{written}  (whether it is open now is not known)"),
    }
}
