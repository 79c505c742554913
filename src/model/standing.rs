//! How a note stands: signed by whom, co-signed, late, with which addenda, and whether all of it holds; and how it is read.
//!
//! What is shown of a signed note is the text that was signed. What the fields became since is shown beside it, never in
//! its place; a text whose seal does not hold is shown as broken. Called by the store, the screen and the command line.
//! Pure.

use std::borrow::Cow;

use super::records::{addendum, note, signature};
use super::signing::{LATE, fields_text, holds, reads, signed_words};
use super::stands::{Stands, under_row};
use super::{Row, RowId, SignatureRole};

/// How a note stands: signed by whom, with which addenda, and whether all of it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing<'a> {
    /// The words that were signed first; empty for a note that nobody has signed.
    pub text: Cow<'a, str>,
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
    /// The fields were changed, or another text was signed, elsewhere by someone who did not know that it was signed: the
    /// signed text stands, the other version is shown beside it.
    ChangedBeside,
    /// A seal does not hold: the record was altered outside the program.
    Broken,
}

/// What a part of a note is, for whoever draws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Who signed, when, and in what role; or that nobody did.
    Standing,
    /// The words themselves.
    Text,
    /// The heading of an addendum.
    Addendum,
    /// What stands beside the signed text.
    Beside,
    /// What is wrong with it.
    Broken,
}

/// A part of a note as it is read, of one or several lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub how: How,
    pub text: String,
}

impl Standing<'_> {
    pub fn is_signed(&self) -> bool {
        self.state != State::Unsigned
    }

    pub fn is_late(&self) -> bool {
        self.text.starts_with(LATE)
    }

    pub fn has(&self, role: SignatureRole) -> bool {
        self.signatures.iter().any(|row| is(row, role))
    }

    /// The standing in a few words, for a list: "signed, late, 1 addendum".
    pub fn mark(&self, note: &Row) -> String {
        let mut parts: Vec<String> = Vec::new();
        match self.state {
            State::Broken => parts.push("BROKEN".into()),
            State::ChangedBeside => parts.push("signed, CHANGED BESIDE".into()),
            State::Signed if self.has(SignatureRole::Cosigner) => parts.push("co-signed".into()),
            State::Signed => parts.push("signed".into()),
            // Whatever came from another system was signed there, if at all.
            State::Unsigned if !note.text(note::key).is_empty() => return String::new(),
            State::Unsigned => parts.push("not signed".into()),
        }
        if self.is_late() {
            parts.push("late".into());
        }
        if let Some(cosigner) = self.waits_for(note) {
            parts.push(format!("waits for {cosigner}"));
        }
        match self.addenda.len() {
            0 => {}
            1 => parts.push("1 addendum".into()),
            many => parts.push(format!("{many} addenda")),
        }
        parts.join(", ")
    }

    /// Whose co-signature a signed note still waits for.
    pub fn waits_for<'n>(&self, note: &'n Row) -> Option<&'n str> {
        let cosigner = note.text(note::cosigner).trim();
        (self.is_signed() && !cosigner.is_empty() && !self.has(SignatureRole::Cosigner)).then_some(cosigner)
    }

    /// The note from its first line to its last addendum, with what stands beside it and what is wrong with it.
    pub fn read(&self, note: &Row, goals: &[Row]) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut say = |how: How, text: String| parts.push(Part { how, text: text.trim_end().to_string() });
        if self.state == State::Unsigned {
            say(How::Text, fields_text(note, goals));
            let whose = if note.text(note::key).is_empty() { "Not signed." } else { "Brought from another system." };
            say(How::Standing, whose.into());
        }
        if self.signatures.iter().any(|row| counts(row) && !holds(row)) {
            say(How::Broken, BROKEN.into());
        }
        if self.is_signed() {
            say(How::Text, self.text.to_string());
        }
        let first = self.signatures.iter().find(|row| is(row, SignatureRole::Author));
        for row in &self.signatures {
            let how = if counts(row) { How::Standing } else { How::Beside };
            say(how, signed_by(row));
            let words = signed_words(row);
            if counts(row) && words != self.text && !same_fields(first, row) {
                say(How::Beside, format!("CHANGED BESIDE: another version was signed:\n{words}"));
            }
        }
        if let Some(cosigner) = self.waits_for(note) {
            say(How::Standing, format!("Waits for the co-signature of {cosigner}."));
        }
        if first.is_some_and(|first| !reads_as(note, first)) {
            let why =
                "CHANGED BESIDE: set elsewhere by someone who did not know that it was signed. The signed text stands.";
            let deleted = if note.deleted_elsewhere { "\nIt was deleted there." } else { "" };
            let mut beside = format!("{why}{deleted}\n{}", fields_text(note, goals));
            for torn in &note.disagreements {
                let sides: Vec<String> = torn.sides.iter().map(super::Value::plain).collect();
                let label = note.record.field(torn.field.field).map_or("", |field| field.label);
                beside.push_str(&format!("{label}, all versions: {}\n", sides.join("  |  ")));
            }
            say(How::Beside, beside);
        }
        for (added, signatures) in &self.addenda {
            let when =
                added.time(addendum::when).map_or(String::new(), |when| when.format(" %a %-d %b %Y %H:%M").to_string());
            say(How::Addendum, format!("ADDENDUM{when}"));
            if signatures.iter().any(|row| counts(row) && !holds(row)) {
                say(How::Broken, BROKEN.into());
            }
            let first = signatures.iter().find(|row| counts(row));
            let text = first.map_or(added.text(addendum::body).into(), |row| signed_words(row));
            say(How::Text, text.into_owned());
            signatures.iter().for_each(|row| say(How::Standing, signed_by(row)));
            if first.is_some_and(|row| !reads_as(added, row)) {
                let now = added.text(addendum::body);
                say(How::Broken, format!("{BROKEN} Beside it stands now:\n{now}"));
            }
        }
        parts
    }
}

const BROKEN: &str = "BROKEN: this is not what was signed. It was altered outside the program.";

/// "Signed as author by Rosa Ortiz, LCSW, Tue 24 Nov 2026 10:12".
pub fn signed_by(row: &Row) -> String {
    let role = SignatureRole::from_code(row.text(signature::role)).map_or("", SignatureRole::label).to_lowercase();
    let mut said = format!("Signed as {role} by {}", row.text(signature::name));
    if !row.text(signature::credentials).is_empty() {
        said.push_str(&format!(", {}", row.text(signature::credentials)));
    }
    if let Some(at) = row.time(signature::at) {
        said.push_str(&format!(", {}", at.format("%a %-d %b %Y %H:%M")));
    }
    if !row.text(signature::witness).is_empty() {
        said.push_str(&format!("; witnessed by {}", row.text(signature::witness)));
    }
    match &row.by {
        Some(by) if by.counts => said.push_str(&format!("; by the installation of {}", by.person)),
        Some(by) => said.push_str(&format!("; BY THE INSTALLATION OF {}: it does not count", by.person)),
        None => {}
    }
    said
}

/// Whether a signature was given in a role, by someone whose it is to give.
fn is(row: &Row, role: SignatureRole) -> bool {
    counts(row) && row.text(signature::role) == role.code()
}

fn counts(row: &Row) -> bool {
    row.by.as_ref().is_none_or(|by| by.counts)
}

/// Whether a row still says what was signed, and nobody says otherwise; told apart from whether the seal holds.
fn reads_as(row: &Row, signed: &Row) -> bool {
    match under_row(signed, row) {
        Stands::Broken => row.disagreements.is_empty() && reads(row) == signed.text(signature::reads),
        stands => stands.stands() && !row.deleted_elsewhere,
    }
}

/// Whether two signatures were given under the same words, apart from when they were signed.
fn same_fields(first: Option<&&Row>, other: &Row) -> bool {
    first.is_some_and(|first| first.text(signature::reads) == other.text(signature::reads))
}

/// How a note stands among a client's signatures and addenda.
pub fn standing<'a>(row: &Row, signatures: &'a [Row], addenda: &'a [Row]) -> Standing<'a> {
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
    let author = own.iter().find(|row| is(row, SignatureRole::Author));
    let text = author.map_or(Cow::Borrowed(""), |row| signed_words(row));
    let broken = || {
        let signed = own.iter().chain(added.iter().flat_map(|(_, under)| under));
        let altered = |(added, under): &(&Row, Vec<&Row>)| {
            under.iter().find(|row| counts(row)).is_some_and(|row| !reads_as(added, row))
        };
        signed.into_iter().any(|row| counts(row) && !holds(row)) || added.iter().any(altered)
    };
    let state = match author {
        None => State::Unsigned,
        Some(_) if broken() => State::Broken,
        Some(author)
            if reads_as(row, author) && own.iter().all(|other| !counts(other) || same_fields(Some(author), other)) =>
        {
            State::Signed
        }
        Some(_) => State::ChangedBeside,
    };
    Standing { text, signatures: own, addenda: added, state }
}
