//! Notes kept apart from the chart: psychotherapy notes (45 CFR 164.501) and SUD counseling notes (42 CFR 2.11), the writer's
//! own words on what was said in a session.
//!
//! The promises: they stand in a stream of their own, and in no table. So nothing that reads tables knows of them: no list, no
//! page, no figure, no search, no export. The stream goes into no bundle and to no place; only the backups of this file and
//! `caseload move` hold it. They are read by whoever has this file and its passphrase, and leave it one at a time, by an
//! authorization of their own ([`Store::give_apart`]), which covers nothing else (45 CFR 164.508(b)(3)(ii); 42 CFR 2.31(b)).
//!
//! Who is offered them is told by [`crate::practice::credentials`]; what was looked at and given stands on the access record.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, NaiveDate};
use rusqlite::Connection;

use crate::model::{Apart, RowId, Value};

use super::access::Deed;
use super::erase::{Target, ToErase};
use super::since::own_sites;
use super::wire::{Content, Entry};
use super::{Result, Store, StoreError, journal};

/// The number of the record type in the journal. It has no table.
pub(super) const APART: u16 = 56;

const CLIENT: u16 = 1;
const KIND: u16 = 2;
const WHEN: u16 = 3;
const BODY: u16 = 4;
const GONE: u16 = 5;
/// To whom it was given, by an authorization of which day: a line of text for each time.
const GIVEN: u16 = 6;

/// A note that is kept apart.
#[derive(Clone, PartialEq, Debug)]
pub struct NoteApart {
    pub id: RowId,
    /// The entry under which it was written; see [`Store::notes_apart`] for those of one person.
    pub client: RowId,
    pub kind: Apart,
    pub when: DateTime<FixedOffset>,
    pub body: String,
    /// When its words were last changed.
    pub written: DateTime<FixedOffset>,
    /// To whom it was given, and by an authorization of which day, in words.
    pub given: Vec<String>,
}

/// By what somebody is given notes that are kept apart: a paper that covers these notes and nothing else.
#[derive(Clone, Debug)]
pub struct Authorization<'a> {
    pub to: &'a str,
    pub purpose: &'a str,
    pub signed: NaiveDate,
    /// The day after which it permits nothing.
    pub until: NaiveDate,
}

/// The stream in which the notes of a caseload's worker stand.
pub(super) fn stream_apart(worker: RowId) -> RowId {
    RowId::derived(&["notes apart", &worker.to_string()])
}

/// What the entries say of each note, the newest word of each field.
#[derive(Default)]
struct Said {
    fields: BTreeMap<u16, (u64, String)>,
    given: Vec<String>,
}

impl Store {
    /// Writes a note of a client that is kept apart.
    ///
    /// # Errors
    /// [`StoreError::NoRow`] where there is no such client; [`StoreError::ReadOnly`].
    pub fn write_apart(
        &mut self,
        client: RowId,
        kind: Apart,
        when: DateTime<FixedOffset>,
        body: &str,
    ) -> Result<RowId> {
        self.writable()?;
        let client = self.root(client)?;
        if self.client_part(client, 0, &[])?.is_none() {
            return Err(StoreError::NoRow(client.to_string()));
        }
        let id = self.new_id();
        let fields = [
            (CLIENT, client.to_string()),
            (KIND, kind.code().to_string()),
            (WHEN, when.to_rfc3339()),
            (BODY, body.to_string()),
        ];
        self.say_apart("write a note kept apart", id, &fields)?;
        Ok(id)
    }

    /// Changes the words of a note that is kept apart. What stood there before stays in the journal.
    ///
    /// # Errors
    /// [`StoreError::NoRow`] where there is no such note; [`StoreError::ReadOnly`].
    pub fn change_apart(&mut self, id: RowId, body: &str) -> Result<()> {
        self.known_apart(id)?;
        self.say_apart("change a note kept apart", id, &[(BODY, body.to_string())])
    }

    /// Takes a note that is kept apart out of sight.
    ///
    /// # Errors
    /// As [`Store::change_apart`].
    pub fn remove_apart(&mut self, id: RowId) -> Result<()> {
        self.known_apart(id)?;
        self.say_apart("remove a note kept apart", id, &[(GONE, "yes".into())])
    }

    /// One note that is kept apart; nothing is noted of it.
    pub fn note_apart(&self, id: RowId) -> Result<Option<NoteApart>> {
        Ok(self.all_apart()?.into_iter().find(|note| note.id == id))
    }

    /// The notes on one person that are kept apart, also under other entries for them, the newest first. That they were looked
    /// at stands on the access record.
    ///
    /// # Errors
    /// Where the file cannot be read, or what was looked at cannot be noted.
    pub fn notes_apart(&mut self, client: RowId) -> Result<Vec<NoteApart>> {
        let members = self.with_all_entries(&[client])?;
        let mut notes = self.all_apart()?;
        notes.retain(|note| members.contains(&note.client));
        notes.sort_by_key(|note| std::cmp::Reverse((note.when, note.id)));
        if !notes.is_empty() {
            self.note_view(client, "notes kept apart")?;
        }
        Ok(notes)
    }

    /// Notes that a note was given, by an authorization of its own, before it is; gives it.
    ///
    /// # Errors
    /// [`StoreError::NoRow`] where there is no such note; [`StoreError::NotAuthorized`] where the authorization was signed later
    /// than today, has ended, or names nobody.
    pub fn give_apart(&mut self, id: RowId, by: &Authorization<'_>) -> Result<NoteApart> {
        self.writable()?;
        let note = self.known_apart(id)?;
        let today = self.now().date_naive();
        if by.to.trim().is_empty() || by.purpose.trim().is_empty() || by.signed > today || by.until < today {
            return Err(StoreError::NotAuthorized);
        }
        let line =
            format!("{} to {}, authorization signed {} until {}: {}", today, by.to, by.signed, by.until, by.purpose);
        self.say_apart("give a note kept apart", id, &[(GIVEN, line)])?;
        let detail = format!("{} of {} to {}", note.kind.label(), note.when.date_naive(), by.to);
        self.note_leaving(Some(note.client), Deed::Printed, &detail)?;
        Ok(note)
    }

    /// The notes on one person that are kept apart, removed ones too, as something to be erased with the whole file.
    ///
    /// # Errors
    /// As [`Store::to_erase`].
    pub fn to_erase_apart(&self, client: RowId) -> Result<ToErase> {
        let members: Vec<String> = self.with_all_entries(&[client])?.iter().map(RowId::to_string).collect();
        let of_them = |said: &Said| said.fields.get(&CLIENT).is_some_and(|(_, client)| members.contains(client));
        let notes = said(&self.db, self.worker.id, self.site)?;
        let targets: Vec<Target> =
            notes.iter().filter(|(_, said)| of_them(said)).map(|(id, _)| Target::Row(*id)).collect();
        self.to_erase(stream_apart(self.worker.id), &targets, "Notes kept apart")
    }

    fn known_apart(&self, id: RowId) -> Result<NoteApart> {
        self.note_apart(id)?.ok_or_else(|| StoreError::NoRow(id.to_string()))
    }

    fn say_apart(&mut self, label: &str, id: RowId, fields: &[(u16, String)]) -> Result<()> {
        self.say(stream_apart(self.worker.id), label, (APART, id), fields)
    }

    /// Every note that is kept apart here and was not taken out of sight.
    fn all_apart(&self) -> Result<Vec<NoteApart>> {
        let zone = *self.now().offset();
        let mut notes = Vec::new();
        for (id, said) in said(&self.db, self.worker.id, self.site)? {
            let text = |field| said.fields.get(&field).map_or("", |(_, text)| text.as_str());
            if !text(GONE).is_empty() {
                continue;
            }
            let (Ok(client), Some(kind)) = (text(CLIENT).parse::<RowId>(), Apart::from_code(text(KIND))) else {
                continue;
            };
            let Ok(when) = DateTime::parse_from_rfc3339(text(WHEN)) else { continue };
            let written = said.fields.get(&BODY).map_or(0, |(at, _)| *at);
            let written = DateTime::from_timestamp_millis(written as i64).unwrap_or_default().with_timezone(&zone);
            notes.push(NoteApart { id, client, kind, when, body: text(BODY).into(), written, given: said.given });
        }
        Ok(notes)
    }
}

/// What this person's own installations wrote; what anybody else wrote there is not seen.
fn said(db: &Connection, worker: RowId, site: crate::model::SiteId) -> Result<BTreeMap<RowId, Said>> {
    let (stream, own) = (stream_apart(worker), own_sites(db, site)?);
    let mut notes: BTreeMap<RowId, Said> = BTreeMap::new();
    for (site, _) in journal::seen_of_stream(db, stream)? {
        if !own.contains(&site) {
            continue;
        }
        journal::of_chain::<StoreError>(db, stream, site, 0, &mut |batch| {
            let at = batch.header.hlc.unix_ms();
            let held = |entry: &Entry| entry.record == APART && matches!(entry.content, Content::Value(_));
            for entry in batch.entries()?.into_iter().filter(held) {
                let Value::Text(text) = entry.value()? else { continue };
                let note = notes.entry(entry.row).or_default();
                match entry.field {
                    GIVEN => note.given.push(text.to_string()),
                    field if note.fields.get(&field).is_none_or(|(before, _)| *before <= at) => {
                        note.fields.insert(field, (at, text.to_string()));
                    }
                    _ => {}
                }
            }
            Ok(())
        })?;
    }
    Ok(notes)
}

#[cfg(test)]
mod tests;
