//! Reads the command line and hands over; before that, sees to it that nothing of a client leaves the process on its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    keep_to_ourselves();
    if caseload::tui::kept_terminal() {
        return ExitCode::SUCCESS;
    }
    caseload::cli::main()
}

/// No core dumps, files for their owner only, an error instead of death where a file may not grow, and panics that say
/// where but never what.
fn keep_to_ourselves() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit, umask};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
        umask(rustix::fs::Mode::from_raw_mode(0o077));
        let noted = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, noted);
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
        caseload::tui::leave_screen();
        eprintln!(
            "caseload: stopped by an error of its own{place}. Everything that was saved is safe. Please report this place."
        );
    }));
}
