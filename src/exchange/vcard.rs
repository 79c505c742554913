//! Care teams as vCard: 4.0 (RFC 6350) out, 3.0 and 4.0 in, by a library.
//!
//! A card is a member of one client's care team, so the client must be named; a card comes from the address book and
//! says nothing of its own about whose care it is.

use std::path::Path;

use calcard::vcard::{VCard, VCardEntry, VCardProperty, VCardValue, VCardVersion};
use calcard::{Entry, Parser};

use crate::disclosure::Handed;
use crate::model::records::care_team;
use crate::model::text::one_line;
use crate::model::{FieldId, Row, RowId, Value};
use crate::store::{Draft, Store};

use super::lines::{ContentLines, Piece, pieces};
use super::source::Watch;
use super::{ExchangeError, Format, Options, Reading, Skipped, Written, fits, refused};

pub(super) fn read(path: &Path, options: &Options<'_>, watch: &Watch<'_>) -> Result<Reading, ExchangeError> {
    let Some(client) = options.client else {
        return Err(refused(path, "cards are of somebody's care team: say whose, with --client ID"));
    };
    let file = path.file_name().map_or_else(String::new, |name| one_line(&name.to_string_lossy()).into_owned());
    let mut reading = Reading::of(Format::Vcard);
    let mut count = 0;
    let mut lines = ContentLines::open(path, watch)?;
    let take = |piece: Piece| {
        count += 1;
        let line = piece.line;
        match draft(piece, client, options.store).and_then(|draft| fits(&draft).map(|()| draft)) {
            Ok(draft) => reading.drafts.push(draft),
            Err((column, reason)) => {
                reading.skipped.push(Skipped { file: file.clone(), line, column: column.into(), reason });
            }
        }
    };
    pieces(&mut lines, &["VCARD"], &[], take, |_| {});
    if let Some(source) = lines.failure() {
        return Err(ExchangeError::Io { path: path.into(), source });
    }
    if count == 0 {
        return Err(refused(path, "there is no address card in it"));
    }
    reading.read.insert(file, count);
    Ok(reading)
}

fn draft(piece: Piece, client: RowId, store: &Store) -> Result<Draft, (&'static str, String)> {
    if piece.cut {
        return Err(("", "it breaks off in the middle of this card".into()));
    }
    if piece.too_large {
        return Err(("", "this card is larger than 4 MB".into()));
    }
    let Entry::VCard(card) = Parser::new(&piece.text).entry() else {
        return Err(("", "it is no card that can be read".into()));
    };
    let text = |property: VCardProperty| {
        let values = card.entries.iter().find(|entry| entry.name == property).map(|entry| &entry.values);
        let parts = values.into_iter().flatten().filter_map(VCardValue::as_text);
        flat(&parts.collect::<Vec<_>>().join(" "))
    };
    let organisation = card.entries.iter().find(|entry| entry.name == VCardProperty::Org);
    let organisation = organisation.and_then(|entry| entry.values.first()).map(component).unwrap_or_default();
    let name = match text(VCardProperty::Fn) {
        empty if empty.is_empty() => {
            // Family name, given name, further names, before, after.
            let named = card.entries.iter().find(|entry| entry.name == VCardProperty::N);
            let parts: Vec<String> =
                named.into_iter().flat_map(|entry| entry.values.iter().flat_map(components)).collect();
            match parts.as_slice() {
                [family, given, ..] => flat(&format!("{given} {family}")),
                [one] => flat(one),
                [] => organisation.clone(),
            }
        }
        name => name,
    };
    if name.is_empty() {
        return Err(("FN", "it has no name".into()));
    }
    let role = match text(VCardProperty::Title) {
        empty if empty.is_empty() => text(VCardProperty::Role),
        title => title,
    };
    let phone = text(VCardProperty::Tel);
    let phone = phone.strip_prefix("tel:").unwrap_or(&phone).replace(";ext=", " ext. ");
    let uid = match text(VCardProperty::Uid) {
        empty if empty.is_empty() => format!("{name}\n{organisation}"),
        uid => uid,
    };
    let values: Vec<(FieldId, Value)> = vec![
        (care_team::name, name.into()),
        (care_team::role, role.into()),
        (care_team::organisation, organisation.into()),
        (care_team::phone, phone.into()),
        (care_team::email, text(VCardProperty::Email).into()),
        (care_team::about, text(VCardProperty::Note).into()),
    ];
    // What went out from here comes back to the same row.
    let own = uid.strip_prefix("urn:uuid:").and_then(|id| id.parse().ok());
    let own = own.and_then(|id| store.row_of(&care_team::TYPE, id).ok()?).filter(|row| row.stream == client);
    let row = own.map_or_else(|| RowId::derived(&["vcard", &client.to_string(), &uid]), |row| row.id);
    Ok(Draft { record: &care_team::TYPE, row, stream: client, values, members: vec![] })
}

fn component(value: &VCardValue) -> String {
    flat(&components(value).into_iter().next().unwrap_or_default())
}

fn components(value: &VCardValue) -> Vec<String> {
    match value {
        VCardValue::Component(parts) => parts.clone(),
        other => other.as_text().map(String::from).into_iter().collect(),
    }
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Writes the care teams that are handed over; somebody in several of them once.
pub(super) fn write(handed: &Handed<'_>) -> Result<Written, ExchangeError> {
    let mut out = String::new();
    let mut seen = std::collections::HashSet::new();
    for client in handed.clients() {
        let Some(file) = handed.file(*client)? else { continue };
        for row in file.of(&care_team::TYPE) {
            let who = (row.text(care_team::name).to_lowercase(), row.text(care_team::organisation).to_lowercase());
            if seen.insert(who) {
                card(row)
                    .write_to(&mut out, VCardVersion::V4_0)
                    .map_err(|_| ExchangeError::Unwritten("the cards cannot be put into text".into()))?;
            }
        }
    }
    Ok(Written::file(out.into_bytes(), "cards", seen.len()))
}

fn card(row: &Row) -> VCard {
    let mut card = VCard::default();
    let mut put = |name: VCardProperty, text: &str| {
        if !text.is_empty() {
            card.entries.push(VCardEntry::new(name).with_value(VCardValue::Text(text.into())));
        }
    };
    // Whose care it is stays out: no client's name, no client's id.
    put(VCardProperty::Uid, &format!("urn:uuid:{}", row.id));
    put(VCardProperty::Fn, row.text(care_team::name));
    put(VCardProperty::Title, row.text(care_team::role));
    put(VCardProperty::Org, row.text(care_team::organisation));
    put(VCardProperty::Tel, row.text(care_team::phone));
    put(VCardProperty::Email, row.text(care_team::email));
    put(VCardProperty::Note, row.text(care_team::about));
    card
}
