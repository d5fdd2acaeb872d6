//! The arguments of `nines probe`.
//!
//! Whatever may hold a secret is taken as one from the first moment on: no complaint about the
//! command line, and no `Debug`, repeats it.

use std::convert::Infallible;
use std::str::FromStr;

use camino::Utf8PathBuf;
use clap::{ArgGroup, ValueEnum, value_parser};
use secrecy::SecretString;

use probe::drill::Hook;

use crate::page::Style;

/// Most attempts of one run: their figures are kept until its end.
const REPEAT_MAX: i64 = 10_000;

/// Longest pause and longest wait, seconds.
const SECONDS_MAX: i64 = 3_600;

const USAGE: &str = "\
nines probe <PRESET> --model <MODEL> [OPTIONS]
       nines probe http <URL> [OPTIONS]
       nines probe --target <FILE:NAME> [OPTIONS]
       nines probe --list";

const EXIT_STATUS: &str = "\
Exit status:
  0  ok
  1  the provider, a gateway or the network failed, or it cannot be told who did
  2  the arguments cannot be used; nothing was sent
  3  ours: the key, a limit or credit of ours, the request, the token cap
  4  this machine's own failure
Of several attempts, the first of 1, 3 and 4 that occurred.

Documentation: docs/cli.md, docs/providers.md";

#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    override_usage = USAGE,
    subcommand_help_heading = "Instead of a preset",
    after_help = EXIT_STATUS
)]
#[command(group = ArgGroup::new("what").required(true).args(["preset", "target", "list"]))]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(super) page: Option<Page>,
    /// Provider or gateway, by the name that `--list` shows.
    #[arg(value_name = "PRESET")]
    pub(super) preset: Option<String>,
    /// A target of a `nines.toml` or of a plan: exactly what an agent would send.
    #[arg(
        long,
        value_name = "FILE:NAME",
        conflicts_with_all = ["CallOptions", "ViaOptions", "WaitOptions"]
    )]
    pub(super) target: Option<TargetPlace>,
    /// Show the presets: their wires, variables and what only you know.
    #[arg(long)]
    pub(super) list: bool,
    #[command(flatten)]
    pub(super) call: CallOptions,
    #[command(flatten)]
    pub(super) drill: DrillOptions,
    #[command(flatten)]
    pub(super) via: ViaOptions,
    #[command(flatten)]
    pub(super) wait: WaitOptions,
    #[command(flatten)]
    pub(super) key: KeyOptions,
    #[command(flatten)]
    pub(super) run: RunOptions,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Page {
    /// Plain HTTP GET, with an expectation of status and body.
    Http(HttpOptions),
}

#[derive(Debug, clap::Args)]
pub(super) struct HttpOptions {
    /// The whole URL.
    #[arg(value_name = "URL")]
    pub(super) url: String,
    /// Statuses expected, like `200` or `200-299,304`.
    #[arg(long, value_name = "SET", default_value = "200")]
    pub(super) expect_status: String,
    /// Text that the body must contain.
    #[arg(long, value_name = "TEXT")]
    pub(super) expect_body: Option<String>,
    /// Header that must be there and hold this text. May be given several times.
    #[arg(long, value_name = "NAME=TEXT")]
    pub(super) expect_header: Vec<Assignment>,
    /// Value that must stand at this JSON Pointer of the body, such as `/status="ok"`. May be given
    /// several times.
    #[arg(long, value_name = "POINTER=JSON")]
    pub(super) expect_json: Vec<Assignment>,
    #[command(flatten)]
    pub(super) wait: WaitOptions,
    #[command(flatten)]
    pub(super) run: RunOptions,
}

/// What is asked of a model API.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The call")]
pub(super) struct CallOptions {
    /// Model, as the provider names it; every wire but `models` needs one.
    #[arg(long, value_name = "MODEL")]
    pub(super) model: Option<String>,
    /// Ask for a streamed answer.
    #[arg(long)]
    pub(super) stream: bool,
    /// API to speak, where not the preset's first one.
    #[arg(long, value_name = "WIRE")]
    pub(super) wire: Option<String>,
    /// Address instead of the preset's own; what the wire's path is put below.
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<String>,
    /// A part of the preset's address that only you know. May be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) param: Vec<Assignment>,
    /// Upstream that must answer, behind a gateway that can be held to one.
    #[arg(long, value_name = "UPSTREAM")]
    pub(super) pin: Option<String>,
    /// Service tier to ask for.
    #[arg(long, value_name = "TIER")]
    pub(super) tier: Option<String>,
    /// A further header; its value is treated as a secret. May be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = secret)]
    pub(super) header: Vec<SecretString>,
    /// Members laid over the body that is sent: a JSON object.
    #[arg(long, value_name = "JSON")]
    pub(super) extra: Option<String>,
    /// Cap on output tokens; leave room for reasoning [default: 64].
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(super) max_output_tokens: Option<u32>,
    /// Silence after the first output that ends the attempt, seconds [default: 30].
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=SECONDS_MAX))]
    pub(super) stall_s: Option<u32>,
    /// Use a connection that an earlier attempt left open; the first attempt opens it.
    #[arg(long)]
    pub(super) warm: bool,
    /// What the model is asked [default: echo].
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) ask: Option<AskWord>,
    /// Ask the prompt in this file; `{nonce}` in it becomes a random word.
    #[arg(long, value_name = "FILE", conflicts_with = "ask")]
    pub(super) prompt_file: Option<Utf8PathBuf>,
    /// The answer must be this text; `{nonce}` stands for the random word.
    #[arg(long, value_name = "TEXT", requires = "prompt_file")]
    pub(super) expect_text: Option<String>,
    /// This pattern must match in the answer.
    #[arg(
        long,
        value_name = "REGEX",
        requires = "prompt_file",
        conflicts_with = "expect_text"
    )]
    pub(super) expect_regex: Option<String>,
    /// The answer must be one JSON value that fits the schema in this file.
    #[arg(
        long,
        value_name = "FILE",
        requires = "prompt_file",
        conflicts_with_all = ["expect_text", "expect_regex"]
    )]
    pub(super) expect_schema: Option<Utf8PathBuf>,
}

/// Failover drills.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Failover drill")]
pub(super) struct DrillOptions {
    /// Make a gateway's primary fail, for this attempt only: `header:NAME=VALUE`, `model:ALIAS` or
    /// `body:{JSON object}`. An attempt without it goes first, to compare.
    #[arg(long, value_name = "HOOK", conflicts_with = "repeat")]
    pub(super) drill: Option<Hook>,
    /// Model, provider or deployment that must not have served, as the gateway names it.
    #[arg(long, value_name = "NAME", requires = "drill")]
    pub(super) primary: Option<String>,
}

/// Who answers, where not as the preset has it.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
#[command(next_help_heading = "The call")]
pub(super) struct ViaOptions {
    /// A gateway answers for the provider.
    #[arg(long)]
    pub(super) gateway: bool,
    /// The provider itself answers.
    #[arg(long)]
    pub(super) direct: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct WaitOptions {
    /// How long to wait for the whole answer, seconds [default: 60].
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=SECONDS_MAX))]
    pub(super) deadline_s: Option<u32>,
}

/// Where keys are found; never on the command line itself.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Keys")]
pub(super) struct KeyOptions {
    /// Variable that holds the key; without it, the preset's own.
    #[arg(long, value_name = "NAME")]
    pub(super) key_env: Option<String>,
    /// File that holds the key.
    #[arg(long, value_name = "FILE", conflicts_with = "key_env")]
    pub(super) key_file: Option<Utf8PathBuf>,
    /// Send no key, whatever variables are set.
    #[arg(long, conflicts_with_all = ["key_env", "key_file"])]
    pub(super) no_key: bool,
    /// Variable that holds a gateway's own key, where it stands beside the provider's.
    #[arg(long, value_name = "NAME")]
    pub(super) second_key_env: Option<String>,
}

/// How often, and how it is shown.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct RunOptions {
    /// Make so many attempts, one after the other, and sum them up; Ctrl-C ends earlier.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = value_parser!(u32).range(1..=REPEAT_MAX)
    )]
    pub(super) repeat: u32,
    /// From the start of one attempt to that of the next, seconds.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 1,
        requires = "repeat",
        value_parser = value_parser!(u32).range(0..=SECONDS_MAX)
    )]
    pub(super) every: u32,
    /// How to print what was observed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// A price table (TOML); without it, the one that comes with the program.
    #[arg(long, value_name = "FILE")]
    pub(super) prices: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub(super) style: Style,
}

/// How to print what was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A page for people.
    Text,
    /// One JSON object, schema `probe/1`; of several attempts, `probe-run/1`.
    Json,
    /// One line of JSON for each attempt as it ends; of several, a last one for their summary.
    Jsonl,
}

/// What the model is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum AskWord {
    /// To repeat a random word.
    Echo,
    /// To add two random numbers.
    Sum,
    /// To repeat a random word several times.
    Repeat,
    /// For a JSON object that holds a random word.
    Json,
}

/// `NAME=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) value: String,
}

impl FromStr for Assignment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
        Ok(Self {
            name: name.trim().to_owned(),
            value: value.to_owned(),
        })
    }
}

/// `FILE:NAME`: a target, and the file that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TargetPlace {
    pub(super) file: Utf8PathBuf,
    pub(super) name: String,
}

impl FromStr for TargetPlace {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text.rsplit_once(':') {
            Some((file, name)) if !file.is_empty() && !name.is_empty() => Ok(Self {
                file: file.into(),
                name: name.to_owned(),
            }),
            _ => Err("write it as FILE:NAME, such as nines.toml:openai-chat"),
        }
    }
}

/// Takes what was given as it is: what is wrong with it is said later, without repeating it.
#[expect(
    clippy::unnecessary_wraps,
    reason = "clap's value parsers are functions that can fail"
)]
fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_stands_behind_the_last_colon() {
        let place: TargetPlace = "dir:1/nines.toml:openai-chat".parse().unwrap();
        assert_eq!(
            (place.file.as_str(), place.name.as_str()),
            ("dir:1/nines.toml", "openai-chat")
        );
        for text in ["nines.toml", ":name", "file:"] {
            assert!(text.parse::<TargetPlace>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_may_hold_further_equals_signs() {
        let given: Assignment = "region=a=b".parse().unwrap();
        assert_eq!(
            (given.name.as_str(), given.value.as_str()),
            ("region", "a=b")
        );
        assert!("region".parse::<Assignment>().is_err());
    }
}
