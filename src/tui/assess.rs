//! Instruments at the screen: which there are and which is due, the quick form by single keys, what comes of it.
//!
//! Promises: every answer is kept, encrypted, as it is given, through a lock and a crash; an answer that demands action at
//! once is said at once and is in the record at once; nothing is scored that was not answered. Called by actions, by the
//! list of records and by reasons; must never show an instrument's licensed wording, which is not here.

mod chart;
mod draw;
mod keep;

use std::sync::Arc;

use chrono::NaiveDate;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::RowId;
use crate::model::records::assessment;
use crate::practice::Practice;
use crate::practice::instruments::{Answers, Asks, Instrument, Item, ItemId, Need};
use crate::store::StoreError;

use super::action::Action;
use super::answer::Answer;
use super::desk::Desk;
use super::form::Form;
use super::sheet::{Open, Sheet};
use super::theme::Theme;

/// What a menu of instruments leads to.
#[derive(Clone)]
pub enum Choice {
    /// An instrument, by its code: where it was begun, it goes on.
    Begin(String),
    /// Throws away what was answered and not finished.
    Drop(RowId, String),
    /// Earlier scores: of which instrument?
    Charts,
    Chart(String),
    /// What was done about an answer that demanded action.
    ActedOn(RowId),
}

/// The quick form of one instrument for one client.
pub struct Quick {
    client: RowId,
    name: String,
    practice: Arc<Practice>,
    code: String,
    row: RowId,
    /// Whether the row is there already, and with a score: then it changes at the end only.
    edits: bool,
    answers: Answers,
    item: ItemId,
    /// Of a number.
    typed: String,
    on: NaiveDate,
    /// The result before this one, in words.
    last: Option<String>,
    wrong: Option<String>,
    result: Option<Outcome>,
}

/// The page at the end: what the answers come to, and the needs to be added with it.
struct Outcome {
    needs: Vec<(Need, bool)>,
    at: usize,
    scroll: usize,
}

impl Quick {
    fn instrument(&self) -> &Instrument {
        self.practice.instruments.get(&self.code).expect("it was there when the form opened")
    }

    fn asked(&self) -> Vec<&Item> {
        self.instrument().to_ask(&self.answers).collect()
    }

    fn current(&self) -> Option<&Item> {
        self.instrument().item(self.item.as_str())
    }

    /// Goes some items on or back; past the last one, to the result.
    fn go(&mut self, by: isize) {
        self.typed.clear();
        self.wrong = None;
        let asked = self.asked();
        let at = asked.iter().position(|item| item.id == self.item).unwrap_or(0);
        match asked.get(at.saturating_add_signed(by)).map(|item| item.id.clone()) {
            Some(next) => self.item = next,
            None => self.finish(),
        }
    }

    /// What of the typed number is an answer; says why not where it is none.
    fn take_typed(&mut self) -> bool {
        if self.typed.is_empty() {
            return true;
        }
        let Some(item) = self.current() else { return true };
        match self.typed.parse().ok().filter(|number| item.takes(*number)) {
            Some(number) => {
                let id = item.id.clone();
                self.answers.set(&id, number);
                self.typed.clear();
                true
            }
            None => {
                if let Asks::Number { min, max, unit, .. } = &item.asks {
                    self.wrong = Some(format!("It goes from {min} to {max} {unit}").trim_end().to_string());
                }
                false
            }
        }
    }

    fn leave_item(&mut self, way: Way) {
        match way {
            Way::Back if self.asked().first().is_some_and(|first| first.id == self.item) => {}
            Way::Back => self.go(-1),
            Way::On => self.go(1),
            Way::End => self.finish(),
        }
    }

    /// To the page at the end.
    fn finish(&mut self) {
        let scored = self.instrument().score(&self.answers).ok();
        let needs = scored.map_or(Vec::new(), |scored| scored.needs);
        self.result = Some(Outcome { needs: needs.into_iter().map(|need| (need, true)).collect(), at: 0, scroll: 0 });
    }

    /// Back to the first item without an answer, or to the last one.
    fn back_to_items(&mut self) {
        self.result = None;
        let asked = self.asked();
        let open = asked.iter().find(|item| self.answers.get(item.id.as_str()).is_none());
        if let Some(item) = open.or(asked.last()) {
            self.item = item.id.clone();
        }
    }
}

impl Sheet for Quick {
    fn key(self: Box<Self>, key: &KeyEvent, desk: &mut Desk) -> Result<Open, StoreError> {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return Ok(Some(self));
        }
        if key.code == KeyCode::Esc {
            desk.put_aside(&self);
            return Ok(None);
        }
        if self.result.is_some() { self.result_key(key, desk) } else { self.item_key(key, desk) }
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme, desk: &Desk) -> Option<Position> {
        self.draw_form(area, buffer, theme, desk)
    }
}

impl Quick {
    fn item_key(mut self: Box<Self>, key: &KeyEvent, desk: &mut Desk) -> Result<Open, StoreError> {
        let before = self.answers.clone();
        let choice = match (key.code, self.current()) {
            (KeyCode::Char(c), Some(item)) => item.by_key(c).map(|choice| (item.id.clone(), choice.value)),
            _ => None,
        };
        let number = self.current().is_some_and(|item| matches!(item.asks, Asks::Number { .. }));
        match key.code {
            KeyCode::Char(_) if choice.is_some() => {
                let (id, value) = choice.expect("it is one");
                self.answers.set(&id, value);
                self.go(1);
            }
            KeyCode::Char(c) if number && (c.is_ascii_digit() || c == '-') => {
                self.wrong = None;
                if self.typed.len() < 8 {
                    self.typed.push(c);
                }
            }
            KeyCode::Backspace if !self.typed.is_empty() => drop(self.typed.pop()),
            KeyCode::Delete => {
                self.typed.clear();
                let id = self.item.clone();
                self.answers.clear(id.as_str());
            }
            KeyCode::Home | KeyCode::PageUp => self.go(-1000),
            KeyCode::Char('c') => {
                desk.keep_assessment(&self, true);
                desk.act(Action::Crisis, None)?;
                return Ok(None);
            }
            code => match way(code, number) {
                Some(way) if self.take_typed() => self.leave_item(way),
                Some(_) => {}
                None => self.wrong = Some("That key is no answer here".into()),
            },
        }
        desk.keep_assessment(&self, true);
        if self.answers != before {
            desk.keep_what_cannot_wait(&self)?;
        }
        Ok(Some(self))
    }

    fn result_key(mut self: Box<Self>, key: &KeyEvent, desk: &mut Desk) -> Result<Open, StoreError> {
        let Some(result) = &mut self.result else { return Ok(Some(self)) };
        let many = result.needs.len();
        match key.code {
            KeyCode::Backspace | KeyCode::Left | KeyCode::BackTab => {
                self.back_to_items();
            }
            KeyCode::Up if many > 0 => result.at = result.at.saturating_sub(1),
            KeyCode::Down if many > 0 => result.at = (result.at + 1).min(many - 1),
            KeyCode::Up => result.scroll = result.scroll.saturating_sub(1),
            KeyCode::Down => result.scroll += 1,
            KeyCode::PageUp => result.scroll = result.scroll.saturating_sub(8),
            KeyCode::PageDown => result.scroll = (result.scroll + 8).min(200),
            KeyCode::Char(' ') if many > 0 => result.needs[result.at].1 ^= true,
            KeyCode::Char(c @ '1'..='9') => {
                if let Some(need) = result.needs.get_mut(c as usize - '1' as usize) {
                    need.1 ^= true;
                }
            }
            KeyCode::Char('d') => {
                desk.keep_assessment(&self, true);
                let about = "The day on which it was answered: today, yesterday, 2026-11-30.";
                desk.ask(Answer::AssessedOn(self.client, self.code.clone()), "Answered on", about);
                return Ok(None);
            }
            KeyCode::Char('c') => {
                desk.keep_assessment(&self, true);
                desk.act(Action::Crisis, None)?;
                return Ok(None);
            }
            // What stands beside the answers: notes, and when it was acted on.
            KeyCode::Char('e') if self.edits => {
                if let Some(row) = desk.store.row_of(&assessment::TYPE, self.row)? {
                    desk.form = Some(Form::edit(desk, &row, None));
                }
                desk.put_aside(&self);
                return Ok(None);
            }
            KeyCode::Enter | KeyCode::Char('s') => {
                if self.instrument().score(&self.answers).is_err() {
                    self.back_to_items();
                    return Ok(Some(self));
                }
                return desk.save_assessment(self);
            }
            _ => {}
        }
        Ok(Some(self))
    }
}

/// Where a key leads from an item.
#[derive(Clone, Copy)]
enum Way {
    Back,
    On,
    End,
}

/// Where a key leads that is no answer; Enter ends a number, and of other items the form.
fn way(key: KeyCode, number: bool) -> Option<Way> {
    match key {
        KeyCode::Backspace | KeyCode::Up | KeyCode::BackTab => Some(Way::Back),
        KeyCode::Down | KeyCode::Tab | KeyCode::Char(' ') => Some(Way::On),
        KeyCode::Enter if number => Some(Way::On),
        KeyCode::Enter | KeyCode::End | KeyCode::PageDown => Some(Way::End),
        _ => None,
    }
}
