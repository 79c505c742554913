//! Installations: our own keys, and what is known of everyone else's.
//!
//! A site is one installation: a pair of keys (Ed25519 to sign, X25519 to seal) that lives inside the encrypted file.
//! A file that is opened on another machine, or copied to another place, gets keys of its own there, vouched for by the
//! ones it had: two copies never sign as the same site, and whoever trusts the original need not accept the copy again.

use std::path::Path;

use age::secrecy::ExposeSecret;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow};
use zeroize::Zeroizing;

use crate::model::SiteId;

use super::lines::{self, Acceptance, Gives, Line, SiteState, claim};
use super::{Result, Store, StoreError, erase, file};

pub(super) use super::machine::{machine, machine_before};

/// A line of a hundred take-overs is no line.
pub(super) const MOST_OF_A_LINE: usize = 100;

/// How far a site is believed, in a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// Entries of it came by way of another site; a bundle of its own is refused until someone accepts it.
    Known = 0,
    Accepted = 1,
    Revoked = 2,
    /// This installation, or one that it took over from.
    Own = 3,
    /// Its bundles are taken, and nothing is written to it: how a supervisor believes a worker.
    TakeFrom = 4,
    /// It is written to, and nothing of it is taken: how a worker believes a supervisor.
    GiveTo = 5,
}

impl Trust {
    pub(super) const ALL: [Trust; 6] =
        [Trust::Known, Trust::Accepted, Trust::Revoked, Trust::Own, Trust::TakeFrom, Trust::GiveTo];

    /// Whether its bundles are taken.
    pub fn takes(self) -> bool {
        matches!(self, Trust::Accepted | Trust::Own | Trust::TakeFrom)
    }

    /// Whether it is written to.
    pub fn gives(self) -> bool {
        matches!(self, Trust::Accepted | Trust::Own | Trust::GiveTo)
    }
}

#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    pub id: SiteId,
    pub public_key: [u8; 32],
    /// The age recipient bundles are encrypted to; empty where it was never told.
    pub recipient: String,
    /// What it calls itself: a claim, disarmed. As whom we know it says [`Site::person`].
    pub name: String,
    /// The line that it is believed by; none for a mere author.
    pub line: Option<Line>,
    pub state: SiteState,
    /// The site that it took over from, by its own word, and that one's signature.
    pub voucher: Option<(SiteId, Vec<u8>)>,
    /// The same as others told it, as long as it does not say so itself: it is passed on and joins nobody.
    pub hearsay: Option<(SiteId, Vec<u8>)>,
}

impl Site {
    /// A site as someone tells of it, believed by nobody yet.
    pub fn told(public_key: [u8; 32], recipient: &str, name: &str, voucher: Option<(SiteId, Vec<u8>)>) -> Site {
        Site {
            id: SiteId::of_key(&public_key),
            public_key,
            recipient: recipient.into(),
            name: claim(name),
            line: None,
            state: SiteState::Live,
            voucher,
            hearsay: None,
        }
    }

    /// How far it is believed, in a word.
    pub fn trust(&self) -> Trust {
        self.line.as_ref().map_or(Trust::Known, Line::trust)
    }

    /// Whether its bundles are taken.
    pub fn takes(&self) -> bool {
        self.trust().takes()
    }

    /// Whether everything is given to it as it comes.
    pub fn gives(&self) -> bool {
        self.is_reached() && self.line.as_ref().is_some_and(|line| line.own || line.gives == Gives::Everything)
    }

    /// Whether something can be given to it by hand.
    pub fn is_reached(&self) -> bool {
        let live = self.state == SiteState::Live && !self.recipient.is_empty();
        live && self.line.as_ref().is_some_and(|line| line.ended.is_none())
    }

    /// Who works with it: as we called them on accepting, or marked as what they say of themselves or others say of them.
    pub fn person(&self) -> String {
        match &self.line {
            Some(line) if line.own => self.name.clone(),
            Some(line) if !line.called.is_empty() => line.called.clone(),
            _ if self.name.is_empty() => "someone without a name".into(),
            // What it seals with is its own word: where that is missing it never spoke here, and the name is hearsay.
            _ if self.recipient.is_empty() => format!("one that others call \"{}\"", self.name),
            _ => format!("one that calls itself \"{}\"", self.name),
        }
    }

    /// Whether a text is this site's whole fingerprint: dashes, spaces and case do not matter, nor that O and I are read for
    /// 0 and 1. Nothing less will do.
    pub fn has_fingerprint(&self, told: &str) -> bool {
        let mut letters = String::new();
        for c in told.chars().filter(|c| !c.is_whitespace() && !"-‐‑–—".contains(*c)) {
            letters.push(match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            });
        }
        letters == self.fingerprint().replace('-', "")
    }

    /// What a site that is taken over from signs.
    pub(super) fn vouched(&self) -> Vec<u8> {
        [b"caseload voucher 1".as_slice(), &self.public_key, self.recipient.as_bytes()].concat()
    }

    /// Whether the site that it took over from is this one, and its signature holds.
    pub(super) fn is_vouched_by(&self, before: &Site) -> bool {
        self.voucher
            .as_ref()
            .is_some_and(|(of, signature)| *of == before.id && before.signed(&self.vouched(), signature))
    }

    /// Sixteen letters and digits in groups of four, to compare on the phone: 80 bits of a hash of the
    /// public key that signs; the card puts the key that seals under its signature.
    pub fn fingerprint(&self) -> String {
        const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let hash = blake3::derive_key("caseload fingerprint 1", &self.public_key);
        let mut out = String::new();
        for at in 0..16 {
            let (byte, bit) = (at * 5 / 8, at * 5 % 8);
            let pair = u16::from_be_bytes([hash[byte], hash[byte + 1]]);
            out.push(char::from(LETTERS[usize::from(pair >> (11 - bit) & 31)]));
            if at % 4 == 3 && at < 15 {
                out.push('-');
            }
        }
        out
    }

    /// Whether a signature by this site stands under a message.
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        match (VerifyingKey::from_bytes(&self.public_key), signature) {
            (Ok(key), Ok(signature)) => key.verify(message, &signature).is_ok(),
            _ => false,
        }
    }
}

/// The two keys of an installation.
pub(super) struct Keys {
    pub signing: SigningKey,
    pub sealing: Zeroizing<String>,
}

impl Keys {
    pub(super) fn generate() -> Result<Keys> {
        let mut seed = Zeroizing::new([0u8; 32]);
        getrandom::fill(seed.as_mut()).map_err(|error| StoreError::Write(error.to_string()))?;
        let sealing = age::x25519::Identity::generate().to_string().expose_secret().to_string();
        Ok(Keys { signing: SigningKey::from_bytes(&seed), sealing: Zeroizing::new(sealing) })
    }

    /// Keys for this file on this machine: those it has, or new ones vouched for by those it had elsewhere.
    pub(super) fn of(db: &Connection, machine: &[u8; 32], may_write: bool) -> Result<Keys> {
        if let Some(keys) = read(db, Some(machine))? {
            return Ok(keys);
        }
        let before = read(db, None)?;
        let (old, first) = match before {
            Some(keys) => (keys, false),
            None => (first_edition(db)?, true),
        };
        if !may_write {
            return Ok(old);
        }
        let name = of(db, old.site("")?.id)?.map_or(String::new(), |site| site.name);
        if first {
            // Made before there were keys for each machine: it keeps the one it has.
            old.put(db, machine, &old.site(&name)?)?;
            return Ok(old);
        }
        Keys::mint(db, machine, &name, Some(&old))
    }

    /// New keys for this machine; `before` vouches for them.
    pub(super) fn mint(db: &Connection, machine: &[u8; 32], name: &str, before: Option<&Keys>) -> Result<Keys> {
        let keys = Keys::generate()?;
        let mut site = keys.site(name)?;
        if let Some(before) = before {
            let old = before.site(name)?;
            keep(db, &old)?;
            lines::keep_own(db, &old)?;
            site.voucher = Some((old.id, before.signing.sign(&site.vouched()).to_bytes().to_vec()));
        }
        keys.put(db, machine, &site)?;
        Ok(keys)
    }

    /// New keys for a file that goes on as another site. The old ones are kept, under a name that no machine has: what is
    /// still on its way was sealed for them.
    pub(super) fn another(db: &Connection, machine: &[u8; 32], name: &str, before: &Keys) -> Result<Keys> {
        db.execute(
            "INSERT OR IGNORE INTO own_site (machine, signing, sealing) SELECT ?2, signing, sealing FROM own_site WHERE machine = ?1",
            (machine.as_slice(), blake3::hash(&before.id().0).as_bytes().as_slice()),
        )?;
        Keys::mint(db, machine, name, Some(before))
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.signing.sign(message).to_bytes().to_vec()
    }

    pub(super) fn put(&self, db: &Connection, machine: &[u8; 32], site: &Site) -> Result<()> {
        db.execute(
            "INSERT INTO own_site (machine, signing, sealing) VALUES (?1, ?2, ?3)
             ON CONFLICT (machine) DO UPDATE SET signing = excluded.signing, sealing = excluded.sealing",
            (machine.as_slice(), self.signing.to_bytes().as_slice(), self.sealing.as_str()),
        )?;
        keep(db, site)?;
        lines::vouch(db, site)?;
        lines::keep_own(db, site)
    }

    pub(super) fn id(&self) -> SiteId {
        SiteId::of_key(&self.signing.verifying_key().to_bytes())
    }

    pub(super) fn site(&self, name: &str) -> Result<Site> {
        let public_key = self.signing.verifying_key().to_bytes();
        Ok(Site::told(public_key, &self.identity()?.to_public().to_string(), name, None))
    }

    pub(super) fn identity(&self) -> Result<age::x25519::Identity> {
        self.sealing.parse().map_err(|_| StoreError::Damaged("its site's key cannot be read".into()))
    }
}

fn read(db: &Connection, machine: Option<&[u8; 32]>) -> Result<Option<Keys>> {
    let row = |row: &SqlRow<'_>| {
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(row.get(0)?);
        Ok(Keys { signing: SigningKey::from_bytes(&seed), sealing: Zeroizing::new(row.get(1)?) })
    };
    let found = match machine {
        Some(machine) => {
            db.query_row("SELECT signing, sealing FROM own_site WHERE machine = ?1", [machine.as_slice()], row)
        }
        // Any of them can vouch; the order makes it the same one each time.
        None => db.query_row("SELECT signing, sealing FROM own_site ORDER BY machine LIMIT 1", [], row),
    };
    Ok(found.optional()?)
}

/// The key of a file made before there was one per machine.
fn first_edition(db: &Connection) -> Result<Keys> {
    let missing = || StoreError::Damaged("its site's key is missing".into());
    let seed: Zeroizing<Vec<u8>> = Zeroizing::new(file::meta(db, "site_key")?);
    let seed: Zeroizing<[u8; 32]> = Zeroizing::new(seed.as_slice().try_into().map_err(|_| missing())?);
    Ok(Keys { signing: SigningKey::from_bytes(&seed), ..Keys::generate()? })
}

/// A caseload of an earlier version, which knew this machine under another name, goes on as the installation it is.
pub(super) fn known_before(db: &Connection, machine: &[u8; 32], before: &[u8; 32]) -> Result<()> {
    if machine != before {
        db.execute(
            "UPDATE own_site SET machine = ?1 WHERE machine = ?2 AND NOT EXISTS (SELECT 1 FROM own_site WHERE machine = ?1)",
            (machine.as_slice(), before.as_slice()),
        )?;
    }
    Ok(())
}

/// Keys that this file has, whichever machine's; none where it is only being made.
pub(super) fn any_own(db: &Connection) -> Result<Option<Keys>> {
    if let Some(keys) = read(db, None)? {
        return Ok(Some(keys));
    }
    Ok(first_edition(db).ok())
}

/// Whether a signature is one of this file's own: of this installation, or of one that it was before.
pub(super) fn is_own_signature(db: &Connection, message: &[u8], signature: &[u8]) -> Result<bool> {
    let mut query = db.prepare_cached("SELECT signing FROM own_site")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(row.get(0)?);
        if is_signature(&SigningKey::from_bytes(&seed).verifying_key().to_bytes(), message, signature) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a signature under a message was made with the key of which this is the public half.
pub(super) fn is_signature(public_key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let key = VerifyingKey::from_bytes(public_key).ok();
    key.zip(Signature::from_slice(signature).ok())
        .is_some_and(|(key, signature)| key.verify_strict(message, &signature).is_ok())
}

/// Keeps what a site says of itself, under its own signature: what it seals with and what it calls itself stand in the place
/// of whatever others told of it.
pub(super) fn keep_own_word(db: &Connection, site: &Site) -> Result<()> {
    keep(db, site)?;
    db.prepare_cached(
        "UPDATE site SET name = iif(?2 = '', name, ?2), recipient = iif(?3 = '', recipient, ?3)
         WHERE id = ?1 AND (name <> ?2 OR recipient <> ?3)",
    )?
    .execute((site.id.0.as_slice(), site.name.as_str(), site.recipient.as_str()))?;
    Ok(())
}

/// Keeps what others tell of a site: its key, and its name where none was known. What it seals with is taken from itself, or
/// from a voucher that is signed over it: whoever could put another in its place would read what is meant for it.
pub(super) fn keep_hearsay(db: &Connection, site: &Site) -> Result<()> {
    keep(db, &Site { recipient: String::new(), ..site.clone() })
}

/// Keeps a site where none is known, and fills in what nothing was known of. A voucher is kept by [`lines::vouch`] only.
pub(super) fn keep(db: &Connection, site: &Site) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO site (id, public_key, name, recipient) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET
           name = CASE WHEN name = '' THEN excluded.name ELSE name END,
           recipient = CASE WHEN recipient = '' THEN excluded.recipient ELSE recipient END
         WHERE name = '' OR recipient = ''",
    )?
    .execute((site.id.0.as_slice(), site.public_key.as_slice(), site.name.as_str(), site.recipient.as_str()))?;
    Ok(())
}

const SELECT: &str = "SELECT id, public_key, recipient, name, voucher_of, voucher, state, root, called, own, gives,
     takes, line.agency, ended, said FROM site LEFT JOIN line ON root = line";

fn from_row(row: &SqlRow<'_>) -> rusqlite::Result<Site> {
    let voucher = match (row.get::<_, Option<[u8; 16]>>(4)?, row.get::<_, Option<Vec<u8>>>(5)?) {
        (Some(of), Some(signature)) => Some((SiteId(of), signature)),
        _ => None,
    };
    let (voucher, hearsay) = if row.get(14)? { (voucher, None) } else { (None, voucher) };
    Ok(Site {
        id: SiteId(row.get(0)?),
        public_key: row.get(1)?,
        recipient: row.get(2)?,
        name: claim(&row.get::<_, String>(3)?),
        line: Line::from_row(row, 7)?,
        state: SiteState::from_number(row.get(6)?),
        voucher,
        hearsay,
    })
}

pub(super) fn of(db: &Connection, id: SiteId) -> Result<Option<Site>> {
    let mut query = db.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    Ok(query.query_row([id.0.as_slice()], from_row).optional()?)
}

pub(super) fn all(db: &Connection) -> Result<Vec<Site>> {
    let mut query = db.prepare_cached(&format!("{SELECT} ORDER BY coalesce(own, 0) DESC, name COLLATE NOCASE, id"))?;
    let sites = query.query_map([], from_row)?;
    Ok(sites.collect::<rusqlite::Result<_>>()?)
}

/// How far a site is believed, its vouchers counted: as far as the line of those that it took over from.
pub(super) fn trust_of(db: &Connection, site: &Site) -> Result<Trust> {
    Ok(lines::of_site(db, site)?.map_or(Trust::Known, |line| line.trust()))
}

/// The first site of the line that a site belongs to by vouchers: by this its entries speak for a person, whoever believes it
/// or not.
pub(super) fn root(db: &Connection, id: SiteId) -> Result<SiteId> {
    first(db, id, "SELECT voucher_of FROM site WHERE id = ?1 AND said = 1")
}

fn first(db: &Connection, id: SiteId, before: &str) -> Result<SiteId> {
    let mut query = db.prepare_cached(before)?;
    let mut at = id;
    for _ in 0..MOST_OF_A_LINE {
        match query.query_row([at.0.as_slice()], |row| row.get::<_, Option<[u8; 16]>>(0)).optional()?.flatten() {
            Some(before) => at = SiteId(before),
            None => break,
        }
    }
    Ok(at)
}

/// The person for whom a site's entries speak here, by the first of their sites: as vouchers join them, and as this file was
/// told that two are one person's. [`root`] is the part of this on which everybody agrees.
pub(super) fn person(db: &Connection, id: SiteId) -> Result<SiteId> {
    let mut at = root(db, id)?;
    let mut query = db.prepare_cached("SELECT joined FROM site WHERE id = ?1")?;
    for _ in 0..MOST_OF_A_LINE {
        match query.query_row([at.0.as_slice()], |row| row.get::<_, Option<[u8; 16]>>(0)).optional()?.flatten() {
            Some(other) => at = root(db, SiteId(other))?,
            None => break,
        }
    }
    Ok(at)
}

/// Whether two sites belong to one line, for who says of itself that they do: then it matters not who told of the voucher.
pub(super) fn are_of_one_line(db: &Connection, one: SiteId, other: SiteId) -> Result<bool> {
    let told = |id| first(db, id, "SELECT voucher_of FROM site WHERE id = ?1");
    Ok(told(one)? == told(other)?)
}

/// The signature of one of our own sites under a message; `None` where its key is not in this file.
pub(super) fn sign_as(db: &Connection, site: SiteId, message: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut query = db.prepare_cached("SELECT signing FROM own_site ORDER BY machine")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(row.get(0)?);
        let key = SigningKey::from_bytes(&seed);
        if SiteId::of_key(&key.verifying_key().to_bytes()) == site {
            return Ok(Some(key.sign(message).to_bytes().to_vec()));
        }
    }
    Ok(None)
}

impl Store {
    /// Every site that is known here, our own first, then by name.
    pub fn sites(&self) -> Result<Vec<Site>> {
        all(&self.db)
    }

    pub fn site_known(&self, id: SiteId) -> Result<Option<Site>> {
        of(&self.db, id)
    }

    /// This installation as others are to know it.
    pub fn own_site(&self) -> Result<Site> {
        let site = of(&self.db, self.site)?.ok_or_else(|| StoreError::Damaged("its own site is missing".into()))?;
        Ok(Site { name: self.worker.name.clone(), ..site })
    }

    /// How far a site is believed, also by way of the one that it took over from.
    pub fn trust_of(&self, site: &Site) -> Result<Trust> {
        trust_of(&self.db, site)
    }

    /// Those who get what is exchanged: every site that is believed, is still worked with and can be written to, and other
    /// copies of this one.
    pub fn partners(&self) -> Result<Vec<Site>> {
        Ok(self.sites()?.into_iter().filter(|site| site.id != self.site && site.gives()).collect())
    }

    /// Whether anyone else is believed, one way or the other.
    pub fn has_colleagues(&self) -> Result<bool> {
        let believed = |site: &Site| matches!(site.trust(), Trust::Accepted | Trust::TakeFrom | Trust::GiveTo);
        Ok(self.sites()?.iter().any(believed))
    }

    /// Believes a site from now on: its bundles are taken, and it can be written to.
    pub fn accept_site(&mut self, site: &Site) -> Result<()> {
        self.accept_site_as(site, Trust::Accepted)
    }

    /// Believes a site from now on, both ways ([`Trust::Accepted`]) or one way only; whoever asks has compared its whole
    /// fingerprint.
    pub fn accept_site_as(&mut self, site: &Site, trust: Trust) -> Result<()> {
        let (gives, takes) = match trust {
            Trust::Accepted => (Gives::Everything, true),
            Trust::TakeFrom => (Gives::Theirs, true),
            Trust::GiveTo => (Gives::Everything, false),
            Trust::Known | Trust::Revoked | Trust::Own => return self.writable(),
        };
        let wanted = Acceptance { gives: Some(gives), takes: Some(takes), confirmed: true, ..Acceptance::default() };
        self.accept(site, &wanted)?;
        erase::judge_again(&self.db, false)?;
        Ok(())
    }

    /// Takes note of a site without believing it, by a card that it signed.
    pub fn know_site(&mut self, site: &Site) -> Result<()> {
        self.writable()?;
        keep_own_word(&self.db, site)?;
        erase::judge_again(&self.db, false)?;
        Ok(())
    }

    /// This installation's signature under a message.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.keys.sign(message)
    }

    /// The keys that open what was sealed for this installation, and for those that it took over from.
    pub fn identities(&self) -> Result<Vec<age::x25519::Identity>> {
        let mut query = self.db.prepare("SELECT sealing FROM own_site ORDER BY machine")?;
        let mut rows = query.query([])?;
        let mut identities = vec![self.keys.identity()?];
        while let Some(row) = rows.next()? {
            let text: Zeroizing<String> = Zeroizing::new(row.get(0)?);
            identities.extend(text.parse::<age::x25519::Identity>().ok());
        }
        // Of an installation that moved here.
        let carried = file::meta(&self.db, super::moving::OPENING).map(Zeroizing::new).unwrap_or_default();
        for line in carried.split(|byte| *byte == b'\n') {
            identities
                .extend(std::str::from_utf8(line).ok().and_then(|text| text.parse::<age::x25519::Identity>().ok()));
        }
        Ok(identities)
    }

    /// The same keys as text, for an installation that goes on from this one.
    pub(super) fn own_openings(&self) -> Result<Vec<String>> {
        Ok(self.identities()?.iter().map(|one| one.to_string().expose_secret().to_string()).collect())
    }

    /// Takes note of where the file will stand: it is the same installation there.
    pub fn will_stand_at(&mut self, path: &Path) -> Result<()> {
        let (here, there) = (machine(self.path.as_deref()), machine(Some(path)));
        self.db.execute(
            "UPDATE OR REPLACE own_site SET machine = ?2 WHERE machine = ?1",
            (here.as_slice(), there.as_slice()),
        )?;
        Ok(())
    }

    /// Becomes a new site, for a copy of this file elsewhere goes on as the old one.
    pub fn become_another(&mut self) -> Result<()> {
        self.writable()?;
        self.become_new()
    }

    /// Becomes a new site: what was written under the old one stays its own.
    pub(super) fn become_new(&mut self) -> Result<()> {
        let machine = machine(self.path.as_deref());
        let transaction = self.db.transaction()?;
        let keys = Keys::another(&transaction, &machine, &self.worker.name, &self.keys)?;
        transaction.commit()?;
        self.go_on_with(keys);
        Ok(())
    }

    /// Signs and seals with other keys from here on; they stand in the file already.
    pub(super) fn go_on_with(&mut self, keys: Keys) {
        self.site = keys.id();
        self.keys = keys;
    }
}
