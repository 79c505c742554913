//! Lists whose choices are an agency's data: practice areas, instruments, note templates, billing services and so on.
//!
//! They are read once at the start and the same for the whole run; a field that chooses from one says which. Until they
//! are read a list is empty, and any code fits: a code that another agency's file carries is kept, and shown as it is.

use std::sync::RwLock;

use super::{Choice, Fixed};

/// A list of an agency's own choices.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum List {
    Area,
    Instrument,
    NoteTemplate,
    /// What is billed: service codes.
    Service,
    CrisisKind,
    Credential,
    /// Categories of continuing education.
    EducationCategory,
}

impl List {
    pub const ALL: [List; 7] = [
        List::Area,
        List::Instrument,
        List::NoteTemplate,
        List::Service,
        List::CrisisKind,
        List::Credential,
        List::EducationCategory,
    ];

    /// The choices, in the order in which they are offered.
    pub fn choices(self) -> &'static [Choice] {
        LISTS.read().map_or(&[], |lists| lists[self as usize])
    }

    /// What a code is called; the code itself where the list does not know it.
    pub fn label(self, code: &str) -> &str {
        self.choices().iter().find(|choice| choice.code == code).map_or(code, |choice| choice.label)
    }

    /// Sets the choices for the rest of the run. Called once for each list, by whoever read the agency's data; the words
    /// stay in memory as long as the program runs.
    pub fn fill(self, choices: impl IntoIterator<Item = (String, String)>) {
        let known = self.choices();
        let wanted: Vec<(String, String)> = choices.into_iter().collect();
        let same = |(known, (code, label)): (&Choice, &(String, String))| known.code == code && known.label == label;
        if known.len() == wanted.len() && known.iter().zip(&wanted).all(same) {
            return;
        }
        let leaked: Vec<Choice> =
            wanted.into_iter().map(|(code, label)| Choice { code: code.leak(), label: label.leak() }).collect();
        if let Ok(mut lists) = LISTS.write() {
            lists[self as usize] = leaked.leak();
        }
    }
}

static LISTS: RwLock<[&'static [Choice]; List::ALL.len()]> = RwLock::new([&[]; List::ALL.len()]);

/// Where a field's choices come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choices {
    /// The same for everybody: part of what the program means.
    Fixed(Fixed),
    /// An agency's own.
    Listed(List),
}

impl Choices {
    pub fn all(self) -> &'static [Choice] {
        match self {
            Choices::Fixed(list) => list.choices,
            Choices::Listed(list) => list.choices(),
        }
    }

    pub fn find(self, code: &str) -> Option<&'static Choice> {
        self.all().iter().find(|choice| choice.code == code)
    }

    /// Whether a code may be set here.
    pub fn holds(self, code: &str) -> bool {
        self.find(code).is_some() || matches!(self, Choices::Listed(list) if list.choices().is_empty())
    }
}
