//! Where bundles wait to be fetched: a folder, or an object store.
//!
//! Every site writes under its own name only, `SITE/FIRST-LAST.bundle`, and never writes a name twice; so any number of sites
//! share a place without a server and without locks. The numbers count a site's bundles: `00000003-00000003` is its third;
//! `00000001-00000009` holds all that its first to ninth held, or would have held had they got there. `SITE/card` is its card.
//! What a name says is a hint in which order to read, and never believed: whoever can write to a place can write any name.
//!
//! A folder is as hostile as whoever can write there: nothing in it is opened by way of a link, waited for, or read before it is
//! known to be a regular file of a length that it may have; and nothing is written but under a fresh name, which becomes the
//! right one where that is free.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use crate::files::{self, Folder, Found, NewFile, made, new_file, unheld_in};
use crate::model::SiteId;
use crate::store::Staged;

use super::bundle::BEGINS;
use super::objects::Objects;

/// What a site's card is called in its folder.
const CARD: &str = "card";

/// No card has more bytes than this.
const LARGEST_CARD: u64 = 16 << 10;

/// No bundle in a place has more bytes than this: whoever can write there must not fill this disk.
const LARGEST_BUNDLE: u64 = 4 << 30;

/// One bundle in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub site: SiteId,
    /// The number of its site's last bundle that it holds; names sort by it.
    pub last: u64,
    pub first: u64,
}

/// The highest number that a name has room for.
pub const HIGHEST: u64 = 99_999_999;

/// A bundle that lies in a place, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lying {
    pub name: Name,
    pub length: u64,
}

impl Name {
    fn file(self) -> String {
        format!("{:08}-{:08}.bundle", self.first, self.last)
    }

    fn path(self) -> String {
        format!("{}/{}", self.site, self.file())
    }

    fn parse(site: &str, file: &str) -> Option<Name> {
        let (first, last) = file.strip_suffix(".bundle")?.split_once('-')?;
        let number = |text: &str| (text.len() == 8).then(|| text.parse::<u64>().ok()).flatten();
        let (first, last) = (number(first)?, number(last)?);
        (first >= 1 && first <= last).then_some(Name { site: site_id(site)?, last, first })
    }
}

fn site_id(text: &str) -> Option<SiteId> {
    let mut id = [0; 16];
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase()) {
        return None;
    }
    for (at, byte) in id.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(SiteId(id))
}

/// What writing a name did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Put {
    Done,
    /// There is one of that name already: it was left as it is.
    Taken,
}

/// What is in a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// Each site's bundles, in the order of their numbers.
    pub bundles: BTreeMap<SiteId, Vec<Lying>>,
    /// The sites that left a card.
    pub cards: Vec<SiteId>,
}

/// A place that bundles travel through.
pub enum Place {
    Folder(PathBuf),
    Objects(Objects),
}

impl Place {
    /// A place by its address: a folder's path, or `s3://BUCKET/PREFIX`, `gs://...`, `az://...`.
    ///
    /// # Errors
    /// Where there is no such folder, or the address is of a kind that is not known.
    pub fn open(address: &str) -> io::Result<Place> {
        match address.split_once("://") {
            Some(("file", path)) => Place::open(path),
            Some(_) => Objects::open(address).map(Place::Objects),
            None => {
                let path = PathBuf::from(address);
                if !path.is_dir() {
                    return Err(io::Error::new(io::ErrorKind::NotFound, format!("There is no folder {address}.")));
                }
                Ok(Place::Folder(path.canonicalize()?))
            }
        }
    }

    /// The same place; whoever sets `stop` is not kept waiting by a server that is silent.
    #[must_use]
    pub fn heeding(mut self, stop: &Arc<AtomicBool>) -> Place {
        if let Place::Objects(objects) = &mut self {
            objects.stop = Arc::clone(stop);
        }
        self
    }

    /// The same for the same place, however it was typed.
    pub fn address(&self) -> String {
        match self {
            Place::Folder(path) => path.display().to_string(),
            Place::Objects(objects) => objects.address.clone(),
        }
    }

    pub fn list(&self) -> io::Result<Listing> {
        let mut listing = Listing::default();
        match self {
            Place::Folder(folder) => {
                let folder = Folder::open(folder)?;
                for name in folder.names()?.iter().filter(|name| site_id(name).is_some()) {
                    let site = match folder.inside(OsStr::new(name)) {
                        Ok(site) => site,
                        // A link or a file of such a name, or gone between listing and looking: no site's.
                        Err(error)
                            if matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::NotFound) =>
                        {
                            continue;
                        }
                        Err(error) => return Err(error),
                    };
                    for file in site.names()? {
                        if let Some(Found::File(length)) = site.look(OsStr::new(&file))? {
                            listing.add(name, &file, length);
                        }
                    }
                }
            }
            Place::Objects(objects) => {
                for (site, file, length) in objects.list()? {
                    listing.add(&site, &file, length);
                }
            }
        }
        listing.bundles.values_mut().for_each(|names| names.sort_unstable());
        listing.cards.sort_unstable();
        Ok(listing)
    }

    /// Copies a bundle to a file of our own.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is no such file, [`io::ErrorKind::InvalidData`] where it cannot be a bundle: it
    /// is too large, or does not begin like one.
    pub fn fetch(&self, name: Name, to: &mut File) -> io::Result<u64> {
        match self {
            Place::Folder(folder) => {
                let mut file = in_site(folder, name.site, &name.file())?;
                if file.metadata()?.len() > LARGEST_BUNDLE {
                    return Err(no_bundle());
                }
                let mut begins = [0; BEGINS.len()];
                match file.read_exact(&mut begins) {
                    Ok(()) if begins == *BEGINS => to.write_all(&begins)?,
                    Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
                    _ => return Err(no_bundle()),
                }
                let rest = LARGEST_BUNDLE - begins.len() as u64;
                match io::copy(&mut file.take(rest + 1), to)? {
                    copied if copied > rest => Err(no_bundle()),
                    copied => Ok(begins.len() as u64 + copied),
                }
            }
            Place::Objects(objects) => objects.fetch(&name.path(), LARGEST_BUNDLE, to),
        }
    }

    /// Whether just these bytes lie there: what was put there arrived, although nobody answered.
    pub fn holds(&self, name: Name, bytes: &Path) -> io::Result<bool> {
        let copy = Staged::beside(Some(bytes))?;
        let mut theirs = new_file(&copy.path)?;
        let length = match self.fetch(name, &mut theirs) {
            // Something of that name is in the way, and it is no bundle.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
                return Ok(false);
            }
            length => length?,
        };
        Ok(length == std::fs::metadata(bytes)?.len() && hash_of(&copy.path)? == hash_of(bytes)?)
    }

    /// Puts a finished bundle there under a new name.
    pub fn put(&self, name: Name, from: &Path) -> io::Result<Put> {
        match self {
            Place::Folder(folder) => put_file(folder, name.site, &name.file(), files::open(from)?),
            Place::Objects(objects) => objects.put(&name.path(), from),
        }
    }

    /// Takes away a bundle of our own that a later one holds.
    pub fn remove(&self, name: Name) -> io::Result<()> {
        match self {
            Place::Folder(folder) => {
                Folder::open(folder)?.inside(OsStr::new(&name.site.to_string()))?.remove(OsStr::new(&name.file()))
            }
            Place::Objects(objects) => objects.remove(&name.path()),
        }
    }

    /// The card that a site left.
    pub fn card(&self, site: SiteId) -> io::Result<String> {
        let bytes = match self {
            Place::Folder(folder) => {
                let mut bytes = Vec::new();
                in_site(folder, site, CARD)?.take(LARGEST_CARD).read_to_end(&mut bytes)?;
                bytes
            }
            Place::Objects(objects) => objects.small(&format!("{site}/{CARD}"), LARGEST_CARD)?,
        };
        String::from_utf8(bytes).map_err(|_| io::Error::other("it is not text"))
    }

    /// Leaves our own card there, so that others can accept it.
    pub fn leave_card(&self, site: SiteId, text: &str) -> io::Result<Put> {
        match self {
            Place::Folder(folder) => put_file(folder, site, CARD, text.as_bytes()),
            Place::Objects(objects) => objects.write_small(&format!("{site}/{CARD}"), text).map(|()| Put::Done),
        }
    }
}

impl Listing {
    fn add(&mut self, site: &str, file: &str, length: u64) {
        if let Some(name) = Name::parse(site, file) {
            self.bundles.entry(name.site).or_default().push(Lying { name, length });
        } else if file == CARD
            && let Some(site) = site_id(site)
        {
            self.cards.push(site);
        }
    }
}

fn no_bundle() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is no bundle")
}

fn hash_of(path: &Path) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut files::open(path)?, &mut hasher)?;
    Ok(hasher.finalize())
}

/// Opens what a site left.
fn in_site(place: &Path, site: SiteId, name: &str) -> io::Result<File> {
    let site = Folder::open(place)?.inside(OsStr::new(&site.to_string())).map_err(|error| match error.kind() {
        io::ErrorKind::NotADirectory => io::Error::from(io::ErrorKind::NotFound),
        _ => error,
    })?;
    site.file(OsStr::new(name))
}

/// Takes away what a program that was killed left half-done, where files cannot be without a name.
fn sweep(folder: &Folder, now: SystemTime) -> io::Result<()> {
    for name in folder.names()?.iter().filter(|name| name.starts_with('.') && name.ends_with(".part")) {
        if let Some(_held) = unheld_in(folder, OsStr::new(name), now) {
            folder.remove(OsStr::new(name))?;
        }
    }
    Ok(())
}

/// A file in our own folder there that appears whole or not at all, and never in place of another.
fn put_file(place: &Path, site: SiteId, name: &str, mut from: impl Read) -> io::Result<Put> {
    let (place, site) = (Folder::open(place)?, site.to_string());
    let is_new = place.look(OsStr::new(&site))?.is_none();
    let own = place.make(OsStr::new(&site))?;
    if is_new {
        place.hand_on_folder(&own)?;
        place.sync()?;
    }
    // Sealed, or meant for everybody: what is left of it is taken away here and by nobody else.
    let mut new = match NewFile::begin_in(own, OsStr::new(name), &mut |_| Ok(())) {
        Ok(new) => new,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Put::Taken),
        Err(error) => return Err(error),
    };
    let _ = sweep(&place.inside(OsStr::new(&site))?, made(new.file()));
    io::copy(&mut from, &mut new)?;
    place.hand_on(new.file())?;
    match new.settle()? {
        true => Ok(Put::Done),
        false => Ok(Put::Taken),
    }
}
