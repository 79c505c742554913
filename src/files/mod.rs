//! The door between the program and the disk: how a file that may be somebody else's is opened, and how one of ours comes to be.
//!
//! - [`Folder`]: a folder that others may write to, too. What is in it is opened without following a link and without waiting
//!   for whoever writes into a pipe, and only where it is a regular file.
//! - [`NewFile`] and [`NewFolder`]: what is written and has no name yet. It is its owner's alone, it gets its name whole or not
//!   at all, and never in place of something or through it.
//!
//! - [`Handle`]: what is read of a file that a database of this program may have open.
//!
//! What a person names at the command line is theirs: a link there is followed, as everywhere else. But a pipe or a device is
//! never waited for, except where a secret or a card may be handed through one ([`handed`]).

mod beside;
mod folder;
mod handed;
mod new;

use std::ffi::OsStr;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

pub use beside::{Handle, InUse};
pub use folder::{Folder, Found};
pub use handed::handed;
pub use new::{NewFile, NewFolder, sweep};

/// Opens a regular file, by way of a link too. Anything else of that name is refused at once, whatever it would do to whoever
/// reads it: a pipe that nobody writes into, a device without an end.
pub fn open(path: &Path) -> io::Result<Handle> {
    is_regular(&std::fs::metadata(path)?)?;
    // What takes its place between looking and opening must not make anybody wait either.
    let file = reading().open(path)?;
    is_regular(&file.metadata()?)?;
    Ok(Handle::of(file))
}

/// A small regular file, whole.
pub fn small(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    if file.metadata()?.len() > most {
        return Err(too_long(most));
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_long(most)) } else { Ok(bytes) }
}

fn too_long(most: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("it is larger than {} KB, far too large for what was asked for", most >> 10),
    )
}

fn is_regular(found: &std::fs::Metadata) -> io::Result<()> {
    match found {
        found if found.is_file() => Ok(()),
        found if found.is_dir() => Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a pipe or a device: save what comes from it as a file, and name that",
        )),
    }
}

/// For reading, without ever waiting to open.
fn reading() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits() as i32);
    }
    options
}

/// A new, empty file that its owner alone may read; never one that is there, nor one that a link leads to.
pub fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A file of the program's own that lies there from one time to the next, to be locked: made where there is none, and not
/// opened by way of a link.
pub fn lock_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits() as i32);
    }
    let file = options.open(path)?;
    is_regular(&file.metadata()?)?;
    Ok(file)
}

/// Gives a finished file its name: whole or not at all, on the disk when this returns, and never in place of another. Says
/// whether the name was free. Both are names in one folder.
///
/// # Errors
/// What the file system says; then nothing is there under that name.
pub fn settle(draft: &Path, name: &Path) -> io::Result<bool> {
    let (folder, name) = Folder::of(name)?;
    let draft = draft.file_name().unwrap_or_default();
    folder.name(draft, &name)
}

/// When a new file was made, by the file system's own clock: the one that other files' ages are told by.
pub fn made(file: &File) -> SystemTime {
    file.metadata().and_then(|found| found.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The file with its lock taken, where nobody held it: whoever made it is no more. Where there are no locks, one that was
/// left alone for a day.
pub fn unheld(path: &Path, now: SystemTime) -> Option<File> {
    let (folder, name) = Folder::of(path).ok()?;
    unheld_in(&folder, &name, now)
}

/// The same of a name in a folder that is open already.
pub fn unheld_in(folder: &Folder, name: &OsStr, now: SystemTime) -> Option<File> {
    free(folder.file_to_lock(name).ok()?, &folder.path_of(name), now)
}

fn free(file: File, path: &Path, now: SystemTime) -> Option<File> {
    match file.try_lock() {
        Ok(()) => Some(file),
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Error(_)) => is_old(path, now).then_some(file),
    }
}

/// Whether a file was left alone for more than a day.
pub fn is_old(path: &Path, now: SystemTime) -> bool {
    let age = || now.duration_since(path.symlink_metadata().ok()?.modified().ok()?).ok();
    age().is_some_and(|age| age > Duration::from_secs(24 * 3600))
}

#[cfg(test)]
mod tests;
