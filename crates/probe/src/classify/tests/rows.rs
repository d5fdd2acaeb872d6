//! One example for every row of the table. `captured` bodies are excerpts of answers of LiteLLM
//! 1.100.5, Portkey 1.15.2 and aimock 1.43.0; all others are made up after the documented shape.

use std::collections::BTreeSet;

use super::super::table::{Clue, Evidence, ROWS, first};
use super::*;

/// Who answered, and with which trace of a provider.
#[derive(Clone, Copy, Debug)]
enum Who {
    Provider,
    /// A gateway, alone as far as the headers tell.
    Gateway,
    /// A gateway, with an id that only its upstream can have given.
    Behind,
}

use Who::{Behind, Gateway, Provider};

struct Example(Who, u16, &'static str, Outcome, Attribution);

#[rustfmt::skip]
const EXAMPLES: &[Example] = &[
    // captured
    Example(Behind, 429, r#"{"error":{"message":"openai error: You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"},"provider":"openai"}"#, Is::Billing, By::Ours),
    Example(Gateway, 429, r#"{"error":{"message":"litellm.RateLimitError: RateLimitError: OpenAIException - You exceeded your current quota, please check your plan","type":"throttling_error","param":null,"code":"429"}}"#, Is::Billing, By::Ours),
    Example(Behind, 503, r#"{"error":{"message":"openai error: The engine is currently overloaded, please try again later","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"},"provider":"openai"}"#, Is::Overloaded, By::Provider),
    Example(Gateway, 503, r#"{"error":{"message":"litellm.ServiceUnavailableError: OpenAIException - The engine is currently overloaded, please try again later","type":null,"param":null,"code":"503"}}"#, Is::Overloaded, By::Provider),
    Example(Behind, 529, r#"{"error":{"message":"anthropic error: Overloaded","type":"overloaded_error","param":null,"code":null},"provider":"anthropic"}"#, Is::Overloaded, By::Provider),
    Example(Behind, 500, r#"{"error":{"message":"openai error: upstream is down","type":"server_error","param":null,"code":"internal_error"},"provider":"openai"}"#, Is::ServerError, By::Provider),
    Example(Gateway, 500, r#"{"error":{"message":"litellm.InternalServerError: InternalServerError: OpenAIException - upstream is down","type":null,"param":null,"code":"500"}}"#, Is::ServerError, By::Unknown),
    Example(Gateway, 408, r#"{"error":{"message":"Request exceeded the timeout sent in the request: 300ms","type":"timeout_error","param":null,"code":null}}"#, Is::GatewayError, By::Gateway),
    Example(Gateway, 400, r#"{"status":"failure","message":"Either x-portkey-config or x-portkey-provider header is required"}"#, Is::BadRequest, By::Ours),
    Example(Gateway, 400, r#"{"error":{"message":"No connected db.","type":"auth","param":null,"code":"400"}}"#, Is::Auth, By::Ours),
    Example(Gateway, 400, r#"{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}"#, Is::Auth, By::Ours),
    Example(Gateway, 400, r#"{"error":{"message":"/chat/completions: Invalid model name passed in model=nope.","type":"None","param":"None","code":"400"}}"#, Is::ModelGone, By::Unknown),
    Example(Gateway, 429, r#"{"error":{"message":"litellm.RateLimitError: this is a mock rate limit error","type":"throttling_error","param":null,"code":"429"}}"#, Is::RateLimited, By::Ours),
    Example(Provider, 429, r#"{"error":{"code":429,"message":"Rate limit reached for requests"}}"#, Is::RateLimited, By::Ours),

    // OpenAI
    Example(Provider, 429, r#"{"error":{"type":"rate_limit_error","code":"slow_down"}}"#, Is::Overloaded, By::Provider),
    Example(Provider, 403, r#"{"error":{"type":"request_forbidden","code":"unsupported_country_region_territory"}}"#, Is::GeoBlocked, By::Ours),
    Example(Provider, 404, r#"{"error":{"type":"invalid_request_error","code":"model_not_found"}}"#, Is::ModelGone, By::Unknown),
    Example(Provider, 400, r#"{"error":{"type":"invalid_request_error","code":"context_length_exceeded"}}"#, Is::BadRequest, By::Ours),
    Example(Provider, 200, r#"{"error":{"code":"bio_policy","message":"x"}}"#, Is::Blocked, By::Unknown),
    Example(Provider, 200, r#"{"error":{"code":"invalid_prompt","message":"x"}}"#, Is::BadRequest, By::Ours),
    Example(Provider, 200, r#"{"error":{"code":"server_error","message":"x"}}"#, Is::ServerError, By::Provider),
    Example(Provider, 200, r#"{"error":{"code":"rate_limit_exceeded","message":"x"}}"#, Is::RateLimited, By::Ours),
    Example(Provider, 200, r#"{"error":{"type":"invalid_request_error","message":"x"}}"#, Is::BadRequest, By::Ours),
    // Anthropic
    Example(Provider, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access later."}}"#, Is::Billing, By::Ours),
    Example(Provider, 429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}"#, Is::Billing, By::Ours),
    Example(Provider, 402, r#"{"type":"error","error":{"type":"billing_error","message":"x"}}"#, Is::Billing, By::Ours),
    Example(Provider, 409, r#"{"type":"error","error":{"type":"conflict_error","message":"x"}}"#, Is::BadRequest, By::Ours),
    Example(Provider, 504, r#"{"type":"error","error":{"type":"timeout_error","message":"x"}}"#, Is::ServerError, By::Provider),
    Example(Provider, 529, "", Is::Overloaded, By::Provider),
    // Google
    Example(Provider, 429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}}"#, Is::QuotaDaily, By::Ours),
    Example(Provider, 429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel"}]}]}}"#, Is::RateLimited, By::Ours),
    Example(Provider, 429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Resource exhausted, please try again later."}}"#, Is::Capacity429, By::Provider),
    Example(Provider, 402, r#"{"error":{"code":402,"status":"RESOURCE_EXHAUSTED","message":"Prepay credit is used up."}}"#, Is::Billing, By::Ours),
    Example(Provider, 400, r#"{"error":{"code":400,"status":"FAILED_PRECONDITION","message":"User location is not supported for the API use."}}"#, Is::GeoBlocked, By::Ours),
    Example(Provider, 503, r#"[{"error":{"code":503,"status":"UNAVAILABLE","message":"The model is overloaded."}}]"#, Is::Overloaded, By::Provider),
    Example(Provider, 403, r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"x"}}"#, Is::Auth, By::Ours),
    Example(Provider, 404, r#"{"error":{"code":404,"status":"NOT_FOUND","message":"x"}}"#, Is::ModelGone, By::Unknown),
    Example(Provider, 499, r#"{"error":{"code":499,"status":"CANCELLED","message":"x"}}"#, Is::ServerError, By::Provider),
    Example(Provider, 429, r#"{"error":{"code":"quota_exceeded","message":"x"}}"#, Is::QuotaDaily, By::Ours),
    // Azure
    Example(Provider, 400, r#"{"error":{"code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#, Is::Blocked, By::Unknown),
    Example(Provider, 401, r#"{"error":{"code":"401","message":"x"}}"#, Is::Auth, By::Ours),
    Example(Provider, 404, r#"{"error":{"code":"DeploymentNotFound","message":"x"}}"#, Is::ModelGone, By::Unknown),
    // Mistral
    Example(Provider, 429, r#"{"object":"error","message":"Rate limit exceeded","type":"rate_limited","param":null,"code":"1300"}"#, Is::RateLimited, By::Ours),
    Example(Provider, 422, r#"{"detail":[{"loc":["body"],"msg":"x","type":"missing"}]}"#, Is::BadRequest, By::Ours),
    // DeepSeek, Qwen
    Example(Provider, 402, r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}"#, Is::Billing, By::Ours),
    Example(Provider, 400, r#"{"code":"Arrearage","message":"x","request_id":"r"}"#, Is::Billing, By::Ours),
    Example(Provider, 429, r#"{"code":"Throttling.AllocationQuota","message":"x","request_id":"r"}"#, Is::RateLimited, By::Ours),
    Example(Provider, 400, r#"{"error":{"code":"data_inspection_failed","message":"x"}}"#, Is::Blocked, By::Unknown),
    Example(Provider, 401, r#"{"code":"InvalidApiKey","message":"x"}"#, Is::Auth, By::Ours),
    // Groq, Together, Fireworks
    Example(Provider, 498, r#"{"error":{"message":"x","code":"capacity_exceeded"}}"#, Is::Overloaded, By::Provider),
    Example(Provider, 498, "", Is::Overloaded, By::Provider),
    Example(Provider, 503, r#"{"error":{"message":"Engine Overloaded"}}"#, Is::Overloaded, By::Provider),
    Example(Provider, 412, r#"{"error":{"message":"account suspended"}}"#, Is::Billing, By::Ours),
    Example(Provider, 404, "<html>not found</html>", Is::ModelGone, By::Unknown),
    Example(Provider, 425, "", Is::ServerError, By::Provider),
    Example(Provider, 410, "", Is::ModelGone, By::Unknown),
    Example(Provider, 451, "", Is::GeoBlocked, By::Ours),
    // OpenRouter
    Example(Gateway, 502, r#"{"error":{"code":502,"message":"x","metadata":{"error_type":"provider_unavailable"}}}"#, Is::ServerError, By::Unknown),
    Example(Gateway, 502, r#"{"error":{"code":502,"message":"x","metadata":{"error_type":"provider_unavailable","provider_name":"DeepInfra"}}}"#, Is::ServerError, By::Provider),
    Example(Gateway, 503, r#"{"error":{"code":503,"message":"x","metadata":{"error_type":"provider_overloaded"}}}"#, Is::Overloaded, By::Unknown),
    Example(Gateway, 429, r#"{"error":{"code":429,"message":"Rate limit exceeded: free-models-per-day"}}"#, Is::QuotaDaily, By::Ours),
    Example(Gateway, 429, r#"{"error":{"code":429,"message":"x is temporarily rate-limited upstream"}}"#, Is::Capacity429, By::Provider),
    Example(Gateway, 200, r#"{"error":{"code":403,"message":"x","metadata":{"error_type":"refusal"}}}"#, Is::Refused, By::Unknown),
    Example(Gateway, 402, r#"{"error":{"code":402,"message":"x"}}"#, Is::Billing, By::Ours),
    // LiteLLM, Portkey, Cloudflare
    Example(Gateway, 429, r#"{"error":{"message":"No deployments available - crossed budget: Exceeded budget for deployment","type":"None","param":"None","code":"429"}}"#, Is::Billing, By::Ours),
    Example(Gateway, 429, r#"{"error":{"message":"No deployments available for selected model, Try again in 5 seconds","type":"None","param":"None","code":"429"}}"#, Is::GatewayError, By::Gateway),
    Example(Gateway, 429, r#"{"error":{"message":"x","type":"budget_exceeded","code":"429"}}"#, Is::Billing, By::Ours),
    Example(Gateway, 412, "{}", Is::Billing, By::Ours),
    Example(Gateway, 446, "{}", Is::Blocked, By::Unknown),
    Example(Gateway, 246, "{}", Is::Blocked, By::Unknown),
    Example(Gateway, 522, "<html>Connection timed out</html>", Is::GatewayError, By::Gateway),
    Example(Behind, 522, "<html>Connection timed out</html>", Is::ServerError, By::Provider),
    Example(Provider, 524, "<html>A timeout occurred</html>", Is::ServerError, By::Provider),
    Example(Provider, 530, "<html>error 1016</html>", Is::ServerError, By::Provider),
    Example(Provider, 403, "<html>blocked</html>", Is::Auth, By::Unknown),
    Example(Provider, 413, "<html>too large</html>", Is::BadRequest, By::Ours),
];

/// Names of AWS stand in a header.
const NAMED: &[(u16, &str, Outcome, Attribution)] = &[
    (429, "ThrottlingException", Is::RateLimited, By::Ours),
    (
        400,
        "ServiceQuotaExceededException",
        Is::RateLimited,
        By::Ours,
    ),
    (429, "ModelNotReadyException", Is::Overloaded, By::Provider),
    (
        503,
        "ServiceUnavailableException",
        Is::Overloaded,
        By::Provider,
    ),
    (403, "AccessDeniedException", Is::Auth, By::Ours),
    (403, "ExpiredTokenException", Is::Auth, By::Ours),
    (404, "ResourceNotFoundException", Is::ModelGone, By::Unknown),
    (400, "ValidationException", Is::BadRequest, By::Ours),
    (424, "ModelErrorException", Is::ServerError, By::Provider),
    (408, "ModelTimeoutException", Is::ServerError, By::Provider),
    (
        500,
        "InternalServerException",
        Is::ServerError,
        By::Provider,
    ),
];

fn reply_of(body: &str) -> Reply {
    failed(body)
}

fn classified(who: Who, status: u16, name: Option<&str>, reply: &Reply) -> (Is, By) {
    let via = match who {
        Provider => Via::Direct,
        Gateway | Behind => Via::Gateway,
    };
    let mut facts = facts(via, Transport::Complete, Some(status), reply);
    facts.error_name = name;
    if matches!(who, Behind) {
        facts.upstream = Upstream::Seen;
    }
    classify(&facts)
}

#[test]
fn every_example_gets_its_class() {
    for Example(who, status, body, outcome, by) in EXAMPLES {
        let found = classified(*who, *status, None, &reply_of(body));
        assert_eq!(found, (*outcome, *by), "{who:?} {status} {body}");
    }
    for (status, name, outcome, by) in NAMED {
        let reply = reply_of(r#"{"message":"x"}"#);
        let found = classified(Provider, *status, Some(name), &reply);
        assert_eq!(found, (*outcome, *by), "{status} {name}");
        // The same name in the error object of a stream, where no header can follow.
        let code = format!(r#"{{"error":{{"code":"{name}"}}}}"#);
        let found = classified(Provider, 200, None, &reply_of(&code));
        assert_eq!(found, (*outcome, *by), "{name} in a stream");
    }
}

fn index(evidence: Evidence<'_>) -> Option<usize> {
    let row = first(evidence)?;
    ROWS.iter().position(|known| std::ptr::eq(known, row))
}

#[test]
fn every_row_has_an_example() {
    let mut met = BTreeSet::new();
    for Example(_, status, body, ..) in EXAMPLES {
        let error = error::read(body.as_bytes());
        let inner = error.as_ref().and_then(|error| error.status);
        let evidence = Evidence {
            status: if *status == 200 { inner } else { Some(*status) },
            error: error.as_ref(),
            name: None,
        };
        met.extend(index(evidence));
    }
    for (status, name, ..) in NAMED {
        met.extend(index(Evidence {
            status: Some(*status),
            error: None,
            name: Some(name),
        }));
    }
    let missing: Vec<_> = (0..ROWS.len())
        .filter(|at| !met.contains(at))
        .map(|at| ROWS[at])
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn no_word_stands_in_two_rows_and_every_word_stands_in_the_manual() {
    let manual = include_str!("../../../../../docs/classification.md");
    let mut known = BTreeSet::new();
    for row in &ROWS {
        assert!(manual.contains(row.outcome.as_str()));
        let (Clue::Word(words) | Clue::Aws(words)) = row.clue else {
            continue;
        };
        for word in words {
            assert!(known.insert(*word), "{word} stands twice");
            assert_eq!(*word, word.to_ascii_lowercase());
            let marked = format!("`{word}`");
            assert!(
                manual.to_ascii_lowercase().contains(&marked),
                "{word} is not in the manual"
            );
        }
    }
    for outcome in Outcome::ALL {
        let marked = format!("| `{outcome}` |");
        assert!(manual.contains(&marked), "{outcome} is not in the manual");
    }
}

#[test]
fn a_gateways_word_alone_never_blames_the_provider() {
    for row in &ROWS {
        let Clue::Word(words) = row.clue else {
            continue;
        };
        if row.voice != super::super::table::Voice::Anyone {
            continue;
        }
        for word in words {
            let reply = reply_of(&format!(r#"{{"error":{{"code":"{word}"}}}}"#));
            for status in [200, 400, 429, 500, 503] {
                let (_, by) = classified(Gateway, status, None, &reply);
                assert_ne!(by, By::Provider, "{status} {word}");
            }
        }
    }
}
