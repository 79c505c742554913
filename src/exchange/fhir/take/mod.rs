//! From resources to drafts. What a resource type becomes stands in one function each; what becomes nothing here is
//! counted by its type, what cannot be taken is named with its place and why.
//!
//! A past visit elsewhere becomes a note to the record: this worker was not in touch, and no appointment of theirs was
//! kept. A visit still ahead becomes an appointment, an inpatient or emergency one a stay.

mod care;
mod instruments;
mod person;
mod plan;
mod rights;

pub(super) use plan::STATEMENT;

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value as Json;

use crate::model::records::client;
use crate::model::{Moment, RowId, record_by_number};
use crate::practice::Practice;
use crate::store::Draft;

use super::super::source::Watch;
use super::super::{ExchangeError, Format, Options, Reading, Skipped};
use super::fill::{Fill, Trouble};
use super::index::{Index, Resource, is_case, is_indexed, kept};
use super::node::{Node, short};
use super::stream::{self, Entry};

/// Types that become rows. A name of people or places alone is read in the first pass.
fn is_used(kind: &str) -> bool {
    is_indexed(kind)
        || matches!(
            kind,
            "RelatedPerson"
                | "CareTeam"
                | "Task"
                | "Appointment"
                | "Encounter"
                | "MedicationRequest"
                | "MedicationStatement"
                | "ServiceRequest"
                | "Consent"
                | "Observation"
                | "Coverage"
        )
}

/// Reads a file in two passes: who is who, then row by row.
pub(super) fn read(path: &Path, options: &Options<'_>, watch: &Watch<'_>) -> Result<Reading, ExchangeError> {
    let mut index = Index::default();
    let mut barred = Vec::new();
    let mut failed = None;
    stream::each(path, watch, is_indexed, &mut |mut entry| {
        on_our_clock(&mut entry, &options.moment);
        if let Some(resource) = Resource::of(&entry) {
            index.add(resource);
            if resource.kind == "Patient"
                && let Some(own) = resource.own()
            {
                match options.store.row(own) {
                    Ok(Some(row)) if *row.record != client::TYPE => barred.push(own),
                    Ok(None) if own == options.store.worker().id => barred.push(own),
                    Ok(_) => {}
                    Err(error) => failed = Some(error),
                }
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    index.close();
    let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut taker = Taker {
        index: &index,
        practice: options.practice,
        options,
        barred,
        file,
        at: 0,
        seen: HashMap::new(),
        reading: Reading::of(Format::Fhir),
        failed: None,
    };
    stream::each(path, watch, is_used, &mut |mut entry| {
        on_our_clock(&mut entry, &options.moment);
        taker.entry(&entry);
    })?;
    match taker.failed {
        Some(error) => Err(error.into()),
        None => Ok(taker.reading),
    }
}

/// Puts every instant of a resource on the clock of this place, before anything reads a day or an hour out of it: who was
/// discharged at 02:00 UTC left on the evening before. A date alone stays as it is.
fn on_our_clock(entry: &mut Entry, moment: &Moment) {
    fn walk(json: &mut Json, moment: &Moment) {
        match json {
            Json::String(text) => {
                // `2026-11-24T02:00Z` at the least, and no longer than with fractions and an offset.
                let may = (17..=40).contains(&text.len()) && text.as_bytes()[10] == b'T';
                if let Some(time) = may.then(|| crate::model::when::instant(text)).flatten() {
                    *text = moment.local(time).to_rfc3339();
                }
            }
            Json::Array(all) => all.iter_mut().for_each(|one| walk(one, moment)),
            Json::Object(all) => {
                all.iter_mut().filter(|(key, _)| !WORDS.contains(&key.as_str())).for_each(|(_, one)| walk(one, moment));
            }
            _ => {}
        }
    }
    if let Some(resource) = &mut entry.resource {
        walk(resource, moment);
    }
}

/// What is written or named, whatever it looks like.
const WORDS: [&str; 8] = ["id", "identifier", "text", "display", "div", "description", "valueString", "versionId"];

/// One resource being read, and all that is needed to make rows of it.
struct Taker<'a> {
    index: &'a Index,
    practice: &'a Practice,
    options: &'a Options<'a>,
    /// Patients that claim to be a row which is something else here.
    barred: Vec<RowId>,
    file: String,
    /// The entry at hand.
    at: u64,
    /// By row, the entry it came from.
    seen: HashMap<(u16, RowId), u64>,
    reading: Reading,
    failed: Option<crate::store::StoreError>,
}

impl Taker<'_> {
    fn entry(&mut self, entry: &Entry) {
        self.at = entry.number;
        let kind = if entry.kind.is_empty() { "(no resource)" } else { short_kind(&entry.kind) };
        *self.reading.read.entry(kind.into()).or_default() += 1;
        if entry.kind.is_empty() {
            return self.skip(kind, "resourceType", "it has no resource, or one of no type".into());
        }
        let Some(resource) = Resource::of(entry) else { return self.unused(kind) };
        if resource.node.text("status") == "entered-in-error"
            || resource.node.codings("verificationStatus").any(|(_, code)| code == "entered-in-error")
        {
            *self.reading.deleted.entry(kind.into()).or_default() += 1;
            return;
        }
        if !resource.is_named() {
            return self.skip(kind, "id", "nothing tells it from others: it has no id and no identifier".into());
        }
        if let Err((column, why)) = self.resource(resource) {
            self.skip(kind, column, why);
        }
    }

    fn resource(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        match resource.kind {
            "Patient" => self.patient(resource),
            "RelatedPerson" => self.related(resource),
            "CareTeam" => self.care_team(resource),
            "Condition" => self.condition(resource),
            "CarePlan" => self.care_plan(resource),
            "Goal" => self.goal(resource),
            "Task" => self.task(resource),
            "ServiceRequest" => self.referral(resource),
            "Appointment" => self.appointment(resource),
            "Encounter" => self.encounter(resource),
            "MedicationRequest" | "MedicationStatement" => self.medication(resource),
            "Observation" => self.observation(resource),
            "QuestionnaireResponse" => self.questionnaire(resource),
            "Consent" => self.consent(resource),
            "Coverage" => self.coverage(resource),
            "EpisodeOfCare" if is_case(resource.node) => Ok(()),
            "EpisodeOfCare" => self.enrollment(resource),
            // Read in the first pass: names, warnings.
            _ => Ok(()),
        }
    }

    /// A new row of a client's, from a resource that refers to them.
    fn begin(
        &self,
        record: &'static crate::model::RecordType,
        resource: Resource<'_>,
        whose: &[&'static str],
    ) -> Result<Fill, Trouble> {
        let own = resource.own();
        let mut said = "";
        for path in whose {
            if let Some(stream) = self.index.row(resource.node, path) {
                if self.barred.contains(&stream) {
                    return Err((path, "its patient was not taken".into()));
                }
                return Ok(Fill::new(record, resource.row(), stream, own.is_some()));
            }
            if said.is_empty() {
                said = resource.node.at(path).text("reference");
            }
        }
        let path = whose.first().copied().unwrap_or("subject");
        match self.options.client {
            Some(client) => Ok(Fill::new(record, resource.row(), client, own.is_some())),
            None if said.is_empty() => {
                Err((path, "it does not say whose it is; --client ID says it for the whole file".into()))
            }
            None => Err((path, format!("no patient {} in the file; --client ID says whose it is", short(said)))),
        }
    }

    /// Takes a finished row, unless it was there before.
    fn put(&mut self, fill: Fill, kind: &str) -> Result<(), Trouble> {
        let (draft, lost) = fill.done()?;
        let key = (draft.record.number, draft.row);
        if let Some(earlier) = self.seen.get(&key) {
            return Err(("id", format!("the same as entry {earlier}")));
        }
        self.is_theirs(&draft)?;
        self.seen.insert(key, self.at);
        self.reading.drafts.push(draft);
        for why in lost {
            self.skip(kind, "", format!("{why}: this was left out, the rest was taken"));
        }
        Ok(())
    }

    /// A file cannot move a row from one client to another by claiming its id.
    fn is_theirs(&mut self, draft: &Draft) -> Result<(), Trouble> {
        let Some(record) = record_by_number(draft.record.number) else { return Ok(()) };
        match self.options.store.row_of(record, draft.row) {
            Ok(Some(row)) if row.stream != draft.stream => {
                Err(("identifier", "it claims the id of someone else's row".into()))
            }
            Ok(_) => Ok(()),
            Err(error) => {
                self.failed.get_or_insert(error);
                Ok(())
            }
        }
    }

    fn skip(&mut self, kind: &str, column: &str, reason: String) {
        let column = if column.is_empty() { kind.to_string() } else { format!("{kind}.{column}") };
        self.reading.skipped.push(Skipped { file: self.file.clone(), line: self.at, column, reason });
    }

    fn unused(&mut self, kind: &str) {
        *self.reading.unused.entry(kind.into()).or_default() += 1;
    }
}

/// What a row is known by where it comes from.
fn key(resource: Resource<'_>) -> String {
    let kept = resource.node.each("identifier").find_map(kept);
    if resource.own().is_some() {
        return kept.unwrap_or_default();
    }
    match resource.node.text("id") {
        "" => kept.unwrap_or_default(),
        id => format!("fhir:{}/{}", resource.kind, short(id)),
    }
}

/// The text of all notes on a resource.
fn notes(node: Node<'_>) -> String {
    let notes: Vec<&str> = node.each("note").map(|note| note.text("text")).filter(|text| !text.is_empty()).collect();
    notes.join("\n")
}

/// A type's name as it may be shown and counted: nobody can fill the memory with made-up ones of any length.
fn short_kind(kind: &str) -> &str {
    let sound = kind.len() <= 40 && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
    if sound { kind } else { "(unknown type)" }
}
