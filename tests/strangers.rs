//! Small sound inputs of every kind that a stranger can send, broken in a thousand ways: read or refused, soon and in little
//! memory. `CASELOAD_BROKEN=100000` for more; `scripts/fuzz.sh` goes further.

use std::time::{Duration, Instant};

use crate::common::strangers::{Stranger, feed};

/// How many of each.
fn many() -> u32 {
    std::env::var("CASELOAD_BROKEN").ok().and_then(|many| many.parse().ok()).unwrap_or(2000)
}

/// An input with a few of its bytes turned, cut out, said twice, or put where they do not belong.
fn broken(sound: &[u8], chance: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for _ in 0..chance.usize(1..6) {
        let (from, to) = (chance.usize(0..=bytes.len()), chance.usize(0..=bytes.len()));
        let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 64));
        match chance.u8(0..6) {
            0 if from < bytes.len() => bytes[from] = chance.u8(..),
            1 => drop(bytes.drain(from..to)),
            2 => {
                let part = bytes[from..to].to_vec();
                let at = chance.usize(0..=bytes.len());
                bytes.splice(at..at, part.repeat(chance.usize(1..40)));
            }
            3 => bytes.truncate(from.max(1)),
            4 => {
                let odd: &[&[u8]] = &[
                    b"\0",
                    b"\xff\xfe",
                    b"99999999999999999999",
                    b"-1",
                    b"\"",
                    b"<",
                    b"&#0;",
                    b"\r\n",
                    b"{",
                    b"[",
                    "é".as_bytes(),
                ];
                let odd = odd[chance.usize(..odd.len())];
                bytes.splice(from..from, odd.iter().copied());
            }
            _ if from < bytes.len() => bytes[from] ^= 1 << chance.u8(0..8),
            _ => {}
        }
    }
    bytes
}

fn all_read_or_refused(from: Stranger, sounds: &[&[u8]], part: u32) {
    let mut chance = fastrand::Rng::with_seed(15);
    for sound in sounds {
        feed(from, sound);
        for n in 0..many() / part {
            let bytes = broken(sound, &mut chance);
            let begun = Instant::now();
            feed(from, &bytes);
            assert!(begun.elapsed() < Duration::from_secs(20), "{from:?}, {n}: {}", String::from_utf8_lossy(&bytes));
        }
    }
    // The most that was ever held, where the system tells.
    let told = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let most: u64 = most.and_then(|kb| kb.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    assert!(most < 1 << 20, "{from:?}: {most} KB");
}

#[test]
fn cards_and_places() {
    let store = caseload::store::Store::in_memory(&caseload::demo::worker(), caseload::store::wall_clock()).unwrap();
    let card = caseload::sync::Card::of(&store).unwrap();
    all_read_or_refused(Stranger::Card, &[card.text().as_bytes()], 1);
    let in_place: Vec<Vec<u8>> = (0..4).map(|which| [&[which], card.text().as_bytes()].concat()).collect();
    let mut sounds: Vec<&[u8]> = in_place.iter().map(Vec::as_slice).collect();
    sounds.push(b"\x02age-encryption.org/v1\n-> X25519 abc\nabc\n--- abc\nabc");
    all_read_or_refused(Stranger::Place, &sounds, 100);
}

#[test]
fn sheets() {
    let csv = "First name,Last name,DOB,Phone,Note\n\"Zoë\",Lund,1980-01-02,555-0101,\"two\nlines\"\nBo,Vega,1981-02-03,,'=1\n";
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(csv.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    all_read_or_refused(Stranger::Csv, &[csv.as_bytes(), &wide], 2);
    let sheet = r#"<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>First name</t></is></c><c t="str"><v>DOB</v></c></row>
        <row r="2"><c r="A2" t="inlineStr"><is><t>Bo &amp; Al</t></is></c><c r="B2" s="1"><v>29000.5</v></c></row></sheetData></worksheet>"#;
    let book = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sheets/clients.xlsx")).unwrap();
    all_read_or_refused(Stranger::Xlsx, &[sheet.as_bytes(), &book], 4);
    let content = r#"<office:document-content><office:body><table:table><table:table-row table:number-rows-repeated="2"><table:table-cell
        office:value-type="string"><text:p>Name</text:p></table:table-cell><table:table-cell office:value-type="date" office:date-value="2026-01-01"
        table:number-columns-repeated="3"/></table:table-row></table:table></office:body></office:document-content>"#;
    let book = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sheets/clients.ods")).unwrap();
    all_read_or_refused(Stranger::Ods, &[content.as_bytes(), &book], 4);
}

#[test]
fn other_programs_files() {
    let fhir = r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"1","name":[{"given":["Zoë"],
        "family":"Lund"}],"birthDate":"1980-01-02","telecom":[{"system":"phone","value":"555"}]}},{"resource":{"resourceType":"Appointment","id":"2",
        "status":"booked","start":"2026-11-10T10:00:00Z","participant":[{"actor":{"reference":"Patient/1"}}]}}]}"#;
    all_read_or_refused(Stranger::Fhir, &[fhir.as_bytes()], 1);
    let ics = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=America/New_York:20261110T100000\nDURATION:PT45M\nRRULE:FREQ=WEEKLY;COUNT=4;BYDAY=TU\n\
        EXDATE;TZID=America/New_York:20261117T100000\nSUMMARY:Zoë\nEND:VEVENT\nEND:VCALENDAR\n";
    all_read_or_refused(Stranger::Ics, &[ics.as_bytes()], 1);
    let vcard = "BEGIN:VCARD\nVERSION:3.0\nFN:Zoë Lund\nTEL;TYPE=cell:+1 555\nNOTE;ENCODING=QUOTED-PRINTABLE:a=20b\nEND:VCARD\n";
    all_read_or_refused(Stranger::Vcard, &[vcard.as_bytes()], 1);
    let hsds = r#"{"contents":[{"id":"1","name":"Pantry","minimum_age":18,"organization":{"id":"2","name":"Aid"},"schedules":[{"byday":"TU","opens_at":"09:00",
        "closes_at":"13:00","freq":"WEEKLY"}],"phones":[{"number":"555","extension":4}]}]}"#;
    all_read_or_refused(Stranger::Hsds, &[hsds.as_bytes()], 1);
}

#[test]
fn an_agencys_files() {
    let texts = [
        "code = \"x\"\nname = \"X\"\nplan = \"ipe\"\n[contact]\nlight = 60\n[[goal]]\nwords = \"A\"\ndomain = \"housing\"\n",
        "[[template]]\ncode = \"own\"\nname = \"Own\"\n[[template.sections]]\nname = \"S\"\n",
        "[[service]]\ncode = \"own\"\nname = \"Own\"\n",
        "[[crisis]]\ncode = \"x\"\nname = \"X\"\nkey = \"x\"\nsteps = [{ id = \"a\", what = \"b\" }]\n",
        "[[credential]]\ncode = \"a\"\nname = \"A\"\nyears = 1\nhours = 1\n",
        "capacity = 8.0\nlate-entry-hours = 24\n",
        "code = \"warmth\"\nname = \"W\"\nscoring = \"sum\"\n[[item]]\nid = \"a\"\nask = \"A\"\n",
        "[[rule]]\nid = \"no-plan\"\ndays = 10\n[contact]\nstandard = 21\n",
    ];
    let all: Vec<Vec<u8>> =
        texts.iter().zip(0_u8..).map(|(text, which)| [&[which], text.as_bytes()].concat()).collect();
    all_read_or_refused(Stranger::Agency, &all.iter().map(Vec::as_slice).collect::<Vec<_>>(), 8);
}
