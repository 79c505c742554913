//! Printed pages: what was written stands on them, in order and whole, and nothing that was written acts.

use std::collections::BTreeSet;

use caseload::report::{
    Align, Block, Chart, ChartKind, Column, Document, Fallback, PageSize, Pdf, Signature, Table, to_html, to_pdf,
    to_text,
};
use html5gum::Token;
use proptest::prelude::*;

const STORY: &str = "Zoë Nguyễn Thị Ánh called the office about her affidavit; the staff of five found the file. \
    Ελένη Παπαδοπούλου and Юлія Шевченко will go with her, Łukasz drives. The difficult first week is behind her.";

fn plan() -> Document {
    Document {
        title: "Service plan".into(),
        subtitle: "Zoë Nguyễn Thị Ánh, 24 November 2026".into(),
        language: "en".into(),
        header: "Harbor Street Services, record 10-4471".into(),
        footer: "Not to be passed on without written consent.".into(),
        blocks: vec![
            Block::facts([("Pronouns", "she/her"), ("Language", "Vietnamese, interpreter arranged")]),
            Block::Notice("Call only the number of her sister.".into()),
            Block::heading(1, "A home of my own"),
            Block::Quote("I want a door that locks.".into()),
            Block::paragraph(STORY),
            Block::heading(2, "Steps"),
            Block::Steps(vec!["Apply for the voucher".into(), "Call the landlord".into()]),
            Block::list(["Keeps every appointment", "No car"]),
            Block::Table(visits(3)),
            Block::Chart(Chart {
                kind: ChartKind::Bars,
                title: "Contacts".into(),
                points: vec![("Phone".into(), 12.0), ("Face to face".into(), 7.5)],
            }),
            Block::Chart(Chart {
                kind: ChartKind::Line,
                title: "PHQ-9".into(),
                points: vec![("March".into(), 17.0), ("April".into(), f64::NAN), ("May".into(), 12.0)],
            }),
            Block::Signature(Signature {
                role: "Case manager".into(),
                name: Some("Rosa Ortiz".into()),
                credentials: Some("LCSW".into()),
                when: Some("24 Nov 2026, 14:05".into()),
                witness: Some("Tom Reyes".into()),
            }),
            Block::Signature(Signature { role: "Client".into(), witness: Some(String::new()), ..Signature::default() }),
        ],
        ..Document::default()
    }
}

fn visits(count: usize) -> Table {
    Table {
        columns: vec![Column::text("Visit", 1), Column::text("What was done", 3), Column::figures("Minutes", 1)],
        rows: (1..=count)
            .map(|number| vec![format!("visit{number}"), "Talked about the lease".into(), format!("{}", number * 5)])
            .collect(),
    }
}

fn printed(document: &Document) -> Pdf {
    to_pdf(document, Fallback::Nowhere).unwrap()
}

/// The text of each page, read back by another program.
fn read(pdf: &Pdf) -> Vec<String> {
    let file = lopdf::Document::load_mem(&pdf.bytes).unwrap();
    file.get_pages().keys().map(|page| file.extract_text(&[*page]).unwrap()).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Whether the words stand in the text in this order, others between them or not.
#[track_caller]
fn assert_in_order(text: &str, expected: &str) {
    let found = words(text);
    let mut rest = found.iter();
    for word in words(expected) {
        assert!(rest.any(|other| *other == word), "{word:?} is missing, or not in its place, in:\n{text}");
    }
}

/// An element's name and its attributes' names.
type Element = (String, Vec<String>);

/// Elements as a browser sees them, and all text between them.
fn elements(html: &str) -> (BTreeSet<Element>, String) {
    let mut tokens = html5gum::DefaultEmitter::<()>::default();
    tokens.naively_switch_states(true);
    let (mut elements, mut text) = (BTreeSet::new(), String::new());
    let string = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    for Ok(token) in html5gum::Tokenizer::new_with_emitter(html, tokens) {
        match token {
            Token::StartTag(tag) => {
                elements.insert((string(&tag.name), tag.attributes.keys().map(|name| string(name)).collect()));
            }
            Token::String(part) => text.push_str(&string(&part)),
            Token::Comment(comment) => panic!("a comment of nobody: {comment:?}"),
            Token::Error(error) => panic!("a browser stumbles: {error:?}"),
            Token::EndTag(_) | Token::Doctype(_) => {}
        }
    }
    (elements, text)
}

#[test]
fn another_reader_finds_every_word_of_the_plan_in_order() {
    let pdf = printed(&plan());
    let text = read(&pdf).join("\n");
    assert_eq!(pdf.undrawn, BTreeSet::new());
    assert_in_order(
        &text,
        &format!(
            "Harbor Street Services, record 10-4471 Service plan Zoë Nguyễn Thị Ánh, 24 November 2026 Pronouns she/her \
             Language Vietnamese, interpreter arranged Call only the number of her sister. A home of my own \
             I want a door that locks. {STORY} Steps 1. Apply for the voucher 2. Call the landlord • Keeps every \
             appointment • No car Visit What was done Minutes visit1 Talked about the lease 5 visit3 Talked about the \
             lease 15 Contacts"
        ),
    );
    assert_in_order(&text, "Phone 12 Face to face 7.5 PHQ-9");
    assert_in_order(
        &text,
        "Case manager Rosa Ortiz, LCSW Signed 24 Nov 2026, 14:05. Witness: Tom Reyes Client Date Witness",
    );
}

#[test]
fn every_page_has_its_number_the_header_and_the_footer() {
    let notes = (0..60).flat_map(|note| [Block::heading(2, format!("Note {note}")), Block::paragraph(STORY)]);
    let pdf = printed(&Document { blocks: notes.collect(), ..plan() });
    let pages = read(&pdf);
    assert_eq!(pages.len(), pdf.pages);
    assert!(pages.len() > 5);
    for (at, page) in pages.iter().enumerate() {
        assert_in_order(page, "Harbor Street Services, record 10-4471");
        assert_in_order(page, "Not to be passed on without written consent.");
        assert_in_order(page, &format!("Page {} of {}", at + 1, pages.len()));
    }
    for page in pages.iter() {
        let heading = page.rfind("Note ").expect("each page has a note");
        assert!(page[heading..].contains("called the office"), "a heading at the foot of a page:\n{page}");
    }
}

#[test]
fn the_head_of_a_table_stands_on_every_page_it_reaches() {
    let pdf = printed(&Document { blocks: vec![Block::Table(visits(120))], ..plan() });
    let pages = read(&pdf);
    assert!(pages.len() >= 3);
    for page in &pages {
        assert_in_order(page, "Visit What was done Minutes");
    }
    let rows: Vec<String> =
        pages.iter().flat_map(|page| words(page)).filter(|word| word.starts_with("visit")).collect();
    assert_eq!(rows, (1..=120).map(|number| format!("visit{number}")).collect::<Vec<_>>());
}

#[test]
fn a_chart_higher_than_a_page_goes_on_on_the_next() {
    let points = (1..=90).map(|number| (format!("service{number}"), f64::from(number))).collect();
    let chart = Chart { kind: ChartKind::Bars, title: "Services".into(), points };
    let file =
        lopdf::Document::load_mem(&printed(&Document { blocks: vec![Block::Chart(chart)], ..plan() }).bytes).unwrap();
    let mut seen = 0;
    for page in file.get_pages().into_values() {
        let content = file.get_and_decode_page_content(page).unwrap();
        for operation in content.operations.iter().filter(|operation| operation.operator == "Tm") {
            let y = operation.operands[5].as_float().unwrap();
            assert!((36.0..=756.0).contains(&y), "a label outside the page's margins, at {y}");
            seen += 1;
        }
    }
    assert!(seen > 180, "labels and figures");
}

#[test]
fn the_same_document_gives_the_same_file_and_no_name_in_its_title() {
    let (first, second) = (printed(&plan()), printed(&plan()));
    assert_eq!(first, second);
    assert_eq!(to_html(&plan()), to_html(&plan()));
    let file = lopdf::Document::load_mem(&first.bytes).unwrap();
    let about = file.get_dictionary(file.trailer.get(b"Info").unwrap().as_reference().unwrap()).unwrap();
    let keys: Vec<&[u8]> = about.iter().map(|(key, _)| key.as_slice()).collect();
    assert_eq!(keys, [b"Title"]);
    assert_eq!(about.get(b"Title").unwrap().as_str().unwrap(), b"Service plan");
    let catalog = file.catalog().unwrap();
    assert_eq!(catalog.get(b"Lang").unwrap().as_str().unwrap(), b"en");
    assert!(catalog.has(b"StructTreeRoot"), "a screen reader finds no parts");
}

#[test]
fn large_letters_are_fourteen_points() {
    let sizes = |document: &Document| -> BTreeSet<String> {
        let file = lopdf::Document::load_mem(&printed(document).bytes).unwrap();
        let page = file.get_pages()[&1];
        let content = file.get_and_decode_page_content(page).unwrap();
        let sizes = content.operations.iter().filter(|operation| operation.operator == "Tf");
        sizes.map(|operation| format!("{:?}", operation.operands[1])).collect()
    };
    let paragraph = Document { blocks: vec![Block::paragraph(STORY)], ..Document::default() };
    assert_eq!(sizes(&paragraph).len(), 2, "the paragraph and the number of the page");
    let large = sizes(&Document { large: true, ..paragraph });
    assert!(large.iter().any(|size| size.contains("14")), "{large:?}");
}

#[test]
fn a_card_has_two_sides_of_its_size() {
    let card = |page| Document {
        title: "Safety plan".into(),
        page,
        blocks: vec![Block::paragraph("Walk to the river"), Block::PageBreak, Block::paragraph("Call 988")],
        ..Document::default()
    };
    for (page, millimetres) in [(PageSize::WalletCard, (85.6, 54.0)), (PageSize::BusinessCard, (88.9, 50.8))] {
        let pdf = printed(&card(page));
        assert_eq!(pdf.pages, 2);
        assert_eq!(words(&read(&pdf).join(" ")), words("Safety plan Walk to the river Call 988"));
        let file = lopdf::Document::load_mem(&pdf.bytes).unwrap();
        let sheet = file.get_dictionary(file.get_pages()[&1]).unwrap();
        let edges = sheet.get(b"MediaBox").unwrap().as_array().unwrap();
        let points: Vec<f32> = edges.iter().map(|edge| edge.as_float().unwrap()).collect();
        assert!((points[2] / 72.0 * 25.4 - millimetres.0).abs() < 0.02);
        assert!((points[3] / 72.0 * 25.4 - millimetres.1).abs() < 0.02);
    }
}

#[test]
fn what_no_font_has_is_told_and_kept() {
    let document = Document { blocks: vec![Block::paragraph("Li is 李明, ⠿ is a sign")], ..Document::default() };
    let pdf = printed(&document);
    assert_eq!(pdf.undrawn, BTreeSet::from(['李', '明']));
    let letters: String = read(&pdf).concat().split_whitespace().collect();
    assert!(letters.starts_with("Liis李明,⠿isasign"), "{letters}");
}

/// What people and programs put into fields to see what happens.
const HOSTILE: &[&str] = &[
    "</style><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    "javascript:alert(1)",
    "&lt;b&gt; &#60;b&#62; &",
    "<!-- a comment -->",
    "]]><![CDATA[",
    "</title></head><body>",
    "\x1b[2J\x1b]0;owned\x07\u{9b}31m",
    "a\0b\u{8}c\u{7f}d\u{85}e\u{2028}f",
    "abc\u{202e}txt.exe\u{2066}\u{2069}",
    "\\000022; } * { background: url(https://example.invalid) } \"",
    "=HYPERLINK(\"https://example.invalid\")",
    "(Tj) ET Q endstream endobj",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "\u{fffe}\u{10ffff}",
    "\r\n\t ",
    "",
];

/// A document with the same text in every place that holds text.
fn everywhere(text: &str) -> Document {
    let t = || text.to_owned();
    Document {
        title: t(),
        subtitle: t(),
        language: t(),
        header: t(),
        footer: t(),
        page: PageSize::A4,
        large: false,
        blocks: vec![
            Block::Heading(0, t()),
            Block::Heading(9, t()),
            Block::Paragraph(t()),
            Block::Quote(t()),
            Block::Facts(vec![(t(), t())]),
            Block::List(vec![t()]),
            Block::Steps(vec![t()]),
            Block::Table(Table {
                columns: vec![Column { head: t(), share: 0, align: Align::End }, Column::text(t(), 65_535)],
                rows: vec![vec![t(), t(), t()], vec![], vec![t()]],
            }),
            Block::Table(Table::default()),
            Block::Signature(Signature {
                role: t(),
                name: Some(t()),
                credentials: Some(t()),
                when: Some(t()),
                witness: Some(t()),
            }),
            Block::Signature(Signature { role: t(), name: Some(t()), ..Signature::default() }),
            Block::Notice(t()),
            Block::PageBreak,
            Block::Chart(Chart { kind: ChartKind::Bars, title: t(), points: vec![(t(), 1.0), (t(), f64::INFINITY)] }),
            Block::Chart(Chart { kind: ChartKind::Line, title: t(), points: vec![(t(), f64::MAX), (t(), f64::MIN)] }),
            Block::Chart(Chart { kind: ChartKind::Line, title: t(), points: vec![] }),
        ],
    }
}

/// No way out lets the text do anything.
fn assert_harmless(text: &str) {
    let document = everywhere(text);
    let (ours, _) = elements(&to_html(&everywhere("word")));
    let (found, _) = elements(&to_html(&document));
    let foreign: Vec<&Element> = found.difference(&ours).filter(|(name, _)| name != "br").collect();
    assert_eq!(foreign, Vec::<&Element>::new(), "for {text:?}");
    let plain = to_text(&document, 60);
    assert!(
        !plain.chars().any(|c| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c))),
        "{plain:?}"
    );
    let pdf = to_pdf(&document, Fallback::Nowhere).unwrap();
    let file = lopdf::Document::load_mem(&pdf.bytes).unwrap();
    for object in file.objects.values() {
        let acts = |name: &[u8]| object.as_dict().is_ok_and(|dictionary| dictionary.has(name));
        assert!(
            ![&b"JS"[..], b"JavaScript", b"AA", b"OpenAction", b"URI", b"Launch", b"EmbeddedFiles"]
                .iter()
                .any(|n| acts(n))
        );
    }
}

#[test]
fn hostile_text_stays_text() {
    for text in HOSTILE {
        assert_harmless(text);
    }
    let html = to_html(&everywhere("<b>&amp;"));
    let (_, text) = elements(&html);
    assert!(text.contains("<b>&amp;"), "a reader no longer sees what was written");
    assert_eq!(html.matches("default-src 'none'").count(), 1);
    assert!(!html.contains("http://www.w3.org/1999") && !html.contains("src=") && !html.contains("href"));
}

#[test]
fn a_word_without_end_ends_at_the_edge() {
    let word = "supercalifragilistic".repeat(5_000);
    let document = Document { blocks: vec![Block::paragraph(word.clone())], ..Document::default() };
    let pdf = printed(&document);
    let letters: String = read(&pdf)
        .join("\n")
        .lines()
        .filter(|line| !line.starts_with("Page"))
        .flat_map(|line| line.chars().filter(|c| !c.is_whitespace()))
        .collect();
    assert_eq!(letters, word);
    assert!(to_text(&document, 80).lines().all(|line| line.len() <= 80));
    assert_harmless(&word[..20_000]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_text_at_all_acts(text in any::<String>()) {
        assert_harmless(&text);
    }
}

#[test]
fn the_plan_as_text() {
    insta::assert_snapshot!(to_text(&plan(), 72));
}

#[test]
fn the_plan_as_html() {
    let small = Document {
        blocks: vec![
            Block::heading(1, "A home of my own"),
            Block::Quote("I want a door that locks.\nThat is all.".into()),
            Block::facts([("Said", "\"<script>\" & more"), ("Name", "דוד")]),
            Block::Table(visits(1)),
            Block::Chart(Chart {
                kind: ChartKind::Bars,
                title: "Contacts".into(),
                points: vec![("Phone".into(), 12.0)],
            }),
            Block::Signature(Signature { role: "Client".into(), ..Signature::default() }),
        ],
        ..plan()
    };
    let html = to_html(&small);
    let (before, after) = (html.find("<style>").unwrap(), html.find("@page {").unwrap());
    insta::assert_snapshot!(format!(
        "{}<style>...{}",
        &html[..before],
        &html[html.rfind("@page { size").unwrap_or(after)..]
    ));
}
