//! The unlocked caseload on the screen: what is chosen, what is shown, and how a saved change reaches both.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate};
use std::collections::HashSet;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32String};

use crate::model::records::{
    addendum, arrangement, care_team, employment, enrollment, goal, housing, need, note, plan, referral, relationship,
    service, signature, stay, step, strength, vocation,
};
use crate::model::{Change, ClientStatus, Intensity, List, Moment, RecordType, Row, RowId};
use crate::store::{ClientFile, Merged, Receipt, Store, StoreError};
use crate::triage::filter::Filter;
use crate::triage::{Band, Caseload, ClientFacts, Clock, DeskWork, Ranked, Rules, Told, Visit};

use super::closing::Closing;
use super::current::Held;
use super::form::Form;
use super::keys::Keys;
use super::lately::Lately;
use super::notes::Timer;
use super::overlay::Overlay;
use super::run::Run;
use super::work::Work;

/// Notes loaded with a client while the caseload is gone through, and once their page is read.
const NOTES: (usize, usize) = (8, 200);

/// What the panes show of a client; appointments, tasks and snoozes they know from the facts.
const SHOWN: &[&RecordType] = &[
    &relationship::TYPE,
    &care_team::TYPE,
    &enrollment::TYPE,
    &need::TYPE,
    &plan::TYPE,
    &goal::TYPE,
    &step::TYPE,
    &strength::TYPE,
    &note::TYPE,
    &signature::TYPE,
    &addendum::TYPE,
    &stay::TYPE,
    &arrangement::TYPE,
    &housing::TYPE,
    &vocation::TYPE,
    &employment::TYPE,
    &service::TYPE,
    &referral::TYPE,
];

/// The pane that the keys go to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pane {
    Caseload,
    Client,
    Goals,
    Appointments,
}

impl Pane {
    pub const ALL: [Pane; 4] = [Pane::Caseload, Pane::Client, Pane::Goals, Pane::Appointments];

    pub fn title(self) -> &'static str {
        match self {
            Pane::Caseload => "Caseload",
            Pane::Client => "Client",
            Pane::Goals => "Goals",
            Pane::Appointments => "Appointments",
        }
    }
}

/// One line of the caseload pane.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    pub client: RowId,
    /// The place in the caseload's order; none for a closed client.
    pub rank: Option<u32>,
    /// None for a closed client.
    pub band: Option<Band>,
    /// Clients of one group stand together under a heading; the number orders groups.
    pub group: u8,
}

/// How the caseload is ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum View {
    Triage,
    Name,
    LastContact,
    Area,
    Intensity,
}

impl View {
    pub const ALL: [View; 5] = [View::Triage, View::Name, View::LastContact, View::Area, View::Intensity];

    pub fn label(self) -> &'static str {
        match self {
            View::Triage => "triage order",
            View::Name => "by name",
            View::LastContact => "by last contact",
            View::Area => "by practice area",
            View::Intensity => "by intensity",
        }
    }

    /// The heading over a group; empty where there is none.
    pub fn heading(self, group: u8) -> String {
        let at = usize::from(group);
        match self {
            _ if group == CLOSED => "CLOSED".into(),
            View::Triage => Band::ALL.get(at).map_or("", |band| band.label()).to_uppercase(),
            View::Area => List::Area.choices().get(at).map_or("No practice area", |area| area.label).to_uppercase(),
            View::Intensity => Intensity::ALL.get(at).map_or("No intensity", |known| known.label()).to_uppercase(),
            View::Name | View::LastContact => String::new(),
        }
    }
}

/// The group of closed clients, after every other.
pub const CLOSED: u8 = u8::MAX;

/// One line of the appointment queue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Queued {
    pub starts: DateTime<FixedOffset>,
    pub client: RowId,
    pub row: RowId,
}

/// One line of the goals pane.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum GoalLine {
    Goal(usize),
    Step(usize),
}

/// What the screen last said.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub text: String,
    pub trouble: bool,
    /// Whom it is about; empty where it is about nobody.
    pub whom: String,
}

/// Where the desk learns what time it is.
pub type Moments = Arc<dyn Fn() -> Moment>;

pub struct Desk {
    pub store: Store,
    /// It was told that nothing can be saved any more.
    pub(super) unsaved_told: bool,
    pub rules: Rules,
    pub keys: Keys,
    moments: Moments,
    pub today: NaiveDate,
    /// The minute of the last ranking, since 1970.
    minute: i64,
    /// The worker's own desk work: of the whole caseload, paper only.
    pub paper: DeskWork,
    /// Clients with something put off.
    pub put_off: usize,
    /// Clients whose case is not closed.
    pub active: usize,
    pub demo: bool,
    pub caseload: Caseload,
    /// What the filter looks through, in the order of the facts; empty until someone looks, or hands rest.
    hay: Vec<Utf32String>,
    matcher: Matcher,
    pub queue: Vec<Queued>,
    /// How many of the queue are over and not marked: they stand first.
    pub over: usize,
    pub view: Vec<Listed>,
    /// How many of the caseload are in crisis.
    pub crises: usize,
    /// What is typed into the filter; `None` when it is closed.
    pub filter: Option<String>,
    /// Whether keys go to the filter.
    pub filtering: bool,
    pub at: usize,
    pub chosen: Option<RowId>,
    pub file: Option<ClientFile>,
    /// Those lately shown, and the one who comes next the way the choice is moving.
    lately: Lately,
    pub(super) moving: isize,
    pub focus: Pane,
    /// The reason chosen in the client pane.
    pub reason: usize,
    pub client_scroll: usize,
    pub goal_at: usize,
    pub visit_at: usize,
    pub overlay: Option<Overlay>,
    pub form: Option<Form>,
    pub message: Option<Message>,
    pub ordered: View,
    /// Notes of a group of which it is still to be asked which goals they served.
    pub ask_goals: Vec<RowId>,
    /// Who was on the screen before that was asked.
    pub asked_from: Option<RowId>,
    /// Clients marked to do something for all of them at once.
    pub marked: HashSet<RowId>,
    pub run: Option<Run>,
    /// The day's run is on.
    pub running: bool,
    /// The step of the guided tour; none when it is not on.
    pub tour: Option<usize>,
    /// Something to be put on the clipboard after the next frame.
    pub copied: Option<String>,
    /// A field to be written in the user's own editor, once the screen is out of the way.
    pub editing: bool,
    /// How the screen is to look from now on.
    pub looks: Option<(String, bool)>,
    /// Something long to be done before the next frame.
    pub work: Option<Work>,
    /// What the last merge brought.
    pub changes: Option<(Vec<String>, Merged)>,
    /// What takes the minutes of the contact at hand.
    pub timer: Option<Timer>,
    /// The minute that the timer showed last.
    pub timer_shown: Option<i64>,
    /// When this was last synced through a place (milliseconds since 1970).
    pub synced: Option<u64>,
    /// What of the worker's own practice is due: shown at the top.
    pub own_due: Option<String>,
    /// The appointment that was last announced.
    pub announced: Option<RowId>,
    /// The client whose being looked at was noted last.
    noted: Option<RowId>,
    /// The caseload pane is on the record as looked at.
    list_noted: bool,
    /// What is chosen in the panes, by what it is and not by where it stands.
    pub(super) held: Held,
    /// The clients whom the key at hand changed something for.
    pub(super) touched: Vec<RowId>,
    /// The client whom the open overlay is about; none where it is about nobody or about many.
    pub(super) for_whom: Option<RowId>,
    /// A closing that is being gone through.
    pub(super) closing: Option<Closing>,
    /// Where the journal ended when this session began.
    pub(super) began: i64,
    /// Where the journal ended after the last key that changed something, and who was the current client then.
    pub(super) acted: Option<(i64, Option<RowId>)>,
}

impl Desk {
    pub fn new(store: Store, rules: Rules, keys: Keys, moments: Moments, demo: bool) -> Result<Desk, StoreError> {
        let today = moments().today();
        let mut desk = Desk {
            store,
            unsaved_told: false,
            rules,
            keys,
            moments,
            today,
            minute: 0,
            paper: DeskWork::default(),
            put_off: 0,
            active: 0,
            demo,
            caseload: Caseload::default(),
            hay: Vec::new(),
            matcher: Matcher::new(Config::DEFAULT),
            queue: Vec::new(),
            over: 0,
            view: Vec::new(),
            crises: 0,
            filter: None,
            filtering: false,
            at: 0,
            chosen: None,
            file: None,
            lately: Lately::default(),
            moving: 1,
            focus: Pane::Caseload,
            reason: 0,
            client_scroll: 0,
            goal_at: 0,
            visit_at: 0,
            overlay: None,
            form: None,
            message: None,
            ordered: View::Triage,
            ask_goals: Vec::new(),
            asked_from: None,
            marked: HashSet::new(),
            run: None,
            running: false,
            tour: None,
            copied: None,
            editing: false,
            looks: None,
            work: None,
            changes: None,
            timer: None,
            timer_shown: None,
            synced: None,
            own_due: None,
            announced: None,
            noted: None,
            list_noted: false,
            held: Held::default(),
            touched: Vec::new(),
            for_whom: None,
            closing: None,
            began: 0,
            acted: None,
        };
        desk.began = desk.store.last_action()?;
        desk.load()?;
        desk.looks = desk.kept_looks()?;
        desk.tour = desk.kept_tour()?;
        desk.timer = desk.kept_timer()?;
        desk.put_screen_back()?;
        if let Some(draft) = desk.store.local("draft")? {
            // To whom it belongs first: what there is to tick in it is theirs.
            if let Some(client) = Form::whose(&draft).filter(|client| desk.caseload.get(*client).is_some()) {
                desk.choose_client(client)?;
            }
            desk.form = Form::from_draft(&draft, &desk);
        }
        if desk.form.is_some() {
            desk.say("Your unfinished form is back as you left it.");
        }
        desk.reopen_assessment()?;
        Ok(desk)
    }

    /// Reads everything again: at the start, and after another program changed the file.
    pub fn load(&mut self) -> Result<(), StoreError> {
        let moment = self.moment();
        (self.today, self.minute) = (moment.today(), moment.now.timestamp().div_euclid(60));
        let mut facts = self.store.all_facts()?;
        let clock = Clock::new(moment);
        facts.iter_mut().for_each(|facts| facts.here(&clock));
        self.caseload = Caseload::new(facts, &self.rules, moment);
        self.recount();
        self.hay.clear();
        self.queue = self.caseload.facts().iter().flat_map(|facts| queued(facts, self.today)).collect();
        self.queue.sort_unstable();
        self.line_up();
        self.own_due = self.own_due_now()?;
        self.synced = self.store.places()?.iter().map(|(_, synced)| *synced).max().filter(|synced| *synced > 0);
        self.list();
        self.reload()
    }

    pub fn moment(&self) -> Moment {
        (self.moments)()
    }

    /// The same, with the hour that it is here at every other instant.
    pub fn clock(&self) -> Clock {
        Clock::new(self.moment())
    }

    /// Takes note of a new minute, at which a visit may be over or a report late; says whether anything stands otherwise.
    pub fn new_minute(&mut self) -> bool {
        let moment = self.moment();
        let minute = moment.now.timestamp().div_euclid(60);
        if minute == self.minute {
            return false;
        }
        self.minute = minute;
        let new_day = std::mem::replace(&mut self.today, moment.today()) != self.today;
        let before: Vec<(RowId, Band)> =
            self.caseload.ranked().iter().map(|ranked| (ranked.client, ranked.band)).collect();
        self.caseload.rank(&self.rules, moment);
        self.recount();
        let same = self.caseload.ranked().iter().map(|ranked| (ranked.client, ranked.band)).eq(before);
        if new_day || !same {
            self.list();
            self.find_again();
        }
        new_day || !same
    }

    pub fn say(&mut self, text: impl Into<String>) {
        self.message = Some(Message { text: text.into(), trouble: false, whom: String::new() });
    }

    pub fn trouble(&mut self, text: impl std::fmt::Display) {
        self.message = Some(Message { text: text.to_string(), trouble: true, whom: String::new() });
    }

    /// Makes the caseload's lines from its order and the filter, and keeps the chosen client chosen.
    pub fn list(&mut self) {
        let filter = Filter::parse(self.filter.as_deref().unwrap_or(""), &self.store.worker().name);
        let any = filter.has_conditions() || !filter.words.is_empty();
        let pattern = (!filter.words.is_empty()).then(|| pattern(&filter.words));
        if pattern.is_some() {
            self.stack_hay();
        }
        let moment = self.moment();
        let (hay, matcher, ordered) = (&self.hay, &mut self.matcher, self.ordered);
        let mut fits = |place: usize, facts: &ClientFacts, band: Option<Band>| {
            filter.fits(facts, band, &moment)
                && pattern.as_ref().is_none_or(|pattern| pattern.score(hay[place].slice(..), matcher).is_some())
        };
        let mut view: Vec<Listed> = Vec::with_capacity(self.caseload.ranked().len());
        self.crises = 0;
        for (ranked, rank) in self.caseload.ranked().iter().zip(0..) {
            let facts = self.caseload.facts_of(ranked);
            self.crises += usize::from(ranked.is_in_crisis());
            if !any || fits(ranked.place(), facts, Some(ranked.band)) {
                let group = match ordered {
                    View::Triage => ranked.band as u8,
                    View::Area => area_group(facts),
                    View::Intensity => facts.intensity.map_or(Intensity::ALL.len() as u8, |known| known as u8),
                    View::Name | View::LastContact => 0,
                };
                view.push(Listed { client: ranked.client, rank: Some(rank), band: Some(ranked.band), group });
            }
        }
        let facts = |line: &Listed| self.caseload.get(line.client).expect("whoever is listed is known");
        match ordered {
            View::Triage => {}
            View::Name => view.sort_by(|a, b| facts(a).sort_name.cmp(&facts(b).sort_name)),
            View::LastContact => view.sort_by_key(|line| facts(line).last_contact.as_ref().map(|contact| contact.when)),
            // Inside a group the triage order stays.
            View::Area | View::Intensity => view.sort_by_key(|line| line.group),
        }
        // Closed clients are in sight only while someone looks for them; those with something open stand in the order.
        if !filter.words.is_empty() || filter.asks_for_closed() {
            let there: HashSet<RowId> =
                view.iter().filter(|line| line.rank.is_some()).map(|line| line.client).collect();
            let everyone = self.caseload.facts().iter().enumerate();
            let mut closed: Vec<&ClientFacts> = everyone
                .filter(|(_, facts)| facts.is_closed(moment.today()) && !there.contains(&facts.id))
                .filter(|(place, facts)| fits(*place, facts, None))
                .map(|(_, facts)| facts)
                .collect();
            closed.sort_by(|a, b| (&a.sort_name, a.id).cmp(&(&b.sort_name, b.id)));
            view.extend(closed.iter().map(|facts| Listed { client: facts.id, rank: None, band: None, group: CLOSED }));
        }
        self.view = view;
        self.keep_current();
    }

    /// Orders the caseload otherwise.
    pub fn view_by(&mut self, view: View) {
        self.ordered = view;
        self.list();
    }

    /// Reads the chosen client again: the file may hold something else by now.
    pub fn reload(&mut self) -> Result<(), StoreError> {
        self.lately.forget();
        self.file = None;
        self.show()
    }

    /// Shows the current client, read as far as the pane wants; where there is none yet, whoever the list is at.
    pub fn show(&mut self) -> Result<(), StoreError> {
        self.chosen = self.chosen.or_else(|| self.view.get(self.at).map(|line| line.client));
        let shown = self.file.as_ref().map(|file| file.client.id);
        if self.chosen.is_none() || shown != self.chosen || self.focus == Pane::Client {
            if let Some(before) = self.file.take().filter(|file| file.of(&note::TYPE).len() <= NOTES.0) {
                self.lately.keep(before);
            }
            let known = self.chosen.filter(|_| self.focus != Pane::Client).and_then(|client| self.lately.take(client));
            self.file = match self.chosen {
                Some(_) if known.is_some() => known,
                Some(client) => {
                    let notes = if self.focus == Pane::Client { NOTES.1 } else { NOTES.0 };
                    self.store.client_part(client, notes, SHOWN)?.map(|file| file.here(&self.moment()))
                }
                None => None,
            };
        }
        self.find_again();
        Ok(())
    }

    fn stack_hay(&mut self) {
        if self.hay.len() != self.caseload.facts().len() {
            self.hay = self.caseload.facts().iter().map(haystack).collect();
        }
    }

    /// Between a frame and the next key: reads the client who is likely to be chosen next, and makes ready for the filter.
    pub fn look_ahead(&mut self) -> Result<(), StoreError> {
        self.stack_hay();
        let next = self.at.checked_add_signed(self.moving).and_then(|at| self.view.get(at)).map(|line| line.client);
        if let Some(next) = next.filter(|next| self.focus == Pane::Caseload && !self.lately.holds(*next))
            && let Some(file) = self.store.client_part(next, NOTES.0, SHOWN)?
        {
            self.lately.keep(file);
        }
        Ok(())
    }

    pub fn facts(&self) -> Option<&ClientFacts> {
        self.caseload.get(self.chosen?)
    }

    /// Where the chosen client stands in the caseload, whether the list shows them or not; none for a closed one.
    pub fn ranked(&self) -> Option<&Ranked> {
        let chosen = self.chosen?;
        let line = self.view.get(self.at).filter(|line| line.client == chosen);
        match line.and_then(|line| line.rank) {
            Some(rank) => self.caseload.ranked().get(rank as usize),
            None => self.caseload.ranked().iter().find(|ranked| ranked.client == chosen),
        }
    }

    /// Why the chosen client needs the worker.
    pub fn reasons(&self) -> Vec<Told> {
        let Some(ranked) = self.ranked() else { return Vec::new() };
        let (facts, clock) = (self.caseload.facts_of(ranked), self.clock());
        ranked.reasons.iter().map(|reason| self.rules.tell(reason, facts, &clock)).collect()
    }

    /// The first reason of one line of the caseload, in words.
    pub fn first_reason(&self, line: &Listed) -> Option<String> {
        let ranked = &self.caseload.ranked()[line.rank? as usize];
        Some(self.rules.headline(ranked, self.caseload.facts_of(ranked), &self.clock()))
    }

    /// Counts what the bars show of the whole caseload; after everything that may change it, so that a frame need not.
    fn recount(&mut self) {
        self.paper = DeskWork::of(&self.caseload, &self.rules, &self.clock(), |_| true);
        self.put_off = self.caseload.ranked().iter().filter(|ranked| !ranked.put_off.is_empty()).count();
        self.active = self.caseload.ranked().iter().filter(|ranked| !ranked.closed).count();
    }

    /// How many clients stand in each band.
    pub fn bands(&self) -> HashMap<Band, usize> {
        let mut bands = HashMap::new();
        let mut rest = self.caseload.ranked();
        while let Some(first) = rest.first() {
            let many = rest.partition_point(|ranked| ranked.band <= first.band);
            bands.insert(first.band, many);
            rest = &rest[many..];
        }
        bands
    }

    pub fn goals(&self) -> &[Row] {
        self.file.as_ref().map_or(&[], |file| file.of(&goal::TYPE))
    }

    pub fn steps(&self) -> &[Row] {
        self.file.as_ref().map_or(&[], |file| file.of(&step::TYPE))
    }

    /// Goals still worked on first, each followed by its steps.
    pub fn goal_lines(&self) -> Vec<GoalLine> {
        let (goals, steps) = (self.goals(), self.steps());
        let mut order: Vec<usize> = (0..goals.len()).collect();
        order.sort_by_key(|at| !matches!(goals[*at].text(goal::status), "open" | ""));
        let mut lines = Vec::new();
        for at in order {
            lines.push(GoalLine::Goal(at));
            let own = steps.iter().enumerate().filter(|(_, row)| row.link(step::goal) == Some(goals[at].id));
            lines.extend(own.map(|(at, _)| GoalLine::Step(at)));
        }
        let orphan = |row: &Row| !goals.iter().any(|goal| row.link(step::goal) == Some(goal.id));
        lines.extend(steps.iter().enumerate().filter(|(_, row)| orphan(row)).map(|(at, _)| GoalLine::Step(at)));
        lines
    }

    /// The row of the line chosen in the goals pane.
    pub fn goal_row(&self) -> Option<&Row> {
        match self.goal_lines().get(self.goal_at)? {
            GoalLine::Goal(at) => self.goals().get(*at),
            GoalLine::Step(at) => self.steps().get(*at),
        }
    }

    /// Saves one action and brings the screen up to it.
    pub fn commit(&mut self, change: &Change) -> Result<(), StoreError> {
        let mut change = self.with_answers(change)?.unwrap_or_else(|| change.clone());
        self.store.complete(&mut change, self.today)?;
        let receipt = self.store.commit(&change)?;
        self.follow(receipt)
    }

    /// Brings the screen up to what was saved.
    pub fn follow(&mut self, receipt: Receipt) -> Result<(), StoreError> {
        self.touched = receipt.facts.iter().map(|facts| facts.id).collect();
        if receipt.facts.is_empty() {
            self.own_due = self.own_due_now()?;
        }
        let gone: Vec<RowId> = receipt
            .rows
            .iter()
            .copied()
            .filter(|row| self.caseload.get(*row).is_some() && !receipt.facts.iter().any(|facts| facts.id == *row))
            .collect();
        for row in gone {
            if self.store.facts(row)?.is_none() {
                self.caseload.remove(row, &self.rules, self.moment());
                self.queue.retain(|queued| queued.client != row);
                self.hay.clear();
            }
        }
        let clock = self.clock();
        for mut facts in receipt.facts {
            facts.here(&clock);
            self.queue.retain(|queued| queued.client != facts.id);
            for visit in queued(&facts, self.today) {
                let place = self.queue.partition_point(|other| *other < visit);
                self.queue.insert(place, visit);
            }
            let hay = haystack(&facts);
            let id = facts.id;
            self.caseload.update(facts, &self.rules, self.moment());
            match self.caseload.facts().iter().position(|facts| facts.id == id) {
                Some(place) if place < self.hay.len() => self.hay[place] = hay,
                Some(place) if place == self.hay.len() => self.hay.push(hay),
                _ => {}
            }
        }
        self.line_up();
        self.recount();
        self.list();
        self.reload()?;
        self.run_follows()
    }

    /// Takes note that the chosen client is looked at. A disk that is full does not hide them, but it is said.
    pub fn seen(&mut self, what: &str) {
        let Some(chosen) = self.chosen else { return };
        self.noted = Some(chosen);
        if let Err(error) = self.store.note_view(chosen, what) {
            self.trouble(format!("That you looked is not on the record. {error}"));
        }
    }

    /// Takes note that so many clients stand in a list. Who they are is not kept, nor each key with which it changes.
    pub fn listed(&mut self, what: &str, clients: usize) {
        if let Err(error) = self.store.note_list(what, clients) {
            self.trouble(format!("That you looked is not on the record. {error}"));
        }
    }

    /// Takes note that the caseload is looked at: once, however often it changes.
    pub fn list_is_seen(&mut self) {
        self.list_noted = true;
        self.listed("the caseload on the screen", self.view.len());
    }

    /// Whether the caseload is on the record as looked at.
    pub fn is_list_noted(&self) -> bool {
        self.list_noted || self.view.is_empty()
    }

    /// Whether the chosen client, if there is one, is on the record as looked at.
    pub fn is_noted(&self) -> bool {
        self.chosen.is_none() || self.chosen == self.noted
    }

    /// Keeps what is typed in an open form, encrypted, until it is saved or given up.
    pub fn keep_draft(&mut self) {
        self.keep_sheet();
        if let Some(form) = self.form.as_mut().filter(|form| form.unkept) {
            let draft = form.draft();
            // A full disk must not take the form away: it is said when saving. What the file under it lost is put beside it
            // before it is let go.
            if self.store.set_local("draft", Some(&draft)).is_err()
                && self.store.look().is_ok_and(|feet| !feet.is_well())
            {
                let _ = self.stands_firm();
                let _ = self.store.set_local("draft", Some(&draft));
            }
            if let Some(form) = self.form.as_mut() {
                form.unkept = false;
            }
        }
    }

    /// Keeps what is typed in an open sheet.
    pub(super) fn keep_sheet(&mut self) {
        if let Some(Overlay::Sheet(sheet)) = &self.overlay
            && let Some((name, typed)) = sheet.unsaved()
        {
            let _ = self.store.set_local(name, Some(&typed));
        }
    }

    /// Keeps an open form, whether or not anything was typed into it; says whether that could be done.
    pub(super) fn keep_form(&mut self) -> bool {
        let Some(form) = self.form.as_mut() else { return true };
        let kept = self.store.set_local("draft", Some(&form.draft())).is_ok();
        form.unkept = !kept;
        kept
    }

    pub fn drop_draft(&mut self) {
        let _ = self.store.set_local("draft", None);
    }

    /// After how many idle minutes the screen locks.
    pub fn lock_minutes(&self) -> u64 {
        let kept = self.store.local("lock-minutes").ok().flatten();
        kept.and_then(|kept| String::from_utf8(kept).ok()?.parse().ok())
            .filter(|minutes| (1..=240).contains(minutes))
            .unwrap_or(10)
    }
}

/// The place of the client's main area among all areas; after them where there is none.
fn area_group(facts: &ClientFacts) -> u8 {
    let areas = List::Area.choices();
    let place = facts.areas.first().and_then(|code| areas.iter().position(|area| area.code == code));
    u8::try_from(place.unwrap_or(areas.len())).unwrap_or(CLOSED - 1)
}

/// What the filter looks through: names, ids, phones and tags.
fn haystack(facts: &ClientFacts) -> Utf32String {
    let mut text = facts.name.chars().take(200).collect::<String>();
    for part in [&facts.also, &facts.tags, &facts.outside_ids].into_iter().flatten().chain(facts.phones()) {
        text.push(' ');
        text.push_str(part);
        let digits: String = part.chars().filter(char::is_ascii_digit).collect();
        if digits.len() >= 7 && digits != *part {
            text.push(' ');
            text.push_str(&digits);
        }
    }
    text.push(' ');
    text.push_str(&facts.sort_name.chars().take(200).collect::<String>());
    text.push(' ');
    text.push_str(&facts.id.to_string());
    text.into()
}

/// Every word must be somewhere; case and accents do not matter.
fn pattern(filter: &str) -> Pattern {
    let words: Vec<String> =
        filter.split_whitespace().map(|word| format!("'{}", word.replace(['\'', '^', '$', '!', '\\'], ""))).collect();
    Pattern::parse(&words.join(" "), CaseMatching::Ignore, Normalization::Smart)
}

/// The appointments of a client that are still to come, or past and unanswered. Those ahead also of someone whose case was
/// closed: a person may be waiting there.
fn queued(facts: &ClientFacts, today: NaiveDate) -> impl Iterator<Item = Queued> + '_ {
    let closed = facts.status == ClientStatus::Closed;
    let counts = move |visit: &&Visit| visit.status.is_open() && !(closed && visit.starts.date_naive() < today);
    let visits = facts.visits.iter().filter(counts);
    visits.map(|visit| Queued { starts: visit.starts, client: facts.id, row: visit.row })
}
