//! The terminal: entered, left and given back as it was, whatever ends the program.

use std::io::{BufWriter, Stdout, Write, stdout};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

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

/// Puts text on the user's clipboard by way of the terminal (OSC 52); many terminals ask first, some refuse.
pub fn copy(screen: &mut Screen, text: &str) -> anyhow::Result<()> {
    use base64::Engine;
    let packed = base64::engine::general_purpose::STANDARD.encode(text);
    write!(screen.backend_mut().writer(), "\x1b]52;c;{packed}\x07")?;
    Ok(screen.backend_mut().writer().flush()?)
}

/// Asks the terminal to tell the user something (OSC 9), with the bell for those that cannot. Never holds a name.
pub fn notify(screen: &mut Screen, text: &str) -> anyhow::Result<()> {
    write!(screen.backend_mut().writer(), "\x1b]9;{text}\x07")?;
    Ok(screen.backend_mut().writer().flush()?)
}

/// A folder that is in memory only, where there is one.
pub fn memory_folder() -> Option<PathBuf> {
    let folders = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).into_iter().chain([PathBuf::from("/dev/shm")]);
    folders
        .into_iter()
        .find(|folder| folder.is_dir() && std::fs::metadata(folder).is_ok_and(|meta| !meta.permissions().readonly()))
}

/// Lets the user write a text in their own editor. The file is theirs alone, and overwritten and deleted afterwards.
pub fn edit(text: &str) -> anyhow::Result<String> {
    use anyhow::Context;
    let editor = std::env::var("VISUAL").or_else(|_| std::env::var("EDITOR")).unwrap_or_else(|_| "vi".into());
    let folder = memory_folder().unwrap_or_else(std::env::temp_dir);
    let path = folder.join(format!("note-{}.txt", uuid::Uuid::new_v4()));
    let written = (|| {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path)?.write_all(text.as_bytes())?;
        let mut words = editor.split_whitespace();
        let program = words.next().unwrap_or("vi");
        let _turn = KEYS.lock();
        let status = std::process::Command::new(program).args(words).arg(&path).status();
        let status = status.with_context(|| format!("The editor \"{program}\" cannot be started; set EDITOR"))?;
        anyhow::ensure!(status.success(), "The editor ended with an error; the text is as it was");
        Ok(std::fs::read_to_string(&path)?)
    })();
    if let Ok(meta) = std::fs::metadata(&path) {
        let _ = std::fs::write(&path, vec![b' '; usize::try_from(meta.len()).unwrap_or(0)]);
    }
    let _ = std::fs::remove_file(&path);
    written
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
        while let Ok(()) = wait_for_keys() {
            // Whoever holds the keys (an editor) keeps them; what is left afterwards is ours.
            let _turn = KEYS.lock();
            loop {
                // With no patience at all it would not even look.
                let wake = match crossterm::event::poll(Duration::from_millis(1)) {
                    Ok(false) => break,
                    Ok(true) => crossterm::event::read().map_or(Wake::Lost, Wake::Event),
                    Err(_) => Wake::Lost,
                };
                let lost = matches!(wake, Wake::Lost);
                if send.send(wake).is_err() || lost {
                    return;
                }
            }
        }
        let _ = send.send(Wake::Lost);
    });
    Ok(receive)
}

/// Held by whoever may read the keys.
static KEYS: Mutex<()> = Mutex::new(());

/// Sleeps until there are keys to be read, without reading them.
#[cfg(unix)]
fn wait_for_keys() -> std::io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    let input = std::io::stdin();
    if !rustix::termios::isatty(&input) {
        // Then keys come from elsewhere, and only reading them tells.
        crossterm::event::poll(Duration::from_secs(3600))?;
        return Ok(());
    }
    loop {
        let mut fds = [PollFd::new(&input, PollFlags::IN)];
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        let ready = fds[0].revents();
        if ready.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) && !ready.contains(PollFlags::IN) {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        return Ok(());
    }
}

#[cfg(not(unix))]
fn wait_for_keys() -> std::io::Result<()> {
    crossterm::event::poll(Duration::from_secs(3600)).map(|_| ())
}

#[cfg(unix)]
fn signals(send: Sender<Wake>) -> anyhow::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let wake = match signal {
                SIGTSTP => Wake::Suspend,
                SIGWINCH => {
                    let (columns, rows) = crossterm::terminal::size().unwrap_or((0, 0));
                    Wake::Event(Event::Resize(columns, rows))
                }
                _ => Wake::Stop,
            };
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
