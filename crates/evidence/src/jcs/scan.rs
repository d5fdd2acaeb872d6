//! Whether bytes are a canonical line, told in one pass and without building their value.

use super::{DEPTH_MAX, INTEGER_MAX, LINE_BYTES_MAX, is_key_byte};

/// Whether [`check_line`](super::check_line) would take the line. It is for readers of many lines:
/// what it refuses is given to `check_line`, which says why.
#[must_use]
pub fn is_canonical(line: &[u8]) -> bool {
    if line.len() > LINE_BYTES_MAX || std::str::from_utf8(line).is_err() {
        return false;
    }
    let mut scan = Scan { rest: line };
    scan.object(1) && scan.rest.is_empty()
}

/// Bytes of a string that need no second look: a look into a table is what most of a line costs.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut control = 0;
    while control < 0x20 {
        plain[control] = false;
        control += 1;
    }
    plain[0x22] = false; // A quotation mark.
    plain[0x5c] = false; // A backslash.
    plain[0x7f] = false;
    plain[0xc2] = false;
    plain
};

struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    fn take(&mut self, byte: u8) -> bool {
        self.take_all(&[byte])
    }

    fn take_all(&mut self, bytes: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(bytes);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes as many bytes as there are of a kind.
    #[inline]
    fn take_while(&mut self, is_one: impl Fn(u8) -> bool) -> &'a [u8] {
        let ends = self.rest.iter().position(|byte| !is_one(*byte));
        let (taken, rest) = self.rest.split_at(ends.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn object(&mut self, depth: usize) -> bool {
        if depth > DEPTH_MAX || !self.take(b'{') {
            return false;
        }
        if self.take(b'}') {
            return true;
        }
        let mut last: &[u8] = b"";
        loop {
            if !self.take(b'"') {
                return false;
            }
            let key = self.take_while(is_key_byte);
            if key <= last || !self.take_all(b"\":") || !self.value(depth) {
                return false; // Of no letter, out of order, or there twice.
            }
            last = key;
            if !self.take(b',') {
                return self.take(b'}');
            }
        }
    }

    fn array(&mut self, depth: usize) -> bool {
        if depth > DEPTH_MAX || !self.take(b'[') {
            return false;
        }
        if self.take(b']') {
            return true;
        }
        loop {
            if !self.value(depth) {
                return false;
            }
            if !self.take(b',') {
                return self.take(b']');
            }
        }
    }

    /// A value inside of something that is `depth` deep.
    fn value(&mut self, depth: usize) -> bool {
        match self.rest.first() {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string(),
            Some(b't') => self.take_all(b"true"),
            Some(b'f') => self.take_all(b"false"),
            _ => self.integer(),
        }
    }

    fn integer(&mut self) -> bool {
        let is_negative = self.take(b'-');
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        match digits {
            [b'0'] => return !is_negative,
            [] | [b'0', ..] => return false,
            _ => {}
        }
        let value = digits.iter().try_fold(0_u64, |value, digit| {
            value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        });
        value.is_some_and(|value| value <= INTEGER_MAX)
    }

    /// A string without control characters (which UTF-8 spells below 0x20, as 0x7f, and as 0xc2
    /// before 0x80 to 0x9f) and without escapes but two.
    fn string(&mut self) -> bool {
        if !self.take(b'"') {
            return false;
        }
        loop {
            self.take_while(|byte| PLAIN[usize::from(byte)]);
            match self.rest {
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    return true;
                }
                [b'\\', b'"' | b'\\', rest @ ..] | [0xc2, 0xa0..=0xff, rest @ ..] => {
                    self.rest = rest;
                }
                _ => return false,
            }
        }
    }
}
