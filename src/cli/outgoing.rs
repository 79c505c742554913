//! Whose data may go into a file for somebody else: asked of the releases before the first byte is written, and put on the
//! record before the file has its name. A file for another program is whole or not at all for a client: it cannot be told from
//! outside what it lacks.

use anyhow::bail;

use crate::exchange::Format;
use crate::model::records::{appointment, care_team, client, goal};
use crate::model::{CATALOGUE, DisclosureWay, RecordType, RowId, record_by_name};
use crate::practice::Practice;
use crate::practice::consent::{Override, Permission, Recipient};
use crate::practice::information::{Categories, Sorter};
use crate::store::{Deed, Disclosed, Store};

/// For whom a file is.
pub struct For<'a> {
    /// A person or an organisation by the name that a release has, or "client"; none: it stays with the worker.
    pub whom: Option<&'a str>,
    pub purpose: &'a str,
    pub without: Option<Override>,
}

/// What was decided about a file.
pub struct Decided<'a> {
    pub clients: Vec<RowId>,
    whom: &'a For<'a>,
    format: Format,
    permissions: Vec<(RowId, Permission)>,
    left_out: Vec<(RowId, String, Permission)>,
}

/// The record types of which a format tells.
fn told_by(format: Format, list: Option<&str>) -> Vec<&'static RecordType> {
    match format {
        Format::Ics => vec![&client::TYPE, &appointment::TYPE],
        Format::Vcard => vec![&client::TYPE, &care_team::TYPE],
        Format::Csv | Format::Xlsx => match list.and_then(record_by_name) {
            Some(record) => vec![&client::TYPE, record],
            None => CATALOGUE.to_vec(),
        },
        _ => CATALOGUE.to_vec(),
    }
}

/// What is to go into a file.
pub struct Contents<'a> {
    pub format: Format,
    pub list: Option<&'a str>,
    /// All that was ever written, too.
    pub history: bool,
}

/// Decides who goes into a file. `asked` names the clients; empty means everyone.
///
/// # Errors
/// In words, where it is for somebody and nobody's release permits it, or for a client and of more than one.
pub fn decide<'a>(
    practice: &Practice,
    store: &Store,
    contents: &Contents<'_>,
    asked: Vec<RowId>,
    whom: &'a For<'a>,
) -> anyhow::Result<Decided<'a>> {
    let format = contents.format;
    let mut decided = Decided { clients: asked, whom, format, permissions: Vec::new(), left_out: Vec::new() };
    // A directory of services holds nobody's data.
    let Some(name) = whom.whom.filter(|_| format != Format::Hsds) else { return Ok(decided) };
    let to = if name.eq_ignore_ascii_case("client") { Recipient::Client } else { Recipient::Other(name) };
    let all = match &decided.clients[..] {
        [] => store.all_facts()?.into_iter().map(|facts| facts.id).collect(),
        some => some.to_vec(),
    };
    if to == Recipient::Client {
        let persons = all.iter().map(|id| store.root(*id)).collect::<Result<std::collections::BTreeSet<_>, _>>()?;
        if persons.len() != 1 {
            bail!("A file for a client holds that client alone: say which one, with --client ID.");
        }
    }
    decided.clients.clear();
    for id in all {
        let records = told_by(format, contents.list);
        let Some(file) = store.client_part(id, usize::MAX >> 1, &records)? else { continue };
        let goals = store.client_part(id, usize::MAX >> 1, &[&goal::TYPE])?;
        let sorter = Sorter::new(practice, goals.as_ref().map_or(&[], |file| file.of(&goal::TYPE)));
        let rows = records.iter().flat_map(|record| file.of(record));
        let told: Categories = match contents.history {
            true => store.all_told(practice, id)?,
            false => sorter.of_rows(std::iter::once(&file.client).chain(&file.also).chain(rows)),
        };
        let permission = store.may_leave(practice, id, to, &told, whom.without.as_ref())?;
        if permission.is_whole() {
            decided.clients.push(id);
            decided.permissions.push((id, permission));
        } else {
            decided.left_out.push((id, file.client.client_name(), permission));
        }
    }
    if decided.clients.is_empty() {
        let first = decided.left_out.first().and_then(|(_, name, permission)| {
            let left = permission.left_out.first()?;
            Some(format!(" {name}: {}", left.in_words()))
        });
        bail!("Nothing was written: no release permits it for \"{name}\".{}", first.unwrap_or_default());
    }
    Ok(decided)
}

impl Decided<'_> {
    /// Who is left out and by which rule, and what must go with the file.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for (_, name, permission) in &self.left_out {
            let first = permission.left_out.first().map_or(String::new(), |left| left.in_words());
            lines.push(format!("Left out: {name}. {first}"));
        }
        for (_, permission) in &self.permissions {
            for line in permission.notice.iter().chain(&permission.warning) {
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
    pub fn record(&self, store: &mut Store) -> anyhow::Result<()> {
        let what = format!("a {} file", self.format.name());
        let Some(name) = self.whom.whom else {
            let detail = format!("{what} for the worker's own use");
            if self.clients.is_empty() {
                store.note_leaving(None, Deed::Exported, &detail)?;
            }
            for id in &self.clients {
                store.note_leaving(Some(*id), Deed::Exported, &detail)?;
            }
            return Ok(());
        };
        for (id, permission) in &self.permissions {
            store.disclose(&Disclosed {
                client: *id,
                to: name,
                what: &what,
                purpose: self.whom.purpose,
                how: DisclosureWay::Export,
                permission,
                without: self.whom.without.as_ref().filter(|_| permission.is_overridden()),
            })?;
        }
        for (id, _, permission) in &self.left_out {
            store.note_leaving(
                Some(*id),
                Deed::Withheld,
                &format!("not given to {name}: {}", permission.withheld()),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
