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
    let moment = crate::model::Moment::new(now, |_| chrono::FixedOffset::east_opt(0).unwrap());
    let (caseload, clock) = (Caseload::new(vec![facts], &rules, moment), Clock::new(moment));
    let ranked = &caseload.ranked()[0];
    let reasons = ranked.reasons.iter().filter(|reason| matches!(reason.fact, Fact::Mark(_)));
    let told = reasons.map(|reason| rules.tell(reason, caseload.facts_of(ranked), &clock));
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
fn a_release_that_ends_is_told_thirty_days_before_and_that_it_has_ended_until_someone_answers() {
    let release = mark(&consent::TYPE, "County Housing", &[(consent::until, "2026-11-30")], &[]);
    expect(&release, "2026-10-30", &[]);
    expect(&release, "2026-10-31", &[("consent-ends", Band::Desk, "2026-11-30")]);
    expect(&release, "2026-11-16", &[("consent-ends", Band::Desk, "2026-11-30")]);
    expect(&release, "2026-11-30", &[("consent-ends", Band::Desk, "2026-11-30")]);
    expect(&release, "2026-12-01", &[("consent-ended", Band::Desk, "2026-12-01")]);
    expect(&release, "2026-12-31", &[("consent-ended", Band::Desk, "2026-12-01")]);
    // It stays until somebody says whether there is another: as paper.
    expect(&release, "2027-01-01", &[("consent-ended", Band::Desk, "2026-12-01")]);
    // Taken back on a day that is still to come: it goes on until then.
    let planned = mark(
        &consent::TYPE,
        "County Housing",
        &[(consent::until, "2026-11-30"), (consent::revoked, "2026-11-25")],
        &[],
    );
    expect(&planned, "2026-11-24", &[("consent-ends", Band::Desk, "2026-11-30")]);
    expect(&planned, "2026-11-25", &[]);
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
    // Once it has ended that is what is told, and it does not fall silent.
    let ended = [("authorization-ended", Band::Today, "2027-01-01")];
    expect(&plain, "2026-12-31", &[("authorization-renewal", Band::Today, "2026-12-17")]);
    expect(&plain, "2027-01-01", &ended);
    expect(&plain, "2027-06-01", &ended);
    let asked = mark(&authorization::TYPE, "Medicaid", &dates, &[(authorization::status, "asked")]);
    expect(&asked, "2026-12-01", &[]);
}

fn notice(programme: &str, status: &str, on: &str, more: &[(FieldId, &str)]) -> Mark {
    let words = [(benefit::programme, programme), (benefit::status, status)];
    mark(&benefit::TYPE, programme, &[&[(benefit::notice, on)], more].concat(), &words)
}

/// 42 CFR 431.221(d): 90 days; 7 CFR 273.15(g): 90 days; 20 CFR 404.909, 416.1409, 404.901: 60 and 5 days. By every name
/// that people write; and a refusal says nothing of keeping what one never had.
#[test]
fn each_programme_has_its_own_time_for_an_appeal_by_all_its_names() {
    for (programme, rule, last) in [
        ("Medicaid", "appeal-medicaid", "2027-01-31"),
        ("medi-cal (county)", "appeal-medicaid", "2027-01-31"),
        ("SNAP", "appeal-snap", "2027-01-31"),
        ("Food Stamps", "appeal-snap", "2027-01-31"),
        ("Supplemental Nutrition Assistance Program", "appeal-snap", "2027-01-31"),
        ("SSI", "appeal-social-security", "2027-01-06"),
        ("Supplemental Security Income", "appeal-social-security", "2027-01-06"),
        ("SSDI", "appeal-social-security", "2027-01-06"),
    ] {
        let denied = notice(programme, "denied", "2026-11-02", &[]);
        for (today, band) in [("2026-11-13", Band::Later), (last, Band::Now)] {
            expect(&denied, today, &[(rule, band, last)]);
        }
        // A deadline that has passed never falls silent.
        expect(&denied, "2027-05-01", &[(rule, Band::Now, last)]);
        let asked = notice(programme, "denied", "2026-11-02", &[(benefit::appealed, "2026-11-20")]);
        expect(&asked, "2026-11-20", &[]);
        expect(&asked, "2026-11-19", &[(rule, Band::Later, last)]);
    }
    expect(
        &notice("County rent help", "denied", "2026-11-02", &[]),
        "2026-11-20",
        &[("appeal-other", Band::Today, "2026-12-02")],
    );
}

/// Each worked out by hand from the rule named beside it.
#[test]
fn a_cut_can_be_kept_off_only_for_a_few_days() {
    let only = |mark: &Mark, today: &str, rule: &str| {
        says(mark, today).into_iter().find(|said| said.0 == rule).map(|said| (said.1, said.2))
    };
    for (programme, notice_on, more, rule, last) in [
        // 42 CFR 431.230: before the date of action, ten days after the notice at the earliest: the 9th day is safe.
        ("Medicaid", "2026-11-20", vec![], "keep-medicaid", "2026-11-29"),
        ("Medicaid", "2026-11-22", vec![], "keep-medicaid", "2026-12-01"),
        // The notice says when: the day before it.
        ("Medi-Cal", "2026-11-20", vec![(benefit::takes_effect, "2026-12-31")], "keep-medicaid", "2026-12-30"),
        // 7 CFR 273.15(k): within the notice, ten days, while the certification period runs.
        ("SNAP", "2026-11-20", vec![], "keep-snap", "2026-11-30"),
        ("SNAP", "2026-11-20", vec![(benefit::recertify, "2026-11-25")], "keep-snap", "2026-11-25"),
        // The notice's own time, where it gives more than ten days.
        ("SNAP", "2026-11-12", vec![(benefit::takes_effect, "2026-11-30")], "keep-snap", "2026-11-29"),
        // 20 CFR 404.1597a(f)(1): 10 days after receipt, 5 days after the notice; 404.3(b): Saturday 5 Dec moves to Monday.
        ("SSDI", "2026-11-20", vec![], "keep-social-security", "2026-12-07"),
        ("SSI", "2026-11-02", vec![], "keep-social-security", "2026-11-17"),
    ] {
        let cut = notice(programme, "cut", notice_on, &more);
        assert_eq!(only(&cut, last, rule), Some((Band::Now, last.into())), "{programme} {notice_on}");
        let missed = calendar::add_days(day(last), 40).to_string();
        assert_eq!(only(&cut, &missed, rule), Some((Band::Now, last.into())), "missed, and not silent");
        // Nobody keeps what they never had.
        assert_eq!(only(&notice(programme, "denied", notice_on, &more), last, rule), None);
    }
    // Where nobody wrote down the notice: the day before it takes effect, and no day at all is asked for.
    for (programme, rule) in [("Medicaid", "keep-medicaid"), ("EBT", "keep-snap"), ("S.S.I.", "keep-social-security")] {
        let mut cut = notice(programme, "cut", "2026-11-20", &[(benefit::takes_effect, "2026-12-10")]);
        cut.dates.retain(|(field, _)| *field != benefit::notice.field);
        assert_eq!(only(&cut, "2026-12-09", rule), Some((Band::Now, "2026-12-09".into())), "{programme}");
        cut.dates.clear();
        assert_eq!(only(&cut, "2026-12-09", "cut-undated").map(|said| said.0), Some(Band::Today), "{programme}");
    }
    // An appeal alone does not keep a Social Security payment going: both are to be chosen.
    let appealed = notice("SSI", "cut", "2026-11-02", &[(benefit::appealed, "2026-11-05")]);
    assert!(only(&appealed, "2026-11-16", "keep-social-security").is_some());
    let both =
        notice("SSI", "cut", "2026-11-02", &[(benefit::appealed, "2026-11-05"), (benefit::continued, "2026-11-05")]);
    assert_eq!(says(&both, "2026-11-16"), []);
    // 42 CFR 438.420(a), 438.402: by a health plan, the later of ten days after the notice and the day it takes effect.
    for (effect, last) in [(None, "2026-11-30"), (Some("2026-12-15"), "2026-12-15"), (Some("2026-11-22"), "2026-11-30")]
    {
        let more: Vec<(FieldId, &str)> = effect.map(|on| (benefit::takes_effect, on)).into_iter().collect();
        let mut cut = notice("Home care hours", "cut", "2026-11-20", &more);
        cut.words.push((benefit::by_plan.field, "yes".into()));
        assert_eq!(only(&cut, last, "keep-plan"), Some((Band::Now, last.into())));
        assert_eq!(only(&cut, last, "appeal-plan").map(|said| said.1), Some("2027-01-19".into()));
        assert_eq!(only(&cut, last, "appeal-other"), None);
    }
}

#[test]
fn the_last_safe_day_is_told_with_the_last_open_day_before() {
    let mut facts = ClientFacts::new(RowId::derived(&["client"]), "Ana");
    facts.marks.push(notice("Medicaid", "cut", "2026-11-20", &[]));
    facts.marks.push(notice("Medi-Cal", "denied", "2026-08-31", &[]));
    let now = "2026-11-25T12:00:00Z".parse::<chrono::DateTime<chrono::FixedOffset>>().unwrap();
    let moment = crate::model::Moment::new(now, |_| chrono::FixedOffset::east_opt(0).unwrap());
    let (rules, clock) = (Rules::standard(), Clock::new(moment));
    let caseload = Caseload::new(vec![facts], &rules, moment);
    let (ranked, facts) = (&caseload.ranked()[0], &caseload.facts()[0]);
    let told: Vec<_> = ranked.reasons.iter().map(|reason| rules.tell(reason, facts, &clock)).collect();
    let appeal = told.iter().find(|told| told.rule == "appeal-medicaid" && told.text.contains("Medi-Cal")).unwrap();
    assert!(appeal.text.contains("until Sun 29 Nov; the last open day before is Fri 27 Nov"), "{}", appeal.text);
    let keep = told.iter().find(|told| told.rule == "keep-medicaid").unwrap();
    assert!(keep.text.contains("until Sun 29 Nov; the last open day before is Fri 27 Nov"), "{}", keep.text);
}

#[test]
fn a_benefit_is_renewed_in_time() {
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
    expect(&active, "2027-09-16", &[("benefit-recertification", Band::Now, "2027-01-15")]);
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
    expect(&heard, "2026-12-01", &[("hearing", Band::Now, "2026-12-01")]);
    // Over: how did it go? Until somebody says.
    expect(&heard, "2026-12-02", &[("hearing", Band::Today, "2026-12-01")]);
    expect(&heard, "2027-03-01", &[("hearing", Band::Today, "2026-12-01")]);
}
