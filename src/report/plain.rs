//! A document as text for a terminal or a mail: the same words in the same order, in lines that fit.
//!
//! Nothing in it steers a terminal: every piece of text goes through [`crate::model::text`] first. Widths are counted in
//! columns as a terminal counts them, so names in any script keep a table straight.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::document::{Align, Block, Chart, Document, Signature, Table, figure};
use crate::model::text::{lines, one_line};

/// Narrower than this, lines are no longer made to fit.
const NARROWEST: usize = 20;

/// The document in lines of at most `columns`, which counts as 20 if it is less. Ends with a line break.
pub fn to_text(document: &Document, columns: usize) -> String {
    let mut out = Lines { columns: columns.max(NARROWEST), out: String::new() };
    if !document.header.is_empty() {
        out.wrapped(&one_line(&document.header), "", "");
        out.gap();
    }
    out.heading(&document.title, "=");
    if !document.subtitle.is_empty() {
        out.wrapped(&one_line(&document.subtitle), "", "");
    }
    for block in &document.blocks {
        out.gap();
        out.block(block);
    }
    if !document.footer.is_empty() {
        out.gap();
        out.rule();
        out.wrapped(&one_line(&document.footer), "", "");
    }
    out.out
}

/// The lines so far.
struct Lines {
    columns: usize,
    out: String,
}

impl Lines {
    /// One empty line, if there is anything above.
    fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    fn rule(&mut self) {
        self.line(&"-".repeat(self.columns));
    }

    /// Text whose first line begins with `first` and each other one with `rest`.
    fn wrapped(&mut self, text: &str, first: &str, rest: &str) {
        let room = self.columns.saturating_sub(first.width().max(rest.width())).max(1);
        for (at, line) in wrap(text, room).iter().enumerate() {
            self.line(&format!("{}{line}", if at == 0 { first } else { rest }));
        }
    }

    fn heading(&mut self, text: &str, under: &str) {
        let text = one_line(text);
        if !text.is_empty() {
            self.wrapped(&text, "", "");
            self.line(&under.repeat(text.width().min(self.columns)));
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(1, text) => self.heading(text, "="),
            Block::Heading(2, text) => self.heading(text, "-"),
            Block::Heading(_, text) => self.wrapped(&one_line(text), "", ""),
            Block::Paragraph(text) => self.wrapped(&lines(text), "", ""),
            Block::Quote(text) => self.wrapped(&lines(text), "  | ", "  | "),
            Block::Notice(text) => {
                self.line(&"*".repeat(self.columns));
                self.wrapped(&lines(text), "* ", "* ");
                self.line(&"*".repeat(self.columns));
            }
            Block::Facts(facts) => self.facts(facts),
            Block::List(items) => items.iter().for_each(|item| self.wrapped(&lines(item), "  - ", "    ")),
            Block::Steps(items) => {
                for (at, item) in items.iter().enumerate() {
                    let sign = format!("  {}. ", at + 1);
                    self.wrapped(&lines(item), &sign, &" ".repeat(sign.len()));
                }
            }
            Block::Table(table) => self.table(table),
            Block::Signature(signature) => self.signature(signature),
            Block::Chart(chart) => self.chart(chart),
            Block::PageBreak => self.rule(),
        }
    }

    fn facts(&mut self, facts: &[(String, String)]) {
        let labels: Vec<_> = facts.iter().map(|(label, _)| one_line(label)).collect();
        let widest = labels.iter().map(|label| label.width()).max().unwrap_or(0).min(self.columns / 3);
        for (label, (_, value)) in labels.iter().zip(facts) {
            let rest = " ".repeat(widest + 2);
            if label.width() <= widest {
                self.wrapped(&lines(value), &format!("{}  ", padded(label, widest, Align::Start)), &rest);
            } else {
                self.wrapped(label, "", "");
                self.wrapped(&lines(value), &rest, &rest);
            }
        }
    }

    fn table(&mut self, table: &Table) {
        if table.columns.is_empty() {
            return;
        }
        let cell = |row: &Vec<String>, at: usize| row.get(at).map(|cell| lines(cell).into_owned()).unwrap_or_default();
        let heads: Vec<String> = table.columns.iter().map(|column| one_line(&column.head).into_owned()).collect();
        let natural: Vec<usize> = (0..heads.len())
            .map(|at| {
                let widest = |text: &str| text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0);
                table.rows.iter().map(|row| widest(&cell(row, at))).fold(widest(&heads[at]), usize::max).max(1)
            })
            .collect();
        let widths = narrowed(natural, self.columns.saturating_sub(2 * (heads.len() - 1)));
        self.row(&heads, &widths, table);
        let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        self.line(&rules.join("  "));
        for row in &table.rows {
            let cells: Vec<String> = (0..heads.len()).map(|at| cell(row, at)).collect();
            self.row(&cells, &widths, table);
        }
    }

    fn row(&mut self, cells: &[String], widths: &[usize], table: &Table) {
        let wrapped: Vec<Vec<String>> = cells.iter().zip(widths).map(|(cell, width)| wrap(cell, *width)).collect();
        for at in 0..wrapped.iter().map(Vec::len).max().unwrap_or(0) {
            let line: Vec<String> = wrapped
                .iter()
                .zip(widths)
                .zip(&table.columns)
                .map(|((lines, width), column)| padded(lines.get(at).map_or("", String::as_str), *width, column.align))
                .collect();
            self.line(&line.join("  "));
        }
    }

    fn signature(&mut self, signature: &Signature) {
        let (role, signer) = (one_line(&signature.role), signature.signer());
        let signer = one_line(&signer);
        let named = if signer.is_empty() { role.into_owned() } else { format!("{role}: {signer}") };
        let witness = signature.witness.as_deref().map(one_line);
        match &signature.when {
            Some(when) => {
                let witness = witness.map(|witness| format!(". Witness: {witness}")).unwrap_or_default();
                self.wrapped(&named, "", "");
                self.wrapped(&format!("Signed {}{witness}", one_line(when)), "  ", "  ");
            }
            None => {
                self.line_to_sign(&named);
                if let Some(witness) = witness {
                    self.line_to_sign(&if witness.is_empty() {
                        "Witness".to_owned()
                    } else {
                        format!("Witness: {witness}")
                    });
                }
            }
        }
    }

    fn line_to_sign(&mut self, under: &str) {
        let date = 12;
        let name = self.columns.min(76) - date - 2;
        self.line("");
        self.line(&format!("{}  {}", "_".repeat(name), "_".repeat(date)));
        for (at, line) in wrap(under, name).iter().enumerate() {
            self.line(&format!("{}  {}", padded(line, name, Align::Start), if at == 0 { "Date" } else { "" }));
        }
    }

    /// Every chart as bars: a line over time reads well from top to bottom.
    fn chart(&mut self, chart: &Chart) {
        self.wrapped(&one_line(&chart.title), "", "");
        let labels: Vec<String> = chart.points.iter().map(|(label, _)| one_line(label).into_owned()).collect();
        let figures: Vec<String> = chart.points.iter().map(|(_, value)| figure(*value)).collect();
        let widest = labels.iter().map(|label| label.width()).max().unwrap_or(0).min(self.columns / 3);
        let figure_width = figures.iter().map(|figure| figure.width()).max().unwrap_or(0);
        let room = self.columns.saturating_sub(widest + figure_width + 4).max(1);
        let longest =
            chart.points.iter().map(|(_, value)| value.abs()).filter(|value| value.is_finite()).fold(0.0, f64::max);
        for ((label, figure), (_, value)) in labels.iter().zip(&figures).zip(&chart.points) {
            let part = if longest > 0.0 && value.is_finite() { value.abs() / longest } else { 0.0 };
            let bar = "#".repeat((part * room as f64).round() as usize);
            let figure = padded(figure, figure_width, Align::End);
            for (at, line) in wrap(label, widest.max(1)).iter().enumerate() {
                let label = padded(line, widest, Align::Start);
                self.line(&if at == 0 { format!("{label}  {figure}  {bar}") } else { label });
            }
        }
    }
}

/// Lines of at most `width` columns; words that are longer are cut between letters. At least one line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut wrapped = Vec::new();
    for line in text.trim_end().split('\n') {
        let (mut current, mut used) = (String::new(), 0);
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            let wide = word.width();
            if used > 0 && used + 1 + wide > width {
                wrapped.push(std::mem::take(&mut current));
                used = 0;
            }
            if used > 0 {
                current.push(' ');
                used += 1;
            }
            if wide <= width {
                current.push_str(word);
                used += wide;
                continue;
            }
            for letter in word.graphemes(true) {
                if used > 0 && used + letter.width() > width {
                    wrapped.push(std::mem::take(&mut current));
                    used = 0;
                }
                current.push_str(letter);
                used += letter.width();
            }
        }
        wrapped.push(current);
    }
    wrapped
}

fn padded(text: &str, width: usize, align: Align) -> String {
    let spaces = " ".repeat(width.saturating_sub(text.width()));
    if align == Align::End { spaces + text } else { text.to_owned() + &spaces }
}

/// Widths made to fit, a column at a time, always the widest first.
fn narrowed(mut widths: Vec<usize>, room: usize) -> Vec<usize> {
    let count = widths.len().max(1);
    let mut over = widths.iter().sum::<usize>().saturating_sub(room.max(count));
    while over > 0 {
        let widest = *widths.iter().max().expect("a table has columns");
        let next = widths.iter().copied().filter(|width| *width < widest).max().unwrap_or(1);
        let many = widths.iter().filter(|width| **width == widest).count();
        let step = (widest - next).min(over.div_ceil(many)).max(1);
        for width in widths.iter_mut().filter(|width| **width == widest) {
            let less = step.min(over);
            *width -= less;
            over -= less;
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_and_long_words_keep_to_their_lines() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("李明李明 ab", 5), ["李明", "李明", "ab"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(narrowed(vec![40, 4, 10], 30), [16, 4, 10]);
    }

    proptest! {
        #[test]
        fn columns_fit_where_there_is_room(widths in proptest::collection::vec(1usize..200, 1..10), room in 10usize..120) {
            let fitted = narrowed(widths.clone(), room);
            prop_assert!(fitted.iter().sum::<usize>() <= room.max(widths.iter().sum::<usize>().min(room)));
            prop_assert!(fitted.iter().zip(&widths).all(|(fitted, width)| *fitted >= 1 && fitted <= width));
        }
    }
}
