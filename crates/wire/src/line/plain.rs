//! Lines as nearly all are: printable ASCII without escapes, keys that this version knows, values of
//! the right kind. Each is told to be canonical and taken apart in one pass over its bytes. All
//! others are left to the careful way, which alone says what is wrong with a line.
//!
//! Invariant: what is taken here, the careful way takes too, and as the same value; a property test
//! holds the two to each other. A key of a later version costs speed and nothing else.
//!
//! Keys are looked for in the order in which the canonical form has them, so a line that is taken
//! has them in order, and each once.

mod detail;

use std::str::FromStr;

use domain::{Sample, UnixMicros, UnixMillis};
use evidence::jcs::{INTEGER_MAX, LINE_BYTES_MAX};

pub(super) use detail::is_detail;

/// A line, or a part of one, that is left to the careful way; it need not be wrong.
struct Unusual;

/// The sample of a core line; `None` where anything is unusual.
pub(super) fn sample(line: &[u8]) -> Option<Sample> {
    let mut core = Object::of(line)?;
    let sample = core.sample().ok()?;
    core.end().then_some(sample)
}

/// A place in an object whose brace is eaten. `None`, too, means that something is unusual there.
struct Object<'a> {
    rest: &'a str,
    is_first: bool,
}

impl<'a> Object<'a> {
    /// The object that a line is.
    fn of(line: &'a [u8]) -> Option<Self> {
        if line.len() > LINE_BYTES_MAX || !is_plain(line) {
            return None;
        }
        let rest = std::str::from_utf8(line).ok()?.strip_prefix('{')?;
        Some(Self {
            rest,
            is_first: true,
        })
    }

    /// Takes the end of the line's object, with which the line ends.
    fn end(&self) -> bool {
        self.rest == "}"
    }

    /// Takes a key, if it is the next one.
    fn key(&mut self, key: &str) -> bool {
        let quoted = if self.is_first {
            Some(self.rest)
        } else {
            self.rest.strip_prefix(",")
        };
        // Most keys that are not there differ from what is there in their first byte.
        let after = quoted
            .and_then(|rest| rest.strip_prefix("\""))
            .filter(|rest| rest.as_bytes().first() == key.as_bytes().first())
            .and_then(|rest| rest.strip_prefix(key))
            .and_then(|rest| rest.strip_prefix("\":"));
        if let Some(after) = after {
            self.rest = after;
            self.is_first = false;
        }
        after.is_some()
    }

    fn must(&mut self, key: &str) -> Result<(), Unusual> {
        self.key(key).then_some(()).ok_or(Unusual)
    }

    fn sample(&mut self) -> Result<Sample, Unusual> {
        Ok(Sample {
            asked_model: self.text_if("asked_model")?,
            asked_tier: self.text_if("asked_tier")?,
            attempt: self.number("attempt")?,
            attribution: self.parsed("attribution")?,
            cred: self.parsed_if("cred")?,
            deadline_ms: self.number("deadline_ms")?,
            detail: self.parsed_if("detail")?,
            end_us: self.number("end_us")?,
            features: self.texts("features")?,
            first_us: self.number_if("first_us")?,
            i: self.number("i")?,
            input_tokens: self.number_if("input_tokens")?,
            kind: self.parsed("kind")?,
            last_us: self.number_if("last_us")?,
            mono_us: self.number("mono_us")?,
            outcome: self.parsed("outcome")?,
            output_tokens: self.number_if("output_tokens")?,
            plan: self.number("plan")?,
            sent_us: self.number_if("sent_us")?,
            served_model: self.text_if("served_model")?,
            served_tier: self.text_if("served_tier")?,
            slot_ms: UnixMillis::new(self.number("slot_ms")?),
            source: self.parsed("source")?,
            status: self.number_if("status")?,
            stream: self.flag("stream")?,
            v: self.number("v")?,
            wall_us: UnixMicros::new(self.number("wall_us")?),
        })
    }

    fn text_if(&mut self, key: &str) -> Result<Option<String>, Unusual> {
        if !self.key(key) {
            return Ok(None);
        }
        let text = self.string().ok_or(Unusual)?;
        Ok(Some(text.to_owned()))
    }

    fn parsed<T: FromStr>(&mut self, key: &str) -> Result<T, Unusual> {
        self.parsed_if(key)?.ok_or(Unusual)
    }

    fn parsed_if<T: FromStr>(&mut self, key: &str) -> Result<Option<T>, Unusual> {
        if !self.key(key) {
            return Ok(None);
        }
        let text = self.string().ok_or(Unusual)?;
        text.parse().map(Some).map_err(|_| Unusual)
    }

    fn number<T: TryFrom<i64>>(&mut self, key: &str) -> Result<T, Unusual> {
        self.number_if(key)?.ok_or(Unusual)
    }

    fn number_if<T: TryFrom<i64>>(&mut self, key: &str) -> Result<Option<T>, Unusual> {
        if !self.key(key) {
            return Ok(None);
        }
        let number = self.integer().ok_or(Unusual)?;
        T::try_from(number).map(Some).map_err(|_| Unusual)
    }

    fn flag(&mut self, key: &str) -> Result<bool, Unusual> {
        self.must(key)?;
        self.boolean().ok_or(Unusual)
    }

    fn texts(&mut self, key: &str) -> Result<Vec<String>, Unusual> {
        if !self.key(key) {
            return Ok(Vec::new());
        }
        self.list().ok_or(Unusual)
    }

    /// A list of strings.
    fn list(&mut self) -> Option<Vec<String>> {
        let mut texts = Vec::new();
        self.eat("[")?;
        if self.eat("]").is_some() {
            return Some(texts);
        }
        loop {
            texts.push(self.string()?.to_owned());
            if self.eat(",").is_none() {
                self.eat("]")?;
                return Some(texts);
            }
        }
    }

    fn eat(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    fn boolean(&mut self) -> Option<bool> {
        if self.eat("true").is_some() {
            return Some(true);
        }
        self.eat("false").map(|()| false)
    }

    /// A string: the line holds no escapes, so it ends with the next quotation mark.
    fn string(&mut self) -> Option<&'a str> {
        self.eat("\"")?;
        let end = memchr::memchr(b'"', self.rest.as_bytes())?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest.strip_prefix("\"")?;
        Some(text)
    }

    /// An integer of at most 53 bits, as it is spelled.
    fn integer(&mut self) -> Option<i64> {
        let is_negative = self.eat("-").is_some();
        let bytes = self.rest.as_bytes();
        let mut value: u64 = 0;
        let mut digits = 0;
        while let Some(digit) = bytes.get(digits).map(|byte| byte.wrapping_sub(b'0'))
            && digit <= 9
        {
            value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
            digits += 1;
        }
        let has_spare_zero = bytes.first() == Some(&b'0') && (digits > 1 || is_negative);
        if digits == 0 || has_spare_zero || value > INTEGER_MAX {
            return None;
        }
        self.rest = self.rest.get(digits..)?;
        let value = i64::try_from(value).ok()?;
        Some(if is_negative { -value } else { value })
    }
}

/// Whether a line is printable ASCII without a backslash. No early end: so it is looked at many
/// bytes at a time.
fn is_plain(line: &[u8]) -> bool {
    let odd = line.iter().fold(0, |odd, byte| {
        odd | u8::from(byte.wrapping_sub(0x20) >= 0x5f) | u8::from(*byte == b'\\')
    });
    odd == 0
}

#[cfg(test)]
mod tests;
