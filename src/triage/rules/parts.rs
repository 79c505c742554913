//! What a rule looks at, what must hold of a row, and what answers it: read from one line of the file each.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IntoDeserializer;

use crate::model::records::{incident, stay};
use crate::model::text::{Words, has_words};
use crate::model::{Choices, Field, FieldId, Kind, Practitioner, RecordType, record_by_name};

use super::super::{Clock, DueAt, Mark, calendar};

/// The kind of fact a rule looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LooksAt {
    Crisis,
    Conflict,
    /// A conflict about a safe contact, a crisis, a risk, or whether the case is closed.
    ConflictSafety,
    Appointment,
    /// An appointment that is over, and of which nobody has said whether it was kept.
    AppointmentPast,
    AppointmentUnconfirmed,
    AppointmentRide,
    AppointmentInterpreter,
    NoShow,
    /// The last appointments, one after another, were missed: as many as `in-a-row` says.
    Missed,
    Task,
    Step,
    GoalTarget,
    PlanReview,
    /// An individual plan for employment, a year after its start or its last review.
    IpeReview,
    Contact,
    AnnualAssessment,
    #[serde(rename = "dependent-18")]
    Dependent18,
    NoPlan,
    /// A plan that says something else than was signed under it.
    PlanChanged,
    NoNext,
    CoverEnds,
    /// The oldest note that nobody has signed.
    Unsigned,
    /// A note that waits for a co-signature.
    Cosign,
    /// The day on which an authorization's units are used up at the pace so far.
    UnitsRunOut,
    /// The newest safety plan, where a screen told of risk after it was made.
    PlanBeforeScreen,
    /// A date of a row, as the catalogue declares it: `stay.discharged`.
    #[serde(skip)]
    Row(FieldId),
    /// A row of a record type, by its number, whatever its dates: for what nobody dated.
    #[serde(skip)]
    Undated(u16),
}

impl LooksAt {
    pub(super) fn parse(text: &str) -> Result<LooksAt, String> {
        let named = || {
            let found: Result<LooksAt, serde::de::value::Error> = LooksAt::deserialize(text.into_deserializer());
            let undated = || record_by_name(text).filter(|record| record.is_watched());
            found
                .ok()
                .or_else(|| Some(LooksAt::Undated(undated()?.number)))
                .ok_or_else(|| format!("there is nothing called \"{text}\" to look at"))
        };
        let Some((record, field)) = text.split_once('.') else { return named() };
        let record = record_by_name(record).ok_or_else(|| format!("there is no record type \"{record}\""))?;
        Ok(LooksAt::Row(date(record, field)?))
    }
}

/// A field that rules may look at.
pub(super) fn watched(record: &'static RecordType, name: &str) -> Result<&'static Field, String> {
    record.field_by_name(name).filter(|field| field.watched).ok_or_else(|| {
        let names = record.fields.iter().filter(|field| field.watched).map(|field| field.name);
        format!(
            "{} has no field \"{name}\" that a rule may look at; it has {}",
            record.name,
            names.collect::<Vec<_>>().join(", ")
        )
    })
}

/// A date of a row that rules may look at.
pub(super) fn date(record: &'static RecordType, name: &str) -> Result<FieldId, String> {
    let field = watched(record, name)?;
    match field.kind {
        Kind::Date | Kind::Time => Ok(field.id),
        _ => Err(format!("{}.{} is not a date", record.name, field.name)),
    }
}

/// What must hold of a row for its rule to count: `kind=psychiatric|detox`, `filed` (filled in), `!filed` (empty). What a
/// person typed is looked through for the words: `programme=@snap` holds of "snap (county)". A date of something that
/// happens counts as empty until it has.
#[derive(Clone, PartialEq, Debug)]
pub struct Where {
    pub field: FieldId,
    /// Empty: filled in, or not.
    pub codes: Vec<String>,
    pub not: bool,
    /// What the field holds was typed by someone: these words are looked for in it.
    typed: Option<Vec<Words>>,
    /// The field says that something has happened, or settles the row.
    happens: bool,
}

impl Where {
    pub(super) fn parse(
        record: &'static RecordType,
        text: &str,
        programs: &BTreeMap<String, Vec<String>>,
    ) -> Result<Where, String> {
        let (not, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (name, codes) = text.split_once('=').unwrap_or((text, ""));
        let field = watched(record, name.trim())?;
        let codes: Vec<String> =
            codes.split('|').map(|code| code.trim().into()).filter(|code: &String| !code.is_empty()).collect();
        // An agency may take a choice off its own lists: a rule that names it then looks for what never comes.
        if let Kind::Choice(choices @ Choices::Fixed(_)) = field.kind
            && let Some(strange) = codes.iter().find(|code| !choices.holds(code))
        {
            return Err(format!("{}.{} is never \"{strange}\"", record.name, field.name));
        }
        let mut typed = None;
        if matches!(field.kind, Kind::Line | Kind::Text) {
            let mut words = Vec::new();
            for code in &codes {
                match code.strip_prefix('@') {
                    Some(program) => {
                        let names =
                            programs.get(program).ok_or_else(|| format!("there is no program \"{program}\""))?;
                        words.extend(names.iter().map(|name| Words::new(name)));
                    }
                    None => words.push(Words::new(code)),
                }
            }
            typed = Some(words);
        }
        Ok(Where { field: field.id, codes, not, typed, happens: field.past || !field.settles.is_empty() })
    }

    pub(in super::super) fn holds(&self, mark: &Mark, clock: &Clock) -> bool {
        let word = mark.word(self.field);
        // Nothing is over before it began: such a day is a slip, and settles nothing.
        let began = mark.date(incident::began).filter(|_| self.field == incident::resolved);
        let after = |at: &DueAt| began.is_none_or(|began| at.day() >= calendar::add_days(began.day(), -1));
        let date = || match self.happens {
            true => mark.happened(self.field, clock).filter(after),
            false => mark.date(self.field),
        };
        let holds = match (&self.codes[..], &self.typed) {
            ([], _) => !word.is_empty() || date().is_some(),
            (_, Some(words)) => words.iter().any(|words| has_words(word, words)),
            (codes, None) => codes.iter().any(|code| code == word),
        };
        holds != self.not
    }
}

/// What makes a reason go away.
#[derive(Clone, PartialEq, Debug)]
pub enum MetBy {
    /// The client was reached since.
    Contact,
    /// The client or somebody around them was reached since, or was tried twice.
    Reached,
    /// The client was seen since: face to face, by video, or at a visit that was kept.
    Seen,
    /// A contact or a kept appointment since that is marked as the follow-up after this stay, with a practitioner whom the
    /// measure lets count.
    FollowUp {
        by: Vec<Practitioner>,
        /// Only where the client was seen.
        seen: bool,
    },
    /// A field of the same row was filled in; a date that has come.
    Field {
        field: FieldId,
        /// The field says that something has happened, or settles the row: a day ahead does not count.
        happens: bool,
    },
}

impl MetBy {
    pub(super) fn parse(record: &'static RecordType, text: &str) -> Result<MetBy, String> {
        let by = |codes: &str, seen: bool| {
            if *record != stay::TYPE {
                return Err("a follow-up goes with a stay only".to_string());
            }
            let one = |code: &str| {
                let known = || Practitioner::ALL.iter().map(|one| one.code()).collect::<Vec<_>>().join(", ");
                Practitioner::from_code(code.trim())
                    .ok_or_else(|| format!("nobody is a \"{code}\"; it may be {}", known()))
            };
            Ok(MetBy::FollowUp { by: codes.split('|').map(one).collect::<Result<_, _>>()?, seen })
        };
        Ok(match text {
            "contact" => MetBy::Contact,
            "reached" => MetBy::Reached,
            "seen" => MetBy::Seen,
            text => match text.split_once(':') {
                Some(("follow-up", codes)) => by(codes, false)?,
                Some(("follow-up-visit", codes)) => by(codes, true)?,
                _ => {
                    let field = watched(record, text)?;
                    MetBy::Field { field: field.id, happens: field.past || !field.settles.is_empty() }
                }
            },
        })
    }
}
