//! Who in the caseload a name in another program's file means.
//!
//! Only a whole name counts, given and family, or an address; and only where it is one person's alone: an appointment
//! put with the wrong person would tell one client's whereabouts in another's file.

use std::collections::HashMap;

use crate::model::RowId;
use crate::model::records::client;
use crate::store::Store;

use super::ExchangeError;

pub(super) struct People {
    /// By name or address, as [`words`] has it; `None` where several go by it.
    known: HashMap<String, Option<RowId>>,
    /// Words of the longest name.
    longest: usize,
}

impl People {
    pub fn of(store: &Store) -> Result<People, ExchangeError> {
        let mut people = People { known: HashMap::new(), longest: 0 };
        for facts in store.all_facts()? {
            let Some(row) = store.row_of(&client::TYPE, facts.id)? else { continue };
            let family = row.text(client::family_name);
            let given = [row.text(client::given_name), row.text(client::preferred_name)];
            for name in given.iter().filter(|name| !name.is_empty() && !family.is_empty()) {
                people.add(&format!("{name} {family}"), facts.id);
                people.add(&format!("{family} {name}"), facts.id);
            }
            let email = row.text(client::email).trim().to_lowercase();
            if !email.is_empty() {
                people.note(email, facts.id);
            }
        }
        Ok(people)
    }

    fn add(&mut self, name: &str, id: RowId) {
        let words = words(name);
        self.longest = self.longest.max(words.len());
        self.note(words.join(" "), id);
    }

    fn note(&mut self, name: String, id: RowId) {
        let known = self.known.entry(name).or_insert(Some(id));
        if *known != Some(id) {
            *known = None;
        }
    }

    /// The one person that these texts name; `None` where it is nobody, or more than one.
    pub fn named<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Option<RowId> {
        let mut found: Option<RowId> = None;
        for text in texts {
            let words = words(text);
            let names = (2..=self.longest).flat_map(|many| words.windows(many)).map(|words| words.join(" "));
            for name in names.chain([text.trim().to_lowercase()]) {
                match self.known.get(&name) {
                    None => {}
                    Some(Some(id)) if found.is_none_or(|known| known == *id) => found = Some(*id),
                    Some(_) => return None,
                }
            }
        }
        found
    }
}

/// The words of a name, small: what stands between them does not count.
fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    parts.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}
