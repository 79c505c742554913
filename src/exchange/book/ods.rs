//! OpenDocument: all sheets stand one behind the other in `content.xml`, and whatever is the same twice stands there once
//! with how often. What repeats is counted, and made only where a row holds something.

use std::io::Error;

use quick_xml::events::{BytesStart, Event};

use super::xml::{Xml, attribute, letters, within};
use super::{Cells, Sheet, Zip, broken, fault, number};

/// Rows of one sheet, as many as any program has.
const ROWS: u64 = 1 << 20;

/// A sheet by its place; `None` behind the last.
pub(super) fn sheet<'b>(zip: &'b mut Zip<'_>, at: usize) -> Result<Option<Rows<'b>>, Error> {
    let mut xml = zip.part("content.xml")?.ok_or_else(|| broken("its content is missing"))?;
    let (mut seen, mut depth) = (0, 0);
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "table" => {
                if depth == 0 && seen == at {
                    return Ok(Some(Rows { xml, row: 0, left: 0, again: 1, ended: false }));
                }
                seen += usize::from(depth == 0);
                depth += 1;
            }
            Event::End(tag) if tag.local_name().as_ref() == "table" => depth -= 1,
            Event::Eof => return Ok(None),
            _ => {}
        }
    }
}

/// A sheet's rows.
pub(super) struct Rows<'b> {
    xml: Xml<'b>,
    row: u64,
    /// How often the row at hand still comes.
    left: u64,
    /// How often the row that is being read comes.
    again: u64,
    ended: bool,
}

/// A cell as it is being read.
#[derive(Default)]
struct Reading {
    text: String,
    /// It is made of what stands in it, and not of a value.
    is_written: bool,
    again: u64,
    paragraphs: usize,
    /// Remarks stand inside the cell and are no part of it.
    aside: usize,
    in_paragraph: usize,
}

fn times(tag: &BytesStart<'_>, name: &str) -> u64 {
    attribute(tag, name).parse().unwrap_or(1).max(1)
}

impl Reading {
    fn begin(&mut self, tag: &BytesStart<'_>) {
        let text = std::mem::take(&mut self.text);
        *self = Reading { text, again: times(tag, "number-columns-repeated"), ..Reading::default() };
        self.text.clear();
        match attribute(tag, "value-type").as_str() {
            "float" | "percentage" | "currency" => {
                self.text = attribute(tag, "value").parse().map_or_else(|_| String::new(), number);
            }
            "date" => self.text = attribute(tag, "date-value").trim_end_matches("T00:00:00").to_string(),
            "time" => self.text = attribute(tag, "time-value"),
            "boolean" => self.text = attribute(tag, "boolean-value").to_lowercase(),
            "string" => {
                self.text = attribute(tag, "string-value");
                self.is_written = self.text.is_empty();
            }
            _ => {}
        }
    }

    fn within(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            "annotation" => self.aside += 1,
            _ if self.aside > 0 || !self.is_written => {}
            "p" => {
                if self.paragraphs > 0 {
                    self.text.push('\n');
                }
                self.paragraphs += 1;
                self.in_paragraph += 1;
            }
            "s" => self.text.extend(std::iter::repeat_n(' ', times(tag, "c").min(64) as usize)),
            "tab" => self.text.push('\t'),
            "line-break" => self.text.push('\n'),
            _ => {}
        }
    }
}

impl Sheet for Rows<'_> {
    fn next(&mut self, cells: &mut Cells) -> Result<Option<u64>, Error> {
        if self.left > 0 {
            self.left -= 1;
            self.row += 1;
            // It is handed out once more, and counts once more.
            cells.count_again()?;
            return Ok(Some(self.row));
        }
        let (mut at, mut inside, mut depth, mut cell) = (0_usize, false, 0, Reading::default());
        while !self.ended {
            enum Came {
                Row,
                Cell,
                Nothing,
            }
            let came = match self.xml.next()? {
                Event::Start(tag) => {
                    match tag.local_name().as_ref() {
                        // A table within a cell is none of the sheet's rows.
                        "table" => depth += 1,
                        _ if depth > 0 => {}
                        "table-row" => {
                            cells.clear();
                            at = 0;
                            self.again = times(&tag, "number-rows-repeated");
                        }
                        "table-cell" | "covered-table-cell" => {
                            cell.begin(&tag);
                            inside = true;
                        }
                        _ if inside => {
                            cell.within(&tag);
                            within(&cell.text)?;
                        }
                        _ => {}
                    }
                    Came::Nothing
                }
                Event::End(tag) => match tag.local_name().as_ref() {
                    "table" if depth == 0 => {
                        self.ended = true;
                        Came::Nothing
                    }
                    "table" => {
                        depth -= 1;
                        Came::Nothing
                    }
                    _ if depth > 0 => Came::Nothing,
                    "table-row" => Came::Row,
                    "table-cell" | "covered-table-cell" => Came::Cell,
                    "annotation" => {
                        cell.aside = cell.aside.saturating_sub(1);
                        Came::Nothing
                    }
                    "p" if cell.aside == 0 => {
                        cell.in_paragraph = cell.in_paragraph.saturating_sub(1);
                        Came::Nothing
                    }
                    _ => Came::Nothing,
                },
                Event::Eof => return Err(broken("it ends in the middle")),
                event if inside && cell.is_written && cell.aside == 0 && cell.in_paragraph > 0 && depth == 0 => {
                    letters(&event, &mut cell.text)?;
                    Came::Nothing
                }
                _ => Came::Nothing,
            };
            match came {
                Came::Cell => {
                    inside = false;
                    let end = at.saturating_add(usize::try_from(cell.again).unwrap_or(usize::MAX));
                    if !cell.text.trim().is_empty() {
                        // Beyond the width nothing is kept; that something stands there is told once.
                        for column in at..end.min(cells.width + 1).max(at + 1) {
                            cells.put(column, &cell.text)?;
                        }
                    }
                    at = end;
                }
                Came::Row => {
                    let first = self.row + 1;
                    if cells.is_empty() && !cells.wider {
                        self.row = self.row.saturating_add(self.again);
                        continue;
                    }
                    if self.row.saturating_add(self.again) > ROWS {
                        return Err(fault(format!("a sheet has more than {ROWS} rows: split it, or save it as csv")));
                    }
                    (self.row, self.left) = (first, self.again - 1);
                    return Ok(Some(first));
                }
                Came::Nothing => {}
            }
        }
        Ok(None)
    }
}
