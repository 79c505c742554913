//! Every record type, field and choice against every class of release, for the ways out: what may be there is, what may not
//! is not, searched in the bytes. Made from the catalogue: a new field is in it by itself.

mod random;

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::*;
use crate::exchange::{self, Written};
use crate::model::records::*;
use crate::model::{CATALOGUE, Change, Choices, FieldId, Information, Kind, List, Moment, RecordType, RowId, Value};
use crate::practice::Practice;
use crate::report::pages::{Page, To};
use crate::report::{print, to_html};
use crate::store::{Clock, Store, Worker};
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
    /// The fields of the row that hold something.
    filled: Vec<FieldId>,
    /// What the row is about by what it holds.
    about: Categories,
    /// It serves a goal, about substance use.
    serves: bool,
    /// What must be covered for the field to stand on a page: its own, and what names its row.
    on_page: Categories,
}

impl Case {
    /// What must be covered for the client to be in a file in which these fields go.
    fn told(&self, goes: &Goes<'_>) -> Categories {
        let mut told: Categories = [Information::Contact].into();
        let going = || self.filled.iter().filter(move |field| goes(**field));
        told.extend(going().flat_map(|field| self.record.field(field.field).unwrap().tells));
        // What a client's own row is about, its own field alone tells.
        let person = *self.record == client::TYPE;
        if going().any(|field| !person || *field == self.field) {
            told.extend(&self.about);
        }
        // What is going on stands in the client's own row too, until it is over.
        if *self.record == incident::TYPE && self.field != incident::resolved && goes(client::crisis) {
            told.extend(&self.about);
        }
        if self.serves && goes(goal::words) {
            told.extend([Information::Needs, Information::SubstanceUse]);
        }
        told
    }
}

/// Whether a field goes into a file of some way out: said here once more, and not read off the room that decides.
type Goes<'a> = dyn Fn(FieldId) -> bool + 'a;

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
                let (mut about, mut filled, mut serves) = (Categories::new(), Vec::new(), false);
                let mut found = None;
                // Without its first day an enrollment has no place in an HMIS.
                let filled_in =
                    |other: &&crate::model::Field| other.required || *other == field || other.id == enrollment::entry;
                for other in record.fields.iter().filter(filled_in) {
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
                    // Of a child the releases ask for more.
                    if other.id == client::birth_date {
                        set = Value::Date(NaiveDate::from_ymd_opt(1990, 1, 1).unwrap());
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
                            serves = true;
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
                    filled.push(other.id);
                }
                let title = record.title_field().filter(|_| record != &client::TYPE);
                let title = title.into_iter().flat_map(|title| title.tells);
                let on_page = about.iter().chain(field.tells).chain(title).copied().collect();
                let field = field.id;
                cases.push(Case { client: id, record, field, name, mark: found, filled, about, serves, on_page });
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

/// A file for the food bank as it is written; empty where nobody may go.
fn written(store: &Store, practice: &Practice, contents: Contents, clients: Vec<RowId>) -> String {
    let whom = Whom::Other(BANK.into());
    let clients = Clients::These(clients);
    let asking = Asking { contents, clients, whom, purpose: String::new(), without: None };
    decide(store, practice, asking).map_or(String::new(), |decided| bytes(store, practice, &decided))
}

/// All that a file says, as text: what is packed is unpacked.
fn bytes(store: &Store, practice: &Practice, decided: &Decided) -> String {
    let (handed, wanted) = (decided.hand(store), exchange::Wanted { folder: false, moment: moment(), practice });
    let mut bytes = Vec::new();
    if let Some(done) = exchange::stream(&handed, &wanted, &mut bytes) {
        done.unwrap();
    } else {
        let Written { files, .. } = exchange::write(&handed, &wanted).unwrap();
        bytes = files.into_iter().flat_map(|(_, bytes)| bytes).collect();
    }
    if !bytes.starts_with(b"PK") {
        return String::from_utf8(bytes).unwrap();
    }
    let mut text = String::new();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    for at in 0..zip.len() {
        std::io::Read::read_to_string(&mut zip.by_index(at).unwrap(), &mut text).unwrap();
    }
    text
}

/// A way out in the bytes of which the cases are searched.
struct Way<'a> {
    name: &'a str,
    covered: &'a Categories,
    goes: &'a Goes<'a>,
    /// What goes with every client beside the case: the release itself is a part of some files.
    beside: &'a Categories,
    /// Whether each client who goes is there by name.
    named: bool,
    /// Whether each field that goes is there by its words.
    whole: bool,
}

impl Way<'_> {
    /// Holds what is in the bytes against what may be there, and counts how many fields are.
    #[track_caller]
    fn holds(&self, bytes: &str, cases: &[&Case]) -> usize {
        let mut there = 0;
        for case in cases {
            let told = case.told(self.goes);
            let may = told.union(self.beside).all(|one| self.covered.contains(one));
            let what = || {
                let field = case.record.field(case.field.field).unwrap().name;
                format!("{}, {}.{field}: {told:?}, covered {:?}", self.name, case.record.name, self.covered)
            };
            let named = bytes.contains(&case.name);
            assert!(may || !named, "somebody is there: {}", what());
            assert!(named || !may || !self.named, "somebody is missing: {}", what());
            let Some(mark) = &case.mark else { continue };
            let (goes, shown) = ((self.goes)(case.field), bytes.contains(mark));
            assert!(!shown || (may && goes), "what must stay is there: {}", what());
            assert!(shown || !may || !goes || !self.whole, "what may go is missing: {}", what());
            there += usize::from(shown);
        }
        there
    }
}

const NAMES: [FieldId; 3] = [client::given_name, client::family_name, client::preferred_name];
const SEEN: [FieldId; 5] =
    [appointment::starts, appointment::minutes, appointment::status, appointment::title, appointment::place];

/// Whether a format has a place for a field.
fn goes(format: Format, list: Option<&RecordType>, field: FieldId) -> bool {
    let of = |records: &[&RecordType]| records.iter().any(|record| record.number == field.record);
    let named = NAMES.contains(&field);
    match format {
        Format::Json => true,
        Format::Fhir => of(&[
            &client::TYPE,
            &relationship::TYPE,
            &care_team::TYPE,
            &enrollment::TYPE,
            &need::TYPE,
            &plan::TYPE,
            &goal::TYPE,
            &step::TYPE,
            &appointment::TYPE,
            &task::TYPE,
            &note::TYPE,
            &consent::TYPE,
            &benefit::TYPE,
            &medication::TYPE,
            &assessment::TYPE,
            &referral::TYPE,
            &stay::TYPE,
        ]),
        Format::Hmis => of(&[&client::TYPE, &enrollment::TYPE, &need::TYPE, &note::TYPE, &relationship::TYPE]),
        Format::Ics => named || SEEN.contains(&field),
        Format::Vcard => named || of(&[&care_team::TYPE]),
        Format::Csv | Format::Xlsx => named || list.is_some_and(|list| of(&[list])),
        Format::Hsds | Format::Sheet => false,
    }
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
    let mut shown = std::collections::BTreeMap::<&str, usize>::new();
    for (round, covered) in rounds().into_iter().enumerate() {
        release(&mut rosa, &cases, &before, &covered);
        // Whomever it concerns, and of the others each in some round.
        let concerned = |(n, case): &(usize, &Case)| n % 4 == round % 4 || !case.told(&|_| true).is_subset(&covered);
        let every: Vec<&Case> = cases.iter().enumerate().filter(concerned).map(|(_, case)| case).collect();
        let clients = |cases: &[&Case]| cases.iter().map(|case| case.client).collect::<Vec<_>>();
        // The release itself is part of a file.
        let mut release_tells: Categories = [Information::Notes].into();
        if covered.contains(&Information::SubstanceUse) {
            release_tells.insert(Information::SubstanceUse);
        }
        let none = Categories::new();
        for format in Format::written().filter(|format| ![Format::Csv, Format::Xlsx].contains(format)) {
            let (names, places) = (true, true);
            let contents = Contents { names, places, ..Contents::of(format) };
            let text = written(&rosa, &practice, contents, clients(&every));
            let with_release = [Format::Json, Format::Fhir].contains(&format);
            let beside = if with_release { &release_tells } else { &none };
            let (name, whole) = (format.name(), format == Format::Json);
            let goes = |field| goes(format, None, field);
            let way = Way { name, covered: &covered, goes: &goes, beside, named: with_release, whole };
            *shown.entry(name).or_default() += way.holds(&text, &every);
        }
        for (n, record) in CATALOGUE.iter().copied().enumerate() {
            let own: Vec<&Case> = every.iter().copied().filter(|case| case.record == record).collect();
            if own.is_empty() {
                continue;
            }
            let mut formats = vec![Format::Csv];
            formats.extend((n % 3 == round % 3).then_some(Format::Xlsx));
            for format in formats {
                let contents = Contents { list: Listed::Rows(record), ..Contents::of(format) };
                let text = written(&rosa, &practice, contents, clients(&own));
                let beside = if record == &consent::TYPE { &release_tells } else { &none };
                let goes = |field| goes(format, Some(record), field);
                let (name, covered) = (format.name(), &covered);
                let way = Way { name, covered, goes: &goes, beside, named: true, whole: true };
                *shown.entry(name).or_default() += way.holds(&text, &own);
            }
        }
        let scope = sync::Scope::Clients(clients(&every));
        let leaving = sync::Leaving::of(&rosa, &practice, &scope, &whom, None).unwrap();
        let sync::Scope::Clients(going) = leaving.scope(scope) else { panic!() };
        for case in &every {
            let told = case.told(&|_| true);
            let may = told.union(&release_tells).all(|one| covered.contains(one));
            let what = format!("bundle, {}.{}: {told:?}, {covered:?}", case.record.name, case.field.field);
            assert_eq!(going.contains(&case.client), may, "{what}");
        }
        if round == 0 {
            // Through a place goes nothing to another agency, whatever a release covers.
            let folder = tempfile::tempdir().unwrap();
            let place = sync::place::Place::open(folder.path().to_str().unwrap()).unwrap();
            let through = |store: &mut Store| {
                sync::sync(store, &place, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
            };
            through(&mut bank);
            through(&mut rosa);
            through(&mut bank);
            assert!(bank.all_facts().unwrap().is_empty());
        }
        before = covered;
    }
    // Each way out was looked at with something in it.
    for format in Format::written() {
        let many = shown.get(format.name()).copied().unwrap_or(0);
        assert_eq!(many > 0, format != Format::Hsds, "{}: {shown:?}", format.name());
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
    let contents = Contents { history: true, ..Contents::of(Format::Json) };
    let (clients, whom, purpose) = (Clients::Everyone, Whom::Worker, String::new());
    let own = decide(&bank, &practice, Asking { contents, clients, whom, purpose, without: None }).unwrap();
    let beside: &Categories = &[Information::Notes, Information::SubstanceUse].into();
    let way = Way { name: "bundle", covered: &before, goes: &|_| true, beside, named: true, whole: true };
    assert!(way.holds(&bytes(&bank, &practice, &own), &every) > 0);
}

/// The table can fail: a field that says too little of itself is noticed by its words in the bytes, and one that says too much by
/// their lack.
#[test]
fn what_is_declared_wrong_is_noticed() {
    let covered: Categories = [Information::Contact, Information::Needs].into();
    let none = Categories::new();
    let case = |about: &[Information]| Case {
        client: RowId::derived(&["one"]),
        record: &need::TYPE,
        field: need::what,
        name: "Nq0001w".into(),
        mark: Some("Mq0001w".into()),
        filled: vec![need::what],
        about: about.iter().copied().collect(),
        serves: false,
        on_page: Categories::new(),
    };
    let noticed = |bytes: &str, case: Case| {
        let way = Way { name: "a file", covered: &covered, goes: &|_| true, beside: &none, named: true, whole: true };
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| way.holds(bytes, &[&case]))).is_err()
    };
    assert!(!noticed("Nq0001w Mq0001w", case(&[])), "as it should be");
    assert!(noticed("Nq0001w Mq0001w", case(&[Information::Violence])), "what must stay is there");
    assert!(noticed("Nq0001w", case(&[Information::Violence])), "somebody is there");
    assert!(noticed("Nq0001w", case(&[])), "what may go is missing");
    assert!(noticed("", case(&[])), "somebody is missing");
    assert!(!noticed("", case(&[Information::Violence])));
}

/// How somebody is reached goes nowhere without how that is done safely, in a file that has no place for the instruction
/// either (34 USC 12291(b)(2)).
#[test]
fn a_number_does_not_leave_without_the_instruction_how_to_use_it() {
    use Information::*;
    let practice = Practice::standard();
    let mut rosa = store("Rosa Ortiz");
    for (name, safe) in [("Ana", "Only through her sister"), ("Ben", "")] {
        let id = RowId::derived(&[name]);
        let mut change = Change::new("add");
        change.create(&client::TYPE, id, id).set(id, client::given_name, name).set(id, client::phone, "555-0142");
        change.set(id, client::safe_contact, safe);
        let row = RowId::derived(&["release", name]);
        change
            .create(&consent::TYPE, row, id)
            .set(row, consent::to, BANK)
            .set(row, consent::purpose, "food")
            .set(row, consent::until, Value::Date("2026-12-31".parse().unwrap()))
            .set(row, consent::form, "written");
        for one in [Contact, Attendance, Needs, Notes] {
            change.member(row, consent::what, one.code(), true);
        }
        rosa.commit(&change).unwrap();
    }
    let both = || ["Ana", "Ben"].map(|name| RowId::derived(&[name])).to_vec();
    let text = written(&rosa, &practice, Contents::of(Format::Csv), both());
    assert!(text.contains("Ben") && text.contains("555-0142") && !text.contains("Ana"), "{text}");
    // The name alone leads nobody to her.
    let list = Listed::Rows(&task::TYPE);
    let asking = |contents| Asking {
        contents,
        clients: Clients::These(both()),
        whom: Whom::Other(BANK.into()),
        purpose: String::new(),
        without: None,
    };
    let decided = decide(&rosa, &practice, asking(Contents { list, ..Contents::of(Format::Csv) })).unwrap();
    assert_eq!(decided.clients().len(), 2);
}

/// A list is the same by each of its names, and what is about no client asks nobody.
#[test]
fn a_list_has_one_permission_by_whatever_name() {
    for (one, other) in
        [("task", "tasks"), ("care_team", "care-team"), ("note", "Notes"), ("notes-index", "notes_index")]
    {
        assert_eq!(Listed::named(one).unwrap(), Listed::named(other).unwrap());
    }
    assert!(Listed::named("worker").unwrap_err().contains("There are: caseload, notes-index, client"));
    let practice = Practice::standard();
    let rosa = store("Rosa Ortiz");
    for record in [&credential::TYPE, &resource::TYPE] {
        let contents = Contents { list: Listed::Rows(record), ..Contents::of(Format::Csv) };
        assert!(!contents.is_of_clients());
        let whom = Whom::Other(BANK.into());
        let clients = Clients::Everyone;
        decide(&rosa, &practice, Asking { contents, clients, whom, purpose: String::new(), without: None }).unwrap();
    }
}

fn page(store: &Store, rules: &Rules, page: Page, client: RowId, to: To) -> String {
    let wanted = print::Wanted {
        page,
        clients: vec![client],
        to,
        purpose: String::new(),
        period: None,
        withheld: false,
        without: None,
    };
    // The same text in what a browser opens.
    print::prepare(store, rules, moment(), &wanted)
        .map_or(String::new(), |printing| printing.text() + &to_html(&printing.document))
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
