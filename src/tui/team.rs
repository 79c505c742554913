//! Caseloads side by side: what each worker carries of what they can, and who of theirs needs someone.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::triage::team::Load;

use super::draw::{boxed, middle};
use super::panes::{put, scrolled};
use super::text::cell;
use super::theme::Theme;

pub(super) fn draw(loads: &[Load], at: usize, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let title = "Caseloads side by side: Enter shows one worker's, Esc closes";
    let inner = boxed(middle(area, 104, loads.len() as u16 + 4), buffer, title, theme);
    // On a narrow screen the name gives way, never the numbers.
    let name = usize::from(inner.width).saturating_sub(68).clamp(10, 24);
    let line = |worker: &str, cells: [String; 7]| {
        let [clients, weight, over, crisis, need, overdue, covered] = cells;
        format!(
            "{} {clients:>7} {weight:>11} {over:<8} {crisis:>6} {need:>8} {overdue:>7} {covered:>7}",
            cell(worker, name)
        )
    };
    let head = ["clients", "weight", "", "crisis", "need you", "overdue", "covered"].map(String::from);
    put(buffer, inner.x, inner.y, inner.width, &line("Case manager", head), theme.heading());
    let list = Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner };
    let top = scrolled(at, loads.len(), usize::from(list.height));
    for ((load, number), y) in loads.iter().zip(0..).skip(top).zip(list.y..list.bottom()) {
        let worker = if load.worker.is_empty() { "(nobody named)" } else { &load.worker };
        let weight = match load.worker.is_empty() {
            true => format!("{:.1}", load.weight),
            false => format!("{:.1} of {:.0}", load.weight, load.capacity),
        };
        let over = load.over().map_or(String::new(), |over| format!("+{over:.1}!"));
        let counts = [load.clients, load.crisis, load.need_attention, load.overdue, load.covered];
        let [clients, crisis, need, overdue, covered] = counts.map(|many| many.to_string());
        let text = line(worker, [clients, weight, over, crisis, need, overdue, covered]);
        let style = if number == at {
            theme.bar()
        } else if load.over().is_some() {
            theme.danger()
        } else {
            theme.text()
        };
        put(buffer, list.x, y, list.width, &cell(&text, usize::from(list.width)), style);
    }
    let note = "weight: by intensity and practice area, of what one can carry; ! is over it";
    put(buffer, inner.x, inner.bottom().saturating_sub(1), inner.width, note, theme.quiet());
}
