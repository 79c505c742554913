//! What settles something, and what it had seen: nobody is taken out of sight by someone who did not know.
//!
//! A closing, a crisis that is over, a report made, an answer acted on: such an entry takes a person off a list. Where
//! another site wrote to the same matter without knowing of it, and it did not know of that, what is open counts until
//! someone chooses. That is worked out from the set of entries alone, whatever their order:
//!
//! Clocks cannot tell who knew what: the one who added a crisis at eleven on another laptop did not know of the closing at
//! ten. So before such a row is written to, a site says in the row itself what it has of the stream ([`SEEN`]): of each
//! chain the index after its last entry, as a deletion does. Chains are dense, so an entry knew exactly what the last such
//! word before it in its own chain covers. It is said again only where something came in since, and so never on a machine
//! that works alone. Entries of older versions say nothing: what they settled stays settled.
//!
//! A client's own row also says which rows of the stream ask for help ([`ASKS`]), so that a closing and a crisis meet in one
//! row. Both are fields of the journal only: no table, form or export has them, and older versions pass them on.

use crate::model::records::{assessment, client, housing, incident, step, task};
use crate::model::{ClientStatus, EntryRef, Field, FieldId, Report, Row, SiteId, Value, WorkStatus, record_by_number};

use super::cell::{Head, RowState};
use super::wire::ROW_ITSELF;

/// The field number under which a site says what it had seen, by the site's name as key.
pub const SEEN: u16 = u16::MAX;
/// The field number under which a client's row says that a row of the stream asks for help: the row's id as key; a text (the
/// crisis, in a word) or yes; no once it does not any more.
pub const ASKS: u16 = u16::MAX - 1;

const SEEN_TAG: u8 = 10;

/// Whether a field number stands for bookkeeping of the journal: nothing that a person said.
pub fn is_bookkeeping(field: u16) -> bool {
    field >= ASKS
}

/// What a site had seen of a stream, written out.
pub fn encode(seen: &[(SiteId, u64)]) -> Vec<u8> {
    let mut out = vec![SEEN_TAG];
    for (site, next) in seen {
        out.extend_from_slice(&site.0);
        out.extend_from_slice(&next.to_le_bytes());
    }
    out
}

fn decode(bytes: &[u8]) -> Vec<(SiteId, u64)> {
    let Some((&SEEN_TAG, rest)) = bytes.split_first() else { return Vec::new() };
    let one = |one: &[u8]| {
        let (site, next) = one.split_at_checked(16)?;
        Some((SiteId(site.try_into().ok()?), u64::from_le_bytes(next.try_into().ok()?)))
    };
    rest.chunks_exact(24).filter_map(one).collect()
}

/// The fields of a record type that settle something of a person's safety.
fn settling(record: u16) -> &'static [FieldId] {
    match record {
        _ if record == client::TYPE.number => &[client::status, client::crisis],
        _ if record == incident::TYPE.number => &[incident::resolved, incident::reported, incident::written],
        _ if record == assessment::TYPE.number => &[assessment::answered],
        _ => &[],
    }
}

/// Whether a field settles something, whatever is in it.
fn is_settling(field: FieldId) -> bool {
    settling(field.record).contains(&field)
}

/// Whether who wrote a cell must have said what they had seen.
pub fn is_told(record: u16, field: u16) -> bool {
    if record == client::TYPE.number {
        return field == ASKS || settling(record).iter().any(|one| one.field == field);
    }
    field != ROW_ITSELF && !is_bookkeeping(field) && !settling(record).is_empty()
}

/// Whether a value settles its field: a client closed, a crisis cleared, a time of the end.
pub fn settles(field: FieldId, value: &Value) -> bool {
    if field == client::status {
        return *value == Value::text(ClientStatus::Closed.code());
    }
    is_settling(field) && value.is_empty() == (field == client::crisis)
}

/// A field that was settled by someone who did not know of something, and what that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Torn {
    pub field: FieldId,
    /// What holds until someone chooses.
    pub open: Value,
    /// The newest of what was not known.
    pub against: Head,
}

/// What each site said that it had seen, and where in its chain it said so.
struct Knowledge(Vec<(EntryRef, Vec<(SiteId, u64)>)>);

impl Knowledge {
    fn of(state: &RowState) -> Knowledge {
        let said = state.cells.range((SEEN, String::new())..).filter(|((field, _), _)| *field == SEEN);
        Knowledge(said.flat_map(|(_, cell)| &cell.heads).map(|head| (head.at, decode(&head.value))).collect())
    }

    /// The last word of an entry's site before it.
    fn before(&self, at: EntryRef) -> Option<&[(SiteId, u64)]> {
        let said = self.0.iter().filter(|(said, _)| said.site == at.site && said.index < at.index);
        said.max_by_key(|(said, _)| said.index).map(|(_, seen)| seen.as_slice())
    }

    /// Whether the site of one entry had the other when it wrote it.
    fn knew(&self, one: EntryRef, other: EntryRef) -> bool {
        if one.site == other.site {
            return one.index > other.index;
        }
        let covers =
            |seen: &[(SiteId, u64)]| seen.iter().any(|(site, next)| *site == other.site && other.index < *next);
        self.before(one).is_some_and(covers)
    }
}

impl RowState {
    /// What this site last said that it had seen, its own chain left out.
    pub fn last_seen_by(&self, own: SiteId) -> Option<Vec<(SiteId, u64)>> {
        let knowledge = Knowledge::of(self);
        let last = knowledge.0.into_iter().filter(|(at, _)| at.site == own).max_by_key(|(at, _)| at.index);
        last.map(|(_, seen)| seen.into_iter().filter(|(site, _)| *site != own).collect())
    }

    /// The fields settled by someone who did not know of something that asks for help, nor was known there.
    pub fn torn(&self) -> Vec<Torn> {
        let settling = settling(self.record);
        if settling.is_empty() || self.cells.range((SEEN, String::new())..).next().is_none() {
            return Vec::new();
        }
        let knowledge = Knowledge::of(self);
        settling.iter().filter_map(|field| self.torn_field(*field, &knowledge)).collect()
    }

    fn torn_field(&self, field: FieldId, knowledge: &Knowledge) -> Option<Torn> {
        let heads = self.heads(field.field, "");
        // Where one of them says that it is open, they disagree in so many words already.
        if heads.is_empty() || !heads.iter().all(|head| settles(field, &value(head))) {
            return None;
        }
        if heads.iter().any(|head| knowledge.before(head.at).is_none()) {
            return None;
        }
        let known =
            |head: &Head| heads.iter().any(|end| knowledge.knew(end.at, head.at) || knowledge.knew(head.at, end.at));
        let mut against: Vec<&Head> = Vec::new();
        for ((number, key), cell) in &self.cells {
            if !reopens(field, *number) {
                continue;
            }
            let (old, new): (Vec<&Head>, Vec<&Head>) = cell.heads.iter().partition(|head| known(head));
            let says_more = |head: &&&Head| {
                let asks = match field {
                    client::crisis => matches!(value(head), Value::Text(word) if !word.is_empty()),
                    client::status => !is_nothing(&value(head)),
                    _ => true,
                };
                asks && (!key.is_empty() || !old.iter().any(|old| old.value == head.value))
            };
            against.extend(new.iter().filter(says_more));
        }
        let newest = (*against.iter().max_by_key(|head| (head.hlc, head.at.site, head.at.index))?).clone();
        let open = match field {
            client::status => Value::text(ClientStatus::Active.code()),
            client::crisis => {
                let mut words: Vec<String> = against.iter().map(|head| value(head).plain()).collect();
                words.sort();
                words.dedup();
                Value::text(words.join(" / "))
            }
            _ => Value::Empty,
        };
        Some(Torn { field, open, against: newest })
    }
}

/// Whether a cell speaks against a field being settled.
fn reopens(settled: FieldId, number: u16) -> bool {
    if number == ROW_ITSELF || number == SEEN {
        return false;
    }
    match settled {
        client::status => number == client::crisis.field || number == ASKS,
        client::crisis => number == ASKS,
        incident::reported | incident::written => {
            [incident::kind, incident::began, incident::report, incident::report_due, incident::written_due]
                .iter()
                .any(|field| field.field == number)
        }
        assessment::answered => {
            [assessment::answers, assessment::urgent, assessment::score].iter().any(|field| field.field == number)
        }
        _ => number != settled.field,
    }
}

fn value(head: &Head) -> Value {
    Value::decode(&head.value).unwrap_or(Value::Empty)
}

fn is_nothing(value: &Value) -> bool {
    value.is_empty() || *value == Value::Yes(false)
}

/// Of the sides of a field that settles something, what is open before what is settled: so it is what is shown, whoever
/// wrote last.
pub fn open_first(field: &Field, sides: &mut [Value]) {
    sides.sort_by_key(|side| takes_out_of_sight(field, side));
}

/// Whether a value says that something asks for nothing more: of a client, a crisis, a row, a piece of work.
fn takes_out_of_sight(field: &Field, value: &Value) -> bool {
    if is_settling(field.id) {
        return settles(field.id, value);
    }
    let worked = [WorkStatus::Done.code(), WorkStatus::Dropped.code()];
    match value {
        Value::Text(code) if [task::status, step::status].contains(&field.id) => worked.contains(&code.as_str()),
        Value::Text(code) => field.settles.contains(&code.as_str()),
        Value::Empty => false,
        // A day on which something came about: a report, a visit, the end of a stay in a place.
        _ => field.settles.contains(&"*") || (field.past && field.watched && !field.required),
    }
}

/// What a row asks for: the crisis in a word, or only that it asks; nothing where it does not.
pub fn asks(row: &Row) -> Value {
    let filled = |field: FieldId| !row.get(field).is_empty();
    if *row.record == incident::TYPE {
        if !filled(incident::resolved) {
            return Value::text(crisis_in_a_word(row));
        }
        return Value::Yes(row.text(incident::report) == Report::Due.code() && !filled(incident::reported));
    }
    if *row.record == assessment::TYPE {
        return Value::Yes(filled(assessment::urgent) && !filled(assessment::answered));
    }
    let leaves = filled(housing::notice) || filled(housing::must_leave);
    Value::Yes(*row.record == housing::TYPE && leaves && !filled(housing::until))
}

/// The crisis of an incident, as the client's own row names it.
pub fn crisis_in_a_word(row: &Row) -> String {
    record_by_number(incident::TYPE.number)
        .and_then(|record| record.field(incident::kind.field))
        .map_or(String::new(), |field| row.shown(field))
}
