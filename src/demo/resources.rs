//! The made-up worker's own directory of services.

use crate::model::records::resource;
use crate::model::{RowId, Value};
use crate::store::Draft;

use super::worker;

/// Organisation, service, domains, where, languages, who may come, hours, phone, to bring, whether they take people.
type Line = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const LINES: &[Line] = &[
    (
        "Legal Aid Bureau",
        "Eviction defense",
        &["housing", "legal"],
        "12 Court Sq",
        &["English", "Spanish"],
        "Tenants under 200 percent of the poverty line",
        "Mo-Fr 09:00-17:00",
        "555-0190",
        "Notice, lease, ID",
        "open",
    ),
    (
        "County Housing Authority",
        "Rent arrears help",
        &["housing"],
        "300 Canal Rd",
        &["English", "Spanish", "Somali"],
        "A notice in hand; income proof of 30 days",
        "Mo-Th 08:30-16:00",
        "555-0191",
        "Notice, lease, pay stubs",
        "waiting",
    ),
    (
        "Harbor Food Pantry",
        "Weekly food box",
        &["food"],
        "8 Harbor Way",
        &["English", "Vietnamese", "Arabic"],
        "Everyone, once a week",
        "Tu,Th 10:00-18:00; Sa 10:00-12:00",
        "555-0192",
        "",
        "open",
    ),
    (
        "St. Brigid Shelter",
        "Beds for families",
        &["housing", "safety"],
        "41 Garden St",
        &["English", "Spanish"],
        "Families with children under 18",
        "Mo-Su 00:00-24:00",
        "555-0193",
        "",
        "full",
    ),
    (
        "River Mental Health",
        "Psychiatry and counseling",
        &["mental-health", "substance-use"],
        "77 River Rd",
        &["English", "Portuguese"],
        "Medicaid, Medicare or self-pay by income",
        "Mo-Fr 08:00-18:00",
        "555-0180",
        "Insurance card, list of medicines",
        "waiting",
    ),
    (
        "Sunrise Home Care",
        "Home health nursing",
        &["health"],
        "comes to the home",
        &["English", "Spanish"],
        "A doctor's order; homebound",
        "Mo-Su 07:00-21:00",
        "555-0194",
        "Doctor's order",
        "open",
    ),
    (
        "Eastgate Community College",
        "Short courses with a certificate",
        &["education", "employment"],
        "1 Eastgate Dr",
        &["English"],
        "16 and older; disability services on site",
        "Mo-Fr 08:00-20:00",
        "555-0195",
        "ID",
        "open",
    ),
    (
        "Metro Transit Access",
        "Rides for people with disabilities",
        &["transport", "disability"],
        "by phone",
        &["English", "Spanish", "Arabic"],
        "An application signed by a professional",
        "Mo-Sa 06:00-22:00",
        "555-0196",
        "Application form",
        "open",
    ),
];

/// All of it, in the worker's own stream.
pub fn all() -> Vec<Draft> {
    let drafts = LINES.iter().map(|line| {
        let (organisation, what, domains, place, languages, eligibility, hours, phone, documents, status) = *line;
        let values = [
            (resource::organisation, organisation),
            (resource::what, what),
            (resource::place, place),
            (resource::eligibility, eligibility),
            (resource::hours, hours),
            (resource::phone, phone),
            (resource::documents, documents),
            (resource::status, status),
        ];
        let members = domains.iter().map(|domain| (resource::domains, (*domain).to_string()));
        let spoken = languages.iter().map(|language| (resource::languages, (*language).to_string()));
        Draft {
            record: &resource::TYPE,
            row: RowId::derived(&["demo resource", organisation]),
            stream: worker().id,
            values: values
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(f, text)| (f, Value::text(text)))
                .collect(),
            members: members.chain(spoken).collect(),
        }
    });
    drafts.collect()
}
