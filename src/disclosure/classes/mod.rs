//! What a field tells about a person, as a release of information speaks of it: from the record types, fields, choices and
//! an agency's lists, each of which says it in its own line, to [`Information`].
//!
//! The promise: nothing is guessed. A field tells what its line in the catalogue says, and what it holds tells of the whole
//! row: a choice, a kind of crisis, an instrument, a service, a goal that it serves, a word that tells more than its field.
//! What nobody says anything of counts as telling everything. The rest of this room asks here and nowhere else. What a person wrote in a note cannot be told from its field: a note is a note. Pure.

mod marks;
mod words;

pub use marks::Proposal;

use std::collections::BTreeSet;

use crate::model::records::*;
use crate::model::text::{Words, has_words};
use crate::model::{
    AlsoTells, Choices, Domain, Field, FieldId, Fixed, FromPart2, Information, Kind, List, Row, RowId, sealed,
};
use crate::practice::Practice;
use crate::practice::incident::crises_of;

/// Categories of information, each once.
pub type Categories = BTreeSet<Information>;

/// What is held to be told where nobody knows what is: only a release that covers all of it permits it.
pub fn everything() -> Categories {
    Information::ALL.iter().copied().collect()
}

/// Tells what the rows of one client are about: a step or a note may serve a goal that says more than it does itself.
pub struct Sorter<'a> {
    practice: &'a Practice,
    /// The client's goals: their words, and what they tell beside that they are there.
    goals: Vec<(RowId, String, Categories)>,
}

impl<'a> Sorter<'a> {
    /// For a client with these goals.
    pub fn new(practice: &'a Practice, goals: &[Row]) -> Sorter<'a> {
        let mut sorter = Sorter { practice, goals: Vec::new() };
        let about = |row: &Row| (row.id, row.text(goal::words).to_string(), sorter.about(row));
        sorter.goals = goals.iter().map(about).collect();
        sorter
    }

    /// What one field of a row tells: a release must cover all of it.
    pub fn of_field(&self, row: &Row, field: FieldId) -> Categories {
        self.told(row, field, if row.record.opens_stream() { Categories::new() } else { self.about(row) })
    }

    /// What a row tells with all its fields that are filled in.
    pub fn of_row(&self, row: &Row) -> Categories {
        self.of_fields(row, |_| true)
    }

    /// What a row tells with those of its fields that are filled in and go out; nothing where there is none.
    pub fn of_fields(&self, row: &Row, goes: impl Fn(FieldId) -> bool) -> Categories {
        let about = if row.record.opens_stream() { Categories::new() } else { self.about(row) };
        let going = row.record.fields.iter().filter(|field| goes(field.id) && row.holds(field));
        going.flat_map(|field| self.told(row, field.id, about.clone())).collect()
    }

    /// What a whole file tells: what a bundle with it gives away.
    pub fn of_rows<'r>(&self, rows: impl IntoIterator<Item = &'r Row>) -> Categories {
        rows.into_iter().flat_map(|row| self.of_row(row)).collect()
    }

    /// What is told by a line that says in words what is to be done about a client as a whole (a crisis, a contact that is
    /// due), beside what the row it is about tells: the words of a crisis may stand in it.
    pub fn of_reason(&self, persons: impl Iterator<Item = &'a Row>, reason: &str) -> Categories {
        let said = persons.flat_map(crises_of).filter(|crisis| reason.contains(crisis.as_str()));
        said.flat_map(|crisis| self.of_crisis(&crisis)).collect()
    }

    fn told(&self, row: &Row, field: FieldId, about: Categories) -> Categories {
        let Some(declared) = row.record.field(field.field).filter(|declared| declared.id == field) else {
            return everything();
        };
        let mut told = about;
        told.extend(declared.tells);
        if row.record.opens_stream() {
            told.extend(self.of_value(row, declared));
        }
        if told.is_empty() { everything() } else { told }
    }

    /// What a row is about by all that it holds: it tells it with every field. Words that name substance use or violence are a
    /// proposal ([`Sorter::proposals`]) that counts until the worker says that the row is from no program under 42 CFR Part 2,
    /// or tells of neither.
    fn about(&self, row: &Row) -> Categories {
        let (from_none, neither) = (is_from_no_program(row), tells_of_neither(row));
        let about = row.record.fields.iter().flat_map(|field| {
            let mut told = self.of_value(row, field);
            if matches!(field.kind, Kind::Line | Kind::Text) {
                told.retain(|what| match what {
                    Information::SubstanceUse => !from_none && !neither,
                    Information::Violence => !neither,
                    _ => true,
                });
            }
            told
        });
        about.collect()
    }

    /// What the value of a field tells beside that it stands there; where sites disagree, what any of them says.
    fn of_value(&self, row: &Row, field: &Field) -> Categories {
        let mut told = self.of_one_value(row, field);
        for side in row.disagreements.iter().filter(|torn| torn.field == field.id).flat_map(|torn| &torn.sides) {
            let mut other = row.clone();
            other.put(field.id, side.clone());
            told.extend(self.of_one_value(&other, field));
        }
        told
    }

    fn of_one_value(&self, row: &Row, field: &Field) -> Categories {
        match field.kind {
            Kind::Choice(choices) => match row.text(field.id) {
                "" => Categories::new(),
                code => self.of_choice(choices, code),
            },
            Kind::Choices(choices) => {
                row.words(field.id).iter().flat_map(|code| self.of_choice(choices, code)).collect()
            }
            Kind::Link("goal") => {
                row.link(field.id).map_or_else(Categories::new, |id| self.of_goal(|goal| *goal == id))
            }
            Kind::Links("goal") => {
                let served = row.words(field.id).iter();
                served.flat_map(|id| self.of_goal(|goal| goal.to_string() == *id)).collect()
            }
            Kind::Yes if field.id == consent::part2 && row.yes(consent::part2) => [Information::SubstanceUse].into(),
            Kind::Line | Kind::Text if field.id == client::crisis => {
                crises_of(row).iter().flat_map(|crisis| self.of_crisis(crisis)).collect()
            }
            Kind::Line | Kind::Text if field.id == signature::content => self.of_signed(row, row.text(field.id)),
            // A note is a note: its words cannot be told apart.
            Kind::Line | Kind::Text | Kind::Words if field.tells.contains(&Information::Notes) => Categories::new(),
            Kind::Line | Kind::Text => words::of_words(row.text(field.id)),
            Kind::Words => row.words(field.id).iter().flat_map(|word| words::of_words(word)).collect(),
            // A row of another type says itself what it tells; a number, a day or a yes tells what its field does.
            Kind::Link(_) | Kind::Links(_) => Categories::new(),
            Kind::Phone | Kind::Date | Kind::Time | Kind::Whole { .. } | Kind::Yes | Kind::Repeat => Categories::new(),
        }
    }

    fn of_choice(&self, choices: Choices, code: &str) -> Categories {
        match choices {
            Choices::Fixed(list) => of_fixed(list, code),
            Choices::Listed(list) => self.practice.tells(list, code),
        }
    }

    /// What serving a goal tells. One that is not known any more might be about anything.
    fn of_goal(&self, is: impl Fn(&RowId) -> bool) -> Categories {
        self.goals.iter().find(|(id, ..)| is(id)).map_or_else(everything, |(_, _, told)| told.clone())
    }

    /// What one part of a client's line on a crisis tells: a kind's name what the kind does, other words what the kinds do of
    /// which they speak. Words that speak of no kind may be about any.
    fn of_crisis(&self, words: &str) -> Categories {
        let kinds = &self.practice.crises;
        if let Some(kind) = kinds.iter().find(|kind| kind.name == words || kind.code == words) {
            return said(kind.tells.as_deref());
        }
        let speaks = |of: &String| has_words(words, &Words::new(of));
        let of = kinds.iter().filter(|kind| kind.words.iter().chain([&kind.name]).any(speaks));
        let mut told: Categories = of.flat_map(|kind| said(kind.tells.as_deref())).collect();
        if told.is_empty() {
            return everything();
        }
        told.insert(Information::MentalHealth);
        told.extend(words::of_words(words));
        told
    }

    /// What a signed text tells. One of before there were numbers in it stands under the labels of a note's fields; words of
    /// the note itself that look like such a line count too, so that it never tells more than is thought.
    pub fn of_signed(&self, row: &Row, content: &str) -> Categories {
        if let Some(sealed) = sealed::read(content) {
            return self.of_rows(&sealed.rows(row.stream));
        }
        let mut tells = Categories::new();
        for line in content.lines() {
            for field in note::TYPE.fields {
                let Some(value) = line.strip_prefix(field.label).and_then(|rest| rest.strip_prefix(": ")) else {
                    continue;
                };
                let mut as_signed = Row::new(&note::TYPE, row.id, row.stream);
                if matches!(field.kind, Kind::Links("goal")) {
                    let served = value.split("; ").map(|words| words.trim_matches('"'));
                    tells.extend(served.flat_map(|words| self.of_goal_in_words(words)));
                } else if !field.kind.is_set() {
                    as_signed.put(field.id, value);
                }
                tells.extend(self.of_field(&as_signed, field.id));
            }
        }
        tells
    }

    fn of_goal_in_words(&self, words: &str) -> Categories {
        let mut known = self.goals.iter().filter(|(_, own, _)| own == words).peekable();
        match known.peek() {
            None => everything(),
            Some(_) => known.flat_map(|(.., told)| told.clone()).collect(),
        }
    }
}

/// Whether a field of the client tells how to reach them or where they are: never without the instruction how to do so
/// safely.
pub fn leads_to_them(field: &Field) -> bool {
    field.id.record == client::TYPE.number
        && (matches!(field.kind, Kind::Phone)
            || field.tells.contains(&Information::Whereabouts)
            || [client::email, client::contact_notes].contains(&field.id))
}

/// Whether the worker says of a row that it is from no program under 42 CFR Part 2; where sites disagree, nobody does.
fn is_from_no_program(row: &Row) -> bool {
    marks::part2_of(row.record).is_some_and(|field| is_marked(row, field, FromPart2::No.code()))
}

/// Whether the worker says of a row that it tells of neither substance use nor violence, whatever its words say.
fn tells_of_neither(row: &Row) -> bool {
    marks::also_tells_of(row.record).is_some_and(|field| is_marked(row, field, AlsoTells::Neither.code()))
}

fn is_marked(row: &Row, field: FieldId, code: &str) -> bool {
    let torn = row.disagreements.iter().any(|torn| torn.field == field);
    !torn && row.text(field) == code
}

/// What a line says it tells; everything where it does not say.
fn said(tells: Option<&[Information]>) -> Categories {
    tells.map_or_else(everything, |tells| tells.iter().copied().collect())
}

fn of_fixed(list: Fixed, code: &str) -> Categories {
    said(list.tells(code))
}

impl Practice {
    /// What an entry of an agency's list tells beside that it stands there.
    fn tells(&self, list: List, code: &str) -> Categories {
        match list {
            List::Area => said(self.area(code).and_then(|area| area.tells.as_deref())),
            List::NoteTemplate => said(self.template(code).and_then(|template| template.tells.as_deref())),
            List::CrisisKind => said(self.crisis(code).and_then(|kind| kind.tells.as_deref())),
            List::Service => {
                let mut told = said(self.service(code).and_then(|service| service.tells.as_deref()));
                told.extend(words::of_code(code));
                told
            }
            List::Instrument => {
                let known = self.instruments.get(code);
                let mut told = said(known.and_then(|instrument| instrument.tells.as_deref()));
                let domains = known.into_iter().flat_map(|instrument| instrument.domains());
                told.extend(domains.flat_map(|domain| of_fixed(Domain::LIST, domain.code())));
                told
            }
            // The worker's own: about no client.
            List::Credential | List::EducationCategory => Categories::new(),
        }
    }
}

#[cfg(test)]
mod tests;
