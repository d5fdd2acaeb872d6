//! The event stream of AWS: bytes in any split to frames, each with its checksums.
//!
//! A frame is two lengths and their checksum, headers, a payload, and a checksum of it all. The
//! lengths are believed only once their own checksum fits, so damage is met at once and not waited
//! on; that and its limits are why it is read here and not by `aws-smithy-eventstream`, which
//! waits for as many bytes as an unchecked length demands. Once damaged, a stream stays damaged:
//! nothing in it says where the next frame begins. Deliberately absent: headers that no reader of
//! ours asks for; they are measured and skipped.

/// Most bytes of one frame.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;
/// Most frames of one stream.
pub const FRAMES_MAX: usize = 65_536;

/// Both lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 4;

/// Why a frame cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A checksum does not fit.
    #[error("a frame's checksum does not fit")]
    Checksum,
    /// It says that it is longer than [`FRAME_BYTES_MAX`].
    #[error("a frame is longer than {FRAME_BYTES_MAX} bytes")]
    FrameBytes,
    /// There are more than [`FRAMES_MAX`] frames.
    #[error("a stream has more than {FRAMES_MAX} frames")]
    Frames,
    /// Its headers do not fill the room that its prelude gives them.
    #[error("a frame's headers cannot be read")]
    Headers,
    /// Its lengths contradict each other.
    #[error("a frame's lengths contradict each other")]
    Lengths,
}

/// One frame whose checksums fit.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::wire) struct Frame {
    /// `:message-type`: `event`, `exception` or `error`.
    pub(super) message_type: Vec<u8>,
    /// What it is called: `:event-type`, `:exception-type` or `:error-code`.
    pub(super) name: Vec<u8>,
    /// What follows the headers.
    pub(in crate::wire) payload: Vec<u8>,
}

impl std::fmt::Debug for Frame {
    /// The length of its payload only: frames carry completions.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame")
            .field("payload_len", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// The state between two chunks of bytes.
#[derive(Default)]
pub(in crate::wire) struct Decoder {
    buffer: Vec<u8>,
    /// Of the frame that is being read, once its prelude is whole.
    lengths: Option<Lengths>,
    frames: usize,
    damage: Option<FrameError>,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("frames", &self.frames)
            .field("damage", &self.damage)
            .finish_non_exhaustive()
    }
}

impl Decoder {
    /// Reads on, appending the frames that `bytes` completed. Those before damage are kept.
    pub(in crate::wire) fn feed(
        &mut self,
        mut bytes: &[u8],
        frames: &mut Vec<Frame>,
    ) -> Result<(), FrameError> {
        if let Some(damage) = self.damage {
            return Err(damage);
        }
        while !bytes.is_empty() {
            let until = self
                .lengths
                .as_ref()
                .map_or(PRELUDE_BYTES, |lengths| lengths.total);
            let missing = until.saturating_sub(self.buffer.len());
            let (taken, rest) = bytes.split_at(missing.min(bytes.len()));
            self.buffer.extend_from_slice(taken);
            bytes = rest;
            if self.buffer.len() == until {
                self.step(frames)
                    .inspect_err(|damage| self.damage = Some(*damage))?;
            }
        }
        Ok(())
    }

    /// Whether no frame stands unfinished.
    pub(in crate::wire) fn is_between_frames(&self) -> bool {
        self.buffer.is_empty() && self.damage.is_none()
    }

    /// A prelude is whole, or a frame.
    fn step(&mut self, frames: &mut Vec<Frame>) -> Result<(), FrameError> {
        let Some(lengths) = self.lengths.take() else {
            self.lengths = Some(Lengths::read(&self.buffer)?);
            return Ok(());
        };
        self.frames += 1;
        if self.frames > FRAMES_MAX {
            return Err(FrameError::Frames);
        }
        frames.push(read_frame(&self.buffer, &lengths)?);
        self.buffer.clear();
        Ok(())
    }
}

/// What a prelude says, checked.
struct Lengths {
    /// Bytes of the whole frame.
    total: usize,
    /// Bytes of its headers.
    headers: usize,
}

impl Lengths {
    fn read(prelude: &[u8]) -> Result<Self, FrameError> {
        let lengths = checked(prelude)?;
        let mut cursor = Cursor(lengths);
        let (total, headers) = cursor
            .length::<4>()
            .zip(cursor.length::<4>())
            .ok_or(FrameError::Lengths)?;
        if total > FRAME_BYTES_MAX {
            return Err(FrameError::FrameBytes);
        }
        let room = total.checked_sub(PRELUDE_BYTES + CHECKSUM_BYTES);
        if room.is_none_or(|room| headers > room) {
            return Err(FrameError::Lengths);
        }
        Ok(Self { total, headers })
    }
}

/// What stands before a trailing checksum, if that fits.
fn checked(bytes: &[u8]) -> Result<&[u8], FrameError> {
    match bytes.split_last_chunk::<CHECKSUM_BYTES>() {
        Some((covered, sum)) if crc32fast::hash(covered) == u32::from_be_bytes(*sum) => Ok(covered),
        _ => Err(FrameError::Checksum),
    }
}

fn read_frame(bytes: &[u8], lengths: &Lengths) -> Result<Frame, FrameError> {
    let (mut headers, payload) = checked(bytes)?
        .get(PRELUDE_BYTES..)
        .and_then(|rest| rest.split_at_checked(lengths.headers))
        .map(|(headers, payload)| (Cursor(headers), payload))
        .ok_or(FrameError::Lengths)?;
    let mut frame = Frame {
        payload: payload.to_vec(),
        ..Frame::default()
    };
    while !headers.0.is_empty() {
        let (name, value) = headers.header().ok_or(FrameError::Headers)?;
        let Some(text) = value else {
            continue;
        };
        match name {
            b":message-type" => frame.message_type = text.to_vec(),
            b":event-type" | b":exception-type" | b":error-code" => frame.name = text.to_vec(),
            _ => {}
        }
    }
    Ok(frame)
}

/// A reader that never passes the end.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// A big-endian length of `N` bytes.
    fn length<const N: usize>(&mut self) -> Option<usize> {
        let bytes = self.take(N)?;
        bytes.iter().try_fold(0_usize, |length, byte| {
            length.checked_mul(256)?.checked_add(usize::from(*byte))
        })
    }

    /// Name of the next header and, where that is text, its value; values of other types are
    /// skipped by their size.
    fn header(&mut self) -> Option<(&'a [u8], Option<&'a [u8]>)> {
        let name_len = self.length::<1>().filter(|len| *len > 0)?;
        let name = self.take(name_len)?;
        let value_len = match self.length::<1>()? {
            0 | 1 => 0,               // true and false
            2 => 1,                   // byte
            3 => 2,                   // short
            4 => 4,                   // integer
            5 | 8 => 8,               // long, timestamp
            6 => self.length::<2>()?, // bytes
            7 => {
                let len = self.length::<2>()?;
                return Some((name, Some(self.take(len)?)));
            }
            9 => 16, // UUID
            _ => return None,
        };
        self.take(value_len)?;
        Some((name, None))
    }
}

#[cfg(test)]
pub(super) mod tests;
