use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use chrono::TimeDelta;
use evidence::note::SignedNote;

use super::*;
use crate::lab::outside::Outsider;
use crate::lab::{Lab, utc};
use crate::{Outside, PostFormat};

const START: &str = "2026-02-25T00:00:00Z";

/// A receiver that answers with a status, and a lab that posts to it.
async fn start(name: &str, format: PostFormat) -> (Lab, Arc<AtomicU16>, Outsider) {
    let status = Arc::new(AtomicU16::new(204));
    let answer = status.clone();
    let outsider =
        Outsider::start(move |_| (answer.load(Ordering::SeqCst), "text/plain", String::new()));
    let outsider = outsider.await;
    let post = CheckpointPost {
        name: "customer".to_owned(),
        url: format!("http://127.0.0.1:{}/hook?secret=1", outsider.addr.port()),
        format,
    };
    let outside = Outside::checked(&[], 60, &[post]).unwrap();
    let lab = Lab::start(name, utc(START)).await;
    (lab.with_outside(outside).await, status, outsider)
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn a_day_is_posted_once_and_the_next_day_again() {
    let (lab, _status, outsider) = start("post_once", PostFormat::Note).await;
    for hours in [0, 1, 23, 24, 25] {
        lab.clock.set((utc(START) + TimeDelta::hours(hours)).into());
        lab.collector.run_posts().await.unwrap();
    }
    let requests = outsider.requests();
    assert_eq!(requests.len(), 2);
    let head = requests[0].to_lowercase();
    assert!(
        head.contains("idempotency-key: nines.example/lab/log/2026-02-25"),
        "{head}"
    );
    let note = SignedNote::parse(body(&requests[0]).as_bytes()).unwrap();
    let log = crate::keys::Keys::load(&lab.state_dir().join("keys"), &crate::lab::origin());
    note.verify(&log.unwrap().log.verifier_key()).unwrap();
    let health = lab.get("/api/v1/health").await;
    assert!(
        health.contains("\"name\":\"customer\",\"last_day\":\"2026-02-26\""),
        "{health}"
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_failed_post_is_tried_again_after_a_while_and_tells_no_address() {
    let (lab, status, outsider) = start("post_retry", PostFormat::Json).await;
    status.store(503, Ordering::SeqCst);
    lab.collector.run_posts().await.unwrap_err();
    lab.collector.run_posts().await.unwrap(); // Too early.
    assert_eq!(outsider.requests().len(), 1);
    let health = lab.get("/api/v1/health").await;
    assert!(health.contains("the receiver answered 503"), "{health}");
    assert!(!health.contains("secret"), "{health}");
    status.store(200, Ordering::SeqCst);
    lab.clock.set((utc(START) + TimeDelta::minutes(1)).into());
    lab.collector.run_posts().await.unwrap();
    let requests = outsider.requests();
    assert_eq!(requests.len(), 2);
    let sent: serde_json::Value = serde_json::from_str(body(&requests[1])).unwrap();
    assert_eq!(sent["day"], "2026-02-25");
    assert_eq!(sent["origin"], "nines.example/lab/log");
    let note = sent["note"].as_str().unwrap();
    assert!(note.starts_with("nines.example/lab/log\n"), "{note}");
    assert!(note.contains(sent["root"].as_str().unwrap()));
    lab.stop().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_a_failure_without_its_address() {
    let (lab, _status, outsider) = start("post_gone", PostFormat::Note).await;
    drop(outsider);
    tokio::task::yield_now().await; // The listener goes with its task.
    lab.collector.run_posts().await.unwrap_err();
    let health = lab.get("/api/v1/health").await;
    assert!(health.contains("failed to send the request"), "{health}");
    assert!(!health.contains("secret"), "{health}");
    lab.stop().await;
}

#[test]
fn the_pause_doubles_up_to_an_hour() {
    let at = utc(START);
    let tried = |tries, delivered| Tried {
        tries,
        last_at: at,
        delivered,
    };
    let due_after = |tries, minutes| {
        let now = at + TimeDelta::minutes(minutes);
        is_due(Some(&tried(tries, false)), now)
    };
    assert!(is_due(None, at));
    assert!(!due_after(1, 0) && due_after(1, 1));
    assert!(!due_after(3, 3) && due_after(3, 4));
    assert!(!due_after(i32::MAX, 59) && due_after(i32::MAX, 60));
    assert!(!is_due(Some(&tried(1, true)), at + TimeDelta::days(1)));
}
