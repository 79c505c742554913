//! What each field, choice and list tells.

use super::*;
use crate::model::{CATALOGUE, Value};
use crate::practice::AgencyFile;

fn row(record: &'static crate::model::RecordType, key: &str) -> Row {
    Row::new(record, RowId::derived(&[key]), RowId::derived(&["client"]))
}

fn is_of_a_client(record: &crate::model::RecordType) -> bool {
    !record.is_the_workers() && *record != worker::TYPE
}

fn codes(tells: &[Information]) -> String {
    tells.iter().map(|one| one.code()).collect::<Vec<_>>().join(", ")
}

/// Reviewed by whoever changes it: what every field, choice and entry of a list tells. A new one is in it by itself.
#[test]
fn what_everything_tells_is_as_it_was_reviewed() {
    let practice = Practice::standard();
    let mut lines =
        vec!["Fields. A row tells with every field, too, what its choices, goals and words tell.".to_string()];
    let mut lists = std::collections::BTreeMap::new();
    for record in CATALOGUE.iter().filter(|record| is_of_a_client(record)) {
        lines.push(format!("\n{}", record.name));
        for field in record.fields {
            let by = match field.kind {
                Kind::Choice(choices) | Kind::Choices(choices) => {
                    let tells = |code: &str| match choices {
                        Choices::Fixed(list) => of_fixed(list, code),
                        Choices::Listed(list) => practice.tells(list, code),
                    };
                    let all = choices
                        .all()
                        .iter()
                        .map(|choice| (choice.code, codes(&tells(choice.code).into_iter().collect::<Vec<_>>())));
                    let telling: Vec<_> = all.filter(|(_, tells)| !tells.is_empty()).collect();
                    let by = if telling.is_empty() { "" } else { " + its choice" };
                    if !telling.is_empty() {
                        lists.insert(format!("{}.{}", record.name, field.name), telling);
                    }
                    by
                }
                Kind::Link("goal") | Kind::Links("goal") => " + its goals",
                _ if field.id == client::crisis => "the kinds of crisis that it speaks of",
                _ => "",
            };
            let tells = match (field.tells, by) {
                ([], "") => "what its row says".to_string(),
                (tells, _) => codes(tells),
            };
            lines.push(format!("  {}: {tells}{by}", field.name));
        }
    }
    lines.push("\nChoices that tell more than their field.".into());
    for (field, choices) in lists {
        lines.push(format!("\n{field}"));
        lines.extend(choices.into_iter().map(|(code, tells)| format!("  {code}: {tells}")));
    }
    insta::assert_snapshot!("what_everything_tells", lines.join("\n"));
}

/// A field without classes is one of a row that is about something by its choice, or one of the worker's own.
#[test]
fn only_what_its_row_says_is_left_to_its_row() {
    for record in CATALOGUE.iter().filter(|record| is_of_a_client(record)) {
        for field in record.fields.iter().filter(|field| field.tells.is_empty()) {
            let by_row = record.number == assessment::TYPE.number || field.id == client::crisis;
            assert!(by_row, "{}.{} tells nothing", record.name, field.name);
        }
    }
    // And where the row does not say it, it tells everything.
    let practice = Practice::standard();
    let sorter = Sorter::new(&practice, &[]);
    assert_eq!(sorter.of_field(&row(&assessment::TYPE, "empty"), assessment::about), everything());
}

/// 42 CFR 2.11: what would identify someone as having had a substance use disorder, wherever it stands.
#[test]
fn substance_use_is_seen_wherever_it_stands() {
    let practice = Practice::standard();
    let mut sober = row(&goal::TYPE, "sober");
    sober.put(goal::words, "Stay sober");
    sober.put(goal::domain, "substance-use");
    let sorter = Sorter::new(&practice, std::slice::from_ref(&sober));
    let mut found = vec![sober.clone()];
    for (record, field, value) in [
        (&need::TYPE, need::domain, "substance-use"),
        (&referral::TYPE, referral::domain, "substance-use"),
        (&assessment::TYPE, assessment::instrument, "audit-c"),
        (&assessment::TYPE, assessment::instrument, "dast-10"),
        (&assessment::TYPE, assessment::instrument, "social-work"),
        (&assessment::TYPE, assessment::instrument, "another-agencys"),
        (&stay::TYPE, stay::kind, "detox"),
        (&incident::TYPE, incident::kind, "overdose"),
        (&note::TYPE, note::service, "H0006"),
        (&authorization::TYPE, authorization::service, "H0006"),
    ] {
        let mut one = row(record, value);
        one.put(field, value);
        found.push(one);
    }
    let mut step = row(&step::TYPE, "step");
    step.put(step::goal, Value::Link(sober.id));
    let mut served = row(&note::TYPE, "served");
    served.put(note::body, "went well");
    served.sets.push((note::goals.field, vec![sober.id.to_string()]));
    found.extend([step, served]);
    for row in &found {
        assert!(sorter.of_row(row).contains(&Information::SubstanceUse), "{}", row.record.name);
    }
    let mut plain = row(&note::TYPE, "plain");
    plain.put(note::service, "H2015");
    assert_eq!(sorter.of_row(&plain), [Information::Notes].into());
}

#[test]
fn where_someone_is_is_seen_wherever_it_stands() {
    let practice = Practice::standard();
    let sorter = Sorter::new(&practice, &[]);
    for (record, field) in [
        (&client::TYPE, client::address),
        (&client::TYPE, client::living),
        (&housing::TYPE, housing::place),
        (&enrollment::TYPE, enrollment::project),
        (&appointment::TYPE, appointment::place),
        (&employment::TYPE, employment::employer),
    ] {
        let mut one = row(record, field_name(record, field));
        one.put(field, "Elm Street 4");
        assert!(sorter.of_row(&one).contains(&Information::Whereabouts), "{}", field_name(record, field));
    }
}

fn field_name(record: &'static crate::model::RecordType, field: FieldId) -> &'static str {
    record.field(field.field).unwrap().name
}

fn of_agency(name: &str, text: &str) -> Practice {
    let file = AgencyFile { shown: format!("own/{name}"), name: name.into(), text: text.into() };
    let (practice, troubles) = (*Practice::standard()).clone().overlay(&[file]);
    assert_eq!(troubles, []);
    practice
}

const PTSD: &str =
    "code = \"ptsd\"\nname = \"Probable PTSD\"\nabout = \"One question\"\nsource = \"Ours\"\nlicence = \"Ours\"
scoring = \"sum\"\nrange = [0, 1]\n[[item]]\nid = \"1\"\nlabel = \"Memories of the assault\"
choice = [{ value = 0, label = \"No\" }, { value = 1, label = \"Yes\" }]\n[[band]]\nfrom = 0\nlabel = \"Told\"\n";

/// An agency's own instrument that does not say what it tells is the most guarded; one that says it tells that.
#[test]
fn an_agencys_own_instrument_tells_everything_until_it_says_what() {
    let mut asked = row(&assessment::TYPE, "asked");
    asked.put(assessment::instrument, "ptsd");
    asked.put(assessment::band, "Told");
    let practice = of_agency("instruments/ptsd.toml", PTSD);
    assert_eq!(Sorter::new(&practice, &[]).of_row(&asked), everything());
    assert_eq!(practice.untold().len(), 1);
    assert!(practice.untold()[0].contains("\"ptsd\""), "{:?}", practice.untold());
    let practice = of_agency("instruments/ptsd.toml", &format!("tells = [\"mental-health\"]\n{PTSD}"));
    assert_eq!(practice.untold(), [""; 0]);
    assert_eq!(Sorter::new(&practice, &[]).of_row(&asked), [Information::MentalHealth].into());
    // What takes the place of one that ships tells what that one did, too.
    let own = PTSD.replace("\"ptsd\"", "\"audit-c\"");
    let practice = of_agency("instruments/own.toml", &format!("tells = [\"needs\"]\n{own}"));
    asked.put(assessment::instrument, "audit-c");
    let told = Sorter::new(&practice, &[]).of_row(&asked);
    assert_eq!(told, [Information::Needs, Information::SubstanceUse].into());
    assert!(of_agency("instruments/own.toml", "code = \"audit-c\"\noff = true\n").untold().is_empty());
}

#[test]
fn an_agencys_own_lists_tell_everything_until_they_say_what_and_are_named() {
    for (name, text, record, field, code) in [
        (
            "areas/hope.toml",
            "code = \"hope\"\nname = \"Hope\"\nplan = \"service-plan\"\nTELLS",
            &client::TYPE,
            client::area,
            "hope",
        ),
        ("notes.toml", "[[template]]\ncode = \"hope\"\nname = \"Hope\"\nTELLS", &note::TYPE, note::template, "hope"),
        (
            "services.toml",
            "[[service]]\ncode = \"S9485\"\nname = \"Hope\"\nunit = \"day\"\nsource = \"\"\nTELLS",
            &note::TYPE,
            note::service,
            "S9485",
        ),
        (
            "crises.toml",
            "[[crisis]]\ncode = \"hope\"\nname = \"Hope\"\nkey = \"9\"\nsteps = []\nTELLS",
            &incident::TYPE,
            incident::kind,
            "hope",
        ),
    ] {
        let mut one = row(record, name);
        one.put(field, code);
        let untold = of_agency(name, &text.replace("TELLS", ""));
        assert_eq!(Sorter::new(&untold, &[]).of_row(&one), everything(), "{name}");
        let said = untold.untold();
        assert!(said.len() == 1 && said[0].contains(&format!("\"{code}\"")) && said[0].starts_with(name), "{said:?}");
        let told = of_agency(name, &text.replace("TELLS", "tells = [\"income\"]\n"));
        assert!(told.untold().is_empty());
        let told = Sorter::new(&told, &[]).of_row(&one);
        assert!(told.contains(&Information::Income) && told.len() == 2, "{name}: {told:?}");
    }
    assert_eq!(Practice::standard().untold(), [""; 0]);
}

/// What every page says of a crisis is what its kinds tell.
#[test]
fn the_line_on_a_crisis_tells_what_its_kinds_tell() {
    use Information::*;
    let practice = Practice::standard();
    let sorter = Sorter::new(&practice, &[]);
    for (line, told) in [
        ("Violence at home", vec![Violence]),
        ("Suicide risk", vec![MentalHealth]),
        ("Overdose / Loss of housing", vec![SubstanceUse, Whereabouts]),
        ("her partner hit her", vec![Violence, MentalHealth]),
        ("found with pills", vec![SubstanceUse, MentalHealth]),
        ("Violence at home / says goodbye", vec![Violence, MentalHealth]),
        // Nobody knows of which kind it is.
        ("something came up", Information::ALL.to_vec()),
    ] {
        let mut person = row(&client::TYPE, line);
        person.put(client::crisis, line);
        assert_eq!(sorter.of_field(&person, client::crisis), told.into_iter().collect(), "{line}");
        let reason = format!("in crisis: {line}");
        let said = sorter.of_reason(std::iter::once(&person), &reason);
        assert_eq!(said, sorter.of_field(&person, client::crisis), "the reason says it too");
        assert!(sorter.of_reason(std::iter::once(&person), "no contact for 9 days").is_empty());
    }
}

/// 42 CFR 2.11: a medication, a group or a program names it, in whatever row.
#[test]
fn words_that_name_substance_use_or_violence_tell_it() {
    let practice = Practice::standard();
    let sorter = Sorter::new(&practice, &[]);
    for (record, field, words, what) in [
        (&medication::TYPE, medication::name, "Methadone 60 mg", Information::SubstanceUse),
        (&care_team::TYPE, care_team::organisation, "Narcotics Anonymous, Tuesday group", Information::SubstanceUse),
        (&appointment::TYPE, appointment::title, "Suboxone refill", Information::SubstanceUse),
        (&service::TYPE, service::provider, "Riverside OTP", Information::SubstanceUse),
        (&stay::TYPE, stay::hospital, "County Detox", Information::SubstanceUse),
        (&client::TYPE, client::risk, "relapsed in May", Information::SubstanceUse),
        (&care_team::TYPE, care_team::role, "DV advocate", Information::Violence),
        (&service::TYPE, service::what, "Women's shelter", Information::Violence),
    ] {
        let mut one = row(record, words);
        one.put(field, words);
        assert!(sorter.of_field(&one, field).contains(&what), "{words}");
        if record != &client::TYPE {
            assert!(sorter.of_field(&one, record.fields[0].id).contains(&what), "{words}: the whole row");
        }
    }
    let mut plain = row(&medication::TYPE, "plain");
    plain.put(medication::name, "Metformin");
    assert_eq!(sorter.of_row(&plain), [Information::Health].into());
}

/// What this version does not know is the most guarded: a field of a newer one, a choice, a goal that is gone.
#[test]
fn what_is_unknown_tells_everything() {
    let practice = Practice::standard();
    let sorter = Sorter::new(&practice, &[]);
    let person = row(&client::TYPE, "person");
    assert_eq!(sorter.of_field(&person, FieldId { record: client::TYPE.number, field: 126 }), everything());
    for (record, field, code) in [
        (&need::TYPE, need::domain, "of a newer version"),
        (&stay::TYPE, stay::kind, "of a newer version"),
        (&appointment::TYPE, appointment::status, "of a newer version"),
        (&note::TYPE, note::service, "X9999"),
    ] {
        let mut one = row(record, code);
        one.put(field, code);
        assert_eq!(sorter.of_row(&one), everything(), "{}", record.name);
    }
    let mut step = row(&step::TYPE, "step");
    step.put(step::goal, Value::Link(RowId::derived(&["gone"])));
    assert_eq!(sorter.of_row(&step), everything());
}

/// A worker marks what no word tells, and says of a word that it tells of no program (42 CFR 2.11, 2.12).
#[test]
fn a_worker_marks_what_a_row_tells() {
    use Information::{SubstanceUse, Violence};
    let practice = Practice::standard();
    let sorter = Sorter::new(&practice, &[]);
    for (record, title, also, part2) in [
        (&medication::TYPE, medication::name, medication::also_tells, medication::part2),
        (&care_team::TYPE, care_team::name, care_team::also_tells, care_team::part2),
        (&appointment::TYPE, appointment::title, appointment::also_tells, appointment::part2),
        (&service::TYPE, service::what, service::also_tells, service::part2),
        (&stay::TYPE, stay::hospital, stay::also_tells, stay::part2),
    ] {
        let mut plain = row(record, "plain");
        plain.put(title, "County General");
        let told = sorter.of_field(&plain, title);
        assert!(!told.contains(&SubstanceUse) && !told.contains(&Violence), "{}: {told:?}", record.name);
        for (code, tells) in
            [("substance-use", &[SubstanceUse][..]), ("violence", &[Violence]), ("both", &[SubstanceUse, Violence])]
        {
            let mut marked = plain.clone();
            marked.put(also, code);
            let told = sorter.of_field(&marked, title);
            assert!(tells.iter().all(|one| told.contains(one)), "{} {code}", record.name);
        }
        for (code, tells) in [("yes", true), ("not-known", true), ("no", false)] {
            let mut said = plain.clone();
            said.put(part2, code);
            assert_eq!(sorter.of_field(&said, title).contains(&SubstanceUse), tells, "{} {code}", record.name);
        }
        // Methadone may be for pain: proposed by its word, until the worker says it.
        let mut named = plain.clone();
        named.put(title, "Methadone 60 mg");
        assert!(sorter.of_field(&named, title).contains(&SubstanceUse), "{}", record.name);
        named.put(part2, "no");
        assert!(!sorter.of_field(&named, title).contains(&SubstanceUse), "{}", record.name);
        // Marked all the same, or said otherwise by another site: it counts.
        let mut marked = named.clone();
        marked.put(also, "both");
        assert!(sorter.of_field(&marked, title).contains(&SubstanceUse), "{}", record.name);
        let sides = vec![Value::text("no"), Value::text("yes")];
        named.disagreements.push(crate::model::Disagreement { field: part2, sides });
        assert!(sorter.of_field(&named, title).contains(&SubstanceUse), "{}", record.name);
    }
}

/// What words propose is asked once, of each row and of each of the two by itself; "neither" opens what its words say and no
/// mark that stands.
#[test]
fn what_words_tell_is_proposed_until_a_worker_says_so_or_otherwise() {
    use Information::{SubstanceUse, Violence};
    let practice = Practice::standard();
    let sorter = Sorter::new(&practice, &[]);
    let proposed = |row: &Row| -> Vec<(Information, FieldId, &str, &str)> {
        sorter.proposals([row]).into_iter().map(|one| (one.tells, one.mark, one.yes, one.no)).collect()
    };
    let mut plain = row(&medication::TYPE, "plain");
    plain.put(medication::name, "Metformin");
    assert_eq!(proposed(&plain), []);
    let mut use_alone = row(&medication::TYPE, "use");
    use_alone.put(medication::name, "Methadone 60 mg");
    assert_eq!(proposed(&use_alone), [(SubstanceUse, medication::part2, "yes", "no")]);
    for code in ["yes", "no", "not-known"] {
        let mut said = use_alone.clone();
        said.put(medication::part2, code);
        assert_eq!(proposed(&said), [], "{code}");
    }
    let mut both = row(&appointment::TYPE, "both");
    both.put(appointment::title, "Narcotics Anonymous, then the domestic violence shelter");
    let (part2, also) = (appointment::part2, appointment::also_tells);
    assert_eq!(proposed(&both), [(SubstanceUse, part2, "yes", "no"), (Violence, also, "violence", "substance-use")]);
    // "No" to violence leaves what is told of substance use, and is not asked again.
    both.put(also, "substance-use");
    assert_eq!(proposed(&both), []);
    assert!(sorter.of_row(&both).contains(&SubstanceUse));
    both.put(part2, "no");
    both.put(also, "");
    assert_eq!(proposed(&both), [(Violence, also, "violence", "neither")]);
    both.put(also, "neither");
    let told = sorter.of_row(&both);
    assert!(!told.contains(&Violence) && !told.contains(&SubstanceUse), "{told:?}");
    // Said otherwise on another laptop: it counts.
    both.disagreements
        .push(crate::model::Disagreement { field: also, sides: vec!["neither".into(), "violence".into()] });
    assert!(sorter.of_row(&both).contains(&Violence));
}

/// Where sites disagree, a file shows what each of them says, and so tells it.
#[test]
fn what_another_site_says_is_told_too() {
    let practice = Practice::standard();
    let mut torn = row(&need::TYPE, "need");
    torn.put(need::domain, "food");
    torn.put(need::what, "Food box");
    let sorter = Sorter::new(&practice, &[]);
    assert!(!sorter.of_row(&torn).contains(&Information::SubstanceUse));
    let sides = vec![Value::text("food"), Value::text("substance-use")];
    torn.disagreements.push(crate::model::Disagreement { field: need::domain, sides });
    assert!(sorter.of_row(&torn).contains(&Information::SubstanceUse));
}
