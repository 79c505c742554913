//! From what a person types into a field to its value, and what a new row starts with.

use super::records::{
    advocacy, appointment, arrangement, assessment, authorization, benefit, client, consent, credential, disclosure,
    education, employment, enrollment, goal, housing, incident, medication_check, need, note, plan, referral, resource,
    safety_plan, service, step, supervision, task, vocation,
};
use super::{
    AdvocacyStatus, AppointmentStatus, ArrangementStatus, AuthorizationStatus, BenefitStatus, Choice, ClientStatus,
    ContactKind, CredentialStatus, Field, FieldId, GoalStatus, Invalid, Kind, Moment, NeedStatus, PlanKind, PlanStatus,
    RecordType, ReferralStatus, ResourceStatus, ServiceStatus, Value, WorkStatus, series, when,
};
use when::Way;

impl Field {
    /// The value of a field that is not a set, as a person types it. Nothing typed is [`Value::Empty`].
    ///
    /// # Errors
    /// In words, to stand beside the field; also for a day or time ahead in a field that says what has happened.
    pub fn parse(&self, text: &str, moment: &Moment) -> Result<Value, Invalid> {
        let value = self.understood(text, moment, Some(if self.past { Way::Back } else { Way::Ahead }))?;
        self.has_come(&value, moment)?;
        Ok(value)
    }

    /// Whether a field that says what has happened holds a day or time that has come: one ahead settles nothing, and would
    /// take out of sight what is still open.
    pub fn has_come(&self, value: &Value, moment: &Moment) -> Result<(), Invalid> {
        if !self.past || !moment.is_ahead(value) {
            return Ok(());
        }
        Err(self.invalid(match self.required {
            true => "has not happened yet: write it down when it has",
            false => "has not happened yet: leave it empty until it has",
        }))
    }

    /// The same for what came from another program's file, where hours are those of the 24-hour clock, and what is still
    /// ahead is told and left out later.
    ///
    /// # Errors
    /// In words.
    pub fn read(&self, text: &str, moment: &Moment) -> Result<Value, Invalid> {
        self.understood(text, moment, None)
    }

    /// The value as a person types it, who looks one way, or as a program wrote it.
    fn understood(&self, text: &str, moment: &Moment, typed: Option<Way>) -> Result<Value, Invalid> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Ok(Value::Empty);
        }
        let value = match self.kind {
            Kind::Line => Value::text(trimmed),
            Kind::Text => Value::text(text.trim_end()),
            Kind::Phone => {
                if trimmed.chars().filter(char::is_ascii_digit).count() < 3 {
                    return Err(self.invalid("has too few digits for a phone number"));
                }
                Value::text(trimmed)
            }
            Kind::Date => {
                let day = moment.day_toward(trimmed, typed.unwrap_or(Way::Ahead));
                Value::Date(day.map_err(|why| self.invalid(why))?)
            }
            Kind::Time => {
                let time = typed.map_or_else(|| moment.written(trimmed), |way| moment.time_toward(trimmed, way));
                Value::Time(time.map_err(|why| self.invalid(why))?)
            }
            Kind::Whole { unit: "minutes", .. } => {
                Value::Whole(when::minutes(trimmed).ok_or_else(|| self.invalid("is not a length: try 45m or 1h30"))?)
            }
            Kind::Whole { .. } => {
                let number = trimmed.trim_end_matches('%').trim_end().parse();
                Value::Whole(number.map_err(|_| self.invalid("must be a whole number"))?)
            }
            Kind::Yes => match trimmed.to_lowercase().as_str() {
                "yes" | "y" | "true" | "1" | "x" => Value::Yes(true),
                "no" | "n" | "false" | "0" => Value::Yes(false),
                _ => return Err(self.invalid("must be yes or no")),
            },
            Kind::Choice(choices) => Value::text(pick(choices.all(), trimmed).map_err(|why| self.invalid(why))?.code),
            Kind::Link(_) => Value::Link(trimmed.parse().map_err(|_| self.invalid("is not a row's id"))?),
            Kind::Repeat => Value::text(series::rule(trimmed, moment).map_err(|why| self.invalid(why))?),
            Kind::Words | Kind::Choices(_) | Kind::Links(_) => {
                return Err(self.invalid("holds several things: add them one by one"));
            }
        };
        self.check(&value)?;
        Ok(value)
    }

    /// One element of a field that is a set, as it is stored: of a list the code of the choice that is meant.
    ///
    /// # Errors
    /// In words, where nothing on the list is meant, or more than one.
    pub fn parse_element(&self, typed: &str) -> Result<String, Invalid> {
        match self.kind {
            Kind::Choices(choices) if !choices.all().is_empty() => {
                Ok(pick(choices.all(), typed.trim()).map_err(|why| self.invalid(why))?.code.to_string())
            }
            _ => Ok(typed.trim().to_string()),
        }
    }

    /// The elements of a set, typed with commas between.
    pub fn parse_words(text: &str) -> Vec<String> {
        let mut words: Vec<String> =
            text.split([',', '\n']).map(|word| word.trim().to_string()).filter(|word| !word.is_empty()).collect();
        words.sort();
        words.dedup();
        words
    }
}

/// The choice that a text means: its code, its label, or a beginning that fits one alone.
fn pick(choices: &'static [Choice], text: &str) -> Result<&'static Choice, String> {
    let lower = text.to_lowercase();
    let exact = |choice: &&Choice| choice.code == lower || choice.label.to_lowercase() == lower;
    if let Some(choice) = choices.iter().find(exact) {
        return Ok(choice);
    }
    let begins = |choice: &&Choice| choice.code.starts_with(&lower) || choice.label.to_lowercase().starts_with(&lower);
    let mut fits = choices.iter().filter(begins);
    match (fits.next(), fits.next()) {
        (Some(choice), None) => Ok(choice),
        _ => {
            let codes: Vec<&str> = choices.iter().map(|choice| choice.code).collect();
            Err(format!("must be one of: {}", codes.join(", ")))
        }
    }
}

/// Who adds a row, and how things are begun in their practice.
#[derive(Clone, Copy)]
pub struct Beginning<'a> {
    pub worker: &'a str,
    /// The code of the worker's practice area, or empty.
    pub area: &'a str,
    /// The kind of plan that is made there.
    pub plan: PlanKind,
}

impl RecordType {
    /// What a new row starts with.
    pub fn defaults(&self, moment: &Moment, beginning: &Beginning<'_>) -> Vec<(FieldId, Value)> {
        let today = || Value::Date(moment.today());
        let code = |code: &str| Value::text(code);
        if *self == client::TYPE {
            let mut values = vec![(client::status, code(ClientStatus::Active.code())), (client::opened, today())];
            values.push((client::worker, beginning.worker.into()));
            values.push((client::area, beginning.area.into()));
            values
        } else if *self == enrollment::TYPE {
            vec![(enrollment::entry, today()), (enrollment::head, Value::Yes(true))]
        } else if *self == need::TYPE {
            vec![(need::status, code(NeedStatus::Open.code())), (need::identified, today())]
        } else if *self == plan::TYPE {
            let review = moment.today().checked_add_months(chrono::Months::new(6));
            vec![
                (plan::kind, code(beginning.plan.code())),
                (plan::version, Value::Whole(1)),
                (plan::status, code(PlanStatus::Active.code())),
                (plan::start, today()),
                (plan::review_due, review.map_or(Value::Empty, Value::Date)),
            ]
        } else if *self == goal::TYPE {
            vec![(goal::progress, Value::Whole(0)), (goal::status, code(GoalStatus::Open.code()))]
        } else if *self == step::TYPE {
            vec![(step::who, code("me")), (step::status, code(WorkStatus::Open.code()))]
        } else if *self == appointment::TYPE {
            vec![
                (appointment::minutes, Value::Whole(60)),
                (appointment::status, code(AppointmentStatus::Planned.code())),
            ]
        } else if *self == task::TYPE {
            vec![(task::due, today()), (task::status, code(WorkStatus::Open.code()))]
        } else if *self == note::TYPE {
            vec![(note::when, Value::Time(moment.now)), (note::kind, code(ContactKind::Phone.code()))]
        } else {
            self.defaults_of_the_rest(moment)
        }
    }

    fn defaults_of_the_rest(&self, moment: &Moment) -> Vec<(FieldId, Value)> {
        let today = Value::Date(moment.today());
        let now = Value::Time(moment.now);
        match self.name {
            "consent" => vec![(consent::from, today)],
            "authorization" => vec![(authorization::status, AuthorizationStatus::Approved.code().into())],
            "benefit" => vec![(benefit::status, BenefitStatus::Active.code().into())],
            "medication_check" => vec![(medication_check::when, now)],
            "assessment" => vec![(assessment::on, today)],
            "safety_plan" => vec![(safety_plan::reviewed, today)],
            "snooze" => vec![(super::records::snooze::made, today)],
            "incident" => vec![(incident::began, now)],
            "referral" => vec![(referral::status, ReferralStatus::Draft.code().into())],
            "advocacy" => vec![(advocacy::status, AdvocacyStatus::Open.code().into())],
            "arrangement" => {
                vec![(arrangement::owner, "me".into()), (arrangement::status, ArrangementStatus::Open.code().into())]
            }
            "service" => vec![(service::status, ServiceStatus::Active.code().into()), (service::since, today)],
            "housing" => vec![(housing::from, today)],
            "vocation" => vec![(vocation::applied, today)],
            "employment" => vec![(employment::started, today)],
            "disclosure" => vec![(disclosure::when, now)],
            "resource" => vec![(resource::status, ResourceStatus::Open.code().into())],
            "credential" => vec![(credential::status, CredentialStatus::Held.code().into())],
            "education" => vec![(education::on, today)],
            "supervision" => vec![(supervision::on, today)],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::records::worker;
    use chrono::{DateTime, FixedOffset};

    fn moment() -> Moment {
        let now = DateTime::parse_from_rfc3339("2026-11-24T11:05:00+00:00").unwrap();
        Moment::new(now, |_| FixedOffset::east_opt(0).unwrap())
    }

    fn field(record: &'static RecordType, id: FieldId) -> &'static Field {
        record.field(id.field).unwrap()
    }

    #[test]
    fn choices_by_code_label_or_beginning() {
        let kind = field(&note::TYPE, note::kind);
        for typed in ["face-to-face", "Face to face", "fac"] {
            assert_eq!(kind.parse(typed, &moment()).unwrap(), Value::text("face-to-face"));
        }
        assert!(kind.parse("s", &moment()).is_ok_and(|value| value == Value::text("service")));
        let refused = field(&appointment::TYPE, appointment::status).parse("k, maybe", &moment()).unwrap_err();
        assert!(refused.to_string().starts_with("Status: must be one of: planned, confirmed, kept"));
    }

    #[test]
    fn nothing_typed_is_nothing_and_wrong_kinds_are_told() {
        for record in crate::model::CATALOGUE {
            for field in record.fields {
                assert_eq!(field.parse("  ", &moment()), Ok(Value::Empty));
            }
        }
        let progress = field(&goal::TYPE, goal::progress);
        assert_eq!(progress.parse("60 %", &moment()), Ok(Value::Whole(60)));
        assert!(progress.parse("160", &moment()).is_err());
        assert!(field(&client::TYPE, client::phone).parse("call her", &moment()).is_err());
    }

    #[test]
    fn what_says_that_it_happened_takes_no_day_ahead_and_says_why() {
        use crate::model::records::{assessment, employment, enrollment, safety_plan, stay, vocation};
        let now = DateTime::parse_from_rfc3339("2026-11-24T11:05:00-05:00").unwrap();
        let moment = Moment::new(now, |_| FixedOffset::west_opt(5 * 3600).unwrap());
        let why = "has not happened yet: leave it empty until it has";
        let ahead = [
            (&incident::TYPE, incident::resolved, "Over since"),
            (&incident::TYPE, incident::reported, "Reported"),
            (&incident::TYPE, incident::debriefed, "Debriefed"),
            (&incident::TYPE, incident::written, "Written report sent"),
            (&assessment::TYPE, assessment::answered, "Acted on"),
            (&stay::TYPE, stay::followed_up, "Follow-up visit held"),
            (&advocacy::TYPE, advocacy::filed, "Filed"),
            (&referral::TYPE, referral::answered, "Answered"),
            (&referral::TYPE, referral::closed, "Closed"),
            (&consent::TYPE, consent::revoked, "Taken back"),
            (&step::TYPE, step::done_on, "Done on"),
            (&task::TYPE, task::done_on, "Done on"),
            (&vocation::TYPE, vocation::ipe, "IPE signed"),
            (&employment::TYPE, employment::checked_90, "Checked at 90 days"),
            (&plan::TYPE, plan::reviewed, "Last reviewed"),
            (&enrollment::TYPE, enrollment::assessed, "Annual assessment done"),
        ];
        for (record, id, label) in ahead {
            let refused = field(record, id).parse("2026-12-03", &moment).unwrap_err();
            assert_eq!(refused.to_string(), format!("{label}: {why}"));
            assert!(field(record, id).parse("2026-11-23", &moment).is_ok(), "{label}");
            let earliest = if matches!(field(record, id).kind, Kind::Date) { "today" } else { "now" };
            assert!(field(record, id).parse(earliest, &moment).is_ok(), "{label}");
        }
        let required = "has not happened yet: write it down when it has";
        let reviewed = field(&safety_plan::TYPE, safety_plan::reviewed).parse("tomorrow", &moment).unwrap_err();
        assert_eq!(reviewed.why, required);
        // What may be planned is planned.
        for (record, id) in [(&housing::TYPE, housing::until), (&client::TYPE, client::closed)] {
            assert!(field(record, id).parse("2026-12-03", &moment).is_ok());
        }
        assert!(field(&stay::TYPE, stay::discharged).parse("2026-12-03", &moment).is_ok());
    }

    #[test]
    fn times_that_have_passed_elsewhere_have_passed_and_a_day_that_was_only_named_has_all_its_hours() {
        let now = DateTime::parse_from_rfc3339("2026-11-24T23:30:00-05:00").unwrap();
        let moment = Moment::new(now, |_| FixedOffset::west_opt(5 * 3600).unwrap());
        let resolved = field(&incident::TYPE, incident::resolved);
        // In Berlin it is the 25th already; half an hour ago there, too.
        assert!(resolved.parse("2026-11-25T05:00:00+01:00", &moment).is_ok());
        assert!(resolved.parse("2026-11-25T05:31:00+01:00", &moment).is_err());
        assert!(resolved.parse("2026-11-24 23:45", &moment).is_err());
        assert!(resolved.parse("2026-11-24 23:45", &moment.of_the_day()).is_ok());
        assert!(resolved.parse("2026-11-25 00:15", &moment.of_the_day()).is_err());
    }

    #[test]
    fn a_new_row_starts_with_values_that_fit() {
        let beginning = Beginning { worker: "Rosa Ortiz", area: "healthcare", plan: PlanKind::Discharge };
        for record in crate::model::CATALOGUE.iter().filter(|record| ***record != worker::TYPE) {
            for (id, value) in record.defaults(&moment(), &beginning) {
                field(record, id).check(&value).unwrap();
            }
        }
    }
}
