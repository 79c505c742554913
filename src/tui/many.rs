//! Something done for several clients at once: one change, so that one undo takes it back.

use std::collections::BTreeMap;

use crate::model::records::{client, goal, note, task};
use crate::model::{Change, Edit, Field, RecordType, RowId};
use crate::store::StoreError;

use super::desk::Desk;
use super::form::Form;

/// What can be written once and is kept for everyone who is marked.
const COPIED: [&RecordType; 2] = [&note::TYPE, &task::TYPE];

impl Desk {
    /// Marks the chosen client and goes on to the next; unmarks where it was marked.
    pub fn mark_client(&mut self) -> Result<(), StoreError> {
        let Some(chosen) = self.chosen else { return Ok(()) };
        if !self.marked.remove(&chosen) {
            self.marked.insert(chosen);
        }
        if self.is_in_list() { self.choose(self.at + 1) } else { Ok(()) }
    }

    /// Marks everyone in the list as it is shown.
    pub fn mark_shown(&mut self) {
        self.mark_all(self.view.iter().map(|listed| listed.client).collect());
    }

    /// Marks all of these who are here.
    pub fn mark_all(&mut self, mut clients: Vec<RowId>) {
        clients.retain(|client| self.caseload.get(*client).is_some());
        self.say(match clients.len() {
            1 => "1 client is marked.".to_string(),
            many => format!("{many} clients are marked."),
        });
        self.marked.extend(clients);
    }

    /// Whose row a new one is: the chosen client's; or, where it is to be one for all who are marked, one of theirs.
    pub fn owner_of_new(&self, record: &RecordType) -> Option<RowId> {
        if record.is_the_workers() {
            return Some(self.store.worker().id);
        }
        let meant = self.meant();
        self.chosen.filter(|chosen| !COPIED.contains(&record) || meant.contains(chosen)).or(meant.first().copied())
    }

    /// Whether saving the form makes a row for each of those who are marked.
    pub fn is_for_many(&self, form: &Form) -> bool {
        form.new && COPIED.contains(&form.record) && self.meant().len() > 1 && self.meant().contains(&form.stream)
    }

    /// What a change for one client is for all who are marked: rows of their own with the same values.
    ///
    /// Gives the notes of the others: their goals are still to be asked for.
    pub fn for_all_marked(&self, change: &mut Change, stream: RowId) -> Vec<RowId> {
        // One sitting with several people: its minutes are the worker's once, and each of them came.
        let written = change.edits.iter().find_map(|edit| match edit {
            Edit::Create { record, row, .. } if **record == note::TYPE => Some(*row),
            _ => None,
        });
        if let Some(note) = written {
            change.set(note, note::session, self.store.new_id().to_string());
        }
        let one = change.edits.clone();
        let mut notes = Vec::new();
        for other in self.meant().into_iter().filter(|other| *other != stream) {
            let own = self.store.new_id();
            notes.extend(written.map(|_| own));
            change.edits.extend(one.iter().filter_map(|edit| match edit {
                Edit::Create { record, .. } => Some(Edit::Create { record, row: own, stream: other }),
                Edit::Set { field, value, .. } => Some(Edit::Set { row: own, field: *field, value: value.clone() }),
                // Goals are the one client's own.
                Edit::Member { .. } | Edit::Delete { .. } | Edit::Keep { .. } => None,
            }));
        }
        notes
    }

    /// After something was written for several: asks for each of the others which of their own goals it served.
    pub fn ask_goals_of_next(&mut self) -> Result<(), StoreError> {
        while self.form.is_none() && !self.ask_goals.is_empty() {
            let note = self.ask_goals.remove(0);
            let Some(row) = self.store.row_of(&note::TYPE, note)? else { continue };
            let open = |goal: &crate::model::Row| matches!(goal.text(goal::status), "" | "open");
            if !self.store.rows(&goal::TYPE, row.stream)?.iter().any(open) {
                continue;
            }
            // Whose goals they are is who is on the screen.
            self.choose_client(row.stream)?;
            self.form = Some(Form::edit(self, &row, Some(&[note::goals])).titled("Goals that it served"));
        }
        if self.form.is_none()
            && let Some(first) = self.asked_from.take()
        {
            self.choose_client(first)?;
        }
        Ok(())
    }

    /// Adds and removes tags of all who are meant: `voucher, -wait`.
    pub fn tag(&mut self, typed: &str) -> Result<(), StoreError> {
        let mut change = Change::new("tag");
        for client in self.meant() {
            for word in Field::parse_words(typed) {
                let (word, present) = match word.strip_prefix('-') {
                    Some(gone) => (gone.trim().to_string(), false),
                    None => (word.trim_start_matches('+').trim().to_string(), true),
                };
                if !word.is_empty() {
                    change.member(client, client::tags, word, present);
                }
            }
        }
        let said = format!("Tagged {}.", self.meant_in_words());
        self.apply(&change, said)
    }

    /// Gives all who are meant to another case manager.
    pub fn reassign(&mut self, name: &str) -> Result<(), StoreError> {
        let mut change = Change::new("reassign");
        for client in self.meant() {
            change.set(client, client::worker, name.trim());
        }
        let said = format!("Given to {}: {}.", name.trim(), self.meant_in_words());
        self.apply(&change, said)
    }

    pub fn meant_in_words(&self) -> String {
        match &self.meant()[..] {
            [one] => self.name_of(*one),
            many => format!("{} clients ({})", many.len(), self.names_of(many)),
        }
    }

    /// Filters that were kept, by name.
    pub fn kept_filters(&self) -> BTreeMap<String, String> {
        let kept = self.store.local("filters").ok().flatten();
        kept.and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default()
    }

    /// Keeps the filter at hand under a name; an empty filter forgets the name.
    pub fn keep_filter(&mut self, name: &str) -> Result<(), StoreError> {
        let mut kept = self.kept_filters();
        let filter = self.filter.clone().unwrap_or_default();
        match filter.trim().is_empty() {
            true => drop(kept.remove(name)),
            false => drop(kept.insert(name.into(), filter)),
        }
        let bytes = serde_json::to_vec(&kept).unwrap_or_default();
        match self.store.set_local("filters", Some(&bytes)) {
            Ok(()) => self.say(format!("Kept as \"{name}\". {} lists what is kept.", self.keys.first_of("filters"))),
            Err(error) => self.trouble(error),
        }
        Ok(())
    }
}
