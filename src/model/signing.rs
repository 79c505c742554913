//! What a signature stands for: the very text that was signed, and a seal that shows whether it still is that text.
//!
//! A note is signed as it reads at that moment; the signature carries the text, and nothing that happens to the note's
//! fields afterwards (an edit made on another laptop that did not know yet) changes it. Pure.

use chrono::{DateTime, FixedOffset};

use super::records::{addendum, goal, note, signature};
use super::{Field, Kind, Row, RowId, Shown, SignatureRole};

/// Stands in a signed text where the note was signed late.
const LATE: &str = "LATE ENTRY";

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

/// The seal of a signed text: whoever changes the text, the name, the role or the time breaks it. It guards against
/// change, not against forgery: that is what the site's signature under the journal is for.
pub fn seal(of: RowId, content: &str, role: SignatureRole, name: &str, at: DateTime<FixedOffset>) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("caseload signed text 1");
    hasher.update(of.as_bytes());
    for part in [content, role.code(), name, &at.to_rfc3339()] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Whether a signature's row still is what was signed.
pub fn holds(row: &Row) -> bool {
    let (Some(at), Some(role), Ok(of)) = (
        row.time(signature::at),
        SignatureRole::from_code(row.text(signature::role)),
        row.text(signature::of).parse::<RowId>(),
    ) else {
        return false;
    };
    seal(of, row.text(signature::content), role, row.text(signature::name), at) == row.text(signature::seal)
}

/// How a note stands: signed by whom, with which addenda, and whether all of it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing<'a> {
    /// The text that was signed first; empty for a note that nobody has signed.
    pub text: &'a str,
    /// In the order in which they were given.
    pub signatures: Vec<&'a Row>,
    /// Oldest first, each with its own signatures.
    pub addenda: Vec<(&'a Row, Vec<&'a Row>)>,
    pub state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Unsigned,
    Signed,
    /// The fields were changed elsewhere by someone who did not know that it was signed: the signed text stands, the other
    /// version is shown beside it.
    ChangedBeside,
    /// A seal does not hold: the record was altered outside the program.
    Broken,
}

impl Standing<'_> {
    pub fn is_signed(&self) -> bool {
        self.state != State::Unsigned
    }

    pub fn is_late(&self) -> bool {
        self.text.starts_with(LATE)
    }

    pub fn has(&self, role: SignatureRole) -> bool {
        self.signatures.iter().any(|row| row.text(signature::role) == role.code())
    }
}

/// How a note stands among a client's signatures and addenda. `goals` are the client's, for comparing.
pub fn standing<'a>(row: &Row, goals: &[Row], signatures: &'a [Row], addenda: &'a [Row]) -> Standing<'a> {
    let under = |id: RowId| {
        let id = id.to_string();
        let mut found: Vec<&Row> = signatures.iter().filter(|row| row.text(signature::of) == id).collect();
        found.sort_by_key(|row| (row.time(signature::at), row.id));
        found
    };
    let own = under(row.id);
    let mut added: Vec<(&Row, Vec<&Row>)> = addenda
        .iter()
        .filter(|addendum| addendum.link(addendum::note) == Some(row.id))
        .map(|addendum| (addendum, under(addendum.id)))
        .collect();
    added.sort_by_key(|(addendum, _)| (addendum.time(addendum::when), addendum.id));
    let author = own.iter().find(|row| row.text(signature::role) == SignatureRole::Author.code());
    let text = author.map_or("", |row| row.text(signature::content));
    let state = match author {
        None => State::Unsigned,
        Some(_) if own.iter().chain(added.iter().flat_map(|(_, under)| under)).any(|row| !holds(row)) => State::Broken,
        Some(author) => {
            let at = author.time(signature::at).unwrap_or_default();
            let late = text.starts_with(LATE);
            if note_text(row, goals, at, late) == text { State::Signed } else { State::ChangedBeside }
        }
    };
    Standing { text, signatures: own, addenda: added, state }
}
