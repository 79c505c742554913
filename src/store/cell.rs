//! What the entries about one row add up to. Pure: no file, no clock.
//!
//! A cell is one field of one row, or one element of a field that is a set. Its *heads* are the entries that no other
//! entry names in its base: one head is the value, several are a disagreement. The outcome depends only on which
//! entries there are, not on the order in which they came: what a base names and is no entry of this cell is awaited, for
//! good where another entry stands in that place, as one whose site wrote two chains can bring about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{
    Disagreement, EntryRef, Field, FieldId, Hlc, Kind, RecordType, Row, RowId, SiteId, Value, record_by_number,
};

use super::settle::{self, Torn};
use super::wire::{Content, Entry, Existence, Header, MISSING, ROW_ITSELF};

/// An entry that no other replaces.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    pub at: EntryRef,
    pub hlc: Hlc,
    /// Written by a person rather than taken from another system's file: such a value is shown first.
    pub by_hand: bool,
    pub value: Vec<u8>,
}

impl Head {
    /// A person's word before a file's, then the later stamp, then the site: the order in which heads are shown.
    fn rank(&self) -> (bool, Hlc, SiteId, u64) {
        (self.by_hand, self.hlc, self.at.site, self.at.index)
    }
}

/// Whether an entry says that its row is deleted.
pub fn is_deletion(head: &Head) -> bool {
    matches!(Existence::decode(&head.value), Some(Existence::Deleted { .. }))
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Cell {
    /// The one shown comes first.
    pub heads: Vec<Head>,
    /// Entries that were replaced before they arrived here.
    awaited: Vec<EntryRef>,
}

impl Cell {
    /// Takes in one entry. `seen` tells whether an entry of this cell had arrived before this one.
    fn apply(&mut self, head: Head, base: &[EntryRef], seen: &dyn Fn(EntryRef) -> bool) {
        for replaced in base {
            let before = self.heads.len();
            self.heads.retain(|head| head.at != *replaced);
            if self.heads.len() == before && !seen(*replaced) && !self.awaited.contains(replaced) {
                self.awaited.push(*replaced);
                self.awaited.sort_unstable();
            }
        }
        if let Some(at) = self.awaited.iter().position(|awaited| *awaited == head.at) {
            self.awaited.remove(at);
        } else {
            let at = self.heads.partition_point(|other| other.rank() > head.rank());
            self.heads.insert(at, head);
        }
    }

    /// The values of the heads without repetition, the one shown first, as a field of this kind shows them.
    fn sides(&self, kind: Kind) -> Vec<Value> {
        let mut sides = Vec::with_capacity(self.heads.len());
        for head in &self.heads {
            let value = kind.shows(&head.value);
            if !sides.contains(&value) {
                sides.push(value);
            }
        }
        sides
    }

    /// Whether there is nothing in it: never set, cleared, or not in its set.
    pub fn is_blank(&self) -> bool {
        self.heads.iter().all(|head| match Value::decode(&head.value) {
            Ok(value) => value.is_empty() || value == Value::Yes(false),
            Err(_) => false,
        })
    }

    /// Whether an element is in its set: one head that says so is enough, so that adding wins.
    fn present(&self) -> bool {
        self.heads.iter().any(|head| head.value == Value::Yes(true).encoded())
    }
}

/// All cells of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowState {
    pub record: u16,
    pub id: RowId,
    pub stream: RowId,
    /// By field number and, for sets, element.
    pub cells: BTreeMap<(u16, String), Cell>,
    /// Of a client who was deleted: whoever did so answers for all that stands in the stream, not for this row only.
    pub stream_ends: StreamEnds,
}

/// How far the chains of a deleted client's stream have come. Empty for every other row.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct StreamEnds {
    /// Of each site the index after its last entry.
    pub chains: Vec<(SiteId, u64)>,
    /// Of each deletion the index up to which its site knew of it in its own chain, and said nothing anew.
    pub known: Vec<(EntryRef, u64)>,
}

/// Whether a row is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Here,
    /// Deleted, and edited by someone who did not know.
    DeletedElsewhere,
    Gone,
}

impl RowState {
    pub fn new(record: u16, id: RowId, stream: RowId) -> RowState {
        RowState { record, id, stream, cells: BTreeMap::new(), stream_ends: StreamEnds::default() }
    }

    /// Takes in one entry about this row. `at` is where the entry stands in the journal; `seen` tells of an entry that it names
    /// whether it is one of the same cell that arrived before.
    pub fn apply(&mut self, header: &Header, at: EntryRef, entry: Entry, seen: &dyn Fn(EntryRef) -> bool) {
        let value = match entry.content {
            Content::Value(value) => value,
            Content::Erased(_) => Value::Empty.encoded(),
            // Of an element of a set nobody knows whether it was put in or taken out: it stays in sight.
            Content::Missing(_) if !entry.key.is_empty() && !settle::is_bookkeeping(entry.field) => {
                Value::Yes(true).encoded()
            }
            Content::Missing(_) => Value::text(MISSING).encoded(),
        };
        let head = Head { at, hlc: header.hlc, by_hand: header.imported_from().is_empty(), value };
        self.cells.entry((entry.field, entry.key)).or_default().apply(head, &entry.base, seen);
    }

    /// The heads that a new entry for this cell replaces.
    pub fn heads(&self, field: u16, key: &str) -> &[Head] {
        self.cells.get(&(field, key.to_string())).map_or(&[], |cell| &cell.heads)
    }

    /// Every entry that no other replaces.
    pub fn all_heads(&self) -> impl Iterator<Item = EntryRef> {
        self.cells.values().flat_map(|cell| cell.heads.iter().map(|head| head.at))
    }

    /// The entries that a new one for this cell replaces.
    pub fn base(&self, field: u16, key: &str) -> Vec<EntryRef> {
        self.heads(field, key).iter().map(|head| head.at).collect()
    }

    /// The value shown for a field that is not a set.
    pub fn value(&self, field: u16) -> Value {
        let kind = record_by_number(self.record).and_then(|record| record.field(field)).map(|field| field.kind);
        let head = self.heads(field, "").first();
        head.zip(kind).map_or(Value::Empty, |(head, kind)| kind.shows(&head.value))
    }

    /// The fields of which someone wrote what they cannot hold: a number where a day belongs, a day beyond all calendars, an
    /// element of what is no set. It is shown as it was written, and counts for nothing until it is written over.
    pub fn misfits(&self) -> Vec<FieldId> {
        let Some(record) = record_by_number(self.record) else { return Vec::new() };
        let missing = Value::text(MISSING).encoded();
        let fits = |field: &Field, key: &str, head: &Head| match (field.kind.is_set(), key.is_empty()) {
            (true, _) => Kind::Yes.stores(&head.value),
            (false, true) => field.kind.stores(&head.value) || head.value == missing,
            (false, false) => false,
        };
        let mut misfits: Vec<FieldId> = Vec::new();
        for ((number, key), cell) in &self.cells {
            if let Some(field) = record.field(*number)
                && misfits.last() != Some(&field.id)
                && !cell.heads.iter().all(|head| fits(field, key, head))
            {
                misfits.push(field.id);
            }
        }
        misfits
    }

    /// Whether a value is shown that its field's column cannot hold.
    pub fn is_beside_its_columns(&self) -> bool {
        let Some(record) = record_by_number(self.record) else { return false };
        let of_fields = self.cells.iter().filter(|((_, key), _)| key.is_empty());
        of_fields
            .filter_map(|((number, _), cell)| Some((record.field(*number)?, cell)))
            .any(|(field, cell)| !field.kind.is_set() && !cell.heads.iter().all(|head| field.kind.stores(&head.value)))
    }

    /// Whether an element is in a field that is a set.
    pub fn has_element(&self, field: u16, key: &str) -> bool {
        self.cells.get(&(field, key.to_string())).is_some_and(Cell::present)
    }

    pub fn presence(&self) -> Presence {
        // What came to be in one piece is never taken back, whoever says so.
        if record_by_number(self.record).is_some_and(RecordType::is_sealed) {
            return Presence::Here;
        }
        let existence = self.heads(ROW_ITSELF, "");
        let mut deletions = Vec::new();
        let mut here = false;
        for head in existence {
            match Existence::decode(&head.value) {
                Some(Existence::Deleted { seen }) => deletions.push(seen),
                // Two who took in the same export apart have both made the row.
                _ => here = true,
            }
        }
        if deletions.is_empty() {
            return Presence::Here;
        }
        if here {
            return Presence::DeletedElsewhere;
        }
        let known = |at: EntryRef| {
            deletions.iter().any(|seen| seen.iter().any(|(site, next)| *site == at.site && at.index < *next))
        };
        let others =
            self.cells.iter().filter(|((field, _), _)| *field != ROW_ITSELF && !settle::is_bookkeeping(*field));
        if others.flat_map(|(_, cell)| &cell.heads).all(|head| known(head.at)) && self.beyond().is_empty() {
            Presence::Gone
        } else {
            Presence::DeletedElsewhere
        }
    }

    /// The heads of all cells but those of bookkeeping: what people said of it that stands.
    pub fn said(&self) -> impl Iterator<Item = &Head> {
        let said = self.cells.iter().filter(|((field, _), _)| !settle::is_bookkeeping(*field));
        said.flat_map(|(_, cell)| &cell.heads)
    }

    /// Whether someone deleted it, be it in sight or not.
    pub fn is_deleted(&self) -> bool {
        self.heads(ROW_ITSELF, "").iter().any(is_deletion)
    }

    /// The chains of a deleted client's stream that go beyond what any of those who deleted them had seen, each with the
    /// index of the first entry that nobody of them knew.
    pub fn beyond(&self) -> Vec<(SiteId, u64)> {
        let mut seen: BTreeMap<SiteId, u64> = BTreeMap::new();
        for head in self.heads(ROW_ITSELF, "") {
            if let Some(Existence::Deleted { seen: known }) = Existence::decode(&head.value) {
                // What the same action wrote is known; a deletion that is just being written knows all of it.
                let anew = self.stream_ends.known.iter().find(|(at, _)| *at == head.at);
                let own = (head.at.site, anew.map_or(u64::MAX, |(_, anew)| *anew));
                for (site, next) in known.into_iter().chain([own]) {
                    let most = seen.entry(site).or_default();
                    *most = next.max(*most);
                }
            }
        }
        let first = |site| seen.get(site).copied().unwrap_or(0);
        self.stream_ends
            .chains
            .iter()
            .filter(|(site, next)| first(site) < *next)
            .map(|(site, _)| (*site, first(site)))
            .collect()
    }

    /// The row as a person sees it; `None` for a record type that this version does not know.
    pub fn to_row(&self) -> Option<Row> {
        let record: &'static RecordType = record_by_number(self.record)?;
        let mut row = Row::new(record, self.id, self.stream);
        row.deleted_elsewhere = self.presence() == Presence::DeletedElsewhere;
        row.awaited = self.id == self.stream && self.heads(ROW_ITSELF, "").is_empty();
        let torn = self.torn();
        for ((number, key), cell) in &self.cells {
            let Some(field) = record.field(*number) else { continue };
            if field.kind.is_set() {
                if cell.present() {
                    match row.sets.last_mut() {
                        Some((last, words)) if last == number => words.push(key.clone()),
                        _ => row.sets.push((*number, vec![key.clone()])),
                    }
                }
                continue;
            }
            // One value for each field: an element of what is no set is nobody's value.
            if !key.is_empty() {
                continue;
            }
            let sides = sides_of(field, cell, &torn);
            if field.safety && sides.len() > 1 {
                let all: Vec<String> = sides.iter().filter(|side| !side.is_empty()).map(Value::plain).collect();
                row.put(field.id, all.join(" / "));
            } else {
                row.put(field.id, sides.first().cloned().unwrap_or(Value::Empty));
            }
            if sides.len() > 1 {
                row.disagreements.push(Disagreement { field: field.id, sides });
            }
        }
        Some(row)
    }

    /// The fields on which sites disagree.
    pub fn disagreeing(&self) -> Vec<FieldId> {
        let Some(record) = record_by_number(self.record) else { return Vec::new() };
        let torn = self.torn();
        let of_fields = self.cells.iter().filter(|((_, key), _)| key.is_empty());
        of_fields
            .filter_map(|((number, _), cell)| {
                let field = record.field(*number)?;
                let split = cell.heads.len() > 1 && cell.sides(field.kind).len() > 1;
                let disagree = split || torn.iter().any(|torn| torn.field == field.id);
                (!field.kind.is_set() && disagree).then_some(field.id)
            })
            .collect()
    }

    /// The cells packed for the table, without the values that stand in its columns.
    pub fn pack(&self) -> Vec<u8> {
        let mut origins: Vec<(SiteId, u64, bool)> = Vec::new();
        let mut cells = Vec::with_capacity(self.cells.len());
        let torn = self.torn();
        for ((field, key), cell) in &self.cells {
            // What is shown of a torn field is not what its head says.
            let in_column =
                key.is_empty() && self.in_column(*field, cell) && !torn.iter().any(|torn| torn.field.field == *field);
            let heads = cell.heads.iter().map(|head| {
                let origin = (head.at.site, head.hlc.0, head.by_hand);
                let at = origins.iter().position(|one| *one == origin).unwrap_or_else(|| {
                    origins.push(origin);
                    origins.len() - 1
                });
                let value = (!in_column).then(|| head.value.clone());
                PackedHead { origin: at as u32, index: head.at.index, value }
            });
            let heads = heads.collect();
            cells.push(PackedCell { field: *field, key: key.clone(), heads, awaited: cell.awaited.clone() });
        }
        let mut packed = postcard::to_allocvec(&Packed { origins, cells }).expect("plain data packs into memory");
        if self.stream_ends != StreamEnds::default() {
            packed.extend(postcard::to_allocvec(&self.stream_ends).expect("plain data packs into memory"));
        }
        packed
    }

    /// The other way; `column` gives the value that stands in a field's column.
    pub fn unpack(
        record: u16,
        id: RowId,
        stream: RowId,
        bytes: &[u8],
        column: &dyn Fn(u16) -> Value,
    ) -> Option<RowState> {
        let (packed, rest): (Packed, &[u8]) = postcard::take_from_bytes(bytes).ok()?;
        let mut state = RowState::new(record, id, stream);
        if !rest.is_empty() {
            state.stream_ends = postcard::from_bytes(rest).ok()?;
        }
        for cell in packed.cells {
            let mut heads = Vec::with_capacity(cell.heads.len());
            for head in cell.heads {
                let (site, hlc, by_hand) = *packed.origins.get(head.origin as usize)?;
                let value = head.value.unwrap_or_else(|| column(cell.field).encoded());
                heads.push(Head { at: EntryRef { site, index: head.index }, hlc: Hlc(hlc), by_hand, value });
            }
            state.cells.insert((cell.field, cell.key), Cell { heads, awaited: cell.awaited });
        }
        Some(state)
    }

    fn in_column(&self, field: u16, cell: &Cell) -> bool {
        let kind = record_by_number(self.record).and_then(|record| record.field(field)).map(|field| field.kind);
        let [head] = cell.heads.as_slice() else { return false };
        kind.is_some_and(|kind| !kind.is_set() && kind.stores(&head.value))
    }
}

/// The values of a field without repetition, the one shown first: what is open before what is settled.
fn sides_of(field: &Field, cell: &Cell, torn: &[Torn]) -> Vec<Value> {
    let mut sides = cell.sides(field.kind);
    settle::open_first(field, &mut sides);
    if let Some(torn) = torn.iter().find(|torn| torn.field == field.id) {
        sides.insert(0, torn.open.clone());
    }
    sides
}

#[derive(Serialize, Deserialize)]
struct Packed {
    origins: Vec<(SiteId, u64, bool)>,
    cells: Vec<PackedCell>,
}

#[derive(Serialize, Deserialize)]
struct PackedCell {
    field: u16,
    key: String,
    heads: Vec<PackedHead>,
    awaited: Vec<EntryRef>,
}

#[derive(Serialize, Deserialize)]
struct PackedHead {
    origin: u32,
    index: u64,
    value: Option<Vec<u8>>,
}
