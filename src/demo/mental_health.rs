//! An eviction met in mental health, home from a psychiatric ward, steady in supportive housing, an emergency visit, and
//! waiting for psychiatry.

use crate::model::NeedStatus;
use crate::model::records::{housing, medication, medication_check, need, referral, safety_plan, service, stay};

use super::stories::Teller;

pub fn tell(teller: &mut Teller<'_, '_>) {
    match teller.number() {
        1 => eviction_hearing(teller),
        5 => home_from_the_ward(teller),
        9 => steady(teller),
        13 => emergency_visit(teller),
        _ => waiting_for_psychiatry(teller),
    }
}

fn link(teller: &mut Teller<'_, '_>, what: &str, provider: &str, status: &str, next: i64) {
    let values = vec![
        (service::what, what.into()),
        (service::provider, provider.into()),
        (service::status, status.into()),
        (service::since, teller.day(-20)),
        (service::phone, "555-0180".into()),
        (service::next, teller.day(next)),
    ];
    teller.add(&service::TYPE, values);
}

fn safety_plan_of(teller: &mut Teller<'_, '_>, reviewed: i64) {
    let values = vec![
        (safety_plan::reviewed, teller.day(reviewed)),
        (safety_plan::signs, "Not sleeping for two nights. Giving things away.".into()),
        (safety_plan::coping, "Walk along the canal. The playlist. Cold water on the face.".into()),
        (safety_plan::distraction, "The drop-in on Dock St. Chess at the library.".into()),
        (safety_plan::helpers, "Sister Nadia, 555-0151. Neighbour Walter, next door.".into()),
        (
            safety_plan::professionals,
            "Case manager, 555-0100. River Mental Health, 555-0180. 988 by call or text.".into(),
        ),
        (safety_plan::surroundings, "Pills at the sister's, a week at a time.".into()),
        (safety_plan::reasons, "The dog. Seeing the niece graduate.".into()),
        (safety_plan::review_due, teller.day(reviewed + 90)),
    ];
    teller.add(&safety_plan::TYPE, values);
}

fn eviction_hearing(teller: &mut Teller<'_, '_>) {
    let values = vec![
        (housing::kind, "rental".into()),
        (housing::place, "one room, Foundry Ln".into()),
        (housing::from, teller.day(-400)),
        (housing::rent, "640 a month".into()),
        (housing::notice, teller.day(-16)),
        (housing::must_leave, teller.day(9)),
    ];
    teller.add(&housing::TYPE, values);
    let values = vec![
        (referral::to, "Legal Aid Bureau".into()),
        (referral::domain, "legal".into()),
        (referral::what, "a lawyer at the eviction hearing".into()),
        (referral::status, "accepted".into()),
        (referral::sent, teller.day(-14)),
        (referral::answered, teller.day(-11)),
    ];
    teller.add(&referral::TYPE, values);
    teller.assess("phq-9", -20, "1=2;2=2;3=2;4=1;5=1;6=2;7=1;8=0;9=0");
    link(teller, "psychiatry", "River Mental Health", "active", 12);
}

fn home_from_the_ward(teller: &mut Teller<'_, '_>) {
    let values = vec![
        (stay::hospital, "River Psychiatric".into()),
        (stay::kind, "psychiatric".into()),
        (stay::admitted, teller.day(-16)),
        (stay::discharged, teller.day(-5)),
        (stay::reason, "depression, safety".into()),
        (stay::discharged_to, "home, sister near".into()),
    ];
    teller.add(&stay::TYPE, values);
    safety_plan_of(teller, -6);
    teller.assess("phq-9", -30, "1=3;2=3;3=3;4=2;5=2;6=3;7=2;8=1;9=0");
    teller.assess("phq-9", -6, "1=2;2=2;3=2;4=2;5=1;6=2;7=1;8=1;9=0");
    teller.assess("c-ssrs", -6, "1=1;2=0;6=0");
    let values = vec![
        (medication::name, "sertraline".into()),
        (medication::dose, "100 mg in the morning".into()),
        (medication::prescriber, "Dr. Patel".into()),
        (medication::since, teller.day(-12)),
        (medication::refill, teller.day(9)),
    ];
    teller.add(&medication::TYPE, values);
    link(teller, "psychiatry", "River Mental Health", "waiting", 2);
}

fn steady(teller: &mut Teller<'_, '_>) {
    let values = vec![
        (housing::kind, "supportive".into()),
        (housing::place, "Canal House, room 12".into()),
        (housing::from, teller.day(-210)),
        (housing::landlord, "County Housing Authority".into()),
        (housing::rent, "30 percent of income".into()),
    ];
    teller.add(&housing::TYPE, values);
    safety_plan_of(teller, -50);
    for (days, answers) in [
        (-200, "1=3;2=3;3=2;4=2;5=2;6=2;7=2;8=1;9=0"),
        (-130, "1=2;2=2;3=2;4=1;5=1;6=1;7=1;8=0;9=0"),
        (-60, "1=1;2=1;3=1;4=1;5=1;6=0;7=1;8=0;9=0"),
        (-9, "1=1;2=0;3=1;4=1;5=0;6=0;7=0;8=0;9=0"),
    ] {
        teller.assess("phq-9", days, answers);
    }
    let values = vec![
        (medication_check::when, teller.hour(-8, 11)),
        (medication_check::taken, "as-prescribed".into()),
        (medication_check::next, teller.day(20)),
    ];
    teller.add(&medication_check::TYPE, values);
    link(teller, "supportive housing", "Canal House", "active", 22);
    link(teller, "psychiatry", "River Mental Health", "active", 30);
}

fn emergency_visit(teller: &mut Teller<'_, '_>) {
    let values = vec![
        (stay::hospital, "Mercy General, emergency department".into()),
        (stay::kind, "emergency-psychiatric".into()),
        (stay::admitted, teller.day(-2)),
        (stay::discharged, teller.day(-2)),
        (stay::reason, "panic, chest pain".into()),
    ];
    teller.add(&stay::TYPE, values);
    teller.assess("gad-7", -1, "1=3;2=2;3=2;4=2;5=2;6=1;7=2");
    let values = vec![
        (referral::to, "River Mental Health, intake".into()),
        (referral::domain, "mental-health".into()),
        (referral::what, "a first visit this week".into()),
        (referral::status, "sent".into()),
        (referral::sent, teller.day(-1)),
    ];
    teller.add(&referral::TYPE, values);
}

fn waiting_for_psychiatry(teller: &mut Teller<'_, '_>) {
    link(teller, "psychiatry", "River Mental Health", "waiting", 6);
    let values = vec![
        (need::domain, "mental-health".into()),
        (need::what, "a psychiatrist who speaks her language".into()),
        (need::severity, "high".into()),
        (need::status, NeedStatus::Unmet.code().into()),
        (need::barrier, "language".into()),
        (need::identified, teller.day(-60)),
    ];
    teller.add(&need::TYPE, values);
    teller.assess("audit-c", -15, "1=2;2=1;3=1;cut-off=1");
    let values = vec![
        (medication_check::when, teller.hour(-9, 15)),
        (medication_check::taken, "declined".into()),
        (medication_check::about, "Does not want it while breastfeeding; will talk about it again in spring.".into()),
    ];
    teller.add(&medication_check::TYPE, values);
}
