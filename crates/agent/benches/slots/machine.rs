//! Processes, cores, and what they cost.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use domain::{Clock as _, SystemClock, UnixMillis};

use crate::setting::Setting;

/// The program that is measured.
const AGENT: &str = env!("CARGO_BIN_EXE_nines-agent");

/// What its systemd unit tells its allocator.
const ALLOCATOR: [(&str, &str); 2] = [
    ("MALLOC_ARENA_MAX", "1"),
    ("MALLOC_TRIM_THRESHOLD_", "131072"),
];

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
    /// Where a server listens: quick answers, none; its certificate; what it notes.
    pub(crate) at: String,
}

impl Running {
    /// This program as the server.
    pub(crate) fn server(priority: Priority) -> Self {
        let program = std::env::current_exe().expect("a program knows its path");
        let own = |suffix: &str| {
            let path = std::env::temp_dir().join(format!("slots-{}.{suffix}", std::process::id()));
            path.to_str().expect("a path that is text").to_owned()
        };
        let (ca_pem, notes) = (own("pem"), own("notes"));
        let mut child = at(Place::Server, priority, program.to_str().expect("text"))
            .args(["serve", &ca_pem, &notes])
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program runs again");
        let mut at = String::new();
        BufReader::new(child.stdout.take().expect("it is piped"))
            .read_line(&mut at)
            .expect("the server names itself");
        let at = format!("{} {ca_pem} {notes}", at.trim());
        Self { child, at }
    }

    /// What is measured in the agent's place.
    pub(crate) fn peer(priority: Priority, program: &str, args: &[String]) -> Self {
        let child = at(Place::Agent, priority, program)
            .args(args)
            .stderr(Stdio::null())
            .spawn()
            .expect("the peer starts");
        let at = String::new();
        Self { child, at }
    }

    /// The agent itself.
    pub(crate) fn agent(setting: &Setting, priority: Priority) -> Self {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(setting.dir.join("log"))
            .expect("room for a log");
        let child = at(Place::Agent, priority, AGENT)
            .args(["run", "--config", setting.dir.join("agent.toml").as_str()])
            .envs(ALLOCATOR)
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
    status_kib(pid, "VmRSS:")
}

/// The most of it so far.
pub(crate) fn peak_kib(pid: u32) -> u64 {
    status_kib(pid, "VmHWM:")
}

fn status_kib(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().split(' ').next());
    kib.and_then(|kib| kib.parse().ok()).unwrap_or_default()
}

/// Size of the agent's program.
pub(crate) fn program_bytes() -> u64 {
    fs::metadata(AGENT).map_or(0, |program| program.len())
}
