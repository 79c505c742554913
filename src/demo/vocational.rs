//! From the application to ninety days in work: eligible with the plan due, a job just lost, two months in work, ready to
//! close, and just applied.

use crate::model::records::{authorization, employment, incident, referral, vocation};
use crate::model::{FieldId, Value};

use super::stories::Teller;

pub fn tell(teller: &mut Teller<'_, '_>) {
    match teller.number() {
        3 => plan_due(teller),
        7 => job_lost(teller),
        11 => two_months(teller),
        15 => ready_to_close(teller),
        _ => applied(teller),
    }
}

fn case(teller: &mut Teller<'_, '_>, applied: i64, more: Vec<(FieldId, Value)>) {
    let mut values = vec![(vocation::applied, teller.day(applied))];
    values.extend(more);
    teller.add(&vocation::TYPE, values);
}

fn job(teller: &mut Teller<'_, '_>, (employer, work): (&str, &str), started: i64, more: Vec<(FieldId, Value)>) {
    let mut values = vec![
        (employment::employer, employer.into()),
        (employment::job, work.into()),
        (employment::started, teller.day(started)),
    ];
    values.extend(more);
    teller.add(&employment::TYPE, values);
}

fn plan_due(teller: &mut Teller<'_, '_>) {
    let more = vec![
        (vocation::eligible, teller.day(-78)),
        (vocation::goal, "welder, light fabrication".into()),
        (vocation::skills, "Ten years of forklift and warehouse work; reads drawings.".into()),
        (vocation::interests, "Metal, engines, working with his hands.".into()),
        (vocation::limitations, "No lifting over 20 pounds; sits and stands in turns.".into()),
        (vocation::assistive, "Sit-stand welding stool, to be tried.".into()),
    ];
    case(teller, -121, more);
    let values = vec![
        (referral::to, "Eastgate Community College, welding".into()),
        (referral::domain, "education".into()),
        (referral::what, "a place in the January course".into()),
        (referral::status, "accepted".into()),
        (referral::sent, teller.day(-25)),
        (referral::answered, teller.day(-18)),
    ];
    teller.add(&referral::TYPE, values);
}

fn job_lost(teller: &mut Teller<'_, '_>) {
    let more = vec![
        (vocation::eligible, teller.day(-300)),
        (vocation::ipe, teller.day(-240)),
        (vocation::goal, "kitchen helper".into()),
    ];
    case(teller, -340, more);
    let more = vec![
        (employment::ended, teller.day(-1)),
        (employment::why_ended, "the restaurant closed".into()),
        (employment::checked_30, teller.day(-20)),
        (employment::hours, Value::Whole(30)),
    ];
    job(teller, ("Harbor Grill", "kitchen helper"), -50, more);
    let values = vec![
        (incident::kind, "housing".into()),
        (incident::began, teller.hour(0, 8)),
        (incident::what, "The room went with the job; out tonight.".into()),
        (incident::report, "not-needed".into()),
    ];
    teller.add(&incident::TYPE, values);
}

fn two_months(teller: &mut Teller<'_, '_>) {
    let more = vec![
        (vocation::eligible, teller.day(-250)),
        (vocation::ipe, teller.day(-190)),
        (vocation::goal, "baker's assistant".into()),
        (vocation::assistive, "Vibrating timer and a text phone for the shift.".into()),
    ];
    case(teller, -290, more);
    let more = vec![
        (employment::hours, Value::Whole(28)),
        (employment::wage, "17.50 an hour".into()),
        (employment::checked_30, teller.day(-27)),
        (employment::coach, "Priya Novak, twice a week".into()),
    ];
    job(teller, ("Northside Bakery", "baker's assistant"), -58, more);
    let values = vec![
        (authorization::payer, "Vocational Rehabilitation".into()),
        (authorization::service, "H2015".into()),
        (authorization::units, Value::Whole(160)),
        (authorization::from, teller.day(-58)),
        (authorization::until, teller.day(32)),
        (authorization::renewal_due, teller.day(18)),
        (authorization::status, "approved".into()),
    ];
    teller.add(&authorization::TYPE, values);
}

fn ready_to_close(teller: &mut Teller<'_, '_>) {
    let more = vec![
        (vocation::eligible, teller.day(-320)),
        (vocation::ipe, teller.day(-280)),
        (vocation::goal, "library assistant".into()),
        (vocation::assistive, "Screen reader, learned in twelve lessons.".into()),
    ];
    case(teller, -360, more);
    let more = vec![
        (employment::hours, Value::Whole(32)),
        (employment::wage, "19.20 an hour".into()),
        (employment::checked_30, teller.day(-65)),
        (employment::checked_60, teller.day(-34)),
        (employment::checked_90, teller.day(-4)),
    ];
    job(teller, ("County Library", "library assistant"), -95, more);
}

fn applied(teller: &mut Teller<'_, '_>) {
    let more = vec![(vocation::interests, "Computers; helping people at a counter.".into())];
    case(teller, -52, more);
}
