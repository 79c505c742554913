//! A made-up caseload of any size: the same people for the same seed, plausible in all four practices, with days that
//! are measured from today. For trying the program, for its tests and for its benchmarks.
//!
//! Knows `model`, `practice` and `store`. Its words are in `assets/demo/demo.toml`. `people` makes whoever it is, cheaply;
//! `stories` gives the first twenty what their practice would have on record, with a file for each of the four.

mod healthcare;
mod mental_health;
mod people;
mod resources;
mod social_work;
mod stories;
mod vocational;

mod signed;

use std::ops::ControlFlow;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::{Domain, Moment, RowId};
use crate::store::{self, Store, Worker};

use people::Maker;

/// How large, and from which seed and day.
#[derive(Clone, Copy)]
pub struct Spec {
    pub clients: u32,
    /// In all, spread over the clients.
    pub notes: u32,
    pub seed: u64,
    pub moment: Moment,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    given: Vec<String>,
    family: Vec<String>,
    language: Vec<String>,
    pronouns: Vec<String>,
    street: Vec<String>,
    tag: Vec<String>,
    contact_notes: Vec<String>,
    relation: Vec<String>,
    organisation: Vec<String>,
    place: Vec<String>,
    opening: Vec<String>,
    middle: Vec<String>,
    closing: Vec<String>,
    area: Vec<AreaWords>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AreaWords {
    code: String,
    goals: Vec<String>,
    domains: Vec<Domain>,
    steps: Vec<String>,
    tasks: Vec<String>,
    visits: Vec<String>,
    need: String,
    crisis: String,
}

fn words() -> &'static Words {
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| {
        toml::from_str(include_str!("../../assets/demo/demo.toml")).expect("the shipped words are sound")
    })
}

/// Whose caseload it is.
pub fn worker() -> Worker {
    Worker {
        id: RowId::derived(&["demo", "worker"]),
        name: "Rosa Ortiz".into(),
        credentials: "LCSW".into(),
        area: "social-work".into(),
    }
}

/// A made-up caseload in memory.
///
/// # Errors
/// Only what SQLite says.
pub fn in_memory(spec: &Spec, clock: store::Clock) -> store::Result<Store> {
    let mut store = Store::in_memory(&worker(), clock)?;
    fill(&mut store, spec, &mut |_, _| ControlFlow::Continue(()))?;
    Ok(store)
}

/// Fills a caseload, some clients at a time, so that memory stays flat however large it is.
///
/// # Errors
/// [`store::StoreError::Stopped`] when `progress(done, all)` says so; what was written until then stays.
pub fn fill(
    store: &mut Store,
    spec: &Spec,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> store::Result<()> {
    let mut drafts = resources::all();
    for number in 0..spec.clients {
        Maker::new(spec, number).person(&mut drafts);
        if drafts.len() > 20_000 || number + 1 == spec.clients {
            if progress(number as usize, spec.clients as usize).is_break() {
                return Err(store::StoreError::Stopped);
            }
            store.import("demo", &drafts, false, &mut |_, _| ControlFlow::Continue(()))?;
            drafts.clear();
        }
    }
    Ok(())
}
