use wire::nonce::NonceRoot;

use super::*;

fn committed(root: &NonceRoot) -> Cached {
    let mut plan = plan(3, "eu-1");
    plan.nonces = Some(root.commitment());
    honest(&plan)
}

fn told(cached: &Cached, root: &NonceRoot) -> Answer {
    let mut answer = answer(cached, &[]);
    answer["nonces"] = Value::String(root.clone().into());
    Answer::Tagged("\"x\"", answer)
}

#[tokio::test]
async fn a_plan_runs_only_with_the_nonces_that_it_commits_to() {
    let mut bench = Bench::new(None).await;
    let (root, other) = (
        NonceRoot::from_bytes([1; 32]),
        NonceRoot::from_bytes([2; 32]),
    );
    let signed = committed(&root);
    bench
        .step(Answer::Tagged("\"x\"", answer(&signed, &[])))
        .await;
    assert_eq!((bench.revision(), bench.kept()), (None, None));
    assert!(bench.health.get().plan.refused.is_some());
    bench.step(told(&signed, &other)).await;
    assert_eq!((bench.revision(), bench.kept()), (None, None));
    bench.step(told(&signed, &root)).await;
    assert_eq!((bench.revision(), bench.kept()), (Some(3), Some(signed)));

    // It is there before the next start.
    let dir = camino::Utf8Path::from_path(bench.temp.path()).unwrap();
    let plan = bench.plans.borrow().clone().unwrap();
    assert!(Nonces::open(dir).unwrap().fit(&plan));
}

#[tokio::test]
async fn an_agent_with_a_plan_of_its_own_takes_the_installations_nonces() {
    let mut bench = Bench::new(None).await;
    bench.follower.settings.follow = Follow::Orders;
    let root = NonceRoot::from_bytes([1; 32]);
    bench.step(told(&committed(&root), &root)).await;
    assert_eq!(bench.revision(), None);
    let mut plan = plan(3, "eu-1");
    plan.nonces = Some(root.commitment());
    assert!(bench.follower.settings.nonces.fit(&plan));
}

#[tokio::test]
async fn who_asks_is_proven_with_the_agents_key() {
    let bench = Bench::new(None).await;
    let proof = STANDARD.decode(bench.follower.proof().unwrap()).unwrap();
    let proof = evidence::note::SignedNote::parse(&proof).unwrap();
    proof.verify(&identity().key.verifier_key()).unwrap();
    let at = wire::protocol::plan_proof_time(proof.text(), &"eu-1".parse().unwrap());
    assert_eq!(at, Some(domain::UnixMillis::new(1_800_000_000_000)));
}
