//! A bundle: entries that another site lacks, in one file.
//!
//! ```text
//! age file            to the receivers' X25519 keys, or to a passphrase (scrypt)
//!   zstd stream
//!     "caseload bundle 1\n"
//!     parts           each: length, u32 little-endian, then so many bytes of postcard, one `Part`
//! ```
//!
//! The parts, in this order: `Head` (who sends, to whom, when); a `Site` for each author whose entries follow and for each
//! that they took over from; then for each chain a `Chain`, its `Batch`es, and an `EndOfChain` with the signature of its
//! site under the hash of its last batch; what the sender `Has` of the streams it speaks of; and `End`, with the counts of
//! all this and the sender's signature over the BLAKE3 hash (derived with `caseload bundle 1`) of every byte before it,
//! the magic line included. So the receivers and the counts stand under the signature.
//!
//! Chains come stream by stream. A chain is a site's entries in one stream; a batch of it has the body that
//! [`crate::store::wire`] describes. Hashes are not sent: whoever reads works them out from what they have, so that
//! a chain that does not continue theirs cannot pass. Numbers of part kinds are for ever; one that is not known ends
//! the reading with "newer version".
//!
//! Reading goes through a bundle once, in one transaction, and does nothing that stays before the last byte is read and the
//! sender's signature holds: see [`read_parts`]. It believes no length: a part is read as far as bytes are there and never past [`MOST_OF_A_PART`], and all that is
//! unpacked is counted against the file's own size.

use std::io::{self, BufReader, Read, Write};

use age::secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::model::{Hlc, RowId, SiteId};
use crate::store::wire::Header;
use crate::store::{Batch, Breach, ChainEnd, Merger, Site, Store, StoreError, Trust, Unproven, Walk};

/// The first bytes of every bundle, before anything is opened.
pub const BEGINS: &[u8; 19] = b"age-encryption.org/";
pub(super) const MAGIC: &[u8] = b"caseload bundle 1\n";
/// No part is longer than this, in bytes.
pub const MOST_OF_A_PART: u32 = 64 << 20;
/// A bundle that unpacks to more than this many times its size (and to more than [`SMALL`]) is a bomb.
const MOST_PER_BYTE: u64 = 200;
const SMALL: u64 = 16 << 20;
/// More authors than this no caseload has.
const MOST_SITES: usize = 65_536;
/// Letters that a name may have, and bytes of a key that seals.
const MOST_OF_A_NAME: usize = 200;

#[derive(Serialize, Deserialize)]
pub(super) enum Part {
    Head(Head),
    Site { public_key: [u8; 32], recipient: String, name: String, voucher: Option<(SiteId, Vec<u8>)> },
    Chain { stream: RowId, site: SiteId, first: u64 },
    Batch(PackedBatch),
    EndOfChain { signature: Vec<u8> },
    Has { stream: RowId, site: SiteId, next: u64, hash: [u8; 32] },
    End { counts: Counts, signature: Vec<u8> },
}

/// Who sends what to whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    pub sender: SiteId,
    pub public_key: [u8; 32],
    /// Milliseconds since 1970, by the sender's clock.
    pub made: u64,
    /// Empty: for whoever has the passphrase.
    pub receivers: Vec<SiteId>,
    /// Whether it is all that the sender has, or some clients.
    pub whole: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    pub sites: u64,
    pub chains: u64,
    pub batches: u64,
    pub entries: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PackedBatch {
    pub count: u64,
    pub hlc: u64,
    pub action: [u8; 16],
    pub undoes: Option<[u8; 16]>,
    pub author: String,
    pub label: String,
    pub origin: String,
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// Why a bundle is not taken. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("This is not a bundle of caseload.")]
    NotABundle,
    #[error("This bundle is cut short: have it sent again, whole.")]
    Cut,
    #[error("This bundle is damaged or was altered: {0}.")]
    Altered(String),
    #[error(
        "This bundle was not made for this caseload: give its sender your card (caseload site card) and ask for another."
    )]
    NotForUs,
    #[error("That passphrase does not open this bundle.")]
    WrongPassphrase,
    #[error("This bundle opens with a passphrase: name it.")]
    NeedsPassphrase,
    #[error(
        "This bundle is from a site that nobody here has accepted: {name}, fingerprint {fingerprint}. Compare it on the phone, then accept its card."
    )]
    Unknown { name: String, fingerprint: String },
    #[error(
        "You give to {name} and do not take everything of theirs. They can hand you single clients (caseload export FILE --client ID --to YOU); to take everything of theirs: caseload site accept CARD --both."
    )]
    OnlyGiven { name: String },
    #[error("This bundle is from a site that was revoked here: {name}, fingerprint {fingerprint}.")]
    Revoked { name: String, fingerprint: String },
    #[error("This bundle unpacks to far more than its size allows. It was not taken.")]
    Bomb,
    #[error("This bundle is of a newer version of caseload: update the program.")]
    Newer,
    #[error("Stopped. Nothing was changed.")]
    Stopped,
    #[error(transparent)]
    Store(StoreError),
    #[error("The bundle could not be read: {0}")]
    Io(io::Error),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        match error {
            StoreError::Newer => Refusal::Newer,
            StoreError::Stopped => Refusal::Stopped,
            other => Refusal::Store(other),
        }
    }
}

/// For whom a bundle is sealed.
pub enum Seal<'a> {
    Sites(&'a [Site]),
    Passphrase(&'a str),
}

/// Writes a bundle, part by part.
pub struct Writer<'a, W: Write> {
    out: zstd::Encoder<'static, age::stream::StreamWriter<W>>,
    store: &'a Store,
    hasher: blake3::Hasher,
    counts: Counts,
}

impl<'a, W: Write> Writer<'a, W> {
    pub fn new(store: &'a Store, seal: &Seal<'_>, whole: bool, to: W) -> Result<Writer<'a, W>, StoreError> {
        let unwritable = |error: String| StoreError::Write(error);
        let own = store.own_site()?;
        let (encryptor, receivers) = match seal {
            Seal::Passphrase(text) => {
                (age::Encryptor::with_user_passphrase(SecretString::from((*text).to_string())), Vec::new())
            }
            Seal::Sites(sites) => {
                // For oneself too: a file that was set back reads here what it once knew.
                let others = sites.iter().filter(|site| site.id != own.id);
                let sites: Vec<&Site> = others.chain([&own]).collect();
                let keys = sites.iter().map(|site| site.recipient.parse::<age::x25519::Recipient>());
                let keys: Vec<_> = keys.collect::<Result<_, _>>().map_err(|error| unwritable(error.to_string()))?;
                let recipients = keys.iter().map(|key| key as &dyn age::Recipient);
                let encryptor =
                    age::Encryptor::with_recipients(recipients).map_err(|error| unwritable(error.to_string()))?;
                (encryptor, sites.iter().map(|site| site.id).collect())
            }
        };
        let out = zstd::Encoder::new(encryptor.wrap_output(to)?, 6)?;
        let hasher = blake3::Hasher::new_derive_key("caseload bundle 1");
        let mut writer = Writer { out, store, hasher, counts: Counts::default() };
        writer.put_bytes(MAGIC)?;
        let made = u64::try_from(store.now().timestamp_millis()).unwrap_or(0);
        writer.put(&Part::Head(Head { sender: own.id, public_key: own.public_key, made, receivers, whole }))?;
        Ok(writer)
    }

    fn put_bytes(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hasher.update(bytes);
        self.out.write_all(bytes)?;
        Ok(())
    }

    fn put(&mut self, part: &Part) -> Result<(), StoreError> {
        let bytes = postcard::to_allocvec(part).expect("plain data packs into memory");
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= MOST_OF_A_PART);
        let length = length.ok_or_else(|| StoreError::Write("one change is too large for a bundle".into()))?;
        self.put_bytes(&length.to_le_bytes())?;
        self.put_bytes(&bytes)
    }

    /// Tells of an author. All of them come before the first chain.
    pub fn site(&mut self, site: &Site) -> Result<(), StoreError> {
        self.counts.sites += 1;
        let Site { public_key, recipient, name, voucher, hearsay, .. } = site.clone();
        let voucher = voucher.or(hearsay);
        self.put(&Part::Site { public_key, recipient, name, voucher })
    }

    /// Writes a chain from an index on, to its end.
    pub fn chain(&mut self, stream: RowId, site: SiteId, from: u64) -> Result<u64, StoreError> {
        let store = self.store;
        let mut last: Option<(u64, Vec<u8>)> = None;
        store.each_of_chain::<StoreError>(stream, site, from, &mut |batch: Batch| {
            if last.is_none() {
                self.counts.chains += 1;
                self.put(&Part::Chain { stream, site, first: batch.header.first })?;
            }
            self.counts.batches += 1;
            self.counts.entries += batch.count;
            last = Some((batch.header.first + batch.count, batch.signature));
            let Header { hlc, action, author, label, origin, undoes, .. } = batch.header;
            self.put(&Part::Batch(PackedBatch {
                count: batch.count,
                hlc: hlc.0,
                action: *action.as_bytes(),
                undoes: undoes.map(|action| *action.as_bytes()),
                author,
                label,
                origin,
                body: batch.body,
            }))
        })?;
        match last {
            Some((next, signature)) => {
                self.put(&Part::EndOfChain { signature })?;
                Ok(next)
            }
            None => Ok(from),
        }
    }

    /// Says how far this site has come in a chain with all its values, so that the other side knows what is lacking here.
    pub fn has(&mut self, stream: RowId, site: SiteId) -> Result<(), StoreError> {
        let ChainEnd { next, hash } = self.store.whole_to(stream, site)?;
        self.put(&Part::Has { stream, site, next, hash })
    }

    /// Signs and ends the bundle; gives the counts and what it was written to.
    pub fn end(mut self) -> Result<(Counts, W), StoreError> {
        let message = signed_part(&self.hasher, self.counts);
        let (counts, signature) = (self.counts, self.store.sign(&message));
        self.put(&Part::End { counts, signature })?;
        Ok((counts, self.out.finish()?.finish()?))
    }
}

pub(super) fn signed_part(hasher: &blake3::Hasher, counts: Counts) -> Vec<u8> {
    let counts = postcard::to_allocvec(&counts).expect("plain data packs into memory");
    [b"caseload bundle signature 1".as_slice(), hasher.finalize().as_bytes(), &counts].concat()
}

/// What a bundle said, once all of it was read and holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub head: Head,
    pub counts: Counts,
    /// The chains in it: stream, site, first index, and the index after the last.
    pub ranges: Vec<(RowId, SiteId, u64, u64)>,
}

/// What opens a bundle.
pub struct Opening<'a> {
    pub identities: Vec<age::x25519::Identity>,
    pub passphrase: Option<&'a str>,
}

/// Reads a bundle of `length` bytes to its end, handing what it holds to the merger. Anything wrong is a refusal, and
/// then the merger's transaction must not be kept.
pub fn read(
    input: impl Read,
    length: u64,
    opening: &Opening<'_>,
    own: &[SiteId],
    merger: &mut Merger<'_>,
    progress: &mut dyn FnMut(u64) -> std::ops::ControlFlow<()>,
) -> Result<Told, Refusal> {
    let opened = open(BufReader::new(input), opening)?;
    let unpacked = zstd::Decoder::new(opened).map_err(|error| trouble(&error))?;
    read_parts(unpacked, length.saturating_mul(MOST_PER_BYTE).max(SMALL), own, merger, progress)
}

/// Reads what lies inside the seal, unpacked: at most so many bytes of it. [`read`] is the way in; this one is for whoever
/// throws broken bytes at the decoder.
///
/// One pass: who sends, and whether it is for one of `own`; the sites, with the vouchers that hold; whether the sender is
/// believed; the chains, each to its end and its site's signature, those too that do not continue what is here; the counts,
/// the sender's signature, the end of the file. What follows from it (other branches settled, a new site) the merger does
/// after this returns.
pub fn read_parts(
    input: impl Read,
    most: u64,
    own: &[SiteId],
    merger: &mut Merger<'_>,
    progress: &mut dyn FnMut(u64) -> std::ops::ControlFlow<()>,
) -> Result<Told, Refusal> {
    let mut reader = Reader { input, hasher: blake3::Hasher::new_derive_key("caseload bundle 1"), unpacked: 0, most };
    if reader.exactly(MAGIC.len())? != MAGIC {
        return Err(Refusal::NotABundle);
    }
    let Part::Head(head) = reader.part()? else { return Err(altered("it does not say who sent it")) };
    if SiteId::of_key(&head.public_key) != head.sender {
        return Err(altered("its sender's key is another's"));
    }
    if !head.receivers.is_empty() && !head.receivers.iter().any(|site| own.contains(site)) {
        return Err(Refusal::NotForUs);
    }
    let mut told = Told { head, counts: Counts::default(), ranges: Vec::new() };
    let mut sites = Vec::new();
    let mut chain: Option<(RowId, SiteId, u64, Walk)> = None;
    let mut parts = 0u64;
    let mut believed: Option<Site> = None;
    loop {
        parts += 1;
        if parts.is_multiple_of(64) && progress(reader.unpacked).is_break() {
            return Err(Refusal::Stopped);
        }
        let before = reader.hasher.clone();
        let part = reader.part()?;
        // Whoever took over from an accepted site says so among the sites, which come first.
        if believed.is_none() && !matches!(part, Part::Site { .. }) {
            merger.know(&sites)?;
            sites = Vec::new();
            believed = Some(sender(&told.head, merger)?);
        }
        match part {
            Part::Head(_) => return Err(altered("it speaks of two senders")),
            Part::Site { public_key, recipient, name, voucher } => {
                if believed.is_some() {
                    return Err(altered("it tells of a site too late"));
                }
                if sites.len() >= MOST_SITES || recipient.len() > MOST_OF_A_NAME {
                    return Err(altered("it tells more of sites than there can be"));
                }
                told.counts.sites += 1;
                sites.push(Site::told(public_key, &recipient, &name, voucher));
            }
            Part::Chain { stream, site, first } => {
                if chain.is_some() {
                    return Err(altered("a chain does not end"));
                }
                told.counts.chains += 1;
                chain = Some((stream, site, first, merger.begin(stream, site, first)??));
            }
            Part::Batch(batch) => {
                let Some((stream, site, first, walk)) = &mut chain else {
                    return Err(altered("a batch without its chain"));
                };
                told.counts.batches += 1;
                told.counts.entries = told.counts.entries.saturating_add(batch.count);
                let header = Header {
                    stream: *stream,
                    site: *site,
                    first: *first,
                    hlc: Hlc(batch.hlc),
                    action: uuid::Uuid::from_bytes(batch.action),
                    author: batch.author,
                    label: batch.label,
                    origin: batch.origin,
                    undoes: batch.undoes.map(uuid::Uuid::from_bytes),
                };
                merger.take(walk, Unproven { header, count: batch.count, body: batch.body })??;
            }
            Part::EndOfChain { signature } => {
                let Some((stream, site, first, walk)) = chain.take() else {
                    return Err(altered("a chain ends twice"));
                };
                told.ranges.push((stream, site, first, walk.next()));
                merger.end(walk, &signature)??;
            }
            Part::Has { stream, site, next, hash } => {
                merger.peer_has(told.head.sender, stream, site, next, &hash)?;
            }
            Part::End { counts, signature } => {
                if chain.is_some() || counts != told.counts {
                    return Err(altered("it does not hold what it says it holds"));
                }
                let message = signed_part(&before, counts);
                if !believed.is_some_and(|sender| sender.signed(&message, &signature)) {
                    return Err(altered("its sender's signature does not hold"));
                }
                break;
            }
        }
    }
    let mut rest = [0; 1];
    if reader.input.read(&mut rest).map_err(|error| trouble(&error))? != 0 {
        return Err(altered("there is more after its end"));
    }
    Ok(told)
}

impl From<Breach> for Refusal {
    fn from(Breach(why): Breach) -> Refusal {
        Refusal::Altered(why)
    }
}

/// The sender, if it is one that is believed here.
fn sender(head: &Head, merger: &mut Merger<'_>) -> Result<Site, Refusal> {
    let known = merger.sender(head.sender)?;
    let site = known.unwrap_or_else(|| Site::told(head.public_key, "", "", None));
    let (name, fingerprint) = (site.person(), site.fingerprint());
    match site.trust() {
        Trust::Accepted | Trust::Own | Trust::TakeFrom => Ok(site),
        // By hand a supervisor hands single clients back: a name under a note, a choice, somebody else's client.
        Trust::GiveTo if !head.whole => Ok(site),
        Trust::GiveTo => Err(Refusal::OnlyGiven { name }),
        Trust::Known => Err(Refusal::Unknown { name, fingerprint }),
        Trust::Revoked => Err(Refusal::Revoked { name, fingerprint }),
    }
}

fn open<'r, R: Read + 'r>(input: BufReader<R>, opening: &Opening<'_>) -> Result<Box<dyn Read + 'r>, Refusal> {
    let sealed = age::Decryptor::new_buffered(input).map_err(|error| match error {
        age::DecryptError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => Refusal::Cut,
        age::DecryptError::InvalidHeader | age::DecryptError::UnknownFormat | age::DecryptError::Io(_) => {
            Refusal::NotABundle
        }
        other => Refusal::Altered(other.to_string()),
    })?;
    let denied = |error| match error {
        age::DecryptError::NoMatchingKeys => Refusal::NotForUs,
        age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed => Refusal::WrongPassphrase,
        age::DecryptError::ExcessiveWork { .. } => altered("its passphrase would take too long to try"),
        age::DecryptError::Io(error) => trouble(&error),
        other => Refusal::Altered(other.to_string()),
    };
    if sealed.is_scrypt() {
        let passphrase = opening.passphrase.ok_or(Refusal::NeedsPassphrase)?;
        let identity = age::scrypt::Identity::new(SecretString::from(passphrase.to_string()));
        return Ok(Box::new(sealed.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(denied)?));
    }
    let identities = opening.identities.iter().map(|identity| identity as &dyn age::Identity);
    Ok(Box::new(sealed.decrypt(identities).map_err(denied)?))
}

struct Reader<R: Read> {
    input: R,
    hasher: blake3::Hasher,
    unpacked: u64,
    most: u64,
}

impl<R: Read> Reader<R> {
    fn exactly(&mut self, length: usize) -> Result<Vec<u8>, Refusal> {
        self.unpacked += length as u64;
        if self.unpacked > self.most {
            return Err(Refusal::Bomb);
        }
        // Grown by what is really there, not by what was said.
        let mut bytes = Vec::with_capacity(length.min(64 << 10));
        (&mut self.input).take(length as u64).read_to_end(&mut bytes).map_err(|error| trouble(&error))?;
        if bytes.len() < length {
            return Err(Refusal::Cut);
        }
        self.hasher.update(&bytes);
        Ok(bytes)
    }

    fn part(&mut self) -> Result<Part, Refusal> {
        let length = self.exactly(4)?;
        let length = u32::from_le_bytes(length.try_into().expect("four bytes"));
        if length > MOST_OF_A_PART {
            return Err(altered("a part of it is larger than any part may be"));
        }
        let bytes = self.exactly(length as usize)?;
        match postcard::take_from_bytes(&bytes) {
            Ok((part, [])) => Ok(part),
            // Kinds are numbered from 0; a higher one than ours is of a later version.
            _ if bytes.first().is_some_and(|kind| *kind > 6) => Err(Refusal::Newer),
            _ => Err(altered("a part of it cannot be read")),
        }
    }
}

fn altered(why: &str) -> Refusal {
    Refusal::Altered(why.into())
}

/// What an error of the layers below means: `age` and `zstd` tell of damage by way of I/O errors.
fn trouble(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Refusal::Cut,
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => {
            Refusal::Io(io::Error::new(error.kind(), error.to_string()))
        }
        _ => altered("its bytes do not add up"),
    }
}
