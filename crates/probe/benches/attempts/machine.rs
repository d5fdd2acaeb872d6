//! Processes, cores, and what they cost.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Which core something runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// What is measured: the first.
    Probe,
    /// What it is measured against: the second.
    Server,
}

/// How a process is scheduled.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Priority {
    Normal,
    /// Before all others.
    RealTime,
}

/// `program` at its place, where this machine has the tools for it.
pub(crate) fn at(place: Place, priority: Priority, program: &str) -> Command {
    let core = match place {
        Place::Probe => "0",
        Place::Server => "1",
    };
    let mut line = Vec::new();
    if matches!(priority, Priority::RealTime) {
        line.extend(["chrt", "--fifo", "10"]);
    }
    let runs = |tool: &str| {
        Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok()
    };
    if runs("taskset") {
        line.extend(["taskset", "-c", core]);
    }
    line.push(program);
    let mut command = Command::new(line[0]);
    command.args(&line[1..]);
    command
}

/// This program, with these arguments.
pub(crate) fn myself(place: Place, priority: Priority, args: &[&str]) -> Command {
    let path = std::env::current_exe().expect("a program knows its path");
    let mut command = at(place, priority, path.to_str().expect("a path that is text"));
    command.args(args);
    command
}

/// The scripted servers, in a process of their own that ends with this.
pub(crate) struct Server {
    child: Child,
    /// `PORT,PORT...` as the server names them.
    pub(crate) at: String,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    pub(crate) fn start(ca_pem: &str, priority: Priority) -> Self {
        let mut child = myself(Place::Server, priority, &["serve", ca_pem])
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program runs again");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut at = String::new();
        stdout.read_line(&mut at).expect("the server names itself");
        Self {
            child,
            at: at.trim().to_owned(),
            _stdout: stdout,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Load averages of the machine.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// CPU time of all threads of a process so far, user and system, milliseconds: `/proc/PID/stat`
/// counts hundredths of a second.
pub(crate) fn cpu_ms(pid: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after_name
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    ticks * 10
}

/// Resident memory of a process, KiB.
pub(crate) fn resident_kib(pid: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .trim()
                .split(' ')
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or_default()
}

/// Absolute errors, microseconds.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<u64>);

impl Errors {
    pub(crate) fn add(&mut self, measured_us: u64, true_us: u64) {
        self.0.push(measured_us.abs_diff(true_us));
    }

    /// The value below which so many of a hundred lie, microseconds.
    fn percentile(&self, percent: usize) -> u64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * percent).div_ceil(100);
        sorted
            .get(at.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }

    /// Some percentiles in milliseconds, and how many there were.
    pub(crate) fn line(&self, percents: &[usize]) -> String {
        let mut line = String::new();
        for percent in percents {
            let ms = ms(self.percentile(*percent));
            write!(line, "p{percent} {ms:>7} ms  ").expect("memory has room");
        }
        write!(line, "of {}", self.0.len()).expect("memory has room");
        line
    }
}

/// Microseconds as milliseconds.
pub(crate) fn ms(us: u64) -> String {
    format!("{}.{:03}", us / 1_000, us % 1_000)
}
