//! Putting a reason off until a day, with why.

use crate::model::records::snooze;
use crate::model::{Change, Edit, FieldId, RowId, Value};
use crate::triage::{Told, may_not_snooze};

use super::act::digit;
use super::desk::{Desk, Pane};
use super::form::Form;
use super::overlay::{Menu, Pick};

impl Desk {
    pub(super) fn snooze_menu(&mut self) {
        let reasons = self.reasons();
        if reasons.is_empty() {
            self.say("There is nothing to put off.");
        } else if self.focus == Pane::Client || reasons.len() == 1 {
            let told = &reasons[self.reason.min(reasons.len() - 1)];
            self.snooze(&told.rule, told.subject);
        } else {
            let pick = |told: &Told| Pick::Snooze(told.rule.clone(), told.subject);
            let items = reasons.iter().enumerate().map(|(at, told)| (digit(at), told.text.clone(), pick(told)));
            self.overlay = Some(Menu::over("Put off which reason?", items.collect()));
        }
    }

    /// Opens the form in which a reason is put off.
    pub fn snooze(&mut self, rule: &str, subject: Option<RowId>) {
        let meant = |told: &Told| told.rule == rule && told.subject == subject;
        let Some(told) = self.reasons().into_iter().find(meant) else {
            self.say("That is no reason any more.");
            return;
        };
        let subject = told.subject.map_or(Value::Empty, |row| Value::text(row.to_string()));
        let tomorrow = Value::Date(crate::triage::calendar::add_days(self.today, 1));
        let known = vec![
            (snooze::rule, Value::text(told.rule)),
            (snooze::subject, subject),
            (snooze::until, tomorrow),
            (snooze::made, Value::Date(self.today)),
        ];
        let form = Form::add(self, &snooze::TYPE, self.chosen, known);
        self.form = Some(form.titled(format!("Put off: {}", told.text)).starting_at(snooze::until));
    }

    /// Why the form of a snooze cannot be saved: its reason cannot wait so long.
    pub(super) fn snooze_refused(&self, change: &Change) -> Option<String> {
        let set = |field: FieldId| {
            change.edits.iter().find_map(|edit| match edit {
                Edit::Set { field: set, value, .. } if *set == field => Some(value.clone()),
                _ => None,
            })
        };
        let (Value::Date(until), Value::Text(rule)) = (set(snooze::until)?, set(snooze::rule)?) else { return None };
        let subject = set(snooze::subject).and_then(|value| value.plain().parse::<RowId>().ok());
        let reasons = &self.ranked()?.reasons;
        let told = self.reasons();
        let at = told.iter().position(|told| told.rule == rule && told.subject == subject)?;
        may_not_snooze(&reasons[at], until, &self.rules, self.today)
    }
}
