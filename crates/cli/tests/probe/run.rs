//! Several attempts.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{base_url, nines, output, start, text};

#[tokio::test(flavor = "multi_thread")]
async fn several_attempts_are_lines_and_then_a_summary() {
    let simulator = start(&[]).await;
    let base = base_url(&simulator);
    let run = |format| {
        let args = [
            "litellm",
            &base,
            "--model=sim-1",
            "--repeat=3",
            "--every=0",
            "--format",
            format,
        ];
        output(&mut nines(&args))
    };
    let page = run("text");
    let shown = text(&page.stdout);
    assert_eq!(page.status.code(), Some(0), "{shown}");
    assert!(
        shown.contains("3/3") && shown.contains("3 attempts"),
        "{shown}"
    );
    assert!(shown.contains("nearest rank"), "{shown}");

    let lines = text(&run("jsonl").stdout);
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let schemas: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["schema"].as_str())
        .collect();
    assert_eq!(
        schemas,
        ["probe/1", "probe/1", "probe/1", "probe-summary/1"]
    );

    let whole: Value = serde_json::from_slice(&run("json").stdout).unwrap();
    assert_eq!(whole["schema"], "probe-run/1");
    assert_eq!(whole["attempts"].as_array().map(Vec::len), Some(3));
    assert_eq!(whole["summary"]["outcomes"]["ok"], 3);
    assert_eq!(simulator.requests(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_ends_with_its_summary() {
    let simulator = start(&[]).await;
    let base = base_url(&simulator);
    let args = [
        "litellm",
        &base,
        "--model=sim-1",
        "--repeat=9",
        "--every=3600",
    ];
    let mut child = nines(&args).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    assert!(first.starts_with("1/9  ok"), "{first}");
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(killed.success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("1 attempt"), "{rest}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
