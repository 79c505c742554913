//! The parts of an instrument, each made sound by itself: choices, numbers, bands, cut-offs, public codes.

use toml::Spanned;

use super::super::answers::LARGEST;
use super::super::{Asks, Band, Choice, CutOff, GRAVITY, ItemId};
use super::lines::{BandLines, ChoiceLines, CutOffLines, NumberLines};
use super::{Wrong, condition, needed, words, wrong};

pub(super) fn a_choice_of(lines: &[Spanned<ChoiceLines>], at: usize) -> Result<Vec<Choice>, Wrong> {
    if lines.len() < 2 {
        return wrong(at, "choices need to be two or more");
    }
    let mut choices: Vec<Choice> = Vec::new();
    for spanned in lines {
        let (at, given) = (spanned.span().start, spanned.get_ref());
        let label = needed(&given.label, at, "the label of a choice")?;
        let key = given.key.clone().unwrap_or_else(|| given.value.to_string());
        let Some(key) = single(&key) else {
            let why = "needs a `key`: one digit or one letter";
            return wrong(at, format!("the choice \"{label}\" {why}"));
        };
        let also = given.also.iter().map(|also| words(also)).collect();
        let choice = Choice { value: given.value, label, key, points: given.points.unwrap_or(given.value), also };
        if [choice.value, choice.points].iter().any(|number| !(-LARGEST..=LARGEST).contains(number)) {
            return wrong(at, format!("the choice \"{}\" has a number beyond a million", choice.label));
        }
        if let Some(known) = choices.iter().find(|known| known.key == choice.key) {
            let (one, other) = (&known.label, &choice.label);
            return wrong(at, format!("\"{one}\" and \"{other}\" have the same key \"{}\"", choice.key));
        }
        if choices.iter().any(|known| known.value == choice.value) {
            return wrong(at, format!("two choices have the value {}", choice.value));
        }
        choices.push(choice);
    }
    Ok(choices)
}

fn single(key: &str) -> Option<char> {
    let mut letters = key.chars();
    let key = letters.next().filter(char::is_ascii_alphanumeric)?;
    letters.next().is_none().then_some(key.to_ascii_lowercase())
}

pub(super) fn a_number(lines: &NumberLines, id: &ItemId, at: usize) -> Result<Asks, Wrong> {
    let NumberLines { min, max, unit, points } = lines;
    let all = [*min, *max].into_iter().chain(points.iter().flat_map(|(from, points)| [*from, *points]));
    if min > max || all.into_iter().any(|number| !(-LARGEST..=LARGEST).contains(&number)) {
        return wrong(at, format!("the number of the item \"{id}\" needs `min` below `max`, neither beyond a million"));
    }
    let steps = points.is_sorted_by(|one, next| one.0 < next.0);
    let starts = points.first().is_none_or(|(from, _)| from == min);
    if !steps || !starts || points.last().is_some_and(|(from, _)| from > max) {
        let why = "must begin at its `min` and rise to at most its `max`";
        return wrong(at, format!("the points of the item \"{id}\" {why}"));
    }
    Ok(Asks::Number { min: *min, max: *max, unit: words(unit), points: points.clone() })
}

pub(super) fn a_cut_off(spanned: &Spanned<CutOffLines>, range: (i64, i64)) -> Result<CutOff, Wrong> {
    let (at, lines) = (spanned.span().start, spanned.get_ref());
    Ok(CutOff {
        people: Some(needed(&lines.people, at, "for which people a [[cut-off]] is")?),
        when: lines.when.as_ref().map(condition).transpose()?,
        bands: bands(&lines.band, range, at)?,
    })
}

pub(super) fn bands(lines: &[Spanned<BandLines>], range: (i64, i64), at: usize) -> Result<Vec<Band>, Wrong> {
    if lines.is_empty() {
        return wrong(at, "there is no band");
    }
    let mut bands: Vec<Band> = Vec::new();
    for spanned in lines {
        let (at, given) = (spanned.span().start, spanned.get_ref());
        let label = needed(&given.label, at, "the label of a band")?;
        let from = given.from;
        match bands.last() {
            None if from != range.0 => {
                let lowest = range.0;
                return wrong(
                    at,
                    format!("the first band must begin at {lowest}, the lowest total; it begins at {from}"),
                );
            }
            Some(before) if from <= before.from => {
                return wrong(
                    at,
                    format!("the band \"{label}\" must begin above {}, where the one before does", before.from),
                );
            }
            _ if from > range.1 => {
                return wrong(
                    at,
                    format!("the band \"{label}\" begins at {from}, above the highest total {}", range.1),
                );
            }
            _ => {}
        }
        let again = given.again.map(|again| days(again, at)).transpose()?;
        bands.push(Band { from, label, severity: given.severity, asks: words(&given.asks), now: given.now, again });
    }
    Ok(bands)
}

/// Days until something is due again: one day to ten years.
pub(super) fn days(again: u16, at: usize) -> Result<u16, Wrong> {
    if (1..=3_660).contains(&again) { Ok(again) } else { wrong(at, "`again` is in days, from 1 to 3660") }
}

/// How grave an answer is that demands action: above what says nothing of it would be wrong the other way round, and below
/// a report that is owed (980) and a crisis that is open.
pub(super) fn gravity(given: &Spanned<u16>) -> Result<u16, Wrong> {
    let fits = (GRAVITY..=979).contains(given.get_ref());
    if fits { Ok(*given.get_ref()) } else { wrong(given.span().start, "`gravity` goes from 971 to 979") }
}

pub(super) fn loinc(code: &Spanned<String>) -> Result<String, Wrong> {
    loinc_at(code.get_ref(), code.span().start)
}

/// A LOINC code ends in a check digit (mod 10, as in the LOINC Users' Guide), so that a mistyped one is found.
pub(super) fn loinc_at(code: &str, at: usize) -> Result<String, Wrong> {
    let sound = code.split_once('-').is_some_and(|(number, check)| {
        let digits: Vec<u32> = number.chars().filter_map(|digit| digit.to_digit(10)).collect();
        let doubled = digits.iter().rev().step_by(2).map(|digit| digit * 2 / 10 + digit * 2 % 10);
        let plain = digits.iter().rev().skip(1).step_by(2).copied();
        let sum: u32 = doubled.chain(plain).sum();
        digits.len() == number.len() && (1..=7).contains(&digits.len()) && check == ((10 - sum % 10) % 10).to_string()
    });
    if sound {
        Ok(code.into())
    } else {
        wrong(at, format!("\"{}\" is not a LOINC code: its digits do not fit", words(code)))
    }
}
