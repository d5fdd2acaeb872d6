//! The bytes of a file: unpacked, and counted as they are in the file.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Cursor, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use super::error::LogError;

/// Packed bytes held at once.
const PACKED_BYTES: usize = 128 * 1024;

/// Largest window of a zstd frame, as a power of two: 128 MiB, the largest that `zstd` itself
/// unpacks without being told to.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// How a file is packed, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// RFC 1952, one member or many.
    Gzip,
    /// RFC 8878, one frame or many.
    Zstd,
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// An unpacked file.
pub(super) struct Source<'r> {
    unpacked: Box<dyn Read + 'r>,
    packing: Packing,
    bytes_read: Rc<Cell<u64>>,
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("packing", &self.packing)
            .field("bytes_read", &self.bytes_read)
            .finish_non_exhaustive()
    }
}

impl<'r> Source<'r> {
    pub(super) fn open(reader: impl Read + 'r) -> Result<Self, LogError> {
        let failed = |source| LogError::Read { line: 0, source };
        let bytes_read = Rc::new(Cell::new(0));
        let mut file = Counted {
            reader,
            bytes: Rc::clone(&bytes_read),
        };
        let mut head = Vec::with_capacity(4);
        let mut first = file.by_ref().take(4);
        first.read_to_end(&mut head).map_err(failed)?;
        if let Some(foreign) = foreign(&head) {
            return Err(foreign);
        }
        let packing = match head.as_slice() {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            // A frame, or one to be skipped, with which parallel packers begin.
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Packing::Zstd,
            _ => Packing::Plain,
        };
        let file = Cursor::new(head).chain(file);
        let buffered = |file| BufReader::with_capacity(PACKED_BYTES, file);
        let unpacked: Box<dyn Read + 'r> = match packing {
            Packing::Plain => Box::new(file),
            Packing::Gzip => Box::new(MultiGzDecoder::new(buffered(file))),
            Packing::Zstd => {
                let mut zstd =
                    zstd::stream::read::Decoder::with_buffer(buffered(file)).map_err(failed)?;
                zstd.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(failed)?;
                Box::new(zstd)
            }
        };
        Ok(Self {
            unpacked,
            packing,
            bytes_read,
        })
    }

    pub(super) const fn packing(&self) -> Packing {
        self.packing
    }

    /// Bytes of the file read so far, before unpacking.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read.get()
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.unpacked.read(buffer)
    }
}

/// Files that are often given instead of a log, by their first bytes.
fn foreign(head: &[u8]) -> Option<LogError> {
    let unpack = "unpack it, or pack it with gzip or zstd";
    let (what, advice) = match head {
        [b'P', b'K', 3, 4] => ("a ZIP archive or a spreadsheet", "export it as CSV"),
        [0xfd, b'7', b'z', b'X'] => ("an xz file", unpack),
        [b'B', b'Z', b'h', b'1'..=b'9'] => ("a bzip2 file", unpack),
        [b'P', b'A', b'R', b'1'] => ("a Parquet file", "export it as CSV"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => ("text in UTF-16", "save it in UTF-8"),
        _ => return None,
    };
    Some(LogError::Foreign { what, advice })
}

struct Counted<R> {
    reader: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}
