use domain::{Attribution, Outcome, UnixMicros};
use evidence::note::SigningKey;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wire::preview::BYTES_MAX;

use super::*;
use crate::lab::{Lab, TARGET, origin, utc};
use crate::rebuild::{self, Mode};

mod refused;

const FROM: &str = "2026-02-25T08:00:00Z";
const MARK: &str = "preview, not yet signed in a batch";

/// A failure of `at`, as an agent sees it.
fn failed(target: &str, at: &str) -> PreviewStream {
    let at = UnixMillis::from(utc(at));
    PreviewStream {
        attempt: 1,
        attribution: Attribution::Provider,
        first_us: Some(77),
        outcome: Outcome::Overloaded,
        slot_ms: at,
        started_us: UnixMicros::new(at.get() * 1_000 + 7),
        status: Some(529),
        target: target.parse().unwrap(),
    }
}

/// A preview that the lab's agent makes now.
fn preview(lab: &Lab, streams: Vec<PreviewStream>) -> Preview {
    Preview {
        agent: "a".parse().unwrap(),
        boot: 1,
        origin: origin(),
        streams,
        wall_us: domain::Clock::now(&lab.clock),
    }
}

/// Posts a body; gives the status.
async fn post(lab: &Lab, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(lab.collector.addr()).await.unwrap();
    let head = format!(
        "POST /api/v1/previews HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

async fn tell(lab: &Lab, streams: Vec<PreviewStream>) {
    let body = preview(lab, streams).sign(&lab.key).unwrap();
    assert_eq!(post(lab, &body).await, "204");
}

async fn json(lab: &Lab, path: &str) -> Value {
    let answer = lab.get(path).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// The newest attempt at the lab's target, and whether it is a preview.
async fn newest_of(lab: &Lab) -> (String, bool) {
    let target = json(lab, "/api/v1/targets/t").await;
    let newest = &target["newest"][0];
    let at = newest["started_at"].as_str().unwrap();
    (
        at.get(11..16).unwrap().to_owned(),
        newest["preview"].as_bool().unwrap(),
    )
}

#[tokio::test]
async fn a_preview_is_shown_and_marked_until_a_batch_tells_as_much() {
    let mut lab = Lab::start("preview_shown", utc(FROM)).await;
    // Before its first batch the target is known by the plan only.
    tell(&lab, vec![failed(TARGET, FROM)]).await;
    assert_eq!(newest_of(&lab).await, ("08:00".to_owned(), true));
    let half = utc("2026-02-25T08:30:00Z");
    lab.measure((utc(FROM), half), |_| false).await;
    assert_eq!(newest_of(&lab).await, ("08:29".to_owned(), false));
    assert!(!lab.get("/").await.contains(MARK));

    tell(&lab, vec![failed(TARGET, "2026-02-25T08:30:00Z")]).await;
    assert_eq!(newest_of(&lab).await, ("08:30".to_owned(), true));
    let target = json(&lab, "/api/v1/targets/t").await;
    let told = &target["newest"][0];
    assert_eq!(
        (&told["agent"], &told["status"]),
        (&"a".into(), &529.into())
    );
    assert_eq!(
        (&told["outcome"], &told["attribution"], &told["first_us"]),
        (&"overloaded".into(), &"provider".into(), &77.into())
    );
    let page = lab.get("/").await;
    assert!(page.contains(MARK) && page.contains("overloaded"), "{page}");
    assert!(page.contains("told by the agent ahead of its batch"));

    lab.measure((half, utc("2026-02-25T09:00:00Z")), |_| false)
        .await;
    assert_eq!(newest_of(&lab).await, ("08:59".to_owned(), false));
    assert!(!lab.get("/").await.contains(MARK));
    lab.stop().await;
}

#[tokio::test]
async fn previews_of_an_outage_change_nothing_that_is_judged_counted_or_rebuilt() {
    let mut lab = Lab::start("preview_unjudged", utc(FROM)).await;
    let end = utc("2026-02-25T10:00:00Z");
    lab.measure((utc(FROM), end), |_| false).await;
    lab.clock.set(utc("2026-02-25T10:30:30Z").into());
    lab.collector.run_jobs().await.unwrap();
    let derived = lab.fingerprint().await;
    let states = json(&lab, "/api/v1/targets").await;
    let others = "SELECT (SELECT count(*) FROM stream_latest) + (SELECT count(*) FROM target)
                  + (SELECT sum(batches + lines) FROM agent_delivered)::bigint
                  + (SELECT count(*) FROM confirm_order) + (SELECT count(*) FROM claim)";
    let kept = lab.number(others).await;

    for minute in 0..30 {
        let at = (end + TimeDelta::minutes(minute)).to_rfc3339();
        tell(&lab, vec![failed(TARGET, &at), failed("unplanned", &at)]).await;
    }
    // Minutes that batches have told already, too.
    tell(&lab, vec![failed(TARGET, "2026-02-25T09:30:00Z")]).await;
    assert_eq!(newest_of(&lab).await, ("10:29".to_owned(), true));
    let rows = "SELECT count(*) FROM stream_preview";
    assert_eq!(
        lab.number(rows).await,
        1,
        "nothing of what the plan does not know"
    );
    lab.collector.run_sequencer().await.unwrap();
    lab.collector.run_jobs().await.unwrap();

    assert_eq!(lab.fingerprint().await, derived);
    assert_eq!(lab.number(others).await, kept);
    assert!(lab.collector.violations().await.unwrap().is_empty());
    // What was found later than now is not shown: it is found anew, for the same minute.
    lab.clock.set(utc("2026-02-25T10:30:29Z").into());
    assert_eq!(json(&lab, "/api/v1/targets").await, states);
    let (found, _) = rebuild::tests::run(&lab, Mode::Check).await;
    assert_eq!(found, Vec::<String>::new());
    lab.stop().await;
}

#[tokio::test]
async fn what_is_newer_stays_and_a_preview_played_back_changes_nothing() {
    let lab = Lab::start("preview_replayed", utc(FROM)).await;
    let first = preview(&lab, vec![failed(TARGET, FROM)]);
    let first = first.sign(&lab.key).unwrap();
    assert_eq!(post(&lab, &first).await, "204");
    lab.clock.set(utc("2026-02-25T08:01:00Z").into());
    let repeated = PreviewStream {
        attempt: 2,
        ..failed(TARGET, "2026-02-25T08:01:00Z")
    };
    tell(&lab, vec![repeated.clone()]).await;
    let kept =
        "SELECT extract(minute FROM slot_at)::bigint * 1000 + attempt * 10 + count(*) OVER ()
                FROM stream_preview";
    assert_eq!(lab.number(kept).await, 1_021);
    assert_eq!(post(&lab, &first).await, "204");
    let mut same = failed(TARGET, "2026-02-25T08:01:00Z");
    tell(&lab, vec![same.clone()]).await;
    same.attempt = 2;
    same.outcome = Outcome::Ok;
    tell(&lab, vec![same]).await;
    assert_eq!(lab.number(kept).await, 1_021);
    let target = json(&lab, "/api/v1/targets/t").await;
    assert_eq!(target["newest"][0]["outcome"], "overloaded");

    lab.clock.set(utc("2026-02-26T08:01:00Z").into());
    lab.collector.run_retention().await.unwrap();
    assert_eq!(lab.number("SELECT count(*) FROM stream_preview").await, 1);
    lab.clock.set(utc("2026-02-26T08:01:01Z").into());
    assert_eq!(
        json(&lab, "/api/v1/targets/t").await["newest"],
        Value::Array(Vec::new())
    );
    lab.collector.run_retention().await.unwrap();
    assert_eq!(lab.number("SELECT count(*) FROM stream_preview").await, 0);
    lab.stop().await;
}
