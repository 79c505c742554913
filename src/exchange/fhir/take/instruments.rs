//! Instruments that were filled in elsewhere: Observation and QuestionnaireResponse, known by their LOINC codes. Other
//! observations (laboratory, vital signs) are no part of a caseload.

use crate::model::Value;
use crate::model::records::assessment;
use crate::practice::instruments::{Answers, Instrument, Item};

use super::super::codes::{LOINC, ORDINAL, OWN, codes};
use super::super::fill::{Fill, Trouble};
use super::super::index::Resource;
use super::super::node::{Node, short};
use super::{Taker, key, notes};

impl Taker<'_> {
    pub(super) fn observation(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        // The score of a filled-in form that stands in the file itself.
        let of_a_form = node.each("derivedFrom").any(|from| self.index.find(from.text("reference")).is_some());
        let Some(instrument) = self.instrument(node).filter(|_| !of_a_form) else {
            self.unused(resource.kind);
            return Ok(());
        };
        let mut fill = self.begin(&assessment::TYPE, resource, &["subject"])?;
        let when =
            ["effectiveDateTime", "effectivePeriod.start", "issued"].into_iter().find(|path| node.at(path).is_there());
        fill.day(assessment::on, when.map_or(Ok(None), |path| node.day(path)));
        let mut answers = Answers::default();
        for component in node.each("component") {
            let Some(item) = item(instrument, component.at("code")) else { continue };
            answer(&mut answers, item, component, &mut fill);
        }
        let total = node.whole("valueInteger").or_else(|| node.whole("valueQuantity.value"));
        let own = resource.own().is_some();
        if own {
            fill.text(assessment::instrument, &instrument.code).text(assessment::answers, &answers.to_string());
            fill.value(assessment::score, total.map_or(Value::Empty, Value::Whole));
            for said in node.each("interpretation") {
                let urgent = said.own_coded("", "interpretation") == "urgent";
                fill.text(if urgent { assessment::urgent } else { assessment::band }, said.text("text"));
            }
        } else {
            scored(&mut fill, instrument, &answers, total.filter(|_| answers.is_empty()));
        }
        fill.text(assessment::about, &notes(node));
        fill.text(assessment::key, &key(resource));
        self.put(fill, resource.kind)
    }

    pub(super) fn questionnaire(&mut self, resource: Resource<'_>) -> Result<(), Trouble> {
        let node = resource.node;
        let mut items = Vec::new();
        gather(node, &mut items, 0);
        let asked = node.text("questionnaire").split('|').next().unwrap_or("");
        let panel = asked.rsplit('/').next().unwrap_or("");
        let by_item = |(item, _): &(Node<'_>, usize)| {
            let code = link(*item);
            self.practice
                .instruments
                .iter()
                .find(|one| one.items.iter().any(|known| known.loinc.as_deref() == Some(code)))
        };
        let instrument = self.practice.instruments.by_loinc(panel).or_else(|| items.iter().find_map(by_item));
        let Some(instrument) = instrument else {
            self.unused(resource.kind);
            return Ok(());
        };
        let mut fill = self.begin(&assessment::TYPE, resource, &["subject"])?;
        fill.day(assessment::on, node.day("authored"));
        let mut answers = Answers::default();
        for (asked, _) in &items {
            let code = link(*asked);
            let Some(item) = instrument.items.iter().find(|item| item.loinc.as_deref() == Some(code)) else { continue };
            answer(&mut answers, item, asked.at("answer"), &mut fill);
        }
        scored(&mut fill, instrument, &answers, None);
        fill.text(assessment::key, &key(resource));
        self.put(fill, resource.kind)
    }

    /// Which instrument an observation is of: as our own export names it, or by the code of its panel or its total.
    fn instrument(&self, node: Node<'_>) -> Option<&Instrument> {
        let known = &self.practice.instruments;
        let own = node.own_coded("code", "instrument");
        known.get(own).or_else(|| {
            let code = node.coded("code", LOINC);
            let total = || known.iter().find(|one| one.loinc_total.as_deref() == Some(code));
            Some(code).filter(|code| !code.is_empty()).and_then(|code| known.by_loinc(code).or_else(total))
        })
    }
}

/// The item that a component's code means.
fn item<'a>(instrument: &'a Instrument, code: Node<'_>) -> Option<&'a Item> {
    let own = format!("{OWN}item");
    code.each("coding").find_map(|coding| match coding.text("system") {
        system if system == own => instrument.item(coding.text("code")),
        LOINC => instrument.items.iter().find(|item| item.loinc.as_deref() == Some(coding.text("code"))),
        _ => None,
    })
}

/// Takes an answer, where it is one that the item knows.
fn answer(answers: &mut Answers, item: &Item, node: Node<'_>, fill: &mut Fill) {
    let coded = node.each("valueCoding").chain(node.each("valueCodeableConcept.coding")).find_map(|coding| {
        coding.extension(ORDINAL, "").whole("valueDecimal").or_else(|| codes().answer(coding.text("code")))
    });
    let value = node.whole("valueInteger").or_else(|| node.whole("valueQuantity.value")).or(coded);
    match value {
        Some(value) if item.takes(value) => answers.set(&item.id, value),
        Some(value) => fill.lost.push(format!("\"{}\" has no answer {value}", short(&item.label))),
        None => {}
    }
}

/// Score, band, alarm and the day it is due again: worked out from the answers; where there are none, the score as told.
fn scored(fill: &mut Fill, instrument: &Instrument, answers: &Answers, told: Option<i64>) {
    let on = fill.draft.values.iter().find_map(|(field, value)| match value {
        Value::Date(day) if *field == assessment::on => Some(*day),
        _ => None,
    });
    fill.text(assessment::instrument, &instrument.code);
    fill.text(assessment::answers, &answers.to_string());
    let worked_out = instrument.score(answers).ok().filter(|_| !answers.is_empty());
    let total = told.or(worked_out.as_ref().map(|scored| scored.total));
    fill.value(assessment::score, total.map_or(Value::Empty, Value::Whole));
    if told.is_none()
        && let Some(scored) = &worked_out
    {
        fill.text(assessment::band, &scored.bands_in_words());
        if let Some(on) = on {
            fill.day(assessment::again, Ok(instrument.due_again(on, scored)));
        }
    }
    fill.text(assessment::urgent, &instrument.urgent(answers));
}

/// The questions of a form, also those within groups.
fn gather<'a>(node: Node<'a>, into: &mut Vec<(Node<'a>, usize)>, depth: usize) {
    if depth > 8 {
        return;
    }
    for item in node.each("item") {
        into.push((item, depth));
        gather(item, into, depth + 1);
    }
}

/// The LOINC code by which a question is linked: `/44250-9`, or `44250-9`.
fn link(item: Node<'_>) -> &str {
    item.text("linkId").rsplit('/').next().unwrap_or("")
}
