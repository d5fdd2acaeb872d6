//! Who served, at which tier, from which cache, and what the answer was like.

use domain::Attribution;
use domain::detail::{Signal, Text};

use super::server::{response, text};
use super::*;
use crate::Ask;
use crate::price::PriceTable;

/// Headers of a LiteLLM proxy whose first choice failed.
const FALLBACK: &str = "content-type: application/json\r\n\
    x-litellm-model-id: dep-chain-backup\r\nx-litellm-attempted-fallbacks: 1\r\n";

fn body(tier: &str, content: &str) -> String {
    format!(
        r#"{{"model":"gpt-4o-mini","service_tier":"{tier}","choices":[{{"index":0,"finish_reason":"stop","message":{{"role":"assistant","content":"{content}"}}}}],"usage":{{"prompt_tokens":12,"completion_tokens":7,"prompt_tokens_details":{{"cached_tokens":8}}}}}}"#
    )
}

async fn answered(headers: &str, body: &str, change: impl FnOnce(&mut Call)) -> Attempt {
    let server = Server::plain(vec![response("200 OK", headers, body)]).await;
    let (mut call, spec) = chat(&server.base());
    call.stream = false;
    change(&mut call);
    let spec = Spec {
        request: Request::Call(Box::new(call)),
        path: Via::Gateway,
        ..spec
    };
    let table = Arc::new(PriceTable::embedded());
    engine().with_prices(table).attempt(&spec).await
}

#[tokio::test]
async fn a_fallback_is_recorded_with_the_signals_of_its_answer() {
    let attempt = answered(FALLBACK, &body("default", "pong-7f3a"), |_| {}).await;
    assert_eq!(attempt.outcome, Outcome::Ok);
    let served = attempt.detail.served.unwrap();
    assert_eq!(served.fallbacks, Some(1));
    assert_eq!(
        served.deployment,
        Some(Text::Plain("dep-chain-backup".to_owned()))
    );
    let expected = Signal {
        chars: Some(9),
        fingerprint: Some("e3b0c44298fc1c14".to_owned()),
        format: None,
    };
    assert_eq!(attempt.detail.signal, Some(expected));
    assert_eq!(attempt.detail.usage.unwrap().cache_read, Some(8));
}

#[tokio::test]
async fn a_lesser_tier_is_a_downgrade() {
    let asked = |tier: &'static str| move |call: &mut Call| call.tier = Some(tier.to_owned());
    let body = body("default", "pong-7f3a");
    let attempt = answered(FALLBACK, &body, asked("priority")).await;
    assert_eq!(
        (attempt.outcome, attempt.attribution),
        (Outcome::TierDowngrade, Attribution::Gateway)
    );
    let attempt = answered(FALLBACK, &body, asked("flex")).await;
    assert_eq!(attempt.outcome, Outcome::Ok);
}

#[tokio::test]
async fn a_cache_cannot_succeed_for_the_provider() {
    let headers = "content-type: application/json\r\nx-portkey-cache-status: HIT\r\n";
    let fresh = answered(headers, &body("default", "pong-7f3a"), |_| {}).await;
    assert_eq!(fresh.outcome, Outcome::Ok);
    let hit = Some(Text::Plain("HIT".to_owned()));
    assert_eq!(fresh.detail.served.unwrap().cache, hit);

    let old = answered(headers, &body("default", "Paris"), |call| {
        call.ask = Ask::Custom {
            prompt: "Capital of France?".parse().unwrap(),
            expect: crate::ask::Expectation::Regex("Paris".parse().unwrap()),
        };
    })
    .await;
    assert_eq!(
        (old.outcome, old.attribution),
        (Outcome::ProbeFault, Attribution::Ours)
    );
}

#[tokio::test]
async fn a_broken_answer_has_no_signal() {
    let server = Server::plain(vec![
        super::server::send(super::server::STREAM_HEAD),
        super::server::send(text("pong-7f3a")),
    ])
    .await;
    let attempt = engine().attempt(&streaming(&server)).await;
    assert_ne!(attempt.outcome, Outcome::Ok);
    assert_eq!(attempt.detail.signal, None);
}

#[tokio::test]
async fn what_it_cost_is_kept_where_the_table_knows_and_left_out_where_not() {
    let body = body("default", "pong-7f3a");
    let priced =
        |prices: &'static str| move |call: &mut Call| call.prices = Some(prices.to_owned());
    // 4 input tokens at 0.15, 8 cached ones at 0.075, 7 output ones at 0.60 dollars a million.
    let attempt = answered(FALLBACK, &body, priced("openai")).await;
    let cost = attempt.detail.cost.unwrap();
    assert_eq!((cost.usd_nano, cost.at_most), (5_400, false));
    let unknown = answered(FALLBACK, &body, priced("nobody")).await;
    assert_eq!(unknown.detail.cost, None);
}
