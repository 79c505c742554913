//! The rules as data: `assets/triage.toml`, and an agency's own file laid over it.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::IntoDeserializer;

use crate::model::{Choices, Field, FieldId, Intensity, Kind, RecordType, record_by_name};
use crate::practice::{Practice, Trouble};

use super::{Mark, calendar};

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

/// The particulars that a rule's words may name; beside them, each field of its row that rules may look at.
const PLACEHOLDERS: &[&str] = &["what", "when", "due", "days", "late", "from", "many", "day"];

/// The kind of fact a rule looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LooksAt {
    Crisis,
    Conflict,
    Appointment,
    AppointmentPast,
    AppointmentUnconfirmed,
    AppointmentRide,
    AppointmentInterpreter,
    NoShow,
    /// The last appointments, one after another, were missed: as many as `in-a-row` says.
    Missed,
    Task,
    Step,
    GoalTarget,
    PlanReview,
    Contact,
    AnnualAssessment,
    #[serde(rename = "dependent-18")]
    Dependent18,
    NoPlan,
    NoNext,
    CoverEnds,
    /// The oldest note that nobody has signed.
    Unsigned,
    /// A note that waits for a co-signature.
    Cosign,
    /// The day on which an authorization's units are used up at the pace so far.
    UnitsRunOut,
    /// A date of a row, as the catalogue declares it: `stay.discharged`.
    #[serde(skip)]
    Row(FieldId),
}

impl LooksAt {
    fn parse(text: &str) -> Result<LooksAt, String> {
        let named = || {
            let found: Result<LooksAt, serde::de::value::Error> = LooksAt::deserialize(text.into_deserializer());
            found.map_err(|_| format!("there is nothing called \"{text}\" to look at"))
        };
        let Some((record, field)) = text.split_once('.') else { return named() };
        let record = record_by_name(record).ok_or_else(|| format!("there is no record type \"{record}\""))?;
        let field = watched(record, field)?;
        if !matches!(field.kind, Kind::Date | Kind::Time) {
            return Err(format!("{}.{} is not a date", record.name, field.name));
        }
        Ok(LooksAt::Row(field.id))
    }
}

/// A field that rules may look at.
fn watched(record: &'static RecordType, name: &str) -> Result<&'static Field, String> {
    record.field_by_name(name).filter(|field| field.watched).ok_or_else(|| {
        let names = record.fields.iter().filter(|field| field.watched).map(|field| field.name);
        format!(
            "{} has no field \"{name}\" that a rule may look at; it has {}",
            record.name,
            names.collect::<Vec<_>>().join(", ")
        )
    })
}

/// What must hold of a row for its rule to count: `kind=psychiatric|detox`, `filed` (filled in), `!filed` (empty). What a
/// person typed is looked through for the words: `programme=SNAP|food stamps` holds of "snap (county)".
#[derive(Clone, PartialEq, Debug)]
pub struct Where {
    pub field: FieldId,
    /// Empty: filled in, or not.
    pub codes: Vec<String>,
    pub not: bool,
    /// The field holds what someone typed, not a code.
    typed: bool,
}

impl Where {
    fn parse(record: &'static RecordType, text: &str) -> Result<Where, String> {
        let (not, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (name, codes) = text.split_once('=').unwrap_or((text, ""));
        let field = watched(record, name.trim())?;
        let codes: Vec<String> =
            codes.split('|').map(|code| code.trim().into()).filter(|code: &String| !code.is_empty()).collect();
        // An agency may take a choice off its own lists: a rule that names it then looks for what never comes.
        if let Kind::Choice(choices @ Choices::Fixed(_)) = field.kind
            && let Some(strange) = codes.iter().find(|code| !choices.holds(code))
        {
            return Err(format!("{}.{} is never \"{strange}\"", record.name, field.name));
        }
        let typed = matches!(field.kind, Kind::Line | Kind::Text);
        Ok(Where { field: field.id, codes, not, typed })
    }

    pub(super) fn holds(&self, mark: &Mark) -> bool {
        let word = mark.word(self.field);
        let holds = match &self.codes[..] {
            [] => !word.is_empty() || mark.date(self.field).is_some(),
            codes if self.typed => codes.iter().any(|code| has_words(word, code)),
            codes => codes.iter().any(|code| code == word),
        };
        holds != self.not
    }
}

/// Whether whole words stand in a text, whatever the case.
fn has_words(text: &str, words: &str) -> bool {
    let plain = |text: &str| {
        let lower = text.to_lowercase();
        let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        format!(" {} ", words.join(" "))
    };
    plain(text).contains(&plain(words))
}

/// What makes a reason go away.
#[derive(Clone, PartialEq, Debug)]
pub enum MetBy {
    /// The client was reached since.
    Contact,
    /// The client was seen since: face to face, by video, or at a visit that was kept.
    Seen,
    /// A field of the same row was filled in.
    Field(FieldId),
}

impl MetBy {
    fn parse(record: &'static RecordType, text: &str) -> Result<MetBy, String> {
        Ok(match text {
            "contact" => MetBy::Contact,
            "seen" => MetBy::Seen,
            name => MetBy::Field(watched(record, name)?.id),
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Calendar {
    #[default]
    Calendar,
    /// Weekends and US federal holidays do not count.
    Business,
}

/// One rule, complete.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    pub id: String,
    pub looks_at: LooksAt,
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
    /// Where this date of the row is filled in, it is the due day.
    pub instead: Option<FieldId>,
    /// Days before the due day on which it first shows.
    pub shows: Option<i64>,
    /// Days after the due day on which it shows last.
    pub ends: Option<i64>,
    /// In the band when so many days or fewer are left.
    pub now: Option<i64>,
    pub today: Option<i64>,
    pub this_week: Option<i64>,
    /// Before everything else in its band.
    pub first: bool,
    pub weight: u16,
    pub action: String,
    pub text: String,
    pub source: String,
}

impl Rule {
    /// The field of its row in which the rule is answered, where there is one.
    pub fn answered_in(&self) -> Option<FieldId> {
        self.met_by.iter().find_map(|by| match by {
            MetBy::Field(field) => Some(*field),
            MetBy::Contact | MetBy::Seen => None,
        })
    }

    pub(super) fn due(&self, from: NaiveDate, days: i64) -> NaiveDate {
        match self.calendar {
            Calendar::Calendar => calendar::add_days(from, days),
            Calendar::Business => calendar::add_business_days(from, days),
        }
    }
}

/// All rules, and how often to be in touch.
#[derive(Clone, PartialEq, Debug)]
pub struct Rules {
    pub(super) rules: Vec<Rule>,
    /// Days between contacts, by [`Intensity`].
    contact: [i64; 4],
    practice: Arc<Practice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    #[serde(default)]
    contact: ContactLines,
    #[serde(default)]
    rule: Vec<toml::Spanned<RuleLines>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactLines {
    intensive: Option<u16>,
    active: Option<u16>,
    standard: Option<u16>,
    light: Option<u16>,
}

/// A rule as a file has it: any line may be missing in an agency's own.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RuleLines {
    id: String,
    looks_at: Option<String>,
    days: Option<i64>,
    calendar: Option<Calendar>,
    r#where: Option<Vec<String>>,
    in_a_row: Option<u8>,
    without: Option<String>,
    beside: Option<String>,
    met_by: Option<Vec<String>>,
    met_after: Option<i64>,
    instead: Option<String>,
    shows: Option<i64>,
    ends: Option<i64>,
    now: Option<i64>,
    today: Option<i64>,
    this_week: Option<i64>,
    first: Option<bool>,
    weight: Option<u16>,
    action: Option<String>,
    text: Option<String>,
    source: Option<String>,
    off: Option<bool>,
}

impl Rules {
    /// The rules that ship with the program, over the practice data that ship with it.
    pub fn standard() -> Rules {
        Rules::with(Practice::standard())
    }

    /// The shipped rules over an agency's practice data.
    pub fn with(practice: Arc<Practice>) -> Rules {
        let none = Rules { rules: Vec::new(), contact: [7, 14, 30, 90], practice };
        let shipped = include_str!("../../assets/triage.toml");
        let mut rules = none.overlay("triage.toml", shipped).expect("the shipped rules are sound");
        let silent = i64::from(rules.practice.agency.referral_silent_days);
        rules.rules.iter_mut().filter(|rule| rule.id == "referral-silent").for_each(|rule| rule.days = silent);
        rules
    }

    /// These rules with a file's laid over them: a rule with a known id replaces the lines it names, a new one is added,
    /// `off = true` takes one out.
    ///
    /// # Errors
    /// Names the file and the line of what cannot be understood.
    pub fn overlay(mut self, file: &str, text: &str) -> Result<Rules, Trouble> {
        let at = |offset: usize, why: String| Trouble::at(file, text, offset, why);
        let lines: RulesFile = toml::from_str(text)
            .map_err(|error| at(error.span().map_or(0, |span| span.start), error.message().into()))?;
        let contact = [lines.contact.intensive, lines.contact.active, lines.contact.standard, lines.contact.light];
        for (days, given) in self.contact.iter_mut().zip(contact) {
            *days = given.map_or(*days, i64::from);
        }
        for spanned in lines.rule {
            let start = spanned.span().start;
            let rule = spanned.into_inner();
            let known = self.rules.iter().position(|known| known.id == rule.id);
            if rule.off == Some(true) {
                let known =
                    known.ok_or_else(|| at(start, format!("there is no rule \"{}\" to switch off", rule.id)))?;
                self.rules.remove(known);
                continue;
            }
            let whole = rule.onto(known.map(|known| &self.rules[known])).map_err(|why| at(start, why))?;
            match known {
                Some(known) => self.rules[known] = whole,
                None => self.rules.push(whole),
            }
        }
        Ok(self)
    }

    /// At most so many days between contacts: as the client's areas ask, or else by the agency's own rule. A client
    /// without an intensity counts as standard.
    pub fn contact_days(&self, intensity: Option<Intensity>, areas: &[String]) -> i64 {
        let intensity = intensity.unwrap_or(Intensity::Standard);
        self.practice.contact_days(intensity, areas).unwrap_or(self.contact[intensity as usize])
    }

    /// The agency's data that these rules rest on.
    pub fn practice(&self) -> &Arc<Practice> {
        &self.practice
    }

    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }
}

impl RuleLines {
    fn onto(self, known: Option<&Rule>) -> Result<Rule, String> {
        fn needed<T>(given: Option<T>, known: Option<T>, id: &str, what: &str) -> Result<T, String> {
            given.or(known).ok_or_else(|| format!("the rule \"{id}\" needs a line `{what} = ...`"))
        }
        let id = self.id;
        let action = needed(self.action, known.map(|rule| rule.action.clone()), &id, "action")?;
        if !ACTIONS.contains(&action.as_str()) {
            return Err(format!(
                "the rule \"{id}\" has no such action: \"{action}\". Use one of: {}",
                ACTIONS.join(", ")
            ));
        }
        let text = needed(self.text, known.map(|rule| rule.text.clone()), &id, "text")?;
        let weight = self.weight.or(known.map(|rule| rule.weight)).unwrap_or(0);
        if weight > 100 {
            return Err(format!("the rule \"{id}\" has a weight of {weight}; it goes from 0 to 100"));
        }
        let looks_at = self
            .looks_at
            .map(|text| LooksAt::parse(&text))
            .transpose()
            .map_err(|why| format!("the rule \"{id}\": {why}"))?;
        let looks_at = needed(looks_at, known.map(|rule| rule.looks_at), &id, "looks-at")?;
        let known =
            known.filter(|known| known.looks_at == looks_at || (self.r#where.is_none() && self.met_by.is_none()));
        let record = match looks_at {
            LooksAt::Row(field) => crate::model::record_by_number(field.record),
            _ => None,
        };
        let names_of_row = |name: &str| record.is_some_and(|record| watched(record, name).is_ok());
        for name in text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or(rest)) {
            if !PLACEHOLDERS.contains(&name) && !names_of_row(name) {
                return Err(format!(
                    "the rule \"{id}\" has {{{name}}} in its text; it may be {}",
                    PLACEHOLDERS.join(", ")
                ));
            }
        }
        let of_row = |what: &str| {
            record.ok_or_else(|| {
                format!("the rule \"{id}\" has a line `{what}`, which goes with looks-at = \"type.field\" only")
            })
        };
        let told = |why: String| format!("the rule \"{id}\": {why}");
        let wheres = match self.r#where {
            Some(lines) => {
                let record = of_row("where")?;
                lines.iter().map(|line| Where::parse(record, line).map_err(told)).collect::<Result<_, _>>()?
            }
            None => known.map_or(Vec::new(), |rule| rule.wheres.clone()),
        };
        let met_by = match self.met_by {
            Some(lines) => {
                let record = of_row("met-by")?;
                lines.iter().map(|line| MetBy::parse(record, line).map_err(told)).collect::<Result<_, _>>()?
            }
            None => known.map_or(Vec::new(), |rule| rule.met_by.clone()),
        };
        let in_a_row = self.in_a_row.or(known.and_then(|rule| rule.in_a_row));
        if in_a_row == Some(0) {
            return Err(format!("the rule \"{id}\" has in-a-row = 0; it is 1 or more"));
        }
        if in_a_row.is_some() && looks_at != LooksAt::Missed {
            of_row("in-a-row")?;
        }
        let without = match self.without {
            Some(name) => {
                let record = record_by_name(&name).filter(|record| record.is_watched());
                let record = record.ok_or_else(|| told(format!("there is no record type \"{name}\" to look for")))?;
                Some(record.number)
            }
            None => known.and_then(|rule| rule.without),
        };
        let beside = match self.beside {
            Some(name) => {
                of_row("beside")?;
                let watched = crate::model::record_by_name(&name).filter(|record| record.is_watched());
                Some(watched.ok_or_else(|| told(format!("there is no record type \"{name}\" to stand beside")))?.number)
            }
            None => known.and_then(|rule| rule.beside),
        };
        let instead = match self.instead {
            Some(name) => Some(watched(of_row("instead")?, &name).map_err(told)?.id),
            None => known.and_then(|rule| rule.instead),
        };
        Ok(Rule {
            looks_at,
            wheres,
            beside,
            met_by,
            met_after: self.met_after.or(known.map(|rule| rule.met_after)).unwrap_or(0),
            instead,
            in_a_row,
            without,
            days: self.days.or(known.map(|rule| rule.days)).unwrap_or(0),
            calendar: self.calendar.or(known.map(|rule| rule.calendar)).unwrap_or_default(),
            shows: self.shows.or(known.and_then(|rule| rule.shows)),
            ends: self.ends.or(known.and_then(|rule| rule.ends)),
            now: self.now.or(known.and_then(|rule| rule.now)),
            today: self.today.or(known.and_then(|rule| rule.today)),
            this_week: self.this_week.or(known.and_then(|rule| rule.this_week)),
            first: self.first.or(known.map(|rule| rule.first)).unwrap_or(false),
            weight,
            action,
            text,
            source: needed(self.source, known.map(|rule| rule.source.clone()), &id, "source")?,
            id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agencys_file_replaces_the_lines_it_names() {
        let own =
            "[contact]\nlight = 60\n\n[[rule]]\nid = \"no-plan\"\ndays = 45\n\n[[rule]]\nid = \"ride\"\noff = true\n";
        let rules = Rules::standard().overlay("own.toml", own).unwrap();
        assert_eq!(rules.contact_days(Some(Intensity::Light), &[]), 60);
        assert_eq!(rules.contact_days(Some(Intensity::Intensive), &[]), 7);
        assert_eq!(rules.iter().find(|rule| rule.id == "no-plan").unwrap().days, 45);
        assert!(rules.iter().all(|rule| rule.id != "ride"));
    }

    #[test]
    fn a_wrong_file_is_an_error_with_its_line() {
        for (own, line, why) in [
            ("[contact]\nweekly = 7\n", 2, "unknown field"),
            ("\n\n[[rule]]\nid = \"task\"\nweight = \"heavy\"\n", 5, "invalid type"),
            ("[[rule]]\nid = \"mine\"\n", 1, "needs a line"),
            ("\n[[rule]]\nid = \"task\"\naction = \"dance\"\n", 2, "no such action"),
            ("[[rule]]\nid = \"task\"\ntext = \"{who}\"\n", 1, "{who}"),
            ("[[rule]]\nid = \"tsak\"\noff = true\n", 1, "no rule \"tsak\""),
            ("[[rule]\n", 1, ""),
            (
                "[[rule]]\nid = \"x\"\naction = \"add-note\"\ntext = \"x\"\nsource = \"x\"\nlooks-at = \"stay.left\"\n",
                1,
                "stay has no field \"left\"",
            ),
            ("[[rule]]\nid = \"task\"\nwhere = [\"kind=x\"]\n", 1, "goes with looks-at"),
            (
                "[[rule]]\nid = \"x\"\naction = \"add-note\"\ntext = \"x\"\nsource = \"x\"\nlooks-at = \"stay.discharged\"\nwhere = [\"kind=ship\"]\n",
                1,
                "never \"ship\"",
            ),
        ] {
            let error = Rules::standard().overlay("own.toml", own).unwrap_err();
            assert_eq!((error.line, error.file.as_str()), (line, "own.toml"), "{own}: {error}");
            assert!(error.why.contains(why), "{error}");
        }
    }

    #[test]
    fn every_shipped_rule_says_where_it_comes_from() {
        assert!(Rules::standard().iter().all(|rule| !rule.source.is_empty() && !rule.text.is_empty()));
    }
}
