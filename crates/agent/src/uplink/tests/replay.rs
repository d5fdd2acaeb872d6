use super::*;

/// Seals and delivers batches `0..count`, all in the log.
async fn delivered(bench: &mut Bench, count: i64) -> Vec<SealedBatch> {
    let mut batches = Vec::new();
    for at in 1..=count {
        let batch = bench.seal(at).await;
        let step = bench.step([receipt(&batch, ReceiptState::Stored)]).await;
        assert_eq!(step, Step::Again);
        bench.recorder.mark_released(batch.seq).await.unwrap();
        batches.push(batch);
    }
    bench.collector.requests();
    batches
}

/// A receipt that says what was lost right before its batch.
fn receipt_after_loss(batch: &SealedBatch, from: u64) -> Answer {
    let Answer::Json(status, mut body) = receipt(batch, ReceiptState::Stored) else {
        unreachable!("receipts are JSON");
    };
    body["missing_from"] = json!(from);
    Answer::Json(status, body)
}

fn missing(run: Option<(u64, u64)>) -> Answer {
    let run = run.map(|(from, below)| json!({"from": from, "below": below}));
    Answer::Json(200, json!({ "missing": run }))
}

fn sent(bench: &Bench) -> Vec<(String, Bytes)> {
    bench.collector.requests()
}

#[tokio::test]
async fn what_a_collector_lost_is_sent_again_oldest_first_and_after_what_is_new() {
    let mut bench = Bench::new().await;
    let old = delivered(&mut bench, 4).await;
    let live = bench.seal(10).await;
    bench.step([receipt_after_loss(&live, 1)]).await;
    bench.step([receipt(&old[1], ReceiptState::Stored)]).await;
    let newer = bench.seal(11).await;
    for batch in [&newer, &old[2], &old[3]] {
        let step = bench.step([receipt(batch, ReceiptState::Stored)]).await;
        assert_eq!(step, Step::Again);
    }
    let bodies: Vec<Bytes> = sent(&bench).into_iter().map(|(_, body)| body).collect();
    let wanted = [&live, &old[1], &newer, &old[2], &old[3]];
    assert_eq!(bodies, wanted.map(|batch| Bytes::from(batch.body.clone())));
    // Then it asks for more, once.
    let accepted = Answer::Json(200, json!({}));
    bench
        .step([missing(None), checkpoint(&[b"x"], 0, None), accepted])
        .await;
    let asked = "/api/v1/agents/eu-1/missing?from=4&below=6";
    assert_eq!(sent(&bench)[0].0, asked);
}

#[tokio::test]
async fn a_new_run_asks_what_was_lost_meanwhile() {
    let mut bench = Bench::new().await;
    let old = delivered(&mut bench, 3).await;
    bench.uplink.replay = Replay::Unknown;
    let step = bench.step([missing(Some((1, 3)))]).await;
    assert_eq!(step, Step::Again);
    for batch in &old[1..] {
        bench.step([receipt(batch, ReceiptState::Stored)]).await;
    }
    assert_eq!(bench.uplink.step().await.unwrap(), Step::Idle);
    let requests = sent(&bench);
    assert_eq!(requests[0].0, "/api/v1/agents/eu-1/missing?from=0&below=3");
    assert_eq!(requests[1].1, old[1].body);
    assert_eq!(requests.len(), 3, "nothing lies beyond what was asked for");
}

#[tokio::test]
async fn a_cloned_agent_sends_nothing_again() {
    let mut bench = Bench::new().await;
    delivered(&mut bench, 2).await;
    bench.uplink.replay = Replay::Unknown;
    bench.seal(10).await;
    let step = bench.step([problem(ProblemType::BatchConflict)]).await;
    assert_eq!(step, Step::Stop);
}

#[tokio::test]
async fn a_replay_that_is_refused_waits_and_lets_new_batches_pass() {
    let mut bench = Bench::new().await;
    let old = delivered(&mut bench, 2).await;
    let live = bench.seal(10).await;
    bench.step([receipt_after_loss(&live, 0)]).await;
    let waits = bench.step([Answer::RetryAfter(9)]).await;
    assert_eq!(waits, Step::Watch(Duration::from_secs(9)));
    let newer = bench.seal(11).await;
    bench.step([receipt(&newer, ReceiptState::Stored)]).await;
    bench.step([receipt(&old[0], ReceiptState::Stored)]).await;
    let bodies: Vec<Bytes> = sent(&bench).into_iter().map(|(_, body)| body).collect();
    let wanted = [&live, &old[0], &newer, &old[0]];
    assert_eq!(bodies, wanted.map(|batch| Bytes::from(batch.body.clone())));
}

#[tokio::test]
async fn a_collector_that_does_not_know_the_question_is_not_asked_again() {
    let mut bench = Bench::new().await;
    delivered(&mut bench, 1).await;
    bench.uplink.replay = Replay::Unknown;
    let step = bench.step([problem(ProblemType::NotFound)]).await;
    assert_eq!(step, Step::Idle);
    assert_eq!(bench.uplink.replay, Replay::Done);
}

#[tokio::test]
async fn a_revoked_agent_sends_what_the_log_held_of_it_and_nothing_new() {
    let mut bench = Bench::new().await;
    let old = delivered(&mut bench, 2).await;
    bench.uplink.replay = Replay::Unknown;
    bench.seal(10).await;
    let step = bench.step([problem(ProblemType::AgentRevoked)]).await;
    assert_eq!(step, Step::Again);
    bench.step([missing(Some((1, 2)))]).await;
    bench.step([receipt(&old[1], ReceiptState::Stored)]).await;
    assert_eq!(bench.uplink.step().await.unwrap(), Step::Stop);
    let bodies: Vec<Bytes> = sent(&bench).into_iter().map(|(_, body)| body).collect();
    assert_eq!(bodies[2], old[1].body);
    assert_eq!(bodies.len(), 3);
}
