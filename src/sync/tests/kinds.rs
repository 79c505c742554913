//! What an accepted colleague writes that is of another kind than its field, or of none at all: in every field of every record
//! type, whatever else stands in the row. It stops nobody, counts for nothing, is shown as it was written and told.

use super::forging::Forged;
use super::*;
use crate::model::records::signature;
use crate::model::{CATALOGUE, Field, Kind, RecordType};
use crate::store::ChainEnd;
use crate::store::wire::{Content, Entry, Existence, ROW_ITSELF};

/// A value that every field of a kind can hold.
fn good(kind: Kind, stream: RowId) -> Value {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    match kind {
        Kind::Line | Kind::Text | Kind::Phone => Value::text("one"),
        Kind::Date => Value::Date(day),
        Kind::Time => Value::Time(day.and_hms_opt(9, 0, 0).unwrap().and_utc().fixed_offset()),
        Kind::Whole { max, .. } => Value::Whole(max),
        Kind::Yes | Kind::Words | Kind::Choices(_) | Kind::Links(_) => Value::Yes(true),
        Kind::Choice(choices) => Value::text(choices.all().first().map_or("", |choice| choice.code)),
        Kind::Link(_) => Value::Link(stream),
        Kind::Repeat => Value::text("FREQ=WEEKLY"),
    }
}

fn element(kind: Kind) -> String {
    match kind {
        Kind::Choices(choices) => choices.all().first().map_or("", |choice| choice.code).into(),
        kind if kind.is_set() => id(7).to_string(),
        _ => String::new(),
    }
}

/// Stored forms of every kind, their ends, and bytes that are none.
fn forms() -> Vec<Vec<u8>> {
    let number = |number: i64| Value::Whole(number).encoded();
    let day = |days: i32| [vec![3], days.to_le_bytes().to_vec()].concat();
    let time =
        |seconds: i64, offset: i32| [vec![4], seconds.to_le_bytes().to_vec(), offset.to_le_bytes().to_vec()].concat();
    let longest_day = chrono::NaiveDate::MAX.signed_duration_since(chrono::NaiveDate::default()).num_days() as i32;
    let shortest_day = chrono::NaiveDate::MIN.signed_duration_since(chrono::NaiveDate::default()).num_days() as i32;
    let epoch = 719_163;
    vec![
        vec![],
        vec![0],
        vec![0, 9],
        vec![1],
        Value::text("words").encoded(),
        Value::text("17").encoded(),
        Value::text("2026-11-20").encoded(),
        Value::text("2026-11-20T09:00:00+00:00").encoded(),
        Value::text("\u{1b}[2J\n\0\u{202e}").encoded(),
        vec![1, 0xff, 0xfe],
        number(0),
        number(17),
        number(i64::MIN),
        number(i64::MAX),
        vec![2, 1],
        day(epoch + 20_000),
        day(epoch + longest_day),
        day(epoch + shortest_day),
        day(i32::MAX),
        time(1_790_000_000, 0),
        time(1_790_000_000, 61),
        time(i64::from(longest_day) * 86_400, 86_399),
        time(i64::from(shortest_day) * 86_400 + 86_400, -86_399),
        time(i64::MAX, 0),
        vec![5, 0],
        vec![5, 1],
        vec![5, 2],
        Value::Link(id(3)).encoded(),
        vec![6, 1],
        vec![8],
        vec![9; 16],
        vec![200; 40],
    ]
}

/// A row of a type, with one thing wrong in it.
fn row(record: &RecordType, row: RowId, stream: RowId, wrong: &Field, key: &str, form: &[u8]) -> Vec<Entry> {
    let entry = |field: u16, key: &str, bytes: Vec<u8>| Entry {
        record: record.number,
        row,
        field,
        key: key.into(),
        base: Vec::new(),
        content: Content::Value(bytes),
    };
    let mut entries = vec![entry(ROW_ITSELF, "", Existence::Here.encoded())];
    for field in record.fields {
        let of_set = element(field.kind);
        if *field != *wrong || key != of_set {
            entries.push(entry(field.id.field, &of_set, good(field.kind, stream).encoded()));
        }
        if *field == *wrong {
            entries.push(entry(field.id.field, key, form.to_vec()));
        }
    }
    entries
}

/// Everything that a laptop does with what came in, and that no one's values may stop.
fn lives_with(store: &mut Store, what: &str) {
    // A signature under nothing that was signed is told as such, and is what is wrong with it.
    let mut problems = store.check().unwrap().problems;
    problems.retain(|problem| what != signature::TYPE.name || !problem.contains("was signed under"));
    assert!(problems.is_empty(), "{what}: {:?}", &problems[..problems.len().min(5)]);
    let before = dump(store);
    store.rebuild().unwrap();
    assert_eq!(dump(store), before, "{what}: the journal alone gives the same");
    let moment = Moment::new(store.now(), |_| chrono::FixedOffset::west_opt(5 * 3_600).unwrap());
    let caseload = Caseload::new(store.all_facts().unwrap(), &Rules::standard(), moment);
    caseload.ranked().iter().for_each(drop);
    for stream in store.chains(None).unwrap().into_iter().map(|(stream, ..)| stream) {
        for record in CATALOGUE {
            for row in store.rows(record, stream).unwrap() {
                let here = row.here(&moment);
                record.fields.iter().for_each(|field| drop(here.shown(field)));
                here.to_json();
            }
        }
    }
}

fn in_every_field(records: impl Iterator<Item = &'static RecordType>) {
    for record in records {
        let mut sites = team(&[0, 0]);
        let (mallory, victim) = pair(&mut sites, 1, 0);
        let own = mallory.own_site().unwrap();
        let mut forged = Forged::by(&own, victim);
        for (at, form) in forms().iter().enumerate() {
            // A client to whom the rows belong; a type that opens a stream has one for each.
            let person = RowId::derived(&["kinds", record.name, &at.to_string()]);
            let name = &client::TYPE.fields[0];
            let mut chains =
                vec![(person, row(&client::TYPE, person, person, name, "", &Value::text("Ana").encoded()))];
            for field in record.fields {
                for key in [element(field.kind), "strange".into()] {
                    let this = RowId::derived(&["kinds", record.name, field.name, &key, &at.to_string()]);
                    let stream = if record.opens_stream() { this } else { person };
                    let entries = row(record, this, stream, field, &key, form);
                    match chains.last_mut().filter(|(last, _)| *last == stream) {
                        Some((_, all)) => all.extend(entries),
                        None => chains.push((stream, entries)),
                    }
                }
            }
            for (stream, entries) in chains {
                forged = forged.chain(stream, own.id, ChainEnd::START).entries(&entries).ended(mallory);
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kinds.bundle");
        std::fs::write(&path, forged.bytes(mallory, victim)).unwrap();
        let taken = take(victim, &path, None, true, &mut go());
        let taken = taken.unwrap_or_else(|refusal| panic!("{}: {refusal}", record.name));
        assert!(taken.merged.entries > 0 && taken.merged.not_taken.is_empty(), "{}: {taken:?}", record.name);
        lives_with(victim, record.name);
    }
}

#[test]
fn whatever_is_written_into_a_field_stops_nobody() {
    let half = CATALOGUE.len() / 2;
    std::thread::scope(|scope| {
        scope.spawn(|| in_every_field(CATALOGUE[..half].iter().copied()));
        in_every_field(CATALOGUE[half..].iter().copied());
    });
}

/// A number where a phone belongs, a link where an hour does, minutes beyond all bounds: shown as they were written, told once
/// for the client, and gone with the next word.
#[test]
fn what_no_field_can_hold_is_shown_as_it_was_written_and_told() {
    let mut sites = team(&[0, 0]);
    let mut post = Post::new();
    let ana = add_client(&mut sites[0], 1, "Ana");
    exchange(&mut sites, &mut post, 0, 1, &Scope::Whole, false);
    let (mallory, victim) = pair(&mut sites, 1, 0);
    let own = mallory.own_site().unwrap();
    let says = [
        (client::TYPE.number, ana, client::phone.field, Value::Whole(555)),
        (client::TYPE.number, ana, client::birth_date.field, Value::text("in spring")),
        (note::TYPE.number, id(40), ROW_ITSELF, Value::Empty),
        (note::TYPE.number, id(40), note::when.field, Value::Link(ana)),
        (note::TYPE.number, id(40), note::minutes.field, Value::Whole(i64::MAX)),
    ];
    let forged = Forged::by(&own, victim).site(&own).chain(ana, own.id, ChainEnd::START).says(&says).ended(mallory);
    let path = post.folder.path().join("forged.bundle");
    std::fs::write(&path, forged.bytes(mallory, victim)).unwrap();
    take(victim, &path, None, true, &mut go()).unwrap();
    assert_eq!(shown(victim, ana, client::phone), "555");
    assert_eq!(shown(victim, ana, client::birth_date), "in spring");
    let note = victim.row_of(&note::TYPE, id(40)).unwrap().unwrap();
    assert_eq!(note.text(note::when), ana.to_string());
    assert_eq!((note.time(note::when), note.whole(note::minutes)), (None, None));
    let report = victim.check().unwrap();
    assert!(report.ok, "{:?}", report.problems);
    let told = |report: &crate::store::CheckReport| {
        report
            .notices
            .iter()
            .filter(|notice| notice.contains("nothing that its field can hold"))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&report).len(), 1, "{:?}", report.notices);
    assert!(told(&report)[0].contains(": 4 of what was written"), "{:?}", report.notices);
    let now = victim.now();
    for (row, field, value) in [
        (ana, client::phone, Value::text("555-0100")),
        (ana, client::birth_date, Value::Date(now.date_naive())),
        (id(40), note::when, Value::Time(now)),
        (id(40), note::minutes, Value::Whole(15)),
    ] {
        set(victim, row, field, value);
    }
    let report = victim.check().unwrap();
    assert!(report.ok && told(&report).is_empty(), "{report:?}");
}
