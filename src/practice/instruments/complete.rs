//! The one door through which the fields of an assessment are written: a form, the command line and imports all go through
//! it.
//!
//! Promises: whoever sets answers gets score, band and alarm as the answers give them, and nothing else; a score that came
//! without answers is kept, with the band that the instrument gives for it; what demands action is never cleared by hand,
//! only answered; a day on which something was done lies not ahead. Must never judge what it does not know: of an
//! instrument that is not here, and of answers that another edition asked, what is kept stays.

use chrono::{Days, NaiveDate};

use crate::model::records::assessment;
use crate::model::{Change, Edit, FieldId, Row, Value};

use super::{Answers, BEGUN, Instrument, Instruments, NotScored};

/// Who writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hand {
    /// A person at the keyboard, who is told what is wrong and types it again.
    Typed,
    /// A file: what is wrong is replaced, and that is told.
    Taken,
}

/// What is written in place of what was said, and what is to be told of it in whole sentences.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Settled {
    pub values: Vec<(FieldId, Value)>,
    pub told: Vec<String>,
}

/// What the day is and what is known of the person: their assessments, from all their entries.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    pub instruments: &'a Instruments,
    pub others: &'a [Row],
    pub today: NaiveDate,
}

/// Completes a change that adds or edits an assessment by its fields. `before` is the row as it is, or an empty one.
///
/// # Errors
/// Says in words what disagrees with the answers, or cannot be; then the change is as it was.
pub fn complete(change: &mut Change, before: &Row, around: Around<'_>) -> Result<(), String> {
    if *before.record != assessment::TYPE {
        return Ok(());
    }
    let new = change.edits.iter().any(|edit| matches!(edit, Edit::Create { row, .. } if *row == before.id));
    let own = |edit: &Edit| matches!(edit, Edit::Set { row, field, .. } if *row == before.id && field.record == assessment::TYPE.number);
    let said: Vec<(FieldId, Value)> = change
        .edits
        .iter()
        .filter(|edit| own(edit))
        .filter_map(|edit| match edit {
            Edit::Set { field, value, .. } => Some((*field, value.clone())),
            _ => None,
        })
        .collect();
    let settled = settle(said, before, new, Hand::Typed, around)?;
    change.edits.retain(|edit| !own(edit));
    for (field, value) in settled.values {
        change.set(before.id, field, value);
    }
    Ok(())
}

/// The same for the values of a row, as an import has them.
///
/// # Errors
/// Only where they were typed.
pub fn settle(
    said: Vec<(FieldId, Value)>,
    before: &Row,
    new: bool,
    hand: Hand,
    around: Around<'_>,
) -> Result<Settled, String> {
    let mut at = Settling { before, after: before.clone(), said, new, hand, around, told: Vec::new() };
    for (field, value) in &at.said {
        at.after.put(*field, value.clone());
    }
    at.days()?;
    match around.instruments.get(at.after.text(assessment::instrument)) {
        Some(instrument) => at.worked_out(instrument)?,
        None => at.alarm_stays()?,
    }
    at.evaluation_answers();
    Ok(Settled { values: at.said, told: at.told })
}

struct Settling<'a> {
    before: &'a Row,
    /// As it will be.
    after: Row,
    said: Vec<(FieldId, Value)>,
    new: bool,
    hand: Hand,
    around: Around<'a>,
    told: Vec<String>,
}

impl Settling<'_> {
    fn says(&self, field: FieldId) -> Option<&Value> {
        self.said.iter().rev().find(|(known, _)| *known == field).map(|(_, value)| value)
    }

    /// Whether two laptops wrote different things into it, and nobody has chosen.
    fn is_torn(&self, field: FieldId) -> bool {
        self.before.disagreements.iter().any(|torn| torn.field == field)
    }

    /// What demands action as it is; where laptops disagree, what any of them says.
    fn known_alarm(&self) -> String {
        let torn = self.before.disagreements.iter().find(|torn| torn.field == assessment::urgent);
        let said = torn.and_then(|torn| torn.sides.iter().map(Value::plain).find(|side| !side.is_empty()));
        said.unwrap_or_else(|| self.before.text(assessment::urgent).to_string())
    }

    /// Takes back what was said of a field.
    fn unsay(&mut self, field: FieldId) {
        self.said.retain(|(known, _)| *known != field);
        self.after.put(field, self.before.get(field).clone());
    }

    fn set(&mut self, field: FieldId, value: impl Into<Value>) {
        let value = value.into();
        self.said.retain(|(known, _)| *known != field);
        let same = *self.before.get(field) == value || (self.before.get(field).is_empty() && value.is_empty());
        if !same || self.is_torn(field) {
            self.said.push((field, value.clone()));
        }
        self.after.put(field, value);
    }

    /// What a person typed is refused; what a file says is told.
    fn wrong(&mut self, why: String) -> Result<(), String> {
        match self.hand {
            Hand::Typed => Err(why),
            Hand::Taken => {
                self.told.push(why);
                Ok(())
            }
        }
    }

    /// Only what has happened counts as done, and not before there was anything to answer. A day's room is for laptops in
    /// two zones.
    fn days(&mut self) -> Result<(), String> {
        let today = self.around.today;
        let on = self.after.date(assessment::on);
        let asked = on.and_then(|on| on.checked_sub_days(Days::new(1)));
        if self.hand == Hand::Typed && self.says(assessment::on).is_some() && on.is_some_and(|on| on > today) {
            return Err(format!(
                "{} is still to come: an assessment is of a day that was.",
                self.after.get(assessment::on).plain()
            ));
        }
        for (field, label) in [(assessment::answered, "Acted on"), (assessment::evaluated, "Evaluated by a clinician")]
        {
            let Some(Value::Date(day)) = self.says(field).cloned() else { continue };
            let why = if day > today {
                "that day is still to come, and only what was done answers"
            } else if asked.is_some_and(|asked| day < asked) {
                "that is before the day of the answers"
            } else {
                continue;
            };
            self.wrong(format!("{label} {}: {why}.", day.format("%-d %b %Y")))?;
            self.unsay(field);
        }
        Ok(())
    }

    /// Where nothing can be worked out, what demands action is at least not taken away.
    fn alarm_stays(&mut self) -> Result<(), String> {
        let known = self.known_alarm();
        let Some(said) = self.says(assessment::urgent).map(Value::plain) else { return Ok(()) };
        if known.is_empty() || said == known {
            return Ok(());
        }
        self.wrong(CLEARED.into())?;
        self.unsay(assessment::urgent);
        Ok(())
    }

    /// A clinician's evaluation is what was done about it.
    fn evaluation_answers(&mut self) {
        let fresh = self.says(assessment::evaluated).is_some() && self.says(assessment::answered).is_none();
        if let Some(day) = self.after.date(assessment::evaluated)
            && fresh
            && !self.after.text(assessment::urgent).is_empty()
            && self.after.date(assessment::answered).is_none()
        {
            self.set(assessment::answered, day);
        }
    }

    fn worked_out(&mut self, instrument: &Instrument) -> Result<(), String> {
        self.typed_answers(instrument)?;
        let looked_at =
            [assessment::instrument, assessment::answers, assessment::score, assessment::band, assessment::urgent];
        if !self.new && !looked_at.iter().chain([&assessment::on]).any(|field| self.says(*field).is_some()) {
            return Ok(());
        }
        if self.is_torn(assessment::answers) && self.says(assessment::answers).is_none() {
            for field in [assessment::score, assessment::band, assessment::urgent] {
                if self.says(field).is_some() {
                    self.wrong("Two laptops wrote different answers into it: choose the answers first.".into())?;
                    self.unsay(field);
                }
            }
            return Ok(());
        }
        let line = self.after.text(assessment::answers).to_string();
        if line.is_empty() {
            return self.without_answers(instrument);
        }
        let asked_anew = self.new
            || self.is_torn(assessment::answers)
            || [assessment::instrument, assessment::answers]
                .iter()
                .any(|field| self.after.get(*field) != self.before.get(*field));
        match line.parse::<Answers>().ok().filter(|answers| asked_anew || instrument.knows(answers)) {
            Some(answers) => self.with_answers(instrument, &answers),
            // Another edition asked: what is kept stays as it is, its alarm above all.
            None => {
                for field in [assessment::score, assessment::band] {
                    if self.says(field).is_some() && self.after.get(field) != self.before.get(field) {
                        self.wrong(format!(
                            "Its answers belong to another edition of {}: its score stays.",
                            instrument.name
                        ))?;
                        self.unsay(field);
                    }
                }
                self.alarm_stays()
            }
        }
    }

    /// Answers as people type them become the line that is kept.
    fn typed_answers(&mut self, instrument: &Instrument) -> Result<(), String> {
        let Some(line) = self.says(assessment::answers).map(Value::plain) else { return Ok(()) };
        if line == self.before.text(assessment::answers) && !self.new {
            return Ok(());
        }
        match instrument.read(&line) {
            Ok(answers) => {
                self.set(assessment::answers, answers.to_string());
                Ok(())
            }
            // From a file, what another edition asked is kept as it came.
            Err(_) if self.hand == Hand::Taken && line.parse::<Answers>().is_ok() => Ok(()),
            Err(why) => {
                self.wrong(why)?;
                self.unsay(assessment::answers);
                Ok(())
            }
        }
    }

    fn with_answers(&mut self, instrument: &Instrument, answers: &Answers) -> Result<(), String> {
        let on = self.after.date(assessment::on).unwrap_or(self.around.today);
        let scored = instrument.score(answers);
        let (score, band, again, words) = match &scored {
            Ok(scored) => {
                let exact = (!scored.at_least()).then_some(scored.total);
                (exact, scored.bands_in_words(), instrument.due_again(on, scored), scored.says())
            }
            Err(NotScored::Incomplete { .. }) => {
                (None, BEGUN.to_string(), None, "no score, for items are missing".into())
            }
            Err(foreign @ NotScored::Foreign { .. }) => {
                self.wrong(foreign.to_string())?;
                (None, BEGUN.to_string(), None, "no score".into())
            }
        };
        let gives = format!("{}: the answers give {words}", instrument.name);
        let said_score = self.says(assessment::score).filter(|said| !said.is_empty()).cloned();
        if let Some(said) = said_score.filter(|said| score.map(Value::Whole).as_ref() != Some(said)) {
            self.wrong(format!("{gives}, not {}. The score is worked out: leave it out.", said.plain()))?;
        }
        let said_band = self.says(assessment::band).map(Value::plain).filter(|said| !said.is_empty());
        if let Some(said) = said_band.filter(|said| said != BEGUN && !said.eq_ignore_ascii_case(&band)) {
            self.wrong(format!("{gives}, not \"{said}\". The band is worked out: leave it out."))?;
        }
        let urgent = instrument.urgent_on(answers, on, self.before.id, self.around.others);
        if let Some(said) = self.says(assessment::urgent).map(Value::plain).filter(|said| *said != urgent) {
            let cleared = !urgent.is_empty() || !self.known_alarm().is_empty();
            let other = "What demands action is worked out from the answers: leave it out.";
            // A file that says less than its answers do, or says it in other words, is only behind.
            if self.hand == Hand::Typed || urgent.is_empty() {
                self.wrong(if cleared && said.is_empty() { CLEARED.into() } else { other.to_string() })?;
            }
        }
        self.put(score, band, again);
        self.alarm(urgent);
        Ok(())
    }

    /// A total that came alone, or only the row of one.
    fn without_answers(&mut self, instrument: &Instrument) -> Result<(), String> {
        let known = self.known_alarm();
        if !known.is_empty() && !self.before.text(assessment::answers).is_empty() {
            self.wrong(
                "Its answers demand action, so they are not taken away. Where they were typed wrong, set the right ones."
                    .into(),
            )?;
            self.unsay(assessment::answers);
            return self.alarm_stays();
        }
        // Without the answers, what they gave goes too.
        if !self.before.text(assessment::answers).is_empty() {
            for field in [assessment::score, assessment::band, assessment::again] {
                if self.says(field).is_none() {
                    self.set(field, Value::Empty);
                }
            }
        }
        let (low, high) = instrument.range;
        if let Some(score) = self.after.whole(assessment::score).filter(|score| !(low..=high).contains(score)) {
            self.wrong(format!("{} goes from {low} to {high}: {score} is no score of it.", instrument.name))?;
            self.unsay(assessment::score);
        }
        let score = self.after.whole(assessment::score).filter(|score| (low..=high).contains(score));
        let span = match score {
            Some(score) => {
                let band = instrument.bands_of_total(score);
                let said = self.says(assessment::band).map(Value::plain).filter(|said| !said.is_empty());
                if let Some(said) = said.filter(|said| !said.eq_ignore_ascii_case(&band)) {
                    self.wrong(format!("{}: {score} is {band}, not \"{said}\".", instrument.name))?;
                }
                let on = self.after.date(assessment::on).unwrap_or(self.around.today);
                self.put(Some(score), band, instrument.total_again(on, score));
                Some((score, score))
            }
            None => self.band_alone(instrument)?,
        };
        let alerts = span.map_or(Vec::new(), |span| instrument.alerts_of_total(span));
        let urgent = super::score::urgent(&alerts);
        if !urgent.is_empty() {
            self.alarm(urgent);
            return Ok(());
        }
        self.alarm_stays()
    }

    /// A band that came without a score: one of the instrument's, or none.
    fn band_alone(&mut self, instrument: &Instrument) -> Result<Option<(i64, i64)>, String> {
        let band = self.after.text(assessment::band).to_string();
        if band.is_empty() || band == BEGUN {
            return Ok(None);
        }
        if let Some((label, span)) = instrument.band_named(&band) {
            self.set(assessment::band, label);
            return Ok(Some(span));
        }
        if self.says(assessment::band).is_some() {
            let bands: Vec<&str> =
                instrument.cut_offs.iter().flat_map(|one| &one.bands).map(|one| one.label.as_str()).collect();
            self.wrong(format!("{} has no band \"{band}\". It has: {}.", instrument.name, bands.join(", ")))?;
            self.unsay(assessment::band);
        }
        Ok(None)
    }

    fn put(&mut self, score: Option<i64>, band: String, again: Option<NaiveDate>) {
        self.set(assessment::score, score.map_or(Value::Empty, Value::Whole));
        self.set(assessment::band, band);
        // When it is done again is a person's to say.
        let asked_anew = [assessment::instrument, assessment::on, assessment::answers, assessment::score];
        let anew = self.new || asked_anew.iter().any(|field| self.says(*field).is_some());
        if anew && self.says(assessment::again).is_none() {
            self.set(assessment::again, again.map_or(Value::Empty, Value::Date));
        }
    }

    fn alarm(&mut self, urgent: String) {
        let known = self.before.text(assessment::urgent);
        let other = !self.new && known != urgent;
        let same_answers = self.after.get(assessment::answers) == self.before.get(assessment::answers);
        if other && same_answers && !known.is_empty() && !urgent.is_empty() {
            // The instrument's words are others now; what was answered is not.
            self.unsay(assessment::urgent);
            return;
        }
        self.set(assessment::urgent, urgent);
        if other && self.says(assessment::answered).is_none() {
            // What was done was done about other answers.
            self.set(assessment::answered, Value::Empty);
        }
    }
}

const CLEARED: &str = "What demands action stays until someone has acted on it: say when with answered=today, and what was done in its notes.";

/// What demands action in an assessment, where nobody has acted on it; all that laptops say of it where they disagree.
pub fn waits(row: &Row) -> Option<String> {
    if *row.record != assessment::TYPE || row.date(assessment::answered).is_some() {
        return None;
    }
    let sides = row.disagreements.iter().find(|torn| torn.field == assessment::urgent);
    let says: Vec<String> = match sides {
        Some(torn) => torn.sides.iter().map(Value::plain).filter(|side| !side.is_empty()).collect(),
        None => vec![row.text(assessment::urgent).to_string()],
    };
    Some(says.join(" / ")).filter(|says| !says.is_empty())
}

/// Whether an assessment may be deleted.
///
/// # Errors
/// Says why not: its answers demand action, and nobody has acted on them.
pub fn may_go(row: &Row) -> Result<(), String> {
    if waits(row).is_some() {
        return Err(format!("{CLEARED} After that it can be deleted."));
    }
    Ok(())
}

impl Instrument {
    /// Whether all of these can be answers to this edition.
    fn knows(&self, answers: &Answers) -> bool {
        answers.iter().all(|(id, value)| self.item(id.as_str()).is_some_and(|item| item.takes(value)))
    }

    /// When one is due again that came as a total only.
    fn total_again(&self, on: NaiveDate, total: i64) -> Option<NaiveDate> {
        let bands = self.cut_offs.iter().filter_map(|cut_off| super::score::band_of(&cut_off.bands, total));
        let days = bands.filter_map(|band| band.again).min().or(self.again)?;
        on.checked_add_days(Days::new(days.into()))
    }

    /// The band of a name, whatever its case ("high" for "High risk"), and the totals that lie in it.
    pub fn band_named(&self, name: &str) -> Option<(String, (i64, i64))> {
        let name = name.trim().to_lowercase();
        let whole = |band: &super::Band| band.label.to_lowercase() == name;
        let begins = |band: &super::Band| band.label.to_lowercase().split(' ').next() == Some(name.as_str());
        let places = |is: &dyn Fn(&super::Band) -> bool| -> Vec<(&super::CutOff, usize)> {
            let all = self.cut_offs.iter().flat_map(|cut_off| (0..cut_off.bands.len()).map(move |at| (cut_off, at)));
            all.filter(|(cut_off, at)| is(&cut_off.bands[*at])).collect()
        };
        let (cut_off, at) = match (&places(&whole)[..], &places(&begins)[..]) {
            ([found, ..], _) | ([], [found]) => *found,
            _ => return None,
        };
        let until = cut_off.bands.get(at + 1).map_or(self.range.1, |next| next.from - 1);
        Some((cut_off.bands[at].label.clone(), (cut_off.bands[at].from, until)))
    }
}
