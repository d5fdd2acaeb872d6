use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn where_bytes_are_split_changes_no_reply(
        cuts in proptest::collection::vec(1usize..300, 1..40),
        broken in any::<bool>(),
    ) {
        let mut all = frames();
        if broken {
            all.insert(6, exception("throttlingException", "x"));
        }
        let bytes = all.concat();
        let mut rest = &bytes[..];
        let chunks = cuts.iter().cycle().map_while(|size| {
            let (chunk, later) = rest.split_at((*size).min(rest.len()));
            rest = later;
            (!chunk.is_empty()).then_some(chunk)
        });
        prop_assert_eq!(feed(chunks, StreamEnd::Clean), (streamed(&all), Ok(())));
    }

    #[test]
    fn a_flipped_byte_never_gives_a_success(at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut bytes = frames().concat();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let (reply, fed) = feed([&bytes[..]], StreamEnd::Clean);
        prop_assert!(!is_success(&reply, fed));
        prop_assert!(matches!(fed, Err(Unreadable::Frame(FrameError::Checksum))));
    }
}

/// But for its last frame, without which the message is whole.
#[test]
fn every_strict_prefix_lacks_its_end() {
    let all = frames();
    let bytes = all.concat();
    let message = bytes.len() - all[all.len() - 1].len();
    for end in 0..bytes.len() {
        let (reply, fed) = feed([&bytes[..end]], StreamEnd::Early);
        assert_eq!(
            (reply.completeness, fed),
            (Completeness::Open, Ok(())),
            "{end}"
        );
        let (reply, fed) = feed([&bytes[..end]], StreamEnd::Clean);
        assert_eq!(is_success(&reply, fed), end == message, "{end}");
    }
}
