//! What is signed stays as it was: signing, addenda, co-signatures, and the list of notes that still wait for one.
//!
//! A signed note takes no change here, whichever way it comes; a change made elsewhere without knowing of the signature is
//! kept beside it. A signature is never deleted and never undone: what must be put right is said in an addendum.

use chrono::TimeDelta;
use rusqlite::{Connection, OptionalExtension};

use crate::model::records::{addendum, goal, note, plan, signature};
use crate::model::{Change, RecordType, Row, RowId, SignatureRole, Value, signing};

use super::{Receipt, Result, Store, StoreError};

/// Who signs.
#[derive(Clone, Debug, PartialEq)]
pub struct Signer {
    pub name: String,
    pub credentials: String,
    /// Whoever was there to see it, for a client's signature.
    pub witness: String,
}

impl Store {
    /// The worker of this file, as a signer.
    pub fn myself(&self) -> Signer {
        let worker = self.worker();
        Signer { name: worker.name.clone(), credentials: worker.credentials.clone(), witness: String::new() }
    }

    /// Signs a note as its author: from then on it is as it reads now. Signed more than `late_after_hours` after the service
    /// it says that it is a late entry.
    ///
    /// # Errors
    /// [`StoreError::Signed`] where it is signed already; [`StoreError::NoRow`] where there is no such note.
    pub fn sign_note(&mut self, id: RowId, late_after_hours: u32) -> Result<Receipt> {
        let row = self.row_of(&note::TYPE, id)?.ok_or_else(|| StoreError::NoRow(id.to_string()))?;
        if is_signed(&self.db, id)? {
            return Err(StoreError::Signed);
        }
        let now = self.now();
        let late = row.time(note::when).is_some_and(|when| now - when > TimeDelta::hours(late_after_hours.into()));
        let content = signing::note_text(&row, &self.rows(&goal::TYPE, row.stream)?, now, late);
        let mut change = Change::new("sign note");
        self.put_signature(&mut change, &row, SignatureRole::Author, &self.myself(), content);
        self.commit(&change)
    }

    /// Signs a note as the supervisor who was asked to: under the text that its author signed.
    ///
    /// # Errors
    /// [`StoreError::Unsigned`] where its author has not signed it yet.
    pub fn cosign(&mut self, id: RowId) -> Result<Receipt> {
        let row = self.row_of(&note::TYPE, id)?.ok_or_else(|| StoreError::NoRow(id.to_string()))?;
        let signatures = self.rows(&signature::TYPE, row.stream)?;
        let standing = signing::standing(&row, &[], &signatures, &[]);
        if !standing.is_signed() {
            return Err(StoreError::Unsigned);
        }
        let me = self.myself();
        let already = |row: &&&Row| {
            row.text(signature::role) == SignatureRole::Cosigner.code() && row.text(signature::name) == me.name
        };
        if standing.signatures.iter().find(already).is_some() {
            return Err(StoreError::Signed);
        }
        let content = standing.text.to_string();
        let mut change = Change::new("co-sign note");
        self.put_signature(&mut change, &row, SignatureRole::Cosigner, &me, content);
        self.commit(&change)
    }

    /// Adds to a signed note; the addendum is signed in the same breath.
    ///
    /// # Errors
    /// [`StoreError::Unsigned`] for a note that is not signed: that one is edited instead.
    pub fn add_addendum(&mut self, id: RowId, body: &str) -> Result<Receipt> {
        let row = self.row_of(&note::TYPE, id)?.ok_or_else(|| StoreError::NoRow(id.to_string()))?;
        if !is_signed(&self.db, id)? {
            return Err(StoreError::Unsigned);
        }
        let own = self.new_id();
        let now = self.now();
        let mut added = Row::new(&addendum::TYPE, own, row.stream);
        added.put(addendum::note, Value::Link(id));
        added.put(addendum::when, Value::Time(now));
        added.put(addendum::body, body.trim());
        let mut change = Change::new("add addendum");
        change
            .create(&addendum::TYPE, own, row.stream)
            .set(own, addendum::note, Value::Link(id))
            .set(own, addendum::when, Value::Time(now))
            .set(own, addendum::body, body.trim());
        let content = signing::fields_text(&added, &[]);
        self.put_signature(&mut change, &added, SignatureRole::Author, &self.myself(), content);
        self.commit(&change)
    }

    /// Puts a name under a plan as it reads now, with its goals: the client's, a guardian's or the worker's own.
    ///
    /// # Errors
    /// [`StoreError::NoRow`] where there is no such plan.
    pub fn sign_plan(&mut self, id: RowId, role: SignatureRole, signer: &Signer, content: String) -> Result<Receipt> {
        let row = self.row_of(&plan::TYPE, id)?.ok_or_else(|| StoreError::NoRow(id.to_string()))?;
        let mut change = Change::new("sign plan");
        self.put_signature(&mut change, &row, role, signer, content);
        self.commit(&change)
    }

    fn put_signature(&self, change: &mut Change, of: &Row, role: SignatureRole, signer: &Signer, content: String) {
        let row = self.new_id();
        // Stored to the second: the seal must hold for what is read back.
        let at = chrono::SubsecRound::trunc_subsecs(self.now(), 0);
        let seal = signing::seal(of.id, &content, role, &signer.name, at);
        change
            .create(&signature::TYPE, row, of.stream)
            .set(row, signature::of, of.id.to_string())
            .set(row, signature::role, role.code())
            .set(row, signature::name, signer.name.as_str())
            .set(row, signature::credentials, signer.credentials.as_str())
            .set(row, signature::at, Value::Time(at))
            .set(row, signature::content, content)
            .set(row, signature::seal, seal)
            .set(row, signature::witness, signer.witness.as_str());
    }

    /// Ids of signatures in a stream whose seal does not hold.
    pub(super) fn broken_seals(&self, stream: RowId) -> Result<Vec<RowId>> {
        let rows = self.rows(&signature::TYPE, stream)?;
        Ok(rows.iter().filter(|row| !signing::holds(row)).map(|row| row.id).collect())
    }
}

/// Whether a note carries its author's signature.
pub(super) fn is_signed(db: &Connection, note: RowId) -> Result<bool> {
    let sql = format!(
        "SELECT 1 FROM {} WHERE \"of\" = ?1 AND role = '{}' AND state & 1 = 0",
        signature::TYPE.table(),
        SignatureRole::Author.code()
    );
    Ok(db.prepare_cached(&sql)?.exists([note.to_string()])?)
}

/// Whether a row may not be changed any more: it is signed, or came to be in one piece.
pub(super) fn is_frozen(db: &Connection, record: &RecordType, row: RowId) -> Result<bool> {
    if *record == note::TYPE {
        return is_signed(db, row);
    }
    if !record.is_sealed() {
        return Ok(false);
    }
    Ok(db.prepare_cached(&format!("SELECT 1 FROM {} WHERE id = ?1", record.table()))?.exists([row])?)
}

/// Keeps the list of notes that wait for a signature in step with a row that was saved. What came from another system was
/// signed there, if at all: only notes written here wait.
pub(super) fn follow(db: &Connection, row: &Row, gone: bool) -> Result<()> {
    if *row.record == note::TYPE {
        let cosigner = row.text(note::cosigner);
        let day = row.time(note::when).map(|when| when.date_naive().to_string());
        let waits = !gone && row.text(note::key).is_empty();
        return wait(db, row.stream, row.id, day.filter(|_| waits), cosigner);
    }
    if *row.record != signature::TYPE {
        return Ok(());
    }
    let Ok(id) = row.text(signature::of).parse::<RowId>() else { return Ok(()) };
    let sql = format!("SELECT \"when\", key, cosigner, state & 1 FROM {} WHERE id = ?1", note::TYPE.table());
    let found = db
        .prepare_cached(&sql)?
        .query_row([id], |found| {
            let text = |at| found.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
            Ok((text(0)?, text(1)?, text(2)?, found.get::<_, bool>(3)?))
        })
        .optional()?;
    let Some((when, key, cosigner, gone)) = found else { return Ok(()) };
    let day = when.get(..10).map(String::from).filter(|_| key.is_empty() && !gone);
    wait(db, row.stream, id, day, &cosigner)
}

/// Notes down whose signature a note waits for, if anyone's.
fn wait(db: &Connection, stream: RowId, id: RowId, day: Option<String>, cosigner: &str) -> Result<()> {
    db.prepare_cached("DELETE FROM unsigned WHERE stream = ?1 AND row = ?2")?.execute((stream, id))?;
    let Some(day) = day else { return Ok(()) };
    let sql = format!("SELECT role FROM {} WHERE \"of\" = ?1 AND state & 1 = 0", signature::TYPE.table());
    let mut query = db.prepare_cached(&sql)?;
    let roles: Vec<String> = query.query_map([id.to_string()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let has = |role: SignatureRole| roles.iter().any(|known| known == role.code());
    let waits_for = match (has(SignatureRole::Author), cosigner.trim()) {
        (false, _) => "",
        (true, "") => return Ok(()),
        (true, _) if has(SignatureRole::Cosigner) => return Ok(()),
        (true, cosigner) => cosigner,
    };
    db.prepare_cached("INSERT INTO unsigned (stream, row, day, cosigner) VALUES (?1, ?2, ?3, ?4)")?
        .execute((stream, id, day, waits_for))?;
    Ok(())
}
