//! Every record type, field and choice against every class of release, for the ways out: what may be there is, what may not
//! is not, searched in the bytes. Made from the catalogue: a new field is in it by itself.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::*;
use crate::exchange::{self, Written};
use crate::model::records::*;
use crate::model::{Change, Choices, FieldId, Information, Kind, List, Moment, Value};
use crate::practice::Practice;
use crate::report::pages::{Page, To};
use crate::report::print;
use crate::store::{Clock, Worker};
use crate::sync;
use crate::triage::Rules;

const BANK: &str = "Food Bank";
const DAY: &str = "2026-11-20";

fn now() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-24T09:00:00-05:00").unwrap()
}

fn moment() -> Moment {
    Moment::new(now(), |_| FixedOffset::west_opt(5 * 3600).unwrap())
}

fn store(name: &str) -> Store {
    let clock: Clock = Arc::new(now);
    let worker = Worker {
        id: RowId::derived(&["worker", name]),
        name: name.into(),
        credentials: String::new(),
        area: String::new(),
    };
    Store::in_memory(&worker, clock).unwrap()
}

/// Somebody of whom nothing is known but one field of one row, and what that row needs beside it.
struct Case {
    client: RowId,
    record: &'static RecordType,
    field: FieldId,
    /// Stands in the bytes where the client does.
    name: String,
    /// Stands in the bytes where the field does; none where it cannot hold words.
    mark: Option<String>,
    /// What must be covered for the row to go out.
    told: Categories,
    /// What must be covered for the field to stand on a page: its own, and what names its row.
    on_page: Categories,
}

fn all() -> Categories {
    Information::ALL.iter().copied().collect()
}

fn of(tells: Option<&[Information]>) -> Categories {
    tells.map_or_else(all, |tells| tells.iter().copied().collect())
}

/// What a choice tells by its own line, read here without the room that decides.
fn of_choice(practice: &Practice, choices: Choices, code: &str) -> Categories {
    match choices {
        Choices::Fixed(list) => of(list.tells(code)),
        Choices::Listed(List::Area) => of(practice.area(code).unwrap().tells.as_deref()),
        Choices::Listed(List::NoteTemplate) => of(practice.template(code).unwrap().tells.as_deref()),
        Choices::Listed(List::Service) => of(practice.service(code).unwrap().tells.as_deref()),
        Choices::Listed(List::CrisisKind) => of(practice.crisis(code).unwrap().tells.as_deref()),
        Choices::Listed(List::Instrument) => {
            let known = practice.instruments.get(code).unwrap();
            let domains = known.domains().flat_map(|domain| of(crate::model::Domain::LIST.tells(domain.code())));
            of(known.tells.as_deref()).into_iter().chain(domains).collect()
        }
        Choices::Listed(List::Credential | List::EducationCategory) => Categories::new(),
    }
}

/// A value that fits, and the words by which it is found.
fn value(field: &crate::model::Field, mark: &str) -> (Value, Option<String>) {
    match field.kind {
        Kind::Line | Kind::Text | Kind::Phone => (mark.into(), Some(mark.into())),
        Kind::Date => (Value::Date(DAY.parse::<NaiveDate>().unwrap()), None),
        Kind::Time => (Value::Time(DateTime::parse_from_rfc3339(&format!("{DAY}T09:00:00-05:00")).unwrap()), None),
        Kind::Whole { min, .. } => (min.into(), None),
        Kind::Yes => (true.into(), None),
        Kind::Choice(choices) => (choices.all()[0].code.into(), None),
        Kind::Link(_) => (Value::Link(RowId::derived(&["elsewhere"])), None),
        Kind::Repeat => ("FREQ=WEEKLY".into(), None),
        Kind::Words | Kind::Choices(_) | Kind::Links(_) => (Value::Empty, None),
    }
}

/// One client for each field of each record type, and for each choice of a field that chooses.
fn cases(store: &mut Store, practice: &Practice) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut change = Change::new("add");
    for record in CATALOGUE.iter().copied().filter(|record| !record.is_the_workers() && *record != &worker::TYPE) {
        for field in record.fields.iter().filter(|field| field.id != client::same_as) {
            let codes: Vec<Option<&str>> = match field.kind {
                Kind::Choice(choices) | Kind::Choices(choices) => {
                    choices.all().iter().map(|choice| Some(choice.code)).collect()
                }
                _ => vec![None],
            };
            for code in codes {
                let n = cases.len();
                let (name, mark) = (format!("Nq{n:04}w"), format!("Mq{n:04}w"));
                let id = RowId::derived(&["client", &name]);
                change.create(&client::TYPE, id, id);
                if field.id != client::given_name {
                    change.set(id, client::given_name, name.as_str());
                }
                let row = if record == &client::TYPE { id } else { RowId::derived(&["row", &name]) };
                if row != id {
                    change.create(record, row, id);
                }
                let mut told: Categories = [Information::Contact].into();
                let (mut about, mut own) = (Categories::new(), Categories::new());
                let mut found = None;
                for other in record.fields.iter().filter(|other| other.required || *other == field) {
                    let (mut set, words) = value(other, &mark);
                    if other == field {
                        found = words;
                        if let Some(code) = code {
                            set = code.into();
                        }
                    } else if let Value::Text(_) = set
                        && matches!(other.kind, Kind::Line | Kind::Text)
                    {
                        set = "x".into();
                    }
                    match other.kind {
                        Kind::Words => {
                            change.member(row, other.id, mark.as_str(), true);
                            found = Some(mark.clone());
                        }
                        Kind::Choices(choices) => {
                            let code = code.unwrap();
                            change.member(row, other.id, code, true);
                            about.extend(of_choice(practice, choices, code));
                        }
                        Kind::Links("goal") | Kind::Link("goal") => {
                            let goal = RowId::derived(&["goal", &name]);
                            change.create(&goal::TYPE, goal, id).set(goal, goal::words, "x").set(
                                goal,
                                goal::domain,
                                "substance-use",
                            );
                            match other.kind.is_set() {
                                true => change.member(row, other.id, goal.to_string(), true),
                                false => change.set(row, other.id, Value::Link(goal)),
                            };
                            about.insert(Information::SubstanceUse);
                            told.insert(Information::Needs);
                        }
                        kind => {
                            if let (Kind::Choice(choices), Value::Text(code)) = (kind, &set) {
                                about.extend(of_choice(practice, choices, code));
                            }
                            if other.id == client::crisis {
                                about = all();
                            }
                            if other.id == consent::part2 {
                                about.insert(Information::SubstanceUse);
                            }
                            change.set(row, other.id, set);
                        }
                    }
                    own.extend(other.tells);
                }
                let title = record.title_field().filter(|_| record != &client::TYPE);
                let title = title.into_iter().flat_map(|title| title.tells);
                let on_page = about.iter().chain(field.tells).chain(title).copied().collect();
                told.extend(own.into_iter().chain(about));
                cases.push(Case { client: id, record, field: field.id, name, mark: found, told, on_page });
            }
        }
    }
    store.commit(&change).unwrap();
    // What was given is one name for everybody.
    for case in cases.iter_mut().filter(|case| case.field == client::given_name) {
        case.name = case.mark.clone().unwrap();
    }
    cases
}

/// The release of everybody to the food bank: one row each, whose classes change from round to round.
fn release(store: &mut Store, cases: &[Case], before: &Categories, covered: &Categories) {
    let mut change = Change::new("release");
    for case in cases {
        let row = RowId::derived(&["release", &case.name]);
        if before.is_empty() {
            change
                .create(&consent::TYPE, row, case.client)
                .set(row, consent::to, BANK)
                .set(row, consent::purpose, "food")
                .set(row, consent::until, Value::Date("2026-12-31".parse().unwrap()))
                .set(row, consent::form, "written");
        }
        for what in Information::ALL {
            let (was, is) = (before.contains(what), covered.contains(what));
            if was != is {
                change.member(row, consent::what, what.code(), is);
            }
        }
        change.set(row, consent::part2, covered.contains(&Information::SubstanceUse));
    }
    store.commit(&change).unwrap();
}

/// Everything but one class. Substance use first: a release of it is part of the file by then, and tells of it.
fn rounds() -> Vec<Categories> {
    let first = Information::SubstanceUse;
    let order = std::iter::once(first).chain(Information::ALL.iter().copied().filter(|one| *one != first));
    order
        .map(|without| {
            let mut covered = all();
            covered.remove(&without);
            covered
        })
        .collect()
}

/// Holds what is in the bytes against what may be there.
#[track_caller]
fn held(bytes: &str, way: &str, covered: &Categories, beside: &Categories, cases: &[&Case]) {
    for case in cases {
        let may = case.told.union(beside).all(|one| covered.contains(one));
        let what = || format!("{way}, {}.{}: {:?}", case.record.name, case.field.field, case.told);
        assert_eq!(bytes.contains(&case.name), may, "{} is there or not, covered {covered:?}", what());
        if let Some(mark) = case.mark.as_ref().filter(|_| !may) {
            assert!(!bytes.contains(mark), "{} is there by its words, covered {covered:?}", what());
        }
    }
}

fn written(store: &Store, practice: &Practice, format: Format, list: Option<&str>, asked: Vec<RowId>) -> String {
    let whom = For { whom: Some(BANK), purpose: "", without: None };
    let contents = Contents { format, list, history: false };
    // Nobody may go: nothing is written.
    let Ok(decided) = decide(practice, store, &contents, asked, &whom) else { return String::new() };
    let wanted = exchange::Wanted {
        clients: &decided.clients,
        list,
        names: true,
        places: true,
        folder: false,
        history: false,
        released: true,
        moment: moment(),
        practice,
    };
    let mut bytes = Vec::new();
    if let Some(done) = exchange::stream(store, format, &wanted, &mut bytes) {
        done.unwrap();
    } else {
        let Written { files, .. } = exchange::write(store, format, &wanted).unwrap();
        bytes = files.into_iter().flat_map(|(_, bytes)| bytes).collect();
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn each_field_goes_out_by_a_release_that_covers_it_and_by_no_other() {
    let practice = Practice::standard();
    let mut rosa = store("Rosa Ortiz");
    let cases = cases(&mut rosa, &practice);
    assert!(cases.len() > 500, "{}", cases.len());
    // Somebody of another agency, to whom bundles go.
    let mut bank = store("Bea Cole");
    rosa.accept_site(&bank.own_site().unwrap()).unwrap();
    rosa.set_agency(&bank.own_site().unwrap(), BANK).unwrap();
    bank.accept_site(&rosa.own_site().unwrap()).unwrap();
    let card = bank.own_site().unwrap();
    let whom = sync::Whom::Sites(vec![card]);
    let mut before = Categories::new();
    for (round, covered) in rounds().into_iter().enumerate() {
        release(&mut rosa, &cases, &before, &covered);
        // Whomever it concerns, and of the others each in some round.
        let concerned = |(n, case): &(usize, &Case)| n % 4 == round % 4 || !case.told.is_subset(&covered);
        let every: Vec<&Case> = cases.iter().enumerate().filter(concerned).map(|(_, case)| case).collect();
        let everyone = || every.iter().map(|case| case.client).collect::<Vec<_>>();
        // The release itself is part of a file.
        let mut release_tells: Categories = [Information::Notes].into();
        if covered.contains(&Information::SubstanceUse) {
            release_tells.insert(Information::SubstanceUse);
        }
        let json = written(&rosa, &practice, Format::Json, None, everyone());
        held(&json, "json", &covered, &release_tells, &every);
        let fhir = written(&rosa, &practice, Format::Fhir, None, everyone());
        held(&fhir, "fhir", &covered, &release_tells, &every);
        for record in CATALOGUE.iter().copied().filter(|record| *record != &client::TYPE) {
            let own: Vec<&Case> = every.iter().copied().filter(|case| case.record == record).collect();
            if own.is_empty() {
                continue;
            }
            let asked = own.iter().map(|case| case.client).collect();
            let csv = written(&rosa, &practice, Format::Csv, Some(record.name), asked);
            for case in own {
                let beside = if record == &consent::TYPE { release_tells.clone() } else { Categories::new() };
                let mut told = case.told.clone();
                told.extend(beside);
                // A goal that the row serves is in a file of its own.
                told.remove(&Information::Needs);
                told.extend(case.record.fields.iter().filter(|field| field.required).flat_map(|field| field.tells));
                told.extend(case.record.field(case.field.field).unwrap().tells);
                let may = told.is_subset(&covered);
                if let Some(mark) = &case.mark {
                    let field = case.field.field;
                    assert_eq!(csv.contains(mark), may, "csv {}.{field}: {told:?}, {covered:?}", record.name);
                }
            }
        }
        let scope = sync::Scope::Clients(everyone());
        let leaving = sync::Leaving::of(&rosa, &practice, &scope, &whom, None).unwrap();
        let sync::Scope::Clients(going) = leaving.scope(scope) else { panic!() };
        for case in &every {
            let may = case.told.union(&release_tells).all(|one| covered.contains(one));
            let what = format!("bundle, {}.{}: {:?}, {covered:?}", case.record.name, case.field.field, case.told);
            assert_eq!(going.contains(&case.client), may, "{what}");
        }
        before = covered;
    }
    // The last one in its bytes, opened by whom it is for.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("given.bundle");
    let every: Vec<&Case> = cases.iter().collect();
    let scope = sync::Scope::Clients(every.iter().map(|case| case.client).collect());
    let leaving = sync::Leaving::of(&rosa, &practice, &scope, &whom, None).unwrap();
    let scope = leaving.scope(scope);
    leaving.give(&mut rosa, (&scope, &whom), true, None, &path).unwrap();
    sync::take(&mut bank, &path, None, true, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    let own = exchange::Wanted {
        clients: &[],
        list: None,
        names: true,
        places: true,
        folder: false,
        history: true,
        released: true,
        moment: moment(),
        practice: &practice,
    };
    let mut bytes = Vec::new();
    exchange::stream(&bank, Format::Json, &own, &mut bytes).unwrap().unwrap();
    let beside = [Information::Notes, Information::SubstanceUse].into();
    held(&String::from_utf8(bytes).unwrap(), "bundle", &before, &beside, &every);
}

fn page(store: &Store, rules: &Rules, page: Page, client: RowId, to: To) -> String {
    let wanted = print::Wanted { page, clients: vec![client], to, purpose: String::new(), period: None, without: None };
    print::prepare(store, rules, moment(), &wanted).map_or(String::new(), |printing| printing.text())
}

#[test]
fn each_field_stands_on_a_page_by_a_release_that_covers_it_and_by_no_other() {
    let rules = Rules::standard();
    let practice = Arc::clone(rules.practice());
    let mut rosa = store("Rosa Ortiz");
    let cases = cases(&mut rosa, &practice);
    let mut shown = Vec::new();
    for case in cases.iter().filter(|case| case.mark.is_some()) {
        for of in Page::ALL.into_iter().filter(|page| page.is_of_a_client()) {
            if page(&rosa, &rules, of, case.client, To::Client).contains(case.mark.as_ref().unwrap()) {
                shown.push((case, of));
            }
        }
    }
    assert!(shown.len() > 40, "the pages show so many fields: {}", shown.len());
    let mut before = Categories::new();
    for covered in rounds() {
        release(&mut rosa, &cases, &before, &covered);
        for (case, of) in &shown {
            let text = page(&rosa, &rules, *of, case.client, To::Other(BANK.into()));
            let there = text.contains(case.mark.as_ref().unwrap());
            let what = format!("{of:?} {}.{}: {:?}", case.record.name, case.field.field, case.on_page);
            let may = case.on_page.is_subset(&covered);
            assert!(!there || may, "{what} is there, covered {covered:?}");
            // How to reach somebody and the name at the head are not told apart from the rest of the page.
            assert!(there || !may || !covered.contains(&Information::Contact), "{what} is missing, {covered:?}");
        }
        before = covered;
    }
}

/// A release of mental health does not print that somebody is beaten at home, one of health not what they are treated with
/// for opioids.
#[test]
fn a_page_does_not_say_by_its_words_what_its_release_does_not_cover() {
    use Information::*;
    let rules = Rules::standard();
    let mut rosa = store("Rosa Ortiz");
    let ana = RowId::derived(&["ana"]);
    let mut change = Change::new("add");
    change.create(&client::TYPE, ana, ana).set(ana, client::given_name, "Ana");
    change.set(ana, client::crisis, "Violence at home").set(ana, client::status, "active");
    for (key, name) in [("m", "Methadone 60 mg"), ("n", "Lisinopril 10 mg")] {
        let row = RowId::derived(&[key]);
        change.create(&medication::TYPE, row, ana).set(row, medication::name, name);
    }
    let group = RowId::derived(&["group"]);
    change.create(&care_team::TYPE, group, ana).set(group, care_team::name, "Narcotics Anonymous");
    rosa.commit(&change).unwrap();
    let mut given = |to: &str, what: &[Information], part2: bool| {
        let row = RowId::derived(&["release", to]);
        let mut change = Change::new("release");
        change
            .create(&consent::TYPE, row, ana)
            .set(row, consent::to, to)
            .set(row, consent::purpose, "care")
            .set(row, consent::until, Value::Date("2026-12-31".parse().unwrap()))
            .set(row, consent::form, "written")
            .set(row, consent::part2, part2);
        for one in what {
            change.member(row, consent::what, one.code(), true);
        }
        rosa.commit(&change).unwrap();
        page(&rosa, &rules, Page::Summary, ana, To::Other(to.into()))
    };
    let most = [Contact, Attendance, Needs, Notes, Health, MentalHealth, Family];
    let text = given("Clinic", &most, false);
    assert!(text.contains("Ana") && text.contains("Lisinopril"), "{text}");
    for never in ["IN CRISIS", "Violence", "Methadone", "Narcotics"] {
        assert!(!text.contains(never), "{never}:\n{text}");
    }
    let text = given("Advocate", &[&most[..], &[Violence]].concat(), false);
    assert!(text.contains("IN CRISIS: Violence at home") && !text.contains("Methadone"), "{text}");
    let text = given("Program", &[&most[..], &[SubstanceUse]].concat(), true);
    assert!(text.contains("Methadone") && text.contains("Narcotics Anonymous") && !text.contains("Violence"), "{text}");
}
