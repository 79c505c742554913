//! Content lines as iCalendar (RFC 5545, 3.1) and vCard (RFC 6350, 3.2) fold them: read one at a time and put together
//! again, so that a file of any size takes little memory.
//!
//! Called by the readers of those formats. A line of more than [`LONGEST`] bytes is passed over, not held: nothing that a
//! person wrote is that long.

use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::model::LONGEST;

use super::ExchangeError;
use super::source::Watch;

/// One line, without what folded it.
#[derive(Debug)]
pub(super) struct ContentLine {
    /// The line of the file it begins on; the first is 1.
    pub number: u64,
    /// `None` where it was longer than [`LONGEST`].
    pub text: Option<String>,
}

pub(super) struct ContentLines<'w> {
    from: Box<dyn BufRead + 'w>,
    number: u64,
    /// The first raw line of what comes next.
    ahead: Option<Raw>,
    failed: Option<std::io::Error>,
}

struct Raw {
    number: u64,
    bytes: Vec<u8>,
    too_long: bool,
}

impl<'w> ContentLines<'w> {
    /// Opens a file of text in UTF-8, UTF-16 with its mark, or Windows-1252.
    pub fn open(path: &Path, watch: &'w Watch<'w>) -> Result<ContentLines<'w>, ExchangeError> {
        let from = Box::new(BufReader::with_capacity(1 << 16, watch.unmarked(path)?));
        Ok(ContentLines { from, number: 0, ahead: None, failed: None })
    }

    /// Why reading ended before the end of the file.
    pub fn failure(self) -> Option<std::io::Error> {
        self.failed
    }

    fn raw(&mut self) -> std::io::Result<Option<Raw>> {
        let mut line = Raw { number: self.number + 1, bytes: Vec::new(), too_long: false };
        let mut any = false;
        loop {
            let piece = self.from.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            any = true;
            let end = piece.iter().position(|byte| *byte == b'\n');
            let taken = end.unwrap_or(piece.len());
            if line.bytes.len() + taken <= LONGEST {
                line.bytes.extend_from_slice(&piece[..taken]);
            } else {
                line.too_long = true;
            }
            self.from.consume(end.map_or(taken, |end| end + 1));
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.number += 1;
        if line.bytes.last() == Some(&b'\r') {
            line.bytes.pop();
        }
        Ok(Some(line))
    }

    fn next_line(&mut self) -> std::io::Result<Option<ContentLine>> {
        let mut line = match self.ahead.take() {
            Some(line) => line,
            None => match self.raw()? {
                Some(line) => line,
                None => return Ok(None),
            },
        };
        while let Some(next) = self.raw()? {
            // A fold may part the bytes of one character: they are joined before they are read as text.
            let Some((b' ' | b'\t', rest)) = next.bytes.split_first().map(|(first, rest)| (*first, rest)) else {
                self.ahead = Some(next);
                break;
            };
            line.too_long |= next.too_long || line.bytes.len() + rest.len() > LONGEST;
            if !line.too_long {
                line.bytes.extend_from_slice(rest);
            }
        }
        let text = (!line.too_long).then(|| match String::from_utf8(line.bytes) {
            Ok(text) => text,
            Err(error) => encoding_rs::WINDOWS_1252.decode(error.as_bytes()).0.into_owned(),
        });
        Ok(Some(ContentLine { number: line.number, text }))
    }
}

impl Iterator for ContentLines<'_> {
    type Item = ContentLine;

    fn next(&mut self) -> Option<ContentLine> {
        match self.next_line() {
            Ok(line) => line,
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }
}

/// What a line begins or ends: `BEGIN:VEVENT` is `(true, "VEVENT")`.
pub(super) fn boundary(text: &str) -> Option<(bool, String)> {
    let (word, what) = text.split_once(':')?;
    let begins = word.trim().eq_ignore_ascii_case("BEGIN");
    (begins || word.trim().eq_ignore_ascii_case("END")).then(|| (begins, what.trim().to_uppercase()))
}

/// One component as text: the lines between its `BEGIN` and its `END`, without the components inside it.
#[derive(Debug)]
pub(super) struct Piece {
    /// `VEVENT`, `VCARD`.
    pub kind: String,
    /// The line of its `BEGIN`.
    pub line: u64,
    pub text: String,
    /// Lines inside it that were too long to be read.
    pub passed_over: u64,
    /// The file goes on to something else, or ends, before its `END`.
    pub cut: bool,
    /// It was larger than [`LARGEST`] and is not whole.
    pub too_large: bool,
}

/// Bytes of one component that are still read.
const LARGEST: usize = 4 << 20;

/// Cuts lines into the components of the wanted kinds; what stands outside them goes to `beside`.
pub(super) fn pieces(
    lines: &mut ContentLines<'_>,
    wanted: &[&str],
    whole: &[&str],
    mut take: impl FnMut(Piece),
    mut beside: impl FnMut(&str),
) {
    let mut open: Option<Piece> = None;
    // How deep one is inside the open component.
    let mut depth = 0usize;
    for line in lines.by_ref() {
        let Some(text) = line.text else {
            if let Some(piece) = &mut open {
                piece.passed_over += 1;
            }
            continue;
        };
        let edge = boundary(&text);
        match (&edge, &mut open) {
            (Some((true, kind)), _) if wanted.contains(&kind.as_str()) => {
                if let Some(mut unfinished) = open.take() {
                    unfinished.cut = true;
                    take(unfinished);
                }
                depth = 0;
                let text = format!("{text}\r\n");
                open = Some(Piece {
                    kind: kind.clone(),
                    line: line.number,
                    text,
                    passed_over: 0,
                    cut: false,
                    too_large: false,
                });
            }
            (Some((false, kind)), Some(piece)) if *kind == piece.kind => {
                piece.text.push_str(&text);
                piece.text.push_str("\r\n");
                take(open.take().expect("a component is open"));
            }
            // The calendar ends around an event that never ended.
            (Some((false, kind)), Some(_)) if kind == "VCALENDAR" => {
                let mut unfinished = open.take().expect("a component is open");
                unfinished.cut = true;
                take(unfinished);
            }
            (Some((begins, _)), Some(piece)) => {
                depth = if *begins { depth.saturating_add(1) } else { depth.saturating_sub(1) };
                if whole.contains(&piece.kind.as_str()) {
                    add(piece, &text);
                }
            }
            (None, Some(piece)) if depth == 0 || whole.contains(&piece.kind.as_str()) => add(piece, &text),
            (_, Some(_)) => {}
            (_, None) => beside(&text),
        }
    }
    if let Some(mut unfinished) = open {
        unfinished.cut = true;
        take(unfinished);
    }
}

fn add(piece: &mut Piece, text: &str) {
    if piece.text.len() + text.len() > LARGEST {
        piece.too_large = true;
        return;
    }
    piece.text.push_str(text);
    piece.text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<(u64, Option<String>)> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let watch = Watch::new(file.path(), 1, &|_, _| std::ops::ControlFlow::Continue(()));
        ContentLines::open(file.path(), &watch).unwrap().map(|line| (line.number, line.text)).collect()
    }

    #[test]
    fn folds_are_joined_even_inside_a_character_and_marks_and_line_ends_are_none_of_the_text() {
        let texts = |bytes: &[u8]| read(bytes).into_iter().map(|(_, text)| text.unwrap()).collect::<Vec<_>>();
        assert_eq!(texts(b"\xef\xbb\xbfA:one\r\n  two\r\nB:x\n"), ["A:one two", "B:x"]);
        assert_eq!(texts(b"A:Zo\xc3\r\n \xab\r\n"), ["A:Zoë"]);
        assert_eq!(texts(b"A:Zo\xeb\n\tx"), ["A:Zoëx"]);
        let wide: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("A:ë\r\nB".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(texts(&wide), ["A:ë", "B"]);
        assert_eq!(read(b"A\n b\n c\nD")[1].0, 4, "the line of the file, not the count of lines");
    }

    #[test]
    fn a_line_too_long_is_passed_over_and_the_next_one_is_read() {
        let mut bytes = b"A:".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', LONGEST + 10));
        bytes.extend(b"\nB:y\n");
        assert_eq!(read(&bytes), [(1, None), (2, Some("B:y".into()))]);
    }
}
