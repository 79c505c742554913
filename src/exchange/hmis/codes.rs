//! Codes of the HMIS data standards with our own short words, both ways, from `assets/exchange/hmis.toml`.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::Domain;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Codes {
    pub(super) living: HashMap<String, String>,
    pub(super) homeless: Homeless,
    pub(super) disability: HashMap<String, Disability>,
    pub(super) service: HashMap<String, String>,
    pub(super) relation: HashMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct Homeless {
    pub(super) codes: Vec<u16>,
}

#[derive(Deserialize)]
pub(super) struct Disability {
    pub(super) what: String,
    pub(super) domain: Domain,
}

pub(super) fn codes() -> &'static Codes {
    static CODES: OnceLock<Codes> = OnceLock::new();
    CODES.get_or_init(|| {
        toml::from_str(include_str!("../../../assets/exchange/hmis.toml")).expect("the shipped codes are sound")
    })
}

pub(super) fn is_homeless(code: &str) -> bool {
    code.parse().is_ok_and(|code: u16| codes().homeless.codes.contains(&code))
}
