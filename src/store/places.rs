//! What is remembered of the places that bundles travel through: which bundles were read or written there, for whom they
//! are, and which entries they hold. Of what a place holds, only what is still to be seen there is believed, and nothing of
//! what a name claims.

use rusqlite::{Connection, OptionalExtension};

use crate::model::{RowId, SiteId};

use super::{Result, Store};

/// Entries of a chain: stream, site, first index, and the index after the last.
pub type Range = (RowId, SiteId, u64, u64);

/// What became of a bundle that was met with in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// It is not sealed for this installation, and never will be.
    NotForUs = 0,
    /// It was read or written here, to its end.
    Known = 1,
    /// It is not there whole, or damaged.
    Broken = 2,
}

/// A bundle of a place that was met with here.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    /// Under whose name it lies.
    pub holder: SiteId,
    /// Its numbers as its name tells them. An earlier version noted the last one only: then `first` and `length` are 0.
    pub first: u64,
    pub last: u64,
    pub length: u64,
    pub met: Met,
    /// Who signed it; the holder where it could not be opened.
    pub sender: SiteId,
    pub receivers: Vec<SiteId>,
    /// When it was first met with, in milliseconds since 1970.
    pub since: u64,
}

fn packed(sites: &[SiteId]) -> Vec<u8> {
    sites.iter().flat_map(|site| site.0).collect()
}

fn unpacked(bytes: &[u8]) -> Vec<SiteId> {
    bytes.as_chunks::<16>().0.iter().map(|one| SiteId(*one)).collect()
}

/// Which bundle of a place: the statement's `?1` to `?4`.
fn key<'a>(place: &'a str, bundle: &'a Noted) -> (&'a str, &'a [u8], i64, i64) {
    (place, &bundle.holder.0, bundle.last as i64, bundle.first as i64)
}

const THIS: &str = "place = ?1 AND holder = ?2 AND last = ?3 AND first = ?4";

impl Store {
    /// The places that were ever synced through, with when that was last (milliseconds since 1970).
    pub fn places(&self) -> Result<Vec<(String, u64)>> {
        let mut query = self.db.prepare("SELECT url, synced FROM place ORDER BY synced DESC, url")?;
        let places = query.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
        Ok(places.collect::<rusqlite::Result<_>>()?)
    }

    /// Takes note that a place was synced through, to its end.
    pub fn synced_with_place(&mut self, place: &str) -> Result<()> {
        let now = self.unix_ms() as i64;
        self.db.execute(
            "INSERT INTO place (url, synced) VALUES (?1, ?2) ON CONFLICT (url) DO UPDATE SET synced = excluded.synced",
            (place, now),
        )?;
        Ok(())
    }

    /// How far the order of arrival was looked through for all of these readers of a place; 0 where one of them is new.
    pub fn looked_for(&self, place: &str, readers: &[SiteId]) -> Result<i64> {
        let mut query = self.db.prepare_cached("SELECT looked FROM place_reader WHERE place = ?1 AND site = ?2")?;
        let mut least = i64::MAX;
        for reader in readers {
            let looked = query.query_row((place, reader.0.as_slice()), |row| row.get(0)).optional()?;
            least = least.min(looked.unwrap_or(0));
        }
        Ok(if readers.is_empty() { 0 } else { least })
    }

    /// Takes note that all up to a place in the order of arrival was looked through for these readers.
    pub fn looked_up_to(&mut self, place: &str, readers: &[SiteId], looked: i64) -> Result<()> {
        let transaction = self.db.transaction()?;
        for reader in readers {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO place_reader (place, site, looked) VALUES (?1, ?2, ?3)")?
                .execute((place, reader.0.as_slice(), looked))?;
        }
        Ok(transaction.commit()?)
    }

    /// Something may be lacking in a place that was there: everything is looked through again.
    pub fn look_again(&mut self, place: &str) -> Result<()> {
        self.db.execute("DELETE FROM place_reader WHERE place = ?1", [place])?;
        Ok(())
    }

    /// The number for our next bundle in a place, above `least`; none is ever used twice, whatever became of it.
    pub fn next_number_for_place(&mut self, place: &str, least: u64) -> Result<u64> {
        // That the number could not be kept would not be told by the answer itself.
        self.writable()?;
        let number: i64 = self.db.query_row(
            "INSERT INTO place (url, numbered) VALUES (?1, ?2 + 1)
             ON CONFLICT (url) DO UPDATE SET numbered = max(numbered, ?2) + 1 RETURNING numbered",
            (place, least as i64),
            |row| row.get(0),
        )?;
        Ok(number as u64)
    }

    /// The highest number that this file ever gave to a bundle, in whichever place.
    pub fn highest_number(&self) -> Result<u64> {
        let number: i64 = self.db.query_row("SELECT coalesce(max(numbered), 0) FROM place", [], |row| row.get(0))?;
        Ok(number as u64)
    }

    /// Forgets a place; what it holds stays there.
    pub fn forget_place(&mut self, place: &str) -> Result<bool> {
        let transaction = self.db.transaction()?;
        let known = transaction.execute("DELETE FROM place WHERE url = ?1", [place])? > 0;
        transaction.execute(
            "DELETE FROM place_range WHERE bundle IN (SELECT id FROM place_bundle WHERE place = ?1)",
            [place],
        )?;
        for table in ["place_bundle", "place_reader", "place_told"] {
            transaction.execute(&format!("DELETE FROM {table} WHERE place = ?1"), [place])?;
        }
        transaction.commit()?;
        Ok(known)
    }

    /// Whether it is news that a stranger is in a place; from now on it is not.
    pub fn is_new_in_place(&mut self, place: &str, stranger: SiteId) -> Result<bool> {
        let told = "INSERT OR IGNORE INTO place_told (place, site) VALUES (?1, ?2)";
        Ok(self.db.execute(told, (place, stranger.0.as_slice()))? > 0)
    }

    /// All that was met with in a place, in the order of numbers.
    pub fn bundles_noted(&self, place: &str) -> Result<Vec<Noted>> {
        let mut query = self.db.prepare(
            "SELECT holder, first, last, length, state, sender, receivers, met FROM place_bundle WHERE place = ?1
             ORDER BY holder, last, first",
        )?;
        let noted = query.query_map([place], |row| {
            let number = |at: usize| Ok::<u64, rusqlite::Error>(row.get::<_, i64>(at)? as u64);
            let (state, receivers) = (row.get::<_, i64>(4)?, row.get::<_, Vec<u8>>(6)?);
            let met = [Met::NotForUs, Met::Known].into_iter().find(|met| *met as i64 == state);
            Ok(Noted {
                holder: SiteId(row.get(0)?),
                first: number(1)?,
                last: number(2)?,
                length: number(3)?,
                met: met.unwrap_or(Met::Broken),
                sender: SiteId(row.get(5)?),
                receivers: unpacked(&receivers),
                since: number(7)?,
            })
        })?;
        Ok(noted.collect::<rusqlite::Result<_>>()?)
    }

    /// A bundle that an earlier version noted is seen again: from now on it is known by its whole name and its length.
    pub fn met_again(&mut self, place: &str, bundle: &Noted, first: u64, length: u64) -> Result<()> {
        let (place, holder, last, before) = key(place, bundle);
        self.db.execute(
            &format!("UPDATE place_bundle SET first = ?5, length = ?6 WHERE {THIS}"),
            (place, holder, last, before, first as i64, length as i64),
        )?;
        Ok(())
    }

    /// Takes note of a bundle that is in a place, and of what it holds.
    pub fn note_bundle(&mut self, place: &str, bundle: &Noted, ranges: &[Range]) -> Result<()> {
        let since = if bundle.since == 0 { self.unix_ms() } else { bundle.since };
        let part = self.db.savepoint()?;
        forget(&part, place, bundle)?;
        let (place, holder, last, first) = key(place, bundle);
        part.execute(
            "INSERT INTO place_bundle (place, holder, last, first, length, state, sender, receivers, met)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (
                place,
                holder,
                last,
                first,
                bundle.length as i64,
                bundle.met as i64,
                bundle.sender.0.as_slice(),
                packed(&bundle.receivers),
                since as i64,
            ),
        )?;
        let id = part.last_insert_rowid();
        for (stream, site, first, next) in ranges {
            part.prepare_cached(
                "INSERT OR REPLACE INTO place_range (stream, site, bundle, first, next) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((stream, site.0.as_slice(), id, *first as i64, *next as i64))?;
        }
        Ok(part.commit()?)
    }

    /// Forgets bundles that are no longer in a place.
    pub fn forget_bundles(&mut self, place: &str, gone: &[Noted]) -> Result<()> {
        let transaction = self.db.transaction()?;
        for bundle in gone {
            forget(&transaction, place, bundle)?;
        }
        Ok(transaction.commit()?)
    }

    /// What a bundle of a place holds.
    pub fn held_in_place(&self, place: &str, bundle: &Noted) -> Result<Vec<Range>> {
        let mut query = self.db.prepare_cached(
            "SELECT stream, site, r.first, next FROM place_range r JOIN place_bundle b ON b.id = r.bundle
             WHERE place = ?1 AND holder = ?2 AND last = ?3 AND b.first = ?4 ORDER BY stream, site, r.first",
        )?;
        let ranges = query.query_map(key(place, bundle), |row| {
            let number = |at: usize| Ok::<u64, rusqlite::Error>(row.get::<_, i64>(at)? as u64);
            Ok((RowId::from_bytes(row.get(0)?), SiteId(row.get(1)?), number(2)?, number(3)?))
        })?;
        Ok(ranges.collect::<rusqlite::Result<_>>()?)
    }

    /// Up to which index a chain can be had from a place by all of `readers`, if these bundles were not there.
    pub fn covered_in_place(
        &self,
        place: &str,
        (stream, site): (RowId, SiteId),
        readers: &[SiteId],
        without: &[Noted],
    ) -> Result<u64> {
        let mut query = self.db.prepare_cached(
            "SELECT r.first, r.next, b.sender, b.receivers, b.holder, b.last, b.first
             FROM place_range r JOIN place_bundle b ON b.id = r.bundle
             WHERE r.stream = ?1 AND r.site = ?2 AND b.place = ?3 AND b.state = 1 ORDER BY r.first",
        )?;
        let mut rows = query.query((stream, site.0.as_slice(), place))?;
        let mut covered = 0u64;
        while let Some(row) = rows.next()? {
            let number = |at: usize| Ok::<u64, rusqlite::Error>(row.get::<_, i64>(at)? as u64);
            let (first, next) = (number(0)?, number(1)?);
            if first > covered || next <= covered {
                continue;
            }
            let (holder, last, begins) = (SiteId(row.get(4)?), number(5)?, number(6)?);
            if without.iter().any(|gone| (gone.holder, gone.last, gone.first) == (holder, last, begins)) {
                continue;
            }
            // Whoever signed it has what it holds.
            let (sender, theirs) = (SiteId(row.get(2)?), unpacked(&row.get::<_, Vec<u8>>(3)?));
            if readers.iter().all(|reader| *reader == sender || theirs.contains(reader)) {
                covered = next;
            }
        }
        Ok(covered)
    }
}

fn forget(db: &Connection, place: &str, bundle: &Noted) -> Result<()> {
    let ranges = format!("DELETE FROM place_range WHERE bundle IN (SELECT id FROM place_bundle WHERE {THIS})");
    db.prepare_cached(&ranges)?.execute(key(place, bundle))?;
    db.prepare_cached(&format!("DELETE FROM place_bundle WHERE {THIS}"))?.execute(key(place, bundle))?;
    Ok(())
}
