//! Whole pages of a file damaged together: every batch that stands on others comes back, and the rest is named.

use std::fmt::Write as _;

use super::*;
use crate::model::records::worker;
use crate::store::file::PAGE;

/// The pages on which the journal stands: "internal", "leaf" or "overflow".
pub(super) fn of_batches(store: &Store, kind: &str) -> Vec<u64> {
    let sql = "SELECT pageno FROM dbstat WHERE name = 'batch' AND pagetype = ?1 ORDER BY path";
    let pages = numbers(store, sql, kind);
    assert!(!pages.is_empty(), "{kind}");
    pages
}

fn numbers(store: &Store, sql: &str, of: &str) -> Vec<u64> {
    let mut query = store.db.prepare(sql).unwrap();
    let found = query.query_map([of], |row| row.get::<_, i64>(0)).unwrap();
    found.map(|number| number.unwrap() as u64).collect()
}

/// Flips a bit on each of some pages.
pub(super) fn damage(path: &Path, pages: &[u64]) {
    let mut bytes = std::fs::read(path).unwrap();
    for page in pages {
        bytes[((page - 1) * PAGE + 1000) as usize] ^= 1;
    }
    std::fs::write(path, &bytes).unwrap();
}

/// A batch as the whole file has it.
struct Stands {
    batch: Batch,
    /// The page of its table on which it stands, and those at which it goes on, as SQLite tells.
    pages: BTreeSet<u64>,
}

fn where_each_stands(store: &Store) -> Vec<Stands> {
    let sql = "SELECT path, pageno, pagetype, ncell FROM dbstat WHERE name = 'batch' AND pagetype <> 'internal' ORDER BY path";
    let mut query = store.db.prepare(sql).unwrap();
    let mut found = query.query([]).unwrap();
    let mut all: Vec<Stands> = Vec::new();
    journal::each(&store.db, 0, &mut |batch| {
        all.push(Stands { batch, pages: BTreeSet::new() });
        Ok(())
    })
    .unwrap();
    let (mut of_leaf, mut next) = (BTreeMap::new(), 0);
    while let Some(row) = found.next().unwrap() {
        let (path, page, kind): (String, i64, String) = (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        let on_it = if kind == "leaf" {
            let first = next;
            next += usize::from(row.get::<_, u16>(3).unwrap());
            of_leaf.insert(path, first);
            first..next
        } else {
            // The path of a page at which a batch goes on: that of its leaf, which one of it, and the how manieth page.
            let (leaf, rest) = path.rsplit_once('/').unwrap();
            let one =
                of_leaf[&format!("{leaf}/")] + usize::from_str_radix(rest.split('+').next().unwrap(), 16).unwrap();
            one..one + 1
        };
        for one in &mut all[on_it] {
            one.pages.insert(page as u64);
        }
    }
    assert_eq!(next, all.len());
    all
}

/// What is written in a batch of clients, notes and workers, whoever wrote it as what.
fn written(batch: &Batch) -> impl Iterator<Item = String> {
    let types = [&client::TYPE, &note::TYPE, &worker::TYPE].map(|record| record.number);
    let entries = batch.entries().unwrap().into_iter().filter(move |entry| types.contains(&entry.record));
    entries.map(|entry| format!("{} {} {} {} {:?}", entry.record, entry.row, entry.field, entry.key, entry.content))
}

fn all_written(store: &Store) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    journal::each(&store.db, 0, &mut |batch| {
        all.extend(written(&batch));
        Ok(())
    })
    .unwrap();
    all
}

/// A caseload with notes that go on at several pages, and no backup from which a hole could be filled.
fn with_long_notes() -> (TempDir, PathBuf, Vec<String>) {
    let (folder, path, _) = caseload();
    let mut store = Store::open(&path, &pass(), clock()).unwrap();
    let mut text = String::new();
    for n in 0..400u32 {
        write!(text, "{} ", blake3::hash(&n.to_le_bytes()).to_hex()).unwrap();
    }
    for n in 0..6u8 {
        log(&mut store, id(n), &format!("long {n}: {text}"));
        log(&mut store, id(n), &format!("after {n}"));
    }
    let before = dump(&store);
    drop(store);
    std::fs::remove_dir_all(path.with_file_name("backups")).unwrap();
    (folder, path, before)
}

/// The caseload, and what is known of it while it is whole.
struct Whole {
    bytes: Vec<u8>,
    before: Vec<String>,
    stands: Vec<Stands>,
    written: BTreeSet<String>,
    /// Of what kind a page is: what stands on it.
    kinds: BTreeMap<u64, String>,
}

impl Whole {
    fn of(path: &Path, before: Vec<String>) -> Whole {
        let store = Store::open(path, &pass(), clock()).unwrap();
        let (stands, written) = (where_each_stands(&store), all_written(&store));
        let mut query = store.db.prepare("SELECT pageno, name FROM dbstat").unwrap();
        let kinds = query.query_map([], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?))).unwrap();
        let kinds = kinds.collect::<rusqlite::Result<_>>().unwrap();
        drop(query);
        drop(store);
        Whole { bytes: std::fs::read(path).unwrap(), before, stands, written, kinds }
    }

    /// Whether any of the pages is one of a table.
    fn any_of(&self, pages: &[u64], table: &str) -> bool {
        pages.iter().any(|page| self.kinds.get(page).is_some_and(|name| name == table))
    }

    /// Damages some pages of the file, repairs it, and holds what came of it against what stands on the other pages.
    fn try_with(&self, path: &Path, pages: &[u64]) {
        std::fs::write(path, &self.bytes).unwrap();
        damage(path, pages);
        let tables: Vec<_> = pages.iter().map(|page| self.kinds.get(page).map_or("free", String::as_str)).collect();
        let at = format!("pages {pages:?} of {tables:?}");
        let repaired = Store::repair(path, &pass(), clock()).unwrap_or_else(|error| panic!("{at}: {error}"));
        let lost = repaired.lost.join("\n");
        let of_access = |problem: &&String| !problem.contains("access list");
        let problems: Vec<_> = repaired.check.problems.iter().filter(of_access).collect();
        assert!(problems.is_empty(), "{at}: {problems:?}");
        assert!(problems.len() < repaired.check.problems.len() || repaired.check.ok, "{at}: {:?}", repaired.check);
        let store = Store::open(&repaired.file, &pass(), clock()).unwrap();
        let there = all_written(&store);
        assert!(there.is_subset(&self.written), "{at}: invented");
        // Of whom something is not whole.
        let mut holes = BTreeSet::new();
        let keys_are_lost = self.any_of(pages, "own_site");
        for Stands { batch, pages: own } in &self.stands {
            let header = &batch.header;
            let is_there = written(batch).all(|entry| there.contains(&entry));
            let is_whole = own.iter().all(|page| !pages.contains(page));
            if !is_whole {
                holes.insert(header.stream);
            }
            // Without its keys nothing can be entered again that stands behind a hole.
            if !is_whole || (keys_are_lost && holes.contains(&header.stream)) {
                let named = lost.contains(&header.stream.to_string()) || lost.contains("whatever stood last");
                assert!(is_there || named, "{at}: {} of {} is lost and not named: {lost}", header.first, header.stream);
            } else {
                assert!(is_there, "{at}: {} of {} on {own:?} is lost: {lost}", header.first, header.stream);
            }
        }
        if holes.is_empty() {
            assert!(!lost.contains(" wrote about "), "{at}: {lost}");
            assert_eq!(dump(&store), self.before, "{at}");
        }
        drop(store);
        std::fs::remove_file(&repaired.file).unwrap();
    }
}

/// Each of these together with the pages that lead to the batches, so that nothing does any more.
#[test]
fn where_nothing_leads_to_them_damage_on_the_pages_of_one_batch_costs_that_one_and_no_other() {
    let (_folder, path, before) = with_long_notes();
    let store = Store::open(&path, &pass(), clock()).unwrap();
    let (above, leaves) = (of_batches(&store, "internal"), of_batches(&store, "leaf"));
    let index = numbers(&store, "SELECT pageno FROM dbstat WHERE name = ?1", "sqlite_autoindex_batch_1");
    drop(store);
    let whole = Whole::of(&path, before);
    let mut goes_on: Vec<&Stands> = whole.stands.iter().filter(|one| one.pages.len() > 3).collect();
    let last = goes_on.pop().unwrap();
    let free = (2..=whole.bytes.len() as u64 / PAGE).find(|page| !whole.kinds.contains_key(page));
    let each: Vec<Vec<u64>> = vec![
        Vec::new(),
        // A page in the middle of a note, and the last one of another.
        vec![*goes_on[0].pages.iter().nth(2).unwrap(), *goes_on[1].pages.last().unwrap()],
        vec![*last.pages.first().unwrap(), leaves[leaves.len() / 2]],
        // What tells where batches were is damaged too.
        [index.as_slice(), &[leaves[leaves.len() - 1]]].concat(),
        // What tells of free pages.
        free.into_iter().collect(),
    ];
    for pages in each {
        whole.try_with(&path, &[above.as_slice(), &pages].concat());
    }
}

/// Two to four pages at once, at random: the pages of the journal more often than others. 6 times; with
/// CASELOAD_FEET_FLIPS=2000 half as often as that.
#[test]
fn every_batch_on_whole_pages_comes_back_where_several_pages_are_damaged() {
    let (_folder, path, before) = with_long_notes();
    let store = Store::open(&path, &pass(), clock()).unwrap();
    let of_journal = ["internal", "leaf", "overflow"].map(|kind| of_batches(&store, kind));
    drop(store);
    let whole = Whole::of(&path, before);
    let any: Vec<u64> = (2..=whole.bytes.len() as u64 / PAGE)
        // Without these nothing opens the file.
        .filter(|page| !whole.any_of(&[*page], "sqlite_schema"))
        .collect();
    for n in 0..flips().div_ceil(2) {
        if n > 0 && n % 100 == 0 {
            println!("several pages: {n} times");
        }
        let mut draws = blake3::Hasher::new().update(format!("several {n}").as_bytes()).finalize_xof();
        let mut draw = |below: usize| {
            let mut bytes = [0; 8];
            draws.fill(&mut bytes);
            (u64::from_le_bytes(bytes) % below as u64) as usize
        };
        let mut pages = BTreeSet::new();
        for _ in 0..2 + draw(3) {
            let from = of_journal.get(draw(5)).unwrap_or(&any);
            pages.insert(from[draw(from.len())]);
        }
        whole.try_with(&path, &pages.into_iter().collect::<Vec<_>>());
    }
}
