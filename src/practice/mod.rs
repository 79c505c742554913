//! What an agency may change without a compiler, and the pure rules that rest on it: practice areas with their goals and
//! plans, note templates, billing, crises, credentials, retention.
//!
//! The promise: everything here comes from TOML files in `assets/`, with an agency's own folder laid over them; a wrong
//! file is told with its name, line and what is wrong, and the rest still stands. Pure: no I/O, no clock; files are handed
//! in as text. Knows [`crate::model`] only.

pub mod billable;
pub mod billing;
pub mod closing;
pub mod counting;
pub mod credentials;
pub mod directory;
pub mod episodes;
mod files;
pub mod incident;
pub mod instruments;
pub mod plans;
pub mod retention;
pub mod stays;
mod telling;
pub mod visits;
pub mod weaker;

use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::model::{Beginning, Domain, Information, Intensity, List, PlanKind};

pub use files::{AgencyFile, Trouble};

/// A practice area: how often to be in touch, what is agreed there as a rule, what is asked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Area {
    pub code: String,
    pub name: String,
    /// What it tells of a client that they are of this area; nobody said so: everything.
    #[serde(default)]
    pub tells: Option<Vec<Information>>,
    /// Where it stands among the others; the smaller the sooner.
    #[serde(default)]
    pub order: u16,
    /// The kind of plan that a new one is.
    pub plan: PlanKind,
    /// By how much a client of this area weighs more than another of the same intensity.
    #[serde(default = "one")]
    pub weight: f64,
    /// Days between contacts where this area asks for others than the agency's.
    #[serde(default)]
    pub contact: ByIntensity<Option<u16>>,
    /// The code of the note template that a new note starts with.
    #[serde(default)]
    pub note_template: String,
    /// Goals that others have set themselves, to start from.
    #[serde(default, rename = "goal")]
    pub goals: Vec<GoalIdea>,
    /// Plans to start from.
    #[serde(default, rename = "plan-template")]
    pub plans: Vec<PlanTemplate>,
}

fn one() -> f64 {
    1.0
}

/// A goal from the library: to be said again in the client's own words.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GoalIdea {
    /// As a client might say it.
    pub words: String,
    /// In the words of a plan; how one will see that it is reached.
    #[serde(default)]
    pub statement: String,
    pub domain: Domain,
    /// Days until the target.
    #[serde(default)]
    pub days: Option<u16>,
    #[serde(default)]
    pub steps: Vec<StepIdea>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StepIdea {
    pub what: String,
    /// "me", "client", or a role.
    #[serde(default)]
    pub who: String,
    /// Days from the start of the plan.
    #[serde(default)]
    pub days: Option<u16>,
}

/// A whole plan to start from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PlanTemplate {
    pub name: String,
    pub kind: PlanKind,
    /// Days until the review.
    pub review_days: u16,
    /// Goals of the library, by their words.
    #[serde(default)]
    pub goals: Vec<String>,
    /// What is to be in place, for a discharge.
    #[serde(default)]
    pub arrangements: Vec<ArrangementIdea>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ArrangementIdea {
    pub kind: crate::model::ArrangementKind,
    pub what: String,
    #[serde(default)]
    pub owner: String,
    /// Hours after the discharge by which it is to be in place; negative = before.
    pub hours: i64,
}

/// Something for each [`Intensity`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByIntensity<T: Default> {
    #[serde(default)]
    pub intensive: T,
    #[serde(default)]
    pub active: T,
    #[serde(default)]
    pub standard: T,
    #[serde(default)]
    pub light: T,
}

impl<T: Copy + Default> ByIntensity<T> {
    pub fn of(&self, intensity: Intensity) -> T {
        match intensity {
            Intensity::Intensive => self.intensive,
            Intensity::Active => self.active,
            Intensity::Standard => self.standard,
            Intensity::Light => self.light,
        }
    }
}

/// A form of notes: headings under which one writes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NoteTemplate {
    pub code: String,
    pub name: String,
    /// What it tells of a client that a note is written by it, beside that there is one; nobody said so: everything.
    #[serde(default)]
    pub tells: Option<Vec<Information>>,
    /// In order; none for a plain note.
    #[serde(default)]
    pub sections: Vec<Section>,
    #[serde(default)]
    pub source: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Section {
    pub name: String,
    /// What belongs there, in a few words.
    #[serde(default)]
    pub hint: String,
}

impl NoteTemplate {
    /// What a new note starts with: the headings, each with a line to write on.
    pub fn skeleton(&self) -> String {
        let parts: Vec<String> = self.sections.iter().map(|section| format!("{}:\n", section.name)).collect();
        parts.join("\n")
    }
}

/// A kind of crisis: what to do, in order, and which clock it starts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CrisisKind {
    pub code: String,
    pub name: String,
    /// What it tells of a client that they are in such a crisis; nobody said so: everything.
    #[serde(default)]
    pub tells: Option<Vec<Information>>,
    /// One key that chooses it.
    pub key: char,
    /// Words in which people speak of such a crisis.
    #[serde(default)]
    pub words: Vec<String>,
    /// Whom to call, and at what number.
    #[serde(default)]
    pub call: Vec<String>,
    pub steps: Vec<CrisisStep>,
    /// Hours within which the law asks for a report by phone; none: no report.
    #[serde(default)]
    pub report_hours: Option<u16>,
    /// Hours within which the same report is owed in writing; 36 unless said, where a report is asked for at all.
    #[serde(default)]
    pub written_hours: Option<u16>,
    /// Who must be told, and by which law.
    #[serde(default)]
    pub report: String,
    /// Business days until the debriefing.
    #[serde(default = "three")]
    pub debrief_days: u16,
    #[serde(default)]
    pub source: String,
    /// Why the agency asks for less here than what ships with the program.
    #[serde(default)]
    pub accept: String,
}

fn three() -> u16 {
    3
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CrisisStep {
    /// Stands in the record; never change it.
    pub id: String,
    pub what: String,
    /// Minutes from the beginning within which it is to be done; none: when it can be.
    #[serde(default)]
    pub minutes: Option<u16>,
}

/// A credential, and what keeping it asks for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CredentialKind {
    pub code: String,
    pub name: String,
    /// Years between renewals.
    pub years: u8,
    /// Hours of continuing education in that time.
    pub hours: u16,
    /// Of those, hours in a category: `ethics = 8`.
    #[serde(default)]
    pub of_which: std::collections::BTreeMap<String, u16>,
    /// Supervised practice asked for before it is given, in hours.
    #[serde(default)]
    pub supervised_hours: Option<u32>,
    /// Of those, hours of supervision itself.
    #[serde(default)]
    pub supervision_hours: Option<u32>,
    /// Which notes whoever holds it may keep apart from the chart.
    #[serde(default)]
    pub keeps_apart: Vec<crate::model::Apart>,
    /// Days before the end on which renewal is first told.
    #[serde(default = "ninety")]
    pub tell_days: u16,
    #[serde(default)]
    pub source: String,
}

fn ninety() -> u16 {
    90
}

/// A category of continuing education.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EducationCategory {
    pub code: String,
    pub name: String,
}

/// The agency's own numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Agency {
    /// Stands at the head of what is printed.
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub address: String,
    /// A note signed more than so many hours after the service is a late entry, and says so.
    pub late_entry_hours: u32,
    /// What a client of each intensity weighs.
    pub weight: ByIntensity<f64>,
    /// The caseload weight that one person can carry, where their own is not set.
    pub capacity: f64,
    /// Days without an answer after which a referral is asked about.
    pub referral_silent_days: u16,
    /// Days for which a reason that is about nobody's life may be put off at most.
    pub put_off_days: u16,
    /// How long files are kept after closing.
    #[serde(rename = "retention")]
    pub retentions: Vec<Retention>,
    /// The notice that goes with substance use records (42 CFR 2.32).
    pub part2_notice: String,
    /// Services that a minor has on their own word.
    #[serde(rename = "minor-consent")]
    pub minor_consents: Vec<MinorConsent>,
}

/// A service that a minor has on their own word by a state's law: the consent to tell of it is theirs alone (42 CFR 2.14, 45
/// CFR 164.502(g)(3)).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MinorConsent {
    pub service: String,
    /// From this age on.
    pub age: u8,
    /// What tells of it.
    pub covers: Vec<Information>,
    pub source: String,
}

/// How long the files of an area are kept.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retention {
    /// The area's code; empty: every other.
    #[serde(default)]
    pub area: String,
    /// Years after closing.
    pub years: u8,
    /// For someone who was a minor then: until so many years old at the least.
    #[serde(default)]
    pub until_age: Option<u8>,
    pub source: String,
    /// Why the agency keeps files for a shorter time than what ships with the program.
    #[serde(default)]
    pub accept: String,
}

/// All of an agency's data.
#[derive(Clone, Debug, PartialEq)]
pub struct Practice {
    pub areas: Vec<Area>,
    pub templates: Vec<NoteTemplate>,
    pub services: Vec<billing::Service>,
    pub crises: Vec<CrisisKind>,
    pub credentials: Vec<CredentialKind>,
    pub categories: Vec<EducationCategory>,
    pub instruments: instruments::Instruments,
    pub agency: Agency,
}

impl Practice {
    /// What ships with the program. The first call also makes its lists those that fields choose from, where no agency's
    /// were installed before it.
    pub fn standard() -> Arc<Practice> {
        static STANDARD: LazyLock<Arc<Practice>> = LazyLock::new(|| {
            let practice = Practice::shipped();
            if List::Area.choices().is_empty() {
                practice.install();
            }
            Arc::new(practice)
        });
        Arc::clone(&STANDARD)
    }

    pub fn area(&self, code: &str) -> Option<&Area> {
        self.areas.iter().find(|area| area.code == code)
    }

    pub fn template(&self, code: &str) -> Option<&NoteTemplate> {
        self.templates.iter().find(|template| template.code == code)
    }

    pub fn crisis(&self, code: &str) -> Option<&CrisisKind> {
        self.crises.iter().find(|kind| kind.code == code)
    }

    pub fn credential(&self, code: &str) -> Option<&CredentialKind> {
        self.credentials.iter().find(|kind| kind.code == code)
    }

    /// How a worker of an area begins things.
    pub fn beginning<'a>(&'a self, worker: &'a str, area: &'a str) -> Beginning<'a> {
        Beginning { worker, area, plan: self.area(area).map_or(PlanKind::Service, |area| area.plan) }
    }

    /// Makes these lists those that fields choose from, for the rest of the run.
    pub fn install(&self) {
        let pair = |code: &String, name: &String| (code.clone(), name.clone());
        List::Area.fill(self.areas.iter().map(|area| pair(&area.code, &area.name)));
        List::NoteTemplate.fill(self.templates.iter().map(|template| pair(&template.code, &template.name)));
        List::Instrument.fill(self.instruments.iter().map(|one| pair(&one.code, &one.name)));
        List::Service.fill(self.services.iter().map(|service| pair(&service.code, &service.name)));
        List::CrisisKind.fill(self.crises.iter().map(|kind| pair(&kind.code, &kind.name)));
        List::Credential.fill(self.credentials.iter().map(|kind| pair(&kind.code, &kind.name)));
        List::EducationCategory.fill(self.categories.iter().map(|category| pair(&category.code, &category.name)));
    }

    /// How much of the capacity a client takes: by intensity, and by the heaviest of their areas.
    pub fn weight(&self, intensity: Option<Intensity>, areas: &[String]) -> f64 {
        let area = areas.iter().filter_map(|code| self.area(code)).map(|area| area.weight).fold(0.0, f64::max);
        self.agency.weight.of(intensity.unwrap_or(Intensity::Standard)) * if area > 0.0 { area } else { 1.0 }
    }

    /// Days between contacts where a client's areas ask for others than the agency's: the shortest of them.
    pub fn contact_days(&self, intensity: Intensity, areas: &[String]) -> Option<i64> {
        areas.iter().filter_map(|code| self.area(code)?.contact.of(intensity)).map(i64::from).min()
    }
}
