//! From answers to a score, its band, what demands action, and needs.
//!
//! A score is told as soon as it is certain: where answers are missing, a band is told when the least and the most that
//! the instrument can still come to both fall into it. An answer counts whether or not its item would still be asked: what a person said is never dropped in silence
//! ([`Instrument::to_ask`] keeps it in sight). An item whose answer may demand action at once is never estimated.

use chrono::{Days, NaiveDate};

use crate::model::{Domain, Severity};

use super::certain::{Span, band_of_both};
use super::{AlertRule, Answers, Band, Instrument, Item, ItemId, Missing, Scoring, Subscale};

/// In an alert of an instrument: the total, where it came without its answers.
pub(super) const TOTAL: &str = "total";

/// A score and all that follows from it.
#[derive(Clone, PartialEq, Debug)]
pub struct Scored {
    /// Points, a level, or the count of needs, as the instrument has it; always within its range. The least where answers
    /// are missing.
    pub total: i64,
    /// The most that it can be: the same as the total unless answers are missing.
    pub most: i64,
    pub range: (i64, i64),
    /// What the total falls into: one, or one for each group of people where the answers do not say which group fits. Where
    /// answers are missing, only what is certain.
    pub readings: Vec<Reading>,
    pub subscales: Vec<SubScore>,
    pub alerts: Vec<Alert>,
    /// In the order of the file.
    pub needs: Vec<Need>,
    /// Asked and not answered, where the instrument allows that or the score is certain without.
    pub unanswered: Vec<ItemId>,
    /// Where nothing demands action yet: what may, once it is asked. Labels of items and names of subscales.
    pub to_ask: Vec<String>,
    /// Missing answers were taken as the mean of the given ones.
    pub prorated: bool,
    words: Words,
    /// Each group of people has its own cut-off, and the answers do not say which fits.
    by_group: bool,
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
    /// The least and the most that it can be; `None` while none of its items has an answer.
    pub span: Option<(i64, i64)>,
    pub range: (i64, i64),
    /// Where answers are missing, only one that is certain.
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
    /// Once a clinician has evaluated it, only a change makes it demand action again.
    pub(super) until_evaluated: bool,
    /// Its item has no answer yet, and the gravest was taken.
    pub(super) assumed: bool,
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
        let (needs, alerts) = (self.needs_of(answers), self.alerts(answers));
        let whole = self.may_score(&unanswered, answers);
        let span = if whole {
            let total = self.total(answers, &unanswered, &needs);
            Some((total, total))
        } else {
            self.span(answers)
        };
        let (readings, by_group) = span.map_or((Vec::new(), false), |span| self.readings(span, answers));
        let Some((total, most)) = span.filter(|_| !readings.is_empty()) else {
            return Err(self.incomplete(&unanswered, answers));
        };
        let alarmed = alerts.iter().any(|alert| alert.now);
        Ok(Scored {
            total,
            most,
            range: self.range,
            readings,
            subscales: self.subscales.iter().map(|subscale| self.sub_score(subscale, answers)).collect(),
            alerts,
            needs,
            prorated: matches!(self.missing, Missing::Prorate { .. }) && whole && !unanswered.is_empty(),
            unanswered: unanswered.into_iter().map(|item| item.id.clone()).collect(),
            to_ask: if whole || alarmed { Vec::new() } else { self.may_alarm(answers) },
            words: match self.scoring {
                Scoring::Sum | Scoring::Max => Words::Points,
                Scoring::Level(_) => Words::Level,
                Scoring::Needs => Words::Needs,
            },
            by_group,
        })
    }

    /// The total where nothing is missing, or where the instrument says what missing answers count.
    fn total(&self, answers: &Answers, unanswered: &[&Item], needs: &[Need]) -> i64 {
        match &self.scoring {
            Scoring::Sum => self.sum(answers, unanswered),
            Scoring::Max => self.points(answers).max().unwrap_or(self.range.0),
            Scoring::Level(levels) => {
                let holds = |when: &super::Condition| when.holds_surely(|name| self.known(name, answers));
                let level = levels.iter().find(|(when, _)| when.as_ref().is_none_or(holds));
                level.expect("the last level has no condition").1
            }
            Scoring::Needs => needs.len() as i64,
        }
    }

    /// What was not asked and may demand action at once.
    fn may_alarm(&self, answers: &Answers) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for alert in self.alerts.iter().filter(|alert| alert.now && !self.raises(alert, answers)) {
            let name = match self.item(alert.item.as_str()) {
                Some(item) => Some(&item.label),
                None => self.subscales.iter().find(|one| one.code == alert.item).map(|one| &one.name),
            };
            if let Some(name) = name.filter(|name| self.may_hold(&alert.when, answers) && !names.contains(name)) {
                names.push(name.clone());
            }
        }
        names
    }

    /// Whether an answer to an item may demand action at once.
    pub fn may_alarm_by(&self, item: &str) -> bool {
        self.alerts.iter().any(|alert| alert.now && alert.item.as_str() == item)
    }

    fn raises(&self, alert: &AlertRule, answers: &Answers) -> bool {
        alert.when.holds_surely(|name| self.known(name, answers))
    }

    /// The answers, and in the place of those that are missing what has to be taken until somebody asks.
    pub(super) fn taken(&self, answers: &Answers) -> Answers {
        let mut taken = answers.clone();
        for (item, value) in self.alerts.iter().filter_map(|alert| Some((&alert.item, alert.unanswered.as_ref()?.0))) {
            let open = answers.get(item.as_str()).is_none();
            if open
                && self.item(item.as_str()).is_some_and(|item| item.show_if.is_some() && self.is_asked(item, answers))
            {
                taken.set(item, value);
            }
        }
        taken
    }

    /// What the answers given so far demand, however few they are.
    pub fn alerts(&self, answers: &Answers) -> Vec<Alert> {
        let taken = self.taken(answers);
        let raised = self.alerts.iter().filter(|alert| self.raises(alert, &taken));
        raised
            .map(|alert| match &alert.unanswered {
                Some((_, says)) if answers.get(alert.item.as_str()).is_none() => {
                    Alert { says: says.clone(), assumed: true, ..alert.raised() }
                }
                _ => alert.raised(),
            })
            .collect()
    }

    /// What a total demands that came without its answers, as from elsewhere.
    pub fn alerts_of_total(&self, (least, most): (i64, i64)) -> Vec<Alert> {
        let told = |alert: &&AlertRule| alert.when.holds_surely(|name| (name == TOTAL).then_some((least, most)));
        self.alerts.iter().filter(told).map(AlertRule::raised).collect()
    }

    /// What a total falls into, as the bands have it; of several groups of people, each.
    pub fn bands_of_total(&self, total: i64) -> String {
        let (readings, by_group) = self.readings((total, total), &Answers::default());
        in_words(&readings, by_group)
    }

    /// The gravest of what the answers raise and what cannot wait; `None` where nothing is raised.
    pub(super) fn gravity(&self, answers: &Answers) -> Option<u16> {
        let (raised, taken) = (self.alerts.iter().filter(|alert| alert.now), self.taken(answers));
        raised.filter(|alert| self.raises(alert, &taken)).map(|alert| alert.gravity).max()
    }

    /// The same by the words that were kept.
    pub(super) fn gravity_said(&self, urgent: &str) -> Option<u16> {
        let is_said = |alert: &&AlertRule| {
            let unanswered = alert.unanswered.iter().map(|(_, says)| says);
            unanswered.chain([&alert.says]).any(|says| urgent.contains(says))
        };
        let said = self.alerts.iter().filter(|alert| alert.now).filter(is_said);
        said.map(|alert| alert.gravity).max()
    }

    /// The day on which it is to be done again: as the band says, and if two bands are told the earlier; otherwise as the
    /// instrument says. At once where what may demand action was not asked. `None` = when there is a reason to.
    pub fn due_again(&self, last_done: NaiveDate, scored: &Scored) -> Option<NaiveDate> {
        if !scored.to_ask.is_empty() {
            return Some(last_done);
        }
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

    fn sub_score(&self, subscale: &Subscale, answers: &Answers) -> SubScore {
        let span = self.sub_span(subscale, answers);
        SubScore {
            code: subscale.code.clone(),
            name: subscale.name.clone(),
            total: span.filter(|(least, most)| least == most).map(|(total, _)| total),
            span,
            range: subscale.range,
            band: span.and_then(|span| band_of_both(&subscale.bands, span)),
        }
    }

    /// What is certain of the bands, and whether the groups of people have their own and none is told.
    fn readings(&self, span: Span, answers: &Answers) -> (Vec<Reading>, bool) {
        let fitting = |cut_off: &&super::CutOff| {
            cut_off.when.as_ref().is_some_and(|when| when.holds_surely(|name| self.known(name, answers)))
        };
        let told: Vec<&super::CutOff> = self.cut_offs.iter().filter(fitting).collect();
        let held = if told.is_empty() { self.cut_offs.iter().collect() } else { told };
        let by_group = held.len() > 1;
        let sure = held.into_iter().filter_map(|cut_off| Some((cut_off, band_of_both(&cut_off.bands, span)?)));
        (sure.map(|(cut_off, band)| Reading { people: cut_off.people.clone(), band }).collect(), by_group)
    }

    fn needs_of(&self, answers: &Answers) -> Vec<Need> {
        let sure = |when: &super::Condition| when.holds_surely(|name| self.known(name, answers));
        let present = self.needs.iter().filter_map(|need| {
            let urgent = need.urgent.as_ref().is_some_and(sure);
            let severity = if urgent { Severity::High } else { Severity::Moderate };
            (urgent || sure(&need.when)).then(|| Need { domain: need.domain, what: need.what.clone(), severity })
        });
        present.collect()
    }
}

pub(super) fn band_of(bands: &[Band], total: i64) -> Option<Band> {
    bands.iter().rev().find(|band| band.from <= total).cloned()
}

/// Bands in words; where groups of people have their own, with the group.
fn in_words(readings: &[Reading], by_group: bool) -> String {
    let bands = readings.iter().map(|reading| match &reading.people {
        Some(people) if by_group => format!("for {people} {}", reading.band.label),
        _ => reading.band.label.clone(),
    });
    bands.collect::<Vec<_>>().join("; ")
}

/// What of alerts demands action at once, in words; empty where nothing does.
pub(super) fn urgent(alerts: &[Alert]) -> String {
    let mut says: Vec<&str> = Vec::new();
    for alert in alerts.iter().filter(|alert| alert.now) {
        if !says.contains(&alert.says.as_str()) {
            says.push(&alert.says);
        }
    }
    says.join("; ")
}

impl AlertRule {
    fn raised(&self) -> Alert {
        let until_evaluated = self.until_evaluated;
        Alert { item: self.item.clone(), says: self.says.clone(), now: self.now, until_evaluated, assumed: false }
    }
}

impl SubScore {
    /// "5 of 10, Clear"; "at least 16 of 20, Positive" where answers are missing.
    pub fn says(&self) -> String {
        let band = self.band.as_ref().map_or(String::new(), |band| format!(", {}", band.label));
        match (self.total, self.span) {
            (Some(total), _) => format!("{total} of {}{band}", self.range.1),
            (None, Some((least, _))) if self.band.is_some() => format!("at least {least} of {}{band}", self.range.1),
            _ => "not complete".into(),
        }
    }
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

    /// Whether answers are missing, and the total is not known to the point.
    pub fn at_least(&self) -> bool {
        self.total != self.most
    }

    /// What of the answers demands action at once, in words; empty where nothing does.
    pub fn urgent(&self) -> String {
        urgent(&self.alerts)
    }

    /// What is to be done: first what the alerts say, then what may still have to be said, then what the bands ask for.
    pub fn asks(&self) -> Vec<String> {
        let mut asks: Vec<String> = self.alerts.iter().map(|alert| alert.says.clone()).collect();
        if !self.to_ask.is_empty() {
            asks.push(format!("Not asked yet, and the answer may not wait: {}", self.to_ask.join(", ")));
        }
        asks.extend(self.band_asks().map(Into::into));
        let mut seen = std::collections::BTreeSet::new();
        asks.retain(|ask| seen.insert(ask.clone()));
        asks
    }

    /// What the bands ask for. Where an answer cannot wait, their advice gives way, but for what stands beside such answers:
    /// nobody is told to watch and wait below what is to be asked today.
    pub fn band_asks(&self) -> impl Iterator<Item = &str> {
        let waits = !self.acts_now() && self.to_ask.is_empty();
        let bands = self.readings.iter().map(|reading| &reading.band);
        bands.filter(move |band| (waits || band.now) && !band.asks.is_empty()).map(|band| band.asks.as_str())
    }

    /// The band; where two groups of people have their own and the answers do not say which fits, both.
    pub fn bands_in_words(&self) -> String {
        in_words(&self.readings, self.by_group)
    }

    /// The result in one line: "14 of 27: Moderate", "High risk", "2 needs: Housing, Food"; where two groups of people have
    /// their own cut-offs and the answers do not say which fits, both: "3 of 12: for women (3 or more) Positive; for ...".
    /// Where answers are missing, "at least 24 of 27: Severe".
    pub fn says(&self) -> String {
        let bands = self.bands_in_words();
        let estimated = if self.prorated { " (missing answers estimated)" } else { "" };
        match self.words {
            Words::Points if self.at_least() => format!("at least {} of {}: {bands}", self.total, self.range.1),
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
