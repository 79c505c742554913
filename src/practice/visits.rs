//! How an appointment went is known when its day has come: kept or missed ahead of it, it would answer what is still open.
//!
//! Pure. Called before an appointment is saved, by form or command, and by imports.

use crate::model::records::appointment;
use crate::model::{AppointmentStatus, Change, Edit, Invalid, Moment, Row, Value};

/// Whether a status says how it went.
pub fn tells_how_it_went(status: &str) -> bool {
    [AppointmentStatus::Kept.code(), AppointmentStatus::NoShow.code()].contains(&status)
}

/// Whether an appointment is on a later day. Later today is near enough: somebody came early.
pub fn is_ahead(starts: &Value, moment: &Moment) -> bool {
    moment.of_the_day().is_ahead(starts)
}

/// Refuses a change that says how an appointment went which is still ahead.
///
/// # Errors
/// In words, for the field of the status.
pub fn check(change: &Change, before: &Row, moment: &Moment) -> Result<(), Invalid> {
    if *before.record != appointment::TYPE {
        return Ok(());
    }
    let mut after = before.clone();
    let mut touched = false;
    for edit in &change.edits {
        if let Edit::Set { row, field, value } = edit
            && *row == before.id
        {
            touched |= [appointment::status, appointment::starts].contains(field);
            after.put(*field, value.clone());
        }
    }
    let starts = after.get(appointment::starts);
    if !touched || !tells_how_it_went(after.text(appointment::status)) || !is_ahead(starts, moment) {
        return Ok(());
    }
    let when =
        after.time(appointment::starts).map_or(String::new(), |starts| starts.format("%-d %b %Y %H:%M").to_string());
    match appointment::TYPE.field(appointment::status.field) {
        Some(field) => Err(field.invalid(format!("{when} has not come yet: say how it went when it has"))),
        None => Ok(()),
    }
}
