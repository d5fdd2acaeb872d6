//! Canonical sample lines: one JSON object each, strict JCS (RFC 8785 restricted to integers and
//! ASCII keys), hashed and stored as bytes and never rewritten.

mod plain;

use domain::detail::Detail;
use domain::{Digest, Gap, Line, Sample};
use evidence::hash::Hash;
use evidence::jcs;

/// A line of a stream as it is hashed and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedLine {
    /// The core, without line end.
    pub core: String,
    /// The detail whose hash the core names.
    pub detail: Option<String>,
}

/// A line that cannot stand in evidence.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Encoding met a value that evidence lines cannot hold.
    #[error("failed to encode a line")]
    Encode(#[source] jcs::JcsError),
    /// The bytes are not in canonical form.
    #[error("line is not canonical JSON")]
    Canonical(#[source] jcs::JcsError),
    /// Canonical, but neither a sample nor a gap.
    #[error("line is neither a sample nor a gap of a known version")]
    Shape(#[source] serde_json::Error),
    /// A minute in which more controls answered than were asked.
    #[error("more controls answered than were asked")]
    Controls,
    /// A core names a detail that does not hash to it.
    #[error("detail line does not match the hash in its core")]
    DetailHash,
}

/// Encodes a sample with its detail; the sample comes back with the detail's hash filled in.
pub fn encode_sample(mut sample: Sample, detail: &Detail) -> Result<EncodedLine, LineError> {
    let detail = jcs::to_line(detail).map_err(LineError::Encode)?;
    sample.detail = Some(digest(Hash::of(detail.as_bytes())));
    let core = jcs::to_line(&sample).map_err(LineError::Encode)?;
    Ok(EncodedLine {
        core,
        detail: Some(detail),
    })
}

/// Encodes a gap; gaps have no detail.
pub fn encode_gap(gap: &Gap) -> Result<EncodedLine, LineError> {
    let core = jcs::to_line(gap).map_err(LineError::Encode)?;
    Ok(EncodedLine { core, detail: None })
}

/// What a line holds that is a gap; samples that hold it are read with care.
const GAP_KEY: &str = "\"gap\":";

/// Reads a core line, after checking its canonical form on the generic value, so that keys which
/// this version does not know stay verifiable.
pub fn parse_core(bytes: &[u8]) -> Result<Line, LineError> {
    // Nearly all lines.
    if let Some(sample) = plain::sample(bytes) {
        return Ok(Line::Sample(Box::new(sample)));
    }
    // Those with escapes or keys of later versions: told to be canonical in one pass, and read without
    // a generic value between. As text, so that its strings are not checked to be UTF-8 once more.
    if let Ok(text) = std::str::from_utf8(bytes)
        && jcs::is_canonical(bytes)
        && !text.contains(GAP_KEY)
        && let Ok(sample) = serde_json::from_str(text)
    {
        return Ok(Line::Sample(Box::new(sample)));
    }
    let value = jcs::check_line(bytes).map_err(LineError::Canonical)?;
    if value.get("gap").is_some() {
        return serde_json::from_value(value)
            .map(Line::Gap)
            .map_err(LineError::Shape);
    }
    let sample = serde_json::from_value(value).map_err(LineError::Shape)?;
    Ok(Line::Sample(Box::new(sample)))
}

/// Checks a detail line that must hash to `expected`: it is taken where [`parse_detail`] reads it.
pub fn check_detail(bytes: &[u8], expected: Digest) -> Result<(), LineError> {
    check_hash(bytes, expected)?;
    if plain::is_detail(bytes) {
        return Ok(());
    }
    read_detail(bytes).map(drop)
}

/// Reads a detail line that must hash to `expected`.
pub fn parse_detail(bytes: &[u8], expected: Digest) -> Result<Detail, LineError> {
    check_hash(bytes, expected)?;
    read_detail(bytes)
}

fn check_hash(bytes: &[u8], expected: Digest) -> Result<(), LineError> {
    if digest(Hash::of(bytes)) == expected {
        Ok(())
    } else {
        Err(LineError::DetailHash)
    }
}

fn read_detail(bytes: &[u8]) -> Result<Detail, LineError> {
    if let Ok(text) = std::str::from_utf8(bytes)
        && jcs::is_canonical(bytes)
        && let Ok(detail) = serde_json::from_str(text)
    {
        return Ok(detail);
    }
    let value = jcs::check_line(bytes).map_err(LineError::Canonical)?;
    serde_json::from_value(value).map_err(LineError::Shape)
}

/// The same 32 bytes as the vocabulary's digest.
#[must_use]
pub fn digest(hash: Hash) -> Digest {
    Digest::new(*hash.as_bytes())
}

#[cfg(test)]
mod tests;
