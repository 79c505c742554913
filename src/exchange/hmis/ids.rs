//! Ids of an HMIS and rows of this caseload, both ways. What came from an HMIS keeps the id it had there; what was
//! recorded here goes out under an id made from its row, and finds that row again.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::RowId;

/// What an id that stands for a row of this caseload begins with. HMIS ids hold at most 32 characters.
const OWN: &str = "c_";

/// The row that an id stands for.
pub(super) fn row(what: &str, id: &str) -> RowId {
    own(id).unwrap_or_else(|| RowId::derived(&["hmis", what, id]))
}

/// The row, where the id was made here.
pub(super) fn own(id: &str) -> Option<RowId> {
    let bytes = URL_SAFE_NO_PAD.decode(id.strip_prefix(OWN)?).ok()?;
    Some(RowId::from_bytes(bytes.try_into().ok()?))
}

/// The id under which a row goes out; `kept` are ids elsewhere that it is known to have (`hmis:528656`).
pub(super) fn id<'a>(what: &str, row: RowId, kept: impl IntoIterator<Item = &'a str>) -> String {
    let theirs = kept.into_iter().filter_map(|kept| kept.strip_prefix("hmis:"));
    let known = theirs.map(str::to_string).find(|id| RowId::derived(&["hmis", what, id]) == row);
    known.unwrap_or_else(|| format!("{OWN}{}", URL_SAFE_NO_PAD.encode(row.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_finds_its_row_whoever_made_it() {
        let theirs = RowId::derived(&["hmis", "client", "528656"]);
        assert_eq!(id("client", theirs, ["mrn:1", "hmis:528656"]), "528656");
        let ours = RowId::derived(&["made here"]);
        let out = id("client", ours, ["hmis:528656"]);
        assert!(out.len() <= 32);
        assert_eq!((row("client", &out), row("client", "528656")), (ours, theirs));
    }
}
