//! The goal library while a goal is typed: what others set themselves, to be said again in the client's own words.

use crate::model::Change;
use crate::model::Value;
use crate::model::records::goal;
use crate::practice::{GoalIdea, plans};
use crate::store::StoreError;
use crate::triage::calendar::add_days;

use super::desk::Desk;
use super::form::Form;

/// Goals that may be taken over into a form.
pub struct Library {
    ideas: Vec<GoalIdea>,
    /// What was typed, and the idea that was taken for it.
    taken: Option<(String, GoalIdea)>,
}

impl Library {
    /// The ideas in which all that was typed occurs.
    fn matching(&self, typed: &str) -> Vec<&GoalIdea> {
        let typed = typed.to_lowercase();
        let fits = |idea: &&GoalIdea| {
            let text = format!("{} {} {}", idea.words, idea.statement, idea.domain.label()).to_lowercase();
            typed.split_whitespace().all(|word| text.contains(word))
        };
        self.ideas.iter().filter(fits).collect()
    }
}

impl Desk {
    /// A goal in the client's own words, with the library at hand.
    pub(super) fn add_goal(&mut self) -> Result<(), StoreError> {
        let known = self.active_plan().map(|plan| (goal::plan, Value::Link(plan)));
        self.add(&goal::TYPE, known.into_iter().collect());
        let ideas = self.rules.practice().goal_ideas(&self.areas_at_hand()).into_iter().cloned().collect();
        if let Some(form) = self.form.as_mut() {
            form.library = Some(Library { ideas, taken: None });
            form.offer();
        }
        Ok(())
    }

    /// Takes the next goal of the library into the open form.
    pub(super) fn take_idea(&mut self) {
        let (start, ids) = (self.today, || self.store.new_id());
        let Some(form) = self.form.as_mut() else { return };
        let Some(library) = &form.library else { return };
        let typed = form.typed_in(goal::words);
        let stem = match &library.taken {
            Some((stem, idea)) if idea.words == typed => stem.clone(),
            _ => typed.clone(),
        };
        let found = library.matching(&stem);
        let next = match found.iter().position(|idea| idea.words == typed) {
            Some(at) => (at + 1) % found.len(),
            None => 0,
        };
        let Some(idea) = found.get(next).map(|idea| (*idea).clone()) else { return };
        let target = idea.days.map(|days| Value::Date(add_days(start, days.into())));
        form.put(goal::words, &Value::text(&idea.words));
        form.put(goal::statement, &Value::text(&idea.statement));
        form.put(goal::domain, &Value::text(idea.domain.code()));
        form.put(goal::target, &target.unwrap_or(Value::Empty));
        let mut change = Change::new("steps");
        plans::steps(&mut change, &idea, (form.row, form.stream), start, ids);
        form.also = change.edits;
        form.unkept = true;
        if let Some(library) = form.library.as_mut() {
            library.taken = Some((stem, idea));
        }
        form.offer();
    }
}

impl Form {
    /// Says under the goal's words what the library has for them.
    pub(super) fn offer(&mut self) {
        let Some(library) = &self.library else { return };
        let typed = self.typed_in(goal::words);
        let text = match &library.taken {
            Some((_, idea)) if idea.words == typed => {
                let steps = idea.steps.len();
                format!(
                    "From the library, with {steps} steps. Say it in the client's own words. Ctrl-n takes the next."
                )
            }
            _ => {
                let found = library.matching(&typed);
                let shown: Vec<String> = found.iter().take(2).map(|idea| format!("\"{}\"", idea.words)).collect();
                match found.len() {
                    0 => "The client's own words. The library has nothing like it.".into(),
                    1 | 2 => format!("Ctrl-n takes from the library: {}", shown.join(" · ")),
                    many => format!("Ctrl-n takes from the library: {} · {} more", shown.join(" · "), many - 2),
                }
            }
        };
        if let Some(input) = self.inputs.iter_mut().find(|input| input.field.id == goal::words) {
            input.hint = Some(text);
        }
    }

    /// Whether the library is at hand in the field where the form stands.
    pub(super) fn has_library(&self) -> bool {
        let here = self.inputs.get(self.at).is_some_and(|input| input.field.id == goal::words && input.sides.len() < 2);
        here && self.library.is_some()
    }
}
