//! HUD HMIS CSV: FY2024, FY2026 and older exports, told by the names of their columns.
//!
//! Social Security numbers are not read. Rows that carry a `DateDeleted` are left out and counted. Ids are made from the
//! export's own, so that importing again finds the same rows.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::OnceLock;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime};
use serde::Deserialize;

use crate::model::records::{client, enrollment, need, note, relationship};
use crate::model::{ClientStatus, ContactKind, Domain, FieldId, NeedStatus, RecordType, RowId, Severity, Value};
use crate::store::Draft;

use super::table::{Line, Table, in_folder};
use super::{ExchangeError, Format, Reading, refused};

/// The export's files and the columns without which each cannot be what it claims to be.
const FILES: &[(&str, &[&str])] = &[
    ("Client.csv", &["PersonalID", "FirstName", "LastName", "DOB"]),
    ("Enrollment.csv", &["EnrollmentID", "PersonalID", "ProjectID", "EntryDate", "HouseholdID"]),
    ("Exit.csv", &["ExitID", "EnrollmentID", "ExitDate", "Destination"]),
    ("Services.csv", &["ServicesID", "PersonalID", "DateProvided", "RecordType"]),
    ("CurrentLivingSituation.csv", &["CurrentLivingSitID", "PersonalID", "InformationDate", "CurrentLivingSituation"]),
    ("IncomeBenefits.csv", &["IncomeBenefitsID", "EnrollmentID", "PersonalID", "InformationDate"]),
    ("HealthAndDV.csv", &["HealthAndDVID", "PersonalID", "InformationDate"]),
    ("Disabilities.csv", &["DisabilitiesID", "PersonalID", "InformationDate", "DisabilityType", "DisabilityResponse"]),
    ("EmploymentEducation.csv", &["EmploymentEducationID", "PersonalID", "InformationDate", "Employed"]),
    ("Project.csv", &["ProjectID", "OrganizationID", "ProjectName"]),
    ("Organization.csv", &["OrganizationID", "OrganizationName"]),
    ("User.csv", &["UserID"]),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Codes {
    living: HashMap<String, String>,
    homeless: Homeless,
    disability: HashMap<String, Disability>,
    service: HashMap<String, String>,
    relation: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Homeless {
    codes: Vec<u16>,
}

#[derive(Deserialize)]
struct Disability {
    what: String,
    domain: Domain,
}

fn codes() -> &'static Codes {
    static CODES: OnceLock<Codes> = OnceLock::new();
    CODES.get_or_init(|| {
        toml::from_str(include_str!("../../assets/exchange/hmis.toml")).expect("the shipped codes are sound")
    })
}

/// One person, gathered from all files.
struct Person<'a> {
    line: Line<'a>,
    row: RowId,
    birth_date: Option<NaiveDate>,
    stays: Vec<usize>,
    /// Where they stayed, as told on a day.
    living: Option<(NaiveDate, String)>,
    needs: BTreeMap<&'static str, Need>,
    violence: bool,
    fleeing: Option<(NaiveDate, bool)>,
}

/// A need as the latest of its rows has it.
struct Need {
    domain: Domain,
    what: String,
    severity: Option<Severity>,
    first: NaiveDate,
    last: NaiveDate,
    open: bool,
}

struct Stay<'a> {
    line: Line<'a>,
    row: RowId,
    person: &'a str,
    entry: NaiveDate,
    exit: Option<NaiveDate>,
    destination: &'a str,
    assessed: Option<NaiveDate>,
}

/// A row's trouble: column and why.
type Trouble = (&'static str, String);

pub(super) fn read(path: &Path) -> Result<Reading, ExchangeError> {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let mut reading = Reading::of(Format::Hmis);
    let mut tables: HashMap<&str, Table> = HashMap::new();
    for (name, needed) in FILES {
        let Some(path) = in_folder(folder, name) else {
            if *name == "Client.csv" || *name == "Enrollment.csv" {
                return Err(refused(folder, &format!("there is no {name} in it, so it is not an HMIS export")));
            }
            continue;
        };
        let table = Table::read(&path, Some(b','), &mut reading.skipped)?;
        if let Some(missing) = needed.iter().find(|column| table.column(column).is_none()) {
            return Err(refused(&path, &format!("it has no column {missing}, so it is not HMIS CSV")));
        }
        reading.read.insert((*name).into(), table.rows.len() as u64);
        tables.insert(name, table);
    }
    gather(&tables, &mut reading);
    Ok(reading)
}

fn gather(tables: &HashMap<&str, Table>, reading: &mut Reading) {
    let projects = names(tables, "Project.csv", "ProjectID", |line| line.get("ProjectName").to_string());
    let owners = names(tables, "Project.csv", "ProjectID", |line| line.get("OrganizationID").to_string());
    let organisations =
        names(tables, "Organization.csv", "OrganizationID", |line| line.get("OrganizationName").to_string());
    let users = names(tables, "User.csv", "UserID", |line| {
        format!("{} {}", line.get("UserFirstName"), line.get("UserLastName")).trim().to_string()
    });

    let mut people: BTreeMap<&str, Person> = BTreeMap::new();
    each(tables, "Client.csv", reading, |line| {
        let id = key(line, "PersonalID")?;
        if let Some(other) = people.get(id) {
            return Err(("PersonalID", format!("the same as on line {}", other.line.number)));
        }
        let person = Person {
            line,
            row: RowId::derived(&["hmis", "client", id]),
            birth_date: day(line, "DOB")?,
            stays: Vec::new(),
            living: None,
            needs: BTreeMap::new(),
            violence: false,
            fleeing: None,
        };
        people.insert(id, person);
        Ok(())
    });

    let mut stays: Vec<Stay> = Vec::new();
    let mut by_enrollment: HashMap<&str, usize> = HashMap::new();
    each(tables, "Enrollment.csv", reading, |line| {
        let id = key(line, "EnrollmentID")?;
        let who = line.get("PersonalID");
        let person = people.get_mut(who).ok_or_else(no_client)?;
        let entry = day(line, "EntryDate")?.ok_or(("EntryDate", "is empty".to_string()))?;
        if let Some(&other) = by_enrollment.get(id) {
            let other: &Stay = &stays[other];
            return Err(("EnrollmentID", format!("the same as on line {}", other.line.number)));
        }
        person.heard(entry, line.get("LivingSituation"));
        if is_homeless(line.get("LivingSituation")) && day(line, "MoveInDate")?.is_none() {
            person.note_need("housing", Domain::Housing, "A place to live", Some(Severity::High), entry, true);
        }
        let row = RowId::derived(&["hmis", "enrollment", id]);
        by_enrollment.insert(id, stays.len());
        person.stays.push(stays.len());
        stays.push(Stay { line, row, person: who, entry, exit: None, destination: "", assessed: None });
        Ok(())
    });
    each(tables, "Exit.csv", reading, |line| {
        let at = *by_enrollment.get(line.get("EnrollmentID")).ok_or_else(no_enrollment)?;
        let exit = day(line, "ExitDate")?.ok_or(("ExitDate", "is empty".to_string()))?;
        let stay = &mut stays[at];
        if exit < stay.entry {
            return Err(("ExitDate", format!("{exit} is before the entry on {}", stay.entry)));
        }
        stay.exit = Some(exit);
        stay.destination = line.get("Destination");
        if let Some(person) = people.get_mut(stay.person) {
            person.heard(exit, stay.destination);
        }
        Ok(())
    });

    let mut notes: Vec<Draft> = Vec::new();
    each(tables, "Services.csv", reading, |line| {
        let id = key(line, "ServicesID")?;
        let person = people.get(line.get("PersonalID")).ok_or_else(no_client)?;
        let when = day(line, "DateProvided")?.ok_or(("DateProvided", "is empty".to_string()))?;
        let kind = line.get("RecordType");
        let mut body = codes().service.get(kind).cloned().unwrap_or_else(|| format!("Service of type {kind}"));
        if kind != "200" && !line.get("TypeProvided").is_empty() {
            body.push_str(&format!(", code {}", line.get("TypeProvided")));
        }
        for column in ["OtherTypeProvided", "MovingOnOtherType"] {
            if !line.get(column).is_empty() {
                body.push_str(&format!(": {}", line.get(column)));
            }
        }
        if !line.get("FAAmount").is_empty() {
            body.push_str(&format!(", ${}", line.get("FAAmount")));
        }
        let stay = by_enrollment.get(line.get("EnrollmentID"));
        if let Some(project) = stay.and_then(|stay| projects.get(stays[*stay].line.get("ProjectID"))) {
            body.push_str(&format!(" ({project})"));
        }
        notes.push(contact(person.row, &["hmis", "service", id], id, when, ContactKind::Service, body));
        Ok(())
    });
    each(tables, "CurrentLivingSituation.csv", reading, |line| {
        let id = key(line, "CurrentLivingSitID")?;
        let person = people.get_mut(line.get("PersonalID")).ok_or_else(no_client)?;
        let when = day(line, "InformationDate")?.ok_or(("InformationDate", "is empty".to_string()))?;
        let code = line.get("CurrentLivingSituation");
        person.heard(when, code);
        let mut body = match codes().living.get(code) {
            Some(place) => format!("Seen; staying at: {place}"),
            None => "Seen".to_string(),
        };
        if !line.get("LocationDetails").is_empty() {
            body.push_str(&format!(" ({})", line.get("LocationDetails")));
        }
        notes.push(contact(person.row, &["hmis", "living", id], id, when, ContactKind::FaceToFace, body));
        Ok(())
    });
    each(tables, "IncomeBenefits.csv", reading, |line| {
        let person = people.get_mut(line.get("PersonalID")).ok_or_else(no_client)?;
        let when = day(line, "InformationDate")?.ok_or(("InformationDate", "is empty".to_string()))?;
        for (column, name, domain, what) in [
            ("IncomeFromAnySource", "income", Domain::Income, "No income from any source"),
            ("InsuranceFromAnySource", "insurance", Domain::Insurance, "No health insurance"),
        ] {
            match line.get(column) {
                "0" => person.note_need(name, domain, what, None, when, true),
                "1" => person.note_need(name, domain, what, None, when, false),
                _ => {}
            }
        }
        // Stage 5: the annual assessment.
        if line.get("DataCollectionStage") == "5" {
            let at = *by_enrollment.get(line.get("EnrollmentID")).ok_or_else(no_enrollment)?;
            stays[at].assessed = stays[at].assessed.max(Some(when));
        }
        Ok(())
    });
    each(tables, "HealthAndDV.csv", reading, |line| {
        let person = people.get_mut(line.get("PersonalID")).ok_or_else(no_client)?;
        let when = day(line, "InformationDate")?.ok_or(("InformationDate", "is empty".to_string()))?;
        // The column was renamed in FY2024.
        let survivor = if line.table.column("DomesticViolenceSurvivor").is_some() {
            "DomesticViolenceSurvivor"
        } else {
            "DomesticViolenceVictim"
        };
        if line.get(survivor) == "1" {
            person.violence = true;
            let severity = if line.get("CurrentlyFleeing") == "1" { Severity::High } else { Severity::Moderate };
            person.note_need("violence", Domain::Safety, "Safety from domestic violence", Some(severity), when, true);
        }
        if matches!(line.get("CurrentlyFleeing"), "0" | "1") {
            let now = (when, line.get("CurrentlyFleeing") == "1");
            person.fleeing = person.fleeing.max(Some(now));
        }
        Ok(())
    });
    each(tables, "Disabilities.csv", reading, |line| {
        let person = people.get_mut(line.get("PersonalID")).ok_or_else(no_client)?;
        let when = day(line, "InformationDate")?.ok_or(("InformationDate", "is empty".to_string()))?;
        let Some((kind, disability)) = codes().disability.get_key_value(line.get("DisabilityType")) else {
            return Err(("DisabilityType", format!("there is no type {}", line.get("DisabilityType"))));
        };
        let response = line.get("DisabilityResponse");
        let what = match (kind.as_str(), response) {
            ("10", "1") => "Alcohol use".to_string(),
            ("10", "2") => "Drug use".to_string(),
            ("10", "3") => "Alcohol and drug use".to_string(),
            _ => disability.what.clone(),
        };
        let severity = (line.get("IndefiniteAndImpairs") == "1").then_some(Severity::High);
        match response {
            "1" | "2" | "3" => person.note_need(kind, disability.domain, &what, severity, when, true),
            "0" => person.note_need(kind, disability.domain, &what, severity, when, false),
            _ => {}
        }
        Ok(())
    });
    each(tables, "EmploymentEducation.csv", reading, |line| {
        let person = people.get_mut(line.get("PersonalID")).ok_or_else(no_client)?;
        let when = day(line, "InformationDate")?.ok_or(("InformationDate", "is empty".to_string()))?;
        // NotEmployedReason: 1 looking for work, 2 unable to work, 3 not looking.
        match (line.get("Employed"), line.get("NotEmployedReason")) {
            ("0", "1") => {
                person.note_need("work", Domain::Employment, "Looking for work", None, when, true);
            }
            ("1", _) => person.note_need("work", Domain::Employment, "Looking for work", None, when, false),
            _ => {}
        }
        Ok(())
    });
    for name in ["Project.csv", "Organization.csv", "User.csv"] {
        each(tables, name, reading, |_| Ok(()));
    }

    for (id, person) in &people {
        let theirs: Vec<&Stay> = person.stays.iter().map(|at| &stays[*at]).collect();
        let names = Names { projects: &projects, owners: &owners, organisations: &organisations, users: &users };
        reading.drafts.push(person.draft(id, &theirs, &names));
        reading.drafts.extend(theirs.iter().map(|stay| stay.draft(person.row, &names)));
        reading.drafts.extend(person.needs.iter().filter_map(|(name, need)| need.draft(person.row, id, name)));
    }
    reading.drafts.extend(households(&people, &stays));
    reading.drafts.append(&mut notes);
}

/// What projects, organisations and users are called, by their ids.
struct Names<'a> {
    projects: &'a HashMap<String, String>,
    owners: &'a HashMap<String, String>,
    organisations: &'a HashMap<String, String>,
    users: &'a HashMap<String, String>,
}

fn names(
    tables: &HashMap<&str, Table>,
    file: &str,
    id: &str,
    name: impl Fn(Line<'_>) -> String,
) -> HashMap<String, String> {
    let lines = tables.get(file).into_iter().flat_map(Table::lines);
    lines.map(|line| (line.get(id).to_string(), name(line))).filter(|(_, name)| !name.is_empty()).collect()
}

/// Goes through a file's rows: the deleted ones are counted, those in trouble are named.
fn each<'a>(
    tables: &'a HashMap<&str, Table>,
    file: &str,
    reading: &mut Reading,
    mut take: impl FnMut(Line<'a>) -> Result<(), Trouble>,
) {
    for line in tables.get(file).into_iter().flat_map(Table::lines) {
        if !line.get("DateDeleted").is_empty() {
            *reading.deleted.entry(file.into()).or_default() += 1;
        } else if let Err((column, why)) = take(line) {
            reading.skipped.push(line.skip(column, why));
        }
    }
}

impl Person<'_> {
    /// Takes note of where they stay; the latest word counts.
    fn heard(&mut self, when: NaiveDate, code: &str) {
        if let Some(place) = codes().living.get(code)
            && self.living.as_ref().is_none_or(|(known, _)| *known <= when)
        {
            self.living = Some((when, place.clone()));
        }
    }

    /// Takes note of a need, or that there is none any more.
    fn note_need(
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

    fn draft(&self, id: &str, stays: &[&Stay<'_>], names: &Names<'_>) -> Draft {
        let line = self.line;
        let mut draft = new(&client::TYPE, self.row, self.row);
        let family = format!("{} {}", line.get("LastName"), line.get("NameSuffix"));
        put(&mut draft, client::given_name, line.get("FirstName"));
        put(&mut draft, client::family_name, family.trim());
        put(&mut draft, client::birth_date, self.birth_date);
        put(&mut draft, client::gender, gender(line).as_str());
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
        let destination = last.and_then(|stay| codes().living.get(stay.destination));
        draft.values.push((
            client::closing_reason,
            destination.map_or(Value::Empty, |place| Value::text(format!("Left to: {place}"))),
        ));
        put(&mut draft, client::living, self.living.as_ref().map_or("", |(_, place)| place));
        let latest = stays.iter().max_by_key(|stay| (stay.exit.is_none(), stay.entry));
        let user = latest.and_then(|stay| names.users.get(stay.line.get("UserID")));
        put(&mut draft, client::worker, user.map_or("", String::as_str));
        if let Some(stay) = latest {
            put(&mut draft, client::language, stay.line.get("PreferredLanguageDifferent"));
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
        if line.get("VeteranStatus") == "1" {
            draft.members.push((client::tags, "veteran".into()));
        }
        draft
    }
}

impl Stay<'_> {
    fn draft(&self, client: RowId, names: &Names<'_>) -> Draft {
        let line = self.line;
        let project = line.get("ProjectID");
        let mut draft = new(&enrollment::TYPE, self.row, client);
        let name = names.projects.get(project).cloned().unwrap_or_else(|| format!("Programme {project}"));
        put(&mut draft, enrollment::project, name.as_str());
        let organisation = names.owners.get(project).and_then(|owner| names.organisations.get(owner));
        put(&mut draft, enrollment::organisation, organisation.map_or("", String::as_str));
        put(&mut draft, enrollment::entry, Some(self.entry));
        draft.values.push((enrollment::exit, self.exit.map_or(Value::Empty, Value::Date)));
        put(&mut draft, enrollment::destination, codes().living.get(self.destination).map_or("", String::as_str));
        draft.values.push((enrollment::head, Value::Yes(line.get("RelationshipToHoH") == "1")));
        put(&mut draft, enrollment::household, line.get("HouseholdID"));
        put(&mut draft, enrollment::key, format!("hmis:{}", line.get("EnrollmentID")).as_str());
        put(&mut draft, enrollment::assessed, self.assessed);
        draft
    }
}

impl Need {
    fn draft(&self, client: RowId, person: &str, name: &str) -> Option<Draft> {
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
fn households<'a>(people: &'a BTreeMap<&str, Person<'a>>, stays: &'a [Stay<'a>]) -> Vec<Draft> {
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

fn contact(client: RowId, row: &[&str], id: &str, day: NaiveDate, kind: ContactKind, body: String) -> Draft {
    let mut draft = new(&note::TYPE, RowId::derived(row), client);
    draft.values.push((note::when, Value::Time(noon(day))));
    put(&mut draft, note::kind, kind.code());
    put(&mut draft, note::body, body.as_str());
    put(&mut draft, note::key, format!("hmis:{id}").as_str());
    draft
}

/// A day without an hour is put at noon, so that no time zone moves it to another day.
fn noon(day: NaiveDate) -> DateTime<FixedOffset> {
    day.and_hms_opt(12, 0, 0).unwrap_or_default().and_utc().fixed_offset()
}

fn gender(line: Line<'_>) -> String {
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

fn is_homeless(code: &str) -> bool {
    code.parse().is_ok_and(|code: u16| codes().homeless.codes.contains(&code))
}

fn new(record: &'static RecordType, row: RowId, stream: RowId) -> Draft {
    Draft { record, row, stream, values: Vec::new(), members: Vec::new() }
}

/// Sets what the file says; what it does not say is left as it is here.
fn put(draft: &mut Draft, field: FieldId, value: impl Into<Filled>) {
    let Filled(value) = value.into();
    if !value.is_empty() {
        draft.values.push((field, value));
    }
}

struct Filled(Value);

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

fn key<'a>(line: Line<'a>, column: &'static str) -> Result<&'a str, Trouble> {
    let id = line.get(column);
    if id.is_empty() { Err((column, "is empty".into())) } else { Ok(id) }
}

/// A date as exports write it: `2022-09-30`, with a time after it, or `02-07-2023`.
fn day(line: Line<'_>, column: &'static str) -> Result<Option<NaiveDate>, Trouble> {
    let text = line.get(column);
    if text.is_empty() {
        return Ok(None);
    }
    let date = text.split([' ', 'T']).next().unwrap_or(text);
    let forms = ["%Y-%m-%d", "%m-%d-%Y", "%m/%d/%Y"];
    let found = forms.iter().find_map(|form| NaiveDate::parse_from_str(date, form).ok());
    let whole = date == text || NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").is_ok() || text.len() > 11;
    match found {
        Some(day) if whole && (1850..=2200).contains(&chrono::Datelike::year(&day)) => Ok(Some(day)),
        _ => Err((
            column,
            format!("\"{}\" is not a date", crate::model::text::one_line(&text.chars().take(30).collect::<String>())),
        )),
    }
}

fn no_client() -> Trouble {
    ("PersonalID", "no such client in Client.csv, or its row was skipped".into())
}

fn no_enrollment() -> Trouble {
    ("EnrollmentID", "no such enrollment in Enrollment.csv, or its row was skipped".into())
}
