//! The plan for the client to read and sign: their own words first, then who does what by when, in plain words and large
//! letters. Pure.
//!
//! A name stands under the words that were signed, and under no others. Where the plan still says them, it is printed once,
//! with the names beneath. Where it says something else, the plan as it was signed comes first, out of the seal, with the
//! name under it and a box that says what was changed since and is not part of what was signed: that is what an auditor
//! looks for. The plan as it reads now follows on a page of its own with lines to sign on: that is what the client needs,
//! to read it whole before agreeing. A name that was overtaken by a newer one of the same side is told in a line.

use crate::model::plans::Agreed;
use crate::model::records::{arrangement, goal, plan, signature, step, strength};
use crate::model::sealed::{self, Sealed};
use crate::model::stands::{self, Changed, Stands};
use crate::model::{ArrangementStatus, ClientChoice, GoalStatus, PlanKind, PlanStatus, Row, SignatureRole, WorkStatus};

use super::super::{Block, Column, Signature, Table};
use super::{Lens, Made, On, To, say, services};

/// The plan in force, or the newest draft where none is.
fn current<'a>(lens: &Lens<'a>) -> Option<&'a Row> {
    let plans = lens.rows(&plan::TYPE);
    let of = |status: PlanStatus| plans.iter().rev().find(|row| row.text(plan::status) == status.code()).copied();
    of(PlanStatus::Active).or_else(|| of(PlanStatus::Draft))
}

pub fn plan(lens: &Lens<'_>, on: &On<'_>) -> Result<Made, &'static str> {
    let plan = current(lens).ok_or("there is no plan yet")?;
    let whole = Agreed::of(plan, |record| lens.all_rows(record));
    let given = given(lens, &whole);
    let agreed = whole.clone().only(|row| lens.names(row));
    let standing: Vec<&Row> = given.iter().filter(|(_, stands)| stands.stands()).map(|(row, _)| row).collect();
    let overtaken: Vec<&(Row, Stands)> = stands::overtaken(&given).collect();
    // The client's comes first; where only others signed, the newest of them.
    let signed = overtaken.iter().find(|(row, _)| stands::is_clients(row)).or(overtaken.last()).copied();
    let mut blocks = Vec::new();
    if let Some((row, changes)) = signed {
        as_signed(&mut blocks, lens, on, &given, row, changes);
        blocks.extend([Block::PageBreak, Block::heading(1, "The plan as it reads now, to be signed")]);
    }
    // "Me" is whoever was the case manager when it was signed, as long as that is what stands here.
    let manager = standing.last().and_then(|row| sealed::read(row.text(signature::content)));
    let manager = manager.map(|sealed| sealed.case_manager).filter(|name| !name.is_empty());
    blocks.extend(body(lens, on, &agreed, manager.as_deref()));
    blocks.push(Block::heading(1, "Signatures"));
    blocks.extend(standing.iter().map(|row| Block::Signature(given_by(row))));
    for (row, stands) in &given {
        let shown = signed.is_some_and(|(shown, _)| same_words(shown, row));
        match stands {
            Stands::Changed(_) if !shown => blocks.push(Block::paragraph(format!(
                "Signed before, under other words than these: {}.",
                crate::model::standing::signed_by(row)
            ))),
            Stands::Broken => blocks.push(Block::Notice(
                "A signature that was put under this plan is not what was given: it was altered outside the program, and \
                 does not stand here."
                    .into(),
            )),
            _ => {}
        }
    }
    to_sign(&mut blocks, on, &standing);
    Ok(Made { blocks, aside: services::missing(lens, &agreed) })
}

/// Every name under the plan, the oldest first, and whether it stands.
fn given(lens: &Lens<'_>, agreed: &Agreed<'_>) -> Vec<(Row, Stands)> {
    let given = stands::under(agreed.plan, lens.all_rows(&signature::TYPE));
    given.map(|row| (row.clone(), stands::under_plan(row, agreed))).collect()
}

fn same_words(one: &Row, other: &Row) -> bool {
    one.text(signature::content) == other.text(signature::content)
}

/// The plan as it was signed, whoever signed those words, and what was changed since.
fn as_signed(
    blocks: &mut Vec<Block>,
    lens: &Lens<'_>,
    on: &On<'_>,
    given: &[(Row, Stands)],
    row: &Row,
    stands: &Stands,
) {
    blocks.push(Block::heading(1, "The plan as it was signed"));
    match sealed::read(row.text(signature::content)) {
        Some(sealed) => {
            let Sealed { case_manager, .. } = &sealed;
            let rows = sealed.rows(row.stream);
            let signed = Agreed::as_signed(&rows).map(|signed| signed.only(|row| lens.names_signed(row)));
            blocks.extend(signed.into_iter().flat_map(|signed| body(lens, on, &signed, Some(case_manager))));
        }
        // A text of before there were numbers in it cannot be told in part.
        None if matches!(on.to, To::Other(_)) => {
            blocks.push(Block::paragraph("The words that were signed are kept in the file."));
        }
        None => blocks.push(Block::paragraph(row.text(signature::content).trim_end())),
    }
    blocks.push(Block::heading(1, "Signed"));
    let under = given.iter().filter(|(other, stands)| same_words(row, other) && !matches!(stands, Stands::Broken));
    blocks.extend(under.map(|(row, _)| Block::Signature(given_by(row))));
    let name = row.text(signature::name).trim();
    let on_day = row.time(signature::at).map_or(String::new(), |at| format!(" on {}", say::day(at.date_naive())));
    blocks.push(Block::Notice(format!(
        "Changed since it was signed (not part of what {name} signed{on_day}). Please sign again below, if you agree."
    )));
    let Stands::Changed(changes) = stands else { return };
    let tell = |row: &Row, field| match lens.shows_both(row, field) {
        true => stands::shown(row, field),
        false => String::new(),
    };
    let told = |one: &Changed| match one {
        Changed::Line { .. } if matches!(on.to, To::Other(_)) => None,
        // What was done for a goal is told with the goal.
        Changed::Added(step) | Changed::TakenOut(step) | Changed::Field { now: step, .. }
            if *step.record == step::TYPE && !goal_is_named(lens, row, step) =>
        {
            None
        }
        one => one.told(&tell),
    };
    let told: Vec<String> = changes.iter().filter_map(told).collect();
    if !told.is_empty() {
        blocks.push(Block::List(told));
    }
}

/// Whether the goal that a step serves may be named: as it is now, or else as it was signed.
fn goal_is_named(lens: &Lens<'_>, signed: &Row, step: &Row) -> bool {
    let Some(of) = step.link(step::goal) else { return false };
    if let Some(goal) = lens.all_rows(&goal::TYPE).iter().find(|goal| goal.id == of) {
        return lens.names(goal);
    }
    let sealed = sealed::read(signed.text(signature::content)).unwrap_or_default();
    sealed.rows(signed.stream).iter().find(|row| row.id == of).is_some_and(|goal| lens.names(goal))
}

/// What the plan says, above the names. `manager`: who was "me" when it was signed.
fn body(lens: &Lens<'_>, on: &On<'_>, agreed: &Agreed<'_>, manager: Option<&str>) -> Vec<Block> {
    let (plan, goals) = (agreed.plan, &agreed.goals);
    let who = |name: String| who(&name, manager.unwrap_or(&on.worker.name));
    let mut blocks = vec![Block::facts(head(lens, plan, manager.map_or_else(|| on.signer(), String::from)))];
    blocks.extend(services::outcome(lens, plan));
    if !goals.is_empty() {
        blocks.push(Block::heading(1, "What I want, in my own words"));
        blocks.extend(goals.iter().map(|row| Block::Quote(lens.text(row, goal::words))));
        blocks.push(Block::heading(1, "How we get there"));
        for (row, number) in goals.iter().zip(1..) {
            one_goal(&mut blocks, lens, agreed, row, number, &who);
        }
    }
    blocks.extend(services::blocks(lens, agreed));
    arrangements(&mut blocks, lens, agreed, &who);
    strengths(&mut blocks, lens, agreed);
    let mut barriers = say::items(&lens.text(plan, plan::barriers));
    barriers.extend(goals.iter().map(|row| lens.text(row, goal::barriers)).filter(|text| !text.is_empty()));
    list(&mut blocks, "What stands in the way", barriers);
    let changes = lens.text(plan, plan::changes);
    if !changes.is_empty() {
        let since = lens.date(plan, plan::reviewed).map_or(String::new(), |day| format!(" ({})", say::day(day)));
        blocks.push(Block::heading(1, format!("What changed since we last looked at it{since}")));
        blocks.push(Block::paragraph(changes));
    }
    blocks.push(Block::heading(1, "When we look at it again"));
    blocks.push(Block::paragraph(match lens.date(plan, plan::review_due) {
        Some(day) => format!("On {}, or sooner if you ask.", say::day_in_full(day)),
        None => "Whenever you ask.".into(),
    }));
    blocks
}

fn head(lens: &Lens<'_>, row: &Row, manager: String) -> Vec<(String, String)> {
    let kind = PlanKind::from_code(row.text(plan::kind)).map_or("Plan", PlanKind::label);
    let draft = if row.text(plan::status) == PlanStatus::Draft.code() { "a draft, not agreed yet" } else { "" };
    let version = row.whole(plan::version).filter(|number| *number > 1).map(|number| format!("version {number}"));
    let mut facts = vec![("Kind of plan".to_string(), say::joined([kind, version.as_deref().unwrap_or(""), draft]))];
    facts.push(("Case manager".into(), manager));
    facts.extend(lens.date(row, plan::start).map(|day| ("From".to_string(), say::day(day))));
    let summary = lens.text(row, plan::summary);
    if !summary.is_empty() {
        facts.push(("In short".into(), summary));
    }
    facts
}

fn one_goal(
    blocks: &mut Vec<Block>,
    lens: &Lens<'_>,
    agreed: &Agreed<'_>,
    row: &Row,
    number: usize,
    who: &dyn Fn(String) -> String,
) {
    blocks.push(Block::heading(2, format!("{number}. {}", lens.text(row, goal::words))));
    let statement = lens.text(row, goal::statement);
    if !statement.is_empty() {
        blocks.push(Block::paragraph(statement));
    }
    let mut facts: Vec<(&str, String)> = Vec::new();
    if let Some(day) = lens.date(row, goal::target) {
        facts.push(("By", say::day(day)));
    }
    if let Some(choice) = ClientChoice::from_code(&code(lens, row, goal::choice)) {
        let words = match choice {
            ClientChoice::Own => "Mine",
            ClientChoice::Agreed => "It was proposed, and I agreed",
            ClientChoice::Required => "It is asked of me by others",
            ClientChoice::Declined => "It was proposed, and I chose not to",
        };
        facts.push(("Whose idea", words.into()));
    }
    let far = far(lens, row);
    if !far.is_empty() {
        facts.push(("How far we are", far));
    }
    if !facts.is_empty() {
        blocks.push(Block::facts(facts));
    }
    let steps: Vec<&Row> = agreed.steps_of(row).collect();
    if !steps.is_empty() {
        let columns = vec![Column::text("Step", 5), Column::text("Who", 2), Column::text("By when", 2)];
        let rows = steps.into_iter().map(|one| {
            let done = one.text(step::status) == WorkStatus::Done.code();
            let when = match (done, lens.date(one, step::done_on), lens.date(one, step::due)) {
                (true, Some(day), _) => format!("done {}", say::day(day)),
                (true, None, _) => "done".into(),
                (false, _, Some(day)) => say::day(day),
                (false, _, None) => String::new(),
            };
            vec![lens.text(one, step::what), who(lens.text(one, step::who)), when]
        });
        blocks.push(Block::Table(Table { columns, rows: rows.collect() }));
    }
}

/// A code that may be told; empty where it may not.
fn code(lens: &Lens<'_>, row: &Row, field: crate::model::FieldId) -> String {
    if lens.text(row, field).is_empty() { String::new() } else { row.text(field).to_string() }
}

/// How far a goal has come, in words.
fn far(lens: &Lens<'_>, row: &Row) -> String {
    if row.text(goal::status) == GoalStatus::Reached.code() && !lens.text(row, goal::status).is_empty() {
        return "Reached".into();
    }
    let attained = lens.whole(row, goal::attainment).map(attainment);
    let progress = lens.whole(row, goal::progress).filter(|percent| *percent > 0).map(|percent| format!("{percent}%"));
    say::joined([progress.as_deref().unwrap_or(""), attained.unwrap_or("")])
}

/// A step of Goal Attainment Scaling (Kiresuk and Sherman 1968) in words.
pub fn attainment(level: i64) -> &'static str {
    match level {
        ..=-2 => "much less than we expected",
        -1 => "less than we expected",
        0 => "as we expected",
        1 => "more than we expected",
        2.. => "much more than we expected",
    }
}

/// "me" is whoever writes the plan down: on the client's paper that is the case manager, and the client is "I".
fn who(who: &str, manager: &str) -> String {
    match who.trim().to_lowercase().as_str() {
        "me" => manager.to_string(),
        "client" | "the client" => "I".into(),
        _ => who.to_string(),
    }
}

fn arrangements(blocks: &mut Vec<Block>, lens: &Lens<'_>, agreed: &Agreed<'_>, who: &dyn Fn(String) -> String) {
    let needed = |row: &&&Row| row.text(arrangement::status) != ArrangementStatus::NotNeeded.code();
    let rows: Vec<&&Row> = agreed.arrangements.iter().filter(needed).collect();
    if rows.is_empty() {
        return;
    }
    blocks.push(Block::heading(1, "For going home"));
    let columns = vec![
        Column::text("What", 4),
        Column::text("Who sees to it", 3),
        Column::text("By when", 2),
        Column::text("How it stands", 2),
    ];
    let rows = rows.into_iter().map(|row| {
        let what = say::joined([lens.text(row, arrangement::what), lens.text(row, arrangement::provider)]);
        let owner = who(lens.text(row, arrangement::owner));
        vec![what, owner, lens.text(row, arrangement::due), lens.text(row, arrangement::status)]
    });
    blocks.push(Block::Table(Table { columns, rows: rows.collect() }));
}

fn strengths(blocks: &mut Vec<Block>, lens: &Lens<'_>, agreed: &Agreed<'_>) {
    let mut all = say::items(&lens.text(agreed.plan, plan::strengths));
    all.extend(agreed.strengths.iter().map(|row| lens.text(row, strength::what)));
    all.extend(agreed.goals.iter().map(|row| lens.text(row, goal::strengths)));
    let mut once: Vec<String> = Vec::new();
    for one in all.into_iter().filter(|one| !one.is_empty()) {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    list(blocks, "What I am good at, and what helps me", once);
}

fn list(blocks: &mut Vec<Block>, title: &str, items: Vec<String>) {
    if !items.is_empty() {
        blocks.push(Block::heading(1, title));
        blocks.push(Block::List(items));
    }
}

/// A line for each name that is still to be put under the plan as it reads now, and what signing means.
fn to_sign(blocks: &mut Vec<Block>, on: &On<'_>, standing: &[&Row]) {
    let signed = |role: SignatureRole| standing.iter().any(|row| is(row, role));
    let by_client = standing.iter().any(|row| stands::is_clients(row));
    let by_worker = signed(SignatureRole::Worker) || signed(SignatureRole::Author);
    if !by_client || !by_worker {
        blocks.push(Block::paragraph(
            "My signature says that I took part in making this plan and that I have a copy. I can ask to change it, and I \
             can change my mind.",
        ));
    }
    if !by_client {
        blocks.push(line("Client, or guardian", None));
    }
    if !by_worker {
        blocks.push(line("Case manager", Some(on)));
    }
}

fn is(row: &Row, role: SignatureRole) -> bool {
    row.text(signature::role) == role.code()
}

/// A signature as it was given.
pub fn given_by(row: &Row) -> Signature {
    let filled = |text: &str| Some(text.trim().to_string()).filter(|text| !text.is_empty());
    Signature {
        role: SignatureRole::from_code(row.text(signature::role)).map_or(String::new(), |role| role.label().into()),
        name: filled(row.text(signature::name)),
        credentials: filled(row.text(signature::credentials)),
        when: row.time(signature::at).map(say::hour),
        witness: filled(row.text(signature::witness)),
    }
}

/// A line to sign on.
fn line(role: &str, by: Option<&On<'_>>) -> Block {
    let filled = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Block::Signature(Signature {
        role: role.into(),
        name: by.and_then(|on| filled(&on.worker.name)),
        credentials: by.and_then(|on| filled(&on.worker.credentials)),
        when: None,
        witness: by.is_none().then(String::new),
    })
}

/// A line for the worker to sign on.
pub fn worker_line(on: &On<'_>) -> Block {
    line("Case manager", Some(on))
}
