use proptest::prelude::*;

use super::*;

const PLAN: &str = r#"
revision = 1
effective_from_ms = 0

[[agent]]
id = "eu"
region = "aws:eu-west-1"
network = "aws"

[[agent]]
id = "us"
region = "gcp:us-east1"
network = "gcp"

[[target]]
id = "acme-chat"
provider = "acme"
interval_s = 60
deadline_ms = 30000
request = { kind = "call", base_url = "http://127.0.0.1:1/v1", model = "m", stream = true }
"#;

#[test]
fn a_plan_comes_back_from_its_logged_body() {
    let plan = Plan::parse(PLAN).unwrap();
    let body = plan.to_body().unwrap();
    assert_eq!(Plan::from_body(body.as_bytes()).unwrap(), plan);
}

#[test]
fn agents_take_turns_within_the_interval() {
    let plan = Plan::parse(PLAN).unwrap();
    let target = "acme-chat".parse().unwrap();
    let slot = |agent: &str| {
        let grid = plan.grid(&agent.parse().unwrap(), &target).unwrap();
        grid.at_or_after(UnixMillis::new(1_000_000_000_001)).get() % 60_000
    };
    assert_eq!((slot("eu"), slot("us")), (0, 30_000));
}

#[test]
fn a_broken_rule_says_which_target_and_what_to_change() {
    let bad = PLAN.replace(
        "deadline_ms = 30000",
        "deadline_ms = 30000\nslow_after_ms = 30000",
    );
    let error = Plan::parse(&bad).unwrap_err().to_string();
    assert_eq!(
        error,
        "target `acme-chat`: slow_after_ms must be below deadline_ms"
    );
    let twice = PLAN.replace("id = \"us\"", "id = \"eu\"");
    let error = Plan::parse(&twice).unwrap_err().to_string();
    assert_eq!(
        error,
        "agent `eu` is named twice; give each agent its own id"
    );
}

proptest! {
    #[test]
    fn the_count_of_slots_is_the_number_of_slots(
        interval in 1_i64..100_000, offset in 0_i64..100_000, from in -1_000_000_i64..1_000_000,
        length in 0_i64..500_000,
    ) {
        let grid = Grid::new(interval, offset % interval);
        let (from, to) = (UnixMillis::new(from), UnixMillis::new(from + length));
        let slots: Vec<_> = grid.between(from, to).take(600_000).collect();
        prop_assert_eq!(slots.len() as u64, grid.count(from, to));
        prop_assert!(slots.iter().all(|slot| grid.contains(*slot) && *slot >= from && *slot < to));
        prop_assert!(slots.windows(2).all(|pair| grid.after(pair[0]) == pair[1]));
    }
}
