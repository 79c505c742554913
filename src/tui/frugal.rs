//! A terminal backend that writes few bytes: over a slow line every one of them is felt.
//!
//! It knows what each cell shows. Short stretches between two changed cells are written again instead of jumped over,
//! jumps within a line are relative, and a style is one short sequence. A frame goes out in one write, marked at both ends
//! so that a terminal which knows the marks shows it at once.

use std::borrow::Cow;
use std::io::{self, Write};

use crossterm::queue;
use crossterm::terminal::{self, BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use crate::model::text::one_line;

/// Cells that are cheaper written again than jumped over.
const SHORT: u16 = 4;
/// Blank cells that are cheaper erased at one stroke than written one by one.
const LONG: u16 = 12;

pub struct Frugal<W: Write> {
    out: W,
    /// What each cell of the terminal shows; empty after it was cleared.
    shown: Vec<Option<Cell>>,
    columns: u16,
    /// Where the next character would go, and in what style.
    at: Option<(u16, u16)>,
    style: Option<Look>,
    /// As last asked of the terminal, which is before each frame.
    size: std::cell::Cell<Size>,
    /// A frame is begun and not finished.
    drawing: bool,
}

type Look = (Color, Color, Modifier);

fn look(cell: &Cell) -> Look {
    (cell.fg, cell.bg, cell.modifier)
}

impl<W: Write> Frugal<W> {
    pub fn new(out: W) -> Frugal<W> {
        Frugal {
            out,
            shown: Vec::new(),
            columns: 0,
            at: None,
            style: None,
            size: std::cell::Cell::new(Size::ZERO),
            drawing: false,
        }
    }

    pub fn writer(&mut self) -> &mut W {
        &mut self.out
    }

    fn index(&self, x: u16, y: u16) -> usize {
        usize::from(y) * usize::from(self.columns) + usize::from(x)
    }

    /// Brings the cursor to a cell, the cheapest way.
    fn go(&mut self, x: u16, y: u16) -> io::Result<()> {
        match self.at {
            Some(at) if at == (x, y) => return Ok(()),
            Some((from, row)) if row == y && from < x => {
                if x - from <= SHORT && (from..x).all(|x| self.again(x, y).is_some()) {
                    for cell in self.shown[self.index(from, y)..self.index(x, y)].iter().flatten() {
                        self.out.write_all(cell.symbol().as_bytes())?;
                    }
                } else if x - from == 1 {
                    write!(self.out, "\x1b[C")?
                } else {
                    write!(self.out, "\x1b[{}C", x - from)?
                }
            }
            Some((_, row)) if x == 0 && y == row + 1 => write!(self.out, "\r\n")?,
            _ if x == 0 => write!(self.out, "\x1b[{}H", y + 1)?,
            _ => write!(self.out, "\x1b[{};{}H", y + 1, x + 1)?,
        }
        self.at = Some((x, y));
        Ok(())
    }

    /// The symbol of a cell that can be written again as it is: known, of one column, in the present style.
    fn again(&self, x: u16, y: u16) -> Option<&Cell> {
        let cell = self.shown.get(self.index(x, y))?.as_ref()?;
        (Some(look(cell)) == self.style && cell.symbol().width() == 1).then_some(cell)
    }

    /// Draws cells that come line by line, from left to right.
    fn cells<'a>(&mut self, content: impl Iterator<Item = (u16, u16, &'a Cell)>) -> io::Result<()> {
        let mut blanks: Vec<(u16, u16, &Cell)> = Vec::new();
        for next in content {
            let (x, y, cell) = next;
            let goes_on = blanks
                .last()
                .is_none_or(|(before, row, last)| x == before + 1 && y == *row && look(cell) == look(last));
            if is_blank(cell) && goes_on {
                blanks.push(next);
                continue;
            }
            self.clear_or_draw(&blanks)?;
            blanks.clear();
            if is_blank(cell) {
                blanks.push(next);
            } else {
                self.drawn(&[next])?;
            }
        }
        self.clear_or_draw(&blanks)
    }

    fn clear_or_draw(&mut self, blanks: &[(u16, u16, &Cell)]) -> io::Result<()> {
        if blanks.len() < usize::from(LONG) {
            return self.drawn(blanks);
        }
        let (x, y, cell) = blanks[0];
        self.go(x, y)?;
        self.wear(look(cell))?;
        write!(self.out, "\x1b[{}X", blanks.len())?;
        for (x, y, cell) in blanks {
            let index = self.index(*x, *y);
            if let Some(known) = self.shown.get_mut(index) {
                *known = Some((*cell).clone());
            }
        }
        Ok(())
    }

    fn drawn(&mut self, content: &[(u16, u16, &Cell)]) -> io::Result<()> {
        for (x, y, cell) in content.iter().copied() {
            self.go(x, y)?;
            self.wear(look(cell))?;
            // All that is drawn was disarmed long before; this is the last door.
            let symbol = match one_line(cell.symbol()) {
                Cow::Borrowed(symbol) => symbol,
                Cow::Owned(clean) if clean == cell.symbol() => cell.symbol(),
                Cow::Owned(_) => " ",
            };
            self.out.write_all(symbol.as_bytes())?;
            let wide = cell.symbol().width().max(1) as u16;
            let index = self.index(x, y);
            if let Some(known) = self.shown.get_mut(index) {
                *known = Some(cell.clone());
            }
            for beside in 1..wide {
                let index = self.index(x + beside, y);
                if let Some(known) = self.shown.get_mut(index) {
                    *known = None;
                }
            }
            // At the right edge terminals differ in where the cursor stands; after wide characters in how wide.
            let next = x.saturating_add(wide);
            self.at = (next < self.columns && wide == 1 && cell.symbol().len() <= 4).then_some((next, y));
        }
        Ok(())
    }

    fn wear(&mut self, wanted: Look) -> io::Result<()> {
        if self.style == Some(wanted) {
            return Ok(());
        }
        let (fg, bg, modifier) = wanted;
        let mut codes = String::new();
        for (flag, code) in [
            (Modifier::BOLD, ";1"),
            (Modifier::DIM, ";2"),
            (Modifier::ITALIC, ";3"),
            (Modifier::UNDERLINED, ";4"),
            (Modifier::REVERSED, ";7"),
            (Modifier::CROSSED_OUT, ";9"),
        ] {
            if modifier.contains(flag) {
                codes.push_str(code);
            }
        }
        for (colour, normal, bright, extended) in [(fg, 30, 90, 38), (bg, 40, 100, 48)] {
            match colour {
                Color::Reset => {}
                Color::Rgb(r, g, b) => codes.push_str(&format!(";{extended};2;{r};{g};{b}")),
                Color::Indexed(n) => codes.push_str(&format!(";{extended};5;{n}")),
                named => {
                    let n = sixteen(named);
                    codes.push_str(&format!(";{}", if n < 8 { normal + n } else { bright + n - 8 }));
                }
            }
        }
        write!(self.out, "\x1b[{codes}m")?;
        self.style = Some(wanted);
        Ok(())
    }
}

/// A cell in which nothing can be seen but its ground.
fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " " && cell.bg == Color::Reset && cell.modifier.is_empty()
}

/// The number of one of a terminal's own sixteen colours.
fn sixteen(colour: Color) -> u16 {
    match colour {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White | Color::Reset | Color::Rgb(..) | Color::Indexed(_) => 15,
    }
}

impl<W: Write> Backend for Frugal<W> {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        let size = self.size.get();
        let cells = usize::from(size.width) * usize::from(size.height);
        if self.columns != size.width || self.shown.len() != cells {
            self.columns = size.width;
            self.shown = vec![None; cells];
        }
        queue!(self.out, BeginSynchronizedUpdate)?;
        self.drawing = true;
        self.cells(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        write!(self.out, "\x1b[?25l")
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        write!(self.out, "\x1b[?25h")
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.at.map_or(Position::ORIGIN, |(x, y)| Position { x, y }))
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        self.at = Some((x, y));
        write!(self.out, "\x1b[{};{}H", y + 1, x + 1)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.shown.fill(None);
        (self.style, self.at) = (None, None);
        write!(self.out, "\x1b[m\x1b[2J")
    }

    fn clear_region(&mut self, _: ClearType) -> io::Result<()> {
        self.clear()
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = terminal::size()?;
        self.size.set(Size { width, height });
        Ok(self.size.get())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.drawing) {
            queue!(self.out, EndSynchronizedUpdate)?;
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    const COLUMNS: u16 = 30;
    const ROWS: u16 = 6;

    /// As [`Backend::draw`], on a terminal of a known size.
    fn draw(backend: &mut Frugal<Vec<u8>>, before: &Buffer, after: &Buffer) {
        backend.columns = COLUMNS;
        backend.shown.resize(usize::from(COLUMNS) * usize::from(ROWS), None);
        backend.cells(before.diff(after).into_iter()).unwrap();
    }

    proptest! {
        /// Whatever changes, a terminal shows what the buffer holds.
        #[test]
        fn the_terminal_shows_what_the_buffer_holds(
            frames in proptest::collection::vec(
                proptest::collection::vec((0..COLUMNS, 0..ROWS, "[a-c ]{0,9}|[ab] {10,30}[ab]|李[a-b]|e\u{301}x", 0u8..4), 0..8), 1..6),
        ) {
            let area = Rect::new(0, 0, COLUMNS, ROWS);
            let mut parser = vt100::Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0);
            let mut backend = Frugal::new(Vec::new());
            let mut before = Buffer::empty(area);
            backend.out.extend_from_slice(b"\x1b[2J");
            for frame in frames {
                // One text a line: half of a wide character is nothing that the panes would draw.
                let mut after = Buffer::empty(area);
                let mut taken = std::collections::HashSet::new();
                for (x, y, text, style) in frame.into_iter().filter(|(_, y, ..)| taken.insert(*y)) {
                    let style = [Style::new(), Style::new().fg(Color::Red), Style::new().add_modifier(Modifier::BOLD), Style::new().fg(Color::DarkGray)][usize::from(style)];
                    after.set_stringn(x, y, &text, usize::from(COLUMNS - x), style);
                }
                draw(&mut backend, &before, &after);
                parser.process(&std::mem::take(&mut backend.out));
                for y in 0..ROWS {
                    let mut x = 0;
                    while x < COLUMNS {
                        let cell = &after[(x, y)];
                        let seen = parser.screen().cell(y, x).unwrap();
                        let symbol = if seen.contents().is_empty() { " " } else { seen.contents() };
                        prop_assert_eq!(symbol, cell.symbol(), "at {},{}", x, y);
                        // What is left of half a wide character is blank, whatever its weight.
                        let bold = cell.modifier.contains(Modifier::BOLD);
                        prop_assert!(symbol == " " || seen.bold() == bold, "weight at {},{}", x, y);
                        x += cell.symbol().width().max(1) as u16;
                    }
                }
                before = after;
            }
        }
    }
}
