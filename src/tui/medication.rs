//! How taking medication goes: a check by one key, and refills.
//!
//! Promises: one key and Enter make a check; a choice against a medication is recorded as a choice. Called by actions and
//! by the reasons that name them. Must never judge: what stands in the way is asked, not whose fault it is.

use crate::model::records::{medication, medication_check};
use crate::model::{Adherence, RowId, Value};
use crate::store::StoreError;
use crate::triage::calendar::add_days;

use super::act::{digit, numbered};
use super::action::Action;
use super::desk::Desk;
use super::form::Form;
use super::overlay::{Menu, Pick};

impl Desk {
    /// Asks how medication was taken; one key answers.
    pub(super) fn medication_check(&mut self) {
        let items = Adherence::ALL
            .iter()
            .enumerate()
            .map(|(at, taken)| (digit(at), taken.label().to_string(), Pick::Taken(*taken)));
        self.overlay = Some(Menu::over("Medication: taken since the last time?", items.collect()));
    }

    /// The rest of the check: what stands in the way, and when to ask again.
    pub(super) fn taken(&mut self, taken: Adherence) {
        // Ours: soon where something stands in the way, with the month's refill where nothing does.
        let days = if taken == Adherence::AsPrescribed { 30 } else { 7 };
        let known = vec![
            (medication_check::taken, Value::text(taken.code())),
            (medication_check::next, Value::Date(add_days(self.today, days))),
        ];
        let form = Form::add(self, &medication_check::TYPE, self.chosen, known);
        let first = if taken == Adherence::AsPrescribed { medication_check::next } else { medication_check::barrier };
        self.form = Some(form.starting_at(first));
    }

    /// Opens the medication whose refill is due, at the day of the next one.
    pub(super) fn refill(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let Some(client) = self.chosen else { return Ok(()) };
        let rows = match about {
            Some(row) => self.store.row_of(&medication::TYPE, row)?.into_iter().collect(),
            None => self.store.rows(&medication::TYPE, client)?,
        };
        match &rows[..] {
            [] => self.say("No medication is on record: + adds one."),
            [row] => {
                let refill = medication::refill;
                self.form = Some(Form::edit(self, row, None).titled("Refill").starting_at(refill));
            }
            _ => {
                let names = rows.iter().map(|row| (row.id, row.text(medication::name).to_string())).collect();
                let items = numbered(names, |row| Pick::Act(Action::Refill, row));
                self.overlay = Some(Menu::over("Refill of which medication?", items));
            }
        }
        Ok(())
    }
}
