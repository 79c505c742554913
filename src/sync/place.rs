//! Where bundles wait to be fetched: a folder, or an object store.
//!
//! Every site writes under its own name only, `SITE/FIRST-LAST.bundle`, and never writes a name twice; so any number of sites
//! share a place without a server and without locks. The numbers count a site's bundles: `00000003-00000003` is its third;
//! `00000001-00000009` holds all that its first to ninth held, or would have held had they got there. `SITE/card` is its card.
//! What a name says is a hint in which order to read, and never believed: whoever can write to a place can write any name.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use crate::model::SiteId;
use crate::store::{Staged, made, new_file, unheld};

use super::objects::Objects;

/// A card that is not all there yet.
const CARD_DRAFT: &str = ".card.part";

/// No card has more bytes than this.
const LARGEST_CARD: u64 = 16 << 10;

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
                for entry in std::fs::read_dir(folder)? {
                    let entry = entry?;
                    let name = entry.file_name().to_string_lossy().into_owned();
                    if site_id(&name).is_none() || !entry.path().is_dir() {
                        continue;
                    }
                    for file in std::fs::read_dir(entry.path())? {
                        let file = file?;
                        // Gone between listing and looking, or no file at all: it is not there.
                        let Some(found) = file.metadata().ok().filter(std::fs::Metadata::is_file) else { continue };
                        listing.add(&name, &file.file_name().to_string_lossy(), found.len());
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
    pub fn fetch(&self, name: Name, to: &mut File) -> io::Result<u64> {
        match self {
            Place::Folder(folder) => io::copy(&mut open_file(&folder.join(name.path()))?, to),
            Place::Objects(objects) => objects.fetch(&name.path(), to),
        }
    }

    /// Whether just these bytes lie there: what was put there arrived, although nobody answered.
    pub fn holds(&self, name: Name, bytes: &Path) -> io::Result<bool> {
        let copy = Staged::beside(Some(bytes))?;
        let mut theirs = new_file(&copy.path)?;
        let length = match self.fetch(name, &mut theirs) {
            // Something of that name is in the way, and it is no bundle.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            length => length?,
        };
        Ok(length == std::fs::metadata(bytes)?.len() && hash_of(&copy.path)? == hash_of(bytes)?)
    }

    /// Puts a finished bundle there under a new name.
    pub fn put(&self, name: Name, from: &Path) -> io::Result<Put> {
        match self {
            Place::Folder(folder) => put_file(&folder.join(name.site.to_string()), &name.file(), from),
            Place::Objects(objects) => objects.put(&name.path(), from),
        }
    }

    /// Takes away a bundle of our own that a later one holds.
    pub fn remove(&self, name: Name) -> io::Result<()> {
        match self {
            Place::Folder(folder) => std::fs::remove_file(folder.join(name.path())),
            Place::Objects(objects) => objects.remove(&name.path()),
        }
    }

    /// The card that a site left.
    pub fn card(&self, site: SiteId) -> io::Result<String> {
        let path = format!("{site}/card");
        let bytes = match self {
            Place::Folder(folder) => {
                let mut bytes = Vec::new();
                io::Read::read_to_end(&mut io::Read::take(open_file(&folder.join(path))?, LARGEST_CARD), &mut bytes)?;
                bytes
            }
            Place::Objects(objects) => objects.small(&path, LARGEST_CARD)?,
        };
        String::from_utf8(bytes).map_err(|_| io::Error::other("it is not text"))
    }

    /// Leaves our own card there, so that others can accept it.
    pub fn leave_card(&self, site: SiteId, text: &str) -> io::Result<()> {
        match self {
            Place::Folder(folder) => {
                let own = folder.join(site.to_string());
                std::fs::create_dir_all(&own)?;
                let draft = own.join(CARD_DRAFT);
                std::fs::write(&draft, text)?;
                std::fs::rename(draft, own.join("card"))
            }
            Place::Objects(objects) => objects.write_small(&format!("{site}/card"), text),
        }
    }
}

impl Listing {
    fn add(&mut self, site: &str, file: &str, length: u64) {
        if let Some(name) = Name::parse(site, file) {
            self.bundles.entry(name.site).or_default().push(Lying { name, length });
        } else if file == "card"
            && let Some(site) = site_id(site)
        {
            self.cards.push(site);
        }
    }
}

fn hash_of(path: &Path) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize())
}

/// Opens a file that someone else may have put there: never by way of a link, and never waiting for whoever writes into a
/// pipe of that name.
fn open_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits() as i32);
    }
    let no_file = || io::Error::new(io::ErrorKind::NotFound, "it is no file");
    let file = options.open(path).map_err(|error| match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => no_file(),
        _ => error,
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(no_file()) }
}

/// Takes away what a program that was killed left half-done.
fn sweep(folder: &Path, now: SystemTime) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let ours = name.starts_with('.') && name.ends_with(".part") && name != CARD_DRAFT;
        if ours && let Some(_held) = unheld(&entry.path(), now) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A file that appears whole or not at all, and never in place of another.
fn put_file(folder: &Path, name: &str, from: &Path) -> io::Result<Put> {
    std::fs::create_dir_all(folder)?;
    let draft = folder.join(format!(".{}.part", uuid::Uuid::new_v4().simple()));
    let written = (|| {
        let mut out = OpenOptions::new().write(true).create_new(true).open(&draft)?;
        // Held until it has its name: that says that somebody is at it.
        let _ = out.try_lock();
        sweep(folder, made(&out));
        io::copy(&mut File::open(from)?, &mut out)?;
        out.flush()?;
        out.sync_all()?;
        let to = folder.join(name);
        // A link fails where there is a file of that name; where links cannot be made, look first and rename.
        match std::fs::hard_link(&draft, &to) {
            Ok(()) => Ok(Put::Done),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Put::Taken),
            Err(_) if to.exists() => Ok(Put::Taken),
            Err(_) => std::fs::rename(&draft, &to).map(|()| Put::Done),
        }
    })();
    let _ = std::fs::remove_file(&draft);
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    written
}
