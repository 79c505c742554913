//! The closing summary: how the work together ended and why, what was reached, where the client was sent, what comes after,
//! and a line for each to sign. Pure.

use crate::model::records::{client, goal, need, referral, service};
use crate::model::{NeedStatus, ReferralStatus, Row, ServiceStatus};

use super::super::{Block, Column, Signature, Table};
use super::plan::{attainment, worker_line};
use super::{Lens, On, say};

pub fn closing(lens: &Lens<'_>, on: &On<'_>) -> Result<Vec<Block>, &'static str> {
    let person = lens.client();
    let facts = [
        ("Opened", lens.text(person, client::opened)),
        ("Closed", lens.text(person, client::closed)),
        ("Outcome", lens.text(person, client::outcome)),
        ("Why", lens.text(person, client::closing_reason)),
        ("Case manager", on.signer()),
        ("Times in care", say::times(lens, on.times).join("; ")),
    ];
    let mut blocks = vec![Block::facts(facts.into_iter().filter(|(_, value)| !value.is_empty()))];
    let summary = lens.text(person, client::closing_summary);
    if !summary.is_empty() {
        blocks.push(Block::heading(1, "In short"));
        blocks.push(Block::paragraph(summary));
    }
    let goals = lens.rows(&goal::TYPE);
    if !goals.is_empty() {
        blocks.push(Block::heading(1, "What was reached"));
        let columns = vec![Column::text("Goal, in the client's own words", 5), Column::text("How far it came", 4)];
        let rows = goals.into_iter().map(|row| {
            let attained = lens.whole(row, goal::attainment).map_or("", attainment);
            let far = say::joined([
                lens.text(row, goal::status).as_str(),
                &lens.text(row, goal::progress),
                attained,
                &say::labelled("in the way", lens.text(row, goal::barriers)),
            ]);
            vec![lens.text(row, goal::words), far]
        });
        blocks.push(Block::Table(Table { columns, rows: rows.collect() }));
    }
    let unmet = |row: &&Row| row.text(need::status) != NeedStatus::Met.code();
    let needs: Vec<String> = lens
        .rows(&need::TYPE)
        .into_iter()
        .filter(unmet)
        .map(|row| say::joined([need::what, need::status, need::why_unmet].map(|field| lens.text(row, field))))
        .collect();
    list(&mut blocks, "Needs that remain", needs);
    let referrals = lens.rows(&referral::TYPE);
    let told = |row: &&Row| {
        let [to, what, status, outcome, sent] =
            [referral::to, referral::what, referral::status, referral::outcome, referral::sent]
                .map(|field| lens.text(row, field));
        let end = if outcome.is_empty() { status } else { outcome };
        say::joined([to, what, end.to_lowercase(), say::labelled("sent on", sent)])
    };
    list(&mut blocks, "Referrals, and what came of them", referrals.iter().map(told).collect());
    let mut after: Vec<String> = lens
        .rows(&service::TYPE)
        .into_iter()
        .filter(|row| row.text(service::status) != ServiceStatus::Ended.code())
        .map(|row| {
            say::joined(
                [service::what, service::provider, service::contact, service::phone].map(|field| lens.text(row, field)),
            )
        })
        .collect();
    let open = |row: &&&Row| !matches!(row.text(referral::status), code if code == ReferralStatus::Closed.code() || code == ReferralStatus::Declined.code());
    after.extend(referrals.iter().filter(open).map(|row| {
        let [to, contact] = [referral::to, referral::contact].map(|field| lens.text(row, field));
        format!("An answer is awaited from {}", say::joined([to, contact]))
    }));
    list(&mut blocks, "What comes after", after);
    blocks.push(Block::heading(1, "Signatures"));
    blocks.push(Block::Signature(Signature {
        role: "Client, or guardian".into(),
        witness: Some(String::new()),
        ..Signature::default()
    }));
    blocks.push(worker_line(on));
    Ok(blocks)
}

fn list(blocks: &mut Vec<Block>, title: &str, items: Vec<String>) {
    if !items.is_empty() {
        blocks.push(Block::heading(1, title));
        blocks.push(Block::List(items));
    }
}
