//! What a record type and a field are, and the macro in which each is declared once.

use super::Information;
use super::lists::Choices;
use super::records::CATALOGUE;

/// A kind of record: its number and name are for ever, its labels may change.
#[derive(Debug)]
pub struct RecordType {
    /// Stands for the type in the journal; never used again for another.
    pub number: u16,
    /// The name in SQL, on the command line and in `--json`.
    pub name: &'static str,
    pub label: &'static str,
    pub plural: &'static str,
    /// In the order of their numbers: field `n` stands at `n - 1`. A field is never taken out, only retired.
    pub fields: &'static [Field],
}

/// Stands for one field of one record type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FieldId {
    pub record: u16,
    pub field: u16,
}

#[derive(Debug)]
pub struct Field {
    pub id: FieldId,
    pub name: &'static str,
    pub label: &'static str,
    pub kind: Kind,
    /// What it tells of a client whatever it holds, as a release speaks of it. What it holds may tell more (a choice, a goal
    /// it serves), and tells it of the whole row; a field that tells nothing either way counts as telling everything.
    pub tells: &'static [Information],
    /// One line under the field in a form; empty where the label says it all.
    pub help: &'static str,
    /// A new row without it is refused.
    pub required: bool,
    /// The worker chooses it: nothing else fills it in, and forms and commands that write the row ask for it, until the row
    /// asks for nothing more. A row of before it was asked for, or from another program, may lack it.
    pub asked: bool,
    /// Its words are found by full-text search.
    pub searched: bool,
    /// Rows of a client are kept in this order (descending for times, ascending for the rest).
    pub ordered: bool,
    /// When two sites disagree, all their values are shown and none is picked.
    pub safety: bool,
    /// It says what has happened, so a day or time ahead is refused: nobody is born tomorrow, and what is over next week
    /// is not over. What may be planned (a discharge, the end of a lease) is not `past`.
    pub past: bool,
    /// Triage rules may look at it: a date that something falls due by, a choice or a text that says whether it does.
    pub watched: bool,
    /// Where the field holds one of these codes (a date or a time: anything), the row asks for nothing more.
    pub settles: &'static [&'static str],
    pub shown: Shown,
}

/// Where a person meets the field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// In the form, from the start.
    Form,
    /// Kept by the program (a link to its parent, a key in another system): in the table, the journal and
    /// `--json`, and shown but not typed.
    Kept,
}

/// What a field can hold.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One line of text.
    Line,
    /// Several lines of text. Two versions written apart are kept side by side.
    Text,
    Phone,
    Date,
    Time,
    /// A whole number from `min` to `max`, with its unit ("minutes", "%").
    Whole {
        min: i64,
        max: i64,
        unit: &'static str,
    },
    Yes,
    Choice(Choices),
    /// A row of another record type, by its name.
    Link(&'static str),
    /// How often something comes again: a rule of RFC 5545.
    Repeat,
    /// Words, each of its own: added and removed one by one, and merged one by one.
    Words,
    /// Several choices of one list, merged one by one.
    Choices(Choices),
    /// Rows of another record type, merged one by one.
    Links(&'static str),
}

impl Kind {
    pub fn is_set(self) -> bool {
        matches!(self, Kind::Words | Kind::Choices(_) | Kind::Links(_))
    }
}

impl Field {
    pub(super) const fn new(
        id: FieldId,
        name: &'static str,
        kind: Kind,
        label: &'static str,
        tells: &'static [Information],
    ) -> Field {
        Field {
            id,
            name,
            label,
            kind,
            tells,
            help: "",
            required: false,
            asked: false,
            searched: false,
            ordered: false,
            safety: false,
            past: false,
            watched: false,
            settles: &[],
            shown: Shown::Form,
        }
    }

    pub(super) const fn help(mut self, help: &'static str) -> Field {
        self.help = help;
        self
    }

    pub(super) const fn required(mut self) -> Field {
        self.required = true;
        self
    }

    pub(super) const fn asked(mut self) -> Field {
        self.asked = true;
        self
    }

    pub(super) const fn searched(mut self) -> Field {
        self.searched = true;
        self
    }

    pub(super) const fn ordered(mut self) -> Field {
        self.ordered = true;
        self
    }

    pub(super) const fn past(mut self) -> Field {
        self.past = true;
        self
    }

    pub(super) const fn safety(mut self) -> Field {
        self.safety = true;
        self
    }

    pub(super) const fn watched(mut self) -> Field {
        self.watched = true;
        self
    }

    pub(super) const fn settles(mut self, codes: &'static [&'static str]) -> Field {
        self.settles = codes;
        self
    }

    pub(super) const fn kept(mut self) -> Field {
        self.shown = Shown::Kept;
        self
    }
}

impl RecordType {
    pub fn field(&self, number: u16) -> Option<&'static Field> {
        self.fields.get(usize::from(number).checked_sub(1)?)
    }

    pub fn field_by_name(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether triage rules may look at rows of this type.
    pub fn is_watched(&self) -> bool {
        self.fields.iter().any(|field| field.watched)
    }

    pub fn ordered_by(&self) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.ordered)
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Field) -> bool {
        self.id == other.id
    }
}

impl Eq for Field {}

impl PartialEq for RecordType {
    fn eq(&self, other: &RecordType) -> bool {
        self.number == other.number
    }
}

impl Eq for RecordType {}

pub fn record_by_number(number: u16) -> Option<&'static RecordType> {
    CATALOGUE.iter().copied().find(|record| record.number == number)
}

pub fn record_by_name(name: &str) -> Option<&'static RecordType> {
    CATALOGUE.iter().copied().find(|record| record.name == name)
}

pub fn field_by_id(id: FieldId) -> Option<&'static Field> {
    record_by_number(id.record)?.field(id.field)
}

/// Declares record types. `client = 1 "Client" "Clients" { 1 name: Line, "Name", tells[Contact], required; }` makes a module
/// `client` with the [`RecordType`] as `client::TYPE` and a [`FieldId`] per field (`client::name`). A line that does not say
/// what its field tells does not compile.
macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $record:ident = $number:literal $label:literal $plural:literal {
            $( $n:literal $field:ident : $kind:expr, $field_label:literal, tells[$($tells:ident),*] $(, $rule:ident $(($($arg:expr),*))? )* ; )*
        }
    )*) => {
        $(
            $(#[$doc])*
            #[allow(non_upper_case_globals)]
            pub mod $record {
                #[allow(unused_imports)]
                use super::*;

                pub static TYPE: RecordType = RecordType {
                    number: $number,
                    name: stringify!($record),
                    label: $label,
                    plural: $plural,
                    fields: &[ $(
                        Field::new(
                            $field, stringify!($field), $kind, $field_label, &[ $( Information::$tells, )* ],
                        ) $( .$rule($($($arg),*)?) )*,
                    )* ],
                };
                $(
                    #[doc = $field_label]
                    pub const $field: FieldId = FieldId { record: $number, field: $n };
                )*
            }
        )*

        /// Every record type, in the order in which a person meets them.
        pub static CATALOGUE: &[&RecordType] = &[ $( &$record::TYPE, )* ];
    };
}
pub(super) use records;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_are_dense_and_names_are_unique() {
        let mut numbers = HashSet::new();
        for record in CATALOGUE {
            assert!(numbers.insert(record.number), "{} has a number twice", record.name);
            let mut names = HashSet::new();
            for (at, field) in record.fields.iter().enumerate() {
                assert_eq!(usize::from(field.id.field), at + 1, "{}.{}", record.name, field.name);
                assert!(names.insert(field.name), "{}.{} twice", record.name, field.name);
                let own = ["id", "stream", "state", "heads", "client_id"];
                assert!(!own.contains(&field.name), "{}.{} is a column of every table", record.name, field.name);
                assert!(!field.label.is_empty());
                if let Kind::Link(to) | Kind::Links(to) = field.kind {
                    assert!(record_by_name(to).is_some(), "{}.{} links to nothing", record.name, field.name);
                }
            }
        }
    }
}
