//! What is certain although answers are missing: worked out by hand from the points that each open item may still give.

use proptest::prelude::*;

use super::*;

/// What a partial answer says, or why it says nothing.
fn says(code: &str, line: &str) -> String {
    match shipped(code).score(&answers(line)) {
        Ok(scored) => scored.says(),
        Err(NotScored::Incomplete { .. }) => "not scored".into(),
        Err(why) => panic!("{code} {line}: {why}"),
    }
}

/// HITS: four items of 1 to 5, positive from 11 (Sherin and others, Fam Med 1998;30:508-512: above 10), as in the AHC tool.
#[test]
fn hits_is_told_as_soon_as_the_missing_answers_cannot_change_it() {
    let tool = shipped("ahc-hrsn");
    for (line, told, positive) in [
        // 5 + 5 + 5, and at least 1.
        ("7=5;8=5;9=5", "at least 16 of 20, Positive", true),
        ("7=5;8=5;10=5", "at least 16 of 20, Positive", true),
        // 5 + 5, and at least 1 twice.
        ("7=5;8=5", "at least 12 of 20, Positive", true),
        ("9=5;10=4", "at least 11 of 20, Positive", true),
        ("9=5;10=3", "not complete", false),
        ("7=5", "not complete", false),
        ("1=0", "not complete", false),
        // 1 + 1 + 1, and at most 5.
        ("7=1;8=1;9=1", "at least 4 of 20, Negative", false),
        ("7=1;8=1;9=1;10=5", "8 of 20, Negative", false),
        ("7=3;8=3;9=3;10=2", "11 of 20, Positive", true),
    ] {
        let scored = tool.score(&answers(line)).unwrap();
        assert_eq!(scored.subscales[0].says(), told, "{line}");
        assert_eq!(scored.acts_now(), positive, "{line}");
        assert_eq!(scored.needs.iter().any(|need| need.domain == Domain::Safety), positive, "{line}");
    }
    assert_eq!(tool.score(&answers("7=5;8=5;9=5")).unwrap().subscales[0].total, None);
}

/// Points and bands as in the instruments' own sources (see their files); the sums are made by hand.
#[test]
fn every_summed_instrument_tells_a_score_that_is_certain() {
    let three = |items: std::ops::RangeInclusive<i64>| -> String {
        items.map(|item| format!("{item}=3")).collect::<Vec<_>>().join(";")
    };
    for (code, line, told) in [
        // PHQ-9: severe from 20. 24, and at most 3; 21, and at most 3; 18 to 24 is both of two.
        ("phq-9", three(1..=8), "at least 24 of 27: Severe"),
        ("phq-9", format!("{};9=0", three(1..=7)), "at least 21 of 27: Severe"),
        ("phq-9", format!("{};9=0", three(1..=6)), "not scored"),
        ("phq-9", "9=2".into(), "not scored"),
        ("phq-9", "1=0;2=0;3=0;4=0;5=0;6=0;7=0;8=0".into(), "at least 0 of 27: Minimal"),
        ("phq-9", "1=2;2=0;3=0;4=0;5=0;6=0;7=0;8=0".into(), "not scored"),
        // PHQ-2: positive from 3.
        ("phq-2", "1=3".into(), "at least 3 of 6: Positive"),
        ("phq-2", "2=2".into(), "not scored"),
        ("phq-2", "2=0".into(), "not scored"),
        // GAD-7: severe from 15; 12 may still be moderate.
        ("gad-7", three(1..=5), "at least 15 of 21: Severe"),
        ("gad-7", three(1..=4), "not scored"),
        // DAST-10: no to the third item counts 1. 9 without it is severe either way, 3 moderate either way.
        ("dast-10", "1=1;2=1;4=1;5=1;6=1;7=1;8=1;9=1;10=1".into(), "at least 9 of 10: Severe"),
        ("dast-10", "1=1;2=1;4=1;5=0;6=0;7=0;8=0;9=0;10=0".into(), "at least 3 of 10: Moderate"),
        ("dast-10", "1=1;2=1;4=0;5=0;6=0;7=0;8=0;9=0;10=0".into(), "not scored"),
        ("dast-10", "3=0".into(), "not scored"),
        // AUDIT-C: 3 for women, 4 for men. Who drinks daily has 4; the rest is asked only of who drinks.
        ("audit-c", "1=4".into(), "at least 4 of 12: for women (3 or more) Positive; for men (4 or more) Positive"),
        ("audit-c", "1=3".into(), "at least 3 of 12: for women (3 or more) Positive"),
        ("audit-c", "1=3;cut-off=2".into(), "not scored"),
        ("audit-c", "1=3;cut-off=1".into(), "at least 3 of 12: Positive"),
        ("audit-c", "2=4;cut-off=2".into(), "at least 4 of 12: Positive"),
        ("audit-c", "1=1".into(), "not scored"),
        ("audit-c", "cut-off=1".into(), "not scored"),
        // LACE: high from 10; 7 for a fortnight, 3 for an emergency.
        ("lace", "l=14;a=1".into(), "at least 10 of 19: High"),
        ("lace", "l=7;a=1".into(), "not scored"),
        ("lace", "a=0;c=0;e=4;l=0".into(), "4 of 19: Low"),
        // Katz: severe up to 2.
        ("katz-adl", "1=0;2=0;3=0;4=0".into(), "at least 0 of 6: Severe: help with most"),
        ("katz-adl", "1=0;2=0;3=0".into(), "not scored"),
    ] {
        assert_eq!(says(code, &line), told, "{code} {line}");
    }
}

#[test]
fn levels_and_needs_are_told_as_soon_as_they_are_certain() {
    for (code, line, told) in [
        // Intent is high whatever else is answered; thoughts of a method are moderate or more.
        ("c-ssrs", "4=1", "High risk"),
        ("c-ssrs", "6=1;6b=1", "High risk"),
        ("c-ssrs", "2=1;3=1", "not scored"),
        ("c-ssrs", "6=1;6b=0", "not scored"),
        ("c-ssrs", "1=1", "not scored"),
        // The wish changes nothing once there are thoughts, and nothing is asked of a plan without them.
        ("c-ssrs", "2=1;3=0;4=0;5=0;6=0", "Low risk"),
        ("c-ssrs", "1=1;2=0;6=0", "Low risk"),
        ("c-ssrs", "1=0;2=0", "not scored"),
        // Either answer shows the need; one of them does not take it away.
        ("hunger", "1=1", "1 need: Food"),
        ("hunger", "2=2", "1 need: Food"),
        ("hunger", "1=0", "not scored"),
        ("hunger", "1=0;2=0", "No risk told"),
    ] {
        assert_eq!(says(code, line), told, "{code} {line}");
    }
}

#[test]
fn what_may_demand_action_and_was_not_asked_is_said_and_due_at_once() {
    let phq = shipped("phq-9");
    let day: chrono::NaiveDate = "2026-11-26".parse().unwrap();
    let scored = phq.score(&answers("1=0;2=0;3=0;4=0;5=0;6=0;7=0;8=0")).unwrap();
    assert_eq!(scored.asks(), ["Not asked yet, and the answer may not wait: Thoughts of death or self-harm"]);
    assert_eq!(phq.due_again(day, &scored), Some(day));
    let scored = phq.score(&answers("1=3;2=3;3=3;4=3;5=3;6=3;7=3;9=1")).unwrap();
    assert!(scored.to_ask.is_empty() && scored.at_least());
    assert_eq!(phq.due_again(day, &scored), "2026-12-10".parse().ok(), "severe: after a fortnight");
}

#[test]
fn a_bands_advice_gives_way_to_what_cannot_wait() {
    let asks = |code: &str, line: &str| shipped(code).score(&answers(line)).unwrap().asks();
    // Mild, with the ninth item: no watching and waiting.
    for nine in [1, 2, 3] {
        let told = asks("phq-9", &format!("1=2;2=1;3=0;4=0;5=0;6=0;7=0;8=1;9={nine}"));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("ask about suicide today"), "{told:?}");
    }
    assert_eq!(
        asks("phq-9", "1=2;2=1;3=1;4=0;5=0;6=0;7=0;8=1;9=0"),
        ["Watch and wait; ask again at the next follow-up"]
    );
    // Not safe from someone: the general question is not what comes next.
    let told = asks("ahc-hrsn", "1=1;7=5;8=5;9=5;10=5");
    assert!(told.len() == 1 && told[0].starts_with("Not safe from someone"), "{told:?}");
    // What the triage points ask for at moderate and high risk stands beside the answers.
    assert_eq!(asks("c-ssrs", "1=1;2=1;3=1;4=0;5=0;6=0").len(), 2);
    assert_eq!(asks("c-ssrs", "1=1;2=0;6=0"), ["Referral to behavioral health; make or renew the safety plan"]);
}

/// Instruments that wait for all answers, with answers to all that they ask.
fn whole(instrument: &Instrument, picks: &[u32]) -> Answers {
    let mut given = Answers::default();
    for (item, pick) in instrument.items.iter().zip(picks) {
        if instrument.to_ask(&given).any(|asked| asked.id == item.id) {
            let pick = i64::from(*pick);
            let value = match &item.asks {
                Asks::OneOf(choices) => choices[pick as usize % choices.len()].value,
                Asks::Number { min, max, .. } => min + pick % (max - min + 1),
            };
            given.set(&item.id, value);
        }
    }
    given
}

proptest! {
    /// What is told of a part is never taken back by the rest.
    #[test]
    fn what_is_certain_stays_so_when_the_rest_is_answered(
        picks in proptest::collection::vec(any::<u32>(), 30),
        left_out in any::<u32>(),
    ) {
        for instrument in Instruments::standard().iter() {
            let all = whole(instrument, &picks);
            let mut part = all.clone();
            for (at, item) in instrument.items.iter().enumerate() {
                if left_out >> at & 1 == 1 && !item.optional {
                    part.clear(item.id.as_str());
                }
            }
            // What had to be taken until somebody asked is taken back by the answer.
            for alert in instrument.alerts(&part).into_iter().filter(|alert| !alert.assumed) {
                prop_assert!(instrument.alerts(&all).contains(&alert), "{} {part}", instrument.code);
            }
            let full = instrument.score(&all).unwrap();
            let (Ok(told), Missing::Complete) = (instrument.score(&part), &instrument.missing) else { continue };
            prop_assert!((told.total..=told.most).contains(&full.total), "{} {part} of {all}", instrument.code);
            for reading in &told.readings {
                prop_assert!(full.readings.contains(reading), "{} {part} of {all}", instrument.code);
            }
            for (sub, full) in told.subscales.iter().zip(&full.subscales) {
                prop_assert!(sub.band.is_none() || sub.band == full.band);
            }
        }
    }
}
