//! From facts and rules to an order: each client's reasons, and the caseload sorted by them.

use std::cmp::Ordering;
use std::collections::HashMap;

use chrono::NaiveDate;

use crate::model::{
    AppointmentStatus, Arranged, ClientStatus, FieldId, RecordType, RowId, ShareKind, record_by_number,
};

use super::reason::standing;
use super::rules::{LooksAt, MetBy, Rule, Rules};
use super::{Band, ClientFacts, DueAt, Fact, Ranked, Reason, calendar};

/// The whole caseload in triage order, kept in order as single clients change.
#[derive(Clone, Debug, Default)]
pub struct Caseload {
    facts: Vec<ClientFacts>,
    by_id: HashMap<RowId, u32>,
    ranked: Vec<Ranked>,
}

impl Caseload {
    pub fn new(facts: Vec<ClientFacts>, rules: &Rules, today: NaiveDate) -> Caseload {
        let by_id = facts.iter().zip(0..).map(|(facts, at)| (facts.id, at)).collect();
        let mut caseload = Caseload { facts, by_id, ranked: Vec::new() };
        caseload.rank(rules, today);
        caseload
    }

    /// Ranks everyone again: a new day, or other rules.
    pub fn rank(&mut self, rules: &Rules, today: NaiveDate) {
        self.ranked = self.facts.iter().zip(0..).filter_map(|(facts, at)| rank_one(facts, at, rules, today)).collect();
        self.ranked.sort_unstable_by(|a, b| order(&self.facts, a, b));
    }

    /// Takes in one client's new facts, and puts that client where it now belongs.
    pub fn update(&mut self, facts: ClientFacts, rules: &Rules, today: NaiveDate) {
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
        if let Some(ranked) = rank_one(&self.facts[at as usize], at, rules, today) {
            let place = self.ranked.partition_point(|other| order(&self.facts, other, &ranked) == Ordering::Less);
            self.ranked.insert(place, ranked);
        }
    }

    /// Takes one client out: a new client whose adding was undone.
    pub fn remove(&mut self, id: RowId, rules: &Rules, today: NaiveDate) {
        if self.by_id.contains_key(&id) {
            let facts = std::mem::take(&mut self.facts);
            *self = Caseload::new(facts.into_iter().filter(|facts| facts.id != id).collect(), rules, today);
        }
    }

    /// Everyone who is not closed, who needs the worker most first.
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

/// Total, so that the order never depends on the order in which clients came: band, due time, weight, name, id.
fn order(facts: &[ClientFacts], a: &Ranked, b: &Ranked) -> Ordering {
    a.standing
        .cmp(&b.standing)
        .then_with(|| facts[a.at as usize].sort_name.cmp(&facts[b.at as usize].sort_name))
        .then_with(|| a.client.cmp(&b.client))
}

fn rank_one(facts: &ClientFacts, at: u32, rules: &Rules, today: NaiveDate) -> Option<Ranked> {
    if facts.status == ClientStatus::Closed {
        return None;
    }
    // A contact that is still to come, by a slip or from another program, answers nothing yet.
    let to_come = facts.last_contact.as_ref().is_some_and(|contact| contact.when.date_naive() > today)
        || facts.last_seen.is_some_and(|seen| seen > today);
    let until_today = to_come.then(|| ClientFacts { last_contact: None, last_seen: None, ..facts.clone() });
    let facts = until_today.as_ref().unwrap_or(facts);
    let mut reasons = Vec::new();
    let mut snoozed = 0;
    for (rule, number) in rules.rules.iter().zip(0u16..) {
        look(facts, rule, rules, today, |found| {
            let Some(reason) = reason(rule, number, found, today) else { return };
            if is_snoozed(facts, rule, &reason, today) {
                snoozed += 1;
            } else {
                reasons.push(reason);
            }
        });
    }
    reasons.sort_by_key(Reason::order);
    let band = reasons.first().map_or(Band::Later, |reason| reason.band);
    let standing = standing(band, reasons.first());
    Some(Ranked { client: facts.id, at, band, reasons, snoozed, standing })
}

/// A fact that a rule looks at, on its way to being a reason.
struct Found {
    fact: Fact,
    subject: Option<RowId>,
    /// When it falls due; `None` for what is always so.
    due: Option<DueAt>,
}

fn reason(rule: &Rule, number: u16, found: Found, today: NaiveDate) -> Option<Reason> {
    let left = found.due.map_or(0, |due| (due.day() - today).num_days());
    if rule.shows.is_some_and(|shows| left > shows) || rule.ends.is_some_and(|ends| -left > ends) {
        return None;
    }
    let within = |days: Option<i64>| days.is_some_and(|days| left <= days);
    let band = if within(rule.now) {
        Band::Now
    } else if within(rule.today) {
        Band::Today
    } else if within(rule.this_week) {
        Band::ThisWeek
    } else {
        Band::Later
    };
    let Found { fact, subject, due } = found;
    Some(Reason { rule: number, band, due, subject, fact, first: rule.first, weight: rule.weight })
}

/// Whether the worker put this reason off. What is *now* cannot be put off past its due time.
fn is_snoozed(facts: &ClientFacts, rule: &Rule, reason: &Reason, today: NaiveDate) -> bool {
    let pressing = reason.band == Band::Now && reason.due.is_none_or(|due| due.day() <= today);
    !pressing
        && facts.snoozes.iter().any(|snooze| {
            snooze.rule == rule.id
                && (snooze.subject.is_none() || snooze.subject == reason.subject)
                && today < snooze.until
        })
}

/// Why a reason may not be put off until that day; `None` when it may.
pub fn may_not_snooze(reason: &Reason, until: NaiveDate, today: NaiveDate) -> Option<String> {
    if until <= today {
        return Some("choose a day after today".into());
    }
    if reason.band == Band::Now && reason.due.is_none_or(|due| due.day() < until) {
        return Some("this cannot wait: what is due now cannot be put off past its due time".into());
    }
    None
}

fn look(facts: &ClientFacts, rule: &Rule, rules: &Rules, today: NaiveDate, mut found: impl FnMut(Found)) {
    let whole = |due: Option<NaiveDate>| Found { fact: Fact::Client, subject: None, due: due.map(DueAt::Day) };
    let due_rows = |rows: &[super::Due], fact: fn(u16) -> Fact, found: &mut dyn FnMut(Found)| {
        for (row, at) in rows.iter().zip(0..) {
            if let Some(due) = row.due {
                let due = Some(DueAt::Day(rule.due(due, rule.days)));
                found(Found { fact: fact(at), subject: Some(row.row), due });
            }
        }
    };
    let visits = |wanted: &dyn Fn(&super::Visit) -> bool, found: &mut dyn FnMut(Found)| {
        for (visit, at) in facts.visits.iter().zip(0..).filter(|(visit, _)| wanted(visit)) {
            let due = match (rule.days, rule.calendar) {
                (0, _) => DueAt::Hour(visit.starts),
                (days, _) => DueAt::Day(rule.due(visit.starts.date_naive(), days)),
            };
            found(Found { fact: Fact::Visit(at), subject: Some(visit.row), due: Some(due) });
        }
    };
    let ahead = |visit: &super::Visit| visit.status.is_open() && visit.starts.date_naive() >= today;
    match rule.looks_at {
        LooksAt::Crisis if !facts.crisis.is_empty() => found(whole(None)),
        LooksAt::Conflict if facts.conflicts > 0 => found(whole(None)),
        LooksAt::Crisis | LooksAt::Conflict => {}
        LooksAt::Appointment => visits(&ahead, &mut found),
        LooksAt::AppointmentPast => {
            visits(&|visit| visit.status.is_open() && visit.starts.date_naive() < today, &mut found)
        }
        LooksAt::AppointmentUnconfirmed => {
            visits(&|visit| ahead(visit) && visit.status == AppointmentStatus::Planned, &mut found)
        }
        LooksAt::AppointmentRide => {
            visits(&|visit| ahead(visit) && visit.transport == Some(Arranged::Needed), &mut found)
        }
        LooksAt::AppointmentInterpreter => visits(
            &|visit| {
                ahead(visit)
                    && (visit.interpreter == Some(Arranged::Needed) || facts.interpreter && visit.interpreter.is_none())
            },
            &mut found,
        ),
        LooksAt::NoShow => visits(&|visit| visit.status == AppointmentStatus::NoShow, &mut found),
        LooksAt::Missed => {
            if facts.missed_in_a_row() >= usize::from(rule.in_a_row.unwrap_or(2)) {
                found(whole(None));
            }
        }
        LooksAt::Task => due_rows(&facts.tasks, Fact::Task, &mut found),
        LooksAt::Step => due_rows(&facts.steps, Fact::Step, &mut found),
        LooksAt::GoalTarget => {
            for (goal, at) in facts.goals.iter().zip(0..) {
                if let Some(target) = goal.target {
                    let due = Some(DueAt::Day(rule.due(target, rule.days)));
                    found(Found { fact: Fact::Goal(at), subject: Some(goal.row), due });
                }
            }
        }
        LooksAt::PlanReview => {
            for (plan, at) in facts.plans.iter().zip(0..).filter(|(plan, _)| plan.active) {
                if let Some(review) = plan.review_due {
                    let due = Some(DueAt::Day(rule.due(review, rule.days)));
                    found(Found { fact: Fact::Plan(at), subject: Some(plan.row), due });
                }
            }
        }
        LooksAt::Contact => {
            let last = facts.last_contact.as_ref().map(|contact| contact.when.date_naive()).or(facts.begun());
            let due = last.map_or(today, |last| rule.due(last, rules.contact_days(facts.intensity, &facts.areas)));
            found(whole(Some(due)));
        }
        LooksAt::AnnualAssessment => {
            for (stay, at) in facts.enrollments.iter().zip(0..).filter(|(stay, _)| stay.head) {
                if let Some(anniversary) = stay.entry.and_then(|entry| next_anniversary(entry, rule.days, today)) {
                    let opens = calendar::add_days(anniversary, -rule.days);
                    if stay.assessed.is_none_or(|assessed| assessed < opens) {
                        let due = Some(DueAt::Day(rule.due(anniversary, rule.days)));
                        found(Found { fact: Fact::Enrollment(at), subject: Some(stay.row), due });
                    }
                }
            }
        }
        LooksAt::Dependent18 => {
            for (child, at) in facts.dependents.iter().zip(0..) {
                let due = Some(DueAt::Day(rule.due(calendar::anniversary(child.birth_date, 18), rule.days)));
                found(Found { fact: Fact::Dependent(at), subject: Some(child.row), due });
            }
        }
        LooksAt::NoPlan => {
            if let (false, Some(begun)) = (facts.plans.iter().any(|plan| plan.active), facts.begun()) {
                found(whole(Some(rule.due(begun, rule.days))));
            }
        }
        LooksAt::CoverEnds => {
            for (share, at) in facts.shares.iter().zip(0..).filter(|(share, _)| share.kind == ShareKind::Cover) {
                if let Some(until) = share.until {
                    let due = Some(DueAt::Day(rule.due(until, rule.days)));
                    found(Found { fact: Fact::Share(at), subject: Some(share.row), due });
                }
            }
        }
        LooksAt::Row(field) => {
            let stands = |record: &u16| facts.marks.iter().any(|mark| mark.record == *record);
            if rule.without.as_ref().is_some_and(stands) || !rule.beside.as_ref().is_none_or(stands) {
                return;
            }
            let counts = |mark: &super::Mark| rule.in_a_row.is_none_or(|many| rule.is_so(mark, many, facts));
            let own = facts.marks.iter().zip(0..).filter(|(mark, _)| mark.record == field.record && counts(mark));
            for (mark, at) in own {
                if let Some(due) = rule.due_of(mark, field).filter(|_| !rule.is_met(mark, field, facts)) {
                    found(Found { fact: Fact::Mark(at), subject: Some(mark.row), due: Some(due) });
                }
            }
        }
        LooksAt::Unsigned | LooksAt::Cosign => {
            let wanted = rule.looks_at == LooksAt::Cosign;
            let mut waiting = facts.unsigned.iter().zip(0..).filter(|(note, _)| note.cosigner.is_empty() != wanted);
            if let Some((note, at)) = waiting.next() {
                let due = Some(DueAt::Day(rule.due(note.day, rule.days)));
                found(Found { fact: Fact::Unsigned(at), subject: Some(note.row), due });
            }
        }
        LooksAt::UnitsRunOut => {
            for (approved, at) in facts.authorizations.iter().zip(0..) {
                let runs_out = super::units::runs_out(approved, rules.practice(), today);
                if let Some(due) = runs_out.map(|day| Some(DueAt::Day(rule.due(day, rule.days)))) {
                    found(Found { fact: Fact::Approved(at), subject: Some(approved.row), due });
                }
            }
        }
        LooksAt::NoNext => {
            if !facts.visits.iter().any(ahead) {
                found(whole(None));
            }
        }
    }
}

impl Rule {
    /// Whether a row is as the rule wants it.
    fn holds(&self, mark: &super::Mark) -> bool {
        self.wheres.iter().all(|wanted| wanted.holds(mark))
    }

    /// Whether a row is the newest of its type, and it and those before it, so many in all, are as the rule wants them.
    fn is_so(&self, mark: &super::Mark, many: u8, facts: &ClientFacts) -> bool {
        let order = record_by_number(mark.record).and_then(RecordType::ordered_by).map(|field| field.id);
        let mut own: Vec<&super::Mark> = facts.marks.iter().filter(|other| other.record == mark.record).collect();
        own.sort_by_key(|other| {
            let day = order.and_then(|field| other.date(field)).map(DueAt::order);
            std::cmp::Reverse((day, other.row))
        });
        let many = usize::from(many);
        own.first().is_some_and(|newest| newest.row == mark.row)
            && own.len() >= many
            && own.iter().take(many).all(|other| self.holds(other))
    }

    /// When a row asks for something by this rule; `None` where it does not.
    fn due_of(&self, mark: &super::Mark, field: FieldId) -> Option<DueAt> {
        let fact = mark.date(field).filter(|_| self.holds(mark))?;
        let agreed = self.instead.and_then(|field| mark.date(field));
        Some(match (agreed, fact) {
            (Some(agreed), _) => agreed,
            (None, DueAt::Hour(_)) if self.days == 0 => fact,
            (None, fact) => DueAt::Day(self.due(fact.day(), self.days)),
        })
    }

    /// Whether what the rule asks for was done.
    fn is_met(&self, mark: &super::Mark, field: FieldId, facts: &ClientFacts) -> bool {
        let Some(fact) = mark.date(field).map(DueAt::day) else { return false };
        let counts_from = calendar::add_days(fact, self.met_after);
        self.met_by.iter().any(|by| match by {
            MetBy::Contact => facts.last_contact.as_ref().is_some_and(|last| last.when.date_naive() >= counts_from),
            MetBy::Seen => facts.last_seen.is_some_and(|seen| seen >= counts_from),
            MetBy::Field(field) => mark.date(*field).is_some() || !mark.word(*field).is_empty(),
        })
    }
}

/// The anniversary (the first at the earliest) whose window of so many days after it has not passed.
fn next_anniversary(entry: NaiveDate, days: i64, today: NaiveDate) -> Option<NaiveDate> {
    let past = calendar::years_between(entry, today).max(1);
    (past..=past + 1)
        .map(|years| calendar::anniversary(entry, years))
        .find(|anniversary| calendar::add_days(*anniversary, days) >= today)
}

impl ClientFacts {
    /// Since when the client has been with us: the opening day, or the earliest entry into a programme still open.
    pub fn begun(&self) -> Option<NaiveDate> {
        self.opened.or_else(|| self.enrollments.iter().filter_map(|stay| stay.entry).min())
    }

    /// How many appointments, up to the last, were missed one after another.
    pub fn missed_in_a_row(&self) -> usize {
        self.attendance.iter().rev().take_while(|status| **status == AppointmentStatus::NoShow).count()
    }

    /// The next appointment from today on.
    pub fn next_visit(&self, today: NaiveDate) -> Option<&super::Visit> {
        self.visits.iter().find(|visit| visit.status.is_open() && visit.starts.date_naive() >= today)
    }
}
