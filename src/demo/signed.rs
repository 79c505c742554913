//! How the notes of a made-up caseload stand: most were brought from a former system and wait for nobody; of the first
//! clients the newest was written here, and is signed, added to, late, waiting for a co-signature, or not signed yet.

use chrono::{DateTime, FixedOffset, TimeDelta};

use crate::model::records::{addendum, goal, note, signature};
use crate::model::{FieldId, RecordType, Row, RowId, SignatureRole, Value, sealed, signing};
use crate::store::Draft;

/// Whoever supervises the made-up worker.
const SUPERVISOR: &str = "Sam Lee";
/// So many clients have a note that was written here.
const FIRST: u32 = 64;

/// Says how the note number `at` (0 the newest) of a client stands; gives what is put under it. `known` holds the client's
/// goals.
pub fn stands(client: u32, at: u32, written: &mut Draft, known: &[Draft]) -> Vec<Draft> {
    if at > 0 || client >= FIRST || client % 2 == 1 && client != 5 {
        written.values.push((note::key, format!("former:{client}-{at}").into()));
        return Vec::new();
    }
    let Some(when) = written.values.iter().find_map(|(_, value)| match value {
        Value::Time(when) => Some(*when),
        _ => None,
    }) else {
        return Vec::new();
    };
    let hours = TimeDelta::hours;
    match client % 8 {
        2 => Vec::new(),
        4 => {
            let mut under = vec![sign(written, known, when + hours(2), false)];
            under.extend(add(written.row, written.stream, when + hours(26)));
            under
        }
        5 => vec![sign(written, known, when + hours(100), true)],
        6 => {
            written.values.push((note::cosigner, SUPERVISOR.into()));
            vec![sign(written, known, when + hours(3), false)]
        }
        _ => vec![sign(written, known, when + hours(1), false)],
    }
}

fn sign(written: &Draft, known: &[Draft], at: DateTime<FixedOffset>, late: bool) -> Draft {
    let goals: Vec<Row> = known.iter().filter(|draft| *draft.record == goal::TYPE).map(row_of).collect();
    let row = row_of(written);
    under(&row, signing::note_content(&row, &goals, at, late), at)
}

/// An addendum with its signature.
fn add(to: RowId, stream: RowId, at: DateTime<FixedOffset>) -> [Draft; 2] {
    let values = vec![
        (addendum::note, Value::Link(to)),
        (addendum::when, Value::Time(at)),
        (addendum::body, "The sister was on the call too; she agreed to drive on Thursday.".into()),
    ];
    let added = draft(&addendum::TYPE, RowId::derived(&["demo addendum", &to.to_string()]), stream, values);
    let row = row_of(&added);
    let signed = under(&row, sealed::write("", "", &[&row], &[]), at);
    [added, signed]
}

fn under(of: &Row, content: String, at: DateTime<FixedOffset>) -> Draft {
    let worker = super::worker();
    let mut row = Row::new(&signature::TYPE, RowId::derived(&["demo signature", &of.id.to_string()]), of.stream);
    row.put(signature::of, of.id.to_string());
    row.put(signature::role, SignatureRole::Author.code());
    row.put(signature::name, worker.name);
    row.put(signature::credentials, worker.credentials);
    row.put(signature::at, Value::Time(at));
    row.put(signature::content, content);
    row.put(signature::reads, signing::reads(of));
    row.put(signature::seal, signing::seal(&row));
    let values = row.record.fields.iter().map(|field| field.id).zip(row.values);
    draft(&signature::TYPE, row.id, row.stream, values.filter(|(_, value)| !value.is_empty()).collect())
}

fn draft(record: &'static RecordType, row: RowId, stream: RowId, values: Vec<(FieldId, Value)>) -> Draft {
    Draft { record, row, stream, values, members: Vec::new() }
}

/// A draft as the row that it becomes.
fn row_of(draft: &Draft) -> Row {
    let mut row = Row::new(draft.record, draft.row, draft.stream);
    for (field, value) in &draft.values {
        row.put(*field, value.clone());
    }
    for (field, word) in &draft.members {
        match row.sets.iter_mut().find(|(number, _)| *number == field.field) {
            Some((_, words)) => words.push(word.clone()),
            None => row.sets.push((field.field, vec![word.clone()])),
        }
    }
    row.sets.iter_mut().for_each(|(_, words)| words.sort());
    row
}
