//! What is on the screen when it locks: kept in the encrypted file, and put back once it is open again.
//!
//! The form itself is kept as a draft (see [`super::form`]); here is what stands around it.

use serde::{Deserialize, Serialize};

use crate::model::RowId;
use crate::store::StoreError;

use super::current::Held;
use super::desk::{Desk, Pane, View};
use super::overlay::Overlay;

const KEPT: &str = "screen";

/// Where one was, by what things are and not by where they stood.
#[derive(Serialize, Deserialize)]
struct Kept {
    filter: Option<String>,
    filtering: bool,
    ordered: String,
    chosen: Option<RowId>,
    pane: usize,
    scrolled: usize,
    /// What is chosen in the panes.
    held: Held,
    marked: Vec<RowId>,
    running: bool,
    /// The appointment that was last announced.
    announced: Option<RowId>,
    /// The crisis whose screen is open.
    crisis: Option<RowId>,
}

impl Desk {
    /// Before the screen locks: keeps what is typed, and where one is. Says whether all of it is kept.
    pub fn keep_screen(&mut self) -> bool {
        self.keep_sheet();
        let form = self.keep_form();
        let crisis = match &self.overlay {
            Some(Overlay::Sheet(sheet)) => sheet.crisis(),
            _ => None,
        };
        let mut marked: Vec<RowId> = self.marked.iter().copied().collect();
        marked.sort_unstable();
        let kept = Kept {
            filter: self.filter.clone(),
            filtering: self.filtering,
            ordered: self.ordered.label().into(),
            chosen: self.chosen,
            pane: self.focus as usize,
            scrolled: self.client_scroll,
            held: self.held.clone(),
            marked,
            running: self.running,
            announced: self.announced,
            crisis,
        };
        // Where it cannot be kept, one starts at the top of the list.
        let kept = serde_json::to_vec(&kept).unwrap_or_default();
        let _ = self.store.set_local(KEPT, Some(&kept));
        form
    }

    /// After it was unlocked: where one was before. What is gone meanwhile is passed over.
    pub(super) fn put_screen_back(&mut self) -> Result<(), StoreError> {
        let Some(kept) = self.store.local(KEPT)? else { return Ok(()) };
        // Once: whoever opens the caseload tomorrow starts at the top.
        let _ = self.store.set_local(KEPT, None);
        let Ok(kept) = serde_json::from_slice::<Kept>(&kept) else { return Ok(()) };
        self.announced = kept.announced;
        self.marked = kept.marked.into_iter().filter(|client| self.caseload.get(*client).is_some()).collect();
        (self.filter, self.filtering) = (kept.filter, kept.filtering);
        self.ordered = View::ALL.into_iter().find(|view| view.label() == kept.ordered).unwrap_or(self.ordered);
        self.list();
        if let Some(client) = kept.chosen.filter(|client| self.caseload.get(*client).is_some()) {
            self.choose_client(client)?;
        }
        self.focus = Pane::ALL.get(kept.pane).copied().unwrap_or(self.focus);
        if kept.running {
            self.resume_run()?;
        }
        self.show()?;
        (self.client_scroll, self.held) = (kept.scrolled, kept.held);
        self.find_again();
        if let Some(row) = kept.crisis {
            self.reopen_crisis(row)?;
        }
        Ok(())
    }
}
