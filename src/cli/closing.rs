//! Closing a client from the command line: what is still open is told first, and what a person's safety hangs on is not
//! left behind without a word why.

use std::io::Write as _;

use anyhow::bail;
use serde_json::json;

use crate::model::{Change, Row};
use crate::practice::closing::{self, Matter};
use crate::store::Store;

use super::Setting;
use super::reading::{counted, printed};

/// What is open of a client whom a change closes, in lines to stand before what the command says; empty where it closes
/// nobody, or nothing is open. Where it is refused, the lines go out at once.
///
/// # Errors
/// Where something of the client's safety is open and the change gives no reason; where the day of closing has not come.
pub(super) fn look(
    store: &Store,
    change: &Change,
    before: &Row,
    setting: &Setting,
    json: bool,
) -> anyhow::Result<String> {
    let moment = setting.moment();
    closing::check_day(change, before, moment.today())?;
    if !closing::closes(change, before) {
        return Ok(String::new());
    }
    let Some(file) = store.client_file(before.id, 0)? else { return Ok(String::new()) };
    let unsigned: Vec<_> = store.waiting(Some(before.id))?.iter().map(|one| (one.note, one.day)).collect();
    let open = closing::open_matters(&file.all(), &unsigned, moment.now);
    let told = if json { String::new() } else { lines(&open) };
    let in_the_way = closing::in_the_way(&open, closing::outcome(change, before));
    if in_the_way.is_empty() || closing::gives_reason(change, before) {
        return Ok(told);
    }
    let told = if json { printed(&in_json(&open)) } else { told };
    let mut out = std::io::stdout().lock();
    // Nobody reading it is no reason to say something else than why it was refused.
    let _ = out.write_all(told.as_bytes()).and_then(|()| out.flush());
    let first = crate::model::text::one_line(&in_the_way[0].what).into_owned();
    let more = match in_the_way.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    bail!(
        "Not closed: {first}{more}. Settle it first, or say closing_reason=WHY in the same command; it stays in sight."
    );
}

fn lines(open: &[Matter]) -> String {
    if open.is_empty() {
        return String::new();
    }
    let mut out = format!("Still open ({}):\n", counted(open.len(), "matter", "matters"));
    for matter in open {
        let mark = if matter.safety { '!' } else { ' ' };
        out.push_str(&format!(" {mark} {}\n", crate::model::text::one_line(&matter.what)));
    }
    out
}

fn in_json(open: &[Matter]) -> serde_json::Value {
    let all = open.iter().map(
        |matter| json!({"what": matter.what, "safety": matter.safety, "id": matter.row.map(|row| row.to_string())}),
    );
    json!({"open": all.collect::<Vec<_>>()})
}
