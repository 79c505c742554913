//! Closing a case at the screen: what is still open is gone through first, each to be settled, cancelled or handed on.
//!
//! Promises: nothing open is left behind unseen; closing all the same needs a reason, and settles nothing: what a person's
//! safety hangs on stays in sight. Leaving at any time closes nothing. Called by the action and by every form that closes.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::records::{appointment, client, incident, step, task};
use crate::model::{
    AppointmentStatus, CATALOGUE, Change, ClientStatus, ReferralStatus, Report, Row, RowId, Value, WorkStatus,
};
use crate::practice::closing::{self as pure, Matter, MatterKind};
use crate::store::StoreError;

use super::answer::Answer;
use super::desk::Desk;
use super::draw::{boxed, middle};
use super::form::Form;
use super::overlay::Overlay;
use super::panes::{put, scrolled};
use super::sheet::{Open, Sheet};
use super::text::{cell, fit, wrap};
use super::theme::Theme;

/// A closing that is being gone through.
pub struct Closing {
    client: RowId,
    /// What someone else takes over, and who.
    handed: Vec<(Matter, String)>,
    /// It is to be closed with what is open, and why was said.
    agreed: bool,
    /// A form that closes the case among other things, as it was left.
    form: Option<Form>,
    at: usize,
}

/// What is open of a client, as it is looked through.
struct Matters {
    client: RowId,
    name: String,
    safe: Vec<String>,
    open: Vec<Matter>,
    /// Who takes each over; empty where nobody does.
    handed: Vec<String>,
    at: usize,
}

impl Desk {
    /// Closes the current client's case; what is open is shown first.
    pub(super) fn close_client(&mut self) -> Result<(), StoreError> {
        let Some(client) = self.chosen else { return Ok(()) };
        if self.facts().is_some_and(|facts| facts.status == ClientStatus::Closed) {
            self.say("This case is closed already.");
            return Ok(());
        }
        self.closing = None;
        if self.open_matters(client)?.is_empty() {
            self.closing_form("", &[])?;
            return Ok(());
        }
        self.begin_closing(client, None)
    }

    fn begin_closing(&mut self, client: RowId, form: Option<Form>) -> Result<(), StoreError> {
        self.closing = Some(Closing { client, handed: Vec::new(), agreed: false, form, at: 0 });
        self.closing_sheet()
    }

    fn open_matters(&self, client: RowId) -> Result<Vec<Matter>, StoreError> {
        let Some(file) = self.store.client_file(client, usize::MAX >> 1)? else { return Ok(Vec::new()) };
        let of_types = CATALOGUE.iter().filter(|record| !record.opens_stream());
        let rows: Vec<&Row> = std::iter::once(&file.client)
            .chain(&file.also)
            .chain(of_types.flat_map(|record| file.of(record)))
            .collect();
        let unsigned: Vec<_> = self.store.waiting(Some(client))?.iter().map(|one| (one.note, one.day)).collect();
        Ok(pure::open_matters(&rows, &unsigned, self.moment().now))
    }

    fn closing_sheet(&mut self) -> Result<(), StoreError> {
        let Some(closing) = &self.closing else { return Ok(()) };
        let (client, at) = (closing.client, closing.at);
        let open = self.open_matters(client)?;
        let handed = open.iter().map(|matter| self.handed_to(matter).to_string()).collect();
        self.for_whom = Some(client);
        let sheet = Matters {
            client,
            name: self.name_of(client),
            safe: self.safe_lines(usize::from(u16::MAX)),
            at: at.min(open.len().saturating_sub(1)),
            open,
            handed,
        };
        self.overlay = Some(Overlay::Sheet(Box::new(sheet)));
        Ok(())
    }

    fn handed_to(&self, matter: &Matter) -> &str {
        let handed = self.closing.iter().flat_map(|closing| &closing.handed);
        handed.rev().find(|(one, _)| one == matter).map_or("", |(_, who)| who.as_str())
    }

    /// After a key: back to what is open, once whatever it led to is done.
    pub(super) fn back_to_closing(&mut self) -> Result<(), StoreError> {
        let Some(client) = self.closing.as_ref().map(|closing| closing.client) else { return Ok(()) };
        if self.overlay.is_some() || self.form.is_some() || self.filtering {
            return Ok(());
        }
        let open = self.caseload.get(client).is_some_and(|facts| facts.status != ClientStatus::Closed);
        if !open {
            self.closing = None;
            return Ok(());
        }
        self.choose_client(client)?;
        self.closing_sheet()
    }

    /// The form of closing, with why it is closed all the same, and what stays open, written into it.
    fn closing_form(&mut self, reason: &str, stays: &[String]) -> Result<(), StoreError> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut row = file.client.clone();
        let only = [client::status, client::closed, client::closing_reason, client::outcome, client::closing_summary];
        row.put(client::status, ClientStatus::Closed.code());
        row.put(client::closed, Value::Date(self.today));
        if !reason.is_empty() {
            row.put(client::closing_reason, Value::text(reason));
        }
        if !stays.is_empty() {
            let before = row.text(client::closing_summary).trim_end().to_string();
            let lines = stays.join("\n");
            let text = if before.is_empty() { lines } else { format!("{before}\n{lines}") };
            row.put(client::closing_summary, Value::text(text));
        }
        let first = if reason.is_empty() { client::closing_reason } else { client::outcome };
        let mut form = Form::edit(self, &row, Some(&only)).titled("Close client").starting_at(first);
        for (input, field) in form.inputs.iter_mut().zip(only) {
            input.was(&file.client, field);
        }
        self.form = Some(form);
        Ok(())
    }

    /// Whether a form that is being saved closes a case beside what is open: then that is shown, and the form waits.
    pub(super) fn closes_beside_open(&mut self, change: &Change, row: RowId) -> Result<bool, StoreError> {
        let Some(before) = self.store.row_of(&client::TYPE, row)? else { return Ok(false) };
        if let Err(wrong) = pure::check_day(change, &before, self.today) {
            self.form.iter_mut().for_each(|form| form.trouble = Some(wrong.to_string()));
            return Ok(true);
        }
        if !pure::closes(change, &before) {
            return Ok(false);
        }
        let client = self.store.root(row)?;
        let open = self.open_matters(client)?;
        let unsettled = open.iter().any(|matter| matter.safety || self.handed_to(matter).is_empty());
        if !unsettled {
            return Ok(false);
        }
        let agreed = self.closing.as_ref().is_some_and(|closing| closing.agreed && closing.client == client);
        if !agreed {
            self.keep_draft();
            let form = self.form.take();
            self.begin_closing(client, form)?;
            return Ok(true);
        }
        let says_why = pure::gives_reason(change, &before) || !before.text(client::closing_reason).trim().is_empty();
        if !says_why {
            let why = format!("Say why it is closed with {} open.", things(open.len()));
            self.form.iter_mut().for_each(|form| form.trouble = Some(why.clone()));
        }
        Ok(!says_why)
    }

    /// Hands something open on to someone, by name.
    pub(super) fn hand_on(&mut self, matter: Matter, who: &str) -> Result<(), StoreError> {
        let who = who.trim().to_string();
        let mut change = Change::new(format!("hand on to {who}"));
        if let Some(row) = matter.row.map(|row| self.store.row(row)).transpose()?.flatten() {
            let said = format!("Handed on to {who} on {}.", self.today.format("%-d %b %Y"));
            let with = |field| {
                let before = row.text(field).trim_end();
                if before.is_empty() { said.clone() } else { format!("{before}\n{said}") }
            };
            match matter.kind {
                MatterKind::Task => drop(change.set(row.id, task::about, with(task::about))),
                MatterKind::Step => drop(change.set(row.id, step::who, who.as_str())),
                MatterKind::Visit => {
                    change.set(row.id, appointment::with, who.as_str());
                    change.set(row.id, appointment::about, with(appointment::about));
                }
                _ => {}
            }
        }
        let said = format!("Handed on to {who}: {}.", matter.what);
        if !change.is_empty() {
            self.apply(&change, said)?;
        } else {
            self.say(said);
        }
        if let Some(closing) = &mut self.closing {
            closing.handed.push((matter, who));
        }
        Ok(())
    }

    /// Closes with what is open, now that it was said why.
    pub(super) fn close_all_the_same(&mut self, why: &str) -> Result<(), StoreError> {
        let Some(client) = self.closing.as_ref().map(|closing| closing.client) else { return Ok(()) };
        let open = self.open_matters(client)?;
        let stays = self.stays_open(&open);
        let Some(closing) = &mut self.closing else { return Ok(()) };
        closing.agreed = true;
        match closing.form.take() {
            Some(mut form) => {
                form.put(client::closing_reason, &Value::text(why.trim()));
                self.form = Some(form);
                self.save_form(None)
            }
            None => self.closing_form(why.trim(), &stays),
        }
    }

    /// What is left open, and who takes what over, in lines for the closing summary.
    fn stays_open(&self, open: &[Matter]) -> Vec<String> {
        let line = |matter: &Matter| match self.handed_to(matter) {
            "" => format!("Open at closing: {}", matter.what),
            who => format!("Handed on to {who}: {}", matter.what),
        };
        open.iter().map(line).collect()
    }

    /// Goes to where something open is settled.
    fn settle(&mut self, matter: &Matter) -> Result<(), StoreError> {
        let Some(id) = matter.row else { return self.crisis(None) };
        match matter.kind {
            MatterKind::Crisis => self.crisis(None),
            MatterKind::Incident => self.crisis(Some(id)),
            MatterKind::UrgentAnswer => self.act_on_answer(Some(id)),
            MatterKind::HighRisk => self.safety_plan(self.chosen),
            MatterKind::Debriefing => self.debrief(Some(id)),
            MatterKind::Visit => self.mark_menu(id),
            MatterKind::Referral => self.referral(Some(id)),
            MatterKind::Task | MatterKind::Step => self.tick_off(id),
            MatterKind::UnsignedNote => self.ask_to_sign(Some(id)),
            MatterKind::Report => match self.store.row_of(&incident::TYPE, id)? {
                Some(row)
                    if row.text(incident::report) == Report::Due.code() && row.time(incident::reported).is_none() =>
                {
                    self.report_made(Some(id))
                }
                _ => self.edit_row(&incident::TYPE, id),
            },
            MatterKind::NoticeToLeave | MatterKind::Appeal | MatterKind::Stay => match self.store.row(id)? {
                Some(row) => self.edit_row(row.record, id),
                None => Ok(()),
            },
        }
    }

    /// Calls something off that need not happen any more.
    fn call_off(&mut self, matter: &Matter) -> Result<(), StoreError> {
        let (Some(row), today) = (matter.row, self.today) else {
            self.say("That cannot be cancelled: settle it, or hand it on.");
            return Ok(());
        };
        let mut change = Change::new("drop");
        match matter.kind {
            MatterKind::Visit => return self.mark(row, AppointmentStatus::Cancelled),
            MatterKind::Referral => return self.refer(row, ReferralStatus::Closed),
            MatterKind::Task => {
                change.set(row, task::status, WorkStatus::Dropped.code()).set(row, task::done_on, Value::Date(today));
            }
            MatterKind::Step => {
                change.set(row, step::status, WorkStatus::Dropped.code()).set(row, step::done_on, Value::Date(today));
            }
            _ => {
                self.say("That cannot be cancelled: settle it, or hand it on.");
                return Ok(());
            }
        }
        self.apply(&change, format!("Dropped: {}.", matter.what))
    }
}

fn things(many: usize) -> String {
    if many == 1 { "1 thing".into() } else { format!("{many} things") }
}

impl Sheet for Matters {
    fn key(mut self: Box<Self>, key: &KeyEvent, desk: &mut Desk) -> Result<Open, StoreError> {
        let last = self.open.len().saturating_sub(1);
        let matter = self.open.get(self.at).cloned();
        desk.for_whom = Some(self.client);
        if let Some(closing) = &mut desk.closing {
            closing.at = self.at;
        }
        match (key.code, matter) {
            (KeyCode::Esc | KeyCode::Char('q'), _) => {
                // A form that was to close the case is there again as it was left.
                desk.form = desk.closing.take().and_then(|closing| closing.form);
                desk.say("Nothing was closed.");
                return Ok(None);
            }
            (KeyCode::Up | KeyCode::Char('k'), _) => self.at = self.at.saturating_sub(1),
            (KeyCode::Down | KeyCode::Char('j'), _) => self.at = (self.at + 1).min(last),
            (KeyCode::PageUp | KeyCode::Home, _) => self.at = 0,
            (KeyCode::PageDown | KeyCode::End, _) => self.at = last,
            (KeyCode::Enter, Some(matter)) => {
                desk.settle(&matter)?;
                return Ok(None);
            }
            (KeyCode::Char('x') | KeyCode::Delete, Some(matter)) => {
                desk.call_off(&matter)?;
                return Ok(None);
            }
            (KeyCode::Char('h'), Some(matter)) => {
                let about = format!("Who takes this over: {}", matter.what);
                desk.ask(Answer::HandOn(Box::new(matter)), "Hand on", &about);
                return Ok(None);
            }
            (KeyCode::Char('c'), _) => {
                let left: Vec<&Matter> = self
                    .open
                    .iter()
                    .zip(&self.handed)
                    .filter(|(matter, who)| matter.safety || who.is_empty())
                    .map(|(matter, _)| matter)
                    .collect();
                if left.is_empty() {
                    desk.close_all_the_same("")?;
                    return Ok(None);
                }
                let safety = left.iter().filter(|matter| matter.safety).count();
                let stays = if safety > 0 { " What their safety hangs on stays in your list." } else { "" };
                let about = format!("{} stay open. Why is the case closed all the same?{stays}", things(left.len()));
                desk.ask(Answer::CloseAllTheSame, "Close all the same", &about);
                return Ok(None);
            }
            _ => {}
        }
        Ok(Some(self))
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme, _desk: &Desk) -> Option<Position> {
        let many = things(self.open.len());
        let title = match self.open.len() {
            0 => format!("Close {}: nothing is open any more", fit(&self.name, 40)),
            1 => format!("Close {}? 1 thing is open", fit(&self.name, 40)),
            _ => format!("Close {}? {many} are open", fit(&self.name, 40)),
        };
        let inner = boxed(middle(area, 100, area.height), buffer, &title, theme);
        let columns = usize::from(inner.width);
        let foot = inner.bottom().saturating_sub(1);
        let keys = match self.open.is_empty() {
            true => "c closes the case  Esc back",
            false => "Enter settle  x cancel  h hand on  c close all the same  Esc",
        };
        put(buffer, inner.x, foot, inner.width, keys, theme.key());
        let mut y = inner.y;
        for line in self.safe.iter().take(2) {
            put(buffer, inner.x, y, inner.width, line, theme.danger());
            y += 1;
        }
        // The one at hand in full, under the list.
        let whole = self.open.get(self.at).map_or(Vec::new(), |matter| wrap(&matter.what, columns));
        let whole: Vec<String> = whole.into_iter().take(3).collect();
        let below = foot.saturating_sub(whole.len() as u16);
        let list = Rect { y, height: below.saturating_sub(y + 1), ..inner };
        let top = scrolled(self.at, self.open.len(), usize::from(list.height));
        for (((matter, who), number), y) in
            self.open.iter().zip(&self.handed).zip(0..).skip(top).zip(list.y..list.bottom())
        {
            let mark = if matter.safety { "!" } else { " " };
            let right = if who.is_empty() { String::new() } else { format!(" -> {}", fit(who, 16)) };
            let room = columns.saturating_sub(super::text::width(&right));
            let text = format!("{}{right}", cell(&format!("{mark} {}", matter.what), room));
            let style = match (number == self.at, matter.safety) {
                (true, _) => theme.bar(),
                (_, true) => theme.danger(),
                _ => theme.text(),
            };
            put(buffer, list.x, y, list.width, &text, style);
        }
        for (line, y) in whole.iter().zip(below..foot) {
            put(buffer, inner.x, y, inner.width, line, theme.quiet());
        }
        None
    }
}
