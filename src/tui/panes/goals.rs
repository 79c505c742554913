//! The client's goals in their own words, how far each has come, and who does what by when.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::ClientChoice;
use crate::model::records::{goal, step};
use crate::triage::day_in_words;

use super::super::desk::{Desk, GoalLine, Pane};
use super::super::text::{cell, fit, width};
use super::super::theme::Theme;
use super::{put, scrolled};

impl Desk {
    pub(super) fn draw_goals(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let lines = self.goal_lines();
        if lines.is_empty() {
            let text = if self.chosen.is_some() { "No goals yet. Press g to add" } else { "" };
            put(buffer, area.x + 1, area.y + 1, area.width.saturating_sub(1), text, theme.text());
            let text = if self.chosen.is_some() { "one in the client's own words." } else { "" };
            put(buffer, area.x + 1, area.y + 2, area.width.saturating_sub(1), text, theme.text());
            return;
        }
        let columns = usize::from(area.width);
        let top = scrolled(self.goal_at, lines.len(), usize::from(area.height));
        for ((line, number), y) in lines.iter().zip(0..).skip(top).zip(area.y..area.bottom()) {
            let (left, right, style) = match line {
                GoalLine::Goal(at) => {
                    let row = &self.goals()[*at];
                    let open = matches!(row.text(goal::status), "open" | "");
                    let progress = match row.text(goal::status) {
                        "reached" => "reached".into(),
                        "set-aside" => "set aside".into(),
                        _ => format!(
                            "{}{} {:3}%",
                            row.whole(goal::attainment).map_or(String::new(), |level| format!("{level:+} ")),
                            gauge(row.whole(goal::progress).unwrap_or(0)),
                            row.whole(goal::progress).unwrap_or(0)
                        ),
                    };
                    // Whose idea it is: the client's own goals need no mark.
                    let choice = match ClientChoice::from_code(row.text(goal::choice)) {
                        Some(choice @ (ClientChoice::Required | ClientChoice::Declined)) => {
                            format!(" ({})", choice.label().to_lowercase())
                        }
                        _ => String::new(),
                    };
                    (
                        format!("\"{}\"{choice}", row.text(goal::words)),
                        progress,
                        if open { theme.strong() } else { theme.quiet() },
                    )
                }
                GoalLine::Step(at) => {
                    let row = &self.steps()[*at];
                    let open = matches!(row.text(step::status), "open" | "");
                    let due = row.date(step::due).map_or(String::new(), |due| day_in_words(due, self.today));
                    let mark = match row.text(step::status) {
                        "done" => "x",
                        "dropped" => "-",
                        _ if row.date(step::due).is_some_and(|due| due < self.today) => "!",
                        _ => ">",
                    };
                    let right = if open { format!("{} {due}", fit(row.text(step::who), 10)) } else { String::new() };
                    (
                        format!("  {mark} {}", row.text(step::what)),
                        right,
                        if open { theme.text() } else { theme.quiet() },
                    )
                }
            };
            let chosen = self.focus == Pane::Goals && number == self.goal_at;
            let room = columns.saturating_sub(width(&right) + 1);
            let text = format!("{} {right}", cell(&left, room));
            put(buffer, area.x, y, area.width, &text, if chosen { theme.selected(true) } else { style });
        }
    }
}

/// Progress in five marks, for those who do not see colours and those who do.
fn gauge(percent: i64) -> String {
    let full = usize::try_from(percent.clamp(0, 100) / 20).unwrap_or(0);
    format!("{}{}", "=".repeat(full), "-".repeat(5 - full))
}
