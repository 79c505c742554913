//! One hard day, twenty people, one order: what an experienced supervisor of four practices would sign.
//!
//! The people stand in `tests/data/days/hard-day.txt`; the order and the choices it rests on stand here.

use std::collections::HashMap;

use caseload::store::Store;
use caseload::triage::{Band, Caseload, Class, Clock, DeskWork, Rules, why_before};

use crate::common::day::{MORNING, PEOPLE, enter, enter_people, moment, store};

fn ranked(store: &Store, rules: &Rules, when: &str) -> Caseload {
    Caseload::new(store.all_facts().unwrap(), rules, moment(when))
}

/// Name, band and class of everyone, in order.
fn order(caseload: &Caseload) -> Vec<(String, Band, Option<Class>)> {
    let of = |ranked: &caseload::triage::Ranked| {
        let class = ranked.about_people().next().map(|reason| reason.class);
        (caseload.facts_of(ranked).name.clone(), ranked.band, class)
    };
    caseload.ranked().iter().map(of).collect()
}

use Band::{Later, Now, Today};
use Class::{Care, Contact, HomeAndRights, Life, Promise};

const ORDER: [(&str, Band, Option<Class>); 20] = [
    ("Carl Munro", Now, Some(Life)),
    ("Andre Baptiste", Now, Some(Life)),
    ("Emil Haddad", Now, Some(Life)),
    ("Bea Lindqvist", Now, Some(Life)),
    ("Dolores Okafor", Now, Some(Life)),
    ("Fatima Reyes", Now, Some(Life)),
    ("Gus Petrov", Now, Some(Life)),
    ("Hana Kim", Now, Some(Life)),
    ("Lena Fischer", Now, Some(HomeAndRights)),
    ("Kiran Shah", Now, Some(HomeAndRights)),
    ("Jamal Whitaker", Now, Some(HomeAndRights)),
    ("Sam Tierney", Now, Some(Contact)),
    ("Noor Aziz", Today, Some(Life)),
    ("Olga Brandt", Today, Some(Promise)),
    ("Pavel Novak", Today, Some(Promise)),
    ("Quentin Lowe", Today, Some(Contact)),
    ("Rosa Iturbe", Today, Some(Contact)),
    ("Mona Adler", Today, Some(Care)),
    ("Uri Feld", Later, None),
    ("Tova Grant", Later, None),
];

#[track_caller]
fn assert_order(caseload: &Caseload, wanted: &[(&str, Band, Option<Class>)]) {
    let found = order(caseload);
    let wanted: Vec<_> = wanted.iter().map(|(name, band, class)| (name.to_string(), *band, *class)).collect();
    assert_eq!(found, wanted);
}

#[test]
fn twenty_people_stand_in_the_order_that_a_supervisor_would_sign() {
    let mut store = store();
    let rules = enter(&mut store, str::to_string, false);
    let caseload = ranked(&store, &rules, MORNING);
    assert_order(&caseload, &ORDER);
    let clock = Clock::new(moment(MORNING));
    let lines: Vec<String> = caseload
        .ranked()
        .iter()
        .map(|ranked| {
            let facts = caseload.facts_of(ranked);
            format!("{:15} {}", facts.name, rules.headline(ranked, facts, &clock))
        })
        .collect();
    insta::assert_snapshot!("the_hard_day", lines.join("\n"));
    let desk = DeskWork::of(&caseload, &rules, &clock, |_| true);
    assert_eq!(desk.in_words(), "2 notes to sign (2 late entries), 1 plan missing");
    assert_eq!(desk.things(), 3);
    assert_eq!(caseload.ranked().iter().filter(|ranked| !ranked.put_off.is_empty()).count(), 1);
}

#[test]
fn at_twenty_past_nine_everyone_stands_as_before_and_at_ten_the_visit_is_paper() {
    let mut store = store();
    let rules = enter(&mut store, str::to_string, false);
    assert_order(&ranked(&store, &rules, "2026-12-01T09:20"), &ORDER);
    let told = |when: &str, name: &str| {
        let (caseload, clock) = (ranked(&store, &rules, when), Clock::new(moment(when)));
        let found = caseload.ranked().iter().find(|ranked| caseload.facts_of(ranked).name == name).unwrap();
        rules.headline(found, caseload.facts_of(found), &clock)
    };
    assert_eq!(told("2026-12-01T09:20", "Olga Brandt"), "today 09:00 home visit, begun");
    assert!(told("2026-12-01T09:20", "Dolores Okafor").contains("was due today 09:15, missed"));
    let ten = ranked(&store, &rules, "2026-12-01T10:00");
    let without_olga: Vec<_> = ORDER.iter().filter(|(name, ..)| *name != "Olga Brandt").copied().collect();
    let found: Vec<_> = order(&ten).into_iter().filter(|(name, ..)| name != "Olga Brandt").collect();
    assert_eq!(found.len(), without_olga.len());
    assert!(found.iter().zip(&without_olga).all(|(found, wanted)| found.0 == wanted.0 && found.1 == wanted.1));
    let clock = Clock::new(moment("2026-12-01T10:00"));
    assert_eq!(DeskWork::of(&ten, &rules, &clock, |_| true).things(), 4);
    let count = |band| ten.ranked().iter().filter(|ranked| ranked.band == band).count();
    assert_eq!((count(Now), count(Today)), (12, 5));
}

#[test]
fn the_order_does_not_hang_on_names_or_on_the_order_of_entering() {
    let mut turned = store();
    let rules = enter(&mut turned, str::to_string, true);
    assert_order(&ranked(&turned, &rules, MORNING), &ORDER);
    // Everyone renamed, so that the alphabet would turn the order round.
    let renamed: HashMap<&str, String> = ORDER
        .iter()
        .enumerate()
        .map(|(at, (name, ..))| (*name, format!("{0}ey {0}son", (b'Z' - at as u8) as char)))
        .collect();
    let mut other = store();
    let rules = enter(&mut other, |name| renamed[name].clone(), false);
    let found: Vec<String> = order(&ranked(&other, &rules, MORNING)).into_iter().map(|(name, ..)| name).collect();
    let wanted: Vec<String> = ORDER.iter().map(|(name, ..)| renamed[name].clone()).collect();
    assert_eq!(found[..18], wanted[..18]);
}

#[test]
fn the_day_after_with_nothing_done_nobody_stands_lower() {
    let mut store = store();
    let rules = enter(&mut store, str::to_string, false);
    let before: HashMap<String, (Band, Option<Class>)> =
        order(&ranked(&store, &rules, MORNING)).into_iter().map(|(name, band, class)| (name, (band, class))).collect();
    for (name, band, class) in order(&ranked(&store, &rules, "2026-12-02T08:30")) {
        let was = before[&name];
        match name.as_str() {
            // Their visits are over.
            "Olga Brandt" | "Pavel Novak" => {}
            // The hearing is over: how did it go?
            "Kiran Shah" => assert_eq!((band, class), (Today, Some(HomeAndRights))),
            _ => assert!((band, class.unwrap_or(Class::Paper)) <= (was.0, was.1.unwrap_or(Class::Paper)), "{name}"),
        }
    }
}

#[test]
fn the_order_says_why_in_words() {
    let mut store = store();
    let rules = enter(&mut store, str::to_string, false);
    let caseload = ranked(&store, &rules, MORNING);
    let clock = Clock::new(moment(MORNING));
    let lines: Vec<String> = caseload
        .ranked()
        .windows(2)
        .map(|pair| {
            let names = (caseload.facts_of(&pair[0]).name.as_str(), caseload.facts_of(&pair[1]).name.as_str());
            format!("{} before {}: {}", names.0, names.1, why_before(&pair[0], &pair[1], names, &clock))
        })
        .collect();
    insta::assert_snapshot!("why_each_stands_before_the_next", lines.join("\n"));
}

/// The order of a few people, by their first names.
fn few(people: &str, when: &str) -> Vec<String> {
    let mut store = store();
    let rules = enter_people(&mut store, people, str::to_string, false);
    let found = order(&ranked(&store, &rules, when)).into_iter();
    found.map(|(name, ..)| name.split(' ').next().unwrap().to_string()).collect()
}

/// Choice 1: the kind's urgency, then several grave reasons, then what nobody has answered, then the newest.
#[test]
fn of_open_crises_the_more_urgent_the_more_the_unanswered_and_the_newest_come_first() {
    let people = "\
Hugo Hours | area=social-work
    incident kind=missing began=2026-12-01T08:00
Minna Minutes | area=social-work
    incident kind=overdose began=2026-11-30T08:00
Nils Newer | area=social-work
    incident kind=overdose began=2026-11-30T09:00
Hanna Handled | area=social-work
    incident kind=overdose began=2026-12-01T08:20 called=\"911, on their way\"
Sven Several | area=social-work
    incident kind=child began=2026-11-28T08:00 report=due report_due=2026-12-02T08:00
Tove Tonight | area=social-work
    incident kind=housing began=2026-12-01T08:25
Una Undated | area=social-work crisis=\"says goodbye\"
";
    assert_eq!(few(people, MORNING), ["Una", "Nils", "Minna", "Hanna", "Sven", "Hugo", "Tove"]);
}

/// Choice 2: neither closing nor waiting moves anyone with an open reason of life.
#[test]
fn status_moves_nobody_with_an_open_reason_of_life() {
    let opened = PEOPLE
        .replace("status=closed closed=2026-11-30 closing_reason=\"lost contact\"", "")
        .replace("status=waiting", "");
    assert_eq!(few(&opened, MORNING)[..8], few(PEOPLE, MORNING)[..8]);
    let closed = PEOPLE.replace("Gus Petrov |", "Gus Petrov | status=closed closed=2026-11-30");
    assert_eq!(few(&closed, MORNING)[..8], few(PEOPLE, MORNING)[..8]);
}

/// Choice 3: what stands in *now* as a matter of life.
#[test]
fn what_is_about_life_stands_in_now() {
    for record in [
        "incident kind=other began=2026-11-30T08:00",
        "incident kind=adult began=2026-11-29T08:00 resolved=2026-11-29T09:00 report=due report_due=2026-12-01T20:00",
        "assessment instrument=c-ssrs on=2026-11-30 answers=1=1;2=1;3=0;4=1;5=0;6=0",
        "stay kind=detox hospital=Mercy admitted=2026-11-10 discharged=2026-11-20",
        "stay kind=emergency-psychiatric hospital=Mercy admitted=2026-11-20 discharged=2026-11-20",
        "medication name=warfarin refill=2026-11-28",
    ] {
        let mut store = store();
        let people = format!("Ana One | area=social-work\n    {record}\n");
        let rules = enter_people(&mut store, &people, str::to_string, false);
        let found = order(&ranked(&store, &rules, MORNING));
        assert_eq!((found[0].1, found[0].2), (Now, Some(Life)), "{record}");
    }
}

/// Choice 4: by the day of the loss, what has no hour before what has one, then by the clock, what is past its day last.
#[test]
fn homes_and_rights_by_the_day_of_their_loss() {
    let people = "\
Late Lost | area=social-work
    housing kind=rental notice=2026-11-01 must_leave=2026-11-29
Nine Hearing | area=social-work
    advocacy kind=fair-hearing institution=County status=filed filed=2026-11-01 hearing=2026-12-01T09:00
Four Hearing | area=social-work
    advocacy kind=fair-hearing institution=County status=filed filed=2026-11-01 hearing=2026-12-01T16:00
Open Office | area=social-work
    advocacy kind=appeal institution=County deadline=2026-12-01
Next Day | area=social-work
    housing kind=rental notice=2026-11-01 must_leave=2026-12-02
";
    assert_eq!(few(people, MORNING), ["Open", "Nine", "Four", "Next", "Late"]);
}

/// Choice 5: days over against days allowed, at least 7 of them counted, at most three times over.
#[test]
fn a_silence_is_measured_by_what_was_allowed() {
    let people = "\
Quick Quarter | area=social-work intensity=light no-contact
    note kind=phone when=2026-07-01T11:00 minutes=10 signed
Wim Weekly | area=social-work intensity=intensive no-contact
    note kind=phone when=2026-11-10T11:00 minutes=10 signed
Long Weekly | area=social-work intensity=intensive no-contact
    note kind=phone when=2026-06-02T11:00 minutes=10 signed
Zoe Weekly | area=social-work intensity=intensive no-contact
    note kind=phone when=2026-10-01T11:00 minutes=10 signed
";
    // Beyond three times what was allowed nobody is told apart but by name: Long and Zoe.
    assert_eq!(few(people, MORNING), ["Long", "Zoe", "Wim", "Quick"]);
}

/// Choice 6: contact is in *now* only after a hospital stay; promise, care and paper never are.
#[test]
fn only_life_rights_and_what_is_owed_after_a_stay_reach_now() {
    for rule in Rules::standard().iter().filter(|rule| rule.now.is_some()) {
        let owed = rule.id.starts_with("discharge-") && rule.class == Contact;
        assert!(owed || [Life, HomeAndRights].contains(&rule.class), "{} reaches now", rule.id);
    }
}
