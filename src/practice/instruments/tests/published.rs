//! Each instrument's published cut-offs, on both sides of every boundary. Sources stand in the files under test.

use super::*;

/// Total and band of an instrument for answers.
fn read(code: &str, line: &str) -> (i64, String) {
    let scored = shipped(code).score(&answers(line)).unwrap_or_else(|error| panic!("{code} {line}: {error}"));
    (scored.total, scored.band().label.clone())
}

/// Bands as `(lowest, highest, label)`: every total from the lowest to the highest is in that band.
fn bands_are(code: &str, of: impl Fn(i64) -> Answers, bands: &[(i64, i64, &str)]) {
    let instrument = shipped(code);
    for (lowest, highest, label) in bands {
        for total in *lowest..=*highest {
            let scored = instrument.score(&of(total)).unwrap();
            assert_eq!((scored.total, scored.band().label.as_str()), (total, *label), "{code}");
        }
    }
    assert_eq!(instrument.range, (bands[0].0, bands[bands.len() - 1].1), "{code}");
}

#[test]
fn phq_and_gad_bands_are_the_published_ones() {
    let phq =
        [(0, 4, "Minimal"), (5, 9, "Mild"), (10, 14, "Moderate"), (15, 19, "Moderately severe"), (20, 27, "Severe")];
    bands_are("phq-9", |total| adding_up(total, 9, 3), &phq);
    bands_are("phq-2", |total| adding_up(total, 2, 3), &[(0, 2, "Negative"), (3, 6, "Positive")]);
    let gad = [(0, 4, "Minimal"), (5, 9, "Mild"), (10, 14, "Moderate"), (15, 21, "Severe")];
    bands_are("gad-7", |total| adding_up(total, 7, 3), &gad);
}

#[test]
fn item_nine_above_nought_acts_at_once_whatever_the_total() {
    let phq = shipped("phq-9");
    for (nine, acts) in [(0, false), (1, true), (2, true), (3, true)] {
        let scored = phq.score(&answers(&format!("1=0;2=0;3=0;4=0;5=0;6=0;7=0;8=0;9={nine}"))).unwrap();
        assert_eq!(scored.acts_now(), acts);
        assert_eq!(scored.band().label, "Minimal");
        assert_eq!(scored.asks().len(), usize::from(acts));
    }
    let Err(NotScored::Incomplete { missing, alerts, .. }) = phq.score(&answers("9=1")) else {
        panic!("one answer of nine gives no score");
    };
    assert_eq!(missing.len(), 8);
    assert!(alerts[0].now && alerts[0].item.as_str() == "9");
}

#[test]
fn audit_c_has_its_own_cut_off_for_men_and_women_and_tells_both_where_it_is_not_known() {
    let audit = shipped("audit-c");
    for (total, women, men) in
        [(0, false, false), (2, false, false), (3, true, false), (4, true, true), (12, true, true)]
    {
        // At least 1 for the first item, so that the others are asked.
        let first = total.min(4);
        let rest = total - first;
        let line = format!("1={first};2={};3={}", rest.min(4), rest - rest.min(4));
        let line = if total == 0 { "1=0".into() } else { line };
        for (cut_off, positive) in [(1, women), (2, men)] {
            let scored = audit.score(&answers(&format!("{line};cut-off={cut_off}"))).unwrap();
            assert_eq!((scored.total, scored.readings.len()), (total, 1));
            assert_eq!(scored.band().label == "Positive", positive, "{total}, cut-off {cut_off}");
        }
        let both = audit.score(&answers(&line)).unwrap();
        let told: Vec<bool> = both.readings.iter().map(|reading| reading.band.label == "Positive").collect();
        assert_eq!(told, [women, men], "{total}");
    }
    let both = audit.score(&answers("1=3;2=0;3=0")).unwrap();
    assert_eq!(both.says(), "3 of 12: for women (3 or more) Positive; for men (4 or more) Below the cut-off");
    assert_eq!(both.band().label, "Positive");
}

#[test]
fn audit_c_asks_no_more_of_someone_who_never_drinks() {
    let audit = shipped("audit-c");
    let asked = |line: &str| -> Vec<String> { audit.to_ask(&answers(line)).map(|item| item.id.to_string()).collect() };
    assert_eq!(asked("1=0"), ["1", "cut-off"]);
    assert_eq!(asked("1=1"), ["1", "2", "3", "cut-off"]);
    assert_eq!(read("audit-c", "1=0"), (0, "Below the cut-off".into()));
}

#[test]
fn dast_counts_yes_and_for_the_third_item_no() {
    // Items other than the third first, then the third by answering no.
    let of = |total: i64| {
        let mut given = Answers::default();
        let mut left = total;
        for item in [1, 2, 4, 5, 6, 7, 8, 9, 10] {
            given.set(&item.to_string().parse().unwrap(), left.min(1));
            left -= left.min(1);
        }
        given.set(&"3".parse().unwrap(), 1 - left);
        given
    };
    let bands =
        [(0, 0, "No problems told"), (1, 2, "Low"), (3, 5, "Moderate"), (6, 8, "Substantial"), (9, 10, "Severe")];
    bands_are("dast-10", of, &bands);
}

/// The triage points of the screener, written out from the publisher's form: `[1, 2, 3, 4, 5]`, and behavior.
fn c_ssrs_level(ideas: [bool; 5], ever: bool, recently: bool) -> &'static str {
    let [wish, thoughts, method, intent, plan] = ideas;
    if plan || intent || recently {
        return "High risk";
    }
    if method || ever {
        return "Moderate risk";
    }
    if wish || thoughts { "Low risk" } else { "No risk told" }
}

#[test]
fn every_combination_of_c_ssrs_answers_has_the_level_of_the_triage_points() {
    let screener = shipped("c-ssrs");
    let mut seen = 0;
    for bits in 0..32u8 {
        let ideas: [bool; 5] = std::array::from_fn(|at| bits >> at & 1 == 1);
        for (ever, recently) in [(false, None), (true, Some(false)), (true, Some(true))] {
            let mut given = Answers::default();
            for (item, yes) in ["1", "2", "3", "4", "5"].into_iter().zip(ideas) {
                given.set(&item.parse().unwrap(), yes.into());
            }
            given.set(&"6".parse().unwrap(), ever.into());
            if let Some(recently) = recently {
                given.set(&"6b".parse().unwrap(), recently.into());
            }
            let scored = screener.score(&given).unwrap();
            let recently = recently == Some(true);
            let level = c_ssrs_level(ideas, ever, recently);
            assert_eq!(scored.says(), level, "{given}");
            // Moderate asks for an evaluation the same day, high for one at once.
            assert_eq!(scored.acts_now(), matches!(level, "High risk" | "Moderate risk"), "{given}");
            assert!(!scored.asks().is_empty());
            seen += 1;
        }
    }
    assert_eq!(seen, 96);
}

#[test]
fn c_ssrs_asks_three_to_five_only_after_thoughts_and_when_only_after_behavior() {
    let screener = shipped("c-ssrs");
    let asked =
        |line: &str| -> Vec<String> { screener.to_ask(&answers(line)).map(|item| item.id.to_string()).collect() };
    assert_eq!(asked("1=1;2=0"), ["1", "2", "6"]);
    assert_eq!(asked("2=1"), ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(asked("2=0;6=1"), ["1", "2", "6", "6b"]);
    assert_eq!(read("c-ssrs", "1=0;2=0;6=0"), (0, "No risk told".into()));
    // Taken back, the thought of a method still counts, and stays in sight to be taken back too.
    assert_eq!(asked("1=0;2=0;3=1;6=0"), ["1", "2", "3", "6"]);
    let Err(NotScored::Incomplete { missing, .. }) = screener.score(&answers("1=0;2=0;6=1")) else {
        panic!("when it was is not guessed");
    };
    assert_eq!(missing, ["6b".parse().unwrap()]);
}

/// Behavior of which nobody knows when it was alarms as recent, and says what was not asked.
#[test]
fn behavior_of_an_unknown_day_counts_as_recent_until_somebody_asks() {
    let screener = shipped("c-ssrs");
    let said = |line: &str| screener.urgent(&answers(line));
    for line in ["6=1", "1=0;2=0;6=1", "1=1;2=1;3=0;4=0;5=0;6=1"] {
        let urgent = said(line);
        assert!(urgent.contains("whether it was within three months is not answered"), "{line}: {urgent}");
        assert!(urgent.contains("immediate evaluation") && !urgent.contains("in the past"), "{line}: {urgent}");
        assert_eq!(screener.at_least(&answers(line)), Some(3), "{line}");
    }
    let recent = said("1=0;2=0;6=1;6b=1");
    assert!(recent.contains("within three months") && !recent.contains("in the past"), "{recent}");
    let past = said("1=0;2=0;6=1;6b=0");
    assert!(past.contains("in the past") && !past.contains("three months"), "{past}");
    assert_eq!(said("1=0;2=0;6=0"), "");
    // It is not guessed in the score: that waits for the answer.
    assert!(screener.score(&answers("1=0;2=0;6=1")).is_err());
}

#[test]
fn a_method_told_in_an_unfinished_screener_is_told_at_once() {
    let screener = shipped("c-ssrs");
    let Err(NotScored::Incomplete { alerts, .. }) = screener.score(&answers("2=1;3=1")) else {
        panic!("the screener is not finished");
    };
    assert!(alerts.iter().any(|alert| alert.now));
    assert_eq!(alerts, screener.alerts(&answers("2=1;3=1")));
}

#[test]
fn lace_gives_the_points_of_its_table() {
    let stays = [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 4), (6, 4), (7, 5), (13, 5), (14, 7), (15, 7), (365, 7)];
    for (days, points) in stays {
        assert_eq!(read("lace", &format!("l={days};a=0;c=0;e=0")).0, points, "{days} days");
    }
    for (charlson, points) in [(0, 0), (1, 1), (2, 2), (3, 3), (4, 5), (5, 5), (12, 5)] {
        assert_eq!(read("lace", &format!("l=0;a=0;c={charlson};e=0")).0, points, "Charlson {charlson}");
    }
    for (visits, points) in [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (9, 4)] {
        assert_eq!(read("lace", &format!("l=0;a=0;c=0;e={visits}")).0, points, "{visits} visits");
    }
    for (line, total, band) in [
        ("l=0;a=0;c=0;e=0", 0, "Low"),
        ("l=2;a=0;c=0;e=2", 4, "Low"),
        ("l=2;a=1;c=0;e=0", 5, "Moderate"),
        ("l=3;a=1;c=3;e=0", 9, "Moderate"),
        ("l=3;a=1;c=3;e=1", 10, "High"),
        ("l=5;a=1;c=5;e=2", 14, "High"),
        ("l=20;a=1;c=4;e=4", 19, "High"),
    ] {
        assert_eq!(read("lace", line), (total, band.to_owned()), "{line}");
    }
}

#[test]
fn hunger_is_told_by_either_answer() {
    for (line, needs) in
        [("1=0;2=0", 0), ("1=1;2=0", 1), ("1=2;2=0", 1), ("1=0;2=1", 1), ("1=0;2=2", 1), ("1=2;2=2", 1), ("2=1", 1)]
    {
        let scored = shipped("hunger").score(&answers(line)).unwrap();
        assert_eq!((scored.total, scored.needs.len()), (needs, needs as usize), "{line}");
        assert!(scored.needs.iter().all(|need| need.domain == Domain::Food));
    }
}

#[test]
fn ahc_tells_the_domains_and_safety_from_eleven_on() {
    let tool = shipped("ahc-hrsn");
    let none = "1=0;2=0;3=0;4=0;5=0;6=0;7=1;8=1;9=1;10=1";
    assert_eq!(tool.score(&answers(none)).unwrap().says(), "No need told");
    for (id, value, domain) in [
        ("1", 1, Domain::Housing),
        ("1", 2, Domain::Housing),
        ("2", 1, Domain::Housing),
        ("3", 1, Domain::Food),
        ("4", 2, Domain::Food),
        ("5", 1, Domain::Transport),
        ("6", 1, Domain::Housing),
        ("6", 2, Domain::Housing),
    ] {
        let mut given = answers(none);
        given.set(&id.parse().unwrap(), value);
        let needs = tool.score(&given).unwrap().needs;
        assert_eq!(needs.iter().map(|need| need.domain).collect::<Vec<_>>(), [domain], "{id}={value}");
    }
    for (safety, positive) in [("7=1;8=5;9=3;10=1", false), ("7=1;8=5;9=4;10=1", true), ("7=5;8=5;9=5;10=5", true)] {
        let scored = tool.score(&answers(&format!("1=0;{safety}"))).unwrap();
        assert_eq!(scored.acts_now(), positive, "{safety}");
        assert_eq!(scored.needs.iter().any(|need| need.domain == Domain::Safety), positive, "{safety}");
    }
}

#[test]
fn prapare_and_the_comprehensive_assessment_yield_needs_by_domain() {
    let needs = |code: &str, line: &str| -> Vec<(Domain, Severity)> {
        let scored = shipped(code).score(&answers(line)).unwrap();
        scored.needs.iter().map(|need| (need.domain, need.severity)).collect()
    };
    use Domain::*;
    use Severity::*;
    assert_eq!(needs("prapare", "housing=1;worry=0;work=2;insurance=1;stress=2;people=2;partner=0"), []);
    assert_eq!(
        needs("prapare", "housing=0;work=0;transport=1;stress=3;people=1;partner=2"),
        [
            (Housing, High),
            (Employment, Moderate),
            (Transport, Moderate),
            (Family, Moderate),
            (MentalHealth, Moderate),
            (Safety, Moderate)
        ]
    );
    assert_eq!(needs("social-work", "housing=2;food=1;legal=0"), [(Housing, High), (Food, Moderate)]);
    for domain in Domain::ALL {
        assert_eq!(needs("social-work", &format!("{}=2", domain.code())), [(*domain, High)], "every domain is asked");
    }
}

#[test]
fn katz_and_lawton_count_what_is_done_alone() {
    let katz = [(0, 2, "Severe: help with most"), (3, 5, "Moderate: help with some"), (6, 6, "Full function")];
    bands_are("katz-adl", |total| adding_up(total, 6, 1), &katz);
    // The levels that score, from the first down, for each of the eight activities (Lawton and Brody 1969).
    let scoring_levels = [(4, 3), (4, 1), (4, 1), (5, 4), (3, 2), (5, 3), (3, 1), (3, 2)];
    let lawton = shipped("lawton-iadl");
    for (at, (levels, scoring)) in scoring_levels.into_iter().enumerate() {
        for level in 1..=levels {
            let points = lawton.items[at].points(level).unwrap();
            assert_eq!(points, i64::from(level <= scoring), "activity {}, level {level}", at + 1);
        }
        assert_eq!(lawton.items[at].points(levels + 1), None);
    }
    assert_eq!(read("lawton-iadl", "1=1;2=1;3=1;4=1;5=1;6=1;7=1;8=1"), (8, "Independent".into()));
    assert_eq!(read("lawton-iadl", "1=1;2=1;3=1;4=1;5=1;6=1;7=1;8=3"), (7, "Help with some".into()));
    assert_eq!(read("lawton-iadl", "1=4;2=2;3=2;4=5;5=3;6=4;7=2;8=3"), (0, "Help with most".into()));
}

#[test]
fn our_own_count_what_their_files_say() {
    for (code, line, total, band) in [
        ("adherence", "missed=0;forget=0;effects=0;doubt=0;access=0", 0, "On track"),
        ("adherence", "missed=1;forget=0;effects=0;doubt=0;access=0", 1, "On track"),
        ("adherence", "missed=3;forget=0;effects=0;doubt=0;access=0", 2, "Something in the way"),
        ("adherence", "missed=4;forget=2;effects=0;doubt=0;access=1", 5, "Not taken as agreed"),
        ("adherence", "missed=7;forget=2;effects=2;doubt=2;access=2", 12, "Not taken as agreed"),
    ] {
        assert_eq!(read(code, line), (total, band.to_owned()), "{line}");
    }
    let vocational = shipped("vocational");
    let line = "s1=2;s2=2;s3=0;s4=1;s5=0;i1=2;i2=1;i3=2;l1=2;l2=2;l3=2;l4=1;l5=0";
    let scored = vocational.score(&answers(line)).unwrap();
    let parts: Vec<_> =
        scored.subscales.iter().map(|part| (part.total.unwrap(), &part.band.as_ref().unwrap().label[..])).collect();
    assert_eq!(parts, [(5, "Training first"), (5, "Clear"), (7, "Support needed")]);
    assert_eq!((scored.total, scored.band().label.as_str()), (17, "Work with support"));
}

#[test]
fn goal_attainment_has_the_t_scores_of_kiresuk_and_sherman() {
    let t = |goals: &[(u8, i8)]| {
        let goals: Vec<Attained> =
            goals.iter().map(|(weight, level)| Attained { weight: *weight, level: *level }).collect();
        gas_t_score(&goals).map(|score| (score * 100.0).round() / 100.0)
    };
    for (goals, score) in [
        (&[(1, 0)][..], 50.0),
        (&[(1, 0), (3, 0), (2, 0)], 50.0),
        // One goal: ten points a level, whatever its weight.
        (&[(1, 1)], 60.0),
        (&[(4, -2)], 30.0),
        // 50 + 10 x 3 / sqrt(0.7 x 3 + 0.3 x 9)
        (&[(1, 1), (1, 1), (1, 1)], 63.69),
        (&[(1, -1), (1, -1), (1, -1)], 36.31),
        // 50 + 10 x 4 / sqrt(0.7 x 2 + 0.3 x 4)
        (&[(1, 2), (1, 2)], 74.81),
        // 50 + 10 x (3 - 2) / sqrt(0.7 x 14 + 0.3 x 36)
        (&[(3, 1), (2, -1), (1, 0)], 52.2),
        (&[(1, 2), (1, -2)], 50.0),
    ] {
        assert_eq!(t(goals), Some(score), "{goals:?}");
    }
    assert_eq!(t(&[]), None);
    assert_eq!(t(&[(0, 1)]), None);
    assert_eq!(t(&[(1, 3)]), None);
}

/// How grave each urgent answer is beside the others; ours, in this order: C-SSRS high, item 9 on more than half the days,
/// C-SSRS moderate, item 9 on several days, every other.
#[test]
fn the_gravest_of_the_answers_that_cannot_wait_says_how_grave_it_is() {
    let all = Instruments::standard();
    for (code, line, gravity) in [
        ("c-ssrs", "1=1;2=1;3=1;4=1;5=0;6=0", 975),
        ("c-ssrs", "5=1", 975),
        ("c-ssrs", "1=0;2=0;6=1;6b=1", 975),
        ("c-ssrs", "1=0;2=0;6=1", 975),
        ("phq-9", "9=3", 974),
        ("phq-9", "1=0;2=0;3=0;4=0;5=0;6=0;7=0;8=0;9=2", 974),
        ("c-ssrs", "1=1;2=1;3=1;4=0;5=0;6=0", 973),
        ("c-ssrs", "1=0;2=0;6=1;6b=0", 973),
        ("phq-9", "9=1", 972),
        ("ahc-hrsn", "7=5;8=5;9=5;10=5", 971),
        ("phq-9", "what", 971),
        ("phq-9", "", 971),
        ("an agency's own", "1=1", 971),
    ] {
        assert_eq!(all.gravity(code, line, "Something"), gravity, "{code} {line}");
    }
    // Answers that another edition asked: what the row says is looked for.
    let says = all.get("c-ssrs").unwrap().urgent(&answers("4=1"));
    assert_eq!(all.gravity("c-ssrs", "", &format!("{says}; more")), 975);
}
