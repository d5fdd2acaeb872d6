//! Power cuts: what the agent planned is accounted for, once.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::installation::{CHAT, Installation, KEY, STATUS};
use super::{SOON, eventually};

/// Of each program.
const KILLS: usize = 3;
/// Batches, and requests, between one kill and the next.
const PROGRESS: i64 = 3;
/// Between the slots of the plan.
const INTERVAL_MS: i64 = 1_000;
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

    assert_chain_is_whole(&lab).await;
    for target in [CHAT, STATUS] {
        assert_indexes_are_whole(&lab, target).await;
        assert_every_slot_is_accounted_for_once(&lab, target).await;
    }
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

/// Batches are numbered without a gap, are in the log once, and nothing contradicts them.
async fn assert_chain_is_whole(lab: &Installation) {
    let database = &lab.database;
    let batches = database.number("SELECT count(*) FROM batch").await;
    let kills = i64::try_from(KILLS).expect("a few");
    assert!(batches > 2 * kills * PROGRESS, "only {batches} batches");
    let newest = database.number("SELECT max(seq) FROM batch").await;
    assert_eq!(newest + 1, batches, "batches are contiguous");
    let unchained = "SELECT count(*) FROM batch b LEFT JOIN batch p \
                     ON p.agent_id = b.agent_id AND p.seq = b.seq - 1 \
                     WHERE b.seq > 0 AND p.hash IS DISTINCT FROM b.prev";
    assert_eq!(database.number(unchained).await, 0, "each names its former");
    let logged_twice = "SELECT count(*) - count(DISTINCT seq) FROM log_entry WHERE seq IS NOT NULL";
    assert_eq!(database.number(logged_twice).await, 0, "logged once");
    for conflict in ["batch_conflict", "sample_conflict"] {
        let count = format!("SELECT count(*) FROM {conflict}");
        assert_eq!(database.number(&count).await, 0, "{conflict}");
    }
    let lost = "SELECT (SELECT sum(lines) FROM batch) \
                - (SELECT count(*) FROM sample) - (SELECT count(*) FROM slot_gap)";
    assert_eq!(database.number(lost).await, 0, "every line is a row");
}

/// The lines of a stream are numbered without a gap.
async fn assert_indexes_are_whole(lab: &Installation, target: &str) {
    let line = |table: &str| {
        format!("SELECT i FROM {table} JOIN target t ON t.id = target_id WHERE t.name = '{target}'")
    };
    let query = format!(
        "{} UNION ALL {} ORDER BY i",
        line("sample"),
        line("slot_gap")
    );
    let found = numbers(&lab.database.rows(&query).await);
    let found: Vec<i64> = found.into_iter().flatten().collect();
    let count = i64::try_from(found.len()).expect("some hundred");
    let wanted: Vec<i64> = (0..count).collect();
    assert_eq!(found, wanted, "{target}: indexes");
}

/// From the first slot to the last, each was run or lies in one gap.
async fn assert_every_slot_is_accounted_for_once(lab: &Installation, target: &str) {
    let ms = |at: &str| format!("(extract(epoch FROM {at}) * 1000)::bigint");
    let of_target = format!("JOIN target t ON t.id = target_id WHERE t.name = '{target}'");
    let run = format!(
        "SELECT {} FROM sample {of_target} AND attempt = 1",
        ms("slot_at")
    );
    let missed = format!(
        "SELECT {}, {}, slots FROM slot_gap {of_target}",
        ms("first_at"),
        ms("last_at")
    );
    let mut times: BTreeMap<i64, u32> = BTreeMap::new();
    for slot in numbers(&lab.database.rows(&run).await)
        .into_iter()
        .flatten()
    {
        *times.entry(slot).or_default() += 1;
    }
    let samples = times.len();
    for gap in numbers(&lab.database.rows(&missed).await) {
        let [first, last, slots] = gap[..] else {
            panic!("{gap:?}");
        };
        assert_eq!(
            (last - first) / INTERVAL_MS + 1,
            slots,
            "{target}: a gap counts its slots"
        );
        let mut slot = first;
        while slot <= last {
            *times.entry(slot).or_default() += 1;
            slot += INTERVAL_MS;
        }
    }
    assert!(samples > 10, "{target}: only {samples} samples");
    let (first, last) = (
        *times.keys().next().expect("there are slots"),
        *times.keys().next_back().expect("there are slots"),
    );
    let unaccounted: Vec<i64> = (0..=(last - first) / INTERVAL_MS)
        .map(|step| first + step * INTERVAL_MS)
        .filter(|slot| times.remove(slot) != Some(1))
        .collect();
    assert!(
        unaccounted.is_empty(),
        "{target}: neither run nor missed, or twice: {unaccounted:?}"
    );
    assert!(times.is_empty(), "{target}: not in the plan: {times:?}");
}

/// Rows as numbers.
fn numbers(rows: &[String]) -> Vec<Vec<i64>> {
    let number = |cell: &str| cell.parse().unwrap_or_else(|_| panic!("`{cell}`"));
    rows.iter()
        .map(|row| row.split('|').map(number).collect())
        .collect()
}
