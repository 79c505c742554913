//! Where the file is, how it is unlocked, which day it is and by which rules.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use directories::ProjectDirs;
use zeroize::Zeroizing;

use crate::demo;
use crate::model::{Moment, text::one_line};
use crate::practice::{AgencyFile, Practice, Trouble};
use crate::store::{Passphrase, Store, local_moment, read_secret, wall_clock};
use crate::triage::Rules;
use crate::tui;

use super::Common;

/// The worker's word on all that a command needs beside its own arguments.
pub struct Setting {
    file: PathBuf,
    passphrase_file: Option<PathBuf>,
    today: Option<chrono::NaiveDate>,
    pub rules: Rules,
    /// What was wrong with the agency's own files.
    troubles: Vec<Trouble>,
    keys: tui::Keys,
    theme: Option<String>,
    plain: bool,
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
        let mut keys = tui::Keys::standard();
        if let Some(own) = own_folder.as_ref().map(|folder| folder.join("keys.toml"))
            && own.exists()
        {
            let text = std::fs::read_to_string(&own).with_context(|| format!("Cannot read {}", own.display()))?;
            keys = keys.overlay(&own.display().to_string(), &text).map_err(anyhow::Error::msg)?;
        }
        let files = match (common.agency, own_folder) {
            (Some(folder), _) => agency_files(&folder).with_context(|| format!("Cannot read {}", folder.display()))?,
            (None, Some(folder)) if folder.is_dir() => agency_files(&folder)?,
            (None, _) => Vec::new(),
        };
        let (practice, mut troubles) = Practice::with_agency(&files);
        let mut rules = Rules::with(practice);
        // What is wrong is told, and what was there before stands.
        for own in files.iter().filter(|file| file.name == "triage.toml") {
            match rules.clone().overlay(&own.shown, &own.text) {
                Ok(laid) => rules = laid,
                Err(trouble) => troubles.push(trouble),
            }
        }
        for trouble in &troubles {
            eprintln!("caseload: {} This file was left out.", one_line(&trouble.to_string()));
        }
        let (theme, plain) = (common.theme, common.plain);
        let (passphrase_file, today) = (common.passphrase_file, common.today);
        Ok(Setting { file, passphrase_file, today, rules, troubles, keys, theme, plain })
    }

    pub fn file(&self) -> &Path {
        &self.file
    }

    pub fn moment(&self) -> Moment {
        local_moment(self.today)
    }

    pub fn demo(&self, clients: u32, notes: u32, seed: u64) -> demo::Spec {
        demo::Spec { clients, notes, seed, moment: self.moment() }
    }

    /// What the screen starts with.
    pub fn start(&self, demo: Option<demo::Spec>) -> tui::Start {
        tui::Start {
            file: self.file.clone(),
            passphrase: self.passphrase_file.clone(),
            today: self.today,
            rules: self.rules.clone(),
            troubles: self.troubles.clone(),
            keys: self.keys.clone(),
            theme: self.theme.clone(),
            plain: self.plain,
            demo,
        }
    }

    /// Unlocks the caseload.
    pub fn open(&self) -> anyhow::Result<Store> {
        if !self.file.exists() {
            return Err(crate::store::StoreError::NoFile(self.file.clone()).into());
        }
        let passphrase = match &self.passphrase_file {
            Some(path) => read_secret(path)?,
            None => ask("Passphrase: ")?,
        };
        Ok(Store::open(&self.file, &Passphrase::new(passphrase.as_str()), wall_clock())?)
    }

    /// The passphrase of a file to be made: from the given file, the passphrase file, or asked for twice.
    pub fn new_passphrase(&self, path: Option<&Path>) -> anyhow::Result<Passphrase> {
        if let Some(path) = path.or(self.passphrase_file.as_deref()) {
            let secret = read_secret(path)?;
            if secret.is_empty() {
                bail!("{} has an empty first line. Write the passphrase there.", path.display());
            }
            return Ok(Passphrase::new(secret.as_str()));
        }
        self.new_passphrase_asked()
    }

    /// Asks for a new passphrase twice.
    pub fn new_passphrase_asked(&self) -> anyhow::Result<Passphrase> {
        let first = ask("New passphrase: ")?;
        if first.chars().count() < 8 {
            bail!(
                "A passphrase needs at least 8 characters. Four or five unrelated words are good. Nothing was changed."
            );
        }
        if let Some(weak) = crate::store::weakness(&first) {
            eprintln!("{weak}");
        }
        if *first != *ask("The same again: ")? {
            bail!("The two were not the same. Nothing was changed.");
        }
        Ok(Passphrase::new(first.as_str()))
    }
}

/// An agency's own files: those of the folder itself, and those of the folders in it that the program knows.
fn agency_files(folder: &Path) -> anyhow::Result<Vec<AgencyFile>> {
    let mut files = Vec::new();
    for (inside, prefix) in [("", ""), ("areas", "areas/"), ("instruments", "instruments/")] {
        let place = folder.join(inside);
        if !inside.is_empty() && !place.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&place)? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".toml"))
            else {
                continue;
            };
            let text = std::fs::read_to_string(&path).with_context(|| format!("Cannot read {}", path.display()))?;
            files.push(AgencyFile { shown: path.display().to_string(), name: format!("{prefix}{name}"), text });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// Asks at the terminal, without showing what is typed.
pub fn ask(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() && !std::io::stderr().is_terminal() {
        bail!("No passphrase: there is no terminal to ask at. Use --passphrase-file PATH.");
    }
    let typed = rpassword::prompt_password(prompt).context("No passphrase: the terminal cannot be asked")?;
    Ok(Zeroizing::new(typed))
}
