//! The plan for the client to read and sign: their own words first, then who does what by when, in plain words and large
//! letters. Pure.

use crate::model::records::{arrangement, goal, plan, signature, step, strength};
use crate::model::{
    ArrangementStatus, ClientChoice, GoalStatus, PlanKind, PlanStatus, Row, SignatureRole, WorkStatus, signing,
};

use super::super::{Block, Column, Signature, Table};
use super::{Lens, Made, On, say, services};

/// The plan in force, or the newest draft where none is.
fn current<'a>(lens: &Lens<'a>) -> Option<&'a Row> {
    let plans = lens.rows(&plan::TYPE);
    let of = |status: PlanStatus| plans.iter().rev().find(|row| row.text(plan::status) == status.code()).copied();
    of(PlanStatus::Active).or_else(|| of(PlanStatus::Draft))
}

pub fn plan(lens: &Lens<'_>, on: &On<'_>) -> Result<Made, &'static str> {
    let plan = current(lens).ok_or("there is no plan yet")?;
    let with = |row: &&Row| row.link(goal::plan).is_none_or(|of| of == plan.id);
    let shown = |row: &&Row| row.text(goal::status) != GoalStatus::SetAside.code();
    let goals: Vec<&Row> = lens.rows(&goal::TYPE).into_iter().filter(with).filter(shown).collect();
    let mut blocks = vec![Block::facts(head(lens, on, plan))];
    blocks.extend(services::outcome(lens, plan));
    if !goals.is_empty() {
        blocks.push(Block::heading(1, "What I want, in my own words"));
        blocks.extend(goals.iter().map(|row| Block::Quote(lens.text(row, goal::words))));
        blocks.push(Block::heading(1, "How we get there"));
        for (row, number) in goals.iter().zip(1..) {
            one_goal(&mut blocks, lens, on, row, number);
        }
    }
    blocks.extend(services::blocks(lens, plan, &goals));
    arrangements(&mut blocks, lens, on);
    strengths(&mut blocks, lens, plan, &goals);
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
    blocks.push(Block::heading(1, "Signatures"));
    blocks.push(Block::paragraph(
        "My signature says that I took part in making this plan and that I have a copy. I can ask to change it, and I can \
         change my mind.",
    ));
    signatures(&mut blocks, lens, on, plan, &goals);
    Ok(Made { blocks, aside: services::missing(lens, plan, &goals) })
}

fn head(lens: &Lens<'_>, on: &On<'_>, row: &Row) -> Vec<(String, String)> {
    let kind = PlanKind::from_code(row.text(plan::kind)).map_or("Plan", PlanKind::label);
    let draft = if row.text(plan::status) == PlanStatus::Draft.code() { "a draft, not agreed yet" } else { "" };
    let version = row.whole(plan::version).filter(|number| *number > 1).map(|number| format!("version {number}"));
    let mut facts = vec![("Kind of plan".to_string(), say::joined([kind, version.as_deref().unwrap_or(""), draft]))];
    facts.push(("Case manager".into(), on.signer()));
    facts.extend(lens.date(row, plan::start).map(|day| ("From".to_string(), say::day(day))));
    let summary = lens.text(row, plan::summary);
    if !summary.is_empty() {
        facts.push(("In short".into(), summary));
    }
    facts
}

fn one_goal(blocks: &mut Vec<Block>, lens: &Lens<'_>, on: &On<'_>, row: &Row, number: usize) {
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
    let mine =
        |one: &&Row| one.link(step::goal) == Some(row.id) && one.text(step::status) != WorkStatus::Dropped.code();
    let steps: Vec<&Row> = lens.rows(&step::TYPE).into_iter().filter(mine).collect();
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
            vec![lens.text(one, step::what), who(&lens.text(one, step::who), on), when]
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
fn who(who: &str, on: &On<'_>) -> String {
    match who.trim().to_lowercase().as_str() {
        "me" => on.worker.name.clone(),
        "client" | "the client" => "I".into(),
        _ => who.to_string(),
    }
}

fn arrangements(blocks: &mut Vec<Block>, lens: &Lens<'_>, on: &On<'_>) {
    let needed = |row: &&Row| row.text(arrangement::status) != ArrangementStatus::NotNeeded.code();
    let rows: Vec<&Row> = lens.rows(&arrangement::TYPE).into_iter().filter(needed).collect();
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
        let owner = who(&lens.text(row, arrangement::owner), on);
        vec![what, owner, lens.text(row, arrangement::due), lens.text(row, arrangement::status)]
    });
    blocks.push(Block::Table(Table { columns, rows: rows.collect() }));
}

fn strengths(blocks: &mut Vec<Block>, lens: &Lens<'_>, plan: &Row, goals: &[&Row]) {
    let mut all = say::items(&lens.text(plan, plan::strengths));
    all.extend(lens.rows(&strength::TYPE).iter().map(|row| lens.text(row, strength::what)));
    all.extend(goals.iter().map(|row| lens.text(row, goal::strengths)));
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

/// Signatures that were given under this plan, and a line for each that is still to be given.
fn signatures(blocks: &mut Vec<Block>, lens: &Lens<'_>, on: &On<'_>, plan: &Row, goals: &[&Row]) {
    let id = plan.id.to_string();
    let mut given: Vec<&Row> =
        lens.all_rows(&signature::TYPE).iter().filter(|row| row.text(signature::of) == id).collect();
    given.sort_by_key(|row| (row.time(signature::at), row.id));
    // A signature stands for the words it was given under.
    let stands = |row: &&Row| {
        let content = row.text(signature::content);
        signing::holds(row)
            && row.text(signature::reads) == signing::reads(plan)
            && goals.iter().all(|goal| content.contains(goal.text(goal::words)))
    };
    for row in &given {
        blocks.push(Block::Signature(given_by(row)));
        if !stands(row) {
            blocks.push(Block::paragraph("The plan was changed after this signature: please sign again below."));
        }
    }
    let signed = |role: SignatureRole| given.iter().filter(|row| stands(row)).any(|row| is(row, role));
    let by_client = signed(SignatureRole::Client) || signed(SignatureRole::Guardian);
    if !by_client {
        blocks.push(line("Client, or guardian", None));
    }
    if !signed(SignatureRole::Worker) && !signed(SignatureRole::Author) {
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
