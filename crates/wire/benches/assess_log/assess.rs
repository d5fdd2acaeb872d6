//! The whole command: `nines assess` as a user runs it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Cost;

/// How often the peak is looked at; the kernel keeps the greatest value.
const LOOK: Duration = Duration::from_millis(5);

/// Judges a file by a contract that counts minutes, and takes time and peak memory.
pub(super) fn run(nines: &Path, samples: &Path) -> Cost {
    let start = Instant::now();
    let mut child = Command::new(nines)
        .args(["assess", "--contract", "atlassian", "--period", "2026-10"])
        .args(["--format", "json", "--samples"])
        .arg(samples)
        .stdout(Stdio::null())
        .spawn()
        .expect("the path of a `nines` binary");
    let mut peak_kib = 0;
    loop {
        peak_kib = peak_kib.max(peak(&child));
        if let Some(status) = child.try_wait().expect("the process can be waited for") {
            assert!(status.success(), "{status}");
            return Cost {
                time: start.elapsed(),
                peak_kib,
            };
        }
        wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own, with one thread"
)]
fn wait() {
    std::thread::sleep(LOOK);
}

/// `VmHWM` of a running process; 0 once it has ended.
fn peak(child: &Child) -> u64 {
    let path = format!("/proc/{}/status", child.id());
    super::peak_in(&std::fs::read_to_string(path).unwrap_or_default())
}
