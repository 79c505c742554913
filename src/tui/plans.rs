//! A plan's life at the screen: read in words, reviewed, carried on in a new version, signed by the client and the worker.
//!
//! The promise: the client's own words come first; what is signed is what was shown; a signature stays under the plan with
//! the text it was given for, and it is told when the plan says something else since.

use chrono::{Months, NaiveDate};

use crate::model::plans;
use crate::model::records::{goal, plan, signature, step};
use crate::model::standing::signed_by;
use crate::model::{Change, Row, RowId, SignatureRole, Value, signing};
use crate::store::{Signer, StoreError};
use crate::triage::day_in_words;

use super::act::digit;
use super::answer::Answer;
use super::desk::Desk;
use super::form::Form;
use super::overlay::{Menu, Overlay, Pick};

/// A plan is reviewed again after so many months, where the plan at hand says nothing else: twice a year is a common
/// agency standard.
const REVIEW_MONTHS: u32 = 6;

impl Desk {
    /// The plan that an action is about: the one named, or the one in force; where there is none it is said.
    fn plan_meant(&mut self, about: Option<RowId>) -> Result<Option<Row>, StoreError> {
        let Some(id) = about.or_else(|| self.active_plan()) else {
            self.say(format!("No plan is in force. {} adds one.", self.keys.first_of("add-plan")));
            return Ok(None);
        };
        self.store.row_of(&plan::TYPE, id)
    }

    fn plan_text(&self, plan: &Row) -> Result<String, StoreError> {
        let goals = self.store.rows(&goal::TYPE, plan.stream)?;
        let steps = self.store.rows(&step::TYPE, plan.stream)?;
        Ok(plans::in_words(plan, &goals, &steps))
    }

    /// Who signed a plan, and whether it says something else since.
    fn plan_signatures(&self, plan: &Row, text: &str) -> Result<Vec<String>, StoreError> {
        let id = plan.id.to_string();
        let mut rows = self.store.rows(&signature::TYPE, plan.stream)?;
        rows.retain(|row| row.text(signature::of) == id);
        rows.sort_by_key(|row| (row.time(signature::at), row.id));
        let told = rows.iter().map(|row| {
            let now = match row {
                row if !signing::holds(row) => "  BROKEN: this is not what was signed",
                row if row.text(signature::content) != text => "  (the plan was changed since)",
                _ => "",
            };
            format!("{}{now}", signed_by(row))
        });
        Ok(told.collect())
    }

    pub(super) fn show_plan(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let Some(plan) = self.plan_meant(about)? else { return Ok(()) };
        let text = self.plan_text(&plan)?;
        let mut lines: Vec<String> = text.lines().map(String::from).collect();
        lines.push(String::new());
        let signed = self.plan_signatures(&plan, &text)?;
        if signed.is_empty() {
            lines.push("Nobody has signed this plan yet.".into());
        }
        lines.extend(signed);
        if !plan.text(plan::changes).is_empty() {
            lines.extend([String::new(), "CHANGED AT THE LAST REVIEW".into()]);
            lines.extend(plan.text(plan::changes).lines().map(String::from));
        }
        let mut before = plan.link(plan::replaces);
        while let Some(row) = before.map(|id| self.store.row_of(&plan::TYPE, id)).transpose()?.flatten() {
            lines.extend([String::new(), "BEFORE THIS VERSION".into()]);
            let text = self.plan_text(&row)?;
            lines.extend(text.lines().map(|line| format!("  {line}")));
            lines.extend(self.plan_signatures(&row, &text)?.into_iter().map(|line| format!("  {line}")));
            // Two versions that follow on each other in a ring are shown once.
            before = row.link(plan::replaces).filter(|next| *next != plan.id && Some(*next) != before);
            if lines.len() > 2_000 {
                break;
            }
        }
        self.overlay = Some(Overlay::Reading { title: "The plan".into(), lines, scroll: 0 });
        Ok(())
    }

    pub(super) fn ask_new_version(&mut self) -> Result<(), StoreError> {
        let Some(plan) = self.plan_meant(None)? else { return Ok(()) };
        let next = plan.whole(plan::version).unwrap_or(1) + 1;
        let mut about = vec![format!(
            "Version {next} begins today and takes over what is still open, with its steps and notes. Version {} ends; what was signed under it stays.",
            next - 1
        )];
        about.extend(self.store.plan_changes(&plan)?);
        let items = vec![
            (Some('y'), format!("Yes, make version {next}"), Pick::NewVersion(plan.id)),
            (Some('n'), "No".into(), Pick::Nothing),
        ];
        self.overlay = Some(Menu::telling("A new version of the plan", about, items));
        Ok(())
    }

    pub(super) fn new_version(&mut self, id: RowId) -> Result<(), StoreError> {
        let Some(before) = self.store.row_of(&plan::TYPE, id)? else { return Ok(()) };
        let goals = self.store.rows(&goal::TYPE, before.stream)?;
        let new = self.store.new_id();
        let mut change: Change = plans::next_version(&before, &goals, new, self.today, self.review_after(&before));
        let changes = self.store.plan_changes(&before)?;
        if !changes.is_empty() {
            change.set(new, plan::changes, changes.join("\n"));
        }
        self.apply(&change, "A new version of the plan is in force.")
    }

    /// The day of the next review: as far from today as the last was planned from the one before, at least a month.
    fn review_after(&self, plan: &Row) -> NaiveDate {
        let from = plan.date(plan::reviewed).or(plan.date(plan::start));
        let planned = from.zip(plan.date(plan::review_due)).map(|(from, due)| due - from);
        let months = self.today.checked_add_months(Months::new(REVIEW_MONTHS));
        let same = planned
            .filter(|days| (28..=400).contains(&days.num_days()))
            .and_then(|days| self.today.checked_add_signed(days));
        same.or(months).unwrap_or(self.today)
    }

    /// A form for the review: today, the next date, and what changed since the last time, in words to be corrected.
    pub(super) fn review_plan(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let Some(before) = self.plan_meant(about)? else { return Ok(()) };
        let changes = self.store.plan_changes(&before)?;
        let only = [plan::review_due, plan::strengths, plan::barriers, plan::reviewed, plan::changes];
        let mut row = before.clone();
        row.put(plan::reviewed, Value::Date(self.today));
        row.put(plan::review_due, Value::Date(self.review_after(&before)));
        row.put(plan::changes, if changes.is_empty() { "Nothing changed.".into() } else { changes.join("\n") });
        let mut form = Form::edit(self, &row, Some(&only)).titled("Review plan").starting_at(plan::changes);
        for input in &mut form.inputs {
            let field = input.field.id;
            input.was(&before, field);
        }
        self.form = Some(form);
        Ok(())
    }

    /// Whose name is put under the plan, after its text was shown.
    pub(super) fn ask_plan_signer(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let Some(plan) = self.plan_meant(about)? else { return Ok(()) };
        let text = self.plan_text(&plan)?;
        let mut told: Vec<String> = self.plan_signatures(&plan, &text)?;
        told.extend(text.lines().map(String::from));
        let roles = [SignatureRole::Client, SignatureRole::Guardian, SignatureRole::Worker];
        let mut items: Vec<(Option<char>, String, Pick)> = roles
            .into_iter()
            .enumerate()
            .map(|(at, role)| (digit(at), format!("{} signs", role.label()), Pick::SignPlan(plan.id, role)))
            .collect();
        items.push((Some('r'), "Read all of it first".into(), Pick::Act(super::action::Action::ShowPlan, plan.id)));
        self.overlay = Some(Menu::telling("Sign the plan as it reads now", told, items));
        Ok(())
    }

    pub(super) fn plan_signer(&mut self, id: RowId, role: SignatureRole) -> Result<(), StoreError> {
        if role == SignatureRole::Worker {
            let me = self.store.myself();
            return self.sign_plan(id, role, &me);
        }
        let about = match role {
            SignatureRole::Guardian => "The guardian types their own name; it stands under the plan as it reads now.",
            _ => "The client types their own name; it stands under the plan as it reads now.",
        };
        self.ask(Answer::PlanName(id, role), "Sign the plan", about);
        Ok(())
    }

    /// After the name: who was there to see it.
    pub(super) fn plan_witness(&mut self, id: RowId, role: SignatureRole, name: &str) {
        let me = self.store.worker().name.clone();
        let about =
            format!("Who saw {} sign? Your own name stands there already.", crate::model::text::one_line(name.trim()));
        self.ask_with(Answer::PlanWitness(id, role, name.trim().into()), "Witnessed by", &about, &me);
    }

    pub(super) fn sign_plan(&mut self, id: RowId, role: SignatureRole, signer: &Signer) -> Result<(), StoreError> {
        let Some(plan) = self.store.row_of(&plan::TYPE, id)? else { return Ok(()) };
        let text = self.plan_text(&plan)?;
        match self.store.sign_plan(id, role, signer, text) {
            Ok(receipt) => {
                self.follow(receipt)?;
                self.say(format!("Signed by {}.", signer.name));
            }
            Err(error) => self.tell_refusal(&error, None),
        }
        Ok(())
    }

    /// The plan in force in a line, for the client's page: its version, its review, who signed.
    pub(super) fn plan_in_short(&self, row: &Row, signatures: &[Row]) -> String {
        let kind = row.record.field(plan::kind.field).map_or(String::new(), |field| row.shown(field));
        let version = row.whole(plan::version).unwrap_or(1);
        let review = row
            .date(plan::review_due)
            .map_or(String::new(), |day| format!(", review {}", day_in_words(day, self.today)));
        let id = row.id.to_string();
        let names: Vec<&str> = signatures
            .iter()
            .filter(|signed| signed.text(signature::of) == id)
            .map(|signed| signed.text(signature::name))
            .collect();
        let signed = if names.is_empty() { "not signed".to_string() } else { format!("signed {}", names.join(", ")) };
        format!("{kind}, version {version}{review}, {signed}")
    }
}
