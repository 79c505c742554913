//! The quick form and its result, drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::practice::instruments::{Asks, NotScored};
use crate::triage::day_in_words;

use super::super::desk::Desk;
use super::super::draw::{boxed, middle};
use super::super::panes::put;
use super::super::text::{cell, fit, width, wrap};
use super::super::theme::Theme;
use super::{Outcome, Quick};

/// Lines with their looks, made for so many columns.
struct Lines {
    columns: usize,
    all: Vec<(String, Style)>,
}

impl Lines {
    fn say(&mut self, text: &str, style: Style) {
        self.all.extend(wrap(text, self.columns).into_iter().map(|line| (line, style)));
    }

    fn one(&mut self, text: String, style: Style) {
        self.all.push((text, style));
    }
}

impl Quick {
    pub(super) fn draw_form(&self, area: Rect, buffer: &mut Buffer, theme: Theme, desk: &Desk) -> Option<Position> {
        let asked = self.asked();
        let at = asked.iter().position(|item| item.id == self.item).unwrap_or(0);
        let place = match &self.result {
            Some(_) => "result".to_string(),
            None => format!("{} of {}", at + 1, asked.len()),
        };
        let title = format!("{}: {}, {place}", self.instrument().name, self.name);
        let inner = boxed(middle(area, 100, area.height), buffer, &title, theme);
        let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
        match &self.result {
            Some(result) => self.draw_result(result, inner, buffer, theme, desk),
            None => self.draw_items(inner, buffer, theme),
        }
        None
    }

    fn draw_items(&self, inner: Rect, buffer: &mut Buffer, theme: Theme) {
        let columns = usize::from(inner.width);
        let instrument = self.instrument();
        let mut head = Lines { columns, all: Vec::new() };
        if instrument.licensed {
            head.say("Ask from the official form: its wording is not here, only short labels.", theme.warning());
        } else {
            head.one(fit(&instrument.about, columns), theme.quiet());
        }
        if let Some(last) = &self.last {
            head.one(fit(&format!("Before: {last}"), columns), theme.quiet());
        }
        let mut foot = Lines { columns, all: Vec::new() };
        let alerts = instrument.alerts(&self.answers);
        for alert in alerts.iter().filter(|alert| alert.now) {
            foot.say(&format!("!! {}", alert.says), theme.danger());
        }
        // Room for the item at hand comes first; what is said at once is said again at the end in full.
        foot.all.truncate(usize::from(inner.height / 3).max(2));
        if alerts.iter().any(|alert| alert.now) {
            let taken = self.current().is_some_and(|item| item.by_key('c').is_some());
            foot.one(format!("{} crisis", if taken { "Ctrl-k" } else { "c" }), theme.key());
        }
        if let Some(wrong) = &self.wrong {
            foot.say(&format!("! {wrong}"), theme.danger());
        }
        foot.one("Backspace back  Space pass  End result  Esc for later".into(), theme.key());
        let (mut lines, mut from, mut until) = (Lines { columns, all: Vec::new() }, 0, 0);
        let asked = self.asked();
        for (item, number) in asked.iter().zip(1..) {
            let current = item.id == self.item;
            let answer = match self.answers.get(item.id.as_str()) {
                Some(value) => item.in_words(value),
                None if item.optional => "(may stay open)".into(),
                None => "-".into(),
            };
            let mark = if current { ">" } else { " " };
            let answer = fit(&answer, columns / 2);
            let room = columns.saturating_sub(width(&answer) + 2);
            let text = format!("{} {answer}", cell(&format!("{mark}{number:>2} {}", item.label), room));
            if current {
                from = lines.all.len();
            }
            lines.one(text, if current { theme.bar() } else { theme.text() });
            if !current {
                continue;
            }
            match &item.asks {
                Asks::OneOf(choices) => {
                    for choice in choices {
                        let chosen = self.answers.get(item.id.as_str()) == Some(choice.value);
                        let mark = if chosen { "*" } else { " " };
                        lines.one(format!("    {mark} {}  {}", choice.key, choice.label), theme.strong());
                    }
                }
                Asks::Number { min, max, unit, .. } => {
                    let typed = format!("      [{}_] {unit}   {min} to {max}, then Enter", self.typed);
                    lines.one(typed, theme.strong());
                }
            }
            until = lines.all.len();
        }
        let mut y = inner.y;
        for (line, style) in &head.all {
            put(buffer, inner.x, y, inner.width, line, *style);
            y += 1;
        }
        let foot_y = inner.bottom().saturating_sub(foot.all.len() as u16);
        let room = usize::from(foot_y.saturating_sub(y));
        // The item at hand with all its choices is in sight, and something of what comes after.
        let top =
            if lines.all.len() <= room { 0 } else { (until + 2).min(lines.all.len()).saturating_sub(room).min(from) };
        for ((line, style), y) in lines.all.iter().skip(top).zip(y..foot_y) {
            put(buffer, inner.x, y, inner.width, line, *style);
        }
        for ((line, style), y) in foot.all.iter().zip(foot_y..inner.bottom()) {
            put(buffer, inner.x, y, inner.width, line, *style);
        }
    }

    fn draw_result(&self, result: &Outcome, inner: Rect, buffer: &mut Buffer, theme: Theme, desk: &Desk) {
        let mut lines = Lines { columns: usize::from(inner.width), all: Vec::new() };
        let mut chosen = None;
        let hint = match self.instrument().score(&self.answers) {
            Ok(scored) => {
                lines.say(&scored.says(), theme.bar());
                if let Some(last) = &self.last {
                    lines.say(&format!("Before: {last}"), theme.quiet());
                }
                for part in &scored.subscales {
                    lines.say(&format!("{}: {}", part.name, part.says()), theme.text());
                }
                if !scored.unanswered.is_empty() {
                    let labels: Vec<&str> = scored
                        .unanswered
                        .iter()
                        .filter_map(|id| self.instrument().item(id.as_str()))
                        .map(|item| item.label.as_str())
                        .collect();
                    lines.say(&format!("Without an answer: {}", labels.join(", ")), theme.warning());
                }
                for alert in &scored.alerts {
                    let (mark, style) = if alert.now { ("!!", theme.danger()) } else { (" !", theme.warning()) };
                    lines.say(&format!("{mark} {}", alert.says), style);
                }
                if !scored.to_ask.is_empty() {
                    let what = scored.to_ask.join(", ");
                    lines.say(&format!("!! Not asked yet, and the answer may not wait: {what}"), theme.danger());
                }
                for asks in scored.band_asks() {
                    lines.say(&format!("-> {asks}"), theme.strong());
                }
                let again = self.instrument().due_again(self.on, &scored);
                let again = again.map_or("when there is a reason to".into(), |day| day_in_words(day, desk.today));
                let on = day_in_words(self.on, desk.today);
                lines.say(&format!("Answered {on}. To be done again {again}."), theme.text());
                if !result.needs.is_empty() {
                    lines.one(String::new(), theme.text());
                    lines.say("Needs found; those ticked are added with it:", theme.heading());
                }
                for ((need, ticked), number) in result.needs.iter().zip(0..) {
                    if number == result.at {
                        chosen = Some(lines.all.len());
                    }
                    let key = if number < 9 { (number + 1).to_string() } else { " ".into() };
                    let tick = if *ticked { "x" } else { " " };
                    let text = format!(" {key} [{tick}] {}, {}", need.what, need.severity.label().to_lowercase());
                    lines.one(text, if number == result.at { theme.bar() } else { theme.text() });
                }
                match self.edits {
                    true => "Enter saves  Backspace items  d day  e notes  Esc leaves",
                    false => "Enter saves  Backspace items  d day  c crisis  Esc later",
                }
            }
            Err(why) => {
                lines.say(&why.to_string(), theme.danger());
                if let NotScored::Incomplete { alerts, .. } = &why {
                    for alert in alerts.iter().filter(|alert| alert.now) {
                        lines.say(&format!("!! {}", alert.says), theme.danger());
                    }
                }
                lines.say("Enter goes to the first of them. Esc keeps what was answered for later.", theme.text());
                "Enter goes on  Backspace items  c crisis  Esc later"
            }
        };
        let list = Rect { height: inner.height.saturating_sub(1), ..inner };
        let room = usize::from(list.height);
        let most = lines.all.len().saturating_sub(room);
        let into_sight = chosen.map_or(0, |chosen| (chosen + 2).saturating_sub(room));
        let top = result.scroll.max(into_sight).min(most);
        for ((line, style), y) in lines.all.iter().skip(top).zip(list.y..list.bottom()) {
            put(buffer, list.x, y, list.width, line, *style);
        }
        put(buffer, inner.x, inner.bottom().saturating_sub(1), inner.width, hint, theme.key());
    }
}
