//! Whose a client's file is to write: what the last word on handing it to this installation says.
//!
//! The promise: a copy to read is read only, and stays so until something later is said; cover and copies are over at the
//! minute that was said, and whoever writes after it is told who has the client. Called by `commit` before the first entry of
//! an action in a stream; it changes nothing, and what came in by merging is none of its matter.

use chrono::{DateTime, FixedOffset};
use rusqlite::Connection;

use crate::model::records::{client, share};
use crate::model::text::one_line;
use crate::model::{Hlc, Moment, Row, RowId, ShareKind, SiteId, Value};

use super::cell::{Presence, RowState};
use super::projection::{held, load};
use super::since::own_sites;
use super::wire::ROW_ITSELF;
use super::{Result, Store, StoreError, journal, local_moment};

/// What the last word on a client and some sites says.
struct LastWord {
    row: Row,
    said: Hlc,
    /// Who said it.
    by: String,
}

/// The share that was said last, of those that name one of these sites.
fn last_word(db: &Connection, stream: RowId, is_meant: impl Fn(&str) -> bool) -> Result<Option<LastWord>> {
    let sql = format!("SELECT id FROM {} WHERE stream = ?1 AND state & 1 = 0", share::TYPE.table());
    let mut query = db.prepare_cached(&sql)?;
    let ids = query.query_map([stream], |row| Ok(RowId::from_bytes(row.get(0)?)))?;
    let mut last: Option<(Hlc, RowState)> = None;
    for id in ids {
        let Some(state) = load(db, &share::TYPE, id?)?.filter(|state| state.presence() != Presence::Gone) else {
            continue;
        };
        if !is_meant(&state.value(share::site.field).plain()) {
            continue;
        }
        let said = [ROW_ITSELF, share::kind.field, share::site.field, share::until.field, share::ends.field];
        let said = said.iter().flat_map(|field| state.heads(*field, "")).map(|head| head.hlc).max().unwrap_or_default();
        if last.as_ref().is_none_or(|(before, known)| (*before, known.id) < (said, state.id)) {
            last = Some((said, state));
        }
    }
    let Some((said, state)) = last else { return Ok(None) };
    let by = match state.heads(ROW_ITSELF, "").first() {
        Some(head) => journal::holding(db, stream, head.at)?.map_or(String::new(), |batch| batch.header.author),
        None => String::new(),
    };
    Ok(state.to_row().map(|row| LastWord { row, said, by }))
}

/// Refuses to write where a client's file is here to be read only, or not any more. `of_readers` is what whoever may read may
/// write: a name under a note, and what they gave of it.
pub(super) fn may_write(
    db: &Connection,
    stream: RowId,
    me: (SiteId, &str),
    moment: &Moment,
    of_readers: bool,
) -> Result<()> {
    if !held(db, stream)?.contains(&share::TYPE.number) {
        return Ok(());
    }
    let own: Vec<String> = own_sites(db, me.0)?.iter().map(SiteId::to_string).collect();
    let Some(word) = last_word(db, stream, |site| own.iter().any(|one| one == site))? else { return Ok(()) };
    let kind = ShareKind::from_code(word.row.text(share::kind));
    if matches!(kind, None | Some(ShareKind::Transfer)) {
        return Ok(());
    }
    let person = load(db, &client::TYPE, stream)?;
    let worker = person.iter().flat_map(|person| person.heads(client::worker.field, "")).next();
    let named = |text: &str| text.trim().eq_ignore_ascii_case(me.1.trim());
    let text = |value: &[u8]| Value::decode(value).unwrap_or(Value::Empty).plain();
    // Whoever was made the client's case manager since has it.
    if worker.is_some_and(|head| head.hlc > word.said && named(&text(&head.value))) {
        return Ok(());
    }
    if is_over(&word.row, moment) {
        let with = worker.map(|head| text(&head.value)).filter(|with| !with.trim().is_empty() && !named(with));
        let with = with.unwrap_or(word.by);
        return Err(StoreError::ShareIsOver {
            what: if kind == Some(ShareKind::Cover) { "cover" } else { "copy to read" },
            ended: ended(&word.row, moment),
            with: one_line(with.trim()).into_owned(),
        });
    }
    match kind {
        Some(ShareKind::Copy) if !of_readers => Err(StoreError::OnlyACopy),
        _ => Ok(()),
    }
}

/// Whether what was given for a while is over: at the minute that was said, or after the last day.
pub(super) fn is_over(row: &Row, moment: &Moment) -> bool {
    match row.get(share::ends) {
        ends @ Value::Time(_) => !moment.is_ahead(ends),
        _ => row.date(share::until).is_some_and(|until| until < moment.today()),
    }
}

fn ended(row: &Row, moment: &Moment) -> String {
    let on_the_day = || row.date(share::until).map_or(String::new(), |day| day.format("%-d %b %Y").to_string());
    let at = |ends: DateTime<FixedOffset>| moment.local(ends).format("%-d %b %Y %H:%M").to_string();
    row.time(share::ends).map_or_else(on_the_day, at)
}

impl Store {
    /// What the last word on handing a client to a site says; none where none was said.
    pub fn last_share(&self, stream: RowId, site: SiteId) -> Result<Option<Row>> {
        let site = site.to_string();
        Ok(last_word(&self.db, stream, |one| one == site)?.map(|word| word.row))
    }

    /// Takes this day for today where it matters whether something is over (`--today`); what is written is stamped by the
    /// clock all the same.
    pub fn take_for_today(&mut self, day: Option<chrono::NaiveDate>) {
        self.day = day;
    }

    /// The moment by which it is told whether something is over.
    pub(super) fn moment(&self) -> Moment {
        match self.day {
            Some(day) => local_moment(Some(day)),
            None => Moment::new(self.now(), super::local_offset),
        }
    }
}
