//! Whose data may go into a file for another program: asked of the releases before the first byte is written, and put on the
//! record before the file has its name. A file for another program is whole or not at all for a client: it cannot be told from
//! outside what it lacks.

use crate::model::records::{client, goal};
use crate::model::{ClientStatus, DisclosureWay, Information, Row, RowId};
use crate::practice::Practice;
use crate::store::{ClientFile, Deed, Result, Store, StoreError};

use super::classes::{Categories, Sorter, leads_to_them};
use super::contents::{Contents, Format};
use super::handed::Handed;
use super::record::{Disclosed, all_told, disclose, may_leave, safe_contact};
use super::releases::{Override, Permission, Recipient};

/// Whose data is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Clients {
    /// Everybody whom a file of that kind holds as a rule.
    Everyone,
    These(Vec<RowId>),
}

/// For whom a file is.
#[derive(Clone, Debug, PartialEq)]
pub enum Whom {
    /// It stays with the worker.
    Worker,
    /// The client, and then of that client alone.
    Client,
    /// A person or an organisation, by the name that a release has.
    Other(String),
}

impl Whom {
    /// As it is typed at the command line: a name, "client", or nothing at all.
    pub fn named(name: Option<&str>) -> Whom {
        match name {
            None => Whom::Worker,
            Some(name) if name.eq_ignore_ascii_case("client") => Whom::Client,
            Some(name) => Whom::Other(name.into()),
        }
    }

    fn recipient(&self) -> Option<(&str, Recipient<'_>)> {
        match self {
            Whom::Worker => None,
            Whom::Client => Some(("client", Recipient::Client)),
            Whom::Other(name) => Some((name, Recipient::Other(name))),
        }
    }
}

/// A file that is asked for.
#[derive(Clone, Debug)]
pub struct Asking {
    pub contents: Contents,
    pub clients: Clients,
    pub whom: Whom,
    /// As it goes on the record.
    pub purpose: String,
    pub without: Option<Override>,
}

/// Why nothing may be written.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("A file for a client holds that client alone: say which one, with --client ID.")]
    OneClientAlone,
    #[error("Nothing was written: no release permits it for \"{name}\".{why}")]
    NoRelease { name: String, why: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was decided about a file.
pub struct Decided {
    asking: Asking,
    /// In the order of their ids; someone entered several times stands here once.
    clients: Vec<RowId>,
    permissions: Vec<(RowId, Permission)>,
    left_out: Vec<(RowId, String, Permission)>,
    /// Who does not go out although nobody was told of them here, by name, and why.
    kept_back: Vec<(String, &'static str)>,
}

/// Decides who goes into a file.
///
/// # Errors
/// In words, where it is for somebody and nobody's release permits it, or for a client and of more than one.
pub fn decide(store: &Store, practice: &Practice, asking: Asking) -> std::result::Result<Decided, Refused> {
    let contents = &asking.contents;
    let mut all = asked(store, contents, &asking.clients)?;
    if asking.whom == Whom::Client && contents.is_of_clients() && all.len() != 1 {
        return Err(Refused::OneClientAlone);
    }
    let (mut permissions, mut left_out, mut kept_back) = (Vec::new(), Vec::new(), Vec::new());
    match asking.whom.recipient() {
        None if contents.format == Format::Hmis => {
            let mut careful = Vec::new();
            for id in &all {
                if let Some(file) = store.client_part(*id, 0, &[])?.filter(|file| !safe_contact(file).is_empty()) {
                    careful.push(*id);
                    kept_back.push((file.client.client_name(), IN_DANGER));
                }
            }
            all.retain(|id| !careful.contains(id));
        }
        None => {}
        Some((name, to)) => {
            let asked = std::mem::take(&mut all);
            for id in asked {
                let Some((file, told)) = told(store, practice, contents, id)? else { continue };
                let permission = may_leave(store, practice, id, to, &told, asking.without.as_ref())?;
                if permission.is_whole() {
                    all.push(id);
                    permissions.push((id, permission));
                } else {
                    left_out.push((id, file.client.client_name(), permission));
                }
            }
            if all.is_empty() && contents.is_of_clients() {
                let first = left_out.first().and_then(|(_, name, permission)| {
                    Some(format!(" {name}: {}", permission.left_out.first()?.in_words()))
                });
                return Err(Refused::NoRelease { name: name.into(), why: first.unwrap_or_default() });
            }
        }
    }
    Ok(Decided { asking, clients: all, permissions, left_out, kept_back })
}

/// An HMIS is other people's: someone who must be reached with care is entered there only by their written release to whom
/// it is for (VAWA, 34 USC 12291(b)(2)).
const IN_DANGER: &str = "must be contacted with care: say with --for NAME whose HMIS it is, and their release is asked";

/// Who is asked for.
fn asked(store: &Store, contents: &Contents, clients: &Clients) -> Result<Vec<RowId>> {
    if !contents.is_of_clients() {
        return Ok(Vec::new());
    }
    let mut all: Vec<RowId> = match clients {
        Clients::Everyone => {
            let everyone = store.all_facts()?.into_iter();
            everyone
                .filter(|facts| contents.closed_too() || facts.status != ClientStatus::Closed)
                .map(|facts| facts.id)
                .collect()
        }
        Clients::These(these) => these.iter().map(|id| store.root(*id)).collect::<Result<_>>()?,
    };
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// What a file of these contents tells of a client; `None` where there is no such client.
fn told(
    store: &Store,
    practice: &Practice,
    contents: &Contents,
    id: RowId,
) -> Result<Option<(ClientFile, Categories)>> {
    let parts = contents.parts();
    let records: Vec<_> = parts.iter().map(|part| part.record).chain([&goal::TYPE]).collect();
    let Some(file) = store.client_part(id, usize::MAX >> 1, &records)? else { return Ok(None) };
    if contents.history {
        return Ok(Some((file, all_told(store, practice, id)?)));
    }
    let sorter = Sorter::new(practice, file.of(&goal::TYPE));
    // That somebody is a client at all.
    let mut told: Categories = [Information::Contact].into();
    let mut leads = false;
    for part in &parts {
        let rows: Vec<&Row> = match *part.record == client::TYPE {
            true => std::iter::once(&file.client).chain(&file.also).collect(),
            false => file.of(part.record).iter().collect(),
        };
        for row in rows {
            told.extend(sorter.of_fields(row, |field| part.holds(field)));
            leads |=
                row.record.fields.iter().any(|field| leads_to_them(field) && part.holds(field.id) && row.holds(field));
        }
    }
    // Nobody learns how to reach somebody who may not learn how to do so safely.
    if leads && !safe_contact(&file).is_empty() {
        told.insert(Information::Violence);
    }
    Ok(Some((file, told)))
}

impl Decided {
    /// What whoever writes the file is handed.
    pub fn hand<'a>(&'a self, store: &'a Store) -> Handed<'a> {
        let own_too = self.asking.whom == Whom::Worker && self.asking.clients == Clients::Everyone;
        Handed::new(store, &self.asking.contents, &self.clients, own_too)
    }

    /// Who goes out.
    pub fn clients(&self) -> &[RowId] {
        &self.clients
    }

    /// Who is left out and by which rule, and what must go with the file.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for (_, name, permission) in &self.left_out {
            let first = permission.left_out.first().map_or(String::new(), |left| left.in_words());
            lines.push(format!("Left out: {name}. {first}"));
        }
        lines.extend(self.kept_back.iter().map(|(name, why)| format!("Left out: {name}, who {why}.")));
        for (_, permission) in &self.permissions {
            for line in permission.goes_with_it() {
                if !lines.contains(line) {
                    lines.push(line.clone());
                }
            }
        }
        lines
    }

    /// Puts on the record what was given, and who was left out.
    ///
    /// # Errors
    /// What the disk says.
    pub fn record(&self, store: &mut Store) -> Result<()> {
        let what = format!("a {} file", self.asking.contents.format.name());
        let of_clients = self.asking.contents.is_of_clients();
        let Some((name, _)) = self.asking.whom.recipient().filter(|_| of_clients) else {
            let detail = match self.asking.whom.recipient() {
                None => format!("{what} for the worker's own use"),
                Some((name, _)) => format!("{what} about no client to {name}"),
            };
            return match &self.asking.clients {
                Clients::These(_) if of_clients => {
                    self.clients.iter().try_for_each(|id| store.note_leaving(Some(*id), Deed::Exported, &detail))
                }
                Clients::Everyone | Clients::These(_) => store.note_leaving(None, Deed::Exported, &detail),
            };
        };
        for (id, permission) in &self.permissions {
            disclose(
                store,
                &Disclosed {
                    client: *id,
                    to: name,
                    what: &what,
                    purpose: &self.asking.purpose,
                    how: DisclosureWay::Export,
                    permission,
                    without: self.asking.without.as_ref().filter(|_| permission.is_overridden()),
                },
            )?;
        }
        for (id, _, permission) in &self.left_out {
            let detail = format!("not given to {name}: {}", permission.withheld());
            store.note_leaving(Some(*id), Deed::Withheld, &detail)?;
        }
        Ok(())
    }
}
