//! One attempt as JSON, schema `probe/1`: what a sample and its detail line would hold, in groups.
//!
//! The groups are those of the detail line where it has them, so that their words mean the same.
//! Every field of a detail line is named here: one that is added has to be placed.

use std::collections::BTreeMap;

use domain::detail::{
    Body as KeptBody, Detail, Gaps, Net, Phases, Served, Signal, Text, UsageDetail,
};
use domain::{Attribution, Outcome};
use serde::Serialize;
use serde_json::Value;

use super::Observed;
use super::asked::Asked;
use super::drill::Drilled;
use super::figures::Figures;
use super::mask::Mask;
use super::money::Money;
use super::words;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    /// Wall clock at the start, RFC 3339.
    started_at: String,
    outcome: Outcome,
    attribution: Attribution,
    /// The verdict in words.
    seen: &'static str,
    status: Option<u16>,
    asked: &'a Asked,
    figures: Figures,
    phases: AllPhases<'a>,
    gaps: Option<&'a Gaps>,
    served: WhoServed<'a>,
    usage: AllUsage<'a>,
    cost: &'a Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    drill: Option<&'a Drilled>,
    request_id: Option<&'a Text>,
    headers: &'a BTreeMap<String, Text>,
    http: Option<&'a str>,
    net: Option<&'a Net>,
    finish: Option<&'a Text>,
    error: ErrorWords<'a>,
    body: Body<'a>,
    signal: Option<&'a Signal>,
    slow: bool,
    lag_us: Option<u64>,
}

/// Instants at which phases ended, microseconds since the start of the attempt.
#[derive(Serialize)]
struct AllPhases<'a> {
    #[serde(flatten)]
    phase: &'a Phases,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_text_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_text_us: Option<u64>,
}

#[derive(Serialize)]
struct WhoServed<'a> {
    model: Option<&'a str>,
    tier: Option<&'a str>,
    #[serde(flatten)]
    gateway: Option<&'a Served>,
}

#[derive(Serialize)]
struct AllUsage<'a> {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    #[serde(flatten)]
    parts: Option<&'a UsageDetail>,
}

#[derive(Serialize)]
struct ErrorWords<'a> {
    code: Option<&'a Text>,
    #[serde(rename = "type")]
    kind: Option<&'a Text>,
    /// The failing step in our own words.
    step: Option<&'a Text>,
}

#[derive(Serialize)]
struct Body<'a> {
    bytes: Option<u64>,
    sha256: Option<&'a str>,
    /// What is kept of a failed answer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<&'a Text>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

impl<'a> Body<'a> {
    fn of(detail: &'a Detail) -> Self {
        Self {
            bytes: detail.resp_len,
            sha256: detail.resp_sha256.as_deref(),
            kept: detail.body.as_ref().map(KeptBody::text),
            cut: detail.body_cut,
        }
    }
}

/// The document of an attempt, without any secret.
pub(super) fn document(seen: &Observed, mask: &Mask) -> serde_json::Result<Value> {
    let attempt = &seen.attempt;
    let Detail {
        body: _, // These four: see `Body`.
        body_cut: _,
        // Worked out here, by the table that the command line names.
        cost: _,
        error_code,
        error_type,
        fault,
        finish,
        gap,
        hdr,
        http,
        lag_us,
        net,
        phase,
        req,
        resp_len: _,
        resp_sha256: _,
        // Drawn when a line is sealed; nothing is sealed here.
        salt: _,
        served,
        signal,
        slow,
        usage,
    } = &attempt.detail;
    let document = Document {
        schema: "probe/1",
        started_at: seen.at.to_string(),
        outcome: attempt.outcome,
        attribution: attempt.attribution,
        seen: words::meaning(attempt.outcome).seen,
        status: attempt.status,
        asked: &seen.asked,
        figures: seen.figures,
        phases: AllPhases {
            phase,
            sent_us: attempt.sent_us,
            first_text_us: attempt.first_us,
            last_text_us: attempt.last_us,
        },
        gaps: gap.as_ref(),
        served: WhoServed {
            model: attempt.served_model.as_deref(),
            tier: attempt.served_tier.as_deref(),
            gateway: served.as_ref(),
        },
        usage: AllUsage {
            input_tokens: attempt.input_tokens,
            output_tokens: attempt.output_tokens,
            parts: usage.as_ref(),
        },
        cost: &seen.money,
        drill: seen.drill.as_ref(),
        request_id: req.as_ref(),
        headers: hdr,
        http: http.as_deref(),
        net: net.as_ref(),
        finish: finish.as_ref(),
        error: ErrorWords {
            code: error_code.as_ref(),
            kind: error_type.as_ref(),
            step: fault.as_ref(),
        },
        body: Body::of(&attempt.detail),
        signal: signal.as_ref(),
        slow: *slow,
        lag_us: *lag_us,
    };
    Ok(mask.json(serde_json::to_value(document)?))
}
