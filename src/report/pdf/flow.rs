//! A document's blocks to strips: what each kind of block looks like, and which lines stay together. A heading stays with
//! what follows it, two lines at least stay together at the top and the bottom of a page, a short row is not cut.
//!
//! Called by [`super::to_pdf`]; it knows widths, but no pages.

use super::super::chart;
use super::super::document::{Align, Block, Chart, Document, Signature, Table};
use super::look::{Ink, Look};
use super::shape::{Line, Shaper};
use super::strip::{Flow, Mark, Meaning, Role, Strip};
use super::{Style, columns, said, said_in_one_line};

/// A text of at most so many lines is not cut.
const SHORT: usize = 5;
/// Nor is a table's row of at most so many.
const SHORT_ROW: usize = 10;

pub(super) struct Flowing<'a> {
    look: &'a Look,
    shaper: &'a mut Shaper,
    flow: Flow,
    /// The next strip begins a page.
    breaks: bool,
}

/// Text in a column.
struct Cell {
    x: f32,
    width: f32,
    lines: Vec<Line>,
    size: f32,
    ink: Ink,
    align: Align,
    meaning: Meaning,
}

/// Everything of a document but what is repeated on every page.
pub(super) fn flow(document: &Document, look: &Look, shaper: &mut Shaper) -> Flow {
    let mut flowing = Flowing { look, shaper, flow: Flow::default(), breaks: false };
    flowing.title(document);
    for block in &document.blocks {
        flowing.block(block);
    }
    flowing.flow
}

impl Flowing<'_> {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(level, text) => self.heading(*level, text),
            Block::Paragraph(text) => self.paragraph(text),
            Block::Quote(text) => self.quote(text),
            Block::Facts(facts) => self.facts(facts),
            Block::List(items) => self.list(items, |_| "•".to_owned()),
            Block::Steps(items) => self.list(items, |at| format!("{}.", at + 1)),
            Block::Table(table) => self.table(table),
            Block::Signature(signature) => self.signature(signature),
            Block::Notice(text) => self.notice(text),
            Block::Chart(chart) => self.chart(chart),
            Block::PageBreak => self.breaks = true,
        }
    }

    fn push(&mut self, mut strip: Strip) {
        strip.breaks = std::mem::take(&mut self.breaks);
        self.flow.strips.push(strip);
    }

    fn cell(&mut self, text: &str, x: f32, width: f32, style: Style, size: f32, meaning: Meaning) -> Cell {
        let lines = self.shaper.lines(text, style, size, width);
        Cell { x, width, lines, size, ink: Ink::Text, align: Align::Start, meaning }
    }

    /// A strip for each line of the longest cell, the cells' first baselines beside each other.
    fn beside(&self, cells: Vec<Cell>, above: f32) -> Vec<Strip> {
        let count = cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(0);
        let largest = cells.iter().map(|cell| cell.size).fold(0.0, f32::max);
        let height = largest * self.look.leading;
        let baseline = (height - largest) / 2.0 + largest * 0.82;
        let mut strips: Vec<Strip> = (0..count)
            .map(|at| Strip {
                above: if at == 0 { above } else { 0.0 },
                height,
                // Neither the first line alone at a page's foot nor the last alone at a page's head.
                keep: at + 1 < count && (count <= SHORT || at == 0 || at + 2 == count),
                ..Strip::default()
            })
            .collect();
        for cell in cells {
            for (strip, line) in strips.iter_mut().zip(cell.lines) {
                let at_right = line.from_right != (cell.align == Align::End);
                let x = if at_right { cell.x + cell.width - line.width } else { cell.x };
                let (size, ink, meaning) = (cell.size, cell.ink, cell.meaning);
                strip.marks.push(Mark::Text { x, y: baseline, size, ink, line, meaning });
            }
        }
        strips
    }

    fn place(&mut self, strips: Vec<Strip>) {
        for strip in strips {
            self.push(strip);
        }
    }

    fn keep_with_next(&mut self) {
        keep_last(&mut self.flow.strips);
    }

    fn title(&mut self, document: &Document) {
        let (look, width) = (self.look, self.look.width());
        if !document.title.is_empty() {
            let title = said_in_one_line(&document.title);
            let meaning = self.flow.part(Role::Heading(1, title.clone()), None);
            let cell = self.cell(&title, 0.0, width, Style::Bold, look.title, meaning);
            let strips = self.beside(vec![cell], 0.0);
            self.place(strips);
            self.keep_with_next();
        }
        if !document.subtitle.is_empty() {
            let meaning = self.flow.part(Role::Paragraph, None);
            let text = said(&document.subtitle);
            let mut cell = self.cell(&text, 0.0, width, Style::Regular, look.body * 1.12, meaning);
            cell.ink = Ink::Soft;
            let strips = self.beside(vec![cell], 0.0);
            self.place(strips);
            self.keep_with_next();
        }
        if !self.flow.strips.is_empty() {
            let weight = if look.card { 0.6 } else { 1.6 };
            let rule = Mark::Box { x: 0.0, y: 0.0, width, height: weight, ink: Ink::Accent };
            let above = look.gap * 0.8;
            self.push(Strip {
                above,
                height: weight + look.gap * 0.5,
                keep: true,
                marks: vec![rule],
                ..Strip::default()
            });
        }
    }

    fn heading(&mut self, level: u8, text: &str) {
        let level = level.clamp(1, 3);
        let size = self.look.headings[usize::from(level) - 1];
        let text = said_in_one_line(text);
        // The title is the first level; the headings of the text come below it.
        let meaning = self.flow.part(Role::Heading(level + 1, text.clone()), None);
        let above = self.look.gap * [2.6, 2.0, 1.4][usize::from(level) - 1];
        let mut cell = self.cell(&text, 0.0, self.look.width(), Style::Bold, size, meaning);
        if level == 1 {
            cell.ink = Ink::Accent;
            self.flow.bookmarks.push((self.flow.strips.len(), text));
        }
        let strips = self.beside(vec![cell], above);
        for strip in strips {
            self.push(Strip { keep: true, ..strip });
        }
        if let Some(last) = self.flow.strips.last_mut() {
            last.height += self.look.gap * 0.15;
        }
    }

    fn paragraph(&mut self, text: &str) {
        let meaning = self.flow.part(Role::Paragraph, None);
        let cell = self.cell(&said(text), 0.0, self.look.width(), Style::Regular, self.look.body, meaning);
        let strips = self.beside(vec![cell], self.look.gap);
        self.place(strips);
    }

    fn quote(&mut self, text: &str) {
        let look = self.look;
        let meaning = self.flow.part(Role::Quote, None);
        // Slanted letters are harder to read for those who need large ones.
        let style = if look.large { Style::Regular } else { Style::Italic };
        let indent = look.body * 1.3;
        let cell = self.cell(&said(text), indent, look.width() - 2.0 * indent, style, look.body * 1.05, meaning);
        let from_right = cell.lines.iter().any(|line| line.from_right);
        let weight = look.body * 0.22;
        let x = if from_right { look.width() - weight } else { 0.0 };
        for mut strip in self.beside(vec![cell], look.gap) {
            let bar = Mark::Box { x, y: 0.0, width: weight, height: strip.height + 0.1, ink: Ink::Accent };
            strip.marks.push(bar);
            self.push(strip);
        }
    }

    fn facts(&mut self, facts: &[(String, String)]) {
        let look = self.look;
        let labels: Vec<String> = facts.iter().map(|(label, _)| said_in_one_line(label)).collect();
        let widest = labels
            .iter()
            .map(|label| self.shaper.line(label, Style::Regular, look.body).width)
            .fold(0.0, f32::max)
            .min(look.width() * 0.36);
        let values = widest + look.body * 1.4;
        let list = self.flow.part(Role::List, None);
        for (at, (label, (_, value))) in labels.iter().zip(facts).enumerate() {
            let item = self.flow.part(Role::Item, list);
            let name = self.flow.part(Role::Label, item);
            let body = self.flow.part(Role::Body, item);
            let mut label = self.cell(label, 0.0, widest + 0.1, Style::Regular, look.body, name);
            label.ink = Ink::Soft;
            let value = self.cell(&said(value), values, look.width() - values, Style::Regular, look.body, body);
            let strips = self.beside(vec![label, value], if at == 0 { look.gap } else { look.gap * 0.3 });
            self.place(strips);
        }
    }

    fn list(&mut self, items: &[String], sign: impl Fn(usize) -> String) {
        let look = self.look;
        let widest = self.shaper.line(&sign(items.len().saturating_sub(1)), Style::Regular, look.body).width;
        let (left, indent) = (look.body * 0.5, look.body * 1.1 + widest);
        let list = self.flow.part(Role::List, None);
        for (at, item) in items.iter().enumerate() {
            let part = self.flow.part(Role::Item, list);
            let name = self.flow.part(Role::Label, part);
            let body = self.flow.part(Role::Body, part);
            let mut sign = self.cell(&sign(at), left, widest + 0.1, Style::Regular, look.body, name);
            sign.ink = Ink::Accent;
            let mut text = self.cell(&said(item), indent, look.width() - indent, Style::Regular, look.body, body);
            if text.lines.iter().any(|line| line.from_right) {
                sign.x = look.width() - left - widest;
                text.x = 0.0;
            }
            let strips = self.beside(vec![sign, text], if at == 0 { look.gap } else { look.gap * 0.35 });
            self.place(strips);
        }
    }

    fn table(&mut self, table: &Table) {
        let look = self.look;
        if table.columns.is_empty() {
            return;
        }
        let pad = look.body * 0.5;
        let mut x = 0.0;
        let columns: Vec<(f32, f32, Align)> = columns::widths(table, look, self.shaper, pad)
            .into_iter()
            .zip(&table.columns)
            .map(|(width, column)| {
                x += width;
                (x - width + pad, (width - 2.0 * pad).max(1.0), column.align)
            })
            .collect();
        let part = self.flow.part(Role::Table, None);
        let row = self.flow.part(Role::Row, part);
        let mut cells = Vec::new();
        for (column, &(x, width, align)) in table.columns.iter().zip(&columns) {
            let meaning = self.flow.part(Role::HeadCell, row);
            let text = said_in_one_line(&column.head);
            let mut cell = self.cell(&text, x, width, Style::Bold, look.small, meaning);
            cell.align = align;
            cells.push(cell);
        }
        let mut head = self.beside(cells, look.gap);
        self.padded(&mut head, pad * 0.7);
        for strip in &mut head {
            strip.keep = true;
            let shade = Mark::Box { x: 0.0, y: 0.0, width: look.width(), height: strip.height + 0.1, ink: Ink::Shade };
            strip.marks.insert(0, shade);
        }
        self.flow.heads.push(head.iter().map(repeated).collect());
        let repeats = Some(self.flow.heads.len() - 1);
        self.place(head);
        for (number, values) in table.rows.iter().enumerate() {
            let row = self.flow.part(Role::Row, part);
            let mut cells = Vec::new();
            for (at, &(x, width, align)) in columns.iter().enumerate() {
                let meaning = self.flow.part(Role::Cell, row);
                let text = said(values.get(at).map_or("", String::as_str));
                let mut cell = self.cell(&text, x, width, Style::Regular, look.body * 0.95, meaning);
                cell.align = align;
                cells.push(cell);
            }
            let mut strips = self.beside(cells, 0.0);
            self.padded(&mut strips, pad * 0.6);
            let count = strips.len();
            if count <= SHORT_ROW {
                strips[..count - 1].iter_mut().for_each(|strip| strip.keep = true);
            }
            // The last row never goes to a page alone.
            if number + 2 == table.rows.len() {
                keep_last(&mut strips);
            }
            if let Some(last) = strips.last_mut() {
                let y = last.height - 0.35;
                last.marks.push(Mark::Box { x: 0.0, y, width: look.width(), height: 0.7, ink: Ink::Rule });
            }
            for strip in strips {
                self.push(Strip { head: repeats, ..strip });
            }
        }
    }

    /// Space inside a row or a box, above its first line and below its last.
    fn padded(&self, strips: &mut [Strip], pad: f32) {
        if let Some(first) = strips.first_mut() {
            first.height += pad;
            for mark in &mut first.marks {
                mark.lower(pad);
            }
        }
        if let Some(last) = strips.last_mut() {
            last.height += pad;
        }
    }

    fn notice(&mut self, text: &str) {
        let look = self.look;
        let meaning = self.flow.part(Role::Notice, None);
        let pad = look.body * 0.9;
        let cell = self.cell(&said(text), pad, look.width() - 2.0 * pad, Style::Regular, look.body, meaning);
        let mut strips = self.beside(vec![cell], look.gap * 1.3);
        self.padded(&mut strips, pad * 0.7);
        let (count, weight, width) = (strips.len(), if look.card { 0.5 } else { 1.0 }, look.width());
        for (at, mut strip) in strips.into_iter().enumerate() {
            let height = strip.height;
            let edge = |x, y, width, height| Mark::Box { x, y, width, height, ink: Ink::Accent };
            let mut frame = vec![Mark::Box { x: 0.0, y: 0.0, width, height: height + 0.1, ink: Ink::Shade }];
            frame.push(edge(0.0, 0.0, weight, height + 0.1));
            frame.push(edge(width - weight, 0.0, weight, height + 0.1));
            if at == 0 {
                frame.push(edge(0.0, 0.0, width, weight));
            }
            if at + 1 == count {
                frame.push(edge(0.0, height - weight, width, weight));
            }
            strip.marks.splice(0..0, frame);
            self.push(strip);
        }
    }

    fn signature(&mut self, signature: &Signature) {
        let look = self.look;
        let signer = signature.signer();
        let first = self.flow.strips.len();
        let role = said_in_one_line(&signature.role);
        match &signature.when {
            Some(when) => {
                self.small(&role, look.gap * 2.0);
                self.signed(&signer);
                let mut words = format!("Signed {when}");
                if let Some(witness) = &signature.witness {
                    words.push_str(&format!(". Witness: {witness}"));
                }
                self.small(&said_in_one_line(&words), 0.0);
            }
            None => {
                self.line_to_sign(&if signer.is_empty() { role } else { format!("{role}: {signer}") });
                if let Some(witness) = &signature.witness {
                    let named = if witness.is_empty() { "Witness".to_owned() } else { format!("Witness: {witness}") };
                    self.line_to_sign(&named);
                }
            }
        }
        let count = self.flow.strips.len();
        for strip in &mut self.flow.strips[first..count - 1] {
            strip.keep = true;
        }
    }

    fn small(&mut self, text: &str, above: f32) {
        let meaning = self.flow.part(Role::Paragraph, None);
        let mut cell = self.cell(text, 0.0, self.look.width(), Style::Regular, self.look.small, meaning);
        cell.ink = Ink::Soft;
        let strips = self.beside(vec![cell], above);
        self.place(strips);
    }

    fn signed(&mut self, signer: &str) {
        let meaning = self.flow.part(Role::Paragraph, None);
        let text = said_in_one_line(signer);
        let cell = self.cell(&text, 0.0, self.look.width(), Style::Bold, self.look.body * 1.1, meaning);
        let strips = self.beside(vec![cell], 0.0);
        self.place(strips);
    }

    /// A line to sign on and one for the date, with room above for a hand.
    fn line_to_sign(&mut self, under: &str) {
        let look = self.look;
        let (left, gap) = (look.width() * 0.64, look.width() * 0.05);
        let room = look.body * 3.2;
        let mut rules = Vec::new();
        for (x, width) in [(0.0, left), (left + gap, look.width() - left - gap)] {
            rules.push(Mark::Box { x, y: room - 0.8, width, height: 0.8, ink: Ink::Text });
        }
        self.push(Strip { above: 0.0, height: room, keep: true, marks: rules, ..Strip::default() });
        let meaning = self.flow.part(Role::Paragraph, None);
        let mut name = self.cell(&said_in_one_line(under), 0.0, left, Style::Regular, look.small, meaning);
        let mut date = self.cell("Date", left + gap, left, Style::Regular, look.small, meaning);
        (name.ink, date.ink) = (Ink::Soft, Ink::Soft);
        let strips = self.beside(vec![name, date], look.small * 0.2);
        self.place(strips);
    }

    fn chart(&mut self, chart: &Chart) {
        let look = self.look;
        let chart = Chart {
            kind: chart.kind,
            title: said_in_one_line(&chart.title),
            points: chart.points.iter().map(|(label, value)| (said_in_one_line(label), *value)).collect(),
        };
        if !chart.title.is_empty() {
            let meaning = self.flow.part(Role::Paragraph, None);
            let cell = self.cell(&chart.title, 0.0, look.width(), Style::Bold, look.body, meaning);
            let strips = self.beside(vec![cell], look.gap * 1.6);
            for strip in strips {
                self.push(Strip { keep: true, ..strip });
            }
        }
        let drawing = chart::draw(&chart, look.width(), look.small);
        let picture = self.flow.part(Role::Picture(chart::in_words(&chart)), None);
        let ends = drawing.cuts.iter().skip(1).copied().chain([drawing.height]);
        let mut strips: Vec<Strip> = drawing
            .cuts
            .iter()
            .zip(ends)
            .map(|(&top, end)| Strip { height: end - top, keep: true, ..Strip::default() })
            .collect();
        for mark in drawing.marks {
            let at = drawing.cuts.partition_point(|cut| *cut <= mark.top()).saturating_sub(1);
            let mut mark = self.charted(mark, picture);
            mark.lower(-drawing.cuts.get(at).copied().unwrap_or(0.0));
            if let Some(strip) = strips.get_mut(at) {
                strip.marks.push(mark);
            }
        }
        if let Some(first) = strips.first_mut() {
            first.above = look.gap;
        }
        if let Some(last) = strips.last_mut() {
            last.keep = false;
        }
        self.place(strips);
    }

    fn charted(&mut self, mark: chart::Mark, meaning: Meaning) -> Mark {
        let size = self.look.small;
        match mark {
            chart::Mark::Grid { from, to } => Mark::Path { points: vec![from, to], weight: 0.6, ink: Ink::Rule },
            chart::Mark::Bar { x, y, width, height } => Mark::Box { x, y, width, height, ink: Ink::Accent },
            chart::Mark::Trend(points) => Mark::Path { points, weight: 1.6, ink: Ink::Accent },
            chart::Mark::Dot(x, y) => Mark::Dot { x, y, ink: Ink::Accent },
            chart::Mark::Words { x, y, anchor, text } => {
                let line = self.shaper.line(&text, Style::Regular, size);
                let x = match anchor {
                    chart::Anchor::Start => x,
                    chart::Anchor::Middle => x - line.width / 2.0,
                    chart::Anchor::End => x - line.width,
                };
                Mark::Text { x, y, size, ink: Ink::Text, line, meaning }
            }
        }
    }
}

fn keep_last(strips: &mut [Strip]) {
    if let Some(last) = strips.last_mut() {
        last.keep = true;
    }
}

/// A strip of a head as it stands at the top of a later page: a screen reader has heard it.
fn repeated(strip: &Strip) -> Strip {
    let mut strip = Strip { above: 0.0, ..strip.clone() };
    for mark in &mut strip.marks {
        if let Mark::Text { meaning, .. } = mark {
            *meaning = None;
        }
    }
    strip
}
