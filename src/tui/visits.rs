//! Appointments: which one is meant, how it went, and those that come again.

use crate::model::records::appointment;
use crate::model::{AppointmentStatus, Change, Edit, FieldId, Row, RowId, Value, series};
use crate::store::StoreError;
use crate::triage::hour_in_words;

use super::act::numbered;
use super::action::Action;
use super::desk::{Desk, Pane};
use super::form::Form;
use super::overlay::{Menu, Overlay, Pick};

/// What is to become of the rest of a series when one appointment of it is saved.
pub enum Rest {
    /// The change says all that is to be done.
    Settled,
    Ask(Overlay),
    Refused(String),
}

impl Desk {
    /// Does an action with the appointment that is meant: named, chosen in the queue, the only one, or asked for.
    pub(super) fn with_visit(
        &mut self,
        action: Action,
        about: Option<RowId>,
        question: &str,
    ) -> Result<(), StoreError> {
        let queued =
            self.queue.get(self.visit_at).filter(|_| self.focus == Pane::Appointments).map(|queued| queued.row);
        let visits = self.facts().map_or(&[][..], |facts| &facts.visits);
        let listed: Vec<(RowId, String)> = visits
            .iter()
            .map(|visit| (visit.row, format!("{}  {}", hour_in_words(visit.starts, self.today), visit.title)))
            .collect();
        let only = (listed.len() == 1).then(|| listed[0].0);
        match about.or(queued).or(only) {
            Some(row) if action == Action::Mark => self.mark_menu(row)?,
            Some(row) => self.edit_row(&appointment::TYPE, row)?,
            None if listed.is_empty() => self.trouble("No open appointment. Press a to set one."),
            None => {
                self.overlay = Some(Menu::over(question, numbered(listed, |row| Pick::Act(action, row))));
            }
        }
        Ok(())
    }

    pub(super) fn mark_menu(&mut self, row: RowId) -> Result<(), StoreError> {
        let Some(visit) = self.store.row_of(&appointment::TYPE, row)? else {
            self.trouble("That appointment is not there any more.");
            return Ok(());
        };
        // What is done next is about the same client.
        self.choose_client(visit.stream)?;
        let when = visit.time(appointment::starts).map_or(String::new(), |starts| hour_in_words(starts, self.today));
        let name = self.caseload.get(visit.stream).map_or("", |facts| &facts.name);
        let title = format!("{name}: {} {when}", visit.text(appointment::title));
        let items = [
            ('c', AppointmentStatus::Confirmed),
            ('k', AppointmentStatus::Kept),
            ('n', AppointmentStatus::NoShow),
            ('x', AppointmentStatus::Cancelled),
            ('m', AppointmentStatus::Moved),
        ];
        // How it went can be said from its day on.
        let ahead = visit.time(appointment::starts).is_some_and(|starts| starts.date_naive() > self.today);
        let went = |status: &AppointmentStatus| matches!(status, AppointmentStatus::Kept | AppointmentStatus::NoShow);
        let items = items.into_iter().filter(|(_, status)| !(ahead && went(status)));
        let items = items.map(|(key, status)| (Some(key), status.label().to_string(), Pick::Mark(row, status)));
        self.overlay = Some(Menu::over(title, items.collect()));
        Ok(())
    }

    pub(super) fn mark(&mut self, row: RowId, status: AppointmentStatus) -> Result<(), StoreError> {
        let Some(visit) = self.store.row_of(&appointment::TYPE, row)? else { return Ok(()) };
        if status == AppointmentStatus::Moved {
            // The new one takes everything over but the time; saving it closes the old one in the same action.
            let mut form =
                Form::add(self, &appointment::TYPE, Some(visit.stream), copied(&visit)).titled("Move appointment");
            form.also = vec![
                Edit::Set { row, field: appointment::status, value: Value::text(status.code()) },
                Edit::Set { row, field: appointment::moved_to, value: Value::Link(form.row) },
            ];
            self.form = Some(form.starting_at(appointment::starts));
            return Ok(());
        }
        let mut change = Change::new(format!("mark appointment {}", status.label().to_lowercase()));
        change.set(row, appointment::status, status.code());
        let what = visit.text(appointment::title).to_string();
        let later = self.later(&visit)?;
        if status == AppointmentStatus::Cancelled && !later.is_empty() {
            self.overlay = Some(self.one_or_all("Cancel", change, &visit, &later));
            return Ok(());
        }
        let next = match status {
            AppointmentStatus::Kept => " Press l to log the contact.",
            AppointmentStatus::NoShow => " A follow-up is due by the next business day.",
            _ => "",
        };
        self.apply(&change, format!("{}: {what}.{next}", status.label()))
    }

    /// The open appointments of the same series that come after one.
    pub(super) fn later(&self, visit: &Row) -> Result<Vec<Row>, StoreError> {
        if visit.link(appointment::series).is_none() {
            return Ok(Vec::new());
        }
        Ok(series::later(self.store.rows(&appointment::TYPE, visit.stream)?, visit))
    }

    /// Asks whether something is done to one appointment or also to those that come after it.
    pub(super) fn one_or_all(&self, verb: &str, change: Change, visit: &Row, later: &[Row]) -> Overlay {
        let mut all = change.clone();
        series::follow(&mut all, visit, later, &self.moment());
        let many = later.len();
        let items = vec![
            (Some('o'), format!("{verb} only this one"), Pick::Apply(change, format!("{verb}: one appointment."))),
            (
                Some('a'),
                format!("{verb} this one and the {many} that come after it"),
                Pick::Apply(all, format!("{verb}: {} appointments.", many + 1)),
            ),
            (Some('b'), "Back".into(), Pick::Nothing),
        ];
        Menu::over(format!("{verb}: {}", visit.text(appointment::title)), items)
    }

    /// Makes the change of an appointment's form also one of its series: a rule makes the appointments that come
    /// after, an edit goes for one or for all that follow, as `follow` says.
    pub(super) fn series(
        &self,
        change: &mut Change,
        (row, stream, new): (RowId, RowId, bool),
        follow: Option<bool>,
    ) -> Result<Rest, StoreError> {
        let before = match new {
            true => Row::new(&appointment::TYPE, row, stream),
            false => match self.store.row_of(&appointment::TYPE, row)? {
                Some(visit) => visit,
                None => return Ok(Rest::Settled),
            },
        };
        let mut after = before.clone();
        let mut rule_changed = false;
        for edit in &change.edits {
            if let Edit::Set { row: set, field, value } = edit
                && *set == row
            {
                rule_changed |= *field == appointment::repeats;
                after.put(*field, value.clone());
            }
        }
        let later = if new { Vec::new() } else { self.later(&before)? };
        let many = later.len();
        if many > 0 && follow.is_none() && !change.is_empty() {
            let mut items = vec![
                (Some('o'), "Save only this one".into(), Pick::SaveForm(Some(false))),
                (Some('a'), format!("Save this one and the {many} that come after it"), Pick::SaveForm(Some(true))),
                (Some('b'), "Back to the form".into(), Pick::Nothing),
            ];
            if rule_changed {
                items.remove(0);
                items[0].1 = format!("Save it, and make the {many} that come after it anew");
            }
            return Ok(Rest::Ask(Menu::over("This appointment is one of a series", items)));
        }
        if rule_changed {
            if let Err(why) = series::unfold(change, &after, &later, &self.moment(), || self.store.new_id()) {
                return Ok(Rest::Refused(format!("Comes again: {why}")));
            }
        } else if follow == Some(true) {
            series::follow(change, &before, &later, &self.moment());
        }
        Ok(Rest::Settled)
    }
}

/// What a moved appointment takes over.
fn copied(visit: &Row) -> Vec<(FieldId, Value)> {
    let taken = series::taken_over().into_iter().filter(|field| *field != appointment::repeats);
    let taken: Vec<FieldId> = taken.chain([appointment::starts]).collect();
    taken.iter().map(|field| (*field, visit.get(*field).clone())).filter(|(_, value)| !value.is_empty()).collect()
}
