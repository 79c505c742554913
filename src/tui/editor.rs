//! A text in the user's own editor: where it lies meanwhile, and that nothing of it is left.
//!
//! The promise: the text lies in a folder of its own, for its owner only and in memory where there is such a place; with
//! whatever the editor put beside it, it is wiped when the editor ends, or by the next start where this program was killed.
//! Editors that are known are told to keep no history, swap or backup of it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use anyhow::Context;

use crate::files::new_file;

use super::terminal;

/// A folder that is in memory only, where there is one.
pub fn memory_folder() -> Option<PathBuf> {
    memory_folders()
        .find(|folder| folder.is_dir() && std::fs::metadata(folder).is_ok_and(|meta| !meta.permissions().readonly()))
}

fn memory_folders() -> impl Iterator<Item = PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).into_iter().chain([PathBuf::from("/dev/shm")])
}

/// Lets the user write a text in their own editor.
pub fn edit(text: &str) -> anyhow::Result<String> {
    let editor = std::env::var("VISUAL").or_else(|_| std::env::var("EDITOR")).unwrap_or_else(|_| "vi".into());
    let nook = Nook::make(&memory_folder().unwrap_or_else(std::env::temp_dir))?;
    let path = nook.text();
    new_file(&path)?.write_all(text.as_bytes())?;
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let _lent = terminal::lend();
    let child = Command::new(program).args(words).args(discreet(program)).arg(&path).spawn();
    let status = wait(&mut child.with_context(|| format!("The editor \"{program}\" cannot be started; set EDITOR"))?)?;
    // What was written so far is kept where the program itself has to end.
    anyhow::ensure!(status.success() || terminal::is_ending(), "The editor ended with an error; the text is as it was");
    Ok(std::fs::read_to_string(&path)?)
}

/// Waits for the editor; where this program is asked to end, the editor is too.
fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    while !terminal::is_ending() {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        std::thread::sleep(Duration::from_millis(40));
    }
    #[cfg(unix)]
    if let Some(id) = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap_or(0)) {
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        for _ in 0..5 {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(40));
        }
    }
    child.kill()?;
    child.wait()
}

/// What tells an editor to keep nothing of a text, by the name of its program. Where its own settings say otherwise these
/// are the last word.
fn discreet(program: &str) -> &'static [&'static str] {
    let real = real_name(program);
    let is = |names: &[&str]| {
        let fits = |name: &str| names.iter().any(|known| name == *known || name.starts_with(&format!("{known}.")));
        fits(&base(Path::new(program))) || real.as_deref().is_some_and(fits)
    };
    if is(&["vim", "nvim", "vimx"]) {
        return &[
            "-n",
            "-i",
            "NONE",
            "-c",
            "silent! set nobackup nowritebackup noswapfile",
            "-c",
            "silent! set noundofile",
        ];
    }
    if is(&["nano"]) {
        return &["--ignorercfiles"];
    }
    if is(&["emacs", "emacs-nox", "emacs-gtk", "emacs-pgtk"]) {
        return &[
            "--eval",
            "(progn (setq make-backup-files nil auto-save-default nil auto-save-list-file-prefix nil create-lockfiles nil) \
             (when (bound-and-true-p savehist-mode) (savehist-mode -1)) (when (bound-and-true-p recentf-mode) (recentf-mode -1)) \
             (when (bound-and-true-p desktop-save-mode) (desktop-save-mode -1)))",
        ];
    }
    &[]
}

fn base(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What a program's name leads to: `vi` is often another editor by another name.
fn real_name(program: &str) -> Option<String> {
    let named = PathBuf::from(program);
    let found = match named.components().count() {
        1 => std::env::split_paths(&std::env::var_os("PATH")?)
            .map(|folder| folder.join(&named))
            .find(|at| at.is_file())?,
        _ => named,
    };
    Some(base(&found.canonicalize().ok()?))
}

/// The beginning of the name of a folder with a text in it, and of one that is being made.
const NOOK: &str = "caseload-text-";
const UNFINISHED: &str = "caseload-new-";
/// Held locked by the program that the folder belongs to, for as long as that lives.
const OWNER: &str = "owner";

/// A folder for one text, wiped when it is dropped.
struct Nook {
    folder: PathBuf,
    _owner: File,
}

impl Nook {
    fn make(place: &Path) -> io::Result<Nook> {
        let id = uuid::Uuid::new_v4();
        // It gets its name once it has its owner: nobody sweeps it in between.
        let (unfinished, folder) = (place.join(format!("{UNFINISHED}{id}")), place.join(format!("{NOOK}{id}")));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&unfinished)?;
        let made = new_file(&unfinished.join(OWNER)).and_then(|owner| {
            owner.try_lock().map_err(io::Error::from)?;
            std::fs::rename(&unfinished, &folder)?;
            Ok(owner)
        });
        match made {
            Ok(owner) => Ok(Nook { folder, _owner: owner }),
            Err(error) => {
                let _ = std::fs::remove_dir_all(&unfinished);
                Err(error)
            }
        }
    }

    fn text(&self) -> PathBuf {
        self.folder.join("note.txt")
    }
}

impl Drop for Nook {
    fn drop(&mut self) {
        wipe(&self.folder);
    }
}

/// Wipes and takes away the texts of programs that were killed while an editor was open. Whose program lives keeps them,
/// however old they are.
pub fn sweep() {
    let places = memory_folders().chain([std::env::temp_dir()]);
    for folder in places.filter_map(|place| std::fs::read_dir(place).ok()).flatten().flatten() {
        let is_one = folder.file_name().to_string_lossy().starts_with(NOOK);
        if is_one && is_ours(&folder.path()) && is_dead(&folder.path().join(OWNER)) {
            wipe(&folder.path());
        }
    }
}

/// Whether it is a folder, not a link to one, and of this user.
fn is_ours(folder: &Path) -> bool {
    let Ok(meta) = std::fs::symlink_metadata(folder) else { return false };
    #[cfg(unix)]
    let own = std::os::unix::fs::MetadataExt::uid(&meta) == rustix::process::getuid().as_raw();
    #[cfg(not(unix))]
    let own = true;
    meta.is_dir() && own
}

fn is_dead(owner: &Path) -> bool {
    let is_file = std::fs::symlink_metadata(owner).is_ok_and(|meta| meta.is_file());
    is_file && File::open(owner).is_ok_and(|owner| owner.try_lock().is_ok())
}

/// Writes over what lies in a folder, and takes it away.
fn wipe(folder: &Path) {
    for file in
        std::fs::read_dir(folder).into_iter().flatten().flatten().filter(|file| file.file_name() != OsStr::new(OWNER))
    {
        let meta = std::fs::symlink_metadata(file.path());
        if let Some(meta) = meta.ok().filter(std::fs::Metadata::is_file)
            && let Ok(mut file) = std::fs::OpenOptions::new().write(true).open(file.path())
        {
            let _ = io::copy(&mut io::Read::take(io::repeat(b' '), meta.len()), &mut file);
        }
    }
    let _ = std::fs::remove_dir_all(folder);
}
