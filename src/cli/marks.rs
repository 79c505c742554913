//! The marks that are proposed: rows whose words tell of substance use or violence, and of which nobody has said yet.

use serde_json::{Value as Json, json};

use crate::disclosure::Sorter;
use crate::model::records::goal;
use crate::model::text::one_line;

use super::Setting;
use super::reading::{find, printed};

/// The proposals for one client, or for everybody.
pub fn list(setting: &Setting, client: Option<&str>, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let clients = match client {
        Some(named) => vec![find(&store, named)?.1],
        None => store.all_facts()?.iter().map(|facts| facts.id).collect(),
    };
    let (mut told, mut listed, mut shown) = (Vec::new(), String::new(), Vec::new());
    for id in clients {
        let Some(file) = store.client_file(id, usize::MAX)? else { continue };
        let proposed = Sorter::new(setting.rules.practice(), file.of(&goal::TYPE)).proposals(file.all());
        if proposed.is_empty() {
            continue;
        }
        let name = file.client.client_name();
        shown.push(file.client.id);
        for one in proposed {
            let label = |field: crate::model::FieldId| one.record.field(field.field).map_or("", |field| field.name);
            told.push(json!({
                "client_id": file.client.id.to_string(), "client": name, "type": one.record.name,
                "id": one.row.to_string(), "field": label(one.field), "words": one.words, "tells": one.tells.code(),
                "mark": label(one.mark), "yes": one.yes, "no": one.no,
            }));
            listed.push_str(&format!(
                "{name}: {}, \"{}\" tells of {}\n  caseload set {} {}={}, or {}={}\n",
                one.record.label.to_lowercase(),
                one_line(&one.words),
                one.tells.label().to_lowercase(),
                one.row,
                label(one.mark),
                one.yes,
                label(one.mark),
                one.no,
            ));
        }
    }
    store.note_views(&shown, "marks proposed")?;
    if json {
        return Ok(printed(&Json::Array(told)));
    }
    Ok(if listed.is_empty() { "Nothing waits to be marked.\n".into() } else { listed })
}
