//! Signing at the screen: what waits for a signature, with the very text that is signed; addenda; and the words that say
//! why a signed note is not changed.
//!
//! The promise: nobody signs what was not shown; a signed note opens as the text that was signed, with what stands beside
//! it; a refusal names its rule and offers what the rule permits.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::records::{addendum, note, signature};
use crate::model::standing::{How, Part, State, standing};
use crate::model::{ContactKind, Row, RowId, Value};
use crate::store::{ClientFile, StoreError, Waiting, Written};
use crate::triage::{day_in_words, hour_in_words};

use super::act::digit;
use super::action::Action;
use super::desk::Desk;
use super::draw::{boxed, middle};
use super::form::Form;
use super::overlay::{Menu, Overlay, Pick, Shown};
use super::panes::{put, scrolled};
use super::text::{cell, wrap};
use super::theme::Theme;

/// Notes that wait for a signature, and the text of the one at hand.
#[derive(Clone)]
pub struct Signing {
    /// Whose notes; everybody's where none is named.
    client: Option<RowId>,
    notes: Vec<Waits>,
    at: usize,
    scroll: usize,
}

/// One note that waits.
#[derive(Clone)]
struct Waits {
    note: RowId,
    day: chrono::NaiveDate,
    head: String,
    text: Vec<Part>,
    by: By,
}

/// Whose signature it waits for.
#[derive(Clone, Copy, PartialEq)]
enum By {
    /// The author's: whoever wrote it signs it here.
    Author,
    /// Mine, as the supervisor who was asked.
    Me,
    Another,
    /// Its author's, who works elsewhere.
    Elsewhere,
}

impl By {
    fn is_mine(self) -> bool {
        matches!(self, By::Author | By::Me)
    }
}

/// A note as it is read, signed or not.
pub struct NoteRead {
    note: RowId,
    title: String,
    parts: Vec<Part>,
    scroll: usize,
}

impl NoteRead {
    pub fn new(written: &Written) -> NoteRead {
        let when = written.note.time(note::when).map_or(String::new(), |when| when.format("%a %-d %b %Y").to_string());
        let title = format!("Note of {when}: {}", written.standing().mark(&written.note));
        NoteRead { note: written.note.id, title, parts: written.read(), scroll: 0 }
    }

    pub(super) fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let inner = boxed(middle(area, 100, area.height), buffer, &self.title, theme);
        let bottom = inner.bottom().saturating_sub(1);
        draw_parts(&self.parts, self.scroll, Rect { height: inner.height.saturating_sub(1), ..inner }, buffer, theme);
        put(
            buffer,
            inner.x,
            bottom,
            inner.width,
            "A addendum  N sign  h history  arrows scroll  Esc closes",
            theme.key(),
        );
    }
}

/// How a part of a note looks; nothing is told by colour alone, the words say it too.
pub fn style_of(how: How, theme: Theme) -> Style {
    match how {
        How::Text => theme.text(),
        How::Standing => theme.quiet(),
        How::Addendum => theme.heading(),
        How::Beside => theme.warning(),
        How::Broken => theme.danger(),
    }
}

fn draw_parts(parts: &[Part], scroll: usize, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let lines: Vec<(How, String)> = parts
        .iter()
        .flat_map(|part| wrap(&part.text, usize::from(area.width)).into_iter().map(|line| (part.how, line)))
        .collect();
    let top = scroll.min(lines.len().saturating_sub(usize::from(area.height)));
    for ((how, line), y) in lines.iter().skip(top).zip(area.y..area.bottom()) {
        put(buffer, area.x, y, area.width, line, style_of(*how, theme));
    }
    let below = lines.len().saturating_sub(top + usize::from(area.height));
    if below > 0 {
        let more = format!(" {below} more lines: PgDn ");
        let x = area.right().saturating_sub(more.len() as u16);
        put(buffer, x, area.bottom().saturating_sub(1), more.len() as u16, &more, theme.key());
    }
}

impl Signing {
    pub(super) fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let whose = if self.client.is_some() { "of this client" } else { "of everyone" };
        let inner =
            boxed(middle(area, 100, area.height), buffer, &format!("To sign, {whose}: {}", self.notes.len()), theme);
        let list = (self.notes.len() as u16).clamp(1, (inner.height / 3).max(2));
        let top = scrolled(self.at, self.notes.len(), usize::from(list));
        for ((one, number), y) in self.notes.iter().zip(0..).skip(top).zip(inner.y..inner.y + list) {
            let style = if number == self.at { theme.bar() } else { theme.text() };
            put(buffer, inner.x, y, inner.width, &cell(&one.head, usize::from(inner.width)), style);
        }
        let bottom = inner.bottom().saturating_sub(1);
        let Some(one) = self.notes.get(self.at) else { return };
        let rule = match one.by {
            By::Author => "This is what you sign; from then on it stays as it is:",
            By::Me => "You are asked to co-sign this; it stays as it was signed:",
            By::Another => "Signed. This waits for someone else's co-signature:",
            By::Elsewhere => "Not signed. It waits for its author, who works elsewhere:",
        };
        put(buffer, inner.x, inner.y + list, inner.width, rule, theme.heading());
        let y = inner.y + list + 1;
        let text = Rect { y, height: bottom.saturating_sub(y), ..inner };
        draw_parts(&one.text, self.scroll, text, buffer, theme);
        let sign = match one.by {
            By::Author => "Enter signs  ",
            By::Me => "Enter co-signs  ",
            By::Another | By::Elsewhere => "",
        };
        let other = if self.client.is_some() { "Tab everyone" } else { "Tab this client" };
        let keys = format!("{sign}a all of today  e edit  {other}  Esc");
        put(buffer, inner.x, bottom, inner.width, &keys, theme.key());
    }
}

impl Desk {
    /// `N`: what waits for a signature. Of the chosen client; where nothing of theirs waits, of everyone.
    pub(super) fn ask_to_sign(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        let mut signing = self.signing(self.chosen)?;
        if signing.notes.is_empty() {
            signing = self.signing(None)?;
        }
        if signing.notes.is_empty() {
            self.say("Nothing waits for a signature.");
            return Ok(());
        }
        signing.at = signing.notes.iter().position(|one| Some(one.note) == about).unwrap_or(0);
        if about.is_some_and(|about| signing.notes.iter().all(|one| one.note != about)) {
            self.say("That note does not wait for a signature any more; these do.");
        }
        self.overlay = Some(Overlay::Signing(signing));
        Ok(())
    }

    fn signing(&self, client: Option<RowId>) -> Result<Signing, StoreError> {
        let mut notes = Vec::new();
        for waiting in self.store.waiting(client)? {
            notes.extend(self.waits(&waiting)?);
        }
        // What I can do comes before what I only wait for; among those the oldest first.
        notes.sort_by_key(|one| !one.by.is_mine());
        Ok(Signing { client, notes, at: 0, scroll: 0 })
    }

    fn waits(&self, waiting: &Waiting) -> Result<Option<Waits>, StoreError> {
        let Some(written) = self.store.written(waiting.note)? else { return Ok(None) };
        let me = &self.store.worker().name;
        let by = match waiting.cosigner.trim() {
            "" if self.store.is_mine(waiting.note)? => By::Author,
            "" => By::Elsewhere,
            asked if asked.eq_ignore_ascii_case(me.trim()) => By::Me,
            _ => By::Another,
        };
        let text = match by {
            By::Author => {
                let text = self.store.text_to_sign(waiting.note, self.late_after())?;
                vec![Part { how: How::Text, text: text.trim_end().into() }]
            }
            By::Me | By::Another | By::Elsewhere => written.read(),
        };
        let state = match by {
            By::Author => "not signed".to_string(),
            By::Me => "co-signature asked of you".into(),
            By::Elsewhere => "waits for its author".into(),
            By::Another => format!("waits for {}", waiting.cosigner),
        };
        let root = self.store.root(waiting.client)?;
        let name = self.caseload.get(root).map_or("", |facts| facts.name.as_str());
        let when = written.note.time(note::when).map(|when| self.moment().local(when));
        let when = when.map_or(String::new(), |when| hour_in_words(when, self.today));
        let kind = ContactKind::from_code(written.note.text(note::kind)).map_or("", ContactKind::label).to_lowercase();
        let head = format!(" {name}  {when}  {kind}  {state}");
        Ok(Some(Waits { note: waiting.note, day: waiting.day, head, text, by }))
    }

    fn late_after(&self) -> u32 {
        self.rules.practice().agency.late_entry_hours
    }

    /// A key while signing; gives back what stays open.
    pub(super) fn signing_key(&mut self, mut signing: Signing, key: &KeyEvent) -> Result<Option<Signing>, StoreError> {
        let many = signing.notes.len();
        match key.code {
            KeyCode::Up => (signing.at, signing.scroll) = (signing.at.saturating_sub(1), 0),
            KeyCode::Down => (signing.at, signing.scroll) = ((signing.at + 1).min(many.saturating_sub(1)), 0),
            KeyCode::PageUp => signing.scroll = signing.scroll.saturating_sub(5),
            KeyCode::PageDown => signing.scroll = (signing.scroll + 5).min(10_000),
            KeyCode::Tab => {
                let other = if signing.client.is_some() { None } else { self.chosen };
                signing = self.signing(other)?;
                if signing.notes.is_empty() {
                    self.say("Nothing of this client waits for a signature.");
                }
            }
            KeyCode::Char('e') => {
                if let Some(one) = signing.notes.get(signing.at) {
                    self.edit_row(&note::TYPE, one.note)?;
                    return Ok(None);
                }
            }
            KeyCode::Char('a') => {
                self.ask_sign_all(signing);
                return Ok(None);
            }
            KeyCode::Enter | KeyCode::Char('s') => {
                let Some(one) = signing.notes.get(signing.at).map(|one| (one.note, one.by)) else { return Ok(None) };
                return self.sign_one(one.0, one.1, signing.client);
            }
            _ => {}
        }
        Ok(Some(signing))
    }

    fn sign_one(&mut self, note: RowId, by: By, client: Option<RowId>) -> Result<Option<Signing>, StoreError> {
        let (done, said) = match by {
            By::Author => (self.store.sign_note(note, self.late_after()), "Signed."),
            By::Me => (self.store.cosign(note), "Co-signed."),
            By::Another | By::Elsewhere => {
                self.trouble("This signature is someone else's to give.");
                return Ok(Some(self.signing(client)?));
            }
        };
        match done {
            Ok(receipt) => self.follow(receipt)?,
            Err(error) => {
                self.tell_refusal(&error, Some(note));
                return Ok(None);
            }
        }
        let left = self.signing(client)?;
        let mine = left.notes.iter().filter(|one| one.by.is_mine()).count();
        self.say(match mine {
            0 => format!("{said} Nothing else waits for you here."),
            many => format!("{said} Still to sign here: {many}."),
        });
        Ok((mine > 0).then_some(left))
    }

    /// Asks before all of today's notes in the list are signed.
    fn ask_sign_all(&mut self, signing: Signing) {
        let today = self.today;
        let wanted = signing.notes.iter().filter(|one| one.by == By::Author && one.day == today);
        let (notes, heads): (Vec<RowId>, Vec<String>) = wanted.map(|one| (one.note, one.head.clone())).unzip();
        if notes.is_empty() {
            self.say("Nothing of today is left to sign; older notes are signed one by one.");
            self.overlay = Some(Overlay::Signing(signing));
            return;
        }
        let title = format!("Sign all of today: {}?", notes.len());
        let items = vec![
            (Some('y'), "Yes, sign them as they read".into(), Pick::SignAll(notes)),
            (Some('n'), "No, back to the list".into(), Pick::Signing(Box::new(signing))),
        ];
        self.overlay = Some(Menu::telling(title, heads, items));
    }

    pub(super) fn sign_all(&mut self, notes: &[RowId]) -> Result<(), StoreError> {
        let mut signed = 0;
        for note in notes {
            match self.store.sign_note(*note, self.late_after()) {
                Ok(receipt) => self.follow(receipt)?,
                Err(error) => {
                    self.tell_refusal(&error, Some(*note));
                    return Ok(());
                }
            }
            signed += 1;
        }
        self.say(format!("Signed: {signed} notes of today."));
        Ok(())
    }

    /// `A`: adds to a signed note, chosen from a list where it is not known which.
    pub(super) fn ask_addendum(&mut self, about: Option<RowId>) -> Result<(), StoreError> {
        if let Some(id) = about {
            let Some(written) = self.store.written(id)? else { return Ok(()) };
            if !written.standing().is_signed() {
                let items = vec![
                    (Some('e'), "Edit the note".into(), Pick::Act(Action::Edit, id)),
                    (Some('s'), "Sign it".into(), Pick::Act(Action::SignNote, id)),
                ];
                let about = vec![
                    "An addendum belongs to a signed note. This one is not signed yet, so it can be changed itself."
                        .into(),
                ];
                self.overlay = Some(Menu::telling("Not signed yet", about, items));
                return Ok(());
            }
            let mut form =
                Form::add(self, &addendum::TYPE, Some(written.note.stream), vec![(addendum::note, Value::Link(id))]);
            form.inputs.retain(|input| input.field.id == addendum::body);
            let when = written
                .note
                .time(note::when)
                .map_or(String::new(), |when| day_in_words(self.moment().local(when).date_naive(), self.today));
            self.form = Some(form.titled(format!("Addendum to the note of {when}")));
            return Ok(());
        }
        let Some(file) = self.chosen.map(|chosen| self.store.client_file(chosen, 200)).transpose()?.flatten() else {
            return Ok(());
        };
        let signed = file.of(&note::TYPE).iter().filter(|row| self.standing_in(row, &file).is_some());
        let items: Vec<_> = signed
            .enumerate()
            .map(|(at, row)| (digit(at), self.in_short(row), Pick::Act(Action::Addendum, row.id)))
            .collect();
        if items.is_empty() {
            self.say(format!(
                "No note of this client is signed yet: an open note is edited itself. {} signs.",
                self.keys.first_of("sign-note")
            ));
        } else {
            self.overlay = Some(Menu::over("Add to which signed note?", items));
        }
        Ok(())
    }

    /// Saves the open addendum: it is signed in the same breath.
    pub(super) fn save_addendum(&mut self) -> Result<(), StoreError> {
        let moment = self.moment();
        let Some(form) = self.form.as_mut() else { return Ok(()) };
        let linked = form.hidden.iter().find(|(field, _)| *field == addendum::note);
        let Some((_, Value::Link(note))) = linked.cloned() else { return Ok(()) };
        let body = form.inputs.first().map_or(String::new(), |input| input.typed());
        if form.change(&moment).is_none() {
            return Ok(());
        }
        match self.store.add_addendum(note, &body) {
            Ok(receipt) => {
                self.form = None;
                self.drop_draft();
                self.follow(receipt)?;
                self.say("Saved and signed: addendum.");
            }
            Err(error) => {
                if let Some(form) = self.form.as_mut() {
                    form.trouble = Some(error.to_string());
                    form.unkept = true;
                }
            }
        }
        Ok(())
    }

    /// Says why something was refused. Of a signed note: by which rule, and what the rule permits.
    pub(super) fn tell_refusal(&mut self, error: &StoreError, about: Option<RowId>) {
        if !matches!(error, StoreError::Signed) {
            let hint = error.hint().map_or(String::new(), |hint| format!(" ({hint})"));
            self.trouble(format!("{error}{hint}"));
            return;
        }
        let written = about.and_then(|note| self.store.written(note).ok().flatten());
        self.for_whom = written.as_ref().map(|written| written.note.stream).or(self.for_whom);
        let by = written
            .as_ref()
            .and_then(|written| written.standing().signatures.first().copied().map(crate::model::standing::signed_by));
        let mut told: Vec<String> = by.into_iter().collect();
        told.push(error.to_string());
        let mut items = Vec::new();
        if let Some(written) = written {
            items.push((
                Some('A'),
                "Say what is to be put right, in an addendum".into(),
                Pick::Act(Action::Addendum, written.note.id),
            ));
        }
        items.push((Some('n'), "Leave it as it is".into(), Pick::Nothing));
        self.overlay = Some(Menu::telling("Signed: not changed", told, items));
    }

    /// Refuses to open a form on what is signed; says whether it did.
    pub(super) fn is_refused(&mut self, row: &Row) -> Result<bool, StoreError> {
        let note = match row.record.name {
            "note" => Some(row.id),
            "addendum" => row.link(addendum::note),
            "signature" => row.text(signature::of).parse().ok(),
            _ => return Ok(false),
        };
        let signed = match note {
            Some(note) => self.store.written(note)?.is_some_and(|written| written.standing().is_signed()),
            None => false,
        };
        if signed || row.record.is_sealed() {
            self.tell_refusal(&StoreError::Signed, note);
        }
        Ok(signed || row.record.is_sealed())
    }

    /// A note in a list, with how it stands before its words.
    pub(super) fn shown_note(&self, row: &Row, file: &ClientFile) -> Shown {
        let standing = standing(row, file.of(&signature::TYPE), file.of(&addendum::TYPE));
        let mark = standing.mark(row);
        let mark = if mark.is_empty() { mark } else { format!("[{mark}] ") };
        let broken = standing.state == State::Broken;
        Shown { record: row.record, row: row.id, text: format!("{mark}{}", self.in_short(row)), broken }
    }

    /// How a signed note stands; `None` for one that is not signed.
    fn standing_in<'a>(&self, row: &Row, file: &'a ClientFile) -> Option<crate::model::standing::Standing<'a>> {
        Some(standing(row, file.of(&signature::TYPE), file.of(&addendum::TYPE))).filter(|standing| standing.is_signed())
    }

    /// A note on the client's page: its head with how it stands, then its words, then what was added.
    pub(super) fn note_on_page(&self, row: &Row, file: &ClientFile) -> Vec<(How, String)> {
        let standing = standing(row, file.of(&signature::TYPE), file.of(&addendum::TYPE));
        let mut lines = Vec::new();
        let mark = standing.mark(row);
        if !mark.is_empty() {
            let how = if standing.state == State::Broken { How::Broken } else { How::Standing };
            lines.push((how, format!("[{mark}]")));
        }
        let parts = standing.read(row, &[]);
        match standing.state {
            State::Unsigned => lines.push((How::Text, row.text(note::body).into())),
            // The fields say what was signed: its body is the signed one.
            State::Signed => {
                lines.push((How::Text, row.text(note::body).into()));
                let added = parts.iter().skip_while(|part| part.how != How::Addendum);
                lines.extend(added.map(|part| (part.how, part.text.clone())));
            }
            State::ChangedBeside | State::Broken => {
                lines.extend(parts.into_iter().map(|part| (part.how, part.text)));
            }
        }
        lines
    }

    pub(super) fn note_key(&mut self, mut read: NoteRead, key: &KeyEvent) -> Result<Option<NoteRead>, StoreError> {
        match key.code {
            KeyCode::Char('A') => self.ask_addendum(Some(read.note))?,
            KeyCode::Char('N') => self.ask_to_sign(Some(read.note))?,
            KeyCode::Char('h') => self.history(Some(read.note))?,
            KeyCode::Char('e') => self.edit_row(&note::TYPE, read.note)?,
            KeyCode::Char('q') | KeyCode::Enter => {}
            _ => {
                let by = match key.code {
                    KeyCode::Up | KeyCode::Char('k') => -1,
                    KeyCode::Down | KeyCode::Char('j') => 1,
                    KeyCode::PageUp => -10,
                    KeyCode::PageDown => 10,
                    _ => 0,
                };
                read.scroll = read.scroll.saturating_add_signed(by).min(10_000);
                return Ok(Some(read));
            }
        }
        Ok(None)
    }
}
