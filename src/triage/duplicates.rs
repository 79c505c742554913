//! Who may have been entered twice: the same id elsewhere; the same birth date and a similar name; the same name and phone.

use std::collections::{BTreeSet, HashMap};

use crate::model::RowId;

use super::ClientFacts;

/// Two entries that may be one person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    pub one: RowId,
    pub other: RowId,
    pub why: Why,
}

/// The surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    SameIdElsewhere,
    SameBirthDate,
    SamePhone,
}

impl Why {
    pub fn in_words(self) -> &'static str {
        match self {
            Why::SameIdElsewhere => "the same id elsewhere",
            Why::SameBirthDate => "born on the same day, and the names are alike",
            Why::SamePhone => "the same name and phone",
        }
    }
}

/// More entries than this under one key are a placeholder (a shelter's phone, 1 January), not a person.
const MOST: usize = 8;

/// Pairs that may be one person, the surest first; grows with the number of clients, not its square.
pub fn pairs(facts: &[ClientFacts]) -> Vec<Pair> {
    let names: Vec<BTreeSet<String>> = facts.iter().map(words).collect();
    let mut found: BTreeSet<(RowId, RowId)> = BTreeSet::new();
    let mut pairs = Vec::new();
    let mut look =
        |why: Why, keys: &mut dyn FnMut(&ClientFacts) -> Vec<String>, alike: &dyn Fn(usize, usize) -> bool| {
            let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, one) in facts.iter().enumerate() {
                for key in keys(one) {
                    by_key.entry(key).or_default().push(at);
                }
            }
            for together in by_key.values().filter(|together| (2..=MOST).contains(&together.len())) {
                for (n, a) in together.iter().enumerate() {
                    for b in &together[n + 1..] {
                        let (one, other) = (facts[*a].id.min(facts[*b].id), facts[*a].id.max(facts[*b].id));
                        if one != other && alike(*a, *b) && found.insert((one, other)) {
                            pairs.push(Pair { one, other, why });
                        }
                    }
                }
            }
        };
    look(Why::SameIdElsewhere, &mut |one| one.outside_ids.iter().map(|id| id.to_lowercase()).collect(), &|_, _| true);
    let born = &mut |one: &ClientFacts| one.birth_date.iter().map(ToString::to_string).collect();
    look(Why::SameBirthDate, born, &|a, b| !names[a].is_disjoint(&names[b]));
    let digits = |phone: &String| phone.chars().filter(char::is_ascii_digit).collect::<String>();
    let phones = &mut |one: &ClientFacts| one.phones().map(digits).filter(|digits| digits.len() >= 7).collect();
    look(Why::SamePhone, phones, &|a, b| names[a] == names[b]);
    pairs.sort_by_key(|pair| (pair.why, pair.one, pair.other));
    pairs
}

/// The words of a name as they are compared: no case, no accents, first four letters, so that Jon is like Jonathan.
fn words(facts: &ClientFacts) -> BTreeSet<String> {
    let name = format!("{} {}", facts.name, facts.sort_name).to_lowercase();
    let plain: String = name.chars().map(nucleo_matcher::chars::normalize).collect();
    let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 1);
    words.map(|word| word.chars().take(4).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, born: Option<&str>, phone: &str, id: &str) -> ClientFacts {
        let mut facts = ClientFacts::new(RowId::derived(&[name, phone, id]), name);
        facts.birth_date = born.map(|day| day.parse().unwrap());
        facts.own_phones.extend((!phone.is_empty()).then(|| phone.into()));
        facts.outside_ids.extend((!id.is_empty()).then(|| id.into()));
        facts
    }

    #[test]
    fn who_may_be_one_person() {
        let all = [
            person("Ana Rivera", Some("1988-03-02"), "555-010-1001", "hmis:1"),
            person("Ána Rivera-Soto", Some("1988-03-02"), "", ""),
            person("Ben Cole", Some("1988-03-02"), "", ""),
            person("B. Cole", None, "", "HMIS:1"),
            person("Cleo Hart", None, "555-010-2002", ""),
            person("Cleo Hart", None, "(555) 010 2002", ""),
            person("Dora Hart", None, "555-010-2002", ""),
        ];
        let found: Vec<(Why, RowId, RowId)> = pairs(&all).iter().map(|pair| (pair.why, pair.one, pair.other)).collect();
        let pair = |why, a: usize, b: usize| (why, all[a].id.min(all[b].id), all[a].id.max(all[b].id));
        assert_eq!(
            found,
            [pair(Why::SameIdElsewhere, 0, 3), pair(Why::SameBirthDate, 0, 1), pair(Why::SamePhone, 4, 5)]
        );
        // A shelter's phone, or a birth date nobody knew, suggests nothing.
        let many: Vec<ClientFacts> =
            (0..40).map(|n| person("Guest", Some("1900-01-01"), "555-010-9999", &format!("x:{n}"))).collect();
        assert_eq!(pairs(&many), []);
    }
}
