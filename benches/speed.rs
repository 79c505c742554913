//! How fast, beside the floor of the same run: bare SQLite with the same encryption and durability, and a bare table
//! on a bare screen. `cargo bench` prints the table that the README shows; `cargo bench -- S M` leaves L out.
//!
//! Caseloads are made once and kept in the target folder.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use caseload::model::records::{client, note};
use caseload::model::{Change, Value};
use caseload::store::{Passphrase, Store, local_moment, wall_clock};
use caseload::triage::{Caseload, Rules};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rusqlite::Connection;

const PASSPHRASE: &str = "bench";

/// Name, clients, notes.
const SIZES: [(&str, u32, u32); 3] = [("S", 60, 600), ("M", 1_000, 100_000), ("L", 10_000, 1_000_000)];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = args.iter().position(|arg| arg == "--bare-table") {
        return bare_table(args[at + 1].parse().expect("a number of rows"));
    }
    let wanted: Vec<_> = SIZES
        .iter()
        .filter(|(name, ..)| !args.iter().any(|a| a.len() == 1) || args.iter().any(|a| a == name))
        .collect();
    println!("| what | size | measured | floor in the same run | |\n| --- | --- | --- | --- | --- |");
    for (name, clients, notes) in wanted {
        let file = made(name, *clients, *notes);
        screen(name, *clients, &file);
        ranking(name, &file);
        search(name, &file);
        saving(name, &file);
    }
    importing();
}

fn row(what: &str, size: &str, measured: String, floor: String, ratio: String) {
    println!("| {what} | {size} | {measured} | {floor} | {ratio} |");
}

fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    if ms < 10.0 { format!("{ms:.2} ms") } else { format!("{ms:.0} ms") }
}

fn ratio(ours: Duration, floor: Duration) -> String {
    format!("{:.2}x", ours.as_secs_f64() / floor.as_secs_f64())
}

/// The time that is not undercut by so many of a hundred.
fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("pass"), PASSPHRASE).unwrap();
    folder
}

/// A made-up caseload of a size, made on its first use.
fn made(name: &str, clients: u32, notes: u32) -> PathBuf {
    let today = chrono::Local::now().date_naive();
    let path = folder().join(format!("{name}-{today}.db"));
    if !path.exists() {
        let half = folder().join(format!("{name}-half.db"));
        let _ = std::fs::remove_file(&half);
        let worker = caseload::demo::worker();
        let (mut store, _) = Store::create(&half, &Passphrase::new(PASSPHRASE), &worker, wall_clock()).unwrap();
        let spec = caseload::demo::Spec { clients, notes, seed: 1, moment: local_moment(None) };
        caseload::demo::fill(&mut store, &spec, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap();
        drop(store);
        std::fs::rename(&half, &path).unwrap();
    }
    path
}

fn open(path: &Path) -> Store {
    Store::open(path, &Passphrase::new(PASSPHRASE), wall_clock()).unwrap()
}

/// A program in a terminal, and the moments at which its frames were finished.
struct Pty {
    keys: Box<dyn Write + Send>,
    frames: Receiver<(Instant, usize)>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    started: Instant,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

/// What both programs write after a frame.
const FRAME_ENDS: &[u8] = b"\x1b[?2026l";

impl Pty {
    fn start(command: CommandBuilder) -> Pty {
        let pair =
            native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let (send, frames) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0u8; 1 << 16];
            let (mut held, mut bytes) = (Vec::new(), 0);
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 {
                    return;
                }
                bytes += n;
                held.extend_from_slice(&buffer[..n]);
                while let Some(at) = held.windows(FRAME_ENDS.len()).position(|part| part == FRAME_ENDS) {
                    held.drain(..at + FRAME_ENDS.len());
                    if send.send((Instant::now(), bytes)).is_err() {
                        return;
                    }
                    bytes = 0;
                }
                let keep = held.len().min(FRAME_ENDS.len());
                held.drain(..held.len() - keep);
            }
        });
        Pty { keys, frames, child, started, _master: pair.master }
    }

    fn first_frame(&self) -> Duration {
        self.frames.recv_timeout(Duration::from_secs(60)).expect("a first frame").0 - self.started
    }

    /// A key, until its frame is finished: how long, and how many bytes. A key without a frame stops the run.
    fn key(&mut self, key: &str) -> (Duration, usize) {
        let pressed = Instant::now();
        self.keys.write_all(key.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        let (done, bytes) = self.frames.recv_timeout(Duration::from_secs(10)).expect("every key is answered");
        (done - pressed, bytes)
    }

    /// Megabytes resident, those of them that are data and not the program's own code, and voluntary context switches so
    /// far, of all threads.
    fn state(&self) -> Option<(f64, f64, u64)> {
        let id = self.child.process_id()?;
        let of = |text: &str, name: &str| -> Option<u64> {
            text.lines().find(|line| line.starts_with(name))?.split_whitespace().nth(1)?.parse().ok()
        };
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let mb = |name| Some(of(&status, name)? as f64 / 1024.0);
        let mut switches = 0;
        for task in std::fs::read_dir(format!("/proc/{id}/task")).ok()?.flatten() {
            let text = std::fs::read_to_string(task.path().join("status")).ok()?;
            switches += of(&text, "voluntary_ctxt_switches:")?;
        }
        Some((mb("VmRSS:")?, mb("RssAnon:")?, switches))
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(file: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_caseload"));
    command.args(["--file", file.to_str().unwrap(), "--passphrase-file", folder().join("pass").to_str().unwrap()]);
    command.env("TERM", "xterm-256color");
    command
}

fn screen(size: &str, clients: u32, file: &Path) {
    let unlocking = (0..5).map(|_| {
        let begun = Instant::now();
        drop(open(file));
        begun.elapsed()
    });
    let unlock = unlocking.min().unwrap();
    let first = (0..5).map(|_| Pty::start(program(file)).first_frame()).min().unwrap();
    let bare = || {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--bare-table", &clients.to_string()]);
        command.env("TERM", "xterm-256color");
        command
    };
    let floor = (0..5).map(|_| Pty::start(bare()).first_frame()).min().unwrap();
    let after = first.saturating_sub(unlock);
    row(
        "start to first full frame, unlocking taken off",
        size,
        ms(after),
        ms(floor),
        format!("unlocking {}", ms(unlock)),
    );

    let mut ours = Pty::start(program(file));
    ours.first_frame();
    let mut theirs = Pty::start(bare());
    theirs.first_frame();
    let (mut times, mut floors, mut most) = (Vec::new(), Vec::new(), 0);
    for at in 0..400 {
        // Down through the list and up again; now and then the whole list.
        let key = if at % 50 == 49 {
            "\x1b[F"
        } else if at % 50 < 25 {
            "\x1b[B"
        } else {
            "\x1b[A"
        };
        let (time, bytes) = ours.key(key);
        times.push(time);
        most = most.max(bytes);
        floors.push(theirs.key(key).0);
    }
    let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    let (floor50, floor99) = (percentile(&mut floors, 50), percentile(&mut floors, 99));
    row("a key to its frame, p50", size, ms(p50), ms(floor50), ratio(p50, floor50));
    row("a key to its frame, p99", size, ms(p99), ms(floor99), format!("at most {most} bytes"));

    ours.key("/");
    let mut letters = Vec::new();
    for _ in 0..10 {
        letters.extend(["m", "a", "r", "i"].map(|key| ours.key(key).0));
        for _ in 0..4 {
            letters.push(ours.key("\x7f").0);
        }
    }
    row(
        "a letter typed into the filter to its frame, p99",
        size,
        ms(percentile(&mut letters, 99)),
        String::new(),
        format!("p50 {}", ms(percentile(&mut letters, 50))),
    );
    drop(ours);

    let quiet = Pty::start(program(file));
    quiet.first_frame();
    std::thread::sleep(Duration::from_millis(300));
    if let (Some((.., before)), Some((resident, data, after))) = (quiet.state(), {
        std::thread::sleep(Duration::from_secs(5));
        quiet.state()
    }) {
        row(
            "idle for five seconds",
            size,
            format!("{} wake-ups", after - before),
            String::new(),
            format!("{resident:.0} MB resident, {data:.0} MB of it data"),
        );
    }
}

fn ranking(size: &str, file: &Path) {
    let store = open(file);
    let rules = Rules::standard();
    let moment = local_moment(None);
    let begun = Instant::now();
    let facts = store.all_facts().unwrap();
    let loaded = begun.elapsed();
    let mut caseload = Caseload::new(facts.clone(), &rules, moment);
    let mut times: Vec<Duration> = (0..20)
        .map(|_| {
            let begun = Instant::now();
            caseload.rank(&rules, moment);
            begun.elapsed()
        })
        .collect();
    row(
        "the whole caseload ranked again",
        size,
        ms(percentile(&mut times, 50)),
        String::new(),
        format!("facts loaded in {}", ms(loaded)),
    );
    let mut times: Vec<Duration> = facts
        .iter()
        .take(200)
        .map(|one| {
            let one = one.clone();
            let begun = Instant::now();
            caseload.update(one, &rules, moment);
            begun.elapsed()
        })
        .collect();
    row("ranked after one change, p99", size, ms(percentile(&mut times, 99)), String::new(), String::new());
}

fn search(size: &str, file: &Path) {
    let store = open(file);
    for (kind, text) in [
        ("a word in one note of a few", "blood pressure cuff"),
        ("a word in most notes", "the"),
        ("a common beginning", "c"),
    ] {
        let mut times: Vec<Duration> = (0..20)
            .map(|_| {
                let begun = Instant::now();
                let hits = store.search(text, 50).unwrap();
                assert!(!hits.is_empty(), "{text}");
                begun.elapsed()
            })
            .collect();
        row(
            &format!("search, first page: {kind}"),
            size,
            ms(percentile(&mut times, 50)),
            String::new(),
            format!("at most {}", ms(percentile(&mut times, 100))),
        );
    }
}

/// A plain encrypted SQLite file with the same durability.
fn bare_file(name: &str) -> Connection {
    let path = folder().join(name);
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
    let db = Connection::open(path).unwrap();
    db.pragma_update(None, "key", PASSPHRASE).unwrap();
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    db.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;
         CREATE TABLE journal (n INTEGER PRIMARY KEY, stream BLOB, site BLOB, hlc INTEGER, body BLOB, hash BLOB);
         CREATE INDEX by_stream ON journal (stream, site);
         CREATE TABLE note (id BLOB PRIMARY KEY, client BLOB, happened TEXT, kind TEXT, minutes INTEGER, body TEXT) WITHOUT ROWID;
         CREATE INDEX by_client ON note (client, happened);",
    )
    .unwrap();
    db
}

const BODY: &str =
    "Reached by phone on the second try. Went through the list of documents still missing. Will send the form today.";

fn saving(size: &str, file: &Path) {
    let copy = folder().join("saving.db");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", copy.display()));
    }
    std::fs::copy(file, &copy).unwrap();
    let mut store = open(&copy);
    let someone = store.all_facts().unwrap()[7].id;
    let bare = bare_file("bare.db");
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for n in 0..300u32 {
        let row = store.new_id();
        let mut change = Change::new("log contact");
        change
            .create(&note::TYPE, row, someone)
            .set(row, note::when, Value::Time(store.now()))
            .set(row, note::kind, "phone")
            .set(row, note::minutes, 15i64)
            .set(row, note::body, format!("{BODY} {n}"));
        let begun = Instant::now();
        store.commit(&change).unwrap();
        ours.push(begun.elapsed());

        let begun = Instant::now();
        let id = n.to_le_bytes();
        bare.execute_batch("BEGIN IMMEDIATE").unwrap();
        bare.prepare_cached("INSERT INTO journal (stream, site, hlc, body, hash) VALUES (?1, ?2, ?3, ?4, ?5)")
            .unwrap()
            .execute((someone.as_bytes(), [1u8; 16], n, BODY, [2u8; 32]))
            .unwrap();
        bare.prepare_cached("INSERT INTO note VALUES (?1, ?2, '2026-11-24T10:00:00-05:00', 'phone', 15, ?3)")
            .unwrap()
            .execute((id, someone.as_bytes(), BODY))
            .unwrap();
        bare.execute_batch("COMMIT").unwrap();
        floor.push(begun.elapsed());
    }
    let (p50, floor50) = (percentile(&mut ours, 50), percentile(&mut floor, 50));
    row("one contact saved, durable, p50", size, ms(p50), ms(floor50), ratio(p50, floor50));
    // The same row's history, out of all there is.
    let begun = Instant::now();
    assert!(!store.history(someone).unwrap().is_empty());
    row("the history of one client's own row", size, ms(begun.elapsed()), String::new(), String::new());
}

fn importing() {
    const CLIENTS: u32 = 4_000;
    let path = folder().join("import.db");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
    let (mut store, _) =
        Store::create(&path, &Passphrase::new(PASSPHRASE), &caseload::demo::worker(), wall_clock()).unwrap();
    let drafts: Vec<caseload::store::Draft> = (0..CLIENTS)
        .map(|n| {
            let row = caseload::model::RowId::derived(&["bench", &n.to_string()]);
            let values = vec![
                (client::given_name, Value::text(format!("Given{n}"))),
                (client::family_name, Value::text(format!("Family{n}"))),
                (client::phone, Value::text("555-0100")),
                (client::address, Value::text("12 Alder St")),
                (client::status, Value::text("active")),
            ];
            caseload::store::Draft { record: &client::TYPE, row, stream: row, values, members: vec![] }
        })
        .collect();
    let begun = Instant::now();
    store.import("sheet", &drafts, false, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap();
    let ours = begun.elapsed();
    let bare = bare_file("bare-import.db");
    let begun = Instant::now();
    bare.execute_batch("BEGIN IMMEDIATE").unwrap();
    for n in 0..CLIENTS {
        let id = n.to_le_bytes();
        for field in 0..6u8 {
            bare.prepare_cached("INSERT INTO journal (stream, site, hlc, body, hash) VALUES (?1, ?2, ?3, ?4, ?5)")
                .unwrap()
                .execute((id, [field; 16], n, "Given Family 555-0100", [2u8; 32]))
                .unwrap();
        }
        bare.prepare_cached("INSERT INTO note VALUES (?1, ?2, '', 'client', 0, ?3)")
            .unwrap()
            .execute((id, id, BODY))
            .unwrap();
    }
    bare.execute_batch("COMMIT").unwrap();
    let floor = begun.elapsed();
    let rate = |time: Duration| format!("{:.0} clients/s", f64::from(CLIENTS) / time.as_secs_f64());
    row("import of new clients with five fields", "4,000", rate(ours), rate(floor), ratio(ours, floor));
}

/// The floor: a table of names on a bare screen, redrawn for every key.
fn bare_table(rows: usize) {
    use crossterm::event::{Event, KeyCode, read};
    use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, enable_raw_mode};
    use crossterm::{execute, queue};
    use ratatui::layout::Constraint;
    use ratatui::style::{Modifier, Style};
    use ratatui::widgets::{Block, Row, Table, TableState};
    enable_raw_mode().unwrap();
    execute!(std::io::stdout(), EnterAlternateScreen).unwrap();
    let out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout());
    let mut screen = ratatui::Terminal::new(ratatui::backend::CrosstermBackend::new(out)).unwrap();
    let names: Vec<[String; 3]> =
        (0..rows).map(|n| [format!("Client number {n}"), format!("reason {n}"), "today".into()]).collect();
    let mut state = TableState::default().with_selected(0);
    loop {
        queue!(screen.backend_mut(), BeginSynchronizedUpdate).unwrap();
        screen
            .draw(|frame| {
                let widths = [Constraint::Length(30), Constraint::Min(20), Constraint::Length(10)];
                // Only what is seen is made into rows, as anyone would who cares.
                let height = usize::from(frame.area().height) - 2;
                let at = state.selected().unwrap_or(0);
                let top = at.saturating_sub(height / 2).min(rows.saturating_sub(height));
                let shown = names.iter().skip(top).take(height).map(|cells| Row::new(cells.iter().map(String::as_str)));
                let table = Table::new(shown, widths)
                    .block(Block::bordered())
                    .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
                let mut here = TableState::default().with_selected(at - top);
                frame.render_stateful_widget(table, frame.area(), &mut here);
            })
            .unwrap();
        queue!(screen.backend_mut(), EndSynchronizedUpdate).unwrap();
        screen.backend_mut().flush().unwrap();
        let at = state.selected().unwrap_or(0);
        let Event::Key(key) = read().unwrap() else { continue };
        match key.code {
            KeyCode::Down => state.select(Some((at + 1).min(rows - 1))),
            KeyCode::Up => state.select(Some(at.saturating_sub(1))),
            KeyCode::End => state.select(Some(rows - 1)),
            KeyCode::Char('q') => return,
            _ => {}
        }
    }
}
