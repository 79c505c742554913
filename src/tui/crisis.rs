//! A crisis at the screen: its kind by one key, then one screen with the checklist, the clocks, whom to call and the safety
//! plan, for shaking hands.
//!
//! Promises: every key that does something is saved before the next one is taken; a key pressed twice takes nothing back;
//! leaving the screen ends nothing. Called by the action of the same name, from anywhere, also out of a form. Must never
//! say that someone was called or that a step was done before a person says so.

mod draw;

use chrono::{DateTime, FixedOffset};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use serde::{Deserialize, Serialize};

use crate::model::records::{care_team, client, incident, relationship, safety_plan};
use crate::model::{Change, FieldId, List, Report, Row, RowId, Value};
use crate::practice::{CrisisKind, incident as pure};
use crate::store::{ClientFile, StoreError};
use crate::triage::{calendar::add_business_days, hour_in_words};

use super::act::digit;
use super::action::Action;
use super::desk::Desk;
use super::form::Form;
use super::overlay::{Line, Menu, Overlay, Pick};
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
    Reported(RowId),
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

/// A line that is not finished.
#[derive(Serialize, Deserialize)]
struct Unfinished {
    row: RowId,
    text: String,
}

impl Desk {
    /// Back to the crisis that is open; where there is none, the kinds to choose from.
    pub(super) fn crisis(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        if let Some(form) = &self.form {
            // Out of a form it is about whom the form is about.
            let whose = self.store.root(form.stream)?;
            if self.caseload.get(whose).is_some() && Some(whose) != self.chosen {
                self.choose_client(whose)?;
            }
        }
        let Some(client) = self.chosen else { return Ok(()) };
        if let Some(row) = about.filter(|row| self.store.row_of(&incident::TYPE, *row).is_ok_and(|row| row.is_some())) {
            return self.crisis_screen(row);
        }
        let open = self.open_incidents(client)?;
        match &open[..] {
            [] => self.crisis_kinds(),
            [only] => self.crisis_screen(only.id),
            _ => {
                let now = self.moment().now;
                let items = open.iter().enumerate().map(|(at, row)| {
                    let began = row.time(incident::began).unwrap_or(now);
                    let label = format!("{}, since {}", kind_name(row), hour_in_words(began, self.today));
                    (digit(at), label, Pick::Crisis(Choice::Back(row.id)))
                });
                let another = (Some('n'), "Another crisis".to_string(), Pick::Crisis(Choice::Another));
                self.overlay = Some(Menu::over("Which crisis?", items.chain([another]).collect()));
                Ok(())
            }
        }
    }

    /// The incidents that are not over, the newest first.
    fn open_incidents(&self, client: RowId) -> Result<Vec<Row>, StoreError> {
        let file = self.store.client_part(client, 0, &[&incident::TYPE])?;
        let all = file.map_or(Vec::new(), |file| file.of(&incident::TYPE).to_vec());
        Ok(all.into_iter().filter(pure::is_open).collect())
    }

    fn crisis_kinds(&mut self) -> Result<(), StoreError> {
        let practice = std::sync::Arc::clone(self.rules.practice());
        let kinds = practice
            .crises
            .iter()
            .map(|kind| (Some(kind.key), kind.name.clone(), Pick::Crisis(Choice::Begin(kind.code.clone()))));
        let mut items: Vec<_> = kinds.collect();
        let said = self.facts().map_or(String::new(), |facts| facts.crisis.join(" / "));
        if !said.is_empty() {
            let over = format!("It is over: \"{said}\"");
            items.push((Some('='), over, Pick::Crisis(Choice::Over)));
        }
        let mut about = self.file.as_ref().map_or(Vec::new(), safe_contact);
        about.push("One key begins its checklist and its clock. Esc goes back.".into());
        let name = self.facts().map_or(String::new(), |facts| facts.name.clone());
        self.overlay = Some(Menu::telling(format!("Crisis: {name}"), about, items));
        Ok(())
    }

    fn begin_crisis(&mut self, code: &str) -> Result<(), StoreError> {
        let practice = std::sync::Arc::clone(self.rules.practice());
        let (Some(kind), Some(client)) = (practice.crisis(code), self.chosen) else { return Ok(()) };
        let in_crisis = match self.store.row_of(&client::TYPE, client)? {
            Some(person) => words_on_crisis(&person),
            None => return Ok(()),
        };
        let in_crisis: Vec<String> = in_crisis.split(" / ").map(str::to_string).filter(|one| !one.is_empty()).collect();
        let row = self.store.new_id();
        let change = kind.open(row, client, self.moment().now, &in_crisis);
        match self.commit(&change) {
            Ok(()) => self.crisis_screen(row),
            Err(error) => {
                self.trouble(error);
                Ok(())
            }
        }
    }

    fn crisis_screen(&mut self, row: RowId) -> Result<(), StoreError> {
        if let Some(mut crisis) = Crisis::read(self, row)? {
            for what in [Written::Called, Written::Happening, Written::Resolution] {
                if let Some(text) = self.unfinished(what, row).filter(|text| !text.is_empty()) {
                    crisis.typing = Some(Typing { what, line: written_so_far(&text) });
                }
            }
            self.overlay = Some(Overlay::Sheet(Box::new(crisis)));
        }
        Ok(())
    }

    fn unfinished(&self, what: Written, row: RowId) -> Option<String> {
        let kept = self.store.local(what.key()).ok()??;
        let kept: Unfinished = serde_json::from_slice(&kept).ok()?;
        (kept.row == row).then_some(kept.text)
    }

    fn keep_unfinished(&mut self, what: Written, row: RowId, text: &str) {
        let kept = serde_json::to_vec(&Unfinished { row, text: text.into() }).expect("plain data");
        // A full disk must not take the line away: it is said when saving.
        let _ = self.store.set_local(what.key(), (!text.is_empty()).then_some(kept.as_slice()));
    }

    pub(super) fn pick_crisis(&mut self, choice: Choice) -> Result<(), StoreError> {
        match choice {
            Choice::Begin(code) => self.begin_crisis(&code)?,
            Choice::Back(row) => self.crisis_screen(row)?,
            Choice::Another => self.crisis_kinds()?,
            Choice::Over => self.crisis_over()?,
            Choice::Reported(row) => {
                let change = pure::reported(row, self.moment().now);
                self.apply(&change, "The report is made.")?;
            }
            Choice::NoReport(row) => {
                let mut change = Change::new("no mandated report needed");
                change.set(row, incident::report, Report::NotNeeded.code());
                self.apply(&change, "No report is needed; the record says so.")?;
            }
            Choice::Debriefed(row) => {
                let mut change = Change::new("debriefed");
                change.set(row, incident::debriefed, self.today);
                self.apply(&change, "Debriefed today.")?;
            }
            Choice::Edit(row) => self.edit_row(&incident::TYPE, row)?,
        }
        Ok(())
    }

    fn crisis_over(&mut self) -> Result<(), StoreError> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut change = Change::new("crisis over");
        for person in std::iter::once(&file.client).chain(&file.also) {
            if !words_on_crisis(person).is_empty() {
                change.set(person.id, client::crisis, Value::Empty);
            }
        }
        self.apply(&change, "The crisis is over.")
    }

    /// What can be said of a report that is due.
    pub(super) fn report_made(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let due = |facts: &crate::triage::ClientFacts| {
            let of = |mark: &&crate::triage::Mark| mark.record == incident::TYPE.number;
            let waits = |mark: &&crate::triage::Mark| mark.word(incident::report) == Report::Due.code();
            facts.marks.iter().filter(of).find(waits).map(|mark| mark.row)
        };
        let found = about.or_else(|| self.facts().and_then(due));
        let Some(row) = found.map(|row| self.store.row_of(&incident::TYPE, row)).transpose()?.flatten() else {
            self.say("No report is due here.");
            return Ok(());
        };
        let to =
            self.rules.practice().crisis(row.text(incident::kind)).map_or(String::new(), |kind| kind.report.clone());
        let mut told = Vec::new();
        if let Some(pure::ReportClock::Left(left)) = pure::report_clock(&row, self.moment().now) {
            told.push(report_in_words(left));
        }
        told.extend((!to.is_empty()).then_some(to));
        let items = vec![
            (Some('m'), "The report was made just now".to_string(), Pick::Crisis(Choice::Reported(row.id))),
            (Some('c'), "To the crisis screen".into(), Pick::Crisis(Choice::Back(row.id))),
            (Some('n'), "No report is needed after all".into(), Pick::Crisis(Choice::NoReport(row.id))),
            (Some('e'), "Edit the record: other times".into(), Pick::Crisis(Choice::Edit(row.id))),
        ];
        self.overlay = Some(Menu::telling(format!("Mandated report: {}", kind_name(&row)), told, items));
        Ok(())
    }

    /// What can be said of a debriefing that is due.
    pub(super) fn debrief(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let due = |facts: &crate::triage::ClientFacts| {
            let waits = |mark: &&crate::triage::Mark| {
                mark.date(incident::debrief_due).is_some() && mark.date(incident::debriefed).is_none()
            };
            facts.marks.iter().filter(|mark| mark.record == incident::TYPE.number).find(waits).map(|mark| mark.row)
        };
        match about.or_else(|| self.facts().and_then(due)) {
            Some(row) => {
                let items = vec![
                    (Some('d'), "Debriefed today".to_string(), Pick::Crisis(Choice::Debriefed(row))),
                    (Some('c'), "Look at what was done".into(), Pick::Crisis(Choice::Back(row))),
                    (Some('e'), "Edit the record: another day".into(), Pick::Crisis(Choice::Edit(row))),
                ];
                self.overlay = Some(Menu::over("Debriefing", items));
            }
            None => self.say("No debriefing is due here."),
        }
        Ok(())
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
        let phone = file.client.text(client::phone);
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
            KeyCode::Enter => {
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
        let said: Vec<(&Row, String)> = persons
            .into_iter()
            .filter_map(|person| Some((person, pure::crisis_without(&words_on_crisis(person), &name)?)))
            .collect();
        let change = pure::resolve(&self.row, how, now, debrief_due, &said);
        let due = crate::triage::day_in_words(debrief_due, desk.today);
        let left = self.kind.as_ref().map_or(0, |kind| kind.steps.len().saturating_sub(pure::ticks(&self.row).len()));
        let open = if left > 0 { format!(" {left} steps were not ticked.") } else { String::new() };
        self.save(&change, desk, format!("Resolved; debriefing due {due}.{open}"))
    }
}

impl Sheet for Crisis {
    fn key(mut self: Box<Self>, key: &KeyEvent, desk: &mut Desk) -> Result<Open, StoreError> {
        if self.typing.is_some() {
            return self.type_on(key, desk);
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return Ok(Some(self));
        }
        self.said = None;
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
            KeyCode::Char('m') => match pure::report_clock(&self.row, desk.moment().now) {
                Some(pure::ReportClock::Left(_)) => {
                    let change = pure::reported(self.row.id, desk.moment().now);
                    self.save(&change, desk, "The report is made. Write its number down: k.")?;
                }
                Some(pure::ReportClock::Made(_)) => self.said = Some("The report was made already.".into()),
                None => self.said = Some("No mandated report is due here.".into()),
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
        self.draw_screen(area, buffer, theme, desk.moment().now)
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

/// A client's own word on their crises; all of it, where two laptops disagree.
fn words_on_crisis(person: &Row) -> String {
    let mut words: Vec<String> = Vec::new();
    for side in all_sides(person, client::crisis) {
        for word in side.split(" / ").map(str::trim).filter(|word| !word.is_empty()) {
            if !words.iter().any(|known| known == word) {
                words.push(word.into());
            }
        }
    }
    words.join(" / ")
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

/// The clock of a report in words.
fn report_in_words(left: i64) -> String {
    match left {
        left @ 0.. => format!("REPORT DUE in {}", pure::span(left)),
        over => format!("REPORT OVERDUE by {}", pure::span(-over)),
    }
}
