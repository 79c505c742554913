//! Files: what ships, what is wrong in an agency's own, and how its files lie over the shipped ones.

use super::*;
use crate::practice::Trouble;

const OWN: &str = r#"code = "mood"
name = "Mood"
about = "One question"
source = "Our agency"
licence = "Ours"
scoring = "sum"
range = [0, 4]

[choices]
level = [
    { value = 0, label = "Good", key = "g" },
    { value = 2, label = "Bad", key = "b" },
]

[[item]]
id = "1"
label = "Today"
choices = "level"

[[item]]
id = "2"
label = "This week"
choices = "level"

[[band]]
from = 0
label = "Fine"

[[band]]
from = 2
label = "Low"
severity = "moderate"
"#;

fn laid(text: &str) -> (Instruments, Vec<Trouble>) {
    Instruments::standard().overlay_folder([("own.toml", text)])
}

#[test]
fn all_files_of_the_folder_ship() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/instruments");
    let set = Instruments::standard();
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(set.get(name.trim_end_matches(".toml")).is_some(), "{name} is not in the list");
        files += 1;
    }
    assert_eq!(files, set.iter().count());
}

#[test]
fn the_shipped_ones_are_found_by_their_public_codes_and_by_practice() {
    let set = Instruments::standard();
    for (loinc, code, total) in [
        ("44249-1", "phq-9", Some("44261-6")),
        ("55757-9", "phq-2", Some("55758-7")),
        ("69737-5", "gad-7", Some("70274-6")),
        ("72109-2", "audit-c", Some("75626-2")),
        ("82666-9", "dast-10", Some("82667-7")),
        ("93373-9", "c-ssrs", Some("93374-7")),
        ("88121-9", "hunger", Some("88124-3")),
        ("96777-8", "ahc-hrsn", None),
        ("93025-5", "prapare", None),
    ] {
        let instrument = set.by_loinc(loinc).unwrap();
        assert_eq!((instrument.code.as_str(), instrument.loinc_total.as_deref()), (code, total));
    }
    assert_eq!(set.get("phq-9").unwrap().item("9").unwrap().loinc.as_deref(), Some("44260-8"));
    assert!(set.in_area("vocational").any(|instrument| instrument.code == "vocational"));
    assert!(set.in_area("vocational").all(|instrument| instrument.code != "lace"));
}

#[test]
fn an_agencys_file_adds_replaces_and_switches_off() {
    let (set, wrong) = laid(OWN);
    assert_eq!(wrong, []);
    assert_eq!(set.iter().count(), Instruments::standard().iter().count() + 1);
    let mood = set.get("mood").unwrap();
    assert_eq!(mood.items[0].by_key('B').unwrap().value, 2);
    assert_eq!(mood.score(&answers("1=2;2=0")).unwrap().says(), "2 of 4: Low");

    // An answer that the shipped one tells at once is given up only with a reason.
    let over = OWN.replace("\"mood\"", "\"phq-9\"");
    for own in [&over, "code = \"phq-9\"\noff = true\n"] {
        let (set, wrong) = laid(own);
        assert!(wrong[0].why.contains("no longer told") && wrong[0].why.contains("accept = \"why\""), "{wrong:?}");
        assert_eq!(set.get("phq-9"), Instruments::standard().get("phq-9"));
        let (set, wrong) = laid(&format!("accept = \"asked by the clinic next door\"\n{own}"));
        assert_eq!(wrong, []);
        assert_ne!(set.get("phq-9"), Instruments::standard().get("phq-9"));
    }
    let (set, wrong) = laid(&format!("accept = \"ours\"\n{over}"));
    assert_eq!(wrong, []);
    assert_eq!(set.iter().count(), Instruments::standard().iter().count());
    assert_eq!(set.get("phq-9").unwrap().name, "Mood");

    let (set, wrong) = laid("code = \"dast-10\"\noff = true\n");
    assert_eq!(wrong, []);
    assert!(set.get("dast-10").is_none());
}

#[test]
fn a_wrong_file_is_named_and_the_rest_still_loads() {
    let files =
        [("a.toml", OWN), ("b.toml", "code = 7\n"), ("c.toml", OWN), ("d.toml", "code = \"nowhere\"\noff = true\n")];
    let (set, wrong) = Instruments::standard().overlay_folder(files);
    assert!(set.get("mood").is_some() && set.get("phq-9").is_some());
    let told: Vec<String> = wrong.iter().map(|error| error.to_string()).collect();
    assert!(told[0].starts_with("b.toml, line 1: "), "{told:?}");
    assert_eq!(told[1], "c.toml, line 1: the code \"mood\" is already used in a.toml");
    assert_eq!(told[2], "d.toml, line 1: there is no instrument \"nowhere\" to switch off");
}

/// Each change to a sound file, and the line and words it is told with.
#[test]
fn each_wrong_line_is_told_with_its_line_and_in_words() {
    for (from, to, line, why) in [
        ("code = \"mood\"", "code = \"My mood\"", 1, "cannot stand for an item"),
        ("name = \"Mood\"", "name = \" \"", 2, "the name is empty"),
        ("source = \"Our agency\"", "colour = \"red\"", 4, "unknown field `colour`"),
        ("licence = \"Ours\"\n", "", 1, "missing field `licence`"),
        ("scoring = \"sum\"", "scoring = \"total\"", 6, "unknown variant `total`"),
        ("scoring = \"sum\"", "scoring = \"needs\"", 6, "no [[need]]"),
        ("scoring = \"sum\"", "scoring = \"level\"", 6, "no [[level]]"),
        ("[0, 4]", "[0, 5]", 7, "given as 0 to 5, but the answers give 0 to 4"),
        ("[0, 4]", "[0.5, 4]", 7, "invalid type"),
        ("range = [0, 4]", "range = [0, 4]\nloinc = \"44249-2\"", 8, "not a LOINC code"),
        ("range = [0, 4]", "range = [0, 4]\nagain = 0", 8, "from 1 to 3660"),
        ("range = [0, 4]", "range = [0, 4]\nmissing = \"prorate\"", 1, "who published that"),
        ("key = \"b\"", "key = \"g\"", 12, "the same key \"g\""),
        ("key = \"b\"", "key = \"bad\"", 12, "one digit or one letter"),
        ("value = 2", "value = 0", 12, "two choices have the value 0"),
        ("value = 2", "value = 99999999", 12, "beyond a million"),
        ("label = \"Bad\"", "label = \"\"", 12, "the label of a choice is empty"),
        ("id = \"2\"", "id = \"1\"", 20, "two items \"1\""),
        ("id = \"2\"", "id = \"two words\"", 20, "cannot stand for an item"),
        ("label = \"This week\"\nchoices = \"level\"", "label = \"This week\"\nchoices = \"levels\"", 20, "\"levels\""),
        ("label = \"This week\"\nchoices = \"level\"", "label = \"This week\"", 20, "needs one of"),
        ("label = \"Today\"", "label = \"Today\"\nshow-if = \"2=0\"", 18, "only at items before it"),
        ("label = \"This week\"", "label = \"This week\"\nshow-if = \"7=0\"", 23, "no item \"7\""),
        ("label = \"This week\"", "label = \"This week\"\nshow-if = \"1=1\"", 23, "has no answer 1"),
        ("label = \"This week\"", "label = \"This week\"\nshow-if = \"1 is 2\"", 23, "cannot be understood"),
        ("label = \"This week\"", "label = \"This week\"\nshow-if = \"1=2 and\"", 23, "ends too early"),
        ("from = 0", "from = 1", 25, "must begin at 0"),
        ("from = 2", "from = 0", 29, "must begin above 0"),
        ("from = 2", "from = 5", 29, "above the highest total 4"),
        ("label = \"Low\"", "label = \"\"", 29, "the label of a band is empty"),
        ("severity = \"moderate\"", "severity = \"bad\"", 32, "unknown variant `bad`"),
        (
            "severity = \"moderate\"",
            "severity = \"low\"\n[[alert]]\nitem = \"9\"\nwhen = \"=2\"\nsays = \"x\"",
            35,
            "no item \"9\"",
        ),
        (
            "severity = \"moderate\"",
            "severity = \"low\"\n[[alert]]\nitem = \"1\"\nwhen = \"2\"\nsays = \"x\"",
            35,
            "understood",
        ),
        (
            "severity = \"moderate\"",
            "[[need]]\ndomain = \"love\"\nwhat = \"x\"\nwhen = \"1=2\"",
            32,
            "no domain \"love\"",
        ),
        (
            "severity = \"moderate\"",
            "[[subscale]]\ncode = \"s\"\nname = \"S\"\nitems = [\"1\", \"3\"]\nrange = [0, 2]",
            32,
            "the item \"3\"",
        ),
        (
            "severity = \"moderate\"",
            "[[subscale]]\ncode = \"s\"\nname = \"S\"\nitems = [\"1\"]\nrange = [0, 4]",
            32,
            "0 to 4, but the answers give 0 to 2",
        ),
        ("severity = \"moderate\"", "[[level]]\nvalue = 1", 32, "needs `scoring = \"level\"`"),
        ("severity = \"moderate\"", "[[cut-off]]\npeople = \"men\"", 32, "not both"),
        ("[[band]]\nfrom = 0", "[[band]\nfrom = 0", 25, ""),
    ] {
        let text = OWN.replacen(from, to, 1);
        assert_ne!(text, OWN, "{from} is in the file");
        let (set, wrong) = laid(&text);
        assert!(set.get("mood").is_none() && set.get("phq-9").is_some());
        assert_eq!(wrong.len(), 1, "{to}");
        assert_eq!(wrong[0].line, line, "{to}: {}", wrong[0]);
        assert!(wrong[0].why.contains(why), "{to}: {}", wrong[0]);
        assert!(!wrong[0].why.trim().is_empty());
    }
}

#[test]
fn words_from_a_file_reach_no_terminal_raw() {
    let (set, _) = laid(&OWN.replace("\"Mood\"", "\"Mo\\u001b[31mod\""));
    assert!(!set.get("mood").unwrap().name.contains('\u{1b}'));
}

#[test]
fn missing_answers_are_estimated_only_as_far_as_the_source_allows() {
    let text = OWN
        .replace("range = [0, 4]", "range = [0, 8]\nmissing = \"prorate\"\nprorate-up-to = 1\nprorate-source = \"Ours\"")
        .replace(
            "[[band]]\nfrom = 0",
            "[[item]]\nid = \"3\"\nlabel = \"Month\"\nchoices = \"level\"\n[[item]]\nid = \"4\"\nlabel = \"Year\"\nchoices = \"level\"\n[[alert]]\nitem = \"4\"\nwhen = \"=2\"\nsays = \"Act\"\nnow = true\n[[band]]\nfrom = 0",
        );
    let (set, wrong) = laid(&text);
    assert_eq!(wrong, []);
    let mood = set.get("mood").unwrap();
    // 2 + 0 + 0 from three of four: 2 x 4 / 3 = 2.67, so 3. 2 + 2 + 2: 8.
    for (line, total) in [("1=2;2=0;4=0", 3), ("1=2;2=2;4=2", 8), ("1=0;2=0;4=0", 0)] {
        let scored = mood.score(&answers(line)).unwrap();
        assert_eq!((scored.total, scored.prorated), (total, true), "{line}");
        assert!(scored.says().ends_with("(missing answers estimated)"));
    }
    assert!(!mood.score(&answers("1=2;2=0;3=0;4=0")).unwrap().prorated);
    assert!(mood.score(&answers("1=1;4=0")).is_err(), "two are too many");
    assert!(mood.score(&answers("1=0;2=0;3=0")).is_err(), "what may demand action is never estimated");
}

#[test]
fn answers_to_another_edition_are_not_scored() {
    let error = shipped("phq-2").score(&answers("1=0;2=0;3=1")).unwrap_err();
    assert_eq!(error.to_string(), "PHQ-2 has no answer 1 to \"3\". It may come from another edition of PHQ-2.");
    assert!(shipped("phq-2").score(&answers("1=4;2=0")).is_err());
    let error = shipped("phq-2").score(&answers("1=2")).unwrap_err();
    assert_eq!(error.to_string(), "Not scored yet: 1 item is without an answer (Low mood, hopeless).");
}

#[test]
fn it_is_due_again_as_the_band_says_and_otherwise_as_the_instrument_does() {
    let day = |text: &str| -> chrono::NaiveDate { text.parse().unwrap() };
    let due = |code: &str, line: &str, done: &str| {
        let instrument = shipped(code);
        instrument.due_again(day(done), &instrument.score(&answers(line)).unwrap())
    };
    assert_eq!(due("phq-2", "1=0;2=0", "2026-11-24"), Some(day("2027-11-24")));
    assert_eq!(due("phq-2", "1=3;2=0", "2026-11-24"), Some(day("2026-12-01")));
    assert_eq!(due("phq-2", "1=0;2=0", "2028-02-29"), Some(day("2029-02-28")));
    assert_eq!(due("audit-c", "1=3;2=0;3=0", "2026-01-01"), Some(day("2026-04-01")), "the earlier of two");
    assert_eq!(due("lace", "l=0;a=0;c=0;e=0", "2026-01-01"), None, "once a stay");
}
