//! Somebody outside who vouches for the log: the policy asks for him, and bundles bear his word.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex};

use domain::{Clock as _, SystemClock};
use evidence::bundle::{self, Bundle};
use evidence::checkpoint::Checkpoint;
use evidence::note::{self, SignedNote, SigningKey};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::eventually;
use super::installation::{Installation, KEY};
use super::outage::{JUDGED, export, verify};

/// The longest request that the witness reads, bytes.
const REQUEST_BYTES_MAX: usize = 1 << 16;

#[tokio::test]
async fn a_bundle_bears_the_outside_witness_that_its_policy_demands() {
    let lab = Installation::create("witness", KEY).await;
    let key = Arc::new(SigningKey::from_seed("witness.example/w1", &[7; 32]).expect("a key"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let config = std::fs::read_to_string(lab.dir().join("collector.toml")).expect("it was written");
    let (vkey, head) = (key.cosigner_key(), "witness_s = 1\n");
    let witness = format!(
        "\n[[witness]]\nname = \"customer\"\nvkey = \"{vkey}\"\nurl = \"http://127.0.0.1:{port}\"\n"
    );
    lab.write("collector.toml", &format!("{head}{config}{witness}"));
    let serving = tokio::spawn(serve(listener, key));

    let _sim = lab.start_sim().await;
    let _collector = lab.start_collector().await;
    lab.enrol().await;
    let _agent = lab.start_agent().await;
    lab.until_seq(1).await;
    lab.inject(json!({ "kind": "status", "status": 503 }), 5)
        .await;
    let violation = eventually("a violation", JUDGED, async || {
        let found = lab.list("/api/v1/violations").await;
        Some(found.first()?["violation"].as_str()?.to_owned())
    })
    .await;
    let file = export(&lab, &violation).await;
    let policy = lab.dir().join("policy.txt");
    let page = lab.page(&lab.url("/policy.txt")).await;
    assert!(
        page.contains(&vkey.to_string()),
        "the policy names it: {page}"
    );
    std::fs::write(&policy, &page).expect("a file can be written");
    let told = verify("nines-verify", &[], &file, Some(&policy)).await;
    assert_eq!(told.code, 0, "{}", told.text);
    assert!(
        !told.text.contains("the policy names no other witness"),
        "{}",
        told.text
    );

    // Without his line the same bundle is not enough.
    let mut zip = Bundle::open(File::open(&file).expect("it is there")).expect("a bundle");
    let names: Vec<String> = zip.names().map(str::to_owned).collect();
    let read = |name: String| {
        let bytes = zip.read(&name).expect("a member can be read");
        (name, bytes)
    };
    let mut members: BTreeMap<String, Vec<u8>> = names.into_iter().map(read).collect();
    let anchors = members.get_mut("log/anchors.entries").expect("anchors");
    let line = b"\xe2\x80\x94 witness.example/w1 ";
    let at = anchors.windows(line.len()).rposition(|part| part == line);
    let at = at.expect("the last anchor bears its cosignature");
    anchors[at + line.len() + 20] ^= 1;
    let copy = file.with_extension("copy.zip");
    let out = File::create(&copy).expect("a file can be written");
    bundle::write(&members, out).expect("members can be packed");
    let told = verify("nines-verify", &[], &copy, Some(&policy)).await;
    assert_eq!(told.code, 1, "{}", told.text);
    assert!(told.text.contains("V3 log        FAIL"), "{}", told.text);
    serving.abort();
}

/// A witness after C2SP tlog-witness that believes what it is told: for one log, in order.
async fn serve(listener: TcpListener, key: Arc<SigningKey>) {
    let head = Arc::new(Mutex::new(0_u64));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        let (key, head) = (Arc::clone(&key), Arc::clone(&head));
        tokio::spawn(async move { answer(stream, &key, &head).await });
    }
}

async fn answer(mut stream: TcpStream, key: &SigningKey, head: &Mutex<u64>) -> Option<()> {
    let mut request = Vec::new();
    let body = loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.ok()?;
        request.extend_from_slice(&part[..read]);
        if read == 0 || request.len() > REQUEST_BYTES_MAX {
            return None;
        }
        let text = String::from_utf8_lossy(&request);
        if let Some((headers, body)) = text.split_once("\r\n\r\n") {
            let length = headers.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0_usize) {
                break body.to_owned();
            }
        }
    };
    let (status, text) = cosign(&body, key, head);
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(answer.as_bytes()).await.ok()
}

fn cosign(body: &str, key: &SigningKey, head: &Mutex<u64>) -> (&'static str, String) {
    let (proof, note) = body.split_once("\n\n").expect("a proof and a note");
    let old = proof
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("old "));
    let old: u64 = old.and_then(|size| size.parse().ok()).expect("a size");
    let note = SignedNote::parse(note.as_bytes()).expect("a signed note");
    let checkpoint = Checkpoint::parse(note.text()).expect("a checkpoint");
    let mut head = head.lock().expect("nobody fails while holding it");
    if old != *head {
        return ("409 Conflict", format!("{head}\n"));
    }
    *head = checkpoint.size;
    let time_s = SystemClock.now().to_millis().get() / 1_000;
    let time_s = u64::try_from(time_s).expect("after 1970");
    let line = note::cosign(note.text(), time_s, key).expect("it can sign");
    ("200 OK", format!("{line}\n"))
}
