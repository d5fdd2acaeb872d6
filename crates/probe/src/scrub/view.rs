//! A text as a reader may see it: escapes undone, each byte with the place that it came from.

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// Backslash escapes of JSON strings.
    Json,
    /// Percent encoding of URLs.
    Percent,
    /// Both, and numbered entities of HTML.
    All,
}

impl Escape {
    pub(super) const EVERY: [Self; 3] = [Self::Json, Self::Percent, Self::All];
}

/// Bytes of a text, each with the range of the original that it stands for.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    from: Vec<(usize, usize)>,
}

impl View {
    /// The text as it stands.
    pub(super) fn plain(text: &str) -> Self {
        Self {
            bytes: text.as_bytes().to_vec(),
            from: (0..text.len()).map(|at| (at, at + 1)).collect(),
        }
    }

    /// Where a range of at least one byte came from.
    pub(super) fn source(&self, start: usize, end: usize) -> (usize, usize) {
        (self.from[start].0, self.from[end - 1].1)
    }

    /// The view with one layer of escapes undone; `None` where there are none.
    pub(super) fn unescaped(&self, escape: Escape) -> Option<Self> {
        let mut view = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            from: Vec::with_capacity(self.from.len()),
        };
        let mut at = 0;
        while at < self.bytes.len() {
            let (meant, len) = read(&self.bytes[at..], escape);
            for byte in meant.bytes() {
                view.bytes.push(byte);
                view.from.push(self.source(at, at + len));
            }
            at += len;
        }
        (view.bytes != self.bytes).then_some(view)
    }

    /// The view in lower case and without white space, as secrets and prompts are looked for.
    pub(super) fn squashed(&self) -> Self {
        let mut view = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            from: Vec::with_capacity(self.from.len()),
        };
        for (byte, from) in self.bytes.iter().zip(&self.from) {
            if !byte.is_ascii_whitespace() {
                view.bytes.push(byte.to_ascii_lowercase());
                view.from.push(*from);
            }
        }
        view
    }

    /// The view as ASCII of the same length, for patterns: other bytes become one that no pattern
    /// names.
    pub(super) fn ascii(&self) -> String {
        let ascii = |byte: &u8| {
            if byte.is_ascii() {
                char::from(*byte)
            } else {
                '\u{1}'
            }
        };
        self.bytes.iter().map(ascii).collect()
    }
}

/// What stands for one or more bytes.
enum Meant {
    Byte(u8),
    Char(char),
}

impl Meant {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Byte(byte) => vec![*byte],
            Self::Char(c) => c.to_string().into_bytes(),
        }
    }
}

/// The meaning of what the bytes begin with, and how many of them it takes.
fn read(bytes: &[u8], escape: Escape) -> (Meant, usize) {
    let found = match (bytes[0], escape) {
        (b'\\', Escape::Json | Escape::All) => backslash(bytes),
        (b'%', Escape::Percent | Escape::All) => {
            let byte = bytes.get(1..3).and_then(|digits| number(digits, 16));
            let byte = byte.and_then(|byte| u8::try_from(byte).ok());
            byte.map(|byte| (Meant::Byte(byte), 3))
        }
        (b'&', Escape::All) => entity(bytes),
        _ => None,
    };
    found.unwrap_or((Meant::Byte(bytes[0]), 1))
}

fn backslash(bytes: &[u8]) -> Option<(Meant, usize)> {
    let c = match bytes.get(1)? {
        b'u' => {
            let code = number(bytes.get(2..6)?, 16)?;
            return Some((Meant::Char(char::from_u32(code)?), 6));
        }
        b'x' => {
            let code = number(bytes.get(2..4)?, 16)?;
            return Some((Meant::Char(char::from_u32(code)?), 4));
        }
        b'n' | b'r' | b't' | b'b' | b'f' => ' ',
        other @ (b'"' | b'\'' | b'\\' | b'/') => char::from(*other),
        _ => return None,
    };
    Some((Meant::Char(c), 2))
}

fn entity(bytes: &[u8]) -> Option<(Meant, usize)> {
    let end = bytes.iter().take(10).position(|byte| *byte == b';')?;
    let name = bytes.get(1..end)?;
    let c = match name {
        b"quot" => '"',
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(digits, 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?)?,
        _ => return None,
    };
    Some((Meant::Char(c), end + 1))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let is_number = digits.iter().all(u8::is_ascii_alphanumeric);
    let text = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    u32::from_str_radix(text, radix).ok()
}
