//! What a file is, told by what is in it and never by its name alone.

use std::io::Read;
use std::path::Path;

use super::source::{HEAD, encoding};
use super::{ExchangeError, Format, refused, table};

/// Called by [`super::read`] where nobody said what the file is.
pub(super) fn detect(path: &Path) -> Result<Format, ExchangeError> {
    let io = |source| ExchangeError::Io { path: path.into(), source };
    let meta = std::fs::metadata(path).map_err(io)?;
    if meta.is_dir() {
        let holds = |name| table::in_folder(path, name).is_some();
        return if holds("Client.csv") {
            Ok(Format::Hmis)
        } else if holds("services.csv") && holds("organizations.csv") {
            Ok(Format::Hsds)
        } else {
            Err(refused(path, "the folder holds neither a Client.csv (HMIS) nor a services.csv (HSDS)"))
        };
    }
    let mut head = Vec::new();
    crate::files::open(path).map_err(io)?.take(HEAD).read_to_end(&mut head).map_err(io)?;
    if head.starts_with(b"PK\x03\x04") && path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("zip")) {
        return Err(refused(path, "unpack this zip first, then name the folder"));
    }
    let (encoding, mark) = encoding(&head);
    let text = encoding.decode_without_bom_handling(&head[mark..]).0;
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let begins = |with: &str| start.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    if begins("BEGIN:VCARD") {
        return Ok(Format::Vcard);
    }
    if begins("BEGIN:V") {
        return Ok(Format::Ics);
    }
    if begins("{") || begins("[") {
        return json(path, start);
    }
    if let Some((_, what)) = [("<", "XML or HTML"), ("%PDF", "PDF")].iter().find(|(begin, _)| begins(begin)) {
        return Err(refused(path, &format!("{what} cannot be imported by this version")));
    }
    let first = start.lines().next().unwrap_or("");
    let is_client = path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("Client.csv"));
    Ok(if is_client && first.contains("PersonalID") { Format::Hmis } else { Format::Sheet })
}

/// Which JSON it is: each of these formats names something in its first lines that the others do not have.
fn json(path: &Path, start: &str) -> Result<Format, ExchangeError> {
    let names = |key: &str| start.contains(&format!("\"{key}\""));
    if names("resourceType") || names("fullUrl") {
        return Ok(Format::Fhir);
    }
    if names("organization") || names("services") || names("organization_id") || names("contents") {
        return Ok(Format::Hsds);
    }
    Err(refused(path, "this JSON is of no kind that can be imported"))
}
