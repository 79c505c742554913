//! A rule as a file has it, and how it becomes a whole one.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{FieldId, RecordType, record_by_name, record_by_number};

use super::super::{Band, Class};
use super::parts::{self, watched};
use super::{ACTIONS, Calendar, Lift, LooksAt, MetBy, PutOffAtMost, Rule, Where};

/// The particulars that a rule's words may name; beside them, each field of its row that rules may look at.
const PLACEHOLDERS: &[&str] =
    &["what", "when", "due", "days", "late", "from", "many", "day", "open", "dated", "age", "said"];

/// Any line may be missing in an agency's own.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RuleLines {
    pub id: String,
    looks_at: Option<String>,
    class: Option<Class>,
    gravity: Option<u16>,
    lifts: Option<Lift>,
    lifts_critical: Option<Lift>,
    put_off: Option<PutOffLine>,
    closed: Option<bool>,
    days: Option<i64>,
    calendar: Option<Calendar>,
    r#where: Option<Vec<String>>,
    in_a_row: Option<u8>,
    without: Option<String>,
    beside: Option<String>,
    met_by: Option<Vec<String>>,
    met_after: Option<i64>,
    or_else: Option<String>,
    or_else_days: Option<i64>,
    instead: Option<String>,
    instead_days: Option<i64>,
    later_of: Option<String>,
    not_after: Option<String>,
    rolls: Option<bool>,
    earlier_than: Option<String>,
    gives_way: Option<String>,
    since_opened: Option<bool>,
    at_home: Option<bool>,
    shows: Option<i64>,
    ends: Option<i64>,
    now: Option<i64>,
    today: Option<i64>,
    this_week: Option<i64>,
    afterwards: Option<Band>,
    /// Said nothing since classes came first in a band; kept so that an agency's older file is still read.
    #[allow(dead_code)]
    first: Option<bool>,
    weight: Option<u16>,
    action: Option<String>,
    text: Option<String>,
    missed: Option<String>,
    source: Option<String>,
    pub off: Option<bool>,
    /// Why a rule that guards a life is switched off or weakened.
    pub accept: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum PutOffLine {
    Word(String),
    Days(u16),
}

fn needed<T>(given: Option<T>, known: Option<T>, id: &str, what: &str) -> Result<T, String> {
    given.or(known).ok_or_else(|| format!("the rule \"{id}\" needs a line `{what} = ...`"))
}

/// The record type of the row that a rule looks at, for the lines that go with a row only.
struct OfRow<'a> {
    id: &'a str,
    record: Option<&'static RecordType>,
}

impl OfRow<'_> {
    fn told(&self, why: String) -> String {
        format!("the rule \"{}\": {why}", self.id)
    }

    fn record(&self, what: &str) -> Result<&'static RecordType, String> {
        self.record.ok_or_else(|| {
            format!(
                "the rule \"{}\" has a line `{what}`, which goes with looks-at = \"type.field\" or \"type\" only",
                self.id
            )
        })
    }

    /// A date of the row, named by a line.
    fn date(&self, what: &str, given: Option<String>, known: Option<FieldId>) -> Result<Option<FieldId>, String> {
        match given {
            Some(name) => Ok(Some(parts::date(self.record(what)?, &name).map_err(|why| self.told(why))?)),
            None => Ok(known),
        }
    }

    /// A record type of which rules look at rows, named by a line.
    fn watched_type(&self, given: Option<String>, known: Option<u16>, why: &str) -> Result<Option<u16>, String> {
        let Some(name) = given else { return Ok(known) };
        let record = record_by_name(&name).filter(|record| record.is_watched());
        record
            .map(|record| Some(record.number))
            .ok_or_else(|| self.told(format!("there is no record type \"{name}\" {why}")))
    }

    fn check_words(&self, text: &str) -> Result<(), String> {
        let names_of_row = |name: &str| self.record.is_some_and(|record| watched(record, name).is_ok());
        for name in text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or(rest)) {
            if !PLACEHOLDERS.contains(&name) && !names_of_row(name) {
                return Err(format!(
                    "the rule \"{}\" has {{{name}}} in its text; it may be {}",
                    self.id,
                    PLACEHOLDERS.join(", ")
                ));
            }
        }
        Ok(())
    }
}

impl RuleLines {
    /// The rule that these lines make, over the one that is known by this id.
    pub fn onto(self, known: Option<&Rule>, programs: &BTreeMap<String, Vec<String>>) -> Result<Rule, String> {
        let id = self.id.clone();
        let looks_at = self
            .looks_at
            .as_deref()
            .map(LooksAt::parse)
            .transpose()
            .map_err(|why| format!("the rule \"{id}\": {why}"))?;
        let looks_at = needed(looks_at, known.map(|rule| rule.looks_at), &id, "looks-at")?;
        let record = match looks_at {
            LooksAt::Row(FieldId { record, .. }) | LooksAt::Undated(record) => record_by_number(record),
            _ => None,
        };
        let row = OfRow { id: &id, record };
        let action = needed(self.action.clone(), known.map(|rule| rule.action.clone()), &id, "action")?;
        if !ACTIONS.contains(&action.as_str()) {
            return Err(format!(
                "the rule \"{id}\" has no such action: \"{action}\". Use one of: {}",
                ACTIONS.join(", ")
            ));
        }
        let text = needed(self.text.clone(), known.map(|rule| rule.text.clone()), &id, "text")?;
        let missed = self.missed.clone().or(known.map(|rule| rule.missed.clone())).unwrap_or_default();
        if text.trim().is_empty() {
            return Err(format!("the rule \"{id}\" has no words: a line `text = ...` says what it is about"));
        }
        row.check_words(&text)?;
        row.check_words(&missed)?;
        let weight = self.weight.or(known.map(|rule| rule.weight)).unwrap_or(0);
        if weight > 100 {
            return Err(format!("the rule \"{id}\" has a weight of {weight}; it goes from 0 to 100"));
        }
        let in_a_row = self.in_a_row.or(known.and_then(|rule| rule.in_a_row));
        if in_a_row == Some(0) {
            return Err(format!("the rule \"{id}\" has in-a-row = 0; it is 1 or more"));
        }
        if in_a_row.is_some() && looks_at != LooksAt::Missed {
            row.record("in-a-row")?;
        }
        if self.beside.is_some() {
            row.record("beside")?;
        }
        let same = known.filter(|known| known.looks_at == looks_at);
        let class = self.class.or(known.map(|rule| rule.class)).unwrap_or(Class::Care);
        let source = needed(self.source.clone(), known.map(|rule| rule.source.clone()), &id, "source")?;
        let flag = |given: Option<bool>, known: Option<bool>| given.or(known).unwrap_or(false);
        Ok(Rule {
            looks_at,
            class,
            gravity: self.gravity.or(known.map(|rule| rule.gravity)).unwrap_or(0).min(1_100),
            lifts: self.lifts.or(known.and_then(|rule| rule.lifts)),
            lifts_critical: self.lifts_critical.or(known.and_then(|rule| rule.lifts_critical)),
            put_off: self.put_off(known, class)?,
            closed: self.closed.or(known.map(|rule| rule.closed)).unwrap_or(class == Class::Life),
            wheres: self.wheres(&row, same, programs)?,
            met_by: self.met_by(&row, same)?,
            without: row.watched_type(self.without, known.and_then(|rule| rule.without), "to look for")?,
            beside: row.watched_type(self.beside, known.and_then(|rule| rule.beside), "to stand beside")?,
            or_else: row.date("or-else", self.or_else, same.and_then(|rule| rule.or_else))?,
            or_else_days: self.or_else_days.or(known.and_then(|rule| rule.or_else_days)),
            instead: row.date("instead", self.instead, same.and_then(|rule| rule.instead))?,
            later_of: row.date("later-of", self.later_of, same.and_then(|rule| rule.later_of))?,
            not_after: row.date("not-after", self.not_after, same.and_then(|rule| rule.not_after))?,
            earlier_than: row.date("earlier-than", self.earlier_than, same.and_then(|rule| rule.earlier_than))?,
            gives_way: row.date("gives-way", self.gives_way, same.and_then(|rule| rule.gives_way))?,
            met_after: self.met_after.or(known.map(|rule| rule.met_after)).unwrap_or(0),
            instead_days: self.instead_days.or(known.map(|rule| rule.instead_days)).unwrap_or(0),
            rolls: flag(self.rolls, known.map(|rule| rule.rolls)),
            since_opened: flag(self.since_opened, known.map(|rule| rule.since_opened)),
            at_home: flag(self.at_home, known.map(|rule| rule.at_home)),
            in_a_row,
            days: self.days.or(known.map(|rule| rule.days)).unwrap_or(0),
            calendar: self.calendar.or(known.map(|rule| rule.calendar)).unwrap_or_default(),
            shows: self.shows.or(known.and_then(|rule| rule.shows)),
            ends: self.ends.or(known.and_then(|rule| rule.ends)),
            now: self.now.or(known.and_then(|rule| rule.now)),
            today: self.today.or(known.and_then(|rule| rule.today)),
            this_week: self.this_week.or(known.and_then(|rule| rule.this_week)),
            afterwards: self.afterwards.or(known.and_then(|rule| rule.afterwards)),
            weight,
            action,
            text,
            missed,
            source,
            id,
        })
    }

    fn put_off(&self, known: Option<&Rule>, class: Class) -> Result<PutOffAtMost, String> {
        Ok(match &self.put_off {
            Some(PutOffLine::Word(word)) if word == "never" => PutOffAtMost::Never,
            Some(PutOffLine::Word(word)) => {
                return Err(format!(
                    "the rule \"{}\": put-off is \"never\" or a number of days, not \"{word}\"",
                    self.id
                ));
            }
            Some(PutOffLine::Days(days)) => PutOffAtMost::Days((*days).into()),
            None => match known {
                Some(rule) => rule.put_off,
                None if class == Class::Life => PutOffAtMost::Days(1),
                None => PutOffAtMost::Agency,
            },
        })
    }

    fn wheres(
        &self,
        row: &OfRow<'_>,
        known: Option<&Rule>,
        programs: &BTreeMap<String, Vec<String>>,
    ) -> Result<Vec<Where>, String> {
        let Some(lines) = &self.r#where else { return Ok(known.map_or(Vec::new(), |rule| rule.wheres.clone())) };
        let record = row.record("where")?;
        lines.iter().map(|line| Where::parse(record, line, programs).map_err(|why| row.told(why))).collect()
    }

    fn met_by(&self, row: &OfRow<'_>, known: Option<&Rule>) -> Result<Vec<MetBy>, String> {
        let Some(lines) = &self.met_by else { return Ok(known.map_or(Vec::new(), |rule| rule.met_by.clone())) };
        let record = row.record("met-by")?;
        lines.iter().map(|line| MetBy::parse(record, line).map_err(|why| row.told(why))).collect()
    }
}
