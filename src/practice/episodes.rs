//! Times in care: each from opening to closing. Someone who comes back has another one, and the first stays as it was.
//!
//! The promise: what was told of a time in care does not change when the person comes back, whether its row was written
//! (since this version) or is told from what the client's own fields said over the years (files of earlier ones). Pure.

use chrono::NaiveDate;

use crate::model::records::{client, episode};
use crate::model::{Change, ClientStatus, ClosingOutcome, Edit, FieldId, Row, RowId, Value};

/// One time in care.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Episode {
    /// Where it stands; none: told from the client's own fields.
    pub row: Option<RowId>,
    pub opened: Option<NaiveDate>,
    /// `None`: it goes on, unless [`Episode::undated`].
    pub closed: Option<NaiveDate>,
    /// It is over, and nothing says since when.
    pub undated: bool,
    pub why: String,
    /// The code of the outcome at closing.
    pub outcome: String,
    pub summary: String,
    pub worker: String,
}

impl Episode {
    fn of_row(row: &Row) -> Episode {
        Episode {
            row: Some(row.id),
            opened: row.date(episode::opened),
            closed: row.date(episode::closed),
            undated: false,
            why: row.text(episode::closing_reason).into(),
            outcome: row.text(episode::outcome).into(),
            summary: row.text(episode::closing_summary).into(),
            worker: row.text(episode::worker).into(),
        }
    }

    /// What a client's own fields say.
    fn of_client(row: &Row, opened: Option<NaiveDate>, closed_on: Option<NaiveDate>) -> Episode {
        let mut one = Episode {
            opened: opened.or(row.date(client::opened)),
            worker: row.text(client::worker).into(),
            ..Episode::default()
        };
        if is_closed(row) {
            one.closed = row.date(client::closed).or(closed_on);
            one.undated = one.closed.is_none();
            one.why = row.text(client::closing_reason).into();
            one.outcome = row.text(client::outcome).into();
            one.summary = row.text(client::closing_summary).into();
        }
        one
    }

    /// Whether it was going on on a day; on its last day it is over.
    pub fn is_open_on(&self, day: NaiveDate) -> bool {
        self.opened.is_none_or(|opened| opened <= day) && self.closed.map_or(!self.undated, |closed| day < closed)
    }

    /// "15 Jan 2026 to 20 Mar 2026, goals reached: moved in".
    pub fn in_words(&self) -> String {
        let said = |day: NaiveDate| day.format("%-d %b %Y").to_string();
        let opened = self.opened.map_or("some day".into(), said);
        let closed = match self.closed {
            Some(closed) => format!("{opened} to {}", said(closed)),
            None if self.undated => format!("from {opened}, closed"),
            None => format!("since {opened}"),
        };
        let outcome = ClosingOutcome::from_code(&self.outcome).map_or("", ClosingOutcome::label).to_lowercase();
        let mut out = closed;
        for (mark, text) in [(", ", outcome.as_str()), (": ", self.why.trim())] {
            if !text.is_empty() {
                out.push_str(mark);
                out.push_str(text);
            }
        }
        out
    }

    /// Days from the opening to the closing.
    pub fn days(&self) -> Option<i64> {
        Some((self.closed? - self.opened?).num_days())
    }

    fn overlaps(&self, other: &Episode) -> bool {
        let before = |one: &Episode, next: &Episode| one.closed.zip(next.opened).is_some_and(|(end, next)| end <= next);
        self.opened == other.opened || !before(self, other) && !before(other, self)
    }

    /// Takes from another telling of the same time what is not known yet.
    fn complete(&mut self, other: Episode) {
        self.row = self.row.or(other.row);
        self.opened = self.opened.or(other.opened);
        self.closed = self.closed.or(other.closed);
        self.undated = self.closed.is_none() && (self.undated || other.undated);
        for (own, others) in [
            (&mut self.why, other.why),
            (&mut self.outcome, other.outcome),
            (&mut self.summary, other.summary),
            (&mut self.worker, other.worker),
        ] {
            if own.trim().is_empty() {
                *own = others;
            }
        }
    }
}

/// One action on a client's own fields, as the journal has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub day: NaiveDate,
    /// It took another one back.
    pub undo: bool,
    pub values: Vec<(FieldId, Value)>,
}

/// Whether a client's own fields say that the case is closed.
pub fn is_closed(row: &Row) -> bool {
    row.text(client::status) == ClientStatus::Closed.code()
}

/// The times in care of one entry for a person, the oldest first; there is always one. `told` is needed where they have
/// no rows yet, or where something other than this program's own screen opened them again.
pub fn of(person: &Row, rows: &[Row], told: &[Told]) -> Vec<Episode> {
    let mut all: Vec<Episode> = Vec::new();
    for row in rows {
        let one = Episode::of_row(row);
        // Two laptops that closed the same case each wrote a row.
        match all.iter_mut().find(|known| known.opened == one.opened) {
            Some(known) => known.complete(one),
            None => all.push(one),
        }
    }
    for one in from_fields(person, told) {
        let same = all.iter().position(|known| known.opened == one.opened);
        match same.or_else(|| all.iter().position(|known| known.overlaps(&one))) {
            Some(at) => all[at].complete(one),
            None => all.push(one),
        }
    }
    all.sort_by_key(|one| (one.opened, one.closed.is_none(), one.closed));
    all
}

/// What several entries for one person say together: two tellings of the same weeks are one time in care.
pub fn together(mut all: Vec<Episode>) -> Vec<Episode> {
    all.sort_by_key(|one| (one.opened, one.closed.is_none(), one.closed));
    let mut kept: Vec<Episode> = Vec::new();
    for one in all {
        match kept.last_mut().filter(|last| last.overlaps(&one)) {
            Some(last) => {
                let closed = last.closed.zip(one.closed).map(|(a, b)| a.max(b));
                let undated = last.undated && one.undated;
                last.complete(one);
                (last.closed, last.undated) = (closed, undated);
            }
            None => kept.push(one),
        }
    }
    kept
}

/// The times in care that the client's own fields told one after the other.
fn from_fields(person: &Row, told: &[Told]) -> Vec<Episode> {
    let mut past: Vec<Episode> = Vec::new();
    let mut state = Row::new(person.record, person.id, person.stream);
    // When the running one began, where the fields still say when the one before did; and when it became closed.
    let (mut began, mut closed_on) = (None, None);
    // It is known to have begun although the status does not say so yet.
    let mut announced = false;
    for action in told {
        let before = Episode::of_client(&state, began, closed_on);
        let was = is_closed(&state);
        let opened = state.date(client::opened);
        action.values.iter().for_each(|(field, value)| state.put(*field, value.clone()));
        let is = is_closed(&state);
        let moved = state.date(client::opened).filter(|day| Some(*day) != opened);
        if action.undo {
            // What was taken back was no coming back, and no closing.
            if is && past.last().is_some_and(|last| last.opened == state.date(client::opened)) {
                past.pop();
            }
            (began, announced) = (None, false);
        } else if was && !is && !announced {
            began = Some(moved.unwrap_or(action.day));
            past.push(before.clone());
        } else if was && is && !announced && moved.zip(before.closed).is_some_and(|(opened, closed)| closed < opened) {
            (began, announced) = (moved, true);
            past.push(before.clone());
        } else if moved.is_some() {
            began = None;
        }
        if !is {
            (closed_on, announced) = (None, false);
        } else if !was {
            closed_on = Some(action.day);
        } else if state.date(client::closed).is_none() {
            // The day is cleared on the way to opening it again: what it was stays known.
            closed_on = before.closed.or(closed_on);
        }
    }
    let mut newest = Episode::of_client(person, began, closed_on);
    if announced {
        (newest.closed, newest.undated) = (None, false);
    }
    past.push(newest);
    past
}

/// Where a change closes a case or opens it again: writes the time in care that ends, or begins, in the same change, and
/// lets the client's own fields show the newest. `known` are the times in care before the change.
pub fn keep(
    change: &mut Change,
    before: &Row,
    known: &[Episode],
    first_seen: NaiveDate,
    today: NaiveDate,
    mut new_id: impl FnMut() -> RowId,
) {
    let mut after = before.clone();
    for edit in &change.edits {
        if let Edit::Set { row, field, value } = edit
            && *row == before.id
        {
            after.put(*field, value.clone());
        }
    }
    let Some((newest, earlier)) = known.split_last() else { return };
    let mut put = |one: &Episode, change: &mut Change| {
        let row = one.row.unwrap_or_else(|| {
            let row = new_id();
            change.create(&episode::TYPE, row, before.stream);
            row
        });
        let day = |day: Option<NaiveDate>| day.map_or(Value::Empty, Value::Date);
        let text = |text: &str| if text.trim().is_empty() { Value::Empty } else { Value::text(text) };
        for (field, value) in [
            (episode::opened, day(Some(one.opened.unwrap_or(first_seen)))),
            (episode::closed, day(one.closed)),
            (episode::closing_reason, text(&one.why)),
            (episode::outcome, text(&one.outcome)),
            (episode::closing_summary, text(&one.summary)),
            (episode::worker, text(&one.worker)),
        ] {
            if one.row.is_some() || !value.is_empty() {
                change.set(row, field, value);
            }
        }
    };
    match (is_closed(before), is_closed(&after)) {
        (false, true) => {
            if after.date(client::closed).is_none() {
                after.put(client::closed, Value::Date(today));
                change.set(before.id, client::closed, Value::Date(today));
            }
            earlier.iter().filter(|one| one.row.is_none()).for_each(|one| put(one, change));
            put(&Episode { row: newest.row, ..Episode::of_client(&after, None, None) }, change);
        }
        (true, false) => {
            known.iter().filter(|one| one.row.is_none()).for_each(|one| put(one, change));
            let said = after.date(client::opened).filter(|day| before.date(client::opened) != Some(*day));
            let opened = Value::Date(said.unwrap_or(today));
            after.put(client::opened, opened.clone());
            change.set(before.id, client::opened, opened);
            for field in [client::closed, client::closing_reason, client::outcome, client::closing_summary] {
                change.set(before.id, field, Value::Empty);
            }
            put(&Episode::of_client(&after, None, None), change);
        }
        // What is corrected stands in both places.
        _ if newest.row.is_some() => {
            put(&Episode { row: newest.row, ..Episode::of_client(&after, None, newest.closed) }, change);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn id(key: &str) -> RowId {
        RowId::derived(&[key])
    }

    fn set(day_text: &str, values: &[(FieldId, &str)]) -> Told {
        let value = |field: FieldId, text: &str| match text {
            "" => Value::Empty,
            _ if field == client::opened || field == client::closed => Value::Date(day(text)),
            _ => Value::text(text),
        };
        let values = values.iter().map(|(field, text)| (*field, value(*field, text))).collect();
        Told { day: day(day_text), undo: false, values }
    }

    fn undone(mut told: Told) -> Told {
        told.undo = true;
        told
    }

    fn person(told: &[Told]) -> Row {
        let mut row = Row::new(&client::TYPE, id("ana"), id("ana"));
        told.iter().flat_map(|told| &told.values).for_each(|(field, value)| row.put(*field, value.clone()));
        row
    }

    fn times(all: &[Episode]) -> Vec<(String, String)> {
        let text = |day: Option<NaiveDate>| day.map_or("-".to_string(), |day| day.to_string());
        all.iter().map(|one| (text(one.opened), text(one.closed))).collect()
    }

    const OPENED: FieldId = client::opened;
    const CLOSED: FieldId = client::closed;
    const STATUS: FieldId = client::status;

    /// A file of an earlier version: the journal of the client's own fields tells how often they were in care.
    #[test]
    fn the_clients_own_fields_tell_the_times_in_care_one_after_the_other() {
        let opened = set("2026-01-20", &[(STATUS, "active"), (OPENED, "2026-01-15")]);
        let closed =
            set("2026-03-21", &[(STATUS, "closed"), (CLOSED, "2026-03-20"), (client::outcome, "goals-reached")]);
        for (name, more, expected) in [
            ("still closed", vec![], vec![("2026-01-15", "2026-03-20")]),
            (
                "opened again, and only the status says so",
                vec![set("2026-10-05", &[(STATUS, "active")])],
                vec![("2026-01-15", "2026-03-20"), ("2026-10-05", "-")],
            ),
            (
                "opened again with its day",
                vec![set("2026-10-07", &[(STATUS, "active"), (OPENED, "2026-10-05"), (CLOSED, "")])],
                vec![("2026-01-15", "2026-03-20"), ("2026-10-05", "-")],
            ),
            (
                "field by field, the day first",
                vec![
                    set("2026-10-07", &[(OPENED, "2026-10-05")]),
                    set("2026-10-07", &[(STATUS, "active")]),
                    set("2026-10-07", &[(CLOSED, "")]),
                ],
                vec![("2026-01-15", "2026-03-20"), ("2026-10-05", "-")],
            ),
            (
                "field by field, the end first",
                vec![
                    set("2026-10-07", &[(CLOSED, "")]),
                    set("2026-10-07", &[(STATUS, "active")]),
                    set("2026-10-08", &[(OPENED, "2026-10-05")]),
                ],
                vec![("2026-01-15", "2026-03-20"), ("2026-10-05", "-")],
            ),
            (
                "closed a second time",
                vec![
                    set("2026-10-05", &[(STATUS, "active")]),
                    set("2026-11-02", &[(STATUS, "closed"), (CLOSED, "2026-11-01")]),
                ],
                vec![("2026-01-15", "2026-03-20"), ("2026-10-05", "2026-11-01")],
            ),
            (
                "the day of closing was wrong",
                vec![set("2026-03-22", &[(CLOSED, "2026-03-19")])],
                vec![("2026-01-15", "2026-03-19")],
            ),
            (
                "closing was a mistake and undone",
                vec![undone(set("2026-03-21", &[(STATUS, "active"), (CLOSED, ""), (client::outcome, "")]))],
                vec![("2026-01-15", "-")],
            ),
            (
                "opening again was a mistake and undone",
                vec![set("2026-10-05", &[(STATUS, "active")]), undone(set("2026-10-05", &[(STATUS, "closed")]))],
                vec![("2026-01-15", "2026-03-20")],
            ),
        ] {
            let mut told = vec![opened.clone(), closed.clone()];
            told.extend(more);
            let all = of(&person(&told), &[], &told);
            let expected: Vec<(String, String)> =
                expected.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
            assert_eq!(times(&all), expected, "{name}");
            if all.len() > 1 {
                assert_eq!(all[0].outcome, "goals-reached", "{name}: the first keeps what came of it");
            }
        }
        // Without a day of closing it is the day on which it was said; without a journal the fields are all there is.
        let told = [opened.clone(), set("2026-03-21", &[(STATUS, "closed")])];
        assert_eq!(times(&of(&person(&told), &[], &told)), [("2026-01-15".into(), "2026-03-21".into())]);
        assert_eq!(times(&of(&person(&[opened]), &[], &[])), [("2026-01-15".into(), "-".into())]);
    }

    fn apply(change: &Change, person: &mut Row, rows: &mut Vec<Row>) {
        for edit in &change.edits {
            match edit {
                Edit::Create { record, row, stream } => rows.push(Row::new(record, *row, *stream)),
                Edit::Set { row, field, value } if *row == person.id => person.put(*field, value.clone()),
                Edit::Set { row, field, value } => {
                    rows.iter_mut().find(|own| own.id == *row).unwrap().put(*field, value.clone());
                }
                _ => panic!("nothing else is written"),
            }
        }
    }

    /// Closing and opening again write rows; the client's own fields show the newest.
    #[test]
    fn what_is_closed_and_opened_again_is_written_down_in_the_same_change() {
        let told = [set("2026-01-15", &[(STATUS, "active"), (OPENED, "2026-01-15"), (client::worker, "Rosa Ortiz")])];
        let (mut person, mut rows, mut ids) = (person(&told), Vec::new(), 0);
        let mut step = |person: &mut Row, rows: &mut Vec<Row>, today: &str, values: &[(FieldId, &str)]| {
            let mut change = Change::new("edit client");
            for (field, value) in set(today, values).values {
                change.set(person.id, field, value);
            }
            let known = of(person, rows, &told);
            keep(&mut change, person, &known, day("2026-01-15"), day(today), || {
                ids += 1;
                id(&ids.to_string())
            });
            change.check().unwrap();
            apply(&change, person, rows);
        };
        step(&mut person, &mut rows, "2026-03-20", &[(STATUS, "closed"), (client::outcome, "moved-away")]);
        assert_eq!(person.date(CLOSED), Some(day("2026-03-20")));
        step(&mut person, &mut rows, "2026-10-05", &[(STATUS, "active")]);
        assert_eq!((person.date(OPENED), person.date(CLOSED)), (Some(day("2026-10-05")), None));
        assert_eq!(person.text(client::outcome), "");
        step(
            &mut person,
            &mut rows,
            "2026-11-02",
            &[(STATUS, "closed"), (CLOSED, "2026-11-01"), (client::outcome, "died")],
        );
        step(&mut person, &mut rows, "2026-11-03", &[(CLOSED, "2026-10-31")]);
        let all = of(&person, &rows, &told);
        let expected = [("2026-01-15", "2026-03-20", "moved-away"), ("2026-10-05", "2026-10-31", "died")];
        assert_eq!(rows.len(), 2);
        assert_eq!(times(&all), expected.map(|(a, b, _)| (a.to_string(), b.to_string())));
        assert_eq!(all.iter().map(|one| one.outcome.as_str()).collect::<Vec<_>>(), expected.map(|(_, _, why)| why));
        assert!(all.iter().all(|one| one.worker == "Rosa Ortiz"));
        assert_eq!((all[0].days(), all[1].days()), (Some(64), Some(26)));
        // Rows of two laptops for the same time are one.
        let mut twice = rows.clone();
        let mut copy = rows[1].clone();
        copy.id = id("other laptop");
        twice.push(copy);
        assert_eq!(of(&person, &twice, &told).len(), 2);
    }
}
