//! A report as a document: to be read on paper or in a browser, with its pictures.

use super::super::{Block, Chart, ChartKind, Column, Document, PageSize, Table};
use super::{Figure, Report, Total, Unit};

impl Report {
    /// The report without a name in it: figures, the period before, and charts by worker and by practice area.
    pub fn document(&self) -> Document {
        let rows = self.figures.iter().map(|figure| {
            let unit = figure.measure.unit;
            let (now, before) = (figure.now.in_words(unit), figure.before.in_words(unit));
            vec![figure.measure.label.into(), now, before, figure.change()]
        });
        let columns = vec![
            Column::text("Figure", 4),
            Column::figures("Now", 2),
            Column::figures("The period before", 2),
            Column::figures("Change", 2),
        ];
        let mut blocks = vec![Block::Table(Table { columns, rows: rows.collect() })];
        for (title, groups) in [(self.by.title(), true), ("By practice area", false)] {
            let of = |figure: &Figure| if groups { figure.by_worker.clone() } else { figure.by_area.clone() };
            if self.figures.iter().all(|figure| of(figure).len() < 2) {
                continue;
            }
            blocks.push(Block::heading(2, title));
            blocks.extend(
                self.figures.iter().filter(|figure| of(figure).len() > 1).map(|figure| bars(figure, of(figure))),
            );
        }
        blocks.push(Block::heading(2, "What is counted"));
        blocks.push(Block::facts(self.figures.iter().map(|figure| (figure.measure.label, figure.measure.about))));
        Document {
            title: self.kind.title.into(),
            subtitle: self.period.in_words(),
            language: "en".into(),
            header: format!("{}, {}", self.kind.title, self.period.in_words()),
            footer: String::new(),
            page: PageSize::Letter,
            large: false,
            blocks,
        }
    }
}

fn bars(figure: &Figure, groups: Vec<(String, Total)>) -> Block {
    let name = |name: String| if name.is_empty() { "(nobody named)".to_string() } else { name };
    let unit = figure.measure.unit;
    let points =
        groups.into_iter().map(|(group, total)| (name(group), total.value(unit).unwrap_or(f64::NAN))).collect();
    let percent = if unit == Unit::Share { ", %" } else { "" };
    Block::Chart(Chart { kind: ChartKind::Bars, title: format!("{}{percent}", figure.measure.label), points })
}
