//! The services of a plan: who gives them, how much, how often, from when to when, and who pays; and what an individualized
//! plan for employment must say beside them.
//!
//! What is asked for: 34 CFR 361.46(a): the employment outcome (1), the services (2), timelines (3), who provides them (4),
//! the criteria of progress (5), and the responsibilities of the agency, of the individual and of others, with who pays (6).
//! Of services that Medicaid pays for, their amount, frequency and duration. What is not written down yet is told to the
//! worker, and is not on the client's paper. Pure.

use crate::model::plans::Agreed;
use crate::model::records::{plan, step};
use crate::model::{FieldId, PlanKind, Row};

use super::super::Block;
use super::{Lens, say};

/// The fields of a step that make it a service.
const OF_A_SERVICE: [FieldId; 7] =
    [step::provider, step::amount, step::often, step::from, step::until, step::cost, step::payer];

fn is_ipe(row: &Row) -> bool {
    row.text(plan::kind) == PlanKind::Ipe.code()
}

/// The steps of a plan that are services; of an IPE all of them are.
fn services<'a>(agreed: &Agreed<'a>) -> Vec<&'a Row> {
    let is_service = |one: &&Row| is_ipe(agreed.plan) || OF_A_SERVICE.iter().any(|field| !one.get(*field).is_empty());
    let of_a_goal = agreed.goals.iter().flat_map(|goal| agreed.steps_of(goal).collect::<Vec<_>>());
    of_a_goal.filter(is_service).collect()
}

/// The job that the client chose.
pub fn outcome(lens: &Lens<'_>, row: &Row) -> Option<Block> {
    let outcome = lens.text(row, plan::employment_outcome);
    (!outcome.is_empty()).then(|| Block::facts([("The job I work towards".to_string(), outcome)]))
}

/// The table of services, the criteria of progress and the responsibilities.
pub fn blocks(lens: &Lens<'_>, agreed: &Agreed<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let (row, services) = (agreed.plan, services(agreed));
    let told = |one: &&Row| OF_A_SERVICE.iter().any(|field| !lens.text(one, *field).is_empty());
    if services.iter().any(told) {
        blocks.push(Block::heading(1, "Services"));
        for one in &services {
            let text = |field| lens.text(one, field);
            let span = match (text(step::from), text(step::until)) {
                (from, until) if until.is_empty() => from,
                (from, until) if from.is_empty() => format!("until {until}"),
                (from, until) => format!("{from} to {until}"),
            };
            let facts = [
                ("Who gives it", text(step::provider)),
                ("How much", say::joined([text(step::amount), text(step::often)])),
                ("When", span),
                ("Cost", text(step::cost)),
                ("Who pays", text(step::payer)),
            ];
            blocks.push(Block::heading(2, text(step::what)));
            blocks.push(Block::facts(facts.into_iter().filter(|(_, value)| !value.is_empty())));
        }
    }
    for (title, field) in [
        ("How we see that it works", plan::criteria),
        ("What I take on", plan::client_does),
        ("What others take on", plan::others_do),
    ] {
        let items = say::items(&lens.text(row, field));
        if !items.is_empty() {
            blocks.push(Block::heading(1, title));
            blocks.push(Block::List(items));
        }
    }
    blocks
}

/// What is not written down yet that the plan must say.
pub fn missing(lens: &Lens<'_>, agreed: &Agreed<'_>) -> Vec<String> {
    let (row, goals, services) = (agreed.plan, &agreed.goals, services(agreed));
    let lacks = |one: &Row, field: FieldId| lens.text(one, field).is_empty();
    let of_services = |what: &str, lacking: &dyn Fn(&Row) -> bool, among: &[&Row]| {
        let names: Vec<String> =
            among.iter().filter(|one| lacking(one)).map(|one| format!("\"{}\"", lens.text(one, step::what))).collect();
        (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")))
    };
    let mut said = Vec::new();
    if is_ipe(row) {
        let mut all = Vec::new();
        let mut ask = |what: &str, missing: bool| all.extend(missing.then(|| what.to_string()));
        ask("the employment outcome", lacks(row, plan::employment_outcome));
        ask(
            "by when it is to be reached",
            goals.iter().all(|goal| goal.date(crate::model::records::goal::target).is_none()),
        );
        ask("the services", services.is_empty());
        ask("criteria of progress", lacks(row, plan::criteria));
        ask("what the client takes on", lacks(row, plan::client_does));
        ask("what others take on", lacks(row, plan::others_do));
        all.extend(of_services("who gives", &|one| lacks(one, step::provider), &services));
        let undated = |one: &Row| lacks(one, step::from) || lacks(one, step::until) && lacks(one, step::due);
        all.extend(of_services("from when to when", &undated, &services));
        all.extend(of_services("who pays for", &|one| lacks(one, step::payer), &services));
        if !all.is_empty() {
            said.push(format!("An IPE says more (34 CFR 361.46(a)); not yet written: {}.", all.join("; ")));
        }
    }
    let by_medicaid = |one: &&&Row| {
        let payer = one.text(step::payer).to_lowercase();
        payer.contains("medicaid") || payer.contains("medi-cal")
    };
    let paid: Vec<&Row> = services.iter().filter(by_medicaid).copied().collect();
    let mut all = Vec::new();
    all.extend(of_services("the amount of", &|one| lacks(one, step::amount), &paid));
    all.extend(of_services("how often", &|one| lacks(one, step::often), &paid));
    let endless = |one: &Row| lacks(one, step::from) || lacks(one, step::until);
    all.extend(of_services("the duration (from, until) of", &endless, &paid));
    if !all.is_empty() {
        said.push(format!("Medicaid asks for amount, frequency and duration; not yet written: {}.", all.join("; ")));
    }
    said
}
