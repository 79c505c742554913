//! A reason put off by a script: asked at the door what the screen would ask.

use anyhow::bail;

use crate::model::records::snooze;
use crate::model::{Change, Edit, FieldId, RowId, Value};
use crate::store::Store;
use crate::triage::{Caseload, may_not_snooze};

use super::Setting;

/// Whether a reason may be put off for so long.
///
/// # Errors
/// Says why not: somebody may be hurt, it is past its due time, or its rule allows fewer days.
pub fn may_be(store: &Store, setting: &Setting, change: &Change, client: RowId) -> anyhow::Result<()> {
    let set = |field: FieldId| {
        change.edits.iter().find_map(|edit| match edit {
            Edit::Set { field: set, value, .. } if *set == field => Some(value),
            _ => None,
        })
    };
    let (Some(Value::Date(until)), Some(Value::Text(rule))) = (set(snooze::until), set(snooze::rule)) else {
        return Ok(());
    };
    let subject = set(snooze::subject).and_then(|value| value.plain().parse::<RowId>().ok());
    let Some(facts) = store.facts(store.root(client)?)? else { return Ok(()) };
    let (moment, rules) = (setting.moment(), &setting.rules);
    let caseload = Caseload::new(vec![facts], rules, moment);
    let reasons = caseload.ranked().iter().flat_map(|ranked| &ranked.reasons);
    let about =
        reasons.filter(|reason| rules.of(reason).id == *rule && (subject.is_none() || subject == reason.subject));
    for reason in about {
        if let Some(why) = may_not_snooze(reason, *until, rules, moment.today()) {
            bail!("Not put off: {why}.");
        }
    }
    Ok(())
}
