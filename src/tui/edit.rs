//! Forms that an action opens, and what is done without one: a step ticked off, an assessment done.

use crate::model::records::{
    appointment, arrangement, assessment, enrollment, goal, note, plan, signature, step, task,
};
use crate::model::{ArrangementStatus, CATALOGUE, Change, FieldId, PlanStatus, RecordType, RowId, Value, WorkStatus};
use crate::store::StoreError;

use super::act::numbered;
use super::action::Action;
use super::desk::{Desk, GoalLine, Pane};
use super::form::Form;
use super::overlay::{Menu, Pick};

impl Desk {
    pub(super) fn add(&mut self, record: &'static RecordType, known: Vec<(FieldId, Value)>) {
        self.form = Some(Form::add(self, record, self.owner_of_new(record), known));
    }

    pub(super) fn active_plan(&self) -> Option<RowId> {
        let plans = self.file.as_ref()?.of(&plan::TYPE);
        plans.iter().rev().find(|row| row.text(plan::status) == PlanStatus::Active.code()).map(|row| row.id)
    }

    pub(super) fn add_step(&mut self, about: Option<RowId>) {
        let goals: Vec<(RowId, String)> = self
            .goals()
            .iter()
            .filter(|row| matches!(row.text(goal::status), "open" | ""))
            .map(|row| (row.id, row.text(goal::words).to_string()))
            .collect();
        let chosen = match self.goal_lines().get(self.goal_at) {
            Some(GoalLine::Goal(at)) if self.focus == Pane::Goals => Some(self.goals()[*at].id),
            Some(GoalLine::Step(at)) if self.focus == Pane::Goals => self.steps()[*at].link(step::goal),
            _ => None,
        };
        let only = (goals.len() == 1).then(|| goals[0].0);
        match about.or(chosen).or(only) {
            Some(goal) => self.add(&step::TYPE, vec![(step::goal, Value::Link(goal))]),
            None if goals.is_empty() => self.trouble("A step belongs to a goal: add a goal first (g)."),
            None => {
                self.overlay =
                    Some(Menu::over("A step for which goal?", numbered(goals, |row| Pick::Act(Action::AddStep, row))))
            }
        }
    }

    pub(super) fn edit_chosen(&mut self) -> Result<(), StoreError> {
        match self.focus {
            Pane::Goals => match self.goal_row().map(|row| (row.record, row.id)) {
                Some((record, row)) => self.edit_row(record, row),
                None => Ok(()),
            },
            Pane::Appointments => match self.visit_at_hand() {
                Some(row) => self.edit_row(&appointment::TYPE, row),
                None => Ok(()),
            },
            Pane::Caseload | Pane::Client => self.edit_client(),
        }
    }

    /// The client's own form; or, where values disagree elsewhere, the form in which to choose.
    pub(super) fn edit_client(&mut self) -> Result<(), StoreError> {
        let Some(chosen) = self.chosen else { return Ok(()) };
        // Only where something disagrees must everything be looked through.
        let torn = self.facts().is_some_and(|facts| facts.conflicts > 0);
        let all = if torn { self.store.client_file(chosen, usize::MAX >> 1)? } else { None };
        let Some(file) = all.as_ref().or(self.file.as_ref()) else { return Ok(()) };
        // What was set beside a signed text is shown there; nothing is left to choose.
        let signed = |row: &crate::model::Row| {
            let id = row.id.to_string();
            *row.record == note::TYPE && file.of(&signature::TYPE).iter().any(|signed| signed.text(signature::of) == id)
        };
        let rows = CATALOGUE.iter().flat_map(|record| file.of(record)).filter(|row| !signed(row));
        let torn = std::iter::once(&file.client).chain(rows).find(|row| !row.disagreements.is_empty());
        let (row, torn) = (torn.unwrap_or(&file.client), torn.is_some());
        let mut form = Form::edit(self, row, None);
        if torn {
            let field = row.disagreements[0].field;
            form = form.starting_at(field);
            self.say("Two values disagree: Ctrl-n shows the other one; save what is right.");
        }
        self.form = Some(form);
        Ok(())
    }

    pub fn edit_row(&mut self, record: &'static RecordType, row: RowId) -> Result<(), StoreError> {
        match self.store.row_of(record, row)? {
            Some(row) if self.is_refused(&row)? => {}
            // Its answers are what there is to change: they make the score.
            Some(row) if *record == assessment::TYPE && self.is_answered(&row) => self.edit_assessment(&row)?,
            Some(row) => self.form = Some(Form::edit(self, &row, None)),
            None => self.trouble("That is not there any more."),
        }
        Ok(())
    }

    pub(super) fn done(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let chosen =
            self.goal_row().filter(|row| self.focus == Pane::Goals && *row.record == step::TYPE).map(|row| row.id);
        let Some(facts) = self.facts() else { return Ok(()) };
        let mut open: Vec<(RowId, String)> =
            facts.tasks.iter().chain(&facts.steps).map(|due| (due.row, due.what.clone())).collect();
        let arranged = facts.marks.iter().filter(|mark| mark.record == arrangement::TYPE.number);
        open.extend(arranged.map(|mark| (mark.row, format!("{} (for the discharge)", mark.what))));
        let only = (open.len() == 1).then(|| open[0].0);
        match about.or(chosen).or(only) {
            Some(row) => self.tick_off(row),
            None if open.is_empty() => {
                self.say("Nothing left to tick off here.");
                Ok(())
            }
            None => {
                self.overlay = Some(Menu::over("What is done?", numbered(open, |row| Pick::Act(Action::Done, row))));
                Ok(())
            }
        }
    }

    pub(super) fn tick_off(&mut self, id: RowId) -> Result<(), StoreError> {
        let today = Value::Date(self.today);
        if let Some(row) = self.store.row_of(&arrangement::TYPE, id)? {
            let mut change = Change::new("arrangement confirmed");
            change.set(id, arrangement::status, ArrangementStatus::Confirmed.code());
            return self.apply(&change, format!("Confirmed: {}.", row.text(arrangement::what)));
        }
        let mut change = Change::new("done");
        let (what, status) = match (self.store.row_of(&task::TYPE, id)?, self.store.row_of(&step::TYPE, id)?) {
            (Some(row), _) => {
                change.set(id, task::status, WorkStatus::Done.code()).set(id, task::done_on, today);
                (row.text(task::what).to_string(), row.text(task::status).to_string())
            }
            (_, Some(row)) => {
                change.set(id, step::status, WorkStatus::Done.code()).set(id, step::done_on, today);
                (row.text(step::what).to_string(), row.text(step::status).to_string())
            }
            _ => {
                self.trouble("That is not there any more.");
                return Ok(());
            }
        };
        if status == WorkStatus::Done.code() {
            self.say("That is done already. Press e to change it.");
            return Ok(());
        }
        self.apply(&change, format!("Done: {what}."))
    }

    pub(super) fn progress(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let chosen = match self.goal_lines().get(self.goal_at) {
            Some(GoalLine::Goal(at)) if self.focus == Pane::Goals => Some(self.goals()[*at].id),
            Some(GoalLine::Step(at)) if self.focus == Pane::Goals => self.steps()[*at].link(step::goal),
            _ => None,
        };
        let goals: Vec<(RowId, String)> =
            self.goals().iter().map(|row| (row.id, row.text(goal::words).to_string())).collect();
        let only = (goals.len() == 1).then(|| goals[0].0);
        match about.or(chosen).or(only) {
            Some(row) => {
                if let Some(row) = self.store.row_of(&goal::TYPE, row)? {
                    let only = [goal::words, goal::progress, goal::status, goal::target, goal::attainment];
                    let form = Form::edit(self, &row, Some(&only)).titled("Goal progress").starting_at(goal::progress);
                    self.form = Some(form);
                }
            }
            None if goals.is_empty() => self.say("No goals yet. Press g to add one."),
            None => {
                self.overlay = Some(Menu::over("Which goal?", numbered(goals, |row| Pick::Act(Action::Progress, row))))
            }
        }
        Ok(())
    }

    pub(super) fn assessed(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let stays = self.facts().map_or(&[][..], |facts| &facts.enrollments);
        // Every member of a household has one, the head's is meant where nothing says whose.
        let row = about.or_else(|| stays.iter().find(|stay| stay.head).or(stays.first()).map(|stay| stay.row));
        let Some(row) = row else {
            self.say("No open enrollment that an annual assessment goes by.");
            return Ok(());
        };
        let mut change = Change::new("annual assessment done");
        change.set(row, enrollment::assessed, Value::Date(self.today));
        self.apply(&change, "Annual assessment: done today.")
    }
}
