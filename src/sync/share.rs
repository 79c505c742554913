//! As what clients are handed over: a transfer, cover until a day, a copy to read. It is a row in each client's own stream,
//! so that both sides know, and an undo takes it back.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};

use crate::model::records::{client, share};
use crate::model::{Change, Invalid, Moment, RowId, ShareKind, Value};
use crate::store::{Receipt, Site, Store, StoreError};

/// Until when something is given for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Until {
    /// The last day.
    pub day: NaiveDate,
    /// The minute at which it is over: the same instant wherever it is read.
    pub ends: DateTime<FixedOffset>,
}

impl Until {
    /// As people type it: `fri` is the whole of that day, `fri 17:00` ends at that minute.
    ///
    /// # Errors
    /// Where it is neither a day nor a time, or over already.
    pub fn parse(typed: &str, moment: &Moment) -> Result<Until, Invalid> {
        let field = |name: &str| share::TYPE.field_by_name(name).expect("a share has it");
        let until = match field("until").parse(typed, moment) {
            Ok(Value::Date(day)) => {
                let next = day.succ_opt().unwrap_or(day);
                Until { day, ends: moment.at(next, NaiveTime::MIN) }
            }
            wrong => match field("ends").parse(typed, moment) {
                Ok(Value::Time(ends)) => Until { day: moment.local(ends).date_naive(), ends },
                _ => return Err(wrong.err().unwrap_or_else(|| over(field("until")))),
            },
        };
        if until.ends > moment.now { Ok(until) } else { Err(over(field("until"))) }
    }
}

fn over(field: &crate::model::Field) -> Invalid {
    let why = "it is over already: type a day from today on, or a time ahead, for example fri or fri 17:00".into();
    Invalid { field: field.id, label: field.label, why }
}

/// Says of these clients that a colleague takes over, stands in for a while, or has a copy to read.
///
/// # Errors
/// What [`Store::commit`] says; then nothing has changed.
pub fn share(
    store: &mut Store,
    clients: &[RowId],
    kind: ShareKind,
    with: &Site,
    today: NaiveDate,
    until: Option<Until>,
) -> Result<Receipt, StoreError> {
    let mut change = Change::new(format!("hand over as {}", kind.code()));
    for id in &store.with_all_entries(clients)? {
        // The same sharing again only moves its end; anything else is a word of its own, which counts from now on.
        let last = store.last_share(*id, with.id)?;
        let row = match last.filter(|row| row.text(share::kind) == kind.code() && kind != ShareKind::Transfer) {
            Some(row) => row.id,
            None => {
                let row = store.new_id();
                change
                    .create(&share::TYPE, row, *id)
                    .set(row, share::kind, kind.code())
                    .set(row, share::to, one_line(&with.name))
                    .set(row, share::site, with.id.to_string())
                    .set(row, share::from, Value::Date(today));
                row
            }
        };
        change.set(row, share::until, until.map_or(Value::Empty, |until| Value::Date(until.day)));
        change.set(row, share::ends, until.map_or(Value::Empty, |until| Value::Time(until.ends)));
        if kind == ShareKind::Transfer {
            change.set(*id, client::worker, one_line(&with.name));
        }
    }
    store.commit(&change)
}

fn one_line(name: &str) -> String {
    crate::model::text::one_line(name).into_owned()
}
