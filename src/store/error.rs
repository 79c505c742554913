//! What can go wrong with a caseload file, in words for the person whose file it is.

use std::path::{Path, PathBuf};

use crate::model::Invalid;

use super::rescue::Left;
use super::watch::Found;

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{0}")]
    Invalid(#[from] Invalid),
    #[error("There is no caseload at {}.", .0.display())]
    NoFile(PathBuf),
    #[error("There is no caseload at {} any more. {}", .0.display(), .1)]
    NoFileBut(PathBuf, String),
    #[error("There is already a file at {}; it was left as it is.", .0.display())]
    Exists(PathBuf),
    #[error("That passphrase does not open this caseload.")]
    WrongPassphrase,
    #[error("That passphrase cannot be used. {0} Nothing was changed.")]
    UnfitPassphrase(&'static str),
    #[error("{} is not a caseload: {why}. It was left as it is.", .path.display())]
    NotACaseload { path: PathBuf, why: &'static str },
    #[error("This caseload is damaged: {0}. Nothing was changed. Restore the latest backup.")]
    Damaged(String),
    #[error("This caseload was written by a newer version of caseload. Update the program to open it.")]
    Newer,
    #[error("Not saved: the disk is full. Make some room and save again.")]
    DiskFull,
    #[error("Not saved: the file is read-only.")]
    ReadOnly,
    #[error(
        "This caseload cannot be read where nothing may be written: {0}. Copy it to where you may write, with all that lies beside it."
    )]
    NeedsWriting(&'static str),
    #[error("Not saved: another program is busy with this caseload. Try again in a moment.")]
    Busy,
    #[error("Not saved: the caseload file {} while it was open. Nothing was written to what is there now.", .0.told())]
    UnderFeet(Found),
    #[error(
        "A page of the caseload file does not pass its check: it is damaged, or there is too little memory for it. Nothing was changed."
    )]
    PageCheck,
    #[error("A page of the caseload file is damaged. Nothing was changed.")]
    DamagedPage,
    #[error("There is too little memory for this now. Nothing was changed: close other programs, and do it again.")]
    Memory,
    #[error("Not saved: the file could not be written ({0}).")]
    Write(String),
    #[error("These two are told to be one person already.")]
    Joined,
    #[error(
        "Not saved: this client's file is here as a copy to read. Ask whoever gave it to hand it over or to have you cover."
    )]
    OnlyACopy,
    #[error("Not saved: your {what} of this client ended {ended}.{}", if with.is_empty() { String::new() } else { format!(" {with} has the client now.") })]
    ShareIsOver {
        /// "cover" or "copy to read".
        what: &'static str,
        ended: String,
        with: String,
    },
    #[error(
        "Not changed: it is signed. The rule: a signed record is corrected by a dated, signed addendum, never changed and never taken back."
    )]
    Signed,
    #[error(
        "Not co-signed: you signed this note as its author. The rule: a co-signature is somebody else's, who stands for it too."
    )]
    OwnNote,
    #[error("Not signed: this note was written by {0}. The rule: a note is signed by its author.")]
    NotTheAuthor(String),
    #[error("Not co-signed: the co-signature of {0} was asked for.")]
    AskedOfAnother(String),
    #[error("Not done: this note is not signed yet.")]
    Unsigned,
    #[error("Not co-signed: the text of this note is not what was signed. It was altered outside the program.")]
    BrokenSeal,
    #[error("Not accepted: they were revoked here. To believe this installation again, give its whole fingerprint.")]
    WasEnded,
    #[error("Not done: this installation did not take over from that one.")]
    NotTakenOver,
    #[error("Not done: only the installation that founded the agency gives rights and ends them.")]
    NotTheFounder,
    #[error("Not done: somebody may still go on there. Put that installation to rest first, or end the line.")]
    StillAtWork,
    #[error(
        "Not given: a note that is kept apart goes out by an authorization of its own, which names to whom and what for, was signed by today and has not ended."
    )]
    NotAuthorized,
    #[error("There is no row {0} here.")]
    NoRow(String),
    #[error("Not erased: a legal hold stands over this file. Nothing of it may be destroyed.")]
    Held,
    #[error("There is nothing here that you may erase: it is gone already, or others wrote it.")]
    NothingToErase,
    #[error("Cannot undo: it erased something, and what is erased is gone for good.")]
    ErasedForGood,
    #[error("Cannot undo: a value that it would bring back is missing here. Take it in from a colleague first.")]
    Missing,
    #[error("Cannot undo: \"{0}\" was changed again since.")]
    ChangedSince(String),
    #[error(
        "Not {deed}: it would take away what others have written{}: {what}.",
        if *.of > 1 { format!(" on {clients} of these {of}") } else { String::new() }
    )]
    OthersWrote {
        /// "undone" or "deleted".
        deed: &'static str,
        /// Who, and which types of rows.
        what: String,
        /// About how many clients, of how many whom it is about.
        clients: usize,
        of: usize,
        hint: &'static str,
    },
    #[error("Stopped. Nothing was changed.")]
    Stopped,
    #[error("The recovery key does not open this backup.")]
    WrongRecoveryKey,
    #[error("That is not a recovery key: it starts with AGE-SECRET-KEY-1.")]
    NotARecoveryKey,
    #[error("{} is not a backup of a caseload, or it is damaged: {why}.", .path.display())]
    BadBackup { path: PathBuf, why: String },
    #[error(
        "{} holds only what came since {needs}, which is not beside it, or not as it was: put it there too. Nothing was restored.",
        .path.display()
    )]
    MissingBackup { path: PathBuf, needs: String },
    #[error("This caseload moved to another laptop{}: this copy of it can be read and takes no more writing.", .0)]
    Moved(String),
    #[error("That moving code does not open this file.")]
    WrongMovingCode,
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("The caseload file gave an error: {0}")]
    Sqlite(rusqlite::Error),
}

impl StoreError {
    /// There is no file of that name; where something of it lies beside, that is told.
    pub fn no_file(path: &Path) -> StoreError {
        match Left::beside(path).told() {
            told if told.is_empty() => StoreError::NoFile(path.into()),
            told => StoreError::NoFileBut(path.into(), told.join(" ")),
        }
    }

    /// What to do next, where there is something to say.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            StoreError::NoFile(_) => {
                "make one with `caseload init --worker \"Your Name\"`, or look around with `caseload demo`"
            }
            StoreError::Exists(_) => "name another place with `--file PATH`",
            StoreError::WrongPassphrase => {
                "if it is lost, or is the right one (then the file's first page is damaged), `caseload restore` makes a new file from a backup and the recovery key"
            }
            StoreError::NotACaseload { .. } => "name the right file with `--file PATH`",
            StoreError::Damaged(_) => "`caseload restore BACKUP --file NEW` makes a sound file from a backup",
            StoreError::PageCheck | StoreError::DamagedPage => {
                "`caseload check --repair` takes over what is whole into a new file, and says what is not"
            }
            StoreError::UnderFeet(Found::Rekeyed) => "lock it, and unlock it with the passphrase that it has now",
            StoreError::OwnNote => "the supervisor who was asked co-signs it, on their own laptop",
            StoreError::NotTheAuthor(_) => {
                "they sign it on their own laptop; write a note of your own about what you know"
            }
            StoreError::AskedOfAnother(_) => "they co-sign it on their own laptop",
            StoreError::OthersWrote { hint, .. } => hint,
            StoreError::ShareIsOver { .. } => "ask them to hand the client over, or to have you cover again",
            StoreError::Signed => "`caseload addendum NOTE body=TEXT` adds to a signed note",
            StoreError::Held => "when it is lifted, `caseload set ID hold=no`",
            StoreError::Unsigned => "change the note itself, or have its author sign it first (`caseload sign NOTE`)",
            StoreError::BrokenSeal => "`caseload check` says what was altered; a backup has it as it was",
            StoreError::Moved(_) => {
                "work on the new laptop; if it never arrived there, `caseload move --stay` lets this one go on"
            }
            StoreError::WrongMovingCode => "type it as the old laptop showed it",
            StoreError::UnderFeet(Found::Gone | Found::Replaced) => "put the file back where it was, and do it again",
            StoreError::UnderFeet(_) => "put the right file back (a backup has it), and do it again",
            StoreError::ReadOnly => "copy it to a place where you may write, or change its permissions",
            _ => return None,
        })
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        use rusqlite::ErrorCode::*;
        if error.sqlite_extended_error_code() == Some(rusqlite::ffi::SQLITE_CONSTRAINT_COMMITHOOK) {
            // The only thing that the connection looks at by itself.
            return StoreError::UnderFeet(Found::Replaced);
        }
        match error.sqlite_error_code() {
            Some(DiskFull) => StoreError::DiskFull,
            Some(ReadOnly) => StoreError::ReadOnly,
            Some(DatabaseBusy | DatabaseLocked) => StoreError::Busy,
            // SQLCipher's word for a page that does not pass its check.
            Some(OutOfMemory) => StoreError::PageCheck,
            Some(SystemIoFailure) => StoreError::Write("the disk is full, or it failed".into()),
            Some(DatabaseCorrupt | NotADatabase) => StoreError::Damaged("its contents do not add up".into()),
            _ => StoreError::Sqlite(error),
        }
    }
}

impl From<crate::model::ValueError> for StoreError {
    fn from(error: crate::model::ValueError) -> StoreError {
        StoreError::Damaged(error.to_string())
    }
}
