use domain::{Attribution, Kind, Outcome, Source, UnixMicros};
use proptest::prelude::*;

use super::*;
use crate::contract::metric::tests::metric;

/// One sample, by its second after the start of the window.
#[derive(Clone, Debug)]
pub(crate) struct Shot {
    pub(crate) second: i64,
    pub(crate) class: EventClass,
    pub(crate) late: bool,
    pub(crate) stream: bool,
    pub(crate) status: u16,
    pub(crate) model: Option<&'static str>,
    pub(crate) tier: Option<&'static str>,
    pub(crate) input_tokens: Option<u64>,
    pub(crate) output_tokens: Option<u64>,
    pub(crate) sent_us: Option<u64>,
    pub(crate) first_us: Option<u64>,
    pub(crate) last_us: Option<u64>,
    pub(crate) end_us: Option<u64>,
}

impl Default for Shot {
    fn default() -> Self {
        Self {
            second: 0,
            class: EventClass::Success,
            late: false,
            stream: true,
            status: 200,
            model: Some("m"),
            tier: None,
            input_tokens: Some(10),
            output_tokens: Some(100),
            sent_us: Some(0),
            first_us: Some(100_000),
            last_us: Some(1_000_000),
            end_us: Some(1_000_000),
        }
    }
}

impl Shot {
    pub(crate) fn view(&self, window: Window) -> SampleView<'_> {
        let start = window.start().start().to_micros().get();
        SampleView {
            started: UnixMicros::new(start + self.second * 1_000_000),
            sent_us: self.sent_us,
            first_us: self.first_us,
            last_us: self.last_us,
            end_us: self.end_us,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            outcome: Outcome::Ok,
            status: Some(self.status),
            attribution: Attribution::None,
            kind: Kind::Planned,
            source: Source::Probe,
            stream: self.stream,
            served_model: self.model,
            served_tier: self.tier,
            features: &[],
        }
    }
}

fn add(fold: &mut TimedFold, shot: &Shot) -> Result<(), TimedError> {
    let (agent, target) = ("a".parse().unwrap(), "t".parse().unwrap());
    fold.add(&TimedSample {
        agent: &agent,
        target: &target,
        view: shot.view(fold.window),
        class: shot.class,
        timeliness: if shot.late {
            Timeliness::Late
        } else {
            Timeliness::Prompt
        },
    })
}

pub(crate) fn fold(
    metric: &Metric,
    window: Window,
    standings: Vec<Standing>,
    shots: &[Shot],
) -> Timed {
    let mut fold = TimedFold::of([metric], window, standings);
    for shot in shots {
        add(&mut fold, shot).unwrap();
    }
    fold.finish()
}

const DEDUPED: &str = r#"family = "request_ratio", success_within_s = 2, dedupe = { kind = "repeat_errors", window_s = 90 }"#;
const LATENCY: &str = r#"family = "latency_attainment", aggregate = "unknown", window_s = 120, percentile = "50", quantity = "output_tokens_per_second", compare = "gt", value = "60""#;

/// Twenty minutes that begin in the middle of a latency window.
fn window() -> Window {
    Window::new(Minute::new(29_891_521), Minute::new(29_891_541)).unwrap()
}

fn both() -> TimedFold {
    let metrics = [metric(DEDUPED), metric(LATENCY)];
    TimedFold::of(&metrics, window(), vec![Standing::Judged; 20])
}

pub(crate) fn shots(minutes: i64, count: usize) -> impl Strategy<Value = Vec<Shot>> {
    let class = prop::sample::select(vec![
        EventClass::Success,
        EventClass::Success,
        EventClass::Error,
        EventClass::Error,
        EventClass::Unknown,
        EventClass::NotValid,
    ]);
    let tokens = prop::option::weighted(0.8, 0..200_u64);
    let last = prop::option::weighted(0.9, 100_000..4_000_000_u64);
    let shot = (
        0..minutes * 60,
        class,
        prop::bool::weighted(0.1),
        tokens,
        last,
    );
    let shot = shot.prop_map(|(second, class, late, output_tokens, last_us)| Shot {
        second,
        class,
        late,
        output_tokens,
        last_us,
        end_us: last_us,
        ..Shot::default()
    });
    prop::collection::vec(shot, 0..count)
}

proptest! {
    #[test]
    fn neither_order_nor_the_moments_of_closing_change_the_outcome(
        mut shots in shots(20, 60),
        closes in prop::collection::vec(0..30_usize, 60),
        seed in any::<prop::sample::Index>(),
    ) {
        let mut unordered = both();
        if !shots.is_empty() {
            let turn = seed.index(shots.len());
            shots.rotate_left(turn);
        }
        for shot in &shots {
            add(&mut unordered, shot).unwrap();
        }
        shots.sort_by_key(|shot| shot.second);
        let mut ordered = both();
        for (shot, horizon) in shots.iter().zip(closes) {
            add(&mut ordered, shot).unwrap();
            let minute = shot.view(window()).minute();
            ordered.close_before(minute.plus(-i64::try_from(horizon / 3).unwrap()));
        }
        prop_assert_eq!(ordered.finish(), unordered.finish());
    }

    #[test]
    fn as_many_errors_stay_as_windows_are_needed_to_cover_all(
        seconds in prop::collection::vec(0..1200_i64, 0..12),
    ) {
        let shots: Vec<Shot> = seconds
            .iter()
            .map(|second| Shot { second: *second, class: EventClass::Error, ..Shot::default() })
            .collect();
        let metric = metric(DEDUPED);
        let timed = fold(&metric, window(), vec![Standing::Judged; 20], &shots);
        let Timing::Requests(minutes) = timed.of(&metric, LateSamples::Counted) else {
            panic!("no requests");
        };
        let kept: u64 = minutes.iter().map(|m| m.tally.errors).sum();
        let repeated: u64 = minutes.iter().map(|m| m.repeated).sum();
        prop_assert_eq!(kept, windows_needed(&seconds));
        prop_assert_eq!(kept + repeated, u64::try_from(seconds.len()).unwrap());
    }
}

/// The fewest windows of 90 seconds that cover all moments, by trying every one as the first.
fn windows_needed(seconds: &[i64]) -> u64 {
    let Some(first) = seconds.iter().min() else {
        return 0;
    };
    // Some window has to cover the first moment, and begins at a moment at or before it.
    let rest: Vec<i64> = seconds
        .iter()
        .copied()
        .filter(|s| *s >= first + 90)
        .collect();
    1 + windows_needed(&rest)
}

#[test]
fn a_sample_older_than_what_was_closed_is_refused_by_name() {
    let mut fold = both();
    let at = |second| Shot {
        second,
        ..Shot::default()
    };
    add(&mut fold, &at(600)).unwrap();
    fold.close_before(Minute::new(29_891_531));
    add(&mut fold, &at(600)).unwrap();
    let error = add(&mut fold, &at(599)).unwrap_err().to_string();
    assert!(error.contains("agent `a` and target `t`"), "{error}");
    // What lies outside the window is nobody's.
    add(&mut fold, &at(-1)).unwrap();
    add(&mut fold, &at(1200)).unwrap();
}

#[test]
fn closing_keeps_no_sample_of_the_past() {
    let mut fold = both();
    for second in 0..1200 {
        let class = EventClass::Error;
        let error = Shot {
            second,
            class,
            ..Shot::default()
        };
        let fast = Shot {
            second,
            ..Shot::default()
        };
        add(&mut fold, &error).unwrap();
        add(&mut fold, &fast).unwrap();
        fold.close_before(error.view(window()).minute());
        let open: usize = fold.parts.iter().map(|part| part.fold.open_samples()).sum();
        // At most one minute of errors and a latency window of successes for every reading.
        assert!(open <= 60 + 8 * 120, "{open} at {second}");
    }
}

#[test]
fn a_contract_without_such_a_commitment_needs_no_samples() {
    let counted = metric(r#"family = "request_ratio""#);
    assert!(!TimedFold::of([&counted], window(), Vec::new()).is_needed());
    assert!(both().is_needed());
}

impl Fold {
    fn open_samples(&self) -> usize {
        match self {
            Self::Requests(fold) => fold.open_samples(),
            Self::Latency(fold) => fold.open_samples(),
        }
    }
}
