//! Faults as scripts write them.

use std::num::NonZeroU32;

use super::{ErrorCode, ErrorStatus, Fault, Millis};
use crate::document::{DocumentError, Node, Reader, one_of, text, whole};
use crate::plan::ErrorKind;

/// Content chunks sent before a fault, where the script does not say.
const AFTER_CHUNKS: usize = 2;

impl Fault {
    /// Reads `{ kind = "…", … }`.
    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, DocumentError> {
        let kind = reader.required("kind", text)?;
        let fault = match Self::plain(&kind) {
            Some(fault) => fault,
            None => Self::read_as(&kind, &mut reader)?,
        };
        reader.finish()?;
        Ok(fault)
    }

    /// The kinds without further keys.
    fn plain(kind: &str) -> Option<Self> {
        let found = PLAIN.iter().find(|fault| fault.kind() == kind);
        found.cloned()
    }

    fn read_as(kind: &str, reader: &mut Reader<'_>) -> Result<Self, DocumentError> {
        Ok(match kind {
            "status" => Self::Status {
                status: reader.required("status", ErrorStatus::read)?,
                code: reader.optional("code", |node| one_of(node, ErrorCode::NAMES))?,
                body: reader.optional("body", text)?,
            },
            "error" => Self::Error {
                error: reader.required("error", ErrorKind::read)?,
                status: reader.optional("status", ErrorStatus::read)?,
                retry_after_s: reader.optional("retry_after_s", whole)?,
            },
            "latency" => Self::Latency {
                ms: reader.required("ms", Millis::read)?,
            },
            "slow_headers" => Self::SlowHeaders {
                ms: reader.required("ms", Millis::read)?,
            },
            "gap" => Self::Gap {
                ms: reader.required("ms", Millis::read)?,
            },
            "ttft" => Self::Ttft {
                ms: reader.required("ms", Millis::read)?,
                tokens_per_second: reader.optional("tokens_per_second", positive)?,
            },
            "wrong_content_type" => Self::WrongContentType {
                content_type: reader.required("content_type", header_value)?,
            },
            "wrong_model" => Self::WrongModel {
                model: reader.required("model", text)?,
            },
            "tier" => Self::Tier {
                tier: reader.required("tier", text)?,
            },
            "cached" => Self::Cached {
                age_s: reader.optional("age_s", whole)?.unwrap_or(60),
            },
            _ => Self::read_cut(kind, reader)?,
        })
    }

    /// The kinds with `after_chunks`.
    fn read_cut(kind: &str, reader: &mut Reader<'_>) -> Result<Self, DocumentError> {
        let known = KINDS.iter().any(|(name, ())| *name == kind);
        if !known {
            reader.required("kind", |node| one_of(node, KINDS))?;
        }
        let after_chunks = reader
            .optional("after_chunks", whole)?
            .unwrap_or(AFTER_CHUNKS);
        Ok(match kind {
            "stall" => Self::Stall { after_chunks },
            "cut_reset" => Self::CutReset { after_chunks },
            "cut_clean" => Self::CutClean { after_chunks },
            "cut_json" => Self::CutJson { after_chunks },
            "malformed" => Self::Malformed { after_chunks },
            "bad_sse" => Self::BadSse { after_chunks },
            _ => {
                let error = reader.optional("error", ErrorKind::read)?;
                let error = error.unwrap_or(ErrorKind::ServerError);
                Self::ErrorInStream {
                    after_chunks,
                    error,
                }
            }
        })
    }
}

/// A number above zero.
pub(crate) fn positive(node: &Node) -> Result<NonZeroU32, String> {
    NonZeroU32::new(whole(node)?).ok_or_else(|| "more than 0 is needed here".to_owned())
}

fn header_value(node: &Node) -> Result<String, String> {
    let text = text(node)?;
    match axum::http::HeaderValue::try_from(text.as_str()) {
        Ok(_) => Ok(text),
        Err(_) => Err("a header cannot carry this text".to_owned()),
    }
}

/// The faults without data.
pub(super) const PLAIN: &[Fault] = &[
    Fault::Html {},
    Fault::LoginPage {},
    Fault::Empty {},
    Fault::Refusal {},
    Fault::ContentFilter {},
    Fault::Truncated {},
    Fault::Refuse {},
    Fault::Reset {},
    Fault::Unreachable {},
    Fault::AcceptClose {},
    Fault::AcceptReset {},
    Fault::PlainText {},
    Fault::TlsAlert {},
    Fault::Garbage {},
];

/// Every kind, in the order of the manual.
pub(super) const KINDS: &[(&str, ())] = &[
    ("status", ()),
    ("error", ()),
    ("html", ()),
    ("login_page", ()),
    ("wrong_content_type", ()),
    ("latency", ()),
    ("slow_headers", ()),
    ("ttft", ()),
    ("gap", ()),
    ("refuse", ()),
    ("reset", ()),
    ("stall", ()),
    ("cut_reset", ()),
    ("cut_clean", ()),
    ("cut_json", ()),
    ("malformed", ()),
    ("bad_sse", ()),
    ("error_in_stream", ()),
    ("wrong_model", ()),
    ("tier", ()),
    ("cached", ()),
    ("empty", ()),
    ("refusal", ()),
    ("content_filter", ()),
    ("truncated", ()),
    ("unreachable", ()),
    ("accept_close", ()),
    ("accept_reset", ()),
    ("plain_text", ()),
    ("tls_alert", ()),
    ("garbage", ()),
];
