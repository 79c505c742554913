//! One instrument's file: its lines as TOML has them, made into a sound [`Instrument`] or told what is wrong and where.
//!
//! Every name is followed, every range worked out and held against the declared one: a typing mistake in a file must show
//! when the file is read, never as a wrong score later.

mod check;

use serde::Deserialize;
use toml::Spanned;

use crate::model::{Domain, Severity, text};

use super::answers::LARGEST;
use super::{
    AlertRule, Asks, Band, Choice, Condition, CutOff, Instrument, Item, ItemId, Missing, NeedRule, Scoring, Subscale,
};

/// What is wrong, and at which byte of the text.
pub(super) struct Wrong {
    pub at: usize,
    pub why: String,
}

/// What a file asks for.
pub(super) enum Read {
    Whole(Box<Instrument>, usize),
    Off { code: String, at: usize },
}

impl Read {
    pub fn code(&self) -> &str {
        match self {
            Read::Whole(instrument, _) => &instrument.code,
            Read::Off { code, .. } => code,
        }
    }

    pub fn at(&self) -> usize {
        match self {
            Read::Whole(_, at) | Read::Off { at, .. } => *at,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OffLines {
    code: Spanned<String>,
    off: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Lines {
    code: Spanned<String>,
    name: Spanned<String>,
    about: String,
    source: Spanned<String>,
    licence: Spanned<String>,
    #[serde(default)]
    licensed: bool,
    #[serde(default)]
    areas: Vec<String>,
    loinc: Option<Spanned<String>>,
    loinc_total: Option<Spanned<String>>,
    scoring: Spanned<ScoringName>,
    range: Spanned<(i64, i64)>,
    #[serde(default)]
    missing: MissingName,
    prorate_up_to: Option<Spanned<usize>>,
    prorate_source: Option<String>,
    again: Option<Spanned<u16>>,
    #[serde(default)]
    choices: std::collections::BTreeMap<String, Vec<Spanned<ChoiceLines>>>,
    #[serde(default)]
    item: Vec<Spanned<ItemLines>>,
    #[serde(default)]
    subscale: Vec<Spanned<SubscaleLines>>,
    #[serde(default)]
    level: Vec<Spanned<LevelLines>>,
    #[serde(default)]
    band: Vec<Spanned<BandLines>>,
    #[serde(default)]
    cut_off: Vec<Spanned<CutOffLines>>,
    #[serde(default)]
    alert: Vec<Spanned<AlertLines>>,
    #[serde(default)]
    need: Vec<Spanned<NeedLines>>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ScoringName {
    Sum,
    Max,
    Level,
    Needs,
}

#[derive(Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MissingName {
    #[default]
    Complete,
    CountAnswered,
    Prorate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ChoiceLines {
    value: i64,
    label: String,
    key: Option<String>,
    points: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ItemLines {
    id: String,
    label: String,
    loinc: Option<String>,
    choices: Option<String>,
    choice: Option<Vec<Spanned<ChoiceLines>>>,
    number: Option<NumberLines>,
    #[serde(default)]
    reversed: bool,
    scored: Option<bool>,
    #[serde(default)]
    optional: bool,
    show_if: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct NumberLines {
    min: i64,
    max: i64,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    points: Vec<(i64, i64)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SubscaleLines {
    code: String,
    name: String,
    loinc: Option<String>,
    items: Vec<String>,
    range: (i64, i64),
    #[serde(default)]
    band: Vec<Spanned<BandLines>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LevelLines {
    when: Option<Spanned<String>>,
    value: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct BandLines {
    from: i64,
    label: String,
    severity: Option<Severity>,
    #[serde(default)]
    asks: String,
    again: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CutOffLines {
    people: String,
    when: Option<Spanned<String>>,
    #[serde(default)]
    band: Vec<Spanned<BandLines>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AlertLines {
    item: String,
    when: Spanned<String>,
    says: String,
    #[serde(default)]
    now: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct NeedLines {
    domain: String,
    what: String,
    when: Spanned<String>,
    urgent: Option<Spanned<String>>,
}

fn wrong<T>(at: usize, why: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { at, why: why.into() })
}

/// Reads one file.
pub(super) fn read(text: &str) -> Result<Read, Wrong> {
    if let Ok(OffLines { code, off: true }) = toml::from_str(text) {
        let at = code.span().start;
        return Ok(Read::Off { code: code.into_inner(), at });
    }
    let lines: Lines = toml::from_str(text)
        .map_err(|error| Wrong { at: error.span().map_or(0, |span| span.start), why: in_words(error.message()) })?;
    let at = lines.code.span().start;
    lines.into_instrument().map(|instrument| Read::Whole(Box::new(instrument), at))
}

/// A reader's message as one line.
fn in_words(message: &str) -> String {
    text::one_line(message.trim()).into_owned()
}

/// A line of words from a file, disarmed.
fn words(given: &str) -> String {
    text::one_line(given.trim()).into_owned()
}

/// Words that must be there.
fn needed(given: &str, at: usize, what: &str) -> Result<String, Wrong> {
    let given = words(given);
    if given.is_empty() { wrong(at, format!("{what} is empty")) } else { Ok(given) }
}

fn condition(text: &Spanned<String>) -> Result<Condition, Wrong> {
    Condition::parse(text.get_ref()).or_else(|why| wrong(text.span().start, why))
}

fn id(given: &str, at: usize) -> Result<ItemId, Wrong> {
    given.parse().or_else(|error: super::AnswersError| wrong(at, error.to_string()))
}

impl Lines {
    fn into_instrument(self) -> Result<Instrument, Wrong> {
        let code_at = self.code.span().start;
        let code = id(self.code.get_ref(), code_at)?.to_string();
        let items = self.items()?;
        let instrument = Instrument {
            code,
            name: needed(self.name.get_ref(), self.name.span().start, "the name")?,
            about: words(&self.about),
            source: needed(self.source.get_ref(), self.source.span().start, "the source")?,
            licence: needed(self.licence.get_ref(), self.licence.span().start, "the licence")?,
            licensed: self.licensed,
            areas: self.areas.iter().map(|area| words(area)).collect(),
            loinc: self.loinc.as_ref().map(loinc).transpose()?,
            loinc_total: self.loinc_total.as_ref().map(loinc).transpose()?,
            subscales: self.subscales(&items)?,
            items,
            scoring: self.scoring()?,
            range: *self.range.get_ref(),
            missing: self.missing()?,
            cut_offs: self.cut_offs()?,
            again: self.again.as_ref().map(|again| days(*again.get_ref(), again.span().start)).transpose()?,
            alerts: self.alerts()?,
            needs: self.needs()?,
        };
        check::check(&instrument, &self)?;
        Ok(instrument)
    }

    fn items(&self) -> Result<Vec<Item>, Wrong> {
        if self.item.is_empty() {
            return wrong(self.code.span().start, "there is no [[item]]");
        }
        let mut items: Vec<Item> = Vec::new();
        for spanned in &self.item {
            let at = spanned.span().start;
            let item = self.an_item(spanned.get_ref(), at)?;
            if items.iter().any(|known| known.id == item.id) {
                return wrong(at, format!("there are two items \"{}\"", item.id));
            }
            items.push(item);
        }
        Ok(items)
    }

    fn an_item(&self, lines: &ItemLines, at: usize) -> Result<Item, Wrong> {
        let id = id(&lines.id, at)?;
        let asks = match (&lines.choices, &lines.choice, &lines.number) {
            (Some(name), None, None) => match self.choices.get(name) {
                Some(choices) => Asks::OneOf(a_choice_of(choices, at)?),
                None => {
                    return wrong(at, format!("the item \"{id}\" uses choices \"{name}\", which are not in this file"));
                }
            },
            (None, Some(choices), None) => Asks::OneOf(a_choice_of(choices, at)?),
            (None, None, Some(number)) => a_number(number, &id, at)?,
            _ => {
                let why = "needs one of `choices = \"name\"`, `choice = [...]` and `number = {...}`";
                return wrong(at, format!("the item \"{id}\" {why}"));
            }
        };
        Ok(Item {
            label: needed(&lines.label, at, &format!("the label of the item \"{id}\""))?,
            loinc: lines.loinc.as_ref().map(|code| loinc_at(code, at)).transpose()?,
            asks,
            reversed: lines.reversed,
            scored: lines.scored.unwrap_or(true),
            optional: lines.optional,
            show_if: lines.show_if.as_ref().map(condition).transpose()?,
            id,
        })
    }

    fn subscales(&self, items: &[Item]) -> Result<Vec<Subscale>, Wrong> {
        let mut subscales: Vec<Subscale> = Vec::new();
        for spanned in &self.subscale {
            let (at, lines) = (spanned.span().start, spanned.get_ref());
            let code = id(&lines.code, at)?;
            if items.iter().any(|item| item.id == code) || subscales.iter().any(|known| known.code == code) {
                return wrong(
                    at,
                    format!("\"{code}\" stands for two things: an item or another subscale has that name"),
                );
            }
            let ids = lines.items.iter().map(|given| {
                let known = items.iter().find(|item| item.id.as_str() == given);
                known.map(|item| item.id.clone()).ok_or_else(|| Wrong {
                    at,
                    why: format!("the subscale \"{code}\" has the item \"{given}\", which is not in this file"),
                })
            });
            subscales.push(Subscale {
                name: needed(&lines.name, at, &format!("the name of the subscale \"{code}\""))?,
                loinc: lines.loinc.as_ref().map(|code| loinc_at(code, at)).transpose()?,
                items: ids.collect::<Result<_, _>>()?,
                range: lines.range,
                bands: if lines.band.is_empty() { Vec::new() } else { bands(&lines.band, lines.range, at)? },
                code,
            });
        }
        Ok(subscales)
    }

    fn scoring(&self) -> Result<Scoring, Wrong> {
        let at = self.scoring.span().start;
        let scoring = *self.scoring.get_ref();
        if scoring != ScoringName::Level && !self.level.is_empty() {
            return wrong(self.level[0].span().start, "a [[level]] needs `scoring = \"level\"`");
        }
        Ok(match scoring {
            ScoringName::Sum => Scoring::Sum,
            ScoringName::Max => Scoring::Max,
            ScoringName::Needs if self.need.is_empty() => return wrong(at, "there is no [[need]] to count"),
            ScoringName::Needs => Scoring::Needs,
            ScoringName::Level => Scoring::Level(self.levels(at)?),
        })
    }

    fn levels(&self, at: usize) -> Result<Vec<(Option<Condition>, i64)>, Wrong> {
        let Some((_, others)) = self.level.split_last() else {
            return wrong(at, "there is no [[level]]");
        };
        if let Some(early) = others.iter().find(|level| level.get_ref().when.is_none()) {
            return wrong(early.span().start, "only the last [[level]] may be without `when`");
        }
        let levels = self.level.iter().map(|spanned| {
            let level = spanned.get_ref();
            Ok((level.when.as_ref().map(condition).transpose()?, level.value))
        });
        let levels: Vec<_> = levels.collect::<Result<_, _>>()?;
        if levels.last().is_some_and(|(when, _)| when.is_some()) {
            return wrong(at, "the last [[level]] must be without `when`: it is what holds otherwise");
        }
        Ok(levels)
    }

    fn missing(&self) -> Result<Missing, Wrong> {
        match (self.missing, &self.prorate_up_to, &self.prorate_source) {
            (MissingName::Complete, None, None) => Ok(Missing::Complete),
            (MissingName::CountAnswered, None, None) => Ok(Missing::CountAnswered),
            (MissingName::Prorate, Some(up_to), Some(source)) if !source.trim().is_empty() => {
                Ok(Missing::Prorate { up_to: *up_to.get_ref(), source: words(source) })
            }
            (MissingName::Prorate, ..) => wrong(
                self.code.span().start,
                "`missing = \"prorate\"` needs `prorate-up-to = ...` and `prorate-source = \"...\"`: who published that",
            ),
            _ => wrong(self.code.span().start, "`prorate-...` needs `missing = \"prorate\"`"),
        }
    }

    fn cut_offs(&self) -> Result<Vec<CutOff>, Wrong> {
        let at = self.code.span().start;
        let range = *self.range.get_ref();
        match (self.band.first(), self.cut_off.first()) {
            (Some(_), None) => Ok(vec![CutOff { people: None, when: None, bands: bands(&self.band, range, at)? }]),
            (None, Some(_)) => self.cut_off.iter().map(|spanned| a_cut_off(spanned, range)).collect(),
            (None, None) => wrong(at, "there is no [[band]]"),
            (Some(_), Some(cut_off)) => {
                wrong(cut_off.span().start, "bands stand either alone or inside [[cut-off]], not both")
            }
        }
    }

    fn alerts(&self) -> Result<Vec<AlertRule>, Wrong> {
        let rules = self.alert.iter().map(|spanned| {
            let (at, lines) = (spanned.span().start, spanned.get_ref());
            let item = id(&lines.item, at)?;
            let when = format!("{item}{}", lines.when.get_ref().trim());
            Ok(AlertRule {
                when: Condition::parse(&when).or_else(|why| wrong(lines.when.span().start, why))?,
                says: needed(&lines.says, at, &format!("what the alert on \"{item}\" says"))?,
                now: lines.now,
                item,
            })
        });
        rules.collect()
    }

    fn needs(&self) -> Result<Vec<NeedRule>, Wrong> {
        let rules = self.need.iter().map(|spanned| {
            let (at, lines) = (spanned.span().start, spanned.get_ref());
            let Some(domain) = Domain::from_code(&lines.domain) else {
                let known: Vec<&str> = Domain::ALL.iter().map(|domain| domain.code()).collect();
                let given = words(&lines.domain);
                return wrong(at, format!("there is no domain \"{given}\"; it may be {}", known.join(", ")));
            };
            Ok(NeedRule {
                domain,
                what: needed(&lines.what, at, "what the need is")?,
                when: condition(&lines.when)?,
                urgent: lines.urgent.as_ref().map(condition).transpose()?,
            })
        });
        rules.collect()
    }
}

fn a_choice_of(lines: &[Spanned<ChoiceLines>], at: usize) -> Result<Vec<Choice>, Wrong> {
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
        let choice = Choice { value: given.value, label, key, points: given.points.unwrap_or(given.value) };
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

fn a_number(lines: &NumberLines, id: &ItemId, at: usize) -> Result<Asks, Wrong> {
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

fn a_cut_off(spanned: &Spanned<CutOffLines>, range: (i64, i64)) -> Result<CutOff, Wrong> {
    let (at, lines) = (spanned.span().start, spanned.get_ref());
    Ok(CutOff {
        people: Some(needed(&lines.people, at, "for which people a [[cut-off]] is")?),
        when: lines.when.as_ref().map(condition).transpose()?,
        bands: bands(&lines.band, range, at)?,
    })
}

fn bands(lines: &[Spanned<BandLines>], range: (i64, i64), at: usize) -> Result<Vec<Band>, Wrong> {
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
        bands.push(Band { from, label, severity: given.severity, asks: words(&given.asks), again });
    }
    Ok(bands)
}

/// Days until something is due again: one day to ten years.
fn days(again: u16, at: usize) -> Result<u16, Wrong> {
    if (1..=3_660).contains(&again) { Ok(again) } else { wrong(at, "`again` is in days, from 1 to 3660") }
}

fn loinc(code: &Spanned<String>) -> Result<String, Wrong> {
    loinc_at(code.get_ref(), code.span().start)
}

/// A LOINC code ends in a check digit (mod 10, as in the LOINC Users' Guide), so that a mistyped one is found.
fn loinc_at(code: &str, at: usize) -> Result<String, Wrong> {
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
