//! Questions of one's own, and drills.

use crate::{base_url, document, nines, output, start, text, write};

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_of_ones_own_is_asked_and_its_answer_held_to_what_is_expected() {
    let simulator = start(&[]).await;
    let dir = tempfile::tempdir().unwrap();
    let prompt = write(dir.path(), "prompt.txt", "Reply with exactly: {nonce}\n");
    let schema = write(dir.path(), "schema.json", r#"{"type":"object"}"#);
    let base = base_url(&simulator);
    let ask = |expected: &str| {
        let prompt = format!("--prompt-file={prompt}");
        let args = ["litellm", "--model=sim-1", &base, &prompt, expected];
        let (status, json) = document(&mut nines(&args));
        let ask = json["asked"]["ask"].as_str().map(ToOwned::to_owned);
        assert_eq!(ask.as_deref(), Some("prompt"));
        (status, json["outcome"].as_str().unwrap().to_owned())
    };
    assert_eq!(ask("--expect-text={nonce}"), (Some(0), "ok".to_owned()));
    assert_eq!(ask("--expect-regex=^[0-9a-f]+$").0, Some(0));
    let wrong = (Some(1), "wrong_answer".to_owned());
    assert_eq!(ask("--expect-regex=^never$"), wrong);
    assert_eq!(ask(&format!("--expect-schema={schema}")), wrong);
}

#[test]
fn a_pattern_or_schema_that_cannot_be_used_is_said_before_anything_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let prompt = write(dir.path(), "prompt.txt", "Say hello.");
    let prompt = format!("--prompt-file={prompt}");
    let args = [
        "openai",
        "--model=m",
        "--no-key",
        &prompt,
        "--expect-regex=[",
    ];
    let refused = output(&mut nines(&args));
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("--expect-regex"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_whose_hook_does_nothing_says_that_the_primary_answered() {
    let simulator = start(&[]).await;
    let base = base_url(&simulator);
    let args = [
        "litellm",
        "--model=sim-1",
        &base,
        "--drill=header:x-fail-primary=1",
        "--primary=sim-1",
    ];
    let (status, json) = document(&mut nines(&args));
    assert_eq!(status, Some(1), "{json:#}");
    assert_eq!(json["drill"]["verdict"], "primary_answered");
    assert!(json["drill"]["healthy_us"].is_u64());
}
