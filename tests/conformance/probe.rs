//! One attempt by `nines probe`, and what it says about it. The only place that knows its options
//! and its output.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use crate::peer::program;

/// For one attempt, whatever it meets: the probe's own deadline ends it sooner.
const ENDS_WITHIN: Duration = Duration::from_mins(2);
/// The environment variable that the key is handed over in.
const KEY: &str = "NINES_CONFORMANCE_KEY";

/// How an answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// In one piece.
    Whole,
    /// As a stream.
    Streamed,
}

impl Mode {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Whole, Self::Streamed];
}

/// Whom to ask.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) preset: &'static str,
    /// Without `/v1`.
    pub(crate) url: String,
    pub(crate) key: &'static str,
    /// Further headers, `NAME=VALUE`.
    pub(crate) headers: Vec<String>,
}

/// What the probe saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) outcome: String,
    pub(crate) attribution: String,
    pub(crate) served_model: Option<String>,
    /// Others that failed before, as the gateway counts them.
    pub(crate) fallbacks: Option<u64>,
    /// Verdict of a drill.
    pub(crate) drill: Option<String>,
    headers: BTreeMap<String, String>,
}

impl Seen {
    /// Outcome and attribution.
    pub(crate) fn verdict(&self) -> (&str, &str) {
        (&self.outcome, &self.attribution)
    }

    /// A header that was kept as evidence.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl Endpoint {
    /// Asks for `model`, once.
    pub(crate) async fn ask(&self, model: &str, mode: Mode) -> Seen {
        let (seen, succeeded) = self.run(model, mode, &[]).await;
        let is_ok = seen.outcome == "ok";
        assert_eq!(
            succeeded, is_ok,
            "the exit status says what the outcome says: {seen:?}"
        );
        seen
    }

    /// Asks for `model`, and then so that its primary fails.
    pub(crate) async fn drill(&self, model: &str, hook: &str) -> Seen {
        let hook = format!("--drill={hook}");
        let (seen, succeeded) = self.run(model, Mode::Whole, &[&hook]).await;
        let held = seen.drill.as_deref() == Some("held");
        assert_eq!(
            succeeded, held,
            "the exit status says what the drill showed: {seen:?}"
        );
        seen
    }

    async fn run(&self, model: &str, mode: Mode, further: &[&str]) -> (Seen, bool) {
        let mut command = Command::new(program("nines"));
        command.args(["probe", self.preset, "--format", "json", "--key-env", KEY]);
        command.args(["--base-url", &format!("{}/v1", self.url), "--model", model]);
        for header in &self.headers {
            command.args(["--header", header]);
        }
        if mode == Mode::Streamed {
            command.arg("--stream");
        }
        command.args(further).env(KEY, self.key);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(ENDS_WITHIN, command.output())
            .await
            .expect("the probe has a deadline of its own")
            .expect("the probe can be run");
        let seen = serde_json::from_slice(&output.stdout).ok();
        let seen = seen.as_ref().and_then(read).unwrap_or_else(|| {
            let errors = String::from_utf8_lossy(&output.stderr);
            panic!("no attempt was made: {errors}")
        });
        (seen, output.status.success())
    }
}

fn read(said: &Value) -> Option<Seen> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let headers = said["headers"].as_object().into_iter().flatten();
    Some(Seen {
        outcome: text(&said["outcome"])?,
        attribution: text(&said["attribution"])?,
        served_model: text(&said["served"]["model"]),
        fallbacks: said["served"]["fallbacks"].as_u64(),
        drill: text(&said["drill"]["verdict"]),
        headers: headers
            .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
            .collect(),
    })
}
