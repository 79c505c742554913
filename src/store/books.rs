//! What billing and retention need of a client, read at once.

use chrono::NaiveDate;

use crate::model::records::{
    addendum, advocacy, assessment, authorization, benefit, client, disclosure, goal, housing, incident, note, plan,
    signature,
};
use crate::model::{Moment, RecordType, Row, RowId, Value};
use crate::practice::Practice;
use crate::practice::billable::{self, Books, Line};
use crate::practice::retention::File;
use crate::triage::ClientFacts;

use super::projection::read_row;
use super::{Result, Store, joined};

const BOOKED: &[&RecordType] =
    &[&note::TYPE, &signature::TYPE, &addendum::TYPE, &plan::TYPE, &goal::TYPE, &authorization::TYPE];

/// What may stand in the way of destroying a file.
const KEEPING: &[&RecordType] = &[&incident::TYPE, &assessment::TYPE, &benefit::TYPE, &housing::TYPE, &advocacy::TYPE];

/// The rows that decide how long a file is kept.
pub struct Keeping {
    people: Vec<Row>,
    rows: Vec<Row>,
    /// When each time in care ended.
    ends: Vec<Option<NaiveDate>>,
    unsigned: usize,
}

impl Keeping {
    pub fn file<'a>(&'a self, facts: &'a ClientFacts) -> File<'a> {
        File {
            people: self.people.iter().collect(),
            areas: &facts.areas,
            rows: self.rows.iter().collect(),
            ends: &self.ends,
            conflicts: facts.conflicts,
            unsigned: self.unsigned,
        }
    }

    /// When the last time in care ended.
    pub fn closed(&self) -> Option<NaiveDate> {
        *self.ends.last()?
    }
}

impl Store {
    /// Everything that decides how long a client's file is kept; `None` for no such client.
    pub fn what_keeps(&self, id: RowId) -> Result<Option<Keeping>> {
        let Some(file) = self.client_part(id, 0, KEEPING)? else { return Ok(None) };
        let mut rows: Vec<Row> = KEEPING.iter().flat_map(|record| file.of(record)).cloned().collect();
        // A row that was deleted tells of what left all the same.
        rows.extend(self.disclosures(id)?.into_iter().map(|(row, _)| row));
        let ends = self.episodes(id)?.into_iter().map(|time| time.closed).collect();
        let unsigned = self.waiting(Some(id))?.len();
        Ok(Some(Keeping { people: std::iter::once(file.client).chain(file.also).collect(), rows, ends, unsigned }))
    }

    /// Everything that decides what of a client's notes can be billed; `None` for no such client.
    pub fn books(&self, id: RowId) -> Result<Option<Books>> {
        let Some(file) = self.client_part(id, usize::MAX >> 1, BOOKED)? else { return Ok(None) };
        let all = |record: &'static RecordType| file.of(record).to_vec();
        let (mut notes, mut plans) = (all(&note::TYPE), all(&plan::TYPE));
        // What earlier versions did not write down is told by the journal.
        for row in
            notes.iter_mut().filter(|row| row.text(note::author).is_empty() && !row.text(note::service).is_empty())
        {
            let signed = file.of(&signature::TYPE).iter().any(|own| own.text(signature::of) == row.id.to_string());
            if !signed && let Some(maker) = self.maker_of(row.id)? {
                row.put(note::author, maker.as_str());
            }
        }
        let starts = |next: &Row| next.link(plan::replaces).filter(|_| next.date(plan::start).is_some());
        let replaced: Vec<RowId> = plans.iter().filter_map(starts).collect();
        for row in plans.iter_mut().filter(|row| row.text(plan::status) == "ended" && row.date(plan::ended).is_none()) {
            if !replaced.contains(&row.id)
                && let Some(day) = self.plan_ended_on(row.id)?
            {
                row.put(plan::ended, Value::Date(day));
            }
        }
        Ok(Some(Books {
            client: file.client.id,
            name: file.client.client_name(),
            worker: file.client.text(client::worker).into(),
            notes,
            signatures: all(&signature::TYPE),
            addenda: all(&addendum::TYPE),
            plans,
            goals: all(&goal::TYPE),
            authorizations: all(&authorization::TYPE),
        }))
    }

    /// The billing sheet of a client, or of all, from a day to a day: the days of service where it was given
    /// ([`Moment::lived`]). Everyone's books are read all the same: what overlaps may be with another client.
    pub fn billing_sheet(
        &self,
        practice: &Practice,
        one: Option<RowId>,
        (from, to): (NaiveDate, NaiveDate),
        moment: &Moment,
    ) -> Result<Vec<Line>> {
        let mut books = Vec::new();
        for facts in self.all_facts()? {
            books.extend(self.books(facts.id)?.filter(|books| !books.notes.is_empty()));
        }
        for row in books.iter_mut().flat_map(|books| &mut books.notes) {
            if let Some(when) = row.time(note::when) {
                row.put(note::when, Value::Time(moment.lived(when)));
            }
        }
        let mut lines = billable::sheet(practice, &books, from, to);
        lines.retain(|line| one.is_none_or(|one| line.client == one));
        Ok(lines)
    }

    /// Everything that was given out of a client's file, the newest first, with whether its row was deleted since: what
    /// left has left, and the accounting keeps it (45 CFR 164.528: six years).
    pub fn disclosures(&self, id: RowId) -> Result<Vec<(Row, bool)>> {
        let sql = disclosure::TYPE.sql().by_stream.replace(" AND state & 1 = 0", "");
        let mut query = self.db.prepare_cached(&sql)?;
        let mut found = Vec::new();
        for member in joined::members(&self.db, joined::root(&self.db, id)?)? {
            let rows = query.query_map([member], |row| {
                Ok((read_row(&disclosure::TYPE, row)?, row.get::<_, i64>("state")? & 1 == 1))
            })?;
            for row in rows {
                found.push(row?);
            }
        }
        found.sort_by_key(|(row, _)| std::cmp::Reverse((row.time(disclosure::when), row.id)));
        Ok(found)
    }
}
