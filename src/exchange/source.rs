//! Where every reader gets a file's bytes from: in pieces, telling on the way how far it is, and as text whatever its
//! encoding.
//!
//! A file is never held whole, except one in UTF-16, which nobody writes large.

use std::cell::Cell;

use std::io::{Cursor, Error, ErrorKind, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;

use crate::files::Handle;
use crate::store::StoreError;

use super::{ExchangeError, refused};

/// Bytes read and bytes to read; the answer says whether to go on.
pub type Going<'a> = &'a dyn Fn(u64, u64) -> ControlFlow<()>;

/// Bytes of a file in UTF-16: it is held whole.
const MOST_WIDE: u64 = 64 << 20;

/// So much of a file tells its encoding.
pub(super) const HEAD: u64 = 16 * 1024;

/// The encoding that a file's beginning tells, and how long its mark is. UTF-16 has no mark where a program left it off:
/// then every other byte of what stands between words (commas, line ends, digits) is zero.
pub(super) fn encoding(head: &[u8]) -> (&'static encoding_rs::Encoding, usize) {
    if let Some(marked) = encoding_rs::Encoding::for_bom(head) {
        return marked;
    }
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // One stray zero is none of a text's.
    let enough = 2.max(head.len() / 128);
    let wide = match () {
        () if even.max(odd) < enough => return (encoding_rs::UTF_8, 0),
        () if odd > 2 * even => encoding_rs::UTF_16LE,
        () if even > 2 * odd => encoding_rs::UTF_16BE,
        () => return (encoding_rs::UTF_8, 0),
    };
    // The last character may be cut in two.
    let (text, broken) = wide.decode_without_bom_handling(&head[..head.len() & !3]);
    let strange = |c: char| (c.is_control() && !c.is_whitespace()) || c == '\u{fffd}';
    let text = text.trim_end_matches('\u{fffd}');
    if (broken && text.is_empty()) || text.chars().any(strange) { (encoding_rs::UTF_8, 0) } else { (wide, 0) }
}

/// How far reading has come, and whether it was told to stop.
pub(super) struct Watch<'a> {
    going: Going<'a>,
    done: Cell<u64>,
    all: u64,
    stopped: Cell<bool>,
}

impl<'a> Watch<'a> {
    /// Of a file or a folder's files that are gone through so many times.
    pub fn new(path: &Path, times: u64, going: Going<'a>) -> Watch<'a> {
        let size = |path: &Path| path.metadata().map_or(0, |meta| meta.len());
        let all = match std::fs::read_dir(path) {
            Ok(files) => files.filter_map(Result::ok).map(|file| size(&file.path())).sum(),
            Err(_) => size(path),
        };
        Watch { going, done: Cell::new(0), all: all * times, stopped: Cell::new(false) }
    }

    /// Tells how far it is.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] once it was told to stop.
    pub fn go(&self) -> Result<(), ExchangeError> {
        if self.stopped.get() || (self.going)(self.done.get().min(self.all), self.all).is_break() {
            self.stopped.set(true);
            return Err(StoreError::Stopped.into());
        }
        Ok(())
    }

    fn read(&self, bytes: usize) -> std::io::Result<()> {
        self.done.set(self.done.get() + bytes as u64);
        self.go().map_err(Error::other)
    }

    /// A file's bytes as they are.
    pub fn bytes<'w>(&'w self, path: &Path) -> std::io::Result<Bytes<'w>> {
        Ok(Bytes { file: crate::files::open(path)?, watch: self })
    }

    /// A file's bytes without the mark of its encoding; from UTF-16 in UTF-8.
    pub fn unmarked<'w>(&'w self, path: &Path) -> Result<Box<dyn Read + 'w>, ExchangeError> {
        let io = |source| trouble(path, source);
        let mut bytes = self.bytes(path).map_err(io)?;
        let mut head = Vec::new();
        bytes.file.by_ref().take(HEAD).read_to_end(&mut head).map_err(io)?;
        let (encoding, mark) = encoding(&head);
        if encoding == encoding_rs::UTF_8 {
            return Ok(Box::new(Cursor::new(head.split_off(mark)).chain(bytes)));
        }
        if bytes.file.metadata().map_err(io)?.len() > MOST_WIDE {
            return Err(refused(path, "it is in UTF-16 and larger than 64 MB: save it as UTF-8"));
        }
        bytes.by_ref().take(MOST_WIDE).read_to_end(&mut head).map_err(io)?;
        Ok(Box::new(Cursor::new(encoding.decode_without_bom_handling(&head[mark..]).0.into_owned().into_bytes())))
    }

    /// A file as text: UTF-8, UTF-16, or else Windows-1252. What is not text fails as it is read: see
    /// [`trouble`].
    pub fn text<'w>(&'w self, path: &Path) -> Result<Text<'w>, ExchangeError> {
        Ok(Text { from: self.unmarked(path)?, raw: Vec::new(), out: Vec::new(), at: 0, ended: false })
    }
}

/// What went wrong while a file was read.
pub(super) fn trouble(path: &Path, source: Error) -> ExchangeError {
    match source.kind() {
        ErrorKind::InvalidData => refused(path, &source.to_string()),
        _ => ExchangeError::Io { path: path.into(), source },
    }
}

/// What is wrong with a file of JSON, and where.
pub(super) fn no_json(path: &Path, error: serde_json::Error) -> ExchangeError {
    let place = format!("line {}, column {}", error.line(), error.column());
    if error.is_io() {
        trouble(path, error.into())
    } else if error.is_eof() {
        refused(path, &format!("it ends in the middle ({place}): it was cut off on its way"))
    } else if error.to_string().starts_with("recursion limit") {
        refused(path, &format!("it is nested deeper than 100 levels ({place})"))
    } else {
        refused(path, &format!("it is not JSON from {place} on"))
    }
}

/// The bytes of a file, counted as they are read.
pub(super) struct Bytes<'w> {
    file: Handle,
    watch: &'w Watch<'w>,
}

impl Read for Bytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.watch.read(read)?;
        Ok(read)
    }
}

impl Seek for Bytes<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

/// Bytes that are always UTF-8: what is none is taken for Windows-1252, byte by byte.
pub(super) struct Text<'w> {
    from: Box<dyn Read + 'w>,
    /// Read, and not yet text: the beginning of a character.
    raw: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Text<'_> {
    /// Bytes read at a time: whoever looks at the beginning sees so much of it.
    const PIECE: u64 = 1 << 16;

    fn fill(&mut self) -> std::io::Result<()> {
        let read = self.from.by_ref().take(Self::PIECE).read_to_end(&mut self.raw)?;
        self.ended = read == 0;
        (self.at, self.out) = (0, std::mem::take(&mut self.out));
        self.out.clear();
        let mut rest = self.raw.as_slice();
        while let Err(error) = std::str::from_utf8(rest) {
            let (text, strange) = rest.split_at(error.valid_up_to());
            self.out.extend_from_slice(text);
            rest = strange;
            let strange = match error.error_len() {
                Some(length) => length,
                None if self.ended => strange.len(),
                None => break,
            };
            let text = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&rest[..strange]).0;
            self.out.extend_from_slice(text.as_bytes());
            rest = &rest[strange..];
        }
        // What is left is text, or the beginning of a character whose end was not read yet.
        if std::str::from_utf8(rest).is_ok() {
            self.out.extend_from_slice(rest);
            rest = &[];
        }
        self.raw = rest.to_vec();
        if self.out.contains(&0) {
            return Err(Error::new(ErrorKind::InvalidData, "it is not a text file"));
        }
        Ok(())
    }
}

impl Read for Text<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.out.len() && !self.ended {
            self.fill()?;
        }
        let taken = buffer.len().min(self.out.len() - self.at);
        buffer[..taken].copy_from_slice(&self.out[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> std::io::Result<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let watch = Watch::new(file.path(), 1, &|_, _| ControlFlow::Continue(()));
        let mut out = String::new();
        watch.text(file.path()).unwrap().read_to_string(&mut out)?;
        Ok(out)
    }

    #[test]
    fn text_is_read_whatever_its_encoding_and_wherever_a_piece_ends() {
        let piece = Text::PIECE as usize;
        for before in [0, 1, piece - 2, piece - 1, piece, 3 * piece - 4] {
            let front = "x".repeat(before);
            let read = |bytes: &[u8]| text(&[front.as_bytes(), bytes].concat()).unwrap()[before..].to_string();
            assert_eq!(read("Zoë 日本 👋".as_bytes()), "Zoë 日本 👋");
            assert_eq!(read(b"Zo\xeb, 5 \x80"), "Zoë, 5 €");
            assert_eq!(read(b"cut \xe6\x97"), "cut æ—");
        }
        assert_eq!(text(b"\xef\xbb\xbfa").unwrap(), "a");
        for (mark, bytes) in [([0xff, 0xfe], u16::to_le_bytes as fn(u16) -> [u8; 2]), ([0xfe, 0xff], u16::to_be_bytes)]
        {
            let wide: Vec<u8> = mark.into_iter().chain("aë日👋".encode_utf16().flat_map(bytes)).collect();
            assert_eq!(text(&wide).unwrap(), "aë日👋");
        }
        for script in
            ["Имя,Фамилия\nЮлия,Иванова\n", "姓,名\n一,李\n", "Vārds\tUzvārds\nĀnija\tĀbele\n", "Name;DOB\r\n"]
        {
            for bytes in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
                let wide: Vec<u8> = script.encode_utf16().flat_map(bytes).collect();
                assert_eq!(text(&wide).unwrap(), script);
            }
        }
        assert_eq!(text(b"").unwrap(), "");
        assert_eq!(text(b"a\0b").unwrap_err().to_string(), "it is not a text file");
    }
}
