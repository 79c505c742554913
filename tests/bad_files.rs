//! Every format in every state a file arrives in: in other encodings and line ends it says the same; cut off, swollen or
//! nested without end it is refused with a reason or its bad parts are named; stopped on the way it changes nothing.

use std::path::{Path, PathBuf};

use crate::common::terminal::Terminal;
use crate::common::{Caseload, program};
use portable_pty::CommandBuilder;
use serde_json::{Value as Json, json};

/// A format by a small file that holds two good rows, the first with a name that is not ASCII.
struct Format {
    name: &'static str,
    /// The file, or the one file of the folder that the rest of `beside` belongs to.
    file: &'static str,
    beside: &'static [(&'static str, &'static str)],
    text: &'static str,
    /// What the two rows become.
    record: &'static str,
}

const FORMATS: &[Format] = &[
    Format {
        name: "a sheet",
        file: "people.csv",
        beside: &[],
        text: "First name,Last name,DOB,About\nZoë,Lund,1980-01-02,SWELL\nBo,Vega,1981-02-03,\n",
        record: "client",
    },
    Format {
        name: "HMIS",
        file: "Client.csv",
        beside: &[("Enrollment.csv", "EnrollmentID,PersonalID,ProjectID,EntryDate,HouseholdID\n")],
        text: "PersonalID,FirstName,LastName,DOB,DifferentIdentityText\n1,Zoë,Lund,1980-01-02,SWELL\n2,Bo,Vega,1981-02-03,\n",
        record: "client",
    },
    Format {
        name: "FHIR",
        file: "bundle.json",
        beside: &[],
        text: "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[\n\
            {\"resource\":{\"resourceType\":\"Patient\",\"id\":\"1\",\"name\":[{\"given\":[\"Zoë\"],\"family\":\"Lund\"}],\"birthDate\":\"1980-01-02\",\"address\":[{\"text\":\"SWELL\"}]}},\n\
            {\"resource\":{\"resourceType\":\"Patient\",\"id\":\"2\",\"name\":[{\"given\":[\"Bo\"],\"family\":\"Vega\"}],\"birthDate\":\"1981-02-03\"}}]}\n",
        record: "client",
    },
    Format {
        name: "iCalendar",
        file: "week.ics",
        beside: &[],
        text: "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nDTSTART:20261110T100000Z\nSUMMARY:Zoë\nDESCRIPTION:SWELL\nEND:VEVENT\n\
            BEGIN:VEVENT\nUID:2\nDTSTART:20261111T100000Z\nSUMMARY:Bo\nEND:VEVENT\nEND:VCALENDAR\n",
        record: "appointment",
    },
    Format {
        name: "vCard",
        file: "team.vcf",
        beside: &[],
        text: "BEGIN:VCARD\nVERSION:3.0\nFN:Zoë Lund\nNOTE:SWELL\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:Bo Vega\nEND:VCARD\n",
        record: "care_team",
    },
    Format {
        name: "HSDS as JSON",
        file: "services.json",
        beside: &[],
        text: "{\"contents\":[\n{\"id\":\"1\",\"name\":\"Zoë\",\"description\":\"SWELL\",\"organization\":{\"id\":\"9\",\"name\":\"Aid\"}},\n\
            {\"id\":\"2\",\"name\":\"Bo\",\"organization\":{\"id\":\"9\",\"name\":\"Aid\"}}]}\n",
        record: "resource",
    },
    Format {
        name: "HSDS as tables",
        file: "services.csv",
        beside: &[("organizations.csv", "id,name\n9,Aid\n")],
        text: "id,organization_id,name,description\n3,9,Zoë,SWELL\n4,9,Bo,\n",
        record: "resource",
    },
];

struct Bed {
    caseload: Caseload,
    client: String,
}

impl Bed {
    fn new() -> Bed {
        let caseload = Caseload::new();
        let client = caseload.client(&["given_name=Ana", "family_name=Reed"]);
        Bed { caseload, client }
    }

    /// Writes a format's file, and what belongs beside it, into a folder of its own; what is to be imported.
    fn write(&self, format: &Format, state: &str, bytes: &[u8]) -> PathBuf {
        let folder = self.caseload.folder.path().join(format!("{} {state}", format.name));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format.file), bytes).unwrap();
        for (name, text) in format.beside {
            std::fs::write(folder.join(name), text).unwrap();
        }
        if format.beside.is_empty() { folder.join(format.file) } else { folder }
    }

    fn import(&self, path: &Path) -> Result<Json, String> {
        let output = self.caseload.output(&["import", path.to_str().unwrap(), "--client", &self.client, "--json"]);
        let said = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            Some(0) => Ok(serde_json::from_slice(&output.stdout).unwrap()),
            Some(1) => Err(said),
            other => panic!("{}: ended with {other:?}: {said}", path.display()),
        }
    }
}

fn plain(format: &Format) -> String {
    format.text.replace("SWELL", "kind to dogs")
}

/// Whatever the encoding and the line ends, it is the same file: the second import of it changes nothing.
#[test]
fn encodings_and_line_ends_make_no_difference() {
    let bed = Bed::new();
    for format in FORMATS {
        let text = plain(format);
        let wide = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect()
        };
        let states = [
            ("plain", text.clone().into_bytes()),
            ("marked", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
            ("with CR LF", text.replace('\n', "\r\n").into_bytes()),
            ("in Windows-1252", text.chars().map(|c| c as u8).collect()),
            ("in UTF-16 LE", wide([0xff, 0xfe], u16::to_le_bytes)),
            ("in UTF-16 BE", wide([0xfe, 0xff], u16::to_be_bytes)),
            ("with no end to its last line", text.trim_end().as_bytes().to_vec()),
        ];
        for (state, bytes) in states {
            let done = bed
                .import(&bed.write(format, state, &bytes))
                .unwrap_or_else(|said| panic!("{} {state}: {said}", format.name));
            let (new, same) = if state == "plain" { (2, 0) } else { (0, 2) };
            assert_eq!(
                (&done["created"][format.record], &done["unchanged"][format.record], &done["skipped"]),
                (&json!(new), &json!(same), &json!([])),
                "{} {state}: {done}",
                format.name
            );
        }
    }
    assert_eq!(bed.caseload.json(&["check"])["ok"], true);
    let shown = bed.caseload.json(&["show", &bed.client]);
    let titles: Vec<&str> =
        shown["appointments"].as_array().unwrap().iter().map(|row| row["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&"Zoë"), "{titles:?}");
}

/// Cut anywhere, a file is refused with a reason, or it gives what can be read and names or leaves out the rest; what it
/// takes in is never half a row.
#[test]
fn a_file_that_is_cut_off_gives_whole_rows_or_nothing() {
    for format in FORMATS {
        let bed = Bed::new();
        let bytes = plain(format).into_bytes();
        let mut taken = 0;
        for cut in (0..bytes.len()).step_by(bytes.len() / 12) {
            match bed.import(&bed.write(format, &cut.to_string(), &bytes[..cut])) {
                Ok(done) => taken += done["created"][format.record].as_u64().unwrap_or(0),
                Err(said) => assert!(said.contains("Nothing was imported"), "{} cut at {cut}: {said}", format.name),
            }
        }
        assert_eq!(bed.caseload.json(&["check"])["ok"], true);
        // What a text table or a card loses with its end was never a row; JSON is whole or nothing.
        let most = if format.name.contains("JSON") || format.name == "FHIR" { 0 } else { 6 };
        assert!(taken <= most, "{}: {taken}", format.name);
        let done = bed.import(&bed.write(format, "whole", &bytes)).unwrap();
        let of = |what: &str| done[what][format.record].as_u64().unwrap_or(0);
        assert_eq!(of("created") + of("updated") + of("unchanged"), 2, "{}: {done}", format.name);
    }
}

/// A line of a hundred megabytes: the row it is in is taken, named or left out; the row after it is there.
#[test]
fn a_line_of_a_hundred_megabytes_costs_its_own_row_at_most() {
    for format in FORMATS {
        let bed = Bed::new();
        let swollen = format.text.replace("SWELL", &"j".repeat(100 << 20));
        let path = bed.write(format, "swollen", swollen.as_bytes());
        let done = bed.import(&path).unwrap_or_else(|said| panic!("{}: {said}", format.name));
        let created = done["created"][format.record].as_u64().unwrap();
        let skipped = done["skipped"].as_array().unwrap();
        assert!(created == 2 || (created == 1 && skipped.len() == 1), "{}: {created} {skipped:?}", format.name);
        // Nobody wrote a hundred megabytes about a client: wherever it would stand, the row is named.
        for skipped in skipped {
            let reason = skipped["reason"].as_str().unwrap();
            assert!(reason.len() < 300, "{}: {}", format.name, &reason[..300]);
        }
        let size = bed.caseload.file().metadata().unwrap().len();
        assert!(size < 20 << 20, "{}: the caseload has swollen to {size} bytes", format.name);
        assert_eq!(bed.caseload.json(&["check"])["ok"], true);
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}

#[test]
fn nested_without_end_it_is_refused() {
    let bed = Bed::new();
    for format in FORMATS.iter().filter(|format| format.file.ends_with(".json")) {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
            let bytes = format.text.replace("\"SWELL\"", &deep);
            let said = bed.import(&bed.write(format, "deep", bytes.as_bytes())).unwrap_err();
            assert!(said.contains("nested") && said.contains("Nothing was imported"), "{}: {said}", format.name);
        }
    }
    assert_eq!(bed.caseload.json(&["list", "--all"]).as_array().unwrap().len(), 1);
}

/// A program in a terminal, importing a file in which there is much to read and little to take.
fn importing(bed: &Bed, path: &Path) -> Terminal {
    let mut command = CommandBuilder::new(program());
    command.args(["import", path.to_str().unwrap(), "--client", &bed.client, "--passphrase-file"]);
    command.arg(bed.caseload.pass());
    command.args(bed.caseload.on(&[]));
    Terminal::spawn(&bed.caseload, 80, 24, command)
}

/// While a large file is read the terminal says how far it is, and Ctrl-C stops it: nothing has changed then.
#[test]
fn reading_shows_how_far_it_is_and_can_be_stopped() {
    let bed = Bed::new();
    let folder = bed.caseload.folder.path();
    let observation = r#",{"resource":{"resourceType":"Observation","id":"x","status":"final","code":{"text":"Glucose"},"valueQuantity":{"value":88.5}}}"#;
    let bundle = r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"1","name":[{"family":"Quill"}]}}"#;
    let directory = r#"{"contents":[{"id":"1","name":"Pantry"}],"more":[1"#;
    std::fs::create_dir_all(folder.join("hmis")).unwrap();
    std::fs::write(folder.join("hmis/Enrollment.csv"), FORMATS[1].beside[0].1).unwrap();
    std::fs::write(folder.join("hmis/Client.csv"), plain(&FORMATS[1])).unwrap();
    let incomes = "IncomeBenefitsID,EnrollmentID,PersonalID,InformationDate\n";
    let before = bed.caseload.json(&["check"]);
    for (name, head, row, tail) in [
        ("bundle.json", bundle, observation, "]}"),
        ("week.ics", "BEGIN:VCALENDAR\n", "BEGIN:VTODO\nUID:1\nSUMMARY:x\nEND:VTODO\n", "END:VCALENDAR\n"),
        ("services.json", directory, ",{\"a\":[1,2,3]}", "]}"),
        ("hmis/IncomeBenefits.csv", incomes, "1,1,1,2020-01-01\n", ""),
        ("people.csv", "First name,Last name,DOB\n", ",,\n", ""),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, format!("{head}{}{tail}", row.repeat((120 << 20) / row.len()))).unwrap();
        let whole = if name.starts_with("hmis") { path.parent().unwrap() } else { &path };
        let mut screen = importing(&bed, whole);
        screen.wait("Reading [#");
        screen.wait("Ctrl-C stops");
        screen.keys("\x03");
        screen.wait("Stopped. Nothing was changed.");
        assert!(!screen.ends(), "{name}: ended well");
        assert_eq!(bed.caseload.json(&["check"]), before, "{name}");
        std::fs::remove_file(path).unwrap();
    }
}

/// Names in any script, in any encoding of it that names it, are a sheet of people: never an encrypted caseload.
#[test]
fn names_in_any_script_are_text() {
    for (script, given, family) in [
        ("Cyrillic", "Юлия", "Иванова"),
        ("Greek", "Ελένη", "Παπαδοπούλου"),
        ("Arabic", "محمد", "پژمان"),
        ("Chinese", "小龙", "李"),
        ("Thai", "สมชาย", "ใจดี"),
    ] {
        let bed = Bed::new();
        let rows: String =
            (0..200).map(|n| format!("{given},{family},1980-01-02,id{n},{}\n", given.repeat(6))).collect();
        let text = format!("First name,Last name,DOB,MRN,About\n{rows}");
        let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        for (state, bytes) in [
            ("plain", text.clone().into_bytes()),
            ("marked", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
            ("UTF-16 LE", [vec![0xff, 0xfe], wide(u16::to_le_bytes)].concat()),
            ("UTF-16 BE", [vec![0xfe, 0xff], wide(u16::to_be_bytes)].concat()),
            ("UTF-16 LE without a mark", wide(u16::to_le_bytes)),
            ("UTF-16 BE without a mark", wide(u16::to_be_bytes)),
        ] {
            let path = bed.caseload.folder.path().join("people.csv");
            std::fs::write(&path, bytes).unwrap();
            let done = bed.import(&path).unwrap_or_else(|said| panic!("{script}, {state}: {said}"));
            let what = if state == "plain" { "created" } else { "unchanged" };
            assert_eq!(done[what]["client"], 200, "{script}, {state}: {done}");
        }
        let found = bed.caseload.json(&["show", "mrn:id7"]);
        assert_eq!((&found["client"]["given_name"], &found["client"]["family_name"]), (&json!(given), &json!(family)));
    }
}

/// A workbook costs what it holds, not what it claims: two cells in opposite corners, in less than two thousand bytes, would
/// be a table of five hundred gigabytes.
#[test]
fn a_small_workbook_with_a_large_claim_costs_what_it_holds() {
    use std::io::Write;
    let bed = Bed::new();
    let text = |place: &str, text: &str| format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let row = |number: u32, cells: &[String]| format!("<row r=\"{number}\">{}</row>", cells.concat());
    let head = row(1, &[text("A1", "First name"), text("B1", "Last name")]);
    let corner = row(1_048_576, &[text("XFD1048576", "x")]);
    for (name, rows, wanted) in [
        ("corners.xlsx", row(1, &[text("A1", "x")]) + &corner, Err("no sheet in it has a row of column names")),
        ("people.xlsx", head.clone() + &row(2, &[text("A2", "Bo"), text("B2", "Vega")]) + &corner, Ok(1)),
        ("long.xlsx", head + &row(2, &[text("A2", &"B".repeat(20 << 20))]), Err("longer than 8 MB: shorten it")),
    ] {
        let path = bed.caseload.folder.path().join(name);
        let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        let links = |kind: &str, to: &str| {
            format!("<Relationships><Relationship Id=\"r1\" Type=\"x/{kind}\" Target=\"{to}\"/></Relationships>")
        };
        for (part, text) in [
            ("[Content_Types].xml", "<Types/>".to_string()),
            ("_rels/.rels", links("officeDocument", "xl/workbook.xml")),
            (
                "xl/workbook.xml",
                "<workbook><sheets><sheet name=\"A\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>".into(),
            ),
            ("xl/_rels/workbook.xml.rels", links("worksheet", "worksheets/sheet1.xml")),
            ("xl/worksheets/sheet1.xml", format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")),
        ] {
            zip.start_file(part, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        match (bed.import(&path), wanted) {
            (Ok(done), Ok(many)) => assert_eq!(done["created"]["client"], many, "{name}: {done}"),
            (Err(said), Err(why)) => {
                assert!(said.contains(why) && said.contains("Nothing was imported"), "{name}: {said}");
            }
            (done, _) => panic!("{name}: {done:?}"),
        }
    }
}

/// A table of half a million columns, and a quote that nobody closes.
#[test]
fn a_table_without_end_is_refused() {
    let bed = Bed::new();
    let folder = bed.caseload.folder.path();
    let wide = folder.join("wide.csv");
    std::fs::write(&wide, format!("First name,Last name{}\nAna,Reed\n", ",Note".repeat(500_000))).unwrap();
    assert!(bed.import(&wide).unwrap_err().contains("more than 4096 columns: leave out"));
    let open = folder.join("open.csv");
    std::fs::write(&open, format!("First name,Last name\nAna,\"{}", "Reed,\n".repeat(48 << 20))).unwrap();
    let said = bed.import(&open).unwrap_err();
    assert!(said.contains("a quote may have been opened") && said.contains("Nothing was imported"), "{said}");
    assert_eq!(bed.caseload.json(&["list", "--all"]).as_array().unwrap().len(), 1);
}
