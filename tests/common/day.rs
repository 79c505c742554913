//! The people of a hard day, entered into a caseload: the fixture of the tests of its order and of its screen.

use std::sync::Arc;

use caseload::model::records::{appointment, assessment, client, note, plan};
use caseload::model::{Change, Moment, RecordType, RowId, record_by_name};
use caseload::practice::instruments::{Answers, Place};
use caseload::store::{Store, Worker};
use caseload::triage::Rules;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime};

pub const PEOPLE: &str = include_str!("../data/days/hard-day.txt");

/// Eastern standard time all winter.
pub fn eastern(_: NaiveDateTime) -> FixedOffset {
    FixedOffset::west_opt(5 * 3_600).unwrap()
}

pub fn moment(when: &str) -> Moment {
    let local: NaiveDateTime = format!("{when}:00").parse().unwrap();
    Moment::new(local.and_local_timezone(eastern(local)).unwrap(), eastern)
}

pub const MORNING: &str = "2026-12-01T08:30";

pub fn store() -> Store {
    let worker = Worker {
        id: RowId::derived(&["dana"]),
        name: "Dana Whitfield".into(),
        credentials: "LCSW".into(),
        area: "social-work".into(),
    };
    let now: DateTime<FixedOffset> = moment(MORNING).now;
    Store::in_memory(&worker, Arc::new(move || now)).unwrap()
}

/// `key=value` and `key="several words"`, and words alone.
fn words(text: &str) -> Vec<(String, String)> {
    let (mut all, mut rest) = (Vec::new(), text.trim());
    while !rest.is_empty() {
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let (value, after) = match after.strip_prefix('=') {
            None => ("", after),
            Some(quoted) if quoted.starts_with('"') => {
                let end = quoted[1..].find('"').unwrap() + 1;
                (&quoted[1..end], &quoted[end + 1..])
            }
            Some(plain) => plain.split_at(plain.find(' ').unwrap_or(plain.len())),
        };
        all.push((key.to_string(), value.to_string()));
        rest = after.trim_start();
    }
    all
}

/// Enters the day's people, renamed by `name`; the records of each in the order of `turned`.
struct Entry<'a> {
    store: &'a mut Store,
    rules: Rules,
    moment: Moment,
}

impl Entry<'_> {
    fn add(&mut self, record: &'static RecordType, stream: Option<RowId>, fields: &[(String, String)]) -> RowId {
        let row = self.store.new_id();
        let mut change = Change::new("entered");
        let stream = stream.unwrap_or(row);
        if *record == assessment::TYPE {
            let value = |key: &str| fields.iter().find(|(name, _)| name == key).unwrap().1.clone();
            let instrument = self.rules.practice().instruments.get(&value("instrument")).unwrap().clone();
            let answers: Answers = value("answers").parse().unwrap();
            let place = Place { row, stream, before: None, others: &[] };
            instrument.keep(&mut change, place, &answers, value("on").parse::<NaiveDate>().unwrap()).unwrap();
        } else {
            change.create(record, row, stream);
            for (name, text) in fields.iter().filter(|(name, _)| name != "signed") {
                let field = record.field_by_name(name).unwrap_or_else(|| panic!("{}.{name}", record.name));
                if field.kind.is_set() {
                    change.member(row, field.id, text.as_str(), true);
                } else {
                    let text =
                        if text.contains('T') && text.len() == 16 { text.replace('T', " ") } else { text.clone() };
                    change.set(row, field.id, field.parse(&text, &self.moment).unwrap());
                }
            }
        }
        self.store.commit(&change).unwrap();
        if fields.iter().any(|(name, _)| name == "signed") {
            self.store.sign_note(row, u32::MAX).unwrap();
        }
        row
    }

    fn person(&mut self, name: &str, about: &str, records: &[&str], turned: bool) {
        let mut fields = words(about);
        let without = |fields: &mut Vec<(String, String)>, what: &str| {
            let before = fields.len();
            fields.retain(|(key, _)| key != what);
            fields.len() < before
        };
        let no_contact = without(&mut fields, "no-contact");
        let no_plan = without(&mut fields, "no-plan");
        let no_appointment = without(&mut fields, "no-appointment");
        let kind = fields.iter().position(|(key, _)| key == "plan").map(|at| fields.remove(at).1);
        let (given, family) = name.split_once(' ').unwrap();
        fields.extend([("given_name".to_string(), given.to_string()), ("family_name".into(), family.into())]);
        for (key, usual) in
            [("status", "active"), ("intensity", "standard"), ("opened", "2026-06-01"), ("worker", "Dana Whitfield")]
        {
            if !fields.iter().any(|(name, _)| name == key) {
                fields.push((key.into(), usual.into()));
            }
        }
        let person = self.add(&client::TYPE, None, &fields);
        let mut more: Vec<(&'static RecordType, String)> = Vec::new();
        if !no_plan {
            let kind = kind.unwrap_or("service-plan".into());
            more.push((&plan::TYPE, format!("kind={kind} status=active start=2026-06-05 review_due=2027-06-04")));
        }
        if !no_contact {
            more.push((&note::TYPE, "kind=phone when=2026-11-30T11:00 minutes=10 signed".into()));
        }
        if !no_appointment {
            let usual = "title=visit starts=2026-12-15T10:00 minutes=60 status=planned transport=not-needed interpreter=not-needed";
            more.push((&appointment::TYPE, usual.into()));
        }
        for record in records {
            let (name, rest) = record.split_once(' ').unwrap();
            more.push((record_by_name(name).unwrap(), rest.into()));
        }
        if turned {
            more.reverse();
        }
        for (record, fields) in more {
            self.add(record, Some(person), &words(&fields));
        }
    }
}

pub fn enter(store: &mut Store, name: impl Fn(&str) -> String, turned: bool) -> Rules {
    enter_people(store, PEOPLE, name, turned)
}

pub fn enter_people(store: &mut Store, text: &str, name: impl Fn(&str) -> String, turned: bool) -> Rules {
    let rules = Rules::standard();
    let mut people: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("    ") {
            Some(record) => people.last_mut().unwrap().1.push(record),
            None => people.push((line, Vec::new())),
        }
    }
    if turned {
        people.reverse();
    }
    let mut entry = Entry { store, rules: rules.clone(), moment: moment(MORNING) };
    for (line, records) in people {
        let (who, about) = line.split_once(" | ").unwrap();
        entry.person(&name(who), about, &records, turned);
    }
    rules
}
