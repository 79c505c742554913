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
        if node.text("status") == "cancelled" {
            // It was never answered.
            *self.reading.deleted.entry(resource.kind.into()).or_default() += 1;
            return Ok(());
        }
        let whole = self.instrument(node).map(|instrument| (instrument, Answers::default()));
        let Some((instrument, mut answers)) = whole.or_else(|| self.item_alone(node)).filter(|_| !of_a_form) else {
            if let Some(item) = self.item_that_alarms(node).filter(|item| !of_a_form && !is_read(item, node)) {
                let label = short(&item.label);
                return Err(("value", format!("the answer to \"{label}\" is none that is known here: look at it")));
            }
            self.unused(resource.kind);
            return Ok(());
        };
        let mut fill = self.begin(&assessment::TYPE, resource, &["subject"])?;
        let when =
            ["effectiveDateTime", "effectivePeriod.start", "issued"].into_iter().find(|path| node.at(path).is_there());
        fill.day(assessment::on, when.map_or(Ok(None), |path| node.day(path)));
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
            self.scored(&mut fill, instrument, &answers, total.filter(|_| answers.is_empty()));
            if let Some((band, _)) = level(instrument, node).filter(|_| answers.is_empty() && total.is_none()) {
                fill.text(assessment::band, &band);
            }
        }
        let says = [assessment::answers, assessment::score, assessment::band, assessment::urgent];
        if !own && fill.lost.is_empty() && !fill.draft.values.iter().any(|(field, _)| says.contains(field)) {
            // The frame of a panel whose members stand alone says nothing, and would stand before what says something.
            self.unused(resource.kind);
            return Ok(());
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
        self.scored(&mut fill, instrument, &answers, None);
        fill.text(assessment::key, &key(resource));
        self.put(fill, resource.kind)
    }

    /// What follows from the answers, and the day: score, band and alarm are worked out where all of a file is ([`settle`]);
    /// where there are no answers, the score is kept as told.
    ///
    /// [`settle`]: crate::practice::instruments::settle
    fn scored(&self, fill: &mut Fill, instrument: &Instrument, answers: &Answers, told: Option<i64>) {
        fill.text(assessment::instrument, &instrument.code);
        fill.text(assessment::answers, &answers.to_string());
        fill.value(assessment::score, told.map_or(Value::Empty, Value::Whole));
        let dated = fill.draft.values.iter().any(|(field, _)| *field == assessment::on);
        if !dated && !instrument.urgent(answers).is_empty() {
            // An answer that cannot wait does not wait for its date.
            let today = self.options.moment.today();
            fill.day(assessment::on, Ok(Some(today)));
            fill.lost.push(format!("it does not say when it was answered, and {today} was taken: its own day"));
        }
    }

    /// An item that stands alone, where its answer demands action or tells of a risk: the instrument, begun with it.
    fn item_alone(&self, node: Node<'_>) -> Option<(&Instrument, Answers)> {
        self.practice.instruments.iter().find_map(|instrument| {
            let item = item(instrument, node.at("code"))?;
            let value = value(item, node).filter(|value| item.takes(*value))?;
            let mut answers = Answers::default();
            answers.set(&item.id, value);
            tell_alone(instrument, &answers).then_some((instrument, answers))
        })
    }

    /// The item that an observation is of, where its answer may demand action.
    fn item_that_alarms(&self, node: Node<'_>) -> Option<&Item> {
        let found = |instrument: &'_ Instrument| item(instrument, node.at("code")).map(|item| item.id.clone());
        self.practice.instruments.iter().find_map(|instrument| {
            let id = found(instrument).filter(|id| instrument.may_alarm_by(id.as_str()))?;
            instrument.item(id.as_str())
        })
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
    match value(item, node) {
        Some(value) if item.takes(value) => answers.set(&item.id, value),
        Some(value) => fill.lost.push(format!("\"{}\" has no answer {value}", short(&item.label))),
        None if is_answered(node) => {
            fill.lost.push(format!("the answer to \"{}\" is none that is known here", short(&item.label)));
        }
        None => {}
    }
}

/// The level that an observation tells in words, such as a suicide risk level.
fn level(instrument: &Instrument, node: Node<'_>) -> Option<(String, (i64, i64))> {
    let codings = node.each("valueCodeableConcept.coding");
    let said = codings.flat_map(|coding| [coding.text("display"), codes().level(coding.text("code"))]);
    let all = said.chain([node.text("valueCodeableConcept.text"), node.text("valueString")]);
    all.filter(|words| !words.is_empty()).find_map(|words| instrument.band_named(words))
}

/// The number of an answer: as a number, as a code that counts, or in the words of a choice.
fn value(item: &Item, node: Node<'_>) -> Option<i64> {
    let codings = || node.each("valueCoding").chain(node.each("valueCodeableConcept.coding"));
    let coded = || {
        codings().find_map(|coding| {
            let ordinal = coding.extension(ORDINAL, "").whole("valueDecimal");
            ordinal.or_else(|| codes().answer(coding.text("code")).filter(|value| item.takes(*value)))
        })
    };
    let words = || {
        let said = codings().map(|coding| coding.text("display"));
        let all = said.chain([node.text("valueCodeableConcept.text"), node.text("valueString")]);
        all.filter(|words| !words.is_empty()).find_map(|words| item.read(words))
    };
    ["valueInteger", "valueQuantity.value", "valueDecimal"]
        .iter()
        .find_map(|path| node.whole(path))
        .or_else(|| node.yes("valueBoolean").map(i64::from))
        .or_else(coded)
        .or_else(words)
}

/// Whether there is no answer, or one that the item knows.
fn is_read(item: &Item, node: Node<'_>) -> bool {
    !is_answered(node) || value(item, node).is_some_and(|value| item.takes(value))
}

fn is_answered(node: Node<'_>) -> bool {
    let kinds = ["Integer", "Quantity", "Decimal", "Boolean", "Coding", "CodeableConcept", "String"];
    kinds.iter().any(|kind| node.at(&format!("value{kind}")).is_there())
}

/// Whether answers tell of something before the others are there: one that cannot wait, or a risk that is not none any more.
fn tell_alone(instrument: &Instrument, answers: &Answers) -> bool {
    !instrument.urgent(answers).is_empty() || instrument.is_above_none(answers)
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
