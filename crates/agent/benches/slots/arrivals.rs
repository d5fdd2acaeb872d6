//! When probes came, as the server saw them: the same yardstick for the agent and for others, whose
//! plans are not known here.
//!
//! How late a probe came is held against the earliest of its own target, every interval from there.

use std::collections::BTreeMap;
use std::fs;

use crate::report;
use crate::setting::INTERVAL_S;

/// How often a target must have been probed for its earliest to mean anything.
const OF_EACH_MIN: usize = 3;

/// What came in some time.
#[derive(Debug)]
pub(crate) struct Arrivals {
    /// Microseconds, by what was asked for.
    of: BTreeMap<String, Vec<i64>>,
}

/// The figures that are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) p50_us: i64,
    pub(crate) p99_us: i64,
    /// Busiest tenth of a second over the mean one.
    pub(crate) spread: f64,
}

impl Arrivals {
    /// Of what the server noted, what came within these milliseconds.
    pub(crate) fn read(notes: &str, (from_ms, until_ms): (i64, i64)) -> Self {
        let text = fs::read_to_string(notes).expect("the server's notes");
        let mut of = BTreeMap::<String, Vec<i64>>::new();
        for line in text.lines() {
            let Some((at_us, path)) = line.split_once(' ') else {
                continue;
            };
            let at_us: i64 = at_us.parse().expect("a moment");
            if (from_ms * 1_000..until_ms * 1_000).contains(&at_us) {
                of.entry(path.to_owned()).or_default().push(at_us);
            }
        }
        Self { of }
    }

    /// Prints and gives the figures.
    #[expect(clippy::print_stdout, reason = "its report is its purpose")]
    pub(crate) fn figures(&self, who: &str) -> Figures {
        let mut late: Vec<i64> = self.of.values().flat_map(|at_us| late(at_us)).collect();
        late.sort_unstable();
        let moments: Vec<i64> = self.of.values().flatten().map(|us| us / 1_000).collect();
        let figures = Figures {
            p50_us: report::at(&late, 50),
            p99_us: report::at(&late, 99),
            spread: report::busiest_over_mean(&moments),
        };
        println!(
            "arrivals of {who}: {} of {} targets; after each target's earliest p50 {} p95 {} \
             p99 {} ms; busiest 100 ms over mean {:.2}",
            moments.len(),
            self.of.len(),
            report::ms(figures.p50_us),
            report::ms(report::at(&late, 95)),
            report::ms(figures.p99_us),
            figures.spread,
        );
        figures
    }
}

/// How much later than the earliest each came, off a grid of the interval.
fn late(at_us: &[i64]) -> Vec<i64> {
    if at_us.len() < OF_EACH_MIN {
        return Vec::new();
    }
    let step = i64::try_from(INTERVAL_S).expect("short") * 1_000_000;
    let off = |at: &i64| (at - at_us[0] + step / 2).rem_euclid(step) - step / 2;
    let earliest = at_us.iter().map(off).min().unwrap_or_default();
    at_us.iter().map(|at| off(at) - earliest).collect()
}
