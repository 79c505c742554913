//! One client's facts held against the rules: what asks for something, when, and how gravely.
//!
//! Promises: nothing that is open is left out, however many rows there are; only what has happened counts as done; a fact
//! dated ahead of this clock counts as of now; once a deadline has passed, its reason stays until somebody answers, unless
//! the rule says that it ends by itself.

use std::cell::OnceCell;

use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::model::records::{assessment, incident, safety_plan};
use crate::model::{
    AppointmentStatus, Arranged, ContactKind, FieldId, PlanKind, RecordType, ShareKind, field_by_id, record_by_number,
};

use super::crises::{self, Said};
use super::risk::{self, Risk};
use super::rules::{Lift, LooksAt, MetBy, Rule, Rules, Urgency};
use super::{Band, Class, ClientFacts, Clock, Due, DueAt, Fact, Mark, Reason, Touch, Visit, calendar, order};

/// Minutes that an appointment takes whose length nobody wrote down.
const UNKNOWN_LENGTH: i64 = 60;

/// A fact that a rule looks at, on its way to being a reason.
struct Found {
    fact: Fact,
    subject: Option<crate::model::RowId>,
    /// When it falls due; `None` for what is always so.
    due: Option<DueAt>,
    /// Dated ahead of this clock.
    ahead: bool,
}

impl Found {
    fn whole(due: Option<NaiveDate>) -> Found {
        Found { fact: Fact::Client, subject: None, due: due.map(DueAt::Day), ahead: false }
    }

    fn row(fact: Fact, subject: crate::model::RowId, due: Option<DueAt>) -> Found {
        Found { fact, subject: Some(subject), due, ahead: false }
    }
}

/// One client and the moment at which one looks.
pub(super) struct Look<'a> {
    facts: &'a ClientFacts,
    rules: &'a Rules,
    clock: &'a Clock,
    closed: bool,
    risk: OnceCell<Risk>,
    said: OnceCell<Vec<Said<'a>>>,
}

type Out<'o> = &'o mut dyn FnMut(Reason);

impl<'a> Look<'a> {
    pub fn new(facts: &'a ClientFacts, rules: &'a Rules, clock: &'a Clock, closed: bool) -> Look<'a> {
        Look { facts, rules, clock, closed, risk: OnceCell::new(), said: OnceCell::new() }
    }

    /// The client's own line on a crisis, part by part.
    fn said(&self) -> &[Said<'a>] {
        self.said.get_or_init(|| crises::said(self.facts, self.rules, self.clock))
    }

    /// Every reason that there is.
    pub fn at_everything(&self, out: Out<'_>) {
        for &number in &self.rules.by_client {
            let rule = &self.rules.rules[usize::from(number)];
            if !self.closed || rule.closed {
                self.at_client(rule, &mut |found| self.judge(rule, number, found, out));
            }
        }
        for (mark, at) in self.facts.marks.iter().zip(0u16..) {
            let Some(rules) = self.rules.by_record.get(usize::from(mark.record)) else { continue };
            if rules.is_empty() || self.rules.is_settled(mark, self.clock) {
                continue;
            }
            for &number in rules {
                let rule = &self.rules.rules[usize::from(number)];
                if self.closed && !rule.closed {
                    continue;
                }
                if let Some(found) = self.at_row(rule, mark, at) {
                    self.judge(rule, number, found, out);
                }
            }
        }
    }

    /// Days that a rule allows, for how late something is.
    pub fn allowed(&self, rule: &Rule) -> i64 {
        match rule.looks_at {
            LooksAt::Contact => self.rules.contact_days(self.facts.intensity, &self.facts.areas),
            _ => rule.days.abs(),
        }
    }

    /// Whether a fact is a reason now, in which band and class, and how grave.
    fn judge(&self, rule: &Rule, number: u16, found: Found, out: Out<'_>) {
        let today = self.clock.today;
        let left = found.due.map_or(0, |due| (due.day() - today).num_days());
        if rule.shows.is_some_and(|shows| left > shows) || rule.ends.is_some_and(|ends| -left > ends) {
            return;
        }
        let within = |days: Option<i64>| days.is_some_and(|days| left <= days);
        let mut band = match rule.afterwards.filter(|_| left < 0) {
            Some(band) => band,
            None if within(rule.now) => Band::Now,
            None if within(rule.today) => Band::Today,
            None if within(rule.this_week) => Band::ThisWeek,
            None => Band::Later,
        };
        let mut class = rule.class;
        let mut gravity = if class == Class::Life { self.gravity(rule, &found) } else { 0 };
        let lift = self.lift(rule, &found, left);
        let lifted = lift.is_some_and(|lift| lift != Lift::ContactToday);
        if let Some(lift) = lift {
            (class, band) = match lift {
                Lift::LifeNow => (Class::Life, Band::Now),
                Lift::LifeToday => (Class::Life, band.min(Band::Today)),
                Lift::ContactToday => (Class::Contact, Band::Today),
            };
            gravity = if lifted { gravity.max(order::LIFTED) } else { 0 };
        }
        band = band.max(class.soonest());
        out(Reason {
            rule: number,
            band,
            class,
            due: found.due,
            subject: found.subject,
            fact: found.fact,
            gravity,
            in_hand: self.in_hand(&found),
            lifted,
            ahead: found.ahead,
            standing: 0,
        });
    }

    /// How grave a reason of life is: an open crisis by its kind, an urgent answer by the instrument, everything else as its
    /// rule says.
    fn gravity(&self, rule: &Rule, found: &Found) -> u16 {
        let by_urgency = |urgency| match urgency {
            Urgency::Minutes => order::CRISIS + 3,
            Urgency::Hours => order::CRISIS + 2,
            Urgency::Tonight => order::CRISIS + 1,
        };
        if rule.looks_at == LooksAt::Crisis {
            return by_urgency(Urgency::Minutes);
        }
        let Fact::Mark(at) = found.fact else { return rule.gravity };
        let mark = &self.facts.marks[usize::from(at)];
        match rule.looks_at {
            LooksAt::Row(incident::began) => {
                // Words beside it that tell of no kind may speak of the gravest.
                let unsure = self.said().iter().any(|said| said.unsure && said.of == Some(at));
                let of_kind = self.rules.urgency(mark.word(incident::kind));
                by_urgency(if unsure { Urgency::Minutes } else { of_kind })
            }
            LooksAt::Row(assessment::on)
                if !mark.word(assessment::urgent).is_empty() && rule.gravity >= order::GRAVE =>
            {
                let instruments = &self.rules.practice().instruments;
                let (instrument, answers) = (mark.word(assessment::instrument), mark.word(assessment::answers));
                instruments.gravity(instrument, answers, mark.word(assessment::urgent))
            }
            _ => rule.gravity,
        }
    }

    /// Whether somebody has already done something about it, or called somebody.
    fn in_hand(&self, found: &Found) -> bool {
        let Fact::Mark(at) = found.fact else { return false };
        let mark = &self.facts.marks[usize::from(at)];
        mark.record == incident::TYPE.number
            && !(mark.word(incident::done).is_empty() && mark.word(incident::called).is_empty())
    }

    /// What a raised risk or a critical medication makes of it.
    fn lift(&self, rule: &Rule, found: &Found, left: i64) -> Option<Lift> {
        if left > 0 && rule.looks_at != LooksAt::NoShow {
            return None;
        }
        let fell_due = || match (found.fact, found.due) {
            (Fact::Visit(at), _) => self.clock.day_of(self.facts.visits[usize::from(at)].starts),
            (_, Some(due)) => due.day(),
            // What has no day of its own began when the last visit was over, or else when the client came.
            (_, None) => {
                let visit =
                    self.facts.last_visit.map(|at| self.clock.day_at(at)).filter(|day| *day <= self.clock.today);
                visit.or_else(|| self.facts.begun()).unwrap_or(self.clock.today)
            }
        };
        let critical = rule.lifts_critical.filter(|_| match found.fact {
            Fact::Mark(at)
                if self.facts.marks[usize::from(at)].record == crate::model::records::medication::TYPE.number =>
            {
                self.rules.is_critical_mark(&self.facts.marks[usize::from(at)])
            }
            _ => self.rules.takes_critical(self.facts, self.clock),
        });
        critical.or_else(|| {
            rule.lifts.filter(|lift| {
                let risk = self.risk.get_or_init(|| Risk::of(self.facts, self.clock));
                risk.lifts(fell_due())
                    || *lift == Lift::ContactToday && risk::after_a_discharge(self.facts, fell_due(), self.clock)
            })
        })
    }
}

/// What stands in the client's own facts.
impl Look<'_> {
    fn at_client(&self, rule: &Rule, found: &mut dyn FnMut(Found)) {
        let (facts, clock) = (self.facts, self.clock);
        let ahead = |visit: &Visit| visit.status.is_open() && self.end(visit) > clock.now;
        match rule.looks_at {
            // What speaks of an open incident is told once: there, with its clock and what is in hand.
            LooksAt::Crisis if self.said().iter().any(|said| said.of.is_none()) => found(Found::whole(None)),
            LooksAt::Conflict if facts.conflicts > facts.safety_conflicts => found(Found::whole(None)),
            LooksAt::ConflictSafety if facts.safety_conflicts > 0 => found(Found::whole(None)),
            LooksAt::Crisis | LooksAt::Conflict | LooksAt::ConflictSafety => {}
            LooksAt::Row(_) | LooksAt::Undated(_) => {}
            LooksAt::Appointment => self.visits(rule, &ahead, found),
            LooksAt::AppointmentPast => {
                self.visits(rule, &|visit| visit.status.is_open() && !ahead(visit), found);
            }
            LooksAt::AppointmentUnconfirmed => {
                let wanted = |visit: &Visit| ahead(visit) && visit.status == AppointmentStatus::Planned;
                self.visits(rule, &wanted, found);
            }
            LooksAt::AppointmentRide => {
                self.visits(rule, &|visit| ahead(visit) && visit.transport == Some(Arranged::Needed), found);
            }
            LooksAt::AppointmentInterpreter => {
                let needed = |visit: &Visit| {
                    visit.interpreter == Some(Arranged::Needed) || facts.interpreter && visit.interpreter.is_none()
                };
                self.visits(rule, &|visit| ahead(visit) && needed(visit), found);
            }
            LooksAt::NoShow => {
                let missed =
                    |visit: &Visit| visit.status == AppointmentStatus::NoShow && !self.reached_since(visit.starts);
                self.visits(rule, &missed, found);
            }
            LooksAt::Missed => {
                if facts.missed_in_a_row() >= usize::from(rule.in_a_row.unwrap_or(2)) {
                    found(Found::whole(None));
                }
            }
            LooksAt::Task => self.due_rows(rule, &facts.tasks, Fact::Task, found),
            LooksAt::Step => self.due_rows(rule, &facts.steps, Fact::Step, found),
            LooksAt::NoNext => {
                if !facts.visits.iter().any(ahead) {
                    found(Found::whole(None));
                }
            }
            LooksAt::Contact => {
                let last = self.last_contact().map(|at| clock.day_of(at)).or(facts.begun());
                let due = last.map_or(clock.today, |last| rule.due(last.min(clock.today), self.allowed(rule)));
                found(Found::whole(Some(due)));
            }
            LooksAt::Dependent18 => {
                for (child, at) in facts.dependents.iter().zip(0..) {
                    let due = rule.due(calendar::anniversary(child.birth_date, 18), rule.days);
                    if !self.is_somebody_elses(rule, due) {
                        found(Found::row(Fact::Dependent(at), child.row, Some(DueAt::Day(due))));
                    }
                }
            }
            LooksAt::CoverEnds => {
                for (share, at) in facts.shares.iter().zip(0..).filter(|(share, _)| share.kind == ShareKind::Cover) {
                    if let Some(until) = share.until {
                        found(Found::row(Fact::Share(at), share.row, Some(DueAt::Day(rule.due(until, rule.days)))));
                    }
                }
            }
            LooksAt::GoalTarget | LooksAt::PlanReview | LooksAt::IpeReview | LooksAt::NoPlan | LooksAt::PlanChanged => {
                self.plans(rule, found)
            }
            LooksAt::AnnualAssessment => self.annual_assessment(rule, found),
            LooksAt::Unsigned | LooksAt::Cosign | LooksAt::UnitsRunOut => self.papers(rule, found),
            LooksAt::PlanBeforeScreen => self.plan_before_screen(rule, found),
        }
    }

    fn plans(&self, rule: &Rule, found: &mut dyn FnMut(Found)) {
        let facts = self.facts;
        match rule.looks_at {
            LooksAt::GoalTarget => {
                for (goal, at) in facts.goals.iter().zip(0..) {
                    if let Some(target) = goal.target {
                        found(Found::row(Fact::Goal(at), goal.row, Some(DueAt::Day(rule.due(target, rule.days)))));
                    }
                }
            }
            LooksAt::NoPlan => {
                if let (false, Some(begun)) = (facts.plans.iter().any(|plan| plan.active), facts.begun()) {
                    found(Found::whole(Some(rule.due(begun.min(self.clock.today), rule.days))));
                }
            }
            LooksAt::PlanChanged => {
                for (plan, at) in facts.plans.iter().zip(0..).filter(|(plan, _)| plan.active) {
                    if plan.overtaken.is_some() {
                        found(Found::row(Fact::Plan(at), plan.row, None));
                    }
                }
            }
            _ => {
                let yearly = rule.looks_at == LooksAt::IpeReview;
                for (plan, at) in facts.plans.iter().zip(0..).filter(|(plan, _)| plan.active) {
                    let reviewed = plan.reviewed.filter(|day| *day <= self.clock.today);
                    let due = match yearly {
                        true if plan.kind == Some(PlanKind::Ipe) => {
                            reviewed.max(plan.start).map(|from| calendar::anniversary(from, 1))
                        }
                        true => None,
                        false => plan.review_due,
                    };
                    if let Some(due) = due {
                        found(Found::row(Fact::Plan(at), plan.row, Some(DueAt::Day(rule.due(due, rule.days)))));
                    }
                }
            }
        }
    }

    fn papers(&self, rule: &Rule, found: &mut dyn FnMut(Found)) {
        let facts = self.facts;
        if rule.looks_at == LooksAt::UnitsRunOut {
            for (approved, at) in facts.authorizations.iter().zip(0..) {
                if let Some(day) =
                    super::units::runs_out(&facts.authorizations, approved, self.rules.practice(), self.clock.today)
                {
                    let due = Some(DueAt::Day(rule.due(day, rule.days)));
                    found(Found::row(Fact::Approved(at), approved.row, due));
                }
            }
            return;
        }
        let wanted = rule.looks_at == LooksAt::Cosign;
        let mut waiting = facts.unsigned.iter().zip(0..).filter(|(note, _)| note.cosigner.is_empty() != wanted);
        if let Some((note, at)) = waiting.next() {
            let due = Some(DueAt::Day(rule.due(note.day.min(self.clock.today), rule.days)));
            found(Found::row(Fact::Unsigned(at), note.row, due));
        }
    }

    /// Of the newest anniversary whose window has opened, and of the one before where it was missed.
    fn annual_assessment(&self, rule: &Rule, found: &mut dyn FnMut(Found)) {
        let today = self.clock.today;
        for (stay, at) in self.facts.enrollments.iter().zip(0..) {
            // Every member goes by the head of the household; where nobody wrote down when the head came, by their own.
            let Some(entry) = stay.head_entry.or(stay.entry) else { continue };
            let years = calendar::years_between(entry, calendar::add_days(today, rule.days));
            for anniversary in (years.saturating_sub(1).max(1)..=years).map(|year| calendar::anniversary(entry, year)) {
                let opens = calendar::add_days(anniversary, -rule.days);
                let not_yet_here = stay.entry.is_some_and(|own| own > anniversary);
                if not_yet_here || stay.assessed.is_some_and(|day| day >= opens && day <= today) {
                    continue;
                }
                let due = Some(DueAt::Day(rule.due(anniversary, rule.days)));
                found(Found::row(Fact::Enrollment(at), stay.row, due));
            }
        }
    }

    /// The newest safety plan, if a screen told of risk after it was made.
    fn plan_before_screen(&self, rule: &Rule, found: &mut dyn FnMut(Found)) {
        let day = |mark: &Mark, field| mark.happened(field, self.clock).map(DueAt::day);
        let of = |record: &'static RecordType| {
            self.facts.marks.iter().zip(0..).filter(move |(mark, _)| mark.record == record.number)
        };
        let made =
            of(&safety_plan::TYPE).filter_map(|(mark, at)| Some((day(mark, safety_plan::reviewed)?, at, mark.row)));
        let Some((made, at, row)) = made.max() else { return };
        let told = |mark: &Mark| {
            mark.word(assessment::instrument) == "c-ssrs" && matches!(mark.word(assessment::score), "2" | "3")
        };
        let screens = of(&assessment::TYPE).filter(|(mark, _)| told(mark));
        let first = screens.filter_map(|(mark, _)| day(mark, assessment::on)).filter(|on| *on > made).min();
        if let Some(on) = first {
            found(Found::row(Fact::Mark(at), row, Some(DueAt::Day(rule.due(on, rule.days)))));
        }
    }

    fn due_rows(&self, rule: &Rule, rows: &[Due], fact: fn(u16) -> Fact, found: &mut dyn FnMut(Found)) {
        for (row, at) in rows.iter().zip(0..) {
            let done = row.done.is_some_and(|done| done <= self.clock.today);
            if let Some(due) = row.due.filter(|_| !done) {
                found(Found::row(fact(at), row.row, Some(DueAt::Day(rule.due(due, rule.days)))));
            }
        }
    }

    fn visits(&self, rule: &Rule, wanted: &dyn Fn(&Visit) -> bool, found: &mut dyn FnMut(Found)) {
        for (visit, at) in self.facts.visits.iter().zip(0..).filter(|(visit, _)| wanted(visit)) {
            let starts = self.clock.local(visit.starts);
            let due = match rule.days {
                0 => DueAt::Hour(starts),
                days => DueAt::Day(rule.due(starts.date_naive(), days)),
            };
            found(Found::row(Fact::Visit(at), visit.row, Some(due)));
        }
    }

    /// When an appointment is over.
    fn end(&self, visit: &Visit) -> DateTime<FixedOffset> {
        let minutes = if visit.minutes == 0 { UNKNOWN_LENGTH } else { visit.minutes.into() };
        visit.starts + chrono::TimeDelta::minutes(minutes)
    }

    /// The newest contact with the client that has happened.
    fn last_contact(&self) -> Option<DateTime<FixedOffset>> {
        let whole = self.facts.last_contact.as_ref().map(|contact| contact.when).filter(|when| *when <= self.clock.now);
        whole.or_else(|| {
            let touch = self.touches(ContactKind::reached_client).next()?;
            Some(DateTime::from_timestamp(touch.at, 0)?.fixed_offset())
        })
    }

    /// Contacts of some kinds that have happened, the newest first.
    fn touches(&self, of: impl Fn(ContactKind) -> bool) -> impl Iterator<Item = &Touch> {
        let now = self.clock.now.timestamp();
        self.facts.touches.iter().filter(move |touch| touch.at <= now && of(touch.kind))
    }

    fn reached_since(&self, time: DateTime<FixedOffset>) -> bool {
        self.last_contact().is_some_and(|last| last >= time)
    }

    fn is_somebody_elses(&self, rule: &Rule, due: NaiveDate) -> bool {
        let first = self.facts.first_opened.or_else(|| self.facts.begun());
        rule.since_opened && first.is_some_and(|first| due < first)
    }
}

/// What stands in a row.
impl Look<'_> {
    fn at_row(&self, rule: &Rule, mark: &Mark, at: u16) -> Option<Found> {
        let clock = self.clock;
        let dated = match rule.looks_at {
            LooksAt::Row(field) => Some(match mark.date(field) {
                Some(fact) => (field, clock.here(fact), rule.days),
                None => (field, clock.here(mark.date(rule.or_else?)?), rule.or_else_days.unwrap_or(rule.days)),
            }),
            _ => None,
        };
        if !rule.wheres.iter().all(|wanted| wanted.holds(mark, clock)) {
            return None;
        }
        if rule.without.is_some_and(|record| self.has(record)) || !rule.beside.is_none_or(|record| self.has(record)) {
            return None;
        }
        if rule.in_a_row.is_some_and(|many| !self.is_so(rule, mark, many)) {
            return None;
        }
        let Some((field, fact, days)) = dated else {
            // Whatever answers what nobody dated came after it.
            let met = self.is_met(rule, mark, NaiveDate::MIN, NaiveDate::MAX);
            return (!met).then(|| Found::row(Fact::Mark(at), mark.row, None));
        };
        let passed = |field: Option<FieldId>| {
            field.and_then(|field| mark.date(field)).is_some_and(|at| clock.here(at).has_passed(clock.now))
        };
        let later = |field: FieldId| mark.date(field).is_none_or(|other| clock.here(other).day() > fact.day());
        if passed(rule.gives_way) || !rule.earlier_than.is_none_or(later) {
            return None;
        }
        if rule.at_home && risk::is_in_again(self.facts, fact.day(), clock) {
            return None;
        }
        // What somebody wrote down has happened: a date ahead of this clock is another clock, and counts as now.
        let ahead = !fact.has_come(clock.now) && field_by_id(field).is_some_and(|field| field.past);
        let fact = if ahead { DueAt::Hour(clock.now) } else { fact };
        let due = self.due_of(rule, mark, fact, days);
        if self.is_met(rule, mark, fact.day(), due.day()) {
            return None;
        }
        if self.is_somebody_elses(rule, due.day()) {
            return None;
        }
        Some(Found { ahead, ..Found::row(Fact::Mark(at), mark.row, Some(due)) })
    }

    /// When a row asks for something by a rule.
    fn due_of(&self, rule: &Rule, mark: &Mark, fact: DueAt, days: i64) -> DueAt {
        let date = |field: Option<FieldId>| field.and_then(|field| mark.date(field)).map(|at| self.clock.here(at));
        let due = match (date(rule.instead), fact) {
            (Some(agreed), _) if rule.instead_days == 0 => return agreed,
            (Some(agreed), _) => DueAt::Day(calendar::add_days(agreed.day(), rule.instead_days)),
            (None, DueAt::Hour(_)) if days == 0 => return fact,
            (None, fact) => DueAt::Day(rule.due(fact.day(), days)),
        };
        let mut day = due.day();
        day = date(rule.later_of).map_or(day, |other| day.max(other.day()));
        day = date(rule.not_after).map_or(day, |other| day.min(other.day()));
        if rule.rolls && !calendar::is_business_day(day) {
            day = calendar::add_business_days(day, 1);
        }
        DueAt::Day(day)
    }

    /// Whether the client has an open row of a type.
    fn has(&self, record: u16) -> bool {
        self.facts.marks.iter().any(|mark| mark.record == record && !self.rules.is_settled(mark, self.clock))
    }

    /// Whether a row is the newest of its type, and it and those before it, so many in all, are as the rule wants them.
    fn is_so(&self, rule: &Rule, mark: &Mark, many: u8) -> bool {
        let order = record_by_number(mark.record).and_then(RecordType::ordered_by).map(|field| field.id);
        let mut own: Vec<&Mark> = self.facts.marks.iter().filter(|other| other.record == mark.record).collect();
        own.sort_by_key(|other| {
            let day = order.and_then(|field| other.date(field)).map(DueAt::order);
            std::cmp::Reverse((day, other.row))
        });
        let many = usize::from(many);
        own.first().is_some_and(|newest| newest.row == mark.row)
            && own.len() >= many
            && own.iter().take(many).all(|other| rule.wheres.iter().all(|wanted| wanted.holds(other, self.clock)))
    }

    /// Whether what the rule asks for was done. What is written down for a day to come was not.
    fn is_met(&self, rule: &Rule, mark: &Mark, fact: NaiveDate, due: NaiveDate) -> bool {
        let from = calendar::add_days(fact, rule.met_after);
        let since = |at: i64| self.clock.day_at(at) >= from;
        let reached = || self.last_contact().is_some_and(|last| self.clock.day_of(last) >= from);
        rule.met_by.iter().any(|by| match by {
            MetBy::Contact => reached(),
            MetBy::Reached => {
                let with_others = |kind| kind == ContactKind::Collateral;
                reached() || self.touches(with_others).any(|touch| since(touch.at)) || {
                    // Two attempts count where they were made in time; later ones do not tell how anybody is.
                    let tried = self.touches(|kind| kind == ContactKind::Attempt).filter(|touch| since(touch.at));
                    tried.filter(|touch| self.clock.day_at(touch.at) <= due).count() >= 2
                }
            }
            MetBy::Seen => self.facts.seen.iter().any(|at| *at <= self.clock.now.timestamp() && since(*at)),
            MetBy::FollowUp { by, seen } => self.facts.follow_ups.iter().any(|follow_up| {
                follow_up.stay == mark.row
                    && follow_up.at <= self.clock.now.timestamp()
                    && since(follow_up.at)
                    && (!seen || follow_up.seen)
                    && by.iter().any(|one| one.code() == follow_up.by)
            }),
            MetBy::Field { field, happens } => {
                // What is dated before its own beginning is a slip, and answers nothing; a day apart may be another zone.
                let since = |at: &DueAt| rule.met_after == 0 && !*happens || at.day() >= calendar::add_days(fact, -1);
                !mark.word(*field).is_empty()
                    || match happens {
                        true => mark.happened(*field, self.clock).filter(since).is_some(),
                        false => mark.date(*field).is_some(),
                    }
            }
        })
    }
}

impl ClientFacts {
    /// Whether a crisis or an incident is not over by the end of a day.
    pub fn has_open_incident(&self, today: NaiveDate) -> bool {
        let incidents = self.marks.iter().filter(|mark| mark.record == incident::TYPE.number);
        incidents.map(|mark| mark.date(incident::resolved)).any(|over| over.is_none_or(|over| over.day() > today))
    }

    /// Since when the client has been with us: the opening day, or the earliest entry into a programme still open.
    pub fn begun(&self) -> Option<NaiveDate> {
        self.opened.or_else(|| self.enrollments.iter().filter_map(|stay| stay.entry).min())
    }

    /// How many appointments, up to the last, were missed one after another.
    pub fn missed_in_a_row(&self) -> usize {
        self.attendance.iter().rev().take_while(|status| **status == AppointmentStatus::NoShow).count()
    }

    /// The next appointment from today on.
    pub fn next_visit(&self, today: NaiveDate) -> Option<&Visit> {
        self.visits.iter().find(|visit| visit.status.is_open() && visit.starts.date_naive() >= today)
    }
}
