//! Whose are these: events from a calendar of which nobody could tell whose they are, each to be put with a client.

use crate::exchange::unplaced::{place, set_aside, waiting};
use crate::model::RowId;
use crate::model::text::one_line;

use super::act::{digit, numbered};
use super::answer::Answer;
use super::desk::Desk;
use super::overlay::{Menu, Pick};

/// So many names are offered.
const OFFERED: usize = 7;

impl Desk {
    pub(super) fn unplaced(&mut self) {
        match waiting(&self.store) {
            Ok(waiting) if waiting.is_empty() => self.say("Nothing waits to be told whose it is."),
            Ok(waiting) => {
                let items = waiting.into_iter().map(|one| (one.key, one_line(&one.about).into_owned())).collect();
                self.overlay = Some(Menu::over("Whose are these?", numbered(items, Pick::Whose)));
            }
            Err(error) => self.trouble(error),
        }
    }

    /// Offers who may be meant: those of whom a name stands in it, and the chosen client.
    pub(super) fn whose(&mut self, key: RowId) {
        let about = match waiting(&self.store) {
            Ok(waiting) => waiting.into_iter().find(|one| one.key == key).map(|one| one.about),
            Err(error) => return self.trouble(error),
        };
        let Some(about) = about else { return };
        let words: Vec<String> = about.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(String::from).collect();
        let named = |name: &str| {
            name.to_lowercase()
                .split_whitespace()
                .any(|part| part.chars().count() > 2 && words.iter().any(|word| word == part))
        };
        let mut offered: Vec<(RowId, String)> = self
            .caseload
            .facts()
            .iter()
            .filter(|facts| named(&facts.name))
            .take(OFFERED)
            .map(|facts| (facts.id, facts.name.clone()))
            .collect();
        if let Some(chosen) = self.facts().filter(|chosen| !offered.iter().any(|(id, _)| *id == chosen.id)) {
            offered.push((chosen.id, chosen.name.clone()));
        }
        let mut items: Vec<_> = offered
            .into_iter()
            .enumerate()
            .map(|(at, (client, name))| (digit(at), one_line(&name).into_owned(), Pick::PlaceWith(key, client)))
            .collect();
        items.push((Some('n'), "Somebody else: type the name".into(), Pick::AskWhose(key)));
        items.push((Some('x'), "Nobody here: do not ask again".into(), Pick::SetAside(key)));
        self.overlay = Some(Menu::telling("Whose is this?", vec![about], items));
    }

    pub(super) fn ask_whose(&mut self, key: RowId) {
        self.ask(Answer::Whose(key), "Whose is it?", "The client's name, or a part of it.");
    }

    /// The clients whose name holds what was typed: one takes it, several are offered.
    pub(super) fn whose_named(&mut self, key: RowId, typed: &str) {
        let typed = typed.trim().to_lowercase();
        let fits = self.caseload.facts().iter().filter(|facts| facts.name.to_lowercase().contains(&typed));
        let found: Vec<(RowId, String)> = fits.take(9).map(|facts| (facts.id, facts.name.clone())).collect();
        match found.as_slice() {
            [] => self.refuse("Nobody here goes by that name."),
            [(client, _)] => self.place_with(key, *client),
            _ => self.overlay = Some(Menu::over("Who?", numbered(found, |client| Pick::PlaceWith(key, client)))),
        }
    }

    pub(super) fn place_with(&mut self, key: RowId, client: RowId) {
        self.overlay = None;
        let name = self.caseload.get(client).map_or(String::new(), |facts| facts.name.clone());
        match place(&mut self.store, key, client) {
            Ok(taken) => {
                let many: u64 = taken.created.values().chain(taken.updated.values()).sum();
                if let Err(error) = self.load() {
                    return self.trouble(error);
                }
                self.unplaced();
                let what = if many == 1 { "appointment" } else { "appointments" };
                self.say(format!("Put with {}: {many} {what}.", one_line(&name)));
            }
            Err(error) => self.trouble(error),
        }
    }

    pub(super) fn set_aside(&mut self, key: RowId) {
        match set_aside(&mut self.store, key) {
            Ok(()) => {
                self.unplaced();
                self.say("Left out, also when the calendar is imported again.");
            }
            Err(error) => self.trouble(error),
        }
    }
}
