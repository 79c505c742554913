//! Who may consent for whom, line by line as the laws have it.

use super::super::releases::{Asked, Permission, Recipient, permits};
use super::*;
use crate::model::{Disagreement, RowId};
use crate::practice::Practice;
use Information::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn agency() -> Agency {
    let law = |service: &str, age, covers: &[Information]| MinorConsent {
        service: service.into(),
        age,
        covers: covers.to_vec(),
        source: "state code 1".into(),
    };
    let minor_consents = vec![law("Counseling", 14, &[MentalHealth]), law("Treatment", 12, &[SubstanceUse])];
    Agency { minor_consents, ..Practice::standard().agency.clone() }
}

/// A written release of everything, signed on 1 November 2026.
fn release(by: Option<ConsentBy>) -> Row {
    let mut row = Row::new(&consent::TYPE, RowId::derived(&["release"]), RowId::derived(&["client"]));
    row.put(consent::to, "Lincoln School");
    row.put(consent::from, Value::Date(day("2026-11-01")));
    row.put(consent::until, Value::Date(day("2026-12-31")));
    row.put(consent::form, "written");
    row.put(consent::part2, true);
    row.sets.push((consent::what.field, Information::ALL.iter().map(|one| one.code().to_string()).collect()));
    if let Some(by) = by {
        row.put(consent::by, by.code());
    }
    if by.is_some_and(|by| by != ConsentBy::Client) {
        row.put(consent::by_name, "Ana Ruiz");
        row.put(consent::right, "mother with custody");
    }
    row
}

fn born(day_of: &str) -> Person {
    Person { born: Some(day(day_of)), ..Person::default() }
}

fn asked(row: &Row, person: &Person, agency: &Agency) -> Permission {
    let what = Information::ALL.iter().copied().collect();
    let at = DateTime::parse_from_rfc3339("2026-11-24T12:00:00-05:00").unwrap();
    let to = Recipient::Other("Lincoln School");
    permits(std::slice::from_ref(row), &Asked { to, what: &what, at, person, without: None }, agency)
}

/// What does not leave by a release of everything, and each with its rule and what would permit it.
fn kept(row: &Row, person: &Person, agency: &Agency) -> Vec<Information> {
    let found = asked(row, person, agency);
    for left in &found.left_out {
        assert!(left.why.contains("CFR") || left.why.contains("USC"), "{left:?}");
        assert!(left.would_permit.len() > 10, "{left:?}");
    }
    found.left_out.iter().map(|left| left.what).collect()
}

/// 42 CFR 2.14; 45 CFR 164.502(g)(3); 34 USC 12291(b)(2)(B). What stays, by age, by who gave the release, in danger or not.
#[test]
fn for_a_minor_the_right_person_consents() {
    use ConsentBy::{Both, Client, Order, Parent};
    let everything = Information::ALL;
    let without =
        |some: &[Information]| everything.iter().copied().filter(|one| !some.contains(one)).collect::<Vec<_>>();
    for (date, by, in_danger, stays) in [
        // 18 on the day of signing: an adult, whoever else signs.
        ("2008-11-01", None, false, vec![]),
        ("2008-11-01", Some(Client), true, vec![]),
        // A day younger, and nobody says who.
        ("2008-11-02", None, false, everything.to_vec()),
        ("2008-11-02", Some(Both), true, vec![]),
        // 15: both services are theirs alone, and no parent's word covers what tells of them.
        ("2011-05-01", Some(Client), false, without(&[MentalHealth, SubstanceUse])),
        ("2011-05-01", Some(Parent), false, vec![MentalHealth, SubstanceUse, Violence]),
        ("2011-05-01", Some(Order), false, vec![MentalHealth, SubstanceUse, Violence]),
        // 13: counseling is not theirs yet.
        ("2013-05-01", Some(Client), false, without(&[SubstanceUse])),
        ("2013-05-01", Some(Parent), false, vec![SubstanceUse, Violence]),
        ("2013-05-01", Some(Parent), true, vec![Contact, Whereabouts, SubstanceUse, Violence]),
        // 11: nothing is theirs alone, and substance use and violence ask for both.
        ("2015-05-01", Some(Client), false, everything.to_vec()),
        ("2015-05-01", Some(Parent), false, vec![SubstanceUse, Violence]),
        ("2015-05-01", Some(Both), false, vec![]),
        ("2015-05-01", Some(Both), true, vec![]),
    ] {
        let mut person = born(date);
        if in_danger {
            person.safe_contact = "by text".into();
        }
        let mut stays = stays;
        stays.sort();
        let mut found = kept(&release(by), &person, &agency());
        found.sort();
        assert_eq!(found, stays, "born {date}, {by:?}, {in_danger}");
    }
    // Where an agency says nothing of its state's law, no service is a minor's alone.
    let none = &Practice::standard().agency;
    assert_eq!(kept(&release(Some(Client)), &born("2011-05-01"), none), everything.to_vec());
    assert_eq!(kept(&release(Some(Parent)), &born("2011-05-01"), none).len(), 2);
    // The parent is not told that the minor was asked.
    let found = asked(&release(Some(Parent)), &born("2011-05-01"), &agency());
    let left = found.left_out.iter().find(|left| left.what == SubstanceUse).unwrap();
    assert!(left.why.contains("42 CFR 2.14") && left.why.contains("state code 1"), "{left:?}");
    assert!(left.would_permit.contains("nobody else is told"), "{left:?}");
}

#[test]
fn without_a_name_or_a_right_nobody_consented_for_a_minor_and_what_sites_disagree_about_is_not_said() {
    let person = born("2015-05-01");
    for field in [consent::by_name, consent::right] {
        let mut row = release(Some(ConsentBy::Both));
        row.put(field, " ");
        assert_eq!(kept(&row, &person, &agency()), Information::ALL.to_vec());
    }
    let mut torn = release(Some(ConsentBy::Both));
    let sides = ["both", "client"].map(Value::text).to_vec();
    torn.disagreements.push(Disagreement { field: consent::by, sides });
    assert_eq!(kept(&torn, &person, &agency()), Information::ALL.to_vec());
    // Of whom no birthday is known, nobody says that they are a minor.
    assert_eq!(kept(&release(None), &Person::default(), &agency()), []);
    // Of what came from elsewhere without a day, today's age counts.
    let mut undated = release(None);
    undated.put(consent::from, Value::Empty);
    assert_eq!(kept(&undated, &born("2008-11-25"), &agency()), Information::ALL.to_vec());
    assert_eq!(kept(&undated, &born("2008-11-24"), &agency()), []);
    // Signed before it began: the day on which it was written down counts.
    let mut ahead = release(None);
    ahead.id = RowId::new(DateTime::parse_from_rfc3339("2026-10-31T12:00:00Z").unwrap().timestamp_millis() as u64);
    assert_eq!(kept(&ahead, &born("2008-11-01"), &agency()), Information::ALL.to_vec());
}

/// 34 USC 12291(b)(2)(B): never the abuser of the minor, of a person under guardianship, or of a child's other parent.
#[test]
fn whoever_causes_harm_never_consents() {
    let harmed = |name: &str| Person { harmed_by: vec![name.into()], ..born("2015-05-01") };
    for (harming, same) in [
        ("Ana Ruiz", true),
        ("ana  RUIZ", true),
        ("Ana", true),
        ("A. Ruiz", true),
        ("Ana Maria Ruiz", true),
        ("Pedro Ruiz", false),
        ("Anabel Ruiz", false),
        ("", false),
    ] {
        let (person, row) = (harmed(harming), release(Some(ConsentBy::Both)));
        assert_eq!(!kept(&row, &person, &agency()).is_empty(), same, "{harming}");
        let before = Row::new(&consent::TYPE, row.id, row.stream);
        let mut change = Change::new("add consent");
        for field in [consent::from, consent::by, consent::by_name, consent::right] {
            change.set(row.id, field, row.get(field).clone());
        }
        let written = may_be_written(&change, &before, &person, &agency(), day("2026-11-24"));
        assert_eq!(written.is_err(), same, "{harming}");
        if let Err(refused) = written {
            assert!(refused.field == consent::by_name && refused.why.contains("34 USC 12291(b)(2)(B)"), "{refused}");
        }
        // An adult's neither.
        let adult = Person { born: None, ..person };
        assert_eq!(!kept(&row, &adult, &agency()).is_empty(), same, "{harming}");
    }
}

#[test]
fn nothing_is_written_of_a_minor_without_saying_who_consented_and_by_what_right() {
    let person = born("2013-05-01");
    let before = Row::new(&consent::TYPE, RowId::derived(&["release"]), RowId::derived(&["client"]));
    let write = |values: &[(FieldId, &str)], person: &Person, agency: &Agency| {
        let mut change = Change::new("add consent");
        change.set(before.id, consent::from, Value::Date(day("2026-11-01")));
        for (field, text) in values {
            change.set(before.id, *field, *text);
        }
        may_be_written(&change, &before, person, agency, day("2026-11-24")).map_err(|refused| refused.field)
    };
    let none = &Practice::standard().agency;
    assert_eq!(write(&[], &person, none), Err(consent::by));
    assert_eq!(write(&[(consent::by, "parent")], &person, none), Err(consent::by_name));
    assert_eq!(write(&[(consent::by, "parent"), (consent::by_name, "Ana")], &person, none), Err(consent::right));
    let whole = [(consent::by, "parent"), (consent::by_name, "Ana"), (consent::right, "mother")];
    assert_eq!(write(&whole, &person, none), Ok(()));
    assert_eq!(write(&[(consent::by, "client")], &person, none), Err(consent::by), "no law of theirs says so");
    assert_eq!(write(&[(consent::by, "client")], &person, &agency()), Ok(()));
    assert_eq!(write(&[], &Person::default(), none), Ok(()), "of an adult nothing more is asked");
    // Taking it back waits for nothing.
    let mut change = Change::new("take back release");
    change.set(before.id, consent::revoked, Value::Time(DateTime::UNIX_EPOCH.fixed_offset()));
    assert_eq!(may_be_written(&change, &before, &person, none, day("2026-11-24")), Ok(()));
}
