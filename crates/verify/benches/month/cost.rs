//! CPU time and memory of this process, as Linux tells them.

use std::fs;

/// What `work` gives, and the CPU time that this thread spent on it, microseconds.
pub(crate) fn cpu<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = cpu_ns();
    let made = work();
    (made, (cpu_ns() - before).div_ceil(1_000).max(1))
}

fn cpu_ns() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let word = text.split(' ').next().and_then(|word| word.parse().ok());
    word.expect("time on the CPU")
}

/// The most memory that was resident since the start or [`reset_peak`], KiB.
pub(crate) fn peak_kib() -> u64 {
    of_status("VmHWM:")
}

/// What is resident now, KiB.
pub(crate) fn resident_kib() -> u64 {
    of_status("VmRSS:")
}

/// Forgets the peak.
pub(crate) fn reset_peak() {
    fs::write("/proc/self/clear_refs", "5").expect("Linux");
}

/// CPU time of all ended children, milliseconds.
pub(crate) fn children_ms() -> u64 {
    let text = fs::read_to_string("/proc/self/stat").expect("Linux");
    let after = text.rsplit_once(") ").expect("a name in brackets").1;
    let mut ticks = after
        .split(' ')
        .skip(13)
        .map_while(|word| word.parse().ok());
    let (user, system): (u64, u64) = (
        ticks.next().expect("user ticks"),
        ticks.next().expect("system ticks"),
    );
    (user + system) * 10
}

/// Load averages of the machine.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn of_status(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    kib.expect("a size")
}
