//! The pictures of `docs/`: drawn from what the program really shows in a terminal, and held against it.
//!
//! `CASELOAD_PICTURES=1 cargo test --test pictures` draws them anew.

mod common;

use std::fmt::Write;
use std::path::Path;

use common::Caseload;
use common::terminal::{CTRL_S, DOWN, ENTER, Terminal};
use unicode_width::UnicodeWidthStr;
use vt100::Color;

/// A cell's width and a line's height, in the picture's points.
const CELL: (f64, f64) = (8.4, 18.0);

/// The sixteen colours of a terminal, dark and light, then its ground and its text.
struct Palette {
    named: [&'static str; 16],
    ground: &'static str,
    text: &'static str,
}

const DARK: Palette = Palette {
    named: [
        "#1d2021", "#fb5f4f", "#8fc267", "#e3b341", "#6ea8e0", "#cf8fd0", "#6fc3c0", "#c8c5bd", "#8a8580", "#ff7b6b",
        "#a6da7d", "#f5cb63", "#8cc0f5", "#e5a9e6", "#8adbd8", "#f4f1e8",
    ],
    ground: "#16181a",
    text: "#d9d6ce",
};

const LIGHT: Palette = Palette {
    named: [
        "#2b2b2b", "#b3261e", "#2f6b1f", "#8a5a00", "#1c5a9c", "#7d3180", "#11686b", "#6b6862", "#76726b", "#b3261e",
        "#2f6b1f", "#8a5a00", "#1c5a9c", "#7d3180", "#11686b", "#fdfcf8",
    ],
    ground: "#fbfaf5",
    text: "#26241f",
};

fn colour(colour: Color, palette: &Palette, none: &'static str) -> String {
    match colour {
        Color::Default => none.into(),
        Color::Idx(n) if n < 16 => palette.named[usize::from(n)].into(),
        Color::Idx(n) if n >= 232 => {
            let grey = 8 + (u32::from(n) - 232) * 10;
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
        Color::Idx(n) => {
            let step = |part: u8| if part == 0 { 0 } else { 55 + 40 * u32::from(part) };
            let n = n - 16;
            format!("#{:02x}{:02x}{:02x}", step(n / 36), step(n / 6 % 6), step(n % 6))
        }
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}

fn svg(screen: &vt100::Screen, palette: &Palette) -> String {
    let (rows, columns) = screen.size();
    let (wide, high) = (f64::from(u16::from(columns)) * CELL.0, f64::from(u16::from(rows)) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0} {:.0}\" font-family=\"'DejaVu Sans Mono', ui-monospace, Menlo, Consolas, monospace\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        wide + 24.0,
        high + 24.0,
        palette.ground
    );
    for row in 0..u16::from(rows) {
        let mut column = 0;
        while column < u16::from(columns) {
            let look = |column: u16| {
                let cell = screen.cell(row, column).unwrap();
                let (mut fg, mut bg) =
                    (colour(cell.fgcolor(), palette, palette.text), colour(cell.bgcolor(), palette, palette.ground));
                if cell.inverse() {
                    std::mem::swap(&mut fg, &mut bg);
                }
                (fg, bg, cell.bold(), cell.dim())
            };
            let style = look(column);
            let (from, mut text) = (column, String::new());
            while column < u16::from(columns) && look(column) == style {
                let cell = screen.cell(row, column).unwrap();
                if !cell.is_wide_continuation() {
                    text.push_str(if cell.has_contents() { cell.contents() } else { " " });
                }
                column += 1;
            }
            let (fg, bg, bold, dim) = style;
            let (x, y) = (12.0 + f64::from(from) * CELL.0, 12.0 + f64::from(row) * CELL.1);
            let length = f64::from(column - from) * CELL.0;
            if bg != palette.ground {
                let _ = writeln!(
                    out,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{:.1}\" fill=\"{bg}\"/>",
                    CELL.1
                );
            }
            // Each stretch without a gap stands at its own place, so that no font can shift what follows.
            let bold = if bold { " font-weight=\"bold\"" } else { "" };
            let dim = if dim { " opacity=\"0.65\"" } else { "" };
            let mut passed = 0;
            for part in text.split_inclusive("  ") {
                let (before, wide) = (part.len() - part.trim_start().len(), part.trim().width());
                if wide > 0 {
                    let escaped = part.trim().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                    let _ = writeln!(
                        out,
                        "<text x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" fill=\"{fg}\"{bold}{dim}>{escaped}</text>",
                        x + (passed + before) as f64 * CELL.0,
                        y + 13.5,
                        wide as f64 * CELL.0,
                    );
                }
                passed += part.width();
            }
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Holds the screen against the picture of that name, or draws it.
#[track_caller]
fn picture(name: &str, screen: &Terminal, palette: &Palette) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    let mut last = screen.text();
    // Until two looks in a row show the same.
    loop {
        std::thread::sleep(std::time::Duration::from_millis(150));
        let text = screen.text();
        if text == last {
            break;
        }
        last = text;
    }
    let drawn = screen.look(|screen| svg(screen, palette));
    if std::env::var_os("CASELOAD_PICTURES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, drawn).unwrap();
    } else {
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == drawn, "docs/{name} shows another screen: CASELOAD_PICTURES=1 cargo test --test pictures");
    }
}

#[test]
fn the_readme_shows_the_screen_as_it_is() {
    let caseload = Caseload::none();
    let mut screen =
        Terminal::start_at_hour(21, &caseload, 120, 36, &["demo", "--today", "2026-11-24", "--theme", "dark"]);
    screen.wait("WHY NOW");
    picture("desk.svg", &screen, &DARK);
    screen.keys(" ");
    screen.wait("today's run");
    screen.keys(" ");
    screen.keys(DOWN);
    picture("run.svg", &screen, &DARK);
    screen.keys("\x1b");
    screen.keys("/tag:court");
    screen.wait("match");
    picture("filter.svg", &screen, &DARK);
    screen.keys("q");

    let mut screen =
        Terminal::start_at_hour(21, &caseload, 100, 30, &["demo", "--today", "2026-11-24", "--theme", "light"]);
    screen.wait("WHY NOW");
    screen.keys("a");
    screen.wait("Add appointment");
    screen.keys("home visit\tfri 2pm\t45m");
    screen.wait("45 minutes");
    picture("form.svg", &screen, &LIGHT);
    screen.keys(CTRL_S);
    screen.wait("Saved: add appointment");
    screen.keys(ENTER);
}
