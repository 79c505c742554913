//! The program in a real terminal: keys go in, and the screen as a person would see it comes out.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{Caseload, program};

pub struct Terminal {
    parser: Arc<Mutex<vt100::Parser>>,
    /// Everything that was ever written to the terminal.
    pub raw: Arc<Mutex<Vec<u8>>>,
    keys: Box<dyn Write + Send>,
    /// Ends when all that the program wrote was taken in.
    reading: Option<std::thread::JoinHandle<()>>,
    pub child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts the program on the caseload's day, and without a passphrase file, so that it has to ask.
    pub fn start(caseload: &Caseload, columns: u16, rows: u16, args: &[&str]) -> Terminal {
        let mut command = CommandBuilder::new(program());
        command.args(caseload.on(args));
        Terminal::spawn(caseload, columns, rows, command)
    }

    /// The same in a zone in which it is this hour of the day just now: what is shown may hang on what of the day is over.
    pub fn start_at_hour(hour: i32, caseload: &Caseload, columns: u16, rows: u16, args: &[&str]) -> Terminal {
        use chrono::Timelike;
        let ahead = (hour - chrono::Utc::now().hour() as i32 + 36) % 24 - 12;
        // The names of these zones count the other way round.
        let zone = format!("Etc/GMT{:+}", -ahead);
        let mut command = CommandBuilder::new(program());
        command.args(caseload.on(args));
        Terminal::spawn_in(&zone, caseload, columns, rows, command)
    }

    pub fn spawn(caseload: &Caseload, columns: u16, rows: u16, command: CommandBuilder) -> Terminal {
        Terminal::spawn_in("America/New_York", caseload, columns, rows, command)
    }

    fn spawn_in(zone: &str, caseload: &Caseload, columns: u16, rows: u16, mut command: CommandBuilder) -> Terminal {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        command.env_clear();
        for (name, value) in super::clock() {
            command.env(name, value);
        }
        command.env("TERM", "xterm-256color");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", caseload.folder.path());
        command.env("TZ", zone);
        command.env("CASELOAD_FILE", caseload.file());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = Arc::new(Mutex::new(vt100::Parser::new(some(rows), some(columns), 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let (into, all) = (Arc::clone(&parser), Arc::clone(&raw));
        let reading = std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 {
                    return;
                }
                all.lock().unwrap().extend_from_slice(&buffer[..n]);
                into.lock().unwrap().process(&buffer[..n]);
            }
        });
        Terminal { parser, raw, keys, reading: Some(reading), child, master: pair.master }
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// The screen with its colours.
    pub fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.parser.lock().unwrap().screen())
    }

    /// Whether the program has taken the terminal over.
    pub fn taken(&self) -> bool {
        self.parser.lock().unwrap().screen().alternate_screen()
    }

    pub fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.parser.lock().unwrap().screen_mut().set_size(some(rows), some(columns));
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    #[track_caller]
    pub fn wait(&self, wanted: &str) {
        self.until(wanted, |text| text.contains(wanted));
    }

    #[track_caller]
    pub fn gone(&self, unwanted: &str) {
        self.until(unwanted, |text| !text.contains(unwanted));
    }

    /// Waits for one of several, and says which came.
    #[track_caller]
    pub fn one_of<'a>(&self, wanted: &[&'a str]) -> &'a str {
        self.until(&wanted.join(" or "), |text| wanted.iter().any(|one| text.contains(one)));
        let text = self.text();
        wanted.iter().find(|one| text.contains(**one)).copied().expect("it was there a moment ago")
    }

    #[track_caller]
    fn until(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !holds(&self.text()) {
            assert!(Instant::now() < end, "waited for {what:?} in vain; the screen is\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until something was written to the terminal, also after the screen was given back.
    #[track_caller]
    pub fn wait_raw(&self, wanted: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let raw = String::from_utf8_lossy(&self.raw.lock().unwrap()).into_owned();
            if raw.contains(wanted) {
                return;
            }
            assert!(Instant::now() < end, "waited for {wanted:?} in vain");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for the program to end, and gives whether all was well.
    #[track_caller]
    pub fn ends(&mut self) -> bool {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                while self.reading.as_ref().is_some_and(|reading| !reading.is_finished()) && Instant::now() < end {
                    std::thread::sleep(Duration::from_millis(2));
                }
                return status.success();
            }
            assert!(Instant::now() < end, "it does not end; the screen is\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn some(size: u16) -> std::num::NonZero<u16> {
    size.try_into().unwrap()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

pub const ENTER: &str = "\r";
pub const ESC: &str = "\x1b";
pub const TAB: &str = "\t";
pub const DOWN: &str = "\x1b[B";
pub const CTRL_S: &str = "\x13";
