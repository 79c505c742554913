//! How the worker's own credentials stand: what renewal asks for, what is there, what is missing, and when it will be
//! reached at the pace so far. Pure.

use chrono::{Datelike, Months, NaiveDate, TimeDelta};

use crate::model::records::{credential, education, supervision};
use crate::model::{Apart, CredentialStatus, Row};

use super::{CredentialKind, Practice};

/// Minutes there are, of the minutes that are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The category, or what is counted.
    pub what: String,
    pub have: i64,
    pub need: i64,
}

impl Progress {
    pub fn missing(&self) -> i64 {
        (self.need - self.have).max(0)
    }
}

/// Which notes the worker may keep apart: by a credential that is held and has not expired.
pub fn keeps_apart(practice: &Practice, credentials: &[Row], today: NaiveDate) -> Vec<Apart> {
    let holds = |row: &&Row| {
        let status = CredentialStatus::from_code(row.text(credential::status)).unwrap_or(CredentialStatus::Held);
        status == CredentialStatus::Held && row.date(credential::expires).is_none_or(|expires| expires >= today)
    };
    let held = credentials.iter().filter(holds);
    let kinds: Vec<&CredentialKind> = held.filter_map(|row| practice.credential(row.text(credential::kind))).collect();
    Apart::ALL.into_iter().filter(|one| kinds.iter().any(|kind| kind.keeps_apart.contains(one))).collect()
}

/// How one credential stands on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub kind: CredentialKind,
    pub status: CredentialStatus,
    pub expires: Option<NaiveDate>,
    /// Since when continuing education counts: the last renewal.
    pub since: Option<NaiveDate>,
    /// Hours of continuing education: all of them first, then each category that is asked for.
    pub education: Vec<Progress>,
    /// Supervised practice, and supervision itself, for one that is being worked towards.
    pub supervision: Vec<Progress>,
    /// When what is missing will be there, if the pace since the beginning goes on; `None` where nothing is missing, or
    /// nothing was done yet.
    pub reached: Option<NaiveDate>,
}

impl Standing {
    /// Days until it expires; negative once it has.
    pub fn days_left(&self, today: NaiveDate) -> Option<i64> {
        self.expires.map(|expires| (expires - today).num_days())
    }

    /// Whether the worker should hear of it now.
    pub fn is_due(&self, today: NaiveDate) -> bool {
        self.status == CredentialStatus::Held
            && self.days_left(today).is_some_and(|left| left <= i64::from(self.kind.tell_days))
    }

    /// Everything that is still missing, in words: "12 h of 80", "3 h ethics".
    pub fn missing(&self) -> Vec<String> {
        let all = self.education.iter().chain(&self.supervision);
        all.filter(|progress| progress.missing() > 0)
            .map(|progress| format!("{} {}", hours(progress.missing()), progress.what))
            .collect()
    }

    /// How it stands, in a few lines: its end, a bar for each kind of hours, and when all of them are there.
    pub fn lines(&self, today: NaiveDate) -> Vec<String> {
        let mut lines = vec![match self.expires {
            Some(_) => self.in_words(today),
            None => format!("{}: {}", self.kind.code.to_uppercase(), self.status.label().to_lowercase()),
        }];
        for progress in self.education.iter().chain(&self.supervision) {
            let bar = (progress.have * 20 / progress.need.max(1)).clamp(0, 20) as usize;
            let bar = format!("{}{}", "#".repeat(bar), ".".repeat(20 - bar));
            lines.push(format!("  {bar} {} of {} {}", hours(progress.have), hours(progress.need), progress.what));
        }
        if let Some(reached) = self.reached {
            lines.push(format!("  at this pace all of it is there on {}", reached.format("%-d %b %Y")));
        }
        lines
    }

    /// One line for the list of what needs the worker: "CCM expires 3 Mar 2027 (in 60 days); missing: 12 h".
    pub fn in_words(&self, today: NaiveDate) -> String {
        let left = self.days_left(today).unwrap_or(0);
        let when = self.expires.map_or(String::new(), |day| day.format("%-d %b %Y").to_string());
        let end = match left {
            ..0 => format!("expired {when}"),
            0 => "expires today".into(),
            1 => "expires tomorrow".into(),
            left => format!("expires {when}, in {left} days"),
        };
        let missing = match self.missing() {
            missing if missing.is_empty() => "all hours are there".into(),
            missing => format!("missing: {}", missing.join(", ")),
        };
        format!("{} {end}; {missing}", self.kind.code.to_uppercase())
    }
}

/// "1 h 30", "12 h", "45 min".
pub fn hours(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes:02}"),
    }
}

/// How each of the worker's credentials stands: those that expire first come first.
pub fn standings(
    practice: &Practice,
    credentials: &[Row],
    educations: &[Row],
    supervisions: &[Row],
    today: NaiveDate,
) -> Vec<Standing> {
    let mut standings: Vec<Standing> = credentials
        .iter()
        .filter_map(|row| {
            let kind = practice.credential(row.text(credential::kind))?;
            let status = CredentialStatus::from_code(row.text(credential::status)).unwrap_or(CredentialStatus::Held);
            (status != CredentialStatus::GivenUp).then(|| standing(kind, status, row, educations, supervisions, today))
        })
        .collect();
    standings.sort_by_key(|one| (one.status != CredentialStatus::Held, one.expires.is_none(), one.expires));
    standings
}

fn standing(
    kind: &CredentialKind,
    status: CredentialStatus,
    row: &Row,
    educations: &[Row],
    supervisions: &[Row],
    today: NaiveDate,
) -> Standing {
    let expires = row.date(credential::expires);
    let period = Months::new(12 * u32::from(kind.years));
    let since = row.date(credential::issued).or_else(|| expires?.checked_sub_months(period));
    let mut standing = Standing {
        kind: kind.clone(),
        status,
        expires,
        since,
        education: Vec::new(),
        supervision: Vec::new(),
        reached: None,
    };
    if status == CredentialStatus::Working {
        let counted = |row: &&Row| {
            let towards = row.text(supervision::towards);
            (towards == kind.code || towards.is_empty()) && row.date(supervision::on).is_none_or(|on| on <= today)
        };
        let of = |field| supervisions.iter().filter(counted).map(|row| row.whole(field).unwrap_or(0)).sum::<i64>();
        let asked = [
            ("of supervised practice", kind.supervised_hours, of(supervision::practice)),
            ("of supervision", kind.supervision_hours, of(supervision::minutes)),
        ];
        for (what, need, have) in asked {
            if let Some(need) = need {
                standing.supervision.push(Progress { what: what.into(), have, need: i64::from(need) * 60 });
            }
        }
        let first = supervisions.iter().filter(counted).filter_map(|row| row.date(supervision::on)).min();
        standing.reached = first.and_then(|first| reached(&standing.supervision, first, today));
        return standing;
    }
    let counted = |row: &&Row| {
        let named = row.words(education::counts_for);
        let on = row.date(education::on);
        (named.is_empty() || named.contains(&kind.code))
            // What is only planned is not there yet.
            && on.is_some_and(|on| on <= today)
            && on.is_some_and(|on| since.is_none_or(|since| on >= since) && expires.is_none_or(|expires| on <= expires))
    };
    let minutes = |category: Option<&str>| -> i64 {
        let wanted = |row: &&Row| category.is_none_or(|category| row.text(education::category) == category);
        educations.iter().filter(counted).filter(wanted).map(|row| row.whole(education::minutes).unwrap_or(0)).sum()
    };
    standing.education.push(Progress { what: "in all".into(), have: minutes(None), need: i64::from(kind.hours) * 60 });
    for (category, need) in &kind.of_which {
        let have = minutes(Some(category));
        standing.education.push(Progress { what: category.clone(), have, need: i64::from(*need) * 60 });
    }
    standing.reached = since.and_then(|since| reached(&standing.education, since, today));
    standing
}

/// When all that is missing will be there at the pace since a day.
fn reached(all: &[Progress], since: NaiveDate, today: NaiveDate) -> Option<NaiveDate> {
    let passed = (today - since).num_days() + 1;
    let mut last = None;
    for progress in all.iter().filter(|progress| progress.missing() > 0) {
        if progress.have == 0 || passed < 1 {
            return None;
        }
        let days = (progress.missing() * passed + progress.have - 1) / progress.have;
        let day = today.checked_add_signed(TimeDelta::try_days(days)?).filter(|day| day.year() < 2200)?;
        last = last.max(Some(day));
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RowId, Value};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn course(on: &str, hours: i64, category: &str, counts_for: &[&str]) -> Row {
        let id = RowId::derived(&[on, category]);
        let mut row = Row::new(&education::TYPE, id, id);
        row.put(education::on, day(on));
        row.put(education::minutes, hours * 60);
        row.put(education::category, category);
        row.sets.push((education::counts_for.field, counts_for.iter().map(ToString::to_string).collect()));
        row
    }

    fn held(kind: &str, issued: &str, expires: &str) -> Row {
        let id = RowId::derived(&[kind]);
        let mut row = Row::new(&credential::TYPE, id, id);
        row.put(credential::kind, kind);
        row.put(credential::issued, day(issued));
        row.put(credential::expires, day(expires));
        row.put(credential::status, "held");
        row
    }

    #[test]
    fn hours_count_from_the_last_renewal_for_what_they_were_taken_for() {
        let practice = Practice::standard();
        let courses = [
            course("2022-02-28", 10, "ethics", &[]), // before the renewal
            course("2022-03-01", 40, "general", &[]),
            course("2024-06-01", 6, "ethics", &["ccm"]),
            course("2024-06-02", 20, "general", &["crc"]),
            course("2026-12-01", 30, "general", &[]), // only planned
        ];
        let all = standings(&practice, &[held("ccm", "2022-03-01", "2027-02-28")], &courses, &[], day("2026-11-24"));
        let ccm = &all[0];
        assert_eq!(ccm.education[0], Progress { what: "in all".into(), have: 46 * 60, need: 80 * 60 });
        assert_eq!(ccm.education[1], Progress { what: "ethics".into(), have: 6 * 60, need: 8 * 60 });
        assert_eq!(ccm.days_left(day("2026-11-24")), Some(96));
        assert!(!ccm.is_due(day("2026-11-24")) && ccm.is_due(day("2026-11-30")));
        assert_eq!(
            ccm.in_words(day("2026-12-30")),
            "CCM expires 28 Feb 2027, in 60 days; missing: 34 h in all, 2 h ethics"
        );
        // 46 hours in 1,730 days: the 34 that are missing take 1,279 days more.
        assert_eq!(ccm.reached, Some(day("2030-05-26")));
    }

    #[test]
    fn supervised_hours_say_when_they_will_be_reached() {
        let practice = Practice::standard();
        let id = RowId::derived(&["lcsw"]);
        let mut working = Row::new(&credential::TYPE, id, id);
        working.put(credential::kind, "lcsw");
        working.put(credential::status, Value::text("working-towards"));
        let rows: Vec<Row> = ["2026-01-05", "2026-01-12"]
            .iter()
            .map(|on| {
                let mut row = Row::new(&supervision::TYPE, RowId::derived(&[on]), id);
                row.put(supervision::on, day(on));
                row.put(supervision::practice, 35 * 60);
                row.put(supervision::minutes, 60);
                row
            })
            .collect();
        let all = standings(&practice, &[working], &[], &rows, day("2026-01-18"));
        assert_eq!(all[0].missing(), ["2930 h of supervised practice", "98 h of supervision"]);
        // 70 hours in 14 days: 2,930 more take 586 days; of supervision 2 hours in 14 days: 98 more take 686.
        assert_eq!(all[0].reached, Some(day("2027-12-05")));
    }
}
