//! Laws that hold for every family and every set of samples, and agreement with a second, slower
//! model that shares no code with the first.

mod model;

use num_rational::BigRational;
use proptest::prelude::*;

use super::tests::{Given, NOVEMBER, window};
use super::*;
use crate::contract::metric::tests::metric;
use crate::contract::{Effect, EventClass};
use crate::timed::tests::{Shot, fold, shots};
use crate::timed::{LateSamples, TimedFold};

use model::Rule;

/// What was measured in a window.
#[derive(Clone, Debug)]
struct Case {
    rule: Rule,
    start: i64,
    standings: Vec<Standing>,
    shots: Vec<Shot>,
}

fn minute_rule() -> impl Strategy<Value = Rule> {
    let minutes = (0..4_u8, 0..60_u64, 1..5_usize, 0..4_u64);
    let minutes = minutes.prop_map(|(kind, hundredths, run, volume)| model::BadMinutes {
        kind,
        hundredths,
        run,
        volume,
    });
    prop_oneof![
        minutes.clone().prop_map(Rule::Downtime),
        (minutes, any::<bool>()).prop_map(|(minutes, whole)| Rule::Outages { minutes, whole }),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    let intervals = (
        prop::sample::select(vec![1, 2, 5, 7]),
        0..3_u8,
        any::<bool>(),
        0..4_u64,
    );
    let requests = (prop::option::of(1..200_i64), prop::option::of(1..4_u64));
    let latency = (
        prop::sample::select(vec![1, 2, 5]),
        prop::sample::select(vec![1, 25, 50, 90, 100]),
        0..3_u8,
        0..4_u8,
        1..4_usize,
    );
    prop_oneof![
        2 => minute_rule(),
        1 => intervals.prop_map(|(minutes, align, skip, volume)| Rule::Intervals {
            minutes,
            align,
            skip,
            volume
        }),
        1 => requests.prop_map(|(dedupe_s, within_s)| Rule::Requests { dedupe_s, within_s }),
        1 => latency.prop_map(
            |(minutes, percentile, method, compare, least)| Rule::Windows {
                minutes,
                percentile,
                method,
                compare,
                least
            }
        ),
        1 => (0..4_u8).prop_map(|compare| Rule::FastRequests { compare }),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    case_of(rule())
}

fn case_of(rule: impl Strategy<Value = Rule>) -> impl Strategy<Value = Case> {
    let standing = prop::sample::select(vec![
        Standing::Judged,
        Standing::Judged,
        Standing::Judged,
        Standing::Judged,
        Standing::Judged,
        Standing::Excluded(Effect::TreatAsUp),
        Standing::Excluded(Effect::RemoveFromDenominator),
    ]);
    let stretches = prop::collection::vec((standing, 1..8_usize), 1..8);
    (rule, 0..130_i64, stretches, 0..60_usize, shots(30, 70)).prop_map(
        |(rule, start, stretches, past, shots)| {
            let mut standings: Vec<Standing> = stretches
                .into_iter()
                .flat_map(|(standing, length)| vec![standing; length])
                .collect();
            standings.truncate(30);
            Case {
                rule,
                start: NOVEMBER + start,
                standings,
                shots,
            }
            .until(past)
        },
    )
}

impl Case {
    fn metric(&self) -> Metric {
        metric(&self.rule.keys())
    }

    /// The same, where minutes from here on have not happened.
    fn until(mut self, past: usize) -> Self {
        let removed = Standing::Excluded(Effect::RemoveFromDenominator);
        for standing in self.standings.iter_mut().skip(past) {
            if *standing != removed {
                *standing = Standing::Future;
            }
        }
        self
    }

    /// The same, where every minute has happened.
    fn whole(mut self) -> Self {
        for standing in &mut self.standings {
            if *standing == Standing::Future {
                *standing = Standing::Judged;
            }
        }
        self
    }

    fn inside(&self) -> impl Iterator<Item = &Shot> {
        let minutes = self.standings.len();
        self.shots.iter().filter(move |s| minute(s) < minutes)
    }

    fn given(&self, late: LateSamples) -> Given {
        let mut given = Given::counts(self.standings.len(), |_| (0, 0));
        given.window = window(self.start, self.standings.len());
        given.standings.clone_from(&self.standings);
        for shot in self.inside() {
            let tally = &mut given.tallies[minute(shot)];
            if shot.late && late == LateSamples::Unmeasured {
                tally.late += 1;
            } else {
                tally.count(shot.class, 1);
            }
        }
        let standings = given.standings.clone();
        given.timed = Some(fold(&self.metric(), given.window, standings, &self.shots));
        given
    }

    fn bounds(&self, late: LateSamples) -> Bounds {
        let given = self.given(late);
        let metric = self.metric();
        bounds(&metric, given.minutes(&metric, late))
    }
}

fn minute(shot: &Shot) -> usize {
    usize::try_from(shot.second / 60).unwrap()
}

fn ratio(fraction: &Fraction) -> BigRational {
    fraction.ratio().clone()
}

/// One of the things that a sample that could not be told may have been.
fn truth(mut shot: Shot, dice: u8) -> Option<Shot> {
    if shot.late {
        // What came too late can only speak for the provider.
        shot.late = false;
        shot.class = EventClass::Success;
        shot.output_tokens = Some(150);
        shot.last_us = Some(200_000);
        shot.end_us = shot.last_us;
        return dice.is_multiple_of(2).then_some(shot);
    }
    if shot.class == EventClass::Unknown {
        shot.class = match dice % 3 {
            0 => EventClass::Error,
            1 => EventClass::Success,
            _ => EventClass::NotValid,
        };
    }
    let time = 100_001 + u64::from(dice) * 15_000;
    shot.output_tokens = shot.output_tokens.or(Some(u64::from(dice)));
    shot.last_us = shot.last_us.or(Some(time));
    shot.end_us = shot.end_us.or(shot.last_us);
    Some(shot)
}

#[test]
fn a_late_sample_of_a_minute_treated_as_up_may_have_been_a_success() {
    let slow = Shot {
        last_us: Some(1_000_001),
        end_us: Some(1_000_001),
        ..Shot::default()
    };
    let late = Shot {
        second: 60,
        class: EventClass::NotValid,
        late: true,
        ..Shot::default()
    };
    let up = Standing::Excluded(Effect::TreatAsUp);
    let case = Case {
        rule: Rule::Requests {
            dedupe_s: None,
            within_s: Some(1),
        },
        start: NOVEMBER,
        standings: vec![Standing::Judged, up],
        shots: vec![slow, late],
    };
    let high = |late| ratio(&case.bounds(late).high);
    let of = |numer: u8, denom: u8| BigRational::new(numer.into(), denom.into());
    assert_eq!(high(LateSamples::Counted), of(0, 1));
    assert_eq!(high(LateSamples::Unmeasured), of(1, 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_second_model_observes_the_same(case in case()) {
        let found = case.bounds(LateSamples::Counted).observed.as_ref().map(ratio);
        prop_assert_eq!(found, model::observed(&case));
    }

    #[test]
    fn bounds_hold_the_observed_and_meet_where_nothing_is_open(mut case in case()) {
        for late in [LateSamples::Counted, LateSamples::Unmeasured] {
            let bounds = case.bounds(late);
            prop_assert!(bounds.low <= bounds.high);
            if let Some(observed) = bounds.observed {
                prop_assert!(observed <= bounds.high);
                // Unmeasured minutes can be too few in a row to be downtime even at worst, and
                // what was observed is a share of fewer minutes.
                prop_assert!(case.rule.is_by_minute() || bounds.low <= observed);
            }
        }
        let minutes = case.standings.len();
        case = case.whole();
        case.shots = case.shots.into_iter().filter_map(|shot| truth(shot, 1)).collect();
        for minute in 0..minutes {
            let second = i64::try_from(minute).unwrap() * 60;
            case.shots.push(Shot { second, output_tokens: Some(90), ..Shot::default() });
        }
        let bounds = case.bounds(LateSamples::Counted);
        if let Some(observed) = bounds.observed {
            prop_assert_eq!(&bounds.low, &observed);
            prop_assert_eq!(&bounds.high, &observed);
        }
    }

    #[test]
    fn whatever_unknown_samples_were_the_truth_lies_within_the_bounds(
        case in case(),
        dice in prop::collection::vec(any::<u8>(), 70),
        late in prop::sample::select(vec![LateSamples::Counted, LateSamples::Unmeasured]),
    ) {
        let bounds = case.bounds(late);
        let mut real = case.clone();
        let shots = real.shots.into_iter().zip(dice);
        real.shots = shots
            .filter_map(|(mut shot, dice)| {
                shot.late &= late == LateSamples::Unmeasured;
                // All that is sampled in minutes treated as up is taken for a success.
                let up = Standing::Excluded(Effect::TreatAsUp);
                let dice = if case.standings.get(minute(&shot)) == Some(&up) { 4 } else { dice };
                truth(shot, dice)
            })
            .collect();
        let truth = if case.rule.is_by_minute() {
            model::observed_of_all_minutes(&real.whole())
        } else {
            model::observed(&real)
        };
        if let Some(truth) = truth {
            prop_assert!(ratio(&bounds.low) <= truth, "{truth} below {:?}", bounds);
            prop_assert!(truth <= ratio(&bounds.high), "{truth} above {:?}", bounds);
        }
    }

    #[test]
    fn whatever_happened_in_unmeasured_minutes_outages_lie_within_the_bounds(
        case in case_of(minute_rule()),
        extra in shots(30, 40),
    ) {
        let bounds = case.bounds(LateSamples::Counted);
        let given = case.given(LateSamples::Counted);
        let dark = |shot: &Shot| {
            let minute = minute(shot);
            given.standings.get(minute).is_some_and(|standing| match standing {
                Standing::Judged => given.tallies[minute] == Tally::default(),
                Standing::Future => true,
                Standing::Excluded(_) => false,
            })
        };
        let mut real = case.clone();
        real.shots.retain(|shot| shot.class != EventClass::Unknown);
        let extra = extra.into_iter().filter(|shot| shot.class != EventClass::Unknown);
        real.shots.extend(extra.filter(dark));
        // Minutes that stay dark are up, like in no reading of the bounds but the highest.
        if let Some(truth) = model::observed_of_all_minutes(&real.whole()) {
            prop_assert!(ratio(&bounds.low) <= truth, "{truth} below {:?}", bounds);
            prop_assert!(truth <= ratio(&bounds.high), "{truth} above {:?}", bounds);
        }
    }

    #[test]
    fn time_only_narrows_the_bounds(case in case(), past in 0..30_usize, later in 0..30_usize) {
        let before = case.clone().until(past.min(later)).bounds(LateSamples::Counted);
        let after = case.until(past.max(later)).bounds(LateSamples::Counted);
        prop_assert!(after.high <= before.high);
        prop_assert!(after.low >= before.low);
    }

    #[test]
    fn the_detail_adds_up_to_the_bounds(case in case()) {
        let given = case.given(LateSamples::Counted);
        let metric = case.metric();
        let bounds = given.bounds(&metric);
        let detail = given.detail(&metric);
        prop_assert_eq!(detail.states.len(), case.standings.len());
        for (state, standing) in detail.states.iter().zip(&case.standings) {
            match standing {
                Standing::Excluded(effect) => {
                    prop_assert_eq!(state, &State::Excluded { effect: *effect });
                }
                Standing::Future => prop_assert_eq!(state, &State::Future),
                Standing::Judged => {
                    let excluded = matches!(state, State::Excluded { .. });
                    prop_assert!(!excluded);
                }
            }
        }
        let by_request = matches!(case.rule, Rule::Requests { .. } | Rule::FastRequests { .. });
        let lost = sum(detail.losses.entries.iter().map(|loss| (loss.failed, loss.of)));
        if !by_request || !case.standings.contains(&Standing::Future) {
            let high = uptime(&lost, detail.losses.units).unwrap_or_else(Fraction::one);
            prop_assert_eq!(high, bounds.high);
        }
        prop_assert!(detail.losses.entries.is_sorted_by_key(|loss| loss.over));
        prop_assert!(detail.downtime.iter().all(|down| down.start < down.end));
        prop_assert!(detail.downtime.is_sorted_by_key(|down| down.start));
        if detail.used == Fraction::zero() {
            prop_assert!(detail.downtime.is_empty() && lost == ratio(&Fraction::zero()));
        }
    }

    #[test]
    fn the_least_favourable_reading_never_finds_more_loss(case in case()) {
        let literal = case.bounds(LateSamples::Counted);
        let other = case.bounds(LateSamples::Unmeasured);
        prop_assert!(other.high >= literal.high);
    }
}

#[test]
fn an_open_reading_is_judged_as_its_first() {
    let open = metric(
        r#"family = "latency_attainment", aggregate = "unknown", percentile = "50", quantity = "output_tokens_per_second", compare = "gt", value = "60""#,
    );
    let mut given = Given::outage(10, |_| false);
    let mut fold = TimedFold::of([&open], given.window, given.standings.clone());
    fold.close_before(given.window.end());
    given.timed = Some(fold.finish());
    for reading in open.readings() {
        assert!(!matches!(
            given.minutes(&reading.metric, LateSamples::Counted).timing,
            Timing::Untimed
        ));
    }
    assert_eq!(
        given.bounds(&open),
        given.bounds(&open.readings()[0].metric)
    );
}
