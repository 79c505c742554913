//! A terminal is given back even by a program that was ended without a word: an abort, a stack that overflowed, the system
//! short of memory.
//!
//! Nothing can be done inside such a program any more. So a second one waits beside it, this program again with nothing to do
//! but to read from a pipe. Where the pipe ends before it was told that all is well, it gives the terminal back. It never
//! opens a caseload.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::termios::{ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, Termios};
use rustix::termios::{tcgetattr, tcsetattr};

/// The argument by which the program is started to wait.
pub const ARGUMENT: &str = "--keep-terminal";

/// The word that the terminal was given back.
const WELL: u8 = b'.';

/// The one who waits.
pub struct Keeper(Child);

impl Keeper {
    /// Starts it; `before` is how the terminal was. None where it cannot be started: then only that is missing.
    pub fn start(before: &Termios) -> Option<Keeper> {
        let mut command = Command::new(super::anew::program()?);
        command.arg(ARGUMENT).stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let modes = [
            u64::from(before.input_modes.bits()),
            u64::from(before.output_modes.bits()),
            u64::from(before.control_modes.bits()),
            u64::from(before.local_modes.bits()),
        ];
        let line: Vec<String> = modes.iter().map(ToString::to_string).collect();
        let told = child.stdin.as_mut().map(|pipe| writeln!(pipe, "{}", line.join(" ")));
        matches!(told, Some(Ok(()))).then_some(Keeper(child))
    }

    /// All is well: it ends.
    pub fn dismiss(mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            let _ = pipe.write_all(&[WELL]);
        }
        for _ in 0..100 {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// What the one who waits does.
pub fn wait() {
    // What ends the other by the terminal must not end this one first.
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP] {
        let _ = signal_hook::flag::register(signal, std::sync::Arc::default());
    }
    let mut pipe = BufReader::new(std::io::stdin());
    let mut line = String::new();
    let _ = pipe.read_line(&mut line);
    let modes: Vec<u64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let mut word = Vec::new();
    let _ = pipe.read_to_end(&mut word);
    let [input, output, control, local] = modes[..] else { return };
    if word.contains(&WELL) {
        return;
    }
    super::terminal::show_as_before();
    if let Ok(mut now) = tcgetattr(std::io::stdout()) {
        now.input_modes = InputModes::from_bits_retain(input as _);
        now.output_modes = OutputModes::from_bits_retain(output as _);
        now.control_modes = ControlModes::from_bits_retain(control as _);
        now.local_modes = LocalModes::from_bits_retain(local as _);
        let _ = tcsetattr(std::io::stdout(), OptionalActions::Now, &now);
    }
}
