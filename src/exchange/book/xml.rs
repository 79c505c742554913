//! The XML of a workbook, an event at a time: counted as it comes out of the zip.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read};
use std::rc::Rc;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{broken, fault};

/// Bytes of one tag, or of the text between two.
const LONGEST: u64 = 8 << 20;
/// Tags within tags.
const DEEPEST: usize = 256;
/// Bytes that all parts together may come to once they are out of the zip, however often they are read.
const UNPACKED: u64 = 2 << 30;
/// From so many bytes on it counts how tightly a part was packed: a workbook's XML comes to a tenth, a bomb to a thousandth.
const LOOSE: u64 = 16 << 20;
const TIGHTEST: u64 = 200;

/// Bytes that came out of the zip so far.
#[derive(Clone, Default)]
pub(super) struct Budget(Rc<Cell<u64>>);

/// One part, read from its beginning.
pub(super) struct Xml<'b> {
    reader: Reader<Metered<'b>>,
    buffer: Vec<u8>,
    depth: usize,
}

struct Metered<'b> {
    from: BufReader<Box<dyn Read + 'b>>,
    /// Bytes of it in the zip.
    packed: u64,
    unpacked: u64,
    /// Bytes of the event that is being read.
    event: u64,
    all: Budget,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let held = self.fill_buf()?;
        let taken = held.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&held[..taken]);
        self.consume(taken);
        Ok(taken)
    }
}

impl BufRead for Metered<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.event > LONGEST {
            return Err(too_long());
        }
        if self.unpacked > LOOSE && self.unpacked / TIGHTEST > self.packed {
            return Err(fault("it is packed far tighter than a workbook is: open it and save it anew, or as csv"));
        }
        if self.all.0.get() > UNPACKED {
            return Err(fault(format!(
                "unpacked it is larger than {} GB: split it, or save the sheet as csv",
                UNPACKED >> 30
            )));
        }
        self.from.fill_buf().map_err(|error| match error.kind() {
            ErrorKind::Other | ErrorKind::Interrupted => error,
            _ => broken("its zip is damaged or was cut off"),
        })
    }

    fn consume(&mut self, amount: usize) {
        self.from.consume(amount);
        self.event += amount as u64;
        self.unpacked += amount as u64;
        self.all.0.set(self.all.0.get() + amount as u64);
    }
}

impl<'b> Xml<'b> {
    pub fn new(from: Box<dyn Read + 'b>, packed: u64, budget: &Budget) -> Xml<'b> {
        let from = BufReader::with_capacity(1 << 15, from);
        let metered = Metered { from, packed, unpacked: 0, event: 0, all: budget.clone() };
        let mut reader = Reader::from_reader(metered);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        Xml { reader, buffer: Vec::new(), depth: 0 }
    }

    /// The next event; [`Event::Eof`] at the end only.
    pub fn next(&mut self) -> Result<Event<'_>, Error> {
        self.buffer.clear();
        self.reader.get_mut().event = 0;
        let event = self.reader.read_event_into(&mut self.buffer).map_err(|error| match error {
            quick_xml::Error::Io(error) => Error::new(error.kind(), error.to_string()),
            _ => broken("its XML is damaged"),
        })?;
        match event {
            Event::Start(_) if self.depth >= DEEPEST => {
                return Err(fault(format!("its XML is nested deeper than {DEEPEST} levels")));
            }
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Eof if self.depth > 0 => return Err(broken("it ends in the middle")),
            _ => {}
        }
        Ok(event)
    }
}

/// The value of an attribute by its name without a prefix; empty where there is none.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> String {
    let mut all = tag.attributes();
    let found = all.with_checks(false).flatten().find(|one| one.key.local_name().as_ref() == name);
    let Some(found) = found else { return String::new() };
    found.normalized_value(XmlVersion::Implicit1_0).map_or_else(|_| String::new(), |value| value.into_owned())
}

/// Appends what an event says in letters.
///
/// # Errors
/// Where the text has become longer than any is.
pub(super) fn letters(event: &Event<'_>, text: &mut String) -> Result<(), Error> {
    match event {
        Event::Text(said) => text.push_str(&said.xml10_content()),
        Event::CData(said) => text.push_str(&said.xml10_content()),
        Event::GeneralRef(named) => text.extend(character(named)),
        _ => {}
    }
    within(text)
}

/// Whether a text is no longer than any is.
pub(super) fn within(text: &str) -> Result<(), Error> {
    if text.len() as u64 > LONGEST { Err(too_long()) } else { Ok(()) }
}

fn too_long() -> Error {
    fault(format!("a text in it is longer than {} MB: shorten it", LONGEST >> 20))
}

fn character(named: &BytesRef<'_>) -> Option<char> {
    match &*named.xml10_content() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => named.resolve_char_ref().ok().flatten(),
    }
}
