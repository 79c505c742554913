//! Signed notes for a records request: a cover that says what is contained, then each note as it was signed, with its
//! signatures, and its addenda beneath it. Never a note that nobody signed, and never the fields in the place of what was
//! signed. Pure.
//!
//! To others the cover does not tell what was left out: that there are records of substance use is itself such a record
//! (42 CFR 2.13(c)).

use chrono::NaiveDate;

use crate::model::records::{addendum, note, signature};
use crate::model::signing::signed_words;
use crate::model::standing::{Standing, State, standing};
use crate::model::{Moment, Row, SignatureRole};

use super::super::Block;
use super::plan::given_by;
use super::{Lens, Made, On, To, say};

/// A note that was signed, with the moment of the service as the signed text has it.
struct Signed<'a> {
    row: &'a Row,
    standing: Standing<'a>,
    day: NaiveDate,
    when: String,
}

pub fn notes(lens: &Lens<'_>, on: &On<'_>) -> Result<Made, &'static str> {
    let signatures = lens.all_rows(&signature::TYPE);
    let addenda = lens.all_rows(&addendum::TYPE);
    let (mut all, mut unsigned, mut broken, mut withheld) = (Vec::new(), 0, 0, 0);
    for row in lens.all_rows(&note::TYPE) {
        let standing = standing(row, signatures, addenda);
        let (day, when) = served(row, &standing.text, &on.moment);
        if on.period.is_some_and(|period| !period.holds(day)) {
            continue;
        }
        match standing.state {
            State::Unsigned => unsigned += 1,
            State::Broken => broken += 1,
            State::Signed | State::ChangedBeside if !lens.shows_signed(row, &standing) => withheld += 1,
            State::Signed | State::ChangedBeside => all.push(Signed { row, standing, day, when }),
        }
    }
    if all.is_empty() {
        return Err("no signed note of these days may be given");
    }
    all.sort_by_key(|one| (one.day, one.row.time(note::when), one.row.id));
    let mut blocks = cover(lens, on, &all, broken);
    for (one, number) in all.iter().zip(1..) {
        one_note(&mut blocks, one, number, all.len());
    }
    let mut aside = Vec::new();
    let mut say = |many: usize, why: &str| {
        if many > 0 {
            aside.push(format!("{} left out: {why}", say::counted(many, "note was", "notes were")));
        }
    };
    say(unsigned, "not signed");
    say(broken, "altered outside the program, not what was signed; `caseload check` says more");
    say(withheld, "no release covers all that they tell");
    Ok(Made { blocks, aside })
}

/// The day of the service where it was given, and its moment on the clock of whoever prints, with the other clock beside it:
/// as the signed text has it, or else as the row does.
fn served(row: &Row, text: &str, moment: &Moment) -> (NaiveDate, String) {
    let label = note::TYPE.field(note::when.field).map_or("", |field| field.label);
    // After the line about a late entry the first one says when.
    let said = text.lines().take(2).find_map(|line| line.strip_prefix(label)?.strip_prefix(": "));
    let signed = said.and_then(|said| chrono::DateTime::parse_from_rfc3339(said.trim()).ok());
    match signed.or_else(|| row.time(note::when)) {
        Some(when) => {
            let when = moment.lived(when);
            (when.date_naive(), format!("{}{}", say::hour(moment.local(when)), moment.elsewhere(when)))
        }
        None => (NaiveDate::MIN, "no date".into()),
    }
}

fn cover(lens: &Lens<'_>, on: &On<'_>, all: &[Signed<'_>], broken: usize) -> Vec<Block> {
    let added: usize = all.iter().map(|one| one.standing.addenda.len()).sum();
    let late = all.iter().filter(|one| one.standing.is_late()).count();
    let mut contained = say::counted(all.len(), "signed note", "signed notes");
    if added > 0 {
        contained.push_str(&format!(" with {}", say::counted(added, "addendum", "addenda")));
    }
    match late {
        0 => {}
        1 => contained.push_str("; one is a late entry, and says so"),
        many => contained.push_str(&format!("; {many} are late entries, and say so")),
    }
    let period = match on.period {
        Some(period) => say::period(period),
        None => "all that is on record".into(),
    };
    let mut facts = vec![("For".to_string(), on.to.in_words().to_string())];
    if !on.purpose.trim().is_empty() {
        facts.push(("Purpose".into(), on.purpose.trim().into()));
    }
    facts.push(("Days of service".into(), period));
    facts.push(("Contained".into(), contained));
    let person = lens.client();
    facts.extend(
        lens.date(person, crate::model::records::client::birth_date).map(|day| ("Born".to_string(), say::day(day))),
    );
    facts.push(("Printed".into(), format!("{}, by {}", say::hour(on.now), on.signer())));
    let mut out = vec![
        "Notes that nobody has signed are not part of the record, and not contained.".to_string(),
        "Each note stands here as it was signed. Whatever was added later stands beneath it, with its own date and signature."
            .to_string(),
    ];
    if matches!(on.to, To::Other(_)) {
        out.push(
            "What the release does not cover, and what the law protects further, would not be contained; this says neither \
             that there is any nor that there is none."
                .into(),
        );
    }
    if broken > 0 {
        let many = say::counted(broken, "note cannot be given", "notes cannot be given");
        out.push(format!("{many}: the text is not what was signed."));
    }
    vec![Block::facts(facts), Block::heading(2, "What is not contained"), Block::List(out), Block::PageBreak]
}

fn one_note(blocks: &mut Vec<Block>, one: &Signed<'_>, number: usize, of: usize) {
    let late = if one.standing.is_late() { ", late entry" } else { "" };
    blocks.push(Block::heading(2, format!("Note {number} of {of}: {}{late}", one.when)));
    signed_text(blocks, &one.standing.text);
    if one.standing.state == State::ChangedBeside {
        blocks.push(Block::paragraph(
            "Set otherwise elsewhere, by someone who did not know that it was signed. Here stands what was signed; what \
             nobody signed is not contained.",
        ));
    }
    for row in &one.standing.signatures {
        let text = signed_words(row);
        if text != one.standing.text && row.text(signature::role) == SignatureRole::Author.code() {
            blocks.push(Block::heading(3, "Another version of the same note was signed too"));
            signed_text(blocks, &text);
        }
        blocks.push(Block::Signature(given_by(row)));
    }
    for (added, signatures) in &one.standing.addenda {
        // An addendum is signed in the same breath; one without a signature never was one.
        let Some(first) = signatures.first() else { continue };
        let when = added.time(addendum::when).map_or(String::new(), say::hour);
        blocks.push(Block::heading(3, format!("Addendum to note {number}, {when}")));
        signed_text(blocks, &signed_words(first));
        blocks.extend(signatures.iter().map(|row| Block::Signature(given_by(row))));
    }
}

/// A signed text, word for word. The lines before the note's own words are the program's, each under a label; times are
/// written there for machines too, and are left as they were signed.
fn signed_text(blocks: &mut Vec<Block>, text: &str) {
    let text = text.trim_end();
    let words = ["Note: ", "Addendum: "].iter().filter_map(|label| {
        if text.starts_with(label) { Some(0) } else { text.find(&format!("\n{label}")).map(|at| at + 1) }
    });
    let (head, body) = text.split_at(words.min().unwrap_or(text.len()));
    let facts: Vec<(String, String)> = head
        .lines()
        .map(|line| {
            line.split_once(": ").map_or((line.into(), String::new()), |(label, value)| (label.into(), value.into()))
        })
        .collect();
    if !facts.is_empty() {
        blocks.push(Block::Facts(facts));
    }
    if !body.is_empty() {
        blocks.push(Block::paragraph(body));
    }
}
