//! A resource directory as Open Referral HSDS 3, in and out: JSON (services with all that belongs to them, organizations
//! with their services, pages of either, or the tables in one file) and the folder of CSV tables.
//!
//! Each service becomes one resource in the worker's own stream; its id there is made from its id in the directory, so that
//! reading again changes only what changed. What the directory says and a resource has no field for stands in its notes
//! under a label of its own, and goes out again from there. Out: see [`out`].

mod hours;
pub(super) mod out;
mod pages;
mod tables;
mod terms;

use std::path::Path;

use serde_json::{Map, Value as Json};

use crate::model::records::resource;
use crate::model::text::one_line;
use crate::model::{FieldId, ResourceStatus, RowId, Value};
use crate::store::Draft;

use super::source::Watch;
use super::{ExchangeError, Format, Options, Reading, Skipped, fits};

/// What stands in the notes of a resource under a label, and the directory's field it is from.
const LABELLED: &[(&str, &str)] = &[
    ("Also called", "alternate_name"),
    ("To apply", "application_process"),
    ("Wait", "wait_time"),
    ("Interpreters", "interpretation_services"),
    ("Note", "alert"),
    ("Accredited", "accreditations"),
];

/// How long one waits where nothing is known but that there is a waiting list.
const WAITS: &str = "Waiting list";

pub(super) fn read(path: &Path, options: &Options<'_>, watch: &Watch<'_>) -> Result<Reading, ExchangeError> {
    let mut reading = Reading::of(Format::Hsds);
    let file = path.file_name().map_or_else(String::new, |name| one_line(&name.to_string_lossy()).into_owned());
    let mut seen = std::collections::HashSet::new();
    let (mut drafts, mut skipped) = (Vec::new(), Vec::new());
    let mut place = 0;
    let mut take = |service: Json| {
        place += 1;
        let mut skip = |column: &str, reason: &str| {
            skipped.push(Skipped { file: file.clone(), line: place, column: column.into(), reason: reason.into() });
        };
        let Some(service) = service.as_object() else { return skip("", "it is no service, but something else") };
        match draft(service, options).and_then(|draft| fits(&draft).map(|()| draft)) {
            Ok(draft) if seen.insert(draft.row) => drafts.push(draft),
            Ok(_) => skip("id", "the same service stands before it"),
            Err((column, reason)) => skip(column, &reason),
        }
    };
    if path.is_dir() {
        let tables = tables::folder(path, watch, &mut reading)?;
        tables::together(&tables, watch, &mut take)?;
    } else {
        match pages::each(path, watch, &mut take)? {
            pages::Held::Services(count) => drop(reading.read.insert(file.clone(), count)),
            pages::Held::Tables(tables) => {
                let counts = tables.iter().map(|(name, rows)| (format!("{name}.csv"), rows.len() as u64));
                reading.read.extend(counts);
                tables::together(&tables, watch, &mut take)?;
            }
        }
    }
    reading.drafts = drafts;
    reading.skipped.append(&mut skipped);
    Ok(reading)
}

/// A service as a resource; what is wrong comes back with the field it is about.
fn draft(service: &Map<String, Json>, options: &Options<'_>) -> Result<Draft, (&'static str, String)> {
    let id = text(service, "id");
    if id.is_empty() {
        return Err(("id", "it has no id".into()));
    }
    let name = text(service, "name");
    if name.is_empty() {
        return Err(("name", "it has no name".into()));
    }
    let organization = service.get("organization").and_then(Json::as_object);
    let whose = |field| organization.map_or(String::new(), |organization| text(organization, field));
    let organisation = match (whose("name"), service.get("program").and_then(Json::as_object)) {
        (empty, Some(program)) if empty.is_empty() => text(program, "name"),
        (name, _) => name,
    };
    let organisation = if organisation.is_empty() { "(organisation not named)".into() } else { organisation };
    let places = places(service, organization);
    let or = |first: String, then: String| if first.is_empty() { then } else { first };

    let mut values: Vec<(FieldId, Value)> = Vec::new();
    let mut put = |field: FieldId, text: String| values.push((field, text.into()));
    put(resource::organisation, flat(&organisation));
    put(resource::what, flat(&name));
    let addresses: Vec<String> = places.iter().map(|place| address(place)).filter(|text| !text.is_empty()).collect();
    put(resource::place, distinct(addresses).join("; "));
    put(resource::eligibility, eligibility(service));
    let schedules = lists(service, "schedules")
        .chain(lists_in(service, "service_at_locations", "schedules"))
        .chain(places.iter().flat_map(|place| lists(place, "schedules")));
    let (hours, unsaid) = hours::line(schedules, options.moment.today());
    put(resource::hours, hours);
    let phones = lists(service, "phones")
        .chain(lists_in(service, "service_at_locations", "phones"))
        .chain(places.iter().flat_map(|place| lists(place, "phones")))
        .chain(organization.into_iter().flat_map(|organization| lists(organization, "phones")));
    put(resource::phone, phones.map(phone).find(|number| !number.is_empty()).unwrap_or_default());
    put(resource::email, flat(&or(text(service, "email"), whose("email"))));
    put(resource::website, flat(&or(text(service, "url"), or(whose("website"), whose("url")))));
    let documents = lists(service, "required_documents").map(|document| flat(&text(document, "document")));
    put(resource::documents, distinct(documents.collect()).join("; "));
    put(resource::cost, cost(service));
    put(resource::status, status(service).code().into());
    put(resource::about, about(service, &unsaid));
    // What went out from here comes back to the same row.
    let own = id.parse::<RowId>().ok().and_then(|id| options.store.row_of(&resource::TYPE, id).ok()?);
    if own.is_none() {
        put(resource::key, format!("hsds:{}", flat(&id)));
    }

    let spoken = lists(service, "languages").chain(places.iter().flat_map(|place| lists(place, "languages")));
    let languages = spoken.map(|language| flat(&or(text(language, "name"), text(language, "code"))));
    let mut members: Vec<(FieldId, String)> = distinct(languages.collect())
        .into_iter()
        .filter(|language| !language.is_empty())
        .map(|language| (resource::languages, language))
        .collect();
    members.extend(terms::domains(service).into_iter().map(|domain| (resource::domains, domain.code().to_string())));
    let row = own.map_or_else(|| RowId::derived(&["hsds", &id]), |row| row.id);
    Ok(Draft { record: &resource::TYPE, row, stream: options.store.worker().id, values, members })
}

/// Where it is given: its locations, or else its organization's.
fn places<'a>(
    service: &'a Map<String, Json>,
    organization: Option<&'a Map<String, Json>>,
) -> Vec<&'a Map<String, Json>> {
    let at = lists(service, "service_at_locations").filter_map(|at| at.get("location")?.as_object());
    let places: Vec<_> = at.collect();
    if !places.is_empty() {
        return places;
    }
    organization.into_iter().flat_map(|organization| lists(organization, "locations")).collect()
}

/// `MyCity Civic Center, 1-30 Main Street, MyCity, MyState ABC 1234`.
fn address(place: &Map<String, Json>) -> String {
    let name = flat(&text(place, "name"));
    let mut addresses: Vec<&Map<String, Json>> = lists(place, "addresses").collect();
    // Where letters go is not where the door is.
    addresses.sort_by_key(|address| text(address, "address_type") == "postal");
    let Some(address) = addresses.first() else { return name };
    let state = format!("{} {}", text(address, "state_province"), text(address, "postal_code"));
    let parts = [name, text(address, "address_1"), text(address, "address_2"), text(address, "city"), state];
    let parts: Vec<String> = parts.iter().map(|part| flat(part)).filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

/// `+44 1234 234567 ext. 100`.
fn phone(phone: &Map<String, Json>) -> String {
    let number = flat(text(phone, "number").trim_matches(['"', '\'', ' ']));
    match text(phone, "extension") {
        extension if extension.is_empty() || number.is_empty() => number,
        extension => format!("{number} ext. {}", flat(&extension)),
    }
}

/// Who may come, in words; ages on a line of their own, from which they go out again.
fn eligibility(service: &Map<String, Json>) -> String {
    let ages = match (text(service, "minimum_age").as_str(), text(service, "maximum_age").as_str()) {
        ("", "") => String::new(),
        (from, "") => format!("From age {from}"),
        ("", to) => format!("Up to age {to}"),
        (from, to) => format!("Ages {from} to {to}"),
    };
    let said = match text(service, "eligibility_description") {
        empty if empty.is_empty() => {
            lists(service, "eligibilities").map(|one| text(one, "eligibility")).collect::<Vec<_>>().join("; ")
        }
        said => said,
    };
    [said.trim(), &ages].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("\n")
}

fn cost(service: &Map<String, Json>) -> String {
    let said = flat(&text(service, "fees_description"));
    if !said.is_empty() {
        return said;
    }
    let options = lists(service, "cost_options").map(|one| {
        let amount = format!("{} {}", text(one, "amount"), text(one, "currency").to_uppercase());
        let parts = [text(one, "option"), amount, text(one, "amount_description")];
        parts.iter().map(|part| flat(part)).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    });
    distinct(options.collect()).join("; ")
}

fn status(service: &Map<String, Json>) -> ResourceStatus {
    let waits = text(service, "wait_time").to_lowercase();
    match text(service, "status").as_str() {
        "inactive" | "defunct" => ResourceStatus::Closed,
        "temporarily closed" => ResourceStatus::Full,
        _ if ["week", "month", "waiting list", "waitlist"].iter().any(|word| waits.contains(word)) => {
            ResourceStatus::Waiting
        }
        _ => ResourceStatus::Open,
    }
}

fn about(service: &Map<String, Json>, hours_unsaid: &str) -> String {
    let mut parts = vec![text(service, "description").trim().to_string()];
    parts.extend(LABELLED.iter().map(|(label, field)| match text(service, field) {
        empty if empty.trim().is_empty() => String::new(),
        // The status says as much.
        waits if *field == "wait_time" && waits == WAITS => String::new(),
        said => format!("{label}: {}", flat(&said)),
    }));
    if !hours_unsaid.is_empty() {
        parts.push(format!("Hours: {hours_unsaid}"));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// What a field says, whether it was written as text or as a number; empty where it says nothing.
fn text(of: &Map<String, Json>, field: &str) -> String {
    match of.get(field) {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Number(number)) => number.to_string(),
        Some(Json::Bool(yes)) => yes.to_string(),
        _ => String::new(),
    }
}

fn lists<'a>(of: &'a Map<String, Json>, field: &str) -> impl Iterator<Item = &'a Map<String, Json>> + use<'a> {
    of.get(field).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_object)
}

fn lists_in<'a>(
    of: &'a Map<String, Json>,
    outer: &str,
    inner: &'static str,
) -> impl Iterator<Item = &'a Map<String, Json>> + use<'a> {
    lists(of, outer).flat_map(move |one| lists(one, inner))
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn distinct(texts: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    texts.into_iter().filter(|text| !text.is_empty() && seen.insert(text.to_lowercase())).collect()
}
