//! What another program's file says has happened and is still ahead: it settles nothing, so it does not come in as settled.
//!
//! The field is left out and told. A row that is nothing without it (a note of next week's contact) stays out, told too;
//! but what may ask for help (an instrument's answers, a crisis, how medication goes) comes in with the date as it stands,
//! for leaving it out would hide somebody.

use std::collections::BTreeMap;

use crate::model::records::{appointment, assessment, client, incident, medication_check, safety_plan};
use crate::model::{AppointmentStatus, ClientStatus, Field, Moment, RecordType, Value};
use crate::practice::visits;
use crate::store::Draft;

use super::Reading;

/// How many dates a line names.
const NAMED: usize = 3;

/// What became of a value that is ahead.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    FieldOut,
    RowOut,
    TakenAsItStands,
    /// Of a client said to be closed from a later day on.
    StaysOpen,
    /// Of an appointment said to be kept or missed before its day.
    StaysPlanned,
}

/// Takes out of a reading what has not happened yet, and tells it.
pub(super) fn sift(reading: &mut Reading, moment: &Moment) {
    let mut found: BTreeMap<(Fate, u16, u16), Vec<String>> = BTreeMap::new();
    reading.drafts.retain_mut(|draft| sift_one(draft, moment, &mut found));
    for one in &mut reading.unplaced {
        one.drafts.retain_mut(|draft| sift_one(draft, moment, &mut found));
    }
    reading.unplaced.retain(|one| !one.drafts.is_empty());
    for ((fate, record, field), dates) in found {
        let record = crate::model::record_by_number(record);
        if let Some((record, field)) = record.and_then(|record| Some((record, record.field(field)?))) {
            reading.told.push(told(fate, record, field, &dates));
        }
    }
}

/// Whether the row stays.
fn sift_one(draft: &mut Draft, moment: &Moment, found: &mut BTreeMap<(Fate, u16, u16), Vec<String>>) -> bool {
    let record = draft.record;
    let asks = [&incident::TYPE, &assessment::TYPE, &medication_check::TYPE, &safety_plan::TYPE].contains(&record);
    let mut stays = true;
    draft.values.retain(|(id, value)| {
        let Some(field) = record.field(id.field).filter(|field| field.past && ahead(value, moment)) else {
            return true;
        };
        let fate = match field.required {
            true if asks => Fate::TakenAsItStands,
            true => Fate::RowOut,
            false => Fate::FieldOut,
        };
        found.entry((fate, id.record, id.field)).or_default().push(day(value));
        stays &= fate != Fate::RowOut;
        fate == Fate::TakenAsItStands
    });
    let closing = draft.values.iter().find(|(id, value)| *id == client::closed && ahead(value, moment));
    if let Some(closing) = closing.map(|(_, value)| day(value)) {
        let closed = Value::text(ClientStatus::Closed.code());
        if let Some((_, status)) = draft.values.iter_mut().find(|(id, value)| *id == client::status && *value == closed)
        {
            *status = Value::text(ClientStatus::Active.code());
            found.entry((Fate::StaysOpen, client::closed.record, client::closed.field)).or_default().push(closing);
        }
    }
    let starts = draft.values.iter().find(|(id, value)| *id == appointment::starts && ahead(value, moment));
    if let Some(starts) = starts.map(|(_, value)| day(value)) {
        let went = |value: &Value| matches!(value, Value::Text(code) if visits::tells_how_it_went(code));
        if let Some((id, status)) =
            draft.values.iter_mut().find(|(id, value)| *id == appointment::status && went(value))
        {
            *status = Value::text(AppointmentStatus::Planned.code());
            found.entry((Fate::StaysPlanned, id.record, id.field)).or_default().push(starts);
        }
    }
    stays
}

/// Files often carry a day where a time belongs, put at noon: later today is no mistake there.
fn ahead(value: &Value, moment: &Moment) -> bool {
    moment.of_the_day().is_ahead(value)
}

fn day(value: &Value) -> String {
    match value {
        Value::Date(day) => day.format("%-d %b %Y").to_string(),
        Value::Time(time) => time.format("%-d %b %Y").to_string(),
        other => other.plain(),
    }
}

fn told(fate: Fate, record: &RecordType, field: &Field, dates: &[String]) -> String {
    let mut named = dates.to_vec();
    named.sort_unstable();
    named.dedup();
    let more = if named.len() > NAMED { ", ..." } else { "" };
    let named = named.into_iter().take(NAMED).collect::<Vec<_>>().join(", ") + more;
    let many = dates.len();
    let what = if many == 1 { record.label } else { record.plural }.to_lowercase();
    let label = field.label;
    let stay = if many == 1 { "stays" } else { "stay" };
    match fate {
        Fate::FieldOut => format!("{label} was left out of {many} {what}, for it has not happened yet: {named}."),
        Fate::RowOut => format!("Left out, for it has not happened yet: {many} {what}, {named}."),
        Fate::TakenAsItStands => format!("Dated ahead ({label}: {named}), and taken all the same: {many} {what}."),
        Fate::StaysPlanned => {
            format!("{many} {what} {stay} planned: the file says how it went, and the day has not come, {named}.")
        }
        Fate::StaysOpen => {
            format!("{many} {what} {stay} active: the file closes on a day that has not come, {named}.")
        }
    }
}
