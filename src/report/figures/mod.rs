//! Figures over a period: each declared once, compared with the period before, told by worker and by area, and open to the
//! clients behind it.
//!
//! A measure says for each client what was counted, and of how much; totals, shares, breakdowns and the list of clients are
//! all made from that, so that no figure can differ from the people it stands for.

mod document;
mod material;
mod measures;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value as Json, json};

use crate::model::{List, Moment, RowId};
use crate::store::{Result, Store};
use crate::triage::Rules;

use super::period::Period;

pub use material::Material;
pub use measures::REPORTS;

/// What was counted for one client: `got`, of `of` where it is a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    pub client: RowId,
    pub got: f64,
    pub of: f64,
    /// The day whose case manager answers for it.
    pub day: NaiveDate,
    /// Who did it, where it stands in a note: a place among the material's authors.
    pub author: Option<u32>,
}

/// Whose a figure is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// Whoever wrote the note; what is in no note is the case manager's of that day.
    #[default]
    Author,
    /// The client's case manager of that day.
    CaseManager,
}

impl By {
    pub const fn code(self) -> &'static str {
        match self {
            By::Author => "author",
            By::CaseManager => "case-manager",
        }
    }

    pub const fn other(self) -> By {
        match self {
            By::Author => By::CaseManager,
            By::CaseManager => By::Author,
        }
    }

    /// The heading over figures by person.
    pub const fn title(self) -> &'static str {
        match self {
            By::Author => "By worker",
            By::CaseManager => "By case manager",
        }
    }
}

/// How a figure is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// So many of something.
    Count,
    /// So many people: each once, however often and by whomever.
    People,
    Minutes,
    /// A part of a whole: shown as a percentage with both numbers.
    Share,
    /// With one decimal: a caseload's weight.
    Weight,
    /// An average of so many.
    Mean,
}

/// One figure, declared once.
pub struct Measure {
    /// Stands in JSON and CSV.
    pub key: &'static str,
    pub label: &'static str,
    pub unit: Unit,
    /// What exactly is counted, and by which rule.
    pub about: &'static str,
    pub count: fn(&Material<'_>, Period) -> Vec<Counted>,
}

/// A report: some measures under a name.
pub struct Kind {
    pub name: &'static str,
    pub title: &'static str,
    pub measures: &'static [Measure],
    /// The period where none is named.
    pub usual: &'static str,
}

/// The report of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    REPORTS.iter().find(|kind| kind.name == name)
}

/// A figure over a period.
pub struct Figure {
    pub measure: &'static Measure,
    pub now: Total,
    pub before: Total,
    /// The clients behind it, those who count most first.
    pub clients: Vec<Counted>,
    pub by_worker: Vec<(String, Total)>,
    pub by_area: Vec<(String, Total)>,
}

/// Sums over clients.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Total {
    pub got: f64,
    pub of: f64,
}

impl Total {
    fn add(&mut self, one: &Counted) {
        self.got += one.got;
        self.of += one.of;
    }

    /// For comparing: a percentage for a share, else the sum. `None` where there is nothing to have a share of.
    pub fn value(&self, unit: Unit) -> Option<f64> {
        match unit {
            Unit::Share if self.of == 0.0 => None,
            Unit::Share => Some(self.got / self.of * 100.0),
            Unit::Mean if self.of == 0.0 => None,
            Unit::Mean => Some(self.got / self.of),
            _ => Some(self.got),
        }
    }

    pub fn in_words(&self, unit: Unit) -> String {
        match (unit, self.value(unit)) {
            (Unit::Share | Unit::Mean, None) => "none to count".into(),
            (Unit::Mean, Some(mean)) => format!("{mean:.1} (of {:.0})", self.of),
            (Unit::Share, Some(percent)) => format!("{percent:.0}% ({:.0} of {:.0})", self.got, self.of),
            (Unit::Minutes, _) => {
                let minutes = self.got.round() as i64;
                if minutes < 60 { format!("{minutes} min") } else { format!("{} h {:02}", minutes / 60, minutes % 60) }
            }
            (Unit::Weight, _) => format!("{:.1}", self.got),
            (Unit::Count | Unit::People, _) => format!("{:.0}", self.got),
        }
    }
}

/// A whole report.
pub struct Report {
    pub kind: &'static Kind,
    pub period: Period,
    pub by: By,
    pub figures: Vec<Figure>,
    /// Everyone by whom figures can be asked for.
    pub names: Vec<String>,
}

/// Works a report out; `worker` and `area` (a code) narrow it down.
///
/// # Errors
/// What the file says.
pub fn make(
    store: &Store,
    rules: &Rules,
    kind: &'static Kind,
    period: Period,
    moment: &Moment,
    only: &Only,
) -> Result<Report> {
    let material = Material::gather(store, rules, period, moment)?;
    let figures = kind.measures.iter().map(|measure| figure(measure, &material, period, only)).collect();
    Ok(Report { kind, period, by: only.by, figures, names: material.names() })
}

/// What counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Only {
    pub worker: Option<String>,
    /// The code of a practice area.
    pub area: Option<String>,
    pub by: By,
}

impl Only {
    /// Whose something is.
    fn whose<'m>(&self, material: &'m Material<'_>, person: &'m material::Person, one: &Counted) -> &'m str {
        let author = one.author.filter(|_| self.by == By::Author).map(|at| material.author(at));
        author.filter(|author| !author.is_empty()).unwrap_or_else(|| person.worker_on(one.day))
    }
}

/// The first of each kind.
fn once<K: Ord>(all: Vec<Counted>, kind: impl Fn(&Counted) -> K) -> Vec<Counted> {
    let mut seen = std::collections::BTreeSet::new();
    all.into_iter().filter(|one| seen.insert(kind(one))).collect()
}

fn figure(measure: &'static Measure, material: &Material<'_>, period: Period, only: &Only) -> Figure {
    let wanted = |one: &Counted| {
        let Some(person) = material.person(one.client) else { return false };
        let whose = || only.whose(material, person, one);
        only.worker.as_ref().is_none_or(|worker| whose().eq_ignore_ascii_case(worker.trim()))
            && only.area.as_ref().is_none_or(|area| person.facts.areas.contains(area))
    };
    let counted = |period| (measure.count)(material, period).into_iter().filter(wanted).collect::<Vec<_>>();
    let total = |all: &[Counted]| {
        let mut total = Total::default();
        all.iter().for_each(|one| total.add(one));
        total
    };
    let mut per_client: BTreeMap<RowId, Counted> = BTreeMap::new();
    let mut by_worker: BTreeMap<String, Total> = BTreeMap::new();
    let mut by_area: BTreeMap<String, Total> = BTreeMap::new();
    let people = |all: Vec<Counted>| match measure.unit {
        Unit::People => once(all, |one| one.client),
        _ => all,
    };
    let done = counted(period);
    let whose = |one: &Counted| material.person(one.client).map_or("", |person| only.whose(material, person, one));
    let by_whom = match measure.unit {
        Unit::People => once(done.clone(), |one| (one.client, whose(one))),
        _ => done.clone(),
    };
    by_whom.iter().for_each(|one| by_worker.entry(whose(one).to_string()).or_default().add(one));
    let all = people(done);
    for one in &all {
        let sum = per_client.entry(one.client).or_insert(Counted { got: 0.0, of: 0.0, ..*one });
        sum.got += one.got;
        sum.of += one.of;
        if let Some(person) = material.person(one.client) {
            let area = person.facts.areas.first().map_or("", String::as_str);
            by_area.entry(List::Area.label(area).to_string()).or_default().add(one);
        }
    }
    let mut clients: Vec<Counted> = per_client.into_values().collect();
    clients.sort_by(|a, b| b.got.total_cmp(&a.got).then(b.of.total_cmp(&a.of)).then(a.client.cmp(&b.client)));
    Figure {
        measure,
        now: total(&all),
        before: total(&people(counted(period.before()))),
        clients,
        by_worker: by_worker.into_iter().collect(),
        by_area: by_area.into_iter().collect(),
    }
}

impl Figure {
    /// "+3", "-12 points"; empty where nothing can be compared.
    pub fn change(&self) -> String {
        let unit = self.measure.unit;
        let (Some(now), Some(before)) = (self.now.value(unit), self.before.value(unit)) else { return String::new() };
        let change = now - before;
        match unit {
            _ if change.abs() < 0.05 => "as before".into(),
            Unit::Share => format!("{change:+.0} points"),
            Unit::Minutes => format!("{:+} min", change.round() as i64),
            Unit::Weight | Unit::Mean => format!("{change:+.1}"),
            Unit::Count | Unit::People => format!("{change:+.0}"),
        }
    }
}

impl Report {
    /// `{report, by, from, to, figures: [{key, label, value, of, before, before_of, by_worker, by_area, clients}]}`.
    pub fn to_json(&self) -> Json {
        let total = |total: &Total| json!({"value": total.got, "of": total.of});
        let split = |all: &[(String, Total)]| -> Json {
            all.iter().map(|(name, sum)| (name.clone(), total(sum))).collect::<serde_json::Map<_, _>>().into()
        };
        let figures = self.figures.iter().map(|figure| {
            json!({
                "key": figure.measure.key, "label": figure.measure.label, "about": figure.measure.about,
                "value": figure.now.got, "of": figure.now.of, "before": figure.before.got, "before_of": figure.before.of,
                "by_worker": split(&figure.by_worker), "by_area": split(&figure.by_area),
                "clients": figure.clients.iter().map(|one| json!({
                    "client_id": one.client.to_string(), "value": one.got, "of": one.of,
                })).collect::<Vec<Json>>(),
            })
        });
        json!({
            "report": self.kind.name, "by": self.by.code(), "from": self.period.from.to_string(), "to": self.period.to.to_string(),
            "figures": figures.collect::<Vec<Json>>(),
        })
    }

    /// Rows for a spreadsheet: figure, group, value, of, before.
    pub fn rows(&self) -> Vec<[String; 6]> {
        let mut rows = vec![["figure", "by", "group", "value", "of", "before"].map(String::from)];
        for figure in &self.figures {
            let label = figure.measure.label.to_string();
            let row = |by: &str, group: &str, total: &Total, before: String| {
                [label.clone(), by.into(), group.into(), number(total.got), number(total.of), before]
            };
            rows.push(row("", "", &figure.now, number(figure.before.got)));
            let workers = figure.by_worker.iter().map(|(name, total)| row("worker", name, total, String::new()));
            rows.extend(workers);
            rows.extend(figure.by_area.iter().map(|(name, total)| row("area", name, total, String::new())));
        }
        rows
    }

    /// Lines for a terminal: each figure with a bar, and the period before.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.kind.title, self.period.in_words()), String::new()];
        for figure in &self.figures {
            let unit = figure.measure.unit;
            lines.push(format!(
                "{:<34} {:<18} before {:<16} {}",
                figure.measure.label,
                figure.now.in_words(unit),
                figure.before.in_words(unit),
                figure.change()
            ));
        }
        for (title, split) in [(self.by.title(), true), ("By practice area", false)] {
            let of = |figure: &Figure| if split { figure.by_worker.clone() } else { figure.by_area.clone() };
            if self.figures.iter().all(|figure| of(figure).len() < 2) {
                continue;
            }
            lines.extend([String::new(), title.to_uppercase()]);
            for figure in &self.figures {
                let groups = of(figure);
                let most = groups.iter().filter_map(|(_, total)| total.value(figure.measure.unit)).fold(0.0, f64::max);
                if groups.is_empty() {
                    continue;
                }
                lines.push(format!("  {}", figure.measure.label));
                for (name, total) in groups {
                    let name = if name.is_empty() { "(nobody named)".to_string() } else { name };
                    let part = total.value(figure.measure.unit).unwrap_or(0.0) / if most > 0.0 { most } else { 1.0 };
                    let bar = "#".repeat((part.clamp(0.0, 1.0) * 20.0).round() as usize);
                    lines.push(format!("    {name:<26} {bar:<20} {}", total.in_words(figure.measure.unit)));
                }
            }
        }
        lines
    }
}

/// A number as a spreadsheet takes it.
fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
