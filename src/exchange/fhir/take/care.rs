//! What happens: Appointment, Encounter, MedicationRequest and MedicationStatement.

use chrono::{DateTime, FixedOffset};

use crate::model::records::{appointment, medication, note, stay};
use crate::model::{AppointmentStatus, ContactKind, Value};

use super::super::codes::codes;
use super::super::fill::{Fill, Trouble};
use super::super::index::Resource;
use super::super::node::Node;
use super::plan::status;
use super::{Taker, key, notes};

impl Taker<'_> {
    pub(super) fn appointment(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let whose = self.patient_of(node);
        let mut fill = match (whose, resource.own()) {
            (Some(stream), own) if !self.barred.contains(&stream) => {
                Fill::new(&appointment::TYPE, resource.row(), stream, own.is_some())
            }
            _ => self.begin(&appointment::TYPE, resource, &["participant.actor"])?,
        };
        let title =
            node.any(&["description", "serviceType.text", "serviceType.coding.display", "appointmentType.text"]);
        let title = if title.is_empty() { node.concept("reasonCode") } else { title };
        fill.text(appointment::title, if title.is_empty() { "Appointment" } else { title });
        fill.time(appointment::starts, node.time("start"));
        let length = node.whole("minutesDuration").or_else(|| minutes(node.time("start"), node.time("end")));
        fill.value(appointment::minutes, length.map_or(Value::Empty, Value::Whole));
        let (mut places, mut with) = (Vec::new(), Vec::new());
        for actor in node.each("participant").map(|participant| participant.at("actor")) {
            let reference = actor.text("reference");
            let found = self.index.find(reference).and_then(|known| known.row);
            if reference.contains("Patient/") || found == Some(fill.draft.stream) {
                continue;
            }
            let named = self.index.name(actor, node);
            let place = actor.text("type") == "Location" || reference.contains("Location/");
            if !named.is_empty() {
                if place { places.push(named) } else { with.push(named) }
            }
        }
        fill.text(appointment::place, &places.join(", "));
        fill.text(appointment::with, &with.join(", "));
        fill.text(appointment::status, status(node, "appointment", "planned"));
        fill.text(appointment::about, node.any(&["comment", "patientInstruction"]));
        fill.text(appointment::key, &key(resource));
        self.put(fill, resource.kind)
    }

    /// The patient among those who take part.
    fn patient_of(&self, node: Node<'_>) -> Option<crate::model::RowId> {
        let taking_part = node.each("participant").map(|participant| participant.at("actor"));
        let patient =
            |actor: &Node<'_>| actor.text("type") == "Patient" || actor.text("reference").contains("Patient/");
        taking_part.filter(patient).find_map(|actor| self.index.find(actor.text("reference"))?.row)
    }

    pub(super) fn encounter(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        if !node.own_coded("type", "contact").is_empty() {
            return self.contact(resource);
        }
        let class = node.any(&["class.code", "class.coding.code"]);
        let ahead = matches!(node.text("status"), "planned" | "cancelled");
        // Its own words say whether it is a stay at all where the class does not; the name of a clinic says nothing of that.
        let class = codes().stay_class(class, &node.all_concepts(&["class", "type", "serviceType"]));
        let mut words = node.all_concepts(&["class", "type", "serviceType", "reasonCode", "diagnosis.condition"]);
        words.push_str(&self.place(node));
        match class.map(|class| codes().stay_kind(class, &words)) {
            _ if ahead => self.visit_ahead(resource),
            Some(kind) => self.stay(resource, kind),
            None => self.visit_elsewhere(resource),
        }
    }

    /// One of our own contacts, come back.
    fn contact(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let mut fill = self.begin(&note::TYPE, resource, &["subject"])?;
        fill.time(note::when, node.time("period.start"));
        fill.text(note::kind, node.own_coded("type", "contact"));
        let length = minutes(node.time("period.start"), node.time("period.end"));
        fill.value(note::minutes, length.map_or(Value::Empty, Value::Whole));
        fill.text(note::key, &key(resource));
        self.put(fill, resource.kind)
    }

    fn stay(&mut self, resource: Resource<'_>, kind: &str) -> Result<(), Trouble> {
        let node = resource.node;
        let own = node.own_coded("type", "stay");
        let mut fill = self.begin(&stay::TYPE, resource, &["subject"])?;
        let hospital = self.place(node);
        let foreign = resource.own().is_none();
        fill.text(stay::hospital, if hospital.is_empty() && foreign { "Not named" } else { &hospital });
        fill.text(stay::kind, if own.is_empty() { kind } else { own });
        fill.day(stay::admitted, node.day("period.start"));
        if node.text("status") != "in-progress" {
            fill.day(stay::discharged, node.day("period.end"));
        }
        let reason = match node.concept("reasonCode") {
            "" if foreign => node.concept("type"),
            reason => reason,
        };
        fill.text(stay::reason, reason);
        fill.text(stay::discharged_to, node.concept("hospitalization.dischargeDisposition"));
        fill.text(stay::key, &key(resource));
        self.put(fill, resource.kind)
    }

    /// A past visit to someone else: known, but no contact of this worker's.
    fn visit_elsewhere(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let mut fill = self.begin(&note::TYPE, resource, &["subject"])?;
        fill.time(note::when, node.time("period.start"));
        fill.text(note::kind, ContactKind::Record.code());
        let length = minutes(node.time("period.start"), node.time("period.end"));
        fill.value(note::minutes, length.map_or(Value::Empty, Value::Whole));
        let mut body = match node.concept("type") {
            "" => "Visit".to_string(),
            kind => kind.to_string(),
        };
        for (word, name) in [("at", self.place(node)), ("with", self.who(node))] {
            if !name.is_empty() {
                body.push_str(&format!(" {word} {name}"));
            }
        }
        if !node.concept("reasonCode").is_empty() {
            body.push_str(&format!(": {}", node.concept("reasonCode")));
        }
        fill.text(note::body, &body);
        fill.text(note::key, &key(resource));
        self.put(fill, resource.kind)
    }

    fn visit_ahead(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let mut fill = self.begin(&appointment::TYPE, resource, &["subject"])?;
        let title = node.concept("type");
        fill.text(appointment::title, if title.is_empty() { "Visit" } else { title });
        fill.time(appointment::starts, node.time("period.start"));
        let length = minutes(node.time("period.start"), node.time("period.end"));
        fill.value(appointment::minutes, length.map_or(Value::Empty, Value::Whole));
        fill.text(appointment::place, &self.place(node));
        fill.text(appointment::with, &self.who(node));
        let cancelled = node.text("status") == "cancelled";
        let stands = if cancelled { AppointmentStatus::Cancelled } else { AppointmentStatus::Planned };
        fill.text(appointment::status, stands.code());
        fill.text(appointment::key, &key(resource));
        self.put(fill, resource.kind)
    }

    /// Where an encounter was.
    fn place(&self, node: Node<'_>) -> String {
        match self.index.name(node.at("serviceProvider"), node) {
            none if none.is_empty() => self.index.name(node.at("location.location"), node),
            named => named,
        }
    }

    /// With whom it was.
    fn who(&self, node: Node<'_>) -> String {
        let names = node.each("participant").map(|one| self.index.name(one.at("individual"), node));
        names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn medication(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let mut fill = self.begin(&medication::TYPE, resource, &["subject"])?;
        let name = match node.concept("medicationCodeableConcept") {
            "" => self.index.name(node.at("medicationReference"), node),
            name => name.to_string(),
        };
        fill.text(medication::name, &name);
        let (dosage, since) = match resource.kind {
            "MedicationRequest" => ("dosageInstruction", "authoredOn"),
            _ => ("dosage", "effectivePeriod.start"),
        };
        let dosage = node.at(dosage);
        fill.text(medication::dose, dosage.any(&["text", "patientInstruction"]));
        fill.text(medication::prescriber, &self.index.name(node.at("requester"), node));
        let bounds = dosage.at("timing.repeat.boundsPeriod");
        let begins = [(bounds, "start"), (node, since), (node, "effectiveDateTime")];
        let begins = begins.into_iter().find(|(node, path)| node.at(path).is_there());
        fill.day(medication::since, begins.map_or(Ok(None), |(node, path)| node.day(path)));
        let ends = [(bounds, "end"), (node, "effectivePeriod.end")];
        let end = ends.into_iter().find(|(node, path)| node.at(path).is_there());
        let mut about = notes(node);
        let over = matches!(node.text("status"), "stopped" | "completed" | "cancelled" | "ended" | "not-taken");
        match end {
            Some((node, path)) => {
                fill.day(medication::until, node.day(path));
            }
            // It is over, and nobody says since when: the last day that is known for it stands for the end.
            None if over && resource.own().is_none() => {
                if let Some((node, path)) = begins {
                    fill.day(medication::until, node.day(path));
                }
                let said = format!("{}: the day is not known.", node.text("status"));
                about = if about.is_empty() { said } else { format!("{about} {said}") };
            }
            None => {}
        }
        fill.text(medication::about, &about);
        fill.text(medication::key, &key(resource));
        self.put(fill, resource.kind)
    }
}

/// How long something took, where both ends are known and it was no more than a day.
fn minutes(
    from: Result<Option<DateTime<FixedOffset>>, String>,
    until: Result<Option<DateTime<FixedOffset>>, String>,
) -> Option<i64> {
    let length = (until.ok()?? - from.ok()??).num_minutes();
    (1..=1_440).contains(&length).then_some(length)
}
