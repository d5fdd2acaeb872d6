//! How far the machine's clock is off, asked again and again of the best source there is: the
//! NTP servers of the configuration, else the chrony daemon, else the kernel's flag. Where none
//! answers, receipts of the collector are what remains ([`super::Readings`]).

use std::fmt;
use std::process::Stdio;
use std::str::FromStr;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::watch;
use tracing::debug;
use wire::reserved::ClockSource;

use super::readings::ClockReading;
use super::{Surroundings, chrony, sntp};

/// Between two rounds: often enough for one reading in each batch, seldom enough for a public
/// server.
const ROUND: Duration = Duration::from_mins(2);
/// How long a program may take to answer.
const PROGRAM_TIMEOUT: Duration = Duration::from_secs(2);
/// Where NTP servers listen.
const PORT: u16 = 123;

/// An NTP server, as `host` or `host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NtpServer(String);

/// A text that is no server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no NTP server: write `host` or `host:port`, IPv6 addresses in brackets")]
pub struct NtpServerError(String);

impl FromStr for NtpServer {
    type Err = NtpServerError;

    fn from_str(text: &str) -> Result<Self, NtpServerError> {
        super::control::host_and_port(text, Some(PORT))
            .map(Self)
            .ok_or_else(|| NtpServerError(text.to_owned()))
    }
}

impl fmt::Display for NtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Asks until stopped.
pub(super) async fn run(
    servers: Vec<NtpServer>,
    around: Surroundings,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let reading = tokio::select! {
            reading = ask(&servers, &around) => reading,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        if let Some(reading) = reading {
            around.readings.set_clock(reading, around.timebase.now());
        }
        let line = around.readings.time_line(around.timebase.now());
        if let Some((offset_us, bound_us)) = line.offset_us.zip(line.bound_us) {
            around.metrics.clock_read(offset_us, bound_us);
        }
        around.health.update(|health| health.clock = Some(line));
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn ask(servers: &[NtpServer], around: &Surroundings) -> Option<ClockReading> {
    for server in servers {
        match sntp::ask(&server.0, &around.timebase).await {
            Ok(answer) => return Some(of_ntp(answer)),
            Err(failed) => {
                let source = &failed as &dyn std::error::Error;
                debug!(error = source, "NTP server {server} tells no time");
            }
        }
    }
    if let Some(output) = output_of("chronyc", &["-c", "tracking"]).await
        && let Some(reading) = chrony::read(&output)
    {
        return Some(reading);
    }
    let asked = ["show", "--property=NTPSynchronized", "--value"];
    of_kernel(&output_of("timedatectl", &asked).await?)
}

fn of_ntp(answer: sntp::Answer) -> ClockReading {
    ClockReading {
        source: ClockSource::Ntp,
        offset_us: Some(answer.offset_us),
        bound_us: Some(answer.bound_us),
        synced: Some(answer.synced),
        stratum: Some(answer.stratum),
    }
}

/// The kernel's own flag (`STA_UNSYNC` of `adjtimex`), as systemd passes it on.
fn of_kernel(output: &str) -> Option<ClockReading> {
    let synced = match output.trim() {
        "yes" => true,
        "no" => false,
        _ => return None,
    };
    Some(ClockReading {
        source: ClockSource::Kernel,
        offset_us: None,
        bound_us: None,
        synced: Some(synced),
        stratum: None,
    })
}

/// What a program prints, where there is such a program and it is content.
async fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PROGRAM_TIMEOUT, command.output());
    let output = output.await.ok()?.ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_with_or_without_a_port() {
        for (text, server) in [
            ("ntp.example", "ntp.example:123"),
            ("127.0.0.1:11123", "127.0.0.1:11123"),
            ("[::1]", "[::1]:123"),
            ("[::1]:7", "[::1]:7"),
        ] {
            assert_eq!(text.parse::<NtpServer>().unwrap().to_string(), server);
        }
        for bad in ["", "::1", "a:b", "a:0", "a b", "http://a", "[::1"] {
            assert!(bad.parse::<NtpServer>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_kernels_flag_tells_no_offset() {
        let reading = of_kernel("yes\n").unwrap();
        assert_eq!((reading.synced, reading.offset_us), (Some(true), None));
        assert_eq!(of_kernel("no\n").unwrap().synced, Some(false));
        assert_eq!(of_kernel("maybe"), None);
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_says_nothing() {
        assert_eq!(output_of("no-such-program-of-ours", &[]).await, None);
        assert_eq!(output_of("false", &[]).await, None);
    }
}
