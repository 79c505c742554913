//! The worker's resources as an HSDS 3 directory: a page of services as JSON, or the folder of CSV tables.
//!
//! A service keeps the id it came with. Organizations and locations get ids made from what they are called, the same
//! every time; what stands in the notes under a label goes back to the field it came from.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value as Json, json};

use crate::disclosure::Handed;
use crate::model::records::resource;
use crate::model::{Domain, ResourceStatus, Row, RowId};

use super::super::table::Made;
use super::super::{ExchangeError, Wanted, Written};
use super::terms::OWN;
use super::{LABELLED, WAITS, hours};

pub(in super::super) fn write(handed: &Handed<'_>, wanted: &Wanted<'_>) -> Result<Written, ExchangeError> {
    let rows = handed.about_nobody(&resource::TYPE)?;
    let services: Vec<Json> = rows.iter().map(service).collect();
    let count = services.len();
    if wanted.folder {
        let files = tables(&services)?;
        return Ok(Written { files, counts: vec![("services", count)], told: Vec::new() });
    }
    let page = json!({
        "total_items": count, "total_pages": 1, "page_number": 1, "size": count, "first_page": true, "last_page": true,
        "empty": count == 0, "contents": services,
    });
    let text = serde_json::to_vec_pretty(&page).map_err(|error| ExchangeError::Unwritten(error.to_string()))?;
    Ok(Written::file(text, "services", count))
}

fn service(row: &Row) -> Json {
    let own = row.id.to_string();
    let id = row.text(resource::key).strip_prefix("hsds:").unwrap_or(&own).to_string();
    let made = |parts: &[&str]| RowId::derived(&[&["hsds out"], parts].concat()).to_string();
    let organisation = row.text(resource::organisation);
    let mut service = Map::new();
    let mut put = |field: &str, text: &str| {
        if !text.trim().is_empty() {
            service.insert(field.into(), text.trim().into());
        }
    };
    put("id", &id);
    put("name", row.text(resource::what));
    put("url", row.text(resource::website));
    put("email", row.text(resource::email));
    put("fees_description", row.text(resource::cost));
    let status = ResourceStatus::from_code(row.text(resource::status)).unwrap_or(ResourceStatus::Open);
    put(
        "status",
        match status {
            ResourceStatus::Open | ResourceStatus::Waiting => "active",
            ResourceStatus::Full => "temporarily closed",
            ResourceStatus::Closed => "defunct",
        },
    );
    let (description, labelled) = unlabelled(row.text(resource::about));
    put("description", &description);
    for (field, said) in &labelled {
        put(field, said);
    }
    if status == ResourceStatus::Waiting && !labelled.iter().any(|(field, _)| *field == "wait_time") {
        put("wait_time", WAITS);
    }
    let (said, from, to) = ages(row.text(resource::eligibility));
    put("eligibility_description", &said);
    service.extend(from.map(|age| ("minimum_age".into(), age.into())));
    service.extend(to.map(|age| ("maximum_age".into(), age.into())));

    service.insert(
        "organization".into(),
        json!({"id": made(&["organization", organisation]), "name": organisation, "description": organisation}),
    );
    let mut list = |field: &str, items: Vec<Json>| {
        if !items.is_empty() {
            service.insert(field.into(), items.into());
        }
    };
    let phone = row.text(resource::phone);
    if !phone.is_empty() {
        let (number, extension) = phone.rsplit_once(" ext. ").unwrap_or((phone, ""));
        let mut one = json!({"id": made(&["phone", &id]), "number": number});
        if let Ok(extension) = extension.parse::<u64>() {
            one["extension"] = extension.into();
        } else if !extension.is_empty() {
            one["number"] = phone.into();
        }
        list("phones", vec![one]);
    }
    list("schedules", hours::schedules(row.text(resource::hours), |at| made(&["schedule", &id, &at.to_string()])));
    let languages = row.words(resource::languages).iter();
    list("languages", languages.map(|name| json!({"id": made(&["language", &id, name]), "name": name})).collect());
    let documents = row.text(resource::documents).split("; ").filter(|text| !text.is_empty());
    list(
        "required_documents",
        documents.map(|text| json!({"id": made(&["document", &id, text]), "document": text})).collect(),
    );
    let domains = row.words(resource::domains).iter().filter_map(|code| Domain::from_code(code));
    let attribute = |domain: Domain| {
        json!({"id": made(&["attribute", &id, domain.code()]), "link_type": "need", "link_entity": "service", "taxonomy_term": {
            "id": made(&["term", domain.code()]), "code": domain.code(), "name": domain.label(),
            "description": domain.label(), "term_uri": format!("{OWN}{}", domain.code()),
        }})
    };
    list("attributes", domains.map(attribute).collect());
    let places = row.text(resource::place).split("; ").filter(|text| !text.is_empty());
    let at = |place: &str| {
        json!({"id": made(&["at", &id, place]), "location": {
            "id": made(&["location", place]), "location_type": "physical", "name": place,
        }})
    };
    list("service_at_locations", places.map(at).collect());
    Json::Object(service)
}

/// The description, and what stood under the labels of an import.
fn unlabelled(about: &str) -> (String, Vec<(&'static str, String)>) {
    let mut labelled = Vec::new();
    let mut rest = Vec::new();
    for line in about.lines() {
        let found = line.split_once(": ").and_then(|(label, said)| {
            LABELLED.iter().find(|(known, _)| *known == label).map(|(_, field)| (*field, said.to_string()))
        });
        match found {
            Some(found) => labelled.push(found),
            None => rest.push(line),
        }
    }
    (rest.join("\n"), labelled)
}

/// Who may come, without the line of ages; and the ages.
fn ages(text: &str) -> (String, Option<u32>, Option<u32>) {
    let (mut from, mut to) = (None, None);
    let mut rest = Vec::new();
    for line in text.lines() {
        let span = line.strip_prefix("Ages ").and_then(|ages| ages.split_once(" to "));
        let read = match (span, line.strip_prefix("From age "), line.strip_prefix("Up to age ")) {
            (Some((first, last)), ..) => (first.parse().ok(), last.parse().ok()),
            (_, Some(first), _) => (first.parse().ok(), None),
            (.., Some(last)) => (None, last.parse().ok()),
            _ => (None, None),
        };
        match read {
            (None, None) => rest.push(line),
            read => (from, to) = read,
        }
    }
    (rest.join("\n"), from, to)
}

/// The services taken apart into the tables of the specification.
fn tables(services: &[Json]) -> Result<Vec<(String, Vec<u8>)>, ExchangeError> {
    let mut tables: BTreeMap<&str, Vec<Map<String, Json>>> = BTreeMap::new();
    let mut seen: HashSet<(&str, String)> = HashSet::new();
    let mut add = |table: &'static str, row: &Json, links: &[(&str, &Json)]| {
        let Some(row) = row.as_object() else { return };
        if !seen.insert((table, row["id"].to_string())) {
            return;
        }
        let mut row: Map<String, Json> = row
            .iter()
            .filter(|(_, value)| !value.is_array() && !value.is_object())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        row.extend(links.iter().map(|(name, id)| ((*name).to_string(), (*id).clone())));
        tables.entry(table).or_default().push(row);
    };
    for service in services {
        let (id, organization) = (&service["id"], &service["organization"]);
        add("organizations", organization, &[]);
        add("services", service, &[("organization_id", &organization["id"])]);
        for table in ["phones", "schedules", "languages", "required_documents"] {
            for row in service[table].as_array().into_iter().flatten() {
                add(table, row, &[("service_id", id)]);
            }
        }
        for attribute in service["attributes"].as_array().into_iter().flatten() {
            let term = &attribute["taxonomy_term"];
            add("taxonomy_terms", term, &[]);
            add("attributes", attribute, &[("link_id", id), ("taxonomy_term_id", &term["id"])]);
        }
        for at in service["service_at_locations"].as_array().into_iter().flatten() {
            let location = &at["location"];
            add("locations", location, &[("organization_id", &organization["id"])]);
            add("service_at_location", at, &[("service_id", id), ("location_id", &location["id"])]);
        }
    }
    // Even a directory without a service says what it is.
    tables.entry("organizations").or_default();
    tables.entry("services").or_default();
    let failed = |error: csv::Error| ExchangeError::Unwritten(error.to_string());
    let mut files = Vec::new();
    for (table, rows) in tables {
        let mut columns = vec!["id".to_string()];
        if rows.is_empty() {
            columns.push("name".into());
        }
        for name in rows.iter().flat_map(Map::keys) {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        let mut out = Made::new(csv::Terminator::Any(b'\n'));
        out.row(&columns).map_err(failed)?;
        for row in rows {
            out.row(columns.iter().map(|name| super::text(&row, name))).map_err(failed)?;
        }
        files.push((format!("{table}.csv"), out.done().map_err(failed)?));
    }
    Ok(files)
}
