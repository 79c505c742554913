//! Commands that change something: each says what it changed.

use std::fmt::Write;
use std::path::Path;

use anyhow::{anyhow, bail};
use serde_json::json;

use crate::disclosure::may_be_given;
use crate::files;
use crate::model::records::{self, appointment, client, goal, note, plan, stay, step};
use crate::model::{
    Change, Edit, Field, Kind, Moment, PlanStatus, RecordType, Row, RowId, Value, needs_a_name, record_by_name, series,
    text::one_line,
};
use crate::practice::instruments::{self, Around};
use crate::practice::{incident, stays};
use crate::store::{Staged, Store, StoreError, Worker, make_folder_for, wall_clock};
use crate::triage::calendar::add_business_days;

use super::Setting;
use super::links::linked;
use super::progress::{Far, Progress};
use super::reading::{counted, find, printed};

pub fn init(setting: &Setting, name: &str, area: Option<&str>, credentials: &str, json: bool) -> anyhow::Result<()> {
    if name.trim().is_empty() {
        bail!("Your name cannot be empty: it stands under everything you write.");
    }
    if let Some(strange) = area.filter(|area| setting.rules.practice().area(area).is_none()) {
        let codes: Vec<&str> = setting.rules.practice().areas.iter().map(|area| area.code.as_str()).collect();
        bail!("There is no practice area \"{strange}\". It is one of: {}.", codes.join(", "));
    }
    if setting.file().symlink_metadata().is_ok() {
        return Err(StoreError::Exists(setting.file().into()).into());
    }
    super::can_say("recovery key")?;
    let passphrase = setting.new_passphrase(None)?;
    make_folder_for(setting.file())?;
    let worker = Worker {
        id: RowId::new(u64::try_from(setting.moment().now.timestamp_millis()).unwrap_or(0)),
        name: name.trim().into(),
        credentials: credentials.into(),
        area: area.unwrap_or("").into(),
    };
    let draft = Staged::beside(Some(setting.file()))?;
    let (mut store, recovery) = Store::create(&draft.path, &passphrase, &worker, wall_clock())?;
    store.will_stand_at(setting.file())?;
    // Closing folds what was written into the one file that gets the name.
    drop(store);
    let said = match json {
        true => printed(&json!({
            "file": setting.file().display().to_string(), "worker_id": worker.id.to_string(),
            "recovery_key": recovery.printed(),
        })),
        false => format!(
            "Made {}.\n\nYour recovery key, shown this once:\n\n    {}\n\nWrite it down and keep it away from this laptop. With a backup it opens your caseload when the passphrase is\nforgotten. Without the passphrase and without this key nobody can open it, not even we.\n",
            setting.file().display(),
            recovery.printed()
        ),
    };
    // Only a caseload whose key was shown is one.
    super::say_once(&said, "recovery key")?;
    match files::settle(&draft.path, setting.file())? {
        true => Ok(()),
        false => Err(StoreError::Exists(setting.file().into()).into()),
    }
}

pub fn demo(setting: &Setting, path: &Path, clients: u32, notes: u32, seed: u64) -> anyhow::Result<String> {
    let passphrase = setting.new_passphrase(None)?;
    let spec = setting.demo(clients, notes, seed);
    make_folder_for(path)?;
    let (mut store, recovery) = Store::create(path, &passphrase, &crate::demo::worker(), wall_clock())?;
    let mut bar = Progress::new();
    let made = crate::demo::fill(&mut store, &spec, &mut |done, all| bar.show(Far::Written(done as u64, all as u64)));
    bar.clear();
    if let Err(error) = made {
        drop(store);
        for end in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_os_string();
            name.push(end);
            let _ = std::fs::remove_file(name);
        }
        return Err(error.into());
    }
    Ok(format!(
        "Wrote {} with {} and {}.\nRecovery key: {}\n",
        path.display(),
        counted(clients as usize, "made-up client", "made-up clients"),
        counted(notes as usize, "note", "notes"),
        recovery.printed()
    ))
}

pub fn add(setting: &Setting, record: &str, fields: &[(String, String)], json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let record = record_by_name(record).ok_or_else(|| anyhow!("There is no record type \"{record}\"."))?;
    let given = |name: &str| fields.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
    let row = store.new_id();
    let mut parent: Option<(&'static Field, RowId)> = None;
    if *record == records::erasure::TYPE {
        bail!("Erasing is done with caseload erase ID FIELD --order TEXT.");
    }
    if record.is_sealed() {
        bail!(
            "A {} is made by signing: caseload sign NOTE, caseload addendum NOTE body=TEXT.",
            record.label.to_lowercase()
        );
    }
    let stream = if *record == client::TYPE {
        row
    } else if record.is_the_workers() {
        store.worker().id
    } else {
        let link = if *record == step::TYPE {
            Some(step::goal)
        } else if *record == goal::TYPE {
            Some(goal::plan)
        } else {
            None
        };
        let link = link.and_then(|id| record.field(id.field));
        let above = link.and_then(|field| given(field.name).map(|id| (field, id)));
        match (above, given("client")) {
            (Some((field, id)), _) => {
                let above = linked(&store, field, id, None)?;
                parent = Some((field, above));
                store.row(above)?.ok_or_else(|| anyhow!("There is no row {id}."))?.stream
            }
            (None, Some(id)) => {
                let (_, found) = find(&store, id)?;
                store.row(found)?.ok_or_else(|| anyhow!("There is no client {id}."))?.stream
            }
            (None, None) => bail!("Say whose it is: client=ID."),
        }
    };
    if *record == goal::TYPE && parent.is_none() {
        // A goal belongs to the plan in force.
        let plans = store.rows(&plan::TYPE, stream)?;
        let active = plans.iter().rev().find(|row| row.text(plan::status) == PlanStatus::Active.code());
        parent = active.and_then(|plan| Some((goal::TYPE.field(goal::plan.field)?, plan.id)));
    }
    let moment = setting.moment();
    let mut change = Change::new(format!("add {}", record.label.to_lowercase()));
    change.create(record, row, stream);
    let worker = store.worker().clone();
    let beginning = setting.rules.practice().beginning(&worker.name, &worker.area);
    for (field, value) in record.defaults(&moment, &beginning) {
        let named = record.field(field.field).is_some_and(|field| given(field.name).is_some());
        if !named && !value.is_empty() {
            change.set(row, field, value);
        }
    }
    if let Some((field, above)) = parent {
        change.set(row, field.id, Value::Link(above));
    }
    let rest = fields.iter().filter(|(name, _)| {
        !(name == "client" && *record != client::TYPE) && parent.is_none_or(|(field, _)| field.name != name)
    });
    fill(&mut change, setting, &store, record, (row, stream), rest)?;
    let before = Row::new(record, row, stream);
    change.asks(&before)?;
    may_be_given(&store, setting.rules.practice(), &change, &before)??;
    crate::practice::closing::check_day(&change, &before, moment.today())?;
    crate::practice::visits::check(&change, &before, &moment)?;
    super::putting_off::may_be(&store, setting, &change, stream)?;
    complete_incident(&mut change, &before, setting, &store)?;
    complete_assessment(&mut change, &before, setting, &store)?;
    let told = come_again(&mut change, before, &store, &moment)?;
    stays::recognise(&mut change, &store.rows(&stay::TYPE, stream)?);
    Ok(save(&mut store, change, moment.today(), row, json)? + if json { "" } else { &told })
}

pub fn set(setting: &Setting, id: &str, fields: &[(String, String)], json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let (record, row) = find(&store, id)?;
    let mut change = Change::new(format!("edit {}", record.label.to_lowercase()));
    let before = store.row_of(record, row)?;
    let stream = before.as_ref().map_or(row, |before| before.stream);
    fill(&mut change, setting, &store, record, (row, stream), fields.iter())?;
    let (mut open, mut told) = (String::new(), String::new());
    if let Some(before) = before {
        if *record == client::TYPE && !change.names(row, Some(&before)) {
            return Err(needs_a_name().into());
        }
        change.asks(&before)?;
        may_be_given(&store, setting.rules.practice(), &change, &before)??;
        open = super::closing::look(&store, &change, &before, setting, json)?;
        crate::practice::visits::check(&change, &before, &setting.moment())?;
        stays::recognise(&mut change, &store.rows(&stay::TYPE, before.stream)?);
        complete_incident(&mut change, &before, setting, &store)?;
        complete_assessment(&mut change, &before, setting, &store)?;
        told = come_again(&mut change, before, &store, &setting.moment())?;
    }
    let saved = save(&mut store, change, setting.moment().today(), row, json)?;
    Ok(open + &saved + if json { "" } else { &told })
}

/// A crisis that a script begins or ends starts and stops the same clocks as on the screen.
fn complete_incident(change: &mut Change, before: &Row, setting: &Setting, store: &Store) -> anyhow::Result<()> {
    if *before.record != records::incident::TYPE {
        return Ok(());
    }
    let Some(file) = store.client_part(before.stream, 0, &[&records::incident::TYPE])? else { return Ok(()) };
    let others = file.of(&records::incident::TYPE).to_vec();
    let persons: Vec<Row> = std::iter::once(file.client).chain(file.also).collect();
    let moment = setting.moment();
    incident::complete(change, before, (&persons, &others), setting.rules.practice(), &moment, add_business_days);
    Ok(())
}

/// Answers that a script sets are scored like those of the form; what disagrees with them is refused.
fn complete_assessment(change: &mut Change, before: &Row, setting: &Setting, store: &Store) -> anyhow::Result<()> {
    if *before.record != records::assessment::TYPE {
        return Ok(());
    }
    let file = store.client_part(before.stream, 0, &[&records::assessment::TYPE])?;
    let others = file.as_ref().map_or(&[][..], |file| file.of(&records::assessment::TYPE));
    let today = setting.moment().today();
    let around = Around { instruments: &setting.rules.practice().instruments, others, today };
    instruments::complete(change, before, around).map_err(|why| anyhow!("{why} Nothing was saved."))
}

/// Where a change says how often an appointment comes again: makes the appointments after it.
///
/// Gives what is to be said of it: which months have no such day.
fn come_again(change: &mut Change, before: Row, store: &Store, moment: &Moment) -> anyhow::Result<String> {
    let mut after = before.clone();
    let mut rule_changed = false;
    for edit in &change.edits {
        if let Edit::Set { row, field, value } = edit
            && *row == before.id
        {
            rule_changed |= *field == appointment::repeats;
            after.put(*field, value.clone());
        }
    }
    if rule_changed {
        let later = series::later(store.rows(&appointment::TYPE, before.stream)?, &before);
        series::unfold(change, &after, &later, moment, || store.new_id())
            .map_err(|why| anyhow!("Comes again: {why}."))?;
        let starts = after.time(appointment::starts).map(|starts| moment.local(starts).naive_local());
        let rule = after.text(appointment::repeats);
        let without = starts.map(|starts| series::months_without(rule, starts, moment)).transpose();
        if let Ok(Some(Some((day, months)))) = without {
            return Ok(format!(
                "None in {}: no {} there. For the last day of each month: repeats=\"monthly on the last day\".\n",
                months.join(", "),
                series::ordinal(day as i8)
            ));
        }
    }
    Ok(String::new())
}

pub fn log(setting: &Setting, id: &str, fields: &[(String, String)], json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let (_, found) = find(&store, id)?;
    let stream = store.row(found)?.ok_or_else(|| anyhow!("There is no client {id}."))?.stream;
    let row = store.new_id();
    let mut change = Change::new("log contact");
    change.create(&note::TYPE, row, stream);
    for (field, value) in note::TYPE.defaults(&setting.moment(), &setting.rules.practice().beginning("", "")) {
        let named =
            note::TYPE.field(field.field).is_some_and(|field| fields.iter().any(|(name, _)| name == field.name));
        if !named {
            change.set(row, field, value);
        }
    }
    fill(&mut change, setting, &store, &note::TYPE, (row, stream), fields.iter())?;
    save(&mut store, change, setting.moment().today(), row, json)
}

/// Puts typed values into a change.
fn fill<'a>(
    change: &mut Change,
    setting: &Setting,
    store: &Store,
    record: &'static RecordType,
    (row, stream): (RowId, RowId),
    fields: impl Iterator<Item = &'a (String, String)>,
) -> anyhow::Result<()> {
    for (name, typed) in fields {
        let field = record.field_by_name(name).ok_or_else(|| {
            let names: Vec<&str> = record.fields.iter().map(|field| field.name).collect();
            anyhow!("A {} has no field \"{name}\". It has: {}.", record.label.to_lowercase(), names.join(", "))
        })?;
        match field.kind {
            _ if field.kind.is_set() => {
                let now = store.row_of(record, row)?.map_or(Vec::new(), |row| row.words(field.id).to_vec());
                let typed = Field::parse_words(typed);
                let whole = !typed.iter().any(|word| word.starts_with(['+', '-']));
                let mut named = Vec::new();
                for word in &typed {
                    let (bare, present) = match (word.strip_prefix('-'), word.strip_prefix('+')) {
                        (Some(bare), _) if !whole => (bare, false),
                        (_, Some(bare)) if !whole => (bare, true),
                        _ => (word.as_str(), true),
                    };
                    let element = match field.kind {
                        Kind::Links(_) if present => linked(store, field, bare, Some(stream))?.to_string(),
                        Kind::Links(_) => find(store, bare)?.1.to_string(),
                        _ => field.parse_element(bare)?,
                    };
                    change.member(row, field.id, element.as_str(), present);
                    named.push(element);
                }
                for gone in now.iter().filter(|word| whole && !named.contains(word)) {
                    change.member(row, field.id, gone.as_str(), false);
                }
            }
            Kind::Link(_) if !typed.trim().is_empty() => {
                change.set(row, field.id, Value::Link(linked(store, field, typed, Some(stream))?));
            }
            _ => {
                change.set(row, field.id, field.parse(typed, &setting.moment())?);
            }
        }
    }
    Ok(())
}

fn save(
    store: &mut Store,
    mut change: Change,
    today: chrono::NaiveDate,
    row: RowId,
    json: bool,
) -> anyhow::Result<String> {
    store.complete(&mut change, today)?;
    store.commit(&change)?;
    let saved = store.row(row)?.ok_or_else(|| anyhow!("The row was saved but cannot be found again."))?;
    if json {
        return Ok(printed(&saved.to_json()));
    }
    let name = store.facts(saved.stream)?.map_or(String::new(), |facts| facts.name);
    let mut out = format!("Saved: {} for {} ({})\n", change.label, one_line(&name), saved.id);
    for field in saved.record.fields {
        let shown = saved.shown(field);
        if !shown.is_empty() {
            writeln!(out, "  {:<22} {}", field.label, one_line(&shown))?;
        }
    }
    Ok(out)
}

pub fn undo(setting: &Setting, list: bool, yes: bool, keep_theirs: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    if list {
        let past = store.past_actions(100)?;
        return past.iter().map(|one| Ok(format!("{}\n", past_in_words(&store, one)?))).collect();
    }
    let Some(past) = store.undoable()? else { return Ok("There is nothing to undo.\n".into()) };
    let said = past_in_words(&store, &past)?;
    if !yes && past.when.date_naive() != store.now().date_naive() {
        bail!(
            "Not undone: it was done on another day: {said}. caseload undo --yes undoes it; caseload undo --list shows what was done."
        );
    }
    let undone = if keep_theirs { store.undo_all_but_theirs(past.id)? } else { store.undo_action(past.id)? };
    match undone {
        Some(_) if keep_theirs => {
            let mut left = Vec::new();
            for client in &past.clients {
                left.extend(store.facts(*client)?.map(|facts| one_line(&facts.name).into_owned()));
            }
            let left =
                if left.is_empty() { String::new() } else { format!("Left as they are: {}.\n", left.join(", ")) };
            Ok(format!("Undone: {said}\n{left}"))
        }
        Some(_) => Ok(format!("Undone: {said}\n")),
        None => Ok("There is nothing to undo.\n".into()),
    }
}

/// What was done, for whom and when.
fn past_in_words(store: &Store, past: &crate::store::PastAction) -> anyhow::Result<String> {
    let mut text = one_line(&past.label).into_owned();
    if !past.what.is_empty() {
        text.push_str(&format!(" ({})", past.what));
    }
    let mut names = Vec::new();
    for client in past.clients.iter().take(3) {
        names.extend(store.facts(*client)?.map(|facts| one_line(&facts.name).into_owned()));
    }
    if past.clients.len() > 3 {
        names.push(format!("{} more", past.clients.len() - 3));
    }
    if !names.is_empty() {
        text.push_str(&format!(", {}", names.join(", ")));
    }
    let undone = if past.undone { ", undone since" } else { "" };
    Ok(format!("{text}, {}{undone}", past.when.format("%a %-d %b %Y %H:%M")))
}

pub fn delete(setting: &Setting, id: &str, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let (record, row) = find(&store, id)?;
    let before = store.row_of(record, row)?;
    let torn = before.as_ref().is_some_and(|row| row.deleted_elsewhere);
    // One who was deleted elsewhere beside what others wrote waits for just this choice.
    if record.opens_stream() && !torn {
        bail!("A client is closed, not deleted: caseload set {id} status=closed");
    }
    if let Some(row) = &before {
        instruments::may_go(row).map_err(anyhow::Error::msg)?;
    }
    let mut change = Change::new(format!("delete {}", record.label.to_lowercase()));
    change.delete(record, row);
    store.commit(&change)?;
    if json {
        return Ok(printed(&json!({"id": row.to_string(), "type": record.name})));
    }
    Ok(format!("Deleted the {} {}. caseload undo brings it back.\n", record.label.to_lowercase(), row.short()))
}

/// Tells that two entries are one person, or that they are two after all.
pub fn join(setting: &Setting, kept: &str, other: Option<&str>, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let (_, kept) = find(&store, kept)?;
    match other {
        Some(other) => {
            let (_, other) = find(&store, other)?;
            store.join(kept, other)?;
        }
        None => {
            store.part(kept)?;
        }
    }
    let also = store.also_entered_as(store.root(kept)?)?;
    if json {
        let also: Vec<String> = also.iter().map(ToString::to_string).collect();
        return Ok(printed(&json!({"id": store.root(kept)?.to_string(), "also": also})));
    }
    Ok(format!("{} entries are shown as this one.\n", also.len() + 1))
}

pub fn passphrase(setting: &Setting, new: Option<&Path>) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let passphrase = match new {
        Some(path) => setting.new_passphrase(Some(path))?,
        None => setting.new_passphrase_asked()?,
    };
    store.change_passphrase(&passphrase)?;
    Ok("The passphrase was changed. Backups still open with the recovery key.\n".into())
}
