//! Forms and overlays, drawn over the panes.

use chrono::Datelike;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use crate::model::{Kind, Moment, Value, series};

use super::action::{Place, TABLE};
use super::desk::Desk;
use super::form::{Body, Form, Input};
use super::overlay::{Line, Overlay};
use super::panes::{put, scrolled};
use super::text::{cell, fit, fit_phrases, width, wrap};
use super::theme::Theme;

/// A box with a title; gives its inside.
pub fn boxed(area: Rect, buffer: &mut Buffer, title: &str, theme: Theme) -> Rect {
    Clear.render(area, buffer);
    if theme.plain {
        put(buffer, area.x, area.y, area.width, &format!("{title}."), theme.heading());
        return Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    }
    let title = format!(" {} ", fit(title, usize::from(area.width).saturating_sub(6)));
    let block = Block::bordered()
        .border_type(BorderType::Double)
        .border_style(theme.heading())
        .title(title)
        .title_style(theme.heading());
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// A place of so many columns and lines in the middle.
pub fn middle(area: Rect, columns: u16, lines: u16) -> Rect {
    let (width, height) = (columns.min(area.width), lines.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// Columns that are left for what is typed beside what is read of it.
const TYPED: u16 = 10;

/// Columns for labels in a form.
const LABELS: u16 = 20;

impl Form {
    /// Lines that the whole form takes.
    pub fn lines(&self) -> u16 {
        let fields: u16 = self.inputs.iter().enumerate().map(|(at, input)| input.height(at == self.at, 40, 60)).sum();
        fields + 2 + if self.trouble.is_some() { 2 } else { 0 }
    }

    /// Draws the form; gives the place of the cursor.
    pub fn draw(
        &mut self,
        area: Rect,
        buffer: &mut Buffer,
        theme: Theme,
        moment: &Moment,
        name: Option<&str>,
    ) -> Option<Position> {
        // The name stays whole where there is not room for both.
        let title = name.map_or(self.title.clone(), |name| {
            let room = usize::from(area.width).saturating_sub(width(name) + 8).max(12);
            format!("{}: {name}", fit(&self.title, room))
        });
        let inner = boxed(area, buffer, &title, theme);
        let (trouble, body) = match &self.trouble {
            Some(trouble) => {
                let lines = wrap(&format!("! {trouble}"), usize::from(inner.width));
                let many = (lines.len() as u16).min(3);
                (lines, Rect { height: inner.height.saturating_sub(many), ..inner })
            }
            None => (Vec::new(), inner),
        };
        for (line, y) in trouble.iter().zip(body.bottom()..inner.bottom()) {
            put(buffer, inner.x, y, inner.width, line, theme.danger());
        }
        // Each field's height; then as much of them as fits around the one at hand.
        let room = body.width.saturating_sub(LABELS + 1);
        let heights: Vec<u16> =
            self.inputs.iter().enumerate().map(|(at, input)| input.height(at == self.at, body.height, room)).collect();
        let above: u16 = heights.iter().take(self.at).sum();
        let own = heights.get(self.at).copied().unwrap_or(1);
        let mut skip = 0;
        let mut hidden = 0;
        while skip < self.at && above - hidden + own > body.height {
            hidden += heights[skip];
            skip += 1;
        }
        let mut y = body.y;
        let mut cursor = None;
        let mut shown = skip;
        for (at, input) in self.inputs.iter_mut().enumerate().skip(skip) {
            if y >= body.bottom() {
                break;
            }
            let active = at == self.at;
            let height = heights[at].min(body.bottom() - y);
            let mark = if input.field.required || input.field.asked { "*" } else { " " };
            let label =
                cell(&format!("{}{mark}{}", if active { ">" } else { " " }, input.field.label), usize::from(LABELS));
            put(buffer, body.x, y, LABELS, &label, if active { theme.heading() } else { theme.text() });
            let place = Rect { x: body.x + LABELS + 1, y, width: room, height };
            cursor = input.draw(place, buffer, theme, active, moment).or(cursor);
            y += height;
            shown = at + 1;
        }
        // On the frame: how many fields there are that nobody sees.
        let (above, below) = (skip, self.inputs.len() - shown);
        let sign = match (above, below) {
            (0, 0) => String::new(),
            (above, 0) => format!(" {above} above "),
            (0, below) => format!(" … {below} more: Tab "),
            (above, below) => format!(" {above} above … {below} more: Tab "),
        };
        if inner.bottom() < area.bottom() && !sign.is_empty() {
            let x = area.right().saturating_sub(width(&sign) as u16 + 2);
            put(buffer, x, area.bottom() - 1, area.right() - x, &sign, theme.key());
        }
        cursor
    }
}

impl Input {
    fn height(&self, active: bool, room: u16, columns: u16) -> u16 {
        let own = match &self.body {
            Body::Text(area) if matches!(self.field.kind, Kind::Text) => {
                let lines = area.lines().len() as u16;
                if active { lines.clamp(4, room.saturating_sub(6).max(4)) } else { lines.clamp(1, 3) }
            }
            Body::Ticks { rows, .. } => (rows.len() as u16).clamp(1, 6),
            _ => 1,
        };
        let beside = self
            .beside(columns)
            .filter(|_| active)
            .map_or(0, |text| wrap(&text, usize::from(columns)).len().min(3) as u16);
        own + beside + u16::from(self.sides.len() > 1)
    }

    /// What stands under the field while it is typed: what is wrong with it in full, or what may be typed.
    fn beside(&self, columns: u16) -> Option<String> {
        if let Some(wrong) = self.wrong.as_ref().filter(|wrong| width(wrong) + 2 > usize::from(columns / 2)) {
            return Some(format!("! {wrong}"));
        }
        if self.hint.is_some() {
            return self.hint.clone();
        }
        match &self.body {
            Body::Choice { choices, .. } => {
                Some(choices.iter().map(|choice| choice.label).collect::<Vec<_>>().join(" · "))
            }
            Body::Yes(_) => Some("y yes · n no".into()),
            Body::Ticks { rows, .. } if rows.is_empty() => Some("Nothing to tick yet.".into()),
            Body::Ticks { rows, .. } => {
                Some(format!("Right and Left walk through them, Space ticks; {} in all", rows.len()))
            }
            Body::Text(_) if !self.field.help.is_empty() => Some(self.field.help.into()),
            Body::Text(_) => match self.field.kind {
                Kind::Date if self.field.past && self.field.name != "birth_date" => {
                    Some("today, yesterday, 24 nov, 2026-11-24".into())
                }
                Kind::Date if self.field.past => Some("3/14/85, 14 mar 1985, 1985-03-14".into()),
                Kind::Date => Some("tomorrow, fri, +2w, 30 nov, 2026-11-30".into()),
                Kind::Time if self.field.past => Some("now, 10:30, yesterday 14:30, 24 nov 10:00".into()),
                Kind::Time => Some("tomorrow 14:30, fri 2pm, 2026-11-30 10:00".into()),
                Kind::Whole { unit: "minutes", .. } => Some("45, 45m, 1h30".into()),
                Kind::Repeat => {
                    Some("weekly, every 2 weeks, every tue and thu, monthly; until 30 jan, or 10 times".into())
                }
                Kind::Words => Some("several with commas between".into()),
                _ => None,
            },
        }
    }

    /// What the program makes of what is typed, or what is wrong with it.
    fn reading(&self, active: bool, columns: u16, moment: &Moment) -> Option<(String, bool)> {
        if let Some(wrong) = self.wrong.as_ref().filter(|_| !active || self.value(moment).is_err()) {
            return Some((wrong.clone(), true));
        }
        match (self.field.kind, self.field.parse(&self.typed(), moment)) {
            (Kind::Date, Ok(Value::Date(day))) => Some((day.format("%a %-d %b %Y").to_string(), false)),
            (Kind::Time, Ok(Value::Time(time))) => {
                // Weekday, day and hour are always there; the year goes first where there is little room.
                let long = time.format("%a %-d %b %Y %H:%M").to_string();
                let this_year = time.year() == moment.today().year();
                let short = this_year && width(&long) + 2 > usize::from(columns / 2);
                Some((if short { time.format("%a %-d %b %H:%M").to_string() } else { long }, false))
            }
            (Kind::Repeat, Ok(Value::Text(rule))) => Some((series::in_words(&rule), false)),
            (Kind::Whole { unit: "minutes", .. }, Ok(Value::Whole(1))) => Some(("1 minute".into(), false)),
            (Kind::Whole { unit, .. }, Ok(Value::Whole(number))) => Some((format!("{number} {unit}"), false)),
            _ => None,
        }
    }

    fn draw(
        &mut self,
        place: Rect,
        buffer: &mut Buffer,
        theme: Theme,
        active: bool,
        moment: &Moment,
    ) -> Option<Position> {
        let mut lines = place.height;
        let mut under = place.bottom();
        if self.sides.len() > 1 && lines > 1 {
            lines -= 1;
            under -= 1;
            let sides: Vec<String> = self.sides.iter().map(Value::plain).collect();
            let text = format!("{} values disagree: {}   (Ctrl-n takes the other)", sides.len(), sides.join("  |  "));
            put(buffer, place.x, under, place.width, &text, theme.danger());
        }
        if let Some(beside) = self.beside(place.width).filter(|_| active && lines > 1) {
            let wrapped = wrap(&beside, usize::from(place.width));
            let many = (wrapped.len().min(3) as u16).min(lines - 1);
            lines -= many;
            under -= many;
            for (line, y) in wrapped.iter().zip(under..under + many) {
                let style = if beside.starts_with('!') { theme.danger() } else { theme.quiet() };
                put(buffer, place.x, y, place.width, line, style);
            }
        }
        let reading = self.reading(active, place.width, moment);
        let field = Rect { height: lines, ..place };
        match &mut self.body {
            Body::Text(area) => {
                let (mut text, wrong) = reading.unwrap_or_default();
                if active && wrong && width(&text) + 2 > usize::from(place.width / 2) {
                    // It stands under the field, in full.
                    text.clear();
                }
                let wanted = width(&text) as u16 + 2;
                let beside = match text.is_empty() {
                    true => 0,
                    false if wrong => wanted.min(field.width / 2),
                    false => wanted.min(field.width.saturating_sub(TYPED).max(field.width / 2)),
                };
                let typing = Rect { width: field.width - beside, ..field };
                if !text.is_empty() {
                    let style = if wrong { theme.danger() } else { theme.quiet() };
                    let mark = if wrong { "! " } else { "= " };
                    put(buffer, typing.right(), field.y, beside, &format!("{mark}{text}"), style);
                }
                if !active {
                    let text = area.lines().join("\n");
                    let mut wrapped = wrap(&text, usize::from(typing.width));
                    if wrapped.len() > usize::from(typing.height) {
                        wrapped.truncate(usize::from(typing.height));
                        let last = wrapped.last_mut().expect("there is a line");
                        *last = fit(&format!("{last} …"), usize::from(typing.width));
                    }
                    for (line, y) in wrapped.iter().zip(typing.y..typing.bottom()) {
                        put(buffer, typing.x, y, typing.width, line, theme.text());
                    }
                    return None;
                }
                buffer.set_style(typing, theme.strong());
                area.set_style(theme.text());
                area.set_cursor_style(theme.bar());
                area.set_selection_style(theme.bar());
                area.render(typing, buffer);
                let at = area.screen_cursor();
                let (rows, columns) = area.scroll_offset();
                let x = typing.x + (at.col as u16).saturating_sub(columns);
                let y = typing.y + (at.row as u16).saturating_sub(rows);
                Some(Position { x: x.min(typing.right()), y: y.min(typing.bottom()) })
            }
            Body::Choice { choices, at, .. } => {
                let label = at.map_or("-", |at| choices[at].label);
                let text = if active { format!("< {label} >") } else { label.to_string() };
                put(buffer, field.x, field.y, field.width, &text, if active { theme.strong() } else { theme.text() });
                active.then_some(Position { x: field.x, y: field.y })
            }
            Body::Yes(yes) => {
                let label = yes.map_or("-", |yes| if yes { "yes" } else { "no" });
                let text = if active { format!("< {label} >") } else { label.to_string() };
                put(buffer, field.x, field.y, field.width, &text, if active { theme.strong() } else { theme.text() });
                active.then_some(Position { x: field.x, y: field.y })
            }
            Body::Ticks { rows, at } => {
                let top = scrolled(*at, rows.len(), usize::from(lines));
                for ((row, number), y) in rows.iter().zip(0..).skip(top).zip(field.y..field.bottom()) {
                    let chosen = active && number == *at;
                    let text =
                        format!("{} [{}] {}", if chosen { ">" } else { " " }, if row.2 { "x" } else { " " }, row.1);
                    put(buffer, field.x, y, field.width, &text, if chosen { theme.strong() } else { theme.text() });
                }
                let below = rows.len().saturating_sub(top + usize::from(lines));
                if below > 0 && lines > 0 {
                    let sign = format!("… {below} more");
                    let x = field.right().saturating_sub(width(&sign) as u16 + 1);
                    put(buffer, x, field.bottom() - 1, field.right() - x, &sign, theme.key());
                }
                active.then_some(Position { x: field.x, y: field.y })
            }
        }
    }
}

/// A line to type into, at the top of an overlay.
pub fn typing(line: &Line, area: Rect, buffer: &mut Buffer, theme: Theme) -> Position {
    put(buffer, area.x, area.y, 2, "> ", theme.key());
    put(buffer, area.x + 2, area.y, area.width.saturating_sub(2), &line.text(), theme.strong());
    Position { x: (area.x + 2 + line.cursor() as u16).min(area.right().saturating_sub(1)), y: area.y }
}

impl Overlay {
    /// Draws the overlay; gives the place of the cursor.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme, desk: &Desk) -> Option<Position> {
        // Whom it is about stands first: a long title never cuts it off.
        let whom = desk.for_whom.map_or(String::new(), |client| desk.name_within(client, 28));
        let headed = |title: &str| match whom.is_empty() || title.contains(&whom) {
            true => title.to_string(),
            false => format!("{whom}: {title}"),
        };
        match self {
            Overlay::Help { scroll } => {
                let inner = boxed(middle(area, 100, area.height), buffer, "Help: arrows scroll, Esc closes", theme);
                let lines = help_lines(usize::from(inner.width), desk);
                let top = (*scroll).min(lines.len().saturating_sub(usize::from(inner.height)));
                for ((key, text), y) in lines.iter().skip(top).zip(inner.y..inner.bottom()) {
                    put(buffer, inner.x + 1, y, 14, key, theme.key());
                    let heading = key.is_empty() && !text.starts_with(' ');
                    let (x, style) =
                        if heading { (inner.x + 1, theme.heading()) } else { (inner.x + 16, theme.text()) };
                    put(buffer, x, y, inner.right().saturating_sub(x), text, style);
                }
                None
            }
            Overlay::Palette { input, found, at } => {
                let title = match desk.chosen {
                    Some(chosen) => {
                        format!("All commands, for {}: type, Enter does it", desk.name_within(chosen, 28))
                    }
                    None => "All commands: type, Enter does it".into(),
                };
                let inner = boxed(middle(area, 90, 24), buffer, &title, theme);
                let cursor = typing(input, inner, buffer, theme);
                let list = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
                let top = scrolled(*at, found.len(), usize::from(list.height));
                for ((entry, number), y) in found.iter().zip(0..).skip(top).zip(list.y..list.bottom()) {
                    let why = desk.unavailable(entry.action).map_or(String::new(), |why| format!("  (not now: {why})"));
                    let key = desk.keys.first(entry.action);
                    let text = format!("{} {} {}{why}", cell(key, 6), cell(entry.label, 15), entry.about);
                    let style = if number == *at {
                        theme.bar()
                    } else if why.is_empty() {
                        theme.text()
                    } else {
                        theme.quiet()
                    };
                    put(buffer, list.x, y, list.width, &cell(&text, usize::from(list.width)), style);
                }
                if found.is_empty() {
                    put(buffer, list.x + 2, list.y + 1, list.width - 2, "No command has that name.", theme.text());
                }
                Some(cursor)
            }
            Overlay::Search { input, hits, at } => {
                let inner = boxed(
                    middle(area, 116, area.height),
                    buffer,
                    "Find in notes and everything else: newest first, Enter opens",
                    theme,
                );
                let cursor = typing(input, inner, buffer, theme);
                let list = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
                let top = scrolled(*at, hits.len(), usize::from(list.height / 2));
                for ((hit, number), y) in hits.iter().zip(0..).skip(top).zip((list.y..list.bottom()).step_by(2)) {
                    let when = hit.when.map_or(String::new(), |when| {
                        crate::triage::day_in_words(when.on_the_clock_of(&desk.moment()).day(), desk.today)
                    });
                    let head = format!("{}  {}  {when}", hit.client_name, hit.record.label.to_lowercase());
                    let style = if number == *at { theme.bar() } else { theme.strong() };
                    put(buffer, list.x, y, list.width, &cell(&head, usize::from(list.width)), style);
                    if y + 1 < list.bottom() {
                        put(buffer, list.x + 2, y + 1, list.width.saturating_sub(2), &hit.snippet, theme.text());
                    }
                }
                if hits.is_empty() {
                    let text = if input.text().trim().is_empty() {
                        "Type a word or the beginning of one."
                    } else {
                        "Nothing found."
                    };
                    put(buffer, list.x + 2, list.y + 1, list.width.saturating_sub(2), text, theme.quiet());
                }
                Some(cursor)
            }
            Overlay::Menu(menu) => {
                let widest = menu.items.iter().map(|item| width(&fit(&item.label, 100)) + 6).max().unwrap_or(20);
                let heading = headed(&menu.title);
                let title = width(&fit(&heading, 100)) + 6;
                let told = menu.about.iter().map(|line| width(line) + 2).max().unwrap_or(0).min(100);
                let wide = widest.max(title).max(told).max(30).min(usize::from(area.width));
                let about: Vec<String> =
                    menu.about.iter().flat_map(|line| wrap(line, wide.saturating_sub(2))).collect();
                let many = (about.len() + usize::from(!about.is_empty()) + menu.items.len() + 2) as u16;
                let inner = boxed(middle(area, wide as u16, many), buffer, &heading, theme);
                // What there is to know gives way to the choices where there is no room for both.
                let room = usize::from(inner.height).saturating_sub(menu.items.len().min(4) + 1);
                let hidden = about.len().saturating_sub(room);
                let room_for_text = if hidden > 0 { room.saturating_sub(1) } else { room };
                let top = menu.scroll.min(about.len().saturating_sub(room_for_text));
                for (line, y) in about.iter().skip(top).take(room_for_text).zip(inner.y..) {
                    put(buffer, inner.x, y, inner.width, line, theme.text());
                }
                if hidden > 0 && room > 0 {
                    let below = about.len() - top - room_for_text;
                    let sign = match below {
                        0 => "PgUp goes back".to_string(),
                        1 => "… 1 more line: PgDn".to_string(),
                        many => format!("… {many} more lines: PgDn"),
                    };
                    put(buffer, inner.x, inner.y + room_for_text as u16, inner.width, &sign, theme.key());
                }
                let used = if about.is_empty() { 0 } else { (about.len().min(room) + 1) as u16 };
                let inner = Rect { y: inner.y + used, height: inner.height.saturating_sub(used), ..inner };
                let top = scrolled(menu.at, menu.items.len(), usize::from(inner.height));
                for ((item, number), y) in menu.items.iter().zip(0..).skip(top).zip(inner.y..inner.bottom()) {
                    let style = if number == menu.at { theme.bar() } else { theme.text() };
                    let key = item.key.map_or(" ".into(), |key| key.to_string());
                    put(
                        buffer,
                        inner.x,
                        y,
                        inner.width,
                        &cell(
                            &format!(
                                " {key}  {}",
                                fit_phrases(&item.label, usize::from(inner.width).saturating_sub(4))
                            ),
                            usize::from(inner.width),
                        ),
                        style,
                    );
                }
                None
            }
            Overlay::Records { title, rows, at } => {
                let inner = boxed(middle(area, 116, area.height), buffer, &headed(title), theme);
                let top = scrolled(*at, rows.len(), usize::from(inner.height));
                for ((row, number), y) in rows.iter().zip(0..).skip(top).zip(inner.y..inner.bottom()) {
                    let style = match (number == *at, row.broken) {
                        (true, _) => theme.bar(),
                        (_, true) => theme.danger(),
                        _ => theme.text(),
                    };
                    let text = format!("{} {}", cell(row.record.label, 18), row.text);
                    put(buffer, inner.x, y, inner.width, &cell(&text, usize::from(inner.width)), style);
                }
                None
            }
            Overlay::Reading { title, lines, scroll } => {
                let inner = boxed(
                    middle(area, 116, area.height),
                    buffer,
                    &headed(&format!("{title}: arrows scroll, Esc closes")),
                    theme,
                );
                let lines: Vec<String> = lines.iter().flat_map(|line| wrap(line, usize::from(inner.width))).collect();
                let top = (*scroll).min(lines.len().saturating_sub(usize::from(inner.height)));
                for (line, y) in lines.iter().skip(top).zip(inner.y..inner.bottom()) {
                    put(buffer, inner.x, y, inner.width, line, theme.text());
                }
                None
            }
            Overlay::Figures(figures) => {
                let title = "Enter: the clients behind a figure, p another period, b by whom, y copies, Esc closes";
                let inner = boxed(middle(area, 110, area.height), buffer, title, theme);
                let chosen = figures.rows.get(figures.at).map_or(0, |behind| behind.line);
                let top = scrolled(chosen, figures.lines.len(), usize::from(inner.height));
                for ((line, number), y) in figures.lines.iter().zip(0..).skip(top).zip(inner.y..inner.bottom()) {
                    let style = match number {
                        0 => theme.heading(),
                        _ if number == chosen => theme.bar(),
                        _ => theme.text(),
                    };
                    put(buffer, inner.x + 1, y, inner.width.saturating_sub(2), line, style);
                }
                None
            }
            Overlay::Signing(signing) => {
                signing.draw(area, buffer, theme);
                None
            }
            Overlay::Note(read) => {
                read.draw(area, buffer, theme);
                None
            }
            Overlay::Sheet(sheet) => sheet.draw(area, buffer, theme, desk),
            Overlay::Directory(directory) => directory.draw(area, buffer, theme),
            Overlay::Choose(choose) => {
                choose.draw(area, buffer, theme, desk);
                None
            }
            Overlay::Template(template) => {
                template.draw(area, buffer, theme, desk);
                None
            }
            Overlay::Team { loads, at } => {
                super::team::draw(loads, *at, area, buffer, theme);
                None
            }
            Overlay::Ask { title, about, input, answer, trouble } => {
                let place = middle(area, 90, 8);
                let inner = boxed(place, buffer, &headed(title), theme);
                let lines = wrap(trouble.as_ref().unwrap_or(about), usize::from(inner.width));
                let style = if trouble.is_some() { theme.danger() } else { theme.text() };
                for (line, y) in lines.iter().zip(inner.y..inner.bottom().saturating_sub(2)) {
                    put(buffer, inner.x, y, inner.width, line, style);
                }
                let line = Rect { y: inner.bottom().saturating_sub(2), height: 1, ..inner };
                put(
                    buffer,
                    inner.x,
                    inner.bottom().saturating_sub(1),
                    inner.width,
                    "Enter goes on, Esc leaves",
                    theme.quiet(),
                );
                if answer.is_secret() {
                    let dots = "*".repeat(input.text().chars().count().min(usize::from(line.width).saturating_sub(3)));
                    put(buffer, line.x, line.y, 2, "> ", theme.key());
                    put(buffer, line.x + 2, line.y, line.width.saturating_sub(2), &dots, theme.strong());
                    return Some(Position { x: line.x + 2 + dots.len() as u16, y: line.y });
                }
                Some(typing(input, line, buffer, theme))
            }
        }
    }
}

/// The help page: key and text; a line without a key that does not begin with a space is a heading.
pub fn help_lines(columns: usize, desk: &Desk) -> Vec<(String, String)> {
    let mut lines = vec![(String::new(), "In the four panes".to_string())];
    let mut place = Place::Desk;
    for entry in TABLE.iter().filter(|entry| !desk.keys.keys(entry.action).is_empty() && entry.name != "step-done") {
        if entry.place != place {
            place = entry.place;
            lines.push((String::new(), String::new()));
            lines.push((String::new(), "In a form".to_string()));
        }
        for (line, at) in wrap(entry.about, columns.saturating_sub(17)).into_iter().zip(0..) {
            lines.push(if at == 0 {
                (desk.keys.keys(entry.action).join(" "), line)
            } else {
                (String::new(), format!(" {line}"))
            });
        }
    }
    lines
}
