//! What people set differently in two places, side by side, to choose from.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{Change, Kind, Value};
use crate::store::{Conflict, StoreError};

use super::desk::Desk;
use super::draw::{boxed, middle};
use super::overlay::Overlay;
use super::panes::put;
use super::text::{cell, wrap};
use super::theme::Theme;

/// The list, and where in it one is.
pub struct Choose {
    conflicts: Vec<Conflict>,
    at: usize,
    side: usize,
}

impl Desk {
    /// All that waits for a choice, what is about the chosen client first.
    pub(super) fn conflicts(&mut self) -> Result<(), StoreError> {
        let mut conflicts = self.store.conflicts(None)?;
        let chosen = self.chosen;
        conflicts.sort_by_key(|one| Some(one.client) != chosen);
        if conflicts.is_empty() {
            self.say("Nothing waits for a choice.");
        } else {
            self.overlay = Some(Overlay::Choose(Choose { conflicts, at: 0, side: 0 }));
        }
        Ok(())
    }

    /// A key while choosing; gives back what stays open.
    pub(super) fn choose_key(&mut self, mut choose: Choose, key: &KeyEvent) -> Result<Option<Choose>, StoreError> {
        let Some(conflict) = choose.conflicts.get(choose.at) else { return Ok(None) };
        let sides = conflict.sides.len();
        let long = conflict.field.is_some_and(|field| matches!(field.kind, Kind::Text));
        let taken = match key.code {
            KeyCode::Left => {
                choose.side = (choose.side + sides.max(1) - 1) % sides.max(1);
                return Ok(Some(choose));
            }
            KeyCode::Right | KeyCode::Tab => {
                choose.side = (choose.side + 1) % sides.max(1);
                return Ok(Some(choose));
            }
            KeyCode::Up | KeyCode::Down => {
                let many = choose.conflicts.len();
                let step = if key.code == KeyCode::Down { 1 } else { many - 1 };
                (choose.at, choose.side) = ((choose.at + step) % many, 0);
                return Ok(Some(choose));
            }
            KeyCode::Char('e') => {
                let (record, row) = (conflict.record, conflict.row);
                self.edit_row(record, row)?;
                return Ok(None);
            }
            KeyCode::Char('b') if long => None,
            KeyCode::Enter => Some(choose.side),
            KeyCode::Char(c) => match c.to_digit(10).and_then(|n| (n as usize).checked_sub(1)) {
                Some(side) if side < sides => Some(side),
                _ => return Ok(Some(choose)),
            },
            _ => return Ok(Some(choose)),
        };
        let mut change = Change::new("choose between two values");
        match (conflict.field, taken) {
            (Some(field), Some(side)) => {
                change.set(conflict.row, field.id, conflict.sides[side].value.clone());
            }
            (Some(field), None) => {
                let all: Vec<String> = conflict.sides.iter().map(|side| side.value.plain()).collect();
                change.set(conflict.row, field.id, Value::text(all.join("\n\n")));
            }
            // The row itself: the first side keeps it, the second lets it go.
            (None, Some(0)) => {
                change.keep(conflict.record, conflict.row);
            }
            (None, _) => {
                change.delete(conflict.record, conflict.row);
            }
        }
        match self.commit(&change) {
            Ok(()) => self.say(format!("Chosen. {} undoes it.", self.keys.first_of("undo"))),
            Err(error) => {
                self.trouble(error);
                return Ok(Some(choose));
            }
        }
        choose.conflicts.remove(choose.at);
        choose.at = choose.at.min(choose.conflicts.len().saturating_sub(1));
        choose.side = 0;
        Ok((!choose.conflicts.is_empty()).then_some(choose))
    }
}

impl Choose {
    pub(super) fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme, desk: &Desk) {
        let Some(conflict) = self.conflicts.get(self.at) else { return };
        let title = format!("Set differently in two places: {} of {}", self.at + 1, self.conflicts.len());
        let inner = boxed(middle(area, 110, area.height.min(24)), buffer, &title, theme);
        let name = desk.caseload.get(desk.store.root(conflict.client).unwrap_or(conflict.client));
        let name = name.map_or("", |facts| facts.name.as_str());
        let what = match conflict.field {
            Some(field) => format!("{name}: {}", field.label),
            None => format!("{name}: deleted in one place, edited in the other"),
        };
        let row = desk.store.row_of(conflict.record, conflict.row).ok().flatten();
        let about = row.map_or(String::new(), |row| desk.in_short(&row));
        put(buffer, inner.x, inner.y, inner.width, &what, theme.heading());
        put(buffer, inner.x, inner.y + 1, inner.width, &format!("{}  {about}", conflict.record.label), theme.quiet());
        let help = "1 2 takes one   e edits   Up Down the next   Esc later";
        let long = conflict.field.is_some_and(|field| matches!(field.kind, Kind::Text));
        let help = if long { format!("b both   {help}") } else { help.to_string() };
        let bottom = inner.bottom().saturating_sub(1);
        put(buffer, inner.x, bottom, inner.width, &help, theme.key());
        // Side by side where there is room for it; under each other for a narrow screen and for a screen reader.
        let sides = conflict.sides.len().max(1) as u16;
        let beside = !theme.plain && inner.width / sides >= 30;
        let body = Rect { y: inner.y + 3, height: bottom.saturating_sub(inner.y + 3), ..inner };
        for (side, at) in conflict.sides.iter().zip(0u16..) {
            let place = if beside {
                let width = body.width / sides;
                Rect { x: body.x + at * width, width: width.saturating_sub(2), ..body }
            } else {
                let height = (body.height / sides).max(3);
                Rect { y: body.y + at * height, height, ..body }.intersection(body)
            };
            let chosen = usize::from(at) == self.side;
            let mark = if chosen { ">" } else { " " };
            let from = if side.imported { "from a file" } else { side.who.as_str() };
            let head = format!("{mark}{} {from}, {}", at + 1, side.when.format("%-d %b %Y %H:%M"));
            let style = if chosen { theme.bar() } else { theme.strong() };
            put(buffer, place.x, place.y, place.width, &cell(&head, usize::from(place.width)), style);
            let text = match (conflict.field, at) {
                (None, 0) => "Keep it".to_string(),
                (None, _) => "Delete it".to_string(),
                (Some(_), _) if side.value.is_empty() => "(nothing)".into(),
                (Some(field), _) => field.shown(&side.value),
            };
            let lines = wrap(&text, usize::from(place.width));
            for (line, y) in lines.iter().zip(place.y + 1..place.bottom()) {
                put(buffer, place.x, y, place.width, line, theme.text());
            }
            let room = usize::from(place.height.saturating_sub(1));
            if lines.len() > room && room > 0 {
                put(buffer, place.x, place.bottom() - 1, place.width, "... more: e shows all of it", theme.quiet());
            }
        }
    }
}
