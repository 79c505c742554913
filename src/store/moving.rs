//! A caseload moves to another laptop: name, drafts, settings, places and whom it believes come along, and the old
//! installation vouches for the new one in the same act, so that colleagues accept nobody anew.
//!
//! The old laptop writes one file: a whole backup, and the keys of the installation that goes on, which are made for this and
//! live in no other file. It is sealed with a code of a hundred random bits that is shown once and typed on the new laptop.
//! The old key does not travel: it signs the voucher and from then on nothing, for the old file takes no more writing. What
//! opens bundles that are still on their way to the old installation does travel. The recovery key stays the one on paper.
//!
//! The new installation then says that it took over for good, so that nothing is sealed any more to a key that may lie on a
//! laptop that was sold.
//!
//! Whoever has the file and the code is the new installation; who takes it in twice has a clone, which syncing notices and
//! parts as it does every other.

use std::path::Path;

use age::secrecy::SecretString;
use ed25519_dalek::{Signer, SigningKey};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::backup::{Carried, Head, open};
use super::file::put_meta;
use super::sites::{self, Keys, Site};
use super::{Clock, Passphrase, Result, Staged, Store, StoreError, Worker, lines};

/// The setting that says when a file moved away.
pub(super) const MOVED: &str = "moved";

/// Under which the keys stand that open what was sealed for installations that this one took over from.
pub(super) const OPENING: &str = "opening";

/// What seals the file that moves: shown once, typed on the new laptop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MovingCode(String);

impl MovingCode {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const LENGTH: usize = 20;

    fn generate() -> Result<MovingCode> {
        let mut random = Zeroizing::new([0u8; MovingCode::LENGTH]);
        getrandom::fill(random.as_mut()).map_err(|error| StoreError::Write(error.to_string()))?;
        Ok(MovingCode(random.iter().map(|byte| char::from(MovingCode::LETTERS[usize::from(byte & 31)])).collect()))
    }

    /// A code as it was shown; case, dashes and spaces do not matter, nor whether an O is a zero.
    pub fn parse(text: &str) -> Result<MovingCode> {
        let mut code = String::with_capacity(MovingCode::LENGTH);
        for letter in text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-') {
            code.push(match letter.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                letter => letter,
            });
        }
        let code = MovingCode(code);
        let fits = code.0.len() == MovingCode::LENGTH && code.0.bytes().all(|one| MovingCode::LETTERS.contains(&one));
        if fits { Ok(code) } else { Err(StoreError::WrongMovingCode) }
    }

    /// The code as it is to be typed, in groups of four.
    pub fn printed(&self) -> Zeroizing<String> {
        let groups: Vec<&str> = (0..self.0.len()).step_by(4).filter_map(|at| self.0.get(at..at + 4)).collect();
        Zeroizing::new(groups.join("-"))
    }

    fn secret(&self) -> SecretString {
        SecretString::from(self.0.clone())
    }
}

impl Keys {
    fn carried(carried: &Carried) -> Keys {
        Keys { signing: SigningKey::from_bytes(&carried.signing), sealing: Zeroizing::new(carried.sealing.clone()) }
    }
}

/// The site of keys, with the voucher of whom they take over from.
fn successor(keys: &Keys, name: &str, old: crate::model::SiteId, voucher: Vec<u8>) -> Result<Site> {
    Ok(Site { voucher: Some((old, voucher)), ..keys.site(name)? })
}

impl Store {
    /// Writes everything of this caseload into a new file that another laptop goes on with. Then this file takes no more
    /// writing. Where the file cannot be written, nothing has changed.
    pub fn move_away(&mut self, path: &Path) -> Result<(MovingCode, Site)> {
        self.writable()?;
        if path.symlink_metadata().is_ok() {
            return Err(StoreError::Exists(path.into()));
        }
        let (code, keys) = (MovingCode::generate()?, Keys::generate()?);
        let name = self.worker.name.clone();
        let voucher = self.keys.signing.sign(&keys.site(&name)?.vouched()).to_bytes().to_vec();
        let site = successor(&keys, &name, self.site, voucher.clone())?;
        let carried = Carried {
            signing: keys.signing.to_bytes(),
            sealing: keys.sealing.to_string(),
            opening: self.own_openings()?,
            voucher,
        };
        let recovery = self.recovery_recipient()?;
        let head = Head { worker: self.worker.id, recovery, site: self.site, before: None, keys: Some(carried) };
        let staged = Staged::beside(Some(path))?;
        self.write_moving(&staged.path, age::Encryptor::with_user_passphrase(code.secret()), head)?;
        verify(&staged.path, &code)?;
        if !crate::files::settle(&staged.path, path)? {
            return Err(StoreError::Exists(path.into()));
        }
        if let Err(error) = self.retire_for(&site) {
            let _ = std::fs::remove_file(path);
            return Err(error);
        }
        Ok((code, site))
    }

    /// From now on another installation goes on: all in one act.
    fn retire_for(&mut self, site: &Site) -> Result<()> {
        let when = format!(" on {}", self.now().format("%-d %b %Y at %H:%M"));
        let transaction = self.db.transaction()?;
        sites::keep(&transaction, site)?;
        lines::vouch(&transaction, site)?;
        transaction
            .execute("INSERT OR REPLACE INTO local (key, value) VALUES (?1, ?2)", (MOVED, when.as_bytes().to_vec()))?;
        transaction.commit()?;
        self.moved = Some(when);
        Ok(())
    }

    /// Lets a file that moved away go on all the same: the one that moved may never have arrived. It goes on as a new
    /// installation, which the old one vouches for, because the old key retired when it moved.
    pub fn stay_after_all(&mut self) -> Result<bool> {
        if self.moved.take().is_none() {
            return Ok(false);
        }
        if let Err(error) = self.become_another().and_then(|()| self.set_local(MOVED, None)) {
            self.moved = Some(String::new());
            return Err(error);
        }
        Ok(true)
    }

    /// Makes a caseload file of what another laptop wrote with [`Store::move_away`]. All of it is read and verified to its
    /// end before anything of it is believed; on any error no file is left behind.
    pub fn take_move(
        from: &Path,
        code: &MovingCode,
        to: &Path,
        passphrase: &Passphrase,
        clock: Clock,
    ) -> Result<Store> {
        let identity = age::scrypt::Identity::new(code.secret());
        let opened = open(from, &[&identity]).map_err(|error| match error {
            StoreError::WrongRecoveryKey => StoreError::WrongMovingCode,
            other => other,
        })?;
        let bad = |why: &str| StoreError::BadBackup { path: from.into(), why: why.into() };
        let Some(carried) = opened.head.keys.as_ref().filter(|_| opened.moving) else {
            return Err(bad("it moves no caseload: `caseload restore` takes a backup"));
        };
        let keys = Keys::carried(carried);
        let (old, voucher, opening) = (opened.head.site, carried.voucher.clone(), carried.opening.join("\n"));
        let (recovery, who) = (opened.head.recovery.clone(), Worker::unnamed(opened.head.worker));
        let site = successor(&keys, "", old, voucher)?;
        let (mut store, _) =
            Store::create_with(to, |db, path| Store::set_up(db, path, &who, Some(keys), clock), passphrase)?;
        let filled = store.fill_from(vec![(from.to_path_buf(), opened)]).and_then(|()| {
            let vouched = sites::of(&store.db, old)?.is_some_and(|old| site.is_vouched_by(&old));
            if !vouched {
                return Err(bad("the old installation does not vouch for it"));
            }
            put_meta(&store.db, "recovery", recovery.as_bytes())?;
            put_meta(&store.db, OPENING, opening.as_bytes())?;
            sites::keep(&store.db, &Site { name: store.worker.name.clone(), ..site.clone() })?;
            lines::vouch(&store.db, &site)?;
            store.retire(old)
        });
        if let Err(error) = filled {
            drop(store);
            super::file::remove(to);
            return Err(error);
        }
        store.passphrase = Some(passphrase.clone());
        Ok(store)
    }

    /// When it moved to another laptop, in words; none where it did not.
    pub fn moved(&self) -> Option<&str> {
        self.moved.as_deref()
    }
}

/// Reads what moves to its end, as the new laptop will.
fn verify(path: &Path, code: &MovingCode) -> Result<()> {
    let identity = age::scrypt::Identity::new(code.secret());
    super::backup::read_to_end(path, open(path, &[&identity])?)
}

/// Whether a file is sealed with a code or a passphrase rather than for a key; none where it is sealed in neither way.
pub fn sealed_with_a_code(path: &Path) -> Option<bool> {
    let file = std::io::BufReader::new(crate::files::open(path).ok()?);
    age::Decryptor::new(file).ok().map(|sealed| sealed.is_scrypt())
}

#[cfg(test)]
mod tests;
