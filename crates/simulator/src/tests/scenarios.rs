use serde_json::json;

use super::client::{Seen, WHOLE, chat, chat_with, get, message, playing, quick, send, start};
use crate::{SHIPPED, Simulator};

async fn call(simulator: &Simulator, request_line: &str, body: &str) -> Seen {
    send(simulator, &message(request_line, "", body)).await
}

async fn advance(simulator: &Simulator, seconds: u32) {
    let body = format!(r#"{{"advance_s":{seconds}}}"#);
    assert_eq!(
        call(simulator, "POST /_sim/clock", &body).await.status(),
        200
    );
}

#[tokio::test]
async fn what_comes_with_the_program_is_listed_and_loaded_by_name() {
    let simulator = start(quick()).await;
    let listed = get(&simulator, "/_sim/scenarios").await.json();
    assert_eq!(listed.as_array().map(Vec::len), Some(SHIPPED.len()));
    assert_eq!(
        call(&simulator, "POST /_sim/scenarios/flapping", "")
            .await
            .status(),
        200
    );
    assert_eq!(chat(&simulator, WHOLE).await.status(), 200);
    advance(&simulator, 31).await;
    assert_eq!(chat(&simulator, WHOLE).await.status(), 503);
    advance(&simulator, 25).await;
    assert_eq!(chat(&simulator, WHOLE).await.status(), 200);
    assert_eq!(
        call(&simulator, "POST /_sim/scenarios/flaping", "")
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn a_storm_in_one_region_leaves_the_others_alone() {
    let simulator = start(quick()).await;
    call(&simulator, "POST /_sim/scenarios/storm-529-eu", "").await;
    advance(&simulator, 61).await;
    for _ in 0..10 {
        let seen = chat_with(&simulator, "x-sim-region: us\r\n", WHOLE).await;
        assert_eq!(seen.status(), 200);
    }
    let counters = get(&simulator, "/_sim/counters").await.json();
    assert_eq!(
        (&counters["requests"], &counters["rules"][0]["matched"]),
        (&10.into(), &0.into())
    );
    // What the storm lets through would take four seconds each.
    let gone = call(&simulator, "DELETE /_sim/rules/late", "").await;
    assert_eq!(gone.status(), 204);
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(
            chat_with(&simulator, "x-sim-region: eu\r\n", WHOLE)
                .await
                .status(),
        );
    }
    assert!(statuses.contains(&529) && statuses.iter().all(|status| [200, 529].contains(status)));
}

#[tokio::test]
async fn rules_are_added_replaced_and_removed_by_name_and_counted() {
    let simulator = start(quick()).await;
    let add = |body: &'static str| call(&simulator, "POST /_sim/rules", body);
    let storm = r#"{"name":"storm","share":"1/2","spread":"even","fault":{"kind":"html"}}"#;
    assert_eq!(add(storm).await.status(), 200);
    let mut measured = 0;
    for _ in 0..10 {
        measured += u64::from(chat(&simulator, WHOLE).await.status() == 502);
    }
    let counters = get(&simulator, "/_sim/counters").await.json();
    let counted = json!({"name": "storm", "fault": "html", "matched": 10, "struck": measured});
    assert_eq!((&counters["rules"][0], measured), (&counted, 5));
    let again = add(r#"{"name":"storm","first":1,"fault":{"kind":"error","error":"quota"}}"#).await;
    assert_eq!(again.json()["rules"].as_array().map(Vec::len), Some(1));
    assert_eq!(chat(&simulator, WHOLE).await.status(), 429);
    assert_eq!(chat(&simulator, WHOLE).await.status(), 200);
    let wrong = add(r#"{"nmae":"storm","fault":{"kind":"html"}}"#).await;
    assert_eq!(wrong.status(), 400);
    assert!(
        wrong.body().0.contains("did you mean `name`?"),
        "{}",
        wrong.body().0
    );
    assert_eq!(
        call(&simulator, "DELETE /_sim/rules/storm", "")
            .await
            .status(),
        204
    );
    assert_eq!(
        call(&simulator, "DELETE /_sim/rules/storm", "")
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn a_reset_begins_the_same_drill_again() {
    let rule = "[[rules]]\nshare = \"40%\"\nfault = { kind = \"html\" }\n";
    let simulator = playing(rule).await;
    let mut drills = Vec::new();
    for _ in 0..2 {
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(chat(&simulator, WHOLE).await.status());
        }
        drills.push(statuses);
        assert_eq!(call(&simulator, "POST /_sim/reset", "").await.status(), 204);
        let clock = get(&simulator, "/_sim/clock").await.json();
        assert!(clock["scenario_ms"].as_u64() < Some(5_000), "{clock}");
    }
    assert_eq!(drills[0], drills[1]);
    let counters = get(&simulator, "/_sim/counters").await.json();
    assert_eq!(counters["requests"], 0);
}

#[tokio::test]
async fn a_scenario_is_put_shown_and_refused_by_key() {
    let simulator = start(quick()).await;
    let toml =
        "title = \"mine\"\n[limits]\nrequests_per_minute = 5\n[gateway]\nkind = \"portkey\"\n";
    let headers = "content-type: application/toml\r\n";
    let put = |toml: &str| message("PUT /_sim/scenario", headers, toml);
    assert_eq!(send(&simulator, &put(toml)).await.status(), 200);
    let shown = get(&simulator, "/_sim/scenario").await.json();
    assert_eq!(
        (&shown["title"], &shown["gateway"]["kind"]),
        (&"mine".into(), &"portkey".into())
    );
    assert_eq!(shown["limits"]["requests_per_minute"], 5);
    let refused = send(&simulator, &put("[limits]\nrequest_per_minute = 5\n")).await;
    let detail = "line 2, `limits`: unknown key `request_per_minute`; did you mean \
        `requests_per_minute`?";
    assert_eq!(refused.json()["detail"], detail);
    assert!(
        chat(&simulator, WHOLE)
            .await
            .header("x-portkey-trace-id")
            .is_some()
    );
}
