//! Where what was typed or chosen becomes a change: saving and leaving a form, undo, delete, backup.

use crate::disclosure::may_be_given;
use crate::model::records::{addendum, appointment, client, note, snooze, stay};
use crate::model::{Change, Row};
use crate::practice::stays;
use crate::store::{Feet, Passphrase, Rescue, StoreError};

use super::answer::Answer;
use super::desk::{Desk, Pane};
use super::form::Form;
use super::overlay::{Menu, Pick};
use super::visits::Rest;
use super::work::Work;

impl Desk {
    /// Looks whether the file under the screen is still the one that was opened; where it is not, what was done is brought to
    /// where it lasts, and it is said where. Says whether the key at hand is to go on: not over news of that weight.
    ///
    /// # Errors
    /// What the file says when it is read again.
    pub fn stands_firm(&mut self) -> Result<bool, StoreError> {
        match self.store.look() {
            Ok(Feet::Same) => {
                if self.store.changed_elsewhere()? {
                    self.load()?;
                }
                return Ok(true);
            }
            Ok(Feet::MovedOn) => {
                // Whether anything was written besides, its count of changes says.
                if self.store.changed_elsewhere()? {
                    self.load()?;
                }
                return Ok(true);
            }
            Ok(_) if self.unsaved_told => return Ok(true),
            Ok(Feet::Rekeyed) => {
                self.ask_new_passphrase();
                return Ok(false);
            }
            Ok(_) => {}
            Err(error) => {
                self.trouble(error);
                return Ok(true);
            }
        }
        match self.store.rescue(&crate::sync::set_by) {
            Ok(None) => return Ok(true),
            Ok(Some(rescue)) => {
                self.unsaved_told = rescue.file.is_none();
                let title = if rescue.file.is_some() { "The file was rescued" } else { "Nothing can be saved now" };
                let items = vec![(Some('g'), "Go on".to_string(), Pick::Nothing)];
                self.overlay = Some(Menu::telling(title, rescued(&rescue, self.form.is_some()), items));
                if rescue.file.is_some() {
                    if let Some(form) = &mut self.form {
                        // Its draft lies in the old file, if anywhere.
                        form.unkept = true;
                    }
                    self.load()?;
                }
            }
            Err(error) => {
                let told = self.store.look().unwrap_or(Feet::Replaced).told();
                self.trouble(format!(
                    "The caseload file {told}, and what was done could not be put beside it yet. {error}"
                ));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Somebody changed the passphrase: what is open stays, and goes on with the new one.
    fn ask_new_passphrase(&mut self) {
        self.unsaved_told = true;
        let about = "The passphrase of this caseload was changed while it was open, by another program or with another state of the file. \
                     Nothing is saved until it is unlocked again. The passphrase that it has now:";
        self.ask(Answer::NewPassphrase, "The passphrase was changed", about);
    }

    pub(super) fn unlock_again(&mut self, typed: &str) -> Result<(), StoreError> {
        let passphrase = Passphrase::new(typed.trim_end_matches(['\r', '\n']));
        match self.store.unlock_again(&passphrase) {
            Ok(()) => {
                self.unsaved_told = false;
                self.overlay = None;
                self.load()?;
                self.say("Unlocked with its new passphrase.");
            }
            Err(error) => self.refuse(&error.to_string()),
        }
        Ok(())
    }

    /// Tells of an error of the file. What is being typed stays.
    pub fn failed(&mut self, error: StoreError) {
        let error = self.store.diagnosed(error);
        if matches!(error, StoreError::UnderFeet(Feet::Rekeyed)) {
            return self.ask_new_passphrase();
        }
        let hint = error.hint().map_or(String::new(), |hint| format!(" ({hint})"));
        let told = format!("{error}{hint}");
        if let Some(form) = &mut self.form {
            form.trouble = Some(told.clone());
            form.unkept = true;
        }
        self.trouble(told);
    }

    pub(super) fn ask_delete(&mut self) -> Result<(), StoreError> {
        let chosen = match self.focus {
            Pane::Goals => self.goal_row().map(|row| (row.record, row.id, self.in_short(row))),
            Pane::Appointments => self.visit().and_then(|queued| {
                let row = self.store.row_of(&appointment::TYPE, queued.row).ok()??;
                Some((row.record, row.id, self.in_short(&row)))
            }),
            Pane::Caseload | Pane::Client => None,
        };
        match chosen {
            Some((record, row, text)) => {
                let visit = self.store.row_of(&appointment::TYPE, row)?;
                let later = visit.as_ref().map_or(Ok(Vec::new()), |visit| self.later(visit))?;
                if let Some(visit) = visit.filter(|_| !later.is_empty()) {
                    let mut change = Change::new("delete appointment");
                    change.delete(record, row);
                    self.overlay = Some(self.one_or_all("Delete", change, &visit, &later));
                    return Ok(());
                }
                let question = format!("Delete the {}: {text}?", record.label.to_lowercase());
                self.overlay = Some(Menu::confirm(question, "Yes, delete it", Pick::Delete(record, row)));
            }
            None => self.say("Choose a goal, a step or an appointment to delete; a client is closed, not deleted."),
        }
        Ok(())
    }

    pub(super) fn back_up(&mut self) {
        let Some(folder) = self.store.path().map(|path| path.with_file_name("backups")) else {
            self.say("The demo lives in memory: there is nothing to back up.");
            return;
        };
        self.work = Some(Work::BackUp(folder));
    }

    /// Saves a change made without a form, and says so.
    pub fn apply(&mut self, change: &Change, done: impl Into<String>) -> Result<(), StoreError> {
        match self.commit(change) {
            Ok(()) => self.say(format!("{} {} undoes it.", done.into(), self.keys.first_of("undo"))),
            Err(error) => self.tell_refusal(&error, None),
        }
        Ok(())
    }

    /// Saves the open form. Where that fails the form stays as it is and says why.
    pub fn save_form(&mut self, follow: Option<bool>) -> Result<(), StoreError> {
        let moment = self.moment();
        if self.form.as_ref().is_some_and(|form| *form.record == addendum::TYPE) {
            return self.save_addendum();
        }
        if self.changed_meanwhile()? {
            return Ok(());
        }
        if let Some(why) = self.note_refused() {
            self.form.as_mut().expect("it is open").trouble = Some(why);
            return Ok(());
        }
        let Some(form) = self.form.as_mut() else { return Ok(()) };
        let Some(mut change) = form.change(&moment) else { return Ok(()) };
        let (new, record, row, title) = (form.new, form.record, form.row, form.title.clone());
        let stream = form.stream;
        let for_many = self.form.as_ref().is_some_and(|form| self.is_for_many(form));
        if *record == client::TYPE && !new && self.closes_beside_open(&change, row)? {
            return Ok(());
        }
        if record.fields.iter().any(|field| field.asked) {
            let before = self.store.row_of(record, row)?.unwrap_or_else(|| Row::new(record, row, stream));
            let given = may_be_given(&self.store, self.rules.practice(), &change, &before)?;
            if let Err(wrong) = change.asks(&before).and(given) {
                self.form.as_mut().expect("it is open").wrong_at(&wrong);
                return Ok(());
            }
        }
        if *record == appointment::TYPE {
            let before = self.store.row_of(record, row)?.unwrap_or_else(|| Row::new(record, row, stream));
            if let Err(wrong) = crate::practice::visits::check(&change, &before, &moment) {
                self.form.as_mut().expect("it is open").trouble = Some(wrong.to_string());
                return Ok(());
            }
            match self.series(&mut change, (row, stream, new), follow)? {
                Rest::Settled => {}
                Rest::Ask(menu) => {
                    self.overlay = Some(menu);
                    return Ok(());
                }
                Rest::Refused(why) => {
                    self.form.as_mut().expect("it is open").trouble = Some(why);
                    return Ok(());
                }
            }
        }
        if *record == stay::TYPE {
            stays::recognise(&mut change, &self.store.rows(&stay::TYPE, stream)?);
        }
        let of_group = if for_many { self.for_all_marked(&mut change, stream) } else { Vec::new() };
        if *record == snooze::TYPE
            && let Some(why) = self.snooze_refused(&change)
        {
            self.form.as_mut().expect("it is open").trouble = Some(why);
            return Ok(());
        }
        match self.commit(&change) {
            Ok(()) => {
                self.form = None;
                self.drop_draft();
                if new && *record == note::TYPE {
                    self.timer_is_taken(&change, stream)?;
                }
                if new && *record == client::TYPE {
                    self.filter = None;
                    self.list();
                    self.choose_client(row)?;
                }
                if change.is_empty() {
                    self.say("Nothing was changed.");
                    return self.ask_goals_of_next();
                }
                let title = title.split(':').next().unwrap_or("").to_string();
                let many = if for_many { format!(" for {}", self.meant_in_words()) } else { String::new() };
                self.say(format!("Saved: {}{many}. {} undoes it.", title.to_lowercase(), self.keys.first_of("undo")));
                self.asked_from = self.asked_from.or(self.chosen.filter(|_| !of_group.is_empty()));
                self.ask_goals.extend(of_group);
                self.ask_goals_of_next()?;
                self.run_follows()?;
            }
            Err(error) => self.failed(error),
        }
        Ok(())
    }

    /// Where the row was changed since the form opened (by a sync, by another program), shows what before anything is saved.
    fn changed_meanwhile(&mut self) -> Result<bool, StoreError> {
        let Some((record, row)) = self.form.as_ref().filter(|form| !form.new).map(|form| (form.record, form.row))
        else {
            return Ok(false);
        };
        let Some(now) = self.store.row_of(record, row)? else { return Ok(false) };
        let fresh = Form::edit(self, &now, None);
        let changed = self.form.as_mut().map_or(Vec::new(), |form| form.catch_up(&fresh));
        if changed.is_empty() {
            return Ok(false);
        }
        let quoted = |text: &str| if text.is_empty() { "nothing".to_string() } else { format!("\"{text}\"") };
        let about = changed.iter().map(|(label, was, is, typed)| {
            let typed = typed.as_ref().map_or(String::new(), |typed| format!("; you typed {}", quoted(typed)));
            format!("{label}: was {}, is {} now{typed}", quoted(was), quoted(is))
        });
        let items = vec![
            (Some('s'), "Save what I typed; the rest stays as it is now".into(), Pick::SaveForm(None)),
            (Some('b'), "Back to the form".into(), Pick::Nothing),
        ];
        self.overlay = Some(Menu::telling("Changed while the form was open", about.collect(), items));
        Ok(true)
    }

    /// Leaves the form; asks first where something would be lost.
    ///
    /// # Errors
    /// What the file says, where another form follows.
    pub fn leave_form(&mut self) -> Result<(), StoreError> {
        if self.form.as_ref().is_some_and(Form::changed) {
            let items = vec![
                (Some('s'), "Save it".into(), Pick::SaveForm(None)),
                (Some('d'), "Drop what was typed".into(), Pick::DropForm),
                (Some('b'), "Back to the form".into(), Pick::Nothing),
            ];
            self.overlay = Some(Menu::over("Leave without saving?", items));
            Ok(())
        } else {
            self.form = None;
            self.drop_draft();
            self.ask_goals_of_next()
        }
    }
}

/// What became of the file, where everything is now, and what to do.
fn rescued(rescue: &Rescue, form: bool) -> Vec<String> {
    let Rescue { found, before, file, taken, waiting } = rescue;
    let mut lines = vec![format!("{} {}. Nothing was written over what is there.", before.display(), found.told())];
    let changes = |n: usize| if n == 1 { "1 change".to_string() } else { format!("{n} changes") };
    match (found, file) {
        (Feet::Gone | Feet::Replaced, Some(file)) => {
            lines.push(format!("Everything up to your last key is whole in {}.", file.display()));
            lines.push(
                "You work in that file from here on. Nothing of yours is written under the old name any more.".into(),
            );
        }
        (Feet::SetBack, Some(file)) if file == before => {
            lines.push(format!("You work in it as it is now; {} of this session are in it again.", changes(*taken)));
            lines.push("What was written before this session and after that state is not here: the next sync brings back what colleagues have, and a backup has the rest.".into());
        }
        (_, Some(file)) => {
            lines.push(format!(
                "The newest backup, with {} of this session, is now {}. You work in that file from here on.",
                changes(*taken),
                file.display()
            ));
        }
        (_, None) => lines.push(
            "There is no backup beside it to go on with: nothing can be saved until a caseload lies there again."
                .into(),
        ),
    }
    if let Some(waiting) = waiting {
        lines.push(format!(
            "What could not be entered again lies in {}, under this caseload's passphrase. Once the rest is back: caseload import {}",
            waiting.display(),
            waiting.file_name().unwrap_or_default().to_string_lossy()
        ));
    }
    if form {
        lines.push("What you are typing is still in the form, and not saved yet.".into());
    }
    lines
}
