//! Instruments on the command line: what there is, what it asks, and a score from answers.
//!
//! Promises: an answer that is none, or one that is missing, is said in words and nothing is saved; the row is the same
//! that the quick form on the screen makes. Must never save a score that the answers do not give.

use std::fmt::Write;

use anyhow::{anyhow, bail};
use serde_json::{Value as Json, json};

use crate::model::records::assessment;
use crate::model::{Change, Row, RowId, text::one_line};
use crate::practice::instruments::{Answers, Asks, Instrument, Item, ItemId, Place, Scored};
use crate::store::Store;
use crate::triage::day_in_words;

use super::Setting;
use super::reading::{find, printed};

/// What was given on the command line beside the client and the instrument.
pub struct Asked<'a> {
    pub answers: &'a [(String, String)],
    pub on: Option<&'a str>,
    pub needs: bool,
}

pub fn assess(
    setting: &Setting,
    id: &str,
    code: Option<&str>,
    asked: &Asked<'_>,
    json: bool,
) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let (_, row) = find(&store, id)?;
    let stream = store.row(row)?.ok_or_else(|| anyhow!("There is no client {id}."))?.stream;
    let file =
        store.client_part(stream, 0, &[&assessment::TYPE])?.ok_or_else(|| anyhow!("{id} is not of a client."))?;
    let done = file.of(&assessment::TYPE);
    let practice = setting.rules.practice();
    let Some(code) = code else { return overview(setting, done, json) };
    let Some(instrument) = practice.instruments.get(code) else {
        let codes: Vec<&str> = practice.instruments.iter().map(|one| one.code.as_str()).collect();
        bail!("There is no instrument \"{code}\". There is: {}.", codes.join(", "));
    };
    if asked.answers.is_empty() {
        return form(setting, instrument, done, json);
    }
    let moment = setting.moment();
    let on = match asked.on {
        Some(typed) => moment.day(typed).map_err(anyhow::Error::msg)?,
        None => moment.today(),
    };
    if on > moment.today() {
        bail!("{} is still to come: an assessment is of a day that was.", on.format("%-d %b %Y"));
    }
    let answers = read(instrument, asked.answers)?;
    let (row, mut change) = (store.new_id(), Change::new(format!("assess with {}", instrument.name)));
    let scored = instrument
        .keep(&mut change, Place { row, stream, before: None }, &answers, on)
        .map_err(|why| anyhow!("{why} Nothing was saved."))?;
    if asked.needs {
        for need in &scored.needs {
            need.keep(&mut change, store.new_id(), stream, on);
        }
    }
    store.commit(&change)?;
    told(&store, setting, instrument, &scored, row, json)
}

/// The answers that were typed; each item by its id, each answer by its number, its key or its words.
fn read(instrument: &Instrument, typed: &[(String, String)]) -> anyhow::Result<Answers> {
    let mut answers = Answers::default();
    for (name, answer) in typed {
        let Some(item) = instrument.item(name.trim()) else {
            let ids: Vec<&str> = instrument.items.iter().map(|item| item.id.as_str()).collect();
            bail!("{} has no item \"{name}\". It has: {}.", instrument.name, ids.join(", "));
        };
        if answers.get(item.id.as_str()).is_some() {
            bail!("\"{name}\" is answered twice.");
        }
        let Some(value) = value(item, answer.trim()) else {
            bail!("\"{}\" is no answer to {name} ({}). It may be {}.", one_line(answer), item.label, may_be(item));
        };
        answers.set(&item.id, value);
    }
    Ok(answers)
}

fn value(item: &Item, typed: &str) -> Option<i64> {
    let number = typed.parse().ok().filter(|number| item.takes(*number));
    let mut letters = typed.chars();
    let key = match (letters.next(), letters.next()) {
        (Some(key), None) => item.by_key(key).map(|choice| choice.value),
        _ => None,
    };
    let words = match &item.asks {
        Asks::OneOf(choices) => choices.iter().find(|choice| choice.label.eq_ignore_ascii_case(typed)),
        Asks::Number { .. } => None,
    };
    number.or(key).or(words.map(|choice| choice.value))
}

fn may_be(item: &Item) -> String {
    match &item.asks {
        Asks::OneOf(choices) => {
            let all: Vec<String> = choices.iter().map(|choice| format!("{} {}", choice.value, choice.label)).collect();
            all.join(", ")
        }
        Asks::Number { min, max, unit, .. } => format!("{min} to {max} {unit}").trim_end().to_string(),
    }
}

/// What was saved, and what it asks for.
fn told(
    store: &Store,
    setting: &Setting,
    instrument: &Instrument,
    scored: &Scored,
    row: RowId,
    json: bool,
) -> anyhow::Result<String> {
    let saved = store.row_of(&assessment::TYPE, row)?;
    let saved = saved.ok_or_else(|| anyhow!("The row was saved but cannot be found again."))?;
    if json {
        let mut out = saved.to_json();
        let alerts = scored
            .alerts
            .iter()
            .map(|alert| json!({"item": alert.item.as_str(), "says": alert.says, "now": alert.now}));
        let needs = scored
            .needs
            .iter()
            .map(|need| json!({"domain": need.domain.code(), "what": need.what, "severity": need.severity.code()}));
        if let Json::Object(object) = &mut out {
            object.insert("says".into(), scored.says().into());
            object.insert("asks".into(), json!(scored.asks()));
            object.insert("alerts".into(), alerts.collect());
            object.insert("needs".into(), needs.collect());
            object.insert("unanswered".into(), json!(scored.unanswered.iter().map(ItemId::as_str).collect::<Vec<_>>()));
        }
        return Ok(printed(&out));
    }
    let name = store.facts(saved.stream)?.map_or(String::new(), |facts| facts.name);
    let mut out = format!("Saved: {} for {} ({})\n  {}\n", instrument.name, one_line(&name), saved.id, scored.says());
    for alert in scored.alerts.iter().filter(|alert| alert.now) {
        writeln!(out, "  NOW: {}", one_line(&alert.says))?;
    }
    let rest =
        scored.asks().into_iter().filter(|ask| !scored.alerts.iter().any(|alert| alert.now && alert.says == *ask));
    for ask in rest {
        writeln!(out, "  To do: {}", one_line(ask))?;
    }
    for need in &scored.needs {
        writeln!(out, "  Need: {}", one_line(&need.what))?;
    }
    if let Some(day) = saved.date(assessment::again) {
        writeln!(out, "  Due again {}", day_in_words(day, setting.moment().today()))?;
    }
    Ok(out)
}

/// Which instruments there are, when each was last done and when it is due.
fn overview(setting: &Setting, done: &[Row], json: bool) -> anyhow::Result<String> {
    let today = setting.moment().today();
    let (mut out, mut list) = (String::new(), Vec::new());
    for instrument in setting.rules.practice().instruments.iter() {
        let last = done.iter().rev().find(|row| row.text(assessment::instrument) == instrument.code);
        let on = last.and_then(|row| row.date(assessment::on));
        let again = last.and_then(|row| row.date(assessment::again));
        let band = last.map_or("", |row| row.text(assessment::band));
        list.push(json!({
            "instrument": instrument.code, "name": instrument.name, "last": on, "says": last.map(|_| band), "again": again,
        }));
        let last = on.map_or("not done yet".into(), |day| format!("{}: {band}", day_in_words(day, today)));
        let again = again.map_or(String::new(), |day| format!("; due again {}", day_in_words(day, today)));
        writeln!(out, "{:<16} {:<24} {}", instrument.code, instrument.name, one_line(&format!("{last}{again}")))?;
    }
    Ok(if json { printed(&Json::Array(list)) } else { out })
}

/// What an instrument asks, and its earlier scores.
fn form(setting: &Setting, instrument: &Instrument, done: &[Row], json: bool) -> anyhow::Result<String> {
    let earlier: Vec<&Row> = done.iter().filter(|row| row.text(assessment::instrument) == instrument.code).collect();
    if json {
        let items = instrument.items.iter().map(
            |item| json!({"item": item.id.as_str(), "label": item.label, "loinc": item.loinc, "answers": may_be(item)}),
        );
        let earlier: Vec<Json> = earlier.iter().map(|row| row.to_json()).collect();
        return Ok(printed(&json!({
            "instrument": instrument.code, "name": instrument.name, "licensed": instrument.licensed,
            "items": items.collect::<Vec<_>>(), "earlier": earlier,
        })));
    }
    let mut out = format!("{}: {}\n", instrument.name, instrument.about);
    if instrument.licensed {
        out.push_str("Ask from the official form: its wording is not here, only short labels.\n");
    }
    for item in &instrument.items {
        writeln!(out, "  {:<6} {}: {}", item.id.as_str(), item.label, may_be(item))?;
    }
    let today = setting.moment().today();
    for row in earlier.iter().rev() {
        let day = row.date(assessment::on).map_or(String::new(), |day| day_in_words(day, today));
        let score = row.whole(assessment::score).map_or(String::new(), |score| format!("{score}, "));
        writeln!(out, "{day}: {score}{}", one_line(row.text(assessment::band)))?;
    }
    Ok(out)
}
