//! The screen.
use crate::{demo, triage::Rules};
use std::path::PathBuf;
pub struct Start {
    pub file: PathBuf,
    pub passphrase: Option<PathBuf>,
    pub today: Option<chrono::NaiveDate>,
    pub rules: Rules,
    pub demo: Option<demo::Spec>,
}
pub fn run(_start: Start) -> anyhow::Result<()> {
    Ok(())
}
pub fn leave_screen() {}
