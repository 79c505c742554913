//! Rights that decide what the tables of every laptop say: who may erase what others wrote, sign as someone, set rules.
//!
//! What one person gives and takes is a setting of one laptop (see `sites`). These are not: honest laptops must agree on
//! them whatever each of them was told, so they are entries. A **grant** is a row of type [`GRANT`] in the agency's own
//! stream, made by the installation that founded the agency, whose fingerprint is confirmed once; nobody else's word there
//! counts. A grant is ended with a cut: of each chain of that line how far it had come. What lies within the cut stays valid
//! for everybody, what lies beyond is set aside everywhere. Without an agency authors erase their own, and nothing else.
//!
//! Such rows are read from the founder's own chain, never from a table: what others write under the same ids is not seen.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use uuid::Uuid;

use crate::model::{RowId, SiteId, Value};

use super::wire::{Content, Entry, Header};
use super::{Result, Store, StoreError, erase, journal, lines, sites, speaking};

/// The number of the record type in the journal. It has no table: see above.
pub const GRANT: u16 = 52;

const TO: u16 = 1;
const RIGHT: u16 = 2;
/// The cut with which it ended: a line of text for each chain, "stream site next".
const ENDED: u16 = 3;

/// Under this name the installation that founded the agency is kept.
const FOUNDER: &str = "agency-founder";

/// What a line may do that others may not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Right {
    /// Sign the notes of somebody who works on another installation, as of one who left before signing. The signature counts as
    /// the author's and is shown with the installation that gave it.
    SignAs,
    /// Erase what another line wrote, by an order or a rule.
    Erase,
    /// Set the agency's rules.
    SetRules,
}

impl Right {
    pub const ALL: [Right; 3] = [Right::SignAs, Right::Erase, Right::SetRules];

    pub fn code(self) -> &'static str {
        match self {
            Right::SignAs => "sign-as",
            Right::Erase => "erase",
            Right::SetRules => "set-rules",
        }
    }
}

/// Where an entry stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Point {
    pub stream: RowId,
    pub site: SiteId,
    pub index: u64,
}

/// A right that was given to a line, by its first site.
#[derive(Clone, PartialEq, Debug)]
pub struct Grant {
    pub id: RowId,
    pub to: SiteId,
    pub right: Right,
    /// Of a grant that was ended: stream, site and the index after the last entry that it still covers.
    pub ended: Option<Vec<(RowId, SiteId, u64)>>,
}

/// Whether a line holds a right for what one of its sites wrote at a point. Pure.
pub fn holds(grants: &[Grant], line: SiteId, right: Right, at: &Point) -> bool {
    let covers = |grant: &Grant| match &grant.ended {
        None => true,
        Some(cut) => {
            cut.iter().any(|(stream, site, next)| (*stream, *site) == (at.stream, at.site) && at.index < *next)
        }
    };
    grants.iter().any(|grant| grant.to == line && grant.right == right && covers(grant))
}

/// Whether an erasure that stands at a point may take away what a site wrote: its own line's, or by a grant.
pub(super) fn may_erase(db: &Connection, erasure: &Point, author: SiteId) -> Result<bool> {
    let line = sites::root(db, erasure.site)?;
    if line == sites::root(db, author)? {
        return Ok(true);
    }
    Ok(holds(&grants(db)?, line, Right::Erase, erasure))
}

/// Whether a signature that stands at a point counts for what others wrote, by a grant.
pub(super) fn may_sign_as(db: &Connection, signature: &Point) -> Result<bool> {
    let grants = grants(db)?;
    Ok(!grants.is_empty() && holds(&grants, sites::root(db, signature.site)?, Right::SignAs, signature))
}

/// Sets right what hangs on rights, after one was given or ended.
pub(super) fn judge_again(db: &Connection) -> Result<bool> {
    let erased = erase::judge_again(db, true)?;
    let mut signers = BTreeSet::new();
    for grant in grants(db)?.into_iter().filter(|grant| grant.right == Right::SignAs) {
        signers.insert(grant.to);
    }
    speaking::refresh(db, &signers)?;
    Ok(erased)
}

/// The stream in which an agency's grants stand.
fn agency_stream(founder: SiteId) -> RowId {
    RowId::derived(&["agency", &founder.to_string()])
}

/// The stream of our own agency, where its founder is known.
pub(super) fn stream_of_agency(db: &Connection) -> Result<Option<RowId>> {
    Ok(founder(db)?.map(agency_stream))
}

fn founder(db: &Connection) -> Result<Option<SiteId>> {
    use rusqlite::OptionalExtension;
    let mut query = db.prepare_cached("SELECT value FROM local WHERE key = ?1")?;
    Ok(query.query_row([FOUNDER], |row| row.get(0)).optional()?.map(SiteId))
}

/// Every grant of the agency, ended ones too.
fn grants(db: &Connection) -> Result<Vec<Grant>> {
    let Some(founder) = founder(db)? else { return Ok(Vec::new()) };
    let (stream, line) = (agency_stream(founder), sites::root(db, founder)?);
    /// To whom, which right, and up to where, as far as entries say it.
    type Said = (Option<SiteId>, Option<Right>, Option<Vec<(RowId, SiteId, u64)>>);
    let mut said: BTreeMap<RowId, Said> = BTreeMap::new();
    for (site, _) in journal::seen_of_stream(db, stream)? {
        if sites::root(db, site)? != line {
            continue;
        }
        journal::of_chain::<StoreError>(db, stream, site, 0, &mut |batch| {
            for entry in batch.entries()?.into_iter().filter(|entry| entry.record == GRANT) {
                let Value::Text(text) = entry.value()? else { continue };
                let one = said.entry(entry.row).or_default();
                match entry.field {
                    TO => one.0 = site_of(&text),
                    RIGHT => one.1 = Right::ALL.into_iter().find(|right| right.code() == text),
                    ENDED => one.2 = Some(text.lines().filter_map(cut_of).collect()),
                    _ => {}
                }
            }
            Ok(())
        })?;
    }
    let whole = |(id, (to, right, ended))| Some(Grant { id, to: to?, right: right?, ended });
    Ok(said.into_iter().filter_map(whole).collect())
}

fn cut_of(line: &str) -> Option<(RowId, SiteId, u64)> {
    let mut parts = line.split(' ');
    Some((parts.next()?.parse().ok()?, site_of(parts.next()?)?, parts.next()?.parse().ok()?))
}

impl Store {
    /// Every right that the agency gave, ended ones too.
    pub fn grants(&self) -> Result<Vec<Grant>> {
        grants(&self.db)
    }

    /// The installation that founded the agency, whose word on rights counts here.
    pub fn agency_founder(&self) -> Result<Option<SiteId>> {
        founder(&self.db)
    }

    /// The grants that a site's line has and that were not ended.
    pub fn grants_of(&self, site: SiteId) -> Result<Vec<Grant>> {
        let line = sites::root(&self.db, site)?;
        Ok(self.grants()?.into_iter().filter(|grant| grant.to == line && grant.ended.is_none()).collect())
    }

    /// Says which installation founded the agency. Its fingerprint is to be confirmed before.
    pub fn set_agency_founder(&mut self, site: SiteId) -> Result<()> {
        self.set_local(FOUNDER, Some(&site.0))?;
        judge_again(&self.db)?;
        Ok(())
    }

    /// Whether what this installation writes next in a stream may erase what a site wrote.
    pub fn may_erase(&self, stream: RowId, author: SiteId) -> Result<bool> {
        let index = journal::chain_end(&self.db, stream, self.site)?.next;
        may_erase(&self.db, &Point { stream, site: self.site, index }, author)
    }

    /// Gives a right to the line of a site, for everybody in the agency.
    ///
    /// # Errors
    /// [`StoreError::NotTheFounder`] where this installation did not found the agency.
    pub fn grant(&mut self, to: SiteId, right: Right) -> Result<RowId> {
        let id = self.new_id();
        let to = sites::root(&self.db, to)?;
        self.say_of_grant("grant a right", id, &[(TO, to.to_string()), (RIGHT, right.code().into())])?;
        Ok(id)
    }

    /// Ends a grant: what was done under it so far stays valid.
    ///
    /// # Errors
    /// [`StoreError::NoRow`] where there is no such grant; otherwise as [`Store::grant`].
    pub fn end_grant(&mut self, id: RowId) -> Result<()> {
        let grant = self.grants()?.into_iter().find(|grant| grant.id == id && grant.ended.is_none());
        let grant = grant.ok_or_else(|| StoreError::NoRow(id.to_string()))?;
        let mut cut = String::new();
        for (stream, site, next) in self.chains(None)? {
            if sites::root(&self.db, site)? == grant.to {
                cut.push_str(&format!("{stream} {site} {next}\n"));
            }
        }
        self.say_of_grant("end a grant", id, &[(ENDED, cut)])
    }

    fn say_of_grant(&mut self, label: &str, row: RowId, fields: &[(u16, String)]) -> Result<()> {
        self.writable()?;
        let founder = self.agency_founder()?.ok_or(StoreError::NotTheFounder)?;
        if sites::root(&self.db, founder)? != sites::root(&self.db, self.site)? {
            return Err(StoreError::NotTheFounder);
        }
        self.say(agency_stream(founder), label, (GRANT, row), fields)
    }

    /// Writes texts of a record type that has no table into a stream of its own.
    pub(super) fn say(
        &mut self,
        stream: RowId,
        label: &str,
        (record, row): (u16, RowId),
        fields: &[(u16, String)],
    ) -> Result<()> {
        self.writable()?;
        let unix_ms = self.unix_ms();
        let hlc = self.hlc.tick(unix_ms);
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let end = journal::chain_end(&transaction, stream, self.site)?;
        let header = Header {
            stream,
            site: self.site,
            first: end.next,
            hlc,
            action: Uuid::from_bytes(*self.ids.give(unix_ms).as_bytes()),
            author: self.worker.name.clone(),
            label: label.into(),
            ..Header::nobody()
        };
        let entry = |(field, text): &(u16, String)| Entry {
            record,
            row,
            field: *field,
            key: String::new(),
            base: Vec::new(),
            content: Content::Value(Value::text(text.as_str()).encoded()),
        };
        let word = if end.next == 0 { lines::word(&transaction, self.site)? } else { None };
        let entries: Vec<Entry> = word.into_iter().chain(fields.iter().map(entry)).collect();
        journal::append(&transaction, &self.keys.signing, end, &header, &entries)?;
        judge_again(&transaction)?;
        transaction.commit()?;
        self.hlc = hlc;
        Ok(())
    }
}

/// A site's id as it was written out.
pub(super) fn site_of(text: &str) -> Option<SiteId> {
    let mut id = [0; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in id.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(SiteId(id))
}

#[cfg(test)]
mod tests;
