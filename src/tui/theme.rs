//! Colours and weights, named for what they mean. They follow the terminal's own sixteen colours; with `NO_COLOR` only
//! weights remain. Nothing is told by colour alone.

use ratatui::style::{Color, Modifier, Style};

use crate::triage::Band;

#[derive(Clone, Copy)]
pub struct Theme {
    colour: bool,
}

impl Theme {
    /// Colours unless the environment asks for none (<https://no-color.org>).
    pub fn from_env() -> Theme {
        Theme { colour: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    fn fg(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    pub fn text(self) -> Style {
        Style::new()
    }

    pub fn quiet(self) -> Style {
        if self.colour { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub fn heading(self) -> Style {
        self.fg(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    pub fn key(self) -> Style {
        self.fg(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    pub fn bar(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub fn selected(self, focused: bool) -> Style {
        if focused {
            Style::new().add_modifier(Modifier::REVERSED)
        } else {
            Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        }
    }

    pub fn border(self, focused: bool) -> Style {
        if focused { self.heading() } else { self.quiet() }
    }

    pub fn danger(self) -> Style {
        self.fg(Color::Red).add_modifier(Modifier::BOLD)
    }

    pub fn warning(self) -> Style {
        self.fg(Color::Yellow)
    }

    pub fn good(self) -> Style {
        self.fg(Color::Green)
    }

    pub fn band(self, band: Band) -> Style {
        match band {
            Band::Now => self.danger(),
            Band::Today => self.warning().add_modifier(Modifier::BOLD),
            Band::ThisWeek => self.heading(),
            Band::Later => self.quiet().add_modifier(Modifier::BOLD),
        }
    }
}
