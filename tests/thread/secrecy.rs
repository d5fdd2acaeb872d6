//! What stays with the agent: its provider key, and what it asks.

use std::fs::File;

use camino::Utf8Path;
use domain::{Clock as _, SystemClock};
use evidence::bundle::Bundle;
use serde_json::json;

use super::claim::{end_of_day, judge_at, nines};
use super::installation::{CHAT, CONTRACT, Installation, KEY_FILE};
use super::outage::{JUDGED, export, verify};
use super::process::files_below;
use super::{SOON, eventually};

/// The key: looks like one, and stands nowhere else in the world.
const CANARY: &str = "sk-canary-5f0c1e7a9b3d2468";
/// What every prompt begins with.
const PROMPT: &str = "Reply with exactly";
/// What a provider knows of its customer.
const TOLD: [&str; 4] = [
    "org-canarylab",
    "canary.person@lab.example",
    "canarybearertoken0",
    "210987654321",
];

#[tokio::test]
async fn no_secret_or_prompt_leaves_the_agent() {
    let lab = Installation::create("secrecy", CANARY).await;
    let _sim = lab.start_sim().await;
    let collector = lab.start_collector().await;
    lab.enrol().await;
    let agent = lab.start_agent().await;
    until_samples(&lab, "outcome = 'ok'").await;
    // Providers do tell the key and the prompt back.
    let echo = echo("Incorrect API key provided", "invalid_api_key");
    for status in [401, 400, 500] {
        let fault = json!({ "kind": "status", "status": status, "body": echo.to_string() });
        lab.inject(fault, 5).await;
        until_samples(&lab, &format!("status = {status}")).await;
    }

    let mut told = vec![
        (
            "the agent's metrics".into(),
            lab.page(&lab.agent_url("/metrics")).await,
        ),
        (
            "the agent's page".into(),
            lab.page(&lab.agent_url("/")).await,
        ),
    ];
    let contract = format!("/contracts/{CONTRACT}");
    let api = format!("/api/v1{contract}");
    for path in [
        "/",
        "/metrics",
        &contract,
        &api,
        "/api/v1/agents",
        "/policy.txt",
    ] {
        told.push((path.to_owned(), lab.page(&lab.url(path)).await));
    }
    agent.stop().await;
    collector.stop().await;
    told.extend(files(&lab));
    told.extend(tables(&lab).await);
    told.extend(bodies(&lab).await);
    let samples_are_read = |(place, text): &(String, String)| {
        place.starts_with("batch ")
            && text.contains(CHAT)
            && text.contains("invalid_api_key")
            && text.contains("You said: [removed:prompt]")
    };
    assert!(told.iter().any(samples_are_read), "bodies are not read");
    no_leaks(&told);
}

/// What is handed to others: the bundle of a breach with its page and texts, the notice and the claim
/// that go to the provider, with their logs, and every page of the collector, while the provider tells
/// everything back.
#[tokio::test]
async fn no_secret_or_prompt_is_in_an_exported_bundle_a_letter_or_a_page() {
    let lab = Installation::create("secrecy_bundle", CANARY).await;
    let contract = include_str!("contract.toml").replace("partition = [\"account\"]", "");
    lab.write("contract.toml", &contract);
    let _sim = lab.start_sim().await;
    let collector = lab.start_collector().await;
    lab.enrol().await;
    let agent = lab.start_agent().await;
    until_samples(&lab, "outcome = 'ok'").await;
    let began = SystemClock.now().to_millis();
    let body = echo("We are overloaded", "server_error").to_string();
    let fault = json!({ "kind": "status", "status": 503, "body": body });
    lab.inject(fault, 6).await;
    let violation = eventually("a violation", JUDGED, async || {
        let found = lab.list("/api/v1/violations").await;
        Some(found.first()?["violation"].as_str()?.to_owned())
    })
    .await;
    let notice = eventually("a notice", JUDGED, async || {
        let found = lab.list("/api/v1/notices").await;
        Some(found.first()?["notice"].as_str()?.to_owned())
    })
    .await;
    let file = export(&lab, &violation).await;
    let told = verify("nines-verify", &[], &file, None).await;
    let mut told = vec![("the verdicts".to_owned(), told.text)];
    told.extend(members(&file));
    let echoed = |(place, text): &(String, String)| {
        place.ends_with(".details.jsonl") && text.contains("You said: [removed:prompt]")
    };
    assert!(told.iter().any(echoed), "the echo is not in the bundle");
    let notice = format!("/api/v1/notices/{notice}");
    let paths = [
        "/".to_owned(),
        "/policy.txt".to_owned(),
        format!("/contracts/{CONTRACT}"),
        format!("/targets/{CHAT}"),
        format!("/violations/{violation}"),
        format!("{notice}/letter"),
        format!("{notice}/requests.csv"),
        notice,
    ];
    for path in &paths {
        told.push((path.clone(), lab.page(&lab.url(path)).await));
    }
    agent.stop().await;
    collector.stop().await;
    judge_at(&lab, contract, end_of_day(began)).await;
    let _collector = lab.start_collector().await;
    told.extend(claimed(&lab).await);
    no_leaks(&told);
}

/// The claim in every form, its log, its pages, and what the command writes of them.
async fn claimed(lab: &Installation) -> Vec<(String, String)> {
    let listed = lab.list("/api/v1/claims").await;
    let name = listed[0]["claim"].as_str().expect("a name").to_owned();
    let claim = format!("/api/v1/claims/{name}");
    let log = format!("{claim}/requests.csv");
    let mut paths = vec![log.clone(), claim.clone(), format!("/claims/{name}")];
    let forms = ["aws", "azure", "generic", "google"];
    paths.extend(forms.map(|form| format!("{claim}/letter?form={form}")));
    let mut told = Vec::new();
    for path in paths {
        let page = lab.page(&lab.url(&path)).await;
        assert!(
            path != log || page.contains(",503,"),
            "an empty log: {page}"
        );
        assert!(
            !path.contains("form=") || page.contains("HTTP 503"),
            "{page}"
        );
        told.push((path, page));
    }
    let dir = lab.dir().join("ticket");
    let args = ["letter", &name, "--attachments", dir.as_str()];
    told.push(("nines claim letter".to_owned(), nines(lab, &args).await));
    let written = files_below(&dir).into_iter().map(|file| {
        let text = std::fs::read_to_string(&file).expect("it was written");
        (file.to_string(), text)
    });
    told.extend(written);
    assert!(told.len() > 9, "the command wrote nothing");
    told
}

/// What a provider may tell back, in the words of an error.
fn echo(says: &str, code: &str) -> serde_json::Value {
    json!({ "error": {
        "message": format!(
            "{says}: {CANARY}. You said: {PROMPT}: pong. In {}, {} by Bearer {} \
             for {}.",
            TOLD[0], TOLD[1], TOLD[2], TOLD[3]
        ),
        "type": CANARY, "code": code,
    }})
}

/// Members of a bundle as text. The script and the specification are the project's own.
fn members(file: &Utf8Path) -> Vec<(String, String)> {
    let mut bundle = Bundle::open(File::open(file).expect("it was written")).expect("a bundle");
    let names: Vec<String> = bundle.names().map(str::to_owned).collect();
    let read = |name: String| {
        let bytes = bundle.read(&name).expect("a member can be read");
        (name, String::from_utf8_lossy(&bytes).into_owned())
    };
    names.into_iter().map(read).collect()
}

#[track_caller]
fn no_leaks(told: &[(String, String)]) {
    let mut leaks = Vec::new();
    for (place, text) in told {
        for secret in [CANARY, PROMPT].into_iter().chain(TOLD) {
            if let Some(at) = text.find(secret) {
                let start = text.floor_char_boundary(at.saturating_sub(80));
                leaks.push(format!("{place}: {}", &text[start..at + secret.len()]));
            }
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

async fn until_samples(lab: &Installation, which: &str) {
    let query = format!("SELECT count(*) FROM sample_whole WHERE {which}");
    eventually(which, SOON, async || {
        (lab.database.number(&query).await > 0).then_some(())
    })
    .await;
}

/// Every file of the installation but the one that the operator wrote the key in.
fn files(lab: &Installation) -> Vec<(String, String)> {
    let found = files_below(lab.dir());
    assert!(found.iter().any(|file| file.as_str().contains("spool")));
    found
        .into_iter()
        .filter(|file| file.file_name() != Some(KEY_FILE))
        .map(|file| {
            let bytes = std::fs::read(&file).expect("a file can be read");
            let text = String::from_utf8_lossy(&bytes).into_owned();
            (file.to_string(), text)
        })
        .collect()
}

/// Every table's rows; bytes that are text stand there as text.
async fn tables(lab: &Installation) -> Vec<(String, String)> {
    let names = "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public'";
    let mut found = Vec::new();
    for table in lab.database.rows(names).await {
        let rows = lab.database.rows(&format!("SELECT * FROM {table}")).await;
        found.push((format!("table {table}"), rows.join("\n")));
    }
    assert!(found.len() > 10, "only {} tables", found.len());
    found
}

/// What the stored batches hold, unfolded.
async fn bodies(lab: &Installation) -> Vec<(String, String)> {
    let query = "SELECT encode(body, 'hex') FROM batch_raw ORDER BY seq";
    let unfold = |(seq, hex): (usize, &String)| {
        let text = wire::batch::decompress(&bytes(hex)).expect("it was taken");
        let text = String::from_utf8(text).expect("batches are text");
        (format!("batch {seq}"), text)
    };
    let rows = lab.database.rows(query).await;
    rows.iter().enumerate().map(unfold).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| {
        let digits = std::str::from_utf8(pair).expect("digits are ASCII");
        u8::from_str_radix(digits, 16).expect("two digits of hexadecimal")
    };
    hex.as_bytes().chunks(2).map(pair).collect()
}
