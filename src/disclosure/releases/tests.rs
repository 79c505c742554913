//! Releases, with their ends and their limits, as the regulations have them.

use super::*;
use crate::model::Value;
use crate::practice::Practice;
use Information::*;

fn at(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}

/// A written release to County Housing until 30 November 2026.
fn release(what: &[Information]) -> Row {
    let mut row = Row::new(&consent::TYPE, RowId::derived(&["release"]), RowId::derived(&["client"]));
    row.put(consent::to, "County Housing");
    row.put(consent::from, Value::Date("2026-11-01".parse().unwrap()));
    row.put(consent::until, Value::Date("2026-11-30".parse().unwrap()));
    row.put(consent::form, ConsentForm::Written.code());
    row.sets.push((consent::what.field, what.iter().map(|one| one.code().to_string()).collect()));
    row
}

fn asking(release: &Row, to: &str, what: &[Information], when: &str) -> Permission {
    asked(release, Recipient::Other(to), what, when, "", None)
}

fn asked(
    release: &Row,
    to: Recipient<'_>,
    what: &[Information],
    when: &str,
    safe_contact: &str,
    without: Option<&Override>,
) -> Permission {
    let what = what.iter().copied().collect();
    let person = Person { safe_contact: safe_contact.into(), ..Person::default() };
    let asked = Asked { to, what: &what, at: at(when), person: &person, without };
    permits(std::slice::from_ref(release), &asked, &Practice::standard().agency)
}

const NOON: &str = "2026-11-24T12:00:00-05:00";

#[test]
fn a_release_holds_to_the_end_of_its_last_day() {
    let release = release(&[Needs]);
    for (when, permitted) in [
        ("2026-10-31T23:59:59-04:00", false),
        ("2026-11-01T00:00:00-04:00", true),
        ("2026-11-30T00:00:00-05:00", true),
        ("2026-11-30T23:59:59-05:00", true),
        ("2026-12-01T00:00:00-05:00", false),
        // The day is the one that is lived where it leaves.
        ("2026-12-01T04:59:59+00:00", false),
    ] {
        assert_eq!(asking(&release, "County Housing", &[Needs], when).is_whole(), permitted, "{when}");
    }
    assert_eq!(standing(&release, at("2026-11-28T09:00:00-05:00")), Standing::InForce { days_left: 2 });
    assert_eq!(standing(&release, at("2026-11-30T23:00:00-05:00")), Standing::InForce { days_left: 0 });
}

#[test]
fn what_is_taken_back_is_taken_back_from_that_minute_on() {
    let mut release = release(&[Needs]);
    release.put(consent::revoked, Value::Time(at("2026-11-24T14:30:40-05:00")));
    for (when, permitted) in [
        ("2026-11-24T14:29:59-05:00", true),
        ("2026-11-24T14:30:00-05:00", false),
        ("2026-11-24T14:31:00-05:00", false),
        // The same minute, told in another zone.
        ("2026-11-24T19:29:59+00:00", true),
        ("2026-11-24T19:30:00+00:00", false),
    ] {
        let found = asking(&release, "County Housing", &[Needs], when);
        assert_eq!(found.is_whole(), permitted, "{when}");
        assert!(permitted || found.left_out[0].why.contains("taken back on 24 Nov 2026 14:30"), "{found:?}");
    }
}

/// One release to the same recipient was taken back while another runs: whichever the client said last counts.
#[test]
fn the_newest_word_to_a_recipient_counts() {
    let day = |day: &str| Value::Date(day.parse().unwrap());
    let mut taken_back = release(&[Needs, Income]);
    taken_back.put(consent::revoked, Value::Time(at("2026-11-20T14:30:00-05:00")));
    let minute = |text: &str| RowId::new(at(text).timestamp_millis().unsigned_abs());
    let other = |from: Option<&str>, entered: Option<&str>| {
        let mut other = release(&[Needs, Health]);
        other.id = entered.map_or(RowId::derived(&["imported"]), minute);
        other.put(consent::from, from.map_or(Value::Empty, day));
        other
    };
    for (from, entered, permitted) in [
        (Some("2026-11-01"), Some("2026-11-01T09:00:00-05:00"), false),
        // Written down afterwards, but given before.
        (Some("2026-11-19"), Some("2026-11-23T09:00:00-05:00"), false),
        (Some("2026-11-20"), Some("2026-11-20T14:29:00-05:00"), false),
        (Some("2026-11-20"), Some("2026-11-20T14:31:00-05:00"), true),
        (Some("2026-11-20"), None, false),
        (Some("2026-11-21"), None, true),
        (None, Some("2026-11-20T14:31:00-05:00"), true),
        (None, None, false),
    ] {
        let rows = [taken_back.clone(), other(from, entered)];
        let ask = |what: Information, when: &str| {
            let what = [what].into();
            let to = Recipient::Other("County Housing");
            let asked = Asked { to, what: &what, at: at(when), person: &Person::default(), without: None };
            permits(&rows, &asked, &Practice::standard().agency)
        };
        let found = ask(Needs, NOON);
        assert_eq!(found.is_whole(), permitted, "{from:?} {entered:?}: {found:?}");
        assert!(permitted || found.left_out[0].why.contains("taken back on 20 Nov 2026 14:30"), "{found:?}");
        // What was not taken back goes on, and before the minute nothing was.
        assert!(ask(Health, NOON).is_whole());
        let before = ask(Needs, "2026-11-20T14:29:59-05:00");
        assert!(before.is_whole(), "{before:?}");
        assert!(!ask(Income, NOON).is_whole());
    }
}

#[test]
fn a_release_without_an_end_permits_nothing() {
    let mut release = release(&[Needs]);
    release.put(consent::until, Value::Empty);
    let found = asking(&release, "County Housing", &[Needs], NOON);
    assert!(found.left_out[0].why.contains("has no last day"), "{found:?}");
    assert!(!found.left_out[0].would_permit.is_empty() && found.allowed.is_empty());
}

#[test]
fn names_are_matched_by_every_word_and_nothing_but_words() {
    for (name, same) in [
        ("county housing", true),
        ("  County   HOUSING. ", true),
        ("County Housing Court", false),
        ("Housing", false),
        ("Housing County", false),
        ("", false),
    ] {
        assert_eq!(same_name("County Housing", name), same, "{name:?}");
        assert_eq!(asking(&release(&[Needs]), name, &[Needs], NOON).is_whole(), same, "{name:?}");
    }
    assert!(same_name("Dr. Lee", "dr lee") && !same_name("", " "));
}

#[test]
fn only_what_a_release_names_leaves_and_the_rest_says_why() {
    let found = asking(&release(&[Needs, Attendance]), "County Housing", &[Needs, Income, Notes], NOON);
    assert_eq!(found.allowed, [Needs].into());
    assert_eq!(found.by, [RowId::derived(&["release"])]);
    assert_eq!(found.withheld(), "Notes, Income and benefits");
    for left in &found.left_out {
        assert_eq!(left.why, "the release to County Housing does not cover it (45 CFR 164.508)");
        assert!(left.would_permit.starts_with("A release to County Housing that covers"), "{left:?}");
    }
    // One that says nothing covers nothing (45 CFR 164.508(c)(1)(i)).
    assert!(asking(&release(&[]), "County Housing", &[Needs], NOON).allowed.is_empty());
}

/// 42 CFR 2.31 (what a consent says, in writing) and 2.32 (the notice).
#[test]
fn substance_use_records_leave_only_by_a_release_that_says_so_and_with_the_notice() {
    let mut release = release(&[SubstanceUse, Needs]);
    let found = asking(&release, "County Housing", &[SubstanceUse, Needs], NOON);
    assert_eq!((&found.allowed, found.notice.as_deref()), (&[Needs].into(), None));
    assert!(found.left_out[0].why.contains("42 CFR 2.31"), "{found:?}");
    release.put(consent::part2, true);
    let found = asking(&release, "County Housing", &[SubstanceUse, Needs], NOON);
    assert!(found.is_whole());
    assert_eq!(found.notice, Some(Practice::standard().agency.part2_notice.clone()));
    // 2.32(b): how far the consent goes is told with it.
    let scope = found.scope.clone().unwrap();
    assert!(
        scope.starts_with("By the client's written consent to County Housing: ") && scope.contains("30 Nov 2026"),
        "{scope}"
    );
    assert!(scope.contains("substance use") && !scope.contains("health"), "{scope}");
    assert_eq!(asking(&release, "County Housing", &[Needs], NOON).notice, None, "no notice where nothing asks for it");
}

/// A word covers nothing of substance use or violence, and neither does a release of which nobody noted how it was given:
/// the refusal names the rule and what would permit it. What needs no writing leaves all the same.
#[test]
fn only_what_was_given_in_writing_covers_substance_use_and_violence() {
    let mut release = release(&[SubstanceUse, Violence, Needs]);
    release.put(consent::part2, true);
    let ask = |release: &Row| asking(release, "County Housing", &[SubstanceUse, Violence, Needs], NOON);
    for form in [ConsentForm::Written, ConsentForm::Electronic] {
        release.put(consent::form, form.code());
        assert!(ask(&release).is_whole(), "{form:?}");
    }
    for (form, why, permits, words) in [
        (ConsentForm::Verbal.code(), "was not given in writing", "signed on paper", "by word of mouth"),
        ("", "does not say that it was given in writing", "How it was given, noted", "form not noted"),
    ] {
        release.put(consent::form, form);
        let found = ask(&release);
        assert_eq!(found.allowed, [Needs].into(), "{form}");
        for (left, rule) in found.left_out.iter().zip(["42 CFR 2.31", "34 USC 12291(b)(2)(B)"]) {
            assert!(left.why.contains(why) && left.why.contains(rule), "{left:?}");
            assert!(left.would_permit.contains(permits), "{left:?}");
        }
        assert_eq!(form_in_words(&release), words);
    }
    // Two sites that say different things say nothing.
    release.put(consent::form, ConsentForm::Written.code());
    let sides = ["written", "verbal"].map(Value::text).to_vec();
    release.disagreements.push(crate::model::Disagreement { field: consent::form, sides });
    assert_eq!(ask(&release).allowed, [Needs].into());
}

/// 34 USC 12291(b)(2).
#[test]
fn where_someone_in_danger_is_leaves_by_their_written_word_only() {
    let mut release = release(&[Whereabouts, Contact, Needs]);
    let to = Recipient::Other("County Housing");
    let what = [Contact, Whereabouts, Needs];
    release.put(consent::form, ConsentForm::Verbal.code());
    assert!(asked(&release, to, &what, NOON, "", None).is_whole(), "nobody is in danger");
    let found = asked(&release, to, &what, NOON, "Only by text, he reads her mail", None);
    assert_eq!(found.allowed, [Needs].into());
    assert!(found.left_out.iter().all(|left| left.why.contains("34 USC 12291(b)(2)")), "{found:?}");
    assert!(found.warning.unwrap().contains("he reads her mail"));
    release.put(consent::form, ConsentForm::Written.code());
    assert!(asked(&release, to, &what, NOON, "Only by text", None).is_whole());
}

#[test]
fn to_the_client_everything_goes_with_a_word_on_how() {
    let all = Information::ALL;
    let found = asked(&release(&[]), Recipient::Client, all, NOON, "Only by text.", None);
    assert!(found.is_whole() && found.allowed.len() == all.len());
    assert_eq!(found.notice, None, "42 CFR 2.23: a patient's own access is no redisclosure");
    assert_eq!(found.warning.as_deref(), Some("Safe contact: Only by text. Hand it over so that nobody else sees it."));
    assert_eq!(asked(&release(&[]), Recipient::Client, all, NOON, " ", None).warning, None);
}

/// 42 CFR 2.12(c)(6), 2.51, 2.61; 45 CFR 164.512; 34 USC 12291(b)(2)(C).
#[test]
fn without_a_release_only_what_the_law_allows_and_with_a_reason() {
    let what = [Contact, Whereabouts, Health, SubstanceUse, Violence];
    let to = Recipient::Other("Mercy Hospital");
    for (ground, danger, allowed) in [
        (Ground::Emergency, "", vec![Contact, Whereabouts, Health, SubstanceUse]),
        (Ground::Emergency, "by text", vec![Health, SubstanceUse]),
        (Ground::CourtOrder, "by text", what.to_vec()),
        (Ground::MandatedReport, "by text", vec![Contact, Whereabouts, Health, Violence]),
    ] {
        let without = Override::new(ground, "found unconscious").unwrap();
        let found = asked(&release(&[]), to, &what, NOON, danger, Some(&without));
        assert_eq!(found.allowed, allowed.iter().copied().collect(), "{ground:?} {danger}");
        assert!(found.left_out.iter().all(|left| !left.why.is_empty() && !left.would_permit.is_empty()));
        assert_eq!(found.notice.is_some(), allowed.contains(&SubstanceUse), "42 CFR 2.32");
        assert!(without.in_words().contains("found unconscious") && without.in_words().contains(ground.rule()));
        assert_eq!(Ground::from_code(ground.code()), Some(ground));
    }
    assert!(Override::new(Ground::Emergency, "  ").is_err());
}

/// Every way in which something is refused names its rule and what would permit it.
#[test]
fn each_refusal_says_its_rule_and_what_would_permit_it() {
    let ended = release(&[Needs]);
    let mut later = ended.clone();
    later.put(consent::from, Value::Date("2026-11-25".parse().unwrap()));
    for (row, to, when, says) in [
        (&ended, "Somebody Else", NOON, "there is no release to Somebody Else"),
        (&ended, "County Housing", "2026-12-02T09:00:00-05:00", "ended on 30 Nov 2026"),
        (&later, "County Housing", NOON, "begins on 25 Nov 2026 only"),
    ] {
        for what in Information::ALL {
            let found = asking(row, to, &[*what], when);
            assert!(found.left_out[0].why.contains(says), "{found:?}");
            assert!(found.left_out[0].would_permit.len() > 10, "{found:?}");
        }
    }
    // Two releases may permit together what neither does alone.
    let mut other = release(&[Income]);
    other.id = RowId::derived(&["other"]);
    let what = [Needs, Attendance, Income].into();
    let person = Person::default();
    let to = Recipient::Other("County Housing");
    let asked = Asked { to, what: &what, at: at(NOON), person: &person, without: None };
    let both = permits(&[other, release(&[Needs, Attendance])], &asked, &Practice::standard().agency);
    assert!(both.is_whole());
    assert_eq!(
        both.by,
        [RowId::derived(&["release"]), RowId::derived(&["other"])],
        "the one that permits the most first"
    );
}
