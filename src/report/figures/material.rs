//! What figures are counted from: read once for a period and the one before it.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::model::records::{appointment, employment, goal, need, note, referral, signature, stay};
use crate::model::{ContactKind, Moment, Row, RowId, SignatureRole, Value};
use crate::practice::Practice;
use crate::practice::billable::month_of;
use crate::practice::counting::{Given, given};
use crate::practice::episodes::Episode;
use crate::store::{Result, Store, Workers};
use crate::triage::{ClientFacts, Rules, calendar::add_days};

use super::super::period::Period;

/// Days before a period in which a last contact is looked for: longer than any contact rule.
const LOOK_BACK: i64 = 400;

/// Days after a period in which a call after a discharge is looked for: two business days and whatever holidays there are.
const LOOK_AHEAD: i64 = 10;

pub struct Person {
    pub facts: ClientFacts,
    /// Their times in care, the oldest first.
    pub episodes: Vec<Episode>,
    workers: Workers,
}

impl Person {
    /// Whether the case was open on a day.
    pub fn open_on(&self, day: NaiveDate) -> bool {
        self.since(day).is_some()
    }

    /// Where the case was open on a day: since when, if that is known.
    pub fn since(&self, day: NaiveDate) -> Option<Option<NaiveDate>> {
        let begun = |one: &Episode| one.opened.or(self.facts.begun());
        let open = self.episodes.iter().rfind(|one| one.is_open_on(day) && begun(one).is_none_or(|begun| begun <= day));
        open.map(begun)
    }

    /// The case manager of a day.
    pub fn worker_on(&self, day: NaiveDate) -> &str {
        self.workers.on(day)
    }
}

/// A note, as far as figures go.
pub struct Written {
    pub client: RowId,
    pub day: NaiveDate,
    pub kind: Option<ContactKind>,
    pub given: Given,
    /// Who wrote it: a place among [`Material::authors`].
    pub author: u32,
    /// Minutes of the worker that it stands for: of a group's hour each note has its part, so that the hour counts once.
    pub minutes: u32,
    /// The code of what it is billed as, or empty.
    pub service: String,
    pub signed: bool,
}

pub struct Material<'a> {
    pub practice: &'a Practice,
    rules: &'a Rules,
    pub today: NaiveDate,
    people: HashMap<RowId, Person>,
    /// Everyone who wrote a note.
    authors: Vec<String>,
    /// Notes of the period and the one before.
    pub notes: Vec<Written>,
    /// The days on which each client was reached, in order, from well before the periods on.
    pub reached: HashMap<RowId, Vec<NaiveDate>>,
    pub visits: Vec<(RowId, Row)>,
    /// Goals reached, and when that was said.
    pub goals_reached: Vec<(RowId, NaiveDate)>,
    pub goals: Vec<(RowId, Row)>,
    pub needs: Vec<(RowId, Row)>,
    pub referrals: Vec<(RowId, Row)>,
    pub stays: Vec<(RowId, Row)>,
    pub jobs: Vec<(RowId, Row)>,
}

impl<'a> Material<'a> {
    /// Reads what a period and the one before it need.
    ///
    /// # Errors
    /// What the file says.
    pub fn gather(store: &Store, rules: &'a Rules, period: Period, moment: &Moment) -> Result<Material<'a>> {
        let today = moment.today();
        let roots = store.roots()?;
        let root = |stream: RowId| roots.get(&stream).copied().unwrap_or(stream);
        let from = period.before().from;
        let mut material = Material {
            practice: rules.practice(),
            rules,
            today,
            people: HashMap::new(),
            authors: Vec::new(),
            notes: Vec::new(),
            reached: HashMap::new(),
            visits: Vec::new(),
            goals_reached: Vec::new(),
            goals: Vec::new(),
            needs: Vec::new(),
            referrals: Vec::new(),
            stays: Vec::new(),
            jobs: Vec::new(),
        };
        let mut times = store.all_episodes()?;
        for facts in store.all_facts()? {
            let (episodes, mut workers) = times.remove(&facts.id).unwrap_or_default();
            if store.now().date_naive() != today {
                workers.leave_out(store.now().date_naive());
            }
            material.people.insert(facts.id, Person { facts, episodes, workers });
        }
        let mut signed = std::collections::HashSet::new();
        store.each_row(&signature::TYPE, None, |row| {
            let counts = row.by.as_ref().is_none_or(|by| by.counts);
            if counts
                && row.text(signature::role) == SignatureRole::Author.code()
                && let Ok(of) = row.text(signature::of).parse::<RowId>()
            {
                signed.insert(of);
            }
        })?;
        let kept_from = add_days(month_of(from).0, -1);
        let mut written: Vec<(RowId, String, String)> = Vec::new();
        // Notes of the days after it too: a call that follows on a discharge at its end.
        let between = (note::when, add_days(from, -LOOK_BACK), add_days(period.to, LOOK_AHEAD));
        store.each_row(&note::TYPE, Some(between), |row| {
            let Some(when) = row.time(note::when).map(|when| moment.lived(when)) else { return };
            let day = when.date_naive();
            let client = root(row.stream);
            let kind = ContactKind::from_code(row.text(note::kind));
            if kind.is_some_and(ContactKind::reached_client) {
                material.reached.entry(client).or_default().push(day);
            }
            // From the day before the first of a month on: a month's unit is counted once, in its first note.
            if day >= kept_from {
                let minutes = row.whole(note::minutes).and_then(|minutes| u32::try_from(minutes).ok()).unwrap_or(0);
                let (service, signed) = (row.text(note::service).to_string(), signed.contains(&row.id));
                let given = given(when, minutes);
                written.push((row.id, row.text(note::author).to_string(), row.text(note::session).to_string()));
                material.notes.push(Written { client, day, kind, given, author: 0, minutes, service, signed });
            }
        })?;
        material.name_authors(store, &written)?;
        material.count_groups_once(&written);
        material.reached.values_mut().for_each(|days| days.sort_unstable());
        // From the day before to the day after: what came in on the clock of UTC is on another day there.
        let between = (appointment::starts, add_days(from, -1), add_days(period.to, 1));
        store.each_row(&appointment::TYPE, Some(between), |mut row| {
            if let Some(starts) = row.time(appointment::starts) {
                row.put(appointment::starts, Value::Time(moment.lived(starts)));
            }
            material.visits.push((root(row.stream), row));
        })?;
        store.each_row(&goal::TYPE, None, |row| material.goals.push((root(row.stream), row)))?;
        store.each_row(&need::TYPE, None, |row| material.needs.push((root(row.stream), row)))?;
        store.each_row(&referral::TYPE, None, |row| material.referrals.push((root(row.stream), row)))?;
        store.each_row(&stay::TYPE, None, |row| material.stays.push((root(row.stream), row)))?;
        store.each_row(&employment::TYPE, None, |row| material.jobs.push((root(row.stream), row)))?;
        for (client, row) in material.goals.iter().filter(|(_, row)| row.text(goal::status) == "reached") {
            // A goal has no field for the day: the journal knows when it was said.
            let said = store.history(row.id)?.into_iter().rev().find(|line| line.field == "status");
            material.goals_reached.extend(said.map(|line| (*client, line.when.date_naive())));
        }
        Ok(material)
    }

    /// Names who wrote each note; of a note that does not say so the journal knows who made it.
    fn name_authors(&mut self, store: &Store, written: &[(RowId, String, String)]) -> Result<()> {
        let mut places: HashMap<String, u32> = HashMap::new();
        for (note, (id, author, _)) in self.notes.iter_mut().zip(written) {
            let author =
                if author.trim().is_empty() { store.maker_of(*id)?.unwrap_or_default() } else { author.clone() };
            let next = places.len() as u32;
            note.author = *places.entry(author.trim().to_string()).or_insert(next);
        }
        self.authors = vec![String::new(); places.len()];
        for (name, at) in places {
            self.authors[at as usize] = name;
        }
        Ok(())
    }

    /// A group's minutes are its worker's once, whoever came: each note of it gets its part, in whole minutes.
    fn count_groups_once(&mut self, written: &[(RowId, String, String)]) {
        let mut groups: HashMap<(&str, u32), Vec<(RowId, usize)>> = HashMap::new();
        for (at, (id, _, session)) in written.iter().enumerate().filter(|(_, (_, _, session))| !session.is_empty()) {
            groups.entry((session, self.notes[at].author)).or_default().push((*id, at));
        }
        for mut group in groups.into_values() {
            group.sort_unstable();
            let all = group.iter().map(|(_, at)| self.notes[*at].minutes).max().unwrap_or(0);
            let many = group.len() as u32;
            for (place, (_, at)) in (0..).zip(group) {
                self.notes[at].minutes = all / many + u32::from(place < all % many);
            }
        }
    }

    /// The name of an author.
    pub fn author(&self, at: u32) -> &str {
        &self.authors[at as usize]
    }

    /// Everyone by whom figures can be asked for.
    pub fn names(&self) -> Vec<String> {
        let managers = self.people.values().flat_map(|person| person.workers.names());
        let mut names: Vec<String> =
            managers.chain(self.authors.iter().map(String::as_str)).map(|name| name.trim().to_string()).collect();
        names.retain(|name| !name.is_empty());
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Days between contacts that a client's intensity and areas ask for.
    pub fn contact_days(&self, person: &Person) -> i64 {
        self.rules.contact_days(person.facts.intensity, &person.facts.areas)
    }

    pub fn person(&self, client: RowId) -> Option<&Person> {
        self.people.get(&client)
    }

    pub fn people(&self) -> impl Iterator<Item = (RowId, &Person)> {
        self.people.iter().map(|(client, person)| (*client, person))
    }
}
