//! The commands that need no server, run as anybody would.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const NINES: &str = env!("CARGO_BIN_EXE_nines");
const GUIDE: &str = include_str!("../../../docs/assess.md");

fn nines(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(NINES);
    command.args(args).current_dir(dir);
    command.env("LC_ALL", "C.UTF-8").env("NO_COLOR", "1");
    command
}

/// What a command prints; it must succeed.
#[track_caller]
fn said(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    assert_eq!(complaint, "", "nothing is said beside the result");
    String::from_utf8(output.stdout.clone()).expect("pages are UTF-8")
}

fn output(command: &mut Command) -> Output {
    command.output().expect("the command can be run")
}

/// October: a request a minute in two regions, an outage in one, ten minutes without a line.
fn october() -> String {
    let mut log = String::from("time,agent,region,model,status,total_ms\n");
    for minute in 0..31 * 1_440 {
        if (20_000..20_010).contains(&minute) {
            continue;
        }
        let (day, hour, rest) = (minute / 1_440 + 1, minute / 60 % 24, minute % 60);
        for region in ["eu-west-1", "us-east-1"] {
            let is_down = region == "eu-west-1" && (23_883..23_929).contains(&minute);
            let status = if is_down { 500 } else { 200 };
            let at = format!("2026-10-{day:02}T{hour:02}:{rest:02}:05Z");
            writeln!(log, "{at},gw-1,{region},large,{status},900").expect("text grows");
        }
    }
    log
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).expect("a file can be written");
    path
}

fn gzip(dir: &Path, log: &str) {
    let file = File::create(dir.join("october.csv.gz")).expect("a file can be made");
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed.write_all(log.as_bytes()).expect("gzip packs");
    packed.finish().expect("gzip ends");
}

const ASSESS: [&str; 8] = [
    "assess",
    "--contract=aws-bedrock",
    "--period=2026-10",
    "--scope=account=acme",
    "--fees=12000 USD",
    "--format=json",
    "--agent=gw-1",
    "--target=chat",
];

/// The JSON of a month, without the name of its source.
fn judged(dir: &Path, samples: &str, stdin: Stdio) -> serde_json::Value {
    let mut command = nines(dir, &ASSESS);
    command.arg(format!("--samples={samples}")).stdin(stdin);
    let text = said(&output(&mut command));
    let mut json: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    json["input"]["source"] = serde_json::Value::Null;
    json
}

#[test]
fn a_month_is_judged_alike_however_it_arrives() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let log = october();
    let plain = write(dir, "october.csv", log.as_bytes());
    gzip(dir, &log);
    let packed = zstd::encode_all(log.as_bytes(), 1).unwrap();
    write(dir, "october.csv.zst", &packed);

    let json = judged(dir, "october.csv", Stdio::null());
    assert_eq!(json, judged(dir, "october.csv.gz", Stdio::null()));
    assert_eq!(json, judged(dir, "october.csv.zst", Stdio::null()));
    assert_eq!(json, judged(dir, "-", File::open(plain).unwrap().into()));

    assert_eq!(json["schema"], "assess/1");
    assert_eq!(json["input"]["counted"], 2 * (31 * 1_440 - 10));
    let parts = json["parts"].as_array().unwrap();
    let verdict = |part: usize| &parts[part]["assessment"]["commitments"][0]["verdict"];
    assert_eq!(
        (verdict(0), verdict(1)),
        (&"breached".into(), &"met".into())
    );
    // 46 minutes of 44,640, and two intervals without a line that count as 100 %.
    let high = &parts[0]["assessment"]["commitments"][0]["high"];
    assert_eq!(high, &serde_json::json!({ "num": "22297", "den": "22320" }));
    let amount = &parts[0]["assessment"]["credit"]["amount"];
    assert_eq!(
        amount,
        &serde_json::json!({ "minor": 120_000, "currency": "USD" })
    );
}

#[test]
fn the_guides_example_prints_what_the_guide_shows() {
    let dir = tempfile::tempdir().unwrap();
    let block = |fence: &str| {
        let after = GUIDE.split(fence).nth(1).unwrap();
        after.split("```").next().unwrap()
    };
    let bin = Path::new(NINES).parent().unwrap();
    let path = std::env::join_paths([bin, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-ec", block("```sh\n")])
        .current_dir(dir.path());
    shell.env("PATH", path).env("NO_COLOR", "1");
    let page = said(&output(&mut shell));
    let shown = block("```text\n").trim_end();
    assert!(page.contains(shown), "the page is:\n{page}");
}

#[test]
fn what_cannot_be_used_ends_with_2_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write(dir, "log.csv", b"time,status\n2026-10-17T00:00:00Z,200\n");
    let check = |more: &[&str], words: &str| {
        let mut args = vec!["assess", "--contract=aws-bedrock", "--samples=log.csv"];
        args.extend(more);
        let output = output(&mut nines(dir, &args));
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(output.stdout.is_empty());
        assert!(complaint.contains(words), "{complaint}");
    };
    check(
        &["--period=October"],
        "give the month that the billing month begins in",
    );
    check(&["--period=2026-09"], "no sample lies in 2026-09");
    check(&["--period=2026-10", "--fees=1 EUR"], "in USD");
    check(
        &["--period=2026-10", "--contract=none"],
        "cannot be used multiple times",
    );
    check(
        &["--period=2026-10", "--places=none.csv"],
        "cannot read `none.csv`",
    );
    check(&[], "--period");
}

#[test]
fn contracts_are_listed_shown_and_started_from() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let run = |args: &[&str]| said(&output(&mut nines(dir, args)));
    assert!(run(&["contract", "list"]).contains("aws-bedrock"));
    let toml = run(&["contract", "show", "aws-bedrock", "--toml"]);
    write(dir, "mine.toml", toml.as_bytes());
    let checked = run(&["contract", "check", "mine.toml"]);
    assert!(
        checked.starts_with("mine.toml: aws-bedrock with aws: ok"),
        "{checked}"
    );
    assert!(run(&["contract", "show", "mine.toml"]).contains("What it promises"));
    let schema = run(&["contract", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert!(schema["properties"]["commitment"].is_object());
    assert!(run(&["contract", "reference"]).contains("commitment"));
}

#[test]
fn output_is_ascii_where_the_locale_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = nines(dir.path(), &["contract", "show", "aws-bedrock"]);
    let page = said(&output(command.env("LC_ALL", "C")));
    assert!(page.is_ascii(), "{page}");
}
