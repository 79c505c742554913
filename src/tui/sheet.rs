//! A sheet: what takes the whole screen over the panes for a while, with keys of its own.
//!
//! It holds what it shows and is handed the desk for what it does. Called by `input` for keys and by `draw` for a frame;
//! must never keep the store, and never lose what was typed when it is closed.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::RowId;
use crate::store::StoreError;

use super::desk::Desk;
use super::theme::Theme;

pub type Open = Option<Box<dyn Sheet>>;

pub trait Sheet {
    /// Takes a key; gives back what stays open.
    ///
    /// # Errors
    /// Where the file cannot be read any more. What cannot be saved is told on the screen instead.
    fn key(self: Box<Self>, key: &KeyEvent, desk: &mut Desk) -> Result<Open, StoreError>;

    /// Draws it; gives the place of the cursor.
    fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme, desk: &Desk) -> Option<Position>;

    fn paste(&mut self, _pasted: &str) {}

    /// What was typed and not saved yet, with the name under which it waits in the file until it is.
    fn unsaved(&self) -> Option<(&'static str, Vec<u8>)> {
        None
    }

    /// The crisis that it is the screen of: it is gone back to after a lock.
    fn crisis(&self) -> Option<RowId> {
        None
    }

    /// Whether it shows time passing: it is drawn anew each minute.
    fn has_a_clock(&self) -> bool {
        false
    }
}
