//! The worker's own log, for a board or an employer: credentials, continuing education, supervised hours, with what renewal
//! asks for. It holds no client. Pure.

use chrono::NaiveDate;

use crate::model::Row;
use crate::model::records::{credential, education, supervision};
use crate::practice::credentials::{Standing, hours};

use super::super::{Block, Column, Table};
use super::say;

pub fn practice_log(
    today: NaiveDate,
    standings: &[Standing],
    held: &[Row],
    courses: &[Row],
    supervised: &[Row],
) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !held.is_empty() {
        blocks.push(Block::heading(1, "Credentials"));
        let columns = vec![
            Column::text("Credential", 3),
            Column::text("Number, board", 3),
            Column::text("Issued", 2),
            Column::text("Expires", 2),
            Column::text("Status", 2),
        ];
        let rows = held.iter().map(|row| {
            vec![
                text(row, credential::kind),
                say::joined([text(row, credential::number), text(row, credential::issued_by)]),
                date(row, credential::issued),
                date(row, credential::expires),
                text(row, credential::status),
            ]
        });
        blocks.push(Block::Table(Table { columns, rows: rows.collect() }));
    }
    if !standings.is_empty() {
        blocks.push(Block::heading(1, "What renewal asks for"));
        let columns = vec![
            Column::text("Credential", 3),
            Column::text("Of what", 3),
            Column::figures("There", 2),
            Column::figures("Asked for", 2),
            Column::figures("Missing", 2),
        ];
        let rows = standings.iter().flat_map(|one| {
            one.education.iter().chain(&one.supervision).map(|progress| {
                let missing = if progress.missing() > 0 { hours(progress.missing()) } else { "nothing".into() };
                vec![one.kind.name.clone(), progress.what.clone(), hours(progress.have), hours(progress.need), missing]
            })
        });
        blocks.push(Block::Table(Table { columns, rows: rows.collect() }));
    }
    if !courses.is_empty() {
        blocks.push(Block::heading(1, "Continuing education"));
        let columns = vec![
            Column::text("On", 2),
            Column::text("What", 4),
            Column::text("Provider, certificate", 4),
            Column::text("Category", 2),
            Column::figures("Length", 2),
        ];
        let rows = courses.iter().map(|row| {
            vec![
                date(row, education::on),
                text(row, education::title),
                say::joined([text(row, education::provider), text(row, education::certificate)]),
                text(row, education::category),
                length(row, education::minutes),
            ]
        });
        blocks.push(Block::Table(Table { columns, rows: rows.collect() }));
        blocks.push(Block::paragraph(format!("In all: {}.", sum(courses, education::minutes))));
    }
    if !supervised.is_empty() {
        blocks.push(Block::heading(1, "Supervised practice"));
        let columns = vec![
            Column::text("On", 2),
            Column::text("Supervisor", 4),
            Column::text("Kind", 2),
            Column::figures("Practice", 2),
            Column::figures("Supervision", 2),
        ];
        let rows = supervised.iter().map(|row| {
            vec![
                date(row, supervision::on),
                text(row, supervision::supervisor),
                text(row, supervision::kind),
                length(row, supervision::practice),
                length(row, supervision::minutes),
            ]
        });
        blocks.push(Block::Table(Table { columns, rows: rows.collect() }));
        let (practice, itself) = (sum(supervised, supervision::practice), sum(supervised, supervision::minutes));
        blocks.push(Block::paragraph(format!("In all: {practice} of practice, {itself} of supervision.")));
    }
    if blocks.is_empty() {
        blocks.push(Block::paragraph("Nothing is written down yet."));
    }
    blocks.push(Block::paragraph(format!("As of {}.", say::day(today))));
    blocks
}

fn text(row: &Row, field: crate::model::FieldId) -> String {
    row.record.field(field.field).map_or(String::new(), |field| row.shown(field))
}

fn date(row: &Row, field: crate::model::FieldId) -> String {
    row.date(field).map_or(String::new(), say::day)
}

fn length(row: &Row, field: crate::model::FieldId) -> String {
    row.whole(field).map_or(String::new(), hours)
}

fn sum(rows: &[Row], field: crate::model::FieldId) -> String {
    hours(rows.iter().filter_map(|row| row.whole(field)).sum())
}
