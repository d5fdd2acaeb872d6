//! What the lab's agent says about itself: a line of each kind for each batch.

use chrono::{DateTime, Utc};
use domain::{UnixMicros, UnixMillis};
use wire::batch::StreamLines;
use wire::reserved::{
    ClockSource, ControlLine, RESERVED_VERSION, ReservedLine, SysEvent, SysLine, TimeLine,
};

/// The own streams of batch `seq`.
pub(super) fn streams(seq: u64, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Vec<StreamLines> {
    let (wall_us, mono_us) = (
        UnixMicros::from(to),
        UnixMicros::from(to).get().unsigned_abs(),
    );
    let lines = [
        ReservedLine::Ctrl(ControlLine {
            failed: vec!["b".parse().unwrap()],
            hosts: Vec::new(),
            i: seq,
            minute: UnixMillis::from(from).minute(),
            mono_us,
            of: 2,
            ok: 1,
            v: RESERVED_VERSION,
            wall_us,
        }),
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
    lines.map(stream).into()
}
