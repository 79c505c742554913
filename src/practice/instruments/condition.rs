//! The small language in which an instrument's file says when: `4=1 or 6=1 and 6b=0`.
//!
//! `and` binds tighter than `or`; a term compares an item's answer, or a subscale's total, with a whole number. What was
//! not answered makes a term false, whatever it asks: nothing is concluded from silence.

use super::answers::{ItemId, LARGEST};

/// Any of several lists of terms that all hold.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition(Vec<Vec<Term>>);

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Term {
    pub name: ItemId,
    pub is: Is,
    pub than: i64,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Is {
    Equal,
    Unequal,
    AtLeast,
    AtMost,
    More,
    Less,
}

/// The longer signs first: `>=` begins like `>`.
const SIGNS: [(&str, Is); 6] =
    [(">=", Is::AtLeast), ("<=", Is::AtMost), ("!=", Is::Unequal), ("=", Is::Equal), (">", Is::More), ("<", Is::Less)];

impl Condition {
    /// # Errors
    /// Says in words which part cannot be understood.
    pub fn parse(text: &str) -> Result<Condition, String> {
        let mut any = vec![Vec::new()];
        let mut wants_term = true;
        for word in text.split_whitespace() {
            match (word, wants_term) {
                ("or", false) => any.push(Vec::new()),
                ("and", false) => {}
                ("or" | "and", true) => return Err(format!("\"{word}\" in \"{text}\" has nothing before it")),
                (_, false) => return Err(format!("\"{word}\" in \"{text}\" needs \"and\" or \"or\" before it")),
                (_, true) => any.last_mut().expect("there is always a list").push(Term::parse(word)?),
            }
            wants_term = !wants_term;
        }
        if wants_term {
            return Err(format!("\"{text}\" ends too early: it has the form item=number, with \"and\" and \"or\""));
        }
        Ok(Condition(any))
    }

    /// Whether it holds, given the values of its names.
    pub fn holds(&self, value: impl Fn(&str) -> Option<i64>) -> bool {
        self.0.iter().any(|all| all.iter().all(|term| value(term.name.as_str()).is_some_and(|value| term.holds(value))))
    }

    /// Whether it holds for all that its names may stand for, each between a lowest and a highest value. A name without one
    /// makes its term false.
    pub(super) fn holds_surely(&self, span: impl Fn(&str) -> Option<(i64, i64)>) -> bool {
        let sure = |term: &Term| span(term.name.as_str()).is_some_and(|span| term.holds_surely(span));
        self.0.iter().any(|all| all.iter().all(sure))
    }

    /// Whether it can hold for some of what its names may stand for.
    pub(super) fn may_hold(&self, span: impl Fn(&str) -> Option<(i64, i64)>) -> bool {
        let may = |term: &Term| span(term.name.as_str()).is_some_and(|span| term.may_hold(span));
        self.0.iter().any(|all| all.iter().all(may))
    }

    /// Whether it holds wherever the other does, as its terms say: `6=1` where `6=1 and 6b=0` does.
    pub(super) fn covers(&self, other: &Condition) -> bool {
        let covered = |terms: &Vec<Term>| self.0.iter().any(|all| all.iter().all(|term| terms.contains(term)));
        other.0.iter().all(covered)
    }

    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        self.0.iter().flatten()
    }
}

impl Term {
    fn parse(word: &str) -> Result<Term, String> {
        let wrong = || format!("\"{word}\" cannot be understood: it has the form item=number, item>=number and so on");
        let (at, (sign, is)) = SIGNS
            .iter()
            .filter_map(|sign| Some((word.find(sign.0)?, sign)))
            .min_by_key(|(at, sign)| (*at, std::cmp::Reverse(sign.0.len())))
            .ok_or_else(wrong)?;
        let name = word[..at].parse().map_err(|_| wrong())?;
        let than: i64 = word[at + sign.len()..].parse().map_err(|_| wrong())?;
        if !(-LARGEST..=LARGEST).contains(&than) {
            return Err(wrong());
        }
        Ok(Term { name, is: *is, than })
    }

    fn holds_surely(&self, (low, high): (i64, i64)) -> bool {
        match self.is {
            Is::Unequal => self.than < low || high < self.than,
            _ => self.holds(low) && self.holds(high),
        }
    }

    fn may_hold(&self, (low, high): (i64, i64)) -> bool {
        match self.is {
            Is::Equal => (low..=high).contains(&self.than),
            _ => self.holds(low) || self.holds(high),
        }
    }

    fn holds(&self, value: i64) -> bool {
        match self.is {
            Is::Equal => value == self.than,
            Is::Unequal => value != self.than,
            Is::AtLeast => value >= self.than,
            Is::AtMost => value <= self.than,
            Is::More => value > self.than,
            Is::Less => value < self.than,
        }
    }
}
