//! Where the file is, how it is unlocked, which day it is and by which rules.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use directories::ProjectDirs;
use zeroize::Zeroizing;

use crate::demo;
use crate::model::{Moment, text::one_line};
use crate::practice::{Practice, Trouble};
use crate::store::{
    Left, Passphrase, Store, StoreError, local_moment, open_by_file, others_can_read, read_secret, state_folder, unfit,
    wall_clock, weakness,
};
use crate::triage::Rules;
use crate::tui;

use super::{Common, ending, folder};

/// What is told of a `CASELOAD_AGENCY` without anything in it, as a script leaves it whose own variable was not set.
const NO_NAME: &str =
    "is empty: it names no folder, so none of your agency's own rules are read from one that it should name";

/// The worker's word on all that a command needs beside its own arguments.
pub struct Setting {
    file: PathBuf,
    passphrase_file: Option<PathBuf>,
    /// Started anew by the lock of the screen, and why.
    locked: Option<tui::Why>,
    /// What is told once the command is done: of secrets that others can read, or guess.
    to_tell: RefCell<BTreeSet<String>>,
    today: Option<chrono::NaiveDate>,
    pub rules: Rules,
    /// What was wrong with the agency's own files.
    troubles: Vec<Trouble>,
    keys: tui::Keys,
    theme: Option<String>,
    plain: bool,
    /// How to open the caseload once more, and whether its backup of the day was due when it was closed.
    opened: RefCell<Option<(Passphrase, Arc<AtomicBool>)>>,
}

impl Setting {
    pub fn new(common: Common) -> anyhow::Result<Setting> {
        let places = ProjectDirs::from("", "", "caseload");
        let file = match (common.file, &places) {
            (Some(file), _) => file,
            (None, Some(places)) => places.data_dir().join("caseload.db"),
            (None, None) => bail!("There is no home folder here. Name the caseload with --file PATH."),
        };
        let own_folder = places.map(|places| places.config_dir().to_path_buf());
        let mut unreadable = Vec::new();
        let keys = own_keys(own_folder.as_deref(), &mut unreadable);
        let found = match (common.agency, own_folder) {
            (Some(folder), _) if !folder.as_os_str().is_empty() => {
                let no_folder = || format!("There is no agency's folder {}. Nothing was done", folder.display());
                if !folder.metadata().with_context(no_folder)?.is_dir() {
                    bail!("{} is not a folder. Name the one that holds your agency's rules.", folder.display());
                }
                folder::read(&folder, false)
            }
            (named, Some(folder)) => {
                let mut found = if folder.is_dir() { folder::read(&folder, true) } else { folder::Found::default() };
                if named.is_some() {
                    found.troubles.insert(0, Trouble::whole("CASELOAD_AGENCY", NO_NAME));
                }
                found
            }
            (_, None) => folder::Found::default(),
        };
        let (practice, wrong) = Practice::with_agency(&found.files);
        let mut troubles = [found.troubles, wrong, unreadable].concat();
        let mut rules = Rules::with(practice);
        // What is wrong is told, and what was there before stands.
        for own in found.files.iter().filter(|file| file.name == "triage.toml") {
            match rules.clone().overlay(&own.shown, &own.text) {
                Ok(laid) => rules = laid,
                Err(trouble) => troubles.push(trouble),
            }
        }
        let (theme, plain) = (common.theme, common.plain);
        let (passphrase_file, today) = (common.passphrase_file, common.today);
        let (opened, to_tell, locked) = (RefCell::default(), RefCell::default(), common.locked);
        Ok(Setting { file, passphrase_file, locked, to_tell, today, rules, troubles, keys, theme, plain, opened })
    }

    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether the lock of the screen started the program: what there is to tell was told at the first start.
    pub fn is_locked(&self) -> bool {
        self.locked.is_some()
    }

    pub fn moment(&self) -> Moment {
        local_moment(self.today)
    }

    pub fn demo(&self, clients: u32, notes: u32, seed: u64) -> demo::Spec {
        demo::Spec { clients, notes, seed, moment: self.moment() }
    }

    /// What was left out of the agency's folder and of the worker's own settings, and which safety rules the agency switched
    /// off or weakened, each as a sentence.
    pub fn left_out(&self) -> Vec<String> {
        let accepted = self.rules.accepted().iter().cloned();
        self.troubles.iter().map(Trouble::told).chain(accepted).map(|told| one_line(&told).into_owned()).collect()
    }

    /// Says it at every start.
    pub fn tell_left_out(&self) {
        for told in self.left_out() {
            super::say_beside(format_args!("caseload: {told}"));
        }
    }

    /// What the screen starts with.
    pub fn start(&self, demo: Option<demo::Spec>) -> tui::Start {
        tui::Start {
            file: self.file.clone(),
            passphrase: self.passphrase_file.clone(),
            locked: self.locked,
            today: self.today,
            rules: self.rules.clone(),
            troubles: self.troubles.clone(),
            keys: self.keys.clone(),
            theme: self.theme.clone(),
            plain: self.plain,
            demo,
        }
    }

    /// What opens the caseload.
    pub fn passphrase(&self) -> anyhow::Result<Passphrase> {
        let passphrase = match &self.passphrase_file {
            Some(path) => self.secret(path)?,
            None => ask("Passphrase: ")?,
        };
        Ok(Passphrase::new(passphrase.as_str()))
    }

    /// Unlocks the caseload.
    pub fn open(&self) -> anyhow::Result<Store> {
        if !self.file.exists() {
            return Err(StoreError::no_file(&self.file).into());
        }
        let opened = match &self.passphrase_file {
            Some(path) => {
                self.to_tell.borrow_mut().extend(open_to_others(path));
                open_by_file(&self.file, path, wall_clock())
            }
            None => {
                let passphrase = Passphrase::new(ask("Passphrase: ")?.as_str());
                Store::open(&self.file, &passphrase, wall_clock()).map(|store| (store, passphrase))
            }
        };
        let left = Left::beside(&self.file).told();
        let (mut store, passphrase) = match opened {
            Err(error) if !left.is_empty() => {
                let hint = error.hint().map_or(String::new(), |hint| format!(" What to do: {hint}."));
                anyhow::bail!("{error}{hint} {}", left.join(" "));
            }
            opened => opened?,
        };
        self.to_tell.borrow_mut().extend(left);
        if let Some(folder) = state_folder() {
            store.hold_against(&folder)?;
        }
        store.sweep_unfinished()?;
        let due = Arc::default();
        store.tells_at_close(&due);
        store.take_for_today(self.today);
        self.opened.replace(Some((passphrase, due)));
        Ok(store)
    }

    /// Makes the backup of the day, once a command has done its work. What stands in its way is told, and fails nothing.
    pub fn backup_of_the_day(&self) {
        let Some((passphrase, _)) = self.opened.take().filter(|(_, due)| due.load(Ordering::Relaxed)) else { return };
        let made = Store::open(&self.file, &passphrase, wall_clock()).and_then(|mut store| store.backup_of_the_day());
        match made {
            // It was moved, or its passphrase changed, by this very command: the next one makes it.
            Ok(()) | Err(StoreError::WrongPassphrase | StoreError::NoFile(_) | StoreError::NoFileBut(..)) => {}
            Err(error) => {
                super::say_beside(format_args!("caseload: no backup was made today: {}", one_line(&error.to_string())))
            }
        }
    }

    /// The passphrase of a file to be made: from the given file, the passphrase file, or asked for twice.
    pub fn new_passphrase(&self, path: Option<&Path>) -> anyhow::Result<Passphrase> {
        match path.or(self.passphrase_file.as_deref()) {
            Some(path) => self.passphrase_to_set(path),
            None => self.new_passphrase_asked(),
        }
    }

    /// The passphrase in a file, with which something new is locked or sealed. What the screen would refuse is refused, and
    /// what makes it weak is told.
    pub fn passphrase_to_set(&self, path: &Path) -> anyhow::Result<Passphrase> {
        let secret = self.secret(path)?;
        if secret.trim().is_empty() {
            bail!("{} has an empty first line. Write the passphrase there. Nothing was changed.", path.display());
        }
        if let Some(why) = unfit(&secret) {
            bail!("The passphrase in {} will not do. {why} Nothing was changed.", path.display());
        }
        self.to_tell.borrow_mut().extend(weakness(&secret));
        Ok(Passphrase::new(secret.as_str()))
    }

    /// The first line of a file that holds a secret; that others can read it is told once the command is done.
    pub fn secret(&self, path: &Path) -> anyhow::Result<Zeroizing<String>> {
        let secret = read_secret(path)?;
        self.to_tell.borrow_mut().extend(open_to_others(path));
        Ok(secret)
    }

    /// The same of the screen's own secret, once it is closed.
    pub fn tell_of_own_secret(&self) {
        self.to_tell.borrow_mut().extend(self.open_secret());
        self.tell_of_secrets();
    }

    /// Says of secrets what a command that went well leaves to be said: a refusal is one line.
    pub fn tell_of_secrets(&self) {
        for told in self.to_tell.borrow().iter() {
            super::say_beside(format_args!("caseload: {}", one_line(told)));
        }
    }

    /// That the file that the passphrase comes from is open to others, in words.
    pub fn open_secret(&self) -> Option<String> {
        self.passphrase_file.as_deref().and_then(open_to_others)
    }

    /// Asks for a new passphrase twice.
    pub fn new_passphrase_asked(&self) -> anyhow::Result<Passphrase> {
        let first = ask("New passphrase: ")?;
        if let Some(why) = unfit(&first) {
            bail!("{why} Nothing was changed.");
        }
        if let Some(weak) = weakness(&first) {
            super::say_beside(format_args!("{weak}"));
        }
        if *first != *ask("The same again: ")? {
            bail!("The two were not the same. Nothing was changed.");
        }
        Ok(Passphrase::new(first.as_str()))
    }
}

/// That others can read a file with a secret in it, in words.
fn open_to_others(path: &Path) -> Option<String> {
    others_can_read(path)
        .then(|| format!("Others on this computer can read {}: make it yours alone (chmod 600).", path.display()))
}

/// The keys as the worker's own file has them. What is wrong in it is told, and the usual keys stand.
fn own_keys(folder: Option<&Path>, troubles: &mut Vec<Trouble>) -> tui::Keys {
    let keys = tui::Keys::standard();
    let Some(path) = folder.map(|folder| folder.join(folder::KEYS)).filter(|path| path.symlink_metadata().is_ok())
    else {
        return keys;
    };
    let shown = path.display().to_string();
    let text = folder::text_of(&path).map_err(|why| Trouble::whole(&shown, why));
    text.and_then(|text| keys.overlay(&shown, &text)).unwrap_or_else(|trouble| {
        troubles.push(trouble);
        keys
    })
}

/// Asks at the terminal, without showing what is typed.
pub fn ask(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() && !std::io::stderr().is_terminal() {
        bail!("No passphrase: there is no terminal to ask at. Use --passphrase-file PATH.");
    }
    let typed =
        ending::asking(|| rpassword::prompt_password(prompt)).context("No passphrase: the terminal cannot be asked")?;
    Ok(Zeroizing::new(typed))
}
