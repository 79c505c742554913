//! Handing work over: bundles, merging, trust, and the places bundles travel through.
//!
//! Two laptops never talk to each other. What one has and the other lacks travels as a **bundle**: one encrypted file, by
//! hand or through a place both can reach. Whoever takes it in verifies it to its very end, and takes all of it or nothing.
//!
//! - [`card`]: how an installation introduces itself: its public keys, signed, and a fingerprint to compare on the phone.
//! - [`bundle`]: the format, its writer and its reader.
//! - [`give`] and [`take`]: making a bundle of a caseload or of chosen clients; taking one in, with a preview.
//! - [`place`]: a folder or an object store in which each site writes under its own name only; [`sync`] gives and takes
//!   through one.
//!
//! - [`Leaving`]: who may be handed to another agency, by their releases, and the record of it.
//!
//! Called by `tui` and `cli`; knows `store`, `triage`, `practice` and `model`.

pub mod bundle;
pub mod card;
mod exchange;
mod leaving;
mod objects;
pub mod place;
mod share;
mod through;
mod unread;

pub use bundle::Refusal;
pub use card::Card;
pub use exchange::{Given, Scope, Taken, Whom, give, merge_file, take};
pub use leaving::Leaving;
pub use share::{Until, share};
pub use through::{SET_BACK, Synced, Trouble, sync};
pub use unread::{take_unread, unread};

use crate::store::{NotTaken, Why};

/// A file with which someone hands work over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Bundle,
    /// Another caseload file: a copy that went its own way.
    Caseload,
}

/// What a file is, told by its first bytes; `None` for one of another kind.
pub fn kind_of(path: &std::path::Path) -> Option<Kind> {
    use std::io::Read;
    let mut head = Vec::new();
    std::fs::File::open(path).ok()?.take(4096).read_to_end(&mut head).ok()?;
    if head.starts_with(bundle::BEGINS) {
        return Some(Kind::Bundle);
    }
    // An encrypted database is a page of noise: neither text nor an archive.
    let archive =
        [b"PK".as_slice(), b"\xD0\xCF\x11\xE0", b"SQLite format 3\0"].iter().any(|magic| head.starts_with(magic));
    let text = head.starts_with(b"\xFF\xFE")
        || head.starts_with(b"\xFE\xFF")
        || head.iter().filter(|byte| **byte >= 0x80).count() * 4 < head.len();
    (head.len() == 4096 && !archive && !text).then_some(Kind::Caseload)
}

/// So many clients are named; of a first sync's hundreds the rest is counted.
const NAMED: usize = 20;

/// About whom a merge brought something, a line each; those who are new first.
pub fn clients_in_words(merged: &crate::store::Merged) -> Vec<String> {
    let one = |(_, name, new): &(crate::model::RowId, String, bool)| {
        let name = crate::model::text::one_line(name).into_owned();
        format!("{} {name}", if *new { "new    " } else { "changed" })
    };
    let mut lines: Vec<String> = merged.clients.iter().take(NAMED).map(one).collect();
    if merged.clients.len() > NAMED {
        lines.push(format!("and {} more", merged.clients.len() - NAMED));
    }
    lines
}

/// What a merge brought beside the clients' names, in words.
pub fn in_words(merged: &crate::store::Merged) -> Vec<String> {
    let mut lines = Vec::new();
    if merged.conflicts > 0 {
        lines.push(format!(
            "Fields on which you and they differ: {}. All values are kept, for you to choose.",
            merged.conflicts
        ));
    }
    if merged.ahead > 0 {
        lines.push(format!(
            "Actions dated more than a day ahead of this clock: {}. Someone's clock is wrong.",
            merged.ahead
        ));
    }
    if merged.missing > 0 {
        lines.push(format!(
            "{} not in it, and nobody ordered that: shown as (missing here) until somebody gives them.",
            if merged.missing == 1 { "1 value is".into() } else { format!("{} values are", merged.missing) }
        ));
    }
    if merged.filled > 0 {
        lines.push(format!("Values that were missing here and are back: {}.", merged.filled));
    }
    if merged.held_back > 0 {
        lines.push(format!("Entries of revoked sites left out: {}.", merged.held_back));
    }
    lines.extend(merged.not_taken.iter().map(not_taken));
    if merged.moved > 0 {
        lines.push(format!(
            "Another copy of this caseload had written in the place of {} of your entries. All is kept: yours stand under a new site, and the others hear of it when you give to them.",
            merged.moved
        ));
    }
    if merged.set_back {
        lines.push(
            "They have more of your own work than is here: this file was set back, or copied, since. Ask them for everything (caseload export --everything)."
                .into(),
        );
    }
    lines
}

/// What was left out of what one site wrote, why, and what to do.
fn not_taken(one: &NotTaken) -> String {
    let about = match &one.clients[..] {
        [] => String::new(),
        names => format!(" about {}", names.join(", ")),
    };
    let NotTaken { name, fingerprint, entries, .. } = one;
    match one.why {
        Why::Gap => format!(
            "Left out: {entries} entries by {name}{about}. What comes before them has not arrived: ask for everything (caseload export --everything)."
        ),
        Why::Elsewhere => format!(
            "Left out: {entries} entries by {name}{about}. They go on from something else than what is here: ask for everything (caseload export --everything)."
        ),
        Why::Twice => format!(
            "Left out: {entries} entries by {name} (fingerprint {fingerprint}){about}. They claim what stands in another file already, which this program never writes: ask {name} what happened there."
        ),
        Why::Fork => format!(
            "There are two copies of the site of {name} (fingerprint {fingerprint}), and they wrote different things in the same place: {entries} entries{about} are kept aside. They come in by themselves once {name} has taken in what you have and gives to you again."
        ),
    }
}

#[cfg(test)]
mod tests;
