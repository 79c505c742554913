//! Pages to a file: marks become glyphs and shapes, parts become the tags that a screen reader follows, headings the
//! reader's bookmarks. What repeats on every page (header, footer, numbers, heads of tables) is tagged as no part of the
//! text.
//!
//! Called by [`super::to_pdf`]; it decides nothing about where things stand.

use std::num::NonZeroU16;

use krilla::color::rgb;
use krilla::destination::XyzDestination;
use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, Node, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagKind, TagTree,
};
use krilla::text::KrillaGlyph;

use super::fonts::{Fonts, UNDRAWN};
use super::look::{Ink, Look};
use super::paginate::{Placed, Which};
use super::shape::{BOX, Glyph, Line, Word};
use super::strip::{Flow, Mark, Part, Role};

/// What stands on every page, besides its number.
pub(super) struct Running {
    pub header: Line,
    pub footer: Vec<Line>,
    /// "Page 3 of 12" for each page.
    pub numbers: Vec<Line>,
    /// The room that a number takes at the right, in points.
    pub reserved: f32,
}

pub(super) struct Drawing<'a> {
    pub look: &'a Look,
    pub fonts: &'a Fonts,
    pub flow: &'a Flow,
    pub running: &'a Running,
    pub title: &'a str,
    pub language: &'a str,
}

impl Drawing<'_> {
    /// The finished file.
    pub fn file(&self, pages: &[Vec<Placed>]) -> Result<Vec<u8>, krilla::error::KrillaError> {
        let mut file = krilla::Document::new();
        file.set_metadata(Metadata::new().title(self.title.to_owned()).language(self.language.to_owned()));
        let mut tagged: Vec<Vec<Identifier>> = vec![Vec::new(); self.flow.parts.len()];
        let mut bookmarks = Outline::new();
        let mut marked = self.flow.bookmarks.iter().peekable();
        for (number, page) in pages.iter().enumerate() {
            let (width, height) = self.look.page;
            let settings = PageSettings::from_wh(width, height).expect("a page has a size");
            let mut sheet = file.start_page_with(settings);
            let mut surface = sheet.surface();
            self.header(&mut surface);
            for placed in page {
                let strip = match placed.which {
                    Which::Strip(at) => &self.flow.strips[at],
                    Which::Head(head, at) => &self.flow.heads[head][at],
                };
                let y = self.look.top + placed.y;
                if let Some((_, text)) = marked.next_if(|(at, _)| placed.which == Which::Strip(*at)) {
                    let place = XyzDestination::new(number, Point::from_xy(0.0, (y - self.look.gap).max(0.0)));
                    bookmarks.push_child(OutlineNode::new(text.clone(), place));
                }
                for mark in &strip.marks {
                    self.mark(&mut surface, mark, y, &mut tagged);
                }
            }
            self.footer(&mut surface, number);
            surface.finish();
            sheet.finish();
        }
        if !self.flow.bookmarks.is_empty() {
            file.set_outline(bookmarks);
        }
        file.set_tag_tree(tree(&self.flow.parts, tagged));
        file.finish()
    }

    fn header(&self, surface: &mut Surface) {
        let (look, line) = (self.look, &self.running.header);
        if line.words.is_empty() {
            return;
        }
        surface.start_tagged(artifact(ArtifactType::Header));
        self.text(surface, line, self.beginning(line), look.header, look.small, Ink::Soft);
        let rule = Mark::Box { x: 0.0, y: 0.0, width: look.width(), height: 0.6, ink: Ink::Rule };
        self.shape(surface, &rule, look.header + look.small * 0.7);
        surface.end_tagged();
    }

    /// The footer, and the page's number beside its last line.
    fn footer(&self, surface: &mut Surface, number: usize) {
        let (look, running) = (self.look, self.running);
        let last = look.page.1 - look.bottom;
        surface.start_tagged(artifact(ArtifactType::Footer));
        for (above, line) in (0..running.footer.len()).rev().zip(&running.footer) {
            let y = last - above as f32 * look.small * look.leading;
            self.text(surface, line, self.beginning(line), y, look.small, Ink::Soft);
        }
        if let Some(line) = running.numbers.get(number) {
            self.text(surface, line, look.page.0 - look.side - line.width, last, look.small, Ink::Soft);
        }
        surface.end_tagged();
    }

    /// Where a line begins that has the page's whole width, less the number's if it begins at the right.
    fn beginning(&self, line: &Line) -> f32 {
        let look = self.look;
        if line.from_right {
            (look.page.0 - look.side - line.width - self.running.reserved).max(look.side)
        } else {
            look.side
        }
    }

    fn mark(&self, surface: &mut Surface, mark: &Mark, top: f32, tagged: &mut [Vec<Identifier>]) {
        if let Mark::Text { x, y, size, ink, line, meaning } = mark {
            match meaning {
                Some(part) => {
                    let identifier = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
                    tagged[*part].push(identifier);
                }
                None => {
                    surface.start_tagged(artifact(ArtifactType::PaginationOther));
                }
            }
            self.text(surface, line, self.look.side + x, top + y, *size, *ink);
        } else {
            surface.start_tagged(artifact(ArtifactType::Layout));
            self.shape(surface, mark, top);
        }
        surface.end_tagged();
    }

    /// Draws a line; neighbouring words of one face go out in one piece, with the spaces between them.
    fn text(&self, surface: &mut Surface, line: &Line, x: f32, y: f32, size: f32, ink: Ink) {
        surface.set_stroke(None);
        let mut at = 0;
        while at < line.words.len() {
            let (begin, first) = &line.words[at];
            let alike = |(_, word): &&(f32, std::rc::Rc<Word>)| {
                word.face == first.face && !word.right_to_left && !first.right_to_left
            };
            let count = line.words[at..].iter().take_while(alike).count().max(1);
            let (text, glyphs) = joined(line.words[at..at + count].iter().map(|(_, word)| &**word));
            let sort = &self.fonts.faces[first.face];
            let start = Point::from_xy(x + begin, y);
            if first.face == UNDRAWN {
                boxes(surface, glyphs.len(), (x + begin, y), size, ink);
            } else {
                surface.set_fill(Some(fill(ink)));
            }
            surface.draw_glyphs(start, &glyphs, sort.font.clone(), &text, size * sort.scale, false);
            at += count;
        }
    }

    fn shape(&self, surface: &mut Surface, mark: &Mark, top: f32) {
        let left = self.look.side;
        surface.set_fill(None);
        surface.set_stroke(None);
        match mark {
            Mark::Text { .. } => {}
            Mark::Box { x, y, width, height, ink } => {
                surface.set_fill(Some(fill(*ink)));
                if let Some(path) = rectangle(left + x, top + y, *width, *height) {
                    surface.draw_path(&path);
                }
            }
            Mark::Dot { x, y, ink } => {
                surface.set_fill(Some(fill(*ink)));
                if let Some(path) = dot(left + x, top + y, 2.4) {
                    surface.draw_path(&path);
                }
            }
            Mark::Path { points, weight, ink } => {
                let paint = color(*ink).into();
                surface.set_stroke(Some(Stroke { paint, width: *weight, ..Stroke::default() }));
                let mut path = PathBuilder::new();
                for (at, (x, y)) in points.iter().enumerate() {
                    let (x, y) = (left + x, top + y);
                    if at == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
                }
                if let Some(path) = path.finish() {
                    surface.draw_path(&path);
                }
            }
        }
    }
}

/// Words as one text with its glyphs.
fn joined<'a>(words: impl Iterator<Item = &'a Word>) -> (String, Vec<KrillaGlyph>) {
    let (mut text, mut glyphs) = (String::new(), Vec::new());
    for word in words {
        let from = text.len();
        text.push_str(&word.text);
        for Glyph { id, text, advance, shift } in &word.glyphs {
            let range = from + text.start..from + text.end;
            glyphs.push(KrillaGlyph::new(*id, *advance, shift.0, shift.1, 0.0, range, None));
        }
    }
    (text, glyphs)
}

/// Draws a box for each of some characters, and leaves the surface so that their glyphs are not seen.
fn boxes(surface: &mut Surface, count: usize, (x, y): (f32, f32), size: f32, ink: Ink) {
    surface.set_fill(None);
    surface.set_stroke(Some(Stroke { paint: color(ink).into(), width: size * 0.06, ..Stroke::default() }));
    for at in 0..count {
        let left = x + size * (BOX * at as f32 + 0.08);
        if let Some(path) = rectangle(left, y - size * 0.7, size * (BOX - 0.16), size * 0.7) {
            surface.draw_path(&path);
        }
    }
    surface.set_stroke(None);
    surface.set_fill(Some(Fill { opacity: NormalizedF32::ZERO, ..fill(ink) }));
}

fn artifact(kind: ArtifactType) -> ContentTag<'static> {
    ContentTag::Artifact(Artifact::with_kind(kind))
}

fn color(ink: Ink) -> rgb::Color {
    let (red, green, blue) = ink.rgb();
    rgb::Color::new(red, green, blue)
}

fn fill(ink: Ink) -> Fill {
    Fill { paint: color(ink).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.push_rect(Rect::from_xywh(x, y, width, height)?);
    path.finish()
}

/// A circle of four curves.
fn dot(x: f32, y: f32, radius: f32) -> Option<Path> {
    // The usual distance of the control points for a quarter of a circle.
    let handle = radius * 0.5523;
    let mut path = PathBuilder::new();
    path.move_to(x + radius, y);
    path.cubic_to(x + radius, y + handle, x + handle, y + radius, x, y + radius);
    path.cubic_to(x - handle, y + radius, x - radius, y + handle, x - radius, y);
    path.cubic_to(x - radius, y - handle, x - handle, y - radius, x, y - radius);
    path.cubic_to(x + handle, y - radius, x + radius, y - handle, x + radius, y);
    path.close();
    path.finish()
}

/// The parts, each with what was drawn of it.
fn tree(parts: &[Part], tagged: Vec<Vec<Identifier>>) -> TagTree {
    let mut groups: Vec<TagGroup> = parts
        .iter()
        .zip(tagged)
        .map(|(part, drawn)| TagGroup::with_children(tag(&part.role), drawn.into_iter().map(Node::from).collect()))
        .collect();
    let mut roots = Vec::new();
    // Backwards, since a part comes after the one it is within: each is whole before it is handed up.
    while let Some(group) = groups.pop() {
        match parts[groups.len()].within {
            Some(outer) => groups[outer].children.insert(0, Node::Group(group)),
            None => roots.push(Node::Group(group)),
        }
    }
    roots.reverse();
    TagTree::from(roots)
}

fn tag(role: &Role) -> TagKind {
    match role {
        Role::Heading(level, text) => {
            let level = NonZeroU16::new(u16::from(*level)).unwrap_or(NonZeroU16::MIN);
            Tag::Hn(level, Some(text.clone())).into()
        }
        Role::Paragraph => Tag::P.into(),
        Role::Quote => Tag::BlockQuote.into(),
        Role::Notice => Tag::P.into(),
        Role::List => Tag::L(ListNumbering::None).into(),
        Role::Item => Tag::LI.into(),
        Role::Label => Tag::Lbl.into(),
        Role::Body => Tag::LBody.into(),
        Role::Table => Tag::Table.into(),
        Role::Row => Tag::TR.into(),
        Role::HeadCell => Tag::TH(TableHeaderScope::Column).into(),
        Role::Cell => Tag::TD.into(),
        Role::Picture(words) => Tag::Figure(Some(words.clone())).into(),
    }
}
