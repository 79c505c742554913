//! What comes from other programs' files, and what goes out to them.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde_json::{Value as Json, json};

use crate::exchange;
use crate::model::{RowId, record_by_name};
use crate::store::Store;

use super::Setting;
use super::reading::{counted, find, printed};
use super::writing::Progress;

/// What an import is told on the command line.
pub struct Taking<'a> {
    pub format: Option<exchange::Format>,
    pub map: &'a [(String, String)],
    pub client: Option<&'a str>,
    pub dry_run: bool,
}

/// Takes in what another program wrote, and says what came of it.
pub fn import(setting: &Setting, path: &Path, taking: &Taking<'_>, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let dry_run = taking.dry_run;
    let client = taking.client.map(|id| client_of(&store, id)).transpose()?;
    let reading = exchange::read(
        path,
        &exchange::Options { format: taking.format, map: taking.map, moment: setting.moment(), client, store: &store },
    )?;
    let mut bar = Progress::new("Importing");
    let taken = store.import(reading.format.origin(), &reading.drafts, dry_run, &mut |done, all| bar.show(done, all));
    bar.clear();
    let taken = taken?;
    if !dry_run {
        exchange::unplaced::keep(&mut store, &reading.unplaced)?;
    }
    let mut types: Vec<&str> = reading.drafts.iter().map(|draft| draft.record.name).collect();
    types.sort_unstable();
    types.dedup();
    let counts = |counts: &std::collections::BTreeMap<&'static str, u64>| -> Json {
        types.iter().map(|name| ((*name).to_string(), json!(counts.get(name).copied().unwrap_or(0)))).collect()
    };
    if json {
        return Ok(printed(&json!({
            "format": reading.format.name(), "read": reading.read, "deleted": reading.deleted,
            "created": counts(&taken.created), "updated": counts(&taken.updated), "unchanged": counts(&taken.unchanged),
            "skipped": reading.skipped, "conflicts": taken.conflicts, "unused_columns": reading.unused_columns,
            "unplaced": reading.unplaced.len(), "told": reading.told, "dry_run": dry_run,
        })));
    }
    let mut out = String::new();
    for (file, rows) in &reading.read {
        write!(out, "{file}: {}", counted(*rows as usize, "row", "rows"))?;
        match reading.deleted.get(file) {
            Some(deleted) => writeln!(out, ", of which {deleted} are marked as deleted and left out")?,
            None => writeln!(out)?,
        }
    }
    let verb = if dry_run { "would be " } else { "" };
    for name in &types {
        let label = record_by_name(name).map_or(*name, |record| record.plural);
        let of = |counts: &std::collections::BTreeMap<&'static str, u64>| counts.get(name).copied().unwrap_or(0);
        let (new, changed, same) = (of(&taken.created), of(&taken.updated), of(&taken.unchanged));
        writeln!(out, "{label}: {new} {verb}added, {changed} {verb}changed, {same} as they were")?;
    }
    if taken.conflicts > 0 {
        let fields = counted(taken.conflicts as usize, "field was", "fields were");
        writeln!(out, "{fields} edited here since and came in different: both values are kept, for you to choose.")?;
    }
    if !reading.unused_columns.is_empty() {
        writeln!(
            out,
            "Columns not used: {}. Use --map \"Column=field\" to place one.",
            reading.unused_columns.join(", ")
        )?;
    }
    for skipped in &reading.skipped {
        let column = if skipped.column.is_empty() { String::new() } else { format!(", {}", skipped.column) };
        writeln!(out, "Skipped {} line {}{column}: {}", skipped.file, skipped.line, skipped.reason)?;
    }
    for told in &reading.told {
        writeln!(out, "{told}")?;
    }
    if dry_run {
        out.push_str("Nothing was changed: this was a trial.\n");
    }
    Ok(crate::model::text::lines(&out).into_owned())
}

/// What an export is told on the command line.
pub struct Giving<'a> {
    pub format: exchange::Format,
    pub list: Option<&'a str>,
    pub names: bool,
    pub places: bool,
    pub clients: &'a [String],
}

/// Writes a file, or a folder of files, for another program. What is there already is never written over.
pub fn export(setting: &Setting, path: &Path, giving: &Giving<'_>, json: bool) -> anyhow::Result<String> {
    let store = setting.open()?;
    let clients: Vec<RowId> = giving.clients.iter().map(|id| client_of(&store, id)).collect::<anyhow::Result<_>>()?;
    let (names, places, list) = (giving.names, giving.places, giving.list);
    let folder = path.extension().is_none();
    let wanted = exchange::Wanted { clients: &clients, list, names, places, folder, moment: setting.moment() };
    let written = exchange::write(&store, giving.format, &wanted)?;
    put(path, &written.files)?;
    if json {
        let counts: serde_json::Map<String, Json> =
            written.counts.iter().map(|(what, count)| ((*what).to_string(), json!(count))).collect();
        return Ok(printed(&json!({
            "path": path.display().to_string(), "format": giving.format.name(), "files": written.files.len(),
            "counts": counts, "told": written.told,
        })));
    }
    let counts: Vec<String> = written.counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    let mut out = format!("Wrote {}: {}.\n", path.display(), counts.join(", "));
    for told in &written.told {
        writeln!(out, "{told}")?;
    }
    out.push_str("It is not encrypted: give it only to whom it is meant for, and delete it when it has arrived.\n");
    Ok(crate::model::text::lines(&out).into_owned())
}

/// Puts files on the disk, for nobody else to read: one under the name itself, several into a new folder of that name.
fn put(path: &Path, files: &[(String, Vec<u8>)]) -> anyhow::Result<()> {
    let failed = || format!("Cannot write {}", path.display());
    if path.exists() {
        bail!("{} is there already. Name another, or move it away first.", path.display());
    }
    match files {
        [(name, bytes)] if name.is_empty() => std::fs::write(path, bytes).with_context(failed),
        files => {
            std::fs::create_dir(path).with_context(failed)?;
            for (name, bytes) in files {
                std::fs::write(path.join(name), bytes).with_context(failed)?;
            }
            Ok(())
        }
    }
}

fn client_of(store: &Store, id: &str) -> anyhow::Result<RowId> {
    let (_, row) = find(store, id)?;
    let stream = store.row(row)?.ok_or_else(|| anyhow!("There is no client {id}."))?.stream;
    Ok(stream)
}
