//! Giving a bundle and taking one, by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::files::{self, NewFile};
use crate::model::{RowId, SiteId};
use crate::store::{
    Merged, Passphrase, Range, Site, Staged, Store, StoreError, Trust, Unproven, beside, unfit, wall_clock,
};

use super::bundle::{self, Counts, Opening, Refusal, Seal, Told};

/// What goes into a bundle.
#[derive(Clone, Debug, PartialEq)]
pub enum Scope {
    Whole,
    /// These clients, with all that belongs to them.
    Clients(Vec<RowId>),
}

/// For whom a bundle is.
#[derive(Clone, Debug, PartialEq)]
pub enum Whom {
    Sites(Vec<Site>),
    Passphrase(Passphrase),
}

/// What was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub counts: Counts,
    /// Clients about whom the bundle holds something.
    pub clients: usize,
    pub bytes: u64,
}

/// What was taken, or with a preview what would be.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// Who sent it.
    pub sender: String,
    pub merged: Merged,
    pub told: Option<Told>,
}

/// How much of something long is done; the answer says whether to go on.
pub type Progress<'a> = &'a mut dyn FnMut(u64) -> ControlFlow<()>;

/// A bundle that is written to its end and has no name yet: what goes on the record goes there first.
pub struct Bundle {
    pub given: Given,
    file: NewFile,
    path: PathBuf,
}

impl Bundle {
    /// Gives it its name.
    ///
    /// # Errors
    /// Where there is a file of that name by now, and what the file system says: then nothing of it is left.
    pub fn settle(self) -> Result<Given, StoreError> {
        if self.file.settle()? { Ok(self.given) } else { Err(StoreError::Exists(self.path)) }
    }
}

/// Writes a bundle into a new file of which nothing is on the record: see [`bundle`] and [`super::Leaving::give`].
pub fn give(store: &Store, scope: &Scope, whom: &Whom, everything: bool, path: &Path) -> Result<Given, StoreError> {
    bundle(store, scope, whom, everything, path)?.settle()
}

/// Writes a bundle: what the receivers have not said they have, or with `everything` all of it.
///
/// # Errors
/// What the file system says; a file that is there already is left as it is, and none is left half-written.
pub fn bundle(store: &Store, scope: &Scope, whom: &Whom, everything: bool, path: &Path) -> Result<Bundle, StoreError> {
    let file = store.new_file(path)?;
    let streams = match scope {
        Scope::Whole => None,
        Scope::Clients(clients) => Some(store.with_all_entries(clients)?.into_iter().collect()),
    };
    let mut ranges = Vec::new();
    for (stream, site, next) in store.chains(streams.as_ref())? {
        let mut from = 0;
        if let (Whom::Sites(sites), false) = (whom, everything) {
            from = u64::MAX;
            for peer in sites {
                from = from.min(store.what_peer_has(peer.id, stream, site)?);
            }
        }
        ranges.push((stream, site, from, next));
    }
    let seal = match whom {
        Whom::Sites(sites) => Seal::Sites(sites),
        // It travels as a file that anyone may try keys on.
        Whom::Passphrase(passphrase) if unfit(passphrase.as_str()).is_some() => {
            return Err(StoreError::UnfitPassphrase("It is too short, or has the form of something else."));
        }
        Whom::Passphrase(passphrase) => Seal::Passphrase(passphrase.as_str()),
    };
    store.publishing(&ranges)?;
    let mut to = BufWriter::new(file.file());
    let (counts, clients) = write(store, &seal, *scope == Scope::Whole, &ranges, true, &mut to)?;
    to.flush()?;
    drop(to);
    file.finish()?;
    let given = Given { counts, clients, bytes: file.file().metadata()?.len() };
    Ok(Bundle { given, file, path: path.to_path_buf() })
}

/// Writes entries of a caseload into a new file that opens with the caseload's own passphrase: what a rescue could not enter
/// again. Nothing is noted of it, for it stays where it is.
///
/// # Errors
/// What the file system says, also where there is a file of that name.
pub fn set_by(store: &Store, ranges: &[Range], path: &Path) -> Result<(), StoreError> {
    let passphrase = store.passphrase().ok_or(StoreError::WrongPassphrase)?;
    write_new(path, |file| write(store, &Seal::Passphrase(passphrase.as_str()), false, ranges, false, file).map(drop))
}

/// A new file for its owner only, on the disk when this returns.
pub(super) fn write_new<T>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut file = BufWriter::new(files::new_file(path)?);
    let filled = fill(&mut file)?;
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok(filled)
}

/// Writes the parts of a bundle: `ranges` are chains with the index to start from and the one to end before.
pub(super) fn write(
    store: &Store,
    seal: &Seal<'_>,
    whole: bool,
    ranges: &[(RowId, SiteId, u64, u64)],
    say_what_is_here: bool,
    to: &mut impl Write,
) -> Result<(Counts, usize), StoreError> {
    let mut writer = bundle::Writer::new(store, seal, whole, to)?;
    for site in authors(store, ranges)? {
        writer.site(&site)?;
    }
    let mut streams = BTreeSet::new();
    for (stream, site, from, next) in ranges {
        if from < next {
            streams.insert(*stream);
            writer.chain(*stream, *site, *from)?;
        }
    }
    if say_what_is_here {
        for (stream, site, ..) in ranges {
            writer.has(*stream, *site)?;
        }
    }
    let (counts, _) = writer.end()?;
    let mut clients = 0;
    for stream in streams {
        clients += usize::from(store.facts(stream)?.is_some());
    }
    Ok((counts, clients))
}

/// Everyone whose entries are in these chains, this site, and those that they took over from.
fn authors(store: &Store, ranges: &[(RowId, SiteId, u64, u64)]) -> Result<Vec<Site>, StoreError> {
    let known: BTreeMap<SiteId, Site> = store.sites()?.into_iter().map(|site| (site.id, site)).collect();
    let mut wanted: Vec<SiteId> =
        ranges.iter().filter(|(_, _, from, next)| from < next).map(|(_, site, ..)| *site).collect();
    wanted.push(store.site());
    let mut found: BTreeMap<SiteId, Site> = BTreeMap::new();
    while let Some(id) = wanted.pop() {
        if let Some(site) = known.get(&id)
            && found.insert(id, site.clone()).is_none()
        {
            wanted.extend(site.voucher.as_ref().or(site.hearsay.as_ref()).map(|(before, _)| *before));
        }
    }
    Ok(found.into_values().collect())
}

/// A copy of a file that only this program touches.
fn staged_copy(store: &Store, from: &Path) -> Result<Staged, Refusal> {
    let mut input = files::open(from).map_err(|error| match error.kind() {
        ErrorKind::IsADirectory | ErrorKind::InvalidInput => Refusal::NotABundle,
        _ => Refusal::Io(error),
    })?;
    let mut staged = Staged::beside(store.path().map(PathBuf::as_path)).map_err(Refusal::Io)?;
    staged.length = write_new(&staged.path, |out| Ok(std::io::copy(&mut input, out)?))?;
    Ok(staged)
}

/// Takes a bundle in. One that does not hold to its last byte changes nothing; of one that does, chains that do not continue
/// what is here are left out and told. Without `keep` nothing changes, and the answer says what would.
pub fn take(
    store: &mut Store,
    path: &Path,
    passphrase: Option<&str>,
    keep: bool,
    progress: Progress<'_>,
) -> Result<Taken, Refusal> {
    // What does not even begin like a bundle is not copied, however large it is.
    let mut begins = [0; bundle::BEGINS.len()];
    let read = files::open(path).and_then(|mut file| file.read_exact(&mut begins));
    match read {
        Ok(()) if begins == *bundle::BEGINS => {}
        Err(error) if error.kind() != ErrorKind::UnexpectedEof && error.kind() != ErrorKind::IsADirectory => {
            return Err(Refusal::Io(error));
        }
        _ => return Err(Refusal::NotABundle),
    }
    let staged = staged_copy(store, path)?;
    take_staged(store, &staged, passphrase, keep, progress)
}

pub(super) fn take_staged(
    store: &mut Store,
    staged: &Staged,
    passphrase: Option<&str>,
    keep: bool,
    progress: Progress<'_>,
) -> Result<Taken, Refusal> {
    let own: Vec<SiteId> = own_sites(store)?;
    let opening = Opening { identities: store.identities()?, passphrase };
    let before = store.site();
    let (told, merged) = store.merge(keep, |merger| {
        let file = File::open(&staged.path).map_err(Refusal::Io)?;
        bundle::read(file, staged.length, &opening, &own, merger, progress)
    })?;
    if keep {
        // What someone has a bundle of was given; and what never was makes way for what there is more of elsewhere.
        let mut given = Vec::new();
        for (stream, site, first, next) in told.ranges.iter().filter(|(_, site, ..)| own.contains(site)) {
            if *next <= store.chain_end(*stream, *site)?.next {
                given.push((*stream, *site, *first, *next));
            }
        }
        if !given.is_empty() {
            store.settle()?;
            store.publishing(&given)?;
        }
        if store.site() != before {
            store.move_unpublished()?;
        }
        store.note_again_outside();
    }
    let sender = store.site_known(told.head.sender)?.map_or(String::new(), |site| site.person());
    Ok(Taken { sender, merged, told: Some(told) })
}

pub(super) fn own_sites(store: &Store) -> Result<Vec<SiteId>, StoreError> {
    Ok(store.sites()?.into_iter().filter(|site| site.trust() == Trust::Own).map(|site| site.id).collect())
}

/// Takes in all that another caseload file holds: a copy that went its own way, a "conflicted copy" of a synced folder. The
/// other file is not touched.
pub fn merge_file(
    store: &mut Store,
    other: &Path,
    passphrase: &Passphrase,
    keep: bool,
    progress: Progress<'_>,
) -> Result<Taken, Refusal> {
    // A copy of it, with what its last writer had not yet folded in.
    let main = staged_copy(store, other)?;
    match files::open(&beside(other, "-wal")) {
        Ok(mut last) => write_new(&beside(&main.path, "-wal"), |out| Ok(std::io::copy(&mut last, out).map(drop)?))?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(Refusal::Io(error)),
    }
    let theirs = Store::open_copy(&main.path, passphrase, wall_clock())?;
    let sender = theirs.worker().name.clone();
    let sites = theirs.sites()?;
    let chains = theirs.chains(None)?;
    let ((), merged) = store.merge(keep, |merger| {
        merger.know(&sites)?;
        // That file keeps no voucher but what was verified, and said by whom it concerns.
        for site in &sites {
            merger.sender(site.id)?;
        }
        let mut done = 0u64;
        for (stream, site, _) in &chains {
            let mut walk = merger.begin(*stream, *site, 0)??;
            let mut signature = Vec::new();
            theirs.each_of_chain::<Refusal>(*stream, *site, 0, &mut |batch| {
                done += 1;
                if done.is_multiple_of(64) && progress(done).is_break() {
                    return Err(Refusal::Stopped);
                }
                merger.take(&mut walk, Unproven { header: batch.header, count: batch.count, body: batch.body })??;
                signature = batch.signature;
                Ok(())
            })?;
            merger.end(walk, &signature)??;
        }
        Ok::<(), Refusal>(())
    })?;
    store.note_again_outside();
    Ok(Taken { sender, merged, told: None })
}
