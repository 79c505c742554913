//! Random releases, marks, joins and takings-back over random rows: nothing leaves that no release in force at that minute
//! covers, what one covers does, and whatever is withheld is named with its rule and what would permit it. Whether something is
//! covered is worked out here once more, from what was done, and not read off the room that decides.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{Duration, Months};
use proptest::prelude::*;

use super::*;
use crate::model::{AlsoTells, ConsentBy, ConsentForm, Domain, FromPart2};

const TO: [&str; 2] = [BANK, "Lincoln School"];
const DOMAINS: [Domain; 6] =
    [Domain::Food, Domain::Income, Domain::Safety, Domain::MentalHealth, Domain::SubstanceUse, Domain::Family];

/// How many random histories: a few in every run of the tests, thousands when asked for.
fn cases() -> u32 {
    std::env::var("CASELOAD_RELEASE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

/// One of several choices, or none.
type Some1 = Option<usize>;

#[derive(Clone, Debug)]
enum Op {
    Need(usize, usize),
    Service(usize, Some1, Some1),
    /// Another mark for a service.
    Mark(prop::sample::Index, Some1, Some1),
    Release(Released),
    TakeBack(prop::sample::Index),
    /// Two entries are one person, or two after all.
    JoinOrPart,
    Danger(usize, bool),
    /// Ten years old, twenty, or nobody knows.
    Born(usize, Some1),
    /// Whoever signs for them is marked as causing harm, or is not.
    Harm(usize, bool),
    Pass(i64),
}

/// A release as it was given.
#[derive(Clone, Debug)]
struct Released {
    of: usize,
    to: usize,
    what: Vec<Information>,
    form: Some1,
    part2: bool,
    /// Days from the day on which it is written down.
    from: i64,
    until: Option<i64>,
    by: Some1,
}

fn released() -> impl Strategy<Value = Released> {
    let what = prop::sample::subsequence(Information::ALL.to_vec(), 0..=Information::ALL.len());
    // Most of everything, so that there is something to leave.
    let what = prop_oneof![1 => what, 2 => Just(Information::ALL.to_vec())];
    let form = prop_oneof![3 => Just(Some(0)), 1 => prop::option::of(0..ConsentForm::ALL.len())];
    let by = prop_oneof![1 => Just(None), 2 => (0..ConsentBy::ALL.len()).prop_map(Some)];
    let until = prop_oneof![1 => Just(None), 1 => (-1i64..2).prop_map(Some), 4 => Just(Some(30))];
    (0usize..2, 0usize..2, what, form, prop::bool::weighted(0.7), -2i64..2, until, by).prop_map(
        |(of, to, what, form, part2, from, until, by)| Released { of, to, what, form, part2, from, until, by },
    )
}

fn op() -> impl Strategy<Value = Op> {
    let mark = || (prop::option::of(0..AlsoTells::ALL.len()), prop::option::of(0..FromPart2::ALL.len()));
    prop_oneof![
        3 => (0usize..2, 0..DOMAINS.len()).prop_map(|(of, domain)| Op::Need(of, domain)),
        3 => (0usize..2, mark()).prop_map(|(of, (also, part2))| Op::Service(of, also, part2)),
        1 => (any::<prop::sample::Index>(), mark()).prop_map(|(row, (also, part2))| Op::Mark(row, also, part2)),
        6 => released().prop_map(Op::Release),
        2 => any::<prop::sample::Index>().prop_map(Op::TakeBack),
        1 => Just(Op::JoinOrPart),
        1 => (0usize..2, any::<bool>()).prop_map(|(of, danger)| Op::Danger(of, danger)),
        1 => (0usize..2, prop::option::of(0usize..2)).prop_map(|(of, age)| Op::Born(of, age)),
        1 => (0usize..2, any::<bool>()).prop_map(|(of, harms)| Op::Harm(of, harms)),
        3 => (0i64..2_000).prop_map(Op::Pass),
    ]
}

/// A row, the word by which it is found, and what it tells.
struct Told {
    id: RowId,
    of: usize,
    mark: String,
    tells: Categories,
}

/// What was done, beside the caseload to which it was done.
struct World {
    store: Store,
    minute: Arc<AtomicI64>,
    people: [RowId; 2],
    rows: Vec<Told>,
    /// Each with its row, the minute in which it was written down, and the one in which it was taken back.
    releases: Vec<(RowId, Released, i64, Option<i64>)>,
    joined: bool,
    danger: [bool; 2],
    born: [Option<NaiveDate>; 2],
    harmed: [bool; 2],
}

impl World {
    fn new() -> World {
        let minute = Arc::new(AtomicI64::new(0));
        let ticks = Arc::clone(&minute);
        let clock: Clock = Arc::new(move || now() + Duration::minutes(ticks.load(Ordering::Relaxed)));
        let worker = Worker {
            id: RowId::derived(&["worker"]),
            name: "Rosa Ortiz".into(),
            credentials: String::new(),
            area: String::new(),
        };
        let mut store = Store::in_memory(&worker, clock).unwrap();
        let people = ["Nq0w", "Nq1w"].map(|name| {
            let id = store.new_id();
            let mut change = Change::new("add client");
            change.create(&client::TYPE, id, id).set(id, client::given_name, name).set(id, client::status, "active");
            // Whoever may sign for them.
            let parent = RowId::derived(&["parent", name]);
            change.create(&relationship::TYPE, parent, id).set(parent, relationship::name, "Ana Ruiz");
            store.commit(&change).unwrap();
            id
        });
        World {
            store,
            minute,
            people,
            rows: Vec::new(),
            releases: Vec::new(),
            joined: false,
            danger: [false; 2],
            born: [None; 2],
            harmed: [false; 2],
        }
    }

    fn now(&self) -> i64 {
        self.minute.load(Ordering::Relaxed)
    }

    fn day(&self, minute: i64) -> NaiveDate {
        (now() + Duration::minutes(minute)).date_naive()
    }

    fn today(&self) -> NaiveDate {
        self.day(self.now())
    }

    fn run(&mut self, op: &Op) {
        let mut change = Change::new("random");
        match op {
            Op::Need(of, domain) => {
                let (id, mark) = (self.store.new_id(), format!("Mq{:03}w", self.rows.len()));
                let domain = DOMAINS[*domain];
                change.create(&need::TYPE, id, self.people[*of]);
                change.set(id, need::what, mark.as_str()).set(id, need::domain, domain.code());
                let mut tells: Categories = [Information::Needs].into();
                tells.extend(match domain {
                    Domain::Income => Some(Information::Income),
                    Domain::Safety => Some(Information::Violence),
                    Domain::MentalHealth => Some(Information::MentalHealth),
                    Domain::SubstanceUse => Some(Information::SubstanceUse),
                    Domain::Family => Some(Information::Family),
                    _ => None,
                });
                self.rows.push(Told { id, of: *of, mark, tells });
            }
            Op::Service(of, also, part2) => {
                let (id, mark) = (self.store.new_id(), format!("Mq{:03}w", self.rows.len()));
                change.create(&service::TYPE, id, self.people[*of]).set(id, service::what, mark.as_str());
                set_marks(&mut change, id, *also, *part2);
                self.rows.push(Told { id, of: *of, mark, tells: of_service(*also, *part2) });
            }
            Op::Mark(row, also, part2) => {
                let services: Vec<usize> =
                    (0..self.rows.len()).filter(|at| self.rows[*at].tells.contains(&Information::Health)).collect();
                if services.is_empty() {
                    return;
                }
                let row = &mut self.rows[services[row.index(services.len())]];
                set_marks(&mut change, row.id, *also, *part2);
                row.tells = of_service(*also, *part2);
            }
            Op::Release(given) => self.release(given, &mut change),
            Op::TakeBack(which) => {
                if self.releases.is_empty() {
                    return;
                }
                let (at, now) = (which.index(self.releases.len()), self.now());
                let (id, .., back) = &mut self.releases[at];
                *back = Some(now);
                change.set(*id, consent::revoked, Value::Time(self.store.now()));
            }
            Op::JoinOrPart => {
                match self.joined {
                    false => self.store.join(self.people[0], self.people[1]),
                    true => self.store.part(self.people[1]),
                }
                .unwrap();
                self.joined = !self.joined;
                return;
            }
            Op::Danger(of, danger) => {
                self.danger[*of] = *danger;
                let said = if *danger { Value::text("only by text") } else { Value::Empty };
                change.set(self.people[*of], client::safe_contact, said);
            }
            Op::Born(of, age) => {
                let born = age.and_then(|age| now().date_naive().checked_sub_months(Months::new(12 * [10, 20][age])));
                self.born[*of] = born;
                change.set(self.people[*of], client::birth_date, born.map_or(Value::Empty, Value::Date));
            }
            Op::Harm(of, harms) => {
                self.harmed[*of] = *harms;
                change.set(RowId::derived(&["parent", ["Nq0w", "Nq1w"][*of]]), relationship::harms, *harms);
            }
            Op::Pass(minutes) => {
                self.minute.fetch_add(*minutes, Ordering::Relaxed);
                return;
            }
        }
        self.store.commit(&change).unwrap();
    }

    fn release(&mut self, given: &Released, change: &mut Change) {
        let (id, today) = (self.store.new_id(), self.today());
        change
            .create(&consent::TYPE, id, self.people[given.of])
            .set(id, consent::to, TO[given.to])
            .set(id, consent::purpose, "care")
            .set(id, consent::from, Value::Date(today + Duration::days(given.from)))
            .set(id, consent::part2, given.part2);
        if let Some(until) = given.until {
            change.set(id, consent::until, Value::Date(today + Duration::days(until)));
        }
        if let Some(form) = given.form {
            change.set(id, consent::form, ConsentForm::ALL[form].code());
        }
        if let Some(by) = given.by.map(|by| ConsentBy::ALL[by]) {
            change.set(id, consent::by, by.code());
            if by != ConsentBy::Client {
                change.set(id, consent::by_name, "Ana Ruiz").set(id, consent::right, "mother");
            }
        }
        for what in &given.what {
            change.member(id, consent::what, what.code(), true);
        }
        self.releases.push((id, given.clone(), self.now(), None));
    }

    /// The entries of each person.
    fn persons(&self) -> Vec<Vec<usize>> {
        if self.joined { vec![vec![0, 1]] } else { vec![vec![0], vec![1]] }
    }

    /// Whether a release in force at this minute covers something.
    fn covers(&self, entries: &[usize], to: usize, what: Information) -> bool {
        let (now, today) = (self.now(), self.today());
        let danger = entries.iter().any(|of| self.danger[*of]);
        let harmed = entries.iter().any(|of| self.harmed[*of]);
        let youngest = entries.iter().filter_map(|of| self.born[*of]).max();
        let minor = youngest.is_some_and(|born| born > now_less_18());
        let guarded = match what {
            Information::SubstanceUse | Information::Violence => true,
            Information::Contact | Information::Whereabouts => danger,
            _ => false,
        };
        let known = || {
            let own = self.releases.iter().filter(|(_, one, ..)| entries.contains(&one.of) && one.to == to);
            own.filter(move |(_, one, ..)| one.what.contains(&what))
        };
        let last_no = known().filter_map(|(.., back)| *back).max();
        known().any(|(_, one, entered, back)| {
            let day = self.day(*entered);
            let from = day + Duration::days(one.from);
            let in_force =
                back.is_none() && from <= today && one.until.is_some_and(|until| day + Duration::days(until) >= today);
            let newest = last_no.is_none_or(|no| match self.day(no) {
                of_no if of_no == from => *entered > no,
                of_no => from > of_no,
            });
            let written = one
                .form
                .is_some_and(|form| matches!(ConsentForm::ALL[form], ConsentForm::Written | ConsentForm::Electronic));
            let by = one.by.map(|by| ConsentBy::ALL[by]);
            let may_sign = match by {
                Some(ConsentBy::Client) => !minor,
                None => !minor,
                Some(_) if harmed => false,
                Some(ConsentBy::Both) => true,
                Some(ConsentBy::Parent | ConsentBy::Order) => !minor || !guarded,
            };
            let says_part2 = what != Information::SubstanceUse || one.part2;
            debug_assert!(*entered <= now);
            in_force && newest && may_sign && says_part2 && (written || !guarded)
        })
    }

    fn page(&self, rules: &Rules, client: RowId, to: usize) -> String {
        let to = To::Other(TO[to].into());
        let (page, clients) = (Page::Closing, vec![client]);
        let wanted =
            print::Wanted { page, clients, to, purpose: String::new(), period: None, withheld: false, without: None };
        let moment = Moment::new(self.store.now(), |_| FixedOffset::west_opt(5 * 3600).unwrap());
        match print::prepare(&self.store, rules, moment, &wanted) {
            Ok(printing) => printing.text(),
            Err(print::PrintError::Nothing { .. }) => String::new(),
            Err(error) => panic!("{error}"),
        }
    }

    fn check(&self, rules: &Rules, practice: &Practice) -> Result<(), TestCaseError> {
        for entries in self.persons() {
            let client = self.people[entries[0]];
            for (to, name) in TO.iter().enumerate() {
                let covered: Categories =
                    Information::ALL.iter().copied().filter(|what| self.covers(&entries, to, *what)).collect();
                let all = all();
                let found = may_leave(&self.store, practice, client, Recipient::Other(name), &all, None).unwrap();
                prop_assert_eq!(&found.allowed, &covered, "{} to {}", client, name);
                let withheld: Categories = found.left_out.iter().map(|left| left.what).collect();
                prop_assert_eq!(withheld, all.difference(&covered).copied().collect::<Categories>());
                for left in &found.left_out {
                    prop_assert!(left.why.contains("CFR") || left.why.contains("USC"), "{:?}", left);
                    prop_assert!(left.would_permit.len() > 10, "{:?}", left);
                }
                let page = self.page(rules, client, to);
                for row in self.rows.iter().filter(|row| entries.contains(&row.of)) {
                    let may = row.tells.is_subset(&covered);
                    prop_assert_eq!(page.contains(&row.mark), may, "{:?} covered {:?}:\n{}", row.tells, covered, page);
                }
                if to == 0 {
                    let file = written(&self.store, practice, Contents::of(Format::Json), vec![client]);
                    for row in self.rows.iter().filter(|row| file.contains(&row.mark)) {
                        prop_assert!(entries.contains(&row.of) && row.tells.is_subset(&covered), "{:?}", row.tells);
                    }
                    prop_assert!(file.is_empty() || covered.contains(&Information::Contact), "{:?}", covered);
                }
            }
        }
        Ok(())
    }
}

/// Whoever is born later is a minor in all of these days.
fn now_less_18() -> NaiveDate {
    now().date_naive().checked_sub_months(Months::new(12 * 18)).unwrap()
}

fn set_marks(change: &mut Change, row: RowId, also: Some1, part2: Some1) {
    let code = |code: Option<&str>| code.map_or(Value::Empty, Value::text);
    change.set(row, service::also_tells, code(also.map(|one| AlsoTells::ALL[one].code())));
    change.set(row, service::part2, code(part2.map(|one| FromPart2::ALL[one].code())));
}

fn of_service(also: Some1, part2: Some1) -> Categories {
    let mut tells: Categories = [Information::Health].into();
    tells.extend(match also.map(|one| AlsoTells::ALL[one]) {
        Some(AlsoTells::SubstanceUse) => vec![Information::SubstanceUse],
        Some(AlsoTells::Violence) => vec![Information::Violence],
        Some(AlsoTells::Both) => vec![Information::SubstanceUse, Information::Violence],
        Some(AlsoTells::Neither) | None => Vec::new(),
    });
    if part2.is_some_and(|one| FromPart2::ALL[one] != FromPart2::No) {
        tells.insert(Information::SubstanceUse);
    }
    tells
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn nothing_leaves_that_no_release_in_force_covers(ops in prop::collection::vec(op(), 1..30)) {
        let rules = Rules::standard();
        let practice = Arc::clone(rules.practice());
        let mut world = World::new();
        for op in &ops {
            world.run(op);
        }
        world.check(&rules, &practice)?;
    }
}
