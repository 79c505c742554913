//! What happens: appointments, contacts, stays, medications, instruments filled in.

use serde_json::{Value as Json, json};

use crate::model::records::{appointment as visits, assessment as filled, medication as taken, note, stay as stays};
use crate::model::{Row, Value};
use crate::practice::Practice;
use crate::practice::instruments::Answers;

use super::super::codes::{ACT_CODE, LOINC, NULL_FLAVOR, OWN, codes};
use super::{Made, choice, day, end, named, own, reference, time, words};

pub(super) fn appointment(row: &Row) -> Json {
    let mut visit = Made::new("Appointment", row);
    visit.status("status", "appointment", row.text(visits::status), "pending");
    visit.put("description", row.text(visits::title));
    visit.put("start", time(row, visits::starts)).put("end", end(row, visits::starts, visits::minutes));
    if let Some(minutes) = row.whole(visits::minutes).filter(|minutes| *minutes > 0) {
        visit.put("minutesDuration", minutes);
    }
    visit.put("comment", row.text(visits::about));
    let mut who = vec![json!({"actor": reference("Patient", row.stream), "status": "accepted"})];
    for (field, kind) in [(visits::with, "Practitioner"), (visits::place, "Location")] {
        if !row.text(field).trim().is_empty() {
            who.push(json!({"actor": {"type": kind, "display": row.text(field)}, "status": "accepted"}));
        }
    }
    visit.put("participant", who);
    visit.done()
}

/// A contact in which the client was reached, or a service given; and a visit elsewhere that came in as an encounter, of
/// which nobody here knows the class. An attempt, a talk with others and a note to the record are no encounters.
pub(super) fn contact(row: &Row) -> Option<Json> {
    let elsewhere = row.text(note::key).starts_with("fhir:Encounter/").then_some((NULL_FLAVOR, "UNK"));
    let class = codes().out("contact", row.text(note::kind)).map(|class| (ACT_CODE, class));
    let (system, code) = class.or(elsewhere)?;
    let mut contact = Made::new("Encounter", row);
    contact.put("status", "finished").put("class", json!({"system": system, "code": code}));
    contact.put("type", json!([choice(row, note::kind, "contact")]));
    contact.put("subject", reference("Patient", row.stream));
    contact.put(
        "period",
        json!({"start": time(row, note::when), "end": match row.whole(note::minutes) {
            Some(minutes) if minutes > 0 => end(row, note::when, note::minutes),
            _ => Json::Null,
        }}),
    );
    Some(contact.done())
}

pub(super) fn stay(row: &Row) -> Json {
    let mut stay = Made::new("Encounter", row);
    let over = row.date(stays::discharged).is_some();
    stay.put("status", if over { "finished" } else { "in-progress" });
    let class = codes().out("stay", row.text(stays::kind)).unwrap_or("IMP");
    stay.put("class", json!({"system": ACT_CODE, "code": class}));
    stay.put("type", json!([choice(row, stays::kind, "stay")]));
    stay.put("subject", reference("Patient", row.stream));
    stay.put("period", json!({"start": day(row, stays::admitted), "end": day(row, stays::discharged)}));
    stay.put("reasonCode", json!([words(row.text(stays::reason))]));
    stay.put("hospitalization", json!({"dischargeDisposition": words(row.text(stays::discharged_to))}));
    stay.put("serviceProvider", named(row.text(stays::hospital)));
    stay.done()
}

/// As told by the client or their papers, not as ordered here.
pub(super) fn medication(row: &Row) -> Json {
    let mut medication = Made::new("MedicationRequest", row);
    medication.put("status", if row.date(taken::until).is_some() { "stopped" } else { "active" });
    medication.put("intent", "plan").put("reportedBoolean", true);
    medication.put("medicationCodeableConcept", words(row.text(taken::name)));
    medication.put("subject", reference("Patient", row.stream));
    medication.put("requester", named(row.text(taken::prescriber)));
    medication.put("note", json!([words(row.text(taken::about))]));
    let bounds = json!({"start": day(row, taken::since), "end": day(row, taken::until)});
    medication.put(
        "dosageInstruction",
        json!([{"text": row.text(taken::dose), "timing": {"repeat": {"boundsPeriod": bounds}}}]),
    );
    medication.done()
}

/// Answers as components, each by the public code of its item where there is one.
pub(super) fn assessment(row: &Row, practice: &Practice) -> Json {
    let code = row.text(filled::instrument);
    let instrument = practice.instruments.get(code);
    let loinc = |code: Option<&String>| match code {
        Some(code) => json!({"system": LOINC, "code": code}),
        None => Json::Null,
    };
    let mut observation = Made::new("Observation", row);
    observation.put("status", "final");
    let survey = json!({"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"});
    observation.put("category", json!([{"coding": [survey]}]));
    let called = instrument.map_or(code, |one| one.name.as_str());
    let ours = json!({"system": format!("{OWN}instrument"), "code": code, "display": called});
    let panel = instrument.and_then(|one| one.loinc.as_ref());
    observation.put("code", json!({"coding": [loinc(panel), ours], "text": called}));
    observation.put("subject", reference("Patient", row.stream));
    observation.put("effectiveDateTime", day(row, filled::on));
    if let Value::Whole(score) = row.get(filled::score) {
        observation.put("valueInteger", *score);
    }
    let urgent = row.text(filled::urgent);
    let mut alarm = own("interpretation", if urgent.is_empty() { "" } else { "urgent" }, "Demands action");
    if !alarm.is_null() {
        alarm["text"] = urgent.into();
    }
    let band = if row.text(filled::band).is_empty() { Json::Null } else { words(row.text(filled::band)) };
    observation.put("interpretation", json!([band, alarm]));
    observation.put("note", json!([words(row.text(filled::about))]));
    let answers: Answers = row.text(filled::answers).parse().unwrap_or_default();
    let components: Vec<Json> = answers
        .iter()
        .map(|(id, value)| {
            let item = instrument.and_then(|one| one.item(id.as_str()));
            let label = item.map_or(id.as_str(), |item| item.label.as_str());
            let ours = json!({"system": format!("{OWN}item"), "code": id.as_str(), "display": label});
            let public = loinc(item.and_then(|item| item.loinc.as_ref()));
            json!({"code": {"coding": [public, ours], "text": label}, "valueInteger": value})
        })
        .collect();
    observation.put("component", components);
    observation.done()
}
