//! JSON objects as nearly all are: flat, without escapes, and right. Each is read in one pass over
//! its bytes and never as a tree. All others are left to [`careful`], which alone says what is
//! wrong with a line: a property test holds the two to each other.

use super::careful;
use super::column::Column;
use super::record::{Bad, Record};

/// The keys of the line before, by their position: the next line mostly has the same, and to
/// compare is quicker than to read.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    /// With its quotes; a string without escapes.
    quoted: Vec<u8>,
    meaning: Meaning,
}

/// What a key means: nothing, where it is no column.
#[derive(Clone, Copy, Debug)]
struct Meaning(Option<Column>);

impl Keys {
    /// Positions that are kept; keys beyond are read each time.
    const KEPT: usize = 64;
    /// Longer keys are not kept.
    const BYTES_MAX: usize = 64;

    /// Reads the key at the cursor, which is the line's `position`th.
    fn read(&mut self, position: usize, cursor: &mut Cursor<'_>) -> Option<Meaning> {
        let rest = &cursor.line[cursor.at..];
        if let Some(key) = self.0.get(position)
            && rest.starts_with(&key.quoted)
        {
            cursor.at += key.quoted.len();
            return Some(key.meaning);
        }
        cursor.eat(b'"')?;
        let name = std::str::from_utf8(cursor.string()?).ok()?;
        let meaning = Meaning(Column::find(name));
        if name.len() <= Self::BYTES_MAX {
            self.keep(position, &rest[..name.len() + 2], meaning);
        }
        Some(meaning)
    }

    fn keep(&mut self, position: usize, quoted: &[u8], meaning: Meaning) {
        if let Some(key) = self.0.get_mut(position) {
            key.quoted.clear();
            key.quoted.extend_from_slice(quoted);
            key.meaning = meaning;
        } else if position == self.0.len() && position < Self::KEPT {
            let quoted = quoted.to_vec();
            self.0.push(Key { quoted, meaning });
        }
    }
}

/// Reads the object of a line into a record that is clear.
pub(super) fn read(line: &[u8], keys: &mut Keys, record: &mut Record) -> Result<(), Bad> {
    if glance(line, keys, record).is_some() {
        return Ok(());
    }
    record.clear();
    careful::read(line, record)
}

/// A value of an object, as it stands.
enum Value<'a> {
    /// A string, without its quotes.
    Text(&'a [u8]),
    /// A number, `true` or `false`.
    Bare(&'a [u8]),
    Null,
    /// What stands between the brackets of a list of strings.
    List(&'a [u8]),
}

/// `None` where anything is unusual, which need not be wrong.
fn glance(line: &[u8], keys: &mut Keys, record: &mut Record) -> Option<()> {
    let mut cursor = Cursor { line, at: 0 };
    cursor.space();
    cursor.eat(b'{')?;
    for position in 0.. {
        cursor.space();
        let Meaning(column) = keys.read(position, &mut cursor)?;
        cursor.space();
        cursor.eat(b':')?;
        cursor.space();
        let value = cursor.value()?;
        if let Some(column) = column {
            let taken = match value {
                Value::Text(text) => record.set(column, text),
                Value::Bare(text) => record.set_bare(column, text),
                Value::Null => Ok(()),
                Value::List(inside) => record.set_list(column, strings(inside)),
            };
            taken.ok()?;
        }
        cursor.space();
        if cursor.eat(b'}').is_some() {
            break;
        }
        cursor.eat(b',')?;
    }
    cursor.space();
    cursor.peek().is_none().then_some(())
}

/// The strings of a list that [`Cursor::list`] has looked at.
fn strings(inside: &[u8]) -> impl Iterator<Item = &[u8]> {
    let quoted = inside.split(|byte| *byte == b'"');
    quoted.skip(1).step_by(2)
}

/// The bytes that cannot simply stand in a string: its end, escapes, and control characters.
const ENDS_STRING: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        ends[byte] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

/// A place in a line. `None` means that something is unusual there.
struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn value(&mut self) -> Option<Value<'a>> {
        let start = self.at;
        Some(match self.peek()? {
            b'"' => {
                self.at += 1;
                Value::Text(self.string()?)
            }
            b'-' | b'0'..=b'9' => Value::Bare(self.number()?),
            b't' => Value::Bare(self.literal(b"true")?),
            b'f' => Value::Bare(self.literal(b"false")?),
            b'n' => {
                self.literal(b"null")?;
                Value::Null
            }
            b'[' => {
                self.list()?;
                Value::List(&self.line[start + 1..self.at - 1])
            }
            _ => return None,
        })
    }

    /// The rest of a string whose quote is eaten, up to its end.
    fn string(&mut self) -> Option<&'a [u8]> {
        let rest = &self.line[self.at..];
        let length = rest
            .iter()
            .position(|byte| ENDS_STRING[usize::from(*byte)])?;
        if rest[length] != b'"' {
            return None;
        }
        self.at += length + 1;
        Some(&rest[..length])
    }

    /// A number without exponent.
    fn number(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leads = self.peek()?;
        let integer = self.digits();
        if integer == 0 || (integer > 1 && leads == b'0') {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return None;
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            return None;
        }
        Some(&self.line[start..self.at])
    }

    fn digits(&mut self) -> usize {
        let rest = &self.line[self.at..];
        let length = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += length;
        length
    }

    fn literal(&mut self, word: &[u8]) -> Option<&'a [u8]> {
        let text = self.line.get(self.at..self.at + word.len())?;
        self.at += word.len();
        (text == word).then_some(text)
    }

    /// A list of strings.
    fn list(&mut self) -> Option<()> {
        self.eat(b'[')?;
        self.space();
        if self.eat(b']').is_some() {
            return Some(());
        }
        loop {
            self.space();
            self.eat(b'"')?;
            self.string()?;
            self.space();
            if self.eat(b']').is_some() {
                return Some(());
            }
            self.eat(b',')?;
        }
    }
}
