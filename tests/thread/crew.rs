//! Five agents that follow the collector's plan: what one of them sees fail, the others are asked
//! to look at.

use domain::{Clock as _, SystemClock};
use serde_json::json;
use tokio::process::Command;

use super::installation::{CHAT, Installation, KEY};
use super::process::{self, Process, program};
use super::{SOON, eventually};

const AGENTS: usize = 5;
/// How many must have seen it, in as many networks.
const QUORUM: usize = 3;
/// Between two slots of one agent; the agents take turns, twelve seconds apart.
const INTERVAL_S: u32 = 60;
/// From the first failed request to the quorum.
const SEEN_WITHIN_MS: i64 = 15_000;

#[tokio::test]
async fn a_quorum_knows_of_an_outage_fifteen_seconds_after_its_first_failed_request() {
    let lab = Installation::create("crew", KEY).await;
    lab.write("plan.toml", &plan(&lab));
    let _sim = lab.start_sim().await;
    let _collector = lab.start_collector().await;
    let mut crew = Vec::new();
    for number in 1..=AGENTS {
        crew.push(hire(&lab, &format!("crew-{number}")).await);
    }
    let delivering = "SELECT count(DISTINCT agent_id) FROM sample";
    until(&lab, delivering, AGENTS).await;

    lab.inject(json!({ "kind": "status", "status": 503 }), 60)
        .await;
    until(&lab, &format!("SELECT count(*) FROM ({SEEN}) seen"), QUORUM).await;
    let after = lab
        .database
        .number(&format!(
            "SELECT max(ms) - min(first_ms) FROM (SELECT * FROM ({SEEN}) seen
             ORDER BY ms LIMIT {QUORUM}) quorum"
        ))
        .await;
    println!("a quorum of {QUORUM} agents knew after {after} ms");
    assert!(after <= SEEN_WITHIN_MS, "{after} ms");
    let confirmed = "SELECT count(DISTINCT agent_id) FROM sample_whole WHERE kind = 'confirm'";
    until(&lab, confirmed, AGENTS - 1).await;
    let orders = "SELECT count(*) FROM confirm_order";
    assert_eq!(lab.database.number(orders).await, 1, "one order did it");
    for agent in crew {
        agent.stop().await;
    }
}

/// When each agent's first failure began, and when the collector had it.
const SEEN: &str = "SELECT min((extract(epoch FROM s.started_at) * 1000)::bigint) AS first_ms,
                           min((extract(epoch FROM b.received_at) * 1000)::bigint) AS ms
                    FROM sample_whole s JOIN batch b ON (b.agent_id, b.seq) = (s.agent_id, s.seq)
                    WHERE s.outcome <> 'ok' GROUP BY s.agent_id";

async fn until(lab: &Installation, count: &str, wanted: usize) {
    let wanted = i64::try_from(wanted).expect("a few");
    eventually(count, 2 * SOON, async || {
        (lab.database.number(count).await >= wanted).then_some(())
    })
    .await;
}

fn plan(lab: &Installation) -> String {
    let agent = |n: usize| {
        format!("[[agent]]\nid = \"crew-{n}\"\nnetwork = \"net-{n}\"\nregion = \"lab:{n}\"\n\n")
    };
    let agents: String = (1..=AGENTS).map(agent).collect();
    format!(
        "revision = 1\neffective_from_ms = {}\n\n{agents}\
         [[target]]\nid = \"{CHAT}\"\nprovider = \"sim\"\ninterval_s = {INTERVAL_S}\n\
         deadline_ms = 5000\ncredential = \"lab-key\"\n\
         request = {{ kind = \"call\", base_url = \"{}\", model = \"sim-1\", stream = true }}\n",
        SystemClock.now().to_millis().get(),
        lab.sim_url("/v1")
    )
}

/// Enrols an agent that knows no plan, and starts it.
async fn hire(lab: &Installation, agent: &str) -> Process {
    let config = format!("{agent}.toml");
    lab.write(
        &config,
        &format!(
            "state_dir = \"{agent}\"\nseal_interval_s = 5\n\n[credential.lab-key]\nkey_file = \"key.txt\"\n\n\
             [http]\nlisten = \"127.0.0.1:0\"\n"
        ),
    );
    lab.enrol_as(agent, &lab.url("/")).await;
    let mut run = Command::new(program("nines-agent"));
    run.args(["run", "--config"]).arg(lab.dir().join(config));
    process::Process::start(&mut run, agent, lab.dir().join(format!("{agent}.log")))
}
