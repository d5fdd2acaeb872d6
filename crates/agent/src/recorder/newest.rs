//! The newest attempt of each stream since the last seal: what a preview tells.
//!
//! Invariants: it holds [`STREAMS_MAX`] streams at most, those that changed last, and nothing that
//! was taken from it before. Attempts that could not be recorded never get here.
//!
//! Non-goals: it is lost with the process, and may tell of an attempt that a crash loses.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use wire::preview::{PreviewStream, STREAMS_MAX};

use super::Attempted;

/// Shared by the recorder, which fills it, and who sends previews.
#[derive(Clone, Debug, Default)]
pub struct Newest(Arc<Mutex<Vec<PreviewStream>>>);

impl Newest {
    /// What changed since it was taken last, and since the last seal; in the order of targets.
    #[must_use]
    pub fn take(&self) -> Vec<PreviewStream> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A batch tells all of it.
    pub(super) fn forget(&self) {
        drop(self.take());
    }

    pub(super) fn note(&self, attempted: &Attempted<'_>) {
        let stream = PreviewStream {
            attempt: attempted.number,
            attribution: attempted.attempt.attribution,
            first_us: attempted.attempt.first_us,
            outcome: attempted.attempt.outcome,
            slot_ms: attempted.slot,
            started_us: attempted.start.wall,
            status: attempted.attempt.status,
            target: attempted.target.id.clone(),
        };
        insert(
            &mut self.0.lock().unwrap_or_else(PoisonError::into_inner),
            stream,
        );
    }
}

/// Of two attempts of a stream the newer one stays; of too many streams, the one that began first
/// goes.
fn insert(streams: &mut Vec<PreviewStream>, stream: PreviewStream) {
    if let Ok(at) = find(streams, &stream)
        && let Some(known) = streams.get_mut(at)
    {
        if known.place() < stream.place() {
            *known = stream;
        }
        return;
    }
    if streams.len() >= STREAMS_MAX {
        let began = |(_, stream): &(usize, &PreviewStream)| stream.started_us;
        if let Some((oldest, _)) = streams.iter().enumerate().min_by_key(began) {
            streams.remove(oldest);
        }
    }
    let (Ok(at) | Err(at)) = find(streams, &stream);
    streams.insert(at, stream);
}

fn find(streams: &[PreviewStream], wanted: &PreviewStream) -> Result<usize, usize> {
    streams.binary_search_by(|known| known.target.cmp(&wanted.target))
}

#[cfg(test)]
mod tests {
    use domain::{Attribution, Outcome, UnixMicros, UnixMillis};

    use super::*;

    fn stream(target: &str, (slot, attempt): (i64, u32)) -> PreviewStream {
        PreviewStream {
            attempt,
            attribution: Attribution::None,
            first_us: None,
            outcome: Outcome::Ok,
            slot_ms: UnixMillis::new(slot),
            started_us: UnixMicros::new(slot * 1_000),
            status: None,
            target: target.parse().unwrap(),
        }
    }

    #[test]
    fn the_newer_attempt_of_a_stream_stays_whichever_ends_first() {
        let mut streams = Vec::new();
        for (target, place) in [
            ("b", (2, 1)),
            ("a", (1, 1)),
            ("b", (1, 3)),
            ("a", (1, 2)),
            ("b", (2, 1)),
        ] {
            insert(&mut streams, stream(target, place));
        }
        assert_eq!(streams, [stream("a", (1, 2)), stream("b", (2, 1))]);
    }

    #[test]
    fn of_too_many_streams_those_that_changed_last_stay_in_order() {
        let mut streams = Vec::new();
        let last = i64::try_from(STREAMS_MAX).unwrap() + 1;
        for slot in (0..=last).rev().step_by(2).chain((0..=last).step_by(2)) {
            insert(&mut streams, stream(&format!("t{slot:05}"), (slot, 1)));
        }
        assert_eq!(streams.len(), STREAMS_MAX);
        assert!(streams.is_sorted_by_key(|stream| stream.target.clone()));
        let oldest = streams.iter().map(|stream| stream.slot_ms.get()).min();
        assert_eq!(oldest, Some(2));
    }
}
