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

use super::{Result, Store, StoreError, file};

/// A line of a hundred take-overs is no line.
const MOST_OF_A_LINE: usize = 100;

/// How far a site is believed.
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
    /// Who works with it.
    pub name: String,
    pub trust: Trust,
    /// The site that it took over from, and that one's signature.
    pub voucher: Option<(SiteId, Vec<u8>)>,
}

impl Site {
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
            keep(db, &Site { trust: Trust::Own, ..old.clone() })?;
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

    pub(super) fn put(&self, db: &Connection, machine: &[u8; 32], site: &Site) -> Result<()> {
        db.execute(
            "INSERT INTO own_site (machine, signing, sealing) VALUES (?1, ?2, ?3)
             ON CONFLICT (machine) DO UPDATE SET signing = excluded.signing, sealing = excluded.sealing",
            (machine.as_slice(), self.signing.to_bytes().as_slice(), self.sealing.as_str()),
        )?;
        keep(db, site)
    }

    pub(super) fn id(&self) -> SiteId {
        SiteId::of_key(&self.signing.verifying_key().to_bytes())
    }

    pub(super) fn site(&self, name: &str) -> Result<Site> {
        let public_key = self.signing.verifying_key().to_bytes();
        Ok(Site {
            id: SiteId::of_key(&public_key),
            public_key,
            recipient: self.identity()?.to_public().to_string(),
            name: name.into(),
            trust: Trust::Own,
            voucher: None,
        })
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

/// Which machine this is and where the file stands on it, as a hash that tells nothing else.
pub(super) fn machine(path: Option<&Path>) -> [u8; 32] {
    let id = ["/etc/machine-id", "/var/lib/dbus/machine-id"]
        .iter()
        .find_map(|file| std::fs::read_to_string(file).ok().filter(|id| !id.trim().is_empty()))
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .unwrap_or_default();
    let place = path.map(|path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf()));
    let place = place.map_or(String::new(), |place| place.to_string_lossy().into_owned());
    blake3::derive_key("caseload machine 1", format!("{}\0{place}", id.trim()).as_bytes())
}

/// Keeps what is told of a site. What is known already stays, but for what comes with an acceptance of ours: nobody
/// else can put another key or name in its place.
pub(super) fn keep(db: &Connection, site: &Site) -> Result<()> {
    let (of, signature) = match &site.voucher {
        Some((of, signature)) => (Some(of.0), Some(signature.as_slice())),
        None => (None, None),
    };
    db.prepare_cached(
        "INSERT INTO site (id, public_key, name, trust, recipient, voucher_of, voucher) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET
           name = CASE WHEN excluded.name <> '' AND (name = '' OR excluded.trust NOT IN (0, 2)) THEN excluded.name ELSE name END,
           recipient = CASE WHEN excluded.recipient <> '' AND (recipient = '' OR excluded.trust NOT IN (0, 2))
             THEN excluded.recipient ELSE recipient END,
           trust = CASE WHEN excluded.trust = 0 THEN trust ELSE excluded.trust END,
           voucher_of = coalesce(excluded.voucher_of, voucher_of), voucher = coalesce(excluded.voucher, voucher)",
    )?
    .execute((
        site.id.0.as_slice(),
        site.public_key.as_slice(),
        site.name.as_str(),
        site.trust as u8,
        site.recipient.as_str(),
        of,
        signature,
    ))?;
    Ok(())
}

const COLUMNS: &str = "id, public_key, recipient, name, trust, voucher_of, voucher";

fn from_row(row: &SqlRow<'_>) -> rusqlite::Result<Site> {
    let trust = Trust::ALL.get(usize::from(row.get::<_, u8>(4)?)).copied().unwrap_or(Trust::Known);
    let voucher = match (row.get::<_, Option<[u8; 16]>>(5)?, row.get::<_, Option<Vec<u8>>>(6)?) {
        (Some(of), Some(signature)) => Some((SiteId(of), signature)),
        _ => None,
    };
    Ok(Site {
        id: SiteId(row.get(0)?),
        public_key: row.get(1)?,
        recipient: row.get(2)?,
        name: row.get(3)?,
        trust,
        voucher,
    })
}

pub(super) fn of(db: &Connection, id: SiteId) -> Result<Option<Site>> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM site WHERE id = ?1"))?;
    Ok(query.query_row([id.0.as_slice()], from_row).optional()?)
}

/// How far a site is believed, its vouchers counted: as far as the site at the end of the line of those that it took over from.
pub(super) fn trust_of(db: &Connection, site: &Site) -> Result<Trust> {
    let mut at = site.clone();
    for _ in 0..MOST_OF_A_LINE {
        let known = of(db, at.id)?;
        match known.as_ref().map_or(at.trust, |known| known.trust) {
            Trust::Known => {}
            told => return Ok(told),
        }
        let Some((before, signature)) = at.voucher.clone().or(known.and_then(|known| known.voucher)) else { break };
        let Some(before) = of(db, before)?.filter(|before| before.signed(&at.vouched(), &signature)) else { break };
        at = before;
    }
    Ok(Trust::Known)
}

/// The first site of the line that a site belongs to by vouchers: by this its entries speak for a person, whoever believes it
/// or not.
pub(super) fn root(db: &Connection, id: SiteId) -> Result<SiteId> {
    let mut at = id;
    for _ in 0..MOST_OF_A_LINE {
        let Some(site) = of(db, at)? else { break };
        let Some((before, signature)) = &site.voucher else { break };
        match of(db, *before)? {
            Some(known) if known.signed(&site.vouched(), signature) => at = known.id,
            _ => break,
        }
    }
    Ok(at)
}

/// Whether two sites belong to one line.
pub(super) fn are_of_one_line(db: &Connection, one: SiteId, other: SiteId) -> Result<bool> {
    Ok(root(db, one)? == root(db, other)?)
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
        let mut query =
            self.db.prepare(&format!("SELECT {COLUMNS} FROM site ORDER BY trust = 3 DESC, name COLLATE NOCASE, id"))?;
        let sites = query.query_map([], from_row)?;
        Ok(sites.collect::<rusqlite::Result<_>>()?)
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

    /// Those who get what is exchanged: every site that is believed and can be written to, and other copies of this one.
    pub fn partners(&self) -> Result<Vec<Site>> {
        let mut partners = Vec::new();
        for site in self.sites()? {
            if site.id != self.site && !site.recipient.is_empty() && self.trust_of(&site)?.gives() {
                partners.push(site);
            }
        }
        Ok(partners)
    }

    /// Whether anyone else is believed, one way or the other.
    pub fn has_colleagues(&self) -> Result<bool> {
        Ok(self.sites()?.iter().any(|site| matches!(site.trust, Trust::Accepted | Trust::TakeFrom | Trust::GiveTo)))
    }

    /// Believes a site from now on: its bundles are taken, and it can be written to.
    pub fn accept_site(&mut self, site: &Site) -> Result<()> {
        self.accept_site_as(site, Trust::Accepted)
    }

    /// Believes a site from now on, both ways ([`Trust::Accepted`]) or one way only.
    pub fn accept_site_as(&mut self, site: &Site, trust: Trust) -> Result<()> {
        self.writable()?;
        if site.id == self.site || !matches!(trust, Trust::Accepted | Trust::TakeFrom | Trust::GiveTo) {
            return Ok(());
        }
        keep(&self.db, &Site { trust, ..site.clone() })
    }

    /// Takes note of a site without believing it.
    pub fn know_site(&mut self, site: &Site) -> Result<()> {
        self.writable()?;
        keep(&self.db, &Site { trust: Trust::Known, ..site.clone() })
    }

    /// Believes a site no longer: nothing of it is taken any more, and nothing is written to it.
    pub fn revoke_site(&mut self, id: SiteId) -> Result<()> {
        self.writable()?;
        self.db.execute("UPDATE site SET trust = 2 WHERE id = ?1 AND trust <> 3", [id.0.as_slice()])?;
        Ok(())
    }

    /// This installation's signature under a message.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.keys.signing.sign(message).to_bytes().to_vec()
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
