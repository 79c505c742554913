//! Office Open XML: which sheets there are, their shared texts, which styles mean a day, and their cells.

use std::io::Error;

use chrono::{Duration, NaiveDate, NaiveTime};
use quick_xml::events::Event;

use super::xml::{Xml, attribute, letters};
use super::{Cells, Sheet, Zip, broken, fault, number};

/// Bytes that the shared texts may come to, and how many there may be.
const SHARED: usize = 256 << 20;
const SHARED_MANY: usize = 4_000_000;
/// Sheets and styles that a workbook may have.
const MANY: usize = 100_000;

pub(super) struct Workbook<'w> {
    zip: Zip<'w>,
    /// The part of each sheet, in the order of the tabs.
    sheets: Vec<String>,
    texts: Vec<Box<str>>,
    /// By style: whether a number under it is a day.
    days: Vec<bool>,
    /// Days are counted from 1904, as old Macs did.
    from_1904: bool,
}

/// What a part points to.
struct Link {
    id: String,
    kind: String,
    to: String,
}

/// What a part points to, from the file beside it that says so.
fn links(zip: &mut Zip<'_>, part: &str) -> Result<Vec<Link>, Error> {
    let (folder, name) = part.rsplit_once('/').map_or(("", part), |(folder, name)| (folder, name));
    let beside = if folder.is_empty() { "_rels".into() } else { format!("{folder}/_rels") };
    let Some(mut xml) = zip.part(&format!("{beside}/{name}.rels"))? else { return Ok(Vec::new()) };
    let mut links = Vec::new();
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "Relationship" && links.len() < MANY => {
                let to = attribute(&tag, "Target");
                let to = match to.strip_prefix('/') {
                    Some(whole) => whole.to_string(),
                    None if folder.is_empty() => to,
                    None => format!("{folder}/{to}"),
                };
                links.push(Link { id: attribute(&tag, "Id"), kind: attribute(&tag, "Type"), to });
            }
            Event::Eof => return Ok(links),
            _ => {}
        }
    }
}

impl<'w> Workbook<'w> {
    /// Reads all but the sheets; `None` where it is no workbook.
    pub fn open(mut zip: Zip<'w>) -> Result<Option<Workbook<'w>>, Error> {
        let main = links(&mut zip, "")?.into_iter().find(|link| link.kind.ends_with("/officeDocument"));
        let main = main.map_or_else(|| "xl/workbook.xml".to_string(), |link| link.to);
        let links = links(&mut zip, &main)?;
        let (mut ids, mut from_1904) = (Vec::new(), false);
        let Some(mut xml) = zip.part(&main)? else { return Ok(None) };
        loop {
            match xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "sheet" if ids.len() < MANY => ids.push(attribute(&tag, "id")),
                    "workbookPr" => from_1904 = matches!(attribute(&tag, "date1904").as_str(), "1" | "true"),
                    _ => {}
                },
                Event::Eof => break,
                _ => {}
            }
        }
        drop(xml);
        let part = |id: &String| links.iter().find(|link| link.id == *id && link.kind.ends_with("/worksheet"));
        let sheets = ids.iter().filter_map(part).map(|link| link.to.clone()).collect();
        let kind = |kind: &str| links.iter().find(|link| link.kind.ends_with(kind)).map(|link| link.to.as_str());
        let texts = match kind("/sharedStrings").map(|part| zip.part(part)).transpose()?.flatten() {
            Some(xml) => texts(xml)?,
            None => Vec::new(),
        };
        let days = match kind("/styles").map(|part| zip.part(part)).transpose()?.flatten() {
            Some(xml) => days(xml)?,
            None => Vec::new(),
        };
        Ok(Some(Workbook { zip, sheets, texts, days, from_1904 }))
    }

    pub fn sheet(&mut self, at: usize) -> Result<Option<Rows<'_>>, Error> {
        let Some(part) = self.sheets.get(at) else { return Ok(None) };
        let xml = self.zip.part(part)?.ok_or_else(|| broken("a sheet is missing"))?;
        let (texts, days, from_1904) = (&self.texts[..], &self.days[..], self.from_1904);
        Ok(Some(Rows { xml, texts, days, from_1904, row: 0, ended: false }))
    }
}

/// The texts that cells name by their number.
fn texts(mut xml: Xml<'_>) -> Result<Vec<Box<str>>, Error> {
    let (mut all, mut bytes) = (Vec::new(), 0);
    let (mut text, mut said, mut aloud) = (String::new(), false, 0);
    loop {
        match xml.next()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "si" => text.clear(),
                "t" => said = aloud == 0,
                // How it is spoken stands beside Japanese names.
                "rPh" => aloud += 1,
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "t" => said = false,
                "rPh" => aloud -= 1,
                "si" => {
                    let whole: Box<str> = plain(&text).into();
                    bytes += whole.len();
                    all.push(whole);
                }
                _ => {}
            },
            Event::Eof => return Ok(all),
            event if said => letters(&event, &mut text)?,
            _ => {}
        }
        if bytes + text.len() > SHARED || all.len() > SHARED_MANY {
            return Err(fault(format!(
                "its texts come to more than {} MB: split it, or save the sheet as csv",
                SHARED >> 20
            )));
        }
    }
}

/// By style: whether a number under it is a day or a time of day.
fn days(mut xml: Xml<'_>) -> Result<Vec<bool>, Error> {
    let (mut own, mut days, mut cells) = (std::collections::HashMap::new(), Vec::new(), false);
    loop {
        match xml.next()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "numFmt" if own.len() < MANY => {
                    own.insert(attribute(&tag, "numFmtId"), is_day(&attribute(&tag, "formatCode")));
                }
                "cellXfs" => cells = true,
                "xf" if cells && days.len() < MANY => {
                    let id = attribute(&tag, "numFmtId");
                    let usual = || matches!(id.parse(), Ok(14..=22 | 27..=36 | 45 | 47 | 50..=58_u32));
                    days.push(own.get(&id).copied().unwrap_or_else(usual));
                }
                _ => {}
            },
            Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => cells = false,
            Event::Eof => return Ok(days),
            _ => {}
        }
    }
}

/// Whether a format of numbers writes a day or a time of day: it asks for one of their parts outside of what it quotes.
fn is_day(format: &str) -> bool {
    let (mut letters, mut quoted, mut bracket) = (format.chars(), false, false);
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '\\' | '_' | '*' => drop(letters.next()),
            // Colors, conditions and languages; and hours that go on counting, which are no time of day.
            '[' => bracket = true,
            ']' => bracket = false,
            _ if bracket => {}
            ';' => return false,
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => return !format.to_lowercase().contains("[h"),
            _ => {}
        }
    }
    false
}

/// Characters that cannot stand in XML are written as `_x000D_`.
fn plain(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some(at) = rest.find("_x") {
        let (before, code) = rest.split_at(at);
        plain.push_str(before);
        let hex = code.get(2..6).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()) && code[6..].starts_with('_'));
        match hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32) {
            Some(c) => {
                plain.push(c);
                rest = &code[7..];
            }
            None => {
                plain.push_str("_x");
                rest = &code[2..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// A day, or a day and a time, from days since the beginning of its count.
fn day(serial: f64, from_1904: bool) -> Option<String> {
    if !(0.0..2_958_466.0).contains(&serial) {
        return None;
    }
    // 1900 is taken for a leap year.
    let (year, month, first) = if from_1904 { (1904, 1, 1) } else { (1899, 12, if serial < 60.0 { 31 } else { 30 }) };
    let seconds = (serial.fract() * 86_400.0).round() as i64;
    let midnight = NaiveDate::from_ymd_opt(year, month, first)?.and_time(NaiveTime::MIN);
    let time = midnight.checked_add_signed(Duration::seconds(serial.trunc() as i64 * 86_400 + seconds))?;
    Some(match time.time() {
        NaiveTime::MIN => time.date().to_string(),
        _ => time.format("%Y-%m-%d %H:%M").to_string(),
    })
}

/// A column by its letters, from 0 on: `XFD12` is 16,383. `None` where it is none.
fn column(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let mut column = 0_usize;
    for (at, letter) in letters.enumerate() {
        if at == 4 {
            return None;
        }
        column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
    }
    column.checked_sub(1)
}

/// A sheet's rows.
pub(super) struct Rows<'b> {
    xml: Xml<'b>,
    texts: &'b [Box<str>],
    days: &'b [bool],
    from_1904: bool,
    row: u64,
    ended: bool,
}

impl Rows<'_> {
    /// A cell as text: days as `2026-11-30`, with the time where there is one.
    fn shown(&self, said: &str, kind: &str, style: &str) -> Result<String, Error> {
        Ok(match kind {
            "s" => {
                let at = said.trim().parse::<usize>().ok();
                let text = at.and_then(|at| self.texts.get(at));
                text.ok_or_else(|| broken("a cell names a text that is not there"))?.to_string()
            }
            "b" => matches!(said.trim(), "1" | "true").to_string(),
            "e" => String::new(),
            "d" => said.trim_end_matches("T00:00:00").to_string(),
            "str" | "inlineStr" => plain(said),
            _ => match said.trim().parse::<f64>() {
                Ok(value) => {
                    let is_day = style.parse::<usize>().ok().and_then(|at| self.days.get(at).copied());
                    let day = is_day.unwrap_or(false).then(|| day(value, self.from_1904)).flatten();
                    day.unwrap_or_else(|| number(value))
                }
                Err(_) => said.to_string(),
            },
        })
    }
}

impl Sheet for Rows<'_> {
    fn next(&mut self, cells: &mut Cells) -> Result<Option<u64>, Error> {
        cells.clear();
        let (mut at, mut kind, mut style) = (0, String::new(), String::new());
        let (mut value, mut says, mut inside, mut aloud) = (String::new(), false, false, 0);
        while !self.ended {
            // What the event says is taken out of it first: what is read next takes its place.
            enum Came {
                Row,
                Cell,
                Nothing,
            }
            let came = match self.xml.next()? {
                Event::Start(tag) => {
                    match tag.local_name().as_ref() {
                        "row" => {
                            let given = attribute(&tag, "r").parse().ok();
                            self.row = given.unwrap_or(self.row + 1);
                            cells.clear();
                            at = 0;
                        }
                        "c" => {
                            let place = attribute(&tag, "r");
                            if !place.is_empty() {
                                at = column(&place).ok_or_else(|| broken("a cell has no place"))?;
                            }
                            (kind, style) = (attribute(&tag, "t"), attribute(&tag, "s"));
                            (inside, says) = (true, false);
                            value.clear();
                        }
                        "v" => says = inside && kind != "inlineStr",
                        "t" => says = inside && kind == "inlineStr" && aloud == 0,
                        "rPh" => aloud += 1,
                        _ => {}
                    }
                    Came::Nothing
                }
                Event::End(tag) => match tag.local_name().as_ref() {
                    "v" | "t" => {
                        says = false;
                        Came::Nothing
                    }
                    "rPh" => {
                        aloud -= 1;
                        Came::Nothing
                    }
                    "c" => Came::Cell,
                    "row" => Came::Row,
                    "sheetData" => {
                        self.ended = true;
                        Came::Nothing
                    }
                    _ => Came::Nothing,
                },
                Event::Eof => return Err(broken("it ends in the middle")),
                event if says => {
                    letters(&event, &mut value)?;
                    Came::Nothing
                }
                _ => Came::Nothing,
            };
            match came {
                Came::Cell => {
                    inside = false;
                    if !value.is_empty() {
                        cells.put(at, &self.shown(&value, &kind, &style)?)?;
                    }
                    at += 1;
                }
                Came::Row if !cells.is_empty() || cells.wider => return Ok(Some(self.row)),
                Came::Row | Came::Nothing => {}
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_days_are_told_from_formats_of_numbers() {
        for format in ["yyyy-mm-dd", "d/m/yy h:mm", "[$-409]mmm d", "h:mm AM/PM", "\"on \"dd\\.mm"] {
            assert!(is_day(format), "{format}");
        }
        for format in ["General", "0.00", "\"day\" 0", "[Red]0", "0;dd", "[h]:mm:ss", "_d0", "#\\d"] {
            assert!(!is_day(format), "{format}");
        }
    }

    #[test]
    fn days_are_counted_as_spreadsheets_count() {
        for (serial, from_1904, shown) in [
            (1.0, false, "1900-01-01"),
            (59.0, false, "1900-02-28"),
            (61.0, false, "1900-03-01"),
            (46_356.0, false, "2026-11-30"),
            (46_356.604_166_666_7, false, "2026-11-30 14:30"),
            (44_894.0, true, "2026-11-30"),
        ] {
            assert_eq!(day(serial, from_1904).as_deref(), Some(shown));
        }
        assert_eq!((day(-1.0, false), day(1e12, false), day(f64::NAN, false)), (None, None, None));
    }

    #[test]
    fn columns_and_texts_are_read_as_they_are_written() {
        let columns = ["A1", "Z9", "AA1", "XFD1048576", "ZZZZZZZZZ1", "7", ""].map(column);
        assert_eq!(columns, [Some(0), Some(25), Some(26), Some(16_383), None, None, None]);
        assert_eq!(plain("a_x000D_b_x20AC__xZZ_x1"), "a\rb€_xZZ_x1");
    }
}
