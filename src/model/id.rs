//! Names of things: rows, sites, journal entries, and the hybrid logical clock that orders them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The id of a row, and of the stream that a client's rows belong to (a stream carries its client's id).
///
/// New rows get a UUIDv7. Rows that come from another system get an id derived from their key there, so
/// that the same export imported on two laptops makes the same rows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowId(pub Uuid);

/// Gives ids out, each after the last, within a millisecond too: rows of one moment stand in the order in which they
/// were made.
#[derive(Debug)]
pub struct Ids(uuid::ContextV7);

impl Ids {
    pub fn new() -> Ids {
        Ids(uuid::ContextV7::new())
    }

    /// A new id; `unix_ms` is the time it is made at, so that ids sort by time.
    pub fn give(&self, unix_ms: u64) -> RowId {
        let stamp = uuid::Timestamp::from_unix(&self.0, unix_ms / 1000, (unix_ms % 1000) as u32 * 1_000_000);
        RowId(Uuid::new_v7(stamp))
    }
}

impl Default for Ids {
    fn default() -> Ids {
        Ids::new()
    }
}

impl RowId {
    /// A new id that nothing else is made beside, such as a worker's; `unix_ms` is the time it is made at.
    pub fn new(unix_ms: u64) -> RowId {
        Ids::new().give(unix_ms)
    }

    /// The id of the row that another system knows by this key (for example `["hmis", "client", "528656"]`).
    pub fn derived(key: &[&str]) -> RowId {
        let mut hasher = blake3::Hasher::new_derive_key("caseload row of another system 1");
        for part in key {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        RowId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// When it was given to a new row, in milliseconds since 1970; `None` for one that follows from what the row is.
    pub fn unix_ms(&self) -> Option<u64> {
        let [a, b, c, d, e, f, version, ..] = *self.as_bytes();
        (version >> 4 == 7).then(|| u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    pub fn from_bytes(bytes: [u8; 16]) -> RowId {
        RowId(Uuid::from_bytes(bytes))
    }

    /// Eight characters that tell rows apart on a screen: the random end, since beginnings are times.
    pub fn short(&self) -> String {
        let text = self.0.simple().to_string();
        text[text.len() - 8..].to_string()
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RowId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<RowId, uuid::Error> {
        Uuid::parse_str(text).map(RowId)
    }
}

/// One installation. The id is the head of the hash of the site's public key, so nobody can sign as
/// another site by claiming its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SiteId(pub [u8; 16]);

impl SiteId {
    pub fn of_key(public_key: &[u8; 32]) -> SiteId {
        let hash = blake3::derive_key("caseload site id 1", public_key);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        SiteId(id)
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One journal entry within a stream: the site that wrote it and its index there (from 0, without gaps).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct EntryRef {
    pub site: SiteId,
    pub index: u64,
}

/// A hybrid logical clock stamp: milliseconds since 1970 in the upper 48 bits, a counter in the lower 16.
///
/// Stamps only order the heads of a conflict; what replaced what is told by an entry's base.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Hlc(pub u64);

impl Hlc {
    /// How far a stamp from elsewhere may pull our own clock ahead of our wall clock: one day.
    pub const MAX_PULL_MS: u64 = 24 * 60 * 60 * 1000;

    pub fn at(unix_ms: u64) -> Hlc {
        Hlc(unix_ms << 16)
    }

    pub fn unix_ms(self) -> u64 {
        self.0 >> 16
    }

    /// The next stamp after `self`, on a machine whose wall clock reads `unix_ms`.
    pub fn tick(self, unix_ms: u64) -> Hlc {
        Hlc(self.0.wrapping_add(1).max(unix_ms << 16))
    }

    /// Takes note of a stamp made elsewhere, pulled by it at most a day past the wall clock.
    pub fn observe(self, other: Hlc, unix_ms: u64) -> Hlc {
        self.max(other.min(Hlc::at(unix_ms + Hlc::MAX_PULL_MS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_elsewhere_is_the_same_row_and_parts_do_not_run_together() {
        assert_eq!(RowId::derived(&["hmis", "client", "1"]), RowId::derived(&["hmis", "client", "1"]));
        assert_ne!(RowId::derived(&["hmis", "client", "12"]), RowId::derived(&["hmis", "client1", "2"]));
    }

    #[test]
    fn a_stamp_from_the_far_future_pulls_our_clock_one_day_at_most() {
        let now = 1_800_000_000_000;
        let pulled = Hlc::at(now).observe(Hlc::at(now * 2), now);
        assert_eq!(pulled.unix_ms(), now + Hlc::MAX_PULL_MS);
        assert!(pulled.tick(now) > pulled);
        assert_eq!(Hlc::at(now).observe(Hlc::at(5), now), Hlc::at(now));
    }
}
