//! Previews that are not believed.

use super::*;

/// A preview of a failure now, signed by a key.
fn signed(lab: &Lab, agent: &str, key: &SigningKey) -> Vec<u8> {
    let told = Preview {
        agent: agent.parse().unwrap(),
        ..preview(lab, vec![failed(TARGET, FROM)])
    };
    told.sign(key).unwrap()
}

fn key(agent: &str, seed: u8) -> SigningKey {
    let name = origin().agent(&agent.parse().unwrap());
    SigningKey::from_seed(&name, &[seed; 32]).unwrap()
}

#[tokio::test]
async fn only_the_newest_key_of_an_enrolled_agent_is_believed() {
    let lab = Lab::start("preview_refused", utc(FROM)).await;
    let good = signed(&lab, "a", &lab.key);
    let elsewhere = Preview {
        origin: "other.example".parse().unwrap(),
        ..preview(&lab, vec![failed(TARGET, FROM)])
    };
    let name = elsewhere.origin.agent(&elsewhere.agent);
    let foreign = SigningKey::from_seed(&name, &[9; 32]).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    let bodies = [
        (signed(&lab, "b", &key("b", 9)), "401"),
        (signed(&lab, "a", &key("a", 9)), "401"),
        (elsewhere.sign(&foreign).unwrap(), "401"),
        (text.replace("overloaded", "ok").into_bytes(), "401"),
        (text.replace("preview", "other").into_bytes(), "400"),
        (b"no note".to_vec(), "400"),
        (Vec::new(), "400"),
        (vec![b'x'; BYTES_MAX + 1], "413"),
    ];
    for (body, status) in &bodies {
        assert_eq!(post(&lab, body).await, *status);
    }
    let rows = "SELECT count(*) FROM stream_preview";
    assert_eq!(lab.number(rows).await, 0);
    assert_eq!(post(&lab, &good).await, "204");

    let newer = key("a", 8);
    lab.tamper(&format!(
        "INSERT INTO agent_key (agent_id, from_seq, vkey) SELECT id, 5, '{}' FROM agent",
        newer.verifier_key()
    ))
    .await;
    assert_eq!(post(&lab, &good).await, "401");
    let by_newer = signed(&lab, "a", &newer);
    assert_eq!(post(&lab, &by_newer).await, "204");
    lab.tamper("UPDATE agent SET revoked_at = now()").await;
    assert_eq!(post(&lab, &by_newer).await, "403");
    // What the agent told before is not shown any more either.
    assert_eq!(lab.number(rows).await, 1);
    let target = json(&lab, "/api/v1/targets/t").await;
    assert_eq!(target["newest"], Value::Array(Vec::new()));
    lab.stop().await;
}

#[tokio::test]
async fn a_preview_of_another_time_is_refused() {
    let lab = Lab::start("preview_time", utc(FROM)).await;
    let body = preview(&lab, vec![failed(TARGET, FROM)]);
    let body = body.sign(&lab.key).unwrap();
    for (now, status) in [
        ("2026-02-25T08:03:00.001Z", "422"),
        ("2026-02-25T07:58:59.999Z", "422"),
        ("2026-02-25T08:03:00Z", "204"),
        ("2026-02-25T07:59:00Z", "204"),
    ] {
        lab.clock.set(utc(now).into());
        assert_eq!(post(&lab, &body).await, status, "{now}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn a_collector_that_reads_enough_previews_refuses_more() {
    let lab = Lab::start("preview_busy", utc(FROM)).await;
    let body = signed(&lab, "a", &lab.key);
    let reading = lab.collector.hold_previews();
    assert_eq!(post(&lab, &body).await, "503");
    drop(reading);
    assert_eq!(post(&lab, &body).await, "204");
    lab.stop().await;
}
