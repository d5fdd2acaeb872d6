//! Server-sent events: bytes in any split to events, after the WHATWG's event stream grammar.
//!
//! Lines end in LF, CRLF or CR; comments are skipped, so nothing that only keeps a connection
//! warm ever becomes an event. The buffer is bounded. Deliberately absent: `id` and `retry`,
//! which only serve reconnection, and text decoding, which is left to the JSON reader.

/// Most bytes of one event, name and unfinished line included.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;
/// Most events of one stream.
pub const EVENTS_MAX: usize = 65_536;

/// One dispatched event.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// Value of the `event` field; empty where there was none.
    pub name: Vec<u8>,
    /// Values of the `data` fields, joined by line feeds.
    pub data: Vec<u8>,
}

impl std::fmt::Debug for Event {
    /// Lengths only: events carry completions.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Event")
            .field("name_len", &self.name.len())
            .field("data_len", &self.data.len())
            .finish()
    }
}

/// A stream beyond its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Overflow {
    /// One event is too long.
    #[error("an event is longer than {EVENT_BYTES_MAX} bytes")]
    EventBytes,
    /// There are too many events.
    #[error("a stream has more than {EVENTS_MAX} events")]
    Events,
}

/// The state between two chunks of bytes.
#[derive(Default)]
pub struct Decoder {
    line: Vec<u8>,
    name: Vec<u8>,
    data: Option<Vec<u8>>,
    after_cr: bool,
    lines_seen: bool,
    events: usize,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl Decoder {
    /// Reads on, appending the events that `bytes` completed. Those before an overflow are kept.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Overflow> {
        for &byte in bytes {
            if std::mem::take(&mut self.after_cr) && byte == b'\n' {
                continue;
            }
            if byte == b'\n' || byte == b'\r' {
                self.after_cr = byte == b'\r';
                self.end_line(events)?;
            } else if self.buffered() < EVENT_BYTES_MAX {
                self.line.push(byte);
            } else {
                return Err(Overflow::EventBytes);
            }
        }
        Ok(())
    }

    /// What stood unfinished when the body ended. The grammar discards it; a caller may accept a
    /// terminator in it, because nothing was lost but a line break.
    #[must_use]
    pub fn finish(mut self) -> Option<Event> {
        if !self.line.is_empty() {
            self.read_field();
        }
        self.data.map(|data| Event {
            name: self.name,
            data,
        })
    }

    fn buffered(&self) -> usize {
        self.line.len() + self.name.len() + self.data.as_ref().map_or(0, Vec::len)
    }

    fn end_line(&mut self, events: &mut Vec<Event>) -> Result<(), Overflow> {
        if !std::mem::replace(&mut self.lines_seen, true) && self.line.starts_with(b"\xef\xbb\xbf")
        {
            self.line.drain(..3);
        }
        if !self.line.is_empty() {
            self.read_field();
            self.line.clear();
            return Ok(());
        }
        let name = std::mem::take(&mut self.name);
        if let Some(data) = self.data.take() {
            self.events += 1;
            if self.events > EVENTS_MAX {
                return Err(Overflow::Events);
            }
            events.push(Event { name, data });
        }
        Ok(())
    }

    fn read_field(&mut self) {
        let colon = self.line.iter().position(|byte| *byte == b':');
        let (field, value) = match colon {
            Some(at) => (&self.line[..at], &self.line[at + 1..]),
            None => (&self.line[..], &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            },
            b"event" => self.name = value.to_vec(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
