//! Processes, cores, and what they cost.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use domain::{Clock as _, SystemClock, UnixMillis};

use crate::setting::Setting;

/// How a process is scheduled.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Priority {
    Normal,
    /// Before all others.
    RealTime,
}

/// Which core something runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// What is measured: the first.
    Agent,
    /// What it probes: the second.
    Server,
}

/// A process that ends with this.
pub(crate) struct Running {
    child: Child,
    /// Where a server listens: quick answers, none; its certificate.
    pub(crate) at: String,
}

impl Running {
    /// This program as the server.
    pub(crate) fn server(priority: Priority) -> Self {
        let program = std::env::current_exe().expect("a program knows its path");
        let ca_pem = std::env::temp_dir().join(format!("slots-{}.pem", std::process::id()));
        let ca_pem = ca_pem.to_str().expect("a path that is text");
        let mut child = at(Place::Server, priority, program.to_str().expect("text"))
            .args(["serve", ca_pem])
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program runs again");
        let mut at = String::new();
        BufReader::new(child.stdout.take().expect("it is piped"))
            .read_line(&mut at)
            .expect("the server names itself");
        let at = format!("{} {ca_pem}", at.trim());
        Self { child, at }
    }

    /// The agent itself.
    pub(crate) fn agent(setting: &Setting, priority: Priority) -> Self {
        let program = env!("CARGO_BIN_EXE_nines-agent");
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(setting.dir.join("log"))
            .expect("room for a log");
        let child = at(Place::Agent, priority, program)
            .args(["run", "--config", setting.dir.join("agent.toml").as_str()])
            .stderr(log)
            .spawn()
            .expect("the agent starts");
        let at = String::new();
        Self { child, at }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// `program` at its place; `taskset` and `chrt` become it, so that its number stays the child's.
fn at(place: Place, priority: Priority, program: &str) -> Command {
    let core = match place {
        Place::Agent => "0",
        Place::Server => "1",
    };
    let mut line = Vec::new();
    if matches!(priority, Priority::RealTime) {
        line.extend(["chrt", "--fifo", "10"]);
    }
    let known = Command::new("taskset")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if known.is_ok() {
        line.extend(["taskset", "-c", core]);
    }
    line.push(program);
    let mut command = Command::new(line[0]);
    command.args(&line[1..]);
    command
}

pub(crate) fn now() -> UnixMillis {
    SystemClock.now().to_millis()
}

/// Load averages of the machine.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// CPU time of all threads of a process so far, milliseconds: `/proc/PID/stat` counts hundredths
/// of a second.
pub(crate) fn cpu_ms(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2);
    ticks.filter_map(|f| f.parse::<u64>().ok()).sum::<u64>() * 10
}

/// Resident memory of a process, KiB.
pub(crate) fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().split(' ').next());
    kib.and_then(|kib| kib.parse().ok()).unwrap_or_default()
}
