//! What became of a plan: since a day, in words, as its journal and that of its goals and steps have it, for a review; and
//! since it was signed.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::model::plans::Agreed;
use crate::model::records::{arrangement, goal, plan, signature, step, strength};
use crate::model::stands::{self, Stands};
use crate::model::{GoalStatus, RecordType, Row, RowId, Value, WorkStatus};
use crate::triage::Overtaken;

use super::{HistoryLine, Result, Store};

impl Store {
    /// What changed in a plan since its last review (from its start, where there was none): goals added, reached, set aside
    /// and moved, steps done, the plan's own words. The oldest first; empty where nothing did.
    pub fn plan_changes(&self, plan: &Row) -> Result<Vec<String>> {
        let since = plan.date(plan::reviewed).or(plan.date(plan::start)).unwrap_or(NaiveDate::MIN);
        let goals = self.rows(&goal::TYPE, plan.stream)?;
        let steps = self.rows(&step::TYPE, plan.stream)?;
        let mut said = Vec::new();
        for goal in goals.iter().filter(|goal| goal.link(goal::plan) == Some(plan.id)) {
            let words = goal.text(goal::words);
            let history = self.since(goal.id, since)?;
            if history.iter().any(|line| line.field == "row") {
                said.push(format!("New goal: \"{words}\""));
            }
            if let Some((from, to)) = moved(&history, "progress") {
                let from = from.map_or(0, whole);
                said.push(format!("\"{words}\": {from}% before, {}% now", whole(to)));
            }
            if let Some((_, to)) = moved(&history, "status")
                && let Some(status) = GoalStatus::from_code(&to.plain()).filter(|status| *status != GoalStatus::Open)
            {
                said.push(format!("\"{words}\": {}", status.label().to_lowercase()));
            }
            if let Some((Some(from), _)) = moved(&history, "words") {
                said.push(format!("Said anew: \"{words}\" (before: \"{}\")", from.plain()));
            }
            if let Some((_, Value::Date(target))) = moved(&history, "target")
                && !history.iter().any(|line| line.field == "row")
            {
                said.push(format!("\"{words}\": to be reached by {} now", target.format("%-d %b %Y")));
            }
            for step in steps.iter().filter(|step| step.link(step::goal) == Some(goal.id)) {
                let done = moved(&self.since(step.id, since)?, "status").map(|(_, to)| to.plain());
                if done.as_deref() == Some(WorkStatus::Done.code()) {
                    said.push(format!("Done: {} (for \"{words}\")", step.text(step::what)));
                }
            }
        }
        let history = self.since(plan.id, since)?;
        for (field, label) in
            [("strengths", "Strengths"), ("barriers", "What stands in the way"), ("summary", "The summary")]
        {
            let own = history.iter().any(|line| line.field == field && !line.from.is_empty());
            if own {
                said.push(format!("{label}: written anew"));
            }
        }
        Ok(said)
    }

    /// What was set in a row on a day or later.
    fn since(&self, row: RowId, since: NaiveDate) -> Result<Vec<HistoryLine>> {
        let mut history = self.history(row)?;
        history.retain(|line| line.when.date_naive() >= since);
        Ok(history)
    }
}

/// Of each plan the name that was put under other words than it says now, where its side has not signed the new ones: the
/// client's before anyone else's. `rows` gives the client's rows of a type.
pub(super) fn overtaken(
    plans: &[Row],
    signatures: &[Row],
    rows: impl Fn(&'static RecordType) -> Result<Vec<Row>>,
) -> Result<Vec<Option<Overtaken>>> {
    let signed = |plan: &Row| stands::under(plan, signatures).next().is_some();
    if !plans.iter().any(signed) {
        return Ok(vec![None; plans.len()]);
    }
    let mut all: BTreeMap<u16, Vec<Row>> = BTreeMap::new();
    for record in [&goal::TYPE, &step::TYPE, &arrangement::TYPE, &strength::TYPE] {
        all.insert(record.number, rows(record)?);
    }
    let of_one = |plan: &Row| {
        let agreed = Agreed::of(plan, |record| all.get(&record.number).map_or(&[], Vec::as_slice));
        let under: Vec<(Row, Stands)> = stands::under(plan, signatures)
            .map(|signed| (signed.clone(), stands::under_plan(signed, &agreed)))
            .collect();
        let first = stands::overtaken(&under).max_by_key(|(signed, _)| (stands::is_clients(signed), signed.id));
        first.and_then(|(signed, _)| {
            let name = crate::model::text::one_line(signed.text(signature::name)).into_owned();
            Some(Overtaken { name, day: signed.time(signature::at)?.date_naive() })
        })
    };
    Ok(plans.iter().map(of_one).collect())
}

/// What a field was before all of these, and what it is after them; nothing where it ended as it began.
fn moved<'a>(history: &'a [HistoryLine], field: &str) -> Option<(Option<&'a Value>, &'a Value)> {
    let mut lines = history.iter().filter(|line| line.field == field);
    let first = lines.next()?;
    let last = lines.next_back().unwrap_or(first);
    let from = Some(&first.from).filter(|from| !from.is_empty());
    (from != Some(&last.to)).then_some((from, &last.to))
}

fn whole(value: &Value) -> i64 {
    match value {
        Value::Whole(number) => *number,
        _ => 0,
    }
}
