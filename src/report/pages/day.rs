//! The day sheet: today's appointments with where, how to get there and who interprets, and who needs the worker today and
//! why. For the worker alone, in a pocket; it says so. Pure.

use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::model::Arranged;

use super::super::{Block, Column, Table};
use super::say;

/// An appointment of the day.
#[derive(Clone, PartialEq, Debug)]
pub struct Stop {
    pub starts: DateTime<FixedOffset>,
    pub minutes: u32,
    pub client: String,
    pub title: String,
    /// Where it is; empty where that is not known.
    pub place: String,
    /// The number to call, or the instruction how to reach the client safely, which stands in its place.
    pub reach: String,
    pub transport: Option<Arranged>,
    pub interpreter: Option<Arranged>,
}

/// Someone who needs the worker.
#[derive(Clone, PartialEq, Debug)]
pub struct Needy {
    pub client: String,
    pub reach: String,
    /// The most pressing first.
    pub reasons: Vec<String>,
}

/// Reasons that are shown of one client.
const REASONS: usize = 3;

pub fn day_sheet(today: NaiveDate, stops: &[Stop], needy: &[Needy]) -> Vec<Block> {
    let mut blocks = vec![
        Block::Notice("This sheet contains names: keep it with you, and destroy it tonight.".into()),
        Block::heading(1, format!("Appointments on {}", say::day_in_full(today))),
    ];
    if stops.is_empty() {
        blocks.push(Block::paragraph("None."));
    } else {
        let columns = vec![
            Column::text("When", 2),
            Column::text("Who, what", 4),
            Column::text("Where", 4),
            Column::text("Reach", 3),
            Column::text("Ride, interpreter", 3),
        ];
        let rows = stops.iter().map(|stop| {
            let length = if stop.minutes > 0 { format!(" ({} min)", stop.minutes) } else { String::new() };
            vec![
                format!("{}{length}", stop.starts.format("%H:%M")),
                say::joined([&stop.client, &stop.title]),
                stop.place.clone(),
                stop.reach.clone(),
                say::joined([arranged("ride", stop.transport), arranged("interpreter", stop.interpreter)]),
            ]
        });
        blocks.push(Block::Table(Table { columns, rows: rows.collect() }));
    }
    blocks.push(Block::heading(1, "Who needs you"));
    if needy.is_empty() {
        blocks.push(Block::paragraph("Nobody else needs you today."));
        return blocks;
    }
    let columns =
        vec![Column::text("Who", 3), Column::text("Why", 7), Column::text("Reach", 3), Column::text("Done", 1)];
    let rows = needy.iter().map(|one| {
        let mut reasons: Vec<String> = one.reasons.iter().take(REASONS).cloned().collect();
        if one.reasons.len() > REASONS {
            reasons.push(format!("and {} more", one.reasons.len() - REASONS));
        }
        vec![one.client.clone(), reasons.join("\n"), one.reach.clone(), String::new()]
    });
    blocks.push(Block::Table(Table { columns, rows: rows.collect() }));
    blocks
}

fn arranged(what: &str, how: Option<Arranged>) -> String {
    match how {
        Some(Arranged::Needed) => format!("! {what} not arranged"),
        Some(Arranged::Arranged) => format!("{what} arranged"),
        Some(Arranged::NotNeeded) | None => String::new(),
    }
}
