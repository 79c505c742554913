//! What a signature stands for: the very text that was signed, and a seal that shows whether it still is that text.
//!
//! A note is signed as it reads at that moment; the signature carries the text ([`sealed`](super::sealed)), and nothing
//! that happens to the note's fields afterwards (an edit made on another laptop that did not know yet) changes it. How a
//! note stands is told from that in [`standing`](super::standing), and what became of the words under any name in
//! [`stands`](super::stands). Pure.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset};

use super::records::{note, signature};
use super::{Field, FieldId, Row, Shown, sealed};

/// Stands in a signed text where the note was signed late.
pub(super) const LATE: &str = "LATE ENTRY";

/// The text that a name is put under where a note is signed: every field that a person fills in, with its number and its
/// label, and the goals in their words. `late` where the agency's rule calls it a late entry: then both times are said.
pub fn note_content(row: &Row, goals: &[Row], signed: DateTime<FixedOffset>, late: bool) -> String {
    let mut head = String::new();
    if late {
        let service = row.time(note::when).map_or(String::new(), |when| when.format("%Y-%m-%d %H:%M").to_string());
        head = format!("{LATE}: service on {service}, signed on {}", signed.format("%Y-%m-%d %H:%M"));
    }
    sealed::write(&head, "", &[row], goals)
}

/// What a reader reads of a signed text: its words, without the numbers of the fields. A text of before there were any is
/// read as it stands.
pub fn words(content: &str) -> Cow<'_, str> {
    sealed::read(content).map_or(content.into(), |sealed| sealed.words().into())
}

/// The words that were signed under a note or an addendum.
pub fn signed_words(signature: &Row) -> Cow<'_, str> {
    words(signature.text(signature::content))
}

/// The fields of a row under their labels, in the catalogue's order: what signing it now would put a name under.
pub fn fields_text(row: &Row, goals: &[Row]) -> String {
    words(&sealed::write("", "", &[row], goals)).into_owned()
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

/// Whether a signature's row still is what was signed, and stands under what it was given for: a seal that was made anew
/// over a signature moved to another plan does not make it that plan's.
pub fn holds(row: &Row) -> bool {
    let of = row.text(signature::of);
    let its = || {
        let sealed = sealed::read(row.text(signature::content));
        sealed.is_none_or(|sealed| sealed.parts.first().is_some_and(|part| part.id.to_string() == of))
    };
    !of.is_empty() && seal(row) == row.text(signature::seal) && its()
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
