//! Instruments on the command line: what there is, what it asks, and a score from answers.
//!
//! Promises: an answer that is none, or one that is missing, is said in words and nothing is saved; the row is the same
//! that the quick form on the screen makes. Must never save a score that the answers do not give.

use std::fmt::Write;

use anyhow::{anyhow, bail};
use serde_json::{Value as Json, json};

use crate::model::records::assessment;
use crate::model::{Change, Row, RowId, text::one_line};
use crate::practice::instruments::{Alert, Answers, BEGUN, Instrument, ItemId, Need, NotScored, Place, waits};
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
    let Some(instrument) = practice.instruments.meant(code) else {
        let codes: Vec<&str> = practice.instruments.iter().map(|one| one.code.as_str()).collect();
        bail!("There is no instrument \"{code}\". There is: {}.", codes.join(", "));
    };
    if asked.answers.is_empty() {
        return form(setting, instrument, done, json);
    }
    let moment = setting.moment();
    let on = match asked.on {
        Some(typed) => moment.day_toward(typed, crate::model::when::Way::Back).map_err(anyhow::Error::msg)?,
        None => moment.today(),
    };
    if on > moment.today() {
        bail!("{} is still to come: an assessment is of a day that was.", on.format("%-d %b %Y"));
    }
    let mut answers = Answers::default();
    for (name, typed) in asked.answers {
        instrument.take(&mut answers, name, typed).map_err(anyhow::Error::msg)?;
    }
    let (row, mut change) = (store.new_id(), Change::new(format!("assess with {}", instrument.name)));
    let place = Place { row, stream, before: None, others: done };
    let scored = match instrument.keep(&mut change, place, &answers, on) {
        Ok(scored) => scored,
        // What cannot wait is kept and alarms, however few the other answers are.
        Err(NotScored::Incomplete { missing, labels, alerts })
            if alerts.iter().any(|alert| alert.now) || instrument.is_above_none(&answers) =>
        {
            instrument.keep_begun(&mut change, place, &answers, on);
            store.commit(&change)?;
            let says = format!("Not finished: {} without an answer ({labels})", items_are(missing.len()));
            let asks = alerts.iter().map(|alert| alert.says.clone()).collect();
            let outcome = Outcome { says, asks, alerts: &alerts, needs: &[], unanswered: &missing };
            return told(&store, setting, instrument, &outcome, row, json);
        }
        Err(why) => bail!("{why} Nothing was saved."),
    };
    if asked.needs {
        for need in &scored.needs {
            need.keep(&mut change, store.new_id(), stream, on);
        }
    }
    store.commit(&change)?;
    let outcome = Outcome {
        says: scored.says(),
        asks: scored.asks(),
        alerts: &scored.alerts,
        needs: &scored.needs,
        unanswered: &scored.unanswered,
    };
    told(&store, setting, instrument, &outcome, row, json)
}

/// What answers come to, finished or not.
struct Outcome<'a> {
    says: String,
    asks: Vec<String>,
    alerts: &'a [Alert],
    needs: &'a [Need],
    unanswered: &'a [ItemId],
}

/// What was saved, and what it asks for.
fn told(
    store: &Store,
    setting: &Setting,
    instrument: &Instrument,
    outcome: &Outcome<'_>,
    row: RowId,
    json: bool,
) -> anyhow::Result<String> {
    let saved = store.row_of(&assessment::TYPE, row)?;
    let saved = saved.ok_or_else(|| anyhow!("The row was saved but cannot be found again."))?;
    let Outcome { says, asks, alerts, needs, unanswered } = outcome;
    if json {
        let mut out = saved.to_json();
        let alerts =
            alerts.iter().map(|alert| json!({"item": alert.item.as_str(), "says": alert.says, "now": alert.now}));
        let needs = needs
            .iter()
            .map(|need| json!({"domain": need.domain.code(), "what": need.what, "severity": need.severity.code()}));
        if let Json::Object(object) = &mut out {
            object.insert("says".into(), says.as_str().into());
            object.insert("asks".into(), json!(asks));
            object.insert("alerts".into(), alerts.collect());
            object.insert("needs".into(), needs.collect());
            object.insert("unanswered".into(), json!(unanswered.iter().map(ItemId::as_str).collect::<Vec<_>>()));
        }
        return Ok(printed(&out));
    }
    let name = store.facts(saved.stream)?.map_or(String::new(), |facts| facts.name);
    let mut out = format!("Saved: {} for {} ({})\n  {says}\n", instrument.name, one_line(&name), saved.id);
    let is_now = |says: &str| alerts.iter().any(|alert| alert.now && alert.says == says);
    for ask in asks {
        writeln!(out, "  {}: {}", if is_now(ask) { "NOW" } else { "To do" }, one_line(ask))?;
    }
    for need in *needs {
        writeln!(out, "  Need: {}", one_line(&need.what))?;
    }
    if !unanswered.is_empty() && saved.text(assessment::band) != BEGUN {
        let labels = unanswered.iter().filter_map(|id| Some(instrument.item(id.as_str())?.label.as_str()));
        writeln!(out, "  Without an answer: {}", labels.collect::<Vec<_>>().join(", "))?;
    }
    if let Some(day) = saved.date(assessment::again) {
        writeln!(out, "  Due again {}", day_in_words(day, setting.moment().today()))?;
    }
    Ok(out)
}

fn items_are(many: usize) -> String {
    if many == 1 { "1 item is".into() } else { format!("{many} items are") }
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
        // A later one that says nothing of it does not settle what nobody has acted on.
        let open = done.iter().filter(|row| row.text(assessment::instrument) == instrument.code);
        let open: Vec<(&Row, String)> = open.filter_map(|row| Some((row, waits(row)?))).collect();
        let waiting: Vec<Json> = open
            .iter()
            .map(|(row, says)| json!({"id": row.id.to_string(), "on": row.date(assessment::on), "urgent": says}))
            .collect();
        list.push(json!({
            "instrument": instrument.code, "name": instrument.name, "last": on, "says": last.map(|_| band), "again": again,
            "waiting": waiting,
        }));
        let last = on.map_or("not done yet".into(), |day| format!("{}: {band}", day_in_words(day, today)));
        let again = again.map_or(String::new(), |day| format!("; due again {}", day_in_words(day, today)));
        writeln!(out, "{:<16} {:<24} {}", instrument.code, instrument.name, one_line(&format!("{last}{again}")))?;
        for (row, says) in open {
            let day = row.date(assessment::on).map_or(String::new(), |day| day_in_words(day, today));
            writeln!(out, "  NOT ACTED ON, {day}: {}", one_line(&says))?;
        }
    }
    Ok(if json { printed(&Json::Array(list)) } else { out })
}

/// What an instrument asks, and its earlier scores.
fn form(setting: &Setting, instrument: &Instrument, done: &[Row], json: bool) -> anyhow::Result<String> {
    let earlier: Vec<&Row> = done.iter().filter(|row| row.text(assessment::instrument) == instrument.code).collect();
    if json {
        let items = instrument.items.iter().map(
            |item| json!({"item": item.id.as_str(), "label": item.label, "loinc": item.loinc, "answers": item.may_be()}),
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
        writeln!(out, "  {:<6} {}: {}", item.id.as_str(), item.label, item.may_be())?;
    }
    let today = setting.moment().today();
    for row in earlier.iter().rev() {
        let day = row.date(assessment::on).map_or(String::new(), |day| day_in_words(day, today));
        let score = row.whole(assessment::score).map_or(String::new(), |score| format!("{score}, "));
        let open = waits(row).map_or(String::new(), |says| format!("; NOT ACTED ON: {says}"));
        writeln!(out, "{day}: {score}{}", one_line(&format!("{}{open}", row.text(assessment::band))))?;
    }
    Ok(out)
}
