//! What they need and what was agreed.

use serde_json::{Value as Json, json};

use crate::model::Row;
use crate::model::records::{goal as goals, need, plan, referral, step as steps, task as tasks};

use super::super::codes::codes;
use super::super::take::STATEMENT;
use super::{Made, choice, day, link, named, own_code, reference, words};

pub(super) fn condition(row: &Row) -> Json {
    let mut condition = Made::new("Condition", row);
    let system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    let status = row.text(need::status);
    let code = codes().out("need", status).unwrap_or("active");
    let mut clinical = json!({"coding": [{"system": system, "code": code}]});
    if !status.is_empty() {
        clinical["extension"] = own_code(status)["extension"].clone();
    }
    condition.put("clinicalStatus", clinical);
    condition.put("category", json!([choice(row, need::domain, "domain")]));
    if let Some(code) = codes().out("severity", row.text(need::severity)) {
        condition.put("severity", json!({"coding": [{"system": "http://snomed.info/sct", "code": code}]}));
    }
    condition.put("code", words(row.text(need::what)));
    condition.put("subject", reference("Patient", row.stream));
    condition.put("recordedDate", day(row, need::identified));
    condition.put("note", json!([words(row.text(need::why_unmet))]));
    condition.done()
}

pub(super) fn care_plan(row: &Row, all: &[Row]) -> Json {
    let mut care = Made::new("CarePlan", row);
    care.status("status", "plan", row.text(plan::status), "active");
    care.put("intent", "plan");
    care.put("category", json!([choice(row, plan::kind, "plan")]));
    care.put("description", row.text(plan::summary));
    care.put("subject", reference("Patient", row.stream));
    care.put("period", json!({"start": day(row, plan::start)}));
    care.put("replaces", json!([link(row, plan::replaces, "CarePlan")]));
    let its: Vec<Json> = all
        .iter()
        .filter(|goal| goal.link(goals::plan) == Some(row.id))
        .map(|goal| reference("Goal", goal.id))
        .collect();
    care.put("goal", its);
    care.done()
}

pub(super) fn goal(row: &Row) -> Json {
    let mut goal = Made::new("Goal", row);
    let status = row.text(goals::status);
    goal.put(
        "lifecycleStatus",
        match row.text(goals::choice) {
            "declined" if status == "set-aside" => "rejected",
            _ => codes().out("goal", status).unwrap_or("active"),
        },
    );
    if status == "reached" {
        let system = "http://terminology.hl7.org/CodeSystem/goal-achievement";
        goal.put("achievementStatus", json!({"coding": [{"system": system, "code": "achieved"}]}));
    }
    goal.put("category", json!([choice(row, goals::domain, "domain")]));
    goal.put("description", words(row.text(goals::words)));
    goal.put("subject", reference("Patient", row.stream));
    let statement = row.text(goals::statement);
    let said = if statement.is_empty() { Json::Null } else { words(STATEMENT) };
    goal.put("target", json!([{"measure": said, "detailString": statement, "dueDate": day(row, goals::target)}]));
    if row.text(goals::choice) == "own" {
        goal.put("expressedBy", reference("Patient", row.stream));
    }
    goal.put("addresses", json!([link(row, goals::need, "Condition")]));
    goal.done()
}

pub(super) fn step(row: &Row) -> Json {
    let mut step = Made::new("Task", row);
    step.status("status", "work", row.text(steps::status), "requested");
    step.put("intent", "plan").put("description", row.text(steps::what));
    step.put("focus", link(row, steps::goal, "Goal")).put("for", reference("Patient", row.stream));
    step.put("owner", named(row.text(steps::who)));
    step.put("executionPeriod", json!({"end": done_on(row, steps::status, steps::done_on)}));
    step.put("restriction", json!({"period": {"end": day(row, steps::due)}}));
    step.done()
}

pub(super) fn task(row: &Row) -> Json {
    let mut task = Made::new("Task", row);
    task.status("status", "work", row.text(tasks::status), "requested");
    task.put("intent", "order").put("description", row.text(tasks::what)).put("for", reference("Patient", row.stream));
    task.put("executionPeriod", json!({"end": done_on(row, tasks::status, tasks::done_on)}));
    task.put("restriction", json!({"period": {"end": day(row, tasks::due)}}));
    task.put("note", json!([words(row.text(tasks::about))]));
    task.done()
}

/// The day on which something was done: only of what is done.
fn done_on(row: &Row, status: crate::model::FieldId, field: crate::model::FieldId) -> Json {
    if row.text(status) == "done" { day(row, field) } else { Json::Null }
}

pub(super) fn service_request(row: &Row) -> Json {
    let mut request = Made::new("ServiceRequest", row);
    request.status("status", "referral", row.text(referral::status), "active");
    request.put("intent", "order");
    request.put("category", json!([choice(row, referral::domain, "domain")]));
    request.put("code", words(row.text(referral::what)));
    request.put("subject", reference("Patient", row.stream));
    request.put("authoredOn", day(row, referral::sent));
    request.put("performer", json!([named(row.text(referral::to))]));
    request.put("note", json!([words(row.text(referral::about))]));
    request.done()
}
