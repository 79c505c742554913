//! The rules as data: `assets/triage.toml`, and an agency's own file laid over it.

mod lines;
mod parts;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::model::text::{Words, has_words};
use crate::model::{CATALOGUE, FieldId, Intensity};
use crate::practice::{Practice, Trouble, weaker};

use super::{Band, Class, Mark, calendar};
use lines::RuleLines;
pub use parts::{LooksAt, MetBy, Where};

/// What answers a reason: every name that a rule's `action` may be. The screen's action table knows them all.
pub const ACTIONS: &[&str] = &[
    "crisis",
    "edit-client",
    "mark-appointment",
    "edit-appointment",
    "log-contact",
    "task-done",
    "step-done",
    "goal-progress",
    "edit-plan",
    "add-note",
    "add-plan",
    "add-appointment",
    "assessment-done",
    "hand-over",
    "conflicts",
    "sign-note",
    "sign-plan",
    "edit-record",
    "assess",
    "act-on-answer",
    "safety-plan",
    "report-made",
    "debrief",
    "medication-check",
    "refill",
    "arrangement-done",
    "close-client",
    "referral",
];

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Calendar {
    #[default]
    Calendar,
    /// Weekends and US federal holidays do not count.
    Business,
}

/// What a raised risk, or a critical medication, makes of a reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lift {
    /// Of the class *life*, in *now*.
    LifeNow,
    /// Of the class *life*, in *today*.
    LifeToday,
    /// Of the class *contact*, in *today*.
    ContactToday,
}

/// How long a reason may be put off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PutOffAtMost {
    Never,
    /// Days from the day on which it was put off.
    Days(i64),
    /// As many days as agency.toml allows.
    Agency,
}

/// One rule, complete.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    pub id: String,
    pub looks_at: LooksAt,
    /// What comes of it if nobody answers.
    pub class: Class,
    /// How grave, where it is about life: 0 to 1,100.
    pub gravity: u16,
    /// What a raised risk makes of it.
    pub lifts: Option<Lift>,
    /// What a critical medication makes of it.
    pub lifts_critical: Option<Lift>,
    pub put_off: PutOffAtMost,
    /// Asks of a closed case too.
    pub closed: bool,
    /// Days from the fact to its due day; negative = before.
    pub days: i64,
    pub calendar: Calendar,
    /// All of these must hold of the row.
    pub wheres: Vec<Where>,
    /// Only the newest row of its type counts, and only where so many of the newest, one after another, are as `wheres` say.
    pub in_a_row: Option<u8>,
    /// Counts only for a client who has no row of this type (its number).
    pub without: Option<u16>,
    /// Counts only beside an open row of this record type: a job while a vocational case is open.
    pub beside: Option<u16>,
    /// Any of these makes the reason go away.
    pub met_by: Vec<MetBy>,
    /// So many days after the fact a contact counts at the earliest.
    pub met_after: i64,
    /// The date to go by where the row does not have the one that is looked at.
    pub or_else: Option<FieldId>,
    /// Days from that date, where they are others than `days`.
    pub or_else_days: Option<i64>,
    /// Where this date of the row is filled in, it is the due day, moved by `instead_days`.
    pub instead: Option<FieldId>,
    pub instead_days: i64,
    /// Due on this date of the row at the earliest: the later of two.
    pub later_of: Option<FieldId>,
    /// Due on this date of the row at the latest: the earlier of two.
    pub not_after: Option<FieldId>,
    /// A due day on a weekend or holiday moves to the next workday.
    pub rolls: bool,
    /// Counts only while this date of the row is empty or later than the one looked at.
    pub earlier_than: Option<FieldId>,
    /// Once this date of the row has passed, another rule takes over.
    pub gives_way: Option<FieldId>,
    /// What fell due before the client first came to us was somebody else's.
    pub since_opened: bool,
    /// Does not ask while the client is in a hospital again.
    pub at_home: bool,
    /// Days before the due day on which it first shows.
    pub shows: Option<i64>,
    /// Days after the due day on which it shows last: only for what ends by itself.
    pub ends: Option<i64>,
    /// In the band when so many days or fewer are left.
    pub now: Option<i64>,
    pub today: Option<i64>,
    pub this_week: Option<i64>,
    /// The band once the due day has passed, where it is another.
    pub afterwards: Option<Band>,
    pub weight: u16,
    pub action: String,
    pub text: String,
    /// The words once the due time has passed; empty: the same.
    pub missed: String,
    pub source: String,
}

impl Rule {
    /// The field of its row in which the rule is answered, where there is one.
    pub fn answered_in(&self) -> Option<FieldId> {
        self.met_by.iter().find_map(|by| match by {
            MetBy::Field { field, .. } => Some(*field),
            MetBy::Contact | MetBy::Reached | MetBy::Seen | MetBy::FollowUp { .. } => None,
        })
    }

    /// Whether a raised risk or a critical medication makes it a matter of life.
    fn lifts_to_life(&self) -> bool {
        [self.lifts, self.lifts_critical].iter().any(|lift| matches!(lift, Some(Lift::LifeNow | Lift::LifeToday)))
    }

    pub(super) fn due(&self, from: NaiveDate, days: i64) -> NaiveDate {
        match self.calendar {
            Calendar::Calendar => calendar::add_days(from, days),
            Calendar::Business => calendar::add_business_days(from, days),
        }
    }

    /// Why another rule in place of this one would guard a life less; `None` where it would not.
    fn weakened_by(&self, other: &Rule) -> Option<&'static str> {
        let sooner = |old: Option<i64>, new: Option<i64>| old.is_some() && new < old;
        let fewer = |rule: &Rule| {
            (
                (rule.wheres.clone(), rule.met_by.clone(), rule.met_after, rule.without, rule.beside, rule.in_a_row),
                (rule.or_else, rule.instead, rule.instead_days, rule.later_of, rule.not_after, rule.earlier_than),
                (rule.gives_way, rule.since_opened, rule.at_home, rule.calendar, rule.afterwards),
            )
        };
        if self.class != Class::Life {
            None
        } else if other.class != Class::Life {
            Some("is no longer of the class life")
        } else if sooner(self.now, other.now) || sooner(self.today, other.today) || self.days < other.days {
            Some("asks later")
        } else if fewer(self) != fewer(other) {
            Some("asks of fewer, or is answered by more")
        } else if other.gravity < self.gravity {
            Some("counts as less grave")
        } else if other.ends.is_some() && other.ends != self.ends || other.shows < self.shows && other.shows.is_some() {
            Some("is shown for a shorter time")
        } else if self.closed && !other.closed {
            Some("no longer asks of closed cases")
        } else if self.put_off == PutOffAtMost::Never && other.put_off != PutOffAtMost::Never {
            Some("may be put off")
        } else {
            None
        }
    }
}

/// All rules, and how often to be in touch.
#[derive(Clone, PartialEq, Debug)]
pub struct Rules {
    pub(super) rules: Vec<Rule>,
    /// Days between contacts, by [`Intensity`].
    contact: [i64; 4],
    /// Names of programs, by code: what `programme=@snap` stands for.
    programs: BTreeMap<String, Vec<String>>,
    /// Names of medications a gap of which is dangerous.
    pub(super) critical: Vec<Words>,
    /// How urgent each kind of crisis is, by its code; one that is not named is a matter of minutes.
    urgency: BTreeMap<String, Urgency>,
    /// Words in which people speak of a crisis, by its kind.
    crisis_words: Vec<(String, Vec<Words>)>,
    /// Safety rules that the agency switched off or weakened, and why it says so.
    accepted: Vec<String>,
    /// The places of the rules that look at rows, by the number of the record type.
    pub(super) by_record: Vec<Vec<u16>>,
    /// The places of the others.
    pub(super) by_client: Vec<u16>,
    /// The fields that settle a row and the codes that do, by the number of the record type: looked at for every row.
    settling: Vec<Vec<(FieldId, &'static [&'static str])>>,
    practice: Arc<Practice>,
}

/// How soon a crisis may kill or hurt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    Tonight,
    Hours,
    Minutes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    #[serde(default)]
    contact: ContactLines,
    #[serde(default)]
    programs: BTreeMap<String, Vec<String>>,
    #[serde(default, rename = "critical-medication")]
    critical: CriticalLines,
    #[serde(default, rename = "crisis-urgency")]
    urgency: BTreeMap<String, Urgency>,
    #[serde(default)]
    rule: Vec<toml::Spanned<RuleLines>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CriticalLines {
    #[serde(default)]
    names: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactLines {
    intensive: Option<u16>,
    active: Option<u16>,
    standard: Option<u16>,
    light: Option<u16>,
}

impl Rules {
    /// The rules that ship with the program, over the practice data that ship with it.
    pub fn standard() -> Rules {
        Rules::with(Practice::standard())
    }

    /// The shipped rules over an agency's practice data.
    pub fn with(practice: Arc<Practice>) -> Rules {
        let crisis_words = |kind: &crate::practice::CrisisKind| {
            let words = std::iter::once(&kind.name).chain(&kind.words).map(|words| Words::new(words));
            (kind.code.clone(), words.collect())
        };
        let none = Rules {
            crisis_words: practice.crises.iter().map(crisis_words).collect(),
            rules: Vec::new(),
            contact: [7, 14, 30, 90],
            programs: BTreeMap::new(),
            critical: Vec::new(),
            urgency: BTreeMap::new(),
            accepted: Vec::new(),
            by_record: Vec::new(),
            by_client: Vec::new(),
            settling: Vec::new(),
            practice,
        };
        let shipped = include_str!("../../assets/triage.toml");
        let mut rules = none.overlay("triage.toml", shipped).expect("the shipped rules are sound");
        let silent = i64::from(rules.practice.agency.referral_silent_days);
        rules.rules.iter_mut().filter(|rule| rule.id == "referral-silent").for_each(|rule| rule.days = silent);
        rules.tell_of_numbers();
        rules
    }

    /// Takes note of the agency's own numbers that make somebody be asked about later than what ships with the program, and
    /// of what does not say what it tells.
    fn tell_of_numbers(&mut self) {
        let (shipped, own) = (Practice::standard(), Arc::clone(&self.practice));
        if shipped == own {
            return;
        }
        self.accepted.extend(weaker::numbers(&shipped.agency, &own.agency));
        self.accepted.extend(own.untold());
        for area in &own.areas {
            for intensity in Intensity::ALL.iter().copied() {
                let code = std::slice::from_ref(&area.code);
                let before = shipped.contact_days(intensity, code).unwrap_or(self.contact[intensity as usize]);
                let (now, label) = (own.contact_days(intensity, code), intensity.code());
                if let Some(days) = now.filter(|days| *days > before) {
                    self.accepted.push(format!(
                        "areas/{}.toml: whoever is \"{label}\" there is to be in touch every {days} days instead of {before}",
                        area.code
                    ));
                }
            }
        }
    }

    /// These rules with a file's laid over them: a rule with a known id replaces the lines it names, a new one is added,
    /// `off = true` takes one out. What guards a life is weakened only with `accept = "reason"`.
    ///
    /// # Errors
    /// Names the file and the line of what cannot be understood.
    pub fn overlay(mut self, file: &str, text: &str) -> Result<Rules, Trouble> {
        let at = |offset: usize, why: String| Trouble::at(file, text, offset, why);
        let lines: RulesFile = toml::from_str(text)
            .map_err(|error| at(error.span().map_or(0, |span| span.start), error.message().into()))?;
        let contact = [lines.contact.intensive, lines.contact.active, lines.contact.standard, lines.contact.light];
        for ((days, given), intensity) in self.contact.iter_mut().zip(contact).zip(Intensity::ALL) {
            let Some(given) = given.map(i64::from) else { continue };
            // What ships lies over nothing.
            if given > *days && !self.rules.is_empty() {
                let label = intensity.code();
                self.accepted.push(format!(
                    "{file}: whoever is \"{label}\" is to be in touch every {given} days instead of {days}"
                ));
            }
            *days = given;
        }
        for (code, names) in lines.programs {
            self.programs.entry(code).or_default().extend(names);
        }
        self.critical.extend(lines.critical.names.iter().map(|name| Words::new(name)));
        for (kind, urgency) in lines.urgency {
            if self.urgency.get(&kind).is_some_and(|known| urgency < *known) {
                self.accepted
                    .push(format!("{file}: a crisis of the kind \"{kind}\" counts as less urgent than it did"));
            }
            self.urgency.insert(kind, urgency);
        }
        for spanned in lines.rule {
            let start = spanned.span().start;
            let rule = spanned.into_inner();
            let known = self.rules.iter().position(|known| known.id == rule.id);
            let accept = rule.accept.clone().filter(|why| !why.trim().is_empty());
            if rule.off == Some(true) {
                let known =
                    known.ok_or_else(|| at(start, format!("there is no rule \"{}\" to switch off", rule.id)))?;
                match self.rules[known].class {
                    Class::Life => {
                        self.accept(file, &rule.id, "is switched off", accept).map_err(|why| at(start, why))?;
                    }
                    _ if self.rules[known].lifts_to_life() => self.tell_lifted(file, &rule.id, "is switched off"),
                    _ => {}
                }
                self.rules.remove(known);
                continue;
            }
            let whole =
                rule.onto(known.map(|known| &self.rules[known]), &self.programs).map_err(|why| at(start, why))?;
            match known {
                Some(known) => {
                    if let Some(how) = self.rules[known].weakened_by(&whole) {
                        self.accept(file, &whole.id, how, accept).map_err(|why| at(start, why))?;
                    }
                    let before = &self.rules[known];
                    if (before.lifts, before.lifts_critical) != (whole.lifts, whole.lifts_critical)
                        && before.class != Class::Life
                        && before.lifts_to_life()
                    {
                        self.tell_lifted(file, &whole.id, "is lifted otherwise");
                    }
                    self.rules[known] = whole;
                }
                None => self.rules.push(whole),
            }
        }
        self.sort_by_what_they_look_at();
        Ok(self)
    }

    /// Says of a rule that a raised risk or a critical medication makes a matter of life that it no longer does.
    fn tell_lifted(&mut self, file: &str, id: &str, how: &str) {
        self.accepted.push(format!(
            "{file}: the rule \"{id}\" {how}; a raised risk or a critical medication made it a matter of life"
        ));
    }

    /// Takes note that a safety rule is weakened, where somebody says why.
    fn accept(&mut self, file: &str, id: &str, how: &str, accept: Option<String>) -> Result<(), String> {
        let why = accept.ok_or_else(|| {
            format!(
                "the rule \"{id}\" guards a life and {how}: say why in a line `accept = \"...\"`, or leave it as it is"
            )
        })?;
        self.accepted.push(format!("{file}: the safety rule \"{id}\" {how}, because: {why}"));
        Ok(())
    }

    fn sort_by_what_they_look_at(&mut self) {
        let most = CATALOGUE.iter().map(|record| record.number).max().unwrap_or(0);
        self.by_record = vec![Vec::new(); usize::from(most) + 1];
        self.settling = vec![Vec::new(); usize::from(most) + 1];
        for record in CATALOGUE {
            let fields = record.fields.iter().filter(|field| !field.settles.is_empty());
            self.settling[usize::from(record.number)] = fields.map(|field| (field.id, field.settles)).collect();
        }
        self.by_client.clear();
        for (rule, place) in self.rules.iter().zip(0u16..) {
            match rule.looks_at {
                LooksAt::Row(FieldId { record, .. }) | LooksAt::Undated(record) => {
                    self.by_record[usize::from(record)].push(place);
                }
                _ => self.by_client.push(place),
            }
        }
    }

    /// At most so many days between contacts: as the client's areas ask, or else by the agency's own rule. A client
    /// without an intensity counts as standard.
    pub fn contact_days(&self, intensity: Option<Intensity>, areas: &[String]) -> i64 {
        let intensity = intensity.unwrap_or(Intensity::Standard);
        self.practice.contact_days(intensity, areas).unwrap_or(self.contact[intensity as usize])
    }

    /// How urgent a kind of crisis is.
    pub fn urgency(&self, kind: &str) -> Urgency {
        self.urgency.get(kind).copied().unwrap_or(Urgency::Minutes)
    }

    /// The kinds of crisis of which words speak, by code.
    pub(super) fn kinds_spoken_of(&self, text: &str) -> Vec<&str> {
        let speaks = |of: &&(String, Vec<Words>)| of.1.iter().any(|words| has_words(text, words));
        self.crisis_words.iter().filter(speaks).map(|(kind, _)| kind.as_str()).collect()
    }

    /// Whether a gap of days in this medication is dangerous, by its name.
    pub fn is_critical(&self, medication: &str) -> bool {
        self.critical.iter().any(|name| has_words(medication, name))
    }

    /// Safety rules that the agency's own files switch off or weaken, each with the reason it gives: told at every start.
    pub fn accepted(&self) -> &[String] {
        &self.accepted
    }

    /// The agency's data that these rules rest on.
    pub fn practice(&self) -> &Arc<Practice> {
        &self.practice
    }

    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The rule of a reason.
    pub fn of(&self, reason: &super::Reason) -> &Rule {
        &self.rules[usize::from(reason.rule)]
    }

    /// Days for which a reason may be put off, from the day on which it was.
    pub fn put_off_days(&self, reason: &super::Reason) -> i64 {
        let agency = i64::from(self.practice.agency.put_off_days);
        match (reason.lifted, self.of(reason).put_off) {
            (_, PutOffAtMost::Never) => 0,
            (true, _) => 1,
            (_, PutOffAtMost::Days(days)) => days,
            (_, PutOffAtMost::Agency) => agency,
        }
    }
}

impl Rules {
    /// Whether a row asks for nothing more: a field that settles it holds such a code, or a day that has come.
    pub(super) fn is_settled(&self, mark: &Mark, clock: &super::Clock) -> bool {
        let settling = self.settling.get(usize::from(mark.record)).map_or(&[][..], |fields| fields);
        settling
            .iter()
            .any(|(field, codes)| mark.happened(*field, clock).is_some() || codes.contains(&mark.word(*field)))
    }
}

#[cfg(test)]
mod tests;
