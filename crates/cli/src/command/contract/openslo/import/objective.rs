//! `objectives` and `budgetingMethod`: what is promised, and by which formula.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use sla::contract::metric::{
    EmptyInterval, INTERVAL_SECONDS_MAX, IntervalMean, Kinds, RequestRatio,
};
use sla::contract::{
    BadMinute, Commitment, Decimal, DowntimeMinutes, Metric, Percent, Text, WindowRule,
};
use sla::{Basis, Fraction};

use super::super::Warnings;
use super::super::duration::Duration;
use super::super::slices::{complement, window_start};
use super::super::yaml::{At, cut};
use super::head::slug;
use super::{line, unread};

/// Digits that show a percentage exactly that was a ratio of at most nine decimals.
const PERCENT_DIGITS: u8 = 7;

const KEYS: [&str; 10] = [
    "displayName",
    "op",
    "value",
    "target",
    "targetPercent",
    "timeSliceTarget",
    "timeSliceWindow",
    "indicator",
    "indicatorRef",
    "compositeWeight",
];

/// How OpenSLO spends a budget of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Occurrences,
    Timeslices,
    RatioTimeslices,
}

/// Reads all objectives; each becomes a commitment.
pub(super) fn read(
    spec: &At<'_>,
    window: &WindowRule,
    threshold: bool,
    warnings: &mut Warnings,
) -> anyhow::Result<Vec<Commitment>> {
    let method = Method::read(&spec.get("budgetingMethod")?)?;
    let list = spec.get("objectives")?;
    let mut ids = BTreeSet::new();
    let mut commitments = Vec::new();
    for (index, objective) in list.items()?.iter().enumerate() {
        unread(objective, &KEYS, warnings)?;
        if let Some(weight) = objective.find("compositeWeight")? {
            warnings.push(weight.say(
                "is left out: each objective becomes a commitment of its own, and their weighted mean none",
            ));
        }
        let mut id = id(objective, index)?;
        let mut numbers = index + 1..;
        while let (false, Some(number)) = (ids.insert(id.clone()), numbers.next()) {
            id = format!("objective-{number}");
        }
        let metric = method.metric(objective, window, warnings)?;
        let mut commitment = commitment(id.parse()?, target(objective)?, metric);
        if threshold {
            commitment.basis = Basis::Assumed;
            commitment.note = Some(compared(objective)?);
        }
        commitments.push(commitment);
    }
    if commitments.is_empty() {
        return Err(list.fault("must have at least one objective"));
    }
    Ok(commitments)
}

fn commitment(id: Text, target: Percent, metric: Metric) -> Commitment {
    Commitment {
        id,
        target,
        compare: sla::contract::Compare::Ge,
        rounding: sla::contract::Rounding::default(),
        requires: std::collections::BTreeMap::new(),
        overrides: Vec::new(),
        metric,
        alternatives: Vec::new(),
        credit: None,
        basis: Basis::Stated,
        provenance: None,
        note: None,
    }
}

fn id(objective: &At<'_>, index: usize) -> anyhow::Result<String> {
    let named = match objective.find("displayName")? {
        Some(name) => slug(name.text()?),
        None => String::new(),
    };
    Ok(if named.is_empty() {
        format!("objective-{}", index + 1)
    } else {
        named
    })
}

/// What the objective compares its metric with, which is not judged.
fn compared(objective: &At<'_>) -> anyhow::Result<Text> {
    let word = |key: &str| -> anyhow::Result<String> {
        let at = objective.find(key)?;
        at.map_or(Ok(String::new()), |at| Ok(cut(at.text()?)))
    };
    let (op, value) = (word("op")?, word("value")?);
    line(&format!(
        "OpenSLO compares a metric: {op} {value}; that is not judged here."
    ))
    .ok_or_else(|| objective.fault("has nothing to compare with"))
}

/// The target, read from its text: it never was a float.
fn target(objective: &At<'_>) -> anyhow::Result<Percent> {
    let (ratio, percent) = (objective.find("target")?, objective.find("targetPercent")?);
    let (at, target) = match (ratio, percent) {
        (Some(_), Some(both)) => return Err(both.fault("give either this or `target`")),
        (None, None) => return Err(objective.fault("lacks `target` or `targetPercent`")),
        (Some(at), None) => {
            let ratio = ratio_of(&at)?;
            let text = ratio.fraction().percent_string(PERCENT_DIGITS);
            (at, text.parse::<Percent>()?)
        }
        (None, Some(at)) => {
            let percent: Percent = at.text()?.parse().map_err(|error| at.fault(error))?;
            (at, percent)
        }
    };
    if *target.fraction() >= Fraction::one() {
        return Err(at.fault("must be below 100 %: `target: 0.995` is `targetPercent: 99.5`"));
    }
    Ok(target)
}

fn ratio_of(at: &At<'_>) -> anyhow::Result<Decimal> {
    at.text()?.parse().map_err(|error| at.fault(error))
}

impl Method {
    fn read(at: &At<'_>) -> anyhow::Result<Self> {
        match at.text()? {
            "Occurrences" => Ok(Self::Occurrences),
            "Timeslices" => Ok(Self::Timeslices),
            "RatioTimeslices" => Ok(Self::RatioTimeslices),
            other => Err(at.fault(format_args!(
                "`{}` must be Occurrences, Timeslices or RatioTimeslices",
                cut(other)
            ))),
        }
    }

    fn metric(
        self,
        objective: &At<'_>,
        window: &WindowRule,
        warnings: &mut Warnings,
    ) -> anyhow::Result<Metric> {
        let unused: &[&str] = match self {
            Self::Occurrences => &["timeSliceTarget", "timeSliceWindow"],
            Self::Timeslices => &[],
            Self::RatioTimeslices => &["timeSliceTarget"],
        };
        for key in unused {
            if let Some(at) = objective.find(key)? {
                warnings.push(at.say("is left out: this budgetingMethod does not use it"));
            }
        }
        match self {
            Self::Occurrences => Ok(Metric::RequestRatio(RequestRatio {
                dedupe: None,
                success_within_s: None,
                kinds: Kinds::planned_and_traffic(),
            })),
            Self::Timeslices => bad_minutes(objective, warnings),
            Self::RatioTimeslices => mean(objective, window, warnings),
        }
    }
}

/// A slice is bad when its share of good events is below the target, so when the share of errors
/// is above what the target leaves.
fn bad_minutes(objective: &At<'_>, warnings: &mut Warnings) -> anyhow::Result<Metric> {
    let length = objective.get("timeSliceWindow")?;
    if Duration::of_slice(&length)?.minutes() != Some(1) {
        return Err(length.fault(
            "a contract judges single minutes, not longer slices: the nearest are `timeSliceWindow: 1m`, or `budgetingMethod: RatioTimeslices`, which takes the mean of such slices",
        ));
    }
    let at = objective.get("timeSliceTarget")?;
    let good = ratio_of(&at)?;
    if *good.fraction() == Fraction::zero() || *good.fraction() > Fraction::one() {
        return Err(at.fault("must be a ratio above 0 and up to 1"));
    }
    let threshold = complement(good.fraction()).ok_or_else(|| at.fault("must be up to 1"))?;
    warnings.push(
        "OpenSLO leaves open what a time slice without events is: a minute without a valid request is never bad"
            .to_owned(),
    );
    Ok(Metric::DowntimeMinutes(DowntimeMinutes {
        rule: BadMinute::RateGt { threshold },
        min_run_minutes: NonZeroU32::MIN,
        min_valid_per_minute: 0,
        kinds: Kinds::all_but_manual(),
    }))
}

fn mean(
    objective: &At<'_>,
    window: &WindowRule,
    warnings: &mut Warnings,
) -> anyhow::Result<Metric> {
    let length = objective.get("timeSliceWindow")?;
    let minutes = Duration::of_slice(&length)?.minutes();
    let short = minutes.filter(|minutes| *minutes <= u64::from(INTERVAL_SECONDS_MAX / 60));
    let interval_minutes = short
        .and_then(|minutes| NonZeroU32::new(u32::try_from(minutes).ok()?))
        .ok_or_else(|| length.fault("a contract has intervals of up to a day: at most 24h"))?;
    warnings.push(
        "OpenSLO leaves open what a time slice without events is: empty is \"unknown\", and both ways are judged"
            .to_owned(),
    );
    Ok(Metric::IntervalMean(IntervalMean {
        interval_minutes,
        align: window_start(interval_minutes, window),
        empty: EmptyInterval::Unknown,
        min_valid: 0,
        kinds: Kinds::planned_and_traffic(),
    }))
}
