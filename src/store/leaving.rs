//! What may leave a client's file by their releases, and the record of what did (45 CFR 164.528; 42 CFR 2.51(c)).
//!
//! Whoever prints, exports or hands over first asks [`Store::may_leave`], leaves out what it says, and then tells
//! [`Store::disclose`]. A bundle cannot leave out a part of a client's chain without breaking it: it is the whole file or
//! nothing, by [`Store::may_hand_over`].

use crate::model::records::{client, consent, disclosure, goal};
use crate::model::{CATALOGUE, Change, DisclosureWay, FieldId, Information, Row, RowId, Value, field_by_id};
use crate::practice::Practice;
use crate::practice::consent::{Asked, Override, Permission, Recipient, permits, same_name};
use crate::practice::information::{Categories, Sorter};

use super::access::Deed;
use super::forks::MOVED;
use super::wire::Content;
use super::{Receipt, Result, Site, Store, StoreError, journal, lines};

/// Something that was given to someone.
#[derive(Clone, Debug)]
pub struct Disclosed<'a> {
    pub client: RowId,
    pub to: &'a str,
    /// In words: "plan of 3 Nov 2026", "notes of October".
    pub what: &'a str,
    pub purpose: &'a str,
    pub how: DisclosureWay,
    /// What was decided about it: the release, and what was left out.
    pub permission: &'a Permission,
    pub without: Option<&'a Override>,
}

/// Who may be handed to another agency and who may not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HandOverCheck {
    pub allowed: Vec<(RowId, Permission)>,
    /// With the client's name.
    pub left_out: Vec<(RowId, String, Permission)>,
}

impl HandOverCheck {
    /// Who is left out and by which rule, a line each.
    pub fn lines(&self) -> Vec<String> {
        let line = |(_, name, permission): &(RowId, String, Permission)| {
            let first = permission.left_out.first().map_or(String::new(), |left| left.in_words());
            let more = match permission.left_out.len() {
                0 | 1 => String::new(),
                many => format!(" (and {} more)", many - 1),
            };
            format!("{name}: {first}{more}")
        };
        self.left_out.iter().map(line).collect()
    }
}

impl Store {
    /// What of a client's file may be told to someone now.
    ///
    /// # Errors
    /// [`StoreError::NoRow`] where there is no such client.
    pub fn may_leave(
        &self,
        practice: &Practice,
        client: RowId,
        to: Recipient<'_>,
        what: &Categories,
        without: Option<&Override>,
    ) -> Result<Permission> {
        let file =
            self.client_part(client, 0, &[&consent::TYPE])?.ok_or_else(|| StoreError::NoRow(client.to_string()))?;
        let everyone = std::iter::once(&file.client).chain(&file.also);
        // Where sites disagree about the danger, all that was said counts.
        let said = everyone.flat_map(|row| {
            let sides = row.disagreements.iter().filter(|one| one.field == client::safe_contact);
            let sides = sides.flat_map(|one| one.sides.iter().map(Value::plain));
            sides.chain([row.text(client::safe_contact).to_string()]).collect::<Vec<_>>()
        });
        let mut said: Vec<String> = said.filter(|text| !text.trim().is_empty()).collect();
        said.dedup();
        let asked = Asked { to, what, at: self.now(), safe_contact: &said.join(" / "), without };
        Ok(permits(file.of(&consent::TYPE), &asked, &practice.agency))
    }

    /// All that a client's chains tell, deleted rows and earlier values included: they travel in a bundle too.
    pub fn all_told(&self, practice: &Practice, client: RowId) -> Result<Categories> {
        let mut told: Categories = [Information::Contact].into();
        let members = self.with_all_entries(&[client])?;
        let goals = self.goals_ever(&members)?;
        let sorter = Sorter::new(practice, &goals);
        for member in members {
            for batch in journal::of_stream(&self.db, member)? {
                for (_, entry) in batch.numbered()? {
                    // Whose installation wrote it tells of no client.
                    if entry.record == MOVED || lines::is_word(&entry) {
                        continue;
                    }
                    let field = FieldId { record: entry.record, field: entry.field };
                    let Some(record) = CATALOGUE.iter().find(|record| record.number == entry.record) else {
                        // Written by a newer version: nobody here knows what it tells.
                        told.extend(Information::ALL);
                        continue;
                    };
                    if field_by_id(field).is_none()
                        || matches!(entry.content, Content::Value(ref bytes) if bytes.is_empty())
                    {
                        continue;
                    }
                    let now = self.row_of(record, entry.row)?;
                    let mut row = now.unwrap_or_else(|| Row::new(record, entry.row, member));
                    match entry.key.is_empty() {
                        true => row.put(field, entry.value()?),
                        false => row.sets.insert(0, (field.field, vec![entry.key.clone()])),
                    }
                    told.extend(sorter.of_field(&row, field));
                }
            }
        }
        Ok(told)
    }

    /// The goals of a person, also those that were deleted: of these only that they were there; what they told stands in the
    /// journal and counts by itself.
    fn goals_ever(&self, members: &[RowId]) -> Result<Vec<Row>> {
        let mut goals = Vec::new();
        let sql = format!("SELECT id FROM {} WHERE stream = ?1 AND state & 1 = 1", goal::TYPE.table());
        let mut deleted = self.db.prepare_cached(&sql)?;
        for member in members {
            goals.extend(self.rows(&goal::TYPE, *member)?);
            let ids = deleted.query_map([member], |row| Ok(RowId::from_bytes(row.get(0)?)))?;
            for id in ids {
                goals.push(Row::new(&goal::TYPE, id?, *member));
            }
        }
        Ok(goals)
    }

    /// Who of these clients may be handed whole to another agency: by a release to it, or to the one who works there.
    pub fn may_hand_over(
        &self,
        practice: &Practice,
        clients: &[RowId],
        site: &Site,
        without: Option<&Override>,
    ) -> Result<HandOverCheck> {
        let agency = self.agency_of(site)?;
        let mut check = HandOverCheck::default();
        for client in clients {
            let client = self.root(*client)?;
            let what = self.all_told(practice, client)?;
            let by_agency = self.may_leave(practice, client, Recipient::Other(&agency), &what, without)?;
            let permission = match by_agency.is_whole() || same_name(&agency, &site.person()) {
                true => by_agency,
                false => {
                    let by_name = self.may_leave(practice, client, Recipient::Other(&site.person()), &what, without)?;
                    if by_name.is_whole() { by_name } else { by_agency }
                }
            };
            if permission.is_whole() {
                check.allowed.push((client, permission));
            } else {
                let name = self.facts(client)?.map_or(String::new(), |facts| facts.name);
                check.left_out.push((client, name, permission));
            }
        }
        Ok(check)
    }

    /// The record of something that was given to another party, to be saved with whatever else belongs to the same action.
    pub fn disclosure(&self, given: &Disclosed<'_>) -> Change {
        let row = self.new_id();
        let mut change = Change::new(format!("give to {}", given.to));
        change
            .create(&disclosure::TYPE, row, given.client)
            .set(row, disclosure::when, Value::Time(self.now()))
            .set(row, disclosure::to, given.to)
            .set(row, disclosure::what, given.what)
            .set(row, disclosure::purpose, given.purpose)
            .set(row, disclosure::how, given.how.code())
            .set(row, disclosure::consent, given.permission.by.first().copied())
            .set(row, disclosure::withheld, given.permission.withheld());
        if let Some(without) = given.without {
            change.set(row, disclosure::overridden, without.in_words());
        }
        change
    }

    /// Records that something was given to another party: in the client's own stream, and in the list of who did what here.
    ///
    /// # Errors
    /// What [`Store::commit`] says: where it cannot be recorded it must not leave.
    pub fn disclose(&mut self, given: &Disclosed<'_>) -> Result<Receipt> {
        let receipt = self.commit(&self.disclosure(given))?;
        let deed = match given.how {
            DisclosureWay::Print => Deed::Printed,
            DisclosureWay::Bundle => Deed::HandedOver,
            DisclosureWay::Export | DisclosureWay::Message | DisclosureWay::Spoken => Deed::Exported,
        };
        self.note_leaving(Some(given.client), deed, &format!("{} to {}", given.what, given.to))?;
        if let Some(without) = given.without {
            self.note_leaving(Some(given.client), Deed::Overridden, &without.in_words())?;
        }
        Ok(receipt)
    }
}
