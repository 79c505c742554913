//! How far a long command is: a bar on the terminal's last line, and Ctrl-C heard on the way.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::ending::{self, Hearing};

/// How far it is, and of how much where that is known.
#[derive(Clone, Copy)]
pub enum Far {
    /// Bytes of a file read.
    Read(u64, u64),
    /// Rows taken in.
    Rows(u64, u64),
    /// Rows written.
    Written(u64, u64),
    /// Bytes unpacked, of which nobody knows how many there are.
    Unpacked(u64),
}

/// Shows it ten times a second where there is a terminal.
pub struct Progress {
    shown: Option<Instant>,
    hearing: Hearing,
}

impl Progress {
    pub fn new() -> Progress {
        Progress { shown: None, hearing: ending::hearing() }
    }

    /// What is set once it is to stop.
    pub fn asked(&self) -> &'static Arc<AtomicBool> {
        self.hearing.asked()
    }

    /// The answer says whether to go on.
    pub fn show(&mut self, far: Far) -> ControlFlow<()> {
        let due = self.shown.is_none_or(|shown| shown.elapsed().as_millis() >= 100);
        if due && std::io::stderr().is_terminal() {
            self.shown = Some(Instant::now());
            eprint!("\r{}\x1b[K", far.line());
        }
        if self.hearing.is_asked_to_stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    pub fn clear(&mut self) {
        if self.shown.take().is_some() {
            eprint!("\r\x1b[2K");
        }
    }
}

impl Far {
    /// No wider than 80 columns: a longer line would not be written over.
    fn line(self) -> String {
        let bar = |done: u64, all: u64| {
            let filled = (done.min(all) * 20 / all.max(1)) as usize;
            format!("[{}{}]", "#".repeat(filled), ".".repeat(20 - filled))
        };
        let mb = |bytes: u64| format!("{:.1}", bytes as f64 / 1e6);
        let stops = "(Ctrl-C stops, nothing is changed)";
        match self {
            Far::Read(done, all) => format!("Reading {} {} of {} MB {stops}", bar(done, all), mb(done), mb(all)),
            Far::Rows(done, all) => format!("Taking in {} {}% {stops}", bar(done, all), done * 100 / all.max(1)),
            Far::Written(done, all) => format!("Writing {} {}% {stops}", bar(done, all), done * 100 / all.max(1)),
            Far::Unpacked(done) => format!("{} MB (Ctrl-C stops)", mb(done)),
        }
    }
}
