//! A document as PDF: numbered pages with real text that another reader gives back word for word, fonts cut down to the
//! letters used, tags for screen readers, bookmarks for headings.
//!
//! The same document gives the same bytes: there is no clock, no chance and no author in the file, and its own title is
//! [`Document::title`], which names no client. Called through [`super::to_pdf`].

mod columns;
mod draw;
mod flow;
mod fonts;
mod look;
mod paginate;
mod shape;
mod strip;

use std::collections::BTreeSet;

use super::document::{Block, Document, language};
use crate::model::text;

pub use fonts::Fallback;
use fonts::{Fonts, Style};
use look::Look;
use shape::{Line, Shaper};

/// A printed document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pdf {
    /// The file.
    pub bytes: Vec<u8>,
    pub pages: usize,
    /// Characters for which no font was found. They are drawn as a box; a reader of the file still gets them as text.
    pub undrawn: BTreeSet<char>,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
#[error("the pages could not be put into a PDF file ({0}); print as HTML instead")]
pub struct PdfError(String);

/// Lines of a footer that are shown, at most.
const FOOTER_LINES: usize = 3;

/// Prints a document. Every page carries the header, the footer and its number.
///
/// # Errors
/// If the file format cannot hold the document, such as one of more pages than a PDF may have.
pub fn to_pdf(document: &Document, fallback: Fallback) -> Result<Pdf, PdfError> {
    let look = Look::of(document);
    let fonts = Fonts::for_characters(&characters(document), fallback);
    let undrawn = fonts.undrawn.keys().copied().collect();
    let mut shaper = Shaper::new(fonts);
    let flow = flow::flow(document, &look, &mut shaper);
    let number_width = shaper.line("Page 0000 of 0000", Style::Regular, look.small).width;
    let footer_width = look.width() - number_width - look.small;
    let footer = footer(&mut shaper, &document.footer, look.small, footer_width);
    let header = if look.card { Line::default() } else { cut_line(&mut shaper, &document.header, &look) };
    let below = footer.len().max(usize::from(!look.card || !footer.is_empty())) as f32;
    let bottom = look.bottom + below * look.small * look.leading + look.gap;
    let pages = paginate::paginate(&flow, look.page.1 - look.top - bottom);
    let numbers = (1..=pages.len()).map(|number| {
        // A card's two sides need no numbers.
        let words =
            if look.card && pages.len() <= 2 { String::new() } else { format!("Page {number} of {}", pages.len()) };
        shaper.line(&words, Style::Regular, look.small)
    });
    let running = draw::Running { header, footer, numbers: numbers.collect(), reserved: number_width + look.small };
    let title = said_in_one_line(&document.title);
    let drawing = draw::Drawing {
        look: &look,
        fonts: &shaper.fonts,
        flow: &flow,
        running: &running,
        title: &title,
        language: language(&document.language),
    };
    let bytes = drawing.file(&pages).map_err(|error| PdfError(format!("{error:?}")))?;
    Ok(Pdf { bytes, pages: pages.len(), undrawn })
}

fn footer(shaper: &mut Shaper, text: &str, size: f32, width: f32) -> Vec<Line> {
    let text = said_in_one_line(text);
    if text.is_empty() {
        return Vec::new();
    }
    let mut lines = shaper.lines(&text, Style::Regular, size, width);
    lines.truncate(FOOTER_LINES);
    lines
}

/// The first line of a text that may be longer.
fn cut_line(shaper: &mut Shaper, text: &str, look: &Look) -> Line {
    let text = said_in_one_line(text);
    shaper.lines(&text, Style::Regular, look.small, look.width()).swap_remove(0)
}

/// Text as it is printed: disarmed, spaces of all widths made one kind.
fn said(text: &str) -> String {
    let plain = |c: char| if c.is_whitespace() && !matches!(c, '\n' | '\u{a0}' | '\u{202f}') { ' ' } else { c };
    text::lines(text).trim_end().chars().map(plain).collect()
}

fn said_in_one_line(text: &str) -> String {
    said(&text::one_line(text))
}

/// All characters of a document, and those that every page needs.
fn characters(document: &Document) -> BTreeSet<char> {
    let mut all: BTreeSet<char> = (' '..='~').collect();
    let mut take = |text: &str| all.extend(said(text).chars());
    for text in [&document.title, &document.subtitle, &document.header, &document.footer] {
        take(text);
    }
    for block in &document.blocks {
        match block {
            Block::Heading(_, text) | Block::Paragraph(text) | Block::Quote(text) | Block::Notice(text) => take(text),
            Block::Facts(facts) => facts.iter().for_each(|(label, value)| {
                take(label);
                take(value);
            }),
            Block::List(items) | Block::Steps(items) => items.iter().for_each(|item| take(item)),
            Block::Table(table) => {
                table.columns.iter().for_each(|column| take(&column.head));
                table.rows.iter().flatten().for_each(|cell| take(cell));
            }
            Block::Signature(signature) => {
                take(&signature.role);
                [&signature.name, &signature.credentials, &signature.when, &signature.witness]
                    .into_iter()
                    .flatten()
                    .for_each(|text| take(text));
            }
            Block::Chart(chart) => {
                take(&chart.title);
                chart.points.iter().for_each(|(label, _)| take(label));
            }
            Block::PageBreak => {}
        }
    }
    all
}
