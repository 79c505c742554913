//! The person, those around them, what permits it and what they are entitled to.

use serde_json::{Value as Json, json};

use crate::model::records::{benefit, care_team, client, consent, enrollment, relationship};
use crate::model::{Row, RowId, Value};

use super::super::codes::{GENDER, INTERPRETER, OWN, PRONOUNS};
use super::{Made, choice, day, named, own, own_code, reference, time, words};

/// Patient, their case as an episode of care, and flags for what a colleague must know before a visit.
pub(super) fn patient(row: &Row, all: &mut Vec<Json>) {
    let mut patient = Made::new("Patient", row);
    for kept in row.words(client::outside_ids) {
        patient.identify(kept);
    }
    let gender = row.text(client::gender);
    let mut extensions = Vec::new();
    if !gender.is_empty() {
        extensions.push(json!({"url": GENDER, "valueCodeableConcept": words(gender)}));
    }
    if !row.text(client::pronouns).is_empty() {
        let value = json!({"url": "value", "valueCodeableConcept": words(row.text(client::pronouns))});
        extensions.push(json!({"url": PRONOUNS, "extension": [value]}));
    }
    if let Value::Yes(needs) = row.get(client::interpreter) {
        extensions.push(json!({"url": INTERPRETER, "valueBoolean": needs}));
    }
    patient.put("extension", extensions);
    patient.put("active", json!(row.text(client::status) != "closed"));
    let (given, family) = (row.text(client::given_name), row.text(client::family_name));
    let official = if given.is_empty() && family.is_empty() {
        Json::Null
    } else {
        json!({"use": "official", "family": family, "given": [given]})
    };
    let usual = row.text(client::preferred_name);
    // One name alone is taken for the official one: an empty one would not be told from it.
    let usual =
        if usual.is_empty() || official.is_null() { Json::Null } else { json!({"use": "usual", "text": usual}) };
    patient.put("name", json!([official, usual]));
    patient
        .put("telecom", json!([telecom("phone", row.text(client::phone)), telecom("email", row.text(client::email))]));
    if !gender.is_empty() {
        patient.put(
            "gender",
            match gender.to_lowercase().as_str() {
                "female" | "woman" | "f" => "female",
                "male" | "man" | "m" => "male",
                _ => "other",
            },
        );
    }
    patient.put("birthDate", day(row, client::birth_date));
    if row.text(client::outcome) == "died" {
        match day(row, client::closed) {
            Json::Null => patient.put("deceasedBoolean", true),
            closed => patient.put("deceasedDateTime", closed),
        };
    }
    let place = |kind: &str, text: &str| if text.is_empty() { Json::Null } else { json!({"use": kind, "text": text}) };
    patient.put("address", json!([place("home", row.text(client::address)), place("temp", row.text(client::living))]));
    let mut spoken = Vec::new();
    if !row.text(client::language).is_empty() {
        spoken.push(json!({"language": words(row.text(client::language)), "preferred": true}));
    }
    spoken.extend(
        row.words(client::other_languages).iter().map(|one| json!({"language": words(one), "preferred": false})),
    );
    patient.put("communication", spoken);
    if let Some(other) = row.link(client::same_as) {
        patient.put("link", json!([{"other": reference("Patient", other), "type": "seealso"}]));
    }
    all.push(patient.done());
    all.push(case(row));
    for (field, list, called) in
        [(client::risk, "risk", "Risks and alerts"), (client::safe_contact, "safe-contact", "Safe contact")]
    {
        if !row.text(field).trim().is_empty() {
            let id = RowId::derived(&["fhir", "flag", list, &row.id.to_string()]);
            let mut flag = Made::with_id("Flag", id, "");
            flag.put("status", "active").put("category", json!([own("client", list, called)]));
            flag.put("code", words(row.text(field))).put("subject", reference("Patient", row.id));
            all.push(flag.done());
        }
    }
}

/// Whether the case is open, since when, and who works on it.
fn case(row: &Row) -> Json {
    let id = RowId::derived(&["fhir", "case", &row.id.to_string()]);
    let mut case = Made::with_id("EpisodeOfCare", id, "");
    case.status("status", "client", row.text(client::status), "active");
    case.put("type", json!([own("episode", "case", "Case"), choice(row, client::area, "area")]));
    case.put("patient", reference("Patient", row.id));
    case.put("period", json!({"start": day(row, client::opened), "end": day(row, client::closed)}));
    case.put("careManager", named(row.text(client::worker)));
    case.done()
}

fn telecom(system: &str, value: &str) -> Json {
    if value.is_empty() { Json::Null } else { json!({"system": system, "value": value}) }
}

pub(super) fn related(row: &Row) -> Json {
    let mut person = Made::new("RelatedPerson", row);
    person.put("patient", reference("Patient", row.stream));
    let mut relation = vec![words(row.text(relationship::relation))];
    if row.yes(relationship::emergency) {
        let emergency = json!({"system": "http://terminology.hl7.org/CodeSystem/v2-0131", "code": "C", "display": "Emergency Contact"});
        relation.push(json!({"coding": [emergency]}));
    }
    person.put("relationship", relation);
    person.put("name", json!([words(row.text(relationship::name))]));
    person.put("telecom", json!([telecom("phone", row.text(relationship::phone))]));
    person.put("birthDate", day(row, relationship::birth_date));
    person.done()
}

/// Each member as a practitioner, and the team that they are.
pub(super) fn care_team(person: &Row, members: &[&Row], all: &mut Vec<Json>) {
    if members.is_empty() {
        return;
    }
    let mut participants = Vec::new();
    for row in members {
        let mut member = Made::new("Practitioner", row);
        member.put("name", json!([words(row.text(care_team::name))]));
        let ways = [telecom("phone", row.text(care_team::phone)), telecom("email", row.text(care_team::email))];
        member.put("telecom", json!(ways));
        all.push(member.done());
        participants.push(json!({
            "role": [words(row.text(care_team::role))],
            "member": {
                "reference": format!("urn:uuid:{}", row.id), "type": "Practitioner", "display": row.text(care_team::name),
            },
            "onBehalfOf": named(row.text(care_team::organisation)),
        }));
    }
    let id = RowId::derived(&["fhir", "care-team", &person.id.to_string()]);
    let mut team = Made::with_id("CareTeam", id, "");
    team.put("status", "active").put("subject", reference("Patient", person.id)).put("participant", participants);
    all.push(team.done());
}

pub(super) fn enrollment(row: &Row) -> Json {
    let mut episode = Made::new("EpisodeOfCare", row);
    episode.put("status", if row.date(enrollment::exit).is_some() { "finished" } else { "active" });
    episode.put("type", json!([words(row.text(enrollment::project))]));
    episode.put("patient", reference("Patient", row.stream));
    episode.put("managingOrganization", named(row.text(enrollment::organisation)));
    episode.put("period", json!({"start": day(row, enrollment::entry), "end": day(row, enrollment::exit)}));
    episode.done()
}

/// Given, until when, and taken back: a permission with what ends it within.
pub(super) fn consent(row: &Row) -> Json {
    let mut given = Made::new("Consent", row);
    let taken_back = row.time(consent::revoked).is_some();
    given.put("status", if taken_back { "inactive" } else { "active" });
    let scope = json!({"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"});
    given.put("scope", json!({"coding": [scope]}));
    let kind = json!({"system": "http://loinc.org", "code": "59284-0", "display": "Patient Consent"});
    given.put("category", json!([{"coding": [kind]}]));
    given.put("patient", reference("Patient", row.stream));
    given.put(
        "policyRule",
        if row.yes(consent::part2) {
            json!({"coding": [{"system": format!("{OWN}policy"), "code": "part2"}], "text": "42 CFR Part 2"})
        } else {
            words("45 CFR 164.508")
        },
    );
    let recipient = json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"});
    let may_know: Vec<Json> = row.words(consent::what).iter().map(|code| own("information", code, "")).collect();
    let ends = json!({"type": "deny", "period": {"start": time(row, consent::revoked)}});
    given.put(
        "provision",
        json!({
            "type": "permit",
            "period": {"start": day(row, consent::from), "end": day(row, consent::until)},
            "actor": [{"role": {"coding": [recipient]}, "reference": named(row.text(consent::to))}],
            "purpose": [{"display": row.text(consent::purpose)}],
            "code": may_know,
            "provision": if taken_back { json!([ends]) } else { Json::Null },
        }),
    );
    given.done()
}

pub(super) fn coverage(row: &Row) -> Json {
    let mut coverage = Made::new("Coverage", row);
    let ours = row.text(benefit::status);
    coverage.status("status", "benefit", ours, "active");
    coverage.put("type", words(row.text(benefit::programme)));
    coverage.put("subscriberId", row.text(benefit::number));
    coverage.put("beneficiary", reference("Patient", row.stream));
    coverage.put("period", json!({"start": day(row, benefit::since), "end": day(row, benefit::recertify)}));
    coverage.put("payor", json!([named(row.text(benefit::programme))]));
    if ours.is_empty() {
        coverage.put("_status", own_code("active"));
    }
    coverage.done()
}
