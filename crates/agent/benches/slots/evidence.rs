//! What the agent recorded: the signed batches in its spool, and what it had not sealed yet.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agent::recorder::RecorderSettings;
use agent::spool::Limits;
use agent::stamp::Timebase;
use agent::{Recorder, SPOOL_DIR};
use domain::{Kind, Line, SystemClock, TargetId};
use wire::batch;

use crate::setting::{QUICK_PREFIX, Setting};

/// One attempt at a target that answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    pub(crate) slot_ms: i64,
    /// How long after its slot it began, microseconds.
    pub(crate) late_us: i64,
}

/// Everything that is in the spool.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    /// Attempts at targets that answer, by target.
    pub(crate) quick: BTreeMap<TargetId, Vec<Begun>>,
    /// How many ended in which way, all targets.
    pub(crate) outcomes: BTreeMap<String, usize>,
}

pub(crate) fn read(setting: &Setting) -> Samples {
    let settings = RecorderSettings {
        boot: 0,
        limits: Limits::default(),
        seal_interval: Duration::from_secs(1),
    };
    let dir = setting.dir.join(SPOOL_DIR);
    let identity = Arc::clone(&setting.identity);
    let (mut recorder, _) = Recorder::open(&dir, identity, settings).expect("a spool");
    let timebase = Timebase::start(Arc::new(SystemClock));
    recorder.seal(timebase.now()).expect("room to seal");
    let mut samples = Samples::default();
    for sealed in recorder.spool().unacked(setting.first_seq) {
        let text = batch::decompress(&sealed.expect("a whole batch").body).expect("a body");
        let batch = batch::parse(&text).expect("a batch");
        for stream in batch.streams {
            for line in stream.lines {
                samples.add(&stream.id, &line.value);
            }
        }
    }
    samples
}

impl Samples {
    fn add(&mut self, target: &TargetId, line: &Line) {
        let sample = match line {
            Line::Sample(sample) => sample,
            Line::Gap(gap) => {
                let slots = usize::try_from(gap.count).unwrap_or(usize::MAX);
                *self
                    .outcomes
                    .entry(format!("gap {:?}", gap.gap))
                    .or_default() += slots;
                return;
            }
        };
        *self.outcomes.entry(sample.outcome.to_string()).or_default() += 1;
        if sample.kind == Kind::Planned && target.as_str().starts_with(QUICK_PREFIX) {
            let slot_ms = sample.slot_ms.get();
            let late_us = sample.wall_us.get() - slot_ms * 1_000;
            let begun = Begun { slot_ms, late_us };
            self.quick.entry(target.clone()).or_default().push(begun);
        }
    }
}
