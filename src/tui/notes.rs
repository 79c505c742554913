//! Writing notes: the template of the client's area with a hint for the section at hand, the timer whose minutes the next
//! note takes in, and the notes that served a goal.
//!
//! The promise: a heading is exchanged only as long as nothing was written under it; the timer lives through a lock and a
//! closed laptop, and while it runs nothing is written and nobody wakes up but the clock's once a minute.

use chrono::{DateTime, FixedOffset, Timelike};
use ratatui_textarea::CursorMove;
use serde::{Deserialize, Serialize};

use crate::model::records::{client, note, step};
use crate::model::{Change, ContactKind, Edit, FieldId, RecordType, RowId, Value};
use crate::practice::{NoteTemplate, Practice};
use crate::store::StoreError;

use super::desk::{Desk, GoalLine};
use super::form::{Body, Form};
use super::overlay::{Menu, Overlay, Pick, Shown};

/// How long something with a client takes. Kept on this machine, never in the record.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    client: RowId,
    started: DateTime<FixedOffset>,
    /// Stopped, and not yet taken into a note.
    stopped: Option<DateTime<FixedOffset>>,
}

impl Timer {
    /// Whole minutes so far, one at the least, a day at the most: as many as the field takes.
    fn minutes(&self, now: DateTime<FixedOffset>) -> i64 {
        (self.stopped.unwrap_or(now) - self.started).num_minutes().clamp(1, 1_440)
    }
}

/// What is done with a timer that runs or was stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimerDoes {
    /// Writes a note or logs a contact with its minutes.
    Write(ContactKind),
    Stop,
    GoOn,
    Drop,
}

/// Where the timer is kept.
const KEPT: &str = "timer";

impl Desk {
    /// A form for a new note: with the template of the client's area where it is one for the record, and with what the timer
    /// says.
    pub(super) fn write_note(&mut self, kind: ContactKind, title: &str) {
        let owner = self.owner_of_new(&note::TYPE);
        let mut known: Vec<(FieldId, Value)> = vec![(note::kind, kind.code().into())];
        known.extend(self.follow_up(note::follow_up).filter(|_| kind != ContactKind::Record));
        let practice = std::sync::Arc::clone(self.rules.practice());
        let template = self.template_for(owner, &practice).filter(|_| kind == ContactKind::Record);
        if let Some(template) = template {
            known.push((note::template, template.code.as_str().into()));
            known.push((note::body, template.skeleton().into()));
        }
        if let Some(timer) = self.timer.filter(|timer| Some(timer.client) == owner) {
            known.push((note::when, Value::Time(timer.started)));
            known.push((note::minutes, Value::Whole(timer.minutes(self.moment().now))));
        }
        let form = Form::add(self, &note::TYPE, owner, known).titled(title);
        let first = if kind == ContactKind::Record { note::body } else { note::kind };
        let mut form = form.starting_at(first);
        to_first_section(&mut form);
        self.form = Some(form);
    }

    fn template_for<'p>(&self, client: Option<RowId>, practice: &'p Practice) -> Option<&'p NoteTemplate> {
        let area = client.and_then(|client| self.caseload.get(client)?.areas.first().cloned());
        let area = area.unwrap_or_else(|| self.store.worker().area.clone());
        practice.template(&practice.area(&area)?.note_template)
    }

    /// How the person is called and spoken of, to have in sight while writing about them.
    pub(super) fn spoken_of(&self, person: RowId) -> String {
        let here = self.file.as_ref().filter(|file| file.client.id == person).map(|file| file.client.clone());
        let row = here.or_else(|| self.store.row_of(&client::TYPE, person).ok().flatten());
        let Some(row) = row else { return String::new() };
        let name = Some(self.name_of(person)).filter(|name| !name.is_empty()).unwrap_or_else(|| row.client_name());
        let parts = [name, row.text(client::pronouns).to_string(), row.text(client::addressed_as).to_string()];
        parts.into_iter().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(", ")
    }

    /// The timer as it is kept from the last time.
    pub(super) fn kept_timer(&self) -> Result<Option<Timer>, StoreError> {
        Ok(self.store.local(KEPT)?.and_then(|kept| serde_json::from_slice(&kept).ok()))
    }

    fn keep_timer(&mut self, timer: Option<Timer>) -> Result<(), StoreError> {
        let bytes = timer.and_then(|timer| serde_json::to_vec(&timer).ok());
        match self.store.set_local(KEPT, bytes.as_deref()) {
            Ok(()) => self.timer = timer,
            Err(error) => self.trouble(error),
        }
        Ok(())
    }

    /// For the bar at the top: "timer 12 min"; empty where there is none.
    pub(super) fn timer_in_words(&self) -> String {
        let Some(timer) = &self.timer else { return String::new() };
        let state = if timer.stopped.is_some() { "timed" } else { "timer" };
        format!("{state} {} min", timer.minutes(self.moment().now))
    }

    /// Whether the timer shows another minute than the last time it was asked.
    pub(super) fn timer_ticks(&mut self) -> bool {
        let now = self.timer.filter(|timer| timer.stopped.is_none()).map(|timer| timer.minutes(self.moment().now));
        now != std::mem::replace(&mut self.timer_shown, now) && now.is_some()
    }

    /// `B`: starts the timer; where there is one, asks what becomes of it.
    pub(super) fn timer_key(&mut self) -> Result<(), StoreError> {
        let now = self.moment().now;
        let Some(timer) = self.timer else {
            let Some(client) = self.chosen else { return Ok(()) };
            self.keep_timer(Some(Timer { client, started: now.with_nanosecond(0).unwrap_or(now), stopped: None }))?;
            if self.timer.is_some() {
                self.say(format!("The timer runs. {} stops it.", self.keys.first_of("timer")));
            }
            return Ok(());
        };
        let name = self.caseload.get(timer.client).map_or(String::new(), |facts| facts.name.clone());
        let minutes = timer.minutes(now);
        let does = Pick::Timer;
        let mut items = vec![
            (Some('l'), "Log the contact with these minutes".into(), does(TimerDoes::Write(ContactKind::Phone))),
            (Some('n'), "Write a note with them".into(), does(TimerDoes::Write(ContactKind::Record))),
        ];
        items.push(match timer.stopped {
            None => (Some('s'), "Stop; the next note or contact takes them in".into(), does(TimerDoes::Stop)),
            Some(_) => (Some('g'), "Go on from here".into(), does(TimerDoes::GoOn)),
        });
        items.push((Some('x'), "Throw the minutes away".into(), does(TimerDoes::Drop)));
        let state = if timer.stopped.is_some() { "stopped at" } else { "runs:" };
        let title = format!("Timer {state} {minutes} min from {}, {name}", timer.started.format("%H:%M"));
        self.overlay = Some(Menu::over(title, items));
        Ok(())
    }

    pub(super) fn timer_does(&mut self, does: TimerDoes) -> Result<(), StoreError> {
        let Some(timer) = self.timer else { return Ok(()) };
        let now = self.moment().now;
        match does {
            TimerDoes::Write(kind) => {
                self.keep_timer(Some(Timer { stopped: Some(timer.stopped.unwrap_or(now)), ..timer }))?;
                self.choose_client(timer.client)?;
                self.write_note(kind, if kind == ContactKind::Record { "Add note" } else { "Log contact" });
            }
            TimerDoes::Stop => {
                self.keep_timer(Some(Timer { stopped: Some(now), ..timer }))?;
                self.say(format!("Stopped at {} min. The next note or contact takes them in.", timer.minutes(now)));
            }
            TimerDoes::GoOn => {
                let pause = timer.stopped.map_or_else(chrono::TimeDelta::zero, |stopped| now - stopped);
                self.keep_timer(Some(Timer { stopped: None, started: timer.started + pause, ..timer }))?;
                self.say("The timer runs on.");
            }
            TimerDoes::Drop => {
                self.keep_timer(None)?;
                self.say("The minutes are thrown away.");
            }
        }
        Ok(())
    }

    /// After a new note with minutes was saved for the timer's client, its minutes are in the record.
    pub(super) fn timer_is_taken(&mut self, change: &Change, stream: RowId) -> Result<(), StoreError> {
        let minutes = |edit: &Edit| matches!(edit, Edit::Set { field, .. } if *field == note::minutes);
        if self.timer.is_some_and(|timer| timer.client == stream) && change.edits.iter().any(minutes) {
            self.keep_timer(None)?;
        }
        Ok(())
    }

    /// `Enter` on a goal: the goal, its steps, and every note that served it, the newest first; on a step: its form.
    pub(super) fn open_goal(&mut self) -> Result<(), StoreError> {
        let Some(GoalLine::Goal(at)) = self.goal_lines().get(self.goal_at).copied() else { return self.edit_chosen() };
        let Some(chosen) = self.chosen else { return Ok(()) };
        let Some(file) = self.store.client_file(chosen, 2000)? else { return Ok(()) };
        let goal = &self.goals()[at];
        let id = goal.id.to_string();
        let plain = |row: &crate::model::Row| Shown {
            record: row.record,
            row: row.id,
            text: self.in_short(row),
            broken: false,
        };
        let mut rows = vec![plain(goal)];
        rows.extend(file.of(&step::TYPE).iter().filter(|row| row.link(step::goal) == Some(goal.id)).map(plain));
        let before = rows.len();
        let served = file.of(&note::TYPE).iter().filter(|row| row.words(note::goals).contains(&id));
        rows.extend(served.map(|row| self.shown_note(row, &file)));
        if rows.len() == before {
            self.say(format!("No note serves this goal yet. {} writes one.", self.keys.first_of("add-note")));
        }
        let title = "The goal and the notes that serve it: Enter opens, Esc closes";
        self.overlay = Some(Overlay::Records { title, rows, at: 0 });
        Ok(())
    }
}

/// The template chosen in a note's form; empty where none is.
pub fn template_in(form: &Form) -> String {
    form.inputs.iter().find(|input| input.field.id == note::template).map_or(String::new(), |input| input.typed())
}

/// After a key: where another template was chosen and nothing is written yet, its headings take the place of the others.
pub fn follow_template(form: &mut Form, before: &str, practice: &Practice) {
    let now = template_in(form);
    if now == before {
        return;
    }
    let skeleton = practice.template(&now).map_or(String::new(), NoteTemplate::skeleton);
    let new = form.new;
    if let Some(body) = form.inputs.iter_mut().find(|input| input.field.id == note::body)
        && nothing_written(&body.typed(), practice)
    {
        body.begin_with(&skeleton, new);
        to_first_section(form);
    }
}

/// Whether a note's text is nothing but headings.
pub fn nothing_written(text: &str, practice: &Practice) -> bool {
    let heading = |line: &str| practice.templates.iter().any(|template| section_at(template, line).is_some());
    text.lines().all(|line| line.trim().is_empty() || heading(line))
}

/// Under the note's text while it is written: what belongs in the section at hand.
pub fn tell_section(form: &mut Form, practice: &Practice) {
    let template = template_in(form);
    let Some(body) = form.inputs.iter_mut().find(|input| input.field.id == note::body) else { return };
    let Body::Text(area) = &body.body else { return };
    let above = area.lines().iter().take(area.cursor().0 + 1).rev();
    let section =
        practice.template(&template).and_then(|template| above.into_iter().find_map(|line| section_at(template, line)));
    body.hint = section.map(|section| format!("{}: {}", section.name, section.hint));
}

fn section_at<'t>(template: &'t NoteTemplate, line: &str) -> Option<&'t crate::practice::Section> {
    let name = line.trim().strip_suffix(':')?;
    template.sections.iter().find(|section| section.name == name)
}

fn to_first_section(form: &mut Form) {
    if let Some(input) = form.inputs.iter_mut().find(|input| input.field.id == note::body)
        && let Body::Text(area) = &mut input.body
        && area.lines().len() > 1
    {
        area.move_cursor(CursorMove::Jump(1, 0));
    }
}

impl Desk {
    /// Why a note cannot be saved: there is nothing in it but headings.
    pub(super) fn note_refused(&self) -> Option<String> {
        let form = self.form.as_ref().filter(|form| *form.record == note::TYPE)?;
        let body = form.inputs.iter().find(|input| input.field.id == note::body)?.typed();
        let kind = form.inputs.iter().find(|input| input.field.id == note::kind)?.typed();
        let empty = nothing_written(&body, self.rules.practice()) && (!body.trim().is_empty() || kind == "record");
        empty.then(|| "Nothing is written yet. Write the note, or leave with Esc.".into())
    }

    /// Opens a row of a list: a signed note as it is read, anything else in its form.
    pub(super) fn open_row(&mut self, record: &'static RecordType, row: RowId) -> Result<(), StoreError> {
        if *record == note::TYPE
            && let Some(written) = self.store.written(row)?.filter(|written| written.standing().is_signed())
        {
            self.overlay = Some(Overlay::Note(super::signing::NoteRead::new(&written)));
            return Ok(());
        }
        self.edit_row(record, row)
    }
}
