//! As what clients are handed over: a transfer, cover until a day, a copy to read. It is a row in each client's own stream,
//! so that both sides know, and an undo takes it back.

use chrono::NaiveDate;

use crate::model::records::{client, share};
use crate::model::{Change, RowId, ShareKind, Value};
use crate::store::{Receipt, Site, Store, StoreError};

/// Says of these clients that a colleague takes over, stands in until a day, or has a copy to read.
///
/// # Errors
/// What [`Store::commit`] says; then nothing has changed.
pub fn share(
    store: &mut Store,
    clients: &[RowId],
    kind: ShareKind,
    with: &Site,
    today: NaiveDate,
    until: Option<NaiveDate>,
) -> Result<Receipt, StoreError> {
    let mut change = Change::new(format!("hand over as {}", kind.code()));
    for id in &store.with_all_entries(clients)? {
        // The same sharing again only moves its last day.
        let site = with.id.to_string();
        let known = store.rows(&share::TYPE, *id)?.into_iter().find(|row| {
            row.text(share::site) == site && row.text(share::kind) == kind.code() && kind != ShareKind::Transfer
        });
        let row = match known {
            Some(row) => row.id,
            None => {
                let row = store.new_id();
                change
                    .create(&share::TYPE, row, *id)
                    .set(row, share::kind, kind.code())
                    .set(row, share::to, one_line(&with.name))
                    .set(row, share::site, site)
                    .set(row, share::from, Value::Date(today));
                row
            }
        };
        change.set(row, share::until, until.map_or(Value::Empty, Value::Date));
        if kind == ShareKind::Transfer {
            change.set(*id, client::worker, one_line(&with.name));
        }
    }
    store.commit(&change)
}

fn one_line(name: &str) -> String {
    crate::model::text::one_line(name).into_owned()
}
