//! One `VEVENT`, as far as an appointment can hold it.

use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarEntry, ICalendarParameterName, ICalendarProperty, ICalendarStatus,
    ICalendarValue,
};
use calcard::{Entry, Parser};
use chrono::Datelike;

use crate::model::LONGEST;

use super::super::lines::Piece;
use super::DAY;
use super::again::{self, Rule};
use super::zones::When;

pub(super) struct Event {
    pub uid: String,
    pub start: When,
    pub minutes: Option<i64>,
    pub summary: String,
    pub place: String,
    pub about: String,
    /// Who else is there, by name.
    pub with: Vec<String>,
    /// Their addresses.
    emails: Vec<String>,
    pub cancelled: bool,
    /// The time of the event that this one stands in for (`RECURRENCE-ID`).
    pub instead_of: Option<When>,
    /// It stands in for all that follow, too.
    pub onward: bool,
    pub rule: Option<Rule>,
    /// Further times, with their length where they have one of their own.
    pub also: Vec<(When, Option<i64>)>,
    /// Times that are left out.
    pub but: Vec<When>,
}

/// A component's text, read by the library.
pub(super) fn parsed(text: &str) -> Option<ICalendar> {
    match Parser::new(text).entry() {
        Entry::ICalendar(calendar) => Some(calendar),
        _ => None,
    }
}

impl Event {
    /// Reads one; what is wrong comes back with the property it is about.
    pub fn read(piece: Piece) -> Result<Event, (&'static str, String)> {
        if piece.cut {
            return Err(("", "it breaks off in the middle of this event".into()));
        }
        if piece.too_large {
            return Err(("", "this event is larger than 4 MB".into()));
        }
        let calendar = parsed(&piece.text).ok_or(("", "it is no event that can be read".to_string()))?;
        let component = calendar.components.first().ok_or(("", "this event is empty".to_string()))?;
        let start = component
            .property(&ICalendarProperty::Dtstart)
            .ok_or(("DTSTART", "it does not say when it begins".to_string()))?;
        let start = again::time(start)
            .filter(|start| (1850..=2200).contains(&start.local.year()))
            .ok_or_else(|| ("DTSTART", format!("\"{}\" is not a time", shown(start))))?;
        let entries = |property| component.entries.iter().filter(move |entry| entry.name == property);
        let rule = match component.property(&ICalendarProperty::Rrule) {
            None => None,
            Some(entry) => Some(again::rule(entry).ok_or_else(|| {
                ("RRULE", format!("how often it comes again is not understood: \"{}\"", shown(entry)))
            })?),
        };
        let instead_of = component.property(&ICalendarProperty::RecurrenceId);
        let mut with = Vec::new();
        let mut emails = Vec::new();
        for property in [ICalendarProperty::Attendee, ICalendarProperty::Organizer] {
            for entry in entries(property) {
                with.extend(
                    entry.parameter(&ICalendarParameterName::Cn).and_then(|name| name.as_text()).map(String::from),
                );
                emails.extend(entry.calendar_address().filter(|address| address.contains('@')).map(str::to_lowercase));
            }
        }
        with.dedup();
        let text = |property| component.property(&property).map_or(String::new(), plain);
        let summary = match text(ICalendarProperty::Summary) {
            empty if empty.trim().is_empty() => "Appointment".to_string(),
            summary => summary,
        };
        let uid = match text(ICalendarProperty::Uid) {
            empty if empty.trim().is_empty() => format!("{}{}", start.local, summary),
            uid => uid.trim().to_string(),
        };
        // What is put together of several values may be longer than any of them.
        let people = with.iter().map(|name| name.len() + 2).sum();
        for (column, length) in [("UID", uid.len() + 32), ("ATTENDEE", people)] {
            if length > LONGEST {
                return Err((column, "it is longer than 1 MB".into()));
            }
        }
        Ok(Event {
            minutes: minutes(component, &start),
            place: text(ICalendarProperty::Location),
            about: text(ICalendarProperty::Description),
            cancelled: component.status() == Some(&ICalendarStatus::Cancelled),
            onward: instead_of.is_some_and(|entry| entry.has_parameter(&ICalendarParameterName::Range)),
            instead_of: instead_of.and_then(again::time),
            also: entries(ICalendarProperty::Rdate).flat_map(again::times).collect(),
            but: entries(ICalendarProperty::Exdate).flat_map(again::times).map(|(when, _)| when).collect(),
            uid,
            start,
            summary,
            with,
            emails,
            rule,
        })
    }

    /// What may tell whose it is.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.summary.as_str()).chain(self.with.iter().chain(&self.emails).map(String::as_str))
    }
}

/// How long it takes: to its end, or as it says. A day without an end is that day.
fn minutes(component: &ICalendarComponent, start: &When) -> Option<i64> {
    let end = component.property(&ICalendarProperty::Dtend).and_then(again::time);
    let duration = component.property(&ICalendarProperty::Duration).and_then(|entry| match entry.values.first() {
        Some(ICalendarValue::Duration(duration)) => Some(duration.as_seconds() / 60),
        _ => None,
    });
    match (end, duration) {
        // Both on one clock; where the end is on another, the length would be wrong.
        (Some(end), _) if end.zone == start.zone && end.offset == start.offset => {
            Some((end.local - start.local).num_minutes())
        }
        (_, Some(minutes)) => Some(minutes),
        _ => start.day.then_some(DAY),
    }
}

/// All values of a property as text.
fn plain(entry: &ICalendarEntry) -> String {
    entry.values.iter().filter_map(ICalendarValue::as_text).collect::<Vec<_>>().join(",")
}

/// What stands in a property, for a message.
fn shown(entry: &ICalendarEntry) -> String {
    let text = entry.values.first().cloned().and_then(ICalendarValue::into_text).unwrap_or_default();
    crate::model::text::one_line(&text).chars().take(60).collect()
}
