//! Commands by which a caseload outlives its laptop: backups, restoring, moving to another one.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::bail;
use serde_json::json;

use crate::files;
use crate::model::text::one_line;
use crate::store::moving::{MovingCode, sealed_with_a_code};
use crate::store::{Passphrase, RecoveryKey, Site, Staged, Store, StoreError, make_folder_for, wall_clock};

use super::Setting;
use super::reading::printed;
use super::setting::ask;

/// What `caseload move` is asked for.
pub struct Move<'a> {
    pub file: Option<&'a Path>,
    pub code_file: Option<&'a Path>,
    pub recovery_key_file: Option<&'a Path>,
    pub stay: bool,
}

pub fn backup(setting: &Setting, folder: Option<PathBuf>) -> anyhow::Result<String> {
    let store = setting.open()?;
    let folder = folder.unwrap_or_else(|| setting.file().with_file_name("backups"));
    let path = store.backup(&folder)?;
    Ok(format!("Wrote {}. The recovery key opens it.\n", path.display()))
}

pub fn restore(setting: &Setting, backup: &Path, key_file: Option<&Path>, replace: bool) -> anyhow::Result<String> {
    if !backup.exists() {
        bail!("There is no file {}.", backup.display());
    }
    let key = match key_file {
        Some(path) => setting.secret(path)?,
        None => ask("Recovery key: ")?,
    };
    let key = RecoveryKey::parse(&key)?;
    // The backup is unpacked beside where it is to stand; where there is a caseload, first of all what would be lost is told.
    let current = if setting.file().exists() { Some(setting.open()?) } else { None };
    let goes_there = replace || current.is_none();
    if goes_there {
        super::can_say("recovery key")?;
    }
    let passphrase =
        if goes_there { setting.new_passphrase(None)? } else { Passphrase::new(uuid::Uuid::new_v4().to_string()) };
    make_folder_for(setting.file())?;
    let trial = Staged::beside(Some(setting.file()))?;
    let (mut store, recovery) = Store::restore(backup, &key, &trial.path, &passphrase, wall_clock())?;
    let mut out = String::new();
    if let Some(current) = &current {
        out = lost(current, &store)?;
    }
    if !goes_there {
        out.push_str("Nothing was changed. To go back all the same, say --replace: the file as it is now is set aside beside it.\n");
        return Ok(out);
    }
    out.push_str(&restored(setting, &store, &recovery)?);
    store.will_stand_at(setting.file())?;
    // Closing folds what was last written into the one file that is moved; where another program has it open, it does not.
    let replaces = current.is_some();
    drop((store, current));
    if replaces && Path::new(&format!("{}-wal", setting.file().display())).exists() {
        bail!("Another program has this caseload open: close it first. Nothing was changed.");
    }
    // Only a caseload whose key was shown is one.
    super::say_once(&out, "recovery key")?;
    let exists = || StoreError::Exists(setting.file().into());
    if !replaces {
        return if files::settle(&trial.path, setting.file())? { Ok(String::new()) } else { Err(exists().into()) };
    }
    let aside = setting.file().with_extension(format!("before-{}.db", setting.moment().now.format("%Y%m%d-%H%M%S")));
    if !files::settle(setting.file(), &aside)? {
        bail!("There is already a file at {}: try again. Nothing was changed.", aside.display());
    }
    match files::settle(&trial.path, setting.file()) {
        Ok(true) => Ok(format!("The file as it was: {}\n", aside.display())),
        other => {
            files::settle(&aside, setting.file())?;
            Err(other.err().map_or_else(|| exists().into(), anyhow::Error::from))
        }
    }
}

/// What is here and not in a backup, in words.
fn lost(current: &Store, backup: &Store) -> anyhow::Result<String> {
    let mut out = String::new();
    let lost = current.lost_by_going_back_to(backup)?;
    if lost.is_empty() {
        out.push_str("Nothing is here that the backup does not hold.\n");
    } else {
        out.push_str("Not in the backup, and lost by going back to it:\n");
    }
    for one in &lost {
        let (name, what) = (one_line(&one.whose).into_owned(), one.actions.join(", "));
        writeln!(out, "  {name}: {} entries since {} ({what})", one.entries, one.since.format("%-d %b %Y %H:%M"))?;
    }
    Ok(out)
}

/// Checks what was restored, and says what comes next.
fn restored(setting: &Setting, store: &Store, recovery: &RecoveryKey) -> anyhow::Result<String> {
    let report = store.check()?;
    if !report.problems.is_empty() {
        bail!("The restored caseload does not check out: {}", report.problems.join("; "));
    }
    let mut out = format!(
        "Restored {} ({} journal entries, checked).\nIts new recovery key, shown this once: {}\n",
        setting.file().display(),
        report.entries,
        recovery.printed()
    );
    out.push_str("What was done or typed since the backup, and not synced, is not here.\n");
    if store.has_colleagues()? {
        write!(
            out,
            "To your colleagues this is a new installation, which nobody vouches for: fingerprint {}.\nSend them its card (caseload site card); once they have accepted it and synced, so do you. If the old laptop is lost,\nhave each of them end what it was: caseload site revoke FINGERPRINT, by the fingerprint that their caseload site list shows.\n",
            store.own_site()?.fingerprint()
        )?;
    }
    Ok(out)
}

/// To another laptop, or here from another one.
pub fn go(setting: &Setting, asked: &Move<'_>, json: bool) -> anyhow::Result<String> {
    let here = setting.file().exists();
    match (asked.file, here) {
        (_, true) if asked.stay => stay(setting),
        (_, false) if asked.stay => bail!("There is no caseload at {}.", setting.file().display()),
        (None, _) => Ok(guide(setting, here)),
        (Some(file), true) if file.exists() => bail!(
            "There is a caseload at {} and a file at {}. To move this caseload away, name a file that is not there yet; to take one in, say where: --file PATH. Nothing was changed.",
            setting.file().display(),
            file.display()
        ),
        (Some(file), true) => away(setting, file, json),
        (Some(file), false) if !file.exists() => bail!(
            "There is neither a caseload at {} nor a file at {}. On the old laptop, caseload move FILE writes one.",
            setting.file().display(),
            file.display()
        ),
        (Some(file), false) => take_in(setting, file, asked, json),
    }
}

fn guide(setting: &Setting, here: bool) -> String {
    match here {
        true => format!(
            "To move this caseload ({}) to another laptop:\n\n  1. Here: caseload move FILE, with FILE on a stick, say. A moving code is shown: write it down.\n     This copy then takes no more writing.\n  2. There: caseload move FILE, and type the code.\n\nName, drafts, settings, places and signatures come along, the recovery key stays the one on paper, and colleagues\naccept nobody anew.\n",
            setting.file().display()
        ),
        false => "There is no caseload here yet. One can come to this laptop in three ways.\n\n\
            The old laptop is at hand:\n  there: caseload move FILE      here: caseload move FILE, and the code that was shown\n\n\
            The old laptop is lost, and there is a backup (a copy of the folder \"backups\") and the recovery key:\n  \
            caseload move BACKUP, the newest file of that folder\n  \
            Your colleagues end the old laptop (caseload site revoke) and accept this one (caseload site card).\n\n\
            There is no backup, and a colleague has your clients:\n  \
            1. caseload init --worker \"Your Name\", spelled as before\n  \
            2. caseload site card, sent to the colleague, who ends the old laptop (caseload site revoke), accepts this one\n     \
            (caseload site accept CARD) and writes everything: caseload export FILE --everything --to \"Your Name\"\n  \
            3. caseload site accept, with the colleague's card, then caseload import FILE\n"
            .into(),
    }
}

fn away(setting: &Setting, file: &Path, json: bool) -> anyhow::Result<String> {
    super::can_say("moving code")?;
    let mut store = setting.open()?;
    let (code, site) = store.move_away(file)?;
    let code = code.printed();
    let said = match json {
        true => printed(&json!({
            "path": file.display().to_string(), "moving_code": code.as_str(), "fingerprint": site.fingerprint(),
        })),
        false => moved_away(file, &code, &site),
    };
    if let Err(error) = super::say_once(&said, "moving code") {
        // Without its code the file is nobody's: this copy goes on.
        std::fs::remove_file(file)?;
        store.stay_after_all()?;
        return Err(error);
    }
    Ok(String::new())
}

fn moved_away(file: &Path, code: &str, site: &Site) -> String {
    format!(
        "Wrote {}: this whole caseload, with drafts, settings and places.\n\nThe moving code, shown this once:\n\n    {}\n\nOn the new laptop: caseload move FILE, and type the code. There it goes on as the installation {},\nwhich this one vouches for: colleagues accept nobody anew, and the recovery key stays the one that you wrote down.\n\nThis copy can be read and takes no more writing. If the file never arrives: caseload move --stay.\n",
        file.display(),
        code,
        site.fingerprint()
    )
}

fn take_in(setting: &Setting, file: &Path, asked: &Move<'_>, json: bool) -> anyhow::Result<String> {
    match sealed_with_a_code(file) {
        Some(true) => {}
        Some(false) if file.extension().is_some_and(|ending| ending == "bundle") => bail!(
            "{} is a colleague's bundle, which a caseload takes in: make one first (caseload init --worker \"Your Name\"). caseload move says step by step how.",
            file.display()
        ),
        Some(false) => return restore(setting, file, asked.recovery_key_file, false),
        None => bail!("{} is neither what caseload move wrote nor a backup.", file.display()),
    }
    let code = match asked.code_file {
        Some(path) => setting.secret(path)?,
        None => ask("Moving code: ")?,
    };
    let code = MovingCode::parse(&code)?;
    let passphrase = setting.new_passphrase(None)?;
    make_folder_for(setting.file())?;
    let store = Store::take_move(file, &code, setting.file(), &passphrase, wall_clock())?;
    let report = store.check()?;
    if !report.problems.is_empty() {
        bail!("The caseload that moved does not check out: {}", report.problems.join("; "));
    }
    let (name, fingerprint) = (store.worker().name.clone(), store.own_site()?.fingerprint());
    let places: Vec<String> = store.places()?.into_iter().map(|(place, _)| place).collect();
    if json {
        return Ok(printed(&json!({
            "file": setting.file().display().to_string(), "name": name, "fingerprint": fingerprint,
            "entries": report.entries, "places": places,
        })));
    }
    let mut out = format!(
        "{}'s caseload is here: {} ({} journal entries, checked).\nIt goes on as the installation {fingerprint}, which the old laptop vouches for: colleagues accept nobody anew.\nThe recovery key is the one that you have.\n",
        one_line(&name),
        setting.file().display(),
        report.entries
    );
    if !places.is_empty() {
        writeln!(
            out,
            "Places: {}. Sync now (caseload sync), so that the others learn of it.",
            one_line(&places.join(", "))
        )?;
    }
    writeln!(out, "Remove {}: it has done its work.", file.display())?;
    Ok(out)
}

fn stay(setting: &Setting) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    if !store.stay_after_all()? {
        bail!("This caseload did not move away: nothing was changed.");
    }
    Ok(format!(
        "This caseload goes on here, as a new installation that the old one vouches for: {}.\nIf the file that moved was taken in after all, there are two of you now: sync both.\n",
        store.own_site()?.fingerprint()
    ))
}
