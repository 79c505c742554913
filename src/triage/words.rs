//! A reason in words, made when someone looks.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate};

use crate::model::{Kind, List, PlanKind, record_by_number};

use super::{ClientFacts, DueAt, Fact, Reason, Rules, Told, rules::LooksAt};

impl Rules {
    /// The reason as a person reads it.
    pub fn tell(&self, reason: &Reason, facts: &ClientFacts, today: NaiveDate) -> Told {
        let rule = &self.rules[usize::from(reason.rule)];
        Told {
            rule: rule.id.clone(),
            band: reason.band,
            text: self.words(reason, facts, today),
            due: reason.due,
            action: rule.action.clone(),
            subject: reason.subject,
            source: rule.source.clone(),
        }
    }

    /// Only the reason's words, for a list of many.
    pub fn words(&self, reason: &Reason, facts: &ClientFacts, today: NaiveDate) -> String {
        let rule = &self.rules[usize::from(reason.rule)];
        let mut text = String::with_capacity(rule.text.len() + 40);
        let mut rest = rule.text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            text.push_str(before);
            match name {
                "what" => text.push_str(&what(rule.looks_at, reason, facts)),
                "when" => text.push_str(&when(reason, facts, today)),
                "day" => text.push_str(
                    &fact_day(rule.looks_at, reason, facts)
                        .map_or(String::new(), |from| (today - from).num_days().to_string()),
                ),
                "due" => text.push_str(&reason.due.map_or(String::new(), |due| day_in_words(due.day(), today))),
                "days" => text.push_str(&days(self, rule.days, rule.looks_at, facts).to_string()),
                "late" => text.push_str(&reason.due.map_or(String::new(), |due| late(due.day(), today))),
                "from" => text.push_str(&from(rule.looks_at, reason, facts, today)),
                "many" => text.push_str(&facts.missed_in_a_row().to_string()),
                field => text.push_str(&of_row(field, reason, facts, today)),
            }
            rest = after;
        }
        text.push_str(rest);
        text
    }
}

fn days(rules: &Rules, days: i64, looks_at: LooksAt, facts: &ClientFacts) -> i64 {
    if looks_at == LooksAt::Contact { rules.contact_days(facts.intensity, &facts.areas) } else { days }
}

/// When a visit is, or the very hour at which something falls due.
fn when(reason: &Reason, facts: &ClientFacts, today: NaiveDate) -> String {
    match (reason.fact, reason.due) {
        (Fact::Visit(at), _) => hour_in_words(facts.visits[usize::from(at)].starts, today),
        (_, Some(DueAt::Hour(due))) => hour_in_words(due, today),
        (_, Some(DueAt::Day(due))) => day_in_words(due, today),
        (_, None) => String::new(),
    }
}

/// A field of the row that the reason is about, in words.
fn of_row(name: &str, reason: &Reason, facts: &ClientFacts, today: NaiveDate) -> String {
    let Fact::Mark(at) = reason.fact else { return String::new() };
    let mark = &facts.marks[usize::from(at)];
    let Some(field) = record_by_number(mark.record).and_then(|record| record.field_by_name(name)) else {
        return String::new();
    };
    match (mark.date(field.id), field.kind) {
        (Some(DueAt::Hour(time)), _) => hour_in_words(time, today),
        (Some(DueAt::Day(day)), _) => day_in_words(day, today),
        (None, Kind::Choice(choices)) => {
            let code = mark.word(field.id);
            choices.find(code).map_or(code, |choice| choice.label).to_string()
        }
        (None, _) => mark.word(field.id).to_string(),
    }
}

fn what(looks_at: LooksAt, reason: &Reason, facts: &ClientFacts) -> String {
    match reason.fact {
        Fact::Enrollment(at) => facts.enrollments[usize::from(at)].project.clone(),
        Fact::Plan(at) => facts.plans[usize::from(at)].kind.map_or("plan", PlanKind::label).to_lowercase(),
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
        Fact::Client if looks_at == LooksAt::Crisis => facts.crisis.join(" / "),
        Fact::Client if facts.conflicts == 1 => "one field".into(),
        Fact::Client => format!("{} fields", facts.conflicts),
    }
}

/// The day of the fact that a reason rests on.
fn fact_day(looks_at: LooksAt, reason: &Reason, facts: &ClientFacts) -> Option<NaiveDate> {
    match reason.fact {
        Fact::Visit(at) => Some(facts.visits[usize::from(at)].starts.date_naive()),
        Fact::Enrollment(at) => facts.enrollments[usize::from(at)].entry,
        Fact::Plan(at) => facts.plans[usize::from(at)].start,
        Fact::Share(at) => facts.shares[usize::from(at)].from,
        Fact::Mark(at) => match looks_at {
            LooksAt::Row(field) => facts.marks[usize::from(at)].date(field).map(DueAt::day),
            _ => None,
        },
        Fact::Unsigned(at) => Some(facts.unsigned[usize::from(at)].day),
        Fact::Approved(at) => facts.authorizations[usize::from(at)].from,
        _ => facts.begun(),
    }
}

fn from(looks_at: LooksAt, reason: &Reason, facts: &ClientFacts, today: NaiveDate) -> String {
    if looks_at == LooksAt::Contact {
        let last = facts.last_contact.as_ref().filter(|contact| contact.when.date_naive() <= today);
        return match (last, facts.begun()) {
            (Some(contact), _) => format!("last {}", day_in_words(contact.when.date_naive(), today)),
            (None, Some(begun)) => format!("none since {}", day_in_words(begun, today)),
            (None, None) => "none on record".into(),
        };
    }
    fact_day(looks_at, reason, facts).map_or(String::new(), |day| day_in_words(day, today))
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
