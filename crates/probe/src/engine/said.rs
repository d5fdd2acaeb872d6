//! What a failed answer said, and what of it is kept.

use std::sync::Arc;

use domain::Outcome;
use domain::detail::Text;

use super::trail::{Body, Trail};
use crate::attempt::Attempt;
use crate::error;
use crate::scrub::{Held, Scrubber, Unscrubbed};
use crate::secrets::Secrets;
use crate::spec::Spec;

/// Of a status of failure the body, of one of success the error in it and nothing else, for the
/// rest may be an answer.
pub(super) fn said(trail: &Trail) -> Option<Unscrubbed> {
    let succeeded = trail.head.as_ref()?.status.is_success();
    let said = match &trail.body {
        Body::Absent => None,
        Body::Stream(stream) => stream.said().cloned(),
        Body::Whole(bytes) if succeeded => {
            // Sound answers are not read a second time.
            let may_be = bytes.windows(5).any(|word| word == b"error");
            may_be.then(|| error::said(bytes, b"")).flatten()
        }
        Body::Whole(bytes) => Some(Unscrubbed::new(bytes)),
    };
    said.filter(|said| !said.bytes().is_empty())
}

/// Puts what may be kept of it into the detail of a failed attempt.
pub(super) fn keep(attempt: &mut Attempt, said: &Unscrubbed, spec: &Spec, held: &Arc<Held>) {
    if attempt.outcome == Outcome::Ok {
        return;
    }
    let detail = &mut attempt.detail;
    let id = match &detail.req {
        Some(Text::Plain(id)) => Some(id.as_str()),
        _ => None,
    };
    let scrubber = Scrubber::of(spec, &Secrets::of(spec), held).with_known(id);
    let (body, is_cut) = scrubber.body(said.bytes());
    detail.body = Some(body);
    detail.body_cut = is_cut;
}
