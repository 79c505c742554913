//! Caseloads side by side: how much each worker carries, and who of theirs needs someone.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::Moment;

use super::{Band, Caseload, Rules};

/// One worker's caseload in numbers. Closed clients do not count.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Load {
    /// Empty: nobody is named as the case manager.
    pub worker: String,
    pub clients: usize,
    /// What the clients weigh together: each by intensity and practice area.
    pub weight: f64,
    /// The weight that this worker can carry: their own, or else the agency's.
    pub capacity: f64,
    /// Contacts that the contact rule asks for in thirty days, over all of them.
    pub contacts: f64,
    pub crisis: usize,
    /// Clients in the bands *now* and *today*.
    pub need_attention: usize,
    /// Clients with something past its due day.
    pub overdue: usize,
    /// Clients someone else stands in for at this moment.
    pub covered: usize,
}

impl Load {
    /// By how much the caseload is heavier than this worker can carry; `None` where it is not, or is nobody's.
    pub fn over(&self) -> Option<f64> {
        (!self.worker.is_empty() && self.weight > self.capacity).then_some(self.weight - self.capacity)
    }
}

/// Every worker's load, by name; those without a case manager come last. `capacities` are the workers' own, by name.
pub fn loads(caseload: &Caseload, rules: &Rules, capacities: &[(String, f64)], moment: &Moment) -> Vec<Load> {
    let today = moment.today();
    let mut loads: BTreeMap<(bool, String), Load> = BTreeMap::new();
    for ranked in caseload.ranked() {
        let facts = caseload.facts_of(ranked);
        let worker = facts.worker.trim();
        let load = loads.entry((worker.is_empty(), worker.to_lowercase())).or_default();
        if load.worker.is_empty() {
            load.worker = worker.into();
            let own = capacities.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(worker));
            load.capacity = own.map_or(rules.practice().agency.capacity, |(_, capacity)| *capacity);
        }
        if !ranked.closed {
            load.clients += 1;
            load.weight += rules.practice().weight(facts.intensity, &facts.areas);
            load.contacts += 30.0 / rules.contact_days(facts.intensity, &facts.areas) as f64;
        }
        load.crisis += usize::from(ranked.is_in_crisis());
        load.need_attention += usize::from(ranked.band <= Band::Today);
        let late = |reason: &super::Reason| reason.due.is_some_and(|due| due.day() < today);
        load.overdue += usize::from(ranked.about_people().any(late));
        load.covered += usize::from(facts.shares.iter().any(|share| share.covers(moment)));
    }
    loads.into_values().collect()
}
