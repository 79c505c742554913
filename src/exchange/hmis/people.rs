//! One person as all files of an export have them, and the rows that become of it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::model::records::{client, enrollment, need, note, relationship};
use crate::model::{ClientStatus, ContactKind, Domain, FieldId, NeedStatus, RecordType, RowId, Severity, Value};
use crate::store::Draft;

use super::super::table::Line;
use super::codes::codes;
use super::ids;

/// One person, gathered from all files.
pub(super) struct Person<'a> {
    pub(super) line: Line<'a>,
    pub(super) row: RowId,
    pub(super) birth_date: Option<NaiveDate>,
    pub(super) stays: Vec<usize>,
    /// Where they stayed, as told on a day.
    pub(super) living: Option<(NaiveDate, String)>,
    pub(super) needs: BTreeMap<&'static str, Need>,
    pub(super) violence: bool,
    pub(super) fleeing: Option<(NaiveDate, bool)>,
}

/// A need as the latest of its rows has it.
pub(super) struct Need {
    pub(super) domain: Domain,
    pub(super) what: String,
    pub(super) severity: Option<Severity>,
    pub(super) first: NaiveDate,
    pub(super) last: NaiveDate,
    pub(super) open: bool,
}

pub(super) struct Stay<'a> {
    pub(super) line: Line<'a>,
    pub(super) row: RowId,
    pub(super) person: &'a str,
    pub(super) entry: NaiveDate,
    pub(super) exit: Option<NaiveDate>,
    pub(super) destination: String,
    /// Into the housing of the programme.
    pub(super) moved_in: Option<NaiveDate>,
    pub(super) assessed: Option<NaiveDate>,
}

/// What projects, organisations and users are called, by their ids.
pub(super) struct Names<'a> {
    pub(super) projects: &'a HashMap<String, String>,
    pub(super) owners: &'a HashMap<String, String>,
    pub(super) organisations: &'a HashMap<String, String>,
    pub(super) users: &'a HashMap<String, String>,
    /// When the head of each household entered: the annual assessment of every member goes by it.
    pub(super) heads: &'a HashMap<&'a str, NaiveDate>,
}

impl Person<'_> {
    /// Takes note of where they stay; the latest word counts.
    pub(super) fn heard(&mut self, when: NaiveDate, code: &str) {
        if let Some(place) = codes().living.get(code)
            && self.living.as_ref().is_none_or(|(known, _)| *known <= when)
        {
            self.living = Some((when, place.clone()));
        }
    }

    /// Takes note of a need, or that there is none any more.
    pub(super) fn note_need(
        &mut self,
        name: &'static str,
        domain: Domain,
        what: &str,
        severity: Option<Severity>,
        when: NaiveDate,
        open: bool,
    ) {
        match self.needs.get_mut(name) {
            Some(need) => {
                if open {
                    need.first = need.first.min(when);
                }
                if when >= need.last {
                    need.last = when;
                    need.open = open;
                    if open {
                        need.what = what.into();
                        need.severity = severity.or(need.severity);
                    }
                }
            }
            None if open => {
                let need = Need { domain, what: what.into(), severity, first: when, last: when, open };
                self.needs.insert(name, need);
            }
            None => {}
        }
    }

    pub(super) fn draft(&self, id: &str, stays: &[&Stay<'_>], names: &Names<'_>) -> Draft {
        let line = self.line;
        let mut draft = new(&client::TYPE, self.row, self.row);
        let family = format!("{} {}", line.get("LastName"), line.get("NameSuffix"));
        put(&mut draft, client::given_name, line.get("FirstName"));
        put(&mut draft, client::family_name, family.trim());
        put(&mut draft, client::birth_date, self.birth_date);
        put(&mut draft, client::gender, gender(line).as_str());
        if line.get("VeteranStatus") == "1" {
            draft.members.push((client::tags, "veteran".into()));
        }
        if ids::own(id).is_some() {
            // Recorded here: an HMIS holds only who they are, not how their case stands.
            return draft;
        }
        put(&mut draft, client::area, "social-work");
        let open: Vec<&&Stay> = stays.iter().filter(|stay| stay.exit.is_none()).collect();
        let status = if stays.is_empty() || !open.is_empty() { ClientStatus::Active } else { ClientStatus::Closed };
        put(&mut draft, client::status, status.code());
        let opened = if open.is_empty() {
            stays.iter().max_by_key(|stay| stay.exit).map(|stay| stay.entry)
        } else {
            open.iter().map(|stay| stay.entry).min()
        };
        put(&mut draft, client::opened, opened);
        // Said even where there is none: someone who came back is no longer closed.
        let last = stays.iter().max_by_key(|stay| stay.exit).filter(|_| status == ClientStatus::Closed);
        draft.values.push((client::closed, last.and_then(|stay| stay.exit).map_or(Value::Empty, Value::Date)));
        let destination = last.and_then(|stay| codes().living.get(&stay.destination));
        draft.values.push((
            client::closing_reason,
            destination.map_or(Value::Empty, |place| Value::text(format!("Left to: {place}"))),
        ));
        put(&mut draft, client::living, self.living.as_ref().map_or("", |(_, place)| place));
        let latest = stays.iter().max_by_key(|stay| (stay.exit.is_none(), stay.entry));
        let user = latest.and_then(|stay| names.users.get(stay.line.get("UserID")));
        put(&mut draft, client::worker, user.map_or("", String::as_str));
        if let Some(stay) = latest {
            let language = match (stay.line.get("PreferredLanguageDifferent"), stay.line.get("PreferredLanguage")) {
                (named, _) if !named.is_empty() => named.to_string(),
                // Not collected, not known, not said.
                (_, "" | "8" | "9" | "99") => String::new(),
                (_, code) => format!("HMIS language {code}"),
            };
            put(&mut draft, client::language, language.as_str());
            if stay.line.get("TranslationNeeded") == "1" {
                draft.values.push((client::interpreter, Value::Yes(true)));
            }
        }
        if self.violence {
            put(
                &mut draft,
                client::safe_contact,
                "Survivor of domestic violence (HMIS). Ask for a safe way to reach them before you call; leave no message.",
            );
        }
        if self.fleeing.is_some_and(|(_, fleeing)| fleeing) {
            put(&mut draft, client::risk, "Fleeing domestic violence (HMIS): tell nobody where they are.");
        }
        draft.members.push((client::outside_ids, format!("hmis:{id}")));
        draft
    }
}

impl Stay<'_> {
    pub(super) fn draft(&self, client: RowId, names: &Names<'_>) -> Draft {
        let line = self.line;
        let project = line.get("ProjectID");
        let mut draft = new(&enrollment::TYPE, self.row, client);
        let name = names.projects.get(project).cloned().unwrap_or_else(|| format!("Programme {project}"));
        put(&mut draft, enrollment::project, name.as_str());
        let organisation = names.owners.get(project).and_then(|owner| names.organisations.get(owner));
        put(&mut draft, enrollment::organisation, organisation.map_or("", String::as_str));
        put(&mut draft, enrollment::entry, Some(self.entry));
        draft.values.push((enrollment::exit, self.exit.map_or(Value::Empty, Value::Date)));
        put(&mut draft, enrollment::destination, codes().living.get(&self.destination).map_or("", String::as_str));
        draft.values.push((enrollment::head, Value::Yes(line.get("RelationshipToHoH") == "1")));
        if ids::own(line.get("HouseholdID")).is_none() {
            put(&mut draft, enrollment::household, line.get("HouseholdID"));
        }
        if ids::own(line.get("EnrollmentID")).is_none() {
            put(&mut draft, enrollment::key, format!("hmis:{}", line.get("EnrollmentID")).as_str());
        }
        let head = names.heads.get(line.get("HouseholdID")).filter(|_| line.get("RelationshipToHoH") != "1");
        put(&mut draft, enrollment::head_entry, head.copied());
        put(&mut draft, enrollment::assessed, self.assessed);
        draft
    }
}

impl Need {
    pub(super) fn draft(&self, client: RowId, person: &str, name: &str) -> Option<Draft> {
        let mut draft = new(&need::TYPE, RowId::derived(&["hmis", "need", person, name]), client);
        put(&mut draft, need::domain, self.domain.code());
        put(&mut draft, need::what, self.what.as_str());
        put(&mut draft, need::severity, self.severity.map_or("", Severity::code));
        put(&mut draft, need::status, if self.open { NeedStatus::Open } else { NeedStatus::Met }.code());
        put(&mut draft, need::identified, Some(self.first));
        put(&mut draft, need::key, format!("hmis:{name}").as_str());
        Some(draft)
    }
}

/// Who lives with whom: a relationship for each other member of a household.
pub(super) fn households<'a>(people: &'a BTreeMap<&str, Person<'a>>, stays: &'a [Stay<'a>]) -> Vec<Draft> {
    let mut by_household: BTreeMap<&str, Vec<&Stay>> = BTreeMap::new();
    for stay in stays.iter().filter(|stay| !stay.line.get("HouseholdID").is_empty()) {
        by_household.entry(stay.line.get("HouseholdID")).or_default().push(stay);
    }
    // The latest household in which two people were together says how.
    let mut pairs: BTreeMap<(&str, &str), (NaiveDate, Draft)> = BTreeMap::new();
    for members in by_household.values() {
        for (one, other) in members.iter().flat_map(|one| members.iter().map(move |other| (one, other))) {
            let (Some(person), Some(them)) = (people.get(one.person), people.get(other.person)) else { continue };
            if one.person == other.person {
                continue;
            }
            let known = pairs.get(&(one.person, other.person));
            if known.is_some_and(|(entry, _)| *entry > other.entry) {
                continue;
            }
            let code = |stay: &Stay<'a>| stay.line.get("RelationshipToHoH");
            let relation = match (code(one), code(other)) {
                ("1", theirs) => codes().relation.get(theirs).map_or("household member", String::as_str),
                (_, "1") => "head of household",
                _ => "household member",
            };
            let together = one.exit.is_none() && other.exit.is_none();
            let row = RowId::derived(&["hmis", "relationship", one.person, other.person]);
            let mut draft = new(&relationship::TYPE, row, person.row);
            let name = format!("{} {}", them.line.get("FirstName"), them.line.get("LastName"));
            let name = if name.trim().is_empty() { format!("hmis:{}", other.person) } else { name };
            put(&mut draft, relationship::name, name.trim());
            put(&mut draft, relationship::relation, relation);
            put(&mut draft, relationship::birth_date, them.birth_date);
            draft.values.push((relationship::household, Value::Yes(together)));
            draft.values.push((relationship::dependent, Value::Yes(together && relation == "child")));
            draft.values.push((relationship::person, Value::Link(them.row)));
            pairs.insert((one.person, other.person), (other.entry, draft));
        }
    }
    pairs.into_values().map(|(_, draft)| draft).collect()
}

pub(super) fn contact(client: RowId, row: &[&str], id: &str, day: NaiveDate, kind: ContactKind, body: String) -> Draft {
    let mut draft = new(&note::TYPE, RowId::derived(row), client);
    draft.values.push((note::when, Value::Time(noon(day))));
    put(&mut draft, note::kind, kind.code());
    put(&mut draft, note::body, body.as_str());
    put(&mut draft, note::key, format!("hmis:{id}").as_str());
    draft
}

/// A day without an hour is put at noon, so that no time zone moves it to another day.
pub(super) fn noon(day: NaiveDate) -> DateTime<FixedOffset> {
    day.and_hms_opt(12, 0, 0).unwrap_or_default().and_utc().fixed_offset()
}

pub(super) fn gender(line: Line<'_>) -> String {
    match line.get("Sex") {
        "0" => return "Female".into(),
        "1" => return "Male".into(),
        _ => {}
    }
    let columns = [
        (&["Woman", "Female"][..], "Woman"),
        (&["Man", "Male"], "Man"),
        (&["NonBinary", "NoSingleGender"], "Non-binary"),
        (&["CulturallySpecific"], "Culturally specific"),
        (&["Transgender"], "Transgender"),
        (&["Questioning"], "Questioning"),
    ];
    let said = columns.iter().filter(|(names, _)| names.iter().any(|name| line.get(name) == "1"));
    let mut words: Vec<&str> = said.map(|(_, word)| *word).collect();
    words.extend(Some(line.get("DifferentIdentityText")).filter(|text| !text.is_empty()));
    words.join(", ")
}

pub(super) fn new(record: &'static RecordType, row: RowId, stream: RowId) -> Draft {
    Draft { record, row, stream, values: Vec::new(), members: Vec::new() }
}

/// Sets what the file says; what it does not say is left as it is here.
pub(super) fn put(draft: &mut Draft, field: FieldId, value: impl Into<Filled>) {
    let Filled(value) = value.into();
    if !value.is_empty() {
        draft.values.push((field, value));
    }
}

pub(super) struct Filled(Value);

impl From<&str> for Filled {
    fn from(text: &str) -> Filled {
        // A field of one line: a break inside a quoted cell becomes a space.
        Filled(text.split_whitespace().collect::<Vec<_>>().join(" ").into())
    }
}

impl From<Option<NaiveDate>> for Filled {
    fn from(day: Option<NaiveDate>) -> Filled {
        Filled(day.map_or(Value::Empty, Value::Date))
    }
}
