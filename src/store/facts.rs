//! Each client's facts, kept packed beside the rows so that the whole caseload loads in one sweep.
//!
//! They are a view like any other table: made from the client's rows whenever one of them changes.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

use crate::model::records::{
    appointment, arrangement, assessment, authorization, benefit, client, enrollment, episode, goal, incident, note,
    plan, relationship, safety_plan, share, signature, snooze, stay, step, strength, task,
};
use crate::model::{
    AppointmentStatus, Arranged, BenefitStatus, CATALOGUE, ClientStatus, ClosingOutcome, ContactKind, FieldId,
    GoalStatus, Intensity, Kind, PlanKind, PlanStatus, RecordType, Row, RowId, ShareKind, WorkStatus,
};
use crate::practice::Practice;
use crate::practice::counting::{Given, given};
use crate::triage::{
    Approved, ClientFacts, Contact, Dependent, Due, DueAt, FollowUp, Mark, OUTCOMES, OpenEnrollment, OpenGoal,
    OpenPlan, Overtaken, Share, Snooze, TOUCHES, Touch, Unsigned, Visit, WEEKS, monday,
};

use super::projection::{held, is_client, load, read_row};
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

/// Makes the facts of a client again from its rows, and those of everyone whom that concerns; where only rows of some
/// types changed, only what those types say. Gives whose.
pub(super) fn refresh(db: &Connection, stream: RowId, touched: &BTreeSet<u16>) -> Result<BTreeSet<RowId>> {
    if !is_client(db, stream)? {
        return Ok(BTreeSet::new());
    }
    let roots = joined::follow(db, stream)?;
    for root in &roots {
        let members = joined::members(db, *root)?;
        // Of one person entered once, what stands of the types that nobody touched is as it was.
        let alone = members == [stream] && !touched.contains(&client::TYPE.number);
        let before = if alone { of(db, *root)? } else { None };
        match gather(db, &members, before.map(|before| (before, touched)))? {
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

/// The facts of one person, who may have been entered more than once: the first of `members` is the one shown. With the
/// facts as they were, only what rows of the touched types say is gathered again.
pub(super) fn gather(
    db: &Connection,
    members: &[RowId],
    before: Option<(ClientFacts, &BTreeSet<u16>)>,
) -> Result<Option<ClientFacts>> {
    let held = members.iter().map(|stream| held(db, *stream)).collect::<Result<Vec<_>>>()?;
    let all = Gathering { db, members, held };
    let (mut facts, touched) = match before {
        Some((facts, touched)) => (facts, Some(touched)),
        None => match all.person()? {
            Some(facts) => (facts, None),
            None => return Ok(None),
        },
    };
    let of = |records: &[&RecordType]| {
        touched.is_none_or(|touched| records.iter().any(|record| touched.contains(&record.number)))
    };
    if of(&[&note::TYPE]) {
        all.contacts(&mut facts)?;
    }
    if of(&[&note::TYPE, &appointment::TYPE, &stay::TYPE]) {
        all.visits(&mut facts)?;
        facts.seen = seen(db, members)?;
        facts.follow_ups = all.follow_ups()?;
    }
    if of(&[&note::TYPE, &signature::TYPE]) {
        facts.unsigned = all.unsigned()?;
        facts.unsigned_days = all.unsigned_days()?;
    }
    if of(&[&episode::TYPE]) {
        let earlier = all.rows(&episode::TYPE, "")?.iter().filter_map(|row| row.date(episode::opened)).min();
        facts.first_opened = facts.opened.into_iter().chain(earlier).min();
    }
    if of(&[&note::TYPE, &authorization::TYPE]) {
        facts.authorizations = all.authorizations()?;
    }
    if of(&[&relationship::TYPE]) {
        all.relations(&mut facts)?;
    }
    if of(&[&enrollment::TYPE]) {
        facts.enrollments = all.rows(&enrollment::TYPE, "AND \"exit\" IS NULL")?.iter().map(open_enrollment).collect();
    }
    if of(&[&plan::TYPE, &goal::TYPE, &step::TYPE, &arrangement::TYPE, &strength::TYPE, &signature::TYPE]) {
        facts.plans = all.plans()?;
    }
    if of(&[&goal::TYPE]) {
        let open = "AND (status IS NULL OR status = 'open')";
        facts.goals = all.rows(&goal::TYPE, open)?.iter().map(open_goal).collect();
    }
    if of(&[&step::TYPE]) {
        facts.steps = all.work(&step::TYPE, (step::what, step::due, step::done_on))?;
    }
    if of(&[&task::TYPE]) {
        facts.tasks = all.work(&task::TYPE, (task::what, task::due, task::done_on))?;
    }
    if of(&[&snooze::TYPE]) {
        facts.snoozes = all.rows(&snooze::TYPE, "")?.iter().filter_map(put_off).collect();
    }
    if of(&[&share::TYPE]) {
        facts.shares = all.shares()?;
    }
    for record in CATALOGUE.iter().copied().filter(|record| record.is_watched() && of(&[record])) {
        let found = all.marks(record)?;
        facts.marks.retain(|mark| mark.record != record.number);
        facts.marks.extend(found);
    }
    facts.marks.sort_by_key(|mark| (mark.record, mark.row));
    (facts.conflicts, facts.safety_conflicts) = all.conflicts()?;
    Ok(Some(facts))
}

/// How many unsigned notes are named.
const UNSIGNED: usize = 3;

/// One person's rows, whoever entered them.
struct Gathering<'a> {
    db: &'a Connection,
    members: &'a [RowId],
    /// The types of which each has rows.
    held: Vec<BTreeSet<u16>>,
}

impl Gathering<'_> {
    fn rows(&self, record: &'static RecordType, filter: &str) -> Result<Vec<Row>> {
        let mut found = Vec::new();
        let holding = self.members.iter().zip(&self.held).filter(|(_, held)| held.contains(&record.number));
        for (stream, _) in holding {
            found.extend(rows(self.db, record, *stream, filter)?);
        }
        Ok(found)
    }

    /// What the persons' own rows say.
    fn person(&self) -> Result<Option<ClientFacts>> {
        let mut persons = self.rows(&client::TYPE, "")?.into_iter();
        let first = self.members[0];
        let Some(person) = persons.next().filter(|person| person.id == first) else { return Ok(None) };
        let mut facts = ClientFacts::new(first, person.client_name());
        facts.sort_name = sort_name(&person);
        facts.status = ClientStatus::from_code(person.text(client::status)).unwrap_or(ClientStatus::Active);
        for person in std::iter::once(person).chain(persons) {
            // Open as long as one entry is: joining must hide nobody. What the first does not say, another may.
            let status = ClientStatus::from_code(person.text(client::status)).unwrap_or(ClientStatus::Active);
            facts.status = facts.status.min(status);
            add_new(&mut facts.areas, &filled(person.text(client::area)).into_iter().collect::<Vec<_>>());
            add_new(&mut facts.areas, person.words(client::also_areas));
            // The stricter of what either asks for, and the earlier day from which it is asked.
            let intensity = Intensity::from_code(person.text(client::intensity));
            facts.intensity = facts.intensity.into_iter().chain(intensity).min();
            facts.birth_date = facts.birth_date.or_else(|| person.date(client::birth_date));
            facts.opened = facts.opened.into_iter().chain(person.date(client::opened)).min();
            if facts.worker.trim().is_empty() {
                facts.worker = person.text(client::worker).into();
            }
            facts.also.extend((person.id != first).then(|| person.client_name()));
            facts.own_phones.extend(filled(person.text(client::phone)));
            add_new(&mut facts.tags, person.words(client::tags));
            add_new(&mut facts.outside_ids, person.words(client::outside_ids));
            facts.closed = facts.closed.max(person.date(client::closed));
            facts.died |= person.text(client::outcome) == ClosingOutcome::Died.code();
            facts.crisis.extend(person.text(client::crisis).split(" / ").filter_map(filled));
            if !facts.crisis.is_empty() {
                let state = load(self.db, &client::TYPE, person.id)?;
                let heads = state.iter().flat_map(|state| state.heads(client::crisis.field, ""));
                let written = heads.map(|head| head.hlc.unix_ms() / 1000).max();
                facts.crisis_written = facts.crisis_written.max(written.and_then(|at| i64::try_from(at).ok()));
            }
            facts.safe_contact |= !person.text(client::safe_contact).trim().is_empty();
            facts.interpreter |= person.yes(client::interpreter);
        }
        Ok(Some(facts))
    }

    /// The plans that have not ended, and whether each still says what was signed under it.
    fn plans(&self) -> Result<Vec<OpenPlan>> {
        let open = self.rows(&plan::TYPE, "AND (status IS NULL OR status <> 'ended')")?;
        let signatures = match open.is_empty() {
            true => Vec::new(),
            // A note's author and co-signer sign no plan.
            false => self.rows(&signature::TYPE, "AND role NOT IN ('author', 'cosigner')")?,
        };
        let overtaken = super::plans::overtaken(&open, &signatures, |record| self.rows(record, ""))?;
        Ok(open.iter().zip(overtaken).map(|(row, overtaken)| open_plan(row, overtaken)).collect())
    }

    fn contacts(&self, facts: &mut ClientFacts) -> Result<()> {
        facts.last_contact = None;
        facts.touches.clear();
        for stream in self.members {
            let (last, touches) = last_contacts(self.db, *stream)?;
            facts.last_contact =
                facts.last_contact.take().into_iter().chain(last).max_by_key(|last| (last.when, last.note));
            facts.touches.extend(touches);
        }
        facts.touches.sort_by_key(|touch| std::cmp::Reverse((touch.at, touch.kind)));
        facts.contact_weeks = contact_weeks(self.db, self.members, facts.last_contact.as_ref())?;
        Ok(())
    }

    fn visits(&self, facts: &mut ClientFacts) -> Result<()> {
        facts.attendance = attendance(self.db, self.members)?;
        let wanted = "AND (status IS NULL OR status IN ('planned', 'confirmed', 'no-show'))";
        // So many contacts stand at hand that one of them has happened, whatever the clocks: what was missed before all of
        // them was answered.
        let reached = facts.touches.iter().filter(|touch| touch.kind.reached_client());
        let answered = reached.clone().nth(TOUCHES - 1).map(|touch| touch.at);
        facts.visits = self.rows(&appointment::TYPE, wanted)?.iter().filter_map(|row| visit(row, answered)).collect();
        facts.visits.sort_by_key(|visit| (visit.starts, visit.row));
        facts.last_visit = None;
        let sql = format!(
            "SELECT max(starts) FROM {} WHERE stream = ?1 AND state & 1 = 0 AND (status IS NULL OR status NOT IN ('cancelled', 'moved'))",
            appointment::TYPE.table()
        );
        let mut query = self.db.prepare_cached(&sql)?;
        for stream in self.members {
            let last: Option<String> = query.query_row([stream], |row| row.get(0))?;
            facts.last_visit = facts.last_visit.max(last.and_then(|starts| seconds(&starts)));
        }
        Ok(())
    }

    /// Contacts and kept appointments that say after which stay they are the follow-up.
    fn follow_ups(&self) -> Result<Vec<FollowUp>> {
        let mut found = Vec::new();
        for (stream, held) in self.members.iter().zip(&self.held) {
            if !held.contains(&stay::TYPE.number) {
                continue;
            }
            for row in rows(self.db, &note::TYPE, *stream, "AND follow_up IS NOT NULL")? {
                let kind = ContactKind::from_code(row.text(note::kind));
                if let (Some(stay), Some(when), true) =
                    (row.link(note::follow_up), row.time(note::when), kind.is_some_and(ContactKind::reached_client))
                {
                    let seen = matches!(kind, Some(ContactKind::FaceToFace | ContactKind::Video));
                    found.push(FollowUp { stay, at: when.timestamp(), by: row.text(note::by).into(), seen });
                }
            }
            for row in rows(self.db, &appointment::TYPE, *stream, "AND follow_up IS NOT NULL AND status = 'kept'")? {
                if let (Some(stay), Some(starts)) = (row.link(appointment::follow_up), row.time(appointment::starts)) {
                    let by = row.text(appointment::by).into();
                    found.push(FollowUp { stay, at: starts.timestamp(), by, seen: true });
                }
            }
        }
        Ok(found)
    }

    /// Steps or tasks that are not done, and those that were said to be done on a day that lay ahead when it was written.
    fn work(&self, record: &'static RecordType, (what, due, done): (FieldId, FieldId, FieldId)) -> Result<Vec<Due>> {
        let of = |row: &Row, done| Due { row: row.id, what: row.text(what).into(), due: row.date(due), done };
        let mut all = Vec::new();
        for row in
            self.rows(record, "AND (status IS NULL OR status = 'open' OR status = 'done' AND done_on IS NOT NULL)")?
        {
            let Some(on) = row.date(done).filter(|_| row.text(status_of(record)) == WorkStatus::Done.code()) else {
                all.push(of(&row, None));
                continue;
            };
            let state = load(self.db, record, row.id)?;
            let written =
                state.iter().flat_map(|state| state.heads(done.field, "")).map(|head| head.hlc.unix_ms()).min();
            let written = written.and_then(|ms| chrono::DateTime::from_timestamp_millis(i64::try_from(ms).ok()?));
            if written.is_none_or(|written| on > written.date_naive()) {
                all.push(of(&row, Some(on)));
            }
        }
        Ok(all)
    }

    fn relations(&self, facts: &mut ClientFacts) -> Result<()> {
        facts.dependents.clear();
        facts.others_phones.clear();
        for row in self.rows(&relationship::TYPE, "")? {
            facts.others_phones.extend(filled(row.text(relationship::phone)));
            if let (true, Some(birth_date)) = (row.yes(relationship::dependent), row.date(relationship::birth_date)) {
                facts.dependents.push(Dependent { row: row.id, name: row.text(relationship::name).into(), birth_date });
            }
        }
        Ok(())
    }

    fn shares(&self) -> Result<Vec<Share>> {
        let mut shares: Vec<Share> = Vec::new();
        for row in self.rows(&share::TYPE, "")? {
            let Some(kind) = ShareKind::from_code(row.text(share::kind)) else { continue };
            let (with, from, until) = (row.text(share::to).to_string(), row.date(share::from), row.date(share::until));
            // Each entry for one person says it of itself.
            if !shares.iter().any(|known| (known.kind, &known.with, known.until) == (kind, &with, until)) {
                let ends = row.time(share::ends).map(|ends| ends.timestamp());
                shares.push(Share { row: row.id, kind, with, from, until, ends });
            }
        }
        Ok(shares)
    }

    /// How many fields wait for a choice, and how many of them are about safety.
    fn conflicts(&self) -> Result<(u32, u32)> {
        let (mut conflicts, mut safety) = (0, 0);
        let waits =
            format!("SELECT record, field FROM conflict c WHERE stream = ?1 AND {}", super::signing::open_to_choice());
        let mut query = self.db.prepare_cached(&waits)?;
        for stream in self.members {
            for one in query.query_map([stream], |row| Ok(FieldId { record: row.get(0)?, field: row.get(1)? }))? {
                conflicts += 1;
                safety += u32::from(is_about_safety(one?));
            }
        }
        Ok((conflicts, safety))
    }

    /// What the rows of a type say that rules may look at: every row that may ask for something on some day.
    fn marks(&self, record: &'static RecordType) -> Result<Vec<Mark>> {
        let mut rows = self.rows(record, "")?;
        rows.retain(|row| !is_settled(row));
        if *record != assessment::TYPE {
            return Ok(rows.iter().map(mark).collect());
        }
        let order = record.ordered_by().map(|field| field.id);
        let day = |row: &Row| order.and_then(|field| row.time(field).map(|at| at.date_naive()).or(row.date(field)));
        // The newest first, what has no date before them.
        rows.sort_by_key(|row| (day(row).is_some(), std::cmp::Reverse((day(row), row.id))));
        Ok(assessed(rows))
    }

    /// The days of all notes that wait for their author's signature.
    fn unsigned_days(&self) -> Result<Vec<chrono::NaiveDate>> {
        let mut query =
            self.db.prepare_cached("SELECT day FROM unsigned WHERE stream = ?1 AND cosigner = '' ORDER BY day")?;
        let mut days = Vec::new();
        for stream in self.members {
            for day in query.query_map([stream], |row| row.get::<_, String>(0))? {
                days.extend(day?.parse::<chrono::NaiveDate>().ok());
            }
        }
        days.sort_unstable();
        Ok(days)
    }

    /// Notes that wait for a signature: their author's, or the co-signature that was asked for.
    fn unsigned(&self) -> Result<Vec<Unsigned>> {
        let mut query = self.db.prepare_cached(
            "SELECT day, row, cosigner FROM unsigned WHERE stream = ?1 AND cosigner <> '' OR stream = ?1 AND row IN
             (SELECT row FROM unsigned WHERE stream = ?1 AND cosigner = '' ORDER BY day, row LIMIT ?2)",
        )?;
        let mut found: Vec<Unsigned> = Vec::new();
        for stream in self.members {
            for one in query.query_map((stream, UNSIGNED as i64), |row| {
                Ok((row.get::<_, String>(0)?, RowId::from_bytes(row.get(1)?), row.get::<_, String>(2)?))
            })? {
                let (day, row, cosigner) = one?;
                if let Ok(day) = day.parse() {
                    found.push(Unsigned { row, day, cosigner });
                }
            }
        }
        found.sort_by(|a, b| (&a.cosigner, a.day, a.row).cmp(&(&b.cosigner, b.day, b.row)));
        Ok(found)
    }

    /// Authorizations in force, with the minutes that notes of their service say.
    fn authorizations(&self) -> Result<Vec<Approved>> {
        let mut all = Vec::new();
        for row in self.rows(&authorization::TYPE, "AND (status IS NULL OR status = 'approved')")? {
            let (from, until) = (row.date(authorization::from), row.date(authorization::until));
            let service = row.text(authorization::service).to_string();
            let mut used: Vec<Given> = Vec::new();
            let mut query = self.db.prepare_cached(&format!(
                "SELECT \"when\", minutes FROM {} WHERE stream = ?1 AND state & 1 = 0 AND service = ?2 AND minutes > 0",
                note::TYPE.table()
            ))?;
            for stream in self.members {
                for one in query.query_map((stream, &service), |row| {
                    Ok((row.get::<_, Option<String>>(0)?, row.get::<_, u32>(1)?))
                })? {
                    let (when, minutes) = one?;
                    let Some(when) = when else { continue };
                    let Ok(when) = chrono::DateTime::parse_from_rfc3339(&when) else { continue };
                    let given = given(when, minutes);
                    // What began the day before may go on into it.
                    let next = given.day.succ_opt().unwrap_or(given.day);
                    if from.is_none_or(|from| from <= next) && until.is_none_or(|until| given.day <= until) {
                        used.push(given);
                    }
                }
            }
            used.sort_unstable();
            all.push(Approved {
                row: row.id,
                payer: row.text(authorization::payer).into(),
                service,
                units: row.whole(authorization::units).map_or(0, |units| u32::try_from(units).unwrap_or(0)),
                from,
                until,
                letter: crate::practice::billable::letter(&row),
                used,
            });
        }
        Ok(all)
    }
}

/// What assessments say, the newest first: of each instrument the last one counts; of earlier ones every answer that
/// demanded action, and every screen for suicide on which nobody has acted: a later one that tells of nothing does not
/// erase it.
fn assessed(rows: Vec<Row>) -> Vec<Mark> {
    let mut seen = BTreeSet::new();
    let mut marks = Vec::new();
    for row in rows {
        // One that was only begun takes no earlier one's place.
        let finished = row.whole(assessment::score).is_some();
        if !finished || seen.insert(row.text(assessment::instrument).to_string()) {
            marks.push(mark(&row));
            continue;
        }
        let told = !row.text(assessment::urgent).is_empty();
        let screen = row.text(assessment::instrument) == "c-ssrs" && row.whole(assessment::score) > Some(0);
        if told || screen {
            let mut earlier = mark(&row);
            earlier.dates.retain(|(field, _)| *field != assessment::again.field);
            if row.date(assessment::answered).is_some() {
                earlier.words.retain(|(field, _)| *field != assessment::score.field);
            }
            marks.push(earlier);
        }
    }
    marks
}

/// Whether a row asks for nothing more, on whatever day one looks: a code says so. A date may lie ahead.
fn is_settled(row: &Row) -> bool {
    row.record.fields.iter().filter(|field| !field.settles.is_empty()).any(|field| match row.get(field.id) {
        crate::model::Value::Text(code) => field.settles.contains(&code.as_str()),
        _ => false,
    })
}

/// Whether a disagreement over a field is about somebody's safety.
fn is_about_safety(field: FieldId) -> bool {
    field == client::status
        || field.record == incident::TYPE.number
        || field.record == safety_plan::TYPE.number
        || [assessment::urgent, assessment::answered].contains(&field)
        || crate::model::field_by_id(field).is_some_and(|field| field.safety)
}

fn status_of(record: &RecordType) -> FieldId {
    if *record == step::TYPE { step::status } else { task::status }
}

/// Seconds since 1970 of an instant as a table keeps it.
fn seconds(time: &str) -> Option<i64> {
    chrono::DateTime::parse_from_rfc3339(time).ok().map(|time| time.timestamp())
}

fn mark(row: &Row) -> Mark {
    let mut mark = Mark {
        record: row.record.number,
        row: row.id,
        what: row.record.title_field().map_or(String::new(), |field| row.get(field.id).plain()),
        dates: Vec::new(),
        words: Vec::new(),
    };
    let wanted = |field: &&crate::model::Field| {
        field.watched || !field.settles.is_empty() && matches!(field.kind, Kind::Date | Kind::Time)
    };
    for field in row.record.fields.iter().filter(wanted) {
        // Of what is critical for safety all that anyone wrote is told, none picked.
        if let Some(torn) = row.disagreements.iter().find(|torn| field.safety && torn.field == field.id) {
            let sides: Vec<String> =
                torn.sides.iter().map(crate::model::Value::plain).filter(|side| !side.is_empty()).collect();
            mark.words.push((field.id.field, sides.join(" / ")));
            continue;
        }
        match row.get(field.id) {
            crate::model::Value::Date(day) => mark.dates.push((field.id.field, DueAt::Day(*day))),
            crate::model::Value::Time(time) => mark.dates.push((field.id.field, DueAt::Hour(*time))),
            crate::model::Value::Empty => {}
            value => mark.words.push((field.id.field, value.plain())),
        }
    }
    // What a part of a screen for suicide tells for certain counts as much as the whole of it.
    if *row.record == assessment::TYPE
        && row.whole(assessment::score).is_none()
        && let Some(instrument) = Practice::standard().instruments.get(row.text(assessment::instrument))
        && let Some(least) =
            row.text(assessment::answers).parse().ok().and_then(|answers| instrument.at_least(&answers))
    {
        mark.words.push((assessment::score.field, least.to_string()));
    }
    // That somebody has begun to answer is all that counts of what was done and who was called.
    if *row.record == incident::TYPE {
        let begun = [
            (incident::done, !row.words(incident::done).is_empty()),
            (incident::called, !row.text(incident::called).trim().is_empty()),
        ];
        mark.words.extend(begun.iter().filter(|(_, so)| *so).map(|(field, _)| (field.field, "yes".to_string())));
    }
    // In an older file what was denied after it had been given was cut: there was one word for both.
    if *row.record == benefit::TYPE && row.date(benefit::since).is_some() && row.date(benefit::notice).is_some() {
        let denied = |(field, word): &&mut (u16, String)| {
            *field == benefit::status.field && word == BenefitStatus::Denied.code()
        };
        if let Some((_, word)) = mark.words.iter_mut().find(denied) {
            *word = BenefitStatus::Cut.code().into();
        }
    }
    // Where only the lead was agreed, the day on which a renewal is to be asked for follows from the end.
    if *row.record == authorization::TYPE && row.date(authorization::renewal_due).is_none() {
        let lead = row.whole(authorization::lead).zip(row.date(authorization::until));
        let asked = lead.map(|(lead, until)| crate::triage::calendar::add_days(until, -lead));
        mark.dates.extend(asked.map(|day| (authorization::renewal_due.field, DueAt::Day(day))));
    }
    mark
}

fn open_enrollment(row: &Row) -> OpenEnrollment {
    OpenEnrollment {
        row: row.id,
        project: row.text(enrollment::project).into(),
        entry: row.date(enrollment::entry),
        head: row.yes(enrollment::head),
        head_entry: row.date(enrollment::head_entry),
        assessed: row.date(enrollment::assessed),
    }
}

fn open_plan(row: &Row, overtaken: Option<Overtaken>) -> OpenPlan {
    OpenPlan {
        row: row.id,
        kind: PlanKind::from_code(row.text(plan::kind)),
        active: row.text(plan::status) != PlanStatus::Draft.code(),
        start: row.date(plan::start),
        review_due: row.date(plan::review_due),
        reviewed: row.date(plan::reviewed),
        overtaken,
    }
}

fn open_goal(row: &Row) -> OpenGoal {
    debug_assert_ne!(row.text(goal::status), GoalStatus::Reached.code());
    OpenGoal {
        row: row.id,
        words: row.text(goal::words).into(),
        target: row.date(goal::target),
        progress: row.whole(goal::progress).map_or(0, |percent| percent.clamp(0, 100) as u8),
    }
}

fn put_off(row: &Row) -> Option<Snooze> {
    Some(Snooze {
        row: row.id,
        rule: row.text(snooze::rule).into(),
        subject: row.text(snooze::subject).parse().ok(),
        until: row.date(snooze::until)?,
        why: row.text(snooze::why).into(),
        made: row.date(snooze::made),
    })
}

/// The newest times at which the client was seen: a face-to-face or video contact, or a visit that was kept.
fn seen(db: &Connection, members: &[RowId]) -> Result<Vec<i64>> {
    let sql = format!(
        "SELECT * FROM (SELECT \"when\" FROM {} WHERE stream = ?1 AND state & 1 = 0 AND kind IN ('face-to-face', 'video')
           ORDER BY \"when\" DESC LIMIT {TOUCHES})
         UNION ALL SELECT * FROM (SELECT starts FROM {} WHERE stream = ?1 AND state & 1 = 0 AND status = 'kept'
           ORDER BY starts DESC LIMIT {TOUCHES})",
        note::TYPE.table(),
        appointment::TYPE.table()
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut all = Vec::new();
    for stream in members {
        for one in query.query_map([stream], |row| row.get::<_, Option<String>>(0))? {
            all.extend(one?.and_then(|time| seconds(&time)));
        }
    }
    all.sort_unstable_by_key(|at| std::cmp::Reverse(*at));
    all.truncate(2 * TOUCHES);
    Ok(all)
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

fn visit(row: &Row, answered: Option<i64>) -> Option<Visit> {
    let starts = row.time(appointment::starts)?;
    let status = AppointmentStatus::from_code(row.text(appointment::status)).unwrap_or(AppointmentStatus::Planned);
    let followed_up = answered.is_some_and(|at| at >= starts.timestamp());
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
        let mut rows = query.query([stream])?;
        while let Some(row) = rows.next()? {
            let text = |at| Ok::<_, rusqlite::Error>(row.get_ref(at)?.as_str().unwrap_or("").to_string());
            found.push((text(0)?, RowId::from_bytes(row.get(1)?), text(2)?));
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

/// The newest notes that say that the client was reached, somebody else was, or that it was tried: the newest of them in
/// full, and a few of each. What lies ahead by a slip must not hide what has happened.
fn last_contacts(db: &Connection, stream: RowId) -> Result<(Option<Contact>, Vec<Touch>)> {
    let sql = format!(
        "SELECT id, \"when\", kind FROM {} WHERE stream = ?1 AND state & 1 = 0 ORDER BY \"when\" DESC, id DESC",
        note::TYPE.table()
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut rows = query.query([stream])?;
    let (mut last, mut touches) = (None, Vec::new());
    let mut left = [TOUCHES; 3];
    let mut looked = 0;
    while let Some(row) = rows.next()? {
        looked += 1;
        if left == [0; 3] || looked > LOOKED && left[0] < TOUCHES {
            break;
        }
        let Some(kind) = ContactKind::from_code(row.get_ref(2)?.as_str().unwrap_or("")) else { continue };
        let of = match kind {
            kind if kind.reached_client() => 0,
            ContactKind::Collateral => 1,
            ContactKind::Attempt => 2,
            _ => continue,
        };
        let Ok(when) = chrono::DateTime::parse_from_rfc3339(row.get_ref(1)?.as_str().unwrap_or("")) else { continue };
        if of == 0 && last.is_none() {
            last = Some(Contact { note: RowId::from_bytes(row.get(0)?), when, kind });
        }
        if left[of] > 0 {
            left[of] -= 1;
            touches.push(Touch { at: when.timestamp(), kind });
        }
    }
    Ok((last, touches))
}

/// How many notes are looked through for attempts and contacts with others, once the client was reached in one of them.
const LOOKED: usize = 64;

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
