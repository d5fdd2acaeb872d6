//! One table: what was measured, beside what, and whether it reaches its bar.

use std::fmt;

/// Rows in the order in which they were measured.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<[String; 5]>);

impl Report {
    /// A figure that must not exceed its bar; `beside` names a baseline and the multiple of it.
    pub(crate) fn at_most(
        &mut self,
        what: &str,
        (measured, bar): (u64, u64),
        unit: &str,
        beside: String,
    ) {
        let sign = ("<=", measured <= bar);
        self.bounded(what, (measured, bar), unit, (beside, sign));
    }

    /// A figure that must reach its bar.
    pub(crate) fn at_least(
        &mut self,
        what: &str,
        (measured, bar): (u64, u64),
        unit: &str,
        beside: String,
    ) {
        let sign = (">=", measured >= bar);
        self.bounded(what, (measured, bar), unit, (beside, sign));
    }

    /// A figure without a bar.
    pub(crate) fn note(&mut self, what: &str, measured: String) {
        self.push([
            what.to_owned(),
            measured,
            String::new(),
            String::new(),
            String::new(),
        ]);
    }

    fn bounded(
        &mut self,
        what: &str,
        (measured, bar): (u64, u64),
        unit: &str,
        (beside, (sign, reached)): (String, (&str, bool)),
    ) {
        self.push([
            what.to_owned(),
            format!("{measured} {unit}"),
            beside,
            format!("{sign} {bar} {unit}"),
            if reached { "pass" } else { "FAIL" }.to_owned(),
        ]);
    }

    fn push(&mut self, row: [String; 5]) {
        println!("{}", row.join("  "));
        self.0.push(row);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["what", "measured", "baseline, multiple of it", "bar", ""];
        let heads = heads.map(str::to_owned);
        for row in std::iter::once(&heads).chain(&self.0) {
            let [what, measured, beside, bar, word] = row;
            writeln!(
                f,
                "{what:<46} {measured:>16}  {beside:<34} {bar:<16} {word}"
            )?;
        }
        Ok(())
    }
}

/// `measured` as a multiple of `baseline`, which took so many microseconds.
pub(crate) fn multiple(name: &str, measured_us: u64, baseline_us: u64) -> String {
    let hundredths = measured_us * 100 / baseline_us.max(1);
    format!(
        "{name} {} ms, {}.{:02}",
        baseline_us / 1_000,
        hundredths / 100,
        hundredths % 100
    )
}

/// So many a second.
pub(crate) fn per_second(count: u64, us: u64) -> u64 {
    count * 1_000_000 / us.max(1)
}
