//! Appointments: which one is meant, how it went, and those that come again.

use std::collections::HashSet;

use chrono::{DateTime, FixedOffset, TimeDelta};

use crate::model::records::{appointment, note};
use crate::model::{AppointmentStatus, Arranged, Change, ContactKind, Edit, FieldId, Row, RowId, Value, series};
use crate::store::StoreError;
use crate::triage::{Visit, hour_in_words};

use super::act::numbered;
use super::action::Action;
use super::desk::{Desk, Queued};
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
        let queued = self.visit_at_hand();
        let visits = self.facts().map_or(&[][..], |facts| &facts.visits);
        let listed: Vec<(RowId, String)> = visits
            .iter()
            .map(|visit| {
                (
                    visit.row,
                    format!("{}  {}", hour_in_words(self.moment().local(visit.starts), self.today), visit.title),
                )
            })
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

    /// Puts the appointments in order: first those that are over and that nobody has marked, of earlier days and of today, then
    /// what is begun and what is ahead, each by its start. Says whether that is another order than before: a visit ends by
    /// itself.
    pub(super) fn line_up(&mut self) -> bool {
        let now = self.moment().now;
        let at = self.queue.get(self.visit_at).map(|queued| queued.row);
        let over: HashSet<RowId> = self
            .queue
            .iter()
            .filter(|queued| queued.starts <= now && self.visit_of(queued).is_some_and(|visit| is_over(visit, now)))
            .map(|queued| queued.row)
            .collect();
        let order = |queued: &Queued| (!over.contains(&queued.row), *queued);
        let changed = self.over != over.len() || !self.queue.is_sorted_by_key(order);
        self.queue.sort_unstable_by_key(order);
        self.over = over.len();
        if let Some(place) = at.and_then(|row| self.queue.iter().position(|queued| queued.row == row)) {
            self.visit_at = place;
        }
        changed
    }

    /// The appointment that a line of the queue is about.
    pub(super) fn visit_of(&self, queued: &Queued) -> Option<&Visit> {
        self.caseload.get(queued.client)?.visits.iter().find(|visit| visit.row == queued.row)
    }

    /// What the pane says above its lines: how many are over and come first, and how many are not.
    pub(super) fn queue_in_words(&self) -> String {
        let ahead = self.queue.len() - self.over;
        match self.over {
            0 => format!("{ahead} ahead"),
            over => format!("{over} over, {ahead} ahead"),
        }
    }

    pub(super) fn mark_menu(&mut self, row: RowId) -> Result<(), StoreError> {
        let Some(visit) = self.store.row_of(&appointment::TYPE, row)? else {
            self.trouble("That appointment is not there any more.");
            return Ok(());
        };
        // What is done next is about the same client.
        self.choose_client(visit.stream)?;
        let when = visit
            .time(appointment::starts)
            .map_or(String::new(), |starts| hour_in_words(self.moment().local(starts), self.today));
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
        let local = |time| self.moment().local(time).date_naive();
        let ahead = visit.time(appointment::starts).is_some_and(|starts| local(starts) > self.today);
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
        let (next, follows) = match status {
            AppointmentStatus::Kept => (" What was said? Esc leaves it at that.", Some(self.contact_of(&visit))),
            AppointmentStatus::NoShow => (
                " A follow-up is due by the next business day. When is it made up for? Esc: not yet.",
                Some(self.made_up_for(&visit)),
            ),
            _ => ("", None),
        };
        // The form is there before the change is, so that a run does not go on to the next client meanwhile.
        self.form = follows;
        match self.commit(&change) {
            Ok(()) => self.say(format!("{}: {what}.{next} {} undoes it.", status.label(), self.keys.first_of("undo"))),
            Err(error) => {
                self.form = None;
                self.tell_refusal(&error, None);
            }
        }
        Ok(())
    }

    /// The contact that a kept visit was: its time, kind, length and place are known, what was said is asked.
    fn contact_of(&self, visit: &Row) -> Form {
        let moment = self.moment();
        let mut known = vec![(note::kind, Value::text(kind_of(visit).code()))];
        if let Some(starts) = visit.time(appointment::starts) {
            // Kept before its hour: it is over now, whatever the plan was.
            let when = if moment.is_ahead(&Value::Time(starts)) { moment.now } else { moment.local(starts) };
            known.push((note::when, Value::Time(when)));
        }
        let same = [
            (appointment::minutes, note::minutes),
            (appointment::place, note::place),
            (appointment::with, note::present),
            (appointment::follow_up, note::follow_up),
            (appointment::by, note::by),
        ];
        known.extend(
            same.map(|(from, to)| (to, visit.get(from).clone())).into_iter().filter(|(_, value)| !value.is_empty()),
        );
        let form = Form::add(self, &note::TYPE, Some(visit.stream), known).titled("Log contact");
        form.starting_at(note::body)
    }

    /// The visit that makes up for a missed one: everything is as it was, only when is asked.
    fn made_up_for(&self, visit: &Row) -> Form {
        let again = [appointment::transport, appointment::interpreter];
        let known: Vec<(FieldId, Value)> = copied(visit)
            .into_iter()
            .filter(|(field, _)| *field != appointment::starts)
            // What was arranged for the old day is not there on the new one.
            .map(|(field, value)| match value.plain() == Arranged::Arranged.code() && again.contains(&field) {
                true => (field, Value::text(Arranged::Needed.code())),
                false => (field, value),
            })
            .collect();
        let shown = |field: FieldId| appointment::TYPE.field(field.field).map(|field| visit.shown(field));
        let as_before = [appointment::minutes, appointment::place, appointment::with];
        let as_before: Vec<String> =
            as_before.into_iter().filter_map(shown).filter(|shown| !shown.is_empty()).collect();
        let ride = known.iter().any(|(field, value)| again.contains(field) && value.plain() == Arranged::Needed.code());
        let mut form = Form::add(self, &appointment::TYPE, Some(visit.stream), known)
            .titled(format!("Book again: {}", visit.text(appointment::title)))
            .asking_only(appointment::starts);
        if let Some(input) = form.inputs.first_mut() {
            let ride = if ride { "; transport or interpreter to be arranged anew" } else { "" };
            input.hint = Some(format!("fri 2pm, tues 3:30, 12/4 10:00. As before: {}{ride}", as_before.join(", ")));
        }
        form
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

    /// What is asked where a visit is to come each month on a day that some months do not have.
    fn short_months(&self, visit: &Row) -> Option<Overlay> {
        let (rule, moment) = (visit.text(appointment::repeats), self.moment());
        if rule.contains("BYMONTHDAY") {
            return None;
        }
        let starts = moment.local(visit.time(appointment::starts)?).naive_local();
        let (day, without) = series::months_without(rule, starts, &moment).ok()??;
        let end = rule.strip_prefix("FREQ=MONTHLY").unwrap_or("");
        let which = |day: &str| Pick::Repeats(format!("FREQ=MONTHLY;BYMONTHDAY={day}{end}"));
        let the = series::ordinal(day as i8);
        let about = vec![format!(
            "{} without a {the}: {}.",
            if without.len() == 1 { "A month" } else { "Months" },
            without.join(", ")
        )];
        let items = vec![
            (Some('l'), "On the last day of each month".into(), which("-1")),
            (Some('s'), format!("Only in months that have a {the}"), which(&day.to_string())),
            (Some('b'), "Back to the form".into(), Pick::Nothing),
        ];
        Some(Menu::telling(format!("Each month on the {the}"), about, items))
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
        if rule_changed
            && follow.is_none()
            && many == 0
            && let Some(menu) = self.short_months(&after)
        {
            return Ok(Rest::Ask(menu));
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

/// Whether an appointment is over: from its end on somebody must say how it went.
pub(super) fn is_over(visit: &Visit, now: DateTime<FixedOffset>) -> bool {
    visit.starts + TimeDelta::minutes(visit.minutes.into()) <= now
}

/// How a visit was had, as far as its words tell; face to face where they do not.
fn kind_of(visit: &Row) -> ContactKind {
    let words = format!("{} {}", visit.text(appointment::title), visit.text(appointment::place)).to_lowercase();
    let says = |all: &[&str]| words.split(|c: char| !c.is_alphanumeric()).any(|word| all.contains(&word));
    if says(&["video", "zoom", "telehealth", "teams", "facetime"]) {
        ContactKind::Video
    } else if says(&["phone", "call", "telephone"]) {
        ContactKind::Phone
    } else {
        ContactKind::FaceToFace
    }
}

/// What a moved appointment takes over.
fn copied(visit: &Row) -> Vec<(FieldId, Value)> {
    let taken = series::taken_over().into_iter().filter(|field| *field != appointment::repeats);
    let of_it = [appointment::starts, appointment::follow_up, appointment::by];
    let taken: Vec<FieldId> = taken.chain(of_it).collect();
    taken.iter().map(|field| (*field, visit.get(*field).clone())).filter(|(_, value)| !value.is_empty()).collect()
}
