//! Several merges as one write.
//!
//! Rows have random ids, so each bundle of a first sync touches pages all over a file that grows with the team, and each
//! write seals them again: the tenth colleague's entries would cost less than the hundredth's. So whoever has many bundles
//! at hand gathers them: each is a savepoint that stands or falls by itself, and what was kept is written in the end.

use rusqlite::Connection;

use crate::store::file::CACHE_KB;
use crate::store::sites::Keys;
use crate::store::watch::Begins;
use crate::store::{Merged, Result, Store};

/// Memory for pages while something is merged: few of them are sealed more than once.
const ROOM_KB: u32 = 128_000;

/// Entries that are written together, at most those of one bundle more: less than a second's work, for whoever saves
/// something meanwhile waits so long.
const ENOUGH: u64 = 50_000;

/// What is gathered, and what it asks for once it is written.
pub(in crate::store) struct Gathered {
    begins: Option<Begins>,
    entries: u64,
    /// SQLite's count of changes when it began.
    changes: u64,
    /// The keys to go on with, where this installation became another site.
    renewed: Option<Keys>,
    /// Values were taken out of the journal.
    erased: bool,
}

impl Gathered {
    /// Takes note of a merge that is kept.
    pub(super) fn add(&mut self, merged: &Merged, renewed: Option<Keys>) {
        self.entries += merged.entries;
        self.renewed = renewed;
        self.erased = merged.erased;
    }

    /// Whether it is to be written before anything else: another site goes on, values are gone for good, or it is enough.
    pub(super) fn is_to_be_written(&self) -> bool {
        self.renewed.is_some() || self.erased || self.entries >= ENOUGH
    }
}

fn make_room(db: &Connection) -> Result<()> {
    Ok(db.execute_batch(&format!("PRAGMA cache_size = -{ROOM_KB}"))?)
}

fn give_room_back(db: &Connection) -> Result<()> {
    Ok(db.execute_batch(&format!("PRAGMA cache_size = -{CACHE_KB}; PRAGMA shrink_memory"))?)
}

impl Store {
    /// Begins to gather what is merged into one write, if that was not begun. Nothing else can be committed, and no other
    /// program can write, until [`Store::settle`] or [`Store::let_go`]; a merge after which it is enough settles it itself.
    pub fn gather(&mut self) -> Result<()> {
        self.triable()?;
        if self.gathered.is_some() {
            return Ok(());
        }
        make_room(&self.db)?;
        if let Err(error) = self.db.execute_batch("BEGIN IMMEDIATE") {
            give_room_back(&self.db)?;
            return Err(error.into());
        }
        let begins = self.watch.as_ref().and_then(|watch| watch.begins());
        let changes = self.db.total_changes();
        self.gathered = Some(Gathered { begins, entries: 0, changes, renewed: None, erased: false });
        Ok(())
    }

    /// Writes what was gathered, if anything was.
    ///
    /// # Errors
    /// Where it cannot be written; then none of it is kept.
    pub fn settle(&mut self) -> Result<()> {
        let Some(gathered) = self.gathered.take() else { return Ok(()) };
        let written = self.write_down(&gathered);
        if written.is_err() && !self.db.is_autocommit() {
            self.db.execute_batch("ROLLBACK")?;
        }
        give_room_back(&self.db)?;
        written?;
        if let Some(keys) = gathered.renewed {
            self.go_on_with(keys);
        }
        self.read_worker()?;
        self.after_writing();
        if gathered.erased { self.wipe() } else { Ok(()) }
    }

    /// Lets go of what was gathered: nothing of it was.
    pub fn let_go(&mut self) -> Result<()> {
        if self.gathered.take().is_some() {
            // After some errors SQLite has done so itself.
            if !self.db.is_autocommit() {
                self.db.execute_batch("ROLLBACK")?;
            }
            give_room_back(&self.db)?;
        }
        Ok(())
    }

    /// Where SQLite gave it up by itself after some error, it says so here.
    fn write_down(&self, gathered: &Gathered) -> Result<()> {
        if let (Some(watch), Some(begins)) = (&self.watch, gathered.begins)
            && !self.db.is_autocommit()
            && self.db.total_changes() != gathered.changes
        {
            watch.begin_generation(&self.db, begins)?;
        }
        Ok(self.db.execute_batch("COMMIT")?)
    }
}
