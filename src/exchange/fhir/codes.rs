//! Codes of FHIR beside our own, read from `assets/exchange/fhir.toml`, and the systems that both are of. Used both ways,
//! so that what goes out comes in again.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// The row a resource was made from: its id here. Nobody else writes it.
pub(super) const ROW: &str = "urn:caseload:row";
/// Our own code beside one of FHIR's that says less, on the status of a resource.
pub(super) const CODE: &str = "urn:caseload:code";
/// What our own lists of codes begin with.
pub(super) const OWN: &str = "urn:caseload:";
/// What identifiers begin with whose system has a name here and none elsewhere.
pub(super) const OUTSIDE: &str = "urn:caseload:id:";
pub(super) const LOINC: &str = "http://loinc.org";
/// For what nobody knows.
pub(super) const NULL_FLAVOR: &str = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor";
pub(super) const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
pub(super) const PRONOUNS: &str = "http://hl7.org/fhir/StructureDefinition/individual-pronouns";
pub(super) const GENDER: &str = "http://hl7.org/fhir/StructureDefinition/patient-genderIdentity";
pub(super) const INTERPRETER: &str = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired";
pub(super) const ORDINAL: &str = "http://hl7.org/fhir/StructureDefinition/ordinalValue";

/// The file, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Codes {
    system: Vec<System>,
    secret: Secret,
    list: BTreeMap<String, Pairs>,
    domain: Vec<Words>,
    plan: Vec<Words>,
    stay: Vec<StayWords>,
    answer: BTreeMap<String, i64>,
    level: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct System {
    short: String,
    url: String,
}

#[derive(Deserialize)]
struct Secret {
    types: Vec<String>,
    systems: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pairs {
    out: BTreeMap<String, String>,
    r#in: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Words {
    code: String,
    words: Vec<String>,
}

/// Classes of encounters (v3 ActCode) that are no stays.
const ELSEWHERE: [&str; 5] = ["AMB", "VR", "HH", "FLD", "PRENC"];

/// What words make of a stay of which the class says only this much.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StayWords {
    of: String,
    code: String,
    words: Vec<String>,
}

pub(super) fn codes() -> &'static Codes {
    static CODES: OnceLock<Codes> = OnceLock::new();
    CODES.get_or_init(|| {
        toml::from_str(include_str!("../../../assets/exchange/fhir.toml")).expect("the shipped codes are sound")
    })
}

impl Codes {
    /// What one of our codes becomes; `None` where the list does not hold it.
    pub fn out(&self, list: &str, ours: &str) -> Option<&str> {
        self.list.get(list)?.out.get(ours).map(String::as_str)
    }

    /// What one of FHIR's codes becomes here. Where several of ours become it, the first by name.
    pub fn inward(&self, list: &str, theirs: &str) -> Option<&str> {
        let pairs = self.list.get(list)?;
        let known = pairs.r#in.get(theirs).map(String::as_str);
        known.or_else(|| pairs.out.iter().find(|(_, code)| *code == theirs).map(|(ours, _)| ours.as_str()))
    }

    /// Where a need lies, by the words of a diagnosis.
    pub fn domain(&self, what: &str) -> &str {
        fitting(&self.domain, what).unwrap_or("health")
    }

    /// The kind of a plan, by the words of its category.
    pub fn plan_kind(&self, what: &str) -> &str {
        fitting(&self.plan, what).unwrap_or("service-plan")
    }

    /// What the class of an encounter makes of it: a stay of some kind, or `None`. Where the class is not there, or nobody
    /// knows it, the encounter's words say whether it is one.
    pub fn stay_class(&self, class: &str, words: &str) -> Option<&str> {
        if ELSEWHERE.contains(&class) {
            return None;
        }
        self.inward("stay", class).filter(|_| !class.is_empty()).or_else(|| self.stay_in_words("", words))
    }

    /// The kind of a stay of which the class says only so much, by its words.
    pub fn stay_kind<'a>(&'a self, class: &'a str, words: &str) -> &'a str {
        self.stay_in_words(class, words).unwrap_or(class)
    }

    fn stay_in_words(&self, of: &str, words: &str) -> Option<&str> {
        let words = words.to_lowercase();
        let mut of_class = self.stay.iter().filter(|one| one.of == of);
        let fits = |one: &&StayWords| one.words.iter().any(|word| words.contains(word.as_str()));
        of_class.find(fits).map(|one| one.code.as_str())
    }

    /// What a coded answer counts.
    pub fn answer(&self, code: &str) -> Option<i64> {
        self.answer.get(code).copied()
    }

    /// The word for a coded level; empty where it is not known.
    pub fn level(&self, code: &str) -> &str {
        self.level.get(code).map_or("", String::as_str)
    }

    /// An identifier as it is kept here: `mrn:00412`. `None` for those that are never kept.
    pub fn kept(&self, system: &str, types: &[&str], value: &str) -> Option<String> {
        let secret = types.iter().any(|kind| self.secret.types.iter().any(|known| known == kind))
            || self.secret.systems.iter().any(|known| system.starts_with(known.as_str()));
        if secret || value.is_empty() || system == ROW {
            return None;
        }
        if let Some(known) = self.system.iter().find(|known| known.url == system) {
            return Some(format!("{}:{value}", known.short));
        }
        Some(match system.strip_prefix(OUTSIDE) {
            Some(short) => format!("{short}:{value}"),
            None if system.is_empty() => format!("fhir:{value}"),
            None => format!("{system}|{value}"),
        })
    }

    /// The system and value of an identifier that is kept here.
    pub fn identifier<'a>(&self, kept: &'a str) -> (String, &'a str) {
        if let Some((system, value)) = kept.rsplit_once('|') {
            return (system.into(), value);
        }
        let (short, value) = kept.split_once(':').unwrap_or(("other", kept));
        let known = self.system.iter().find(|known| known.short == short);
        (known.map_or_else(|| format!("{OUTSIDE}{}", slug(short)), |known| known.url.clone()), value)
    }
}

fn fitting<'a>(of: &'a [Words], text: &str) -> Option<&'a str> {
    let text = text.to_lowercase();
    of.iter().find(|one| one.words.iter().any(|word| text.contains(word.as_str()))).map(|one| one.code.as_str())
}

/// A short name fit for a URN.
fn slug(short: &str) -> String {
    short.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
