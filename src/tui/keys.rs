//! Which key calls which action: as the table has it, with the user's own `keys.toml` laid over it.

use std::collections::{BTreeMap, HashMap};

use crossterm::event::KeyEvent;
use serde::Deserialize;

use crate::practice::Trouble;

use super::action::{Action, Place, TABLE, by_name, key_name};

#[derive(Clone, Debug)]
pub struct Keys {
    by_key: HashMap<(Place, String), Action>,
    of: HashMap<Action, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    keys: BTreeMap<toml::Spanned<String>, Vec<String>>,
}

impl Keys {
    /// The keys of the table.
    pub fn standard() -> Keys {
        let mut of: HashMap<Action, Vec<String>> = HashMap::new();
        for entry in TABLE {
            of.entry(entry.action).or_default().extend(entry.keys.iter().map(|key| (*key).to_string()));
        }
        Keys::of(of).expect("the table has no key twice")
    }

    fn of(of: HashMap<Action, Vec<String>>) -> Result<Keys, (Action, Action, String)> {
        let mut by_key: HashMap<(Place, String), Action> = HashMap::new();
        // In the table's order, so that the same trouble is always told the same way.
        for entry in TABLE {
            for key in &of[&entry.action] {
                let known = by_key.insert((entry.place, key.clone()), entry.action);
                if let Some(known) = known.filter(|known| *known != entry.action) {
                    return Err((known, entry.action, key.clone()));
                }
            }
        }
        Ok(Keys { by_key, of })
    }

    /// These keys with a file's laid over them: `[keys]`, then lines such as `log-contact = ["l", "F5"]`.
    ///
    /// # Errors
    /// Names the file and the line of what cannot be understood, or the two actions that one key would call.
    pub fn overlay(&self, file: &str, text: &str) -> Result<Keys, Trouble> {
        let at = |place: usize, why: String| Trouble::at(file, text, place, why);
        let lines: File = toml::from_str(text)
            .map_err(|error| at(error.span().map_or(0, |span| span.start), error.message().to_string()))?;
        let mut of = self.of.clone();
        for (name, keys) in &lines.keys {
            let place = name.span().start;
            let entry = by_name(name.get_ref())
                .ok_or_else(|| at(place, format!("there is no action \"{}\"", name.get_ref())))?;
            for key in keys {
                if !is_key(key) {
                    let why = "is not a key: write a, G, Ctrl-s, Alt-x, F5, Enter, Shift-Tab, Space, PgUp ...";
                    return Err(at(place, format!("\"{key}\" {why}")));
                }
            }
            of.insert(entry.action, keys.clone());
        }
        Keys::of(of).map_err(|(one, other, key)| {
            let (one, other) = (name_of(one), name_of(other));
            let why = format!(
                "cannot be followed: the key {key} would call both {one} and {other}; give one of them another"
            );
            Trouble::whole(file, why)
        })
    }

    /// The action that a key calls in a place.
    pub fn action(&self, key: &KeyEvent, place: Place) -> Option<Action> {
        self.by_key.get(&(place, key_name(key)?)).copied()
    }

    /// The keys of an action, the first one first.
    pub fn keys(&self, action: Action) -> &[String] {
        self.of.get(&action).map_or(&[], Vec::as_slice)
    }

    /// The first key of an action; empty where it has none.
    pub fn first(&self, action: Action) -> &str {
        self.keys(action).first().map_or("", String::as_str)
    }

    /// The first key of the action with this name.
    pub fn first_of(&self, name: &str) -> &str {
        by_name(name).map_or("", |entry| self.first(entry.action))
    }
}

fn name_of(action: Action) -> &'static str {
    TABLE.iter().find(|entry| entry.action == action).map_or("", |entry| entry.name)
}

fn is_key(text: &str) -> bool {
    const NAMED: &[&str] = &[
        "Enter",
        "Esc",
        "Tab",
        "Shift-Tab",
        "Space",
        "Backspace",
        "Del",
        "Up",
        "Down",
        "Left",
        "Right",
        "Home",
        "End",
        "PgUp",
        "PgDn",
    ];
    let bare = text.strip_prefix("Ctrl-").or(text.strip_prefix("Alt-")).unwrap_or(text);
    let function = bare.strip_prefix('F').and_then(|n| n.parse::<u8>().ok()).is_some_and(|n| (1..=12).contains(&n));
    NAMED.contains(&bare) || function || (bare.chars().count() == 1 && !bare.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyCode;

    fn pressed(c: char) -> KeyEvent {
        KeyEvent::from(KeyCode::Char(c))
    }

    #[test]
    fn keys_can_be_changed() {
        let keys = Keys::standard().overlay("keys.toml", "[keys]\nlog-contact = [\"Z\", \"F5\"]\nquit = []\n").unwrap();
        assert_eq!(keys.action(&pressed('Z'), Place::Desk), Some(Action::Log));
        assert_eq!(keys.action(&pressed('l'), Place::Desk), None);
        assert_eq!(keys.action(&pressed('q'), Place::Desk), None);
        assert_eq!(keys.first_of("log-contact"), "Z");
    }

    #[test]
    fn a_wrong_file_is_told_with_its_line() {
        for (text, why) in [
            ("[keys]\nlog-contact = [\"n\"]\n", "the key n would call both log-contact and add-note"),
            ("[keys]\n\nlog-contract = [\"y\"]\n", "line 3: there is no action \"log-contract\""),
            ("[keys]\nquit = [\"Ctrl+Q\"]\n", "line 2: \"Ctrl+Q\" is not a key"),
            ("[keys]\nquit = \"y\"\n", "line 2: "),
            ("[kays]\n", "line 1: unknown field"),
        ] {
            let error = Keys::standard().overlay("keys.toml", text).unwrap_err();
            let error = error.to_string();
            assert!(error.starts_with("keys.toml") && error.contains(why), "{error}");
        }
    }
}
