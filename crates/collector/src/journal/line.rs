//! Lines of the journal: one entry or one cosignature each, words apart by single spaces.
//!
//! `entry <index> <leaf hash> batch <agent> <number>`
//! `entry <index> <leaf hash> record <microseconds> <note> <body>`, both base64
//! `cosigned <size> <agent> <seconds> <signature line>`

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;

use crate::store::entry::{Entry, What};
use crate::store::heal::Cosigned;

/// A line to be written.
pub(super) enum Line<'a> {
    Entry(&'a Entry),
    Cosigned(&'a Cosigned),
}

/// A line as it was read.
#[derive(Debug)]
pub(super) enum Read {
    Entry(Entry),
    Cosigned(Cosigned),
}

impl Line<'_> {
    pub(super) fn push_to(&self, text: &mut String) {
        let written = match self {
            Self::Entry(entry) => {
                let (idx, leaf) = (entry.idx, entry.leaf);
                match &entry.what {
                    What::Batch { agent, seq } => {
                        writeln!(text, "entry {idx} {leaf} batch {agent} {seq}")
                    }
                    What::Record { at, note, body } => {
                        let (note, body) = (STANDARD.encode(note), STANDARD.encode(body));
                        let at_us = at.timestamp_micros();
                        writeln!(text, "entry {idx} {leaf} record {at_us} {note} {body}")
                    }
                }
            }
            Self::Cosigned(one) => {
                let (size, agent, line) = (one.size, &one.agent, &one.line);
                let at_s = one.signed_at.timestamp();
                writeln!(text, "cosigned {size} {agent} {at_s} {line}")
            }
        };
        written.expect("a string takes every text");
    }
}

impl Read {
    /// A line without its end; none where it is not one of ours.
    pub(super) fn parse(line: &str) -> Option<Self> {
        if let Some(rest) = line.strip_prefix("cosigned ") {
            let mut words = rest.splitn(4, ' ');
            let (size, agent) = (words.next()?.parse().ok()?, words.next()?.to_owned());
            let signed_at = DateTime::from_timestamp(words.next()?.parse().ok()?, 0)?;
            let line = words.next()?.to_owned();
            return Some(Self::Cosigned(Cosigned {
                size,
                agent,
                signed_at,
                line,
            }));
        }
        let mut words = line.strip_prefix("entry ")?.split(' ');
        let (idx, leaf) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let what = match words.next()? {
            "batch" => What::Batch {
                agent: words.next()?.to_owned(),
                seq: words.next()?.parse().ok()?,
            },
            "record" => What::Record {
                at: DateTime::from_timestamp_micros(words.next()?.parse().ok()?)?,
                note: STANDARD.decode(words.next()?).ok()?,
                body: STANDARD.decode(words.next()?).ok()?,
            },
            _ => return None,
        };
        let entry = Entry { idx, leaf, what };
        words.next().is_none().then_some(Self::Entry(entry))
    }
}
