//! The safety plan: readable at once by one key, whole or one step at a time in large, without a network.
//!
//! Promises: what two laptops wrote apart is shown in full, none picked; the newest plan comes first and the older ones
//! can be read. Called by the action, by reasons and by the crisis screen. Must never hide a step that is empty: that it is
//! empty matters.

use chrono::NaiveDate;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::model::records::safety_plan;
use crate::model::{FieldId, Row, RowId, Value, text};
use crate::store::StoreError;
use crate::triage::{calendar::add_days, day_in_words};

use super::desk::Desk;
use super::draw::{boxed, middle};
use super::form::Form;
use super::overlay::Overlay;
use super::panes::put;
use super::sheet::{Open, Sheet};
use super::text::{cell, width, wrap};
use super::theme::Theme;

/// The six steps in their order, and what makes life worth living.
const STEPS: [FieldId; 7] = [
    safety_plan::signs,
    safety_plan::coping,
    safety_plan::distraction,
    safety_plan::helpers,
    safety_plan::professionals,
    safety_plan::surroundings,
    safety_plan::reasons,
];

/// Days until a new plan is looked at again where nobody says otherwise: ours, the source leaves it to the clinician.
const REVIEW: i64 = 90;

pub struct Safety {
    client: RowId,
    name: String,
    /// The newest first.
    plans: Vec<Row>,
    at: usize,
    /// The step that is shown alone, in large.
    step: Option<usize>,
    scroll: usize,
    /// Whom to call in any case.
    call: Vec<String>,
}

/// Every side of a field, where people wrote apart; empty ones left out.
pub(super) fn all_sides(row: &Row, field: FieldId) -> Vec<String> {
    let sides = match row.disagreements.iter().find(|torn| torn.field == field) {
        Some(torn) => torn.sides.iter().map(Value::plain).collect(),
        None => vec![row.text(field).to_string()],
    };
    sides.into_iter().filter(|side| !side.trim().is_empty()).collect()
}

fn label(field: FieldId) -> &'static str {
    safety_plan::TYPE.field(field.field).map_or("", |field| field.label)
}

/// The newest plan as lines, and whether each is a heading; none where there is no plan.
pub(super) fn plan_lines(plans: &[Row]) -> Vec<(String, bool)> {
    let Some(plan) = newest_first(plans).into_iter().next() else { return Vec::new() };
    let mut lines = Vec::new();
    for field in STEPS {
        let sides = all_sides(&plan, field);
        if sides.is_empty() {
            continue;
        }
        lines.push((label(field).to_string(), true));
        let apart = sides.len() > 1;
        for side in &sides {
            let mark = if apart { "| " } else { "" };
            lines.extend(text::lines(side).lines().map(|line| (format!("{mark}{line}"), false)));
        }
    }
    lines
}

fn newest_first(plans: &[Row]) -> Vec<Row> {
    let mut plans = plans.to_vec();
    plans.sort_by_key(|row| std::cmp::Reverse((row.date(safety_plan::reviewed), row.id)));
    plans
}

impl Desk {
    /// Shows the safety plan of a client, or of the one who is chosen.
    pub(super) fn safety_plan(&mut self, client: Option<RowId>) -> Result<(), StoreError> {
        let Some(client) = client.or(self.chosen) else { return Ok(()) };
        let Some(file) = self.store.client_part(client, 0, &[&safety_plan::TYPE])? else { return Ok(()) };
        let call = self.rules.practice().crisis("suicide").map_or(Vec::new(), |kind| kind.call.clone());
        let safety = Safety {
            client: file.client.id,
            name: file.client.client_name(),
            plans: newest_first(file.of(&safety_plan::TYPE)),
            at: 0,
            step: None,
            scroll: 0,
            call,
        };
        self.overlay = Some(Overlay::Sheet(Box::new(safety)));
        Ok(())
    }

    /// Opens the form of a plan; of a new one where there is none.
    fn write_safety_plan(&mut self, client: RowId, plan: Option<RowId>) -> Result<(), StoreError> {
        if self.store.read_only() {
            self.trouble("Not now: this file is read-only.");
            return Ok(());
        }
        match plan {
            Some(row) => self.edit_row(&safety_plan::TYPE, row)?,
            None => {
                let review: NaiveDate = add_days(self.today, REVIEW);
                let known = vec![(safety_plan::review_due, Value::Date(review))];
                let form = Form::add(self, &safety_plan::TYPE, Some(client), known);
                self.form = Some(form.starting_at(safety_plan::signs));
            }
        }
        Ok(())
    }
}

impl Sheet for Safety {
    fn key(mut self: Box<Self>, key: &KeyEvent, desk: &mut Desk) -> Result<Open, StoreError> {
        let step = |step: Option<usize>, by: isize| {
            let at = step.map_or(if by > 0 { 0 } else { STEPS.len() - 1 }, |at| at.saturating_add_signed(by));
            Some(at.min(STEPS.len() - 1))
        };
        match key.code {
            KeyCode::Esc if self.step.is_some() => self.step = None,
            KeyCode::Esc | KeyCode::Char('q') => return Ok(None),
            KeyCode::Char('e') => {
                desk.write_safety_plan(self.client, self.plans.get(self.at).map(|plan| plan.id))?;
                return Ok(None);
            }
            KeyCode::Char('n') => {
                desk.write_safety_plan(self.client, None)?;
                return Ok(None);
            }
            KeyCode::Char('o') if !self.plans.is_empty() => {
                self.at = (self.at + 1) % self.plans.len();
                self.scroll = 0;
            }
            _ if self.plans.is_empty() => {}
            KeyCode::Char(c @ '1'..='7') => self.step = Some(c as usize - '1' as usize),
            KeyCode::Right | KeyCode::Char(' ') | KeyCode::Enter | KeyCode::Tab => self.step = step(self.step, 1),
            KeyCode::Left | KeyCode::Backspace | KeyCode::BackTab => self.step = step(self.step, -1),
            KeyCode::Down | KeyCode::Char('j') => self.scroll = (self.scroll + 1).min(1000),
            KeyCode::Up | KeyCode::Char('k') => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::PageDown => self.scroll = (self.scroll + 8).min(1000),
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(8),
            _ => {}
        }
        Ok(Some(self))
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme, desk: &Desk) -> Option<Position> {
        let title = format!("SAFETY PLAN: {}", self.name);
        let inner = boxed(middle(area, 100, area.height), buffer, &title, theme);
        let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
        let columns = usize::from(inner.width);
        let hint = match (self.plans.is_empty(), self.step) {
            (true, _) => "e makes one  Esc closes".to_string(),
            (_, Some(_)) => "Space next  Backspace before  e edit  Esc all steps".into(),
            (_, None) => {
                let older = if self.plans.len() > 1 { "  o older" } else { "" };
                format!("1-7 one step in large  Space first step  e edit{older}  Esc")
            }
        };
        let foot = inner.bottom().saturating_sub(1);
        put(buffer, inner.x, foot, inner.width, &hint, theme.key());
        let page = Rect { height: inner.height.saturating_sub(1), ..inner };
        let lines = match (self.plans.get(self.at), self.step) {
            (None, _) => self.nothing_yet(columns, theme),
            (Some(plan), Some(step)) => self.in_large(plan, step, columns, usize::from(page.height), theme),
            (Some(plan), None) => self.whole(plan, columns, theme, desk.today),
        };
        let top = self.scroll.min(lines.len().saturating_sub(usize::from(page.height)));
        for ((line, style), y) in lines.iter().skip(top).zip(page.y..page.bottom()) {
            put(buffer, page.x, y, page.width, line, *style);
        }
        let more = lines.len().saturating_sub(top + usize::from(page.height));
        if more > 0 {
            let text = cell(&format!("{} more lines: Down", more + 1), columns);
            put(buffer, page.x, page.bottom().saturating_sub(1), page.width, &text, theme.quiet());
        }
        None
    }
}

type Lines = Vec<(String, Style)>;

impl Safety {
    fn nothing_yet(&self, columns: usize, theme: Theme) -> Lines {
        let text = "There is no safety plan yet. It is made together, in the client's own words: six steps, from the first warning signs to making the surroundings safe.";
        let mut lines: Lines = wrap(text, columns).into_iter().map(|line| (line, theme.text())).collect();
        lines.push((String::new(), theme.text()));
        lines.extend(self.call.iter().map(|call| (call.clone(), theme.strong())));
        lines
    }

    /// All steps under each other.
    fn whole(&self, plan: &Row, columns: usize, theme: Theme, today: NaiveDate) -> Lines {
        let day = |field| plan.date(field).map(|day| day_in_words(day, today));
        let made = day(safety_plan::reviewed).unwrap_or_default();
        let due = day(safety_plan::review_due).map_or(String::new(), |day| format!(", review due {day}"));
        let older = if self.at > 0 { "  AN OLDER PLAN" } else { "" };
        let mut lines: Lines = vec![(format!("Made or reviewed {made}{due}{older}"), theme.quiet())];
        for field in STEPS {
            let sides = all_sides(plan, field);
            lines.push((label(field).to_string(), theme.heading()));
            if sides.is_empty() {
                lines.push(("   (nothing yet)".into(), theme.quiet()));
            }
            for (side, number) in sides.iter().zip(1..) {
                if sides.len() > 1 {
                    lines.push((format!("  written apart, {number} of {}:", sides.len()), theme.warning()));
                }
                lines.extend(
                    wrap(side, columns.saturating_sub(3))
                        .into_iter()
                        .map(|line| (format!("   {line}"), theme.strong())),
                );
            }
        }
        lines.extend(self.call.iter().map(|call| (call.clone(), theme.strong())));
        lines
    }

    /// One step alone: its lines in the middle, with room around them.
    fn in_large(&self, plan: &Row, step: usize, columns: usize, rows: usize, theme: Theme) -> Lines {
        let field = STEPS[step.min(STEPS.len() - 1)];
        let of = if step < 6 { format!("STEP {} OF 6", step + 1) } else { "TO REMEMBER".into() };
        let name = label(field).trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        let mut lines: Lines = vec![
            (cell(&format!("  {of}"), columns), theme.bar()),
            (cell(&format!("  {}", name.to_uppercase()), columns), theme.bar()),
        ];
        let sides = all_sides(plan, field);
        let mut body: Vec<String> = Vec::new();
        for (side, number) in sides.iter().zip(1..) {
            if sides.len() > 1 {
                body.push(format!("(written apart, {number} of {})", sides.len()));
            }
            body.extend(wrap(side, columns.saturating_sub(8)));
        }
        if body.is_empty() {
            body.push("(nothing yet)".into());
        }
        // Twice the space between lines, where there is room for it.
        let spaced = body.len() * 2 + 3 <= rows;
        let used = if spaced { body.len() * 2 } else { body.len() };
        lines.extend(std::iter::repeat_n((String::new(), theme.text()), rows.saturating_sub(used + 2).min(6) / 2 + 1));
        for line in body {
            let indent = columns.saturating_sub(width(&line)) / 2;
            lines.push((format!("{}{line}", " ".repeat(indent)), theme.strong()));
            if spaced {
                lines.push((String::new(), theme.text()));
            }
        }
        lines
    }
}
