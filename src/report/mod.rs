//! What goes out of a caseload to be read: figures over a period, and printed pages.
//!
//! A [`Document`] says what is on pages, and goes out as HTML ([`to_html`]), PDF ([`to_pdf`]) or text for a terminal
//! ([`to_text`]). Every way out is a pure function of the document: no clock, no chance, no network, nothing written to
//! disk. All of them take text as hostile: nothing in it becomes an element, a script, a link or a command of the terminal.
//! What may be printed, and for whom, is decided before a document is made.
//!
//! Reads the store; only [`print`] changes anything: it writes the file, and keeps the record of what left. Called by
//! `cli` and `tui`.

mod chart;
mod document;
pub mod figures;
mod html;
pub mod pages;
mod pdf;
pub mod period;
mod plain;
pub mod print;

pub use document::{Align, Block, Chart, ChartKind, Column, Document, PageSize, Signature, Table};
pub use html::to_html;
pub use pdf::{Fallback, Pdf, PdfError, to_pdf};
pub use plain::to_text;
