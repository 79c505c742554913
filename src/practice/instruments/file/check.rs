//! What can only be said of an instrument as a whole: that names lead somewhere, that totals lie in the declared range.

use toml::Spanned;

use super::super::condition::Is;
use super::super::score::TOTAL;
use super::super::{Asks, Condition, Instrument, Item, ItemId, Missing, Scoring};
use super::lines::Lines;
use super::{Wrong, wrong};

/// Holds an instrument against itself; `lines` say where each part stands in its file.
pub(super) fn check(instrument: &Instrument, lines: &Lines) -> Result<(), Wrong> {
    for (at, (item, spanned)) in instrument.items.iter().zip(&lines.item).enumerate() {
        if let (Some(when), Some(text)) = (&item.show_if, &spanned.get_ref().show_if) {
            names(instrument, when, text)?;
            let before = |name: &ItemId| instrument.items[..at].iter().any(|item| item.id == *name);
            if let Some(term) = when.terms().find(|term| !before(&term.name)) {
                let why = "may look only at items before it";
                return wrong(
                    text.span().start,
                    format!("`show-if` of \"{}\" {why}, not at \"{}\"", item.id, term.name),
                );
            }
        }
    }
    if let Scoring::Level(levels) = &instrument.scoring {
        for ((when, _), spanned) in levels.iter().zip(&lines.level) {
            optional(instrument, when, &spanned.get_ref().when)?;
        }
    }
    for (cut_off, spanned) in instrument.cut_offs.iter().zip(&lines.cut_off) {
        optional(instrument, &cut_off.when, &spanned.get_ref().when)?;
    }
    for (alert, spanned) in instrument.alerts.iter().zip(&lines.alert) {
        let of_total = alert.item.as_str() == TOTAL && instrument.item(TOTAL).is_none();
        if !of_total {
            names(instrument, &alert.when, &spanned.get_ref().when)?;
        }
        if let Some((value, _)) = &alert.unanswered
            && !instrument.item(alert.item.as_str()).is_some_and(|item| item.takes(*value))
        {
            return wrong(spanned.span().start, format!("the item \"{}\" has no answer {value}", alert.item));
        }
    }
    for (need, spanned) in instrument.needs.iter().zip(&lines.need) {
        names(instrument, &need.when, &spanned.get_ref().when)?;
        optional(instrument, &need.urgent, &spanned.get_ref().urgent)?;
    }
    subscale_ranges(instrument, lines)?;
    total_range(instrument, lines)?;
    prorating(instrument, lines)
}

fn optional(instrument: &Instrument, when: &Option<Condition>, text: &Option<Spanned<String>>) -> Result<(), Wrong> {
    match (when, text) {
        (Some(when), Some(text)) => names(instrument, when, text),
        _ => Ok(()),
    }
}

/// Every name is an item or a subscale, and an answer that is asked for can be given.
fn names(instrument: &Instrument, when: &Condition, text: &Spanned<String>) -> Result<(), Wrong> {
    for term in when.terms() {
        let at = text.span().start;
        let subscale = instrument.subscales.iter().any(|subscale| subscale.code == term.name);
        match instrument.item(term.name.as_str()) {
            None if !subscale => {
                return wrong(at, format!("there is no item \"{}\" in this file", term.name));
            }
            Some(item) if matches!(term.is, Is::Equal | Is::Unequal) && !item.takes(term.than) => {
                return wrong(at, format!("the item \"{}\" has no answer {}", item.id, term.than));
            }
            _ => {}
        }
    }
    Ok(())
}

fn subscale_ranges(instrument: &Instrument, lines: &Lines) -> Result<(), Wrong> {
    for (subscale, spanned) in instrument.subscales.iter().zip(&lines.subscale) {
        let items: Vec<&Item> = subscale.items.iter().filter_map(|id| instrument.item(id.as_str())).collect();
        let (low, high) = reach(items.into_iter(), false);
        if subscale.range != (low, high) {
            let what = format!("the range of the subscale \"{}\"", subscale.code);
            return out_of_reach(spanned.span().start, &what, subscale.range, (low, high));
        }
    }
    Ok(())
}

fn total_range(instrument: &Instrument, lines: &Lines) -> Result<(), Wrong> {
    let scored = || instrument.items.iter().filter(|item| item.scored);
    let at = lines.range.span().start;
    if matches!(instrument.scoring, Scoring::Sum | Scoring::Max) && scored().next().is_none() {
        return wrong(at, "no item is scored");
    }
    let ends = |of: &mut dyn Iterator<Item = i64>| {
        of.fold((i64::MAX, i64::MIN), |(low, high), number| (low.min(number), high.max(number)))
    };
    let (low, high) = match &instrument.scoring {
        Scoring::Sum => reach(scored(), instrument.missing == Missing::CountAnswered),
        Scoring::Max => ends(&mut scored().flat_map(|item| <[i64; 2]>::from(item.plain_range()))),
        Scoring::Level(levels) => ends(&mut levels.iter().map(|(_, value)| *value)),
        Scoring::Needs => (0, instrument.needs.len() as i64),
    };
    if instrument.range == (low, high) {
        return Ok(());
    }
    out_of_reach(at, "the range", instrument.range, (low, high))
}

fn out_of_reach(at: usize, what: &str, said: (i64, i64), reached: (i64, i64)) -> Result<(), Wrong> {
    let ((low, high), (lowest, highest)) = (said, reached);
    wrong(at, format!("{what} is given as {low} to {high}, but the answers give {lowest} to {highest}"))
}

/// Lowest and highest sum. An item that may have no answer may add nothing; `any` = every item may have none.
fn reach<'a>(items: impl Iterator<Item = &'a Item>, any: bool) -> (i64, i64) {
    items.fold((0, 0), |(low, high), item| {
        let (least, most) = item.plain_range();
        let skipped = any || item.optional || item.show_if.is_some();
        if skipped { (low + least.min(0), high + most.max(0)) } else { (low + least, high + most) }
    })
}

/// A mean can stand for an answer only where all items count alike.
fn prorating(instrument: &Instrument, lines: &Lines) -> Result<(), Wrong> {
    let (Missing::Prorate { up_to, .. }, Some(spanned)) = (&instrument.missing, &lines.prorate_up_to) else {
        return Ok(());
    };
    let at = spanned.span().start;
    let scored: Vec<&Item> = instrument.items.iter().filter(|item| item.scored).collect();
    if instrument.scoring != Scoring::Sum {
        return wrong(at, "missing answers can be estimated only in a sum");
    }
    if *up_to == 0 || *up_to >= scored.len() {
        return wrong(at, format!("`prorate-up-to` goes from 1 to {}", scored.len().saturating_sub(1)));
    }
    let alike = |item: &&Item| {
        let same = item.plain_range() == scored[0].plain_range();
        same && item.show_if.is_none() && !item.optional && matches!(item.asks, Asks::OneOf(_))
    };
    if scored.iter().all(alike) {
        return Ok(());
    }
    wrong(at, "missing answers can be estimated only where all items are always asked and have the same points")
}
