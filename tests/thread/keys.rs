//! Keys that change hands and end, by the commands that operators run.

use tokio::process::Command;

use super::installation::{AGENT, Installation, KEY};
use super::process::{output, program, run, text};
use super::{SOON, eventually};

/// Batches that show that an agent delivers.
const PROGRESS: i64 = 3;

#[tokio::test]
async fn an_agent_changes_its_key_goes_on_and_is_revoked() {
    let lab = Installation::create("keys", KEY).await;
    let _sim = lab.start_sim().await;
    let _collector = lab.start_collector().await;
    lab.enrol().await;
    let agent = lab.start_agent().await;
    lab.until_seq(PROGRESS).await;
    let running = output(&mut rotate(&lab)).await;
    assert!(!running.status.success());
    assert!(text(running.stderr).contains("stop it"));
    agent.stop().await;

    let said = run(&mut rotate(&lab)).await;
    assert!(
        said.contains(&format!("agent {AGENT} signs from batch")),
        "{said}"
    );
    let _agent = lab.start_agent().await;
    lab.until_seq(lab.last_seq().await + PROGRESS).await;
    let keys = "SELECT count(*) FROM agent_key";
    assert_eq!(lab.database.number(keys).await, 2);
    let logged = "SELECT count(*) FROM registry WHERE kind = 'rotate' AND log_index IS NOT NULL";
    assert_eq!(lab.database.number(logged).await, 1);

    let mut revoke = Command::new(program("nines"));
    revoke.args(["agent", "revoke", AGENT, "--reason", "test", "--config"]);
    revoke.arg(lab.dir().join("collector.toml"));
    run(revoke.env("DATABASE_URL", lab.database.url())).await;
    let newest = lab.last_seq().await;
    let record = "SELECT count(*) FROM registry WHERE kind = 'revoke' AND log_index IS NOT NULL";
    eventually("the revocation is in the log", SOON, async || {
        (lab.database.number(record).await == 1).then_some(())
    })
    .await;
    assert_eq!(lab.last_seq().await, newest, "nothing is taken any more");
    let mut list = Command::new(program("nines"));
    list.args(["agent", "list"]);
    let listed = run(list.env("DATABASE_URL", lab.database.url())).await;
    let expected = format!("{AGENT}  revoked  batch {newest} at ");
    assert!(listed.starts_with(&expected), "{listed}");
}

fn rotate(lab: &Installation) -> Command {
    let mut rotate = Command::new(program("nines-agent"));
    rotate.args(["rotate", "--config"]);
    rotate.arg(lab.dir().join("agent.toml"));
    rotate
}
