//! The lines of an instrument's file, as TOML has them. What may be left out has a default here; what a line means is told
//! in [`super::super::Instrument`] and in the shipped files.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::model::{Information, Severity};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OffLines {
    pub code: Spanned<String>,
    pub off: bool,
    #[serde(default)]
    pub accept: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Lines {
    pub code: Spanned<String>,
    /// Why an agency accepts that answers are no longer told which the shipped one tells at once.
    #[serde(default)]
    pub accept: String,
    pub name: Spanned<String>,
    pub tells: Option<Vec<Information>>,
    pub about: String,
    pub source: Spanned<String>,
    pub licence: Spanned<String>,
    #[serde(default)]
    pub licensed: bool,
    #[serde(default)]
    pub areas: Vec<String>,
    pub loinc: Option<Spanned<String>>,
    pub loinc_total: Option<Spanned<String>>,
    pub scoring: Spanned<ScoringName>,
    pub range: Spanned<(i64, i64)>,
    #[serde(default)]
    pub missing: MissingName,
    pub prorate_up_to: Option<Spanned<usize>>,
    pub prorate_source: Option<String>,
    pub again: Option<Spanned<u16>>,
    #[serde(default)]
    pub choices: BTreeMap<String, Vec<Spanned<ChoiceLines>>>,
    #[serde(default)]
    pub item: Vec<Spanned<ItemLines>>,
    #[serde(default)]
    pub subscale: Vec<Spanned<SubscaleLines>>,
    #[serde(default)]
    pub level: Vec<Spanned<LevelLines>>,
    #[serde(default)]
    pub band: Vec<Spanned<BandLines>>,
    #[serde(default)]
    pub cut_off: Vec<Spanned<CutOffLines>>,
    #[serde(default)]
    pub alert: Vec<Spanned<AlertLines>>,
    #[serde(default)]
    pub need: Vec<Spanned<NeedLines>>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ScoringName {
    Sum,
    Max,
    Level,
    Needs,
}

#[derive(Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MissingName {
    #[default]
    Complete,
    CountAnswered,
    Prorate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ChoiceLines {
    pub value: i64,
    pub label: String,
    pub key: Option<String>,
    pub points: Option<i64>,
    #[serde(default)]
    pub also: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ItemLines {
    pub id: String,
    pub label: String,
    pub loinc: Option<String>,
    pub choices: Option<String>,
    pub choice: Option<Vec<Spanned<ChoiceLines>>>,
    pub number: Option<NumberLines>,
    #[serde(default)]
    pub reversed: bool,
    pub scored: Option<bool>,
    #[serde(default)]
    pub optional: bool,
    pub show_if: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct NumberLines {
    pub min: i64,
    pub max: i64,
    #[serde(default)]
    pub unit: String,
    #[serde(default)]
    pub points: Vec<(i64, i64)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SubscaleLines {
    pub code: String,
    pub name: String,
    pub loinc: Option<String>,
    pub items: Vec<String>,
    pub range: (i64, i64),
    #[serde(default)]
    pub band: Vec<Spanned<BandLines>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LevelLines {
    pub when: Option<Spanned<String>>,
    pub value: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct BandLines {
    pub from: i64,
    pub label: String,
    pub severity: Option<Severity>,
    #[serde(default)]
    pub asks: String,
    #[serde(default)]
    pub now: bool,
    pub again: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CutOffLines {
    pub people: String,
    pub when: Option<Spanned<String>>,
    #[serde(default)]
    pub band: Vec<Spanned<BandLines>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AlertLines {
    pub item: String,
    pub when: Spanned<String>,
    pub says: String,
    #[serde(default)]
    pub now: bool,
    pub gravity: Option<Spanned<u16>>,
    #[serde(default)]
    pub until_evaluated: bool,
    pub unanswered: Option<i64>,
    pub unanswered_says: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct NeedLines {
    pub domain: String,
    pub what: String,
    pub when: Spanned<String>,
    pub urgent: Option<Spanned<String>>,
}
