//! What may leave a client's file, to whom, at which moment: the releases of information, and the laws over them.
//!
//! The promise: nothing is permitted that no release in force covers, but for what the law itself demands or allows, and
//! then with a reason; whatever is left out says which rule left it out and what would permit it. Called by everything that
//! prints, exports or hands over; what was decided is then recorded ([`super::record`]). Pure: the moment is handed in.
//!
//! These are the federal rules; where a state asks for more, a release is not written until that is met.

use chrono::{DateTime, DurationRound, FixedOffset, NaiveDate, TimeDelta};

use crate::model::records::consent;
use crate::model::text::same_name;
use crate::model::{ConsentForm, Information, Row, RowId};
use crate::practice::Agency;

use super::classes::Categories;
use super::minors::{Person, objection};

/// Who is to be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recipient<'a> {
    /// The client themself (45 CFR 164.524; 42 CFR 2.23).
    Client,
    /// A person or an organisation, by the name that a release has.
    Other(&'a str),
}

/// What allows telling without a release. Each needs a reason in the worker's own words, and is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// To medical personnel, where consent cannot be had (42 CFR 2.51; 45 CFR 164.512(j)).
    Emergency,
    /// An order of a court (45 CFR 164.512(e); for substance use records one under 42 CFR 2.61 to 2.67).
    CourtOrder,
    /// A report the law demands: abuse, neglect (45 CFR 164.512(b), (c); 42 CFR 2.12(c)(6)).
    MandatedReport,
}

impl Ground {
    pub const ALL: [Ground; 3] = [Ground::Emergency, Ground::CourtOrder, Ground::MandatedReport];

    /// As it is typed at the command line.
    pub fn code(self) -> &'static str {
        match self {
            Ground::Emergency => "emergency",
            Ground::CourtOrder => "court-order",
            Ground::MandatedReport => "mandated-report",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Ground::Emergency => "Medical emergency",
            Ground::CourtOrder => "Court order",
            Ground::MandatedReport => "Report the law demands",
        }
    }

    /// For the person whose file it is.
    pub fn in_plain_words(self) -> &'static str {
        match self {
            Ground::Emergency => "a medical emergency",
            Ground::CourtOrder => "a court ordered it",
            Ground::MandatedReport => "a report that the law demands",
        }
    }

    pub fn from_code(code: &str) -> Option<Ground> {
        Ground::ALL.into_iter().find(|ground| ground.code() == code)
    }

    /// The rule that allows it.
    pub fn rule(self) -> &'static str {
        match self {
            Ground::Emergency => "45 CFR 164.512(j); 42 CFR 2.51",
            Ground::CourtOrder => "45 CFR 164.512(e); 42 CFR 2.61",
            Ground::MandatedReport => "45 CFR 164.512(b) and (c); 42 CFR 2.12(c)(6)",
        }
    }
}

/// Telling without a release, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    pub ground: Ground,
    /// In the worker's words; never empty.
    pub reason: String,
}

impl Override {
    /// # Errors
    /// Without a reason there is no override.
    pub fn new(ground: Ground, reason: &str) -> Result<Override, &'static str> {
        match reason.trim() {
            "" => Err("Giving something without a release needs a reason: it goes on the record."),
            reason => Ok(Override { ground, reason: reason.into() }),
        }
    }

    /// As it is recorded.
    pub fn in_words(&self) -> String {
        format!("{}: {} ({})", self.ground.label(), self.reason, self.ground.rule())
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    pub to: Recipient<'a>,
    pub what: &'a Categories,
    pub at: DateTime<FixedOffset>,
    pub person: &'a Person,
    pub without: Option<&'a Override>,
}

/// Something that must not leave.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    pub what: Information,
    /// The rule, in words.
    pub why: String,
    pub would_permit: String,
}

impl LeftOut {
    pub fn in_words(&self) -> String {
        format!("{}: {}. {}.", self.what.label(), self.why, self.would_permit)
    }
}

/// What may leave and what may not.
#[derive(Clone, Debug, PartialEq)]
pub struct Permission {
    pub allowed: Categories,
    pub left_out: Vec<LeftOut>,
    /// Goes with what leaves: the notice against redisclosure (42 CFR 2.32(a)).
    pub notice: Option<String>,
    /// Goes with it too: how far the consent goes by which it leaves (42 CFR 2.32(b)).
    pub scope: Option<String>,
    /// The releases that permit it, the one that permits the most first.
    pub by: Vec<RowId>,
    /// What to heed when it is handed over.
    pub warning: Option<String>,
    /// Some of it is allowed by no release, but on the ground that was named.
    overridden: bool,
}

impl Permission {
    /// Whether something that tells all of these may leave.
    pub fn shows(&self, told: &Categories) -> bool {
        told.is_subset(&self.allowed)
    }

    /// Whether all that was asked may leave.
    pub fn is_whole(&self) -> bool {
        self.left_out.is_empty()
    }

    /// Whether some of it leaves by no release, but on the ground that was named.
    pub fn is_overridden(&self) -> bool {
        self.overridden
    }

    /// What must go with what leaves, in words: the notice, how far the consent goes, how somebody is reached safely.
    pub fn goes_with_it(&self) -> impl Iterator<Item = &String> {
        self.notice.iter().chain(&self.scope).chain(&self.warning)
    }

    /// What is left out, for the record: the categories, separated by commas.
    pub fn withheld(&self) -> String {
        self.left_out.iter().map(|one| one.what.label()).collect::<Vec<_>>().join(", ")
    }
}

/// How a release stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In force, for so many days more; 0 on its last day.
    InForce {
        days_left: i64,
    },
    NotYet,
    Ended,
    TakenBack,
    /// It has no last day (45 CFR 164.508(c)(1)(v); 42 CFR 2.31(a)(7)).
    NoEnd,
}

impl Standing {
    pub fn holds(self) -> bool {
        matches!(self, Standing::InForce { .. })
    }
}

/// How a release stands: it ends with its last day, and from the minute in which it was taken back nothing leaves by it.
pub fn standing(row: &Row, at: DateTime<FixedOffset>) -> Standing {
    let day = at.date_naive();
    let taken_back = row.time(consent::revoked).map(|time| time.duration_trunc(TimeDelta::minutes(1)).unwrap_or(time));
    match row.date(consent::until) {
        _ if taken_back.is_some_and(|time| time <= at) => Standing::TakenBack,
        None => Standing::NoEnd,
        Some(until) if until < day => Standing::Ended,
        Some(_) if row.date(consent::from).is_some_and(|from| day < from) => Standing::NotYet,
        Some(until) => Standing::InForce { days_left: (until - day).num_days() },
    }
}

/// What may leave, of what is asked, by these releases of the client.
pub fn permits(releases: &[Row], asked: &Asked<'_>, agency: &Agency) -> Permission {
    let (person, danger) = (asked.person, asked.person.is_in_danger());
    let safe_contact = person.safe_contact.trim();
    let today = asked.at.date_naive();
    let lacking = |row: &Row, what: Information| lacks(row, what, person, agency, today);
    let Recipient::Other(to) = asked.to else {
        let warning = danger.then(|| {
            format!("Safe contact: {}. Hand it over so that nobody else sees it.", safe_contact.trim_end_matches('.'))
        });
        return Permission {
            allowed: asked.what.clone(),
            left_out: Vec::new(),
            notice: None,
            scope: None,
            by: Vec::new(),
            warning,
            overridden: false,
        };
    };
    let known: Vec<&Row> = releases.iter().filter(|row| same_name(row.text(consent::to), to)).collect();
    let holding: Vec<&Row> = known.iter().copied().filter(|row| standing(row, asked.at).holds()).collect();
    let mut found = Permission {
        allowed: Categories::new(),
        left_out: Vec::new(),
        notice: None,
        scope: None,
        by: Vec::new(),
        warning: danger.then(|| format!("Safe contact: {safe_contact}")),
        overridden: false,
    };
    let mut count: Vec<(usize, RowId)> = holding.iter().map(|row| (0, row.id)).collect();
    for what in asked.what {
        let taken_back = taken_back(&known, *what, asked.at);
        let counts = |row: &Row| taken_back.is_none_or(|time| is_word_after(row, time));
        let covering = holding.iter().position(|row| names(row, *what) && counts(row) && lacking(row, *what).is_none());
        if let Some(at) = covering {
            count[at].0 += 1;
            found.allowed.insert(*what);
        } else if asked.without.is_some_and(|without| allows(without.ground, *what, danger)) {
            found.overridden = true;
            found.allowed.insert(*what);
        } else {
            found.left_out.push(match asked.without {
                Some(without) => beyond(without.ground, *what),
                None => match taken_back.filter(|_| holding.iter().any(|row| names(row, *what) && !counts(row))) {
                    Some(time) => taken_back_since(*what, to, time),
                    None => {
                        let mut named = holding.iter().filter(|row| names(row, *what));
                        match named.find_map(|row| lacking(row, *what)) {
                            Some((why, would_permit)) => LeftOut { what: *what, why, would_permit },
                            None => refusal(&known, &holding, *what, to, asked.at, danger),
                        }
                    }
                },
            });
        }
    }
    count.sort_by_key(|(many, _)| std::cmp::Reverse(*many));
    found.by = count.into_iter().filter(|(many, _)| *many > 0).map(|(_, row)| row).collect();
    if found.allowed.contains(&Information::SubstanceUse) {
        found.notice = Some(agency.part2_notice.clone());
        let tells =
            |row: &&&Row| names(row, Information::SubstanceUse) && lacking(row, Information::SubstanceUse).is_none();
        let by = holding.iter().filter(|row| found.by.contains(&row.id)).find(tells);
        found.scope = by.map(|row| scope(row));
    }
    found
}

/// How far a consent goes, in words for whoever gets what it permits.
fn scope(row: &Row) -> String {
    let all = Information::ALL.iter().filter(|one| names(row, **one)).map(|one| one.label().to_lowercase());
    let purpose = match row.text(consent::purpose).trim() {
        "" => String::new(),
        purpose => format!("; for {purpose}"),
    };
    let until = row.date(consent::until).map_or(String::new(), |until| until.format("; until %-d %b %Y").to_string());
    format!(
        "By the client's written consent to {}: {}{purpose}{until}, unless it is taken back before.",
        row.text(consent::to).trim(),
        all.collect::<Vec<_>>().join(", ")
    )
}

fn names(row: &Row, what: Information) -> bool {
    row.words(consent::what).iter().any(|code| code == what.code())
}

/// How the consent was given; none where nobody noted it, or sites say different things.
fn form(row: &Row) -> Option<ConsentForm> {
    let torn = row.disagreements.iter().any(|torn| torn.field == consent::form);
    ConsentForm::from_code(row.text(consent::form)).filter(|_| !torn)
}

/// Whether a release was given in writing, on paper or on a screen.
pub fn is_in_writing(row: &Row) -> bool {
    matches!(form(row), Some(ConsentForm::Written | ConsentForm::Electronic))
}

/// How a release was given, in words beside others.
pub fn form_in_words(row: &Row) -> &'static str {
    match form(row) {
        Some(ConsentForm::Written) => "in writing",
        Some(ConsentForm::Electronic) => "signed on a screen",
        Some(ConsentForm::Verbal) => "by word of mouth",
        None => "form not noted",
    }
}

/// The law on those who fled violence: only by their written and informed consent, reasonably limited in time.
pub(super) const VAWA: &str = "34 USC 12291(b)(2)(B)";

/// What needs a release in writing: a word is not enough.
fn needs_writing(what: Information, danger: bool) -> Option<&'static str> {
    match what {
        Information::SubstanceUse => Some("42 CFR 2.31"),
        Information::Violence => Some(VAWA),
        Information::Whereabouts | Information::Contact => danger.then_some(VAWA),
        Information::Attendance
        | Information::Needs
        | Information::Notes
        | Information::Health
        | Information::MentalHealth
        | Information::Income
        | Information::Employment
        | Information::Family => None,
    }
}

/// What a release that names it lacks to cover it, and what would permit it; none where it covers it.
fn lacks(row: &Row, what: Information, person: &Person, agency: &Agency, today: NaiveDate) -> Option<(String, String)> {
    let to = row.text(consent::to).trim();
    let guarded = needs_writing(what, person.is_in_danger());
    if what == Information::SubstanceUse && !row.yes(consent::part2) {
        return Some((
            format!("the release to {to} does not say that it covers substance use records (42 CFR 2.31)"),
            "A release to them that says so in so many words".into(),
        ));
    }
    if let Some(rule) = guarded.filter(|_| !is_in_writing(row)) {
        return Some(match form(row) {
            None => (
                format!("the release to {to} does not say that it was given in writing ({rule})"),
                "How it was given, noted with it; or the same release, signed on paper or on a screen".into(),
            ),
            Some(_) => (
                format!("the release to {to} was not given in writing ({rule})"),
                "The same release, signed on paper or on a screen".into(),
            ),
        });
    }
    objection(row, what, person, agency, (guarded, today))
}

/// When the client last took back that somebody may be told of it, as far as it was taken back by now.
fn taken_back(known: &[&Row], what: Information, at: DateTime<FixedOffset>) -> Option<DateTime<FixedOffset>> {
    let taken = known.iter().filter(|row| names(row, what) && standing(row, at) == Standing::TakenBack);
    taken.filter_map(|row| row.time(consent::revoked)).max()
}

/// Whether a release is the client's word after a moment: it begins on a later day, or was entered later on the same one.
fn is_word_after(row: &Row, time: DateTime<FixedOffset>) -> bool {
    let entered_after =
        || row.id.unix_ms().is_some_and(|ms| i64::try_from(ms).is_ok_and(|ms| ms > time.timestamp_millis()));
    match row.date(consent::from) {
        Some(from) if from != time.date_naive() => from > time.date_naive(),
        Some(_) | None => entered_after(),
    }
}

/// Why it stays although a release runs: the client's newest word to the same recipient took it back.
fn taken_back_since(what: Information, to: &str, time: DateTime<FixedOffset>) -> LeftOut {
    let when = time.format("%-d %b %Y %H:%M");
    LeftOut {
        what,
        why: format!(
            "a release to {to} was taken back on {when}, and the one that still runs is older (45 CFR 164.508(b)(5); 42 CFR 2.31(a)(6))"
        ),
        would_permit: "Ask what they want now, and write it down as a new release".into(),
    }
}

/// Whether the law allows telling it on this ground, without any release.
fn allows(ground: Ground, what: Information, danger: bool) -> bool {
    match (ground, what) {
        // An initial report is exempt; the records themselves are not (42 CFR 2.12(c)(6)).
        (Ground::MandatedReport, Information::SubstanceUse) => false,
        // VAWA knows statutory and court mandates (34 USC 12291(b)(2)(C)) and no emergency.
        (Ground::Emergency, what) => what == Information::SubstanceUse || needs_writing(what, danger) != Some(VAWA),
        (Ground::CourtOrder | Ground::MandatedReport, _) => true,
    }
}

/// Why it stays although there is a ground to tell without a release.
fn beyond(ground: Ground, what: Information) -> LeftOut {
    let (why, would_permit) = match ground {
        Ground::MandatedReport => (
            "a report of abuse may be made, but records of substance use stay (42 CFR 2.12(c)(6))",
            "A written release that says so, or a court order under 42 CFR 2.61",
        ),
        Ground::Emergency | Ground::CourtOrder => (
            "what could lead someone to a person in danger leaves in no emergency without their word (34 USC 12291(b)(2)(B))",
            "A written release for this, with a last day, or a court order",
        ),
    };
    LeftOut { what, why: why.into(), would_permit: would_permit.into() }
}

/// Why no release permits it: the nearest one says.
fn refusal(
    known: &[&Row],
    holding: &[&Row],
    what: Information,
    to: &str,
    at: DateTime<FixedOffset>,
    danger: bool,
) -> LeftOut {
    let label = what.label().to_lowercase();
    let rule = needs_writing(what, danger).unwrap_or("45 CFR 164.508");
    let left = |why: String, would_permit: String| LeftOut { what, why, would_permit };
    let part2 = if what == Information::SubstanceUse { " and says that it covers substance use records" } else { "" };
    let writing = if needs_writing(what, danger).is_some() { "written release" } else { "release" };
    let wanted = format!("A {writing} to {to} that covers {label}, with a last day{part2}");
    if !holding.is_empty() {
        return left(format!("the release to {to} does not cover it ({rule})"), wanted);
    }
    let newest = known.iter().max_by_key(|row| (row.date(consent::until), row.time(consent::revoked), row.id));
    let Some(newest) = newest else { return left(format!("there is no release to {to} ({rule})"), wanted) };
    let day = |day: Option<chrono::NaiveDate>| day.map_or(String::new(), |day| day.format("%-d %b %Y").to_string());
    match standing(newest, at) {
        Standing::TakenBack => {
            let when = newest.time(consent::revoked);
            let when = when.map_or(String::new(), |time| time.format("%-d %b %Y %H:%M").to_string());
            left(
                format!("the release to {to} was taken back on {when} (45 CFR 164.508(b)(5); 42 CFR 2.31(a)(6))"),
                wanted,
            )
        }
        Standing::NoEnd => left(
            format!("the release to {to} has no last day (45 CFR 164.508(c)(1)(v); 42 CFR 2.31(a)(7))"),
            "Its last day, as it was agreed".into(),
        ),
        Standing::NotYet => left(
            format!("the release to {to} begins on {} only (45 CFR 164.508(b)(1))", day(newest.date(consent::from))),
            "Waiting until then, or a release from today".into(),
        ),
        Standing::Ended | Standing::InForce { .. } => left(
            format!("the release to {to} ended on {} (45 CFR 164.508(c)(2))", day(newest.date(consent::until))),
            wanted,
        ),
    }
}

#[cfg(test)]
mod tests;
