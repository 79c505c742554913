//! The screen. Data flows one way: a key calls an action, the action makes a change, the store saves it, the facts
//! follow, the next frame shows them.
//!
//! - [`action`]: every action, declared once; `keys`: which key calls which.
//! - `app`: the stages, what wakes them, when they draw; `idle`: since when nobody typed; `anew`, `resume`: the lock, and what
//!   is there again after it. `terminal`: taken over and given back; `keeper`: by whom,
//!   where the program cannot; `frugal`: few bytes to it.
//! - `gate`: first run, passphrase, recovery key. `desk`: the unlocked caseload; `lately`: clients as they were read.
//!   `input`: where keys go.
//! - `act`: what actions do; `run`: the day as an inbox; `many`: several clients at once; `agenda`: week and month;
//!   `tour`: the first steps.
//! - `figures`: reports, and the worker's own practice.
//! - `notes`: templates, the timer, the golden thread; `signing`: signatures, addenda; `plans`: versions, reviews, who signed.
//! - `sharing`: bundles, places, cards, duplicates, the team; `choose`: two values side by side; `work`: what takes long; `job`: how it is done beside the screen.
//! - `sheet`: what takes the whole screen for a while: `assess` an instrument, `crisis`, `safety` the plan. `medication`.
//! - `form`, `overlay`, `answer`, `editor`: what lies over the panes. `panes`, `draw`: what is seen. `text`, `theme`: how.

mod act;
pub mod action;
mod agenda;
mod anew;
mod answer;
mod apart;
mod app;
mod assess;
mod choose;
mod closing;
mod crisis;
mod current;
mod daily;
mod desk;
mod desk_work;
mod directory;
mod draw;
mod edit;
mod editor;
mod figures;
mod form;
mod frugal;
mod gate;
mod idle;
mod input;
mod job;
#[cfg(unix)]
mod keeper;
mod keys;
mod lately;
mod library;
mod lists;
mod many;
mod marks;
mod medication;
mod notes;
mod overlay;
mod panes;
mod permission;
mod plans;
mod printing;
mod referrals;
mod resume;
mod run;
mod safety;
mod save;
mod sharing;
mod sheet;
mod signing;
mod snooze;
mod team;
mod template;
mod terminal;
mod text;
mod theme;
mod tour;
mod typed;
mod undoing;
mod unplaced;
mod visits;
mod work;

use std::path::PathBuf;

use crate::demo;
use crate::practice::Trouble;
use crate::store::{StoreError, local_moment, open_by_file, wall_clock};
use crate::triage::Rules;

use app::{App, Stage};
use desk::Desk;
use gate::Gate;

pub use anew::{ARGUMENT as LOCKED, Why};
pub use keys::Keys;
pub use theme::THEMES;

/// What the screen starts with.
pub struct Start {
    pub file: PathBuf,
    /// A file with the passphrase: the gate is passed at the start, not after locking.
    pub passphrase: Option<PathBuf>,
    /// Started anew by the lock, and why: the passphrase is asked for.
    pub locked: Option<Why>,
    pub today: Option<chrono::NaiveDate>,
    pub rules: Rules,
    /// What was wrong with the agency's own files: told once the caseload is open.
    pub troubles: Vec<Trouble>,
    pub keys: Keys,
    /// The name of a theme; none: what was chosen last, or what fits the terminal.
    pub theme: Option<String>,
    /// Lines without boxes, for a screen reader.
    pub plain: bool,
    /// A made-up caseload instead of the file.
    pub demo: Option<demo::Spec>,
}

impl Start {
    fn moments(&self) -> desk::Moments {
        let today = self.today;
        std::sync::Arc::new(move || local_moment(today))
    }
}

/// Whether the program was started to wait beside another one, and to give the terminal back where that cannot; then that is
/// what it did.
pub fn kept_terminal() -> bool {
    #[cfg(unix)]
    if std::env::args_os().nth(1).is_some_and(|argument| argument == keeper::ARGUMENT) {
        keeper::wait();
        return true;
    }
    false
}

/// Gives the terminal back as it was; does nothing where it was not taken.
pub fn leave_screen() {
    terminal::leave();
}

/// Opens the screen and stays until the user leaves.
///
/// # Errors
/// What the terminal or the file says, after the terminal was given back.
pub fn run(start: Start) -> anyhow::Result<()> {
    editor::sweep();
    let stage = opening(&start)?;
    if !std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        anyhow::bail!("The screen needs a terminal. For scripts there are commands: caseload --help.");
    }
    let mut screen = terminal::enter()?;
    let wakes = terminal::listen();
    let mut app = App::new(start, stage);
    app.tell_troubles();
    let result = wakes.and_then(|wakes| app.run(&mut screen, &wakes));
    drop(screen);
    terminal::leave();
    app.end();
    if let Some(text) = app.farewell {
        eprintln!("caseload: {}", crate::model::text::one_line(&text));
    }
    result
}

fn opening(start: &Start) -> anyhow::Result<Stage> {
    let desk = |mut store: crate::store::Store, demo| {
        store.take_for_today(start.today);
        Desk::new(store, start.rules.clone(), start.keys.clone(), start.moments(), demo)
    };
    if let Some(spec) = &start.demo {
        return Ok(Stage::Desk(Box::new(desk(demo::in_memory(spec, wall_clock())?, true)?)));
    }
    if let Some(why) = start.locked {
        return Ok(Stage::Gate(Gate::locked(&start.file, why.told())));
    }
    match (&start.passphrase, start.file.exists()) {
        (Some(path), true) => {
            let (store, _) = open_by_file(&start.file, path, wall_clock())?;
            Ok(Stage::Desk(Box::new(desk(gate::held(store)?, false)?)))
        }
        // Nobody is to begin a new caseload where something of the one that was here is left.
        (_, false) => match StoreError::no_file(&start.file) {
            error @ StoreError::NoFileBut(..) => Err(error.into()),
            _ => Ok(Stage::Gate(Gate::for_file(&start.file))),
        },
        (None, true) => Ok(Stage::Gate(Gate::for_file(&start.file))),
    }
}

#[cfg(test)]
mod tests;
