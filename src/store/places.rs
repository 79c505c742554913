//! What is remembered of the places that bundles travel through: which bundles were read or written there, for whom they
//! are, and which entries they hold. Of what a place holds, only what is still to be seen there is believed.

use rusqlite::OptionalExtension;

use crate::model::{RowId, SiteId};

use super::{Result, Store};

/// Entries of a chain: stream, site, first index, and the index after the last.
pub type Range = (RowId, SiteId, u64, u64);

/// A bundle of a place that was read or written here.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    pub holder: SiteId,
    pub last: u64,
    pub receivers: Vec<SiteId>,
}

fn packed(sites: &[SiteId]) -> Vec<u8> {
    sites.iter().flat_map(|site| site.0).collect()
}

fn unpacked(bytes: &[u8]) -> Vec<SiteId> {
    bytes.chunks_exact(16).map(|one| SiteId(one.try_into().expect("16 bytes"))).collect()
}

impl Store {
    /// The places that were ever synced through, with when that was last (milliseconds since 1970).
    pub fn places(&self) -> Result<Vec<(String, u64)>> {
        let mut query = self.db.prepare("SELECT url, synced FROM place ORDER BY synced DESC, url")?;
        let places = query.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
        Ok(places.collect::<rusqlite::Result<_>>()?)
    }

    /// How far the order of arrival was looked through for a place; 0 for one that is new.
    pub fn looked_for_place(&self, place: &str) -> Result<i64> {
        let looked =
            self.db.query_row("SELECT looked FROM place WHERE url = ?1", [place], |row| row.get(0)).optional()?;
        Ok(looked.unwrap_or(0))
    }

    /// Takes note that all up to a place in the order of arrival was looked through.
    pub fn synced_with_place(&mut self, place: &str, looked: i64) -> Result<()> {
        let now = self.unix_ms() as i64;
        self.db.execute(
            "INSERT INTO place (url, looked, synced) VALUES (?1, ?2, ?3)
             ON CONFLICT (url) DO UPDATE SET looked = excluded.looked, synced = excluded.synced",
            (place, looked, now),
        )?;
        Ok(())
    }

    /// The number for our next bundle in a place; none is ever used twice, whatever became of it.
    pub fn next_number_for_place(&mut self, place: &str) -> Result<u64> {
        let number: i64 = self.db.query_row(
            "INSERT INTO place (url, numbered) VALUES (?1, 1)
             ON CONFLICT (url) DO UPDATE SET numbered = numbered + 1 RETURNING numbered",
            [place],
            |row| row.get(0),
        )?;
        Ok(number as u64)
    }

    /// Forgets a place; what it holds stays there.
    pub fn forget_place(&mut self, place: &str) -> Result<bool> {
        let transaction = self.db.transaction()?;
        let known = transaction.execute("DELETE FROM place WHERE url = ?1", [place])? > 0;
        transaction.execute("DELETE FROM place_bundle WHERE place = ?1", [place])?;
        transaction.execute("DELETE FROM place_range WHERE place = ?1", [place])?;
        transaction.commit()?;
        Ok(known)
    }

    pub fn bundles_noted(&self, place: &str) -> Result<Vec<Noted>> {
        let mut query = self
            .db
            .prepare("SELECT holder, last, receivers FROM place_bundle WHERE place = ?1 ORDER BY holder, last")?;
        let noted = query.query_map([place], |row| {
            let receivers: Vec<u8> = row.get(2)?;
            Ok(Noted {
                holder: SiteId(row.get(0)?),
                last: row.get::<_, i64>(1)? as u64,
                receivers: unpacked(&receivers),
            })
        })?;
        Ok(noted.collect::<rusqlite::Result<_>>()?)
    }

    /// Takes note of a bundle that is in a place, and of what it holds.
    pub fn note_bundle(&mut self, place: &str, bundle: &Noted, ranges: &[Range]) -> Result<()> {
        let transaction = self.db.transaction()?;
        {
            let (holder, last) = (bundle.holder.0, bundle.last as i64);
            transaction.execute(
                "INSERT OR REPLACE INTO place_bundle (place, holder, last, receivers) VALUES (?1, ?2, ?3, ?4)",
                (place, holder.as_slice(), last, packed(&bundle.receivers)),
            )?;
            let mut add = transaction.prepare_cached(
                "INSERT OR REPLACE INTO place_range (place, stream, site, holder, last, first, next) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            for (stream, site, first, next) in ranges {
                add.execute((place, stream, site.0.as_slice(), holder.as_slice(), last, *first as i64, *next as i64))?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Forgets bundles that are no longer in a place.
    pub fn forget_bundles(&mut self, place: &str, gone: &[(SiteId, u64)]) -> Result<()> {
        let transaction = self.db.transaction()?;
        for (holder, last) in gone {
            let key = (place, holder.0.as_slice(), *last as i64);
            transaction.execute("DELETE FROM place_bundle WHERE place = ?1 AND holder = ?2 AND last = ?3", key)?;
            transaction.execute("DELETE FROM place_range WHERE place = ?1 AND holder = ?2 AND last = ?3", key)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Up to which index a chain can be had from a place by all of `receivers`.
    pub fn covered_in_place(&self, place: &str, stream: RowId, site: SiteId, receivers: &[SiteId]) -> Result<u64> {
        let mut query = self.db.prepare_cached(
            "SELECT r.first, r.next, b.holder, b.receivers FROM place_range r JOIN place_bundle b USING (place, holder, last)
             WHERE r.place = ?1 AND r.stream = ?2 AND r.site = ?3 ORDER BY r.first",
        )?;
        let mut rows = query.query((place, stream, site.0.as_slice()))?;
        let mut covered = 0u64;
        while let Some(row) = rows.next()? {
            let (first, next) = (row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64);
            let (holder, bytes) = (SiteId(row.get(2)?), row.get::<_, Vec<u8>>(3)?);
            let theirs = unpacked(&bytes);
            let for_all = receivers.iter().all(|site| *site == holder || theirs.contains(site));
            if for_all && first <= covered && next > covered {
                covered = next;
            }
        }
        Ok(covered)
    }
}
