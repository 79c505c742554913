//! Billing sheets worked out by hand.

use super::*;
use crate::model::records::authorization;
use crate::model::signing;
use crate::model::{ContactKind, Value};

fn id(key: &str) -> RowId {
    RowId::derived(&[key])
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(&format!("{text}:00-05:00")).unwrap()
}

/// A client with an active plan and a goal on it.
fn books(client: &str) -> Books {
    let mut plan = Row::new(&plan::TYPE, id("plan"), id(client));
    plan.put(plan::status, PlanStatus::Active.code());
    plan.put(plan::start, Value::Date(day("2026-01-01")));
    let mut goal = Row::new(&goal::TYPE, id("goal"), id(client));
    goal.put(goal::plan, Value::Link(plan.id));
    goal.put(goal::words, "A door that locks");
    Books {
        client: id(client),
        name: client.into(),
        worker: "Rosa Ortiz".into(),
        notes: Vec::new(),
        signatures: Vec::new(),
        addenda: Vec::new(),
        plans: vec![plan],
        goals: vec![goal],
        authorizations: Vec::new(),
    }
}

impl Books {
    /// A note that serves the goal, and is signed.
    fn note(&mut self, when: &str, service: &str, minutes: i64) -> RowId {
        let row = self.unsigned(when, service, minutes);
        self.sign(row, SignatureRole::Author, "Rosa Ortiz");
        row
    }

    fn unsigned(&mut self, when: &str, service: &str, minutes: i64) -> RowId {
        let mut row = Row::new(&note::TYPE, id(&format!("{}{when}{service}", self.name)), self.client);
        row.put(note::when, Value::Time(at(when)));
        row.put(note::kind, ContactKind::FaceToFace.code());
        row.put(note::service, service);
        row.put(note::minutes, minutes);
        row.sets.push((note::goals.field, vec![id("goal").to_string()]));
        self.notes.push(row);
        self.notes[self.notes.len() - 1].id
    }

    fn sign(&mut self, note: RowId, role: SignatureRole, name: &str) {
        let row = self.notes.iter().find(|row| row.id == note).unwrap();
        let when = at("2026-12-31T12:00");
        let content = signing::note_content(row, &self.goals, when, false);
        let mut own = Row::new(&signature::TYPE, id(&format!("{note}{}", role.code())), self.client);
        own.put(signature::of, note.to_string());
        own.put(signature::role, role.code());
        own.put(signature::name, name);
        own.put(signature::at, Value::Time(when));
        own.put(signature::content, content);
        own.put(signature::reads, signing::reads(row));
        own.put(signature::seal, signing::seal(&own));
        self.signatures.push(own);
    }

    fn approve(&mut self, key: &str, service: &str, units: i64, from: &str, until: &str) {
        let mut row = Row::new(&authorization::TYPE, id(key), self.client);
        row.put(authorization::payer, key);
        row.put(authorization::service, service);
        row.put(authorization::status, "approved");
        row.put(authorization::units, units);
        row.put(authorization::from, Value::Date(day(from)));
        row.put(authorization::until, Value::Date(day(until)));
        self.authorizations.push(row);
    }

    fn row(&mut self, note: RowId) -> &mut Row {
        self.notes.iter_mut().find(|row| row.id == note).unwrap()
    }
}

fn of_year(books: &[Books]) -> Vec<Line> {
    sheet(&Practice::standard(), books, day("2026-01-01"), day("2026-12-31"))
}

fn units(lines: &[Line]) -> Vec<u32> {
    lines.iter().map(|line| line.units).collect()
}

fn whys(line: &Line) -> String {
    line.missing.iter().map(Missing::in_words).collect::<Vec<_>>().join(" ")
}

/// Medicare Claims Processing Manual, chapter 5, section 20.2: the day's minutes of one service are added, then rounded.
#[test]
fn the_minutes_of_one_service_on_one_day_are_added_before_they_are_rounded() {
    for (minutes, each) in [
        (vec![7], vec![0]),
        (vec![8], vec![1]),
        // 7 + 8 = 15, one unit; the second note brings it.
        (vec![7, 8], vec![0, 1]),
        // 20 + 20 = 40, three units, where each alone would be one.
        (vec![20, 20], vec![1, 2]),
        // 10 + 10 = 20, one unit, where each alone would be one.
        (vec![10, 10], vec![1, 0]),
        // 33 + 7 = 40: 2 and 1.
        (vec![33, 7], vec![2, 1]),
        // 4 + 3: seven minutes are none.
        (vec![4, 3], vec![0, 0]),
        (vec![53, 60], vec![4, 4]),
    ] {
        let mut books = books("Ana");
        books.approve("Medicaid", "T1016", 1000, "2026-01-01", "2026-12-31");
        for (minutes, hour) in minutes.iter().zip(9..) {
            books.note(&format!("2026-11-24T{hour:02}:00"), "T1016", *minutes);
        }
        let lines = of_year(&[books]);
        assert_eq!(units(&lines), each, "{minutes:?}");
        let all: i64 = minutes.iter().sum();
        assert_eq!(lines.iter().all(Line::is_billable), all >= 8, "{minutes:?}");
        if all < 8 {
            assert!(whys(&lines[0]).contains("too few for a unit of T1016. 8 minutes of it"), "{}", whys(&lines[0]));
        }
    }
    // Another day, and another service, are rounded by themselves.
    let mut books = books("Ana");
    books.approve("Medicaid", "T1016", 10, "2026-01-01", "2026-12-31");
    books.approve("Medicaid too", "T1017", 10, "2026-01-01", "2026-12-31");
    for (when, service) in [("2026-11-24T09:00", "T1016"), ("2026-11-24T10:00", "T1017"), ("2026-11-25T09:00", "T1016")]
    {
        books.note(when, service, 7);
    }
    assert_eq!(units(&of_year(&[books])), [0, 0, 0]);
}

#[test]
fn everything_that_is_missing_is_said_with_what_would_make_it_billable() {
    let mut books = books("Ana");
    books.approve("Medicaid", "T1016", 100, "2026-01-01", "2026-12-31");
    let good = books.note("2026-11-02T09:00", "T1016", 30);
    let unsigned = books.unsigned("2026-11-03T09:00", "T1016", 30);
    let waiting = books.unsigned("2026-11-04T09:00", "T1016", 30);
    books.row(waiting).put(note::cosigner, "Dr. Hale");
    books.sign(waiting, SignatureRole::Author, "Rosa Ortiz");
    let no_goal = books.unsigned("2026-11-05T09:00", "T1016", 30);
    books.row(no_goal).sets.clear();
    books.sign(no_goal, SignatureRole::Author, "Rosa Ortiz");
    let attempt = books.unsigned("2026-11-06T09:00", "T1016", 30);
    books.row(attempt).put(note::kind, ContactKind::Attempt.code());
    books.sign(attempt, SignatureRole::Author, "Rosa Ortiz");
    let strange = books.note("2026-11-07T09:00", "X9999", 30);
    let none = books.note("2026-11-08T09:00", "", 30);
    let no_minutes = books.note("2026-11-09T09:00", "T1016", 0);
    let altered = books.note("2026-11-10T09:00", "T1016", 30);
    books.row(altered).put(note::minutes, 90);
    let broken = books.note("2026-11-11T09:00", "T1016", 30);
    books.signatures.last_mut().unwrap().put(signature::content, "something else");
    let before = books.note("2025-12-31T09:00", "T1016", 30);
    let lines = sheet(&Practice::standard(), &[books.clone()], day("2025-12-01"), day("2026-12-31"));
    let of = |note: RowId| lines.iter().find(|line| line.note == note).unwrap();
    assert_eq!((of(good).status(), of(good).units), ("billable", 2));
    assert_eq!(
        of(good).from[0],
        Taken { authorization: id("Medicaid"), payer: "Medicaid".into(), number: String::new(), units: 2 }
    );
    for (note, says) in [
        (unsigned, "it is not signed. Sign it."),
        (waiting, "it waits for the co-signature of Dr. Hale"),
        (no_goal, "it serves no goal. Name the goal"),
        (attempt, "T1016 is not billed for \"no contact made\""),
        (strange, "nobody knows the service X9999"),
        (none, "no service was chosen"),
        (no_minutes, "it has no minutes"),
        (altered, "are not what was signed"),
        (broken, "altered outside the program"),
        (before, "on no active plan that day"),
    ] {
        assert!(whys(of(note)).contains(says), "{says}: {}", whys(of(note)));
        assert_eq!((of(note).status(), of(note).units), ("not billable", 0));
    }
    books.sign(waiting, SignatureRole::Cosigner, "Dr. Hale");
    assert!(of_year(&[books.clone()]).iter().find(|line| line.note == waiting).unwrap().is_billable());
    // A goal in other words does not undo what was signed.
    books.goals[0].put(goal::words, "My own door");
    assert!(of_year(&[books]).iter().find(|line| line.note == good).unwrap().is_billable());
}

/// A plan that ended covers its own days: to the last one written down, or to the next plan's first; otherwise nobody can tell.
#[test]
fn a_plan_that_ended_bills_for_the_days_on_which_it_was_in_force() {
    let mut books = books("Ana");
    books.plans[0].put(plan::status, PlanStatus::Ended.code());
    for when in ["2025-12-31T09:00", "2026-01-01T09:00", "2026-05-31T09:00", "2026-06-01T09:00"] {
        books.note(when, "H0006", 30);
    }
    let all =
        |books: &Books| sheet(&Practice::standard(), std::slice::from_ref(books), day("2025-01-01"), day("2026-12-31"));
    let billable = |books: &Books| all(books).iter().map(Line::is_billable).collect::<Vec<_>>();
    assert_eq!(billable(&books), [false; 4]);
    assert!(whys(&all(&books)[0]).contains("on no active plan that day"), "before it began");
    assert!(whys(&all(&books)[2]).contains("cannot tell whether its plan was in force"), "{}", whys(&all(&books)[2]));
    books.plans[0].put(plan::ended, Value::Date(day("2026-05-31")));
    assert_eq!(billable(&books), [false, true, true, false]);
}

/// 23:40 to 0:25: 20 minutes on the 31st, 25 on the 1st; a sheet of either month has its own.
#[test]
fn a_service_across_midnight_stands_on_both_days() {
    let mut books = books("Ana");
    books.approve("Medicaid", "T1016", 100, "2026-01-01", "2026-12-31");
    let note = books.note("2026-10-31T23:40", "T1016", 45);
    let of = |from, to| sheet(&Practice::standard(), &[books.clone()], day(from), day(to));
    let both = of("2026-10-01", "2026-11-30");
    assert_eq!(
        both.iter().map(|line| (line.note, line.minutes, line.units)).collect::<Vec<_>>(),
        [(note, 20, 1), (note, 25, 2)]
    );
    assert_eq!(both[1].when, at("2026-11-01T00:00"));
    assert_eq!(units(&of("2026-10-01", "2026-10-31")), [1]);
    assert_eq!(units(&of("2026-11-01", "2026-11-30")), [2]);
    assert!(in_words(&both, (day("2026-10-01"), day("2026-11-30"))).join("\n").contains("T1016: 3 units"));
}

/// The clocks went back at 2:00 on 1 November 2026: an hour is an hour, before it and after.
#[test]
fn minutes_on_both_sides_of_a_clock_change_are_minutes() {
    let mut books = books("Ana");
    books.approve("Medicaid", "T1016", 100, "2026-01-01", "2026-12-31");
    for (when, offset) in
        [("2026-11-01T00:30", "-04:00"), ("2026-11-01T01:30", "-04:00"), ("2026-11-01T01:30", "-05:00")]
    {
        books.unsigned(when, "T1016", 60);
        let at = DateTime::parse_from_rfc3339(&format!("{when}:00{offset}")).unwrap();
        let own = books.notes.last_mut().unwrap();
        own.id = id(&format!("{when}{offset}"));
        own.put(note::when, Value::Time(at));
        let own = own.id;
        books.sign(own, SignatureRole::Author, "Rosa Ortiz");
    }
    let lines = of_year(&[books]);
    assert_eq!(units(&lines), [4, 4, 4], "{:?}", lines.iter().map(whys).collect::<Vec<_>>());
}

/// One hour with three clients: nobody was in two places.
#[test]
fn a_group_is_billed_for_each_client_and_overlaps_nothing() {
    let mut all: Vec<Books> = ["Ana", "Ben", "Cleo"].map(books).into();
    for books in &mut all {
        books.approve("Medicaid", "T1016", 100, "2026-01-01", "2026-12-31");
        let note = books.note("2026-11-24T09:00", "T1016", 60);
        books.row(note).put(note::session, "group 1");
    }
    let lines = of_year(&all);
    assert_eq!(units(&lines), [4, 4, 4]);
    assert!(lines.iter().all(Line::is_billable));
    let ben = all[1].notes[0].id;
    all[1].row(ben).put(note::session, Value::Empty);
    assert!(!of_year(&all).iter().any(Line::is_billable), "without the session it is two services at once");
}

#[test]
fn an_ended_plan_covers_its_days_until_the_next_began() {
    let mut books = books("Ana");
    books.plans[0].put(plan::status, PlanStatus::Ended.code());
    let mut next = Row::new(&plan::TYPE, id("next"), id("Ana"));
    next.put(plan::status, PlanStatus::Active.code());
    next.put(plan::start, Value::Date(day("2026-06-01")));
    next.put(plan::replaces, Value::Link(id("plan")));
    books.plans.push(next);
    for when in ["2026-05-31T09:00", "2026-06-01T09:00"] {
        books.note(when, "H0006", 30);
    }
    let lines = of_year(&[books]);
    assert_eq!(lines.iter().map(Line::is_billable).collect::<Vec<_>>(), [true, false]);
}

/// Five units from January, eight from February: oldest first, then the next, then none.
#[test]
fn units_come_from_the_oldest_authorization_and_then_run_out() {
    let mut books = books("Ana");
    books.approve("B", "T1016", 8, "2026-02-01", "2026-12-31");
    books.approve("A", "T1016", 5, "2026-01-01", "2026-12-31");
    books.approve("other", "T1017", 100, "2026-01-01", "2026-12-31");
    for day in 1..=4 {
        // An hour: four units.
        books.note(&format!("2026-03-{day:02}T09:00"), "T1016", 60);
    }
    let lines = of_year(&[books.clone()]);
    assert_eq!(units(&lines), [4, 4, 4, 1]);
    let from = |line: &Line| line.from.iter().map(|taken| (taken.payer.clone(), taken.units)).collect::<Vec<_>>();
    assert_eq!(from(&lines[0]), [("A".into(), 4)]);
    assert_eq!(from(&lines[1]), [("A".into(), 1), ("B".into(), 3)]);
    assert_eq!(from(&lines[3]), [("B".into(), 1)]);
    assert_eq!(lines[3].status(), "partly billable");
    assert!(whys(&lines[3]).contains("has 1 of its 4 units left"), "{}", whys(&lines[3]));
    // What was used before the period is used.
    let late = sheet(&Practice::standard(), &[books.clone()], day("2026-03-04"), day("2026-03-04"));
    assert_eq!(units(&late), [1]);
    books.note("2026-03-05T09:00", "T1016", 60);
    assert!(whys(&of_year(&[books.clone()])[4]).contains("has no units left"));
    // Before the first began, and where it was denied.
    let mut early = books.clone();
    early.notes.clear();
    early.note("2025-12-31T09:00", "T1016", 60);
    early.plans[0].put(plan::start, Value::Empty);
    let lines = sheet(&Practice::standard(), &[early], day("2025-12-31"), day("2025-12-31"));
    assert!(whys(&lines[0]).contains("covers 31 Dec 2025"), "{}", whys(&lines[0]));
    for row in &mut books.authorizations {
        row.put(authorization::status, "denied");
    }
    assert_eq!(units(&of_year(&[books])), [0, 0, 0, 0, 0]);
}

/// Two payers approved one code for the same day: each note is one payer's, and minutes of one are not the other's.
#[test]
fn two_authorizations_of_one_code_on_one_day_are_not_added_together() {
    let mut books = books("Ana");
    books.approve("A", "T1016", 1, "2026-01-01", "2026-12-31");
    books.approve("B", "T1016", 9, "2026-02-01", "2026-12-31");
    for hour in ["09", "11", "13"] {
        books.note(&format!("2026-11-24T{hour}:00"), "T1016", 20);
    }
    let lines = of_year(&[books]);
    let from: Vec<_> = lines.iter().map(|line| (line.from[0].payer.clone(), line.from[0].units)).collect();
    // 20 with A: 1. 20 and 20 with B: 40 minutes, 3. All three together would be 60 minutes, 4 as well, but 2 and 2.
    assert_eq!(from, [("A".into(), 1), ("B".into(), 1), ("B".into(), 2)]);
}

#[test]
fn a_month_and_an_encounter_are_counted_as_such_across_the_turn_of_the_month() {
    let mut books = books("Ana");
    for when in ["2026-10-30T09:00", "2026-10-31T23:30", "2026-11-01T00:30", "2026-11-20T09:00"] {
        books.note(when, "T2022", 20);
    }
    let lines = of_year(&[books.clone()]);
    assert_eq!(units(&lines), [1, 0, 1, 0]);
    assert!(lines.iter().all(Line::is_billable));
    assert_eq!(lines[1].remark, "counted in the month's one unit");
    // A period that begins in the middle of a month does not bill it again.
    assert_eq!(units(&sheet(&Practice::standard(), &[books], day("2026-11-10"), day("2026-11-30"))), [0]);
    let mut books = super::tests::books("Ben");
    for when in ["2026-11-20T09:00", "2026-11-20T15:00", "2026-11-21T09:00"] {
        books.note(when, "H0006", 20);
    }
    let lines = of_year(&[books]);
    assert_eq!(units(&lines), [1, 1, 1], "each encounter is one");
    assert_eq!(by_day(&lines).into_values().collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn two_services_of_one_worker_at_once_are_pointed_out_on_both() {
    let (mut ana, mut ben) = (books("Ana"), books("Ben"));
    for books in [&mut ana, &mut ben] {
        books.approve("Medicaid", "T1016", 100, "2026-01-01", "2026-12-31");
    }
    ana.note("2026-11-24T09:00", "T1016", 60);
    ben.note("2026-11-24T09:59", "T1016", 30);
    // One ends when the next begins: no overlap.
    ana.note("2026-11-24T11:00", "T1016", 60);
    ben.note("2026-11-24T12:00", "T1016", 30);
    // Someone else's hour.
    let hers = ben.unsigned("2026-11-24T11:15", "T1016", 30);
    ben.sign(hers, SignatureRole::Author, "Dana Reyes");
    let lines = of_year(&[ana, ben]);
    let said: Vec<String> = lines.iter().map(whys).collect();
    assert!(said[0].contains("it overlaps T1016 for another client of the same worker, 09:59 to 10:29"), "{said:?}");
    assert!(said[2].contains("it overlaps T1016 for another client of the same worker, 09:00 to 10:00"), "{said:?}");
    assert!(said[1].is_empty() && said[3].is_empty() && said[4].is_empty(), "{said:?}");
    assert!(said[0].contains("Correct the time or the minutes of one of them."));
}
