//! What they need and what was agreed: Condition, CarePlan, Goal, Task, ServiceRequest.

use crate::model::records::{goal, need, plan, referral, step, task};
use crate::model::{ClientChoice, FieldId, GoalStatus, RowId, Value, WorkStatus};

use super::super::codes::codes;
use super::super::fill::{Fill, Trouble};
use super::super::index::Resource;
use super::super::node::Node;
use super::{Taker, key, notes};

/// Stands for the goal in plan words among a goal's targets.
pub(in crate::exchange::fhir) const STATEMENT: &str = "In plan words";

impl Taker<'_> {
    pub(super) fn condition(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let mut fill = self.begin(&need::TYPE, resource, &["subject"])?;
        let what = node.concept("code");
        fill.text(need::what, what);
        let domain = match node.own_coded("category", "domain") {
            "" => codes().domain(what),
            own => own,
        };
        fill.text(need::domain, domain);
        let severity = node.codings("severity").find_map(|(_, code)| codes().inward("severity", code));
        fill.text(need::severity, severity.unwrap_or(""));
        let status = node.codings("clinicalStatus").find_map(|(_, code)| codes().inward("need", code));
        let own = node.extension(super::super::codes::CODE, "clinicalStatus").text("valueCode");
        fill.text(need::status, if own.is_empty() { status.unwrap_or("") } else { own });
        let identified = ["onsetDateTime", "recordedDate"].into_iter().find(|path| node.at(path).is_there());
        fill.day(need::identified, identified.map_or(Ok(None), |path| node.day(path)));
        fill.text(need::why_unmet, &notes(node));
        fill.text(need::key, &key(resource));
        self.put(fill, resource.kind)
    }

    pub(super) fn care_plan(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let own = resource.own().is_some();
        let mut fill = self.begin(&plan::TYPE, resource, &["subject"])?;
        let named = node.any(&["title", "category.text", "category.coding.display"]);
        let kind = match node.own_coded("category", "plan") {
            "" => codes().plan_kind(named),
            own => own,
        };
        fill.text(plan::kind, kind);
        fill.text(plan::status, status(node, "plan", "active"));
        fill.day(plan::start, node.day("period.start"));
        let mut summary = vec![node.text("description").to_string()];
        if !own {
            summary.insert(0, named.to_string());
            // What is done for none of the goals in particular belongs to the plan as a whole.
            let whole = node.each("activity").filter(|activity| !activity.at("detail.goal").is_there());
            summary.extend(whole.map(activity_in_words));
        }
        summary.retain(|line| !line.is_empty());
        fill.text(plan::summary, &summary.join("\n"));
        if let Some(before) = self.index.row(node, "replaces") {
            fill.value(plan::replaces, Value::Link(before));
        }
        let (row, stream) = (fill.draft.row, fill.draft.stream);
        self.put(fill, resource.kind)?;
        for (at, activity) in node.each("activity").enumerate() {
            let Some(goal) = self.index.row(activity, "detail.goal") else { continue };
            let id = RowId::derived(&["fhir", "activity", &row.to_string(), &at.to_string()]);
            let mut fill = Fill::new(&step::TYPE, id, stream, false);
            let detail = activity.at("detail");
            fill.value(step::goal, Value::Link(goal));
            fill.text(step::what, detail.any(&["description", "code.text", "code.coding.display"]));
            fill.text(step::who, &self.index.name(detail.at("performer"), node));
            fill.day(step::due, detail.day("scheduledPeriod.end"));
            fill.text(step::status, status(detail, "work", WorkStatus::Open.code()));
            self.put(fill, resource.kind)?;
        }
        Ok(())
    }

    pub(super) fn goal(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let mut fill = self.begin(&goal::TYPE, resource, &["subject"])?;
        fill.text(goal::words, node.concept("description"));
        fill.text(goal::statement, &targets(node));
        fill.text(goal::domain, node.own_coded("category", "domain"));
        fill.day(goal::target, node.day("target.dueDate"));
        let lifecycle = node.text("lifecycleStatus");
        let reached = node.codings("achievementStatus").any(|(_, code)| code == "achieved");
        let stands = match codes().inward("goal", lifecycle) {
            Some("open") if reached => GoalStatus::Reached.code(),
            known => known.unwrap_or(GoalStatus::Open.code()),
        };
        fill.text(goal::status, stands);
        let whose = self.index.row(node, "expressedBy");
        if lifecycle == "rejected" {
            fill.text(goal::choice, ClientChoice::Declined.code());
        } else if whose == Some(fill.draft.stream) {
            fill.text(goal::choice, ClientChoice::Own.code());
        }
        if let Some(plan) = self.index.plan_of.get(&fill.draft.row) {
            fill.value(goal::plan, Value::Link(*plan));
        }
        let needs = node.each("addresses").filter(|one| !one.text("reference").contains("Observation/"));
        if let Some(need) = needs.filter_map(|one| self.index.find(one.text("reference"))?.row).next() {
            fill.value(goal::need, Value::Link(need));
        }
        fill.text(goal::key, &key(resource));
        self.put(fill, resource.kind)
    }

    /// A step where it is for a goal; a task otherwise.
    pub(super) fn task(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let what = node.any(&["description", "code.text", "code.coding.display"]);
        let done = node.day("executionPeriod.end");
        let due = node.day("restriction.period.end");
        let stands = status(node, "work", WorkStatus::Open.code());
        let goal = self.index.row(node, "focus").filter(|_| resource.kind == "Task" && is_goal(node));
        let mut fill = match goal {
            Some(goal) => {
                let mut fill = self.begin(&step::TYPE, resource, &["for"])?;
                fill.value(step::goal, Value::Link(goal));
                fill.text(step::what, what).text(step::who, &self.index.name(node.at("owner"), node));
                fill.day(step::due, due).text(step::status, stands);
                fill
            }
            None => {
                let mut fill = self.begin(&task::TYPE, resource, &["for"])?;
                fill.text(task::what, what).day(task::due, due).text(task::status, stands);
                fill.text(task::about, &notes(node));
                fill
            }
        };
        if stands == WorkStatus::Done.code() {
            fill.day(if goal.is_some() { step::done_on } else { task::done_on }, done);
        }
        self.put(fill, resource.kind)
    }

    pub(super) fn referral(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let mut fill = self.begin(&referral::TYPE, resource, &["subject"])?;
        let named: Vec<String> =
            node.each("performer").map(|one| self.index.name(one, node)).filter(|name| !name.is_empty()).collect();
        let to = match named.join(", ") {
            none if none.is_empty() => node.concept("performerType").to_string(),
            to => to,
        };
        fill.text(referral::to, if to.is_empty() && resource.own().is_none() { "Not named" } else { &to });
        fill.text(referral::what, node.concept("code"));
        fill.text(
            referral::domain,
            match node.own_coded("category", "domain") {
                "" if resource.own().is_none() => codes().domain(node.concept("code")),
                own => own,
            },
        );
        fill.text(referral::status, status(node, "referral", "sent"));
        fill.day(referral::sent, node.day("authoredOn"));
        fill.text(referral::about, &notes(node));
        fill.text(referral::key, &key(resource));
        self.put(fill, resource.kind)
    }
}

/// A status: our own code beside it, or else what its code becomes here.
pub(super) fn status<'a>(node: Node<'a>, list: &str, otherwise: &'a str) -> &'a str {
    match node.own_status() {
        "" => codes().inward(list, node.text("status")).unwrap_or(otherwise),
        own => own,
    }
}

/// Whether a task is for a goal.
fn is_goal(node: Node<'_>) -> bool {
    node.text("focus.type") == "Goal" || node.text("focus.reference").contains("Goal/")
}

fn activity_in_words(activity: Node<'_>) -> String {
    let detail = activity.at("detail");
    let what = match detail.concept("code") {
        "" => detail.any(&["description"]),
        what => what,
    };
    let what = if what.is_empty() { activity.text("reference.display") } else { what };
    match (what, detail.text("status")) {
        ("", _) => String::new(),
        (what, "") => format!("- {what}"),
        (what, status) => format!("- {what} ({status})"),
    }
}

/// What a goal is measured by.
fn targets(node: Node<'_>) -> String {
    let all = node.each("target").filter_map(|target| {
        let measure = target.concept("measure");
        let detail = match target.text("detailString") {
            "" => match target.at("detailQuantity").is_there() {
                true => {
                    let quantity = target.at("detailQuantity");
                    let value = quantity.at("value").0.map_or_else(String::new, ToString::to_string);
                    format!("{} {value} {}", quantity.text("comparator"), quantity.text("unit")).trim().to_string()
                }
                false => target.concept("detailCodeableConcept").to_string(),
            },
            said => said.to_string(),
        };
        match (measure, detail.as_str()) {
            (STATEMENT, _) | ("", _) => Some(detail).filter(|said| !said.is_empty()),
            (measure, "") => Some(measure.to_string()),
            (measure, detail) => Some(format!("{measure}: {detail}")),
        }
    });
    all.collect::<Vec<_>>().join("\n")
}

/// The day on which a plain period ends, or begins.
pub(super) fn period(fill: &mut Fill, node: Node<'_>, from: FieldId, until: FieldId, path: &str) {
    fill.day(from, node.day(&format!("{path}.start")));
    fill.day(until, node.day(&format!("{path}.end")));
}
