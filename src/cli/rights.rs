//! Commands that say who founded the agency, and which rights it gives to whom.

use anyhow::{anyhow, bail};

use crate::store::{Right, StoreError};

use super::Setting;
use super::reading::printed;
use super::sharing::{one_called, one_site};

/// Says which installation founded the agency, or which one is set.
pub fn founder(
    setting: &Setting,
    named: Option<&str>,
    fingerprint: Option<&str>,
    json: bool,
) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let site = match named {
        Some(name) => Some(one_called(&store.sites()?, name)?),
        None => store.agency_founder()?.map(|id| store.site_known(id)).transpose()?.flatten(),
    };
    let Some(site) = site else {
        return Ok(match json {
            true => printed(&serde_json::Value::Null),
            false => "No founder of your agency is set here: authors erase their own, and nothing else.\n".into(),
        });
    };
    if named.is_some() && site.id != store.site() {
        let told = fingerprint.ok_or_else(|| {
            anyhow!(
                "Have the fingerprint of the agency's founder read to you on the phone, and give all of it: --fingerprint. Here it is {}.",
                site.fingerprint()
            )
        })?;
        if !site.has_fingerprint(told) {
            bail!(
                "The fingerprint of {} is {}, not the one that was told. Nothing was set.",
                site.person(),
                site.fingerprint()
            );
        }
    }
    if named.is_some() {
        store.set_agency_founder(site.id)?;
    }
    if json {
        return Ok(printed(&one_site(&store, &site)?));
    }
    let (person, fingerprint) = (site.person(), site.fingerprint());
    Ok(format!("The agency was founded by {person}, {fingerprint}: whom they give a right to has it here.\n"))
}

/// Gives a right, or ends it.
pub fn grant(setting: &Setting, name: &str, right: Right, end: bool, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let site = one_called(&store.sites()?, name)?;
    let standing: Vec<_> =
        store.grants_of(site.id)?.into_iter().filter(|grant| grant.right == right).map(|grant| grant.id).collect();
    let (person, code) = (site.person(), right.code());
    let founded = |error: StoreError| match error {
        StoreError::NotTheFounder => anyhow!(
            "Only the installation that founded the agency gives and ends rights. If that is this one, say so first: caseload site founder FINGERPRINT, with its own."
        ),
        other => other.into(),
    };
    let said = match (end, standing.is_empty()) {
        (true, true) => bail!("{person} has no such right: {code}."),
        (true, false) => {
            for id in standing {
                store.end_grant(id).map_err(founded)?;
            }
            format!("{person} may {code} no longer. What was done so far stays valid.\n")
        }
        (false, false) => format!("{person} may {code} already.\n"),
        (false, true) => {
            store.grant(site.id, right).map_err(founded)?;
            format!("{person} may {code}, for the whole agency. The others hear of it when you sync.\n")
        }
    };
    if json {
        return Ok(printed(&one_site(&store, &site)?));
    }
    Ok(said)
}
