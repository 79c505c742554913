//! From a plan template, or a goal of the library, to what is saved: the plan, its goals with their steps and dates, and
//! what a discharge needs, in one change.
//!
//! Pure: ids and days are handed in. A template is where to begin: the words are the client's to change.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use crate::model::records::{arrangement, goal, plan, step};
use crate::model::{ArrangementStatus, Change, GoalStatus, Moment, PlanStatus, RowId, Value, WorkStatus};

use super::{ArrangementIdea, GoalIdea, PlanTemplate, Practice};

/// A plan as it was ticked together.
pub struct Chosen<'a> {
    pub template: &'a PlanTemplate,
    pub goals: Vec<&'a GoalIdea>,
    pub arrangements: Vec<&'a ArrangementIdea>,
    /// The day the plan starts; for a discharge plan the day of the discharge.
    pub start: NaiveDate,
    /// The stay that the arrangements are for.
    pub stay: Option<RowId>,
}

impl Practice {
    /// Every plan template with the name of its area, those of the given areas first.
    pub fn plan_templates<'a>(&'a self, areas: &[String]) -> Vec<(&'a super::Area, &'a PlanTemplate)> {
        let own = |area: &&super::Area| areas.contains(&area.code);
        let (first, rest): (Vec<_>, Vec<_>) = self.areas.iter().partition(own);
        first.into_iter().chain(rest).flat_map(|area| area.plans.iter().map(move |plan| (area, plan))).collect()
    }

    /// Every goal of the library, those of the given areas first.
    pub fn goal_ideas(&self, areas: &[String]) -> Vec<&GoalIdea> {
        let own = |area: &&super::Area| areas.contains(&area.code);
        let (first, rest): (Vec<_>, Vec<_>) = self.areas.iter().partition(own);
        first.into_iter().chain(rest).flat_map(|area| &area.goals).collect()
    }
}

impl Chosen<'_> {
    /// The whole plan as one change to a client's file, so that one undo takes it back.
    pub fn change(&self, stream: RowId, moment: &Moment, mut new_id: impl FnMut() -> RowId) -> Change {
        let mut change = Change::new("plan from a template");
        let row = new_id();
        change
            .create(&plan::TYPE, row, stream)
            .set(row, plan::kind, self.template.kind.code())
            .set(row, plan::status, PlanStatus::Active.code())
            .set(row, plan::start, self.start)
            .set(row, plan::review_due, later(self.start, self.template.review_days))
            .set(row, plan::version, Value::Whole(1));
        for idea in &self.goals {
            let goal = new_id();
            change
                .create(&goal::TYPE, goal, stream)
                .set(goal, goal::plan, row)
                .set(goal, goal::words, idea.words.as_str())
                .set(goal, goal::statement, idea.statement.as_str())
                .set(goal, goal::domain, idea.domain.code())
                .set(goal, goal::progress, Value::Whole(0))
                .set(goal, goal::status, GoalStatus::Open.code())
                .set(goal, goal::target, idea.days.map(|days| later(self.start, days)));
            steps(&mut change, idea, (goal, stream), self.start, &mut new_id);
        }
        for idea in &self.arrangements {
            let row = new_id();
            change
                .create(&arrangement::TYPE, row, stream)
                .set(row, arrangement::kind, idea.kind.code())
                .set(row, arrangement::what, idea.what.as_str())
                .set(row, arrangement::owner, idea.owner.as_str())
                .set(row, arrangement::due, due(self.start, idea.hours, moment))
                .set(row, arrangement::status, ArrangementStatus::Open.code())
                .set(row, arrangement::stay, self.stay);
        }
        change.edits.retain(|edit| !matches!(edit, crate::model::Edit::Set { value, .. } if value.is_empty()));
        change
    }
}

/// A goal's steps, counted from a day.
pub fn steps(
    change: &mut Change,
    idea: &GoalIdea,
    (goal, stream): (RowId, RowId),
    start: NaiveDate,
    mut new_id: impl FnMut() -> RowId,
) {
    for step in &idea.steps {
        let row = new_id();
        change
            .create(&step::TYPE, row, stream)
            .set(row, step::goal, goal)
            .set(row, step::what, step.what.as_str())
            .set(row, step::who, if step.who.is_empty() { "me" } else { step.who.as_str() })
            .set(row, step::status, WorkStatus::Open.code());
        if let Some(days) = step.days {
            change.set(row, step::due, later(start, days));
        }
    }
}

fn later(day: NaiveDate, days: u16) -> NaiveDate {
    day.checked_add_days(chrono::Days::new(days.into())).unwrap_or(NaiveDate::MAX)
}

/// So many hours after noon of the day of the discharge, by when most people are on their way home.
fn due(discharge: NaiveDate, hours: i64, moment: &Moment) -> DateTime<FixedOffset> {
    let noon = NaiveDateTime::new(discharge, NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default());
    let at = TimeDelta::try_hours(hours).and_then(|hours| noon.checked_add_signed(hours)).unwrap_or(noon);
    moment.at(at.date(), at.time())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Edit;

    #[test]
    fn every_shipped_template_makes_a_change_that_is_sound() {
        let practice = Practice::standard();
        let now = DateTime::parse_from_rfc3339("2026-11-24T12:00:00-05:00").unwrap();
        let moment = Moment::new(now, |_| FixedOffset::west_opt(5 * 3600).unwrap());
        let templates = practice.plan_templates(&[]);
        assert!(practice.areas.iter().all(|area| !area.plans.is_empty() && area.goals.len() >= 10));
        for (area, template) in templates {
            let goals = area.goals.iter().filter(|goal| template.goals.contains(&goal.words)).collect();
            let arrangements = template.arrangements.iter().collect();
            let start = moment.today();
            let chosen = Chosen { template, goals, arrangements, start, stay: None };
            let mut made = 0;
            let change = chosen.change(RowId::derived(&["client"]), &moment, || {
                made += 1;
                RowId::derived(&[&made.to_string()])
            });
            change.check().unwrap();
            assert!(chosen.goals.len() >= 2, "{}", template.name);
            assert!(chosen.goals.iter().all(|goal| !goal.steps.is_empty()), "{}", template.name);
            let of = |number: u16| {
                change
                    .edits
                    .iter()
                    .filter(|e| matches!(e, Edit::Create { record, .. } if record.number == number))
                    .count()
            };
            assert_eq!(of(goal::TYPE.number), chosen.goals.len());
            assert_eq!(of(arrangement::TYPE.number), template.arrangements.len());
        }
    }

    #[test]
    fn hours_are_counted_from_noon_of_the_discharge_also_over_a_year_end_and_daylight_saving() {
        let now = DateTime::parse_from_rfc3339("2026-10-30T12:00:00-04:00").unwrap();
        // Clocks go back on 1 Nov 2026.
        let moment = Moment::new(now, |at| {
            let winter = at >= "2026-11-01T02:00:00".parse().unwrap();
            FixedOffset::west_opt(if winter { 5 } else { 4 } * 3600).unwrap()
        });
        for (day, hours, wanted) in [
            ("2026-10-31", 24, "2026-11-01T12:00:00-05:00"),
            ("2026-12-31", 48, "2027-01-02T12:00:00-05:00"),
            ("2028-02-28", 24, "2028-02-29T12:00:00-05:00"),
            ("2026-11-01", -20, "2026-10-31T16:00:00-04:00"),
        ] {
            assert_eq!(due(day.parse().unwrap(), hours, &moment).to_rfc3339(), wanted);
        }
    }
}
