//! The terminal: entered, left and given back as it was, whatever ends the program.

use std::io::{BufWriter, Stdout, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::Terminal;

use super::frugal::Frugal;

/// The frame's bytes go out in one write.
pub type Screen = Terminal<Frugal<BufWriter<Stdout>>>;

static ENTERED: AtomicBool = AtomicBool::new(false);

/// Takes the terminal over.
pub fn enter() -> anyhow::Result<Screen> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableMouseCapture, cursor::Hide)?;
    Ok(Terminal::new(Frugal::new(BufWriter::with_capacity(1 << 16, stdout())))?)
}

/// Gives the terminal back; does nothing where it was not taken.
pub fn leave() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
        let _ = stdout().flush();
    }
}

/// What wakes the program: there is nothing else, so that an idle screen costs nothing.
#[derive(Debug)]
pub enum Wake {
    Event(Event),
    /// Asked to stop: the terminal is gone, or the machine shuts down.
    Stop,
    /// Asked to suspend.
    Suspend,
    /// The terminal cannot be read any more.
    Lost,
}

/// Listens to keys and signals.
pub fn listen() -> anyhow::Result<Receiver<Wake>> {
    let (send, receive) = channel();
    signals(send.clone())?;
    thread::spawn(move || {
        loop {
            let wake = match crossterm::event::read() {
                Ok(event) => Wake::Event(event),
                Err(_) => Wake::Lost,
            };
            let lost = matches!(wake, Wake::Lost);
            if send.send(wake).is_err() || lost {
                return;
            }
        }
    });
    Ok(receive)
}

#[cfg(unix)]
fn signals(send: Sender<Wake>) -> anyhow::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let wake = if signal == SIGTSTP { Wake::Suspend } else { Wake::Stop };
            if send.send(wake).is_err() {
                return;
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn signals(_send: Sender<Wake>) -> anyhow::Result<()> {
    Ok(())
}

/// Gives the terminal back, stops, and takes it over again when the shell says so.
#[cfg(unix)]
pub fn suspend() -> anyhow::Result<Screen> {
    leave();
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
    enter()
}

#[cfg(not(unix))]
pub fn suspend() -> anyhow::Result<Screen> {
    enter()
}
