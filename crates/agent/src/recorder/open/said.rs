//! Room for what failed answers said: a batch has a share of it, so that thousands of failures at
//! once fill neither the spool nor the uplink with the same sentence, and no slot is lost to it.

use domain::Detail;
use domain::detail::{Body, Text, cut};
use tracing::info;
use wire::line::EncodedLine;

/// Bytes of detail lines with a body, as far as whole bodies are kept in one batch: some hundred
/// failures, more than anybody reads.
const WHOLE_BYTES_MAX: usize = 512 * 1024;
/// And as far as any are kept.
const SHORT_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a body that is kept short.
const SHORT_BODY_BYTES: usize = 256;

/// How much of a body the open batch has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::recorder) enum Room {
    /// All that was kept.
    Whole,
    /// Its first [`SHORT_BODY_BYTES`].
    Short,
    /// Nothing of it.
    None,
}

impl Room {
    /// The detail with as much of its body as there is room for; `body_cut` says where it is less.
    pub(in crate::recorder) fn fit(self, mut detail: Detail) -> Detail {
        let Some(Text::Plain(text)) = detail.body.as_ref().map(Body::text) else {
            return detail;
        };
        let (body, is_cut) = match self {
            Self::Whole => return detail,
            Self::Short => {
                let (kept, is_cut) = cut(text, SHORT_BODY_BYTES);
                (Some(Body::new(kept)), is_cut)
            }
            Self::None => (None, true),
        };
        detail.body = body;
        detail.body_cut |= is_cut;
        detail
    }
}

/// What the open batch holds of bodies. How many were shortened, the lines say by `body_cut`.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::recorder) struct Said {
    bytes: usize,
}

impl Said {
    pub(in crate::recorder) const fn room(self) -> Room {
        match self.bytes {
            0..WHOLE_BYTES_MAX => Room::Whole,
            WHOLE_BYTES_MAX..SHORT_BYTES_MAX => Room::Short,
            _ => Room::None,
        }
    }

    /// Counts a line that was fitted into the room.
    pub(in crate::recorder) fn count(&mut self, detail: &Detail, line: &EncodedLine) {
        if detail.body.is_none() {
            return;
        }
        let before = self.room();
        self.bytes += line.detail.as_ref().map_or(0, String::len);
        match self.room() {
            room if room == before => {}
            Room::None => info!("what failed answers say is left out until the next batch"),
            _ => info!("what failed answers say is kept short until the next batch"),
        }
    }
}
