//! A document as one HTML file that reads well on a screen and prints well, and does nothing else: no script, no link, no
//! picture or font from elsewhere, and a policy in its head that forbids them all.
//!
//! Whatever text holds, it stays text: it is disarmed and escaped on its one way into the page ([`Page::text`]). The same
//! document gives the same bytes. Browsers that know page margins (Chromium 131 and later) print the header, the footer
//! and "Page 3 of 12" on every page; others print the header at the beginning and the footer at the end.

use std::fmt::Write;

use super::chart::{self, Anchor, Mark};
use super::document::{Align, Block, Chart, Document, PageSize, Signature, Table, language, right_to_left};
use crate::model::text::{lines, one_line};

const STYLE: &str = include_str!("page.css");

/// The width of a chart's picture in its own units, and the size of its letters in them.
const CHART: (f32, f32) = (640.0, 13.0);

/// The document as a file to be opened in a browser.
pub fn to_html(document: &Document) -> String {
    let mut page = Page(String::new());
    let language_tag = language(&document.language);
    let direction = if right_to_left(language_tag) { "rtl" } else { "ltr" };
    page.raw(&format!(
        "<!DOCTYPE html>\n<html lang=\"{language_tag}\" dir=\"{direction}\">\n<head>\n<meta charset=\"utf-8\">\n"
    ));
    page.raw(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"robots\" content=\"noindex\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
    );
    page.text(&one_line(&document.title));
    page.raw("</title>\n<style>\n");
    page.raw(STYLE);
    page.raw(&paper(document));
    let class = if document.page.is_card() {
        "card"
    } else if document.large {
        "large"
    } else {
        "plain"
    };
    page.raw(&format!("</style>\n</head>\n<body class=\"{class}\">\n"));
    page.within("header", "running", &document.header);
    page.raw("<main>\n");
    page.within("h1", "", &document.title);
    page.within("p", "subtitle", &document.subtitle);
    for block in &document.blocks {
        page.block(block);
    }
    page.raw("</main>\n");
    page.within("footer", "running", &document.footer);
    page.raw("</body>\n</html>\n");
    page.0
}

/// The size of the paper and what stands in its margins, in the words of the CSS Paged Media Module.
fn paper(document: &Document) -> String {
    let (size, margin) = match document.page {
        PageSize::Letter => ("8.5in 11in", "0.9in 0.9in 0.85in"),
        PageSize::A4 => ("210mm 297mm", "23mm 22mm 22mm"),
        PageSize::WalletCard => ("85.6mm 54mm", "3mm"),
        PageSize::BusinessCard => ("3.5in 2in", "0.12in"),
    };
    if document.page.is_card() {
        return format!("@page {{ size: {size}; margin: {margin}; }}\n");
    }
    format!(
        "@page {{ size: {size}; margin: {margin};\n\
         @top-left {{ content: {}; }}\n\
         @bottom-left {{ content: {}; width: 75%; }}\n\
         @bottom-right {{ content: \"Page \" counter(page) \" of \" counter(pages); }} }}\n\
         @page :first {{ @top-left {{ content: none; }} }}\n",
        css_string(&document.header),
        css_string(&document.footer)
    )
}

/// A string of CSS in which all but letters of English, digits and spaces are written by their number.
fn css_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in one_line(text).chars() {
        if c.is_ascii_alphanumeric() || c == ' ' {
            out.push(c);
        } else {
            let _ = write!(out, "\\{:06x}", u32::from(c));
        }
    }
    out.push('"');
    out
}

/// A page that is being written.
struct Page(String);

impl Page {
    /// Markup of our own; never text of a document.
    fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// Text of a document: the only way in.
    fn text(&mut self, text: &str) {
        for c in lines(text).trim_end().chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' => self.0.push_str("<br>"),
                // What Unicode keeps from meaning anything, HTML forbids.
                '\u{fdd0}'..='\u{fdef}' => self.0.push('\u{fffd}'),
                _ if u32::from(c) & 0xfffe == 0xfffe => self.0.push('\u{fffd}'),
                _ => self.0.push(c),
            }
        }
    }

    /// An element with text in it, none where the text is empty. Each turns to the side on which its own script begins.
    fn within(&mut self, element: &str, class: &str, text: &str) {
        if !text.is_empty() {
            self.open(element, class);
            self.text(text);
            self.raw(&format!("</{element}>\n"));
        }
    }

    fn open(&mut self, element: &str, class: &str) {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        self.raw(&format!("<{element}{class} dir=\"auto\">"));
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(level, text) => {
                self.within(["h2", "h3", "h4"][usize::from((*level).clamp(1, 3)) - 1], "", text)
            }
            Block::Paragraph(text) => self.within("p", "", text),
            Block::Quote(text) => self.within("blockquote", "", text),
            Block::Notice(text) => self.within("aside", "notice", text),
            Block::Facts(facts) => {
                self.raw("<dl>\n");
                for (label, value) in facts {
                    self.open("dt", "");
                    self.text(label);
                    self.raw("</dt>");
                    self.open("dd", "");
                    self.text(value);
                    self.raw("</dd>\n");
                }
                self.raw("</dl>\n");
            }
            Block::List(items) => self.list("ul", items),
            Block::Steps(items) => self.list("ol", items),
            Block::Table(table) => self.table(table),
            Block::Signature(signature) => self.signature(signature),
            Block::Chart(chart) => self.chart(chart),
            Block::PageBreak => self.raw("<hr class=\"page\">\n"),
        }
    }

    fn list(&mut self, element: &str, items: &[String]) {
        self.raw(&format!("<{element}>\n"));
        for item in items {
            self.open("li", "");
            self.text(item);
            self.raw("</li>\n");
        }
        self.raw(&format!("</{element}>\n"));
    }

    fn table(&mut self, table: &Table) {
        let shares: u32 = table.columns.iter().map(|column| u32::from(column.share.max(1))).sum();
        self.raw("<table>\n<colgroup>");
        for column in &table.columns {
            let percent = 100 * u32::from(column.share.max(1)) / shares.max(1);
            self.raw(&format!("<col width=\"{percent}%\">"));
        }
        self.raw("</colgroup>\n<thead><tr>");
        let class = |align: Align| if align == Align::End { "end" } else { "" };
        for column in &table.columns {
            let class = if column.align == Align::End { " class=\"end\"" } else { "" };
            self.raw(&format!("<th scope=\"col\"{class} dir=\"auto\">"));
            self.text(&column.head);
            self.raw("</th>");
        }
        self.raw("</tr></thead>\n<tbody>\n");
        for row in &table.rows {
            self.raw("<tr>");
            for (at, column) in table.columns.iter().enumerate() {
                self.open("td", class(column.align));
                self.text(row.get(at).map_or("", String::as_str));
                self.raw("</td>");
            }
            self.raw("</tr>\n");
        }
        self.raw("</tbody>\n</table>\n");
    }

    fn signature(&mut self, signature: &Signature) {
        let signer = signature.signer();
        self.raw("<section class=\"signature\">\n");
        if let Some(when) = &signature.when {
            self.within("p", "role", &signature.role);
            self.within("p", "signer", &signer);
            let witness = signature.witness.as_ref().map(|witness| format!(". Witness: {witness}")).unwrap_or_default();
            self.within("p", "role", &format!("Signed {when}{witness}"));
        } else {
            let role = &signature.role;
            self.line_to_sign(&if signer.is_empty() { role.clone() } else { format!("{role}: {signer}") });
            if let Some(witness) = &signature.witness {
                self.line_to_sign(&if witness.is_empty() {
                    "Witness".to_owned()
                } else {
                    format!("Witness: {witness}")
                });
            }
        }
        self.raw("</section>\n");
    }

    fn line_to_sign(&mut self, under: &str) {
        self.raw("<div class=\"sign\">");
        self.within("p", "", under);
        self.raw("<p>Date</p></div>\n");
    }

    fn chart(&mut self, chart: &Chart) {
        self.raw("<figure>\n");
        self.within("figcaption", "", &chart.title);
        let (width, size) = CHART;
        let drawing = chart::draw(chart, width, size);
        self.raw(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {:.1}\" role=\"img\" aria-label=\"",
            drawing.height
        ));
        self.text(&one_line(&chart::in_words(chart)));
        self.raw("\">\n");
        for mark in &drawing.marks {
            self.mark(mark);
        }
        self.raw("</svg>\n</figure>\n");
    }

    fn mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Grid { from, to } => self.raw(&format!(
                "<line class=\"grid\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>\n",
                from.0, from.1, to.0, to.1
            )),
            Mark::Bar { x, y, width, height } => self.raw(&format!(
                "<rect class=\"bar\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>\n"
            )),
            Mark::Trend(points) => {
                let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
                self.raw(&format!("<polyline class=\"trend\" points=\"{}\"/>\n", points.join(" ")));
            }
            Mark::Dot(x, y) => self.raw(&format!("<circle class=\"bar\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.2\"/>\n")),
            Mark::Words { x, y, anchor, text } => {
                let anchor = match anchor {
                    Anchor::Start => "start",
                    Anchor::Middle => "middle",
                    Anchor::End => "end",
                };
                self.raw(&format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">"));
                self.text(&one_line(text));
                self.raw("</text>\n");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_of_css_ends_where_we_end_it() {
        assert_eq!(css_string("a\"b\\</style>\n"), "\"a\\000022b\\00005c\\00003c\\00002fstyle\\00003e \"");
    }

    #[test]
    fn text_breaks_lines_and_nothing_else() {
        let mut page = Page(String::new());
        page.text("one & <two>\n\"three\"\x1b\u{202e}'\n\n");
        assert_eq!(page.0, "one &amp; &lt;two&gt;<br>&quot;three&quot; &#39;");
    }
}
