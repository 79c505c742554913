//! The pages that are printed: for the client to sign, for a records request, for a hand-over, for the worker's own day.
//!
//! The promise: a page is a pure function of a client's file as it may be told ([`Lens`]) and of the day; it holds what was
//! signed as it was signed, says nothing that the lens does not show, and puts codes into words. Called by
//! [`super::print`], which asks what is permitted and keeps the record.

mod closing;
mod day;
mod given;
mod notes;
mod plan;
mod practice;
mod safety;
pub(super) mod say;
mod services;
mod summary;

use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::disclosure::Lens;
use crate::model::{Moment, Row};
use crate::practice::Practice;
use crate::practice::episodes::Episode;
use crate::store::Worker;
use crate::triage::Told;

use super::period::Period;
use super::{Block, PageSize};

pub use day::{Needy, Stop, day_sheet};
pub use practice::practice_log;

/// What can be printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    Plan,
    Notes,
    Summary,
    Day,
    SafetyPlan,
    Wallet,
    Practice,
    Closing,
    Disclosures,
}

impl Page {
    pub const ALL: [Page; 9] = [
        Page::Plan,
        Page::Notes,
        Page::Summary,
        Page::SafetyPlan,
        Page::Wallet,
        Page::Closing,
        Page::Disclosures,
        Page::Day,
        Page::Practice,
    ];

    /// As it is typed at the command line.
    pub fn name(self) -> &'static str {
        match self {
            Page::Plan => "plan",
            Page::Notes => "notes",
            Page::Summary => "summary",
            Page::Day => "day",
            Page::SafetyPlan => "safety-plan",
            Page::Wallet => "wallet",
            Page::Practice => "practice",
            Page::Closing => "closing",
            Page::Disclosures => "disclosures",
        }
    }

    pub fn from_name(name: &str) -> Option<Page> {
        Page::ALL.into_iter().find(|page| page.name() == name)
    }

    /// Stands at the head of the page; it names no client.
    pub fn title(self) -> &'static str {
        match self {
            Page::Plan => "My plan",
            Page::Notes => "Notes from the record",
            Page::Summary => "Summary for a hand-over",
            Page::Day => "Day sheet",
            Page::SafetyPlan | Page::Wallet => "My safety plan",
            Page::Practice => "Professional log",
            Page::Closing => "Closing summary",
            Page::Disclosures => "What was given to others",
        }
    }

    /// For a menu.
    pub fn about(self) -> &'static str {
        match self {
            Page::Plan => "The plan, in large plain words, to be signed",
            Page::Notes => "Signed notes, for a records request",
            Page::Summary => "One page for a hand-over",
            Page::Day => "Your day: addresses, rides, and who needs you",
            Page::SafetyPlan => "The safety plan on a page",
            Page::Wallet => "The safety plan as a card for the wallet",
            Page::Practice => "Your own log: education, supervision, credentials",
            Page::Closing => "A closing summary",
            Page::Disclosures => "What was given to whom in six years, for the client",
        }
    }

    /// Whether it is about a client; the others are the worker's own.
    pub fn is_of_a_client(self) -> bool {
        !matches!(self, Page::Day | Page::Practice)
    }

    pub fn size(self) -> PageSize {
        if self == Page::Wallet { PageSize::WalletCard } else { PageSize::Letter }
    }

    /// On how many pages it is to fit, where less is shown rather than more pages are used.
    pub fn fits_on(self) -> Option<usize> {
        match self {
            Page::Summary => Some(1),
            Page::Wallet => Some(2),
            _ => None,
        }
    }

    /// From the most that is shown to the least, where a page must fit.
    pub fn rooms(self) -> &'static [Room] {
        const fn room(items: usize, letters: usize) -> Room {
            Room { items, letters, large: false }
        }
        const fn large(items: usize, letters: usize) -> Room {
            Room { items, letters, large: true }
        }
        match self {
            Page::Summary => {
                const {
                    &[
                        room(8, 220),
                        room(6, 150),
                        room(5, 110),
                        room(4, 90),
                        room(3, 80),
                        room(3, 60),
                        room(2, 60),
                        room(1, 60),
                    ]
                }
            }
            Page::Wallet => {
                const { &[large(9, 400), large(4, 60), room(9, 400), room(4, 80), room(3, 60), room(2, 45), room(1, 24)] }
            }
            Page::Plan | Page::SafetyPlan | Page::Disclosures => const { &[large(usize::MAX, usize::MAX)] },
            _ => const { &[room(usize::MAX, usize::MAX)] },
        }
    }
}

/// For whom a page is.
#[derive(Clone, PartialEq, Debug)]
pub enum To {
    /// The client themself.
    Client,
    /// The worker's own paper: it stays with the file.
    File,
    /// A person or an organisation.
    Other(String),
}

impl To {
    /// "client" and "file" as they are; anything else is a name.
    pub fn parse(text: &str) -> To {
        match text.trim() {
            "" | "client" => To::Client,
            "file" => To::File,
            name => To::Other(name.into()),
        }
    }

    pub fn in_words(&self) -> &str {
        match self {
            To::Client => "the client",
            To::File => "the file",
            To::Other(name) => name,
        }
    }
}

/// How much there is room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Items of a list.
    pub items: usize,
    /// Letters of one item.
    pub letters: usize,
    /// In large letters, as for all that the client reads.
    pub large: bool,
}

/// What a page must know beside the client's file.
pub struct On<'a> {
    pub practice: &'a Practice,
    pub worker: &'a Worker,
    pub now: DateTime<FixedOffset>,
    pub today: NaiveDate,
    /// For the reader's clock.
    pub moment: Moment,
    pub to: &'a To,
    pub purpose: &'a str,
    /// Of the notes, or of what was given; none: all of them.
    pub period: Option<Period>,
    /// What was given out of the file, the newest first, deleted rows too.
    pub given: &'a [Row],
    /// Whether what was held back is told beside what was given.
    pub withheld: bool,
    /// Why the client needs the worker, as triage tells it.
    pub reasons: &'a [Told],
    /// The client's times in care, the oldest first.
    pub times: &'a [Episode],
    pub room: Room,
}

impl On<'_> {
    /// The worker with their credentials.
    pub fn signer(&self) -> String {
        say::joined([&self.worker.name, &self.worker.credentials])
    }
}

/// A page of one client, made.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Made {
    pub blocks: Vec<Block>,
    /// What the worker should know of it, and nobody else: it is not on the page.
    pub aside: Vec<String>,
}

impl From<Vec<Block>> for Made {
    fn from(blocks: Vec<Block>) -> Made {
        Made { blocks, aside: Vec::new() }
    }
}

/// A page about a client.
///
/// # Errors
/// Why there is nothing to print, in words that complete "Nothing to print: ...".
pub fn make(page: Page, lens: &Lens<'_>, on: &On<'_>) -> Result<Made, &'static str> {
    match page {
        Page::Plan => plan::plan(lens, on),
        Page::Notes => notes::notes(lens, on),
        Page::Summary => Ok(summary::summary(lens, on).into()),
        Page::SafetyPlan => safety::letter(lens).map(Made::from),
        Page::Wallet => safety::wallet(lens, on.room).map(Made::from),
        Page::Closing => closing::closing(lens, on).map(Made::from),
        Page::Disclosures => Ok(given::given(lens, on).into()),
        Page::Day | Page::Practice => Err("this page is not about a client"),
    }
}
