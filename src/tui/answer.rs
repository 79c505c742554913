//! What was typed into a question, and what comes of it.

use std::path::{Path, PathBuf};

use crate::disclosure::{Ground, Override};
use crate::model::{RowId, ShareKind, SignatureRole};
use crate::store::{Acceptance, Gives, Signer, Site, StoreError, text_of};
use crate::sync::{Card, Kind};

use super::desk::Desk;
use super::overlay::{Menu, Pick};
use super::printing::{Question, Wish};
use super::sharing::HandOver;
use super::work::Work;

/// What is done with what was typed.
#[derive(Clone)]
pub enum Answer {
    Import,
    LockMinutes,
    /// The period of a report.
    Period(&'static crate::report::figures::Kind),
    /// What was done about an answer that demanded action.
    ActedOn(RowId),
    /// The day of an assessment of a client, by its instrument.
    AssessedOn(RowId, String),
    /// Who takes over what is open at a closing.
    HandOn(Box<crate::practice::closing::Matter>),
    CloseAllTheSame,
    Tag,
    Reassign,
    SaveFilter,
    /// A place to sync through.
    Place,
    /// A colleague's card.
    Card,
    /// The passphrase that opens a bundle or another caseload.
    Passphrase(PathBuf, Kind),
    /// The passphrase that this caseload got while it was open.
    NewPassphrase,
    /// The last day of a cover.
    Until(HandOver),
    /// The name that someone types under a plan.
    PlanName(RowId, SignatureRole),
    /// Who saw them do it.
    PlanWitness(RowId, SignatureRole, String),
    /// Where a bundle is written.
    Bundle(HandOver),
    /// The agency of a colleague who is not of ours.
    Agency(Box<Site>),
    /// Why something is given to another agency without a release.
    Reason(HandOver, Ground),
    /// The client to whom something from a calendar belongs.
    Whose(crate::model::RowId),
    /// Something about what is to be printed.
    Print(Box<Wish>, Question),
}

impl Answer {
    /// Whether what is typed must not be seen.
    pub fn is_secret(&self) -> bool {
        matches!(self, Answer::Passphrase(..) | Answer::NewPassphrase)
    }
}

/// A path as a person types or pastes it: quotes and `~` are understood.
pub(super) fn path(typed: &str) -> PathBuf {
    let path = typed.trim().trim_matches(['"', '\'']);
    match path.strip_prefix("~/").and_then(|rest| Some(std::env::home_dir()?.join(rest))) {
        Some(path) => path,
        None => PathBuf::from(path),
    }
}

impl Desk {
    pub fn answer(&mut self, answer: Answer, typed: &str) -> Result<(), StoreError> {
        if typed.trim().is_empty() {
            self.refuse("Nothing was typed.");
            return Ok(());
        }
        match answer {
            Answer::LockMinutes => match typed.trim().parse::<u64>() {
                Ok(minutes) if (1..=240).contains(&minutes) => {
                    self.overlay = None;
                    match self.store.set_local("lock-minutes", Some(minutes.to_string().as_bytes())) {
                        Ok(()) => self.say(format!("Locks after {minutes} idle minutes.")),
                        Err(error) => self.trouble(error),
                    }
                }
                _ => self.refuse("Type a whole number of minutes from 1 to 240."),
            },
            Answer::Period(kind) => self.report(kind, typed)?,
            Answer::ActedOn(row) => {
                self.overlay = None;
                self.acted_on(row, typed)?;
            }
            Answer::AssessedOn(client, code) => self.assessed_on(client, &code, typed)?,
            Answer::HandOn(matter) => {
                self.overlay = None;
                self.hand_on(*matter, typed)?;
            }
            Answer::CloseAllTheSame => {
                self.overlay = None;
                self.close_all_the_same(typed)?;
            }
            Answer::Tag => {
                self.overlay = None;
                self.tag(typed)?;
            }
            Answer::Reassign => {
                self.overlay = None;
                self.reassign(typed)?;
            }
            Answer::SaveFilter => {
                self.overlay = None;
                self.keep_filter(typed.trim())?;
            }
            Answer::Import => {
                let path = path(typed);
                match crate::sync::kind_of(&path) {
                    Some(Kind::Caseload) => {
                        let about =
                            "That is another caseload file. Its passphrase, to see what it holds that is not here:";
                        self.ask(Answer::Passphrase(path, Kind::Caseload), "Merge a caseload", about);
                    }
                    Some(kind) => self.work = Some(Work::TakeIn { path, kind, passphrase: None, keep: false }),
                    None => self.work = Some(Work::Import(path)),
                }
            }
            Answer::Passphrase(path, kind) => {
                let passphrase = Some(typed.trim_end_matches(['\r', '\n']).to_string().into());
                self.work = Some(Work::TakeIn { path, kind, passphrase, keep: false });
            }
            Answer::NewPassphrase => self.unlock_again(typed)?,
            Answer::Place => {
                let typed = typed.trim();
                let place = if typed.contains("://") { typed.to_string() } else { path(typed).display().to_string() };
                self.work = Some(Work::Sync(vec![place]));
            }
            Answer::PlanName(plan, role) => self.plan_witness(plan, role, typed),
            Answer::PlanWitness(plan, role, name) => {
                self.overlay = None;
                let signer = Signer { name, credentials: String::new(), witness: typed.trim().into() };
                self.sign_plan(plan, role, &signer)?;
            }
            Answer::Card => self.read_card(typed.trim()),
            Answer::Until(mut hand) => match crate::sync::Until::parse(typed, &self.moment()) {
                Ok(until) => {
                    hand.until = Some(until);
                    self.check_leaving(hand)?;
                }
                Err(wrong) => self.refuse(&wrong.why),
            },
            Answer::Agency(site) => {
                self.overlay = None;
                let agency = Some(typed.trim().to_string());
                self.accept(&site, &Acceptance { agency, ..Acceptance::default() });
            }
            Answer::Reason(mut hand, ground) => match Override::new(ground, typed) {
                Ok(without) => {
                    hand.without = Some(without);
                    self.check_leaving(hand)?;
                }
                Err(why) => self.refuse(why),
            },
            Answer::Whose(key) => self.whose_named(key, typed),
            Answer::Print(wish, question) => self.answer_print(*wish, question, typed)?,
            Answer::Bundle(hand) => {
                let path = path(typed);
                self.work = Some(Work::Give { hand, path });
            }
        }
        Ok(())
    }

    /// A card, or the path of a file that holds one.
    fn read_card(&mut self, typed: &str) {
        let text = match crate::files::small(&path(typed), Card::LARGEST).and_then(text_of) {
            Ok(text) => text.to_string(),
            Err(_) if typed.contains("caseload-card-") => typed.to_string(),
            Err(error) => return self.refuse(&format!("{}: {error}", Path::new(typed).display())),
        };
        match Card::parse(&text) {
            Err(why) => self.refuse(&why.to_string()),
            Ok(card) if card.site.id == self.store.site() => {
                self.refuse("That is your own card: send it to the other.")
            }
            Ok(card) => {
                let mut about = vec![
                    format!("Fingerprint {}", card.site.fingerprint()),
                    format!("It calls itself \"{}\".", card.site.name),
                    "Call them and have the fingerprint read to you. Only if it is the same is it them.".into(),
                ];
                let line = self.store.line_of(&card.site).ok().flatten();
                match &line {
                    Some(line) if line.ended.is_some() => about
                        .push("This person was revoked here. This installation alone would be believed again.".into()),
                    Some(line) if line.agency.is_empty() => about.push("Accepted before.".into()),
                    Some(line) => {
                        let agency = crate::model::text::one_line(&line.agency);
                        about.push(format!("Accepted before, of {agency}: whatever you choose, that stays."));
                    }
                    None => {}
                }
                let accept = |gives, takes| {
                    let wanted = Acceptance { gives, takes, ..Acceptance::default() };
                    Pick::Accept(Box::new(card.site.clone()), Box::new(wanted))
                };
                let both = accept(Some(Gives::Everything), Some(true));
                let mut items = vec![
                    (Some('y'), "It is the same: give to them and take from them".into(), both),
                    (
                        Some('t'),
                        "It is the same: take from them, give only what is theirs (you supervise them)".into(),
                        accept(Some(Gives::Theirs), Some(true)),
                    ),
                    (
                        Some('g'),
                        "It is the same: only give to them (they supervise you)".into(),
                        accept(Some(Gives::Everything), Some(false)),
                    ),
                    (
                        Some('o'),
                        "It is the same, and they are of another agency".into(),
                        Pick::AskAgency(Box::new(card.site.clone())),
                    ),
                    (Some('n'), "No, or not now".into(), Pick::Nothing),
                ];
                if line.is_some_and(|line| line.ended.is_none()) {
                    items.insert(0, (Some('k'), "It is the same: keep what is set".into(), accept(None, None)));
                }
                self.overlay = Some(Menu::telling("Accept a colleague", about, items));
            }
        }
    }

    /// Asks where a bundle is to be written.
    pub(super) fn ask_bundle(&mut self, hand: HandOver) {
        let about = match hand.kind {
            Some(ShareKind::Transfer) => {
                "They take over. Where is the bundle to be written? A stick, a shared folder ..."
            }
            _ => {
                "Where is the bundle to be written? A stick, a shared folder ... Its content is sealed for the receiver."
            }
        };
        let name = format!("~/handover-{}.bundle", self.moment().now.format("%Y%m%d-%H%M"));
        self.ask_with(Answer::Bundle(hand), "Write a bundle", about, &name);
    }
}
