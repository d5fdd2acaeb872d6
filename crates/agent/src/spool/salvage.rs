//! What damage still tells of a batch that it took.
//!
//! A number that was used must never be used again, also where the frame that says so is broken:
//! the collector would be shown two histories. Note and body in the frame are hashed, so one of
//! them mostly still tells number and hash beyond doubt; else the fields beside them do, where they
//! fit the counters.

use evidence::batch_note::{BatchNote, batch_hash};
use evidence::hash::Hash;
use evidence::note::SignedNote;
use wire::batch::{self, SealedBatch};

use super::frame::{self, Frame, HEADER_BYTES, KIND_SEAL};

/// Number and hash of the batch whose frame begins the damage; `None` where it is another kind's.
pub(super) fn lost_seal(damage: &[u8], next_seq: u64) -> Option<(u64, Hash)> {
    let (kind, payload) = damage.get(HEADER_BYTES..)?.split_first()?;
    if let Some(Frame::Seal { batch, .. }) = frame::decode_seal(payload)
        && let Some(known) = from_note(&batch).or_else(|| from_body(&batch))
    {
        return Some(known);
    }
    let (seq, rest) = payload.split_first_chunk::<8>()?;
    let (hash, _) = rest.split_first_chunk::<32>()?;
    let seq = u64::from_le_bytes(*seq);
    (*kind == KIND_SEAL && seq == next_seq).then(|| (seq, Hash::from_bytes(*hash)))
}

/// What the batch's own note says, where the hash beside it bears it out.
fn from_note(sealed: &SealedBatch) -> Option<(u64, Hash)> {
    let note = SignedNote::parse(&sealed.note).ok()?;
    let hash = batch_hash(note.text());
    let seq = BatchNote::parse(note.text()).ok()?.seq;
    (hash == sealed.hash).then_some((seq, hash))
}

/// What the batch's body says, where it holds together.
fn from_body(sealed: &SealedBatch) -> Option<(u64, Hash)> {
    let text = batch::decompress(&sealed.body).ok()?;
    let batch = batch::parse(&text).ok()?;
    Some((batch.note.seq, batch.hash))
}
