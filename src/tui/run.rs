//! The triage run: the day as an inbox. Each client who needs the worker comes up in turn until nobody is left.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::model::RowId;
use crate::store::StoreError;
use crate::triage::Band;

use super::desk::{Desk, Pane};
use super::overlay::Overlay;

/// How far the day has come. Kept, so that it goes on where it was after a lock or a closed laptop.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    day: NaiveDate,
    /// Passed over: asked about again at the end.
    skipped: HashSet<RowId>,
    /// Those who came up, in order, for going back.
    came: Vec<RowId>,
}

impl Desk {
    /// Starts the day's run or goes on with it; in a run, passes the client at hand over.
    pub fn run_on(&mut self) -> Result<(), StoreError> {
        if self.running {
            // Passed over is who came up; someone looked at meanwhile is not.
            if let (Some(run), Some(chosen)) = (&mut self.run, self.chosen)
                && run.came.last() == Some(&chosen)
            {
                run.skipped.insert(chosen);
            }
        } else {
            let kept = self.store.local("run")?.and_then(|kept| serde_json::from_slice::<Run>(&kept).ok());
            let today = self.today;
            let kept = kept.filter(|run| run.day == today);
            self.run = Some(kept.unwrap_or(Run { day: today, skipped: HashSet::new(), came: Vec::new() }));
            self.running = true;
            self.filter = None;
            self.view_by(super::desk::View::Triage);
        }
        self.next_in_run()
    }

    /// Who still needs the worker today and was not passed over.
    pub fn left_in_run(&self) -> Vec<RowId> {
        let Some(run) = &self.run else { return Vec::new() };
        let needing = self.caseload.ranked().iter().take_while(|ranked| ranked.band <= Band::Today);
        needing.map(|ranked| ranked.client).filter(|client| !run.skipped.contains(client)).collect()
    }

    pub fn skipped_in_run(&self) -> usize {
        self.run.as_ref().map_or(0, |run| run.skipped.len())
    }

    fn next_in_run(&mut self) -> Result<(), StoreError> {
        let Some(next) = self.left_in_run().first().copied() else { return self.end_run() };
        if let Some(run) = &mut self.run {
            run.came.push(next);
        }
        self.keep_run();
        self.choose_client(next)?;
        self.go_to(Pane::Client)
    }

    /// After an action: someone who no longer needs the worker makes room for the next.
    pub fn run_follows(&mut self) -> Result<(), StoreError> {
        let came_up = self.run.as_ref().and_then(|run| run.came.last().copied());
        let at_hand = self.running && self.form.is_none() && came_up == self.chosen;
        let Some(chosen) = self.chosen.filter(|_| at_hand) else { return Ok(()) };
        let needs = self.caseload.ranked().iter().take_while(|ranked| ranked.band <= Band::Today);
        if needs.map(|ranked| ranked.client).any(|client| client == chosen) { Ok(()) } else { self.next_in_run() }
    }

    /// Back to whoever came before.
    pub fn run_back(&mut self) -> Result<(), StoreError> {
        let Some(run) = &mut self.run else { return Ok(()) };
        run.came.pop();
        match run.came.last().copied() {
            Some(before) => {
                run.skipped.remove(&before);
                self.choose_client(before)?;
                self.go_to(Pane::Client)
            }
            None => {
                self.say("This was the first.");
                Ok(())
            }
        }
    }

    /// Leaves the run; Space goes on with it later.
    pub fn stop_run(&mut self) {
        self.keep_run();
        self.running = false;
        self.say(format!("Stopped; {} left. {} goes on.", self.left_in_run().len(), self.keys.first_of("run")));
    }

    /// After a lock: in the run as before, at whoever is on the screen.
    pub(super) fn resume_run(&mut self) -> Result<(), StoreError> {
        let kept = self.store.local("run")?.and_then(|kept| serde_json::from_slice::<Run>(&kept).ok());
        self.run = kept.filter(|run| run.day == self.today);
        self.running = self.run.is_some();
        Ok(())
    }

    fn keep_run(&mut self) {
        if let Some(kept) = self.run.as_ref().and_then(|run| serde_json::to_vec(run).ok()) {
            // Where it stood is a comfort, not a record: a full disk must not stop the run.
            let _ = self.store.set_local("run", Some(&kept));
        }
    }

    fn end_run(&mut self) -> Result<(), StoreError> {
        self.running = false;
        let skipped = self.skipped_in_run();
        let mut lines = vec!["Nobody else needs you today.".to_string(), String::new()];
        if skipped > 0 {
            let again = self.keys.first_of("run");
            lines[0] = format!("Passed over: {skipped}. Everyone else is seen to. {again} goes through those again.");
        }
        lines.extend(self.work_lines()?);
        lines.extend([String::new(), "y copies this.".into()]);
        if let Some(run) = &mut self.run {
            run.skipped.clear();
            run.came.clear();
        }
        self.keep_run();
        self.overlay = Some(Overlay::Reading { title: "Today".into(), lines, scroll: 0 });
        Ok(())
    }

    /// What was done today, without names: ready to be copied.
    pub fn work_lines(&self) -> Result<Vec<String>, StoreError> {
        let now = self.store.now();
        let midnight = now.date_naive().and_time(chrono::NaiveTime::MIN).and_local_timezone(*now.offset()).single();
        let work = self.store.work_since(midnight.unwrap_or(now))?;
        let mut lines = vec![format!("Done on {}:", self.today.format("%A %-d %B %Y"))];
        let figures: [(i64, &str); 7] = [
            (work.contacts.into(), "contacts with clients"),
            (work.minutes, "minutes written down"),
            (work.notes.into(), "other notes"),
            (work.visits_marked.into(), "appointments marked"),
            (work.goals_moved.into(), "goals moved"),
            (work.things_done.into(), "steps and tasks done"),
            (work.put_off.into(), "reasons put off"),
        ];
        lines.extend(figures.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("  {what}: {n}")));
        lines.push(match work.clients {
            0 => "  nothing yet".into(),
            many => format!("  clients: {many}"),
        });
        Ok(lines)
    }
}
