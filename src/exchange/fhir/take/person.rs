//! Patient, RelatedPerson, CareTeam.

use crate::model::records::{care_team, client, relationship};
use crate::model::{ClientStatus, ClosingOutcome, RowId, Value};

use super::super::codes::{GENDER, INTERPRETER, PRONOUNS, codes};
use super::super::fill::{Fill, Trouble};
use super::super::index::{Resource, kept, name};
use super::super::node::Node;
use super::Taker;

/// The role by which HL7 v2 table 0131 tells an emergency contact.
const EMERGENCY: &str = "C";

impl Taker<'_> {
    pub(super) fn patient(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let (node, row, own) = (resource.node, resource.row(), resource.own().is_some());
        if self.barred.contains(&row) {
            return Err(("identifier", "it claims the id of something that is no client here".into()));
        }
        let mut fill = Fill::new(&client::TYPE, row, row, own);
        names(&mut fill, node);
        fill.text(
            client::pronouns,
            node.extension(PRONOUNS, "").extension("value", "").concept("valueCodeableConcept"),
        );
        fill.day(client::birth_date, node.day("birthDate"));
        gender(&mut fill, node, own);
        languages(&mut fill, node);
        for telecom in node.each("telecom").filter(|telecom| telecom.text("use") != "old") {
            let field = match telecom.text("system") {
                "phone" | "sms" => client::phone,
                "email" => client::email,
                _ => continue,
            };
            if !fill.draft.values.iter().any(|(known, _)| *known == field) {
                fill.text(field, telecom.text("value"));
            }
        }
        for place in node.each("address").filter(|place| place.text("use") != "old") {
            let field = if place.text("use") == "temp" { client::living } else { client::address };
            if !fill.draft.values.iter().any(|(known, _)| *known == field) {
                fill.text(field, &address(place));
            }
        }
        for identifier in node.each("identifier").filter_map(kept) {
            fill.member(client::outside_ids, &identifier);
        }
        if own && let Some(other) = self.index.row(node, "link.other") {
            fill.value(client::same_as, Value::Link(other));
        }
        self.warnings(&mut fill, row);
        // Our own patient without a case says nothing of it: nothing is made up.
        if !own || self.index.cases.contains_key(&row) {
            self.standing(&mut fill, node, row);
        }
        self.put(fill, resource.kind)?;
        self.contacts(resource, row)
    }

    /// Allergies, flags: what a colleague must know before a visit.
    fn warnings(&self, fill: &mut Fill, row: RowId) {
        let Some(all) = self.index.warnings.get(&row) else { return };
        for (field, list) in [(client::risk, "risk"), (client::safe_contact, "safe-contact")] {
            let mut said: Vec<&str> = Vec::new();
            for (kind, what) in all {
                let here = if list == "risk" { kind != "safe-contact" } else { kind == list };
                if here && !said.contains(&what.as_str()) {
                    said.push(what);
                }
            }
            fill.text(field, &said.join("\n"));
        }
    }

    /// Whether their case is open, since when, and who works on it.
    fn standing(&self, fill: &mut Fill, node: Node<'_>, row: RowId) {
        let died = node.yes("deceasedBoolean") == Some(true) || node.at("deceasedDateTime").is_there();
        if died {
            fill.text(client::outcome, ClosingOutcome::Died.code());
        }
        if let Some(case) = self.index.cases.get(&row).map(Node::of) {
            let status = match case.own_status() {
                "" => codes().inward("client", case.text("status")).unwrap_or("active"),
                own => own,
            };
            fill.text(client::status, status);
            fill.day(client::opened, case.day("period.start"));
            fill.day(client::closed, case.day("period.end"));
            fill.text(client::worker, &self.index.name(case.at("careManager"), case));
            fill.text(client::area, case.own_coded("type", "area"));
            return;
        }
        let closed = died || node.yes("active") == Some(false);
        fill.text(client::status, if closed { ClientStatus::Closed } else { ClientStatus::Active }.code());
        fill.day(client::closed, node.day("deceasedDateTime"));
        fill.text(client::worker, &self.index.name(node.at("generalPractitioner"), node));
        if self.practice.area("healthcare").is_some() {
            fill.text(client::area, "healthcare");
        }
    }

    /// People named within the patient.
    fn contacts(&mut self, resource: Resource<'_>, row: RowId) -> Result<(), Trouble> {
        for (at, contact) in resource.node.each("contact").enumerate() {
            let called = name(contact, "name");
            if called.is_empty() {
                continue;
            }
            let id = RowId::derived(&["fhir", "contact", &row.to_string(), &called, &at.to_string()]);
            let mut fill = Fill::new(&relationship::TYPE, id, row, false);
            fill.text(relationship::name, &called);
            person(&mut fill, contact);
            self.put(fill, resource.kind)?;
        }
        Ok(())
    }

    pub(super) fn related(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let mut fill = self.begin(&relationship::TYPE, resource, &["patient"])?;
        fill.text(relationship::name, &name(resource.node, "name"));
        fill.day(relationship::birth_date, resource.node.day("birthDate"));
        person(&mut fill, resource.node);
        self.put(fill, resource.kind)
    }

    /// Each member of a team; the client, and people from their life, are no professionals.
    pub(super) fn care_team(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let team = self.begin(&care_team::TYPE, resource, &["subject"])?;
        for member in node.each("participant") {
            let reference = member.text("member.reference");
            let kind = member.text("member.type");
            let lay = |what: &str| kind == what || reference.contains(&format!("{what}/"));
            if lay("Patient") || lay("RelatedPerson") || self.index.row(member, "member") == Some(team.draft.stream) {
                continue;
            }
            let called = self.index.name(member.at("member"), node);
            let known = self.index.find(reference).cloned().unwrap_or_default();
            let whose = team.draft.stream.to_string();
            let id = match known.row.filter(|_| resource.own().is_some()) {
                Some(own) => own,
                None => RowId::derived(&["fhir", "member", &whose, &called, member.concept("role")]),
            };
            let mut fill = Fill::new(&care_team::TYPE, id, team.draft.stream, resource.own().is_some());
            fill.text(care_team::name, &called);
            fill.text(care_team::role, member.concept("role"));
            fill.text(care_team::organisation, &self.index.name(member.at("onBehalfOf"), node));
            fill.text(care_team::phone, &known.phone);
            fill.text(care_team::email, &known.email);
            self.put(fill, resource.kind)?;
        }
        Ok(())
    }
}

/// Relation, telephone, whether to be called in an emergency: the same on a related person and on a contact.
fn person(fill: &mut Fill, node: Node<'_>) {
    let relation = node.each("relationship").map(|one| Node::concept(one, "")).find(|word| !word.is_empty());
    let emergency = node.codings("relationship").any(|(_, code)| code == EMERGENCY);
    fill.text(relationship::relation, relation.unwrap_or(""));
    let phone = node.each("telecom").find(|telecom| matches!(telecom.text("system"), "phone" | "sms"));
    fill.text(relationship::phone, phone.map_or("", |phone| phone.text("value")));
    if emergency {
        fill.value(relationship::emergency, Value::Yes(true));
    }
}

fn names(fill: &mut Fill, node: Node<'_>) {
    let usable = |name: &Node<'_>| !matches!(name.text("use"), "old" | "maiden" | "usual" | "nickname");
    let official = node.each("name").find(usable).or_else(|| node.each("name").next());
    if let Some(official) = official.filter(|name| usable(name) || node.each("name").count() == 1) {
        let given: Vec<&str> = official.each("given").map(Node::as_text).collect();
        let suffix: Vec<&str> = official.each("suffix").map(Node::as_text).collect();
        let family = format!("{} {}", official.text("family"), suffix.join(" "));
        if given.is_empty() && official.text("family").is_empty() {
            fill.text(client::given_name, official.text("text"));
        } else {
            fill.text(client::given_name, &given.join(" "));
            fill.text(client::family_name, if suffix.is_empty() { official.text("family") } else { family.trim() });
        }
    }
    let called = node.each("name").find(|name| matches!(name.text("use"), "usual" | "nickname"));
    if let Some(called) = called.filter(|_| node.each("name").count() > 1 || official.is_none()) {
        fill.text(client::preferred_name, called.any(&["text", "given"]));
    }
}

/// In words: as the person says it, or else the word for the code.
fn gender(fill: &mut Fill, node: Node<'_>, own: bool) {
    let said = node.extension(GENDER, "").concept("valueCodeableConcept");
    let word = match (said, node.text("gender")) {
        ("", _) if own => "",
        ("", "female") => "Female",
        ("", "male") => "Male",
        ("", "other") => "Other",
        (said, _) => said,
    };
    fill.text(client::gender, word);
}

fn languages(fill: &mut Fill, node: Node<'_>) {
    let all: Vec<Node<'_>> = node.each("communication").collect();
    let first = all.iter().position(|one| one.yes("preferred") == Some(true)).unwrap_or(0);
    for (at, one) in all.iter().enumerate() {
        if at == first {
            fill.text(client::language, one.concept("language"));
        } else {
            fill.member(client::other_languages, one.concept("language"));
        }
    }
    if let Some(needs) = node.extension(INTERPRETER, "").yes("valueBoolean") {
        fill.value(client::interpreter, Value::Yes(needs));
    }
}

/// An address on one line.
fn address(place: Node<'_>) -> String {
    let whole = place.text("text");
    if !whole.trim().is_empty() {
        return whole.into();
    }
    let lines = place.each("line").map(Node::as_text);
    let region = format!("{} {}", place.text("state"), place.text("postalCode"));
    let parts: Vec<&str> = lines.chain([place.text("city"), region.trim()]).filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}
