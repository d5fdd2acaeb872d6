//! The demo's two contracts, their windows set so that they end tomorrow.

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Days, NaiveTime, Utc};
use collector::ContractSetup;

use super::plan::Provider;

/// Length of the demo's windows.
pub(crate) const WINDOW_DAYS: u64 = 30;

const DIRECT: &str = include_str!("../../../sla/contracts/demo-direct.toml");
const GATEWAY: &str = include_str!("../../../sla/contracts/demo-gateway.toml");
/// The line of the contract files that the demo sets.
const ANCHOR: &str = "anchor = 2026-01-01T00:00:00Z";

/// Start of the window that ends at the end of tomorrow.
pub(crate) fn window_start(now: DateTime<Utc>) -> DateTime<Utc> {
    let start = now.date_naive() + Days::new(2) - Days::new(WINDOW_DAYS);
    start.and_time(NaiveTime::MIN).and_utc()
}

/// Both contracts.
pub(crate) fn setups(now: DateTime<Utc>) -> anyhow::Result<Vec<ContractSetup>> {
    let start = window_start(now);
    let anchor = format!("anchor = {}", start.format("%Y-%m-%dT%H:%M:%SZ"));
    [
        (DIRECT, Provider::Direct, "12400.00"),
        (GATEWAY, Provider::Gateway, "8600.00"),
    ]
    .into_iter()
    .map(|(toml, provider, fees)| {
        ensure!(toml.contains(ANCHOR), "a demo contract has no anchor line");
        let target = provider.name().parse().context("a provider's name")?;
        Ok(ContractSetup {
            toml: toml.replace(ANCHOR, &anchor),
            targets: vec![target],
            fees: Some(fees.into()),
        })
    })
    .collect()
}

/// Days of history before the demo starts: the window, and a few days that belong to none.
const HISTORY_DAYS: u64 = 35;

/// Where the demo's history begins.
pub(crate) fn history_start(started_at: DateTime<Utc>) -> DateTime<Utc> {
    (started_at.date_naive() - Days::new(HISTORY_DAYS))
        .and_time(NaiveTime::MIN)
        .and_utc()
}
