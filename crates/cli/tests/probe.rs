//! `nines probe`, run as anybody would, against a simulated provider.

mod probe {
    mod ask;
    mod echo;
    mod place;
    mod run;
}

use std::path::Path;
use std::process::{Command, Output};

use secrecy::SecretString;
use serde_json::Value;
use simulator::{Config, ErrorStatus, Fault, Simulator};

const NINES: &str = env!("CARGO_BIN_EXE_nines");

/// The command without any key in its environment.
fn nines(args: &[&str]) -> Command {
    let mut command = Command::new(NINES);
    command.arg("probe").args(args);
    for variable in ["OPENAI_API_KEY", "LITELLM_API_KEY", "NO_COLOR", "NINES_LOG"] {
        command.env_remove(variable);
    }
    command.env("LC_ALL", "C.UTF-8").env("TERM", "xterm");
    command
}

fn output(command: &mut Command) -> Output {
    command.output().expect("the command can be run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what is printed is UTF-8")
}

async fn start(keys: &[&str]) -> Simulator {
    let config = Config {
        keys: keys.iter().map(|key| SecretString::from(*key)).collect(),
        ..Config::default()
    };
    Simulator::start(config).await.expect("a port is free")
}

fn base_url(simulator: &Simulator) -> String {
    format!("--base-url={}/v1", simulator.base_url())
}

/// What an attempt ends with, and its document.
#[track_caller]
fn document(command: &mut Command) -> (Option<i32>, Value) {
    let output = output(command.arg("--format=json"));
    let complaint = text(&output.stderr);
    let json = serde_json::from_slice(&output.stdout).expect(&complaint);
    (output.status.code(), json)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_server_is_probed_without_a_key_and_that_is_said() {
    let simulator = start(&[]).await;
    let base = base_url(&simulator);
    let args = ["openai-compatible", &base, "--model=sim-1", "--stream"];
    let page = output(&mut nines(&args));
    let shown = text(&page.stdout);
    assert_eq!(page.status.code(), Some(0), "{shown}");
    for words in [
        "ok: a whole answer",
        "`OPENAI_API_KEY` is not set",
        "wait for headers",
        "tokens/s",
        "unknown: whose prices hold there is not known",
    ] {
        assert!(shown.contains(words), "{words} is missing:\n{shown}");
    }
    assert!(shown.contains('█') && !shown.contains('\u{1b}'), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_holds_what_a_sample_and_its_detail_would() {
    let simulator = start(&["sim-key-1"]).await;
    let base = base_url(&simulator);
    let args = ["litellm", &base, "--model=sim-1", "--stream", "--tier=flex"];
    let (status, json) = document(nines(&args).env("LITELLM_API_KEY", "sim-key-1"));
    assert_eq!(status, Some(0), "{json:#}");
    assert_eq!(
        (&json["schema"], &json["outcome"]),
        (&"probe/1".into(), &"ok".into())
    );
    assert_eq!(json["attribution"], "none");
    assert_eq!(json["asked"]["via"], "gateway");
    assert_eq!(json["asked"]["tier"], "flex");
    assert_eq!(json["status"], 200);
    assert_eq!(json["net"]["remote"], simulator.addr().to_string());
    for (group, member) in [
        ("phases", "headers_us"),
        ("phases", "first_text_us"),
        ("phases", "terminator_us"),
        ("figures", "total_us"),
        ("usage", "output_tokens"),
        ("body", "sha256"),
        ("served", "model"),
        ("cost", "unknown"),
    ] {
        assert!(
            !json[group][member].is_null(),
            "{group}.{member}:\n{json:#}"
        );
    }
    assert!(!json.to_string().contains("sim-key-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_status_tells_a_provider_from_us() {
    let simulator = start(&["sim-key-1"]).await;
    let base = base_url(&simulator);
    let args = ["openai-compatible", &base, "--model=sim-1"];
    let (status, json) = document(nines(&args).env("OPENAI_API_KEY", "wrong"));
    assert_eq!((status, &json["outcome"]), (Some(3), &"auth".into()));

    simulator.inject(
        Fault::Status {
            status: ErrorStatus::INTERNAL,
            code: None,
            body: None,
        },
        std::time::Duration::from_mins(10),
    );
    let (status, json) = document(nines(&args).env("OPENAI_API_KEY", "sim-key-1"));
    assert_eq!(
        (status, &json["outcome"]),
        (Some(1), &"server_error".into())
    );

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("--base-url=http://{}/v1", closed.local_addr().unwrap());
    drop(closed);
    let (status, json) = document(&mut nines(&["litellm", &dead, "--model=m"]));
    assert_eq!((status, &json["outcome"]), (Some(1), &"tcp".into()));
    assert_eq!(json["attribution"], "unknown");
}

#[test]
fn what_cannot_be_sent_ends_with_2_and_says_what_to_give() {
    let check = |args: &[&str], words: &str| {
        let output = output(&mut nines(args));
        let complaint = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(output.stdout.is_empty());
        assert!(
            complaint.contains(words),
            "{words} is missing:\n{complaint}"
        );
    };
    check(&["openai", "--model=m"], "export OPENAI_API_KEY=");
    check(&["openai", "--model=m"], "--key-env NAME");
    check(&["opnai", "--model=m"], "did you mean `openai`?");
    check(&["litellm", "--model=m"], "--base-url URL");
    check(&["openai", "--no-key"], "--model MODEL");
    check(
        &["bedrock", "--no-key", "--model=m"],
        "--param region=VALUE",
    );
    check(
        &["openai", "--no-key", "--model=m", "--wire=gemini"],
        "does not speak `gemini`",
    );
    check(
        &["openai", "--model=m", "--key-env=NONE_SUCH"],
        "`NONE_SUCH` is not set",
    );
    check(
        &["openai", "--no-key", "--model=m", "--extra=[]"],
        "--extra is not a JSON object",
    );
    check(
        &["http", "ftp://a.example/"],
        "the scheme must be http or https",
    );
    check(&["--target=none.toml:a", "--stream"], "cannot be used with");
    check(&[], "PRESET");
}

#[test]
fn presets_are_listed_with_what_they_need() {
    let output = output(&mut nines(&["--list"]));
    let list = text(&output.stdout);
    assert!(output.status.success());
    for words in [
        "bedrock",
        "AWS_BEDROCK_KEY",
        "location, project",
        "second key",
    ] {
        assert!(list.contains(words), "{words} is missing:\n{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_probed_by_its_url() {
    let simulator = start(&[]).await;
    let url = format!("{}/status?token=canary", simulator.base_url());
    let (status, json) = document(&mut nines(&["http", &url, "--expect-body=nines-sim"]));
    assert_eq!(
        (status, &json["outcome"]),
        (Some(0), &"ok".into()),
        "{json:#}"
    );
    assert!(!json.to_string().contains("canary"), "{json:#}");
    let other = document(&mut nines(&["http", &url, "--expect-status=300-399"]));
    assert_eq!(
        (other.0, &other.1["outcome"]),
        (Some(1), &"unexpected_status".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bars_are_ascii_where_the_terminal_wants_it_plain() {
    let simulator = start(&[]).await;
    let base = base_url(&simulator);
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb"), ("LC_ALL", "C")] {
        let args = ["litellm", &base, "--model=sim-1"];
        let page = text(&output(nines(&args).env(name, value)).stdout);
        assert!(page.is_ascii() && page.contains('#'), "{name}:\n{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_table_of_ones_own_decides_the_cost() {
    let simulator = start(&[]).await;
    let base = base_url(&simulator);
    let dir = tempfile::tempdir().unwrap();
    let table = r#"
schema = "price-table/1"
version = "mine"
as_of = 2026-11-22
[[price]]
provider = "openai"
model = "sim-1"
input = "1"
output = "2"
source = "a contract"
provenance = "official"
"#;
    let file = write(dir.path(), "prices.toml", table);
    let args = [
        "openai",
        "--no-key",
        &base,
        "--model=sim-1",
        "--prices",
        &file,
    ];
    let (status, json) = document(&mut nines(&args));
    assert_eq!(status, Some(0), "{json:#}");
    let tokens = |name: &str| json["usage"][name].as_u64().unwrap();
    let cost = tokens("input_tokens") * 1_000 + tokens("output_tokens") * 2_000;
    assert_eq!(json["cost"]["usd_nano"], cost, "{json:#}");
    assert_eq!(json["cost"]["table"], "mine");
}

/// Writes a file and gives its path as text.
fn write(dir: &Path, name: &str, words: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, words).expect("a file can be written");
    path.to_str().expect("the path is UTF-8").to_owned()
}
