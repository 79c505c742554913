//! The crisis screen, drawn: the checklist beside whom to call and the safety plan; under each other where it is narrow.

use chrono::{DateTime, FixedOffset};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::model::Moment;
use crate::model::records::incident;
use crate::practice::incident::{self as pure, By, Step};

use super::super::draw::boxed;
use super::super::panes::put;
use super::super::text::wrap;
use super::super::theme::Theme;
use super::{Crisis, kind_name, report_in_words};

type Lines = Vec<(String, Style)>;

/// From this many columns on the two halves stand beside each other.
const BESIDE: u16 = 74;

impl Crisis {
    pub(super) fn draw_screen(
        &self,
        area: Rect,
        buffer: &mut Buffer,
        theme: Theme,
        moment: &Moment,
    ) -> Option<Position> {
        let now = moment.now;
        let title = format!("{}: {}", kind_name(&self.row).to_uppercase(), self.name);
        let inner = boxed(area, buffer, &title, theme);
        let columns = usize::from(inner.width);
        let mut y = inner.y;
        for (line, style) in self.head(columns, theme, moment) {
            if y < inner.y + inner.height / 2 {
                put(buffer, inner.x, y, inner.width, &line, style);
                y += 1;
            }
        }
        let foot = self.foot(columns, theme);
        let foot_y = inner.bottom().saturating_sub(foot.len() as u16);
        for ((line, style), y) in foot.iter().zip(foot_y..inner.bottom()) {
            put(buffer, inner.x, y, inner.width, line, *style);
        }
        let body = Rect { y, height: foot_y.saturating_sub(y), ..inner };
        if inner.width >= BESIDE && !theme.plain {
            let left = inner.width * 54 / 100;
            let right = Rect { x: inner.x + left + 1, width: inner.width - left - 1, ..body };
            show(&self.steps(usize::from(left), theme, now), Rect { width: left, ..body }, 0, buffer, theme);
            show(&self.help(usize::from(right.width), theme), right, self.scroll, buffer, theme);
        } else {
            // Where there is no room beside it, the first number to call still stands in sight.
            let first = self.calls.first().map(|call| (call.clone(), theme.strong()));
            let mut all: Lines = first.into_iter().collect();
            all.extend(self.steps(columns, theme, now));
            all.extend(self.help(columns, theme));
            show(&all, body, self.scroll, buffer, theme);
        }
        let typing = self.typing.as_ref()?;
        let x = inner.x + 2 + typing.line.cursor() as u16;
        Some(Position { x: x.min(inner.right().saturating_sub(1)), y: inner.bottom().saturating_sub(1) })
    }

    /// When it began, the report's clock, and how to reach the person without harm.
    fn head(&self, columns: usize, theme: Theme, moment: &Moment) -> Lines {
        let now = moment.now;
        let began = moment.local(self.began(now));
        let passed = pure::span((now - began).num_minutes());
        let day = if began.date_naive() == now.date_naive() { "%H:%M" } else { "%-d %b %H:%M" };
        let mut lines = Lines::new();
        let mut say =
            |text: &str, style: Style| lines.extend(wrap(text, columns).into_iter().map(|line| (line, style)));
        match self.row.time(incident::resolved) {
            Some(over) => say(&format!("Over since {}", moment.local(over).format("%-d %b %H:%M")), theme.good()),
            None => {
                let done = pure::ticks(&self.row).len();
                let all = self.kind.as_ref().map_or(0, |kind| kind.steps.len());
                let text = format!("Began {}, {passed} ago.  {done} of {all} done.", began.format(day));
                say(&text, theme.strong());
            }
        }
        let to = self.kind.as_ref().map_or("", |kind| kind.report.as_str());
        let to = to.split([':', '(']).next().unwrap_or("").trim();
        for by in [By::Phone, By::Writing] {
            if let Some(words) = report_in_words(&self.row, by, moment) {
                let to = if by == By::Phone { format!(": {to}") } else { String::new() };
                say(&format!("{words}{to}. m: made"), theme.danger());
            } else if let Some(pure::ReportClock::Made(at)) = pure::report_clock(&self.row, by, now) {
                let way = if by == By::Phone { "made by phone" } else { "sent in writing" };
                say(&format!("Report {way} {}", moment.local(at).format("%-d %b %H:%M")), theme.good());
            }
        }
        for text in &self.safe {
            say(text, theme.danger());
        }
        lines
    }

    fn steps(&self, columns: usize, theme: Theme, now: DateTime<FixedOffset>) -> Lines {
        let mut lines = Lines::new();
        let Some(kind) = &self.kind else {
            let text = "Your agency's files do not know this kind: there is no checklist.";
            return wrap(text, columns).into_iter().map(|line| (line, theme.warning())).collect();
        };
        let ticks = pure::ticks(&self.row);
        for (step, number) in kind.steps.iter().zip(1..) {
            let key = if number < 10 {
                number.to_string()
            } else if number == 10 {
                "0".into()
            } else {
                " ".into()
            };
            let (mark, text, style) = match pure::standing(step, &ticks, self.began(now), now) {
                Step::Done(at) => ("x", format!("{} {}", at.format("%H:%M"), step.what), theme.good()),
                _ if !pure::is_open(&self.row) => (" ", step.what.clone(), theme.quiet()),
                Step::Late(by) => (" ", format!("LATE {}: {}", pure::span(by), step.what), theme.danger()),
                Step::Left(0) => (" ", format!("NOW: {}", step.what), theme.strong()),
                Step::Left(left) => (" ", format!("in {}: {}", pure::span(left), step.what), theme.text()),
                Step::Open => (" ", step.what.clone(), theme.text()),
            };
            for (line, at) in wrap(&text, columns.saturating_sub(6)).into_iter().zip(0..) {
                let front = if at == 0 { format!("{key} [{mark}] ") } else { " ".repeat(6) };
                lines.push((format!("{front}{line}"), style));
            }
        }
        lines
    }

    /// Whom to call, who was called, what is happening, and the safety plan.
    fn help(&self, columns: usize, theme: Theme) -> Lines {
        let mut lines: Lines = vec![("CALL".into(), theme.heading())];
        let say = |lines: &mut Lines, text: &str, style: Style| {
            for (line, at) in wrap(text, columns.saturating_sub(2)).into_iter().zip(0..) {
                lines.push((format!("{}{line}", if at == 0 { "" } else { "  " }), style));
            }
        };
        for call in &self.calls {
            say(&mut lines, call, theme.strong());
        }
        let written = [
            ("CALLED", incident::called, theme.good()),
            ("WHAT IS HAPPENING", incident::what, theme.text()),
            ("WHAT RESOLVED IT", incident::resolution, theme.text()),
        ];
        for (label, field, style) in written {
            let text = pure::all_of(&self.row, field);
            if !text.is_empty() {
                lines.push((label.into(), theme.heading()));
                text.lines().for_each(|line| say(&mut lines, line, style));
            }
        }
        lines.push(("SAFETY PLAN".into(), theme.heading()));
        if self.plan.is_empty() {
            say(&mut lines, "None yet: y, then e, makes one.", theme.warning());
        }
        for (text, heading) in &self.plan {
            say(&mut lines, text, if *heading { theme.key() } else { theme.text() });
        }
        lines
    }

    fn foot(&self, columns: usize, theme: Theme) -> Lines {
        if let Some(typing) = &self.typing {
            let text = typing.line.text();
            // The end of a long line is what is being typed.
            let room = columns.saturating_sub(3);
            let many = text.chars().count();
            let end: String = text.chars().skip(many.saturating_sub(room)).collect();
            return vec![
                (format!("{}: Enter saves, Esc leaves", typing.what.asks()), theme.key()),
                (format!("> {end}"), theme.strong()),
            ];
        }
        let mut lines = Lines::new();
        if self.asks_which {
            let asked = "Which report was made?  p by phone  w in writing  Esc neither";
            lines.extend(wrap(asked, columns).into_iter().map(|line| (line, theme.danger())));
        }
        if let Some(said) = &self.said {
            lines.extend(wrap(said, columns).into_iter().map(|line| (line, theme.good())));
        }
        let hints = "1-9 done  k called  w what  r resolved  y plan  n another  Esc stays open";
        lines.extend(wrap(hints, columns).into_iter().map(|line| (line, theme.key())));
        lines
    }
}

/// As many lines as fit, from `scroll` on; says where there is more.
fn show(lines: &Lines, area: Rect, scroll: usize, buffer: &mut Buffer, theme: Theme) {
    let room = usize::from(area.height);
    let top = scroll.min(lines.len().saturating_sub(room));
    for ((line, style), y) in lines.iter().skip(top).zip(area.y..area.bottom()) {
        put(buffer, area.x, y, area.width, line, *style);
    }
    let more = lines.len().saturating_sub(top + room);
    if more > 0 && room > 0 {
        let text = format!(" {} more lines: Down", more + 1);
        let text = super::super::text::cell(&text, usize::from(area.width));
        put(buffer, area.x, area.bottom() - 1, area.width, &text, theme.quiet());
    }
}
