//! Referrals from the first draft to what came of them: each step by one key, its dates set by themselves.

use chrono::Days;

use crate::model::records::{appointment, referral};
use crate::model::{Change, Edit, ReferralOutcome, ReferralStatus, Row, RowId, Value};
use crate::store::StoreError;
use crate::triage::day_in_words;

use super::act::numbered;
use super::action::Action;
use super::desk::Desk;
use super::form::Form;
use super::overlay::{Menu, Pick};

/// Days after which a waiting list is asked again.
const WAITING: u64 = 14;
/// Days after a service was received by which the referral is to be closed.
const CLOSING: u64 = 7;

impl Desk {
    /// The referral that is meant, or a list to choose from; a new one where there is none.
    pub(super) fn referral(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        if let Some(row) = about {
            return self.referral_menu(row);
        }
        let open: Vec<(RowId, String)> = self
            .referrals()
            .filter(|row| row.text(referral::status) != ReferralStatus::Closed.code())
            .map(|row| (row.id, self.referral_in_short(row)))
            .collect();
        if open.is_empty() {
            self.add(&referral::TYPE, Vec::new());
            return Ok(());
        }
        let mut items = numbered(open, |row| Pick::Act(Action::Referral, row));
        items.push((Some('n'), "A new referral".into(), Pick::Add(&referral::TYPE)));
        items.push((Some('R'), "A new one from the resource directory".into(), Pick::Do(Action::Resources)));
        self.overlay = Some(Menu::over("Referrals", items));
        Ok(())
    }

    /// The chosen client's referrals.
    pub(super) fn referrals(&self) -> impl Iterator<Item = &Row> {
        self.file.iter().flat_map(|file| file.of(&referral::TYPE))
    }

    /// A referral in one line: to whom, what for, how it stands since when.
    pub(super) fn referral_in_short(&self, row: &Row) -> String {
        let status = ReferralStatus::from_code(row.text(referral::status)).unwrap_or(ReferralStatus::Draft);
        let since = match status {
            ReferralStatus::Draft => None,
            ReferralStatus::Sent | ReferralStatus::Received => row.date(referral::sent),
            ReferralStatus::Closed => row.date(referral::closed),
            _ => row.date(referral::answered),
        };
        let outcome = ReferralOutcome::from_code(row.text(referral::outcome)).map_or("", ReferralOutcome::label);
        let mut parts = vec![row.text(referral::to).to_string(), row.text(referral::what).to_string()];
        let since = since.map_or(String::new(), |day| format!(" {}", day_in_words(day, self.today)));
        parts.push(format!("{}{since}", status.label().to_lowercase()));
        parts.extend([outcome.to_lowercase(), row.text(referral::reason).to_string()]);
        if let Some(again) = row.date(referral::again).filter(|_| status != ReferralStatus::Closed) {
            parts.push(format!("ask again {}", day_in_words(again, self.today)));
        }
        parts.retain(|part| !part.trim().is_empty());
        parts.join("  ")
    }

    /// What may become of one referral.
    fn referral_menu(&mut self, id: RowId) -> Result<(), StoreError> {
        let Some(row) = self.store.row_of(&referral::TYPE, id)? else {
            self.trouble("That referral is not there any more.");
            return Ok(());
        };
        let now = ReferralStatus::from_code(row.text(referral::status)).unwrap_or(ReferralStatus::Draft);
        let steps = [
            ('s', ReferralStatus::Sent),
            ('v', ReferralStatus::Received),
            ('a', ReferralStatus::Accepted),
            ('w', ReferralStatus::Waitlisted),
            ('d', ReferralStatus::Declined),
            ('p', ReferralStatus::Scheduled),
            ('g', ReferralStatus::Served),
        ];
        let mut items: Vec<_> = steps
            .into_iter()
            .filter(|(_, status)| *status != now)
            .map(|(key, status)| (Some(key), status.label().to_string(), Pick::Refer(id, status)))
            .collect();
        items.push((Some('c'), "Close it: what came of it".into(), Pick::Refer(id, ReferralStatus::Closed)));
        items.push((Some('e'), "Edit it".into(), Pick::EditReferral(id)));
        items.push((Some('o'), "Another referral, or a new one".into(), Pick::Do(Action::Referral)));
        let about = vec![self.referral_in_short(&row)];
        self.overlay = Some(Menu::telling("How does this referral stand?", about, items));
        Ok(())
    }

    /// Takes a referral a step on.
    pub(super) fn refer(&mut self, id: RowId, status: ReferralStatus) -> Result<(), StoreError> {
        let Some(row) = self.store.row_of(&referral::TYPE, id)? else { return Ok(()) };
        let change = step(&row, status, self.today);
        let to = row.text(referral::to).to_string();
        match status {
            ReferralStatus::Declined => {
                let mut form =
                    Form::edit(self, &row, Some(&[referral::reason, referral::about])).titled("Declined: why?");
                form.also = change.edits;
                self.form = Some(form);
            }
            ReferralStatus::Scheduled => {
                // The appointment is set in the same action.
                let title = match row.text(referral::what) {
                    "" => to,
                    what => format!("{to}: {what}"),
                };
                let known = vec![(appointment::title, Value::from(title))];
                let mut form = Form::add(self, &appointment::TYPE, Some(row.stream), known).titled("Appointment there");
                form.also = change.edits;
                self.form = Some(form.starting_at(appointment::starts));
            }
            ReferralStatus::Closed => {
                let outcomes = ReferralOutcome::ALL.iter().enumerate().map(|(at, outcome)| {
                    let mut change = change.clone();
                    change.set(id, referral::outcome, outcome.code());
                    let said = format!("Closed: {to}, {}.", outcome.label().to_lowercase());
                    (super::act::digit(at), outcome.label().to_string(), Pick::Apply(change, said))
                });
                self.overlay = Some(Menu::over("What came of it?", outcomes.collect()));
            }
            _ => self.apply(&change, format!("{}: {to}.", status.label()))?,
        }
        Ok(())
    }
}

/// A step of a referral with the dates that go with it; a date that stands already stays.
fn step(row: &Row, status: ReferralStatus, today: chrono::NaiveDate) -> Change {
    let mut change = Change::new(format!("referral {}", status.label().to_lowercase()));
    change.set(row.id, referral::status, status.code());
    let mut dated = |field| {
        if row.date(field).is_none() {
            change.edits.push(Edit::Set { row: row.id, field, value: Value::Date(today) });
        }
    };
    dated(referral::sent);
    if !matches!(status, ReferralStatus::Sent | ReferralStatus::Received | ReferralStatus::Closed) {
        dated(referral::answered);
    }
    if status == ReferralStatus::Closed {
        dated(referral::closed);
    }
    let again = match status {
        ReferralStatus::Waitlisted => today.checked_add_days(Days::new(WAITING)),
        ReferralStatus::Served => today.checked_add_days(Days::new(CLOSING)),
        _ => None,
    };
    if again.is_some() || row.date(referral::again).is_some() {
        change.set(row.id, referral::again, again);
    }
    change
}
