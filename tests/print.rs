//! What is printed holds what was signed and nothing that consent forbids, whoever asks and however many are printed.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::common::Caseload;
use crate::common::terminal::{ENTER, Terminal};
use caseload::disclosure::{Ground, Override};
use caseload::model::records::*;
use caseload::model::{Change, Information, Information::*, Moment, RecordType, RowId, SignatureRole, Value};
use caseload::report::pages::{Page, To};
use caseload::report::period::Period;
use caseload::report::print::{PrintError, Printing, Wanted, prepare, record};
use caseload::report::{Fallback, Pdf, to_html, to_pdf, to_text};
use caseload::store::{Clock, Passphrase, Signer, Store, StoreError, Worker};
use caseload::sync::{Scope, Whom, give, take};
use caseload::triage::Rules;
use chrono::{DateTime, Duration, FixedOffset, NaiveDate};

const PASSPHRASE: &str = "otter lamp seven canal";
const HOUSING: &str = "County Housing";
const PAGES: [Page; 6] = [Page::Plan, Page::Notes, Page::Summary, Page::SafetyPlan, Page::Wallet, Page::Closing];

fn now() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap()
}

fn moment() -> Moment {
    Moment::new(now(), |_| *now().offset())
}

fn today() -> NaiveDate {
    now().date_naive()
}

/// A caseload in memory whose clock moves on a second at each look.
fn laptop() -> Store {
    Store::in_memory(&rosa(), clock()).unwrap()
}

fn clock() -> Clock {
    clock_from(0)
}

fn clock_from(seconds: i64) -> Clock {
    let ticks = AtomicI64::new(seconds);
    Arc::new(move || now() + Duration::seconds(ticks.fetch_add(1, Ordering::Relaxed)))
}

fn rosa() -> Worker {
    Worker {
        id: RowId::derived(&["worker"]),
        name: "Rosa Ortiz".into(),
        credentials: "LCSW".into(),
        area: "social-work".into(),
    }
}

/// A colleague of this name, whose clock is so many minutes ahead, with all that the first has.
fn colleague(name: &str, minutes: i64, of: &mut Store) -> Store {
    let worker = Worker { id: RowId::derived(&["worker", name]), name: name.into(), ..rosa() };
    let mut store = Store::in_memory(&worker, clock_from(minutes * 60)).unwrap();
    store.accept_site(&of.own_site().unwrap()).unwrap();
    of.accept_site(&store.own_site().unwrap()).unwrap();
    hand_over(of, &mut store);
    store
}

fn hand_over(from: &Store, to: &mut Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.bundle");
    give(from, &Scope::Whole, &Whom::Sites(vec![to.own_site().unwrap()]), true, &path).unwrap();
    take(to, &path, None, true, &mut |_| ControlFlow::Continue(())).unwrap();
}

/// Adds a row with these fields; a person opens their own file.
fn add(store: &mut Store, record: &'static RecordType, of: Option<RowId>, fields: &[(&str, &str)]) -> RowId {
    let row = store.new_id();
    let mut change = Change::new("add");
    change.create(record, row, of.unwrap_or(row));
    for (name, text) in fields {
        let field = record.field_by_name(name).unwrap();
        if field.kind.is_set() {
            text.split(' ').filter(|word| !word.is_empty()).for_each(|word| {
                change.member(row, field.id, word, true);
            });
            continue;
        }
        let moment = caseload::model::Moment::new(now(), |_| FixedOffset::west_opt(5 * 3600).unwrap());
        let value =
            if field.kind_is_link() { Value::Link(text.parse().unwrap()) } else { field.parse(text, &moment).unwrap() };
        change.set(row, field.id, value);
    }
    store.commit(&change).unwrap();
    row
}

trait IsLink {
    fn kind_is_link(&self) -> bool;
}

impl IsLink for caseload::model::Field {
    fn kind_is_link(&self) -> bool {
        matches!(self.kind, caseload::model::Kind::Link(_))
    }
}

/// A note of the morning of the day before, signed or not.
fn note(store: &mut Store, of: RowId, fields: &[(&str, &str)], signed: bool) -> RowId {
    let fields = [&[("when", "2026-11-23 10:00"), ("kind", "phone")], fields].concat();
    let row = add(store, &note::TYPE, Some(of), &fields);
    if signed {
        store.sign_note(row, 72).unwrap();
    }
    row
}

fn release(store: &mut Store, of: RowId, what: &[Information], more: &[(&str, &str)]) {
    let what: Vec<&str> = what.iter().map(|one| one.code()).collect();
    let what = what.join(" ");
    let fields =
        [("to", HOUSING), ("purpose", "find a home"), ("from", "2026-11-01"), ("until", "2026-12-31"), ("what", &what)];
    add(store, &consent::TYPE, Some(of), &[&fields, more].concat());
}

fn wanted(page: Page, clients: &[RowId], to: &str) -> Wanted {
    Wanted {
        page,
        clients: clients.to_vec(),
        to: To::parse(to),
        purpose: String::new(),
        period: None,
        withheld: false,
        without: None,
    }
}

fn printing(store: &Store, wanted: &Wanted) -> Printing {
    prepare(store, &Rules::standard(), moment(), wanted).unwrap()
}

fn pdf(printing: &Printing) -> Pdf {
    to_pdf(&printing.document, Fallback::Nowhere).unwrap()
}

/// The text of a PDF as another program reads it, without its spaces: lines end where the paper does.
fn read(pdf: &Pdf) -> String {
    let file = lopdf::Document::load_mem(&pdf.bytes).unwrap();
    let pages: Vec<u32> = file.get_pages().keys().copied().collect();
    squeezed(&file.extract_text(&pages).unwrap())
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// How a client stands with County Housing.
#[derive(Clone, Copy, PartialEq)]
enum Consent {
    None,
    Partial,
    Part2,
    Revoked,
    /// In danger at home, and the release was given by word of mouth.
    Danger,
}

const CONSENTS: [Consent; 5] = [Consent::None, Consent::Partial, Consent::Part2, Consent::Revoked, Consent::Danger];

fn person(store: &mut Store, number: usize, consent: Consent) -> RowId {
    let (given, family) = (format!("Given{number}x"), format!("Family{number}x"));
    let mut fields = vec![("given_name", given.as_str()), ("family_name", &family), ("status", "active")];
    if consent == Consent::Danger {
        fields.push(("safe_contact", "only through her sister"));
    }
    let client = add(store, &client::TYPE, None, &fields);
    let written = [("form", "written")];
    match consent {
        Consent::None => {}
        Consent::Partial => release(store, client, &[Contact, Attendance, Notes], &written),
        Consent::Part2 => {
            let what = [Contact, Attendance, Notes, Needs, Whereabouts, SubstanceUse];
            release(store, client, &what, &[("form", "written"), ("part2", "yes")]);
        }
        Consent::Revoked => {
            let what = [Contact, Attendance, Notes, Whereabouts];
            release(store, client, &what, &[("form", "written"), ("revoked", "2026-11-24 08:59")]);
        }
        Consent::Danger => release(store, client, &[Contact, Notes, Whereabouts], &[("form", "verbal")]),
    }
    client
}

#[test]
fn a_hundred_clients_printed_at_once_hold_what_was_signed_and_nothing_that_consent_forbids() {
    let mut store = laptop();
    let mut everyone = Vec::new();
    for number in 0..100 {
        let consent = CONSENTS[number % CONSENTS.len()];
        let client = person(&mut store, number, consent);
        let sober = add(&mut store, &goal::TYPE, Some(client), &[("words", "Stay sober"), ("domain", "substance-use")]);
        let plain = note(&mut store, client, &[("body", &format!("signed{number}plain"))], true);
        let sober = format!("{sober}");
        note(&mut store, client, &[("body", &format!("signed{number}sober")), ("goals", &sober)], true);
        note(&mut store, client, &[("body", &format!("signed{number}where")), ("place", "Elm Street 4")], true);
        note(&mut store, client, &[("body", &format!("draft{number}x"))], false);
        store.add_addendum(plain, &format!("added{number}x")).unwrap();
        everyone.push((client, consent));
    }
    let ids: Vec<RowId> = everyone.iter().map(|(client, _)| *client).collect();
    let printed = printing(&store, &wanted(Page::Notes, &ids, HOUSING));
    let file = pdf(&printed);
    let text = read(&file);
    assert_eq!(file.undrawn.len(), 0);
    for (number, (client, consent)) in everyone.iter().enumerate() {
        let has = |what: &str| text.contains(&what.replace('#', &number.to_string()));
        assert!(!has("draft#x"), "a draft of {number}");
        let (plain, sober, place, name) = match consent {
            Consent::None | Consent::Revoked => (false, false, false, false),
            Consent::Partial => (true, false, false, true),
            Consent::Part2 => (true, true, true, true),
            // By word of mouth: neither who they are nor where.
            Consent::Danger => (true, false, false, false),
        };
        assert_eq!(has("signed#plain"), plain, "{number}");
        assert_eq!(has("added#x"), plain, "{number}");
        assert_eq!(has("signed#sober"), sober, "{number}");
        assert_eq!(has("signed#where"), place, "{number}");
        assert_eq!(has("Given#xFamily#x"), name, "{number}");
        if plain {
            let at = |what: &str| text.find(&what.replace('#', &number.to_string())).unwrap();
            assert!(at("signed#plain") < at("added#x"), "the addendum stands beneath its note");
            if number + 5 < 100 {
                let next = text.find(&format!("signed{}plain", number + 5)).unwrap();
                assert!(at("added#x") < next);
            }
        }
        // Who is left out is told to the worker, by name and by rule.
        let told: Vec<String> =
            printed.told().into_iter().filter(|line| line.starts_with(&format!("Given{number}x "))).collect();
        assert_eq!(told.iter().any(|line| line.contains("CFR") || line.contains("USC")), *consent != Consent::Part2);
        assert_eq!(printed.parts.iter().any(|part| part.client == *client), plain);
    }
    assert!(text.contains(&squeezed("42 CFR part 2 prohibits unauthorized use or disclosure")));
    assert!(text.contains(&squeezed("By the client's written consent to")));

    // What left is on the record of each of them, with the release that permits it and what was left out; of nobody else.
    record(&mut store, &printed).unwrap();
    for (client, consent) in &everyone {
        let given = store.rows(&disclosure::TYPE, *client).unwrap();
        let expected = usize::from(!matches!(consent, Consent::None | Consent::Revoked));
        assert_eq!(given.len(), expected);
        if let [row] = &given[..] {
            assert_eq!(row.text(disclosure::to), HOUSING);
            assert_eq!(row.text(disclosure::purpose), "find a home");
            assert!(row.link(disclosure::consent).is_some());
            assert_eq!(row.text(disclosure::withheld).contains("Substance use"), *consent != Consent::Part2);
        }
    }

    // The client has a right to all of it (45 CFR 164.524), signed.
    let own = read(&pdf(&printing(&store, &wanted(Page::Notes, &ids, "client"))));
    for number in 0..100 {
        for signed in ["signed#plain", "signed#sober", "signed#where", "added#x"] {
            assert!(own.contains(&signed.replace('#', &number.to_string())));
        }
        assert!(!own.contains(&format!("draft{number}x")));
    }
}

/// A file in which every word that must not slip out is one of its own, with what it tells.
fn full_file(store: &mut Store, consent: Consent) -> (RowId, Vec<(&'static str, &'static [Information])>) {
    let client = person(store, 1, consent);
    let mut change = Change::new("fill in");
    for (field, text) in [
        (client::phone, "phoneword 555"),
        (client::address, "addressword"),
        (client::risk, "riskword"),
        (client::crisis, "crisisword"),
        (client::closing_summary, "closingword"),
        (client::about, "aboutword"),
    ] {
        change.set(client, field, text);
    }
    store.commit(&change).unwrap();
    let of = Some(client);
    let plan = add(store, &plan::TYPE, of, &[("kind", "service-plan"), ("status", "active"), ("summary", "planword")]);
    let plan = plan.to_string();
    for (words, domain) in [("homeword", "housing"), ("soberword", "substance-use"), ("safeword", "safety")] {
        let id = add(store, &goal::TYPE, of, &[("words", words), ("domain", domain), ("plan", &plan)]).to_string();
        let what = format!("step{words}");
        add(store, &step::TYPE, of, &[("goal", &id), ("what", &what), ("who", "me")]);
    }
    for (record, fields) in [
        (&need::TYPE, &[("domain", "substance-use"), ("what", "needsoberword"), ("status", "open")][..]),
        (&relationship::TYPE, &[("name", "familyword")]),
        (&medication::TYPE, &[("name", "pillword")]),
        (&service::TYPE, &[("what", "serviceword"), ("status", "active")]),
        (&referral::TYPE, &[("to", "detoxword"), ("domain", "substance-use"), ("status", "sent")]),
        (&referral::TYPE, &[("to", "shelterword"), ("domain", "safety"), ("status", "sent")]),
        (&appointment::TYPE, &[("title", "visitword"), ("starts", "2026-11-26 10:00"), ("place", "placeword")]),
        (&safety_plan::TYPE, &[("reviewed", "2026-11-01"), ("signs", "signword"), ("helpers", "helperword")]),
        (&incident::TYPE, &[("kind", "violence"), ("began", "2026-11-20 10:00"), ("what", "hitword")]),
        (&strength::TYPE, &[("what", "strongword")]),
        (&arrangement::TYPE, &[("kind", "equipment"), ("what", "walkerword")]),
        (&assessment::TYPE, &[("instrument", "audit-c"), ("on", "2026-11-01"), ("band", "bandword")]),
    ] {
        add(store, record, of, fields);
    }
    note(store, client, &[("body", "noteword")], true);
    let told: &[(&str, &[Information])] = &[
        ("phoneword", &[Contact]),
        ("addressword", &[Whereabouts]),
        ("riskword", &[Health]),
        ("crisisword", &[MentalHealth]),
        ("closingword", &[Notes]),
        ("aboutword", &[Notes]),
        ("planword", &[Needs]),
        ("homeword", &[Needs]),
        ("soberword", &[Needs, SubstanceUse]),
        ("safeword", &[Needs, Violence]),
        ("stephomeword", &[Needs]),
        ("stepsoberword", &[Needs, SubstanceUse]),
        ("stepsafeword", &[Needs, Violence]),
        ("needsoberword", &[Needs, SubstanceUse]),
        ("familyword", &[Family]),
        ("pillword", &[Health]),
        ("serviceword", &[Health]),
        ("detoxword", &[Needs, SubstanceUse]),
        ("shelterword", &[Needs, Violence]),
        ("visitword", &[Attendance]),
        ("placeword", &[Attendance, Whereabouts]),
        ("signword", &[MentalHealth]),
        ("helperword", &[MentalHealth]),
        ("hitword", &[Violence, Notes]),
        ("strongword", &[Needs]),
        ("walkerword", &[Health]),
        ("bandword", &[SubstanceUse]),
        ("noteword", &[Notes]),
        ("sister", &[Violence]),
        ("Family1x", &[Contact]),
    ];
    (client, told.to_vec())
}

#[test]
fn no_page_says_what_the_release_does_not_cover() {
    for consent in CONSENTS {
        let mut store = laptop();
        let (client, told) = full_file(&mut store, consent);
        let covered: &[Information] = match consent {
            Consent::None | Consent::Revoked => &[],
            Consent::Partial => &[Contact, Attendance, Notes],
            Consent::Part2 => &[Contact, Attendance, Notes, Needs, Whereabouts, SubstanceUse],
            Consent::Danger => &[Notes],
        };
        let mut seen = 0;
        for page in PAGES {
            let text = match prepare(&store, &Rules::standard(), moment(), &wanted(page, &[client], HOUSING)) {
                Ok(printing) => {
                    let (pdf, html) = (read(&pdf(&printing)), to_html(&printing.document));
                    format!("{pdf}{html}{}", to_text(&printing.document, 200))
                }
                Err(PrintError::Nothing { .. }) => continue,
                Err(error) => panic!("{error}"),
            };
            for (word, tells) in &told {
                let may = tells.iter().all(|one| covered.contains(one));
                assert!(may || !text.contains(word), "{word} stands on {}", page.name());
                seen += usize::from(may && text.contains(word));
            }
        }
        assert_eq!(seen == 0, covered.is_empty());

        // The client's own papers, and the worker's, hold all of it somewhere.
        for to in ["client", "file"] {
            let all: String = PAGES.map(|page| read(&pdf(&printing(&store, &wanted(page, &[client], to))))).concat();
            for (word, _) in told.iter().filter(|(word, _)| *word != "aboutword") {
                assert!(word == &"sister" && consent != Consent::Danger || all.contains(word), "{word} for the {to}");
            }
        }
    }
}

#[test]
fn where_the_safe_way_may_not_be_told_no_other_way_is() {
    let mut store = laptop();
    let client = person(&mut store, 1, Consent::Danger);
    let mut change = Change::new("phone");
    change.set(client, client::phone, "555-0142");
    store.commit(&change).unwrap();
    // In writing, but not a word of the danger.
    release(&mut store, client, &[Contact, Whereabouts, Needs], &[("form", "written")]);
    let text = read(&pdf(&printing(&store, &wanted(Page::Summary, &[client], HOUSING))));
    assert!(text.contains("Family1x") && !text.contains("555-0142"), "{text}");
    let own = read(&pdf(&printing(&store, &wanted(Page::Summary, &[client], "file"))));
    let (safe, phone) = (own.find("SAFECONTACTFIRST").unwrap(), own.find("555-0142").unwrap());
    assert!(safe < phone);
}

#[test]
fn what_is_given_without_a_release_has_a_ground_and_is_recorded() {
    let mut store = laptop();
    let (client, _) = full_file(&mut store, Consent::None);
    let refused = prepare(&store, &Rules::standard(), moment(), &wanted(Page::Summary, &[client], "Mercy Hospital"));
    let said = refused.unwrap_err().to_string();
    assert!(
        said.contains("there is no release to Mercy Hospital") && said.contains("A release to Mercy Hospital"),
        "{said}"
    );
    let without = Override::new(Ground::Emergency, "found unconscious").unwrap();
    let wish = Wanted { without: Some(without), ..wanted(Page::Summary, &[client], "Mercy Hospital") };
    let printed = printing(&store, &wish);
    let text = read(&pdf(&printed));
    assert!(text.contains("pillword") && text.contains("bandword"));
    assert!(text.contains(&squeezed("42 CFR part 2 prohibits")));
    // VAWA knows no emergency.
    assert!(!text.contains("shelterword") && printed.told().iter().any(|line| line.contains("34 USC 12291")));
    record(&mut store, &printed).unwrap();
    let given = store.rows(&disclosure::TYPE, client).unwrap();
    assert!(given[0].text(disclosure::overridden).contains("found unconscious"));
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_note_stands_as_it_was_signed_with_all_that_came_after() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rosa.db");
    let (mut store, _) = Store::create(&file, &Passphrase::new(PASSPHRASE), &rosa(), clock()).unwrap();
    let client = person(&mut store, 1, Consent::None);
    // Served on Thursday, signed on Tuesday: late.
    let late = add(
        &mut store,
        &note::TYPE,
        Some(client),
        &[
            ("when", "2026-11-19 10:00"),
            ("kind", "face-to-face"),
            ("body", "first line\nNote: second line"),
            ("cosigner", "Sam Lee"),
        ],
    );
    store.sign_note(late, 72).unwrap();
    // The supervisor who was asked co-signs it: neither its author nor somebody else can.
    assert!(matches!(store.cosign(late), Err(StoreError::OwnNote)));
    let mut una = colleague("Una Park", 10, &mut store);
    assert!(matches!(una.cosign(late), Err(StoreError::AskedOfAnother(name)) if name == "Sam Lee"));
    let mut sam = colleague("Sam Lee", 20, &mut store);
    sam.cosign(late).unwrap();
    hand_over(&sam, &mut store);
    store.add_addendum(late, "the date of the hearing was the 3rd").unwrap();
    note(&mut store, client, &[("body", "of the day after")], true);
    let text = to_text(&printing(&store, &wanted(Page::Notes, &[client], "client")).document, 200);
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} is missing in\n{text}"));
    let order = [
        "Note 1 of 2: 19 Nov 2026, 10:00, late entry",
        "LATE ENTRY",
        "Note: first line",
        "Note: second line",
        "Author",
        "Co-signer",
        "Addendum to note 1",
        "the date of the hearing was the 3rd",
        "Note 2 of 2",
    ];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{text}");
    assert!(text.contains("one is a late entry"));

    // Only the days that are asked for.
    let day = Period::day("2026-11-23".parse().unwrap());
    let some = Wanted { period: Some(day), ..wanted(Page::Notes, &[client], "client") };
    let text = to_text(&printing(&store, &some).document, 200);
    assert!(text.contains("of the day after") && !text.contains("first line"));
}

#[test]
fn a_plan_is_signed_as_it_reads_and_asks_anew_when_it_was_changed() {
    let mut store = laptop();
    let client = person(&mut store, 1, Consent::None);
    let plan = add(
        &mut store,
        &plan::TYPE,
        Some(client),
        &[("kind", "service-plan"), ("status", "active"), ("review_due", "2027-02-24")],
    );
    let of = plan.to_string();
    let goal = add(
        &mut store,
        &goal::TYPE,
        Some(client),
        &[("words", "A door that locks"), ("plan", &of), ("attainment", "-1"), ("choice", "own")],
    );
    let goal = goal.to_string();
    add(
        &mut store,
        &step::TYPE,
        Some(client),
        &[("goal", &goal), ("what", "call the landlord"), ("who", "me"), ("due", "2026-11-26")],
    );
    add(&mut store, &step::TYPE, Some(client), &[("goal", &goal), ("what", "bring the papers"), ("who", "client")]);
    let text = |store: &Store| to_text(&printing(store, &wanted(Page::Plan, &[client], "client")).document, 100);
    let before = text(&store);
    for words in [
        "A door that locks",
        "less than we expected",
        "Rosa Ortiz",
        "26 Nov 2026",
        "Wednesday 24 February 2027",
        "Witness",
    ] {
        assert!(before.contains(words), "{words} is missing in\n{before}");
    }
    let codes = ["service-plan", "review_due", "active", "-1"];
    assert!(codes.iter().all(|code| !before.contains(code)), "{before}");
    let signer = Signer { name: "Given1x".into(), credentials: String::new(), witness: "Tom Reyes".into() };
    store.sign_plan(plan, SignatureRole::Client, &signer).unwrap();
    let signed = text(&store);
    assert!(signed.contains("Tom Reyes") && !signed.contains("sign again"));
    let mut change = Change::new("edit");
    change.set(goal.parse().unwrap(), goal::words, "A door that locks, and a window");
    store.commit(&change).unwrap();
    assert!(text(&store).contains("sign again"));
}

#[test]
fn a_summary_fits_one_page_and_a_card_two_sides_of_a_card() {
    let mut store = laptop();
    let (usual, _) = full_file(&mut store, Consent::Partial);
    let long = "Very long words about what is going on, with every detail that anyone ever thought of. ".repeat(6);
    let much = add(
        &mut store,
        &client::TYPE,
        None,
        &[("given_name", "Ana"), ("safe_contact", "only through her sister"), ("phone", "555-0142"), ("risk", &long)],
    );
    for number in 0..30 {
        let words = format!("{number} {long}");
        let due = format!("2026-12-{:02} 10:00", number % 28 + 1);
        for (record, fields) in [
            (&need::TYPE, &[("what", words.as_str()), ("domain", "housing"), ("status", "open")][..]),
            (&goal::TYPE, &[("words", &words), ("status", "open")]),
            (&appointment::TYPE, &[("title", &words), ("starts", &due), ("place", &words)]),
            (&relationship::TYPE, &[("name", &words)]),
            (&care_team::TYPE, &[("name", &words)]),
            (&medication::TYPE, &[("name", &words)]),
            (&service::TYPE, &[("what", &words)]),
        ] {
            add(&mut store, record, Some(much), fields);
        }
        note(&mut store, much, &[("body", &words)], true);
    }
    let steps = format!("{long}\n").repeat(5);
    let fields: Vec<(&str, &str)> = ["signs", "coping", "distraction", "helpers", "professionals", "surroundings"]
        .iter()
        .map(|name| (*name, steps.as_str()))
        .chain([("reviewed", "2026-11-01")])
        .collect();
    add(&mut store, &safety_plan::TYPE, Some(much), &fields);
    for client in [usual, much] {
        let summary = pdf(&printing(&store, &wanted(Page::Summary, &[client], "file")));
        assert_eq!(summary.pages, 1);
        let card = pdf(&printing(&store, &wanted(Page::Wallet, &[client], "client")));
        let file = lopdf::Document::load_mem(&card.bytes).unwrap();
        assert_eq!(file.get_pages().len(), 2);
        for id in file.get_pages().values() {
            let page = file.get_dictionary(*id).unwrap();
            let size = page.get(b"MediaBox").unwrap().as_array().unwrap();
            let size: Vec<f32> = size.iter().map(|side| side.as_float().unwrap()).collect();
            // 85.6 x 54 mm (ISO/IEC 7810 ID-1).
            assert!((size[2] - 242.65).abs() < 0.5 && (size[3] - 153.07).abs() < 0.5, "{size:?}");
        }
        assert!(read(&card).contains("988") && !read(&card).contains("Family1x"));
    }
    assert!(read(&pdf(&printing(&store, &wanted(Page::Summary, &[much], "file")))).contains("more"));
    // Two at once: a page for each.
    assert_eq!(pdf(&printing(&store, &wanted(Page::Summary, &[usual, much], "file"))).pages, 2);
}

#[test]
fn hostile_text_is_only_text() {
    let mut store = laptop();
    let evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\u{1b}[2J\u{202e}=cmd|' /C calc'!A0";
    let client =
        add(&mut store, &client::TYPE, None, &[("given_name", "Ana"), ("family_name", "Silva"), ("status", "active")]);
    let mut change = Change::new("evil");
    for field in [client::family_name, client::safe_contact, client::risk, client::closing_summary, client::outside_ids]
    {
        if field == client::outside_ids {
            continue;
        }
        change.set(client, field, evil);
    }
    store.commit(&change).unwrap();
    let plan = add(&mut store, &plan::TYPE, Some(client), &[("kind", "service-plan"), ("status", "active")]);
    let more = store.new_id();
    let mut change = Change::new("evil");
    change.create(&goal::TYPE, more, client).set(more, goal::words, evil).set(more, goal::plan, Value::Link(plan));
    let safety = store.new_id();
    change.create(&safety_plan::TYPE, safety, client).set(safety, safety_plan::reviewed, Value::Date(today())).set(
        safety,
        safety_plan::signs,
        evil,
    );
    store.commit(&change).unwrap();
    note(&mut store, client, &[("body", "fine")], false);
    let written = store.new_id();
    let mut change = Change::new("evil");
    change
        .create(&note::TYPE, written, client)
        .set(written, note::when, Value::Time(now()))
        .set(written, note::kind, "phone")
        .set(written, note::body, evil);
    store.commit(&change).unwrap();
    store.sign_note(written, 72).unwrap();
    for page in PAGES {
        let printing = printing(&store, &wanted(page, &[client], "client"));
        let html = to_html(&printing.document);
        let tags: Vec<String> = html5gum::Tokenizer::new(html.as_str())
            .filter_map(|token| match token {
                Ok(html5gum::Token::StartTag(tag)) => Some(String::from_utf8(tag.name.to_vec()).unwrap()),
                _ => None,
            })
            .collect();
        assert!(!tags.iter().any(|tag| ["script", "img", "iframe", "link", "a"].contains(&tag.as_str())), "{tags:?}");
        assert!(!to_text(&printing.document, 80).contains('\u{1b}'));
        // Neither the file's own title nor its outline of headings names anybody.
        assert!(!printing.document.title.contains("Ana"));
        pdf(&printing);
    }
}

fn words(caseload: &Caseload) -> String {
    let maria = caseload.client(&["given_name=Maria", "family_name=Delgado", "phone=555-0142"]);
    caseload.run(&["add", "need", &format!("client={maria}"), "domain=housing", "what=a room"]);
    maria
}

#[test]
fn at_the_command_line_a_page_is_a_new_file_for_its_owner_only() {
    let caseload = Caseload::new();
    let maria = words(&caseload);
    let path = caseload.folder.path().join("summary.pdf");
    let out = path.to_str().unwrap();
    let said = caseload.run(&["print", "summary", "--client", &maria, "--out", out]);
    assert!(said.contains("It is not encrypted") && said.contains("1 page"), "{said}");
    assert!(std::fs::read(&path).unwrap().starts_with(b"%PDF"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = std::fs::read(&path).unwrap();
    let said = caseload.refused(&["print", "summary", "--client", &maria, "--out", out]);
    assert!(said.contains("already a file"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    // Nothing for whom there is no release, and no file.
    let other = caseload.folder.path().join("other.html");
    let args = ["print", "summary", "--client", &maria, "--for", HOUSING, "--out", other.to_str().unwrap()];
    let said = caseload.refused(&args);
    assert!(said.contains("there is no release to County Housing") && !other.exists(), "{said}");
    let said = caseload.refused(&["print", "plan", "--client", &maria, "--out", other.to_str().unwrap()]);
    assert!(said.contains("there is no plan yet"), "{said}");
    let ground = [&args[..], &["--without-release", "court-order", "--override", "subpoena 12-334"]].concat();
    let json = caseload.json(&ground);
    assert_eq!(json["to"], HOUSING);
    assert!(std::fs::read_to_string(&other).unwrap().contains("Maria Delgado"));
    let given = &caseload.json(&["show", &maria])["disclosures"];
    assert_eq!(given.as_array().unwrap().len(), 2);
    assert!(given.to_string().contains("subpoena 12-334"), "{given}");

    // On the terminal, as text; the worker's own pages are nobody else's.
    let text = caseload.run(&["print", "summary", "--client", &maria, "--for", "file", "--out", "-"]);
    assert!(text.contains("a room") && text.contains("555-0142"));
    let day = caseload.run(&["print", "day", "--out", "-"]);
    assert!(day.contains("keep it with you"));
    let said = caseload.refused(&["print", "day", "--for", HOUSING, "--out", "-"]);
    assert!(said.contains("yours alone"), "{said}");
    caseload.run(&["add", "education", "title=Ethics of touch", "on=2026-10-01", "minutes=90"]);
    assert!(caseload.run(&["print", "practice", "--out", "-"]).contains("Ethics of touch"));
    let said = caseload.refused(&["print", "plan", "--client", &maria, "--out", "plan.doc"]);
    assert!(said.contains(".pdf, .html or .txt"), "{said}");
    assert_eq!(caseload.json(&["check"])["ok"], true);
}

#[test]
fn at_the_screen_what_is_left_out_is_told_before_anything_is_written() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let caseload = Caseload::new();
        let maria = words(&caseload);
        let of = format!("client={maria}");
        caseload.run(&[
            "add",
            "consent",
            &of,
            "to=County Housing",
            "purpose=find a room",
            "what=contact",
            // Looked at by the clock of the machine, whichever day that has.
            "from=2000-01-01",
            "until=2199-12-31",
            "form=written",
        ]);
        let pass = caseload.pass();
        let args = ["--passphrase-file", pass.to_str().unwrap(), "--today", "2026-11-24"];
        let mut screen = Terminal::start(&caseload, columns, rows, &args);
        screen.wait("Maria Delgado");
        screen.keys("O");
        screen.wait("Print what?");
        screen.keys("s");
        screen.wait("For whom?");
        screen.wait("County Housing");
        screen.keys("1");
        screen.wait("What is it for?");
        screen.wait("find a room");
        screen.keys(ENTER);
        screen.wait("Left out: Needs, goals and plan");
        let written = || {
            std::fs::read_dir(caseload.folder.path())
                .unwrap()
                .flatten()
                .any(|one| one.file_name().to_string_lossy().starts_with("caseload-summary-"))
        };
        assert!(!written(), "nothing is written before it was said to go on");
        screen.keys("y");
        screen.wait("not encrypted");
        screen.wait("caseload-summary-20261124");
        assert!(!screen.text().contains("delgado"));
        screen.keys(ENTER);
        screen.wait("What was given is on the record");
        assert!(written());
        screen.keys("\x1b");
        screen.gone("on the record");
        screen.keys("q");
        assert!(screen.ends());
        let given = &caseload.json(&["show", &maria])["disclosures"][0];
        assert_eq!(given["to"], HOUSING);
        assert_eq!(given["purpose"], "find a room");
        assert!(given["withheld"].as_str().unwrap().contains("Needs"));
    }
}
