//! Opening hours between a directory's schedules (by RFC 5545, one for each stretch) and one line ([`crate::model::hours`]).

use chrono::{NaiveDate, Weekday};
use serde_json::{Map, Value as Json, json};

use crate::model::hours::{Hours, Span, day_code, day_named};

use super::{distinct, flat, text};

/// The hours of all schedules in one line, and in words what a line cannot say. Schedules that are over count only where
/// there is nothing newer.
pub(super) fn line<'a>(schedules: impl Iterator<Item = &'a Map<String, Json>>, today: NaiveDate) -> (String, String) {
    let all: Vec<_> = schedules.collect();
    let over = |schedule: &Map<String, Json>| {
        ["valid_to", "until"].iter().any(|field| {
            text(schedule, field).get(..10).and_then(|day| day.parse::<NaiveDate>().ok()).is_some_and(|day| day < today)
        })
    };
    let now: Vec<_> = all.iter().copied().filter(|schedule| !over(schedule)).collect();
    let used = if now.is_empty() { all } else { now };
    let mut hours = Hours::default();
    let mut unsaid = Vec::new();
    for schedule in used {
        match stretch(schedule) {
            Some((days, span)) => days.into_iter().for_each(|day| hours.add(day, span)),
            None => unsaid.push(in_words(schedule)),
        }
        for field in ["description", "notes"] {
            unsaid.push(flat(&text(schedule, field)));
        }
    }
    (hours.line(), distinct(unsaid).join("; "))
}

/// The weekdays of a schedule and from when to when; `None` where it is not every week, or does not say.
fn stretch(schedule: &Map<String, Json>) -> Option<(Vec<Weekday>, Span)> {
    let minute = |field| {
        let text = text(schedule, field);
        let mut parts = text.split(':');
        let hour: u16 = parts.next()?.trim_start_matches('T').parse().ok()?;
        let minute: u16 = parts.next()?.get(..2)?.parse().ok()?;
        (hour <= 24 && minute < 60).then_some(hour * 60 + minute)
    };
    let (from, to) = (minute("opens_at")?, minute("closes_at")?);
    let plain = matches!(text(schedule, "interval").as_str(), "" | "1");
    let days: Option<Vec<Weekday>> = match (text(schedule, "freq").to_uppercase().as_str(), text(schedule, "byday")) {
        ("DAILY", _) => "MO,TU,WE,TH,FR,SA,SU".split(',').map(day_named).collect(),
        ("WEEKLY" | "", days) if !days.is_empty() => days.split([',', ';']).map(day_named).collect(),
        _ => None,
    };
    let to = if to <= from { to + 1_440 } else { to };
    plain.then_some(())?;
    Some((days?, Span { from, to }))
}

/// A schedule that is not every week: "MONTHLY 1MO 09:00-12:00".
fn in_words(schedule: &Map<String, Json>) -> String {
    let times =
        [text(schedule, "opens_at"), text(schedule, "closes_at")].map(|time| time.chars().take(5).collect::<String>());
    let parts = [text(schedule, "freq"), text(schedule, "byday"), text(schedule, "bymonthday"), times.join("-")];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty() && part != "-").collect();
    parts.join(" ")
}

/// A line as schedules: one for each stretch that the same days share. A line that is not understood is a description.
pub(super) fn schedules(line: &str, id: impl Fn(usize) -> String) -> Vec<Json> {
    if line.trim().is_empty() {
        return Vec::new();
    }
    let Some(hours) = Hours::parse(line) else {
        return vec![json!({"id": id(0), "description": line})];
    };
    let mut schedules = Vec::new();
    for (days, spans) in hours.together() {
        let days = days.iter().map(|day| day_code(*day).to_uppercase()).collect::<Vec<_>>().join(",");
        for span in spans {
            let clock = |minute: u16| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
            schedules.push(json!({
                "id": id(schedules.len()), "freq": "WEEKLY", "interval": 1, "byday": days,
                "opens_at": clock(span.from), "closes_at": clock(span.to),
            }));
        }
    }
    schedules
}
