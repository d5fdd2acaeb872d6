//! The simulated provider judged by the providers' own SDKs: each must understand what it says, and
//! raise the exception that the real provider's answer raises.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use crate::peer;

/// For all cases of one SDK; importing it takes seconds.
const ENDS_WITHIN: Duration = Duration::from_mins(3);

/// One way to be refused: the case, the exceptions any of which is right, and the statuses.
type Refusal<'a> = (&'a str, &'a [&'a str], &'a [u16]);

/// What the SDK made of every request, as `sdks.py` prints it.
async fn lines(wire: &str) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/sdks.py");
    let mut python = Command::new(peer::sdks());
    python.args([script, wire, &peer::upstream()]);
    python.env("NO_PROXY", "127.0.0.1");
    python.stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(ENDS_WITHIN, python.output())
        .await
        .unwrap_or_else(|_| panic!("{wire}: the SDK does not come to an end"))
        .expect("Python can be run");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{wire}: {errors}");
    let said = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    said.lines()
        .map(|line| serde_json::from_str(line).expect("the script prints JSON"))
        .collect()
}

/// What is wrong with a line, if anything; cases without an expectation are not looked at.
fn wrong(line: &Value, refusals: &[Refusal<'_>]) -> Option<&'static str> {
    let exception = line["exception"].as_str();
    if line["case"] == "sound" {
        return match (exception, line["lacks"].as_array().map(Vec::as_slice)) {
            (Some(_), _) => Some("raised"),
            (None, Some([])) => None,
            (None, _) => Some("incomplete"),
        };
    }
    let (_, classes, statuses) = refusals.iter().find(|(case, ..)| line["case"] == **case)?;
    let status = line["status"].as_u64();
    match exception {
        None => Some("nothing was raised"),
        Some(exception) if !classes.contains(&exception) => Some("another exception"),
        Some(_)
            if !statuses
                .iter()
                .any(|known| Some(u64::from(*known)) == status) =>
        {
            Some("another status")
        }
        Some(_) => None,
    }
}

/// Runs one SDK through all cases; every finding is told at once.
async fn check(wire: &str, refusals: &[Refusal<'_>]) {
    let lines = lines(wire).await;
    for (case, ..) in refusals.iter().chain(&[("sound", &[][..], &[][..])]) {
        for stream in [false, true] {
            let same = |line: &&Value| line["case"] == **case && line["stream"] == stream;
            assert_eq!(lines.iter().filter(same).count(), 1, "{case} {stream}");
        }
    }
    let findings: Vec<String> = lines
        .iter()
        .filter_map(|line| Some(format!("{}: {line}", wrong(line, refusals)?)))
        .collect();
    assert!(findings.is_empty(), "{wire}:\n{}", findings.join("\n"));
}

const OPENAI: [Refusal<'static>; 5] = [
    ("wrong_key", &["AuthenticationError"], &[401]),
    ("unknown_model", &["NotFoundError"], &[404]),
    ("limited", &["RateLimitError"], &[429]),
    ("failed", &["InternalServerError"], &[500]),
    ("unavailable", &["InternalServerError"], &[503]),
];

/// Google's SDK has one class for each hundred of statuses. An API key that is wrong is a bad
/// request there, a token that is wrong is not.
const GOOGLE: [Refusal<'static>; 5] = [
    ("wrong_key", &["ClientError"], &[400, 401, 403]),
    ("unknown_model", &["ClientError"], &[404]),
    ("limited", &["ClientError"], &[429]),
    ("failed", &["ServerError"], &[500]),
    ("unavailable", &["ServerError"], &[503]),
];

#[tokio::test]
async fn openais_sdk_understands_chat_completions() {
    check("openai-chat", &OPENAI).await;
}

#[tokio::test]
async fn openais_sdk_understands_responses() {
    check("openai-responses", &OPENAI).await;
}

#[tokio::test]
async fn openais_sdk_understands_azure() {
    check("azure", &OPENAI).await;
}

#[tokio::test]
async fn anthropics_sdk_understands_messages() {
    let refusals = [
        ("wrong_key", &["AuthenticationError"][..], &[401][..]),
        ("unknown_model", &["NotFoundError"], &[404]),
        ("limited", &["RateLimitError"], &[429]),
        ("failed", &["InternalServerError"], &[500]),
        ("overloaded", &["OverloadedError"], &[529]),
    ];
    check("anthropic", &refusals).await;
}

#[tokio::test]
async fn googles_sdk_understands_gemini() {
    check("gemini", &GOOGLE).await;
}

#[tokio::test]
async fn googles_sdk_understands_vertex() {
    check("vertex", &GOOGLE).await;
}

/// Mistral's SDK has one class for all answers that are not documented in detail.
#[tokio::test]
async fn mistrals_sdk_understands_chat_completions() {
    let refusals = [
        ("wrong_key", &["SDKError"][..], &[401][..]),
        ("unknown_model", &["SDKError"], &[400, 404]),
        ("limited", &["SDKError"], &[429]),
        ("failed", &["SDKError"], &[500]),
        ("unavailable", &["SDKError"], &[503]),
    ];
    check("mistral", &refusals).await;
}

#[tokio::test]
async fn amazons_sdk_understands_converse() {
    let key = ["AccessDeniedException", "UnrecognizedClientException"];
    let model = ["ResourceNotFoundException", "ValidationException"];
    let refusals = [
        ("wrong_key", &key[..], &[403][..]),
        ("unknown_model", &model, &[400, 404]),
        ("limited", &["ThrottlingException"], &[429]),
        ("failed", &["InternalServerException"], &[500]),
        ("unavailable", &["ServiceUnavailableException"], &[503]),
    ];
    check("bedrock", &refusals).await;
}

#[tokio::test]
async fn openrouters_sdk_understands_chat_completions() {
    let model = ["NotFoundResponseError", "BadRequestResponseError"];
    let refusals = [
        ("wrong_key", &["UnauthorizedResponseError"][..], &[401][..]),
        ("unknown_model", &model, &[400, 404]),
        ("limited", &["TooManyRequestsResponseError"], &[429]),
        ("failed", &["InternalServerResponseError"], &[500]),
        ("unavailable", &["ServiceUnavailableResponseError"], &[503]),
        ("overloaded", &["ProviderOverloadedResponseError"], &[529]),
    ];
    check("openrouter", &refusals).await;
}
