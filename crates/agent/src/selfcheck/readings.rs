//! The newest findings, and the lines that are made of them when a batch is sealed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::UnixMicros;
use evidence::jcs::INTEGER_MAX;
use wire::reserved::{ClockSource, RESERVED_VERSION, SysEvent, SysLine, TimeLine};

use super::load::{self, CpuMark};
use crate::stamp::Stamp;

/// Age beyond which a reading of the clock says nothing about now: several rounds of asking.
const CLOCK_AGE_US_MAX: u64 = 15 * 60 * 1_000_000;
/// Age beyond which a receipt says nothing about now: twice the longest interval between seals.
const RECEIPT_AGE_US_MAX: u64 = 2 * 3_600 * 1_000_000;

/// How far the clock is off, by one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// Who says so.
    pub source: ClockSource,
    /// True time less ours, microseconds; absent where the source tells none.
    pub offset_us: Option<i64>,
    /// The clock is off by no more than this, microseconds.
    pub bound_us: Option<u64>,
    /// Whether the source calls the clock synchronised.
    pub synced: Option<bool>,
    /// Distance of the source from a reference clock.
    pub stratum: Option<u8>,
}

/// The collector's clock against ours, by one receipt.
#[derive(Clone, Copy, Debug)]
struct Receipt {
    offset_us: i64,
    bound_us: u64,
}

#[derive(Debug, Default)]
struct State {
    plan: Option<u64>,
    clock: Option<(ClockReading, u64)>,
    receipt: Option<(Receipt, u64)>,
    lag_us_max: Option<u64>,
    cpu: Option<CpuMark>,
}

/// Shared by the tasks of one agent; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    state: Arc<Mutex<State>>,
}

impl Readings {
    /// The agent runs this revision of the plan from now on.
    pub fn adopt(&self, plan: u64) {
        self.state().plan = Some(plan);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what a source said about the clock.
    pub(super) fn set_clock(&self, reading: ClockReading, now: Stamp) {
        self.state().clock = Some((reading, now.mono_us));
    }

    /// Keeps what a receipt shows: the collector read its clock between the two stamps.
    pub fn receive(&self, sent: Stamp, got: Stamp, collector: UnixMicros) {
        let trip_us = got.mono_us.saturating_sub(sent.mono_us);
        let bound_us = trip_us.div_ceil(2);
        let half = i64::try_from(bound_us).unwrap_or(i64::MAX);
        let middle = sent.wall.get().saturating_add(half);
        let offset_us = collector.get().saturating_sub(middle);
        let receipt = Receipt {
            offset_us,
            bound_us,
        };
        self.state().receipt = Some((receipt, got.mono_us));
    }

    /// A timer of the agent was late by so much.
    pub(super) fn late(&self, lag_us: u64) {
        let mut state = self.state();
        state.lag_us_max = state.lag_us_max.max(Some(lag_us));
    }

    /// The line of `_time` for now; its index is the recorder's to give.
    #[must_use]
    pub fn time_line(&self, now: Stamp) -> TimeLine {
        let state = self.state();
        let fresh = |at: u64, age: u64| now.mono_us.saturating_sub(at) <= age;
        let receipt = state
            .receipt
            .filter(|(_, at)| fresh(*at, RECEIPT_AGE_US_MAX));
        let receipt = receipt.map(|(receipt, _)| receipt);
        let clock = state.clock.filter(|(_, at)| fresh(*at, CLOCK_AGE_US_MAX));
        let clock = clock.map(|(reading, _)| reading);
        let reading = clock.or(receipt.map(of_receipt)).unwrap_or(NOTHING);
        TimeLine {
            bound_us: reading.bound_us.filter(|value| fits(*value)),
            collector_bound_us: receipt
                .map(|receipt| receipt.bound_us)
                .filter(|value| fits(*value)),
            collector_offset_us: receipt
                .map(|receipt| receipt.offset_us)
                .filter(|value| fits_signed(*value)),
            i: 0,
            mono_us: now.mono_us,
            offset_us: reading.offset_us.filter(|value| fits_signed(*value)),
            source: reading.source,
            stratum: reading.stratum,
            synced: reading.synced,
            v: RESERVED_VERSION,
            wall_us: now.wall,
        }
    }

    /// A line of `_sys` for now; its index is the recorder's to give. Reads small files of the
    /// kernel. What is told as a maximum or a mean is told since the last such line.
    #[must_use]
    pub fn sys_line(&self, event: SysEvent, now: Stamp) -> SysLine {
        let machine = load::machine();
        let mut state = self.state();
        let mark = machine.cpu_us.map(|cpu_us| CpuMark {
            cpu_us,
            mono_us: now.mono_us,
        });
        let before = std::mem::replace(&mut state.cpu, mark);
        let cpu = before.zip(mark).and_then(|(from, to)| from.permille(to));
        SysLine {
            build: None,
            cpu_permille: cpu,
            cpu_pressure_permille: machine.cpu_pressure_permille,
            event,
            i: 0,
            lag_us_max: state.lag_us_max.take().filter(|value| fits(*value)),
            left_out: None,
            mem_free_kib: machine.mem_free_kib.filter(|value| fits(*value)),
            memory_pressure_permille: machine.memory_pressure_permille,
            mono_us: now.mono_us,
            plan: state.plan,
            rss_kib: machine.rss_kib.filter(|value| fits(*value)),
            v: RESERVED_VERSION,
            version: None,
            wall_us: now.wall,
        }
    }
}

const NOTHING: ClockReading = ClockReading {
    source: ClockSource::None,
    offset_us: None,
    bound_us: None,
    synced: None,
    stratum: None,
};

/// The collector's clock is no time service: it tells an offset, and nothing of synchronisation.
fn of_receipt(receipt: Receipt) -> ClockReading {
    ClockReading {
        source: ClockSource::Receipt,
        offset_us: Some(receipt.offset_us),
        bound_us: Some(
            receipt
                .offset_us
                .unsigned_abs()
                .saturating_add(receipt.bound_us),
        ),
        synced: None,
        stratum: None,
    }
}

/// Whether evidence lines can hold the number; what they cannot is unknown.
fn fits(value: u64) -> bool {
    value <= INTEGER_MAX
}

fn fits_signed(value: i64) -> bool {
    value.unsigned_abs() <= INTEGER_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(mono_us: u64) -> Stamp {
        Stamp {
            wall: UnixMicros::new(1_000_000_000 + i64::try_from(mono_us).unwrap()),
            mono_us,
        }
    }

    #[test]
    fn the_ladder_goes_from_the_clocks_own_source_over_receipts_to_none() {
        let readings = Readings::default();
        let line = readings.time_line(stamp(0));
        assert_eq!((line.source, line.synced), (ClockSource::None, None));

        // Sent at 0, answered at 40 ms: the collector's clock read 1 s more than the middle.
        let collector = UnixMicros::new(1_000_000_000 + 20_000 + 1_000_000);
        readings.receive(stamp(0), stamp(40_000), collector);
        let line = readings.time_line(stamp(50_000));
        let told = (line.source, line.offset_us, line.bound_us);
        assert_eq!(
            told,
            (ClockSource::Receipt, Some(1_000_000), Some(1_020_000))
        );
        let collector = (line.collector_offset_us, line.collector_bound_us);
        assert_eq!(collector, (Some(1_000_000), Some(20_000)));

        let reading = ClockReading {
            source: ClockSource::Kernel,
            offset_us: None,
            bound_us: None,
            synced: Some(true),
            stratum: None,
        };
        readings.set_clock(reading, stamp(60_000));
        let line = readings.time_line(stamp(70_000));
        let told = (line.source, line.offset_us, line.collector_offset_us);
        assert_eq!(told, (ClockSource::Kernel, None, Some(1_000_000)));
    }

    #[test]
    fn old_readings_say_nothing_about_now() {
        let readings = Readings::default();
        readings.set_clock(NOTHING, stamp(0));
        readings.receive(stamp(0), stamp(0), UnixMicros::new(0));
        let line = readings.time_line(stamp(CLOCK_AGE_US_MAX + 1));
        assert_eq!(line.source, ClockSource::Receipt);
        let line = readings.time_line(stamp(RECEIPT_AGE_US_MAX + 1));
        assert_eq!(line.source, ClockSource::None);
        assert_eq!(line.collector_offset_us, None);
    }

    #[test]
    fn lag_is_told_once() {
        let readings = Readings::default();
        readings.adopt(3);
        readings.late(5);
        readings.late(9);
        readings.late(7);
        let line = readings.sys_line(SysEvent::Load, stamp(1));
        assert_eq!((line.lag_us_max, line.plan), (Some(9), Some(3)));
        let line = readings.sys_line(SysEvent::Load, stamp(2));
        assert_eq!(line.lag_us_max, None);
    }
}
