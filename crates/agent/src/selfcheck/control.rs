//! Whether the agent's own network carried: controls, which have nothing to do with any target,
//! asked in every minute in which something is probed, and the host of a target whose attempt
//! failed, looked at right after.
//!
//! Invariants: a control is asked at most twice in a minute, at the first attempt and at the first
//! failure; a host at most once, and at most `HOSTS_MAX` of them; no key is sent; the line of a
//! minute is written when the minute is over and what was asked in it has ended.
//!
//! Non-goals: whose fault a failure was. The line is there for whoever judges that later.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{ControlId, Minute};
use probe::HttpUrl;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use wire::reserved::{ControlLine, HostLine, RESERVED_VERSION, ReservedLine};

use super::Surroundings;
use crate::recorder::task::RecorderGone;
use crate::runner::AttemptFn;

mod endpoint;
mod seen;
#[cfg(test)]
mod tests;

pub(super) use endpoint::host_and_port;
pub use endpoint::{CONTROLS_MAX, Control, ControlError, Endpoint, check_set};
pub(crate) use seen::{Probed, probed, watched};

/// How long a control or a host may take to answer.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);
/// Hosts that are looked at in one minute.
const HOSTS_MAX: usize = 16;
/// Longest sleep, so that a wall clock that was set is noticed soon.
const SLEEP_MAX: Duration = Duration::from_secs(5);

/// What one minute has shown so far.
#[derive(Debug, Default)]
struct OpenMinute {
    has_failure: bool,
    pending: usize,
    answers: BTreeMap<ControlId, bool>,
    /// By the host's name; `None` while it is looked at.
    hosts: BTreeMap<String, Option<HostLine>>,
}

/// What one check found.
#[derive(Debug)]
enum Found {
    Control(ControlId, bool),
    Host(HostLine),
}

/// The task that asks.
pub(super) struct Controls {
    asked: Vec<Control>,
    around: Surroundings,
    open: BTreeMap<Minute, OpenMinute>,
    checks: JoinSet<(Minute, Found)>,
}

impl Controls {
    pub(super) fn new(controls: Vec<Control>, around: Surroundings) -> Self {
        let count = controls.len();
        around
            .health
            .update(|health| health.controls_configured = count);
        Self {
            asked: controls,
            around,
            open: BTreeMap::new(),
            checks: JoinSet::new(),
        }
    }

    /// Asks until stopped; what is known then is written, and what is not is given up.
    pub(super) async fn run(
        mut self,
        mut probed: mpsc::Receiver<Probed>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), RecorderGone> {
        loop {
            let wake = tokio::time::sleep(self.sleep());
            tokio::select! {
                Some(seen) = probed.recv() => self.note(seen),
                Some(ended) = self.checks.join_next() => {
                    if let Ok((minute, found)) = ended {
                        self.take(minute, found);
                    }
                }
                () = wake => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
            let now = self.minute();
            let is_over = |(minute, open): (&Minute, &OpenMinute)| {
                (*minute != now && open.pending == 0).then_some(*minute)
            };
            let over: Vec<Minute> = self.open.iter().filter_map(is_over).collect();
            for minute in over {
                self.close(minute).await?;
            }
        }
        self.checks.abort_all();
        while let Some(minute) = self.open.keys().next().copied() {
            self.close(minute).await?;
        }
        Ok(())
    }

    fn minute(&self) -> Minute {
        self.around.timebase.now().wall.to_millis().minute()
    }

    /// Until the minute is over, but not for long.
    fn sleep(&self) -> Duration {
        let now = self.around.timebase.now().wall.to_millis();
        let end = now.minute().plus(1).start();
        let left = u64::try_from(end.get().saturating_sub(now.get())).unwrap_or(0);
        Duration::from_millis(left).clamp(Duration::from_millis(1), SLEEP_MAX)
    }

    fn note(&mut self, seen: Probed) {
        let minute = self.minute();
        let is_new = !self.open.contains_key(&minute);
        let open = self.open.entry(minute).or_default();
        let mut asks = is_new;
        if let Probed::Failed(host) = seen {
            asks |= !open.has_failure;
            open.has_failure = true;
            let name = host.authority();
            if open.hosts.len() < HOSTS_MAX && !open.hosts.contains_key(&name) {
                open.hosts.insert(name, None);
                open.pending += 1;
                let attempt = Arc::clone(&self.around.attempt);
                self.checks
                    .spawn(async move { (minute, Found::Host(look_at(&host, &attempt).await)) });
            }
        }
        if !asks {
            return;
        }
        open.pending += self.asked.len();
        for control in &self.asked {
            let (control, attempt) = (control.clone(), Arc::clone(&self.around.attempt));
            self.checks.spawn(async move {
                let ok = answers(&control.endpoint, &attempt).await;
                (minute, Found::Control(control.name, ok))
            });
        }
    }

    fn take(&mut self, minute: Minute, found: Found) {
        let Some(open) = self.open.get_mut(&minute) else {
            return;
        };
        open.pending = open.pending.saturating_sub(1);
        match found {
            // Of two answers in a minute the later one counts: it is that beside the failure.
            Found::Control(name, ok) => drop(open.answers.insert(name, ok)),
            Found::Host(host) => drop(open.hosts.insert(host.host.clone(), Some(host))),
        }
    }

    async fn close(&mut self, minute: Minute) -> Result<(), RecorderGone> {
        let Some(open) = self.open.remove(&minute) else {
            return Ok(());
        };
        let line = line_of(minute, open, self.around.timebase.now());
        let (ok, of) = (line.ok, line.of);
        self.around.metrics.controls_answered(ok.into(), of.into());
        self.around
            .health
            .update(|health| health.controls = Some(line.clone()));
        self.around.recorder.note(ReservedLine::Ctrl(line)).await
    }
}

fn line_of(minute: Minute, open: OpenMinute, now: crate::stamp::Stamp) -> ControlLine {
    let of = open.answers.len();
    let failed = open.answers.into_iter().filter(|(_, ok)| !ok);
    let failed: Vec<ControlId> = failed.map(|(name, _)| name).collect();
    let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    ControlLine {
        hosts: open.hosts.into_values().flatten().collect(),
        i: 0,
        minute,
        mono_us: now.mono_us,
        of: count(of),
        ok: count(of - failed.len()),
        failed,
        v: RESERVED_VERSION,
        wall_us: now.wall,
    }
}

/// Whether a control answers: any HTTP answer, or a TCP connection.
async fn answers(endpoint: &Endpoint, attempt: &Arc<AttemptFn>) -> bool {
    match endpoint {
        Endpoint::Http(url) => match seen::head(url.clone(), CHECK_TIMEOUT) {
            Some(spec) => attempt(spec).await.status.is_some(),
            None => false,
        },
        Endpoint::Tcp(address) => {
            let connected = tokio::time::timeout(CHECK_TIMEOUT, TcpStream::connect(address));
            matches!(connected.await, Ok(Ok(_)))
        }
    }
}

/// How far a connection to a host comes; whatever it answers, nobody looks at.
async fn look_at(host: &seen::Host, attempt: &Arc<AttemptFn>) -> HostLine {
    let url: Option<HttpUrl> = host.url();
    let attempt = match url.and_then(|url| seen::head(url, CHECK_TIMEOUT)) {
        Some(spec) => Some(attempt(spec).await),
        None => None,
    };
    let phase = attempt.map(|attempt| attempt.detail.phase);
    let tcp = phase.as_ref().is_some_and(|phase| phase.tcp_us.is_some());
    let tls = phase.as_ref().is_some_and(|phase| phase.tls_us.is_some());
    HostLine {
        host: host.authority(),
        tcp,
        tls: (host.is_tls() && tcp).then_some(tls),
    }
}
