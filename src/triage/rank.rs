//! From facts and rules to an order: each client's reasons, and the caseload sorted by them.

use std::cmp::Ordering;
use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::model::{ClientStatus, Moment, RowId};

use super::look::Look;
use super::order::{self, Beside};
use super::{Band, Class, ClientFacts, Clock, DueAt, Fact, PutOff, Ranked, Reason, Rules, Snooze, calendar};

/// The whole caseload in triage order, kept in order as single clients change.
#[derive(Clone, Debug, Default)]
pub struct Caseload {
    facts: Vec<ClientFacts>,
    by_id: HashMap<RowId, u32>,
    ranked: Vec<Ranked>,
}

impl Caseload {
    pub fn new(facts: Vec<ClientFacts>, rules: &Rules, moment: Moment) -> Caseload {
        let by_id = facts.iter().zip(0..).map(|(facts, at)| (facts.id, at)).collect();
        let mut caseload = Caseload { facts, by_id, ranked: Vec::new() };
        caseload.rank(rules, moment);
        caseload
    }

    /// Ranks everyone again: another minute, a new day, or other rules.
    pub fn rank(&mut self, rules: &Rules, moment: Moment) {
        let clock = Clock::new(moment);
        self.ranked = self.facts.iter().zip(0..).filter_map(|(facts, at)| rank_one(facts, at, rules, &clock)).collect();
        self.ranked.sort_unstable_by(|a, b| order(&self.facts, a, b));
    }

    /// Takes in one client's new facts, and puts that client where it now belongs.
    pub fn update(&mut self, facts: ClientFacts, rules: &Rules, moment: Moment) {
        let id = facts.id;
        let at = match self.by_id.get(&id) {
            Some(&at) => {
                self.ranked.retain(|ranked| ranked.at != at);
                self.facts[at as usize] = facts;
                at
            }
            None => {
                let at = self.facts.len() as u32;
                self.by_id.insert(id, at);
                self.facts.push(facts);
                at
            }
        };
        if let Some(ranked) = rank_one(&self.facts[at as usize], at, rules, &Clock::new(moment)) {
            let place = self.ranked.partition_point(|other| order(&self.facts, other, &ranked) == Ordering::Less);
            self.ranked.insert(place, ranked);
        }
    }

    /// Takes one client out: a new client whose adding was undone.
    pub fn remove(&mut self, id: RowId, rules: &Rules, moment: Moment) {
        if self.by_id.contains_key(&id) {
            let facts = std::mem::take(&mut self.facts);
            *self = Caseload::new(facts.into_iter().filter(|facts| facts.id != id).collect(), rules, moment);
        }
    }

    /// Everyone who is not closed, and who is closed with something open; who needs the worker most first.
    pub fn ranked(&self) -> &[Ranked] {
        &self.ranked
    }

    /// Everyone, closed clients too, in no order.
    pub fn facts(&self) -> &[ClientFacts] {
        &self.facts
    }

    pub fn get(&self, id: RowId) -> Option<&ClientFacts> {
        self.by_id.get(&id).map(|&at| &self.facts[at as usize])
    }

    pub fn facts_of(&self, ranked: &Ranked) -> &ClientFacts {
        &self.facts[ranked.at as usize]
    }
}

/// Total, so that the order never depends on the order in which clients came: where the first reason stands, name, id.
fn order(facts: &[ClientFacts], a: &Ranked, b: &Ranked) -> Ordering {
    a.standing
        .cmp(&b.standing)
        .then_with(|| facts[a.at as usize].sort_name.cmp(&facts[b.at as usize].sort_name))
        .then_with(|| a.client.cmp(&b.client))
}

impl ClientFacts {
    /// Whether the case is closed by now: a closing planned for a day to come has not happened.
    pub fn is_closed(&self, today: NaiveDate) -> bool {
        self.status == ClientStatus::Closed && self.closed.is_none_or(|closed| closed <= today)
    }
}

fn rank_one(facts: &ClientFacts, at: u32, rules: &Rules, clock: &Clock) -> Option<Ranked> {
    let closed = facts.is_closed(clock.today);
    let mut reasons: Vec<Reason> = Vec::new();
    let mut put_off = Vec::new();
    let look = Look::new(facts, rules, clock, closed);
    look.at_everything(&mut |reason| match snoozed(facts, rules, &reason, clock) {
        Some((until, snooze)) => put_off.push(PutOff { reason, until, snooze }),
        None => reasons.push(reason),
    });
    if closed && reasons.is_empty() && put_off.is_empty() {
        return None;
    }
    let several = order::grave(&reasons) > 1;
    for reason in &mut reasons {
        let rule = rules.of(reason);
        let beside =
            Beside { several, allowed: look.allowed(rule), weight: rule.weight, began: began(reason, facts, clock) };
        reason.standing = order::standing(reason, &beside, clock);
    }
    reasons.sort_by_key(|reason| (reason.standing, reason.rule, reason.subject));
    let first = reasons.first().filter(|reason| reason.class != Class::Paper);
    let band = first.map_or(Band::Later, |reason| reason.band);
    let standing = first.map_or(order::standing_of_nothing(!put_off.is_empty()), |reason| reason.standing);
    Some(Ranked { client: facts.id, at, band, reasons, put_off, closed, standing })
}

/// When a reason of life began, for the order among the equally grave: what has no date counts as begun now.
fn began(reason: &Reason, facts: &ClientFacts, clock: &Clock) -> i64 {
    let crisis = || match reason.fact {
        Fact::Mark(at) => facts.marks[usize::from(at)].date(crate::model::records::incident::began),
        _ => None,
    };
    let at = if reason.gravity >= order::CRISIS { crisis() } else { reason.due };
    let now = DueAt::Hour(clock.now);
    let at = at.map_or(now, |at| clock.here(at));
    order::minutes(if at.has_come(clock.now) || reason.gravity < order::CRISIS { at } else { now })
}

/// Until when, and by which snooze, the worker has put a reason off. What is *now* cannot be put off past its due minute,
/// and every reason only for as long as its rule allows, counted from the day on which it was put off.
fn snoozed(facts: &ClientFacts, rules: &Rules, reason: &Reason, clock: &Clock) -> Option<(NaiveDate, u16)> {
    if facts.snoozes.is_empty() {
        return None;
    }
    let most = rules.put_off_days(reason);
    let id = &rules.of(reason).id;
    let about = |snooze: &&Snooze| snooze.rule == *id && (snooze.subject.is_none() || snooze.subject == reason.subject);
    let until = |(snooze, at): (&Snooze, u16)| {
        let made = snooze
            .made
            .or_else(|| made_at(snooze.row).map(|at| at.date_naive()))
            .unwrap_or(calendar::add_days(snooze.until, -most));
        // A day on which it was put off that is still to come is a slip, or a clock ahead of ours.
        let until = snooze.until.min(calendar::add_days(made.min(clock.today), most));
        (clock.today < until && is_in_time(reason, until)).then_some((until, at))
    };
    if most == 0 {
        return None;
    }
    facts.snoozes.iter().zip(0..).filter(|(snooze, _)| about(snooze)).filter_map(until).max()
}

/// Whether a reason that shows again on a day shows in time: before the minute at which something of *now* is due.
fn is_in_time(reason: &Reason, until: NaiveDate) -> bool {
    reason.band != Band::Now || reason.due.is_some_and(|due| until <= due.day())
}

/// When a row came to be, as its id says.
pub(super) fn made_at(row: RowId) -> Option<DateTime<Utc>> {
    let (seconds, _) = row.0.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)
}

/// Why a reason may not be put off until that day; `None` when it may.
pub fn may_not_snooze(reason: &Reason, until: NaiveDate, rules: &Rules, today: NaiveDate) -> Option<String> {
    if until <= today {
        return Some("choose a day after today".into());
    }
    let most = rules.put_off_days(reason);
    if most == 0 {
        return Some("this cannot wait: somebody may be hurt, so it is not put off at all".into());
    }
    if !is_in_time(reason, until) {
        return Some("this cannot wait: what is due now cannot be put off past its due time".into());
    }
    let last = calendar::add_days(today, most);
    (until > last).then(|| match (most, reason.class) {
        (1, Class::Life) => "what is about somebody's life can be put off for a day at most".into(),
        _ => format!("it can be put off for {most} days at most: until {}", last.format("%a %-d %b")),
    })
}
