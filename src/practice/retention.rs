//! How long a closed file is kept, by the agency's rules: never shorter than the longest rule that holds for it, and never
//! less than what is still owed.
//!
//! The promise: the day before which a file must not be destroyed, which rule says so, and what else stands in the way. A
//! legal hold stands over all of them; where anything is owed, or where a rule goes by an age that nobody knows, the file
//! stays. Nothing is destroyed here. Pure.

use chrono::{Months, NaiveDate};

use crate::model::records::{advocacy, assessment, benefit, client, disclosure, housing, incident};
use crate::model::{AdvocacyStatus, BenefitStatus, ClientStatus, FieldId, Report, Row};

use super::{Practice, Retention};

/// How many years what was given out stays on the record (45 CFR 164.528(a)).
const ACCOUNTING_YEARS: u8 = 6;

/// Until when a file is to be kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Keep<'a> {
    /// The case is open.
    Open,
    /// It is closed, and nobody wrote down when.
    Undated,
    /// Nothing of it may be destroyed, whatever the rules say.
    Held,
    /// Through this day at the least; by a rule that goes by an age, and nobody wrote down when the person was born.
    AgeUnknown(NaiveDate, &'a Retention),
    /// Through this day; by this rule.
    Until(NaiveDate, &'a Retention),
}

/// Until when, and what is owed beside.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept<'a> {
    pub keep: Keep<'a>,
    /// What is still to be done or answered, each in a few words.
    pub owed: Vec<String>,
}

impl Kept<'_> {
    /// Whether the agency may destroy it on that day.
    pub fn may_go(&self, today: NaiveDate) -> bool {
        self.owed.is_empty() && matches!(self.keep, Keep::Until(until, _) if until < today)
    }
}

/// What of a file decides how long it is kept.
pub struct File<'a> {
    /// The person's own row, and those of the same person entered again.
    pub people: Vec<&'a Row>,
    /// Codes of every area that worked with them.
    pub areas: &'a [String],
    /// Rows of the types that [`owed`] looks at.
    pub rows: Vec<&'a Row>,
    /// When each time in care ended; of someone who came back, the time runs from the end of the last.
    pub ends: &'a [Option<NaiveDate>],
    pub conflicts: u32,
    /// Notes that wait for a signature or a co-signature.
    pub unsigned: usize,
}

/// Until when a file is kept, and what is owed: the rule for every other area holds where an area has none of its own, and
/// the longest of several is the one that counts. A minor's file is kept to the age that the rule names (none is given for
/// whoever was grown up when the case was closed).
pub fn kept<'a>(practice: &'a Practice, file: &File<'_>, today: NaiveDate) -> Kept<'a> {
    let owed = owed(file, today);
    if file.people.iter().any(|person| person.yes(client::hold)) {
        return Kept { keep: Keep::Held, owed };
    }
    if file.people.iter().any(|person| person.text(client::status) != ClientStatus::Closed.code()) {
        return Kept { keep: Keep::Open, owed };
    }
    // The last of several times in care, and the youngest of several birth dates.
    let closed = file.ends.iter().copied().reduce(|one, other| Some(one?.max(other?))).flatten();
    let born = file.people.iter().filter_map(|person| person.date(client::birth_date)).max();
    let keep = closed.map_or(Keep::Undated, |closed| keep_until(practice, closed, born, file.areas));
    Kept { keep, owed }
}

fn keep_until<'a>(practice: &'a Practice, closed: NaiveDate, born: Option<NaiveDate>, areas: &[String]) -> Keep<'a> {
    let rules = &practice.agency.retentions;
    let of = |area: &str| rules.iter().find(|rule| rule.area == area);
    let mut wanted: Vec<&Retention> = areas.iter().filter_map(|area| of(area).or_else(|| of(""))).collect();
    if wanted.is_empty() {
        wanted.extend(of(""));
    }
    let by_age = wanted.iter().copied().find(|rule| born.is_none() && rule.until_age.is_some());
    let ends = wanted.into_iter().map(|rule| (end(rule, closed, born), rule));
    match (ends.max_by_key(|(end, _)| *end), by_age) {
        (Some((end, _)), Some(rule)) => Keep::AgeUnknown(end, rule),
        (Some((end, rule)), None) => Keep::Until(end, rule),
        // An agency without any rule keeps everything.
        (None, _) => Keep::Undated,
    }
}

/// What is still to be done or answered in a file, each in a few words.
fn owed(file: &File<'_>, today: NaiveDate) -> Vec<String> {
    let mut owed: Vec<String> = Vec::new();
    if file.people.iter().any(|person| is_said(person, client::crisis)) {
        owed.push("a crisis that is not over".into());
    }
    for row in &file.rows {
        owed.extend(owed_by(row));
    }
    if file.unsigned > 0 {
        owed.push(format!("{} to be signed", many(file.unsigned, "a note", "notes")));
    }
    if file.conflicts > 0 {
        let conflicts = many(file.conflicts as usize, "a disagreement", "disagreements");
        owed.push(format!("{conflicts} between records to be settled"));
    }
    let given = file.rows.iter().filter(|row| *row.record == disclosure::TYPE);
    let last = given.filter_map(|row| row.time(disclosure::when)).map(|when| when.date_naive()).max();
    if let Some(until) = last.map(|day| years(day, ACCOUNTING_YEARS)).filter(|until| *until >= today) {
        let until = until.format("%-d %b %Y");
        owed.push(format!("the record of what was given out, through {until} (45 CFR 164.528)"));
    }
    owed.dedup();
    owed
}

/// What one row asks for.
fn owed_by(row: &Row) -> Vec<String> {
    let mut owed = Vec::new();
    let day = |day: NaiveDate| day.format("%-d %b %Y").to_string();
    match row.record {
        record if *record == incident::TYPE => {
            let began = row.time(incident::began).map_or(String::new(), |at| format!(" of {}", day(at.date_naive())));
            let mut add = |when: bool, what: &str| owed.extend(when.then(|| format!("{what}{began}")));
            add(row.time(incident::resolved).is_none(), "an incident that is not over,");
            let due = row.text(incident::report) == Report::Due.code() || row.time(incident::report_due).is_some();
            let made = row.time(incident::reported).is_some() || row.text(incident::report) == Report::Made.code();
            add(due && !made && row.text(incident::report) != Report::NotNeeded.code(), "a mandated report, incident");
            let written = row.time(incident::written_due).is_some() && row.time(incident::written).is_none();
            add(written, "a written report, incident");
            let debrief = row.date(incident::debrief_due).is_some() && row.date(incident::debriefed).is_none();
            add(debrief, "a debriefing, incident");
        }
        record if *record == assessment::TYPE => {
            let urgent = is_said(row, assessment::urgent) && row.date(assessment::answered).is_none();
            let on = row.date(assessment::on).map_or(String::new(), |on| format!(" of {}", day(on)));
            owed.extend(urgent.then(|| format!("an answer to be acted on{on}")));
        }
        record if *record == benefit::TYPE => {
            let ended = row.text(benefit::status) == BenefitStatus::Ended.code();
            let answered = row.date(benefit::appealed).is_some() || is_said(row, benefit::let_be);
            let open = row.date(benefit::notice).filter(|_| !ended && !answered);
            owed.extend(
                open.map(|notice| format!("the notice about {} of {}", row.text(benefit::programme), day(notice))),
            );
        }
        record if *record == housing::TYPE => {
            let open = row.date(housing::notice).filter(|_| row.date(housing::until).is_none());
            owed.extend(open.map(|notice| format!("the notice to quit of {}", day(notice))));
        }
        record if *record == advocacy::TYPE => {
            let settled =
                [AdvocacyStatus::Won, AdvocacyStatus::Partly, AdvocacyStatus::Lost, AdvocacyStatus::Withdrawn];
            let open = !settled.iter().any(|status| status.code() == row.text(advocacy::status));
            owed.extend(open.then(|| format!("what is asked of {}", row.text(advocacy::institution))));
        }
        _ => {}
    }
    owed
}

fn is_said(row: &Row, field: FieldId) -> bool {
    !row.text(field).trim().is_empty()
}

fn many(count: usize, one: &str, several: &str) -> String {
    if count == 1 { one.into() } else { format!("{count} {several}") }
}

fn end(rule: &Retention, closed: NaiveDate, birth_date: Option<NaiveDate>) -> NaiveDate {
    let after = years(closed, rule.years);
    let minor = birth_date.filter(|born| closed < years(*born, 18));
    match (minor, rule.until_age) {
        (Some(born), Some(age)) => after.max(years(born, age)),
        _ => after,
    }
}

/// The same day years later; of 29 February the last of February, or the day after where it would fall short.
fn years(day: NaiveDate, years: u8) -> NaiveDate {
    let there = day.checked_add_months(Months::new(u32::from(years) * 12)).unwrap_or(NaiveDate::MAX);
    let short = chrono::Datelike::day(&there) < chrono::Datelike::day(&day);
    if short { there.succ_opt().unwrap_or(there) } else { there }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordType, RowId, Value};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn row(record: &'static RecordType, fields: &[(FieldId, Value)]) -> Row {
        let id = RowId::derived(&["row", &format!("{fields:?}")]);
        let mut row = Row::new(record, id, RowId::derived(&["person"]));
        for (field, value) in fields {
            row.put(*field, value.clone());
        }
        row
    }

    fn date(text: &str) -> Value {
        Value::Date(day(text))
    }

    fn time(text: &str) -> Value {
        Value::Time(chrono::DateTime::parse_from_rfc3339(&format!("{text}T10:00:00-05:00")).unwrap())
    }

    /// Someone whose case was closed on a day.
    fn person(closed: &str, born: Option<&str>, more: &[(FieldId, Value)]) -> Row {
        let mut fields = vec![(client::status, "closed".into()), (client::closed, date(closed))];
        fields.extend(born.map(|born| (client::birth_date, date(born))));
        fields.extend(more.iter().cloned());
        row(&client::TYPE, &fields)
    }

    fn keeps<'a>(practice: &'a Practice, people: &[Row], areas: &[&str], rows: &[Row]) -> Kept<'a> {
        let areas: Vec<String> = areas.iter().map(|area| area.to_string()).collect();
        let ends: Vec<_> = people.iter().map(|person| person.date(client::closed)).collect();
        let (people, rows) = (people.iter().collect(), rows.iter().collect());
        let file = File { people, areas: &areas, rows, ends: &ends, conflicts: 0, unsigned: 0 };
        kept(practice, &file, day("2100-01-01"))
    }

    #[test]
    fn a_closed_file_is_kept_by_the_longest_rule_that_holds_for_it() {
        let practice = Practice::standard();
        for (closed, born, areas, until, years) in [
            // Seven years, for whoever was grown up.
            ("2020-03-10", "1980-01-01", vec!["social-work"], "2027-03-10", 7),
            // A child's to the age of 25.
            ("2020-03-10", "2010-06-05", vec!["social-work"], "2035-06-05", 7),
            // Closed the day before they grew up, and on that day.
            ("2020-03-09", "2002-03-10", vec!["social-work"], "2027-03-10", 7),
            ("2020-03-10", "2002-03-10", vec!["social-work"], "2027-03-10", 7),
            ("2021-03-09", "2003-03-10", vec!["healthcare"], "2028-03-10", 7),
            // 2 CFR 200.334: three years, but not where another area asks for more.
            ("2020-03-10", "1980-01-01", vec!["vocational"], "2023-03-10", 3),
            ("2020-03-10", "1980-01-01", vec!["vocational", "mental-health"], "2027-03-10", 7),
            // No area named: the rule for every other.
            ("2020-02-29", "1980-01-01", vec![], "2027-03-01", 7),
        ] {
            let found = keeps(&practice, &[person(closed, Some(born), &[])], &areas, &[]);
            let Keep::Until(end, rule) = &found.keep else { panic!("{closed} {areas:?}") };
            assert_eq!((*end, rule.years), (day(until), years), "{closed} {born} {areas:?}");
            assert!(!rule.source.is_empty());
            assert!(!found.may_go(*end) && found.may_go(end.succ_opt().unwrap()), "through its last day");
        }
    }

    #[test]
    fn a_file_without_an_end_a_birth_date_or_with_a_hold_stays() {
        let practice = Practice::standard();
        let (long_ago, adult) = ("1990-01-01", Some("1950-05-05"));
        let keep = |people: &[Row], areas: &[&str], rows: &[Row]| {
            let found = keeps(&practice, people, areas, rows);
            (found.keep.clone(), found.may_go(day("2099-01-01")))
        };
        assert!(keep(&[person(long_ago, adult, &[])], &[], &[]).1, "the others below differ in one thing");
        let held = person(long_ago, adult, &[(client::hold, Value::Yes(true))]);
        assert_eq!(keep(std::slice::from_ref(&held), &[], &[]), (Keep::Held, false));
        // Under two entries for one person: what stands at either counts.
        assert_eq!(keep(&[person(long_ago, adult, &[]), held], &[], &[]), (Keep::Held, false));
        // Open; open again after a closing; open at the other entry; a later time in care.
        for status in ["active", "", "waiting", "on-hold"] {
            let again = person(long_ago, adult, &[(client::status, status.into())]);
            assert_eq!(keep(std::slice::from_ref(&again), &[], &[]), (Keep::Open, false), "{status}");
            assert_eq!(keep(&[person(long_ago, adult, &[]), again], &[], &[]), (Keep::Open, false), "{status}");
        }
        let twice = |ends: &[Option<NaiveDate>]| {
            let person = person(long_ago, adult, &[]);
            let file = File { people: vec![&person], areas: &[], rows: vec![], ends, conflicts: 0, unsigned: 0 };
            let found = kept(&practice, &file, day("2099-01-01"));
            (found.keep.clone(), found.may_go(day("2099-01-01")))
        };
        assert_eq!(twice(&[Some(day(long_ago)), None]), (Keep::Undated, false));
        let later = twice(&[Some(day("2095-01-01")), Some(day(long_ago))]);
        assert!(matches!(later, (Keep::Until(until, _), false) if until == day("2102-01-01")), "{later:?}");
        let undated = row(&client::TYPE, &[(client::status, "closed".into())]);
        assert_eq!(keep(&[undated], &[], &[]), (Keep::Undated, false));
        // A rule that goes by the age, and one that does not.
        for (areas, unknown) in [
            (vec!["social-work"], true),
            (vec![], true),
            (vec!["vocational"], false),
            (vec!["vocational", "healthcare"], true),
        ] {
            let (found, may_go) = keep(&[person(long_ago, None, &[])], &areas, &[]);
            assert_eq!(matches!(found, Keep::AgeUnknown(..)), unknown, "{areas:?}");
            assert_eq!(may_go, !unknown, "{areas:?}");
        }
    }

    #[test]
    fn a_file_with_anything_owed_stays_and_says_what() {
        let practice = Practice::standard();
        let closed = |more: &[(FieldId, Value)]| person("1990-01-01", Some("1950-05-05"), more);
        let of = |rows: &[Row]| keeps(&practice, &[closed(&[])], &[], rows);
        let over = [(incident::began, time("1989-03-01")), (incident::resolved, time("1989-03-02"))];
        let with = |more: &[(FieldId, Value)]| row(&incident::TYPE, &[&over[..], more].concat());
        let urgent = |more: &[(FieldId, Value)]| {
            let fields = [(assessment::on, date("1989-03-01")), (assessment::urgent, "thoughts of suicide".into())];
            row(&assessment::TYPE, &[&fields[..], more].concat())
        };
        let notice = |more: &[(FieldId, Value)]| {
            let fields = [(benefit::programme, "SNAP".into()), (benefit::notice, date("1989-03-01"))];
            row(&benefit::TYPE, &[&fields[..], more].concat())
        };
        let quit =
            |more: &[(FieldId, Value)]| row(&housing::TYPE, &[&[(housing::notice, date("1989-03-01"))], more].concat());
        let asked = |status: &str| {
            row(&advocacy::TYPE, &[(advocacy::institution, "the county".into()), (advocacy::status, status.into())])
        };
        let given = |when: &str| row(&disclosure::TYPE, &[(disclosure::when, time(when))]);
        for (rows, says) in [
            (vec![row(&incident::TYPE, &over[..1])], "an incident that is not over, of 1 Mar 1989"),
            (vec![with(&[(incident::report, "due".into())])], "a mandated report"),
            (vec![with(&[(incident::report_due, time("1989-03-02"))])], "a mandated report"),
            (vec![with(&[(incident::written_due, time("1989-03-02"))])], "a written report"),
            (vec![with(&[(incident::debrief_due, date("1989-03-05"))])], "a debriefing"),
            (vec![urgent(&[])], "an answer to be acted on of 1 Mar 1989"),
            (vec![notice(&[])], "the notice about SNAP of 1 Mar 1989"),
            (vec![quit(&[])], "the notice to quit of 1 Mar 1989"),
            (vec![asked("")], "what is asked of the county"),
            (vec![asked("filed")], "what is asked of the county"),
            (vec![given("2094-02-01")], "the record of what was given out, through 1 Feb 2100 (45 CFR 164.528)"),
        ] {
            let found = of(&rows);
            assert!(found.owed.len() == 1 && found.owed[0].starts_with(says), "{says}: {found:?}");
            assert!(!found.may_go(day("2100-01-01")), "{says}");
        }
        // The same, answered.
        for row in [
            with(&[(incident::report, "due".into()), (incident::reported, time("1989-03-02"))]),
            with(&[(incident::report, "made".into()), (incident::report_due, time("1989-03-02"))]),
            with(&[(incident::written_due, time("1989-03-02")), (incident::written, time("1989-03-02"))]),
            with(&[(incident::debrief_due, date("1989-03-05")), (incident::debriefed, date("1989-03-05"))]),
            urgent(&[(assessment::answered, date("1989-03-01"))]),
            notice(&[(benefit::appealed, date("1989-03-02"))]),
            notice(&[(benefit::let_be, "moved away".into())]),
            notice(&[(benefit::status, "ended".into())]),
            quit(&[(housing::until, date("1989-04-01"))]),
            asked("won"),
            given("2090-02-01"),
        ] {
            let found = of(std::slice::from_ref(&row));
            assert!(found.owed.is_empty() && found.may_go(day("2100-01-01")), "{found:?}");
        }
        let crisis = keeps(&practice, &[closed(&[(client::crisis, "locked out".into())])], &[], &[]);
        assert_eq!(crisis.owed, ["a crisis that is not over"]);
        for (conflicts, unsigned, says) in [(2, 0, "2 disagreements between records"), (0, 1, "a note to be signed")] {
            let person = closed(&[]);
            let ends = [person.date(client::closed)];
            let file = File { people: vec![&person], areas: &[], rows: Vec::new(), ends: &ends, conflicts, unsigned };
            let found = kept(&practice, &file, day("2100-01-01"));
            assert!(found.owed[0].starts_with(says) && !found.may_go(day("2100-01-01")), "{found:?}");
        }
    }
}
