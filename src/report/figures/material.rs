//! What figures are counted from: read once for a period and the one before it.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::model::records::{appointment, client, employment, goal, need, note, referral, signature, stay};
use crate::model::{ContactKind, Row, RowId, SignatureRole};
use crate::practice::Practice;
use crate::store::{Result, Store};
use crate::triage::{ClientFacts, Rules, calendar::add_days};

use super::super::period::Period;

/// Days before a period in which a last contact is looked for: longer than any contact rule.
const LOOK_BACK: i64 = 400;

pub struct Person {
    pub facts: ClientFacts,
    pub closed: Option<NaiveDate>,
    /// The code of the outcome at closing.
    pub outcome: String,
}

impl Person {
    /// Whether the case was open on a day.
    pub fn open_on(&self, day: NaiveDate) -> bool {
        let begun = self.facts.begun().is_none_or(|begun| begun <= day);
        let closed = self.facts.status == crate::model::ClientStatus::Closed;
        let over = closed && self.closed.is_none_or(|closed| closed <= day);
        begun && !over
    }
}

/// A note, as far as figures go.
pub struct Written {
    pub client: RowId,
    pub day: NaiveDate,
    pub kind: Option<ContactKind>,
    pub minutes: f64,
    /// The code of what it is billed as, or empty.
    pub service: String,
    pub signed: bool,
}

pub struct Material<'a> {
    pub practice: &'a Practice,
    rules: &'a Rules,
    pub today: NaiveDate,
    people: HashMap<RowId, Person>,
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
    pub fn gather(store: &Store, rules: &'a Rules, period: Period, today: NaiveDate) -> Result<Material<'a>> {
        let roots = store.roots()?;
        let root = |stream: RowId| roots.get(&stream).copied().unwrap_or(stream);
        let from = period.before().from;
        let mut material = Material {
            practice: rules.practice(),
            rules,
            today,
            people: HashMap::new(),
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
        for facts in store.all_facts()? {
            material.people.insert(facts.id, Person { facts, closed: None, outcome: String::new() });
        }
        store.each_row(&client::TYPE, None, |row| {
            if let Some(person) = material.people.get_mut(&row.id) {
                person.closed = row.date(client::closed);
                person.outcome = row.text(client::outcome).into();
            }
        })?;
        let mut signed = std::collections::HashSet::new();
        store.each_row(&signature::TYPE, None, |row| {
            if row.text(signature::role) == SignatureRole::Author.code()
                && let Ok(of) = row.text(signature::of).parse::<RowId>()
            {
                signed.insert(of);
            }
        })?;
        let between = (note::when, add_days(from, -LOOK_BACK), period.to);
        store.each_row(&note::TYPE, Some(between), |row| {
            let Some(day) = row.time(note::when).map(|when| when.date_naive()) else { return };
            let client = root(row.stream);
            let kind = ContactKind::from_code(row.text(note::kind));
            if kind.is_some_and(ContactKind::reached_client) {
                material.reached.entry(client).or_default().push(day);
            }
            if day >= from {
                let minutes = row.whole(note::minutes).unwrap_or(0) as f64;
                let (service, signed) = (row.text(note::service).to_string(), signed.contains(&row.id));
                material.notes.push(Written { client, day, kind, minutes, service, signed });
            }
        })?;
        material.reached.values_mut().for_each(|days| days.sort_unstable());
        let between = (appointment::starts, from, period.to);
        store.each_row(&appointment::TYPE, Some(between), |row| material.visits.push((root(row.stream), row)))?;
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
