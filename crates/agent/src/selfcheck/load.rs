//! The load of the agent and its machine, as Linux tells it in `/proc`; elsewhere it is unknown.

use std::fs::File;
use std::io::{self, Read as _};
use std::time::Duration;

use evidence::hash::to_hex;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::readings::Readings;

/// Between two looks at how late timers are.
const TICK: Duration = Duration::from_millis(100);
/// Microseconds of one tick in which the kernel counts processor time for programs, 100 a second
/// on every architecture that we run on.
const CPU_TICK_US: u64 = 10_000;
/// Longest file of `/proc` that is read, bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Processor time used up to a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CpuMark {
    pub(super) cpu_us: u64,
    pub(super) mono_us: u64,
}

impl CpuMark {
    /// Share of one processor from this mark to a later one; `None` where no time lies between.
    pub(super) fn permille(self, to: Self) -> Option<u32> {
        let used = to.cpu_us.checked_sub(self.cpu_us)?;
        let passed = to.mono_us.checked_sub(self.mono_us)?;
        let permille = used.checked_mul(1_000)?.checked_div(passed)?;
        u32::try_from(permille).ok()
    }
}

/// What the kernel says now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Machine {
    pub(super) cpu_us: Option<u64>,
    pub(super) rss_kib: Option<u64>,
    pub(super) mem_free_kib: Option<u64>,
    pub(super) cpu_pressure_permille: Option<u32>,
    pub(super) memory_pressure_permille: Option<u32>,
}

/// Reads what there is.
pub(super) fn machine() -> Machine {
    let of = |path: &str| file(path).unwrap_or_default();
    Machine {
        cpu_us: cpu_us(&of("/proc/self/stat")),
        rss_kib: kib(&of("/proc/self/status"), "VmRSS:"),
        mem_free_kib: kib(&of("/proc/meminfo"), "MemAvailable:"),
        cpu_pressure_permille: pressure(&of("/proc/pressure/cpu")),
        memory_pressure_permille: pressure(&of("/proc/pressure/memory")),
    }
}

fn file(path: &str) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(FILE_BYTES_MAX)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// Time in user and kernel mode: the 14th and 15th value of `stat`, of which the second is a name
/// in parentheses that may hold anything.
fn cpu_us(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut values = rest.split_ascii_whitespace().skip(11);
    let user: u64 = values.next()?.parse().ok()?;
    let kernel: u64 = values.next()?.parse().ok()?;
    user.checked_add(kernel)?.checked_mul(CPU_TICK_US)
}

/// The value behind a name, in KiB.
fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// `some` over the last minute, from percent with two decimals, rounded up.
fn pressure(text: &str) -> Option<u32> {
    let some = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let percent = some
        .split(' ')
        .find_map(|word| word.strip_prefix("avg60="))?;
    let (whole, hundredths) = percent.split_once('.')?;
    if hundredths.len() != 2 {
        return None;
    }
    let hundredths: u32 = hundredths.parse().ok()?;
    let whole: u32 = whole.parse().ok()?;
    whole.checked_mul(10)?.checked_add(hundredths.div_ceil(10))
}

/// Measures how late a timer is, for as long as it is polled, and tells it each time.
pub(super) async fn measure_lag(readings: &Readings, told: impl Fn(u64)) {
    loop {
        let due = Instant::now() + TICK;
        tokio::time::sleep_until(due).await;
        let late = Instant::now().saturating_duration_since(due);
        let late_us = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        readings.late(late_us);
        told(late_us);
    }
}

/// SHA-256 of the executable that runs, hexadecimal, as `sha256sum` prints it.
pub(super) async fn build_hash() -> Option<String> {
    let hash = || -> io::Result<String> {
        let mut program = File::open(std::env::current_exe()?)?;
        let mut hasher = Sha256::new();
        let mut block = vec![0; 64 * 1024];
        loop {
            let read = program.read(&mut block)?;
            if read == 0 {
                return Ok(to_hex(&hasher.finalize()));
            }
            hasher.update(&block[..read]);
        }
    };
    tokio::task::spawn_blocking(hash).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 10 0 0 0 250 50 0 0 20 0 9 0 1 2 3";
        assert_eq!(cpu_us(stat), Some(3_000_000));
        assert_eq!(cpu_us(""), None);
        assert_eq!(cpu_us("42 (x) S 1"), None);
    }

    #[test]
    fn the_share_is_that_of_one_processor() {
        let mark = |cpu_us, mono_us| CpuMark { cpu_us, mono_us };
        assert_eq!(mark(0, 0).permille(mark(250_000, 1_000_000)), Some(250));
        assert_eq!(mark(0, 0).permille(mark(2_000_000, 1_000_000)), Some(2_000));
        assert_eq!(mark(5, 5).permille(mark(5, 5)), None);
        assert_eq!(mark(9, 0).permille(mark(5, 5)), None);
    }

    #[test]
    fn sizes_are_read_by_name_and_unit() {
        let text = "VmPeak:\t    9 kB\nVmRSS:\t   21904 kB\nThreads:\t4\n";
        assert_eq!(kib(text, "VmRSS:"), Some(21_904));
        assert_eq!(kib(text, "Threads:"), None);
        assert_eq!(kib(text, "VmSwap:"), None);
    }

    #[test]
    fn pressure_is_that_of_the_last_minute() {
        let text = "some avg10=9.00 avg60=1.23 avg300=0.00 total=1\nfull avg10=0.00 avg60=7.00\n";
        assert_eq!(pressure(text), Some(13));
        assert_eq!(
            pressure("some avg10=0.00 avg60=100.00 total=1"),
            Some(1_000)
        );
        for bad in ["", "full avg60=1.00", "some avg60=1", "some avg60=1.2345"] {
            assert_eq!(pressure(bad), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn the_build_is_the_hash_of_the_program_that_runs() {
        let hash = build_hash().await.unwrap();
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(hash, evidence::hash::Hash::of(&bytes).to_hex());
    }

    #[tokio::test(start_paused = true)]
    async fn lag_is_measured_against_the_timer() {
        let readings = Readings::default();
        let measured = tokio::time::timeout(Duration::from_secs(1), measure_lag(&readings, |_| ()));
        assert!(measured.await.is_err());
        let now = crate::stamp::Stamp {
            wall: domain::UnixMicros::new(0),
            mono_us: 0,
        };
        let line = readings.sys_line(wire::reserved::SysEvent::Load, now);
        assert!(line.lag_us_max.is_some_and(|lag| lag < 10_000), "{line:?}");
    }
}
