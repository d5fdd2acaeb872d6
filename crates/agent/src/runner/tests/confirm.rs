//! Orders to confirm what another agent saw.

use domain::UnixMillis;
use evidence::note::SigningKey;
use telemetry::Metrics;
use wire::order::{CONFIRM_ATTEMPT_FIRST, ConfirmOrder, ORDER_LIFE_MS_MAX};

use super::*;

const START_MS: i64 = 1_800_000_000_000;
const FAILING: (Outcome, Attribution) = (Outcome::ServerError, Attribution::Provider);

pub(super) fn operator() -> SigningKey {
    SigningKey::from_seed("nines.example/operator", &[8; 32]).unwrap()
}

/// An order of that number, made so many milliseconds after the start.
fn order(number: u64, after_ms: i64) -> ConfirmOrder {
    let issued = UnixMillis::new(START_MS + after_ms);
    ConfirmOrder {
        number,
        target: "acme".parse().unwrap(),
        seen_by: "us-1".parse().unwrap(),
        slot: issued.plus_ms(-3_000),
        issued,
        expires: issued.plus_ms(ORDER_LIFE_MS_MAX),
    }
}

fn note(order: &ConfirmOrder) -> String {
    order.sign(&operator()).unwrap().to_string()
}

/// What is open from a second on.
type Shown = (u64, Vec<String>);

/// Runs for a while, with these orders open from these seconds on.
async fn run(
    plan: Plan,
    attempt: Arc<AttemptFn>,
    shown: Vec<Shown>,
    seconds: u64,
) -> (Vec<Line>, Metrics) {
    let (sender, open) = watch::channel(Vec::new());
    let bench = Bench::with_orders(plan, attempt, open);
    let metrics = bench.metrics.clone();
    let began = Instant::now();
    let showing = tokio::spawn(async move {
        for (second, notes) in shown {
            tokio::time::sleep_until(began + Duration::from_secs(second)).await;
            sender.send_replace(notes);
        }
    });
    let lines = bench.run_for(seconds).await;
    showing.await.unwrap();
    (lines, metrics)
}

/// Attempt, slot after the start and second of each sample made by order.
fn confirmed(lines: &[Line]) -> Vec<(u32, i64, u64)> {
    let samples = samples(lines).into_iter();
    let by_order = samples.filter(|sample| sample.kind == Kind::Confirm);
    by_order
        .map(|s| {
            let slot = s.slot_ms.get() - START_MS;
            (s.attempt, slot, s.mono_us / 1_000_000)
        })
        .collect()
}

#[track_caller]
fn counted(metrics: &Metrics, result: &str, times: u64) {
    let line =
        format!("nines_agent_orders_total{{agent_id=\"eu-1\",order_result=\"{result}\"}} {times}");
    let rendered = metrics.render();
    assert!(rendered.lines().any(|l| l == line), "{line}\n{rendered}");
}

fn answering_ok() -> Arc<AttemptFn> {
    answering(&[], Duration::from_millis(100))
}

#[tokio::test(start_paused = true)]
async fn an_order_is_followed_once_at_once_and_as_often_as_the_plan_says() {
    let first = note(&order(1, 5_000));
    let shown = vec![
        (5, vec![first.clone()]),
        (6, vec![]),
        (7, vec![first.clone(), note(&order(2, 7_000))]),
        (20, vec![first]),
    ];
    let (lines, metrics) = run(plan(""), answering_ok(), shown, 50).await;
    let expected = [
        (CONFIRM_ATTEMPT_FIRST, 5_000, 5),
        (CONFIRM_ATTEMPT_FIRST + 1, 5_000, 15),
    ];
    assert_eq!(confirmed(&lines), expected);
    counted(&metrics, "followed", 1);
    counted(&metrics, "busy", 1);
}

#[tokio::test(start_paused = true)]
async fn an_order_from_before_the_start_may_have_been_followed_and_is_left() {
    let (sender, open) = watch::channel(Vec::new());
    let bench = Bench::with_orders(plan(""), answering_ok(), open);
    sender.send_replace(vec![note(&order(1, -1)), note(&order(2, 0))]);
    let lines = bench.run_for(5).await;
    assert_eq!(confirmed(&lines), [(CONFIRM_ATTEMPT_FIRST, 0, 0)]);
}

#[tokio::test(start_paused = true)]
async fn orders_take_no_slot_and_leave_no_gap() {
    let shown = vec![(59, vec![note(&order(1, 59_000))])];
    let failing = answering(&[(Outcome::Ok, Attribution::None), FAILING, FAILING], {
        Duration::from_secs(5)
    });
    let (lines, _) = run(plan(""), failing, shown, 110).await;
    let planned: Vec<i64> = samples(&lines)
        .iter()
        .filter(|sample| sample.kind == Kind::Planned)
        .map(|sample| sample.slot_ms.get() - START_MS)
        .collect();
    assert_eq!(planned, [0, 60_000]);
    assert_eq!(reasons(&lines), []);
}

/// One order that must not be followed, and how it is counted.
async fn is_skipped(plan: Plan, shown: String, result: &str) {
    let (lines, metrics) = run(plan, answering_ok(), vec![(40, vec![shown])], 55).await;
    assert_eq!(confirmed(&lines), [], "{result}");
    counted(&metrics, result, 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_forged_is_refused() {
    let stranger = SigningKey::from_seed("nines.example/operator", &[9; 32]).unwrap();
    let forged = order(1, 40_000).sign(&stranger).unwrap().to_string();
    is_skipped(plan(""), forged, "refused").await;
    is_skipped(plan(""), "acme is down, look".to_owned(), "refused").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_or_from_the_future_is_not_followed() {
    let expired = order(1, 40_000 - 2 * ORDER_LIFE_MS_MAX - 1);
    is_skipped(plan(""), note(&expired), "stale").await;
    is_skipped(plan(""), note(&order(1, 70_002)), "stale").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_for_this_agent_is_not_followed() {
    let elsewhere = ConfirmOrder {
        target: "zeta".parse().unwrap(),
        ..order(1, 40_000)
    };
    is_skipped(plan(""), note(&elsewhere), "inapplicable").await;
    let own = ConfirmOrder {
        seen_by: "eu-1".parse().unwrap(),
        ..order(1, 40_000)
    };
    is_skipped(plan(""), note(&own), "inapplicable").await;
    let never = plan("burst = { count = 2, spacing_ms = 10000, confirm = 0 }");
    is_skipped(never, note(&order(1, 40_000)), "inapplicable").await;
    let keyless = plan("credential = \"acme-prod\"");
    is_skipped(keyless, note(&order(1, 40_000)), "inapplicable").await;
}

#[tokio::test(start_paused = true)]
async fn without_the_operators_key_no_order_is_followed() {
    let (sender, open) = watch::channel(Vec::new());
    let mut bench = Bench::with_orders(plan(""), answering_ok(), open.clone());
    bench.runner.orders = Orders::new("eu-1".parse().unwrap(), None, UnixMillis::new(0), open);
    let metrics = bench.metrics.clone();
    sender.send_replace(vec![note(&order(1, 0))]);
    assert_eq!(confirmed(&bench.run_for(20).await), []);
    counted(&metrics, "refused", 1);
}

#[tokio::test(start_paused = true)]
async fn an_agent_whose_own_burst_is_under_way_needs_no_order() {
    let failing = answering(&[FAILING], Duration::from_millis(100));
    let shown = vec![(5, vec![note(&order(1, 5_000))])];
    let (lines, metrics) = run(plan(""), failing, shown, 50).await;
    assert_eq!(confirmed(&lines), []);
    counted(&metrics, "busy", 1);
    let bursts = samples(&lines).into_iter();
    assert_eq!(bursts.filter(|s| s.kind == Kind::Burst).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_followed_only_where_there_is_room() {
    let hanging: Arc<AttemptFn> = Arc::new(|_| Box::pin(std::future::pending()));
    let narrow = plan("burst = { count = 0, spacing_ms = 0 }");
    // Two attempts at once are the most: the second slot's and the first's.
    let shown = vec![(65, vec![note(&order(1, 65_000))])];
    let (lines, metrics) = run(narrow, hanging, shown, 70).await;
    assert_eq!(confirmed(&lines), []);
    counted(&metrics, "busy", 1);
}

#[tokio::test(start_paused = true)]
async fn orders_end_where_the_budget_does_and_leave_no_gap() {
    // A call that tells no usage counts at its worst, and there is room for five.
    let silent: Arc<AttemptFn> = Arc::new(|_| {
        let silent = Attempt {
            input_tokens: None,
            ..attempt(Outcome::Ok)
        };
        Box::pin(async move { silent })
    });
    let plan = budgeted("burst = { count = 0, spacing_ms = 1000, confirm = 10 }");
    let shown = vec![
        (5, vec![note(&order(1, 5_000))]),
        (30, vec![note(&order(2, 30_000))]),
    ];
    let (lines, metrics) = run(plan, silent, shown, 50).await;
    assert_eq!(confirmed(&lines).len(), 4);
    assert_eq!(reasons(&lines), []);
    counted(&metrics, "followed", 1);
    counted(&metrics, "budget", 1);
}
