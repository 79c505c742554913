//! Everything as JSON, so that nobody is ever locked in. Written one client after the other; only the client at hand is in
//! memory.
//!
//! The shape, whose keys are for ever: `{format: "caseload", version: 1, exported, worker: {<fields>}, own: {<record type>:
//! [<row>]}, clients: [{client: <row>, also: [<row>], <record type>: [<row>], history: {<id>: [<line>]}}]}`. Record types
//! and fields have their names of the catalogue; a row is what `--json` shows of it: `{id, client_id, <every field>}`,
//! dates as YYYY-MM-DD, times as RFC 3339, choices as their codes, sets as arrays, links as ids. A signature says too what was
//! signed (`words`), whether it still `stands` under those words, whether it is `broken`, and what was `changed` since. `also` holds the same
//! person's other entries. `own` is what belongs to the worker, left out where only some clients are asked for. `history`
//! is there when it is asked for.

use std::io::Write;

use serde_json::{Map, Value as Json, json};

use crate::disclosure::Handed;
use crate::model::records::signature;
use crate::model::{Row, stands};

use super::{ExchangeError, Wanted};

/// Writes the file and gives how many rows it holds.
pub(super) fn write(handed: &Handed<'_>, wanted: &Wanted<'_>, out: &mut dyn Write) -> Result<usize, ExchangeError> {
    let failed = |source| ExchangeError::Unwritten(format!("The file cannot be written: {source}"));
    let now = wanted.moment.now.to_rfc3339_opts(chrono::SecondsFormat::Secs, false);
    write!(out, "{{\"format\":\"caseload\",\"version\":1,\"exported\":{}", json!(now)).map_err(failed)?;
    let mut rows = 0;
    if let Some((worker, all)) = handed.own()? {
        write!(out, ",\n\"worker\":{}", worker.map_or(Json::Null, |row| row.to_json())).map_err(failed)?;
        let mut own = Map::new();
        for (record, theirs) in all {
            rows += theirs.len();
            own.insert(record.name.into(), theirs.iter().map(Row::to_json).collect());
        }
        write!(out, ",\n\"own\":{}", Json::Object(own)).map_err(failed)?;
    }
    write!(out, ",\n\"clients\":[").map_err(failed)?;
    for (at, client) in handed.clients().iter().enumerate() {
        let Some(file) = handed.file(*client)? else { continue };
        let mut object = Map::new();
        object.insert("client".into(), file.client.to_json());
        object.insert("also".into(), file.also.iter().map(Row::to_json).collect());
        let mut all: Vec<&Row> = std::iter::once(&file.client).chain(&file.also).collect();
        for record in handed.records() {
            let theirs = file.of(record);
            let one = |row: &Row| match *record == signature::TYPE {
                true => stands::to_json(row, &stands::stands(row, |record| file.of(record))),
                false => row.to_json(),
            };
            object.insert(record.name.into(), theirs.iter().map(one).collect());
            all.extend(theirs);
        }
        rows += all.len();
        if handed.contents().history {
            let mut history = Map::new();
            for row in all {
                history.insert(row.id.to_string(), lines(handed, row)?);
            }
            object.insert("history".into(), history.into());
        }
        write!(out, "{}\n{}", if at == 0 { "" } else { "," }, Json::Object(object)).map_err(failed)?;
    }
    writeln!(out, "\n]}}").map_err(failed)?;
    Ok(rows)
}

/// Everything that was ever set in a row.
fn lines(handed: &Handed<'_>, row: &Row) -> Result<Json, ExchangeError> {
    let lines = handed.history(row)?.into_iter().map(|line| {
        json!({
            "when": line.when.to_rfc3339(), "who": line.who, "site": line.site.to_string(),
            "installation": line.installation, "action": line.action, "field": line.field, "from": line.from.to_json(), "to": line.to.to_json(),
        })
    });
    Ok(lines.collect())
}
