//! What is still open of a client whose case is about to be closed.
//!
//! Promises: pure, the moment handed in; nothing that a person's safety hangs on is left out, and what lies ahead counts as
//! not done. Closing is never forbidden for good: with a reason it goes through, and what is open stays in sight all the
//! same. Called by the command line and by the screen before they close. Must never close, settle or change anything.

use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::model::records::{
    advocacy, appointment, assessment, benefit, client, housing, incident, referral, safety_plan, stay, step, task,
};
use crate::model::{
    AdvocacyStatus, AppointmentStatus, BenefitStatus, Change, ClientStatus, ClosingOutcome, Edit, FieldId, Invalid,
    ReferralStatus, Report, Row, RowId, StayKind, Value, WorkStatus,
};

/// Of what kind something open is, those of a person's safety first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatterKind {
    Crisis,
    Incident,
    UrgentAnswer,
    /// A mandated report, by phone or in writing.
    Report,
    NoticeToLeave,
    HighRisk,
    /// An appeal, a hearing, or the time for one.
    Appeal,
    /// In a hospital, or out of one and not seen since.
    Stay,
    Debriefing,
    Visit,
    Referral,
    Task,
    Step,
    UnsignedNote,
}

impl MatterKind {
    /// Life, a report that the law asks for, or a home hangs on it.
    pub fn is_safety(self) -> bool {
        self <= MatterKind::HighRisk
    }
}

/// Something that is still open.
#[derive(Clone, Debug, PartialEq)]
pub struct Matter {
    pub kind: MatterKind,
    /// Where it stands; none for what stands in the client's own row of another entry, or nowhere.
    pub row: Option<RowId>,
    /// In words, for a line of its own.
    pub what: String,
    pub safety: bool,
}

/// What is open: of all rows of a person (their own rows among them, of each entry for them), and of notes that wait for a
/// signature (row and day of the service). Safety first, then in the order of [`MatterKind`].
pub fn open_matters(rows: &[&Row], unsigned: &[(RowId, NaiveDate)], now: DateTime<FixedOffset>) -> Vec<Matter> {
    let mut open = Vec::new();
    let look = Look { now, today: now.date_naive() };
    let planned = rows.iter().any(|row| *row.record == safety_plan::TYPE);
    for row in rows {
        look.at(row, planned, &mut open);
    }
    for (row, day) in unsigned {
        put(&mut open, MatterKind::UnsignedNote, Some(*row), format!("note of {} is not signed", said(*day)));
    }
    open.sort_by_key(|matter| matter.kind);
    open
}

/// Those that must be settled, or told why not, before a case is closed so. Where the client has died, nothing of theirs can
/// come to harm any more, but a report that the law asks for is owed all the same.
pub fn in_the_way(open: &[Matter], outcome: &str) -> Vec<Matter> {
    let died = outcome == ClosingOutcome::Died.code();
    let stands = |matter: &&Matter| matter.safety && (!died || matter.kind == MatterKind::Report);
    open.iter().filter(stands).cloned().collect()
}

/// Whether a change closes a client, as the client's row is before it.
pub fn closes(change: &Change, before: &Row) -> bool {
    let is_closed = |value: &Value| *value == Value::text(ClientStatus::Closed.code());
    *before.record == client::TYPE
        && !is_closed(before.get(client::status))
        && said_of(change, before.id, client::status).is_some_and(is_closed)
}

/// Refuses a closing on a day that has not come: until then the client is active, and nobody would look after them.
///
/// # Errors
/// In words, for the field of the day.
pub fn check_day(change: &Change, before: &Row, today: NaiveDate) -> Result<(), Invalid> {
    if *before.record != client::TYPE {
        return Ok(());
    }
    let said_day = said_of(change, before.id, client::closed);
    let day = said_day.unwrap_or_else(|| before.get(client::closed));
    let is_closed = said_of(change, before.id, client::status).unwrap_or_else(|| before.get(client::status))
        == &Value::text(ClientStatus::Closed.code());
    let asked = is_closed && (said_day.is_some() || closes(change, before));
    match (day, client::TYPE.field(client::closed.field)) {
        (Value::Date(day), Some(field)) if *day > today && asked => Err(field.invalid(format!(
            "{} has not come yet: the client stays active until then; close on that day, or give the day on which it ended",
            said(*day)
        ))),
        _ => Ok(()),
    }
}

/// What a change says last of a field.
fn said_of(change: &Change, id: RowId, wanted: FieldId) -> Option<&Value> {
    change.edits.iter().rev().find_map(|edit| match edit {
        Edit::Set { row, field, value } if *row == id && *field == wanted => Some(value),
        _ => None,
    })
}

/// Whether a change gives a reason for closing.
pub fn gives_reason(change: &Change, before: &Row) -> bool {
    matches!(said_of(change, before.id, client::closing_reason), Some(Value::Text(text)) if !text.trim().is_empty())
}

/// The outcome as it is after a change.
pub fn outcome<'a>(change: &'a Change, before: &'a Row) -> &'a str {
    match said_of(change, before.id, client::outcome) {
        Some(Value::Text(code)) => code,
        Some(_) => "",
        None => before.text(client::outcome),
    }
}

struct Look {
    now: DateTime<FixedOffset>,
    today: NaiveDate,
}

impl Look {
    /// Whether a field says that something has come about: filled in, and not ahead.
    fn has_come(&self, row: &Row, field: FieldId) -> bool {
        match row.get(field) {
            Value::Date(day) => *day <= self.today,
            Value::Time(time) => *time <= self.now,
            value => !value.is_empty(),
        }
    }

    fn at(&self, row: &Row, planned: bool, open: &mut Vec<Matter>) {
        match row.record.name {
            "client" => {
                for what in super::incident::crises_of(row) {
                    put(open, MatterKind::Crisis, Some(row.id), format!("in crisis: {what}"));
                }
            }
            "incident" => self.incident(row, open),
            "assessment" => self.assessment(row, planned, open),
            "housing" => {
                let over = self.has_come(row, housing::until);
                let leaves = [housing::must_leave, housing::notice].into_iter().find_map(|field| row.date(field));
                if let (false, Some(day)) = (over, leaves) {
                    put(open, MatterKind::NoticeToLeave, Some(row.id), format!("notice to leave: {}", said(day)));
                }
            }
            "advocacy" | "benefit" => self.appeal(row, open),
            "stay" => self.stay(row, open),
            _ => self.work(row, open),
        }
    }

    fn incident(&self, row: &Row, open: &mut Vec<Matter>) {
        let kind = title(row);
        if !self.has_come(row, incident::resolved) {
            put(open, MatterKind::Incident, Some(row.id), format!("{kind}, not over"));
        }
        let owed = row.text(incident::report) == Report::Due.code() && !self.has_come(row, incident::reported);
        if owed {
            put(
                open,
                MatterKind::Report,
                Some(row.id),
                format!("mandated report owed: {kind}{}", self.by(row, incident::report_due)),
            );
        }
        if row.time(incident::written_due).is_some() && !self.has_come(row, incident::written) {
            put(
                open,
                MatterKind::Report,
                Some(row.id),
                format!("written report owed: {kind}{}", self.by(row, incident::written_due)),
            );
        }
        if row.date(incident::debrief_due).is_some() && !self.has_come(row, incident::debriefed) {
            put(open, MatterKind::Debriefing, Some(row.id), format!("debriefing after {kind}"));
        }
    }

    fn by(&self, row: &Row, field: FieldId) -> String {
        row.time(field).map_or(String::new(), |due| {
            format!(", by {}", due.with_timezone(self.now.offset()).format("%-d %b %Y %H:%M"))
        })
    }

    fn assessment(&self, row: &Row, planned: bool, open: &mut Vec<Matter>) {
        let urgent = row.text(assessment::urgent).trim();
        if !urgent.is_empty() && !self.has_come(row, assessment::answered) {
            put(open, MatterKind::UrgentAnswer, Some(row.id), format!("{}, not acted on: {urgent}", title(row)));
        }
        if !planned && is_high_risk(row) {
            put(open, MatterKind::HighRisk, Some(row.id), format!("no safety plan, and {} told of risk", title(row)));
        }
    }

    fn appeal(&self, row: &Row, open: &mut Vec<Matter>) {
        let what = title(row);
        if *row.record == benefit::TYPE {
            let status = row.text(benefit::status);
            let lost = [BenefitStatus::Denied.code(), BenefitStatus::Cut.code()].contains(&status);
            let answered = self.has_come(row, benefit::appealed) || !row.text(benefit::let_be).trim().is_empty();
            if lost && !answered {
                put(open, MatterKind::Appeal, Some(row.id), format!("{what} denied or cut, no appeal asked for"));
            }
            return;
        }
        let ended = [AdvocacyStatus::Won, AdvocacyStatus::Partly, AdvocacyStatus::Lost, AdvocacyStatus::Withdrawn];
        if ended.iter().any(|status| status.code() == row.text(advocacy::status)) {
            return;
        }
        let say = match (row.time(advocacy::hearing).filter(|at| *at > self.now), row.date(advocacy::deadline)) {
            (Some(hearing), _) => format!("hearing {}, {what}", hearing.format("%-d %b %Y %H:%M")),
            (None, Some(day)) if !self.has_come(row, advocacy::filed) => {
                format!("to be filed by {}, {what}", said(day))
            }
            _ => format!("no answer yet from {what}"),
        };
        put(open, MatterKind::Appeal, Some(row.id), say);
    }

    /// In a hospital still, or out of one for no more than the 30 days in which a readmission counts (42 CFR 412.152), and
    /// not seen since.
    fn stay(&self, row: &Row, open: &mut Vec<Matter>) {
        let what = title(row);
        match row.date(stay::discharged).filter(|day| *day <= self.today) {
            None if self.has_come(row, stay::admitted) => {
                put(open, MatterKind::Stay, Some(row.id), format!("in hospital: {what}"));
            }
            Some(day)
                if (self.today - day).num_days() <= 30
                    && row.text(stay::kind) != StayKind::Emergency.code()
                    && !self.has_come(row, stay::followed_up) =>
            {
                put(open, MatterKind::Stay, Some(row.id), format!("discharged {}, no follow-up: {what}", said(day)));
            }
            _ => {}
        }
    }

    fn work(&self, row: &Row, open: &mut Vec<Matter>) {
        let what = title(row);
        let id = Some(row.id);
        if *row.record == appointment::TYPE {
            let status = AppointmentStatus::from_code(row.text(appointment::status));
            if let (true, Some(starts)) = (status.is_none_or(AppointmentStatus::is_open), row.time(appointment::starts))
            {
                let when = starts.with_timezone(self.now.offset()).format("%-d %b %Y %H:%M");
                let asked = if starts > self.now { "" } else { ": was it kept?" };
                put(open, MatterKind::Visit, id, format!("{what}, {when}{asked}"));
            }
        } else if *row.record == referral::TYPE {
            let over = [ReferralStatus::Closed, ReferralStatus::Served, ReferralStatus::Declined];
            if !over.iter().any(|status| status.code() == row.text(referral::status)) {
                put(open, MatterKind::Referral, id, format!("referral to {what} waits"));
            }
        } else if *row.record == task::TYPE && !worked(row.text(task::status)) {
            put(open, MatterKind::Task, id, what);
        } else if *row.record == step::TYPE && !worked(row.text(step::status)) {
            put(open, MatterKind::Step, id, what);
        }
    }
}

fn worked(status: &str) -> bool {
    [WorkStatus::Done.code(), WorkStatus::Dropped.code()].contains(&status)
}

/// A screen that told of suicidal thoughts with a plan, an intent or an act: of the C-SSRS screener moderate or high risk.
/// Source: Stanley and Brown, Cogn Behav Pract 2012;19:256-264; Joint Commission NPSG 15.01.01.
fn is_high_risk(row: &Row) -> bool {
    row.text(assessment::instrument) == "c-ssrs" && row.whole(assessment::score).is_some_and(|score| score >= 2)
}

fn put(open: &mut Vec<Matter>, kind: MatterKind, row: Option<RowId>, what: String) {
    open.push(Matter { kind, row, what, safety: kind.is_safety() });
}

/// What a row is about, in a line.
fn title(row: &Row) -> String {
    row.record.title_field().map_or(String::new(), |field| row.shown(field))
}

fn said(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RecordType;

    fn now() -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339("2026-11-24T11:05:00-05:00").unwrap()
    }

    fn day(text: &str) -> Value {
        Value::Date(text.parse().unwrap())
    }

    fn time(text: &str) -> Value {
        Value::Time(DateTime::parse_from_rfc3339(text).unwrap())
    }

    fn row(record: &'static RecordType, values: &[(FieldId, Value)]) -> Row {
        let id = RowId::derived(&[record.name, &format!("{values:?}")]);
        let mut row = Row::new(record, id, id);
        values.iter().for_each(|(field, value)| row.put(*field, value.clone()));
        row
    }

    /// A row's type, what is in it, and what of it is open.
    type Line = (&'static RecordType, Vec<(FieldId, Value)>, &'static [MatterKind]);

    fn kinds(rows: &[Row]) -> Vec<MatterKind> {
        let rows: Vec<&Row> = rows.iter().collect();
        open_matters(&rows, &[], now()).into_iter().map(|matter| matter.kind).collect()
    }

    #[test]
    fn each_kind_is_open_until_it_has_come_about_and_a_date_ahead_settles_none() {
        use MatterKind::{Appeal, Crisis, Incident, NoticeToLeave, Referral, Step, UrgentAnswer};
        let began = (incident::began, time("2026-11-24T08:00:00-05:00"));
        let kind = (incident::kind, "suicide".into());
        let due = (incident::report, Report::Due.code().into());
        let over = (incident::resolved, time("2026-11-24T09:00:00-05:00"));
        let urgent = [(assessment::instrument, "phq-9".into()), (assessment::urgent, "self-harm".into())];
        let notice = [(housing::kind, "rental".into()), (housing::notice, day("2026-11-20"))];
        let with = |base: &[(FieldId, Value)], more: (FieldId, Value)| [base, &[more]].concat();
        let incident = |more: (FieldId, Value)| with(&[kind.clone(), began.clone(), over.clone(), due.clone()], more);
        let table: Vec<Line> = vec![
            (&client::TYPE, vec![(client::crisis, "Suicide risk".into())], &[Crisis]),
            (&incident::TYPE, vec![kind.clone(), began.clone()], &[Incident]),
            (
                &incident::TYPE,
                vec![began.clone(), (incident::resolved, time("2026-12-03T09:00:00-05:00"))],
                &[Incident],
            ),
            (&incident::TYPE, incident((incident::reported, Value::Empty)), &[MatterKind::Report]),
            (&incident::TYPE, incident((incident::reported, time("2026-11-25T09:00:00-05:00"))), &[MatterKind::Report]),
            (&incident::TYPE, incident((incident::reported, time("2026-11-24T10:00:00-05:00"))), &[]),
            (&assessment::TYPE, urgent.to_vec(), &[UrgentAnswer]),
            (&assessment::TYPE, with(&urgent, (assessment::answered, day("2026-11-25"))), &[UrgentAnswer]),
            (&assessment::TYPE, with(&urgent, (assessment::answered, day("2026-11-24"))), &[]),
            (&housing::TYPE, notice.to_vec(), &[NoticeToLeave]),
            (&housing::TYPE, with(&notice, (housing::until, day("2026-11-30"))), &[NoticeToLeave]),
            (&housing::TYPE, with(&notice, (housing::until, day("2026-11-23"))), &[]),
            (&referral::TYPE, vec![(referral::status, ReferralStatus::Waitlisted.code().into())], &[Referral]),
            (&task::TYPE, vec![(task::status, WorkStatus::Done.code().into())], &[]),
            (&step::TYPE, vec![(step::what, "call".into())], &[Step]),
            (
                &advocacy::TYPE,
                vec![(advocacy::filed, day("2026-12-01")), (advocacy::deadline, day("2026-12-05"))],
                &[Appeal],
            ),
        ];
        for (record, values, expected) in table {
            assert_eq!(kinds(&[row(record, &values)]), expected, "{} {values:?}", record.name);
        }
    }

    #[test]
    fn a_high_screen_asks_for_a_safety_plan_and_the_dead_are_in_no_danger() {
        let screen =
            row(&assessment::TYPE, &[(assessment::instrument, "c-ssrs".into()), (assessment::score, 3.into())]);
        assert_eq!(kinds(std::slice::from_ref(&screen)), [MatterKind::HighRisk]);
        let plan = row(&safety_plan::TYPE, &[(safety_plan::reviewed, day("2026-11-20"))]);
        assert_eq!(kinds(&[screen.clone(), plan]), []);
        let owed = row(&incident::TYPE, &[(incident::report, Report::Due.code().into())]);
        let open = open_matters(&[&screen, &owed], &[], now());
        assert_eq!(in_the_way(&open, "").len(), 3);
        let left = in_the_way(&open, ClosingOutcome::Died.code());
        assert_eq!(left.iter().map(|one| one.kind).collect::<Vec<_>>(), [MatterKind::Report]);
    }
}
