//! Whatever a stranger can send, given to the one who reads it: nothing of it may end the program, and nothing of it may
//! change the caseload. The fuzz targets and the tests share this.

use std::ops::ControlFlow;
use std::path::PathBuf;

use caseload::exchange::{Format, Options, read};
use caseload::practice::{AgencyFile, Practice};
use caseload::store::{Store, local_moment, wall_clock};
use caseload::sync::place::Place;
use caseload::sync::{Card, sync};
use caseload::triage::Rules;

/// Who sends, by what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    Card,
    /// A file in a place that bundles travel through.
    Place,
    Csv,
    /// A workbook; what is no zip is put into one as its only sheet.
    Xlsx,
    /// The same for the content of an ods.
    Ods,
    Fhir,
    Ics,
    Vcard,
    Hsds,
    Agency,
}

thread_local! {
    static BED: (Store, tempfile::TempDir) = (
        Store::in_memory(&caseload::demo::worker(), wall_clock()).expect("a caseload in memory"),
        tempfile::tempdir().expect("a folder"),
    );
}

/// Gives it to whoever reads it.
pub fn feed(from: Stranger, bytes: &[u8]) {
    BED.with(|(store, folder)| match from {
        Stranger::Card => {
            let text = caseload::model::text::decoded(bytes).unwrap_or_default();
            let _ = Card::parse(&text);
        }
        Stranger::Place => place(bytes),
        Stranger::Agency => agency(bytes),
        Stranger::Csv => rows(store, file(folder, "people.csv", bytes), Format::Sheet),
        Stranger::Xlsx => rows(store, file(folder, "people.xlsx", &packed(bytes, XLSX)), Format::Sheet),
        Stranger::Ods => rows(store, file(folder, "people.ods", &packed(bytes, &[("content.xml", "")])), Format::Sheet),
        Stranger::Fhir => rows(store, file(folder, "bundle.json", bytes), Format::Fhir),
        Stranger::Ics => rows(store, file(folder, "week.ics", bytes), Format::Ics),
        Stranger::Vcard => rows(store, file(folder, "team.vcf", bytes), Format::Vcard),
        Stranger::Hsds => rows(store, file(folder, "directory.json", bytes), Format::Hsds),
    });
}

fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file is written");
    path
}

fn rows(store: &Store, path: PathBuf, format: Format) {
    let options = Options {
        format: Some(format),
        map: &[],
        moment: local_moment(None),
        client: None,
        store,
        practice: &Practice::standard(),
        going: &|_, _| ControlFlow::Continue(()),
    };
    let _ = read(&path, &options);
}

/// The parts of a workbook around its sheet, which is the empty one.
const XLSX: &[(&str, &str)] = &[
    ("xl/workbook.xml", r#"<workbook><sheets><sheet name="A" r:id="s"/></sheets></workbook>"#),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships><Relationship Id="s" Type="x/worksheet" Target="s.xml"/></Relationships>"#,
    ),
    ("xl/s.xml", ""),
];

fn packed(bytes: &[u8], parts: &[(&str, &str)]) -> Vec<u8> {
    use std::io::Write;
    if bytes.starts_with(b"PK") {
        return bytes.to_vec();
    }
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a part");
        zip.write_all(if text.is_empty() { bytes } else { text.as_bytes() }).expect("into memory");
    }
    zip.finish().expect("into memory").into_inner()
}

/// Files of a place: the first byte says under which name the rest lies there.
fn place(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let mut store = Store::in_memory(&caseload::demo::worker(), wall_clock()).expect("a caseload in memory");
    let folder = tempfile::tempdir().expect("a folder");
    let site = folder.path().join("0123456789abcdef0123456789abcdef");
    std::fs::create_dir(&site).expect("a folder");
    let name = ["card", "seen", "00000001.bundle", "1.bundle"][usize::from(which % 4)];
    std::fs::write(site.join(name), bytes).expect("a file is written");
    let place = Place::open(folder.path().to_str().expect("a path of letters")).expect("a place");
    let before = store.chains(None).expect("chains");
    let _ = sync(&mut store, &place, &mut |_| ControlFlow::Continue(()));
    assert_eq!(store.chains(None).expect("chains"), before, "something unsigned got in");
}

/// An agency's files: the first byte says which.
fn agency(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let names = [
        "areas/x.toml",
        "notes.toml",
        "services.toml",
        "crises.toml",
        "credentials.toml",
        "agency.toml",
        "instruments/x.toml",
    ];
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let name = names.get(usize::from(*which) % (names.len() + 1));
    let Some(name) = name else {
        let _ = Rules::with(Practice::standard()).overlay("triage.toml", text);
        return;
    };
    let file = AgencyFile { shown: (*name).into(), name: (*name).into(), text: text.into() };
    let _ = (*Practice::standard()).clone().overlay(&[file]);
}
