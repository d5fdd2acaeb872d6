//! Whatever bytes a model API sends, in whatever pieces: they are read to an end, the pieces do not
//! matter, and nothing is what was asked for unless the asked word stands in it.
//!
//! The input is a byte for the wire, a byte for the size of pieces, and the answer.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use probe::ask::{Ask, TextCheck};
use probe::reply::{Completeness, Reply, Text};
use probe::wire::{self, Stream, StreamEnd, Wire};

const NONCE: &str = "pong-7f3a";

fn check() -> TextCheck {
    TextCheck::new(&Ask::Echo, &NONCE.parse().expect("a nonce"))
}

fn streamed<'a>(wire: Wire, pieces: impl Iterator<Item = &'a [u8]>) -> Reply {
    let mut stream = Stream::new(wire, check());
    for piece in pieces {
        if stream.feed(piece, |_| {}).is_err() {
            return stream.finish(StreamEnd::Early).0;
        }
    }
    stream.finish(StreamEnd::Clean).0
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let [wire, size, answer @ ..] = input else {
        return Corpus::Reject;
    };
    let wire = Wire::ALL[usize::from(*wire) % Wire::ALL.len()];
    let size = usize::from(*size).max(1);
    let whole = wire::read(wire, answer, check()).into_reply().0;
    let cut = streamed(wire, answer.chunks(size));
    assert_eq!(cut, streamed(wire, std::iter::once(answer)), "pieces do not matter");
    for reply in [whole, cut] {
        if reply.text == Text::Expected {
            assert!(reply.completeness != Completeness::CutInside);
        }
    }
    let _ = probe::error::read(answer);
    Corpus::Keep
});
