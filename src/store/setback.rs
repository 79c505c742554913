//! A file that was set back to an earlier state, or that another machine holds a whole image of: how that is noticed, and
//! what is done so that nothing of either side is lost.
//!
//! The promise: what others may have of this installation never stands where it writes something else. What of its chains
//! ever went into a bundle is noted (`published`); only what lies beyond was never given to anyone and may move to a new
//! site of its own. A note outside the file says how far it had come when something was last given: then a file that
//! was set back is known before the first write. That note holds numbers and hashes only, and losing it loses nothing.

use std::io::Write;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use crate::model::{RowId, SiteId};

use super::places::Range;
use super::sites;
use super::{Result, Store, StoreError, forks, journal};
use crate::files::new_file;

const FIRST_LINE: &str = "caseload state 1";

/// Under which key it is kept that this file was found set back, until the next sync told of it.
const TOLD: &str = "set-back";

/// How far a file had come when something of it was last given: its last batch, by number and hash.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reached {
    /// Whose caseload it is, as a hash.
    whose: [u8; 32],
    site: SiteId,
    n: i64,
    hash: [u8; 32],
}

impl Reached {
    fn of(store: &Store) -> Result<Reached> {
        let last = store.db.query_row("SELECT n, hash FROM batch ORDER BY n DESC LIMIT 1", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?))
        });
        let (n, hash) = last.optional()?.unwrap_or_default();
        let whose = blake3::derive_key("caseload state of 1", store.worker.id.as_bytes());
        Ok(Reached { whose, site: store.site, n, hash })
    }

    fn written(&self) -> String {
        let (whose, hash) = (hex(&self.whose), hex(&self.hash));
        format!("{FIRST_LINE}\n{whose} {} {} {hash}\n", self.site, self.n)
    }

    /// Whatever is not exactly what was written says nothing.
    fn parse(text: &str) -> Option<Reached> {
        let line = text.strip_prefix(FIRST_LINE)?.strip_prefix('\n')?.strip_suffix('\n')?;
        let [whose, site, n, hash] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
        Some(Reached { whose: bytes(whose)?, site: SiteId(bytes(site)?), n: n.parse().ok()?, hash: bytes(hash)? })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(out)
}

/// Where it is noted how far each file has come: a folder of the program's own.
pub fn state_folder() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "caseload").map(|own| own.data_local_dir().join("state"))
}

impl Store {
    /// Holds the file against what was noted outside it when something was last given, in a folder of the program's own. A
    /// file that was set back since goes on as a new site, before anything is written: what others have of the old
    /// one comes home by itself.
    pub fn hold_against(&mut self, folder: &Path) -> Result<()> {
        let Some(path) = self.path.as_deref().filter(|_| !self.read_only) else { return Ok(()) };
        let outside = folder.join(hex(&sites::machine(Some(path))));
        let noted = std::fs::read_to_string(&outside).ok().and_then(|text| Reached::parse(&text));
        self.outside = Some(outside);
        let now = Reached::of(self)?;
        // Another caseload stood in this place before, or nothing was given from here yet.
        let Some(noted) = noted.filter(|noted| noted.whose == now.whose) else { return Ok(()) };
        let mut hash = self.db.prepare("SELECT hash FROM batch WHERE n = ?1")?;
        let here = hash.query_row([noted.n], |row| row.get::<_, [u8; 32]>(0)).optional()?;
        drop(hash);
        // A site that never wrote anything, as of a restored backup, stands in nobody's way.
        let wrote = "SELECT 1 FROM batch WHERE site = ?1 LIMIT 1";
        let fresh = noted.site != self.site && !self.db.prepare(wrote)?.exists([self.site.0.as_slice()])?;
        if here == Some(noted.hash) || (noted.n, noted.hash) == (0, [0; 32]) || fresh {
            return Ok(());
        }
        self.become_new()?;
        self.note_set_back()?;
        self.note_outside();
        Ok(())
    }

    /// The next sync tells of it.
    pub(super) fn note_set_back(&mut self) -> Result<()> {
        self.set_local(TOLD, Some(b"yes"))
    }

    /// Whether this file was found set back; asked once, and then told.
    pub fn was_set_back(&mut self) -> Result<bool> {
        let found = self.local(TOLD)?.is_some();
        if found {
            self.set_local(TOLD, None)?;
        }
        Ok(found)
    }

    /// Notes outside the file how far it has come. Best effort: what cannot be noted is found out at the next sync.
    pub fn note_outside(&self) {
        let Some(outside) = &self.outside else { return };
        let _ = Reached::of(self).and_then(|reached| write_whole(outside, &reached.written()));
    }

    /// The same, where something was noted before.
    pub fn note_again_outside(&self) {
        if self.outside.as_ref().is_some_and(|outside| outside.exists()) {
            self.note_outside();
        }
    }

    /// Takes note that these entries are about to leave in a bundle. Asked before they do: a bundle that never arrived is no
    /// harm, one that nobody noted is.
    pub fn publishing(&self, ranges: &[Range]) -> Result<()> {
        let own = self.own_sites()?;
        if self.read_only || !ranges.iter().any(|(_, site, ..)| own.contains(site)) {
            return Ok(());
        }
        let transaction = self.db.unchecked_transaction()?;
        note_published(&transaction, ranges)?;
        transaction.commit()?;
        self.note_outside();
        Ok(())
    }

    pub(super) fn own_sites(&self) -> Result<Vec<SiteId>> {
        let mut query = self.db.prepare_cached("SELECT id FROM site JOIN line ON root = line WHERE own = 1")?;
        let own = query.query_map([], |row| Ok(SiteId(row.get(0)?)))?;
        Ok(own.collect::<rusqlite::Result<_>>()?)
    }

    /// This installation, and the sites that it was before: they live in this file, and in no other that works on.
    pub fn own_line(&self) -> Result<Vec<SiteId>> {
        let mut line = vec![self.site];
        let own = self.own_sites()?;
        let mut kept = self.db.prepare("SELECT 1 FROM own_site WHERE machine = ?1")?;
        for site in own {
            // Under such a name the keys of a site that this file was are kept.
            if site != self.site && kept.exists([blake3::hash(&site.0).as_bytes().as_slice()])? {
                line.push(site);
            }
        }
        Ok(line)
    }

    /// Goes on as a new site, and moves there what was never given to anyone: somewhere there is more of the old one than is
    /// here, so that what it wrote since may stand in the way of it. What was given stays where it is.
    pub fn go_on_elsewhere(&mut self) -> Result<()> {
        self.become_another()?;
        self.move_unpublished()
    }

    /// Moves what the sites that this file was before never gave to anyone to the one that it is now.
    pub fn move_unpublished(&mut self) -> Result<()> {
        self.writable()?;
        let mut unpublished: Vec<(RowId, SiteId, u64)> = Vec::new();
        for site in self.own_line()?.into_iter().filter(|site| *site != self.site) {
            let mut query = self.db.prepare(
                "SELECT b.stream, coalesce(p.next, 0) FROM batch b LEFT JOIN published p USING (stream, site)
                 WHERE b.site = ?1 GROUP BY b.stream HAVING max(b.first + b.count) > coalesce(p.next, 0)",
            )?;
            let mut rows = query.query([site.0.as_slice()])?;
            while let Some(row) = rows.next()? {
                unpublished.push((RowId::from_bytes(row.get(0)?), site, row.get::<_, i64>(1)? as u64));
            }
        }
        for (stream, site, from) in unpublished {
            self.make_way(stream, site, from)?;
        }
        self.note_again_outside();
        Ok(())
    }

    /// The chains of which another branch lies aside, with the index after the last entry of the one that is here.
    pub fn forked_chains(&self) -> Result<Vec<(RowId, SiteId, u64)>> {
        let chains = forks::forked(&self.db)?.into_iter();
        chains.map(|(stream, site)| Ok((stream, site, journal::chain_end(&self.db, stream, site)?.next))).collect()
    }
}

fn note_published(db: &Connection, ranges: &[Range]) -> Result<()> {
    for (stream, site, _, next) in ranges {
        db.prepare_cached(
            "INSERT INTO published (stream, site, next) SELECT ?1, ?2, ?3 FROM site JOIN line ON root = line WHERE id = ?2 AND own = 1
             ON CONFLICT (stream, site) DO UPDATE SET next = max(next, excluded.next)",
        )?
        .execute((stream, site.0.as_slice(), *next as i64))?;
    }
    Ok(())
}

/// A small file for its owner only, whole or not at all, in a folder for its owner only.
fn write_whole(path: &PathBuf, text: &str) -> Result<()> {
    super::make_folder_for(path)?;
    let draft = path.with_extension(uuid::Uuid::new_v4().simple().to_string());
    let written = (|| {
        let mut file = new_file(&draft)?;
        file.write_all(text.as_bytes())?;
        std::fs::rename(&draft, path)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    written.map_err(StoreError::from)
}
