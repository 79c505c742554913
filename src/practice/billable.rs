//! Which notes can be billed, for how many units, and against which authorization; where one cannot be, why, and what
//! would make it billable.
//!
//! The promise: every unit is counted once; a note is billable only where everything its service asks for is there; every
//! other note says all that is missing. How minutes become units is [`super::counting`]'s. Pure: all rows are handed in.

mod units;

pub use units::letter;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeDelta};

use crate::model::records::{goal, note, plan, signature};
use crate::model::standing::{State, standing};
use crate::model::{ContactKind, FieldId, PlanStatus, Row, RowId, SignatureRole};

use super::Practice;
use super::billing::{Need, Service};
use super::counting::{Given, given};

/// What is needed of one client: all notes and everything that decides about them, whatever the period, for units were used
/// before it too.
#[derive(Clone, Debug)]
pub struct Books {
    pub client: RowId,
    pub name: String,
    /// Who works with them: the author of notes that nobody has signed.
    pub worker: String,
    pub notes: Vec<Row>,
    pub signatures: Vec<Row>,
    pub addenda: Vec<Row>,
    pub plans: Vec<Row>,
    pub goals: Vec<Row>,
    pub authorizations: Vec<Row>,
}

/// One note on the billing sheet; of a service across midnight, what falls on one of its days.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub client: RowId,
    pub name: String,
    pub note: RowId,
    pub when: DateTime<FixedOffset>,
    /// The code; empty where none was chosen.
    pub service: String,
    pub minutes: u32,
    /// Units billed with this note. Of several notes of one service on a day each has what it adds to the day's units.
    pub units: u32,
    /// The authorizations that the units are taken from.
    pub from: Vec<Taken>,
    /// Why it cannot be billed, or not with all its units; empty: all of it can be.
    pub missing: Vec<Missing>,
    /// Beside what is billed: that it is counted with another note.
    pub remark: String,
}

impl Line {
    fn given(&self) -> Given {
        given(self.when, self.minutes)
    }

    pub fn is_billable(&self) -> bool {
        self.missing.is_empty()
    }

    /// In a word or two, for a table.
    pub fn status(&self) -> &'static str {
        match (self.missing.is_empty(), self.units) {
            (true, _) => "billable",
            (false, 0) => "not billable",
            (false, _) => "partly billable",
        }
    }
}

/// Units taken from one authorization.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    pub authorization: RowId,
    pub payer: String,
    pub number: String,
    pub units: u32,
}

/// Something that keeps a note from being billed.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    pub why: String,
    pub would_make: String,
}

impl Missing {
    fn new(why: impl Into<String>, would_make: impl Into<String>) -> Missing {
        Missing { why: why.into(), would_make: would_make.into() }
    }

    pub fn in_words(&self) -> String {
        format!("{}. {}.", self.why, self.would_make)
    }
}

/// A service that has hours of its own: what overlaps is told by these.
struct Spell {
    line: usize,
    worker: String,
    /// Of a group: nobody gives two services there, however many clients came.
    session: String,
    starts: DateTime<FixedOffset>,
    ends: DateTime<FixedOffset>,
}

/// The billing sheet from a day to a day, both included: by client, then by time. Notes without a service stand on it only
/// where minutes of work were written down.
pub fn sheet(practice: &Practice, books: &[Books], from: NaiveDate, to: NaiveDate) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut spells = Vec::new();
    for one in books {
        for row in &one.notes {
            for line in lines_of(practice, one, row) {
                if line.minutes > 0 && !line.service.is_empty() {
                    let ends = line.when + TimeDelta::minutes(line.minutes.into());
                    let (worker, session) = (author(one, row), row.text(note::session).to_string());
                    spells.push(Spell { line: lines.len(), worker, session, starts: line.when, ends });
                }
                lines.push(line);
            }
        }
    }
    point_out_overlaps(&mut lines, &mut spells);
    for one in books {
        units::count(practice, one, &mut lines);
    }
    lines.retain(|line| (from..=to).contains(&line.when.date_naive()));
    lines.sort_by(|a, b| (&a.name, a.client, a.when, a.note).cmp(&(&b.name, b.client, b.when, b.note)));
    lines
}

/// Units by day and service, of what is billable.
pub fn by_day(lines: &[Line]) -> BTreeMap<(NaiveDate, &str), u32> {
    let mut days = BTreeMap::new();
    for line in lines.iter().filter(|line| line.units > 0) {
        *days.entry((line.when.date_naive(), line.service.as_str())).or_default() += line.units;
    }
    days
}

/// The first and the last day of a day's month.
pub fn month_of(day: NaiveDate) -> (NaiveDate, NaiveDate) {
    let first = day.with_day(1).unwrap_or(day);
    let next = first.checked_add_months(chrono::Months::new(1)).and_then(|next| next.pred_opt());
    (first, next.unwrap_or(day))
}

/// A billing sheet in words: note by note, why not where not, and the units.
pub fn in_words(lines: &[Line], (from, to): (NaiveDate, NaiveDate)) -> Vec<String> {
    let mut out = vec![format!("Billing, {} to {}", from.format("%-d %b %Y"), to.format("%-d %b %Y"))];
    let mut name = None;
    for line in lines {
        if name.replace((&line.client, &line.name)) != Some((&line.client, &line.name)) {
            out.extend([String::new(), line.name.clone()]);
        }
        let service = if line.service.is_empty() { "-" } else { &line.service };
        let units = format!("{} {}", line.units, if line.units == 1 { "unit" } else { "units" });
        let when = line.when.format("%a %e %b %H:%M");
        let remark = if line.remark.is_empty() { String::new() } else { format!(", {}", line.remark) };
        out.push(format!("  {when}  {service:<6} {:>4} min  {units:>8}  {}{remark}", line.minutes, line.status()));
        out.extend(line.missing.iter().map(|missing| format!("      ! {}", missing.in_words())));
        out.extend(line.from.iter().map(|taken| {
            let number = if taken.number.is_empty() { String::new() } else { format!(" {}", taken.number) };
            format!("      {} from {}{number}", taken.units, taken.payer)
        }));
    }
    if lines.is_empty() {
        out.push("Nothing was written down that could be billed.".into());
        return out;
    }
    out.push(String::new());
    let mut totals: BTreeMap<&str, u32> = BTreeMap::new();
    for ((_, service), units) in by_day(lines) {
        *totals.entry(service).or_default() += units;
    }
    out.extend(totals.iter().map(|(service, units)| format!("{service}: {units} units")));
    let waiting = lines.iter().filter(|line| !line.is_billable()).count();
    if waiting > 0 {
        out.push(format!("Not billable as they are: {waiting} of {}", lines.len()));
    }
    out
}

fn is_service(kind: Option<ContactKind>) -> bool {
    !matches!(kind, None | Some(ContactKind::Attempt | ContactKind::Record))
}

/// What a note says for itself, before its day and the authorizations are looked at: one line for each day of it.
fn lines_of(practice: &Practice, books: &Books, row: &Row) -> Vec<Line> {
    let Some(begins) = row.time(note::when) else { return Vec::new() };
    let minutes = row.whole(note::minutes).and_then(|minutes| u32::try_from(minutes).ok()).unwrap_or(0);
    let kind = ContactKind::from_code(row.text(note::kind));
    let code = row.text(note::service);
    if code.is_empty() && (minutes == 0 || !is_service(kind)) {
        return Vec::new();
    }
    let mut of_all = Vec::new();
    if minutes == 0 {
        of_all.push(Missing::new("it has no minutes", "Write down how long it took"));
    }
    signed(books, row, &mut of_all);
    let unit = practice.service(code).map(|service| service.unit);
    let mut when = begins;
    let parts = given(begins, minutes).by_day(unit);
    let days = parts.len();
    let line = |part: Given| {
        let mut missing = Vec::new();
        match practice.service(code) {
            _ if code.is_empty() => {
                missing.push(Missing::new("no service was chosen", "Choose the service it is billed as"))
            }
            None => missing.push(Missing::new(
                format!("nobody knows the service {code}"),
                "Choose one that the agency bills, or add it to the agency's services.toml",
            )),
            Some(service) => for_service(books, row, service, kind, part.day, &mut missing),
        }
        missing.extend(of_all.iter().cloned());
        let line = Line {
            client: books.client,
            name: books.name.clone(),
            note: row.id,
            when,
            service: code.into(),
            minutes: part.minutes,
            units: 0,
            from: Vec::new(),
            missing,
            remark: if days > 1 { format!("across midnight, {minutes} min in all") } else { String::new() },
        };
        when += TimeDelta::minutes(part.minutes.into());
        line
    };
    parts.into_iter().map(line).collect()
}

/// Whether it is what the service asks for.
fn for_service(
    books: &Books,
    row: &Row,
    service: &Service,
    kind: Option<ContactKind>,
    day: NaiveDate,
    missing: &mut Vec<Missing>,
) {
    let label = kind.map_or("no kind of contact".into(), |kind| kind.label().to_lowercase());
    let fits = match service.kinds.as_slice() {
        [] => is_service(kind),
        kinds => kind.is_some_and(|kind| kinds.contains(&kind)),
    };
    if !fits {
        missing.push(Missing::new(
            format!("{} is not billed for \"{label}\"", service.code),
            "Correct the kind of contact if it was another, or leave the service empty",
        ));
    }
    if service.needs.contains(&Need::FaceToFace) && kind != Some(ContactKind::FaceToFace) {
        missing.push(Missing::new(
            format!("{} is billed for seeing someone face to face, and this was \"{label}\"", service.code),
            "Choose the service that is billed for other contacts",
        ));
    }
    if service.needs.contains(&Need::Goal) {
        missing.extend(no_goal(books, row, day));
    }
}

/// What is missing where a note has to serve a goal of a plan that was in force on its day.
fn no_goal(books: &Books, row: &Row, day: NaiveDate) -> Option<Missing> {
    let served = row.words(note::goals);
    if served.is_empty() {
        return Some(Missing::new("it serves no goal", "Name the goal of the plan that it serves"));
    }
    let goals = books.goals.iter().filter(|goal| served.contains(&goal.id.to_string()));
    let plans: BTreeSet<RowId> = goals.filter_map(|row| row.link(goal::plan)).collect();
    let standing = books.plans.iter().filter(|row| plans.contains(&row.id)).map(|row| in_force(books, row, day));
    match standing.max() {
        Some(Standing::InForce) => None,
        Some(Standing::CannotTell) => Some(Missing::new(
            "cannot tell whether its plan was in force that day: it ended, and nobody wrote down when",
            "Write the day on which the plan ended",
        )),
        _ => Some(Missing::new(
            "the goals that it serves were on no active plan that day",
            "Put the goal on the plan in force, or name a goal that is",
        )),
    }
}

/// How a plan stood on a day; the better the later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Not,
    /// It has ended, and nothing says when.
    CannotTell,
    InForce,
}

/// Whether a plan was in force on a day. One that has ended was so to its last day: as it was written down, or else to the
/// day before the plan that follows on it began.
fn in_force(books: &Books, row: &Row, day: NaiveDate) -> Standing {
    let status = PlanStatus::from_code(row.text(plan::status));
    if status.is_none_or(|status| status == PlanStatus::Draft) || row.date(plan::start).is_some_and(|start| day < start)
    {
        return Standing::Not;
    }
    let replaced = || {
        let next = books.plans.iter().filter(|next| next.link(plan::replaces) == Some(row.id));
        next.filter(|next| next.text(plan::status) != PlanStatus::Draft.code())
            .filter_map(|next| next.date(plan::start))
            .min()
    };
    let was = |holds| if holds { Standing::InForce } else { Standing::Not };
    match (row.date(plan::ended), status) {
        (Some(ended), _) => was(day <= ended),
        (None, Some(PlanStatus::Active)) => Standing::InForce,
        (None, _) => replaced().map_or(Standing::CannotTell, |next| was(day < next)),
    }
}

/// Whether it is signed by whoever has to sign, and is what was signed.
fn signed(books: &Books, row: &Row, missing: &mut Vec<Missing>) {
    let standing = standing(row, &books.signatures, &books.addenda);
    match standing.state {
        State::Unsigned => return missing.push(Missing::new("it is not signed", "Sign it")),
        State::Broken => missing.push(Missing::new(
            "what was signed was altered outside the program",
            "Restore the latest backup: an altered note is never billed",
        )),
        State::Signed => {}
        // A goal that was put in other words since does not matter here; the hours and the service do.
        State::ChangedBeside => {
            let says = |field: FieldId| {
                let field = note::TYPE.field(field.field).expect("a note's own field");
                let value = row.get(field.id).plain();
                value.is_empty() || standing.text.contains(&format!("{}: {value}\n", field.label))
            };
            if ![note::when, note::minutes, note::service, note::kind].into_iter().all(says) {
                missing.push(Missing::new(
                    "its time, minutes, kind or service are not what was signed",
                    "Say in a signed addendum which is right",
                ));
            }
        }
    }
    let cosigner = row.text(note::cosigner);
    if !cosigner.trim().is_empty() && !standing.has(SignatureRole::Cosigner) {
        missing.push(Missing::new(format!("it waits for the co-signature of {cosigner}"), "Their signature"));
    }
}

/// Who gave the service: the note's author, or else whoever signed it, or else the client's case manager.
fn author(books: &Books, row: &Row) -> String {
    let id = row.id.to_string();
    let by_author = |row: &&Row| {
        row.by.is_none() && row.text(signature::of) == id && row.text(signature::role) == SignatureRole::Author.code()
    };
    let signer = || books.signatures.iter().find(by_author).map(|row| row.text(signature::name));
    let written = Some(row.text(note::author)).filter(|author| !author.trim().is_empty());
    let name = written.or_else(signer).unwrap_or(&books.worker);
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Nobody gives two services at once: both notes say so.
fn point_out_overlaps(lines: &mut [Line], spells: &mut [Spell]) {
    spells.sort_by(|a, b| (&a.worker, a.starts, a.line).cmp(&(&b.worker, b.starts, b.line)));
    for at in 0..spells.len() {
        let one = &spells[at];
        let meeting = spells[at + 1..].iter().take_while(|next| next.worker == one.worker && next.starts < one.ends);
        for other in meeting {
            if !one.session.is_empty() && one.session == other.session {
                continue;
            }
            for (mine, theirs) in [(one, other), (other, one)] {
                let why = format!(
                    "it overlaps {} {} of the same worker, {} to {}",
                    lines[theirs.line].service,
                    if lines[mine.line].client == lines[theirs.line].client {
                        "for the same client"
                    } else {
                        "for another client"
                    },
                    theirs.starts.format("%H:%M"),
                    theirs.ends.format("%H:%M"),
                );
                lines[mine.line].missing.push(Missing::new(why, "Correct the time or the minutes of one of them"));
            }
        }
    }
}

#[cfg(test)]
mod tests;
