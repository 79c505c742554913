//! The chains of the journal, for whoever gives them to others: how far each has come, which grew, what is in them.

use std::collections::BTreeSet;

use crate::model::{RowId, SiteId};

use super::apart::stream_apart;
use super::journal::{self, Batch, ChainEnd};
use super::{Result, Store, StoreError};

/// A chain with the index after its last entry: stream, site, next.
pub type Grown = (RowId, SiteId, u64);

impl Store {
    /// Every chain in these streams (or in all), in the order of their streams: the site, and the index after its last entry.
    /// Never those of notes that are kept apart: nothing of them is given to anyone (see [`super::apart`]).
    pub fn chains(&self, streams: Option<&BTreeSet<RowId>>) -> Result<Vec<Grown>> {
        let read = |row: &rusqlite::Row<'_>| {
            Ok((RowId::from_bytes(row.get(0)?), SiteId(row.get(1)?), row.get::<_, i64>(2)? as u64))
        };
        const SQL: &str = "SELECT stream, site, max(first + count) FROM batch";
        let mut chains = Vec::new();
        match streams {
            None => {
                let mut query = self
                    .db
                    .prepare(&format!("{SQL} WHERE stream <> ?1 GROUP BY stream, site ORDER BY stream, site"))?;
                for chain in query.query_map([stream_apart(self.worker.id)], read)? {
                    chains.push(chain?);
                }
            }
            Some(streams) => {
                let mut query =
                    self.db.prepare(&format!("{SQL} WHERE stream = ?1 GROUP BY stream, site ORDER BY site"))?;
                for stream in streams.iter().filter(|stream| **stream != stream_apart(self.worker.id)) {
                    for chain in query.query_map([*stream], read)? {
                        chains.push(chain?);
                    }
                }
            }
        }
        Ok(chains)
    }

    /// The chains that grew since a place in the order of arrival, and the place up to which this looked. Of certain streams
    /// all chains: which ones somebody gets changes from day to day.
    pub fn chains_since(&self, looked: i64, streams: Option<&BTreeSet<RowId>>) -> Result<(Vec<Grown>, i64)> {
        let last: i64 = self.db.query_row("SELECT coalesce(max(n), 0) FROM batch", [], |row| row.get(0))?;
        if let Some(streams) = streams {
            return Ok((self.chains(Some(streams))?, last));
        }
        let mut query = self.db.prepare(
            "SELECT stream, site, max(first + count) FROM batch
             WHERE n > ?1 AND stream <> ?2 GROUP BY stream, site ORDER BY stream, site",
        )?;
        let chains = query.query_map((looked, stream_apart(self.worker.id)), |row| {
            Ok((RowId::from_bytes(row.get(0)?), SiteId(row.get(1)?), row.get::<_, i64>(2)? as u64))
        })?;
        Ok((chains.collect::<rusqlite::Result<_>>()?, last))
    }

    /// The end of a chain.
    pub fn chain_end(&self, stream: RowId, site: SiteId) -> Result<ChainEnd> {
        journal::chain_end(&self.db, stream, site)
    }

    /// The batches of a chain that hold entries from `from` on, in order.
    pub fn each_of_chain<E: From<StoreError>>(
        &self,
        stream: RowId,
        site: SiteId,
        from: u64,
        take: &mut dyn FnMut(Batch) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        journal::of_chain(&self.db, stream, site, from, take)
    }

    /// What another site has said it has of a chain: the index after its last entry there; 0 where it said nothing.
    pub fn what_peer_has(&self, peer: SiteId, stream: RowId, site: SiteId) -> Result<u64> {
        use rusqlite::OptionalExtension;
        let mut query =
            self.db.prepare_cached("SELECT next FROM peer_has WHERE peer = ?1 AND stream = ?2 AND site = ?3")?;
        let next: Option<i64> =
            query.query_row((peer.0.as_slice(), stream, site.0.as_slice()), |row| row.get(0)).optional()?;
        Ok(next.unwrap_or(0) as u64)
    }
}
