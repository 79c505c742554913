//! Each client's facts, kept packed beside the rows so that the whole caseload loads in one sweep.
//!
//! They are a view like any other table: made from the client's rows whenever one of them changes.

use rusqlite::{Connection, OptionalExtension};

use crate::model::records::{appointment, client, enrollment, goal, note, plan, relationship, snooze, step, task};
use crate::model::{
    AppointmentStatus, Area, Arranged, ClientStatus, ContactKind, GoalStatus, Intensity, PlanKind, PlanStatus,
    RecordType, Row, RowId, WorkStatus,
};
use crate::triage::{
    ClientFacts, Contact, Dependent, Due, OUTCOMES, OpenEnrollment, OpenGoal, OpenPlan, Snooze, Visit, WEEKS, monday,
};

use super::projection::{is_client, read_row};
use super::{Result, Store, StoreError};

impl Store {
    /// The facts of every client, closed ones too.
    pub fn all_facts(&self) -> Result<Vec<ClientFacts>> {
        let mut query = self.db.prepare_cached("SELECT body FROM facts")?;
        let mut rows = query.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(unpack(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?);
        }
        Ok(all)
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

/// Makes a client's facts again from its rows.
pub(super) fn refresh(db: &Connection, stream: RowId) -> Result<()> {
    if !is_client(db, stream)? {
        return Ok(());
    }
    match gather(db, stream)? {
        Some(facts) => {
            let body = postcard::to_allocvec(&facts).expect("plain data packs into memory");
            db.prepare_cached(
                "INSERT INTO facts (client, body) VALUES (?1, ?2) ON CONFLICT (client) DO UPDATE SET body = excluded.body",
            )?
            .execute((stream, body))?
        }
        None => db.prepare_cached("DELETE FROM facts WHERE client = ?1")?.execute([stream])?,
    };
    Ok(())
}

pub(super) fn gather(db: &Connection, stream: RowId) -> Result<Option<ClientFacts>> {
    let Some(person) = rows(db, &client::TYPE, stream, "")?.pop() else { return Ok(None) };
    let mut facts = ClientFacts::new(stream, person.client_name());
    facts.sort_name = sort_name(&person);
    facts.status = ClientStatus::from_code(person.text(client::status)).unwrap_or(ClientStatus::Active);
    facts.area = Area::from_code(person.text(client::area));
    facts.intensity = Intensity::from_code(person.text(client::intensity));
    facts.birth_date = person.date(client::birth_date);
    facts.phones.extend(filled(person.text(client::phone)));
    facts.tags = person.words(client::tags).to_vec();
    facts.outside_ids = person.words(client::outside_ids).to_vec();
    facts.worker = person.text(client::worker).into();
    facts.crisis = person.text(client::crisis).split(" / ").filter_map(filled).collect();
    facts.safe_contact = !person.text(client::safe_contact).trim().is_empty();
    facts.interpreter = person.yes(client::interpreter);
    facts.opened = person.date(client::opened);
    facts.last_contact = last_contact(db, stream)?;
    facts.contact_weeks = contact_weeks(db, stream, facts.last_contact.as_ref())?;
    facts.attendance = attendance(db, stream)?;
    for row in rows(db, &relationship::TYPE, stream, "")? {
        facts.phones.extend(filled(row.text(relationship::phone)));
        if let (true, Some(birth_date)) = (row.yes(relationship::dependent), row.date(relationship::birth_date)) {
            facts.dependents.push(Dependent { row: row.id, name: row.text(relationship::name).into(), birth_date });
        }
    }
    for row in rows(db, &enrollment::TYPE, stream, "AND \"exit\" IS NULL")? {
        facts.enrollments.push(OpenEnrollment {
            row: row.id,
            project: row.text(enrollment::project).into(),
            entry: row.date(enrollment::entry),
            head: row.yes(enrollment::head),
            assessed: row.date(enrollment::assessed),
        });
    }
    for row in rows(db, &plan::TYPE, stream, "AND (status IS NULL OR status <> 'ended')")? {
        facts.plans.push(OpenPlan {
            row: row.id,
            kind: PlanKind::from_code(row.text(plan::kind)),
            active: row.text(plan::status) != PlanStatus::Draft.code(),
            start: row.date(plan::start),
            review_due: row.date(plan::review_due),
        });
    }
    for row in rows(db, &goal::TYPE, stream, "AND (status IS NULL OR status = 'open')")? {
        debug_assert_ne!(row.text(goal::status), GoalStatus::Reached.code());
        facts.goals.push(OpenGoal {
            row: row.id,
            words: row.text(goal::words).into(),
            target: row.date(goal::target),
            progress: row.whole(goal::progress).map_or(0, |percent| percent.clamp(0, 100) as u8),
        });
    }
    for row in rows(db, &step::TYPE, stream, "AND (status IS NULL OR status = 'open')")? {
        debug_assert_ne!(row.text(step::status), WorkStatus::Done.code());
        facts.steps.push(Due { row: row.id, what: row.text(step::what).into(), due: row.date(step::due) });
    }
    for row in rows(db, &task::TYPE, stream, "AND (status IS NULL OR status = 'open')")? {
        facts.tasks.push(Due { row: row.id, what: row.text(task::what).into(), due: row.date(task::due) });
    }
    for row in
        rows(db, &appointment::TYPE, stream, "AND (status IS NULL OR status IN ('planned', 'confirmed', 'no-show'))")?
    {
        facts.visits.extend(visit(&row, facts.last_contact.as_ref()));
    }
    facts.visits.sort_by_key(|visit| (visit.starts, visit.row));
    for row in rows(db, &snooze::TYPE, stream, "")? {
        facts.snoozes.extend(row.date(snooze::until).map(|until| Snooze {
            row: row.id,
            rule: row.text(snooze::rule).into(),
            subject: row.text(snooze::subject).parse().ok(),
            until,
            why: row.text(snooze::why).into(),
        }));
    }
    facts.conflicts =
        db.prepare_cached("SELECT count(*) FROM conflict WHERE stream = ?1")?.query_row([stream], |row| row.get(0))?;
    Ok(Some(facts))
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
fn contact_weeks(db: &Connection, stream: RowId, last: Option<&Contact>) -> Result<[u8; WEEKS]> {
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
    let mut rows = query.query((stream, start.to_string()))?;
    while let Some(row) = rows.next()? {
        let when = row.get_ref(0)?.as_str().unwrap_or("").get(..10).and_then(|day| day.parse().ok());
        let week = when.map(|day: chrono::NaiveDate| (monday(day) - start).num_weeks());
        if let Some(many) = week.and_then(|week| weeks.get_mut(usize::try_from(week).ok()?)) {
            *many = many.saturating_add(1);
        }
    }
    Ok(weeks)
}

/// How the last appointments went, oldest first.
fn attendance(db: &Connection, stream: RowId) -> Result<Vec<AppointmentStatus>> {
    let sql = format!(
        "SELECT status FROM {} WHERE stream = ?1 AND state & 1 = 0 AND status IN ('kept', 'no-show') ORDER BY starts DESC, id DESC LIMIT {OUTCOMES}",
        appointment::TYPE.table()
    );
    let mut query = db.prepare_cached(&sql)?;
    let found = query.query_map([stream], |row| row.get::<_, String>(0))?;
    let mut outcomes: Vec<AppointmentStatus> = Vec::new();
    for status in found {
        outcomes.extend(AppointmentStatus::from_code(&status?));
    }
    outcomes.reverse();
    Ok(outcomes)
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
