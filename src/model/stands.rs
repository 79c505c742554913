//! Whether a name still stands under the words that were signed: one rule for screen, paper, export and check.
//!
//! The promise: whatever is shown above a signature was in the text that was signed; what was added, taken out or said
//! otherwise since is told, and asks for a new signature. A step done, a goal's progress, a plan's own state are no such
//! change. A text of before there were numbers in it ([`sealed`](super::sealed)) is held against today's words line by
//! line, and what that text never held (costs, who pays, arrangements) counts as not signed. Pure.

use std::collections::BTreeMap;

use super::plans::Agreed;
use super::records::{addendum, note, plan, signature};
use super::sealed::{self, Sealed};
use super::signing::{holds, reads};
use super::{FieldId, Kind, RecordType, Row, SignatureRole};

/// What became of the words under a name.
#[derive(Clone, PartialEq, Debug)]
pub enum Stands {
    /// They are what was signed.
    Yes,
    /// They are not: what is different, in the order in which it is read.
    Changed(Vec<Changed>),
    /// The signature itself is not what was given: it was altered outside the program.
    Broken,
    /// What was signed is not here: it was deleted, or has not arrived yet.
    Gone,
}

/// One thing that is different from what was signed.
#[derive(Clone, PartialEq, Debug)]
pub enum Changed {
    /// Nobody signed this.
    Added(Row),
    /// This was signed, and is not agreed any more.
    TakenOut(Row),
    /// A field says something else than it did.
    Field { field: FieldId, signed: Row, now: Row },
    /// A line of a text without numbers: as it was signed, and as it is now; one of them may be empty.
    Line { signed: String, now: String },
}

impl Stands {
    pub fn stands(&self) -> bool {
        *self == Stands::Yes
    }

    /// What is different, in words; empty where nothing is, or where nothing can be said of it.
    pub fn in_words(&self) -> Vec<String> {
        match self {
            Stands::Yes => Vec::new(),
            Stands::Changed(all) => all.iter().map(Changed::in_words).collect(),
            Stands::Broken => vec!["BROKEN: this is not what was signed. It was altered outside the program.".into()],
            Stands::Gone => vec!["What was signed is not here: it was deleted, or has not arrived yet.".into()],
        }
    }
}

impl Changed {
    /// `Step "call the landlord", Due: 26 Nov 2026 (signed: 3 Nov 2026)`.
    pub fn in_words(&self) -> String {
        self.told(&shown).unwrap_or_default()
    }

    /// The same, with fields read by `tell`, which may leave some out; `None` where nothing is left to say.
    pub fn told(&self, tell: &dyn Fn(&Row, FieldId) -> String) -> Option<String> {
        let called = |row: &Row| {
            let label = row.record.label;
            // A plan has no name of its own: it is the plan.
            let title = row.record.title_field().filter(|_| *row.record != plan::TYPE);
            let title = title.map_or(String::new(), |title| tell(row, title.id));
            match (title.as_str(), *row.record == plan::TYPE) {
                (_, true) => Some(label.to_string()),
                ("", _) => None,
                (title, _) => Some(format!("{label} \"{title}\"")),
            }
        };
        match self {
            Changed::Added(row) => {
                let fields = row.record.fields.iter().filter(|field| sealed::is_agreed(field));
                let more = fields.filter(|field| !matches!(field.kind, Kind::Link(_)));
                let more = more.filter(|field| Some(field.id) != row.record.title_field().map(|title| title.id));
                let told: Vec<String> = more
                    .filter_map(|field| Some((field.label, tell(row, field.id))).filter(|(_, text)| !text.is_empty()))
                    .map(|(label, text)| format!("{label}: {text}"))
                    .collect();
                let more = if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ")) };
                Some(format!("Added: {}{more}", called(row)?))
            }
            Changed::TakenOut(row) => Some(format!("Taken out: {}", called(row)?)),
            Changed::Field { field, signed, now } => {
                let label = now.record.field(field.field).map_or("", |field| field.label);
                let (was, is) = (tell(signed, *field), tell(now, *field));
                if was.is_empty() && is.is_empty() {
                    return None;
                }
                let or_nothing = |text: String| if text.is_empty() { "nothing".into() } else { text };
                let title = now.record.title_field().map(|title| title.id);
                let called = if title == Some(*field) { now.record.label.into() } else { called(now)? };
                Some(format!("{called}, {label}: {} (signed: {})", or_nothing(is), or_nothing(was)))
            }
            Changed::Line { signed, now } => Some(match (signed.as_str(), now.as_str()) {
                (signed, "") => format!("Not there any more: {signed}"),
                (_, now) => format!("Not in the text that was signed: {now}"),
            }),
        }
    }
}

/// A field as a person reads it; where sites disagree, all that they say.
pub fn shown(row: &Row, id: FieldId) -> String {
    let Some(field) = row.record.field(id.field) else { return String::new() };
    if matches!(field.kind, Kind::Link(_)) {
        return format!("another {}", field.label.to_lowercase());
    }
    match row.disagreements.iter().find(|torn| torn.field == id) {
        Some(torn) => torn.sides.iter().map(|side| field.shown(side)).collect::<Vec<_>>().join("; or: "),
        None => row.shown(field),
    }
}

/// Whether a signature stands, among the rows of its client's file.
pub fn stands<'a>(signature: &Row, rows: impl Fn(&'static RecordType) -> &'a [Row]) -> Stands {
    if !holds(signature) {
        return Stands::Broken;
    }
    let of = signature.text(signature::of);
    let named = |record| rows(record).iter().find(|row| row.id.to_string() == of);
    if let Some(plan) = named(&plan::TYPE) {
        return under_plan(signature, &Agreed::of(plan, &rows));
    }
    match named(&note::TYPE).or_else(|| named(&addendum::TYPE)) {
        Some(row) => under_row(signature, row),
        None => Stands::Gone,
    }
}

/// Whether a signature stands under a note or an addendum.
pub fn under_row(signature: &Row, row: &Row) -> Stands {
    if !holds(signature) {
        return Stands::Broken;
    }
    match sealed::read(signature.text(signature::content)) {
        Some(sealed) => held_against(&sealed, &[row]),
        None if row.disagreements.is_empty()
            && !row.deleted_elsewhere
            && reads(row) == signature.text(signature::reads) =>
        {
            Stands::Yes
        }
        None => Stands::Changed(lines(signature.text(signature::content), &super::signing::fields_text(row, &[]))),
    }
}

/// Whether a signature stands under a plan with all that belongs to it.
pub fn under_plan(signature: &Row, agreed: &Agreed<'_>) -> Stands {
    if !holds(signature) {
        return Stands::Broken;
    }
    let content = signature.text(signature::content);
    if let Some(sealed) = sealed::read(content) {
        return held_against(&sealed, &agreed.rows());
    }
    let mut changed = lines(content, &agreed.words_of_form_1());
    let fields = reads(agreed.plan) == signature.text(signature::reads) && agreed.plan.disagreements.is_empty();
    let told = changed.iter().any(|one| matches!(one, Changed::Line { .. }));
    if !fields && !told && matches!(agreed.plan.text(plan::status), "" | "active" | "draft") {
        let now = "something in the plan's own fields was set since; that text does not say what they were".into();
        changed.push(Changed::Line { signed: String::new(), now });
    }
    changed.extend(agreed.beyond_form_1(fields).map(|now| Changed::Line { signed: String::new(), now }));
    if changed.is_empty() { Stands::Yes } else { Stands::Changed(changed) }
}

/// What was signed, field by field, against what is there now.
fn held_against(sealed: &Sealed, now: &[&Row]) -> Stands {
    let stream = now.first().map_or(super::RowId::from_bytes([0; 16]), |row| row.stream);
    let signed = sealed.rows(stream);
    let mut changed = Vec::new();
    for row in now {
        let Some(as_signed) = signed.iter().find(|one| one.id == row.id && one.record == row.record) else {
            changed.push(Changed::Added((*row).clone()));
            continue;
        };
        changed.extend(sealed::differing(as_signed, row).into_iter().map(|field| Changed::Field {
            field,
            signed: as_signed.clone(),
            now: (*row).clone(),
        }));
        if row.deleted_elsewhere {
            changed.push(Changed::TakenOut((*row).clone()));
        }
    }
    let gone = |one: &Row| !now.iter().any(|row| row.id == one.id && row.record == one.record);
    changed.extend(signed.into_iter().filter(gone).map(Changed::TakenOut));
    if changed.is_empty() { Stands::Yes } else { Stands::Changed(changed) }
}

/// The lines that one text has and the other has not, those that tell of progress apart.
fn lines(signed: &str, now: &str) -> Vec<Changed> {
    let agreed = |text: &str| -> Vec<String> {
        let kept = text.lines().map(|line| line.trim().trim_end_matches(" (done)"));
        let progress = ["So far: ", "Attainment: ", "Last reviewed: ", "LATE ENTRY"];
        kept.filter(|line| !line.is_empty() && !progress.iter().any(|start| line.starts_with(start)))
            .map(|line| match line.strip_prefix("Goal ").and_then(|rest| rest.split_once(": ")) {
                Some((number, words)) if number.bytes().all(|digit| digit.is_ascii_digit()) => format!("Goal: {words}"),
                _ => line.to_string(),
            })
            .collect()
    };
    let mut count: BTreeMap<String, i64> = BTreeMap::new();
    agreed(signed).into_iter().for_each(|line| *count.entry(line).or_default() += 1);
    let mut changed = Vec::new();
    for line in agreed(now) {
        match count.get_mut(&line).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            None => changed.push(Changed::Line { signed: String::new(), now: line }),
        }
    }
    let gone = count.into_iter().filter(|(_, left)| *left > 0);
    changed.extend(gone.map(|(signed, _)| Changed::Line { signed, now: String::new() }));
    changed
}

/// The names under a row, the oldest first.
pub fn under<'a>(row: &Row, signatures: &'a [Row]) -> impl Iterator<Item = &'a Row> {
    let id = row.id.to_string();
    let mut under: Vec<&Row> = signatures.iter().filter(|signed| signed.text(signature::of) == id).collect();
    under.sort_by_key(|row| (row.time(signature::at), row.id));
    under.into_iter()
}

/// A signature for `--json` and for export: the row as it is, and whether it stands, with what was changed since.
pub fn to_json(row: &Row, stands: &Stands) -> serde_json::Value {
    let mut object = row.to_json();
    object["words"] = words_of(row).into();
    object["stands"] = stands.stands().into();
    object["broken"] = (*stands == Stands::Broken).into();
    object["changed"] = stands.in_words().into();
    object
}

/// What was signed, in words: a plan with all that belongs to it, a note or an addendum as it was read.
pub fn words_of(row: &Row) -> String {
    let content = row.text(signature::content);
    let Some(sealed) = sealed::read(content) else { return content.into() };
    let rows = sealed.rows(row.stream);
    match Agreed::as_signed(&rows) {
        Some(agreed) => agreed.in_words(&sealed.case_manager),
        None => sealed.words(),
    }
}

/// The names under one thing, oldest first, whose words were changed since, and whose side has not signed the new ones yet:
/// a client's is overtaken by the client's or a guardian's, anyone else's by another of that role.
pub fn overtaken(under: &[(Row, Stands)]) -> impl DoubleEndedIterator<Item = &(Row, Stands)> {
    let side = |row: &Row| if is_clients(row) { SignatureRole::Client.code().into() } else { role_of(row) };
    let signed: Vec<String> = under.iter().filter(|(_, stands)| stands.stands()).map(|(row, _)| side(row)).collect();
    let mut last: BTreeMap<String, super::RowId> = BTreeMap::new();
    for (row, stands) in under {
        if matches!(stands, Stands::Changed(_)) {
            last.insert(side(row), row.id);
        }
    }
    under.iter().filter(move |(row, _)| !signed.contains(&side(row)) && last.get(&side(row)) == Some(&row.id))
}

fn role_of(signature: &Row) -> String {
    signature.text(signature::role).to_string()
}

/// "Maria Delgado signed it on 3 Nov 2026", for whoever reads that it was changed since.
pub fn who_signed(signature: &Row) -> String {
    let on = signature.time(signature::at).map_or(String::new(), |at| at.format(" on %-d %b %Y").to_string());
    format!("{} signed it{on}", signature.text(signature::name))
}

/// "Changed since Maria Delgado signed it on 3 Nov 2026", or what else there is to say; `None` where the words stand.
pub fn since(signature: &Row, stands: &Stands) -> Option<String> {
    match stands {
        Stands::Yes => None,
        Stands::Changed(_) => Some(format!("Changed since {}", who_signed(signature))),
        Stands::Broken | Stands::Gone => stands.in_words().pop(),
    }
}

/// Whether a name is the client's side of an agreement: their own, or their guardian's.
pub fn is_clients(signature: &Row) -> bool {
    let is = |role: SignatureRole| signature.text(signature::role) == role.code();
    is(SignatureRole::Client) || is(SignatureRole::Guardian)
}

#[cfg(test)]
mod tests;
