//! Reports: what is billed, who looked at whom, what was given to whom, how long files are kept. Each is a table of rows
//! with stable keys, printed as lines to read, as JSON or as CSV; a new report is a line in [`REPORTS`].

use std::fmt::Write as _;

use anyhow::{anyhow, bail};
use chrono::NaiveDate;
use serde_json::{Map, Value as Json, json};

use crate::model::records::disclosure;
use crate::model::text::one_line;
use crate::model::{DisclosureWay, RowId};
use crate::practice::billable::{self, Missing};
use crate::practice::retention::{Keep, kept};
use crate::store::Store;

use super::Setting;
use super::figures::Form;
use super::reading::{find, printed, rfc, sheet};

/// What is asked of a report.
pub struct Asked<'a> {
    pub name: &'a str,
    /// The first and the last day; this month where they are not said.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub client: Option<&'a str>,
    pub form: Form,
}

/// What a report found.
struct Table {
    /// The keys of a row in JSON, and the heads of the columns in CSV.
    keys: &'static [&'static str],
    rows: Vec<Vec<Json>>,
    /// The same for a person.
    lines: Vec<String>,
}

struct Report {
    name: &'static str,
    make: fn(&Setting, &mut Store, &Asked<'_>) -> anyhow::Result<Table>,
}

const REPORTS: &[Report] = &[
    Report { name: "billing", make: billing },
    Report { name: "access", make: access },
    Report { name: "disclosures", make: disclosures },
    Report { name: "retention", make: retention },
];

/// The names that a list may be asked by.
pub fn names() -> impl Iterator<Item = &'static str> {
    REPORTS.iter().map(|report| report.name)
}

pub fn is_one(name: &str) -> bool {
    names().any(|known| known == name)
}

pub fn report(setting: &Setting, asked: &Asked<'_>) -> anyhow::Result<String> {
    let report = REPORTS.iter().find(|report| report.name == asked.name);
    let report = report.ok_or_else(|| anyhow!("There is no report \"{}\".", asked.name))?;
    let mut store = setting.open()?;
    let table = (report.make)(setting, &mut store, asked)?;
    Ok(match asked.form {
        Form::Html => bail!("This report is a list: --format text, json or csv."),
        Form::Text => {
            let lines = table.lines.iter().map(|line| one_line(line).into_owned() + "\n");
            lines.collect()
        }
        Form::Json => printed(&Json::Array(table.rows.into_iter().map(|row| object(table.keys, row)).collect())),
        Form::Csv => {
            let head = table.keys.iter().map(|key| (*key).to_string()).collect::<Vec<_>>();
            let rows = table.rows.iter().map(|row| row.iter().map(cell).collect());
            sheet(std::iter::once(head).chain(rows))?
        }
    })
}

fn object(keys: &[&str], row: Vec<Json>) -> Json {
    keys.iter().map(|key| (*key).to_string()).zip(row).collect::<Map<_, _>>().into()
}

/// What a value says in a sheet.
fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(all) => all.iter().map(cell).collect::<Vec<_>>().join(" / "),
        other => other.to_string(),
    }
}

/// The client a report is about; all of them where none is named.
fn asked_for(store: &Store, asked: &Asked<'_>) -> anyhow::Result<Option<RowId>> {
    let Some(id) = asked.client else { return Ok(None) };
    let (_, row) = find(store, id)?;
    let stream = store.row(row)?.ok_or_else(|| anyhow!("There is no client {id}."))?.stream;
    Ok(Some(store.root(stream)?))
}

fn needed(store: &Store, asked: &Asked<'_>) -> anyhow::Result<RowId> {
    asked_for(store, asked)?.ok_or_else(|| anyhow!("This report is about one client: say --client ID."))
}

fn period(setting: &Setting, asked: &Asked<'_>) -> anyhow::Result<(NaiveDate, NaiveDate)> {
    let today = setting.moment().today();
    let from = asked.from.unwrap_or(billable::month_of(today).0);
    let to = asked.to.unwrap_or_else(|| billable::month_of(today.max(from)).1);
    if to < from {
        bail!("The period ends on {to}, before it begins on {from}.");
    }
    Ok((from, to))
}

fn billing(setting: &Setting, store: &mut Store, asked: &Asked<'_>) -> anyhow::Result<Table> {
    let one = asked_for(store, asked)?;
    let period = period(setting, asked)?;
    let lines = store.billing_sheet(setting.rules.practice(), one, period, &setting.moment())?;
    let mut seen: Vec<RowId> = lines.iter().map(|line| line.client).collect();
    seen.dedup();
    store.note_views(&seen, "report billing")?;
    let rows = lines.iter().map(|line| {
        let from = line.from.iter().map(|taken| format!("{} {}", taken.units, taken.payer)).collect::<Vec<_>>();
        vec![
            json!(line.client.to_string()),
            json!(line.name),
            json!(line.note.to_string()),
            json!(line.when.date_naive().to_string()),
            json!(rfc(line.when)),
            json!(line.service),
            json!(line.minutes),
            json!(line.units),
            json!(line.status()),
            json!(line.missing.iter().map(|missing| &missing.why).collect::<Vec<_>>()),
            json!(line.missing.iter().map(|missing: &Missing| &missing.would_make).collect::<Vec<_>>()),
            json!(from),
            json!(line.remark),
        ]
    });
    Ok(Table {
        keys: &[
            "client_id",
            "client",
            "note_id",
            "date",
            "when",
            "service",
            "minutes",
            "units",
            "status",
            "why",
            "would_make",
            "authorizations",
            "remark",
        ],
        rows: rows.collect(),
        lines: billable::in_words(&lines, period),
    })
}

fn access(setting: &Setting, store: &mut Store, asked: &Asked<'_>) -> anyhow::Result<Table> {
    let client = needed(store, asked)?;
    let today = setting.moment().today();
    // All of it, where no days are said: an audit asks about the past.
    let (from, to) = (asked.from.unwrap_or(NaiveDate::MIN), asked.to.unwrap_or(NaiveDate::MAX));
    let found = store.accesses(client, from, to)?;
    store.note_view(client, "report access")?;
    let name = store.facts(client)?.map_or(String::new(), |facts| facts.name);
    let mut lines = vec![format!("Who did what with the file of {name} on this installation, as of {today}:")];
    for one in &found {
        let when = one.at.format("%Y-%m-%d %H:%M");
        lines.push(format!("{when}  {:<20} {:<22} {}", one.who, one.deed.label(), one.detail));
    }
    let rows = found.iter().map(|one| {
        let client = one.client.map(|client| client.to_string());
        vec![json!(rfc(one.at)), json!(one.who), json!(one.deed.label()), json!(one.detail), json!(client)]
    });
    Ok(Table { keys: &["at", "who", "what", "detail", "client_id"], rows: rows.collect(), lines })
}

fn disclosures(setting: &Setting, store: &mut Store, asked: &Asked<'_>) -> anyhow::Result<Table> {
    let client = needed(store, asked)?;
    let (from, to) = (asked.from.unwrap_or(NaiveDate::MIN), asked.to.unwrap_or(NaiveDate::MAX));
    let mut found = store.disclosures(client)?;
    let moment = setting.moment();
    let given = |row: &crate::model::Row| row.time(disclosure::when).map(|at| moment.local(at));
    found.retain(|(row, _)| given(row).is_some_and(|at| (from..=to).contains(&at.date_naive())));
    store.note_view(client, "report disclosures")?;
    let name = store.facts(client)?.map_or(String::new(), |facts| facts.name);
    let mut lines = vec![format!("What was given out of the file of {name} (45 CFR 164.528):")];
    for (row, gone) in &found {
        let when = given(row).map_or(String::new(), |at| at.format("%Y-%m-%d %H:%M").to_string());
        let text = |field| row.text(field).to_string();
        let how = DisclosureWay::from_code(row.text(disclosure::how)).map_or("", DisclosureWay::label);
        let mut line =
            format!("{when}  to {}: {}, {}", text(disclosure::to), text(disclosure::what), how.to_lowercase());
        for (label, field) in [
            ("why", disclosure::purpose),
            ("without a release", disclosure::overridden),
            ("left out", disclosure::withheld),
        ] {
            if !row.text(field).is_empty() {
                let _ = write!(line, "; {label}: {}", row.text(field));
            }
        }
        if *gone {
            line.push_str(" (its row was deleted since)");
        }
        lines.push(line);
    }
    if found.is_empty() {
        lines.push("Nothing.".into());
    }
    let rows = found.iter().map(|(row, gone)| {
        let text = |field| json!(row.text(field));
        vec![
            json!(row.id.to_string()),
            row.get(disclosure::when).to_json(),
            text(disclosure::to),
            text(disclosure::what),
            text(disclosure::purpose),
            text(disclosure::how),
            row.get(disclosure::consent).to_json(),
            text(disclosure::overridden),
            text(disclosure::withheld),
            json!(gone),
        ]
    });
    Ok(Table {
        keys: &["id", "when", "to", "what", "purpose", "how", "consent", "overridden", "withheld", "deleted"],
        rows: rows.collect(),
        lines,
    })
}

fn retention(setting: &Setting, store: &mut Store, asked: &Asked<'_>) -> anyhow::Result<Table> {
    let one = asked_for(store, asked)?;
    let (practice, today) = (setting.rules.practice(), setting.moment().today());
    let mut table = Table {
        keys: &["client_id", "client", "closed", "keep_until", "rule", "hold", "may_be_destroyed", "owed"],
        rows: Vec::new(),
        lines: vec!["How long closed files are kept:".into()],
    };
    for facts in store.all_facts()?.into_iter().filter(|facts| one.is_none_or(|one| facts.id == one)) {
        let Some(held) = store.what_keeps(facts.id)? else { continue };
        let kept = kept(practice, &held.file(&facts), today);
        if kept.keep == Keep::Open && one.is_none() {
            continue;
        }
        let date = |day: &NaiveDate| day.format("%-d %b %Y").to_string();
        let (until, rule, mut words) = match &kept.keep {
            Keep::Open => (None, String::new(), "open: kept".to_string()),
            Keep::Undated => (None, String::new(), "kept: nobody wrote down when it was closed".to_string()),
            Keep::Held => (None, "legal hold".into(), "LEGAL HOLD: nothing may be destroyed".into()),
            Keep::AgeUnknown(until, rule) => {
                let words = format!(
                    "kept until someone writes down the birth date: a minor's file is kept longer; through {} at the least ({})",
                    date(until),
                    rule.source
                );
                (Some(until.to_string()), rule.source.clone(), words)
            }
            Keep::Until(until, rule) => {
                let words = format!("kept through {} ({})", date(until), rule.source);
                (Some(until.to_string()), rule.source.clone(), words)
            }
        };
        if !kept.owed.is_empty() {
            words.push_str(&format!("; nothing may be destroyed while this is owed: {}", kept.owed.join("; ")));
        }
        table.lines.push(format!("{}  {}", facts.name, words));
        table.rows.push(vec![
            json!(facts.id.to_string()),
            json!(facts.name),
            json!(held.closed().map(|day| day.to_string())),
            json!(until),
            json!(rule),
            json!(kept.keep == Keep::Held),
            json!(kept.may_go(today)),
            json!(kept.owed),
        ]);
    }
    store.note_list("report retention", table.rows.len())?;
    if table.rows.is_empty() {
        table.lines.push("No file is closed.".into());
    }
    Ok(table)
}
