//! What permits what: the releases of the chosen client, who was told what, who looked; what may go to another agency; and
//! the billing sheet. Everything shown is read when the key is pressed; a release is taken back from that minute on.

use crate::disclosure::{Ground, Standing, form_in_words, is_in_writing, standing};
use crate::model::records::{client, consent, disclosure};
use crate::model::text::one_line;
use crate::model::{Change, Row, RowId, Value};
use crate::practice::billable;
use crate::store::StoreError;
use crate::sync::{Leaving, Scope, Whom};

use super::act::digit;
use super::answer::Answer;
use super::desk::Desk;
use super::overlay::{Menu, Overlay, Pick};
use super::sharing::HandOver;

/// Lines of who looked that are shown at most.
const MOST: usize = 500;

/// What is done about what permits.
#[derive(Clone)]
pub enum Releasing {
    /// A new release.
    Add,
    /// One of them: what about it?
    Choose(RowId),
    TakeBack(RowId),
    Edit(RowId),
    /// What was given to whom.
    Given,
    /// Who looked, changed, printed ...
    Looked,
    /// Only those whom a release permits are handed over.
    Permitted(HandOver),
    /// All of them, without a release: on which ground?
    Grounds(HandOver),
    Because(HandOver, Ground),
}

impl Desk {
    /// The releases of the chosen client, the safe-contact warning on top.
    pub(super) fn permissions(&mut self) -> Result<(), StoreError> {
        let Some(chosen) = self.chosen else { return Ok(()) };
        self.seen("permissions");
        let Some(file) = self.store.client_part(chosen, 0, &[&consent::TYPE])? else { return Ok(()) };
        let mut about = Vec::new();
        let person = file.person();
        let safe_contact = person.text(client::safe_contact).trim();
        if !safe_contact.is_empty() {
            about.push(format!("! SAFE CONTACT: {}", one_line(safe_contact)));
            about.push("Where they are and how to reach them leaves by a written release only.".into());
        }
        let now = self.moment().now;
        let mut rows: Vec<&Row> = file.of(&consent::TYPE).iter().collect();
        rows.sort_by_key(|row| (!standing(row, now).holds(), row.date(consent::until), row.id));
        if !rows.iter().any(|row| standing(row, now).holds()) {
            about.push("No release is in force: nothing may be told to anyone else.".into());
        }
        let mut items: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| (digit(at), release_in_words(row, standing(row, now)), pick(Releasing::Choose(row.id))))
            .collect();
        if !self.store.read_only() {
            items.push((Some('n'), "Write down a new release".into(), pick(Releasing::Add)));
        }
        let given = self.store.disclosures(chosen)?.len();
        items.push((Some('g'), format!("What was given to whom ({given})"), pick(Releasing::Given)));
        items.push((Some('l'), "Who looked, changed, printed, gave away".into(), pick(Releasing::Looked)));
        let title = format!("Permissions: {}", file.client.client_name());
        self.overlay = Some(Menu::telling(title, about, items));
        Ok(())
    }

    pub(super) fn release(&mut self, deed: Releasing) -> Result<(), StoreError> {
        match deed {
            Releasing::Add => self.add(&consent::TYPE, Vec::new()),
            Releasing::Edit(row) => self.edit_row(&consent::TYPE, row)?,
            Releasing::Choose(id) => {
                let Some(row) = self.store.row_of(&consent::TYPE, id)? else { return Ok(()) };
                let mut items = Vec::new();
                if row.time(consent::revoked).is_none() && !self.store.read_only() {
                    items.push((Some('t'), "Take it back now".into(), pick(Releasing::TakeBack(id))));
                }
                items.push((Some('e'), "Look at it, or edit it".into(), pick(Releasing::Edit(id))));
                let about = vec![release_in_words(&row, standing(&row, self.moment().now))];
                self.overlay = Some(Menu::telling(format!("Release to {}", row.text(consent::to)), about, items));
            }
            Releasing::TakeBack(id) => {
                let Some(row) = self.store.row_of(&consent::TYPE, id)? else { return Ok(()) };
                let now = self.moment().now;
                let mut change = Change::new("take back release");
                change.set(id, consent::revoked, Value::Time(now));
                let to = one_line(row.text(consent::to)).into_owned();
                self.apply(&change, format!("Taken back: nothing leaves to {to} from {} on.", now.format("%H:%M")))?;
            }
            Releasing::Given => self.given()?,
            Releasing::Looked => self.looked()?,
            Releasing::Permitted(hand) => self.ask_bundle(hand),
            Releasing::Grounds(hand) => {
                let ground = |(at, ground): (usize, Ground)| {
                    let label = format!("{} ({})", ground.label(), ground.rule());
                    (digit(at), label, pick(Releasing::Because(hand.clone(), ground)))
                };
                let items = Ground::ALL.into_iter().enumerate().map(ground).collect();
                self.overlay = Some(Menu::over("Without a release, because of what?", items));
            }
            Releasing::Because(hand, ground) => self.ask(
                Answer::Reason(hand, ground),
                ground.label(),
                "What happened, and who asks? It goes on the record of everyone who is given.",
            ),
        }
        Ok(())
    }

    /// What was given out of the chosen client's file, the newest first.
    fn given(&mut self) -> Result<(), StoreError> {
        let Some(chosen) = self.chosen else { return Ok(()) };
        let mut lines = Vec::new();
        for (row, gone) in self.store.disclosures(chosen)? {
            let shown = |id| disclosure::TYPE.fields.iter().find(|field| field.id == id).map(|field| row.shown(field));
            let part = |id| shown(id).unwrap_or_default();
            let gone = if gone { "  (its row was deleted since)" } else { "" };
            lines.push(format!(
                "{}  to {}: {}, {}{gone}",
                part(disclosure::when),
                part(disclosure::to),
                part(disclosure::what),
                part(disclosure::how).to_lowercase()
            ));
            for (label, id) in [
                ("why", disclosure::purpose),
                ("no release", disclosure::overridden),
                ("left out", disclosure::withheld),
            ] {
                let said = part(id);
                if !said.is_empty() {
                    lines.push(format!("    {label}: {said}"));
                }
            }
        }
        if lines.is_empty() {
            lines.push("Nothing was given to anyone yet.".into());
        }
        self.overlay = Some(Overlay::Reading { title: "Given to others".into(), lines, scroll: 0 });
        Ok(())
    }

    /// Who did what with the chosen client's file here, the newest first.
    fn looked(&mut self) -> Result<(), StoreError> {
        let Some(chosen) = self.chosen else { return Ok(()) };
        let found = self.store.accesses(chosen, chrono::NaiveDate::MIN, chrono::NaiveDate::MAX)?;
        let mut lines: Vec<String> = found
            .iter()
            .take(MOST)
            .map(|one| {
                let when = one.at.format("%-d %b %Y %H:%M");
                format!("{when}  {} {}: {}", one.who, one.deed.label(), one.detail)
            })
            .collect();
        if found.len() > MOST {
            lines.push(format!("And {} more: caseload report access --client ID shows all.", found.len() - MOST));
        }
        self.overlay = Some(Overlay::Reading { title: "Who looked".into(), lines, scroll: 0 });
        Ok(())
    }

    /// Before a bundle is written for another agency: who may not go, and why.
    pub(super) fn check_leaving(&mut self, hand: HandOver) -> Result<(), StoreError> {
        let scope = hand.clients.clone().map_or(Scope::Whole, Scope::Clients);
        let whom = Whom::Sites(hand.to.clone());
        let leaving = Leaving::of(&self.store, self.rules.practice(), &scope, &whom, hand.without.as_ref())?;
        if leaving.check.left_out.is_empty() {
            self.ask_bundle(hand);
            return Ok(());
        }
        let mut about = vec![format!(
            "{} is another agency. A file goes whole or not at all: no part of it can be left out without breaking it.",
            one_line(&leaving.agency)
        )];
        about.extend(leaving.refusals().iter().map(|line| format!("! {}", one_line(line))));
        let mut items = Vec::new();
        if !leaving.is_nobody() {
            let label = format!("Write it without them: {} may go", leaving.check.allowed.len());
            items.push((Some('w'), label, pick(Releasing::Permitted(hand.clone()))));
        }
        if hand.without.is_none() {
            let label = "Give them all the same, without a release; it needs a reason".into();
            items.push((Some('o'), label, pick(Releasing::Grounds(hand))));
        }
        items.push((Some('n'), "Leave it".into(), Pick::Nothing));
        self.overlay = Some(Menu::telling(format!("Not permitted: {}", leaving.check.left_out.len()), about, items));
        Ok(())
    }

    /// After a bundle for another agency: who was left out, and what must go with it.
    pub(super) fn tell_leaving(&mut self, leaving: &Leaving) -> Result<(), StoreError> {
        if leaving.agency.is_empty() {
            return Ok(());
        }
        let mut lines: Vec<String> = self.message.iter().map(|said| said.text.clone()).collect();
        if !leaving.check.left_out.is_empty() {
            lines.extend([String::new(), "Left out:".into()]);
            lines.extend(leaving.refusals().iter().map(|line| format!("  {}", one_line(line))));
        }
        let notices = leaving.notices();
        if !notices.is_empty() {
            lines.extend([String::new(), "Say this to them, and send it along in writing:".into()]);
            lines.extend(notices.iter().map(|line| format!("  {}", one_line(line))));
        }
        self.load()?;
        self.overlay = Some(Overlay::Reading { title: "Given to another agency".into(), lines, scroll: 0 });
        Ok(())
    }

    /// The billing sheet: of whom?
    pub(super) fn ask_billing(&mut self) -> Result<(), StoreError> {
        let Some(facts) = self.facts() else { return self.billing(None) };
        let items = vec![
            (Some('c'), facts.name.clone(), Pick::Billing(Some(facts.id))),
            (Some('a'), "Everyone".into(), Pick::Billing(None)),
        ];
        self.overlay = Some(Menu::over("This month's billing sheet", items));
        Ok(())
    }

    /// This month's billing sheet of a client, or of all.
    pub(super) fn billing(&mut self, one: Option<RowId>) -> Result<(), StoreError> {
        let month = billable::month_of(self.today);
        let sheet = self.store.billing_sheet(self.rules.practice(), one, month, &self.moment())?;
        let mut seen: Vec<RowId> = sheet.iter().map(|line| line.client).collect();
        seen.dedup();
        if let Err(error) = self.store.note_views(&seen, "billing") {
            self.trouble(error);
        }
        let lines = billable::in_words(&sheet, month);
        self.overlay = Some(Overlay::Reading { title: "Billing".into(), lines, scroll: 0 });
        Ok(())
    }
}

fn pick(deed: Releasing) -> Pick {
    Pick::Release(Box::new(deed))
}

/// A release in a line: how it stands, to whom, for what.
fn release_in_words(row: &Row, standing: Standing) -> String {
    let state = match standing {
        Standing::InForce { days_left: 0 } => "last day today".to_string(),
        Standing::InForce { days_left: 1 } => "1 day left".into(),
        Standing::InForce { days_left } => format!("{days_left} days left"),
        Standing::NotYet => "not yet".into(),
        Standing::Ended => "ended".into(),
        Standing::TakenBack => "taken back".into(),
        Standing::NoEnd => "no end: permits nothing".into(),
    };
    let what = consent::TYPE.field(consent::what.field).map_or(String::new(), |field| row.shown(field));
    let part2 = if row.yes(consent::part2) { " (42 CFR Part 2)" } else { "" };
    // Nobody needs telling of what is as it should be.
    let given = if is_in_writing(row) { String::new() } else { format!(", {}", form_in_words(row)) };
    format!("{}, {state}{given}{part2}: {what}", row.text(consent::to))
}

#[cfg(test)]
mod tests;
