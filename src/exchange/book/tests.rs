//! Workbooks as programs write them, and as only an enemy would.

use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use zip::write::SimpleFileOptions;

use super::*;

const XLSX: [(&str, &str); 2] = [
    (
        "_rels/.rels",
        r#"<Relationships><Relationship Id="r1" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships><Relationship Id="s1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>
           <Relationship Id="t" Type="x/sharedStrings" Target="/xl/sharedStrings.xml"/>
           <Relationship Id="y" Type="x/styles" Target="styles.xml"/></Relationships>"#,
    ),
];
const ONE_SHEET: &str = r#"<workbook><sheets><sheet name="A" sheetId="1" r:id="s1"/></sheets></workbook>"#;

fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn xlsx(sheet: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut parts = [&XLSX[..], more].concat();
    if !more.iter().any(|(name, _)| *name == "xl/workbook.xml") {
        parts.push(("xl/workbook.xml", ONE_SHEET));
    }
    let whole = format!("<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData>{sheet}</sheetData></worksheet>");
    parts.push(("xl/worksheets/sheet1.xml", &whole));
    packed(&parts)
}

fn ods(tables: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    );
    packed(&[("content.xml", &content)])
}

/// The rows under the header, or what is said of the file.
fn read(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let watch = Watch::new(file.path(), 1, &|_, _| ControlFlow::Continue(()));
    let mut book = Book::open(file.path(), &watch).map_err(|error| error.to_string())?;
    let known = |cell: &str| cell == "Name";
    let rows = book.rows(file.path(), &watch, known).map_err(|error| error.to_string())?;
    let Some(rows) = rows else { return Err("no header".into()) };
    let (mut all, mut skipped) = (vec![(0, rows.header.names.clone())], Vec::new());
    let width = rows.header.names.len();
    let taken = rows.each(&mut skipped, |line, _| {
        all.push((line.number, (0..width).map(|at| line.at(at).chars().take(40).collect()).collect()));
    });
    taken.map_err(|error| error.to_string())?;
    Ok(all)
}

fn row(number: u64, cells: &[&str]) -> (u64, Vec<String>) {
    (number, cells.iter().map(ToString::to_string).collect())
}

fn text(place: &str, text: &str) -> String {
    format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

fn head() -> String {
    format!("<row r=\"2\">{}{}</row>", text("A2", "Name"), text("C2", "DOB"))
}

#[test]
fn cells_of_every_kind_are_read_by_their_place() {
    let strings = "<sst><si><t>Zo&#235; &amp; <![CDATA[Bo]]></t></si><si><r><t>rich </t></r><r><t>text</t></r><rPh><t>no</t></rPh></si></sst>";
    let styles = r#"<styleSheet><numFmts><numFmt numFmtId="170" formatCode="d.m.yy"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
        <cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>"#;
    let sheet = format!(
        "<row r=\"1\">{}</row>{}<row r=\"3\"><c r=\"A3\" t=\"s\"><v>0</v></c><c r=\"C3\" s=\"1\"><v>46356</v></c></row>
         <row r=\"5\"><c t=\"s\"><v>1</v></c><c><v>2.50</v></c><c t=\"b\"><f>1=1</f><v>1</v></c><c t=\"e\"><v>#N/A</v></c></row>",
        text("A1", "A title"),
        head()
    );
    let more = [("xl/sharedStrings.xml", strings), ("xl/styles.xml", styles)];
    let wanted = vec![
        row(0, &["Name", "", "DOB"]),
        row(3, &["Zoë & Bo", "", "2026-11-30"]),
        row(5, &["rich text", "2.5", "true"]),
    ];
    assert_eq!(read(&xlsx(&sheet, &more)).unwrap(), wanted);

    let cell = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let table = format!(
        "<table:table><table:table-row>{}<table:table-cell/>{}</table:table-row>
         <table:table-row table:number-rows-repeated=\"3\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>
         <table:table-row table:number-rows-repeated=\"2\">
           <table:table-cell office:value-type=\"string\"><office:annotation><text:p>aside</text:p></office:annotation><text:p>Zo&#235;<text:s text:c=\"2\"/>B</text:p><text:p>C</text:p></table:table-cell>
           <table:table-cell office:value-type=\"float\" office:value=\"3\" table:number-columns-repeated=\"2\"><text:p>three</text:p></table:table-cell>
         </table:table-row></table:table>",
        cell("Name"), cell("DOB")
    );
    let wanted = vec![row(0, &["Name", "", "DOB"]), row(5, &["Zoë  B\nC", "3", "3"]), row(6, &["Zoë  B\nC", "3", "3"])];
    assert_eq!(read(&ods(&table)).unwrap(), wanted);
}

/// The smallest file with the largest claim: it costs the cells that are there.
#[test]
fn a_cell_in_the_last_corner_is_one_cell() {
    let corner = format!("{}<row r=\"1048576\">{}</row>", head(), text("XFD1048576", "x"));
    let bytes = xlsx(&corner, &[]);
    assert!(bytes.len() < 1500, "{}", bytes.len());
    assert_eq!(read(&bytes).unwrap(), [row(0, &["Name", "", "DOB"])]);
    let alone = format!("<row r=\"1\">{}</row><row r=\"1048576\">{}</row>", text("A1", "x"), text("XFD1048576", "x"));
    assert_eq!(read(&xlsx(&alone, &[])).unwrap_err(), "no header");
    let cell = "<table:table-cell office:value-type=\"string\" office:string-value=\"x\" table:number-columns-repeated=\"2147483647\"/>";
    let name = "<table:table-cell office:value-type=\"string\" office:string-value=\"Name\"/>";
    let table = format!(
        "<table:table><table:table-row>{name}{name}</table:table-row><table:table-row table:number-rows-repeated=\"99999999999\">{cell}</table:table-row></table:table>"
    );
    assert!(read(&ods(&table)).unwrap_err().contains("more than 1048576 rows"));
    let table = format!("<table:table><table:table-row>{name}{cell}</table:table-row></table:table>");
    assert!(read(&ods(&table)).unwrap_err().contains("more than 4096 columns"));
    let counted = "<sst count=\"9\" uniqueCount=\"99999999999999999\"><si><t>Ana</t></si></sst>";
    let sheet = format!("{}<row r=\"3\"><c r=\"A3\" t=\"s\"><v>0</v></c></row>", head());
    let read = read(&xlsx(&sheet, &[("xl/sharedStrings.xml", counted)])).unwrap();
    assert_eq!(read[1], row(3, &["Ana", "", ""]));
}

#[test]
fn what_is_swollen_is_refused_with_what_to_do() {
    let long = "x".repeat(9 << 20);
    let entities = "&amp;".repeat(9 << 20);
    let deep = "<a>".repeat(300);
    let wide = (0..5000).map(|_| "<c t=\"inlineStr\"><is><t>Name</t></is></c>").collect::<String>();
    let padded = format!("{}{}", head(), "<row r=\"9\"/>".repeat(6 << 20));
    let megabyte = "y".repeat(1 << 20);
    let strings = format!("<sst><si><t>{megabyte}</t></si></sst>");
    let named = "<row><c t=\"s\"><v>0</v></c></row>".repeat(600);
    for (bytes, why) in [
        (xlsx(&format!("{}<row>{}</row>", head(), text("A3", &long)), &[]), "longer than 8 MB: shorten it"),
        (xlsx(&format!("{}<row>{}</row>", head(), text("A3", &entities)), &[]), "longer than 8 MB: shorten it"),
        (xlsx(&format!("{}{deep}", head()), &[]), "nested deeper than 256"),
        (xlsx(&format!("<row r=\"1\">{wide}</row>"), &[]), "more than 4096 columns"),
        (xlsx(&padded, &[]), "packed far tighter than a workbook is"),
        (xlsx(&format!("{}{named}", head()), &[("xl/sharedStrings.xml", &strings)]), "more than 512 MB of text"),
        (xlsx(&format!("{}<row><c t=\"s\"><v>7</v></c></row>", head()), &[]), "a text that is not there"),
        (ods(&format!("<table:table>{deep}")), "nested deeper than 256"),
        (ods("<table:table><table:table-row>"), "cannot be read as a workbook"),
        (packed(&[("content.xml", "<a><b>")]), "it ends in the middle"),
        (packed(&[("mimetype", "x")]), "it holds no sheets"),
        (packed(&[("xl/workbook.bin", "x")]), "save it as xlsx"),
    ] {
        let said = read(&bytes).unwrap_err();
        assert!(said.contains(why), "{why}: {said}");
    }
}

/// Sheets without end are looked into no further than a person's workbook has.
#[test]
fn sheets_without_end_end() {
    let sheets = "<sheet r:id=\"s1\"/>".repeat(50_000);
    let book = format!("<workbook><sheets>{sheets}</sheets></workbook>");
    assert_eq!(read(&xlsx("<row><c><v>1</v></c></row>", &[("xl/workbook.xml", &book)])).unwrap_err(), "no header");
    assert_eq!(read(&ods(&"<table:table></table:table>".repeat(20_000))).unwrap_err(), "no header");
}

/// Cut anywhere, or with any byte turned, it is read or refused.
#[test]
fn a_damaged_workbook_is_read_or_refused() {
    let sheet = format!("{}<row r=\"3\">{}</row>", head(), text("A3", "Ana"));
    let table = "<table:table><table:table-row><table:table-cell office:value-type=\"string\"><text:p>Name</text:p></table:table-cell></table:table-row></table:table>";
    for whole in [xlsx(&sheet, &[]), ods(table)] {
        for at in (0..whole.len()).step_by(3) {
            let _ = read(&whole[..at]);
            let mut turned = whole.clone();
            turned[at] ^= 0x55;
            let _ = read(&turned);
        }
    }
}
