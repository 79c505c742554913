//! Answers as the one line of text in which a record keeps them: `1=2;2=0;9=1`.
//!
//! The line is stable: the same answers always give the same line, so that two installations that took the same answers
//! have the same record. Reading it accepts nothing but what writing gives, apart from order.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// More answers than any instrument has items: a line beyond it is refused.
const MOST: usize = 500;

/// Values lie between minus and plus this, so that no sum can overflow.
pub(super) const LARGEST: i64 = 1_000_000;

/// Stands for an item in stored answers: small letters, digits and hyphens, at most 24. `2` comes before `10`, `6` before
/// `6b`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ItemId(String);

/// What is wrong with a line of answers, or with an item's id.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AnswersError {
    #[error("\"{0}\" cannot stand for an item: use small letters, digits and hyphens, at most 24")]
    Id(String),
    #[error("\"{0}\" is not an answer: it has the form item=number, and answers are separated by semicolons")]
    Form(String),
    #[error("the answer to \"{0}\" is not a whole number between -1000000 and 1000000")]
    Number(ItemId),
    #[error("\"{0}\" is answered twice")]
    Twice(ItemId),
    #[error("there are more than {MOST} answers")]
    TooMany,
}

/// Answers by item, in the order of their ids.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Answers(Vec<(ItemId, i64)>);

impl ItemId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn number(&self) -> u64 {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        self.0[..digits].parse().unwrap_or(u64::MAX)
    }
}

impl FromStr for ItemId {
    type Err = AnswersError;

    fn from_str(text: &str) -> Result<ItemId, AnswersError> {
        let shaped = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !shaped || text.is_empty() || text.len() > 24 || text.starts_with('-') {
            let shown: String = crate::model::text::one_line(text).chars().take(40).collect();
            return Err(AnswersError::Id(shown));
        }
        Ok(ItemId(text.into()))
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Ord for ItemId {
    fn cmp(&self, other: &ItemId) -> Ordering {
        self.number().cmp(&other.number()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for ItemId {
    fn partial_cmp(&self, other: &ItemId) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Answers {
    pub fn get(&self, id: &str) -> Option<i64> {
        self.0.iter().find(|(known, _)| known.as_str() == id).map(|(_, value)| *value)
    }

    /// Sets or changes an answer. Whether the item takes it is for the instrument to say, when it scores.
    pub fn set(&mut self, id: &ItemId, value: i64) {
        match self.0.binary_search_by(|(known, _)| known.cmp(id)) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (id.clone(), value)),
        }
    }

    /// Takes an answer back.
    pub fn clear(&mut self, id: &str) {
        self.0.retain(|(known, _)| known.as_str() != id);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&ItemId, i64)> {
        self.0.iter().map(|(id, value)| (id, *value))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        for (at, (id, value)) in self.0.iter().enumerate() {
            write!(out, "{}{id}={value}", if at == 0 { "" } else { ";" })?;
        }
        Ok(())
    }
}

impl FromStr for Answers {
    type Err = AnswersError;

    /// # Errors
    /// Says which answer cannot be understood and why. The empty line is no answers.
    fn from_str(line: &str) -> Result<Answers, AnswersError> {
        let mut answers = Answers::default();
        if line.is_empty() {
            return Ok(answers);
        }
        for (at, answer) in line.split(';').enumerate() {
            if at == MOST {
                return Err(AnswersError::TooMany);
            }
            let Some((id, value)) = answer.split_once('=') else {
                let shown: String = crate::model::text::one_line(answer).chars().take(40).collect();
                return Err(AnswersError::Form(shown));
            };
            let id: ItemId = id.parse()?;
            let number = value.parse::<i64>().ok().filter(|number| number.to_string() == value);
            let Some(number) = number.filter(|number| (-LARGEST..=LARGEST).contains(number)) else {
                return Err(AnswersError::Number(id));
            };
            if answers.get(id.as_str()).is_some() {
                return Err(AnswersError::Twice(id));
            }
            answers.set(&id, number);
        }
        Ok(answers)
    }
}
