//! What holds for any answers.

use proptest::prelude::*;

use super::*;

/// Answers an instrument as a person could: item by item, as it is asked, by `picks`; some are left out.
fn answered(instrument: &Instrument, picks: &[u32], leave_out: bool) -> Answers {
    let mut given = Answers::default();
    for (item, pick) in instrument.items.iter().zip(picks) {
        let asked = instrument.to_ask(&given).any(|asked| asked.id == item.id);
        if !asked || (leave_out && pick % 5 == 0) {
            continue;
        }
        let pick = i64::from(pick / 5);
        let value = match &item.asks {
            Asks::OneOf(choices) => choices[pick as usize % choices.len()].value,
            Asks::Number { min, max, .. } => min + pick % (max - min + 1),
        };
        given.set(&item.id, value);
    }
    given
}

proptest! {
    #[test]
    fn a_score_lies_in_its_range_and_in_one_band(
        picks in proptest::collection::vec(any::<u32>(), 30),
        leave_out in any::<bool>(),
    ) {
        for instrument in Instruments::standard().iter() {
            let given = answered(instrument, &picks, leave_out);
            match instrument.score(&given) {
                Ok(scored) => {
                    let (low, high) = instrument.range;
                    prop_assert!((low..=high).contains(&scored.total), "{} {given}", instrument.code);
                    prop_assert!(!scored.readings.is_empty());
                    for reading in &scored.readings {
                        let cut_off = instrument.cut_offs.iter().find(|cut_off| cut_off.people == reading.people).unwrap();
                        let ends = cut_off.bands.iter().skip(1).map(|band| band.from - 1).chain([high]);
                        let within = cut_off.bands.iter().zip(ends).filter(|(band, end)| (band.from..=*end).contains(&scored.total));
                        let within: Vec<&Band> = within.map(|(band, _)| band).collect();
                        prop_assert_eq!(within, vec![&reading.band]);
                    }
                    for part in scored.subscales.iter().filter(|part| part.total.is_some()) {
                        prop_assert!((part.range.0..=part.range.1).contains(&part.total.unwrap()));
                    }
                    prop_assert!(!scored.says().is_empty());
                }
                Err(NotScored::Incomplete { missing, alerts, .. }) => {
                    prop_assert!(leave_out && !missing.is_empty());
                    prop_assert_eq!(alerts, instrument.alerts(&given));
                }
                Err(error) => prop_assert!(false, "{}: {error}", instrument.code),
            }
        }
    }

    #[test]
    fn answers_come_back_from_their_line(pairs in proptest::collection::vec(("[a-z0-9][a-z0-9-]{0,6}", -1_000_000i64..=1_000_000), 0..40)) {
        let mut given = Answers::default();
        for (id, value) in &pairs {
            given.set(&id.parse().unwrap(), *value);
        }
        let line = given.to_string();
        prop_assert_eq!(&line.parse::<Answers>().unwrap(), &given);
        let turned: Vec<&str> = line.split(';').rev().collect();
        prop_assert_eq!(turned.join(";").parse::<Answers>().unwrap().to_string(), line);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}", shaped in "[a-c0-3=;<>! -]{0,40}") {
        let _ = text.parse::<Answers>().map(|answers| assert_eq!(answers.to_string().parse(), Ok(answers)));
        let _ = shaped.parse::<Answers>();
        let _ = Condition::parse(&text);
        let _ = Condition::parse(&shaped);
        let _ = Instruments::standard().overlay_folder([("own.toml", text.as_str()), ("other.toml", shaped.as_str())]);
    }
}

#[test]
fn a_line_of_answers_has_one_form_and_nonsense_is_refused_in_words() {
    assert_eq!(answers("10=1;9=2;6b=0;6=1").to_string(), "6=1;6b=0;9=2;10=1");
    assert_eq!(answers("").to_string(), "");
    for (line, why) in [
        ("1", "\"1\" is not an answer"),
        ("1=2;", "\"\" is not an answer"),
        ("1=2,2=0", "not a whole number"),
        ("1=two", "not a whole number"),
        ("1=02", "not a whole number"),
        ("1=+2", "not a whole number"),
        ("1=1.5", "not a whole number"),
        ("1=1000001", "not a whole number"),
        ("1= 2", "not a whole number"),
        ("=2", "cannot stand for an item"),
        ("Item=2", "cannot stand for an item"),
        ("\u{1b}[31m=2", "cannot stand for an item"),
        ("1=2;1=2", "answered twice"),
    ] {
        let error = line.parse::<Answers>().unwrap_err().to_string();
        assert!(error.contains(why), "{line}: {error}");
        assert!(!error.contains('\u{1b}'));
    }
    let many: Vec<String> = (0..501).map(|item| format!("{item}=1")).collect();
    assert_eq!(many.join(";").parse::<Answers>(), Err(AnswersError::TooMany));
}

#[test]
fn conditions_hold_as_they_read_and_silence_makes_none_hold() {
    let given = answers("1=2;2=0");
    for (text, holds) in [
        ("1=2", true),
        ("1!=2", false),
        ("1>=2", true),
        ("1<=1", false),
        ("1>1", true),
        ("2<0", false),
        ("2=1 or 1=2", true),
        ("2=1 and 1=2 or 1=2", true),
        ("1=2 or 2=1 and 2=1", true),
        ("2=1 and 1=2", false),
        ("3=0", false),
        ("3!=0", false),
        ("3<5 or 3>=5", false),
    ] {
        assert_eq!(Condition::parse(text).unwrap().holds(|name| given.get(name)), holds, "{text}");
    }
}

#[test]
fn every_choice_has_a_key_of_its_own_and_the_key_finds_it() {
    for instrument in Instruments::standard().iter() {
        for item in &instrument.items {
            let Asks::OneOf(choices) = &item.asks else { continue };
            for choice in choices {
                assert_eq!(item.by_key(choice.key), Some(choice), "{} {}", instrument.code, item.id);
                assert_eq!(item.in_words(choice.value), choice.label);
            }
            assert_eq!(item.by_key('?'), None);
        }
    }
    assert_eq!(shipped("lace").item("l").unwrap().in_words(5), "5 days");
}
