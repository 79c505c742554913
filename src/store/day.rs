//! What was done since a moment: the journal read as a day's work.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset};

use crate::model::records::{appointment, client, goal, note, snooze, step, task};
use crate::model::{ContactKind, RowId};

use super::wire::ROW_ITSELF;
use super::{Result, Store, journal};

/// A day's work in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Notes of a contact in which the client was reached.
    pub contacts: u32,
    /// Minutes of all notes.
    pub minutes: i64,
    /// Other notes.
    pub notes: u32,
    pub visits_marked: u32,
    pub goals_moved: u32,
    pub things_done: u32,
    pub put_off: u32,
    /// Clients for whom anything was done.
    pub clients: u32,
}

impl Store {
    /// What this installation did since a moment, as it stands now: what was undone since does not count.
    pub fn work_since(&self, since: DateTime<FixedOffset>) -> Result<Work> {
        let since = u64::try_from(since.timestamp_millis()).unwrap_or(0);
        let mut query =
            self.db.prepare_cached("SELECT n, hlc FROM batch WHERE site = ?1 AND origin = '' ORDER BY n DESC")?;
        let mut rows = query.query([self.site.0.as_slice()])?;
        let mut touched: BTreeMap<(u16, RowId), BTreeSet<u16>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let hlc: i64 = row.get(1)?;
            if crate::model::Hlc(hlc as u64).unix_ms() < since {
                break;
            }
            for entry in journal::at(&self.db, row.get(0)?)?.entries()? {
                touched.entry((entry.record, entry.row)).or_default().insert(entry.field);
            }
        }
        let mut work = Work::default();
        let mut clients = BTreeSet::new();
        let mut sessions = BTreeSet::new();
        for ((number, id), fields) in touched {
            let Some(record) = crate::model::record_by_number(number) else { continue };
            let Some(row) = self.row_of(record, id)? else { continue };
            if !record.opens_stream() || *record == client::TYPE {
                clients.insert(row.stream);
            }
            let set = |field: crate::model::FieldId| fields.contains(&field.field);
            if *record == note::TYPE && fields.contains(&ROW_ITSELF) {
                let reached = ContactKind::from_code(row.text(note::kind)).is_some_and(ContactKind::reached_client);
                if reached {
                    work.contacts += 1
                } else {
                    work.notes += 1
                }
                // A group's hour is one hour, whoever came.
                let session = row.text(note::session);
                if session.is_empty() || sessions.insert(session.to_string()) {
                    work.minutes += row.whole(note::minutes).unwrap_or(0);
                }
            } else if *record == appointment::TYPE
                && set(appointment::status)
                && !matches!(row.text(appointment::status), "planned" | "")
            {
                work.visits_marked += 1;
            } else if *record == goal::TYPE && set(goal::progress) && !fields.contains(&ROW_ITSELF) {
                work.goals_moved += 1;
            } else if (*record == task::TYPE && row.text(task::status) == "done")
                || (*record == step::TYPE && row.text(step::status) == "done")
            {
                work.things_done += 1;
            } else if *record == snooze::TYPE {
                work.put_off += 1;
            }
        }
        work.clients = clients.len() as u32;
        Ok(work)
    }
}
