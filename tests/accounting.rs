//! The client's own page of what was given to others from their record (45 CFR 164.528): in words they understand, for six
//! years, with nothing of anybody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use caseload::disclosure::{Ground, Override};
use caseload::model::records::*;
use caseload::model::{Change, Moment, RecordType, RowId, Value};
use caseload::report::pages::{Page, To};
use caseload::report::print::{Wanted, prepare, record};
use caseload::store::{Store, Worker};
use caseload::triage::Rules;
use chrono::{DateTime, Duration, FixedOffset};

fn now() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap()
}

fn moment() -> Moment {
    Moment::new(now(), |_| *now().offset())
}

/// A caseload in memory whose clock moves on a second at each look.
fn laptop() -> Store {
    let ticks = AtomicI64::new(0);
    let clock = Arc::new(move || now() + Duration::seconds(ticks.fetch_add(1, Ordering::Relaxed)));
    let rosa = Worker {
        id: RowId::derived(&["worker"]),
        name: "Rosa Ortiz".into(),
        credentials: "LCSW".into(),
        area: "social-work".into(),
    };
    Store::in_memory(&rosa, clock).unwrap()
}

/// Adds a row with these fields; a person opens their own file.
fn add(store: &mut Store, record: &'static RecordType, of: Option<RowId>, fields: &[(&str, &str)]) -> RowId {
    let row = store.new_id();
    let mut change = Change::new("add");
    change.create(record, row, of.unwrap_or(row));
    for (name, text) in fields {
        let field = record.field_by_name(name).unwrap();
        if field.kind.is_set() {
            text.split(' ').for_each(|word| {
                change.member(row, field.id, word, true);
            });
        } else if field.id == disclosure::consent {
            change.set(row, field.id, Value::Link(text.parse().unwrap()));
        } else {
            change.set(row, field.id, field.parse(text, &moment()).unwrap());
        }
    }
    store.commit(&change).unwrap();
    row
}

fn wanted(page: Page, client: RowId, to: &str) -> Wanted {
    let to = To::parse(to);
    Wanted { page, clients: vec![client], to, purpose: String::new(), period: None, withheld: false, without: None }
}

fn text(store: &Store, wanted: &Wanted) -> String {
    prepare(store, &Rules::standard(), moment(), wanted).unwrap().text()
}

/// Without the ends of lines.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_given_stands_on_the_clients_own_page_in_plain_words() {
    let mut store = laptop();
    let ana = add(
        &mut store,
        &client::TYPE,
        None,
        &[("given_name", "Ana"), ("family_name", "Quill"), ("status", "active"), ("phone", "555-0142")],
    );
    let ben = add(&mut store, &client::TYPE, None, &[("given_name", "Benedict"), ("status", "active")]);
    add(&mut store, &relationship::TYPE, Some(ana), &[("name", "Pedro Marsh"), ("relation", "brother")]);
    add(&mut store, &need::TYPE, Some(ana), &[("domain", "food"), ("what", "Groceries")]);
    add(&mut store, &medication::TYPE, Some(ana), &[("name", "Lisinopril")]);
    let housing = [
        ("to", "County Housing"),
        ("purpose", "find a home"),
        ("from", "2026-11-01"),
        ("until", "2026-12-31"),
        ("form", "written"),
        ("what", "contact needs attendance"),
    ];
    for client in [ana, ben] {
        add(&mut store, &consent::TYPE, Some(client), &housing);
    }
    for client in [ana, ben] {
        let printing = prepare(&store, &Rules::standard(), moment(), &wanted(Page::Summary, client, "County Housing"));
        record(&mut store, &printing.unwrap()).unwrap();
    }
    let without = Override::new(Ground::Emergency, "found by her neighbor Hank Cole").unwrap();
    let wish =
        Wanted { without: Some(without), purpose: "treat her".into(), ..wanted(Page::Summary, ana, "Mercy Hospital") };
    let printing = prepare(&store, &Rules::standard(), moment(), &wish).unwrap();
    record(&mut store, &printing).unwrap();
    // Whatever was given to her, and what is longer ago than six years, need not be told; what was taken out of the list must.
    let printing = prepare(&store, &Rules::standard(), moment(), &wanted(Page::Plan, ana, "client"));
    assert!(printing.is_err() || record(&mut store, &printing.unwrap()).is_ok());
    let given =
        |when: &'static str, to: &'static str| [("when", when), ("to", to), ("what", "a letter"), ("how", "message")];
    add(&mut store, &disclosure::TYPE, Some(ana), &given("2020-11-23 10:00", "Too Long Ago"));
    add(&mut store, &disclosure::TYPE, Some(ana), &given("2020-11-24 10:00", "Lincoln School"));
    add(&mut store, &disclosure::TYPE, Some(ana), &given("2026-11-20 10:00", "the client"));
    let gone = add(&mut store, &disclosure::TYPE, Some(ana), &given("2026-11-21 10:00", "Food Bank"));
    let mut change = Change::new("delete");
    change.delete(&disclosure::TYPE, gone);
    store.commit(&change).unwrap();

    let page = text(&store, &wanted(Page::Disclosures, ana, "client"));
    insta::assert_snapshot!("what_was_given", page.replace(&ana.short(), "0000"));
    for never in
        ["Hank", "neighbor", "Pedro", "Benedict", "Too Long Ago", "Held back", "Income", "555-0142", "Lisinopril"]
    {
        assert!(!page.contains(never), "{never}:\n{page}");
    }
    for there in ["County Housing", "Mercy Hospital", "Lincoln School", "Food Bank"] {
        assert!(page.contains(there), "{there}:\n{page}");
    }
    // Only who asks is told what was held back.
    let asked = Wanted { withheld: true, ..wanted(Page::Disclosures, ana, "client") };
    assert!(text(&store, &asked).contains("Held back"), "{}", text(&store, &asked));
    // Ben's page is Ben's.
    let bens = text(&store, &wanted(Page::Disclosures, ben, "client"));
    assert!(bens.contains("County Housing") && !bens.contains("Mercy") && !bens.contains("Ana"), "{bens}");
}

/// How it was given and what allowed it, each in words for the person it is about.
#[test]
fn each_way_and_each_ground_has_its_words() {
    let mut store = laptop();
    let who = [("given_name", "Leo"), ("status", "active")];
    let release = |by: &'static str| {
        let own = [("to", "Clinic"), ("purpose", "care"), ("until", "2026-12-31"), ("form", "written")];
        [&own[..], &[("by", by), ("by_name", "Ana Ruiz"), ("right", "mother")]].concat()
    };
    for (by, how, overridden, says) in [
        ("client", "print", "", ["How On paper", "Allowed by Your permission (until 31 Dec 2026)"]),
        ("parent", "export", "", ["How As a file", "Allowed by The permission of your parent or guardian (until"]),
        (
            "both",
            "bundle",
            "",
            ["How As a copy of the whole record", "Your permission, and that of your parent or guardian"],
        ),
        ("order", "spoken", "", ["How In talking", "The permission of whom a court named"]),
        (
            "",
            "message",
            "Court order: Judge Stone, case 12 (45 CFR 164.512(e))",
            ["How By message or mail", "a court ordered it"],
        ),
        ("", "spoken", "Report the law demands: bruises (45 CFR)", ["How In talking", "a report that the law demands"]),
        (
            "",
            "spoken",
            "Medical emergency: overdose (45 CFR)",
            ["How In talking", "a medical emergency (45 CFR 164.512(j)"],
        ),
        ("", "print", "as the old program had it", ["How On paper", "A reason that is in your record; ask for it"]),
        ("", "print", "", ["How On paper", "Nobody noted what allowed it; ask for it"]),
    ] {
        let leo = add(&mut store, &client::TYPE, None, &who);
        let by = (!by.is_empty()).then(|| add(&mut store, &consent::TYPE, Some(leo), &release(by)).to_string());
        let mut fields = vec![("when", "2026-11-20 10:00"), ("to", "Clinic"), ("what", "notes"), ("how", how)];
        fields.extend(by.as_ref().map(|by| ("consent", by.as_str())));
        if !overridden.is_empty() {
            fields.push(("overridden", overridden));
        }
        add(&mut store, &disclosure::TYPE, Some(leo), &fields);
        let page = flat(&text(&store, &wanted(Page::Disclosures, leo, "client")));
        for says in says {
            assert!(page.contains(says), "{says}: {page}");
        }
        for never in ["Stone", "bruises", "overdose", "old program"] {
            assert!(!page.contains(never), "{never}: {page}");
        }
    }
}

#[test]
fn of_somebody_of_whom_nothing_was_given_the_page_says_so() {
    let mut store = laptop();
    let leo = add(&mut store, &client::TYPE, None, &[("given_name", "Leo"), ("status", "active")]);
    let page = text(&store, &wanted(Page::Disclosures, leo, "client"));
    assert!(flat(&page).contains("Nothing was given to anyone."), "{page}");
}
