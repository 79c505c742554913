//! What lies over the panes for a moment: help, the palette, search, lists to choose from, questions.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui_textarea::TextArea;

use crate::disclosure::Proposal;
use crate::model::{
    Adherence, AppointmentStatus, Change, FieldId, RecordType, ReferralStatus, RowId, ShareKind, SignatureRole, SiteId,
};
use crate::store::{Acceptance, ActionId, Hit, Site};
use crate::triage::team::Load;

use super::action::{Action, Entry, Place, TABLE};
use super::answer::Answer;
use super::choose::Choose;
use super::directory::Directory;
use super::figures::Figures;
use super::notes::TimerDoes;
use super::permission::Releasing;
use super::printing::{Question, Wish};
use super::sharing::HandOver;
use super::sheet::Sheet;
use super::signing::{NoteRead, Signing};
use super::template::Template;
use super::work::Work;

pub enum Overlay {
    Help {
        scroll: usize,
    },
    Palette {
        input: Line,
        found: Vec<&'static Entry>,
        at: usize,
    },
    Search {
        input: Line,
        hits: Vec<Hit>,
        at: usize,
    },
    Menu(Menu),
    /// Rows of the client; `Enter` edits, `Del` deletes, `h` shows the history.
    Records {
        title: &'static str,
        rows: Vec<Shown>,
        at: usize,
    },
    /// Text to read.
    Reading {
        title: String,
        lines: Vec<String>,
        scroll: usize,
    },
    /// Takes the whole screen, with keys of its own.
    Sheet(Box<dyn Sheet>),
    /// Values that were set differently in two places.
    Choose(Choose),
    /// A report, with the clients behind each figure.
    Figures(Figures),
    /// Notes that wait for a signature, each with its text.
    Signing(Signing),
    /// One note to read, with all that was put under it.
    Note(NoteRead),
    /// A plan being ticked together.
    Template(Template),
    /// The resource directory.
    Directory(Box<Directory>),
    /// Caseloads side by side.
    Team {
        loads: Vec<Load>,
        at: usize,
    },
    Ask {
        title: String,
        about: String,
        input: Line,
        answer: Answer,
        trouble: Option<String>,
    },
}

/// A list of things to choose from, by arrows or by their own key.
pub struct Menu {
    pub title: String,
    /// What there is to know before choosing.
    pub about: Vec<String>,
    pub items: Vec<Item>,
    pub at: usize,
    /// Lines of `about` that were scrolled away.
    pub scroll: usize,
}

pub struct Item {
    pub key: Option<char>,
    pub label: String,
    pub choice: Pick,
}

/// What a choice does.
#[derive(Clone)]
pub enum Pick {
    /// Puts a rule into the open form of an appointment and saves it.
    Repeats(String),
    /// Does an action with this row.
    Act(Action, RowId),
    Do(Action),
    Assess(super::assess::Choice),
    Crisis(super::crisis::Choice),
    /// How medication was taken.
    Taken(Adherence),
    Work(Work),
    /// To a client's page.
    Go(RowId),
    /// To one reason of a client.
    Reason(RowId, usize),
    Place,
    AskForget,
    Forget(String),
    /// Begins to give a bundle: of the whole caseload, or of whom is meant as something.
    Give(Option<ShareKind>),
    GiveSome,
    GiveTo(Box<HandOver>),
    /// A release of information is given, taken back, or left aside.
    Release(Box<Releasing>),
    /// A colleague of another agency: which?
    AskAgency(Box<Site>),
    /// The billing sheet of a client, or of all.
    Billing(Option<RowId>),
    Cards,
    AskCard,
    Accept(Box<Site>, Box<Acceptance>),
    AskRevoke,
    Revoke(SiteId),
    /// Another installation of the worker's own name is theirs, or it is not.
    Own(SiteId, bool),
    /// A proposed mark is answered with a code, or passed over for now; those that were passed over before.
    Marked(Box<Proposal>, Option<&'static str>, Vec<(RowId, FieldId)>),
    SyncAlways,
    Compare(RowId, RowId),
    /// Takes an action back but for what is another's.
    UndoButTheirs(ActionId),
    /// Marks all of these.
    MarkAll(Vec<RowId>),
    Join(RowId, RowId),
    Part(RowId),
    Apart(RowId, RowId),
    Add(&'static RecordType),
    /// Lays out a plan template, by its area and name.
    Template(String, String),
    Mark(RowId, AppointmentStatus),
    /// Takes a referral a step on.
    Refer(RowId, ReferralStatus),
    EditReferral(RowId),
    /// Whose something from a calendar is: to be asked, typed, said; or nobody's.
    Whose(RowId),
    AskWhose(RowId),
    PlaceWith(RowId, RowId),
    SetAside(RowId),
    /// Puts off the reason of a rule, about a row.
    Snooze(String, Option<RowId>),
    Delete(&'static RecordType, RowId),
    Undo(ActionId),
    Redo(ActionId),
    View(super::desk::View),
    Filter(String),
    Looks(&'static str, bool),
    Editor,
    Report(&'static crate::report::figures::Kind),
    /// Goes on with a wish to print, or asks about it.
    Print(Box<Wish>),
    AskPrint(Box<Wish>, Question),
    /// Everything of the worker's own practice.
    OwnLog,
    /// Saves the open form; of one of a series: only this one, or those that come after it too.
    SaveForm(Option<bool>),
    /// Saves a change, and says what was done.
    Apply(Change, String),
    DropForm,
    Signing(Box<Signing>),
    SignAll(Vec<RowId>),
    Timer(TimerDoes),
    NewVersion(RowId),
    SignPlan(RowId, SignatureRole),
    Nothing,
}

/// One row of the records overlay.
pub struct Shown {
    pub record: &'static RecordType,
    pub row: RowId,
    pub text: String,
    /// What was signed there was altered outside the program.
    pub broken: bool,
}

/// A line that is typed into.
#[derive(Default)]
pub struct Line(Box<TextArea<'static>>);

impl Line {
    /// A line with something in it already.
    pub fn with(text: &str) -> Line {
        let mut line = Line::default();
        line.0.insert_str(text);
        // It is typed over.
        line.0.select_all();
        line
    }

    pub fn text(&self) -> String {
        self.0.lines().concat()
    }

    /// Takes a key; says whether the text changed.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        match key.code {
            KeyCode::Enter | KeyCode::Up | KeyCode::Down | KeyCode::Tab | KeyCode::Esc => false,
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => self.0.delete_line_by_head(),
            _ => self.0.input(*key),
        }
    }

    pub fn paste(&mut self, text: &str) {
        self.0.insert_str(crate::model::text::one_line(text.trim()));
    }

    /// Columns before the cursor.
    pub fn cursor(&self) -> usize {
        let before: String = self.text().chars().take(self.0.cursor().1).collect();
        super::text::width(&before)
    }
}

impl Overlay {
    /// What Enter does here, in a word; `None` where its own line or title says it.
    pub fn enter(&self) -> Option<&'static str> {
        let Overlay::Menu(menu) = self else { return None };
        let goes = |item: &Item| matches!(item.choice, Pick::Go(_) | Pick::Reason(..) | Pick::Nothing);
        (!menu.items.is_empty()).then(|| if menu.items.iter().all(goes) { "go" } else { "choose" })
    }
}

impl Menu {
    pub fn over(title: impl Into<String>, items: Vec<(Option<char>, String, Pick)>) -> Overlay {
        Menu::telling(title, Vec::new(), items)
    }

    /// A list with what there is to know first.
    pub fn telling(title: impl Into<String>, about: Vec<String>, items: Vec<(Option<char>, String, Pick)>) -> Overlay {
        let items = items.into_iter().map(|(key, label, choice)| Item { key, label, choice }).collect();
        Overlay::Menu(Menu { title: title.into(), about, items, at: 0, scroll: 0 })
    }

    /// A question to be answered with yes or no.
    pub fn confirm(question: impl Into<String>, yes: &str, pick: Pick) -> Overlay {
        Menu::over(question, vec![(Some('y'), yes.into(), pick), (Some('n'), "No".into(), Pick::Nothing)])
    }
}

/// The actions whose words fit, the best first.
pub fn matching(typed: &str) -> Vec<&'static Entry> {
    let mut seen: Vec<Action> = Vec::new();
    let entries = TABLE.iter().filter(|entry| {
        let once = entry.place == Place::Desk && !seen.contains(&entry.action);
        seen.push(entry.action);
        once
    });
    if typed.trim().is_empty() {
        return entries.collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher).unwrap_or(0);
    // What stands there word for word comes before what only has the letters.
    let plain = |text: &str| format!(" {} ", text.to_lowercase().replace(|c: char| !c.is_alphanumeric(), " "));
    let wanted = plain(typed.trim()).trim_end().to_string();
    let whole = |text: &str| if plain(text).contains(&wanted) { 1_000 } else { 0 };
    // A name may be abbreviated; what is said of it must begin with what was typed, word by word: letters found here and
    // there in a sentence mean nothing.
    let begins = |text: &str| wanted.split_whitespace().all(|word| plain(text).contains(&format!(" {word}")));
    let mut scored: Vec<(u32, &Entry)> = entries
        .map(|entry| {
            let words = format!("{} {}", entry.label, entry.about);
            let said = if begins(&words) { 100 + whole(entry.about) } else { 0 };
            let label = score(entry.label);
            (2 * label + said + if label > 0 { 2 * whole(entry.label) } else { 0 }, entry)
        })
        .filter(|(score, _)| *score > 0)
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, entry)| entry).collect()
}
