//! Where an agency's own file would keep people less safe than what ships with the program.
//!
//! The promise: a clock that the law starts, a step, a number to call, an answer that is told at once or a year for which a
//! file is kept is never given up in silence. The file is taken only where it says why, in a line `accept = "why"` of the
//! entry; otherwise what ships stands and the file is told.

use super::{Agency, CrisisKind, Retention};

/// What is wrong with an entry that is weaker, where it gives no reason.
pub fn unless(accept: &str, weaker: Option<String>) -> Option<String> {
    let weaker = weaker.filter(|_| accept.trim().is_empty())?;
    Some(format!("{weaker}. Where that is meant, say so here: accept = \"why\""))
}

/// In what a kind of crisis asks for less than before.
pub fn crisis(before: &CrisisKind, new: &CrisisKind) -> Option<String> {
    let name = &before.name;
    match (before.report_hours, new.report_hours) {
        (Some(hours), None) => {
            return Some(format!("\"{name}\" would no longer ask for the report due within {hours} hours"));
        }
        (Some(hours), Some(later)) if later > hours => {
            return Some(format!("\"{name}\" would ask for its report within {later} hours instead of {hours}"));
        }
        _ => {}
    }
    if new.debrief_days > before.debrief_days {
        return Some(format!(
            "\"{name}\" would be talked through after {} business days instead of {}",
            new.debrief_days, before.debrief_days
        ));
    }
    if !before.call.is_empty() && new.call.is_empty() {
        return Some(format!("\"{name}\" would name nobody to call"));
    }
    before.steps.iter().find_map(|step| {
        let what = &step.what;
        match new.steps.iter().find(|own| own.id == step.id) {
            None => Some(format!("\"{name}\" would no longer ask for the step \"{}\" ({what})", step.id)),
            // No minutes: whenever it can be.
            Some(own) if step.minutes.is_some_and(|minutes| own.minutes.is_none_or(|later| later > minutes)) => {
                Some(format!("\"{name}\" would ask for the step \"{}\" later", step.id))
            }
            Some(_) => None,
        }
    })
}

/// The agency's own numbers by which somebody is asked about later than by those that ship with the program: they stand, and
/// are told.
pub fn numbers(before: &Agency, new: &Agency) -> Vec<String> {
    let told = [
        (before.put_off_days, new.put_off_days, "what is about nobody's life may be put off for {} days instead of {}"),
        (
            before.referral_silent_days,
            new.referral_silent_days,
            "a referral that nobody answers is asked about after {} days instead of {}",
        ),
    ];
    let later = told.into_iter().filter(|(before, new, _)| new > before);
    let in_words = |(before, new, words): (u16, u16, &str)| {
        format!("agency.toml: {}", words.replacen("{}", &new.to_string(), 1).replacen("{}", &before.to_string(), 1))
    };
    later.map(in_words).collect()
}

/// In what files would be kept for a shorter time, where nobody says why.
pub fn retentions(before: &[Retention], new: &[Retention]) -> Option<String> {
    fn of<'a>(rules: &'a [Retention], area: &str) -> Option<&'a Retention> {
        rules.iter().find(|rule| rule.area == area).or_else(|| rules.iter().find(|rule| rule.area.is_empty()))
    }
    let areas = before.iter().chain(new).map(|rule| rule.area.as_str());
    areas.into_iter().find_map(|area| {
        let (was, now) = (of(before, area)?, of(new, area)?);
        let whose = if area.is_empty() { "other areas" } else { area };
        let years = (now.years < was.years)
            .then(|| format!("files of {whose} would be kept for {} year(s) instead of {}", now.years, was.years));
        let age = was.until_age.filter(|age| now.until_age.is_none_or(|own| own < *age));
        unless(
            &now.accept,
            years.or_else(|| {
                age.map(|age| format!("a minor's file of {whose} would no longer be kept to the age of {age}"))
            }),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::{AgencyFile, Practice};

    fn laid(name: &str, text: &str) -> (Practice, Vec<String>) {
        let file = AgencyFile { shown: format!("own/{name}"), name: name.into(), text: text.into() };
        let (practice, troubles) = Practice::shipped().overlay(&[file]);
        (practice, troubles.iter().map(ToString::to_string).collect())
    }

    /// The shipped kind with lines of its own in the place of some.
    fn suicide(with: &str, without: &str) -> String {
        let shipped = include_str!("../../assets/crises.toml");
        let from = shipped.find("[[crisis]]\ncode = \"suicide\"").unwrap();
        let to = from + 10 + shipped[from + 10..].find("[[crisis]]").unwrap();
        let lines = shipped[from..to].lines().filter(|line| without.is_empty() || !line.contains(without));
        let lines: Vec<&str> = lines.collect();
        format!("{}{with}\n", lines.join("\n") + "\n")
    }

    #[test]
    fn a_crisis_asks_for_less_only_where_the_agency_says_why() {
        assert_eq!(laid("crises.toml", &suicide("", "")).1, [""; 0]);
        assert_eq!(laid("crises.toml", &suicide("debrief-days = 1", "")).1, [""; 0]);
        for (with, without, why) in [
            ("", "id = \"means\"", "the step \"means\""),
            ("", "call =", "nobody to call"),
            ("debrief-days = 30", "", "30 business days instead of 3"),
        ] {
            let text = suicide(with, without);
            let (practice, told) = laid("crises.toml", &text);
            assert!(told.len() == 1 && told[0].contains(why) && told[0].contains("accept = \"why\""), "{told:?}");
            assert_eq!(practice.crisis("suicide"), Practice::shipped().crisis("suicide"));
            let accepted = format!("{text}accept = \"our crisis team does it\"\n");
            let (practice, told) = laid("crises.toml", &accepted);
            assert_eq!(told, [""; 0]);
            assert_ne!(practice.crisis("suicide"), Practice::shipped().crisis("suicide"));
        }
        // A kind of the agency's own takes no key from another, and stands once.
        let own = "[[crisis]]\ncode = \"flood\"\nname = \"Flood\"\nkey = \"s\"\nsteps = []\n";
        assert!(laid("crises.toml", own).1[0].contains("the key s chooses \"Suicide risk\" already"));
        let twice = own.replace("\"s\"", "\"9\"").repeat(2);
        assert!(laid("crises.toml", &twice).1[0].contains("line 6: the code \"flood\" stands here twice"));
    }

    #[test]
    fn files_are_kept_for_a_shorter_time_only_where_the_agency_says_why() {
        let rule = |years: u8, age: &str, accept: &str| {
            format!("[[retention]]\narea = \"\"\nyears = {years}\n{age}\nsource = \"our county\"\n{accept}\n")
        };
        for (text, told) in [
            (rule(10, "until-age = 25", ""), None),
            (rule(2, "until-age = 25", ""), Some("2 year(s) instead of 7")),
            (rule(7, "until-age = 21", ""), Some("to the age of 25")),
            (rule(7, "", ""), Some("to the age of 25")),
            (rule(2, "", "accept = \"state law of ours\""), None),
        ] {
            let (practice, said) = laid("agency.toml", &text);
            assert_eq!(said.is_empty(), told.is_none(), "{said:?}");
            if let Some(told) = told {
                assert!(said[0].contains(told), "{said:?}");
                assert_eq!(practice.agency.retentions, Practice::shipped().agency.retentions);
            }
        }
    }
}
