//! What a signature stands for: the very text that was signed, and a seal that shows whether it still is that text.
//!
//! A note is signed as it reads at that moment; the signature carries the text, and nothing that happens to the note's
//! fields afterwards (an edit made on another laptop that did not know yet) changes it. How a note stands is told from
//! that in [`standing`](super::standing). Pure.

use chrono::{DateTime, FixedOffset};

use super::records::{goal, note, signature};
use super::{Field, FieldId, Kind, Row, Shown};

/// Stands in a signed text where the note was signed late.
pub(super) const LATE: &str = "LATE ENTRY";

/// The text of a note as it is signed: every field that a person fills in, under its label, and the goals in their words.
/// `late` where the agency's rule calls it a late entry: then both times are said.
pub fn note_text(row: &Row, goals: &[Row], signed: DateTime<FixedOffset>, late: bool) -> String {
    let mut text = String::new();
    if late {
        let service = row.time(note::when).map_or(String::new(), |when| when.format("%Y-%m-%d %H:%M").to_string());
        text.push_str(&format!("{LATE}: service on {service}, signed on {}\n", signed.format("%Y-%m-%d %H:%M")));
    }
    text.push_str(&fields_text(row, goals));
    text
}

/// The fields of a row under their labels, in the catalogue's order.
pub fn fields_text(row: &Row, goals: &[Row]) -> String {
    let mut text = String::new();
    for field in row.record.fields.iter().filter(|field| field.shown == Shown::Form) {
        let shown = value_text(field, row, goals);
        if !shown.is_empty() {
            text.push_str(&format!("{}: {shown}\n", field.label));
        }
    }
    text
}

/// A value as it is signed: in words that do not change with an agency's lists, and exact to the second.
fn value_text(field: &Field, row: &Row, goals: &[Row]) -> String {
    match field.kind {
        Kind::Links("goal") => {
            let words = row.words(field.id).iter().map(|id| {
                let known = goals.iter().find(|goal| goal.id.to_string() == *id);
                known.map_or(id.clone(), |goal| format!("\"{}\"", goal.text(goal::words)))
            });
            words.collect::<Vec<_>>().join("; ")
        }
        _ if field.kind.is_set() => row.words(field.id).join(", "),
        _ => row.get(field.id).plain(),
    }
}

/// Stands for what a row's fields say, whatever they are called and whatever the goals they name are called later: equal
/// as long as nobody changed what a person fills in.
pub fn reads(row: &Row) -> String {
    digest("caseload fields as signed 1", row, |field| field.shown == Shown::Form)
}

/// The seal of a signature: whoever changes the text, the name, the role, the witness or the time breaks it. It guards
/// against change, not against forgery: that is what the site's signature under the journal is for.
pub fn seal(row: &Row) -> String {
    digest("caseload signed text 1", row, |field| field.id != signature::seal)
}

/// Whether a signature's row still is what was signed.
pub fn holds(row: &Row) -> bool {
    !row.text(signature::of).is_empty() && seal(row) == row.text(signature::seal)
}

/// A hash over fields that are filled in, by their numbers: a field that a later version adds changes nothing.
fn digest(context: &str, row: &Row, counts: impl Fn(&Field) -> bool) -> String {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    let mut add = |field: FieldId, bytes: &[u8]| {
        hasher.update(&field.field.to_le_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    for field in row.record.fields.iter().filter(|field| counts(field)) {
        if field.kind.is_set() {
            row.words(field.id).iter().for_each(|word| add(field.id, word.as_bytes()));
        } else if !row.get(field.id).is_empty() {
            add(field.id, &row.get(field.id).encoded());
        }
    }
    hasher.finalize().to_hex().to_string()
}
