//! What the journal tells of a client over time: when they were in care, who worked with them, who wrote a note.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use rusqlite::OptionalExtension;

use crate::model::records::{client, episode, note, plan};
use crate::model::{Change, Edit, FieldId, PlanStatus, Row, RowId, Value};
use crate::practice::episodes::{self, Episode, Told};

use super::{Result, Store};

/// The fields of a client that tell of a time in care, and of who works with them.
const TELLING: [FieldId; 7] = [
    client::status,
    client::opened,
    client::closed,
    client::closing_reason,
    client::outcome,
    client::closing_summary,
    client::worker,
];

/// Who worked with a client from which day on, the oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workers {
    told: Vec<(NaiveDate, String)>,
    /// A day whose changes do not count.
    without: Option<NaiveDate>,
}

impl Workers {
    /// The case manager at the end of a day. Before anything was written down it was the first who is known.
    pub fn on(&self, day: NaiveDate) -> &str {
        let counts = |(from, _): &&(NaiveDate, String)| *from <= day && Some(*from) != self.without;
        let then = self.told.iter().rev().find(counts).or(self.told.first());
        then.map_or("", |(_, name)| name.as_str())
    }

    /// Leaves out what was changed on a day: where somebody looks from another day than the clock's, it has not happened
    /// there. Who was named first stays.
    pub fn leave_out(&mut self, day: NaiveDate) {
        self.without = Some(day);
    }

    /// Everyone who ever was.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.told.iter().map(|(_, name)| name.as_str())
    }
}

impl Store {
    /// A person's times in care, the oldest first; none for no such client.
    pub fn episodes(&self, id: RowId) -> Result<Vec<Episode>> {
        let root = self.root(id)?;
        let mut all = Vec::new();
        let also = self.also_entered_as(root)?;
        let alone = also.is_empty();
        for entry in std::iter::once(root).chain(also) {
            if let Some(person) = self.row_of(&client::TYPE, entry)? {
                all.extend(episodes::of(&person, &self.rows(&episode::TYPE, entry)?, &self.told_of(entry)?));
            }
        }
        Ok(if alone { all } else { episodes::together(all) })
    }

    /// Everyone's times in care and case managers, by the entry under which a person is shown.
    pub fn all_episodes(&self) -> Result<HashMap<RowId, (Vec<Episode>, Workers)>> {
        let roots = self.roots()?;
        let mut rows: HashMap<RowId, Vec<Row>> = HashMap::new();
        self.each_row(&episode::TYPE, None, |row| rows.entry(row.stream).or_default().push(row))?;
        let mut persons = Vec::new();
        self.each_row(&client::TYPE, None, |row| persons.push(row))?;
        let mut all: HashMap<RowId, (Vec<Episode>, Workers)> = HashMap::new();
        for person in persons {
            // Most were written once: their fields are all there is to tell.
            let told = if self.times_touched(person.id)? > 1 { self.told_of(person.id)? } else { Vec::new() };
            let own = episodes::of(&person, rows.get(&person.id).map_or(&[], Vec::as_slice), &told);
            let root = roots.get(&person.id).copied().unwrap_or(person.id);
            let (times, workers) = all.entry(root).or_default();
            *times = if times.is_empty() { own } else { episodes::together(times.drain(..).chain(own).collect()) };
            if root == person.id || workers.told.is_empty() {
                *workers = workers_of(&person, &told);
            }
        }
        Ok(all)
    }

    fn times_touched(&self, row: RowId) -> Result<u32> {
        let mut query = self.db.prepare_cached("SELECT count(*) FROM touched WHERE row = ?1")?;
        Ok(query.query_row([row.as_bytes().as_slice()], |row| row.get(0))?)
    }

    /// What was done to a client's own fields, action by action, the oldest first.
    fn told_of(&self, client: RowId) -> Result<Vec<Told>> {
        let mut lines = self.history(client)?;
        lines.sort_by_key(|line| line.when);
        let mut told: Vec<Told> = Vec::new();
        let mut last = None;
        for line in lines {
            let field = client::TYPE.field_by_name(&line.field).map(|field| field.id);
            let Some(field) = field.filter(|field| TELLING.contains(field)) else { continue };
            let action = (line.when, line.site, line.action.clone());
            if last.as_ref() != Some(&action) {
                let undo = line.action.starts_with("undo ");
                told.push(Told { day: line.when.date_naive(), undo, values: Vec::new() });
                last = Some(action);
            }
            if let Some(told) = told.last_mut() {
                told.values.push((field, line.to));
            }
        }
        Ok(told)
    }

    /// Who made a row: the author of the earliest action that speaks of it; nobody where another system did.
    pub fn maker_of(&self, row: RowId) -> Result<Option<String>> {
        let mut query = self.db.prepare_cached(
            "SELECT CASE WHEN origin IN ('', 'recovered') THEN author ELSE '' END FROM touched JOIN batch ON batch = n WHERE row = ?1
             ORDER BY hlc, n LIMIT 1",
        )?;
        let maker: Option<String> = query.query_row([row.as_bytes().as_slice()], |row| row.get(0)).optional()?;
        Ok(maker.filter(|maker| !maker.trim().is_empty()))
    }

    /// Who wrote a note: as it says itself, or else, in a file of an earlier version, whoever made its row.
    pub fn author_of(&self, row: &Row) -> Result<String> {
        match row.text(note::author) {
            "" => Ok(self.maker_of(row.id)?.unwrap_or_default()),
            author => Ok(author.into()),
        }
    }

    /// The day on which it was written down that a plan has ended; `None` where it came in as one that had.
    pub(super) fn plan_ended_on(&self, plan: RowId) -> Result<Option<NaiveDate>> {
        let said = self.history(plan)?.into_iter().rev().find(|line| line.field == "status" && line.to != line.from);
        let said = said.filter(|line| line.to == Value::text(PlanStatus::Ended.code()) && !line.from.is_empty());
        Ok(said.map(|line| line.when.date_naive()))
    }

    /// Completes a person's change with what follows from it: the time in care that begins or ends where a case is opened
    /// or closed, and the last day of a plan that ends. `today` is the day as the person has it.
    pub fn complete(&self, change: &mut Change, today: NaiveDate) -> Result<()> {
        let mut clients: BTreeMap<RowId, ()> = BTreeMap::new();
        let mut plans: BTreeMap<RowId, (bool, bool)> = BTreeMap::new();
        for edit in &change.edits {
            let Edit::Set { row, field, value } = edit else { continue };
            if TELLING[..6].contains(field) {
                clients.insert(*row, ());
            }
            if *field == plan::status {
                plans.entry(*row).or_default().0 = *value == Value::text(PlanStatus::Ended.code());
            }
            if *field == plan::ended {
                plans.entry(*row).or_default().1 = true;
            }
        }
        for id in clients.into_keys() {
            let Some(before) = self.row_of(&client::TYPE, id)? else { continue };
            let told = self.told_of(id)?;
            let known = episodes::of(&before, &self.rows(&episode::TYPE, id)?, &told);
            let first_seen = told.first().map_or(today, |told| told.day.min(today));
            episodes::keep(change, &before, &known, first_seen, today, || self.new_id());
        }
        for (id, (ends, said)) in plans {
            let Some(before) = self.row_of(&plan::TYPE, id)? else { continue };
            let ended = before.text(plan::status) == PlanStatus::Ended.code();
            if ends && !ended && !said && before.date(plan::ended).is_none() {
                change.set(id, plan::ended, Value::Date(today));
            } else if !ends && ended && !said {
                // In force again: its last day has not come.
                change.set(id, plan::ended, Value::Empty);
            }
        }
        Ok(())
    }
}

fn workers_of(person: &Row, told: &[Told]) -> Workers {
    let mut all: Vec<(NaiveDate, String)> = Vec::new();
    for action in told {
        let named = action.values.iter().rev().find(|(field, _)| *field == client::worker);
        if let Some((_, name)) = named {
            all.push((action.day, name.plain().trim().to_string()));
        }
    }
    if all.is_empty() {
        all.push((NaiveDate::MIN, person.text(client::worker).trim().to_string()));
    }
    Workers { told: all, without: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_manager_of_a_day_is_who_was_named_last_by_its_end() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let told = vec![(day("2026-01-10"), "Rosa".to_string()), (day("2026-03-05"), "Dana".to_string())];
        let mut workers = Workers { told, without: None };
        for (on, name) in
            [("2025-12-31", "Rosa"), ("2026-03-04", "Rosa"), ("2026-03-05", "Dana"), ("2027-01-01", "Dana")]
        {
            assert_eq!(workers.on(day(on)), name, "{on}");
        }
        workers.leave_out(day("2026-03-05"));
        assert_eq!(workers.on(day("2026-04-01")), "Rosa");
        assert_eq!(workers.names().collect::<Vec<_>>(), ["Rosa", "Dana"]);
    }
}
