//! Releases, authorizations, benefits and appeals: the shipped rules against days worked out by hand.

use chrono::NaiveDate;

use super::*;
use crate::model::records::{advocacy, authorization, benefit, consent};
use crate::model::{ContactKind, FieldId, RecordType, RowId};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn mark(record: &RecordType, what: &str, dates: &[(FieldId, &str)], words: &[(FieldId, &str)]) -> Mark {
    Mark {
        record: record.number,
        row: RowId::derived(&[what]),
        what: what.into(),
        dates: dates.iter().map(|(field, on)| (field.field, DueAt::Day(day(on)))).collect(),
        words: words.iter().map(|(field, word)| (field.field, (*word).to_string())).collect(),
    }
}

/// What these rules say of one mark on a day: the rule, its band and the day it is due.
fn says(mark: &Mark, today: &str) -> Vec<(String, Band, String)> {
    let mut facts = ClientFacts::new(RowId::derived(&["client"]), "Ana");
    let now = day(today).and_hms_opt(12, 0, 0).unwrap().and_utc().fixed_offset();
    facts.last_contact = Some(Contact { note: RowId::derived(&["n"]), when: now, kind: ContactKind::Phone });
    facts.marks.push(mark.clone());
    let rules = Rules::standard();
    let caseload = Caseload::new(vec![facts], &rules, day(today));
    let ranked = &caseload.ranked()[0];
    let reasons = ranked.reasons.iter().filter(|reason| matches!(reason.fact, Fact::Mark(_)));
    let told = reasons.map(|reason| rules.tell(reason, caseload.facts_of(ranked), day(today)));
    told.map(|told| {
        assert_eq!(told.action, "edit-record");
        assert!(!told.source.is_empty() && !told.text.contains('{'), "{told:?}");
        (told.rule, told.band, told.due.map_or(String::new(), DueAt::plain))
    })
    .collect()
}

#[track_caller]
fn expect(mark: &Mark, today: &str, wanted: &[(&str, Band, &str)]) {
    let mut said = says(mark, today);
    said.sort_by(|a, b| a.0.cmp(&b.0));
    let wanted: Vec<(String, Band, String)> =
        wanted.iter().map(|(rule, band, due)| ((*rule).into(), *band, (*due).into())).collect();
    assert_eq!(said, wanted, "on {today}");
}

#[test]
fn a_release_that_ends_is_told_thirty_days_before_and_that_it_has_ended_for_thirty_after() {
    let release = mark(&consent::TYPE, "County Housing", &[(consent::until, "2026-11-30")], &[]);
    expect(&release, "2026-10-30", &[]);
    expect(&release, "2026-10-31", &[("consent-ends", Band::Later, "2026-11-30")]);
    expect(&release, "2026-11-16", &[("consent-ends", Band::ThisWeek, "2026-11-30")]);
    expect(&release, "2026-11-30", &[("consent-ends", Band::Today, "2026-11-30")]);
    expect(&release, "2026-12-01", &[("consent-ended", Band::ThisWeek, "2026-12-01")]);
    expect(&release, "2026-12-31", &[("consent-ended", Band::ThisWeek, "2026-12-01")]);
    expect(&release, "2027-01-01", &[]);
}

#[test]
fn a_renewal_is_told_by_the_day_that_was_agreed_or_two_weeks_before_the_end() {
    let approved = [(authorization::status, "approved")];
    let plain = mark(&authorization::TYPE, "Medicaid", &[(authorization::until, "2026-12-31")], &approved);
    expect(&plain, "2026-12-02", &[]);
    expect(&plain, "2026-12-03", &[("authorization-renewal", Band::Later, "2026-12-17")]);
    expect(&plain, "2026-12-17", &[("authorization-renewal", Band::Today, "2026-12-17")]);
    let dates = [(authorization::until, "2026-12-31"), (authorization::renewal_due, "2026-12-01")];
    let agreed = mark(&authorization::TYPE, "Medicaid", &dates, &approved);
    expect(&agreed, "2026-11-24", &[("authorization-renewal", Band::ThisWeek, "2026-12-01")]);
    let asked = mark(&authorization::TYPE, "Medicaid", &dates, &[(authorization::status, "asked")]);
    expect(&asked, "2026-12-01", &[]);
}

/// 42 CFR 431.211, 431.221, 431.230; 7 CFR 273.13, 273.15; 20 CFR 404.909, 416.1336, 416.1409.
#[test]
fn each_programme_has_its_own_time_for_an_appeal_and_for_keeping_what_there_is() {
    let denied = |programme: &str| {
        let words = [(benefit::programme, programme), (benefit::status, "denied")];
        mark(&benefit::TYPE, programme, &[(benefit::notice, "2026-11-02")], &words)
    };
    for (programme, today, wanted) in [
        (
            "Medicaid",
            "2026-11-10",
            vec![("appeal-medicaid", Band::Later, "2027-01-31"), ("keep-medicaid", Band::Now, "2026-11-12")],
        ),
        ("medicaid", "2026-11-13", vec![("appeal-medicaid", Band::Later, "2027-01-31")]),
        ("Medicaid", "2027-01-31", vec![("appeal-medicaid", Band::Today, "2027-01-31")]),
        ("Medicaid", "2027-02-01", vec![]),
        (
            "SNAP",
            "2026-11-03",
            vec![("appeal-snap", Band::Later, "2027-01-31"), ("keep-snap", Band::Today, "2026-11-12")],
        ),
        (
            "SSI",
            "2026-11-16",
            vec![
                ("appeal-social-security", Band::Later, "2027-01-06"),
                ("keep-social-security", Band::Now, "2026-11-17"),
            ],
        ),
        ("SSDI", "2026-12-28", vec![("appeal-social-security", Band::Today, "2027-01-06")]),
        ("County rent help", "2026-11-20", vec![("appeal-other", Band::Today, "2026-12-02")]),
    ] {
        expect(&denied(programme), today, &wanted);
    }
    let words = [(benefit::programme, "Medicaid"), (benefit::status, "active")];
    let active = mark(
        &benefit::TYPE,
        "Medicaid",
        &[(benefit::notice, "2026-11-02"), (benefit::recertify, "2027-01-15")],
        &words,
    );
    expect(&active, "2026-11-30", &[]);
    expect(&active, "2026-12-01", &[("benefit-recertification", Band::Later, "2027-01-15")]);
    expect(&active, "2027-01-15", &[("benefit-recertification", Band::Today, "2027-01-15")]);
    expect(&active, "2027-01-16", &[("benefit-recertification", Band::Now, "2027-01-15")]);
}

#[test]
fn an_appeal_is_told_by_its_deadline_or_else_by_its_notice() {
    let kind = [(advocacy::kind, "appeal")];
    let dates = [(advocacy::notice, "2026-11-02"), (advocacy::deadline, "2026-12-01")];
    let told = mark(&advocacy::TYPE, "Health plan", &dates, &kind);
    expect(&told, "2026-11-20", &[("advocacy-deadline", Band::ThisWeek, "2026-12-01")]);
    expect(&told, "2026-11-29", &[("advocacy-deadline", Band::Now, "2026-12-01")]);
    let untold = mark(&advocacy::TYPE, "Health plan", &dates[..1], &kind);
    expect(&untold, "2026-11-20", &[("advocacy-no-deadline", Band::ThisWeek, "2027-01-01")]);
    let filed = mark(&advocacy::TYPE, "Health plan", &[dates[0], dates[1], (advocacy::filed, "2026-11-20")], &kind);
    expect(&filed, "2026-11-29", &[]);
    let heard = mark(&advocacy::TYPE, "Court", &[(advocacy::hearing, "2026-12-01")], &[]);
    expect(&heard, "2026-11-30", &[("hearing", Band::Today, "2026-12-01")]);
}
