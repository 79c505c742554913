//! The order: people before paper. Inside a band the class of harm comes first, and inside a class what an experienced
//! supervisor would go by:
//!
//! - *life* by how grave; several grave reasons before one, where the worst are equally grave; what nobody has begun to
//!   answer before what is in hand; among crises the newest first, among all else the oldest;
//! - *home and rights* by the day of the loss, what can still be saved first; of one day what has no hour (an office closes)
//!   before what has one, then by the clock;
//! - *promise* by the clock;
//! - *contact* and *care* by days over / days allowed, the allowed counted as at least 7, the quotient capped at 3;
//! - then weight, then name, then id: the order never depends on the order in which clients came.
//!
//! Promise: all of that is one number, the smaller the sooner, so that ten thousand people are sorted in a millisecond; and
//! [`why_before`] says in words what that number says.

use chrono::{Datelike, NaiveDate};

use super::{Band, Class, Clock, DueAt, Ranked, Reason};

/// An open crisis, a report by phone, an urgent answer: from here on a reason is grave by itself.
pub const GRAVE: u16 = 970;
/// From here on a reason is an open crisis.
pub const CRISIS: u16 = 1_000;
/// What a raised risk or a critical medication makes of a reason.
pub const LIFTED: u16 = 800;

/// Days allowed count as so many at least: a missed one-day rule does not outrun everything.
const ALLOWED: i64 = 7;
/// How far over what was allowed still tells people apart, in ten-thousandths of it.
const FARTHEST: i64 = 30_000;

/// What the order needs to know of a reason beside the reason itself.
pub(super) struct Beside {
    /// Several grave reasons stand for this client.
    pub several: bool,
    /// Days that the reason's rule allows.
    pub allowed: i64,
    pub weight: u16,
    /// When it began: minutes, see [`minutes`].
    pub began: i64,
}

/// Minutes since the first day of the common era, on the wall clock.
pub(super) fn minutes(at: DueAt) -> i64 {
    let (day, minute) = at.order();
    i64::from(day.num_days_from_ce()) * 1_440 + i64::from(minute)
}

/// Days over, in ten-thousandths of what was allowed; negative: so much is left.
fn over(due: Option<DueAt>, allowed: i64, today: NaiveDate) -> i64 {
    let over = due.map_or(0, |due| (today - due.day()).num_days());
    (over.saturating_mul(10_000) / allowed.max(ALLOWED)).clamp(-FARTHEST, FARTHEST)
}

/// A day as bits that stay in order, before the common era too.
fn day_bits(day: NaiveDate) -> u128 {
    u128::from((day.num_days_from_ce() as u32) ^ (1 << 31))
}

/// Where a reason stands: smaller is sooner.
pub(super) fn standing(reason: &Reason, beside: &Beside, clock: &Clock) -> u128 {
    let (due, minute) = reason.due.map_or((NaiveDate::MAX, 0), DueAt::order);
    let detail = match reason.class {
        Class::Life => {
            let newest_first = reason.gravity >= CRISIS;
            let time = if newest_first { (1 << 44) - beside.began } else { (1 << 44) + beside.began };
            u128::from(2_000 - reason.gravity.min(2_000)) << 48
                | u128::from(!beside.several) << 47
                | u128::from(reason.in_hand) << 46
                | u128::try_from(time.clamp(0, (1 << 46) - 1)).unwrap_or(0)
        }
        Class::HomeAndRights => {
            let passed = reason.due.is_some_and(|due| due.has_passed(clock.now));
            let hour = reason.due.and_then(DueAt::minute);
            u128::from(passed) << 44
                | day_bits(due) << 12
                | u128::from(hour.is_some()) << 11
                | u128::from(hour.unwrap_or(0))
        }
        Class::Promise | Class::Paper => day_bits(due) << 11 | u128::from(minute),
        Class::Contact | Class::Care => {
            u128::try_from(FARTHEST - over(reason.due, beside.allowed, clock.today)).unwrap_or(0)
        }
    };
    let lightness = 127 - u128::from(beside.weight.min(127));
    (reason.band as u128) << 124 | (reason.class as u128) << 121 | detail << 7 | lightness
}

/// Where a client stands about whom nothing is to be said: after all others, whoever has something put off before the rest.
pub(super) fn standing_of_nothing(put_off: bool) -> u128 {
    (Band::Later as u128) << 124 | 7 << 121 | u128::from(!put_off)
}

/// Why one client stands before another, in words.
pub fn why_before(first: &Ranked, second: &Ranked, (a, b): (&str, &str), clock: &Clock) -> String {
    let (Some(one), Some(other)) = (first.about_people().next(), second.about_people().next()) else {
        return match (first.about_people().next(), first.put_off.is_empty()) {
            (Some(_), _) => format!("{a} has a reason; about {b} no rule has anything to say now."),
            (None, false) if second.put_off.is_empty() => {
                format!("What {a} needs is put off, which is still a person; about {b} there is nothing but paper.")
            }
            _ => "About neither does a rule say anything now: by name.".into(),
        };
    };
    if one.band != other.band {
        return format!(
            "{a} stands in {}, {b} in {}.",
            one.band.label().to_lowercase(),
            other.band.label().to_lowercase()
        );
    }
    if one.class != other.class {
        return format!("{} comes before {}.", sentence(one.class.label()), other.class.label());
    }
    let within = match one.class {
        Class::Life => why_graver(first, second, one, other),
        Class::HomeAndRights => why_sooner_lost(one, other, clock),
        Class::Promise => (one.due.map(DueAt::order) != other.due.map(DueAt::order)).then(|| "By the clock.".into()),
        Class::Contact | Class::Care => None,
        Class::Paper => Some("By the day.".into()),
    };
    within.unwrap_or_else(|| match one.class {
        Class::Contact | Class::Care if one.standing >> 7 != other.standing >> 7 => {
            format!("{a} is further over what was allowed, measured by how much was allowed.")
        }
        _ if one.standing & 127 != other.standing & 127 => format!("{a}'s reason weighs more."),
        _ => "Equally pressing: by name.".into(),
    })
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// How many grave reasons stand for a client: several before one.
pub(super) fn grave(reasons: &[Reason]) -> usize {
    reasons.iter().filter(|reason| reason.class == Class::Life && reason.gravity >= GRAVE && !reason.lifted).count()
}

fn why_graver(first: &Ranked, second: &Ranked, one: &Reason, other: &Reason) -> Option<String> {
    if one.gravity != other.gravity {
        let crises = one.gravity >= CRISIS && other.gravity >= CRISIS;
        let words = match (crises, one.gravity >= CRISIS) {
            (true, _) => "Graver: a crisis of its kind leaves less time.",
            (false, true) => "An open crisis comes before every other danger to life.",
            _ => "Graver, by the order of dangers to life.",
        };
        return Some(words.into());
    }
    if (grave(&first.reasons) > 1) != (grave(&second.reasons) > 1) {
        return Some("Equally grave, and several grave reasons come before one.".into());
    }
    if one.in_hand != other.in_hand {
        return Some("Equally grave, and nobody has begun to answer it yet.".into());
    }
    (one.standing >> 7 != other.standing >> 7).then(|| {
        if one.gravity >= CRISIS {
            "Equally grave: the newest crisis first.".into()
        } else {
            "Equally grave: the oldest first.".to_string()
        }
    })
}

fn why_sooner_lost(one: &Reason, other: &Reason, clock: &Clock) -> Option<String> {
    let passed = |reason: &Reason| reason.due.is_some_and(|due| due.has_passed(clock.now));
    if passed(one) != passed(other) {
        return Some("What can still be saved comes before what is past its day.".into());
    }
    let day = |reason: &Reason| reason.due.map(DueAt::day);
    if day(one) != day(other) {
        return Some("It is lost on an earlier day.".into());
    }
    let hour = |reason: &Reason| reason.due.and_then(DueAt::minute);
    match (hour(one), hour(other)) {
        (None, Some(_)) => {
            Some("On the same day what has no hour, and ends when an office closes, comes before what has one.".into())
        }
        (one, other) if one != other => Some("By the clock.".into()),
        _ => None,
    }
}
