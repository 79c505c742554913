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
pub use exchange::{Given, Scope, Taken, Whom, give, merge_file, set_by, take};
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
    crate::files::open(path).ok()?.take(4096).read_to_end(&mut head).ok()?;
    if head.starts_with(bundle::BEGINS) {
        return Some(Kind::Bundle);
    }
    let packed = PACKED.iter().any(|magic| head.starts_with(magic));
    (head.len() == 4096 && !packed && is_noise(&head)).then_some(Kind::Caseload)
}

/// How archives, pictures and what else is packed begin: they are as even as noise is.
const PACKED: [&[u8]; 10] = [
    b"PK\x03\x04",
    b"\xD0\xCF\x11\xE0",
    b"SQLite format 3\0",
    b"\x1F\x8B\x08",
    b"\x28\xB5\x2F\xFD",
    b"7z\xBC\xAF",
    b"\xFD7zXZ",
    b"\x89PNG",
    b"\xFF\xD8\xFF",
    b"%PDF",
];

/// Whether all bytes are equally common, as in a page of an encrypted database. Text in no script and no encoding comes near.
fn is_noise(page: &[u8]) -> bool {
    let mut often = [0_u32; 256];
    page.iter().for_each(|byte| often[usize::from(*byte)] += 1);
    let expected = page.len() as f64 / 256.0;
    // Pearson's measure: 255 in the middle, give or take 23. Text comes to thousands.
    let off: f64 = often.iter().map(|many| (f64::from(*many) - expected).powi(2) / expected).sum();
    off < 600.0
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
            "There are two copies of the site of {name} (fingerprint {fingerprint}), and they wrote different things in the same place: {entries} entries{about} are kept aside. They come in by themselves once {name} has taken in what you have and gives to you again. If nobody works there any more: put that laptop to rest (caseload site rest), then keep both (caseload site keep-both)."
        ),
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod kinds {
    use super::*;

    fn kind(bytes: &[u8]) -> Option<Kind> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        kind_of(file.path())
    }

    /// Names in any script and any encoding, with or without a mark, are no encrypted caseload.
    #[test]
    fn text_in_any_script_is_text() {
        for names in [
            "Юлия,Иванова,1980-01-02\n",
            "Ελένη,Παπαδοπούλου,1980-01-02\n",
            "محمد,پژمان,1980-01-02\n",
            "李,小龙,1980-01-02\n诸葛,亮,1981-03-04\n",
            "สมชาย,ใจดี,1980-01-02\n",
            "שרה,כהן,1980-01-02\n",
            "Zoë,Lund,1980-01-02\n",
        ] {
            let text = names.repeat(400);
            let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
            let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
            for bytes in [
                text.clone().into_bytes(),
                marked(b"\xef\xbb\xbf", text.clone().into_bytes()),
                wide(u16::to_le_bytes),
                wide(u16::to_be_bytes),
                marked(&[0xff, 0xfe], wide(u16::to_le_bytes)),
                marked(&[0xfe, 0xff], wide(u16::to_be_bytes)),
                encoding_rs::WINDOWS_1251.encode(&text).0.into_owned(),
                encoding_rs::GB18030.encode(&text).0.into_owned(),
            ] {
                assert_eq!(kind(&bytes), None, "{names}");
            }
        }
        // All characters of a script, each as often as the other.
        let all: String = ('\u{4e00}'..'\u{9fa0}').collect();
        assert_eq!(kind(&all.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()), None);
    }

    #[test]
    fn noise_is_a_caseload_whatever_it_begins_with() {
        let mut noise = vec![0; 1 << 14];
        for n in 0..2000_u16 {
            // The same noise in every run.
            blake3::Hasher::new().update(&n.to_le_bytes()).finalize_xof().fill(&mut noise);
            if n % 4 == 0 {
                let begins = [b"PK\0".as_slice(), b"\xFF\xFE", b"\xFE\xFF", b"\x1F\x8B\0"][usize::from(n / 4 % 4)];
                noise[..begins.len()].copy_from_slice(begins);
            }
            assert_eq!(kind(&noise), Some(Kind::Caseload));
        }
        noise[..4].copy_from_slice(b"PK\x03\x04");
        assert_eq!(kind(&noise), None);
        assert_eq!(kind(&noise[..4000]), None, "shorter than its first page");
        assert_eq!(kind(&[0; 8192]), None);
    }
}
