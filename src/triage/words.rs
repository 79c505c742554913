//! A reason in words, made when someone looks.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate};

use crate::model::{Kind, List, PlanKind, record_by_number};

use super::{
    Class, ClientFacts, Clock, DueAt, Fact, OpenPlan, Ranked, Reason, Rule, Rules, Told, calendar, crises,
    rules::LooksAt,
};

impl Rules {
    /// The reason as a person reads it.
    pub fn tell(&self, reason: &Reason, facts: &ClientFacts, clock: &Clock) -> Told {
        let rule = self.of(reason);
        Told {
            rule: rule.id.clone(),
            band: reason.band,
            class: reason.class,
            text: self.words(reason, facts, clock),
            due: reason.due,
            action: rule.action.clone(),
            subject: reason.subject,
            source: rule.source.clone(),
        }
    }

    /// Only the reason's words, for a list of many.
    pub fn words(&self, reason: &Reason, facts: &ClientFacts, clock: &Clock) -> String {
        let rule = self.of(reason);
        let passed = !rule.missed.is_empty() && reason.due.is_some_and(|due| due.has_passed(clock.now));
        let template = if passed { &rule.missed } else { &rule.text };
        let teller = Teller { rules: self, rule, reason, facts, clock };
        let mut text = String::with_capacity(template.len() + 40);
        if facts.is_closed(clock.today) {
            text.push_str("closed with something open: ");
        }
        let mut rest = template.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            text.push_str(before);
            text.push_str(&teller.particular(name));
            rest = after;
        }
        text.push_str(rest);
        if rule.looks_at == LooksAt::Appointment
            && let Some(DueAt::Hour(starts)) = reason.due
            && starts <= clock.now
        {
            text.push_str(", begun");
        }
        if reason.ahead {
            text.push_str(" (dated ahead of this clock: counts as now)");
        }
        if reason.lifted {
            text.push_str(if rule.lifts_critical.is_some() && rule.lifts.is_none() {
                "; critical"
            } else {
                "; at raised risk"
            });
        }
        text
    }

    /// What stands in the line of a list: the first reason, and beside an open crisis what else is as grave.
    pub fn headline(&self, ranked: &Ranked, facts: &ClientFacts, clock: &Clock) -> String {
        let mut about = ranked.about_people();
        let Some(first) = about.next() else {
            return ranked.put_off.first().map_or(String::new(), |put_off| {
                let why = facts.snoozes.get(usize::from(put_off.snooze)).map_or("", |snooze| snooze.why.as_str());
                format!("put off until {}: {why}", day_in_words(put_off.until, clock.today))
            });
        };
        let mut text = self.words(first, facts, clock);
        let grave =
            |reason: &&Reason| reason.class == Class::Life && reason.gravity >= super::order::GRAVE && !reason.lifted;
        if let Some(other) = about.find(grave).filter(|_| grave(&first)) {
            let other = self.words(other, facts, clock);
            text.push_str("; ");
            text.push_str(other.strip_prefix("closed with something open: ").unwrap_or(&other));
        }
        text
    }
}

/// A reason on its way to being words.
struct Teller<'a> {
    rules: &'a Rules,
    rule: &'a Rule,
    reason: &'a Reason,
    facts: &'a ClientFacts,
    clock: &'a Clock,
}

impl Teller<'_> {
    fn particular(&self, name: &str) -> String {
        let today = self.clock.today;
        let due = self.reason.due.map(DueAt::day);
        match name {
            "what" => self.what(),
            "said" => self.said(),
            "when" => self.when(),
            "day" => self.fact_day().map_or(String::new(), |from| (today - from).num_days().to_string()),
            "due" => due.map_or(String::new(), |due| day_in_words(due, today)),
            "dated" => due.map_or(String::new(), |due| on_a_day(due, today)),
            "open" => due.map_or(String::new(), |due| last_open_day(due, today)),
            "days" => self.days().to_string(),
            "late" => due.map_or(String::new(), |due| late(due, today)),
            "from" => self.from(),
            "age" => self.made().map_or(String::new(), |from| age(from, today)),
            "many" => self.facts.missed_in_a_row().to_string(),
            field => self.of_row(field),
        }
    }

    fn days(&self) -> i64 {
        match self.rule.looks_at {
            LooksAt::Contact => self.rules.contact_days(self.facts.intensity, &self.facts.areas),
            _ => self.rule.days,
        }
    }

    /// When a visit is, or the very hour at which something falls due.
    fn when(&self) -> String {
        let today = self.clock.today;
        match (self.reason.fact, self.reason.due) {
            (Fact::Visit(at), _) => hour_in_words(self.clock.local(self.facts.visits[usize::from(at)].starts), today),
            (_, Some(DueAt::Hour(due))) => hour_in_words(due, today),
            (_, Some(DueAt::Day(due))) => day_in_words(due, today),
            (_, None) => String::new(),
        }
    }

    /// A field of the row that the reason is about, in words.
    fn of_row(&self, name: &str) -> String {
        let Fact::Mark(at) = self.reason.fact else { return String::new() };
        let mark = &self.facts.marks[usize::from(at)];
        let Some(field) = record_by_number(mark.record).and_then(|record| record.field_by_name(name)) else {
            return String::new();
        };
        match (mark.date(field.id).map(|at| self.clock.here(at)), field.kind) {
            (Some(DueAt::Hour(time)), _) => hour_in_words(time, self.clock.today),
            (Some(DueAt::Day(day)), _) => day_in_words(day, self.clock.today),
            (None, Kind::Choice(choices)) => {
                let code = mark.word(field.id);
                choices.find(code).map_or(code, |choice| choice.label).to_string()
            }
            (None, _) => mark.word(field.id).to_string(),
        }
    }

    fn what(&self) -> String {
        let facts = self.facts;
        match self.reason.fact {
            Fact::Enrollment(at) => facts.enrollments[usize::from(at)].project.clone(),
            Fact::Plan(at) => match &facts.plans[usize::from(at)] {
                OpenPlan { overtaken: Some(signed), .. } if self.rule.looks_at == LooksAt::PlanChanged => {
                    signed.name.clone()
                }
                plan => plan.kind.map_or("plan", PlanKind::label).to_lowercase(),
            },
            Fact::Goal(at) => facts.goals[usize::from(at)].words.clone(),
            Fact::Step(at) => facts.steps[usize::from(at)].what.clone(),
            Fact::Task(at) => facts.tasks[usize::from(at)].what.clone(),
            Fact::Visit(at) => facts.visits[usize::from(at)].title.clone(),
            Fact::Dependent(at) => facts.dependents[usize::from(at)].name.clone(),
            Fact::Share(at) => facts.shares[usize::from(at)].with.clone(),
            Fact::Mark(at) => {
                let mark = &facts.marks[usize::from(at)];
                let title = record_by_number(mark.record).and_then(|record| record.title_field());
                match title.map(|field| field.kind) {
                    Some(Kind::Choice(choices)) => {
                        choices.find(&mark.what).map_or(mark.what.clone(), |choice| choice.label.to_string())
                    }
                    _ => mark.what.clone(),
                }
            }
            Fact::Unsigned(at) => facts.unsigned[usize::from(at)].cosigner.clone(),
            Fact::Approved(at) => {
                let approved = &facts.authorizations[usize::from(at)];
                format!("{} ({})", List::Service.label(&approved.service), approved.payer)
            }
            Fact::Client => match self.rule.looks_at {
                LooksAt::Crisis => {
                    let said = crises::said(facts, self.rules, self.clock);
                    let own: Vec<&str> = said.iter().filter(|said| said.of.is_none()).map(|said| said.words).collect();
                    own.join(" / ")
                }
                LooksAt::ConflictSafety => fields(facts.safety_conflicts),
                _ => fields(facts.conflicts - facts.safety_conflicts.min(facts.conflicts)),
            },
        }
    }

    /// The client's own words on the incident that the reason is about, where there are any beyond its kind's name.
    fn said(&self) -> String {
        let Fact::Mark(at) = self.reason.fact else { return String::new() };
        let said = crises::said(self.facts, self.rules, self.clock);
        let own = said.iter().filter(|said| said.of == Some(at) && !said.is_name);
        let words: Vec<&str> = own.map(|said| said.words).collect();
        if words.is_empty() { String::new() } else { format!(", \"{}\"", words.join(" / ")) }
    }

    /// The day of the row that a reason is about, by which rows of its type are ordered.
    fn made(&self) -> Option<NaiveDate> {
        let Fact::Mark(at) = self.reason.fact else { return self.fact_day() };
        let mark = &self.facts.marks[usize::from(at)];
        let order = record_by_number(mark.record)?.ordered_by()?;
        mark.date(order.id).map(|at| self.clock.here(at).day())
    }

    /// The day of the fact that a reason rests on.
    fn fact_day(&self) -> Option<NaiveDate> {
        let facts = self.facts;
        match self.reason.fact {
            Fact::Visit(at) => Some(self.clock.day_of(facts.visits[usize::from(at)].starts)),
            Fact::Enrollment(at) => {
                let stay = &facts.enrollments[usize::from(at)];
                stay.head_entry.or(stay.entry)
            }
            Fact::Plan(at) => match &facts.plans[usize::from(at)] {
                OpenPlan { overtaken: Some(signed), .. } if self.rule.looks_at == LooksAt::PlanChanged => {
                    Some(signed.day)
                }
                plan => plan.start,
            },
            Fact::Share(at) => facts.shares[usize::from(at)].from,
            Fact::Mark(at) => {
                let mark = &facts.marks[usize::from(at)];
                let field = match self.rule.looks_at {
                    LooksAt::Row(field) => mark.date(field).or_else(|| mark.date(self.rule.or_else?)),
                    _ => record_by_number(mark.record)?.ordered_by().and_then(|field| mark.date(field.id)),
                };
                field.map(|at| self.clock.here(at).day())
            }
            Fact::Unsigned(at) => Some(facts.unsigned[usize::from(at)].day),
            Fact::Approved(at) => facts.authorizations[usize::from(at)].from,
            _ => facts.begun(),
        }
    }

    fn from(&self) -> String {
        let today = self.clock.today;
        if self.rule.looks_at == LooksAt::Contact {
            let last =
                self.facts.last_contact.as_ref().map(|contact| contact.when).filter(|when| *when <= self.clock.now);
            return match (last, self.facts.begun()) {
                (Some(when), _) => format!("last {}", day_in_words(self.clock.day_of(when), today)),
                (None, Some(begun)) => format!("none since {}", day_in_words(begun, today)),
                (None, None) => "none on record".into(),
            };
        }
        self.fact_day().map_or(String::new(), |day| day_in_words(day, today))
    }
}

fn fields(many: u32) -> String {
    if many == 1 { "one field".into() } else { format!("{many} fields") }
}

/// "Mon 30 Nov", with the year where it is another one.
fn on_a_day(day: NaiveDate, today: NaiveDate) -> String {
    day.format(if day.year() == today.year() { "%a %-d %b" } else { "%a %-d %b %Y" }).to_string()
}

/// A deadline that never moves, with the last day before it on which an office is open where it is not open then.
fn last_open_day(due: NaiveDate, today: NaiveDate) -> String {
    let day = day_in_words(due, today);
    if calendar::is_business_day(due) {
        return day;
    }
    let named = match (due - today).num_days() {
        -1..=1 => format!("{day}, {}", due.format("%a %-d %b")),
        2..=6 => day,
        _ => due.format("%a %-d %b").to_string(),
    };
    let open = calendar::add_business_days(due, -1);
    format!("{named}; the last open day before is {}", open.format("%a %-d %b"))
}

/// "3 days", "5 weeks", "14 months" since a day.
fn age(from: NaiveDate, today: NaiveDate) -> String {
    match (today - from).num_days() {
        1 => "1 day".into(),
        days @ ..=20 => format!("{days} days"),
        days @ ..=90 => format!("{} weeks", days / 7),
        days => format!("{} months", days / 30),
    }
}

/// "19 Nov", with the year where it is another one, "today" and the days beside it by name.
pub fn day_in_words(day: NaiveDate, today: NaiveDate) -> String {
    match (day - today).num_days() {
        0 => "today".into(),
        1 => "tomorrow".into(),
        -1 => "yesterday".into(),
        2..=6 => day.format("%a %-d %b").to_string(),
        _ if day.year() == today.year() => day.format("%-d %b").to_string(),
        _ => day.format("%-d %b %Y").to_string(),
    }
}

/// "today 14:00", "Wed 25 Nov 10:00".
pub fn hour_in_words(time: DateTime<FixedOffset>, today: NaiveDate) -> String {
    format!("{} {}", day_in_words(time.date_naive(), today), time.format("%H:%M"))
}

/// "due today", "due in 3 days", "2 days overdue".
pub fn late(due: NaiveDate, today: NaiveDate) -> String {
    match (due - today).num_days() {
        0 => "due today".into(),
        1 => "due tomorrow".into(),
        left @ 2.. => format!("due in {left} days"),
        -1 => "1 day overdue".into(),
        left => format!("{} days overdue", -left),
    }
}

impl DueAt {
    /// For `--json`: `YYYY-MM-DD`, or RFC 3339 where it has an hour.
    pub fn plain(self) -> String {
        match self {
            DueAt::Day(day) => day.format("%Y-%m-%d").to_string(),
            DueAt::Hour(time) => time.to_rfc3339_opts(chrono::SecondsFormat::Secs, false),
        }
    }
}
