//! Power cuts: what the agent planned is accounted for, once.

use serde_json::{Value, json};

use super::account::Account;
use super::installation::{CHAT, INTERVAL_MS, Installation, KEY, STATUS};
use super::{SOON, eventually};

/// Of each program.
const KILLS: usize = 3;
/// Batches, and requests, between one kill and the next.
const PROGRESS: i64 = 3;
/// How long some answers take: slots go by meanwhile, and are recorded first.
const SLOW_MS: i64 = 4_500;

#[tokio::test]
async fn killed_agents_and_collectors_lose_nothing_and_store_nothing_twice() {
    let lab = Installation::create("crash", KEY).await;
    let _sim = lab.start_sim().await;
    let slow = json!({ "kind": "latency", "ms": SLOW_MS });
    lab.script(json!([{ "share": "25%", "fault": slow }])).await;
    let mut collector = lab.start_collector().await;
    lab.enrol().await;
    let mut agent = lab.start_agent().await;
    for _ in 0..KILLS {
        until_progress(&lab).await;
        until_overtaken(&lab).await;
        agent.kill().await;
        agent = lab.start_agent().await;
        until_progress(&lab).await;
        collector.kill().await;
        until_requests(&lab).await; // There is a backlog.
        collector = lab.start_collector().await;
    }
    until_progress(&lab).await;
    agent.stop().await;
    collector.stop().await;

    let kills = i64::try_from(KILLS).expect("a few");
    let account = Account::of(&lab.database, &[CHAT, STATUS]).await;
    assert!(account.batches > 2 * kills * PROGRESS, "{account}");
}

async fn until_progress(lab: &Installation) {
    lab.until_seq(lab.last_seq().await + PROGRESS).await;
}

/// Waits until the provider was asked some times more.
async fn until_requests(lab: &Installation) {
    let asked = async || {
        journal(lab)
            .await
            .last()
            .map(|entry| number(entry, "request"))
    };
    let enough = asked().await.unwrap_or(-1) + 2 * PROGRESS;
    eventually("the agent goes on probing", SOON, async || {
        asked().await.filter(|request| *request >= enough)
    })
    .await;
}

/// Waits until an attempt is under way that is older than one recorded already: of all moments,
/// the one at which a cut can lose a slot without a trace.
async fn until_overtaken(lab: &Installation) {
    let _younger: Value = eventually("a slow answer is overtaken", SOON, async || {
        let entries = journal(lab).await;
        let now = entries.last().map(|entry| number(entry, "offset_ms"))?;
        let age = |entry: &Value| now - number(entry, "offset_ms");
        let mut chats = entries.iter().filter(|entry| entry["route"] == "chat");
        chats.find(|entry| !entry["fault"].is_null() && age(entry) < SLOW_MS - INTERVAL_MS)?;
        // What was answered at once an interval ago is on disk.
        chats
            .find(|entry| entry["fault"].is_null() && age(entry) > INTERVAL_MS / 2)
            .cloned()
    })
    .await;
}

/// What the provider was asked, and how it answered.
async fn journal(lab: &Installation) -> Vec<Value> {
    let page = lab.page(&lab.sim_url("/_sim/journal")).await;
    serde_json::from_str(&page).expect("the journal is a list")
}

fn number(entry: &Value, key: &str) -> i64 {
    entry[key].as_i64().expect("a number")
}
