use domain::{Attribution, Outcome, UnixMillis};
use http_body_util::BodyExt as _;

use wire::plan::{Budget, Usd};

use super::*;
use crate::budget::{Amount, Standing};
use crate::health::TargetState;

fn pages() -> Pages {
    Pages {
        agent: "eu-1".parse().unwrap(),
        health: Health::default(),
        metrics: Metrics::local("test", "0").unwrap(),
    }
}

async fn get(pages: &Pages, path: &str) -> (u16, String) {
    let response = pages.answer(&Method::GET, path);
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_healthy_agent_says_so_everywhere() {
    let pages = pages();
    assert_eq!(get(&pages, "/healthz").await, (200, "ok\n".into()));
    assert_eq!(get(&pages, "/readyz").await, (200, "ok\n".into()));
    assert!(get(&pages, "/").await.1.contains("all is well"));
    assert_eq!(get(&pages, "/other").await.0, 404);
}

#[tokio::test]
async fn complaints_make_an_agent_unready_and_stand_on_its_page() {
    let pages = pages();
    pages.health.update(|health| {
        health.split_view = true;
        let state = TargetState {
            slot: UnixMillis::new(0),
            outcome: Outcome::Stall,
            attribution: Attribution::Provider,
        };
        health.targets.insert("acme".parse().unwrap(), state);
    });
    assert_eq!(
        get(&pages, "/healthz").await.0,
        200,
        "restarting would not help"
    );
    let (status, text) = get(&pages, "/readyz").await;
    assert!(status == 503 && text.contains("two histories"), "{text}");
    let page = get(&pages, "/").await.1;
    assert!(page.contains("! the log shows two histories"), "{page}");
    assert!(
        page.contains("acme  1970-01-01T00:00:00Z  stall  provider"),
        "{page}"
    );
}

#[tokio::test]
async fn what_was_spent_stands_on_the_page_and_a_book_that_cannot_be_kept_is_a_complaint() {
    let pages = pages();
    pages.health.update(|health| {
        let caps = Budget {
            usd_per_day: Some(Usd::from_nano(1_200_000_000)),
            tokens_per_month: Some(9_000),
            ..Budget::NONE
        };
        let spent = Amount {
            nano_usd: 250_000_000,
            tokens: 300,
        };
        let standing = Standing {
            caps,
            day: spent,
            month: spent,
        };
        health.budgets.insert("acme".parse().unwrap(), standing);
        health.budget_failed = Some("disk".to_owned());
    });
    let page = get(&pages, "/").await.1;
    let line = "  acme  spent 0.25 of 1.2 USD today, 300 of 9000 tokens this month\n";
    assert!(page.contains(line), "{page}");
    let complaint = "budgets cannot be kept: disk\n";
    assert_eq!(get(&pages, "/readyz").await, (503, complaint.into()));
}

#[tokio::test]
async fn the_pages_are_served_over_http() {
    let (listener, address) = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let server = tokio::spawn(serve(listener, pages()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(format!("http://{address}/healthz"));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "ok\n");
    server.abort();
}

#[test]
fn clock_controls_and_lag_are_told_as_far_as_they_are_known() {
    let agent: AgentId = "eu-1".parse().unwrap();
    let text = summary(&agent, &HealthState::default());
    assert!(text.contains("clock      not looked at yet"), "{text}");
    assert!(text.contains("controls   none configured"), "{text}");
    assert!(!text.contains("lag "), "{text}");
    let health = HealthState {
        lag_us_max: Some(1_900),
        controls_configured: 2,
        ..HealthState::default()
    };
    let text = summary(&agent, &health);
    assert!(text.contains("2 configured, none asked yet"), "{text}");
    assert!(text.contains("lag        1900 us at most"), "{text}");
}
