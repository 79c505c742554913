//! For whom an entry speaks: for the person whose installation wrote it, never for a name that is written in it.
//!
//! A name is a field, and anyone can write any name into it. So whose a note is, whose signature stands under it and who
//! stands for it as a second are told by the sites of the entries that made these rows, and by which sites are one person's.
//! A signature is read as the entry that made it has it: what others wrote over its row later is not seen.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

use crate::model::records::signature;
use crate::model::text::same_name;
use crate::model::{By, RecordType, Row, RowId, SignatureRole, SiteId, record_by_number};

use super::journal;
use super::rights::{self, Point};
use super::sites::{self, person};
use super::wire::{Existence, ROW_ITSELF};
use super::{Result, Store, StoreError, facts, signing};

/// The site that made a row: of those who say that they did the one whose word was here first.
pub(super) fn maker(db: &Connection, row: RowId) -> Result<Option<SiteId>> {
    let mut query =
        db.prepare_cached("SELECT DISTINCT site FROM touched JOIN batch ON batch = n WHERE row = ?1 LIMIT 2")?;
    let found = query.query_map([row], |row| Ok(SiteId(row.get(0)?)))?.collect::<rusqlite::Result<Vec<_>>>()?;
    // One site alone ever spoke of nearly every row.
    if found.len() < 2 {
        return Ok(found.first().copied());
    }
    // What was entered again for somebody who is gone counts where their own word is not here.
    let (again, own): (Vec<_>, Vec<_>) =
        journal::of_row(db, row)?.into_iter().partition(|batch| batch.header.is_recovered());
    for batch in own.into_iter().chain(again) {
        let makes = |entry: &super::wire::Entry| {
            let here = match &entry.content {
                super::wire::Content::Value(bytes) => Existence::decode(bytes) == Some(Existence::Here),
                super::wire::Content::Erased(_) | super::wire::Content::Missing(_) => false,
            };
            entry.row == row && entry.field == ROW_ITSELF && entry.base.is_empty() && here
        };
        if batch.entries()?.iter().any(makes) {
            return Ok(Some(batch.header.site));
        }
    }
    Ok(None)
}

/// What the site that made a row of a sealed type said of it, first and for good.
fn as_made(db: &Connection, row: &mut Row, maker: SiteId) -> Result<()> {
    let batches: i64 =
        db.prepare_cached("SELECT count(*) FROM touched WHERE row = ?1")?.query_row([row.id], |found| found.get(0))?;
    if batches < 2 {
        return Ok(());
    }
    let mut made = Row::new(row.record, row.id, row.stream);
    let mut said: BTreeSet<u16> = BTreeSet::new();
    for batch in journal::of_row(db, row.id)?.into_iter().filter(|batch| batch.header.site == maker) {
        for entry in batch.entries()?.into_iter().filter(|entry| entry.row == row.id && entry.key.is_empty()) {
            let known = record_by_number(entry.record).filter(|record| *record == row.record);
            let field = known.and_then(|record| record.field(entry.field)).filter(|field| !field.kind.is_set());
            if let Some(field) = field
                && said.insert(entry.field)
            {
                made.put(field.id, entry.value()?);
            }
        }
    }
    *row = made;
    Ok(())
}

/// A signature as it was given. Where others wrote over it since, what it stands under is noted down: its row does not say it
/// any more.
pub(super) fn as_given(db: &Connection, row: &Row) -> Result<Row> {
    let mut given = row.clone();
    if let Some(maker) = maker(db, row.id)? {
        as_made(db, &mut given, maker)?;
    }
    if given.values != row.values {
        db.prepare_cached("INSERT OR REPLACE INTO written_over (row, stream, \"of\") VALUES (?1, ?2, ?3)")?
            .execute((row.id, row.stream, given.text(signature::of)))?;
    }
    Ok(given)
}

/// Whether a row came by the word of somebody who entered it again for another, who is gone (see [`super::forks`]).
fn is_recovered(db: &Connection, row: RowId, maker: SiteId) -> Result<bool> {
    let mut query = db.prepare_cached(
        "SELECT 1 FROM touched JOIN batch ON batch = n WHERE row = ?1 AND site = ?2 AND origin GLOB 'recovered*' LIMIT 1",
    )?;
    Ok(query.exists((row, maker.0.as_slice()))?)
}

/// A signature as it was given.
struct Given {
    role: String,
    counts: bool,
    recovered: bool,
}

/// The signatures under a row, as they were given.
fn under(db: &Connection, of: RowId) -> Result<Vec<Given>> {
    let sql = format!(
        "{} WHERE \"of\" = ?1 AND state & 1 = 0 UNION
         {0} WHERE id IN (SELECT row FROM written_over WHERE \"of\" = ?1)",
        signature::TYPE.sql().by_id.split(" WHERE ").next().unwrap_or_default()
    );
    let mut query = db.prepare_cached(&sql)?;
    let said = of.to_string();
    let found = query.query_map([said.as_str()], |row| super::projection::read_row(&signature::TYPE, row))?;
    let mut under = Vec::new();
    for mut row in found.collect::<rusqlite::Result<Vec<Row>>>()? {
        let Some(by) = maker(db, row.id)? else { continue };
        as_made(db, &mut row, by)?;
        if row.text(signature::of) == said {
            let role = row.text(signature::role).to_string();
            let recovered = is_recovered(db, row.id, by)?;
            under.push(Given { counts: counts(db, &row, by, of)?, role, recovered });
        }
    }
    Ok(under)
}

/// Whether a signature counts as what it says it is: the author's where the site that gave it is one person's with the site
/// that made what it stands under or may sign for others, a second's where it is not. One that was entered again for somebody who is gone speaks for
/// neither.
fn counts(db: &Connection, given: &Row, by: SiteId, of: RowId) -> Result<bool> {
    let role = given.text(signature::role);
    let (author, second) = (SignatureRole::Author.code(), SignatureRole::Cosigner.code());
    if role != author && role != second {
        return Ok(true);
    }
    if is_recovered(db, given.id, by)? {
        return Ok(false);
    }
    let Some(maker) = maker(db, of)? else { return Ok(false) };
    if person(db, maker)? == person(db, by)? {
        return Ok(role == author);
    }
    if role == second {
        return Ok(true);
    }
    match made_at(db, given.id, by)? {
        Some(at) => rights::may_sign_as(db, &at),
        None => Ok(false),
    }
}

/// Where a site made a row.
fn made_at(db: &Connection, row: RowId, site: SiteId) -> Result<Option<Point>> {
    let mut query = db.prepare_cached(
        "SELECT stream, first FROM touched JOIN batch ON batch = n WHERE row = ?1 AND site = ?2 ORDER BY first LIMIT 1",
    )?;
    let point = |row: &rusqlite::Row<'_>| {
        Ok(Point { stream: RowId::from_bytes(row.get(0)?), site, index: row.get::<_, i64>(1)? as u64 })
    };
    Ok(query.query_row((row, site.0.as_slice()), point).optional()?)
}

/// The roles in which a row is signed, by signatures that count.
pub(super) fn roles(db: &Connection, of: RowId) -> Result<Vec<String>> {
    Ok(under(db, of)?.into_iter().filter(|given| given.counts).map(|given| given.role).collect())
}

/// Whether a note cannot be changed by a site: its author signed it, or, for all but its author, someone says so.
pub(super) fn is_signed_for(db: &Connection, note: RowId, site: SiteId) -> Result<bool> {
    let author = SignatureRole::Author.code();
    let given: Vec<Given> = under(db, note)?.into_iter().filter(|given| given.role == author).collect();
    // Whoever entered it again for somebody who is gone is not its author.
    if given.iter().any(|given| given.counts || given.recovered) {
        return Ok(true);
    }
    if given.is_empty() {
        return Ok(false);
    }
    Ok(match maker(db, note)? {
        Some(maker) => person(db, maker)? != person(db, site)?,
        None => true,
    })
}

/// Says of each signature whose it is, where that is not plain from its words.
pub(super) fn attribute(db: &Connection, record: &RecordType, rows: &mut [Row]) -> Result<()> {
    if *record != signature::TYPE {
        return Ok(());
    }
    for row in rows {
        let Some(by) = maker(db, row.id)? else { continue };
        as_made(db, row, by)?;
        let Ok(of) = row.text(signature::of).parse::<RowId>() else { continue };
        let counts = counts(db, row, by, of)?;
        let site = sites::of(db, by)?;
        let line = site.as_ref().and_then(|site| site.line.as_ref());
        let own = line.is_some_and(|line| line.own);
        let named = line.is_some_and(|line| same_name(&line.called, row.text(signature::name)));
        // Whoever signs for themselves on somebody's laptop is named by that laptop's owner only where it is another's.
        let theirs = [SignatureRole::Client, SignatureRole::Guardian]
            .iter()
            .any(|role| role.code() == row.text(signature::role));
        if counts && (own || named || theirs) {
            continue;
        }
        let person = site.map_or_else(|| "someone unknown".to_string(), |site| site.person());
        row.by = Some(By { person, counts });
    }
    Ok(())
}

/// Sets right what waits for a signature in the streams of sites that turned out to be one person's with others.
pub(super) fn refresh(db: &Connection, joined: &BTreeSet<SiteId>) -> Result<()> {
    // Whoever took over from one of them speaks for the same person.
    let mut concerned = joined.clone();
    let known = if joined.is_empty() { Vec::new() } else { sites::all(db)? };
    let goes_on = |site: &sites::Site, concerned: &BTreeSet<SiteId>| {
        site.voucher.as_ref().is_some_and(|(before, _)| concerned.contains(before)) && !concerned.contains(&site.id)
    };
    while let Some(site) = known.iter().find(|site| goes_on(site, &concerned)) {
        concerned.insert(site.id);
    }
    let mut streams: BTreeSet<RowId> = BTreeSet::new();
    for site in &concerned {
        let mut query = db.prepare_cached("SELECT DISTINCT stream FROM batch WHERE site = ?1")?;
        for stream in query.query_map([site.0.as_slice()], |row| Ok(RowId::from_bytes(row.get(0)?)))? {
            streams.insert(stream?);
        }
    }
    for stream in streams {
        let sql = signature::TYPE.sql().by_stream.as_str();
        let rows = db
            .prepare_cached(sql)?
            .query_map([stream], |row| super::projection::read_row(&signature::TYPE, row))?
            .collect::<rusqlite::Result<Vec<Row>>>()?;
        for row in &rows {
            signing::follow(db, row, false)?;
        }
        if !rows.is_empty() && super::projection::is_client(db, stream)? {
            facts::refresh(db, stream, &BTreeSet::from([signature::TYPE.number]))?;
        }
    }
    Ok(())
}

impl Store {
    /// Whether a row was made by this installation or another of the same person's. What they entered again for somebody who is
    /// gone is not theirs.
    pub fn is_mine(&self, row: RowId) -> Result<bool> {
        match maker(&self.db, row)? {
            Some(maker) if is_recovered(&self.db, row, maker)? => Ok(false),
            Some(maker) => Ok(person(&self.db, maker)? == person(&self.db, self.site)?),
            None => Ok(false),
        }
    }

    /// By whose installation an entry was written, in words, where its author's name does not tell: `who` is that name.
    pub fn installation_of(&self, site: SiteId, who: &str) -> Result<Option<String>> {
        let known = sites::of(&self.db, site)?;
        let line = known.as_ref().and_then(|known| known.line.as_ref());
        let plain = line.is_some_and(|line| line.own || same_name(&line.called, who));
        Ok((!plain).then(|| known.map_or_else(|| "someone unknown".to_string(), |known| known.person())))
    }

    /// Whose note it is, in words, where it is not ours to sign.
    pub(super) fn author_elsewhere(&self, note: RowId) -> Result<Option<String>> {
        if self.is_mine(note)? {
            return Ok(None);
        }
        let maker = maker(&self.db, note)?.ok_or_else(|| StoreError::NoRow(note.to_string()))?;
        if let Some(row) = self.row_of(&crate::model::records::note::TYPE, note)? {
            let index = journal::chain_end(&self.db, row.stream, self.site)?.next;
            if rights::may_sign_as(&self.db, &Point { stream: row.stream, site: self.site, index })? {
                return Ok(None);
            }
        }
        if is_recovered(&self.db, note, maker)? {
            return Ok(Some("somebody who is gone: it was recovered from their laptop".into()));
        }
        Ok(sites::of(&self.db, maker)?.map(|site| site.person()))
    }
}

#[cfg(test)]
mod tests;
