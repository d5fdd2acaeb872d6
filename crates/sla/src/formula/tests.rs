//! Worked examples, from contracts' own texts and from arithmetic done by hand.

mod downtime_minutes;
mod interval_mean;
mod latency_attainment;
mod outage_proportional;
mod request_ratio;

use domain::GapReason;

use super::*;
use crate::contract::Effect;
use crate::contract::metric::tests::metric;
use crate::timed::{LateSamples, Timed};

/// 2026-11-01T00:00:00Z, the start of a month of 43,200 minutes.
pub(crate) const NOVEMBER: i64 = 29_891_520;
pub(crate) const MONTH: usize = 43_200;

/// What a formula is given.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) window: Window,
    /// Minutes given before and after the window.
    pub(crate) edges: (i64, i64),
    pub(crate) tallies: Vec<Tally>,
    pub(crate) standings: Vec<Standing>,
    pub(crate) missed: BTreeMap<usize, Reasons>,
    pub(crate) zone: crate::contract::TimeZone,
    pub(crate) timed: Option<Timed>,
}

impl Given {
    /// A window from November on, with errors and successes of every minute.
    pub(crate) fn counts(length: usize, of: impl Fn(usize) -> (u64, u64)) -> Self {
        let tally = |(errors, successes)| Tally {
            errors,
            successes,
            ..Tally::default()
        };
        Self {
            window: window(NOVEMBER, length),
            edges: (0, 0),
            tallies: (0..length).map(|minute| tally(of(minute))).collect(),
            standings: vec![Standing::Judged; length],
            missed: BTreeMap::new(),
            zone: TimeZone::UTC,
            timed: None,
        }
    }

    /// One request a minute, which fails where the outage is.
    pub(crate) fn outage(length: usize, fails: impl Fn(usize) -> bool) -> Self {
        Self::counts(length, |minute| if fails(minute) { (1, 0) } else { (0, 1) })
    }

    pub(crate) fn exclude(&mut self, minutes: Range<usize>, effect: Effect) {
        self.standings[minutes].fill(Standing::Excluded(effect));
    }

    /// Minutes in which nothing was measured.
    pub(crate) fn forget(&mut self, minutes: Range<usize>) {
        self.tallies[minutes].fill(Tally::default());
    }

    pub(crate) fn miss(&mut self, minute: usize, slots: u64) {
        let missed = Reasons::of(GapReason::AgentDown, slots);
        self.missed.insert(minute, missed);
    }

    pub(crate) fn bounds(&self, metric: &Metric) -> Bounds {
        bounds(metric, self.minutes(metric, LateSamples::Counted))
    }

    pub(crate) fn detail(&self, metric: &Metric) -> Detail {
        detail(metric, self.minutes(metric, LateSamples::Counted))
    }

    pub(crate) fn minutes(&self, metric: &Metric, late: LateSamples) -> Minutes<'_> {
        let (start, end) = (self.window.start(), self.window.end());
        Minutes {
            span: Window::new(start.plus(-self.edges.0), end.plus(self.edges.1)).unwrap(),
            window: self.window,
            tallies: &self.tallies,
            standings: &self.standings,
            missed: &self.missed,
            zone: self.zone,
            timing: match &self.timed {
                Some(timed) => timed.of(metric, late),
                None => Timing::Untimed,
            },
        }
    }

    /// Nothing is open, and uptime is this.
    #[track_caller]
    pub(crate) fn exactly(&self, keys: &str, uptime: &str) {
        let uptime = fraction(uptime);
        let expected = Bounds {
            observed: Some(uptime.clone()),
            high: uptime.clone(),
            low: uptime,
        };
        assert_eq!(self.bounds(&metric(keys)), expected, "{keys}");
    }
}

pub(crate) fn window(start: i64, length: usize) -> Window {
    let length = i64::try_from(length).unwrap();
    Window::new(Minute::new(start), Minute::new(start + length)).unwrap()
}

#[track_caller]
pub(crate) fn fraction(text: &str) -> Fraction {
    text.parse().unwrap()
}

#[track_caller]
fn between(bounds: &Bounds, observed: &str, low: &str, high: &str) {
    assert_eq!(bounds.observed, Some(fraction(observed)), "observed");
    assert_eq!(bounds.low, fraction(low), "low");
    assert_eq!(bounds.high, fraction(high), "high");
}

fn length(down: &Downtime) -> i64 {
    down.end.get() - down.start.get()
}

#[test]
fn a_target_without_remedy_is_computed_as_its_formula() {
    let given = Given::outage(100, |minute| minute < 7);
    let keys = r#"family = "downtime_minutes", rule = "all_fail", min_run_minutes = 5"#;
    given.exactly(
        &format!(r#"family = "target_only", of = {{ {keys} }}"#),
        "93/100",
    );
    let target = metric(&format!(r#"family = "target_only", of = {{ {keys} }}"#));
    assert_eq!(
        given.detail(&target).downtime,
        given.detail(&metric(keys)).downtime
    );
    assert_eq!(target.family().as_str(), "target_only");
}
