//! From a slot to the bytes on the wire, and from the signed line back to the same nonce.

use domain::{Line, Sample, UnixMillis};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use wire::batch;
use wire::nonce::{AttemptName, NonceRoot, day_of};

use super::*;
use crate::recorder::{Recorder, RecorderSettings};

/// Head and body of a request whose body has a length; none of one that only looks.
async fn request(mut stream: TcpStream) -> Option<String> {
    let mut text = String::new();
    let mut bytes = [0; 4_096];
    loop {
        let read = stream.read(&mut bytes).await.unwrap();
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        let length = text.to_ascii_lowercase();
        let length = length.split_once("content-length: ");
        let length = length.and_then(|(_, rest)| rest.split_once("\r\n")?.0.parse().ok());
        if let (Some((_, body)), Some(length)) = (text.split_once("\r\n\r\n"), length)
            && body.len() >= length
        {
            return Some(text);
        }
        if text.starts_with("HEAD ") {
            return None;
        }
        assert_ne!(read, 0, "a whole request: {text}");
    }
}

fn recorded(dir: &std::path::Path) -> Vec<Sample> {
    let dir = Utf8PathBuf::from_path_buf(dir.join(SPOOL_DIR)).unwrap();
    let settings = RecorderSettings {
        boot: 2,
        limits: Limits::default(),
        seal_interval: Duration::from_hours(1),
    };
    let (recorder, _) = Recorder::open(&dir, identity(), settings).unwrap();
    let mut samples = Vec::new();
    for sealed in recorder.spool().unacked(0) {
        let text = batch::decompress(&sealed.unwrap().body).unwrap();
        let batch = batch::parse(&text).unwrap();
        for line in batch.streams.into_iter().flat_map(|stream| stream.lines) {
            if let Line::Sample(sample) = line.value {
                samples.push(*sample);
            }
        }
    }
    samples
}

/// The server takes the requests and never answers: all that is left of them is what it saw.
#[tokio::test]
async fn a_provider_without_an_answer_has_the_nonce_of_the_signed_line_in_header_and_prompt() {
    let temp = tempfile::tempdir().unwrap();
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", server.local_addr().unwrap());
    let plan = PLAN
        .replace("interval_s = 1", "interval_s = 1\ncredential = \"key-1\"")
        .replace("count = 0", "count = 1")
        .replace(
            "kind = \"http\", url = \"http://127.0.0.1:1/\"",
            &format!("kind = \"call\", base_url = \"{base}\", model = \"m\""),
        );
    let root = NonceRoot::from_bytes([3; 32]);
    let mut setup = setup(temp.path(), &plan);
    setup.keys = BTreeMap::from([("key-1".parse().unwrap(), "sk-lab".into())]);
    crate::nonces::keep(&setup.dir, &root).unwrap();
    let agent = Agent::start(setup).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 4 {
        seen.extend(request(server.accept().await.unwrap().0).await);
    }
    drop(server);
    agent.shutdown().await;

    let expected = recorded(temp.path());
    let expected = expected.iter().filter_map(|sample| {
        let name = AttemptName {
            agent: &"eu-1".parse().unwrap(),
            target: &"acme".parse().unwrap(),
            kind: sample.kind,
            slot: UnixMillis::new(sample.slot_ms.get()),
            number: sample.attempt,
        };
        root.seed(day_of(name.slot)).nonce(&name)
    });
    let expected: Vec<String> = expected.collect();
    for request in seen {
        let header = |id: &&String| request.contains(&format!("x-client-request-id: {id}\r\n"));
        let id = expected.iter().find(header);
        let id = id.unwrap_or_else(|| panic!("{request}\n{expected:?}"));
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(
            body.contains(&format!("Reply with exactly: {id}")),
            "{body}"
        );
    }
}
