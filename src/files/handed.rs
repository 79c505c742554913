//! What a person may hand through a pipe or type: a passphrase, a key, a card.

use std::io;
use std::path::Path;

/// The bytes of a file, a pipe or a terminal that a person named for a secret or a card: no more than `most`. A pipe that
/// somebody writes into is waited for, and a signal ends that; one that nobody opens for writing is refused after a while.
#[cfg(unix)]
pub fn handed(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    use std::io::Read;
    use std::os::unix::fs::FileTypeExt;
    use std::time::{Duration, Instant};

    /// So long a pipe may be without anybody at its other end.
    const PATIENCE: Duration = Duration::from_secs(3);

    let mut file = super::reading().open(path)?;
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    let is_pipe = found.file_type().is_fifo();
    let (mut bytes, mut piece, begun) = (Vec::new(), [0; 4096], Instant::now());
    loop {
        match file.read(&mut piece) {
            Ok(0) if is_pipe && bytes.is_empty() => {
                if begun.elapsed() > PATIENCE {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "it is a pipe, and nobody writes into it"));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(0) => return Ok(bytes),
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let wanted = rustix::event::PollFlags::IN;
                rustix::event::poll(&mut [rustix::event::PollFd::new(&file, wanted)], None)?;
            }
            Err(error) => return Err(error),
        }
        if bytes.len() as u64 > most {
            return Err(super::too_long(most));
        }
    }
}

/// The bytes of a file that a person named for a secret or a card: no more than `most`.
#[cfg(not(unix))]
pub fn handed(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    super::small(path, most)
}
