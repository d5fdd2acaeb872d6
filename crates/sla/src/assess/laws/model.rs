//! Uptime once more, the slow way: from lists of samples, minute by minute, without cells.

use num_rational::BigRational;
use num_traits::{One, Zero};

use super::*;

pub(super) struct Expected {
    pub(super) observed: Option<BigRational>,
    pub(super) high: BigRational,
    pub(super) low: BigRational,
}

/// What is known about one minute or interval: the least and the greatest share of it that may
/// have been lost, and the share that was seen to be lost.
enum Unit {
    Gone,
    Future,
    Unmeasured,
    Known {
        least: BigRational,
        seen: BigRational,
        most: BigRational,
        excluded: bool,
    },
}

/// One sample as the contract sees it.
#[derive(Clone, Copy, PartialEq)]
enum Event {
    Error,
    Success,
    NotValid,
    Unknown,
    Late,
}

pub(super) fn bounds(case: &Case, late_counts: bool) -> Expected {
    match case.formula {
        Formula::Minutes {
            threshold,
            run,
            volume,
        } => minutes(
            case,
            late_counts,
            |errors, valid, volume_of| {
                let fails = match threshold {
                    Some(hundredths) => errors * 100 > u64::from(hundredths) * valid,
                    None => valid > 0 && errors == valid,
                };
                fails && volume_of >= volume
            },
            run,
        ),
        Formula::Intervals { skip_empty, .. } => intervals(case, late_counts, skip_empty),
    }
}

fn event(case: &Case, class: &Class, late_counts: bool) -> Option<Event> {
    let counted = match (class.kind, &case.formula) {
        (Kind::Manual, _) => false,
        (Kind::Planned, _) | (_, Formula::Minutes { .. }) => true,
        _ => class.source == Source::Traffic,
    };
    if !counted {
        return None;
    }
    if class.late && !late_counts {
        return Some(Event::Late);
    }
    Some(match class.status.unwrap() {
        500 => Event::Error,
        400 => Event::NotValid,
        300 => Event::Unknown,
        _ => Event::Success,
    })
}

fn events_at(case: &Case, offset: i64, late_counts: bool) -> Vec<Event> {
    let here = case.samples.iter().filter(|s| s.offset == offset);
    here.filter_map(|s| event(case, &s.class, late_counts))
        .collect()
}

/// `up` wins over `removed`. What is removed is so before it has happened, too.
fn exclusion_at(case: &Case, offset: i64) -> Option<&'static str> {
    let on = |kind: &str| {
        case.exclusions
            .iter()
            .any(|(start, length, k)| *k == kind && *start <= offset && offset < start + length)
    };
    ["up", "removed"].into_iter().find(|kind| on(kind))
}

fn number(events: &[Event], wanted: &[Event]) -> u64 {
    events
        .iter()
        .filter(|e| wanted.contains(e))
        .count()
        .try_into()
        .unwrap()
}

fn minutes(
    case: &Case,
    late_counts: bool,
    bad: impl Fn(u64, u64, u64) -> bool,
    run: usize,
) -> Expected {
    use Event::{Error, Late, NotValid, Success, Unknown};
    // Per minute: certainly bad, seen to be bad, possibly bad; in the fraction; known; measured.
    let mut rows: Vec<([bool; 3], bool, bool, bool)> = Vec::new();
    for offset in 0..case.length {
        let events = events_at(case, offset, late_counts);
        let of = |wanted: &[Event]| number(&events, wanted);
        let exclusion = exclusion_at(case, offset);
        rows.push(if exclusion == Some("removed") {
            ([false; 3], false, false, false)
        } else if offset >= case.past {
            ([false, false, true], true, false, false)
        } else if exclusion.is_some() {
            ([false; 3], true, true, false)
        } else if of(&[Error, Success]) > 0 {
            let (errors, valid) = (of(&[Error]), of(&[Error, Success]));
            let certain = bad(errors, of(&[Error, Success, Unknown, Late]), valid);
            let with_unknown = of(&[Error, Success, Unknown]);
            let possible = (0..=of(&[Late])).any(|late| {
                let valid = with_unknown + late;
                bad(of(&[Error, Unknown]), valid, valid)
            });
            (
                [certain, bad(errors, valid, valid), possible],
                true,
                true,
                true,
            )
        } else if of(&[Unknown, Late]) == 0 && of(&[NotValid]) > 0 {
            ([false; 3], true, true, true)
        } else {
            ([false, false, true], true, false, false)
        });
    }
    let down = |which: usize| {
        let bad = |index: i64| {
            usize::try_from(index)
                .ok()
                .and_then(|i| rows.get(i))
                .is_some_and(|r| r.0[which])
        };
        let reach = |index: i64, step: i64| {
            (1..=case.length)
                .take_while(|n| bad(index + n * step))
                .count()
        };
        let counted = (0..case.length)
            .filter(|index| bad(*index) && reach(*index, 1) + reach(*index, -1) + 1 >= run);
        counted.count()
    };
    let share = |lost: usize, of: usize| {
        (of > 0).then(|| BigRational::one() - BigRational::new(lost.into(), of.into()))
    };
    let all = rows.iter().filter(|row| row.1).count();
    let known = rows.iter().filter(|row| row.2).count();
    let measured = rows.iter().any(|row| row.3);
    Expected {
        observed: measured.then(|| share(down(1), known)).flatten(),
        high: share(down(0), all).unwrap_or_else(BigRational::one),
        low: share(down(2), all).unwrap_or_else(BigRational::zero),
    }
}

fn intervals(case: &Case, late_counts: bool, skip_empty: bool) -> Expected {
    let mut units = Vec::new();
    let mut offset = 0;
    while offset < case.length {
        let end = case.unit(offset).end.min(case.length);
        units.push(interval(case, offset..end, late_counts, skip_empty));
        offset = end;
    }
    let mean = |share: fn(&Unit) -> Option<BigRational>| {
        let shares: Vec<BigRational> = units.iter().filter_map(share).collect();
        let count = BigRational::from_integer(shares.len().into());
        let sum: BigRational = shares.iter().sum();
        (!shares.is_empty()).then(|| BigRational::one() - sum / count)
    };
    let measured = units.iter().any(|u| {
        matches!(
            u,
            Unit::Known {
                excluded: false,
                ..
            }
        )
    });
    let observed = mean(|unit| match unit {
        Unit::Known { seen, .. } => Some(seen.clone()),
        _ => None,
    });
    let high = mean(|unit| match unit {
        Unit::Gone => None,
        Unit::Known { least, .. } => Some(least.clone()),
        Unit::Future | Unit::Unmeasured => Some(BigRational::zero()),
    });
    let low = mean(|unit| match unit {
        Unit::Gone => None,
        Unit::Known { most, .. } => Some(most.clone()),
        Unit::Future | Unit::Unmeasured => Some(BigRational::one()),
    });
    Expected {
        observed: observed.filter(|_| measured),
        high: high.unwrap_or_else(BigRational::one),
        low: low.unwrap_or_else(BigRational::zero),
    }
}

fn interval(case: &Case, range: std::ops::Range<i64>, late_counts: bool, skip_empty: bool) -> Unit {
    use Event::{Error, Late, NotValid, Success, Unknown};
    let known = |least, seen, most, excluded| Unit::Known {
        least,
        seen,
        most,
        excluded,
    };
    let none = BigRational::zero;
    let kinds: Vec<_> = range
        .clone()
        .map(|offset| exclusion_at(case, offset))
        .collect();
    if kinds.iter().all(|kind| *kind == Some("removed")) {
        return Unit::Gone;
    }
    let ahead = |offset: i64| offset >= case.past && exclusion_at(case, offset) != Some("removed");
    if range.clone().any(ahead) {
        return Unit::Future;
    }
    if kinds.iter().all(Option::is_some) {
        return known(none(), none(), none(), true);
    }
    let mut events = Vec::new();
    for offset in range {
        let here = events_at(case, offset, late_counts);
        match exclusion_at(case, offset) {
            None => events.extend(here),
            Some("up") => events.extend(here.into_iter().map(|event| match event {
                Error | Success | Unknown => Success,
                Late | NotValid => event,
            })),
            Some(_) => {}
        }
    }
    let of = |wanted: &[Event]| number(&events, wanted);
    let share = |errors: u64, valid: u64| BigRational::new(errors.into(), valid.into());
    let valid = of(&[Error, Success]);
    if valid > 0 {
        let unknown = of(&[Unknown]);
        let least = share(of(&[Error]), valid + unknown + of(&[Late]));
        let most = share(of(&[Error]) + unknown, valid + unknown);
        return known(least, share(of(&[Error]), valid), most, false);
    }
    match (of(&[Unknown, Late]) == 0 && of(&[NotValid]) > 0, skip_empty) {
        (false, _) => Unit::Unmeasured,
        (true, true) => Unit::Gone,
        (true, false) => known(none(), none(), none(), false),
    }
}
