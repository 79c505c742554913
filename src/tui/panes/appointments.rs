//! The appointment queue of the whole caseload: what is past and unanswered first, then what is ahead.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::model::{AppointmentStatus, Arranged};
use crate::triage::day_in_words;

use super::super::desk::{Desk, Pane};
use super::super::text::{cell, fit};
use super::super::theme::Theme;
use super::super::visits::is_over;
use super::{put, scrolled};

/// How many columns of what an appointment is about there have to be room for, or it is left out.
const LEAST_OF_A_TITLE: usize = 4;

impl Desk {
    pub(super) fn draw_appointments(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        if self.queue.is_empty() {
            for (line, y) in ["No appointments ahead.", "Press a to set one."].iter().zip(area.y + 1..area.bottom()) {
                put(buffer, area.x + 1, y, area.width.saturating_sub(1), line, theme.text());
            }
            return;
        }
        let moment = self.moment();
        let top = scrolled(self.visit_at, self.queue.len(), usize::from(area.height));
        for ((queued, number), y) in self.queue.iter().zip(0..).skip(top).zip(area.y..area.bottom()) {
            let Some(facts) = self.caseload.get(queued.client) else { continue };
            let Some(visit) = facts.visits.iter().find(|visit| visit.row == queued.row) else { continue };
            let starts = moment.local(visit.starts);
            let (day, over) = (starts.date_naive(), is_over(visit, moment.now));
            let when = if day == self.today {
                format!("today {}", starts.format("%H:%M"))
            } else {
                let words = day_in_words(day, self.today);
                if words.starts_with("tomorrow") {
                    format!("tmrw  {}", starts.format("%H:%M"))
                } else {
                    starts.format("%-d %b %H:%M").to_string()
                }
            };
            let mark = if over {
                "? kept"
            } else if starts <= moment.now {
                "begun"
            } else if visit.transport == Some(Arranged::Needed) {
                "! ride"
            } else if facts.interpreter
                && visit.interpreter != Some(Arranged::Arranged)
                && visit.interpreter != Some(Arranged::NotNeeded)
            {
                "! interp"
            } else if visit.status == AppointmentStatus::Confirmed {
                "ok"
            } else {
                ""
            };
            let columns = usize::from(area.width);
            let name = cell(&fit(&facts.name, 16), if columns > 50 { 17 } else { 13 });
            let room = columns.saturating_sub(mark.len() + 1);
            let head = format!("{} {name}", cell(&when, 12));
            // A letter or two of what it is about tell nothing.
            let title =
                Some(&visit.title).filter(|title| head.width() + 1 + title.width().min(LEAST_OF_A_TITLE) <= room);
            let text = format!("{} {mark}", cell(&title.map_or(head.clone(), |title| format!("{head} {title}")), room));
            let own = Some(queued.client) == self.chosen;
            let chosen = self.focus == Pane::Appointments && number == self.visit_at && own;
            let style = if chosen {
                theme.selected(true)
            } else if over {
                theme.warning()
            } else if own {
                theme.strong()
            } else {
                theme.text()
            };
            put(buffer, area.x, y, area.width, &text, style);
        }
    }
}
