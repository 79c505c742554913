//! Where every reader gets a file's bytes from: in pieces, telling on the way how far it is, and as text whatever its
//! encoding.
//!
//! A file is never held whole, except one in UTF-16, which nobody writes large.

use std::cell::Cell;
use std::fs::File;
use std::io::{Cursor, Error, ErrorKind, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;

use crate::store::StoreError;

use super::{ExchangeError, refused};

/// Bytes read and bytes to read; the answer says whether to go on.
pub type Going<'a> = &'a dyn Fn(u64, u64) -> ControlFlow<()>;

/// Bytes of a file in UTF-16: it is held whole.
const MOST_WIDE: u64 = 64 << 20;

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
        let mut mark = [0; 3];
        let read = bytes.file.read(&mut mark).map_err(io)?;
        let wide = [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE];
        Ok(match encoding_rs::Encoding::for_bom(&mark[..read]) {
            Some((encoding, _)) if wide.contains(&encoding) => {
                if bytes.file.metadata().map_err(io)?.len() > MOST_WIDE {
                    return Err(refused(path, "it is in UTF-16 and larger than 64 MB: save it as UTF-8"));
                }
                let mut whole = mark[..read].to_vec();
                bytes.read_to_end(&mut whole).map_err(io)?;
                Box::new(Cursor::new(encoding.decode(&whole).0.into_owned().into_bytes()))
            }
            Some((_, length)) => Box::new(Cursor::new(mark[length..read].to_vec()).chain(bytes)),
            None => Box::new(Cursor::new(mark[..read].to_vec()).chain(bytes)),
        })
    }

    /// A file as text: UTF-8, UTF-16 with its mark, or else Windows-1252. What is not text fails as it is read: see
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
    file: File,
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
        assert_eq!(text(b"").unwrap(), "");
        assert_eq!(text(b"a\0b").unwrap_err().to_string(), "it is not a text file");
    }
}
