//! Each client's facts, kept packed beside the rows so that the whole caseload loads in one sweep.
//!
//! They are a view like any other table: made from the client's rows whenever one of them changes.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

use crate::model::records::{
    appointment, client, enrollment, goal, note, plan, relationship, share, snooze, step, task,
};
use crate::model::{
    AppointmentStatus, Area, Arranged, ClientStatus, ContactKind, GoalStatus, Intensity, PlanKind, PlanStatus,
    RecordType, Row, RowId, ShareKind, WorkStatus,
};
use crate::triage::{
    ClientFacts, Contact, Dependent, Due, OUTCOMES, OpenEnrollment, OpenGoal, OpenPlan, Share, Snooze, Visit, WEEKS,
    monday,
};

use super::projection::{held, is_client, read_row};
use super::{Result, Store, StoreError, joined};

/// Packed facts handed over together when all are read; fewer than that are not worth a thread.
const AT_ONCE: usize = 256;

impl Store {
    /// The facts of every client, closed ones too.
    pub fn all_facts(&self) -> Result<Vec<ClientFacts>> {
        let mut query = self.db.prepare_cached("SELECT body FROM facts")?;
        let mut rows = query.query([])?;
        let mut next = || -> Result<Vec<Vec<u8>>> {
            let mut bodies = Vec::with_capacity(AT_ONCE);
            while bodies.len() < AT_ONCE
                && let Some(row) = rows.next()?
            {
                bodies.push(row.get(0)?);
            }
            Ok(bodies)
        };
        let first = next()?;
        if first.len() < AT_ONCE {
            return first.iter().map(|body| unpack(body)).collect();
        }
        // Unpacked by another thread while this one reads and decrypts on: the first frame waits for both.
        let (send, packed) = std::sync::mpsc::channel::<Vec<Vec<u8>>>();
        std::thread::scope(|scope| {
            let unpacking = scope.spawn(move || {
                let mut all = Vec::new();
                for body in packed.into_iter().flatten() {
                    all.push(unpack(&body)?);
                }
                Ok(all)
            });
            let mut bodies = first;
            // Nobody listens only where a body could not be unpacked; that is told at the end.
            while !bodies.is_empty() && send.send(bodies).is_ok() {
                bodies = next()?;
            }
            drop(send);
            unpacking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// One client's facts.
    pub fn facts(&self, client: RowId) -> Result<Option<ClientFacts>> {
        of(&self.db, client)
    }
}

pub(super) fn of(db: &Connection, client: RowId) -> Result<Option<ClientFacts>> {
    let mut query = db.prepare_cached("SELECT body FROM facts WHERE client = ?1")?;
    let body: Option<Vec<u8>> = query.query_row([client], |row| row.get(0)).optional()?;
    body.map(|body| unpack(&body)).transpose()
}

fn unpack(body: &[u8]) -> Result<ClientFacts> {
    postcard::from_bytes(body).map_err(|_| StoreError::Damaged("a client's facts cannot be read".into()))
}

/// Makes the facts of a client again from its rows, and those of everyone whom that concerns. Gives whose.
pub(super) fn refresh(db: &Connection, stream: RowId) -> Result<BTreeSet<RowId>> {
    if !is_client(db, stream)? {
        return Ok(BTreeSet::new());
    }
    let roots = joined::follow(db, stream)?;
    for root in &roots {
        let members = joined::members(db, *root)?;
        match gather(db, &members)? {
            Some(facts) => {
                let body = postcard::to_allocvec(&facts).expect("plain data packs into memory");
                db.prepare_cached(
                    "INSERT INTO facts (client, body) VALUES (?1, ?2) ON CONFLICT (client) DO UPDATE SET body = excluded.body",
                )?
                .execute((root, body))?
            }
            None => db.prepare_cached("DELETE FROM facts WHERE client = ?1")?.execute([root])?,
        };
        for joined in &members[1..] {
            db.prepare_cached("DELETE FROM facts WHERE client = ?1")?.execute([joined])?;
        }
    }
    Ok(roots)
}

/// The facts of one person, who may have been entered more than once: the first of `members` is the one shown.
pub(super) fn gather(db: &Connection, members: &[RowId]) -> Result<Option<ClientFacts>> {
    let streams = members.iter().map(|stream| Ok((*stream, held(db, *stream)?))).collect::<Result<Vec<_>>>()?;
    let of_all = |record: &'static RecordType, filter: &str| -> Result<Vec<Row>> {
        let mut found = Vec::new();
        for (stream, _) in streams.iter().filter(|(_, held)| held.contains(&record.number)) {
            found.extend(rows(db, record, *stream, filter)?);
        }
        Ok(found)
    };
    let mut persons = of_all(&client::TYPE, "")?.into_iter();
    let Some(person) = persons.next().filter(|person| person.id == members[0]) else { return Ok(None) };
    let mut facts = ClientFacts::new(members[0], person.client_name());
    facts.sort_name = sort_name(&person);
    facts.status = ClientStatus::from_code(person.text(client::status)).unwrap_or(ClientStatus::Active);
    facts.area = Area::from_code(person.text(client::area));
    facts.intensity = Intensity::from_code(person.text(client::intensity));
    facts.birth_date = person.date(client::birth_date);
    facts.worker = person.text(client::worker).into();
    facts.opened = person.date(client::opened);
    for person in std::iter::once(person).chain(persons) {
        facts.also.extend((person.id != members[0]).then(|| person.client_name()));
        facts.phones.extend(filled(person.text(client::phone)));
        add_new(&mut facts.tags, person.words(client::tags));
        add_new(&mut facts.outside_ids, person.words(client::outside_ids));
        facts.crisis.extend(person.text(client::crisis).split(" / ").filter_map(filled));
        facts.safe_contact |= !person.text(client::safe_contact).trim().is_empty();
        facts.interpreter |= person.yes(client::interpreter);
    }
    for stream in members {
        let last = last_contact(db, *stream)?;
        facts.last_contact =
            facts.last_contact.take().into_iter().chain(last).max_by_key(|last| (last.when, last.note));
    }
    facts.contact_weeks = contact_weeks(db, members, facts.last_contact.as_ref())?;
    facts.attendance = attendance(db, members)?;
    for row in of_all(&relationship::TYPE, "")? {
        facts.phones.extend(filled(row.text(relationship::phone)));
        if let (true, Some(birth_date)) = (row.yes(relationship::dependent), row.date(relationship::birth_date)) {
            facts.dependents.push(Dependent { row: row.id, name: row.text(relationship::name).into(), birth_date });
        }
    }
    for row in of_all(&enrollment::TYPE, "AND \"exit\" IS NULL")? {
        facts.enrollments.push(OpenEnrollment {
            row: row.id,
            project: row.text(enrollment::project).into(),
            entry: row.date(enrollment::entry),
            head: row.yes(enrollment::head),
            assessed: row.date(enrollment::assessed),
        });
    }
    for row in of_all(&plan::TYPE, "AND (status IS NULL OR status <> 'ended')")? {
        facts.plans.push(OpenPlan {
            row: row.id,
            kind: PlanKind::from_code(row.text(plan::kind)),
            active: row.text(plan::status) != PlanStatus::Draft.code(),
            start: row.date(plan::start),
            review_due: row.date(plan::review_due),
        });
    }
    for row in of_all(&goal::TYPE, "AND (status IS NULL OR status = 'open')")? {
        debug_assert_ne!(row.text(goal::status), GoalStatus::Reached.code());
        facts.goals.push(OpenGoal {
            row: row.id,
            words: row.text(goal::words).into(),
            target: row.date(goal::target),
            progress: row.whole(goal::progress).map_or(0, |percent| percent.clamp(0, 100) as u8),
        });
    }
    for row in of_all(&step::TYPE, "AND (status IS NULL OR status = 'open')")? {
        debug_assert_ne!(row.text(step::status), WorkStatus::Done.code());
        facts.steps.push(Due { row: row.id, what: row.text(step::what).into(), due: row.date(step::due) });
    }
    for row in of_all(&task::TYPE, "AND (status IS NULL OR status = 'open')")? {
        facts.tasks.push(Due { row: row.id, what: row.text(task::what).into(), due: row.date(task::due) });
    }
    for row in of_all(&appointment::TYPE, "AND (status IS NULL OR status IN ('planned', 'confirmed', 'no-show'))")? {
        facts.visits.extend(visit(&row, facts.last_contact.as_ref()));
    }
    facts.visits.sort_by_key(|visit| (visit.starts, visit.row));
    for row in of_all(&snooze::TYPE, "")? {
        facts.snoozes.extend(row.date(snooze::until).map(|until| Snooze {
            row: row.id,
            rule: row.text(snooze::rule).into(),
            subject: row.text(snooze::subject).parse().ok(),
            until,
            why: row.text(snooze::why).into(),
        }));
    }
    for row in of_all(&share::TYPE, "")? {
        let Some(kind) = ShareKind::from_code(row.text(share::kind)) else { continue };
        let (with, from, until) = (row.text(share::to).to_string(), row.date(share::from), row.date(share::until));
        // Each entry for one person says it of itself.
        if !facts.shares.iter().any(|known| (known.kind, &known.with, known.until) == (kind, &with, until)) {
            facts.shares.push(Share { row: row.id, kind, with, from, until });
        }
    }
    for stream in members {
        let mut count = db.prepare_cached("SELECT count(*) FROM conflict WHERE stream = ?1")?;
        facts.conflicts += count.query_row([stream], |row| row.get::<_, u32>(0))?;
    }
    Ok(Some(facts))
}

fn add_new(to: &mut Vec<String>, words: &[String]) {
    for word in words {
        if !to.contains(word) {
            to.push(word.clone());
        }
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.trim().to_string())
}

fn sort_name(person: &Row) -> String {
    let family = person.text(client::family_name).trim();
    let given = person.text(client::given_name).trim();
    match (family, given) {
        ("", "") => person.client_name().to_lowercase(),
        ("", one) | (one, "") => one.to_lowercase(),
        _ => format!("{family}, {given}").to_lowercase(),
    }
}

fn visit(row: &Row, last_contact: Option<&Contact>) -> Option<Visit> {
    let starts = row.time(appointment::starts)?;
    let status = AppointmentStatus::from_code(row.text(appointment::status)).unwrap_or(AppointmentStatus::Planned);
    let followed_up = last_contact.is_some_and(|contact| contact.when >= starts);
    if status == AppointmentStatus::NoShow && followed_up {
        return None;
    }
    Some(Visit {
        row: row.id,
        title: row.text(appointment::title).into(),
        starts,
        minutes: row.whole(appointment::minutes).map_or(0, |minutes| minutes.clamp(0, 1_440) as u32),
        place: row.text(appointment::place).into(),
        status,
        transport: Arranged::from_code(row.text(appointment::transport)),
        interpreter: Arranged::from_code(row.text(appointment::interpreter)),
    })
}

/// How often the client was reached in each week up to the last contact's.
fn contact_weeks(db: &Connection, members: &[RowId], last: Option<&Contact>) -> Result<[u8; WEEKS]> {
    let mut weeks = [0u8; WEEKS];
    let Some(last) = last else { return Ok(weeks) };
    let end = monday(last.when.date_naive());
    let start = end - chrono::TimeDelta::weeks(WEEKS as i64 - 1);
    let sql = format!(
        "SELECT \"when\" FROM {} WHERE stream = ?1 AND \"when\" >= ?2 AND state & 1 = 0 AND kind IN ({})",
        note::TYPE.table(),
        reached_kinds()
    );
    let mut query = db.prepare_cached(&sql)?;
    for stream in members {
        let mut rows = query.query((stream, start.to_string()))?;
        while let Some(row) = rows.next()? {
            let when = row.get_ref(0)?.as_str().unwrap_or("").get(..10).and_then(|day| day.parse().ok());
            let week = when.map(|day: chrono::NaiveDate| (monday(day) - start).num_weeks());
            if let Some(many) = week.and_then(|week| weeks.get_mut(usize::try_from(week).ok()?)) {
                *many = many.saturating_add(1);
            }
        }
    }
    Ok(weeks)
}

/// How the last appointments went, oldest first.
fn attendance(db: &Connection, members: &[RowId]) -> Result<Vec<AppointmentStatus>> {
    let sql = format!(
        "SELECT starts, id, status FROM {} WHERE stream = ?1 AND state & 1 = 0 AND status IN ('kept', 'no-show') ORDER BY starts DESC, id DESC LIMIT {OUTCOMES}",
        appointment::TYPE.table()
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut found: Vec<(String, RowId, String)> = Vec::new();
    for stream in members {
        for one in query.query_map([stream], |row| Ok((row.get(0)?, RowId::from_bytes(row.get(1)?), row.get(2)?)))? {
            found.push(one?);
        }
    }
    found.sort_unstable();
    let newest = found.split_off(found.len().saturating_sub(OUTCOMES));
    Ok(newest.iter().filter_map(|(_, _, status)| AppointmentStatus::from_code(status)).collect())
}

/// The kinds of contact in which the client was reached. They are our own codes: nothing typed by a person is put
/// into a statement.
fn reached_kinds() -> String {
    let kinds = ContactKind::ALL.iter().filter(|kind| kind.reached_client());
    kinds.map(|kind| format!("'{}'", kind.code())).collect::<Vec<_>>().join(", ")
}

/// The newest note whose kind says that the client was reached.
fn last_contact(db: &Connection, stream: RowId) -> Result<Option<Contact>> {
    let sql = format!(
        "SELECT id, \"when\", kind FROM {} WHERE stream = ?1 AND state & 1 = 0 AND kind IN ({}) ORDER BY \"when\" DESC, id DESC LIMIT 1",
        note::TYPE.table(),
        reached_kinds()
    );
    let found = db
        .prepare_cached(&sql)?
        .query_row([stream], |row| {
            Ok((RowId::from_bytes(row.get(0)?), row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })
        .optional()?;
    Ok(found.and_then(|(note, when, kind)| {
        let when = chrono::DateTime::parse_from_rfc3339(&when).ok()?;
        Some(Contact { note, when, kind: ContactKind::from_code(&kind)? })
    }))
}

fn rows(db: &Connection, record: &'static RecordType, stream: RowId, filter: &str) -> Result<Vec<Row>> {
    let names: Vec<String> = record.fields.iter().map(|field| format!("\"{}\"", field.name)).collect();
    let order = record.ordered_by().map_or(String::new(), |field| format!("\"{}\", ", field.name));
    let sql = format!(
        "SELECT id, stream, state, heads, {} FROM {} WHERE stream = ?1 AND state & 1 = 0 {filter} ORDER BY {order}id",
        names.join(", "),
        record.table()
    );
    let mut query = db.prepare_cached(&sql)?;
    let found = query.query_map([stream], |row| read_row(record, row))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
