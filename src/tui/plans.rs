//! A plan's life at the screen: read in words, reviewed, carried on in a new version, signed by the client and the worker.
//!
//! The promise: the client's own words come first; what is signed is what was shown; a signature stays under the words it
//! was given for, and it is told what the plan says otherwise since.

use chrono::{Months, NaiveDate};

use crate::model::plans::{self, Agreed};
use crate::model::records::{goal, plan, signature};
use crate::model::standing::signed_by;
use crate::model::stands::{self, Stands};
use crate::model::{Change, PlanStatus, Row, RowId, SignatureRole, Value};
use crate::store::{ClientFile, Signer, StoreError};
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

    /// The names under a plan: each that stands in a line. Of one whose words were changed since what is different, and the
    /// plan as it was signed with the name beneath it: no name stands under words that it was not given for. Of a plan that
    /// has ended nothing is asked for any more.
    fn plan_signatures(&self, plan: &Row) -> Result<Vec<String>, StoreError> {
        let mut lines = Vec::new();
        let under = self.store.under_plan(plan.id)?;
        for (row, stands) in &under {
            match stands {
                Stands::Yes => lines.push(signed_by(row)),
                Stands::Broken | Stands::Gone => {
                    lines.extend(stands.in_words().into_iter().map(|why| format!("{}  {why}", signed_by(row))));
                }
                Stands::Changed(_) => {
                    let ended = plan.text(plan::status) == PlanStatus::Ended.code();
                    let again = if ended { "" } else { ": it is to be signed again" };
                    lines.extend(stands::since(row, stands).map(|since| format!("{since}{again}")));
                    let changes = stands.in_words();
                    lines.extend(changes.iter().flat_map(|one| one.lines()).map(|line| format!("  {line}")));
                    lines.push("AS IT WAS SIGNED".into());
                    lines.extend(stands::words_of(row).lines().map(|line| format!("  {line}")));
                    lines.extend([format!("  {}", signed_by(row)), String::new()]);
                }
            }
        }
        Ok(lines)
    }

    pub(super) fn show_plan(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let Some(plan) = self.plan_meant(about)? else { return Ok(()) };
        let text = self.store.plan_in_words(plan.id)?;
        let mut lines: Vec<String> = text.lines().map(String::from).collect();
        lines.push(String::new());
        let signed = self.plan_signatures(&plan)?;
        if signed.is_empty() {
            lines.push("Nobody has signed this plan yet.".into());
        }
        lines.extend(signed);
        let mut before = plan.link(plan::replaces);
        while let Some(row) = before.map(|id| self.store.row_of(&plan::TYPE, id)).transpose()?.flatten() {
            lines.extend([String::new(), "BEFORE THIS VERSION".into()]);
            let text = self.store.plan_in_words(row.id)?;
            lines.extend(text.lines().map(|line| format!("  {line}")));
            lines.extend(self.plan_signatures(&row)?.into_iter().map(|line| format!("  {line}")));
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
        let under = self.store.under_plan(plan.id)?;
        let told = under.iter().map(|(row, stands)| stands::since(row, stands).unwrap_or_else(|| signed_by(row)));
        let mut told: Vec<String> = told.collect();
        told.extend(self.store.plan_in_words(plan.id)?.lines().map(String::from));
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
        match self.store.sign_plan(id, role, signer) {
            Ok(receipt) => {
                self.follow(receipt)?;
                self.say(format!("Signed by {}.", signer.name));
            }
            Err(error) => self.tell_refusal(&error, None),
        }
        Ok(())
    }

    /// The plan in force in a line, for the client's page: its version, its review, who signed, and whether it was changed
    /// since.
    pub(super) fn plan_in_short(&self, row: &Row, file: &ClientFile) -> String {
        let kind = row.record.field(plan::kind.field).map_or(String::new(), |field| row.shown(field));
        let version = row.whole(plan::version).unwrap_or(1);
        let review = row
            .date(plan::review_due)
            .map_or(String::new(), |day| format!(", review {}", day_in_words(day, self.today)));
        let agreed = Agreed::of(row, |record| file.of(record));
        let under: Vec<(Row, Stands)> = stands::under(row, file.of(&signature::TYPE))
            .map(|signed| (signed.clone(), stands::under_plan(signed, &agreed)))
            .collect();
        let names: Vec<&str> =
            under.iter().filter(|(_, stands)| stands.stands()).map(|(row, _)| row.text(signature::name)).collect();
        let again = stands::overtaken(&under).map(|(row, _)| {
            let on = row.time(signature::at).map_or(String::new(), |at| day_in_words(at.date_naive(), self.today));
            format!(", CHANGED since {} signed it {on}", row.text(signature::name))
        });
        // What is wrong stands before what may be cut off.
        let mut wrong: Vec<String> = again.collect();
        if under.iter().any(|(_, stands)| *stands == Stands::Broken) {
            wrong.push(", BROKEN signature".into());
        }
        let signed = match names.as_slice() {
            [] if wrong.is_empty() => ", not signed".into(),
            [] => String::new(),
            names => format!(", signed {}", names.join(", ")),
        };
        format!("{kind}, version {version}{}{review}{signed}", wrong.concat())
    }
}
