//! What permits it, and what they are entitled to: Consent, Coverage, EpisodeOfCare as a stay in a programme.

use crate::model::Value;
use crate::model::records::{benefit, consent, enrollment};

use super::super::codes::{OWN, codes};
use super::super::fill::Trouble;
use super::super::index::Resource;
use super::plan::{period, status};
use super::{Taker, key};

impl Taker<'_> {
    pub(super) fn consent(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let foreign = resource.own().is_none();
        let mut fill = self.begin(&consent::TYPE, resource, &["patient"])?;
        let provision = node.at("provision");
        if foreign && provision.text("type") == "deny" && node.text("status") == "active" {
            return Err(("provision.type", "it forbids instead of permitting; note it by hand".into()));
        }
        let actors = provision.each("actor").map(|actor| self.index.name(actor.at("reference"), node));
        let to = match actors.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => self.index.name(node.at("organization"), node),
            named => named,
        };
        fill.text(consent::to, if to.is_empty() && foreign { "Not named" } else { &to });
        let purposes: Vec<&str> = provision.each("purpose").map(|one| one.any(&["display", "code"])).collect();
        let purpose = match purposes.join(", ") {
            none if none.is_empty() => node.concept("category").to_string(),
            said => said,
        };
        fill.text(consent::purpose, if purpose.is_empty() && foreign { "Not said" } else { &purpose });
        for (system, code) in provision.codings("code") {
            if system == format!("{OWN}information") {
                fill.member(consent::what, code);
            }
        }
        period(&mut fill, provision, consent::from, consent::until, "period");
        if foreign && !provision.at("period.start").is_there() {
            fill.day(consent::from, node.day("dateTime"));
        }
        let taken_back = provision.each("provision").find(|one| one.text("type") == "deny");
        match taken_back {
            Some(deny) => {
                fill.time(consent::revoked, deny.time("period.start"));
            }
            // Not in force, and nobody says since when: never taken for one that is.
            None if matches!(node.text("status"), "inactive" | "rejected") && foreign => {
                fill.time(
                    consent::revoked,
                    if node.at("dateTime").is_there() { node.time("dateTime") } else { node.time("meta.lastUpdated") },
                );
                if !fill.draft.values.iter().any(|(field, _)| *field == consent::revoked) {
                    return Err(("status", "it is not in force, and no date says since when".into()));
                }
            }
            None => {}
        }
        if node.own_coded("policyRule", "policy") == "part2" {
            fill.value(consent::part2, Value::Yes(true));
        }
        self.put(fill, resource.kind)
    }

    pub(super) fn coverage(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let mut fill = self.begin(&benefit::TYPE, resource, &["beneficiary"])?;
        let payor = self.index.name(node.at("payor"), node);
        let named = [node.concept("type"), &payor, node.text("class.name")];
        fill.text(benefit::programme, named.into_iter().find(|name| !name.is_empty()).unwrap_or(""));
        fill.text(benefit::status, status(node, "benefit", "active"));
        period(&mut fill, node, benefit::since, benefit::recertify, "period");
        fill.text(benefit::number, node.text("subscriberId"));
        self.put(fill, resource.kind)
    }

    pub(super) fn enrollment(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let mut fill = self.begin(&enrollment::TYPE, resource, &["patient"])?;
        let organisation = self.index.name(node.at("managingOrganization"), node);
        let project = match node.concept("type") {
            "" => &organisation,
            named => named,
        };
        fill.text(enrollment::project, project);
        fill.text(enrollment::organisation, &organisation);
        period(&mut fill, node, enrollment::entry, enrollment::exit, "period");
        let kept = key(resource);
        fill.text(enrollment::key, &kept);
        if resource.own().is_none() && codes().inward("client", node.text("status")) == Some("waiting") {
            return Err(("status", "it has not begun".into()));
        }
        self.put(fill, resource.kind)
    }
}
