//! One page for a hand-over: who this is and how to reach them without harm, why they need someone now, what comes next,
//! what is agreed, who is around them, what to watch. Lists are cut to the room there is, and say how much more there is.
//! Pure.

use crate::model::records::*;
use crate::model::standing::standing;
use crate::model::{
    AppointmentStatus, GoalStatus, Information, NeedStatus, PlanStatus, ReferralStatus, Row, ServiceStatus,
};
use crate::practice::instruments::waits;
use crate::triage::Told;

use super::super::{Block, Column, Table};
use super::{Lens, On, Room, say};

pub fn summary(lens: &Lens<'_>, on: &On<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let safe = lens.of_person(client::safe_contact);
    if !safe.is_empty() {
        blocks.push(Block::Notice(format!("SAFE CONTACT FIRST: {safe}")));
    }
    let crisis = lens.of_person(client::crisis);
    if !crisis.is_empty() {
        blocks.push(Block::Notice(format!("IN CRISIS: {crisis}")));
    }
    blocks.push(Block::Facts(person(lens, on)));
    // What a colleague must know before a visit is not cut as short as the rest.
    let risks_room = Room { letters: on.room.letters.max(RISK), ..on.room };
    let before = [
        ("Risks", say::some(risks(lens, on), risks_room)),
        ("Why now", say::some(reasons(lens, on.reasons), on.room)),
        ("Next", say::some(ahead(lens, on), on.room)),
        ("Last contacts", contacts(lens, on)),
        ("Plan", plan_line(lens).into_iter().collect()),
    ];
    blocks.push(sections(before));
    needs_and_goals(&mut blocks, lens, on);
    blocks.push(sections([
        ("People", say::some(people(lens), on.room)),
        ("Services", say::some(services(lens), on.room)),
        ("Medications", say::some(medications(lens), on.room)),
        ("Printed", vec![format!("{}, by {}", say::hour(on.now), on.signer())]),
    ]));
    blocks
}

/// Letters of a risk that are shown at least.
const RISK: usize = 160;

/// What there is under each label, an item a line.
fn sections<const N: usize>(all: [(&str, Vec<String>); N]) -> Block {
    let filled = all.into_iter().filter(|(_, items)| !items.is_empty());
    Block::facts(filled.map(|(label, items)| (label, items.join("\n"))))
}

fn person(lens: &Lens<'_>, on: &On<'_>) -> Vec<(String, String)> {
    let row = lens.client();
    let language = lens.text(row, client::language);
    let interpreter = if row.yes(client::interpreter) && !lens.text(row, client::interpreter).is_empty() {
        "needs an interpreter"
    } else {
        ""
    };
    let own = |field| lens.of_person(field);
    // Of several entries one word holds: open as long as one is, and the stricter intensity.
    let as_one = |field| lens.text(row, field);
    let facts = [
        ("Born", say::joined([own(client::birth_date), own(client::pronouns)])),
        ("Language", say::joined([language.as_str(), interpreter])),
        ("Reach", say::joined([own(client::phone), own(client::contact_notes), own(client::email)])),
        ("Stays", say::joined([own(client::living), own(client::address)])),
        ("Addressed as", own(client::addressed_as)),
        ("Status", say::joined([as_one(client::status), own(client::area), as_one(client::intensity)])),
        ("Case manager", own(client::worker)),
        ("In care", say::times(lens, on.times).join("; ")),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_empty()).map(|(label, value)| (label.into(), value)).collect()
}

fn risks(lens: &Lens<'_>, on: &On<'_>) -> Vec<String> {
    let mut all = say::items(&lens.of_person(client::risk));
    let mut scores: Vec<&Row> = lens.rows(&assessment::TYPE);
    scores.sort_by_key(|row| std::cmp::Reverse((row.date(assessment::on), row.id)));
    let mut seen = Vec::new();
    for row in scores {
        let instrument = row.text(assessment::instrument);
        // The newest of each instrument; of an earlier one what nobody has acted on.
        let waits = waits(row).map(|_| format!("not acted on yet: {}", lens.text(row, assessment::urgent)));
        if seen.contains(&instrument) && waits.is_none() {
            continue;
        }
        seen.push(instrument);
        let score = lens.whole(row, assessment::score).map_or(String::new(), |score| score.to_string());
        let told = say::joined([
            format!("{} {score}", lens.text(row, assessment::instrument)).trim().to_string(),
            lens.text(row, assessment::band),
            lens.text(row, assessment::on),
            waits.unwrap_or_default(),
        ]);
        all.push(told);
    }
    let safety = lens.rows(&safety_plan::TYPE);
    if let Some(row) = safety.last() {
        all.push(format!("There is a safety plan, looked at on {}", lens.text(row, safety_plan::reviewed)));
    }
    let open = |row: &&Row| row.get(incident::resolved).is_empty();
    let incidents = lens.rows(&incident::TYPE);
    for row in incidents.into_iter().filter(open) {
        let since = lens.text(row, incident::began);
        all.insert(
            0,
            say::joined([
                lens.text(row, incident::kind),
                say::labelled("since", since),
                say::cut(&lens.text(row, incident::what), on.room),
            ]),
        );
    }
    all
}

/// What triage says, where the row it is about may be told.
fn reasons(lens: &Lens<'_>, reasons: &[Told]) -> Vec<String> {
    let may = |told: &&Told| {
        let row = told.subject.and_then(|id| {
            let all = crate::model::CATALOGUE.iter().filter(|record| !record.opens_stream());
            all.flat_map(|record| lens.all_rows(record)).find(|row| row.id == id)
        });
        match row {
            Some(row) => lens.shows_row(row),
            // About the client as a whole: a crisis, a contact that is due.
            None => lens.may(&[Information::Attendance, Information::MentalHealth, Information::Notes].into()),
        }
    };
    reasons.iter().filter(may).filter(|told| lens.may_say(&told.text)).map(|told| told.text.clone()).collect()
}

fn ahead(lens: &Lens<'_>, on: &On<'_>) -> Vec<String> {
    let open =
        |row: &Row| AppointmentStatus::from_code(row.text(appointment::status)).is_none_or(AppointmentStatus::is_open);
    let mut visits: Vec<&Row> = lens
        .rows(&appointment::TYPE)
        .into_iter()
        .filter(|row| {
            open(row) && row.time(appointment::starts).is_some_and(|at| on.moment.local(at).date_naive() >= on.today)
        })
        .collect();
    visits.sort_by_key(|row| (row.time(appointment::starts), row.id));
    let mut all: Vec<String> = visits
        .into_iter()
        .map(|row| {
            let when = lens
                .time(row, appointment::starts)
                .map_or(String::new(), |at| at.format("%a %-d %b, %H:%M").to_string());
            let [title, place, with] =
                [appointment::title, appointment::place, appointment::with].map(|field| lens.text(row, field));
            let ride = say::labelled("ride", lens.text(row, appointment::transport).to_lowercase());
            format!("{when}: {}", say::joined([title, place, say::labelled("with", with), ride]))
        })
        .collect();
    let todo = |row: &&Row| !matches!(row.text(task::status), "done" | "dropped");
    all.extend(lens.rows(&task::TYPE).into_iter().filter(todo).map(|row| {
        let due = lens.text(row, task::due);
        say::joined([lens.text(row, task::what), say::labelled("due", due)])
    }));
    all
}

/// The newest notes: what was said only where it was signed.
fn contacts(lens: &Lens<'_>, on: &On<'_>) -> Vec<String> {
    let (signatures, addenda) = (lens.all_rows(&signature::TYPE), lens.all_rows(&addendum::TYPE));
    let mut notes: Vec<&Row> = lens.all_rows(&note::TYPE).iter().collect();
    notes.sort_by_key(|row| std::cmp::Reverse((row.time(note::when), row.id)));
    let told = notes.into_iter().filter_map(|row| {
        let standing = standing(row, signatures, addenda);
        if !lens.shows_signed(row, &standing) {
            return None;
        }
        let when = row.time(note::when).map_or(String::new(), |at| at.format("%a %-d %b").to_string());
        let words = match standing.is_signed() {
            true => standing.text.split_once("\nNote: ").map_or("", |(_, words)| words),
            false => "not signed yet",
        };
        Some(format!("{when}, {}: {}", lens.text(row, note::kind).to_lowercase(), say::cut(words, on.room)))
    });
    // More than a few are the records' own business.
    told.take(on.room.items.min(5)).collect()
}

fn plan_line(lens: &Lens<'_>) -> Option<String> {
    let plans = lens.rows(&plan::TYPE);
    let row = plans.iter().rev().find(|row| row.text(plan::status) == PlanStatus::Active.code())?;
    Some(say::joined([
        lens.text(row, plan::kind),
        say::labelled("from", lens.text(row, plan::start)),
        say::labelled("review due", lens.text(row, plan::review_due)),
    ]))
}

fn needs_and_goals(blocks: &mut Vec<Block>, lens: &Lens<'_>, on: &On<'_>) {
    let goals: Vec<&Row> = lens
        .rows(&goal::TYPE)
        .into_iter()
        .filter(|row| row.text(goal::status) != GoalStatus::SetAside.code())
        .collect();
    let settled = [NeedStatus::Met, NeedStatus::Declined].map(NeedStatus::code);
    let needs = lens.rows(&need::TYPE).into_iter().filter(|row| !settled.contains(&row.text(need::status)));
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut answered = Vec::new();
    for row in needs {
        let title = say::joined([lens.text(row, need::what), lens.text(row, need::severity).to_lowercase()]);
        let own: Vec<&&Row> = goals.iter().filter(|goal| answers(goal, row)).collect();
        answered.extend(own.iter().map(|goal| goal.id));
        let words: Vec<String> = own.iter().map(|goal| goal_line(lens, goal)).collect();
        rows.push(vec![title, if words.is_empty() { "no goal yet".into() } else { words.join("; ") }]);
    }
    rows.extend(
        goals.iter().filter(|row| !answered.contains(&row.id)).map(|row| vec![String::new(), goal_line(lens, row)]),
    );
    if rows.is_empty() {
        return;
    }
    let many = rows.len();
    for row in &mut rows {
        row.iter_mut().for_each(|cell| *cell = say::cut(cell, on.room));
    }
    rows.truncate(on.room.items);
    if many > on.room.items {
        rows.push(vec![format!("and {} more", many - on.room.items), String::new()]);
    }
    let columns = vec![Column::text("Need", 1), Column::text("Goal, in their own words", 1)];
    blocks.push(Block::Table(Table { columns, rows }));
}

/// Whether a goal is set for a need: because it says so, or, where it names none, because both are of one domain.
fn answers(goal: &Row, need: &Row) -> bool {
    match goal.link(goal::need) {
        Some(named) => named == need.id,
        None => !need.text(need::domain).is_empty() && goal.text(goal::domain) == need.text(need::domain),
    }
}

fn goal_line(lens: &Lens<'_>, row: &Row) -> String {
    let far = match row.text(goal::status) == GoalStatus::Reached.code() {
        true => "reached".into(),
        false => lens.text(row, goal::progress),
    };
    say::joined([
        format!("\"{}\"", lens.text(row, goal::words)),
        far,
        say::labelled("by", lens.text(row, goal::target)),
    ])
}

fn people(lens: &Lens<'_>) -> Vec<String> {
    let mut family = lens.rows(&relationship::TYPE);
    family.sort_by_key(|row| (!row.yes(relationship::emergency), !row.yes(relationship::household), row.id));
    let mut all: Vec<String> = family
        .into_iter()
        .map(|row| {
            let emergency = if row.yes(relationship::emergency) { "emergency contact" } else { "" };
            let [name, relation, phone] =
                [relationship::name, relationship::relation, relationship::phone].map(|field| lens.text(row, field));
            say::joined([name.as_str(), &relation, &phone, emergency])
        })
        .collect();
    all.extend(lens.rows(&care_team::TYPE).into_iter().map(|row| {
        say::joined(
            [care_team::name, care_team::role, care_team::organisation, care_team::phone]
                .map(|field| lens.text(row, field)),
        )
    }));
    all
}

fn services(lens: &Lens<'_>) -> Vec<String> {
    let on = |row: &&Row| row.text(service::status) != ServiceStatus::Ended.code();
    let mut all: Vec<String> = lens
        .rows(&service::TYPE)
        .into_iter()
        .filter(on)
        .map(|row| {
            say::joined(
                [service::what, service::provider, service::status, service::phone].map(|field| lens.text(row, field)),
            )
        })
        .collect();
    let open = |row: &&Row| row.text(referral::status) != ReferralStatus::Closed.code();
    all.extend(lens.rows(&referral::TYPE).into_iter().filter(open).map(|row| {
        let [to, what, status] = [referral::to, referral::what, referral::status].map(|field| lens.text(row, field));
        format!("Referred to {}", say::joined([to, what, status.to_lowercase()]))
    }));
    all
}

fn medications(lens: &Lens<'_>) -> Vec<String> {
    let taken = |row: &&Row| row.get(medication::until).is_empty();
    let told = |row: &Row| {
        say::joined([medication::name, medication::dose, medication::prescriber].map(|field| lens.text(row, field)))
    };
    lens.rows(&medication::TYPE).into_iter().filter(taken).map(told).collect()
}
