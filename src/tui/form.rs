//! Forms, made from the catalogue: one field a line, wrong values told beside them, nothing typed ever lost.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Style;
use ratatui_textarea::{CursorMove, TextArea, WrapMode};
use serde::{Deserialize, Serialize};

use crate::model::{
    Change, Choice, Edit, Field, FieldId, Invalid, Kind, Moment, NAMES, RecordType, Row, RowId, Shown, Value,
    record_by_name, series, text,
};

use super::desk::Desk;
use super::library::Library;

/// A form for one row.
pub struct Form {
    pub title: String,
    pub record: &'static RecordType,
    pub row: RowId,
    pub stream: RowId,
    /// Whether the row is yet to be made.
    pub new: bool,
    /// Values that are set without being typed: links to parents, defaults of hidden fields.
    pub hidden: Vec<(FieldId, Value)>,
    /// What else is done when the form is saved.
    pub also: Vec<Edit>,
    pub inputs: Vec<Input>,
    /// Goals of the library, while a goal is added.
    pub library: Option<Library>,
    pub at: usize,
    /// What stands in the way of saving.
    pub trouble: Option<String>,
    /// Changed since the draft was last kept.
    pub unkept: bool,
}

pub struct Input {
    pub field: &'static Field,
    /// Where it is filled in: times are shown on the clock of this place.
    here: Moment,
    pub body: Body,
    /// As it was when the form opened: only what differs is saved.
    before: String,
    /// As the form showed it first.
    opened: String,
    /// What is wrong with it, said when the field is left.
    pub wrong: Option<String>,
    /// The values that disagree, and which of them is shown.
    pub sides: Vec<Value>,
    pub side: usize,
    /// A value was chosen among those that disagree.
    decided: bool,
    /// What stands under it while it is typed, where that depends on where one is.
    pub hint: Option<String>,
}

/// How a field is typed.
pub enum Body {
    Text(Box<TextArea<'static>>),
    Choice {
        choices: &'static [Choice],
        at: Option<usize>,
        typed: String,
    },
    Yes(Option<bool>),
    /// Things to tick: row or code, label, ticked.
    Ticks {
        rows: Vec<(String, String, bool)>,
        at: usize,
    },
}

#[derive(Serialize, Deserialize)]
struct Draft {
    title: String,
    record: String,
    row: RowId,
    stream: RowId,
    new: bool,
    at: usize,
    /// Line and column of the cursor in the field at hand.
    #[serde(default)]
    cursor: Option<(u16, u16)>,
    typed: Vec<(String, String)>,
    /// Field number and stored value.
    hidden: Vec<(u16, Vec<u8>)>,
    only: Vec<String>,
}

impl Form {
    /// A form for a new row, with its defaults and what else is known already.
    pub fn add(desk: &Desk, record: &'static RecordType, stream: Option<RowId>, known: Vec<(FieldId, Value)>) -> Form {
        let row = desk.store.new_id();
        let worker = desk.store.worker();
        let mut blank = Row::new(record, row, stream.unwrap_or(row));
        let mut hidden = Vec::new();
        let practice = std::sync::Arc::clone(desk.rules.practice());
        let area = stream.and_then(|stream| desk.caseload.get(stream)?.areas.first().cloned());
        let area = area.unwrap_or_else(|| worker.area.clone());
        let beginning = practice.beginning(&worker.name, &area);
        for (field, value) in record.defaults(&desk.moment(), &beginning).into_iter().chain(known) {
            let shown = record.field(field.field).is_some_and(|field| field.shown == Shown::Form);
            if shown {
                blank.put(field, value);
            } else {
                hidden.push((field, value));
            }
        }
        let mut form = Form::over(desk, format!("Add {}", record.label.to_lowercase()), &blank, true, None);
        // What a new row starts with is saved too, typed or not.
        for input in &mut form.inputs {
            input.before.clear();
        }
        form.hidden = hidden;
        form
    }

    /// A form for a row that is there; with `only`, for some of its fields.
    pub fn edit(desk: &Desk, row: &Row, only: Option<&[FieldId]>) -> Form {
        Form::over(desk, format!("Edit {}", row.record.label.to_lowercase()), row, false, only)
    }

    fn over(desk: &Desk, title: String, row: &Row, new: bool, only: Option<&[FieldId]>) -> Form {
        let fields = row
            .record
            .fields
            .iter()
            .filter(|field| field.shown == Shown::Form && only.is_none_or(|only| only.contains(&field.id)));
        let inputs = fields.map(|field| Input::new(desk, field, row)).collect();
        Form {
            title,
            record: row.record,
            row: row.id,
            stream: row.stream,
            new,
            hidden: Vec::new(),
            also: Vec::new(),
            inputs,
            library: None,
            at: 0,
            trouble: None,
            unkept: false,
        }
    }

    pub fn titled(mut self, title: impl Into<String>) -> Form {
        self.title = title.into();
        self
    }

    /// Starts in the given field.
    pub fn starting_at(mut self, field: FieldId) -> Form {
        self.at = self.inputs.iter().position(|input| input.field.id == field).unwrap_or(0);
        self
    }

    /// Asks for one field only; what the others hold is set without being shown.
    pub fn asking_only(mut self, field: FieldId) -> Form {
        let (asked, known): (Vec<Input>, Vec<Input>) =
            std::mem::take(&mut self.inputs).into_iter().partition(|input| input.field.id == field);
        for input in known {
            match input.value(&input.here) {
                Ok(value) if !value.is_empty() => self.hidden.push((input.field.id, value)),
                _ => {}
            }
        }
        (self.inputs, self.at) = (asked, 0);
        self
    }

    /// Whether anything was typed or chosen since the form opened.
    pub fn changed(&self) -> bool {
        self.inputs.iter().any(|input| input.decided || input.typed() != input.opened)
    }

    /// Puts a key into the field; says whether it was one for it.
    pub fn key(&mut self, key: &KeyEvent, moment: &Moment) -> bool {
        let Some(input) = self.inputs.get_mut(self.at) else { return false };
        let before = input.typed();
        let taken = input.key(key);
        if input.typed() != before {
            self.unkept = true;
            self.trouble = None;
            if input.wrong.is_some() {
                input.wrong = input.value(moment).err();
            }
            self.offer();
        }
        taken
    }

    /// What stands in a field.
    pub fn typed_in(&self, field: FieldId) -> String {
        self.inputs.iter().find(|input| input.field.id == field).map_or(String::new(), Input::typed)
    }

    /// Puts a value into a field, as if it had been typed.
    pub fn put(&mut self, field: FieldId, value: &Value) {
        if let Some(input) = self.inputs.iter_mut().find(|input| input.field.id == field) {
            input.fill(value);
        }
    }

    pub fn paste(&mut self, pasted: &str) {
        let Some(input) = self.inputs.get_mut(self.at) else { return };
        if let Body::Text(area) = &mut input.body {
            let clean = if matches!(input.field.kind, Kind::Text) {
                text::lines(pasted)
            } else {
                text::one_line(pasted.trim())
            };
            area.insert_str(clean);
            self.unkept = true;
        }
    }

    /// The text of the field at hand, where it is one of several lines.
    pub fn text_at_hand(&self) -> Option<String> {
        let input = self.inputs.get(self.at)?;
        matches!(input.field.kind, Kind::Text).then(|| input.typed())
    }

    /// Puts what was written elsewhere into the field at hand.
    pub fn replace_text(&mut self, text: &str) {
        if let Some(input) = self.inputs.get_mut(self.at) {
            input.retype(text.trim_end());
            self.unkept = true;
        }
    }

    /// Leaves a field: what is wrong with it is said now.
    pub fn go(&mut self, to: usize, moment: &Moment) {
        if let Some(input) = self.inputs.get_mut(self.at) {
            input.wrong = input.value(moment).err();
            if let Body::Text(area) = &mut input.body {
                area.cancel_selection();
            }
        }
        self.at = to.min(self.inputs.len().saturating_sub(1));
        // What a new row starts with is typed over; what someone wrote is not lost to one key.
        let new = self.new;
        if let Some(input) = self.inputs.get_mut(self.at)
            && let Body::Text(area) = &mut input.body
            && new
            && !matches!(input.field.kind, Kind::Text)
            && area.lines().concat() == input.opened
        {
            area.select_all();
        }
    }

    pub fn next(&mut self, moment: &Moment) {
        let to = (self.at + 1) % self.inputs.len().max(1);
        self.go(to, moment);
    }

    /// `Enter`: to the next field; says whether there is none, so that the form is to be saved. What is wrong is told, and
    /// one stays where it is.
    pub fn enter(&mut self, moment: &Moment) -> bool {
        let last = self.at + 1 >= self.inputs.len();
        let wrong = self.inputs.get_mut(self.at).is_some_and(|input| {
            input.wrong = input.value(moment).err();
            input.wrong.is_some()
        });
        if !last && !wrong {
            self.next(moment);
        }
        last
    }

    pub fn previous(&mut self, moment: &Moment) {
        let to = (self.at + self.inputs.len().max(1) - 1) % self.inputs.len().max(1);
        self.go(to, moment);
    }

    /// Where values disagree: shows the next of them.
    pub fn other_value(&mut self) {
        if let Some(input) = self.inputs.get_mut(self.at)
            && input.sides.len() > 1
        {
            input.side = (input.side + 1) % input.sides.len();
            let value = input.sides[input.side].clone();
            input.fill(&value);
            input.decided = true;
            self.unkept = true;
        }
    }

    /// Goes to the field with which something is wrong that the form alone could not know, and says it there.
    pub fn wrong_at(&mut self, wrong: &Invalid) {
        self.trouble = Some(wrong.to_string());
        if let Some(at) = self.inputs.iter().position(|input| input.field.id == wrong.field) {
            self.inputs[at].wrong = Some(wrong.why.clone());
            self.at = at;
        }
    }

    /// Where a client is left without any name: the place of the first of the fields for one.
    fn nameless(&self) -> Option<usize> {
        let names: Vec<(usize, &Input)> =
            self.inputs.iter().enumerate().filter(|(_, input)| NAMES.contains(&input.field.id)).collect();
        let none = names.len() == NAMES.len() && names.iter().all(|(_, input)| input.typed().trim().is_empty());
        none.then(|| names[0].0)
    }

    /// The change that saving makes, or nothing where a field is wrong: then the form stands in that field.
    pub fn change(&mut self, moment: &Moment) -> Option<Change> {
        let mut change = Change::new(self.title.to_lowercase());
        if self.new {
            change.create(self.record, self.row, self.stream);
            for (field, value) in &self.hidden {
                change.set(self.row, *field, value.clone());
            }
        }
        let mut first_wrong = self.nameless();
        for (at, input) in self.inputs.iter_mut().enumerate() {
            input.wrong = input.value(moment).err();
            if input.field.required && input.typed().trim().is_empty() {
                input.wrong = Some("needs to be filled in".into());
            }
            if input.wrong.is_some() {
                first_wrong = first_wrong.or(Some(at));
                continue;
            }
            if input.typed() == input.before && !input.decided {
                continue;
            }
            match &input.body {
                Body::Ticks { rows, .. } => {
                    for (row, _, ticked) in rows {
                        if *ticked || !self.new {
                            change.member(self.row, input.field.id, row.as_str(), *ticked);
                        }
                    }
                }
                Body::Text(_) if matches!(input.field.kind, Kind::Words) => {
                    let (now, before) = (Field::parse_words(&input.typed()), Field::parse_words(&input.before));
                    for word in now.iter().filter(|word| !before.contains(word)) {
                        change.member(self.row, input.field.id, word.as_str(), true);
                    }
                    for word in before.iter().filter(|word| !now.contains(word)) {
                        change.member(self.row, input.field.id, word.as_str(), false);
                    }
                }
                _ => {
                    let value = input.value(moment).unwrap_or(Value::Empty);
                    if !(self.new && value.is_empty()) {
                        change.set(self.row, input.field.id, value);
                    }
                }
            }
        }
        if let Some(at) = first_wrong {
            self.at = at;
            let input = &self.inputs[at];
            self.trouble = Some(match &input.wrong {
                Some(wrong) => format!("{} {wrong}", input.field.label),
                None => crate::model::needs_a_name().to_string(),
            });
            return None;
        }
        change.edits.extend(self.also.iter().cloned());
        Some(change)
    }

    /// Takes over what the row has become since the form opened; what was typed here stays. Gives the fields that changed
    /// meanwhile: label, what it was, what it is now, and what was typed here in its place.
    pub fn catch_up(&mut self, now: &Form) -> Vec<(&'static str, String, String, Option<String>)> {
        let mut changed = Vec::new();
        for input in &mut self.inputs {
            let Some(fresh) = now.inputs.iter().find(|other| other.field.id == input.field.id) else { continue };
            // Words and ticks are added and taken away one by one: nothing of the others' is overwritten.
            if fresh.before == input.before || input.field.kind.is_set() {
                continue;
            }
            let shown = |typed: &str| match &input.body {
                Body::Choice { choices, .. } => {
                    choices.iter().find(|choice| choice.code == typed).map_or("", |choice| choice.label).to_string()
                }
                _ => typed.to_string(),
            };
            let touched = input.decided || input.typed() != input.opened;
            let typed = touched.then(|| shown(&input.typed()));
            changed.push((input.field.label, shown(&input.before), shown(&fresh.before), typed));
            input.before.clone_from(&fresh.before);
            input.sides.clone_from(&fresh.sides);
            if !touched {
                input.retype(&fresh.before);
                input.opened.clone_from(&fresh.before);
            }
        }
        changed
    }

    /// All that was typed, to be kept until the form is saved or given up.
    pub fn draft(&self) -> Vec<u8> {
        let draft = Draft {
            title: self.title.clone(),
            record: self.record.name.into(),
            row: self.row,
            stream: self.stream,
            new: self.new,
            at: self.at,
            cursor: self.inputs.get(self.at).and_then(Input::cursor),
            typed: self.inputs.iter().map(|input| (input.field.name.to_string(), input.typed())).collect(),
            hidden: self.hidden.iter().map(|(field, value)| (field.field, value.encoded())).collect(),
            only: self.inputs.iter().map(|input| input.field.name.to_string()).collect(),
        };
        serde_json::to_vec(&draft).unwrap_or_default()
    }

    /// Whose row a draft is about.
    pub fn whose(bytes: &[u8]) -> Option<RowId> {
        serde_json::from_slice::<Draft>(bytes).ok().map(|draft| draft.stream)
    }

    /// A form as a draft has it; `None` where its row is gone.
    pub fn from_draft(bytes: &[u8], desk: &Desk) -> Option<Form> {
        let draft: Draft = serde_json::from_slice(bytes).ok()?;
        let record = record_by_name(&draft.record)?;
        let only: Vec<FieldId> =
            draft.only.iter().filter_map(|name| record.field_by_name(name)).map(|field| field.id).collect();
        let row = match desk.store.row_of(record, draft.row).ok()? {
            Some(_) if draft.new => return None,
            Some(row) => row,
            None if draft.new => Row::new(record, draft.row, draft.stream),
            None => return None,
        };
        let mut form = Form::over(desk, draft.title, &row, draft.new, Some(&only));
        for (name, typed) in &draft.typed {
            if let Some(input) = form.inputs.iter_mut().find(|input| input.field.name == name) {
                input.retype(typed);
            }
        }
        for (number, value) in draft.hidden {
            form.hidden.push((FieldId { record: record.number, field: number }, Value::decode(&value).ok()?));
        }
        form.at = draft.at.min(form.inputs.len().saturating_sub(1));
        if let (Some(input), Some(cursor)) = (form.inputs.get_mut(form.at), draft.cursor) {
            input.put_cursor(cursor);
        }
        form.unkept = true;
        Some(form)
    }
}

impl Input {
    fn new(desk: &Desk, field: &'static Field, row: &Row) -> Input {
        let body = match field.kind {
            Kind::Choice(choices) => Body::Choice { choices: choices.all(), at: None, typed: String::new() },
            Kind::Yes => Body::Yes(None),
            Kind::Links(_) => {
                let ticked = row.words(field.id);
                let rows = desk.goals().iter().map(|goal| {
                    let id = goal.id.to_string();
                    let here = ticked.contains(&id);
                    (id, goal.text(crate::model::records::goal::words).to_string(), here)
                });
                Body::Ticks { rows: rows.collect(), at: 0 }
            }
            Kind::Choices(choices) => {
                let ticked = row.words(field.id);
                let known = choices.all().iter().map(|choice| {
                    (choice.code.to_string(), choice.label.to_string(), ticked.iter().any(|code| code == choice.code))
                });
                // A code that is on no list here came from elsewhere: it stays in sight, and can be taken away.
                let strange = ticked.iter().filter(|code| choices.find(code).is_none());
                let rows = known.chain(strange.map(|code| (code.clone(), code.clone(), true))).collect();
                Body::Ticks { rows, at: 0 }
            }
            _ => Body::Text(Box::default()),
        };
        let sides = row.disagreements.iter().find(|disagreement| disagreement.field == field.id);
        let mut input = Input {
            field,
            here: desk.moment(),
            body,
            before: String::new(),
            opened: String::new(),
            wrong: None,
            sides: sides.map_or(Vec::new(), |disagreement| disagreement.sides.clone()),
            side: 0,
            decided: false,
            hint: None,
        };
        if field.kind.is_set() {
            if matches!(field.kind, Kind::Words) {
                input.retype(&row.words(field.id).join(", "));
            }
        } else {
            input.fill(row.get(field.id));
        }
        input.before = input.typed();
        input.opened = input.before.clone();
        input
    }

    /// Begins the text anew; what a new row begins with counts as nothing typed yet.
    pub fn begin_with(&mut self, text: &str, new: bool) {
        self.retype(text);
        if new {
            self.opened = self.typed();
        }
    }

    /// Takes what a row has for what stood here before: the rest counts as typed.
    pub fn was(&mut self, row: &Row, field: FieldId) {
        self.before = row.get(field).plain();
    }

    /// Shows a value.
    fn fill(&mut self, value: &Value) {
        match (&mut self.body, value) {
            (Body::Choice { choices, at, .. }, value) => {
                let code = value.plain();
                *at = choices.iter().position(|choice| choice.code == code);
            }
            (Body::Yes(yes), Value::Yes(value)) => *yes = Some(*value),
            (Body::Yes(yes), _) => *yes = None,
            (Body::Text(_), value) => {
                let text = match value {
                    Value::Text(rule) if matches!(self.field.kind, Kind::Repeat) => series::in_words(rule),
                    Value::Time(time) => self.here.local(*time).format("%Y-%m-%d %H:%M").to_string(),
                    other => other.plain(),
                };
                self.retype(&text);
            }
            (Body::Ticks { .. }, _) => {}
        }
    }

    /// What stands in the field, as text that [`Input::retype`] takes.
    pub fn typed(&self) -> String {
        match &self.body {
            Body::Text(area) => area.lines().join("\n"),
            Body::Choice { choices, at, .. } => at.map_or(String::new(), |at| choices[at].code.to_string()),
            Body::Yes(yes) => yes.map_or("", |yes| if yes { "yes" } else { "no" }).to_string(),
            Body::Ticks { rows, .. } => {
                let ticked: Vec<String> =
                    rows.iter().filter(|(_, _, ticked)| *ticked).map(|(row, ..)| row.clone()).collect();
                ticked.join(",")
            }
        }
    }

    /// Where the next letter goes.
    fn cursor(&self) -> Option<(u16, u16)> {
        let Body::Text(area) = &self.body else { return None };
        let cursor = area.cursor();
        Some((u16::try_from(cursor.0).ok()?, u16::try_from(cursor.1).ok()?))
    }

    fn put_cursor(&mut self, (line, column): (u16, u16)) {
        if let Body::Text(area) = &mut self.body {
            area.move_cursor(CursorMove::Jump(line, column));
        }
    }

    fn retype(&mut self, typed: &str) {
        match &mut self.body {
            Body::Text(area) => {
                let multi = matches!(self.field.kind, Kind::Text);
                let clean = if multi { text::lines(typed) } else { text::one_line(typed) };
                let mut fresh = TextArea::new(clean.split('\n').map(String::from).collect());
                fresh.set_cursor_line_style(Style::new());
                fresh.set_wrap_mode(if multi { WrapMode::WordOrGlyph } else { WrapMode::None });
                fresh.move_cursor(CursorMove::Bottom);
                fresh.move_cursor(CursorMove::End);
                **area = fresh;
            }
            Body::Choice { choices, at, .. } => *at = choices.iter().position(|choice| choice.code == typed),
            Body::Yes(yes) => {
                *yes = match typed {
                    "yes" => Some(true),
                    "no" => Some(false),
                    _ => None,
                }
            }
            Body::Ticks { rows, .. } => {
                for (row, _, ticked) in rows {
                    *ticked = typed.split(',').any(|id| id == row);
                }
            }
        }
    }

    /// The value, or why it is none.
    pub fn value(&self, moment: &Moment) -> Result<Value, String> {
        match &self.body {
            Body::Text(_) if matches!(self.field.kind, Kind::Words) => Ok(Value::Empty),
            Body::Ticks { .. } => Ok(Value::Empty),
            Body::Text(_) if !self.decided && !self.before.is_empty() && self.typed() == self.before => {
                Ok(Value::Empty)
            }
            _ => self.field.parse(&self.typed(), moment).map_err(|error| error.why),
        }
    }

    fn key(&mut self, key: &KeyEvent) -> bool {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match &mut self.body {
            Body::Text(area) => {
                let multi = matches!(self.field.kind, Kind::Text);
                match key.code {
                    KeyCode::Enter if !multi => false,
                    KeyCode::Up if !multi || area.cursor().0 == 0 => false,
                    KeyCode::Down if !multi || area.cursor().0 + 1 >= area.lines().len() => false,
                    KeyCode::Tab | KeyCode::BackTab | KeyCode::Esc | KeyCode::F(_) => false,
                    KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                        area.delete_line_by_head();
                        true
                    }
                    _ => {
                        area.input(*key);
                        true
                    }
                }
            }
            Body::Choice { choices, at, typed } => {
                let many = choices.len();
                match key.code {
                    KeyCode::Right => *at = Some(at.map_or(0, |at| (at + 1) % many)),
                    KeyCode::Left => *at = Some(at.map_or(many - 1, |at| (at + many - 1) % many)),
                    KeyCode::Backspace | KeyCode::Delete => {
                        *at = None;
                        typed.clear();
                    }
                    KeyCode::Char(c) if plain => {
                        let begins = |typed: &str| {
                            let fits = |text: &str| text.to_lowercase().starts_with(typed);
                            // Of "Rental" and "Rental with a subsidy" the word typed whole is meant.
                            let whole = choices.iter().position(|choice| choice.label.to_lowercase() == typed);
                            whole.or(choices.iter().position(|choice| fits(choice.label) || fits(choice.code)))
                        };
                        typed.extend(c.to_lowercase());
                        if begins(typed).is_none() {
                            *typed = c.to_lowercase().collect();
                        }
                        *at = begins(typed).or(*at);
                    }
                    _ => return false,
                }
                true
            }
            Body::Yes(yes) => {
                *yes = match key.code {
                    KeyCode::Char(' ') | KeyCode::Left | KeyCode::Right => Some(!yes.unwrap_or(false)),
                    KeyCode::Char('y' | 'Y') if plain => Some(true),
                    KeyCode::Char('n' | 'N') if plain => Some(false),
                    KeyCode::Backspace | KeyCode::Delete => None,
                    _ => return false,
                };
                true
            }
            Body::Ticks { rows, at } => {
                match key.code {
                    KeyCode::Right if !rows.is_empty() => *at = (*at + 1) % rows.len(),
                    KeyCode::Left if !rows.is_empty() => *at = (*at + rows.len() - 1) % rows.len(),
                    KeyCode::Char(' ') if !rows.is_empty() => rows[*at].2 = !rows[*at].2,
                    _ => return false,
                }
                true
            }
        }
    }
}
