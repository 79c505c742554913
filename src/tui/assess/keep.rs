//! What the desk does around the quick form: the menu it is opened from, its drafts, and what is saved of it.

use std::sync::Arc;

use chrono::NaiveDate;
use crossterm::event::{KeyCode, KeyEvent};
use serde::{Deserialize, Serialize};

use crate::model::records::{assessment, need};
use crate::model::{Change, Edit, Row, RowId, Value};
use crate::practice::instruments::{Answers, Around, BEGUN, Instrument, Item, Place, complete, may_go, waits};
use crate::store::StoreError;
use crate::triage::day_in_words;

use super::super::action::Action;
use super::super::answer::Answer;
use super::super::desk::Desk;
use super::super::overlay::{Menu, Overlay, Pick};
use super::super::sheet::Open;
use super::{Choice, Quick};

/// A quick form as it is kept until it is finished or thrown away.
#[derive(Clone, Serialize, Deserialize)]
struct Draft {
    client: RowId,
    code: String,
    row: RowId,
    edits: bool,
    answers: String,
    item: String,
    on: NaiveDate,
    /// It was on the screen when it was last kept.
    open: bool,
}

const DRAFTS: &str = "assessments";

impl Quick {
    fn draft(&self, open: bool) -> Draft {
        Draft {
            client: self.client,
            code: self.code.clone(),
            row: self.row,
            edits: self.edits,
            answers: self.answers.to_string(),
            item: self.item.to_string(),
            on: self.on,
            open,
        }
    }
}

impl Desk {
    /// The instruments there are: those of the client's areas first, each with when it was done and when it is due.
    pub(in crate::tui) fn instruments_menu(&mut self) -> Result<(), StoreError> {
        let Some(client) = self.chosen else { return Ok(()) };
        let practice = Arc::clone(self.rules.practice());
        let done = self.assessments(client)?;
        let drafts = self.drafts();
        let areas = self.facts().map_or(Vec::new(), |facts| facts.areas.clone());
        let own = |instrument: &&Instrument| {
            instrument.areas.is_empty() || instrument.areas.iter().any(|area| areas.contains(area))
        };
        let (mut all, others): (Vec<&Instrument>, Vec<&Instrument>) = practice.instruments.iter().partition(own);
        all.extend(others);
        let mut items: Vec<(Option<char>, String, Pick)> = Vec::new();
        for (at, instrument) in all.iter().enumerate() {
            let last = done.iter().rev().find(|row| row.text(assessment::instrument) == instrument.code);
            let mut label = super::super::text::cell(&instrument.name, 26);
            let begun = drafts.iter().find(|draft| draft.client == client && draft.code == instrument.code);
            let open = done.iter().filter(|row| row.text(assessment::instrument) == instrument.code);
            if open.filter(|row| waits(row).is_some()).count() > 0 {
                label.push_str(" !! not acted on;");
            }
            if let Some(answers) = begun.and_then(|draft| draft.answers.parse::<Answers>().ok()) {
                label.push_str(&format!(" begun: {} answered", answers.len()));
            } else if let Some(row) = last {
                label.push_str(&format!(" {}", self.assessed_in_words(row, instrument)));
            } else {
                label.push_str(" not done yet");
            }
            items.push((key_of(at), label, Pick::Assess(Choice::Begin(instrument.code.clone()))));
        }
        for draft in drafts.iter().filter(|draft| draft.client == client) {
            let name = practice.instruments.get(&draft.code).map_or(draft.code.as_str(), |known| known.name.as_str());
            let drop = Choice::Drop(client, draft.code.clone());
            items.push((None, format!("Throw away the {name} that was begun"), Pick::Assess(drop)));
        }
        if !done.is_empty() {
            items.push((Some('='), "Earlier scores, over time".into(), Pick::Assess(Choice::Charts)));
        }
        self.overlay = Some(Menu::over("Which instrument?", items));
        Ok(())
    }

    /// A result and when it is due again, in a few words.
    fn assessed_in_words(&self, row: &Row, instrument: &Instrument) -> String {
        let on = row.date(assessment::on).map_or(String::new(), |day| day_in_words(day, self.today));
        let due = row.date(assessment::again).map(|day| match day <= self.today {
            true => format!("; DUE since {}", day_in_words(day, self.today)),
            false => format!("; due {}", day_in_words(day, self.today)),
        });
        format!("{}, {on}{}", says(row, instrument), due.unwrap_or_default())
    }

    /// The client's assessments, the oldest first.
    pub(super) fn assessments(&self, client: RowId) -> Result<Vec<Row>, StoreError> {
        let file = self.store.client_part(client, 0, &[&assessment::TYPE])?;
        Ok(file.map_or(Vec::new(), |file| file.of(&assessment::TYPE).to_vec()))
    }

    /// A change of assessments, completed: whatever was typed or chosen, their scores and alarms are what the answers give.
    /// `None` where it is about none.
    pub(in crate::tui) fn with_answers(&self, change: &Change) -> Result<Option<Change>, StoreError> {
        let refused = |why: String| {
            let field = assessment::TYPE.field(assessment::urgent.field).expect("it is declared");
            StoreError::Invalid(field.invalid(why))
        };
        let mut rows: Vec<(RowId, Option<RowId>)> = Vec::new();
        for edit in &change.edits {
            let found = match edit {
                Edit::Create { record, row, stream } if **record == assessment::TYPE => (*row, Some(*stream)),
                Edit::Set { row, field, .. } if field.record == assessment::TYPE.number => (*row, None),
                Edit::Delete { record, row } if **record == assessment::TYPE => {
                    if let Some(row) = self.store.row_of(record, *row)? {
                        may_go(&row).map_err(refused)?;
                    }
                    continue;
                }
                _ => continue,
            };
            if !rows.iter().any(|(row, _)| *row == found.0) {
                rows.push(found);
            }
        }
        let mut completed = change.clone();
        for (id, stream) in &rows {
            let before = match stream {
                Some(stream) => Row::new(&assessment::TYPE, *id, *stream),
                None => match self.store.row_of(&assessment::TYPE, *id)? {
                    Some(row) => row,
                    None => continue,
                },
            };
            let others = self.assessments(before.stream)?;
            let practice = self.rules.practice();
            let around = Around { instruments: &practice.instruments, others: &others, today: self.today };
            complete(&mut completed, &before, around).map_err(refused)?;
        }
        Ok((!rows.is_empty()).then_some(completed))
    }

    /// Opens the quick form; one that a reason is about, or else the menu.
    pub(in crate::tui) fn assess(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let row = about.map(|row| self.store.row_of(&assessment::TYPE, row)).transpose()?.flatten();
        match row {
            Some(row) => self.begin_assessment(row.text(assessment::instrument)),
            None => self.instruments_menu(),
        }
    }

    /// Opens the quick form of an instrument; where it was begun, as it was left.
    pub(in crate::tui) fn begin_assessment(&mut self, code: &str) -> Result<(), StoreError> {
        let Some(client) = self.chosen else { return Ok(()) };
        let begun = self.drafts().into_iter().find(|draft| draft.client == client && draft.code == code);
        let fresh = Draft {
            client,
            code: code.into(),
            row: self.store.new_id(),
            edits: false,
            answers: String::new(),
            item: String::new(),
            on: self.today,
            open: true,
        };
        self.open_draft(begun.unwrap_or(fresh))
    }

    /// Whether the quick form can show an assessment again.
    pub(in crate::tui) fn is_answered(&self, row: &Row) -> bool {
        !row.text(assessment::answers).is_empty()
            && self.rules.practice().instruments.get(row.text(assessment::instrument)).is_some()
    }

    /// Opens an assessment that is there, to change its answers.
    pub(in crate::tui) fn edit_assessment(&mut self, row: &Row) -> Result<(), StoreError> {
        let draft = Draft {
            client: row.stream,
            code: row.text(assessment::instrument).into(),
            row: row.id,
            edits: row.whole(assessment::score).is_some() || !matches!(row.text(assessment::band), "" | BEGUN),
            answers: row.text(assessment::answers).into(),
            item: String::new(),
            on: row.date(assessment::on).unwrap_or(self.today),
            open: true,
        };
        self.open_draft(draft)
    }

    fn open_draft(&mut self, draft: Draft) -> Result<(), StoreError> {
        let practice = Arc::clone(self.rules.practice());
        let Some(instrument) = practice.instruments.get(&draft.code) else {
            self.trouble(format!(
                "There is no instrument \"{}\" here: your agency's files do not have it.",
                draft.code
            ));
            return Ok(());
        };
        // What another edition asked is not dropped in silence: it is refused when it is scored.
        let answers: Answers = draft.answers.parse().unwrap_or_default();
        let last = self.assessments(draft.client)?;
        let last = last.iter().rev().find(|row| row.text(assessment::instrument) == draft.code && row.id != draft.row);
        let last = last.map(|row| self.assessed_in_words(row, instrument));
        let asked: Vec<&Item> = instrument.to_ask(&answers).collect();
        let open = asked.iter().find(|item| answers.get(item.id.as_str()).is_none());
        let item = asked.iter().find(|item| item.id.as_str() == draft.item).or(open).or(asked.first());
        let Some(item) = item.map(|item| item.id.clone()) else { return Ok(()) };
        let name = self.caseload.get(self.store.root(draft.client)?).map_or(String::new(), |facts| facts.name.clone());
        let quick = Quick {
            client: draft.client,
            name,
            code: draft.code,
            row: draft.row,
            edits: draft.edits,
            answers,
            item,
            typed: String::new(),
            on: draft.on,
            last,
            wrong: None,
            result: None,
            practice: Arc::clone(&practice),
        };
        self.overlay = Some(Overlay::Sheet(Box::new(quick)));
        Ok(())
    }

    /// What was on the screen when it was locked, or when the program ended, is there again.
    pub(in crate::tui) fn reopen_assessment(&mut self) -> Result<(), StoreError> {
        if let Some(draft) = self.drafts().into_iter().find(|draft| draft.open)
            && self.caseload.get(self.store.root(draft.client)?).is_some()
        {
            self.choose_client(draft.client)?;
            self.open_draft(draft)?;
            self.say("Your unfinished assessment is back as you left it.");
        }
        Ok(())
    }

    fn drafts(&self) -> Vec<Draft> {
        let kept = self.store.local(DRAFTS).ok().flatten();
        kept.and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default()
    }

    fn keep_drafts(&mut self, drafts: &[Draft]) {
        let kept = serde_json::to_vec(drafts).expect("plain data");
        // A full disk must not take the form away: it is said when saving.
        let _ = self.store.set_local(DRAFTS, (!drafts.is_empty()).then_some(kept.as_slice()));
    }

    pub(super) fn keep_assessment(&mut self, quick: &Quick, open: bool) {
        let mut drafts = self.drafts();
        drafts.retain(|draft| (draft.client, draft.code.as_str()) != (quick.client, quick.code.as_str()));
        // Only one is on the screen.
        drafts.iter_mut().for_each(|draft| draft.open &= !open);
        drafts.push(quick.draft(open));
        self.keep_drafts(&drafts);
    }

    fn drop_assessment(&mut self, client: RowId, code: &str) {
        let mut drafts = self.drafts();
        drafts.retain(|draft| (draft.client, draft.code.as_str()) != (client, code));
        self.keep_drafts(&drafts);
    }

    /// Closes the form; what was answered stays until it is gone on with.
    pub(super) fn put_aside(&mut self, quick: &Quick) {
        if quick.answers.is_empty() || quick.edits {
            self.drop_assessment(quick.client, &quick.code);
            return;
        }
        self.keep_assessment(quick, false);
        self.say(format!("Kept as far as it goes: {} goes on with it.", self.keys.first(Action::Assess)));
    }

    /// Puts an answer that demands action at once into the record, however few the others are.
    pub(super) fn keep_what_cannot_wait(&mut self, quick: &Quick) -> Result<(), StoreError> {
        if quick.edits {
            return Ok(());
        }
        let before = self.store.row_of(&assessment::TYPE, quick.row)?;
        let others = self.assessments(quick.client)?;
        let urgent = quick.instrument().urgent_on(&quick.answers, quick.on, quick.row, &others);
        let known = before.as_ref().map_or("", |row| row.text(assessment::urgent));
        if urgent == known {
            return Ok(());
        }
        let mut change = Change::new(format!("{}: an answer that cannot wait", quick.instrument().name));
        let place = Place { row: quick.row, stream: quick.client, before: before.as_ref(), others: &others };
        quick.instrument().keep_begun(&mut change, place, &quick.answers, quick.on);
        if let Err(error) = self.commit(&change) {
            self.trouble(error);
        }
        Ok(())
    }

    /// Saves a finished assessment with the needs that were ticked.
    pub(super) fn save_assessment(&mut self, quick: Box<Quick>) -> Result<Open, StoreError> {
        let before = self.store.row_of(&assessment::TYPE, quick.row)?;
        let (instrument, others) = (quick.instrument(), self.assessments(quick.client)?);
        let mut change = Change::new(format!("assess with {}", instrument.name));
        let place = Place { row: quick.row, stream: quick.client, before: before.as_ref(), others: &others };
        let scored = match instrument.keep(&mut change, place, &quick.answers, quick.on) {
            Ok(scored) => scored,
            Err(why) => {
                self.trouble(why);
                return Ok(Some(quick));
            }
        };
        let ticked = quick.result.iter().flat_map(|result| &result.needs).filter(|(_, ticked)| *ticked);
        let mut added = 0;
        let there = self.store.rows(&need::TYPE, quick.client)?;
        let open = |row: &Row| !matches!(row.text(need::status), "met" | "declined");
        for (need, _) in
            ticked.filter(|(need, _)| !there.iter().any(|row| open(row) && row.text(need::what) == need.what))
        {
            need.keep(&mut change, self.store.new_id(), quick.client, quick.on);
            added += 1;
        }
        if let Err(error) = self.commit(&change) {
            self.trouble(error);
            return Ok(Some(quick));
        }
        self.drop_assessment(quick.client, &quick.code);
        let needs = match added {
            0 => String::new(),
            1 => "; 1 need added".into(),
            many => format!("; {many} needs added"),
        };
        let undo = self.keys.first(Action::Undo);
        self.say(format!("Saved: {}, {}{needs}. {undo} undoes it.", instrument.name, scored.says()));
        if scored.acts_now() {
            self.cannot_wait(quick.row, &quick.code, &scored.urgent());
        }
        Ok(None)
    }

    /// What can be done about an answer that demands action.
    fn cannot_wait(&mut self, row: RowId, code: &str, urgent: &str) {
        let mut items = vec![(Some('c'), "Crisis: checklist and whom to call".to_string(), Pick::Do(Action::Crisis))];
        let screener = self.rules.practice().instruments.get("c-ssrs").filter(|one| one.code != code);
        if let Some(screener) = screener {
            let pick = Pick::Assess(Choice::Begin(screener.code.clone()));
            items.push((Some('s'), format!("{}: ask about suicide now", screener.name), pick));
        }
        items.push((Some('y'), "Safety plan".into(), Pick::Do(Action::SafetyPlan)));
        items.push((Some('d'), "Write down what was done".into(), Pick::Assess(Choice::ActedOn(row))));
        items.push((Some('l'), "Later: it stays first in the list".into(), Pick::Nothing));
        self.overlay = Some(Menu::telling("This cannot wait", vec![urgent.to_string()], items));
    }

    /// The menu of what can be done, for the reason that is about such an answer.
    pub(in crate::tui) fn act_on_answer(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let waiting = |row: &Row| waits(row).is_some();
        let found = match (about, self.chosen) {
            (Some(row), _) => self.store.row_of(&assessment::TYPE, row)?,
            (None, Some(client)) => self.assessments(client)?.into_iter().rev().find(waiting),
            _ => None,
        };
        match found {
            Some(row) => {
                let sides = row.disagreements.iter().find(|torn| torn.field == assessment::urgent);
                let urgent = match sides {
                    Some(torn) => torn.sides.iter().map(Value::plain).collect::<Vec<_>>().join(" / "),
                    None => row.text(assessment::urgent).to_string(),
                };
                self.cannot_wait(row.id, row.text(assessment::instrument), &urgent);
            }
            None => self.say("No answer here waits to be acted on."),
        }
        Ok(())
    }

    /// Writes down what was done about an answer.
    pub(in crate::tui) fn acted_on(&mut self, row: RowId, what: &str) -> Result<(), StoreError> {
        let Some(row) = self.store.row_of(&assessment::TYPE, row)? else { return Ok(()) };
        let mut change = Change::new("acted on an answer");
        let line = crate::practice::incident::write_down(&row, assessment::about, what, self.moment().now);
        change.edits.extend(line.edits);
        change.set(row.id, assessment::answered, self.today);
        self.apply(&change, "Written down.")
    }

    /// Sets the day of a form that is open.
    pub(in crate::tui) fn assessed_on(&mut self, client: RowId, code: &str, typed: &str) -> Result<(), StoreError> {
        let moment = self.moment();
        match moment.day_toward(typed, crate::model::when::Way::Back) {
            Ok(day) if day <= self.today => {
                self.overlay = None;
                if let Some(mut draft) =
                    self.drafts().into_iter().find(|one| (one.client, one.code.as_str()) == (client, code))
                {
                    draft.on = day;
                    self.open_draft(draft)?;
                    self.reopen_at_the_end();
                }
            }
            Ok(_) => self.refuse("That day is still to come."),
            Err(why) => self.refuse(&why),
        }
        Ok(())
    }

    fn reopen_at_the_end(&mut self) {
        if let Some(Overlay::Sheet(sheet)) = self.overlay.take() {
            let end = KeyEvent::from(KeyCode::End);
            if let Ok(Some(sheet)) = sheet.key(&end, self) {
                self.overlay = Some(Overlay::Sheet(sheet));
            }
        }
    }

    pub(in crate::tui) fn pick_assess(&mut self, choice: Choice) -> Result<(), StoreError> {
        match choice {
            Choice::Begin(code) => self.begin_assessment(&code)?,
            Choice::Drop(client, code) => {
                self.drop_assessment(client, &code);
                self.say("Thrown away. An answer that could not wait stays in the record.");
            }
            Choice::Charts => self.charts_menu()?,
            Choice::Chart(code) => self.chart(&code)?,
            Choice::ActedOn(row) => {
                let about = "What was done: whom you told, what was agreed. It is written under the assessment.";
                self.ask(Answer::ActedOn(row), "Acted on", about);
            }
        }
        Ok(())
    }
}

/// The key of a choice in a long list: 1 to 9, then a to z.
pub(super) fn key_of(at: usize) -> Option<char> {
    super::super::act::digit(at).or_else(|| ('a'..='z').nth(at.checked_sub(9)?))
}

/// A result in words: scored anew from its answers, or as it was written down.
pub(super) fn says(row: &Row, instrument: &Instrument) -> String {
    let answers = row.text(assessment::answers).parse::<Answers>();
    match answers.ok().and_then(|answers| instrument.score(&answers).ok()) {
        Some(scored) => scored.says(),
        None if row.text(assessment::band).is_empty() => "no answers".into(),
        None => row.text(assessment::band).to_string(),
    }
}
