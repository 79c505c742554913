//! From answers to a score, its band, what demands action, and needs.
//!
//! An answer counts whether or not its item would still be asked: what a person said is never dropped in silence
//! ([`Instrument::to_ask`] keeps it in sight). An item whose answer may demand action at once is never estimated.

use chrono::{Days, NaiveDate};

use crate::model::{Domain, Severity};

use super::{Answers, Band, Instrument, Item, ItemId, Missing, Scoring, Subscale};

/// A score and all that follows from it.
#[derive(Clone, PartialEq, Debug)]
pub struct Scored {
    /// Points, a level, or the count of needs, as the instrument has it; always within its range.
    pub total: i64,
    pub range: (i64, i64),
    /// What the total falls into: one, or one for each group of people where the answers do not say which group fits.
    pub readings: Vec<Reading>,
    pub subscales: Vec<SubScore>,
    pub alerts: Vec<Alert>,
    /// In the order of the file.
    pub needs: Vec<Need>,
    /// Asked and not answered, where the instrument allows that.
    pub unanswered: Vec<ItemId>,
    /// Missing answers were taken as the mean of the given ones.
    pub prorated: bool,
    words: Words,
}

/// How a total is told.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Words {
    Points,
    Level,
    Needs,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The group it holds for; `None` = everybody.
    pub people: Option<String>,
    pub band: Band,
}

#[derive(Clone, PartialEq, Debug)]
pub struct SubScore {
    pub code: ItemId,
    pub name: String,
    /// `None` while one of its items has no answer.
    pub total: Option<i64>,
    pub range: (i64, i64),
    pub band: Option<Band>,
}

/// An answer that demands action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alert {
    /// The item, or the subscale, whose answer it was.
    pub item: ItemId,
    pub says: String,
    /// At once, before anything else.
    pub now: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Need {
    pub domain: Domain,
    pub what: String,
    /// High where the answers say that it is urgent, otherwise moderate.
    pub severity: Severity,
}

/// Why there is no score.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum NotScored {
    /// Some answers are missing; what the given ones demand is told all the same.
    #[error("Not scored yet: {} without an answer ({labels}).", count_of(.missing.len()))]
    Incomplete { missing: Vec<ItemId>, labels: String, alerts: Vec<Alert> },
    /// The answers belong to another instrument, or to another edition of this one.
    #[error("{name} has no answer {value} to \"{item}\". It may come from another edition of {name}.")]
    Foreign { name: String, item: ItemId, value: i64 },
}

fn count_of(items: usize) -> String {
    if items == 1 { "1 item is".into() } else { format!("{items} items are") }
}

impl Instrument {
    /// Works out the score.
    ///
    /// # Errors
    /// Says which answers are missing, with the alerts of those that are there; or which answer cannot be one.
    pub fn score(&self, answers: &Answers) -> Result<Scored, NotScored> {
        for (id, value) in answers.iter() {
            if !self.item(id.as_str()).is_some_and(|item| item.takes(value)) {
                return Err(NotScored::Foreign { name: self.name.clone(), item: id.clone(), value });
            }
        }
        let unanswered: Vec<&Item> = self
            .items
            .iter()
            .filter(|item| !item.optional && self.is_asked(item, answers) && answers.get(item.id.as_str()).is_none())
            .collect();
        if !self.may_score(&unanswered, answers) {
            return Err(self.incomplete(&unanswered, answers));
        }
        let value = |name: &str| self.value(name, answers);
        let needs = self.needs_of(answers);
        let (total, words) = match &self.scoring {
            Scoring::Sum => (self.sum(answers, &unanswered), Words::Points),
            Scoring::Max => (self.points(answers).max().unwrap_or(self.range.0), Words::Points),
            Scoring::Level(levels) => {
                let level = levels.iter().find(|(when, _)| when.as_ref().is_none_or(|when| when.holds(value)));
                (level.expect("the last level has no condition").1, Words::Level)
            }
            Scoring::Needs => (needs.len() as i64, Words::Needs),
        };
        Ok(Scored {
            total,
            range: self.range,
            readings: self.readings(total, answers),
            subscales: self.subscales.iter().map(|subscale| self.sub_score(subscale, answers)).collect(),
            alerts: self.alerts(answers),
            needs,
            prorated: matches!(self.missing, Missing::Prorate { .. }) && !unanswered.is_empty(),
            unanswered: unanswered.into_iter().map(|item| item.id.clone()).collect(),
            words,
        })
    }

    /// What the answers given so far demand, however few they are.
    pub fn alerts(&self, answers: &Answers) -> Vec<Alert> {
        self.alerts
            .iter()
            .filter(|alert| alert.when.holds(|name| self.value(name, answers)))
            .map(|alert| Alert { item: alert.item.clone(), says: alert.says.clone(), now: alert.now })
            .collect()
    }

    /// The day on which it is to be done again: as the band says, and if two bands are told the earlier; otherwise as the
    /// instrument says. `None` = when there is a reason to.
    pub fn due_again(&self, last_done: NaiveDate, scored: &Scored) -> Option<NaiveDate> {
        let days = scored.readings.iter().filter_map(|reading| reading.band.again).min().or(self.again)?;
        last_done.checked_add_days(Days::new(days.into()))
    }

    fn may_score(&self, unanswered: &[&Item], answers: &Answers) -> bool {
        let urgent = |item: &&Item| self.alerts.iter().any(|alert| alert.now && alert.item == item.id);
        match &self.missing {
            _ if unanswered.is_empty() => true,
            Missing::Complete => false,
            Missing::CountAnswered => !answers.is_empty(),
            Missing::Prorate { up_to, .. } => {
                let estimated = unanswered.iter().filter(|item| item.scored).count();
                estimated <= *up_to && estimated == unanswered.len() && !unanswered.iter().any(urgent)
            }
        }
    }

    fn incomplete(&self, unanswered: &[&Item], answers: &Answers) -> NotScored {
        let labels: Vec<&str> = unanswered.iter().map(|item| item.label.as_str()).collect();
        NotScored::Incomplete {
            missing: unanswered.iter().map(|item| item.id.clone()).collect(),
            labels: labels.join(", "),
            alerts: self.alerts(answers),
        }
    }

    /// The value of a name in a condition: an answer, or a subscale's total.
    fn value(&self, name: &str, answers: &Answers) -> Option<i64> {
        answers.get(name).or_else(|| {
            let subscale = self.subscales.iter().find(|subscale| subscale.code.as_str() == name)?;
            self.sub_total(subscale, answers)
        })
    }

    fn points(&self, answers: &Answers) -> impl Iterator<Item = i64> {
        let scored = self.items.iter().filter(|item| item.scored);
        scored.filter_map(|item| item.points(answers.get(item.id.as_str())?))
    }

    fn sum(&self, answers: &Answers, unanswered: &[&Item]) -> i64 {
        let sum: i64 = self.points(answers).sum();
        let given = self.points(answers).count() as i64;
        if !matches!(self.missing, Missing::Prorate { .. }) || unanswered.is_empty() || given == 0 {
            return sum;
        }
        let all = given + unanswered.len() as i64;
        // Halves go up, as in hand scoring.
        (2 * sum * all + given).div_euclid(2 * given)
    }

    fn sub_total(&self, subscale: &Subscale, answers: &Answers) -> Option<i64> {
        let mut total = 0;
        let mut answered = false;
        for id in &subscale.items {
            let item = self.item(id.as_str())?;
            match answers.get(id.as_str()) {
                Some(value) => {
                    total += item.points(value)?;
                    answered = true;
                }
                None if item.optional || !self.is_asked(item, answers) => {}
                None => return None,
            }
        }
        answered.then_some(total)
    }

    fn sub_score(&self, subscale: &Subscale, answers: &Answers) -> SubScore {
        let total = self.sub_total(subscale, answers);
        SubScore {
            code: subscale.code.clone(),
            name: subscale.name.clone(),
            total,
            range: subscale.range,
            band: total.and_then(|total| band_of(&subscale.bands, total)),
        }
    }

    fn readings(&self, total: i64, answers: &Answers) -> Vec<Reading> {
        let holds = |name: &str| self.value(name, answers);
        let fitting = |when: &Option<super::Condition>| when.as_ref().is_some_and(|when| when.holds(holds));
        let told = self.cut_offs.iter().any(|cut_off| fitting(&cut_off.when));
        self.cut_offs
            .iter()
            .filter(|cut_off| !told || fitting(&cut_off.when))
            .filter_map(|cut_off| Some((cut_off, band_of(&cut_off.bands, total)?)))
            .map(|(cut_off, band)| Reading { people: cut_off.people.clone(), band })
            .collect()
    }

    fn needs_of(&self, answers: &Answers) -> Vec<Need> {
        let value = |name: &str| self.value(name, answers);
        let present = self.needs.iter().filter_map(|need| {
            let urgent = need.urgent.as_ref().is_some_and(|urgent| urgent.holds(value));
            let severity = if urgent { Severity::High } else { Severity::Moderate };
            (urgent || need.when.holds(value)).then(|| Need { domain: need.domain, what: need.what.clone(), severity })
        });
        present.collect()
    }
}

fn band_of(bands: &[Band], total: i64) -> Option<Band> {
    bands.iter().rev().find(|band| band.from <= total).cloned()
}

impl Scored {
    /// The band; of two that are told, the more severe.
    pub fn band(&self) -> &Band {
        let band = self.readings.iter().map(|reading| &reading.band).max_by_key(|band| band.severity);
        band.expect("every total lies in a band")
    }

    /// Whether an answer demands action before anything else.
    pub fn acts_now(&self) -> bool {
        self.alerts.iter().any(|alert| alert.now)
    }

    /// What is to be done: first what the alerts say, then what the bands ask for.
    pub fn asks(&self) -> Vec<&str> {
        let alerts = self.alerts.iter().map(|alert| alert.says.as_str());
        let mut asks: Vec<&str> = Vec::new();
        for ask in alerts.chain(self.readings.iter().map(|reading| reading.band.asks.as_str())) {
            if !ask.is_empty() && !asks.contains(&ask) {
                asks.push(ask);
            }
        }
        asks
    }

    /// The band; where two groups of people have their own and the answers do not say which fits, both.
    pub fn bands_in_words(&self) -> String {
        let bands = self.readings.iter().map(|reading| match &reading.people {
            Some(people) if self.readings.len() > 1 => format!("for {people} {}", reading.band.label),
            _ => reading.band.label.clone(),
        });
        bands.collect::<Vec<_>>().join("; ")
    }

    /// The result in one line: "14 of 27: Moderate", "High risk", "2 needs: Housing, Food"; where two groups of people have
    /// their own cut-offs and the answers do not say which fits, both: "3 of 12: for women (3 or more) Positive; for ...".
    pub fn says(&self) -> String {
        let bands = self.bands_in_words();
        let estimated = if self.prorated { " (missing answers estimated)" } else { "" };
        match self.words {
            Words::Points => format!("{} of {}: {bands}{estimated}", self.total, self.range.1),
            Words::Level => bands,
            Words::Needs => {
                let whats: Vec<&str> = self.needs.iter().map(|need| need.what.as_str()).collect();
                match whats.len() {
                    0 => bands,
                    1 => format!("1 need: {}", whats[0]),
                    count => format!("{count} needs: {}", whats.join(", ")),
                }
            }
        }
    }
}
