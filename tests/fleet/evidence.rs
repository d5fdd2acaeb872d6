//! What the database holds in the end, read over a connection of its own.

use std::collections::BTreeMap;

use super::database::Watcher;

/// A stored sample's name within its agent: target, slot in milliseconds, attempt.
pub(super) type SampleKey = (String, i64, u32);

/// A stored gap.
#[derive(Clone, Debug)]
pub(super) struct StoredGap {
    pub(super) target: String,
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
    pub(super) slots: i64,
    pub(super) reason: String,
}

/// Everything stored of one agent.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// Outcomes of the samples.
    pub(super) samples: BTreeMap<SampleKey, String>,
    pub(super) gaps: Vec<StoredGap>,
}

fn ms(at: &str) -> String {
    format!("(extract(epoch FROM {at}) * 1000)::bigint")
}

fn cell<T: std::str::FromStr>(row: &[&str], column: usize) -> T {
    let text = row[column];
    text.parse()
        .unwrap_or_else(|_| panic!("`{text}` in {row:?}"))
}

impl Stored {
    pub(super) fn of(watcher: &mut Watcher, agent: &str) -> Self {
        let of_agent = format!(
            "JOIN agent a ON a.id = agent_id JOIN target t ON t.id = target_id \
             WHERE a.name = '{agent}'"
        );
        let samples = format!(
            "SELECT t.name, {}, attempt, outcome FROM sample_whole {of_agent}",
            ms("slot_at")
        );
        let gaps = format!(
            "SELECT t.name, {}, {}, slots, reason FROM slot_gap {of_agent}",
            ms("first_at"),
            ms("last_at")
        );
        let mut stored = Self::default();
        for row in watcher.rows(&samples) {
            let row: Vec<&str> = row.split('|').collect();
            let key = (row[0].to_owned(), cell(&row, 1), cell(&row, 2));
            let before = stored.samples.insert(key, row[3].to_owned());
            assert_eq!(before, None, "stored twice: {row:?}");
        }
        for row in watcher.rows(&gaps) {
            let row: Vec<&str> = row.split('|').collect();
            stored.gaps.push(StoredGap {
                target: row[0].to_owned(),
                first_ms: cell(&row, 1),
                last_ms: cell(&row, 2),
                slots: cell(&row, 3),
                reason: row[4].to_owned(),
            });
        }
        stored
    }

    /// Reason of a gap that a slot lies in.
    pub(super) fn gap_at(&self, target: &str, slot_ms: i64) -> Option<&str> {
        let mut gaps = self.gaps.iter();
        let found = gaps
            .find(|gap| gap.target == target && (gap.first_ms..=gap.last_ms).contains(&slot_ms));
        found.map(|gap| gap.reason.as_str())
    }
}

/// Everything derived, table by table, as numbers that any change changes.
pub(super) fn fingerprint(watcher: &mut Watcher) -> Vec<String> {
    let tables = ["sample", "slot_gap", "cell", "assessment", "violation"];
    let print = |table: &str| {
        let query = format!(
            "SELECT '{table} ' || count(*) || ' ' || COALESCE(md5(string_agg(x::text, '/' \
             ORDER BY x::text)), '') FROM {table} x"
        );
        watcher.rows(&query).concat()
    };
    tables.map(print).to_vec()
}
