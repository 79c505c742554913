//! The deadlines of the four practices against days worked out by hand with a calendar: weekends, holidays, leap days,
//! the end of a year.

use super::*;
use crate::model::records::{arrangement, benefit, employment, housing, service, stay, vocation};
use crate::model::{FieldId, RecordType};

/// A row as triage sees it: days and words by field.
fn mark(record: &'static RecordType, what: &str, values: &[(FieldId, &str)]) -> Mark {
    let mut mark =
        Mark { record: record.number, row: id(what), what: what.into(), dates: Vec::new(), words: Vec::new() };
    for (field, text) in values {
        assert!(record.field(field.field).unwrap().watched, "{}", record.field(field.field).unwrap().name);
        match (text.parse::<NaiveDate>(), DateTime::parse_from_rfc3339(text)) {
            (Ok(day), _) => mark.dates.push((field.field, DueAt::Day(day))),
            (_, Ok(hour)) => mark.dates.push((field.field, DueAt::Hour(hour))),
            _ => mark.words.push((field.field, (*text).into())),
        }
    }
    mark
}

/// Someone about whom nothing else is to be said, from 2024 to 2030.
fn only_with(mark: Mark) -> ClientFacts {
    let mut facts = quiet("Ana");
    facts.visits[0] = visit("2030-12-20T10:00:00-05:00", AppointmentStatus::Confirmed);
    facts.intensity = Some(Intensity::Light);
    facts.last_contact = None;
    facts.opened = None;
    facts.marks.push(mark);
    facts
}

/// What one rule says on a day: band and due day.
fn says(facts: &ClientFacts, rule: &str, today: &str) -> Option<(Band, String)> {
    let told = told(facts, today);
    let found = told.iter().find(|told| told.rule == rule)?;
    Some((found.band, found.due.unwrap().day().to_string()))
}

fn text(facts: &ClientFacts, rule: &str, today: &str) -> String {
    told(facts, today).into_iter().find(|told| told.rule == rule).map_or(String::new(), |told| told.text)
}

fn reached(when: &str) -> Option<Contact> {
    contact(&format!("{when}T10:00:00-05:00"))
}

fn follow_up(stay: RowId, on: &str, by: &str, seen: bool) -> FollowUp {
    FollowUp { stay, at: hour(&format!("{on}T10:00:00-05:00")).timestamp(), by: by.into(), seen }
}

fn discharged(kind: &str, on: &str) -> ClientFacts {
    only_with(mark(&stay::TYPE, "Mercy General", &[(stay::kind, kind), (stay::discharged, on)]))
}

#[test]
fn the_call_after_a_discharge_is_due_in_two_business_days() {
    for (home, due) in [
        ("2026-11-23", "2026-11-25"), // Monday: Wednesday
        ("2026-11-25", "2026-11-30"), // the day before Thanksgiving: Friday and Monday
        ("2026-11-20", "2026-11-24"), // Friday: Tuesday
        ("2026-11-21", "2026-11-24"), // Saturday: Monday and Tuesday
        ("2026-12-24", "2026-12-29"), // Christmas on a Friday
        ("2026-12-31", "2027-01-05"), // New Year on a Friday, over the year's end
        ("2027-12-30", "2028-01-04"), // New Year 2028 on a Saturday: observed on the Friday before
        ("2026-07-01", "2026-07-06"), // 4 July on a Saturday: observed on Friday the 3rd
        ("2028-02-28", "2028-03-01"), // over the leap day
        ("2027-02-26", "2027-03-02"), // no leap day
    ] {
        let facts = discharged("medical", home);
        assert_eq!(says(&facts, "discharge-call", home), Some((Band::Today, due.into())), "home {home}");
        assert_eq!(says(&facts, "discharge-call", due), Some((Band::Now, due.into())), "home {home}");
    }
    let mut facts = discharged("medical", "2026-11-25");
    assert_eq!(
        text(&facts, "discharge-call", "2026-11-29"),
        "2-business-day call due tomorrow: home from Mercy General since 25 Nov"
    );
    // A word in the hospital on that day does not answer it; a call the day after does.
    facts.last_contact = reached("2026-11-25");
    assert!(says(&facts, "discharge-call", "2026-11-26").is_some());
    facts.last_contact = reached("2026-11-26");
    assert_eq!(says(&facts, "discharge-call", "2026-11-26"), None);
    assert_eq!(says(&discharged("emergency", "2026-11-25"), "discharge-call", "2026-11-26"), None);
}

#[test]
fn the_visit_after_a_discharge_is_due_by_its_complexity() {
    for (complexity, home, rule, due) in [
        ("high", "2026-12-28", "discharge-visit-7", "2027-01-04"),
        ("moderate", "2026-12-28", "discharge-visit-14", "2027-01-11"),
        ("moderate", "2028-02-20", "discharge-visit-14", "2028-03-05"),
        ("moderate", "2027-02-20", "discharge-visit-14", "2027-03-06"),
    ] {
        let mut facts = discharged("medical", home);
        facts.marks[0].words.push((stay::complexity.field, complexity.into()));
        // The one within fourteen days is a matter of now once it is missed.
        let band = if complexity == "high" { Band::Now } else { Band::Today };
        assert_eq!(says(&facts, rule, due), Some((band, due.into())), "{complexity} {home}");
        let other = if rule == "discharge-visit-7" { "discharge-visit-14" } else { "discharge-visit-7" };
        assert_eq!(says(&facts, other, due), None);
        // Seen, by whomever: a visit at the DMV is no follow-up.
        facts.seen = vec![hour(&format!("{home}T09:00:00-05:00")).timestamp()];
        assert!(says(&facts, rule, due).is_some());
        // Marked as the follow-up, seen by who counts (CMS: physician, nurse practitioner, physician assistant).
        let stay = facts.marks[0].row;
        for (by, seen, met) in
            [("physician", true, true), ("physician", false, false), ("peer", true, false), ("", true, false)]
        {
            facts.follow_ups = vec![follow_up(stay, due, by, seen)];
            assert_eq!(says(&facts, rule, due).is_none(), met, "{by} {seen}");
        }
        facts.follow_ups.clear();
        // Missed, it stays.
        let later = calendar::add_days(day(due), 60).to_string();
        assert_eq!(says(&facts, rule, &later), Some((Band::Now, due.into())));
        facts.marks[0].dates.push((stay::followed_up.field, DueAt::Day(day(due))));
        assert_eq!(says(&facts, rule, due), None);
    }
}

#[test]
fn the_readmission_window_counts_to_thirty_and_is_gone_on_day_thirty_one() {
    for (home, twelfth, last, after) in [
        ("2026-12-15", "2026-12-27", "2027-01-14", "2027-01-15"),
        ("2028-02-01", "2028-02-13", "2028-03-02", "2028-03-03"),
        ("2027-02-01", "2027-02-13", "2027-03-03", "2027-03-04"),
    ] {
        let facts = discharged("medical", home);
        let words = "day 12 of 30 since discharge: readmission window (Mercy General)";
        assert_eq!(text(&facts, "readmission-window", twelfth), words);
        assert_eq!(says(&facts, "readmission-window", home), Some((Band::Later, last.into())));
        assert_eq!(says(&facts, "readmission-window", last), Some((Band::ThisWeek, last.into())));
        assert_eq!(says(&facts, "readmission-window", after), None);
    }
}

#[test]
fn a_psychiatric_discharge_is_followed_up_and_its_own_day_does_not_count() {
    let mut facts = discharged("psychiatric", "2026-12-28");
    assert_eq!(says(&facts, "psychiatric-7", "2026-12-29"), Some((Band::ThisWeek, "2027-01-04".into())));
    assert_eq!(says(&facts, "psychiatric-7", "2027-01-03"), Some((Band::Now, "2027-01-04".into())));
    assert_eq!(says(&facts, "psychiatric-30", "2027-01-04"), None);
    // Missed, it stays until somebody answers; from day 8 on the thirty days count too.
    for missed in ["2027-01-05", "2027-02-10", "2027-12-01"] {
        assert_eq!(says(&facts, "psychiatric-7", missed), Some((Band::Now, "2027-01-04".into())));
    }
    let words = "follow-up missed on Mon 4 Jan: within 7 days of the psychiatric discharge (28 Dec 2026)";
    assert_eq!(text(&facts, "psychiatric-7", "2027-01-10"), words);
    assert_eq!(says(&facts, "psychiatric-30", "2027-01-05"), Some((Band::Today, "2027-01-27".into())));
    assert_eq!(says(&facts, "psychiatric-30", "2027-01-24"), Some((Band::Now, "2027-01-27".into())));
    // On its own day nothing counts, and what is not marked as the follow-up never does (HEDIS FUH).
    let stay = facts.marks[0].row;
    facts.seen = vec![hour("2026-12-29T10:00:00-05:00").timestamp()];
    assert!(says(&facts, "psychiatric-7", "2026-12-29").is_some());
    for (on, by, met) in [
        ("2026-12-28", "mental-health", false),
        ("2026-12-29", "mental-health", true),
        ("2026-12-29", "peer", true),
        ("2026-12-29", "physician", true),
        ("2026-12-29", "substance-use", false),
        ("2026-12-29", "other", false),
    ] {
        facts.follow_ups = vec![follow_up(stay, on, by, false)];
        for rule in ["psychiatric-7", "psychiatric-30"] {
            assert_eq!(says(&facts, rule, "2027-01-07").is_none(), met, "{rule} {on} {by}");
        }
    }
    // A day before the discharge is a slip, and answers nothing.
    facts.follow_ups.clear();
    facts.marks[0].dates.push((stay::followed_up.field, DueAt::Day(day("2026-12-20"))));
    assert!(says(&facts, "psychiatric-7", "2027-01-02").is_some());
    facts.marks[0].dates.pop();
    // One that is still to come answers nothing yet.
    facts.follow_ups = vec![follow_up(stay, "2027-01-03", "mental-health", true)];
    assert!(says(&facts, "psychiatric-7", "2027-01-02").is_some());
    assert_eq!(says(&discharged("medical", "2026-12-28"), "psychiatric-7", "2026-12-29"), None);
}

#[test]
fn an_emergency_visit_is_followed_up_and_its_own_day_counts() {
    let visit = [(stay::kind, "emergency-psychiatric"), (stay::admitted, "2028-02-25")];
    let mut facts = only_with(mark(&stay::TYPE, "Mercy General", &visit));
    assert_eq!(says(&facts, "emergency-visit-7", "2028-02-25"), Some((Band::ThisWeek, "2028-03-03".into())));
    assert_eq!(says(&facts, "emergency-visit-30", "2028-03-04"), Some((Band::Today, "2028-03-26".into())));
    let stay = facts.marks[0].row;
    facts.follow_ups = vec![follow_up(stay, "2028-02-25", "mental-health", true)];
    assert_eq!(says(&facts, "emergency-visit-7", "2028-02-26"), None);
    // With only the day on which it ended, it is told by that.
    let ended = discharged("emergency-psychiatric", "2028-02-25");
    assert_eq!(says(&ended, "emergency-visit-7", "2028-02-25"), Some((Band::ThisWeek, "2028-03-03".into())));
}

/// HEDIS FUI: withdrawal management, residential or inpatient care, not on the day of the discharge. FUA: the emergency
/// visit's own day counts.
#[test]
fn care_for_substance_use_is_followed_up_within_seven_and_thirty_days() {
    for (kind, rules) in [
        ("detox", ["detox-7", "detox-30"]),
        ("residential", ["detox-7", "detox-30"]),
        ("inpatient-substance", ["detox-7", "detox-30"]),
        ("emergency-substance", ["emergency-substance-7", "emergency-substance-30"]),
    ] {
        let mut facts = discharged(kind, "2026-11-10");
        let dues = ["2026-11-17", "2026-12-10"];
        for (rule, due) in rules.into_iter().zip(dues) {
            assert_eq!(says(&facts, rule, due), Some((Band::Now, due.into())), "{kind} {rule}");
        }
        let stay = facts.marks[0].row;
        for (on, by, met) in [
            ("2026-11-11", "substance-use", true),
            ("2026-11-10", "substance-use", kind == "emergency-substance"),
            ("2026-11-11", "other", false),
        ] {
            facts.follow_ups = vec![follow_up(stay, on, by, false)];
            assert_eq!(says(&facts, rules[0], "2026-11-17").is_none(), met, "{kind} {on} {by}");
        }
    }
}

/// CMS: with the patient or a caregiver; two documented attempts count. Not while the person is in a hospital again.
#[test]
fn the_call_after_a_discharge_is_met_by_a_caregiver_or_two_attempts() {
    let touch = |on: &str, kind| Touch { at: hour(&format!("{on}T10:00:00-05:00")).timestamp(), kind };
    for (touches, met) in [
        (vec![touch("2026-11-19", ContactKind::Collateral)], true),
        (vec![touch("2026-11-18", ContactKind::Collateral)], false),
        (vec![touch("2026-11-19", ContactKind::Attempt)], false),
        (vec![touch("2026-11-20", ContactKind::Attempt), touch("2026-11-19", ContactKind::Attempt)], true),
        (vec![touch("2026-11-30", ContactKind::Phone)], false), // still to come
    ] {
        let mut facts = discharged("medical", "2026-11-18");
        facts.touches = touches.clone();
        assert_eq!(says(&facts, "discharge-call", "2026-11-20").is_none(), met, "{touches:?}");
    }
    // Attempts that come after its day tell nobody how the person is.
    let mut late = discharged("medical", "2026-11-16");
    late.touches = vec![touch("2026-11-23", ContactKind::Attempt), touch("2026-11-24", ContactKind::Attempt)];
    assert!(says(&late, "discharge-call", "2026-11-25").is_some());
    let mut again = discharged("medical", "2026-11-18");
    again.marks.push(mark(&stay::TYPE, "Again", &[(stay::kind, "medical"), (stay::admitted, "2026-11-19")]));
    assert_eq!(says(&again, "discharge-call", "2026-11-20"), None);
}

#[test]
fn an_arrangement_is_told_by_its_hour_until_it_is_confirmed() {
    let bed = [(arrangement::due, "2026-11-27T12:00:00-05:00")];
    let facts = only_with(mark(&arrangement::TYPE, "hospital bed set up", &bed));
    assert_eq!(says(&facts, "arrangement", "2026-11-19"), None);
    assert_eq!(says(&facts, "arrangement", "2026-11-20").unwrap().0, Band::ThisWeek);
    assert_eq!(says(&facts, "arrangement", "2026-11-27").unwrap().0, Band::Today);
    assert_eq!(says(&facts, "arrangement", "2026-11-28").unwrap().0, Band::Today);
    let words = "for the discharge: hospital bed set up, by tomorrow 12:00, not confirmed";
    assert_eq!(text(&facts, "arrangement", "2026-11-26"), words);
}

#[test]
fn a_home_that_is_about_to_be_lost() {
    let mut facts = only_with(mark(&housing::TYPE, "rental", &[(housing::notice, "2026-11-25")]));
    // Dated the day before Thanksgiving: a business day later is the Friday.
    assert_eq!(says(&facts, "notice-to-leave", "2026-11-25"), Some((Band::Today, "2026-11-27".into())));
    assert_eq!(says(&facts, "notice-to-leave", "2026-11-27").unwrap().0, Band::Now);
    facts.marks[0].dates.push((housing::must_leave.field, DueAt::Day(day("2027-01-02"))));
    facts.marks[0].dates.push((housing::lease_ends.field, DueAt::Day(day("2027-01-31"))));
    for (today, band) in [
        ("2026-12-02", None),
        ("2026-12-03", Some(Band::ThisWeek)),
        ("2026-12-26", Some(Band::Today)),
        ("2026-12-30", Some(Band::Now)),
        ("2027-01-05", Some(Band::Now)),
    ] {
        assert_eq!(says(&facts, "must-leave", today).map(|said| said.0), band, "{today}");
        assert_eq!(says(&facts, "notice-to-leave", today), None);
        assert_eq!(says(&facts, "lease-ends", today), None, "to be out is what counts");
    }
    let lease = only_with(mark(&housing::TYPE, "rental", &[(housing::lease_ends, "2027-01-31")]));
    assert_eq!(says(&lease, "lease-ends", "2026-12-01"), None);
    assert_eq!(says(&lease, "lease-ends", "2026-12-02"), Some((Band::Later, "2027-01-31".into())));
    assert_eq!(says(&lease, "lease-ends", "2027-01-24").unwrap().0, Band::Today);
}

#[test]
fn an_application_without_a_decision_is_asked_about_when_one_is_owed() {
    for (programme, rule, due) in [
        ("SNAP", "snap-decision", "2028-03-01"),
        ("food stamps, county office", "snap-decision", "2028-03-01"),
        ("MEDICAID (disabled)", "medicaid-decision", "2028-03-16"),
        ("SSI", "benefit-decision", "2028-03-31"),
        ("Snapdragon grant", "benefit-decision", "2028-03-31"),
    ] {
        let row = [(benefit::programme, programme), (benefit::status, "applied"), (benefit::applied, "2028-01-31")];
        let mut facts = only_with(mark(&benefit::TYPE, programme, &row));
        assert_eq!(says(&facts, rule, due).map(|said| said.1), Some(due.into()), "{programme}");
        let others =
            ["snap-decision", "medicaid-decision", "benefit-decision"].into_iter().filter(|other| *other != rule);
        assert!(others.into_iter().all(|other| says(&facts, other, due).is_none()), "{programme}");
        facts.marks[0].words[1].1 = "active".into();
        assert_eq!(says(&facts, rule, due), None);
    }
}

#[test]
fn eligibility_within_sixty_days_and_the_plan_within_ninety() {
    for (applied, eligibility, eligible, ipe) in [
        ("2026-11-02", "2027-01-01", "2026-12-15", "2027-03-15"),
        ("2028-01-01", "2028-03-01", "2028-01-01", "2028-03-31"),
        ("2027-01-01", "2027-03-02", "2027-01-01", "2027-04-01"),
    ] {
        let mut facts = only_with(mark(&vocation::TYPE, "", &[(vocation::applied, applied)]));
        assert_eq!(says(&facts, "vr-eligibility", eligibility), Some((Band::Today, eligibility.into())));
        // An extension that was agreed takes the place of the sixty days.
        let mut extended = facts.clone();
        extended.marks[0].dates.push((vocation::eligibility_extended.field, DueAt::Day(day("2028-06-01"))));
        assert_eq!(says(&extended, "vr-eligibility", "2028-06-01"), Some((Band::Today, "2028-06-01".into())));
        assert_eq!(says(&extended, "vr-eligibility", "2028-05-01"), None);
        facts.marks[0].dates.push((vocation::eligible.field, DueAt::Day(day(eligible))));
        assert_eq!(says(&facts, "vr-eligibility", eligibility), None);
        assert_eq!(says(&facts, "vr-ipe", ipe), Some((Band::Today, ipe.into())));
        facts.marks[0].dates.push((vocation::ipe.field, DueAt::Day(day(ipe))));
        assert_eq!(says(&facts, "vr-ipe", ipe), None);
    }
}

#[test]
fn a_job_is_asked_about_at_thirty_sixty_and_ninety_days_and_then_the_case_may_close() {
    let mut facts = only_with(mark(&employment::TYPE, "Northside Bakery", &[(employment::started, "2027-12-01")]));
    facts.marks.push(mark(&vocation::TYPE, "", &[(vocation::applied, "2027-01-01"), (vocation::ipe, "2027-05-01")]));
    facts.marks[1].dates.push((vocation::eligible.field, DueAt::Day(day("2027-02-01"))));
    for (rule, due, field) in [
        ("retention-30", "2027-12-31", employment::checked_30),
        ("retention-60", "2028-01-30", employment::checked_60),
        ("retention-90", "2028-02-29", employment::checked_90),
    ] {
        let told: Vec<String> = told(&facts, due).into_iter().map(|told| told.rule).collect();
        assert!(told.contains(&rule.to_string()), "{told:?}");
        assert_eq!(told.iter().filter(|told| told.starts_with("retention")).count(), 1, "{told:?}");
        assert_eq!(says(&facts, rule, due), Some((Band::Today, due.into())));
        facts.marks[0].dates.push((field.field, DueAt::Day(day(due))));
        assert_eq!(says(&facts, rule, due), None);
    }
    // Ninety calendar days in the job, whenever the check was made (34 CFR 361.56(b)): paper.
    assert_eq!(says(&facts, "vr-close", "2028-02-28"), None);
    assert_eq!(says(&facts, "vr-close", "2028-02-29"), Some((Band::Desk, "2028-02-29".into())));
    // Without a vocational case there is nothing to close.
    facts.marks.truncate(1);
    assert_eq!(says(&facts, "vr-close", "2028-03-07"), None);
}

#[test]
fn a_linked_service_is_looked_in_on() {
    let facts = only_with(mark(&service::TYPE, "psychiatry", &[(service::next, "2026-12-01")]));
    assert_eq!(text(&facts, "service-look-in", "2026-12-01"), "look in again: psychiatry, due today");
}
