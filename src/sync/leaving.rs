//! Who may be handed over to whom. Colleagues of the same agency work with the same people; to another agency goes only
//! whose release permits it, whole or not at all: a client's chain with a part left out would not hold.

use std::path::Path;

use crate::disclosure::{Disclosed, HandOverCheck, Override, disclose, may_hand_over};
use crate::model::text::one_line;
use crate::model::{DisclosureWay, RowId};
use crate::practice::Practice;
use crate::store::{Deed, Site, Store, StoreError};

use super::exchange::bundle;
use super::{Given, Scope, Whom};

/// What was decided about a bundle before it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leaving {
    /// The other agency; empty where all receivers are of ours.
    pub agency: String,
    pub check: HandOverCheck,
}

impl Leaving {
    /// Holds a bundle against the releases of everyone in it. Whoever may not go to one of the receivers goes to none: it is
    /// one file. A bundle sealed with a passphrase is for whoever the worker gives it to, which is on their word.
    pub fn of(
        store: &Store,
        practice: &Practice,
        scope: &Scope,
        whom: &Whom,
        without: Option<&Override>,
    ) -> Result<Leaving, StoreError> {
        let mut leaving = Leaving::default();
        let Whom::Sites(sites) = whom else { return Ok(leaving) };
        let mut clients = match scope {
            Scope::Whole => store.all_facts()?.into_iter().map(|facts| facts.id).collect(),
            Scope::Clients(clients) => clients.clone(),
        };
        for site in sites {
            let agency = store.agency_of(site)?;
            if agency.is_empty() {
                continue;
            }
            let check = may_hand_over(store, practice, &clients, site, without)?;
            clients = check.allowed.iter().map(|(client, _)| *client).collect();
            leaving.check.left_out.extend(check.left_out);
            leaving.check.allowed = check.allowed;
            leaving.agency = agency;
        }
        Ok(leaving)
    }

    /// What of it may be written: to another agency never the worker's own stream, and only those who may go.
    pub fn scope(&self, asked: Scope) -> Scope {
        match self.agency.is_empty() {
            true => asked,
            false => Scope::Clients(self.check.allowed.iter().map(|(client, _)| *client).collect()),
        }
    }

    pub fn is_nobody(&self) -> bool {
        !self.agency.is_empty() && self.check.allowed.is_empty()
    }

    /// Who is left out and by which rule, a line each.
    pub fn refusals(&self) -> Vec<String> {
        self.check.lines()
    }

    /// What must go with it, each once: the notice of 42 CFR 2.32 and the scope of the consent, and how to reach someone safely.
    pub fn notices(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for (_, permission) in &self.check.allowed {
            for line in permission.goes_with_it() {
                if !lines.contains(line) {
                    lines.push(line.clone());
                }
            }
        }
        lines
    }

    /// Writes the bundle, puts on the record what is given and who is left out, and only then lets the file appear.
    ///
    /// # Errors
    /// What the disk says, and where there is a file of that name: then nothing leaves.
    pub fn give(
        &self,
        store: &mut Store,
        (scope, whom): (&Scope, &Whom),
        everything: bool,
        without: Option<&Override>,
        path: &Path,
    ) -> Result<Given, StoreError> {
        let bundle = bundle(store, scope, whom, everything, path)?;
        self.record(store, scope, whom, without)?;
        bundle.settle().map_err(|error| store.note_unwritten("a bundle").err().unwrap_or(error))
    }

    fn record(
        &self,
        store: &mut Store,
        scope: &Scope,
        whom: &Whom,
        without: Option<&Override>,
    ) -> Result<(), StoreError> {
        let to = match whom {
            Whom::Passphrase(_) => "whoever has the passphrase".to_string(),
            Whom::Sites(sites) => {
                sites.iter().map(|site: &Site| one_line(&site.name).into_owned()).collect::<Vec<_>>().join(", ")
            }
        };
        if self.agency.is_empty() {
            let detail = format!("bundle for {to}");
            return match scope {
                Scope::Whole => store.note_leaving(None, Deed::HandedOver, &detail),
                Scope::Clients(clients) => {
                    clients.iter().try_for_each(|id: &RowId| store.note_leaving(Some(*id), Deed::HandedOver, &detail))
                }
            };
        }
        let to = if to.is_empty() { self.agency.clone() } else { format!("{} ({to})", self.agency) };
        for (client, permission) in &self.check.allowed {
            // Only where no release stands was it given without one.
            let without = without.filter(|_| permission.is_overridden());
            disclose(
                store,
                &Disclosed {
                    client: *client,
                    to: &to,
                    what: "the whole file, as a bundle",
                    purpose: "",
                    how: DisclosureWay::Bundle,
                    permission,
                    without,
                },
            )?;
        }
        for (client, _, permission) in &self.check.left_out {
            let detail = format!("not given to {to}: {}", permission.withheld());
            store.note_leaving(Some(*client), Deed::Withheld, &detail)?;
        }
        Ok(())
    }
}
