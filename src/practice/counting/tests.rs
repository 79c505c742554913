//! Units worked out by hand, each from the source named beside it.

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str, begins: u16, minutes: u32) -> Given {
    Given { day: day(text), begins, minutes }
}

/// The shipped services, and some as an agency may add them.
fn practice() -> &'static Practice {
    static PRACTICE: std::sync::LazyLock<Practice> = std::sync::LazyLock::new(made);
    &PRACTICE
}

fn made() -> Practice {
    let text = r#"
[[service]]
code = "97110"
name = "Exercise"
unit = "15-minutes"
pool = "outpatient rehabilitation"
source = "Medicare Claims Processing Manual, chapter 5, section 20.2 C"
[[service]]
code = "97112"
name = "Balance"
unit = "15-minutes"
pool = "outpatient rehabilitation"
source = "the same"
[[service]]
code = "97140"
name = "By hand"
unit = "15-minutes"
pool = "outpatient rehabilitation"
source = "the same"
[[service]]
code = "97116"
name = "Gait"
unit = "15-minutes"
pool = "outpatient rehabilitation"
source = "the same"
[[service]]
code = "A1"
name = "Pooled, and approved by a payer"
unit = "15-minutes"
needs = ["authorization"]
pool = "approved"
source = "made up"
[[service]]
code = "A2"
name = "Pooled, and approved by a payer"
unit = "15-minutes"
needs = ["authorization"]
pool = "approved"
source = "made up"
[[service]]
code = "H9"
name = "Encounters, two a day"
unit = "encounter"
daily-most = 2
source = "made up"
[[service]]
code = "D1"
name = "A day"
unit = "day"
source = "made up"
[[service]]
code = "Q3"
name = "At most three"
unit = "15-minutes"
daily-most = 3
source = "made up"
"#;
    let file = super::super::AgencyFile { shown: "own".into(), name: "services.toml".into(), text: text.into() };
    let (practice, troubles) = (*Practice::standard()).clone().overlay(&[file]);
    assert_eq!(troubles, []);
    practice
}

/// Parts of one day, one after the other; units of each, where no authorization is asked for.
fn of_one_day(parts: &[(&str, u32)]) -> Vec<u32> {
    let parts: Vec<_> =
        parts.iter().zip(0..).map(|((code, minutes), n)| (*code, at("2026-11-24", 480 + n * 60, *minutes))).collect();
    count(practice(), &parts).iter().map(Counted::units).collect()
}

/// Medicare Claims Processing Manual, chapter 5, section 20.2 C: its own examples, and those of the same rule.
#[test]
fn a_pool_totals_the_day_and_gives_the_units_to_the_codes_with_most_minutes() {
    for (parts, units) in [
        (vec![("97110", 8), ("97112", 8), ("97140", 8)], vec![1, 1, 0]),
        // 24 + 23 = 47 = 3: both have one; the third goes to the one with more.
        (vec![("97112", 24), ("97110", 23)], vec![2, 1]),
        // 20 + 20 = 40 = 3.
        (vec![("97112", 20), ("97110", 20)], vec![2, 1]),
        // 33 + 7 = 40 = 3: the 7 minutes are more than the 3 that are over.
        (vec![("97112", 33), ("97110", 7)], vec![2, 1]),
        // 18 + 13 + 10 + 8 = 49 = 3: the three longest.
        (vec![("97110", 18), ("97140", 13), ("97116", 10), ("97112", 8)], vec![1, 1, 1, 0]),
        (vec![("97110", 18), ("97140", 13), ("97116", 10)], vec![1, 1, 1]),
        // 7 + 7 + 7 = 21 = 1.
        (vec![("97112", 7), ("97110", 7), ("97140", 7)], vec![1, 0, 0]),
        (vec![("97112", 4), ("97110", 3)], vec![0, 0]),
        // One code in two notes: 16 + 7 = 23 = 2, both its own.
        (vec![("97112", 8), ("97112", 8), ("97110", 7)], vec![1, 0, 1]),
    ] {
        assert_eq!(of_one_day(&parts), units, "{parts:?}");
    }
}

/// The Medicaid codes that ship: each code by itself. 8 + 8 + 8 of three codes are three units there, of one code two.
#[test]
fn codes_without_a_pool_are_counted_by_themselves() {
    for (parts, units) in [
        (vec![("T1016", 8), ("T1017", 8), ("H2015", 8)], vec![1, 1, 1]),
        (vec![("T1016", 7), ("T1017", 7), ("H2015", 7)], vec![0, 0, 0]),
        (vec![("T1016", 33), ("T1017", 7)], vec![2, 0]),
        (vec![("T1016", 8), ("T1016", 8), ("T1016", 8)], vec![1, 0, 1]),
        (vec![("T1016", 33), ("T1016", 7)], vec![2, 1]),
        (vec![("T1016", 7), ("T1016", 7), ("T1016", 7)], vec![0, 1, 0]),
        (vec![("T1016", 18), ("T1016", 13), ("T1016", 10)], vec![1, 1, 1]),
        // A code that nobody knows: by the quarter of an hour.
        (vec![("X9", 22), ("X9", 1)], vec![1, 1]),
        (vec![("H9", 20), ("H9", 0), ("H9", 20), ("H9", 20)], vec![1, 0, 1, 0]),
        (vec![("H0006", 20), ("H0006", 20)], vec![1, 1]),
        (vec![("D1", 20), ("D1", 20)], vec![1, 0]),
        (vec![("Q3", 30), ("Q3", 30)], vec![2, 1]),
    ] {
        assert_eq!(of_one_day(&parts), units, "{parts:?}");
    }
}

#[test]
fn a_month_has_one_unit_whatever_its_days() {
    let parts: Vec<_> = ["2026-10-30", "2026-10-31", "2026-11-01", "2026-11-20"]
        .map(|day| ("T2022", at(day, 600, 20)))
        .into_iter()
        .collect();
    let units: Vec<u32> = count(practice(), &parts).iter().map(Counted::units).collect();
    assert_eq!(units, [1, 0, 1, 0]);
}

/// Split by date of service: 23:40 to 0:25 is 20 minutes and 25, one unit and two; an encounter is one.
#[test]
fn a_service_across_midnight_is_split_by_day() {
    let late = at("2026-10-31", 23 * 60 + 40, 45);
    assert_eq!(late.by_day(Some(Unit::Quarter)), [at("2026-10-31", 1420, 20), at("2026-11-01", 0, 25)]);
    assert_eq!(late.by_day(Some(Unit::Encounter)), [late]);
    assert_eq!(at("2026-10-31", 0, 1440).by_day(None), [at("2026-10-31", 0, 1440)], "it ends at midnight");
    assert_eq!(at("2026-10-31", 600, 0).by_day(None), [at("2026-10-31", 600, 0)]);
    assert_eq!(
        at("2026-10-31", 1439, 1442).by_day(None).iter().map(|part| part.minutes).collect::<Vec<_>>(),
        [1, 1440, 1]
    );
    let parts: Vec<_> = late.by_day(Some(Unit::Quarter)).into_iter().map(|part| ("T1016", part)).collect();
    assert_eq!(count(practice(), &parts).iter().map(Counted::units).collect::<Vec<_>>(), [1, 2]);
}

fn budget<'a>(service: &'a str, letter: &str, left: u32) -> Budget<'a> {
    Budget { service, from: None, until: None, letter: letter.into(), left }
}

fn taken(parts: &[(&str, u32)], budgets: &mut [Budget<'_>]) -> Vec<(Vec<(usize, u32)>, u32)> {
    let parts: Vec<_> =
        parts.iter().zip(0..).map(|((code, minutes), n)| (*code, at("2026-11-24", 480 + n * 60, *minutes))).collect();
    let counted = count_asking(practice(), &parts, budgets);
    let own = |one: &Counted| one.taken.iter().filter_map(|(at, units)| Some(((*at)?, *units))).collect();
    counted.iter().map(|one| (own(one), one.wanting)).collect()
}

/// Two payers' authorizations of one code on one day: 20 + 20 minutes are 40 = 3 units under one, and 1 and 1 under two.
#[test]
fn minutes_are_never_added_across_authorizations() {
    let parts = [("T1016", 20), ("T1016", 20)];
    assert_eq!(taken(&parts, &mut [budget("T1016", "A", 9)]), [(vec![(0, 1)], 0), (vec![(0, 2)], 0)]);
    let mut two = [budget("T1016", "A", 1), budget("T1016", "B", 9)];
    assert_eq!(taken(&parts, &mut two), [(vec![(0, 1)], 0), (vec![(1, 1)], 0)]);
    assert_eq!((two[0].left, two[1].left), (0, 8));
    // One note over the end of the first: 60 minutes, a quarter of an hour of it under the first.
    let mut two = [budget("T1016", "A", 1), budget("T1016", "B", 9)];
    assert_eq!(taken(&[("T1016", 60)], &mut two), [(vec![(0, 1), (1, 3)], 0)]);
    // Nothing left of either.
    let mut two = [budget("T1016", "A", 1), budget("T1016", "B", 1)];
    assert_eq!(taken(&[("T1016", 60)], &mut two), [(vec![(0, 1), (1, 1)], 2)]);
    assert_eq!(taken(&[("T1016", 60)], &mut []), [(vec![], 4)]);
}

/// 8 + 8 minutes of a pool are 16 = 1 unit under one letter of a payer, and 1 and 1 under two.
#[test]
fn a_pool_ends_at_the_authorization() {
    let parts = [("A1", 8), ("A2", 8)];
    let mut one = [budget("A1", "Medicare 7", 9), budget("A2", "Medicare 7", 9)];
    assert_eq!(taken(&parts, &mut one), [(vec![(0, 1)], 0), (vec![], 0)]);
    let mut two = [budget("A1", "Medicare 7", 9), budget("A2", "Acme 1", 9)];
    assert_eq!(taken(&parts, &mut two), [(vec![(0, 1)], 0), (vec![(1, 1)], 0)]);
    let mut none = [budget("A1", "Medicare 7", 0), budget("A2", "Acme 1", 9)];
    assert_eq!(taken(&parts, &mut none), [(vec![], 1), (vec![(1, 1)], 0)]);
}

#[test]
fn a_pool_of_services_that_cannot_be_totalled_is_told_with_its_line() {
    let own =
        |text: &str| super::super::AgencyFile { shown: "own".into(), name: "services.toml".into(), text: text.into() };
    for (first, second, says) in [
        ("unit = \"15-minutes\"", "unit = \"month\"", "E2 is in the pool \"p\", and is not counted by 15 minutes"),
        ("unit = \"15-minutes\"", "unit = \"15-minutes\"\nrounding = \"down\"", "are rounded differently"),
    ] {
        let service = |code: &str, more: &str| {
            format!("[[service]]\ncode = \"{code}\"\nname = \"x\"\npool = \"p\"\nsource = \"x\"\n{more}\n")
        };
        let text = service("E1", first) + &service("E2", second);
        let (practice, troubles) = (*Practice::standard()).clone().overlay(&[own(&text)]);
        assert_eq!(troubles.len(), 1, "{troubles:?}");
        assert!(troubles[0].why.contains(says), "{troubles:?}");
        assert!(practice.service("E1").is_none(), "a file is taken whole or not at all");
    }
}

/// The short way, for "units run out", comes to the same as the whole one.
#[test]
fn a_tally_counts_like_the_rest() {
    let practice = practice();
    for code in ["T1016", "T2022", "H0006", "H9", "D1", "Q3", "X9"] {
        let parts: Vec<(&str, Given)> = [
            ("2026-10-30", 20),
            ("2026-10-30", 20),
            ("2026-10-31", 7),
            ("2026-10-31", 50),
            ("2026-11-01", 0),
            ("2026-11-01", 8),
        ]
        .iter()
        .zip(0..)
        .map(|((day, minutes), n)| (code, at(day, 480 + n, *minutes)))
        .collect();
        let mut tally = Tally::default();
        let short: Vec<u32> = parts.iter().map(|(_, given)| tally.add(practice.service(code), *given)).collect();
        assert_eq!(short, count(practice, &parts).iter().map(Counted::units).collect::<Vec<_>>(), "{code}");
    }
}

proptest::proptest! {
    /// However a day's minutes are written down, and whatever is approved: all of them together say how many units there are.
    #[test]
    fn the_units_of_a_day_are_those_of_all_its_minutes(minutes in proptest::collection::vec(0u32..130, 1..7), left in 0u32..40) {
        let all = Rounding::EightMinute.units(minutes.iter().sum());
        let of = |code| minutes.iter().map(|minutes| (code, *minutes)).collect::<Vec<_>>();
        proptest::prop_assert_eq!(of_one_day(&of("T1016")).iter().sum::<u32>(), all);
        for rounding in [Rounding::EightMinute, Rounding::Down, Rounding::HalfUp] {
            let shared = share_out(rounding, &minutes);
            proptest::prop_assert_eq!(shared.iter().sum::<u32>(), rounding.units(minutes.iter().sum()));
            // Nobody has a unit of more minutes than there were, but for the last, which may be begun.
            proptest::prop_assert!(shared.iter().zip(&minutes).all(|(units, minutes)| units * 15 <= minutes + 14));
        }
        let counted = taken(&of("T1016"), &mut [budget("T1016", "A", left)]);
        let used: u32 = counted.iter().flat_map(|(taken, _)| taken).map(|(_, units)| units).sum();
        proptest::prop_assert_eq!(used, all.min(left));
    }
}
