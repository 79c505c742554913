//! HL7 FHIR R4 (4.0.1), in and out.
//!
//! The promise: a bundle of any size is read resource by resource; every resource becomes a row, is counted as no part of
//! a caseload, or is named with the reason why not. Social Security, licence and passport numbers are not read. Ids are
//! made from the server's and the resource's own, so that reading again finds the same rows. What goes out comes in again
//! as it was, as far as both sides hold it: statuses and lists carry our own code beside FHIR's.
//!
//! - `stream`: resources of a file one after the other; `node`: walking through one without trusting its shape.
//! - `index`: the first pass, who is who; `take`: the second, what each becomes; `fill`: a draft, checked.
//! - `codes`: codes both ways, from `assets/exchange/fhir.toml`.
//! - `give`: from rows to a bundle.

mod codes;
mod fill;
mod give;
mod index;
mod node;
mod stream;
mod take;

use std::io::Write;
use std::path::Path;

use crate::disclosure::Handed;

use super::source::Watch;
use super::{ExchangeError, Options, Reading, Wanted};

/// Reads a bundle (transaction, batch, collection and the like), a resource alone, or lines with a resource each.
pub(super) fn read(path: &Path, options: &Options<'_>, watch: &Watch<'_>) -> Result<Reading, ExchangeError> {
    take::read(path, options, watch)
}

/// Writes a collection bundle and gives how many resources it holds.
pub(super) fn write(handed: &Handed<'_>, wanted: &Wanted<'_>, out: &mut dyn Write) -> Result<usize, ExchangeError> {
    let now = wanted.moment.now.to_rfc3339_opts(chrono::SecondsFormat::Secs, false);
    give::write(handed, wanted.practice, &now, out)
}
