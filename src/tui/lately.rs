//! The clients lately looked at, as they were read: going back to one asks nothing of the file.
//!
//! Filled and asked by `desk` alone. Nothing in it outlives a change of the file, whoever made it: then all of it is
//! forgotten, and what is needed again is read again.

use std::collections::VecDeque;

use crate::model::RowId;
use crate::store::ClientFile;

/// Clients held at most: about what a person goes back and forth between, in well under a megabyte.
const MOST: usize = 48;

/// The newest last; no client twice.
#[derive(Default)]
pub struct Lately(VecDeque<ClientFile>);

impl Lately {
    /// Keeps a client's file; the one kept longest makes room.
    pub fn keep(&mut self, file: ClientFile) {
        self.0.retain(|known| known.client.id != file.client.id);
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(file);
    }

    pub fn holds(&self, client: RowId) -> bool {
        self.0.iter().any(|known| known.client.id == client)
    }

    /// Hands a client's file out.
    pub fn take(&mut self, client: RowId) -> Option<ClientFile> {
        let at = self.0.iter().position(|known| known.client.id == client)?;
        self.0.remove(at)
    }

    pub fn forget(&mut self) {
        self.0.clear();
    }
}
