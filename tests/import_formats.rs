//! Bad files: each is refused with a reason or its bad parts are named, what can be read is read, and what is here stays.

use crate::common::terminal::{ENTER, Terminal};
use crate::common::{Caseload, fixture};
use serde_json::{Value as Json, json};

struct Bad {
    caseload: Caseload,
    client: String,
}

impl Bad {
    fn new() -> Bad {
        let caseload = Caseload::new();
        let client = caseload.client(&["given_name=Ana", "family_name=Reed"]);
        Bad { caseload, client }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.caseload.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().into()
    }

    #[track_caller]
    fn read(&self, name: &str, bytes: &[u8]) -> Json {
        let path = self.file(name, bytes);
        self.caseload.json(&["import", &path, "--client", &self.client])
    }

    /// Refused with a reason that says this, and nothing changed.
    #[track_caller]
    fn refused(&self, name: &str, bytes: &[u8], why: &str) {
        let before = self.caseload.json(&["check"]);
        let path = self.file(name, bytes);
        let said = self.caseload.refused(&["import", &path, "--client", &self.client]);
        assert!(said.contains(why), "{name}: {said}");
        assert_eq!(self.caseload.json(&["check"]), before);
    }
}

const EVENT: &str = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261110T100000Z\r\nSUMMARY:Zoë\r\nEND:VEVENT\r\n";

fn calendar(inside: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{inside}END:VCALENDAR\r\n")
}

#[test]
fn a_calendar_in_any_encoding_is_read() {
    let bad = Bad::new();
    let text = calendar(EVENT);
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    for (name, bytes, created) in [
        ("plain.ics", text.clone().into_bytes(), 1),
        ("marked.ics", marked, 0),
        ("wide.ics", wide, 0),
        ("latin.ics", latin, 0),
        ("unix.ics", text.replace("\r\n", "\n").into_bytes(), 0),
    ] {
        let done = bad.read(name, &bytes);
        assert_eq!(
            (&done["created"]["appointment"], &done["updated"]["appointment"]),
            (&json!(created), &json!(0)),
            "{name}"
        );
        assert_eq!(done["skipped"], json!([]), "{name}");
    }
    assert_eq!(bad.caseload.json(&["show", &bad.client])["appointments"][0]["title"], "Zoë");
}

#[test]
fn a_calendar_that_breaks_off_or_swells_gives_what_can_be_read_and_names_the_rest() {
    let bad = Bad::new();
    let good = EVENT.replace("UID:1", "UID:2");
    // Truncated inside an event.
    let done = bad.read("cut.ics", &calendar(&format!("{EVENT}{good}")).as_bytes()[..170]);
    assert_eq!((&done["created"]["appointment"], &done["skipped"][0]["line"]), (&json!(1), &json!(8)));
    assert!(done["skipped"][0]["reason"].as_str().unwrap().contains("breaks off"));
    // One line of 100 MB inside an event: the line is passed over, the event and the next one are there.
    let swollen = EVENT.replace("SUMMARY", &format!("X-JUNK:{}\r\nSUMMARY", "j".repeat(100 << 20)));
    let done = bad.read("swollen.ics", calendar(&format!("{swollen}{good}")).as_bytes());
    assert_eq!((&done["created"]["appointment"], &done["unchanged"]["appointment"]), (&json!(1), &json!(1)));
    // An event of many lines that are too much together.
    let many =
        EVENT.replace("SUMMARY", &format!("{}SUMMARY", format!("X-JUNK:{}\r\n", "j".repeat(60_000)).repeat(100)));
    let done = bad.read("many.ics", calendar(&format!("{many}{good}")).as_bytes());
    assert!(done["skipped"][0]["reason"].as_str().unwrap().contains("larger than 4 MB"), "{done}");
    // Components in components, a hundred thousand deep, around and inside an event.
    let deep = format!("{}{EVENT}", "BEGIN:X\r\n".repeat(100_000));
    assert_eq!(bad.read("deep.ics", calendar(&deep).as_bytes())["skipped"], json!([]));
    let inside = EVENT.replace("SUMMARY", &format!("{}SUMMARY", "BEGIN:VALARM\r\n".repeat(100_000)));
    assert_eq!(bad.read("inside.ics", calendar(&inside).as_bytes())["read"]["inside.ics"], 1);
    // A rule and times that are none.
    let wrong = EVENT.replace("SUMMARY", "RRULE:FREQ=NEVER;BYDAY=XX\r\nSUMMARY");
    let done = bad.read("rule.ics", calendar(&format!("{wrong}{good}")).as_bytes());
    assert_eq!(done["read"]["rule.ics"], 2);
    assert_eq!(bad.caseload.json(&["check"])["ok"], true);
}

#[test]
fn cards_that_are_broken_are_named_one_by_one() {
    let bad = Bad::new();
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Sol Vega\r\nEND:VCARD\r\n";
    let photo = card.replace("FN", &format!("PHOTO;ENCODING=b:{}\r\nFN", "A".repeat(3 << 20)));
    let done =
        bad.read("team.vcf", format!("{photo}BEGIN:VCARD\r\nVERSION:4.0\r\nEND:VCARD\r\n{}", &card[..30]).as_bytes());
    assert_eq!((&done["read"]["team.vcf"], &done["created"]["care_team"]), (&json!(3), &json!(1)));
    let reasons: Vec<&str> =
        done["skipped"].as_array().unwrap().iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["it has no name", "it breaks off in the middle of this card"]);
}

#[test]
fn a_directory_that_is_none_is_refused_and_a_bad_service_is_named() {
    let bad = Bad::new();
    let whole = std::fs::read_to_string(fixture("hsds/services.json")).unwrap();
    bad.refused("cut.json", &whole.as_bytes()[..whole.len() / 2], "ends in the middle (line");
    bad.refused("deep.json", format!("{{\"services\": {}", "[".repeat(200_000)).as_bytes(), "nested deeper");
    bad.refused("other.json", b"{\"hello\": 1}", "of no kind that can be imported");
    bad.refused("binary.json", b"{\"services\": \0}", "not a text file");
    bad.refused("typed.json", b"{\"contents\": 7}", "neither services nor organizations");
    let wrong = br#"{"services": [{"id": 7, "name": "Pantry"}, 5, {"id": [], "name": "x"}, {"id": 7, "name": "Twice"}], "name": "Aid"}"#;
    let done = bad.read("wrong.json", wrong);
    assert_eq!((&done["read"]["wrong.json"], &done["created"]["resource"]), (&json!(4), &json!(1)));
    let named: Vec<u64> = done["skipped"].as_array().unwrap().iter().map(|row| row["line"].as_u64().unwrap()).collect();
    assert_eq!(named, [2, 3, 4]);
    let marked = [b"\xef\xbb\xbf", whole.replace('\n', "\r\n").as_bytes()].concat();
    assert_eq!(bad.read("marked.json", &marked)["created"]["resource"], 3);
    let folder = bad.caseload.folder.path().join("csv");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("services.csv"), "id,name,organization_id\n1,Pantry,9\n2\n").unwrap();
    let said = bad.caseload.refused(&["import", folder.to_str().unwrap()]);
    assert!(said.contains("HSDS"), "{said}");
    std::fs::write(folder.join("organizations.csv"), "id,name\n9,Aid\n").unwrap();
    let done = bad.caseload.json(&["import", folder.to_str().unwrap()]);
    assert_eq!((&done["created"]["resource"], done["skipped"].as_array().unwrap().len()), (&json!(1), 1), "{done}");
}

#[test]
fn xml_is_not_read_at_all_so_nothing_outside_it_is_fetched() {
    let bad = Bad::new();
    let xml = b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>";
    bad.refused("entity.xml", xml, "XML or HTML cannot be imported");
}

#[test]
fn a_format_named_wrongly_is_found_out() {
    let bad = Bad::new();
    let sheet = bad.file("people.csv", b"First name,Last name\nBo,Lund\n");
    for (format, why) in [("hsds", "not JSON"), ("vcard", "no address card")] {
        let said = bad.caseload.refused(&["import", &sheet, "--format", format, "--client", &bad.client]);
        assert!(said.contains(why), "{format}: {said}");
    }
    let done = bad.caseload.json(&["import", &sheet, "--format", "ics", "--client", &bad.client]);
    assert_eq!(done["read"]["people.csv"], 0);
}

/// At the screen too a file closes nobody over what their life hangs on: who, why, and what to do is said, and one key goes
/// there.
#[test]
fn an_import_at_the_screen_says_whom_it_did_not_close_and_leads_there() {
    let bad = Bad::new();
    let sheet = |status: &str| {
        let text = format!("MRN,First name,Last name,Status\n77,Joy,Okoro,{status}\n78,Max,Berg,{status}\n");
        bad.file(&format!("{status}.csv"), text.as_bytes())
    };
    bad.caseload.run(&["import", &sheet("active")]);
    bad.caseload.run(&["add", "incident", "client=Joy", "kind=suicide"]);
    let closed = sheet("closed");
    let pass = bad.caseload.pass();
    let mut screen = Terminal::start(&bad.caseload, 80, 24, &["--passphrase-file", pass.to_str().unwrap()]);
    screen.wait("Joy Okoro");
    screen.keys(":import");
    screen.wait("HMIS");
    screen.keys(ENTER);
    screen.wait("The folder of an HMIS CSV export");
    screen.keys(&closed);
    screen.keys(ENTER);
    screen.wait("1 person is closed in the file, and not here");
    screen.wait(":close client");
    screen.wait("Joy Okoro has an unresolved crisis");
    screen.keys(ENTER);
    screen.wait("2 Client: Joy Okoro");
    screen.keys("q");
    assert!(screen.ends());
    let status = |who: &str| bad.caseload.json(&["show", who])["client"]["status"].clone();
    assert_eq!((status("Joy"), status("Max")), (json!("active"), json!("closed")));
}
