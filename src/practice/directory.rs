//! The resource directory: finding what a client needs by words and conditions, and how referrals to each place went.
//!
//! Pure. A place whose hours are not known is never left out as closed, only shown after those that are known to be open.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};

use crate::model::hours::Hours;
use crate::model::records::{referral, resource};
use crate::model::{ReferralOutcome, ReferralStatus, ResourceStatus, Row, RowId};

/// One resource, made ready to be looked through.
#[derive(Clone, Debug)]
pub struct Entry {
    pub row: Row,
    /// `None`: not known.
    pub hours: Option<Hours>,
    /// All its words, small.
    all: String,
    needs: String,
    place: String,
    languages: String,
    eligibility: String,
}

impl Entry {
    pub fn new(row: Row) -> Entry {
        let shown = |id: crate::model::FieldId| {
            row.record.field(id.field).map_or(String::new(), |field| row.shown(field)).to_lowercase()
        };
        let needs = format!("{} {}", shown(resource::domains), row.words(resource::domains).join(" "));
        let (place, languages) = (shown(resource::place), shown(resource::languages));
        let eligibility = shown(resource::eligibility);
        let rest = [resource::organisation, resource::what, resource::about, resource::documents, resource::phone];
        let rest = rest.map(shown).join(" ");
        let all = [rest.as_str(), &needs, &place, &languages, &eligibility].join(" ");
        let hours = Hours::parse(row.text(resource::hours));
        Entry { row, hours, all, needs, place, languages, eligibility }
    }

    pub fn status(&self) -> ResourceStatus {
        ResourceStatus::from_code(self.row.text(resource::status)).unwrap_or(ResourceStatus::Open)
    }

    /// Whether it is open at a time; `None`: not known.
    pub fn open_at(&self, now: NaiveDateTime) -> Option<bool> {
        self.hours.as_ref().map(|hours| hours.open_at(now))
    }
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Each must be somewhere.
    words: Vec<String>,
    needs: Vec<String>,
    places: Vec<String>,
    languages: Vec<String>,
    /// Who it is for.
    who: Vec<String>,
    /// Open at this moment.
    open: bool,
    /// Taking people without a waiting list.
    free: bool,
}

/// The conditions a query may hold, for a person to read.
pub const CONDITIONS: &str = "need:food  place:north  language:spanish  for:veterans  open:now  waiting:no";

impl Query {
    /// Reads what was typed: words, and conditions as [`CONDITIONS`] has them. What is no condition is a word.
    pub fn parse(text: &str) -> Query {
        let mut query = Query::default();
        for word in text.to_lowercase().split_whitespace() {
            let value = |value: &str| value.replace('_', " ");
            match word.split_once(':') {
                Some((_, "")) => {}
                Some(("need", need)) => query.needs.push(value(need)),
                Some(("place", place)) => query.places.push(value(place)),
                Some(("language" | "lang", language)) => query.languages.push(value(language)),
                Some(("for", who)) => query.who.push(value(who)),
                Some(("open", "now" | "yes")) => query.open = true,
                Some(("waiting", "no")) => query.free = true,
                _ => query.words.push(word.into()),
            }
        }
        query
    }

    pub fn fits(&self, entry: &Entry, now: NaiveDateTime) -> bool {
        let all = |wanted: &[String], text: &str| wanted.iter().all(|word| text.contains(word.as_str()));
        let taking = match entry.status() {
            // What is gone for good is found only by its own name.
            ResourceStatus::Closed => !self.words.is_empty() && !self.free,
            status => !self.free || status == ResourceStatus::Open,
        };
        taking
            && all(&self.words, &entry.all)
            && all(&self.needs, &entry.needs)
            && all(&self.places, &entry.place)
            && all(&self.languages, &entry.languages)
            && all(&self.who, &entry.eligibility)
            && (!self.open || entry.open_at(now) != Some(false))
    }

    /// The places of the entries that fit: where it must be open those known to be so first, else in the order given.
    pub fn find(&self, entries: &[Entry], now: NaiveDateTime) -> Vec<usize> {
        let mut found: Vec<usize> = (0..entries.len()).filter(|at| self.fits(&entries[*at], now)).collect();
        if self.open {
            found.sort_by_key(|at| entries[*at].hours.is_none());
        }
        found
    }
}

/// How referrals to one resource went, over the whole caseload.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    pub referrals: u32,
    pub accepted: u32,
    pub waitlisted: u32,
    pub declined: u32,
    /// Closed without ever an answer, or sent so long ago that one should have come.
    pub silent: u32,
    /// Days from sending to the answer, the shortest first.
    days: Vec<i64>,
}

impl Answers {
    /// Days to an answer as they usually are: the median.
    pub fn days(&self) -> Option<i64> {
        self.days.get(self.days.len().checked_sub(1)? / 2).copied()
    }

    /// In a line; empty where nobody was ever sent there.
    pub fn in_words(&self) -> String {
        if self.referrals == 0 {
            return String::new();
        }
        let parts = [
            (self.accepted, "accepted"),
            (self.waitlisted, "on the waiting list"),
            (self.declined, "declined"),
            (self.silent, "without an answer"),
        ];
        let parts = parts.iter().filter(|(many, _)| *many > 0).map(|(many, what)| format!("{many} {what}"));
        let mut line = format!("{} sent there", self.referrals);
        for part in parts {
            line.push_str(", ");
            line.push_str(&part);
        }
        if let Some(days) = self.days() {
            line.push_str(&format!("; an answer takes {days} {}", if days == 1 { "day" } else { "days" }));
        }
        line
    }
}

/// The answers of each resource, from all referrals. `silent`: days after which an answer should have come.
pub fn answers<'a>(referrals: impl Iterator<Item = &'a Row>, today: NaiveDate, silent: i64) -> HashMap<RowId, Answers> {
    let mut found: HashMap<RowId, Answers> = HashMap::new();
    for row in referrals {
        let Some(to) = row.link(referral::resource) else { continue };
        let status = ReferralStatus::from_code(row.text(referral::status)).unwrap_or(ReferralStatus::Draft);
        if status == ReferralStatus::Draft {
            continue;
        }
        let answers = found.entry(to).or_default();
        answers.referrals += 1;
        let outcome = ReferralOutcome::from_code(row.text(referral::outcome));
        let (sent, answered) = (row.date(referral::sent), row.date(referral::answered));
        match (status, outcome) {
            (ReferralStatus::Accepted | ReferralStatus::Scheduled | ReferralStatus::Served, _)
            | (ReferralStatus::Closed, Some(ReferralOutcome::Served | ReferralOutcome::Partly)) => {
                answers.accepted += 1
            }
            (ReferralStatus::Waitlisted, _) => answers.waitlisted += 1,
            (ReferralStatus::Declined, _) | (ReferralStatus::Closed, Some(ReferralOutcome::NotEligible)) => {
                answers.declined += 1;
            }
            (ReferralStatus::Closed, Some(ReferralOutcome::NoAnswer)) => answers.silent += 1,
            (ReferralStatus::Sent | ReferralStatus::Received, _)
                if answered.is_none() && sent.is_some_and(|sent| (today - sent).num_days() >= silent) =>
            {
                answers.silent += 1;
            }
            _ => {}
        }
        if let (Some(sent), Some(answered)) = (sent, answered) {
            let days = (answered - sent).num_days().max(0);
            let at = answers.days.partition_point(|known| *known <= days);
            answers.days.insert(at, days);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn entry(what: &str, place: &str, hours: &str, status: &str, needs: &[&str], languages: &[&str]) -> Entry {
        let id = RowId::derived(&[what]);
        let mut row = Row::new(&resource::TYPE, id, id);
        row.put(resource::organisation, "Harbor Aid");
        row.put(resource::what, what);
        row.put(resource::place, place);
        row.put(resource::hours, hours);
        row.put(resource::status, status);
        row.sets.push((resource::domains.field, needs.iter().map(ToString::to_string).collect()));
        row.sets.push((resource::languages.field, languages.iter().map(ToString::to_string).collect()));
        Entry::new(row)
    }

    #[test]
    fn words_and_conditions_narrow_and_what_is_unknown_is_not_closed() {
        let entries = [
            entry("Pantry", "North Square", "Mo-Fr 09:00-12:00", "open", &["food"], &["Spanish"]),
            entry("Kitchen", "South Quay", "Mo-Fr 17:00-19:00", "open", &["food"], &[]),
            entry("Night shelter", "North Gate", "call first", "waiting", &["housing"], &["Spanish", "Amharic"]),
            entry("Old pantry", "North Square", "", "closed", &["food"], &[]),
        ];
        // A Monday.
        let now = NaiveDateTime::parse_from_str("2026-11-23 10:00", "%Y-%m-%d %H:%M").unwrap();
        let found = |text: &str| {
            let found = Query::parse(text).find(&entries, now);
            found.iter().map(|at| entries[*at].row.text(resource::what)).collect::<Vec<_>>()
        };
        assert_eq!(found(""), ["Pantry", "Kitchen", "Night shelter"]);
        assert_eq!(found("need:food open:now"), ["Pantry"]);
        assert_eq!(found("open:now"), ["Pantry", "Night shelter"], "unknown hours come after");
        assert_eq!(found("place:north language:spanish"), ["Pantry", "Night shelter"]);
        assert_eq!(found("north waiting:no"), ["Pantry"]);
        assert_eq!(found("old pantry"), ["Old pantry"], "by its own name");
        assert_eq!(found("need:"), ["Pantry", "Kitchen", "Night shelter"], "while it is being typed");
        assert_eq!(found("zebra"), [""; 0]);
    }

    #[test]
    fn answers_are_counted_by_what_came_of_each_referral() {
        let to = RowId::derived(&["pantry"]);
        let row = |status: &str, outcome: &str, sent: &str, answered: &str| {
            let id = RowId::derived(&[status, outcome, sent]);
            let mut row = Row::new(&referral::TYPE, id, id);
            row.put(referral::resource, Value::Link(to));
            row.put(referral::status, status);
            row.put(referral::outcome, outcome);
            for (field, day) in [(referral::sent, sent), (referral::answered, answered)] {
                row.put(field, day.parse::<NaiveDate>().ok());
            }
            row
        };
        let rows = [
            row("accepted", "", "2026-11-01", "2026-11-03"),
            row("closed", "served", "2026-11-01", "2026-11-11"),
            row("declined", "", "2026-11-02", "2026-11-05"),
            row("sent", "", "2026-11-02", ""),
            row("sent", "", "2026-11-20", ""),
            row("draft", "", "", ""),
        ];
        let found = answers(rows.iter(), "2026-11-23".parse().unwrap(), 7);
        let told = &found[&to];
        assert_eq!((told.referrals, told.accepted, told.declined, told.silent), (5, 2, 1, 1));
        assert_eq!(told.days(), Some(3));
        assert_eq!(
            told.in_words(),
            "5 sent there, 2 accepted, 1 declined, 1 without an answer; an answer takes 3 days"
        );
    }
}
