//! Services as they are billed: from minutes to units, by each service's own rule.

use serde::Deserialize;

use crate::model::{ContactKind, Information};

use super::Practice;

/// A service code and its rules.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Service {
    pub code: String,
    pub name: String,
    /// What it tells of a client that they get it, beside that they do; nobody said so: everything.
    #[serde(default)]
    pub tells: Option<Vec<Information>>,
    pub unit: Unit,
    #[serde(default)]
    pub rounding: Rounding,
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Kinds of contact that may be billed; empty: all in which a service was given.
    #[serde(default)]
    pub kinds: Vec<ContactKind>,
    #[serde(default)]
    pub daily_most: Option<u32>,
    /// The name of the pool whose minutes of a day are totalled over all its codes; none: the code's own minutes only.
    #[serde(default)]
    pub pool: Option<String>,
    #[serde(default)]
    pub areas: Vec<String>,
    pub source: String,
}

/// What one unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Unit {
    #[serde(rename = "15-minutes")]
    Quarter,
    #[serde(rename = "encounter")]
    Encounter,
    #[serde(rename = "day")]
    Day,
    #[serde(rename = "month")]
    Month,
}

/// How minutes become units of a quarter of an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Rounding {
    /// Medicare's: a unit begins at its 8th minute (8-22 = 1, 23-37 = 2 ...). Medicare Claims Processing Manual, chapter 5,
    /// section 20.2 C.
    #[default]
    #[serde(rename = "8-minute")]
    EightMinute,
    /// Whole quarters only.
    #[serde(rename = "down")]
    Down,
    /// From 7.5 minutes on.
    #[serde(rename = "half-up")]
    HalfUp,
}

/// What a note must have beside its signature to be billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// It serves a goal of an active plan.
    Goal,
    /// An approved authorization with units left covers the day.
    Authorization,
    FaceToFace,
}

impl Rounding {
    /// Units of 15 minutes that so many minutes are.
    pub fn units(self, minutes: u32) -> u32 {
        match self {
            Rounding::EightMinute => (minutes + 7) / 15,
            Rounding::Down => minutes / 15,
            Rounding::HalfUp => (2 * minutes + 15) / 30,
        }
    }
}

impl Practice {
    pub fn service(&self, code: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.code == code)
    }
}

/// What is wrong with the pools of services, if anything: the minutes of a pool can be totalled only where all its codes
/// are of 15 minutes and rounded alike. The code that does not fit, and why.
pub fn pools_fault(services: &[Service]) -> Option<(&str, String)> {
    let pooled = || services.iter().filter_map(|service| Some((service, service.pool.as_deref()?)));
    pooled().find_map(|(service, pool)| {
        let other = pooled().find(|(other, of)| *of == pool && other.rounding != service.rounding);
        let why = match (pool.trim(), service.unit, other) {
            ("", ..) => "a pool needs a name".to_string(),
            (_, unit, _) if unit != Unit::Quarter => {
                format!("{} is in the pool \"{pool}\", and is not counted by 15 minutes", service.code)
            }
            (_, _, Some((other, _))) => {
                format!("{} and {} are in the pool \"{pool}\", and are rounded differently", other.code, service.code)
            }
            _ => return None,
        };
        Some((service.code.as_str(), why))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the Medicare Claims Processing Manual, chapter 5, section 20.2, at both ends of each line.
    #[test]
    fn the_8_minute_rule_is_the_published_table() {
        let published = [
            (0, 7, 0),
            (8, 22, 1),
            (23, 37, 2),
            (38, 52, 3),
            (53, 67, 4),
            (68, 82, 5),
            (83, 97, 6),
            (98, 112, 7),
            (113, 127, 8),
        ];
        for (from, to, units) in published {
            for minutes in from..=to {
                assert_eq!(Rounding::EightMinute.units(minutes), units, "{minutes} minutes");
            }
        }
    }

    #[test]
    fn other_payers_round_down_or_half_up() {
        for (minutes, down, half_up) in
            [(7, 0, 0), (8, 0, 1), (14, 0, 1), (15, 1, 1), (22, 1, 1), (23, 1, 2), (30, 2, 2)]
        {
            assert_eq!((Rounding::Down.units(minutes), Rounding::HalfUp.units(minutes)), (down, half_up), "{minutes}");
        }
    }
}
