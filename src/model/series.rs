//! Appointments that come again: the rule in words, as RFC 5545 keeps it, and the appointments it makes.
//!
//! Each time a visit comes is an appointment of its own, so that it can be kept, missed, moved and merged on
//! its own. All of one series name its first appointment in `series`; the rule stands in `repeats`.

use std::fmt::Write;

use chrono::{DateTime, Datelike, FixedOffset, Months, NaiveDateTime, Weekday};
use rrule::{Frequency, NWeekday, RRule, Tz, Unvalidated};

use super::records::appointment;
use super::when::{Way, weekday};
use super::{AppointmentStatus, Change, Edit, Moment, Row, RowId, Value};

/// So many appointments are made at once, at most.
const MOST: u16 = 120;
/// So far ahead they are made where the rule names no end.
const AHEAD: Months = Months::new(6);

const TRY: &str = "try weekly, every 2 weeks, every tue and thu, monthly; then until 30 jan, or 10 times";

/// The rule that words mean, as RFC 5545 writes it: `every 2 weeks on tue until 30 jan` is
/// `FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20270130T235959Z`. A rule written like that is taken as it is.
///
/// # Errors
/// In words, with what may be typed instead.
pub fn rule(text: &str, moment: &Moment) -> Result<String, String> {
    let text = text.trim().to_lowercase();
    if text.contains("freq=") {
        let rule = text.to_uppercase();
        let local = ending_here(&rule, moment).ok_or_else(|| format!("is not a rule of RFC 5545: {TRY}"))?;
        parsed(&local)?;
        // Kept on the wall clock, without the Z that would make it UTC; the end of a day is written as words have it.
        let keeps = !rule.contains("UNTIL=") || local.contains("T235959Z");
        return Ok(if keeps { local } else { local.trim_end_matches('Z').replace("Z;", ";") });
    }
    let no = || format!("\"{}\" is not how often: {TRY}", text.chars().take(40).collect::<String>());
    let (every, end) = match text.split_once(" until ") {
        Some((every, day)) => {
            (every, format!(";UNTIL={}T235959Z", moment.day_toward(day, Way::Next)?.format("%Y%m%d")))
        }
        None => match text.strip_suffix(" times").or(text.strip_suffix(" x")).and_then(|text| text.rsplit_once(' ')) {
            Some((every, times)) => {
                let times: u16 = times.parse().map_err(|_| no())?;
                if !(2..=MOST).contains(&times) {
                    return Err(format!("must be from 2 to {MOST} times"));
                }
                (every, format!(";COUNT={times}"))
            }
            None => (text.as_str(), String::new()),
        },
    };
    let (every, of_month) = day_of_month(every);
    let mut rule = String::new();
    let mut every_other = 1;
    let mut days = Vec::new();
    for word in every.split([' ', ',']).filter(|word| !word.is_empty()) {
        match word {
            "every" | "on" | "and" | "the" | "," => {}
            "other" => every_other = 2,
            "day" | "days" | "daily" => rule = "FREQ=DAILY".into(),
            "week" | "weeks" | "weekly" => rule = "FREQ=WEEKLY".into(),
            "fortnightly" | "biweekly" => (rule, every_other) = ("FREQ=WEEKLY".into(), 2),
            "month" | "months" | "monthly" => rule = "FREQ=MONTHLY".into(),
            "year" | "years" | "yearly" => rule = "FREQ=YEARLY".into(),
            "weekday" | "weekdays" => {
                days.extend([0, 1, 2, 3, 4].map(|day: u8| Weekday::try_from(day).expect("a day")))
            }
            word => match (word.parse::<u16>(), weekday(word.strip_suffix('s').unwrap_or(word)).or(weekday(word))) {
                (Ok(number @ 1..=52), _) => every_other = number,
                (_, Some(day)) => days.push(day),
                _ => return Err(no()),
            },
        }
    }
    if rule.is_empty() && !days.is_empty() {
        rule = "FREQ=WEEKLY".into();
    }
    let fits = (days.is_empty() || rule.contains("WEEKLY")) && (of_month.is_none() || rule.contains("MONTHLY"));
    if rule.is_empty() || !fits {
        return Err(no());
    }
    if every_other > 1 {
        let _ = write!(rule, ";INTERVAL={every_other}");
    }
    if !days.is_empty() {
        days.sort_by_key(Weekday::num_days_from_monday);
        days.dedup();
        let days: Vec<String> = days.iter().map(|day| day.to_string()[..2].to_uppercase()).collect();
        let _ = write!(rule, ";BYDAY={}", days.join(","));
    }
    if let Some(day) = of_month {
        let _ = write!(rule, ";BYMONTHDAY={day}");
    }
    rule.push_str(&end);
    parsed(&rule)?;
    Ok(rule)
}

/// Takes `on the last day` (-1) or `on the 31st` off the end of how often.
fn day_of_month(every: &str) -> (&str, Option<i8>) {
    for last in [" on the last day of the month", " on the last day", " on last day"] {
        if let Some(rest) = every.strip_suffix(last) {
            return (rest, Some(-1));
        }
    }
    let day = every.rsplit_once(" on the ").and_then(|(rest, day)| {
        let number = ["st", "nd", "rd", "th"].iter().find_map(|ending| day.strip_suffix(ending))?;
        Some((rest, number.parse().ok().filter(|day| (1..=31).contains(day))?))
    });
    day.map_or((every, None), |(rest, day)| (rest, Some(day)))
}

/// A rule whose end is written on the wall clock of this place, with the `Z` that the reader of rules asks for. A date alone
/// is that whole day; so is 23:59:59, as rules made from words have it; any other `Z` is an instant in UTC. `None` where the
/// end is no time.
fn ending_here(rule: &str, moment: &Moment) -> Option<String> {
    let Some((before, rest)) = rule.split_once("UNTIL=") else { return Some(rule.into()) };
    let (until, after) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
    let (day, hour) = until.split_once('T').unwrap_or((until, "235959"));
    let local =
        NaiveDateTime::parse_from_str(&format!("{day}T{}", hour.trim_end_matches('Z')), "%Y%m%dT%H%M%S").ok()?;
    let local = match hour.ends_with('Z') && hour != "235959Z" {
        true => moment.local(local.and_utc().fixed_offset()).naive_local(),
        false => local,
    };
    Some(format!("{before}UNTIL={}Z{after}", local.format("%Y%m%dT%H%M%S")))
}

/// Of a visit that comes again each month on a day which not every month has: that day, and all the months without it until
/// the rule's end; without an end those of a year.
///
/// # Errors
/// As [`again`].
pub fn months_without(rule: &str, first: NaiveDateTime, moment: &Moment) -> Result<Option<(u32, Vec<String>)>, String> {
    let monthly = rule.contains("FREQ=MONTHLY") && !rule.contains("BYDAY") && !rule.contains("BYMONTHDAY=-");
    let day = rule.split("BYMONTHDAY=").nth(1).map(|rest| rest.split(';').next().unwrap_or("").parse());
    let day = day.unwrap_or(Ok(first.day())).unwrap_or(0);
    if !monthly || day < 29 {
        return Ok(None);
    }
    let times = again(rule, first, moment)?;
    let ends = parsed(&ending_here(rule, moment).ok_or("ends at no time: check the day it ends")?)?;
    let last = match (ends.get_until(), ends.get_count()) {
        (Some(until), _) => until.date_naive(),
        (None, Some(_)) => times.last().copied().unwrap_or(first).date(),
        (None, None) => first.date().checked_add_months(Months::new(12)).unwrap_or(first.date()),
    };
    let every = u32::from(ends.get_interval()).max(1);
    let months = (0..).map_while(|n: u32| first.date().with_day(1)?.checked_add_months(Months::new(n * every)));
    let mut without: Vec<String> = Vec::new();
    for month in months.take_while(|month| *month <= last).take(usize::from(MOST)) {
        let name = month.format("%b").to_string();
        if month.with_day(day).is_none() && !without.contains(&name) {
            without.push(name);
        }
    }
    Ok((!without.is_empty()).then_some((day, without)))
}

fn parsed(rule: &str) -> Result<RRule<Unvalidated>, String> {
    rule.parse().map_err(|_| format!("is not a rule of RFC 5545: {TRY}"))
}

/// A rule in words that [`rule`] takes again; what words cannot say stays as it is.
pub fn in_words(rule: &str) -> String {
    let Ok(parsed) = parsed(rule) else { return rule.into() };
    let unit = match parsed.get_freq() {
        Frequency::Daily => "day",
        Frequency::Weekly => "week",
        Frequency::Monthly => "month",
        Frequency::Yearly => "year",
        _ => return rule.into(),
    };
    let plain = ["BYMONTH=", "BYSETPOS", "BYYEARDAY", "BYWEEKNO", "BYHOUR", "BYMINUTE", "BYSECOND", "BYEASTER", "WKST"];
    if plain.iter().any(|part| rule.contains(part)) {
        return rule.into();
    }
    let mut words = match parsed.get_interval() {
        1 => format!("every {unit}"),
        many => format!("every {many} {unit}s"),
    };
    let mut days = Vec::new();
    for day in parsed.get_by_weekday() {
        match day {
            NWeekday::Every(day) => days.push(day.to_string().to_lowercase()),
            NWeekday::Nth(..) => return rule.into(),
        }
    }
    if !days.is_empty() {
        let _ = write!(words, " on {}", days.join(" and "));
    }
    match parsed.get_by_month_day() {
        [] => {}
        [-1] => words.push_str(" on the last day"),
        [day] if *day > 0 => {
            let _ = write!(words, " on the {}", ordinal(*day));
        }
        _ => return rule.into(),
    }
    if parsed.get_until().is_some_and(|until| until.format("%H%M%S").to_string() != "235959") {
        return rule.into();
    }
    if let Some(until) = parsed.get_until() {
        let _ = write!(words, " until {}", until.format("%-d %b %Y").to_string().to_lowercase());
    }
    if let Some(count) = parsed.get_count() {
        let _ = write!(words, " {count} times");
    }
    words
}

/// `1st`, `2nd`, `3rd`, `31st`.
pub fn ordinal(number: i8) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// The local times at which a visit comes again after its first.
///
/// The clock on the wall counts: a visit at 14:00 stays at 14:00 when the clocks change.
///
/// # Errors
/// Where the rule is none, or never comes again.
pub fn again(rule: &str, first: NaiveDateTime, moment: &Moment) -> Result<Vec<NaiveDateTime>, String> {
    // The rule is unfolded on the wall clock, as if that were UTC: so its end is put there too.
    let start = first.and_utc().with_timezone(&Tz::UTC);
    let parsed = parsed(&ending_here(rule, moment).ok_or("ends at no time: check the day it ends")?)?;
    let open = parsed.get_until().is_none() && parsed.get_count().is_none();
    let set = parsed.build(start).map_err(|_| "never comes again: check the day it ends".to_string())?;
    let end = first.checked_add_months(AHEAD);
    let times = set.all(MOST + 1).dates.into_iter().map(|time| time.naive_utc());
    let times: Vec<NaiveDateTime> =
        times.filter(|time| *time > first && (!open || end.is_none_or(|end| *time <= end))).collect();
    if times.is_empty() { Err("never comes again: check the day it ends".into()) } else { Ok(times) }
}

/// Adds to a change that sets `repeats` of an appointment the appointments that come after it, and takes away
/// those that the rule before made.
///
/// `row` is the appointment as it will stand once the change is made.
///
/// # Errors
/// Where the rule never comes again.
pub fn unfold(
    change: &mut Change,
    row: &Row,
    made_before: &[Row],
    moment: &Moment,
    mut new_id: impl FnMut() -> RowId,
) -> Result<usize, String> {
    for gone in made_before {
        change.delete(&appointment::TYPE, gone.id);
    }
    let (rule, Some(starts)) = (row.text(appointment::repeats), row.time(appointment::starts)) else { return Ok(0) };
    if rule.is_empty() {
        return Ok(0);
    }
    let times = again(rule, moment.local(starts).naive_local(), moment)?;
    let series = row.link(appointment::series).unwrap_or(row.id);
    change.set(row.id, appointment::series, Value::Link(series));
    for time in &times {
        let next = new_id();
        change.create(&appointment::TYPE, next, row.stream);
        for field in taken_over() {
            let value = row.get(field);
            if !value.is_empty() {
                change.set(next, field, value.clone());
            }
        }
        change.set(next, appointment::starts, Value::Time(moment.at(time.date(), time.time())));
        change.set(next, appointment::status, AppointmentStatus::Planned.code());
        change.set(next, appointment::series, Value::Link(series));
    }
    Ok(times.len())
}

/// The open appointments of the same series that come after one.
pub fn later(rows: Vec<Row>, visit: &Row) -> Vec<Row> {
    let Some(series) = visit.link(appointment::series) else { return Vec::new() };
    let mut rows = rows;
    rows.retain(|row| {
        row.link(appointment::series) == Some(series)
            && row.time(appointment::starts) > visit.time(appointment::starts)
            && AppointmentStatus::from_code(row.text(appointment::status)).is_none_or(|status| status.is_open())
    });
    rows
}

/// Makes an edit of one appointment also an edit of those that follow it in its series: what was changed is
/// changed in each, and a new time moves each by as many days to the new hour.
pub fn follow(change: &mut Change, row: &Row, following: &[Row], moment: &Moment) {
    let own: Vec<Edit> = change.edits.clone();
    for other in following {
        for edit in &own {
            match edit {
                Edit::Set { row: edited, field, value } if *edited == row.id => {
                    let value = match (value, other.time(appointment::starts), row.time(appointment::starts)) {
                        (Value::Time(to), Some(other), Some(from)) if *field == appointment::starts => {
                            Value::Time(moved(other, from, *to, moment))
                        }
                        (value, ..) => value.clone(),
                    };
                    change.edits.push(Edit::Set { row: other.id, field: *field, value });
                }
                Edit::Delete { record, row: gone } if *gone == row.id => {
                    change.edits.push(Edit::Delete { record, row: other.id });
                }
                _ => {}
            }
        }
    }
}

fn moved(
    other: DateTime<FixedOffset>,
    from: DateTime<FixedOffset>,
    to: DateTime<FixedOffset>,
    moment: &Moment,
) -> DateTime<FixedOffset> {
    let [other, from, to] = [other, from, to].map(|time| moment.local(time).naive_local());
    moment.at(other.date() + (to.date() - from.date()), to.time())
}

/// What each appointment of a series has in common.
pub fn taken_over() -> [super::FieldId; 10] {
    use appointment::*;
    [title, minutes, place, with, transport, interpreter, about, repeats, also_tells, part2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn moment() -> Moment {
        let now = DateTime::parse_from_rfc3339("2026-11-24T11:05:00-05:00").unwrap();
        // New York: daylight saving ends on 1 November 2026 and begins on 14 March 2027.
        Moment::new(now, |local| {
            let summer = NaiveDate::from_ymd_opt(2027, 3, 14).unwrap().and_hms_opt(2, 0, 0).unwrap();
            FixedOffset::east_opt(if local >= summer { -4 * 3600 } else { -5 * 3600 }).unwrap()
        })
    }

    fn day(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn words_become_rules_and_rules_words_again() {
        for (words, wanted, back) in [
            ("weekly", "FREQ=WEEKLY", "every week"),
            ("every 2 weeks on tue until 30 jan 2027", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20270130T235959Z", ""),
            ("every tue and thu 10 times", "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=10", "every week on tue and thu 10 times"),
            ("Fridays", "FREQ=WEEKLY;BYDAY=FR", "every week on fri"),
            ("weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every week on mon and tue and wed and thu and fri"),
            ("every other week", "FREQ=WEEKLY;INTERVAL=2", "every 2 weeks"),
            ("monthly", "FREQ=MONTHLY", "every month"),
            ("every 3 months", "FREQ=MONTHLY;INTERVAL=3", "every 3 months"),
            ("FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=2TU"),
            ("monthly on the last day", "FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"),
            (
                "every month on the 31st 5 times",
                "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=5",
                "every month on the 31st 5 times",
            ),
            ("FREQ=MONTHLY;BYMONTHDAY=15", "FREQ=MONTHLY;BYMONTHDAY=15", "every month on the 15th"),
            ("FREQ=WEEKLY;UNTIL=20261222", "FREQ=WEEKLY;UNTIL=20261222T235959Z", "every week until 22 dec 2026"),
            ("FREQ=DAILY;UNTIL=20261223T030000Z;INTERVAL=2", "FREQ=DAILY;UNTIL=20261222T220000;INTERVAL=2", ""),
        ] {
            let made = rule(words, &moment()).unwrap();
            assert_eq!(made, wanted, "{words}");
            let said = in_words(&made);
            assert_eq!(rule(&said, &moment()).unwrap(), made, "{said}");
            assert!(back.is_empty() || said == back, "{said}");
        }
        // The end of what comes again is still to come: the next such day.
        for (words, until) in [
            ("monthly until 30 jun", "20270630"),
            ("weekly until jun 30", "20270630"),
            ("weekly until 6/30", "20270630"),
            ("weekly until 24 nov", "20261124"),
            ("weekly until 23 nov", "20271123"),
            ("weekly until 30 jan", "20270130"),
            ("weekly until fri", "20261127"),
            ("weekly until 30 jun 2026", "20260630"),
        ] {
            assert!(rule(words, &moment()).unwrap().ends_with(&format!(";UNTIL={until}T235959Z")), "{words}");
        }
        for wrong in ["often", "", "every", "monthly on tue", "weekly until never", "weekly 1 times", "freq=sometimes"]
        {
            assert!(rule(wrong, &moment()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_clock_on_the_wall_counts_and_ends_are_kept() {
        let times = again("FREQ=WEEKLY;UNTIL=20261222T235959Z", day("2026-11-24 14:00"), &moment()).unwrap();
        let days: Vec<u32> = times.iter().map(|time| time.day()).collect();
        assert_eq!(days, [1, 8, 15, 22]);
        assert_eq!(
            again("FREQ=WEEKLY;COUNT=3", day("2026-11-24 14:00"), &moment()).unwrap().len(),
            2,
            "the first is one of three"
        );
        // A month that has no 31st is passed over, as RFC 5545 says.
        let months: Vec<u32> = again("FREQ=MONTHLY;COUNT=4", day("2026-10-31 09:00"), &moment())
            .unwrap()
            .iter()
            .map(|time| time.month())
            .collect();
        assert_eq!(months, [12, 1, 3]);
        // Until 03:00 UTC on the 23rd is until 22:00 on the 22nd here; a date alone is the whole day.
        let days = |rule: &str| -> Vec<u32> {
            again(rule, day("2026-12-20 21:00"), &moment()).unwrap().iter().map(|time| time.day()).collect()
        };
        assert_eq!(days("FREQ=DAILY;UNTIL=20261223T030000Z"), [21, 22]);
        assert_eq!(days("FREQ=DAILY;UNTIL=20261223T010000Z"), [21]);
        assert_eq!(days("FREQ=DAILY;UNTIL=20261222T220000"), [21, 22]);
        assert_eq!(days("FREQ=DAILY;UNTIL=20261222"), [21, 22]);
        assert_eq!(days("FREQ=DAILY;UNTIL=20261222T235959Z"), [21, 22]);
        // On the last day of each month, whatever its length; or it is said which months have none.
        let last = again("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=5", day("2026-10-31 09:00"), &moment()).unwrap();
        let last: Vec<(u32, u32)> = last.iter().map(|time| (time.month(), time.day())).collect();
        assert_eq!(last, [(11, 30), (12, 31), (1, 31), (2, 28)]);
        let without = |rule: &str, first: &str| months_without(rule, day(first), &moment()).unwrap();
        let none = |day, months: &[&str]| Some((day, months.iter().map(ToString::to_string).collect::<Vec<_>>()));
        assert_eq!(without("FREQ=MONTHLY;COUNT=4", "2026-10-31 09:00"), none(31, &["Nov", "Feb"]));
        assert_eq!(without("FREQ=MONTHLY", "2026-11-30 09:00"), none(30, &["Feb"]));
        // All of them: without an end those of a year, with one those until then, and only those in which it would come.
        assert_eq!(without("FREQ=MONTHLY", "2026-12-31 09:00"), none(31, &["Feb", "Apr", "Jun", "Sep", "Nov"]));
        let june = "FREQ=MONTHLY;UNTIL=20270630T235959Z";
        assert_eq!(without(june, "2026-12-31 09:00"), none(31, &["Feb", "Apr", "Jun"]));
        assert_eq!(without("FREQ=MONTHLY;INTERVAL=3", "2026-12-31 09:00"), none(31, &["Jun", "Sep"]));
        assert_eq!(without("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-10-31 09:00"), None);
        assert_eq!(without("FREQ=MONTHLY", "2026-11-28 09:00"), None);
        // Without an end: half a year, and never more than can be looked through.
        assert_eq!(again("FREQ=WEEKLY", day("2026-11-24 14:00"), &moment()).unwrap().len(), 25);
        assert_eq!(again("FREQ=DAILY", day("2026-11-24 14:00"), &moment()).unwrap().len(), usize::from(MOST));
        assert!(again("FREQ=WEEKLY;UNTIL=20261101T235959Z", day("2026-11-24 14:00"), &moment()).is_err());
    }

    #[test]
    fn a_series_unfolds_into_appointments_and_moves_together() {
        let moment = moment();
        let mut ids = (1u8..).map(|n| RowId::derived(&[&n.to_string()]));
        let (client, first) = (ids.next().unwrap(), ids.next().unwrap());
        let mut row = Row::new(&appointment::TYPE, first, client);
        row.put(appointment::title, Value::text("group"));
        row.put(
            appointment::starts,
            Value::Time(moment.at(day("2027-03-09 14:00").date(), day("2027-03-09 14:00").time())),
        );
        row.put(appointment::repeats, Value::text("FREQ=WEEKLY;COUNT=3"));
        let mut change = Change::new("add appointment");
        assert_eq!(unfold(&mut change, &row, &[], &moment, || ids.next().unwrap()), Ok(2));
        let starts: Vec<String> = change
            .edits
            .iter()
            .filter_map(|edit| match edit {
                Edit::Set { field, value: Value::Time(time), .. } if *field == appointment::starts => {
                    Some(time.to_rfc3339())
                }
                _ => None,
            })
            .collect();
        assert_eq!(starts, ["2027-03-16T14:00:00-04:00", "2027-03-23T14:00:00-04:00"]);

        let mut other = row.clone();
        other.id = ids.next().unwrap();
        other.put(appointment::starts, Value::Time(DateTime::parse_from_rfc3339(&starts[0]).unwrap()));
        let to = moment.at(day("2027-03-10 15:30").date(), day("2027-03-10 15:30").time());
        let mut edit = Change::new("edit appointment");
        edit.set(row.id, appointment::starts, Value::Time(to));
        follow(&mut edit, &row, &[other.clone()], &moment);
        let wanted = Value::Time(DateTime::parse_from_rfc3339("2027-03-17T15:30:00-04:00").unwrap());
        assert_eq!(edit.edits[1], Edit::Set { row: other.id, field: appointment::starts, value: wanted });
    }
}
