//! What is being written and has no name yet.
//!
//! The promise: it is its owner's alone from the first byte on, on the disk before it has its name, and it gets its name whole
//! or not at all, never in place of something or through it. What is dropped without a name is gone. Where files can be without
//! a name, a program that is killed leaves nothing; elsewhere the draft is told to `note` before it is made, so
//! that the next start takes it away by [`sweep`]. Whose a draft is tells a lock that the system lets go of when its holder ends.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use super::{Folder, free, made, reading, unheld_in};

const BEGINS: &str = ".caseload-";
const ENDS: &str = ".part";

/// Keeps in mind where a draft lies, durably.
pub type Note<'a> = &'a mut dyn FnMut(&Path) -> io::Result<()>;

fn fresh() -> OsString {
    format!("{BEGINS}{}{ENDS}", uuid::Uuid::new_v4().simple()).into()
}

fn taken() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "there is something of that name already")
}

/// A file that is being written.
pub struct NewFile {
    folder: Folder,
    name: OsString,
    file: File,
    /// What it is called until it is done, where there are no files without a name.
    draft: Option<OsString>,
}

impl NewFile {
    /// Begins a file that is to stand at `path`.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where there is something of that name, and what the file system says.
    pub fn begin(path: &Path, note: Note<'_>) -> io::Result<NewFile> {
        let (folder, name) = Folder::of(path)?;
        NewFile::begin_in(folder, &name, note)
    }

    /// The same in a folder that is open already.
    pub fn begin_in(folder: Folder, name: &OsStr, note: Note<'_>) -> io::Result<NewFile> {
        if folder.look(name)?.is_some() {
            return Err(taken());
        }
        match folder.create_unnamed() {
            Some(file) => Ok(NewFile { folder, name: name.to_os_string(), file, draft: None }),
            None => NewFile::begin_named(folder, name, note),
        }
    }

    /// The same where every file has a name.
    pub(super) fn begin_named(folder: Folder, name: &OsStr, note: Note<'_>) -> io::Result<NewFile> {
        let draft = fresh();
        let path = folder.path_of(&draft);
        note(&path)?;
        let file = folder.create(&draft)?;
        // That says that somebody is at it.
        let _ = file.try_lock();
        let new = NewFile { folder, name: name.to_os_string(), file, draft: Some(draft) };
        // Whoever swept just now found nothing there, and forgot it.
        note(&path)?;
        Ok(new)
    }

    /// The file, to be written to.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Has the disk keep what was written, so that only the name is missing.
    pub fn finish(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Gives it its name. Says whether that was free; where it was not, or on any error, nothing of it is left.
    pub fn settle(mut self) -> io::Result<bool> {
        self.file.sync_all()?;
        match self.draft.take() {
            Some(draft) => {
                let named = self.folder.name(&draft, &self.name);
                if !matches!(named, Ok(true)) {
                    self.draft = Some(draft);
                }
                named
            }
            None => match self.folder.link_unnamed(&self.file, &self.name) {
                Ok(()) => self.folder.kept(&self.name),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(error),
            },
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(draft) = self.draft.take() {
            let _ = self.folder.remove(&draft);
        }
    }
}

/// A folder of files that are being written.
pub struct NewFolder {
    parent: Folder,
    name: OsString,
    /// What it is called until it is done.
    draft: Option<OsString>,
    files: Vec<NewFile>,
    _held: Option<File>,
}

impl NewFolder {
    /// Begins a folder that is to stand at `path`.
    ///
    /// # Errors
    /// As for [`NewFile::begin`].
    pub fn begin(path: &Path, note: Note<'_>) -> io::Result<NewFolder> {
        let (parent, name) = Folder::of(path)?;
        if parent.look(&name)?.is_some() {
            return Err(taken());
        }
        let draft = fresh();
        let path = parent.path_of(&draft);
        note(&path)?;
        let _held = parent.make(&draft)?.lock();
        let new = NewFolder { parent, name, draft: Some(draft), files: Vec::new(), _held };
        note(&path)?;
        Ok(new)
    }

    /// Writes a file that will stand in it, onto the disk; like the folder it has no name yet.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let Some(draft) = &self.draft else { return Ok(()) };
        // The folder that it lies in is noted already.
        let mut file = NewFile::begin_in(self.parent.inside(draft)?, OsStr::new(name), &mut |_| Ok(()))?;
        file.write_all(bytes)?;
        file.finish()?;
        self.files.push(file);
        Ok(())
    }

    /// Gives all of it its name at once. Says whether that was free; where it was not, or on any error, nothing of it is left.
    pub fn settle(mut self) -> io::Result<bool> {
        for file in std::mem::take(&mut self.files) {
            if !file.settle()? {
                return Err(taken());
            }
        }
        let Some(draft) = self.draft.take() else { return Ok(false) };
        let named = self.parent.name(&draft, &self.name);
        if !matches!(named, Ok(true)) {
            self.draft = Some(draft);
        }
        named
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        self.files.clear();
        if let Some(draft) = self.draft.take() {
            let _ = std::fs::remove_dir_all(self.parent.path_of(&draft));
        }
    }
}

/// Takes away a draft that a program left that is no more. Says whether it can be forgotten: it is gone, or somebody else's now;
/// not where its folder cannot be reached today, or somebody is at it.
pub fn sweep(draft: &Path) -> bool {
    let name = draft.file_name().and_then(OsStr::to_str).unwrap_or_default();
    if !(name.starts_with(BEGINS) && name.ends_with(ENDS)) {
        return true;
    }
    let Ok((parent, _)) = Folder::of(draft) else { return false };
    let found = match parent.look(OsStr::new(name)) {
        Ok(Some(found)) => found,
        Ok(None) => return true,
        Err(_) => return false,
    };
    let now = now_there(&parent).unwrap_or_else(SystemTime::now);
    match found {
        super::Found::Other => true,
        super::Found::File(_) => {
            unheld_in(&parent, OsStr::new(name), now).is_some() && parent.remove(OsStr::new(name)).is_ok()
        }
        super::Found::Folder => {
            let held = match reading().open(draft) {
                Ok(folder) => free(folder, draft, now).is_some(),
                // A system on which a folder has no lock.
                Err(_) => super::is_old(draft, now),
            };
            held && std::fs::remove_dir_all(draft).is_ok()
        }
    }
}

/// What time it is by the clock of the file system that a folder lies on.
fn now_there(folder: &Folder) -> Option<SystemTime> {
    let name = fresh();
    let file = folder.create(&name).ok()?;
    let now = made(&file);
    let _ = folder.remove(&name);
    Some(now)
}

#[cfg(test)]
mod killed {
    use super::{File, NewFile, NewFolder};

    impl NewFile {
        /// What becomes of it when the program is killed: the system lets go of the lock, and nothing is tidied up.
        pub fn into_killed(mut self) {
            self.draft = None;
        }
    }

    impl NewFolder {
        pub fn into_killed(mut self) {
            self.draft = None;
            self.files.drain(..).for_each(NewFile::into_killed);
            let _: Option<File> = self._held.take();
        }
    }
}
