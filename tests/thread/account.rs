//! The account of one agent, from the database: every batch, line and planned slot, once.

use std::collections::BTreeMap;
use std::fmt;

use super::database::Database;
use super::installation::INTERVAL_MS;

/// What came of it, after everything was found in order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    pub(super) batches: i64,
    pub(super) samples: usize,
    pub(super) missed: usize,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            batches,
            samples,
            missed,
        } = self;
        let slots = samples + missed;
        write!(
            f,
            "{batches} batches, {slots} planned slots: {samples} run, {missed} missed with a reason"
        )
    }
}

impl Account {
    /// Checks the chain, and the slots of each target; fails at the first that is lost or double.
    pub(super) async fn of(database: &Database, targets: &[&str]) -> Self {
        let mut account = Self {
            batches: batches_in_one_chain(database).await,
            ..Self::default()
        };
        for target in targets {
            assert_indexes_are_whole(database, target).await;
            let (samples, missed) = slots_accounted_for_once(database, target).await;
            account.samples += samples;
            account.missed += missed;
        }
        account
    }
}

/// Batches are numbered without a gap, are in the log once, and nothing contradicts them.
async fn batches_in_one_chain(database: &Database) -> i64 {
    let batches = database.number("SELECT count(*) FROM batch").await;
    let newest = database.number("SELECT max(seq) FROM batch").await;
    assert_eq!(newest + 1, batches, "batches are contiguous");
    let unchained = "SELECT count(*) FROM batch b LEFT JOIN batch p \
                     ON p.agent_id = b.agent_id AND p.seq = b.seq - 1 \
                     WHERE b.seq > 0 AND p.hash IS DISTINCT FROM b.prev";
    assert_eq!(database.number(unchained).await, 0, "each names its former");
    let logged_twice = "SELECT count(*) - count(DISTINCT seq) FROM log_entry WHERE seq IS NOT NULL";
    assert_eq!(database.number(logged_twice).await, 0, "logged once");
    for conflict in ["batch_conflict", "sample_conflict"] {
        let count = format!("SELECT count(*) FROM {conflict}");
        assert_eq!(database.number(&count).await, 0, "{conflict}");
    }
    let lost = "SELECT (SELECT sum(lines) FROM batch) \
                - (SELECT count(*) FROM sample) - (SELECT count(*) FROM slot_gap)";
    assert_eq!(database.number(lost).await, 0, "every line is a row");
    batches
}

/// The lines of a stream are numbered without a gap.
async fn assert_indexes_are_whole(database: &Database, target: &str) {
    let line = |table: &str| {
        format!("SELECT i FROM {table} JOIN target t ON t.id = target_id WHERE t.name = '{target}'")
    };
    let query = format!(
        "{} UNION ALL {} ORDER BY i",
        line("sample"),
        line("slot_gap")
    );
    let found = numbers(&database.rows(&query).await);
    let found: Vec<i64> = found.into_iter().flatten().collect();
    let count = i64::try_from(found.len()).expect("some hundred");
    let wanted: Vec<i64> = (0..count).collect();
    assert_eq!(found, wanted, "{target}: indexes");
}

/// How many slots were run, and missed. From the first to the last, each was run or lies in one
/// gap.
async fn slots_accounted_for_once(database: &Database, target: &str) -> (usize, usize) {
    let ms = |at: &str| format!("(extract(epoch FROM {at}) * 1000)::bigint");
    let of_target = format!("JOIN target t ON t.id = target_id WHERE t.name = '{target}'");
    let run = format!(
        "SELECT {} FROM sample {of_target} AND attempt = 1",
        ms("slot_at")
    );
    let missed = format!(
        "SELECT {}, {}, slots FROM slot_gap {of_target}",
        ms("first_at"),
        ms("last_at")
    );
    let mut times: BTreeMap<i64, u32> = BTreeMap::new();
    for slot in numbers(&database.rows(&run).await).into_iter().flatten() {
        *times.entry(slot).or_default() += 1;
    }
    let samples = times.len();
    for gap in numbers(&database.rows(&missed).await) {
        let [first, last, slots] = gap[..] else {
            panic!("{gap:?}");
        };
        assert_eq!(
            (last - first) / INTERVAL_MS + 1,
            slots,
            "{target}: a gap counts its slots"
        );
        let mut slot = first;
        while slot <= last {
            *times.entry(slot).or_default() += 1;
            slot += INTERVAL_MS;
        }
    }
    assert!(samples > 10, "{target}: only {samples} samples");
    let missed = times.len() - samples;
    let (first, last) = (
        *times.keys().next().expect("there are slots"),
        *times.keys().next_back().expect("there are slots"),
    );
    let unaccounted: Vec<i64> = (0..=(last - first) / INTERVAL_MS)
        .map(|step| first + step * INTERVAL_MS)
        .filter(|slot| times.remove(slot) != Some(1))
        .collect();
    assert!(
        unaccounted.is_empty(),
        "{target}: neither run nor missed, or twice: {unaccounted:?}"
    );
    assert!(times.is_empty(), "{target}: not in the plan: {times:?}");
    (samples, missed)
}

/// Rows as numbers.
fn numbers(rows: &[String]) -> Vec<Vec<i64>> {
    let number = |cell: &str| cell.parse().unwrap_or_else(|_| panic!("`{cell}`"));
    rows.iter()
        .map(|row| row.split('|').map(number).collect())
        .collect()
}
