//! A folder that others may write to, too: every name in it is looked at where it lies, once, and never by way of a link.
//!
//! On Unix all goes through the folder once it was opened, so that nothing put in its place meanwhile is written to. Elsewhere
//! a name is looked at before it is opened.

use std::ffi::{OsStr, OsString};
#[cfg(not(unix))]
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// What a name in a folder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A regular file, and how long it is.
    File(u64),
    Folder,
    /// A link, a pipe, a device.
    Other,
}

/// A folder, held open where the system can.
pub struct Folder {
    path: PathBuf,
    #[cfg(unix)]
    held: std::os::fd::OwnedFd,
}

fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "it is no file")
}

fn no_folder(path: &Path) -> io::Error {
    let why = format!("{} is a link or a file where a folder belongs: take it away", path.display());
    io::Error::new(io::ErrorKind::NotADirectory, why)
}

impl Folder {
    /// The folder that a file of this name stands in, and what the file is called there.
    pub fn of(file: &Path) -> io::Result<(Folder, OsString)> {
        let name = file.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok((Folder::open(folder)?, name.to_os_string()))
    }

    /// Where something of this name stands, for those who are told.
    pub fn path_of(&self, name: &OsStr) -> PathBuf {
        self.path.join(name)
    }

    /// The names in it, in no order; those that are no text are nobody's that is looked for here.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.listed())? {
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    /// Gives something that is finished in this folder another name there, on the disk when this returns. Says whether the name
    /// was free: nothing that is there already is touched, and `draft` stays then.
    ///
    /// # Errors
    /// What the file system says; then there is nothing under the new name.
    pub fn name(&self, draft: &OsStr, name: &OsStr) -> io::Result<bool> {
        // A link fails where there is something of that name. Folders have none, nor have some file systems.
        match self.link(draft, name) {
            Ok(()) => {
                let _ = self.remove(draft);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            Err(_) => {
                if !self.rename(draft, name)? {
                    return Ok(false);
                }
            }
        }
        self.kept(name)
    }

    /// Has the disk keep a name that was just given; takes it away again where it cannot.
    pub(super) fn kept(&self, name: &OsStr) -> io::Result<bool> {
        let synced = self.sync();
        if synced.is_err() {
            let _ = self.remove(name);
        }
        synced.map(|()| true)
    }
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, FileType, Mode, OFlags};
    use rustix::io::Errno;

    use super::{Folder, Found, no_file, no_folder};

    const OWNER: Mode = Mode::RUSR.union(Mode::WUSR);

    impl Folder {
        /// A folder by the name that a person gave it: by way of a link too.
        pub fn open(path: &Path) -> io::Result<Folder> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            Ok(Folder { path: path.to_path_buf(), held: rustix::fs::open(path, flags, Mode::empty())? })
        }

        /// A folder in it that is a folder itself, and no link to one.
        pub fn inside(&self, name: &OsStr) -> io::Result<Folder> {
            let path = self.path_of(name);
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            match rustix::fs::openat(&self.held, name, flags, Mode::empty()) {
                Ok(held) => Ok(Folder { path, held }),
                Err(Errno::LOOP | Errno::NOTDIR | Errno::MLINK) => Err(no_folder(&path)),
                Err(error) => Err(error.into()),
            }
        }

        /// The same, made for its owner only where there is none.
        pub fn make(&self, name: &OsStr) -> io::Result<Folder> {
            match rustix::fs::mkdirat(&self.held, name, OWNER | Mode::XUSR) {
                Ok(()) | Err(Errno::EXIST) => self.inside(name),
                Err(error) => Err(error.into()),
            }
        }

        /// Whether it was made for a group to share: what is put there becomes the group's, and the group may write there.
        fn is_a_groups(&self) -> bool {
            let both = Mode::SGID | Mode::WGRP;
            rustix::fs::fstat(&self.held).is_ok_and(|found| Mode::from_raw_mode(found.st_mode).contains(both))
        }

        /// Lets the group for which this folder was made read a sealed file that is left in it; nobody else ever.
        pub fn hand_on(&self, file: &File) -> io::Result<()> {
            if self.is_a_groups() {
                rustix::fs::fchmod(file, OWNER | Mode::RGRP)?;
            }
            Ok(())
        }

        /// The same for a folder of ours in it.
        pub fn hand_on_folder(&self, own: &Folder) -> io::Result<()> {
            if self.is_a_groups() {
                rustix::fs::fchmod(&own.held, OWNER | Mode::XUSR | Mode::RGRP | Mode::XGRP | Mode::SGID)?;
            }
            Ok(())
        }

        pub(super) fn listed(&self) -> PathBuf {
            // By way of what is held, where that can be said: the name may be another's by now.
            let held = PathBuf::from(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&self.held)));
            if cfg!(target_os = "linux") && held.exists() { held } else { self.path.clone() }
        }

        /// What stands there under a name; none where there is nothing.
        pub fn look(&self, name: &OsStr) -> io::Result<Option<Found>> {
            match rustix::fs::statat(&self.held, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) => Ok(Some(match FileType::from_raw_mode(found.st_mode) {
                    FileType::RegularFile => Found::File(u64::try_from(found.st_size).unwrap_or(0)),
                    FileType::Directory => Found::Folder,
                    _ => Found::Other,
                })),
                Err(Errno::NOENT) => Ok(None),
                Err(error) => Err(error.into()),
            }
        }

        /// A regular file in it; anything else of that name is not there.
        pub fn file(&self, name: &OsStr) -> io::Result<File> {
            self.file_for(name, OFlags::RDONLY)
        }

        /// The same, to be locked: on some network drives only whoever may write can.
        pub(in crate::files) fn file_to_lock(&self, name: &OsStr) -> io::Result<File> {
            self.file_for(name, OFlags::WRONLY)
        }

        fn file_for(&self, name: &OsStr, access: OFlags) -> io::Result<File> {
            let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            let file = match rustix::fs::openat(&self.held, name, flags, Mode::empty()) {
                Ok(held) => File::from(held),
                // A link; or a socket, or a device that is not there.
                Err(Errno::LOOP | Errno::MLINK | Errno::NXIO | Errno::NODEV) => return Err(no_file()),
                Err(error) => return Err(error.into()),
            };
            if file.metadata()?.is_file() { Ok(file) } else { Err(no_file()) }
        }

        pub fn remove(&self, name: &OsStr) -> io::Result<()> {
            Ok(rustix::fs::unlinkat(&self.held, name, AtFlags::empty())?)
        }

        /// A new file under a name that is free.
        pub(in crate::files) fn create(&self, name: &OsStr) -> io::Result<File> {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            Ok(File::from(rustix::fs::openat(&self.held, name, flags, OWNER)?))
        }

        /// A new file without a name, of which nothing is left when the program is killed; none where there is no such thing.
        pub(in crate::files) fn create_unnamed(&self) -> Option<File> {
            #[cfg(target_os = "linux")]
            {
                let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
                let file = File::from(rustix::fs::openat(&self.held, ".", flags, OWNER).ok()?);
                // By this it gets its name at the end.
                by_itself(&file).exists().then_some(file)
            }
            #[cfg(not(target_os = "linux"))]
            None
        }

        /// Gives a file without a name one that is free.
        pub(in crate::files) fn link_unnamed(&self, file: &File, name: &OsStr) -> io::Result<()> {
            #[cfg(target_os = "linux")]
            {
                let from = by_itself(file);
                Ok(rustix::fs::linkat(rustix::fs::CWD, from, &self.held, name, AtFlags::SYMLINK_FOLLOW)?)
            }
            #[cfg(not(target_os = "linux"))]
            {
                let _ = (file, name);
                Err(io::ErrorKind::Unsupported.into())
            }
        }

        pub(super) fn link(&self, draft: &OsStr, name: &OsStr) -> io::Result<()> {
            Ok(rustix::fs::linkat(&self.held, draft, &self.held, name, AtFlags::empty())?)
        }

        /// Says whether the name was free.
        pub(super) fn rename(&self, draft: &OsStr, name: &OsStr) -> io::Result<bool> {
            #[cfg(any(target_os = "linux", target_os = "macos"))]
            {
                let flags = rustix::fs::RenameFlags::NOREPLACE;
                match rustix::fs::renameat_with(&self.held, draft, &self.held, name, flags) {
                    Ok(()) => return Ok(true),
                    Err(Errno::EXIST) => return Ok(false),
                    // A file system that cannot do both at once: look first.
                    Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP | Errno::PERM) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            if self.look(name)?.is_some() {
                return Ok(false);
            }
            rustix::fs::renameat(&self.held, draft, &self.held, name)?;
            Ok(true)
        }

        pub fn sync(&self) -> io::Result<()> {
            match rustix::fs::fsync(&self.held) {
                // Some network drives know no such thing.
                Err(Errno::INVAL | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
                other => Ok(other?),
            }
        }

        /// The lock that says that somebody is at it.
        pub(in crate::files) fn lock(&self) -> Option<File> {
            let file = File::from(rustix::io::dup(&self.held).ok()?);
            file.try_lock().ok().map(|()| file)
        }
    }

    #[cfg(target_os = "linux")]
    fn by_itself(file: &File) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(file)))
    }
}

#[cfg(not(unix))]
impl Folder {
    /// A folder by the name that a person gave it.
    pub fn open(path: &Path) -> io::Result<Folder> {
        match std::fs::metadata(path)?.is_dir() {
            true => Ok(Folder { path: path.to_path_buf() }),
            false => Err(no_folder(path)),
        }
    }

    /// A folder in it that is a folder itself, and no link to one.
    pub fn inside(&self, name: &OsStr) -> io::Result<Folder> {
        let path = self.path_of(name);
        match self.look(name)? {
            Some(Found::Folder) => Ok(Folder { path }),
            Some(_) => Err(no_folder(&path)),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The same, made where there is none.
    pub fn make(&self, name: &OsStr) -> io::Result<Folder> {
        match std::fs::create_dir(self.path_of(name)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => self.inside(name),
        }
    }

    /// Who may read what stands there is said by the folder on this system.
    pub fn hand_on(&self, _: &File) -> io::Result<()> {
        Ok(())
    }

    /// The same for a folder of ours in it.
    pub fn hand_on_folder(&self, _: &Folder) -> io::Result<()> {
        Ok(())
    }

    fn listed(&self) -> PathBuf {
        self.path.clone()
    }

    /// What stands there under a name; none where there is nothing.
    pub fn look(&self, name: &OsStr) -> io::Result<Option<Found>> {
        match self.path_of(name).symlink_metadata() {
            Ok(found) if found.is_file() => Ok(Some(Found::File(found.len()))),
            Ok(found) if found.is_dir() => Ok(Some(Found::Folder)),
            Ok(_) => Ok(Some(Found::Other)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A regular file in it; anything else of that name is not there.
    pub fn file(&self, name: &OsStr) -> io::Result<File> {
        match self.look(name)? {
            Some(Found::File(_)) => File::open(self.path_of(name)),
            _ => Err(no_file()),
        }
    }

    pub(in crate::files) fn file_to_lock(&self, name: &OsStr) -> io::Result<File> {
        match self.look(name)? {
            Some(Found::File(_)) => File::options().write(true).open(self.path_of(name)),
            _ => Err(no_file()),
        }
    }

    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        std::fs::remove_file(self.path_of(name))
    }

    pub(in crate::files) fn create(&self, name: &OsStr) -> io::Result<File> {
        super::new_file(&self.path_of(name))
    }

    pub(in crate::files) fn create_unnamed(&self) -> Option<File> {
        None
    }

    pub(in crate::files) fn link_unnamed(&self, _: &File, _: &OsStr) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn link(&self, draft: &OsStr, name: &OsStr) -> io::Result<()> {
        std::fs::hard_link(self.path_of(draft), self.path_of(name))
    }

    /// Says whether the name was free.
    fn rename(&self, draft: &OsStr, name: &OsStr) -> io::Result<bool> {
        if self.look(name)?.is_some() {
            return Ok(false);
        }
        std::fs::rename(self.path_of(draft), self.path_of(name)).map(|()| true)
    }

    pub fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    pub(in crate::files) fn lock(&self) -> Option<File> {
        None
    }
}
