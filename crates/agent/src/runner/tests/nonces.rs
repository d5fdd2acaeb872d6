//! What is sent is what others compute from plan, root and sample.

use wire::nonce::{AttemptName, NonceRoot, day_of};

use super::*;

#[tokio::test(start_paused = true)]
async fn every_attempt_sends_the_nonce_that_follows_from_its_sample() {
    let root = NonceRoot::from_bytes([7; 32]);
    let sent = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&sent);
    let inner = answering(
        &[(Outcome::ServerError, Attribution::Provider)],
        Duration::from_millis(100),
    );
    let attempt: Arc<AttemptFn> = Arc::new(move |spec: Spec| {
        heard.lock().unwrap().push(spec.nonce.as_str().to_owned());
        inner(spec)
    });
    let mut bench = Bench::new(plan(""), attempt);
    let dir = Utf8PathBuf::from_path_buf(bench.temp.path().to_owned()).unwrap();
    crate::nonces::keep(&dir, &root).unwrap();
    Arc::get_mut(&mut bench.runner.desk).unwrap().nonces = Nonces::open(&dir).unwrap();
    let lines = bench.run_for(100).await;
    let of = |sample: &&Sample| {
        let attempt = AttemptName {
            agent: &"eu-1".parse().unwrap(),
            target: &"acme".parse().unwrap(),
            kind: sample.kind,
            slot: sample.slot_ms,
            number: sample.attempt,
        };
        root.seed(day_of(sample.slot_ms)).nonce(&attempt).unwrap()
    };
    let expected: Vec<String> = samples(&lines).iter().map(of).collect();
    assert_eq!(expected.len(), 4);
    assert_eq!(*sent.lock().unwrap(), expected);
}
