//! The terminal: entered, left and given back as it was, whatever ends the program.

#[cfg(unix)]
use std::io::Read;
use std::io::{BufWriter, Stdout, Write, stdout};
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::Duration;
#[cfg(unix)]
use std::time::Instant;

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::Terminal;

use super::frugal::Frugal;
#[cfg(unix)]
use super::keeper::Keeper;
use super::typed::Typed;

/// The frame's bytes go out in one write.
pub type Screen = Terminal<Frugal<BufWriter<Stdout>>>;

static ENTERED: AtomicBool = AtomicBool::new(false);

/// Takes the terminal over.
pub fn enter() -> anyhow::Result<Screen> {
    #[cfg(unix)]
    if let (Ok(mut before), Ok(now)) = (BEFORE.lock(), rustix::termios::tcgetattr(std::io::stdin())) {
        *before = Some(now);
    }
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableMouseCapture, cursor::Hide)?;
    Ok(Terminal::new(Frugal::new(BufWriter::with_capacity(1 << 16, stdout())))?)
}

/// Gives the terminal back; does nothing where it was not taken.
pub fn leave() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        show_as_before();
        let _ = disable_raw_mode();
        #[cfg(unix)]
        if let Some(keeper) = KEEPER.try_lock().ok().and_then(|mut keeper| keeper.take()) {
            keeper.dismiss();
        }
    }
}

/// What the terminal shows is the shell's again.
pub fn show_as_before() {
    let _ = execute!(stdout(), DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = stdout().flush();
}

/// How the terminal was before it was taken.
#[cfg(unix)]
static BEFORE: Mutex<Option<rustix::termios::Termios>> = Mutex::new(None);

/// Who gives it back where this program cannot.
#[cfg(unix)]
static KEEPER: Mutex<Option<Keeper>> = Mutex::new(None);

/// Sees to it that the terminal is given back whatever happens. After the first frame: nobody waits for it.
pub fn keep() {
    #[cfg(unix)]
    if let (true, Ok(mut keeper), Ok(before)) = (is_taken(), KEEPER.lock(), BEFORE.lock())
        && keeper.is_none()
        && let Some(before) = before.as_ref()
    {
        *keeper = Keeper::start(before);
    }
}

/// Whether the terminal is ours to draw on.
pub fn is_taken() -> bool {
    ENTERED.load(Ordering::SeqCst)
}

/// Keys that were typed and not taken yet go nowhere.
pub fn forget_keys() {
    #[cfg(unix)]
    let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
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

/// What wakes the program: there is nothing else, so that an idle screen costs nothing.
#[derive(Debug)]
pub enum Wake {
    Event(Event),
    /// Asked to stop: the terminal is gone, or the machine shuts down.
    Stop,
    /// Asked to suspend.
    Suspend,
    /// Goes on after it was stopped, by itself or from outside.
    Continued,
    /// The terminal cannot be read any more.
    Lost,
}

/// Where everything that wakes the program comes in: signals by way of a thread; keys read right here where the terminal
/// can be waited for together with that thread, because handing a key from one thread to another costs as much as drawing.
pub struct Wakes {
    told: Receiver<Wake>,
    #[cfg(unix)]
    bell: UnixStream,
    #[cfg(unix)]
    reads_keys: bool,
    #[cfg(any(target_os = "linux", target_os = "android"))]
    alarm: Option<OwnedFd>,
}

/// Tells the waiting program something from another thread.
struct Teller {
    told: Sender<Wake>,
    #[cfg(unix)]
    bell: UnixStream,
}

impl Teller {
    /// Says whether anyone still listens.
    fn tell(&self, wake: Wake) -> bool {
        let heard = self.told.send(wake).is_ok();
        #[cfg(unix)]
        let heard = heard && (&self.bell).write_all(&[0]).is_ok();
        heard
    }
}

/// Long enough to find keys that were read together with the one before and wait inside the reader. A reader asked for
/// more patience than that would spend the last millisecond of it spinning.
const GLANCE: Duration = Duration::from_micros(2);

/// Listens to keys and signals.
#[cfg(unix)]
pub fn listen() -> anyhow::Result<Wakes> {
    let (send, told) = channel();
    let (bell, rope) = UnixStream::pair()?;
    bell.set_nonblocking(true)?;
    signals(Teller { told: send.clone(), bell: rope.try_clone()? })?;
    let reads_keys = rustix::termios::isatty(std::io::stdin()) && can_be_waited_for();
    if !reads_keys {
        // Then keys come from elsewhere, and only reading them tells.
        thread::spawn(move || listen_to_keys(&Teller { told: send, bell: rope }));
    }
    Ok(Wakes {
        told,
        bell,
        reads_keys,
        #[cfg(any(target_os = "linux", target_os = "android"))]
        alarm: alarm(),
    })
}

/// Listens to keys.
#[cfg(not(unix))]
pub fn listen() -> anyhow::Result<Wakes> {
    let (send, told) = channel();
    thread::spawn(move || listen_to_keys(&Teller { told: send }));
    Ok(Wakes { told })
}

/// Held by whoever may read the keys.
static KEYS: Mutex<()> = Mutex::new(());

/// How long to wait for the next key of a paste, where a paste comes as keys.
const BURST: Duration = Duration::from_millis(5);
/// The terminal is another program's for a while: Ctrl-C there is meant for that one.
static LENT: AtomicBool = AtomicBool::new(false);

/// The terminal, given to another program (an editor) until this is dropped.
pub struct Lent {
    _keys: Option<MutexGuard<'static, ()>>,
    #[cfg(unix)]
    modes: Option<rustix::termios::Termios>,
}

pub fn lend() -> Lent {
    LENT.store(true, Ordering::SeqCst);
    Lent {
        _keys: KEYS.lock().ok(),
        #[cfg(unix)]
        modes: rustix::termios::tcgetattr(std::io::stdin()).ok(),
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // Where it was ended it may have left it otherwise.
        #[cfg(unix)]
        if let Some(modes) = &self.modes {
            let _ = rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, modes);
        }
        LENT.store(false, Ordering::SeqCst);
    }
}

/// Asked to end: what is begun is brought to an end at once.
static ENDING: AtomicBool = AtomicBool::new(false);

pub fn is_ending() -> bool {
    ENDING.load(Ordering::SeqCst)
}

/// So long a program that was asked to end may take to do it by itself.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_millis(800);

/// Sees to it that the program ends, whatever it is doing: by itself, or else by the signal. Either way the terminal is given
/// back.
#[cfg(unix)]
fn end_soon(signal: i32) {
    if ENDING.swap(true, Ordering::SeqCst) {
        return;
    }
    let end = move || {
        thread::sleep(PATIENCE);
        // A terminal that takes nothing any more may keep whoever writes to it for ever.
        let _ = thread::Builder::new().spawn(leave);
        thread::sleep(PATIENCE / 8);
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    };
    let _ = thread::Builder::new().spawn(end);
}

fn listen_to_keys(teller: &Teller) {
    let mut typed = Typed::here();
    let patience = if typed.comes_in_bursts() { BURST } else { GLANCE };
    while crossterm::event::poll(Duration::from_secs(3600)).is_ok() {
        // Whoever holds the keys (an editor) keeps them; what is left afterwards is ours.
        let _turn = KEYS.lock();
        let (mut burst, mut lost) = (Vec::new(), false);
        while let Some(wake) = key_within(patience) {
            match wake {
                Wake::Event(event) => burst.push(event),
                _ => lost = true,
            }
            if lost || burst.len() > MOST_AT_ONCE {
                break;
            }
        }
        let heard = typed.meant(burst).into_iter().all(|event| teller.tell(Wake::Event(event)));
        if !heard || lost {
            break;
        }
    }
    teller.tell(Wake::Lost);
}

/// How often to look where nothing wakes.
#[cfg(unix)]
const BLIND: Duration = Duration::from_millis(20);

/// Keys that are taken together.
const MOST_AT_ONCE: usize = 1 << 20;

/// A key that has been typed already.
fn key_at_hand() -> Option<Wake> {
    key_within(GLANCE)
}

fn key_within(patience: Duration) -> Option<Wake> {
    match crossterm::event::poll(patience) {
        Ok(false) => None,
        Ok(true) => Some(crossterm::event::read().map_or(Wake::Lost, Wake::Event)),
        Err(_) => Some(Wake::Lost),
    }
}

/// What waiting for a terminal says of it.
#[cfg(unix)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tells {
    /// That there is something to read, or nothing.
    Keys,
    Lost,
    /// That it is nothing that can be waited for: so says a Mac of `/dev/tty`. It is there all the same.
    Nothing,
}

#[cfg(unix)]
fn tells(found: rustix::event::PollFlags) -> Tells {
    use rustix::event::PollFlags;
    if found.contains(PollFlags::IN) {
        Tells::Keys
    } else if found.contains(PollFlags::NVAL) {
        Tells::Nothing
    } else if found.intersects(PollFlags::HUP | PollFlags::ERR) {
        Tells::Lost
    } else {
        Tells::Keys
    }
}

/// Whether the system wakes those who wait for a key of this terminal; where it does not, a thread reads them.
#[cfg(unix)]
fn can_be_waited_for() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let input = std::io::stdin();
    let mut watched = [PollFd::new(&input, PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut watched, Some(&at_once)).is_ok() && tells(watched[0].revents()) != Tells::Nothing
}

#[cfg(unix)]
impl Wakes {
    /// What is there already.
    pub fn at_hand(&self) -> Option<Wake> {
        self.told.try_recv().ok().or_else(|| self.reads_keys.then(key_at_hand).flatten())
    }

    /// Sleeps until something comes; `None` where nothing did for so long.
    pub fn wait(&self, patience: Duration) -> Option<Wake> {
        use rustix::event::{PollFd, PollFlags, poll};
        let begun = Instant::now();
        let input = std::io::stdin();
        loop {
            // Twice: a glance that the system interrupts sees nothing, and what it did not see would wait for the next key.
            if let Some(wake) = self.at_hand().or_else(|| self.at_hand()) {
                return Some(wake);
            }
            let left = patience.checked_sub(begun.elapsed())?;
            let alarm = self.alarm(left);
            let left = rustix::event::Timespec::try_from(left).ok();
            let alarm = alarm.unwrap_or_else(|| self.bell.as_fd());
            let keys = if self.reads_keys { input.as_fd() } else { self.bell.as_fd() };
            let mut fds = [self.bell.as_fd(), keys, alarm].map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
            match poll(&mut fds, left.as_ref()) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return Some(Wake::Lost),
                Ok(_) => {}
            }
            let ready = fds.map(|fd| fd.revents());
            if ready[0].contains(PollFlags::IN) {
                // How often it rang does not matter: what was told is told.
                let _ = (&self.bell).read(&mut [0; 64]);
            }
            match tells(ready[1]) {
                Tells::Lost if self.reads_keys => return Some(Wake::Lost),
                Tells::Nothing => thread::sleep(BLIND),
                Tells::Lost | Tells::Keys => {}
            }
            // Time went on while the machine slept, and the other clock did not see it.
            if ready[2].contains(PollFlags::IN) && !ready[0].contains(PollFlags::IN) {
                return self.at_hand();
            }
        }
    }

    /// Rings after so long, sleep included, where the system has such a clock: who wakes a machine must not find what was on
    /// the screen before for as long as there was patience left.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn alarm(&self, after: Duration) -> Option<BorrowedFd<'_>> {
        use rustix::time::{Itimerspec, TimerfdTimerFlags, timerfd_settime};
        let alarm = self.alarm.as_ref()?;
        let never = rustix::time::Timespec::default();
        let at = Itimerspec { it_interval: never, it_value: rustix::time::Timespec::try_from(after).ok()? };
        timerfd_settime(alarm, TimerfdTimerFlags::empty(), &at).ok()?;
        Some(alarm.as_fd())
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn alarm(&self, _after: Duration) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// A clock that goes on while the machine sleeps.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn alarm() -> Option<OwnedFd> {
    use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
    timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK).ok()
}

#[cfg(not(unix))]
impl Wakes {
    /// What is there already.
    pub fn at_hand(&self) -> Option<Wake> {
        self.told.try_recv().ok()
    }

    /// Sleeps until something comes; `None` where nothing did for so long.
    pub fn wait(&self, patience: Duration) -> Option<Wake> {
        use std::sync::mpsc::RecvTimeoutError;
        match self.told.recv_timeout(patience) {
            Ok(wake) => Some(wake),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Wake::Lost),
        }
    }
}

#[cfg(unix)]
fn signals(teller: Teller) -> anyhow::Result<()> {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
    let mut signals =
        signal_hook::iterator::Signals::new([SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let wake = match signal {
                SIGTSTP => Wake::Suspend,
                SIGCONT => Wake::Continued,
                SIGWINCH => {
                    let (columns, rows) = crossterm::terminal::size().unwrap_or((0, 0));
                    Wake::Event(Event::Resize(columns, rows))
                }
                SIGINT | SIGQUIT if LENT.load(Ordering::SeqCst) => continue,
                _ => {
                    end_soon(signal);
                    Wake::Stop
                }
            };
            if !teller.tell(wake) {
                return;
            }
        }
    });
    Ok(())
}

/// Gives the terminal back and stops. When the shell says so it goes on, and [`Wake::Continued`] comes.
#[cfg(unix)]
pub fn suspend() -> anyhow::Result<()> {
    leave();
    Ok(signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?)
}

#[cfg(not(unix))]
pub fn suspend() -> anyhow::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::event::PollFlags;

    use super::*;

    #[test]
    fn a_terminal_that_cannot_be_waited_for_is_not_lost() {
        for (found, said) in [
            (PollFlags::NVAL, Tells::Nothing),
            (PollFlags::IN | PollFlags::HUP, Tells::Keys),
            (PollFlags::HUP, Tells::Lost),
            (PollFlags::ERR, Tells::Lost),
            (PollFlags::empty(), Tells::Keys),
        ] {
            assert_eq!(tells(found), said);
        }
    }
}
