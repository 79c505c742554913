//! Appointments as iCalendar (RFC 5545), in and out.
//!
//! In: events become appointments of the client the file is of, or of the one whom a summary or an attendee names; the
//! rest waits for somebody to say whose it is. What comes again is unfolded from its first time to a year ahead, at most
//! [`again::MOST`] times of one event. An appointment's id is made from the event's own and the time it first stood at, so
//! that reading again changes only what changed; a time that the calendar no longer has is cancelled, never deleted.
//! What can be read of a broken file is read, what cannot is named with its line. Out: see [`out`].

mod again;
mod event;
pub(super) mod out;
mod zones;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use chrono::{DateTime, FixedOffset, Months, NaiveDateTime, TimeDelta};

use crate::model::records::appointment;
use crate::model::text::one_line;
use crate::model::{AppointmentStatus, Row, RowId, Value};
use crate::store::{Draft, Store};

use super::lines::{ContentLines, pieces};
use super::people::People;
use super::source::Watch;
use super::unplaced::Unplaced;
use super::{ExchangeError, Format, Options, Reading, Skipped};
use event::Event;
use zones::{When, Zones};

/// Minutes of a whole day: what an event without a time takes, and the longest that an appointment can be.
const DAY: i64 = 1_440;

pub(super) fn read(path: &Path, options: &Options<'_>, watch: &Watch<'_>) -> Result<Reading, ExchangeError> {
    let moment = options.moment;
    let now = moment.now.naive_local();
    let year = Months::new(12);
    let bounds =
        Bounds { floor: now.checked_sub_months(year).unwrap_or(now), end: now.checked_add_months(year).unwrap_or(now) };
    let file = path.file_name().map_or_else(String::new, |name| one_line(&name.to_string_lossy()).into_owned());
    let mut reading = Reading::of(Format::Ics);
    let mut zones = Zones::new(moment);
    let mut events: Vec<Event> = Vec::new();
    let mut cancels = false;
    let mut count = 0;
    let mut others: BTreeMap<String, u64> = BTreeMap::new();
    let mut lines = ContentLines::open(path, watch)?;
    pieces(
        &mut lines,
        &["VEVENT", "VTIMEZONE", "VTODO", "VJOURNAL", "VFREEBUSY"],
        &["VTIMEZONE"],
        |piece| match piece.kind.as_str() {
            "VEVENT" => {
                count += 1;
                let line = piece.line;
                match Event::read(piece) {
                    Ok(event) => events.push(event),
                    Err((column, reason)) => {
                        reading.skipped.push(Skipped { file: file.clone(), line, column: column.into(), reason });
                    }
                }
            }
            "VTIMEZONE" => {
                if let Some(zone) = event::parsed(&piece.text) {
                    zones.learn(&zone, bounds.end);
                }
            }
            kind => *others.entry(kind.to_string()).or_default() += 1,
        },
        |text| {
            if let Some((name, method)) = text.split_once(':') {
                cancels |= name.trim().eq_ignore_ascii_case("METHOD") && method.trim().eq_ignore_ascii_case("CANCEL");
            }
        },
    );
    if let Some(source) = lines.failure() {
        return Err(ExchangeError::Io { path: path.into(), source });
    }
    reading.read.insert(file, count);
    for (kind, count) in others {
        let what = match kind.as_str() {
            "VTODO" => "to-dos",
            "VJOURNAL" => "journal entries",
            _ => "free and busy times",
        };
        reading.told.push(format!("{what} in the file, which are no appointments and were left out: {count}."));
    }
    gather(events, cancels, bounds, &mut zones, options, watch, &mut reading)?;
    for zone in &zones.unknown {
        let zone = one_line(zone);
        reading.told.push(format!("The time zone \"{zone}\" is not known: its times are taken as local ones."));
    }
    Ok(reading)
}

/// From when to when events that come again are taken.
#[derive(Clone, Copy)]
struct Bounds {
    floor: NaiveDateTime,
    end: NaiveDateTime,
}

/// One time at which an event takes place.
struct Visit<'a> {
    /// What tells it from the others of its event: the time it first stood at; empty for an event that comes once.
    original: String,
    starts: DateTime<FixedOffset>,
    minutes: Option<i64>,
    /// Whose words it has.
    event: &'a Event,
    cancelled: bool,
}

fn gather(
    events: Vec<Event>,
    cancels: bool,
    bounds: Bounds,
    zones: &mut Zones,
    options: &Options<'_>,
    watch: &Watch<'_>,
    reading: &mut Reading,
) -> Result<(), ExchangeError> {
    let mut groups: Vec<(String, Vec<Event>)> = Vec::new();
    let mut by_uid: HashMap<String, usize> = HashMap::new();
    for event in events {
        let mut uid = event.uid.clone();
        let stands =
            |group: &[Event]| group.iter().find(|other| other.instead_of.is_none()).map(|other| other.start.clone());
        let other = by_uid.get(&uid).and_then(|at| stands(&groups[*at].1));
        if event.instead_of.is_none() && other.is_some_and(|start| start != event.start) {
            // Careless programs give one id to several events: told apart by when they begin, none of them is lost.
            uid = format!("{uid}~{}", event.start.local.format("%Y%m%dT%H%M%S"));
        }
        let at = *by_uid.entry(uid.clone()).or_insert_with(|| {
            groups.push((uid, Vec::new()));
            groups.len() - 1
        });
        groups[at].1.push(event);
    }
    let people = match options.client {
        Some(_) => None,
        None => Some(People::of(options.store)?),
    };
    let placed = super::unplaced::placed(options.store)?;
    let with = if options.client.is_none() { put_with(options.store)? } else { HashMap::new() };
    let (mut cut, mut gone, mut set_aside) = (false, 0, 0);
    for (uid, group) in &groups {
        watch.go()?;
        let visits = visits(group, bounds, zones, &mut cut);
        if let Some(own) = own(uid, options.store)? {
            reading.drafts.extend(visits.first().map(|visit| changed(&own, visit, cancels)));
            continue;
        }
        let key = RowId::derived(&["ics", uid]);
        let drafts = drafts(uid, &visits, cancels);
        let named = || people.as_ref().and_then(|people| people.named(group.iter().flat_map(Event::names)));
        let client = match (options.client, placed.get(&key)) {
            (Some(client), _) => Some(client),
            (None, Some(None)) => {
                set_aside += 1;
                continue;
            }
            (None, Some(Some(client))) => Some(*client),
            // What was put with a client once stays with them.
            (None, None) => with.get(&self::key(uid, "")).copied().or_else(named),
        };
        let about = visits.first().map_or(String::new(), |visit| {
            let when = visit.starts.format("%a %-d %b %Y %H:%M");
            let times = if visits.len() > 1 { format!(", {} times", visits.len()) } else { String::new() };
            format!("{when}  {}{times}", one_line(&visit.event.summary))
        });
        let waiting = Unplaced { key, origin: Format::Ics.origin().into(), about, drafts };
        match client {
            Some(client) => {
                let drafts = waiting.of(client);
                let no_more = no_more(uid, client, &drafts, bounds, options)?;
                gone += no_more.len();
                reading.drafts.extend(drafts);
                reading.drafts.extend(no_more);
            }
            None => reading.unplaced.push(waiting),
        }
    }
    if cut {
        let until = bounds.end.format("%-d %b %Y");
        reading.told.push(format!(
            "What comes again was taken until {until}, at most {} times of each: import the calendar again later for what comes after.",
            again::MOST
        ));
    }
    if gone > 0 {
        reading.told.push(format!("Appointments that the calendar no longer has were cancelled: {gone}."));
    }
    if set_aside > 0 {
        reading.told.push(format!("Events of nobody here, as you once said, were left out: {set_aside}."));
    }
    if !reading.unplaced.is_empty() {
        reading.told.push(format!(
            "Events that name nobody here, or more than one: {}. Say whose they are on the screen (\"whose are these\" among all commands), or import the file with --client ID.",
            reading.unplaced.len()
        ));
    }
    Ok(())
}

/// All times of one event: those of its rule, without those left out, and with what was changed for one of them alone.
fn visits<'a>(group: &'a [Event], bounds: Bounds, zones: &mut Zones, cut: &mut bool) -> Vec<Visit<'a>> {
    let Some(master) = group.iter().rev().find(|event| event.instead_of.is_none()).or(group.first()) else {
        return Vec::new();
    };
    let clock = &master.start;
    let local = |when: &When, zones: &mut Zones| zones.on_the_clock_of(when, clock);
    let mut times = vec![clock.local];
    let mut lengths: HashMap<NaiveDateTime, i64> = HashMap::new();
    if let Some(rule) = &master.rule {
        let until = rule.until_local(|when| local(when, zones));
        times.extend(again::unfold(rule, clock.local, until, bounds.end));
        *cut |= !rule.ends() || until.is_some_and(|until| until > bounds.end);
    }
    for (when, minutes) in &master.also {
        let time = local(when, zones);
        lengths.extend(minutes.map(|minutes| (time, minutes)));
        times.push(time);
    }
    times.sort_unstable();
    times.dedup();
    let comes_again = times.len() > 1 || master.rule.is_some();
    let but: Vec<NaiveDateTime> = master.but.iter().map(|when| local(when, zones)).collect();
    let bare: HashSet<NaiveDateTime> = master.but.iter().map(|when| when.local).collect();
    let days: HashSet<_> = master.but.iter().filter(|when| when.day).map(|when| when.local.date()).collect();
    // Some programs leave out the zone, or write a time of no zone as if it were one of UTC.
    times.retain(|time| !but.contains(time) && !bare.contains(time) && !days.contains(&time.date()));
    let (times, left_out) = again::nearest(times, bounds.floor);
    *cut |= left_out;

    let changed: Vec<(&Event, &When)> = group
        .iter()
        .filter(|event| !std::ptr::eq(*event, master))
        .filter_map(|event| Some((event, event.instead_of.as_ref()?)))
        .collect();
    let mut taken: HashSet<usize> = HashSet::new();
    // What was changed for all that follow, and by how much it was moved.
    let mut onward: Option<(&Event, TimeDelta)> = None;
    let mut found = Vec::new();
    for time in times {
        let original = if comes_again { time.format("%Y%m%dT%H%M%S").to_string() } else { String::new() };
        let matching = changed.iter().enumerate().rfind(|(_, (_, instead_of))| {
            local(instead_of, zones) == time
                || instead_of.local == time
                || (instead_of.day && instead_of.local.date() == time.date())
        });
        if let Some((at, (event, _))) = matching {
            taken.insert(at);
            if event.onward {
                onward = Some((event, event.start.local - time));
            }
            found.push(visit(original, event, &event.start, event.minutes, zones));
            continue;
        }
        let (event, moved) = onward.unwrap_or((master, TimeDelta::zero()));
        let when = When { local: time + moved, ..event.start.clone() };
        let minutes = lengths.get(&time).copied().or(event.minutes);
        found.push(visit(original, event, &when, minutes, zones));
    }
    for (at, (event, instead_of)) in changed.iter().enumerate() {
        if !taken.contains(&at) {
            let original = local(instead_of, zones).format("%Y%m%dT%H%M%S").to_string();
            if !found.iter().any(|visit: &Visit<'_>| visit.original == original) {
                found.push(visit(original, event, &event.start, event.minutes, zones));
            }
        }
    }
    found
}

fn visit<'a>(original: String, event: &'a Event, when: &When, minutes: Option<i64>, zones: &mut Zones) -> Visit<'a> {
    Visit { original, starts: zones.instant(when), minutes, event, cancelled: event.cancelled }
}

/// With whom each event was put that came before, by its key.
fn put_with(store: &Store) -> Result<HashMap<String, RowId>, ExchangeError> {
    let mut found = HashMap::new();
    store.each_row(&appointment::TYPE, None, |row| {
        let key = row.text(appointment::key);
        if key.starts_with("ics:") {
            // Of what comes again, each time has its own behind it.
            let (event, time) = key.rsplit_once('#').unwrap_or((key, ""));
            let again = NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%S").is_ok();
            found.insert(if again { event } else { key }.to_string(), row.stream);
        }
    })?;
    Ok(found)
}

/// The appointment that an event of our own was written from, where it is still here.
fn own(uid: &str, store: &Store) -> Result<Option<Row>, ExchangeError> {
    let Some(id) = uid.strip_suffix(out::OWN).and_then(|id| id.parse().ok()) else { return Ok(None) };
    Ok(store.row_of(&appointment::TYPE, id)?)
}

/// What a calendar may have changed about an appointment of our own: when it is, how long, and that it is off. What it is
/// called there is our own doing.
fn changed(row: &Row, visit: &Visit<'_>, cancels: bool) -> Draft {
    let mut values = vec![(appointment::starts, Value::Time(visit.starts))];
    values.extend(visit.minutes.map(|minutes| (appointment::minutes, Value::Whole(minutes.clamp(0, DAY)))));
    let open = AppointmentStatus::from_code(row.text(appointment::status)).is_none_or(AppointmentStatus::is_open);
    if open && (visit.cancelled || cancels) {
        values.push((appointment::status, Value::text(AppointmentStatus::Cancelled.code())));
    }
    Draft { record: &appointment::TYPE, row: row.id, stream: row.stream, values, members: vec![] }
}

/// The times of one event as appointments, of nobody yet.
fn drafts(uid: &str, visits: &[Visit<'_>], cancels: bool) -> Vec<Draft> {
    let row = |visit: &Visit<'_>| RowId::derived(&["ics", uid, &visit.original]);
    let series = (visits.len() > 1).then(|| visits.first().map(row)).flatten();
    let flat = |text: &str| Value::from(text.split_whitespace().collect::<Vec<_>>().join(" "));
    let draft = |visit: &Visit<'_>| {
        let event = visit.event;
        let status = match visit.cancelled || cancels {
            true => AppointmentStatus::Cancelled,
            false => AppointmentStatus::Planned,
        };
        let minutes = visit.minutes.filter(|minutes| *minutes >= 0).map(|minutes| minutes.min(DAY));
        let mut values = vec![
            (appointment::title, flat(&event.summary)),
            (appointment::starts, Value::Time(visit.starts)),
            (appointment::minutes, minutes.into()),
            (appointment::place, flat(&event.place)),
            (appointment::with, flat(&event.with.join(", "))),
            (appointment::about, event.about.trim().into()),
            (appointment::status, Value::text(status.code())),
            (appointment::key, Value::text(key(uid, &visit.original))),
        ];
        values.extend(series.map(|series| (appointment::series, Value::Link(series))));
        Draft {
            record: &appointment::TYPE,
            row: row(visit),
            stream: RowId::derived(&["nobody"]),
            values,
            members: vec![],
        }
    };
    visits.iter().map(draft).collect()
}

/// What an appointment from a calendar is known by there: `ics:` and the event's id, and the time it first stood at.
fn key(uid: &str, original: &str) -> String {
    let uid = one_line(uid);
    if original.is_empty() { format!("ics:{uid}") } else { format!("ics:{uid}#{original}") }
}

/// Appointments still ahead that came from this event once and are not in it any more: cancelled.
fn no_more(
    uid: &str,
    client: RowId,
    drafts: &[Draft],
    bounds: Bounds,
    options: &Options<'_>,
) -> Result<Vec<Draft>, ExchangeError> {
    let kept: HashSet<RowId> = drafts.iter().map(|draft| draft.row).collect();
    let (alone, again) = (key(uid, ""), format!("{}#", key(uid, "")));
    let gone = options.store.rows(&appointment::TYPE, client)?.into_iter().filter(|row| {
        let own = row.text(appointment::key) == alone || row.text(appointment::key).starts_with(&again);
        let ahead = row
            .time(appointment::starts)
            .is_some_and(|starts| starts > options.moment.now && starts.naive_local() <= bounds.end);
        let open = AppointmentStatus::from_code(row.text(appointment::status)).is_some_and(AppointmentStatus::is_open);
        own && ahead && open && !kept.contains(&row.id)
    });
    let cancelled = |id| Draft {
        record: &appointment::TYPE,
        row: id,
        stream: client,
        values: vec![(appointment::status, Value::text(AppointmentStatus::Cancelled.code()))],
        members: vec![],
    };
    Ok(gone.map(|row| cancelled(row.id)).collect())
}
