//! What comes from other programs' files, and what goes out to them.

use std::cell::RefCell;
use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde_json::{Value as Json, json};

use crate::disclosure::{self, Asking, Clients, Contents, Handed, Listed, Override, Whom};
use crate::exchange;
use crate::files::{NewFile, NewFolder};
use crate::model::{RowId, record_by_name};
use crate::store::Store;

use super::Setting;
use super::progress::{Far, Progress};
use super::reading::{counted, find, printed};

/// What an import is told on the command line.
pub struct Taking<'a> {
    pub format: Option<exchange::Format>,
    pub map: &'a [(String, String)],
    pub client: Option<&'a str>,
    pub dry_run: bool,
    /// Also closes people of whom something is open here.
    pub close_anyway: bool,
}

/// Takes in what another program wrote, and says what came of it.
pub fn import(setting: &Setting, path: &Path, taking: &Taking<'_>, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let dry_run = taking.dry_run;
    let client = taking.client.map(|id| client_of(&store, id)).transpose()?;
    let bar = RefCell::new(Progress::new());
    let read = exchange::read(
        path,
        &exchange::Options {
            format: taking.format,
            map: taking.map,
            moment: setting.moment(),
            client,
            store: &store,
            practice: setting.rules.practice(),
            going: &|done, all| bar.borrow_mut().show(Far::Read(done, all)),
        },
    );
    let mut bar = bar.into_inner();
    bar.clear();
    let mut reading = read?;
    if !taking.close_anyway {
        let held = exchange::closings::hold_back(&store, &mut reading.drafts, setting.moment().now)?;
        reading.told.extend(held.into_iter().map(|held| {
            let (name, what) = (held.name, held.what);
            format!("{name} has {what}: not closed. Close them by hand, or import again with --close-anyway.")
        }));
    }
    let taken = store.import(reading.format.origin(), &reading.drafts, dry_run, &mut |done, all| {
        bar.show(Far::Rows(done as u64, all as u64))
    });
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
            "skipped": reading.skipped, "conflicts": taken.conflicts, "unused_columns": reading.unused_columns, "unused": reading.unused,
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
        let place = if reading.format == exchange::Format::Fhir { "entry" } else { "line" };
        writeln!(out, "Skipped {} {place} {}{column}: {}", skipped.file, skipped.line, skipped.reason)?;
    }
    if !reading.unused.is_empty() {
        let unused: Vec<String> = reading.unused.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        writeln!(out, "No part of a caseload, and not taken: {}.", unused.join(", "))?;
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
    pub history: bool,
    /// None named: everyone.
    pub clients: &'a [String],
    pub whom: Whom,
    pub purpose: &'a str,
    pub without: Option<Override>,
}

/// Writes a file, or a folder of files, for another program. What is there already is never written over.
pub fn export(setting: &Setting, path: &Path, giving: &Giving<'_>, json: bool) -> anyhow::Result<String> {
    if path.symlink_metadata().is_ok() {
        bail!("{} is there already. Name another, or move it away first.", path.display());
    }
    let list = match (giving.format, giving.list) {
        (exchange::Format::Csv | exchange::Format::Xlsx, Some(name)) => Listed::named(name),
        _ => Ok(Listed::Caseload),
    };
    let list = list.map_err(|why| anyhow!("{why}. Nothing was written."))?;
    let mut store = setting.open()?;
    let clients = match giving.clients {
        [] => Clients::Everyone,
        ids => Clients::These(ids.iter().map(|id| client_of(&store, id)).collect::<anyhow::Result<_>>()?),
    };
    let Giving { format, names, places, history, .. } = *giving;
    let asking = Asking {
        contents: Contents { format, list, names, places, history },
        clients,
        whom: giving.whom.clone(),
        purpose: giving.purpose.into(),
        without: giving.without.clone(),
    };
    let decided = disclosure::decide(&store, setting.rules.practice(), asking)?;
    let folder = path.extension().is_none();
    let wanted = exchange::Wanted { folder, moment: setting.moment(), practice: setting.rules.practice() };
    let (new, written) = write(&store, path, &decided.hand(&store), &wanted)?;
    // What cannot be put on the record does not leave: only then has it a name.
    decided.record(&mut store)?;
    match new.settle() {
        Ok(true) => {}
        other => {
            store.note_unwritten(&format!("a {} file", giving.format.name()))?;
            other.with_context(|| format!("Cannot write {}", path.display()))?;
            bail!("{} is there by now. Name another, or move it away first.", path.display());
        }
    }
    let told: Vec<String> = decided.lines().into_iter().chain(written.told).collect();
    if json {
        let counts: serde_json::Map<String, Json> =
            written.counts.iter().map(|(what, count)| ((*what).to_string(), json!(count))).collect();
        return Ok(printed(&json!({
            "path": path.display().to_string(), "format": giving.format.name(), "files": written.files.len(),
            "counts": counts, "told": told,
        })));
    }
    let counts: Vec<String> = written.counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    let mut out = format!("Wrote {}: {}.\n", path.display(), counts.join(", "));
    for told in &told {
        writeln!(out, "{told}")?;
    }
    out.push_str("It is not encrypted: give it only to whom it is meant for, and delete it when it has arrived.\n");
    Ok(crate::model::text::lines(&out).into_owned())
}

/// What was written and has no name yet.
enum New {
    File(NewFile),
    Folder(NewFolder),
}

impl New {
    fn settle(self) -> std::io::Result<bool> {
        match self {
            New::File(file) => file.settle(),
            New::Folder(folder) => folder.settle(),
        }
    }
}

/// Writes what a format makes onto the disk, for nobody else to read: one file, or several in a folder. Nothing of it has a
/// name yet, and nothing is left where it cannot be finished.
fn write(
    store: &Store,
    path: &Path,
    handed: &Handed<'_>,
    wanted: &exchange::Wanted<'_>,
) -> anyhow::Result<(New, exchange::Written)> {
    let failed = || format!("Cannot write {}", path.display());
    let mut file = store.new_file(path)?;
    let mut out = std::io::BufWriter::new(file.file());
    if let Some(written) = exchange::stream(handed, wanted, &mut out) {
        let written = written?;
        out.flush().with_context(failed)?;
        drop(out);
        file.finish().with_context(failed)?;
        return Ok((New::File(file), written));
    }
    drop(out);
    let written = exchange::write(handed, wanted)?;
    if let [(name, bytes)] = &written.files[..]
        && name.is_empty()
    {
        file.write_all(bytes).and_then(|()| file.finish()).with_context(failed)?;
        return Ok((New::File(file), written));
    }
    drop(file);
    let mut folder = store.new_folder(path)?;
    for (name, bytes) in &written.files {
        folder.add(name, bytes).with_context(failed)?;
    }
    Ok((New::Folder(folder), written))
}

fn client_of(store: &Store, id: &str) -> anyhow::Result<RowId> {
    let (_, row) = find(store, id)?;
    let stream = store.row(row)?.ok_or_else(|| anyhow!("There is no client {id}."))?.stream;
    Ok(stream)
}
