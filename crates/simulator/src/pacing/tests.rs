use proptest::prelude::*;

use super::*;

fn distribution(toml: &str) -> Result<Distribution, String> {
    let node = Node::from_toml(&format!("it = {toml}")).expect("TOML");
    let mut reader = Reader::new(&node).expect("a table");
    let read = reader.required("it", Distribution::read);
    read.map_err(|error| error.to_string())
}

fn draws(toml: &str, seed: u64) -> Vec<u32> {
    let distribution = distribution(toml).expect("a distribution");
    let mut random = Random::for_parts(&[seed]);
    let mut draws: Vec<u32> = (0..4_000).map(|_| distribution.draw(&mut random)).collect();
    draws.sort_unstable();
    draws
}

#[track_caller]
fn near(found: u32, expected: u32) {
    assert!(
        found.abs_diff(expected) * 100 <= expected * 8,
        "{found} is not near {expected}"
    );
}

#[test]
fn a_log_normal_has_the_median_and_the_95th_percentile_that_it_was_given() {
    let drawn = draws("{ log_normal = { p50 = 400, p95 = 1200 } }", 7);
    near(drawn[2_000], 400);
    near(drawn[3_800], 1_200);
    // Symmetric in logarithms: the 5th percentile is as far below as the 95th is above.
    near(drawn[200], 133);
}

#[test]
fn a_table_of_percentiles_is_met_at_its_points_and_linear_between_them() {
    let drawn = draws(
        "{ percentiles = [[0, 100], [50, 300], [90, 700], [100, 5000]] }",
        3,
    );
    assert!(drawn[0] >= 100 && drawn[3_999] <= 5_000);
    near(drawn[1_000], 200);
    near(drawn[2_000], 300);
    near(drawn[3_600], 700);
}

#[test]
fn constants_and_uniforms_keep_their_bounds() {
    assert!(draws("50", 1).iter().all(|draw| *draw == 50));
    let drawn = draws("{ uniform = [10, 20] }", 1);
    assert_eq!((drawn[0], drawn[3_999]), (10, 20));
}

#[test]
fn mistakes_say_what_is_needed() {
    for (toml, named) in [
        ("1.5", "a number"),
        ("{ unifrm = [1, 2] }", "unifrm"),
        ("{ uniform = [2, 1] }", "first value"),
        ("{ uniform = [1] }", "two numbers"),
        ("{ log_normal = { p50 = 5 } }", "p95"),
        ("{ log_normal = { p50 = 9, p95 = 5 } }", "p50"),
        ("{ percentiles = [[50, 1], [100, 2]] }", "begin at 0"),
        ("{ percentiles = [[0, 5], [50, 1], [100, 9]] }", "rise"),
        ("{ uniform = [1, 1000001] }", "at most"),
        ("-1", "out of range"),
    ] {
        let told = distribution(toml).expect_err("a mistake");
        assert!(told.contains(named), "`{told}` does not say `{named}`");
    }
}

#[test]
fn a_models_own_pace_comes_before_that_of_all_and_the_rest_stays() {
    let toml = "ttft_ms = 100\ntokens_per_second = 50\n\n\
        [models.slow]\nttft_ms = 900\nreasoning_tokens = 7\n";
    let node = Node::from_toml(toml).expect("TOML");
    let paces = Paces::read(Reader::new(&node).expect("a table")).expect("paces");
    let draw = |model| paces.draw(Pacing::default(), model, &mut Random::for_parts(&[1]));
    let (other, slow) = (draw("other"), draw("slow"));
    assert_eq!(other.ttft.as_millis(), 100);
    assert_eq!((other.gap.as_millis(), other.reasoning_tokens), (20, 0));
    assert_eq!((slow.ttft.as_millis(), slow.gap.as_millis()), (900, 20));
    assert_eq!(slow.reasoning_tokens, 7);
    assert_eq!(slow.until_complete(3).as_millis(), 900 + 9 * 20);
    let unknown = Node::from_toml("[models.slow]\nttft = 900\n").expect("TOML");
    let error = Paces::read(Reader::new(&unknown).expect("a table")).expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "line 2, `models.slow`: unknown key `ttft`; did you mean `ttft_ms`?"
    );
}

proptest! {
    #[test]
    fn powers_undo_logarithms(value in 1u32..=1_000_000) {
        let back = exp2(log2(value));
        prop_assert!(back.abs_diff(value) <= 1 + value / 10_000, "{value} came back as {back}");
    }

    #[test]
    fn draws_never_panic_and_are_bounded(p50 in 1u32..=1_000_000, wide in 0u32..=1_000_000, seed: u64) {
        let p95 = p50.saturating_add(wide).min(1_000_000);
        let mut random = Random::for_parts(&[seed]);
        prop_assert!(log_normal(p50, p95, &mut random) <= 1_000_000);
    }
}
