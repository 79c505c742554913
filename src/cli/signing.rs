//! Signing at the command line: a note signed, added to and co-signed, and how it stands. Each says what it did; whatever is
//! refused says which rule refused it and what would permit it.

use std::fmt::Write;

use anyhow::{anyhow, bail};
use serde_json::{Value as Json, json};

use crate::model::records::{note, plan};
use crate::model::standing::{How, Part, Standing, State, signed_by};
use crate::model::stands::{self, Stands};
use crate::model::{PlanStatus, Row, RowId, SignatureRole, text::one_line};
use crate::store::{Receipt, Signer, Store, StoreError};

use super::Setting;
use super::reading::{find, printed};

/// Whose name is put under a plan.
pub struct Under<'a> {
    pub role: Option<SignatureRole>,
    pub name: Option<&'a str>,
    pub witness: Option<&'a str>,
}

/// Signs a note as its author, or puts a name under a plan.
pub fn sign(setting: &Setting, id: &str, under: &Under<'_>, json: bool) -> anyhow::Result<String> {
    let store = setting.open()?;
    let (record, row) = find(&store, id)?;
    if *record == plan::TYPE {
        return sign_plan(store, row, under, json);
    }
    drop(store);
    if under.role.is_some() || under.name.is_some() || under.witness.is_some() {
        bail!("--as, --name and --witness are for a plan: a note is signed by its author.");
    }
    let late_after = setting.rules.practice().agency.late_entry_hours;
    done(setting, id, json, |store, note| store.sign_note(note, late_after))
}

fn sign_plan(mut store: Store, id: RowId, under: &Under<'_>, json: bool) -> anyhow::Result<String> {
    let me = store.myself();
    let witness = under.witness.unwrap_or_default().trim();
    let (role, signer) = match (under.role.unwrap_or(SignatureRole::Worker), under.name.map(str::trim)) {
        (SignatureRole::Worker, None) => (SignatureRole::Worker, Signer { witness: witness.into(), ..me }),
        (SignatureRole::Worker, Some(_)) => {
            bail!("A worker signs in their own name: leave --name out, or say --as client.")
        }
        (_, None | Some("")) => bail!("Say who signs: --name NAME."),
        (role, Some(name)) => {
            let witness = if witness.is_empty() { me.name } else { witness.into() };
            (role, Signer { name: name.into(), credentials: String::new(), witness })
        }
    };
    store.sign_plan(id, role, &signer)?;
    let under = store.under_plan(id)?;
    let Some((row, stands)) = under.last() else { bail!("The plan was signed but cannot be found again.") };
    if json {
        return Ok(printed(&stands::to_json(row, stands)));
    }
    let mut out = String::new();
    as_signed(&mut out, row)?;
    Ok(out)
}

/// The names under a plan: those that stand, and of the others what was changed since, with the plan as it was signed above
/// the name.
pub fn under_plan(out: &mut String, plan: &Row, under: &[(Row, Stands)]) -> std::fmt::Result {
    let ended = plan.text(plan::status) == PlanStatus::Ended.code();
    for (row, stands) in under {
        let Some(since) = stands::since(row, stands) else {
            writeln!(out, "  {}", one_line(&signed_by(row)))?;
            continue;
        };
        if !matches!(stands, Stands::Changed(_)) {
            writeln!(out, "  {}  {}", one_line(&signed_by(row)), one_line(&since))?;
            continue;
        }
        let again = if ended { "" } else { ": it is to be signed again" };
        writeln!(out, "  {}{again}", one_line(&since))?;
        for line in stands.in_words().iter().flat_map(|change| change.lines()) {
            writeln!(out, "    - {}", one_line(line))?;
        }
        writeln!(out, "  As it was signed:")?;
        as_signed(out, row)?;
    }
    Ok(())
}

/// A plan in the words that were signed, and the name beneath.
fn as_signed(out: &mut String, row: &Row) -> std::fmt::Result {
    for line in stands::words_of(row).lines() {
        writeln!(out, "    {}", one_line(line))?;
    }
    writeln!(out, "  {}", one_line(&signed_by(row)))
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
