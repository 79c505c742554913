use proptest::prelude::*;

use super::*;
use crate::model::records::{goal, note};

fn row(record: &'static RecordType, id: u8) -> Row {
    Row::new(record, RowId::from_bytes([id; 16]), RowId::from_bytes([9; 16]))
}

fn a_goal(words: &str) -> Row {
    let mut goal = row(&goal::TYPE, 7);
    goal.put(goal::words, words);
    goal
}

#[test]
fn a_note_is_read_back_field_by_field_and_in_the_words_it_always_had() {
    let goal = a_goal("A door that locks");
    let mut note = row(&note::TYPE, 1);
    let when = chrono::DateTime::parse_from_rfc3339("2026-11-24T08:30:00-05:00").unwrap();
    note.put(note::when, Value::Time(when));
    note.put(note::kind, "phone");
    note.put(note::minutes, Value::Whole(18));
    note.put(note::body, "first\n# 6 x\n4 Note: not a field\n\n    last");
    note.sets.push((note::goals.field, vec![goal.id.to_string()]));
    let content = write("LATE ENTRY: service on a day", "", &[&note], &[goal]);
    let sealed = read(&content).unwrap();
    assert_eq!(sealed.rows(note.stream), [note.clone()]);
    assert_eq!(differing(&sealed.rows(note.stream)[0], &note), []);
    assert_eq!(
        sealed.words(),
        "LATE ENTRY: service on a day\nWhen: 2026-11-24T08:30:00-05:00\nKind of contact: phone\nMinutes: 18\n\
         Note: first\n# 6 x\n4 Note: not a field\n\n    last\nGoals served: \"A door that locks\"\n"
    );
    // A text of before is itself.
    assert_eq!(read("When: 2026-11-24\nNote: Signed text, form 2\n"), None);
}

#[test]
fn what_another_version_calls_a_field_or_adds_to_it_changes_nothing() {
    let mut note = row(&note::TYPE, 1);
    note.put(note::kind, "phone");
    note.put(note::body, "x");
    let content = write("", "", &[&note], &[]);
    let elsewhere =
        content.replace("4 Note:", "4 Nota:").replace("phone (Phone)", "phone (Teléfono)") + "90 Later: y\n";
    let sealed = read(&elsewhere).unwrap();
    assert_eq!(differing(&sealed.rows(note.stream)[0], &note), []);
    assert_eq!(sealed.words(), "Kind of contact: phone\nNota: x\nLater: y\n", "read as it was signed");
    note.put(note::body, "y");
    assert_eq!(differing(&sealed.rows(note.stream)[0], &note), [note::body]);
}

proptest! {
    #[test]
    fn no_value_passes_for_a_field(body in "[ #\n0-9:a-c\u{85}\r]{0,40}", words in "[ \"(\n#a-c]{1,20}") {
        let goal = a_goal(&words);
        let mut note = row(&note::TYPE, 1);
        note.put(note::body, body.as_str());
        note.put(note::place, words.as_str());
        note.sets.push((note::goals.field, vec![goal.id.to_string()]));
        let sealed = read(&write("", "", &[&note], &[goal])).unwrap();
        prop_assert_eq!(sealed.rows(note.stream), [note]);
    }

    #[test]
    fn whatever_came_from_elsewhere_is_read_or_not_and_never_panics(text in "(# [0-9]{1,3} |    |[0-9]{1,6} |: |\n|a){0,30}\n") {
        let _ = read(&text);
        let _ = read(&format!("{FORM}\n{text}")).map(|sealed| (sealed.words(), sealed.rows(RowId::from_bytes([0; 16]))));
    }
}
