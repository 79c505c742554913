//! The tables of HSDS (a folder of CSV files, or all of them in one file of JSON), put together into services that hold
//! all that belongs to them, as the JSON of a service does.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value as Json};

use super::super::source::Watch;
use super::super::table::{Rows, in_folder};
use super::super::{ExchangeError, Reading, refused};
use super::text;

/// The tables that say something a resource can hold.
const TABLES: &[&str] = &[
    "organizations",
    "services",
    "locations",
    "service_at_location",
    "addresses",
    "phones",
    "schedules",
    "languages",
    "required_documents",
    "cost_options",
    "attributes",
    "taxonomy_terms",
];

/// Rows of each table.
pub(super) type Tables = HashMap<&'static str, Vec<Map<String, Json>>>;

/// The table that a file of this name holds, where it says something a resource can hold.
pub(super) fn named(file: &str) -> Option<&'static str> {
    let name = file.strip_suffix(".csv")?;
    TABLES.iter().copied().find(|table| *table == name)
}

/// Reads the folder's tables; without organizations and services it is none.
pub(super) fn folder(path: &Path, watch: &Watch<'_>, reading: &mut Reading) -> Result<Tables, ExchangeError> {
    let mut tables = Tables::new();
    for name in TABLES {
        let file = format!("{name}.csv");
        let Some(found) = in_folder(path, &file) else {
            if ["organizations", "services"].contains(name) {
                return Err(refused(path, &format!("there is no {file} in it, so it is no HSDS directory")));
            }
            continue;
        };
        let table = Rows::open(&found, Some(b','), watch)?;
        if table.header.column("id").is_none() {
            return Err(refused(&found, "it has no column id, so it is no table of HSDS"));
        }
        let mut rows = Vec::new();
        let count = table.each(&mut reading.skipped, |line, _| {
            let cells = line.header.names.iter().enumerate().map(|(at, name)| (name.clone(), Json::from(line.at(at))));
            rows.push(cells.filter(|(_, cell)| cell.as_str() != Some("")).collect());
        })?;
        reading.read.insert(file, count);
        tables.insert(name, rows);
    }
    Ok(tables)
}

/// Rows of one table by the id that one of their columns holds.
fn by<'a>(tables: &'a Tables, table: &str, column: &str) -> HashMap<String, Vec<&'a Map<String, Json>>> {
    let mut found: HashMap<String, Vec<_>> = HashMap::new();
    for row in tables.get(table).into_iter().flatten() {
        let id = text(row, column);
        if !id.is_empty() {
            found.entry(id).or_default().push(row);
        }
    }
    found
}

/// Gives every service with its organization, locations, schedules and the rest inside it.
///
/// # Errors
/// Where reading was told to stop.
pub(super) fn together(tables: &Tables, watch: &Watch<'_>, take: &mut dyn FnMut(Json)) -> Result<(), ExchangeError> {
    let organizations = by(tables, "organizations", "id");
    let locations = by(tables, "locations", "id");
    let terms = by(tables, "taxonomy_terms", "id");
    let at = by(tables, "service_at_location", "service_id");
    let addresses = by(tables, "addresses", "location_id");
    // What hangs on a service, a location, a service at a location or an organization.
    let lists = ["phones", "schedules", "languages", "required_documents", "cost_options"];
    let of = |column: &str| lists.map(|table| (table, by(tables, table, column)));
    let (of_service, of_location) = (of("service_id"), of("location_id"));
    let (of_at, of_organization) = (of("service_at_location_id"), of("organization_id"));
    let attributes = by(tables, "attributes", "link_id");

    type Lists<'a> = [(&'static str, HashMap<String, Vec<&'a Map<String, Json>>>); 5];
    let hang = |onto: &mut Map<String, Json>, lists: &Lists<'_>| {
        let id = text(onto, "id");
        for (table, rows) in lists {
            let rows = rows.get(&id).into_iter().flatten().map(|row| Json::Object((*row).clone()));
            onto.insert((*table).into(), rows.collect());
        }
    };
    for row in tables.get("services").into_iter().flatten() {
        watch.go()?;
        let mut service = row.clone();
        let id = text(row, "id");
        hang(&mut service, &of_service);
        if let Some(organization) = organizations.get(&text(row, "organization_id")).and_then(|found| found.first()) {
            let mut organization = (*organization).clone();
            hang(&mut organization, &of_organization);
            service.insert("organization".into(), Json::Object(organization));
        }
        let with_term = attributes.get(&id).into_iter().flatten().map(|attribute| {
            let mut attribute = (*attribute).clone();
            if let Some(term) = terms.get(&text(&attribute, "taxonomy_term_id")).and_then(|found| found.first()) {
                attribute.insert("taxonomy_term".into(), Json::Object((*term).clone()));
            }
            Json::Object(attribute)
        });
        service.insert("attributes".into(), with_term.collect());
        let given_at = at.get(&id).into_iter().flatten().map(|place| {
            let mut place = (*place).clone();
            hang(&mut place, &of_at);
            if let Some(location) = locations.get(&text(&place, "location_id")).and_then(|found| found.first()) {
                let mut location = (*location).clone();
                hang(&mut location, &of_location);
                let addresses = addresses.get(&text(&location, "id")).into_iter().flatten();
                location.insert("addresses".into(), addresses.map(|row| Json::Object((*row).clone())).collect());
                place.insert("location".into(), Json::Object(location));
            }
            Json::Object(place)
        });
        service.insert("service_at_locations".into(), given_at.collect());
        take(Json::Object(service));
    }
    Ok(())
}
