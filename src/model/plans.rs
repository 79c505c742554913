//! A plan's life: the plan in words, as it is read and signed, and the next version of it. Pure.

use chrono::NaiveDate;

use super::records::{goal, plan, step};
use super::{Change, PlanStatus, Row, RowId, Value, WorkStatus};

/// Of goal attainment scaling (Kiresuk and Sherman, 1968): what each level means.
pub fn attainment_in_words(level: i64) -> &'static str {
    match level {
        ..=-2 => "much less than expected",
        -1 => "less than expected",
        0 => "as expected",
        1 => "more than expected",
        _ => "much more than expected",
    }
}

/// The plan as it is read aloud and signed: what it is, what is strong and what stands in the way, then each goal in the
/// client's own words before those of the plan, with who does what by when.
pub fn in_words(plan: &Row, goals: &[Row], steps: &[Row]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let kind = shown(plan, plan::kind);
    let version = plan.whole(plan::version).unwrap_or(1);
    lines.push(format!("{kind}, version {version}"));
    for (field, label) in [(plan::start, "From"), (plan::review_due, "Review due"), (plan::reviewed, "Last reviewed")] {
        if let Some(day) = plan.date(field) {
            lines.push(format!("{label}: {}", day.format("%-d %B %Y")));
        }
    }
    let told = [
        (plan::summary, "In short"),
        (plan::strengths, "Strengths to build on"),
        (plan::barriers, "What stands in the way"),
    ];
    for (field, label) in told {
        if !plan.text(field).trim().is_empty() {
            lines.push(format!("{label}: {}", plan.text(field).trim()));
        }
    }
    for (goal, number) in goals.iter().filter(|goal| goal.link(goal::plan) == Some(plan.id)).zip(1..) {
        lines.push(String::new());
        lines.push(format!("Goal {number}: \"{}\"", goal.text(goal::words)));
        let mut say = |label: &str, text: String| {
            if !text.trim().is_empty() {
                lines.push(format!("  {label}{text}"));
            }
        };
        say("In plan words: ", goal.text(goal::statement).into());
        say("Whose choice: ", shown(goal, goal::choice));
        say("By: ", goal.date(goal::target).map_or(String::new(), |day| day.format("%-d %B %Y").to_string()));
        let status =
            if is_open(goal) { String::new() } else { format!(", {}", shown(goal, goal::status).to_lowercase()) };
        say("So far: ", goal.whole(goal::progress).map_or(String::new(), |percent| format!("{percent}%{status}")));
        let level = goal.whole(goal::attainment);
        say("Attainment: ", level.map_or(String::new(), |level| format!("{level:+} ({})", attainment_in_words(level))));
        say("Strengths: ", goal.text(goal::strengths).into());
        say("In the way: ", goal.text(goal::barriers).into());
        for step in steps.iter().filter(|step| step.link(step::goal) == Some(goal.id)) {
            let who = match step.text(step::who) {
                "" => String::new(),
                "me" => "case manager: ".into(),
                who => format!("{who}: "),
            };
            let due = step.date(step::due).map_or(String::new(), |day| format!(", by {}", day.format("%-d %B %Y")));
            let done = if step.text(step::status) == WorkStatus::Done.code() { " (done)" } else { "" };
            say("- ", format!("{who}{}{due}{done}", step.text(step::what)));
        }
    }
    lines.join("\n") + "\n"
}

fn shown(row: &Row, field: super::FieldId) -> String {
    row.record.field(field.field).map_or(String::new(), |field| row.shown(field))
}

fn is_open(goal: &Row) -> bool {
    matches!(goal.text(goal::status), "" | "open")
}

/// A change that makes the next version of a plan, in force from `today` and due for review on `review`: what is still worked
/// on goes over to it, with its steps, its notes and its history; the version before ends, and keeps what was reached or set
/// aside under it, and every text that was signed under it.
pub fn next_version(before: &Row, goals: &[Row], id: RowId, today: NaiveDate, review: NaiveDate) -> Change {
    let mut change = Change::new("new version of the plan");
    change.create(&plan::TYPE, id, before.stream);
    for field in [plan::kind, plan::summary, plan::strengths, plan::barriers] {
        if !before.get(field).is_empty() {
            change.set(id, field, before.get(field).clone());
        }
    }
    change
        .set(id, plan::version, Value::Whole((before.whole(plan::version).unwrap_or(1) + 1).min(999)))
        .set(id, plan::replaces, Value::Link(before.id))
        .set(id, plan::status, PlanStatus::Active.code())
        .set(id, plan::start, Value::Date(today))
        .set(id, plan::review_due, Value::Date(review))
        .set(before.id, plan::status, PlanStatus::Ended.code());
    for goal in goals.iter().filter(|goal| goal.link(goal::plan) == Some(before.id) && is_open(goal)) {
        change.set(goal.id, goal::plan, Value::Link(id));
    }
    change
}
