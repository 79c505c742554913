//! What was given to others from the client's record, for the client: when, to whom, what, why, and what allowed it (45 CFR
//! 164.528). Pure.
//!
//! It holds no word that the worker wrote of a reason to tell without a release, where others may stand, and, unless asked
//! for, nothing of what was held back.

use chrono::{DateTime, FixedOffset, Months, NaiveDate};

use crate::disclosure::Ground;
use crate::model::records::{consent, disclosure};
use crate::model::{ConsentBy, DisclosureWay, Row};

use super::super::Block;
use super::{Lens, On, say};

/// Over how many years it must be said what was given.
const YEARS: u32 = 6;

/// Given to the client themself: they need not be told of it.
const THEMSELF: [&str; 2] = ["the client", "client"];

pub fn given(lens: &Lens<'_>, on: &On<'_>) -> Vec<Block> {
    let since = on.today.checked_sub_months(Months::new(12 * YEARS)).unwrap_or(NaiveDate::MIN);
    let here = |time: DateTime<FixedOffset>| on.moment.local(time);
    let day = |row: &Row| lens.time(row, disclosure::when).map(|time| here(time).date_naive());
    let within = |row: &&Row| {
        let own = THEMSELF.contains(&row.text(disclosure::to).trim());
        let asked = on.period.is_none_or(|period| day(row).is_some_and(|day| (period.from..=period.to).contains(&day)));
        !own && asked && lens.names(row) && day(row).is_some_and(|day| day >= since)
    };
    let rows: Vec<&Row> = on.given.iter().filter(within).collect();
    let mut blocks = vec![Block::paragraph(format!(
        "This is what was given to others from your record, the newest first, since {}. What was given to you yourself is \
         not on it. You may ask for this page whenever you want, and you may take back a permission whenever you want.",
        say::day(since)
    ))];
    if rows.is_empty() {
        blocks.push(Block::paragraph("Nothing was given to anyone."));
    }
    for row in rows {
        let Some(when) = lens.time(row, disclosure::when).map(here) else { continue };
        blocks.push(Block::heading(2, format!("{}: {}", say::day(when.date_naive()), lens.text(row, disclosure::to))));
        let facts = [
            ("What", lens.text(row, disclosure::what)),
            ("How", how(row).to_string()),
            ("Why", lens.text(row, disclosure::purpose)),
            ("Allowed by", allowed(lens, row)),
            ("Held back", if on.withheld { lens.text(row, disclosure::withheld) } else { String::new() }),
        ];
        blocks.push(Block::facts(facts.into_iter().filter(|(_, value)| !value.is_empty())));
    }
    blocks.push(Block::paragraph(format!("Something here is wrong, or you want to know more? Ask {}.", on.signer())));
    blocks
}

fn how(row: &Row) -> &'static str {
    match DisclosureWay::from_code(row.text(disclosure::how)) {
        Some(DisclosureWay::Print) => "On paper",
        Some(DisclosureWay::Export) => "As a file",
        Some(DisclosureWay::Bundle) => "As a copy of the whole record",
        Some(DisclosureWay::Spoken) => "In talking",
        Some(DisclosureWay::Message) => "By message or mail",
        None => "",
    }
}

/// Who gave a release, as far as it may be told.
fn code(lens: &Lens<'_>, release: &Row) -> String {
    let may = !lens.text(release, consent::by).is_empty();
    if may { release.text(consent::by).into() } else { String::new() }
}

/// By which of the client's permissions, or by which law without one.
fn allowed(lens: &Lens<'_>, row: &Row) -> String {
    let without = lens.text(row, disclosure::overridden);
    let law = Ground::ALL.into_iter().find(|ground| without.starts_with(ground.label()));
    let by = row.link(disclosure::consent).map(|id| {
        let Some(release) = lens.all_rows(&consent::TYPE).iter().find(|release| release.id == id) else {
            return "A permission that is no longer in the record".to_string();
        };
        let days = [("from", consent::from), ("until", consent::until), ("taken back on", consent::revoked)];
        let days = days.map(|(label, field)| match lens.text(release, field).as_str() {
            "" => String::new(),
            day => format!("{label} {day}"),
        });
        let whose = match ConsentBy::from_code(&code(lens, release)) {
            Some(ConsentBy::Parent) => "The permission of your parent or guardian",
            Some(ConsentBy::Order) => "The permission of whom a court named",
            Some(ConsentBy::Both) => "Your permission, and that of your parent or guardian",
            Some(ConsentBy::Client) | None => "Your permission",
        };
        let days = say::joined(days);
        if days.is_empty() { whose.to_string() } else { format!("{whose} ({days})") }
    });
    match (by, law, without.is_empty()) {
        (by, Some(law), _) => {
            let law = format!("The law, without your permission: {} ({})", law.in_plain_words(), law.rule());
            by.map_or(law.clone(), |by| format!("{by}. {law}"))
        }
        (Some(by), None, _) => by,
        (None, None, false) => "A reason that is in your record; ask for it".into(),
        (None, None, true) => "Nobody noted what allowed it; ask for it".into(),
    }
}
