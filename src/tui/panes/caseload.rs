//! The caseload in triage order: each client with the reason that counts most.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::triage::Band;
use crate::triage::filter::Filter;

use super::super::desk::{Desk, Pane, View};
use super::super::text::cell;
use super::super::theme::Theme;
use super::{put, scrolled};

impl Desk {
    pub(super) fn draw_caseload(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        if self.view.is_empty() {
            let lines = match (&self.filter, self.caseload.facts().is_empty()) {
                (Some(typed), false) => match Filter::parse(typed, "").not_understood() {
                    Some(word) => {
                        [format!("No filter is \"{word}\"."), "F shows what there is.".into(), "Esc clears it.".into()]
                    }
                    None => ["Nobody fits that.", "Esc clears it.", ""].map(String::from),
                },
                _ => ["No clients yet.", "Press i for an intake,", "or : and \"import\" for a file."].map(String::from),
            };
            for (line, y) in lines.iter().zip(area.y + 1..area.bottom()) {
                put(buffer, area.x + 2, y, area.width.saturating_sub(2), line, theme.text());
            }
            return;
        }
        let area = self.draw_desk_line(area, buffer, theme);
        // Lines are clients with a heading before each band.
        let bands: Vec<(usize, u8)> = self.headings();
        let line_of = |at: usize| at + bands.iter().filter(|(first, _)| *first <= at).count();
        let lines = self.view.len() + bands.len();
        let height = usize::from(area.height);
        let top = scrolled(line_of(self.at), lines, height);
        let name_columns = usize::from(area.width).saturating_sub(2).min(match area.width {
            0..=52 => 17,
            53..=70 => 22,
            _ => 28,
        });
        let mut at = self.view.partition_point_line(top, &bands);
        let mut y = area.y;
        let mut line = top;
        while y < area.bottom() && line < lines {
            let heading = bands.iter().find(|(first, _)| line_of(*first) == line + 1);
            if let Some((_, group)) = heading {
                let band = (self.ordered == View::Triage).then(|| Band::ALL.get(usize::from(*group))).flatten();
                let style = band.map_or(theme.heading(), |band| theme.band(*band));
                put(buffer, area.x, y, area.width, &self.ordered.heading(*group), style);
            } else if let Some(listed) = self.view.get(at) {
                let chosen = Some(listed.client) == self.chosen;
                let name = self.caseload.get(listed.client).map_or("", |facts| facts.name.as_str());
                let reason = self.first_reason(listed).unwrap_or_default();
                let mark = match listed.band {
                    _ if self.marked.contains(&listed.client) => "*",
                    Some(Band::Now) => "!",
                    _ => " ",
                };
                let text = format!("{}{mark}{} {reason}", if chosen { ">" } else { " " }, cell(name, name_columns));
                let style = if chosen { theme.selected(self.focus == Pane::Caseload) } else { theme.text() };
                let text = cell(&text, usize::from(area.width));
                put(buffer, area.x, y, area.width, &text, style);
                at += 1;
            }
            line += 1;
            y += 1;
        }
    }

    /// The worker's own line at the foot; gives what is left for people.
    fn draw_desk_line(&self, area: Rect, buffer: &mut Buffer, theme: Theme) -> Rect {
        let key = format!(" {}", self.keys.first_of("desk-work"));
        let wide = usize::from(area.width).saturating_sub(key.len());
        let line = self.desk_line(wide).filter(|_| self.has_desk_line(area.height.into()));
        let Some(line) = line else { return area };
        let y = area.bottom() - 1;
        put(buffer, area.x, y, area.width, &format!("{}{key}", cell(&line, wide)), theme.quiet());
        Rect { height: area.height - 1, ..area }
    }

    fn has_desk_line(&self, height: usize) -> bool {
        self.filter.is_none() && self.ordered == View::Triage && height > 6 && self.paper.things() > 0
    }

    /// Where each group begins.
    fn headings(&self) -> Vec<(usize, u8)> {
        let mut headings = Vec::new();
        let mut at = 0;
        while let Some(first) = self.view.get(at) {
            if !self.ordered.heading(first.group).is_empty() {
                headings.push((at, first.group));
            }
            at += self.view[at..].partition_point(|listed| listed.group == first.group);
        }
        headings
    }

    /// The client on a line of the pane, for the mouse.
    pub fn caseload_line(&self, row: usize, height: usize) -> Option<usize> {
        let height = height - usize::from(self.has_desk_line(height));
        if row >= height {
            return None;
        }
        let bands = self.headings();
        let line_of = |at: usize| at + bands.iter().filter(|(first, _)| *first <= at).count();
        let line = scrolled(line_of(self.at), self.view.len() + bands.len(), height) + row;
        let at = line.checked_sub(bands.iter().filter(|(first, _)| line_of(*first) <= line + 1).count())?;
        (line_of(at) == line && at < self.view.len()).then_some(at)
    }
}

trait Lines {
    /// The first client at or below a line.
    fn partition_point_line(&self, line: usize, bands: &[(usize, u8)]) -> usize;
}

impl Lines for Vec<super::super::desk::Listed> {
    fn partition_point_line(&self, line: usize, bands: &[(usize, u8)]) -> usize {
        let before = bands.iter().enumerate().filter(|(number, (first, _))| first + number < line).count();
        line - before
    }
}
