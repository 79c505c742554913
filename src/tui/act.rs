//! What each action does. Everything that changes something ends in one [`Change`].

use crate::model::records::{appointment, client, need, plan, snooze, step, task};
use crate::model::{CATALOGUE, Change, ContactKind, RecordType, RowId};
use crate::store::StoreError;

use super::action::{Action, Needs, TABLE, by_name};
use super::answer::Answer;
use super::desk::{Desk, Pane, View};
use super::form::Form;
use super::overlay::{Line, Menu, Overlay, Pick, matching};

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
        if matches!(needs, Needs::Write | Needs::Change) && self.store.moved().is_some() {
            return Some("this caseload moved to another laptop");
        }
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
        self.for_whom = match TABLE.iter().find(|entry| entry.action == action).map(|entry| entry.needs) {
            Some(Needs::Client | Needs::Change) if matches!(action, Action::Tag | Action::Reassign) => {
                self.meant().first().copied().filter(|_| self.meant().len() == 1)
            }
            Some(Needs::Client | Needs::Change) => self.chosen,
            _ => None,
        };
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
            Action::MarkShown => self.mark_shown(),
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
                items.push((Some('a'), "Type one".into(), Pick::Filter(String::new())));
                let mut about = vec!["A filter may say, one or several together:".to_string()];
                about.extend(crate::triage::filter::WORDS.iter().map(|(word, says)| format!("{word:<16} {says}")));
                self.overlay = Some(Menu::telling("Filters", about, items));
            }
            Action::Week => {
                let lines = self.week_lines();
                self.listed("the week on the screen", self.clients_of_the_week());
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
            Action::SignNote => self.ask_to_sign(about)?,
            Action::Addendum => self.ask_addendum(about)?,
            Action::Timer => self.timer_key()?,
            Action::ShowPlan => self.show_plan(about)?,
            Action::NewPlanVersion => self.ask_new_version()?,
            Action::ReviewPlan => self.review_plan(about)?,
            Action::SignPlan => self.ask_plan_signer(about)?,
            Action::AddAppointment => self.add(&appointment::TYPE, self.follow_up(appointment::follow_up).into_iter().collect()),
            Action::AddGoal => self.add_goal()?,
            Action::AddStep => self.add_step(about),
            Action::AddTask => self.add(&task::TYPE, Vec::new()),
            Action::AddNeed => self.add(&need::TYPE, Vec::new()),
            Action::AddPlan => self.add_plan(),
            Action::Template => self.choose_template(),
            Action::Unmet => self.unmet_needs()?,
            Action::DeskWork => self.desk_work_menu(),
            Action::WhyHere => self.why_here(),
            Action::AddClient => {
                self.form = Some(Form::add(self, &client::TYPE, None, Vec::new()).titled("Add client"));
            }
            Action::AddOther => self.overlay = Some(add_menu()),
            Action::Edit => match about.map(|row| self.store.row(row)).transpose()?.flatten() {
                Some(row) => self.edit_row(row.record, row.id)?,
                None => self.edit_chosen()?,
            },
            Action::EditClient => self.edit_client()?,
            Action::EditAppointment => self.with_visit(Action::EditAppointment, about, "Edit which appointment?")?,
            Action::EditPlan => match about.or_else(|| self.active_plan()) {
                Some(plan) => self.edit_row(&plan::TYPE, plan)?,
                None => self.add(&plan::TYPE, Vec::new()),
            },
            Action::EditRecord => match about {
                Some(row) => self.edit_record(row)?,
                None => self.records()?,
            },
            Action::Permissions => self.permissions()?,
            Action::Billing => self.ask_billing()?,
            Action::Mark => self.with_visit(Action::Mark, about, "Which appointment?")?,
            Action::Done => self.done(about)?,
            Action::Progress => self.progress(about)?,
            Action::Assessed => self.assessed(about)?,
            Action::Crisis => self.crisis(about)?,
            Action::SafetyPlan => self.safety_plan(None)?,
            Action::NotesApart => self.notes_apart()?,
            Action::MarksProposed => self.marks_proposed(&[])?,
            Action::Assess => self.assess(about)?,
            Action::Charts => self.pick_assess(super::assess::Choice::Charts)?,
            Action::ActOnAnswer => self.act_on_answer(about)?,
            Action::ReportMade => self.report_made(about)?,
            Action::Debrief => self.debrief(about)?,
            Action::MedicationCheck => self.medication_check(),
            Action::Refill => self.refill(about)?,
            Action::Snooze => self.snooze_menu(),
            Action::Undo => self.ask_undo()?,
            Action::Redo => self.ask_redo()?,
            Action::UndoHistory => self.undo_history()?,
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
            Action::Sync => self.sync_now()?,
            Action::HandOver => self.hand_over()?,
            Action::Conflicts => self.conflicts()?,
            Action::Changes => self.show_changes(),
            Action::Team => self.team()?,
            Action::Duplicates => self.duplicates()?,
            Action::Reports => self.reports(),
            Action::MyPractice => self.my_practice()?,
            Action::Print => self.print_menu(),
            Action::Delete => self.ask_delete()?,
            Action::Close => self.close_client()?,
            Action::Import => self.ask(
                Answer::Import,
                "Import",
                "The folder of an HMIS CSV export, a spreadsheet (csv, xlsx, ods), a calendar (ics), a resource directory (HSDS), a bundle or another caseload file. Type or paste its path.",
            ),
            Action::Unplaced => self.unplaced(),
            Action::Resources => self.directory()?,
            Action::Referral => self.referral(about)?,
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

    /// Gives the keys to a pane. Whoever goes to the client's page reads on: more of the notes are loaded.
    pub fn go_to(&mut self, pane: Pane) -> Result<(), StoreError> {
        self.focus = pane;
        if pane != Pane::Client {
            return Ok(());
        }
        self.seen("page");
        self.show()
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
            Pane::Goals => self.open_goal()?,
            Pane::Appointments => {
                if self.visit().is_some() {
                    self.go_to(Pane::Client)?;
                }
            }
        }
        Ok(Flow::Stay)
    }

    pub(super) fn ask(&mut self, answer: Answer, title: &str, about: &str) {
        self.ask_with(answer, title, about, "");
    }

    /// The same, with something typed already.
    pub(super) fn ask_with(&mut self, answer: Answer, title: &str, about: &str, typed: &str) {
        let input = Line::with(typed);
        self.overlay = Some(Overlay::Ask { title: title.into(), about: about.into(), input, answer, trouble: None });
    }

    /// Does what was chosen in a menu.
    pub fn pick(&mut self, pick: Pick) -> Result<Flow, StoreError> {
        match pick {
            Pick::Act(action, row) => return self.act(action, Some(row)),
            Pick::Do(action) => return self.act(action, None),
            Pick::Assess(choice) => self.pick_assess(choice)?,
            Pick::Crisis(choice) => self.pick_crisis(choice)?,
            Pick::Taken(taken) => self.taken(taken),
            Pick::Work(work) => self.work = Some(work),
            Pick::Go(client) => {
                self.choose_client(client)?;
                self.go_to(Pane::Client)?;
            }
            Pick::Reason(client, at) => self.go_to_reason(client, at)?,
            Pick::Place => self.ask_place(),
            Pick::AskForget => self.ask_forget()?,
            Pick::Forget(place) => {
                self.store.forget_place(&place)?;
                self.say("Forgotten. What lies there stays there.");
            }
            Pick::Give(None) => self.begin_to_give(None, None)?,
            Pick::Give(kind) => self.begin_to_give(Some(self.meant()), kind)?,
            Pick::GiveSome => self.begin_to_give(Some(self.meant()), None)?,
            Pick::GiveTo(hand) => self.give_to(*hand)?,
            Pick::Release(deed) => self.release(*deed)?,
            Pick::AskAgency(site) => self.ask(
                Answer::Agency(site),
                "Another agency",
                "The name of their agency, as releases of information have it. They are given only clients whose release permits it, and nothing through a place.",
            ),
            Pick::Billing(client) => self.billing(client)?,
            Pick::Cards => self.cards()?,
            Pick::AskCard => self.ask(
                Answer::Card,
                "Accept a colleague",
                "Their card: paste its line, or type the path of a file that holds it.",
            ),
            Pick::Accept(site, wanted) => self.accept(&site, &wanted),
            Pick::AskRevoke => self.ask_revoke()?,
            Pick::Revoke(site) => {
                self.store.revoke_site(site)?;
                self.say("Believed no longer: nothing of theirs is taken, nothing is written to them.");
            }
            Pick::Own(site, own) => self.say_whose_laptop(site, own)?,
            Pick::Marked(proposal, code, passed) => self.marked(&proposal, code, passed)?,
            Pick::SyncAlways => self.sync_always()?,
            Pick::Compare(one, other) => self.compare(one, other),
            Pick::UndoButTheirs(id) => self.undo_but_theirs(id)?,
            Pick::MarkAll(clients) => self.mark_all(clients),
            Pick::Join(kept, other) => self.join(kept, other)?,
            Pick::Part(client) => self.part(client)?,
            Pick::Apart(one, other) => self.tell_apart(one, other)?,
            Pick::Add(record) => self.add(record, Vec::new()),
            Pick::Template(area, name) => self.lay_out(&area, &name),
            Pick::Mark(row, status) => self.mark(row, status)?,
            Pick::Refer(row, status) => self.refer(row, status)?,
            Pick::EditReferral(row) => self.edit_row(&crate::model::records::referral::TYPE, row)?,
            Pick::Whose(key) => self.whose(key),
            Pick::AskWhose(key) => self.ask_whose(key),
            Pick::PlaceWith(key, client) => self.place_with(key, client),
            Pick::SetAside(key) => self.set_aside(key),
            Pick::Snooze(rule, subject) => self.snooze(&rule, subject),
            Pick::Delete(record, row) => {
                let mut change = Change::new(format!("delete {}", record.label.to_lowercase()));
                change.delete(record, row);
                self.apply(&change, format!("Deleted the {}.", record.label.to_lowercase()))?;
            }
            Pick::Undo(past) => self.undo(past)?,
            Pick::Redo(past) => self.redo(past)?,
            Pick::View(view) => {
                self.view_by(view);
                self.show()?;
            }
            Pick::Filter(filter) => {
                self.filtering = filter.is_empty();
                self.filter = Some(filter);
                self.focus = Pane::Caseload;
                self.list();
                self.choose_in_list()?;
            }
            Pick::Looks(name, plain) => self.set_looks(name, plain),
            Pick::Editor => self.editing = true,
            Pick::Report(kind) => self.report(kind, kind.usual)?,
            Pick::Print(wish) => self.print_on(*wish)?,
            Pick::AskPrint(wish, question) => self.ask_print(*wish, question),
            Pick::OwnLog => self.own_log()?,
            Pick::SaveForm(follow) => self.save_form(follow)?,
            Pick::Repeats(rule) => {
                if let Some(form) = &mut self.form {
                    form.put(crate::model::records::appointment::repeats, &rule.as_str().into());
                }
                self.save_form(None)?;
            }
            Pick::Apply(change, done) => self.apply(&change, done)?,
            Pick::DropForm => {
                self.form = None;
                self.drop_draft();
                self.ask_goals_of_next()?;
            }
            Pick::Signing(signing) => self.overlay = Some(Overlay::Signing(*signing)),
            Pick::SignAll(notes) => self.sign_all(&notes)?,
            Pick::Timer(doing) => self.timer_does(doing)?,
            Pick::NewVersion(plan) => self.new_version(plan)?,
            Pick::SignPlan(plan, role) => self.plan_signer(plan, role)?,
            Pick::Nothing => {}
        }
        Ok(Flow::Stay)
    }
}

fn add_menu() -> Overlay {
    let types = CATALOGUE.iter().filter(|record| {
        !record.opens_stream() && !record.is_sealed() && ![&snooze::TYPE, &step::TYPE].contains(record)
    });
    // What has a way of its own goes that way.
    let pick = |record: &'static RecordType| match record.name {
        "assessment" => Pick::Do(Action::Assess),
        "incident" => Pick::Do(Action::Crisis),
        "medication_check" => Pick::Do(Action::MedicationCheck),
        _ => Pick::Add(record),
    };
    let items = types.enumerate().map(|(at, record)| (digit(at), record.label.to_string(), pick(record)));
    Menu::over("Add what?", items.collect())
}

pub fn numbered(rows: Vec<(RowId, String)>, pick: impl Fn(RowId) -> Pick) -> Vec<(Option<char>, String, Pick)> {
    rows.into_iter().enumerate().map(|(at, (row, label))| (digit(at), label, pick(row))).collect()
}

pub fn digit(at: usize) -> Option<char> {
    char::from_digit(at as u32 + 1, 10)
}
