//! Laws that hold for every contract and every set of samples, and agreement with a second,
//! slower model that shares no code with the first.

use domain::cell::CellHourBuilder;
use domain::{AgentId, CellHour, Class, Kind, Minute, Source, Window};
use proptest::prelude::*;

use super::tests::{NOVEMBER, class, contract};
use super::*;
use crate::money::Money;
use crate::terms::ExcludedSpan;

mod model;

/// One sample: minute of the window (some lie outside), what it is, and the agent that took it.
#[derive(Clone, Debug)]
struct Sampled {
    offset: i64,
    class: Class,
    agent: u8,
}

/// The parameters of a commitment.
#[derive(Clone, Debug)]
enum Formula {
    Minutes {
        /// In hundredths; absent for `all_fail`.
        threshold: Option<u8>,
        run: usize,
        volume: u64,
    },
    Intervals {
        minutes: i64,
        from_window_start: bool,
        skip_empty: bool,
    },
}

#[derive(Clone, Debug)]
struct Case {
    formula: Formula,
    start: i64,
    length: i64,
    past: i64,
    exclusions: Vec<(i64, i64, &'static str)>,
    samples: Vec<Sampled>,
}

fn formula() -> impl Strategy<Value = Formula> {
    let minutes = (prop::option::of(0..60_u8), 1..5_usize, 0..3_u64);
    let intervals = (
        prop::sample::select(vec![1, 2, 5, 7]),
        any::<bool>(),
        any::<bool>(),
    );
    prop_oneof![
        minutes.prop_map(|(threshold, run, volume)| Formula::Minutes {
            threshold,
            run,
            volume
        }),
        intervals.prop_map(
            |(minutes, from_window_start, skip_empty)| Formula::Intervals {
                minutes,
                from_window_start,
                skip_empty
            }
        ),
    ]
}

fn any_class() -> impl Strategy<Value = Class> {
    let status = prop::sample::select(vec![200, 200, 200, 500, 500, 400, 300]);
    let kind = prop::sample::select(vec![
        Kind::Planned,
        Kind::Planned,
        Kind::Planned,
        Kind::Burst,
        Kind::Confirm,
        Kind::Manual,
    ]);
    let source = prop::sample::select(vec![Source::Probe, Source::Probe, Source::Traffic]);
    (status, kind, source, prop::bool::weighted(0.15)).prop_map(|(status, kind, source, late)| {
        Class {
            kind,
            source,
            late,
            ..class(status)
        }
    })
}

fn case() -> impl Strategy<Value = Case> {
    let kind = prop::sample::select(vec!["up", "removed", "judged", "other"]);
    let exclusions = prop::collection::vec((-5..90_i64, 1..20_i64, kind), 0..3);
    let sample = (-10..100_i64, any_class(), 0..5_u8).prop_map(|(offset, class, agent)| Sampled {
        offset,
        class,
        agent,
    });
    let samples = prop::collection::vec(sample, 0..150);
    (
        formula(),
        0..130_i64,
        1..80_i64,
        0..90_i64,
        exclusions,
        samples,
    )
        .prop_map(|(formula, start, length, past, exclusions, samples)| Case {
            formula,
            start: NOVEMBER + start,
            length,
            past,
            exclusions,
            samples,
        })
}

impl Case {
    fn contract(&self) -> Contract {
        let metric = match &self.formula {
            Formula::Minutes {
                threshold,
                run,
                volume,
            } => {
                let rule = match threshold {
                    Some(hundredths) => {
                        format!(r#"rule = "rate_gt", threshold = "0.{hundredths:02}""#)
                    }
                    None => r#"rule = "all_fail""#.to_owned(),
                };
                format!(
                    r#"family = "downtime_minutes", {rule}, min_run_minutes = {run}, min_valid_per_minute = {volume}"#
                )
            }
            Formula::Intervals {
                minutes,
                from_window_start,
                skip_empty,
            } => format!(
                r#"family = "interval_mean", interval_s = {}, align = "{}", empty = "{}""#,
                minutes * 60,
                if *from_window_start {
                    "window_start"
                } else {
                    "epoch"
                },
                if *skip_empty { "skip" } else { "up" },
            ),
        };
        let credit = "[commitment.credit]\nkind = \"bands\"\nbasis = \"invoice\"\nbands = [ { ge = \"50\", lt = \"90\", percent = \"10\" }, { lt = \"50\", percent = \"20\" } ]";
        contract("90", &metric, credit)
    }

    fn terms(&self) -> Terms {
        let minute = |offset| Minute::new(self.start + offset);
        let exclusion = |(start, length, kind): &(i64, i64, &str)| ExcludedSpan {
            window: Window::new(minute(*start), minute(start + length)).unwrap(),
            kind: (*kind).to_owned(),
            reason: String::new(),
            announced: None,
        };
        Terms {
            fees: Money::from_minor(12_345, "USD".parse().unwrap()).ok(),
            exclusions: self.exclusions.iter().map(exclusion).collect(),
            ..Terms::of(
                Window::new(minute(0), minute(self.length)).unwrap(),
                minute(self.past),
            )
        }
    }

    /// One cell per agent and hour.
    fn cells(&self) -> Vec<CellHour> {
        let agents = 0..5_u8;
        let of = |agent| self.samples.iter().filter(move |s| s.agent == agent);
        agents
            .flat_map(|agent| self.build(agent, &of(agent).collect::<Vec<_>>()))
            .collect()
    }

    fn build(&self, agent: u8, samples: &[&Sampled]) -> Vec<CellHour> {
        let minute = |sample: &Sampled| Minute::new(self.start + sample.offset);
        let mut hours: Vec<_> = samples.iter().map(|s| minute(s).hour()).collect();
        hours.sort_unstable();
        hours.dedup();
        let agent: AgentId = format!("a{agent}").parse().unwrap();
        let build = |hour| {
            let mut builder = CellHourBuilder::new(agent.clone(), "t".parse().unwrap(), hour);
            for sample in samples {
                builder.add(minute(sample), sample.class.clone(), 1);
            }
            builder.build()
        };
        hours.into_iter().map(build).collect()
    }

    fn judge(&self) -> CommitmentAssessment {
        assess(
            &self.contract(),
            &self.terms(),
            Facts::counted(&self.cells()),
        )
        .commitments
        .remove(0)
    }

    /// What follows from every reading; the only open question is that of late samples.
    fn readings(&self) -> Vec<crate::Reading> {
        let (contract, terms, cells) = (self.contract(), self.terms(), self.cells());
        let subjects = subjects(&contract, &terms, &cells);
        let readings = Readings::of(&contract, &terms, &subjects[0]);
        let facts = Facts::counted(&cells);
        let exclusions = KnownExclusions::new(&contract, &terms);
        let mut judge = Judge::new(&contract, &terms, facts, &exclusions, &subjects[0]);
        each(&mut judge, &readings)
    }

    /// The minutes of the window that the unit around a minute consists of.
    fn unit(&self, offset: i64) -> std::ops::Range<i64> {
        let (length, phase) = match self.formula {
            Formula::Minutes { .. } => (1, 0),
            Formula::Intervals {
                minutes,
                from_window_start: true,
                ..
            } => (minutes, 0),
            Formula::Intervals { minutes, .. } => (minutes, self.start.rem_euclid(minutes)),
        };
        let start = (offset + phase).div_euclid(length) * length - phase;
        start..start + length
    }

    fn is_excluded(&self, offset: i64) -> bool {
        let inside = |(start, length, kind): &(i64, i64, &str)| {
            matches!(*kind, "up" | "removed") && (*start..start + length).contains(&offset)
        };
        self.exclusions.iter().any(inside)
    }
}

/// `None`, which is nothing observed, is neither more nor less than anything.
fn at_most(one: Option<&Fraction>, other: Option<&Fraction>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one <= other)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_second_model_agrees(case in case()) {
        let judged = case.judge();
        let without_late = case.readings().into_iter().find(|reading| !reading.choices.is_empty());
        for (late_counts, found) in [
            (true, Some((&judged.observed, &judged.high, &judged.low))),
            (false, without_late.as_ref().map(|r| (&r.observed, &r.high, &r.low))),
        ] {
            let Some((observed, high, low)) = found else { continue };
            let expected = model::bounds(&case, late_counts);
            let ratio = |f: &Fraction| f.ratio().clone();
            prop_assert_eq!(observed.as_ref().map(ratio), expected.observed);
            prop_assert_eq!(ratio(high), expected.high);
            prop_assert_eq!(ratio(low), expected.low);
        }
    }

    #[test]
    fn order_and_splitting_of_cells_change_nothing(
        case in case(),
        agents in prop::collection::vec(0..5_u8, 150),
        seed in any::<prop::sample::Index>(),
    ) {
        let (contract, terms) = (case.contract(), case.terms());
        let whole = assess(&contract, &terms, Facts::counted(&case.cells()));
        let mut split = case.clone();
        for (sample, agent) in split.samples.iter_mut().zip(agents) {
            sample.agent = agent;
        }
        let mut cells: Vec<CellHour> = split
            .samples
            .chunks(3)
            .flat_map(|part| split.build(0, &part.iter().collect::<Vec<_>>()))
            .collect();
        if !cells.is_empty() {
            let turn = seed.index(cells.len());
            cells.rotate_left(turn);
            cells.reverse();
        }
        prop_assert_eq!(&assess(&contract, &terms, Facts::counted(&cells)), &whole);
        prop_assert_eq!(&assess(&contract, &terms, Facts::counted(&split.cells())), &whole);
        let json = serde_json::to_string(&whole).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Assessment>(&json).unwrap(), &whole);
    }

    #[test]
    fn an_error_more_never_raises_uptime(mut case in case(), offset in 0..80_i64) {
        // Below a minimum volume, an error can prove that a minute did not reach it; and requests
        // of minutes treated as up are successes, whatever they met.
        if let Formula::Minutes { volume, .. } = &mut case.formula {
            *volume = (*volume).min(1);
        }
        prop_assume!(!case.is_excluded(offset));
        let before = case.judge();
        case.samples.push(Sampled { offset, class: class(500), agent: 0 });
        let after = case.judge();
        // An error where nothing was measured adds measured time, too, and a minute too lonely to
        // count as down then dilutes what was observed.
        if after.minutes.unmeasured == before.minutes.unmeasured {
            prop_assert!(at_most(after.observed.as_ref(), before.observed.as_ref()));
        }
        prop_assert!(after.high <= before.high);
        prop_assert!(after.low <= before.low);
    }

    #[test]
    fn measuring_less_only_widens_the_bounds(mut case in case(), offset in 0..80_i64) {
        let before = case.judge();
        let unit = case.unit(offset);
        case.samples.retain(|sample| !unit.contains(&sample.offset));
        let after = case.judge();
        prop_assert!(after.high >= before.high);
        prop_assert!(after.low <= before.low);
    }

    #[test]
    fn time_only_narrows_the_bounds(mut case in case(), later in 0..90_i64) {
        let before = case.judge();
        case.past += later;
        let after = case.judge();
        prop_assert!(after.high <= before.high);
        prop_assert!(after.low >= before.low);
        if matches!(before.verdict, Verdict::Breached | Verdict::Met) {
            prop_assert_eq!(after.verdict, before.verdict);
        }
    }

    #[test]
    fn what_an_assessment_says_is_consistent(case in case()) {
        let judged = case.judge();
        prop_assert!(judged.low <= judged.high);
        prop_assert!(at_most(judged.observed.as_ref(), Some(&judged.high)));
        let m = judged.minutes;
        let sum = m.up + m.down + m.degraded + m.empty + m.excluded + m.unmeasured + m.future;
        prop_assert_eq!(sum, m.window);
        prop_assert_eq!(m.window, case.length.unsigned_abs());
        let mut next = case.terms().window.start();
        let mut previous = None;
        for span in &judged.timeline {
            prop_assert_eq!(span.start, next);
            prop_assert!(span.end > span.start && previous != Some(&span.state));
            next = span.end;
            previous = Some(&span.state);
        }
        prop_assert_eq!(next, case.terms().window.end());
        prop_assert!(case.past < case.length || judged.verdict != Verdict::Open);
        prop_assert_eq!(judged.credit.is_some(), judged.verdict == Verdict::Breached);
        if let Some(other) = &judged.least_favourable {
            // A breach that holds without the late samples holds with them, too.
            prop_assert!(other.high >= judged.high);
            prop_assert!(other.verdict != Verdict::Breached || judged.verdict == Verdict::Breached);
        }
    }
}
