//! Desk work: what only the worker suffers from. It calls nobody "needs you today"; it is one line at the foot of the list.

use chrono::TimeDelta;

use super::{Caseload, Class, ClientFacts, Clock, LooksAt, Ranked, Rules};

/// Desk work of a caseload, counted in things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeskWork {
    /// Notes that wait for their author's signature.
    pub notes: usize,
    /// Of those, the ones that will be late entries.
    pub late: usize,
    /// Notes that wait for a co-signature.
    pub cosign: usize,
    /// Clients without a plan.
    pub plans: usize,
    /// Appointments that are over, and of which nobody has said whether they were kept.
    pub visits: usize,
    /// Everything else.
    pub other: usize,
}

impl DeskWork {
    /// Counts the paper of the clients for whom `wanted` says yes.
    pub fn of(caseload: &Caseload, rules: &Rules, clock: &Clock, wanted: impl Fn(&ClientFacts) -> bool) -> DeskWork {
        let mut work = DeskWork::default();
        for ranked in caseload.ranked() {
            let facts = caseload.facts_of(ranked);
            if wanted(facts) {
                work.count(ranked, facts, rules, clock);
            }
        }
        work
    }

    fn count(&mut self, ranked: &Ranked, facts: &ClientFacts, rules: &Rules, clock: &Clock) {
        let late_hours = TimeDelta::hours(rules.practice().agency.late_entry_hours.into());
        for reason in ranked.reasons.iter().filter(|reason| reason.class == Class::Paper) {
            let rule = rules.of(reason);
            match rule.looks_at {
                LooksAt::Unsigned => {
                    for day in &facts.unsigned_days {
                        let due = rule.due(*day, rule.days);
                        self.notes += usize::from(due <= clock.today);
                        self.late += usize::from(due <= clock.today && clock.today - *day > late_hours);
                    }
                }
                LooksAt::Cosign => self.cosign += 1,
                LooksAt::NoPlan => self.plans += 1,
                LooksAt::AppointmentPast => self.visits += 1,
                _ => self.other += 1,
            }
        }
    }

    /// How many things there are to do.
    pub fn things(&self) -> usize {
        self.notes + self.cosign + self.plans + self.visits + self.other
    }

    /// "2 notes to sign (2 late entries), 1 plan missing"; empty where the desk is clear.
    pub fn in_words(&self) -> String {
        let counted = |many: usize, one: &str, more: &str| match many {
            0 => None,
            1 => Some(format!("1 {one}")),
            many => Some(format!("{many} {more}")),
        };
        let notes = counted(self.notes, "note to sign", "notes to sign").map(|notes| {
            let late = counted(self.late, "late entry", "late entries");
            late.map_or(notes.clone(), |late| format!("{notes} ({late})"))
        });
        let parts = [
            notes,
            counted(self.cosign, "note to co-sign", "notes to co-sign"),
            counted(self.plans, "plan missing", "plans missing"),
            counted(self.visits, "visit to mark kept or missed", "visits to mark kept or missed"),
            counted(self.other, "other paper", "other papers"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
