//! FY2026 files of what was recorded here, as far as HMIS has a place for it: people, their stays in programmes, services
//! and places where they were seen that came from an HMIS, and the needs that it asks about.
//!
//! A name, a programme or a code that is not recorded is left empty or 99; nothing is guessed. Social Security numbers are
//! not known here. Services that were written here in free words have no HMIS code and do not go out.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::disclosure::Handed;
use crate::model::records::{client, enrollment, need, note, relationship};
use crate::model::{Moment, NeedStatus, Row, RowId};
use crate::store::ClientFile;

use super::super::{ExchangeError, Wanted, Written};
use super::codes::{codes, is_homeless};
use super::ids;
use super::sheets::{FILES, Sheets};

/// Makes the files.
pub(in super::super) fn write(handed: &Handed<'_>, wanted: &Wanted<'_>) -> Result<Written, ExchangeError> {
    let mut book = Book::new(handed, wanted)?;
    for id in handed.clients() {
        if let Some(file) = handed.file(*id)? {
            for person in std::iter::once(&file.client).chain(&file.also) {
                book.person(person, &file).map_err(unwritten)?;
            }
        }
    }
    book.names().map_err(unwritten)?;
    let (sheets, unplaced) = (book.sheets, book.unplaced);
    let counts = FILES.iter().map(|file| (*file, sheets.count(file))).collect();
    let mut told = Vec::new();
    if unplaced > 0 {
        told.push(format!("Contacts written here have no code of HMIS and did not go out: {unplaced}."));
    }
    Ok(Written { files: sheets.done().map_err(unwritten)?, counts, told })
}

fn unwritten(error: csv::Error) -> ExchangeError {
    ExchangeError::Unwritten(format!("A file could not be made: {error}"))
}

/// Names that got an id for this export, in the order in which they came.
#[derive(Default)]
struct Ids(Vec<String>);

impl Ids {
    fn of(&mut self, name: &str) -> String {
        let at = self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_string());
            self.0.len() - 1
        });
        (at + 1).to_string()
    }
}

struct Book {
    sheets: Sheets,
    moment: Moment,
    projects: Ids,
    organisations: Ids,
    workers: Ids,
    /// What someone is to someone else who is a client too.
    relations: HashMap<(RowId, RowId), String>,
    /// By household, who is its head.
    heads: HashMap<String, RowId>,
    unplaced: usize,
}

/// A stay of the person at hand.
struct Stay<'a> {
    row: &'a Row,
    id: String,
    entry: NaiveDate,
}

impl Book {
    fn new(handed: &Handed<'_>, wanted: &Wanted<'_>) -> Result<Book, ExchangeError> {
        let now = wanted.moment.now.format("%Y-%m-%d %H:%M:%S").to_string();
        let today = wanted.moment.today().to_string();
        let always = vec![("DateCreated", now.clone()), ("DateUpdated", now.clone()), ("ExportID", "1".to_string())];
        let mut sheets = Sheets::new(always).map_err(unwritten)?;
        let agency = &wanted.practice.agency.name;
        let source = if agency.is_empty() { handed.worker() } else { agency };
        let about = [
            ("SourceType", "1"),
            ("SourceName", source),
            ("ExportDate", &now),
            ("ExportStartDate", "1900-01-01"),
            ("ExportEndDate", &today),
            ("SoftwareName", "caseload"),
            ("SoftwareVersion", env!("CARGO_PKG_VERSION")),
            ("CSVVersion", "2026 v1.0"),
            ("ExportPeriodType", "3"),
            ("ExportDirective", "2"),
            ("HashStatus", "1"),
        ];
        sheets.row("Export", &about).map_err(unwritten)?;
        let (mut relations, mut heads) = (HashMap::new(), HashMap::new());
        for id in handed.clients() {
            let Some(file) = handed.file(*id)? else { continue };
            for row in file.of(&relationship::TYPE) {
                if let Some(person) = row.link(relationship::person) {
                    relations.insert((row.stream, person), row.text(relationship::relation).to_string());
                }
            }
            for row in file.of(&enrollment::TYPE).iter().filter(|row| row.yes(enrollment::head)) {
                heads.insert(row.text(enrollment::household).to_string(), row.stream);
            }
        }
        let (projects, organisations, workers) = Default::default();
        Ok(Book { sheets, moment: wanted.moment, projects, organisations, workers, relations, heads, unplaced: 0 })
    }

    fn person(&mut self, person: &Row, file: &ClientFile) -> csv::Result<()> {
        let whose = |row: &&Row| row.stream == person.id;
        let id = ids::id("client", person.id, person.words(client::outside_ids).iter().map(String::as_str));
        let worker = match person.text(client::worker) {
            "" => String::new(),
            name => self.workers.of(name),
        };
        let (given, family) = (person.text(client::given_name), person.text(client::family_name));
        let (family, suffix) = match family.rsplit_once(' ') {
            Some((name, last)) if is_suffix(last) => (name, last),
            _ => (family, ""),
        };
        let born = day(person, client::birth_date);
        let sex = match person.text(client::gender) {
            "Female" => "0",
            "Male" => "1",
            _ => "",
        };
        let veteran = person.words(client::tags).iter().any(|tag| tag == "veteran");
        self.sheets.row(
            "Client",
            &[
                ("PersonalID", &id),
                ("FirstName", given),
                ("LastName", family),
                ("NameSuffix", suffix),
                ("NameDataQuality", if given.is_empty() || family.is_empty() { "" } else { "1" }),
                ("DOB", &born),
                ("DOBDataQuality", if born.is_empty() { "" } else { "1" }),
                ("Sex", sex),
                ("VeteranStatus", if veteran { "1" } else { "" }),
                ("UserID", &worker),
            ],
        )?;
        let mut stays: Vec<Stay<'_>> = Vec::new();
        for row in file.of(&enrollment::TYPE).iter().filter(whose) {
            let Some(entry) = row.date(enrollment::entry) else { continue };
            stays.push(Stay { row, id: ids::id("enrollment", row.id, [row.text(enrollment::key)]), entry });
        }
        let needs: Vec<(&str, &Row)> = file
            .of(&need::TYPE)
            .iter()
            .filter(whose)
            .filter_map(|row| {
                let name = row.text(need::key).strip_prefix("hmis:")?;
                (RowId::derived(&["hmis", "need", &id, name]) == row.id).then_some((name, row))
            })
            .collect();
        self.stays(person, &id, &worker, &stays, &needs)?;
        self.needs(&id, &worker, &stays, &needs)?;
        for row in file.of(&note::TYPE).iter().filter(whose) {
            self.contact(row, &id, &worker, &stays)?;
        }
        Ok(())
    }

    fn stays(
        &mut self,
        person: &Row,
        id: &str,
        worker: &str,
        stays: &[Stay<'_>],
        needs: &[(&str, &Row)],
    ) -> csv::Result<()> {
        let home = needs.iter().find(|(name, _)| *name == "housing").and_then(|(_, row)| row.date(need::identified));
        let latest = stays.iter().map(|stay| stay.entry).max();
        let now = living(person.text(client::living));
        for stay in stays {
            let row = stay.row;
            let project =
                self.projects.of(&format!("{}\n{}", row.text(enrollment::organisation), row.text(enrollment::project)));
            // Where they stayed at entry is not kept as such: what is known of it is where they are now, and since when
            // they had no home.
            let situation = if Some(stay.entry) == home {
                if is_homeless(now) { now } else { "116" }
            } else if Some(stay.entry) == latest && (!is_homeless(now) || home.is_some_and(|home| home < stay.entry)) {
                now
            } else {
                ""
            };
            let household = row.text(enrollment::household);
            let head = self.heads.get(household).copied();
            let said = head.and_then(|head| self.relations.get(&(head, person.id)));
            let relation = if row.yes(enrollment::head) {
                "1"
            } else {
                let code = said.and_then(|said| codes().relation.iter().find(|(_, word)| *word == said));
                code.map_or("", |(code, _)| code.as_str())
            };
            // Everyone is of some household; one alone is their own.
            let alone = ids::id("household", row.id, []);
            self.sheets.row(
                "Enrollment",
                &[
                    ("EnrollmentID", &stay.id),
                    ("PersonalID", id),
                    ("ProjectID", &project),
                    ("EntryDate", &stay.entry.to_string()),
                    ("HouseholdID", if household.is_empty() { &alone } else { household }),
                    ("RelationshipToHoH", relation),
                    ("LivingSituation", situation),
                    ("UserID", worker),
                ],
            )?;
            if let Some(exit) = row.date(enrollment::exit) {
                self.sheets.row(
                    "Exit",
                    &[
                        ("ExitID", &stay.id),
                        ("EnrollmentID", &stay.id),
                        ("PersonalID", id),
                        ("ExitDate", &exit.to_string()),
                        ("Destination", living(row.text(enrollment::destination))),
                        ("UserID", worker),
                    ],
                )?;
            }
            if let Some(assessed) = row.date(enrollment::assessed) {
                let at = assessed.to_string();
                let of = Of { person: id, stay: &stay.id, worker, at: &at, stage: "5" };
                self.told("IncomeBenefits", "IncomeBenefitsID", "year", &of, &[])?;
            }
        }
        Ok(())
    }

    fn needs(&mut self, id: &str, worker: &str, stays: &[Stay<'_>], needs: &[(&str, &Row)]) -> csv::Result<()> {
        let Some(stay) = stays.iter().max_by_key(|stay| (stay.row.date(enrollment::exit).is_none(), stay.entry)) else {
            return Ok(());
        };
        for (name, row) in needs {
            let at = day(row, need::identified);
            let high = row.text(need::severity) == "high";
            let met = row.text(need::status) == NeedStatus::Met.code();
            // What is met was told twice: that there was a need, and that there is none any more.
            for (stage, open) in [("1", true), ("2", false)].into_iter().filter(|(_, open)| *open || met) {
                let of = Of { person: id, stay: &stay.id, worker, at: &at, stage };
                let not = if open { "0" } else { "1" };
                let is = if open { "1" } else { "0" };
                match *name {
                    "income" => {
                        self.told("IncomeBenefits", "IncomeBenefitsID", name, &of, &[("IncomeFromAnySource", not)])?
                    }
                    "insurance" => {
                        self.told("IncomeBenefits", "IncomeBenefitsID", name, &of, &[("InsuranceFromAnySource", not)])?
                    }
                    "violence" if open => {
                        let fleeing = ("CurrentlyFleeing", if high { "1" } else { "" });
                        self.told(
                            "HealthAndDV",
                            "HealthAndDVID",
                            name,
                            &of,
                            &[("DomesticViolenceSurvivor", "1"), fleeing],
                        )?;
                    }
                    "work" => {
                        let why = ("NotEmployedReason", if open { "1" } else { "" });
                        self.told(
                            "EmploymentEducation",
                            "EmploymentEducationID",
                            name,
                            &of,
                            &[("Employed", not), why],
                        )?;
                    }
                    kind if codes().disability.contains_key(kind) => {
                        let response = match (kind, row.text(need::what)) {
                            _ if !open => is,
                            ("10", "Drug use") => "2",
                            ("10", "Alcohol and drug use") => "3",
                            _ => is,
                        };
                        let lasting = ("IndefiniteAndImpairs", if high { "1" } else { "" });
                        let what = [("DisabilityType", kind), ("DisabilityResponse", response), lasting];
                        self.told("Disabilities", "DisabilitiesID", kind, &of, &what)?;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// A row of one of the files that tell how someone fared on a day.
    fn told(
        &mut self,
        file: &'static str,
        key: &str,
        name: &str,
        of: &Of<'_>,
        what: &[(&str, &str)],
    ) -> csv::Result<()> {
        let id = format!("{}{name}{}", of.stay.chars().take(24).collect::<String>(), self.sheets.count(file));
        let mut given = vec![
            (key, id.as_str()),
            ("EnrollmentID", of.stay),
            ("PersonalID", of.person),
            ("InformationDate", of.at),
            ("DataCollectionStage", of.stage),
            ("UserID", of.worker),
        ];
        given.extend(what);
        self.sheets.row(file, &given)
    }

    /// A service, or a place where someone was seen, that came from an HMIS.
    fn contact(&mut self, row: &Row, id: &str, worker: &str, stays: &[Stay<'_>]) -> csv::Result<()> {
        let Some(when) = row.time(note::when).map(|when| self.moment.lived(when).date_naive()) else { return Ok(()) };
        let (at, key) = (when.to_string(), row.text(note::key));
        let covers =
            |stay: &&Stay<'_>| stay.entry <= when && stay.row.date(enrollment::exit).is_none_or(|exit| when <= exit);
        let stay = stays.iter().find(covers).or(stays.first());
        let theirs = key.strip_prefix("hmis:").unwrap_or("");
        if let Some(service) =
            super::service::parse(row.text(note::body), stays.iter().map(|stay| stay.row.text(enrollment::project)))
            && RowId::derived(&["hmis", "service", theirs]) == row.id
        {
            let of = |stay: &&Stay<'_>| stay.row.text(enrollment::project) == service.project;
            let stay = stays.iter().filter(covers).find(of).or_else(|| stays.iter().find(of));
            return self.sheets.row(
                "Services",
                &[
                    ("ServicesID", theirs),
                    ("EnrollmentID", stay.map_or("", |stay| &stay.id)),
                    ("PersonalID", id),
                    ("DateProvided", &at),
                    ("RecordType", service.kind),
                    ("TypeProvided", service.code),
                    ("OtherTypeProvided", service.other),
                    ("FAAmount", service.amount),
                    ("UserID", worker),
                ],
            );
        }
        if RowId::derived(&["hmis", "living", theirs]) == row.id {
            let (place, details) = super::service::seen(row.text(note::body));
            return self.sheets.row(
                "CurrentLivingSituation",
                &[
                    ("CurrentLivingSitID", theirs),
                    ("EnrollmentID", stay.map_or("", |stay| &stay.id)),
                    ("PersonalID", id),
                    ("InformationDate", &at),
                    ("CurrentLivingSituation", living(place)),
                    ("LocationDetails", details),
                    ("UserID", worker),
                ],
            );
        }
        self.unplaced += 1;
        Ok(())
    }

    /// The files of names, when all are known.
    fn names(&mut self) -> csv::Result<()> {
        for (at, name) in std::mem::take(&mut self.workers).0.iter().enumerate() {
            let (first, last) = name.rsplit_once(' ').unwrap_or(("", name));
            self.sheets
                .row("User", &[("UserID", &(at + 1).to_string()), ("UserFirstName", first), ("UserLastName", last)])?;
        }
        for (at, both) in std::mem::take(&mut self.projects).0.iter().enumerate() {
            let (organisation, project) = both.split_once('\n').unwrap_or(("", both));
            let owner = self.organisations.of(organisation);
            let id = (at + 1).to_string();
            self.sheets.row("Project", &[("ProjectID", &id), ("OrganizationID", &owner), ("ProjectName", project)])?;
        }
        for (at, name) in std::mem::take(&mut self.organisations).0.iter().enumerate() {
            let id = (at + 1).to_string();
            self.sheets.row(
                "Organization",
                &[("OrganizationID", &id), ("OrganizationName", name), ("VictimServiceProvider", "0")],
            )?;
        }
        Ok(())
    }
}

/// Of whom a row tells, and when.
struct Of<'a> {
    person: &'a str,
    stay: &'a str,
    worker: &'a str,
    at: &'a str,
    /// DataCollectionStage: 1 at entry, 2 an update, 5 the annual assessment.
    stage: &'a str,
}

/// What stands behind a name and is no part of it: HMIS has a column of its own for it.
fn is_suffix(word: &str) -> bool {
    matches!(word.trim_end_matches('.').to_lowercase().as_str(), "jr" | "sr" | "ii" | "iii" | "iv")
}

fn day(row: &Row, field: crate::model::FieldId) -> String {
    row.date(field).map_or_else(String::new, |day| day.to_string())
}

/// The code of a place, as FY2026 numbers it: three digits before two. Empty where it has none.
fn living(place: &str) -> &'static str {
    let all = codes().living.iter().filter(|(_, known)| *known == place && !place.is_empty());
    all.map(|(code, _)| code.as_str()).max_by_key(|code| (code.len(), *code)).unwrap_or("")
}
