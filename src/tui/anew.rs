//! At the lock the program starts itself anew: the new one has never seen a name.
//!
//! Dropping what is in memory does not wipe it: allocators, the terminal's buffers, the parser of keys and every library keep
//! pieces. So the process is replaced by itself, with the arguments it was started with; what was on the screen waits in the
//! encrypted file, and the passphrase is asked for again.

/// Why the screen is locked. Stands in the arguments of the new program, and tells nothing of anybody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Why {
    /// A key asked for it.
    Asked,
    /// Nothing was typed for too long.
    Idle,
}

impl Why {
    /// What the gate says.
    pub fn told(self) -> &'static str {
        match self {
            Why::Asked => "",
            Why::Idle => "Locked because nothing was typed for a while.",
        }
    }
}

/// The argument that says so to the new program.
pub const ARGUMENT: &str = "locked";

/// Replaces this program by itself, locked. It comes back only where that cannot be done.
#[cfg(unix)]
pub fn begin(why: Why) {
    use clap::ValueEnum;
    use std::os::unix::process::CommandExt;
    let Some(program) = program() else { return };
    let Some(why) = why.to_possible_value() else { return };
    let said = format!("--{ARGUMENT}=");
    let mut arguments = std::env::args_os();
    let mut command = std::process::Command::new(program);
    if let Some(called) = arguments.next() {
        command.arg0(called);
    }
    command.arg(format!("{said}{}", why.get_name()));
    command.args(arguments.filter(|argument| !argument.as_encoded_bytes().starts_with(said.as_bytes())));
    // Where it fails, the gate is shut in this one.
    drop(command.exec());
}

#[cfg(not(unix))]
pub fn begin(_why: Why) {}

/// This program's file; where that was replaced by another one since (an update), what is running all the same.
#[cfg(unix)]
pub fn program() -> Option<std::path::PathBuf> {
    let running = std::path::PathBuf::from("/proc/self/exe");
    let named = std::env::current_exe().ok().filter(|path| path.is_file());
    named.or_else(|| running.exists().then_some(running))
}
