//! What may leave a client's file by their releases, and the record of what did (45 CFR 164.528; 42 CFR 2.51(c)).
//!
//! Whoever prints, exports or hands over first asks [`may_leave`], leaves out what it says, and then tells [`disclose`]. A
//! bundle cannot leave out a part of a client's chain without breaking it: it is the whole file or nothing, by
//! [`may_hand_over`].

use crate::model::records::{consent, disclosure, relationship};
use crate::model::text::same_name;
use crate::model::{Change, DisclosureWay, Information, Invalid, RecordType, Row, RowId, Value};
use crate::practice::Practice;
use crate::store::{ClientFile, Deed, Ever, Receipt, Result, Site, Store, StoreError};

use super::classes::{Categories, Sorter, everything};
use super::minors::{Person, may_be_written};
use super::releases::{Asked, Override, Permission, Recipient, permits};

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

/// Who a release is asked about, with all that the laws look at.
fn person(store: &Store, client: RowId, also: &[&'static RecordType]) -> Result<(ClientFile, Person)> {
    let types: Vec<&RecordType> = [&[&relationship::TYPE], also].concat();
    let file = store.client_part(client, 0, &types)?.ok_or_else(|| StoreError::NoRow(client.to_string()))?;
    let person = Person::of(&file);
    Ok((file, person))
}

/// Whether a change may write a release as it does: by whom it was given, and by what right. Of anything else, yes.
///
/// # Errors
/// What the store says; within, in words, for the field to fill in.
pub fn may_be_given(
    store: &Store,
    practice: &Practice,
    change: &Change,
    before: &Row,
) -> Result<std::result::Result<(), Invalid>> {
    if *before.record != consent::TYPE {
        return Ok(Ok(()));
    }
    let (_, person) = person(store, before.stream, &[])?;
    Ok(may_be_written(change, before, &person, &practice.agency, store.now().date_naive()))
}

/// What was said of how somebody may be reached safely, in every entry for them: where sites disagree about the danger, all
/// that was said counts.
pub(super) fn safe_contact(file: &ClientFile) -> String {
    Person::of(file).safe_contact
}

/// What of a client's file may be told to someone now.
///
/// # Errors
/// [`StoreError::NoRow`] where there is no such client.
pub fn may_leave(
    store: &Store,
    practice: &Practice,
    client: RowId,
    to: Recipient<'_>,
    what: &Categories,
    without: Option<&Override>,
) -> Result<Permission> {
    let (file, person) = person(store, client, &[&consent::TYPE])?;
    let asked = Asked { to, what, at: store.now(), person: &person, without };
    Ok(permits(file.of(&consent::TYPE), &asked, &practice.agency))
}

/// All that a client's chains tell, deleted rows and earlier values included: they travel in a bundle too.
pub fn all_told(store: &Store, practice: &Practice, client: RowId) -> Result<Categories> {
    let mut told: Categories = [Information::Contact].into();
    let goals = store.goals_ever(client)?;
    let sorter = Sorter::new(practice, &goals);
    store.ever_written(client, |ever| {
        told.extend(match ever {
            Ever::Said(row, field) => sorter.of_field(&row, field),
            Ever::Unknown => everything(),
        });
    })?;
    Ok(told)
}

/// Who of these clients may be handed whole to another agency: by a release to it, or to the one who works there.
pub fn may_hand_over(
    store: &Store,
    practice: &Practice,
    clients: &[RowId],
    site: &Site,
    without: Option<&Override>,
) -> Result<HandOverCheck> {
    let agency = store.agency_of(site)?;
    let mut check = HandOverCheck::default();
    for client in clients {
        let client = store.root(*client)?;
        let what = all_told(store, practice, client)?;
        let by_agency = may_leave(store, practice, client, Recipient::Other(&agency), &what, without)?;
        let permission = match by_agency.is_whole() || same_name(&agency, &site.person()) {
            true => by_agency,
            false => {
                let by_name = may_leave(store, practice, client, Recipient::Other(&site.person()), &what, without)?;
                if by_name.is_whole() { by_name } else { by_agency }
            }
        };
        if permission.is_whole() {
            check.allowed.push((client, permission));
        } else {
            let name = store.facts(client)?.map_or(String::new(), |facts| facts.name);
            check.left_out.push((client, name, permission));
        }
    }
    Ok(check)
}

/// The record of something that was given to another party, as a change of the client's own file.
fn change(store: &Store, given: &Disclosed<'_>) -> Change {
    let row = store.new_id();
    let mut change = Change::new(format!("give to {}", given.to));
    change
        .create(&disclosure::TYPE, row, given.client)
        .set(row, disclosure::when, Value::Time(store.now()))
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
pub fn disclose(store: &mut Store, given: &Disclosed<'_>) -> Result<Receipt> {
    let receipt = store.commit(&change(store, given))?;
    let deed = match given.how {
        DisclosureWay::Print => Deed::Printed,
        DisclosureWay::Bundle => Deed::HandedOver,
        DisclosureWay::Export | DisclosureWay::Message | DisclosureWay::Spoken => Deed::Exported,
    };
    store.note_leaving(Some(given.client), deed, &format!("{} to {}", given.what, given.to))?;
    if let Some(without) = given.without {
        store.note_leaving(Some(given.client), Deed::Overridden, &without.in_words())?;
    }
    Ok(receipt)
}
