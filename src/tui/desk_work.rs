//! The worker's own desk work, and why somebody stands where they stand.
//!
//! Promises: paper calls nobody "needs you today", it is one line at the foot of the caseload with a key to work through it;
//! and the order explains itself. Called by the desk. Must never change the order.

use crate::model::records::{appointment, note, stay};
use crate::model::{FieldId, RowId, Value};
use crate::store::StoreError;
use crate::triage::{Class, MetBy, why_before};

use super::desk::{Desk, Pane};
use super::overlay::{Menu, Overlay, Pick};

/// So many things of the desk are listed at once; when they are done, the next ones come.
const AT_ONCE: usize = 200;

impl Desk {
    /// The line at the foot of the caseload, as full as there is room for; none where the desk is clear.
    pub(super) fn desk_line(&self, columns: usize) -> Option<String> {
        const HEAD: &str = "Desk work: ";
        let words = || self.paper.in_words_within(columns.saturating_sub(HEAD.len()));
        (self.paper.things() > 0).then(|| format!("{HEAD}{}", words()))
    }

    /// Lists the paper, the oldest first; choosing one goes to the client and to that very reason.
    pub(super) fn desk_work_menu(&mut self) {
        let clock = self.clock();
        let mut papers: Vec<(Option<chrono::NaiveDate>, String, RowId, usize)> = Vec::new();
        for ranked in self.caseload.ranked() {
            let facts = self.caseload.facts_of(ranked);
            for (at, reason) in ranked.reasons.iter().enumerate().filter(|(_, reason)| reason.class == Class::Paper) {
                let label = format!("{}: {}", facts.name, self.rules.words(reason, facts, &clock));
                papers.push((reason.due.map(|due| due.day()), label, ranked.client, at));
            }
        }
        if papers.is_empty() {
            return self.say("The desk is clear.");
        }
        papers.sort();
        let items =
            papers.into_iter().take(AT_ONCE).map(|(_, label, client, at)| (None, label, Pick::Reason(client, at)));
        let title = match self.paper.things() {
            1 => "Desk work: 1 thing".to_string(),
            many => format!("Desk work: {many} things"),
        };
        self.overlay = Some(Menu::telling(title, vec![self.paper.in_words()], items.collect()));
    }

    /// Goes to one reason of a client.
    pub(super) fn go_to_reason(&mut self, client: RowId, at: usize) -> Result<(), StoreError> {
        self.choose_client(client)?;
        self.go_to(Pane::Client)?;
        self.reason = at;
        self.hold_reason();
        Ok(())
    }

    /// Says in words why the chosen client stands above the next and below the one before.
    pub(super) fn why_here(&mut self) {
        let ranked = self.caseload.ranked();
        let chosen = ranked.iter().position(|ranked| Some(ranked.client) == self.chosen);
        let Some(at) = chosen else { return self.say("A closed case with nothing open stands in no order.") };
        let clock = self.clock();
        let name = |at: usize| self.caseload.facts_of(&ranked[at]).name.as_str();
        let why = |first: usize, second: usize| {
            why_before(&ranked[first], &ranked[second], (name(first), name(second)), &clock)
        };
        let facts = self.caseload.facts_of(&ranked[at]);
        let mut lines =
            vec![format!("{}: {}", name(at), self.rules.headline(&ranked[at], facts, &clock)), String::new()];
        match at.checked_sub(1) {
            Some(before) => {
                lines.extend([format!("Below {}:", name(before)), format!("  {}", why(before, at)), String::new()])
            }
            None => lines.extend(["First of all.".to_string(), String::new()]),
        }
        if at + 1 < ranked.len() {
            lines.extend([format!("Above {}:", name(at + 1)), format!("  {}", why(at, at + 1)), String::new()]);
        }
        if let Some(reason) = ranked[at].about_people().next() {
            lines.push(format!("This reason is about: {}.", reason.class.label()));
            lines.push(format!("Its rule: {}", self.rules.of(reason).source));
        }
        self.overlay = Some(Overlay::Reading { title: "Why here".into(), lines, scroll: 0 });
    }

    /// What a new contact or appointment is the follow-up of, where one is owed after a stay. It counts once it says who saw
    /// the client.
    pub(super) fn follow_up(&self, field: FieldId) -> Option<(FieldId, Value)> {
        debug_assert!([note::follow_up, appointment::follow_up].contains(&field));
        let ranked = self.ranked()?;
        let owed = ranked.reasons.iter().find(|reason| {
            let by = |by: &MetBy| matches!(by, MetBy::FollowUp { .. });
            self.rules.of(reason).met_by.iter().any(by)
        })?;
        let row = owed.subject.filter(|row| self.store.row_of(&stay::TYPE, *row).is_ok_and(|row| row.is_some()))?;
        Some((field, Value::Link(row)))
    }
}
