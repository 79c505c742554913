//! How a command ends when it is told to from outside (Ctrl-C, TERM, HUP): the first time, whatever it waits for.
//!
//! The promise: work that hears stops by itself and says so; what does not hear (a read from a pipe, a server that is silent)
//! is ended with the program a moment later. A terminal that was asked for a passphrase shows again what is typed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How many pieces of work hear by themselves.
static HEARING: AtomicUsize = AtomicUsize::new(0);

/// Work that asks on its way whether to stop, for as long as this lives.
pub struct Hearing(());

pub fn hearing() -> Hearing {
    how::listen();
    HEARING.fetch_add(1, Ordering::SeqCst);
    Hearing(())
}

impl Hearing {
    /// Whether it is to stop.
    pub fn is_asked_to_stop(&self) -> bool {
        self.asked().load(Ordering::SeqCst)
    }

    /// What is set once it is to stop.
    pub fn asked(&self) -> &'static Arc<AtomicBool> {
        how::asked()
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        HEARING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Asks at the terminal for what is not shown there. Whatever ends the program meanwhile, the terminal is as it was.
pub fn asking<T>(ask: impl FnOnce() -> T) -> T {
    how::asking(ask)
}

#[cfg(unix)]
mod how {
    use std::io::IsTerminal;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, LazyLock, Mutex, Once};
    use std::time::Duration;

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

    use super::HEARING;

    /// So long work that hears may take to end by itself.
    const PATIENCE: Duration = Duration::from_millis(800);

    static ASKED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
    /// How the terminal was before it was asked.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    pub fn asked() -> &'static Arc<AtomicBool> {
        &ASKED
    }

    pub fn listen() {
        static LISTENING: Once = Once::new();
        LISTENING.call_once(|| {
            // Where that fails, signals end the program as they always do.
            let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM]) else {
                return;
            };
            let _ = std::thread::Builder::new().spawn(move || signals.forever().next().map(end));
        });
    }

    fn end(signal: i32) {
        ASKED.store(true, Ordering::SeqCst);
        if HEARING.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(PATIENCE);
            if std::io::stderr().is_terminal() {
                eprint!("\r\x1b[2K");
            }
            eprintln!("caseload: stopped. What was not finished changed nothing.");
        }
        if let Ok(Some(before)) = BEFORE.lock().map(|mut before| before.take()) {
            let _ = terminal().map(|terminal| tcsetattr(terminal, OptionalActions::Now, &before));
            eprintln!();
        }
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }

    fn terminal() -> std::io::Result<std::fs::File> {
        std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty")
    }

    pub fn asking<T>(ask: impl FnOnce() -> T) -> T {
        listen();
        let keep = |now: Option<Termios>| {
            if let Ok(mut before) = BEFORE.lock() {
                *before = now;
            }
        };
        keep(terminal().ok().and_then(|terminal| tcgetattr(terminal).ok()));
        let answer = ask();
        keep(None);
        answer
    }
}

#[cfg(not(unix))]
mod how {
    use std::sync::atomic::AtomicBool;
    use std::sync::{Arc, LazyLock};

    use signal_hook::consts::{SIGINT, SIGTERM};

    static ASKED: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            let _ = signal_hook::flag::register(signal, Arc::clone(&asked));
        }
        asked
    });

    pub fn asked() -> &'static Arc<AtomicBool> {
        &ASKED
    }

    pub fn listen() {
        LazyLock::force(&ASKED);
    }

    pub fn asking<T>(ask: impl FnOnce() -> T) -> T {
        ask()
    }
}
