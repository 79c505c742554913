//! The four panes, the bar above them and the hint line below. Each draws what the desk holds; none changes it.

mod appointments;
mod caseload;
mod client;
mod goals;
mod practice;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Widget};

use crate::triage::Band;

use super::action::{Action, Entry, Place, TABLE};
use super::desk::{Desk, Pane};
use super::text::{cell, fit, fit_phrases, fitted, width};
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
    pub fn of(area: Rect, focus: Pane, plain: bool) -> Layout {
        let line = |y| Rect { x: area.x, y, width: area.width, height: 1 };
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
        let top = line(area.y);
        let bottom = line(area.bottom().saturating_sub(1));
        if area.width < FOUR.0 || area.height < FOUR.1 || plain {
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
        let layout = Layout::of(area, self.focus, theme.plain);
        self.draw_top(layout.top, buffer, theme);
        let alone = layout.panes.iter().filter(|pane| !pane.is_empty()).count() == 1;
        for pane in Pane::ALL {
            let place = layout.panes[pane as usize];
            if place.is_empty() {
                continue;
            }
            let inner = self.frame(pane, place, buffer, theme, alone);
            match pane {
                Pane::Caseload => self.draw_caseload(inner, buffer, theme),
                Pane::Client => self.draw_client(inner, buffer, theme),
                Pane::Goals => self.draw_goals(self.under_safety(inner, alone, buffer, theme), buffer, theme),
                Pane::Appointments => {
                    self.draw_appointments(self.under_safety(inner, alone, buffer, theme), buffer, theme);
                }
            }
        }
        self.draw_bottom(layout.bottom, buffer, theme);
    }

    /// A step of the tour, over the lower edge of the panes.
    pub fn draw_tour(&self, text: &str, layout: Layout, buffer: &mut Buffer, theme: Theme) {
        let columns = layout.top.width;
        let lines = super::text::wrap(text, usize::from(columns).saturating_sub(4));
        let height = lines.len() as u16 + 2;
        let area = Rect { x: 0, y: layout.bottom.y.saturating_sub(height), width: columns, height };
        let inner = super::draw::boxed(area, buffer, "First steps", theme);
        for (line, y) in lines.iter().zip(inner.y..inner.bottom()) {
            put(buffer, inner.x + 1, y, inner.width.saturating_sub(1), line, theme.text());
        }
    }

    /// The client's page under a form.
    pub fn draw_beneath(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        ratatui::widgets::Clear.render(area, buffer);
        let inner = self.frame(Pane::Client, area, buffer, theme, false);
        self.draw_client(inner, buffer, theme);
    }

    fn frame(&self, pane: Pane, place: Rect, buffer: &mut Buffer, theme: Theme, alone: bool) -> Rect {
        let focused = self.focus == pane;
        if theme.plain {
            // A line that says where one is, then the lines of the pane: nothing that a screen reader would spell out.
            let note = self.note_of(pane).map_or(String::new(), |note| format!(", {note}"));
            let whose = self.heads(pane, usize::from(place.width / 2));
            let title = format!("{}{whose}{note}.", pane.title());
            put(buffer, place.x, place.y, place.width, &title, theme.heading());
            return Rect { y: place.y + 1, height: place.height.saturating_sub(1), ..place };
        }
        let within = usize::from(place.width / 2).saturating_sub(2);
        let note = self.note_of(pane).map(|note| format!(" {} ", fit_phrases(&note, within)));
        // Whose page it is comes before the note, and the note before the names of the other panes.
        let room = usize::from(place.width).saturating_sub(4 + note.as_deref().map_or(0, width));
        let mut title = format!(" {} {}", pane as usize + 1, pane.title());
        title.push_str(&self.heads(pane, room.saturating_sub(width(&title) + 1)));
        title.push(' ');
        for other in Pane::ALL.into_iter().filter(|other| alone && *other != pane) {
            let named = format!("· {} {} ", other as usize + 1, other.title());
            if width(&title) + width(&named) > room {
                break;
            }
            title.push_str(&named);
        }
        let border = if focused { BorderType::Thick } else { BorderType::Plain };
        let style = theme.border(focused);
        let block = Block::bordered().border_type(border).border_style(style).title(title).title_style(style);
        let inner = block.inner(place);
        block.render(place, buffer);
        if let Some(note) = note {
            let x = place.right().saturating_sub(width(&note) as u16 + 2);
            put(buffer, x, place.y, place.width, &note, style);
        }
        inner
    }

    /// Whom the keys are about, behind a pane's title; the list shows it itself, but for those whom it does not hold.
    fn heads(&self, pane: Pane, columns: usize) -> String {
        let Some(chosen) = self.chosen.filter(|_| pane != Pane::Caseload || !self.is_in_list()) else {
            return String::new();
        };
        match pane {
            Pane::Client | Pane::Goals => format!(": {}", self.name_within(chosen, columns.saturating_sub(2))),
            Pane::Appointments => format!(" > {}", self.name_within(chosen, columns.saturating_sub(3))),
            // The list does not hold them, whatever the reason: the keys are about them all the same.
            Pane::Caseload => format!(" > {}, not listed", self.name_within(chosen, columns.saturating_sub(15))),
        }
    }

    /// Where a pane stands alone: how to reach the current client without harm, above the rest.
    pub(super) fn under_safety(&self, area: Rect, alone: bool, buffer: &mut Buffer, theme: Theme) -> Rect {
        let safe = if alone { self.safe_lines(usize::from(area.width)) } else { Vec::new() };
        let Some(first) = safe.first() else { return area };
        put(buffer, area.x, area.y, area.width, &cell(first, usize::from(area.width)), theme.danger());
        if safe.len() > 1 {
            put(buffer, area.right().saturating_sub(2), area.y, 2, " …", theme.danger());
        }
        Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
    }

    /// What stands at the right of a pane's title.
    fn note_of(&self, pane: Pane) -> Option<String> {
        match pane {
            Pane::Caseload => Some(match &self.filter {
                Some(filter) => format!("{} of {} match \"{filter}\"", self.view.len(), self.caseload.facts().len()),
                None if !self.marked.is_empty() => format!("{} marked", self.marked.len()),
                None => self.ordered.label().into(),
            }),
            Pane::Client if self.running => {
                let passed = match self.skipped_in_run() {
                    0 => String::new(),
                    many => format!(", {many} passed over"),
                };
                Some(format!("today's run: {} left{passed}", self.left_in_run().len()))
            }
            Pane::Client if self.is_in_list() => Some(format!("{} of {}", self.at + 1, self.view.len())),
            Pane::Client => self.chosen.map(|_| "not in the list".into()),
            Pane::Goals => self.goals().is_empty().then(|| "none yet".into()),
            Pane::Appointments => Some(self.queue_in_words()),
        }
    }

    fn draw_top(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let bands = self.bands();
        let count = |band| bands.get(&band).copied().unwrap_or(0);
        let day = if area.width < 90 { self.today.format("%a %-d %b") } else { self.today.format("%a %-d %b %Y") };
        let mut left = format!(" caseload  {day}");
        // Who is in crisis stands first, so that a narrow screen never cuts it off.
        if self.crises > 0 {
            left.push_str(&format!("   {} IN CRISIS", self.crises));
        }
        let (now, rest) = (count(Band::Now), count(Band::Today));
        match (now, rest) {
            (0, 0) => left.push_str("   nobody needs you today"),
            _ if area.width >= 70 => left.push_str(&format!("   {now} now, {rest} today")),
            _ => left.push_str(&format!("   {now}+{rest} need you")),
        }
        left.push_str(&format!("   {} active", self.active));
        match self.put_off {
            0 => {}
            many => left.push_str(&format!("   {many} put off")),
        }
        if let Some(own) = self.own_due.as_ref().filter(|_| area.width >= 110) {
            left.push_str(&format!("   {own} ({})", self.keys.first_of("my-practice")));
        }
        let worker = self.store.worker();
        let mut right = format!("{} {}", worker.name, worker.credentials);
        if let Some(synced) = self.synced.filter(|_| area.width >= 90) {
            // By the clock that it was noted by: which day was asked for does not matter.
            right.push_str(&format!("   synced {}", ago(self.store.now().timestamp_millis(), synced)));
        }
        if self.demo {
            right = if area.width < 90 { "DEMO" } else { "DEMO, nothing is kept" }.into();
        } else if self.store.moved().is_some() {
            right.push_str("  MOVED AWAY");
        } else if self.store.read_only() {
            right.push_str("  READ ONLY");
        }
        let timer = self.timer_in_words();
        if !timer.is_empty() {
            // On a narrow screen the timer matters more than whose laptop it is.
            right = if area.width < 90 { timer } else { format!("{timer}   {right}") };
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
            let whom = fit(&message.whom, usize::from(area.width / 2).saturating_sub(2));
            bar(area, buffer, &format!("{mark}{}", message.text), &if_any("  ", &whom, " "), style);
            return;
        }
        if let Some(overlay) = &self.overlay {
            // What lies over the panes takes the keys: theirs would mislead.
            let mut x = area.x + 1;
            for (key, label) in overlay.enter().map(|label| ("Enter", label)).into_iter().chain([("Esc", "close")]) {
                x += put(buffer, x, area.y, area.width, key, theme.key()) + 1;
                x += put(buffer, x, area.y, area.width, label, theme.text()) + 2;
            }
            return;
        }
        self.hints(area, buffer, theme);
    }
}

/// A text with something before and behind it; nothing where it is empty.
fn if_any(before: &str, text: &str, behind: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{before}{text}{behind}") }
}

/// How long ago something was, to the minute, hour or day.
fn ago(now_ms: i64, then_ms: u64) -> String {
    let minutes = now_ms.saturating_sub(i64::try_from(then_ms).unwrap_or(i64::MAX)).max(0) / 60_000;
    match minutes {
        0 => "just now".into(),
        1..60 => format!("{minutes} min ago"),
        60..2880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

/// One key of the hint line, and where it stands.
pub struct Hint {
    pub x: u16,
    pub width: u16,
    pub action: Action,
    key: String,
    label: &'static str,
}

impl Desk {
    fn hints(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        for hint in self.hint_line(area.width) {
            let x = area.x + hint.x;
            let used = put(buffer, x, area.y, area.right().saturating_sub(x), &hint.key, theme.key()) + 1;
            put(buffer, x + used, area.y, area.right().saturating_sub(x + used), hint.label, theme.text());
        }
    }

    /// The hint line: as many keys as fit, the most wanted first, those of the focused pane before the rest.
    pub fn hint_line(&self, columns: u16) -> Vec<Hint> {
        let place = if self.form.is_some() { Place::Form } else { Place::Desk };
        let mine: &[&str] = match (self.running, self.focus) {
            (true, _) => &["open", "run", "run-back", "log-contact", "snooze"],
            (_, Pane::Caseload) => &["open", "run", "log-contact", "find"],
            (_, Pane::Client) => &["open", "log-contact", "snooze", "timeline"],
            (_, Pane::Goals) => &["open", "add-goal", "add-step", "task-done", "goal-progress"],
            (_, Pane::Appointments) => &["open", "mark-appointment", "add-appointment", "week"],
        };
        let rank = |name: &str, hint: u8| mine.iter().position(|own| *own == name).map_or(10 + hint, |at| at as u8);
        let shown = |entry: &&Entry| {
            entry.place == place
                && (entry.hint > 0 || mine.contains(&entry.name))
                && !self.keys.keys(entry.action).is_empty()
        };
        let mut wanted: Vec<&Entry> = TABLE.iter().filter(shown).collect();
        wanted.sort_by_key(|entry| rank(entry.name, entry.hint));
        // What leads to everything else always stays.
        let always = |entry: &Entry| matches!(entry.name, "commands" | "help" | "quit" | "leave");
        // What a key does while it does it: the run is begun already.
        let label = |entry: &Entry| match entry.action {
            Action::Run if self.running => "next",
            _ => entry.label,
        };
        let cost = |entry: &Entry| width(self.keys.first(entry.action)) + width(label(entry)) + 3;
        let mut room = usize::from(columns)
            .saturating_sub(1 + wanted.iter().filter(|entry| always(entry)).map(|entry| cost(entry)).sum::<usize>());
        let mut hints = Vec::new();
        let mut full = false;
        let mut x = 1;
        let (last, first): (Vec<&Entry>, Vec<&Entry>) = wanted.into_iter().partition(|entry| always(entry));
        for entry in first.into_iter().chain(last) {
            if !always(entry) {
                full |= cost(entry) > room;
                if full {
                    continue;
                }
                room -= cost(entry);
            }
            let key = self.keys.first(entry.action).to_string();
            let wide = (cost(entry) - 2) as u16;
            hints.push(Hint { x, width: wide, action: entry.action, key, label: label(entry) });
            x += wide + 2;
        }
        hints
    }
}

/// Writes text at a place, at most so wide; gives the columns used.
pub fn put(buffer: &mut Buffer, x: u16, y: u16, limit: u16, text: &str, style: Style) -> u16 {
    if limit == 0 || !buffer.area.contains((x, y).into()) {
        return 0;
    }
    let text = fitted(text, usize::from(limit));
    // Plain letters go straight into their cells, up to the one that a mark may still belong to.
    let plain = text.bytes().position(|byte| !byte.is_ascii()).map_or(text.len(), |at| at.saturating_sub(1));
    let (plain, rest) = text.split_at(plain);
    let used = (plain.len() as u16).min(buffer.area.right().saturating_sub(x));
    let from = buffer.index_of(x, y);
    for (letter, cell) in plain.chars().zip(&mut buffer.content[from..from + usize::from(used)]) {
        cell.set_char(letter).set_style(style);
    }
    if rest.is_empty() || x + used >= buffer.area.right() {
        return used;
    }
    let (end, _) = buffer.set_stringn(x + used, y, rest, usize::from(limit - used), style);
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
