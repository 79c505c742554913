//! Appointments for a phone or a shared calendar, as RFC 5545 has them.
//!
//! What a shared calendar may show is little: initials, a time, a length. Whole names and places only where they were
//! asked for; notes never.

use calcard::common::PartialDateTime;
use calcard::icalendar::{
    ICalendar, ICalendarClassification, ICalendarComponent, ICalendarComponentType, ICalendarDuration, ICalendarEntry,
    ICalendarProperty, ICalendarStatus, ICalendarValue,
};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Timelike, Utc};

use crate::disclosure::Handed;
use crate::model::records::{appointment, client};
use crate::model::{AppointmentStatus, Row};

use super::super::{ExchangeError, Wanted, Written};
use super::DAY;

/// What the id of an event of our own ends with; the appointment's own id stands before it.
pub(super) const OWN: &str = "@caseload";

/// Appointments of so many days past are written too; older ones nobody looks for on a phone.
const PAST: i64 = 30;

/// Writes the appointments that are handed over.
pub(in super::super) fn write(handed: &Handed<'_>, wanted: &Wanted<'_>) -> Result<Written, ExchangeError> {
    let mut calendar = ICalendar { components: vec![ICalendarComponent::new(ICalendarComponentType::VCalendar)] };
    let root = &mut calendar.components[0];
    root.add_property(ICalendarProperty::Version, ICalendarValue::Text("2.0".into()));
    root.add_property(ICalendarProperty::Prodid, ICalendarValue::Text("-//caseload//caseload//EN".into()));
    let since = wanted.moment.today() - chrono::TimeDelta::days(PAST);
    let (mut count, mut past) = (0, 0);
    for client in handed.clients() {
        let Some(file) = handed.file(*client)? else { continue };
        let who = if handed.contents().names { file.client.client_name() } else { initials(&file.client) };
        for row in file.of(&appointment::TYPE) {
            let Some(starts) = row.time(appointment::starts) else { continue };
            if wanted.moment.local(starts).date_naive() < since {
                past += 1;
                continue;
            }
            let event = event(row, starts, &who, wanted);
            let id = calendar.components.len() as u32;
            calendar.components[0].component_ids.push(id);
            calendar.components.push(event);
            count += 1;
        }
    }
    let mut text = String::new();
    calendar
        .write_to(&mut text)
        .map_err(|_| ExchangeError::Unwritten("the calendar cannot be put into text".into()))?;
    let mut written = Written::file(text.into_bytes(), "appointments", count);
    if past > 0 {
        written.told.push(format!("Appointments older than {PAST} days, which did not go out: {past}."));
    }
    Ok(written)
}

fn event(row: &Row, starts: DateTime<FixedOffset>, who: &str, wanted: &Wanted<'_>) -> ICalendarComponent {
    let mut event = ICalendarComponent::new(ICalendarComponentType::VEvent);
    event.add_uid(&format!("{}{OWN}", row.id));
    event.add_dtstamp(utc(wanted.moment.now));
    let minutes = row.whole(appointment::minutes);
    let lived = wanted.moment.lived(starts);
    if minutes == Some(DAY) && lived.time() == NaiveTime::MIN {
        // A day without a time: the one on which it was put down, whoever sends it from another zone.
        event.entries.push(on_day(ICalendarProperty::Dtstart, lived.date_naive()));
    } else {
        event.add_property(ICalendarProperty::Dtstart, ICalendarValue::PartialDateTime(Box::new(utc(starts))));
        if let Some(minutes) = minutes.filter(|minutes| *minutes > 0) {
            let duration = ICalendarDuration { minutes: minutes as u32, ..ICalendarDuration::default() };
            event.add_property(ICalendarProperty::Duration, ICalendarValue::Duration(duration));
        }
    }
    // What it is for, and where, stands only in a row that was handed over with it.
    let what = row.text(appointment::title);
    let summary = if what.is_empty() { who.to_string() } else { format!("{who}: {what}") };
    event.add_property(ICalendarProperty::Summary, ICalendarValue::Text(summary));
    if !row.text(appointment::place).is_empty() {
        event.add_property(ICalendarProperty::Location, ICalendarValue::Text(row.text(appointment::place).into()));
    }
    let status = match AppointmentStatus::from_code(row.text(appointment::status)) {
        Some(AppointmentStatus::Cancelled | AppointmentStatus::Moved) => ICalendarStatus::Cancelled,
        Some(AppointmentStatus::Planned) => ICalendarStatus::Tentative,
        _ => ICalendarStatus::Confirmed,
    };
    event.add_property(ICalendarProperty::Status, ICalendarValue::Status(status));
    event.add_property(ICalendarProperty::Class, ICalendarValue::Classification(ICalendarClassification::Private));
    event
}

/// `M.D.`: enough for who knows, nothing for who looks on.
fn initials(person: &Row) -> String {
    let given = match person.text(client::preferred_name).trim() {
        "" => person.text(client::given_name),
        preferred => preferred,
    };
    let letters = [given, person.text(client::family_name)];
    let letters: String = letters
        .iter()
        .filter_map(|name| name.chars().find(|c| c.is_alphanumeric()))
        .flat_map(|letter| letter.to_uppercase().chain(['.']))
        .collect();
    if letters.is_empty() { "Client".into() } else { letters }
}

fn utc(time: DateTime<FixedOffset>) -> PartialDateTime {
    let time = time.with_timezone(&Utc);
    PartialDateTime {
        hour: Some(time.hour() as u8),
        minute: Some(time.minute() as u8),
        second: Some(time.second() as u8),
        tz_hour: Some(0),
        tz_minute: Some(0),
        ..day(time.date_naive())
    }
}

fn day(day: NaiveDate) -> PartialDateTime {
    PartialDateTime {
        year: u16::try_from(day.year()).ok(),
        month: Some(day.month() as u8),
        day: Some(day.day() as u8),
        ..PartialDateTime::default()
    }
}

fn on_day(property: ICalendarProperty, date: NaiveDate) -> ICalendarEntry {
    use calcard::icalendar::{ICalendarParameter, ICalendarParameterName, ICalendarParameterValue, ICalendarValueType};
    let value = ICalendarParameter {
        name: ICalendarParameterName::Value,
        value: ICalendarParameterValue::Value(ICalendarValueType::Date),
    };
    ICalendarEntry {
        name: property,
        params: vec![value],
        values: vec![ICalendarValue::PartialDateTime(Box::new(day(date)))],
    }
}
