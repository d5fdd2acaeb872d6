//! Every wire, whole and streamed, against the simulated provider: success, and every class of
//! failure, as the probe's outcome and whose fault it is.

use std::sync::Arc;
use std::time::Duration;

use domain::{Attribution as By, Outcome as Is};
use probe::preset::{self, Fill};
use probe::price::PriceTable;
use probe::{Attempt, Connection, Engine, Request, Spec, TlsRoots, Via, Wire};
use secrecy::SecretString;
use simulator::{Config, Script, Simulator};
use tokio::sync::Semaphore;

/// A deadline that no sound answer misses, and that late ones do.
const DEADLINE: Duration = Duration::from_secs(20);
/// The deadline of rows that wait for it.
const SOON: Duration = Duration::from_millis(1_500);
/// Silence that counts as a stall.
const STALL: Duration = Duration::from_millis(400);
/// Attempts at once: few enough that none waits for this machine.
const AT_ONCE: usize = 16;

/// One way to ask.
#[derive(Clone, Copy, Debug)]
struct Way {
    preset: &'static str,
    wire: Wire,
    /// Below the simulator's address.
    base: &'static str,
    key: &'static str,
}

const fn way(preset: &'static str, wire: Wire, base: &'static str) -> Way {
    Way {
        preset,
        wire,
        base,
        key: "sim-key",
    }
}

/// Every wire, and every dialect of it that the simulator has.
const WAYS: [Way; 12] = [
    way("openai", Wire::Chat, "/v1"),
    way("openai", Wire::Responses, "/v1"),
    way("anthropic", Wire::Messages, "/v1"),
    way("gemini", Wire::Gemini, "/v1beta"),
    way(
        "vertex",
        Wire::Gemini,
        "/v1/projects/p/locations/l/publishers/google",
    ),
    way("azure-openai", Wire::Chat, "/openai/v1"),
    way("mistral", Wire::Chat, "/mistral/v1"),
    way("deepseek", Wire::Chat, ""),
    way("groq", Wire::Chat, "/openai/v1"),
    way("openrouter", Wire::Chat, "/api/v1"),
    way("qwen", Wire::Chat, "/v1"),
    Way {
        key: "sim-key:secret",
        ..way("bedrock", Wire::Converse, "")
    },
];

/// What happens to answers of one model, and what the probe says of it: whole, and streamed.
struct Row {
    model: &'static str,
    fault: &'static str,
    whole: Is,
    streamed: Is,
}

const fn row(model: &'static str, fault: &'static str, whole: Is, streamed: Is) -> Row {
    Row {
        model,
        fault,
        whole,
        streamed,
    }
}

const fn both(model: &'static str, fault: &'static str, outcome: Is) -> Row {
    row(model, fault, outcome, outcome)
}

#[rustfmt::skip]
const ROWS: [Row; 25] = [
    both("overload", r#"kind = "error", error = "overload""#, Is::Overloaded),
    both("server-error", r#"kind = "error", error = "server_error""#, Is::ServerError),
    both("timeout", r#"kind = "error", error = "timeout""#, Is::ServerError),
    both("rate-limit", r#"kind = "error", error = "rate_limit""#, Is::RateLimited),
    both("billing", r#"kind = "error", error = "billing""#, Is::Billing),
    both("auth", r#"kind = "error", error = "auth""#, Is::Auth),
    both("forbidden", r#"kind = "error", error = "forbidden""#, Is::Auth),
    both("not-found", r#"kind = "error", error = "not_found""#, Is::ModelGone),
    both("bad-request", r#"kind = "error", error = "bad_request""#, Is::BadRequest),
    both("html", r#"kind = "html""#, Is::ServerError),
    both("login-page", r#"kind = "login_page""#, Is::Malformed),
    both("refuse", r#"kind = "refuse""#, Is::StreamCut),
    both("reset", r#"kind = "reset""#, Is::StreamCut),
    both("cut-reset", r#"kind = "cut_reset""#, Is::StreamCut),
    row("cut-clean", r#"kind = "cut_clean""#, Is::JsonCut, Is::NoTerminator),
    row("stall", r#"kind = "stall""#, Is::TtftTimeout, Is::Stall),
    row("malformed", r#"kind = "malformed""#, Is::JsonCut, Is::Malformed),
    both("stream-error", r#"kind = "error_in_stream""#, Is::ServerError),
    both("empty", r#"kind = "empty""#, Is::EmptyAnswer),
    both("refusal", r#"kind = "refusal""#, Is::Refused),
    both("filtered", r#"kind = "content_filter""#, Is::Blocked),
    both("truncated", r#"kind = "truncated""#, Is::Truncated),
    both("wrong-model", r#"kind = "wrong_model", model = "someone-else""#, Is::WrongModel),
    both("latency", r#"kind = "latency", ms = 60000"#, Is::TtfbTimeout),
    both("slow-headers", r#"kind = "slow_headers", ms = 60000"#, Is::TtfbTimeout),
];

fn script() -> Script {
    let rules = ROWS.iter().map(|row| {
        format!(
            "[[rules]]\nmodel = \"{}\"\nfault = {{ {} }}\n",
            row.model, row.fault
        )
    });
    Script::from_toml(&rules.collect::<String>()).expect("the rows are rules")
}

async fn simulator() -> Simulator {
    let models = ROWS.iter().map(|row| row.model).chain(["sim-1"]);
    let config = Config {
        models: models.map(str::to_owned).collect(),
        keys: vec![SecretString::from("sim-key")],
        script: script(),
        ..Config::default()
    };
    Simulator::start(config).await.expect("a port is free")
}

fn spec(way: Way, simulator: &Simulator, model: &str, stream: bool) -> Spec {
    let preset = preset::named(way.preset).expect("a preset");
    let base_url = format!("{}{}", simulator.base_url(), way.base);
    let mut fill = Fill {
        wire: Some(way.wire),
        base_url: Some(&base_url),
        ..Fill::default()
    };
    if way.preset == "bedrock" {
        fill.params
            .insert("region".to_owned(), "eu-west-1".to_owned());
    }
    let mut call = preset.call(model, &fill).expect("a call");
    call.stream = stream;
    if !way.wire.has_text() {
        call.ask = probe::Ask::Nothing;
    }
    Spec {
        request: Request::Call(Box::new(call)),
        key: Some(way.key.into()),
        deadline: match model {
            "latency" | "slow-headers" => SOON,
            "stall" if !stream => SOON,
            _ => DEADLINE,
        },
        stall_after: STALL,
        slow_after: None,
        nonce: "pong-7f3a91".parse().expect("a nonce"),
        path: preset.via,
        connection: Connection::Fresh,
    }
}

fn engine() -> Engine {
    Engine::new(&TlsRoots::Platform)
        .expect("an engine")
        .with_prices(Arc::new(PriceTable::embedded()))
}

/// What is different on one wire, and why.
fn expected(way: Way, row: &Row, stream: bool) -> Is {
    let plain = if stream { row.streamed } else { row.whole };
    match (way.preset, row.model) {
        // A prompt that is refused is blocked before the model saw it; Bedrock's guardrail acts.
        ("gemini" | "vertex" | "bedrock", "refusal") => Is::Blocked,
        // Anthropic has one word for both; others have none, and refuse in the text.
        ("anthropic", "filtered") => Is::Refused,
        ("deepseek" | "groq" | "mistral", "refusal") => Is::WrongAnswer,
        // OpenAI's 403 names the country.
        ("openai" | "azure-openai" | "deepseek" | "groq" | "qwen", "forbidden") => Is::GeoBlocked,
        // Bedrock knows quotas and no money, and calls an unknown model an invalid request; an
        // error object under status 200 has no place in its answers.
        ("bedrock", "billing") => Is::RateLimited,
        ("bedrock", "not-found") => Is::BadRequest,
        ("bedrock", "stream-error") if !stream => Is::Malformed,
        // A page without any trace of a provider is the gateway's own.
        ("openrouter", "html") => Is::GatewayError,
        // Behind a deployment's name any model may stand; Bedrock names none.
        ("azure-openai" | "bedrock", "wrong-model") => Is::Ok,
        _ => plain,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wire_succeeds_whole_and_streamed_with_its_usage() {
    let simulator = simulator().await;
    let engine = engine();
    for way in WAYS {
        for stream in [false, true] {
            let attempt = engine
                .attempt(&spec(way, &simulator, "sim-1", stream))
                .await;
            let at = format!("{way:?} {stream} {:?}", attempt.detail.fault);
            assert_eq!(
                (attempt.outcome, attempt.attribution),
                (Is::Ok, By::None),
                "{at}"
            );
            assert!(
                attempt.input_tokens.is_some_and(|tokens| tokens > 0),
                "{at}"
            );
            assert!(
                attempt.output_tokens.is_some_and(|tokens| tokens > 0),
                "{at}"
            );
            assert!(
                attempt.first_us.is_some() && attempt.detail.req.is_some(),
                "{at}"
            );
            assert_eq!(attempt.detail.phase.terminator_us.is_some(), stream, "{at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn embeddings_and_model_lists_succeed() {
    let simulator = simulator().await;
    let engine = engine();
    for way in [
        way("openai", Wire::Embeddings, "/v1"),
        way("mistral", Wire::Embeddings, "/mistral/v1"),
        way("openai", Wire::Models, "/v1"),
        way("anthropic", Wire::Models, "/anthropic/v1"),
        way("gemini", Wire::Models, "/v1beta"),
    ] {
        let attempt = engine.attempt(&spec(way, &simulator, "sim-1", false)).await;
        assert_eq!(
            attempt.outcome,
            Is::Ok,
            "{way:?} {:?}",
            attempt.detail.fault
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_has_its_class_on_every_wire() {
    let simulator = simulator().await;
    let engine = engine();
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut attempts = tokio::task::JoinSet::new();
    for way in WAYS {
        for (nth, row) in ROWS.iter().enumerate() {
            for stream in [false, true] {
                let spec = spec(way, &simulator, row.model, stream);
                let (engine, permits) = (engine.clone(), Arc::clone(&permits));
                attempts.spawn(async move {
                    let _permit = permits.acquire().await.unwrap();
                    (way, nth, stream, engine.attempt(&spec).await)
                });
            }
        }
    }
    let mut wrong = Vec::new();
    while let Some(ended) = attempts.join_next().await {
        let (way, nth, stream, attempt) = ended.unwrap();
        let row = &ROWS[nth];
        let outcome = expected(way, row, stream);
        if attempt.outcome != outcome || !is_fair(way, &attempt) {
            wrong.push(format!(
                "{} {} {} stream={stream}: {} {}, not {outcome}: {:?} {:?}",
                way.preset,
                way.wire.as_str(),
                row.model,
                attempt.outcome,
                attempt.attribution,
                attempt.status,
                attempt.detail.fault
            ));
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Ours is ours and nobody else's; what a server did is never ours.
fn is_fair(way: Way, attempt: &Attempt) -> bool {
    let by = attempt.attribution;
    let via = preset::named(way.preset).map(|preset| preset.via);
    match attempt.outcome {
        Is::Ok => by == By::None,
        Is::RateLimited
        | Is::Billing
        | Is::Auth
        | Is::GeoBlocked
        | Is::BadRequest
        | Is::Truncated => by == By::Ours,
        Is::ModelGone | Is::Refused | Is::Blocked => by == By::Unknown,
        _ if via == Some(Via::Direct) => by == By::Provider,
        _ => matches!(by, By::Provider | By::Gateway | By::Unknown),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_ours_on_every_wire() {
    let simulator = simulator().await;
    let engine = engine();
    for way in WAYS {
        for stream in [false, true] {
            let mut spec = spec(way, &simulator, "sim-1", stream);
            spec.key = Some(way.key.replace("sim-key", "wrong").into());
            let attempt = engine.attempt(&spec).await;
            let verdict = (attempt.outcome, attempt.attribution);
            assert_eq!(verdict, (Is::Auth, By::Ours), "{way:?} {stream}");
        }
    }
}
