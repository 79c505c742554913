//! The first steps: a line at a time over the bottom of the screen, each until it is done; left and taken up at will.

use crate::store::StoreError;

use super::action::Action;
use super::desk::Desk;

/// What each step says, and the action that completes it; the keys stand in braces by the action's name.
const STEPS: &[(&str, &[Action])] = &[
    (
        "Welcome. The caseload is on the left, whoever needs you most on top. Add someone with {add-client}, or bring them in with {commands} and \"import\".",
        &[Action::AddClient, Action::Import],
    ),
    ("Arrows choose a client. {open} opens the page: how to reach them, and why they need you.", &[Action::Open]),
    (
        "Each reason shows the key that answers it. Write down a contact with {log-contact}: fill it in, then {save}.",
        &[Action::Log],
    ),
    (
        "Now a next step: {add-appointment} sets an appointment. \"fri 2pm\" will do for the time.",
        &[Action::AddAppointment],
    ),
    (
        "{undo} takes back the last thing you did. {find} finds anyone, {help} says what every key does, {lock} locks.",
        &[Action::Undo, Action::Find, Action::Help],
    ),
    ("That is all it takes. {run} goes through today with you, one client after another.", &[Action::Run]),
];

impl Desk {
    /// Where the tour stood, if it was on; for a new caseload it begins by itself.
    pub fn kept_tour(&self) -> Result<Option<usize>, StoreError> {
        if self.demo || self.store.read_only() {
            return Ok(None);
        }
        Ok(match self.store.local("tour")? {
            Some(kept) => {
                String::from_utf8(kept).ok().and_then(|kept| kept.parse().ok()).filter(|step| *step < STEPS.len())
            }
            None => self.caseload.facts().is_empty().then_some(0),
        })
    }

    /// Starts the tour again, or leaves it.
    pub fn toggle_tour(&mut self) {
        self.tour = if self.tour.is_some() { None } else { Some(0) };
        if self.tour.is_none() {
            self.say("The tour is over; \"guided tour\" among all commands starts it again.");
        }
        self.keep_tour();
    }

    /// The step at hand in words.
    pub fn tour_text(&self) -> Option<String> {
        let step = self.tour?;
        let mut text = format!("Tour {} of {}: ", step + 1, STEPS.len());
        let mut rest = STEPS[step].0;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            text.push_str(before);
            text.push_str(self.keys.first_of(name));
            rest = after;
        }
        text.push_str(rest);
        text.push_str(" (Esc ends the tour)");
        Some(text)
    }

    /// Takes note of an action: the step that it completes gives way to the next.
    pub fn tour_follows(&mut self, action: Action) {
        if let Some(step) = self.tour.filter(|step| STEPS[*step].1.contains(&action)) {
            self.tour = Some(step + 1).filter(|step| *step < STEPS.len());
            self.keep_tour();
        }
    }

    fn keep_tour(&mut self) {
        let step = self.tour.unwrap_or(STEPS.len()).to_string();
        let _ = self.store.set_local("tour", Some(step.as_bytes()));
    }

    /// How the screen was last set to look: theme and plain lines.
    pub fn kept_looks(&self) -> Result<Option<(String, bool)>, StoreError> {
        let kept = self.store.local("looks")?.and_then(|kept| String::from_utf8(kept).ok());
        Ok(kept.and_then(|kept| {
            let (name, plain) = kept.split_once(' ')?;
            Some((name.to_string(), plain == "plain"))
        }))
    }

    pub fn set_looks(&mut self, name: &str, plain: bool) {
        let kept = format!("{name} {}", if plain { "plain" } else { "boxes" });
        let _ = self.store.set_local("looks", Some(kept.as_bytes()));
        self.looks = Some((name.into(), plain));
    }
}
