//! From TOML files to a [`Practice`]: what ships with the program, and an agency's own files laid over it.
//!
//! A file is taken whole or not at all: one that cannot be understood is told with its line, and everything else stands.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use crate::model::Information;

use super::billing::{Service, pools_fault};
use super::instruments::Instruments;
use super::telling::both_tell;
use super::{Agency, Area, CredentialKind, CrisisKind, EducationCategory, NoteTemplate, Practice, weaker};

/// One of an agency's files, as text.
#[derive(Clone, Debug)]
pub struct AgencyFile {
    /// As it is told in errors: a path.
    pub shown: String,
    /// Inside the folder, with `/` between: `areas/outreach.toml`.
    pub name: String,
    pub text: String,
}

/// What is wrong with a file, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Trouble {
    pub file: String,
    /// From 1 on; 0 where it is about the file as a whole, and `why` goes on after its name.
    pub line: usize,
    pub why: String,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{} {}", self.file, self.why),
            line => write!(f, "{}, line {line}: {}", self.file, self.why),
        }
    }
}

impl Trouble {
    /// Trouble with a file as a whole: `why` is said after its name ("is a folder").
    pub fn whole(file: &str, why: impl Into<String>) -> Trouble {
        Trouble { file: file.into(), line: 0, why: why.into() }
    }

    /// The trouble as a sentence, with what follows from it.
    pub fn told(&self) -> String {
        format!("{}. This file was left out.", self.to_string().trim_end_matches('.'))
    }

    /// Trouble at a place in a file's text.
    pub fn at(file: &str, text: &str, offset: usize, why: impl Into<String>) -> Trouble {
        let line = text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1;
        Trouble { file: file.into(), line, why: why.into() }
    }

    fn of(file: &AgencyFile, error: &toml::de::Error) -> Trouble {
        let offset = error.span().map_or(0, |span| span.start);
        Trouble::at(&file.shown, &file.text, offset, error.message())
    }
}

/// What has a code by which another file can name it.
trait Coded {
    fn code(&self) -> &str;

    /// What is wrong with it beyond its form.
    fn fault(&self) -> Option<String> {
        (self.code().is_empty()
            || !self.code().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
        .then(|| format!("the code \"{}\" must be of small letters, digits and hyphens", self.code()))
    }

    /// What it takes from another that stands beside it.
    fn clashes(&self, _: &Self) -> Option<String> {
        None
    }

    /// What it tells of a client, where it is about clients.
    fn tells(&mut self) -> Option<&mut Option<Vec<Information>>>;

    /// In what it keeps people less safe than what it takes the place of, where nobody says why.
    fn weaker_than(&self, _: &Self) -> Option<String> {
        None
    }
}

impl Coded for Area {
    fn code(&self) -> &str {
        &self.code
    }

    fn tells(&mut self) -> Option<&mut Option<Vec<Information>>> {
        Some(&mut self.tells)
    }

    fn fault(&self) -> Option<String> {
        let known = |words: &String| self.goals.iter().any(|goal| goal.words == *words);
        let lost = self.plans.iter().flat_map(|plan| &plan.goals).find(|words| !known(words));
        lost.map(|words| format!("a plan names the goal \"{words}\", which this area does not have"))
            .or_else(|| (self.weight <= 0.0).then(|| "the weight must be above 0".into()))
    }
}

impl Coded for NoteTemplate {
    fn code(&self) -> &str {
        &self.code
    }

    fn tells(&mut self) -> Option<&mut Option<Vec<Information>>> {
        Some(&mut self.tells)
    }
}

/// What is the worker's own, and about no client.
macro_rules! workers_own {
    ($($kind:ty),*) => { $(
        impl Coded for $kind {
            fn code(&self) -> &str {
                &self.code
            }

            fn tells(&mut self) -> Option<&mut Option<Vec<Information>>> {
                None
            }
        }
    )* };
}
workers_own!(CredentialKind, EducationCategory);

impl Coded for Service {
    fn code(&self) -> &str {
        &self.code
    }

    fn tells(&mut self) -> Option<&mut Option<Vec<Information>>> {
        Some(&mut self.tells)
    }

    fn fault(&self) -> Option<String> {
        (self.code.trim().is_empty()).then(|| "a service needs a code".into())
    }
}

impl Coded for CrisisKind {
    fn code(&self) -> &str {
        &self.code
    }

    fn tells(&mut self) -> Option<&mut Option<Vec<Information>>> {
        Some(&mut self.tells)
    }

    fn fault(&self) -> Option<String> {
        let mut ids: Vec<&str> = self.steps.iter().map(|step| step.id.as_str()).collect();
        ids.sort_unstable();
        let twice = ids.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        twice.map(|id| format!("two steps have the id \"{id}\"")).or_else(|| {
            self.steps.iter().any(|step| step.id.contains('|')).then(|| "the id of a step must not hold |".into())
        })
    }

    fn clashes(&self, other: &CrisisKind) -> Option<String> {
        (self.key == other.key).then(|| format!("the key {} chooses \"{}\" already", self.key, other.name))
    }

    fn weaker_than(&self, before: &CrisisKind) -> Option<String> {
        weaker::unless(&self.accept, weaker::crisis(before, self))
    }
}

/// A list in a file, under the name of its entries.
fn list<T: DeserializeOwned>(file: &AgencyFile, key: &str) -> Result<Vec<Spanned<T>>, Trouble> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Lists<T>(std::collections::BTreeMap<String, Vec<Spanned<T>>>);
    let Lists(mut lists): Lists<T> = toml::from_str(&file.text).map_err(|error| Trouble::of(file, &error))?;
    let wanted = lists.remove(key).unwrap_or_default();
    match lists.keys().next() {
        Some(other) => {
            let offset = file.text.find(other.as_str()).unwrap_or(0);
            Err(Trouble::at(
                &file.shown,
                &file.text,
                offset,
                format!("there is no list \"{other}\" here; it is [[{key}]]"),
            ))
        }
        None => Ok(wanted),
    }
}

/// Lays entries over those that are known: one with a known code takes its place.
fn lay<T: Coded>(file: &AgencyFile, known: &mut Vec<T>, entries: Vec<Spanned<T>>) -> Result<(), Trouble> {
    for (at, entry) in entries.iter().enumerate() {
        let (start, new) = (entry.span().start, entry.get_ref());
        let twice = entries[..at].iter().any(|earlier| earlier.get_ref().code() == new.code());
        let before = known.iter().find(|known| known.code() == new.code());
        let others = || {
            let laid = entries[..at].iter().map(Spanned::get_ref);
            let kept = known.iter().filter(|known| entries.iter().all(|own| own.get_ref().code() != known.code()));
            laid.chain(kept)
        };
        let fault = new
            .fault()
            .or_else(|| twice.then(|| format!("the code \"{}\" stands here twice", new.code())))
            .or_else(|| others().find_map(|other| new.clashes(other)))
            .or_else(|| before.and_then(|before| new.weaker_than(before)));
        if let Some(fault) = fault {
            return Err(Trouble::at(&file.shown, &file.text, start, fault));
        }
    }
    for entry in entries {
        let mut entry = entry.into_inner();
        match known.iter_mut().find(|known| known.code() == entry.code()) {
            Some(place) => {
                let before = place.tells().and_then(|tells| tells.clone());
                if let Some(tells) = entry.tells() {
                    both_tell(tells, before.as_deref());
                }
                *place = entry;
            }
            None => known.push(entry),
        }
    }
    Ok(())
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        [$( AgencyFile {
            shown: $name.into(), name: $name.into(), text: include_str!(concat!("../../assets/", $name)).into(),
        } ),*]
    };
}

impl Practice {
    /// What ships with the program.
    pub(super) fn shipped() -> Practice {
        let own = shipped![
            "areas/healthcare.toml",
            "areas/mental-health.toml",
            "areas/social-work.toml",
            "areas/vocational.toml",
            "notes.toml",
            "services.toml",
            "crises.toml",
            "credentials.toml",
        ];
        let agency = toml::from_str(include_str!("../../assets/agency.toml")).expect("the shipped numbers are sound");
        let nothing = Practice {
            areas: Vec::new(),
            templates: Vec::new(),
            services: Vec::new(),
            crises: Vec::new(),
            credentials: Vec::new(),
            categories: Vec::new(),
            instruments: Instruments::standard(),
            agency,
        };
        let (practice, troubles) = nothing.overlay(&own);
        debug_assert_eq!(troubles, [], "the shipped files are sound");
        debug_assert_eq!(practice.untold(), [""; 0], "the shipped files say what they tell");
        practice
    }

    fn lay_services(&mut self, file: &AgencyFile) -> Result<(), Trouble> {
        let mut services = self.services.clone();
        lay(file, &mut services, list(file, "service")?)?;
        if let Some((code, why)) = pools_fault(&services) {
            let offset = file.text.find(&format!("\"{code}\"")).unwrap_or(0);
            return Err(Trouble::at(&file.shown, &file.text, offset, why));
        }
        self.services = services;
        Ok(())
    }

    /// This data with an agency's own files laid over it, and what was wrong with those that were left out.
    pub fn overlay(mut self, files: &[AgencyFile]) -> (Practice, Vec<Trouble>) {
        let mut troubles = Vec::new();
        for file in files {
            let taken = match file.name.as_str() {
                "notes.toml" => list(file, "template").and_then(|found| lay(file, &mut self.templates, found)),
                "services.toml" => self.lay_services(file),
                "crises.toml" => list(file, "crisis").and_then(|found| lay(file, &mut self.crises, found)),
                "credentials.toml" => self.lay_credentials(file),
                "agency.toml" => self.lay_agency(file),
                name if name.starts_with("areas/") => toml::from_str::<Spanned<Area>>(&file.text)
                    .map_err(|error| Trouble::of(file, &error))
                    .and_then(|area| lay(file, &mut self.areas, vec![area])),
                // The rest is read by others: rules, keys, themes.
                _ => Ok(()),
            };
            troubles.extend(taken.err());
        }
        let own = files.iter().filter(|file| file.name.starts_with("instruments/"));
        let (instruments, wrong) =
            self.instruments.overlay_folder(own.map(|file| (file.shown.as_str(), file.text.as_str())));
        self.instruments = instruments;
        troubles.extend(wrong);
        self.areas.sort_by_key(|area| area.order);
        (self, troubles)
    }

    /// The same, shared, and its lists made those that fields choose from.
    pub fn with_agency(files: &[AgencyFile]) -> (Arc<Practice>, Vec<Trouble>) {
        let (practice, troubles) = Practice::shipped().overlay(files);
        practice.install();
        (Arc::new(practice), troubles)
    }

    fn lay_credentials(&mut self, file: &AgencyFile) -> Result<(), Trouble> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Lists {
            #[serde(default)]
            credential: Vec<Spanned<CredentialKind>>,
            #[serde(default)]
            category: Vec<Spanned<EducationCategory>>,
        }
        let lists: Lists = toml::from_str(&file.text).map_err(|error| Trouble::of(file, &error))?;
        lay(file, &mut self.categories, lists.category)?;
        lay(file, &mut self.credentials, lists.credential)
    }

    /// An agency's own numbers: any line may be missing.
    fn lay_agency(&mut self, file: &AgencyFile) -> Result<(), Trouble> {
        let shipped: toml::Table =
            toml::from_str(include_str!("../../assets/agency.toml")).expect("the shipped numbers are sound");
        let own: toml::Table = toml::from_str(&file.text).map_err(|error| Trouble::of(file, &error))?;
        let mut whole = shipped;
        for (key, value) in own {
            if !whole.contains_key(&key) {
                let offset = file.text.find(key.as_str()).unwrap_or(0);
                let known: Vec<&str> = whole.keys().map(String::as_str).collect();
                let why = format!("there is no \"{key}\" here; it may be {}", known.join(", "));
                return Err(Trouble::at(&file.shown, &file.text, offset, why));
            }
            let mut alone = whole.clone();
            alone.insert(key.clone(), value);
            if let Err(error) = alone.clone().try_into::<Agency>() {
                let offset = file.text.find(key.as_str()).unwrap_or(0);
                return Err(Trouble::at(&file.shown, &file.text, offset, error.message()));
            }
            whole = alone;
        }
        let new: Agency = whole.try_into().map_err(|error: toml::de::Error| Trouble::of(file, &error))?;
        if let Some(why) = weaker::retentions(&self.agency.retentions, &new.retentions) {
            let offset = file.text.find("[[retention]]").unwrap_or(0);
            return Err(Trouble::at(&file.shown, &file.text, offset, why));
        }
        self.agency = new;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> AgencyFile {
        AgencyFile { shown: format!("own/{name}"), name: name.into(), text: text.into() }
    }

    #[test]
    fn an_agencys_files_lie_over_the_shipped_ones() {
        let area = "code = \"outreach\"\nname = \"Street outreach\"\nplan = \"service-plan\"\nweight = 1.5\n[contact]\nintensive = 2\n";
        let notes = "[[template]]\ncode = \"plain\"\nname = \"Short\"\n";
        let agency = "late-entry-hours = 24\n";
        let files = [file("areas/outreach.toml", area), file("notes.toml", notes), file("agency.toml", agency)];
        let (practice, troubles) = Practice::shipped().overlay(&files);
        assert_eq!(troubles, []);
        assert_eq!(practice.areas.len(), Practice::shipped().areas.len() + 1);
        assert_eq!(practice.contact_days(crate::model::Intensity::Intensive, &["outreach".into()]), Some(2));
        assert_eq!(practice.template("plain").map(|template| template.name.as_str()), Some("Short"));
        assert_eq!(practice.agency.late_entry_hours, 24);
        assert_eq!(practice.agency.retentions, Practice::shipped().agency.retentions);
    }

    #[test]
    fn a_wrong_file_is_told_with_its_line_and_the_rest_stands() {
        let good = "[[template]]\ncode = \"own\"\nname = \"Own\"\n";
        for (name, text, line, why) in [
            ("areas/x.toml", "code = \"x\"\nname = \"X\"\nplan = \"dance\"\n", 3, "unknown variant"),
            ("areas/x.toml", "code = \"x\"\nname = \"X\"\nplan = \"ipe\"\ncolour = 1\n", 4, "unknown field"),
            (
                "areas/x.toml",
                "code = \"x\"\nname = \"X\"\nplan = \"ipe\"\n[[plan-template]]\nname = \"P\"\nkind = \"ipe\"\nreview-days = 30\ngoals = [\"fly\"]\n",
                1,
                "\"fly\"",
            ),
            ("crises.toml", "\n[[crisis]]\ncode = \"x\"\n", 2, "missing field"),
            ("crises.toml", "[[crises]]\ncode = \"x\"\nname = \"X\"\nkey = \"x\"\nsteps = []\n", 1, "[[crisis]]"),
            (
                "credentials.toml",
                "[[credential]]\ncode = \"A B\"\nname = \"X\"\nyears = 1\nhours = 1\n",
                1,
                "small letters",
            ),
            ("agency.toml", "capacity = 3.0\nlate-entry-hour = 3\n", 2, "no \"late-entry-hour\""),
            ("agency.toml", "\ncapacity = \"many\"\n", 2, "invalid type"),
            ("agency.toml", "[[minor-consent]]\nservice = \"X\"\nage = 12\ncovers = []\n", 1, "missing field `source`"),
        ] {
            let (practice, troubles) = Practice::shipped().overlay(&[file(name, text), file("notes.toml", good)]);
            assert_eq!(troubles.len(), 1, "{text}");
            assert_eq!(
                (troubles[0].file.as_str(), troubles[0].line),
                (format!("own/{name}").as_str(), line),
                "{troubles:?}"
            );
            assert!(troubles[0].why.contains(why), "{troubles:?}");
            assert!(practice.template("own").is_some(), "the rest stands");
            assert!(practice.areas.iter().all(|area| area.code != "x"));
        }
    }
}
