//! What the lab's agent says about itself: a line of each kind for each batch, and of controls as
//! many as tests ask for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{Minute, UnixMicros, UnixMillis};
use wire::batch::StreamLines;
use wire::reserved::{
    ClockSource, ControlLine, RESERVED_VERSION, ReservedLine, SysEvent, SysLine, TimeLine,
};

/// How an agent's controls answered.
#[derive(Debug, Default)]
pub(super) struct Controls {
    next_i: u64,
    /// What the next batches say of minutes: how many were asked, and how many answered.
    pub(super) told: BTreeMap<Minute, (u16, u16)>,
}

impl Controls {
    /// The lines of a batch: of its first minute, in which one of two answered unless tests say
    /// otherwise, and of all minutes before its end that they speak of.
    fn stream(&mut self, mono_us: u64, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> StreamLines {
        let minute = |at: DateTime<Utc>| UnixMillis::from(at).minute();
        self.told.entry(minute(from)).or_insert((2, 1));
        let later = self.told.split_off(&minute(to));
        let (first_i, mut lines) = (self.next_i, Vec::new());
        for (minute, (of, ok)) in std::mem::replace(&mut self.told, later) {
            let failed = (ok..of).map(|nth| format!("c{nth}").parse().unwrap());
            let line = ReservedLine::Ctrl(ControlLine {
                failed: failed.collect(),
                hosts: Vec::new(),
                i: self.next_i,
                minute,
                mono_us,
                of,
                ok,
                v: RESERVED_VERSION,
                wall_us: UnixMicros::from(to),
            });
            lines.push(line.encode().unwrap());
            self.next_i += 1;
        }
        StreamLines {
            id: "_ctrl".parse().unwrap(),
            first_i,
            lines,
        }
    }
}

/// The own streams of batch `seq`.
pub(super) fn streams(
    seq: u64,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    controls: &mut Controls,
) -> Vec<StreamLines> {
    let (wall_us, mono_us) = (
        UnixMicros::from(to),
        UnixMicros::from(to).get().unsigned_abs(),
    );
    let lines = [
        ReservedLine::Sys(Box::new(SysLine {
            build: (seq == 0).then(|| "ab".repeat(32)),
            cpu_permille: Some(7),
            cpu_pressure_permille: None,
            event: if seq == 0 {
                SysEvent::Boot
            } else {
                SysEvent::Load
            },
            i: seq,
            lag_us_max: Some(1_000 + seq),
            left_out: None,
            mem_free_kib: None,
            memory_pressure_permille: None,
            mono_us,
            plan: Some(1),
            rss_kib: Some(20_480),
            v: RESERVED_VERSION,
            version: (seq == 0).then(|| "0.1.0".to_owned()),
            wall_us,
        })),
        ReservedLine::Time(TimeLine {
            bound_us: Some(2_000),
            collector_bound_us: None,
            collector_offset_us: None,
            i: seq,
            mono_us,
            offset_us: Some(-1_500),
            source: ClockSource::Ntp,
            stratum: Some(2),
            synced: Some(true),
            v: RESERVED_VERSION,
            wall_us,
        }),
    ];
    let stream = |line: ReservedLine| StreamLines {
        id: line.stream().into(),
        first_i: seq,
        lines: vec![line.encode().unwrap()],
    };
    let controls = controls.stream(mono_us, (from, to));
    std::iter::once(controls).chain(lines.map(stream)).collect()
}
