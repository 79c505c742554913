use super::*;
use crate::model::records::{arrangement, goal, step, strength};
use crate::model::{RowId, Value, signing};

/// A client's rows by their type.
#[derive(Clone, Default)]
struct File {
    plans: Vec<Row>,
    goals: Vec<Row>,
    steps: Vec<Row>,
    arrangements: Vec<Row>,
    strengths: Vec<Row>,
}

impl File {
    fn rows(&self, record: &RecordType) -> &[Row] {
        match record.name {
            "plan" => &self.plans,
            "goal" => &self.goals,
            "step" => &self.steps,
            "arrangement" => &self.arrangements,
            "strength" => &self.strengths,
            _ => &[],
        }
    }

    fn agreed(&self) -> Agreed<'_> {
        Agreed::of(&self.plans[0], |record| self.rows(record))
    }

    fn changed_since(&self, signed: &Row) -> Vec<String> {
        stands(signed, |record| self.rows(record)).in_words()
    }
}

fn row(record: &'static RecordType, id: u8, fields: &[(FieldId, Value)]) -> Row {
    let mut row = Row::new(record, RowId::from_bytes([id; 16]), RowId::from_bytes([9; 16]));
    fields.iter().for_each(|(field, value)| row.put(*field, value.clone()));
    row
}

fn day(text: &str) -> Value {
    Value::Date(text.parse().unwrap())
}

/// A plan with a goal, a step that is a service, an arrangement and a strength.
fn file() -> File {
    let link = |id| Value::Link(RowId::from_bytes([id; 16]));
    File {
        plans: vec![row(
            &plan::TYPE,
            1,
            &[
                (plan::kind, "service-plan".into()),
                (plan::status, "active".into()),
                (plan::review_due, day("2027-02-24")),
            ],
        )],
        goals: vec![row(
            &goal::TYPE,
            2,
            &[(goal::words, "A door that locks".into()), (goal::plan, link(1)), (goal::progress, Value::Whole(10))],
        )],
        steps: vec![row(
            &step::TYPE,
            3,
            &[(step::what, "call the landlord".into()), (step::goal, link(2)), (step::who, "me".into())],
        )],
        arrangements: vec![row(&arrangement::TYPE, 4, &[(arrangement::what, "a ride home".into())])],
        strengths: vec![row(&strength::TYPE, 5, &[(strength::what, "keeps appointments".into())])],
    }
}

fn signed(content: String, plan: &Row) -> Row {
    let at = chrono::DateTime::parse_from_rfc3339("2026-11-03T10:00:00-05:00").unwrap();
    let mut signed = row(
        &signature::TYPE,
        50,
        &[
            (signature::of, plan.id.to_string().into()),
            (signature::role, "client".into()),
            (signature::name, "Maria Delgado".into()),
            (signature::at, Value::Time(at)),
            (signature::content, content.into()),
            (signature::witness, "Tom Reyes".into()),
            (signature::reads, signing::reads(plan).into()),
        ],
    );
    let seal = signing::seal(&signed);
    signed.put(signature::seal, seal);
    signed
}

#[test]
fn a_change_of_anything_that_was_agreed_is_told_and_progress_is_not() {
    let file = file();
    let signed = signed(file.agreed().content("Rosa Ortiz, LCSW"), &file.plans[0]);
    assert_eq!(file.changed_since(&signed), [""; 0]);
    let after = |change: &dyn Fn(&mut File)| {
        let mut file = file.clone();
        change(&mut file);
        file.changed_since(&signed)
    };
    // What became of it.
    let done = after(&|file| {
        file.steps[0].put(step::status, "done");
        file.steps[0].put(step::done_on, day("2026-11-20"));
        file.goals[0].put(goal::progress, Value::Whole(60));
        file.goals[0].put(goal::attainment, Value::Whole(1));
        file.goals[0].put(goal::status, "reached");
        file.plans[0].put(plan::status, "ended");
        file.arrangements[0].put(arrangement::status, "confirmed");
    });
    assert_eq!(done, [""; 0]);
    // What was agreed: each field of the step, the goal and the plan by itself.
    type RowOf = fn(&mut File) -> &mut Row;
    let records: [(&'static RecordType, RowOf); 5] = [
        (&plan::TYPE, |file| &mut file.plans[0]),
        (&goal::TYPE, |file| &mut file.goals[0]),
        (&step::TYPE, |file| &mut file.steps[0]),
        (&arrangement::TYPE, |file| &mut file.arrangements[0]),
        (&strength::TYPE, |file| &mut file.strengths[0]),
    ];
    let mut looked_at = 0;
    for (record, row) in records {
        for field in record.fields.iter().filter(|field| sealed::is_agreed(field)) {
            if field.id == step::goal {
                continue;
            }
            let told = after(&|file| row(file).put(field.id, "something else"));
            assert_eq!(told.len(), 1, "{}.{}: {told:?}", record.name, field.name);
            assert!(told[0].contains("something else") && told[0].contains("(signed: "), "{told:?}");
            looked_at += 1;
        }
    }
    assert!(looked_at > 30, "{looked_at}");
    assert_eq!(
        after(&|file| file.steps[0].put(step::cost, "300 dollars a month")),
        ["Step \"call the landlord\", Cost: 300 dollars a month (signed: nothing)"]
    );
    // Rows that came and went.
    let more = after(&|file| {
        let mut step = file.steps[0].clone();
        step.id = RowId::from_bytes([33; 16]);
        step.put(step::what, "pay 300 dollars a month");
        file.steps.push(step);
    });
    assert_eq!(more, ["Added: Step \"pay 300 dollars a month\" (Who: me)"]);
    let gone = ["Taken out: Step \"call the landlord\""];
    assert_eq!(after(&|file| file.steps[0].put(step::status, "dropped")), gone);
    assert_eq!(after(&|file| file.steps.clear()), gone);
    let gone = ["Taken out: Goal \"A door that locks\"", "Taken out: Step \"call the landlord\""];
    assert_eq!(after(&|file| file.goals[0].put(goal::status, "set-aside")), gone);
    assert_eq!(after(&|file| file.goals[0].put(goal::plan, RowId::from_bytes([8; 16]))), gone);
    assert_eq!(
        after(&|file| file.arrangements[0].put(arrangement::status, "not-needed")),
        ["Taken out: Discharge arrangement \"a ride home\""]
    );
    // A colleague who did not know wrote something else, which is not the value that is shown.
    let torn = after(&|file| {
        let sides = vec!["call the landlord".into(), "pay the landlord".into()];
        file.steps[0].disagreements.push(crate::model::Disagreement { field: step::what, sides });
    });
    assert_eq!(torn, ["Step, What: call the landlord; or: pay the landlord (signed: call the landlord)"]);
    // The plan itself.
    assert_eq!(stands(&signed, |_| &[]), Stands::Gone);
}

#[test]
fn a_signature_that_was_altered_or_moved_stands_nowhere() {
    let mut file = file();
    let good = signed(file.agreed().content(""), &file.plans[0]);
    for (field, value) in [
        (signature::name, "Maria Vega"),
        (signature::witness, "Nobody"),
        (signature::role, "guardian"),
        (signature::content, "yes to all"),
    ] {
        let mut altered = good.clone();
        altered.put(field, value);
        assert_eq!(stands(&altered, |record| file.rows(record)), Stands::Broken);
    }
    // Moved to another plan, with a seal made anew.
    let mut other = file.plans[0].clone();
    other.id = RowId::from_bytes([77; 16]);
    let mut moved = good.clone();
    moved.put(signature::of, other.id.to_string());
    let seal = signing::seal(&moved);
    moved.put(signature::seal, seal);
    file.plans.push(other);
    assert_eq!(stands(&moved, |record| file.rows(record)), Stands::Broken);
    assert_eq!(stands(&good, |record| file.rows(record)), Stands::Yes);
}

/// What versions before this form put under a name.
const FORM_1: &str = "Service plan, version 1\nReview due: 24 February 2027\n\nGoal 1: \"A door that locks\"\n  So far: 0%\n  \
                      - case manager: call the landlord\n";

#[test]
fn a_text_without_numbers_is_held_against_todays_words() {
    let mut file = file();
    (file.arrangements, file.strengths) = (Vec::new(), Vec::new());
    let signed = signed(FORM_1.into(), &file.plans[0]);
    assert_eq!(file.changed_since(&signed), [""; 0]);
    file.steps[0].put(step::status, "done");
    file.goals[0].put(goal::progress, Value::Whole(90));
    assert_eq!(file.changed_since(&signed), [""; 0]);
    file.steps[0].put(step::payer, "the client");
    assert_eq!(
        file.changed_since(&signed),
        ["Not in the text that was signed: Step \"call the landlord\", Who pays: the client"]
    );
    file.steps[0].put(step::payer, Value::Empty);
    file.steps[0].put(step::what, "pay 300 dollars");
    assert_eq!(
        file.changed_since(&signed),
        [
            "Not in the text that was signed: - case manager: pay 300 dollars",
            "Not there any more: - case manager: call the landlord"
        ]
    );
    file.steps[0].put(step::what, "call the landlord");
    // The plan's own fields are known by their digest.
    file.plans[0].put(plan::client_does, "Agrees to leave the family home");
    let told = file.changed_since(&signed);
    assert!(told.iter().any(|line| line.contains("Agrees to leave the family home")), "{told:?}");
}

#[test]
fn a_side_that_signed_anew_is_asked_no_more() {
    let mut file = file();
    let old = signed(file.agreed().content(""), &file.plans[0]);
    file.steps[0].put(step::cost, "300");
    let under = |signatures: &[&Row]| -> Vec<(Row, Stands)> {
        signatures.iter().map(|row| ((*row).clone(), stands(row, |record| file.rows(record)))).collect()
    };
    assert_eq!(overtaken(&under(&[&old])).count(), 1);
    let new = signed(file.agreed().content(""), &file.plans[0]);
    assert_eq!(overtaken(&under(&[&old, &new])).count(), 0);
    let mut by_worker = new.clone();
    by_worker.put(signature::role, "worker");
    let seal = signing::seal(&by_worker);
    by_worker.put(signature::seal, seal);
    assert_eq!(overtaken(&under(&[&old, &by_worker])).count(), 1, "the worker does not sign for the client");
}
