//! Hospital stays: home since two business days and not called yet, still inside, back again within thirty days, well
//! past them, and an emergency visit.

use crate::model::records::{
    arrangement, authorization, benefit, consent, medication, medication_check, service, stay,
};
use crate::model::{FieldId, RowId, Value};
use crate::triage::calendar::add_business_days;

use super::stories::Teller;

pub fn tell(teller: &mut Teller<'_, '_>) {
    match teller.number() {
        0 => home_and_not_called(teller),
        4 => still_inside(teller),
        8 => back_again(teller),
        12 => past_thirty_days(teller),
        _ => emergency_visit(teller),
    }
}

fn arrange(teller: &mut Teller<'_, '_>, stay: RowId, rows: &[(&str, &str, &str, &str, i64)]) {
    for (kind, what, provider, status, days) in rows {
        let values = vec![
            (arrangement::kind, (*kind).into()),
            (arrangement::what, (*what).into()),
            (arrangement::provider, (*provider).into()),
            (arrangement::status, (*status).into()),
            (arrangement::owner, "me".into()),
            (arrangement::due, teller.hour(*days, 12)),
            (arrangement::stay, Value::Link(stay)),
        ];
        teller.add(&arrangement::TYPE, values);
    }
}

fn hospital(teller: &mut Teller<'_, '_>, kind: &str, admitted: i64, more: Vec<(FieldId, Value)>) -> RowId {
    let mut values = vec![
        (stay::hospital, "Mercy General".into()),
        (stay::kind, kind.into()),
        (stay::admitted, teller.day(admitted)),
    ];
    values.extend(more);
    teller.add(&stay::TYPE, values)
}

fn home_and_not_called(teller: &mut Teller<'_, '_>) {
    let today = teller.maker.today();
    let home = (add_business_days(today, -2) - today).num_days();
    let more = vec![
        (stay::discharged, teller.day(home)),
        (stay::complexity, "high".into()),
        (stay::reason, "heart failure".into()),
        (stay::discharged_to, "home, with home health".into()),
    ];
    let stay = hospital(teller, "medical", home - 6, more);
    arrange(
        teller,
        stay,
        &[
            ("medication", "medication list compared, and the medicines in hand", "", "in-place", home),
            ("teaching", "warning signs taught, and taught back", "", "in-place", home),
            ("home-health", "first home health visit", "Sunrise Home Care", "confirmed", home + 2),
            ("equipment", "shower chair and scale", "Harbor Medical Supply", "ordered", 1),
            ("follow-up", "heart clinic within 7 days, with a ride", "Northside Clinic", "open", 1),
        ],
    );
    teller.assess("lace", home, "l=6;a=1;c=2;e=1");
    for (name, dose, refill) in [("furosemide", "40 mg in the morning", 4), ("lisinopril", "10 mg", 19)] {
        let values = vec![
            (medication::name, name.into()),
            (medication::dose, dose.into()),
            (medication::prescriber, "Dr. Okafor".into()),
            (medication::since, teller.day(home)),
            (medication::refill, teller.day(refill)),
        ];
        teller.add(&medication::TYPE, values);
    }
    let values = vec![
        (consent::to, "Sunrise Home Care".into()),
        (consent::purpose, "home health after the hospital".into()),
        (consent::from, teller.day(home - 1)),
        (consent::until, teller.day(180)),
        (consent::form, "written".into()),
    ];
    let covers = [(consent::what, "contact"), (consent::what, "health"), (consent::what, "needs")];
    teller.with(&consent::TYPE, values, &covers);
    let values = vec![
        (authorization::payer, "State Medicaid".into()),
        (authorization::service, "T1016".into()),
        (authorization::number, "A-20417".into()),
        (authorization::units, Value::Whole(120)),
        (authorization::from, teller.day(-60)),
        (authorization::until, teller.day(75)),
        (authorization::lead, Value::Whole(30)),
        (authorization::renewal_due, teller.day(45)),
        (authorization::status, "approved".into()),
    ];
    teller.add(&authorization::TYPE, values);
    let values = vec![
        (benefit::programme, "Medicaid".into()),
        (benefit::status, "active".into()),
        (benefit::since, teller.day(-300)),
        (benefit::recertify, teller.day(65)),
    ];
    teller.add(&benefit::TYPE, values);
}

fn still_inside(teller: &mut Teller<'_, '_>) {
    let more = vec![(stay::reason, "hip fracture".into()), (stay::planned, Value::Yes(false))];
    let stay = hospital(teller, "medical", -5, more);
    arrange(
        teller,
        stay,
        &[
            ("placement", "bed at a rehabilitation facility, approved by the payer", "Eastgate Rehab", "ordered", 1),
            ("transport", "transfer booked, with the papers", "", "open", 2),
            ("medication", "medication list sent to the facility", "", "open", 2),
            ("equipment", "own glasses and walker packed", "", "confirmed", 2),
        ],
    );
    let values = vec![
        (authorization::payer, "Harbor Health Plan".into()),
        (authorization::service, "T1016".into()),
        (authorization::units, Value::Whole(40)),
        (authorization::from, teller.day(-5)),
        (authorization::until, teller.day(25)),
        (authorization::renewal_due, teller.day(11)),
        (authorization::status, "approved".into()),
    ];
    teller.add(&authorization::TYPE, values);
}

fn back_again(teller: &mut Teller<'_, '_>) {
    let first = vec![
        (stay::discharged, teller.day(-40)),
        (stay::reason, "COPD".into()),
        (stay::discharged_to, "home".into()),
        (stay::followed_up, teller.day(-33)),
    ];
    hospital(teller, "medical", -46, first);
    let second = vec![
        (stay::discharged, teller.day(-12)),
        (stay::complexity, "moderate".into()),
        (stay::reason, "COPD, worse".into()),
        (stay::readmission, Value::Yes(true)),
        (stay::followed_up, teller.day(-5)),
    ];
    let stay = hospital(teller, "medical", -17, second);
    arrange(
        teller,
        stay,
        &[
            ("equipment", "oxygen, and a backup tank", "Harbor Medical Supply", "in-place", -12),
            ("home-health", "respiratory nurse twice a week", "Sunrise Home Care", "confirmed", -10),
        ],
    );
    teller.assess("lace", -12, "l=5;a=1;c=3;e=3");
    let values = vec![
        (medication_check::when, teller.hour(-3, 10)),
        (medication_check::taken, "mostly".into()),
        (medication_check::barrier, "the inhaler is empty before the refill day".into()),
        (medication_check::next, teller.day(4)),
    ];
    teller.add(&medication_check::TYPE, values);
}

fn past_thirty_days(teller: &mut Teller<'_, '_>) {
    let more = vec![(stay::discharged, teller.day(-48)), (stay::followed_up, teller.day(-40))];
    hospital(teller, "medical", -52, more);
    let values = vec![
        (service::what, "home-delivered meals".into()),
        (service::provider, "Harbor Food Pantry".into()),
        (service::status, "active".into()),
        (service::since, teller.day(-44)),
        (service::next, teller.day(5)),
    ];
    teller.add(&service::TYPE, values);
    teller.assess("katz-adl", -40, "1=0;2=1;3=1;4=1;5=1;6=1");
}

fn emergency_visit(teller: &mut Teller<'_, '_>) {
    let more = vec![
        (stay::discharged, teller.day(-2)),
        (stay::reason, "fall, no fracture".into()),
        (stay::discharged_to, "home".into()),
    ];
    hospital(teller, "emergency", -2, more);
}
