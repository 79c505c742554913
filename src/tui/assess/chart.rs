//! Earlier scores of one instrument: as a picture with its bands, and in words.

use chrono::NaiveDate;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::Row;
use crate::model::records::assessment;
use crate::practice::instruments::{Instrument, waits};
use crate::store::StoreError;
use crate::triage::day_in_words;

use super::super::action::Action;
use super::super::desk::Desk;
use super::super::draw::{boxed, middle};
use super::super::overlay::{Menu, Overlay, Pick};
use super::super::panes::put;
use super::super::sheet::{Open, Sheet};
use super::super::text::{cell, fit};
use super::super::theme::Theme;
use super::Choice;
use super::keep::{key_of, says};

/// Columns that one assessment takes in the picture.
const EACH: usize = 8;

struct Chart {
    title: String,
    range: (i64, i64),
    /// Where each band begins, the lowest first; of the first group of people where there are several.
    bands: Vec<(i64, String)>,
    /// The oldest first.
    points: Vec<(NaiveDate, i64)>,
    /// Every assessment in words, the newest first.
    words: Vec<String>,
    scroll: usize,
}

impl Desk {
    pub(in crate::tui) fn charts_menu(&mut self) -> Result<(), StoreError> {
        let Some(client) = self.chosen else { return Ok(()) };
        let done = self.assessments(client)?;
        let practice = std::sync::Arc::clone(self.rules.practice());
        let known: Vec<&Instrument> = practice
            .instruments
            .iter()
            .filter(|one| done.iter().any(|row| row.text(assessment::instrument) == one.code))
            .collect();
        match known[..] {
            [] => self.say(format!("Nothing was assessed yet: {} begins.", self.keys.first(Action::Assess))),
            [only] => self.chart(&only.code)?,
            _ => {
                let items = known.iter().enumerate().map(|(at, one)| {
                    let many = done.iter().filter(|row| row.text(assessment::instrument) == one.code).count();
                    let label = format!("{} {many} so far", cell(&one.name, 22));
                    (key_of(at), label, Pick::Assess(Choice::Chart(one.code.clone())))
                });
                self.overlay = Some(Menu::over("Scores of which instrument?", items.collect()));
            }
        }
        Ok(())
    }

    pub(in crate::tui) fn chart(&mut self, code: &str) -> Result<(), StoreError> {
        let Some(client) = self.chosen else { return Ok(()) };
        let practice = std::sync::Arc::clone(self.rules.practice());
        let Some(instrument) = practice.instruments.get(code) else { return Ok(()) };
        let mut rows = self.assessments(client)?;
        rows.retain(|row| row.text(assessment::instrument) == code);
        let name = self.facts().map_or(String::new(), |facts| facts.name.clone());
        let title = format!("{} over time: {name}", instrument.name);
        self.overlay = Some(Overlay::Sheet(Box::new(Chart::of(title, instrument, &rows, self.today))));
        Ok(())
    }
}

impl Chart {
    fn of(title: String, instrument: &Instrument, rows: &[Row], today: NaiveDate) -> Chart {
        let bands = instrument
            .cut_offs
            .first()
            .map_or(Vec::new(), |cut_off| cut_off.bands.iter().map(|band| (band.from, band.label.clone())).collect());
        let mut points: Vec<(NaiveDate, i64)> = Vec::new();
        let mut words = Vec::new();
        for row in rows {
            let on = row.date(assessment::on);
            let day = on.map_or("no day".into(), |day| day_in_words(day, today));
            let score = row.whole(assessment::score);
            let change = match (score, points.last().map(|(_, score)| *score)) {
                (Some(now), Some(before)) if now > before => format!(", {} more than before", now - before),
                (Some(now), Some(before)) if now < before => format!(", {} less than before", before - now),
                (Some(_), Some(_)) => ", as before".into(),
                _ => String::new(),
            };
            let open = if waits(row).is_some() { " !! not acted on" } else { "" };
            words.push(format!("{day}: {}{change}{open}", says(row, instrument)));
            points.extend(on.zip(score));
        }
        words.reverse();
        Chart { title, range: instrument.range, bands, points, words, scroll: 0 }
    }

    /// Draws the newest scores that fit, from left to right.
    fn picture(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let (low, high) = self.range;
        let rows = i64::from(area.height).saturating_sub(2).max(1);
        let up = |score: i64| (score - low).clamp(0, high - low) * (rows - 1) / (high - low).max(1);
        let line_of = |score: i64| area.y + (rows - 1 - up(score)) as u16;
        // A score never stands on the line of a band that it does not reach, however few lines there are.
        let place_of = |score: i64| {
            let own = self.bands.iter().rev().find(|(from, _)| *from <= score).map_or(0, |(from, _)| up(*from));
            let next = self.bands.iter().find(|(from, _)| *from > score).map_or(rows, |(from, _)| up(*from));
            area.y + (rows - 1 - up(score).min(next - 1).max(own)) as u16
        };
        let labels = 22.min(area.width / 3);
        let x0 = area.x + labels + 1;
        let width = area.right().saturating_sub(x0);
        for y in area.y..area.y + rows as u16 {
            put(buffer, x0 - 1, y, 1, "│", theme.quiet());
        }
        for (from, label) in &self.bands {
            let y = line_of(*from);
            put(buffer, x0, y, width, &"┄".repeat(usize::from(width)), theme.quiet());
            let label = format!("{from:>4} {label}");
            put(buffer, area.x, y, labels, &cell(&label, usize::from(labels)), theme.quiet());
        }
        let fits = (usize::from(width) / EACH).max(1);
        let shown = &self.points[self.points.len().saturating_sub(fits)..];
        let mut before: Option<(u16, u16)> = None;
        for ((day, score), at) in shown.iter().zip(0u16..) {
            let (x, y) = (x0 + at * EACH as u16 + 2, place_of(*score));
            if let Some((from_x, from_y)) = before {
                for step in from_x + 1..x {
                    let way = f64::from(step - from_x) / f64::from(x - from_x);
                    let line = f64::from(from_y) + (f64::from(y) - f64::from(from_y)) * way;
                    put(buffer, step, line.round() as u16, 1, "·", theme.heading());
                }
            }
            before = Some((x, y));
            put(buffer, x, area.y + rows as u16, EACH as u16, &day.format("%-d %b").to_string(), theme.text());
        }
        for ((_, score), at) in shown.iter().zip(0u16..) {
            put(buffer, x0 + at * EACH as u16 + 2, place_of(*score), 5, &format!("●{score}"), theme.strong());
        }
    }
}

impl Sheet for Chart {
    fn key(mut self: Box<Self>, key: &KeyEvent, _: &mut Desk) -> Result<Open, StoreError> {
        match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => return Ok(None),
            KeyCode::Down | KeyCode::Char('j') => self.scroll = (self.scroll + 1).min(self.words.len()),
            KeyCode::Up | KeyCode::Char('k') => self.scroll = self.scroll.saturating_sub(1),
            _ => {}
        }
        Ok(Some(self))
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme, _: &Desk) -> Option<Position> {
        let inner = boxed(middle(area, 100, area.height), buffer, &self.title, theme);
        let mut y = inner.y;
        if !theme.plain && !self.points.is_empty() {
            let height = (inner.height * 3 / 5).max(8);
            self.picture(Rect { height, ..inner }, buffer, theme);
            y += height;
        }
        let room = usize::from(inner.bottom().saturating_sub(y));
        let top = self.scroll.min(self.words.len().saturating_sub(room));
        for (words, y) in self.words.iter().skip(top).zip(y..inner.bottom()) {
            put(
                buffer,
                inner.x + 1,
                y,
                inner.width.saturating_sub(1),
                &fit(words, usize::from(inner.width)),
                theme.text(),
            );
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RowId;
    use crate::practice::instruments::Instruments;

    #[test]
    fn the_words_say_each_score_its_band_and_how_it_moved() {
        let all = Instruments::standard();
        let phq = all.get("phq-9").unwrap();
        let row = |on: &str, each: i64| {
            let id = RowId::derived(&[on]);
            let mut row = Row::new(&assessment::TYPE, id, id);
            row.put(assessment::on, on.parse::<NaiveDate>().unwrap());
            row.put(assessment::score, each * 8);
            let answers: Vec<String> = (1..=8).map(|item| format!("{item}={each}")).collect();
            row.put(assessment::answers, format!("{};9=0", answers.join(";")));
            row
        };
        let rows = [row("2026-09-01", 2), row("2026-10-01", 2), row("2026-11-24", 1)];
        let chart = Chart::of(String::new(), phq, &rows, "2026-11-24".parse().unwrap());
        assert_eq!(
            chart.words,
            [
                "today: 8 of 27: Mild, 8 less than before",
                "1 Oct: 16 of 27: Moderately severe, as before",
                "1 Sep: 16 of 27: Moderately severe"
            ]
        );
    }
}
