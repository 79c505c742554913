//! What each action does. Everything that changes something ends in one [`Change`].

use std::path::Path;

use crate::model::records::{
    appointment, care_team, client, enrollment, goal, need, note, plan, relationship, snooze, step, task,
};
use crate::model::{
    AppointmentStatus, CATALOGUE, Change, ClientStatus, ContactKind, Edit, FieldId, PlanStatus, RecordType, Row, RowId,
    Value, WorkStatus,
};
use crate::store::{StoreError, make_folder_for};
use crate::triage::{hour_in_words, may_not_snooze};

use super::action::{Action, Needs, TABLE, by_name};
use super::desk::{Desk, GoalLine, Pane, View};
use super::form::Form;
use super::overlay::{Answer, Line, Menu, Overlay, Pick, Shown, matching};

/// What the loop does next.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Flow {
    Stay,
    Quit,
    Lock,
    Suspend,
}

impl Desk {
    /// Why an action cannot be done now; `None` when it can.
    pub fn unavailable(&self, action: Action) -> Option<&'static str> {
        let needs = TABLE.iter().find(|entry| entry.action == action).map_or(Needs::Nothing, |entry| entry.needs);
        if matches!(needs, Needs::Write | Needs::Change) && self.store.read_only() {
            return Some("this file is read-only");
        }
        if matches!(needs, Needs::Client | Needs::Change) && self.chosen.is_none() {
            return Some("choose a client first");
        }
        None
    }

    /// Does an action; `about` names the row it is about where a reason or a list says so.
    pub fn act(&mut self, action: Action, about: Option<RowId>) -> Result<Flow, StoreError> {
        if let Some(why) = self.unavailable(action) {
            self.trouble(format!("Not now: {why}."));
            return Ok(Flow::Stay);
        }
        self.tour_follows(action);
        match action {
            Action::Run => self.run_on()?,
            Action::Back if self.running => self.run_back()?,
            Action::Back => {}
            Action::Today => {
                let lines = self.work_lines()?;
                self.overlay = Some(Overlay::Reading { title: "Today".into(), lines, scroll: 0 });
            }
            Action::View => {
                let items = View::ALL
                    .iter()
                    .enumerate()
                    .map(|(at, view)| (digit(at), view.label().to_string(), Pick::View(*view)));
                self.overlay = Some(Menu::over("Order the caseload", items.collect()));
            }
            Action::MarkClient => self.mark_client()?,
            Action::Unmark => {
                self.marked.clear();
                self.say("Nobody is marked.");
            }
            Action::Tag => {
                let about = format!("Tags for {}, with commas between; -tag takes one away.", self.meant_in_words());
                self.ask(Answer::Tag, "Tag", &about);
            }
            Action::Reassign => {
                let about = format!("The case manager who takes over {}.", self.meant_in_words());
                self.ask(Answer::Reassign, "Reassign", &about);
            }
            Action::SaveFilter => {
                let filter = self.filter.clone().unwrap_or_default();
                self.ask(Answer::SaveFilter, "Save filter", &format!("A name for the filter \"{filter}\"."));
            }
            Action::Filters => {
                let kept = self.kept_filters();
                let mut items: Vec<_> = kept
                    .into_iter()
                    .enumerate()
                    .map(|(at, (name, filter))| (digit(at), format!("{name}: {filter}"), Pick::Filter(filter)))
                    .collect();
                items.push((
                    Some('a'),
                    format!("A filter may say: {}", crate::triage::filter::CONDITIONS),
                    Pick::Filter(String::new()),
                ));
                self.overlay = Some(Menu::over("Filters", items));
            }
            Action::Week => {
                let lines = self.week_lines();
                self.overlay = Some(Overlay::Reading { title: "The week".into(), lines, scroll: 0 });
            }
            Action::Month => {
                let lines = self.month_lines();
                self.overlay = Some(Overlay::Reading { title: "The month".into(), lines, scroll: 0 });
            }
            Action::Timeline => self.timeline()?,
            Action::Looks => {
                let items =
                    [("dark", "Dark background"), ("light", "Light background"), ("high-contrast", "High contrast")];
                let mut items: Vec<_> = items
                    .iter()
                    .enumerate()
                    .map(|(at, (name, label))| (digit(at), (*label).to_string(), Pick::Looks(name, false)))
                    .collect();
                items.push((
                    Some('p'),
                    "Plain lines without boxes, for a screen reader".into(),
                    Pick::Looks("high-contrast", true),
                ));
                self.overlay = Some(Menu::over("How it looks", items));
            }
            Action::Tour => self.toggle_tour(),
            Action::Open => return self.open_chosen(),
            Action::Log => self.write_note(ContactKind::Phone, "Log contact"),
            Action::Note => self.write_note(ContactKind::Record, "Add note"),
            Action::AddAppointment => self.add(&appointment::TYPE, Vec::new()),
            Action::AddGoal => {
                let known = self.active_plan().map(|plan| (goal::plan, Value::Link(plan)));
                self.add(&goal::TYPE, known.into_iter().collect());
            }
            Action::AddStep => self.add_step(about),
            Action::AddTask => self.add(&task::TYPE, Vec::new()),
            Action::AddNeed => self.add(&need::TYPE, Vec::new()),
            Action::AddPlan => self.add(&plan::TYPE, Vec::new()),
            Action::AddClient => {
                self.form = Some(Form::add(self, &client::TYPE, None, Vec::new()).titled("Add client"));
            }
            Action::AddOther => self.overlay = Some(add_menu()),
            Action::Edit => self.edit_chosen()?,
            Action::EditClient => self.edit_client()?,
            Action::EditAppointment => self.with_visit(Action::EditAppointment, about, "Edit which appointment?")?,
            Action::EditPlan => match about.or_else(|| self.active_plan()) {
                Some(plan) => self.edit_row(&plan::TYPE, plan)?,
                None => self.add(&plan::TYPE, Vec::new()),
            },
            Action::Mark => self.with_visit(Action::Mark, about, "Which appointment?")?,
            Action::Done => self.done(about)?,
            Action::Progress => self.progress(about)?,
            Action::Assessed => self.assessed(about)?,
            Action::Crisis => self.crisis()?,
            Action::Snooze => self.snooze_menu(),
            Action::Undo => self.ask_undo()?,
            Action::Redo => match self.store.redo() {
                Ok(Some((label, receipt))) => {
                    self.follow(receipt)?;
                    self.say(format!("Done again: {label}."));
                }
                Ok(None) => self.say("There is nothing to do again."),
                Err(error) => self.trouble(error),
            },
            Action::Find => {
                self.filtering = true;
                self.filter.get_or_insert_default();
                self.focus = Pane::Caseload;
            }
            Action::Search => {
                self.overlay = Some(Overlay::Search { input: Line::default(), hits: Vec::new(), at: 0 });
            }
            Action::Records => self.records()?,
            Action::History => self.history(about)?,
            Action::Delete => self.ask_delete(),
            Action::Close => self.close_client()?,
            Action::Import => self.ask(
                Answer::Import,
                "Import",
                "The folder of an HMIS CSV export, or a spreadsheet (csv, xlsx, ods). Type or paste its path.",
            ),
            Action::LockMinutes => {
                let now = self.lock_minutes();
                self.ask(
                    Answer::LockMinutes,
                    "Lock after",
                    &format!("Idle minutes until the screen locks, 1 to 240. It is {now} now."),
                );
            }
            Action::Backup => self.back_up(),
            Action::Palette => {
                self.overlay = Some(Overlay::Palette { input: Line::default(), found: matching(""), at: 0 });
            }
            Action::Help => self.overlay = Some(Overlay::Help { scroll: 0 }),
            Action::Lock => return Ok(Flow::Lock),
            Action::Suspend => return Ok(Flow::Suspend),
            Action::Quit => return Ok(Flow::Quit),
            Action::NextPane | Action::PreviousPane => {
                let at = Pane::ALL.iter().position(|pane| *pane == self.focus).unwrap_or(0);
                let step = if action == Action::NextPane { 1 } else { 3 };
                self.go_to(Pane::ALL[(at + step) % 4])?;
            }
            Action::Pane(at) => self.go_to(Pane::ALL[usize::from(at) % 4])?,
            Action::Up => self.step(-1)?,
            Action::Down => self.step(1)?,
            Action::PageUp => self.step(-10)?,
            Action::PageDown => self.step(10)?,
            Action::First => self.step(-(1 << 40))?,
            Action::Last => self.step(1 << 40)?,
            Action::Save
            | Action::Leave
            | Action::NextField
            | Action::PreviousField
            | Action::OtherValue
            | Action::Editor => {}
        }
        Ok(Flow::Stay)
    }

    /// Moves the choice in the focused pane.
    pub fn step(&mut self, by: isize) -> Result<(), StoreError> {
        let moved = |at: usize, many: usize| at.saturating_add_signed(by).min(many.saturating_sub(1));
        match self.focus {
            Pane::Caseload => self.choose(moved(self.at, self.view.len()))?,
            Pane::Client => {
                let many = self.reasons().len();
                let to = moved(self.reason, many);
                // Past the last reason the page itself moves.
                if to == self.reason || many == 0 {
                    self.client_scroll = self.client_scroll.saturating_add_signed(by.clamp(-1000, 1000)).min(10_000);
                } else {
                    self.client_scroll = 0;
                }
                self.reason = to;
            }
            Pane::Goals => self.goal_at = moved(self.goal_at, self.goal_lines().len()),
            Pane::Appointments => self.visit_at = moved(self.visit_at, self.queue.len()),
        }
        Ok(())
    }

    /// Gives the keys to a pane. Whoever goes to the client's page reads on: more of the notes are loaded.
    pub fn go_to(&mut self, pane: Pane) -> Result<(), StoreError> {
        self.focus = pane;
        if pane == Pane::Client { self.reload() } else { Ok(()) }
    }

    fn open_chosen(&mut self) -> Result<Flow, StoreError> {
        match self.focus {
            Pane::Caseload if self.chosen.is_some() => self.go_to(Pane::Client)?,
            Pane::Caseload => {}
            Pane::Client => {
                if let Some(told) = self.reasons().get(self.reason) {
                    let action = by_name(&told.action).map(|entry| entry.action);
                    return action.map_or(Ok(Flow::Stay), |action| self.act(action, told.subject));
                }
            }
            Pane::Goals => self.edit_chosen()?,
            Pane::Appointments => {
                if let Some(queued) = self.queue.get(self.visit_at) {
                    self.choose_client(queued.client)?;
                    self.go_to(Pane::Client)?;
                }
            }
        }
        Ok(Flow::Stay)
    }

    fn add(&mut self, record: &'static RecordType, known: Vec<(FieldId, Value)>) {
        self.form = Some(Form::add(self, record, self.chosen, known));
    }

    fn write_note(&mut self, kind: ContactKind, title: &str) {
        let known = vec![(note::kind, Value::text(kind.code()))];
        let form = Form::add(self, &note::TYPE, self.chosen, known).titled(title);
        self.form = Some(form.starting_at(if kind == ContactKind::Record { note::body } else { note::kind }));
    }

    fn active_plan(&self) -> Option<RowId> {
        let plans = self.file.as_ref()?.of(&plan::TYPE);
        plans.iter().rev().find(|row| row.text(plan::status) == PlanStatus::Active.code()).map(|row| row.id)
    }

    fn add_step(&mut self, about: Option<RowId>) {
        let goals: Vec<(RowId, String)> = self
            .goals()
            .iter()
            .filter(|row| matches!(row.text(goal::status), "open" | ""))
            .map(|row| (row.id, row.text(goal::words).to_string()))
            .collect();
        let chosen = match self.goal_lines().get(self.goal_at) {
            Some(GoalLine::Goal(at)) if self.focus == Pane::Goals => Some(self.goals()[*at].id),
            Some(GoalLine::Step(at)) if self.focus == Pane::Goals => self.steps()[*at].link(step::goal),
            _ => None,
        };
        let only = (goals.len() == 1).then(|| goals[0].0);
        match about.or(chosen).or(only) {
            Some(goal) => self.add(&step::TYPE, vec![(step::goal, Value::Link(goal))]),
            None if goals.is_empty() => self.trouble("A step belongs to a goal: add a goal first (g)."),
            None => {
                self.overlay =
                    Some(Menu::over("A step for which goal?", numbered(goals, |row| Pick::Act(Action::AddStep, row))))
            }
        }
    }

    fn edit_chosen(&mut self) -> Result<(), StoreError> {
        match self.focus {
            Pane::Goals => match self.goal_row().map(|row| (row.record, row.id)) {
                Some((record, row)) => self.edit_row(record, row),
                None => Ok(()),
            },
            Pane::Appointments => match self.queue.get(self.visit_at).map(|queued| queued.row) {
                Some(row) => self.edit_row(&appointment::TYPE, row),
                None => Ok(()),
            },
            Pane::Caseload | Pane::Client => self.edit_client(),
        }
    }

    /// The client's own form; or, where values disagree elsewhere, the form in which to choose.
    fn edit_client(&mut self) -> Result<(), StoreError> {
        let Some(chosen) = self.chosen else { return Ok(()) };
        // Only where something disagrees must everything be looked through.
        let torn = self.facts().is_some_and(|facts| facts.conflicts > 0);
        let all = if torn { self.store.client_file(chosen, usize::MAX >> 1)? } else { None };
        let Some(file) = all.as_ref().or(self.file.as_ref()) else { return Ok(()) };
        let rows = CATALOGUE.iter().flat_map(|record| file.of(record));
        let torn = std::iter::once(&file.client).chain(rows).find(|row| !row.disagreements.is_empty());
        let (row, torn) = (torn.unwrap_or(&file.client), torn.is_some());
        let mut form = Form::edit(self, row, None);
        if torn {
            let field = row.disagreements[0].field;
            form = form.starting_at(field);
            self.say("Two values disagree: C-n shows the other one; save what is right.");
        }
        self.form = Some(form);
        Ok(())
    }

    pub fn edit_row(&mut self, record: &'static RecordType, row: RowId) -> Result<(), StoreError> {
        match self.store.row_of(record, row)? {
            Some(row) => self.form = Some(Form::edit(self, &row, None)),
            None => self.trouble("That is not there any more."),
        }
        Ok(())
    }

    /// Does an action with the appointment that is meant: named, chosen in the queue, the only one, or asked for.
    fn with_visit(&mut self, action: Action, about: Option<RowId>, question: &str) -> Result<(), StoreError> {
        let queued =
            self.queue.get(self.visit_at).filter(|_| self.focus == Pane::Appointments).map(|queued| queued.row);
        let visits = self.facts().map_or(&[][..], |facts| &facts.visits);
        let listed: Vec<(RowId, String)> = visits
            .iter()
            .map(|visit| (visit.row, format!("{}  {}", hour_in_words(visit.starts, self.today), visit.title)))
            .collect();
        let only = (listed.len() == 1).then(|| listed[0].0);
        match about.or(queued).or(only) {
            Some(row) if action == Action::Mark => self.mark_menu(row)?,
            Some(row) => self.edit_row(&appointment::TYPE, row)?,
            None if listed.is_empty() => self.trouble("No open appointment. Press a to set one."),
            None => {
                self.overlay = Some(Menu::over(question, numbered(listed, |row| Pick::Act(action, row))));
            }
        }
        Ok(())
    }

    fn mark_menu(&mut self, row: RowId) -> Result<(), StoreError> {
        let Some(visit) = self.store.row_of(&appointment::TYPE, row)? else {
            self.trouble("That appointment is not there any more.");
            return Ok(());
        };
        let when = visit.time(appointment::starts).map_or(String::new(), |starts| hour_in_words(starts, self.today));
        let name = self.caseload.get(visit.stream).map_or("", |facts| &facts.name);
        let title = format!("{name}: {} {when}", visit.text(appointment::title));
        let items = [
            ('c', AppointmentStatus::Confirmed),
            ('k', AppointmentStatus::Kept),
            ('n', AppointmentStatus::NoShow),
            ('x', AppointmentStatus::Cancelled),
            ('m', AppointmentStatus::Moved),
        ];
        let items = items.map(|(key, status)| (Some(key), status.label().to_string(), Pick::Mark(row, status)));
        self.overlay = Some(Menu::over(title, items.into()));
        Ok(())
    }

    fn done(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let chosen =
            self.goal_row().filter(|row| self.focus == Pane::Goals && *row.record == step::TYPE).map(|row| row.id);
        let Some(facts) = self.facts() else { return Ok(()) };
        let open: Vec<(RowId, String)> =
            facts.tasks.iter().chain(&facts.steps).map(|due| (due.row, due.what.clone())).collect();
        let only = (open.len() == 1).then(|| open[0].0);
        match about.or(chosen).or(only) {
            Some(row) => self.tick_off(row),
            None if open.is_empty() => {
                self.say("Nothing left to tick off here.");
                Ok(())
            }
            None => {
                self.overlay = Some(Menu::over("What is done?", numbered(open, |row| Pick::Act(Action::Done, row))));
                Ok(())
            }
        }
    }

    fn tick_off(&mut self, id: RowId) -> Result<(), StoreError> {
        let today = Value::Date(self.today);
        let mut change = Change::new("done");
        let (what, status) = match (self.store.row_of(&task::TYPE, id)?, self.store.row_of(&step::TYPE, id)?) {
            (Some(row), _) => {
                change.set(id, task::status, WorkStatus::Done.code()).set(id, task::done_on, today);
                (row.text(task::what).to_string(), row.text(task::status).to_string())
            }
            (_, Some(row)) => {
                change.set(id, step::status, WorkStatus::Done.code()).set(id, step::done_on, today);
                (row.text(step::what).to_string(), row.text(step::status).to_string())
            }
            _ => return Ok(()),
        };
        if status == WorkStatus::Done.code() {
            self.say("That is done already. Press e to change it.");
            return Ok(());
        }
        self.apply(&change, format!("Done: {what}."))
    }

    fn progress(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let chosen = match self.goal_lines().get(self.goal_at) {
            Some(GoalLine::Goal(at)) if self.focus == Pane::Goals => Some(self.goals()[*at].id),
            Some(GoalLine::Step(at)) if self.focus == Pane::Goals => self.steps()[*at].link(step::goal),
            _ => None,
        };
        let goals: Vec<(RowId, String)> =
            self.goals().iter().map(|row| (row.id, row.text(goal::words).to_string())).collect();
        let only = (goals.len() == 1).then(|| goals[0].0);
        match about.or(chosen).or(only) {
            Some(row) => {
                if let Some(row) = self.store.row_of(&goal::TYPE, row)? {
                    let only = [goal::words, goal::progress, goal::status, goal::target];
                    let form = Form::edit(self, &row, Some(&only)).titled("Goal progress").starting_at(goal::progress);
                    self.form = Some(form);
                }
            }
            None if goals.is_empty() => self.say("No goals yet. Press g to add one."),
            None => {
                self.overlay = Some(Menu::over("Which goal?", numbered(goals, |row| Pick::Act(Action::Progress, row))))
            }
        }
        Ok(())
    }

    fn assessed(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let stays = self.facts().map_or(&[][..], |facts| &facts.enrollments);
        let row = about.or_else(|| stays.iter().find(|stay| stay.head).map(|stay| stay.row));
        let Some(row) = row else {
            self.say("No open enrollment that an annual assessment goes by.");
            return Ok(());
        };
        let mut change = Change::new("annual assessment done");
        change.set(row, enrollment::assessed, Value::Date(self.today));
        self.apply(&change, "Annual assessment: done today.")
    }

    fn crisis(&mut self) -> Result<(), StoreError> {
        if let Some(file) = &self.file {
            let only = [client::crisis, client::risk, client::safe_contact];
            let row = file.client.clone();
            let form = Form::edit(self, &row, Some(&only)).titled("Crisis").starting_at(client::crisis);
            self.form = Some(form);
        }
        Ok(())
    }

    fn close_client(&mut self) -> Result<(), StoreError> {
        if let Some(file) = &self.file {
            let mut row = file.client.clone();
            let only = [client::status, client::closed, client::closing_reason];
            row.put(client::status, ClientStatus::Closed.code());
            row.put(client::closed, Value::Date(self.today));
            let mut form =
                Form::edit(self, &row, Some(&only)).titled("Close client").starting_at(client::closing_reason);
            for (input, field) in form.inputs.iter_mut().zip(only) {
                input.was(&file.client, field);
            }
            self.form = Some(form);
        }
        Ok(())
    }

    fn snooze_menu(&mut self) {
        let reasons = self.reasons();
        if reasons.is_empty() {
            self.say("There is nothing to put off.");
        } else if self.focus == Pane::Client || reasons.len() == 1 {
            self.snooze(self.reason.min(reasons.len() - 1));
        } else {
            let items = reasons.iter().enumerate().map(|(at, told)| (digit(at), told.text.clone(), Pick::Snooze(at)));
            self.overlay = Some(Menu::over("Put off which reason?", items.collect()));
        }
    }

    /// Opens the form in which a reason is put off.
    pub fn snooze(&mut self, at: usize) {
        let Some(told) = self.reasons().into_iter().nth(at) else { return };
        let subject = told.subject.map_or(Value::Empty, |row| Value::text(row.to_string()));
        let tomorrow = Value::Date(crate::triage::calendar::add_days(self.today, 1));
        let known = vec![(snooze::rule, Value::text(told.rule)), (snooze::subject, subject), (snooze::until, tomorrow)];
        let form = Form::add(self, &snooze::TYPE, self.chosen, known);
        self.form = Some(form.titled(format!("Put off: {}", told.text)).starting_at(snooze::until));
    }

    /// Why the form of a snooze cannot be saved: its reason cannot wait so long.
    fn snooze_refused(&self, change: &Change) -> Option<String> {
        let set = |field: FieldId| {
            change.edits.iter().find_map(|edit| match edit {
                Edit::Set { field: set, value, .. } if *set == field => Some(value.clone()),
                _ => None,
            })
        };
        let (Value::Date(until), Value::Text(rule)) = (set(snooze::until)?, set(snooze::rule)?) else { return None };
        let subject = set(snooze::subject).and_then(|value| value.plain().parse::<RowId>().ok());
        let rank = self.view.get(self.at)?.rank?;
        let reasons = &self.caseload.ranked()[rank as usize].reasons;
        let told = self.reasons();
        let at = told.iter().position(|told| told.rule == rule && told.subject == subject)?;
        may_not_snooze(&reasons[at], until, self.today)
    }

    fn ask_undo(&mut self) -> Result<(), StoreError> {
        match self.store.undoable()? {
            None => self.say("There is nothing to undo."),
            Some(label) if label == "import demo" => self.say("There is nothing to undo."),
            Some(label) if label.starts_with("import") => {
                let question = format!("Undo the whole {label}?");
                self.overlay = Some(Menu::confirm(question, "Yes, take it all back", Pick::Undo));
            }
            Some(_) => self.undo()?,
        }
        Ok(())
    }

    fn undo(&mut self) -> Result<(), StoreError> {
        match self.store.undo() {
            Ok(Some((label, receipt))) => {
                self.follow(receipt)?;
                self.say(format!("Undone: {label}."));
            }
            Ok(None) => self.say("There is nothing to undo."),
            Err(error) => self.trouble(error),
        }
        Ok(())
    }

    fn records(&mut self) -> Result<(), StoreError> {
        let Some(chosen) = self.chosen else { return Ok(()) };
        let Some(file) = self.store.client_file(chosen, 2000)? else { return Ok(()) };
        let mut rows = vec![Shown { record: &client::TYPE, row: chosen, text: file.client.client_name() }];
        for record in CATALOGUE.iter().filter(|record| !record.opens_stream()) {
            rows.extend(file.of(record).iter().map(|row| Shown { record, row: row.id, text: self.in_short(row) }));
        }
        self.overlay = Some(Overlay::Records { rows, at: 0 });
        Ok(())
    }

    /// Everything that happened, newest first.
    fn timeline(&mut self) -> Result<(), StoreError> {
        let Some(file) = self.chosen.map(|chosen| self.store.client_file(chosen, 2000)).transpose()?.flatten() else {
            return Ok(());
        };
        let mut rows: Vec<(chrono::NaiveDate, Shown)> = Vec::new();
        for record in CATALOGUE.iter().filter(|record| !record.opens_stream()) {
            let Some(field) = record.ordered_by() else { continue };
            for row in file.of(record) {
                let day = row.time(field.id).map(|time| time.date_naive()).or(row.date(field.id));
                if let Some(day) = day {
                    let text = format!("{}  {}", day.format("%-d %b %Y"), self.in_short(row));
                    rows.push((day, Shown { record, row: row.id, text }));
                }
            }
        }
        rows.sort_by_key(|(day, shown)| std::cmp::Reverse((*day, shown.row)));
        self.overlay = Some(Overlay::Records { rows: rows.into_iter().map(|(_, shown)| shown).collect(), at: 0 });
        Ok(())
    }

    /// A row in one line.
    pub fn in_short(&self, row: &Row) -> String {
        let words = |fields: &[FieldId]| {
            let shown = fields.iter().filter_map(|id| row.record.field(id.field)).map(|field| row.shown(field));
            shown.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("  ")
        };
        match row.record.name {
            "relationship" => words(&[relationship::name, relationship::relation, relationship::phone]),
            "care_team" => words(&[care_team::name, care_team::role, care_team::phone]),
            "enrollment" => words(&[enrollment::project, enrollment::entry, enrollment::exit]),
            "need" => words(&[need::what, need::severity, need::status]),
            "plan" => words(&[plan::kind, plan::status, plan::review_due]),
            "goal" => words(&[goal::words, goal::progress, goal::status]),
            "step" => words(&[step::what, step::who, step::due, step::status]),
            "appointment" => words(&[appointment::starts, appointment::title, appointment::status]),
            "task" => words(&[task::what, task::due, task::status]),
            "note" => words(&[note::when, note::kind, note::body]),
            "snooze" => words(&[snooze::rule, snooze::until, snooze::why]),
            _ => String::new(),
        }
    }

    pub fn history(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let chosen = match self.focus {
            Pane::Goals => self.goal_row().map(|row| row.id),
            Pane::Appointments => self.queue.get(self.visit_at).map(|queued| queued.row),
            _ => None,
        };
        let Some(row) = about.or(chosen).or(self.chosen) else { return Ok(()) };
        let record = self.store.row(row)?.map(|row| row.record);
        let label = |name: &str| {
            record.and_then(|record| record.field_by_name(name)).map_or(name.to_string(), |field| field.label.into())
        };
        let lines = self.store.history(row)?.into_iter().rev().map(|line| {
            let from = if line.from.is_empty() { String::new() } else { format!("\"{}\" -> ", line.from.plain()) };
            let when = line.when.format("%-d %b %Y %H:%M");
            format!("{when}  {}  {}: {from}\"{}\"  ({})", line.who, label(&line.field), line.to.plain(), line.action)
        });
        let title = format!("History of this {}", record.map_or("row", |record| record.label).to_lowercase());
        self.overlay = Some(Overlay::Reading { title, lines: lines.collect(), scroll: 0 });
        Ok(())
    }

    fn ask_delete(&mut self) {
        let chosen = match self.focus {
            Pane::Goals => self.goal_row().map(|row| (row.record, row.id, self.in_short(row))),
            Pane::Appointments => self.queue.get(self.visit_at).and_then(|queued| {
                let row = self.store.row_of(&appointment::TYPE, queued.row).ok()??;
                Some((row.record, row.id, self.in_short(&row)))
            }),
            Pane::Caseload | Pane::Client => None,
        };
        match chosen {
            Some((record, row, text)) => {
                let question = format!("Delete the {}: {text}?", record.label.to_lowercase());
                self.overlay = Some(Menu::confirm(question, "Yes, delete it", Pick::Delete(record, row)));
            }
            None => self.say("Choose a goal, a step or an appointment to delete; a client is closed, not deleted."),
        }
    }

    fn ask(&mut self, answer: Answer, title: &str, about: &str) {
        let input = Line::default();
        self.overlay = Some(Overlay::Ask { title: title.into(), about: about.into(), input, answer, trouble: None });
    }

    fn back_up(&mut self) {
        let Some(folder) = self.store.path().map(|path| path.with_file_name("backups")) else {
            self.say("The demo lives in memory: there is nothing to back up.");
            return;
        };
        match make_folder_for(&folder.join("backup")).and_then(|()| self.store.backup(&folder)) {
            Ok(path) => self.say(format!("Backed up to {}.", path.display())),
            Err(error) => self.trouble(error),
        }
    }

    /// Saves a change made without a form, and says so.
    pub fn apply(&mut self, change: &Change, done: impl Into<String>) -> Result<(), StoreError> {
        match self.commit(change) {
            Ok(()) => self.say(format!("{} {} undoes it.", done.into(), self.keys.first_of("undo"))),
            Err(error) => self.trouble(error),
        }
        Ok(())
    }

    /// Saves the open form. Where that fails the form stays as it is and says why.
    pub fn save_form(&mut self) -> Result<(), StoreError> {
        let moment = self.moment();
        let Some(form) = self.form.as_mut() else { return Ok(()) };
        let Some(mut change) = form.change(&moment) else { return Ok(()) };
        let (new, record, row, title) = (form.new, form.record, form.row, form.title.clone());
        let stream = form.stream;
        self.for_all_marked(&mut change, row, stream);
        if *record == snooze::TYPE
            && let Some(why) = self.snooze_refused(&change)
        {
            self.form.as_mut().expect("it is open").trouble = Some(why);
            return Ok(());
        }
        match self.commit(&change) {
            Ok(()) => {
                self.form = None;
                self.drop_draft();
                if new && *record == client::TYPE {
                    self.filter = None;
                    self.list();
                    self.choose_client(row)?;
                }
                if change.is_empty() {
                    self.say("Nothing was changed.");
                    return Ok(());
                }
                let title = title.split(':').next().unwrap_or("").to_string();
                let many = if change.edits.iter().filter(|edit| matches!(edit, Edit::Create { .. })).count() > 1 {
                    format!(" for {}", self.meant_in_words())
                } else {
                    String::new()
                };
                self.say(format!("Saved: {}{many}. {} undoes it.", title.to_lowercase(), self.keys.first_of("undo")));
                self.run_follows()?;
            }
            Err(error) => {
                let hint = error.hint().map_or(String::new(), |hint| format!(" ({hint})"));
                if let Some(form) = self.form.as_mut() {
                    form.trouble = Some(format!("{error}{hint}"));
                    form.unkept = true;
                }
            }
        }
        Ok(())
    }

    /// Leaves the form; asks first where something would be lost.
    pub fn leave_form(&mut self) {
        if self.form.as_ref().is_some_and(Form::changed) {
            let items = vec![
                (Some('s'), "Save it".into(), Pick::SaveForm),
                (Some('d'), "Drop what was typed".into(), Pick::DropForm),
                (Some('b'), "Back to the form".into(), Pick::Nothing),
            ];
            self.overlay = Some(Menu::over("Leave without saving?", items));
        } else {
            self.form = None;
            self.drop_draft();
        }
    }

    /// Does what was chosen in a menu.
    pub fn pick(&mut self, pick: Pick) -> Result<Flow, StoreError> {
        match pick {
            Pick::Act(action, row) => return self.act(action, Some(row)),
            Pick::Add(record) => self.add(record, Vec::new()),
            Pick::Mark(row, status) => self.mark(row, status)?,
            Pick::Snooze(at) => self.snooze(at),
            Pick::Delete(record, row) => {
                let mut change = Change::new(format!("delete {}", record.label.to_lowercase()));
                change.delete(record, row);
                self.apply(&change, format!("Deleted the {}.", record.label.to_lowercase()))?;
            }
            Pick::Undo => self.undo()?,
            Pick::View(view) => {
                self.view_by(view);
                self.reload()?;
            }
            Pick::Filter(filter) => {
                self.filtering = filter.is_empty();
                self.filter = Some(filter);
                self.focus = Pane::Caseload;
                self.list();
                self.reload()?;
            }
            Pick::Looks(name, plain) => self.set_looks(name, plain),
            Pick::Editor => self.editing = true,
            Pick::SaveForm => self.save_form()?,
            Pick::DropForm => {
                self.form = None;
                self.drop_draft();
            }
            Pick::Nothing => {}
        }
        Ok(Flow::Stay)
    }

    fn mark(&mut self, row: RowId, status: AppointmentStatus) -> Result<(), StoreError> {
        let Some(visit) = self.store.row_of(&appointment::TYPE, row)? else { return Ok(()) };
        if status == AppointmentStatus::Moved {
            // The new one takes everything over but the time; saving it closes the old one in the same action.
            let mut form =
                Form::add(self, &appointment::TYPE, Some(visit.stream), copied(&visit)).titled("Move appointment");
            form.also = vec![
                Edit::Set { row, field: appointment::status, value: Value::text(status.code()) },
                Edit::Set { row, field: appointment::moved_to, value: Value::Link(form.row) },
            ];
            self.form = Some(form.starting_at(appointment::starts));
            return Ok(());
        }
        let mut change = Change::new(format!("mark appointment {}", status.label().to_lowercase()));
        change.set(row, appointment::status, status.code());
        let what = visit.text(appointment::title).to_string();
        let next = match status {
            AppointmentStatus::Kept => " Press l to log the contact.",
            AppointmentStatus::NoShow => " A follow-up is due by the next business day.",
            _ => "",
        };
        self.apply(&change, format!("{}: {what}.{next}", status.label()))
    }

    /// Takes in a file while `show` draws how far it is and says whether to go on.
    pub fn import(
        &mut self,
        path: &Path,
        show: &mut dyn FnMut(usize, usize) -> std::ops::ControlFlow<()>,
    ) -> anyhow::Result<Vec<String>> {
        let options = crate::exchange::Options { format: None, map: &[], moment: self.moment() };
        let reading = crate::exchange::read(path, &options)?;
        let taken = self.store.import(reading.format.origin(), &reading.drafts, false, show)?;
        self.load()?;
        let count =
            |counts: &std::collections::BTreeMap<&'static str, u64>, name: &str| counts.get(name).copied().unwrap_or(0);
        let mut lines = Vec::new();
        for record in CATALOGUE {
            let (new, changed, same) = (
                count(&taken.created, record.name),
                count(&taken.updated, record.name),
                count(&taken.unchanged, record.name),
            );
            if new + changed + same > 0 {
                lines.push(format!("{}: {new} new, {changed} changed, {same} as they were", record.plural));
            }
        }
        if taken.conflicts > 0 {
            lines.push(format!(
                "{} fields were edited here since and came in different: both values are kept.",
                taken.conflicts
            ));
        }
        if !reading.unused_columns.is_empty() {
            lines.push(format!("Columns not used: {}", reading.unused_columns.join(", ")));
        }
        if !reading.skipped.is_empty() {
            lines.push(format!("{} rows were skipped:", reading.skipped.len()));
        }
        for skipped in reading.skipped.iter().take(500) {
            lines.push(format!("  {} line {} {}: {}", skipped.file, skipped.line, skipped.column, skipped.reason));
        }
        Ok(lines)
    }
}

/// What a moved appointment takes over.
fn copied(visit: &Row) -> Vec<(FieldId, Value)> {
    let taken = [
        appointment::title,
        appointment::starts,
        appointment::minutes,
        appointment::place,
        appointment::with,
        appointment::transport,
        appointment::interpreter,
        appointment::about,
    ];
    taken.iter().map(|field| (*field, visit.get(*field).clone())).filter(|(_, value)| !value.is_empty()).collect()
}

fn add_menu() -> Overlay {
    let types = CATALOGUE
        .iter()
        .filter(|record| !record.opens_stream() && ***record != snooze::TYPE && ***record != step::TYPE);
    let items = types.enumerate().map(|(at, record)| (digit(at), record.label.to_string(), Pick::Add(record)));
    Menu::over("Add what?", items.collect())
}

fn numbered(rows: Vec<(RowId, String)>, pick: impl Fn(RowId) -> Pick) -> Vec<(Option<char>, String, Pick)> {
    rows.into_iter().enumerate().map(|(at, (row, label))| (digit(at), label, pick(row))).collect()
}

fn digit(at: usize) -> Option<char> {
    char::from_digit(at as u32 + 1, 10)
}
