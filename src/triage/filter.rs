//! Filters as people type them: `area:mental-health no-contact:>14 tag:wait garcia`. Words that are no condition are left
//! for the names.

use crate::model::{ClientStatus, Intensity, List, Moment};

use super::{Band, ClientFacts};

/// One condition of a filter.
#[derive(Clone, Debug, PartialEq)]
enum Condition {
    /// The code of a practice area.
    Area(&'static str),
    Intensity(Intensity),
    Status(ClientStatus),
    Band(Band),
    Tag(String),
    Worker(String),
    /// Mine, or mine while I stand in.
    Mine,
    /// Days since the last contact; never counts as many.
    NoContact(Comparison, i64),
    /// Days until the next appointment; none counts as many.
    Next(Comparison, i64),
    Age(Comparison, i64),
    Crisis(bool),
    Interpreter(bool),
    SafeContact(bool),
    Plan(bool),
    Appointment(bool),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Over,
    Under,
    Exactly,
}

/// A filter, and the words left over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    conditions: Vec<Condition>,
    pub words: String,
    /// Who asks: what `worker:me` means.
    me: String,
}

/// What may be typed, and what it asks for.
pub const WORDS: &[(&str, &str)] = &[
    ("area:mental", "practice area, by its beginning"),
    ("intensity:weekly", "how intensively, or how often"),
    ("status:closed", "active, waiting, closed"),
    ("band:now", "now, today, week, later"),
    ("tag:court", "a tag, by its beginning"),
    ("worker:me", "case manager: me, a name, none"),
    ("no-contact:>14", "days since the last contact"),
    ("next:<3", "days until the next appointment"),
    ("age:>60", "years"),
    ("crisis:yes", "in crisis"),
    ("interpreter:yes", "needs an interpreter"),
    ("safe-contact:yes", "must be contacted with care"),
    ("plan:no", "has a plan in force"),
    ("appointment:no", "has an appointment ahead"),
];

impl Filter {
    /// What is not (or not yet) a condition is a word. `me` is the worker who asks.
    pub fn parse(text: &str, me: &str) -> Filter {
        let mut filter = Filter { me: me.into(), ..Filter::default() };
        let mut words = Vec::new();
        for token in text.split_whitespace() {
            match condition(&token.to_lowercase()) {
                Some(condition) => filter.conditions.push(condition),
                None => words.push(token),
            }
        }
        filter.words = words.join(" ");
        filter
    }

    /// What was typed like a condition and is none: a name, a colon and something that does not belong behind it.
    pub fn not_understood(&self) -> Option<&str> {
        let like_one = |word: &&str| {
            let known = |name: &str| WORDS.iter().any(|(word, _)| word.split(':').next() == Some(name));
            word.split_once(':').is_some_and(|(name, value)| !value.is_empty() && known(&name.to_lowercase()))
        };
        self.words.split_whitespace().find(like_one)
    }

    pub fn has_conditions(&self) -> bool {
        !self.conditions.is_empty()
    }

    /// Whether it asks for closed clients in so many words.
    pub fn asks_for_closed(&self) -> bool {
        self.conditions.contains(&Condition::Status(ClientStatus::Closed))
    }

    /// Whether a client meets every condition; the words are not looked at.
    pub fn fits(&self, facts: &ClientFacts, band: Option<Band>, moment: &Moment) -> bool {
        let today = moment.today();
        self.conditions.iter().all(|condition| match condition {
            Condition::Area(area) => facts.areas.iter().any(|code| code == area),
            Condition::Intensity(intensity) => facts.intensity == Some(*intensity),
            Condition::Status(status) => facts.status == *status,
            Condition::Band(wanted) => band == Some(*wanted),
            Condition::Tag(tag) => facts.tags.iter().any(|known| known.to_lowercase().starts_with(tag)),
            Condition::Mine => facts.is_with(&self.me, moment),
            Condition::Worker(name) if name == "none" => facts.worker.trim().is_empty(),
            Condition::Worker(name) => hyphenated(&facts.worker).contains(&hyphenated(name)),
            Condition::NoContact(comparison, days) => {
                let since = facts.last_contact.as_ref().map(|contact| (today - contact.when.date_naive()).num_days());
                comparison.holds(since.unwrap_or(i64::MAX), *days)
            }
            Condition::Next(comparison, days) => {
                let until = facts.next_visit(today).map(|visit| (visit.starts.date_naive() - today).num_days());
                comparison.holds(until.unwrap_or(i64::MAX), *days)
            }
            Condition::Age(comparison, years) => facts
                .birth_date
                .is_some_and(|born| comparison.holds(super::calendar::years_between(born, today).into(), *years)),
            Condition::Crisis(yes) => (facts.crisis.is_empty() && !facts.has_open_incident(today)) != *yes,
            Condition::Interpreter(yes) => facts.interpreter == *yes,
            Condition::SafeContact(yes) => facts.safe_contact == *yes,
            Condition::Plan(yes) => facts.plans.iter().any(|plan| plan.active) == *yes,
            Condition::Appointment(yes) => facts.next_visit(today).is_some() == *yes,
        })
    }
}

impl Comparison {
    fn holds(self, value: i64, bound: i64) -> bool {
        match self {
            Comparison::Over => value > bound,
            Comparison::Under => value < bound,
            Comparison::Exactly => value == bound,
        }
    }
}

/// A name as one word: `rosa-ortiz`.
pub fn hyphenated(name: &str) -> String {
    name.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

fn condition(token: &str) -> Option<Condition> {
    let (name, value) = token.split_once(':')?;
    if value.is_empty() {
        return None;
    }
    let begins = |text: &&str| text.starts_with(value);
    let number = || {
        let (comparison, digits) = match value.as_bytes()[0] {
            b'>' => (Comparison::Over, &value[1..]),
            b'<' => (Comparison::Under, &value[1..]),
            _ => (Comparison::Exactly, value),
        };
        Some((comparison, digits.trim_end_matches('d').parse().ok()?))
    };
    let yes = || match value {
        "yes" | "y" => Some(true),
        "no" | "n" => Some(false),
        _ => None,
    };
    Some(match name {
        "area" => Condition::Area(List::Area.choices().iter().map(|area| area.code).find(begins)?),
        "intensity" => {
            // By its code, or by how often: "weekly" stands behind it on the screen.
            let named =
                |known: &Intensity| known.code().starts_with(value) || known.label().to_lowercase().contains(value);
            Condition::Intensity(Intensity::ALL.iter().copied().find(named)?)
        }
        "status" => Condition::Status(ClientStatus::ALL.iter().copied().find(|known| begins(&known.code()))?),
        "band" => {
            let bands = [
                ("now", Band::Now),
                ("today", Band::Today),
                ("this-week", Band::ThisWeek),
                ("week", Band::ThisWeek),
                ("later", Band::Later),
            ];
            Condition::Band(bands.into_iter().find(|(code, _)| begins(code))?.1)
        }
        "tag" => Condition::Tag(value.into()),
        "worker" if value == "me" => Condition::Mine,
        "worker" => Condition::Worker(value.into()),
        "no-contact" => number().map(|(comparison, days)| Condition::NoContact(comparison, days))?,
        "next" => number().map(|(comparison, days)| Condition::Next(comparison, days))?,
        "age" => number().map(|(comparison, years)| Condition::Age(comparison, years))?,
        "crisis" => Condition::Crisis(yes()?),
        "interpreter" => Condition::Interpreter(yes()?),
        "safe-contact" => Condition::SafeContact(yes()?),
        "plan" => Condition::Plan(yes()?),
        "appointment" => Condition::Appointment(yes()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RowId;

    #[test]
    fn what_looks_like_a_condition_and_is_none_is_named() {
        let asked = |text| Filter::parse(text, "").not_understood().map(String::from);
        assert_eq!(asked("ana area:housing"), Some("area:housing".into()));
        assert_eq!(asked("band:x"), Some("band:x".into()));
        // An id of another system, a condition being typed, and one that is understood.
        for text in ["hmis:528656", "area:", "intensity:weekly", "no-contact:>14"] {
            assert_eq!(asked(text), None, "{text}");
        }
    }

    #[test]
    fn conditions_and_words() {
        let now = chrono::DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap();
        let moment = Moment::new(now, |_| chrono::FixedOffset::west_opt(5 * 3_600).unwrap());
        let mut facts = ClientFacts::new(RowId::derived(&["a"]), "Ana Garcia");
        crate::practice::Practice::standard();
        facts.areas = vec!["mental-health".into()];
        facts.tags = vec!["wait-list".into()];
        facts.birth_date = Some("1950-01-01".parse().unwrap());
        let fits = |text: &str| Filter::parse(text, "Rosa Ortiz").fits(&facts, Some(Band::Today), &moment);
        for text in [
            "area:mental-health",
            "area:m tag:wait",
            "no-contact:>14",
            "age:>60 crisis:no",
            "band:today appointment:no",
            "next:>3",
            "plan:no",
            "status:active garcia",
        ] {
            assert!(fits(text), "{text}");
        }
        for text in [
            "area:vocational",
            "tag:veteran",
            "no-contact:<14",
            "crisis:yes",
            "band:now",
            "age:76 age:75",
            "status:closed",
        ] {
            assert!(!fits(text), "{text}");
        }
        assert_eq!(Filter::parse("hmis:528656 area: tag:x ana", "").words, "hmis:528656 area: ana");
        assert_eq!(Filter::parse("no-contact:soon", "").words, "no-contact:soon");
    }
}
