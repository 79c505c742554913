//! What a person sees of permissions, and what the keys do to them.

use crossterm::event::{KeyCode, KeyEvent};

use super::super::tests::{demo_desk, seen, snapshots};
use super::*;
use crate::disclosure::{Disclosed, Override, Recipient, disclose, may_leave};
use crate::model::records::{authorization, benefit, goal, note};
use crate::model::{DisclosureWay, Information};
use crate::store::Deed;

fn press(desk: &mut Desk, keys: &str) {
    for key in keys.chars() {
        let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
        desk.key(&KeyEvent::from(code)).unwrap();
    }
}

fn release(desk: &mut Desk, to: &str, until: &str, what: &[Information], part2: bool) -> RowId {
    let (row, of) = (desk.store.new_id(), desk.chosen.unwrap());
    let mut change = Change::new("add consent");
    change
        .create(&consent::TYPE, row, of)
        .set(row, consent::to, to)
        .set(row, consent::purpose, "continue care")
        .set(row, consent::from, Value::Date("2026-10-01".parse().unwrap()))
        .set(row, consent::until, Value::Date(until.parse().unwrap()))
        .set(row, consent::form, "written")
        .set(row, consent::part2, part2);
    for one in what {
        change.member(row, consent::what, one.code(), true);
    }
    desk.commit(&change).unwrap();
    row
}

fn in_danger() -> Desk {
    let mut desk = demo_desk(4);
    desk.choose(0).unwrap();
    let of = desk.chosen.unwrap();
    let mut change = Change::new("edit client");
    change.set(of, client::safe_contact, "Text only, never call; he answers her phone");
    desk.commit(&change).unwrap();
    desk
}

#[test]
fn permissions_show_the_danger_first_and_how_each_release_stands() {
    let mut desk = in_danger();
    use Information::*;
    release(&mut desk, "County Housing", "2026-12-05", &[Needs, Attendance], false);
    release(&mut desk, "Riverside Recovery", "2026-11-25", &[SubstanceUse], true);
    release(&mut desk, "Lincoln School", "2026-10-31", &[Family], false);
    press(&mut desk, "V");
    snapshots(&mut desk, "permissions");
    let text = seen(&mut desk, 120, 40);
    for said in ["SAFE CONTACT", "County Housing, 11 days left", "1 day left (42 CFR Part 2)", "Lincoln School, ended"]
    {
        assert!(text.contains(said), "{said}:\n{text}");
    }
    // The one that ends first stands first: one key takes it back, to the minute.
    press(&mut desk, "1t");
    assert!(
        desk.message
            .as_ref()
            .unwrap()
            .text
            .starts_with("Taken back: nothing leaves to Riverside Recovery from 12:00 on.")
    );
    press(&mut desk, "V");
    assert!(seen(&mut desk, 120, 40).contains("Riverside Recovery, taken back (42 CFR Part 2): Substance use"));
    press(&mut desk, "n");
    assert_eq!(desk.form.as_ref().map(|form| form.record.name), Some("consent"));
}

/// How it was given is chosen by whoever writes it down: nothing stands there from the start, and neither a new release nor an
/// old one without it is saved until it is. One that was taken back is asked for nothing more.
#[test]
fn how_a_release_was_given_is_asked_and_nothing_is_taken_for_granted() {
    let save = KeyEvent::new(KeyCode::Char('s'), crossterm::event::KeyModifiers::CONTROL);
    let mut desk = in_danger();
    press(&mut desk, "Vn");
    assert_eq!(desk.form.as_ref().unwrap().typed_in(consent::form), "");
    for (field, text) in [(consent::to, "County Housing"), (consent::purpose, "find a room")] {
        desk.form.as_mut().unwrap().put(field, &Value::text(text));
    }
    desk.key(&save).unwrap();
    let form = desk.form.as_ref().unwrap();
    let trouble = form.trouble.clone().unwrap();
    assert_eq!(trouble, "Given: say which; form= one of: written, electronic, verbal");
    assert_eq!(form.inputs[form.at].field.id, consent::form, "where it is to be chosen");
    press(&mut desk, "v");
    desk.key(&save).unwrap();
    assert!(desk.form.is_none());
    press(&mut desk, "V");
    assert!(seen(&mut desk, 120, 40).contains("no end: permits nothing, by word of mouth"));
    desk.overlay = None;
    // One of before it was asked for.
    let old = release(&mut desk, "Old Mission", "2026-12-01", &[Information::Needs], false);
    let mut change = Change::new("as it was");
    change.set(old, consent::form, Value::Empty);
    desk.commit(&change).unwrap();
    press(&mut desk, "V");
    assert!(seen(&mut desk, 120, 40).contains("Old Mission, 7 days left, form not noted: Needs"));
    press(&mut desk, "1e");
    desk.key(&save).unwrap();
    assert!(desk.form.as_ref().unwrap().trouble.as_ref().unwrap().starts_with("Given: say which"));
    desk.form = None;
    press(&mut desk, "V1t");
    assert!(desk.store.row_of(&consent::TYPE, old).unwrap().unwrap().time(consent::revoked).is_some());
}

#[test]
fn of_a_minor_the_form_asks_who_consented() {
    let save = KeyEvent::new(KeyCode::Char('s'), crossterm::event::KeyModifiers::CONTROL);
    let mut desk = demo_desk(4);
    desk.choose(0).unwrap();
    let of = desk.chosen.unwrap();
    let mut change = Change::new("edit client");
    change.set(of, client::birth_date, Value::Date("2012-01-01".parse().unwrap()));
    desk.commit(&change).unwrap();
    press(&mut desk, "Vn");
    let filled = [(consent::to, "Lincoln School"), (consent::purpose, "school"), (consent::form, "verbal")];
    for (field, text) in filled {
        desk.form.as_mut().unwrap().put(field, &Value::text(text));
    }
    for (asked, answer) in [(consent::by, "parent"), (consent::by_name, "Ana Ruiz"), (consent::right, "mother")] {
        desk.key(&save).unwrap();
        let form = desk.form.as_mut().unwrap();
        assert_eq!(form.inputs[form.at].field.id, asked, "{:?}", form.trouble);
        assert!(form.trouble.is_some());
        form.put(asked, &Value::text(answer));
    }
    desk.key(&save).unwrap();
    assert!(desk.form.is_none());
}

#[test]
fn what_was_given_and_who_looked_can_be_read() {
    let mut desk = in_danger();
    let of = desk.chosen.unwrap();
    let without = Override::new(Ground::Emergency, "found unconscious at the bus stop").unwrap();
    let what = [Information::Health, Information::Whereabouts].into();
    let practice = std::sync::Arc::clone(desk.rules.practice());
    let to = Recipient::Other("Mercy Hospital");
    let permission = may_leave(&desk.store, &practice, of, to, &what, Some(&without)).unwrap();
    disclose(
        &mut desk.store,
        &Disclosed {
            client: of,
            to: "Mercy Hospital",
            what: "medication list",
            purpose: "emergency treatment",
            how: DisclosureWay::Spoken,
            permission: &permission,
            without: Some(&without),
        },
    )
    .unwrap();
    press(&mut desk, "Vg");
    snapshots(&mut desk, "given_to_others");
    let text = seen(&mut desk, 120, 40);
    assert!(text.contains("left out: Where they live or stay") && text.contains("42 CFR 2.51"), "{text}");
    // What goes to the clipboard has left, and is on the record.
    press(&mut desk, "y");
    assert!(desk.copied.as_ref().is_some_and(|copied| copied.contains("42 CFR 2.51")));
    let day = desk.today;
    let found = desk.store.accesses(of, day, day).unwrap();
    assert!(
        found.iter().any(|one| one.deed == Deed::Exported && one.detail == "Given to others: copied to the clipboard")
    );
    desk.overlay = None;
    press(&mut desk, "Vl");
    let text = seen(&mut desk, 120, 40);
    assert!(text.contains("viewed: permissions") && text.contains("given without a release"), "{text}");
}

/// Lists on the screen are on the record by the number of their clients, a view a line and none for each key.
#[test]
fn lists_on_the_screen_are_on_the_record_by_count() {
    let mut desk = demo_desk(6);
    let noted = |desk: &Desk| {
        let found = desk.store.accesses(desk.view[0].client, chrono::NaiveDate::MIN, chrono::NaiveDate::MAX).unwrap();
        let lists = found.into_iter().filter(|one| one.deed == Deed::Viewed && one.client.is_none());
        lists.map(|one| one.detail).collect::<Vec<_>>()
    };
    assert!(!desk.is_list_noted());
    press(&mut desk, "jjkk");
    assert!(noted(&desk).is_empty(), "going through the list writes nothing");
    desk.list_is_seen();
    assert!(desk.is_list_noted());
    assert_eq!(noted(&desk), [format!("the caseload on the screen: {} clients", desk.view.len())]);
    desk.overlay = Some(Overlay::Search { input: Default::default(), hits: Vec::new(), at: 0 });
    press(&mut desk, "housing");
    assert_eq!(noted(&desk).len(), 1, "no line for each key");
    desk.key(&KeyEvent::from(KeyCode::Esc)).unwrap();
    assert!(noted(&desk).iter().any(|one| one.starts_with("search on the screen: ")), "{:?}", noted(&desk));
    desk.team().unwrap();
    desk.team().unwrap();
    assert_eq!(noted(&desk).iter().filter(|one| one.starts_with("the team on the screen: ")).count(), 1);
}

#[test]
fn opening_a_client_is_on_the_record_at_once_and_passing_by_is_not() {
    let mut desk = demo_desk(6);
    let views = |desk: &Desk, client: RowId| {
        let found = desk.store.accesses(client, chrono::NaiveDate::MIN, chrono::NaiveDate::MAX).unwrap();
        found.into_iter().filter(|one| one.deed == Deed::Viewed).map(|one| one.detail).collect::<Vec<_>>()
    };
    press(&mut desk, "jjjkkk");
    let everyone: Vec<RowId> = desk.view.iter().map(|line| line.client).collect();
    assert!(everyone.iter().all(|client| views(&desk, *client).is_empty()), "going through the list writes nothing");
    assert!(!desk.is_noted());
    press(&mut desk, "j\n");
    let chosen = desk.chosen.unwrap();
    assert_eq!(views(&desk, chosen), ["page"]);
    assert!(desk.is_noted());
    desk.seen("in the list");
    press(&mut desk, "v");
    desk.overlay = None;
    press(&mut desk, "1\n");
    let mut seen = views(&desk, chosen);
    seen.sort();
    assert_eq!(seen, ["all records", "in the list", "page"], "the page only once");
}

#[test]
fn a_reason_about_any_row_opens_that_row() {
    let mut desk = demo_desk(2);
    let of = desk.chosen.unwrap();
    let (ends, row) = (desk.today, desk.store.new_id());
    let mut change = Change::new("add benefit");
    change
        .create(&benefit::TYPE, row, of)
        .set(row, benefit::programme, "SNAP")
        .set(row, benefit::status, "active")
        .set(row, benefit::recertify, Value::Date(ends));
    desk.commit(&change).unwrap();
    desk.choose_client(of).unwrap();
    let told = desk.reasons().into_iter().find(|told| told.rule == "benefit-recertification").expect("it is due today");
    assert_eq!((told.action.as_str(), told.subject), ("edit-record", Some(row)));
    let action = super::super::action::by_name(&told.action).unwrap().action;
    desk.act(action, told.subject).unwrap();
    assert_eq!(desk.form.as_ref().map(|form| (form.record.name, form.row)), Some(("benefit", row)));
}

/// Where only the lead was agreed, the renewal is told so many days before the end.
#[test]
fn a_lead_before_the_end_of_an_authorization_is_heeded() {
    let mut desk = demo_desk(2);
    let (of, row) = (desk.chosen.unwrap(), desk.store.new_id());
    let mut change = Change::new("add authorization");
    change
        .create(&authorization::TYPE, row, of)
        .set(row, authorization::payer, "Medicaid")
        .set(row, authorization::service, "T1016")
        .set(row, authorization::status, "approved")
        .set(row, authorization::lead, 30)
        .set(row, authorization::until, Value::Date("2026-12-24".parse().unwrap()));
    desk.commit(&change).unwrap();
    desk.choose_client(of).unwrap();
    let told = desk.reasons().into_iter().find(|told| told.rule == "authorization-renewal").expect("24 Nov is the day");
    assert_eq!(told.due.map(|due| due.plain()), Some("2026-11-24".into()));
}

#[test]
fn the_billing_sheet_says_why_not_beside_each_note() {
    let mut desk = demo_desk(2);
    let of = desk.chosen.unwrap();
    let mut change = Change::new("add");
    let (own, signed, open) = (desk.store.new_id(), desk.store.new_id(), desk.store.new_id());
    let plan = desk.active_plan();
    change.create(&goal::TYPE, own, of).set(own, goal::words, "A door that locks").set(own, goal::plan, plan);
    for (row, when, service) in
        [(signed, "2026-11-20T09:00:00-05:00", "T1016"), (open, "2026-11-23T10:00:00-05:00", "H0006")]
    {
        change
            .create(&note::TYPE, row, of)
            .set(row, note::when, Value::Time(chrono::DateTime::parse_from_rfc3339(when).unwrap()))
            .set(row, note::kind, "face-to-face")
            .set(row, note::service, service)
            .set(row, note::minutes, 40)
            .member(row, note::goals, own.to_string(), true);
    }
    let approved = desk.store.new_id();
    change
        .create(&authorization::TYPE, approved, of)
        .set(approved, authorization::payer, "Medicaid")
        .set(approved, authorization::service, "T1016")
        .set(approved, authorization::units, 12);
    desk.commit(&change).unwrap();
    desk.store.sign_note(signed, 72).unwrap();
    desk.billing(Some(of)).unwrap();
    let text = seen(&mut desk, 120, 40);
    assert!(text.contains("! it is not signed. Sign it."), "{text}");
    assert!(text.contains("3 from Medicaid") || text.contains("no active plan"), "{text}");
    snapshots(&mut desk, "billing");
}
