//! What the desk does around the crisis screen: how it is begun and come back to, and what can be said of a report and of a
//! debriefing without it.

use serde::{Deserialize, Serialize};

use crate::model::records::{client, incident};
use crate::model::{Change, Report, Row, RowId, Value};
use crate::practice::incident::{self as pure, By};
use crate::store::StoreError;
use crate::triage::hour_in_words;

use super::super::act::digit;
use super::super::desk::Desk;
use super::super::overlay::{Menu, Overlay, Pick};
use super::{Choice, Crisis, Typing, Written, kind_name, report_in_words, safe_contact, said_of, written_so_far};

/// A line that is not finished.
#[derive(Serialize, Deserialize)]
struct Unfinished {
    row: RowId,
    text: String,
}

impl Desk {
    /// Back to the crisis that is open; where there is none, the kinds to choose from.
    pub(in crate::tui) fn crisis(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        // What is typed in a form under it is kept now: nobody knows when someone gets back to it.
        self.keep_draft();
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
                    let began = self.moment().local(began);
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
    pub(super) fn open_incidents(&self, client: RowId) -> Result<Vec<Row>, StoreError> {
        let file = self.store.client_part(client, 0, &[&incident::TYPE])?;
        let all = file.map_or(Vec::new(), |file| file.of(&incident::TYPE).to_vec());
        Ok(all.into_iter().filter(pure::is_open).collect())
    }

    pub(super) fn crisis_kinds(&mut self) -> Result<(), StoreError> {
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
        let Some(person) = self.store.row_of(&client::TYPE, client)? else { return Ok(()) };
        let row = self.store.new_id();
        let change = kind.open(row, &person, &self.moment());
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

    /// Back to the crisis that was on the screen when it was locked.
    pub(in crate::tui) fn reopen_crisis(&mut self, row: RowId) -> Result<(), StoreError> {
        let there = self.store.row_of(&incident::TYPE, row)?.is_some();
        if there { self.crisis_screen(row) } else { Ok(()) }
    }

    pub(super) fn unfinished(&self, what: Written, row: RowId) -> Option<String> {
        let kept = self.store.local(what.key()).ok()??;
        let kept: Unfinished = serde_json::from_slice(&kept).ok()?;
        (kept.row == row).then_some(kept.text)
    }

    pub(super) fn keep_unfinished(&mut self, what: Written, row: RowId, text: &str) {
        let kept = serde_json::to_vec(&Unfinished { row, text: text.into() }).expect("plain data");
        // A full disk must not take the line away: it is said when saving.
        let _ = self.store.set_local(what.key(), (!text.is_empty()).then_some(kept.as_slice()));
    }

    pub(in crate::tui) fn pick_crisis(&mut self, choice: Choice) -> Result<(), StoreError> {
        match choice {
            Choice::Begin(code) => self.begin_crisis(&code)?,
            Choice::Back(row) => self.crisis_screen(row)?,
            Choice::Another => self.crisis_kinds()?,
            Choice::Over => self.crisis_over()?,
            Choice::Reported(row, by) => {
                let change = pure::reported(row, by, self.moment().now);
                self.apply(&change, said_of(by))?;
            }
            Choice::NoReport(row) => self.apply(&pure::no_report(row), "No report is needed; the record says so.")?,
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
            if !pure::crises_of(person).is_empty() {
                change.set(person.id, client::crisis, Value::Empty);
            }
        }
        self.apply(&change, "The crisis is over.")
    }

    /// What can be said of a report that is due.
    pub(in crate::tui) fn report_made(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let due = |facts: &crate::triage::ClientFacts| {
            let of = |mark: &&crate::triage::Mark| mark.record == incident::TYPE.number;
            let waits = |mark: &&crate::triage::Mark| {
                let said = mark.word(incident::report);
                let written = mark.date(incident::written_due).is_some() && mark.date(incident::written).is_none();
                said == Report::Due.code() || (said != Report::NotNeeded.code() && written)
            };
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
        let (moment, mut items) = (self.moment(), Vec::new());
        told.extend([By::Phone, By::Writing].into_iter().filter_map(|by| report_in_words(&row, by, &moment)));
        told.extend((!to.is_empty()).then_some(to));
        for by in pure::owed(&row, moment.now) {
            let (key, label) = match by {
                By::Phone => ('m', "It was made by phone just now"),
                By::Writing => ('w', "It was sent in writing just now"),
            };
            items.push((Some(key), label.to_string(), Pick::Crisis(Choice::Reported(row.id, by))));
        }
        items.extend([
            (Some('c'), "To the crisis screen".into(), Pick::Crisis(Choice::Back(row.id))),
            (Some('n'), "No report is needed after all".into(), Pick::Crisis(Choice::NoReport(row.id))),
            (Some('e'), "Edit the record: other times".into(), Pick::Crisis(Choice::Edit(row.id))),
        ]);
        self.overlay = Some(Menu::telling(format!("Mandated report: {}", kind_name(&row)), told, items));
        Ok(())
    }

    /// What can be said of a debriefing that is due.
    pub(in crate::tui) fn debrief(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
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
