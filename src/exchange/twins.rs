//! People of a file who may be here already under another entry: told, never joined in silence.
//!
//! A column of ids that has another name this time, or is missing, makes new entries of people who are known. Whoever has the
//! same name and birth date, the same name and phone, or the same id elsewhere as somebody here is told before anyone works
//! with two half files.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::model::records::client;
use crate::model::{FieldId, Moment, Row, RowId};
use crate::store::Store;
use crate::triage::ClientFacts;
use crate::triage::duplicates::{Why, pairs};

use super::sheet::SYSTEMS;
use super::{ExchangeError, Reading};

/// So many are told by name.
const MOST: usize = 20;

/// Tells of those among a file's new people who may be here already.
pub(super) fn tell(reading: &mut Reading, store: &Store, moment: &Moment) -> Result<(), ExchangeError> {
    let mut new: Vec<ClientFacts> = Vec::new();
    for draft in reading.drafts.iter().filter(|draft| *draft.record == client::TYPE) {
        if store.row_of(&client::TYPE, draft.row)?.is_none() {
            let mut row = Row::new(&client::TYPE, draft.row, draft.row);
            for (field, value) in &draft.values {
                row.put(*field, value.clone());
            }
            new.push(facts_of(&row, &draft.members));
        }
    }
    if new.is_empty() {
        return Ok(());
    }
    let ids: HashSet<RowId> = new.iter().map(|one| one.id).collect();
    let mut all = store.all_facts()?;
    if all.is_empty() {
        return Ok(());
    }
    all.extend(new);
    let mut told: BTreeSet<String> = BTreeSet::new();
    // Under which name the ids of those who are here are known.
    let mut known = "outside_ids";
    let by_id: HashMap<RowId, &ClientFacts> = all.iter().map(|facts| (facts.id, facts)).collect();
    for pair in pairs(&all) {
        let (is_new, is_here) = match (ids.contains(&pair.one), ids.contains(&pair.other)) {
            (true, false) => (pair.one, pair.other),
            (false, true) => (pair.other, pair.one),
            _ => continue,
        };
        let (Some(one), Some(other)) = (by_id.get(&is_new), by_id.get(&is_here)) else { continue };
        // Names that are only alike are for the list of whom there may be twice.
        if pair.why == Why::SameBirthDate && words(one) != words(other) {
            continue;
        }
        let systems = other.outside_ids.iter().filter_map(|id| id.split_once(':')).map(|(system, _)| system);
        let named = systems.filter_map(|system| SYSTEMS.iter().find(|known| **known == system)).next();
        known = named.unwrap_or(&known);
        let born = one.birth_date.map_or(String::new(), |day| {
            let day = crate::triage::day_in_words(day, moment.today());
            format!(", born {day}")
        });
        told.insert(format!(
            "{}{born}, may be here already ({}) and comes in as another entry",
            one.name,
            why(pair.why)
        ));
    }
    let many = told.len();
    reading.told.extend(told.into_iter().take(MOST).map(|line| format!("{line}.")));
    if many > MOST {
        reading.told.push(format!("And {} more who may be here already.", many - MOST));
    }
    if many > 0 {
        reading.told.push(format!(
            "If a column holds their id, undo this and import again with --map \"Column={known}\"; otherwise join the \
             entries: `caseload duplicates` lists them."
        ));
    }
    Ok(())
}

fn why(why: Why) -> &'static str {
    match why {
        Why::SameBirthDate => "the same name and birth date",
        why => why.in_words(),
    }
}

fn facts_of(row: &Row, members: &[(FieldId, String)]) -> ClientFacts {
    let mut facts = ClientFacts::new(row.id, row.client_name());
    facts.birth_date = row.date(client::birth_date);
    facts.own_phones.extend(Some(row.text(client::phone).to_string()).filter(|phone| !phone.is_empty()));
    let ids = members.iter().filter(|(field, _)| *field == client::outside_ids);
    facts.outside_ids.extend(ids.map(|(_, id)| id.clone()));
    facts
}

/// The words of a name, whatever their order and case.
fn words(facts: &ClientFacts) -> BTreeSet<String> {
    let words = facts.name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}
