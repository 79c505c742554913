//! The four panes, the bar above them and the hint line below. Each draws what the desk holds; none changes it.

mod appointments;
mod caseload;
mod client;
mod goals;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Widget};

use crate::triage::Band;

use super::action::{Place, TABLE};
use super::desk::{Desk, Pane};
use super::text::{cell, fit, width};
use super::theme::Theme;

/// The smallest screen that is usable.
pub const SMALLEST: (u16, u16) = (60, 20);

/// From this size on all four panes are shown at once.
const FOUR: (u16, u16) = (100, 24);

/// Where everything is on a screen of some size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    pub top: Rect,
    /// By [`Pane`]; an empty one is not shown.
    pub panes: [Rect; 4],
    /// Where a form or an overlay may spread.
    pub over: Rect,
    pub bottom: Rect,
}

impl Layout {
    pub fn of(area: Rect, focus: Pane) -> Layout {
        let line = |y| Rect { x: area.x, y, width: area.width, height: 1 };
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
        let top = line(area.y);
        let bottom = line(area.bottom().saturating_sub(1));
        if area.width < FOUR.0 || area.height < FOUR.1 {
            let mut panes = [Rect::default(); 4];
            panes[focus as usize] = body;
            return Layout { top, panes, over: body, bottom };
        }
        let left = (area.width * 40 / 100).clamp(38, 76);
        let right = area.width - left;
        let upper = body.height * 55 / 100;
        let goals = right / 2;
        let at = |x, y, width, height| Rect { x, y, width, height };
        Layout {
            top,
            panes: [
                at(area.x, body.y, left, body.height),
                at(area.x + left, body.y, right, upper),
                at(area.x + left, body.y + upper, goals, body.height - upper),
                at(area.x + left + goals, body.y + upper, right - goals, body.height - upper),
            ],
            over: at(area.x + left, body.y, right, body.height),
            bottom,
        }
    }

    /// The pane at a point.
    pub fn pane_at(&self, x: u16, y: u16) -> Option<Pane> {
        Pane::ALL.into_iter().find(|pane| self.panes[*pane as usize].contains((x, y).into()))
    }
}

impl Desk {
    /// Draws the whole desk but for forms and overlays.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let layout = Layout::of(area, self.focus);
        self.draw_top(layout.top, buffer, theme);
        for pane in Pane::ALL {
            let place = layout.panes[pane as usize];
            if place.is_empty() {
                continue;
            }
            let inner = self.frame(
                pane,
                place,
                buffer,
                theme,
                layout.panes.iter().filter(|pane| !pane.is_empty()).count() == 1,
            );
            match pane {
                Pane::Caseload => self.draw_caseload(inner, buffer, theme),
                Pane::Client => self.draw_client(inner, buffer, theme),
                Pane::Goals => self.draw_goals(inner, buffer, theme),
                Pane::Appointments => self.draw_appointments(inner, buffer, theme),
            }
        }
        self.draw_bottom(layout.bottom, buffer, theme);
    }

    /// The client's page under a form.
    pub fn draw_beneath(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        ratatui::widgets::Clear.render(area, buffer);
        let inner = self.frame(Pane::Client, area, buffer, theme, false);
        self.draw_client(inner, buffer, theme);
    }

    fn frame(&self, pane: Pane, place: Rect, buffer: &mut Buffer, theme: Theme, alone: bool) -> Rect {
        let focused = self.focus == pane;
        let mut title = format!(" {} {} ", pane as usize + 1, pane.title());
        if alone {
            let others = Pane::ALL.into_iter().filter(|other| *other != pane);
            title.push_str(
                &others.map(|other| format!("· {} {} ", other as usize + 1, other.title())).collect::<String>(),
            );
        }
        let border = if focused { BorderType::Thick } else { BorderType::Plain };
        let style = theme.border(focused);
        let block = Block::bordered().border_type(border).border_style(style).title(title).title_style(style);
        let inner = block.inner(place);
        block.render(place, buffer);
        if let Some(note) = self.note_of(pane) {
            let note = fit(&format!(" {note} "), usize::from(place.width / 2));
            let x = place.right().saturating_sub(width(&note) as u16 + 2);
            put(buffer, x, place.y, place.width, &note, style);
        }
        inner
    }

    /// What stands at the right of a pane's title.
    fn note_of(&self, pane: Pane) -> Option<String> {
        match pane {
            Pane::Caseload => Some(match &self.filter {
                Some(filter) => format!("{} of {} match \"{filter}\"", self.view.len(), self.caseload.facts().len()),
                None => "triage order".into(),
            }),
            Pane::Client => (!self.view.is_empty()).then(|| format!("{} of {}", self.at + 1, self.view.len())),
            Pane::Goals => self.goals().is_empty().then(|| "none yet".into()),
            Pane::Appointments => Some(format!("{} ahead", self.queue.len())),
        }
    }

    fn draw_top(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let bands = self.bands();
        let count = |band| bands.get(&band).copied().unwrap_or(0);
        let crisis = self
            .caseload
            .ranked()
            .iter()
            .take(count(Band::Now))
            .filter(|ranked| !self.caseload.facts_of(ranked).crisis.is_empty())
            .count();
        let day = if area.width < 90 { self.today.format("%a %-d %b") } else { self.today.format("%a %-d %b %Y") };
        let mut left = format!(" caseload  {day}");
        // Who is in crisis stands first, so that a narrow screen never cuts it off.
        if crisis > 0 {
            left.push_str(&format!("   {crisis} IN CRISIS"));
        }
        match count(Band::Now) + count(Band::Today) {
            0 => left.push_str("   nobody needs you today"),
            1 => left.push_str("   1 needs you today"),
            many => left.push_str(&format!("   {many} need you today")),
        }
        left.push_str(&format!("   {} active", self.caseload.ranked().len()));
        let worker = self.store.worker();
        let mut right = format!("{} {}", worker.name, worker.credentials);
        if self.demo {
            right = if area.width < 90 { "DEMO" } else { "DEMO, nothing is kept" }.into();
        } else if self.store.read_only() {
            right.push_str("  READ ONLY");
        }
        bar(area, buffer, &left, &format!("{} ", right.trim()), theme.bar());
    }

    fn draw_bottom(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        if self.filtering {
            let typed = format!(" Find: {}", self.filter.as_deref().unwrap_or(""));
            bar(area, buffer, &typed, "Enter keep  Esc clear ", theme.strong());
            return;
        }
        if let Some(message) = &self.message {
            let style = if message.trouble { theme.danger() } else { theme.good() };
            let mark = if message.trouble { " ! " } else { " " };
            put(
                buffer,
                area.x,
                area.y,
                area.width,
                &cell(&format!("{mark}{}", message.text), usize::from(area.width)),
                style,
            );
            return;
        }
        hints(area, buffer, theme, if self.form.is_some() { Place::Form } else { Place::Desk });
    }
}

/// The hint line: as many keys as fit, the most wanted first.
pub fn hints(area: Rect, buffer: &mut Buffer, theme: Theme, place: Place) {
    let mut wanted: Vec<_> = TABLE.iter().filter(|entry| entry.place == place && entry.hint > 0).collect();
    wanted.sort_by_key(|entry| entry.hint);
    // What leads to everything else always stays.
    let always: Vec<_> =
        wanted.iter().copied().filter(|entry| matches!(entry.name, "commands" | "help" | "quit" | "leave")).collect();
    let cost = |entry: &super::action::Entry| width(entry.keys.first().unwrap_or(&"")) + width(entry.label) + 3;
    let mut room = usize::from(area.width).saturating_sub(1 + always.iter().map(|entry| cost(entry)).sum::<usize>());
    let mut shown = Vec::new();
    for entry in wanted.iter().copied().filter(|entry| !always.iter().any(|kept| kept.name == entry.name)) {
        match room.checked_sub(cost(entry)) {
            Some(left) => room = left,
            None => break,
        }
        shown.push(entry);
    }
    let mut x = area.x + 1;
    for entry in shown.into_iter().chain(always) {
        let limit = area.right().saturating_sub(x);
        x += put(buffer, x, area.y, limit, entry.keys.first().unwrap_or(&""), theme.key()) + 1;
        let limit = area.right().saturating_sub(x);
        x += put(buffer, x, area.y, limit, entry.label, theme.text()) + 2;
    }
}

/// Writes text at a place, at most so wide; gives the columns used.
pub fn put(buffer: &mut Buffer, x: u16, y: u16, limit: u16, text: &str, style: Style) -> u16 {
    if limit == 0 || !buffer.area.contains((x, y).into()) {
        return 0;
    }
    let text = fit(text, usize::from(limit));
    if text.is_ascii() {
        let limit = buffer.area.right().saturating_sub(x);
        let used = (text.len() as u16).min(limit);
        for (letter, x) in text.bytes().zip(x..x + used) {
            buffer[(x, y)].set_char(char::from(letter)).set_style(style);
        }
        return used;
    }
    let (end, _) = buffer.set_stringn(x, y, &text, usize::from(limit), style);
    end.saturating_sub(x)
}

/// A line with something at either end.
pub fn bar(area: Rect, buffer: &mut Buffer, left: &str, right: &str, style: Style) {
    let columns = usize::from(area.width);
    let right = fit(right, columns / 2);
    let room = columns.saturating_sub(width(&right));
    let text = format!("{}{right}", cell(left, room));
    put(buffer, area.x, area.y, area.width, &text, style);
}

/// The first line shown so that the chosen one is in sight.
pub fn scrolled(at: usize, lines: usize, height: usize) -> usize {
    if lines <= height {
        return 0;
    }
    at.saturating_sub(height / 2).min(lines - height)
}
