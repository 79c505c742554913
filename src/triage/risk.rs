//! Who is at raised risk, and since when: what lifts a silence, a no-show or a missed medication to a matter of life.

use chrono::NaiveDate;

use crate::model::records::{assessment, incident, medication, stay};

use super::{ClientFacts, Clock, DueAt, Mark, Rules, calendar};

/// Days for which a moderate or high screen, or an answer that demanded action, raises the risk; a crisis likewise.
const SCREEN: i64 = 90;
/// Days after a discharge from psychiatric care or withdrawal management.
const DISCHARGE: i64 = 30;

/// What raised a person's risk: on which day, and for how many days.
pub(super) struct Risk(Vec<(NaiveDate, i64)>);

impl Risk {
    /// A fact dated ahead of this clock counts as of now; a discharge planned for a day to come has not happened.
    pub fn of(facts: &ClientFacts, clock: &Clock) -> Risk {
        let happened = |mark: &Mark, field| mark.date(field).map(|at| clock.here(at).day().min(clock.today));
        let mut events = Vec::new();
        for mark in &facts.marks {
            let event = if mark.record == assessment::TYPE.number && tells_of_risk(mark) {
                happened(mark, assessment::on).map(|day| (day, SCREEN))
            } else if mark.record == incident::TYPE.number
                && matches!(mark.word(incident::kind), "suicide" | "violence" | "overdose")
            {
                happened(mark, incident::began).map(|day| (day, SCREEN))
            } else if mark.record == stay::TYPE.number && matches!(mark.word(stay::kind), "psychiatric" | "detox") {
                mark.happened(stay::discharged, clock).map(|at| (at.day(), DISCHARGE))
            } else {
                None
            };
            events.extend(event);
        }
        Risk(events)
    }

    /// Whether the risk was raised when a reason fell due, or has been since while it stood: what was lifted stays lifted
    /// until somebody answers.
    pub fn lifts(&self, due: NaiveDate) -> bool {
        self.0.iter().any(|(day, window)| *day >= calendar::add_days(due, -window))
    }
}

/// A moderate or high screen for suicide, or an answer that demands action.
fn tells_of_risk(mark: &Mark) -> bool {
    !mark.word(assessment::urgent).is_empty()
        || mark.word(assessment::instrument) == "c-ssrs" && matches!(mark.word(assessment::score), "2" | "3")
}

/// Whether a stay ended within thirty days before a day.
pub(super) fn after_a_discharge(facts: &ClientFacts, day: NaiveDate, clock: &Clock) -> bool {
    let stays = facts.marks.iter().filter(|mark| mark.record == stay::TYPE.number);
    stays.filter_map(|mark| mark.happened(stay::discharged, clock)).any(|at| {
        let passed = (day - at.day()).num_days();
        (0..=DISCHARGE).contains(&passed)
    })
}

/// Whether the client is in a hospital again, after a discharge on that day.
pub(super) fn is_in_again(facts: &ClientFacts, discharged: NaiveDate, clock: &Clock) -> bool {
    facts.marks.iter().filter(|mark| mark.record == stay::TYPE.number).any(|mark| {
        let inpatient = !mark.word(stay::kind).starts_with("emergency");
        let since = mark.happened(stay::admitted, clock).map(DueAt::day).is_some_and(|admitted| admitted >= discharged);
        inpatient && since && mark.happened(stay::discharged, clock).is_none()
    })
}

impl Rules {
    /// Whether a medication is one a gap of which is dangerous: ticked so, or by its name.
    pub(super) fn is_critical_mark(&self, mark: &Mark) -> bool {
        mark.record == medication::TYPE.number
            && (mark.word(medication::critical) == "yes" || self.is_critical(&mark.what))
    }

    /// Whether the client takes such a medication now.
    pub(super) fn takes_critical(&self, facts: &ClientFacts, clock: &Clock) -> bool {
        facts.marks.iter().any(|mark| self.is_critical_mark(mark) && !self.is_settled(mark, clock))
    }
}
