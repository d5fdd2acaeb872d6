//! The figures.

use std::collections::{BTreeMap, BTreeSet};

use domain::UnixMillis;

use crate::arrivals::Figures;
use crate::evidence::{Begun, Samples};
use crate::setting::{INTERVAL_S, Setting};

/// What lateness is compared over, to see a drift: the first and the last.
const MINUTE_MS: i64 = 60_000;
/// Width of the parts of which the busiest is sought.
const PART_MS: i64 = 100;

/// How late attempts began, whether that grows, and how evenly they came, before the agent was
/// killed.
#[expect(clippy::print_stdout, reason = "its report is its purpose")]
pub(crate) fn times(samples: &Samples, killed: UnixMillis) {
    let all: Vec<Begun> = samples.quick.values().flatten().copied().collect();
    let begun: Vec<Begun> = all
        .into_iter()
        .filter(|begun| begun.slot_ms < killed.get())
        .collect();
    let first = begun.iter().map(|b| b.slot_ms).min().unwrap_or(0);
    let last = begun.iter().map(|b| b.slot_ms).max().unwrap_or(0);
    let late = |from: i64, to: i64| {
        let within = begun.iter().filter(|b| (from..=to).contains(&b.slot_ms));
        let mut late: Vec<i64> = within.map(|b| b.late_us).collect();
        late.sort_unstable();
        late
    };
    let whole = late(first, last);
    println!(
        "start after slot: p50 {} p95 {} p99 {} max {} ms, of {}",
        ms(at(&whole, 50)),
        ms(at(&whole, 95)),
        ms(at(&whole, 99)),
        ms(at(&whole, 100)),
        whole.len()
    );
    let early = at(&late(first, first + MINUTE_MS), 50);
    let late = at(&late(last - MINUTE_MS, last), 50);
    println!(
        "drift: p50 {} ms in the first minute, {} ms in the last",
        ms(early),
        ms(late)
    );
    spread(&begun);
    println!("ended as: {:?}", samples.outcomes);
}

/// The busiest tenth of a second over the mean one: by the plan, and as attempts really began.
#[expect(clippy::print_stdout, reason = "its report is its purpose")]
fn spread(begun: &[Begun]) {
    let planned: Vec<i64> = begun.iter().map(|begun| begun.slot_ms).collect();
    let really = |begun: &Begun| begun.slot_ms + begun.late_us.div_euclid(1_000);
    let really: Vec<i64> = begun.iter().map(really).collect();
    println!(
        "spread: busiest 100 ms over mean {:.2} planned, {:.2} begun",
        busiest_over_mean(&planned),
        busiest_over_mean(&really)
    );
}

/// The busiest tenth of a second over the mean one.
pub(crate) fn busiest_over_mean(moments_ms: &[i64]) -> f64 {
    let mut parts = BTreeMap::<i64, u32>::new();
    for moment in moments_ms {
        *parts.entry(moment.div_euclid(PART_MS)).or_default() += 1;
    }
    let first = parts.keys().next().copied().unwrap_or(0);
    let last = parts.keys().last().copied().unwrap_or(0);
    let busiest = parts.values().max().copied().unwrap_or(0);
    let spans = u32::try_from(last - first + 1).expect("a short run");
    let count = u32::try_from(moments_ms.len()).expect("a short run");
    f64::from(busiest) * f64::from(spans) / f64::from(count.max(1))
}

/// From when on no slot of the plan lacks its attempt, after a start.
#[expect(clippy::print_stdout, reason = "its report is its purpose")]
pub(crate) fn restart(
    setting: &Setting,
    samples: &Samples,
    (start, end): (UnixMillis, UnixMillis),
) {
    let agent = &setting.plan.agents[0].id;
    // The last attempts were under way when the agent ended.
    let end = end.plus_ms(-1_000);
    let mut lacking = None;
    let mut targets = 0;
    for (target, begun) in &samples.quick {
        let grid = setting
            .plan
            .grid(agent, target)
            .expect("a target of the plan");
        let begun: BTreeSet<i64> = begun.iter().map(|begun| begun.slot_ms).collect();
        let slots = grid.between(start, end).map(UnixMillis::get);
        lacking = lacking.max(slots.filter(|slot| !begun.contains(slot)).max());
        targets += 1;
    }
    let after = lacking.map_or(0, |slot| slot - start.get() + 1);
    println!(
        "restart: full schedule of {targets} targets on the old grid {after} ms after the start, \
         every {INTERVAL_S} s each"
    );
}

/// The value that so many of a hundred do not pass; `values` are sorted.
pub(crate) fn at(values: &[i64], percent: usize) -> i64 {
    let at = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(at).copied().unwrap_or_default()
}

/// Microseconds as milliseconds.
pub(crate) fn ms(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    let us = us.unsigned_abs();
    format!("{sign}{}.{:03}", us / 1_000, us % 1_000)
}

/// The agent's figures beside another's.
#[expect(clippy::print_stdout, reason = "its report is its purpose")]
pub(crate) fn ratio(agent: Figures, peer: Figures) {
    let permille = |agent: i64, peer: i64| agent * 1_000 / peer.max(1);
    let part = |permille: i64| format!("{}.{:03}", permille / 1_000, permille % 1_000);
    println!(
        "ratio of the agent to Prometheus: p50 {}, p99 {}, spread {:.2}",
        part(permille(agent.p50_us, peer.p50_us)),
        part(permille(agent.p99_us, peer.p99_us)),
        agent.spread / peer.spread
    );
}
