//! One value of one field: how it is held, stored, shown and written in `--json`.
//!
//! The stored form describes itself: a tag byte, then the payload. Tags are numbered for ever. A tag that this
//! version does not know is kept and passed on byte for byte ([`Value::Unknown`]).

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeZone};

use super::{Kind, RowId};

#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Nothing here: never filled in, or cleared.
    Empty,
    Text(String),
    /// A whole number; the unit (minutes, percent) is the field's.
    Whole(i64),
    Date(NaiveDate),
    /// An instant with the offset it was lived at, to the second.
    Time(DateTime<FixedOffset>),
    Yes(bool),
    Link(RowId),
    /// Written by a newer version: the whole stored form, kept as it came.
    Unknown(Vec<u8>),
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a stored value is damaged: {0}")]
pub struct ValueError(&'static str);

mod tag {
    pub const EMPTY: u8 = 0;
    pub const TEXT: u8 = 1;
    pub const WHOLE: u8 = 2;
    pub const DATE: u8 = 3;
    pub const TIME: u8 = 4;
    pub const YES: u8 = 5;
    pub const LINK: u8 = 6;
}

impl Value {
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    pub fn is_empty(&self) -> bool {
        match self {
            Value::Empty => true,
            Value::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    /// The stored form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Value::Empty => out.push(tag::EMPTY),
            Value::Text(text) => {
                out.push(tag::TEXT);
                out.extend_from_slice(text.as_bytes());
            }
            Value::Whole(number) => {
                out.push(tag::WHOLE);
                out.extend_from_slice(&number.to_le_bytes());
            }
            Value::Date(day) => {
                out.push(tag::DATE);
                out.extend_from_slice(&day.num_days_from_ce().to_le_bytes());
            }
            Value::Time(time) => {
                out.push(tag::TIME);
                out.extend_from_slice(&time.timestamp().to_le_bytes());
                out.extend_from_slice(&time.offset().local_minus_utc().to_le_bytes());
            }
            Value::Yes(yes) => out.extend_from_slice(&[tag::YES, u8::from(*yes)]),
            Value::Link(row) => {
                out.push(tag::LINK);
                out.extend_from_slice(row.as_bytes());
            }
            Value::Unknown(bytes) => out.extend_from_slice(bytes),
        }
    }

    pub fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(24);
        self.encode(&mut out);
        out
    }

    /// Reads the stored form. Errors only where a known tag carries what it cannot.
    pub fn decode(bytes: &[u8]) -> Result<Value, ValueError> {
        let (&first, rest) = bytes.split_first().ok_or(ValueError("no tag"))?;
        Ok(match first {
            tag::EMPTY => Value::Empty,
            tag::TEXT => {
                Value::Text(std::str::from_utf8(rest).map_err(|_| ValueError("text is not UTF-8"))?.to_string())
            }
            tag::WHOLE => Value::Whole(i64::from_le_bytes(exactly(rest)?)),
            tag::DATE => Value::Date(
                NaiveDate::from_num_days_from_ce_opt(i32::from_le_bytes(exactly(rest)?))
                    .ok_or(ValueError("no such day"))?,
            ),
            tag::TIME => {
                let (seconds, offset) = rest.split_at_checked(8).ok_or(ValueError("short"))?;
                let offset =
                    FixedOffset::east_opt(i32::from_le_bytes(exactly(offset)?)).ok_or(ValueError("no such offset"))?;
                Value::Time(
                    offset
                        .timestamp_opt(i64::from_le_bytes(exactly(seconds)?), 0)
                        .single()
                        .ok_or(ValueError("no such time"))?,
                )
            }
            tag::YES => Value::Yes(exactly::<1>(rest)?[0] != 0),
            tag::LINK => Value::Link(RowId::from_bytes(exactly(rest)?)),
            _ => Value::Unknown(bytes.to_vec()),
        })
    }

    /// The words for `--json`: dates as `YYYY-MM-DD`, times as RFC 3339, nothing as `null`.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Empty | Value::Unknown(_) => serde_json::Value::Null,
            Value::Whole(number) => (*number).into(),
            Value::Yes(yes) => (*yes).into(),
            other => other.plain().into(),
        }
    }

    /// The value as plain text that parses back: for history, sheets and search. Choices show their code.
    pub fn plain(&self) -> String {
        match self {
            Value::Empty => String::new(),
            Value::Text(text) => text.clone(),
            Value::Whole(number) => number.to_string(),
            Value::Date(day) => day.format("%Y-%m-%d").to_string(),
            Value::Time(time) => time.to_rfc3339_opts(chrono::SecondsFormat::Secs, false),
            Value::Yes(yes) => if *yes { "yes" } else { "no" }.to_string(),
            Value::Link(row) => row.to_string(),
            Value::Unknown(_) => "(written by a newer version of caseload)".to_string(),
        }
    }
}

/// Years that every place where days are reckoned with can hold, and that stand in a table in their order.
const YEARS: std::ops::RangeInclusive<i32> = 0..=9999;

impl Kind {
    /// Whether a value is of this kind, so that a table may hold it and whatever reads the table may reckon with it.
    pub fn holds(self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Empty) => true,
            (Kind::Line | Kind::Text | Kind::Phone | Kind::Choice(_) | Kind::Repeat, Value::Text(_)) => true,
            (Kind::Whole { min, max, .. }, Value::Whole(number)) => (min..=max).contains(number),
            (Kind::Date, Value::Date(day)) => YEARS.contains(&day.year()),
            (Kind::Time, Value::Time(time)) => {
                let whole_minutes = time.offset().local_minus_utc() % 60 == 0;
                whole_minutes && YEARS.contains(&time.year()) && YEARS.contains(&time.naive_utc().year())
            }
            (Kind::Yes, Value::Yes(_)) | (Kind::Link(_), Value::Link(_)) => true,
            _ => false,
        }
    }

    /// The same of a stored form that comes from outside: it is what this program would have written, to the byte.
    pub fn stores(self, bytes: &[u8]) -> bool {
        let exact = match bytes {
            [tag::EMPTY, rest @ ..] => rest.is_empty(),
            [tag::YES, yes] => *yes < 2,
            _ => true,
        };
        exact && Value::decode(bytes).is_ok_and(|value| self.holds(&value))
    }

    /// What is shown of a stored form from outside. What is of another kind than its field is shown as it was written, as
    /// mere text, and counts for nothing; nobody's program is stopped by it.
    pub fn shows(self, bytes: &[u8]) -> Value {
        match Value::decode(bytes) {
            Ok(value) if self.stores(bytes) => value,
            Ok(Value::Unknown(bytes)) => Value::Unknown(bytes),
            Ok(value) => value.plain().into(),
            Err(_) => Value::text("(cannot be read)"),
        }
    }
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], ValueError> {
    bytes.try_into().map_err(|_| ValueError("wrong length"))
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        if text.is_empty() { Value::Empty } else { Value::Text(text.to_string()) }
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        if text.is_empty() { Value::Empty } else { Value::Text(text) }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Whole(number)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Value {
        Value::Yes(yes)
    }
}

impl From<NaiveDate> for Value {
    fn from(day: NaiveDate) -> Value {
        Value::Date(day)
    }
}

impl From<DateTime<FixedOffset>> for Value {
    fn from(time: DateTime<FixedOffset>) -> Value {
        Value::Time(time)
    }
}

impl From<RowId> for Value {
    fn from(row: RowId) -> Value {
        Value::Link(row)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Empty, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Empty),
            ".*".prop_map(Value::Text),
            any::<i64>().prop_map(Value::Whole),
            (-700_000i32..3_000_000).prop_map(|d| Value::Date(NaiveDate::from_num_days_from_ce_opt(d).unwrap())),
            (0i64..10_000_000_000, -86_399i32..86_400)
                .prop_map(|(s, o)| { Value::Time(FixedOffset::east_opt(o).unwrap().timestamp_opt(s, 0).unwrap()) }),
            any::<bool>().prop_map(Value::Yes),
            any::<[u8; 16]>().prop_map(|b| Value::Link(RowId::from_bytes(b))),
            (7u8.., any::<Vec<u8>>()).prop_map(|(tag, mut rest)| {
                rest.insert(0, tag);
                Value::Unknown(rest)
            }),
        ]
    }

    proptest! {
        #[test]
        fn every_value_comes_back_byte_for_byte(value in any_value()) {
            let bytes = value.encoded();
            let back = Value::decode(&bytes).unwrap();
            prop_assert_eq!(back.encoded(), bytes);
            prop_assert_eq!(back, value);
        }

        #[test]
        fn damaged_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = Value::decode(&bytes);
        }
    }
}
