//! The files of an export, read and put together by person.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveDateTime};

use crate::model::records::{client, enrollment};
use crate::model::{ContactKind, Domain, RecordType, RowId, Severity};
use crate::store::{Draft, Store};

use super::super::source::Watch;
use super::super::table::{Line, Rows, Table, in_folder};
use super::super::{ExchangeError, Format, Reading, refused};
use super::codes::{codes, is_homeless};
use super::ids;
use super::people::{Names, Person, Stay, contact, households};

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

/// Where someone stays who moved into the housing of a programme (`MoveInDate`): rental with a subsidy.
const MOVED_IN: &str = "435";

/// A row's trouble: column and why.
type Trouble = (&'static str, String);

/// The folder of an export of which one file may have been named.
pub(in super::super) fn folder(path: &Path) -> &Path {
    if path.is_dir() { path } else { path.parent().unwrap_or(path) }
}

pub(in super::super) fn read(path: &Path, store: &Store, watch: &Watch<'_>) -> Result<Reading, ExchangeError> {
    let folder = folder(path);
    let mut reading = Reading::of(Format::Hmis);
    let mut files = Files { paths: HashMap::new(), watch };
    for (name, needed) in FILES {
        let Some(path) = in_folder(folder, name) else {
            if *name == "Client.csv" || *name == "Enrollment.csv" {
                return Err(refused(folder, &format!("there is no {name} in it, so it is not an HMIS export")));
            }
            continue;
        };
        let header = Rows::open(&path, Some(b','), watch)?.header;
        if let Some(missing) = needed.iter().find(|column| header.column(column).is_none()) {
            return Err(refused(&path, &format!("it has no column {missing}, so it is not HMIS CSV")));
        }
        files.paths.insert(name, path);
    }
    gather(&files, store, &mut reading)?;
    Ok(reading)
}

/// The files that are there.
struct Files<'w> {
    paths: HashMap<&'static str, PathBuf>,
    watch: &'w Watch<'w>,
}

impl Files<'_> {
    fn rows(&self, file: &str) -> Result<Option<Rows<'_>>, ExchangeError> {
        self.paths.get(file).map(|path| Rows::open(path, Some(b','), self.watch)).transpose()
    }

    /// Goes through a file's rows: the deleted ones are counted, those in trouble are named.
    fn each(
        &self,
        file: &str,
        reading: &mut Reading,
        mut take: impl FnMut(Line<'_>) -> Result<(), Trouble>,
    ) -> Result<(), ExchangeError> {
        let Some(rows) = self.rows(file)? else { return Ok(()) };
        let deleted = reading.deleted.entry(file.into()).or_default();
        let count = rows.each(&mut reading.skipped, |line, skipped| {
            if !line.get("DateDeleted").is_empty() {
                *deleted += 1;
            } else if let Err((column, why)) = take(line) {
                skipped.push(line.skip(column, why));
            }
        })?;
        if *deleted == 0 {
            reading.deleted.remove(file);
        }
        reading.read.insert(file.into(), count);
        Ok(())
    }

    /// The same of a file whose rows are asked for again later.
    fn held(&self, file: &str, reading: &mut Reading) -> Result<Table, ExchangeError> {
        let rows = self.rows(file)?.ok_or_else(|| refused(Path::new(file), "it is not there any more"))?;
        let table = rows.held(&mut reading.skipped)?;
        reading.read.insert(file.into(), table.lines().count() as u64);
        Ok(table)
    }

    fn names(
        &self,
        file: &str,
        id: &str,
        reading: &mut Reading,
        name: impl Fn(Line<'_>) -> String,
    ) -> Result<HashMap<String, String>, ExchangeError> {
        let mut names = HashMap::new();
        self.each(file, reading, |line| {
            names.insert(line.get(id).to_string(), name(line));
            Ok(())
        })?;
        names.retain(|_, name| !name.is_empty());
        Ok(names)
    }
}

/// Goes through rows that are held: the deleted ones are counted, those in trouble are named.
fn each<'a>(
    table: &'a Table,
    file: &str,
    reading: &mut Reading,
    mut take: impl FnMut(Line<'a>) -> Result<(), Trouble>,
) {
    for line in table.lines() {
        if !line.get("DateDeleted").is_empty() {
            *reading.deleted.entry(file.into()).or_default() += 1;
        } else if let Err((column, why)) = take(line) {
            reading.skipped.push(line.skip(column, why));
        }
    }
}

fn gather(files: &Files<'_>, store: &Store, reading: &mut Reading) -> Result<(), ExchangeError> {
    let mut owners = HashMap::new();
    let mut projects = HashMap::new();
    files.each("Project.csv", reading, |line| {
        projects.insert(line.get("ProjectID").to_string(), line.get("ProjectName").to_string());
        owners.insert(line.get("ProjectID").to_string(), line.get("OrganizationID").to_string());
        Ok(())
    })?;
    projects.retain(|_, name: &mut String| !name.is_empty());
    let organisations =
        files.names("Organization.csv", "OrganizationID", reading, |line| line.get("OrganizationName").into())?;
    let users = files.names("User.csv", "UserID", reading, |line| {
        format!("{} {}", line.get("UserFirstName"), line.get("UserLastName")).trim().to_string()
    })?;
    let (clients, enrollments) = (files.held("Client.csv", reading)?, files.held("Enrollment.csv", reading)?);

    let mut people: BTreeMap<&str, Person> = BTreeMap::new();
    each(&clients, "Client.csv", reading, |line| {
        let id = key(line, "PersonalID")?;
        if let Some(other) = people.get(id) {
            return Err(("PersonalID", format!("the same as on line {}", other.line.number)));
        }
        is_theirs(store, &client::TYPE, id, ids::row("client", id)).map_err(|why| ("PersonalID", why))?;
        let person = Person {
            line,
            row: ids::row("client", id),
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
    each(&enrollments, "Enrollment.csv", reading, |line| {
        let id = key(line, "EnrollmentID")?;
        let who = line.get("PersonalID");
        let person = people.get_mut(who).ok_or_else(no_client)?;
        let entry = day(line, "EntryDate")?.ok_or(("EntryDate", "is empty".to_string()))?;
        if let Some(&other) = by_enrollment.get(id) {
            let other: &Stay = &stays[other];
            return Err(("EnrollmentID", format!("the same as on line {}", other.line.number)));
        }
        let moved_in = day(line, "MoveInDate")?;
        person.heard(entry, line.get("LivingSituation"));
        if is_homeless(line.get("LivingSituation")) && moved_in.is_none() {
            person.note_need("housing", Domain::Housing, "A place to live", Some(Severity::High), entry, true);
        }
        let row = ids::row("enrollment", id);
        is_theirs(store, &enrollment::TYPE, id, person.row).map_err(|why| ("EnrollmentID", why))?;
        by_enrollment.insert(id, stays.len());
        person.stays.push(stays.len());
        stays.push(Stay {
            line,
            row,
            person: who,
            entry,
            exit: None,
            destination: String::new(),
            moved_in,
            assessed: None,
        });
        Ok(())
    });
    files.each("Exit.csv", reading, |line| {
        let at = *by_enrollment.get(line.get("EnrollmentID")).ok_or_else(no_enrollment)?;
        let exit = day(line, "ExitDate")?.ok_or(("ExitDate", "is empty".to_string()))?;
        let stay = &mut stays[at];
        if exit < stay.entry {
            return Err(("ExitDate", format!("{exit} is before the entry on {}", stay.entry)));
        }
        stay.exit = Some(exit);
        stay.destination = line.get("Destination").into();
        if let Some(person) = people.get_mut(stay.person) {
            person.heard(exit, &stay.destination);
        }
        Ok(())
    })?;

    // A day of moving in after they left is a slip.
    for stay in &stays {
        if let Some(moved_in) = stay.moved_in.filter(|day| stay.exit.is_none_or(|exit| *day < exit))
            && let Some(person) = people.get_mut(stay.person)
        {
            person.heard(moved_in, MOVED_IN);
        }
    }

    let mut notes: Vec<Draft> = Vec::new();
    files.each("Services.csv", reading, |line| {
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
    })?;
    files.each("CurrentLivingSituation.csv", reading, |line| {
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
    })?;
    files.each("IncomeBenefits.csv", reading, |line| {
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
    })?;
    files.each("HealthAndDV.csv", reading, |line| {
        let person = people.get_mut(line.get("PersonalID")).ok_or_else(no_client)?;
        let when = day(line, "InformationDate")?.ok_or(("InformationDate", "is empty".to_string()))?;
        // The column was renamed in FY2024.
        let survivor = if line.header.column("DomesticViolenceSurvivor").is_some() {
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
    })?;
    files.each("Disabilities.csv", reading, |line| {
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
    })?;
    files.each("EmploymentEducation.csv", reading, |line| {
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
    })?;
    let heads = stays.iter().filter(|stay| stay.line.get("RelationshipToHoH") == "1");
    let heads = heads.map(|stay| (stay.line.get("HouseholdID"), stay.entry)).collect();
    for (id, person) in &people {
        let theirs: Vec<&Stay> = person.stays.iter().map(|at| &stays[*at]).collect();
        let names =
            Names { projects: &projects, owners: &owners, organisations: &organisations, users: &users, heads: &heads };
        reading.drafts.push(person.draft(id, &theirs, &names));
        reading.drafts.extend(theirs.iter().map(|stay| stay.draft(person.row, &names)));
        reading.drafts.extend(person.needs.iter().filter_map(|(name, need)| need.draft(person.row, id, name)));
    }
    reading.drafts.extend(households(&people, &stays));
    reading.drafts.append(&mut notes);
    Ok(())
}

/// An id that was made here is of the same thing here, and of the same person: a file cannot claim another's row.
fn is_theirs(store: &Store, record: &RecordType, id: &str, stream: RowId) -> Result<(), String> {
    let Some(own) = ids::own(id) else { return Ok(()) };
    let claimed = match store.row(own) {
        Ok(found) => found.is_some_and(|row| row.record != record || row.stream != stream) || own == store.worker().id,
        Err(error) => return Err(error.to_string()),
    };
    if claimed { Err("it claims the id of something else here".into()) } else { Ok(()) }
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
