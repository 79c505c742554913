//! Commands for notes that are kept apart from the chart.

use std::io::Read;

use anyhow::{anyhow, bail};
use clap::Subcommand;
use serde_json::{Value as Json, json};

use crate::model::records::credential;
use crate::model::{Apart, RowId, Value};
use crate::practice::credentials;
use crate::store::{Authorization, NoteApart, Store, StoreError};

use super::Setting;
use super::reading::{find, printed};

#[derive(Subcommand)]
pub enum Command {
    /// The notes on a client that are kept apart, the newest first, with their words
    ///
    /// JSON: [{id, client_id, kind, when, written, body, given}]; given: to whom, by an authorization of which day
    List { client: String },
    /// Write one; "-" reads the words from standard input
    ///
    /// JSON: {id}
    Write {
        client: String,
        words: String,
        /// psychotherapy (45 CFR 164.501) or sud-counseling (42 CFR 2.11) [default: the one that your license permits]
        #[arg(long, value_parser = kind)]
        kind: Option<Apart>,
        /// When the session was [default: now]
        #[arg(long)]
        when: Option<String>,
    },
    /// Change the words of one; "-" reads them from standard input. What stood there before stays in the journal
    ///
    /// JSON: {id}
    Change { note: String, words: String },
    /// Take one out of sight
    ///
    /// JSON: {id}
    Remove { note: String },
    /// Print one for somebody, by an authorization that covers these notes and nothing else
    ///
    /// JSON: {id, client_id, kind, when, written, body, given}
    Give {
        note: String,
        /// Who is given it, as the authorization names them
        #[arg(long)]
        to: String,
        /// What for, as the authorization says
        #[arg(long = "for")]
        purpose: String,
        /// The day on which the client signed the authorization
        #[arg(long, value_name = "DATE")]
        signed: String,
        /// The last day on which it permits this
        #[arg(long, value_name = "DATE")]
        until: String,
    },
}

fn kind(text: &str) -> Result<Apart, String> {
    Apart::from_code(text).ok_or_else(|| "it is one of: psychotherapy, sud-counseling".into())
}

/// What these commands do.
pub fn run(setting: &Setting, command: &Command, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let kinds = permitted(setting, &store)?;
    match command {
        Command::List { client } => {
            let (_, client) = find(&store, client)?;
            let notes = store.notes_apart(client)?;
            if json {
                return Ok(printed(&Json::Array(notes.iter().map(one).collect())));
            }
            Ok(match notes.is_empty() {
                true => "No notes are kept apart on this client.\n".into(),
                false => notes.iter().map(told).collect::<Vec<_>>().join("\n"),
            })
        }
        Command::Write { client, words, kind, when } => {
            let (_, client) = find(&store, client)?;
            let kind = match (kind, &kinds[..]) {
                (Some(kind), _) if kinds.contains(kind) => *kind,
                (Some(kind), _) => bail!("Your license does not permit this: {}.", kind.label()),
                (None, [kind]) => *kind,
                (None, _) => bail!("Say which: --kind psychotherapy or --kind sud-counseling."),
            };
            let when = match when {
                Some(text) => setting.moment().time(text).map_err(|why| anyhow!("--when: {why}"))?,
                None => store.now(),
            };
            let id = store.write_apart(client, kind, when, &said(words)?)?;
            Ok(saved(id, "Saved, apart from the chart", json))
        }
        Command::Change { note, words } => {
            let id = known(note)?;
            store.change_apart(id, &said(words)?)?;
            Ok(saved(id, "Changed", json))
        }
        Command::Remove { note } => {
            let id = known(note)?;
            store.remove_apart(id)?;
            Ok(saved(id, "Removed", json))
        }
        Command::Give { note, to, purpose, signed, until } => {
            let moment = setting.moment();
            let day = |text: &str, what: &str| moment.day(text).map_err(|why| anyhow!("{what}: {why}"));
            let by = Authorization {
                to: to.trim(),
                purpose: purpose.trim(),
                signed: day(signed, "--signed")?,
                until: day(until, "--until")?,
            };
            let note = store.give_apart(known(note)?, &by)?;
            Ok(if json { printed(&one(&note)) } else { told(&note) })
        }
    }
}

/// Which notes the worker may keep apart.
fn permitted(setting: &Setting, store: &Store) -> anyhow::Result<Vec<Apart>> {
    let held = store.rows(&credential::TYPE, store.worker().id)?;
    let kinds = credentials::keeps_apart(setting.rules.practice(), &held, setting.moment().today());
    if kinds.is_empty() {
        bail!(
            "Notes apart are a mental health or addiction professional's own. If you are one, add your license first: caseload add credential kind=lcsw."
        );
    }
    Ok(kinds)
}

fn known(text: &str) -> Result<RowId, StoreError> {
    text.parse().map_err(|_| StoreError::NoRow(text.into()))
}

fn said(words: &str) -> anyhow::Result<String> {
    let mut read = String::new();
    let words = match words {
        "-" => {
            std::io::stdin().read_to_string(&mut read)?;
            read.trim_end()
        }
        words => words,
    };
    if words.trim().is_empty() {
        bail!("There are no words to save.");
    }
    Ok(crate::model::text::lines(words).into_owned())
}

fn saved(id: RowId, what: &str, json: bool) -> String {
    if json { printed(&json!({"id": id.to_string()})) } else { format!("{what} ({id}).\n") }
}

fn one(note: &NoteApart) -> Json {
    json!({
        "id": note.id.to_string(), "client_id": note.client.to_string(), "kind": note.kind.code(),
        "when": Value::Time(note.when).to_json(), "written": Value::Time(note.written).to_json(), "body": note.body,
        "given": note.given,
    })
}

fn told(note: &NoteApart) -> String {
    let mut lines = format!(
        "{}  {} ({})\n  {}\n",
        note.when.format("%a %-d %b %Y %H:%M"),
        note.kind.label(),
        note.kind.rule(),
        note.id
    );
    for line in note.body.lines() {
        lines.push_str(&format!("  {line}\n"));
    }
    for given in &note.given {
        lines.push_str(&format!("  Given {given}\n"));
    }
    lines
}
