//! One table: what was measured, what it is measured against, and whether it reaches its bar.

use std::fmt;
use std::time::Duration;

/// Rows of the report, in the order in which they were measured.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<[String; 5]>);

impl Report {
    /// A rate beside a baseline: medians of rounds, and the best round's ratio in brackets. The
    /// bar is a ratio in percent.
    pub(crate) fn ratio(&mut self, what: &str, rounds: &[(u64, u64)], bar_percent: u64) {
        let ratios: Vec<u64> = rounds.iter().map(|(m, b)| m * 100 / (*b).max(1)).collect();
        let middle = median(&ratios);
        let best = ratios.iter().copied().max().unwrap_or_default();
        let baseline = median(&column(rounds, |r| r.1));
        self.push([
            what.to_owned(),
            format!("{}/s", median(&column(rounds, |r| r.0))),
            format!(
                "{baseline}/s, {} ({})",
                hundredths(middle),
                hundredths(best)
            ),
            format!(">= {}", hundredths(bar_percent)),
            word(middle >= bar_percent),
        ]);
    }

    /// A figure that must not exceed its bar, in a unit.
    pub(crate) fn at_most(&mut self, what: &str, measured: u64, bar: u64, unit: &str) {
        self.bounded(what, (measured, bar), unit, ("<=", measured <= bar));
    }

    /// A figure that must reach its bar, in a unit.
    pub(crate) fn at_least(&mut self, what: &str, measured: u64, bar: u64, unit: &str) {
        self.bounded(what, (measured, bar), unit, (">=", measured >= bar));
    }

    /// A figure without a bar.
    pub(crate) fn note(&mut self, what: &str, measured: String) {
        let none = String::new;
        self.push([what.to_owned(), measured, none(), none(), none()]);
    }

    fn bounded(
        &mut self,
        what: &str,
        (measured, bar): (u64, u64),
        unit: &str,
        (sign, reached): (&str, bool),
    ) {
        self.push([
            what.to_owned(),
            format!("{measured} {unit}"),
            String::new(),
            format!("{sign} {bar} {unit}"),
            word(reached),
        ]);
    }

    fn push(&mut self, row: [String; 5]) {
        println!("{}", row.join("  "));
        self.0.push(row);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["what", "measured", "COPY, ratio (best)", "bar", ""];
        let heads = heads.map(str::to_owned);
        for row in std::iter::once(&heads).chain(&self.0) {
            let [what, measured, baseline, bar, word] = row;
            writeln!(
                f,
                "{what:<46} {measured:>16}  {baseline:<28} {bar:<16} {word}"
            )?;
        }
        Ok(())
    }
}

/// Load averages of the machine.
pub(crate) fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// So many a second.
pub(crate) fn per_second(count: u64, time: Duration) -> u64 {
    let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
    count * 1_000_000 / us
}

/// Whole milliseconds, rounded up.
pub(crate) fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX)
}

/// The value below or at which so many of a hundred lie.
pub(crate) fn percentile(values: &[u64], percent: usize) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

pub(crate) fn median(values: &[u64]) -> u64 {
    percentile(values, 50)
}

fn word(reached: bool) -> String {
    if reached { "pass" } else { "FAIL" }.to_owned()
}

fn column(rounds: &[(u64, u64)], of: fn(&(u64, u64)) -> u64) -> Vec<u64> {
    rounds.iter().map(of).collect()
}

fn hundredths(percent: u64) -> String {
    format!("{}.{:02}", percent / 100, percent % 100)
}
