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
    /// Plans that were changed since they were signed.
    pub changed: usize,
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
                LooksAt::PlanChanged => self.changed += 1,
                LooksAt::AppointmentPast => self.visits += 1,
                _ => self.other += 1,
            }
        }
    }

    /// How many things there are to do.
    pub fn things(&self) -> usize {
        self.notes + self.cosign + self.plans + self.changed + self.visits + self.other
    }

    /// "2 notes to sign (2 late entries), 1 plan missing"; empty where the desk is clear.
    pub fn in_words(&self) -> String {
        self.parts(Words::Full)
    }

    /// The same in so few words that it fits: nothing of it is ever cut off.
    pub fn in_words_within(&self, columns: usize) -> String {
        let things = match (self.things(), self.notes) {
            (1, _) => "1 thing".to_string(),
            (things, 0) => format!("{things} things"),
            (things, notes) => format!("{things} things, {notes} to sign"),
        };
        let fewer = [Words::Full, Words::Short, Words::Plain, Words::Shortest].map(|words| self.parts(words));
        let fits = |words: &String| words.chars().count() <= columns;
        fewer.into_iter().chain([things]).find(fits).unwrap_or_else(|| self.things().to_string())
    }

    fn parts(&self, words: Words) -> String {
        let counted = |many: usize, [full, short, shortest]: [[&str; 2]; 3]| {
            let [one, more] = match words {
                Words::Full => full,
                Words::Short | Words::Plain => short,
                Words::Shortest => shortest,
            };
            (many > 0).then(|| format!("{many} {}", if many == 1 { one } else { more }))
        };
        let late = counted(self.late, [["late entry", "late entries"], ["late"; 2], ["late"; 2]]);
        let notes = [["note to sign", "notes to sign"], ["note to sign", "notes to sign"], ["to sign"; 2]];
        let notes = counted(self.notes, notes).map(|notes| match late.filter(|_| words < Words::Plain) {
            Some(late) => format!("{notes} ({late})"),
            None => notes,
        });
        let cosign = [["note to co-sign", "notes to co-sign"], ["to co-sign"; 2], ["to co-sign"; 2]];
        let plans = [["plan missing", "plans missing"], ["plan missing", "plans missing"], ["plan", "plans"]];
        let changed = [
            ["plan to sign again", "plans to sign again"],
            ["plan to sign", "plans to sign"],
            ["plan anew", "plans anew"],
        ];
        let visits = [
            ["visit to mark kept or missed", "visits to mark kept or missed"],
            ["visit to mark", "visits to mark"],
            ["visit", "visits"],
        ];
        let other = [["other paper", "other papers"], ["other"; 2], ["other"; 2]];
        let parts = [
            notes,
            counted(self.cosign, cosign),
            counted(self.plans, plans),
            counted(self.changed, changed),
            counted(self.visits, visits),
            counted(self.other, other),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// How much room there is for words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Words {
    Full,
    Short,
    /// Without what is late.
    Plain,
    Shortest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_as_much_as_there_is_room_for_and_is_never_cut() {
        let work = DeskWork { notes: 5, late: 5, cosign: 1, plans: 4, changed: 0, visits: 2, other: 1 };
        for (columns, words) in [
            (
                200,
                "5 notes to sign (5 late entries), 1 note to co-sign, 4 plans missing, 2 visits to mark kept or missed, 1 other paper",
            ),
            (82, "5 notes to sign (5 late), 1 to co-sign, 4 plans missing, 2 visits to mark, 1 other"),
            (80, "5 notes to sign, 1 to co-sign, 4 plans missing, 2 visits to mark, 1 other"),
            (60, "5 to sign, 1 to co-sign, 4 plans, 2 visits, 1 other"),
            (33, "13 things, 5 to sign"),
            (5, "13"),
        ] {
            assert_eq!(work.in_words_within(columns), words);
        }
        let few = DeskWork { notes: 2, late: 2, plans: 1, ..DeskWork::default() };
        assert_eq!(few.in_words(), "2 notes to sign (2 late entries), 1 plan missing");
        assert_eq!(few.in_words_within(33), "2 notes to sign, 1 plan missing");
        assert_eq!(few.in_words_within(20), "2 to sign, 1 plan");
        assert_eq!(few.in_words_within(40), "2 notes to sign (2 late), 1 plan missing");
        assert_eq!(DeskWork { visits: 1, ..DeskWork::default() }.in_words_within(12), "1 visit");
    }
}
