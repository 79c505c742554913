//! The one door for the fields of an assessment: what a person types is refused where the answers say otherwise, what a
//! file says is put right.

use chrono::NaiveDate;

use super::*;
use crate::model::records::assessment as field;
use crate::model::{FieldId, Row, RowId, Value};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn row(values: &[(FieldId, Value)]) -> Row {
    let id = RowId::derived(&["row"]);
    let mut row = Row::new(&field::TYPE, id, id);
    for (field, value) in values {
        row.put(*field, value.clone());
    }
    row
}

fn around<'a>(instruments: &'a Instruments, others: &'a [Row]) -> Around<'a> {
    Around { instruments, others, today: day("2026-11-26") }
}

/// What is written of `said` into a new row.
fn new(said: &[(FieldId, Value)], hand: Hand) -> Result<(Row, Vec<String>), String> {
    let instruments = Instruments::standard();
    let mut said = said.to_vec();
    if !said.iter().any(|(known, _)| *known == field::on) {
        said.push((field::on, day("2026-11-26").into()));
    }
    let settled = settle(said, &row(&[]), true, hand, around(&instruments, &[]))?;
    Ok((row(&settled.values), settled.told))
}

/// What is written of `said` into a row that is there.
fn edit(before: &Row, said: &[(FieldId, Value)], hand: Hand) -> Result<(Row, Vec<String>), String> {
    let instruments = Instruments::standard();
    let settled = settle(said.to_vec(), before, false, hand, around(&instruments, &[]))?;
    let mut after = before.clone();
    for (field, value) in settled.values {
        after.put(field, value);
    }
    Ok((after, settled.told))
}

fn of(instrument: &str, more: &[(FieldId, Value)]) -> Vec<(FieldId, Value)> {
    [&[(field::instrument, instrument.into())], more].concat()
}

const NINE: &str = "1=2;2=2;3=2;4=2;5=1;6=1;7=1;8=0;9=1";

#[test]
fn who_sets_answers_gets_what_they_give() {
    for (line, kept, score, band, urgent) in [
        (NINE, NINE, Some(12), "Moderate", true),
        ("9=0;1=0;2=0;3=0;4=0;5=0;6=0;7=0;8=0", "1=0;2=0;3=0;4=0;5=0;6=0;7=0;8=0;9=0", Some(0), "Minimal", false),
        ("9=2", "9=2", None, BEGUN, true),
        ("9 = Nearly daily", "9=3", None, BEGUN, true),
        ("1=several days, 9=over half the days", "1=1;9=2", None, BEGUN, true),
        ("1=1 2=0 9=0", "1=1;2=0;9=0", None, BEGUN, false),
        ("1=3;2=3;3=3;4=3;5=3;6=3;7=3;8=3", "1=3;2=3;3=3;4=3;5=3;6=3;7=3;8=3", None, "Severe", false),
    ] {
        for hand in [Hand::Typed, Hand::Taken] {
            let (row, told) = new(&of("phq-9", &[(field::answers, line.into())]), hand).unwrap();
            assert_eq!((row.text(field::answers), row.whole(field::score)), (kept, score), "{line}");
            assert_eq!((row.text(field::band), !row.text(field::urgent).is_empty()), (band, urgent), "{line}");
            assert_eq!(told, [""; 0], "{line}");
        }
    }
}

#[test]
fn no_score_band_or_alarm_that_the_answers_do_not_give() {
    let told = |of_field: FieldId, value: Value| of("phq-9", &[(field::answers, NINE.into()), (of_field, value)]);
    for (said, why) in [
        (told(field::score, Value::Whole(3)), "the answers give 12 of 27: Moderate, not 3"),
        (told(field::band, "Minimal".into()), "not \"Minimal\""),
        (told(field::urgent, "".into()), "stays until someone has acted on it"),
        (told(field::urgent, "nothing".into()), "What demands action"),
        (
            of("phq-9", &[(field::answers, "9=2".into()), (field::score, Value::Whole(3))]),
            "no score, for items are missing",
        ),
        (of("phq-9", &[(field::answers, "9=4".into())]), "It may be 0 Not at all"),
        (of("phq-9", &[(field::answers, "10=1".into())]), "has no item \"10\""),
        (of("phq-9", &[(field::answers, "9=2;9=0".into())]), "answered twice"),
        (of("phq-9", &[(field::answers, "a few".into())]), "is not an answer"),
        (of("phq-9", &[(field::score, Value::Whole(28))]), "goes from 0 to 27"),
        (
            of("phq-9", &[(field::score, Value::Whole(12)), (field::band, "Severe".into())]),
            "12 is Moderate, not \"Severe\"",
        ),
        (of("phq-9", &[(field::band, "Terrible".into())]), "It has: Minimal, Mild"),
        (of("phq-9", &[(field::on, day("2026-11-27").into())]), "still to come"),
        (of("phq-9", &[(field::answers, NINE.into()), (field::answered, day("2026-11-27").into())]), "still to come"),
        (
            of("phq-9", &[(field::answers, NINE.into()), (field::answered, day("2025-11-26").into())]),
            "before the day of the answers",
        ),
    ] {
        let refused = new(&said, Hand::Typed).unwrap_err();
        assert!(refused.contains(why), "{said:?}: {refused}");
        // A file that says so is put right: the answers count, and nothing of the rest is kept.
        if let Ok((row, told)) = new(&said, Hand::Taken) {
            if row.text(field::answers) == NINE {
                assert_eq!((row.whole(field::score), row.text(field::band)), (Some(12), "Moderate"), "{said:?}");
                assert!(!row.text(field::urgent).is_empty() && row.date(field::answered).is_none(), "{said:?}");
            }
            let silent = said.iter().any(|(known, _)| *known == field::urgent || *known == field::on);
            assert_eq!(told.is_empty(), silent, "{said:?}: {told:?}");
        }
    }
    // What agrees is taken as it is, whatever its case.
    let same = of(
        "phq-9",
        &[(field::answers, NINE.into()), (field::score, Value::Whole(12)), (field::band, "moderate".into())],
    );
    assert_eq!(new(&same, Hand::Typed).unwrap().0.text(field::band), "Moderate");
}

#[test]
fn a_total_that_came_alone_is_kept_with_its_band_and_alarms_where_it_must() {
    for (code, score, band, urgent) in [
        ("phq-9", 12, "Moderate", false),
        ("phq-9", 24, "Severe", false),
        // Eight items give 24 at most.
        ("phq-9", 25, "Severe", true),
        ("gad-7", 15, "Severe", false),
        ("audit-c", 3, "for women (3 or more) Positive; for men (4 or more) Below the cut-off", false),
        ("c-ssrs", 3, "High risk", true),
        ("c-ssrs", 2, "Moderate risk", true),
        ("c-ssrs", 1, "Low risk", false),
    ] {
        let (row, _) = new(&of(code, &[(field::score, Value::Whole(score))]), Hand::Taken).unwrap();
        assert_eq!((row.whole(field::score), row.text(field::band)), (Some(score), band), "{code} {score}");
        assert_eq!(!row.text(field::urgent).is_empty(), urgent, "{code} {score}");
    }
    let all = Instruments::standard();
    let (row, _) = new(&of("c-ssrs", &[(field::band, "high".into())]), Hand::Taken).unwrap();
    assert_eq!((row.text(field::band), row.whole(field::score)), ("High risk", None));
    assert_eq!(all.gravity("c-ssrs", row.text(field::answers), row.text(field::urgent)), 975);
}

#[test]
fn what_demands_action_is_nobodys_to_clear() {
    let (alarm, _) = new(&of("phq-9", &[(field::answers, "9=2".into())]), Hand::Typed).unwrap();
    for said in [(field::urgent, Value::Empty), (field::answers, Value::Empty), (field::urgent, "fine".into())] {
        assert!(edit(&alarm, std::slice::from_ref(&said), Hand::Typed).is_err(), "{said:?}");
        let (after, _) = edit(&alarm, std::slice::from_ref(&said), Hand::Taken).unwrap();
        assert_eq!(after.get(field::urgent), alarm.get(field::urgent), "{said:?}");
    }
    assert!(may_go(&alarm).is_err());
    // An alarm of an instrument that is not here any more, and one that a person raised, stay too.
    let strange = row(&[(field::instrument, "gone".into()), (field::urgent, "Act".into())]);
    assert!(edit(&strange, &[(field::urgent, Value::Empty)], Hand::Typed).is_err());
    let raised = row(&[(field::instrument, "phq-9".into()), (field::urgent, "She said so on the phone".into())]);
    assert!(edit(&raised, &[(field::urgent, Value::Empty)], Hand::Typed).is_err());
    // Answering is how it is answered; then it may go.
    let (answered, _) = edit(&alarm, &[(field::answered, day("2026-11-26").into())], Hand::Typed).unwrap();
    assert!(may_go(&answered).is_ok() && waits(&answered).is_none());
    // Graver answers ask again.
    let (graver, _) = edit(&answered, &[(field::answers, "9=0".into())], Hand::Typed).unwrap();
    assert_eq!(graver.text(field::urgent), "");
    let (again, _) = edit(&graver, &[(field::answers, "9=3".into())], Hand::Typed).unwrap();
    assert!(waits(&again).is_some());
}

/// Ours: the triage points say nothing of a screen that is repeated.
#[test]
fn behavior_long_ago_that_was_evaluated_alarms_again_only_on_a_change() {
    let all = Instruments::standard();
    let past = "1=0;2=0;6=1;6b=0";
    let earlier = |id: &str, on: &str, line: &str, evaluated: Option<&str>| {
        let mut row = Row::new(&field::TYPE, RowId::derived(&[id]), RowId::derived(&["client"]));
        row.put(field::instrument, "c-ssrs");
        row.put(field::on, day(on));
        row.put(field::answers, line);
        if let Some(evaluated) = evaluated {
            row.put(field::evaluated, day(evaluated));
        }
        row
    };
    let evaluated = || earlier("a", "2026-06-01", past, Some("2026-06-02"));
    for (others, line, alarms) in [
        (vec![], past, true),
        (vec![earlier("a", "2026-06-01", past, None)], past, true),
        (vec![evaluated()], past, false),
        (vec![evaluated(), earlier("b", "2026-08-01", past, None)], past, false),
        // A change, and a change in between.
        (vec![evaluated()], "1=1;2=0;6=1;6b=0", true),
        (vec![evaluated(), earlier("b", "2026-08-01", "1=1;2=0;6=1;6b=0", None)], past, true),
        // What is of now is urgent each time.
        (
            vec![earlier("a", "2026-06-01", "1=1;2=1;3=1;4=0;5=0;6=1;6b=0", Some("2026-06-02"))],
            "1=1;2=1;3=1;4=0;5=0;6=1;6b=0",
            true,
        ),
        // Evaluated after the screen is not evaluated before it; one of a later day says nothing.
        (vec![earlier("a", "2026-06-01", past, Some("2026-11-27"))], past, true),
        (vec![earlier("a", "2026-11-27", past, Some("2026-11-27"))], past, true),
    ] {
        let said = of("c-ssrs", &[(field::answers, line.into()), (field::on, day("2026-11-26").into())]);
        let settled = settle(said, &row(&[]), true, Hand::Typed, around(&all, &others)).unwrap();
        let urgent = row(&settled.values).text(field::urgent).to_string();
        assert_eq!(!urgent.is_empty(), alarms, "{line} after {others:?}");
    }
    // Evaluating it is what was asked: it is answered.
    let (alarm, _) = new(&of("c-ssrs", &[(field::answers, past.into())]), Hand::Typed).unwrap();
    let (after, _) = edit(&alarm, &[(field::evaluated, day("2026-11-26").into())], Hand::Typed).unwrap();
    assert_eq!(after.date(field::answered), Some(day("2026-11-26")));
}

#[test]
fn what_another_edition_asked_stays_as_it_is() {
    let old = row(&[
        (field::instrument, "phq-9".into()),
        (field::on, day("2026-11-01").into()),
        (field::answers, "1=1;12=1".into()),
        (field::score, Value::Whole(2)),
        (field::band, "Old".into()),
        (field::urgent, "Act".into()),
    ]);
    let (after, _) = edit(&old, &[(field::about, "a note".into())], Hand::Typed).unwrap();
    assert_eq!((after.whole(field::score), after.text(field::urgent)), (Some(2), "Act"));
    let (after, _) = edit(&old, &[(field::on, day("2026-11-02").into())], Hand::Typed).unwrap();
    assert_eq!(
        (after.whole(field::score), after.text(field::band), after.text(field::urgent)),
        (Some(2), "Old", "Act")
    );
    assert!(edit(&old, &[(field::urgent, Value::Empty)], Hand::Typed).is_err());
    assert!(edit(&old, &[(field::score, Value::Whole(0))], Hand::Typed).is_err());
}

#[test]
fn answers_are_read_as_people_and_forms_have_them() {
    for (code, line, kept) in [
        ("phq-9", "9=more than half the days; 1=Nearly every day", "1=3;9=2"),
        ("c-ssrs", "1=y, 2=N, 6=yes, 6B=no", "1=1;2=0;6=1;6b=0"),
        ("audit-c", "1=2 to 4 times a month;2=1-2, or none;3=Never", "1=2;2=0;3=0"),
        ("hunger", "1=often true; 2=s", "1=2;2=1"),
        ("lace", "l=5 days; a=yes; c=1 point; e=0", "a=1;c=1;e=0;l=5"),
        ("dast-10", "1=yes 2=no 3=no", "1=1;2=0;3=0"),
        ("phq-9", " ", ""),
    ] {
        assert_eq!(shipped(code).read(line).map(|given| given.to_string()), Ok(kept.to_string()), "{code} {line}");
    }
    for (code, line) in [
        ("lace", "l=-1"),
        ("lace", "l=5 weeks"),
        ("audit-c", "1=5"),
        ("gad-7", "8=1"),
        ("phq-2", "1=2.5"),
        ("hunger", "1"),
    ] {
        assert!(shipped(code).read(line).is_err(), "{code} {line}");
    }
    let all = Instruments::standard();
    for typed in ["phq-9", "PHQ-9", "phq9", "C-SSRS screener", "cssrs"] {
        assert!(all.meant(typed).is_some(), "{typed}");
    }
    assert!(all.meant("phq").is_none());
}
