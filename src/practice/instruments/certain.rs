//! What is certain although items have no answer: the least and the most that an instrument can still come to.
//!
//! Each open item stands for all that it may give, from the lowest to the highest points; what is not asked gives none.
//! A total, a subscale or a level is told where all that it can become leads to the same. At least one answer must be
//! there: nothing is concluded from silence alone.

use super::score::band_of;
use super::{Answers, Asks, Band, Instrument, Item, Scoring, Subscale};

/// Lowest and highest.
pub(super) type Span = (i64, i64);

/// Whether an item without an answer is asked, as far as the answers before it say.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Yes,
    Maybe,
    No,
}

impl Instrument {
    /// What is known of a name in a condition: an answer, or what a subscale has with the answers that are there.
    pub(super) fn known(&self, name: &str, answers: &Answers) -> Option<Span> {
        if let Some(value) = answers.get(name) {
            return Some((value, value));
        }
        let subscale = self.subscales.iter().find(|subscale| subscale.code.as_str() == name)?;
        self.sub_span(subscale, answers)
    }

    /// All that a name may still stand for; `None` where it never has a value.
    fn possible(&self, name: &str, answers: &Answers) -> Option<Span> {
        if let Some(value) = answers.get(name) {
            return Some((value, value));
        }
        if let Some(item) = self.item(name) {
            return (self.asked(item, answers) != Asked::No).then(|| item.values());
        }
        let subscale = self.subscales.iter().find(|subscale| subscale.code.as_str() == name)?;
        Some(self.items_span(subscale.items.iter().filter_map(|id| self.item(id.as_str())), answers))
    }

    /// Whether something can still hold, whatever the open answers are.
    pub(super) fn may_hold(&self, when: &super::Condition, answers: &Answers) -> bool {
        when.may_hold(|name| self.possible(name, answers))
    }

    /// Lowest and highest total. `None` where nothing was answered that counts.
    pub(super) fn span(&self, answers: &Answers) -> Option<Span> {
        let scored = || self.items.iter().filter(|item| item.scored);
        let counts = |item: &Item| answers.get(item.id.as_str()).is_some();
        let sure = |when: &super::Condition| when.holds_surely(|name| self.known(name, answers));
        match &self.scoring {
            Scoring::Sum => scored().any(counts).then(|| self.items_span(scored(), answers)),
            Scoring::Max => scored().any(counts).then(|| {
                let ends = scored().map(|item| self.item_span(item, answers, item.plain_range().0));
                ends.fold(self.range, |(low, high), (least, most)| (low.max(least), high.max(most)))
            }),
            Scoring::Level(levels) if !answers.is_empty() => {
                let mut span: Option<Span> = None;
                for (when, value) in levels {
                    if when.as_ref().is_some_and(|when| !self.may_hold(when, answers)) {
                        continue;
                    }
                    span = Some(span.map_or((*value, *value), |(low, high)| (low.min(*value), high.max(*value))));
                    if when.as_ref().is_none_or(sure) {
                        break;
                    }
                }
                span
            }
            Scoring::Needs if !answers.is_empty() => {
                let either = |need: &super::NeedRule, holds: &dyn Fn(&super::Condition) -> bool| {
                    holds(&need.when) || need.urgent.as_ref().is_some_and(holds)
                };
                let least = self.needs.iter().filter(|need| either(need, &sure)).count();
                let most = self.needs.iter().filter(|need| either(need, &|when| self.may_hold(when, answers))).count();
                Some((least as i64, most as i64))
            }
            Scoring::Level(_) | Scoring::Needs => None,
        }
    }

    /// Whether a level is certain that is above the lowest, whatever the open answers are.
    pub fn is_above_none(&self, answers: &Answers) -> bool {
        matches!(self.scoring, Scoring::Level(_)) && self.span(answers).is_some_and(|(least, _)| least > self.range.0)
    }

    /// The level that is certain, or has to be taken until somebody asks; `None` where none above the lowest is.
    pub fn at_least(&self, answers: &Answers) -> Option<i64> {
        let taken = self.taken(answers);
        self.span(&taken).map(|(least, _)| least).filter(|_| self.is_above_none(&taken))
    }

    /// Lowest and highest total of a subscale. `None` where none of its items has an answer.
    pub(super) fn sub_span(&self, subscale: &Subscale, answers: &Answers) -> Option<Span> {
        let any = subscale.items.iter().any(|id| answers.get(id.as_str()).is_some());
        any.then(|| self.items_span(subscale.items.iter().filter_map(|id| self.item(id.as_str())), answers))
    }

    fn items_span<'a>(&self, items: impl Iterator<Item = &'a Item>, answers: &Answers) -> Span {
        items.map(|item| self.item_span(item, answers, 0)).fold((0, 0), |sum, span| (sum.0 + span.0, sum.1 + span.1))
    }

    /// The points of an answer; without one, all that there may be: `nothing` where it is not asked.
    fn item_span(&self, item: &Item, answers: &Answers, nothing: i64) -> Span {
        if let Some(points) = answers.get(item.id.as_str()).and_then(|value| item.points(value)) {
            return (points, points);
        }
        let (least, most) = item.plain_range();
        match self.asked(item, answers) {
            // The score does not wait for it.
            _ if item.optional => (nothing, nothing),
            Asked::No => (nothing, nothing),
            Asked::Yes => (least, most),
            Asked::Maybe => (least.min(nothing), most.max(nothing)),
        }
    }

    fn asked(&self, item: &Item, answers: &Answers) -> Asked {
        match &item.show_if {
            None => Asked::Yes,
            Some(when) if when.holds_surely(|name| self.known(name, answers)) => Asked::Yes,
            Some(when) if self.may_hold(when, answers) => Asked::Maybe,
            Some(_) => Asked::No,
        }
    }
}

impl Item {
    /// Lowest and highest value of an answer.
    fn values(&self) -> Span {
        match &self.asks {
            Asks::OneOf(choices) => choices
                .iter()
                .fold((i64::MAX, i64::MIN), |(low, high), choice| (low.min(choice.value), high.max(choice.value))),
            Asks::Number { min, max, .. } => (*min, *max),
        }
    }
}

/// The one band that both ends fall into.
pub(super) fn band_of_both(bands: &[Band], (least, most): Span) -> Option<Band> {
    band_of(bands, least).filter(|band| band_of(bands, most).as_ref() == Some(band))
}
