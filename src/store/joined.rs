//! Several entries for one person, made apart and told to be the same: each but one says so in its field `same_as`, which
//! can be taken back. The rows of all of them stay in their own streams; facts and lists show them under one name, the
//! *root*.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension};

use crate::model::records::client;
use crate::model::{Change, ClientStatus, Disagreement, Field, FieldId, Intensity, Kind, Row, RowId, Value};

use super::{Receipt, Result, Store, StoreError};

/// Whom a client row says it is the same person as; `None` where it says nothing or is not here.
fn said(db: &Connection, stream: RowId) -> Result<Option<RowId>> {
    let sql = format!("SELECT same_as FROM {} WHERE id = ?1 AND state & 1 = 0", client::TYPE.table());
    let mut query = db.prepare_cached(&sql)?;
    // Something else than a link may stand there: a colleague's, or in place of a value that is missing.
    let link = |row: &rusqlite::Row<'_>| Ok(row.get_ref(0)?.as_blob().ok().and_then(|bytes| bytes.try_into().ok()));
    let found: Option<Option<[u8; 16]>> = query.query_row([stream], link).optional()?;
    Ok(found.flatten().map(RowId::from_bytes))
}

fn is_here(db: &Connection, stream: RowId) -> Result<bool> {
    let sql = format!("SELECT 1 FROM {} WHERE id = ?1 AND state & 1 = 0", client::TYPE.table());
    Ok(db.prepare_cached(&sql)?.exists([stream])?)
}

/// Under whom an entry is shown, worked out from the rows. Someone who is not here cannot stand for anyone; of those who
/// each say that they are the other, the smallest id stands for all.
pub(super) fn root_said(db: &Connection, stream: RowId) -> Result<RowId> {
    let mut path = vec![stream];
    while let Some(next) = said(db, *path.last().expect("never empty"))? {
        if let Some(at) = path.iter().position(|known| *known == next) {
            return Ok(*path[at..].iter().min().expect("a circle holds someone"));
        }
        if !is_here(db, next)? {
            break;
        }
        path.push(next);
    }
    Ok(*path.last().expect("never empty"))
}

/// Under whom an entry is shown.
pub(super) fn root(db: &Connection, stream: RowId) -> Result<RowId> {
    let mut query = db.prepare_cached("SELECT root FROM joined WHERE client = ?1")?;
    Ok(query.query_row([stream], |row| Ok(RowId::from_bytes(row.get(0)?))).optional()?.unwrap_or(stream))
}

impl Store {
    /// Every entry that is shown under another one's name.
    pub fn roots(&self) -> Result<HashMap<RowId, RowId>> {
        let mut query = self.db.prepare_cached("SELECT client, root FROM joined")?;
        let found = query.query_map([], |row| Ok((RowId::from_bytes(row.get(0)?), RowId::from_bytes(row.get(1)?))))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}

/// Everyone who is shown under a root, the root first.
pub(super) fn members(db: &Connection, root: RowId) -> Result<Vec<RowId>> {
    let mut query = db.prepare_cached("SELECT client FROM joined WHERE root = ?1 ORDER BY client")?;
    let joined = query.query_map([root], |row| Ok(RowId::from_bytes(row.get(0)?)))?;
    std::iter::once(Ok(root)).chain(joined.map(|one| Ok(one?))).collect()
}

/// Takes note of who stands under whom after an entry changed; gives the roots of all whom that concerns.
pub(super) fn follow(db: &Connection, stream: RowId) -> Result<BTreeSet<RowId>> {
    let before = root(db, stream)?;
    let mut concerned: BTreeSet<RowId> = members(db, before)?.into_iter().collect();
    concerned.insert(stream);
    // Whoever says, at whatever remove, that they are the same as this one.
    let mut asked = vec![stream];
    while let Some(one) = asked.pop() {
        let sql = format!("SELECT id FROM {} WHERE same_as = ?1", client::TYPE.table());
        let mut query = db.prepare_cached(&sql)?;
        for other in query.query_map([one], |row| Ok(RowId::from_bytes(row.get(0)?)))? {
            let other = other?;
            if concerned.insert(other) {
                asked.push(other);
            }
        }
    }
    let alone = concerned.len() == 1;
    let mut roots = BTreeSet::new();
    for one in concerned {
        let root = root_said(db, one)?;
        roots.insert(root);
        if root != one {
            db.prepare_cached("INSERT OR REPLACE INTO joined (client, root) VALUES (?1, ?2)")?.execute((one, root))?;
        } else if !alone {
            db.prepare_cached("DELETE FROM joined WHERE client = ?1")?.execute([one])?;
        }
    }
    Ok(roots)
}

impl Store {
    /// Under whom a client is shown: another entry for the same person, or the client itself.
    pub fn root(&self, client: RowId) -> Result<RowId> {
        root(&self.db, client)
    }

    /// The other entries for the same person, shown under this one.
    pub fn also_entered_as(&self, client: RowId) -> Result<Vec<RowId>> {
        Ok(members(&self.db, client)?.split_off(1))
    }

    /// These clients with every other entry for the same persons: what belongs to them in full.
    pub fn with_all_entries(&self, clients: &[RowId]) -> Result<Vec<RowId>> {
        let mut all = BTreeSet::new();
        for client in clients {
            all.extend(members(&self.db, root(&self.db, *client)?)?);
        }
        Ok(all.into_iter().collect())
    }

    /// Tells that two entries are one person; `kept` is the one to be shown. Nothing is moved: [`Store::part`] takes it back.
    ///
    /// # Errors
    /// Where one of them is not here, or they are joined already.
    pub fn join(&mut self, kept: RowId, other: RowId) -> Result<Receipt> {
        let (kept, other) = (root(&self.db, kept)?, root(&self.db, other)?);
        for one in [kept, other] {
            if !is_here(&self.db, one)? {
                return Err(StoreError::NoRow(one.to_string()));
            }
        }
        if kept == other {
            return Err(StoreError::Joined);
        }
        let mut change = Change::new("join two entries for one person");
        change.set(other, client::same_as, kept).set(kept, client::same_as, crate::model::Value::Empty);
        self.commit(&change)
    }

    /// Takes back that an entry is the same person as another.
    pub fn part(&mut self, client: RowId) -> Result<Receipt> {
        let mut change = Change::new("part two entries");
        change.set(client, client::same_as, crate::model::Value::Empty);
        self.commit(&change)
    }
}

/// Of these every entry's word stands, not only the first's: a second phone or place may be the one that answers.
const ALL_SAID: [FieldId; 9] = [
    client::language,
    client::phone,
    client::contact_notes,
    client::email,
    client::address,
    client::living,
    client::addressed_as,
    client::customs,
    client::about,
];

/// One row for a person who was entered more than once, as it is shown everywhere: what safety hangs on of all entries, all
/// phones and places, everything in sets, the stricter intensity, the earlier opening, open as long as one entry is. What
/// the first does not say, another may. Nothing can be written through it: it is the first's row by id only.
pub fn one_view(first: &Row, also: &[Row]) -> Row {
    let mut all = first.clone();
    let entries: Vec<&Row> = std::iter::once(first).chain(also).collect();
    if also.is_empty() {
        return all;
    }
    for field in client::TYPE.fields {
        if field.kind.is_set() {
            let mut words: Vec<String> = entries.iter().flat_map(|row| row.words(field.id).to_vec()).collect();
            if field.id == client::also_areas {
                let areas = also.iter().map(|row| row.text(client::area)).filter(|area| !area.is_empty());
                words.extend(areas.filter(|area| *area != first.text(client::area)).map(String::from));
            }
            words.sort();
            words.dedup();
            all.sets.retain(|(number, _)| *number != field.id.field);
            if !words.is_empty() {
                all.sets.push((field.id.field, words));
            }
        } else {
            all.put(field.id, one_value(field, &entries));
        }
    }
    all.sets.sort();
    for torn in also.iter().flat_map(|row| &row.disagreements) {
        match all.disagreements.iter_mut().find(|known| known.field == torn.field) {
            Some(known) => add(&mut known.sides, &torn.sides),
            None => {
                let mut sides = vec![first.get(torn.field).clone()];
                add(&mut sides, &torn.sides);
                all.disagreements.push(Disagreement { field: torn.field, sides });
            }
        }
    }
    all
}

fn add(sides: &mut Vec<Value>, more: &[Value]) {
    for side in more {
        if !sides.contains(side) {
            sides.push(side.clone());
        }
    }
}

/// What the entries say together in a field that is not a set.
fn one_value(field: &Field, entries: &[&Row]) -> Value {
    let mut said: Vec<&Value> = Vec::new();
    for value in entries.iter().map(|row| row.get(field.id)).filter(|value| !value.is_empty()) {
        if !said.contains(&value) {
            said.push(value);
        }
    }
    let Some(first) = said.first().copied() else { return Value::Empty };
    let code = |value: &Value| value.plain();
    match field.id {
        client::status => {
            let open = entries.iter().filter_map(|row| ClientStatus::from_code(row.text(client::status))).min();
            open.map_or(first.clone(), |status| Value::text(status.code()))
        }
        client::intensity => {
            let strict = said.iter().filter_map(|value| Intensity::from_code(&code(value))).min();
            strict.map_or(first.clone(), |intensity| Value::text(intensity.code()))
        }
        // As long as one entry is open there is no day of closing; then it is the last.
        client::closed => {
            let is_closed = |row: &&Row| row.text(client::status) == ClientStatus::Closed.code();
            let all = entries.iter().all(is_closed);
            said.iter().copied().max().filter(|_| all).cloned().unwrap_or(Value::Empty)
        }
        client::opened => said.iter().copied().min().cloned().unwrap_or(Value::Empty),
        id if field.safety || ALL_SAID.contains(&id) => {
            let mut parts: Vec<String> = Vec::new();
            for value in said {
                // One side of a disagreement may be what another entry says.
                for part in value.plain().split(" / ").map(str::trim) {
                    if !part.is_empty() && !parts.iter().any(|known| known == part) {
                        parts.push(part.to_string());
                    }
                }
            }
            Value::text(parts.join(" / "))
        }
        _ if matches!(field.kind, Kind::Yes) => Value::Yes(said.contains(&&Value::Yes(true))),
        _ => first.clone(),
    }
}
