//! From rows to a collection bundle, one client after the other. Each resource carries the id of its row, its
//! identifiers, our own code beside FHIR's, and a narrative made of the same values; what a row says and FHIR has no place
//! for stays here. Bodies of notes do not go out: a contact goes out as the encounter that it was.

mod care;
mod person;
mod plan;

use std::io::Write;

use serde_json::{Map, Value as Json, json};

use crate::disclosure::Handed;
use crate::model::records::goal;
use crate::model::{FieldId, RecordType, Row, RowId};
use crate::practice::Practice;
use crate::store::ClientFile;

use super::super::ExchangeError;
use super::codes::{CODE, OWN, ROW, codes};

/// Writes the bundle and gives how many resources it holds.
pub(super) fn write(
    handed: &Handed<'_>,
    practice: &Practice,
    now: &str,
    out: &mut dyn Write,
) -> Result<usize, ExchangeError> {
    let failed = |source| ExchangeError::Unwritten(format!("The file cannot be written: {source}"));
    write!(out, "{{\n\"resourceType\": \"Bundle\",\n\"type\": \"collection\",\n\"timestamp\": \"{now}\"")
        .map_err(failed)?;
    let mut count = 0;
    let records = handed.records();
    for client in handed.clients() {
        let Some(file) = handed.file(*client)? else { continue };
        for resource in resources(&file, &records, practice) {
            let id = resource["id"].as_str().unwrap_or("").to_string();
            let entry = json!({"fullUrl": format!("urn:uuid:{id}"), "resource": resource});
            let before = if count == 0 { ",\n\"entry\": [\n" } else { ",\n" };
            write!(out, "{before}{entry}").map_err(failed)?;
            count += 1;
        }
    }
    write!(out, "{}\n}}\n", if count == 0 { "" } else { "\n]" }).map_err(failed)?;
    Ok(count)
}

/// All resources of one client.
fn resources(file: &ClientFile, records: &[&'static RecordType], practice: &Practice) -> Vec<Json> {
    let mut all = Vec::new();
    for person in std::iter::once(&file.client).chain(&file.also) {
        person::patient(person, &mut all);
        let team: Vec<&Row> =
            file.of(&crate::model::records::care_team::TYPE).iter().filter(|row| row.stream == person.id).collect();
        person::care_team(person, &team, &mut all);
    }
    let goals = file.of(&goal::TYPE);
    for record in records {
        for row in file.of(record) {
            let made = match record.name {
                "relationship" => Some(person::related(row)),
                "enrollment" => Some(person::enrollment(row)),
                "need" => Some(plan::condition(row)),
                "plan" => Some(plan::care_plan(row, goals)),
                "goal" => Some(plan::goal(row)),
                "step" => Some(plan::step(row)),
                "task" => Some(plan::task(row)),
                "referral" => Some(plan::service_request(row)),
                "appointment" => Some(care::appointment(row)),
                "note" => care::contact(row),
                "stay" => Some(care::stay(row)),
                "medication" => Some(care::medication(row)),
                "assessment" => Some(care::assessment(row, practice)),
                "consent" => Some(person::consent(row)),
                "benefit" => Some(person::coverage(row)),
                _ => None,
            };
            all.extend(made);
        }
    }
    all
}

/// A resource being made: only what is there is put in.
pub(super) struct Made(Map<String, Json>);

impl Made {
    /// A resource of a row, with its narrative.
    fn new(kind: &str, row: &Row) -> Made {
        let mut made = Made::with_id(kind, row.id, &narrative(row));
        let key = row.record.field_by_name("key").map_or("", |field| row.text(field.id));
        if !key.is_empty() {
            made.identify(key);
        }
        made
    }

    fn with_id(kind: &str, id: RowId, says: &str) -> Made {
        let mut map = Map::new();
        map.insert("resourceType".into(), kind.into());
        map.insert("id".into(), id.to_string().into());
        if !says.is_empty() {
            let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{says}</div>");
            map.insert("text".into(), json!({"status": "generated", "div": div}));
        }
        map.insert("identifier".into(), json!([{"system": ROW, "value": id.to_string()}]));
        Made(map)
    }

    fn identify(&mut self, kept: &str) {
        let (system, value) = codes().identifier(kept);
        if let Some(Json::Array(all)) = self.0.get_mut("identifier")
            && !value.trim().is_empty()
        {
            all.push(json!({"system": system, "value": clean(value)}));
        }
    }

    /// Puts a value in, unless it is nothing: `null`, an empty text, array or object, and what holds only those.
    fn put(&mut self, key: &str, value: impl Into<Json>) -> &mut Made {
        if let Some(value) = pruned(value.into()) {
            self.0.insert(key.into(), value);
        }
        self
    }

    /// A status, with our own code beside it.
    fn status(&mut self, key: &str, list: &str, ours: &str, otherwise: &str) -> &mut Made {
        self.put(key, codes().out(list, ours).unwrap_or(otherwise));
        if !ours.is_empty() {
            self.put(&format!("_{key}"), own_code(ours));
        }
        self
    }

    fn done(&mut self) -> Json {
        Json::Object(std::mem::take(&mut self.0))
    }
}

/// Our own code as an extension.
fn own_code(ours: &str) -> Json {
    json!({"extension": [{"url": CODE, "valueCode": ours}]})
}

/// A code of one of our own lists.
fn own(list: &str, code: &str, called: &str) -> Json {
    if code.is_empty() {
        return Json::Null;
    }
    json!({"coding": [{"system": format!("{OWN}{list}"), "code": code, "display": called}]})
}

/// The choice that a row has in a field, as a code of our own list with its words.
fn choice(row: &Row, field: FieldId, list: &str) -> Json {
    let called = row.record.field(field.field).map_or_else(String::new, |field| row.shown(field));
    own(list, row.text(field), &called)
}

/// Words alone.
fn words(text: &str) -> Json {
    json!({"text": text})
}

/// Whoever is known by name only.
fn named(text: &str) -> Json {
    json!({"display": text})
}

fn reference(kind: &str, row: RowId) -> Json {
    json!({"reference": format!("urn:uuid:{row}"), "type": kind})
}

fn link(row: &Row, field: FieldId, kind: &str) -> Json {
    row.link(field).map_or(Json::Null, |to| reference(kind, to))
}

fn day(row: &Row, field: FieldId) -> Json {
    row.date(field).map_or(Json::Null, |day| day.format("%Y-%m-%d").to_string().into())
}

fn time(row: &Row, field: FieldId) -> Json {
    row.time(field).map_or(Json::Null, |time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, false).into())
}

/// The end of what began at a time and took so many minutes.
fn end(row: &Row, from: FieldId, minutes: FieldId) -> Json {
    let length = chrono::Duration::minutes(row.whole(minutes).unwrap_or(0));
    let end = row.time(from).and_then(|time| time.checked_add_signed(length));
    end.map_or(Json::Null, |time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, false).into())
}

/// FHIR holds neither empty text nor empty objects, and no control characters.
fn pruned(value: Json) -> Option<Json> {
    match value {
        Json::Null => None,
        Json::String(text) => {
            let text = clean(&text);
            (!text.trim().is_empty()).then_some(Json::String(text))
        }
        Json::Array(all) => {
            let all: Vec<Json> = all.into_iter().filter_map(pruned).collect();
            (!all.is_empty()).then_some(Json::Array(all))
        }
        Json::Object(map) => {
            let map: Map<String, Json> =
                map.into_iter().filter_map(|(key, value)| Some((key, pruned(value)?))).collect();
            // A reference, a coding or an extension that says only of what kind it would be says nothing.
            let says = map.keys().any(|key| !matches!(key.as_str(), "use" | "system" | "url" | "type" | "status"));
            says.then_some(Json::Object(map))
        }
        other => Some(other),
    }
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect()
}

/// What a row says, for a person to read.
fn narrative(row: &Row) -> String {
    let mut out = format!("<p>{}</p><ul>", escaped(row.record.label));
    for field in row.record.fields.iter().filter(|field| field.shown == crate::model::Shown::Form) {
        // What goes out in no element does not go out in the narrative.
        let shown = row.shown(field);
        if !shown.trim().is_empty() && is_held(field.id) {
            out.push_str(&format!("<li>{}: {}</li>", escaped(field.label), escaped(&shown)));
        }
    }
    out.push_str("</ul>");
    out
}

/// Fields that go out in an element of their own, and so may be told in words.
fn is_held(field: FieldId) -> bool {
    use crate::model::records::*;
    const TOLD: &[FieldId] = &[
        client::given_name,
        client::family_name,
        client::birth_date,
        relationship::name,
        relationship::relation,
        enrollment::project,
        enrollment::entry,
        enrollment::exit,
        need::what,
        need::domain,
        need::status,
        crate::model::records::plan::kind,
        crate::model::records::plan::status,
        crate::model::records::plan::start,
        crate::model::records::plan::summary,
        goal::words,
        goal::statement,
        goal::target,
        goal::status,
        step::what,
        step::due,
        step::status,
        task::what,
        task::due,
        task::status,
        appointment::title,
        appointment::starts,
        appointment::status,
        note::when,
        note::kind,
        note::minutes,
        consent::to,
        consent::purpose,
        consent::from,
        consent::until,
        benefit::programme,
        benefit::status,
        medication::name,
        medication::dose,
        assessment::instrument,
        assessment::on,
        referral::to,
        referral::what,
        referral::status,
        stay::hospital,
        stay::kind,
        stay::admitted,
        stay::discharged,
    ];
    TOLD.contains(&field)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no place for these.
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}
