//! Backups that are made by themselves: what they hold, what they cost, which of them stay.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta};
use tempfile::{TempDir, tempdir};

use super::kept::{Kept, staying};
use super::*;
use crate::model::records::client;
use crate::model::{Change, RowId};
use crate::store::tests::{dump, id};

impl Store {
    /// What restoring a backup of this file gives, in memory and without its passphrase's slow key.
    pub(crate) fn restored(&self, backup: &Path) -> Result<Store> {
        let identities = self.identities()?;
        let chain = chain(backup, &as_dyn(&identities))?;
        let who = Worker::unnamed(chain[0].1.head.worker);
        let db = rusqlite::Connection::open_in_memory()?;
        let (mut store, _) = Store::set_up(db, None, &who, None, self.clock.clone())?;
        store.fill_from(chain)?;
        Ok(store)
    }

    /// Makes a backup in a folder as the program does by itself; gives it, or the last one where nothing changed since.
    pub(crate) fn backed_up(&mut self, folder: &Path) -> Result<PathBuf> {
        match self.draft_backup_in(folder, &|| false)? {
            Some(drafted) => self.keep_backup_in(folder, drafted),
            None => Ok(folder.join(self.kept()?.pop().unwrap().name)),
        }
    }
}

/// A file on a disk, with a clock that is set by hand: minutes since a Tuesday morning.
struct Laptop {
    folder: TempDir,
    store: Store,
    key: RecoveryKey,
    minutes: Arc<AtomicI64>,
}

const DAY: i64 = 24 * 60;

impl Laptop {
    fn new() -> Laptop {
        let folder = tempdir().unwrap();
        let minutes = Arc::new(AtomicI64::new(0));
        let worker = Worker {
            id: RowId::derived(&["rosa"]),
            name: "Rosa Ortiz".into(),
            credentials: String::new(),
            area: String::new(),
        };
        let (store, key) = Store::create(&folder.path().join("a.db"), &pass(), &worker, clock(&minutes)).unwrap();
        Laptop { folder, store, key, minutes }
    }

    fn backups(&self) -> PathBuf {
        self.folder.path().join("backups")
    }

    fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.backups()).unwrap();
        let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn add(&mut self, number: u8) -> RowId {
        let row = id(number);
        let mut change = Change::new("add client");
        change.create(&client::TYPE, row, row).set(row, client::given_name, format!("Client {number}"));
        self.store.commit(&change).unwrap();
        row
    }

    fn rename(&mut self, row: RowId, name: &str) {
        let mut change = Change::new("edit");
        change.set(row, client::given_name, name);
        self.store.commit(&change).unwrap();
    }

    /// So many days later something changes, and the backup of the day is made.
    fn day(&mut self, days: i64, row: RowId) -> PathBuf {
        self.minutes.fetch_add(days * DAY, Ordering::Relaxed);
        self.rename(row, &format!("on {}", self.store.now().timestamp()));
        self.store.backup_of_the_day().unwrap();
        self.last()
    }

    fn last(&self) -> PathBuf {
        self.backups().join(self.store.kept().unwrap().pop().unwrap().name)
    }

    fn restore(&self, backup: &Path) -> Result<Store> {
        let to = self.folder.path().join(format!("{}.db", uuid::Uuid::new_v4()));
        Store::restore(backup, &self.key, &to, &pass(), clock(&self.minutes)).map(|(store, _)| store)
    }
}

fn pass() -> Passphrase {
    Passphrase::new("otter lamp seven canal")
}

fn clock(minutes: &Arc<AtomicI64>) -> Clock {
    let start = DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap();
    let minutes = Arc::clone(minutes);
    Arc::new(move || start + TimeDelta::minutes(minutes.load(Ordering::Relaxed)))
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

#[test]
fn the_backup_of_a_day_is_made_once_and_costs_what_changed() {
    let mut laptop = Laptop::new();
    let ana = laptop.add(1);
    for number in 2..200 {
        laptop.add(number);
    }
    assert!(laptop.store.backup_is_due().unwrap());
    laptop.store.backup_of_the_day().unwrap();
    let whole = laptop.last();
    laptop.rename(ana, "Ana");
    assert!(!laptop.store.backup_is_due().unwrap(), "it was made today");
    // A day on which nothing changes needs none; the next one holds what came since.
    let since = laptop.day(2, ana);
    assert_eq!(laptop.names().len(), 2);
    assert!(length(&since) * 10 < length(&whole), "{} beside {}", length(&since), length(&whole));
    laptop.minutes.fetch_add(DAY, Ordering::Relaxed);
    assert!(!laptop.store.backup_is_due().unwrap(), "nothing changed since");
    laptop.store.note_view(ana, "page").unwrap();
    laptop.store.set_local("draft", Some(b"unfinished words")).unwrap();
    let last = laptop.day(0, ana);
    laptop.store.verify_backup(&last).unwrap();
    let restored = laptop.restore(&last).unwrap();
    assert_eq!(dump(&restored), dump(&laptop.store));
    assert_eq!(restored.local("draft").unwrap().unwrap(), b"unfinished words");
    let days = |store: &Store| {
        let today = store.now().date_naive();
        store.accesses(ana, today - TimeDelta::days(30), today).unwrap()
    };
    assert_eq!(days(&restored), days(&laptop.store));
    assert!(restored.check().unwrap().problems.is_empty());
    // Each of them opens by itself, as the file was then.
    assert_eq!(
        laptop.restore(&whole).unwrap().row_of(&client::TYPE, ana).unwrap().unwrap().text(client::given_name),
        "Client 1"
    );
}

#[test]
fn what_it_goes_on_from_is_found_by_its_content_and_told_where_it_is_not_there() {
    let mut laptop = Laptop::new();
    let ana = laptop.add(1);
    let [first, second, third] = [laptop.day(0, ana), laptop.day(1, ana), laptop.day(1, ana)];
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_string();
    // Under another name it does as well.
    let renamed = first.with_file_name("the oldest one");
    std::fs::rename(&first, &renamed).unwrap();
    assert_eq!(dump(&laptop.restore(&third).unwrap()), dump(&laptop.store));
    std::fs::rename(&renamed, &first).unwrap();
    for gone in [&first, &second] {
        let bytes = std::fs::read(gone).unwrap();
        for other in [None, Some(&bytes[..bytes.len() - 1])] {
            std::fs::remove_file(gone).unwrap();
            if let Some(other) = other {
                std::fs::write(gone, other).unwrap();
            }
            let error = laptop.restore(&third).err().expect("refused").to_string();
            assert!(error.contains(&name(gone)) && error.contains("not beside it"), "{error}");
            assert!(laptop.store.check().unwrap().backup.unwrap().contains(&name(gone)));
            std::fs::write(gone, &bytes).unwrap();
        }
    }
    assert!(laptop.store.check().unwrap().ok);
    // What was damaged is no ground to build on.
    std::fs::write(&second, "no backup").unwrap();
    let next = laptop.day(1, ana);
    for other in [&first, &second, &third] {
        std::fs::remove_file(other).unwrap();
    }
    assert_eq!(dump(&laptop.restore(&next).unwrap()), dump(&laptop.store), "a whole one was made");
}

#[test]
fn what_was_rewritten_or_is_old_is_not_added_to() {
    let mut laptop = Laptop::new();
    let ana = laptop.add(1);
    let is_whole = |laptop: &Laptop| laptop.store.kept().unwrap().pop().unwrap().before.is_none();
    laptop.day(0, ana);
    laptop.day(1, ana);
    assert!(!is_whole(&laptop));
    // As an erasure does, or a chain that goes to another installation.
    laptop.store.db.execute("UPDATE batch SET body = body WHERE n = 1", []).unwrap();
    laptop.day(1, ana);
    assert!(is_whole(&laptop));
    laptop.day(29, ana);
    assert!(!is_whole(&laptop));
    laptop.day(2, ana);
    assert!(is_whole(&laptop));
}

#[test]
fn a_clock_that_once_ran_ahead_ages_no_backup() {
    let mut laptop = Laptop::new();
    let ana = laptop.add(1);
    laptop.day(0, ana);
    let before = laptop.day(1, ana);
    let ahead = laptop.day(9 * 365, ana);
    laptop.minutes.fetch_sub(9 * 365 * DAY, Ordering::Relaxed);
    for _ in 0..40 {
        let made = laptop.day(1, ana);
        assert!(made.exists(), "never the one just made");
        assert_eq!(dump(&laptop.store.restored(&made).unwrap()), dump(&laptop.store));
        assert!(laptop.store.check().unwrap().ok);
    }
    assert!(!before.exists() && !ahead.exists(), "{:?}", laptop.names());
    let days: BTreeSet<_> = laptop.store.kept().unwrap().iter().map(|one| one.made.date_naive()).collect();
    let today = laptop.store.now().date_naive();
    assert!((0..7).all(|back| days.contains(&(today - TimeDelta::days(back)))), "{days:?}");
}

#[test]
fn only_what_the_program_made_itself_and_nobody_changed_is_taken_away() {
    let mut laptop = Laptop::new();
    let ana = laptop.add(1);
    let by_hand = laptop.store.backup(&laptop.backups()).unwrap();
    let again = laptop.store.backup(&laptop.backups()).unwrap();
    assert_ne!(by_hand, again, "never over another one, in the same second either");
    std::fs::write(laptop.backups().join("caseload-20200101-120000.backup"), "of an earlier version").unwrap();
    std::fs::write(laptop.backups().join("notes.txt"), "mine").unwrap();
    let mine = laptop.day(0, ana);
    std::fs::write(&mine, "something of my own").unwrap();
    let first = laptop.day(1, ana);
    for _ in 0..60 {
        laptop.day(1, ana);
    }
    assert!(!first.exists(), "{:?}", laptop.names());
    for stays in [&by_hand, &again, &mine, &laptop.backups().join("notes.txt")] {
        assert!(stays.exists(), "{}", stays.display());
    }
    assert!(laptop.names().contains(&"caseload-20200101-120000.backup".to_string()));
    assert!(laptop.names().len() < 6 + 60, "{:?}", laptop.names());
    laptop.store.verify_backup(&by_hand).unwrap();
    // A name that somebody took is left to them.
    let next = laptop.store.kept().unwrap().pop().unwrap().sequence + 1;
    let day = (laptop.store.now() + TimeDelta::days(1)).format("%Y%m%d").to_string();
    let taken = laptop.backups().join(format!("caseload-daily-{next:06}-{day}.backup"));
    std::fs::write(&taken, "mine too").unwrap();
    let made = laptop.day(1, ana);
    assert_ne!(made, taken);
    assert_eq!(std::fs::read(&taken).unwrap(), b"mine too");
    laptop.store.verify_backup(&made).unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_is_never_written_or_taken_away_through() {
    let mut laptop = Laptop::new();
    let ana = laptop.add(1);
    laptop.day(0, ana);
    let next = laptop.store.kept().unwrap().pop().unwrap().sequence + 1;
    let day = (laptop.store.now() + TimeDelta::days(1)).format("%Y%m%d").to_string();
    let other = laptop.folder.path().join("other");
    std::fs::write(&other, "somebody's own").unwrap();
    let link = laptop.backups().join(format!("caseload-daily-{next:06}-{day}.backup"));
    std::os::unix::fs::symlink(&other, &link).unwrap();
    let made = laptop.day(1, ana);
    assert_ne!(made, link);
    assert_eq!(std::fs::read(&other).unwrap(), b"somebody's own");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_backup_that_is_stopped_or_has_no_room_leaves_nothing_and_takes_nothing_away() {
    let mut laptop = Laptop::new();
    let ana = laptop.add(1);
    laptop.day(0, ana);
    let before = laptop.names();
    laptop.minutes.fetch_add(DAY, Ordering::Relaxed);
    laptop.rename(ana, "Ana");
    for calls in 0..4 {
        let left = std::cell::Cell::new(calls);
        let stop = || left.replace(left.get() - 1) <= 0;
        match laptop.store.draft_backup(&stop) {
            Err(StoreError::Stopped) => {}
            Ok(Some(drafted)) => drop(drafted),
            _ => panic!("it is due"),
        }
        assert_eq!(laptop.names(), before);
    }
    // The folder cannot be written to.
    #[cfg(unix)]
    {
        std::fs::rename(laptop.backups(), laptop.folder.path().join("aside")).unwrap();
        std::fs::write(laptop.backups(), "a file in its place").unwrap();
        assert!(laptop.store.backup_of_the_day().is_err());
        std::fs::remove_file(laptop.backups()).unwrap();
        std::fs::rename(laptop.folder.path().join("aside"), laptop.backups()).unwrap();
    }
    assert_eq!(laptop.names(), before);
    laptop.store.backup_of_the_day().unwrap();
    assert_eq!(laptop.names().len(), before.len() + 1);
}

#[test]
fn two_programs_that_make_the_backup_of_the_day_at_once_make_one() {
    let mut laptop = Laptop::new();
    let ana = laptop.add(1);
    laptop.day(0, ana);
    laptop.minutes.fetch_add(DAY, Ordering::Relaxed);
    laptop.rename(ana, "Ana");
    let mut other = laptop.store.once_more().unwrap()().unwrap();
    let drafted = [laptop.store.draft_backup(&|| false).unwrap(), other.draft_backup(&|| false).unwrap()];
    let [one, two] = drafted.map(Option::unwrap);
    laptop.store.keep_backup(one).unwrap();
    other.keep_backup(two).unwrap();
    assert_eq!(laptop.names().len(), 2, "{:?}", laptop.names());
    assert!(laptop.store.check().unwrap().ok);
}

#[test]
fn a_check_says_when_the_newest_backup_is_old_and_only_where_something_changed_since() {
    let mut laptop = Laptop::new();
    let notices = |laptop: &Laptop| laptop.store.check().unwrap().notices.join(" ");
    assert!(notices(&laptop).contains("no backup"), "{}", notices(&laptop));
    let ana = laptop.add(1);
    laptop.day(0, ana);
    laptop.minutes.fetch_add(30 * DAY, Ordering::Relaxed);
    assert_eq!(notices(&laptop), "", "nothing changed since");
    laptop.rename(ana, "Ana");
    assert!(notices(&laptop).contains("30 days old"), "{}", notices(&laptop));
    assert!(laptop.store.check().unwrap().ok, "the file and its backup are sound");
    // One made by hand is as good.
    laptop.store.backup(&laptop.backups()).unwrap();
    assert_eq!(notices(&laptop), "");
}

/// Backups of these days, each whole or going on from the one before.
fn made(days: impl IntoIterator<Item = (DateTime<FixedOffset>, bool)>) -> Vec<Kept> {
    let one = |((made, whole), sequence): ((DateTime<FixedOffset>, bool), i64)| Kept {
        sequence,
        name: sequence.to_string(),
        hash: [0; 32],
        bytes: 1,
        made,
        before: (!whole).then_some(sequence - 1),
        reach: Reach::default(),
    };
    days.into_iter().zip(1..).map(one).collect()
}

#[test]
fn seven_days_and_four_weeks_are_kept_and_what_they_go_on_from() {
    let start = DateTime::parse_from_rfc3339("2026-09-01T08:00:00-04:00").unwrap();
    // Twice a day, for twelve weeks, all of them whole.
    let all = made((0..168).map(|half| (start + TimeDelta::hours(12 * half), true)));
    let of = |stay: &BTreeSet<i64>| -> Vec<DateTime<FixedOffset>> {
        all.iter().filter(|one| stay.contains(&one.sequence)).map(|one| one.made).collect()
    };
    let stay = staying(&all, |_| true);
    let last = all.last().unwrap();
    assert!(stay.contains(&last.sequence) && stay.len() <= 7 + 3 + 1, "{stay:?}");
    let days: BTreeSet<_> = of(&stay).iter().map(|when| when.date_naive()).collect();
    assert!((0..7).all(|back| days.contains(&(last.made.date_naive() - TimeDelta::days(back)))));
    let weeks: BTreeSet<_> = of(&stay).iter().map(|when| when.date_naive().iso_week()).collect();
    assert_eq!(weeks.len(), 4);
    assert!(staying(&[], |_| true).is_empty());
    // The last good one stays, however old it is.
    let good = 20;
    assert!(staying(&all, |one| one.sequence <= good).contains(&good));
    // A whole one every forty: what stays can be restored.
    let all = made((0..168).map(|half| (start + TimeDelta::hours(12 * half), half % 40 == 0)));
    let stay = staying(&all, |_| true);
    for one in all.iter().filter(|one| stay.contains(&one.sequence)) {
        assert!(one.before.is_none_or(|before| stay.contains(&before)), "{}", one.sequence);
    }
    assert!(!stay.contains(&1) && stay.contains(&121), "{stay:?}");
}
