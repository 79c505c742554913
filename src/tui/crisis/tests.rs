//! What a person sees in a crisis, in the quick form and of a safety plan, as snapshots at every size.

use crossterm::event::{KeyCode, KeyEvent};

use crate::model::records::{assessment, client, incident, relationship, safety_plan};
use crate::model::{Change, Value};
use crate::practice::incident as pure;

use super::super::action::Action;
use super::super::desk::Desk;
use super::super::tests::{demo_desk, noon, snapshots};

fn keys(desk: &mut Desk, typed: &str) {
    for c in typed.chars() {
        let code = if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
        desk.key(&KeyEvent::from(code)).unwrap();
    }
}

/// A client in a crisis that began a while ago: one step done, others late; with whom to call and a plan.
fn in_crisis() -> Desk {
    let mut desk = demo_desk(2);
    let client = desk.chosen.unwrap();
    let began = noon() - chrono::TimeDelta::minutes(25);
    let (row, sister, plan) = (desk.store.new_id(), desk.store.new_id(), desk.store.new_id());
    let practice = std::sync::Arc::clone(desk.rules.practice());
    let mut change = practice.crisis("suicide").unwrap().open(
        row,
        &desk.store.row_of(&client::TYPE, client).unwrap().unwrap(),
        &crate::model::Moment::new(began, |_| chrono::FixedOffset::west_opt(5 * 3600).unwrap()),
    );
    change.edits.extend(pure::tick(row, "stay", began + chrono::TimeDelta::minutes(2)).edits);
    change
        .set(client, client::safe_contact, "Only through her sister; no voicemail")
        .set(row, incident::called, "24 Nov 11:40 988, handed over to Dana")
        .create(&relationship::TYPE, sister, client)
        .set(sister, relationship::name, "Eva Moreno")
        .set(sister, relationship::relation, "sister")
        .set(sister, relationship::phone, "555-0199")
        .set(sister, relationship::emergency, true)
        .create(&safety_plan::TYPE, plan, client)
        .set(plan, safety_plan::reviewed, Value::Date("2026-11-10".parse().unwrap()))
        .set(plan, safety_plan::review_due, Value::Date("2027-02-08".parse().unwrap()))
        .set(plan, safety_plan::signs, "Not sleeping two nights in a row\nNot answering Eva")
        .set(plan, safety_plan::coping, "Walk the dog to the river\nThe playlist")
        .set(plan, safety_plan::distraction, "The library on Main Street; the choir on Tuesdays")
        .set(plan, safety_plan::helpers, "Eva 555-0199\nUncle Ray 555-0123")
        .set(plan, safety_plan::professionals, "Dr. Chen 555-0177\n988, call or text")
        .set(plan, safety_plan::surroundings, "Eva keeps the medication and gives out a week at a time");
    desk.commit(&change).unwrap();
    desk
}

#[test]
fn the_crisis_screen_and_the_safety_plan_at_every_size() {
    let mut desk = in_crisis();
    desk.act(Action::Crisis, None).unwrap();
    snapshots(&mut desk, "crisis");
    keys(&mut desk, "kDr. Chen, comes at one");
    snapshots(&mut desk, "crisis_typing");
    (desk.overlay, desk.message) = (None, None);
    desk.act(Action::SafetyPlan, None).unwrap();
    snapshots(&mut desk, "safety_plan");
    keys(&mut desk, "4");
    snapshots(&mut desk, "safety_plan_step");
}

#[test]
fn the_quick_form_its_result_and_the_chart_at_every_size() {
    let mut desk = demo_desk(2);
    let client = desk.chosen.unwrap();
    let practice = std::sync::Arc::clone(desk.rules.practice());
    let phq = practice.instruments.get("phq-9").unwrap();
    // What the made-up client was asked before would stand among the reasons in an order of its own.
    let mut change = Change::new("forget");
    for row in desk.store.rows(&assessment::TYPE, client).unwrap() {
        change.delete(&assessment::TYPE, row.id);
    }
    desk.commit(&change).unwrap();
    for (day, each) in [("2026-08-03", 2), ("2026-09-07", 2), ("2026-10-12", 1)] {
        let answers: Vec<String> = (1..=8).map(|item| format!("{item}={}", each + i64::from(item % 3 == 0))).collect();
        let answers = format!("{};9=0", answers.join(";")).parse().unwrap();
        let row = desk.store.new_id();
        let mut change = Change::new("assess");
        let place = crate::practice::instruments::Place { row, stream: client, before: None, others: &[] };
        phq.keep(&mut change, place, &answers, day.parse().unwrap()).unwrap();
        desk.commit(&change).unwrap();
    }
    desk.begin_assessment("phq-9").unwrap();
    keys(&mut desk, "221");
    snapshots(&mut desk, "quick");
    keys(&mut desk, "110021");
    snapshots(&mut desk, "quick_result");
    keys(&mut desk, "\n");
    snapshots(&mut desk, "cannot_wait");
    assert_eq!(desk.store.rows(&assessment::TYPE, client).unwrap().len(), 4);
    (desk.overlay, desk.message) = (None, None);
    desk.act(Action::Charts, None).unwrap();
    snapshots(&mut desk, "scores");
    desk.begin_assessment("ahc-hrsn").unwrap();
    for item in &practice.instruments.get("ahc-hrsn").unwrap().items {
        let crate::practice::instruments::Asks::OneOf(choices) = &item.asks else { panic!("all are choices") };
        keys(&mut desk, &choices.iter().max_by_key(|choice| choice.value).unwrap().key.to_string());
    }
    snapshots(&mut desk, "quick_needs");
}

/// Two laptops wrote the same step of a plan apart: both are read, on the plan and in the crisis.
#[test]
fn what_was_written_apart_is_all_shown() {
    use crate::model::{Disagreement, Row, RowId};
    let id = RowId::derived(&["plan"]);
    let mut plan = Row::new(&safety_plan::TYPE, id, id);
    plan.put(safety_plan::signs, "not sleeping");
    let sides = vec!["not sleeping".into(), "drinking again".into()];
    plan.disagreements.push(Disagreement { field: safety_plan::signs, sides });
    let lines = super::super::safety::plan_lines(&[plan]);
    let words: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!(words, ["1 Warning signs", "| not sleeping", "| drinking again"]);
}
