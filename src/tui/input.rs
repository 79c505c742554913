//! Where keys go: to the overlay on top, to the form under it, to the filter, or to the panes.

use std::collections::BTreeSet;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use crate::model::records::note;
use crate::store::{Deed, StoreError};

use super::act::Flow;
use super::action::{Action, Place};
use super::desk::{Desk, Pane};
use super::overlay::{self, Overlay};
use super::panes::{Layout, scrolled};
use super::theme::Theme;
use super::{editor, form, notes};

impl Desk {
    /// Takes a key, wherever it belongs.
    pub fn key(&mut self, key: &KeyEvent) -> anyhow::Result<Flow> {
        self.message = None;
        self.touched.clear();
        if self.overlay.is_none() {
            self.for_whom = None;
        }
        let flow = self.take_key(key)?;
        self.back_to_closing()?;
        self.tell_whom();
        if !self.touched.is_empty() {
            self.acted = Some((self.store.last_action()?, self.chosen));
        }
        Ok(flow)
    }

    fn take_key(&mut self, key: &KeyEvent) -> anyhow::Result<Flow> {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('z') {
            return Ok(Flow::Suspend);
        }
        // From anywhere, also while something is typed: what is open stays as it is under the crisis.
        if key.modifiers.contains(KeyModifiers::CONTROL) && self.keys.action(key, Place::Desk) == Some(Action::Crisis) {
            return Ok(self.act(Action::Crisis, None)?);
        }
        // Whoever comes through the door: what is open waits in the file, and is there again afterwards.
        if key.modifiers.contains(KeyModifiers::CONTROL) && self.keys.action(key, Place::Desk) == Some(Action::Lock) {
            return Ok(Flow::Lock);
        }
        if self.overlay.is_some() {
            return self.overlay_key(key);
        }
        let flow = if self.form.is_some() {
            self.form_key(key)?
        } else if self.filtering {
            self.filter_key(key)?
        } else {
            match self.keys.action(key, Place::Desk) {
                Some(action) => self.act(action, self.subject_of(action))?,
                None if key.code == KeyCode::Esc => self.step_back()?,
                None => {
                    if matches!(key.code, KeyCode::Char(_)) {
                        let help = self.keys.first_of("help").to_string();
                        self.say(format!("That key does nothing here. {help} shows what each key does."));
                    }
                    Flow::Stay
                }
            }
        };
        Ok(flow)
    }

    /// `Esc` in the panes: out of the tour, out of the run, out of the filter, back to the caseload.
    fn step_back(&mut self) -> Result<Flow, StoreError> {
        if self.tour.is_some() {
            self.toggle_tour();
        } else if self.running {
            self.stop_run();
        } else if self.filter.take().is_some() {
            self.list();
            self.show()?;
        } else {
            self.focus = Pane::Caseload;
        }
        Ok(Flow::Stay)
    }

    pub fn paste(&mut self, pasted: &str) -> Result<(), StoreError> {
        match &mut self.overlay {
            Some(Overlay::Palette { input, found, at }) => {
                input.paste(pasted);
                (*found, *at) = (overlay::matching(&input.text()), 0);
            }
            Some(Overlay::Ask { input, .. }) => input.paste(pasted),
            Some(Overlay::Sheet(sheet)) => sheet.paste(pasted),
            Some(Overlay::Directory(directory)) => directory.paste(pasted),
            Some(Overlay::Search { input, .. }) => {
                input.paste(pasted);
                self.search()?;
            }
            Some(_) => {}
            None => match &mut self.form {
                Some(form) => form.paste(pasted),
                None if self.filtering => {
                    let clean = crate::model::text::one_line(pasted.trim()).into_owned();
                    self.filter.get_or_insert_default().push_str(&clean);
                    self.list();
                    self.choose_in_list()?;
                }
                // None of its letters is a command.
                None => self.say("Pasted text goes into a form or a question: open one first."),
            },
        }
        Ok(())
    }

    /// A click chooses, the wheel moves, and a key of the hint line can be clicked.
    pub fn mouse(&mut self, mouse: MouseEvent, area: Rect, plain: bool) -> Result<Flow, StoreError> {
        if self.overlay.is_some() || self.form.is_some() {
            return Ok(Flow::Stay);
        }
        let layout = Layout::of(area, self.focus, plain);
        if mouse.kind == MouseEventKind::Down(MouseButton::Left)
            && mouse.row == layout.bottom.y
            && self.message.is_none()
        {
            let hints = self.hint_line(layout.bottom.width);
            let hit = hints.iter().find(|hint| (hint.x..hint.x + hint.width).contains(&mouse.column));
            if let Some(action) = hit.map(|hint| hint.action) {
                let flow = self.act(action, self.subject_of(action));
                self.tell_whom();
                return flow;
            }
        }
        let Some(pane) = layout.pane_at(mouse.column, mouse.row) else { return Ok(Flow::Stay) };
        let place = layout.panes[pane as usize];
        let row = usize::from(mouse.row.saturating_sub(place.y + 1));
        let height = usize::from(place.height.saturating_sub(2));
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                self.go_to(pane)?;
                match pane {
                    Pane::Caseload => {
                        if let Some(at) = self.caseload_line(row, height) {
                            self.choose(at)?;
                        }
                    }
                    Pane::Goals => {
                        let many = self.goal_lines().len();
                        self.choose_goal((scrolled(self.goal_at, many, height) + row).min(many.saturating_sub(1)));
                    }
                    Pane::Appointments => {
                        let top = scrolled(self.visit_at, self.queue.len(), height);
                        if top + row < self.queue.len() {
                            self.choose_visit(top + row)?;
                        }
                    }
                    Pane::Client => {}
                }
            }
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
                let by = if mouse.kind == MouseEventKind::ScrollDown { 1 } else { -1 };
                let before = std::mem::replace(&mut self.focus, pane);
                self.step(by)?;
                self.focus = before;
            }
            _ => return Ok(Flow::Stay),
        }
        Ok(Flow::Stay)
    }

    pub fn draw_all(
        &mut self,
        area: Rect,
        buffer: &mut ratatui::buffer::Buffer,
        theme: Theme,
    ) -> Option<ratatui::layout::Position> {
        if let Some(form) = self.form.as_mut().filter(|form| *form.record == note::TYPE) {
            notes::tell_section(form, self.rules.practice());
        }
        self.draw(area, buffer, theme);
        let layout = Layout::of(area, self.focus, theme.plain);
        let moment = self.moment();
        let mut cursor = None;
        // Under a short form the client stays in sight: whom it is about, and how to reach them safely. A form that is a
        // little too long for that scrolls; above a long one at least the way to reach them stands.
        let over = layout.over;
        let short = self.form.as_ref().map(form::Form::lines).filter(|lines| lines + 5 <= over.height);
        let whose = self.form.as_ref().map(|form| self.store.root(form.stream).unwrap_or(form.stream));
        let about_chosen = whose.is_some() && whose == self.chosen;
        let place = match short.filter(|_| about_chosen) {
            Some(lines) => {
                let lines = lines.min(over.height.saturating_sub(8));
                let under = Rect { y: over.y + lines, height: over.height - lines, ..over };
                self.draw_beneath(under, buffer, theme);
                Rect { height: lines, ..over }
            }
            None if about_chosen => {
                let rest = self.under_safety(over, true, buffer, theme);
                if rest.y > over.y { rest } else { over }
            }
            None => over,
        };
        let meant = self.form.as_ref().is_some_and(|form| self.is_for_many(form)).then(|| self.meant_in_words());
        let spoken =
            self.form.as_ref().filter(|form| *form.record == note::TYPE).map(|form| self.spoken_of(form.stream));
        let room = usize::from(place.width / 2);
        let named = whose.map(|whose| self.name_within(whose, room));
        if let Some(form) = &mut self.form {
            let name = match &meant {
                Some(many) => Some(many.as_str()),
                None if spoken.is_some() => spoken.as_deref().filter(|spoken| !spoken.is_empty()),
                None => named.as_deref().filter(|name| !name.is_empty()),
            };
            cursor = form.draw(place, buffer, theme, &moment, name);
        }
        if let (Some(text), None, None) = (self.tour_text(), &self.form, &self.overlay) {
            self.draw_tour(&text, layout, buffer, theme);
        }
        if let Some(overlay) = &self.overlay {
            let body = Rect { y: area.y + 1, height: area.height - 2, ..area };
            cursor = overlay.draw(body, buffer, theme, self);
        }
        cursor
    }

    /// Says in an open question why its answer will not do.
    pub fn refuse(&mut self, why: &str) {
        match &mut self.overlay {
            Some(Overlay::Ask { trouble, .. }) => *trouble = Some(why.into()),
            _ => self.trouble(why),
        }
    }

    /// Whether a key saves, wherever something is typed.
    pub(super) fn saves(&self, key: &KeyEvent) -> bool {
        key.modifiers.contains(KeyModifiers::CONTROL) && self.keys.action(key, Place::Form) == Some(Action::Save)
    }

    fn form_key(&mut self, key: &KeyEvent) -> anyhow::Result<Flow> {
        let moment = self.moment();
        let action = self.keys.action(key, Place::Form);
        let Some(form) = self.form.as_mut() else { return Ok(Flow::Stay) };
        // Keys with Ctrl are the form's before they are the field's.
        let ours = action.is_some() && key.modifiers.contains(KeyModifiers::CONTROL);
        let template = notes::template_in(form);
        if !ours && form.key(key, &moment) {
            notes::follow_template(form, &template, self.rules.practice());
            return Ok(Flow::Stay);
        }
        match action {
            Some(Action::Save) => self.save_form(None)?,
            Some(Action::NextField) => form.next(&moment),
            Some(Action::PreviousField) => form.previous(&moment),
            Some(Action::OtherValue) if form.has_library() => self.take_idea(),
            Some(Action::OtherValue) => form.other_value(),
            Some(Action::Leave) => self.leave_form()?,
            Some(Action::Editor) => self.ask_editor(),
            _ if key.code == KeyCode::Enter => {
                let last = form.enter(&moment);
                if last {
                    self.save_form(None)?;
                }
            }
            _ => {}
        }
        Ok(Flow::Stay)
    }

    /// Before text leaves the encrypted file: what that means.
    fn ask_editor(&mut self) {
        let text = self.form.as_ref().and_then(form::Form::text_at_hand);
        if text.is_none() {
            self.say("Only a field of several lines can be written in an editor.");
            return;
        }
        let place = if editor::memory_folder().is_some() { "kept in memory" } else { "ON THE DISK IN THE CLEAR" };
        let question = format!("The text leaves the encrypted file while the editor is open ({place})");
        self.overlay = Some(overlay::Menu::confirm(question, "Open the editor", overlay::Pick::Editor));
    }

    fn filter_key(&mut self, key: &KeyEvent) -> anyhow::Result<Flow> {
        match key.code {
            KeyCode::Esc => {
                self.filter = None;
                self.filtering = false;
            }
            KeyCode::Enter => {
                self.filtering = false;
                if self.filter.as_deref().is_some_and(|filter| filter.trim().is_empty()) {
                    self.filter = None;
                }
            }
            KeyCode::Up => return Ok(self.step(-1).map(|()| Flow::Stay)?),
            KeyCode::Down => return Ok(self.step(1).map(|()| Flow::Stay)?),
            KeyCode::Backspace => drop(self.filter.get_or_insert_default().pop()),
            KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => {
                self.filter.get_or_insert_default().push(c)
            }
            _ => return Ok(Flow::Stay),
        }
        self.list();
        // What is typed asks for those who fit; leaving the line changes nothing.
        if self.filtering {
            self.choose_in_list()?
        } else {
            self.show()?
        }
        Ok(Flow::Stay)
    }

    fn search(&mut self) -> Result<(), StoreError> {
        if let Some(Overlay::Search { input, hits, at }) = &mut self.overlay {
            *hits = self.store.search(&input.text(), 50)?;
            *at = 0;
        }
        Ok(())
    }

    fn overlay_key(&mut self, key: &KeyEvent) -> anyhow::Result<Flow> {
        let stay = Ok(Flow::Stay);
        let Some(mut overlay) = self.overlay.take() else { return stay };
        let saves = self.saves(key);
        if let Overlay::Sheet(sheet) = overlay {
            if let Some(open) = sheet.key(key, self)? {
                self.overlay = Some(Overlay::Sheet(open));
            }
            return stay;
        }
        if let Overlay::Directory(directory) = overlay {
            if let Some(open) = self.directory_key(directory, key)? {
                self.overlay = Some(Overlay::Directory(open));
            }
            return stay;
        }
        // One line for all that was typed.
        if let (Overlay::Search { hits, .. }, KeyCode::Esc | KeyCode::Enter) = (&overlay, key.code) {
            let clients: BTreeSet<_> = hits.iter().map(|hit| hit.client).collect();
            if !clients.is_empty() {
                self.listed("search on the screen", clients.len());
            }
        }
        if key.code == KeyCode::Esc {
            return stay;
        }
        let by = match key.code {
            KeyCode::Up => -1,
            KeyCode::Down => 1,
            KeyCode::PageUp => -10,
            KeyCode::PageDown => 10,
            _ => 0,
        };
        let moved = |at: usize, many: usize| at.saturating_add_signed(by).min(many.saturating_sub(1));
        match &mut overlay {
            Overlay::Reading { title, lines, .. } if key.code == KeyCode::Char('y') => {
                self.store.note_leaving(None, Deed::Exported, &format!("{title}: copied to the clipboard"))?;
                self.copied = Some(lines.join("\n"));
                self.say("Copied to the clipboard, if your terminal allows it.");
            }
            Overlay::Help { scroll } | Overlay::Reading { scroll, .. } => match key.code {
                KeyCode::Char('q' | '?') | KeyCode::Enter => return stay,
                KeyCode::Char('j') => *scroll += 1,
                KeyCode::Char('k') => *scroll = scroll.saturating_sub(1),
                _ => *scroll = scroll.saturating_add_signed(by).min(10_000),
            },
            Overlay::Palette { input, found, at } => {
                if key.code == KeyCode::Enter {
                    return Ok(match found.get(*at) {
                        Some(entry) => self.act(entry.action, None)?,
                        None => Flow::Stay,
                    });
                }
                *at = moved(*at, found.len());
                if input.key(key) {
                    *found = overlay::matching(&input.text());
                    *at = 0;
                }
            }
            Overlay::Search { input, hits, at } => {
                if key.code == KeyCode::Enter {
                    if let Some(hit) = hits.get(*at) {
                        let client = hit.client;
                        self.choose_client(client)?;
                        self.go_to(Pane::Client)?;
                    }
                    return stay;
                }
                *at = moved(*at, hits.len());
                if input.key(key) {
                    self.overlay = Some(overlay);
                    self.search()?;
                    return stay;
                }
            }
            Overlay::Menu(menu) if !menu.about.is_empty() && key.code == KeyCode::PageDown => menu.scroll += 4,
            Overlay::Menu(menu) if !menu.about.is_empty() && key.code == KeyCode::PageUp => {
                menu.scroll = menu.scroll.saturating_sub(4);
            }
            Overlay::Menu(menu) => {
                let by_key = match key.code {
                    // What asks whether to save is answered by the key that saves.
                    _ if saves => {
                        menu.items.iter().position(|item| matches!(item.choice, overlay::Pick::SaveForm(None)))
                    }
                    KeyCode::Char(c) => menu.items.iter().position(|item| item.key == Some(c)),
                    KeyCode::Enter => Some(menu.at),
                    _ => None,
                };
                if let Some(item) = by_key.and_then(|at| menu.items.get(at)) {
                    return Ok(self.pick(item.choice.clone())?);
                }
                menu.at = moved(menu.at, menu.items.len());
            }
            Overlay::Records { rows, at, .. } => {
                let chosen = rows.get(*at).map(|shown| (shown.record, shown.row, shown.text.clone()));
                match (key.code, chosen) {
                    (KeyCode::Enter, Some((record, row, _))) => {
                        self.open_row(record, row)?;
                        return stay;
                    }
                    (KeyCode::Char('e'), Some((record, row, _))) => {
                        self.edit_row(record, row)?;
                        return stay;
                    }
                    (KeyCode::Char('h'), Some((_, row, _))) => {
                        self.history(Some(row))?;
                        return stay;
                    }
                    (KeyCode::Char('A'), Some((record, row, _))) if *record == note::TYPE => {
                        self.ask_addendum(Some(row))?;
                        return stay;
                    }
                    (KeyCode::Char('N'), Some((record, row, _))) if *record == note::TYPE => {
                        self.ask_to_sign(Some(row))?;
                        return stay;
                    }
                    (KeyCode::Delete | KeyCode::Char('x'), Some((record, row, text))) if !record.opens_stream() => {
                        if let Some(row) = self.store.row_of(record, row)?
                            && self.is_refused(&row)?
                        {
                            return stay;
                        }
                        let question = format!("Delete the {}: {text}?", record.label.to_lowercase());
                        self.overlay = Some(overlay::Menu::confirm(
                            question,
                            "Yes, delete it",
                            overlay::Pick::Delete(record, row),
                        ));
                        return stay;
                    }
                    (KeyCode::Char('q'), _) => return stay,
                    _ => *at = moved(*at, rows.len()),
                }
            }
            Overlay::Signing(_) => {
                let Overlay::Signing(signing) = overlay else { return stay };
                if let Some(open) = self.signing_key(signing, key)? {
                    self.overlay = Some(Overlay::Signing(open));
                }
                return stay;
            }
            Overlay::Note(_) => {
                let Overlay::Note(read) = overlay else { return stay };
                if let Some(open) = self.note_key(read, key)? {
                    self.overlay = Some(Overlay::Note(open));
                }
                return stay;
            }
            Overlay::Sheet(_) => {}
            Overlay::Directory(_) => return stay,
            Overlay::Choose(_) => {
                let Overlay::Choose(choose) = overlay else { return stay };
                if let Some(open) = self.choose_key(choose, key)? {
                    self.overlay = Some(Overlay::Choose(open));
                }
                return stay;
            }
            Overlay::Figures(figures) => match key.code {
                KeyCode::Enter => {
                    self.open_figure(figures);
                    return stay;
                }
                KeyCode::Char('p') => {
                    let kind = figures.kind;
                    self.ask_period(kind);
                    return stay;
                }
                KeyCode::Char('b') => {
                    let (kind, period, by) = (figures.kind, figures.period, figures.by.other());
                    self.report_over(kind, period, by)?;
                    return stay;
                }
                KeyCode::Char('y') => {
                    let what = format!("{}: copied to the clipboard", figures.kind.title);
                    self.store.note_leaving(None, Deed::Exported, &what)?;
                    self.copied = Some(figures.lines.join("\n"));
                    self.say("Copied to the clipboard, if your terminal allows it.");
                }
                _ => figures.at = moved(figures.at, figures.rows.len()),
            },
            Overlay::Template(_) => {
                let Overlay::Template(template) = overlay else { return stay };
                if let Some(open) = self.template_key(template, key)? {
                    self.overlay = Some(Overlay::Template(open));
                }
                return stay;
            }
            Overlay::Team { loads, at } => {
                if key.code == KeyCode::Enter {
                    if let Some(load) = loads.get(*at) {
                        let worker = load.worker.clone();
                        self.only_with(&worker)?;
                    }
                    return stay;
                }
                *at = moved(*at, loads.len());
            }
            Overlay::Ask { input, answer, trouble, .. } => {
                if key.code == KeyCode::Enter || saves {
                    let (answer, typed) = (answer.clone(), input.text());
                    self.overlay = Some(overlay);
                    self.answer(answer, &typed)?;
                    return stay;
                }
                if input.key(key) {
                    *trouble = None;
                }
            }
        }
        self.overlay = Some(overlay);
        stay
    }
}
