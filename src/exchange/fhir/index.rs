//! Who and what is in a file: gathered in a first pass, so that a reference finds its end wherever it stands. Holds names
//! and ids only, a small part of what the file holds.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::model::RowId;

use super::codes::{ROW, codes};
use super::node::Node;
use super::stream::Entry;

/// A resource by its type and what identifies it.
#[derive(Clone, Copy)]
pub(super) struct Resource<'a> {
    pub kind: &'a str,
    pub full_url: &'a str,
    pub node: Node<'a>,
}

/// What a reference leads to.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub row: Option<RowId>,
    pub name: String,
    pub phone: String,
    pub email: String,
    /// Of a role: who has it, and where.
    leads_to: Vec<String>,
}

#[derive(Default)]
pub(super) struct Index {
    known: HashMap<String, Known>,
    /// By a goal's row, the plan it is part of.
    pub plan_of: HashMap<RowId, RowId>,
    plans: Vec<(RowId, Vec<String>)>,
    /// By a patient's row: allergies, flags and the like, told with what they are.
    pub warnings: HashMap<RowId, Vec<(String, String)>>,
    told: Vec<(String, String, String)>,
    /// By a patient's row, their case as our own export has it.
    pub cases: HashMap<RowId, Json>,
}

/// Types that are looked at in the first pass.
pub(super) fn is_indexed(kind: &str) -> bool {
    matches!(
        kind,
        "Patient"
            | "Practitioner"
            | "PractitionerRole"
            | "Organization"
            | "Location"
            | "HealthcareService"
            | "Medication"
            | "Goal"
            | "Condition"
            | "CarePlan"
            | "AllergyIntolerance"
            | "Flag"
            | "EpisodeOfCare"
            | "QuestionnaireResponse"
    )
}

impl<'a> Resource<'a> {
    pub fn of(entry: &'a Entry) -> Option<Resource<'a>> {
        let node = Node::of(entry.resource.as_ref()?);
        Some(Resource { kind: &entry.kind, full_url: &entry.full_url, node })
    }

    /// The row it was made from, where it is our own.
    pub fn own(self) -> Option<RowId> {
        let own = self.node.each("identifier").find(|identifier| identifier.text("system") == ROW)?;
        own.text("value").parse().ok()
    }

    /// The row it becomes. An id is unique within the server it comes from; where nothing names the server and the id is
    /// no UUID, an identifier says more.
    pub fn row(self) -> RowId {
        if let Some(own) = self.own() {
            return own;
        }
        let id = self.node.text("id");
        let server = server(self.full_url, self.kind);
        let place = server.unwrap_or_else(|| self.node.text("meta.source").split('#').next().unwrap_or(""));
        if !id.is_empty() && (!place.is_empty() || id.parse::<RowId>().is_ok()) {
            return RowId::derived(&["fhir", place, self.kind, id]);
        }
        if let Some(kept) = self.node.each("identifier").find_map(kept) {
            return RowId::derived(&["fhir", "identifier", self.kind, &kept]);
        }
        match id {
            "" => RowId::derived(&["fhir", "url", self.kind, self.full_url]),
            id => RowId::derived(&["fhir", place, self.kind, id]),
        }
    }

    /// Whether anything tells it from others of its type.
    pub fn is_named(self) -> bool {
        self.own().is_some()
            || !self.node.text("id").is_empty()
            || !self.full_url.is_empty()
            || self.node.each("identifier").any(|one| kept(one).is_some())
    }

    /// The names by which others may refer to it.
    fn addresses(self) -> Vec<String> {
        let id = self.node.text("id");
        let mut all = Vec::new();
        if !self.full_url.is_empty() {
            all.push(self.full_url.to_string());
        }
        if !id.is_empty() {
            all.push(format!("{}/{id}", self.kind));
            all.push(format!("urn:uuid:{id}"));
        }
        all
    }
}

/// The server's address in front of `Type/id`.
fn server<'a>(full_url: &'a str, kind: &str) -> Option<&'a str> {
    let at = full_url.rfind(&format!("/{kind}/"))?;
    full_url.starts_with("http").then(|| &full_url[..at])
}

impl Index {
    /// Takes note of a resource.
    pub fn add(&mut self, resource: Resource<'_>) {
        let node = resource.node;
        let mut known = Known { row: Some(resource.row()), ..Known::default() };
        let mut patient = node.any(&["subject.reference", "patient.reference"]).to_string();
        match resource.kind {
            "Practitioner" => known.name = name(node, "name"),
            "Organization" | "Location" | "HealthcareService" => known.name = node.text("name").into(),
            "Medication" => known.name = node.concept("code").into(),
            "PractitionerRole" => {
                let parts =
                    ["practitioner.reference", "organization.reference"].map(|path| node.text(path).to_string());
                known.name = node.any(&["practitioner.display"]).into();
                known.leads_to = parts.into_iter().filter(|part| !part.is_empty()).collect();
            }
            "CarePlan" => {
                let goals = node.each("goal").map(|goal| goal.text("reference").to_string()).collect();
                self.plans.push((resource.row(), goals));
            }
            "AllergyIntolerance" if active(node) => {
                let what = format!("Allergy: {}", node.concept("code"));
                self.told.push((std::mem::take(&mut patient), "allergy".into(), what));
            }
            "Flag" if node.text("status") != "inactive" && node.text("status") != "entered-in-error" => {
                let list = match node.own_coded("category", "client") {
                    "" => "risk",
                    own => own,
                };
                self.told.push((std::mem::take(&mut patient), list.into(), node.text("code.text").into()));
                if node.text("code.text").is_empty()
                    && let Some(last) = self.told.last_mut()
                {
                    last.2 = node.concept("code").into();
                }
            }
            "EpisodeOfCare" if is_case(node) => {
                if let (Some(row), Some(json)) = (patient_row(&patient), node.0) {
                    self.cases.insert(row, json.clone());
                }
            }
            _ => {}
        }
        for telecom in node.each("telecom") {
            let to = match telecom.text("system") {
                "phone" | "sms" => &mut known.phone,
                "email" => &mut known.email,
                _ => continue,
            };
            if to.is_empty() {
                *to = telecom.text("value").into();
            }
        }
        for address in resource.addresses() {
            self.known.entry(address).or_insert_with(|| known.clone());
        }
    }

    /// Called once when all is added: what waited for its end finds it.
    pub fn close(&mut self) {
        for (plan, goals) in std::mem::take(&mut self.plans) {
            let goals: Vec<RowId> = goals.iter().filter_map(|goal| self.find(goal)?.row).collect();
            for goal in goals {
                self.plan_of.entry(goal).or_insert(plan);
            }
        }
        for (patient, list, what) in std::mem::take(&mut self.told) {
            if let Some(row) = self.find(&patient).and_then(|known| known.row) {
                self.warnings.entry(row).or_default().push((list, what));
            }
        }
    }

    /// What a reference leads to: `urn:uuid:...`, `Type/id`, or a whole address, with or without a version.
    pub fn find(&self, reference: &str) -> Option<&Known> {
        if reference.is_empty() {
            return None;
        }
        let bare = reference.split("/_history/").next().unwrap_or(reference);
        self.known.get(bare).or_else(|| {
            let mut parts = bare.rsplit('/');
            let (id, kind) = (parts.next()?, parts.next()?);
            self.known.get(&format!("{kind}/{id}"))
        })
    }

    /// The row a reference leads to.
    pub fn row(&self, node: Node<'_>, path: &str) -> Option<RowId> {
        self.find(node.at(path).text("reference"))?.row
    }

    /// What a reference is called: as it says itself, or as what it leads to is called. `within` is the resource it stands
    /// in, which may contain what is meant.
    pub fn name(&self, reference: Node<'_>, within: Node<'_>) -> String {
        let display = reference.text("display");
        if !display.trim().is_empty() {
            return display.into();
        }
        let target = reference.text("reference");
        if let Some(id) = target.strip_prefix('#') {
            let held = within.each("contained").find(|held| held.text("id") == id);
            return held.map_or_else(String::new, |held| match held.text("resourceType") {
                "Practitioner" | "RelatedPerson" | "Patient" => name(held, "name"),
                "Medication" => held.concept("code").into(),
                _ => held.text("name").into(),
            });
        }
        let Some(known) = self.find(target) else { return reference.text("identifier.value").into() };
        if known.name.is_empty() {
            let parts = known.leads_to.iter().filter_map(|part| self.find(part));
            return parts.map(|part| part.name.clone()).find(|name| !name.is_empty()).unwrap_or_default();
        }
        known.name.clone()
    }
}

/// An identifier as it is kept here; `None` for those that are never kept, and so never used either.
pub(super) fn kept(identifier: Node<'_>) -> Option<String> {
    let types: Vec<&str> = identifier.codings("type").map(|(_, code)| code).collect();
    codes().kept(identifier.text("system"), &types, identifier.text("value").trim())
}

/// Whether a condition or an allergy still holds.
fn active(node: Node<'_>) -> bool {
    let status = node.codings("clinicalStatus").next().map_or("", |(_, code)| code);
    let wrong = node.codings("verificationStatus").any(|(_, code)| matches!(code, "entered-in-error" | "refuted"));
    !wrong && !matches!(status, "inactive" | "resolved" | "remission")
}

/// Whether an episode of care is a client's case as a whole, as our own export writes it.
pub(super) fn is_case(node: Node<'_>) -> bool {
    node.own_coded("type", "episode") == "case"
}

/// Our own export refers to people by their rows.
fn patient_row(reference: &str) -> Option<RowId> {
    reference.strip_prefix("urn:uuid:").or_else(|| reference.strip_prefix("Patient/"))?.parse().ok()
}

/// A name as it is called: its text, or its parts.
pub(super) fn name(node: Node<'_>, path: &str) -> String {
    let best = node.each(path).find(|name| !matches!(name.text("use"), "old" | "maiden")).unwrap_or(node.at(path));
    let whole = best.text("text");
    if !whole.trim().is_empty() {
        return whole.into();
    }
    let prefix = best.each("prefix").map(Node::as_text);
    let given = best.each("given").map(Node::as_text);
    let parts = prefix.chain(given).chain([best.text("family")]).chain(best.each("suffix").map(Node::as_text));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
