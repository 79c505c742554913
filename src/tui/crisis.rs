//! A crisis at the screen: its kind by one key, then one screen with the checklist, the clocks, whom to call and the safety
//! plan, for shaking hands.
//!
//! Promises: every key that does something is saved before the next one is taken; a key pressed twice takes nothing back;
//! leaving the screen ends nothing. Called by the action of the same name, from anywhere, also out of a form. Must never
//! say that someone was called or that a step was done before a person says so.

mod draw;
mod keep;

use chrono::{DateTime, FixedOffset};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::records::{care_team, client, incident, relationship, safety_plan};
use crate::model::{Change, FieldId, List, Moment, Row, RowId};
use crate::practice::{CrisisKind, incident as pure};
use crate::store::{ClientFile, StoreError};
use crate::triage::calendar::add_business_days;

use super::action::Action;
use super::desk::Desk;
use super::form::Form;
use super::overlay::{Line, Overlay};
use super::safety::{all_sides, plan_lines};
use super::sheet::{Open, Sheet};
use super::theme::Theme;

/// What a menu about a crisis leads to.
#[derive(Clone)]
pub enum Choice {
    /// Begins one of a kind, by its code.
    Begin(String),
    /// Back to one that is open.
    Back(RowId),
    Another,
    /// Takes back the word that the client is in crisis, where there is no record of one.
    Over,
    Reported(RowId, pure::By),
    NoReport(RowId),
    Debriefed(RowId),
    Edit(RowId),
}

/// The screen of one incident.
pub struct Crisis {
    client: RowId,
    name: String,
    row: Row,
    /// `None` where the agency's files do not know the kind.
    kind: Option<CrisisKind>,
    /// How to reach the person without harm: every word on it that there is.
    safe: Vec<String>,
    calls: Vec<String>,
    plan: Vec<(String, bool)>,
    typing: Option<Typing>,
    /// Asked which of the two reports was made: by phone, or in writing.
    asks_which: bool,
    said: Option<String>,
    scroll: usize,
}

struct Typing {
    what: Written,
    line: Line,
}

/// What is typed on the screen, each in a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Written {
    Called,
    Happening,
    Resolution,
}

impl Written {
    fn asks(self) -> &'static str {
        match self {
            Written::Called => "Called, and what was agreed",
            Written::Happening => "What is happening",
            Written::Resolution => "What resolved it",
        }
    }

    /// Under which a line that is not finished is kept, encrypted.
    fn key(self) -> &'static str {
        match self {
            Written::Called => "crisis-called",
            Written::Happening => "crisis-happening",
            Written::Resolution => "crisis-resolution",
        }
    }

    fn field(self) -> FieldId {
        match self {
            Written::Called => incident::called,
            Written::Happening => incident::what,
            Written::Resolution => incident::resolution,
        }
    }
}

impl Crisis {
    fn read(desk: &Desk, row: RowId) -> Result<Option<Crisis>, StoreError> {
        let Some(row) = desk.store.row_of(&incident::TYPE, row)? else { return Ok(None) };
        let types = &[&relationship::TYPE, &care_team::TYPE, &safety_plan::TYPE];
        let Some(file) = desk.store.client_part(row.stream, 0, types)? else { return Ok(None) };
        let kind = desk.rules.practice().crisis(row.text(incident::kind)).cloned();
        let mut calls = kind.as_ref().map_or(Vec::new(), |kind| kind.call.clone());
        let said = |row: &Row, fields: [FieldId; 3]| {
            let parts = fields.map(|field| row.text(field).trim().to_string());
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        };
        let family = file.of(&relationship::TYPE).iter().filter(|row| row.yes(relationship::emergency));
        calls.extend(family.map(|row| {
            format!("Emergency: {}", said(row, [relationship::name, relationship::relation, relationship::phone]))
        }));
        let team = file.of(&care_team::TYPE).iter();
        calls.extend(team.map(|row| said(row, [care_team::name, care_team::role, care_team::phone])));
        let person = file.person();
        let phone = person.text(client::phone);
        if !phone.is_empty() {
            calls.push(format!("{}: {phone}", file.client.client_name()));
        }
        Ok(Some(Crisis {
            client: file.client.id,
            name: file.client.client_name(),
            safe: safe_contact(&file),
            plan: plan_lines(file.of(&safety_plan::TYPE)),
            kind,
            calls,
            row,
            typing: None,
            asks_which: false,
            said: None,
            scroll: 0,
        }))
    }

    fn began(&self, now: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
        self.row.time(incident::began).unwrap_or(now)
    }

    /// Saves a change at once and shows what came of it.
    fn save(&mut self, change: &Change, desk: &mut Desk, said: impl Into<String>) -> Result<bool, StoreError> {
        match desk.commit(change) {
            Ok(()) => {
                self.said = Some(said.into());
                if let Some(now) = desk.store.row_of(&incident::TYPE, self.row.id)? {
                    self.row = now;
                }
                Ok(true)
            }
            Err(error) => {
                desk.trouble(error);
                Ok(false)
            }
        }
    }

    /// The report was made, by phone or in writing.
    fn made(&mut self, by: pure::By, desk: &mut Desk) -> Result<(), StoreError> {
        let change = pure::reported(self.row.id, by, desk.moment().now);
        let more = if by == pure::By::Phone { " Write its number down: k." } else { "" };
        self.save(&change, desk, format!("{}{more}", said_of(by))).map(drop)
    }

    fn tick(&mut self, at: usize, desk: &mut Desk) -> Result<(), StoreError> {
        let Some(step) = self.kind.as_ref().and_then(|kind| kind.steps.get(at)).cloned() else { return Ok(()) };
        match pure::ticks(&self.row).iter().find(|(id, _)| *id == step.id) {
            Some((_, time)) => {
                let time = time.format("%H:%M");
                self.said = Some(format!("{} is done since {time}. Backspace takes the last tick back.", at + 1));
            }
            None => {
                let change = pure::tick(self.row.id, &step.id, desk.moment().now);
                self.save(&change, desk, format!("{} is done.", at + 1))?;
            }
        }
        Ok(())
    }

    fn begin_typing(&mut self, what: Written, desk: &Desk) {
        let text = desk.unfinished(what, self.row.id).unwrap_or_default();
        self.typing = Some(Typing { what, line: written_so_far(&text) });
    }

    /// Takes a key into the line that is typed.
    fn type_on(mut self: Box<Self>, key: &KeyEvent, desk: &mut Desk) -> Result<Open, StoreError> {
        let Some(typing) = &mut self.typing else { return Ok(Some(self)) };
        let (what, row) = (typing.what, self.row.id);
        match key.code {
            // What was typed comes back with the same key.
            KeyCode::Esc => self.typing = None,
            _ if key.code == KeyCode::Enter || desk.saves(key) => {
                let text = typing.line.text();
                if text.trim().is_empty() {
                    self.typing = None;
                    return Ok(Some(self));
                }
                let saved = match what {
                    Written::Resolution => self.resolve(&text, desk)?,
                    Written::Called | Written::Happening => {
                        let change = pure::write_down(&self.row, what.field(), &text, desk.moment().now);
                        self.save(&change, desk, "Written down.")?
                    }
                };
                if saved {
                    desk.keep_unfinished(what, row, "");
                    self.typing = None;
                    if what == Written::Resolution {
                        desk.say(self.said.take().unwrap_or_default());
                        return Ok(None);
                    }
                }
            }
            _ => {
                if typing.line.key(key) {
                    let text = typing.line.text();
                    desk.keep_unfinished(what, row, &text);
                }
            }
        }
        Ok(Some(self))
    }

    fn resolve(&mut self, how: &str, desk: &mut Desk) -> Result<bool, StoreError> {
        let now = desk.moment().now;
        let days = self.kind.as_ref().map_or(3, |kind| kind.debrief_days);
        let debrief_due = add_business_days(now.date_naive(), days.into());
        let name = kind_name(&self.row);
        let others = desk.open_incidents(self.client)?;
        let same = others.iter().any(|other| other.id != self.row.id && kind_name(other) == name);
        let file = desk.store.client_part(self.client, 0, &[])?;
        let persons: Vec<&Row> =
            file.iter().flat_map(|file| std::iter::once(&file.client).chain(&file.also)).filter(|_| !same).collect();
        let said: Vec<(&Row, String)> =
            persons.into_iter().filter_map(|person| Some((person, pure::crises_without(person, &name)?))).collect();
        let change = pure::resolve(&self.row, how, now, debrief_due, &said);
        let due = crate::triage::day_in_words(debrief_due, desk.today);
        let left = self.kind.as_ref().map_or(0, |kind| kind.steps.len().saturating_sub(pure::ticks(&self.row).len()));
        let open = if left > 0 { format!(" {left} steps were not ticked.") } else { String::new() };
        self.save(&change, desk, format!("Resolved; debriefing due {due}.{open}"))
    }
}

impl Sheet for Crisis {
    fn crisis(&self) -> Option<RowId> {
        Some(self.row.id)
    }

    fn key(mut self: Box<Self>, key: &KeyEvent, desk: &mut Desk) -> Result<Open, StoreError> {
        if self.typing.is_some() {
            return self.type_on(key, desk);
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return Ok(Some(self));
        }
        self.said = None;
        let asked = std::mem::take(&mut self.asks_which);
        // Another laptop, or the command line, may have written meanwhile.
        match desk.store.row_of(&incident::TYPE, self.row.id)? {
            Some(row) => self.row = row,
            None => {
                desk.trouble("The record of this crisis was deleted.");
                return Ok(None);
            }
        }
        let over = !pure::is_open(&self.row);
        match key.code {
            KeyCode::Esc if asked => {}
            KeyCode::Char('p') if asked => self.made(pure::By::Phone, desk)?,
            KeyCode::Char('w') if asked => self.made(pure::By::Writing, desk)?,
            KeyCode::Esc => {
                if !over {
                    desk.say(format!("The crisis stays open: {} returns to it.", desk.keys.first(Action::Crisis)));
                }
                return Ok(None);
            }
            KeyCode::Char(c @ '1'..='9') => self.tick(c as usize - '1' as usize, desk)?,
            KeyCode::Char('0') => self.tick(9, desk)?,
            KeyCode::Backspace => match pure::ticks(&self.row).last() {
                Some((id, _)) => {
                    let change = pure::untick(&self.row, id);
                    self.save(&change, desk, "The last tick is taken back.")?;
                }
                None => self.said = Some("Nothing is ticked.".into()),
            },
            KeyCode::Char('k') => self.begin_typing(Written::Called, desk),
            KeyCode::Char('w') => self.begin_typing(Written::Happening, desk),
            KeyCode::Char('r') if over => self.said = Some("It is over already.".into()),
            KeyCode::Char('r') => self.begin_typing(Written::Resolution, desk),
            KeyCode::Char('m') => match pure::owed(&self.row, desk.moment().now)[..] {
                [] if self.row.time(incident::reported).is_some() => {
                    self.said = Some("The report was made already.".into());
                }
                [] => self.said = Some("No mandated report is due here.".into()),
                [only] => self.made(only, desk)?,
                _ => self.asks_which = true,
            },
            KeyCode::Char('y') => {
                desk.safety_plan(Some(self.client))?;
                return Ok(desk.overlay.take().and_then(|overlay| match overlay {
                    Overlay::Sheet(sheet) => Some(sheet),
                    _ => None,
                }));
            }
            KeyCode::Char('n') => {
                desk.crisis_kinds()?;
                return Ok(None);
            }
            KeyCode::Char('e') => {
                desk.form = Some(Form::edit(desk, &self.row, None));
                return Ok(None);
            }
            KeyCode::Down | KeyCode::Char('j') => self.scroll = (self.scroll + 1).min(500),
            KeyCode::PageDown => self.scroll = (self.scroll + 6).min(500),
            KeyCode::Up => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(6),
            _ => {}
        }
        Ok(Some(self))
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme, desk: &Desk) -> Option<Position> {
        self.draw_screen(area, buffer, theme, &desk.moment())
    }

    fn paste(&mut self, pasted: &str) {
        if let Some(typing) = &mut self.typing {
            typing.line.paste(pasted);
        }
    }

    fn has_a_clock(&self) -> bool {
        true
    }
}

/// A line to go on with: what is in it is not typed over.
fn written_so_far(text: &str) -> Line {
    let mut line = Line::default();
    line.paste(text);
    line
}

fn kind_name(row: &Row) -> String {
    List::CrisisKind.label(row.text(incident::kind)).to_string()
}

/// How to reach the person without harm, and what a colleague must know: of every entry, every side.
fn safe_contact(file: &ClientFile) -> Vec<String> {
    let mut lines = Vec::new();
    for (field, label) in [(client::safe_contact, "SAFE CONTACT"), (client::risk, "ALERT")] {
        for person in std::iter::once(&file.client).chain(&file.also) {
            lines.extend(
                all_sides(person, field).into_iter().map(|text| format!("{label}: {}", text.replace('\n', " "))),
            );
        }
    }
    lines
}

/// What is said when a report was made.
fn said_of(by: pure::By) -> &'static str {
    match by {
        pure::By::Phone => "The report is made by phone.",
        pure::By::Writing => "The report is sent in writing.",
    }
}

/// The clock of a report in words: by phone it is due at once, and late after the state's hours; `None` where it does not
/// run.
fn report_in_words(row: &Row, by: pure::By, moment: &Moment) -> Option<String> {
    let Some(pure::ReportClock::Left(left)) = pure::report_clock(row, by, moment.now) else { return None };
    let (field, way) = match by {
        pure::By::Phone => (incident::report_due, "By phone at once"),
        pure::By::Writing => (incident::written_due, "In writing"),
    };
    let due = moment.local(row.time(field)?).format("%a %-d %b %H:%M");
    Some(match left {
        left @ 0.. => format!("{way}: REPORT DUE in {} ({due})", pure::span(left)),
        over => format!("{way}: REPORT OVERDUE by {} ({due})", pure::span(-over)),
    })
}

#[cfg(test)]
mod tests;
