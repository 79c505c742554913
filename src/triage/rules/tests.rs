//! The rules' file: what lies over what, and what is told of a wrong one.

use super::*;

#[test]
fn an_agencys_file_replaces_the_lines_it_names() {
    let own = "[contact]\nlight = 60\n\n[[rule]]\nid = \"no-plan\"\ndays = 45\n\n[[rule]]\nid = \"ride\"\noff = true\n";
    let rules = Rules::standard().overlay("own.toml", own).unwrap();
    assert_eq!(rules.contact_days(Some(Intensity::Light), &[]), 60);
    assert_eq!(rules.contact_days(Some(Intensity::Intensive), &[]), 7);
    assert_eq!(rules.iter().find(|rule| rule.id == "no-plan").unwrap().days, 45);
    assert!(rules.iter().all(|rule| rule.id != "ride"));
}

#[test]
fn a_wrong_file_is_an_error_with_its_line() {
    for (own, line, why) in [
        ("[contact]\nweekly = 7\n", 2, "unknown field"),
        ("\n\n[[rule]]\nid = \"task\"\nweight = \"heavy\"\n", 5, "invalid type"),
        ("[[rule]]\nid = \"mine\"\n", 1, "needs a line"),
        ("\n[[rule]]\nid = \"task\"\naction = \"dance\"\n", 2, "no such action"),
        ("[[rule]]\nid = \"task\"\ntext = \"{who}\"\n", 1, "{who}"),
        ("[[rule]]\nid = \"tsak\"\noff = true\n", 1, "no rule \"tsak\""),
        ("[[rule]\n", 1, ""),
        (
            "[[rule]]\nid = \"x\"\naction = \"add-note\"\ntext = \"x\"\nsource = \"x\"\nlooks-at = \"stay.left\"\n",
            1,
            "stay has no field \"left\"",
        ),
        ("[[rule]]\nid = \"task\"\nwhere = [\"kind=x\"]\n", 1, "goes with looks-at"),
        ("[[rule]]\nid = \"task\"\nin-a-row = 2\n", 1, "goes with looks-at"),
        ("[[rule]]\nid = \"missed-in-a-row\"\nin-a-row = 0\n", 1, "1 or more"),
        ("[[rule]]\nid = \"debrief\"\nwithout = \"sefety_plan\"\n", 1, "no record type \"sefety_plan\""),
        (
            "[[rule]]\nid = \"x\"\naction = \"add-note\"\ntext = \"x\"\nsource = \"x\"\nlooks-at = \"stay.discharged\"\nwhere = [\"kind=ship\"]\n",
            1,
            "never \"ship\"",
        ),
    ] {
        let error = Rules::standard().overlay("own.toml", own).unwrap_err();
        assert_eq!((error.line, error.file.as_str()), (line, "own.toml"), "{own}: {error}");
        assert!(error.why.contains(why), "{error}");
    }
}

/// What guards a life is not switched off or weakened in silence.
#[test]
fn a_safety_rule_is_weakened_only_with_a_reason_which_is_told() {
    for (id, lines, how) in [
        ("incident-open", "off = true", "switched off"),
        ("assessment-urgent", "now = -3", "asks later"),
        ("psychiatric-7", "days = 14", "asks later"),
        ("crisis", "class = \"care\"", "class life"),
        ("safety-plan-missing", "where = [\"instrument=phq-9\"]", "fewer"),
        ("mandated-report", "ends = 2", "shorter"),
        ("incident-open", "closed = false", "closed"),
        ("crisis", "put-off = 3", "put off"),
        ("detox-7", "met-by = [\"contact\"]", "more"),
        ("psychiatric-7", "in-a-row = 9", "fewer"),
        ("psychiatric-7", "met-after = 0", "more"),
        ("incident-open", "beside = \"vocation\"", "fewer"),
        ("incident-open", "gives-way = \"began\"", "fewer"),
        ("psychiatric-7", "instead = \"admitted\"", "fewer"),
        ("crisis", "gravity = 1", "less grave"),
    ] {
        let own = format!("[[rule]]\nid = \"{id}\"\n{lines}\n");
        let refused = Rules::standard().overlay("own.toml", &own).unwrap_err();
        assert!(refused.why.contains("accept") && refused.why.contains(how), "{id}: {refused}");
        let said = format!("{own}accept = \"  \"\n");
        assert!(Rules::standard().overlay("own.toml", &said).is_err(), "{id}: an empty reason is none");
        let said = format!("{own}accept = \"the county's own team does it\"\n");
        let rules = Rules::standard().overlay("own.toml", &said).unwrap();
        assert_eq!(rules.accepted().len(), 1);
        assert!(rules.accepted()[0].contains(id) && rules.accepted()[0].contains("the county's own team"));
    }
    let silent = "[[rule]]\nid = \"crisis\"\ntext = \" \"\n";
    assert!(Rules::standard().overlay("own.toml", silent).unwrap_err().why.contains("no words"));
    // What a raised risk makes a matter of life, and how urgent a crisis is, is told where it is changed.
    for (own, told) in [
        ("[[rule]]\nid = \"refill\"\noff = true\n", "refill"),
        ("[[rule]]\nid = \"no-show\"\nlifts = \"contact-today\"\n", "no-show"),
        ("[crisis-urgency]\nsuicide = \"tonight\"\n", "suicide"),
    ] {
        let rules = Rules::standard().overlay("own.toml", own).unwrap();
        assert!(rules.accepted().iter().any(|line| line.contains(told)), "{own}");
    }
    // What guards it more, or only says it otherwise, needs no reason; nor do rules of other classes.
    let own = "[[rule]]\nid = \"psychiatric-7\"\ndays = 5\ntext = \"see them\"\n[[rule]]\nid = \"task\"\noff = true\n";
    assert_eq!(Rules::standard().overlay("own.toml", own).unwrap().accepted(), [] as [&str; 0]);
}

#[test]
fn every_shipped_rule_says_where_it_comes_from() {
    assert!(Rules::standard().iter().all(|rule| !rule.source.is_empty() && !rule.text.is_empty()));
}
