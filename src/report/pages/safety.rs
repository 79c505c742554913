//! The safety plan in the client's hands: on a page, and as a card for the wallet, front and back. The six steps are those
//! of Stanley and Brown (2012); the 988 Lifeline stands on both whatever else does. Pure.
//!
//! The card bears no name: whoever finds it learns nothing of whose it is.

use crate::model::records::safety_plan;
use crate::model::{FieldId, Row};

use super::super::Block;
use super::{Lens, Room, say};

/// The steps with their words on the page and on the card.
const STEPS: [(FieldId, &str, &str); 6] = [
    (safety_plan::signs, "1. How I know that it is getting hard", "Signs"),
    (safety_plan::coping, "2. What I can do by myself", "By myself"),
    (safety_plan::distraction, "3. People and places that take my mind off it", "To think of something else"),
    (safety_plan::helpers, "4. People I can ask for help", "I can ask"),
    (safety_plan::professionals, "5. Professionals and places I can call", "Professionals"),
    (safety_plan::surroundings, "6. How I make it safe around me", "Safe around me"),
];

const LIFELINE: &str = "988: call or text the Lifeline, day and night. In danger: 911.";

fn newest<'a>(lens: &Lens<'a>) -> Result<&'a Row, &'static str> {
    let mut plans = lens.rows(&safety_plan::TYPE);
    plans.sort_by_key(|row| (row.date(safety_plan::reviewed), row.id));
    plans.pop().ok_or("there is no safety plan yet")
}

pub fn letter(lens: &Lens<'_>) -> Result<Vec<Block>, &'static str> {
    let row = newest(lens)?;
    let mut blocks = Vec::new();
    let reasons = say::items(&lens.text(row, safety_plan::reasons));
    if !reasons.is_empty() {
        blocks.push(Block::heading(1, "What makes life worth living"));
        blocks.extend(reasons.into_iter().map(Block::Quote));
    }
    for (field, title, _) in STEPS {
        let items = say::items(&lens.text(row, field));
        if !items.is_empty() {
            blocks.push(Block::heading(1, title));
            blocks.push(Block::List(items));
        }
    }
    blocks.push(Block::Notice(LIFELINE.into()));
    let again =
        lens.date(row, safety_plan::review_due).map(|day| format!(" We look at it again on {}.", say::day(day)));
    let made = lens.date(row, safety_plan::reviewed).map_or(String::new(), say::day);
    blocks.push(Block::paragraph(format!("Made or looked at together on {made}.{}", again.unwrap_or_default())));
    Ok(blocks)
}

/// The front has what one does alone, the back whom to turn to.
pub fn wallet(lens: &Lens<'_>, room: Room) -> Result<Vec<Block>, &'static str> {
    let row = newest(lens)?;
    let (front, back) = STEPS.split_at(3);
    let mut blocks = side(lens, row, front, room);
    blocks.push(Block::PageBreak);
    blocks.extend(side(lens, row, back, room));
    blocks.push(Block::Notice(LIFELINE.into()));
    Ok(blocks)
}

fn side(lens: &Lens<'_>, row: &Row, steps: &[(FieldId, &str, &str)], room: Room) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (field, _, title) in steps {
        let items = say::some(say::items(&lens.text(row, *field)), room);
        if !items.is_empty() {
            blocks.push(Block::heading(1, *title));
            blocks.push(Block::paragraph(items.join(" \u{b7} ")));
        }
    }
    blocks
}
