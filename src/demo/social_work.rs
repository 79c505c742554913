//! A notice to quit that came yesterday, a shelter and a cut in benefits, newly housed, food and papers, and a family
//! that asked for something else.

use crate::model::records::{advocacy, benefit, enrollment, housing, need, referral, strength};
use crate::model::{FieldId, Value};

use super::stories::Teller;

pub fn tell(teller: &mut Teller<'_, '_>) {
    match teller.number() {
        2 => notice_to_quit(teller),
        6 => shelter(teller),
        10 => newly_housed(teller),
        14 => food_and_papers(teller),
        _ => declined(teller),
    }
}

fn needs(teller: &mut Teller<'_, '_>, rows: &[(&str, &str, &str, &str)]) {
    for (domain, what, status, barrier) in rows {
        let values = vec![
            (need::domain, (*domain).into()),
            (need::what, (*what).into()),
            (need::severity, "moderate".into()),
            (need::status, (*status).into()),
            (need::barrier, (*barrier).into()),
            (need::identified, teller.day(-30)),
        ];
        teller.add(&need::TYPE, values);
    }
}

fn home(teller: &mut Teller<'_, '_>, kind: &str, from: i64, more: Vec<(FieldId, Value)>) {
    let mut values = vec![(housing::kind, kind.into()), (housing::from, teller.day(from))];
    values.extend(more);
    teller.add(&housing::TYPE, values);
}

fn asked(teller: &mut Teller<'_, '_>, programme: &str, status: &str, applied: i64, more: Vec<(FieldId, Value)>) {
    let mut values = vec![
        (benefit::programme, programme.into()),
        (benefit::status, status.into()),
        (benefit::applied, teller.day(applied)),
    ];
    values.extend(more);
    teller.add(&benefit::TYPE, values);
}

fn refer(teller: &mut Teller<'_, '_>, to: &str, domain: &str, what: &str, status: &str, sent: i64) {
    let values = vec![
        (referral::to, to.into()),
        (referral::domain, domain.into()),
        (referral::what, what.into()),
        (referral::status, status.into()),
        (referral::sent, teller.day(sent)),
    ];
    teller.add(&referral::TYPE, values);
}

fn notice_to_quit(teller: &mut Teller<'_, '_>) {
    let more = vec![
        (housing::place, "two rooms, Dock St".into()),
        (housing::landlord, "Harbor Properties, 555-0177".into()),
        (housing::rent, "1,150 a month, two months behind".into()),
        (housing::notice, teller.day(-1)),
    ];
    home(teller, "rental", -620, more);
    asked(teller, "SNAP", "applied", -28, Vec::new());
    refer(teller, "County Housing Authority, rent arrears help", "housing", "two months of rent", "received", -9);
    needs(
        teller,
        &[
            ("housing", "a place under 900 a month near the school", "unmet", "no-place"),
            ("family", "child care for the evening shift", "open", "cost"),
        ],
    );
    teller.assess("hunger", -12, "1=1;2=1");
    let values = vec![(strength::what, "never missed a school meeting".into()), (strength::domain, "family".into())];
    teller.add(&strength::TYPE, values);
}

fn shelter(teller: &mut Teller<'_, '_>) {
    let before = vec![(housing::until, teller.day(-40)), (housing::place, "with the sister, Elm Ct".into())];
    home(teller, "doubled", -200, before);
    home(teller, "shelter", -40, vec![(housing::place, "St. Brigid Shelter, bed 14".into())]);
    let cut = vec![(benefit::notice, teller.day(-8)), (benefit::amount, "312 a month, cut to 0".into())];
    asked(teller, "TANF", "denied", -70, cut);
    let values = vec![
        (advocacy::institution, "County benefits office".into()),
        (advocacy::kind, "fair-hearing".into()),
        (advocacy::ask, "Keep TANF: the pay stubs were handed in on time; copies are here.".into()),
        (advocacy::notice, teller.day(-8)),
        (advocacy::deadline, teller.day(6)),
        (advocacy::status, "open".into()),
    ];
    teller.add(&advocacy::TYPE, values);
    refer(teller, "Family housing list", "housing", "three rooms", "waitlisted", -35);
    needs(teller, &[("housing", "family unit with a ground floor", "unmet", "access")]);
}

fn newly_housed(teller: &mut Teller<'_, '_>) {
    let before = vec![(housing::until, teller.day(-21)), (housing::place, "behind the station".into())];
    home(teller, "street", -150, before);
    let more = vec![
        (housing::place, "Birch Ave 88, apartment 3".into()),
        (housing::landlord, "Canal Realty".into()),
        (housing::rent, "30 percent of income, voucher".into()),
        (housing::lease_ends, teller.day(344)),
    ];
    home(teller, "rental-subsidised", -21, more);
    let values = vec![
        (enrollment::project, "Rapid Re-Housing".into()),
        (enrollment::organisation, "County Housing Authority".into()),
        (enrollment::entry, teller.day(-90)),
        (enrollment::head, Value::Yes(true)),
    ];
    teller.add(&enrollment::TYPE, values);
    needs(teller, &[("housing", "a place of his own", "met", "")]);
    let active = vec![(benefit::since, teller.day(-60)), (benefit::recertify, teller.day(120))];
    asked(teller, "SNAP", "active", -85, active);
}

fn food_and_papers(teller: &mut Teller<'_, '_>) {
    asked(teller, "Medicaid", "applied", -43, Vec::new());
    teller.assess("hunger", -5, "1=2;2=1");
    refer(teller, "Harbor Food Pantry", "food", "a weekly box, delivered", "served", -16);
    needs(
        teller,
        &[
            ("legal", "state ID without a birth certificate", "in-progress", "papers"),
            ("housing", "a landlord who takes an old eviction", "unmet", "record"),
        ],
    );
}

fn declined(teller: &mut Teller<'_, '_>) {
    // Asked for, offered, and not wanted: their choice.
    needs(
        teller,
        &[("food", "food pantry visits", "declined", ""), ("transport", "a ride to the clinic", "unmet", "transport")],
    );
    let more = vec![(housing::place, "with the daughter, Juniper Ave".into())];
    home(teller, "family", -700, more);
    asked(teller, "SSI", "applied", -64, Vec::new());
}
