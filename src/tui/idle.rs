//! How long nothing was typed, by a clock that goes on while the machine sleeps and while the program is stopped.
//!
//! The promise: whatever hides time from a program (a lid that is closed, Ctrl-z, a clock that is set) counts as idle and
//! never as work. Asked before every frame and every key.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What the clocks say at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    /// Since the machine was started, sleep included where the system tells it.
    pub up: Duration,
    /// By the clock on the wall, which also tells of sleep where the other does not.
    pub wall: SystemTime,
}

/// Where the ticks come from: the machine, or a test.
pub type Ticks = Arc<dyn Fn() -> Tick>;

/// How long nothing was typed.
pub struct Idle {
    ticks: Ticks,
    last: Tick,
}

impl Idle {
    /// By the machine's own clocks.
    pub fn new() -> Idle {
        Idle::by(Arc::new(tick))
    }

    pub fn by(ticks: Ticks) -> Idle {
        let last = ticks();
        Idle { ticks, last }
    }

    /// Something was typed.
    pub fn touch(&mut self) {
        self.last = (self.ticks)();
    }

    /// For how long nothing was. A clock that was set, forward or back, hides how long it was: the whole way counts.
    pub fn long(&self) -> Duration {
        let now = (self.ticks)();
        let wall = now.wall.duration_since(self.last.wall).unwrap_or_else(|back| back.duration());
        now.up.saturating_sub(self.last.up).max(wall)
    }
}

fn tick() -> Tick {
    let ahead = ahead();
    Tick { up: up() + ahead, wall: SystemTime::now() + ahead }
}

#[cfg(unix)]
fn up() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    // Elsewhere than on Linux this one goes on in sleep, or the clock on the wall tells.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = ClockId::Monotonic;
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

#[cfg(not(unix))]
fn up() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;
    static STARTED: OnceLock<Instant> = OnceLock::new();
    STARTED.get_or_init(Instant::now).elapsed()
}

/// For tests at a real terminal, which cannot send the machine to sleep: a file with the seconds by which both clocks are
/// ahead. Never in a program that is built to be used.
#[cfg(debug_assertions)]
fn ahead() -> Duration {
    let told = std::env::var_os("CASELOAD_TEST_SLEPT").and_then(|path| std::fs::read_to_string(path).ok());
    Duration::from_secs(told.and_then(|told| told.trim().parse().ok()).unwrap_or(0))
}

#[cfg(not(debug_assertions))]
fn ahead() -> Duration {
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn sleep_a_stopped_program_and_a_clock_that_is_set_count_as_idle() {
        let now = Arc::new(Mutex::new(Tick { up: Duration::from_secs(100), wall: SystemTime::now() }));
        let told = Arc::clone(&now);
        let mut idle = Idle::by(Arc::new(move || *told.lock().unwrap()));
        assert_eq!(idle.long(), Duration::ZERO);
        let hour = Duration::from_secs(3600);
        // Asleep, where the system's clock tells it; where only the one on the wall does; set back by hand.
        now.lock().unwrap().up += hour;
        assert_eq!(idle.long(), hour);
        idle.touch();
        now.lock().unwrap().wall += hour;
        assert_eq!(idle.long(), hour);
        idle.touch();
        now.lock().unwrap().wall -= 2 * hour;
        assert_eq!(idle.long(), 2 * hour);
        idle.touch();
        assert_eq!(idle.long(), Duration::ZERO);
    }
}
