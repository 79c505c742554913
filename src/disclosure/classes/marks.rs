//! Marks that a worker is asked to make: rows whose words tell of substance use or violence, and of which nobody has said yet
//! whether they do. Until then they are held to tell it (42 CFR 2.11; 34 USC 12291(b)(2)). Pure.

use crate::model::records::*;
use crate::model::{AlsoTells, FieldId, FromPart2, Information, Kind, RecordType, Row, RowId};

use super::{Sorter, is_from_no_program};

/// A mark that is proposed, with the words that speak for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub row: RowId,
    pub record: &'static RecordType,
    /// Which field says it, and its words.
    pub field: FieldId,
    pub words: String,
    /// Substance use or violence.
    pub tells: Information,
    /// Where the answer goes: the field of the mark, what stands there for yes, and what for no.
    pub mark: FieldId,
    pub yes: &'static str,
    pub no: &'static str,
}

/// The field in which the worker says whether a row is from a Part 2 program.
pub(super) fn part2_of(record: &RecordType) -> Option<FieldId> {
    let all = [medication::part2, care_team::part2, appointment::part2, service::part2, stay::part2];
    all.into_iter().find(|field| field.record == record.number)
}

/// The field in which the worker says what else a row tells of.
pub(super) fn also_tells_of(record: &RecordType) -> Option<FieldId> {
    let all =
        [medication::also_tells, care_team::also_tells, appointment::also_tells, service::also_tells, stay::also_tells];
    all.into_iter().find(|field| field.record == record.number)
}

impl Sorter<'_> {
    /// The marks that are proposed for these rows, in their order.
    pub fn proposals<'r>(&self, rows: impl IntoIterator<Item = &'r Row>) -> Vec<Proposal> {
        rows.into_iter().flat_map(|row| self.proposed(row)).collect()
    }

    fn proposed(&self, row: &Row) -> Vec<Proposal> {
        let (Some(part2), Some(also)) = (part2_of(row.record), also_tells_of(row.record)) else { return Vec::new() };
        let marked = AlsoTells::from_code(row.text(also));
        let said = |what| {
            let words = row.record.fields.iter().filter(|field| matches!(field.kind, Kind::Line | Kind::Text));
            words.into_iter().find(|field| self.of_value(row, field).contains(&what))
        };
        let mut proposed = Vec::new();
        let mut propose = |tells, mark: FieldId, yes, no| {
            if let Some(field) = said(tells) {
                let words = row.text(field.id).to_string();
                proposed.push(Proposal {
                    row: row.id,
                    record: row.record,
                    field: field.id,
                    words,
                    tells,
                    mark,
                    yes,
                    no,
                });
            }
        };
        if row.text(part2).is_empty() && marked.is_none_or(|marked| marked == AlsoTells::Violence) {
            propose(Information::SubstanceUse, part2, FromPart2::Yes.code(), FromPart2::No.code());
        }
        if marked.is_none() {
            // Whoever says that it tells of no violence does not say that it tells of no substance use.
            let of_use = said(Information::SubstanceUse).is_some() && !is_from_no_program(row);
            let no = if of_use { AlsoTells::SubstanceUse } else { AlsoTells::Neither };
            propose(Information::Violence, also, AlsoTells::Violence.code(), no.code());
        }
        proposed
    }
}
