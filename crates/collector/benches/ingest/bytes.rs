//! What a sample costs on disk.

use crate::report::Report;
use crate::site::Site;

/// Bytes of a table and its partitions by some function of Postgres', as SQL.
fn sum(function: &str, table: &str) -> String {
    format!(
        "(SELECT sum({function}(oid))::bigint FROM pg_class
          WHERE oid = '{table}'::regclass
             OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = '{table}'::regclass))"
    )
}

/// Rows, their indexes, and the raw batches with what the log keeps of them.
pub(crate) async fn samples(site: &mut Site, report: &mut Report) {
    let rows = site.number("SELECT count(*) FROM sample").await.max(1);
    let heap = sum("pg_relation_size", "sample");
    let indexes = sum("pg_indexes_size", "sample");
    let tables = ["batch", "batch_raw", "log_entry", "log_pending"];
    let raw = tables.map(|table| sum("pg_total_relation_size", table));
    for (what, sql, bar) in [
        ("heap row", heap, 160),
        ("index of a row", indexes, 65),
        ("raw batches, notes and log", raw.join(" + "), 270),
    ] {
        let bytes = site.number(&format!("SELECT {sql}")).await.div_ceil(rows);
        report.at_most(&format!("bytes a sample: {what}"), bytes, bar, "B");
    }
}

/// Packed cells with their table's own overhead.
pub(crate) async fn cells(site: &mut Site, report: &mut Report, when: &str) {
    let rows = site.number("SELECT count(*) FROM sample").await.max(1);
    let sql = format!("SELECT {}", sum("pg_total_relation_size", "cell"));
    let bytes = site.number(&sql).await.div_ceil(rows);
    report.at_most(&format!("bytes a sample: cells, {when}"), bytes, 10, "B");
}
