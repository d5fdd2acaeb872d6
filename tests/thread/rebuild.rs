//! Derived rows against the raw batches, beside a collector that goes on working.

use std::process::Output;

use tokio::process::Command;

use super::installation::{Installation, KEY};
use super::process::{output, program, text};

#[tokio::test]
async fn damage_is_found_and_healed_while_the_collector_works() {
    let lab = Installation::create("rebuild", KEY).await;
    let _sim = lab.start_sim().await;
    let _collector = lab.start_collector().await;
    lab.enrol().await;
    let _agent = lab.start_agent().await;
    lab.until_seq(5).await;
    assert_eq!(rebuild(&lab, &["--check"]).await.0, 0);

    lab.database
        .rows("UPDATE sample SET end_us = end_us + 1 WHERE seq = 2")
        .await;
    lab.database.rows("DELETE FROM sample WHERE seq = 3").await;
    let (code, said) = rebuild(&lab, &["--check"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("sample changed"), "{said}");
    assert!(said.contains("sample missing"), "{said}");
    let (code, said) = rebuild(&lab, &[]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("rewritten"), "{said}");
    let (code, said) = rebuild(&lab, &["--check"]).await;
    assert_eq!(code, 0, "{said}");
    let health = lab.page(&lab.url("/api/v1/health")).await;
    assert!(health.contains("\"ok\":true"), "{health}");
}

/// Runs the command; its exit code and what it said.
async fn rebuild(lab: &Installation, options: &[&str]) -> (i32, String) {
    let mut rebuild = Command::new(program("nines"));
    rebuild.args(["rebuild", "--config"]);
    rebuild.arg(lab.dir().join("collector.toml")).args(options);
    rebuild.env("DATABASE_URL", lab.database.url());
    let Output {
        status,
        stdout,
        stderr,
    } = output(&mut rebuild).await;
    let code = status.code().expect("it was not killed");
    (code, text(stdout) + &text(stderr))
}
