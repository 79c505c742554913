//! Words, providers and codes that tell of more than the field they stand in, from `assets/telling.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::Information;
use crate::model::text::{Words, has_words};

use super::Categories;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    telling: Vec<Lines>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    tells: Vec<Information>,
    #[serde(rename = "source")]
    _source: String,
    words: Vec<String>,
    /// From one code to the other, both of them too.
    codes: Vec<(String, String)>,
}

struct Telling {
    tells: Vec<Information>,
    words: Vec<Words>,
    codes: Vec<(Code, Code)>,
}

/// A code of HCPCS: a letter and four digits.
type Code = (char, u16);

static TELLING: LazyLock<Vec<Telling>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../../assets/telling.toml")).expect("the shipped words are sound");
    let codes = |(from, to): &(String, String)| Some((code(from)?, code(to)?));
    let telling = |lines: Lines| Telling {
        words: lines.words.iter().map(|words| Words::new(words)).collect(),
        codes: lines.codes.iter().filter_map(codes).collect(),
        tells: lines.tells,
    };
    file.telling.into_iter().map(telling).collect()
});

fn code(text: &str) -> Option<Code> {
    let mut letters = text.trim().chars();
    let letter = letters.next()?.to_ascii_uppercase();
    let digits = letters.as_str();
    let number = digits.parse().ok().filter(|_| digits.len() == 4)?;
    letter.is_ascii_uppercase().then_some((letter, number))
}

/// What words tell by themselves.
pub(super) fn of_words(text: &str) -> Categories {
    let speaks = |telling: &&Telling| telling.words.iter().any(|words| has_words(text, words));
    TELLING.iter().filter(speaks).flat_map(|telling| &telling.tells).copied().collect()
}

/// What the code of a service tells by itself.
pub(super) fn of_code(text: &str) -> Categories {
    let Some(code) = code(text) else { return Categories::new() };
    let holds = |telling: &&Telling| telling.codes.iter().any(|(from, to)| (*from..=*to).contains(&code));
    TELLING.iter().filter(holds).flat_map(|telling| &telling.tells).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_words_are_read_whole() {
        let file: File = toml::from_str(include_str!("../../../assets/telling.toml")).unwrap();
        for lines in file.telling {
            for words in &lines.words {
                assert!(lines.tells.iter().all(|tells| of_words(words).contains(tells)), "{words}");
            }
            for (from, to) in &lines.codes {
                assert!(code(from).unwrap() <= code(to).unwrap(), "{from}");
                assert!(lines.tells.iter().all(|tells| of_code(to).contains(tells)), "{to}");
            }
        }
        for plain in ["Metformin 500 mg", "County food bank", "Sobers Lane 4", "H2015"] {
            assert!(of_words(plain).is_empty() && of_code(plain).is_empty(), "{plain}");
        }
        assert_eq!(of_words("METHADONE, daily"), [Information::SubstanceUse].into());
        assert_eq!(of_code("h0020"), [Information::SubstanceUse].into());
    }
}
