//! People whom a file says to be closed, and of whom something is open here: nobody is closed in silence.
//!
//! The promise: what a person's safety hangs on keeps their case open until somebody who sees it says otherwise; it is told
//! who was not closed, and why. Everything else of the file goes in.

use chrono::{DateTime, FixedOffset};

use crate::model::records::client;
use crate::model::{ClientStatus, FieldId, RowId, Value};
use crate::practice::closing::{self, MatterKind};
use crate::store::{Draft, Result, Store};

/// What closing sets.
const CLOSING: [FieldId; 5] =
    [client::status, client::closed, client::closing_reason, client::outcome, client::closing_summary];

/// Somebody whom a file closes and who stays as they are.
pub struct Held {
    pub client: RowId,
    pub name: String,
    /// What of theirs is open, in words that follow "has".
    pub what: String,
}

/// Leaves the closing of those out of whom something of life is open here, and says who and why.
///
/// # Errors
/// What the file says.
pub fn hold_back(store: &Store, drafts: &mut [Draft], now: DateTime<FixedOffset>) -> Result<Vec<Held>> {
    let mut held = Vec::new();
    for draft in drafts.iter_mut().filter(|draft| *draft.record == client::TYPE) {
        if said(draft, client::status) != ClientStatus::Closed.code() {
            continue;
        }
        let Some(person) = store.row_of(&client::TYPE, draft.row)? else { continue };
        if person.text(client::status) == ClientStatus::Closed.code() {
            continue;
        }
        if let Some(what) = open(store, draft.row, said(draft, client::outcome), now)? {
            draft.values.retain(|(field, _)| !CLOSING.contains(field));
            held.push(Held { client: draft.row, name: person.client_name(), what });
        }
    }
    Ok(held)
}

fn said(draft: &Draft, wanted: FieldId) -> &str {
    draft.values.iter().find(|(field, _)| *field == wanted).map_or("", |(_, value)| match value {
        Value::Text(text) => text,
        _ => "",
    })
}

/// What stands in the way of closing a person with this outcome, in words that follow "has".
fn open(store: &Store, person: RowId, outcome: &str, now: DateTime<FixedOffset>) -> Result<Option<String>> {
    let Some(file) = store.client_file(person, 0)? else { return Ok(None) };
    let open = closing::in_the_way(&closing::open_matters(&file.all(), &[], now), outcome);
    let Some(first) = open.first() else { return Ok(None) };
    let what = match first.kind {
        MatterKind::Crisis | MatterKind::Incident => "an unresolved crisis",
        MatterKind::UrgentAnswer => "an urgent answer that nobody acted on",
        MatterKind::Report => "a mandated report owed",
        MatterKind::NoticeToLeave => "a notice to leave",
        MatterKind::HighRisk => "a screen of high risk and no safety plan",
        _ => &first.what,
    };
    // What a crisis started, its report and the like, is of the same matter.
    let others = open.iter().filter(|matter| matter.row != first.row && matter.kind != MatterKind::Incident).count();
    Ok(Some(if others > 0 { format!("{what} and {others} more") } else { what.into() }))
}
