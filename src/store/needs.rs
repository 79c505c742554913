//! Needs that cannot be met, counted over the caseload without names: what an agency speaks up about.

use serde::Serialize;

use crate::model::records::{client, need};
use crate::model::{Barrier, Domain};

use super::{Result, Store};

/// How many needs of one kind are unmet for one reason, among clients whose case is open. Small counts stay as they are:
/// this is for the worker's own eyes, over their own caseload.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Unmet {
    pub domain: Option<Domain>,
    /// What stands in the way; `None` where nobody said.
    pub barrier: Option<Barrier>,
    pub needs: u32,
    pub clients: u32,
}

impl Store {
    /// Needs that cannot be met, or that something stands in the way of, by domain and barrier: the most frequent first.
    /// What a client chose not to take is their choice, and not counted.
    pub fn unmet_needs(&self) -> Result<Vec<Unmet>> {
        let sql = format!(
            "SELECT n.domain, n.barrier, count(*), count(DISTINCT n.stream) FROM {} n JOIN {} c ON c.id = n.stream
             WHERE n.state & 1 = 0 AND c.state & 1 = 0 AND (c.status IS NULL OR c.status <> 'closed')
               AND (n.status = 'unmet' OR n.barrier IS NOT NULL AND (n.status IS NULL OR n.status NOT IN ('met', 'declined')))
             GROUP BY n.domain, n.barrier ORDER BY count(*) DESC, n.domain, n.barrier",
            need::TYPE.table(),
            client::TYPE.table()
        );
        let mut query = self.db.prepare(&sql)?;
        let rows = query.query_map([], |row| {
            let code = |at: usize| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
            let (domain, barrier) = (Domain::from_code(&code(0)?), Barrier::from_code(&code(1)?));
            Ok(Unmet { domain, barrier, needs: row.get(2)?, clients: row.get(3)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What each worker in this file says they can carry, in caseload weight, by name.
    pub fn capacities(&self) -> Result<Vec<(String, f64)>> {
        use crate::model::records::worker;
        let sql = format!(
            "SELECT name, capacity FROM {} WHERE state & 1 = 0 AND name IS NOT NULL AND capacity > 0",
            worker::TYPE.table()
        );
        let mut query = self.db.prepare(&sql)?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as f64)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// The counts as lines to read.
pub fn in_words(unmet: &[Unmet]) -> Vec<String> {
    let line = |domain: &str, barrier: &str, needs: &str, clients: &str| {
        format!("{domain:<18}  {barrier:<38}  {needs:>5}  {clients:>7}").trim_end().to_string()
    };
    if unmet.is_empty() {
        return vec!["No need is marked as one that cannot be met.".into()];
    }
    let mut lines = vec![line("Need in", "What stands in the way", "needs", "clients")];
    lines.extend(unmet.iter().map(|one| {
        let domain = one.domain.map_or("(no domain)", Domain::label);
        let barrier = one.barrier.map_or("(nobody said)", Barrier::label);
        line(domain, barrier, &one.needs.to_string(), &one.clients.to_string())
    }));
    lines
}
