//! Assessment instruments as data, and the pure engine that scores them.
//!
//! Promises: a score is what the instrument's own source says, or there is none; an answer that demands action at once is
//! told even while other answers are missing; an agency's wrong file never keeps the others from loading. Called by the
//! forms that ask the items, by reports and imports that score what is stored, and by triage for what is due again. Must
//! never guess an answer that was not given, and never ship the official wording of an instrument: labels are our own and
//! short, the public codes say which official item is meant.
//!
//! One file describes one instrument; the shipped ones stand in `assets/instruments`. `file` reads them, `score` works
//! them out, `answers` is the one line in which answers are stored, `condition` the small language of `show-if`, alerts,
//! needs and levels, `kept` the row that an assessment becomes.

mod answers;
mod certain;
mod complete;
mod condition;
mod file;
mod gas;
mod kept;
mod score;
mod set;

pub use answers::{Answers, AnswersError, ItemId};
pub use complete::{Around, Hand, Settled, complete, may_go, settle, waits};
pub use condition::Condition;
pub use gas::{Attained, gas_t_score};
pub use kept::{BEGUN, Place};
pub use score::{Alert, Need, NotScored, Reading, Scored, SubScore};
pub use set::Instruments;

use crate::model::{Domain, Information, Severity};

/// How grave an answer is that demands action, where its instrument does not say: behind every one that does.
pub const GRAVITY: u16 = 971;

/// One instrument, sound: every name in it leads somewhere, and its bands cover its range without a gap.
#[derive(Clone, PartialEq, Debug)]
pub struct Instrument {
    /// Stands in stored records: never used again for another instrument.
    pub code: String,
    pub name: String,
    /// What its answers tell of a client, beside the domains that it asks about; nobody said so: everything.
    pub tells: Option<Vec<Information>>,
    pub about: String,
    /// The paper or publisher whose rule this is.
    pub source: String,
    /// Who owns the wording and what may be done with it, in words.
    pub licence: String,
    /// The official wording is somebody's: only own labels and codes are here, and the official form is needed to ask it.
    pub licensed: bool,
    /// Codes of the practice areas it is offered in; empty = all.
    pub areas: Vec<String>,
    /// LOINC code of the panel.
    pub loinc: Option<String>,
    /// LOINC code of its total or level.
    pub loinc_total: Option<String>,
    pub items: Vec<Item>,
    pub subscales: Vec<Subscale>,
    pub scoring: Scoring,
    /// Lowest and highest total.
    pub range: (i64, i64),
    pub missing: Missing,
    /// One without a name, or one for each group of people that has its own.
    pub cut_offs: Vec<CutOff>,
    /// Days until it is due again, where the band does not say.
    pub again: Option<u16>,
    alerts: Vec<AlertRule>,
    needs: Vec<NeedRule>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    pub id: ItemId,
    pub label: String,
    pub loinc: Option<String>,
    pub asks: Asks,
    /// Counts from the other end: the highest choice gives the lowest points.
    pub reversed: bool,
    /// Its points count into the total.
    pub scored: bool,
    /// The score does not wait for it.
    pub optional: bool,
    /// Asked only when this holds.
    pub show_if: Option<Condition>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Asks {
    OneOf(Vec<Choice>),
    /// A whole number from `min` to `max`; `points` are steps `(from, points)`, empty = the number itself.
    Number {
        min: i64,
        max: i64,
        unit: String,
        points: Vec<(i64, i64)>,
    },
}

#[derive(Clone, PartialEq, Debug)]
pub struct Choice {
    /// What is stored.
    pub value: i64,
    pub label: String,
    /// A digit or a small letter, the only one of its item.
    pub key: char,
    /// Points before reversing.
    pub points: i64,
    /// Other words for it, as forms and other programs have them; never shown.
    pub also: Vec<String>,
}

/// How the total comes about.
#[derive(Clone, PartialEq, Debug)]
pub enum Scoring {
    Sum,
    /// The highest points of any item.
    Max,
    /// The first level whose condition holds; the last one has none.
    Level(Vec<(Option<Condition>, i64)>),
    /// How many of the needs are present.
    Needs,
}

/// What happens when an item that was asked has no answer.
#[derive(Clone, PartialEq, Debug)]
pub enum Missing {
    /// No score.
    Complete,
    /// What was answered counts, as long as anything was.
    CountAnswered,
    /// Up to so many missing answers are each taken as the mean of the given ones.
    Prorate { up_to: usize, source: String },
}

/// A part of the items with a total of its own.
#[derive(Clone, PartialEq, Debug)]
pub struct Subscale {
    pub code: ItemId,
    pub name: String,
    pub loinc: Option<String>,
    pub items: Vec<ItemId>,
    pub range: (i64, i64),
    /// May be empty.
    pub bands: Vec<Band>,
}

/// The bands for one group of people.
#[derive(Clone, PartialEq, Debug)]
pub struct CutOff {
    /// "men"; `None` where the same holds for everybody.
    pub people: Option<String>,
    /// Told by the answers; when it holds for no group, all groups are told.
    pub when: Option<Condition>,
    pub bands: Vec<Band>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Band {
    /// Lowest total in it; it ends where the next begins.
    pub from: i64,
    pub label: String,
    /// `None` where there is nothing to be concerned about.
    pub severity: Option<Severity>,
    /// What it asks the worker to do; may be empty.
    pub asks: String,
    /// What it asks for stands beside an answer that cannot wait; otherwise it gives way to it.
    pub now: bool,
    /// Days until the instrument is due again.
    pub again: Option<u16>,
}

#[derive(Clone, PartialEq, Debug)]
struct AlertRule {
    item: ItemId,
    when: Condition,
    says: String,
    now: bool,
    gravity: u16,
    until_evaluated: bool,
    /// What its item counts as where it is asked and has no answer, and what is said then.
    unanswered: Option<(i64, String)>,
}

#[derive(Clone, PartialEq, Debug)]
struct NeedRule {
    domain: Domain,
    what: String,
    when: Condition,
    urgent: Option<Condition>,
}

impl AlertRule {
    /// Whether this tells of every answer that the other tells of, and as soon.
    fn tells(&self, other: &AlertRule) -> bool {
        self.item == other.item
            && self.when.covers(&other.when)
            && (self.now || !other.now)
            && (self.unanswered.is_some() || other.unanswered.is_none())
    }
}

impl Instrument {
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id.as_str() == id)
    }

    /// Takes one typed answer: the item by its id, the answer by its number, its key or its words.
    ///
    /// # Errors
    /// Says which item there is not, which answer it does not take, or what was answered twice.
    pub fn take(&self, answers: &mut Answers, name: &str, typed: &str) -> Result<(), String> {
        let shown = |text: &str| crate::model::text::one_line(text.trim()).into_owned();
        let Some(item) = self.item(&name.trim().to_lowercase()) else {
            let ids: Vec<&str> = self.items.iter().map(|item| item.id.as_str()).collect();
            return Err(format!("{} has no item \"{}\". It has: {}.", self.name, shown(name), ids.join(", ")));
        };
        if answers.get(item.id.as_str()).is_some() {
            return Err(format!("\"{}\" is answered twice.", item.id));
        }
        let Some(value) = item.read(typed) else {
            let (typed, may_be) = (shown(typed), item.may_be());
            return Err(format!("\"{typed}\" is no answer to {} ({}). It may be {may_be}.", item.id, item.label));
        };
        answers.set(&item.id, value);
        Ok(())
    }

    /// Answers as people type them into one line: `9=2; 1=nearly daily`, with semicolons, commas or spaces between them.
    ///
    /// # Errors
    /// As [`Instrument::take`]; or what of it has not the form item=answer.
    pub fn read(&self, line: &str) -> Result<Answers, String> {
        let mut answers = Answers::default();
        for part in line.split([';', '\n']).flat_map(pairs) {
            let Some((name, typed)) = part.split_once('=') else {
                let shown: String = crate::model::text::one_line(part).chars().take(40).collect();
                return Err(format!("\"{shown}\" is not an answer: write item=answer, with semicolons between them."));
            };
            self.take(&mut answers, name, typed)?;
        }
        Ok(answers)
    }

    /// What to ask, given the answers so far, in order. An item that was answered stays in sight even when it would no
    /// longer be asked: what counts can be seen and taken back.
    pub fn to_ask<'a>(&'a self, answers: &'a Answers) -> impl Iterator<Item = &'a Item> + use<'a> {
        self.items.iter().filter(|item| self.is_asked(item, answers) || answers.get(item.id.as_str()).is_some())
    }

    /// What its answers tell about: the domains of the needs it finds, and of items that bear a domain's name.
    pub fn domains(&self) -> impl Iterator<Item = Domain> {
        let items = self.items.iter().filter_map(|item| Domain::from_code(item.id.as_str()));
        self.needs.iter().map(|need| need.domain).chain(items)
    }

    fn is_asked(&self, item: &Item, answers: &Answers) -> bool {
        item.show_if.as_ref().is_none_or(|when| when.holds(|name| answers.get(name)))
    }
}

impl Item {
    /// The choice a pressed key stands for, in either case.
    pub fn by_key(&self, key: char) -> Option<&Choice> {
        match &self.asks {
            Asks::OneOf(choices) => choices.iter().find(|choice| choice.key == key.to_ascii_lowercase()),
            Asks::Number { .. } => None,
        }
    }

    /// The answer that was typed: its number, its key or its words.
    pub fn read(&self, typed: &str) -> Option<i64> {
        let typed = typed.trim();
        let bare = match &self.asks {
            // "5 days", "1 visit".
            Asks::Number { unit, .. } => {
                let end = typed.find(|c: char| c.is_alphabetic()).unwrap_or(typed.len());
                let named = [unit.as_str(), unit.strip_suffix('s').unwrap_or(unit), ""];
                let fits = named.iter().any(|unit| typed[end..].trim().eq_ignore_ascii_case(unit));
                if fits { typed[..end].trim() } else { typed }
            }
            Asks::OneOf(_) => typed,
        };
        let number = bare.parse().ok().filter(|number| self.takes(*number));
        let mut letters = typed.chars();
        let key = match (letters.next(), letters.next()) {
            (Some(key), None) => self.by_key(key).map(|choice| choice.value),
            _ => None,
        };
        let words = match &self.asks {
            Asks::OneOf(choices) => choices.iter().find(|choice| {
                let mut words = std::iter::once(&choice.label).chain(&choice.also);
                words.any(|words| words.eq_ignore_ascii_case(typed))
            }),
            Asks::Number { .. } => None,
        };
        number.or(key).or(words.map(|choice| choice.value))
    }

    /// What its answer may be, in words.
    pub fn may_be(&self) -> String {
        match &self.asks {
            Asks::OneOf(choices) => {
                let all: Vec<String> =
                    choices.iter().map(|choice| format!("{} {}", choice.value, choice.label)).collect();
                all.join(", ")
            }
            Asks::Number { min, max, unit, .. } => format!("{min} to {max} {unit}").trim_end().to_string(),
        }
    }

    /// Whether this can be its answer.
    pub fn takes(&self, value: i64) -> bool {
        match &self.asks {
            Asks::OneOf(choices) => choices.iter().any(|choice| choice.value == value),
            Asks::Number { min, max, .. } => (*min..=*max).contains(&value),
        }
    }

    /// An answer in words: the choice's label, or the number with its unit.
    pub fn in_words(&self, value: i64) -> String {
        match &self.asks {
            Asks::OneOf(choices) => choices
                .iter()
                .find(|choice| choice.value == value)
                .map_or_else(|| value.to_string(), |choice| choice.label.clone()),
            Asks::Number { unit, .. } if unit.is_empty() => value.to_string(),
            Asks::Number { unit, .. } => format!("{value} {unit}"),
        }
    }

    /// Points of an answer; `None` if this cannot be its answer.
    pub fn points(&self, value: i64) -> Option<i64> {
        let plain = match &self.asks {
            Asks::OneOf(choices) => choices.iter().find(|choice| choice.value == value)?.points,
            Asks::Number { min, max, points, .. } if (*min..=*max).contains(&value) => {
                points.iter().rev().find(|(from, _)| *from <= value).map_or(value, |(_, points)| *points)
            }
            Asks::Number { .. } => return None,
        };
        let (low, high) = self.plain_range();
        Some(if self.reversed { low + high - plain } else { plain })
    }

    /// Lowest and highest points; reversing does not change them.
    fn plain_range(&self) -> (i64, i64) {
        let ends = |points: &mut dyn Iterator<Item = i64>| {
            points.fold((i64::MAX, i64::MIN), |(low, high), points| (low.min(points), high.max(points)))
        };
        match &self.asks {
            Asks::OneOf(choices) => ends(&mut choices.iter().map(|choice| choice.points)),
            Asks::Number { min, max, points, .. } if points.is_empty() => (*min, *max),
            Asks::Number { points, .. } => ends(&mut points.iter().map(|(_, points)| *points)),
        }
    }
}

/// Answers that stand between two semicolons, where commas or spaces part them: each part is then an answer of its own.
fn pairs(part: &str) -> Vec<&str> {
    let all_pairs = |pieces: &Vec<&str>| pieces.iter().all(|piece| piece.contains('='));
    let by_commas = Some(trimmed(part, |c| c == ',')).filter(all_pairs).unwrap_or_else(|| vec![part.trim()]);
    let spaced = by_commas
        .into_iter()
        .flat_map(|part| Some(trimmed(part, char::is_whitespace)).filter(all_pairs).unwrap_or_else(|| vec![part]));
    spaced.filter(|piece| !piece.is_empty()).collect()
}

fn trimmed(part: &str, by: fn(char) -> bool) -> Vec<&str> {
    part.split(by).map(str::trim).filter(|piece| !piece.is_empty()).collect()
}

#[cfg(test)]
mod tests;
