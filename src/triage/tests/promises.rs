//! What triage promises, over random lives, days and zones. A few hundred cases; `CASELOAD_TRIAGE_CASES=10000` for more.

use super::*;
use crate::model::records::{
    advocacy, assessment, authorization, benefit, housing, incident, medication, safety_plan, stay,
};
use crate::model::{FieldId, RecordType};

fn cases() -> u32 {
    std::env::var("CASELOAD_TRIAGE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

/// The first day of these lives.
const START: &str = "2026-01-05";

fn on(days: i64) -> NaiveDate {
    calendar::add_days(day(START), days)
}

/// Noon of a day, in a zone so many hours from UTC: the days of a run are looked at in one zone.
fn noon(days: i64, zone: i32) -> Moment {
    let local = on(days).and_hms_opt(12, 0, 0).unwrap();
    let moment = |zone: fn(chrono::NaiveDateTime) -> FixedOffset| {
        Moment::new(local.and_local_timezone(zone(local)).unwrap(), zone)
    };
    match zone {
        0 => moment(new_york),
        1 => moment(|_| FixedOffset::east_opt(10 * 3_600).unwrap()), // Guam
        _ => moment(|_| FixedOffset::west_opt(10 * 3_600).unwrap()), // Honolulu
    }
}

fn at_hour_of(days: i64) -> DateTime<FixedOffset> {
    hour(&format!("{}T10:00:00-05:00", on(days)))
}

fn row(record: &'static RecordType, name: &str, dates: &[(FieldId, i64)], words: &[(FieldId, &str)]) -> Mark {
    let at = |(field, days): &(FieldId, i64)| {
        let kind = record.field(field.field).unwrap().kind;
        let at = if matches!(kind, crate::model::Kind::Time) {
            DueAt::Hour(at_hour_of(*days))
        } else {
            DueAt::Day(on(*days))
        };
        (field.field, at)
    };
    Mark {
        record: record.number,
        row: id(name),
        what: name.into(),
        dates: dates.iter().map(at).collect(),
        words: words.iter().map(|(field, word)| (field.field, (*word).into())).collect(),
    }
}

/// A row of some kind, begun on a day: one that some shipped rule asks about.
fn any_row(at: usize) -> impl Strategy<Value = Mark> {
    (0usize..14, 0i64..200, 1i64..60).prop_map(move |(kind, from, later)| {
        let name = format!("row {at}");
        let name = name.as_str();
        match kind {
            0 => row(&incident::TYPE, name, &[(incident::began, from)], &[(incident::kind, "suicide")]),
            1 => row(
                &incident::TYPE,
                name,
                &[(incident::began, from), (incident::resolved, from), (incident::report_due, from + 1)],
                &[(incident::kind, "adult"), (incident::report, "due")],
            ),
            2 => row(
                &assessment::TYPE,
                name,
                &[(assessment::on, from)],
                &[(assessment::instrument, "c-ssrs"), (assessment::score, "3"), (assessment::urgent, "act now")],
            ),
            3 => row(
                &assessment::TYPE,
                name,
                &[(assessment::on, from)],
                &[(assessment::instrument, "c-ssrs"), (assessment::score, "1")],
            ),
            4 => row(&stay::TYPE, name, &[(stay::discharged, from)], &[(stay::kind, "psychiatric")]),
            5 => row(&stay::TYPE, name, &[(stay::discharged, from)], &[(stay::kind, "detox")]),
            6 => row(
                &stay::TYPE,
                name,
                &[(stay::discharged, from)],
                &[(stay::kind, "medical"), (stay::complexity, "high")],
            ),
            7 => row(&housing::TYPE, name, &[(housing::notice, from), (housing::must_leave, from + later)], &[]),
            8 => row(&housing::TYPE, name, &[(housing::notice, from)], &[(housing::kind, "rental")]),
            9 => row(
                &benefit::TYPE,
                name,
                &[(benefit::notice, from)],
                &[(benefit::programme, "Medicaid"), (benefit::status, "cut")],
            ),
            10 => row(&benefit::TYPE, name, &[(benefit::recertify, from)], &[(benefit::status, "active")]),
            11 => {
                row(&authorization::TYPE, name, &[(authorization::until, from)], &[(authorization::status, "approved")])
            }
            12 => row(&medication::TYPE, name, &[(medication::refill, from)], &[(medication::critical, "yes")]),
            _ => row(&advocacy::TYPE, name, &[(advocacy::deadline, from)], &[(advocacy::kind, "appeal")]),
        }
    })
}

/// Someone with some rows, tasks, and a last contact; nothing is ever done about any of it.
fn any_life() -> impl Strategy<Value = ClientFacts> {
    let rows = (0usize..5).prop_flat_map(|many| (0..many).map(any_row).collect::<Vec<_>>());
    (rows, 0i64..60, 0usize..5, proptest::option::of(0i64..200), any::<bool>()).prop_map(
        |(rows, contact_day, intensity, task, planned)| {
            let mut facts = ClientFacts::new(id("someone"), "Ana");
            facts.opened = Some(day("2025-06-01"));
            facts.intensity = Intensity::ALL.get(intensity).copied();
            facts.last_contact =
                Some(Contact { note: id("n"), when: at_hour_of(contact_day - 60), kind: ContactKind::Phone });
            facts.tasks.extend(task.map(|days| Due {
                row: id("t"),
                what: "t".into(),
                due: Some(on(days)),
                done: None,
            }));
            if planned {
                let kind = Some(PlanKind::Ipe);
                let (start, review_due) = (Some(on(-200)), Some(on(contact_day)));
                let (row, active) = (id("p"), true);
                facts.plans.push(OpenPlan { row, kind, active, start, review_due, reviewed: None, overtaken: None });
            }
            facts.marks = rows;
            facts
        },
    )
}

/// The most pressing reason: band, and class inside it. Nobody there: nothing needs them.
fn place(facts: &ClientFacts, rules: &Rules, moment: Moment) -> (Band, Class) {
    let caseload = Caseload::new(vec![facts.clone()], rules, moment);
    let first = caseload.ranked().first().and_then(|ranked| ranked.about_people().next().copied());
    first.map_or((Band::Later, Class::Paper), |reason| (reason.band, reason.class))
}

fn rules_of(facts: &ClientFacts, rules: &Rules, moment: Moment) -> Vec<String> {
    let caseload = Caseload::new(vec![facts.clone()], rules, moment);
    let reasons = caseload.ranked().first().map_or(&[][..], |ranked| &ranked.reasons[..]);
    reasons.iter().map(|reason| rules.of(reason).id.clone()).collect()
}

fn closed(facts: &ClientFacts) -> ClientFacts {
    ClientFacts { status: ClientStatus::Closed, ..facts.clone() }
}

/// Rows that are a matter of safety by themselves.
fn is_safety(mark: &Mark) -> bool {
    [incident::TYPE.number, assessment::TYPE.number].contains(&mark.record)
        || mark.record == housing::TYPE.number
        || mark.record == stay::TYPE.number && ["psychiatric", "detox"].contains(&mark.word(stay::kind))
}

/// The rules that end by themselves, and say so.
const END: [&str; 4] = ["appointment", "readmission-window", "appointment-unconfirmed", "cover-ends"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// 1: closing never takes an open safety matter out of sight, nor lowers where it stands.
    #[test]
    fn closing_hides_nobody_with_something_open(life in any_life(), days in 0i64..260, zone in 0i32..3) {
        let rules = Rules::standard();
        let moment = noon(days, zone);
        let clock = Clock::new(moment);
        for mark in life.marks.iter().filter(|mark| is_safety(mark)) {
            let alone = ClientFacts { marks: vec![mark.clone()], tasks: vec![], ..life.clone() };
            let asks = |facts: &ClientFacts| {
                let caseload = Caseload::new(vec![facts.clone()], &rules, moment);
                caseload.ranked().first().is_some_and(|ranked| {
                    let asks = |reason: &Reason| {
                        let matters = [Class::Life, Class::HomeAndRights].contains(&reason.class);
                        reason.subject == Some(mark.row) && reason.band == Band::Now && matters
                    };
                    ranked.reasons.iter().any(asks)
                })
            };
            if asks(&alone) {
                prop_assert!(asks(&closed(&alone)), "{:?} on {}", mark, clock.today);
            }
        }
    }

    /// 2: what settles a row on a day to come settles nothing until then.
    #[test]
    fn a_date_ahead_settles_nothing_yet(life in any_life(), days in 0i64..200, ahead in 2i64..300) {
        let rules = Rules::standard();
        let mut settled = life.clone();
        for mark in &mut settled.marks {
            let field = match mark.record {
                record if record == incident::TYPE.number => {
                    mark.dates.retain(|(field, _)| *field != incident::resolved.field);
                    mark.dates.push((incident::reported.field, DueAt::Hour(at_hour_of(days + ahead))));
                    incident::resolved
                }
                record if record == assessment::TYPE.number => assessment::answered,
                record if record == stay::TYPE.number => stay::followed_up,
                record if record == housing::TYPE.number => housing::until,
                record if record == benefit::TYPE.number => benefit::appealed,
                record if record == medication::TYPE.number => medication::until,
                record if record == advocacy::TYPE.number => advocacy::filed,
                _ => continue,
            };
            let hours = field == incident::resolved;
            let at = if hours { DueAt::Hour(at_hour_of(days + ahead)) } else { DueAt::Day(on(days + ahead)) };
            mark.dates.push((field.field, at));
        }
        let (before, after) = (rules_of(&life, &rules, noon(days, 0)), rules_of(&settled, &rules, noon(days, 0)));
        for rule in before {
            prop_assert!(after.contains(&rule), "{rule} is hidden by a day that is still to come");
        }
    }

    /// 3: the same fact written with a clock ahead is never less urgent than one of now.
    #[test]
    fn a_clock_ahead_makes_nothing_less_urgent(at in 0usize..1, life in any_row(0), ahead in 0i64..900, zone in 0i32..3) {
        let _ = at;
        let rules = Rules::standard();
        let moment = noon(10, zone);
        let mut facts = ClientFacts::new(id("someone"), "Ana");
        let past = |mark: &Mark, field: u16| {
            crate::model::record_by_number(mark.record).and_then(|record| record.field(field)).is_some_and(|field| field.past)
        };
        let shifted = |days: i64| {
            let mut mark = life.clone();
            for (field, at) in &mut mark.dates {
                if past(&life, *field) {
                    *at = match at {
                        DueAt::Day(_) => DueAt::Day(on(days)),
                        DueAt::Hour(_) => DueAt::Hour(at_hour_of(days)),
                    };
                }
            }
            mark
        };
        if life.dates.iter().all(|(field, _)| past(&life, *field)) {
            facts.marks = vec![shifted(10)];
            let now = place(&facts, &rules, moment);
            facts.marks = vec![shifted(10 + ahead)];
            prop_assert!(place(&facts, &rules, moment) <= now, "{:?}", facts.marks);
        }
    }

    /// 4: any number of rows of one type, and what is open among them is still told.
    #[test]
    fn no_cap_drops_what_is_open(life in any_life(), many in 13usize..40) {
        let rules = Rules::standard();
        let mut crowded = life.clone();
        let quiet = |at: usize| {
            let (dates, words) = ([(assessment::on, 150)], [(assessment::instrument, "gad-7"), (assessment::score, "0")]);
            row(&assessment::TYPE, &format!("quiet {at}"), &dates, &words)
        };
        crowded.marks.splice(0..0, (0..many).map(quiet));
        let (before, after) = (rules_of(&life, &rules, noon(210, 0)), rules_of(&crowded, &rules, noon(210, 0)));
        for rule in before {
            prop_assert!(after.contains(&rule), "{rule}");
        }
    }

    /// 5: over a year of days on which nobody does anything, nobody is ever lowered.
    #[test]
    fn growing_overdue_lowers_nobody(life in any_life(), zone in 0i32..3) {
        let rules = without_what_ends();
        let mut before = (Band::Later, Class::Paper);
        for days in 0..366 {
            let here = place(&life, &rules, noon(days, zone));
            prop_assert!(here <= before, "{} lowers from {before:?} to {here:?}: {:?}", on(days), life.marks);
            before = here;
        }
    }

    /// 6: whatever is put off, an open crisis, a report by phone and an urgent answer stay, and nothing is hidden for ever.
    #[test]
    fn putting_off_has_an_end(life in any_life(), days in 0i64..200, until in 0i64..4_000, made in proptest::option::of(-400i64..400)) {
        let rules = Rules::standard();
        let mut put_off = life.clone();
        for (rule, at) in rules.iter().zip(0..) {
            put_off.snoozes.push(Snooze {
                row: id(&format!("snooze {at}")),
                rule: rule.id.clone(),
                subject: None,
                until: on(until),
                why: "-".into(),
                made: made.map(on),
            });
        }
        let never = ["crisis", "incident-open", "mandated-report", "assessment-urgent"];
        let (before, after) = (rules_of(&life, &rules, noon(days, 0)), rules_of(&put_off, &rules, noon(days, 0)));
        for rule in before.iter().filter(|rule| never.contains(&rule.as_str())) {
            prop_assert!(after.contains(rule), "{rule}");
        }
        // What is *now* and past its due minute is not hidden either, nor what a raised risk made a matter of life.
        let caseload = Caseload::new(vec![life.clone()], &rules, noon(days, 0));
        let clock = Clock::new(noon(days, 0));
        for reason in caseload.ranked().iter().flat_map(|ranked| &ranked.reasons) {
            let due = reason.due.is_some_and(|due| due.has_come(clock.now));
            if reason.band == Band::Now && due {
                prop_assert!(after.contains(&rules.of(reason).id), "{}", rules.of(reason).id);
            }
        }
        // However far ahead it was put off, after as many days as the rules allow all of it is there again.
        let last = days + 31;
        let (before, after) = (rules_of(&life, &rules, noon(last + 400, 0)), rules_of(&put_off, &rules, noon(last + 400, 0)));
        if made.is_some_and(|made| made <= days) {
            prop_assert_eq!(before, after);
        }
    }

    /// 7: paper calls nobody, and stands in no band.
    #[test]
    fn paper_stands_in_no_band(life in any_life(), days in 0i64..260) {
        let rules = Rules::standard();
        let caseload = Caseload::new(vec![life], &rules, noon(days, 0));
        for ranked in caseload.ranked() {
            let mut paper = false;
            for reason in &ranked.reasons {
                prop_assert_eq!(reason.class == Class::Paper, reason.band == Band::Desk);
                prop_assert!(reason.class != Class::Paper || reason.band >= ranked.band);
                prop_assert!(!paper || reason.class == Class::Paper, "paper comes last");
                paper = reason.class == Class::Paper;
                if matches!(reason.class, Class::Promise | Class::Care) {
                    prop_assert!(reason.band >= Band::Today);
                }
            }
        }
    }
}

/// All rules but those that end by themselves, and say so in the data.
fn without_what_ends() -> Rules {
    let own: String = END.iter().map(|id| format!("[[rule]]\nid = \"{id}\"\noff = true\n")).collect();
    Rules::standard().overlay("own.toml", &own).unwrap()
}

/// Only a visit, a window and a cover end by themselves; a hearing becomes "how did it go?"; a check of a job gives way to
/// the next one.
#[test]
fn what_ends_by_itself_says_so() {
    let ends: Vec<String> =
        Rules::standard().iter().filter(|rule| rule.ends.is_some()).map(|rule| rule.id.clone()).collect();
    for id in &ends {
        assert!(END.contains(&id.as_str()) || ["retention-30", "retention-60"].contains(&id.as_str()), "{id}");
    }
    for id in END {
        assert!(ends.contains(&id.to_string()), "{id}");
    }
}

/// A later screen that tells of nothing does not erase an earlier one on which nobody acted.
#[test]
fn an_earlier_high_screen_stays_until_someone_acts() {
    let screen = |name: &str, days: i64, score: &str, urgent: &str| {
        let words = [(assessment::instrument, "c-ssrs"), (assessment::score, score), (assessment::urgent, urgent)];
        row(&assessment::TYPE, name, &[(assessment::on, days)], &words)
    };
    let mut facts = quiet("Ana");
    facts.marks = vec![screen("high", 10, "3", "act now"), screen("later", 20, "0", "")];
    let rules = Rules::standard();
    assert!(rules_of(&facts, &rules, noon(30, 0)).contains(&"assessment-urgent".into()));
    assert!(rules_of(&facts, &rules, noon(30, 0)).contains(&"safety-plan-missing".into()));
    facts.marks.push(row(&safety_plan::TYPE, "plan", &[(safety_plan::reviewed, 21)], &[]));
    assert!(!rules_of(&facts, &rules, noon(30, 0)).contains(&"safety-plan-missing".into()));
}

/// A safety plan past its review stays in force: "review it", never "none"; one made before the screen is reviewed today.
#[test]
fn a_safety_plan_past_its_review_is_reviewed_not_missed() {
    let screen = |days: i64| {
        let words = [(assessment::instrument, "c-ssrs"), (assessment::score, "3")];
        row(&assessment::TYPE, "screen", &[(assessment::on, days), (assessment::answered, days)], &words)
    };
    let plan = [(safety_plan::reviewed, 10), (safety_plan::review_due, 40)];
    let mut facts = quiet("Ana");
    facts.marks = vec![screen(5), row(&safety_plan::TYPE, "plan", &plan, &[])];
    let told = told_at(&facts, noon(100, 0));
    let rules: Vec<&str> = told.iter().map(|told| told.rule.as_str()).collect();
    assert!(rules.contains(&"safety-plan-review") && !rules.contains(&"safety-plan-missing"), "{rules:?}");
    let review = told.iter().find(|told| told.rule == "safety-plan-review").unwrap();
    assert_eq!(review.text, "review the safety plan of 15 Jan (12 weeks old), 60 days overdue; it stays in force");
    facts.marks[0] = screen(20);
    let told = told_at(&facts, noon(20, 0));
    let before = told.iter().find(|told| told.rule == "safety-plan-before-screen").unwrap();
    assert_eq!(before.band, Band::Today);
}

/// By a raised risk, measured at the day on which it fell due: a silence, a no-show, no next appointment.
#[test]
fn a_raised_risk_lifts_a_silence_to_a_matter_of_life() {
    let screen = |days: i64| {
        let words = [(assessment::instrument, "c-ssrs"), (assessment::score, "2"), (assessment::urgent, "evaluate")];
        row(&assessment::TYPE, "screen", &[(assessment::on, days), (assessment::answered, days)], &words)
    };
    let mut facts = ClientFacts::new(id("someone"), "Ana");
    facts.opened = Some(day("2025-06-01"));
    facts.last_contact = Some(Contact { note: id("n"), when: at_hour_of(0), kind: ContactKind::Phone });
    facts.visits.push(visit("2027-06-20T10:00:00-05:00", AppointmentStatus::Confirmed));
    let rules = Rules::standard();
    let contact = |facts: &ClientFacts, days: i64| {
        let caseload = Caseload::new(vec![facts.clone()], &rules, noon(days, 0));
        let reasons = caseload.ranked()[0].reasons.clone();
        reasons.iter().find(|reason| rules.of(reason).id == "contact").map(|reason| (reason.band, reason.class))
    };
    // Due on day 30. Without a risk it is a contact.
    assert_eq!(contact(&facts, 35), Some((Band::Today, Class::Contact)));
    // The screen was within 90 days before it fell due: it is lifted, and stays so long after.
    facts.marks = vec![screen(-50)];
    assert_eq!(contact(&facts, 29), Some((Band::ThisWeek, Class::Contact)));
    for days in [30, 35, 200] {
        assert_eq!(contact(&facts, days), Some((Band::Now, Class::Life)), "{days}");
    }
    // Longer ago than that: not.
    facts.marks = vec![screen(-61)];
    assert_eq!(contact(&facts, 35), Some((Band::Today, Class::Contact)));
    // A visit that is over and unmarked becomes a matter of contact, not of paper.
    facts.marks = vec![screen(20)];
    facts.visits.insert(0, visit("2026-02-10T10:00:00-05:00", AppointmentStatus::Planned));
    let caseload = Caseload::new(vec![facts.clone()], &rules, noon(40, 0));
    let open = caseload.ranked()[0].reasons.iter().find(|reason| rules.of(reason).id == "appointment-open").copied();
    assert_eq!(open.map(|reason| (reason.band, reason.class)), Some((Band::Today, Class::Contact)));
}

/// Insulin, anticoagulants, clozapine, methadone: a gap of days is dangerous.
#[test]
fn a_critical_medication_that_runs_out_is_a_matter_of_life() {
    let rules = Rules::standard();
    for (name, ticked, dates, now) in [
        ("insulin glargine", "", vec![(medication::refill, 10)], true),
        ("Clozapine 100 mg", "", vec![(medication::refill, 10)], true),
        ("vitamin D", "", vec![(medication::refill, 10)], false),
        ("vitamin D", "yes", vec![(medication::refill, 10)], true),
        ("methadone", "", vec![(medication::supply_until, 10), (medication::refill, 14)], true),
        // It lasts beyond the refill: no gap.
        ("methadone", "", vec![(medication::supply_until, 16), (medication::refill, 14)], false),
    ] {
        let mut facts = quiet("Ana");
        facts.last_contact = Some(Contact { note: id("n"), when: at_hour_of(9), kind: ContactKind::Phone });
        facts.opened = None;
        facts.marks = vec![row(&medication::TYPE, name, &dates, &[(medication::critical, ticked)])];
        let here = place(&facts, &rules, noon(11, 0));
        assert_eq!(here == (Band::Now, Class::Life), now, "{name} {dates:?}: {here:?}");
    }
}

/// Written at 03:49 on the 27th in Guam, which is the 26th here.
#[test]
fn an_answer_written_across_the_date_line_is_of_now() {
    let words = [(assessment::instrument, "phq-9"), (assessment::score, "9"), (assessment::urgent, "ask today")];
    let mut facts = quiet("Ana");
    facts.marks = vec![row(&assessment::TYPE, "phq", &[], &words)];
    facts.marks[0].dates.push((assessment::on.field, DueAt::Day(day("2026-11-27"))));
    let told = told_at(&facts, at_hour("2026-11-26", "12:49"));
    assert_eq!((told[0].rule.as_str(), told[0].band, told[0].class), ("assessment-urgent", Band::Now, Class::Life));
    assert!(told[0].text.contains("dated ahead of this clock"), "{}", told[0].text);
}

/// 34 CFR 361.45(d)(5): reviewed at least yearly from its start, whatever was typed when.
#[test]
fn an_ipe_is_reviewed_within_a_year_of_its_start() {
    let mut facts = quiet("Ana");
    facts.plans[0] = OpenPlan {
        row: id("ipe"),
        kind: Some(PlanKind::Ipe),
        active: true,
        start: Some(day("2026-01-15")),
        review_due: Some(day("2028-01-01")),
        reviewed: None,
        overtaken: None,
    };
    facts.visits[0] = visit("2027-06-20T10:00:00-05:00", AppointmentStatus::Confirmed);
    let asks = |facts: &ClientFacts, today: &str| {
        told(facts, today).into_iter().find(|told| told.rule == "ipe-review").map(|told| (told.band, told.due))
    };
    let due = Some(DueAt::Day(day("2027-01-15")));
    assert_eq!(asks(&facts, "2026-11-20"), None);
    assert_eq!(asks(&facts, "2026-12-20"), Some((Band::ThisWeek, due)));
    assert_eq!(asks(&facts, "2027-01-14"), Some((Band::Today, due)));
    assert_eq!(asks(&facts, "2027-08-14"), Some((Band::Today, due)));
    facts.plans[0].reviewed = Some(day("2026-12-21"));
    assert_eq!(asks(&facts, "2026-12-22"), None);
}

/// A report by phone due on Friday at 00:30 cannot be put off until Friday; a two-day call not past its day.
#[test]
fn what_is_now_is_not_put_off_past_its_minute() {
    let rules = Rules::standard();
    let today = day("2026-11-26");
    let of = |facts: &ClientFacts, rule: &str| {
        let caseload = Caseload::new(vec![facts.clone()], &rules, at("2026-11-26"));
        *caseload.ranked()[0].reasons.iter().find(|reason| rules.of(reason).id == rule).unwrap()
    };
    let mut facts = quiet("Ana");
    facts.marks = vec![row(&incident::TYPE, "child", &[], &[(incident::kind, "child"), (incident::report, "due")])];
    facts.marks[0].dates = vec![(incident::report_due.field, DueAt::Hour(hour("2026-11-27T00:30:00-05:00")))];
    let report = of(&facts, "mandated-report");
    assert!(may_not_snooze(&report, day("2026-11-27"), &rules, today).is_some());
    facts.marks = vec![row(&stay::TYPE, "Mercy", &[], &[(stay::kind, "medical")])];
    facts.marks[0].dates = vec![(stay::discharged.field, DueAt::Day(day("2026-11-24")))];
    // Two business days after a Tuesday, over Thanksgiving: Friday.
    let call = of(&facts, "discharge-call");
    assert_eq!(may_not_snooze(&call, day("2026-11-27"), &rules, today), None);
    assert!(may_not_snooze(&call, day("2026-11-30"), &rules, today).is_some());
    let mut facts = quiet("Ana");
    facts.last_contact = contact("2026-10-01T10:00:00-04:00");
    let silence = of(&facts, "contact");
    assert_eq!(may_not_snooze(&silence, day("2026-12-26"), &rules, today), None);
    assert!(may_not_snooze(&silence, day("2026-12-27"), &rules, today).is_some());
}

/// Somebody of whom one rule, and as little else as can be, has something to say.
fn life_of(rule: &Rule) -> ClientFacts {
    let mut facts = ClientFacts::new(id("someone"), "Ana");
    facts.opened = Some(day("2025-06-01"));
    let soon = |days: i64| visit(&at_hour_of(days).to_rfc3339(), AppointmentStatus::Planned);
    let plan = |kind, review: Option<i64>| OpenPlan {
        row: id("plan"),
        kind: Some(kind),
        active: true,
        start: Some(on(40 - 365)),
        review_due: review.map(on),
        reviewed: None,
        overtaken: None,
    };
    let due = |days: i64| Due { row: id("due"), what: "call".into(), due: Some(on(days)), done: None };
    match rule.looks_at {
        LooksAt::Row(field) => facts.marks = rows_of(rule, field),
        LooksAt::Crisis => facts.crisis.push("missing".into()),
        LooksAt::Conflict => facts.conflicts = 1,
        LooksAt::ConflictSafety => (facts.conflicts, facts.safety_conflicts) = (1, 1),
        LooksAt::Appointment | LooksAt::AppointmentPast | LooksAt::AppointmentUnconfirmed => {
            facts.visits.push(soon(40))
        }
        LooksAt::AppointmentRide => {
            facts.visits.push(Visit { transport: Some(Arranged::Needed), ..soon(40) });
        }
        LooksAt::AppointmentInterpreter => {
            facts.visits.push(Visit { interpreter: Some(Arranged::Needed), ..soon(40) });
        }
        LooksAt::NoShow => facts.visits.push(Visit { status: AppointmentStatus::NoShow, ..soon(40) }),
        LooksAt::Missed => facts.attendance = vec![AppointmentStatus::NoShow; 3],
        LooksAt::Task => facts.tasks.push(due(40)),
        LooksAt::Step => facts.steps.push(due(40)),
        LooksAt::GoalTarget => {
            facts.goals.push(OpenGoal { row: id("g"), words: "a job".into(), target: Some(on(40)), progress: 0 });
        }
        LooksAt::PlanChanged => {
            let overtaken = Some(Overtaken { name: "Maria Delgado".into(), day: on(30) });
            facts.plans.push(OpenPlan { overtaken, ..plan(PlanKind::Service, None) });
        }
        LooksAt::PlanReview => facts.plans.push(plan(PlanKind::Service, Some(40))),
        LooksAt::IpeReview => facts.plans.push(plan(PlanKind::Ipe, None)),
        LooksAt::Contact | LooksAt::NoPlan | LooksAt::NoNext => {}
        LooksAt::AnnualAssessment => facts.enrollments.push(OpenEnrollment {
            row: id("e"),
            project: "Bridge House".into(),
            entry: Some(on(40 - 365)),
            head: true,
            head_entry: None,
            assessed: None,
        }),
        LooksAt::Dependent18 => {
            let birth_date = day("2008-02-14");
            facts.dependents.push(Dependent { row: id("kid"), name: "Leo".into(), birth_date });
        }
        LooksAt::CoverEnds => facts.shares.push(Share {
            row: id("s"),
            kind: crate::model::ShareKind::Cover,
            with: "Ben".into(),
            from: Some(on(0)),
            until: Some(on(40)),
            ends: None,
        }),
        LooksAt::Unsigned | LooksAt::Cosign => {
            let cosigner = if rule.looks_at == LooksAt::Cosign { "Ben" } else { "" };
            facts.unsigned.push(Unsigned { row: id("n"), day: on(0), cosigner: cosigner.into() });
        }
        LooksAt::UnitsRunOut => facts.authorizations.push(Approved {
            row: id("a"),
            payer: "Medicaid".into(),
            service: "T1016".into(),
            units: 2,
            from: Some(on(-10)),
            until: Some(on(300)),
            letter: "a".into(),
            used: vec![crate::practice::counting::Given { day: on(-5), begins: 600, minutes: 60 }],
        }),
        LooksAt::Undated(record) => facts.marks = vec![undated(rule, record)],
        LooksAt::PlanBeforeScreen => {
            let words = [(assessment::instrument, "c-ssrs"), (assessment::score, "2")];
            facts.marks = vec![
                row(&safety_plan::TYPE, "plan", &[(safety_plan::reviewed, 10)], &[]),
                row(&assessment::TYPE, "screen", &[(assessment::on, 40), (assessment::answered, 41)], &words),
            ];
        }
    }
    facts
}

/// A row with the words that a rule wants, and no date.
fn undated(rule: &Rule, record: u16) -> Mark {
    let mut mark = row(crate::model::record_by_number(record).unwrap(), "undated", &[], &[]);
    for wanted in rule.wheres.iter().filter(|wanted| !wanted.not) {
        let program = |code: &str| match code {
            "@snap" => "SNAP".to_string(),
            "@medicaid" => "Medicaid".into(),
            "@ssi" => "SSI".into(),
            code => code.to_string(),
        };
        let word = wanted.codes.first().map_or("yes".into(), |code| program(code));
        mark.words.push((wanted.field.field, word));
    }
    mark
}

/// Rows of which a rule that looks at a date of a row has something to say.
fn rows_of(rule: &Rule, field: FieldId) -> Vec<Mark> {
    let record = crate::model::record_by_number(field.record).unwrap();
    let one = |name: &str, days: i64| {
        let dates = row(record, name, &[(field, days)], &[]);
        Mark { words: undated(rule, field.record).words, ..dates }
    };
    let many = i64::from(rule.in_a_row.unwrap_or(1));
    let mut rows: Vec<Mark> = (0..many).map(|at| one(&format!("row {at}"), 40 - at)).collect();
    if let Some(beside) = rule.beside {
        rows.push(Mark { record: beside, row: id("beside"), what: String::new(), dates: vec![], words: vec![] });
    }
    rows
}

/// For each shipped rule: over a year and more of days on which nobody does anything, it speaks, and whoever it speaks of
/// is never lowered.
#[test]
fn every_shipped_rule_speaks_and_lowers_nobody_over_a_year() {
    let (all, rules) = (Rules::standard(), without_what_ends());
    for rule in all.iter() {
        let life = life_of(rule);
        let mut before = (Band::Later, Class::Paper);
        let mut spoke = false;
        for days in 0..440 {
            spoke |= rules_of(&life, &all, noon(days, 0)).contains(&rule.id);
            let here = place(&life, &rules, noon(days, 0));
            // A visit and a hearing end by themselves: declared.
            let visit = [LooksAt::AppointmentRide, LooksAt::AppointmentInterpreter, LooksAt::AppointmentPast];
            let over = rule.afterwards.is_some() && here.0 == Band::Today || visit.contains(&rule.looks_at);
            // What stands below its own silence says nothing of the rule.
            assert!(here <= before || over, "{}: {} lowers from {before:?} to {here:?}", rule.id, on(days));
            before = here;
        }
        assert!(spoke, "{} never speaks", rule.id);
    }
}

/// What has no day of its own began when the last visit was over, or when the client came: it is not let down by time.
#[test]
fn no_next_appointment_that_was_lifted_stays_lifted() {
    let mut facts = ClientFacts::new(id("someone"), "Ana");
    facts.opened = Some(on(-100));
    facts.last_contact = Some(Contact { note: id("n"), when: at_hour_of(85), kind: ContactKind::Phone });
    facts.intensity = Some(Intensity::Light);
    let dates = [(incident::began, 0), (incident::resolved, 1)];
    facts.marks = vec![row(&incident::TYPE, "crisis", &dates, &[(incident::kind, "suicide")])];
    let rules = Rules::standard();
    for days in [2, 89, 90, 91, 170] {
        assert_eq!(place(&facts, &rules, noon(days, 0)), (Band::Now, Class::Life), "{days}");
    }
}

/// An incident is not over before it began, and a report is owed of one that is over.
#[test]
fn what_is_dated_before_its_beginning_settles_nothing() {
    let mut facts = quiet("Ana");
    let dates = [(incident::began, 20), (incident::resolved, 10)];
    facts.marks = vec![row(&incident::TYPE, "crisis", &dates, &[(incident::kind, "suicide")])];
    let rules = Rules::standard();
    assert!(rules_of(&facts, &rules, noon(30, 0)).contains(&"incident-open".into()));
    let dates = [(incident::began, 20), (incident::resolved, 21)];
    let words = [(incident::kind, "child"), (incident::report, "due")];
    facts.marks = vec![row(&incident::TYPE, "report", &dates, &words)];
    assert!(rules_of(&facts, &rules, noon(30, 0)).contains(&"mandated-report".into()));
}
