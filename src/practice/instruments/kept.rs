//! An assessment as its row keeps it: answers in one line, score, band, what demands action, and when it is due again.
//!
//! Promises: the same answers always make the same row, whoever asked them; an answer that demands action at once is kept
//! even while others are missing. Called by the quick form and by the command line. Must never keep a score that the
//! answers do not give.

use chrono::NaiveDate;

use crate::model::records::{assessment, need};
use crate::model::{Change, FieldId, NeedStatus, Row, RowId, Value};

use super::{Alert, Answers, Instrument, Need, NotScored, Scored};

/// Stands for the band of an assessment that was not brought to its end.
pub const BEGUN: &str = "Not finished";

/// The row that an assessment is written to: a new one of a client, or one that is there.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub row: RowId,
    pub stream: RowId,
    pub before: Option<&'a Row>,
    /// The person's assessments: what a clinician has evaluated before is not urgent again for the same answers.
    pub others: &'a [Row],
}

impl Place<'_> {
    /// Sets what differs from what is there.
    fn set(&self, change: &mut Change, field: FieldId, value: impl Into<Value>) {
        let value = value.into();
        let same = self.before.map_or(value.is_empty(), |before| *before.get(field) == value);
        if !same {
            change.set(self.row, field, value);
        }
    }
}

impl Instrument {
    /// Puts a finished assessment into a change.
    ///
    /// # Errors
    /// Where the answers give no score; then nothing is put there.
    pub fn keep(
        &self,
        change: &mut Change,
        place: Place<'_>,
        answers: &Answers,
        on: NaiveDate,
    ) -> Result<Scored, NotScored> {
        let mut scored = self.score(answers)?;
        self.settle_alerts(&mut scored.alerts, answers, on, place.row, place.others);
        self.keep_answers(change, place, answers, on);
        let exact = (!scored.at_least()).then_some(scored.total);
        place.set(change, assessment::score, exact.map_or(Value::Empty, Value::Whole));
        place.set(change, assessment::band, scored.bands_in_words());
        place.set(change, assessment::again, self.due_again(on, &scored));
        Ok(scored)
    }

    /// Puts one that is not finished into a change, for the answers in it that cannot wait. What is certain of its score is
    /// told already.
    pub fn keep_begun(&self, change: &mut Change, place: Place<'_>, answers: &Answers, on: NaiveDate) {
        if self.keep(change, place, answers, on).is_ok() {
            return;
        }
        self.keep_answers(change, place, answers, on);
        place.set(change, assessment::score, Value::Empty);
        place.set(change, assessment::band, BEGUN);
        place.set(change, assessment::again, Value::Empty);
    }

    fn keep_answers(&self, change: &mut Change, place: Place<'_>, answers: &Answers, on: NaiveDate) {
        if place.before.is_none() {
            change.create(&assessment::TYPE, place.row, place.stream);
        }
        let urgent = self.urgent_on(answers, on, place.row, place.others);
        let other = place.before.is_some_and(|before| before.text(assessment::urgent) != urgent);
        place.set(change, assessment::instrument, self.code.as_str());
        place.set(change, assessment::on, on);
        place.set(change, assessment::answers, answers.to_string());
        place.set(change, assessment::urgent, urgent);
        if other {
            // What was done was done about other answers.
            place.set(change, assessment::answered, Value::Empty);
        }
    }

    /// What of the answers demands action at once, in words; empty where nothing does.
    pub fn urgent(&self, answers: &Answers) -> String {
        super::score::urgent(&self.alerts(answers))
    }

    /// The same, apart from what a clinician has evaluated before, for the same answers.
    pub fn urgent_on(&self, answers: &Answers, on: NaiveDate, row: RowId, others: &[Row]) -> String {
        let mut alerts = self.alerts(answers);
        self.settle_alerts(&mut alerts, answers, on, row, others);
        super::score::urgent(&alerts)
    }

    /// Whether it matters what was evaluated before.
    pub fn looks_back(&self) -> bool {
        self.alerts.iter().any(|alert| alert.until_evaluated)
    }

    /// What stays true for ever, such as behavior long ago, is not urgent again once it was evaluated and nothing changed.
    fn settle_alerts(&self, alerts: &mut [Alert], answers: &Answers, on: NaiveDate, row: RowId, others: &[Row]) {
        let settles = alerts.iter().any(|alert| alert.now && alert.until_evaluated);
        if settles && self.was_evaluated(answers, on, row, others) {
            for alert in alerts.iter_mut().filter(|alert| alert.until_evaluated) {
                alert.now = false;
            }
        }
    }

    /// Whether the same answers were evaluated by a clinician before, and no other ones were given since.
    fn was_evaluated(&self, answers: &Answers, on: NaiveDate, row: RowId, others: &[Row]) -> bool {
        let own = |other: &&Row| other.id != row && other.text(assessment::instrument) == self.code;
        let dated = others.iter().filter(own).filter_map(|other| Some((other.date(assessment::on)?, other)));
        let mut earlier: Vec<(NaiveDate, &Row)> = dated.filter(|(day, _)| *day <= on).collect();
        earlier.sort_by_key(|(day, other)| std::cmp::Reverse((*day, other.id)));
        for (_, other) in earlier {
            // Two laptops that wrote different answers into it leave open which they were.
            let torn = other.disagreements.iter().any(|torn| torn.field == assessment::answers);
            if torn || other.text(assessment::answers).parse().as_ref() != Ok(answers) {
                return false;
            }
            if other.date(assessment::evaluated).is_some_and(|day| day <= on) {
                return true;
            }
        }
        false
    }
}

impl Need {
    /// Puts it into a change, as a need of the client's.
    pub fn keep(&self, change: &mut Change, row: RowId, stream: RowId, on: NaiveDate) {
        change
            .create(&need::TYPE, row, stream)
            .set(row, need::domain, self.domain.code())
            .set(row, need::what, self.what.as_str())
            .set(row, need::severity, self.severity.code())
            .set(row, need::status, NeedStatus::Open.code())
            .set(row, need::identified, on);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Instruments;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn set(change: &Change, field: FieldId) -> Option<Value> {
        change.edits.iter().find_map(|edit| match edit {
            crate::model::Edit::Set { field: set, value, .. } if *set == field => Some(value.clone()),
            _ => None,
        })
    }

    #[test]
    fn what_is_kept_is_what_the_answers_give() {
        let all = Instruments::standard();
        let phq = all.get("phq-9").unwrap();
        let row = RowId::derived(&["row"]);
        let place = Place { row, stream: row, before: None, others: &[] };
        let answers: Answers = "1=2;2=2;3=2;4=2;5=1;6=1;7=1;8=0;9=1".parse().unwrap();
        let mut change = Change::new("assess");
        phq.keep(&mut change, place, &answers, day("2026-11-24")).unwrap();
        assert_eq!(set(&change, assessment::score), Some(Value::Whole(12)));
        assert_eq!(set(&change, assessment::band), Some("Moderate".into()));
        assert_eq!(set(&change, assessment::again), Some(Value::Date(day("2026-12-24"))));
        assert!(set(&change, assessment::urgent).is_some_and(|words| words.plain().contains("self-harm")));
        change.check().unwrap();

        // What is missing gives no score and leaves no trace; what cannot wait is kept all the same.
        let some: Answers = "9=1".parse().unwrap();
        let mut change = Change::new("assess");
        assert!(phq.keep(&mut change, place, &some, day("2026-11-24")).is_err());
        assert!(change.is_empty());
        phq.keep_begun(&mut change, place, &some, day("2026-11-24"));
        assert_eq!((set(&change, assessment::score), set(&change, assessment::band)), (None, Some(BEGUN.into())));
        assert!(set(&change, assessment::urgent).is_some());
    }

    #[test]
    fn what_was_done_about_other_answers_does_not_count_for_new_ones() {
        let all = Instruments::standard();
        let phq = all.get("phq-9").unwrap();
        let id = RowId::derived(&["row"]);
        let mut row = Row::new(&assessment::TYPE, id, id);
        row.put(assessment::urgent, "something else");
        row.put(assessment::answered, day("2026-11-24"));
        let place = Place { row: id, stream: id, before: Some(&row), others: &[] };
        let mut change = Change::new("assess");
        phq.keep_begun(&mut change, place, &"9=3".parse().unwrap(), day("2026-11-25"));
        assert_eq!(set(&change, assessment::answered), Some(Value::Empty));
        row.put(assessment::urgent, phq.urgent(&"9=3".parse().unwrap()));
        let mut change = Change::new("assess");
        let place = Place { row: id, stream: id, before: Some(&row), others: &[] };
        phq.keep_begun(&mut change, place, &"9=2".parse().unwrap(), day("2026-11-25"));
        assert_eq!(set(&change, assessment::answered), None);
    }
}
