//! Undo and redo at the screen: what is taken back, whose it was, and the list of what was done.
//!
//! Promises: nothing of another client's, of another day's or of an earlier session's is taken back without being asked; after
//! it the screen is at whose it was. Called by actions. Must never take back another action than the one that was shown.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::store::{ActionId, PastAction, Receipt, StoreError};
use crate::triage::hour_in_words;

use super::desk::Desk;
use super::draw::{boxed, middle};
use super::overlay::{Menu, Overlay, Pick};
use super::panes::{put, scrolled};
use super::sheet::{Open, Sheet};
use super::text::cell;
use super::theme::Theme;

/// So many actions can be looked through.
const LISTED: usize = 200;

impl Desk {
    pub(super) fn ask_undo(&mut self) -> Result<(), StoreError> {
        match self.store.undoable()? {
            None => self.say("There is nothing to undo."),
            Some(past) if past.label == "import demo" => self.say("There is nothing to undo."),
            Some(past) => match self.why_ask(&past) {
                Some(why) => self.ask_past(&past, "Undo", &why, Pick::Undo(past.id)),
                None => self.undo(past.id)?,
            },
        }
        Ok(())
    }

    pub(super) fn ask_redo(&mut self) -> Result<(), StoreError> {
        match self.store.redoable()? {
            None => self.say("There is nothing to do again."),
            Some(past) => match self.why_ask(&past) {
                Some(why) => self.ask_past(&past, "Do again", &why, Pick::Redo(past.id)),
                None => self.redo(past.id)?,
            },
        }
        Ok(())
    }

    /// Why a person must say yes before an action is taken back or done again; none where it is what they just did.
    fn why_ask(&self, past: &PastAction) -> Option<String> {
        let mut why: Vec<String> = Vec::new();
        if past.imported {
            why.push("It came from a file, with all that the file brought.".into());
        }
        let known = past.clients.iter().any(|client| self.caseload.get(*client).is_some());
        // What was done for many at once, from here, is not another's while one is still here.
        let just_now = past.clients.len() > 1 && self.acted == Some((past.ends, self.chosen));
        if known && !just_now && !past.clients.iter().any(|client| Some(*client) == self.chosen) {
            let chosen = self.chosen.map_or(String::new(), |chosen| self.name_of(chosen));
            why.push(match chosen.is_empty() {
                true => "Nobody is chosen now.".into(),
                false => format!("You are at {chosen} now."),
            });
        }
        if past.when.date_naive() != self.store.now().date_naive() {
            why.push("It was done on another day.".into());
        }
        if past.ends <= self.began {
            why.push("It was done before this session.".into());
        }
        (!why.is_empty()).then(|| why.join(" "))
    }

    fn ask_past(&mut self, past: &PastAction, verb: &str, why: &str, yes: Pick) {
        // The question says whom it is about itself.
        self.for_whom = None;
        let whose = self.names_of(&past.clients);
        let whose = if whose.is_empty() { String::new() } else { format!("{whose}: ") };
        let mut about = vec![past_in_words(past)];
        about.push(format!("Done {}.", hour_in_words(past.when, self.store.now().date_naive())));
        about.push(why.into());
        let yes_text = if past.imported { "Yes, take it all back" } else { "Yes" };
        let items = vec![(Some('y'), yes_text.into(), yes), (Some('n'), "No".into(), Pick::Nothing)];
        self.overlay = Some(Menu::telling(format!("{whose}{verb} \"{}\"?", past.label), about, items));
    }

    pub(super) fn undo(&mut self, id: ActionId) -> Result<(), StoreError> {
        let past = self.store.past_action(id)?;
        match self.store.undo_action(id) {
            Ok(Some((label, receipt))) => self.went_back(receipt, past, &format!("Undone: {label}")),
            Ok(None) => {
                self.say("That is undone already.");
                Ok(())
            }
            Err(error @ StoreError::OthersWrote { .. }) => {
                self.tell_theirs(&error, past);
                Ok(())
            }
            Err(error) => {
                self.for_whom = past.and_then(|past| past.clients.first().copied());
                self.tell_refusal(&error, None);
                Ok(())
            }
        }
    }

    /// What stands in the way of an undo and whose it is, with what may be done instead.
    fn tell_theirs(&mut self, error: &StoreError, past: Option<PastAction>) {
        self.for_whom = None;
        let clients = past.as_ref().map_or(&[][..], |past| &past.clients);
        let mut items = Vec::new();
        if let Some(past) = past.as_ref().filter(|past| past.clients.len() > 1) {
            items.push((
                Some('t'),
                "Take back the rest, and leave theirs as it is".into(),
                Pick::UndoButTheirs(past.id),
            ));
        }
        if let [client] = clients {
            items.push((Some('g'), "Go to the client".into(), Pick::Go(*client)));
        }
        items.push((Some('n'), "Leave it as it is".into(), Pick::Nothing));
        let about = vec![error.to_string(), "A client whom nobody needs any more is closed, not taken back.".into()];
        let whose = self.names_of(clients);
        let title = if whose.is_empty() { "Not undone".into() } else { format!("Not undone: {whose}") };
        self.overlay = Some(Menu::telling(title, about, items));
    }

    /// Takes an action back but for the clients on whom others have written since.
    pub(super) fn undo_but_theirs(&mut self, id: ActionId) -> Result<(), StoreError> {
        let past = self.store.past_action(id)?;
        match self.store.undo_all_but_theirs(id) {
            Ok(Some((label, receipt))) => self.went_back(receipt, past, &format!("Undone, but for theirs: {label}")),
            Ok(None) => {
                self.say("That is undone already.");
                Ok(())
            }
            Err(error) => {
                self.tell_refusal(&error, None);
                Ok(())
            }
        }
    }

    pub(super) fn redo(&mut self, id: ActionId) -> Result<(), StoreError> {
        let past = self.store.redoable()?.filter(|past| past.id == id);
        if past.is_none() {
            self.say("Something else was done since: there is nothing to do again.");
            return Ok(());
        }
        match self.store.redo() {
            Ok(Some((label, receipt))) => self.went_back(receipt, past, &format!("Done again: {label}"))?,
            Ok(None) => self.say("There is nothing to do again."),
            Err(error) => self.trouble(error),
        }
        Ok(())
    }

    /// Goes to whose it was, and says what was done.
    fn went_back(&mut self, receipt: Receipt, past: Option<PastAction>, said: &str) -> Result<(), StoreError> {
        // In the day's run the next one does not come up now: what was taken back is to be seen.
        let running = std::mem::replace(&mut self.running, false);
        let followed = self.follow(receipt);
        self.running = running;
        followed?;
        let mut what = String::new();
        if let Some(past) = past {
            let here = past.clients.iter().any(|client| Some(*client) == self.chosen);
            if let Some(first) = past.clients.iter().find(|client| self.caseload.get(**client).is_some())
                && !here
            {
                self.choose_client(*first)?;
            }
            past.rows.iter().for_each(|row| self.point_at(*row));
            if !past.what.is_empty() {
                what = format!(" ({})", past.what);
            }
        }
        self.say(format!("{said}{what}."));
        Ok(())
    }

    /// What was done here, to read and to take back.
    pub(super) fn undo_history(&mut self) -> Result<(), StoreError> {
        let past = self.store.past_actions(LISTED)?;
        let past: Vec<PastAction> = past.into_iter().filter(|one| one.label != "import demo").collect();
        if past.is_empty() {
            self.say("Nothing was done here yet.");
            return Ok(());
        }
        let mut sheet = UndoHistory { can: vec![None; past.len()], past, at: 0 };
        sheet.ask(self)?;
        self.overlay = Some(Overlay::Sheet(Box::new(sheet)));
        Ok(())
    }
}

/// An action and what it was about.
fn past_in_words(past: &PastAction) -> String {
    if past.what.is_empty() { past.label.clone() } else { format!("{}: {}", past.label, past.what) }
}

struct UndoHistory {
    past: Vec<PastAction>,
    /// Whether each can be taken back, as far as it was asked.
    can: Vec<Option<bool>>,
    at: usize,
}

/// So many are asked about at once: as many as are in sight.
const ASKED: usize = 40;

impl UndoHistory {
    /// Finds out of those around the one at hand whether they can be taken back.
    fn ask(&mut self, desk: &mut Desk) -> Result<(), StoreError> {
        let from = self.at.saturating_sub(ASKED / 2);
        for at in from..(from + ASKED).min(self.past.len()) {
            let one = &self.past[at];
            if self.can[at].is_none() && !one.undone && !one.imported && !desk.store.read_only() {
                self.can[at] = Some(desk.store.can_undo(one.id)?);
            }
        }
        Ok(())
    }

    fn state(&self, at: usize) -> &'static str {
        match (self.past[at].undone, self.can[at]) {
            (true, _) => "undone",
            (_, Some(true)) => "can be undone",
            (_, Some(false)) => "changed since",
            (_, None) if self.past[at].imported => "from a file",
            (_, None) => "",
        }
    }
}

impl Sheet for UndoHistory {
    fn key(mut self: Box<Self>, key: &KeyEvent, desk: &mut Desk) -> Result<Open, StoreError> {
        let last = self.past.len() - 1;
        self.at = match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Ok(None),
            KeyCode::Up | KeyCode::Char('k') => self.at.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => (self.at + 1).min(last),
            KeyCode::PageUp => self.at.saturating_sub(10),
            KeyCode::PageDown => (self.at + 10).min(last),
            KeyCode::Home => 0,
            KeyCode::End => last,
            KeyCode::Enter | KeyCode::Char('u') => {
                let one = self.past[self.at].clone();
                match self.state(self.at) {
                    "undone" => desk.say("That is undone already."),
                    "changed since" => match desk.store.why_not_undo(one.id)? {
                        Some(error @ StoreError::OthersWrote { .. }) => {
                            desk.tell_theirs(&error, Some(one));
                            return Ok(None);
                        }
                        _ => desk.say("What it set was changed since: change it by hand, or undo that first."),
                    },
                    _ if desk.store.read_only() => desk.trouble("Not now: this file is read-only."),
                    _ => {
                        let why = desk.why_ask(&one).unwrap_or_default();
                        desk.ask_past(&one, "Undo", &why, Pick::Undo(one.id));
                        return Ok(None);
                    }
                }
                self.at
            }
            KeyCode::Char('g') => {
                if let Some(client) = self.past[self.at].clients.first().copied() {
                    desk.choose_client(client)?;
                    return Ok(None);
                }
                self.at
            }
            _ => self.at,
        };
        self.ask(desk)?;
        Ok(Some(self))
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme, desk: &Desk) -> Option<Position> {
        let inner = boxed(middle(area, 116, area.height), buffer, "What was done here, newest first", theme);
        let foot = inner.bottom().saturating_sub(1);
        put(buffer, inner.x, foot, inner.width, "Enter undoes it, g goes to whose it was, Esc closes", theme.key());
        let list = Rect { height: inner.height.saturating_sub(1), ..inner };
        // Two lines each: whose and what; a narrow screen cuts neither.
        let top = scrolled(self.at, self.past.len(), usize::from(list.height / 2));
        let today = desk.store.now().date_naive();
        let lines = (list.y..list.bottom().saturating_sub(1)).step_by(2);
        for ((one, number), y) in self.past.iter().zip(0..).skip(top).zip(lines) {
            let whose = match desk.names_of(&one.clients) {
                none if none.is_empty() && one.clients.is_empty() => "yourself".to_string(),
                none if none.is_empty() => "someone who is not here any more".into(),
                names => names,
            };
            let state = self.state(number);
            let head = format!("{}  {whose}", hour_in_words(one.when, today));
            let room = usize::from(list.width).saturating_sub(state.len() + 1);
            let head = format!("{}{state} ", cell(&head, room));
            let style = if number == self.at { theme.bar() } else { theme.strong() };
            put(buffer, list.x, y, list.width, &head, style);
            let text = if one.undone { theme.quiet() } else { theme.text() };
            put(buffer, list.x + 2, y + 1, list.width.saturating_sub(2), &past_in_words(one), text);
        }
        None
    }
}
