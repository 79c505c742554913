//! Who may consent for whom: what the laws look at in a person, and in a release as it was given.
//!
//! The promise: nobody who causes a client harm consents for them or for their child (34 USC 12291(b)(2)(B)); of somebody who
//! was a minor on the day of signing it is known who consented and by what right; where the law lets a minor have a service
//! on their own word, theirs is the consent to what tells of it and a parent's covers none of it (42 CFR 2.14(b), 45 CFR
//! 164.502(g)(3)); where it does not, what tells of substance use or violence asks for both (42 CFR 2.14(c), 34 USC
//! 12291(b)(2)(B)). From which age for which service is the law of a state: the agency's own data. Pure.

use chrono::{DateTime, NaiveDate};

use crate::model::records::{client, consent, relationship};
use crate::model::{Change, ConsentBy, FieldId, Information, Invalid, Row, Value};
use crate::practice::{Agency, MinorConsent};
use crate::store::ClientFile;
use crate::triage::calendar::years_between;

use super::releases::VAWA;

/// The age from which a person consents for themself in all things.
const ADULT: u32 = 18;

/// Words for somebody's relation to a client that say that they cause harm, where nobody marked it.
const HARMING: &[&str] = &["abuser", "batterer", "perpetrator", "respondent", "stalker", "trafficker"];

/// What the laws look at in the person whose file it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Person {
    /// How they may be reached safely; filled in for someone in danger at home.
    pub safe_contact: String,
    /// Where sites or entries disagree, the later day: who may be a minor is taken for one.
    pub born: Option<NaiveDate>,
    /// The names of those who cause them harm, as any site has it.
    pub harmed_by: Vec<String>,
}

impl Person {
    /// From a file that was read with its relationships.
    pub fn of(file: &ClientFile) -> Person {
        let entries = || std::iter::once(&file.client).chain(&file.also);
        let mut safe: Vec<String> = entries().flat_map(|row| said(row, client::safe_contact)).collect();
        safe.retain(|text| !text.trim().is_empty());
        safe.dedup();
        let born = entries().flat_map(|row| sides(row, client::birth_date));
        let born = born.filter_map(|value| if let Value::Date(day) = value { Some(day) } else { None });
        let harming = file.of(&relationship::TYPE).iter().filter(|row| {
            let marked = sides(row, relationship::harms).any(|value| value == Value::Yes(true));
            let words = said(row, relationship::relation).join(" ").to_lowercase();
            marked || words.split(|c: char| !c.is_alphanumeric()).any(|word| HARMING.contains(&word))
        });
        Person {
            safe_contact: safe.join(" / "),
            born: born.max(),
            harmed_by: harming.flat_map(|row| said(row, relationship::name)).collect(),
        }
    }

    /// Whether somebody at home endangers them.
    pub fn is_in_danger(&self) -> bool {
        !self.safe_contact.trim().is_empty()
    }

    fn is_harmed_by(&self, name: &str) -> bool {
        self.harmed_by.iter().any(|harming| may_be_one(harming, name))
    }

    /// How old they were when a release was signed, where they were a minor.
    fn age_as_minor(&self, row: &Row, today: NaiveDate) -> Option<u32> {
        let entered = row.id.unix_ms().and_then(|ms| DateTime::from_timestamp_millis(i64::try_from(ms).ok()?));
        let days = [row.date(consent::from), entered.map(|at| at.date_naive())];
        // Signed before it begins, or written down afterwards: the earlier day. Of what came from elsewhere nobody knows more
        // than that it was signed.
        let signed = days.into_iter().flatten().min().unwrap_or(today);
        Some(years_between(self.born?, signed)).filter(|age| *age < ADULT)
    }
}

/// Every value that a field has, at whichever site.
fn sides(row: &Row, field: FieldId) -> impl Iterator<Item = Value> + '_ {
    let torn = row.disagreements.iter().filter(move |torn| torn.field == field).flat_map(|torn| torn.sides.clone());
    std::iter::once(row.get(field).clone()).chain(torn)
}

fn said(row: &Row, field: FieldId) -> Vec<String> {
    let mut all: Vec<String> = sides(row, field).map(|value| value.plain()).collect();
    all.dedup();
    all
}

/// Whether two names may be one person's: each word of the shorter one stands in the other, or begins one there.
fn may_be_one(one: &str, other: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        let words = name.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let (one, other) = (words(one), words(other));
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let initial = |a: &str, b: &str| a.chars().count() == 1 && b.starts_with(a);
    let same = |a: &String, b: &String| a == b || initial(a, b) || initial(b, a);
    !short.is_empty() && short.iter().all(|word| long.iter().any(|of| same(word, of)))
}

/// Who consented; none where nobody noted it, or sites say different things.
fn by(row: &Row) -> Option<ConsentBy> {
    let torn = row.disagreements.iter().any(|torn| torn.field == consent::by);
    ConsentBy::from_code(row.text(consent::by)).filter(|_| !torn)
}

fn is_said(row: &Row, field: FieldId) -> bool {
    !row.text(field).trim().is_empty()
}

/// The agency's line on a service that a minor of this age has on their own word, which tells this.
fn own_word(agency: &Agency, age: u32, what: Information) -> Option<&MinorConsent> {
    agency.minor_consents.iter().find(|law| age >= u32::from(law.age) && law.covers.contains(&what))
}

/// Why a release does not cover something by who gave it, and what would permit it; none where that is as it should be.
/// `guarded` is the rule by which it asks for more than a parent's word, where there is one.
pub(super) fn objection(
    row: &Row,
    what: Information,
    person: &Person,
    agency: &Agency,
    (guarded, today): (Option<&str>, NaiveDate),
) -> Option<(String, String)> {
    let no = |why: String, permits: &str| Some((why, permits.to_string()));
    let to = row.text(consent::to).trim();
    if said(row, consent::by_name).iter().any(|name| person.is_harmed_by(name)) {
        return no(
            format!("the release to {to} was given by somebody who causes harm, and never consents ({VAWA})"),
            "A release given by another parent or guardian, or by whom a court named",
        );
    }
    let age = person.age_as_minor(row, today)?;
    let by = by(row)
        .filter(|by| *by == ConsentBy::Client || (is_said(row, consent::by_name) && is_said(row, consent::right)));
    let alone = own_word(agency, age, what);
    let rule = match (what, guarded) {
        (Information::SubstanceUse, _) => "42 CFR 2.14",
        (_, Some(rule)) => rule,
        (_, None) => "45 CFR 164.502(g)(3)",
    };
    match (by, alone) {
        (None, _) => no(
            format!("the release to {to} does not say who consented for a minor, and by what right ({rule})"),
            "Who consented and by what right, noted with it",
        ),
        (Some(ConsentBy::Both), _) | (Some(ConsentBy::Client), Some(_)) => None,
        (Some(ConsentBy::Client), None) => no(
            format!("a minor gave the release to {to} alone, where a parent or guardian consents too ({rule})"),
            "The same release, signed by a parent or guardian beside the minor",
        ),
        (Some(ConsentBy::Parent | ConsentBy::Order), Some(law)) => no(
            format!(
                "to {} a minor of {} consents alone ({rule}; {}), and the release to {to} is not theirs",
                law.service.to_lowercase(),
                law.age,
                law.source
            ),
            "The minor's own release; nobody else is told that it was asked for",
        ),
        (Some(ConsentBy::Parent | ConsentBy::Order), None) if guarded.is_some() => no(
            format!("the release to {to} is not signed by the minor, whose consent it needs too ({rule})"),
            "The same release, signed by the minor beside a parent or guardian",
        ),
        (Some(ConsentBy::Parent | ConsentBy::Order), None) => None,
    }
}

/// Refuses to write a release that nobody had the right to give, or of which it is not said who gave it.
///
/// # Errors
/// In words, for the field to fill in.
pub fn may_be_written(
    change: &Change,
    before: &Row,
    person: &Person,
    agency: &Agency,
    today: NaiveDate,
) -> Result<(), Invalid> {
    if *before.record != consent::TYPE {
        return Ok(());
    }
    let row = change.after(before);
    // What was taken back permits nothing, and taking it back waits for nothing.
    if row.time(consent::revoked).is_some() {
        return Ok(());
    }
    let refused = |id: FieldId, why: String| match consent::TYPE.field(id.field) {
        Some(field) => Err(field.invalid(why)),
        None => Ok(()),
    };
    let name = row.text(consent::by_name).trim();
    if person.is_harmed_by(name) {
        return refused(
            consent::by_name,
            format!(
                "{name} is in this file as somebody who causes harm, and never consents for this client or their child ({VAWA})"
            ),
        );
    }
    let Some(age) = person.age_as_minor(&row, today) else { return Ok(()) };
    match by(&row) {
        None => {
            let all = ConsentBy::ALL.iter().map(|one| one.code()).collect::<Vec<_>>();
            refused(consent::by, format!("was {age} on that day: say who consented; by= one of: {}", all.join(", ")))
        }
        Some(ConsentBy::Client) if !agency.minor_consents.iter().any(|law| age >= u32::from(law.age)) => refused(
            consent::by,
            format!(
                "was {age} on that day, and there is no service to which somebody of {age} consents alone: a parent or guardian does too (42 CFR 2.14, 45 CFR 164.502(g)(3)); what your state's law says stands in agency.toml, minor-consent"
            ),
        ),
        Some(ConsentBy::Client) => Ok(()),
        Some(_) if name.is_empty() => {
            refused(consent::by_name, "needs to be filled in: who consented for a minor".into())
        }
        Some(_) if !is_said(&row, consent::right) => {
            refused(consent::right, "needs to be filled in: parent with custody, guardian by an order of ...".into())
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
