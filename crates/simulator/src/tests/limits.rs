use std::time::Duration;

use super::client::{Seen, WHOLE, chat, chat_with, playing};
use crate::Simulator;

async fn asked(simulator: &Simulator, key: &str) -> Seen {
    chat_with(
        simulator,
        &format!("authorization: Bearer {key}\r\n"),
        WHOLE,
    )
    .await
}

#[tokio::test]
async fn over_the_limit_is_a_429_in_the_wires_shape_until_the_clock_has_moved() {
    let simulator = playing("[limits]\nrequests_per_minute = 2\ntokens_per_minute = 90000\n").await;
    let first = asked(&simulator, "sk-one").await;
    assert_eq!(first.status(), 200);
    assert_eq!(
        first.header("x-ratelimit-limit-requests").as_deref(),
        Some("2")
    );
    assert_eq!(
        first.header("x-ratelimit-remaining-requests").as_deref(),
        Some("1")
    );
    assert_eq!(
        first.header("x-ratelimit-limit-tokens").as_deref(),
        Some("90000")
    );
    asked(&simulator, "sk-one").await;
    let refused = asked(&simulator, "sk-one").await;
    assert_eq!(
        (refused.status(), &refused.json()["error"]["code"]),
        (429, &"rate_limit_exceeded".into())
    );
    let advice = refused.header("retry-after").expect("advice");
    assert!(
        (28..=30).contains(&advice.parse::<u32>().expect("seconds")),
        "{advice}"
    );
    assert_eq!(asked(&simulator, "sk-two").await.status(), 200);
    simulator.advance(Duration::from_secs(30));
    assert_eq!(asked(&simulator, "sk-one").await.status(), 200);
    let limited = simulator
        .journal()
        .into_iter()
        .filter(|entry| entry.rules == ["limits"]);
    assert_eq!(limited.count(), 1);
}

#[tokio::test]
async fn tokens_count_with_the_callers_cap() {
    let simulator = playing("[limits]\ntokens_per_minute = 1000\n").await;
    let greedy = WHOLE.replacen('{', r#"{"max_tokens":5000,"#, 1);
    assert_eq!(chat(&simulator, &greedy).await.status(), 429);
    assert_eq!(chat(&simulator, WHOLE).await.status(), 200);
}
