//! Which needs a service answers, by the directory's taxonomy and words (`assets/exchange/hsds.toml`).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::model::Domain;

use super::{lists, text};

/// What the address of our own terms begins with, in a directory that goes out; a code of [`Domain`] follows. The
/// versions of the specification do not agree on what a term's `taxonomy` is, and all have its address.
pub(super) const OWN: &str = "urn:caseload:need:";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signs {
    codes: Vec<String>,
    words: Vec<String>,
}

fn signs() -> &'static BTreeMap<Domain, Signs> {
    static SIGNS: OnceLock<BTreeMap<Domain, Signs>> = OnceLock::new();
    SIGNS.get_or_init(|| {
        toml::from_str(include_str!("../../../assets/exchange/hsds.toml")).expect("the shipped words are sound")
    })
}

/// The first that says anything: our own terms; the taxonomy's codes and names with the service's name; its description.
pub(super) fn domains(service: &Map<String, Json>) -> Vec<Domain> {
    let terms: Vec<&Map<String, Json>> =
        lists(service, "attributes").filter_map(|attribute| attribute.get("taxonomy_term")?.as_object()).collect();
    let own = terms.iter().filter_map(|term| Domain::from_code(text(term, "term_uri").strip_prefix(OWN)?));
    let own: Vec<Domain> = own.collect();
    if !own.is_empty() {
        return own;
    }
    let codes: Vec<String> =
        terms.iter().map(|term| text(term, "code").to_uppercase()).filter(|code| is_code(code)).collect();
    let names =
        terms.iter().map(|term| text(term, "name")).chain([text(service, "name"), text(service, "alternate_name")]);
    let names = names.collect::<Vec<_>>().join(" ; ").to_lowercase();
    let description = text(service, "description").to_lowercase();
    let by = |codes: &[String], words: &str| -> Vec<Domain> {
        let fits = |signs: &Signs| {
            signs.codes.iter().any(|sign| codes.iter().any(|code| code.starts_with(sign.as_str())))
                || signs.words.iter().any(|word| begins_a_word(words, word))
        };
        signs().iter().filter(|(_, signs)| fits(signs)).map(|(domain, _)| *domain).collect()
    };
    let found = by(&codes, &names);
    if found.is_empty() { by(&[], &description) } else { found }
}

/// Whether it may be a code of the 211 taxonomy: `BD`, `BD-1800`, `BD-1800.2000`.
fn is_code(code: &str) -> bool {
    let head = code.split('-').next().unwrap_or("");
    (1..=2).contains(&head.len()) && head.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn begins_a_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[..at].chars().next_back().is_some_and(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_service_answers_the_needs_that_its_terms_or_its_words_name() {
        for (service, wanted) in [
            (json!({"name": "Tuesday pantry"}), &[Domain::Food][..]),
            (json!({"name": "Warehouse", "description": "Overnight shelter"}), &[Domain::Housing]),
            (
                json!({"name": "Front Door", "attributes": [{"taxonomy_term": {"code": "BD-1800.2000", "name": "x"}}]}),
                &[Domain::Food],
            ),
            (
                json!({"name": "Food", "attributes": [{"taxonomy_term": {"term_uri": "urn:caseload:need:legal"}}]}),
                &[Domain::Legal],
            ),
            (json!({"name": "Something else"}), &[]),
        ] {
            assert_eq!(domains(service.as_object().unwrap()), wanted, "{service}");
        }
    }
}
