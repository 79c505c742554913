//! A crisis from its first minute to its end, as changes of one row and as what can be read from it.
//!
//! Promises: each thing done is one change, complete in itself, so that nothing is lost between two keys; the clock is
//! handed in; a step ticked twice keeps its first time. Called by the crisis screen. Must never tick, call or report
//! anything by itself.

use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat, TimeDelta};

use crate::model::records::{client, incident};
use crate::model::{Change, Edit, Moment, Report, Row, RowId, Value};

use super::{CrisisKind, CrisisStep, Practice};

/// How one step of the checklist stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Done(DateTime<FixedOffset>),
    /// Minutes since it was to be done.
    Late(i64),
    /// Minutes that are left.
    Left(i64),
    /// When it can be.
    Open,
}

/// The two ways in which the law asks for one report, each with a clock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Phone,
    Writing,
}

/// Hours until a report is owed in writing, where the agency's file says none (California Penal Code 11166(a): 36).
const WRITTEN_HOURS: u16 = 36;

/// The clock of a report that the law asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportClock {
    Made(DateTime<FixedOffset>),
    /// Minutes that are left; negative: so many overdue.
    Left(i64),
}

impl CrisisKind {
    /// Begins an incident of a person: its row, its clock, and the person's own word that they are in crisis.
    pub fn open(&self, row: RowId, person: &Row, moment: &Moment) -> Change {
        let began = moment.now;
        let mut change = Change::new(format!("crisis: {}", self.name.to_lowercase()));
        change.create(&incident::TYPE, row, person.stream).set(row, incident::kind, self.code.as_str());
        change.set(row, incident::began, began);
        if let Some((phone, writing)) = self.reports_due(began, moment) {
            change.set(row, incident::report, Report::Due.code()).set(row, incident::report_due, phone);
            change.set(row, incident::written_due, writing);
        }
        self.say_so(&mut change, person);
        change
    }

    /// By when the law asks for a report by phone, and in writing. The hours are lived ones, told on the clock of this place:
    /// 24 hours from 13:00 on the day before the clocks go back end at 12:00.
    fn reports_due(
        &self,
        began: DateTime<FixedOffset>,
        moment: &Moment,
    ) -> Option<(DateTime<FixedOffset>, DateTime<FixedOffset>)> {
        let after = |hours: u16| moment.local(began + TimeDelta::hours(hours.into()));
        self.report_hours.map(|hours| (after(hours), after(self.written_hours.unwrap_or(WRITTEN_HOURS))))
    }

    /// The person's own word that they are in crisis.
    fn say_so(&self, change: &mut Change, person: &Row) {
        let mut all = crises_of(person);
        if !all.contains(&self.name) {
            all.push(self.name.clone());
            change.set(person.id, client::crisis, all.join(BETWEEN));
        }
    }
}

/// Stands between two crises in the client's own field.
const BETWEEN: &str = " / ";

/// A person's word on their crises, one by one; all of it, where two laptops disagree.
pub fn crises_of(person: &Row) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for one in all_of(person, client::crisis).lines().flat_map(|side| side.split(BETWEEN)).map(str::trim) {
        if !one.is_empty() && !all.iter().any(|known| known == one) {
            all.push(one.into());
        }
    }
    all
}

/// The same without one of them; `None` where it is not among them.
pub fn crises_without(person: &Row, name: &str) -> Option<String> {
    let all = crises_of(person);
    let rest: Vec<&str> = all.iter().map(String::as_str).filter(|one| *one != name).collect();
    (rest.len() < all.len()).then(|| rest.join(BETWEEN))
}

/// Completes a change that adds or edits an incident by its fields, as a script does: one that begins starts its clock, one
/// that is over since now takes the person's word back and says when the debriefing is due, as on the screen. What the
/// change says itself stays. `others` are the person's other incidents.
pub fn complete(
    change: &mut Change,
    before: &Row,
    (persons, others): (&[Row], &[Row]),
    practice: &Practice,
    moment: &Moment,
    add_business_days: fn(NaiveDate, i64) -> NaiveDate,
) {
    let mut after = before.clone();
    let (mut new, mut said) = (false, Vec::new());
    for edit in &change.edits {
        match edit {
            Edit::Create { row, .. } => new |= *row == before.id,
            Edit::Set { row, field, value } if *row == before.id => {
                after.put(*field, value.clone());
                said.push(*field);
            }
            _ => {}
        }
    }
    let Some(kind) = practice.crisis(after.text(incident::kind)) else { return };
    let over = after.time(incident::resolved);
    // What the law asks to be reported is owed though it is over by now, where somebody says that it must be made.
    let reports = over.is_none() || after.text(incident::report) == Report::Due.code();
    if new && reports {
        let began = after.time(incident::began).unwrap_or(moment.now);
        if !said.contains(&incident::began) {
            change.set(before.id, incident::began, began);
        }
        let owed = !said.contains(&incident::report) || after.text(incident::report) == Report::Due.code();
        if let Some((phone, writing)) = kind.reports_due(began, moment).filter(|_| owed) {
            for (field, value) in [
                (incident::report, Value::text(Report::Due.code())),
                (incident::report_due, Value::Time(phone)),
                (incident::written_due, Value::Time(writing)),
            ] {
                if !said.contains(&field) {
                    change.set(before.id, field, value);
                }
            }
        }
        if let Some(person) = persons.first().filter(|_| over.is_none()) {
            kind.say_so(change, person);
        }
    }
    if let Some(over) = over.filter(|_| before.time(incident::resolved).is_none()) {
        if !said.contains(&incident::debrief_due) {
            let due = add_business_days(moment.local(over).date_naive(), kind.debrief_days.into());
            change.set(before.id, incident::debrief_due, due);
        }
        let open = |other: &Row| other.id != before.id && other.time(incident::resolved).is_none();
        if !others.iter().any(|other| open(other) && other.text(incident::kind) == kind.code) {
            for person in persons {
                if let Some(rest) = crises_without(person, &kind.name) {
                    change.set(person.id, client::crisis, rest);
                }
            }
        }
    }
}

/// The steps that were done, with the time of each; the earliest where two laptops ticked the same one.
pub fn ticks(row: &Row) -> Vec<(String, DateTime<FixedOffset>)> {
    let mut all: Vec<(String, DateTime<FixedOffset>)> = Vec::new();
    for word in row.words(incident::done) {
        let Some((id, time)) = word.split_once('|') else { continue };
        let Ok(time) = DateTime::parse_from_rfc3339(time) else { continue };
        match all.iter_mut().find(|(known, _)| known == id) {
            Some(known) => known.1 = known.1.min(time),
            None => all.push((id.to_string(), time)),
        }
    }
    all.sort_by_key(|(_, time)| *time);
    all
}

/// Ticks a step off.
pub fn tick(row: RowId, step: &str, now: DateTime<FixedOffset>) -> Change {
    let mut change = Change::new("crisis step done");
    change.member(row, incident::done, format!("{step}|{}", now.to_rfc3339_opts(SecondsFormat::Secs, false)), true);
    change
}

/// Takes a tick back, on whichever laptop it was set.
pub fn untick(row: &Row, step: &str) -> Change {
    let mut change = Change::new("crisis step taken back");
    for word in row.words(incident::done).iter().filter(|word| word.split('|').next() == Some(step)) {
        change.member(row.id, incident::done, word.as_str(), false);
    }
    change
}

/// How a step stands, given what was ticked.
pub fn standing(
    step: &CrisisStep,
    ticks: &[(String, DateTime<FixedOffset>)],
    began: DateTime<FixedOffset>,
    now: DateTime<FixedOffset>,
) -> Step {
    if let Some((_, at)) = ticks.iter().find(|(id, _)| *id == step.id) {
        return Step::Done(*at);
    }
    match step.minutes.map(|minutes| i64::from(minutes) - (now - began).num_minutes()) {
        None => Step::Open,
        Some(left) if left < 0 => Step::Late(-left),
        Some(left) => Step::Left(left),
    }
}

/// Adds a line with its time to what is written in a field of several lines. Where two laptops wrote apart, all that either
/// wrote stays.
pub fn write_down(row: &Row, field: crate::model::FieldId, line: &str, now: DateTime<FixedOffset>) -> Change {
    let mut change = Change::new("crisis: written down");
    let mut text = all_of(row, field);
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&format!("{} {}", now.format("%-d %b %H:%M"), line.trim()));
    change.set(row.id, field, text);
    change
}

/// What a field says; all sides of it, where they disagree.
pub fn all_of(row: &Row, field: crate::model::FieldId) -> String {
    match row.disagreements.iter().find(|torn| torn.field == field) {
        None => row.text(field).to_string(),
        Some(torn) => {
            let mut lines: Vec<String> = Vec::new();
            for line in torn.sides.iter().flat_map(|side| side.plain().lines().map(String::from).collect::<Vec<_>>()) {
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
            lines.join("\n")
        }
    }
}

/// Ends a crisis: when, how, the day of the debriefing, and the client's own word on it.
pub fn resolve(
    row: &Row,
    how: &str,
    now: DateTime<FixedOffset>,
    debrief_due: NaiveDate,
    persons: &[(&Row, String)],
) -> Change {
    let mut change = Change::new("crisis resolved");
    change.set(row.id, incident::resolved, now).set(row.id, incident::resolution, how.trim()).set(
        row.id,
        incident::debrief_due,
        debrief_due,
    );
    for (person, said) in persons {
        change.set(person.id, client::crisis, said.as_str());
    }
    change
}

/// The report was made in one of its ways; the other clock runs on.
pub fn reported(row: RowId, by: By, now: DateTime<FixedOffset>) -> Change {
    match by {
        By::Phone => {
            let mut change = Change::new("mandated report made by phone");
            change.set(row, incident::report, Report::Made.code()).set(row, incident::reported, now);
            change
        }
        By::Writing => {
            let mut change = Change::new("mandated report sent in writing");
            change.set(row, incident::written, now);
            change
        }
    }
}

/// No report is owed: neither clock runs on.
pub fn no_report(row: RowId) -> Change {
    let mut change = Change::new("no mandated report needed");
    change.set(row, incident::report, Report::NotNeeded.code()).set(row, incident::written_due, Value::Empty);
    change
}

/// The clock of the report, by phone or in writing; `None` where the law asks for none.
pub fn report_clock(row: &Row, by: By, now: DateTime<FixedOffset>) -> Option<ReportClock> {
    let (due, made, runs) = match by {
        By::Phone => (incident::report_due, incident::reported, row.text(incident::report) == Report::Due.code()),
        By::Writing => {
            (incident::written_due, incident::written, row.text(incident::report) != Report::NotNeeded.code())
        }
    };
    if let Some(at) = row.time(made) {
        return Some(ReportClock::Made(at));
    }
    Some(ReportClock::Left((row.time(due).filter(|_| runs)? - now).num_minutes()))
}

/// The ways in which a report is still owed, by phone first.
pub fn owed(row: &Row, now: DateTime<FixedOffset>) -> Vec<By> {
    let runs = |by: &By| matches!(report_clock(row, *by, now), Some(ReportClock::Left(_)));
    [By::Phone, By::Writing].into_iter().filter(runs).collect()
}

/// Minutes as people say them: "12 min", "3 h 05 min", "2 days 4 h".
pub fn span(minutes: i64) -> String {
    match minutes.max(0) {
        minutes @ ..60 => format!("{minutes} min"),
        minutes @ 60..2880 => format!("{} h {:02} min", minutes / 60, minutes % 60),
        minutes => format!("{} days {} h", minutes / 1440, minutes % 1440 / 60),
    }
}

/// Whether the row still asks for something at the crisis screen.
pub fn is_open(row: &Row) -> bool {
    matches!(row.get(incident::resolved), Value::Empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::Practice;

    fn at(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).unwrap()
    }

    /// New York: -04:00 until 1 Nov 2026 02:00.
    fn eastern(now: &str) -> Moment {
        Moment::new(at(now), |local| {
            let winter = local >= "2026-11-01T02:00:00".parse().unwrap();
            FixedOffset::west_opt(if winter { 5 } else { 4 } * 3600).unwrap()
        })
    }

    #[test]
    fn hours_are_lived_ones_also_in_the_night_in_which_the_clocks_go_back() {
        let practice = Practice::standard();
        let id = RowId::derived(&["row"]);
        let person = Row::new(&client::TYPE, id, id);
        let change = practice.crisis("child").unwrap().open(id, &person, &eastern("2026-10-31T13:00:00-04:00"));
        let due = |field| {
            change.edits.iter().find_map(|edit| match edit {
                Edit::Set { field: set, value: Value::Time(time), .. } if *set == field => Some(time.to_rfc3339()),
                _ => None,
            })
        };
        assert_eq!(due(incident::report_due).unwrap(), "2026-11-01T12:00:00-05:00");
        assert_eq!(due(incident::written_due).unwrap(), "2026-11-02T00:00:00-05:00");
    }

    const BEGAN: &str = "2026-11-24T14:00:00-05:00";

    #[test]
    fn a_step_is_left_late_or_done_by_its_minutes() {
        let practice = Practice::standard();
        let kind = practice.crisis("suicide").unwrap();
        let stay = &kind.steps[0];
        let plan = kind.steps.iter().find(|step| step.id == "plan").unwrap();
        let when =
            |time: &str, ticks: &[(String, DateTime<FixedOffset>)], step| standing(step, ticks, at(BEGAN), at(time));
        assert_eq!(when("2026-11-24T14:00:30-05:00", &[], stay), Step::Left(0));
        assert_eq!(when("2026-11-24T14:04:00-05:00", &[], stay), Step::Late(4));
        assert_eq!(when("2026-11-24T14:04:00-05:00", &[], plan), Step::Left(26));
        let done = [("plan".to_string(), at("2026-11-24T14:20:00-05:00"))];
        assert_eq!(when("2026-11-24T18:00:00-05:00", &done, plan), Step::Done(done[0].1));
    }

    #[test]
    fn a_tick_twice_keeps_its_first_time_and_is_taken_back_whole() {
        let id = RowId::derived(&["row"]);
        let mut row = Row::new(&incident::TYPE, id, id);
        let words = ["stay|2026-11-24T14:09:00-05:00", "stay|2026-11-24T14:03:00-05:00", "nonsense", "ask|yesterday"];
        row.sets.push((incident::done.field, words.map(String::from).to_vec()));
        assert_eq!(ticks(&row), [("stay".to_string(), at("2026-11-24T14:03:00-05:00"))]);
        assert_eq!(untick(&row, "stay").edits.len(), 2);
    }

    #[test]
    fn the_clock_of_a_report_counts_down_and_over() {
        let practice = Practice::standard();
        let kind = practice.crisis("child").unwrap();
        let id = RowId::derived(&["row"]);
        let mut person = Row::new(&client::TYPE, id, id);
        person.put(client::crisis, "locked out");
        let change = kind.open(id, &person, &eastern(BEGAN));
        change.check().unwrap();
        let mut row = Row::new(&incident::TYPE, id, id);
        for edit in &change.edits {
            if let crate::model::Edit::Set { field, value, .. } = edit
                && field.record == incident::TYPE.number
            {
                row.put(*field, value.clone());
            }
        }
        let said = change.edits.iter().any(|edit| {
            matches!(edit, crate::model::Edit::Set { field, value, .. }
                if *field == client::crisis && value.plain() == "locked out / Child in danger")
        });
        assert!(said, "what was there before stays: {change:?}");
        let clock = |row: &Row, by, now| report_clock(row, by, at(now));
        let later = "2026-11-25T17:00:00-05:00";
        assert_eq!(clock(&row, By::Phone, "2026-11-24T15:30:00-05:00"), Some(ReportClock::Left(22 * 60 + 30)));
        assert_eq!(clock(&row, By::Writing, "2026-11-24T15:30:00-05:00"), Some(ReportClock::Left(34 * 60 + 30)));
        assert_eq!(clock(&row, By::Phone, later), Some(ReportClock::Left(-180)));
        assert_eq!(owed(&row, at(later)), [By::Phone, By::Writing]);
        // By phone at once; what is owed in writing runs on.
        row.put(incident::report, Report::Made.code());
        row.put(incident::reported, at("2026-11-24T16:00:00-05:00"));
        assert!(matches!(clock(&row, By::Phone, later), Some(ReportClock::Made(_))));
        assert_eq!(clock(&row, By::Writing, later), Some(ReportClock::Left(9 * 60)));
        row.put(incident::written, at("2026-11-25T09:00:00-05:00"));
        assert_eq!(owed(&row, at(later)), []);
        person.put(client::crisis, "locked out / Child in danger");
        assert_eq!(crises_without(&person, "Child in danger"), Some("locked out".into()));
        assert_eq!(crises_without(&person, "Fire"), None);
        assert_eq!((span(12), span(185), span(4600)), ("12 min".into(), "3 h 05 min".into(), "3 days 4 h".into()));
    }

    #[test]
    fn what_two_laptops_wrote_apart_stays() {
        let id = RowId::derived(&["row"]);
        let mut row = Row::new(&incident::TYPE, id, id);
        let sides = vec!["a\n14:02 supervisor".into(), "a\n14:03 sister".into()];
        row.disagreements.push(crate::model::Disagreement { field: incident::called, sides });
        let change = write_down(&row, incident::called, "988", at("2026-11-24T14:10:00-05:00"));
        let crate::model::Edit::Set { value, .. } = &change.edits[0] else { panic!() };
        assert_eq!(value.plain(), "a\n14:02 supervisor\n14:03 sister\n24 Nov 14:10 988");
    }
}
