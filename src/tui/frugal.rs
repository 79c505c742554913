//! A terminal backend that writes few bytes: over a slow line every one of them is felt.
//!
//! It knows what each cell shows. Short stretches between two changed cells are written again instead of jumped over,
//! jumps within a line are relative, and a style is one short sequence.

use std::io::{self, Write};

use crossterm::terminal;
use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// Cells that are cheaper written again than jumped over.
const SHORT: u16 = 4;

pub struct Frugal<W: Write> {
    out: W,
    /// What each cell of the terminal shows; empty after it was cleared.
    shown: Vec<Option<Cell>>,
    columns: u16,
    /// Where the next character would go, and in what style.
    at: Option<(u16, u16)>,
    style: Option<Look>,
}

type Look = (Color, Color, Modifier);

fn look(cell: &Cell) -> Look {
    (cell.fg, cell.bg, cell.modifier)
}

impl<W: Write> Frugal<W> {
    pub fn new(out: W) -> Frugal<W> {
        Frugal { out, shown: Vec::new(), columns: 0, at: None, style: None }
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
                let between: Option<Vec<String>> =
                    (x - from <= SHORT).then(|| (from..x).map(|x| self.again(x, y)).collect()).flatten();
                match between {
                    Some(cells) => cells.iter().try_for_each(|symbol| self.out.write_all(symbol.as_bytes()))?,
                    None if x - from == 1 => write!(self.out, "\x1b[C")?,
                    None => write!(self.out, "\x1b[{}C", x - from)?,
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
    fn again(&self, x: u16, y: u16) -> Option<String> {
        let cell = self.shown.get(self.index(x, y))?.as_ref()?;
        (Some(look(cell)) == self.style && cell.symbol().width() == 1).then(|| cell.symbol().to_string())
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
        let size = self.size()?;
        let cells = usize::from(size.width) * usize::from(size.height);
        if self.columns != size.width || self.shown.len() != cells {
            self.columns = size.width;
            self.shown = vec![None; cells];
        }
        for (x, y, cell) in content {
            self.go(x, y)?;
            self.wear(look(cell))?;
            self.out.write_all(cell.symbol().as_bytes())?;
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
        Ok(Size { width, height })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
