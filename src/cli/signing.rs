//! Signing at the command line: a note signed, added to and co-signed, and how it stands. Each says what it did; whatever is
//! refused says which rule refused it and what would permit it.

use std::fmt::Write;

use anyhow::{anyhow, bail};
use serde_json::{Value as Json, json};

use crate::model::records::note;
use crate::model::standing::{How, Part, Standing, State, signed_by};
use crate::model::{Row, RowId, SignatureRole, text::one_line};
use crate::store::{Receipt, Store, StoreError};

use super::Setting;
use super::reading::{find, printed};

/// Signs a note as its author.
pub fn sign(setting: &Setting, id: &str, json: bool) -> anyhow::Result<String> {
    let late_after = setting.rules.practice().agency.late_entry_hours;
    done(setting, id, json, |store, note| store.sign_note(note, late_after))
}

/// Adds to a signed note.
pub fn addendum(setting: &Setting, id: &str, fields: &[(String, String)], json: bool) -> anyhow::Result<String> {
    let [(name, body)] = fields else { bail!("Say what is to be added, and nothing else: body=TEXT.") };
    if name != "body" || body.trim().is_empty() {
        bail!("Say what is to be added: body=TEXT.");
    }
    done(setting, id, json, |store, note| store.add_addendum(note, body))
}

/// Signs a note as the supervisor who was asked to.
pub fn cosign(setting: &Setting, id: &str, json: bool) -> anyhow::Result<String> {
    done(setting, id, json, Store::cosign)
}

fn done(
    setting: &Setting,
    id: &str,
    json: bool,
    act: impl FnOnce(&mut Store, RowId) -> Result<Receipt, StoreError>,
) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let (record, row) = find(&store, id)?;
    if *record != note::TYPE {
        bail!("{id} is a {}: only notes are signed this way.", record.label.to_lowercase());
    }
    act(&mut store, row)?;
    let written = store.written(row)?.ok_or_else(|| anyhow!("The note was signed but cannot be found again."))?;
    if json {
        let mut object = written.note.to_json();
        object["standing"] = standing_json(&written.standing(), &written.note);
        return Ok(printed(&object));
    }
    let mut out = String::new();
    lines(&mut out, &written.read())?;
    Ok(out)
}

/// The note as it is read, each part as it is meant.
pub fn lines(out: &mut String, parts: &[Part]) -> std::fmt::Result {
    for part in parts {
        let indent = if part.how == How::Text { "    " } else { "  " };
        for line in part.text.lines() {
            writeln!(out, "{indent}{}", one_line(line))?;
        }
    }
    Ok(())
}

/// How a note stands: `{state, late, waits_for, cosigned, text, signatures: [words], addenda}`; state is unsigned, signed,
/// changed-beside or broken.
pub fn standing_json(standing: &Standing<'_>, note: &Row) -> Json {
    let state = match standing.state {
        State::Unsigned => "unsigned",
        State::Signed => "signed",
        State::ChangedBeside => "changed-beside",
        State::Broken => "broken",
    };
    let signatures = standing.signatures.iter().map(|row| json!(signed_by(row)));
    json!({
        "state": state, "late": standing.is_late(), "waits_for": standing.waits_for(note),
        "cosigned": standing.has(SignatureRole::Cosigner), "text": standing.text,
        "signatures": signatures.collect::<Json>(), "addenda": standing.addenda.len(),
    })
}
