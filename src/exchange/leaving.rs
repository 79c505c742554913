//! Who and what goes out in a file for another program: decided here and nowhere else, before the first byte is written.
//!
//! Formats ask [`Leaving::of`] and write what it lists; they never look for clients themselves.

use chrono::{DateTime, FixedOffset};

use crate::model::records::{client, consent};
use crate::model::{CATALOGUE, Information, RecordType, Row, RowId};
use crate::practice::consent::standing;
use crate::store::{Result, Store};

use super::Wanted;

/// What goes out, and who does not.
pub struct Leaving {
    /// In the order of the caseload; someone entered several times stands here once.
    pub clients: Vec<RowId>,
    /// Types of rows that go out.
    pub records: Vec<&'static RecordType>,
    /// Who was asked for and is left out, by name, and why.
    pub left_out: Vec<(String, String)>,
}

/// Says of a client why nothing of them may go out; `None` where it may.
pub type Withheld<'a> = &'a dyn Fn(&Row, &[Row]) -> Option<String>;

impl Leaving {
    /// All that was asked for but those whom `withheld` keeps; it is given a client and their consents.
    pub fn of(store: &Store, wanted: &Wanted<'_>, withheld: Withheld<'_>) -> Result<Leaving> {
        let mut everyone: Vec<RowId> = match wanted.clients {
            [] => store.all_facts()?.into_iter().map(|facts| facts.id).collect(),
            some => some.iter().map(|id| store.root(*id)).collect::<Result<_>>()?,
        };
        everyone.sort_unstable();
        everyone.dedup();
        let mut leaving = Leaving { clients: Vec::new(), records: CATALOGUE.to_vec(), left_out: Vec::new() };
        for id in everyone {
            let Some(file) = store.client_part(id, 0, &[&consent::TYPE])? else { continue };
            match withheld(&file.client, file.of(&consent::TYPE)) {
                Some(why) => leaving.left_out.push((file.client.client_name(), why)),
                None => leaving.clients.push(id),
            }
        }
        Ok(leaving)
    }
}

/// Nobody is kept back: the file stays with the worker.
pub fn nobody(_: &Row, _: &[Row]) -> Option<String> {
    None
}

/// Someone who must be reached with care is entered nowhere else without a release that covers violence and has not ended
/// (VAWA, 34 USC 12291(b)(2)).
pub fn unreleased_survivors(at: DateTime<FixedOffset>) -> impl Fn(&Row, &[Row]) -> Option<String> {
    move |person, consents| {
        let covers = |release: &&Row| {
            release.words(consent::what).iter().any(|what| what == Information::Violence.code())
                && standing(release, at).holds()
        };
        let careful = !person.text(client::safe_contact).trim().is_empty();
        (careful && !consents.iter().any(|release| covers(&release)))
            .then(|| "must be contacted with care, and no release in force covers it".into())
    }
}
