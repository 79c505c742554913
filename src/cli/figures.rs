//! Figures without a screen: a report over a period, as text, JSON or CSV.

use anyhow::{anyhow, bail};
use chrono::NaiveDate;

use crate::model::text::one_line;
use crate::report::figures::{self, By, Only, REPORTS};
use crate::report::period::Period;

use super::Setting;
use super::reading::{printed, sheet};

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    Text,
    Json,
    Csv,
    Html,
}

/// What is asked for.
pub struct Wanted<'a> {
    pub name: &'a str,
    /// The first and the last day; the report's usual period where neither is said.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub worker: Option<&'a str>,
    /// Whether notes are their author's, or the case manager's of that day.
    pub by: By,
    pub area: Option<&'a str>,
    /// The key of a figure: the clients behind it.
    pub open: Option<&'a str>,
    pub form: Form,
}

pub fn report(setting: &Setting, wanted: &Wanted<'_>) -> anyhow::Result<String> {
    let kind = figures::kind(wanted.name).ok_or_else(|| {
        let names: Vec<&str> = REPORTS.iter().map(|kind| kind.name).chain(super::reports::names()).collect();
        anyhow!("There is no report \"{}\". There are: {}.", wanted.name, names.join(", "))
    })?;
    let today = setting.moment().today();
    let usual = Period::parse(kind.usual, today).map_err(anyhow::Error::msg)?;
    let period = match (wanted.from, wanted.to) {
        (None, None) => usual,
        (from, to) => Period { from: from.unwrap_or(usual.from), to: to.unwrap_or(today) },
    };
    if period.from > period.to {
        bail!("A period ends after it begins.");
    }
    if let Some(area) = wanted.area.filter(|area| setting.rules.practice().area(area).is_none()) {
        bail!("There is no practice area \"{area}\".");
    }
    let mut store = setting.open()?;
    let only = Only { worker: wanted.worker.map(String::from), area: wanted.area.map(String::from), by: wanted.by };
    let report = figures::make(&store, &setting.rules, kind, period, &setting.moment(), &only)?;
    if let Some(worker) =
        wanted.worker.filter(|worker| !report.names.iter().any(|name| name.eq_ignore_ascii_case(worker.trim())))
    {
        bail!("Nobody named \"{worker}\" wrote a note or has a client. There are: {}.", report.names.join(", "));
    }
    if let Some(key) = wanted.open {
        let figure = report.figures.iter().find(|figure| figure.measure.key == key).ok_or_else(|| {
            let keys: Vec<&str> = report.figures.iter().map(|figure| figure.measure.key).collect();
            anyhow!("This report has no figure \"{key}\". It has: {}.", keys.join(", "))
        })?;
        let mut out = format!("{} ({}), {}\n", figure.measure.label, figure.measure.about, period.in_words());
        store.note_list(&format!("report {}, {key}", wanted.name), figure.clients.len())?;
        for one in &figure.clients {
            let name = store.facts(one.client)?.map_or(String::new(), |facts| facts.name);
            let of = if one.of > 0.0 { format!(" of {:.0}", one.of) } else { String::new() };
            out.push_str(&format!("{}  {}: {:.0}{of}\n", one.client.short(), one_line(&name), one.got));
        }
        return Ok(out);
    }
    Ok(match wanted.form {
        Form::Json => printed(&report.to_json()),
        Form::Csv => sheet(report.rows())?,
        Form::Html => crate::report::to_html(&report.document()),
        Form::Text => format!("{}\n", report.lines().iter().map(|line| one_line(line)).collect::<Vec<_>>().join("\n")),
    })
}
