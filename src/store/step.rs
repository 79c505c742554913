//! What is written besides what was asked for, whichever door it came through: what this site had seen, which rows ask for
//! help, and the client's own word on their crisis, in step with its incidents (see [`settle`](super::settle)).

use std::collections::BTreeSet;

use crate::model::records::{client, incident};
use crate::model::{FieldId, RecordType, Row, RowId, SiteId, Value};
use crate::practice::incident::{crises_of, crises_without};

use super::cell::Presence;
use super::commit::Writer;
use super::settle::{self, ASKS, SEEN};
use super::{Result, journal};

/// The types of rows that may ask for help.
const MAY_ASK: [&RecordType; 3] =
    [&incident::TYPE, &crate::model::records::assessment::TYPE, &crate::model::records::housing::TYPE];

impl Writer<'_> {
    /// Says what this site has of a stream before it writes what may settle something, or speak against its being settled;
    /// only where that changed since it last said so.
    pub(super) fn tell_what_is_seen(&mut self, record: u16, row: RowId, field: u16, value: &[u8]) -> Result<()> {
        let id = FieldId { record, field };
        if id == incident::resolved || (record == incident::TYPE.number && field == super::wire::ROW_ITSELF) {
            self.ended.insert(row);
        }
        if !settle::is_told(record, field) {
            return Ok(());
        }
        let own = self.header.site;
        let stream = self.workspace.change(record, row, self.header.stream)?.stream;
        let seen = self.seen_of(stream)?.clone();
        let state = self.workspace.change(record, row, stream)?;
        let last = state.last_seen_by(own);
        let ends = settle::settles(id, &Value::decode(value).unwrap_or(Value::Empty));
        let anew = match &last {
            Some(last) => *last != seen,
            // Whoever settles something says what they had seen even where that is nothing.
            None => ends || !seen.is_empty(),
        };
        let torn = state.torn();
        if anew {
            let mut all = seen;
            all.push((own, journal::chain_end(self.db, stream, own)?.next));
            all.sort_unstable();
            self.put_as_is(record, row, SEEN, &own.to_string(), settle::encode(&all), Some(Vec::new()))?;
        }
        // Whoever writes on now knows both sides: that they wait for a choice is written out, lest it be forgotten.
        for torn in torn.into_iter().filter(|torn| torn.field != id) {
            let state = self.workspace.change(record, row, stream)?;
            let number = torn.field.field;
            let heads = state.base(number, "");
            let settled: Vec<Vec<u8>> = state.heads(number, "").iter().map(|head| head.value.clone()).collect();
            for side in std::iter::once(torn.open.encoded()).chain(settled) {
                self.put_as_is(record, row, number, "", side, Some(heads.clone()))?;
            }
        }
        Ok(())
    }

    /// What had been seen of a stream when this action began, the own chain left out.
    fn seen_of(&mut self, stream: RowId) -> Result<&Vec<(SiteId, u64)>> {
        if !self.seen.contains_key(&stream) {
            let mut seen = journal::seen_of_stream(self.db, stream)?;
            seen.retain(|(site, _)| *site != self.header.site);
            self.seen.insert(stream, seen);
        }
        Ok(&self.seen[&stream])
    }

    /// A row as it is now; `None` where it is gone.
    fn as_it_is(&mut self, record: &'static RecordType, row: RowId) -> Result<Option<Row>> {
        let state = self.workspace.get(record, row)?;
        Ok(state.filter(|state| state.presence() != Presence::Gone).and_then(|state| state.to_row()))
    }

    /// Says in the clients' own rows what asks for help, and that a crisis is on or over.
    pub(super) fn keep_in_step(&mut self) -> Result<()> {
        let mut asking: Vec<(&'static RecordType, RowId)> = Vec::new();
        for record in MAY_ASK {
            asking.extend(self.workspace.changed_of(record).into_iter().map(|row| (record, row)));
        }
        for (record, id) in asking {
            self.ask(record, id)?;
        }
        let spoken = std::mem::take(&mut self.ended);
        for id in spoken {
            self.follow_incident(id)?;
        }
        Ok(())
    }

    fn ask(&mut self, record: &'static RecordType, id: RowId) -> Result<()> {
        let Some(state) = self.workspace.get(record, id)? else { return Ok(()) };
        let stream = state.stream;
        let asks = self.as_it_is(record, id)?.map_or(Value::Yes(false), |row| settle::asks(&row));
        let shared = !self.seen_of(stream)?.is_empty();
        let Some(person) = self.workspace.get(&client::TYPE, stream)? else { return Ok(()) };
        let key = id.to_string();
        let said: BTreeSet<Vec<u8>> = person.heads(ASKS, &key).iter().map(|head| head.value.clone()).collect();
        let nothing = Value::Yes(false);
        let quiet = said.iter().all(|value| *value == nothing.encoded());
        // What asks still says so again in a file that others have too: they may be settling it at this moment.
        let as_said = match asks == nothing {
            true => quiet,
            false => said.len() == 1 && said.contains(&asks.encoded()) && !shared,
        };
        if as_said {
            return Ok(());
        }
        self.put(client::TYPE.number, stream, ASKS, &key, asks.encoded(), None)
    }

    /// An incident that is on is a crisis of its client, and one that is over is none: also where it was begun, ended, merged
    /// or opened again by a door that knows nothing of the client's own word.
    fn follow_incident(&mut self, id: RowId) -> Result<()> {
        let Some(state) = self.workspace.get(&incident::TYPE, id)? else { return Ok(()) };
        let stream = state.stream;
        let row = self.as_it_is(&incident::TYPE, id)?;
        let Some(person) = self.as_it_is(&client::TYPE, stream)? else { return Ok(()) };
        let field = client::crisis;
        let Some(row) = row else { return Ok(()) };
        let word = settle::crisis_in_a_word(&row);
        let is_on = row.get(incident::resolved).is_empty();
        if is_on {
            let said = crises_of(&person);
            let torn = person.disagreements.iter().any(|torn| torn.field == field);
            let words = if said.is_empty() { word } else { said.join(" / ") };
            // Where they disagree on whether it is over, this says that it is not. An undo brings back what stood there: where
            // nothing did, nothing is put there, and the incident itself keeps the person in sight.
            let unsaid = said.is_empty() && self.header.undoes.is_none();
            if (unsaid || torn) && !words.is_empty() {
                self.put(field.record, stream, field.field, "", Value::text(words).encoded(), None)?;
            }
            return Ok(());
        }
        let Some(rest) = crises_without(&person, &word) else { return Ok(()) };
        let mut others = self.incidents_of(stream)?;
        others.remove(&id);
        let mut same_is_on = false;
        for other in others {
            let now = self.as_it_is(&incident::TYPE, other)?.filter(|now| now.stream == stream);
            same_is_on |=
                now.is_some_and(|now| now.get(incident::resolved).is_empty() && settle::crisis_in_a_word(&now) == word);
        }
        if !same_is_on {
            self.put(field.record, stream, field.field, "", Value::from(rest).encoded(), None)?;
        }
        Ok(())
    }

    /// The incidents of a stream, those that this action made among them.
    fn incidents_of(&self, stream: RowId) -> Result<BTreeSet<RowId>> {
        let sql = format!("SELECT id FROM {} WHERE stream = ?1", incident::TYPE.table());
        let mut query = self.db.prepare_cached(&sql)?;
        let kept = query.query_map([stream], |row| Ok(RowId::from_bytes(row.get(0)?)))?;
        let mut all = kept.collect::<rusqlite::Result<BTreeSet<RowId>>>()?;
        all.extend(self.workspace.changed_of(&incident::TYPE));
        Ok(all)
    }
}
