//! Rows of the client as lists: all of them, what happened when, and the history of one.

use crate::model::records::{
    appointment, care_team, client, enrollment, goal, need, note, plan, relationship, snooze, step, task,
};
use crate::model::{CATALOGUE, FieldId, Kind, Row, RowId};
use crate::store::{ClientFile, StoreError};

use super::desk::{Desk, Pane};
use super::overlay::{Overlay, Shown};

/// What stands over a list of rows, with the keys that work in it.
pub(super) const KEPT: &str = "Everything kept: Enter opens, e edits, Del deletes, h history, Esc closes";
const HAPPENED: &str = "Everything that happened: Enter opens, e edits, Del deletes, h history, Esc closes";

impl Desk {
    pub(super) fn records(&mut self) -> Result<(), StoreError> {
        let Some(chosen) = self.chosen else { return Ok(()) };
        self.seen("all records");
        let Some(file) = self.store.client_file(chosen, 2000)? else { return Ok(()) };
        let mut rows =
            vec![Shown { record: &client::TYPE, row: chosen, text: file.client.client_name(), broken: false }];
        // Signatures and addenda stand with what they belong to.
        for record in CATALOGUE.iter().filter(|record| !record.opens_stream() && !record.is_sealed()) {
            rows.extend(file.of(record).iter().map(|row| self.shown_row(row, &file)));
        }
        self.overlay = Some(Overlay::Records { title: KEPT, rows, at: 0 });
        Ok(())
    }

    /// Everything that happened, newest first.
    pub(super) fn timeline(&mut self) -> Result<(), StoreError> {
        self.seen("timeline");
        let Some(file) = self.chosen.map(|chosen| self.store.client_file(chosen, 2000)).transpose()?.flatten() else {
            return Ok(());
        };
        let mut rows: Vec<(chrono::NaiveDate, Shown)> = Vec::new();
        for record in CATALOGUE.iter().filter(|record| !record.opens_stream() && !record.is_sealed()) {
            let Some(field) = record.ordered_by() else { continue };
            for row in file.of(record) {
                let day = row.time(field.id).map(|time| self.moment().local(time).date_naive()).or(row.date(field.id));
                if let Some(day) = day {
                    let mut shown = self.shown_row(row, &file);
                    shown.text = format!("{}  {}", day.format("%-d %b %Y"), shown.text);
                    rows.push((day, shown));
                }
            }
        }
        rows.sort_by_key(|(day, shown)| std::cmp::Reverse((*day, shown.row)));
        let rows = rows.into_iter().map(|(_, shown)| shown).collect();
        self.overlay = Some(Overlay::Records { title: HAPPENED, rows, at: 0 });
        Ok(())
    }

    /// A row in a list.
    fn shown_row(&self, row: &Row, file: &ClientFile) -> Shown {
        match *row.record == note::TYPE {
            true => self.shown_note(row, file),
            false => Shown { record: row.record, row: row.id, text: self.in_short(row), broken: false },
        }
    }

    /// A row in one line.
    pub fn in_short(&self, row: &Row) -> String {
        let row = &row.here(&self.moment());
        let words = |fields: &[FieldId]| {
            let shown = fields.iter().filter_map(|id| row.record.field(id.field)).map(|field| row.shown(field));
            shown.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("  ")
        };
        match row.record.name {
            "relationship" => words(&[relationship::name, relationship::relation, relationship::phone]),
            "care_team" => words(&[care_team::name, care_team::role, care_team::phone]),
            "enrollment" => words(&[enrollment::project, enrollment::entry, enrollment::exit]),
            "need" => words(&[need::what, need::severity, need::status]),
            "plan" => words(&[plan::kind, plan::status, plan::review_due]),
            "goal" => words(&[goal::words, goal::progress, goal::status]),
            "step" => words(&[step::what, step::who, step::due, step::status]),
            "appointment" => words(&[appointment::starts, appointment::title, appointment::status]),
            "task" => words(&[task::what, task::due, task::status]),
            "note" => words(&[note::when, note::kind, note::body]),
            "snooze" => words(&[snooze::rule, snooze::until, snooze::why]),
            _ => in_general(row),
        }
    }

    pub fn history(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let chosen = match self.focus {
            Pane::Goals => self.goal_row().map(|row| row.id),
            Pane::Appointments => self.visit_at_hand(),
            _ => None,
        };
        let Some(row) = about.or(chosen).or(self.chosen) else { return Ok(()) };
        self.seen("history");
        let record = self.store.row(row)?.map(|row| row.record);
        let label = |name: &str| {
            record.and_then(|record| record.field_by_name(name)).map_or(name.to_string(), |field| field.label.into())
        };
        let lines = self.store.history(row)?.into_iter().rev().map(|line| {
            let from = if line.from.is_empty() { String::new() } else { format!("\"{}\" -> ", line.from.plain()) };
            let when = line.when.format("%-d %b %Y %H:%M");
            let by = line.installation.as_ref().map_or(String::new(), |by| format!(" (by the installation of {by})"));
            let came = line.came_later().map(|came| format!(", came here {}", came.format("%-d %b %Y %H:%M")));
            let (what, to, came) = (label(&line.field), line.to.plain(), came.unwrap_or_default());
            format!("{when}  {}{by}  {what}: {from}\"{to}\"  ({}{came})", line.who, line.action)
        });
        let title = format!("History of this {}", record.map_or("row", |record| record.label).to_lowercase());
        self.overlay = Some(Overlay::Reading { title, lines: lines.collect(), scroll: 0 });
        Ok(())
    }
}

/// A row of any type in one line: what it is about, its day, its state.
fn in_general(row: &Row) -> String {
    let title = row.record.title_field();
    let day = row.record.ordered_by();
    let state = row.record.fields.iter().find(|field| matches!(field.kind, Kind::Choice(_)) && Some(*field) != title);
    let parts = [title, day, state].into_iter().flatten().map(|field| row.shown(field));
    parts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("  ")
}
