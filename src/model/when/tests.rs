//! What people type, and what is read.

use super::*;
use chrono::Datelike;

/// New York: -04:00 in summer, -05:00 from 1 Nov 2026 02:00.
fn new_york(local: NaiveDateTime) -> FixedOffset {
    let summer = local.date() < NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
    FixedOffset::west_opt(if summer { 4 } else { 5 } * 3600).unwrap()
}

fn moment() -> Moment {
    // A Tuesday.
    Moment::new(DateTime::parse_from_rfc3339("2026-11-24T11:05:00-05:00").unwrap(), new_york)
}

#[test]
fn days_as_people_type_them() {
    for (typed, day) in [
        ("today", "2026-11-24"),
        ("Tomorrow", "2026-11-25"),
        ("yesterday", "2026-11-23"),
        ("fri", "2026-11-27"),
        ("tue", "2026-12-01"),
        ("next monday", "2026-11-30"),
        ("last fri", "2026-11-20"),
        ("+2w", "2026-12-08"),
        ("+10", "2026-12-04"),
        ("-3d", "2026-11-21"),
        ("+1m", "2026-12-24"),
        ("in 2 weeks", "2026-12-08"),
        ("3 days ago", "2026-11-21"),
        ("30 nov", "2026-11-30"),
        ("Nov 30", "2026-11-30"),
        ("30th november 2027", "2027-11-30"),
        ("11/30", "2026-11-30"),
        ("1/15", "2027-01-15"),
        ("9/30", "2026-09-30"),
        ("3/14/1990", "1990-03-14"),
        ("3/14/90", "1990-03-14"),
        ("2026-11-30", "2026-11-30"),
        ("eom", "2026-11-30"),
        ("29 feb 2028", "2028-02-29"),
    ] {
        assert_eq!(moment().day(typed).unwrap().to_string(), day, "{typed}");
    }
    for typed in ["", "31 feb 2027", "2026-13-01", "someday", "+w2", "13/13", "0001-01-01", "+99999999999w"] {
        assert!(moment().day(typed).is_err(), "{typed}");
    }
}

#[test]
fn times_take_the_offset_of_their_own_day() {
    for (typed, time) in [
        ("14:30", "2026-11-24T14:30:00-05:00"),
        ("tomorrow 9:15", "2026-11-25T09:15:00-05:00"),
        ("fri 2pm", "2026-11-27T14:00:00-05:00"),
        ("fri 2:30 pm", "2026-11-27T14:30:00-05:00"),
        ("30 oct at 10:00", "2026-10-30T10:00:00-04:00"),
        ("2026-10-31 23:30", "2026-10-31T23:30:00-04:00"),
        ("2026-12-01T08:00:00+01:00", "2026-12-01T02:00:00-05:00"),
        // Without seconds, as many programs write it.
        ("2026-12-01T19:00Z", "2026-12-01T14:00:00-05:00"),
        ("2026-12-01T08:00+01:00", "2026-12-01T02:00:00-05:00"),
        ("2026-12-01 19:00z", "2026-12-01T14:00:00-05:00"),
        ("12am", "2026-11-24T00:00:00-05:00"),
        ("noon", "2026-11-24T12:00:00-05:00"),
        ("20m ago", "2026-11-24T10:45:00-05:00"),
        ("3 days ago", "2026-11-21T09:00:00-05:00"),
        ("mon", "2026-11-30T09:00:00-05:00"),
    ] {
        assert_eq!(moment().time(typed).unwrap().to_rfc3339(), time, "{typed}");
    }
    for typed in ["25:00", "fri 14:75", "13pm", "whenever 10:00", "1430x"] {
        assert!(moment().time(typed).is_err(), "{typed}");
    }
}

#[test]
fn an_instant_is_told_by_the_clock_of_its_own_day_here() {
    for (instant, here) in [
        ("2026-07-01T12:00:00Z", "2026-07-01T08:00:00-04:00"),
        ("2026-12-01T12:00:00Z", "2026-12-01T07:00:00-05:00"),
        ("2026-12-01T14:00:00+09:00", "2026-12-01T00:00:00-05:00"),
    ] {
        assert_eq!(moment().local(DateTime::parse_from_rfc3339(instant).unwrap()).to_rfc3339(), here);
    }
}

#[test]
fn lengths() {
    for (typed, length) in
        [("45", 45), ("45m", 45), ("1h30", 90), ("1h 30min", 90), ("1:15", 75), ("1.5h", 90), ("2 hours", 120)]
    {
        assert_eq!(minutes(typed), Some(length), "{typed}");
    }
    for typed in ["", "-5", "1:75", "soon", "h"] {
        assert_eq!(minutes(typed), None, "{typed}");
    }
}

/// New York by the law: from the second Sunday of March 02:00 to the first of November 02:00. Of an hour that comes twice
/// the first, of one that is left out the offset before, as the machine's own clock has it.
fn eastern(local: NaiveDateTime) -> FixedOffset {
    let sunday = |month: u32, nth: u64| {
        let first = NaiveDate::from_ymd_opt(local.year(), month, 1).unwrap();
        let to_sunday = (7 - u64::from(first.weekday().num_days_from_sunday())) % 7;
        (first + chrono::Days::new(to_sunday + 7 * (nth - 1))).and_hms_opt(2, 0, 0).unwrap()
    };
    let (begins, ends) = (sunday(3, 2) + TimeDelta::hours(1), sunday(11, 1));
    FixedOffset::west_opt(if (begins..ends).contains(&local) { 4 } else { 5 } * 3600).unwrap()
}

fn when(now: &str) -> Moment {
    Moment::new(DateTime::parse_from_rfc3339(now).unwrap(), eastern)
}

/// What people type, in a field of what is planned (`>`) or of what passed (`<`), and what is read; `!` and the words it is
/// refused with. The rules: an hour from 1 to 6 is the afternoon and from 7 to 11 the morning; weekdays look the field's
/// way and are never today; "next fri" only where both readings are one day.
const PHRASES: &[(&str, &[(&str, &str)])] = &[
    (
        // Thanksgiving Day.
        "2026-11-26T14:10:00-05:00",
        &[
            ("> tues 3:30", "2026-12-01T15:30:00-05:00"),
            ("> tues 03:30", "2026-12-01T03:30:00-05:00"),
            ("> tues 3:30am", "2026-12-01T03:30:00-05:00"),
            ("> mon 3", "2026-11-30T15:00:00-05:00"),
            ("> mon 7", "2026-11-30T07:00:00-05:00"),
            ("> mon 11:15", "2026-11-30T11:15:00-05:00"),
            ("> mon 12", "2026-11-30T12:00:00-05:00"),
            ("> mon 12:30", "2026-11-30T12:30:00-05:00"),
            ("> mon at 6", "2026-11-30T18:00:00-05:00"),
            ("> fri 14", "2026-11-27T14:00:00-05:00"),
            ("> 2pm fri", "2026-11-27T14:00:00-05:00"),
            ("> 2 pm on fri", "2026-11-27T14:00:00-05:00"),
            ("> 2 p.m. Friday", "2026-11-27T14:00:00-05:00"),
            ("> noon fri", "2026-11-27T12:00:00-05:00"),
            ("> fri noon", "2026-11-27T12:00:00-05:00"),
            ("> 1430", "2026-11-26T14:30:00-05:00"),
            ("> 1430 fri", "2026-11-27T14:30:00-05:00"),
            ("> fri 930", "2026-11-27T09:30:00-05:00"),
            ("> fri 27 nov 3:30", "2026-11-27T15:30:00-05:00"),
            ("> Fri, 27 Nov 2026, 15:30", "2026-11-27T15:30:00-05:00"),
            ("> thu 27 nov 3pm", "!27 Nov 2026 is a Friday"),
            ("> 12/3 9:30", "2026-12-03T09:30:00-05:00"),
            ("> 12/3/26 3:30", "2026-12-03T15:30:00-05:00"),
            ("> 2026-12-03 03:30", "2026-12-03T03:30:00-05:00"),
            ("> 2026-12-03 3:30", "2026-12-03T15:30:00-05:00"),
            ("> 30 nov 1430", "2026-11-30T14:30:00-05:00"),
            ("> 30 nov 2027", "2027-11-30T09:00:00-05:00"),
            ("> 30 nov 2030", "!2030 may be a year or 20:30"),
            ("> thu 10", "2026-12-03T10:00:00-05:00"),
            ("> next thu 10", "2026-12-03T10:00:00-05:00"),
            ("> next mon 9:15", "2026-11-30T09:15:00-05:00"),
            ("> next fri 2pm", "!may be Fri 27 Nov or Fri 4 Dec"),
            ("> this fri 2pm", "2026-11-27T14:00:00-05:00"),
            ("> in 2 weeks 10am", "2026-12-10T10:00:00-05:00"),
            ("> +2w 10:00", "2026-12-10T10:00:00-05:00"),
            ("> in 20 min", "2026-11-26T14:30:00-05:00"),
            ("> in an hour", "2026-11-26T15:10:00-05:00"),
            ("> tomorrow 3:30pm", "2026-11-27T15:30:00-05:00"),
            ("> tomorrow morning", "2026-11-27T09:00:00-05:00"),
            ("> tomorrow morning at 8:30", "2026-11-27T08:30:00-05:00"),
            ("> 8 in the evening", "2026-11-26T20:00:00-05:00"),
            ("> tonight 8", "2026-11-26T20:00:00-05:00"),
            ("> fri afternoon", "2026-11-27T14:00:00-05:00"),
            ("> 3 o'clock tue", "2026-12-01T15:00:00-05:00"),
            ("> today 4pm", "2026-11-26T16:00:00-05:00"),
            ("> at 4", "2026-11-26T16:00:00-05:00"),
            ("> 4", "!is not a day and time"),
            ("> fri midnight", "!either end of the day"),
            ("> fri 25:00", "!there is no 25:00"),
            ("> fri 14:75", "!there is no 14:75"),
            ("> 13pm", "!there is no 13pm"),
            ("> fri 24:00", "!type 00:00 of the day after"),
            ("> 31 june 10:00", "!there is no 31 June: it has 30 days"),
            ("> 2/30 10:00", "!there is no 30 February"),
            ("> 13/1 10:00", "!there is no month 13"),
            ("> next tuedsay", "!is not a day and time"),
            ("> monitor 3", "!is not a day and time"),
            ("< mon 2pm", "2026-11-23T14:00:00-05:00"),
            ("< 2pm mon", "2026-11-23T14:00:00-05:00"),
            ("< tues 10am", "2026-11-24T10:00:00-05:00"),
            ("< thu 10am", "2026-11-19T10:00:00-05:00"),
            ("< last fri 2pm", "2026-11-20T14:00:00-05:00"),
            ("< last tue 2pm", "!may be Tue 17 Nov or Tue 24 Nov"),
            ("< an hour ago", "2026-11-26T13:10:00-05:00"),
            ("< half an hour ago", "2026-11-26T13:40:00-05:00"),
            ("< 1h30 ago", "2026-11-26T12:40:00-05:00"),
            ("< 20m ago", "2026-11-26T13:50:00-05:00"),
            ("< a week ago", "2026-11-19T09:00:00-05:00"),
            ("< this morning", "2026-11-26T09:00:00-05:00"),
            ("< this afternoon", "2026-11-26T14:00:00-05:00"),
            ("< this morning 10:15", "2026-11-26T10:15:00-05:00"),
            ("< last night", "2026-11-25T20:00:00-05:00"),
            ("< yesterday evening", "2026-11-25T18:00:00-05:00"),
            ("< 1:30", "2026-11-26T13:30:00-05:00"),
            ("< 3:30", "2026-11-26T03:30:00-05:00"),
            ("< yesterday 3:30", "2026-11-25T15:30:00-05:00"),
            ("< noon", "2026-11-26T12:00:00-05:00"),
            ("< 11/20 4pm", "2026-11-20T16:00:00-05:00"),
            ("< 15 feb 10:00", "2026-02-15T10:00:00-05:00"),
            ("< 30 dec 10:00", "!30 Dec 2026 is still to come"),
            ("< 30 nov 10:00", "!30 Nov 2026 is still to come"),
        ],
    ),
    (
        // A minute before midnight on New Year's Eve, a Thursday.
        "2026-12-31T23:59:00-05:00",
        &[
            ("> tomorrow 3", "2027-01-01T15:00:00-05:00"),
            ("> fri 9", "2027-01-01T09:00:00-05:00"),
            ("> 1/2 9:00", "2027-01-02T09:00:00-05:00"),
            ("> in 2 min", "2027-01-01T00:01:00-05:00"),
            ("> eom 9:00", "2026-12-31T09:00:00-05:00"),
            ("< wed 2pm", "2026-12-30T14:00:00-05:00"),
            ("< an hour ago", "2026-12-31T22:59:00-05:00"),
            ("< 1/2 9:00", "!2 Jan 2027 is still to come"),
        ],
    ),
    (
        // Leap day, a Tuesday.
        "2028-02-29T09:00:00-05:00",
        &[
            ("> +1y 3pm", "2029-02-28T15:00:00-05:00"),
            ("> tomorrow 1pm", "2028-03-01T13:00:00-05:00"),
            ("> 29 feb 10:00", "2028-02-29T10:00:00-05:00"),
            ("> 29 feb 2029 10:00", "!2029 has no 29 Feb: its last is 28 Feb"),
            ("> eom 2pm", "2028-02-29T14:00:00-05:00"),
            ("< 2:30", "2028-02-29T02:30:00-05:00"),
            ("< this morning", "2028-02-29T09:00:00-05:00"),
            ("< tonight", "2028-02-29T09:00:00-05:00"),
        ],
    ),
    (
        // The evening before the clocks go back.
        "2026-10-31T20:00:00-04:00",
        &[
            ("> tomorrow 3", "2026-11-01T15:00:00-05:00"),
            ("> tomorrow 1:30am", "2026-11-01T01:30:00-04:00"),
            ("> in 6 hours", "2026-11-01T01:00:00-05:00"),
            ("> in 5 hours", "2026-11-01T01:00:00-04:00"),
            ("> 2026-11-01T06:30:00Z", "2026-11-01T01:30:00-05:00"),
        ],
    ),
    (
        // Just after they went back: an hour ago it was the same hour.
        "2026-11-01T01:30:00-05:00",
        &[
            ("< an hour ago", "2026-11-01T01:30:00-04:00"),
            ("< 2 hours ago", "2026-11-01T00:30:00-04:00"),
            ("< yesterday 3", "2026-10-31T15:00:00-04:00"),
        ],
    ),
    (
        // The evening before they go forward: 02:00 to 03:00 is not lived.
        "2027-03-13T20:00:00-05:00",
        &[
            ("> tomorrow 2:30am", "!the clocks skip 02:30 that night: is 03:30 meant?"),
            ("> tomorrow 3:30am", "2027-03-14T03:30:00-04:00"),
            ("> tomorrow 2:30", "2027-03-14T14:30:00-04:00"),
            ("> in 7 hours", "2027-03-14T04:00:00-04:00"),
            ("> 2027-03-14T07:30:00Z", "2027-03-14T03:30:00-04:00"),
        ],
    ),
];

#[test]
fn each_phrase_is_read_as_people_mean_it_or_refused_with_a_word_why() {
    assert!(PHRASES.iter().map(|(_, phrases)| phrases.len()).sum::<usize>() >= 60);
    for (now, phrases) in PHRASES {
        for (typed, wanted) in *phrases {
            let (way, text) = match typed.split_once(' ').unwrap() {
                (">", text) => (Way::Ahead, text),
                (_, text) => (Way::Back, text),
            };
            match (when(now).time_toward(text, way), wanted.strip_prefix('!')) {
                (Ok(read), None) => assert_eq!(&read.to_rfc3339(), wanted, "at {now}: {typed}"),
                (Err(why), Some(words)) => assert!(why.contains(words), "at {now}: {typed}: {why}"),
                (read, _) => panic!("at {now}: {typed}: {read:?}, wanted {wanted}"),
            }
        }
    }
}

#[test]
fn what_a_program_wrote_is_by_the_24_hour_clock() {
    for (cell, time) in [
        ("12/1/2026 3:30", "2026-12-01T03:30:00-05:00"),
        ("12/1/2026 15:30", "2026-12-01T15:30:00-05:00"),
        ("12/1/2026 3:30 PM", "2026-12-01T15:30:00-05:00"),
        ("2026-12-01 3:30", "2026-12-01T03:30:00-05:00"),
        ("30 Nov 2030", "2030-11-30T09:00:00-05:00"),
        ("2026-12-01T19:00:00Z", "2026-12-01T14:00:00-05:00"),
    ] {
        assert_eq!(when("2026-11-26T14:10:00-05:00").written(cell).unwrap().to_rfc3339(), time, "{cell}");
    }
}

#[test]
fn a_time_of_another_clock_is_shown_on_ours_with_its_own_beside_it() {
    let moment = when("2026-11-26T14:10:00-05:00");
    for (written, shown) in [
        ("2026-11-24T19:00:00+00:00", "24 Nov 2026 14:00 (19:00 UTC)"),
        ("2026-11-24T02:00:00+00:00", "23 Nov 2026 21:00 (02:00 UTC, 24 Nov)"),
        ("2026-11-24T14:00:00-05:00", "24 Nov 2026 14:00"),
        ("2026-07-01T14:00:00-04:00", "1 Jul 2026 14:00"),
        ("2026-11-25T00:30:00+05:30", "24 Nov 2026 14:00 (00:30 UTC+5:30, 25 Nov)"),
    ] {
        assert_eq!(moment.shown(DateTime::parse_from_rfc3339(written).unwrap()), shown);
    }
}

#[test]
fn every_hour_around_a_change_of_clocks_comes_back_to_itself() {
    for day in ["2026-10-31T00:00:00Z", "2027-03-13T00:00:00Z"] {
        let mut instant = DateTime::parse_from_rfc3339(day).unwrap();
        for _ in 0..72 {
            let here = when("2026-11-26T14:10:00-05:00").local(instant);
            assert_eq!(here, instant);
            let summer = day.starts_with("2026")
                == (instant.to_rfc3339().as_str()
                    < if day.starts_with("2026") { "2026-11-01T06:00" } else { "2027-03-14T07:00" });
            assert_eq!(here.offset().local_minus_utc(), if summer { -4 } else { -5 } * 3600, "{instant}");
            instant += TimeDelta::hours(1);
        }
    }
}
