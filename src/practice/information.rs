//! What a field tells about a person, as a release of information speaks of it: the one map from record types and fields
//! to [`Information`].
//!
//! The promise: every field of every record type tells something, and what tells of substance use, of violence or of where
//! someone is says so wherever it stands (a goal, an appointment, an assessment). Whoever prints, exports or hands over asks
//! here and nowhere else. What a person wrote in free text cannot be told from its field: a note is a note. Pure.

use std::collections::BTreeSet;

use crate::model::records::*;
use crate::model::{Domain, FieldId, Information, Row, RowId, StayKind, sealed};

use super::Practice;

/// Categories of information, each once.
pub type Categories = BTreeSet<Information>;

/// Tells what the rows of one client are about: a step or a note may serve a goal that says more than it does itself.
pub struct Sorter<'a> {
    practice: &'a Practice,
    /// Goals that tell of something beside needs: their ids, and what.
    telling: Vec<(RowId, Information)>,
}

impl<'a> Sorter<'a> {
    /// For a client with these goals.
    pub fn new(practice: &'a Practice, goals: &[Row]) -> Sorter<'a> {
        let telling = goals.iter().filter_map(|row| Some((row.id, of_domain(row.text(goal::domain))?))).collect();
        Sorter { practice, telling }
    }

    /// What one field of a row tells: a release must cover all of it.
    pub fn of_field(&self, row: &Row, field: FieldId) -> Categories {
        let own = own_field(field);
        if row.record == &client::TYPE {
            return own.iter().copied().collect();
        }
        let mut told = self.of_all(row);
        told.extend(own);
        told
    }

    /// What a row tells with all its fields that are filled in.
    pub fn of_row(&self, row: &Row) -> Categories {
        let filled = row.record.fields.iter().filter(|field| match field.kind.is_set() {
            true => !row.words(field.id).is_empty(),
            false => !row.get(field.id).is_empty(),
        });
        filled.flat_map(|field| self.of_field(row, field.id)).collect()
    }

    /// What a whole file tells: what a bundle with it gives away.
    pub fn of_rows<'r>(&self, rows: impl IntoIterator<Item = &'r Row>) -> Categories {
        rows.into_iter().flat_map(|row| self.of_row(row)).collect()
    }

    /// What every field of a row tells, by its type and by what the row is about.
    fn of_all(&self, row: &Row) -> Categories {
        let mut told = Categories::new();
        let mut tells = |one: Information| {
            told.insert(one);
        };
        match row.record.number {
            n if n == relationship::TYPE.number => tells(Information::Family),
            n if [care_team::TYPE.number, medication::TYPE.number, medication_check::TYPE.number].contains(&n) => {
                tells(Information::Health)
            }
            n if [service::TYPE.number, authorization::TYPE.number].contains(&n) => tells(Information::Health),
            n if n == arrangement::TYPE.number => tells(Information::Health),
            // A programme's name (a shelter, a safe house) tells where someone is.
            n if n == enrollment::TYPE.number => {
                tells(Information::Attendance);
                tells(Information::Whereabouts);
            }
            n if n == appointment::TYPE.number => tells(Information::Attendance),
            n if n == housing::TYPE.number => tells(Information::Whereabouts),
            n if n == benefit::TYPE.number => tells(Information::Income),
            n if [employment::TYPE.number, vocation::TYPE.number].contains(&n) => tells(Information::Employment),
            n if n == safety_plan::TYPE.number => tells(Information::MentalHealth),
            n if n == incident::TYPE.number => {
                tells(match row.text(incident::kind) {
                    "violence" | "child" | "adult" => Information::Violence,
                    "overdose" => Information::SubstanceUse,
                    "medical" => Information::Health,
                    "housing" | "missing" => Information::Whereabouts,
                    _ => Information::MentalHealth,
                });
                tells(Information::Notes);
            }
            n if n == stay::TYPE.number => {
                tells(Information::Health);
                match StayKind::from_code(row.text(stay::kind)) {
                    Some(StayKind::Detox) => tells(Information::SubstanceUse),
                    // The label itself says "mental health or substance use".
                    Some(StayKind::EmergencyPsychiatric) => {
                        tells(Information::MentalHealth);
                        tells(Information::SubstanceUse);
                    }
                    Some(StayKind::Psychiatric) => tells(Information::MentalHealth),
                    _ => {}
                }
            }
            n if n == assessment::TYPE.number => told.extend(self.of_instrument(row.text(assessment::instrument))),
            n if [note::TYPE.number, addendum::TYPE.number].contains(&n) => tells(Information::Notes),
            n if n == signature::TYPE.number => {
                tells(Information::Notes);
                // The signed text stands in the row: it tells what was signed.
                let sealed = sealed::read(row.text(signature::content)).unwrap_or_default();
                told.extend(self.of_rows(&sealed.rows(row.stream)));
            }
            n if [snooze::TYPE.number, share::TYPE.number].contains(&n) => tells(Information::Notes),
            // Whom someone lets be told what, and what was told to whom, is part of the file itself.
            n if [consent::TYPE.number, disclosure::TYPE.number].contains(&n) => tells(Information::Notes),
            _ => tells(Information::Needs),
        }
        let domain = [need::domain, goal::domain, strength::domain, referral::domain];
        let domain = domain.iter().find(|field| field.record == row.record.number).map_or("", |field| row.text(*field));
        told.extend(of_domain(domain));
        told.extend(self.by_service(row));
        told.extend(self.by_goals(row));
        if row.record == &consent::TYPE && row.yes(consent::part2) {
            told.insert(Information::SubstanceUse);
        }
        told
    }

    /// What an instrument's answers tell.
    fn of_instrument(&self, code: &str) -> Categories {
        let mut told: Categories = match code {
            "audit-c" | "dast-10" => [Information::SubstanceUse].into(),
            "phq-2" | "phq-9" | "gad-7" | "c-ssrs" | "coping" => [Information::MentalHealth].into(),
            "adherence" | "katz-adl" | "lawton-iadl" | "lace" | "daily-living" => [Information::Health].into(),
            "vocational" => [Information::Employment].into(),
            _ => [Information::Needs].into(),
        };
        match self.practice.instruments.iter().find(|known| known.code == code) {
            Some(known) => told.extend(known.domains().filter_map(|domain| of_domain(domain.code()))),
            // Another agency's: it might ask about anything, so it is held as the most guarded.
            None => told.extend([Information::MentalHealth, Information::SubstanceUse, Information::Violence]),
        }
        told
    }

    /// A service for substance use, by its HCPCS code (H0001 to H0030 are alcohol and drug services), tells of it.
    fn by_service(&self, row: &Row) -> Option<Information> {
        let fields = [note::service, authorization::service];
        let code = fields.iter().find(|field| field.record == row.record.number).map(|field| row.text(*field))?;
        let number: Option<u32> = code.strip_prefix('H').and_then(|digits| digits.parse().ok());
        number.is_some_and(|number| (1..=30).contains(&number)).then_some(Information::SubstanceUse)
    }

    fn by_goals(&self, row: &Row) -> Categories {
        let serves = |id: &RowId| match row.record.number {
            n if n == note::TYPE.number => row.words(note::goals).contains(&id.to_string()),
            n if n == step::TYPE.number => row.link(step::goal) == Some(*id),
            _ => false,
        };
        self.telling.iter().filter(|(id, _)| serves(id)).map(|(_, told)| *told).collect()
    }
}

/// What a need, a goal or a referral in a domain tells beside that it is there.
fn of_domain(code: &str) -> Option<Information> {
    Some(match Domain::from_code(code)? {
        Domain::SubstanceUse => Information::SubstanceUse,
        Domain::MentalHealth => Information::MentalHealth,
        Domain::Safety => Information::Violence,
        Domain::Health | Domain::Disability => Information::Health,
        Domain::Income => Information::Income,
        Domain::Employment | Domain::Education => Information::Employment,
        Domain::Family => Information::Family,
        Domain::Housing | Domain::Food | Domain::Insurance | Domain::Transport | Domain::Legal | Domain::Other => {
            return None;
        }
    })
}

/// What a field tells by itself, whatever row it stands in.
fn own_field(field: FieldId) -> &'static [Information] {
    use Information::*;
    match field {
        client::address
        | client::living
        | appointment::place
        | note::place
        | stay::discharged_to
        | stay::hospital
        | enrollment::destination => &[Whereabouts],
        client::safe_contact => &[Violence],
        client::crisis => &[MentalHealth],
        client::risk => &[Health],
        client::area | client::also_areas | client::intensity => &[Needs],
        client::about | client::addressed_as | client::customs | client::closing_summary => &[Notes],
        client::status
        | client::opened
        | client::closed
        | client::closing_reason
        | client::outcome
        | client::worker => &[Attendance],
        client::tags | client::hold => &[Notes],
        relationship::phone | care_team::phone => &[Contact],
        housing::rent => &[Income],
        employment::employer => &[Whereabouts],
        medication::name | medication::dose => &[Health],
        FieldId { record, .. } if record == client::TYPE.number => &[Contact],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CATALOGUE, Value};

    fn row(record: &'static crate::model::RecordType, key: &str) -> Row {
        Row::new(record, RowId::derived(&[key]), RowId::derived(&["client"]))
    }

    #[test]
    fn every_field_of_every_type_tells_something() {
        let practice = Practice::standard();
        let sorter = Sorter::new(&practice, &[]);
        for record in CATALOGUE.iter().filter(|record| !record.is_the_workers()) {
            let row = row(record, record.name);
            for field in record.fields {
                assert!(!sorter.of_field(&row, field.id).is_empty(), "{}.{}", record.name, field.name);
            }
        }
    }

    /// 42 CFR 2.11: what would identify someone as having had a substance use disorder, wherever it stands.
    #[test]
    fn substance_use_is_seen_wherever_it_stands() {
        let practice = Practice::standard();
        let mut sober = row(&goal::TYPE, "sober");
        sober.put(goal::words, "Stay sober");
        sober.put(goal::domain, "substance-use");
        let sorter = Sorter::new(&practice, std::slice::from_ref(&sober));
        let mut found = vec![sober.clone()];
        for (record, field, value) in [
            (&need::TYPE, need::domain, "substance-use"),
            (&referral::TYPE, referral::domain, "substance-use"),
            (&assessment::TYPE, assessment::instrument, "audit-c"),
            (&assessment::TYPE, assessment::instrument, "dast-10"),
            (&assessment::TYPE, assessment::instrument, "social-work"),
            (&assessment::TYPE, assessment::instrument, "another-agencys"),
            (&stay::TYPE, stay::kind, "detox"),
            (&incident::TYPE, incident::kind, "overdose"),
            (&note::TYPE, note::service, "H0006"),
            (&authorization::TYPE, authorization::service, "H0006"),
        ] {
            let mut one = row(record, value);
            one.put(field, value);
            found.push(one);
        }
        let mut step = row(&step::TYPE, "step");
        step.put(step::goal, Value::Link(sober.id));
        let mut served = row(&note::TYPE, "served");
        served.put(note::body, "went well");
        served.sets.push((note::goals.field, vec![sober.id.to_string()]));
        found.extend([step, served]);
        for row in &found {
            assert!(sorter.of_row(row).contains(&Information::SubstanceUse), "{}", row.record.name);
        }
        let mut plain = row(&note::TYPE, "plain");
        plain.put(note::service, "H2015");
        assert_eq!(sorter.of_row(&plain), [Information::Notes].into());
    }

    #[test]
    fn where_someone_is_is_seen_wherever_it_stands() {
        let practice = Practice::standard();
        let sorter = Sorter::new(&practice, &[]);
        for (record, field) in [
            (&client::TYPE, client::address),
            (&client::TYPE, client::living),
            (&housing::TYPE, housing::place),
            (&enrollment::TYPE, enrollment::project),
            (&appointment::TYPE, appointment::place),
            (&employment::TYPE, employment::employer),
        ] {
            let mut one = row(record, field_name(record, field));
            one.put(field, "Elm Street 4");
            assert!(sorter.of_row(&one).contains(&Information::Whereabouts), "{}", field_name(record, field));
        }
    }

    fn field_name(record: &'static crate::model::RecordType, field: FieldId) -> &'static str {
        record.field(field.field).unwrap().name
    }
}
