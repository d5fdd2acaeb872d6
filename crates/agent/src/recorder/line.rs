//! From an attempt to the two parts of its line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::detail::Text;
use domain::sample::CORE_VERSION;
use domain::{Detail, Gap, Sample, Source};
use evidence::jcs::INTEGER_MAX;
use wire::limits::LINE_BYTES_MAX;
use wire::line::{EncodedLine, LineError, encode_sample};

use super::Attempted;
use super::open::said::{Room, Said};
use crate::schedule::Missed;

/// 128 random bits, so that a detail's hash cannot be guessed back once the detail is erased.
pub(super) fn salt() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(STANDARD_NO_PAD.encode(bytes))
}

pub(super) fn encode(
    attempted: &Attempted<'_>,
    (i, salt): (u64, String),
    said: &mut Said,
) -> Result<EncodedLine, LineError> {
    let sample = sample(attempted, i);
    let detail = said.room().fit(Detail {
        salt,
        ..attempted.attempt.detail.clone()
    });
    let line = encode_sample(sample.clone(), &detail)?;
    if is_short(&line) {
        said.count(&detail, &line);
        return Ok(line);
    }
    let detail = Room::None.fit(detail);
    let line = encode_sample(sample.clone(), &detail)?;
    if is_short(&line) {
        return Ok(line);
    }
    // The core is what counts; of a detail that nobody would accept, its phases remain.
    let fault = format!("the detail was longer than {LINE_BYTES_MAX} bytes");
    let detail = Detail {
        fault: Some(Text::Plain(fault)),
        phase: detail.phase,
        salt: detail.salt,
        ..Detail::default()
    };
    encode_sample(sample, &detail)
}

fn is_short(line: &EncodedLine) -> bool {
    let detail = line.detail.as_ref();
    detail.is_none_or(|detail| detail.len() <= LINE_BYTES_MAX)
}

fn sample(attempted: &Attempted<'_>, i: u64) -> Sample {
    let Attempted {
        target,
        attempt,
        start,
        ..
    } = attempted;
    Sample {
        asked_model: attempt.asked_model.clone(),
        asked_tier: attempt.asked_tier.clone(),
        attempt: attempted.number,
        attribution: attempt.attribution,
        cred: target.credential.clone(),
        deadline_ms: target.deadline_ms,
        detail: None, // Filled in with the detail's hash by the encoding.
        end_us: attempt.end_us,
        features: target.features.clone(),
        first_us: attempt.first_us,
        i,
        input_tokens: attempt.input_tokens.filter(|n| *n <= INTEGER_MAX),
        kind: attempted.kind,
        last_us: attempt.last_us,
        mono_us: start.mono_us,
        outcome: attempt.outcome,
        output_tokens: attempt.output_tokens.filter(|n| *n <= INTEGER_MAX),
        plan: attempted.plan_revision,
        sent_us: attempt.sent_us,
        served_model: attempt.served_model.clone(),
        served_tier: attempt.served_tier.clone(),
        slot_ms: attempted.slot,
        source: Source::Probe,
        status: attempt.status,
        stream: attempt.stream,
        v: CORE_VERSION,
        wall_us: start.wall,
    }
}

pub(super) fn encode_gap(missed: &Missed, i: u64) -> Result<EncodedLine, LineError> {
    wire::line::encode_gap(&Gap {
        count: missed.count,
        first_ms: missed.first,
        gap: missed.reason,
        i,
        last_ms: missed.last,
        plan: missed.plan,
        v: CORE_VERSION,
    })
}
