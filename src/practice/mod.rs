//! What an agency may change without a compiler, and the rules that rest on it.
//!
//! Pure: knows only [`crate::model`]. It is handed the texts of files and never opens one; a wrong file is an error in words
//! with its line, and whatever else there is still loads.

pub mod instruments;
