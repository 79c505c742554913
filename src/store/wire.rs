//! A batch as bytes: the form in which the journal is kept, hashed, signed and exchanged. This is the one format
//! here that lasts; everything else can be made again from it.
//!
//! A **batch** is one action's entries in one stream by one site. Its body, version 1:
//!
//! ```text
//! version   1 byte, 1
//! seed      16 bytes; the salt of entry i is BLAKE3-keyed(seed || zeros, i as u64 LE)
//! sites     varint n, then n * 16 bytes: the other sites that bases speak of
//! entries   varint n, then n times:
//!   flags   1 byte: 1 = same record type and row as the entry before; 2 = the value was erased
//!   record  varint, row 16 bytes           (both absent with flag 1)
//!   field   varint                         (0 = the row itself: it is here, or it is deleted)
//!   key     varint length, bytes           (the element, for a field that is a set; else empty)
//!   base    varint n, n * (site varint: 0 = this batch's site, k = sites[k - 1]; index varint)
//!   value   varint length, bytes           (see [`Value`]; with flag 2 the 32-byte leaf instead)
//! ```
//!
//! Version 2 is for a batch of which something was erased: it has no seed, and before each value its own salt, 32 bytes. From
//! a seed the salt of the erased value would follow too, and a phone number or a date of birth is soon guessed from a leaf
//! whose salt is known. Versions of the program before it refuse such a batch as newer than they are.
//!
//! The **hash** of a batch is BLAKE3 over the hash of the batch before it in the same stream and site (32 zeros for the
//! first), the header, the sites and the number of entries, and for each entry everything but the value and then its *leaf*, BLAKE3-keyed(salt, value).
//! Neither the version nor the salts are in it: so a value can be erased (leaf kept in its place, and the seed replaced by
//! the salts of the rest) while every hash still holds. Whether it was to be erased is not said here: see
//! [`super::erase`]. The **signature** is Ed25519 by the site's key over the hash; it vouches for the whole chain before it.

use uuid::Uuid;

use crate::model::{EntryRef, Hlc, RowId, SiteId, Value};

use super::{Result, StoreError};

/// The field number that stands for the row itself.
pub const ROW_ITSELF: u16 = 0;

const VERSION: u8 = 1;
const VERSION_ERASED: u8 = 2;
const SAME_ROW: u8 = 1;
const ERASED: u8 = 2;

/// One entry: a field of a row gets a value that replaces the values of the entries in `base`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub record: u16,
    pub row: RowId,
    pub field: u16,
    pub key: String,
    pub base: Vec<EntryRef>,
    pub content: Content,
}

/// What is shown where a value should be and is not.
pub const MISSING: &str = "(missing here)";

/// The value of an entry in its stored form, or the leaf that stands in its place.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Value(Vec<u8>),
    /// Erased, by an order that stands in the journal.
    Erased([u8; 32]),
    /// Not here, and nobody ordered it erased: damage. Whatever is read from bytes is this, until an order is found.
    Missing([u8; 32]),
}

/// What is said of the row itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Existence {
    Here,
    /// Deleted by someone who had seen, of each site, the entries of this stream before an index. What they had
    /// not seen keeps the row in sight.
    Deleted {
        seen: Vec<(SiteId, u64)>,
    },
}

const HERE: u8 = 8;
const DELETED: u8 = 9;

impl Existence {
    pub fn encoded(&self) -> Vec<u8> {
        match self {
            Existence::Here => vec![HERE],
            Existence::Deleted { seen } => {
                let mut out = vec![DELETED];
                for (site, next) in seen {
                    out.extend_from_slice(&site.0);
                    out.extend_from_slice(&next.to_le_bytes());
                }
                out
            }
        }
    }

    pub fn decode(bytes: &[u8]) -> Option<Existence> {
        match bytes.split_first()? {
            (&HERE, _) => Some(Existence::Here),
            (&DELETED, rest) => {
                let seen = rest.chunks_exact(24).map(|one| {
                    let site = SiteId(one[..16].try_into().expect("16 of 24 bytes"));
                    (site, u64::from_le_bytes(one[16..].try_into().expect("8 of 24 bytes")))
                });
                Some(Existence::Deleted { seen: seen.collect() })
            }
            _ => None,
        }
    }
}

impl Entry {
    /// The value, for a person; erased and newer ones come out as such.
    pub fn value(&self) -> Result<Value> {
        match &self.content {
            Content::Value(bytes) => Ok(Value::decode(bytes)?),
            Content::Erased(_) => Ok(Value::text("(erased)")),
            Content::Missing(_) => Ok(Value::text(MISSING)),
        }
    }
}

/// How the origin begins of what was done on an installation that is gone and entered again by another.
pub const RECOVERED: &str = "recovered";

/// What is said of all entries of a batch at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    pub stream: RowId,
    pub site: SiteId,
    /// The index of the first entry; the rest follow without gaps.
    pub first: u64,
    pub hlc: Hlc,
    /// The batches of one action of the user share this.
    pub action: Uuid,
    /// The name of the person who acted.
    pub author: String,
    /// What was done, in words.
    pub label: String,
    /// Empty for what a person did here; else the format it was imported from ("hmis"). Before it stands [`RECOVERED`] for
    /// what one installation entered again of another that is gone.
    pub origin: String,
    /// The action that this one undoes.
    pub undoes: Option<Uuid>,
}

impl Header {
    /// A header that says nothing yet.
    pub fn nobody() -> Header {
        Header {
            stream: RowId(Uuid::nil()),
            site: SiteId([0; 16]),
            first: 0,
            hlc: Hlc::default(),
            action: Uuid::nil(),
            author: String::new(),
            label: String::new(),
            origin: String::new(),
            undoes: None,
        }
    }

    /// The format that it was imported from; empty for what a person did.
    pub fn imported_from(&self) -> &str {
        self.origin.strip_prefix(RECOVERED).unwrap_or(&self.origin).trim_start()
    }

    /// Whether it was entered again by another installation than the one where it was done, which is gone.
    pub fn is_recovered(&self) -> bool {
        self.origin.starts_with(RECOVERED)
    }

    /// As it stands where it is entered again for an installation that is gone.
    pub fn recovered(self) -> Header {
        let origin = format!("{RECOVERED} {}", self.imported_from()).trim_end().to_string();
        Header { origin, ..self }
    }

    fn hash_into(&self, hasher: &mut blake3::Hasher) {
        hasher.update(self.stream.as_bytes());
        hasher.update(&self.site.0);
        hasher.update(&self.first.to_le_bytes());
        hasher.update(&self.hlc.0.to_le_bytes());
        hasher.update(self.action.as_bytes());
        hasher.update(self.undoes.unwrap_or_default().as_bytes());
        for text in [&self.author, &self.label, &self.origin] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
    }
}

/// A body written out, and what is needed to chain it.
pub struct Packed {
    pub body: Vec<u8>,
    pub hash: [u8; 32],
}

/// Writes a body and works out its hash.
pub fn pack(header: &Header, entries: &[Entry], seed: [u8; 16], previous: &[u8; 32]) -> Packed {
    let mut out = Vec::with_capacity(64 + entries.len() * 32);
    out.push(VERSION);
    out.extend_from_slice(&seed);
    let mut sites: Vec<SiteId> = Vec::new();
    for base in entries.iter().flat_map(|entry| &entry.base) {
        if base.site != header.site && !sites.contains(&base.site) {
            sites.push(base.site);
        }
    }
    let start = out.len();
    put_varint(&mut out, sites.len() as u64);
    sites.iter().for_each(|site| out.extend_from_slice(&site.0));
    put_varint(&mut out, entries.len() as u64);

    let mut hasher = chain_hasher(header, &out[start..], previous);
    let salts = Salts::new(seed);
    let mut before: Option<(u16, RowId)> = None;
    for (at, entry) in entries.iter().enumerate() {
        let same = before == Some((entry.record, entry.row));
        let erased = !matches!(entry.content, Content::Value(_));
        out.push(if same { SAME_ROW } else { 0 } | if erased { ERASED } else { 0 });
        let start = out.len();
        if !same {
            put_varint(&mut out, entry.record.into());
            out.extend_from_slice(entry.row.as_bytes());
        }
        put_varint(&mut out, entry.field.into());
        put_bytes(&mut out, entry.key.as_bytes());
        put_varint(&mut out, entry.base.len() as u64);
        for base in &entry.base {
            let site = sites.iter().position(|site| *site == base.site).map_or(0, |at| at as u64 + 1);
            put_varint(&mut out, site);
            put_varint(&mut out, base.index);
        }
        hasher.update(&[u8::from(same)]);
        hasher.update(&out[start..]);
        match &entry.content {
            Content::Value(value) => {
                hasher.update(&leaf(&salts.salt(at as u64), value));
                put_bytes(&mut out, value);
            }
            Content::Erased(leaf) | Content::Missing(leaf) => {
                hasher.update(leaf);
                out.extend_from_slice(leaf);
            }
        }
        before = Some((entry.record, entry.row));
    }
    Packed { body: out, hash: *hasher.finalize().as_bytes() }
}

/// Reads a body; with `previous` also works out the hash it must have.
pub fn unpack(header: &Header, body: &[u8], previous: Option<&[u8; 32]>) -> Result<(Vec<Entry>, Option<[u8; 32]>)> {
    let mut entries = Vec::new();
    let (_, hash) = parse(header, body, previous, &mut |part| entries.push(part.entry))?;
    Ok((entries, hash))
}

/// The body without some values, whose indexes `gone` tells; `None` where it is so already.
pub fn blanked(header: &Header, body: &[u8], gone: &dyn Fn(u64, &Entry) -> bool) -> Result<Option<Vec<u8>>> {
    let old = Taken::apart(header, body)?;
    let any = old.of(header).any(|(index, part)| gone(index, &part.entry));
    let present = |(index, part): (u64, &Part<'_>)| part.value().is_some() && gone(index, &part.entry);
    if !any || (!old.seeded && !old.of(header).any(present)) {
        return Ok(None);
    }
    let kept = old.of(header).map(|(index, part)| part.value().filter(|_| !gone(index, &part.entry)));
    Ok(Some(old.written(kept)))
}

/// Our body of a batch with the values that it lacks from another copy of the same batch, except those that are to be
/// `gone`; `None` where it gains nothing. Both are known to have the same hash, so whatever is in them fits.
pub fn filled(
    header: &Header,
    ours: &[u8],
    theirs: &[u8],
    gone: &dyn Fn(u64, &Entry) -> bool,
) -> Result<Option<Vec<u8>>> {
    let (old, other) = (Taken::apart(header, ours)?, Taken::apart(header, theirs)?);
    let whole = |taken: &Taken<'_>| taken.seeded && taken.parts.iter().all(|part| part.value().is_some());
    let any_gone = old.of(header).any(|(index, part)| gone(index, &part.entry));
    if whole(&old) || (whole(&other) && !any_gone) {
        return Ok((!whole(&old)).then(|| theirs.to_vec()));
    }
    let gains = old
        .of(header)
        .zip(&other.parts)
        .any(|((index, part), other)| part.value().is_none() && other.value().is_some() && !gone(index, &part.entry));
    if !gains {
        return Ok(None);
    }
    let both = old.of(header).zip(&other.parts);
    let kept =
        both.map(|((index, part), other)| part.value().or_else(|| other.value()).filter(|_| !gone(index, &part.entry)));
    Ok(Some(old.written(kept)))
}

/// One entry of a body, with the bytes that say everything but its value.
struct Part<'b> {
    same: bool,
    meta: &'b [u8],
    entry: Entry,
    salt: Option<[u8; 32]>,
    leaf: [u8; 32],
}

impl Part<'_> {
    /// The salt and the value, where it is there.
    fn value(&self) -> Option<([u8; 32], &[u8])> {
        match (&self.entry.content, self.salt) {
            (Content::Value(value), Some(salt)) => Some((salt, value)),
            _ => None,
        }
    }
}

/// A body taken apart, to be written anew.
struct Taken<'b> {
    seeded: bool,
    counts: &'b [u8],
    parts: Vec<Part<'b>>,
}

impl<'b> Taken<'b> {
    fn apart(header: &Header, body: &'b [u8]) -> Result<Taken<'b>> {
        let mut parts = Vec::new();
        // With a hash to work out the leaves are worked out too; what it comes to does not matter here.
        let (counts, _) = parse(header, body, Some(&[0; 32]), &mut |part| parts.push(part))?;
        Ok(Taken { seeded: body.first() == Some(&VERSION), counts, parts })
    }

    fn of(&self, header: &Header) -> impl Iterator<Item = (u64, &Part<'b>)> {
        (header.first..).zip(&self.parts)
    }

    /// Body version 2, with the values that are kept, each with its salt, and the leaves of all others.
    fn written<'a>(&self, kept: impl Iterator<Item = Option<([u8; 32], &'a [u8])>>) -> Vec<u8> {
        let mut out = vec![VERSION_ERASED];
        out.extend_from_slice(self.counts);
        for (part, kept) in self.parts.iter().zip(kept) {
            out.push(if part.same { SAME_ROW } else { 0 } | if kept.is_none() { ERASED } else { 0 });
            out.extend_from_slice(part.meta);
            match kept {
                Some((salt, value)) => {
                    out.extend_from_slice(&salt);
                    put_bytes(&mut out, value);
                }
                None => out.extend_from_slice(&part.leaf),
            }
        }
        out
    }
}

/// Reads a body part by part; gives the bytes that say which sites and how many entries, and with `previous` the hash.
/// Salts and leaves are worked out only for a hash.
fn parse<'b>(
    header: &Header,
    body: &'b [u8],
    previous: Option<&[u8; 32]>,
    take: &mut dyn FnMut(Part<'b>),
) -> Result<(&'b [u8], Option<[u8; 32]>)> {
    let mut input = Input { bytes: body, at: 0 };
    let salts = match input.byte()? {
        VERSION => Some(Salts::new(input.array()?)),
        VERSION_ERASED => None,
        _ => return Err(StoreError::Newer),
    };
    let start = input.at;
    let site_count = input.length(16)?;
    let sites = (0..site_count).map(|_| Ok(SiteId(input.array()?))).collect::<Result<Vec<_>>>()?;
    let count = input.length(5)?;
    let counts = &body[start..input.at];
    let mut hasher = previous.map(|previous| chain_hasher(header, counts, previous));
    let mut before: Option<(u16, RowId)> = None;
    for at in 0..count {
        let flags = input.byte()?;
        if flags & !(SAME_ROW | ERASED) != 0 {
            return Err(StoreError::Newer);
        }
        let start = input.at;
        let same = flags & SAME_ROW != 0;
        let (record, row) = match (same, before) {
            (true, Some(before)) => before,
            (true, None) => return Err(damaged("an entry without a row")),
            (false, _) => (input.number()?, RowId::from_bytes(input.array()?)),
        };
        let field = input.number()?;
        let key = std::str::from_utf8(input.slice()?).map_err(|_| damaged("a key that is not text"))?.to_string();
        let base_count = input.length(2)?;
        let mut base = Vec::with_capacity(base_count);
        for _ in 0..base_count {
            let site = match input.varint()? {
                0 => header.site,
                k => *sites.get(k as usize - 1).ok_or_else(|| damaged("a base at an unnamed site"))?,
            };
            base.push(EntryRef { site, index: input.varint()? });
        }
        let meta = &body[start..input.at];
        let (content, salt) = if flags & ERASED != 0 {
            (Content::Missing(input.array()?), None)
        } else {
            let told = if salts.is_none() { Some(input.array()?) } else { None };
            let value = Content::Value(input.slice()?.to_vec());
            let salt = || salts.as_ref().map(|salts| salts.salt(at as u64));
            (value, told.or_else(|| hasher.as_ref().and_then(|_| salt())))
        };
        let leaf = match (&content, salt) {
            (Content::Value(value), Some(salt)) => leaf(&salt, value),
            (Content::Erased(leaf) | Content::Missing(leaf), _) => *leaf,
            // No hash is asked for.
            (Content::Value(_), None) => [0; 32],
        };
        if let Some(hasher) = &mut hasher {
            hasher.update(&[u8::from(same)]);
            hasher.update(meta);
            hasher.update(&leaf);
        }
        before = Some((record, row));
        take(Part { same, meta, entry: Entry { record, row, field, key, base, content }, salt, leaf });
    }
    if input.at != body.len() {
        return Err(damaged("bytes after the last entry"));
    }
    Ok((counts, hasher.map(|hasher| *hasher.finalize().as_bytes())))
}

/// A hasher that has read everything before the entries; `counts` is the sites and the number of entries.
fn chain_hasher(header: &Header, counts: &[u8], previous: &[u8; 32]) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new_derive_key("caseload batch 1");
    hasher.update(previous);
    header.hash_into(&mut hasher);
    hasher.update(counts);
    hasher
}

struct Salts([u8; 32]);

impl Salts {
    fn new(seed: [u8; 16]) -> Salts {
        let mut key = [0; 32];
        key[..16].copy_from_slice(&seed);
        Salts(key)
    }

    fn salt(&self, at: u64) -> [u8; 32] {
        *blake3::keyed_hash(&self.0, &at.to_le_bytes()).as_bytes()
    }
}

fn leaf(salt: &[u8; 32], value: &[u8]) -> [u8; 32] {
    *blake3::keyed_hash(salt, value).as_bytes()
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("the journal holds {what}"))
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads what may be damaged or hostile: every length is held against the bytes that are left.
struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| damaged("a batch that is cut short"))?;
        let slice = &self.bytes[self.at..end];
        self.at = end;
        Ok(slice)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.take(N)?.try_into().expect("took N bytes"))
    }

    fn varint(&mut self) -> Result<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(damaged("a number that does not end"))
    }

    fn number(&mut self) -> Result<u16> {
        u16::try_from(self.varint()?).map_err(|_| damaged("a number out of range"))
    }

    /// A count of things that take at least `each` bytes: bounded by what is left, so that it can be trusted.
    fn length(&mut self, each: usize) -> Result<usize> {
        let count = self.varint()?;
        let most = ((self.bytes.len() - self.at) / each) as u64;
        if count > most { Err(damaged("a count larger than itself")) } else { Ok(count as usize) }
    }

    fn slice(&mut self) -> Result<&'a [u8]> {
        let length = self.length(1)?;
        self.take(length)
    }
}

#[cfg(test)]
mod tests;
