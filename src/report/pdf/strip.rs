//! What a document is cut into before there are pages: strips, one below the other, each with marks on it and a word on
//! whether it may be parted from the next; and the outline of meanings that the marks belong to, which a screen reader
//! follows.
//!
//! Made by [`super::flow`], put on pages by [`super::paginate`], drawn by [`super::draw`].

use super::look::Ink;
use super::shape::Line;

/// A horizontal slice of a document, never cut again.
#[derive(Clone, Debug, Default)]
pub(super) struct Strip {
    /// Space above, left out at the top of a page.
    pub above: f32,
    pub height: f32,
    /// Stays on a page with the next strip, where a page is high enough for both.
    pub keep: bool,
    /// Begins a new page.
    pub breaks: bool,
    /// The head of the table that this strip is a row of, repeated where a page begins with it: an index into
    /// [`Flow::heads`].
    pub head: Option<usize>,
    pub marks: Vec<Mark>,
}

/// Something to draw. Places are points from the upper left corner of the strip, y down.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// `y` is the baseline.
    Text {
        x: f32,
        y: f32,
        size: f32,
        ink: Ink,
        line: Line,
        meaning: Meaning,
    },
    Box {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        ink: Ink,
    },
    Path {
        points: Vec<(f32, f32)>,
        weight: f32,
        ink: Ink,
    },
    Dot {
        x: f32,
        y: f32,
        ink: Ink,
    },
}

/// What a text is a part of; `None`: of nothing, it only decorates the page.
pub(super) type Meaning = Option<usize>;

/// A part of the document as a screen reader names it.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Role {
    Heading(u8, String),
    Paragraph,
    Quote,
    Notice,
    List,
    Item,
    Label,
    Body,
    Table,
    Row,
    HeadCell,
    Cell,
    /// With the figures in words.
    Picture(String),
}

#[derive(Debug)]
pub(super) struct Part {
    pub role: Role,
    pub within: Meaning,
}

/// A document in strips.
#[derive(Debug, Default)]
pub(super) struct Flow {
    pub strips: Vec<Strip>,
    pub heads: Vec<Vec<Strip>>,
    /// In reading order; a part comes after the one it is within.
    pub parts: Vec<Part>,
    /// First-level headings and the strips they stand on.
    pub bookmarks: Vec<(usize, String)>,
}

impl Flow {
    pub fn part(&mut self, role: Role, within: Meaning) -> Meaning {
        self.parts.push(Part { role, within });
        Some(self.parts.len() - 1)
    }
}

impl Mark {
    /// Moves it down.
    pub fn lower(&mut self, by: f32) {
        match self {
            Mark::Text { y, .. } | Mark::Box { y, .. } | Mark::Dot { y, .. } => *y += by,
            Mark::Path { points, .. } => points.iter_mut().for_each(|(_, y)| *y += by),
        }
    }
}
