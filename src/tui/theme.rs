//! Colours and weights, named for what they mean, as data in `assets/themes/`. They are the terminal's own sixteen, so
//! that they follow its settings; with `NO_COLOR` only weights remain. Nothing is told by colour alone.

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::triage::Band;

/// The themes that ship: name and data.
pub const THEMES: &[(&str, &str)] = &[
    ("dark", include_str!("../../assets/themes/dark.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
    ("high-contrast", include_str!("../../assets/themes/high-contrast.toml")),
];

#[derive(Clone, Copy, Debug)]
pub struct Theme {
    roles: Roles<Style>,
    /// Lines of text without boxes, for a screen reader.
    pub plain: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Roles<T> {
    quiet: T,
    heading: T,
    key: T,
    danger: T,
    warning: T,
    good: T,
    bar: T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    colour: String,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    underlined: bool,
    #[serde(default)]
    reversed: bool,
}

impl Look {
    fn style(&self, colours: bool) -> Style {
        let mut style = Style::new();
        if colours && self.colour != "none" {
            style = style.fg(colour(&self.colour));
        }
        for (on, weight) in
            [(self.bold, Modifier::BOLD), (self.underlined, Modifier::UNDERLINED), (self.reversed, Modifier::REVERSED)]
        {
            if on {
                style = style.add_modifier(weight);
            }
        }
        style
    }
}

fn colour(name: &str) -> Color {
    name.replace("bright-black", "darkgray").replace("bright-", "light").parse().unwrap_or(Color::Reset)
}

impl Theme {
    /// A theme by its name; `None` for one that is not there.
    pub fn named(name: &str, colours: bool, plain: bool) -> Option<Theme> {
        let (_, text) = THEMES.iter().find(|(known, _)| *known == name)?;
        let looks: Roles<Look> = toml::from_str(text).expect("the shipped themes are sound");
        let style = |look: Look| look.style(colours);
        let mut roles = Roles {
            quiet: style(looks.quiet),
            heading: style(looks.heading),
            key: style(looks.key),
            danger: style(looks.danger),
            warning: style(looks.warning),
            good: style(looks.good),
            bar: style(looks.bar),
        };
        if !colours && name != "high-contrast" {
            roles.quiet = Style::new().add_modifier(Modifier::DIM);
        }
        Some(Theme { roles, plain })
    }

    /// The theme for this terminal: light where it says that its background is (`COLORFGBG`), without colours where the
    /// environment asks for none (<https://no-color.org>).
    pub fn from_env(name: Option<&str>, plain: bool) -> Theme {
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let background = std::env::var("COLORFGBG").ok().and_then(|text| text.rsplit(';').next()?.parse::<u8>().ok());
        let light = matches!(background, Some(7 | 9..=15));
        let name = name.unwrap_or(if light { "light" } else { "dark" });
        Theme::named(name, colours, plain)
            .or_else(|| Theme::named("dark", colours, plain))
            .expect("the shipped themes are sound")
    }

    pub fn text(self) -> Style {
        Style::new()
    }

    pub fn quiet(self) -> Style {
        self.roles.quiet
    }

    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub fn heading(self) -> Style {
        self.roles.heading
    }

    pub fn key(self) -> Style {
        self.roles.key
    }

    pub fn bar(self) -> Style {
        self.roles.bar
    }

    pub fn selected(self, focused: bool) -> Style {
        if focused { self.roles.bar } else { Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED) }
    }

    pub fn border(self, focused: bool) -> Style {
        if focused { self.heading() } else { self.quiet() }
    }

    pub fn danger(self) -> Style {
        self.roles.danger
    }

    pub fn warning(self) -> Style {
        self.roles.warning
    }

    pub fn good(self) -> Style {
        self.roles.good
    }

    pub fn band(self, band: Band) -> Style {
        match band {
            Band::Now => self.danger(),
            Band::Today => self.warning().add_modifier(Modifier::BOLD),
            Band::ThisWeek => self.heading(),
            Band::Later | Band::Desk => self.quiet().add_modifier(Modifier::BOLD),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_is_sound_and_without_colour_none_is_left() {
        for (name, _) in THEMES {
            assert!(Theme::named(name, true, false).is_some());
            let bare = Theme::named(name, false, false).unwrap().roles;
            for style in [bare.quiet, bare.heading, bare.key, bare.danger, bare.warning, bare.good, bare.bar] {
                assert_eq!((style.fg, style.bg), (None, None), "{name}");
            }
        }
        assert!(Theme::named("neon", true, false).is_none());
        assert_eq!(colour("bright-black"), Color::DarkGray);
        assert_eq!(colour("bright-red"), Color::LightRed);
    }
}
