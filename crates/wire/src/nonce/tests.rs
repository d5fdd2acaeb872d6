use proptest::prelude::*;

use super::*;

fn root() -> NonceRoot {
    NonceRoot::from_bytes(std::array::from_fn(|i| u8::try_from(i).unwrap()))
}

#[track_caller]
fn check_nonce(kind: Kind, slot: i64, number: u32, expected: &str) {
    let attempt = AttemptName {
        agent: &"eu-1".parse().unwrap(),
        target: &"chat".parse().unwrap(),
        kind,
        slot: UnixMillis::new(slot),
        number,
    };
    let seed = root().seed(day_of(attempt.slot));
    assert_eq!(seed.nonce(&attempt).as_deref(), Some(expected));
}

/// By Python: `hmac.new(seed, text, sha256).hexdigest()[:32]`, with `seed` the root hashed
/// 15,744 times.
#[test]
fn nonces_are_those_that_pythons_hmac_gives() {
    let day = 20_780 * DAY_MS;
    check_nonce(Kind::Planned, day, 1, "425c1bf906f10858c5ac33ad4fa9f7e9");
    check_nonce(Kind::Burst, day, 2, "bed8057cef1a183520f20e0b4b0fc76f");
    let last = day + DAY_MS - 1;
    check_nonce(Kind::Confirm, last, 101, "4760d20c8b103418ab7189716b8358d3");
}

#[test]
fn seeds_are_those_that_pythons_hashlib_gives() {
    let at = |day| root().seed(day).reveal().to_string();
    assert_eq!(at(20_780), "BSkuT9qfEZyhb8WEGl/9ilqk/9kLnL0vyn2fFx/2Dvw=");
    assert_eq!(at(0), "vYXsUQD8fzZG+dILKp1zVqt6jID1/VheLpFZ3TFqZI4=");
    assert_eq!(at(0), root().commitment().to_string());
    let secret = std::array::from_fn(|i| u8::try_from(i).unwrap());
    assert_eq!(
        String::from(NonceRoot::derived(&secret)),
        "QnrNH4f9XjzcDCkb8gY2eIqonkz4BU+rDtcaxmz2/lg="
    );
}

#[test]
fn a_secret_shows_in_no_debug() {
    let (root, seed) = (root(), root().seed(20_780));
    let shown = format!("{root:?} {seed:?}");
    assert!(!shown.contains(&String::from(root)), "{shown}");
    assert!(!shown.contains(&seed.reveal().to_string()), "{shown}");
}

#[test]
fn a_day_is_over_when_the_next_one_begins() {
    assert_eq!(day_of(UnixMillis::new(DAY_MS - 1)), 0);
    assert_eq!(day_of(UnixMillis::new(-1)), 0);
    assert_eq!(day_of(UnixMillis::new(i64::MAX)), DAY_MAX);
    assert_eq!(last_day_over(UnixMillis::new(DAY_MS - 1)), None);
    assert_eq!(last_day_over(UnixMillis::new(3 * DAY_MS - 1)), Some(1));
    assert_eq!(last_day_over(UnixMillis::new(3 * DAY_MS)), Some(2));
}

#[test]
fn a_seed_gives_no_nonce_of_another_day() {
    let (agent, target) = ("eu-1".parse().unwrap(), "chat".parse().unwrap());
    let attempt = AttemptName {
        agent: &agent,
        target: &target,
        kind: Kind::Planned,
        slot: UnixMillis::new(7 * DAY_MS),
        number: 1,
    };
    assert_eq!(root().seed(6).nonce(&attempt), None);
    assert_eq!(root().seed(8).nonce(&attempt), None);
    assert_eq!(root().seed(7).earlier(8), None);
    assert_eq!(Seed::revealed(DAY_MAX + 1, Hash::ZERO), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// What an agent makes from the root, a verifier makes from a seed revealed later.
    #[test]
    fn the_nonce_of_the_agent_is_that_of_whoever_reads_a_later_seed(
        secret: [u8; 32],
        slot in 0..(i64::from(DAY_MAX) * DAY_MS),
        days_later in 0..400_u32,
        number in 1..200_u32,
    ) {
        let root = NonceRoot::derived(&secret);
        let (agent, target) = ("eu-1".parse().unwrap(), "chat".parse().unwrap());
        let slot = UnixMillis::new(slot);
        let attempt = AttemptName { agent: &agent, target: &target, kind: Kind::Burst, slot, number };
        let day = day_of(slot);
        let sent = root.seed(day).nonce(&attempt).unwrap();
        prop_assert_eq!(sent.len(), 32);

        let later = root.seed((day + days_later).min(DAY_MAX));
        let revealed = Seed::revealed(later.day(), later.reveal()).unwrap();
        prop_assert_eq!(revealed.commitment(), root.commitment());
        prop_assert_eq!(revealed.earlier(day).unwrap().nonce(&attempt), Some(sent.clone()));
        let other = AttemptName { number: number + 1, ..attempt };
        prop_assert_ne!(root.seed(day).nonce(&other), Some(sent));
    }
}
