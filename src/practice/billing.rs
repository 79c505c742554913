//! Services as they are billed: from minutes to units, by each service's own rule.

use serde::Deserialize;

use crate::model::ContactKind;

use super::Practice;

/// A service code and its rules.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Service {
    pub code: String,
    pub name: String,
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
    /// section 20.2.
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

impl Service {
    /// Units that the minutes of one day are.
    pub fn units(&self, minutes: u32) -> u32 {
        let units = match self.unit {
            Unit::Quarter => self.rounding.units(minutes),
            Unit::Encounter | Unit::Day | Unit::Month => u32::from(minutes > 0),
        };
        units.min(self.daily_most.unwrap_or(u32::MAX))
    }
}

impl Practice {
    pub fn service(&self, code: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.code == code)
    }

    /// Units that one day's minutes of a service are; a service that nobody knows is counted by the quarter of an hour.
    pub fn units(&self, service: &str, minutes: u32) -> u32 {
        self.service(service).map_or_else(|| Rounding::EightMinute.units(minutes), |service| service.units(minutes))
    }
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

    #[test]
    fn other_units_count_what_took_place() {
        let practice = Practice::standard();
        assert_eq!(practice.units("H0006", 90), 1);
        assert_eq!(practice.units("T2022", 0), 0);
        assert_eq!(practice.units("T1016", 53), 4);
    }
}
