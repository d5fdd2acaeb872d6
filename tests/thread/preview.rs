//! Between two seals, over the programs as they are shipped.

use serde_json::Value;

use super::installation::{AGENT, Installation, KEY, STATUS};
use super::{SOON, eventually};

/// The newest attempt at a target, where it is a preview.
async fn preview(lab: &Installation) -> Option<Value> {
    let page = lab
        .page(&lab.url(&format!("/api/v1/targets/{STATUS}")))
        .await;
    let target: Value = serde_json::from_str(&page).expect("a target is JSON");
    let newest = target["newest"].as_array()?.first()?.clone();
    (newest["preview"] == true).then_some(newest)
}

#[tokio::test]
async fn what_no_batch_tells_yet_is_shown_as_a_preview() {
    let lab = Installation::create("preview", KEY).await;
    let config = std::fs::read_to_string(lab.dir().join("agent.toml"));
    let config = config.expect("the agent is configured").replace(
        "seal_interval_s = 1\n",
        "seal_interval_s = 3600\npreview_interval_s = 1\n",
    );
    lab.write("agent.toml", &config);
    let _sim = lab.start_sim().await;
    let _collector = lab.start_collector().await;
    lab.enrol().await;
    let _agent = lab.start_agent().await;
    let first = eventually("a preview", SOON, async || preview(&lab).await).await;
    assert_eq!(first["agent"], AGENT);
    assert_eq!(
        (&first["outcome"], &first["status"]),
        (&"ok".into(), &200.into())
    );
    eventually("the next preview", SOON, async || {
        let next = preview(&lab).await?;
        (next["started_at"] != first["started_at"]).then_some(())
    })
    .await;
    let agents = lab.list("/api/v1/agents").await;
    assert_eq!(agents[0]["batches"], 0, "nothing was sealed meanwhile");
}
