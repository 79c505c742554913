//! What whoever writes a file is handed: of whom it was decided, what it was decided about. There is no way from here to
//! anybody else, nor to a field that nobody asked the releases about.

use chrono::{DateTime, FixedOffset};

use crate::model::records::{signature, worker};
use crate::model::stands::{self, Stands};
use crate::model::{CATALOGUE, ClientStatus, Field, Intensity, Moment, RecordType, Row, RowId};
use crate::store::{ClientFile, HistoryLine, Result, Store};
use crate::triage::ClientFacts;

use super::contents::{Contents, Part};

/// What a file is made from.
pub struct Handed<'a> {
    store: &'a Store,
    contents: &'a Contents,
    clients: &'a [RowId],
    parts: Vec<Part>,
    own_too: bool,
}

/// A client as the caseload pane has them.
pub struct InShort {
    pub id: RowId,
    pub name: String,
    pub status: ClientStatus,
    pub area: Option<String>,
    pub intensity: Option<Intensity>,
    pub phone: String,
    /// The case manager.
    pub worker: String,
    pub last_contact: Option<DateTime<FixedOffset>>,
    pub next_visit: Option<DateTime<FixedOffset>>,
}

/// What is the worker's own: the row about them, and the rows of each type.
pub type Own = (Option<Row>, Vec<(&'static RecordType, Vec<Row>)>);

impl<'a> Handed<'a> {
    pub(super) fn new(store: &'a Store, contents: &'a Contents, clients: &'a [RowId], own_too: bool) -> Handed<'a> {
        Handed { store, contents, clients, parts: contents.parts(), own_too }
    }

    pub fn contents(&self) -> &Contents {
        self.contents
    }

    /// In the order of their ids; someone entered several times stands here once.
    pub fn clients(&self) -> &[RowId] {
        self.clients
    }

    /// The types of rows that go out beside the person's own.
    pub fn records(&self) -> Vec<&'static RecordType> {
        self.parts.iter().map(|part| part.record).filter(|record| !record.opens_stream()).collect()
    }

    /// The fields of a type that go out.
    pub fn fields(&self, record: &'static RecordType) -> Vec<&'static Field> {
        let part = self.parts.iter().find(|part| part.record == record);
        record.fields.iter().filter(|field| part.is_some_and(|part| part.holds(field.id))).collect()
    }

    /// What goes out of a client's file; `None` for whoever does not.
    pub fn file(&self, id: RowId) -> Result<Option<ClientFile>> {
        if self.clients.binary_search(&id).is_err() {
            return Ok(None);
        }
        let file = self.store.client_part(id, usize::MAX >> 1, &self.records())?;
        Ok(file.map(|file| {
            file.changed(|row| {
                if let Some(part) = self.parts.iter().find(|part| *part.record == *row.record) {
                    part.keep(row);
                }
            })
        }))
    }

    /// The clients by name, each with the file that goes out.
    ///
    /// # Errors
    /// What the store says, and what `each` does.
    pub fn by_name<E: From<crate::store::StoreError>>(
        &self,
        mut each: impl FnMut(&str, ClientFile) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        for facts in self.sorted()? {
            if let Some(file) = self.file(facts.id)? {
                each(&facts.name, file)?;
            }
        }
        Ok(())
    }

    /// Whether the signatures in a file that was handed over still stand under what was signed, in their order.
    pub fn stands(&self, file: &ClientFile) -> Result<Vec<Stands>> {
        let Some(whole) = self.store.client_file(file.client.id, usize::MAX >> 1)? else { return Ok(Vec::new()) };
        let signed = file.of(&signature::TYPE).iter();
        Ok(signed.map(|row| stands::stands(row, |record| whole.of(record))).collect())
    }

    /// The caseload as its pane has it, by name.
    pub fn caseload(&self, moment: &Moment) -> Result<Vec<InShort>> {
        let today = moment.today();
        let short = |facts: ClientFacts| InShort {
            id: facts.id,
            last_contact: facts.last_contact.as_ref().map(|contact| moment.local(contact.when)),
            next_visit: facts.next_visit(today).map(|visit| moment.local(visit.starts)),
            name: facts.name,
            status: facts.status,
            area: facts.areas.into_iter().next(),
            intensity: facts.intensity,
            phone: facts.own_phones.into_iter().next().unwrap_or_default(),
            worker: facts.worker,
        };
        Ok(self.sorted()?.into_iter().map(short).collect())
    }

    fn sorted(&self) -> Result<Vec<ClientFacts>> {
        let mut everyone = self.store.all_facts()?;
        everyone.retain(|facts| self.clients.binary_search(&facts.id).is_ok());
        everyone.sort_by(|a, b| (&a.sort_name, a.id).cmp(&(&b.sort_name, b.id)));
        Ok(everyone)
    }

    /// Everything that was ever set in a row of somebody who goes out, where that was asked for.
    pub fn history(&self, row: &Row) -> Result<Vec<HistoryLine>> {
        match self.contents.history && self.contents.is_of_clients() {
            true => self.store.history(row.id),
            false => Ok(Vec::new()),
        }
    }

    /// By whom the file is made.
    pub fn worker(&self) -> &'a str {
        &self.store.worker().name
    }

    /// The worker's own row and rows, which go into no file for somebody else.
    pub fn own(&self) -> Result<Option<Own>> {
        if !self.own_too {
            return Ok(None);
        }
        let me = self.store.worker().id;
        let mut own = Vec::new();
        for record in CATALOGUE.iter().copied().filter(|record| record.is_the_workers()) {
            own.push((record, self.store.rows(record, me)?));
        }
        Ok(Some((self.store.row_of(&worker::TYPE, me)?, own)))
    }

    /// Rows of the worker's own that are about no client: a list or a directory of them.
    pub fn about_nobody(&self, record: &'static RecordType) -> Result<Vec<Row>> {
        match record.is_the_workers() {
            true => self.store.rows(record, self.store.worker().id),
            false => Ok(Vec::new()),
        }
    }
}
