//! Who and what goes out in a file for another program: decided here and nowhere else, before the first byte is written.
//!
//! Formats ask [`Leaving::of`] and write what it lists; they never look for clients themselves.

use crate::model::records::client;
use crate::model::{CATALOGUE, RecordType, Row, RowId};
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
pub type Withheld<'a> = &'a dyn Fn(&Row) -> Option<String>;

impl Leaving {
    /// All that was asked for but those whom `withheld` keeps.
    pub fn of(store: &Store, wanted: &Wanted<'_>, withheld: Withheld<'_>) -> Result<Leaving> {
        let mut everyone: Vec<RowId> = match wanted.clients {
            [] => store.all_facts()?.into_iter().map(|facts| facts.id).collect(),
            some => some.iter().map(|id| store.root(*id)).collect::<Result<_>>()?,
        };
        everyone.sort_unstable();
        everyone.dedup();
        let mut leaving = Leaving { clients: Vec::new(), records: CATALOGUE.to_vec(), left_out: Vec::new() };
        for id in everyone {
            let Some(file) = store.client_part(id, 0, &[])? else { continue };
            match std::iter::once(&file.client).chain(&file.also).find_map(withheld) {
                Some(why) => leaving.left_out.push((file.client.client_name(), why)),
                None => leaving.clients.push(id),
            }
        }
        Ok(leaving)
    }
}

/// Nobody is kept back: the file stays with the worker, or the releases were asked.
pub fn nobody(_: &Row) -> Option<String> {
    None
}

/// An HMIS is other people's: someone who must be reached with care is entered there only by their written release to whom
/// it is for (VAWA, 34 USC 12291(b)(2)).
pub fn in_danger(person: &Row) -> Option<String> {
    let careful = !person.text(client::safe_contact).trim().is_empty();
    careful
        .then(|| "must be contacted with care: say with --for NAME whose HMIS it is, and their release is asked".into())
}
