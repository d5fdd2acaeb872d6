use super::*;

/// Answers to one window, given once all of it has come in.
fn together(arrived: usize, answers: Vec<(&SealedBatch, Answer)>) -> Vec<Answer> {
    let answers = answers.into_iter();
    let answers: Vec<_> = answers.map(|(b, a)| (b.body.clone(), a)).collect();
    let answers = Arc::new(answers);
    vec![Answer::Together(arrived, Arc::clone(&answers)); answers.len()]
}

fn stored(batch: &SealedBatch) -> (&SealedBatch, Answer) {
    (batch, receipt(batch, ReceiptState::Stored))
}

async fn sealed(bench: &Bench, count: i64) -> Vec<SealedBatch> {
    let mut batches = Vec::new();
    for at in 1..=count {
        batches.push(bench.seal(at).await);
    }
    batches
}

fn sent(bench: &Bench) -> Vec<Bytes> {
    let requests = bench.collector.requests().into_iter();
    requests.map(|(_, body)| body).collect()
}

fn bodies(batches: &[SealedBatch]) -> std::collections::BTreeSet<Bytes> {
    let bodies = batches.iter();
    bodies
        .map(|batch| Bytes::from(batch.body.clone()))
        .collect()
}

async fn acked_below(bench: &Bench) -> u64 {
    bench.recorder.progress().await.unwrap().acked_below
}

#[tokio::test]
async fn a_backlog_goes_in_windows_that_grow_and_each_batch_goes_once() {
    let mut bench = Bench::new().await;
    let batches = sealed(&bench, 16).await;
    for (window, arrived) in [(0..1, 1), (1..3, 3), (3..7, 7), (7..15, 15), (15..16, 16)] {
        let window = &batches[window];
        // None is answered before all of its window are there.
        let answers = together(arrived, window.iter().map(stored).collect());
        assert_eq!(bench.step(answers).await, Step::Again);
        assert_eq!(acked_below(&bench).await, arrived as u64);
        let sent = sent(&bench);
        assert_eq!(sent.len(), window.len());
        assert_eq!(
            sent.into_iter().collect::<std::collections::BTreeSet<_>>(),
            bodies(window)
        );
    }
}

#[tokio::test]
async fn what_comes_after_a_refused_batch_is_sent_again() {
    let mut bench = Bench::new().await;
    let batches = sealed(&bench, 3).await;
    let [first, second, third] = &batches[..] else {
        unreachable!("three were sealed")
    };
    bench.step([receipt(first, ReceiptState::Stored)]).await;
    let answers = together(3, vec![(second, Answer::RetryAfter(7)), stored(third)]);
    let step = bench.step(answers).await;
    assert_eq!(step, Step::Wait(Duration::from_secs(7)));
    assert_eq!(acked_below(&bench).await, 1, "the third has to wait");
    sent(&bench);

    bench.step([receipt(second, ReceiptState::Stored)]).await;
    assert_eq!(sent(&bench).len(), 1, "after a refusal one goes alone");
    bench.step([receipt(third, ReceiptState::Duplicate)]).await;
    assert_eq!(sent(&bench), [Bytes::from(third.body.clone())]);
    assert_eq!(acked_below(&bench).await, 3);
}

#[tokio::test]
async fn batches_that_overtake_each_other_in_a_window_are_not_missed() {
    let mut bench = Bench::new().await;
    let batches = sealed(&bench, 3).await;
    bench.uplink.replay = Replay::Done;
    bench
        .step([receipt(&batches[0], ReceiptState::Stored)])
        .await;
    let mut overtaking = stored(&batches[2]);
    if let Answer::Json(_, body) = &mut overtaking.1 {
        body["missing_from"] = json!(1);
    }
    bench
        .step(together(3, vec![stored(&batches[1]), overtaking]))
        .await;
    assert_eq!(bench.uplink.replay, Replay::Done);

    bench.uplink.in_flight = 2;
    let batches = [bench.seal(10).await, bench.seal(11).await];
    let mut behind_a_loss = stored(&batches[1]);
    if let Answer::Json(_, body) = &mut behind_a_loss.1 {
        body["missing_from"] = json!(1);
    }
    bench
        .step(together(5, vec![stored(&batches[0]), behind_a_loss]))
        .await;
    assert_eq!(
        bench.uplink.replay,
        Replay::Send(1..3),
        "what lies before the window is"
    );
}
