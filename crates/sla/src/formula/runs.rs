//! Runs of bad minutes, which `downtime_minutes` counts and `outage_proportional` weighs.
//!
//! Runs are looked for in all minutes given, and end at every minute that is not bad, an excluded
//! one included; only their minutes inside the window count. Assumptions are sound for every
//! meaning that an unknown sample can have: a minute is bad for certain only if its own valid
//! requests reach the minimum volume and their errors the rule even with all unknown samples as
//! successes. So every certain run lies in a run as it really was, and that one in a possible run.

use std::ops::Range;

use super::{Assumption, Minutes};
use crate::assessment::Downtime;
use crate::contract::Effect;
use crate::contract::metric::{BadMinute, DowntimeMinutes};
use crate::standing::Standing;
use crate::tally::Tally;

/// The rule with its threshold as integers.
pub(super) struct Judge {
    rule: Rule,
    min_valid: u64,
}

#[derive(Clone, Copy)]
enum Rule {
    Above(u64, u64),
    AtLeast(u64, u64),
    All,
    Any,
}

/// Maximal runs of bad minutes that are long enough to count and reach into the window.
pub(super) fn runs(
    rule: &DowntimeMinutes,
    minutes: Minutes<'_>,
    assumption: Assumption,
) -> Vec<Range<usize>> {
    let judge = Judge::new(rule);
    let shortest = usize::try_from(rule.min_run_minutes.get()).unwrap_or(usize::MAX);
    let mut runs = Vec::new();
    let mut start = 0;
    let mut finish = |run: Range<usize>| {
        if run.len() >= shortest && !clip(&run, &minutes.inside()).is_empty() {
            runs.push(run);
        }
    };
    for (index, (standing, tally)) in minutes.standings.iter().zip(minutes.tallies).enumerate() {
        if !judge.is_bad(*standing, tally, assumption) {
            finish(start..index);
            start = index + 1;
        }
    }
    finish(start..minutes.standings.len());
    runs
}

/// The part of a run that counts.
pub(super) fn clip(run: &Range<usize>, inside: &Range<usize>) -> Range<usize> {
    run.start.max(inside.start)..run.end.min(inside.end)
}

/// Minutes that uptime is a share of: all of them, and without the unmeasured and future ones
/// (`None` where no minute was measured).
pub(super) fn denominators(minutes: Minutes<'_>) -> (u64, Option<u64>) {
    let (mut all, mut known, mut measured) = (0, 0, 0);
    for index in minutes.inside() {
        match minutes.standings[index] {
            Standing::Excluded(Effect::TreatAsUp | Effect::NotExcluded) => {
                all += 1;
                known += 1;
            }
            Standing::Excluded(Effect::RemoveFromDenominator) => {}
            Standing::Future => all += 1,
            Standing::Judged => {
                all += 1;
                let seen = u64::from(!minutes.tallies[index].is_unmeasured());
                known += seen;
                measured += seen;
            }
        }
    }
    (all, (measured > 0).then_some(known))
}

/// Everything that was counted in a run.
pub(super) fn total(minutes: Minutes<'_>, run: Range<usize>) -> Tally {
    let mut total = Tally::default();
    for tally in &minutes.tallies[run] {
        total.add(tally);
    }
    total
}

/// The part of a run inside the window, with what was counted in it.
pub(super) fn downtime(minutes: Minutes<'_>, run: &Range<usize>) -> Downtime {
    let run = clip(run, &minutes.inside());
    let total = total(minutes, run.clone());
    Downtime {
        start: minutes.at(run.start),
        end: minutes.at(run.end),
        valid: total.valid(),
        errors: total.errors,
        start_known_to_s: None,
        end_known_to_s: None,
    }
}

impl Judge {
    pub(super) fn new(rule: &DowntimeMinutes) -> Self {
        let pair = |threshold: &crate::contract::Decimal| {
            let pair = threshold.fraction().to_u64_pair();
            pair.expect("parsed decimals fit 64 bits")
        };
        Self {
            rule: match &rule.rule {
                BadMinute::RateGt { threshold } => {
                    let (num, den) = pair(threshold);
                    Rule::Above(num, den)
                }
                BadMinute::RateGe { threshold } => {
                    let (num, den) = pair(threshold);
                    Rule::AtLeast(num, den)
                }
                BadMinute::AllFail => Rule::All,
                BadMinute::AnyFail => Rule::Any,
            },
            min_valid: rule.min_valid_per_minute,
        }
    }

    /// The share of errors that every bad minute reaches, and so every run of them: its numerator
    /// and denominator.
    pub(super) const fn least_share(&self) -> (u64, u64) {
        match self.rule {
            Rule::Above(num, den) | Rule::AtLeast(num, den) => (num, den),
            Rule::All => (1, 1),
            Rule::Any => (0, 1),
        }
    }

    fn is_bad(&self, standing: Standing, tally: &Tally, assumption: Assumption) -> bool {
        match standing {
            Standing::Excluded(_) => false,
            Standing::Future => assumption == Assumption::AllDown,
            Standing::Judged if tally.is_unmeasured() => assumption == Assumption::AllDown,
            Standing::Judged => {
                let valid = tally.valid();
                match assumption {
                    Assumption::AllUp => {
                        let with_unknown = valid + tally.uncertain();
                        valid >= self.min_valid && self.fails(tally.errors, with_unknown)
                    }
                    Assumption::MeasuredOnly => {
                        valid >= self.min_valid && self.fails(tally.errors, valid)
                    }
                    Assumption::AllDown => {
                        let errors = tally.errors + tally.unknown;
                        let with_unknown = valid + tally.unknown;
                        // Late successes can be what makes the volume.
                        let valid = with_unknown.max(self.min_valid);
                        valid <= with_unknown + tally.late && self.fails(errors, valid)
                    }
                }
            }
        }
    }

    /// The contract's rule on exact counts: cross-multiplied, never divided.
    fn fails(&self, errors: u64, valid: u64) -> bool {
        let sides = |num: u64, den: u64| {
            (
                u128::from(errors) * u128::from(den),
                u128::from(num) * u128::from(valid),
            )
        };
        match self.rule {
            Rule::Above(num, den) => {
                let (errors, threshold) = sides(num, den);
                errors > threshold
            }
            Rule::AtLeast(num, den) => {
                let (errors, threshold) = sides(num, den);
                valid > 0 && errors >= threshold
            }
            Rule::All => valid > 0 && errors == valid,
            Rule::Any => errors > 0,
        }
    }
}
