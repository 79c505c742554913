//! One made-up person after the other, cheap enough for ten thousand of them: who they are, whom they have, what was
//! agreed, what is coming and what was written. What the four practices add for the first few is in `stories`.

use chrono::{NaiveDate, NaiveTime};
use fastrand::Rng;

use crate::model::records::{appointment, care_team, client, goal, need, note, plan, relationship, step, task};
use crate::model::{
    AppointmentStatus, Arranged, ClientStatus, ContactKind, FieldId, GoalStatus, Intensity, NeedStatus, PlanKind,
    PlanStatus, RecordType, RowId, Severity, Value, WorkStatus,
};
use crate::practice::Practice;
use crate::store::Draft;
use crate::triage::calendar::{add_business_days, add_days};

use super::signed;
use super::{AreaWords, Spec, stories, words, worker};

/// Makes one person and all that belongs to them.
pub struct Maker<'a> {
    pub spec: &'a Spec,
    pub number: u32,
    rng: Rng,
    area: &'static AreaWords,
    row: RowId,
    made: u32,
}

/// What the first few are about, so that a first look meets each kind of reason.
#[derive(Clone, Copy, PartialEq)]
enum Story {
    Crisis,
    CallDue,
    VisitToday,
    NoShow,
    Hearing,
    Ordinary,
    Quiet,
    Closed,
}

impl Maker<'_> {
    pub fn new(spec: &Spec, number: u32) -> Maker<'_> {
        let seed = spec.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(number);
        let areas = &words().area;
        Maker {
            spec,
            number,
            rng: Rng::with_seed(seed),
            area: &areas[number as usize % areas.len()],
            row: RowId::derived(&["demo", &spec.seed.to_string(), &number.to_string()]),
            made: 0,
        }
    }

    pub fn today(&self) -> NaiveDate {
        self.spec.moment.today()
    }

    fn pick<'w>(&mut self, from: &'w [String]) -> &'w str {
        &from[self.rng.usize(..from.len())]
    }

    fn story(&mut self) -> Story {
        match self.number {
            0 => Story::CallDue,
            1 => Story::Hearing,
            2 => Story::VisitToday,
            3 => Story::NoShow,
            7 => Story::Crisis,
            number if stories::is_told(number) => Story::Ordinary,
            _ => match self.rng.u8(..100) {
                0..=2 => Story::NoShow,
                3..=7 => Story::VisitToday,
                8..=12 => Story::CallDue,
                13 => Story::Crisis,
                14..=19 => Story::Closed,
                20..=70 => Story::Quiet,
                _ => Story::Ordinary,
            },
        }
    }

    pub fn draft(&mut self, record: &'static RecordType, values: Vec<(FieldId, Value)>) -> Draft {
        self.made += 1;
        let row = RowId::derived(&["demo row", &self.row.to_string(), &self.made.to_string()]);
        let values = values.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        Draft { record, row, stream: self.row, values, members: Vec::new() }
    }

    pub fn person(&mut self, out: &mut Vec<Draft>) {
        let words = words();
        let story = self.story();
        let n = self.number as usize;
        // The first fifty go through the names in step; more than that mix them.
        let (given, family) = if n < words.given.len() {
            (words.given[n].as_str(), words.family[n].as_str())
        } else {
            (self.pick(&words.given), self.pick(&words.family))
        };
        let today = self.today();
        let opened = add_days(today, -i64::from(self.rng.u16(20..900)));
        let age = i64::from(self.rng.u16(19..85)) * 365 + i64::from(self.rng.u16(..365));
        let age = if n == 0 { 71 * 365 + 40 } else { age };
        let language = self.pick(&words.language);
        let closed = story == Story::Closed;
        let status = if closed { ClientStatus::Closed } else { ClientStatus::Active };
        let intensity = match story {
            Story::Crisis | Story::CallDue | Story::Hearing => Intensity::Intensive,
            Story::Quiet => *self.rng.choice(&[Intensity::Standard, Intensity::Light]).unwrap_or(&Intensity::Light),
            _ => *self.rng.choice(Intensity::ALL).unwrap_or(&Intensity::Standard),
        };
        let violence = self.number % 17 == 4 || story == Story::CallDue && self.number == 0;
        let phone = format!("555-{:04}", 100 + self.rng.u16(..9900));
        let living =
            self.pick(&["rents a room", "with family", "shelter", "own apartment"].map(String::from)).to_string();
        let values = vec![
            (client::given_name, given.into()),
            (client::family_name, family.into()),
            (client::preferred_name, if n == 0 { "Mari" } else { "" }.into()),
            // Whoever stands first is shown in pictures: a grandmother home from the hospital.
            (client::pronouns, Some(self.pick(&words.pronouns)).filter(|_| n > 0).unwrap_or("she/her").into()),
            (client::addressed_as, if n == 0 { "Señora Delgado; Mari once she offers it" } else { "" }.into()),
            (
                client::customs,
                if n == 0 { "Mass on Sunday mornings; her eldest daughter is asked before big decisions" } else { "" }
                    .into(),
            ),
            (client::birth_date, Value::Date(add_days(today, -age))),
            (client::language, language.into()),
            (client::interpreter, if language == "English" { Value::Empty } else { Value::Yes(n % 3 != 2) }),
            (client::phone, phone.into()),
            (client::contact_notes, self.pick(&words.contact_notes).into()),
            (
                client::safe_contact,
                if violence {
                    "Text only, before 3 pm. Never call the home number, never leave a message."
                } else {
                    ""
                }
                .into(),
            ),
            (client::address, format!("{} {}", self.rng.u16(1..400), self.pick(&words.street)).into()),
            (client::living, living.into()),
            (client::area, self.area.code.as_str().into()),
            (client::intensity, intensity.code().into()),
            (client::status, status.code().into()),
            (client::opened, Value::Date(opened)),
            (
                client::closed,
                if closed { Value::Date(add_days(today, -i64::from(self.rng.u8(1..90)))) } else { Value::Empty },
            ),
            (client::closing_reason, if closed { "goals reached" } else { "" }.into()),
            (client::crisis, if story == Story::Crisis { self.area.crisis.as_str() } else { "" }.into()),
            (client::risk, if self.rng.u8(..8) == 0 { "Large dog; call before you come." } else { "" }.into()),
            (client::worker, worker().name.into()),
        ];
        let mut person = self.draft(&client::TYPE, values);
        person.row = self.row;
        person.members.push((client::outside_ids, format!("mrn:{:05}", 10_000 + self.number)));
        for _ in 0..self.rng.usize(..3) {
            let tag = self.pick(&words.tag).to_string();
            if !person.members.iter().any(|(_, known)| *known == tag) {
                person.members.push((client::tags, tag));
            }
        }
        for area in stories::also_in(self.number) {
            person.members.push((client::also_areas, (*area).into()));
        }
        out.push(person);
        self.people_around(out);
        let goals = if closed { vec![] } else { self.agreed(out, opened, story) };
        self.coming(out, story);
        self.written(out, opened, story, &goals);
        stories::tell(self, out);
    }

    fn people_around(&mut self, out: &mut Vec<Draft>) {
        let words = words();
        for _ in 0..self.rng.usize(..3) {
            let name = format!("{} {}", self.pick(&words.given), self.pick(&words.family));
            let child = self.rng.u8(..4) == 0;
            let relation = if child { "daughter" } else { self.pick(&words.relation) };
            let age = if child { self.rng.u16(1000..6560) } else { self.rng.u16(8000..28000) };
            let phone = format!("555-{:04}", self.rng.u16(100..9999));
            let born = add_days(self.today(), -i64::from(age));
            let values = vec![
                (relationship::name, name.into()),
                (relationship::relation, relation.into()),
                (relationship::birth_date, Value::Date(born)),
                (relationship::phone, if child { "".into() } else { phone.into() }),
                (relationship::household, Value::Yes(child)),
                (relationship::dependent, Value::Yes(child)),
            ];
            out.push(self.draft(&relationship::TYPE, values));
        }
        if self.rng.bool() {
            let values = vec![
                (care_team::name, format!("Dr. {}", self.pick(&words.family)).into()),
                (care_team::role, if self.area.code == "mental-health" { "psychiatrist" } else { "physician" }.into()),
                (care_team::organisation, self.pick(&words.organisation).into()),
                (care_team::phone, format!("555-{:04}", self.rng.u16(100..9999)).into()),
            ];
            out.push(self.draft(&care_team::TYPE, values));
        }
    }

    /// Needs, the plan, its goals and steps. Gives the goals' ids.
    fn agreed(&mut self, out: &mut Vec<Draft>, opened: NaiveDate, story: Story) -> Vec<RowId> {
        let area = self.area;
        let severity = *self.rng.choice(Severity::ALL).unwrap_or(&Severity::Moderate);
        let values = vec![
            (need::domain, area.domains[0].code().into()),
            (need::what, area.need.as_str().into()),
            (need::severity, severity.code().into()),
            (need::status, NeedStatus::InProgress.code().into()),
            (need::identified, Value::Date(opened)),
        ];
        out.push(self.draft(&need::TYPE, values));
        if story == Story::Ordinary && !stories::is_told(self.number) && self.rng.u8(..6) == 0 {
            return Vec::new();
        }
        let kind = Practice::standard().area(&area.code).map_or(PlanKind::Service, |area| area.plan);
        let review = add_days(
            self.today(),
            if story == Story::Quiet { i64::from(self.rng.u8(40..180)) } else { i64::from(self.rng.u8(..120)) - 5 },
        );
        let values = vec![
            (plan::kind, kind.code().into()),
            (plan::status, PlanStatus::Active.code().into()),
            (plan::start, Value::Date(add_days(opened, 14))),
            (plan::review_due, Value::Date(review)),
        ];
        let plan = self.draft(&plan::TYPE, values);
        let plan_row = plan.row;
        out.push(plan);
        let mut goals = Vec::new();
        for at in 0..self.rng.usize(1..=area.goals.len()) {
            let progress = i64::from(self.rng.u8(..10)) * 10;
            let target = add_days(self.today(), i64::from(self.rng.u16(20..300)));
            let values = vec![
                (goal::plan, Value::Link(plan_row)),
                (goal::words, area.goals[at].as_str().into()),
                (goal::domain, area.domains[at].code().into()),
                (goal::target, Value::Date(target)),
                (goal::progress, Value::Whole(progress)),
                (goal::status, GoalStatus::Open.code().into()),
            ];
            let goal = self.draft(&goal::TYPE, values);
            goals.push(goal.row);
            let goal_row = goal.row;
            out.push(goal);
            for _ in 0..self.rng.usize(1..3) {
                let done = self.rng.u8(..3) == 0;
                let quiet = story == Story::Quiet;
                let due = add_days(self.today(), i64::from(self.rng.u8(..40)) + if quiet { 8 } else { -2 });
                let values = vec![
                    (step::goal, Value::Link(goal_row)),
                    (step::what, self.pick(&area.steps).into()),
                    (step::who, if self.rng.bool() { "me" } else { "client" }.into()),
                    (step::due, Value::Date(due)),
                    (step::status, if done { WorkStatus::Done } else { WorkStatus::Open }.code().into()),
                    (step::done_on, if done { Value::Date(add_days(self.today(), -3)) } else { Value::Empty }),
                ];
                out.push(self.draft(&step::TYPE, values));
            }
        }
        goals
    }

    /// Appointments and tasks.
    fn coming(&mut self, out: &mut Vec<Draft>, story: Story) {
        if story == Story::Closed {
            return;
        }
        let area = self.area;
        let ahead = match story {
            Story::Hearing => 1,
            Story::Quiet => i64::from(self.rng.u8(8..30)),
            _ => i64::from(self.rng.u8(1..21)),
        };
        let visit = if story == Story::Hearing { "eviction hearing" } else { self.pick(&area.visits) }.to_string();
        let next = add_business_days(add_days(self.today(), ahead - 1), 1);
        self.visit(out, &visit, next, AppointmentStatus::Planned, story);
        match story {
            Story::VisitToday => self.visit(out, "home visit", self.today(), AppointmentStatus::Confirmed, story),
            Story::NoShow => {
                let missed = add_business_days(self.today(), -1);
                self.visit(out, &visit, missed, AppointmentStatus::NoShow, story);
            }
            _ => {}
        }
        let tasks = match story {
            // Where the stay itself is on record, the rule asks for the call.
            Story::CallDue if self.number == 0 => vec![],
            Story::CallDue => vec![("2-business-day call after the discharge".to_string(), 0)],
            Story::Quiet => vec![],
            _ => {
                let due = i64::from(self.rng.u8(..30)) - 2;
                vec![(self.pick(&area.tasks).to_string(), due)]
            }
        };
        for (what, days) in tasks {
            let values = vec![
                (task::what, what.into()),
                (task::due, Value::Date(add_days(self.today(), days))),
                (task::status, WorkStatus::Open.code().into()),
            ];
            out.push(self.draft(&task::TYPE, values));
        }
    }

    fn visit(&mut self, out: &mut Vec<Draft>, title: &str, day: NaiveDate, status: AppointmentStatus, story: Story) {
        let hour = if story == Story::VisitToday && day == self.today() { 14 } else { self.rng.u32(8..17) };
        let time = NaiveTime::from_hms_opt(hour, self.rng.u32(..4) * 15, 0).unwrap_or_default();
        let transport = match self.rng.u8(..6) {
            0 => Arranged::Needed,
            1 | 2 => Arranged::Arranged,
            _ => Arranged::NotNeeded,
        };
        let values = vec![
            (appointment::title, title.into()),
            (appointment::starts, Value::Time(self.spec.moment.at(day, time))),
            (appointment::minutes, Value::Whole(60)),
            (appointment::place, self.pick(&words().place).into()),
            (appointment::status, status.code().into()),
            (appointment::transport, transport.code().into()),
            (appointment::interpreter, Arranged::Arranged.code().into()),
        ];
        out.push(self.draft(&appointment::TYPE, values));
    }

    /// Notes back to the opening, the newest as recent as the story has it.
    fn written(&mut self, out: &mut Vec<Draft>, opened: NaiveDate, story: Story, goals: &[RowId]) {
        let share = self.spec.notes / self.spec.clients.max(1);
        let rest = self.spec.notes % self.spec.clients.max(1);
        let count = share + u32::from(self.number < rest);
        let newest = match story {
            _ if let Some(days) = stories::last_contact(self.number) => days,
            Story::NoShow => 6,
            Story::CallDue | Story::Hearing => 5,
            Story::Quiet => i64::from(self.rng.u8(1..5)),
            _ => i64::from(self.rng.u8(1..25)),
        };
        let span = ((self.today() - opened).num_days() - newest).max(1);
        for at in 0..count {
            let back = newest + span * i64::from(at) / i64::from(count.max(1));
            let day = add_days(self.today(), -back);
            let time = NaiveTime::from_hms_opt(self.rng.u32(8..18), self.rng.u32(..12) * 5, 0).unwrap_or_default();
            let kind = match self.rng.u8(..10) {
                _ if at == 0 => ContactKind::Phone,
                0..=3 => ContactKind::Phone,
                4..=6 => ContactKind::FaceToFace,
                7 => ContactKind::Collateral,
                8 => ContactKind::Attempt,
                _ => ContactKind::Video,
            };
            let words = words();
            let body = format!(
                "{} {} {} {}",
                self.pick(&words.opening),
                self.pick(&words.middle),
                self.pick(&words.middle),
                self.pick(&words.closing)
            );
            let values = vec![
                (note::when, Value::Time(self.spec.moment.at(day, time))),
                (note::kind, kind.code().into()),
                (note::minutes, Value::Whole(i64::from(self.rng.u8(1..13)) * 5)),
                (note::body, body.into()),
            ];
            let mut draft = self.draft(&note::TYPE, values);
            if let Some(goal) = self.rng.choice(goals) {
                draft.members.push((note::goals, goal.to_string()));
            }
            let signed = signed::stands(self.number, at, &mut draft, out);
            out.push(draft);
            out.extend(signed);
        }
    }
}
