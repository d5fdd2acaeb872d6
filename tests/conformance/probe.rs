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

/// Who answers at an address.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Via {
    /// The provider.
    Direct,
    /// A gateway.
    Gateway,
}

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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint<'a> {
    pub(crate) via: Via,
    /// Without `/v1`.
    pub(crate) url: &'a str,
    pub(crate) key: &'a str,
}

/// What the probe saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) outcome: String,
    pub(crate) attribution: String,
    pub(crate) served_model: Option<String>,
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

impl Endpoint<'_> {
    /// Asks for `model`, once.
    pub(crate) async fn ask(&self, model: &str, mode: Mode) -> Seen {
        let mut command = Command::new(program("nines"));
        command.args(["probe", "chat", &format!("{}/v1", self.url)]);
        command.args(["--model", model, "--key-env", KEY]);
        if mode == Mode::Streamed {
            command.arg("--stream");
        }
        if let Via::Gateway = self.via {
            command.arg("--gateway");
        }
        command.env(KEY, self.key);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(ENDS_WITHIN, command.output())
            .await
            .expect("the probe has a deadline of its own")
            .expect("the probe can be run");
        let said = String::from_utf8(output.stdout).expect("our programs print UTF-8");
        let seen = read(&said).unwrap_or_else(|| {
            let errors = String::from_utf8_lossy(&output.stderr);
            panic!("no attempt was made: {said}{errors}")
        });
        assert_eq!(
            output.status.success(),
            seen.outcome == "ok",
            "the exit status says what the outcome says: {said}"
        );
        seen
    }
}

/// Reads the probe's output, as JSON or as it is for people.
fn read(said: &str) -> Option<Seen> {
    match serde_json::from_str(said) {
        Ok(json) => read_json(&json),
        Err(_) => read_text(said),
    }
}

fn read_json(said: &Value) -> Option<Seen> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let headers = said["detail"]["hdr"].as_object().into_iter().flatten();
    Some(Seen {
        outcome: text(&said["outcome"])?,
        attribution: text(&said["attribution"])?,
        served_model: text(&said["served_model"]),
        headers: headers
            .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
            .collect(),
    })
}

fn read_text(said: &str) -> Option<Seen> {
    let mut lines = said.lines();
    let (outcome, rest) = lines.next()?.split_once("  ")?;
    let (_, attribution) = rest.rsplit_once("fault: ")?;
    let mut seen = Seen {
        outcome: outcome.to_owned(),
        attribution: attribution.to_owned(),
        ..Seen::default()
    };
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if name == "served model" {
            seen.served_model = Some(value.to_owned());
        } else if let Some(name) = name.strip_prefix("  ") {
            seen.headers.insert(name.to_owned(), value.to_owned());
        }
    }
    Some(seen)
}

#[test]
fn both_forms_of_output_say_the_same() {
    let text = "wrong_answer  HTTP 200  fault: gateway\n  the answer names another model\n\
                \x20             end       3.063 ms  ███\ntokens: 17 in, 6 out\n\
                served model: backup\nremote: 127.0.0.1:1  tls: -\n  x-a: 1\n";
    let json = r#"{"outcome":"wrong_answer","attribution":"gateway","served_model":"backup",
                   "detail":{"hdr":{"x-a":"1"}}}"#;
    let seen = read(text).expect("it is an attempt");
    assert_eq!(Some(&seen), read(json).as_ref());
    assert_eq!(seen.verdict(), ("wrong_answer", "gateway"));
    assert_eq!(seen.served_model.as_deref(), Some("backup"));
    assert_eq!(seen.header("x-a"), Some("1"));
    assert_eq!(read("error: no such option\n"), None);
}
