//! What may take longer than a moment: it shows how far it is, and can be stopped.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::exchange::closings::Held;
use crate::model::CATALOGUE;
use crate::model::text::one_line;
use crate::store::{Merged, Passphrase, StoreError};
use crate::sync::{self, Kind, Refusal, Scope, Taken, Whom, place::Place};

use super::answer::Answer;
use super::desk::Desk;
use super::overlay::{Item, Menu, Overlay, Pick};
use super::sharing::HandOver;

/// Something long, asked for by a key and done between two frames.
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
}

impl Work {
    pub fn title(&self) -> &'static str {
        match self {
            Work::Import(_) => "Importing",
            Work::TakeIn { keep: false, .. } => "Looking through it",
            Work::TakeIn { .. } => "Taking it in",
            Work::Sync(_) => "Syncing",
            Work::Give { .. } => "Writing",
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

impl Desk {
    /// Does it, and shows what came of it.
    pub fn perform(&mut self, work: Work, show: Show<'_>) -> Result<(), StoreError> {
        match work {
            Work::Import(path) => match self.import(&path, show) {
                Ok((lines, held)) => {
                    self.overlay = Some(match held.is_empty() {
                        true => Overlay::Reading { title: "Imported".into(), lines, scroll: 0 },
                        false => not_closed(held, lines),
                    });
                }
                Err(error) => self.refuse(&format!("{error:#}")),
            },
            Work::TakeIn { path, kind, passphrase, keep } => self.take_in(&path, kind, passphrase, keep, show)?,
            Work::Sync(places) => self.sync_through(&places, show)?,
            Work::Give { hand, path } => self.give(hand, &path)?,
        }
        Ok(())
    }

    fn take_in(
        &mut self,
        path: &Path,
        kind: Kind,
        passphrase: Option<Zeroizing<String>>,
        keep: bool,
        show: Show<'_>,
    ) -> Result<(), StoreError> {
        if keep {
            self.store.backup_before_merge()?;
        }
        let mut count = |done: u64| show(Far::Steps(done));
        let secret = passphrase.as_ref().map(|secret| secret.as_str());
        let taken = match kind {
            Kind::Bundle => sync::take(&mut self.store, path, secret, keep, &mut count),
            Kind::Caseload => {
                let passphrase = Passphrase::new(secret.unwrap_or_default());
                sync::merge_file(&mut self.store, path, &passphrase, keep, &mut count)
            }
        };
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

    fn sync_through(&mut self, places: &[String], show: Show<'_>) -> Result<(), StoreError> {
        let (mut about, mut all) = (Vec::new(), Merged::default());
        let (mut given, mut trouble) = (0, None);
        for address in places {
            let synced = match Place::open(address) {
                Ok(place) => sync::sync(&mut self.store, &place, &mut |done| show(Far::Steps(done))),
                Err(error) => {
                    trouble = Some(error.to_string());
                    continue;
                }
            };
            match synced {
                Ok(synced) => {
                    given += synced.given.map_or(0, |given| given.entries);
                    about.extend(synced.notices());
                    for (sender, merged) in synced.taken {
                        let from = format!("From {}:", one_line(&sender));
                        if !about.contains(&from) {
                            about.push(from);
                        }
                        about.extend(sync::in_words(&merged));
                        all.conflicts += merged.conflicts;
                        for client in merged.clients {
                            if !all.clients.iter().any(|known| known.0 == client.0) {
                                all.clients.push(client);
                            }
                        }
                    }
                }
                Err(error) => trouble = Some(format!("{address}: {error}")),
            }
        }
        self.load()?;
        if let Some(trouble) = trouble {
            self.refuse(&trouble);
            if all.clients.is_empty() {
                return Ok(());
            }
        }
        self.overlay = None;
        if about.is_empty() {
            match given {
                0 => self.say("Synced: nothing new on either side."),
                _ => self.say("Synced: nothing new here; yours is left for the others."),
            }
            return Ok(());
        }
        self.changes = Some((about, all));
        self.show_changes();
        Ok(())
    }

    fn give(&mut self, hand: HandOver, path: &Path) -> Result<(), StoreError> {
        let path = match path.is_dir() {
            true => path.join(format!("handover-{}.bundle", self.moment().now.format("%Y%m%d-%H%M"))),
            false => path.to_path_buf(),
        };
        if path.symlink_metadata().is_ok() {
            self.refuse(&format!("There is already a file at {}: name another.", path.display()));
            return Ok(());
        }
        let whom = Whom::Sites(hand.to.clone());
        let asked = hand.clients.clone().map_or(Scope::Whole, Scope::Clients);
        let practice = std::sync::Arc::clone(self.rules.practice());
        let leaving = sync::Leaving::of(&self.store, &practice, &asked, &whom, hand.without.as_ref())?;
        let scope = leaving.scope(asked);
        if leaving.is_nobody() {
            self.refuse("Nobody of them may be given to that agency.");
            return Ok(());
        }
        if let (Some(kind), Scope::Clients(clients), [to]) = (hand.kind, &scope, &hand.to[..]) {
            let receipt = sync::share(&mut self.store, clients, kind, to, self.today, hand.until)?;
            self.follow(receipt)?;
        }
        let (everything, without) = (hand.kind.is_some(), hand.without.as_ref());
        match leaving.give(&mut self.store, (&scope, &whom), everything, without, &path) {
            Ok(given) => {
                self.overlay = None;
                let names: Vec<String> = hand.to.iter().map(|site| one_line(&site.name).into_owned()).collect();
                self.say(format!(
                    "Written for {}: {} clients, {} entries, {}.",
                    names.join(", "),
                    given.clients,
                    given.counts.entries,
                    path.display()
                ));
                self.tell_leaving(&leaving)?;
            }
            Err(error) => self.refuse(&error.to_string()),
        }
        Ok(())
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
