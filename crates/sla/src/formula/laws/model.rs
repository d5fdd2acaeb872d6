//! What every family observes once more, the slow way: from lists of samples, minute by minute.

use num_traits::{One, Zero};

use super::*;

/// A metric by its numbers.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    Downtime(BadMinutes),
    Outages {
        minutes: BadMinutes,
        /// Whether every minute of an outage is lost as a whole.
        whole: bool,
    },
    Intervals {
        minutes: i64,
        /// Epoch, start of the window or midnight.
        align: u8,
        skip: bool,
        volume: u64,
    },
    Requests {
        dedupe_s: Option<i64>,
        within_s: Option<u64>,
    },
    Windows {
        minutes: i64,
        percentile: usize,
        method: u8,
        compare: u8,
        least: usize,
    },
    FastRequests {
        compare: u8,
    },
}

#[derive(Clone, Debug)]
pub(super) struct BadMinutes {
    /// Above, at least, all, any.
    pub(super) kind: u8,
    pub(super) hundredths: u64,
    pub(super) run: usize,
    pub(super) volume: u64,
}

const COMPARE: [&str; 4] = ["gt", "ge", "lt", "le"];
const METHODS: [&str; 3] = ["nearest_rank_lower", "nearest_rank", "linear"];
const QUANTITY: &str = r#"quantity = "output_tokens_per_second", quantity_definition = "tokens_over_total", value = "60""#;

impl BadMinutes {
    fn keys(&self) -> String {
        let threshold = self.hundredths.max(u64::from(self.kind == 1));
        let rule = match self.kind {
            0 => format!(r#"rule = "rate_gt", threshold = "0.{threshold:02}""#),
            1 => format!(r#"rule = "rate_ge", threshold = "0.{threshold:02}""#),
            2 => r#"rule = "all_fail""#.to_owned(),
            _ => r#"rule = "any_fail""#.to_owned(),
        };
        let (run, volume) = (self.run, self.volume);
        format!("{rule}, min_run_minutes = {run}, min_valid_per_minute = {volume}")
    }

    fn is_bad(&self, errors: u64, valid: u64) -> bool {
        let by_rule = match self.kind {
            0 => errors * 100 > self.hundredths * valid,
            1 => errors * 100 >= self.hundredths.max(1) * valid,
            2 => errors == valid,
            _ => errors > 0,
        };
        valid > 0 && valid >= self.volume && by_rule
    }
}

impl Rule {
    pub(super) const fn is_by_minute(&self) -> bool {
        matches!(self, Self::Downtime(_) | Self::Outages { .. })
    }

    pub(super) fn keys(&self) -> String {
        match self {
            Self::Downtime(minutes) => {
                format!(r#"family = "downtime_minutes", {}"#, minutes.keys())
            }
            Self::Outages { minutes, whole } => format!(
                r#"family = "outage_proportional", {}, affected_ratio = "{}""#,
                minutes.keys(),
                if *whole { "one" } else { "measured" }
            ),
            Self::Intervals {
                minutes,
                align,
                skip,
                volume,
            } => format!(
                r#"family = "interval_mean", interval_s = {}, align = "{}", empty = "{}", min_valid = {volume}"#,
                minutes * 60,
                ["epoch", "window_start", "local_midnight"][usize::from(*align)],
                if *skip { "skip" } else { "up" },
            ),
            Self::Requests { dedupe_s, within_s } => {
                let dedupe = dedupe_s.map_or(String::new(), |s| {
                    format!(r#", dedupe = {{ kind = "repeat_errors", window_s = {s} }}"#)
                });
                let within =
                    within_s.map_or(String::new(), |s| format!(", success_within_s = {s}"));
                format!(r#"family = "request_ratio"{dedupe}{within}"#)
            }
            Self::Windows {
                minutes,
                percentile,
                method,
                compare,
                least,
            } => format!(
                r#"family = "latency_attainment", aggregate = "windows", {QUANTITY}, window_s = {}, percentile = "{percentile}", percentile_method = "{}", compare = "{}", min_samples_per_window = {least}"#,
                minutes * 60,
                METHODS[usize::from(*method)],
                COMPARE[usize::from(*compare)],
            ),
            Self::FastRequests { compare } => format!(
                r#"family = "latency_attainment", aggregate = "requests", {QUANTITY}, compare = "{}""#,
                COMPARE[usize::from(*compare)],
            ),
        }
    }
}

/// How uptime is seen, if anything is.
pub(super) fn observed(case: &Case) -> Option<BigRational> {
    match &case.rule {
        Rule::Downtime(minutes) => by_minutes(case, minutes, true, false),
        Rule::Outages { minutes, whole } => by_minutes(case, minutes, *whole, false),
        Rule::Intervals {
            minutes,
            align,
            skip,
            volume,
        } => by_intervals(case, (*minutes, *align), *skip, *volume),
        Rule::Requests { dedupe_s, within_s } => by_requests(case, *dedupe_s, *within_s),
        Rule::Windows {
            minutes,
            percentile,
            method,
            compare,
            least,
        } => by_windows(case, *minutes, *least, |values| {
            kept(*compare, &quantile(values, *percentile, *method))
        }),
        Rule::FastRequests { compare } => by_fast_requests(case, *compare),
    }
}

/// The same for families of minutes, where minutes without a sample are good ones.
pub(super) fn observed_of_all_minutes(case: &Case) -> Option<BigRational> {
    match &case.rule {
        Rule::Downtime(minutes) => by_minutes(case, minutes, true, true),
        Rule::Outages { minutes, whole } => by_minutes(case, minutes, *whole, true),
        _ => None,
    }
}

fn of_minute(case: &Case, index: usize) -> Vec<&Shot> {
    case.inside().filter(|shot| minute(shot) == index).collect()
}

fn number(shots: &[&Shot], class: EventClass) -> u64 {
    let count = shots.iter().filter(|shot| shot.class == class).count();
    u64::try_from(count).unwrap()
}

/// Errors, valid requests, and whether anything is known.
fn counts(shots: &[&Shot]) -> (u64, u64, bool) {
    let errors = number(shots, EventClass::Error);
    let valid = errors + number(shots, EventClass::Success);
    let only_others =
        number(shots, EventClass::Unknown) == 0 && number(shots, EventClass::NotValid) > 0;
    (errors, valid, valid > 0 || only_others)
}

fn share(part: u64, all: u64) -> BigRational {
    BigRational::new(part.into(), all.into())
}

fn by_minutes(
    case: &Case,
    rule: &BadMinutes,
    whole: bool,
    dark_is_up: bool,
) -> Option<BigRational> {
    let minutes = case.standings.len();
    let judged = |i: usize| case.standings[i] == Standing::Judged;
    let count = |i: usize| counts(&of_minute(case, i));
    let bad = |i: usize| judged(i) && rule.is_bad(count(i).0, count(i).1);
    let mut lost = BigRational::zero();
    for index in (0..minutes).filter(|i| bad(*i)) {
        let mut run = vec![index];
        run.extend((0..index).rev().take_while(|i| bad(*i)));
        run.extend((index + 1..minutes).take_while(|i| bad(*i)));
        if run.len() >= rule.run {
            let errors: u64 = run.iter().map(|i| count(*i).0).sum();
            let valid: u64 = run.iter().map(|i| count(*i).1).sum();
            lost += if whole {
                BigRational::one()
            } else {
                share(errors, valid)
            };
        }
    }
    let up = Standing::Excluded(Effect::TreatAsUp);
    let known = |i: &usize| judged(*i) && (dark_is_up || count(*i).2);
    let seen = (0..minutes).filter(known).count();
    let all = seen + (0..minutes).filter(|i| case.standings[*i] == up).count();
    (seen > 0).then(|| BigRational::one() - lost / BigRational::from_integer(all.into()))
}

/// Groups of positions that lie in the same unit of a grid.
fn groups(case: &Case, minutes: i64, align: u8) -> Vec<Vec<usize>> {
    let key = |index: usize| {
        let minute = case.start + i64::try_from(index).unwrap();
        match align {
            0 => (0, minute.div_euclid(minutes)),
            1 => (0, (minute - case.start).div_euclid(minutes)),
            _ => (minute.div_euclid(1440), minute.rem_euclid(1440) / minutes),
        }
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for index in 0..case.standings.len() {
        match groups.last_mut() {
            Some(group) if key(group[0]) == key(index) => group.push(index),
            _ => groups.push(vec![index]),
        }
    }
    groups
}

fn by_intervals(case: &Case, grid: (i64, u8), skip: bool, volume: u64) -> Option<BigRational> {
    let up = Standing::Excluded(Effect::TreatAsUp);
    let (mut shares, mut measured) = (Vec::new(), false);
    for group in groups(case, grid.0, grid.1) {
        let standings: Vec<Standing> = group.iter().map(|i| case.standings[*i]).collect();
        if standings.contains(&Standing::Future) {
            continue;
        }
        if !standings.contains(&Standing::Judged) {
            if standings.contains(&up) {
                shares.push(BigRational::one());
            }
            continue;
        }
        let mut shots: Vec<Shot> = Vec::new();
        for index in group {
            let here = of_minute(case, index).into_iter().cloned();
            match case.standings[index] {
                Standing::Judged => shots.extend(here),
                standing if standing == up => shots.extend(here.map(|mut shot| {
                    if shot.class != EventClass::NotValid {
                        shot.class = EventClass::Success;
                    }
                    shot
                })),
                _ => {}
            }
        }
        let (errors, valid, known) = counts(&shots.iter().collect::<Vec<_>>());
        if !known {
            continue;
        }
        let enough = valid > 0 && valid >= volume;
        if enough {
            shares.push(BigRational::one() - share(errors, valid));
        } else if !skip {
            shares.push(BigRational::one());
        }
        measured |= enough || !skip;
    }
    let count = BigRational::from_integer(shares.len().into());
    let sum: BigRational = shares.iter().sum();
    measured.then(|| sum / count)
}

fn by_requests(case: &Case, dedupe_s: Option<i64>, within_s: Option<u64>) -> Option<BigRational> {
    let mut successes = 0;
    let mut errors = Vec::new();
    for shot in case.inside() {
        let slow = |end: u64| within_s.is_some_and(|within| end > within * 1_000_000);
        match (case.standings[minute(shot)], shot.class) {
            (_, EventClass::NotValid)
            | (Standing::Future | Standing::Excluded(Effect::RemoveFromDenominator), _) => {}
            (Standing::Excluded(_), _) => successes += 1,
            (_, EventClass::Unknown) => {}
            (_, EventClass::Error) => errors.push(shot.second),
            (_, EventClass::Success) => match (within_s, shot.end_us) {
                (Some(_), None) => {}
                (Some(_), Some(end)) if slow(end) => errors.push(shot.second),
                _ => successes += 1,
            },
        }
    }
    errors.sort_unstable();
    let mut kept: Vec<i64> = Vec::new();
    for second in errors {
        let window = dedupe_s.unwrap_or(0);
        if kept.iter().all(|other| second >= other + window) {
            kept.push(second);
        }
    }
    let all = successes + u64::try_from(kept.len()).unwrap();
    (all > 0).then(|| share(successes, all))
}

/// Tokens per second, where it is known that a sample is valid and how fast.
fn speed(shot: &Shot) -> Option<BigRational> {
    let (tokens, us) = (shot.output_tokens?, shot.last_us?);
    let valid = shot.class == EventClass::Success && tokens > 0 && us > 0;
    valid.then(|| BigRational::new((tokens * 1_000_000).into(), us.into()))
}

fn kept(compare: u8, value: &BigRational) -> bool {
    let promise = BigRational::from_integer(60.into());
    match compare {
        0 => *value > promise,
        1 => *value >= promise,
        2 => *value < promise,
        _ => *value <= promise,
    }
}

/// The percentile of at least one value.
fn quantile(mut values: Vec<BigRational>, percentile: usize, method: u8) -> BigRational {
    values.sort();
    let last = values.len() - 1;
    let position = BigRational::new((percentile * last).into(), 100.into());
    let lower = percentile * last / 100;
    match method {
        0 => values[lower].clone(),
        1 => {
            let rank = (1..=values.len()).find(|rank| rank * 100 >= percentile * values.len());
            values[rank.unwrap() - 1].clone()
        }
        _ => {
            let upper = (lower + 1).min(last);
            let weight = position - BigRational::from_integer(lower.into());
            &values[lower] * (BigRational::one() - &weight) + &values[upper] * weight
        }
    }
}

fn by_windows(
    case: &Case,
    minutes: i64,
    least: usize,
    is_kept: impl Fn(Vec<BigRational>) -> bool,
) -> Option<BigRational> {
    let (mut good, mut all, mut measured) = (0, 0, false);
    for group in groups(case, minutes, 0) {
        let standings: Vec<Standing> = group.iter().map(|i| case.standings[*i]).collect();
        if standings.contains(&Standing::Future) {
            continue;
        }
        if !standings.contains(&Standing::Judged) {
            let up = u64::from(standings.contains(&Standing::Excluded(Effect::TreatAsUp)));
            (good, all) = (good + up, all + up);
            continue;
        }
        let judged = group
            .iter()
            .filter(|i| case.standings[**i] == Standing::Judged);
        let shots = judged.flat_map(|index| of_minute(case, *index));
        let values: Vec<BigRational> = shots.filter_map(speed).collect();
        if values.len() >= least {
            measured = true;
            good += u64::from(is_kept(values));
            all += 1;
        }
    }
    measured.then(|| share(good, all))
}

fn by_fast_requests(case: &Case, compare: u8) -> Option<BigRational> {
    let judged = |shot: &&Shot| case.standings[minute(shot)] == Standing::Judged;
    let values: Vec<BigRational> = case.inside().filter(judged).filter_map(speed).collect();
    let good = values.iter().filter(|value| kept(compare, value)).count();
    let all = u64::try_from(values.len()).unwrap();
    (all > 0).then(|| share(u64::try_from(good).unwrap(), all))
}
