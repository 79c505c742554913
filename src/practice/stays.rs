//! Hospital stays: which of them are readmissions, and where a client stands in the thirty days after a discharge.
//!
//! The promise: whatever the order in which stays are written down, a stay that began within 30 days of the end of an
//! earlier one is recognised. Pure. Called where a stay is saved, and by whoever shows or counts stays.

use chrono::NaiveDate;

use crate::model::records::stay;
use crate::model::{Change, Edit, Row, RowId, StayKind, Value};

/// Days after a discharge in which coming back counts as a readmission: 42 CFR 412.152.
pub const WINDOW: i64 = 30;

/// An unplanned stay in a hospital, or a planned one; neither an emergency visit nor a stay in rehabilitation.
pub fn is_inpatient(stay: &Row) -> bool {
    let kind = StayKind::from_code(stay.text(stay::kind));
    matches!(kind, Some(StayKind::Medical | StayKind::Psychiatric | StayKind::Detox))
}

/// Whether a stay of the same client is a readmission after an earlier one: unplanned, and begun on the day of its
/// discharge or in the 30 days after.
pub fn follows(later: &Row, earlier: &Row) -> bool {
    let (Some(admitted), Some(discharged)) = (later.date(stay::admitted), earlier.date(stay::discharged)) else {
        return false;
    };
    later.id != earlier.id
        && is_inpatient(later)
        && !later.yes(stay::planned)
        && is_inpatient(earlier)
        && (0..=WINDOW).contains(&(admitted - discharged).num_days())
        // Two stays of one day, each beginning as the other ends: only the one that began later follows on.
        && earlier.date(stay::admitted).is_none_or(|began| (began, earlier.id) < (admitted, later.id))
}

fn follows_on(later: &Row, stays: &[Row]) -> bool {
    stays.iter().any(|earlier| follows(later, earlier))
}

/// How many of one client's stays are readmissions.
pub fn readmissions(stays: &[Row]) -> usize {
    stays.iter().filter(|one| follows_on(one, stays)).count()
}

/// The days passed since a discharge, as long as the window is open: 0 on the day itself, 30 on the last.
pub fn day_of_window(stay: &Row, today: NaiveDate) -> Option<i64> {
    let passed = (today - stay.date(stay::discharged)?).num_days();
    (is_inpatient(stay) && (0..=WINDOW).contains(&passed)).then_some(passed)
}

/// Says of the stays that a change adds or edits, and of the client's others, whether they are readmissions now.
/// `stays` are the client's as they were before; a change that is not about stays is left alone.
pub fn recognise(change: &mut Change, stays: &[Row]) {
    let mut after: Vec<Row> = stays.to_vec();
    let mut touched = false;
    for edit in &change.edits {
        match edit {
            Edit::Create { record, row, stream } if **record == stay::TYPE => {
                touched = true;
                after.push(Row::new(record, *row, *stream));
            }
            Edit::Set { row, field, value } if field.record == stay::TYPE.number => {
                touched = true;
                if let Some(one) = after.iter_mut().find(|one| one.id == *row) {
                    one.put(*field, value.clone());
                }
            }
            Edit::Delete { record, row } if **record == stay::TYPE => {
                touched = true;
                after.retain(|one| one.id != *row);
            }
            _ => {}
        }
    }
    if !touched {
        return;
    }
    let told: Vec<(RowId, bool)> = after
        .iter()
        .map(|one| (one, follows_on(one, &after)))
        .filter(|(one, is)| *is != one.yes(stay::readmission))
        .map(|(one, is)| (one.id, is))
        .collect();
    for (row, is) in told {
        change.set(row, stay::readmission, Value::Yes(is));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, kind: StayKind, admitted: &str, discharged: &str) -> Row {
        let mut row = Row::new(&stay::TYPE, RowId::derived(&[name]), RowId::derived(&["client"]));
        row.put(stay::kind, kind.code());
        row.put(stay::admitted, admitted.parse::<NaiveDate>().unwrap());
        row.put(stay::discharged, discharged.parse::<NaiveDate>().ok());
        row
    }

    #[test]
    fn a_stay_within_thirty_days_of_a_discharge_is_a_readmission() {
        // Over the leap day: 31 January 2028 and thirty days is 1 March.
        let first = one("first", StayKind::Medical, "2028-01-27", "2028-01-31");
        for (kind, admitted, planned, is) in [
            (StayKind::Medical, "2028-01-31", false, 1),
            (StayKind::Medical, "2028-03-01", false, 1),
            (StayKind::Medical, "2028-03-02", false, 0),
            (StayKind::Psychiatric, "2028-02-10", false, 1),
            (StayKind::Medical, "2028-02-10", true, 0),
            (StayKind::Emergency, "2028-02-10", false, 0),
            (StayKind::Rehabilitation, "2028-01-31", false, 0),
        ] {
            let mut second = one("second", kind, admitted, "");
            second.put(stay::planned, planned);
            // Whatever the order in which they are known.
            assert_eq!(readmissions(&[first.clone(), second.clone()]), is, "{kind:?} {admitted}");
            assert_eq!(readmissions(&[second, first.clone()]), is, "{kind:?} {admitted}");
        }
    }

    #[test]
    fn the_window_counts_from_the_day_of_the_discharge_to_the_thirtieth_after() {
        let home = one("home", StayKind::Medical, "2026-12-10", "2026-12-15");
        let on = |day: &str| day_of_window(&home, day.parse().unwrap());
        assert_eq!([on("2026-12-14"), on("2026-12-15"), on("2026-12-27")], [None, Some(0), Some(12)]);
        assert_eq!([on("2027-01-14"), on("2027-01-15")], [Some(30), None]);
    }

    #[test]
    fn saving_a_stay_says_which_are_readmissions_now_also_of_those_known_before() {
        let mut later = one("later", StayKind::Medical, "2026-11-20", "");
        let mut change = Change::new("add stay");
        let id = RowId::derived(&["earlier"]);
        change
            .create(&stay::TYPE, id, later.stream)
            .set(id, stay::kind, "medical")
            .set(id, stay::admitted, "2026-11-01".parse::<NaiveDate>().unwrap())
            .set(id, stay::discharged, "2026-11-05".parse::<NaiveDate>().unwrap());
        recognise(&mut change, std::slice::from_ref(&later));
        assert_eq!(
            change.edits.last(),
            Some(&Edit::Set { row: later.id, field: stay::readmission, value: Value::Yes(true) })
        );
        // The earlier one turns out to have ended long before: it is none after all.
        later.put(stay::readmission, true);
        let earlier = one("earlier", StayKind::Medical, "2026-09-01", "2026-11-05");
        let mut change = Change::new("edit stay");
        change.set(id, stay::discharged, "2026-09-05".parse::<NaiveDate>().unwrap());
        recognise(&mut change, &[later.clone(), earlier]);
        assert_eq!(
            change.edits.last(),
            Some(&Edit::Set { row: later.id, field: stay::readmission, value: Value::Yes(false) })
        );
        // What is not about stays stays as it is.
        let mut change = Change::new("note");
        recognise(&mut change, &[later]);
        assert!(change.is_empty());
    }
}
