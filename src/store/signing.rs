//! What is signed stays as it was: signing, addenda, co-signatures, and the list of notes that still wait for one.
//!
//! A signed note takes no change here, whichever way it comes; a change made elsewhere without knowing of the signature is
//! kept beside it. A signature is never deleted and never undone: what must be put right is said in an addendum.

use chrono::{NaiveDate, TimeDelta};
use rusqlite::{Connection, OptionalExtension};

use crate::model::plans::Agreed;
use crate::model::records::{addendum, arrangement, goal, note, plan, signature, step, strength};
use crate::model::standing::{Part, Standing, State, standing};
use crate::model::stands::{self, Stands};
use crate::model::text::same_name;
use crate::model::{Change, PlanStatus, RecordType, Row, RowId, SignatureRole, SiteId, Value, sealed, signing};

use super::{Receipt, Result, Store, StoreError, erase, joined, speaking};

/// Who signs.
#[derive(Clone, Debug, PartialEq)]
pub struct Signer {
    pub name: String,
    pub credentials: String,
    /// Whoever was there to see it, for a client's signature.
    pub witness: String,
}

/// A note that waits for a signature.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub client: RowId,
    pub note: RowId,
    /// The day of the service.
    pub day: NaiveDate,
    /// Whose co-signature it waits for; empty: its author's own signature.
    pub cosigner: String,
}

/// A note with all that was ever put under it.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub note: Row,
    /// The client's goals, for their words.
    pub goals: Vec<Row>,
    signatures: Vec<Row>,
    addenda: Vec<Row>,
}

impl Signer {
    /// The name with what is written after it.
    pub fn in_words(&self) -> String {
        let name = crate::model::text::one_line(self.name.trim());
        match self.credentials.trim() {
            "" => name.into_owned(),
            credentials => format!("{name}, {}", crate::model::text::one_line(credentials)),
        }
    }
}

/// What belongs to a plan, and the names under it.
const WITH_A_PLAN: &[&RecordType] =
    &[&plan::TYPE, &goal::TYPE, &step::TYPE, &arrangement::TYPE, &strength::TYPE, &signature::TYPE];

impl Written {
    pub fn standing(&self) -> Standing<'_> {
        standing(&self.note, &self.signatures, &self.addenda)
    }

    /// The note as it is read: see [`Standing::read`].
    pub fn read(&self) -> Vec<Part> {
        self.standing().read(&self.note, &self.goals)
    }
}

impl Store {
    /// The worker of this file, as a signer.
    pub fn myself(&self) -> Signer {
        let worker = self.worker();
        Signer { name: worker.name.clone(), credentials: worker.credentials.clone(), witness: String::new() }
    }

    /// A note with its signatures and addenda; `None` where there is no such note.
    pub fn written(&self, id: RowId) -> Result<Option<Written>> {
        let Some(note) = self.row_of(&note::TYPE, id)? else { return Ok(None) };
        let goals = self.rows(&goal::TYPE, note.stream)?;
        let signatures = self.rows(&signature::TYPE, note.stream)?;
        let addenda = self.rows(&addendum::TYPE, note.stream)?;
        Ok(Some(Written { note, goals, signatures, addenda }))
    }

    fn written_for_sure(&self, id: RowId) -> Result<Written> {
        self.written(id)?.ok_or_else(|| StoreError::NoRow(id.to_string()))
    }

    /// The notes that wait for a signature, the oldest first: one person's, or everybody's. What came from another system
    /// waits for none.
    pub fn waiting(&self, client: Option<RowId>) -> Result<Vec<Waiting>> {
        let members = client.map(|client| joined::members(&self.db, client)).transpose()?;
        let mut query =
            self.db.prepare_cached("SELECT stream, row, day, cosigner FROM unsigned ORDER BY day, stream, row")?;
        let found = query.query_map([], |row| {
            let id = |at| Ok::<_, rusqlite::Error>(RowId::from_bytes(row.get(at)?));
            Ok((id(0)?, id(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
        })?;
        let mut waiting = Vec::new();
        for one in found {
            let (client, note, day, cosigner) = one?;
            let wanted = members.as_ref().is_none_or(|members| members.contains(&client));
            if let (true, Ok(day)) = (wanted, day.parse()) {
                waiting.push(Waiting { client, note, day, cosigner });
            }
        }
        Ok(waiting)
    }

    /// The words that signing the note now would put a name under. Signed more than `late_after_hours` after the service
    /// it says that it is a late entry.
    ///
    /// # Errors
    /// [`StoreError::NoRow`] where there is no such note.
    pub fn text_to_sign(&self, id: RowId, late_after_hours: u32) -> Result<String> {
        Ok(signing::words(&self.content_to_sign(id, late_after_hours)?).into_owned())
    }

    fn content_to_sign(&self, id: RowId, late_after_hours: u32) -> Result<String> {
        let written = self.written_for_sure(id)?;
        let now = self.now();
        let late =
            written.note.time(note::when).is_some_and(|when| now - when > TimeDelta::hours(late_after_hours.into()));
        Ok(signing::note_content(&written.note, &written.goals, now, late))
    }

    /// Signs a note as its author: from then on it is as it reads now.
    ///
    /// # Errors
    /// [`StoreError::NotTheAuthor`] where someone else's installation made it; [`StoreError::Signed`] where it is signed already; [`StoreError::NoRow`] where there is no such note;
    /// [`StoreError::OnlyACopy`] where the client's file is only here to be read.
    pub fn sign_note(&mut self, id: RowId, late_after_hours: u32) -> Result<Receipt> {
        let content = self.content_to_sign(id, late_after_hours)?;
        let row = self.row_of(&note::TYPE, id)?.ok_or_else(|| StoreError::NoRow(id.to_string()))?;
        if let Some(author) = self.author_elsewhere(id)? {
            return Err(StoreError::NotTheAuthor(author));
        }
        if is_signed(&self.db, id)? {
            return Err(StoreError::Signed);
        }
        let mut change = Change::new("sign note");
        // Said of the note itself too: a deletion made elsewhere, by someone who does not know of this, takes it not away.
        change.keep(&note::TYPE, id);
        self.put_signature(&mut change, &row, SignatureRole::Author, &self.myself(), content, signing::reads(&row));
        self.commit(&change)
    }

    /// Signs a note as the supervisor who was asked to: under the text that its author signed.
    ///
    /// # Errors
    /// [`StoreError::Unsigned`] where its author has not signed it yet, [`StoreError::Signed`] where this worker has
    /// co-signed it already, [`StoreError::OwnNote`] where this worker is its author, [`StoreError::AskedOfAnother`] where
    /// somebody else was asked, [`StoreError::BrokenSeal`] where the text is not what was signed.
    pub fn cosign(&mut self, id: RowId) -> Result<Receipt> {
        let written = self.written_for_sure(id)?;
        let standing = written.standing();
        match standing.state {
            State::Unsigned => return Err(StoreError::Unsigned),
            State::Broken => return Err(StoreError::BrokenSeal),
            State::Signed | State::ChangedBeside => {}
        }
        let me = self.myself();
        let is = |row: &Row, role: SignatureRole| {
            row.by.as_ref().is_none_or(|by| by.counts) && row.text(signature::role) == role.code()
        };
        for row in standing.signatures.iter().filter(|row| is(row, SignatureRole::Cosigner)) {
            if self.is_mine(row.id)? {
                return Err(StoreError::Signed);
            }
        }
        if self.is_mine(id)? {
            return Err(StoreError::OwnNote);
        }
        let author = standing.signatures.iter().find(|row| is(row, SignatureRole::Author));
        let asked = written.note.text(note::cosigner);
        if !asked.trim().is_empty() && !same_name(asked, &me.name) {
            return Err(StoreError::AskedOfAnother(crate::model::text::one_line(asked).into_owned()));
        }
        let (content, reads) =
            author.map_or(("", ""), |row| (row.text(signature::content), row.text(signature::reads)));
        let (content, reads) = (content.to_string(), reads.to_string());
        let mut change = Change::new("co-sign note");
        self.put_signature(&mut change, &written.note, SignatureRole::Cosigner, &me, content, reads);
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
        let mut added = Row::new(&addendum::TYPE, self.new_id(), row.stream);
        added.put(addendum::note, Value::Link(id));
        added.put(addendum::when, Value::Time(self.second()));
        added.put(addendum::body, body.trim());
        let mut change = Change::new("add addendum");
        create(&mut change, &added);
        let content = sealed::write("", "", &[&added], &[]);
        self.put_signature(&mut change, &added, SignatureRole::Author, &self.myself(), content, signing::reads(&added));
        self.commit(&change)
    }

    /// The words that signing the plan now would put a name under, with all that belongs to it.
    ///
    /// # Errors
    /// [`StoreError::NoRow`] where there is no such plan.
    pub fn plan_in_words(&self, id: RowId) -> Result<String> {
        self.with_plan(id, |agreed| agreed.in_words(&self.myself().in_words()))
    }

    /// Every name under a plan, the oldest first, and whether it still stands there.
    ///
    /// # Errors
    /// [`StoreError::NoRow`] where there is no such plan.
    pub fn under_plan(&self, id: RowId) -> Result<Vec<(Row, Stands)>> {
        let plan = self.row_of(&plan::TYPE, id)?.ok_or_else(|| StoreError::NoRow(id.to_string()))?;
        let Some(file) = self.client_part(plan.stream, 0, WITH_A_PLAN)? else { return Ok(Vec::new()) };
        let agreed = Agreed::of(&plan, |record| file.of(record));
        let under = stands::under(&plan, file.of(&signature::TYPE));
        Ok(under.map(|row| (row.clone(), stands::under_plan(row, &agreed))).collect())
    }

    fn with_plan<T>(&self, id: RowId, read: impl FnOnce(&Agreed<'_>) -> T) -> Result<T> {
        let no_row = || StoreError::NoRow(id.to_string());
        let plan = self.row_of(&plan::TYPE, id)?.ok_or_else(no_row)?;
        let file = self.client_part(plan.stream, 0, WITH_A_PLAN)?.ok_or_else(no_row)?;
        Ok(read(&Agreed::of(&plan, |record| file.of(record))))
    }

    /// Puts a name under a plan as it reads now, with all that belongs to it: the client's, a guardian's or the worker's
    /// own.
    ///
    /// # Errors
    /// [`StoreError::NoRow`] where there is no such plan.
    pub fn sign_plan(&mut self, id: RowId, role: SignatureRole, signer: &Signer) -> Result<Receipt> {
        let row = self.row_of(&plan::TYPE, id)?.ok_or_else(|| StoreError::NoRow(id.to_string()))?;
        let content = self.with_plan(id, |agreed| agreed.content(&self.myself().in_words()))?;
        let mut change = Change::new("sign plan");
        self.put_signature(&mut change, &row, role, signer, content, signing::reads(&row));
        self.commit(&change)
    }

    /// The plans in force of a stream that say something else than what was signed under them, with the day on which that
    /// was; no names, only ids.
    pub(super) fn to_sign_again(&self, stream: RowId) -> Result<Vec<String>> {
        let mut told = Vec::new();
        for plan in self.rows(&plan::TYPE, stream)? {
            if plan.text(plan::status) == PlanStatus::Ended.code() {
                continue;
            }
            for (row, _) in stands::overtaken(&self.under_plan(plan.id)?) {
                let on = row.time(signature::at).map_or(String::new(), |at| format!(" on {}", at.format("%Y-%m-%d")));
                told.push(format!("plan {} was changed since it was signed{on} (signature {})", plan.id, row.id));
            }
        }
        Ok(told)
    }

    /// Now, to the second, as it is stored: the seal must hold for what is read back.
    fn second(&self) -> chrono::DateTime<chrono::FixedOffset> {
        chrono::SubsecRound::trunc_subsecs(self.now(), 0)
    }

    fn put_signature(
        &self,
        change: &mut Change,
        of: &Row,
        role: SignatureRole,
        signer: &Signer,
        content: String,
        reads: String,
    ) {
        let mut row = Row::new(&signature::TYPE, self.new_id(), of.stream);
        row.put(signature::of, of.id.to_string());
        row.put(signature::role, role.code());
        row.put(signature::name, signer.name.as_str());
        row.put(signature::credentials, signer.credentials.as_str());
        row.put(signature::at, Value::Time(self.second()));
        row.put(signature::content, content);
        row.put(signature::witness, signer.witness.as_str());
        row.put(signature::reads, reads);
        row.put(signature::seal, signing::seal(&row));
        create(change, &row);
    }

    /// Ids of signatures in a stream whose seal does not hold, and of addenda that are not what was signed.
    pub(super) fn broken_seals(&self, stream: RowId) -> Result<Vec<RowId>> {
        let signatures = self.rows(&signature::TYPE, stream)?;
        let mut broken: Vec<RowId> =
            signatures.iter().filter(|row| !signing::holds(row) && !erase::is_erased(row)).map(|row| row.id).collect();
        for added in self.rows(&addendum::TYPE, stream)? {
            let id = added.id.to_string();
            let under = signatures.iter().find(|row| row.text(signature::of) == id);
            if under.is_some_and(|row| !erase::is_erased(row) && row.text(signature::reads) != signing::reads(&added)) {
                broken.push(added.id);
            }
        }
        Ok(broken)
    }
}

/// Makes a row with all that is filled in.
fn create(change: &mut Change, row: &Row) {
    change.create(row.record, row.id, row.stream);
    for (field, value) in row.record.fields.iter().zip(&row.values).filter(|(_, value)| !value.is_empty()) {
        change.set(row.id, field.id, value.clone());
    }
}

/// Whether a note carries its author's signature.
pub(super) fn is_signed(db: &Connection, note: RowId) -> Result<bool> {
    Ok(speaking::roles(db, note)?.iter().any(|role| role == SignatureRole::Author.code()))
}

/// A condition on a row `c` of the table of conflicts: of a signed note nothing is left to choose; what was set beside the
/// signed text is shown there.
pub(super) fn open_to_choice() -> String {
    format!(
        "NOT (record = {} AND EXISTS (SELECT 1 FROM {} s WHERE s.\"of\" =
         lower(substr(hex(c.row), 1, 8) || '-' || substr(hex(c.row), 9, 4) || '-' || substr(hex(c.row), 13, 4) || '-' ||
         substr(hex(c.row), 17, 4) || '-' || substr(hex(c.row), 21)) AND s.role = '{}')
         AND NOT EXISTS (SELECT 1 FROM unsigned u WHERE u.stream = c.stream AND u.row = c.row AND u.cosigner = ''))",
        note::TYPE.number,
        signature::TYPE.table(),
        SignatureRole::Author.code()
    )
}

/// Whether a row may not be changed any more by a site: it is signed, or came to be in one piece.
pub(super) fn is_frozen(db: &Connection, record: &RecordType, row: RowId, site: SiteId) -> Result<bool> {
    if *record == note::TYPE {
        return speaking::is_signed_for(db, row, site);
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
    let row = &speaking::as_given(db, row)?;
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
    let roles = speaking::roles(db, id)?;
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
