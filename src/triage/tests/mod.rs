//! Each rule against days worked out by hand, and the promises of the order.

mod crises;
mod practices;
mod promises;

use chrono::{DateTime, FixedOffset, NaiveDate};
use proptest::prelude::*;

use super::*;
use crate::model::{AppointmentStatus, Arranged, ClientStatus, ContactKind, Intensity, Moment, PlanKind, RowId};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn hour(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}

fn id(name: &str) -> RowId {
    RowId::derived(&[name])
}

/// Someone about whom no rule has anything to say on 24 Nov 2026.
fn quiet(name: &str) -> ClientFacts {
    let mut facts = ClientFacts::new(id(name), name);
    facts.opened = Some(day("2026-01-05"));
    facts.last_contact = contact("2026-11-23T10:00:00-05:00");
    facts.plans.push(OpenPlan {
        row: id("plan"),
        kind: Some(PlanKind::Service),
        active: true,
        start: Some(day("2026-01-10")),
        review_due: None,
        reviewed: None,
        overtaken: None,
    });
    facts.visits.push(visit("2026-12-20T10:00:00-05:00", AppointmentStatus::Confirmed));
    facts
}

fn contact(when: &str) -> Option<Contact> {
    Some(Contact { note: id("note"), when: hour(when), kind: ContactKind::Phone })
}

fn visit(starts: &str, status: AppointmentStatus) -> Visit {
    Visit {
        row: id(starts),
        title: "home visit".into(),
        starts: hour(starts),
        minutes: 60,
        place: String::new(),
        status,
        transport: None,
        interpreter: None,
    }
}

fn due(what: &str, on: &str) -> Due {
    Due { row: id(what), what: what.into(), due: Some(day(on)), done: None }
}

/// Noon in New York on a day.
fn at(today: &str) -> Moment {
    at_hour(today, "12:00")
}

fn at_hour(today: &str, time: &str) -> Moment {
    let local: chrono::NaiveDateTime = format!("{today}T{time}:00").parse().unwrap();
    Moment::new(local.and_local_timezone(new_york(local)).unwrap(), new_york)
}

/// Summer from the second Sunday of March to the first of November.
fn new_york(local: chrono::NaiveDateTime) -> FixedOffset {
    use chrono::Datelike;
    let sunday = |month, nth| {
        NaiveDate::from_weekday_of_month_opt(local.year(), month, chrono::Weekday::Sun, nth)
            .unwrap()
            .and_hms_opt(2, 0, 0)
            .unwrap()
    };
    let summer = local >= sunday(3, 2) && local < sunday(11, 1);
    FixedOffset::west_opt(if summer { 4 } else { 5 } * 3600).unwrap()
}

fn told(facts: &ClientFacts, today: &str) -> Vec<Told> {
    told_at(facts, at(today))
}

fn told_at(facts: &ClientFacts, moment: Moment) -> Vec<Told> {
    let rules = Rules::standard();
    let caseload = Caseload::new(vec![facts.clone()], &rules, moment);
    let (ranked, clock) = (caseload.ranked().first(), Clock::new(moment));
    ranked.map_or(vec![], |ranked| ranked.reasons.iter().map(|reason| rules.tell(reason, facts, &clock)).collect())
}

/// Asserts the only reason: rule, band, due day, words.
#[track_caller]
fn only(facts: &ClientFacts, today: &str, rule: &str, band: Band, on: Option<&str>, text: &str) {
    let told = told(facts, today);
    let shown: Vec<_> = told.iter().map(|told| (told.rule.as_str(), told.text.as_str())).collect();
    assert_eq!(shown, [(rule, text)], "on {today}");
    assert_eq!((told[0].band, told[0].due.map(DueAt::day)), (band, on.map(day)), "on {today}");
}

const TODAY: &str = "2026-11-24";

#[test]
fn nothing_is_said_where_there_is_nothing_to_say() {
    assert_eq!(told(&quiet("Ana"), TODAY), []);
    let rules = Rules::standard();
    let mut closed = quiet("Ana");
    closed.status = ClientStatus::Closed;
    closed.crisis.push("left open".into());
    // Whoever is closed is out of sight, but with something open that may cost a life.
    let caseload = Caseload::new(vec![closed.clone()], &rules, at(TODAY));
    assert_eq!((caseload.ranked()[0].band, caseload.ranked()[0].closed), (Band::Now, true));
    assert_eq!(told(&closed, TODAY)[0].text, "closed with something open: in crisis: left open");
    closed.crisis.clear();
    assert!(Caseload::new(vec![closed], &rules, at(TODAY)).ranked().is_empty());
}

#[test]
fn a_crisis_comes_before_everything() {
    let mut crisis = quiet("Zoe");
    crisis.crisis.push("eviction tonight".into());
    only(&crisis, TODAY, "crisis", Band::Now, None, "in crisis: eviction tonight");
    let mut missed = quiet("Abe");
    missed.visits[0] = visit("2026-11-02T10:00:00-05:00", AppointmentStatus::NoShow);
    missed.last_contact = contact("2026-11-01T10:00:00-05:00");
    let rules = Rules::standard();
    let caseload = Caseload::new(vec![missed, crisis], &rules, at(TODAY));
    assert_eq!(caseload.facts_of(&caseload.ranked()[0]).name, "Zoe");
    assert_eq!(caseload.ranked()[1].band, Band::Today);
}

#[test]
fn a_task_is_told_before_its_day_on_it_and_after() {
    let mut facts = quiet("Ana");
    facts.tasks.push(due("call landlord", "2026-12-01"));
    assert_eq!(told(&facts, "2026-11-23"), []);
    only(&facts, "2026-11-24", "task", Band::ThisWeek, Some("2026-12-01"), "call landlord, due in 7 days");
    only(&facts, "2026-12-01", "task", Band::Today, Some("2026-12-01"), "call landlord, due today");
    only(&facts, "2026-12-03", "task", Band::Today, Some("2026-12-01"), "call landlord, 2 days overdue");
    facts.steps.append(&mut facts.tasks);
    only(&facts, "2026-12-01", "step", Band::Today, Some("2026-12-01"), "step: call landlord, due today");
}

#[test]
fn contact_goes_by_intensity() {
    for (intensity, last_quiet, first_today) in [
        (Some(Intensity::Intensive), "2026-11-23", "2026-11-30"),
        (Some(Intensity::Active), "2026-11-29", "2026-12-07"),
        (None, "2026-12-15", "2026-12-23"),
        (Some(Intensity::Light), "2027-02-13", "2027-02-21"),
    ] {
        let mut facts = quiet("Ana");
        facts.visits[0] = visit("2027-06-01T10:00:00-04:00", AppointmentStatus::Confirmed);
        facts.intensity = intensity;
        if last_quiet != "2026-11-23" {
            assert_eq!(told(&facts, last_quiet), [], "{intensity:?}");
        }
        let told = told(&facts, first_today);
        assert_eq!((told[0].rule.as_str(), told[0].band), ("contact", Band::Today), "{intensity:?}");
        assert_eq!(told[0].due, Some(DueAt::Day(day(first_today))));
    }
    let mut never = quiet("Ana");
    never.last_contact = None;
    let told = told(&never, TODAY);
    assert_eq!(told[0].text, "contact 293 days overdue: none since 5 Jan, at least every 30 days");
}

/// By a slip of the year a contact would stand in the future, and every reminder would be silent until then.
#[test]
fn a_contact_still_to_come_answers_nothing() {
    let mut facts = quiet("Ana");
    facts.last_contact.as_mut().unwrap().when = "2027-12-15T15:00:00-05:00".parse().unwrap();
    assert_eq!(told(&facts, TODAY)[0].rule, "contact");
    assert_eq!(told(&facts, TODAY)[0].band, Band::Today);
    assert!(
        told_at(&facts, at_hour("2027-12-15", "16:00"))
            .iter()
            .all(|told| told.rule != "contact" || told.band > Band::Today)
    );
}

#[test]
fn appointments_today_tomorrow_and_unanswered() {
    let mut facts = quiet("Ana");
    facts.visits[0] = visit("2026-11-24T14:00:00-05:00", AppointmentStatus::Planned);
    only(&facts, TODAY, "appointment", Band::Today, Some(TODAY), "today 14:00 home visit");
    let told_before = told(&facts, "2026-11-23");
    assert_eq!(told_before[0].rule, "appointment-unconfirmed");
    assert_eq!(told_before[0].text, "home visit tomorrow 14:00 is not confirmed");
    assert_eq!(told_before[0].band, Band::Today);
    // From its end on it asks whether it was kept: as paper.
    let begun = told_at(&facts, at_hour(TODAY, "14:20"));
    assert_eq!(begun[0].text, "today 14:00 home visit, begun");
    for moment in [at_hour(TODAY, "15:00"), at("2026-11-26")] {
        let after = told_at(&facts, moment);
        let open = after.iter().find(|told| told.rule == "appointment-open").unwrap();
        assert_eq!(open.band, Band::Desk);
    }
    assert!(told(&facts, "2026-11-26").iter().any(|told| told.text == "home visit (24 Nov): was it kept?"));
    facts.visits[0].status = AppointmentStatus::Confirmed;
    facts.visits[0].transport = Some(Arranged::Needed);
    facts.interpreter = true;
    facts.last_contact.as_mut().unwrap().when = "2026-11-20T10:00:00-05:00".parse().unwrap();
    let rules: Vec<_> = told(&facts, "2026-11-22").into_iter().map(|told| told.rule).collect();
    assert_eq!(rules, ["ride", "interpreter", "appointment"]);
    facts.visits[0].interpreter = Some(Arranged::Arranged);
    facts.visits[0].transport = Some(Arranged::NotNeeded);
    only(&facts, "2026-11-22", "appointment", Band::ThisWeek, Some(TODAY), "Tue 24 Nov 14:00 home visit");
}

#[test]
fn a_no_show_is_followed_up_within_a_business_day() {
    let mut facts = quiet("Ana");
    // Wednesday before Thanksgiving: the next business day is Friday.
    facts.visits.push(visit("2026-11-25T10:00:00-05:00", AppointmentStatus::NoShow));
    facts.last_contact = contact("2026-11-20T10:00:00-05:00");
    let text = "missed home visit (yesterday), not reached since";
    let first = told(&facts, "2026-11-26");
    assert_eq!((first[0].rule.as_str(), first[0].band), ("no-show", Band::ThisWeek));
    assert_eq!(first[0].text, text);
    assert_eq!(first[0].due, Some(DueAt::Day(day("2026-11-27"))));
    assert_eq!(told(&facts, "2026-11-27")[0].band, Band::Today);
    // However long it lasts: only a raised risk makes it more.
    assert_eq!(told(&facts, "2026-11-30")[0].band, Band::Today);
}

#[test]
fn the_annual_assessment_has_a_window_of_sixty_days() {
    let mut facts = quiet("Ana");
    facts.enrollments.push(OpenEnrollment {
        row: id("stay"),
        project: "Bridge House".into(),
        entry: Some(day("2024-02-29")),
        head: true,
        head_entry: None,
        assessed: None,
    });
    facts.visits[0] = visit("2028-06-01T10:00:00-04:00", AppointmentStatus::Confirmed);
    // The newest of them: one that was missed the year before stands beside it.
    let rule_on = |facts: &ClientFacts, today: &str| {
        let mut facts = facts.clone();
        facts.last_contact = contact(&format!("{today}T00:00:00-05:00"));
        told(&facts, today).into_iter().rfind(|told| told.rule == "annual-assessment")
    };
    // The first anniversary of 29 February is 28 February 2025: the window is 29 January to 30 March.
    assert_eq!(rule_on(&facts, "2025-01-28"), None);
    assert_eq!(rule_on(&facts, "2025-01-29").unwrap().due, Some(DueAt::Day(day("2025-03-30"))));
    assert_eq!(rule_on(&facts, "2025-03-30").unwrap().band, Band::Desk);
    // What was missed stays, as paper, until the next window opens.
    assert!(rule_on(&facts, "2025-03-31").unwrap().text.starts_with("annual assessment missed: was due by yesterday"));
    assert_eq!(rule_on(&facts, "2026-01-28").unwrap().due, Some(DueAt::Day(day("2025-03-30"))));
    assert_eq!(rule_on(&facts, "2026-01-29").unwrap().due, Some(DueAt::Day(day("2026-03-30"))));
    let both = told(&facts, "2026-01-29").into_iter().filter(|told| told.rule == "annual-assessment").count();
    assert_eq!(both, 2, "the missed one stays");
    // In the leap year the anniversary is the day itself.
    assert_eq!(rule_on(&facts, "2028-01-30").unwrap().due, Some(DueAt::Day(day("2028-03-30"))));
    facts.enrollments[0].assessed = Some(day("2025-02-01"));
    assert_eq!(rule_on(&facts, "2025-02-28"), None);
    assert!(rule_on(&facts, "2026-02-28").is_some());
    // Every member of the household goes by the head's day.
    facts.enrollments[0].head = false;
    facts.enrollments[0].entry = Some(day("2024-08-01"));
    facts.enrollments[0].head_entry = Some(day("2024-02-29"));
    assert_eq!(rule_on(&facts, "2026-02-28").unwrap().due, Some(DueAt::Day(day("2026-03-30"))));
    // Who came after the head's anniversary owes none for it.
    facts.enrollments[0].entry = Some(day("2026-03-05"));
    assert_eq!(rule_on(&facts, "2026-03-10"), None);
}

#[test]
fn plans_goals_children_and_what_is_missing() {
    let mut facts = quiet("Ana");
    facts.plans[0].review_due = Some(day("2026-11-30"));
    only(&facts, TODAY, "plan-review", Band::ThisWeek, Some("2026-11-30"), "service plan review due in 6 days");
    facts.plans.clear();
    facts.opened = Some(day("2026-10-31"));
    let text = "no service plan yet, due in 6 days (30 days after opening)";
    only(&facts, TODAY, "no-plan", Band::Desk, Some("2026-11-30"), text);
    let mut facts = quiet("Ana");
    let (row, words) = (id("goal"), "A door that locks".into());
    facts.goals.push(OpenGoal { row, words, target: Some(day("2026-11-20")), progress: 60 });
    only(
        &facts,
        TODAY,
        "goal-target",
        Band::ThisWeek,
        Some("2026-11-20"),
        "goal \"A door that locks\", target date 20 Nov",
    );
    assert_eq!(told(&facts, "2026-12-04")[0].band, Band::Today);
    let mut facts = quiet("Ana");
    facts.dependents.push(Dependent { row: id("kid"), name: "Leo".into(), birth_date: day("2008-12-10") });
    only(&facts, TODAY, "age-out", Band::ThisWeek, Some("2026-12-10"), "Leo turns 18 on 10 Dec: eligibility may end");
    let mut facts = quiet("Ana");
    facts.visits.clear();
    only(&facts, TODAY, "no-next", Band::ThisWeek, None, "no next appointment");
    let mut facts = quiet("Ana");
    facts.conflicts = 2;
    let text = "set differently in two places: 2 fields; choose which is right";
    only(&facts, TODAY, "conflict", Band::Today, None, text);
}

#[test]
fn a_snooze_hides_a_reason_until_its_day_but_never_what_is_due_now() {
    let mut facts = quiet("Ana");
    facts.tasks.push(due("call landlord", "2026-11-20"));
    facts.tasks.push(due("call school", "2026-11-21"));
    let snooze = |rule: &str, subject: Option<&str>, until: &str| Snooze {
        row: id("snooze"),
        rule: rule.into(),
        subject: subject.map(id),
        until: day(until),
        why: "office closed".into(),
        made: Some(day("2026-11-20")),
    };
    facts.snoozes.push(snooze("task", Some("call landlord"), "2026-11-27"));
    assert_eq!(told(&facts, "2026-11-26").len(), 1);
    assert_eq!(told(&facts, "2026-11-27").len(), 2);
    facts.tasks.clear();
    facts.crisis.push("missing".into());
    facts.snoozes.push(snooze("crisis", None, "2027-01-01"));
    assert_eq!(told(&facts, TODAY)[0].rule, "crisis");
    let rules = Rules::standard();
    let caseload = Caseload::new(vec![facts], &rules, at(TODAY));
    let reason = caseload.ranked()[0].reasons[0];
    assert!(may_not_snooze(&reason, day("2026-11-25"), &rules, day(TODAY)).is_some());
    assert!(may_not_snooze(&reason, day(TODAY), &rules, day(TODAY)).is_some());
}

#[test]
fn daylight_saving_does_not_move_a_day() {
    // Clocks go back on 1 Nov 2026 in New York: 23:30 the evening before is -04:00, the morning after -05:00.
    let mut facts = quiet("Ana");
    facts.last_contact = contact("2026-10-31T23:30:00-04:00");
    facts.intensity = Some(Intensity::Intensive);
    facts.visits = vec![visit("2026-11-01T23:30:00-05:00", AppointmentStatus::Confirmed)];
    let on = |today: &str| told(&facts, today).into_iter().map(|told| (told.rule, told.due)).collect::<Vec<_>>();
    assert!(on("2026-11-01").contains(&("contact".into(), Some(DueAt::Day(day("2026-11-07"))))));
    assert!(on("2026-11-01").iter().any(|(rule, _)| rule == "appointment"));
    assert!(on("2026-11-02").iter().any(|(rule, _)| rule == "appointment-open"));
}

fn any_client(name: usize) -> impl Strategy<Value = ClientFacts> {
    let days = -40i64..60;
    (any::<[bool; 4]>(), proptest::collection::vec(days.clone(), 0..4), days.clone(), days, 0usize..5).prop_map(
        move |([crisis, planned, snoozed, closed], tasks, contact_day, visit_day, intensity)| {
            let start = day(TODAY);
            let mut facts = quiet(&format!("Client {name}"));
            facts.intensity = Intensity::ALL.get(intensity).copied();
            facts.tasks = tasks
                .iter()
                .map(|days| Due {
                    row: id(&format!("{name} {days}")),
                    what: "task".into(),
                    due: Some(calendar::add_days(start, *days)),
                    done: None,
                })
                .collect();
            let on = |days: i64| hour(&format!("{}T09:00:00-05:00", calendar::add_days(start, days)));
            facts.last_contact = Some(Contact { note: id("n"), when: on(contact_day), kind: ContactKind::Phone });
            facts.visits[0].starts = on(visit_day);
            if crisis && contact_day % 5 == 0 {
                facts.crisis.push("crisis".into());
            }
            if !planned {
                facts.plans.clear();
            }
            if snoozed {
                let (row, rule) = (id("s"), "task".into());
                facts.snoozes.push(Snooze {
                    row,
                    rule,
                    subject: None,
                    until: calendar::add_days(start, 9),
                    why: "-".into(),
                    made: Some(start),
                });
            }
            if closed && contact_day % 7 == 0 {
                facts.status = ClientStatus::Closed;
            }
            facts
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_order_does_not_depend_on_how_clients_came(
        clients in (0..12usize).prop_flat_map(|n| (0..n).map(any_client).collect::<Vec<_>>()),
        swaps in proptest::collection::vec((0usize..12, 0usize..12), 0..20),
    ) {
        let rules = Rules::standard();
        let today = at(TODAY);
        let order = |caseload: &Caseload| caseload.ranked().iter().map(|r| (r.client, r.band, r.reasons.clone())).collect::<Vec<_>>();
        let whole = order(&Caseload::new(clients.clone(), &rules, today));
        let mut mixed = clients.clone();
        for (a, b) in swaps {
            if a < mixed.len() && b < mixed.len() {
                mixed.swap(a, b);
            }
        }
        prop_assert_eq!(&whole, &order(&Caseload::new(mixed.clone(), &rules, today)));
        // One after the other, each first as someone else.
        let mut one_by_one = Caseload::default();
        for facts in &mixed {
            let mut before = quiet(&facts.name);
            before.id = facts.id;
            one_by_one.update(before, &rules, today);
        }
        for facts in mixed {
            one_by_one.update(facts, &rules, today);
        }
        prop_assert_eq!(&whole, &order(&one_by_one));
        // Nobody is hidden: everyone not closed is there, whoever is in crisis in the first band.
        let open = |facts: &&ClientFacts| facts.status != ClientStatus::Closed || !facts.crisis.is_empty();
        prop_assert_eq!(whole.len(), clients.iter().filter(open).count());
        for facts in clients.iter().filter(|facts| !facts.crisis.is_empty()) {
            prop_assert!(whole.iter().any(|(client, band, _)| *client == facts.id && *band == Band::Now));
        }
    }
}
