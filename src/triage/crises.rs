//! Whose crisis the client's own line speaks of: of an incident that is open, or of one of its own.
//!
//! The promise: nothing that was said is left out, and nothing is told twice. What an open incident's kind is called says no
//! more than the incident. Words that speak of its kind (`words` in crises.toml), and words that speak of no kind and were
//! written down within a day of it, are told as the incident's. All else stays a crisis of its own: words of another kind,
//! of several kinds of which one has no incident, or of none and written at another time.

use crate::model::records::incident;

use super::{ClientFacts, Clock, DueAt, Mark, Rules, calendar, rank};

/// Seconds between two writings about the same crisis, at most, where no word says of which kind it is.
const TOGETHER: i64 = 86_400;

/// One part of the client's own line on a crisis.
#[derive(Debug, PartialEq)]
pub(super) struct Said<'a> {
    pub words: &'a str,
    /// The open incident that it speaks of: its place among the facts' marks.
    pub of: Option<u16>,
    /// Nothing in it tells of which kind it is: it may be the gravest.
    pub unsure: bool,
    /// It says no more than the kind's name.
    pub is_name: bool,
}

/// The parts of a client's line on a crisis, in their order, each with the incident it speaks of.
pub(super) fn said<'a>(facts: &'a ClientFacts, rules: &Rules, clock: &Clock) -> Vec<Said<'a>> {
    if facts.crisis.is_empty() {
        return Vec::new();
    }
    let practice = rules.practice();
    let mut open: Vec<(u16, &Mark)> = (0..).zip(&facts.marks).filter(|(_, mark)| is_open(mark, clock)).collect();
    // The gravest first, the newest of those.
    open.sort_by_key(|(_, mark)| {
        let began = mark.date(incident::began).map(|at| clock.here(at).order());
        std::cmp::Reverse((rules.urgency(mark.word(incident::kind)), began, mark.row))
    });
    if open.is_empty() {
        let own = |words: &'a String| Said { words, of: None, unsure: false, is_name: false };
        return facts.crisis.iter().map(own).collect();
    }
    let of_kind = |code: &str| open.iter().find(|(_, mark)| mark.word(incident::kind) == code).map(|(at, _)| *at);
    let one = |words: &'a str| {
        if let Some(kind) = practice.crises.iter().find(|kind| kind.name == words || kind.code == words) {
            return Said { words, of: of_kind(&kind.code), unsure: false, is_name: true };
        }
        if let Some(at) = of_kind(words) {
            return Said { words, of: Some(at), unsure: false, is_name: true };
        }
        let kinds = rules.kinds_spoken_of(words);
        let of = match &kinds[..] {
            [] => open.iter().find(|(_, mark)| were_written_together(facts, mark)).map(|(at, _)| *at),
            [first, others @ ..] => of_kind(first).filter(|_| others.iter().all(|kind| of_kind(kind).is_some())),
        };
        Said { words, of, unsure: kinds.is_empty(), is_name: false }
    };
    facts.crisis.iter().map(|words| one(words)).collect()
}

/// An incident that is not over by now. Nothing is over before it began: such a day is a slip.
fn is_open(mark: &Mark, clock: &Clock) -> bool {
    let began = mark.date(incident::began).map(|began| calendar::add_days(began.day(), -1));
    let over = mark.happened(incident::resolved, clock);
    mark.record == incident::TYPE.number && over.is_none_or(|over| began.is_some_and(|began| over.day() < began))
}

/// By when the machines wrote them down, whatever they are dated.
fn were_written_together(facts: &ClientFacts, mark: &Mark) -> bool {
    let made = rank::made_at(mark.row).map(|at| at.timestamp());
    // Where the row does not tell when it was made, by when it began.
    let began = || match mark.date(incident::began)? {
        DueAt::Hour(time) => Some(time.timestamp()),
        DueAt::Day(_) => None,
    };
    let written = facts.crisis_written.zip(made.or_else(began));
    written.is_some_and(|(words, incident)| (words - incident).abs() <= TOGETHER)
}
