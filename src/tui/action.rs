//! Every action, declared once: key handling, the hint line, the help page, the command palette and the reference's table
//! of keys are made from [`TABLE`].

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    Open,
    Log,
    Note,
    AddAppointment,
    AddGoal,
    AddStep,
    AddTask,
    AddNeed,
    AddPlan,
    AddClient,
    AddOther,
    Edit,
    EditClient,
    EditAppointment,
    EditPlan,
    EditRecord,
    Permissions,
    Billing,
    Template,
    Unmet,
    Mark,
    Done,
    Progress,
    Assessed,
    Crisis,
    SafetyPlan,
    NotesApart,
    Assess,
    Charts,
    ActOnAnswer,
    ReportMade,
    Debrief,
    MedicationCheck,
    Refill,
    Snooze,
    Undo,
    Redo,
    UndoHistory,
    Run,
    Back,
    DeskWork,
    WhyHere,
    Today,
    View,
    MarkClient,
    MarkShown,
    Unmark,
    Tag,
    Reassign,
    SaveFilter,
    Filters,
    Week,
    Month,
    Timeline,
    Looks,
    Tour,
    Find,
    Search,
    Records,
    History,
    Delete,
    Close,
    SignNote,
    Addendum,
    Timer,
    ShowPlan,
    NewPlanVersion,
    ReviewPlan,
    SignPlan,
    Import,
    Unplaced,
    MarksProposed,
    Resources,
    Referral,
    Sync,
    HandOver,
    Conflicts,
    Changes,
    Team,
    Duplicates,
    Reports,
    MyPractice,
    Print,
    Backup,
    LockMinutes,
    Palette,
    Help,
    Lock,
    Suspend,
    NextPane,
    PreviousPane,
    Pane(u8),
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Quit,
    // In a form.
    Save,
    Leave,
    NextField,
    PreviousField,
    OtherValue,
    Editor,
}

/// Where an action can be called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// The four panes.
    Desk,
    /// A form.
    Form,
}

/// What an action needs before it can be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needs {
    Nothing,
    /// A client is chosen.
    Client,
    /// A client is chosen and the file can be changed.
    Change,
    /// The file can be changed.
    Write,
}

#[derive(Debug)]
pub struct Entry {
    pub action: Action,
    /// Stands in `triage.toml` and will stand in a file of keys.
    pub name: &'static str,
    /// Two or three words, for the hint line and the palette.
    pub label: &'static str,
    pub about: &'static str,
    pub keys: &'static [&'static str],
    pub place: Place,
    pub needs: Needs,
    /// Shown in the hint line, the smaller the sooner; 0 = not there.
    pub hint: u8,
}

const fn entry(
    action: Action,
    name: &'static str,
    label: &'static str,
    keys: &'static [&'static str],
    needs: Needs,
    hint: u8,
    about: &'static str,
) -> Entry {
    Entry { action, name, label, about, keys, place: Place::Desk, needs, hint }
}

const fn in_form(
    action: Action,
    name: &'static str,
    label: &'static str,
    keys: &'static [&'static str],
    hint: u8,
    about: &'static str,
) -> Entry {
    Entry { action, name, label, about, keys, place: Place::Form, needs: Needs::Nothing, hint }
}

use Needs::{Change, Client, Nothing, Write};

#[rustfmt::skip]
pub static TABLE: &[Entry] = &[
    entry(Action::Open, "open", "open", &["Enter"], Nothing, 1, "Open what is chosen: the client, a goal or a step, an appointment's client. On a reason: do what answers it"),
    entry(Action::Log, "log-contact", "log contact", &["l"], Change, 2, "Write down a call, a visit, a message: when, what kind, how long, what was said"),
    entry(Action::Note, "add-note", "note", &["n"], Change, 5, "Write a note to the record, without a contact"),
    entry(Action::AddAppointment, "add-appointment", "appointment", &["a"], Change, 4, "Set a new appointment"),
    entry(Action::Mark, "mark-appointment", "mark visit", &["m"], Change, 3, "Say how an appointment went: kept, no-show, cancelled, moved; or that it is confirmed"),
    entry(Action::Done, "task-done", "done", &["d"], Change, 6, "Tick off a step, a task, or what a discharge needs"),
    entry(Action::Done, "step-done", "done", &[], Change, 0, "Tick off a step"),
    entry(Action::Progress, "goal-progress", "progress", &["p"], Change, 12, "Say how far a goal has come"),
    entry(Action::AddGoal, "add-goal", "goal", &["g"], Change, 9, "Add a goal in the client's own words"),
    entry(Action::AddStep, "add-step", "step", &["s"], Change, 13, "Add a step to a goal: who does what by when"),
    entry(Action::AddTask, "add-task", "task", &["t"], Change, 8, "Add a task for yourself"),
    entry(Action::AddNeed, "add-need", "need", &["w"], Change, 0, "Add a need or a barrier"),
    entry(Action::AddPlan, "add-plan", "plan", &["P"], Change, 0, "Add a plan: from a template, or an empty one"),
    entry(Action::AddClient, "add-client", "new client", &["i"], Write, 14, "Intake: add a new client"),
    entry(Action::AddOther, "add-other", "add ...", &["+"], Change, 0, "Add anything: a relationship, a care-team member, an enrollment ..."),
    entry(Action::Edit, "edit", "edit", &["e"], Change, 7, "Edit what is chosen: the client, a goal or a step, an appointment"),
    entry(Action::EditClient, "edit-client", "edit client", &["E"], Change, 0, "Edit the client, or choose between two values that disagree"),
    entry(Action::EditAppointment, "edit-appointment", "edit visit", &[], Change, 0, "Edit an appointment: its time, place, ride or interpreter"),
    entry(Action::EditPlan, "edit-plan", "edit plan", &[], Change, 0, "Edit the plan and its review date"),
    entry(Action::EditRecord, "edit-record", "edit record", &[], Change, 0, "Edit the row that a reason is about: a release, an authorization, a benefit, an appeal"),
    entry(Action::Permissions, "permissions", "permissions", &["V"], Client, 0, "Releases of information, consent: in force, ended, taken back; what was given to whom, and who looked"),
    entry(Action::Billing, "billing", "billing", &[], Nothing, 0, "This month's billing sheet: units, and what keeps a note from being billed"),
    entry(Action::Done, "arrangement-done", "done", &[], Change, 0, "Say that a discharge arrangement is confirmed"),
    entry(Action::Template, "plan-from-template", "plan from a template", &[], Change, 0, "A whole plan to start from: its goals with their steps and dates, and what a discharge needs; tick what fits"),
    entry(Action::Unmet, "unmet-needs", "unmet needs", &[], Nothing, 0, "Needs that cannot be met and what stands in the way, counted over the caseload without names"),
    entry(Action::Assessed, "assessment-done", "assessed", &[], Change, 0, "Say that the annual assessment was done today"),
    entry(Action::Crisis, "crisis", "crisis", &["c", "Ctrl-k"], Change, 10, "A crisis: checklist, whom to call, safety plan, its clocks; again returns to it. Ctrl-k from anywhere, also out of a form"),
    entry(Action::SafetyPlan, "safety-plan", "safety plan", &["Y"], Client, 0, "The safety plan in its six steps; e in it edits"),
    entry(Action::NotesApart, "notes-apart", "notes apart", &[], Client, 0, "Psychotherapy or SUD counseling notes, kept apart from the chart: for whoever holds a license to write them"),
    entry(Action::Assess, "assess", "instrument", &["I"], Change, 0, "Ask an instrument by single keys: PHQ-9, C-SSRS and the rest; when each was done, and when it is due"),
    entry(Action::Charts, "scores", "scores over time", &[], Client, 0, "Earlier scores of an instrument, as a chart and in words"),
    entry(Action::ActOnAnswer, "act-on-answer", "act on answer", &[], Change, 0, "What can be done about an answer that demands action, and writing down what was"),
    entry(Action::ReportMade, "report-made", "mandated report", &[], Change, 0, "Say that a report the law asks for was made"),
    entry(Action::Debrief, "debrief", "debriefing", &[], Change, 0, "Say that a crisis was debriefed"),
    entry(Action::MedicationCheck, "medication-check", "medication check", &[], Change, 0, "How medication was taken, by one key; what stands in the way, and when to ask again"),
    entry(Action::Refill, "refill", "refill", &[], Change, 0, "The day on which a medication is to be refilled next"),
    entry(Action::Snooze, "snooze", "snooze", &["z"], Change, 11, "Put a reason off until a day, and say why"),
    entry(Action::Undo, "undo", "undo", &["u"], Write, 15, "Take back the last thing you did; asked first where it was another client's, another day's or before this session"),
    entry(Action::Redo, "redo", "redo", &["U", "Ctrl-r"], Write, 0, "Do again what was just undone"),
    entry(Action::UndoHistory, "undo-history", "undo history", &["Ctrl-y"], Nothing, 0, "What was done here, whose it was and when; what can be taken back, taken back"),
    entry(Action::Run, "run", "today's run", &["Space"], Nothing, 2, "The day as an inbox: whoever needs you comes up in turn; in a run, passes over to the next"),
    entry(Action::Back, "run-back", "back", &["Backspace"], Nothing, 0, "In a run: back to whoever came before"),
    entry(Action::DeskWork, "desk-work", "desk work", &["b"], Nothing, 0, "Your own desk work: notes to sign, visits to mark, plans that are missing; Enter goes to each"),
    entry(Action::WhyHere, "why-here", "why here", &["="], Nothing, 0, "Why this person stands above the next and below the one before, in words"),
    entry(Action::Today, "today", "done today", &[], Nothing, 0, "What you did today: contacts, minutes, goals moved; ready to copy"),
    entry(Action::View, "view", "order", &["o"], Nothing, 0, "Order the caseload: triage, name, last contact, practice area, intensity"),
    entry(Action::MarkClient, "mark-client", "mark", &["x"], Client, 0, "Mark the client, to do something for many at once; again unmarks"),
    entry(Action::MarkShown, "mark-shown", "mark all shown", &[], Nothing, 0, "Mark everyone whom the list shows: with a filter, all who fit it"),
    entry(Action::Unmark, "unmark", "unmark all", &["X"], Nothing, 0, "Unmark everyone"),
    entry(Action::Tag, "tag", "tag", &["T"], Change, 0, "Add and remove tags of the client, or of all who are marked: new, -wait"),
    entry(Action::Reassign, "reassign", "reassign", &[], Change, 0, "Give the client, or all who are marked, to another case manager"),
    entry(Action::SaveFilter, "save-filter", "save filter", &[], Write, 0, "Keep the filter under a name"),
    entry(Action::Filters, "filters", "filters", &["F"], Nothing, 0, "Filters that were kept, and all that a filter may say"),
    entry(Action::Week, "week", "week", &["W"], Nothing, 0, "The week's appointments day by day; those that overlap are pointed out"),
    entry(Action::Month, "month", "month", &["M"], Nothing, 0, "The month with its load"),
    entry(Action::Timeline, "timeline", "timeline", &["y"], Client, 0, "Everything that happened with this client, newest first; Enter opens it"),
    entry(Action::Looks, "looks", "looks", &[], Nothing, 0, "Dark, light or high contrast; or plain lines for a screen reader"),
    entry(Action::Tour, "tour", "guided tour", &[], Nothing, 0, "A short tour through the first contact; leave it whenever you like"),
    entry(Action::Find, "find", "find", &["/"], Nothing, 16, "Find a client as you type: name, id, phone or tag; closed clients too"),
    entry(Action::Search, "search", "search notes", &["f"], Nothing, 0, "Find words in notes, goals, tasks and the rest"),
    entry(Action::Records, "records", "all records", &["v"], Client, 0, "Everything kept about this client: look, edit, delete"),
    entry(Action::History, "history", "history", &["h"], Client, 0, "Who set what and when, for what is chosen"),
    entry(Action::Delete, "delete", "delete", &["Del"], Change, 0, "Delete what is chosen; undo brings it back"),
    entry(Action::Close, "close-client", "close client", &[], Change, 0, "Close this client's case, with the day and the reason"),
    entry(Action::SignNote, "sign-note", "sign", &["N"], Change, 0, "Sign notes that wait for it, and co-sign what you are asked to; each is shown before"),
    entry(Action::Addendum, "addendum", "addendum", &["A"], Change, 0, "Add to a signed note: what is signed is never changed"),
    entry(Action::Timer, "timer", "timer", &["B"], Change, 0, "Start or stop the timer; the next note or contact takes its minutes in"),
    entry(Action::ShowPlan, "show-plan", "plan in words", &[], Client, 0, "The plan in words, with its goals, its signatures and the versions before it"),
    entry(Action::NewPlanVersion, "new-plan-version", "new version of the plan", &[], Change, 0, "A new version of the plan: it takes over what is open, and the old one ends"),
    entry(Action::ReviewPlan, "review-plan", "review plan", &[], Change, 0, "Review the plan: what changed since the last time, and when it is due again"),
    entry(Action::SignPlan, "sign-plan", "sign plan", &[], Change, 0, "Sign the plan: the client's name, a guardian's, or yours, under the plan as it reads now"),
    entry(Action::Sync, "sync", "sync", &["S"], Write, 0, "Give and take through the places you know: a stick, a shared folder, an object store"),
    entry(Action::HandOver, "hand-over", "hand over", &["H"], Write, 0, "Give a file to a colleague: everything or these clients, as a transfer, as cover, as a copy to read; cards and places"),
    entry(Action::Conflicts, "conflicts", "choose", &["C"], Write, 0, "What was set differently in two places, side by side, to choose from"),
    entry(Action::Changes, "changes", "what changed", &[], Nothing, 0, "What the last file or sync brought, client by client"),
    entry(Action::Team, "team", "team", &["K"], Nothing, 0, "Caseloads side by side: how many, how heavy, who needs someone; Enter shows one worker's"),
    entry(Action::Duplicates, "duplicates", "here twice", &[], Write, 0, "Who may have been entered twice; join two entries for one person, and part them again"),
    entry(Action::Reports, "reports", "reports", &["D"], Nothing, 0, "Figures of the day, the week, productivity, contacts, goals, attendance, referrals ...; Enter shows the clients behind one"),
    entry(Action::MyPractice, "my-practice", "my practice", &["J"], Nothing, 0, "Your own credentials, continuing education and supervised hours: what is there, what is missing"),
    entry(Action::Print, "print", "print", &["O"], Nothing, 0, "Print: a plan to sign, notes for a records request, a summary, a safety plan, your day; what no release permits is left out and told"),
    entry(Action::Import, "import", "import", &[], Write, 0, "Take in an HMIS export, a spreadsheet, a calendar, a resource directory, a bundle or another caseload file"),
    entry(Action::MarksProposed, "marks-proposed", "marks proposed", &[], Change, 0, "Rows whose words tell of substance use or violence and of which nobody has said yet whether they do"),
    entry(Action::Unplaced, "unplaced", "whose are these", &[], Write, 0, "Events from a calendar that name nobody here: say whose each of them is"),
    entry(Action::Resources, "resources", "resources", &["R"], Nothing, 0, "The resource directory: find by need, place, language, open now; refer from it"),
    entry(Action::Referral, "referral", "referral", &["r"], Change, 0, "Referrals: a new one, or how one stands: sent, accepted, declined, served, closed"),
    entry(Action::Backup, "backup", "back up", &[], Nothing, 0, "Write a backup beside the caseload; the recovery key opens it"),
    entry(Action::LockMinutes, "lock-minutes", "lock after", &[], Write, 0, "After how many idle minutes the screen locks"),
    entry(Action::Palette, "commands", "all commands", &[":", "Ctrl-p"], Nothing, 17, "Every command by name"),
    entry(Action::Help, "help", "help", &["?", "F1"], Nothing, 18, "What each key does"),
    entry(Action::Lock, "lock", "lock", &["L", "Ctrl-l"], Nothing, 19, "Lock the screen now: the file is closed and names are gone. Ctrl-l from anywhere, also out of a form"),
    entry(Action::Suspend, "suspend", "suspend", &["Ctrl-z"], Nothing, 0, "Back to the shell; fg returns"),
    entry(Action::NextPane, "next-pane", "next pane", &["Tab", "Right"], Nothing, 0, "To the next pane"),
    entry(Action::PreviousPane, "previous-pane", "previous pane", &["Shift-Tab", "Left"], Nothing, 0, "To the pane before"),
    entry(Action::Pane(0), "pane-caseload", "caseload", &["1"], Nothing, 0, "To the caseload"),
    entry(Action::Pane(1), "pane-client", "client", &["2"], Nothing, 0, "To the client"),
    entry(Action::Pane(2), "pane-goals", "goals", &["3"], Nothing, 0, "To the goals"),
    entry(Action::Pane(3), "pane-appointments", "appointments", &["4"], Nothing, 0, "To the appointments"),
    entry(Action::Up, "up", "up", &["Up", "k"], Nothing, 0, "Up"),
    entry(Action::Down, "down", "down", &["Down", "j"], Nothing, 0, "Down"),
    entry(Action::PageUp, "page-up", "page up", &["PgUp", "Ctrl-u"], Nothing, 0, "A page up"),
    entry(Action::PageDown, "page-down", "page down", &["PgDn", "Ctrl-d"], Nothing, 0, "A page down"),
    entry(Action::First, "first", "first", &["Home"], Nothing, 0, "To the first"),
    entry(Action::Last, "last", "last", &["End", "G"], Nothing, 0, "To the last"),
    entry(Action::Quit, "quit", "quit", &["q", "Ctrl-c"], Nothing, 20, "Leave; everything is saved already"),
    in_form(Action::Save, "save", "save", &["Ctrl-s"], 1, "Save the form, from any field; Enter does so in the last one"),
    in_form(Action::NextField, "next-field", "next field", &["Tab", "Down"], 2, "To the next field; Enter does so too, except in a field of several lines, where it begins a line"),
    in_form(Action::PreviousField, "previous-field", "field before", &["Shift-Tab", "Up"], 3, "To the field before"),
    in_form(Action::OtherValue, "other-value", "other value", &["Ctrl-n"], 0, "Where two values disagree: take the other one. In a new goal: take the next one of the library"),
    in_form(Action::Editor, "editor", "your editor", &["Ctrl-e"], 0, "Write a field of several lines in your own editor; the text leaves the encrypted file meanwhile"),
    in_form(Action::Leave, "leave", "leave", &["Esc"], 4, "Leave the form; what was typed is asked about first"),
];

/// The action that answers a reason.
pub fn by_name(name: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.name == name)
}

/// A key as the table writes it: `a`, `G`, `Enter`, `Shift-Tab`, `Ctrl-s`.
pub fn key_name(key: &KeyEvent) -> Option<String> {
    let name = match key.code {
        KeyCode::Char(' ') => "Space".into(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Enter => "Enter".into(),
        KeyCode::Esc => "Esc".into(),
        KeyCode::Tab => "Tab".into(),
        KeyCode::BackTab => return Some("Shift-Tab".into()),
        KeyCode::Backspace => "Backspace".into(),
        KeyCode::Delete => "Del".into(),
        KeyCode::Up => "Up".into(),
        KeyCode::Down => "Down".into(),
        KeyCode::Left => "Left".into(),
        KeyCode::Right => "Right".into(),
        KeyCode::Home => "Home".into(),
        KeyCode::End => "End".into(),
        KeyCode::PageUp => "PgUp".into(),
        KeyCode::PageDown => "PgDn".into(),
        KeyCode::F(n) => format!("F{n}"),
        _ => return None,
    };
    Some(if key.modifiers.contains(KeyModifiers::CONTROL) {
        format!("Ctrl-{}", name.to_lowercase())
    } else if key.modifiers.contains(KeyModifiers::ALT) {
        format!("Alt-{name}")
    } else {
        name
    })
}

/// The table of keys as `docs/reference/keys.md` has it.
pub fn markdown() -> String {
    let mut out = String::from("| key | what it does |\n| --- | --- |\n");
    for entry in TABLE.iter().filter(|entry| !entry.keys.is_empty()) {
        let keys: Vec<String> = entry.keys.iter().map(|key| format!("`{}`", key.replace('|', "\\|"))).collect();
        let place = if entry.place == Place::Form { " (in a form)" } else { "" };
        out.push_str(&format!("| {} | {}{place} |\n", keys.join(" "), entry.about));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn no_key_stands_for_two_actions_in_one_place() {
        let mut seen: HashMap<(String, bool), Action> = HashMap::new();
        for entry in TABLE {
            for key in entry.keys {
                let known = seen.insert(((*key).into(), entry.place == Place::Form), entry.action);
                assert!(known.is_none_or(|known| known == entry.action), "{key} is {known:?} and {:?}", entry.action);
            }
        }
    }

    #[test]
    fn every_action_a_rule_may_name_is_here() {
        for name in crate::triage::ACTIONS {
            assert!(by_name(name).is_some(), "{name}");
        }
    }
}
