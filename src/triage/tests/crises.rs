//! A crisis in the client's own words beside open incidents: told once where both speak of the same, and never left out.

use super::*;
use crate::model::records::incident;

/// The moment at which all of it was written down, in milliseconds since 1970.
const WRITTEN: u64 = 1_795_530_000_000;

fn incident(kind: &str, began: &str, written: u64) -> Mark {
    let practice = crate::practice::Practice::standard();
    Mark {
        record: incident::TYPE.number,
        row: RowId::new(written),
        what: kind.into(),
        dates: vec![(incident::began.field, DueAt::Hour(hour(began)))],
        words: vec![(incident::kind.field, practice.crisis(kind).map_or(kind, |kind| &kind.code).into())],
    }
}

fn person(said: &[&str], incidents: Vec<Mark>) -> ClientFacts {
    let mut facts = quiet("Carlos");
    facts.crisis = said.iter().map(ToString::to_string).collect();
    facts.crisis_written = Some((WRITTEN / 1000) as i64);
    facts.marks = incidents;
    facts
}

const MORNING: &str = "2026-11-24T08:00:00-05:00";

/// The reasons as words, and how many grave ones there are.
fn told(facts: &ClientFacts) -> (Vec<String>, usize) {
    let told = super::told(facts, TODAY);
    let rules = Rules::standard();
    let caseload = Caseload::new(vec![facts.clone()], &rules, at(TODAY));
    let grave = caseload.ranked()[0].reasons.iter().filter(|reason| reason.class == Class::Life).count();
    (told.into_iter().map(|told| told.text).collect(), grave)
}

#[test]
fn words_on_an_open_incident_are_told_once_with_it() {
    for (said, kind, text) in [
        // As the crisis screen writes it.
        (vec!["Suicide risk"], "suicide", "Suicide risk, since today 08:00: not resolved"),
        // In words of its kind, whenever either was written down.
        (
            vec!["said yesterday that she cannot go on"],
            "suicide",
            "Suicide risk, \"said yesterday that she cannot go on\", since today 08:00: not resolved",
        ),
        (
            vec!["locked out", "Loss of housing"],
            "housing",
            "Loss of housing, \"locked out\", since today 08:00: not resolved",
        ),
        // In words that tell of no kind, written down at about the same time.
        (
            vec!["lost the job and all with it"],
            "housing",
            "Loss of housing, \"lost the job and all with it\", since today 08:00: not resolved",
        ),
    ] {
        let facts = person(&said, vec![incident(kind, MORNING, WRITTEN - 3_600_000)]);
        assert_eq!(told(&facts), (vec![text.to_string()], 1), "{said:?}");
    }
}

#[test]
fn words_on_something_else_stay_a_crisis_of_their_own() {
    let hour_ago = WRITTEN - 3_600_000;
    let weeks_ago = WRITTEN - 21 * 86_400_000;
    for (said, incidents, own) in [
        // Of another kind; of two kinds of which one has no incident.
        (vec!["locked out", "Child in danger"], vec![incident("child", MORNING, hour_ago)], "locked out"),
        (vec!["took pills, cannot go on"], vec![incident("suicide", MORNING, hour_ago)], "took pills, cannot go on"),
        // The name of a kind that is not open; of an incident that is over.
        (vec!["Overdose"], vec![incident("suicide", MORNING, hour_ago)], "Overdose"),
        // Of no kind, and written long after the incident.
        (vec!["it happens again"], vec![incident("child", "2026-11-03T08:00:00-05:00", weeks_ago)], "it happens again"),
    ] {
        let (texts, grave) = told(&person(&said, incidents));
        assert_eq!((texts.len(), grave), (2, 2), "{texts:?}");
        assert!(texts.contains(&format!("in crisis: {own}")), "{texts:?}");
    }
    // Once the incident is over, what was said beside it stands for itself until somebody says that it is over too.
    let mut over = incident("suicide", MORNING, hour_ago);
    over.dates.push((incident::resolved.field, DueAt::Hour(hour("2026-11-24T11:00:00-05:00"))));
    assert_eq!(told(&person(&["cannot go on"], vec![over])).0, ["in crisis: cannot go on"]);
    // With both open both are told, each with its own words.
    let both = vec![incident("suicide", MORNING, hour_ago), incident("housing", MORNING, hour_ago)];
    let (texts, _) = told(&person(&["cannot go on", "locked out"], both));
    assert_eq!(
        texts,
        [
            "Suicide risk, \"cannot go on\", since today 08:00: not resolved",
            "Loss of housing, \"locked out\", since today 08:00: not resolved"
        ]
    );
}

/// Telling it once makes nobody less urgent: words that tell of no kind may speak of the gravest.
#[test]
fn words_that_tell_of_no_kind_keep_the_urgency_of_an_undated_crisis() {
    let rules = Rules::standard();
    let gravity = |said: &[&str]| {
        let facts = person(said, vec![incident("housing", MORNING, WRITTEN)]);
        Caseload::new(vec![facts], &rules, at(TODAY)).ranked()[0].reasons[0].gravity
    };
    assert_eq!(gravity(&["will do it tonight"]), gravity(&["cannot go on"]));
    assert!(gravity(&["will do it tonight"]) > gravity(&["locked out"]));
    assert_eq!(gravity(&["locked out"]), gravity(&[]));
}
