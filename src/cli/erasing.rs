//! Erasing at the command line: first what would be gone and what would not, then, with a word that it is meant, for good.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::bail;
use serde_json::json;

use crate::model::records::{client, worker};
use crate::model::{RecordType, RowId, record_by_number, text::one_line};
use crate::practice::retention::{Keep, kept};
use crate::store::{Store, Target, ToErase, Trust, field_in_words};

use super::Setting;
use super::reading::{counted, find, printed};

/// What is asked to be erased.
pub struct Erase<'a> {
    pub id: &'a str,
    /// Names of fields; none: the whole row.
    pub fields: &'a [String],
    pub order: &'a str,
    /// Of a client the whole file.
    pub everything: bool,
    /// It is meant.
    pub yes: bool,
    pub remove_backups: bool,
}

pub fn erase(setting: &Setting, asked: &Erase<'_>, json: bool) -> anyhow::Result<String> {
    let order = asked.order.trim();
    if order.is_empty() {
        bail!("Say what it rests on: --order \"12 CV 345, county court, 3 Nov 2026\", or the request or rule.");
    }
    let mut store = setting.open()?;
    let (record, row, stream) = row_of(&store, asked.id)?;
    if *record == worker::TYPE {
        bail!("What stands about yourself is not a client's: it is changed, not erased.");
    }
    let plans = plans(setting, &store, asked, (record, row, stream))?;
    let (backups, by_hand) = store.backups_there()?;
    let whole = Whole { store: &store, plans: &plans, order, backups: &backups, by_hand: &by_hand };
    let (told, in_json) = (whole.in_words(asked)?, whole.in_json()?);
    let values: u64 = plans.iter().map(|plan| plan.values).sum();
    if values == 0 || !asked.yes {
        let first = if json { printed(&in_json) } else { told };
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(first.as_bytes()).and_then(|()| out.flush());
        if values == 0 {
            return Err(crate::store::StoreError::NothingToErase.into());
        }
        bail!("Not erased yet: read what is said above, then say it again with --yes. It cannot be undone.");
    }
    for plan in plans.iter().filter(|plan| plan.values > 0) {
        store.erase(plan, order)?;
    }
    let mut done = told.replacen("To be erased", "Erased", 1);
    if asked.remove_backups && !backups.is_empty() {
        let gone = store.renew_backups()?;
        writeln!(done, "A new backup is made, and {} taken away.", counted(gone, "older one", "older ones"))?;
    }
    Ok(if json { printed(&in_json) } else { done })
}

/// The row that is meant, deleted or not.
fn row_of(store: &Store, id: &str) -> anyhow::Result<(&'static RecordType, RowId, RowId)> {
    if let Ok(row) = id.trim().parse::<RowId>()
        && let Some((stream, number)) = store.row_ever(row)?
        && let Some(record) = record_by_number(number)
    {
        return Ok((record, row, stream));
    }
    let (record, row) = find(store, id)?;
    let stream = store.row_of(record, row)?.map_or(row, |row| row.stream);
    Ok((record, row, stream))
}

fn plans(
    setting: &Setting,
    store: &Store,
    asked: &Erase<'_>,
    (record, row, stream): (&'static RecordType, RowId, RowId),
) -> anyhow::Result<Vec<ToErase>> {
    if !asked.fields.is_empty() {
        let mut targets = Vec::new();
        let mut what = Vec::new();
        for name in asked.fields {
            let Some(field) = record.field_by_name(name) else {
                bail!("A {} has no field \"{}\".", record.label.to_lowercase(), one_line(name));
            };
            if field.kind.is_set() {
                bail!(
                    "{} are a list of words that every entry of the journal rests on: take one out with caseload set {} {}=-WORD. It cannot be erased.",
                    field.label,
                    asked.id,
                    field.name
                );
            }
            targets.push(Target::Field(row, field.id));
            what.push(field_in_words(field.id));
        }
        return Ok(vec![store.to_erase(stream, &targets, &what.join(", "))?]);
    }
    if *record != client::TYPE {
        let what = format!("{} {}", record.label, row.short());
        return Ok(vec![store.to_erase(stream, &[Target::Row(row)], &what)?]);
    }
    if !asked.everything {
        bail!("Say which fields (caseload erase {} phone --order ...), or --everything for the whole file.", asked.id);
    }
    may_go(setting, store, row)?;
    let members = store.with_all_entries(&[row])?;
    let plan = |member: &RowId| Ok(store.to_erase(*member, &[Target::File], "The whole file")?);
    let apart = std::iter::once_with(|| Ok(store.to_erase_apart(row)?));
    members.iter().map(plan).chain(apart.filter(|plan| plan.as_ref().map_or(true, |plan| plan.values > 0))).collect()
}

/// A whole file goes by the agency's rules of retention.
fn may_go(setting: &Setting, store: &Store, client: RowId) -> anyhow::Result<()> {
    let root = store.root(client)?;
    let (Some(facts), Some(held)) = (store.facts(root)?, store.what_keeps(root)?) else { return Ok(()) };
    let file = held.file(&facts);
    let today = setting.moment().today();
    let found = kept(setting.rules.practice(), &file, today);
    if found.may_go(today) {
        return Ok(());
    }
    let why = match found.keep {
        Keep::Open => "the case is open".into(),
        Keep::Undated => "nobody wrote down when it was closed, or no rule says how long it is kept".into(),
        Keep::Held => "a legal hold stands over it".into(),
        Keep::AgeUnknown(until, _) => format!("it is kept to {until} at the least, and nobody knows the date of birth"),
        Keep::Until(until, _) if until >= today => format!("it is kept through {until}"),
        Keep::Until(..) => format!("this is owed still: {}", found.owed.join("; ")),
    };
    bail!("Not erased: {why}. A court that orders single things erased: name their fields or rows.");
}

/// All that a person is to know before it is too late.
struct Whole<'a> {
    store: &'a Store,
    plans: &'a [ToErase],
    order: &'a str,
    /// Those that the program made, and those made by hand.
    backups: &'a [PathBuf],
    by_hand: &'a [PathBuf],
}

impl Whole<'_> {
    fn sum(&self, of: impl Fn(&ToErase) -> u64) -> u64 {
        self.plans.iter().map(of).sum()
    }

    /// Those whose programs must understand it.
    fn colleagues(&self) -> anyhow::Result<Vec<String>> {
        let sites = self.store.sites()?;
        let theirs =
            sites.iter().filter(|site| matches!(site.trust(), Trust::Accepted | Trust::TakeFrom | Trust::GiveTo));
        let mut names: Vec<String> = theirs.map(|site| one_line(&site.name).into_owned()).collect();
        names.dedup();
        Ok(names)
    }

    fn in_words(&self, asked: &Erase<'_>) -> anyhow::Result<String> {
        let mut out = String::new();
        let values = self.sum(|plan| plan.values);
        let mut what: Vec<&str> = self.plans.iter().map(|plan| plan.what.as_str()).collect();
        what.dedup();
        let count = counted(values as usize, "value", "values");
        writeln!(out, "To be erased, for good: {} ({count}, earlier ones too).", what.join(", "))?;
        writeln!(out, "By order of: {}", one_line(self.order))?;
        writeln!(
            out,
            "It cannot be undone. That something stood there stays in the history, with who wrote it and when, and this order."
        )?;
        for (name, values) in self.plans.iter().flat_map(|plan| &plan.of_others) {
            let count = counted(*values as usize, "value", "values");
            writeln!(out, "Stays: {count} that {} wrote, who must erase them on their own laptop.", one_line(name))?;
        }
        let stay = self.sum(|plan| plan.stay);
        if stay > 0 {
            writeln!(out, "Stays: the record of what was given out ({}).", counted(stay as usize, "value", "values"))?;
        }
        let elements = self.sum(|plan| plan.elements);
        if elements > 0 {
            let count = counted(elements as usize, "word", "words");
            writeln!(
                out,
                "Stays: {count} in lists (tags, languages, ids elsewhere), which can only be taken out of them."
            )?;
        }
        for (record, row) in self.plans.iter().flat_map(|plan| &plan.also_in) {
            let label = record_by_number(*record).map_or("row", |record| record.label);
            writeln!(out, "The same words stand in: {label} {row}")?;
        }
        let colleagues = self.colleagues()?;
        if !colleagues.is_empty() {
            writeln!(
                out,
                "It goes from the laptops of {} when they next sync. They need this version of caseload or a later one: an earlier one refuses all that comes with it (\"newer version\") until it is updated.",
                colleagues.join(", ")
            )?;
        }
        match self.backups.len() {
            0 => {}
            many if asked.remove_backups => {
                writeln!(out, "Go too: {} that the program made.", counted(many, "backup", "backups"))?;
            }
            many => writeln!(
                out,
                "It stays in {} that the program made: --remove-backups takes them away, once a new one is made.",
                counted(many, "backup", "backups")
            )?,
        }
        for path in self.by_hand {
            writeln!(out, "It stays in a backup made by hand: {}", path.display())?;
        }
        writeln!(
            out,
            "Backups kept elsewhere, papers and files that were written are not reached: destroy those by hand."
        )?;
        Ok(out)
    }

    fn in_json(&self) -> anyhow::Result<serde_json::Value> {
        let others = self.plans.iter().flat_map(|plan| &plan.of_others);
        let also = self.plans.iter().flat_map(|plan| &plan.also_in);
        let mut what: Vec<&str> = self.plans.iter().map(|plan| plan.what.as_str()).collect();
        what.dedup();
        Ok(json!({
            "what": what.join(", "), "order": self.order, "values": self.sum(|plan| plan.values),
            "of_others": others.map(|(name, values)| json!({"name": name, "values": values})).collect::<Vec<_>>(),
            "disclosures_kept": self.sum(|plan| plan.stay), "words_in_lists": self.sum(|plan| plan.elements),
            "also_in": also.map(|(_, row)| row.to_string()).collect::<Vec<_>>(),
            "must_update": self.colleagues()?,
            "backups": self.backups.iter().chain(self.by_hand).map(|path| path.display().to_string()).collect::<Vec<_>>(),
        }))
    }
}
