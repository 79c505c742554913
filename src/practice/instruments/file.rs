//! One instrument's file: its lines as TOML has them, made into a sound [`Instrument`] or told what is wrong and where.
//!
//! Every name is followed, every range worked out and held against the declared one: a typing mistake in a file must show
//! when the file is read, never as a wrong score later.

mod check;
mod lines;
mod parts;

use toml::Spanned;

use crate::model::{Domain, text};
use crate::practice::weaker;

use super::{AlertRule, Asks, Condition, CutOff, Instrument, Item, ItemId, Missing, NeedRule, Scoring, Subscale};
use lines::{ItemLines, Lines, MissingName, OffLines, ScoringName};
use parts::{a_choice_of, a_cut_off, a_number, bands, days, gravity, loinc, loinc_at};

/// What is wrong, and at which byte of the text.
pub(super) struct Wrong {
    pub at: usize,
    pub why: String,
}

/// What a file asks for.
pub(super) enum Read {
    /// The instrument, where its code stands, and why the agency accepts less of it.
    Whole(Box<Instrument>, usize, String),
    Off {
        code: String,
        at: usize,
        accept: String,
    },
}

impl Read {
    pub fn code(&self) -> &str {
        match self {
            Read::Whole(instrument, ..) => &instrument.code,
            Read::Off { code, .. } => code,
        }
    }

    pub fn at(&self) -> usize {
        match self {
            Read::Whole(_, at, _) | Read::Off { at, .. } => *at,
        }
    }

    /// The answers that would no longer be told at once, where nobody says why.
    pub fn weaker_than(&self, before: &Instrument) -> Option<String> {
        let (kept, accept): (&[AlertRule], _) = match self {
            Read::Whole(new, _, accept) => (&new.alerts, accept),
            Read::Off { accept, .. } => (&[], accept),
        };
        let told = |rule: &AlertRule| kept.iter().any(|new| new.tells(rule));
        let gone = before.alerts.iter().find(|rule| !told(rule));
        let what = gone.map(|rule| {
            format!("an answer to \"{}\" that is to be acted on is no longer told ({})", rule.item, rule.says)
        });
        weaker::unless(accept, what)
    }
}

fn wrong<T>(at: usize, why: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { at, why: why.into() })
}

/// Reads one file.
pub(super) fn read(text: &str) -> Result<Read, Wrong> {
    if let Ok(OffLines { code, off: true, accept }) = toml::from_str(text) {
        let at = code.span().start;
        return Ok(Read::Off { code: code.into_inner(), at, accept });
    }
    let lines: Lines = toml::from_str(text)
        .map_err(|error| Wrong { at: error.span().map_or(0, |span| span.start), why: in_words(error.message()) })?;
    let at = lines.code.span().start;
    let accept = lines.accept.clone();
    lines.into_instrument().map(|instrument| Read::Whole(Box::new(instrument), at, accept))
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
            tells: self.tells.clone(),
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
                gravity: lines.gravity.as_ref().map_or(Ok(super::GRAVITY), gravity)?,
                until_evaluated: lines.until_evaluated,
                unanswered: match (lines.unanswered, &lines.unanswered_says) {
                    (Some(value), Some(says)) => Some((
                        value,
                        needed(says, at, &format!("what the alert on \"{item}\" says without an answer"))?,
                    )),
                    (None, None) => None,
                    _ => return wrong(at, "`unanswered` and `unanswered-says` go together"),
                },
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
