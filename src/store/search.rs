//! Full-text search over every field that the catalogue says is searched.
//!
//! The index holds words only, no text of its own: what is shown is cut from the row. A document's number begins with
//! its time, so that "newest first" is the order in which the index is read anyway; ordering by rank would read every
//! hit, which at a million notes takes half a second for a common word.
//!
//! An unfinished word makes the index gather all words that begin so, however many rows hold them. So the newest rows
//! are looked through first: a common word fills the page from them, a rare one leaves little for the index to gather.
//! People have an index of their own, small enough never to be slow.

use std::collections::BTreeMap;

use chrono::NaiveTime;
use rusqlite::{Connection, OptionalExtension};

use crate::model::records::client;
use crate::model::{Kind, RecordType, Row, RowId, Value, record_by_number};
use crate::triage::DueAt;

use super::{Result, Store, facts, joined};

/// One row in which the words were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub client: RowId,
    pub client_name: String,
    pub record: &'static RecordType,
    pub row: RowId,
    /// The row's own day or time, where it has one.
    pub when: Option<DueAt>,
    /// Some of the text around the first word found; not disarmed.
    pub snippet: String,
}

/// Columns of a snippet, at most.
const SNIPPET_CHARS: usize = 120;

/// How many of the newest rows are looked through before the index is asked.
const NEWEST: usize = 150;

/// The second in which people stand: after every time there is.
const PEOPLE: i64 = (1 << 34) - 1;

/// Numbers left for telling documents of the same second apart.
const SECOND: i64 = 1 << 28;

impl Store {
    /// Finds rows that hold all the words, newest first, people before papers. The last word may be unfinished. What a
    /// person types is never a syntax error; nothing typed finds nothing.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>> {
        let words: Vec<String> = words(text);
        let Some((last, rest)) = words.split_last() else { return Ok(Vec::new()) };
        let mut wanted: Vec<String> = rest.iter().map(|word| format!("\"{word}\"")).collect();
        wanted.push(format!("\"{last}\"*"));
        let wanted = wanted.join(" ");
        let mut hits = self.matches("doc_people", &wanted, &words, limit)?;
        let room = limit - hits.len();
        let newest = if room <= NEWEST && text.is_ascii() { self.among_newest(&words, room)? } else { None };
        hits.extend(match newest {
            Some(newest) => newest,
            None => self.matches("doc_text", &wanted, &words, room)?,
        });
        Ok(hits)
    }

    pub(super) fn matches(&self, index: &str, wanted: &str, words: &[String], limit: usize) -> Result<Vec<Hit>> {
        let mut query = self.db.prepare_cached(&format!(
            "SELECT doc.row, doc.record FROM {index} JOIN doc ON doc.n = {index}.rowid
             WHERE {index} MATCH ?1 ORDER BY {index}.rowid DESC LIMIT ?2"
        ))?;
        let found = query.query_map((wanted, limit as i64), |row| Ok((RowId::from_bytes(row.get(0)?), row.get(1)?)))?;
        let mut hits = Vec::new();
        for found in found {
            let (id, number) = found?;
            if let Some(row) = record_by_number(number).map(|record| self.row_of(record, id)).transpose()?.flatten() {
                hits.push(self.hit(row, words)?);
            }
        }
        Ok(hits)
    }

    /// The newest rows that hold the words, if the very newest of all rows hold enough of them; else `None`.
    fn among_newest(&self, words: &[String], limit: usize) -> Result<Option<Vec<Hit>>> {
        let mut query = self.db.prepare_cached("SELECT row, record FROM doc WHERE n < ?1 ORDER BY n DESC LIMIT ?2")?;
        let newest = query.query_map((PEOPLE * SECOND, NEWEST as i64), |row| {
            Ok((RowId::from_bytes(row.get(0)?), row.get::<_, u16>(1)?))
        })?;
        let mut hits = Vec::new();
        for found in newest {
            if hits.len() == limit {
                break;
            }
            let (id, number) = found?;
            let Some(row) = record_by_number(number).map(|record| self.row_of(record, id)).transpose()?.flatten()
            else {
                continue;
            };
            if holds(&searched_text(&row), words) {
                hits.push(self.hit(row, words)?);
            }
        }
        Ok((hits.len() == limit).then_some(hits))
    }

    fn hit(&self, row: Row, words: &[String]) -> Result<Hit> {
        Ok(Hit {
            client: joined::root(&self.db, row.stream)?,
            client_name: facts::of(&self.db, joined::root(&self.db, row.stream)?)?
                .map(|facts| facts.name)
                .unwrap_or_default(),
            record: row.record,
            row: row.id,
            when: time_of(&row),
            snippet: snippet(&searched_text(&row), words),
        })
    }
}

/// Whether a text holds all the words, the last perhaps unfinished: as the index sees it.
fn holds(text: &str, wanted: &[String]) -> bool {
    let Some((last, rest)) = wanted.split_last() else { return false };
    // Accents do not count, as in the index; the words wanted have none.
    let plain: String = text.chars().map(nucleo_matcher::chars::normalize).collect();
    let has = words(&plain);
    rest.iter().all(|word| has.contains(word)) && has.iter().any(|word| word.starts_with(last.as_str()))
}

/// Texts on their way into the index. It takes them fast only in the order of their numbers: many are held and put in
/// together.
#[derive(Default)]
pub(super) struct Documents {
    notes: BTreeMap<i64, String>,
    people: BTreeMap<i64, String>,
    bytes: usize,
}

impl Documents {
    /// Held at most before they are put in.
    const MOST: usize = 16 << 20;

    pub fn is_full(&self) -> bool {
        self.bytes > Documents::MOST
    }

    fn of(&mut self, record: &RecordType) -> (&mut BTreeMap<i64, String>, &'static str) {
        if *record == client::TYPE { (&mut self.people, "doc_people") } else { (&mut self.notes, "doc_text") }
    }

    /// Puts them into the index.
    pub fn flush(&mut self, db: &Connection) -> Result<()> {
        for (texts, index) in [(&mut self.people, "doc_people"), (&mut self.notes, "doc_text")] {
            let mut insert = db.prepare_cached(&format!("INSERT INTO {index} (rowid, text) VALUES (?1, ?2)"))?;
            for (n, text) in std::mem::take(texts) {
                insert.execute((n, text))?;
            }
        }
        self.bytes = 0;
        Ok(())
    }
}

/// Keeps the index in step with a row; a `new` one is known not to be in it.
pub(super) fn index(db: &Connection, documents: &mut Documents, row: &Row, gone: bool, new: bool) -> Result<()> {
    if !row.record.fields.iter().any(|field| field.searched) {
        return Ok(());
    }
    let text = if gone { String::new() } else { searched_text(row) };
    let (held, index) = documents.of(row.record);
    let known: Option<i64> = match new {
        true => None,
        false => db
            .prepare_cached("SELECT n FROM doc WHERE row = ?1 AND record = ?2")?
            .query_row((row.id, row.record.number), |found| found.get(0))
            .optional()?,
    };
    if let Some(n) = known {
        if held.remove(&n).is_none() {
            db.prepare_cached(&format!("DELETE FROM {index} WHERE rowid = ?1"))?.execute([n])?;
        }
        db.prepare_cached("DELETE FROM doc WHERE n = ?1")?.execute([n])?;
    }
    if text.is_empty() {
        return Ok(());
    }
    let mut n = number(row);
    let mut insert = db.prepare_cached("INSERT OR IGNORE INTO doc (n, row, record) VALUES (?1, ?2, ?3)")?;
    while insert.execute((n, row.id, row.record.number))? == 0 {
        n += 1;
    }
    let bytes = text.len();
    held.insert(n, text);
    documents.bytes += bytes;
    Ok(())
}

/// A number that grows with the row's time; people come after every time there is.
fn number(row: &Row) -> i64 {
    let id = row.id.as_bytes();
    let low = u32::from_le_bytes([id[12], id[13], id[14], id[15]]) ^ u32::from(row.record.number);
    let spread = i64::from(low) % (SECOND - 64);
    let seconds = match time_of(row) {
        _ if *row.record == client::TYPE => PEOPLE,
        Some(DueAt::Hour(time)) => time.timestamp().clamp(0, PEOPLE - 1),
        Some(DueAt::Day(day)) => day.and_time(NaiveTime::MIN).and_utc().timestamp().clamp(0, PEOPLE - 1),
        None => 0,
    };
    seconds * SECOND + spread
}

fn time_of(row: &Row) -> Option<DueAt> {
    match row.get(row.record.ordered_by()?.id) {
        Value::Time(time) => Some(DueAt::Hour(*time)),
        Value::Date(day) => Some(DueAt::Day(*day)),
        _ => None,
    }
}

fn searched_text(row: &Row) -> String {
    let mut text = String::new();
    for field in row.record.fields.iter().filter(|field| field.searched) {
        let words = match field.kind {
            Kind::Words => row.words(field.id).join(" "),
            _ => row.text(field.id).to_string(),
        };
        if !words.is_empty() {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&words);
        }
    }
    text
}

/// What a person types, as words for the index: everything that is not a letter or a digit parts them.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && !('\u{300}'..='\u{36f}').contains(&c))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Some of the text, from a little before the first word that was found.
fn snippet(text: &str, words: &[String]) -> String {
    let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = flat.to_lowercase();
    let at = words.iter().filter_map(|word| lower.find(word.as_str())).min().unwrap_or(0);
    // Lowering may change lengths: count characters, not bytes.
    let start = lower[..at].chars().count().saturating_sub(SNIPPET_CHARS / 3);
    let start = if start == 0 {
        0
    } else {
        flat.chars().take(start).collect::<String>().rfind(' ').map_or(start, |at| flat[..at].chars().count() + 1)
    };
    let cut: String = flat.chars().skip(start).take(SNIPPET_CHARS).collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if flat.chars().count() > start + SNIPPET_CHARS { "…" } else { "" };
    format!("{before}{cut}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_types_is_words_not_syntax() {
        assert_eq!(words("\"OR NOT* (rent) -555"), ["or", "not", "rent", "555"]);
        assert!(words(" *\" ").is_empty());
    }

    #[test]
    fn a_snippet_starts_near_the_word_and_says_that_it_is_cut() {
        let text = format!("{} voucher {}", "word ".repeat(60), "more ".repeat(60));
        let cut = snippet(&text, &["voucher".into()]);
        assert!(cut.starts_with('…') && cut.ends_with('…') && cut.contains("voucher"));
        assert_eq!(snippet("short note", &["note".into()]), "short note");
    }
}
