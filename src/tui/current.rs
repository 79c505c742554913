//! The one client whom every key is about: whoever was chosen last, in the list, in the queue or by name.
//!
//! Promises: only a person's own choice makes another client the current one; a list that is ordered anew, filtered, merged
//! or a day older never does. What is chosen in a pane is held by what it is, not by the place where it stood.

use serde::{Deserialize, Serialize};

use crate::model::RowId;
use crate::model::records::client;
use crate::store::StoreError;

use super::action::{Action, by_name};
use super::desk::{Desk, Pane, Queued};
use super::text::{fit, width, wrap};

/// What is chosen in the panes.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Held {
    /// The number of its rule, and the row that it is about; none while nobody has moved to one: then it is the first.
    reason: Option<(u16, Option<RowId>)>,
    /// A goal or a step.
    goal: Option<RowId>,
    visit: Option<RowId>,
}

impl Desk {
    /// Whom an action for many is about: all who are marked, where one works in the list or on someone who is marked; or
    /// else the current client alone.
    pub fn meant(&self) -> Vec<RowId> {
        let of_marked = self.focus == Pane::Caseload || self.chosen.is_some_and(|chosen| self.marked.contains(&chosen));
        if self.marked.is_empty() || !of_marked {
            return self.chosen.into_iter().collect();
        }
        let mut meant: Vec<RowId> =
            self.marked.iter().copied().filter(|client| self.caseload.get(*client).is_some()).collect();
        meant.sort_unstable();
        meant
    }

    /// Whether the list has a line of the current client.
    pub fn is_in_list(&self) -> bool {
        self.view.get(self.at).is_some_and(|line| Some(line.client) == self.chosen)
    }

    /// After the list was made anew: the current client stays, also where the list shows them no longer.
    pub(super) fn keep_current(&mut self) {
        if let Some(chosen) = self.chosen.filter(|chosen| self.caseload.get(*chosen).is_none()) {
            // Joined to another entry of the same person; or gone, where adding them was undone.
            let root = self.store.root(chosen).ok();
            self.chosen = root.filter(|root| self.caseload.get(*root).is_some());
        }
        let place = self.chosen.and_then(|chosen| self.view.iter().position(|line| line.client == chosen));
        self.at = place.unwrap_or(self.at.min(self.view.len().saturating_sub(1)));
    }

    /// Chooses a line of the caseload.
    pub fn choose(&mut self, at: usize) -> Result<(), StoreError> {
        let at = at.min(self.view.len().saturating_sub(1));
        self.moving = if at < self.at { -1 } else { 1 };
        self.at = at;
        match self.view.get(at).map(|line| line.client) {
            Some(client) => self.make_current(client),
            None => Ok(()),
        }
    }

    /// Where the list no longer shows the current client because a person asked for others: the first of those.
    pub fn choose_in_list(&mut self) -> Result<(), StoreError> {
        if self.is_in_list() {
            return self.show();
        }
        self.at = 0;
        match self.view.first().map(|line| line.client) {
            Some(first) => self.make_current(first),
            None => {
                self.chosen = None;
                self.show()
            }
        }
    }

    /// Chooses a client by name; a filter that hides them is taken away. A closed one is shown beside the list.
    pub fn choose_client(&mut self, client: RowId) -> Result<(), StoreError> {
        let client = self.store.root(client)?;
        if self.caseload.get(client).is_none() {
            self.trouble("That client is not here any more.");
            return Ok(());
        }
        let ranked = |desk: &Desk| desk.caseload.ranked().iter().any(|ranked| ranked.client == client);
        if self.filter.is_some() && !self.view.iter().any(|line| line.client == client) && ranked(self) {
            (self.filter, self.filtering) = (None, false);
            self.list();
        }
        self.make_current(client)
    }

    /// Chooses an appointment of the queue, and with it whose it is.
    pub fn choose_visit(&mut self, at: usize) -> Result<(), StoreError> {
        let Some(queued) = self.queue.get(at.min(self.queue.len().saturating_sub(1))).copied() else { return Ok(()) };
        self.held.visit = Some(queued.row);
        self.make_current(queued.client)
    }

    fn make_current(&mut self, client: RowId) -> Result<(), StoreError> {
        if Some(client) == self.chosen {
            self.find_again();
            return Ok(());
        }
        self.chosen = Some(client);
        (self.reason, self.client_scroll, self.goal_at) = (0, 0, 0);
        (self.held.reason, self.held.goal) = (None, None);
        self.keep_current();
        self.show()
    }

    /// The appointment chosen in the queue; none while the current client has none there.
    pub fn visit(&self) -> Option<Queued> {
        self.queue.get(self.visit_at).copied().filter(|queued| Some(queued.client) == self.chosen)
    }

    /// The row that an action in the queue's pane is about.
    pub(super) fn visit_at_hand(&self) -> Option<RowId> {
        self.visit().filter(|_| self.focus == Pane::Appointments).map(|queued| queued.row)
    }

    /// Moves the choice in the focused pane. The first step from nowhere goes to the line that is nearest.
    pub fn step(&mut self, by: isize) -> Result<(), StoreError> {
        let moved = |at: usize, many: usize| at.saturating_add_signed(by).min(many.saturating_sub(1));
        let from_nowhere = |at: usize, many: usize| {
            let by = if by > 0 { by - 1 } else { by };
            at.saturating_add_signed(by).min(many.saturating_sub(1))
        };
        match self.focus {
            Pane::Caseload if self.is_in_list() => self.choose(moved(self.at, self.view.len()))?,
            Pane::Caseload => self.choose(from_nowhere(self.at, self.view.len()))?,
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
                self.hold_reason();
            }
            Pane::Goals => self.choose_goal(moved(self.goal_at, self.goal_lines().len())),
            Pane::Appointments if self.visit().is_some() => {
                self.choose_visit(moved(self.visit_at, self.queue.len()))?;
            }
            Pane::Appointments => self.choose_visit(from_nowhere(self.visit_at, self.queue.len()))?,
        }
        Ok(())
    }

    pub(super) fn choose_goal(&mut self, at: usize) {
        self.goal_at = at;
        self.hold();
    }

    /// Goes to a row in the panes, where one of them shows it.
    pub(super) fn point_at(&mut self, row: RowId) {
        if self.queue.iter().any(|queued| queued.row == row) {
            self.held.visit = Some(row);
        }
        if self.goal_rows().contains(&row) {
            self.held.goal = Some(row);
        }
        self.find_again();
    }

    /// Takes note of the reason that was gone to.
    pub(super) fn hold_reason(&mut self) {
        self.held.reason = self.reason_keys().get(self.reason).copied();
    }

    /// Takes note of what is chosen in the panes.
    fn hold(&mut self) {
        self.held.goal = self.goal_rows().get(self.goal_at).copied();
        self.held.visit = self.visit().map(|queued| queued.row);
    }

    fn reason_keys(&self) -> Vec<(u16, Option<RowId>)> {
        self.ranked().map_or(Vec::new(), |ranked| ranked.reasons.iter().map(|one| (one.rule, one.subject)).collect())
    }

    fn goal_rows(&self) -> Vec<RowId> {
        use super::desk::GoalLine::{Goal, Step};
        let row = |line: &super::desk::GoalLine| match line {
            Goal(at) => self.goals()[*at].id,
            Step(at) => self.steps()[*at].id,
        };
        self.goal_lines().iter().map(row).collect()
    }

    /// After anything changed: what was chosen in the panes is chosen still, wherever it stands now.
    pub(super) fn find_again(&mut self) {
        let reasons = self.reason_keys();
        let place = self.held.reason.and_then(|held| reasons.iter().position(|one| *one == held));
        self.reason = place.unwrap_or(self.reason.min(reasons.len().saturating_sub(1)));
        let goals = self.goal_rows();
        let place = self.held.goal.and_then(|held| goals.iter().position(|row| *row == held));
        self.goal_at = place.unwrap_or(self.goal_at.min(goals.len().saturating_sub(1)));
        let own = |queued: &&Queued| Some(queued.client) == self.chosen;
        let held = self.held.visit.and_then(|held| self.queue.iter().filter(own).find(|queued| queued.row == held));
        // What of theirs is for today or was never answered for is at hand; what lies ahead is gone to by moving there.
        let theirs = || self.queue.iter().filter(own).find(|queued| queued.starts.date_naive() <= self.today);
        let wanted = held.or_else(theirs).map(|queued| queued.row);
        let place = wanted.and_then(|row| self.queue.iter().position(|queued| queued.row == row));
        let from = if self.focus == Pane::Appointments { self.visit_at } else { 0 };
        self.visit_at = place.unwrap_or(from.min(self.queue.len().saturating_sub(1)));
        self.hold();
    }

    /// The row that a key is about in the list and on the client's page: that of the reason at hand, where the key answers
    /// it, or of the first reason that shows the key.
    pub(super) fn subject_of(&self, action: Action) -> Option<RowId> {
        if !matches!(self.focus, Pane::Caseload | Pane::Client) {
            return None;
        }
        // Of several crises the key asks which, unless one went to the reason: nobody is to be helped with the wrong one.
        if action == Action::Crisis && (self.focus != Pane::Client || self.held.reason.is_none()) {
            return None;
        }
        let reasons = self.reasons();
        let answers = |told: &&crate::triage::Told| by_name(&told.action).is_some_and(|entry| entry.action == action);
        let at_hand = reasons.get(self.reason).filter(|_| self.focus == Pane::Client).filter(answers);
        at_hand.or_else(|| reasons.iter().find(answers)).and_then(|told| told.subject)
    }

    /// Under which name a client is spoken of; with something to tell them by where another has the same name.
    pub fn name_of(&self, client: RowId) -> String {
        let (name, apart) = self.name_apart(client);
        format!("{name}{apart}")
    }

    /// As [`Desk::name_of`], in so many columns: what tells two of one name apart is never cut off.
    pub(super) fn name_within(&self, client: RowId, columns: usize) -> String {
        let (name, apart) = self.name_apart(client);
        let room = columns.saturating_sub(width(&apart)).max(columns / 3);
        fit(&format!("{}{apart}", fit(&name, room)), columns)
    }

    fn name_apart(&self, client: RowId) -> (String, String) {
        let root = self.store.root(client).unwrap_or(client);
        let Some(facts) = self.caseload.get(root) else { return (String::new(), String::new()) };
        let name = facts.name.trim();
        let same =
            |other: &&crate::triage::ClientFacts| other.id != root && other.name.trim().eq_ignore_ascii_case(name);
        let mut others = self.caseload.facts().iter().filter(same).peekable();
        if others.peek().is_none() {
            return (name.into(), String::new());
        }
        let apart = match facts.birth_date {
            Some(born) if others.all(|other| other.birth_date != Some(born)) => {
                format!(" (born {})", born.format("%-d %b %Y"))
            }
            _ => match facts.outside_ids.first() {
                Some(id) => format!(" ({})", fit(id, 20)),
                None => {
                    // The end of an id differs where its beginning, made of the time, may not.
                    let id = root.to_string();
                    format!(" (id ..{})", &id[id.len().saturating_sub(6)..])
                }
            },
        };
        (name.into(), apart)
    }

    /// Several clients by name, as many as one can take in.
    pub(super) fn names_of(&self, clients: &[RowId]) -> String {
        let shown = if clients.len() > 4 { 3 } else { clients.len() };
        let names: Vec<String> = clients.iter().take(shown).map(|client| self.name_of(*client)).collect();
        let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
        match clients.len() - shown {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }

    /// Puts to what was said whom it is about: those for whom the key changed something, or else the current client where
    /// the key was about one.
    pub(super) fn tell_whom(&mut self) {
        let whom = match (&self.touched[..], self.for_whom) {
            ([], Some(client)) => self.name_of(client),
            (touched, _) => self.names_of(touched),
        };
        if let Some(said) = self.message.as_mut().filter(|said| said.whom.is_empty()) {
            said.whom = whom;
        }
    }

    /// How to reach the current client without harm, and what to look out for: all that anyone ever wrote, none picked.
    pub(super) fn safe_lines(&self, columns: usize) -> Vec<String> {
        let Some(file) = &self.file else { return Vec::new() };
        let entries = || std::iter::once(&file.client).chain(&file.also);
        let mut safe: Vec<String> = Vec::new();
        let told = [(client::safe_contact, "SAFE CONTACT"), (client::risk, "ALERT")];
        for (person, (field, label)) in told.iter().flat_map(|one| entries().map(move |entry| (entry, *one))) {
            for text in super::safety::all_sides(person, field) {
                safe.extend(wrap(&format!("{label}: {}", text.replace('\n', " ")), columns));
            }
        }
        safe
    }
}
