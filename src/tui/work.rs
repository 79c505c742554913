//! What may take longer than a moment: it shows how far it is, and can be stopped.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use crate::exchange::closings::Held;
use crate::model::text::one_line;
use crate::model::{CATALOGUE, Moment};
use crate::practice::Practice;
use crate::store::{Merged, Passphrase, Store, StoreError};
use crate::sync::{self, Kind, Leaving, Refusal, Scope, Taken, Whom, place::Place};

use super::answer::Answer;
use super::desk::Desk;
use super::overlay::{Item, Menu, Overlay, Pick};
use super::sharing::HandOver;

/// Something long, asked for by a key and done beside the screen.
#[derive(Clone)]
pub enum Work {
    /// Another system's export, or a spreadsheet.
    Import(PathBuf),
    /// A bundle or another caseload; without `keep` to see what it would bring.
    TakeIn {
        path: PathBuf,
        kind: Kind,
        passphrase: Option<Zeroizing<String>>,
        keep: bool,
    },
    /// Through these places.
    Sync(Vec<String>),
    Give {
        hand: HandOver,
        path: PathBuf,
    },
    /// Into a folder.
    BackUp(PathBuf),
}

impl Work {
    pub fn title(&self) -> &'static str {
        match self {
            Work::Import(_) => "Importing",
            Work::TakeIn { keep: false, .. } => "Looking through it",
            Work::TakeIn { .. } => "Taking it in",
            Work::Sync(_) => "Syncing",
            Work::Give { .. } => "Writing",
            Work::BackUp(_) => "Backing up",
        }
    }
}

/// How far it is, and of how much where that is known.
#[derive(Clone, Copy)]
pub enum Far {
    /// Bytes of a file read.
    Read(u64, u64),
    /// Rows taken in.
    Rows(u64, u64),
    /// Steps done, of which nobody knows how many there are.
    Steps(u64),
}

/// Shows how far it is; the answer says whether to go on.
pub type Show<'a> = &'a mut dyn FnMut(Far) -> ControlFlow<()>;

/// What a piece of work needs beside the file.
pub struct Around {
    pub practice: Arc<Practice>,
    pub moment: Moment,
    /// Set once it is to stop.
    pub stop: Arc<AtomicBool>,
}

impl Around {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// What came of it, for the screen to show.
pub enum Came {
    Imported(anyhow::Result<(Vec<String>, Vec<Held>)>),
    TakenIn {
        path: PathBuf,
        kind: Kind,
        passphrase: Option<Zeroizing<String>>,
        keep: bool,
        taken: Result<Taken, Refusal>,
    },
    Synced(Through),
    Given(Result<(String, Leaving), String>),
    BackedUp(Result<PathBuf, StoreError>),
}

/// What came of going through places.
#[derive(Default)]
pub struct Through {
    about: Vec<String>,
    all: Merged,
    /// Entries that were left there.
    given: u64,
    trouble: Option<String>,
}

impl Work {
    /// Does it, and touches nothing but the file: it may be another thread's.
    ///
    /// # Errors
    /// Where the file cannot be read or written any more.
    pub fn run(self, store: &mut Store, around: &Around, show: Show<'_>) -> Result<Came, StoreError> {
        Ok(match self {
            Work::Import(path) => Came::Imported(import(store, &path, around, show)),
            Work::TakeIn { path, kind, passphrase, keep } => {
                let taken = take_in(store, (&path, kind), passphrase.as_ref(), keep, around, show)?;
                Came::TakenIn { path, kind, passphrase, keep, taken }
            }
            Work::Sync(places) => Came::Synced(through(store, &places, around, show)),
            Work::Give { hand, path } => Came::Given(give(store, &hand, &path, around)?),
            Work::BackUp(folder) => {
                let count = Cell::new(0);
                let show = RefCell::new(show);
                let made = store.backup_unless(&folder, &|| {
                    count.set(count.get() + 1);
                    show.borrow_mut()(Far::Steps(count.get())).is_break()
                });
                Came::BackedUp(made)
            }
        })
    }
}

/// Takes in a file. Gives what came of it, in lines, and whom the file closes and who stays as they are.
fn import(store: &mut Store, path: &Path, around: &Around, show: Show<'_>) -> anyhow::Result<(Vec<String>, Vec<Held>)> {
    let show = RefCell::new(show);
    let options = crate::exchange::Options {
        format: None,
        map: &[],
        moment: around.moment,
        client: None,
        store,
        practice: &around.practice,
        going: &|done, all| show.borrow_mut()(Far::Read(done, all)),
    };
    let mut reading = crate::exchange::read(path, &options)?;
    let held = crate::exchange::closings::hold_back(store, &mut reading.drafts, around.moment.now)?;
    let rows = &mut |done: usize, all: usize| show.borrow_mut()(Far::Rows(done as u64, all as u64));
    // A workbook is read in one go: whoever stopped it meanwhile is heard before anything of it is taken in.
    if rows(0, reading.drafts.len()).is_break() {
        return Err(StoreError::Stopped.into());
    }
    let taken = store.import(reading.format.origin(), &reading.drafts, false, rows)?;
    crate::exchange::unplaced::keep(store, &reading.unplaced)?;
    let mut lines = counted(&taken);
    if taken.conflicts > 0 {
        lines.push(format!(
            "{} fields were edited here since and came in different: both values are kept.",
            taken.conflicts
        ));
    }
    if !reading.unused_columns.is_empty() {
        lines.push(format!("Columns not used: {}", reading.unused_columns.join(", ")));
    }
    lines.extend(reading.told.iter().cloned());
    if !reading.skipped.is_empty() {
        lines.push(format!("{} rows were skipped:", reading.skipped.len()));
    }
    for skipped in reading.skipped.iter().take(500) {
        lines.push(format!("  {} line {} {}: {}", skipped.file, skipped.line, skipped.column, skipped.reason));
    }
    Ok((lines, held))
}

fn take_in(
    store: &mut Store,
    (path, kind): (&Path, Kind),
    passphrase: Option<&Zeroizing<String>>,
    keep: bool,
    around: &Around,
    show: Show<'_>,
) -> Result<Result<Taken, Refusal>, StoreError> {
    if keep
        && let Some(drafted) = store.draft_backup(&|| around.is_stopped())?
        && !store.read_only()
    {
        store.keep_backup(drafted)?;
    }
    let mut count = |done: u64| show(Far::Steps(done));
    let secret = passphrase.map(|secret| secret.as_str());
    Ok(match kind {
        Kind::Bundle => sync::take(store, path, secret, keep, &mut count),
        Kind::Caseload => {
            let passphrase = Passphrase::new(secret.unwrap_or_default());
            sync::merge_file(store, path, &passphrase, keep, &mut count)
        }
    })
}

fn through(store: &mut Store, places: &[String], around: &Around, show: Show<'_>) -> Through {
    let mut came = Through::default();
    for address in places {
        if around.is_stopped() {
            break;
        }
        let place = match Place::open(address) {
            Ok(place) => place.heeding(&around.stop),
            Err(error) => {
                came.trouble = Some(error.to_string());
                continue;
            }
        };
        match sync::sync(store, &place, &mut |done| show(Far::Steps(done))) {
            Ok(synced) => {
                came.given += synced.given.map_or(0, |given| given.entries);
                came.about.extend(synced.notices());
                for (sender, merged) in synced.taken {
                    let from = format!("From {}:", one_line(&sender));
                    if !came.about.contains(&from) {
                        came.about.push(from);
                    }
                    came.about.extend(sync::in_words(&merged));
                    came.all.conflicts += merged.conflicts;
                    for client in merged.clients {
                        if !came.all.clients.iter().any(|known| known.0 == client.0) {
                            came.all.clients.push(client);
                        }
                    }
                }
            }
            Err(_) if around.is_stopped() => came.trouble = Some(sync::Trouble::Stopped.to_string()),
            Err(error) => came.trouble = Some(format!("{address}: {error}")),
        }
    }
    came
}

/// Writes a bundle for another site; what there is to say of it, or why it was not written.
fn give(
    store: &mut Store,
    hand: &HandOver,
    path: &Path,
    around: &Around,
) -> Result<Result<(String, Leaving), String>, StoreError> {
    let path = match path.is_dir() {
        true => path.join(format!("handover-{}.bundle", around.moment.now.format("%Y%m%d-%H%M"))),
        false => path.to_path_buf(),
    };
    if path.symlink_metadata().is_ok() {
        return Ok(Err(format!("There is already a file at {}: name another.", path.display())));
    }
    let whom = Whom::Sites(hand.to.clone());
    let asked = hand.clients.clone().map_or(Scope::Whole, Scope::Clients);
    let leaving = Leaving::of(store, &around.practice, &asked, &whom, hand.without.as_ref())?;
    let scope = leaving.scope(asked);
    if leaving.is_nobody() {
        return Ok(Err("Nobody of them may be given to that agency.".into()));
    }
    if let (Some(kind), Scope::Clients(clients), [to]) = (hand.kind, &scope, &hand.to[..]) {
        sync::share(store, clients, kind, to, around.moment.today(), hand.until)?;
    }
    let (everything, without) = (hand.kind.is_some(), hand.without.as_ref());
    let given = match leaving.give(store, (&scope, &whom), everything, without, &path) {
        Ok(given) => given,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let names: Vec<String> = hand.to.iter().map(|site| one_line(&site.name).into_owned()).collect();
    let said = format!(
        "Written for {}: {} clients, {} entries, {}.",
        names.join(", "),
        given.clients,
        given.counts.entries,
        path.display()
    );
    Ok(Ok((said, leaving)))
}

impl Desk {
    /// What work needs of the desk.
    pub fn around(&self) -> Around {
        let practice = Arc::clone(self.rules.practice());
        Around { practice, moment: self.moment(), stop: Arc::default() }
    }

    /// Shows what came of it.
    ///
    /// # Errors
    /// Where the file cannot be read any more.
    pub fn came(&mut self, came: Came) -> Result<(), StoreError> {
        // Done by another way into the file: what is known of it here is as old as the work is long.
        if self.store.changed_elsewhere()? || matches!(came, Came::Synced(_)) {
            self.load()?;
        }
        match came {
            Came::Imported(Ok((lines, held))) => {
                self.load()?;
                self.overlay = Some(match held.is_empty() {
                    true => Overlay::Reading { title: "Imported".into(), lines, scroll: 0 },
                    false => not_closed(held, lines),
                });
            }
            Came::Imported(Err(error)) => self.refuse(&format!("{error:#}")),
            Came::TakenIn { path, kind, passphrase, keep, taken } => {
                self.taken_in(&path, kind, passphrase, keep, taken)?
            }
            Came::Synced(through) => self.went_through(through),
            Came::Given(Ok((said, leaving))) => {
                self.load()?;
                self.overlay = None;
                self.say(said);
                self.tell_leaving(&leaving)?;
            }
            Came::Given(Err(why)) => self.refuse(&why),
            Came::BackedUp(Ok(path)) => self.say(format!("Backed up to {}.", path.display())),
            Came::BackedUp(Err(error)) => self.trouble(error),
        }
        Ok(())
    }

    /// It was stopped, and heard: what there is to say of that is said on the desk, and no question stays open.
    pub fn stopped(&mut self) {
        if let Some(Overlay::Ask { trouble: Some(why), .. }) = &self.overlay {
            let why = why.clone();
            self.overlay = None;
            self.say(why);
        }
    }

    /// It was stopped, and did not wait to hear what came of it.
    pub fn let_go(&mut self) -> Result<(), StoreError> {
        self.load()?;
        self.overlay = None;
        self.say("Stopped. What was not finished changes nothing.");
        Ok(())
    }

    fn taken_in(
        &mut self,
        path: &Path,
        kind: Kind,
        passphrase: Option<Zeroizing<String>>,
        keep: bool,
        taken: Result<Taken, Refusal>,
    ) -> Result<(), StoreError> {
        match taken {
            Err(Refusal::NeedsPassphrase) if passphrase.is_none() => {
                let about = "The bundle is sealed with a passphrase, not for a site. What is it?";
                self.ask(Answer::Passphrase(path.into(), kind), "Passphrase", about);
            }
            Err(refusal) => self.refuse(&refusal.to_string()),
            Ok(taken) if taken.merged.is_nothing() => {
                self.overlay = None;
                self.say("Nothing new: all of it is here already.");
            }
            Ok(taken) if !keep => {
                let mut about = told(&taken);
                let clients = &taken.merged.clients;
                about.extend(clients.iter().take(12).map(|(_, name, new)| {
                    format!("  {} {}", if *new { "new    " } else { "changed" }, one_line(name))
                }));
                if clients.len() > 12 {
                    about.push(format!("  and {} more", clients.len() - 12));
                }
                let work = Work::TakeIn { path: path.into(), kind, passphrase, keep: true };
                let items = vec![
                    (Some('y'), "Take it in (a backup is made first)".into(), Pick::Work(work)),
                    (Some('n'), "Leave it; nothing has changed".into(), Pick::Nothing),
                ];
                self.overlay = Some(Menu::telling("What would come in", about, items));
            }
            Ok(taken) => {
                self.load()?;
                self.changes = Some((told(&taken), taken.merged));
                self.show_changes();
            }
        }
        Ok(())
    }

    fn went_through(&mut self, came: Through) {
        if let Some(trouble) = came.trouble {
            self.refuse(&trouble);
            if came.all.clients.is_empty() {
                return;
            }
        }
        self.overlay = None;
        if came.about.is_empty() {
            match came.given {
                0 => self.say("Synced: nothing new on either side."),
                _ => self.say("Synced: nothing new here; yours is left for the others."),
            }
            return;
        }
        self.changes = Some((came.about, came.all));
        self.show_changes();
    }

    /// What the last merge brought, by client; each leads there.
    pub(super) fn show_changes(&mut self) {
        let Some((about, merged)) = &self.changes else {
            self.say("Nothing was taken in since the caseload was opened.");
            return;
        };
        let mut menu = Menu { title: "What changed".into(), about: about.clone(), items: Vec::new(), at: 0, scroll: 0 };
        if merged.conflicts > 0 {
            let label = format!("Choose where you and they differ: {}", merged.conflicts);
            menu.items.push(Item { key: Some('c'), label, choice: Pick::Do(super::action::Action::Conflicts) });
        }
        if merged.clients.len() > 1 {
            let all = merged.clients.iter().map(|(client, ..)| *client).collect();
            let label = format!("Mark all {} of them", merged.clients.len());
            menu.items.push(Item { key: Some('x'), label, choice: Pick::MarkAll(all) });
        }
        for (client, name, new) in &merged.clients {
            let label = format!("{} {}", if *new { "new    " } else { "changed" }, one_line(name));
            menu.items.push(Item { key: None, label, choice: Pick::Go(*client) });
        }
        if menu.items.is_empty() {
            menu.items.push(Item { key: None, label: "Close".into(), choice: Pick::Nothing });
        }
        self.overlay = Some(Overlay::Menu(menu));
    }
}

/// Whom a file closed and who stays as they are, each with what is open of theirs; below, the rest of what it brought.
fn not_closed(held: Vec<Held>, lines: Vec<String>) -> Overlay {
    let many = match held.len() {
        1 => "1 person is".to_string(),
        many => format!("{many} people are"),
    };
    let mut about = vec![
        format!("{many} closed in the file, and not here: something of theirs is open that may cost a life."),
        "Enter goes there. To close somebody all the same: `:close client`; it goes through what is open.".into(),
        String::new(),
    ];
    about.extend(lines);
    let one = |held: Held| (None, format!("{} has {}", one_line(&held.name), held.what), Pick::Go(held.client));
    let close = (None, "Leave them open".to_string(), Pick::Nothing);
    Menu::telling("Imported; not everyone was closed", about, held.into_iter().map(one).chain([close]).collect())
}

fn told(taken: &Taken) -> Vec<String> {
    let mut lines = vec![format!("From {}:", one_line(&taken.sender))];
    lines.extend(sync::in_words(&taken.merged));
    lines
}

/// In the records a person reads after an import: what came of each type of row.
pub(super) fn counted(taken: &crate::store::Taken) -> Vec<String> {
    let count =
        |counts: &std::collections::BTreeMap<&'static str, u64>, name: &str| counts.get(name).copied().unwrap_or(0);
    let lines = CATALOGUE.iter().filter_map(|record| {
        let (new, changed, same) = (
            count(&taken.created, record.name),
            count(&taken.updated, record.name),
            count(&taken.unchanged, record.name),
        );
        let any = new + changed + same > 0;
        any.then(|| format!("{}: {new} new, {changed} changed, {same} as they were", record.plural))
    });
    lines.collect()
}
