//! How fast work is handed over, and how small: bundles beside the same entries packed and compressed, merging beside bare
//! upserts of the same rows, both in the same run; and teams of ten to two hundred through one folder.
//!
//! `cargo bench --bench handover`; `-- 25` for teams of 10 to 25 only, `-- team` for the teams alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use caseload::demo;
use caseload::model::records::note;
use caseload::model::{Change, RowId, Value};
use caseload::store::{Passphrase, Store, StoreError, Trust, Worker, local_moment, wall_clock};
use caseload::sync::place::Place;
use caseload::sync::{self, Card, Scope, Whom};
use rusqlite::Connection;

const PASSPHRASE: &str = "bench";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let largest = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(200);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    write_passphrase(&folder.path().join("pass"));
    if !args.iter().any(|arg| arg == "team") {
        println!("| what | size | measured | floor in the same run | |\n| --- | --- | --- | --- | --- |");
        for (size, clients, notes) in [("S", 60, 2_400), ("M", 1_000, 100_000)] {
            bundle(folder.path(), size, clients, notes);
        }
    }
    println!("\n| a team through one folder | bundles read | time | CPU | CPU for each entry | peak memory |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for many in [10, 25, 100, 200].into_iter().filter(|many| *many <= largest) {
        through_a_folder(folder.path(), many);
        std::fs::remove_dir_all(folder.path().join(format!("team-{many}"))).unwrap();
    }
}

/// For the program alone to read.
fn write_passphrase(path: &Path) {
    std::fs::write(path, PASSPHRASE).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn row(what: &str, size: &str, measured: String, floor: String, ratio: f64) {
    println!("| {what} | {size} | {measured} | {floor} | {ratio:.2}x |");
}

fn new_store(path: &Path, name: &str, seed: u64, clients: u32, notes: u32) -> Store {
    let worker = Worker { name: name.into(), ..demo::worker() };
    let (mut store, _) = Store::create(path, &Passphrase::new(PASSPHRASE), &worker, wall_clock()).unwrap();
    if clients > 0 {
        let spec = demo::Spec { clients, notes, seed, moment: local_moment(None) };
        demo::fill(&mut store, &spec, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap();
    }
    store
}

fn accept(one: &mut Store, other: &Store, trust: Trust) {
    one.accept_site_as(&Card::of(other).unwrap().site, trust).unwrap();
}

/// What a run of the program took.
struct Cost {
    time: Duration,
    /// Of all its threads, in the program and for it.
    cpu: Duration,
    peak_mb: f64,
}

/// The processor time of a child that still runs: its fields 14 and 15, in hundredths of a second.
fn cpu_of(child: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

/// Runs the program itself, and gives what it took.
fn run(file: &Path, args: &[&str]) -> Cost {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_caseload"))
        .args(args)
        .env("CASELOAD_FILE", file)
        .env("CASELOAD_PASSPHRASE_FILE", file.with_file_name("pass"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (mut peak, mut cpu) = (0.0f64, Duration::ZERO);
    let ended = loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let high = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = high.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
        peak = peak.max(kb.unwrap_or(0.0) / 1024.0);
        cpu = cpu_of(child.id()).unwrap_or(cpu);
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(ended.success());
    Cost { time: begun.elapsed(), cpu, peak_mb: peak }
}

fn bundle(folder: &Path, size: &str, clients: u32, notes: u32) {
    let at = |name: &str| folder.join(format!("{size}-{name}"));
    let mut from = new_store(&at("from.db"), "Rosa", 1, clients, notes);
    let mut to = new_store(&at("to.db"), "Tom", 2, 0, 0);
    accept(&mut from, &to, Trust::Accepted);
    accept(&mut to, &from, Trust::Accepted);

    let begun = Instant::now();
    let given =
        sync::give(&from, &Scope::Whole, &Whom::Sites(from.partners().unwrap()), true, &at("all.bundle")).unwrap();
    let out = begun.elapsed();
    // The floor: the same entries, as tight as they are kept, compressed and nothing else.
    let begun = Instant::now();
    let mut packed = zstd::Encoder::new(Vec::new(), 3).unwrap();
    let mut raw = 0usize;
    for (stream, site, _) in from.chains(None).unwrap() {
        from.each_of_chain::<StoreError>(stream, site, 0, &mut |batch| {
            raw += batch.body.len();
            std::io::Write::write_all(&mut packed, &batch.body)?;
            Ok(())
        })
        .unwrap();
    }
    let floor = packed.finish().unwrap().len() as f64;
    let compressing = begun.elapsed();
    let kb = |bytes: f64| format!("{:.0} KB", bytes / 1024.0);
    row("a bundle's size", size, kb(given.bytes as f64), kb(floor), given.bytes as f64 / floor);
    let entries = given.counts.entries as f64;
    let rate = |time: Duration| format!("{:.0} entries/s", entries / time.as_secs_f64());
    row("writing a bundle", size, rate(out), rate(compressing), out.as_secs_f64() / compressing.as_secs_f64());

    let begun = Instant::now();
    sync::take(&mut to, &at("all.bundle"), None, true, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    let merging = begun.elapsed();
    for (what, all) in
        [("merging a bundle: the clients' rows", false), ("merging a bundle: every row that it writes", true)]
    {
        let (rows, upserts) = bare_upserts(&at("to.db"), &at(&format!("bare-{all}.db")), all);
        let rate = |time: Duration| format!("{:.0} rows/s", rows as f64 / time.as_secs_f64());
        row(what, size, rate(merging), rate(upserts), merging.as_secs_f64() / upserts.as_secs_f64());
    }
    drop((from, to));
    let mut other = new_store(&at("other.db"), "Uma", 3, 0, 0);
    let rosa = open(&at("from.db"));
    accept(&mut other, &rosa, Trust::Accepted);
    let mut rosa = rosa;
    accept(&mut rosa, &other, Trust::Accepted);
    let path = at("again.bundle");
    sync::give(&rosa, &Scope::Whole, &Whom::Sites(rosa.partners().unwrap()), true, &path).unwrap();
    drop((rosa, other));
    let cost = run(&at("other.db"), &["import", path.to_str().unwrap()]);
    println!(
        "| `import` of it, the whole command | {size} | {:.2} s, peak memory {:.0} MB | | |",
        cost.time.as_secs_f64(),
        cost.peak_mb
    );
}

fn open(path: &Path) -> Store {
    Store::open(path, &Passphrase::new(PASSPHRASE), wall_clock()).unwrap()
}

/// The same rows, upserted in one transaction into bare tables of an encrypted file: those of the clients only, or with
/// `all` every row that the merge writes, the journal's and the index's too. In the order in which they arrive.
fn bare_upserts(from: &Path, to: &Path, all: bool) -> (u64, Duration) {
    let keyed = |path: &Path| {
        let db = Connection::open(path).unwrap();
        db.pragma_update(None, "key", PASSPHRASE).unwrap();
        db
    };
    let source = keyed(from);
    let mut target = keyed(to);
    target.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -128000;").unwrap();
    let kept = if all { "1" } else { "tbl_name LIKE 'row\\_%' ESCAPE '\\'" };
    let sql = format!(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND type IN ('table', 'index') AND sql NOT LIKE '%fts5%' AND name NOT LIKE 'doc\\_%' ESCAPE '\\'
         AND tbl_name NOT IN ('meta', 'local', 'own_site', 'site', 'place', 'place_bundle', 'place_range', 'place_reader', 'place_told', 'published', 'rewritten', 'backup', 'aside', 'line', 'access', 'generation') AND {kept}
         ORDER BY type = 'index', name"
    );
    let mut schema = source.prepare(&sql).unwrap();
    let mut made: Vec<(String, String, String)> = Vec::new();
    for one in schema.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap() {
        made.push(one.unwrap());
    }
    let mut rows = Vec::new();
    for (kind, table, sql) in &made {
        target.execute_batch(sql).unwrap();
        if kind != "table" {
            continue;
        }
        let order = match table.as_str() {
            "batch" => "n",
            "touched" => "batch",
            name if name.starts_with("row_") => "stream, id",
            _ => "1",
        };
        let mut query = source.prepare(&format!("SELECT * FROM {table} ORDER BY {order}")).unwrap();
        let columns: Vec<String> = query.column_names().iter().map(|name| format!("\"{name}\"")).collect();
        let marks = vec!["?"; columns.len()].join(", ");
        let updates: Vec<String> = columns[1..].iter().map(|name| format!("{name} = excluded.{name}")).collect();
        let upsert = format!(
            "INSERT INTO {table} ({}) VALUES ({marks}) ON CONFLICT DO UPDATE SET {}",
            columns.join(", "),
            updates.join(", ")
        );
        let many = columns.len();
        let mut found = query.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values: Vec<rusqlite::types::Value> = (0..many).map(|at| row.get(at).unwrap()).collect();
            rows.push((upsert.clone(), values));
        }
    }
    if all {
        // The words of the notes go into the same full-text index.
        target
            .execute_batch(
                "CREATE VIRTUAL TABLE doc_text USING fts5 (text, content = '', contentless_delete = 1,
                   tokenize = 'unicode61 remove_diacritics 2')",
            )
            .unwrap();
        let mut query = source.prepare("SELECT n, body FROM doc JOIN row_note ON row = id ORDER BY n").unwrap();
        let mut found = query.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values = vec![row.get(0).unwrap(), row.get(1).unwrap()];
            rows.push(("INSERT INTO doc_text (rowid, text) VALUES (?, ?)".into(), values));
        }
    }
    let begun = Instant::now();
    let transaction = target.transaction().unwrap();
    for (sql, values) in &rows {
        transaction.prepare_cached(sql).unwrap().execute(rusqlite::params_from_iter(values)).unwrap();
    }
    transaction.commit().unwrap();
    (rows.len() as u64, begun.elapsed())
}

/// So many workers, sixty clients and a year of work each, and the supervisor who reads them all.
fn through_a_folder(folder: &Path, many: usize) {
    let folder = folder.join(format!("team-{many}"));
    let place_path = folder.join("place");
    std::fs::create_dir_all(&place_path).unwrap();
    write_passphrase(&folder.join("pass"));
    let place = Place::open(place_path.to_str().unwrap()).unwrap();
    let boss_path = folder.join("boss.db");
    let mut boss = new_store(&boss_path, "Sue", 0, 0, 0);
    let go = &mut |_: u64| std::ops::ControlFlow::Continue(());
    let worker_path = |n: usize| -> PathBuf { folder.join(format!("{n}.db")) };
    for n in 0..many {
        let mut worker = new_store(&worker_path(n), &format!("Worker {n}"), n as u64 + 10, 60, 60 * 40);
        accept(&mut worker, &boss, Trust::GiveTo);
        accept(&mut boss, &worker, Trust::TakeFrom);
        sync::sync(&mut worker, &place, go).unwrap();
    }
    drop(boss);
    let entries = |path: &Path| -> u64 { open(path).chains(None).unwrap().iter().map(|(_, _, next)| next).sum() };
    let sync_boss = |what: &str, bundles: usize| {
        let before = entries(&boss_path);
        let cost = run(&boss_path, &["sync", place_path.to_str().unwrap()]);
        let each = match entries(&boss_path) - before {
            0 => String::new(),
            new => format!("{:.1} us of {new}", cost.cpu.as_secs_f64() * 1e6 / new as f64),
        };
        let (time, cpu) = (cost.time.as_secs_f64(), cost.cpu.as_secs_f64());
        println!("| {many} workers: {what} | {bundles} | {time:.2} s | {cpu:.2} s | {each} | {:.0} MB |", cost.peak_mb);
    };
    sync_boss("the supervisor's first sync", many);
    sync_boss("again, nothing new", 0);
    for busy in [many / 4, many] {
        for n in 0..busy {
            let mut worker = open(&worker_path(n));
            let client: RowId = worker.all_facts().unwrap()[n % 60].id;
            for visit in 0..8 {
                let mut change = Change::new("log contact");
                let row = worker.new_id();
                change
                    .create(&note::TYPE, row, client)
                    .set(row, note::when, Value::Time(worker.now()))
                    .set(row, note::kind, "phone")
                    .set(row, note::body, format!("visit {visit}"));
                worker.commit(&change).unwrap();
            }
            sync::sync(&mut worker, &place, go).unwrap();
        }
        sync_boss(&format!("a day on which {busy} of them worked"), busy);
    }
}
