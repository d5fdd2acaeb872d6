//! What errors mean, as data: the first row that fits decides.
//!
//! The order is that of trust: words of the error object, then signs in its text, then names in
//! headers, then the status alone. Whose fault it is does not stand here, see [`super::error`];
//! only who would use these words does.
//!
//! Words are those that providers and gateways document. `no_db_connection`, `overloaded`,
//! `authentication_error` and `service_unavailable_error` were seen in captured answers of servers
//! run for the purpose; `permission_error` is not confirmed.

use domain::Outcome;

use crate::error::{ErrorObject, Sign};

/// What one row looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clue {
    /// `code` or `type` of the error object, in lower case.
    Word(&'static [&'static str]),
    /// A sign in the text of the error object.
    Sign(Sign),
    /// A name of AWS: in a header, or in the error object of a stream.
    Aws(&'static [&'static str]),
    /// The status, ends included.
    Status(u16, u16),
}

/// Where a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Always,
    /// Under status 429, or where no status is known: words about limits stand in other errors too.
    OfLimits,
    /// Where no status is known: servers use the word loosely.
    WithoutStatus,
}

/// Who uses such words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// Providers of models only: behind a gateway, a trace of theirs.
    Provider,
    /// Gateways too.
    Anyone,
    /// Nobody: a bare status.
    Nobody,
}

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) clue: Clue,
    pub(super) when: When,
    pub(super) outcome: Outcome,
    pub(super) voice: Voice,
}

/// What the rows are held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence<'a> {
    /// Of the answer, or in the error object of a success.
    pub(super) status: Option<u16>,
    pub(super) error: Option<&'a ErrorObject>,
    /// Name of the error in the headers.
    pub(super) name: Option<&'a str>,
}

const fn row(clue: Clue, outcome: Outcome, voice: Voice) -> Row {
    Row {
        clue,
        when: When::Always,
        outcome,
        voice,
    }
}

const fn when(when: When, row: Row) -> Row {
    Row { when, ..row }
}

use Clue::{Aws, Status, Word};
use Outcome as Is;
use Voice::{Anyone, Nobody, Provider};
use When::{OfLimits, WithoutStatus};

#[rustfmt::skip]
pub(super) static ROWS: [Row; 49] = [
    // OpenAI, DashScope, Google; `budget_exceeded` is LiteLLM's.
    row(Word(&["insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
        "organization_usage_limit_exceeded", "project_spend_limit_exceeded",
        "enforced_spend_limit_reached", "billing_hard_limit_reached", "billing_not_active",
        "billing_error", "arrearage", "payment_required", "budget_exceeded"]), Is::Billing, Anyone),
    // Gemini's Interactions.
    row(Word(&["quota_exceeded"]), Is::QuotaDaily, Anyone),
    // OpenAI, Anthropic; Groq's flex tier.
    row(Word(&["server_is_overloaded", "slow_down", "overloaded_error", "capacity_exceeded"]),
        Is::Overloaded, Provider),
    // Google and Gemini's Interactions; OpenRouter; mock servers.
    row(Word(&["unavailable", "service_unavailable", "service_unavailable_error", "overloaded",
        "provider_overloaded"]), Is::Overloaded, Anyone),
    // OpenAI.
    row(Word(&["unsupported_country_region_territory"]), Is::GeoBlocked, Anyone),
    // OpenAI, Anthropic, DashScope, Google, LiteLLM.
    row(Word(&["invalid_api_key", "invalidapikey", "accessdenied", "authentication_error",
        "permission_error", "permission_denied", "unauthenticated", "no_db_connection"]),
        Is::Auth, Anyone),
    // OpenAI, DashScope, Anthropic, Google, Azure, Groq.
    row(Word(&["model_not_found", "modelnotfound", "not_found_error", "not_found",
        "deploymentnotfound", "model_decommissioned"]), Is::ModelGone, Anyone),
    // OpenRouter.
    row(Word(&["refusal"]), Is::Refused, Anyone),
    // Azure, OpenAI, OpenRouter, DashScope.
    row(Word(&["content_filter", "content_policy_violation", "data_inspection_failed",
        "datainspectionfailed", "bio_policy"]), Is::Blocked, Anyone),
    // OpenAI, llama.cpp, DashScope.
    row(Word(&["context_length_exceeded", "exceed_context_size_error", "invalidparameter",
        "invalid_prompt", "data_residency_mismatch"]), Is::BadRequest, Anyone),
    // DashScope; Mistral.
    row(Word(&["throttling", "throttling.ratequota", "throttling.allocationquota",
        "rate_limited"]), Is::RateLimited, Anyone),
    // OpenRouter: of the provider behind it.
    row(Word(&["provider_unavailable"]), Is::ServerError, Anyone),

    row(Clue::Sign(Sign::Billing), Is::Billing, Anyone),
    when(OfLimits, row(Clue::Sign(Sign::QuotaDaily), Is::QuotaDaily, Anyone)),
    when(OfLimits, row(Clue::Sign(Sign::RateLimited), Is::RateLimited, Anyone)),
    when(OfLimits, row(Clue::Sign(Sign::Capacity), Is::Capacity429, Provider)),
    row(Clue::Sign(Sign::Overloaded), Is::Overloaded, Provider),
    row(Clue::Sign(Sign::Location), Is::GeoBlocked, Anyone),
    row(Clue::Sign(Sign::Key), Is::Auth, Anyone),
    row(Clue::Sign(Sign::Model), Is::ModelGone, Anyone),
    row(Clue::Sign(Sign::NoDeployment), Is::GatewayError, Anyone),

    row(Aws(&["throttlingexception", "servicequotaexceededexception"]), Is::RateLimited, Provider),
    row(Aws(&["modelnotreadyexception", "serviceunavailableexception"]), Is::Overloaded, Provider),
    row(Aws(&["accessdeniedexception", "unrecognizedclientexception", "invalidsignatureexception",
        "incompletesignatureexception", "missingauthenticationtokenexception",
        "expiredtokenexception", "signaturedoesnotmatch"]), Is::Auth, Provider),
    row(Aws(&["resourcenotfoundexception"]), Is::ModelGone, Provider),
    row(Aws(&["validationexception"]), Is::BadRequest, Provider),
    row(Aws(&["internalserverexception", "modelerrorexception", "modelstreamerrorexception",
        "modeltimeoutexception"]), Is::ServerError, Provider),

    // OpenAI, Anthropic, LiteLLM.
    when(WithoutStatus, row(Word(&["rate_limit_exceeded", "rate_limit_error", "throttling_error"]),
        Is::RateLimited, Anyone)),
    when(WithoutStatus, row(Word(&["invalid_request_error"]), Is::BadRequest, Anyone)),

    // Portkey's guardrails: flagged, denied.
    row(Status(246, 246), Is::Blocked, Nobody),
    row(Status(446, 446), Is::Blocked, Nobody),
    row(Status(401, 401), Is::Auth, Nobody),
    row(Status(403, 403), Is::Auth, Nobody),
    row(Status(402, 402), Is::Billing, Nobody),
    // Portkey's budget; a suspended account of Fireworks.
    row(Status(412, 412), Is::Billing, Nobody),
    row(Status(404, 404), Is::ModelGone, Nobody),
    row(Status(410, 410), Is::ModelGone, Nobody),
    row(Status(429, 429), Is::RateLimited, Nobody),
    row(Status(451, 451), Is::GeoBlocked, Nobody),
    // Groq's flex tier, Anthropic: statuses that gateways have no use for.
    row(Status(498, 498), Is::Overloaded, Provider),
    row(Status(529, 529), Is::Overloaded, Provider),
    row(Status(503, 503), Is::Overloaded, Nobody),
    // Timers and failures behind the API, in the range of client errors.
    row(Status(408, 408), Is::ServerError, Nobody),
    row(Status(424, 425), Is::ServerError, Nobody),
    row(Status(499, 499), Is::ServerError, Nobody),
    // Cloudflare could not reach what is behind it.
    row(Status(520, 526), Is::ServerError, Nobody),
    row(Status(500, 519), Is::ServerError, Nobody),
    row(Status(527, 599), Is::ServerError, Nobody),
    row(Status(400, 497), Is::BadRequest, Nobody),
];

/// The first row that fits.
pub(super) fn first(evidence: Evidence<'_>) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.fits(evidence))
}

impl Row {
    fn fits(&self, evidence: Evidence<'_>) -> bool {
        let holds = match self.when {
            When::Always => true,
            When::OfLimits => evidence.status.is_none_or(|status| status == 429),
            When::WithoutStatus => evidence.status.is_none(),
        };
        holds && self.clue.is_in(evidence)
    }
}

impl Clue {
    fn is_in(self, evidence: Evidence<'_>) -> bool {
        let error = evidence.error;
        let said = |words: &[&str]| {
            error.is_some_and(|error| {
                [&error.code, &error.kind]
                    .into_iter()
                    .flatten()
                    .any(|word| is_any(word, words))
            })
        };
        match self {
            Self::Word(words) => said(words),
            Self::Sign(sign) => error.is_some_and(|error| error.sign == Some(sign)),
            Self::Aws(words) => {
                evidence.name.is_some_and(|name| is_any(name, words)) || said(words)
            }
            Self::Status(from, to) => evidence
                .status
                .is_some_and(|status| (from..=to).contains(&status)),
        }
    }
}

fn is_any(word: &str, known: &[&str]) -> bool {
    known.iter().any(|known| word.eq_ignore_ascii_case(known))
}
