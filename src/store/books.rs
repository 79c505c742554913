//! What billing and retention need of a client, read at once.

use chrono::NaiveDate;

use crate::model::records::{addendum, authorization, client, disclosure, goal, note, plan, signature};
use crate::model::{RecordType, Row, RowId};
use crate::practice::Practice;
use crate::practice::billable::{self, Books, Line};

use super::projection::read_row;
use super::{Result, Store, joined};

const BOOKED: &[&RecordType] =
    &[&note::TYPE, &signature::TYPE, &addendum::TYPE, &plan::TYPE, &goal::TYPE, &authorization::TYPE];

impl Store {
    /// Everything that decides what of a client's notes can be billed; `None` for no such client.
    pub fn books(&self, id: RowId) -> Result<Option<Books>> {
        let Some(file) = self.client_part(id, usize::MAX >> 1, BOOKED)? else { return Ok(None) };
        let all = |record: &'static RecordType| file.of(record).to_vec();
        Ok(Some(Books {
            client: file.client.id,
            name: file.client.client_name(),
            worker: file.client.text(client::worker).into(),
            notes: all(&note::TYPE),
            signatures: all(&signature::TYPE),
            addenda: all(&addendum::TYPE),
            plans: all(&plan::TYPE),
            goals: all(&goal::TYPE),
            authorizations: all(&authorization::TYPE),
        }))
    }

    /// The billing sheet of a client, or of all, from a day to a day. Everyone's books are read all the same: what overlaps may
    /// be with another client.
    pub fn billing_sheet(
        &self,
        practice: &Practice,
        one: Option<RowId>,
        (from, to): (NaiveDate, NaiveDate),
    ) -> Result<Vec<Line>> {
        let mut books = Vec::new();
        for facts in self.all_facts()? {
            books.extend(self.books(facts.id)?.filter(|books| !books.notes.is_empty()));
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
