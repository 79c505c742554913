//! A whole plan to start from: a template is chosen, what fits is ticked, and one change makes the plan, its goals with
//! their steps and dates, and what a discharge needs.

use chrono::NaiveDate;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::RowId;
use crate::model::records::{plan, stay};
use crate::practice::plans::Chosen;
use crate::practice::{ArrangementIdea, GoalIdea, PlanTemplate, stays};
use crate::store::StoreError;
use crate::triage::calendar::add_days;
use crate::triage::day_in_words;

use super::act::digit;
use super::action::Action;
use super::desk::Desk;
use super::draw::{boxed, middle};
use super::overlay::{Menu, Overlay, Pick};
use super::panes::{put, scrolled};
use super::text::{cell, wrap};
use super::theme::Theme;

/// A plan being ticked together.
pub struct Template {
    template: PlanTemplate,
    /// The template's own goals first, then the rest of its area's library.
    goals: Vec<(GoalIdea, bool)>,
    arrangements: Vec<(ArrangementIdea, bool)>,
    start: NaiveDate,
    stay: Option<RowId>,
    at: usize,
}

impl Desk {
    /// A plan: from a template, or an empty one.
    pub(super) fn add_plan(&mut self) {
        if self.rules.practice().plan_templates(&[]).is_empty() {
            self.add(&plan::TYPE, Vec::new());
        } else {
            self.choose_template();
        }
    }

    /// The templates to choose from, those of the client's areas first.
    pub(super) fn choose_template(&mut self) {
        let areas = self.areas_at_hand();
        let practice = std::sync::Arc::clone(self.rules.practice());
        let mut items: Vec<_> = practice
            .plan_templates(&areas)
            .into_iter()
            .enumerate()
            .map(|(at, (area, template))| {
                let label = format!("{} ({})", template.name, area.name.to_lowercase());
                (digit(at), label, Pick::Template(area.code.clone(), template.name.clone()))
            })
            .collect();
        items.push((Some('e'), "An empty plan, to fill in yourself".into(), Pick::Add(&plan::TYPE)));
        self.overlay = Some(Menu::over("Plan: start from a template?", items));
    }

    /// The chosen client's practice areas, or else the worker's own.
    pub(super) fn areas_at_hand(&self) -> Vec<String> {
        let own = self.facts().map_or(Vec::new(), |facts| facts.areas.clone());
        if own.is_empty() { vec![self.store.worker().area.clone()] } else { own }
    }

    /// Lays a template out to be ticked.
    pub(super) fn lay_out(&mut self, area: &str, name: &str) {
        let practice = std::sync::Arc::clone(self.rules.practice());
        let Some(area) = practice.area(area) else { return };
        let Some(template) = area.plans.iter().find(|plan| plan.name == name) else { return };
        let (own, rest): (Vec<_>, Vec<_>) =
            area.goals.iter().cloned().partition(|goal| template.goals.contains(&goal.words));
        let goals = own.into_iter().map(|goal| (goal, true)).chain(rest.into_iter().map(|goal| (goal, false)));
        let current = self.current_stay().filter(|_| !template.arrangements.is_empty());
        let discharged = current.and_then(|stay| stay.date(stay::discharged));
        self.overlay = Some(Overlay::Template(Template {
            goals: goals.collect(),
            arrangements: template.arrangements.iter().map(|one| (one.clone(), true)).collect(),
            start: discharged.unwrap_or(self.today),
            stay: current.map(|stay| stay.id),
            template: template.clone(),
            at: 0,
        }));
    }

    /// The stay that a client is in, or out of since thirty days at the most.
    pub(super) fn current_stay(&self) -> Option<&crate::model::Row> {
        let all = self.file.as_ref()?.of(&stay::TYPE);
        let current = |stay: &&crate::model::Row| {
            stay.date(stay::discharged).is_none_or(|day| day > self.today)
                || stays::day_of_window(stay, self.today).is_some()
        };
        all.iter().filter(current).max_by_key(|stay| (stay.date(stay::admitted), stay.id))
    }

    /// A key while ticking; gives back what stays open.
    pub(super) fn template_key(&mut self, mut open: Template, key: &KeyEvent) -> Result<Option<Template>, StoreError> {
        let many = open.goals.len() + open.arrangements.len();
        match key.code {
            KeyCode::Up => open.at = open.at.checked_sub(1).unwrap_or(many.saturating_sub(1)),
            KeyCode::Down => open.at = (open.at + 1) % many.max(1),
            KeyCode::PageUp => open.at = open.at.saturating_sub(10),
            KeyCode::PageDown => open.at = (open.at + 10).min(many.saturating_sub(1)),
            KeyCode::Left => open.start = add_days(open.start, -1),
            KeyCode::Right => open.start = add_days(open.start, 1),
            KeyCode::Char(' ') => open.tick(),
            _ if key.code == KeyCode::Enter || self.saves(key) => {
                let Some(client) = self.chosen else { return Ok(None) };
                let (said, change) = {
                    let chosen = open.chosen();
                    let change = chosen.change(client, &self.moment(), || self.store.new_id());
                    (in_words(&chosen), change)
                };
                return match self.commit(&change) {
                    Ok(()) => {
                        self.say(format!("{said} {} undoes it.", self.keys.first_of("undo")));
                        Ok(None)
                    }
                    Err(error) => {
                        self.trouble(error);
                        Ok(Some(open))
                    }
                };
            }
            _ => {}
        }
        Ok(Some(open))
    }
}

/// What was made, to be said once it is saved.
fn in_words(chosen: &Chosen<'_>) -> String {
    let mut said = format!("Plan made: {}", many(chosen.goals.len(), "goal", "goals"));
    let steps = chosen.goals.iter().map(|goal| goal.steps.len()).sum();
    said.push_str(&format!(" with {}", many(steps, "step", "steps")));
    if !chosen.arrangements.is_empty() {
        said.push_str(&format!(", {}", many(chosen.arrangements.len(), "arrangement", "arrangements")));
    }
    if chosen.goals.is_empty() {
        said.push_str(". Add goals in the client's own words");
    }
    said.push('.');
    said
}

impl Template {
    fn tick(&mut self) {
        let goals = self.goals.len();
        let ticked = match self.at.checked_sub(goals) {
            None => self.goals.get_mut(self.at).map(|(_, ticked)| ticked),
            Some(at) => self.arrangements.get_mut(at).map(|(_, ticked)| ticked),
        };
        if let Some(ticked) = ticked {
            *ticked = !*ticked;
        }
    }

    fn chosen(&self) -> Chosen<'_> {
        Chosen {
            template: &self.template,
            goals: self.goals.iter().filter(|(_, ticked)| *ticked).map(|(goal, _)| goal).collect(),
            arrangements: self.arrangements.iter().filter(|(_, ticked)| *ticked).map(|(one, _)| one).collect(),
            start: self.start,
            stay: self.stay,
        }
    }

    /// The lines of the list: what they say, and which thing to tick each is; none for a heading.
    fn lines(&self, today: NaiveDate) -> Vec<(String, Option<usize>)> {
        let mark = |ticked: bool| if ticked { "[x]" } else { "[ ]" };
        let own = self.template.goals.len();
        let mut lines = vec![("GOALS, as a client might say them".to_string(), None)];
        for (at, (goal, ticked)) in self.goals.iter().enumerate() {
            if at == own {
                lines.push(("MORE GOALS of this practice".to_string(), None));
            }
            let target = goal.days.map_or(String::new(), |days| {
                format!(", by {}", day_in_words(add_days(self.start, days.into()), today))
            });
            let steps = many(goal.steps.len(), "step", "steps");
            let text = format!("{} \"{}\"  {steps}{target}", mark(*ticked), goal.words);
            lines.push((text, Some(at)));
        }
        if !self.arrangements.is_empty() {
            lines.push(("FOR THE DISCHARGE".to_string(), None));
        }
        for (at, (one, ticked)) in self.arrangements.iter().enumerate() {
            let who = if one.owner.is_empty() { String::new() } else { format!("  {}", one.owner) };
            let text = format!("{} {}: {}{who}, {}", mark(*ticked), one.kind.label(), one.what, hours(one.hours));
            lines.push((text, Some(self.goals.len() + at)));
        }
        lines
    }

    /// What there is to know of the line at hand.
    fn about(&self) -> String {
        let Some((goal, _)) = self.goals.get(self.at) else { return String::new() };
        let steps: Vec<String> = goal.steps.iter().map(|step| format!("{} ({})", step.what, step.who)).collect();
        format!("{} Steps: {}.", goal.statement, steps.join("; "))
    }

    pub(super) fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme, desk: &Desk) {
        let lines = self.lines(desk.today);
        let inner = boxed(middle(area, 110, lines.len() as u16 + 9), buffer, &self.template.name, theme);
        let what = if self.arrangements.is_empty() { "Plan starts" } else { "Day of the discharge:" };
        let day = day_in_words(self.start, desk.today);
        let text = format!("{what} {day} ({})", self.start.format("%a %-d %b %Y"));
        put(buffer, inner.x, inner.y, inner.width, &text, theme.strong());
        let help = "Space ticks   Left Right another day   Enter makes the plan   Esc leaves";
        let bottom = inner.bottom().saturating_sub(1);
        put(buffer, inner.x, bottom, inner.width, help, theme.key());
        let about = wrap(&self.about(), usize::from(inner.width));
        let room = (inner.height.saturating_sub(8)).min(4);
        let above = bottom.saturating_sub(room);
        for (line, y) in about.iter().zip(above..bottom) {
            put(buffer, inner.x, y, inner.width, line, theme.quiet());
        }
        let list = Rect { y: inner.y + 1, height: above.saturating_sub(inner.y + 1), ..inner };
        let chosen = lines.iter().position(|(_, at)| *at == Some(self.at)).unwrap_or(0);
        let top = scrolled(chosen, lines.len(), usize::from(list.height));
        for ((text, at), y) in lines.iter().skip(top).zip(list.y..list.bottom()) {
            let style = match at {
                None => theme.heading(),
                Some(at) if *at == self.at => theme.bar(),
                Some(_) => theme.text(),
            };
            put(buffer, list.x, y, list.width, &cell(text, usize::from(list.width)), style);
        }
    }
}

fn many(n: usize, one: &str, more: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { more })
}

/// Hours around a discharge, as a person says them.
fn hours(hours: i64) -> String {
    let (many, after) = (hours.abs(), if hours < 0 { "before" } else { "after" });
    match many {
        0 => "on the day".into(),
        _ if many % 24 == 0 && many > 48 => format!("{} days {after}", many / 24),
        _ => format!("{many} hours {after}"),
    }
}

impl Desk {
    /// Opens the record that a reason is about, in the field that would answer it.
    pub(super) fn edit_record(&mut self, row: RowId) -> Result<(), StoreError> {
        let Some(record) = self.store.row(row)?.map(|row| row.record) else {
            self.trouble("That is not there any more.");
            return Ok(());
        };
        let ranked = self.caseload.ranked().iter().find(|ranked| Some(ranked.client) == self.chosen);
        let reasons = ranked.map_or(&[][..], |ranked| &ranked.reasons);
        let answers = reasons.iter().filter(|reason| reason.subject == Some(row)).find_map(|reason| {
            let rule = self.rules.iter().nth(usize::from(reason.rule))?;
            rule.answered_in()
                .filter(|_| super::action::by_name(&rule.action).map(|a| a.action) == Some(Action::EditRecord))
        });
        self.edit_row(record, row)?;
        if let Some(field) = answers {
            self.form = self.form.take().map(|form| form.starting_at(field));
        }
        Ok(())
    }
}
