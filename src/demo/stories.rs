//! What the first twenty clients are about, so that a first look meets each of the four practices at its best: five
//! stories of each, told by the files of their names.

use crate::model::records::assessment;
use crate::model::{FieldId, RecordType, RowId, Value};
use crate::practice::Practice;
use crate::practice::instruments::Answers;
use crate::store::Draft;
use crate::triage::calendar::add_days;

use super::people::Maker;
use super::{healthcare, mental_health, social_work, vocational};

/// So many clients have a story of their own.
const TOLD: u32 = 20;

pub fn is_told(number: u32) -> bool {
    number < TOLD
}

/// Adds what a client's practice knows of them; nothing for those without a story.
pub fn tell(maker: &mut Maker<'_>, out: &mut Vec<Draft>) {
    if !is_told(maker.number) {
        return;
    }
    let mut teller = Teller { maker, out };
    match teller.maker.number % 4 {
        0 => healthcare::tell(&mut teller),
        1 => mental_health::tell(&mut teller),
        2 => social_work::tell(&mut teller),
        _ => vocational::tell(&mut teller),
    }
}

/// Who is in more than one practice.
pub fn also_in(number: u32) -> &'static [&'static str] {
    match number {
        0 | 1 => &["social-work"],
        9 => &["vocational"],
        14 => &["mental-health"],
        _ => &[],
    }
}

/// Days since the last contact, where a story needs it so.
pub fn last_contact(number: u32) -> Option<i64> {
    match number {
        4 | 13 => Some(1),
        5 | 8 | 16 => Some(3),
        9 | 10 | 11 | 12 | 15 | 18 => Some(8),
        _ => None,
    }
}

/// Adds rows to one client's file, with days counted from today.
pub struct Teller<'a, 'b> {
    pub maker: &'a mut Maker<'b>,
    out: &'a mut Vec<Draft>,
}

impl Teller<'_, '_> {
    pub fn number(&self) -> u32 {
        self.maker.number
    }

    /// So many days from today; negative = ago.
    pub fn day(&self, days: i64) -> Value {
        Value::Date(add_days(self.maker.today(), days))
    }

    /// An hour of such a day.
    pub fn hour(&self, days: i64, hour: u32) -> Value {
        let time = chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        Value::Time(self.maker.spec.moment.at(add_days(self.maker.today(), days), time))
    }

    pub fn add(&mut self, record: &'static RecordType, values: Vec<(FieldId, Value)>) -> RowId {
        self.with(record, values, &[])
    }

    /// The same, with elements of its sets.
    pub fn with(
        &mut self,
        record: &'static RecordType,
        values: Vec<(FieldId, Value)>,
        members: &[(FieldId, &str)],
    ) -> RowId {
        let mut draft = self.maker.draft(record, values);
        draft.members.extend(members.iter().map(|(field, element)| (*field, (*element).to_string())));
        let row = draft.row;
        self.out.push(draft);
        row
    }

    /// An instrument filled in so many days from today, with the score that its own rules give.
    pub fn assess(&mut self, code: &str, days: i64, answers: &str) {
        let practice = Practice::standard();
        let instrument = practice.instruments.get(code).expect("the demo uses shipped instruments");
        let given: Answers = answers.parse().expect("the demo's answers are well written");
        let scored = instrument.score(&given).expect("the demo's answers are complete");
        let on = add_days(self.maker.today(), days);
        let again = instrument.due_again(on, &scored);
        let values = vec![
            (assessment::instrument, code.into()),
            (assessment::on, Value::Date(on)),
            (assessment::answers, given.to_string().into()),
            (assessment::score, Value::Whole(scored.total)),
            (assessment::band, scored.bands_in_words().into()),
            (assessment::urgent, scored.urgent().into()),
            (assessment::again, again.into()),
        ];
        self.add(&assessment::TYPE, values);
    }
}
