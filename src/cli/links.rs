//! What a typed link points at.
//!
//! Promises: a link leads to a row of the type that its field names, and never out of one client's file into another's. Called
//! by the commands that write. Must change nothing.

use anyhow::{anyhow, bail};

use crate::model::{Field, Kind, RowId, record_by_name};
use crate::store::Store;

use super::reading::find;

/// The row that a link is to point at: of the type that the field names and, where it is somebody's, of this client's.
///
/// # Errors
/// In one line, where the text names no such row.
pub(super) fn linked(store: &Store, field: &Field, typed: &str, stream: Option<RowId>) -> anyhow::Result<RowId> {
    let (Kind::Link(to) | Kind::Links(to)) = field.kind else {
        bail!("{} names no other record.", field.label);
    };
    let wanted = record_by_name(to).ok_or_else(|| anyhow!("There is no record type \"{to}\"."))?;
    let (record, row) = find(store, typed)?;
    if record != wanted {
        let (wanted, record) = (wanted.label.to_lowercase(), record.label.to_lowercase());
        bail!("{} ({}) takes the id of a {wanted}; {typed} is a {record}.", field.label, field.name);
    }
    // What is the worker's own, and another client, may be named by anyone.
    let anyones = record.opens_stream() || record.is_the_workers();
    if let (false, Some(stream), Some(row)) = (anyones, stream, store.row(row)?)
        && store.root(row.stream)? != store.root(stream)?
    {
        let wanted = wanted.label.to_lowercase();
        bail!("{} ({}): the {wanted} {typed} is another client's.", field.label, field.name);
    }
    Ok(row)
}
