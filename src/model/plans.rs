//! A plan's life: the plan in words, as it is read and signed, and the next version of it. Pure.

use chrono::NaiveDate;

use super::records::{arrangement, goal, plan, step, strength};
use super::{
    ArrangementStatus, Change, FieldId, GoalStatus, PlanStatus, RecordType, Row, RowId, Value, WorkStatus, sealed,
};

/// Of goal attainment scaling (Kiresuk and Sherman, 1968): what each level means.
pub fn attainment_in_words(level: i64) -> &'static str {
    match level {
        ..=-2 => "much less than expected",
        -1 => "less than expected",
        0 => "as expected",
        1 => "more than expected",
        _ => "much more than expected",
    }
}

/// A plan with all that stands on its page: what is read aloud, signed, printed, and held against what was signed.
#[derive(Clone, PartialEq, Debug)]
pub struct Agreed<'a> {
    pub plan: &'a Row,
    /// Those of the plan and those of none, but for what was set aside.
    pub goals: Vec<&'a Row>,
    /// Of these goals, but for what was dropped.
    pub steps: Vec<&'a Row>,
    /// For going home, but for what turned out not to be needed.
    pub arrangements: Vec<&'a Row>,
    pub strengths: Vec<&'a Row>,
}

impl<'a> Agreed<'a> {
    /// `rows` gives a client's rows of a type.
    pub fn of(plan: &'a Row, rows: impl Fn(&'static RecordType) -> &'a [Row]) -> Agreed<'a> {
        let its = |row: &&Row| row.link(goal::plan).is_none_or(|of| of == plan.id);
        let open = |row: &&Row| row.text(goal::status) != GoalStatus::SetAside.code();
        let goals: Vec<&Row> = rows(&goal::TYPE).iter().filter(its).filter(open).collect();
        let of_these = |row: &&Row| goals.iter().any(|goal| row.link(step::goal) == Some(goal.id));
        let kept = |row: &&Row| row.text(step::status) != WorkStatus::Dropped.code();
        let steps = rows(&step::TYPE).iter().filter(of_these).filter(kept).collect();
        let needed = |row: &&Row| row.text(arrangement::status) != ArrangementStatus::NotNeeded.code();
        let arrangements = rows(&arrangement::TYPE).iter().filter(needed).collect();
        Agreed { plan, goals, steps, arrangements, strengths: rows(&strength::TYPE).iter().collect() }
    }

    /// The plan among the rows of a signed text ([`sealed`](super::sealed)), with all that was signed with it.
    pub fn as_signed(rows: &'a [Row]) -> Option<Agreed<'a>> {
        let of = |record: &RecordType| rows.iter().filter(|row| *row.record == *record).collect::<Vec<_>>();
        let plan = rows.first().filter(|row| *row.record == plan::TYPE)?;
        let (goals, steps) = (of(&goal::TYPE), of(&step::TYPE));
        Some(Agreed { plan, goals, steps, arrangements: of(&arrangement::TYPE), strengths: of(&strength::TYPE) })
    }

    /// In the order in which they are read, the plan's own first.
    pub fn rows(&self) -> Vec<&'a Row> {
        let mut rows = vec![self.plan];
        for goal in &self.goals {
            rows.push(goal);
            rows.extend(self.steps_of(goal));
        }
        rows.extend(self.arrangements.iter().chain(&self.strengths));
        rows
    }

    /// Only those rows that may be named to whoever reads it.
    #[must_use]
    pub fn only(mut self, named: impl Fn(&Row) -> bool) -> Agreed<'a> {
        for rows in [&mut self.goals, &mut self.steps, &mut self.arrangements, &mut self.strengths] {
            rows.retain(|row| named(row));
        }
        self
    }

    pub fn steps_of(&self, goal: &Row) -> impl Iterator<Item = &'a Row> {
        let goal = goal.id;
        self.steps.iter().copied().filter(move |step| step.link(step::goal) == Some(goal))
    }

    /// What a name is put under where the plan is signed. The plan says "me" of whoever writes it: their name goes with it.
    pub fn content(&self, case_manager: &str) -> String {
        sealed::write("", case_manager, &self.rows(), &[])
    }

    /// The plan as it is read aloud and signed: what it is, what is strong and what stands in the way, then each goal in the
    /// client's own words before those of the plan, with who does what by when; nothing of what is signed is left out.
    pub fn in_words(&self, case_manager: &str) -> String {
        let (plan, mut lines) = (self.plan, Vec::new());
        lines.push(format!("{}, version {}", shown(plan, plan::kind), plan.whole(plan::version).unwrap_or(1)));
        if !case_manager.is_empty() {
            lines.push(format!("Case manager: {case_manager}"));
        }
        let told = [
            (plan::start, "From"),
            (plan::review_due, "Review due"),
            (plan::reviewed, "Last reviewed"),
            (plan::summary, "In short"),
            (plan::strengths, "Strengths to build on"),
            (plan::barriers, "What stands in the way"),
            (plan::changes, "Changed since the last review"),
            (plan::employment_outcome, "Employment outcome"),
            (plan::criteria, "How progress is judged"),
            (plan::client_does, "What the client takes on"),
            (plan::others_do, "What others take on"),
        ];
        for (field, label) in told {
            say(&mut lines, &format!("{label}: "), read_out(plan, field));
        }
        for (goal, number) in self.goals.iter().zip(1..) {
            lines.push(String::new());
            lines.push(format!("Goal {number}: \"{}\"", goal.text(goal::words)));
            self.goal_in_words(goal, &mut lines);
        }
        for (title, rows, fields) in [
            (
                "For going home:",
                &self.arrangements,
                &[
                    arrangement::kind,
                    arrangement::owner,
                    arrangement::due,
                    arrangement::status,
                    arrangement::provider,
                    arrangement::about,
                ][..],
            ),
            ("What the client is good at:", &self.strengths, &[strength::domain, strength::about][..]),
        ] {
            if !rows.is_empty() {
                lines.extend([String::new(), title.into()]);
            }
            for row in rows {
                let title = row.record.title_field().map_or(String::new(), |title| read_out(row, title.id));
                let parts = fields.iter().map(|field| read_out(row, *field)).filter(|text| !text.is_empty());
                say(&mut lines, "  - ", std::iter::once(title).chain(parts).collect::<Vec<_>>().join(", "));
            }
        }
        lines.join("\n") + "\n"
    }

    fn goal_in_words(&self, goal: &Row, lines: &mut Vec<String>) {
        say(lines, "  In plan words: ", goal.text(goal::statement).into());
        say(lines, "  About: ", shown(goal, goal::domain));
        say(lines, "  Whose choice: ", shown(goal, goal::choice));
        say(lines, "  By: ", read_out(goal, goal::target));
        let status =
            if is_open(goal) { String::new() } else { format!(", {}", shown(goal, goal::status).to_lowercase()) };
        say(
            lines,
            "  So far: ",
            goal.whole(goal::progress).map_or(String::new(), |percent| format!("{percent}%{status}")),
        );
        let level = goal.whole(goal::attainment);
        say(
            lines,
            "  Attainment: ",
            level.map_or(String::new(), |level| format!("{level:+} ({})", attainment_in_words(level))),
        );
        say(lines, "  Strengths: ", goal.text(goal::strengths).into());
        say(lines, "  In the way: ", goal.text(goal::barriers).into());
        for step in self.steps_of(goal) {
            say(lines, "  - ", step_in_words(step));
            let service = [
                (step::provider, "given by "),
                (step::amount, ""),
                (step::often, ""),
                (step::from, "from "),
                (step::until, "until "),
                (step::cost, "cost: "),
                (step::payer, "paid by: "),
            ];
            let told = service.iter().map(|(field, label)| (label, read_out(step, *field)));
            let told: Vec<String> =
                told.filter(|(_, text)| !text.is_empty()).map(|(label, text)| format!("{label}{text}")).collect();
            say(lines, "    ", told.join("; "));
        }
    }

    /// The plan in the words under which it was signed before there were numbers beside them. Never changed: texts that
    /// were signed then are held against it.
    pub fn words_of_form_1(&self) -> String {
        let (plan, mut lines) = (self.plan, Vec::new());
        lines.push(format!("{}, version {}", shown(plan, plan::kind), plan.whole(plan::version).unwrap_or(1)));
        let told = [
            (plan::start, "From"),
            (plan::review_due, "Review due"),
            (plan::summary, "In short"),
            (plan::strengths, "Strengths to build on"),
            (plan::barriers, "What stands in the way"),
        ];
        for (field, label) in told {
            say(&mut lines, &format!("{label}: "), read_out(plan, field));
        }
        for goal in self.goals.iter().filter(|goal| goal.link(goal::plan) == Some(plan.id)) {
            lines.push(format!("Goal 1: \"{}\"", goal.text(goal::words)));
            say(&mut lines, "In plan words: ", goal.text(goal::statement).into());
            say(&mut lines, "Whose choice: ", shown(goal, goal::choice));
            say(&mut lines, "By: ", read_out(goal, goal::target));
            say(&mut lines, "Strengths: ", goal.text(goal::strengths).into());
            say(&mut lines, "In the way: ", goal.text(goal::barriers).into());
            self.steps_of(goal).for_each(|step| say(&mut lines, "- ", step_in_words(step)));
        }
        lines.join("\n") + "\n"
    }

    /// What stands on the plan's page and was in no text that was signed then; the plan's own fields not where they are
    /// known to be as they were.
    pub fn beyond_form_1(&self, fields_known: bool) -> impl Iterator<Item = String> {
        let beyond: [(&[&Row], &[FieldId]); 4] = [
            (
                if fields_known { &[] } else { std::slice::from_ref(&self.plan) },
                &[plan::employment_outcome, plan::criteria, plan::client_does, plan::others_do, plan::changes],
            ),
            (
                &self.steps,
                &[step::provider, step::amount, step::often, step::from, step::until, step::cost, step::payer],
            ),
            (&self.arrangements, &[arrangement::what]),
            (&self.strengths, &[strength::what]),
        ];
        let mut told = Vec::new();
        for goal in self.goals.iter().filter(|goal| goal.link(goal::plan).is_none()) {
            told.push(format!("Goal: \"{}\"", goal.text(goal::words)));
        }
        for (rows, fields) in beyond {
            for (row, field) in rows.iter().flat_map(|row| fields.iter().map(move |field| (row, *field))) {
                let text = read_out(row, field);
                let label = row.record.field(field.field).map_or("", |field| field.label);
                let title = if *row.record == step::TYPE { row.text(step::what) } else { "" };
                let title = if title.is_empty() { String::new() } else { format!("Step \"{title}\", ") };
                told.extend((!text.is_empty()).then(|| format!("{title}{label}: {text}")));
            }
        }
        told.into_iter()
    }
}

fn say(lines: &mut Vec<String>, label: &str, text: String) {
    if !text.trim().is_empty() {
        lines.push(format!("{label}{}", text.trim()));
    }
}

/// "case manager: call the landlord, by 26 November 2026 (done)".
fn step_in_words(step: &Row) -> String {
    let who = match step.text(step::who) {
        "" => String::new(),
        "me" => "case manager: ".into(),
        who => format!("{who}: "),
    };
    let due = step.date(step::due).map_or(String::new(), |day| format!(", by {}", day.format("%-d %B %Y")));
    let done = if step.text(step::status) == WorkStatus::Done.code() { " (done)" } else { "" };
    format!("{who}{}{due}{done}", step.text(step::what))
}

/// A field as it is read aloud: days in full.
fn read_out(row: &Row, field: FieldId) -> String {
    row.date(field).map_or_else(|| shown(row, field), |day| day.format("%-d %B %Y").to_string())
}

fn shown(row: &Row, field: super::FieldId) -> String {
    row.record.field(field.field).map_or(String::new(), |field| row.shown(field))
}

fn is_open(goal: &Row) -> bool {
    matches!(goal.text(goal::status), "" | "open")
}

/// A change that makes the next version of a plan, in force from `today` and due for review on `review`: what is still worked
/// on goes over to it, with its steps, its notes and its history; the version before ends, and keeps what was reached or set
/// aside under it, and every text that was signed under it.
pub fn next_version(before: &Row, goals: &[Row], id: RowId, today: NaiveDate, review: NaiveDate) -> Change {
    let mut change = Change::new("new version of the plan");
    change.create(&plan::TYPE, id, before.stream);
    for field in [plan::kind, plan::summary, plan::strengths, plan::barriers] {
        if !before.get(field).is_empty() {
            change.set(id, field, before.get(field).clone());
        }
    }
    change
        .set(id, plan::version, Value::Whole((before.whole(plan::version).unwrap_or(1) + 1).min(999)))
        .set(id, plan::replaces, Value::Link(before.id))
        .set(id, plan::status, PlanStatus::Active.code())
        .set(id, plan::start, Value::Date(today))
        .set(id, plan::review_due, Value::Date(review))
        .set(before.id, plan::status, PlanStatus::Ended.code());
    for goal in goals.iter().filter(|goal| goal.link(goal::plan) == Some(before.id) && is_open(goal)) {
        change.set(goal.id, goal::plan, Value::Link(id));
    }
    change
}
